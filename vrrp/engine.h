/* The engine: all virtual routers of this node. It keeps one timer for the nearest deadline, takes in and sends advertisements, lets fsm_step decide,
 * and switches the addresses. It stands on the holder (addresses, what the kernel tells of interfaces) and knows no other process.
 *
 *   engine.c      life: which routers there are, start, stop, planned failover     vsock.h      raw sockets
 *   turn.c        a turn of the loop: what is due, packets in, packets out         deadlines.h  which router is due next
 *   move.c        in which order a role and its addresses move                     engine_part.c  hand-over before a picture takes routers away
 *   router_run.h  one router: an event through fsm_step, and what it asks for      effective.h  priority from what is tracked
 *   advert.h      a router's address list and its packets                          survive.h    what outlives the process
 */
#ifndef VIPD_VRRP_ENGINE_H
#define VIPD_VRRP_ENGINE_H

#include "../src/base/loop.h"
#include "../src/base/proto.h"
#include "../src/base/router.h"
#include "fsm.h"
#include "holder.h"

struct engine;
struct vrouter;
struct vip_picture;

/* A router's mode or effective priority is new. */
struct engine_news {
	const struct router *router;
	enum fsm_mode mode, before; /* the same if only the priority changed */
	uint8_t priority;           /* the effective one */
	const char *cause;          /* of the last transition */
	nsec_t at;
};

/* All are called from the loop, inside an engine function: they must not call back but for what only reads. */
struct engine_hooks {
	void (*news)(void *arg, const struct engine_news *n); /* notify, MSG_ROLE */
	void (*taking)(void *arg, const struct router *r); /* it becomes Active, nothing of that is on the wire yet */
	void (*leaving)(
	    void *arg,
	    const struct router *r); /* its addresses are about to be removed; its last advertisement is on the wire */
	void (*stopped)(void *arg);  /* engine_stop is through: no router is Active */
	/* engine_failover is through: JSON text for the asker. */
	void (*failed_over)(void *arg, uint64_t id, const char *json);
	void (*router_gone)(void *arg, const struct router *r); /* it is about to go */
	/* What the router of a virtual MAC sends by: the interface's index; 0: there is none, *why says it (a literal). Advertisements come in on its own
	 * interface. NULL: no router has a virtual MAC. */
	uint32_t (*device)(void *arg, const struct router *r, const char **why);
};

/* mem_fd: run_dir/vrrp.mem (survive.h); -1: none. Sockets are opened when routers come. */
int engine_new(struct loop *l, struct holder *h, int mem_fd, const struct engine_hooks *hooks, void *arg,
	       struct engine **out);
void engine_free(struct engine *e); /* sends nothing, leaves the addresses as they are; NULL is fine */

/* Before a picture: Active routers that it has not hand over, as in engine_stop; not one of whose addresses another carries on. True while one of them
 * does: engine_parting. */
bool engine_part(struct engine *e, const struct vip_picture *p);
bool engine_parting(const struct engine *e);

/* Around a picture: these are the routers. One with the name, interface, family and VRID of one that runs keeps its state. The sets of those that went
 * stay until engine_end. Between them the VIPs are wanted with engine_vip_set(e, their router's index here). */
void engine_begin(struct engine *e, const struct router *routers, size_t n);
void engine_end(struct engine *e);
struct vip_set *engine_vip_set(struct engine *e, size_t index); /* NULL: there is no such router */
/* Rows have changed the routers' lists: what they advertise follows within 10 ms (engine_end does it at once). */
void engine_relist(struct engine *e);
size_t engine_count(const struct engine *e);
const struct router *engine_router(const struct engine *e, size_t index);
/* The router made this VIP up (an IPv6 router's link-local address): nobody configured it. */
bool engine_made_up(const struct engine *e, const struct vip *v);

/* The process is complete: what was Active a moment ago in a former process takes up again now (survive.h). The others wait for engine_open. */
void engine_start(struct engine *e);
/* The readiness gate is open: all start. */
void engine_open(struct engine *e);
/* ready false: this node's table is not to be relied upon; its routers run at priority 1. */
void engine_ready(struct engine *e, bool ready);
/* Hands over; hooks.stopped follows, at once if nothing is Active. */
void engine_stop(struct engine *e);
/* Hands over the router of that name, or all if it is empty, without stopping; hooks.failed_over follows. */
void engine_failover(struct engine *e, const char *router, uint64_t id);

/* What router's tracks[track] is like now. A track that was never set counts as down if it can put the router in Fault, else for nothing.
 * value: the integer of a TRACK_FILE. Unknown routers and indexes are passed over. */
void engine_track_set(struct engine *e, const char *router, int track, bool up, int value);
/* It is Active, or was a moment ago and still answers. */
bool engine_answers(const struct engine *e, size_t index);
/* In the middle of long work, also inside a holder function: Active routers advertise if it is time. Nothing else happens. */
void engine_breathe(struct engine *e);
/* An interface or a node's own address changed (hooks of the holder). */
void engine_links_changed(struct engine *e);

/* A list of JSON objects, one a router; the caller's. */
struct json_t;
struct json_t *engine_json(const struct engine *e);
/* Packets that could be given to no router, by reason: an object, the caller's. */
struct json_t *engine_strays_json(const struct engine *e);
void engine_dump(const struct engine *e);

/* payload of MSG_ROLE for this router as it is now. */
struct msg_role engine_role(const struct engine *e, size_t index);

#endif
