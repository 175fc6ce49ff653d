/* Which address goes to which Service: data {"10.4.0.50": "namespace/name:NAT"}, with '-' for ':' in IPv6 keys and several services
 * separated by commas or newlines, and the annotation of keepalived-cloud-provider as a list of addresses that were given before.
 * Source: kube-keepalived-vip's and keepalived-cloud-provider's formats. Tests: tests/test_plan_vipmap.c, tests/fuzz/fuzz_vipmap.c */
#include "vipmap.h"

#include "../src/base/doc.h"
#include "../src/base/map.h"
#include "record.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { CLOUD_MAX = 8 << 20, ITEMS_MAX = 100000 };

#define VALUE_FORM "expected namespace/name, namespace/name:NAT, :DR or :TUN, several separated by commas, or nothing"

/* One key being read. */
struct reader {
	struct vipmap *map;
	const char *file;
	struct diag_list *diags;
	const struct str_pair *pair;
	struct addr addr;
	size_t first; /* the key's first entry in map->data */
};

static struct vipmap_entry *vipmap_add(struct vipmap_entry **items, size_t *n, const struct vipmap_entry *e)
{
	if ((*n & (*n - 1)) == 0) /* at powers of two */
		*items = xrealloc(*items, (*n ? 2 * *n : 1) * sizeof **items);
	(*items)[*n] = *e;
	return &(*items)[(*n)++];
}

/* Why the key is no address that can be a virtual IP, or NULL. */
static const char *key_parse(const char *key, struct addr *out)
{
	char text[ADDR_TEXT];
	struct addr a;

	if (strlen(key) >= sizeof text)
		return "is too long for an address";
	strcpy(text, key);
	for (char *c = text; *c; c++) {
		if (*c == ':')
			return "must have - for : in an IPv6 address (fd00--10)";
		if (*c == '-')
			*c = ':';
	}
	if (addr_parse(text, &a))
		return "is not an address: expected IPv4 (10.4.0.50), or IPv6 with - for : (fd00--10)";
	if (addr_unusable(&a))
		return addr_unusable(&a);
	*out = a;
	return NULL;
}

/* The length of a name of at most max bytes as Kubernetes has them; 0 if there is none. */
static size_t name_span(const char *s, size_t max)
{
	size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-.");

	return n && n <= max && s[0] != '-' && s[0] != '.' && s[n - 1] != '-' && s[n - 1] != '.' ? n : 0;
}

/* The length of "namespace/name", 0 if the text does not start so. */
static size_t service_span(const char *s)
{
	size_t ns = name_span(s, 63), name;

	if (!ns || s[ns] != '/')
		return 0;
	name = name_span(s + ns + 1, 253);
	return name ? ns + 1 + name : 0;
}

static void value_error(const struct reader *r, const char *item, const char *what)
{
	diag_error(r->diags, r->file, r->pair->pos, "key %s: \"%.80s\" %s", r->pair->key, item, what);
}

/* The method after the colon; -EINVAL when it was refused. kube-keepalived-vip takes an empty one for NAT. */
static int method_parse(const struct reader *r, const char *item, const char *method, int *out)
{
	enum forward f = FORWARD_NAT;

	if (!strcmp(method, "PROXY"))
		value_error(r, item, "asks for the PROXY protocol, which IPVS cannot speak: expected NAT, DR or TUN");
	else if (*method && forward_parse(method, &f))
		value_error(r, item, "has an unknown forwarding method: expected NAT, DR or TUN");
	else
		return *out = (int)f, 0;
	return -EINVAL;
}

static void item_read(struct reader *r, char *item)
{
	struct vipmap_entry e = {.addr = r->addr, .key = r->pair->key, .forward = -1};
	size_t n = service_span(item);

	if (!n || (item[n] && item[n] != ':')) {
		value_error(r, item, "names no Service: " VALUE_FORM);
		return;
	}
	if (item[n] && method_parse(r, item, item + n + 1, &e.forward))
		return;
	item[n] = '\0';
	for (size_t i = r->first; i < r->map->n_data; i++) {
		if (strcmp(r->map->data[i].service, item) != 0)
			continue;
		value_error(r, item, "is named twice");
		return;
	}
	e.service = arena_strdup(r->map->arena, item);
	vipmap_add(&r->map->data, &r->map->n_data, &e);
}

