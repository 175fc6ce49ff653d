/* Lists for `vipctl get`. A list is written as text item by item: ten thousand Services as one JSON tree would cost tens of MB.
 * Test: tests/test_views.c. */
#include "views.h"

#include "base/arena.h"
#include "object_json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { VIP_SERVICES_MAX = 64 };

struct list {
	const struct views *v;
	const struct ctl_request *q;
	char *text;
	size_t len, cap;
	size_t n;
	bool found[CTL_NAMES_MAX];
};

static void put(struct list *l, const char *s, size_t n)
{
	if (l->len + n + 1 > l->cap) {
		l->cap = (l->len + n + 1) * 2;
		l->text = xrealloc(l->text, l->cap);
	}
	memcpy(l->text + l->len, s, n);
	l->len += n;
	l->text[l->len] = '\0';
}

static void puts_list(struct list *l, const char *s)
{
	put(l, s, strlen(s));
}

/* Takes item. */
static void put_item(struct list *l, json_t *item)
{
	char *s = item ? json_dumps(item, JSON_COMPACT) : NULL;

	json_decref(item);
	if (!s)
		return;
	if (l->n++)
		puts_list(l, ",");
	puts_list(l, s);
	free(s);
}

/* Whether the request asks for this name, in this namespace ("" for what has none). alias: another name of it, or NULL. */
static bool asked(struct list *l, const char *ns, const char *name, const char *alias)
{
	bool hit = l->q->n_names == 0;

	if (*ns && !l->q->all_namespaces && strcmp(ns, l->q->ns) != 0)
		return false;
	for (size_t i = 0; i < l->q->n_names; i++)
		if (strcmp(l->q->names[i], name) == 0 || (alias && strcmp(l->q->names[i], alias) == 0))
			hit = l->found[i] = true;
	return hit;
}

static void service_item(void *arg, const struct service_view *v)
{
	struct list *l = arg;

	if (!asked(l, v->object->meta.namespace, v->object->meta.name, NULL))
		return;
	put_item(l, l->q->kind == CTL_SERVICES ? object_json_service(v, AS_ANSWER) : object_json_endpoints(v));
}

struct objects {
	const struct object **items;
	size_t n, cap;
};

static void gather_pod(void *arg, const struct object *o)
{
	struct objects *l = arg;

	if (o->kind != KIND_POD)
		return;
	if (l->n == l->cap) {
		l->cap = l->cap ? l->cap * 2 : 64;
		l->items = xrealloc(l->items, l->cap * sizeof *l->items);
	}
	l->items[l->n++] = o;
}

static int object_cmp(const void *a, const void *b)
{
	const struct object *x = *(const struct object *const *)a, *y = *(const struct object *const *)b;
	int d = strcmp(x->meta.namespace, y->meta.namespace);

	return d ? d : strcmp(x->meta.name, y->meta.name);
}

static void pod_items(struct list *l)
{
	struct objects pods = {0};

	folder_each_object(l->v->folder, gather_pod, &pods);
	if (pods.n)
		qsort(pods.items, pods.n, sizeof *pods.items, object_cmp);
	for (size_t i = 0; i < pods.n; i++)
		if (asked(l, pods.items[i]->meta.namespace, pods.items[i]->meta.name, NULL))
			put_item(l, object_json_pod(pods.items[i]));
	free(pods.items);
}

/* "TCP 10.0.0.1:80", "UDP [fd00::1]:53" -> a key. */
static int key_parse(const char *text, struct vs_key *k)
{
	char proto[8], host[ADDR_TEXT];
	const char *blank = strchr(text, ' '), *colon = strrchr(text, ':');
	size_t n;

	if (!blank || !colon || colon < blank || (size_t)(blank - text) >= sizeof proto)
		return -EINVAL;
	memcpy(proto, text, (size_t)(blank - text));
	proto[blank - text] = '\0';
	if (*++blank == '[' && colon > blank && colon[-1] == ']')
		n = (size_t)(colon - 1 - ++blank);
	else
		n = (size_t)(colon - blank);
	if (n >= sizeof host)
		return -EINVAL;
	memcpy(host, blank, n);
	host[n] = '\0';
	k->port = (uint16_t)strtoul(colon + 1, NULL, 10);
	return proto_parse(proto, &k->proto) || addr_parse(host, &k->addr) ? -EINVAL : 0;
}

