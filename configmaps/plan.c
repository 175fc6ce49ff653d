/* The plan's front: what a put or a drop concerns is marked, and a run works through what is marked: keep what manifests and record give, give
 * out what is missing, compile, settle who has which address:port:protocol, call back the differences.
 * Source: DESIGN.md 'Inputs' and 'Rules that hold everywhere'. Tests: tests/test_plan_*.c */
#include "plan_int.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* ---- making and freeing ---- */

static void config_copy(struct plan *p, const struct plan_config *c)
{
	struct plan_config *to = &p->config;

	*to = *c;
	to->interface = c->interface ? arena_strdup(p->arena, c->interface) : NULL;
	to->vip_configmap = c->vip_configmap ? arena_strdup(p->arena, c->vip_configmap) : NULL;
	to->load_balancer_class = c->load_balancer_class ? arena_strdup(p->arena, c->load_balancer_class) : NULL;
	to->node_name = c->node_name ? arena_strdup(p->arena, c->node_name) : NULL;
	balancer_pools(p, c);
	for (size_t i = 0; i < 3; i++)
		p->port_next[i] = c->node_port_first;
}

static void grant_taken(void *arg, const struct grant *g)
{
	struct plan *p = arg;

	if (g->kind != GRANT_NODE_PORT)
		spans_add(p->taken, &g->addr);
}

struct plan *plan_new(const struct plan_config *config, struct record *record)
{
	struct plan *p = xcalloc(1, sizeof *p);

	p->arena = arena_new(0);
	p->record = record;
	p->services = map_new();
	p->slices = map_new();
	p->pods = map_new();
	p->nodes = map_new();
	p->selectors = labels_new();
	p->pod_labels = labels_new();
	p->named_ports = map_new();
	p->claims = map_new();
	p->changed = map_new();
	p->addrs = map_new();
	p->taken = spans_new();
	config_copy(p, config);
	record_each(record, NULL, grant_taken, p);
	return p;
}

void plan_free(struct plan *p)
{
	if (!p)
		return;
	store_free(p);
	claims_free(p);
	vips_free(p);
	balancer_free(p);
	given_free(p);
	spans_free(p->taken);
	free(p->dirty.items);
	free(p->unsettled.items);
	free(p->starved.items);
	arena_free(p->arena);
	free(p);
}

/* ---- marks ---- */

void svc_list_add(struct svc_list *l, struct svc *s)
{
	if (l->n == l->cap) {
		l->cap = l->cap ? 2 * l->cap : 16;
		l->items = xrealloc(l->items, l->cap * sizeof(*l->items));
	}
	l->items[l->n++] = s;
}

/* A list that a first run made long is not kept. */
static void svc_list_empty(struct svc_list *l)
{
	l->n = 0;
	if (l->cap <= 1024)
		return;
	free(l->items);
	*l = (struct svc_list){0};
}

void plan_mark(struct plan *p, struct svc *s)
{
	if (!s->dirty)
		svc_list_add(&p->dirty, s);
	s->dirty = true;
}

void plan_unsettle(struct plan *p, struct svc *s)
{
	if (!s->unsettled)
		svc_list_add(&p->unsettled, s);
	s->unsettled = true;
}

/* ---- changes of objects ---- */

static bool is_vip_configmap(const struct plan *p, const char *name)
{
	return (p->config.handle & HANDLE_CONFIGMAP) && p->config.vip_configmap &&
	       !strcmp(p->config.vip_configmap, name);
}

static void plan_change(struct plan *p, enum kind kind, const char *name, const struct object *o)
{
	struct svc *s = NULL;

	if (kind == KIND_SERVICE || kind == KIND_ENDPOINTS)
		s = o ? store_svc(p, name) : map_gets(p->services, name);
	switch (kind) {
	case KIND_SERVICE:
		if (s && (o || s->object))
			store_put_service(p, s, o);
		break;
	case KIND_ENDPOINTS:
		if (s)
			s->endpoints = o;
		if (s)
			plan_mark(p, s);
		break;
	case KIND_SLICE:
		store_put_slice(p, name, o);
		break;
	case KIND_POD:
		store_put_pod(p, name, o);
		break;
	case KIND_NODE:
		store_put_node(p, name, o);
		break;
	case KIND_CONFIGMAP:
		if (is_vip_configmap(p, name))
			store_put_configmap(p, o);
		given_put(p, name, o);
		break;
	case KIND_COUNT:
		break;
	}
}

