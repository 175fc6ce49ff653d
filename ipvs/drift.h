/* Looks: whether the kernel still has what was programmed. A cheap one each LOOK_EVERY, and a few virtual servers read whole each time, so that all are
 * within LOOKS_A_ROUND looks (under 30 s). */
#ifndef VIPD_IPVS_DRIFT_H
#define VIPD_IPVS_DRIFT_H

#include "reconcile.h"

#define LOOK_EVERY (900 * NSEC_PER_MSEC)
enum { LOOKS_A_ROUND = 30 };

/* Zero-initialise. */
struct drift {
	bool begun; /* the cursor is valid: the scan's last key */
	struct vs_key cursor;
};

/* Whether there is anything to look after: else no timer need run. */
bool drift_needed(const struct reconcile *r);
/* One look; what it finds different is in the queue afterwards. Does nothing during a full pass. -errno: the socket failed. */
int drift_look(struct reconcile *r, struct drift *d);

/* What the kernel holds, counted now. */
struct drift_counts {
	size_t ours, reals,
	    foreign; /* virtual servers in the record, their real servers, virtual servers neither wanted nor ours */
};
int drift_count(struct reconcile *r, struct drift_counts *out);

#endif
