/* Routers of vrrp/fsm.c on one link, for fsm_walk.h: all that may happen to them next, in any order: timers, messages, ticks, and a bounded number of things
 * that go wrong; and what no step may break. Time goes in ticks, so that there is an end to the states; how long a machine should wait is counted here
 * once more. */
#ifndef VIPD_TESTS_FSM_WORLD_H
#define VIPD_TESTS_FSM_WORLD_H

#include "../vrrp/fsm.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ROUTERS = 3, MESSAGES = 16, OWNER = 255 };

/* What may go wrong, and what comes by itself. */
enum { CRASH = 1, STOP = 2, YIELD = 4, FAULT = 8, FREEZE = 16, PRIORITY = 32, LOSE = 64, ALL = 127 };

typedef struct fsm_actions step_fn(const struct fsm_config *, struct fsm_state *, const struct fsm_event *);

/* One walk. */
struct walk {
	const char *title;
	unsigned n;
	uint8_t priority[ROUTERS];
	uint8_t budget;            /* how many things may go wrong */
	unsigned wrong;            /* which */
	uint8_t delay;             /* a message is at most so many ticks under way; at most 3 */
	uint8_t other[ROUTERS];    /* PRIORITY changes to this one, and back; 0: it does not */
	uint8_t interval[ROUTERS]; /* seconds; 0: 1 */
	bool nopreempt[ROUTERS];
	uint8_t version; /* 0: 3 */
	uint8_t grid;    /* ticks a second; 0: 4 */
	bool careful;    /* small enough for valgrind */
};

/* A message in a byte: to whom, from whom, with which priority, how many ticks ago. */
enum { TO = 6, FROM = 4, WHICH = 2, AGE = 3 };
enum { ZERO, FIRST, OTHER };

struct world {
	struct fsm_state s[ROUTERS];
	bool up[ROUTERS], changed[ROUTERS]; /* changed: it has its other priority */
	uint8_t frozen[ROUTERS];            /* ticks + 1; 0: it runs */
	uint8_t m[MESSAGES];                /* sorted */
	uint8_t n, budget;
	nsec_t now;
};

enum { KEY = 4 * ROUTERS + MESSAGES + 2 };

/* States that were seen, each with a value. A key is never all zero: that is a free place. */
struct seen {
	uint8_t *keys;
	int8_t *values;
	size_t n, room;
};

struct frame {
	struct world w;
	unsigned next; /* choice; the one before it leads to what follows */
};

enum { TRACE = 128 };

struct model {
	const struct walk *w;
	step_fn *step;
	nsec_t tick;
	unsigned longest; /* interval, in ticks */
	struct seen walked, quiet;
	struct world *well; /* states that are, and that are still to be followed */
	size_t n_well, room_well;
	int slowest; /* last_bad of any state */
	struct frame trace[TRACE];
	size_t traced;
	char violation[128];
};

/* --- what is known of a router without asking the machine; in ticks --- */

static uint8_t priority_of(const struct model *m, const struct world *w, unsigned i)
{
	return w->changed[i] ? m->w->other[i] : m->w->priority[i];
}

static unsigned second(const struct model *m)
{
	return m->w->grid ? m->w->grid : 4;
}

static unsigned interval_of(const struct model *m, unsigned i)
{
	return second(m) * (m->w->interval[i] ? m->w->interval[i] : 1);
}

static bool is_v2(const struct model *m)
{
	return m->w->version == 2;
}

/* RFC 9568 6.1, RFC 3768 6.1. */
static unsigned skew_of(const struct model *m, const struct world *w, unsigned i, unsigned interval)
{
	unsigned base = is_v2(m) ? second(m) : interval;

	return (base * (256u - priority_of(m, w, i)) + 255) / 256;
}

static unsigned down_of(const struct model *m, const struct world *w, unsigned i, unsigned interval)
{
	return 3 * interval + skew_of(m, w, i, interval);
}

/* How long one that leaves waits for its successor. */
static unsigned leave_of(const struct model *m, unsigned i)
{
	return interval_of(m, i) + (is_v2(m) ? second(m) : interval_of(m, i));
}

static unsigned left(const struct model *m, const struct world *w, unsigned i)
{
	nsec_t wait = w->s[i].deadline - w->now;

	return wait <= 0 ? 0 : (unsigned)((wait + m->tick - 1) / m->tick);
}

static bool takes_part(const struct world *w, unsigned i)
{
	return w->up[i] && (w->s[i].mode == FSM_BACKUP || w->s[i].mode == FSM_ACTIVE);
}

static bool runs(const struct world *w, unsigned i)
{
	return w->up[i] && !w->frozen[i];
}

