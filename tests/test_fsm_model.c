/* vrrp/fsm.c, two and three of them on one link: a walk through every state that they can reach by any order of timers and messages, delays up to a
 * bound, and a bounded number of losses, crashes, stops, yields, faults and pauses. In each state: what no step may break; and from each state on, with
 * the link whole and quiet: exactly one Active within Active_Down_Interval and one advertisement, from then on and for good.
 * Time goes in ticks of a quarter of an interval, so that there is an end to the states. Broken machines show that the walk can fail. */
#include "../vrrp/fsm.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#else
#define RUNNING_ON_VALGRIND 0
#endif

enum {
	ROUTERS = 3,
	MESSAGES = 16,
	TICKS = 4,                      /* an interval */
	DOWN_TICKS = 3 * TICKS + TICKS, /* the longest Active_Down_Interval, rounded up */
};
#define TICK (256 * NSEC_PER_MSEC)

typedef struct fsm_actions step_fn(const struct fsm_config *, struct fsm_state *, const struct fsm_event *);

struct message {
	uint8_t to, from, priority, age;
};

struct world {
	struct fsm_state s[ROUTERS];
	bool up[ROUTERS];
	uint8_t frozen[ROUTERS]; /* ticks + 1; 0: it runs */
	struct message m[MESSAGES];
	uint8_t n;
	uint8_t budget; /* how many things may still go wrong */
	nsec_t now;
};

enum { CRASH = 1, STOP = 2, YIELD = 4, FAULT = 8, FREEZE = 16, LOSE = 32, ALL = 63 };

/* One walk. */
struct walk {
	const char *title;
	unsigned n;
	uint8_t priority[ROUTERS];
	bool preempt[ROUTERS];
	uint8_t delay; /* a message is at most so many ticks under way */
	uint8_t budget;
	unsigned wrong; /* what may go wrong */
	bool careful;   /* small enough for valgrind */
};

struct model {
	const struct walk *w;
	struct fsm_config c[ROUTERS];
	step_fn *step;
	uint8_t *seen; /* a hash table of keys; all zero: free */
	size_t n_seen, room;
	char violation[128];
};

/* --- one step of one router --- */

static bool violate(struct model *m, const char *what, unsigned router)
{
	if (!m->violation[0])
		(void)snprintf(m->violation, sizeof m->violation, "%s (router %u)", what, router);
	return false;
}

static bool post(struct model *m, struct world *w, unsigned from, uint8_t priority)
{
	for (unsigned to = 0; to < m->w->n; to++) {
		if (to == from || !w->up[to])
			continue;
		if (w->n == MESSAGES)
			return violate(m, "no end of messages", from);
		w->m[w->n++] = (struct message){(uint8_t)to, (uint8_t)from, priority, 0};
	}
	return true;
}

static bool sound(struct model *m, const struct world *w, unsigned i, enum fsm_mode before, struct fsm_actions out)
{
	const struct fsm_state *s = &w->s[i];
	bool was = before == FSM_ACTIVE, is = s->mode == FSM_ACTIVE, timed = s->mode == FSM_BACKUP || is;

	if (timed != (s->deadline != FSM_NEVER))
		return violate(m, "Backup or Active without a timer, or a timer without them", i);
	if (timed && s->deadline > w->now + (DOWN_TICKS + 1) * TICK)
		return violate(m, "a timer that runs too long", i);
	if ((out.what & FSM_SEND) && !was && !is)
		return violate(m, "sends in Initialize or Fault", i);
	if (((out.what & FSM_ADD) != 0) != (is && !was) || ((out.what & FSM_REMOVE) != 0) != (was && !is))
		return violate(m, "addresses do not follow the mode", i);
	if ((out.what & FSM_SEND) && out.priority != m->c[i].priority && out.priority != 0)
		return violate(m, "sends another priority", i);
	return true;
}

