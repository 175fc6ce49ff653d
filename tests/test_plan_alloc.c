/* configmaps/grant.c, pool.c, uid.c: cluster IPs, node ports and load balancer addresses: given, recorded, given out, given up. */
#include "../configmaps/pool.h"
#include "../configmaps/uid.h"
#include "plan_world.h"

#include <errno.h>
#include <regex.h>

#define PLAIN "ports: [{port: 80}]"
#define NODE_PORTS                                                                                                     \
	"type: NodePort, ports: [{name: a, port: 80}, {name: b, port: 81}, {name: c, port: 80, protocol: UDP}]"
#define BALANCER             "type: LoadBalancer, allocateLoadBalancerNodePorts: false, ports: [{port: 80}]"
#define NO_PORTS(name, more) SERVICE(name, "clusterIP: 10.96.0.99, " BALANCER more)

/* The grants of the record as text. */
static void grant_line(void *arg, const struct grant *g)
{
	static const char *const kinds[] = {"cluster", "port", "vip"};
	char **text = arg, a[ADDR_TEXT];

	if (g->kind == GRANT_NODE_PORT)
		*text = world_append(*text, xasprintf("%s %s %s %u for %s %u\n", kinds[g->kind], g->owner,
						      proto_name(g->proto), g->port, g->port_name, g->service_port));
	else
		*text =
		    world_append(*text, xasprintf("%s %s %s\n", kinds[g->kind], g->owner, addr_format(&g->addr, a)));
}

static void expect_record(struct world *w, const char *want)
{
	char *text = xstrdup("");

	record_each(w->record, NULL, grant_line, &text);
	assert_string_equal(text, want);
	free(text);
}

