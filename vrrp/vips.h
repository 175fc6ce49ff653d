/* One address: what is wanted of it and what the kernel has, to what must be done. Pure. */
#ifndef VIPD_VRRP_VIPS_H
#define VIPD_VRRP_VIPS_H

#include "../src/base/vip.h"
#include "rtmsg.h"

/* The device that holds cluster IPs. */
#define VIPD_DEVICE "vipd0"

/* Why a wanted address is not held, or could not be announced. */
enum vip_problem {
	VIP_FINE,
	VIP_NO_INTERFACE,   /* no interface has this name (yet) */
	VIP_INTERFACE_DOWN, /* it is there, administratively down */
	VIP_ELSEWHERE,      /* somebody put the address on another interface of this node */
	VIP_REFUSED,        /* the kernel refused it; tried again */
	VIP_PROBLEMS
};
/* CamelCase reason as Events have ("InterfaceMissing"); "" for VIP_FINE. */
const char *vip_problem_reason(enum vip_problem p);

/* An address on one interface, as the kernel has it. */
struct vip_have {
	uint32_t ifindex;
	uint8_t bits;
	uint8_t scope;
	char label[LINK_NAME];
	bool ours;      /* in the ownership record */
	bool removing;  /* the shell's: a delete is under way */
	bool told;      /* the shell's: the kernel has told of it */
	bool secondary; /* IPv4: another one of its subnet came first; the kernel renews its route when that one goes */
	bool unrouted;  /* its local route is gone: it does not answer */
	bool seen;      /* the shell's: for full dumps */
	bool routed;    /* the shell's: the full dump showed its local route */
	bool missed;    /* the shell's: the last one did not */
	uint64_t order; /* the kernel told of them in this order */
};

/* All that a decision needs. */
struct vip_view {
	const struct vip *want;  /* NULL: not wanted, or its set is not active */
	const struct link *link; /* the wanted interface; NULL if there is none */
	const struct vip_have *have;
	size_t n;
	bool may_add;      /* the readiness gate is open */
	bool may_remove;   /* a first picture is known */
	bool refused;      /* the kernel has refused it: not now */
	bool vrf;          /* the interface's local routes are in a table of its own */
	bool many;         /* so many others wait to be looked at that a stand-in comes first; it would answer */
	uint32_t stand_in; /* the interface that its stand-in names; 0: it has none */
};

struct vip_verdict {
	bool held; /* it is where it is wanted, whoever put it there */
	bool add;
	bool stand_in;   /* a local route is to answer for it, until it has been added */
	bool stand_down; /* its stand-in must go */
	enum vip_problem problem;
};

struct vip_verdict vips_decide(const struct vip_view *v);
/* This one is ours and must go: not wanted any more, on another interface, with another prefix length, scope or label, or (to come back with it) without its
 * local route. What is not ours never goes. */
bool vips_is_stale(const struct vip_view *v, const struct vip_have *h);

#endif
