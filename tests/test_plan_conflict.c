/* configmaps/claims.c, problems.c: who has an address:port:protocol, who is told, who takes over; and that the order of changes does not
 * matter: a plan that was fed step by step says the same as one that is fed with what there is at the end. */
#include "../configmaps/problems.h"
#include "plan_world.h"

#define AT(name, created, ip, port)                                                                                    \
	SERVICE_META(name ", creationTimestamp: '" created "'",                                                        \
		     "clusterIP: " ip ", externalIPs: [10.4.0.50], ports: [{port: " port "}]")
#define NEW                 "2024-02-02T00:00:00Z"
#define OLD                 "2023-01-01T00:00:00Z"
#define LOST(loser, winner) "problem Service " loser " Conflict: TCP 10.4.0.50:80 belongs to Service " winner "\n"
#define TAIL                "vip 10.4.0.50 eth0\nvip 10.96.0.1 vipd0\nvip 10.96.0.2 vipd0\n"
#define VS                  "TCP 10.4.0.50:80 rr\nTCP 10.96.0.1:80 rr\nTCP 10.96.0.2:80 rr\n"

static const struct world_row order[] = {
    {"the older", AT("name: a", NEW, "10.96.0.1", "80") AT("name: b", OLD, "10.96.0.2", "80"),
     VS LOST("default/a", "default/b") TAIL},
    {"none is younger than any",
     SERVICE("a", "clusterIP: 10.96.0.1, externalIPs: [10.4.0.50], ports: [{port: 80}]")
	 AT("name: b", NEW, "10.96.0.2", "80"),
     VS LOST("default/a", "default/b") TAIL},
    {"the lesser name", AT("name: b", OLD, "10.96.0.1", "80") AT("name: a", OLD, "10.96.0.2", "80"),
     VS LOST("default/b", "default/a") TAIL},
    {"the lesser namespace",
     AT("name: a, namespace: x-y", OLD, "10.96.0.1", "80") AT("name: b, namespace: x", OLD, "10.96.0.2", "80"),
     VS LOST("x-y/a", "x/b") TAIL},
    {"different ports share", AT("name: a", NEW, "10.96.0.1", "80") AT("name: b", OLD, "10.96.0.2", "81"),
     "TCP 10.4.0.50:80 rr\nTCP 10.4.0.50:81 rr\nTCP 10.96.0.1:80 rr\nTCP 10.96.0.2:81 rr\n" TAIL},
    {"the loser keeps its other ports",
     AT("name: a", OLD, "10.96.0.1", "80") SERVICE(
	 "b", "clusterIP: 10.96.0.2, externalIPs: [10.4.0.50], ports: [{name: f, port: 80}, {name: g, port: 81}]"),
     "TCP 10.4.0.50:80 rr\nTCP 10.4.0.50:81 rr\nTCP 10.96.0.1:80 rr\nTCP 10.96.0.2:80 rr\nTCP 10.96.0.2:81 rr\n" LOST(
	 "default/b", "default/a") TAIL},
};

static void order_of_claims(void **state)
{
	world_rows(order, COUNT(order), NULL);
}

static void the_records_holder(void **state)
{
	struct world *w = world_new();

	world_apply(
	    w, SERVICE_META("name: z",
			    "clusterIP: 10.96.0.9, type: LoadBalancer, allocateLoadBalancerNodePorts: false, ports: "
			    "[{port: 80}]"));
	world_apply(w, SERVICE_META("name: a, creationTimestamp: '" OLD "'",
				    "clusterIP: 10.96.0.8, externalIPs: [10.4.0.1], ports: [{port: 80}]"));
	world_expect(
	    w,
	    "TCP 10.4.0.1:80 rr\nTCP 10.96.0.8:80 rr\nTCP 10.96.0.9:80 rr\nproblem Service default/a Conflict: TCP "
	    "10.4.0.1:80 belongs to Service default/z\nvip 10.4.0.1 eth0\nvip 10.96.0.8 vipd0\nvip 10.96.0.9 vipd0\n");
	world_free(w);
}

static void node_ports(void **state)
{
	static const char spec[] =
	    SERVICE("b", "type: NodePort, clusterIP: 10.96.0.1, ports: [{port: 80, nodePort: 30080}]")
		SERVICE("a", "type: NodePort, clusterIP: 10.96.0.2, ports: [{port: 80, nodePort: 30080}]");
	struct world *w = world_new();

	world_locals(w, "192.168.0.1", "192.168.0.2");
	world_apply(w, spec);
	assert_string_equal(plan_vs_service(w->plan, &(struct vs_key){world_addr("192.168.0.2"), 30080, 6}),
			    "default/a");
	world_expect(w, "TCP 10.96.0.1:80 rr\nTCP 10.96.0.2:80 rr\nTCP 192.168.0.1:30080 rr\nTCP 192.168.0.2:30080 "
			"rr\nproblem Service "
			"default/b Conflict: TCP 192.168.0.1:30080 belongs to Service default/a; TCP 192.168.0.2:30080 "
			"belongs to Service "
			"default/a\nvip 10.96.0.1 vipd0\nvip 10.96.0.2 vipd0\n");
	world_free(w);
}