static const struct world_row given_out[] = {
    {"a cluster IP, not the network's address", SERVICE("b", PLAIN) SERVICE("a", PLAIN),
     "TCP 10.96.0.1:80 rr\nTCP 10.96.0.2:80 rr\nvip 10.96.0.1 vipd0\nvip 10.96.0.2 vipd0\n"},
    {"never what a manifest names, nor a Node's",
     SERVICE("a", PLAIN) SERVICE("b", PLAIN ", clusterIP: 10.96.0.1")
	 SERVICE("c", PLAIN ", clusterIP: 10.96.0.9, externalIPs: [10.96.0.2]") NODE("n3", "10.96.0.3"),
     "TCP 10.96.0.1:80 rr\nTCP 10.96.0.4:80 rr\nTCP 10.96.0.9:80 rr\nproblem Service default/c ExternalIPDenied: "
     "external IP "
     "10.96.0.2 is in the range of cluster IPs (serviceClusterCIDR): it is left out\nvip 10.96.0.1 vipd0\nvip "
     "10.96.0.4 "
     "vipd0\nvip 10.96.0.9 vipd0\n"},
    {"node ports for each protocol", SERVICE("a", NODE_PORTS ", clusterIP: 10.96.0.9"),
     "TCP 10.96.0.9:80 rr\nTCP 10.96.0.9:81 rr\nTCP 192.168.0.1:30000 rr\nTCP 192.168.0.1:30001 rr\nUDP 10.96.0.9:80 "
     "rr\nUDP 192.168.0.1:30000 rr\nvip 10.96.0.9 vipd0\n"},
    {"an address of the pool", NO_PORTS("a", ""),
     "TCP 10.4.0.1:80 rr\nTCP 10.96.0.99:80 rr\nvip 10.4.0.1 eth0\nvip 10.96.0.99 vipd0\n"},
    {"status before the pool",
     "---\n{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {clusterIP: 10.96.0.99, " BALANCER
     "}, status: {loadBalancer: {ingress: [{ip: 10.4.0.5}]}}}\n",
     "TCP 10.4.0.5:80 rr\nTCP 10.96.0.99:80 rr\nvip 10.4.0.5 eth0\nvip 10.96.0.99 vipd0\n"},
    {"the ConfigMap instead of the pool", NO_PORTS("a", "") VIPS("10.4.0.77: default/a"),
     "TCP 10.4.0.77:80 rr\nTCP 10.96.0.99:80 rr\nvip 10.4.0.77 eth0\nvip 10.96.0.99 vipd0\n"},
    {"loadBalancerIP", NO_PORTS("a", ", loadBalancerIP: 10.9.0.1"),
     "TCP 10.9.0.1:80 rr\nTCP 10.96.0.99:80 rr\nvip 10.9.0.1 eth0\nvip 10.96.0.99 vipd0\n"},
    {"annotation before loadBalancerIP, one of each family, some of them bad",
     SERVICE_META("name: a, annotations: {vipd.io/addresses: '10.9.0.2,, fd00::2 , 10.9.0.3, 224.0.0.1,x', "
		  "metallb.io/loadBalancerIPs: 10.9.0.4}",
		  "clusterIP: 10.96.0.99, ipFamilyPolicy: PreferDualStack, loadBalancerIP: 10.9.0.1, " BALANCER),
     "TCP 10.9.0.2:80 rr\nTCP 10.96.0.99:80 rr\nTCP [fd00::2]:80 rr\nproblem Service default/a BadAnnotation: "
     "annotation vipd.io/addresses: \"10.9.0.3\" is a second address of its family: expected one of each; annotation "
     "vipd.io/addresses: \"224.0.0.1\" is a multicast address; annotation vipd.io/addresses: \"x\" is not an address: "
     "expected IPv4 or IPv6, one of each, separated by a comma\nvip 10.9.0.2 eth0\nvip 10.96.0.99 vipd0\nvip fd00::2 "
     "eth0\n"},
    {"MetalLB's annotation",
     SERVICE_META("name: a, annotations: {metallb.universe.tf/loadBalancerIPs: 10.9.0.4}",
		  "clusterIP: 10.96.0.99, " BALANCER),
     "TCP 10.9.0.4:80 rr\nTCP 10.96.0.99:80 rr\nvip 10.9.0.4 eth0\nvip 10.96.0.99 vipd0\n"},
    {"kube-vip's annotation; a bad one is not replaced by the pool",
     SERVICE_META("name: a, annotations: {kube-vip.io/loadbalancerIPs: 0.0.0.0}", "clusterIP: 10.96.0.99, " BALANCER),
     "TCP 10.96.0.99:80 rr\nproblem Service default/a BadAnnotation: annotation kube-vip.io/loadbalancerIPs: "
     "\"0.0.0.0\" is the "
     "unspecified address\nvip 10.96.0.99 vipd0\n"},
    {"IPv6 without a range of that family",
     SERVICE("a", PLAIN ", ipFamilyPolicy: RequireDualStack, clusterIP: 10.96.0.9"),
     "TCP 10.96.0.9:80 rr\nproblem Service default/a NotAllocated: no IPv6 cluster IP is given and there is no "
     "serviceClusterCIDR for "
     "it\nvip 10.96.0.9 vipd0\n"},
    {"a pool without that family", SERVICE("a", "clusterIP: 'fd00::9', ipFamilies: [IPv6], " BALANCER),
     "TCP [fd00::9]:80 rr\nproblem Service default/a NotAllocated: no load balancer address is stated and no pool "
     "with IPv6 addresses is for this Service\nvip fd00::9 vipd0\n"},
};

static void prepare(struct world *w)
{
	world_locals(w, "192.168.0.1", NULL);
}

static void given(void **state)
{
	world_rows(given_out, COUNT(given_out), prepare);
}

static void not_allocating(struct world *w)
{
	w->config.allocate = false;
	world_locals(w, "192.168.0.1", NULL);
}

static const struct world_row refused[] = {
    {"cluster IP", SERVICE("a", PLAIN),
     "problem Service default/a NotAllocated: no IPv4 cluster IP is given or recorded, and this node does not "
     "allocate\n"},
    {"node ports",
     SERVICE(
	 "a",
	 "type: NodePort, clusterIP: 10.96.0.9, ports: [{name: a, port: 80, nodePort: 30080}, {name: b, port: 81}]"),
     "TCP 10.96.0.9:80 rr\nTCP 10.96.0.9:81 rr\nTCP 192.168.0.1:30080 rr\nproblem Service default/a NotAllocated: no "
     "node port for "
     "TCP 81 is given or recorded, and this node does not allocate\nvip 10.96.0.9 vipd0\n"},
    {"load balancer", NO_PORTS("a", ""),
     "TCP 10.96.0.99:80 rr\nproblem Service default/a NotAllocated: no IPv4 load balancer address is stated or "
     "recorded, "
     "and this node does "
     "not allocate\nvip 10.96.0.99 vipd0\n"},
};