static bool step(struct model *m, struct world *w, unsigned i, struct fsm_event e)
{
	enum fsm_mode before = w->s[i].mode;
	struct fsm_actions out;

	e.now = w->now;
	out = m->step(&m->c[i], &w->s[i], &e);
	if (!sound(m, w, i, before, out))
		return false;
	return !(out.what & FSM_SEND) || post(m, w, i, out.priority);
}

static bool event(struct model *m, struct world *w, unsigned i, enum fsm_event_type type)
{
	return step(m, w, i, (struct fsm_event){.type = type});
}

static bool runs(const struct world *w, unsigned i)
{
	return w->up[i] && !w->frozen[i];
}

static bool due(const struct world *w, unsigned i)
{
	return runs(w, i) && w->s[i].deadline <= w->now;
}

static struct message take(struct world *w, unsigned j)
{
	struct message m = w->m[j];

	memmove(&w->m[j], &w->m[j + 1], (w->n - j - 1u) * sizeof *w->m);
	w->n--;
	return m;
}

static bool deliver(struct model *m, struct world *w, unsigned j)
{
	struct message msg = take(w, j);

	return !runs(w, msg.to) || step(m, w, msg.to,
					(struct fsm_event){.type = EV_ADVERT,
							   .priority = msg.priority,
							   .interval = m->c[msg.from].interval,
							   .from = m->c[msg.from].self});
}

/* The pause is over: a long one is noticed. */
static bool thaw(struct model *m, struct world *w, unsigned i)
{
	bool stalled = w->frozen[i] > DOWN_TICKS;

	w->frozen[i] = 0;
	return !stalled || event(m, w, i, EV_STALLED);
}

static void tick(const struct model *m, struct world *w)
{
	w->now += TICK;
	for (unsigned j = 0; j < w->n; j++)
		w->m[j].age++;
	for (unsigned i = 0; i < m->w->n; i++)
		if (w->frozen[i] && w->frozen[i] <= DOWN_TICKS)
			w->frozen[i]++;
}

/* --- whole and quiet --- */

/* What is under way arrives and timers fire until nothing is left to do at this time: messages before timers and the first before the last, or the
 * other way round. */
static bool settle(struct model *m, struct world *w, bool backwards)
{
	unsigned n = m->w->n;

	for (unsigned turns = 0; turns < 64; turns++) {
		unsigned i;

		for (i = 0; i < n && !due(w, backwards ? n - 1 - i : i); i++)
			;
		if (i == n && w->n == 0)
			return true;
		if (w->n && (!backwards || i == n)) {
			if (!deliver(m, w, backwards ? w->n - 1u : 0))
				return false;
		} else if (!event(m, w, backwards ? n - 1 - i : i, EV_TIMER)) {
			return false;
		}
	}
	return violate(m, "no end of messages and timers", 0);
}

/* The best router that takes part; with `all preempt` and nobody asked to yield it must be the Active. */
static int best(const struct model *m, const struct world *w)
{
	int b = -1;

	for (unsigned i = 0; i < m->w->n; i++) {
		if (!m->w->preempt[i] || w->s[i].yielded)
			return -1;
		if (w->s[i].mode != FSM_ACTIVE && w->s[i].mode != FSM_BACKUP)
			continue;
		if (b >= 0 && m->c[i].priority == m->c[b].priority)
			return -1;
		if (b < 0 || m->c[i].priority > m->c[b].priority)
			b = (int)i;
	}
	return b;
}

static bool one_active(struct model *m, const struct world *w)
{
	unsigned active = 0, last = 0, taking_part = 0;

	for (unsigned i = 0; i < m->w->n; i++) {
		if (!w->up[i])
			continue;
		taking_part += w->s[i].mode == FSM_BACKUP || w->s[i].mode == FSM_ACTIVE;
		active += w->s[i].mode == FSM_ACTIVE;
		last = w->s[i].mode == FSM_ACTIVE ? i : last;
	}
	if (active != (taking_part > 0))
		return violate(m, active ? "two Actives" : "no Active", last);
	if (active && best(m, w) >= 0 && best(m, w) != (int)last)
		return violate(m, "Active, but not the best", last);
	return true;
}