static void the_loser_takes_over(void **state)
{
	struct world *w = world_new();

	world_apply(w, AT("name: b", NEW, "10.96.0.2", "80") AT("name: c", NEW, "10.96.0.3", "80"));
	world_apply(w, AT("name: a", OLD, "10.96.0.1", "80"));
	assert_int_equal(w->problems, 2); /* b lost, c has another winner */
	assert_int_equal(w->deletes, 0);
	world_drop(w, KIND_SERVICE, "default", "a");
	world_run(w);
	assert_int_equal(w->deletes, 1); /* its cluster IP alone */
	assert_int_equal(w->sets, 0);    /* the two are the same */
	world_expect(w, "TCP 10.4.0.50:80 rr\nTCP 10.96.0.2:80 rr\nTCP 10.96.0.3:80 rr\n" LOST(
			    "default/c", "default/b") "vip 10.4.0.50 "
						      "eth0\nvip 10.96.0.2 vipd0\nvip 10.96.0.3 vipd0\n");
	/* The winner changes at the moment the loser does. */
	world_apply(w, AT("name: b", NEW, "10.96.0.2", "81") AT("name: c", OLD, "10.96.0.3", "80"));
	assert_int_equal(w->problems, 1);
	world_expect(w, "TCP 10.4.0.50:80 rr\nTCP 10.4.0.50:81 rr\nTCP 10.96.0.2:81 rr\nTCP 10.96.0.3:80 rr\nvip "
			"10.4.0.50 eth0\nvip "
			"10.96.0.2 vipd0\nvip 10.96.0.3 vipd0\n");
	world_free(w);
}

/* A key that moves between Services in one run is set, never deleted in between. */
static void a_move_is_one_change(void **state)
{
	struct world *w = world_new();

	world_apply(w, SERVICE("a", "clusterIP: 10.96.0.1, ports: [{port: 80}]"));
	world_drop(w, KIND_SERVICE, "default", "a");
	world_apply(w, SERVICE("b", "clusterIP: 10.96.0.1, sessionAffinity: ClientIP, ports: [{port: 80}]"));
	assert_int_equal(w->sets, 1);
	assert_int_equal(w->deletes + w->vip_sets + w->vip_deletes, 0);
	world_put(w, SERVICE("c", "clusterIP: 10.96.0.3, ports: [{port: 80}]")); /* comes and goes unseen */
	world_drop(w, KIND_SERVICE, "default", "c");
	world_run(w);
	assert_int_equal(w->sets + w->deletes + w->vip_sets + w->vip_deletes, 0);
	world_free(w);
}

static void problems_end(void **state)
{
	struct world *w = world_new();

	world_apply(w, SERVICE_META("name: a, annotations: {vipd.io/scheduler: x}",
				    "clusterIP: 10.96.0.1, ports: [{port: 80}]"));
	assert_int_equal(w->problems, 1);
	world_apply(w, SERVICE_META("name: a, annotations: {vipd.io/scheduler: x}",
				    "clusterIP: 10.96.0.2, ports: [{port: 80}]"));
	assert_int_equal(w->problems, 0);
	world_apply(w, SERVICE_META("name: a, annotations: {vipd.io/scheduler: q}",
				    "clusterIP: 10.96.0.2, ports: [{port: 80}]"));
	assert_int_equal(w->problems, 1);
	world_drop(w, KIND_SERVICE, "default", "a");
	world_run(w);
	assert_int_equal(w->problems, 1);
	world_expect(w, "");
	world_free(w);
}

static void messages_are_bounded(void **state)
{
	struct problems l = {0}, copy = {0};

	for (int i = 0; i < 200; i++)
		problems_add(&l, "Conflict", "message number %d", i);
	assert_int_equal(l.n, 1);
	assert_true(strlen(l.items[0].message) < 640);
	assert_non_null(strstr(l.items[0].message, "; and more"));
	problems_copy(&copy, &l);
	assert_string_equal(copy.items[0].message, l.items[0].message);
	problems_clear(&l);
	problems_clear(&copy);
}

/* ---- any order of changes ---- */

static uint32_t next_random(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return *seed >> 16;
}