static void without_allocate(void **state)
{
	world_rows(refused, COUNT(refused), not_allocating);
}

/* A node that does not allocate programs what the record says. */
static void recorded_without_allocate(void **state)
{
	struct world *w = world_new();

	world_apply(w, SERVICE("a", PLAIN));
	w->config.allocate = false;
	world_restart(w);
	world_run(w);
	world_expect(w, "TCP 10.96.0.1:80 rr\nvip 10.96.0.1 vipd0\n");
	world_free(w);
}

static void no_cluster_range(void **state)
{
	struct world *w = world_new();

	w->config.n_cluster_cidrs = 0;
	w->config.n_pools = 0;
	world_apply(w, SERVICE("a", PLAIN) SERVICE("b", PLAIN ", externalIPs: [10.4.0.50]") SERVICE("c", BALANCER));
	world_expect(
	    w,
	    "TCP 10.4.0.50:80 rr\nproblem Service default/a NotAllocated: no IPv4 cluster IP is given and there is no "
	    "serviceClusterCIDR for it\nproblem Service default/c NotAllocated: no load balancer address is stated and "
	    "no pool with IPv4 addresses is for this Service\nvip 10.4.0.50 eth0\n");
	world_free(w);
}

static void dual_stack(void **state)
{
	struct world *w = world_new();

	w->config.cluster_cidrs[1] = world_cidr("fd00:96::/112");
	w->config.n_cluster_cidrs = 2;
	w->pool_ranges[1] = world_range("fd00:4::/126");
	w->pool.n = 2;
	world_locals(w, "192.168.0.1", "fd00::1");
	world_apply(w, SERVICE("a", "type: LoadBalancer, ipFamilyPolicy: PreferDualStack, " PLAIN));
	world_expect(w, "TCP 10.4.0.1:80 rr\nTCP 10.96.0.1:80 rr\nTCP 192.168.0.1:30000 rr\nTCP [fd00:4::1]:80 rr\nTCP "
			"[fd00:96::1]:80 "
			"rr\nTCP [fd00::1]:30000 rr\nvip 10.4.0.1 eth0\nvip 10.96.0.1 vipd0\nvip fd00:4::1 eth0\nvip "
			"fd00:96::1 vipd0\n");
	expect_record(w, "cluster default/a 10.96.0.1\ncluster default/a fd00:96::1\nport default/a TCP 30000 for  "
			 "80\nvip default/a "
			 "10.4.0.1\nvip default/a fd00:4::1\n");
	/* Back to one family: the other's grants are given up. */
	world_apply(w, SERVICE("a", "type: LoadBalancer, ipFamilies: [IPv6], " PLAIN));
	expect_record(w, "cluster default/a fd00:96::1\nport default/a TCP 30000 for  80\nvip default/a fd00:4::1\n");
	world_free(w);
}

/* A Service that becomes dual-stack gets the other family and keeps what it has; one without pools is told. */
static void becomes_dual_stack(void **state)
{
	struct world *w = world_new();

	w->pool_ranges[1] = world_range("fd00:4::/126");
	w->pool.n = 2;
	world_apply(w, NO_PORTS("a", ""));
	expect_record(w, "vip default/a 10.4.0.1\n");
	world_apply(w, NO_PORTS("a", ", ipFamilyPolicy: PreferDualStack"));
	expect_record(w, "vip default/a 10.4.0.1\nvip default/a fd00:4::1\n");
	w->config.n_pools = 0;
	world_restart(w);
	world_apply(w, NO_PORTS("b", ", ipFamilyPolicy: PreferDualStack"));
	expect_record(w, "vip default/a 10.4.0.1\nvip default/a fd00:4::1\n");
	assert_int_equal(w->problems, 2); /* no pool; and both want the cluster IP */
	world_free(w);
}

