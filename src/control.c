/* The control process: configuration, folder -> plan -> outbox -> ipvs and vrrp. It acts on levels: whatever happened, control_pass brings the others
 * up to date. Nothing is planned before the folder has settled once and this node's own addresses are known (or vrrp has been away for
 * GATE). Source: DESIGN.md, the parts, the rules. Test: tests/test_control.c. */
#include "control.h"

#include "base/log.h"
#include "config_load.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

extern char **environ;

#define GATE (2 * NSEC_PER_SEC)
#define LATE (5 * NSEC_PER_SEC) /* beyond readyTimeout, which vrrp may take */

static void config_take(struct control *c, struct config *now)
{
	assign_free(c->assign);
	config_free(c->config);
	c->config = now;
	c->assign = assign_new(now->routers, now->n_routers, now->pins, now->n_pins, now->plan.interface);
}

static void feed(void *arg, const struct object *o)
{
	struct control *c = arg;

	if (control_record_is_map(c, o))
		c->map_in_folder = true;
	plan_put(c->plan, o);
}

/* A plan of everything that is known; its first run reports all. */
static void plan_start(struct control *c)
{
	const struct object *hand;
	bool was = c->map_in_folder;

	c->plan = plan_new(&c->config->plan, c->record);
	c->fresh = true;
	control_health_replan(c);
	plan_set_locals(c->plan, c->locals, c->n_locals);
	hand = control_record_hand(c);
	if (hand)
		plan_put(c->plan, hand); /* the folder's takes its place */
	c->map_in_folder = false;
	folder_each_object(c->folder, feed, c);
	if (c->map_in_folder != was)
		record_touch(c->record); /* its name is another one now */
	for (int side = 0; side < OUTBOX_SIDES; side++)
		outbox_want_picture(c->outbox, side);
}

static void plan_stop(struct control *c)
{
	plan_free(c->plan);
	c->plan = NULL;
	c->planning = false;
	notices_clear(c->notices, "plan");
}

/* Serving: when the first pass is programmed, or when that has to wait for a person, who is then told by `vipctl status`. */
static void say_ready(struct control *c)
{
	if (c->ready)
		return;
	c->ready = true;
	loop_timer_stop(c->late);
	child_send(c->child, ROLE_SUPERVISOR, MSG_READY, 0, NULL, 0, -1);
}

static void on_first(struct due *d, bool programmed)
{
	if (programmed)
		say_ready(d->control);
}

/* Who is waited for at the start may be ill: the rest of the node's start must not hang on it. */
static void on_late(void *arg)
{
	struct control *c = arg;

	if (!c->ready)
		log_warning("the first pass is not programmed yet: see vipctl status");
	say_ready(c);
}

static void await_first(struct control *c)
{
	if (c->ready || c->first.done)
		return;
	c->first.done = on_first;
	control_due_add(c, &c->first);
	loop_timer_set(c->late, c->config->ready_timeout_s * NSEC_PER_SEC + LATE);
	control_due_look(c);
}

void control_pass(struct control *c)
{
	struct plan_out out = control_plan_out;
	nsec_t began;

	if (!c->planning) {
		if (!c->settled || !c->locals_known || !c->record)
			return;
		plan_start(c);
		c->planning = true;
	}
	out.arg = c;
	began = clock_now();
	plan_run(c->plan, clock_wall(), &out);
	if (plan_vips_turned(c->plan))
		outbox_want_picture(c->outbox, OUTBOX_IPVS);
	if (c->fresh)
		control_health_planned(c);
	c->fresh = false;
	control_record_save(c);
	control_send(c);
	metrics_times_add(&c->tally.reconcile, clock_now() - began);
	control_settle_look(c);
	await_first(c);
}

static void on_object(void *arg, const struct object *now, const struct object *old)
{
	struct control *c = arg;

	if (!c->planning)
		return;
	if (control_record_is_map(c, now ? now : old)) {
		control_record_map(c, now != NULL);
		now = now ? now : c->hand.n ? c->hand.items[0] : NULL;
	}
	if (now)
		plan_put(c->plan, now);
	else
		plan_drop(c->plan, old->kind, old->meta.namespace, old->meta.name);
}

static void on_problems(void *arg, const char *file, const struct diag_list *diags)
{
	char line[1024];

	for (size_t i = 0; i < diags->n; i++) {
		diag_format(&diags->items[i], line, sizeof line);
		log_event(LOG_MANIFEST_REFUSED, LOG_WITH(.file = file), "%s", line);
	}
	if (diags->errors)
		log_warning("%s: its last good contents stay", file);
	if (!diags->n)
		log_event(LOG_MANIFEST_GOOD, LOG_WITH(.file = file), "%s is good again", file);
}

static void on_settled(void *arg, bool first)
{
	struct control *c = arg;

	c->settled = true;
	c->tally.settled = clock_wall();
	control_pass(c);
}

