/* Lists for `vipctl get`. A list is written as text item by item: ten thousand Services as one JSON tree would cost tens of MB.
 * Test: tests/test_control.c (requests). */
#include "views.h"

#include "base/arena.h"
#include "events_json.h"
#include "object_json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { VIP_SERVICES_MAX = 64 };

struct list {
	const struct views *v;
	const struct ctl_request *q;
	char *text;
	size_t len, cap;
	size_t n;
	json_t *routers; /* what vrrp said of its routers; borrowed */
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
	put_item(l, l->q->kind == CTL_SERVICES ? object_json_service(v, AS_ANSWER, config_ip_mode(l->v->config))
					       : object_json_endpoints(v));
}

struct objects {
	enum kind kind;
	const struct object **items;
	size_t n, cap;
};

static void gather(void *arg, const struct object *o)
{
	struct objects *l = arg;

	if (o->kind != l->kind)
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

/* Those of a kind as they are in the folder, sorted. */
static void object_items(struct list *l, enum kind kind)
{
	struct objects o = {.kind = kind};

	folder_each_object(l->v->folder, gather, &o);
	if (o.n)
		qsort(o.items, o.n, sizeof *o.items, object_cmp);
	for (size_t i = 0; i < o.n; i++)
		if (asked(l, o.items[i]->meta.namespace, o.items[i]->meta.name, NULL))
			put_item(l, kind == KIND_POD ? object_json_pod(o.items[i]) : object_json_node(o.items[i]));
	free(o.items);
}

/* JSON's numbers end at 63 bits here; what is larger is a text. */
static json_t *number_json(unsigned __int128 n)
{
	char text[48], *p = text + sizeof text - 1;

	if (n <= INT64_MAX)
		return json_integer((json_int_t)n);
	for (*p = '\0'; n; n /= 10)
		*--p = (char)('0' + (int)(n % 10));
	return json_string(p);
}

static json_t *ranges_json(const struct pool_range *r, size_t n)
{
	json_t *list = json_array();
	char buf[POOL_RANGE_TEXT];

	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, json_string(pool_range_format(&r[i], buf)));
	return list;
}

/* As vipd.yaml has it: the plan knows what may be given, not how it is written. */
static const struct pool *written(const struct list *l, const struct pool *p)
{
	const struct plan_config *c = &l->v->config->plan;

	for (size_t i = 0; i < c->n_pools; i++)
		if (strcmp(c->pools[i].name, p->name) == 0)
			return &c->pools[i];
	return p;
}

static void pool_item(void *arg, const struct pool_view *v)
{
	struct list *l = arg;
	const struct pool *pool = written(l, v->pool);
	json_t *spec, *status;

	if (!asked(l, "", pool->name, NULL))
		return;
	spec = json_pack("{s:o, s:b}", "addresses", ranges_json(pool->ranges, pool->n), "autoAssign", !pool->manual);
	if (pool->n_avoid)
		json_object_set_new(spec, "avoid", ranges_json(pool->avoid, pool->n_avoid));
	if (pool->priority)
		json_object_set_new(spec, "priority", json_integer(pool->priority));
	status = json_pack("{s:o, s:I, s:o}", "size", number_json(v->size), "used", (json_int_t)v->used, "free",
			   number_json(v->size - v->used));
	put_item(l, json_pack("{s:s, s:s, s:{s:s}, s:o, s:o}", "apiVersion", "vipd.io/v1", "kind", "Pool", "metadata",
			      "name", pool->name, "spec", spec, "status", status));
}

/* kind in front of the slash, without case and in the singular or plural; a Service without. */
static bool concerns(const struct event *e, const char *of)
{
	const char *slash = strchr(of, '/'), *name = slash ? slash + 1 : of;
	size_t n = slash ? (size_t)(slash - of) : 0, kind = strlen(e->kind);

	if (strcmp(e->name, name) != 0)
		return false;
	if (!n || (n == 3 && strncasecmp(of, "svc", 3) == 0))
		return strcmp(e->kind, "Service") == 0;
	return strncasecmp(of, e->kind, kind) == 0 && (n == kind || (n == kind + 1 && (of[kind] | 0x20) == 's'));
}

static void event_item(void *arg, const struct event *e)
{
	struct list *l = arg;
	json_t *item;

	if (l->q->of && !concerns(e, l->q->of))
		return;
	item = event_json(e, l->v->config->node_name);
	if (asked(l, json_string_value(json_object_get(json_object_get(item, "metadata"), "namespace")),
		  json_string_value(json_object_get(json_object_get(item, "metadata"), "name")), NULL))
		put_item(l, item);
	else
		json_decref(item);
}

