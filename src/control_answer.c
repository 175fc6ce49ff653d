/* The control socket's requests. Those about the kernel are passed to ipvs or vrrp and answered when their answer comes, or after ASK_PATIENCE.
 * Test: tests/test_control.c. */
#include "control.h"

#include "base/log.h"
#include "base/memfd.h"
#include "object_json.h"
#include "views.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ASK_PATIENCE (5 * NSEC_PER_SEC)

/* A status that waits for its parts. */
struct status {
	uint64_t client;
	unsigned pending;
	json_t *parts[3]; /* in the order of status_parts */
};

static const struct {
	enum role who;
	const char *question, *member;
} status_parts[] = {{ROLE_IPVS, "status", "ipvs"}, {ROLE_VRRP, "status", "vrrp"}, {ROLE_VRRP, "vrrp", "routers"}};
enum { STATUS_PARTS = sizeof status_parts / sizeof status_parts[0] };

static void reply(struct control *c, uint64_t client, char *text, size_t len)
{
	if (client == CONTROL_ITSELF)
		control_state_part(c, text, len);
	else
		ctl_server_reply(c->ctl, client, text, len);
}

static void reply_text(struct control *c, uint64_t client, char *text)
{
	reply(c, client, text, strlen(text));
}

void control_reply_error(struct control *c, uint64_t client, const char *reason, const char *message)
{
	reply_text(c, client, ctl_error_text(reason, message));
}

static void ask_free(struct ask *a)
{
	struct ask **at = &a->control->asks;

	while (*at != a)
		at = &(*at)->next;
	*at = a->next;
	loop_timer_free(a->timer);
	ctl_request_clear(&a->request);
	free(a->first);
	free(a);
}

static void ask_end(struct ask *a, const char *answer, size_t len)
{
	a->done(a, answer, len);
	ask_free(a);
}

static void ask_late(void *arg)
{
	ask_end(arg, NULL, 0);
}

static struct ask *ask_new(struct control *c, enum role to, void (*done)(struct ask *, const char *, size_t),
			   uint64_t client)
{
	struct ask *a = xcalloc(1, sizeof *a);

	a->control = c;
	a->id = ++c->last_ask;
	a->to = to;
	a->done = done;
	a->client = client;
	a->timer = loop_timer_new(c->loop, ask_late, a);
	a->next = c->asks;
	c->asks = a;
	return a;
}

/* Sends the question; when it cannot be sent, ends it in the next turn. */
static void ask_send_bytes(struct ask *a, const void *what, size_t len)
{
	int err = child_send(a->control->child, a->to, MSG_ASK, a->id, what, len, -1);

	loop_timer_set(a->timer, err ? 0 : ASK_PATIENCE);
}

static void ask_send(struct ask *a, const char *what)
{
	ask_send_bytes(a, what, strlen(what));
}

void control_asks_drop(struct control *c, enum role who)
{
	for (struct ask *a = c->asks; a; a = a->next)
		if (a->to == who)
			loop_timer_set(a->timer, 0);
}

void control_asks_end(struct control *c)
{
	while (c->asks)
		ask_end(c->asks, NULL, 0);
}

void control_answer(struct control *c, enum role from, const struct msg *m)
{
	const void *bytes;
	struct ask *a = c->asks;
	size_t len;

	while (a && (a->id != m->generation || a->to != from))
		a = a->next;
	if (m->fd < 0 || memfd_map(m->fd, &bytes, &len)) {
		if (a)
			ask_end(a, NULL, 0);
		return;
	}
	if (a)
		ask_end(a, bytes ? bytes : "", len);
	memfd_unmap(bytes, len);
}

static void reply_get(struct control *c, uint64_t client, const struct ctl_request *q, const char *answer, size_t n,
		      json_t *routers)
{
	struct views v = {c->plan, c->folder, c->config, c->assign, c->events};
	size_t len;
	char *text = views_get(&v, q, answer, n, routers, &len);

	if (text)
		reply(c, client, text, len);
	else
		control_reply_error(c, client, "Unavailable",
				    "the process could not read the kernel: see vipctl status");
}