static void on_trouble(void *arg, const char *why)
{
	struct control *c = arg;

	if (why)
		log_event(LOG_FOLDER_LOST, LOG_WITH(.file = c->config->manifests),
			  "folder %s: %s; what was known stays", c->config->manifests, why);
	else
		log_event(LOG_FOLDER_BACK, LOG_WITH(.file = c->config->manifests), "folder %s can be read again",
			  c->config->manifests);
	free(c->trouble);
	c->trouble = why ? xstrdup(why) : NULL;
	if (why)
		say_ready(c);
}

static void on_alive(void *arg)
{
	child_alive(((struct control *)arg)->child);
}

static void folder_open(struct control *c)
{
	const struct folder_ops ops = {.object = on_object,
				       .problems = on_problems,
				       .settled = on_settled,
				       .trouble = on_trouble,
				       .alive = on_alive,
				       .arg = c};
	int err;

	c->settled = false;
	free(c->trouble); /* another folder's */
	c->trouble = NULL;
	c->folder = folder_new(c->loop, c->config->manifests, c->cache_fd, &ops);
	err = folder_start(c->folder);
	if (err)
		on_trouble(c, strerror(-err));
}

static void on_locals(struct control *c, const struct msg *m)
{
	size_t n = m->len / sizeof(struct local_addr);
	struct local_addr one;

	if (m->len % sizeof one)
		return;
	c->locals = xrealloc(c->locals, (n + 1) * sizeof *c->locals);
	c->n_locals = 0;
	for (size_t i = 0; i < n; i++) {
		memcpy(&one, (const char *)m->payload + i * sizeof one, sizeof one);
		if (addr_len(&one.addr) && !addr_unusable(&one.addr) && !addr_is_link_local(&one.addr))
			c->locals[c->n_locals++] = one.addr;
	}
	c->locals_known = true;
	if (c->planning)
		plan_set_locals(c->plan, c->locals, c->n_locals);
	control_health_reopen(c);
	if (c->config->n_routers && c->config->dr_on_backup == DR_AUTO) /* who loops may be another one now */
		outbox_want_picture(c->outbox, OUTBOX_IPVS);
	control_pass(c);
}

/* vrrp tells the node's addresses as soon as it runs. When it does not run, the rest must not wait for it. */
static void on_gate(void *arg)
{
	struct control *c = arg;

	if (c->locals_known)
		return;
	if (child_has(c->child, ROLE_VRRP)) {
		loop_timer_set(c->gate, GATE);
		return;
	}
	log_warning("vrrp is away: node ports wait until it has told this node's addresses");
	c->locals_known = true;
	control_pass(c);
}

static void on_start(void *arg, bool restarted)
{
	struct control *c = arg;

	loop_timer_set(c->gate, GATE);
	folder_open(c);
	/* Not before: who waits in the backlog asks about the folder. */
	if (c->env->listen_fd >= 0)
		c->ctl = ctl_server_new(c->loop, c->env->listen_fd, c->env->places->admin_gid, control_request, c);
	if (!c->record)
		say_ready(c);
}

static void on_msg(void *arg, enum role from, struct msg *m)
{
	struct control *c = arg;

	switch (m->type) {
	case MSG_ACK:
		control_acked(c, from, m);
		break;
	case MSG_AGAIN:
		control_again(c, from, m);
		break;
	case MSG_NOTE:
		control_note(c, from, m);
		break;
	case MSG_ANSWER:
		control_answer(c, from, m);
		break;
	case MSG_ROLE:
		if (from == ROLE_VRRP)
			control_events_role(c, m);
		break;
	case MSG_LOCALS:
		if (from == ROLE_VRRP)
			on_locals(c, m);
		break;
	default:
		log_debug("message %u of %s is not for control", m->type, role_name(from));
	}
	if (m->fd >= 0)
		close(m->fd);
}

static void on_peer(void *arg, enum role who, bool up)
{
	control_peer(arg, who, up);
}

/* The plan and the folder follow a new configuration; the folder is read anew only when it is another one. */
static void config_swap(struct control *c, struct config *now)
{
	bool moved = strcmp(c->config->manifests, now->manifests) != 0;

	plan_stop(c);
	if (moved)
		folder_free(c->folder);
	config_take(c, now);
	control_http_reload(c);
	if (moved)
		folder_open(c);
	control_pass(c);
	if (!moved)
		folder_rescan(c->folder);
}

/* One notice a configuration: its first error, and how many there are. */
static void say_config(struct control *c, const struct diag_list *diags)
{
	char line[512];
	size_t first = 0;
	char *message;

	diag_log(diags);
	c->tally.reload_failed = diags->errors > 0;
	if (!diags->errors)
		c->tally.reloaded = clock_wall();
	if (!diags->errors) {
		notices_set(c->notices, "config", c->config->file, "BadConfiguration", NULL);
		return;
	}
	log_event(LOG_CONFIG_REFUSED, LOG_WITH(.file = c->config->file),
		  "the configuration has errors: nothing is changed");
	while (diags->items[first].level != DIAG_ERROR)
		first++;
	diag_format(&diags->items[first], line, sizeof line);
	message = xasprintf("%s (%zu errors; the former configuration stays)", line, diags->errors);
	notices_set(c->notices, "config", c->config->file, "BadConfiguration", message);
	free(message);
}

