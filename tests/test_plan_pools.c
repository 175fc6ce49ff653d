/* configmaps/balancer.c: which pool serves whom, what may be asked for, sharing, exhaustion in order of age; and a regression test for each
 * bug of keepalived-cloud-provider (SEMANTICS.md 2): those are named kcp_*. */
#include "plan_world.h"

#include <sys/socket.h>

#define BALANCER         "type: LoadBalancer, allocateLoadBalancerNodePorts: false"
#define AT(ip)           "clusterIP: 10.96.0." ip ", " BALANCER
#define LB(meta, ip)     SERVICE_META(meta, AT(ip) ", ports: [{port: 80}]")
#define LB_PORT(m, i, p) SERVICE_META(m, AT(i) ", ports: [{port: " p "}]")

enum { POOLS = 4 };

struct pools {
	struct pool items[POOLS];
	struct pool_range ranges[POOLS][2], avoid[POOLS];
};

static const char *const only_a[] = {"a"};
static struct str_pair front = {"tier", "front", {0, 0}};

/* public 10.4.0.0/29; manual 10.5.0.0/29 by request; a: namespace a, before others; front: by label, both families. */
static void set_pools(struct world *w, struct pools *p)
{
	static const char *const names[POOLS] = {"public", "manual", "a", "front"};
	static const char *const ranges[POOLS] = {"10.4.0.0/29", "10.5.0.0/29", "10.6.0.1-10.6.0.2", "10.7.0.0/30"};

	*p = (struct pools){0};
	for (size_t i = 0; i < POOLS; i++) {
		p->ranges[i][0] = world_range(ranges[i]);
		p->items[i] = (struct pool){.name = names[i], .ranges = p->ranges[i], .n = 1, .avoid = &p->avoid[i]};
	}
	p->items[1].manual = true;
	p->items[2].namespaces = (const char **)(uintptr_t)only_a;
	p->items[2].n_namespaces = 1;
	p->items[2].priority = 1;
	p->items[3].selector = (struct str_pairs){&front, 1};
	p->items[3].priority = 2;
	p->ranges[3][1] = world_range("fd00:7::/64");
	p->items[3].n = 2;
	w->config.pools = p->items;
	w->config.n_pools = POOLS;
	w->config.allow_unpooled = false;
}

/* The load balancer addresses by Service and the problems, one a line. */
static void view_line(void *arg, const struct service_view *v)
{
	char **text = arg, a[ADDR_TEXT];

	*text = world_append(*text, xasprintf("%s", v->object->meta.name));
	for (size_t i = 0; i < v->n_vips; i++)
		*text = world_append(*text, xasprintf(" %s", addr_format(&v->vips[i], a)));
	*text = world_append(*text, v->reason ? xasprintf(" %s: %s\n", v->reason, v->message) : xstrdup("\n"));
}

static char *views(struct world *w)
{
	char *text = xstrdup("");

	plan_each_service(w->plan, view_line, &text);
	return text;
}

static void expect(struct world *w, const char *want)
{
	char *text = views(w);

	assert_string_equal(text, want);
	free(text);
	world_check(w);
}

struct row {
	const char *name, *yaml, *want;
};

static void run_rows(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct world *w = world_new();
		struct pools p;
		char *text;

		set_pools(w, &p);
		world_apply(w, rows[i].yaml);
		text = views(w);
		if (strcmp(text, rows[i].want) != 0)
			fail_msg("%s:\n--- got\n%s--- want\n%s", rows[i].name, text, rows[i].want);
		free(text);
		world_free(w);
	}
}

