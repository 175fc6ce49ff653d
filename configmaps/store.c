/* The objects, indexed so that a change finds only what it concerns: slices and VIP entries hang at their Service's name, Pods and selectors
 * meet in the index of labels, and what manifests name (addresses, node ports) is counted so that nothing named is ever given out.
 * Test: tests/test_plan_services.c, tests/test_plan_endpoints.c */
#include "plan_int.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

/* ---- counted sets: key -> how often ---- */

static bool tally_add(struct map *m, const void *key, size_t len)
{
	uintptr_t n = (uintptr_t)map_get(m, key, len);

	map_put(m, key, len, (void *)(n + 1));
	return n == 0;
}

static bool tally_remove(struct map *m, const void *key, size_t len)
{
	uintptr_t n = (uintptr_t)map_get(m, key, len);

	if (n > 1) {
		map_put(m, key, len, (void *)(n - 1));
		return false;
	}
	map_del(m, key, len);
	return true;
}

struct port_key {
	uint8_t bytes[3];
};

static struct port_key port_key(uint8_t proto, uint16_t port)
{
	return (struct port_key){{proto, (uint8_t)(port >> 8), (uint8_t)port}};
}

bool store_addr_named(const struct plan *p, const struct addr *a)
{
	const struct addr_use *u = vips_find(p, a);

	return u && u->named;
}

bool store_port_named(const struct plan *p, uint8_t proto, uint16_t port)
{
	struct port_key k = port_key(proto, port);

	return map_get(p->named_ports, &k, sizeof k) != NULL;
}

void store_addr_changed(struct plan *p, const struct addr *a)
{
	const struct addr_use *u = vips_find(p, a);

	if (record_addr_taken(p->record, a) || (u && (u->named || u->hosts))) {
		spans_add(p->taken, a);
	} else {
		spans_remove(p->taken, a);
		p->freed = true;
	}
}

void store_port_freed(struct plan *p, uint8_t proto)
{
	p->freed = true;
	p->port_next[proto_slot(proto)] = p->config.node_port_first;
}

/* ---- what manifests name ---- */

/* The Service that was given what another manifest now names must look for something else. */
static void displace(struct plan *p, const char *owner)
{
	struct svc *s = map_gets(p->services, owner);

	if (s)
		plan_mark(p, s);
}

static void name_addr(struct plan *p, const struct addr *a, bool add)
{
	const struct grant *g;

	if (!vips_named(p, a, add))
		return;
	store_addr_changed(p, a);
	for (size_t i = 0; add && (g = record_addr_get(p->record, a, i)); i++)
		displace(p, g->owner);
}

static void name_addrs(struct plan *p, const struct addr_list *l, bool add)
{
	for (size_t i = 0; i < l->n; i++)
		name_addr(p, &l->items[i], add);
}

static void name_port(struct plan *p, const struct service_port *port, bool add)
{
	struct port_key k = port_key(port->proto, port->node_port);
	const char *owner;

	if (!add && tally_remove(p->named_ports, &k, sizeof k))
		store_port_freed(p, port->proto);
	if (add && tally_add(p->named_ports, &k, sizeof k) &&
	    record_port_taken(p->record, port->node_port, port->proto, &owner))
		displace(p, owner);
}

static void name_service(struct plan *p, const struct object *o, bool add)
{
	const struct service *s = &o->service;
	struct addr_list stated = {0};

	name_addrs(p, &s->cluster_ips, add);
	name_addrs(p, &s->external_ips, add);
	name_addrs(p, &s->ingress, add);
	name_addrs(p, &s->proxied, add);
	service_balancer_stated(o, &stated, NULL);
	name_addrs(p, &stated, add);
	free(stated.items);
	for (size_t i = 0; i < s->n_ports && service_has_node_ports(o); i++)
		if (s->ports[i].node_port)
			name_port(p, &s->ports[i], add);
	if (s->type == SERVICE_LOADBALANCER && s->health_check_node_port) {
		const struct service_port health = {.proto = IPPROTO_TCP, .node_port = s->health_check_node_port};

		name_port(p, &health, add);
	}
}

/* ---- Services ---- */

struct svc *store_svc(struct plan *p, const char *name)
{
	struct svc *s = map_gets(p->services, name);

	if (s)
		return s;
	s = xcalloc(1, sizeof *s);
	s->name = xstrdup(name);
	map_puts(p->services, name, s);
	return s;
}

void store_put_service(struct plan *p, struct svc *s, const struct object *o)
{
	const struct object *old = s->object;

	if (o)
		name_service(p, o, true);
	if (old) {
		name_service(p, old, false);
		labels_remove(p->selectors, &s->selector);
	}
	s->object = o;
	s->fresh = true;
	if (o && o->service.selector.n)
		labels_add(p->selectors, &s->selector, s, o->meta.namespace,
			   labels_rarest(p->selectors, o->meta.namespace, &o->service.selector));
	if (s->n_entries && !o != !old)
		p->map_dirty = true;
	plan_mark(p, s);
}

