/* A thread beside the loop, for one piece of work at a time. It knows nothing but that piece: what the work touches is the thread's from worker_give until
 * worker_take. Two there are: one changes addresses that are many and in no hurry (pass.c), one sends announcements that are many (announce.c). */
#ifndef VIPD_VRRP_WORKER_H
#define VIPD_VRRP_WORKER_H

#include "../src/base/loop.h"

#include <stdbool.h>

struct worker;

struct worker_ops {
	void (*work)(void *arg); /* the piece, in the thread */
	void (*done)(void *arg); /* from the loop: it is through, and is to be taken */
	bool hurries;            /* it has the process's own priority; else an ordinary process's */
};

/* 0 or -errno (no sockets). Where no thread can be made the caller's own does the work, in worker_give. */
int worker_new(struct loop *l, const struct worker_ops *ops, void *arg, struct worker **out);
void worker_free(struct worker *w); /* waits for the piece; NULL is fine */

/* Else the caller's own does the work. */
bool worker_is_thread(const struct worker *w);
/* A piece was given, and not taken. */
bool worker_busy(const struct worker *w); /* NULL is not */
void worker_give(struct worker *w);       /* not while it is busy */
void worker_take(struct worker *w);       /* while it is busy; waits if need be */

#endif
