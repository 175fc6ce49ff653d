/* configmaps/balancer.c, grant.c, record.c as a whole: 100,000 random changes, and after each of them every rule holds. */
#include "limits.h"
#include "plan_world.h"

#include <sys/socket.h>

enum { SERVICES = 20, CHANGES = 100000, PORTS = 3 };

struct model {
	struct world *w;
	struct pool pools[3];
	struct pool_range ranges[3], avoid;
	struct object *objects[SERVICES];
	uint32_t seed;
	unsigned changed; /* the Service of this step; SERVICES: another thing */
};

static unsigned pick(struct model *m, unsigned n)
{
	m->seed = m->seed * 1664525u + 1013904223u;
	return (m->seed >> 8) % n;
}

static const char *const namespaces[] = {"a", "b"};
static struct str_pair label = {"tier", "front", {0, 0}};

static void set_up(struct model *m)
{
	static const char *const names[] = {"first", "front", "manual"};
	static const char *const ranges[] = {"10.4.0.0/29", "10.5.0.1-10.5.0.3", "10.6.0.0/30"};

	m->w = world_new();
	m->avoid = world_range("10.4.0.3/32");
	for (size_t i = 0; i < 3; i++) {
		m->ranges[i] = world_range(ranges[i]);
		m->pools[i] = (struct pool){.name = names[i], .ranges = &m->ranges[i], .n = 1};
	}
	m->pools[0].avoid = &m->avoid;
	m->pools[0].n_avoid = 1;
	m->pools[1].selector = (struct str_pairs){&label, 1};
	m->pools[1].priority = 1;
	m->pools[2].manual = true;
	m->w->config.pools = m->pools;
	m->w->config.n_pools = 3;
	m->w->config.allow_unpooled = false;
	m->w->config.cluster_cidrs[0] = world_cidr("10.96.0.0/28");
	m->w->config.node_port_last = 30009;
}

/* ---- changes ---- */

static void annotate(struct arena *arena, struct meta *meta, const char *key, const char *value)
{
	struct str_pair *items = arena_alloc(arena, (meta->annotations.n + 1) * sizeof *items);
	size_t at = 0;

	while (at < meta->annotations.n && strcmp(meta->annotations.items[at].key, key) < 0)
		at++;
	if (meta->annotations.n) {
		memcpy(items, meta->annotations.items, at * sizeof *items);
		memcpy(items + at + 1, meta->annotations.items + at, (meta->annotations.n - at) * sizeof *items);
	}
	items[at] = (struct str_pair){key, arena_strdup(arena, value), {1, 1}};
	meta->annotations.items = items;
	meta->annotations.n++;
}

static const char *some_addr(struct model *m, char buf[ADDR_TEXT])
{
	snprintf(buf, ADDR_TEXT, "10.%u.0.%u", 4 + pick(m, 4), pick(m, 8));
	return buf;
}

static void some_ports(struct model *m, struct arena *arena, struct service *s)
{
	s->n_ports = 1 + pick(m, 2);
	s->ports = arena_alloc(arena, s->n_ports * sizeof *s->ports);
	for (size_t i = 0; i < s->n_ports; i++) {
		uint16_t port = (uint16_t)(80 + (i ? PORTS : 0) + pick(m, PORTS));

		s->ports[i] = (struct service_port){
		    .name = i ? "b" : "a", .proto = pick(m, 4) ? 6 : 17, .port = port, .target = port};
	}
}

static struct object *some_service(struct model *m, unsigned n)
{
	struct arena *arena = arena_new(1024);
	struct object *o = arena_alloc(arena, sizeof *o);
	struct service *s = &o->service;
	char buf[ADDR_TEXT];