static bool due(const struct world *w, unsigned i)
{
	return runs(w, i) && w->s[i].deadline <= w->now;
}

static bool any_due(const struct model *m, const struct world *w)
{
	for (unsigned i = 0; i < m->w->n; i++)
		if (due(w, i))
			return true;
	return false;
}

static struct fsm_config config_of(const struct model *m, const struct world *w, unsigned i)
{
	return (struct fsm_config){.version = is_v2(m) ? 2 : 3,
				   .priority = priority_of(m, w, i),
				   .interval = interval_of(m, i) * m->tick,
				   .preempt = !m->w->nopreempt[i],
				   .self = addr_from_v4(0x0a000001u + i)};
}

/* --- one step of one router --- */

enum { NONE = ROUTERS };

static bool violate(struct model *m, const char *what, unsigned router)
{
	if (!m->violation[0] && router == NONE)
		(void)snprintf(m->violation, sizeof m->violation, "%s", what);
	else if (!m->violation[0])
		(void)snprintf(m->violation, sizeof m->violation, "%s (router %u)", what, router);
	return false;
}

static bool post(struct model *m, struct world *w, unsigned from, uint8_t priority)
{
	unsigned which = priority == 0 ? ZERO : w->changed[from] ? OTHER : FIRST;

	for (unsigned to = 0; to < m->w->n; to++) {
		uint8_t msg = (uint8_t)(to << TO | from << FROM | which << WHICH);
		unsigned at = w->n;

		if (to == from || !w->up[to])
			continue;
		if (w->n == MESSAGES)
			return violate(m, "no end of messages", from);
		for (; at > 0 && w->m[at - 1] > msg; at--)
			w->m[at] = w->m[at - 1];
		w->m[at] = msg;
		w->n++;
	}
	return true;
}

static bool timer_runs(struct model *m, const struct world *w, unsigned i)
{
	const struct fsm_state *s = &w->s[i];
	unsigned most = s->mode == FSM_BACKUP ? down_of(m, w, i, is_v2(m) ? interval_of(m, i) : m->longest)
			: s->leaving          ? leave_of(m, i)
					      : interval_of(m, i);
	bool timed = s->mode == FSM_BACKUP || s->mode == FSM_ACTIVE;

	if (timed != (s->deadline != FSM_NEVER))
		return violate(m, "Backup or Active without a timer, or a timer without them", i);
	return !timed || left(m, w, i) <= most || violate(m, "a timer that runs too long", i);
}

static bool sound(struct model *m, const struct world *w, unsigned i, const struct fsm_state *before,
		  struct fsm_actions out)
{
	const struct fsm_state *s = &w->s[i];
	bool was = before->mode == FSM_ACTIVE, is = s->mode == FSM_ACTIVE;

	if (!timer_runs(m, w, i))
		return false;
	if ((out.what & FSM_SEND) && !was && !is)
		return violate(m, "sends, and is not Active", i);
	if (((out.what & FSM_ADD) != 0) != (is && !was) || ((out.what & FSM_REMOVE) != 0) != (was && !is))
		return violate(m, "addresses do not follow the mode", i);
	if ((out.what & FSM_SEND) && out.priority != priority_of(m, w, i) && out.priority != 0)
		return violate(m, "sends another priority", i);
	if (s->leaving > is || s->stopping > s->leaving || s->yielded > (s->mode == FSM_BACKUP))
		return violate(m, "leaves or has yielded in another mode", i);
	return true;
}

static bool step(struct model *m, struct world *w, unsigned i, struct fsm_event e)
{
	struct fsm_config c = config_of(m, w, i);
	struct fsm_state before = w->s[i];
	struct fsm_actions out;

	e.now = w->now;
	out = m->step(&c, &w->s[i], &e);
	if (!sound(m, w, i, &before, out))
		return false;
	return !(out.what & FSM_SEND) || post(m, w, i, out.priority);
}

static bool event(struct model *m, struct world *w, unsigned i, enum fsm_event_type type)
{
	return step(m, w, i, (struct fsm_event){.type = type});
}

static uint8_t take(struct world *w, unsigned j)
{
	uint8_t msg = w->m[j];

	memmove(&w->m[j], &w->m[j + 1], w->n - j - 1u);
	w->n--;
	w->m[w->n] = 0;
	return msg;
}