static const struct row selection[] = {
    {"the first that is for it", LB("name: u", "1"), "u 10.4.0.1\n"},
    {"by namespace, before those without priority", LB("name: u, namespace: a", "1"), "u 10.6.0.1\n"},
    {"by label", LB("name: u, labels: {tier: front}", "1"), "u 10.7.0.1\n"},
    {"the lesser priority first", LB("name: u, namespace: a, labels: {tier: front}", "1"), "u 10.6.0.1\n"},
    {"the next when one is full",
     LB("name: u, namespace: a", "1") LB("name: v, namespace: a", "2") LB("name: w, namespace: a", "3"),
     "u 10.6.0.1\nv 10.6.0.2\nw 10.4.0.1\n"},
    {"by name: one that is not given by itself", LB("name: u, annotations: {vipd.io/pool: manual}", "1"),
     "u 10.5.0.1\n"},
    {"MetalLB's name for it", LB("name: u, annotations: {metallb.io/address-pool: manual}", "1"), "u 10.5.0.1\n"},
    {"its older name", LB("name: u, annotations: {metallb.universe.tf/address-pool: manual}", "1"), "u 10.5.0.1\n"},
    {"a name that is not there", LB("name: u, annotations: {vipd.io/pool: none}", "1"),
     "u AllocationFailed: there is no pool none, which the annotations ask for\n"},
    {"a pool for others", LB("name: u, annotations: {vipd.io/pool: a}", "1"),
     "u AllocationFailed: pool a has namespaces or a selector that leave this Service out\n"},
    {"a pool without the family",
     SERVICE_META("name: u, annotations: {vipd.io/pool: manual}",
		  "clusterIP: 'fd00::9', ipFamilies: [IPv6], " BALANCER ", ports: [{port: 80}]"),
     "u AllocationFailed: pool manual has no IPv6 addresses\n"},
    {"both families",
     SERVICE_META("name: u, labels: {tier: front}",
		  "clusterIP: 10.96.0.9, ipFamilyPolicy: PreferDualStack, " BALANCER ", ports: [{port: 80}]"),
     "u 10.7.0.1 fd00:7::1\n"},
    {"both required, one there",
     SERVICE_META("name: u", "clusterIPs: [10.96.0.9, 'fd00::9'], ipFamilyPolicy: RequireDualStack, " BALANCER
			     ", ports: [{port: 80}]"),
     "u 10.4.0.1 NotAllocated: no load balancer address is stated and no pool with IPv6 addresses is for this "
     "Service\n"},
    {"another's class", SERVICE_META("name: u", AT("1") ", loadBalancerClass: example.com/x, ports: [{port: 80}]"),
     "u\n"},
    {"ours", SERVICE_META("name: u", AT("1") ", loadBalancerClass: vipd.io/vip, ports: [{port: 80}]"), "u 10.4.0.1\n"},
};

static void pools_are_chosen(void **state)
{
	run_rows(selection, COUNT(selection));
}

static const struct row requests[] = {
    {"in a pool", LB("name: u, annotations: {vipd.io/addresses: 10.4.0.5}", "1"), "u 10.4.0.5\n"},
    {"one of each family",
     SERVICE_META("name: u, labels: {tier: front}, annotations: {vipd.io/addresses: '10.4.0.5, fd00:7::9'}",
		  AT("1") ", ipFamilyPolicy: PreferDualStack, ports: [{port: 80}]"),
     "u 10.4.0.5 fd00:7::9\n"},
    {"in a pool that is not given by itself", LB("name: u, annotations: {metallb.io/loadBalancerIPs: 10.5.0.5}", "1"),
     "u 10.5.0.5\n"},
    {"kube-vip's", LB("name: u, annotations: {kube-vip.io/loadbalancerIPs: 10.4.0.6}", "1"), "u 10.4.0.6\n"},
    {"in no pool", LB("name: u, annotations: {vipd.io/addresses: 10.9.0.5}", "1"),
     "u AllocationFailed: 10.9.0.5 is in no pool, and allowUnpooled is false\n"},
    {"the network's address", LB("name: u, annotations: {vipd.io/addresses: 10.4.0.0}", "1"),
     "u AllocationFailed: 10.4.0.0 is in no pool, and allowUnpooled is false\n"},
    {"in a pool for others", LB("name: u, annotations: {vipd.io/addresses: 10.6.0.1}", "1"),
     "u AllocationFailed: 10.6.0.1 is in pool a, whose namespaces and selector leave this Service out\n"},
    {"in another pool than the one named",
     LB("name: u, annotations: {vipd.io/addresses: 10.4.0.5, vipd.io/pool: manual}", "1"),
     "u AllocationFailed: 10.4.0.5 is not in pool manual, which the annotations ask for\n"},
    {"one of two refused", LB("name: u, annotations: {vipd.io/addresses: '10.4.0.5,fd00::5'}", "1"),
     "u 10.4.0.5 AllocationFailed: fd00::5 is in no pool, and allowUnpooled is false\n"},
    {"status in a pool",
     "---\n{apiVersion: v1, kind: Service, metadata: {name: u}, spec: {" AT(
	 "1") ", ports: [{port: 80}]}, status: {loadBalancer: {ingress: [{ip: 10.5.0.5}]}}}\n",
     "u 10.5.0.5\n"},
    {"status of a node beside another service proxy",
     "---\n{apiVersion: v1, kind: Service, metadata: {name: u}, spec: {" AT(
	 "1") ", ports: [{port: 80}]}, status: {loadBalancer: {ingress: [{ip: 10.5.0.5, ipMode: Proxy}]}}}\n",
     "u 10.5.0.5\n"},
    {"status in none",
     "---\n{apiVersion: v1, kind: Service, metadata: {name: u}, spec: {" AT(
	 "1") ", ports: [{port: 80}]}, status: {loadBalancer: {ingress: [{ip: 10.9.0.5}]}}}\n",
     "u 10.4.0.1\n"},
};