static bool converges(struct model *m, const struct world *from, bool backwards)
{
	struct world w = *from;

	for (unsigned i = 0; i < m->w->n; i++)
		if (w.frozen[i] && !thaw(m, &w, i))
			return false;
	for (unsigned t = 0; t <= DOWN_TICKS + TICKS + 2 * TICKS; t++) {
		if (!settle(m, &w, backwards))
			return false;
		if (t >= DOWN_TICKS + TICKS && !one_active(m, &w))
			return false;
		tick(m, &w);
	}
	return true;
}

/* --- the states that were seen --- */

enum { KEY = 4 * ROUTERS + 2 * MESSAGES + 4 };

static int by_bytes(const void *a, const void *b)
{
	return memcmp(a, b, 2);
}

/* All that has a say in what follows, relative to now; messages in any order. Never all zero. */
static void key_of(const struct model *m, const struct world *w, uint8_t key[KEY])
{
	uint8_t *p = key;

	memset(key, 0, KEY);
	for (unsigned i = 0; i < m->w->n; i++) {
		const struct fsm_state *s = &w->s[i];
		nsec_t left = s->deadline == FSM_NEVER ? 255 : (s->deadline - w->now + TICK - 1) / TICK;

		*p++ = (uint8_t)(s->mode | w->up[i] << 2 | s->leaving << 3 | s->stopping << 4 | s->yielded << 5 |
				 s->started << 6 | (s->asserted == w->now) << 7);
		*p++ = (uint8_t)(left < 0 ? 0 : left);
		*p++ = w->frozen[i];
	}
	*p++ = w->budget;
	*p++ = (uint8_t)(w->n + 1);
	for (unsigned j = 0; j < w->n; j++) {
		p[2 * j] = (uint8_t)(w->m[j].to << 6 | w->m[j].from << 4 | w->m[j].age);
		p[2 * j + 1] = w->m[j].priority;
	}
	qsort(p, w->n, 2, by_bytes);
}

static bool is_free(const uint8_t *key)
{
	static const uint8_t nothing[KEY];

	return memcmp(key, nothing, KEY) == 0;
}

static uint8_t *slot(const struct model *m, const uint8_t key[KEY])
{
	uint64_t h = 14695981039346656037u;
	uint8_t *p;

	for (size_t i = 0; i < KEY; i++)
		h = (h ^ key[i]) * 1099511628211u;
	for (size_t at = (h ^ h >> 29) % m->room;; at = (at + 1) % m->room) {
		p = m->seen + at * KEY;
		if (memcmp(p, key, KEY) == 0 || is_free(p))
			return p;
	}
}

static void grow(struct model *m)
{
	struct model bigger = *m;

	bigger.room = m->room ? m->room * 2 : 1024;
	bigger.seen = calloc(bigger.room, KEY);
	assert_non_null(bigger.seen);
	for (size_t i = 0; i < m->room; i++)
		if (!is_free(m->seen + i * KEY))
			memcpy(slot(&bigger, m->seen + i * KEY), m->seen + i * KEY, KEY);
	free(m->seen);
	*m = bigger;
}

/* True the first time. */
static bool is_new(struct model *m, const struct world *w)
{
	uint8_t key[KEY], *at;

	if (m->n_seen * 2 >= m->room)
		grow(m);
	key_of(m, w, key);
	at = slot(m, key);
	if (memcmp(at, key, KEY) == 0)
		return false;
	memcpy(at, key, KEY);
	m->n_seen++;
	return true;
}

/* --- what may happen next --- */

enum outcome { END, NOT_NOW, DONE, BROKEN };

static enum outcome done(bool fine)
{
	return fine ? DONE : BROKEN;
}

static bool spend(const struct model *m, struct world *w, unsigned what)
{
	if (!(m->w->wrong & what) || w->budget == 0)
		return false;
	w->budget--;
	return true;
}