/* Splits at commas and newlines, trims blanks, passes over empty items. */
static void value_read(struct reader *r)
{
	static const char blank[] = " \t\r";
	char *copy = xstrdup(r->pair->value), *rest = copy, *item;
	size_t count = 0;

	while ((item = strsep(&rest, ",\n"))) {
		size_t n;

		item += strspn(item, blank);
		for (n = strlen(item); n && strchr(blank, item[n - 1]);)
			item[--n] = '\0';
		if (n && count++ < 1000)
			item_read(r, item);
	}
	if (count > 1000)
		diag_error(r->diags, r->file, r->pair->pos, "key %s: names more than 1000 Services", r->pair->key);
	free(copy);
}

static int entry_cmp(const void *a, const void *b)
{
	const struct vipmap_entry *x = a, *y = b;
	int c = addr_cmp(&x->addr, &y->addr);

	if (c || !x->key || !y->key)
		return c;
	c = strcmp(x->key, y->key);
	return c ? c : (x->service && y->service ? strcmp(x->service, y->service) : 0);
}

static void key_read(struct vipmap *m, const struct object *o, const struct str_pair *pair, struct diag_list *diags)
{
	struct reader r = {.map = m, .file = o->file, .diags = diags, .pair = pair};
	struct vipmap_entry only = {.key = pair->key, .forward = -1};
	const char *why = key_parse(pair->key, &r.addr);

	if (why) {
		diag_error(diags, o->file, pair->pos, "key %.80s %s", pair->key, why);
		return;
	}
	r.first = m->n_data;
	value_read(&r);
	only.addr = r.addr;
	if (r.first == m->n_data)
		vipmap_add(&m->data, &m->n_data, &only);
}

/* Sorts; of two keys that are one address the first stays. */
static void keys_unique(struct vipmap *m, const struct object *o, struct diag_list *diags)
{
	size_t kept = 0;

	if (m->n_data)
		qsort(m->data, m->n_data, sizeof *m->data, entry_cmp);
	for (size_t i = 0; i < m->n_data; i++) {
		const struct vipmap_entry *e = &m->data[i], *last = kept ? &m->data[kept - 1] : NULL;

		if (last && addr_equal(&last->addr, &e->addr) && strcmp(last->key, e->key) != 0) {
			if (i == 0 || m->data[i - 1].key != e->key)
				diag_error(diags, o->file, o->pos, "key %s is the same address as key %s", e->key,
					   last->key);
			continue;
		}
		m->data[kept++] = *e;
	}
	m->n_data = kept;
}

/* ---- the annotation ---- */

struct cloud_reader {
	struct vipmap *map;
	const struct object *object;
	struct diag_list *diags;
};

static void cloud_error(const struct cloud_reader *r, size_t index, const char *what)
{
	diag_error(r->diags, r->object->file, r->object->pos, "annotation " VIPMAP_CLOUD ": services[%zu] %s", index,
		   what);
}

/* A string of the map, "" if it is absent or null, NULL if it is something else. */
static const char *text_of(const struct node *map, const char *key)
{
	const struct node *n = node_get(map, key);

	if (!n || n->type == NODE_NULL)
		return "";
	return n->type == NODE_STRING ? n->text : NULL;
}