static void addresses_are_asked_for(void **state)
{
	run_rows(requests, COUNT(requests));
}

static void unpooled_if_allowed(void **state)
{
	struct world *w = world_new();
	struct pools p;

	set_pools(w, &p);
	w->config.allow_unpooled = true;
	world_apply(w, LB("name: u, annotations: {vipd.io/addresses: 10.9.0.5}", "1"));
	expect(w, "u 10.9.0.5\n");
	/* What a balancer outside the cluster has is not taken from it; nor is it given out. */
	world_apply(w, "---\n{apiVersion: v1, kind: Service, metadata: {name: v}, spec: {" AT(
			   "2") ", ports: [{port: 80}]}, status: {loadBalancer: {ingress: [{ip: 10.9.0.6}]}}}\n"
				"---\n{apiVersion: v1, kind: Service, metadata: {name: w}, spec: {" AT(
				    "3") ", ports: [{port: 80}]}, status: {loadBalancer: {ingress: [{ip: 10.9.0.7, "
					 "ipMode: Proxy}]}}}\n");
	expect(w, "u 10.9.0.5\nv 10.9.0.6\nw 10.4.0.1\n");
	world_free(w);
}

static void default_class_off(void **state)
{
	struct world *w = world_new();

	w->config.default_class = false;
	world_apply(w, LB("name: u", "1")
			   SERVICE_META("name: v", AT("2") ", loadBalancerClass: vipd.io/vip, ports: [{port: 80}]"));
	expect(w, "u\nv 10.4.0.1\n");
	world_free(w);
}

static void avoided(void **state)
{
	struct world *w = world_new();
	struct pools p;

	set_pools(w, &p);
	p.avoid[0] = world_range("10.4.0.1-10.4.0.2");
	p.items[0].n_avoid = 1;
	world_apply(w, LB("name: u", "1") LB("name: v, annotations: {vipd.io/addresses: 10.4.0.2}", "2"));
	expect(w, "u 10.4.0.3\nv AllocationFailed: 10.4.0.2 is in no pool, and allowUnpooled is false\n");
	world_free(w);
}

/* ---- sharing ---- */

#define KEY(k) "annotations: {vipd.io/allow-shared-ip: " k "}"

