/* configmaps/resolve.c, store.c, labels.c: which real servers a Service's port has, and that a change looks at nothing else. */
#include "plan_world.h"

#define WEB  "clusterIP: 10.96.0.10, selector: {app: web}, ports: [{port: 80, targetPort: 8080}]"
#define HEAD "TCP 10.96.0.10:80 rr"
#define VIP  "\nvip 10.96.0.10 vipd0\n"
#define STATE(name, status)                                                                                            \
	"---\n{apiVersion: v1, kind: Pod, metadata: {name: " name ", labels: {app: web}}, status: {" status "}}\n"
#define READY "conditions: [{type: Ready, status: 'True'}]"
#define GOING(name, ip, ready)                                                                                         \
	"---\n{apiVersion: v1, kind: Pod, metadata: {name: " name ", labels: {app: web}, deletionTimestamp: "          \
	"'2024-01-01T00:00:00Z'}, status: {podIP: " ip ", conditions: [{type: Ready, status: '" ready "'}]}}\n"
#define ENDPOINTS(subsets)  "---\n{apiVersion: v1, kind: Endpoints, metadata: {name: web}, subsets: [" subsets "]}\n"
#define EP(ip)              "{addresses: [" ip "]}"
#define EPC(ip, conditions) "{addresses: [" ip "], conditions: {" conditions "}}"
#define EPN(ip, node)       "{addresses: [" ip "], nodeName: " node "}"
#define P8080               "{port: 8080}"