static enum outcome happen(struct model *m, struct world *w, unsigned i, unsigned what)
{
	bool running = runs(w, i) && (w->s[i].mode == FSM_BACKUP || w->s[i].mode == FSM_ACTIVE);

	switch (what) {
	case 0: /* power up, or start again after a stop */
		if (w->frozen[i] || (w->up[i] && w->s[i].mode != FSM_INITIALIZE))
			return NOT_NOW;
		w->up[i] = true;
		return done(event(m, w, i, EV_START));
	case 1:
		if (!w->up[i] || !spend(m, w, CRASH))
			return NOT_NOW;
		w->up[i] = false;
		w->frozen[i] = 0;
		fsm_init(&w->s[i]);
		return DONE;
	case 2:
		return running && !w->s[i].stopping && spend(m, w, STOP) ? done(event(m, w, i, EV_STOP)) : NOT_NOW;
	case 3:
		return running && w->s[i].mode == FSM_ACTIVE && !w->s[i].leaving && spend(m, w, YIELD)
			   ? done(event(m, w, i, EV_YIELD))
			   : NOT_NOW;
	case 4:
		return running && spend(m, w, FAULT) ? done(event(m, w, i, EV_FAULT)) : NOT_NOW;
	case 5:
		return runs(w, i) && w->s[i].mode == FSM_FAULT ? done(event(m, w, i, EV_RECOVER)) : NOT_NOW;
	case 6:
		if (!running || !spend(m, w, FREEZE))
			return NOT_NOW;
		w->frozen[i] = 1;
		return DONE;
	default:
		return w->frozen[i] ? done(thaw(m, w, i)) : NOT_NOW;
	}
}

static enum outcome pass_time(const struct model *m, struct world *w)
{
	for (unsigned i = 0; i < m->w->n; i++)
		if (due(w, i))
			return NOT_NOW;
	for (unsigned j = 0; j < w->n; j++)
		if (w->m[j].age >= m->w->delay)
			return NOT_NOW;
	tick(m, w);
	return DONE;
}

/* The k-th thing that may happen, done to *w; NOT_NOW leaves it as it is. */
static enum outcome choose(struct model *m, struct world *w, unsigned k)
{
	unsigned n = m->w->n, under_way = w->n;

	if (k < n)
		return due(w, k) ? done(event(m, w, k, EV_TIMER)) : NOT_NOW;
	k -= n;
	if (k < under_way)
		return done(deliver(m, w, k));
	k -= under_way;
	if (k < under_way) {
		if (!spend(m, w, LOSE))
			return NOT_NOW;
		(void)take(w, k);
		return DONE;
	}
	k -= under_way;
	if (k < 8 * n)
		return happen(m, w, k / 8, k % 8);
	return k == 8 * n ? pass_time(m, w) : END;
}

/* The same in words. */
static void describe(const struct model *m, const struct world *w, unsigned k)
{
	static const char *const words[] = {"starts",      "crashes",  "is stopped", "is asked to yield",
					    "has a fault", "recovers", "freezes",    "thaws"};
	unsigned n = m->w->n;

	if (k < n) {
		print_message("  timer of %u\n", k);
	} else if ((k -= n) < 2u * w->n) {
		const struct message *j = &w->m[k % w->n];
		print_message("  %u -> %u, priority %u%s\n", j->from, j->to, j->priority, k < w->n ? "" : ", is lost");
	} else if ((k -= 2u * w->n) < 8 * n) {
		print_message("  %u %s\n", k / 8, words[k % 8]);
	} else {
		print_message("  a tick\n");
	}
}

/* --- the walk --- */

struct frame {
	struct world w;
	unsigned next; /* choice; the one before it leads to the frame above */
};

static void report(const struct model *m, const struct frame *stack, size_t depth)
{
	print_message("%s: %s, after\n", m->w->title, m->violation);
	for (size_t i = depth > 40 ? depth - 40 : 0; i < depth; i++)
		describe(m, &stack[i].w, stack[i].next - 1);
}