static const struct row sharing[] = {
    {"one key, other ports", LB_PORT("name: u, " KEY("k"), "1", "80") LB_PORT("name: v, " KEY("k"), "2", "81"),
     "u 10.4.0.1\nv 10.4.0.1\n"},
    {"MetalLB's name for it",
     LB_PORT("name: u, annotations: {metallb.io/allow-shared-ip: k}", "1", "80")
	 LB_PORT("name: v, annotations: {metallb.universe.tf/allow-shared-ip: k}", "2", "81"),
     "u 10.4.0.1\nv 10.4.0.1\n"},
    {"one port in two protocols",
     LB_PORT("name: u, " KEY("k"), "1", "53") LB_PORT("name: v, " KEY("k"), "2", "53, protocol: UDP"),
     "u 10.4.0.1\nv 10.4.0.1\n"},
    {"one key, one port", LB_PORT("name: u, " KEY("k"), "1", "80") LB_PORT("name: v, " KEY("k"), "2", "80"),
     "u 10.4.0.1\nv 10.4.0.2\n"},
    {"two keys", LB_PORT("name: u, " KEY("k"), "1", "80") LB_PORT("name: v, " KEY("j"), "2", "81"),
     "u 10.4.0.1\nv 10.4.0.2\n"},
    {"three",
     LB_PORT("name: u, " KEY("k"), "1", "80") LB_PORT("name: v, " KEY("k"), "2", "80")
	 LB_PORT("name: w, " KEY("k"), "3", "81"),
     "u 10.4.0.1\nv 10.4.0.2\nw 10.4.0.1\n"},
    {"asked for without a key",
     LB_PORT("name: u, annotations: {vipd.io/addresses: 10.4.0.5}", "1", "80")
	 LB_PORT("name: v, annotations: {vipd.io/addresses: 10.4.0.5}", "2", "81"),
     "u 10.4.0.5\nv AddressConflict: 10.4.0.5 belongs to Service default/u: to share it, both need the annotation "
     "vipd.io/allow-shared-ip with the same value, and no port in common\n"},
    {"asked for with one",
     LB_PORT("name: u, annotations: {vipd.io/addresses: 10.4.0.5, vipd.io/allow-shared-ip: k}", "1", "80")
	 LB_PORT("name: v, annotations: {vipd.io/addresses: 10.4.0.5, vipd.io/allow-shared-ip: k}", "2", "81"),
     "u 10.4.0.5\nv 10.4.0.5\n"},
    {"the ConfigMap has the port",
     LB_PORT("name: u, " KEY("k"), "1", "80") LB_PORT("name: v, " KEY("k"), "2", "82") VIPS("10.4.0.1: default/w")
	 SERVICE("w", "clusterIP: 10.96.0.3, ports: [{port: 82}]"),
     "u 10.4.0.2\nv 10.4.0.2\nw 10.4.0.1\n"},
};

static void addresses_are_shared(void **state)
{
	run_rows(sharing, COUNT(sharing));
}

/* Who changes what was agreed moves; the other stays. */
static void sharing_ends(void **state)
{
	struct world *w = world_new();

	world_apply(w, LB_PORT("name: u, " KEY("k"), "1", "80") LB_PORT("name: v, " KEY("k"), "2", "81"));
	expect(w, "u 10.4.0.1\nv 10.4.0.1\n");
	world_restart(w);
	world_run(w);
	expect(w, "u 10.4.0.1\nv 10.4.0.1\n");
	assert_false(record_changed(w->record));
	world_apply(w, LB_PORT("name: u, " KEY("k"), "1", "81"));
	expect(w, "u 10.4.0.2\nv 10.4.0.1\n");
	world_apply(w, LB_PORT("name: u, " KEY("k"), "1", "80"));
	expect(w, "u 10.4.0.2\nv 10.4.0.1\n"); /* an address once given stays */
	world_apply(w, LB_PORT("name: v", "2", "81"));
	expect(w, "u 10.4.0.2\nv 10.4.0.1\n");
	world_free(w);
}

/* ---- what stays, what waits ---- */

