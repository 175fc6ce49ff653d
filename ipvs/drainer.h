/* The clock of the drains: reads the connections' counters of virtual servers that have one, when it is due, at a bounded rate. */
#ifndef VIPD_IPVS_DRAINER_H
#define VIPD_IPVS_DRAINER_H

#include "reconcile.h"

/* At most so many virtual servers are read at one step, and the next step comes so much later. */
enum { DRAINER_READS = 32, DRAINER_GAP_MS = 100 };

/* Looks at what is due; what is over is in the queue afterwards. -errno: the socket failed. */
int drainer_step(struct reconcile *r, nsec_t now);
/* How long until the next step: INT64_MAX never. */
nsec_t drainer_wait(const struct reconcile *r, nsec_t now);

#endif