/* Moves the named members of item into a new object. */
static json_t *take(json_t *item, const char *const *names, size_t n)
{
	json_t *o = json_object();

	for (size_t i = 0; i < n; i++) {
		json_t *v = json_object_get(item, names[i]);

		if (!v)
			continue;
		json_object_set(o, names[i], v);
		json_object_del(item, names[i]);
	}
	return o;
}

/* What a process tells is flat; the members in spec say what is wanted, the rest is status. */
static json_t *shape(json_t *item, const char *kind, const char *name, const char *const *spec, size_t n)
{
	json_t *wanted = take(item, spec, n);

	return json_pack("{s:s, s:s, s:{s:s}, s:o, s:O}", "apiVersion", "vipd.io/v1", "kind", kind, "metadata", "name",
			 name, "spec", wanted, "status", item);
}

static int vs_key_of(json_t *item, struct vs_key *k)
{
	const char *address, *protocol;
	int port;

	if (json_unpack(item, "{s:s, s:i, s:s}", "address", &address, "port", &port, "protocol", &protocol) ||
	    addr_parse(address, &k->addr) || proto_parse(protocol, &k->proto) || port < 0 || port > 65535)
		return -EINVAL;
	k->port = (uint16_t)port;
	return 0;
}

static void vs_item(void *arg, json_t *item)
{
	static const char *const spec[] = {"address", "port", "protocol", "scheduler", "flags", "persistence"};
	struct vs_key key = {0};
	struct list *l = arg;
	char name[VS_KEY_TEXT];
	const char *service;
	json_t *o;

	if (vs_key_of(item, &key))
		return;
	vs_key_format(&key, name);
	if (!asked(l, "", name, strchr(name, ' ') ? strchr(name, ' ') + 1 : NULL))
		return;
	o = shape(item, "VirtualServer", name, spec, sizeof spec / sizeof spec[0]);
	service = plan_vs_service(l->v->plan, &key);
	if (service)
		json_object_set_new(json_object_get(o, "spec"), "service", json_string(service));
	put_item(l, o);
}

const char *views_state(const char *word)
{
	static const char *const words[][2] = {
	    {"MASTER", "Active"}, {"BACKUP", "Backup"}, {"FAULT", "Fault"}, {"STOP", "Initialize"}};

	for (size_t i = 0; word && i < sizeof words / sizeof words[0]; i++)
		if (strcmp(word, words[i][0]) == 0)
			return words[i][1];
	return word;
}

static void set_state(json_t *o, json_t *from)
{
	const char *state = views_state(json_string_value(json_object_get(from, "state")));

	if (state)
		json_object_set_new(o, "state", json_string(state));
}

static void router_item(void *arg, json_t *item)
{
	static const char *const spec[] = {"interface", "vrid",       "family", "version",
					   "priority",  "intervalMs", "mac",    "group"};
	const char *name = json_string_value(json_object_get(item, "name"));
	struct list *l = arg;
	char *copy;

	if (!name || !asked(l, "", name, NULL))
		return;
	copy = xstrdup(name);
	set_state(item, item);
	json_object_del(item, "name");
	put_item(l, shape(item, "VirtualRouter", copy, spec, sizeof spec / sizeof spec[0]));
	free(copy);
}

static json_t *router_of(const struct list *l, const char *name)
{
	json_t *one;
	size_t i;

	json_array_foreach(l->routers, i, one)
	{
		const char *s = json_string_value(json_object_get(one, "name"));

		if (s && strcmp(s, name) == 0)
			return one;
	}
	return NULL;
}

static bool is_text(json_t *j, const char *key, const char *word)
{
	const char *s = json_string_value(json_object_get(j, key));

	return s && strcmp(s, word) == 0;
}

/* The router of a client's VIP, its state here, and who holds the address. */
static void set_router(const struct list *l, json_t *spec, json_t *status, const struct addr *a)
{
	uint16_t k = assign_router(l->v->assign, a);
	const char *owner = json_is_true(json_object_get(status, "held")) ? l->v->config->node_name : NULL;
	const char *active;
	char name[ROUTER_NAME + 1] = "";
	json_t *router;

	if (k < l->v->config->n_routers) {
		memcpy(name, l->v->config->routers[k].name, ROUTER_NAME);
		json_object_set_new(spec, "router", json_string(name));
		router = router_of(l, name);
		set_state(status, router);
		active = json_string_value(json_object_get(router, "active"));
		if (is_text(status, "state", "Backup") && active && strcmp(active, "-") != 0)
			owner = active;
	}
	if (owner)
		json_object_set_new(status, "owner", json_string(owner));
}

