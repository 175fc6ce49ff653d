/* The decisions of the ipvs process as functions of values: what to do with one virtual server, what a look at the kernel tells, what a refusal means. Pure. */
#ifndef VIPD_IPVS_JUDGE_H
#define VIPD_IPVS_JUDGE_H

#include "diff.h"

enum plan {
	PLAN_NOTHING,  /* neither wanted nor ours */
	PLAN_ADD,      /* wanted, absent: record it, then make it */
	PLAN_APPLY,    /* wanted and ours: make it equal */
	PLAN_TAKE,     /* wanted, somebody else's, to be taken over: record it, then make it equal */
	PLAN_CONFLICT, /* wanted, somebody else's: leave it */
	PLAN_DELETE,   /* ours, not wanted */
};

/* want, have: NULL if absent. adopt: take over what others made. lost: the ownership record was lost, so what equals `want` counts as ours; only then are
 * have's real servers looked at. */
enum plan judge_plan(const struct vs *want, const struct vs *have, bool ours, bool adopt, bool lost);

enum seen {
	SEEN_SETTLED, /* as wanted, as far as the look shows */
	SEEN_DIFFERS, /* wanted and different */
	SEEN_STRAY,   /* ours, not wanted */
	SEEN_FOREIGN, /* neither */
};

/* One virtual server as a cheap look shows it: its head and the number of its real servers (-1: not known). */
enum seen judge_seen(const struct vs *want, bool ours, const struct vs *head, int64_t num_reals);

/* Whether want has exactly this real server. With the count equal and every one found, the sets are equal: no sorting. */
bool judge_real(const struct vs *want, const struct real *r);

enum remedy {
	REMEDY_NONE,      /* not a failure: what was to be deleted is gone */
	REMEDY_REREAD,    /* the picture was stale: read the virtual server again */
	REMEDY_SCHEDULER, /* the kernel does not know the scheduler */
	REMEDY_RETRY,     /* refused: try again later */
};
/* error: negative errno of one operation. */
enum remedy judge_error(const struct op *op, int error);

/* Whether a virtual server that is wanted does not serve after this: op (NULL: it could not even be recorded) was refused first of `refused`. */
bool judge_missing(const struct vs *want, const struct op *op, uint32_t refused);

enum { JUDGE_TEXT = 320 };
/* What was refused and what to do, for a person: "the kernel refused to add real server 10.0.0.2:80: Invalid argument". Returns buf. */
char *judge_describe(const struct op *op, int error, char buf[JUDGE_TEXT]);

/* How many of count virtual servers one of `looks` looks must read so that all are read within them. */
size_t judge_scan_share(size_t count, size_t looks);

#endif