static void an_address_stays(void **state)
{
	struct world *w = world_new();
	struct pools p;

	set_pools(w, &p);
	world_apply(w, LB("name: u", "1"));
	world_apply(w, LB("name: u, labels: {tier: front}", "1")); /* another pool would come first now */
	expect(w, "u 10.4.0.1\n");
	world_apply(w, LB("name: u, annotations: {vipd.io/pool: manual}", "1"));
	expect(w, "u 10.5.0.1\n");
	world_apply(w, LB("name: u", "1"));
	expect(w, "u 10.5.0.1\n");
	world_apply(w, LB("name: u, annotations: {vipd.io/addresses: 10.4.0.5}", "1"));
	expect(w, "u 10.4.0.5\n");
	world_apply(w, LB("name: u", "1"));
	expect(w, "u 10.4.0.5\n");
	/* What it cannot have does not take away what it has. */
	world_apply(w, LB("name: u, annotations: {vipd.io/addresses: 10.9.0.5}", "1"));
	expect(w, "u 10.4.0.5 AllocationFailed: 10.9.0.5 is in no pool, and allowUnpooled is false\n");
	world_free(w);
}

/* A pool that was made smaller under a live allocation. */
static void a_pool_shrinks(void **state)
{
	struct world *w = world_new();
	struct pools p;

	set_pools(w, &p);
	world_apply(w, LB("name: u, annotations: {vipd.io/addresses: 10.4.0.5}", "1") LB("name: v", "2"));
	p.ranges[0][0] = world_range("10.4.0.2-10.4.0.3");
	world_restart(w);
	world_run(w);
	expect(w,
	       "u 10.4.0.5 OutsidePools: 10.4.0.5 is in no pool any more; it stays until the Service goes or asks for "
	       "another\nv 10.4.0.1 OutsidePools: 10.4.0.1 is in no pool any more; it stays until the Service goes or "
	       "asks "
	       "for another\n");
	world_drop(w, KIND_SERVICE, "default", "v");
	world_apply(w, LB("name: w", "3"));
	expect(w,
	       "u 10.4.0.5 OutsidePools: 10.4.0.5 is in no pool any more; it stays until the Service goes or asks for "
	       "another\nw 10.4.0.2\n");
	world_free(w);
}

/* Those that wait are served in order of age, whatever their names, and before younger ones. */
static void full_pools(void **state)
{
	struct world *w = world_new();
	struct pools p;

	set_pools(w, &p);
	p.ranges[0][0] = world_range("10.4.0.1/32");
	world_apply(w, LB("name: u", "1"));
	w->now += 5;
	world_apply(w, LB("name: w", "2"));
	w->now += 5;
	world_apply(w, LB("name: v", "3"));
	expect(w, "u 10.4.0.1\nv AllocationFailed: pool public is full: no free IPv4 address\nw AllocationFailed: pool "
		  "public is "
		  "full: no free IPv4 address\n");
	world_drop(w, KIND_SERVICE, "default", "u");
	w->now += 5;
	world_put(w, LB("name: a", "4"));
	world_run(w);
	expect(w, "a AllocationFailed: pool public is full: no free IPv4 address\nv AllocationFailed: pool public is "
		  "full: no free "
		  "IPv4 address\nw 10.4.0.1\n");
	w->now += 5;
	world_apply(w,
		    LB("name: b, namespace: a", "5") LB("name: c, namespace: a", "6") LB("name: d, namespace: a", "7"));
	world_drop(w, KIND_SERVICE, "default", "w");
	world_drop(w, KIND_SERVICE, "default", "v");
	world_run(w);
	expect(
	    w,
	    "b 10.6.0.1\nc 10.6.0.2\nd AllocationFailed: pools a, public are full: no free IPv4 address\na 10.4.0.1\n");
	world_free(w);
}

/* A Service that is deleted and made again within a second, with a new uid, inherits nothing. */
static void made_again(void **state)
{
	struct world *w = world_new();

	world_apply(w, LB("name: u, uid: one", "1") LB("name: v", "2"));
	world_drop(w, KIND_SERVICE, "default", "u");
	world_put(w, LB("name: a", "3"));
	world_put(w, LB("name: u, uid: two", "1"));
	world_run(w);
	expect(w, "a 10.4.0.1\nu 10.4.0.3\nv 10.4.0.2\n");
	world_free(w);
}

