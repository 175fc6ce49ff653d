/* Which Events there are: a Service's load balancer from wanted to programmed, what is wrong with an object, a VIP that came or went with its virtual
 * router. They are kept in state_dir/events.json, written KEEP after a change and at a stop, without waiting for the disk.
 * Source: the service controller's reasons (k8s.io/cloud-provider/controllers/service). Test: tests/test_control.c. */
#include "control.h"

#include "../vrrp/fsm.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "events_json.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EVENTS_FILE "events.json"
#define KEEP        (10 * NSEC_PER_SEC)

enum { FILE_MAX = 32 << 20, SERVICES_MAX = 64, ADDRS_TEXT = 512 };

static void tell(struct control *c, struct event *e)
{
	e->last = clock_wall();
	events_add(c->events, e);
	if (!loop_timer_armed(c->keep))
		loop_timer_set(c->keep, KEEP);
}

static void tell_object(struct control *c, const struct object *o, const char *uid, bool warning, const char *reason,
			const char *message)
{
	struct event e = {.kind = kind_name(o->kind),
			  .namespace = o->meta.namespace,
			  .name = o->meta.name,
			  .uid = uid ? uid : "",
			  .reason = reason,
			  .message = message,
			  .warning = warning};

	/* After a restart the plan finds again what was told before it. */
	if (c->fresh && events_told(c->events, e.kind, e.namespace, e.name, reason, message))
		return;
	tell(c, &e);
}

/* ---- the file ---- */

void control_events_load(struct control *c)
{
	char *text, why[256], *message;
	size_t len;
	int err = c->env->state_fd < 0 ? -ENOENT : file_read(c->env->state_fd, EVENTS_FILE, FILE_MAX, &text, &len);

	if (err == -ENOENT)
		return;
	if (err) {
		snprintf(why, sizeof why, "cannot be read: %s", strerror(-err));
	} else {
		err = events_read(c->events, text, len, why, sizeof why);
		free(text);
	}
	if (!err)
		return;
	renameat(c->env->state_fd, EVENTS_FILE, c->env->state_fd, EVENTS_FILE ".bad");
	message = xasprintf("%s; earlier Events are lost, the file is left aside as " EVENTS_FILE ".bad", why);
	log_warning("%s/%s: %s", c->env->places->state_dir, EVENTS_FILE, message);
	notices_set(c->notices, "events", EVENTS_FILE, "BadEvents", message);
	free(message);
}

void control_events_save(struct control *c)
{
	char *text, *message;
	size_t len;
	int err;

	if (!events_changed(c->events) || c->env->state_fd < 0)
		return;
	text = events_text(c->events, c->config->node_name, &len);
	err = file_write_unsynced(c->env->state_fd, EVENTS_FILE, text, len, 0640);
	free(text);
	message = err ? xasprintf("cannot be written: %s; a restart forgets them", strerror(-err)) : NULL;
	/* Once, and not each time that it is tried. */
	if (notices_set(c->notices, "events", EVENTS_FILE, "NotSaved", message) && message)
		log_event(LOG_RECORD_REFUSED, LOG_WITH(.file = EVENTS_FILE), "%s/%s: %s", c->env->places->state_dir,
			  EVENTS_FILE, message);
	free(message);
	if (!err)
		events_saved(c->events);
}

void control_events_keep(void *arg)
{
	control_events_save(arg);
}

/* ---- load balancers ---- */

/* An Event that is told when the kernel has it. */
struct promise {
	struct due due;
	char *namespace, *name, *uid, *message;
	const char *reason;
};

static void promise_kept(struct due *d, bool programmed)
{
	struct promise *p = (struct promise *)d;
	struct event e = {.kind = kind_name(KIND_SERVICE),
			  .namespace = p->namespace,
			  .name = p->name,
			  .uid = p->uid,
			  .reason = p->reason,
			  .message = p->message};

	if (programmed)
		tell(d->control, &e);
	free(p->namespace);
	free(p->name);
	free(p->uid);
	free(p->message);
	free(p);
}

static void promise(struct control *c, const struct service_change *change, const char *reason, const char *message)
{
	struct promise *p = xcalloc(1, sizeof *p);

	p->due.done = promise_kept;
	p->namespace = xstrdup(change->object->meta.namespace);
	p->name = xstrdup(change->object->meta.name);
	p->uid = xstrdup(change->uid);
	p->reason = reason;
	p->message = xstrdup(message);
	control_due_add(c, &p->due);
}

static void addrs_text(const struct addr *a, size_t n, char buf[ADDRS_TEXT])
{
	char one[ADDR_TEXT];
	size_t len = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < n && len + ADDR_TEXT + 4 < ADDRS_TEXT; i++)
		len += (size_t)snprintf(buf + len, ADDRS_TEXT - len, "%s%s", i ? ", " : " ", addr_format(&a[i], one));
	if (len)
		return;
	buf[0] = '\0';
}

static bool same_vips(const struct service_change *change)
{
	return change->n_vips == change->n_were &&
	       (!change->n_vips || memcmp(change->vips, change->were, change->n_vips * sizeof *change->vips) == 0);
}

static void tell_ensured(struct control *c, const struct service_change *change)
{
	char addrs[ADDRS_TEXT], message[ADDRS_TEXT + 64];
	const struct meta *m = &change->object->meta;

	addrs_text(change->vips, change->n_vips, addrs);
	snprintf(message, sizeof message, "Ensured load balancer%s", addrs);
	if (c->fresh && change->n_vips &&
	    events_told(c->events, "Service", m->namespace, m->name, "EnsuredLoadBalancer", message))
		return;
	tell_object(c, change->object, change->uid, false, "EnsuringLoadBalancer", "Ensuring load balancer");
	if (change->n_vips)
		promise(c, change, "EnsuredLoadBalancer", message);
}

