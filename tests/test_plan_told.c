/* configmaps/told.c: what a Service as a whole has become, told when it is new. */
#include "plan_world.h"

static char told[2048];

static void put_addrs(const struct addr *a, size_t n)
{
	char buf[ADDR_TEXT];

	for (size_t i = 0; i < n; i++)
		snprintf(told + strlen(told), sizeof told - strlen(told), "%s%s", i ? "," : "",
			 addr_format(&a[i], buf));
}

static void on_service(void *arg, const struct service_change *c)
{
	snprintf(told + strlen(told), sizeof told - strlen(told), "%s%s: %s[", c->object->meta.name,
		 *c->uid ? "" : " gone", c->was_balancer ? "balancer " : "");
	put_addrs(c->were, c->n_were);
	snprintf(told + strlen(told), sizeof told - strlen(told), "%s] -> %s[", c->was_idle ? " idle" : "",
		 c->balancer ? "balancer " : "");
	put_addrs(c->vips, c->n_vips);
	snprintf(told + strlen(told), sizeof told - strlen(told), "%s]%s", c->idle ? " idle" : "",
		 c->no_local == c->was_no_local ? ""
		 : c->no_local                  ? " no local"
						: " local again");
	if (c->health_port)
		snprintf(told + strlen(told), sizeof told - strlen(told), " health %u%s%s %u %u", c->health_port,
			 c->health_v4 ? " v4" : "", c->health_v6 ? " v6" : "", c->local_ready[0], c->local_ready[1]);
	strcat(told, "\n");
}

static void run(struct world *w, const char *want)
{
	struct plan_out out;

	world_out(w, &out);
	out.service = on_service;
	told[0] = '\0';
	plan_run(world_plan(w), w->now, &out);
	assert_string_equal(told, want);
}

#define BALANCER "clusterIP: 10.96.0.1, type: LoadBalancer, selector: {app: a}, ports: [{port: 80}]"

static void a_balancers_life(void **state)
{
	struct world *w = world_new();

	world_put(w, POD("p", "a", "10.1.0.1") SERVICE("a", BALANCER));
	run(w, "a: [] -> balancer [10.4.0.1]\n");
	run(w, "");
	world_put(w, POD("q", "a", "10.1.0.2"));
	run(w, "");
	world_put(w, SERVICE("a", BALANCER ", loadBalancerIP: 10.4.0.5"));
	run(w, "a: balancer [10.4.0.1] -> balancer [10.4.0.5]\n");
	world_put(w, SERVICE("a", "clusterIP: 10.96.0.1, selector: {app: a}, ports: [{port: 80}]"));
	run(w, "a: balancer [10.4.0.5] -> []\n");
	world_put(w, SERVICE("a", BALANCER ", loadBalancerIP: 10.4.0.5"));
	run(w, "a: [] -> balancer [10.4.0.5]\n");
	plan_drop(w->plan, KIND_SERVICE, "default", "a");
	run(w, "a gone: balancer [10.4.0.5] -> []\n");
	world_free(w);
}

static void without_endpoints(void **state)
{
	struct world *w = world_new();

	world_put(w, SERVICE("a", "clusterIP: 10.96.0.1, selector: {app: a}, ports: [{port: 80}]")
			 SERVICE("b", "clusterIP: None, ports: [{port: 80}]"));
	run(w, "a: [] -> [ idle]\n");
	world_put(w, POD("p", "a", "10.1.0.1"));
	run(w, "a: [ idle] -> []\n");
	plan_drop(w->plan, KIND_POD, "default", "p");
	run(w, "a: [] -> [ idle]\n");
	plan_drop(w->plan, KIND_SERVICE, "default", "a");
	run(w, "a gone: [ idle] -> []\n");
	world_free(w);
}

static void no_room_or_not_ours(void **state)
{
	struct world *w = world_new();

	w->config.n_pools = 0;
	world_put(w, POD("p", "a", "10.1.0.1") SERVICE("a", BALANCER)
			 SERVICE("b", BALANCER ", loadBalancerClass: other/one"));
	run(w, "a: [] -> balancer []\n");
	assert_true(plan_balancer_waits(w->plan, "default", "a"));
	assert_false(plan_balancer_waits(w->plan, "default", "b"));
	assert_false(plan_balancer_waits(w->plan, "default", "c"));
	world_free(w);
}

#define LOCAL                                                                                                          \
	"clusterIP: 10.96.0.1, type: LoadBalancer, selector: {app: a}, externalTrafficPolicy: Local, ports: [{name: "  \
	"x, "                                                                                                          \
	"port: 80}, {name: b, port: 81}]"

static void local_endpoints(void **state)
{
	struct world *w = world_new();

	world_put(w, POD_AT("p", "a", "10.1.0.1", "n2") SERVICE("a", LOCAL));
	run(w, "a: [] -> balancer [10.4.0.1] no local\n");
	world_put(w, POD_AT("q", "a", "10.1.0.2", "n1"));
	run(w, "a: balancer [10.4.0.1] -> balancer [10.4.0.1] local again\n");
	world_put(w, POD_AT("r", "a", "10.1.0.3", "n1"));
	run(w, "");
	world_put(w, SERVICE("a", LOCAL ", healthCheckNodePort: 32000"));
	run(w, "a: balancer [10.4.0.1] -> balancer [10.4.0.1] health 32000 v4 2 0\n");
	world_put(w, POD_AT("q", "a", "10.1.0.2", "n2"));
	run(w, "a: balancer [10.4.0.1] -> balancer [10.4.0.1] health 32000 v4 1 0\n");
	world_put(w, POD_AT("r", "a", "10.1.0.3", "n2"));
	run(w, "a: balancer [10.4.0.1] -> balancer [10.4.0.1] no local health 32000 v4 0 0\n");
	world_put(w, SERVICE("a", BALANCER ", healthCheckNodePort: 32000"));
	run(w, "a: balancer [10.4.0.1] -> balancer [10.4.0.1] local again\n");
	world_free(w);
}

/* Where another service proxy serves node ports it does this too. */
static void health_is_the_proxys(void **state)
{
	struct world *w = world_new();

	w->config.handle = HANDLE_LOADBALANCER;
	world_put(w, POD("p", "a", "10.1.0.1") SERVICE("a", LOCAL ", healthCheckNodePort: 32000"));
	run(w, "a: [] -> balancer [10.4.0.1]\n");
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_balancers_life),     cmocka_unit_test(without_endpoints),
	    cmocka_unit_test(no_room_or_not_ours),  cmocka_unit_test(local_endpoints),
	    cmocka_unit_test(health_is_the_proxys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
