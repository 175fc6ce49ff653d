/* What the plan says of one address and port. */
#include "plan_world.h"

/* "default/web rr Pods 10.1.0.1:8080=1+ 10.1.0.2:8080=1- problems ports" */
static void print(void *arg, const struct plan_answer *a)
{
	char *out = arg, text[REAL_TEXT];
	size_t n = 0;

	if (a->service) {
		n += (size_t)sprintf(out + n, "%s/%s", a->service->object->meta.namespace,
				     a->service->object->meta.name);
		n += (size_t)sprintf(out + n, " %s%s", a->source, a->only_local ? ",local" : "");
	}
	n += (size_t)sprintf(out + n, " [%s", a->vs ? a->vs->sched : "");
	for (uint32_t i = 0; a->vs && i < a->vs->n; i++)
		n += (size_t)sprintf(out + n, " %s", real_format(&a->vs->reals[i], text));
	n += (size_t)sprintf(out + n, "]");
	for (size_t i = 0; i < a->n_endpoints; i++) {
		const struct plan_endpoint *e = &a->endpoints[i];

		n += (size_t)sprintf(out + n, " %s%s%s%s%s%s", real_format(&e->real, text), e->used ? "+" : "-",
				     e->flags & EP_READY ? "r" : "", e->flags & EP_SERVING ? "s" : "",
				     e->flags & EP_TERMINATING ? "t" : "", e->local ? "l" : "");
	}
	for (size_t i = 0; i < a->n_ports; i++)
		n += (size_t)sprintf(out + n, " (%s)", a->ports[i]);
	for (size_t i = 0; i < a->n_problems; i++)
		n += (size_t)sprintf(out + n, " %s: %s", a->reasons[i], a->messages[i]);
}

static void check(struct world *w, const char *address, uint16_t port, const char *want)
{
	struct vs_key k = {world_addr(address), port, 6};
	char got[2048] = "";

	plan_explain(world_plan(w), &k, print, got);
	assert_string_equal(got, want);
}

#define NOT_READY(name, app, ip)                                                                                       \
	"---\n{apiVersion: v1, kind: Pod, metadata: {name: " name ", labels: {app: " app                               \
	"}}, status: {phase: Running, podIP: '" ip "', conditions: [{type: Ready, status: 'False'}]}}\n"

static void test_pods(void **state)
{
	struct world *w = world_new();

	world_put(w, SERVICE("web", "clusterIP: 10.96.0.9, selector: {app: web}, ports: [{port: 80, targetPort: 8080}]")
			 POD("a", "web", "10.1.0.1") NOT_READY("b", "web", "10.1.0.2")
			     POD_AT("c", "web", "10.1.0.3", "n2"));
	world_run(w);
	check(w, "10.96.0.9", 80,
	      "default/web Pods [rr 10.1.0.1:8080 10.1.0.3:8080] 10.1.0.1:8080+rsl 10.1.0.2:8080- 10.1.0.3:8080+rs");
	check(w, "10.96.0.9", 81, "default/web Pods [] (TCP 80)");
	check(w, "10.96.0.10", 80, " []");
	world_free(w);
}

static void test_policy_and_nodeport(void **state)
{
	struct world *w = world_new();

	world_locals(w, "192.168.0.1", NULL);
	world_put(w,
		  SERVICE("web",
			  "type: NodePort, clusterIP: 10.96.0.9, externalTrafficPolicy: Local, selector: {app: web}, "
			  "ports: [{port: 80, targetPort: 8080, nodePort: 30080}]") POD("a", "web", "10.1.0.1")
		      POD_AT("c", "web", "10.1.0.3", "n2"));
	world_run(w);
	check(w, "192.168.0.1", 30080, "default/web Pods,local [rr 10.1.0.1:8080] 10.1.0.1:8080+rsl 10.1.0.3:8080-rs");
	check(w, "10.96.0.9", 80,
	      "default/web Pods [rr 10.1.0.1:8080 10.1.0.3:8080] 10.1.0.1:8080+rsl 10.1.0.3:8080+rs");
	check(w, "192.168.0.1", 80, " []");
	/* The node's own address is an external IP of it too. */
	world_apply(
	    w, SERVICE("web", "type: NodePort, clusterIP: 10.96.0.9, externalIPs: [192.168.0.1], selector: {app: web}, "
			      "ports: [{port: 80, targetPort: 8080, nodePort: 30080}]"));
	check(w, "192.168.0.1", 30080,
	      "default/web Pods [rr 10.1.0.1:8080 10.1.0.3:8080] 10.1.0.1:8080+rsl 10.1.0.3:8080+rs");
	check(w, "192.168.0.1", 80,
	      "default/web Pods [rr 10.1.0.1:8080 10.1.0.3:8080] 10.1.0.1:8080+rsl 10.1.0.3:8080+rs");
	world_free(w);
}

/* No virtual server is wanted, or another Service has it: the reasons. */
static void test_problems(void **state)
{
	struct world *w = world_new();

	world_put(
	    w, SERVICE_META("name: dr, annotations: {k8s.co/keepalived-forward-method: DR}",
			    "type: LoadBalancer, loadBalancerIP: 10.4.0.2, clusterIP: 10.96.0.9, selector: {app: web}, "
			    "ports: [{port: 80, targetPort: 8080}]") POD("a", "web", "10.1.0.1"));
	world_run(w);
	check(w, "10.4.0.2", 80,
	      "default/dr Pods [] 10.1.0.1:8080+rsl PortMismatch: TCP 80 goes to port 8080: DR cannot change the port, "
	      "so port and "
	      "targetPort must be equal");
	world_put(
	    w,
	    SERVICE("a", "clusterIP: 10.96.0.20, externalIPs: [10.5.0.1], ports: [{port: 80}]") SERVICE(
		"b",
		"clusterIP: 10.96.0.21, externalIPs: [10.5.0.1], ports: [{name: a, port: 80}, {name: b, port: 443}]"));
	world_run(w);
	check(w, "10.5.0.1", 80, "default/a Pods [rr]");
	check(w, "10.5.0.1", 443, "default/b Pods [rr] Conflict: TCP 10.5.0.1:80 belongs to Service default/a");
	world_free(w);
}

static void test_slices(void **state)
{
	struct world *w = world_new();

	world_put(w, SERVICE("web", "clusterIP: 10.96.0.9, ports: [{port: 80}]")
			 SLICE("s", "web", "{port: 80}",
			       "{addresses: [10.1.0.1], conditions: {ready: false, serving: true, terminating: true}}, "
			       "{addresses: [10.1.0.2], conditions: {ready: false, serving: false}}"));
	world_run(w);
	check(w, "10.96.0.9", 80, "default/web EndpointSlices [rr 10.1.0.1:80] 10.1.0.1:80+st 10.1.0.2:80-");
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_pods),
	    cmocka_unit_test(test_policy_and_nodeport),
	    cmocka_unit_test(test_problems),
	    cmocka_unit_test(test_slices),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
