/* Drains: a real server that leaves keeps weight 0, and its connections, until the last of them has ended or its deadline has come; so does each real server
 * of a virtual server that leaves. A drain is an entry here, kept in the ownership record, and a real server in the table of what is wanted (until, leaving):
 * so all that looks after the table looks after drains. Pure: time is given. */
#ifndef VIPD_IPVS_DRAIN_H
#define VIPD_IPVS_DRAIN_H

#include "../src/base/deadlines.h"
#include "table.h"

/* Between two looks at a drain's counters: doubling from the first to the most. */
enum { DRAIN_LOOK_FIRST_MS = 1000, DRAIN_LOOK_MOST_MS = 10000 };

struct drain {
	struct due due; /* the next look, or the deadline if that is sooner */
	struct drain_group *group;
	struct real real; /* which: address and port */
	nsec_t deadline, wait;
	uint32_t active, inactive; /* connections as last seen */
	bool seen;                 /* ... at all */
	bool over;                 /* to be deleted */
};

/* The drains of one virtual server. */
struct drain_group {
	struct vs_key key;
	struct drain **items; /* sorted by real_cmp */
	uint32_t n, cap;
};

/* For the record: a drain has begun or has a new deadline; it is no more. */
struct drain_hooks {
	void (*keep)(void *arg, const struct vs_key *k, const struct real *r, nsec_t deadline);
	void (*drop)(void *arg, const struct vs_key *k, const struct real *r);
};

struct drains;
struct drains *drains_new(const struct drain_hooks *hooks, void *arg);
void drains_free(struct drains *d); /* drops nothing; NULL is fine */
size_t drains_count(const struct drains *d);
const struct drain *drains_find(const struct drains *d, const struct vs_key *k, const struct real *r); /* NULL */
const struct drain_group *drains_each(const struct drains *d, size_t *at); /* *at from 0; NULL at the end */

/* What the record said. */
void drains_restore(struct drains *d, const struct vs_key *k, const struct real *r, nsec_t deadline, nsec_t now);

/* Whether what leaves this virtual server drains at all: not UDP, whose flows are to move at once; not where the scheduler would send clients to weight 0 and
 * refuse them (dh; sh without sh-fallback). */
bool drain_fits(const struct vs *v);

enum drain_plan {
	DRAIN_SAME, /* want is what is to be programmed */
	DRAIN_ROW,  /* *out is: its real servers are malloc'd and not sorted */
	DRAIN_GONE, /* nothing is: the last drain of one that left is over */
};
struct drain_now {
	nsec_t now;
	int64_t wall; /* the same moment, seconds since 1970 */
	bool at_once; /* what is not wanted and no drain yet was not ours: it is deleted */
};
/* One virtual server before it is programmed. want: as control says or as an earlier call made it; NULL if it is not wanted. have: what the kernel has, with
 * drain_s of what was wanted; NULL if nothing. Begins a drain for each real server that leaves, ends those that came back. A real server that is wanted until
 * some time and is not there is left out. */
enum drain_plan drain_plan(struct drains *d, const struct vs *want, const struct vs *have, const struct drain_now *t,
			   struct vs *out);
/* It has been programmed as planned: what is over is gone. */
void drains_done(struct drains *d, const struct vs_key *k);
/* It is gone, with all of its drains. */
void drains_forget(struct drains *d, const struct vs_key *k);

nsec_t drains_next(const struct drains *d); /* INT64_MAX: never */
/* The virtual server of the drain that is due first: false if none is. *over: a deadline has come, plan it again; else its counters are to be read
 * and told by drains_seen. */
bool drains_due(struct drains *d, nsec_t now, struct vs_key *k, bool *over);

struct drain_count {
	struct real real;
	uint32_t active, inactive;
};
/* What the kernel's counters say, sorted by real_cmp. Returns whether a drain is over: plan it again. */
bool drains_seen(struct drains *d, const struct vs_key *k, const struct drain_count *counts, size_t n, nsec_t now);

/* v without its drains: false if nothing is left because v itself leaves. *out shares v's real servers unless *own, which the caller frees, is not NULL. */
bool drain_strip(const struct vs *v, struct vs *out, struct real **own);

#endif