static const struct world_row sources[] = {
    {"pods by selector", SERVICE("web", WEB) POD("a", "web", "10.1.0.1") POD("b", "db", "10.1.0.2"),
     HEAD " 10.1.0.1:8080" VIP},
    {"pods of another namespace",
     SERVICE("web",
	     WEB) "---\n{kind: Pod, apiVersion: v1, metadata: {name: a, namespace: x, labels: {app: web}}, status: "
		  "{podIP: 10.1.0.1, " READY "}}\n",
     HEAD VIP},
    {"the whole selector must match",
     SERVICE("web", "clusterIP: 10.96.0.10, selector: {app: web, tier: front}, ports: [{port: 80}]")
	 POD("a", "web", "10.1.0.1")
	     STATE("b", "podIP: 10.1.0.2, " READY) "---\n{kind: Pod, apiVersion: v1, metadata: {name: c, labels: {app: "
						   "web, tier: front}}, status: {podIP: 10.1.0.3, " READY "}}\n",
     HEAD " 10.1.0.3:80" VIP},
    {"pods not ready, finished, without an address",
     SERVICE("web", WEB) STATE("a", "podIP: 10.1.0.1") STATE("b", "phase: Succeeded, podIP: 10.1.0.2, " READY)
	 STATE("c", READY) STATE("d", "podIP: 10.1.0.4, conditions: [{type: Ready, status: 'False'}]"),
     HEAD VIP},
    {"not ready addresses published",
     SERVICE("web", WEB ", publishNotReadyAddresses: true") STATE("a", "podIP: 10.1.0.1")
	 STATE("b", "phase: Failed, podIP: 10.1.0.2, " READY),
     HEAD " 10.1.0.1:8080" VIP},
    {"a terminating pod goes while others are ready",
     SERVICE("web", WEB) GOING("a", "10.1.0.1", "True") STATE("b", "podIP: 10.1.0.2, " READY),
     HEAD " 10.1.0.1:8080~1704067200 10.1.0.2:8080" VIP},
    {"terminating pods serve when no other is ready",
     SERVICE("web", WEB) GOING("a", "10.1.0.1", "True") GOING("b", "10.1.0.2", "False"),
     HEAD " 10.1.0.1:8080 10.1.0.2:8080~1704067200" VIP},
    {"two pods with one address, one goes",
     SERVICE("web", WEB) GOING("a", "10.1.0.1", "True") STATE("b", "podIP: 10.1.0.1, " READY),
     HEAD " 10.1.0.1:8080" VIP},
    {"named targetPort of pods",
     SERVICE("web", "clusterIP: 10.96.0.10, selector: {app: web}, ports: [{port: 80, targetPort: http}]")
	 POD("a", "web", "10.1.0.1") STATE("b", "podIP: 10.1.0.2, " READY),
     HEAD " 10.1.0.1:8080" VIP},
    {"named targetPort of another protocol",
     SERVICE("web", "clusterIP: 10.96.0.10, selector: {app: web}, ports: [{port: 80, protocol: UDP, targetPort: http}]")
	 POD("a", "web", "10.1.0.1"),
     "UDP 10.96.0.10:80 rr" VIP},
    {"weight of a pod",
     SERVICE(
	 "web",
	 WEB) "---\n{kind: Pod, apiVersion: v1, metadata: {name: a, labels: {app: web}, annotations: {vipd.io/weight: "
	      "'5'}}, status: {podIP: 10.1.0.1, " READY "}}\n",
     HEAD " 10.1.0.1:8080*5" VIP},
    {"Endpoints before pods",
     SERVICE("web", WEB) POD("a", "web", "10.1.0.1")
	 ENDPOINTS("{addresses: [{ip: 10.1.0.7}], notReadyAddresses: [{ip: 10.1.0.8}], ports: "
		   "[{port: 9090}]}"),
     HEAD " 10.1.0.7:9090" VIP},
    {"empty Endpoints before pods", SERVICE("web", WEB) POD("a", "web", "10.1.0.1") ENDPOINTS(""), HEAD VIP},
    {"slices before Endpoints",
     SERVICE("web", WEB) ENDPOINTS("{addresses: [{ip: 10.1.0.7}], ports: [{port: 9090}]}")
	 SLICE("s", "web", P8080, EP("10.1.0.1")),
     HEAD " 10.1.0.1:8080" VIP},
    {"several slices, each address once",
     SERVICE("web", WEB) SLICE("s", "web", P8080, EP("10.1.0.2") ", " EP("10.1.0.1"))
	 SLICE("t", "web", P8080, EP("10.1.0.1")),
     HEAD " 10.1.0.1:8080 10.1.0.2:8080" VIP},
    {"slice ports by name and protocol",
     SERVICE(
	 "web",
	 "clusterIP: 10.96.0.10, ports: [{name: a, port: 80}, {name: b, port: 81}, {name: c, port: 82, protocol: UDP}]")
	 SLICE("s", "web", "{name: b, port: 9001}, {name: a, port: 9000}, {name: c, port: 9002}", EP("10.1.0.1")),
     HEAD " 10.1.0.1:9000\nTCP 10.96.0.10:81 rr 10.1.0.1:9001\nUDP 10.96.0.10:82 rr" VIP},
    {"conditions of a slice",
     SERVICE("web", WEB) SLICE("s", "web", P8080,
			       EPC("10.1.0.1", "ready: false") ", " EPC("10.1.0.2", "ready: true") ", " EPC(
				   "10.1.0.3", "ready: false, serving: true, terminating: true")),
     HEAD " 10.1.0.2:8080" VIP},
    {"terminating endpoints serve when none is ready",
     SERVICE("web", WEB)
	 SLICE("s", "web", P8080,
	       EPC("10.1.0.1", "ready: false") ", " EPC("10.1.0.3", "ready: false, serving: true, terminating: true")),
     HEAD " 10.1.0.3:8080" VIP},
    {"slices of another family",
     SERVICE("web", WEB) "---\n{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, addressType: IPv6, "
			 "metadata: {name: s, labels: {kubernetes.io/service-name: web}}, ports: [" P8080
			 "], endpoints: [" EP("'fd00::1'") "]}\n",
     HEAD VIP},
    {"a slice of no Service",
     SERVICE("web", WEB) "---\n{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, addressType: IPv4, "
			 "metadata: {name: s}, ports: [" P8080 "], endpoints: [" EP("10.1.0.1") "]}\n",
     HEAD VIP},
};

static void endpoint_sources(void **state)
{
	world_rows(sources, COUNT(sources), NULL);
}

#define LOCAL_WEB(policy)                                                                                              \
	SERVICE("web", "clusterIP: 10.96.0.10, externalIPs: [10.4.0.50], ports: [{port: 80}], " policy)
#define N12 SLICE("s", "web", P8080, EPN("10.1.0.1", "n1") ", " EPN("10.1.0.2", "n2"))
#define N23 SLICE("s", "web", P8080, EPN("10.1.0.3", "n3") ", " EPN("10.1.0.2", "n2"))
#define EXTERNAL                                                                                                       \
	"type: LoadBalancer, allocateLoadBalancerNodePorts: false, loadBalancerIP: 10.4.0.50, externalTrafficPolicy: " \
	"Local"
