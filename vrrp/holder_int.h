/* Inside the holder: holder.c, watch.c, pass.c, device.c, withdraw.c. */
#ifndef VIPD_VRRP_HOLDER_INT_H
#define VIPD_VRRP_HOLDER_INT_H

#include "../src/base/log.h"
#include "holder.h"
#include "ownfile.h"
#include "rtnl.h"
#include "worker.h"

struct device {
	bool dirty;
	int error; /* last refusal to make it: not tried again before the retry timer */
	int told;  /* what the owner knows */
};

struct set_item {
	struct vip_set set;
	struct set_item *next;
};

/* Operations, and whose they are. */
struct batch {
	struct addr_op ops[RTNL_BATCH];
	struct entry *of[RTNL_BATCH];
	int errors[RTNL_BATCH];
	size_t n;
};

struct holder {
	struct loop *loop;
	struct rtnl *rtnl;
	struct loop_io *events;
	struct worker *worker; /* changes vipd0's addresses; NULL: not needed yet */
	struct batch given;    /* to it; its own socket, and what became of the batch */
	struct rtnl *given_rtnl;
	int given_error;
	struct announcer *announcer;
	struct owned *owned;
	int own_fd;
	bool own_failed;          /* the record could not be written; said once */
	char record[OWNFILE_WHY]; /* what was wrong with it at the start; "" */
	struct links links;
	struct book book;
	struct device device;
	struct set_item *sets;
	const struct holder_hooks *hooks;
	void *arg;
	bool may_add, may_remove, adopt;
	bool rescan; /* a full dump is due */
	struct {
		uint32_t ifindex;
		bool yes;
		nsec_t until;
	} route_answers;         /* ifconf_route_answers of this interface, looked up not long ago */
	bool standing;           /* the last pass asked for stand-ins: the worker's turn comes after them */
	bool settled;            /* told so */
	struct loop_timer *work; /* the next pass */
	struct loop_timer *slow; /* the next full scan */
	struct loop_timer *retry;
	nsec_t retry_after; /* 0: nothing is waiting */
	size_t held, problems[VIP_PROBLEMS];
	size_t batch_max; /* so many operations a batch */
	uint64_t restored, rescans;
	unsigned breath; /* counts to the next hooks.breathe */
	struct log_limit limit;
};

/* holder.c */
void holder_work(struct holder *h);    /* a pass is due */
void holder_record(struct holder *h);  /* writes the record's pending lines */
void holder_breathe(struct holder *h); /* once an item of long work */
void holder_retry(struct holder *h);   /* something was refused: try again later */
/* watch.c */
void holder_events(void *arg, int events);
void holder_drain(struct holder *h); /* takes in all changes that the kernel has queued */
void holder_scan(struct holder *h);
/* pass.c */
void holder_pass(struct holder *h);
void holder_finish(struct holder *h); /* waits for what the worker has, and takes in what became of it */
/* withdraw.c */
void stand_ins_clear(struct holder *h); /* removes all that are there, as a former process may have left some */
/* device.c */
/* vipd0, if it is there and a dummy device. */
const struct link *device_link(const struct holder *h);
void device_look(struct holder *h);
/* At a stop: deletes the device if it is ours and holds nothing of others; true if it went. */
bool device_remove(struct holder *h);

#endif
