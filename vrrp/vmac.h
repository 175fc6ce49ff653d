/* The devices of virtual MACs: a macvlan over the router's interface, up while the router is Active and down otherwise, so that only the Active answers with the
 * virtual MAC and takes frames that are sent to it. */
#ifndef VIPD_VRRP_VMAC_H
#define VIPD_VRRP_VMAC_H

#include "engine.h"
#include "vmac_id.h"

struct vmacs;

/* Both are borrowed. */
struct vmacs *vmacs_new(struct loop *l, struct holder *h, struct engine *e);
void vmacs_free(struct vmacs *v); /* leaves the devices; NULL is fine */
/* Makes the devices of these routers that are missing, where their interfaces are there: before the engine is told of them. */
void vmacs_prepare(struct vmacs *v, const struct router *routers, size_t n);
/* engine_hooks.device: looks, and has what is missing made from the loop. */
uint32_t vmacs_device(struct vmacs *v, const struct router *r, const char **why);
/* Routers, their roles or interfaces have changed: soon, makes what is missing, sets the devices up or down, removes what nobody wants. */
void vmacs_look(struct vmacs *v);
/* From engine_hooks.taking: its device is up when this returns. */
void vmacs_take(struct vmacs *v, const struct router *r);
/* From engine_hooks.leaving: it is down when this returns. While it is up the kernel reports to its link, from the virtual MAC, each group of an IPv6 address
 * that it leaves (RFC 3810), two ticks later: switches would send what is for the successor here, until that one says something. */
void vmacs_leave(struct vmacs *v, const struct router *r);

/* Removes all devices of vipd's. */
void vmacs_withdraw(struct holder *h);

#endif