static void cloud_item(const struct cloud_reader *r, const struct node *item, size_t index)
{
	const char *uid = text_of(item, "uid"), *ip = text_of(item, "ip"), *method = text_of(item, "forwardMethod");
	const char *ns = text_of(item, "serviceNamespace"), *name = text_of(item, "serviceName");
	struct vipmap_entry e = {.forward = -1};
	enum forward f;
	char *service;
	size_t n;

	if (item->type != NODE_MAP || !uid || !ip || !method || !ns || !name) {
		cloud_error(r, index,
			    "must be a map of strings: uid, ip, serviceNamespace, serviceName, forwardMethod");
		return;
	}
	if (addr_parse(ip, &e.addr) || addr_unusable(&e.addr)) {
		cloud_error(r, index, "has an ip that cannot be a virtual IP");
		return;
	}
	if (*method && forward_parse(method, &f))
		cloud_error(r, index, "has a forwardMethod that is not NAT, DR or TUN");
	else if (*method)
		e.forward = (int)f;
	service = xasprintf("%.64s/%.254s", ns, name);
	n = service_span(service);
	if (n && !service[n]) {
		e.service = arena_strdup(r->map->arena, service);
		e.uid = arena_strdup(r->map->arena, uid);
		vipmap_add(&r->map->cloud, &r->map->n_cloud, &e);
	} else {
		cloud_error(r, index, "names no Service: expected serviceNamespace and serviceName");
	}
	free(service);
}

static int cloud_read(void *arg, const struct node *root, size_t index)
{
	const struct cloud_reader *r = arg;
	const struct node *services = node_get(root, "services");

	if (index || root->type != NODE_MAP ||
	    (services && services->type != NODE_LIST && services->type != NODE_NULL)) {
		diag_error(r->diags, r->object->file, r->object->pos,
			   "annotation " VIPMAP_CLOUD ": expected {\"services\": [...]}");
		return 1;
	}
	if (services && services->type == NODE_LIST)
		for (size_t i = 0; i < services->list.n && i < ITEMS_MAX; i++)
			cloud_item(r, &services->list.items[i], i);
	return 0;
}

static void cloud_parse(struct vipmap *m, const struct object *o, struct diag_list *diags)
{
	static const struct doc_limits limits = {
	    .bytes = CLOUD_MAX, .depth = 8, .nodes = 10 * ITEMS_MAX, .scalar = 4096};
	const char *text = pairs_get(&o->meta.annotations, VIPMAP_CLOUD);
	struct cloud_reader r = {m, o, diags};
	struct diag_list bad = {0};

	if (!text)
		return;
	if (doc_parse("", text, strlen(text), &limits, &bad, cloud_read, &r) && bad.n)
		diag_error(diags, o->file, o->pos, "annotation " VIPMAP_CLOUD ": is not JSON: %s", bad.items[0].text);
	diag_clear(&bad);
}

static char *entry_name(const struct vipmap_entry *e)
{
	char text[ADDR_TEXT];

	return xasprintf("%s %s", addr_format(&e->addr, text), e->service ? e->service : "");
}

/* keepalived-cloud-provider and vipd write each of the annotation's services into data too: those are not a person's. Where the annotation says no
 * method, data may. */
static void drop_generated(struct vipmap *m)
{
	struct map *cloud = map_new();
	size_t kept = 0;
	char *name;

	for (size_t i = 0; i < m->n_cloud; i++) {
		name = entry_name(&m->cloud[i]);
		map_puts(cloud, name, &m->cloud[i]);
		free(name);
	}
	for (size_t i = 0; i < m->n_data; i++) {
		struct vipmap_entry *e;

		name = entry_name(&m->data[i]);
		e = map_gets(cloud, name);
		free(name);
		if (!e)
			m->data[kept++] = m->data[i];
		else if (e->forward < 0)
			e->forward = m->data[i].forward;
	}
	m->n_data = kept;
	map_free(cloud, NULL);
}

struct vipmap *vipmap_parse(const struct object *configmap, struct diag_list *diags)
{
	struct vipmap *m = xcalloc(1, sizeof *m);

	m->arena = arena_new(0);
	for (size_t i = 0; i < configmap->configmap.data.n; i++)
		key_read(m, configmap, &configmap->configmap.data.items[i], diags);
	keys_unique(m, configmap, diags);
	cloud_parse(m, configmap, diags);
	drop_generated(m);
	if (pairs_get(&configmap->meta.annotations, RECORD_ALLOCATIONS))
		m->n_cloud = 0; /* a record: it is read as such */
	return m;
}

void vipmap_free(struct vipmap *m)
{
	if (!m)
		return;
	arena_free(m->arena);
	free(m->data);
	free(m->cloud);
	free(m);
}