#define INTERNAL        "internalTrafficPolicy: Local"
#define VIPS2           VIPS_LOCAL("")
#define VIPS_LOCAL(how) "\nvip 10.4.0.50 eth0" how "\nvip 10.96.0.10 vipd0\n"
#define TERMINATES(ip, node)                                                                                           \
	"{addresses: [" ip "], nodeName: " node ", conditions: {ready: false, serving: true, terminating: true}}"

static const struct world_row policies[] = {
    {"external Local", LOCAL_WEB(EXTERNAL) N12,
     "TCP 10.4.0.50:80 rr 10.1.0.1:8080\nTCP 10.96.0.10:80 rr 10.1.0.1:8080 10.1.0.2:8080" VIPS_LOCAL(" here")},
    {"external Local without a local endpoint: all", LOCAL_WEB(EXTERNAL) N23,
     "TCP 10.4.0.50:80 rr 10.1.0.2:8080 10.1.0.3:8080\nTCP 10.96.0.10:80 rr 10.1.0.2:8080 10.1.0.3:8080" VIPS_LOCAL(
	 " absent")},
    {"internal Local", LOCAL_WEB(INTERNAL) N12,
     "TCP 10.4.0.50:80 rr 10.1.0.1:8080 10.1.0.2:8080\nTCP 10.96.0.10:80 rr 10.1.0.1:8080" VIPS2},
    {"internal Local without a local endpoint: none", LOCAL_WEB(INTERNAL) N23,
     "TCP 10.4.0.50:80 rr 10.1.0.2:8080 10.1.0.3:8080\nTCP 10.96.0.10:80 rr" VIPS2},
    {"external Local, local ones terminate",
     LOCAL_WEB(EXTERNAL) SLICE("s", "web", P8080, EPN("10.1.0.2", "n2") ", " TERMINATES("10.1.0.1", "n1")),
     "TCP 10.4.0.50:80 rr 10.1.0.1:8080\nTCP 10.96.0.10:80 rr 10.1.0.2:8080" VIPS_LOCAL(" absent")},
    {"external Local, none here, all others terminate",
     LOCAL_WEB(EXTERNAL) SLICE("s", "web", P8080, TERMINATES("10.1.0.2", "n2")),
     "TCP 10.4.0.50:80 rr 10.1.0.2:8080\nTCP 10.96.0.10:80 rr 10.1.0.2:8080" VIPS_LOCAL(" absent")},
    {"external Local, none here, one elsewhere is ready, one terminates",
     LOCAL_WEB(EXTERNAL) SLICE("s", "web", P8080, EPN("10.1.0.3", "n3") ", " TERMINATES("10.1.0.2", "n2")),
     "TCP 10.4.0.50:80 rr 10.1.0.3:8080\nTCP 10.96.0.10:80 rr 10.1.0.3:8080" VIPS_LOCAL(" absent")},
    {"external Local, a ready one here, one terminates here",
     LOCAL_WEB(EXTERNAL) SLICE("s", "web", P8080, EPN("10.1.0.1", "n1") ", " TERMINATES("10.1.0.4", "n1")),
     "TCP 10.4.0.50:80 rr 10.1.0.1:8080\nTCP 10.96.0.10:80 rr 10.1.0.1:8080" VIPS_LOCAL(" here")},
    {"both Local", LOCAL_WEB(EXTERNAL ", " INTERNAL) N12,
     "TCP 10.4.0.50:80 rr 10.1.0.1:8080\nTCP 10.96.0.10:80 rr 10.1.0.1:8080" VIPS_LOCAL(" here")},
    {"both Local, none here", LOCAL_WEB(EXTERNAL ", " INTERNAL) N23,
     "TCP 10.4.0.50:80 rr 10.1.0.2:8080 10.1.0.3:8080\nTCP 10.96.0.10:80 rr" VIPS_LOCAL(" absent")},
    {"internal Local, local ones terminate",
     LOCAL_WEB(INTERNAL) SLICE("s", "web", P8080, EPN("10.1.0.2", "n2") ", " TERMINATES("10.1.0.1", "n1")),
     "TCP 10.4.0.50:80 rr 10.1.0.2:8080\nTCP 10.96.0.10:80 rr 10.1.0.1:8080" VIPS2},
    {"internal Local, pods",
     LOCAL_WEB("selector: {app: web}, " INTERNAL) POD_AT("a", "web", "10.1.0.1", "n1")
	 POD_AT("b", "web", "10.1.0.2", "n2"),
     "TCP 10.4.0.50:80 rr 10.1.0.1:80 10.1.0.2:80\nTCP 10.96.0.10:80 rr 10.1.0.1:80" VIPS2},
};

