/* The tracker: looks at interfaces, processes, files and scripts, and tells each router that tracks them what they are like. Things that several routers
 * track alike are looked at once. Nothing here waits: scripts are run by the runner, /proc is read a piece at a time. */
#ifndef VIPD_VRRP_TRACK_H
#define VIPD_VRRP_TRACK_H

#include "../src/base/loop.h"
#include "../src/base/proto.h"
#include "links.h"
#include "tracked.h"

struct tracker;

struct tracker_hooks {
	/* What router's tracks[i] is like is new (told once for each track of a router that comes or changes, as soon as it is known). Not to change the
	 * tracker from inside. value: a file's integer. */
	void (*seen)(void *arg, const char *router, size_t i, bool up, int value);
	/* Asks the runner for a script; the answer goes to tracker_ran with this id. 0, or -errno: no run. */
	int (*run)(void *arg, uint64_t id, const char *script, uint32_t timeout_ms);
};

/* scripts_dir: where files and scripts lie. links: the node's interfaces, borrowed; tracker_links when they changed. */
struct tracker *tracker_new(struct loop *l, const char *scripts_dir, const struct links *links,
			    const struct tracker_hooks *hooks, void *arg);
void tracker_free(struct tracker *t); /* NULL is fine */

/* This router's tracks from now on, copied. What was tracked before the same way keeps its state. */
void tracker_set(struct tracker *t, const struct router *r);
void tracker_drop(struct tracker *t, const char *router);
void tracker_links(struct tracker *t);
/* The runner's answer: payload is struct msg_ran. False if the id is none of the tracker's. */
bool tracker_ran(struct tracker *t, uint64_t id, const struct msg_ran *ran);
/* The runner is gone (what runs will not be answered), or is there (again): scripts run at once. */
void tracker_runner(struct tracker *t, bool up);
/* The state of a router's i-th track; NULL if there is none. */
const struct tracked *tracker_state(const struct tracker *t, const char *router, size_t i);

#endif
