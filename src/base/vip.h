/* A virtual IP as control wants it and vrrp holds it. */
#ifndef VIPD_BASE_VIP_H
#define VIPD_BASE_VIP_H

#include "addr.h"

#include <stdbool.h>

enum vip_kind {
	VIP_CLIENT,  /* clients use it: on an interface, announced by ARP/NA, owned by a virtual router */
	VIP_CLUSTER, /* cluster IP: on the dummy device vipd0, on every node, never announced */
};

/* Whether Services with externalTrafficPolicy Local use it. */
enum vip_local {
	VIP_ANYWHERE, /* none does */
	VIP_ABSENT,   /* one of those has no ready endpoint on this node */
	VIP_HERE,     /* each has one */
};

struct vip {
	struct addr addr;
	uint8_t bits; /* 32 or 128 unless configured otherwise */
	uint8_t kind; /* enum vip_kind */
	uint16_t
	    router; /* VIP_CLIENT: index of its virtual router in the picture; ROUTER_NONE (router.h): held at all times */
	char ifname[16]; /* VIP_CLIENT: the interface; VIP_CLUSTER: "vipd0" */
	/* IPv4: as rtnetlink(7) has them. */
	uint8_t scope;  /* RT_SCOPE_...: 0 global */
	uint8_t local;  /* enum vip_local; VIP_CLUSTER: VIP_ANYWHERE */
	char label[16]; /* zero behind its end; "" the interface's name */
};

/* Orders by address, link-local IPv6 ones by interface too: a picture holds each once. */
int vip_cmp(const struct vip *a, const struct vip *b);

#endif
