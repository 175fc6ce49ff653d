/* Walks through every state that the routers of fsm_world.h reach by any order of timers and messages, delays up to a bound, and a bounded number of things
 * that go wrong. In each state a timer runs; and from each state on, with the link whole and quiet and in every order: exactly one Active, the right one,
 * within Active_Down_Interval and one advertisement, for good; and what it hands over is taken after a Skew_Time. */
#ifndef VIPD_TESTS_FSM_WALK_H
#define VIPD_TESTS_FSM_WALK_H

#include "fsm_world.h"

/* --- the states that were seen --- */

static size_t place(const struct seen *t, const uint8_t key[KEY])
{
	static const uint8_t nothing[KEY];
	uint64_t h = 14695981039346656037u;

	for (size_t i = 0; i < KEY; i++)
		h = (h ^ key[i]) * 1099511628211u;
	for (size_t at = (h ^ h >> 29) % t->room;; at = (at + 1) % t->room)
		if (memcmp(t->keys + at * KEY, key, KEY) == 0 || memcmp(t->keys + at * KEY, nothing, KEY) == 0)
			return at;
}

static void grow(struct seen *t)
{
	struct seen old = *t;

	t->room = old.room ? old.room * 2 : 1024;
	t->keys = calloc(t->room, KEY);
	t->values = calloc(t->room, 1);
	assert_true(t->keys && t->values);
	for (size_t i = 0; i < old.room; i++) {
		const uint8_t *key = old.keys + i * KEY;
		size_t at = place(t, key);

		memcpy(t->keys + at * KEY, key, KEY);
		t->values[at] = old.values[i];
	}
	free(old.keys);
	free(old.values);
}

static void seen_clear(struct seen *t)
{
	free(t->keys);
	free(t->values);
	t->keys = NULL;
	t->values = NULL;
}

/* True the first time; *at is its place until the next call. */
static bool is_new(struct seen *t, const uint8_t key[KEY], size_t *at)
{
	if (t->n * 2 >= t->room)
		grow(t);
	*at = place(t, key);
	if (memcmp(t->keys + *at * KEY, key, KEY) == 0)
		return false;
	memcpy(t->keys + *at * KEY, key, KEY);
	t->n++;
	return true;
}

/* --- whole and quiet --- */

/* Nobody who takes part would preempt it. */
static bool is_right(const struct model *m, const struct world *w, unsigned a)
{
	for (unsigned i = 0; i < m->w->n; i++) {
		uint8_t p = priority_of(m, w, i);

		if (takes_part(w, i) && p > priority_of(m, w, a) && !w->s[i].yielded &&
		    (!m->w->nopreempt[i] || p == OWNER))
			return false;
	}
	return true;
}

/* What is to last, when nothing is under way or due: one Active that stays, and Backups that wait as long as the RFC says since it was heard. */
static bool is_well(const struct model *m, const struct world *w)
{
	unsigned n = m->w->n, active = 0, part = 0, a = 0, interval;

	for (unsigned i = 0; i < n; i++) {
		part += takes_part(w, i);
		if (!w->up[i] || w->s[i].mode != FSM_ACTIVE)
			continue;
		active++;
		a = i;
	}
	if (part == 0)
		return true;
	interval = interval_of(m, a);
	if (active != 1 || w->s[a].leaving || !is_right(m, w, a) || left(m, w, a) > interval)
		return false;
	for (unsigned i = 0; i < n; i++)
		if (i != a && takes_part(w, i) &&
		    (w->s[i].active_interval != interval * m->tick ||
		     left(m, w, i) + interval != down_of(m, w, i, interval) + left(m, w, a)))
			return false;
	return true;
}

/* Nothing is under way or due. */
static bool is_still(const struct model *m, const struct world *w)
{
	return w->n == 0 && !any_due(m, w);
}

/* From *k on the next thing that happens by itself: a timer that is due or a message, in any order; a tick when it is still. */
static enum outcome follow(struct model *m, const struct world *w, unsigned *k, struct world *next)
{
	unsigned n = is_still(m, w) ? 0 : m->w->n + w->n;

	if (n == 0 && *k == 0) {
		*k = UINT_MAX;
		*next = *w;
		tick(m, next);
		return DONE;
	}
	while (*k < n) {
		enum outcome o;

		*next = *w;
		o = choose(m, next, (*k)++);
		if (o != NOT_NOW)
			return o;
	}
	return END;
}

