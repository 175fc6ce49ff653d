/* What vipd does to packets beside IPVS itself: masquerading, source ranges, refused ports. Values that the configuration fills in and control sends
 * with the table. Pure. */
#ifndef VIPD_IPVS_NAT_H
#define VIPD_IPVS_NAT_H

#include "../src/base/addr.h"

#include <stdbool.h>
#include <stdint.h>

/* Whose address real servers of forwarding method NAT see. */
enum masquerade {
	MASQUERADE_NEVER,  /* the client's: what they answer must come back this way by itself */
	MASQUERADE_AUTO,   /* this node's, unless what they answer comes back by itself */
	MASQUERADE_ALWAYS, /* this node's, unless a traffic policy is Local */
	MASQUERADES
};

/* Whose rules: iptables-restore as the system has it, or one of the two. */
enum nat_backend { BACKEND_SYSTEM, BACKEND_NFT, BACKEND_LEGACY, BACKENDS };

enum { NAT_NETS = 16, NAT_PORTS = 32, NAT_BIT = 13 };

struct nat_port {
	uint16_t port;
	uint8_t proto; /* IPPROTO_TCP, _UDP, _SCTP */
};

/* Zero: nothing is done. */
struct nat_settings {
	uint8_t masquerade; /* enum masquerade */
	uint8_t mark_bit;   /* 0..31: the bit of the packet mark that is vipd's own */
	uint8_t backend;    /* enum nat_backend */
	bool sysctls;       /* sets those that it needs */
	bool ranges;        /* enforces source ranges */
	bool refuse;        /* unknown ports of virtual IPs */
	uint8_t n_pods, n_behind, n_allowed;
	struct cidr pods[NAT_NETS];   /* where pods are: their way to cluster IPs is kept as it is; none: not known */
	struct cidr behind[NAT_NETS]; /* hosts there have this node (or a router of it) as gateway */
	struct nat_port allowed[NAT_PORTS]; /* not refused */
};

/* NULL, or why these settings cannot be. */
const char *nat_check(const struct nat_settings *s);
/* Whether rules and sets may be needed at all; and whether for every virtual server. */
bool nat_wanted(const struct nat_settings *s);
bool nat_whole(const struct nat_settings *s);
bool nat_equal(const struct nat_settings *a, const struct nat_settings *b);

#endif
