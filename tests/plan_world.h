/* A small world for tests of the plan: manifests as text go in, the desired state comes out as lines of text.
 *
 *   TCP 10.96.0.1:80 rr 10.1.0.1:8080 10.1.0.2:8080*3/DR     a virtual server; *weight unless 1, /forwarding unless NAT
 *   vip 10.4.0.50 eth0                                        an address; " here", " absent": of Services with policy Local
 *   problem Service default/web Conflict: ...                 a problem
 *
 * The lines are kept from the callbacks alone, and compared with what the plan says of its whole state. */
#ifndef VIPD_TESTS_PLAN_WORLD_H
#define VIPD_TESTS_PLAN_WORLD_H

#include "../configmaps/manifest.h"
#include "../configmaps/plan.h"
#include "../src/base/map.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

/* Manifests, one document each. */
#define SERVICE_META(meta, spec) "---\n{apiVersion: v1, kind: Service, metadata: {" meta "}, spec: {" spec "}}\n"
#define SERVICE(name, spec)      SERVICE_META("name: " name, spec)
#define POD(name, app, ip)       POD_AT(name, app, ip, "n1")
#define POD_AT(name, app, ip, node)                                                                                    \
	"---\n{apiVersion: v1, kind: Pod, metadata: {name: " name ", labels: {app: " app "}}, spec: {nodeName: " node  \
	", containers: [{name: c, ports: [{name: http, containerPort: 8080}]}]}, status: {phase: Running, podIP: '" ip \
	"', conditions: [{type: Ready, status: 'True'}]}}\n"
#define SLICE(name, service, ports, endpoints)                                                                         \
	"---\n{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, addressType: IPv4, metadata: {name: " name        \
	", labels: {kubernetes.io/service-name: " service "}}, ports: [" ports "], endpoints: [" endpoints "]}\n"
#define VIPS(data)                                                                                                     \
	"---\n{apiVersion: v1, kind: ConfigMap, metadata: {name: vips, namespace: kube-system}, data: {" data "}}\n"
#define NODE(name, ip)                                                                                                 \
	"---\n{apiVersion: v1, kind: Node, metadata: {name: " name                                                     \
	"}, status: {addresses: [{type: InternalIP, address: '" ip "'}]}}\n"

struct world {
	struct plan_config config; /* may be changed before the first put */
	struct pool pool;
	struct pool_range pool_ranges[2];
	struct record *record;
	struct plan *plan;
	struct map *objects;                                     /* "Kind ns/name" -> struct object */
	struct map *lines;                                       /* what the callbacks said */
	unsigned sets, deletes, vip_sets, vip_deletes, problems; /* callbacks of the last run */
	int64_t now;
};

static inline struct cidr world_cidr(const char *text)
{
	struct cidr c;

	assert_int_equal(cidr_parse(text, &c), 0);
	return c;
}

static inline struct pool_range world_range(const char *text)
{
	struct pool_range r;
	char why[POOL_WHY];

	assert_int_equal(pool_range_parse(text, &r, why), 0);
	return r;
}

static inline struct addr world_addr(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(text, &a), 0);
	return a;
}

static inline struct world *world_new(void)
{
	struct world *w = xcalloc(1, sizeof(*w));

	w->pool_ranges[0] = world_range("10.4.0.0/29");
	w->pool = (struct pool){.name = "default", .ranges = w->pool_ranges, .n = 1};
	w->config = (struct plan_config){.handle = HANDLE_ALL,
					 .interface = "eth0",
					 .vip_configmap = "kube-system/vips",
					 .load_balancer_class = "vipd.io/vip",
					 .default_class = true,
					 .allocate = true,
					 .allow_unpooled = true,
					 .cluster_cidrs = {world_cidr("10.96.0.0/24")},
					 .n_cluster_cidrs = 1,
					 .node_port_first = 30000,
					 .node_port_last = 32767,
					 .pools = &w->pool,
					 .n_pools = 1,
					 .default_scheduler = "rr",
					 .node_name = "n1",
					 .default_forward = FORWARD_NAT};
	w->record = record_new();
	w->objects = map_new();
	w->lines = map_new();
	w->now = 1000;
	return w;
}

static inline void world_object_free(void *o)
{
	object_free(o);
}

static inline void world_free(struct world *w)
{
	plan_free(w->plan);
	record_free(w->record);
	map_free(w->objects, world_object_free);
	map_free(w->lines, free);
	free(w);
}

static inline struct plan *world_plan(struct world *w)
{
	if (!w->plan)
		w->plan = plan_new(&w->config, w->record);
	return w->plan;
}

/* ---- lines ---- */