/* What led to a violation on the quiet link is told from the end: the choice before *k, made in w. */
static void trace(struct model *m, const struct world *w, unsigned k)
{
	if (m->traced < TRACE)
		m->trace[m->traced++] = (struct frame){*w, k};
}

enum { WELL = -1, UNKNOWN = -2, WRONG = 127 };

static int wrong(struct model *m, const char *what)
{
	(void)violate(m, what, NONE);
	return WRONG;
}

static void keep_well(struct model *m, const struct world *w)
{
	if (m->n_well == m->room_well) {
		m->room_well = m->room_well ? 2 * m->room_well : 64;
		m->well = realloc(m->well, m->room_well * sizeof *m->well);
		assert_non_null(m->well);
	}
	m->well[m->n_well++] = *w;
}

static int last_bad(struct model *m, const struct world *w);

/* The greatest of all that may happen next. */
static int last_bad_after(struct model *m, const struct world *w)
{
	enum outcome o;
	struct world next;
	int worst = WELL;
	unsigned k = 0;

	while ((o = follow(m, w, &k, &next)) == DONE && worst != WRONG) {
		int last = last_bad(m, &next);

		worst = last > worst ? last : worst;
	}
	if (o == BROKEN || worst == WRONG)
		trace(m, w, k);
	return o == BROKEN ? WRONG : worst;
}

/* How many ticks from now the last moment is at which something is not well; WELL if there is none. What is well is taken for an end, and looked at
 * later: lasts. */
static int last_bad(struct model *m, const struct world *w)
{
	bool still = is_still(m, w), well = still && is_well(m, w);
	uint8_t key[KEY];
	size_t at;
	int last;

	key_of(m, w, key);
	if (!is_new(&m->quiet, key, &at))
		return m->quiet.values[at] != UNKNOWN ? m->quiet.values[at] : wrong(m, "never one Active alone");
	m->quiet.values[at] = well ? WELL : UNKNOWN;
	if (well) {
		keep_well(m, w);
		return WELL;
	}
	last = last_bad_after(m, w);
	if (last == WRONG)
		return WRONG;
	last += still;
	(void)is_new(&m->quiet, key, &at);
	m->quiet.values[at] = (int8_t)last;
	return last;
}

static bool is_answered(const struct model *m, const struct world *w)
{
	for (unsigned i = 0; i < m->w->n; i++)
		if (w->up[i] && w->s[i].mode == FSM_ACTIVE)
			return true;
	return false;
}

/* A successor within so many ticks, whatever the order; planned: somebody answers all along. */
static bool succeeds(struct model *m, const struct world *w, unsigned ticks, bool planned)
{
	bool still = is_still(m, w);
	struct world next;
	unsigned k = 0;
	enum outcome o;

	if (still && is_well(m, w))
		return true;
	if (still && planned && !is_answered(m, w))
		return violate(m, "handed over to nobody", NONE);
	if (still && ticks == 0)
		return violate(m, "a successor that comes late", NONE);
	while ((o = follow(m, w, &k, &next)) == DONE && succeeds(m, &next, ticks - still, planned))
		;
	if (o != END)
		trace(m, w, k);
	return o == END;
}

/* Priority 0 is heard by all: whoever of the others is best takes over after its Skew_Time. */
static bool hands_over(struct model *m, const struct world *well, enum fsm_event_type type, unsigned kind)
{
	struct world w = *well;
	unsigned active = NONE, shortest = UINT_MAX;

	for (unsigned i = 0; i < m->w->n; i++)
		if (w.up[i] && w.s[i].mode == FSM_ACTIVE)
			active = i;
	for (unsigned i = 0; active != NONE && i < m->w->n; i++) {
		unsigned skew = skew_of(m, &w, i, interval_of(m, active));

		if (i != active && takes_part(&w, i) && skew < shortest)
			shortest = skew;
	}
	if (shortest == UINT_MAX)
		return true;
	if (event(m, &w, active, type) && succeeds(m, &w, shortest, type != EV_FAULT))
		return true;
	trace(m, well, m->w->n + KINDS * active + kind + 1);
	return false;
}

