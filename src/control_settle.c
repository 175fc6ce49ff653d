/* For who writes into the folder (vipctl apply, delete): which files hold an object, and when a change has been read and is in the kernel. A waiter waits
 * first for the folder, then as a due (control_due.c), at most as long as it said. Test: tests/test_control_settle.c. */
#include "control.h"

#include <stdlib.h>
#include <string.h>

enum { WAITERS_MAX = 256, HASH_DIGITS = 16 };

struct wanted {
	char *name;
	uint64_t hash;
	bool absent;
};

struct waiter {
	struct due due; /* the first member */
	struct waiter *next;
	uint64_t client;
	struct loop_timer *timer;
	bool read; /* it is a due now */
	struct wanted *files;
	size_t n;
};

/* ---- where ---- */

static void add_file(void *arg, const char *file)
{
	json_array_append_new(arg, json_string(file));
}

/* "Service default/web", "Node n1". */
static int object_parse(const char *text, enum kind *kind, char **namespace, const char **name)
{
	const char *blank = strchr(text, ' '), *slash;

	for (int k = 0; blank && k < KIND_COUNT; k++)
		if (strlen(kind_name((enum kind)k)) == (size_t)(blank - text) &&
		    strncmp(text, kind_name((enum kind)k), (size_t)(blank - text)) == 0) {
			slash = strchr(blank, '/');
			*kind = (enum kind)k;
			*name = slash ? slash + 1 : blank + 1;
			*namespace = slash ? xasprintf("%.*s", (int)(slash - blank - 1), blank + 1) : xstrdup("");
			return 0;
		}
	return -1;
}

static json_t *place_json(const struct control *c, const char *object)
{
	json_t *files = json_array();
	enum kind kind;
	char *namespace;
	const char *name;

	if (object_parse(object, &kind, &namespace, &name) == 0) {
		folder_each_place(c->folder, kind, namespace, name, add_file, files);
		free(namespace);
	}
	return json_pack("{s:s, s:o}", "object", object, "files", files);
}

static void reply_json(struct control *c, uint64_t client, json_t *j)
{
	char *body = json_dumps(j, JSON_COMPACT), *text = xasprintf("%s\n", body ? body : "{}");

	ctl_server_reply(c->ctl, client, text, strlen(text));
	free(body);
	json_decref(j);
}

void control_where(struct control *c, uint64_t client, const struct ctl_request *q)
{
	json_t *objects = json_array();

	for (size_t i = 0; i < q->n_names; i++)
		json_array_append_new(objects, place_json(c, q->names[i]));
	reply_json(c, client,
		   json_pack("{s:s, s:s, s:o}", "kind", "Where", "folder", c->config->manifests, "objects", objects));
}

/* ---- settle ---- */

static void waiter_free(struct waiter *w)
{
	for (size_t i = 0; i < w->n; i++)
		free(w->files[i].name);
	free(w->files);
	loop_timer_free(w->timer);
	free(w);
}

/* Out of both lists. */
static void waiter_take(struct waiter *w)
{
	struct control *c = w->due.control;
	struct waiter **at = &c->waiters;

	while (*at != w)
		at = &(*at)->next;
	*at = w->next;
	if (w->read)
		control_due_take(c, &w->due);
}

static void waiter_refuse(struct waiter *w, const char *reason, const char *message)
{
	waiter_take(w);
	control_reply_error(w->due.control, w->client, reason, message);
	waiter_free(w);
}

static void waiter_late(void *arg)
{
	struct waiter *w = arg;

	waiter_refuse(w, "Timeout",
		      w->read ? "timed out waiting until the change is programmed: see vipctl status"
			      : "timed out waiting until vipd has read the folder: see vipctl status");
}

static void add_title(void *arg, const struct object *o)
{
	char *title = xasprintf("%s %s/%s", kind_name(o->kind), o->meta.namespace, o->meta.name);

	map_puts(arg, title, arg);
	free(title);
}

struct told {
	const struct map *titles;
	json_t *list;
};

static void add_problem(void *arg, const char *object, const char *reason, const char *message)
{
	struct told *t = arg;

	if (map_gets(t->titles, object))
		json_array_append_new(
		    t->list, json_pack("{s:s, s:s, s:s}", "object", object, "reason", reason, "message", message));
}

/* With what is wrong with the objects of the files. */
static void waiter_done(struct due *d, bool programmed)
{
	struct waiter *w = (struct waiter *)d;
	struct control *c = d->control;
	struct told t = {.list = json_array()};
	struct map *titles = map_new();

	waiter_take(w);
	for (size_t i = 0; i < w->n; i++)
		folder_each_in(c->folder, w->files[i].name, add_title, titles);
	t.titles = titles;
	notices_each(c->notices, add_problem, &t);
	map_free(titles, NULL);
	if (programmed)
		reply_json(c, w->client, json_pack("{s:s, s:o}", "kind", "Settled", "problems", json_incref(t.list)));
	else
		control_reply_error(c, w->client, "Unavailable", "vipd stops");
	json_decref(t.list);
	waiter_free(w);
}

static bool is_read(const struct control *c, const struct waiter *w)
{
	for (size_t i = 0; i < w->n; i++) {
		uint64_t hash;
		bool there = folder_read_hash(c->folder, w->files[i].name, &hash);

		if (there == w->files[i].absent || (there && hash != w->files[i].hash))
			return false;
	}
	return c->planning;
}

void control_settle_look(struct control *c)
{
	for (struct waiter *w = c->waiters; w; w = w->next)
		if (!w->read && is_read(c, w)) {
			w->read = true;
			control_due_add(c, &w->due);
		}
	control_due_look(c);
}

void control_settle_end(struct control *c)
{
	while (c->waiters)
		waiter_refuse(c->waiters, "Unavailable", "vipd stops");
}

/* "0123456789abcdef web.yaml", "- gone.yaml" */
static int wanted_parse(const char *text, struct wanted *out)
{
	const char *blank = strchr(text, ' ');
	char *end;

	if (!blank || !blank[1])
		return -1;
	out->absent = blank == text + 1 && *text == '-';
	if (!out->absent) {
		out->hash = strtoull(text, &end, 16);
		if (blank - text != HASH_DIGITS || end != blank)
			return -1;
	}
	out->name = xstrdup(blank + 1);
	return 0;
}

void control_settle(struct control *c, uint64_t client, const struct ctl_request *q)
{
	struct waiter *w = xcalloc(1, sizeof *w);
	size_t others = 0;

	for (const struct waiter *o = c->waiters; o; o = o->next)
		others++;
	w->due.control = c;
	w->due.done = waiter_done;
	w->client = client;
	w->timer = loop_timer_new(c->loop, waiter_late, w);
	w->files = xcalloc(q->n_names + 1, sizeof *w->files);
	w->next = c->waiters;
	c->waiters = w;
	while (w->n < q->n_names && wanted_parse(q->names[w->n], &w->files[w->n]) == 0)
		w->n++;
	if (w->n < q->n_names) {
		waiter_refuse(w, "BadRequest", "\"files\": expected a hash of 16 digits, or -, a blank and a name");
		return;
	}
	if (others >= WAITERS_MAX) {
		waiter_refuse(w, "TooManyRequests", "too many wait already; try again");
		return;
	}
	loop_timer_set(w->timer, q->timeout_s * NSEC_PER_SEC);
	ctl_server_wait(c->ctl, client, (q->timeout_s + 5) * NSEC_PER_SEC);
	control_settle_look(c);
}