static inline void world_line(struct world *w, char *key, char *line)
{
	free(line ? map_puts(w->lines, key, line) : map_dels(w->lines, key));
	free(key);
}

static inline char *world_append(char *text, char *more)
{
	char *both = xasprintf("%s%s", text, more);

	free(text);
	free(more);
	return both;
}

static inline char *world_vs_text(const struct vs *v)
{
	char key[VS_KEY_TEXT], real[REAL_TEXT];
	char *t = xasprintf("%s %s", vs_key_format(&v->key, key), v->sched);

	if (v->flags & ~(uint32_t)VS_PERSISTENT)
		t = world_append(t, xasprintf(" flags=0x%x", v->flags & ~(unsigned)VS_PERSISTENT));
	if (v->flags & VS_PERSISTENT || v->timeout)
		t = world_append(t, xasprintf(" persist=%u", v->timeout));
	if (v->granularity != addr_bits(&v->key.addr))
		t = world_append(t, xasprintf("/%u", v->granularity));
	if (v->limits.upper)
		t = world_append(t, xasprintf(" limits=%u-%u", v->limits.lower, v->limits.upper));
	if (v->limits.tunnel)
		t = world_append(t, xasprintf(" tunnel=%u:%u", v->limits.tunnel, v->limits.tunnel_port));
	for (uint32_t i = 0; i < v->n; i++) {
		const struct real *r = &v->reals[i];

		t = world_append(t, xasprintf(" %s", real_format(r, real)));
		if (r->weight != 1)
			t = world_append(t, xasprintf("*%u", r->weight));
		if (r->forward != FORWARD_NAT)
			t = world_append(t, xasprintf("/%s", forward_name((enum forward)r->forward)));
		if (r->until)
			t = world_append(t, xasprintf("~%u", r->until));
	}
	if (v->drain_s)
		t = world_append(t, xasprintf(" drain=%u", v->drain_s));
	return t;
}

static inline char *world_vip_text(const struct vip *v)
{
	char a[ADDR_TEXT];

	assert_int_equal(v->bits, addr_bits(&v->addr));
	return xasprintf("vip %s %s%s", addr_format(&v->addr, a), v->ifname,
			 v->local == VIP_HERE     ? " here"
			 : v->local == VIP_ABSENT ? " absent"
						  : "");
}

static inline void world_vs_set(void *arg, const struct vs *v)
{
	struct world *w = arg;
	char key[VS_KEY_TEXT];

	w->sets++;
	world_line(w, xstrdup(vs_key_format(&v->key, key)), world_vs_text(v));
}

static inline void world_vs_delete(void *arg, const struct vs_key *k)
{
	struct world *w = arg;
	char key[VS_KEY_TEXT];

	w->deletes++;
	assert_non_null(map_gets(w->lines, vs_key_format(k, key)));
	world_line(w, xstrdup(key), NULL);
}

static inline void world_vip_set(void *arg, const struct vip *v)
{
	struct world *w = arg;
	char a[ADDR_TEXT];

	w->vip_sets++;
	world_line(w, xasprintf("vip %s", addr_format(&v->addr, a)), world_vip_text(v));
}

static inline void world_vip_delete(void *arg, const struct addr *a)
{
	struct world *w = arg;
	char text[ADDR_TEXT];

	w->vip_deletes++;
	world_line(w, xasprintf("vip %s", addr_format(a, text)), NULL);
}

static inline void world_problem(void *arg, const struct object *o, const char *reason, const char *message)
{
	struct world *w = arg;
	char *key = xasprintf("problem %s %s/%s %s", kind_name(o->kind), o->meta.namespace, o->meta.name, reason);
	char *line = message ? xasprintf("%s: %s", key, message) : NULL;

	w->problems++;
	assert_true(message || map_gets(w->lines, key));
	world_line(w, key, line);
}

static inline const struct plan_out *world_out(struct world *w, struct plan_out *out)
{
	*out =
	    (struct plan_out){world_vs_set, world_vs_delete, world_vip_set, world_vip_delete, world_problem, w, NULL};
	return out;
}

static inline void world_run(struct world *w)
{
	struct plan_out out;

	w->sets = w->deletes = w->vip_sets = w->vip_deletes = w->problems = 0;
	plan_run(world_plan(w), w->now, world_out(w, &out));
	assert_false(plan_dirty(w->plan));
}

/* ---- changes ---- */

static inline char *world_key(enum kind kind, const char *ns, const char *name)
{
	return xasprintf("%s %s/%s", kind_name(kind), ns, name);
}

static inline void world_put_object(struct world *w, struct object *o)
{
	char *key = world_key(o->kind, o->meta.namespace, o->meta.name);
	struct object *old = map_puts(w->objects, key, o);

	free(key);
	plan_put(world_plan(w), o);
	object_free(old);
}