	*o = (struct object){.kind = KIND_SERVICE, .file = "m", .arena = arena};
	o->meta.namespace = namespaces[n % 2];
	o->meta.name = arena_alloc(arena, 8);
	snprintf((char *)(uintptr_t)o->meta.name, 8, "s%u", n);
	o->meta.created = pick(m, 2) ? 500 + pick(m, 4) : 0;
	if (pick(m, 4) == 0)
		o->meta.labels = (struct str_pairs){&label, 1};
	s->type = pick(m, 8) ? SERVICE_LOADBALANCER : SERVICE_CLUSTERIP;
	s->allocate_node_ports = pick(m, 4) == 0;
	some_ports(m, arena, s);
	if (pick(m, 3) == 0)
		annotate(arena, &o->meta, "vipd.io/allow-shared-ip", pick(m, 3) ? "k" : "j");
	if (pick(m, 6) == 0)
		annotate(arena, &o->meta, "vipd.io/pool", pick(m, 3) ? "manual" : "first");
	if (pick(m, 4) == 0)
		annotate(arena, &o->meta, "vipd.io/addresses", some_addr(m, buf));
	if (pick(m, 20) == 0)
		s->load_balancer_class = "example.com/other";
	if (pick(m, 10) == 0) {
		s->external_ips.items = arena_alloc(arena, sizeof(struct addr));
		s->external_ips.items[0] = world_addr(some_addr(m, buf));
		s->external_ips.n = 1;
	}
	return o;
}

static void step(struct model *m)
{
	unsigned n = m->changed = pick(m, SERVICES);
	struct object *old = m->objects[n];

	m->w->now += pick(m, 2);
	if (old && pick(m, 3) == 0) {
		plan_drop(world_plan(m->w), KIND_SERVICE, old->meta.namespace, old->meta.name);
		m->objects[n] = NULL;
	} else {
		m->objects[n] = some_service(m, n);
		plan_put(world_plan(m->w), m->objects[n]);
	}
	object_free(old);
}

/* ---- what stays ---- */

static void line_add(void *arg, const struct grant *g)
{
	char a[ADDR_TEXT], **text = arg;

	if (g->kind == GRANT_VIP)
		*text = world_append(*text, xasprintf("%s %s\n", g->owner, addr_format(&g->addr, a)));
}

static char *held(const struct model *m, unsigned n)
{
	char *text = xstrdup(""), name[16];

	snprintf(name, sizeof name, "%s/s%u", namespaces[n % 2], n);
	record_each(m->w->record, name, line_add, &text);
	return text;
}

/* ---- the rules ---- */

static struct object *owner_of(const struct model *m, const struct grant *g)
{
	return m->objects[strtoul(strchr(g->owner, '/') + 2, NULL, 10)];
}

static bool overlap(const struct service *a, const struct service *b)
{
	for (size_t i = 0; i < a->n_ports; i++)
		for (size_t k = 0; k < b->n_ports; k++)
			if (a->ports[i].port == b->ports[k].port && a->ports[i].proto == b->ports[k].proto)
				return true;
	return false;
}

static const struct pool *pool_of_addr(const struct model *m, const struct addr *a)
{
	for (size_t i = 0; i < 3; i++) {
		size_t n;
		struct pool_range *rooms = pool_rooms(&m->pools[i], &n);
		bool has = pool_rooms_have(rooms, n, a);

		free(rooms);
		if (has)
			return &m->pools[i];
	}
	return NULL;
}

/* One owner, or several with one key whose ports differ; in a pool; of a Service that is there and is ours. */
static void check_grant(void *arg, const struct grant *g)
{
	const struct model *m = arg;
	const struct object *o = owner_of(m, g);
	const struct grant *other;

	assert_non_null(o);
	if (g->kind == GRANT_NODE_PORT)
		return;
	for (size_t i = 0; (other = record_addr_get(m->w->record, &g->addr, i)); i++) {
		if (other == g || !strcmp(other->owner, g->owner))
			continue;
		assert_int_equal(g->kind, GRANT_VIP);
		assert_string_equal(g->share, other->share);
		assert_true(*g->share);
		assert_false(overlap(&o->service, &owner_of(m, other)->service));
	}
	if (g->kind != GRANT_VIP)
		return;
	assert_null(o->service.load_balancer_class);
	assert_int_equal(o->service.type, SERVICE_LOADBALANCER);
	assert_non_null(pool_of_addr(m, &g->addr));
}

