/* configmaps/given.c: the record of another node, as a ConfigMap in the folder: taken whole where this node does not allocate, adopted where it does. */
#include "plan_world.h"

#define SPEC "type: LoadBalancer, ports: [{name: h, port: 80}]"

/* The record of the plan as a manifest, put into another world's folder. */
static void give(struct world *to, const struct record *r, const char *name)
{
	size_t len;
	char *text = record_text(r, name, &len);

	world_apply(to, text);
	free(text);
}

static void no_allocate(struct world *w)
{
	w->config.allocate = false;
	world_locals(w, "192.168.0.1", NULL);
}

static char *services(void)
{
	return xstrdup(SERVICE("a", SPEC) SERVICE("b", SPEC ", ipFamilyPolicy: PreferDualStack") SERVICE_META(
	    "name: c, annotations: {vipd.io/allow-shared-ip: k}", "type: LoadBalancer, ports: [{port: 81}]")
			   SERVICE_META("name: d, annotations: {vipd.io/allow-shared-ip: k}",
					"type: LoadBalancer, ports: [{port: 82}]"));
}

/* Two nodes: the second programs what the first gave, and follows it. */
static void another_node_follows(void **state)
{
	struct world *one = world_new(), *two = world_new();
	char *yaml = services(), *a, *b;

	world_locals(one, "192.168.0.1", NULL);
	world_apply(one, SERVICE("z", SPEC)); /* so that what is given is not what any node would give */
	world_apply(one, yaml);
	no_allocate(two);
	world_apply(two, SERVICE("z", SPEC));
	world_apply(two, yaml);
	assert_non_null(map_gets(two->lines, "problem Service default/a NotAllocated"));
	give(two, one->record, "kube-system/vips");
	a = world_text(one);
	b = world_text(two);
	assert_string_equal(a, b);
	free(a);
	free(b);
	/* A Service asks for another address. */
	world_apply(one, SERVICE("a", SPEC ", loadBalancerIP: 10.4.0.6"));
	world_apply(two, SERVICE("a", SPEC ", loadBalancerIP: 10.4.0.6"));
	give(two, one->record, "kube-system/vips");
	/* One goes and comes again: a new uid. */
	for (int i = 0; i < 2; i++) {
		struct world *w = i ? two : one;

		world_drop(w, KIND_SERVICE, "default", "z");
		world_run(w);
		world_apply(w, SERVICE("z", SPEC));
	}
	give(two, one->record, "kube-system/vips");
	a = world_text(one);
	b = world_text(two);
	assert_string_equal(a, b);
	free(a);
	free(b);
	/* The second starts again, first without its copy. */
	world_restart(two);
	world_locals(two, "192.168.0.1", NULL);
	world_run(two);
	a = world_text(one);
	b = world_text(two);
	assert_string_equal(a, b);
	free(a);
	free(b);
	free(yaml);
	world_free(one);
	world_free(two);
}

/* A node that does not allocate misses a Service for a while, by a file that is moved or comes late: the record still has it when it is there. */
static void a_service_comes_late(void **state)
{
	struct world *one = world_new(), *two = world_new();
	char *a, *b;

	world_locals(one, "192.168.0.1", NULL);
	world_apply(one, SERVICE("z", SPEC));
	world_apply(one, SERVICE("a", SPEC) SERVICE_META("name: u, uid: '7'", SPEC));
	no_allocate(two);
	give(two, one->record, "kube-system/vips");
	world_apply(two, SERVICE("z", SPEC) SERVICE("a", SPEC));
	assert_non_null(map_gets(two->lines, "TCP 10.4.0.2:80"));
	world_drop(two, KIND_SERVICE, "default", "a");
	world_run(two);
	assert_null(map_gets(two->lines, "TCP 10.4.0.2:80"));
	world_apply(two, SERVICE("a", SPEC) SERVICE_META("name: u, uid: '7'", SPEC));
	a = world_text(one);
	b = world_text(two);
	assert_string_equal(a, b);
	free(a);
	free(b);
	/* Another Service of that name has nothing of the former one's. */
	world_apply(two, SERVICE_META("name: u, uid: '8'", SPEC));
	assert_non_null(map_gets(two->lines, "problem Service default/u NotAllocated"));
	world_free(one);
	world_free(two);
}

/* Beside a ConfigMap that a person keeps: the record has a name of its own. */
static void beside_a_persons(void **state)
{
	struct world *one = world_new(), *two = world_new();

	world_apply(one, VIPS("10.4.0.1: default/a") SERVICE("b", SPEC));
	no_allocate(two);
	world_apply(two, VIPS("10.4.0.1: default/a") SERVICE("b", SPEC));
	give(two, one->record, "kube-system/vips" PLAN_RECORD_SUFFIX);
	assert_non_null(map_gets(two->lines, "vip 10.4.0.1"));
	assert_non_null(map_gets(two->lines, "TCP 10.4.0.2:80"));
	world_drop(two, KIND_CONFIGMAP, "kube-system", "vips" PLAN_RECORD_SUFFIX);
	world_run(two);
	assert_non_null(map_gets(two->lines, "TCP 10.4.0.2:80")); /* what was known stays */
	world_free(one);
	world_free(two);
}