void plan_put(struct plan *p, const struct object *o)
{
	char *name = xasprintf("%s/%s", o->meta.namespace, o->meta.name);

	plan_change(p, o->kind, name, o);
	free(name);
}

void plan_drop(struct plan *p, enum kind kind, const char *namespace, const char *name)
{
	char *full = xasprintf("%s/%s", namespace, name);

	plan_change(p, kind, full, NULL);
	free(full);
}

void plan_set_locals(struct plan *p, const struct addr *addrs, size_t n)
{
	store_put_locals(p, addrs, n);
}

bool plan_dirty(const struct plan *p)
{
	return p->dirty.n || p->n_touched || given_dirty(p) || p->map_dirty || (p->freed && p->starved.n) || !p->ran;
}

/* ---- a run ---- */

/* Whether the Service came, went or is another one; its age. */
static void svc_identify(struct plan *p, struct svc *s, int64_t now)
{
	const struct object *o = s->object;

	if (!s->fresh)
		return;
	s->fresh = false;
	s->changed = true;
	if (!o && s->derived)
		record_uid_raise(p->record, kind_name(KIND_SERVICE), s->name);
	s->derived = o && !o->meta.uid;
	if (!o)
		s->since = 0;
	else if (o->meta.created)
		s->since = o->meta.created;
	else if (!s->since)
		s->since = now;
}

static void svc_keep(struct plan *p, struct svc *s)
{
	problems_clear(&s->found);
	grants_keep(p, s);
}

/* Those that found no room try again when something became free. */
static void wake_starved(struct plan *p)
{
	struct svc_list woken = p->starved;

	p->starved = (struct svc_list){0};
	for (size_t i = 0; i < woken.n; i++) {
		struct svc *s = woken.items[i];

		s->starved = false;
		if (s->dirty)
			continue;
		plan_mark(p, s);
		svc_keep(p, s);
	}
	free(woken.items);
}

/* The older first, so that what is given out does not depend on the order of arrival. */
static int svc_cmp(const void *a, const void *b)
{
	const struct svc *x = *(struct svc *const *)a, *y = *(struct svc *const *)b;

	if (x->since != y->since)
		return x->since < y->since ? -1 : 1;
	return svc_name_cmp(x->name, y->name);
}

static void dirty_sort(struct plan *p)
{
	if (p->dirty.n)
		qsort(p->dirty.items, p->dirty.n, sizeof(*p->dirty.items), svc_cmp);
}

static void run_adopt(struct plan *p, struct svc *s)
{
	given_adopt(p, s);
	balancer_adopt(p, s);
}

/* Who has which address and node port: first what stays, then what others gave, then what is free. */
static void run_grants(struct plan *p, int64_t now)
{
	struct svc_list *l = &p->dirty;

	for (size_t i = 0; i < l->n; i++)
		svc_identify(p, l->items[i], now);
	dirty_sort(p);
	for (size_t i = 0; i < l->n; i++)
		if (l->items[i]->changed && l->items[i]->object)
			given_restore(p, l->items[i]);
	for (size_t i = 0; i < l->n; i++)
		svc_keep(p, l->items[i]);
	if (p->freed)
		wake_starved(p);
	p->freed = false;
	dirty_sort(p);
	for (size_t i = 0; i < l->n; i++)
		if (l->items[i]->object && service_served(l->items[i]->object))
			run_adopt(p, l->items[i]);
	for (size_t i = 0; i < l->n; i++)
		if (l->items[i]->object && service_served(l->items[i]->object))
			grants_give(p, l->items[i]);
}