static void reply_silence(const struct ask *a)
{
	char *why = xasprintf("the %s process does not answer", role_name(a->to));

	control_reply_error(a->control, a->client, "Unavailable", why);
	free(why);
}

static void routers_done(struct ask *a, const char *answer, size_t len)
{
	json_error_t e;
	json_t *routers = answer ? json_loadb(answer, len, 0, &e) : NULL;

	reply_get(a->control, a->client, &a->request, a->first, a->first_len, routers);
	json_decref(routers);
}

/* The addresses are there; who holds those that are not here, the routers know. */
static void ask_routers(struct ask *a, const char *answer, size_t len)
{
	struct ask *next = ask_new(a->control, ROLE_VRRP, routers_done, a->client);

	next->request = a->request;
	a->request.json = NULL;
	next->first = xmalloc(len + 1);
	memcpy(next->first, answer, len);
	next->first_len = len;
	ask_send(next, "vrrp");
}

static void get_done(struct ask *a, const char *answer, size_t len)
{
	struct control *c = a->control;

	if (!answer)
		reply_silence(a);
	else if (a->request.kind == CTL_VIPS && c->config->n_routers)
		ask_routers(a, answer, len);
	else
		reply_get(c, a->client, &a->request, answer, len, NULL);
}

/* Whether there is a plan to ask; else the client is told why there is none. */
static bool is_planning(struct control *c, uint64_t client)
{
	if (!c->planning)
		control_reply_error(c, client, "Unavailable",
				    c->record ? "vipd is starting: its first pass is not done yet"
					      : "the record cannot be read: see vipctl status");
	return c->planning;
}

void control_ask(struct control *c, const struct question *q,
		 void (*done)(struct ask *a, const char *answer, size_t len))
{
	struct ask *a = ask_new(c, q->to, done, q->client);

	a->context = q->context;
	ask_send_bytes(a, q->what, q->len);
}

static void request_get(struct control *c, uint64_t client, struct ctl_request *q)
{
	static const char *const questions[CTL_KINDS] = {
	    [CTL_VIRTUALSERVERS] = "table", [CTL_VIPS] = "vips", [CTL_VRRP] = "vrrp"};
	struct ask *a;

	if (!questions[q->kind]) {
		reply_get(c, client, q, NULL, 0, NULL);
		return;
	}
	a = ask_new(c, q->kind == CTL_VIRTUALSERVERS ? ROLE_IPVS : ROLE_VRRP, get_done, client);
	a->request = *q;
	q->json = NULL;
	ask_send(a, questions[q->kind]);
}

static void file_problems(void *arg, const char *file, const struct diag_list *diags)
{
	char line[1024];

	for (size_t i = 0; i < diags->n; i++) {
		diag_format(&diags->items[i], line, sizeof line);
		json_array_append_new(arg, json_pack("{s:o, s:s, s:o}", "object", object_json_text(file), "reason",
						     diags->items[i].level == DIAG_ERROR ? "BadManifest" : "Warning",
						     "message", object_json_text(line)));
	}
}

static json_t *sources_json(const struct control *c)
{
	json_t *objects = json_object(), *one;

	for (int k = 0; k < KIND_COUNT; k++)
		json_object_set_new(objects, kind_name(k), json_integer((json_int_t)folder_count(c->folder, k)));
	one = json_pack("{s:s, s:o, s:b, s:o}", "name", "folder", "path", object_json_text(c->config->manifests),
			"settled", c->settled, "objects", objects);
	if (c->trouble)
		json_object_set_new(one, "trouble", object_json_text(c->trouble));
	return json_pack("[o]", one);
}

static json_t *side_json(const struct side_state *s)
{
	return json_pack("{s:I, s:I, s:i, s:i}", "sent", (json_int_t)s->sent, "acknowledged", (json_int_t)s->acked,
			 "failed", (int)s->last.failed, "conflicts", (int)s->last.conflicts);
}

