/* What the plan says of a virtual server beside what the kernel's IPVS knows: its kind, whether clients' addresses are kept, source ranges, which real servers
 * are on this node; and which addresses it leaves out. */
#include "plan_world.h"

#include <stdio.h>
#include <sys/socket.h>

#define WEB  "clusterIP: 10.96.0.10, selector: {app: web}, ports: [{port: 80}]"
#define PODS POD("web-1", "web", "10.1.0.1") POD_AT("web-2", "web", "10.1.0.2", "n2")

static void one(void *arg, const struct vs *v)
{
	static const char *const kinds[] = {"other", "cluster", "external", "balancer", "node-port"};
	char key[VS_KEY_TEXT], net[CIDR_TEXT], *t = arg;

	t += strlen(t);
	t += sprintf(t, "%s %s%s", vs_key_format(&v->key, key), kinds[v->kind], v->keep_source ? " keep" : "");
	for (uint32_t i = 0; i < v->n_ranges; i++)
		t += sprintf(t, " %s", cidr_format(&v->ranges[i], net));
	for (uint32_t i = 0; i < v->n; i++)
		t += sprintf(t, "%s", v->reals[i].here ? " here" : " there");
	if (v->health_port)
		t += sprintf(t, " health %u", v->health_port);
	strcpy(t, "\n");
}

static void expect(struct world *w, const char *want)
{
	char text[4096] = "";

	plan_each_vs(world_plan(w), one, text);
	assert_string_equal(text, want);
}

static void kinds_and_policies(void **state)
{
	struct world *w = world_new();

	world_locals(w, "192.168.0.1", NULL);
	world_apply(w, VIPS("10.4.0.70: default/web") SERVICE(
			   "web", WEB ", type: LoadBalancer, loadBalancerIP: 10.4.0.60, externalIPs: [10.4.0.50], "
				      "externalTrafficPolicy: Local") PODS);
	expect(w, "TCP 10.4.0.50:80 external keep here\n"
		  "TCP 10.4.0.60:80 balancer keep here\n"
		  "TCP 10.4.0.70:80 external keep here\n"
		  "TCP 10.96.0.10:80 cluster here there\n"
		  "TCP 192.168.0.1:30000 node-port keep here\n");
	world_apply(w, SERVICE("web", WEB ", internalTrafficPolicy: Local"));
	expect(w, "TCP 10.4.0.70:80 external here there\nTCP 10.96.0.10:80 cluster keep here\n");
	/* a health check is asked at the load balancer's address too */
	world_apply(w, SERVICE("web", WEB ", type: LoadBalancer, loadBalancerIP: 10.4.0.60, externalTrafficPolicy: "
					  "Local, healthCheckNodePort: 32080"));
	expect(w, "TCP 10.4.0.60:80 balancer keep here health 32080\n"
		  "TCP 10.4.0.70:80 external keep here\n"
		  "TCP 10.96.0.10:80 cluster here there\n"
		  "TCP 192.168.0.1:30000 node-port keep here\n");
	world_apply(w, SERVICE("web", WEB ", internalTrafficPolicy: Local"));
	/* the pod moves: that alone is a change */
	world_apply(w, POD_AT("web-1", "web", "10.1.0.1", "n2"));
	assert_int_equal(w->sets, 2);
	expect(w, "TCP 10.4.0.70:80 external there there\nTCP 10.96.0.10:80 cluster keep\n");
	world_free(w);
}

#define RANGES(list)                                                                                                   \
	SERVICE("web", WEB ", type: LoadBalancer, loadBalancerIP: 10.4.0.60, allocateLoadBalancerNodePorts: false, "   \
			   "loadBalancerSourceRanges: [" list "]")

static void source_ranges(void **state)
{
	static const struct {
		const char *service, *ranges;
	} rows[] = {
	    {RANGES(""), ""},
	    {RANGES("10.0.0.0/8, ' 172.16.0.1/12 '"), " 10.0.0.0/8 172.16.0.1/12"},
	    {RANGES("'fd00::/8'"), ""},
	    {RANGES("'fd00::/8', 10.0.0.0/8"), " 10.0.0.0/8"},
	    {RANGES("10.0.0.0/8, 0.0.0.0/0"), ""},
	    {RANGES("10.0.0.0/8, '::/0'"), " 10.0.0.0/8"},
	    /* this node is in one: from itself it comes as the address */
	    {RANGES("192.168.0.0/16"), " 192.168.0.0/16 10.4.0.60/32"},
	};
	char want[512];

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct world *w = world_new();

		world_locals(w, "192.168.0.1", NULL);
		world_apply(w, rows[i].service);
		snprintf(want, sizeof want, "TCP 10.4.0.60:80 balancer%s\nTCP 10.96.0.10:80 cluster\n", rows[i].ranges);
		expect(w, want);
		world_free(w);
	}
}

/* A range more or less is a change of that virtual server, also by what addresses this node has. */
static void ranges_change(void **state)
{
	struct world *w = world_new();

	world_apply(w, RANGES("10.0.0.0/8"));
	world_apply(w, RANGES("10.0.0.0/8"));
	assert_int_equal(w->sets, 0);
	world_apply(w, RANGES("10.0.0.0/9"));
	assert_int_equal(w->sets, 1);
	world_locals(w, "10.0.0.1", NULL);
	world_run(w);
	assert_int_equal(w->sets, 1);
	expect(w, "TCP 10.4.0.60:80 balancer 10.0.0.0/9 10.4.0.60/32\nTCP 10.96.0.10:80 cluster\n");
	world_free(w);
}

static void count_ranges(void *arg, const struct vs *v)
{
	*(size_t *)arg += v->n_ranges;
}