#define ZONED(name, zone)                                                                                              \
	"---\n{apiVersion: v1, kind: Node, metadata: {name: " name ", labels: {topology.kubernetes.io/zone: " zone     \
	"}}}\n"
#define N1Z              ZONED("n1", "z1")
#define EPH(ip, hints)   "{addresses: [" ip "], hints: {" hints "}}"
#define FZ(zones)        "forZones: [" zones "]"
#define FN(nodes)        "forNodes: [" nodes "]"
#define HINTED(hints...) SERVICE("web", WEB) N1Z SLICE("s", "web", P8080, hints)
#define SPREAD(how)      SERVICE("web", WEB ", trafficDistribution: " how)
#define P123                                                                                                           \
	POD_AT("a", "web", "10.1.0.1", "n1") POD_AT("b", "web", "10.1.0.2", "n2") POD_AT("c", "web", "10.1.0.3", "n3")
#define N123 N1Z ZONED("n2", "z1") ZONED("n3", "z2")

static const struct world_row topology[] = {
    {"zones", HINTED(EPH("10.1.0.1", FZ("{name: z1}")) ", " EPH("10.1.0.2", FZ("{name: z2}"))),
     HEAD " 10.1.0.1:8080" VIP},
    {"several zones", HINTED(EPH("10.1.0.1", FZ("{name: z0}, {name: z1}")) ", " EPH("10.1.0.2", FZ("{name: z11}"))),
     HEAD " 10.1.0.1:8080" VIP},
    {"nodes before zones",
     HINTED(EPH("10.1.0.1", FZ("{name: z1}") ", " FN("{name: n2}")) ", " EPH("10.1.0.2",
									     FZ("{name: z2}") ", " FN("{name: n1}"))),
     HEAD " 10.1.0.2:8080" VIP},
    {"none for this node: zones",
     HINTED(EPH("10.1.0.1", FZ("{name: z1}") ", " FN("{name: n3}")) ", " EPH("10.1.0.2",
									     FZ("{name: z2}") ", " FN("{name: n2}"))),
     HEAD " 10.1.0.1:8080" VIP},
    {"one without hints: all", HINTED(EPH("10.1.0.1", FZ("{name: z1}")) ", " EP("10.1.0.2")),
     HEAD " 10.1.0.1:8080 10.1.0.2:8080" VIP},
    {"one without hints is not ready",
     HINTED(
	 EPH("10.1.0.1", FZ("{name: z1}")) ", " EPH("10.1.0.3", FZ("{name: z2}")) ", " EPC("10.1.0.2", "ready: false")),
     HEAD " 10.1.0.1:8080" VIP},
    {"none for this zone: all", HINTED(EPH("10.1.0.1", FZ("{name: z3}")) ", " EPH("10.1.0.2", FZ("{name: z2}"))),
     HEAD " 10.1.0.1:8080 10.1.0.2:8080" VIP},
    {"those for this zone are not ready: all ready ones",
     HINTED("{addresses: [10.1.0.1], conditions: {ready: false}, hints: {" FZ("{name: z1}") "}}, " EPH(
	 "10.1.0.2", FZ("{name: z2}"))),
     HEAD " 10.1.0.2:8080" VIP},
    {"all terminate: all of them",
     HINTED("{addresses: [10.1.0.1], conditions: {ready: false, serving: true, terminating: true}, hints: {" FZ(
	 "{name: z1}") "}}, {addresses: [10.1.0.2], conditions: {ready: false, serving: true, terminating: true}, "
		       "hints: {" FZ("{name: z2}") "}}"),
     HEAD " 10.1.0.1:8080 10.1.0.2:8080" VIP},
    {"this node's zone is not known: all",
     SERVICE("web", WEB)
	 SLICE("s", "web", P8080, EPH("10.1.0.1", FZ("{name: z1}")) ", " EPH("10.1.0.2", FZ("{name: z2}"))),
     HEAD " 10.1.0.1:8080 10.1.0.2:8080" VIP},
    {"over two slices",
     SERVICE("web", WEB) N1Z SLICE("s", "web", P8080, EPH("10.1.0.1", FZ("{name: z1}")))
	 SLICE("t", "web", P8080, EP("10.1.0.2")),
     HEAD " 10.1.0.1:8080 10.1.0.2:8080" VIP},
    {"policy Local looks at no hints",
     N1Z LOCAL_WEB(INTERNAL) SLICE("s", "web", P8080,
				   "{addresses: [10.1.0.1], nodeName: n1, hints: {" FZ(
				       "{name: z2}") "}}, {addresses: "
						     "[10.1.0.2], nodeName: n2, hints: {" FZ("{name: z1}") "}}"),
     "TCP 10.4.0.50:80 rr 10.1.0.2:8080\nTCP 10.96.0.10:80 rr 10.1.0.1:8080" VIPS2},
    {"pods, no distribution", SERVICE("web", WEB) N123 P123, HEAD " 10.1.0.1:8080 10.1.0.2:8080 10.1.0.3:8080" VIP},
    {"pods, PreferClose", SPREAD("PreferClose") N123 P123, HEAD " 10.1.0.1:8080 10.1.0.2:8080" VIP},
    {"pods, PreferSameZone", SPREAD("PreferSameZone") N123 P123, HEAD " 10.1.0.1:8080 10.1.0.2:8080" VIP},
    {"pods, PreferSameNode", SPREAD("PreferSameNode") N123 P123, HEAD " 10.1.0.1:8080" VIP},
    {"pods, PreferSameNode, none here",
     SPREAD("PreferSameNode") N123 POD_AT("b", "web", "10.1.0.2", "n2") POD_AT("c", "web", "10.1.0.3", "n3"),
     HEAD " 10.1.0.2:8080" VIP},
    {"pods, a node's zone is not known", SPREAD("PreferClose") N1Z ZONED("n2", "z1") P123,
     HEAD " 10.1.0.1:8080 10.1.0.2:8080 10.1.0.3:8080" VIP},
};