static json_t *status_json(const struct control *c)
{
	json_t *problems = json_array();
	json_t *j = json_pack("{s:s, s:s, s:i, s:o, s:b, s:b}", "kind", "Status", "version", VIPD_VERSION, "pid",
			      (int)getpid(), "node", object_json_text(c->config->node_name ? c->config->node_name : ""),
			      "planning", c->planning, "ready", c->ready);

	notices_json(c->notices, problems);
	folder_each_problem(c->folder, file_problems, problems);
	json_object_set_new(j, "config", object_json_text(c->config->file));
	json_object_set_new(j, "stateDir", object_json_text(c->env->places->state_dir));
	json_object_set_new(j, "sources", sources_json(c));
	json_object_set_new(j, "problems", problems);
	json_object_set_new(j, "drained", control_drained_json(c));
	json_object_set_new(j, "generation",
			    json_pack("{s:o, s:o}", "ipvs", side_json(&c->sides[OUTBOX_IPVS]), "vrrp",
				      side_json(&c->sides[OUTBOX_VRRP])));
	return j;
}

/* A router in Fault is a problem as long as it is. The states become RFC 9568's words. */
static void router_problems(json_t *routers, json_t *problems)
{
	json_t *r;
	size_t i;

	json_array_foreach(routers, i, r)
	{
		const char *name = json_string_value(json_object_get(r, "name"));
		const char *state = views_state(json_string_value(json_object_get(r, "state")));
		const char *why = json_string_value(json_object_get(r, "why"));
		const char *cause = json_string_value(json_object_get(r, "lastCause"));
		char *object;

		if (!name || !state)
			continue;
		json_object_set_new(r, "state", json_string(state));
		if (strcmp(state, "Fault") != 0)
			continue;
		object = xasprintf("router %s", name);
		json_array_append_new(problems,
				      json_pack("{s:s, s:s, s:s}", "object", object, "reason", "Fault", "message",
						cause && *cause ? cause
						: why           ? why
								: ""));
		free(object);
	}
}

static void status_reply(struct control *c, struct status *s)
{
	json_t *j = status_json(c);
	char *body;

	if (!json_is_array(s->parts[STATUS_PARTS - 1])) { /* none, or no answer: "vrrp" says so */
		json_decref(s->parts[STATUS_PARTS - 1]);
		s->parts[STATUS_PARTS - 1] = json_array();
	}
	router_problems(s->parts[STATUS_PARTS - 1], json_object_get(j, "problems"));
	for (int i = 0; i < STATUS_PARTS; i++)
		json_object_set_new(j, status_parts[i].member, s->parts[i]);
	body = json_dumps(j, JSON_COMPACT);
	reply_text(c, s->client, xasprintf("%s\n", body ? body : "{}"));
	free(body);
	json_decref(j);
}

static void status_done(struct ask *a, const char *answer, size_t len)
{
	struct status *s = a->status;
	json_error_t e;
	json_t *part = answer ? json_loadb(answer, len, 0, &e) : NULL;

	s->parts[a->part] = part ? part : json_pack("{s:s}", "error", "the process does not answer");
	if (--s->pending)
		return;
	status_reply(a->control, s);
	free(s);
}

static void request_status(struct control *c, uint64_t client)
{
	struct status *s = xcalloc(1, sizeof *s);

	s->client = client;
	s->pending = STATUS_PARTS;
	for (unsigned i = 0; i < STATUS_PARTS; i++) {
		struct ask *a = ask_new(c, status_parts[i].who, status_done, client);

		a->status = s;
		a->part = i;
		ask_send(a, status_parts[i].question);
	}
}

static void failover_done(struct ask *a, const char *answer, size_t len)
{
	json_error_t e;
	json_t *j = answer ? json_loadb(answer, len, 0, &e) : NULL;
	const char *why = json_string_value(json_object_get(j, "error"));
	char *body = NULL;

	if (!j) {
		reply_silence(a);
	} else if (why) {
		control_reply_error(a->control, a->client, "NotFound", why);
	} else {
		json_object_set_new(j, "kind", json_string("Failover"));
		body = json_dumps(j, JSON_COMPACT);
		reply_text(a->control, a->client, xasprintf("%s\n", body ? body : "{}"));
	}
	free(body);
	json_decref(j);
}