static void tell_deleted(struct control *c, const struct service_change *change)
{
	char addrs[ADDRS_TEXT], message[ADDRS_TEXT + 64];

	addrs_text(change->were, change->n_were, addrs);
	snprintf(message, sizeof message, "Deleting load balancer%s", addrs);
	tell_object(c, change->object, change->uid, false, "DeletingLoadBalancer", message);
	snprintf(message, sizeof message, "Deleted load balancer%s", addrs);
	promise(c, change, "DeletedLoadBalancer", message);
}

void control_events_service(struct control *c, const struct service_change *change)
{
	if (change->balancer && (!change->was_balancer || !same_vips(change)))
		tell_ensured(c, change);
	if (change->was_balancer && !change->balancer)
		tell_deleted(c, change);
	if (change->idle && !change->was_idle)
		tell_object(c, change->object, change->uid, true, "NoEndpoints",
			    "no endpoint is ready: connections are refused until one is");
	if (change->no_local && !change->was_no_local)
		tell_object(
		    c, change->object, change->uid, true, "NoLocalEndpoint",
		    "externalTrafficPolicy is Local and no endpoint on this node is ready: its addresses stay, and "
		    "endpoints of other nodes are used");
}

/* ---- problems ---- */

void control_events_problem(struct control *c, const struct object *o, const char *reason, const char *message)
{
	static const char *const words[][2] = {{"Conflict", "AddressConflict"}, {"NotAllocated", "AllocationFailed"}};
	char *failed;

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (strcmp(reason, words[i][0]) == 0)
			reason = words[i][1];
	tell_object(c, o, o->meta.uid, true, reason, message);
	if (o->kind != KIND_SERVICE ||
	    (strcmp(reason, "AllocationFailed") != 0 && strcmp(reason, "AddressConflict") != 0) ||
	    !plan_balancer_waits(c->plan, o->meta.namespace, o->meta.name))
		return;
	failed = xasprintf("Error syncing load balancer: failed to ensure load balancer: %s", message);
	tell_object(c, o, o->meta.uid, true, "SyncLoadBalancerFailed", failed);
	free(failed);
}

/* ---- virtual routers ---- */

struct move {
	struct control *control;
	uint16_t router;
	const struct msg_role *role;
};

static void tell_moved(const struct move *m, const char *kind, const char *namespace, const char *name,
		       const char *address)
{
	const char *node = m->control->config->node_name ? m->control->config->node_name : "this node";
	const char *mode = fsm_mode_name((enum fsm_mode)m->role->mode);
	struct event e = {.kind = kind, .namespace = namespace, .name = name, .uid = "", .reason = "VIPMoved"};
	char *message = xasprintf(m->role->mode == FSM_ACTIVE ? "%s is on %s now: router %s is %s (%s)"
							      : "%s has left %s: router %s is %s (%s)",
				  address, node, m->role->router, mode, m->role->cause);

	e.message = message;
	tell(m->control, &e);
	free(message);
}

static void move_vip(void *arg, const struct vip *v)
{
	const struct move *m = arg;
	const char *names[SERVICES_MAX];
	char address[ADDR_TEXT];
	size_t n;

	if (v->kind == VIP_CLUSTER || assign_router(m->control->assign, &v->addr) != m->router)
		return;
	addr_format(&v->addr, address);
	n = plan_vip_services(m->control->plan, &v->addr, names, SERVICES_MAX);
	for (size_t i = 0; i < n && i < SERVICES_MAX; i++) {
		char *namespace = xstrdup(names[i]), *name = strchr(namespace, '/');

		*name++ = '\0';
		tell_moved(m, kind_name(KIND_SERVICE), namespace, name, address);
		free(namespace);
	}
	if (!n)
		tell_moved(m, "VIP", "", address, address);
}

static bool router_index(const struct config *c, const char *name, uint16_t *out)
{
	for (uint16_t i = 0; i < c->n_routers; i++)
		if (strncmp(c->routers[i].name, name, ROUTER_NAME) == 0) {
			*out = i;
			return true;
		}
	return false;
}

/* A vrrp process that was restarted comes through Initialize and may be Active again before anybody notices: that is no news. */
void control_events_role(struct control *c, const struct msg *m)
{
	struct move move = {.control = c};
	struct msg_role role;
	uintptr_t was;

	if (m->len != sizeof role)
		return;
	memcpy(&role, m->payload, sizeof role);
	role.router[sizeof role.router - 1] = role.cause[sizeof role.cause - 1] = '\0';
	was = (uintptr_t)map_gets(c->modes, role.router);
	if (role.gone) {
		map_dels(c->modes, role.router);
		return;
	}
	if (role.mode >= FSM_MODES || (was && role.mode == FSM_INITIALIZE))
		return;
	map_puts(c->modes, role.router, (void *)(uintptr_t)(role.mode + 1u));
	move.role = &role;
	if (!was || was == role.mode + 1u || (role.mode != FSM_ACTIVE && was != FSM_ACTIVE + 1u) || !c->planning ||
	    !router_index(c->config, role.router, &move.router))
		return;
	plan_each_vip(c->plan, move_vip, &move);
}
