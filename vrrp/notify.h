/* Notifications of a router's changes, as keepalived makes them: a line to a FIFO, a run of a script. In order, one script at a time, never blocking;
 * when they cannot be delivered the oldest go, and are counted. */
#ifndef VIPD_VRRP_NOTIFY_H
#define VIPD_VRRP_NOTIFY_H

#include "../src/base/loop.h"
#include "../src/base/proto.h"
#include "../src/base/vipwire.h"

enum { NOTIFY_QUEUE = 1024 };

struct notifier;

/* Asks the runner for RUN_NOTIFY with these arguments (argc NUL-terminated texts, one behind the other); the answer goes to notifier_ran with this id.
 * 0 or -errno. */
typedef int (*notify_run)(void *arg, uint64_t id, uint32_t argc, const char *args, size_t len);

struct notifier *notifier_new(struct loop *l, notify_run run, void *arg);
void notifier_free(struct notifier *n); /* what waits is lost; NULL is fine */
/* Where to from now on. The FIFO is opened when there is something to tell, and again when it cannot be written. */
void notifier_set(struct notifier *n, const struct vip_settings *s);

/* what: "INSTANCE" or "GROUP"; state: fsm_mode_notify's word. The line is: INSTANCE "vips" MASTER 100; a group's priority is 0. */
void notifier_tell(struct notifier *n, const char *what, const char *name, const char *state, unsigned priority);
/* The runner's answer; false if the id is not the notifier's. */
bool notifier_ran(struct notifier *n, uint64_t id, const struct msg_ran *ran);
/* The runner is gone: the run is made again when the next one is there. */
void notifier_runner(struct notifier *n, bool up);

/* The process ends: the runner, which stays a while, is given all runs that wait, in order. To be called last. */
void notifier_end(struct notifier *n);

struct notify_counts {
	uint64_t lines, runs; /* written, finished */
	uint64_t dropped;     /* of both */
	size_t waiting;
};
void notifier_count(const struct notifier *n, struct notify_counts *out);

#endif