static void vip_item(void *arg, json_t *item)
{
	static const char *const spec[] = {"address", "bits", "kind", "interface"};
	const char *names[VIP_SERVICES_MAX], *name = json_string_value(json_object_get(item, "address"));
	struct list *l = arg;
	json_t *services, *o;
	struct addr a;
	char *copy;
	size_t n;

	if (!name || addr_parse(name, &a) || !asked(l, "", name, NULL))
		return;
	copy = xstrdup(name);
	o = shape(item, "VIP", copy, spec, sizeof spec / sizeof spec[0]);
	free(copy);
	services = json_array();
	n = plan_vip_services(l->v->plan, &a, names, VIP_SERVICES_MAX);
	for (size_t i = 0; i < n && i < VIP_SERVICES_MAX; i++)
		json_array_append_new(services, json_string(names[i]));
	json_object_set_new(json_object_get(o, "spec"), "services", services);
	if (!is_text(json_object_get(o, "spec"), "kind", "cluster"))
		set_router(l, json_object_get(o, "spec"), json_object_get(o, "status"), &a);
	put_item(l, o);
}

int views_each_item(const char *text, size_t len, void (*each)(void *arg, json_t *item), void *arg)
{
	const char *end = text + len, *p = text;
	json_error_t e;
	json_t *item;

	while (p < end && (*p == ' ' || *p == '\n'))
		p++;
	if (p == end || *p != '[')
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

char *views_get(const struct views *v, const struct ctl_request *q, const char *answer, size_t answer_len,
		json_t *routers, size_t *len)
{
	static const char *const heads[CTL_KINDS] = {
	    [CTL_SERVICES] = "{\"kind\":\"ServiceList\",\"apiVersion\":\"v1\",\"items\":[",
	    [CTL_ENDPOINTS] = "{\"kind\":\"EndpointsList\",\"apiVersion\":\"v1\",\"items\":[",
	    [CTL_PODS] = "{\"kind\":\"PodList\",\"apiVersion\":\"v1\",\"items\":[",
	    [CTL_VIRTUALSERVERS] = "{\"kind\":\"VirtualServerList\",\"apiVersion\":\"vipd.io/v1\",\"items\":[",
	    [CTL_VRRP] = "{\"kind\":\"VirtualRouterList\",\"apiVersion\":\"vipd.io/v1\",\"items\":[",
	    [CTL_NODES] = "{\"kind\":\"NodeList\",\"apiVersion\":\"v1\",\"items\":[",
	    [CTL_POOLS] = "{\"kind\":\"PoolList\",\"apiVersion\":\"vipd.io/v1\",\"items\":[",
	    [CTL_EVENTS] = "{\"kind\":\"EventList\",\"apiVersion\":\"v1\",\"items\":[",
	    [CTL_VIPS] = "{\"kind\":\"VIPList\",\"apiVersion\":\"vipd.io/v1\",\"items\":[",
	};
	struct list l = {.v = v, .q = q, .routers = routers};
	int err = 0;

	puts_list(&l, heads[q->kind]);
	switch (q->kind) {
	case CTL_SERVICES:
	case CTL_ENDPOINTS:
		plan_each_service(v->plan, service_item, &l);
		break;
	case CTL_PODS:
		object_items(&l, KIND_POD);
		break;
	case CTL_NODES:
		object_items(&l, KIND_NODE);
		break;
	case CTL_POOLS:
		plan_each_pool(v->plan, pool_item, &l);
		break;
	case CTL_VIRTUALSERVERS:
		err = views_each_item(answer, answer_len, vs_item, &l);
		break;
	case CTL_VIPS:
		err = views_each_item(answer, answer_len, vip_item, &l);
		break;
	case CTL_VRRP:
		err = views_each_item(answer, answer_len, router_item, &l);
		break;
	case CTL_EVENTS:
		events_each(v->events, event_item, &l);
		break;
	case CTL_KINDS:
		break;
	}
	if (err) {
		free(l.text);
		return NULL;
	}
	puts_list(&l, "]");
	if (q->n_names)
		not_found(&l);
	puts_list(&l, "}\n");
	*len = l.len;
	return l.text;
}