static void stable_over_restarts(void **state)
{
	struct world *w = world_new();

	world_locals(w, "192.168.0.1", NULL);
	world_apply(w, SERVICE("z", "type: LoadBalancer, " PLAIN));
	world_apply(w, SERVICE("a", "type: LoadBalancer, " PLAIN));
	world_restart(w);
	world_locals(w, "192.168.0.1", NULL);
	world_run(w);
	expect_record(w, "cluster default/a 10.96.0.2\ncluster default/z 10.96.0.1\nport default/a TCP 30001 for  "
			 "80\nport default/z TCP "
			 "30000 for  80\nvip default/a 10.4.0.2\nvip default/z 10.4.0.1\n");
	world_expect(
	    w,
	    "TCP 10.4.0.1:80 rr\nTCP 10.4.0.2:80 rr\nTCP 10.96.0.1:80 rr\nTCP 10.96.0.2:80 rr\nTCP 192.168.0.1:30000 "
	    "rr\nTCP "
	    "192.168.0.1:30001 rr\nvip 10.4.0.1 eth0\nvip 10.4.0.2 eth0\nvip 10.96.0.1 vipd0\nvip 10.96.0.2 vipd0\n");
	assert_false(record_changed(w->record));
	world_free(w);
}

static void given_up(void **state)
{
	struct world *w = world_new();

	world_apply(w, SERVICE("a", "type: LoadBalancer, " PLAIN) SERVICE("b", PLAIN));
	world_apply(w, SERVICE("a", PLAIN)); /* no longer a load balancer */
	expect_record(w, "cluster default/a 10.96.0.1\ncluster default/b 10.96.0.2\n");
	world_apply(w, SERVICE("a", "type: NodePort, " PLAIN));
	world_apply(w, SERVICE("a", "type: LoadBalancer, allocateLoadBalancerNodePorts: false, " PLAIN));
	expect_record(w, "cluster default/a 10.96.0.1\ncluster default/b 10.96.0.2\nvip default/a 10.4.0.1\n");
	world_apply(w, SERVICE("a", "clusterIP: None, " PLAIN));
	expect_record(w, "cluster default/b 10.96.0.2\n");
	world_drop(w, KIND_SERVICE, "default", "b");
	world_run(w);
	expect_record(w, "");
	world_apply(w, SERVICE("c", PLAIN));
	expect_record(w, "cluster default/c 10.96.0.1\n"); /* the first free one again */
	world_free(w);
}

static void given_up_while_down(void **state)
{
	struct world *w = world_new();
	char *key = world_key(KIND_SERVICE, "default", "a");

	world_apply(w, SERVICE("a", PLAIN) SERVICE("b", PLAIN));
	assert_int_equal(record_uid_generation(w->record, "Service", "default/a"), 0);
	object_free(map_dels(w->objects, key));
	free(key);
	world_restart(w);
	world_run(w);
	expect_record(w, "cluster default/b 10.96.0.2\n");
	assert_int_equal(record_uid_generation(w->record, "Service", "default/a"), 1);
	world_free(w);
}

static void new_uid_inherits_nothing(void **state)
{
	struct world *w = world_new();

	world_apply(w, SERVICE_META("name: a, uid: one", PLAIN));
	world_put(w, SERVICE("b", PLAIN ", clusterIP: 10.96.0.1")); /* and what it had is taken at once */
	world_apply(w, SERVICE_META("name: a, uid: two", PLAIN));
	expect_record(w, "cluster default/a 10.96.0.2\n");
	world_drop(w, KIND_SERVICE, "default", "a");
	world_run(w);
	assert_int_equal(record_uid_generation(w->record, "Service", "default/a"), 0); /* it had a uid of its own */
	world_free(w);
}

static void manifests_win_over_records(void **state)
{
	struct world *w = world_new();

	world_locals(w, "192.168.0.1", NULL);
	world_apply(w, SERVICE("a", "type: NodePort, " PLAIN));
	expect_record(w, "cluster default/a 10.96.0.1\nport default/a TCP 30000 for  80\n");
	world_apply(w, SERVICE("b", "type: NodePort, clusterIP: 10.96.0.1, ports: [{port: 80, nodePort: 30000}]"));
	expect_record(w, "cluster default/a 10.96.0.2\nport default/a TCP 30001 for  80\n");
	world_expect(w, "TCP 10.96.0.1:80 rr\nTCP 10.96.0.2:80 rr\nTCP 192.168.0.1:30000 rr\nTCP 192.168.0.1:30001 "
			"rr\nvip 10.96.0.1 "
			"vipd0\nvip 10.96.0.2 vipd0\n");
	world_apply(w, SERVICE("a", "type: NodePort, clusterIP: 10.96.0.7, ports: [{port: 80, nodePort: 30007}]"));
	expect_record(w, "");
	world_free(w);
}