/* What is well stays so, and can be handed over. */
static bool lasts(struct model *m)
{
	while (m->n_well > 0) {
		struct world w = m->well[--m->n_well];

		if (last_bad_after(m, &w) != WELL)
			return violate(m, "one Active alone, but not for good", NONE);
		if (!hands_over(m, &w, EV_STOP, STOPS) || !hands_over(m, &w, EV_YIELD, YIELDS) ||
		    !hands_over(m, &w, EV_FAULT, FAULTS))
			return false;
	}
	return true;
}

/* Active_Down_Interval of the first that may take over, and one advertisement. */
static unsigned bound_of(const struct model *m, const struct world *w)
{
	unsigned shortest = 4 * m->longest;

	for (unsigned i = 0; i < m->w->n; i++) {
		unsigned down = down_of(m, w, i, is_v2(m) ? interval_of(m, i) : m->longest);

		if (takes_part(w, i) && !w->s[i].stopping && down < shortest)
			shortest = down;
	}
	return shortest + m->longest;
}

/* From now on nothing goes wrong, and a message is under way for less than a tick. */
static bool converges(struct model *m, const struct world *from)
{
	struct world w = *from;
	int last;

	for (unsigned i = 0; i < m->w->n; i++)
		if (w.frozen[i] && !thaw(m, &w, i))
			return false;
	for (unsigned j = 0; j < w.n; j++)
		w.m[j] &= (uint8_t)~AGE;
	w.budget = 0;
	last = last_bad(m, &w);
	if (last == WRONG || !lasts(m))
		return false;
	m->slowest = last > m->slowest ? last : m->slowest;
	return last < (int)bound_of(m, &w) || violate(m, "no one Active in time", NONE);
}

/* --- the walk --- */

static void report(const struct model *m, const struct frame *stack, size_t depth)
{
	print_message("%s: %s, after\n", m->w->title, m->violation);
	for (size_t i = depth > 60 ? depth - 60 : 0; i < depth; i++)
		describe(m, &stack[i].w, stack[i].next - 1);
	if (m->traced > 0)
		print_message(" and then, the link whole and quiet,\n");
	for (size_t i = m->traced; i > 0; i--)
		describe(m, &m->trace[i - 1].w, m->trace[i - 1].next - 1);
}

static bool check(struct model *m, const struct world *w)
{
	for (unsigned i = 0; i < m->w->n; i++)
		if (w->up[i] && !timer_runs(m, w, i))
			return false;
	return converges(m, w);
}

static void make_room(struct frame **stack, size_t depth, size_t *room)
{
	if (depth + 1 < *room)
		return;
	*room = *room ? 2 * *room : 64;
	*stack = realloc(*stack, *room * sizeof **stack);
	assert_non_null(*stack);
}

static bool is_first(struct model *m, const struct world *w)
{
	uint8_t key[KEY];
	size_t at;

	key_of(m, w, key);
	return is_new(&m->walked, key, &at);
}

/* Depth first; true if nothing is wrong. */
static bool walk_from(struct model *m, const struct world *start_from, bool tell)
{
	size_t depth = 0, room = 0;
	struct frame *stack = NULL;
	enum outcome o = DONE;

	make_room(&stack, 0, &room);
	stack[0] = (struct frame){.w = *start_from};
	(void)is_first(m, start_from);
	do {
		struct frame *f, *to;

		make_room(&stack, depth + 1, &room);
		f = &stack[depth];
		to = f + 1;
		if (o != NOT_NOW)
			to->w = f->w;
		to->next = 0;
		o = choose(m, &to->w, f->next++);
		if (o == DONE && is_first(m, &to->w)) {
			depth++;
			if (!check(m, &to->w))
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

/* All routers are off at first. False: something is wrong, and is told if it should be. */
static bool go(const struct walk *w, step_fn *step_one, bool tell, struct model *m)
{
	struct world first = {.budget = w->budget};
	bool fine;

	*m = (struct model){.w = w, .step = step_one, .slowest = WELL};
	m->tick = NSEC_PER_SEC / second(m);
	for (unsigned i = 0; i < w->n; i++)
		m->longest = interval_of(m, i) > m->longest ? interval_of(m, i) : m->longest;
	assert_true(m->longest < 10); /* what was answered is answered again after less than a tick: key_of */
	first.now = m->tick;
	for (unsigned i = 0; i < ROUTERS; i++)
		fsm_init(&first.s[i]);
	fine = walk_from(m, &first, tell);
	free(m->well);
	seen_clear(&m->walked);
	seen_clear(&m->quiet);
	return fine;
}

#endif
