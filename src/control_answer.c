/* The control socket's requests. Those about the kernel are passed to ipvs or vrrp and answered when their answer comes, or after ASK_PATIENCE.
 * Test: tests/test_control.c. */
#include "control.h"

#include "base/log.h"
#include "base/memfd.h"
#include "views.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ASK_PATIENCE (5 * NSEC_PER_SEC)

/* A status that waits for its parts. */
struct status {
	uint64_t client;
	unsigned pending;
	json_t *parts[OUTBOX_SIDES];
};

static void reply_text(struct control *c, uint64_t client, char *text)
{
	ctl_server_reply(c->ctl, client, text, strlen(text));
}

static void reply_error(struct control *c, uint64_t client, const char *reason, const char *message)
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
static void ask_send(struct ask *a, const char *what)
{
	int err = child_send(a->control->child, a->to, MSG_ASK, a->id, what, strlen(what), -1);

	loop_timer_set(a->timer, err ? 0 : ASK_PATIENCE);
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

static void reply_get(struct control *c, uint64_t client, const struct ctl_request *q, const char *answer, size_t n)
{
	struct views v = {c->plan, c->folder};
	size_t len;
	char *text = views_get(&v, q, answer, n, &len);

	if (text)
		ctl_server_reply(c->ctl, client, text, len);
	else
		reply_error(c, client, "Unavailable", "the process could not read the kernel: see vipctl status");
}

static void get_done(struct ask *a, const char *answer, size_t len)
{
	char *why;

	if (answer) {
		reply_get(a->control, a->client, &a->request, answer, len);
		return;
	}
	why = xasprintf("the %s process does not answer", role_name(a->to));
	reply_error(a->control, a->client, "Unavailable", why);
	free(why);
}

static void request_get(struct control *c, uint64_t client, struct ctl_request *q)
{
	struct ask *a;

	if (!c->planning) {
		reply_error(c, client, "Unavailable",
			    c->record ? "vipd is starting: its first pass is not done yet"
				      : "the record cannot be read: see vipctl status");
		return;
	}
	if (q->kind != CTL_VIRTUALSERVERS && q->kind != CTL_VIPS) {
		reply_get(c, client, q, NULL, 0);
		return;
	}
	a = ask_new(c, q->kind == CTL_VIPS ? ROLE_VRRP : ROLE_IPVS, get_done, client);
	a->request = *q;
	q->json = NULL;
	ask_send(a, q->kind == CTL_VIPS ? "vips" : "table");
}

/* JSON strings are UTF-8; a file's name may be anything. */
static json_t *any_text(const char *s)
{
	json_t *j = json_string(s);
	char *copy;

	if (j)
		return j;
	copy = xstrdup(s);
	for (char *p = copy; *p; p++)
		if ((unsigned char)*p >= 0x80)
			*p = '?';
	j = json_string(copy);
	free(copy);
	return j;
}

static void file_problems(void *arg, const char *file, const struct diag_list *diags)
{
	char line[1024];

	for (size_t i = 0; i < diags->n; i++) {
		diag_format(&diags->items[i], line, sizeof line);
		json_array_append_new(arg, json_pack("{s:o, s:s, s:o}", "object", any_text(file), "reason",
						     diags->items[i].level == DIAG_ERROR ? "BadManifest" : "Warning",
						     "message", any_text(line)));
	}
}

static json_t *sources_json(const struct control *c)
{
	json_t *objects = json_object(), *one;

	for (int k = 0; k < KIND_COUNT; k++)
		json_object_set_new(objects, kind_name(k), json_integer((json_int_t)folder_count(c->folder, k)));
	one = json_pack("{s:s, s:o, s:b, s:o}", "name", "folder", "path", any_text(c->config->manifests), "settled",
			c->settled, "objects", objects);
	if (c->trouble)
		json_object_set_new(one, "trouble", any_text(c->trouble));
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
			      (int)getpid(), "node", any_text(c->config->node_name ? c->config->node_name : ""),
			      "planning", c->planning, "ready", c->ready);

	notices_json(c->notices, problems);
	folder_each_problem(c->folder, file_problems, problems);
	json_object_set_new(j, "config", any_text(c->config->file));
	json_object_set_new(j, "sources", sources_json(c));
	json_object_set_new(j, "problems", problems);
	json_object_set_new(j, "generation",
			    json_pack("{s:o, s:o}", "ipvs", side_json(&c->sides[OUTBOX_IPVS]), "vrrp",
				      side_json(&c->sides[OUTBOX_VRRP])));
	return j;
}

static void status_done(struct ask *a, const char *answer, size_t len)
{
	struct status *s = a->status;
	struct control *c = a->control;
	json_error_t e;
	json_t *j, *part = answer ? json_loadb(answer, len, 0, &e) : NULL;
	char *body;

	s->parts[a->to == ROLE_IPVS ? OUTBOX_IPVS : OUTBOX_VRRP] =
	    part ? part : json_pack("{s:s}", "error", "the process does not answer");
	if (--s->pending)
		return;
	j = status_json(c);
	json_object_set_new(j, "ipvs", s->parts[OUTBOX_IPVS]);
	json_object_set_new(j, "vrrp", s->parts[OUTBOX_VRRP]);
	body = json_dumps(j, JSON_COMPACT);
	reply_text(c, s->client, xasprintf("%s\n", body ? body : "{}"));
	free(body);
	json_decref(j);
	free(s);
}

static void request_status(struct control *c, uint64_t client)
{
	static const enum role both[] = {ROLE_IPVS, ROLE_VRRP};
	struct status *s = xcalloc(1, sizeof *s);

	s->client = client;
	s->pending = 2;
	for (int i = 0; i < 2; i++) {
		struct ask *a = ask_new(c, both[i], status_done, client);

		a->status = s;
		ask_send(a, "status");
	}
}

void control_request(void *arg, uint64_t client, const char *line, size_t len)
{
	struct control *c = arg;
	struct ctl_request q;
	char why[256];

	if (ctl_request_parse(line, len, &q, why, sizeof why)) {
		reply_error(c, client, "BadRequest", why);
		return;
	}
	if (q.verb == CTL_STATUS)
		request_status(c, client);
	else
		request_get(c, client, &q);
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