static void near_ones(void **state)
{
	world_rows(topology, COUNT(topology), NULL);
}

/* A Node's zone comes, changes, goes: what looks at it follows, nothing else. */
static void zones_change(void **state)
{
	struct world *w = world_new();

	world_apply(w, SPREAD("PreferClose") P123 ZONED("n2", "z1") ZONED("n3", "z2"));
	world_expect(w, HEAD " 10.1.0.1:8080 10.1.0.2:8080 10.1.0.3:8080" VIP);
	world_apply(w, N1Z);
	world_expect(w, HEAD " 10.1.0.1:8080 10.1.0.2:8080" VIP);
	world_apply(w, ZONED("n2", "z2"));
	world_expect(w, HEAD " 10.1.0.1:8080" VIP);
	world_drop(w, KIND_NODE, "", "n1");
	world_run(w);
	world_expect(w, HEAD " 10.1.0.1:8080 10.1.0.2:8080 10.1.0.3:8080" VIP);
	world_apply(w, SERVICE("web", WEB));
	world_apply(w, N1Z);
	assert_int_equal(w->sets, 0);
	world_free(w);
}

static void traffic_policies(void **state)
{
	world_rows(policies, COUNT(policies), NULL);
}

static void has_line(struct world *w, const char *line)
{
	char *text = world_text(w);

	assert_non_null(strstr(text, line));
	free(text);
}

/* Two Services on one address: it counts where both have an endpoint. */
static void shared_local_address(void **state)
{
#define SHARE(name, port, ip)                                                                                          \
	"---\n{apiVersion: v1, kind: Service, metadata: {name: " name                                                  \
	", annotations: {vipd.io/allow-shared-ip: k}}, spec: "                                                         \
	"{type: LoadBalancer, clusterIP: " ip ", allocateLoadBalancerNodePorts: false, loadBalancerIP: 10.4.0.5, "     \
	"externalTrafficPolicy: Local, selector: {app: " name "}, ports: [{port: " port "}]}}\n"
	struct world *w = world_new();

	world_apply(w, SHARE("a", "80", "10.96.0.1") SHARE("b", "81", "10.96.0.2") POD_AT("p", "a", "10.1.0.1", "n1"));
	has_line(w, "vip 10.4.0.5 eth0 absent\n");
	world_apply(w, POD_AT("q", "b", "10.1.0.2", "n1"));
	assert_int_equal(w->vip_sets, 1);
	has_line(w, "vip 10.4.0.5 eth0 here\n");
	world_apply(w, POD_AT("r", "b", "10.1.0.3", "n1"));
	assert_int_equal(w->vip_sets, 0);
	world_drop(w, KIND_SERVICE, "default", "a");
	world_drop(w, KIND_SERVICE, "default", "b");
	world_run(w);
	world_free(w);
}

