/* Which virtual router carries a VIP. Pure.
 *
 * An address that a router names as its own goes to it. Any other goes to a router of its family: if there are several, to one without
 * addresses of its own; if all have some, to one on the node's interface; of those that are left, the one with the highest hash of (its name,
 * the address) (rendezvous hashing). So the router of a VIP depends on the routers and on that address alone: another VIP moves none, and a
 * router that goes moves only what it had. Every node with the same routers comes to the same result. */
#ifndef VIPD_ASSIGN_H
#define VIPD_ASSIGN_H

#include "base/router.h"
#include "base/vip.h"

/* An address of a router's own. */
struct assign_pin {
	struct addr addr;
	uint8_t bits;
	uint16_t router; /* index */
	uint8_t scope;   /* these two as in struct vip */
	char label[16];
};

struct assign;

/* routers (sorted by name) and pins (sorted by address, each once a router) must outlive it. interface: the node's, or NULL. */
struct assign *assign_new(const struct router *routers, size_t n, const struct assign_pin *pins, size_t n_pins,
			  const char *interface);
void assign_free(struct assign *a);

/* The index of the address's router; ROUTER_NONE when there is none of its family. */
uint16_t assign_router(const struct assign *a, const struct addr *vip);
/* The router's own address that equals this one, or NULL. */
const struct assign_pin *assign_pinned(const struct assign *a, const struct addr *vip);

/* A picture has only routers with an interface; the index there, ROUTER_NONE for one that is not in it. */
uint16_t assign_sent(const struct assign *a, uint16_t router);

enum assign_place { ASSIGN_PLACED, ASSIGN_NO_INTERFACE, ASSIGN_NO_ROUTER };
/* Fills in interface, prefix length and router (as assign_sent) of a VIP as the plan wants it. What is a router's own is a client's VIP whatever
 * the plan says. Without routers and for cluster IPs: nothing but router. Only what is placed may be sent. */
enum assign_place assign_vip(const struct assign *a, struct vip *v);
/* The VIP of a router's own address. */
enum assign_place assign_own(const struct assign *a, const struct assign_pin *p, struct vip *out);

#endif