/* A tick in which nothing is under way is what the quiet run of the state before has done already. */
static bool implied(const struct model *m, const struct world *before, const struct world *after)
{
	for (unsigned i = 0; i < m->w->n; i++)
		if (before->frozen[i])
			return false;
	return before->n == 0 && before->now != after->now;
}

static bool check(struct model *m, const struct world *before, const struct world *w)
{
	return implied(m, before, w) || (converges(m, w, false) && converges(m, w, true));
}

static void make_room(struct frame **stack, size_t depth, size_t *room)
{
	if (depth < *room)
		return;
	*room = *room ? 2 * *room : 64;
	*stack = realloc(*stack, *room * sizeof **stack);
	assert_non_null(*stack);
}

/* Depth first; true if nothing is wrong. */
static bool walk_from(struct model *m, const struct world *start, bool tell)
{
	size_t depth = 0, room = 0;
	struct frame *stack = NULL;
	enum outcome o = DONE;

	make_room(&stack, 1, &room);
	stack[0] = (struct frame){.w = *start};
	(void)is_new(m, start);
	do {
		struct frame *f, *to;

		make_room(&stack, depth + 1, &room);
		f = &stack[depth];
		to = f + 1;
		if (o != NOT_NOW)
			to->w = f->w;
		to->next = 0;
		o = choose(m, &to->w, f->next++);
		if (o == DONE && is_new(m, &to->w)) {
			depth++;
			if (!check(m, &f->w, &to->w))
				o = BROKEN;
		} else if (o == BROKEN) {
			depth++;
		}
	} while (o != BROKEN && (o != END || depth-- > 0));
	if (o == BROKEN && tell)
		report(m, stack, depth);
	free(stack);
	return o != BROKEN;
}

static struct model model_of(const struct walk *w, step_fn *step_one)
{
	struct model m = {.w = w, .step = step_one};

	for (unsigned i = 0; i < w->n; i++)
		m.c[i] = (struct fsm_config){.version = 3,
					     .priority = w->priority[i],
					     .interval = TICKS * TICK,
					     .preempt = w->preempt[i],
					     .self = addr_from_v4(0x0a000001u + i)};
	return m;
}

/* All routers are off at first. */
static bool go(const struct walk *w, step_fn *step_one, bool tell, size_t *states)
{
	struct model m = model_of(w, step_one);
	struct world start = {.budget = w->budget, .now = TICK};
	bool fine;

	for (unsigned i = 0; i < ROUTERS; i++)
		fsm_init(&start.s[i]);
	fine = walk_from(&m, &start, tell);
	*states = m.n_seen;
	free(m.seen);
	return fine;
}

static const struct walk walks[] = {
    {"two, preempt", 2, {192, 128}, {true, true}, 1, 1, ALL, true},
    {"two, equal", 2, {128, 128}, {true, true}, 1, 1, ALL, true},
    {"two, preempt, more goes wrong", 2, {192, 128}, {true, true}, 1, 2, ALL, false},
    {"two, equal, more goes wrong", 2, {128, 128}, {true, true}, 1, 2, ALL, false},
    {"two, nopreempt", 2, {192, 128}, {false, false}, 1, 2, ALL, false},
    {"two, one of them preempts", 2, {192, 128}, {false, true}, 1, 2, ALL, false},
    {"two, an owner", 2, {255, 128}, {true, true}, 1, 2, ALL, false},
    {"two, slow link", 2, {192, 128}, {true, true}, 3, 2, LOSE | YIELD | CRASH, false},
    {"three, preempt", 3, {192, 128, 64}, {true, true, true}, 0, 1, ALL, false},
    {"three, equal, nopreempt", 3, {128, 128, 128}, {true, false, false}, 0, 1, STOP | YIELD | LOSE, false},
};
enum { WALKS = sizeof walks / sizeof *walks };