static void on_reload(void *arg)
{
	struct control *c = arg;
	struct diag_list diags = {0};
	struct config *now;

	if (!c->folder)
		return; /* not started yet: it will read all anyway */
	control_record_reload(c);
	if (config_load_here(&c->options, false, &now, &diags) == 0) {
		log_event(LOG_CONFIG_RELOADED, LOG_WITH(.file = now->file), "configuration reloaded");
		config_swap(c, now);
	}
	say_config(c, &diags);
	diag_clear(&diags);
	if (c->ready) /* again: the service manager waits for the end of the reload */
		child_send(c->child, ROLE_SUPERVISOR, MSG_READY, 0, NULL, 0, -1);
}

static void on_dump(void *arg)
{
	struct control *c = arg;

	if (!c->folder)
		return; /* not started yet: there is no state */
	control_state_begin(c);
	log_info("%s, %zu Services, %zu EndpointSlices, %zu Pods, %zu problems, generation %llu of ipvs (%llu "
		 "acknowledged), %llu of "
		 "vrrp (%llu acknowledged)",
		 c->planning ? "planning" : "waiting", folder_count(c->folder, KIND_SERVICE),
		 folder_count(c->folder, KIND_SLICE), folder_count(c->folder, KIND_POD), notices_count(c->notices),
		 (unsigned long long)c->sides[OUTBOX_IPVS].sent, (unsigned long long)c->sides[OUTBOX_IPVS].acked,
		 (unsigned long long)c->sides[OUTBOX_VRRP].sent, (unsigned long long)c->sides[OUTBOX_VRRP].acked);
}

static void on_stop(void *arg)
{
	child_exit(((struct control *)arg)->child, 0);
}

static void on_retry(void *arg)
{
	struct control *c = arg;

	if (c->record)
		control_record_save(c);
	control_send(c);
}

/* Last good copies of manifests, for a start without the folder. */
static int cache_open(int state_fd)
{
	if (state_fd < 0)
		return -1;
	mkdirat(state_fd, "manifests-good", 0750);
	return openat(state_fd, "manifests-good", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int control_init(struct control *c)
{
	struct diag_list diags = {0};
	struct config *now;
	char why[256];
	int err = options_parse(c->env->argc, c->env->argv, environ, &c->options, why, sizeof why);

	if (err) {
		log_error("%s", why);
		return 2;
	}
	c->options.places = *c->env->places;
	err = config_load_here(&c->options, true, &now, &diags);
	diag_log(&diags);
	diag_clear(&diags);
	if (err)
		return 78;
	config_take(c, now);
	c->notices = notices_new();
	c->events = events_new();
	c->modes = map_new();
	c->outbox = outbox_new(MSG_PAYLOAD_MAX);
	c->cache_fd = cache_open(c->env->state_fd);
	c->gate = loop_timer_new(c->loop, on_gate, c);
	c->late = loop_timer_new(c->loop, on_late, c);
	c->keep = loop_timer_new(c->loop, control_events_keep, c);
	c->retry = loop_timer_new(c->loop, on_retry, c);
	c->tally.reloaded = clock_wall();
	control_health_init(c);
	control_http_init(c);
	control_events_load(c);
	control_record_load(c);
	control_drain_load(c);
	return 0;
}

static void control_clear(struct control *c)
{
	control_asks_end(c);
	control_state_end(c);
	control_settle_end(c);
	if (c->events) {
		control_due_end(c);
		control_events_save(c);
	}
	control_health_end(c);
	control_http_end(c);
	ctl_server_free(c->ctl);
	plan_free(c->plan); /* before the objects that it points to */
	folder_free(c->folder);
	record_free(c->record);
	drained_clear(&c->drained);
	object_list_clear(&c->hand);
	outbox_free(c->outbox);
	notices_free(c->notices);
	events_free(c->events);
	map_free(c->modes, NULL);
	loop_timer_free(c->keep);
	loop_timer_free(c->gate);
	loop_timer_free(c->late);
	loop_timer_free(c->retry);
	if (c->cache_fd >= 0)
		close(c->cache_fd);
	free(c->locals);
	free(c->trouble);
	assign_free(c->assign);
	config_free(c->config);
	options_clear(&c->options);
}

int control_main(struct child *child, const struct role_env *env)
{
	static const struct child_ops ops = {
	    .start = on_start, .msg = on_msg, .peer = on_peer, .reload = on_reload, .stop = on_stop, .dump = on_dump};
	struct control c = {.child = child, .env = env, .loop = child_loop(child), .cache_fd = -1};
	int code;

	c.dues_end = &c.dues;
	code = control_init(&c);
	if (code == 0)
		code = child_run(child, &ops, &c);
	control_clear(&c);
	return code;
}
