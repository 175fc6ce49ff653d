/* What stands beside the engine: what its routers track, their virtual MACs, what they do not accept, and whom their changes are told. Decides which message goes to which of the two, and what a sync
 * group's state is. Source: engine.h, track.h, notify.h. Test: tests/kernel/test_vrrp_process.c, tests/lab/scenarios/. */
#include "accept.h"
#include "advert.h"
#include "packet.h"
#include "vmac.h"
#include "vrrp_int.h"

#include "../src/base/arena.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* Who asked the runner: in the upper half of the id. */
enum { ID_TRACK = 1, ID_NOTIFY = 2, ID_SHIFT = 32, NOTIFY_MS = 30000, RUN_ROOM = 512 };

/* A sync group's state as it was told last. */
struct told_group {
	char name[ROUTER_NAME];
	enum fsm_mode mode;
};

struct beside {
	struct tracker *tracker;
	struct notifier *notifier;
	struct vmacs *vmacs;
	struct acceptor *acceptor;
	struct told_group *groups;
	size_t n_groups;
};

static int run(struct vrrp *v, uint64_t id, const struct msg_run *head, const char *args, size_t len)
{
	char payload[sizeof(*head) + RUN_ROOM];

	if (len > RUN_ROOM)
		return -EMSGSIZE;
	memcpy(payload, head, sizeof(*head));
	memcpy(payload + sizeof(*head), args, len);
	return child_send(v->child, ROLE_RUNNER, MSG_RUN, id, payload, sizeof(*head) + len, -1);
}

static int run_script(void *arg, uint64_t id, const char *script, uint32_t timeout_ms)
{
	const struct msg_run head = {.entry = RUN_SCRIPT, .argc = 1, .timeout_ms = timeout_ms};

	return run(arg, (uint64_t)ID_TRACK << ID_SHIFT | id, &head, script, strlen(script) + 1);
}

static int run_notify(void *arg, uint64_t id, uint32_t argc, const char *args, size_t len)
{
	const struct msg_run head = {.entry = RUN_NOTIFY, .argc = argc, .timeout_ms = NOTIFY_MS};

	return run(arg, (uint64_t)ID_NOTIFY << ID_SHIFT | id, &head, args, len);
}

static void on_seen(void *arg, const char *router, size_t i, bool up, int value)
{
	const struct vrrp *v = arg;

	engine_track_set(v->engine, router, (int)i, up, value);
}

void beside_new(struct vrrp *v)
{
	static const struct tracker_hooks hooks = {.seen = on_seen, .run = run_script};
	struct loop *l = child_loop(v->child);

	v->beside = xcalloc(1, sizeof(*v->beside));
	v->beside->tracker = tracker_new(l, v->env->places->scripts_dir, holder_links(v->holder), &hooks, v);
	v->beside->notifier = notifier_new(l, run_notify, v);
	v->beside->vmacs = vmacs_new(l, v->holder, v->engine);
	v->beside->acceptor = acceptor_new(l, report_accept, v);
}

void beside_free(struct vrrp *v)
{
	if (!v->beside)
		return;
	tracker_free(v->beside->tracker);
	notifier_free(v->beside->notifier);
	vmacs_free(v->beside->vmacs);
	acceptor_free(v->beside->acceptor);
	free(v->beside->groups);
	free(v->beside);
}

void beside_withdraw(struct vrrp *v)
{
	acceptor_set(v->beside->acceptor, NULL, 0);
	notifier_end(v->beside->notifier);
}

void beside_routers(struct vrrp *v)
{
	notifier_set(v->beside->notifier, &v->settings);
	for (size_t i = 0; i < engine_count(v->engine); i++)
		tracker_set(v->beside->tracker, engine_router(v->engine, i));
	vmacs_look(v->beside->vmacs);
}

/* An owner's addresses are its own (RFC 9568 6.4.3): it accepts. */
static bool refuses(const struct router *r)
{
	return !r->accept && r->priority != VRRP_PRIORITY_OWNER;
}