static void svc_free(void *svc)
{
	struct svc *s = svc;

	wants_free(s->wants, s->n_wants);
	grants_clear(s);
	problems_clear(&s->found);
	problems_clear(&s->problems);
	free(s->told);
	free(s->vips);
	free(s->slices);
	free(s->entries);
	free(s->name);
	free(s);
}

void store_release(struct plan *p, struct svc *s)
{
	if (s->object || s->endpoints || s->n_slices || s->n_entries)
		return;
	for (size_t i = 0; i < p->starved.n && s->starved; i++)
		if (p->starved.items[i] == s)
			p->starved.items[i--] = p->starved.items[--p->starved.n];
	map_dels(p->services, s->name);
	svc_free(s);
}

/* ---- EndpointSlices ---- */

static void slice_detach(struct plan *p, struct svc *s, const char *full)
{
	const char *name = strchr(full, '/') + 1;
	size_t i = 0;

	while (strcmp(s->slices[i]->meta.name, name) != 0)
		i++;
	s->slices[i] = s->slices[--s->n_slices];
	plan_mark(p, s);
}

static struct svc *slice_attach(struct plan *p, const struct object *o)
{
	char *name = xasprintf("%s/%s", o->meta.namespace, o->endpoints.service);
	struct svc *s = store_svc(p, name);

	free(name);
	s->slices = xrealloc(s->slices, (s->n_slices + 1) * sizeof(*s->slices));
	s->slices[s->n_slices++] = o;
	plan_mark(p, s);
	return s;
}

void store_put_slice(struct plan *p, const char *name, const struct object *o)
{
	struct svc *was = map_gets(p->slices, name);

	if (was)
		slice_detach(p, was, name);
	if (o && o->endpoints.service)
		map_puts(p->slices, name, slice_attach(p, o));
	else if (was)
		map_dels(p->slices, name);
}

/* ---- Pods ---- */

/* Marks the Services whose selector these labels satisfy. */
static void pod_concerns(struct plan *p, const struct object *o)
{
	const struct str_pairs *labels = &o->meta.labels;

	for (size_t i = 0; i < labels->n; i++) {
		const struct label_bucket *b = labels_find(p->selectors, o->meta.namespace, &labels->items[i]);

		for (size_t k = 0; b && k < b->n; k++) {
			struct svc *s = b->refs[k]->owner;

			if (!strcmp(s->object->meta.namespace, o->meta.namespace) &&
			    pairs_select(&s->object->service.selector, labels))
				plan_mark(p, s);
		}
	}
}

static void pod_forget(struct plan *p, struct pod_entry *e)
{
	pod_concerns(p, e->object);
	for (size_t i = 0; i < e->object->meta.labels.n; i++)
		labels_remove(p->pod_labels, &e->refs[i]);
	free(e->refs);
	e->refs = NULL;
}

void store_put_pod(struct plan *p, const char *name, const struct object *o)
{
	struct pod_entry *e = map_gets(p->pods, name);

	if (e)
		pod_forget(p, e);
	if (!o) {
		map_dels(p->pods, name);
		free(e);
		return;
	}
	if (!e) {
		e = xcalloc(1, sizeof *e);
		map_puts(p->pods, name, e);
	}
	e->object = o;
	e->refs = xcalloc(o->meta.labels.n + 1, sizeof *e->refs);
	for (size_t i = 0; i < o->meta.labels.n; i++)
		labels_add(p->pod_labels, &e->refs[i], e, o->meta.namespace, &o->meta.labels.items[i]);
	pod_concerns(p, o);
}

/* ---- Nodes and this node's own addresses ---- */

static void host_addr(struct plan *p, const struct addr *a, bool add)
{
	if (vips_hosted(p, a, add))
		store_addr_changed(p, a);
}

static const char *node_zone(const struct object *o)
{
	const char *zone = o ? pairs_get(&o->meta.labels, "topology.kubernetes.io/zone") : NULL;

	return zone && *zone ? zone : NULL;
}

const char *store_node_zone(const struct plan *p, const char *node)
{
	char *full = xasprintf("/%s", node);
	const struct node_entry *e = map_gets(p->nodes, full);

	free(full);
	return e ? node_zone(e->object) : NULL;
}

/* Services whose endpoints are chosen by zones. */
static void zone_changed(struct plan *p)
{
	size_t at = 0;
	void *s;

	while (map_next(p->services, &at, NULL, NULL, &s)) {
		struct svc *with = s;

		if (with->object && (with->object->service.distribution || with->n_slices))
			plan_mark(p, with);
	}
}

