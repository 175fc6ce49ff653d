/* Source: core/v1 Event as `kubectl get events -o json` prints it. Test: tests/test_events_json.c. */
#include "events_json.h"

#include "base/arena.h"
#include "base/version.h"
#include "object_json.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define COMPONENT "vipd"
#define HEAD      "{\"vipdEvents\":1,\"apiVersion\":\"v1\",\"kind\":\"List\",\"items\":[\n" /* VERSION */
#define FOOT      "\n]}\n"

enum { VERSION = 1 };

static json_t *time_json(int64_t unix_seconds)
{
	time_t t = (time_t)unix_seconds;
	struct tm tm;
	char buf[32];

	if (!gmtime_r(&t, &tm) || !strftime(buf, sizeof buf, "%Y-%m-%dT%H:%M:%SZ", &tm))
		return json_null();
	return json_string(buf);
}

static json_t *object_of(const struct event *e)
{
	json_t *o = json_object();

	json_object_set_new(o, "kind", object_json_text(e->kind));
	if (*e->namespace)
		json_object_set_new(o, "namespace", object_json_text(e->namespace));
	json_object_set_new(o, "name", object_json_text(e->name));
	if (*e->uid)
		json_object_set_new(o, "uid", object_json_text(e->uid));
	json_object_set_new(o, "apiVersion", json_string(strcmp(e->kind, "VIP") == 0 ? "vipd.io/v1" : "v1"));
	return o;
}

/* The Event of an object without a namespace is in "default", as the API server has it. */
json_t *event_json(const struct event *e, const char *node)
{
	char *name = xasprintf("%s.%016llx", e->name, (unsigned long long)e->id);
	json_t *o = json_object();

	json_object_set_new(o, "apiVersion", json_string("v1"));
	json_object_set_new(o, "kind", json_string("Event"));
	json_object_set_new(o, "metadata",
			    json_pack("{s:o, s:o, s:o}", "name", object_json_text(name), "namespace",
				      object_json_text(*e->namespace ? e->namespace : "default"), "creationTimestamp",
				      time_json(e->first)));
	json_object_set_new(o, "involvedObject", object_of(e));
	json_object_set_new(o, "reason", object_json_text(e->reason));
	json_object_set_new(o, "message", object_json_text(e->message));
	json_object_set_new(o, "source", json_pack("{s:s}", "component", COMPONENT));
	json_object_set_new(o, "firstTimestamp", time_json(e->first));
	json_object_set_new(o, "lastTimestamp", time_json(e->last));
	json_object_set_new(o, "count", json_integer(e->count));
	json_object_set_new(o, "type", json_string(e->warning ? "Warning" : "Normal"));
	json_object_set_new(o, "reportingComponent", json_string(COMPONENT));
	json_object_set_new(o, "reportingInstance", object_json_text(node ? node : ""));
	if (node)
		json_object_set_new(json_object_get(o, "source"), "host", object_json_text(node));
	free(name);
	return o;
}

/* ---- the file ---- */

struct text {
	const char *node;
	char *bytes;
	size_t len, cap;
	bool more;
};

static void put(struct text *t, const char *s)
{
	size_t n = strlen(s);

	if (t->len + n + 1 > t->cap) {
		t->cap = 2 * (t->len + n + 1);
		t->bytes = xrealloc(t->bytes, t->cap);
	}
	memcpy(t->bytes + t->len, s, n + 1);
	t->len += n;
}

static void put_event(void *arg, const struct event *e)
{
	struct text *t = arg;
	json_t *j = event_json(e, t->node);
	char *s = json_dumps(j, JSON_COMPACT);

	json_decref(j);
	if (!s)
		return;
	if (t->more)
		put(t, ",\n");
	t->more = true;
	put(t, s);
	free(s);
}

char *events_text(const struct events *l, const char *node, size_t *len)
{
	struct text t = {.node = node};

	put(&t, HEAD);
	events_each(l, put_event, &t);
	put(&t, FOOT);
	*len = t.len;
	return t.bytes;
}

static int64_t time_of(json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));
	struct tm tm = {0};

	return s && strptime(s, "%Y-%m-%dT%H:%M:%SZ", &tm) ? (int64_t)timegm(&tm) : 0;
}

/* Behind the last point of the name. */
static uint64_t id_of(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot ? strtoull(dot + 1, NULL, 16) : 0;
}

static void restore(struct events *l, json_t *o)
{
	struct event e = {.namespace = "", .uid = ""};
	const char *name, *type;
	json_int_t count;

	if (json_unpack(o, "{s:{s:s}, s:{s:s, s?s, s:s, s?s}, s:s, s:s, s:I, s:s}", "metadata", "name", &name,
			"involvedObject", "kind", &e.kind, "namespace", &e.namespace, "name", &e.name, "uid", &e.uid,
			"reason", &e.reason, "message", &e.message, "count", &count, "type", &type))
		return;
	if (count < 1 || count > UINT32_MAX)
		return;
	e.id = id_of(name);
	e.count = (uint32_t)count;
	e.warning = strcmp(type, "Warning") == 0;
	e.first = time_of(o, "firstTimestamp");
	e.last = time_of(o, "lastTimestamp");
	events_restore(l, &e);
}

/* A list without a version is what was written before there were versions: it reads alike. */
static int check(const json_t *list, char *why, size_t size)
{
	const json_t *version = json_object_get(list, "vipdEvents");
	json_int_t n = version ? json_integer_value(version) : VERSION;

	if (n == VERSION && json_is_array(json_object_get(list, "items")))
		return 0;
	if (n == VERSION)
		snprintf(why, size, "1:1: expected a List with \"items\"");
	else if (n > 0 && n <= UINT32_MAX)
		snprintf(why, size, VERSION_OTHER, (unsigned)n, (unsigned)VERSION);
	else
		snprintf(why, size, "1:1: expected a version in \"vipdEvents\"");
	return -EINVAL;
}

int events_read(struct events *l, const char *text, size_t len, char *why, size_t size)
{
	json_error_t e;
	json_t *j = json_loadb(text, len, JSON_REJECT_DUPLICATES, &e), *one;
	int err = j ? check(j, why, size) : -EINVAL;
	size_t i;

	if (!j)
		snprintf(why, size, "%d:%d: %s", e.line, e.column, e.text);
	json_array_foreach(err ? NULL : json_object_get(j, "items"), i, one)
	{
		restore(l, one);
	}
	json_decref(j);
	return err;
}