/* Two Services for one address at once: the older has it, the other is told and takes over. */
static void two_at_once(void **state)
{
	struct world *w = world_new();

	world_apply(
	    w, LB("name: u, creationTimestamp: '2024-01-02T00:00:00Z', annotations: {vipd.io/addresses: 10.4.0.5}", "1")
		   LB("name: v, creationTimestamp: '2024-01-01T00:00:00Z', annotations: {vipd.io/addresses: 10.4.0.5}",
		      "2"));
	expect(w, "u AddressConflict: 10.4.0.5 belongs to Service default/v: to share it, both need the annotation "
		  "vipd.io/allow-shared-ip with the same value, and no port in common\nv 10.4.0.5\n");
	world_drop(w, KIND_SERVICE, "default", "v");
	world_run(w);
	expect(w, "u 10.4.0.5\n");
	world_free(w);
}

/* ---- keepalived-cloud-provider's bugs ---- */

static const struct vs_key key_80 = {{AF_INET, {10, 4, 0, 1}}, 80, 6};

/* It read the forwarding method only when it knew the uid already: not at creation, not when the address changed. */
static void kcp_method_counts_at_creation(void **state)
{
	struct world *w = world_new();

	world_put(w, POD("p", "w", "10.1.0.1"));
	world_apply(w, SERVICE_META("name: u, annotations: {k8s.co/keepalived-forward-method: DR}",
				    AT("1") ", selector: {app: w}, ports: [{port: 80}]"));
	assert_string_equal(map_gets(w->lines, "TCP 10.4.0.1:80"), "TCP 10.4.0.1:80 rr 10.1.0.1:80/DR");
	world_apply(w, SERVICE_META("name: u, annotations: {k8s.co/keepalived-forward-method: TUN}",
				    AT("1") ", loadBalancerIP: 10.4.0.5, selector: {app: w}, ports: [{port: 80}]"));
	assert_string_equal(map_gets(w->lines, "TCP 10.4.0.5:80"), "TCP 10.4.0.5:80 rr 10.1.0.1:80/TUN");
	world_free(w);
}

/* It took any method, valid or not. */
static void kcp_bad_method_is_told(void **state)
{
	struct world *w = world_new();

	world_apply(w, LB("name: u, annotations: {k8s.co/keepalived-forward-method: PROXY}", "1"));
	assert_non_null(map_gets(w->lines, "problem Service default/u BadAnnotation"));
	assert_string_equal(plan_vs_service(w->plan, &key_80), "default/u");
	world_free(w);
}

/* It gave one loadBalancerIP to two Services; deleting either took the address from both. */
static void kcp_one_address_asked_for_twice(void **state)
{
	struct world *w = world_new();

	world_apply(w, SERVICE("u", AT("1") ", loadBalancerIP: 10.4.0.1, ports: [{port: 80}]")
			   SERVICE("v", AT("2") ", loadBalancerIP: 10.4.0.1, ports: [{port: 80}]"));
	assert_string_equal(plan_vs_service(w->plan, &key_80), "default/u");
	assert_non_null(map_gets(w->lines, "problem Service default/v AddressConflict"));
	world_drop(w, KIND_SERVICE, "default", "u");
	world_run(w);
	assert_string_equal(plan_vs_service(w->plan, &key_80), "default/v");
	assert_non_null(map_gets(w->lines, "vip 10.4.0.1"));
	assert_int_equal(w->vip_deletes, 1); /* the cluster IP of u; the address never went */
	world_free(w);
}

/* An address that is none made it panic. */
static void kcp_bad_address_is_told(void **state)
{
	struct world *w = world_new();

	world_apply(w, LB("name: u, annotations: {vipd.io/addresses: 10.4.0}", "1") LB("name: v", "2"));
	expect(w, "u BadAnnotation: annotation vipd.io/addresses: \"10.4.0\" is not an address: expected IPv4 or IPv6, "
		  "one of each, "
		  "separated by a comma\nv 10.4.0.1\n");
	world_free(w);
}

/* Clearing loadBalancerIP keeps the address: the one behaviour of it that users rely on. */
static void kcp_cleared_request_keeps_the_address(void **state)
{
	struct world *w = world_new();

	world_apply(w, SERVICE("u", AT("1") ", loadBalancerIP: 10.4.0.5, ports: [{port: 80}]"));
	world_apply(w, SERVICE("u", AT("1") ", ports: [{port: 80}]"));
	expect(w, "u 10.4.0.5\n");
	world_free(w);
}

