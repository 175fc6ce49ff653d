/* The holder: brings the kernel's addresses to what is wanted and keeps them there. Sets of VIPs are switched active and inactive by their owner (a virtual
 * router); what is active is added, announced, counted, and put back when somebody else removes it. Only what is in the ownership record is ever removed.
 *
 *   holder.c  what is wanted, when a pass is due     watch.c     what the kernel tells, full scans
 *   pass.c    look at what changed, batch, announce  device.c    the dummy device of cluster IPs
 *   book.h    the addresses                          withdraw.c  the end
 *   worker.h  a thread beside the loop
 *   vips.h    the decision for one address           owned.h     the record
 *
 * Stand-in: a local route that answers for an address until it has been added (pass.c says why).
 */
#ifndef VIPD_VRRP_HOLDER_H
#define VIPD_VRRP_HOLDER_H

#include "../src/base/loop.h"
#include "../src/base/vipwire.h"
#include "book.h"

struct holder;

/* All are called from the loop or from inside a holder function, and must not call the holder but for what only reads. */
struct holder_hooks {
	void (*changed)(void *arg, struct entry *e); /* it came to be held, or not, or its problem changed */
	void (*settled)(void *arg);                  /* nothing more to do for now: all is in place that can be */
	void (*locals)(void *arg);                   /* an address that is not ours came or went */
	void (*links)(void *arg);                    /* an interface came, went, or changed */
	void (*breathe)(void *arg);                  /* now and then in long work; must not call the holder */
	void (*device)(void *arg, int error);        /* vipd0 could not be made (negative errno), or is there (0) */
};

/* Opens sockets, reads the record behind own_fd (-1: none) and the kernel's state. Nothing is changed yet. 0 or -errno. */
int holder_new(struct loop *l, int own_fd, const struct holder_hooks *hooks, void *arg, struct holder **out);
void holder_free(struct holder *h); /* leaves the kernel as it is; NULL is fine */

void holder_settings(struct holder *h, const struct vip_settings *s);
/* The readiness gate: before it is open no address is added. Stays open. */
void holder_open_gate(struct holder *h);
/* What is wanted is known: from now on what is ours and not wanted is removed. */
void holder_know(struct holder *h);

/* A set, switched on. It must outlive the VIPs that it holds. */
struct vip_set *holder_set_new(struct holder *h);
void holder_set_switch(struct holder *h, struct vip_set *set, bool active);
/* Adds and announces, before it returns, at most max of the addresses of the sets switched last; returns how many operations that took. The others
 * follow from the loop. */
size_t holder_hurry(struct holder *h, size_t max);
/* The kernel does not answer yet for some of those that it has taken (IPv6), or they have not been announced. */
bool holder_set_coming(const struct vip_set *set);
/* Waiting: what of it is there stays, nothing is added; else it is added from the loop. */
void holder_set_wait(struct holder *h, struct vip_set *set, bool waits);
/* Until the next switch, which is to follow soon, the set's addresses answer, but are not announced. */
void holder_set_quiet(struct holder *h, struct vip_set *set);
/* Another burst for each of the set that is announced. */
void holder_set_announce(struct holder *h, struct vip_set *set);
/* Nothing may be wanted in it any more. */
void holder_set_free(struct holder *h, struct vip_set *set);

void holder_want(struct holder *h, struct vip_set *set, const struct vip *v);
void holder_unwant(struct holder *h, const struct addr *a, const char *ifname); /* ifname: see book_find */
/* Where it is wanted now; NULL: nowhere. */
const struct vip_set *holder_set_of(const struct holder *h, const struct vip *v);
/* Around a whole picture: begin, want each, end: what was not wanted in between is wanted no more. */
void holder_begin(struct holder *h);
void holder_end(struct holder *h);

/* Makes vipd0 now if it is wanted and missing (the module has been loaded). */
void holder_retry_device(struct holder *h);
/* Removes all that is ours, and vipd0 if it is ours and nobody else's address is on it. To be called last. Returns how many addresses went. */
size_t holder_withdraw(struct holder *h);

struct holder_counts {
	size_t wanted, held;
	size_t problems[VIP_PROBLEMS]; /* [VIP_FINE] means nothing */
	uint64_t restored;             /* put back after somebody removed them */
	uint64_t frames;               /* ARP and NA sent */
	uint64_t rescans;              /* full dumps, the slow timer's among them */
	size_t recorded;
};
void holder_count(const struct holder *h, struct holder_counts *out);
/* What was wrong with the ownership record at the start; NULL: nothing. */
const char *holder_record_problem(const struct holder *h);
bool holder_is_settled(const struct holder *h);
/* The first non-zero return stops and is returned. */
int holder_each(const struct holder *h, int (*each)(void *arg, struct entry *e), void *arg);
/* The interface as the kernel has it now, or NULL; valid until the holder takes in more. */
const struct link *holder_link(const struct holder *h, const char *name);
/* The node's first own address there: IPv4, or IPv6 link-local. Not ours; one that is a VIP only if there is no other. False if there is none. */
bool holder_primary(const struct holder *h, uint32_t ifindex, uint8_t family, struct addr *out);
/* Whether any interface has it; a link-local one: this interface. */
bool holder_has(const struct holder *h, const struct addr *a, const char *ifname);
/* The node's interfaces; the same list as long as the holder lives. */
const struct links *holder_links(const struct holder *h);
/* The interface's name, or NULL. */
const char *holder_link_name(const struct holder *h, uint32_t ifindex);
/* The node's own addresses: not ours, not loopback, not on vipd0, not IPv6 link-local. */
void holder_locals(const struct holder *h,
		   void (*each)(void *arg, const struct addr *a, uint8_t bits, const char *ifname), void *arg);

#endif
