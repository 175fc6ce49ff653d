/* Want, have, operations: brings the kernel to what is wanted, a slice at a time, and touches nothing that is not vipd's own. */
#ifndef VIPD_IPVS_RECONCILE_H
#define VIPD_IPVS_RECONCILE_H

#include "../src/base/log.h"
#include "drain.h"
#include "own.h"
#include "queue.h"
#include "sock.h"
#include "tug.h"
#include "wire.h"

enum { SLICE_OPS = 2000, SLICE_SERVERS = 1000, NOTES_MAX = 1000 };

/* What the owner is told. */
struct reconcile_ops {
	/* Something about one virtual server for a person to know; gone: it is over. reason is a literal. */
	void (*note)(void *arg, const struct vs_key *k, const char *reason, const char *message, bool gone);
	/* The kernel does not know this scheduler; may be called many times. */
	void (*need_scheduler)(void *arg, const char *name);
	/* `want` is about to change: old is in it (NULL: none), new comes (NULL: it goes). NULL: nobody asks. */
	void (*want)(void *arg, const struct vs *old, const struct vs *new);
	/* It waits behind a shut gate: what is not wanted must be gone at once, without draining. */
	bool (*shut)(void *arg, const struct vs_key *k);
};

struct slice;

/* Read by drift.c and report.c; changed by reconcile.c alone. A wanted virtual server that is not in the queue is settled: the last apply succeeded, or the
 * last look found it as it should be. So what the kernel has is kept only for what differs. */
struct reconcile {
	const struct reconcile_ops *ops;
	void *arg;
	struct table *want; /* NULL before the first picture; what drains is in it, with `until` or `leaving` */
	size_t want6;       /* how many of them are IPv6 */
	struct ipvs_settings settings;
	struct own *own;
	struct drains *drains;
	size_t leaving;         /* virtual servers in `want` that are there only for their drains */
	bool lost;              /* the ownership record was lost, and the first full pass is not over */
	struct queue *queue;    /* what is not settled */
	struct tugs *tugs;      /* what another program keeps changing */
	struct ipvs_sock *sock; /* NULL while there is none */
	struct slice *slice;
	bool sweeping;    /* a full pass is under way; */
	bool sweep_begun; /* ... its cursor is valid: all wanted keys up to it are done */
	struct vs_key cursor;
	struct table *heads;                    /* ... what the kernel had when it began, without real servers */
	size_t noted;                           /* entries of the queue that a person was told of */
	uint64_t healed_services, healed_reals; /* operations that drift made necessary */
	uint64_t adopted;
	uint32_t mended, mended_reals; /* of this slice */
	struct log_limit limit, limit_drift, limit_tug;
};

/* own stays the caller's. */
void reconcile_init(struct reconcile *r, const struct reconcile_ops *ops, void *arg, struct own *own, bool lost);
void reconcile_clear(struct reconcile *r);

/* Takes a whole table: a full pass begins, which reads the kernel. */
void reconcile_picture(struct reconcile *r, struct table *want, const struct ipvs_settings *s);
/* One change; after the first picture only. */
void reconcile_row(struct reconcile *r, enum row_op op, const struct vs *v);
/* Begins a full pass (again), for instance with a new socket. */
void reconcile_sweep(struct reconcile *r);

/* Does one slice. 1: there is more to do now; 0: nothing is due; -errno: the socket failed, all is kept and a full pass is to follow. */
int reconcile_step(struct reconcile *r, nsec_t now);
/* When reconcile_step has something to do: 0 now, INT64_MAX never. */
nsec_t reconcile_next(const struct reconcile *r, nsec_t now);

/* A look begins: tugs of war that nobody keeps up are over. */
void reconcile_look(struct reconcile *r);
/* A look found this virtual server different: it is to be mended, at once or (a tug of war) after a while. absent: the look saw that it is gone; else it is read first. Does nothing to what is in the
 * queue already. */
void reconcile_drifted(struct reconcile *r, const struct vs_key *k, bool absent);
/* A drain of this virtual server is over. */
void reconcile_drained(struct reconcile *r, const struct vs_key *k);
/* Heads of all virtual servers in the kernel as a table (real servers empty). */
int reconcile_heads(struct reconcile *r, struct table **out);
/* Tells again all that was told (a new channel to control). */
void reconcile_renote(struct reconcile *r);

#endif