/* /32 and /128 made it panic, /31 and /127 were always full, /8 took gigabytes and a /64 all there is. */
static void kcp_every_prefix_length(void **state)
{
	static const struct {
		const char *range, *first;
	} rows[] = {{"10.4.0.9/32", "u 10.4.0.9\n"}, {"10.4.0.8/31", "u 10.4.0.8\n"}, {"10.0.0.0/8", "u 10.0.0.1\n"},
		    {"fd00::9/128", "u fd00::9\n"},  {"fd00::8/127", "u fd00::8\n"},  {"fd00::/64", "u fd00::1\n"}};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct world *w = world_new();

		w->pool_ranges[0] = world_range(rows[i].range);
		world_apply(w, i < 3 ? LB("name: u", "1")
				     : SERVICE("u", "clusterIP: 'fd01::1', ipFamilies: [IPv6], " BALANCER
						    ", ports: [{port: 80}]"));
		expect(w, rows[i].first);
		world_free(w);
	}
}

/* An IPv6 address is no key of a ConfigMap as it is. */
static void kcp_ipv6_as_a_key(void **state)
{
	struct world *w = world_new();

	world_apply(w, VIPS("fd00--10: default/u")
			   SERVICE("u", "clusterIP: 'fd01::1', ipFamilies: [IPv6], ports: [{port: 80}]"));
	assert_non_null(map_gets(w->lines, "vip fd00::10"));
	world_free(w);
}

/* It gave what a hand-written entry or another controller's status had, and wiped such entries. */
static void kcp_named_addresses_are_not_given(void **state)
{
	struct world *w = world_new();

	world_apply(w,
		    VIPS("10.4.0.1: ''") LB("name: u", "1") SERVICE(
			"v", "clusterIP: 10.96.0.2, externalIPs: [10.4.0.2], "
			     "ports: [{port: 80}]") "---\n{apiVersion: v1, kind: Service, metadata: {name: w}, spec: "
						    "{" AT("3") ", loadBalancerClass: example.com/x, ports: [{port: "
								"80}]}, status: {loadBalancer: {ingress: "
								"[{ip: 10.4.0.3}]}}}\n");
	expect(w, "u 10.4.0.4\nv\nw\n");
	assert_non_null(map_gets(w->lines, "vip 10.4.0.1"));
	world_free(w);
}

/* A full pool was told as CreatingLoadBalancerFailed, without a reason. */
static void kcp_full_pool_is_named(void **state)
{
	struct world *w = world_new();

	w->pool_ranges[0] = world_range("10.4.0.1/32");
	world_apply(w, LB("name: u", "1") LB("name: v", "2"));
	expect(w, "u 10.4.0.1\nv AllocationFailed: pool default is full: no free IPv4 address\n");
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(pools_are_chosen),
	    cmocka_unit_test(addresses_are_asked_for),
	    cmocka_unit_test(unpooled_if_allowed),
	    cmocka_unit_test(default_class_off),
	    cmocka_unit_test(avoided),
	    cmocka_unit_test(addresses_are_shared),
	    cmocka_unit_test(sharing_ends),
	    cmocka_unit_test(an_address_stays),
	    cmocka_unit_test(a_pool_shrinks),
	    cmocka_unit_test(full_pools),
	    cmocka_unit_test(made_again),
	    cmocka_unit_test(two_at_once),
	    cmocka_unit_test(kcp_method_counts_at_creation),
	    cmocka_unit_test(kcp_bad_method_is_told),
	    cmocka_unit_test(kcp_one_address_asked_for_twice),
	    cmocka_unit_test(kcp_bad_address_is_told),
	    cmocka_unit_test(kcp_cleared_request_keeps_the_address),
	    cmocka_unit_test(kcp_every_prefix_length),
	    cmocka_unit_test(kcp_ipv6_as_a_key),
	    cmocka_unit_test(kcp_named_addresses_are_not_given),
	    cmocka_unit_test(kcp_full_pool_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