/* A port that a manifest names for health checks is nobody's node port. */
static void health_ports_are_taken(void **state)
{
	struct world *w = world_new();

	world_apply(w, SERVICE("a", "type: NodePort, clusterIP: 10.96.0.1, ports: [{port: 80}]"));
	expect_record(w, "port default/a TCP 30000 for  80\n");
	world_apply(w, SERVICE("b", "type: LoadBalancer, clusterIP: 10.96.0.2, loadBalancerIP: 10.4.0.1, "
				    "allocateLoadBalancerNodePorts: false, externalTrafficPolicy: Local, "
				    "healthCheckNodePort: 30000, ports: [{port: 80}]"));
	expect_record(w, "port default/a TCP 30001 for  80\nvip default/b 10.4.0.1\n");
	world_free(w);
}

/* A Service's port keeps its node port by number or by name. */
static void node_ports_follow_ports(void **state)
{
	struct world *w = world_new();

	world_apply(w, SERVICE("a", NODE_PORTS ", clusterIP: 10.96.0.9"));
	expect_record(w, "port default/a TCP 30000 for a 80\nport default/a TCP 30001 for b 81\nport default/a UDP "
			 "30000 for c 80\n");
	world_apply(
	    w,
	    SERVICE("a", "type: NodePort, clusterIP: 10.96.0.9, ports: [{name: b, port: 8081}, {name: z, port: 80}]"));
	expect_record(w, "port default/a TCP 30000 for a 80\nport default/a TCP 30001 for b 81\n");
	world_free(w);
}

static void room_runs_out(void **state)
{
	struct world *w = world_new();

	w->config.cluster_cidrs[0] = world_cidr("10.96.0.0/30");
	w->pool_ranges[0] = world_range("10.4.0.4/31");
	w->config.node_port_first = w->config.node_port_last = 30000;
	world_apply(w, SERVICE("a", "type: LoadBalancer, " PLAIN) SERVICE("b", BALANCER)
			   SERVICE("c", "type: LoadBalancer, " PLAIN));
	world_expect(
	    w, "TCP 10.4.0.4:80 rr\nTCP 10.4.0.5:80 rr\nTCP 10.96.0.1:80 rr\nTCP 10.96.0.2:80 rr\n"
	       "problem Service default/c AllocationFailed: serviceClusterCIDR has no free IPv4 address; no "
	       "free node port for TCP 80 "
	       "in 30000-30000; pool default is full: no free IPv4 address\nvip 10.4.0.4 eth0\nvip 10.4.0.5 eth0\nvip "
	       "10.96.0.1 vipd0\nvip "
	       "10.96.0.2 vipd0\n");
	world_drop(w, KIND_SERVICE, "default", "a");
	world_run(w);
	world_expect(w, "TCP 10.4.0.4:80 rr\nTCP 10.4.0.5:80 rr\nTCP 10.96.0.1:80 rr\nTCP 10.96.0.2:80 rr\nvip "
			"10.4.0.4 eth0\nvip 10.4.0.5 "
			"eth0\nvip 10.96.0.1 vipd0\nvip 10.96.0.2 vipd0\n");
	expect_record(
	    w,
	    "cluster default/b 10.96.0.2\ncluster default/c 10.96.0.1\nport default/c TCP 30000 for  80\nvip default/b "
	    "10.4.0.5\nvip default/c 10.4.0.4\n");
	world_apply(w, SERVICE("d", BALANCER));
	world_drop(w, KIND_SERVICE, "default", "d"); /* goes while it waits */
	world_run(w);
	world_drop(w, KIND_SERVICE, "default", "c");
	world_run(w);
	assert_int_equal(w->sets, 0);
	world_free(w);
}