/* A node that begins to allocate goes on where the other one stopped. */
static void another_takes_over(void **state)
{
	struct world *one = world_new(), *two = world_new();
	char *a, *b;

	world_locals(one, "192.168.0.1", NULL);
	world_apply(one, SERVICE("z", SPEC) SERVICE("y1", SPEC));
	world_drop(one, KIND_SERVICE, "default", "y1");
	world_run(one);
	world_apply(one, SERVICE("y1", SPEC));
	world_locals(two, "192.168.0.1", NULL);
	{
		size_t len;
		char *text = record_text(one->record, "kube-system/vips", &len);

		world_put(two, text);
		free(text);
	}
	world_apply(two, SERVICE("a", SPEC) SERVICE("y1", SPEC) SERVICE("z", SPEC));
	assert_int_equal(record_uid_generation(two->record, "Service", "default/y1"), 1);
	world_apply(one, SERVICE("a", SPEC));
	a = world_text(one);
	b = world_text(two);
	assert_string_equal(a, b);
	free(a);
	free(b);
	/* A Service made anew is another one: the copy in the folder is old. */
	world_drop(two, KIND_SERVICE, "default", "z");
	world_put(two, SERVICE("new", SPEC));
	world_run(two);
	world_apply(two, SERVICE("z", SPEC));
	assert_string_equal(plan_vs_service(two->plan, &(struct vs_key){world_addr("10.4.0.2"), 80, 6}), "default/new");
	world_free(one);
	world_free(two);
}

static void refused_whole(void **state)
{
	static const char bad[] =
	    "---\n{apiVersion: v1, kind: ConfigMap, metadata: {name: vips, namespace: kube-system, annotations: "
	    "{vipd.io/allocations: '{\"version\":2,\"services\":1}', k8s.co/cloud-provider-config: "
	    "'{\"services\":[]}'}}}\n";
	static const char block[] =
	    "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: vips\n  namespace: kube-system\n"
	    "  annotations:\n    vipd.io/allocations: |-\n      {\"version\":2,\"services\":0,\n"
	    "      \"clusterIPs\":[\n      {\"service\":\"a/b\",\"uid\":\"u\"}]}\n";
	struct world *one = world_new(), *two = world_new();

	world_apply(one, SERVICE("a", SPEC));
	no_allocate(two);
	world_apply(two, SERVICE("a", SPEC));
	give(two, one->record, "kube-system/vips");
	world_apply(two, bad);
	assert_string_equal(
	    map_gets(two->lines, "problem ConfigMap kube-system/vips BadRecord"),
	    "problem ConfigMap kube-system/vips BadRecord: line 2: k8s.co/cloud-provider-config: services: expected "
	    "as many as vipd.io/allocations counts; the last good one stays");
	assert_non_null(map_gets(two->lines, "TCP 10.4.0.1:80"));
	world_apply(two, block);
	assert_string_equal(
	    map_gets(two->lines, "problem ConfigMap kube-system/vips BadRecord"),
	    "problem ConfigMap kube-system/vips BadRecord: line 10: vipd.io/allocations: ip: expected a string; the "
	    "last good one stays");
	give(two, one->record, "kube-system/vips");
	assert_null(map_gets(two->lines, "problem ConfigMap kube-system/vips BadRecord"));
	world_apply(two, bad);
	world_drop(two, KIND_CONFIGMAP, "kube-system", "vips");
	world_run(two);
	assert_null(map_gets(two->lines, "problem ConfigMap kube-system/vips BadRecord"));
	world_free(one);
	world_free(two);
}

/* keepalived-cloud-provider wrote its services into data too: those are no entries of a person, and go when the Service goes. */
static void kcp_generated_data(void **state)
{
	static const char map[] =
	    "---\n{apiVersion: v1, kind: ConfigMap, metadata: {name: vips, namespace: kube-system, annotations: "
	    "{k8s.co/cloud-provider-config: "
	    "'{\"services\":[{\"uid\":\"u1\",\"ip\":\"10.4.0.5\",\"serviceNamespace\":\"default\","
	    "\"serviceName\":\"a\"}]}'}}, data: {10.4.0.5: 'default/a:DR', 10.4.0.6: default/b}}\n";
	struct world *w = world_new();

	world_apply(w, map);
	world_put(w, POD("p", "w", "10.1.0.1"));
	world_apply(w, SERVICE_META("name: a, uid: u1", SPEC ", selector: {app: w}"));
	assert_string_equal(map_gets(w->lines, "TCP 10.4.0.5:80"), "TCP 10.4.0.5:80 rr 10.1.0.1:80/DR");
	assert_non_null(map_gets(w->lines, "vip 10.4.0.6"));
	world_drop(w, KIND_SERVICE, "default", "a");
	world_run(w);
	assert_null(map_gets(w->lines, "vip 10.4.0.5"));
	assert_non_null(map_gets(w->lines, "vip 10.4.0.6"));
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(another_node_follows), cmocka_unit_test(a_service_comes_late),
	    cmocka_unit_test(beside_a_persons),     cmocka_unit_test(another_takes_over),
	    cmocka_unit_test(refused_whole),        cmocka_unit_test(kcp_generated_data),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