static void pods_come_and_go(void **state)
{
	struct world *w = world_new();

	world_apply(w, POD("a", "web", "10.1.0.1") POD("b", "web", "10.1.0.2"));
	world_apply(w, SERVICE("web", WEB));
	world_expect(w, HEAD " 10.1.0.1:8080 10.1.0.2:8080" VIP);
	world_apply(w, POD("a", "db", "10.1.0.1")); /* its label changes */
	world_expect(w, HEAD " 10.1.0.2:8080" VIP);
	world_apply(w, SERVICE("web", "clusterIP: 10.96.0.10, selector: {app: db}, ports: [{port: 80}]"));
	world_expect(w, HEAD " 10.1.0.1:80" VIP);
	world_drop(w, KIND_POD, "default", "a");
	world_run(w);
	world_expect(w, HEAD VIP);
	world_apply(w, POD("c", "web", "10.1.0.3") POD("b", "cache", "10.1.0.2"));
	assert_int_equal(w->sets, 0);
	world_free(w);
}

static void sources_come_and_go(void **state)
{
	struct world *w = world_new();

	world_apply(w, SLICE("s", "web", P8080, EP("10.1.0.1")));
	world_expect(w, "");
	world_apply(w, SERVICE("web", WEB) POD("p", "web", "10.1.0.9"));
	world_expect(w, HEAD " 10.1.0.1:8080" VIP);
	world_apply(w, SLICE("s", "other", P8080, EP("10.1.0.1"))); /* moves to another Service */
	world_expect(w, HEAD " 10.1.0.9:8080" VIP);
	world_apply(w, ENDPOINTS("{addresses: [{ip: 10.1.0.7}], ports: [" P8080 "]}"));
	world_expect(w, HEAD " 10.1.0.7:8080" VIP);
	world_apply(w, SLICE("s", "web", P8080, EP("10.1.0.1")) SLICE("t", "web", P8080, EP("10.1.0.2")));
	world_drop(w, KIND_SLICE, "default", "s");
	world_run(w);
	world_expect(w, HEAD " 10.1.0.2:8080" VIP);
	world_drop(w, KIND_SLICE, "default", "t");
	world_drop(w, KIND_ENDPOINTS, "default", "web");
	world_run(w);
	world_expect(w, HEAD " 10.1.0.9:8080" VIP);
	/* Dropping what is not there changes nothing. */
	plan_drop(w->plan, KIND_SLICE, "default", "t");
	plan_drop(w->plan, KIND_ENDPOINTS, "default", "none");
	plan_drop(w->plan, KIND_SERVICE, "default", "none");
	plan_drop(w->plan, KIND_POD, "default", "none");
	plan_drop(w->plan, KIND_NODE, "", "none");
	plan_drop(w->plan, KIND_CONFIGMAP, "default", "none");
	assert_false(plan_dirty(w->plan));
	world_free(w);
}

/* Work follows change: counted in callbacks and in Services looked at, not in time. */
static void cost_follows_change(void **state)
{
	enum { SERVICES = 500 };
	struct world *w = world_new();
	char *yaml;

	w->config.cluster_cidrs[0] = world_cidr("10.96.0.0/16");
	for (int i = 0; i < SERVICES; i++) {
		yaml = xasprintf(SERVICE("s%d", "selector: {app: a%d}, ports: [{port: 80}]")
				     SLICE("e%d", "s%d", P8080, EP("10.1.%d.%d")),
				 i, i, i, i, i / 250, i % 250 + 1);
		world_put(w, yaml);
		free(yaml);
	}
	world_run(w);
	assert_int_equal(w->sets, SERVICES);
	world_put(w, SLICE("e7", "s7", P8080, EP("10.1.9.9")));
	world_run(w);
	assert_int_equal(w->sets, 1);
	assert_int_equal(w->deletes + w->vip_sets + w->vip_deletes + w->problems, 0);
	world_apply(w, POD("p", "a8", "10.1.9.8")); /* s8 has slices */
	assert_int_equal(w->sets, 0);
	world_drop(w, KIND_SLICE, "default", "e8");
	world_run(w);
	assert_int_equal(w->sets, 1);
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(near_ones),
	    cmocka_unit_test(zones_change),
	    cmocka_unit_test(shared_local_address),
	    cmocka_unit_test(endpoint_sources),
	    cmocka_unit_test(traffic_policies),
	    cmocka_unit_test(pods_come_and_go),
	    cmocka_unit_test(sources_come_and_go),
	    cmocka_unit_test(cost_follows_change),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