/* What a router makes of an advertisement, beyond what is looked at after some time. Answers do not follow each other at once. */
static bool heard_well(struct model *m, const struct world *w, unsigned to, unsigned from, uint8_t priority,
		       const struct fsm_state *before)
{
	const struct fsm_state *s = &w->s[to];
	uint8_t own = priority_of(m, w, to);
	bool active = before->mode == FSM_ACTIVE && !before->leaving;

	if (active && (priority < own || (priority == own && from < to))) {
		if (s->mode != FSM_ACTIVE)
			return violate(m, "an Active that yields to a lesser one", to);
		if (own != OWNER && s->asserted != w->now)
			return violate(m, "an Active that does not answer a lesser one", to);
	}
	if (before->mode == FSM_BACKUP && priority == 0 && (own != OWNER || before->yielded) &&
	    left(m, w, to) > skew_of(m, w, to, m->longest))
		return violate(m, "priority 0 and a long wait", to);
	return true;
}

/* Version 2 refuses another interval (RFC 3768 7.1; packet_check). */
static bool refuses(const struct model *m, unsigned to, unsigned from)
{
	return is_v2(m) && interval_of(m, to) != interval_of(m, from);
}

static bool deliver(struct model *m, struct world *w, unsigned j)
{
	uint8_t msg = take(w, j);
	unsigned to = msg >> TO, from = msg >> FROM & 3, which = msg >> WHICH & 3;
	struct fsm_state before = w->s[to];
	struct fsm_event e = {.type = EV_ADVERT,
			      .priority = which == ZERO    ? 0
					  : which == OTHER ? m->w->other[from]
							   : m->w->priority[from],
			      .interval = interval_of(m, from) * m->tick,
			      .from = addr_from_v4(0x0a000001u + from)};

	if (!runs(w, to) || refuses(m, to, from))
		return true;
	return step(m, w, to, e) && heard_well(m, w, to, from, e.priority, &before);
}

/* The longest pause that is no stall: an Active that was silent for longer than some router waits starts as Backup. */
static unsigned pause_of(const struct model *m, unsigned i)
{
	return 3 * interval_of(m, i);
}

static bool thaw(struct model *m, struct world *w, unsigned i)
{
	bool stalled = w->frozen[i] > pause_of(m, i);

	w->frozen[i] = 0;
	if (!stalled)
		return true;
	if (!event(m, w, i, EV_STALLED))
		return false;
	if (!takes_part(w, i) || left(m, w, i) == down_of(m, w, i, (unsigned)(w->s[i].active_interval / m->tick)))
		return true;
	return violate(m, "does not listen after a long pause", i);
}

static void tick(const struct model *m, struct world *w)
{
	w->now += m->tick;
	for (unsigned j = 0; j < w->n; j++)
		w->m[j]++;
	for (unsigned i = 0; i < m->w->n; i++)
		if (w->frozen[i] && w->frozen[i] <= pause_of(m, i))
			w->frozen[i]++;
}

/* All that has a say in what follows, relative to now. */
static void key_of(const struct model *m, const struct world *w, uint8_t key[KEY])
{
	uint8_t *p = key;

	memset(key, 0, KEY);
	for (unsigned i = 0; i < m->w->n; i++) {
		const struct fsm_state *s = &w->s[i];

		*p++ = (uint8_t)(s->mode | w->up[i] << 2 | s->leaving << 3 | s->stopping << 4 | s->yielded << 5 |
				 s->started << 6 | (s->asserted == w->now) << 7);
		*p++ = (uint8_t)(s->deadline == FSM_NEVER ? 255 : left(m, w, i));
		*p++ = (uint8_t)(w->frozen[i] << 1 | w->changed[i]);
		if (s->mode == FSM_BACKUP)
			*p = (uint8_t)(s->active_interval / m->tick | (s->active.family && s->active_priority == 0)
									  << 7);
		p++;
	}
	*p++ = w->budget;
	*p++ = (uint8_t)(w->n + 1);
	memcpy(p, w->m, w->n);
}

/* --- what may happen next --- */

enum outcome { END, NOT_NOW, DONE, BROKEN };

enum { STARTS, CRASHES, STOPS, YIELDS, FAULTS, RECOVERS, CHANGES, FREEZES, THAWS, KINDS };

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

static enum outcome crash(struct world *w, unsigned i)
{
	w->up[i] = false;
	w->frozen[i] = 0;
	fsm_init(&w->s[i]);
	return DONE;
}

/* RFC 9568 6.4.1. */
static bool began(struct model *m, const struct world *w, unsigned i)
{
	bool active = w->s[i].mode == FSM_ACTIVE;
	unsigned wait = active ? interval_of(m, i) : down_of(m, w, i, interval_of(m, i));

	return (takes_part(w, i) && active == (priority_of(m, w, i) == OWNER) && left(m, w, i) == wait) ||
	       violate(m, "starts otherwise", i);
}

static enum outcome start(struct model *m, struct world *w, unsigned i)
{
	w->up[i] = true;
	return done(event(m, w, i, EV_START) && began(m, w, i));
}