/* n ranges, and one more. */
static size_t with_ranges(struct world *w, int n, const char *last)
{
	char *list = xstrdup(""), *yaml;
	size_t found = 0;

	for (int i = 0; i < n; i++)
		list = world_append(list, xasprintf("10.%d.%d.0/24, ", i / 256, i % 256));
	yaml = xasprintf(RANGES("%s'%s'"), list, last);
	world_apply(w, yaml);
	free(yaml);
	free(list);
	plan_each_vs(world_plan(w), count_ranges, &found);
	return found;
}

/* More than the sets take: told; everything counts wherever it stands. */
static void ranges_too_many(void **state)
{
	static const char told[] = "problem Service default/web TooLarge";
	struct world *w = world_new();

	assert_int_equal(with_ranges(w, RANGES_OF_ONE - 2, "192.0.2.0/24"), RANGES_OF_ONE - 1);
	assert_null(map_gets(w->lines, told));
	assert_int_equal(with_ranges(w, RANGES_OF_ONE - 1, "fd00::/8"), RANGES_OF_ONE - 1);
	assert_null(map_gets(w->lines, told));
	assert_int_equal(with_ranges(w, RANGES_OF_ONE - 1, "192.0.2.0/24"), RANGES_OF_ONE - 1);
	assert_non_null(map_gets(w->lines, told));
	assert_int_equal(with_ranges(w, RANGES_OF_ONE - 1, "0.0.0.0/0"), 0);
	assert_null(map_gets(w->lines, told));
	world_free(w);
}

static void external_ranges(void **state)
{
	struct world *w = world_new();

	w->config.external_ranges[0] = world_cidr("10.4.0.0/24");
	w->config.n_external_ranges = 1;
	world_apply(w, SERVICE("web", WEB ", externalIPs: [10.4.0.50, 10.4.1.50, 10.96.0.99]"));
	world_expect(w,
		     "TCP 10.4.0.50:80 rr\n"
		     "TCP 10.96.0.10:80 rr\n"
		     "problem Service default/web ExternalIPDenied: external IP 10.4.1.50 is not in externalIPRanges: "
		     "it is left "
		     "out; external IP 10.96.0.99 is in the range of cluster IPs (serviceClusterCIDR): it is left out\n"
		     "vip 10.4.0.50 eth0\n"
		     "vip 10.96.0.10 vipd0\n");
	world_free(w);
}

static bool guarded(struct world *w, const char *addr)
{
	struct addr a = world_addr(addr);

	return plan_vip_guarded(world_plan(w), &a);
}

/* No virtual server there; the address of clients is held all the same, and nothing on it is refused. A cluster IP is another's altogether. */
static void excluded(void **state)
{
	struct world *w = world_new();

	w->config.excluded[0] = world_cidr("10.96.0.0/12");
	w->config.excluded[1] = world_cidr("10.4.0.51/32");
	w->config.n_excluded = 2;
	world_apply(w, SERVICE("web", WEB ", externalIPs: [10.4.0.50, 10.4.0.51]"));
	world_expect(w, "TCP 10.4.0.50:80 rr\n"
			"vip 10.4.0.50 eth0\n"
			"vip 10.4.0.51 eth0\n");
	assert_true(guarded(w, "10.4.0.50"));
	assert_false(guarded(w, "10.4.0.51"));
	world_free(w);
}

static void node_port_addresses(void **state)
{
	struct world *w = world_new();

	w->config.node_port_nets[0] = world_cidr("192.168.0.0/16");
	w->config.n_node_port_nets = 1;
	world_locals(w, "192.168.0.1", "10.9.0.1");
	world_apply(w, SERVICE("web", WEB ", type: NodePort"));
	expect(w, "TCP 10.96.0.10:80 cluster\nTCP 192.168.0.1:30000 node-port\n");
	world_locals(w, "10.9.0.1", "192.168.0.2");
	world_run(w);
	expect(w, "TCP 10.96.0.10:80 cluster\nTCP 192.168.0.2:30000 node-port\n");
	world_free(w);
}

/* Unknown ports are refused only where vipd alone decides what an address is for. */
static void guarded_addresses(void **state)
{
	struct world *w = world_new();

	world_locals(w, "192.168.0.1", NULL);
	world_apply(w, VIPS("10.4.0.70: default/web, 10.4.0.71: ''")
			   SERVICE("web", WEB ", externalIPs: [10.4.0.50, 10.4.0.71, 192.168.0.1]"));
	assert_true(guarded(w, "10.4.0.50"));
	assert_true(guarded(w, "10.4.0.70"));
	assert_true(guarded(w, "10.96.0.10"));
	assert_false(guarded(w, "10.4.0.71"));
	assert_false(guarded(w, "192.168.0.1"));
	assert_false(guarded(w, "10.4.0.99"));
	plan_vips_turned(w->plan);
	assert_false(plan_vips_turned(w->plan));
	world_apply(w, POD("web-1", "web", "10.1.0.1"));
	assert_false(plan_vips_turned(w->plan));
	/* it becomes a host's, the virtual server stays as it is */
	world_locals(w, "192.168.0.1", "10.4.0.50");
	world_run(w);
	assert_true(plan_vips_turned(w->plan));
	assert_false(guarded(w, "10.4.0.50"));
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(kinds_and_policies),  cmocka_unit_test(source_ranges),     cmocka_unit_test(ranges_change),
	    cmocka_unit_test(ranges_too_many),     cmocka_unit_test(external_ranges),   cmocka_unit_test(excluded),
	    cmocka_unit_test(node_port_addresses), cmocka_unit_test(guarded_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