static void vs_item(void *arg, json_t *item)
{
	const char *name = json_string_value(json_object_get(json_object_get(item, "metadata"), "name"));
	struct list *l = arg;
	struct vs_key key = {0};
	const char *service;

	if (!name || !asked(l, "", name, strchr(name, ' ') ? strchr(name, ' ') + 1 : NULL))
		return;
	service = key_parse(name, &key) ? NULL : plan_vs_service(l->v->plan, &key);
	if (service)
		json_object_set_new(json_object_get(item, "metadata"), "service", json_string(service));
	put_item(l, json_incref(item));
}

static void vip_item(void *arg, json_t *item)
{
	const char *name = json_string_value(json_object_get(json_object_get(item, "metadata"), "name"));
	const char *names[VIP_SERVICES_MAX];
	struct list *l = arg;
	json_t *services;
	struct addr a;
	size_t n;

	if (!name || !asked(l, "", name, NULL))
		return;
	services = json_array();
	n = addr_parse(name, &a) ? 0 : plan_vip_services(l->v->plan, &a, names, VIP_SERVICES_MAX);
	for (size_t i = 0; i < n; i++)
		json_array_append_new(services, json_string(names[i]));
	json_object_set_new(item, "services", services);
	put_item(l, json_incref(item));
}

int views_each_item(const char *text, size_t len, void (*each)(void *arg, json_t *item), void *arg)
{
	const char *end = text + len, *p = memmem(text, len, "\"items\"", 7);
	json_error_t e;
	json_t *item;

	p = p ? memchr(p, '[', (size_t)(end - p)) : NULL;
	if (!p)
		return -EINVAL;
	for (p++; p < end; p++) {
		if (*p == ']')
			return 0;
		if (*p != '{')
			continue;
		item = json_loadb(p, (size_t)(end - p), JSON_DISABLE_EOF_CHECK, &e);
		if (!item)
			return -EINVAL;
		each(arg, item);
		json_decref(item);
		p += e.position - 1;
	}
	return -EINVAL;
}

static void not_found(struct list *l)
{
	json_t *names = json_array();
	char *s;

	for (size_t i = 0; i < l->q->n_names; i++)
		if (!l->found[i])
			json_array_append_new(names, json_string(l->q->names[i]));
	s = json_dumps(names, JSON_COMPACT);
	puts_list(l, ",\"notFound\":");
	puts_list(l, s ? s : "[]");
	free(s);
	json_decref(names);
}

char *views_get(const struct views *v, const struct ctl_request *q, const char *answer, size_t answer_len, size_t *len)
{
	static const char *const heads[CTL_KINDS] = {
	    [CTL_SERVICES] = "{\"kind\":\"ServiceList\",\"apiVersion\":\"v1\",\"items\":[",
	    [CTL_ENDPOINTS] = "{\"kind\":\"EndpointsList\",\"apiVersion\":\"v1\",\"items\":[",
	    [CTL_PODS] = "{\"kind\":\"PodList\",\"apiVersion\":\"v1\",\"items\":[",
	    [CTL_VIRTUALSERVERS] = "{\"kind\":\"VirtualServerList\",\"apiVersion\":\"vipd.io/v1\",\"items\":[",
	    [CTL_VIPS] = "{\"kind\":\"VIPList\",\"apiVersion\":\"vipd.io/v1\",\"items\":[",
	};
	struct list l = {.v = v, .q = q};

	puts_list(&l, heads[q->kind]);
	switch (q->kind) {
	case CTL_SERVICES:
	case CTL_ENDPOINTS:
		plan_each_service(v->plan, service_item, &l);
		break;
	case CTL_PODS:
		pod_items(&l);
		break;
	case CTL_VIRTUALSERVERS:
		views_each_item(answer, answer_len, vs_item, &l);
		break;
	case CTL_VIPS:
		views_each_item(answer, answer_len, vip_item, &l);
		break;
	case CTL_KINDS:
		break;
	}
	puts_list(&l, "]");
	if (q->n_names)
		not_found(&l);
	puts_list(&l, "}\n");
	*len = l.len;
	return l.text;
}
