/* A thread that changes addresses which are many and in no hurry (cluster IPs, and those that are stood in for): the kernel's cost of one grows with
 * how many its interface has, and nobody who waits for a virtual router is to wait for that. It has an rtnetlink socket of its own and the priority of
 * an ordinary process, and knows nothing but the batch that it is given. */
#ifndef VIPD_VRRP_WORKER_H
#define VIPD_VRRP_WORKER_H

#include "../src/base/loop.h"
#include "rtnl.h"

struct worker;

/* done is called from the loop when a batch is through. 0 or -errno (no socket). Where no thread can be made the caller's own does the work. */
int worker_new(struct loop *l, void (*done)(void *arg), void *arg, struct worker **out);
void worker_free(struct worker *w); /* waits for the batch; NULL is fine */

/* A batch was given, and its result was not taken. */
bool worker_busy(const struct worker *w); /* NULL is not */
/* Copies ops[0..n), n <= RTNL_BATCH. Not while it is busy. */
void worker_give(struct worker *w, const struct addr_op *ops, size_t n);
/* Waits if need be; as rtnl_apply. It is busy no more. */
int worker_take(struct worker *w, int errors[RTNL_BATCH]);

#endif