/* keepalived-cloud-provider's annotation hands its addresses over. */
static void addresses_of_the_predecessor(void **state)
{
	static const char map[] =
	    "---\n{apiVersion: v1, kind: ConfigMap, metadata: {name: vips, namespace: kube-system, annotations: "
	    "{k8s.co/cloud-provider-config: "
	    "'{\"services\":[{\"uid\":\"u1\",\"ip\":\"10.4.0.5\",\"serviceNamespace\":\"default\","
	    "\"serviceName\":\"a\",\"forwardMethod\":\"DR\"},{\"uid\":\"gone\",\"ip\":\"10.4.0.6\","
	    "\"serviceNamespace\":\"default\","
	    "\"serviceName\":\"b\"}]}'}}}\n";
	struct world *w = world_new();

	world_put(w, map);
	world_put(w, SERVICE_META("name: a, uid: u1", "clusterIP: 10.96.0.9, selector: {app: w}, " BALANCER));
	world_put(w, POD("w", "w", "10.1.0.1"));
	world_apply(w, SERVICE_META("name: b, uid: u2", "clusterIP: 10.96.0.10, " BALANCER));
	expect_record(w, "vip default/a 10.4.0.5\nvip default/b 10.4.0.1\n");
	world_expect(w, "TCP 10.4.0.1:80 rr\nTCP 10.4.0.5:80 rr 10.1.0.1:80/DR\nTCP 10.96.0.10:80 rr\nTCP 10.96.0.9:80 "
			"rr 10.1.0.1:80\n"
			"vip 10.4.0.1 eth0\nvip 10.4.0.5 eth0\nvip 10.96.0.10 vipd0\nvip 10.96.0.9 vipd0\n");
	world_drop(w, KIND_CONFIGMAP, "kube-system", "vips");
	world_run(w);
	expect_record(w, "vip default/a 10.4.0.5\nvip default/b 10.4.0.1\n");
	world_free(w);
}

/* ---- uids ---- */

static void uid_copy(void *arg, const struct service_view *v)
{
	strcpy(arg, v->uid);
}

static char *uid_of_world(struct world *w, char buf[UID_TEXT])
{
	buf[0] = '\0';
	plan_each_service(w->plan, uid_copy, buf);
	return buf;
}

static void uids(void **state)
{
	struct world *w = world_new();
	char first[UID_TEXT], again[UID_TEXT], a[UID_TEXT], b[UID_TEXT];
	regex_t v5;

	assert_int_equal(
	    regcomp(&v5, "^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$", REG_EXTENDED), 0);
	world_apply(w, SERVICE("a", PLAIN));
	uid_of_world(w, first);
	assert_int_equal(regexec(&v5, first, 0, NULL, 0), 0);
	world_apply(w, SERVICE("a", PLAIN ", sessionAffinity: ClientIP"));
	assert_string_equal(uid_of_world(w, again), first);
	world_restart(w);
	world_run(w);
	assert_string_equal(uid_of_world(w, again), first);
	world_drop(w, KIND_SERVICE, "default", "a");
	world_run(w);
	world_apply(w, SERVICE("a", PLAIN));
	assert_string_not_equal(uid_of_world(w, again), first);
	assert_int_equal(regexec(&v5, again, 0, NULL, 0), 0);
	assert_string_equal(uid_derive("Service", "x/y", 3, a), uid_derive("Service", "x/y", 3, b));
	assert_string_not_equal(uid_derive("Pod", "x/y", 3, a), b);
	assert_string_not_equal(uid_derive("Service", "x/y", 4, a), b);
	regfree(&v5);
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(given),
	    cmocka_unit_test(without_allocate),
	    cmocka_unit_test(recorded_without_allocate),
	    cmocka_unit_test(no_cluster_range),
	    cmocka_unit_test(dual_stack),
	    cmocka_unit_test(becomes_dual_stack),
	    cmocka_unit_test(stable_over_restarts),
	    cmocka_unit_test(given_up),
	    cmocka_unit_test(given_up_while_down),
	    cmocka_unit_test(new_uid_inherits_nothing),
	    cmocka_unit_test(manifests_win_over_records),
	    cmocka_unit_test(health_ports_are_taken),
	    cmocka_unit_test(node_ports_follow_ports),
	    cmocka_unit_test(room_runs_out),
	    cmocka_unit_test(addresses_of_the_predecessor),
	    cmocka_unit_test(uids),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