/* Which of its endpoints are on this node matters with traffic policy Local alone. */
static void svc_localize(struct plan *p, struct svc *s)
{
	bool local = s->object && service_served(s->object) && s->object->service.external_local;
	uint32_t v4 = local ? resolve_local_ready(p, s, AF_INET) : 0;
	uint32_t v6 = local ? resolve_local_ready(p, s, AF_INET6) : 0;

	if (local != s->local || !v4 != !s->local_ready[0] || !v6 != !s->local_ready[1])
		vips_local_changed(p, s);
	s->local = local;
	s->local_ready[0] = v4;
	s->local_ready[1] = v6;
}

static void svc_compile(struct plan *p, struct svc *s)
{
	struct want *wants = NULL;
	struct vip_want *vips = NULL;
	size_t n_wants = 0, n_vips = 0;

	if (s->object && service_served(s->object))
		compile_service(p, s, &wants, &n_wants, &vips, &n_vips);
	svc_localize(p, s);
	claims_replace(p, s, wants, n_wants);
	vips_replace(p, s, vips, n_vips);
}

/* What stands for an object that was dropped: its identity. */
void report_gone(struct problems *was, enum kind kind, const char *full, const struct plan_out *out)
{
	struct object o = {.kind = kind};
	struct problems none = {0};
	char *namespace = xstrdup(full), *name = strchr(namespace, '/');

	*name++ = '\0';
	o.meta.namespace = namespace;
	o.meta.name = name;
	problems_report(was, &none, &o, out);
	free(namespace);
}

static void report_service(struct plan *p, struct svc *s, const struct plan_out *out)
{
	struct problems now = {0};

	s->unsettled = false;
	if (!s->object) {
		report_gone(&s->problems, KIND_SERVICE, s->name, out);
		return;
	}
	problems_copy(&now, &s->found);
	claims_conflicts(p, s, &now);
	problems_report(&s->problems, &now, s->object, out);
}

static void report_configmap(struct plan *p, const struct plan_out *out)
{
	struct problems now = {0};

	p->map_dirty = false;
	if (!p->configmap) {
		report_gone(&p->map_problems, KIND_CONFIGMAP, p->config.vip_configmap, out);
		return;
	}
	problems_copy(&now, &p->map_found);
	for (size_t i = 0; p->map && i < p->map->n_data; i++) {
		const struct vipmap_entry *e = &p->map->data[i];
		const struct svc *s = e->service ? map_gets(p->services, e->service) : NULL;

		if (e->service && !s->object)
			problems_add(&now, "Pending", "key %s: there is no Service %s", e->key, e->service);
	}
	problems_report(&p->map_problems, &now, p->configmap, out);
}

static void run_finish(struct plan *p)
{
	for (size_t i = 0; i < p->dirty.n; i++) {
		struct svc *s = p->dirty.items[i];

		s->dirty = s->kept = s->changed = false;
		store_release(p, s);
	}
	svc_list_empty(&p->dirty);
	svc_list_empty(&p->unsettled);
	p->ran = true;
}

static void ignore_vs(void *arg, const struct vs *v)
{
}

static void ignore_key(void *arg, const struct vs_key *k)
{
}

static void ignore_vip(void *arg, const struct vip *v)
{
}

static void ignore_addr(void *arg, const struct addr *a)
{
}

static void ignore_problem(void *arg, const struct object *o, const char *reason, const char *message)
{
}

const struct plan_out plan_out_none = {.vs_set = ignore_vs,
				       .vs_delete = ignore_key,
				       .vip_set = ignore_vip,
				       .vip_delete = ignore_addr,
				       .problem = ignore_problem};

void plan_run(struct plan *p, int64_t now, const struct plan_out *out)
{
	given_sync(p);
	if (!p->ran)
		grants_prune(p);
	run_grants(p, now);
	for (size_t i = 0; i < p->dirty.n; i++)
		svc_compile(p, p->dirty.items[i]);
	claims_flush(p, out);
	vips_flush(p, out);
	for (size_t i = 0; i < p->dirty.n && out->service; i++)
		told_report(p, p->dirty.items[i], out);
	if (p->map_dirty)
		report_configmap(p, out);
	given_report(p, out);
	for (size_t i = 0; i < p->unsettled.n; i++)
		report_service(p, p->unsettled.items[i], out);
	run_finish(p);
}