void beside_accept(struct vrrp *v)
{
	struct addr *addrs = NULL;
	size_t n = 0;

	for (size_t i = 0; i < engine_count(v->engine); i++) {
		const struct router *r = engine_router(v->engine, i);
		const struct entry *e;
		size_t members = 1; /* the link-local one that it may make up */

		if (!refuses(r))
			continue;
		LIST_FOREACH(e, &engine_vip_set(v->engine, i)->members, member)
		members++;
		addrs = xrealloc(addrs, (n + members) * sizeof(*addrs));
		LIST_FOREACH(e, &engine_vip_set(v->engine, i)->members, member)
		addrs[n++] = e->addr;
		if (r->family == AF_INET6)
			addrs[n++] = advert_link_local(r->vrid);
	}
	acceptor_set(v->beside->acceptor, addrs, n);
	free(addrs);
}

void beside_gone(struct vrrp *v, const struct router *r)
{
	tracker_drop(v->beside->tracker, r->name);
}

void beside_links(struct vrrp *v)
{
	if (!v->beside)
		return;
	tracker_links(v->beside->tracker);
	if (v->known)
		vmacs_look(v->beside->vmacs);
}

bool beside_ran(struct vrrp *v, uint64_t id, const struct msg_ran *ran)
{
	uint64_t own = id & (((uint64_t)1 << ID_SHIFT) - 1);

	switch (id >> ID_SHIFT) {
	case ID_TRACK:
		tracker_ran(v->beside->tracker, own, ran);
		return true;
	case ID_NOTIFY:
		notifier_ran(v->beside->notifier, own, ran);
		return true;
	default:
		return false;
	}
}

void beside_runner(struct vrrp *v, bool up)
{
	tracker_runner(v->beside->tracker, up);
	notifier_runner(v->beside->notifier, up);
}

/* ---- notifications */

static struct told_group *group_get(struct beside *b, const char *name)
{
	for (size_t i = 0; i < b->n_groups; i++)
		if (strncmp(b->groups[i].name, name, ROUTER_NAME) == 0)
			return &b->groups[i];
	b->groups = xrealloc(b->groups, (b->n_groups + 1) * sizeof(*b->groups));
	b->groups[b->n_groups] = (struct told_group){.mode = FSM_INITIALIZE};
	memcpy(b->groups[b->n_groups].name, name, ROUTER_NAME);
	return &b->groups[b->n_groups++];
}

/* Active when all members are, in Fault when one is, else Backup; Initialize when all have stopped. */
static enum fsm_mode group_mode(const struct vrrp *v, const struct engine_news *n)
{
	size_t in[FSM_MODES] = {0}, members = 0;

	for (size_t i = 0; i < engine_count(v->engine); i++) {
		const struct router *r = engine_router(v->engine, i);
		enum fsm_mode mode = r == n->router ? n->mode : (enum fsm_mode)engine_role(v->engine, i).mode;

		if (strncmp(r->group, n->router->group, ROUTER_NAME) != 0)
			continue;
		in[mode]++;
		members++;
	}
	if (in[FSM_FAULT])
		return FSM_FAULT;
	if (in[FSM_ACTIVE] == members)
		return FSM_ACTIVE;
	return in[FSM_INITIALIZE] == members ? FSM_INITIALIZE : FSM_BACKUP;
}

static void tell_group(struct vrrp *v, const struct engine_news *n)
{
	struct told_group *g = group_get(v->beside, n->router->group);
	enum fsm_mode mode = group_mode(v, n);

	if (g->mode == mode)
		return;
	g->mode = mode;
	notifier_tell(v->beside->notifier, "GROUP", n->router->group, fsm_mode_notify(mode), 0);
}

void beside_news(struct vrrp *v, const struct engine_news *n)
{
	if (n->mode == n->before)
		return;
	if (n->mode != FSM_ACTIVE && n->router->vmac)
		vmacs_look(v->beside->vmacs);
	notifier_tell(v->beside->notifier, "INSTANCE", n->router->name, fsm_mode_notify(n->mode), n->priority);
	if (n->router->group[0])
		tell_group(v, n);
}

void beside_prepare(struct vrrp *v, const struct router *routers, size_t n)
{
	vmacs_prepare(v->beside->vmacs, routers, n);
}

uint32_t beside_device(struct vrrp *v, const struct router *r, const char **why)
{
	return vmacs_device(v->beside->vmacs, r, why);
}

void beside_leaving(struct vrrp *v, const struct router *r)
{
	vmacs_leave(v->beside->vmacs, r);
}

void beside_taking(struct vrrp *v, const struct router *r)
{
	vmacs_take(v->beside->vmacs, r);
}

void beside_count(const struct vrrp *v, struct notify_counts *out)
{
	notifier_count(v->beside->notifier, out);
}