/* A hand-over is over after three intervals of the slowest router at most. */
static nsec_t failover_patience(const struct config *c)
{
	uint32_t slowest = 0;

	for (size_t i = 0; i < c->n_routers; i++)
		if (c->routers[i].interval_ms > slowest)
			slowest = c->routers[i].interval_ms;
	return ASK_PATIENCE + 3 * (nsec_t)slowest * NSEC_PER_MSEC;
}

static void request_failover(struct control *c, uint64_t client, const struct ctl_request *q)
{
	const char *name = q->n_names ? q->names[0] : "";
	struct ask *a;
	int err;

	if (!c->config->n_routers) {
		control_reply_error(c, client, "NotFound",
				    "this node has no virtual router: it is alone and there is nobody to hand over to");
		return;
	}
	a = ask_new(c, ROLE_VRRP, failover_done, client);
	err = child_send(c->child, ROLE_VRRP, MSG_FAILOVER, a->id, name, strlen(name), -1);
	loop_timer_set(a->timer, err ? 0 : failover_patience(c->config));
	ctl_server_wait(c->ctl, client, failover_patience(c->config) + ASK_PATIENCE);
}

static void request_reexec(struct control *c, uint64_t client)
{
	if (child_send(c->child, ROLE_SUPERVISOR, MSG_REEXEC, 0, NULL, 0, -1))
		control_reply_error(c, client, "Unavailable", "the supervisor cannot be reached");
	else
		reply_text(
		    c, client,
		    xasprintf("{\"kind\":\"Reexec\",\"pid\":%d,\"version\":\"%s\"}\n", (int)getpid(), VIPD_VERSION));
}

void control_request(void *arg, uint64_t client, const char *line, size_t len)
{
	struct control *c = arg;
	struct ctl_request q;
	char why[256];

	if (ctl_request_parse(line, len, &q, why, sizeof why)) {
		control_reply_error(c, client, "BadRequest", why);
		return;
	}
	if (ctl_verb_changes(q.verb) && !ctl_server_admin(c->ctl, client)) {
		control_reply_error(c, client, "Forbidden",
				    "this changes something: be root or a member of the group vipd-admin");
		ctl_request_clear(&q);
		return;
	}
	switch (q.verb) {
	case CTL_GET:
		if (is_planning(c, client))
			request_get(c, client, &q);
		break;
	case CTL_STATUS:
		request_status(c, client);
		break;
	case CTL_FAILOVER:
		request_failover(c, client, &q);
		break;
	case CTL_REEXEC:
		request_reexec(c, client);
		break;
	case CTL_WHERE:
		control_where(c, client, &q);
		break;
	case CTL_SETTLE:
		control_settle(c, client, &q);
		break;
	case CTL_EXPLAIN:
		if (is_planning(c, client))
			reply_text(c, client, control_explain(c, &q.key));
		break;
	case CTL_DRAIN:
	case CTL_UNDRAIN:
		if (is_planning(c, client))
			reply_text(c, client, control_drain(c, &q));
		break;
	case CTL_VERBS:
		break;
	}
	ctl_request_clear(&q);
}

void control_note(struct control *c, enum role from, const struct msg *m)
{
	const char *object, *reason, *message = NULL;
	json_error_t e;
	json_t *j = json_loadb(m->payload, m->len, 0, &e);
	int gone = 0;

	if (json_unpack(j, "{s:s, s:s, s?s, s?b}", "object", &object, "reason", &reason, "message", &message, "gone",
			&gone) == 0)
		notices_set(c->notices, role_name(from), object, reason, gone ? NULL : message ? message : "");
	else
		log_warning("a note of %s is not understood", role_name(from));
	json_decref(j);
}