static void every_walk(void **state)
{
	for (size_t i = 0; i < WALKS; i++) {
		size_t states = 0;

		if (RUNNING_ON_VALGRIND && !walks[i].careful)
			continue;
		assert_true(go(&walks[i], fsm_step, true, &states));
		print_message("%s: %zu states\n", walks[i].title, states);
	}
}

/* --- broken machines: each must be found out --- */

static bool hears(const struct fsm_state *s, const struct fsm_event *e, enum fsm_mode mode)
{
	return e->type == EV_ADVERT && s->mode == mode && !s->leaving;
}

static struct fsm_actions deaf_active(const struct fsm_config *c, struct fsm_state *s, const struct fsm_event *e)
{
	struct fsm_actions nothing = {0};

	return hears(s, e, FSM_ACTIVE) ? nothing : fsm_step(c, s, e);
}

/* Takes any Active for a better one, so that nobody preempts. */
static struct fsm_actions meek_backup(const struct fsm_config *c, struct fsm_state *s, const struct fsm_event *e)
{
	struct fsm_config meek = *c;

	meek.preempt = false;
	return fsm_step(&meek, s, e);
}

static struct fsm_actions lost_timer(const struct fsm_config *c, struct fsm_state *s, const struct fsm_event *e)
{
	struct fsm_actions out = fsm_step(c, s, e);

	if (e->type == EV_ADVERT && e->priority == 0 && s->mode == FSM_BACKUP)
		s->deadline = FSM_NEVER;
	return out;
}

/* Priority 0 starts no skew but a wait without end, one tick at a time. */
static struct fsm_actions put_off(const struct fsm_config *c, struct fsm_state *s, const struct fsm_event *e)
{
	if (e->type == EV_TIMER && s->mode == FSM_BACKUP && s->active_priority == 0 && s->active.family) {
		s->deadline = e->now + TICK;
		return (struct fsm_actions){0};
	}
	return fsm_step(c, s, e);
}

static struct fsm_actions sends_in_fault(const struct fsm_config *c, struct fsm_state *s, const struct fsm_event *e)
{
	struct fsm_actions out = fsm_step(c, s, e);

	if (s->mode == FSM_FAULT)
		out.what |= FSM_SEND;
	return out;
}

/* Equal priority, and each finds the other's address greater. */
static struct fsm_actions both_yield(const struct fsm_config *c, struct fsm_state *s, const struct fsm_event *e)
{
	struct fsm_config low = *c;

	low.self = (struct addr){0};
	return fsm_step(&low, s, e);
}

/* Equal priority, and neither does. */
static struct fsm_actions none_yields(const struct fsm_config *c, struct fsm_state *s, const struct fsm_event *e)
{
	struct fsm_config high = *c;

	high.self = addr_from_v4(0xffffffff);
	return fsm_step(&high, s, e);
}

/* Leaves when it was told to, successor or not, and keeps the addresses. */
static struct fsm_actions keeps_addresses(const struct fsm_config *c, struct fsm_state *s, const struct fsm_event *e)
{
	bool stopping = s->stopping;
	struct fsm_actions out = fsm_step(c, s, e);

	if (stopping)
		out.what &= ~(unsigned)FSM_REMOVE;
	return out;
}

static void broken_machines(void **state)
{
	static const struct {
		const char *title;
		step_fn *step;
		size_t walk;
	} t[] = {
	    {"an Active that does not hear a better one", deaf_active, 0},
	    {"a Backup that does not preempt", meek_backup, 0},
	    {"a Backup that loses its timer", lost_timer, 0},
	    {"a Backup that puts off taking over", put_off, 1},
	    {"a router that sends in Fault", sends_in_fault, 1},
	    {"equals that both yield", both_yield, 1},
	    {"equals of which none yields", none_yields, 1},
	    {"a router that stops and keeps its addresses", keeps_addresses, 1},
	};

	for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
		size_t states;
		if (go(&walks[t[i].walk], t[i].step, false, &states))
			fail_msg("%s was not found out in %zu states", t[i].title, states);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(broken_machines),
	    cmocka_unit_test(every_walk),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
