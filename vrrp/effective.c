/* Decides a router's effective priority. Source: keepalived.conf(5), "weight" and "track_file"; DESIGN "life and death" for a node that is not ready.
 * Test: tests/test_effective.c. */
#include "effective.h"

enum { LEAST = 1, MOST = 254, OWNER = 255 };

static bool can_fault(const struct track *t)
{
	return t->weight == TRACK_FAULT || t->weight == 0;
}

static int clip(int64_t v)
{
	return (int)(v > MOST ? MOST : v < -MOST ? -MOST : v);
}

static int weigh(const struct track *t, const struct track_state *s)
{
	if (s->now == TRACK_UNKNOWN || can_fault(t))
		return 0;
	if (t->kind == TRACK_FILE)
		return s->now == TRACK_UP ? clip((int64_t)s->value * t->weight) : 0;
	if (t->weight > 0)
		return s->now == TRACK_UP ? t->weight : 0;
	return s->now == TRACK_DOWN ? t->weight : 0;
}

/* A file's number faults as it does keepalived: any but 0 where it is not weighed, else what comes to -254 or less. */
static bool faults(const struct track *t, const struct track_state *s)
{
	if (t->kind != TRACK_FILE)
		return can_fault(t) && s->now != TRACK_UP;
	if (can_fault(t))
		return s->now == TRACK_UNKNOWN || s->value != 0;
	return weigh(t, s) <= -MOST;
}

int effective_delta(const struct router *r, const struct track_state *s)
{
	int sum = 0;

	for (size_t i = 0; i < r->n_tracks; i++)
		sum += weigh(&r->tracks[i], &s[i]);
	return sum;
}

const struct track *effective_fault(const struct router *r, const struct track_state *s)
{
	for (size_t i = 0; i < r->n_tracks; i++)
		if (faults(&r->tracks[i], &s[i]))
			return &r->tracks[i];
	return NULL;
}

const char *effective_fault_cause(const struct track *t)
{
	static const char *const causes[] = {
	    [TRACK_INTERFACE] = "a tracked interface is down",
	    [TRACK_PROCESS] = "a tracked process does not run",
	    [TRACK_FILE] = "a tracked file's number",
	    [TRACK_SCRIPT] = "a tracked script fails",
	};

	return causes[t->kind];
}

int effective_local(size_t here, size_t of)
{
	return of ? (int)((LOCAL_RISE * here + of / 2) / of) : 0;
}

uint8_t effective_priority(uint8_t base, int delta, bool ready)
{
	int sum = base + delta;

	if (!ready)
		return LEAST;
	if (base == OWNER)
		return OWNER;
	return (uint8_t)(sum < LEAST ? LEAST : sum > MOST ? MOST : sum);
}
