/* What a person drains: state_dir/drained, and the requests that change it. A drained real server stays in every virtual server, with weight 0, until it is
 * undrained; connections go on meanwhile. Source: README, "Draining". Test: tests/test_control.c; the list itself: tests/test_drained.c */
#include "control.h"

#include "base/file.h"
#include "base/log.h"
#include "base/version.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define DRAINED     "drained"
#define DRAINED_BAD DRAINED ".bad"

enum { FILE_MAX = DRAINED_MAX * (DRAINED_TEXT + 1) + 64 };

static void say(struct control *c, const char *reason, const char *message)
{
	if (notices_set(c->notices, "record", DRAINED, reason, message) && message)
		log_event(LOG_RECORD_REFUSED, LOG_WITH(.file = DRAINED), "%s/%s: %s", c->env->places->state_dir,
			  DRAINED, message);
}

/* NULL, or what is wrong with the file; malloc'd. */
static char *read_text(struct control *c, const char *text, size_t len)
{
	size_t where = 0;
	enum drained_file found = drained_read(&c->drained, text, len, &where);

	c->drained_other = found == DRAINED_OTHER;
	if (found == DRAINED_DAMAGED)
		return xasprintf("line %zu is neither an address nor address:port; it is passed over", where);
	if (found == DRAINED_OTHER)
		return xasprintf(VERSION_OTHER
				 ": what it drains is in service again; with the next drain or undrain it is left "
				 "aside as " DRAINED_BAD,
				 (unsigned)where, (unsigned)DRAINED_VERSION);
	return NULL;
}

void control_drain_load(struct control *c)
{
	char *text = NULL, *why = NULL;
	size_t len = 0;
	int err = c->env->state_fd < 0 ? -ENOENT : file_read(c->env->state_fd, DRAINED, FILE_MAX, &text, &len);

	if (!err)
		why = read_text(c, text, len);
	else if (err != -ENOENT)
		why = xasprintf("cannot be read: %s; what was drained is in service again", strerror(-err));
	say(c, "BadRecord", why);
	free(why);
	free(text);
}

/* Out of the way of what is to be written. */
static void set_aside(struct control *c)
{
	if (!c->drained_other || c->env->state_fd < 0)
		return;
	renameat(c->env->state_fd, DRAINED, c->env->state_fd, DRAINED_BAD);
	c->drained_other = false;
	say(c, "BadRecord", NULL);
}

static void save(struct control *c)
{
	size_t len;
	char *text = drained_write(&c->drained, &len), *why = NULL;
	int err;

	set_aside(c);
	err = c->env->state_fd < 0 ? 0 : file_write(c->env->state_fd, DRAINED, text, len, 0640);
	if (err)
		why = xasprintf("cannot be written: %s; what is drained now would be forgotten by a restart",
				strerror(-err));
	say(c, "NotSaved", why);
	free(why);
	free(text);
}

json_t *control_drained_json(const struct control *c)
{
	json_t *list = json_array();
	char buf[DRAINED_TEXT];

	for (size_t i = 0; i < c->drained.n; i++)
		json_array_append_new(list, json_string(drained_format(&c->drained.items[i], buf)));
	return list;
}

/* Sends the virtual servers again that have it. */
struct change {
	struct control *control;
	struct drained_one one;
	size_t n;
};

static void send_again(void *arg, const struct vs *v)
{
	struct change *ch = arg;

	if (!drained_concerns(&ch->one, v))
		return;
	control_plan_out.vs_set(ch->control, v);
	ch->n++;
}

static void change(struct control *c, const struct drained_one *one, bool drain, json_t *changed)
{
	struct change ch = {c, *one, 0};
	char buf[DRAINED_TEXT];

	if (drain ? !drained_add(&c->drained, one) : !drained_remove(&c->drained, one))
		return;
	drained_format(one, buf);
	plan_each_vs(c->plan, send_again, &ch);
	log_event(LOG_DRAINED, NULL, "%s %s, in %zu virtual servers", buf, drain ? "drained" : "undrained", ch.n);
	json_array_append_new(changed, json_pack("{s:s, s:I}", "realServer", buf, "virtualServers", (json_int_t)ch.n));
}

/* A pod's addresses, by its name in a namespace. */
struct pod_search {
	const char *ns, *name;
	struct addr_list ips;
	bool found;
};

static void match_pod(void *arg, const struct object *o)
{
	struct pod_search *s = arg;

	if (o->kind != KIND_POD || strcmp(o->meta.namespace, s->ns) != 0 || strcmp(o->meta.name, s->name) != 0)
		return;
	s->found = true;
	s->ips = o->pod.ips;
}

struct asked {
	struct drained_one *items;
	size_t n;
};

static void asked_add(struct asked *a, const struct drained_one *one)
{
	a->items = xrealloc(a->items, (a->n + 1) * sizeof *a->items);
	a->items[a->n++] = *one;
}

/* NULL, or why there is no such real server; malloc'd. */
static char *find_named(const struct control *c, const struct ctl_request *q, const char *name, struct asked *out)
{
	struct pod_search s = {.ns = q->ns, .name = name};
	struct drained_one one;

	if (!drained_parse(name, &one)) {
		asked_add(out, &one);
		return NULL;
	}
	folder_each_object(c->folder, match_pod, &s);
	if (!s.found)
		return xasprintf("\"%.253s\" is no address, no address:port, and there is no pod of that name in "
				 "namespace %s",
				 name, q->ns);
	if (!s.ips.n)
		return xasprintf("pod %s/%s has no address yet", q->ns, name);
	for (size_t i = 0; i < s.ips.n; i++)
		asked_add(out, &(struct drained_one){.addr = s.ips.items[i]});
	return NULL;
}

static bool has_room(const struct drained *d, const struct asked *a)
{
	size_t n = d->n;

	for (size_t i = 0; i < a->n; i++)
		n += !drained_listed(d, &a->items[i]);
	return n <= DRAINED_MAX;
}

static char *change_all(struct control *c, const struct asked *a, bool drain)
{
	json_t *changed = json_array(), *j;
	char *body, *text;

	for (size_t i = 0; i < a->n; i++)
		change(c, &a->items[i], drain, changed);
	if (json_array_size(changed)) {
		save(c);
		control_send(c);
	}
	j = json_pack("{s:s, s:o, s:o}", "kind", "Drained", "changed", changed, "drained", control_drained_json(c));
	body = json_dumps(j, JSON_COMPACT);
	text = xasprintf("%s\n", body ? body : "{}");
	free(body);
	json_decref(j);
	return text;
}

/* All of them or none. */
char *control_drain(struct control *c, const struct ctl_request *q)
{
	bool drain = q->verb == CTL_DRAIN;
	struct asked a = {0};
	char *why = NULL, *text;

	for (size_t i = 0; i < q->n_names && !why; i++)
		why = find_named(c, q, q->names[i], &a);
	if (why) {
		text = ctl_error_text("NotFound", why);
	} else if (drain && !has_room(&c->drained, &a)) {
		why = xasprintf("more than %d real servers would be drained: undrain others first", DRAINED_MAX);
		text = ctl_error_text("TooMany", why);
	} else {
		text = change_all(c, &a, drain);
	}
	free(why);
	free(a.items);
	return text;
}