static bool named(const struct model *m, const struct addr *a)
{
	for (size_t i = 0; i < SERVICES; i++) {
		const struct object *o = m->objects[i];
		const char *text = o ? pairs_get(&o->meta.annotations, "vipd.io/addresses") : NULL;
		struct addr stated;

		if (o && o->service.external_ips.n && addr_equal(&o->service.external_ips.items[0], a))
			return true;
		if (text && o->service.type == SERVICE_LOADBALANCER && !addr_parse(text, &stated) &&
		    addr_equal(&stated, a))
			return true;
	}
	return false;
}

/* Who has nothing and asks for nothing in particular: then nothing is free in the pools that are for it. */
static void check_waiting(const struct model *m, const struct object *o)
{
	const char *pool = pairs_get(&o->meta.annotations, "vipd.io/pool");

	for (size_t i = 0; i < 3; i++) {
		size_t n;
		struct pool_range *rooms = pool_rooms(&m->pools[i], &n);
		const struct pool *p = &m->pools[i];

		for (size_t k = 0; k < n && pool_selects(p, o) && (pool ? !strcmp(pool, p->name) : !p->manual); k++)
			for (struct addr a = rooms[k].first; addr_cmp(&a, &rooms[k].last) <= 0; addr_next(&a, &a))
				assert_true(record_addr_taken(m->w->record, &a) || named(m, &a));
		free(rooms);
	}
}

static void check(struct model *m)
{
	record_each(m->w->record, NULL, check_grant, m);
	for (unsigned i = 0; i < SERVICES; i++) {
		const struct object *o = m->objects[i];
		char *has;

		if (!o || o->service.type != SERVICE_LOADBALANCER || o->service.load_balancer_class ||
		    pairs_get(&o->meta.annotations, "vipd.io/addresses"))
			continue;
		has = held(m, i);
		if (!*has)
			check_waiting(m, o);
		free(has);
	}
}

static void restart(struct model *m)
{
	struct diag_list diags = {0};
	size_t len;
	char *text = record_text(m->w->record, "kube-system/vips", &len), *again;

	plan_free(m->w->plan);
	m->w->plan = NULL;
	record_free(m->w->record);
	assert_int_equal(record_parse("r", text, len, &m->w->record, &diags), 0);
	for (size_t i = 0; i < SERVICES; i++)
		if (m->objects[i])
			plan_put(world_plan(m->w), m->objects[i]);
	world_run(m->w);
	again = record_text(m->w->record, "kube-system/vips", &len);
	if (!plan_dirty(m->w->plan) && record_changed(m->w->record))
		check(m); /* those that waited may have been served by another order; what was given stays */
	free(again);
	free(text);
}

/* Asks for an address that it does not have. */
static bool waits_for(const struct model *m, unsigned n, const char *has)
{
	const char *text = m->objects[n] ? pairs_get(&m->objects[n]->meta.annotations, "vipd.io/addresses") : NULL;

	return text && !strstr(has, text);
}

static void random_changes(void **state)
{
	struct model m = {.seed = 20261125};
	unsigned long n = limits_are_fixed() ? CHANGES / 50 : CHANGES; /* fewer under valgrind */

	set_up(&m);
	for (unsigned long i = 0; i < n; i++) {
		char *before[SERVICES];

		for (unsigned k = 0; k < SERVICES; k++)
			before[k] = held(&m, k);
		if (i % 1000 == 999) {
			m.changed = SERVICES;
			restart(&m);
		} else {
			step(&m);
			world_run(m.w);
		}
		for (unsigned k = 0; k < SERVICES; k++) {
			char *now = held(&m, k);

			/* An address once given stays, whatever others do; those that wait for another get it. */
			if (k != m.changed && *before[k] && strcmp(before[k], now) != 0 && !waits_for(&m, k, before[k]))
				fail_msg("change %lu: Service %u had\n%sand has\n%s", i, k, before[k], now);
			free(now);
			free(before[k]);
		}
		check(&m);
	}
	for (size_t i = 0; i < SERVICES; i++) {
		if (m.objects[i])
			plan_drop(m.w->plan, KIND_SERVICE, m.objects[i]->meta.namespace, m.objects[i]->meta.name);
		object_free(m.objects[i]);
	}
	world_run(m.w);
	{
		char *text = xstrdup("");

		record_each(m.w->record, NULL, line_add, &text);
		assert_string_equal(text, "");
		free(text);
	}
	world_free(m.w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(random_changes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
