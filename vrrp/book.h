/* The book of addresses: for each one what is wanted and where the kernel has it, and which must be looked at. Pure: cost follows change. */
#ifndef VIPD_VRRP_BOOK_H
#define VIPD_VRRP_BOOK_H

#include "announce.h"
#include "vips.h"

#include <sys/queue.h>

/* A set of VIPs that move together (a virtual router's list), zero-initialised. Inactive: wanted, but not to be held here. Quiet: held, but another node is
 * about to announce them. */
struct vip_set {
	bool active, quiet;
	bool waits; /* nothing of it is added yet */
	nsec_t waits_until;
	LIST_HEAD(vip_members, entry) members;
};

struct entry {
	struct addr addr;
	char scope
	    [LINK_NAME]; /* a link-local IPv6 address is another one on each interface (RFC 4007): its name; else "" */
	TAILQ_ENTRY(entry) queue;
	bool dirty;  /* in the queue */
	bool parked; /* in the other queue; dirty, too */
	bool busy;   /* an operation on it is under way elsewhere: it must not be dropped */
	bool went;   /* meanwhile somebody removed it */

	bool wanted;
	struct vip want;     /* valid if wanted */
	struct vip_set *set; /* borrowed; valid if wanted */
	LIST_ENTRY(entry) member;
	uint32_t epoch; /* of the picture that wanted it last */

	struct vip_have *have; /* where the kernel has it */
	size_t n_have;

	bool held;
	bool coming;       /* the kernel has taken it, but does not answer for it yet */
	bool burst;        /* its next announcement is news to the neighbours */
	bool alone;        /* the kernel has refused to make or remove its stand-in: not now */
	uint32_t stand_in; /* a local route that names this interface answers for it; 0: there is none */
	bool lost;         /* somebody removed it */
	enum vip_problem problem;
	int error;                /* VIP_REFUSED: negative errno */
	enum vip_problem noted;   /* what the owner last reported */
	int64_t since;            /* wall clock: held or not held since */
	struct announcement tell; /* its ARP or NA */
};

TAILQ_HEAD(entry_queue, entry);

struct map;
struct book {
	struct map *entries; /* addr -> struct entry */
	struct entry_queue dirty, parked;
	size_t n_dirty; /* in the first */
	uint32_t epoch;
	uint64_t next_order;
	size_t wanted, clusters; /* of these VIP_CLUSTER */
};

void book_init(struct book *b);
void book_clear(struct book *b);

/* ifname, here and below: where the address is; looked at for link-local ones only, NULL or "" is an interface that is not known. */
struct entry *book_find(const struct book *b, const struct addr *a, const char *ifname);
/* Walks in no particular order: *at starts at 0; NULL at the end. book_drop of the entry just returned is allowed. */
struct entry *book_next(const struct book *b, size_t *at);

/* Wants v (again: with changes); marks it dirty if anything is new. Returns the entry. */
struct entry *book_want(struct book *b, struct vip_set *set, const struct vip *v);
void book_unwant(struct book *b, struct entry *e);
/* Around a picture: begin; want each; end unwants the rest. */
void book_begin(struct book *b);
void book_end(struct book *b);

/* The kernel has `a` (again). Returns true if that is new. ours: it is in the ownership record. */
bool book_have(struct book *b, const struct kaddr *a, const char *ifname, bool ours);
/* The kernel has it no more: copies what was known of it to *old and returns its entry; NULL if it was not known. */
struct entry *book_gone(struct book *b, const struct kaddr *a, const char *ifname, struct vip_have *old);
/* An interface has another name: what link-local addresses are there moves to it. */
void book_rename(struct book *b, uint32_t ifindex, const char *from, const char *to);
bool entry_answers(const struct entry *e); /* it is held, or its stand-in is there */
struct vip_have *entry_have(const struct entry *e, uint32_t ifindex, uint8_t bits);

void book_mark(struct book *b, struct entry *e);       /* to be looked at, last */
void book_mark_first(struct book *b, struct entry *e); /* to be looked at next */
void book_mark_wanted(struct book *b);                 /* all that are wanted */
struct entry *book_pop(struct book *b);                /* the next dirty one, which is dirty no more; NULL if none */
void book_park(struct book *b, struct entry *e); /* to be looked at, but not before it is marked again or unparked */
void book_unpark(struct book *b, size_t n);      /* the first n */
/* Forgets an entry that is neither wanted nor had nor stood in for nor dirty nor busy; a no-op otherwise. Its announcement must be stopped. */
void book_drop(struct book *b, struct entry *e);

#endif