static char *random_service(uint32_t *seed, unsigned name)
{
	static const char *const types[] = {"ClusterIP", "NodePort", "LoadBalancer", "LoadBalancer"};
	static const char *const given[] = {"", ", clusterIP: 10.96.0.1", ", clusterIP: 10.96.0.2",
					    ", clusterIP: None"};
	static const char *const more[] = {"",
					   ", externalIPs: [10.4.0.1]",
					   ", externalIPs: [10.4.0.50]",
					   ", sessionAffinity: ClientIP",
					   ", allocateLoadBalancerNodePorts: false",
					   ", loadBalancerIP: 10.4.0.50"};
	static const char *const ports[] = {"{port: 80}", "{port: 80, nodePort: 30001}", "{port: 81}",
					    "{name: a, port: 80}, {name: b, port: 81}"};
	unsigned type = next_random(seed) % COUNT(types), m = next_random(seed) % COUNT(more),
		 p = next_random(seed) % COUNT(ports);

	if (type == 0 && p == 1)
		p = 0; /* a node port needs a type that has one */
	if (type < 2 && m >= 4)
		m = 0;
	return xasprintf(SERVICE_META("name: s%u, creationTimestamp: '202%u-01-01T00:00:00Z'",
				      "type: %s, selector: {app: a%u}, ports: [%s]%s%s"),
			 name, next_random(seed) % 3, types[type], next_random(seed) % 2, ports[p],
			 type == 0 ? given[next_random(seed) % 4] : given[next_random(seed) % 3], more[m]);
}

static char *random_manifest(uint32_t *seed, enum kind *kind, const char **ns, char name[16])
{
	unsigned n = next_random(seed) % 4, what = next_random(seed) % 10;

	*ns = "default";
	if (what < 5) {
		*kind = KIND_SERVICE;
		snprintf(name, 16, "s%u", n);
		return random_service(seed, n);
	}
	if (what < 6) {
		*kind = KIND_SLICE;
		snprintf(name, 16, "e%u", n);
		return xasprintf(SLICE("e%u", "s%u", "{port: 8080}", "{addresses: [10.1.0.%u]}"), n,
				 next_random(seed) % 4, next_random(seed) % 3 + 1);
	}
	if (what < 8) {
		*kind = KIND_POD;
		snprintf(name, 16, "p%u", n);
		return xasprintf(POD("p%u", "a%u", "10.1.1.%u"), n, next_random(seed) % 2, n + 1);
	}
	if (what < 9) {
		*kind = KIND_NODE;
		*ns = "";
		snprintf(name, 16, "n%u", n);
		return xasprintf(NODE("n%u", "10.4.0.%u"), n, next_random(seed) % 4);
	}
	*kind = KIND_CONFIGMAP;
	*ns = "kube-system";
	strcpy(name, "vips");
	return xasprintf(VIPS("10.4.0.50: default/s%u, 10.4.0.3: 'default/s%u, default/s%u:DR', 10.4.0.7: ''"), n,
			 next_random(seed) % 2, next_random(seed) % 2 + 2);
}

/* One change; a drop if the object is there and chance says so. */
static void random_change(struct world *w, uint32_t *seed)
{
	enum kind kind;
	const char *ns;
	char name[16], *yaml = random_manifest(seed, &kind, &ns, name), *key = world_key(kind, ns, name);

	if (map_gets(w->objects, key) && next_random(seed) % 3 == 0)
		world_drop(w, kind, ns, name);
	else
		world_put(w, yaml);
	free(key);
	free(yaml);
}

static void any_order(void **state)
{
	for (uint32_t seed = 1; seed <= 60; seed++) {
		struct world *w = world_new();
		uint32_t r = seed;
		char *stepwise, *fresh;

		w->config.node_port_last = 30002;
		world_locals(w, "192.168.0.1", NULL);
		for (int i = 0; i < 60; i++) {
			random_change(w, &r);
			if (next_random(&r) % 2)
				continue;
			world_run(w);
			world_check(w);
		}
		world_run(w);
		stepwise = world_text(w);
		world_restart(w);
		world_locals(w, "192.168.0.1", NULL);
		world_run(w);
		world_check(w);
		fresh = world_text(w);
		assert_string_equal(stepwise, fresh);
		free(stepwise);
		free(fresh);
		world_free(w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(order_of_claims),      cmocka_unit_test(the_records_holder),
	    cmocka_unit_test(node_ports),           cmocka_unit_test(the_loser_takes_over),
	    cmocka_unit_test(a_move_is_one_change), cmocka_unit_test(problems_end),
	    cmocka_unit_test(messages_are_bounded), cmocka_unit_test(any_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