/* Puts every document of the text, without a run. */
static inline void world_put(struct world *w, const char *yaml)
{
	struct object_list l = {0};
	struct diag_list diags = {0};

	if (manifest_parse("t.yaml", yaml, strlen(yaml), &l, &diags)) {
		diag_print(&diags, stderr);
		fail_msg("bad manifest in the test: %s", yaml);
	}
	for (size_t i = 0; i < l.n; i++)
		world_put_object(w, l.items[i]);
	free(l.items);
	diag_clear(&diags);
}

/* Drops an object by kind and "ns/name", without a run. */
static inline void world_drop(struct world *w, enum kind kind, const char *ns, const char *name)
{
	char *key = world_key(kind, ns, name);
	struct object *old = map_dels(w->objects, key);

	assert_non_null(old);
	free(key);
	plan_drop(world_plan(w), kind, ns, name);
	object_free(old);
}

static inline void world_apply(struct world *w, const char *yaml)
{
	world_put(w, yaml);
	world_run(w);
}

static inline void world_locals(struct world *w, const char *a, const char *b)
{
	struct addr addrs[2];
	size_t n = 0;

	if (a)
		addrs[n++] = world_addr(a);
	if (b)
		addrs[n++] = world_addr(b);
	plan_set_locals(world_plan(w), addrs, n);
}

/* A new process: the record as text and the same objects. */
static inline void world_restart(struct world *w)
{
	size_t len;
	char *text = record_text(w->record, "kube-system/vips", &len);
	struct diag_list diags = {0};
	void *o;

	plan_free(w->plan);
	w->plan = NULL;
	record_free(w->record);
	assert_int_equal(record_parse("record.yaml", text, len, &w->record, &diags), 0);
	diag_clear(&diags);
	free(text);
	map_free(w->lines, free);
	w->lines = map_new();
	for (size_t at = 0; map_next(w->objects, &at, NULL, NULL, &o);)
		plan_put(world_plan(w), o);
}

/* ---- expectations ---- */

static inline int world_line_cmp(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static inline char *world_join(struct map *lines)
{
	char **all = xmalloc((map_count(lines) + 1) * sizeof(*all)), *text = xstrdup("");
	size_t n = 0;
	void *line;

	for (size_t at = 0; map_next(lines, &at, NULL, NULL, &line);)
		all[n++] = line;
	qsort(all, n, sizeof(*all), world_line_cmp);
	for (size_t i = 0; i < n; i++)
		text = world_append(text, xasprintf("%s\n", all[i]));
	free(all);
	return text;
}

static inline char *world_text(struct world *w)
{
	return world_join(w->lines);
}

static inline void world_seen_vs(void *arg, const struct vs *v)
{
	struct map *seen = arg;
	char *line = world_vs_text(v);

	assert_null(map_puts(seen, line, line));
}

static inline void world_seen_vip(void *arg, const struct vip *v)
{
	struct map *seen = arg;
	char *line = world_vip_text(v);

	assert_null(map_puts(seen, line, line));
}

/* The plan's whole state is what the callbacks said. */
static inline void world_check(struct world *w)
{
	struct map *seen = map_new(), *said = map_new();
	char *a, *b;
	void *line;

	plan_each_vs(w->plan, world_seen_vs, seen);
	plan_each_vip(w->plan, world_seen_vip, seen);
	for (size_t at = 0; map_next(w->lines, &at, NULL, NULL, &line);)
		if (strncmp(line, "problem ", 8) != 0)
			map_puts(said, line, line);
	a = world_join(seen);
	b = world_join(said);
	assert_string_equal(a, b);
	free(a);
	free(b);
	map_free(seen, free);
	map_free(said, NULL);
}

static inline void world_expect(struct world *w, const char *want)
{
	char *text = world_text(w);

	assert_string_equal(text, want);
	free(text);
	world_check(w);
}

/* A table's row: manifests, and the lines that they come to. */
struct world_row {
	const char *name, *yaml, *want;
};

static inline void world_rows(const struct world_row *rows, size_t n, void (*prepare)(struct world *w))
{
	for (size_t i = 0; i < n; i++) {
		struct world *w = world_new();
		char *text;

		if (prepare)
			prepare(w);
		world_apply(w, rows[i].yaml);
		text = world_text(w);
		if (strcmp(text, rows[i].want) != 0)
			fail_msg("%s:\n--- got\n%s--- want\n%s", rows[i].name, text, rows[i].want);
		free(text);
		world_check(w);
		world_free(w);
	}
}

#endif