static enum outcome recover(struct model *m, struct world *w, unsigned i)
{
	return done(event(m, w, i, EV_RECOVER) && began(m, w, i));
}

static enum outcome change(struct model *m, struct world *w, unsigned i)
{
	w->changed[i] = !w->changed[i];
	if (!event(m, w, i, EV_CONFIG))
		return BROKEN;
	return done(w->s[i].mode != FSM_ACTIVE || w->s[i].leaving || left(m, w, i) == interval_of(m, i) ||
		    violate(m, "a new priority that is not told", i));
}

static enum outcome freeze(struct world *w, unsigned i)
{
	w->frozen[i] = 1;
	return DONE;
}

static enum outcome happen(struct model *m, struct world *w, unsigned i, unsigned what)
{
	const struct fsm_state *s = &w->s[i];
	bool run = runs(w, i), part = run && takes_part(w, i), may = false;

	switch (what) {
	case STARTS: /* power up, or again after a stop */
		may = !w->frozen[i] && (!w->up[i] || s->mode == FSM_INITIALIZE);
		return may ? start(m, w, i) : NOT_NOW;
	case CRASHES:
		return w->up[i] && spend(m, w, CRASH) ? crash(w, i) : NOT_NOW;
	case STOPS:
		may = run && s->mode != FSM_INITIALIZE && !s->stopping;
		return may && spend(m, w, STOP) ? done(event(m, w, i, EV_STOP)) : NOT_NOW;
	case YIELDS:
		may = part && s->mode == FSM_ACTIVE && !s->leaving;
		return may && spend(m, w, YIELD) ? done(event(m, w, i, EV_YIELD)) : NOT_NOW;
	case FAULTS:
		return part && spend(m, w, FAULT) ? done(event(m, w, i, EV_FAULT)) : NOT_NOW;
	case RECOVERS:
		return run && s->mode == FSM_FAULT ? recover(m, w, i) : NOT_NOW;
	case CHANGES:
		return run && m->w->other[i] && spend(m, w, PRIORITY) ? change(m, w, i) : NOT_NOW;
	case FREEZES:
		return part && spend(m, w, FREEZE) ? freeze(w, i) : NOT_NOW;
	default:
		return w->frozen[i] ? done(thaw(m, w, i)) : NOT_NOW;
	}
}

static enum outcome pass_time(const struct model *m, struct world *w)
{
	if (any_due(m, w))
		return NOT_NOW;
	for (unsigned j = 0; j < w->n; j++)
		if ((w->m[j] & AGE) >= m->w->delay)
			return NOT_NOW;
	tick(m, w);
	return DONE;
}

/* Of messages that are the same one is enough. */
static bool is_twin(const struct world *w, unsigned j)
{
	return j > 0 && j < w->n && w->m[j] == w->m[j - 1];
}

/* The k-th thing that may happen, done to *w; NOT_NOW leaves it as it is. First come the timers and the messages that arrive. */
static enum outcome choose(struct model *m, struct world *w, unsigned k)
{
	unsigned n = m->w->n, under_way = w->n;

	if (k < n)
		return due(w, k) ? done(event(m, w, k, EV_TIMER)) : NOT_NOW;
	k -= n;
	if (k < under_way)
		return is_twin(w, k) ? NOT_NOW : done(deliver(m, w, k));
	k -= under_way;
	if (k < under_way) {
		if (is_twin(w, k) || !spend(m, w, LOSE))
			return NOT_NOW;
		(void)take(w, k);
		return DONE;
	}
	k -= under_way;
	if (k < KINDS * n)
		return happen(m, w, k / KINDS, k % KINDS);
	return k == KINDS * n ? pass_time(m, w) : END;
}

/* The same in words. */
static void describe(const struct model *m, const struct world *w, unsigned k)
{
	static const char *const words[] = {"starts",
					    "crashes",
					    "is stopped",
					    "is asked to yield",
					    "has a fault",
					    "recovers",
					    "has its other priority",
					    "freezes",
					    "thaws"};
	static const char *const which[] = {"0", "its own", "its other one"};
	unsigned n = m->w->n;

	if (k < n) {
		print_message("  timer of %u\n", k);
	} else if ((k -= n) < 2u * w->n) {
		uint8_t j = w->m[k % w->n];
		print_message("  %d -> %d, priority %s%s\n", j >> FROM & 3, j >> TO, which[j >> WHICH & 3],
			      k < w->n ? "" : ", is lost");
	} else if ((k -= 2u * w->n) < KINDS * n) {
		print_message("  %u %s\n", k / KINDS, words[k % KINDS]);
	} else {
		print_message("  a tick\n");
	}
}

#endif