void store_put_node(struct plan *p, const char *name, const struct object *o)
{
	struct node_entry *e = map_gets(p->nodes, name);
	const struct object *old = e ? e->object : NULL;
	const char *was = node_zone(old), *now = node_zone(o);
	bool moved = was && now ? strcmp(was, now) != 0 : was != now;

	if (moved)
		zone_changed(p);
	for (size_t i = 0; o && i < o->node.addresses.n; i++)
		host_addr(p, &o->node.addresses.items[i], true);
	for (size_t i = 0; old && i < old->node.addresses.n; i++)
		host_addr(p, &old->node.addresses.items[i], false);
	if (!o) {
		map_dels(p->nodes, name);
		free(e);
		return;
	}
	if (!e) {
		e = xcalloc(1, sizeof *e);
		map_puts(p->nodes, name, e);
	}
	e->object = o;
}

static int locals_cmp(const void *a, const void *b)
{
	return addr_cmp(a, b);
}

/* Sorted, each once. */
static struct addr *locals_copy(const struct addr *addrs, size_t *n)
{
	struct addr *copy = xmalloc((*n + 1) * sizeof *copy);
	size_t kept = 0;

	if (*n)
		memcpy(copy, addrs, *n * sizeof *copy);
	qsort(copy, *n, sizeof *copy, locals_cmp);
	for (size_t i = 0; i < *n; i++)
		if (!kept || !addr_equal(&copy[kept - 1], &copy[i]))
			copy[kept++] = copy[i];
	*n = kept;
	return copy;
}

void store_put_locals(struct plan *p, const struct addr *addrs, size_t n)
{
	struct addr *now = locals_copy(addrs, &n);
	void *s;

	if (n == p->n_locals && (!n || !memcmp(now, p->locals, n * sizeof *now))) {
		free(now);
		return;
	}
	for (size_t i = 0; i < n; i++)
		host_addr(p, &now[i], true);
	for (size_t i = 0; i < p->n_locals; i++)
		host_addr(p, &p->locals[i], false);
	free(p->locals);
	p->locals = now;
	p->n_locals = n;
	for (size_t at = 0; map_next(p->services, &at, NULL, NULL, &s);) {
		struct svc *with = s;

		if (with->object && (service_has_node_ports(with->object) || with->object->service.n_source_ranges))
			plan_mark(p, with);
	}
}

/* ---- the VIP ConfigMap ---- */

static void entry_attach(struct plan *p, const struct vipmap_entry *e)
{
	struct svc *s;

	if (!e->service)
		return;
	s = store_svc(p, e->service);
	s->entries = xrealloc(s->entries, (s->n_entries + 1) * sizeof(*s->entries));
	s->entries[s->n_entries++] = e;
	plan_mark(p, s);
}

static void entry_detach(struct plan *p, const struct vipmap_entry *e)
{
	struct svc *s = e->service ? map_gets(p->services, e->service) : NULL;

	if (!s)
		return;
	s->n_entries = 0; /* all entries of the former map go together */
	plan_mark(p, s);
}

/* The addresses of the map itself: named, and virtual IPs with or without a Service. */
static void map_addrs(struct plan *p, const struct vipmap *m, bool add)
{
	for (size_t i = 0; i < m->n_data; i++) {
		const struct addr *a = &m->data[i].addr;

		if (i && addr_equal(a, &m->data[i - 1].addr))
			continue;
		name_addr(p, a, add);
		p->turned = true;
		if (add)
			vips_add(p, a, NULL, VIP_CLIENT);
		else
			vips_remove(p, a, NULL, VIP_CLIENT);
	}
}

static void map_say(struct plan *p, const struct diag_list *diags)
{
	problems_clear(&p->map_found);
	for (size_t i = 0; i < diags->n; i++)
		problems_add(&p->map_found, "BadEntry", "line %u: %s", (unsigned)diags->items[i].pos.line,
			     diags->items[i].text);
}

void store_put_configmap(struct plan *p, const struct object *o)
{
	struct diag_list diags = {0};
	struct vipmap *was = p->map, *now = o ? vipmap_parse(o, &diags) : NULL;

	if (now)
		map_addrs(p, now, true);
	for (size_t i = 0; was && i < was->n_data; i++)
		entry_detach(p, &was->data[i]);
	for (size_t i = 0; was && i < was->n_cloud; i++)
		entry_detach(p, &was->cloud[i]);
	if (was)
		map_addrs(p, was, false);
	for (size_t i = 0; now && i < now->n_data; i++)
		entry_attach(p, &now->data[i]);
	for (size_t i = 0; now && i < now->n_cloud; i++)
		entry_attach(p, &now->cloud[i]);
	vipmap_free(was);
	map_say(p, &diags);
	diag_clear(&diags);
	p->map = now;
	p->configmap = o;
	p->map_dirty = true;
}

static void pod_free(void *pod)
{
	struct pod_entry *e = pod;

	free(e->refs);
	free(e);
}

void store_free(struct plan *p)
{
	map_free(p->services, svc_free);
	map_free(p->slices, NULL);
	map_free(p->pods, pod_free);
	map_free(p->nodes, free);
	map_free(p->named_ports, NULL);
	labels_free(p->selectors);
	labels_free(p->pod_labels);
	free(p->locals);
	vipmap_free(p->map);
	problems_clear(&p->map_found);
	problems_clear(&p->map_problems);
}
