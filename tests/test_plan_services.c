/* configmaps/plan.c, compile.c, vips.c, view.c: kinds of address, families, schedulers, flags, persistence, forwarding. */
#include "plan_world.h"

#define WEB  "clusterIP: 10.96.0.10, selector: {app: web}, ports: [{port: 80, targetPort: 8080}]"
#define PODS POD("web-1", "web", "10.1.0.1") POD("web-2", "web", "10.1.0.2")
#define BOTH " 10.1.0.1:8080 10.1.0.2:8080\n"

static void prepare_locals(struct world *w)
{
	world_locals(w, "192.168.0.1", "fd00::1");
}

static const struct world_row kinds[] = {
    {"nothing", "", ""},
    {"cluster IP", SERVICE("web", WEB) PODS, "TCP 10.96.0.10:80 rr" BOTH "vip 10.96.0.10 vipd0\n"},
    {"no endpoints: the virtual server stays", SERVICE("web", WEB), "TCP 10.96.0.10:80 rr\nvip 10.96.0.10 vipd0\n"},
    {"node port",
     SERVICE("web", "type: NodePort, clusterIP: 10.96.0.10, selector: {app: web}, ports: [{port: 80, targetPort: "
		    "8080, nodePort: 30080}]") PODS,
     "TCP 10.96.0.10:80 rr" BOTH "TCP 192.168.0.1:30080 rr" BOTH "vip 10.96.0.10 vipd0\n"},
    {"external IP", SERVICE("web", WEB ", externalIPs: [10.4.0.50]") PODS,
     "TCP 10.4.0.50:80 rr" BOTH "TCP 10.96.0.10:80 rr" BOTH "vip 10.4.0.50 eth0\nvip 10.96.0.10 vipd0\n"},
    {"external IP of this node", SERVICE("web", WEB ", externalIPs: [192.168.0.1]") PODS,
     "TCP 10.96.0.10:80 rr" BOTH "TCP 192.168.0.1:80 rr" BOTH "vip 10.96.0.10 vipd0\n"},
    {"external IP of a Node", NODE("n2", "192.168.0.2") SERVICE("web", WEB ", externalIPs: [192.168.0.2]") PODS,
     "TCP 10.96.0.10:80 rr" BOTH "TCP 192.168.0.2:80 rr" BOTH "vip 10.96.0.10 vipd0\n"},
    {"load balancer",
     SERVICE("web", "type: LoadBalancer, allocateLoadBalancerNodePorts: false, loadBalancerIP: 10.4.0.60, " WEB) PODS,
     "TCP 10.4.0.60:80 rr" BOTH "TCP 10.96.0.10:80 rr" BOTH "vip 10.4.0.60 eth0\nvip 10.96.0.10 vipd0\n"},
    {"another's load balancer class",
     SERVICE("web", "type: LoadBalancer, allocateLoadBalancerNodePorts: false, loadBalancerClass: x.io/y, "
		    "loadBalancerIP: 10.4.0.60, " WEB) PODS,
     "TCP 10.96.0.10:80 rr" BOTH "vip 10.96.0.10 vipd0\n"},
    {"own load balancer class",
     SERVICE("web", "type: LoadBalancer, allocateLoadBalancerNodePorts: false, loadBalancerClass: vipd.io/vip, "
		    "loadBalancerIP: 10.4.0.60, " WEB) PODS,
     "TCP 10.4.0.60:80 rr" BOTH "TCP 10.96.0.10:80 rr" BOTH "vip 10.4.0.60 eth0\nvip 10.96.0.10 vipd0\n"},
    {"headless", SERVICE("web", "clusterIP: None, selector: {app: web}, ports: [{port: 80}]") PODS, ""},
    {"ExternalName", SERVICE("web", "type: ExternalName, externalName: example.org"), ""},
    {"protocols",
     SERVICE("dns",
	     "clusterIP: 10.96.0.10, selector: {app: dns}, ports: [{name: u, port: 53, protocol: UDP}, {name: t, "
	     "port: 53}, {name: s, port: 53, protocol: SCTP}]") POD("dns-1", "dns", "10.1.0.9"),
     "SCTP 10.96.0.10:53 rr 10.1.0.9:53\nTCP 10.96.0.10:53 rr 10.1.0.9:53\nUDP 10.96.0.10:53 rr 10.1.0.9:53\n"
     "vip 10.96.0.10 vipd0\n"},
    {"IPv6",
     SERVICE("web",
	     "ipFamilies: [IPv6], clusterIP: 'fd00:96::10', externalIPs: ['fd00:4::50'], type: NodePort, selector: "
	     "{app: web}, ports: [{port: 80, targetPort: 8080, nodePort: 30080}]") POD("web-1", "web", "fd00:1::1"),
     "TCP [fd00:4::50]:80 rr [fd00:1::1]:8080\nTCP [fd00:96::10]:80 rr [fd00:1::1]:8080\nTCP [fd00::1]:30080 rr "
     "[fd00:1::1]:8080\nvip fd00:4::50 eth0\nvip fd00:96::10 vipd0\n"},
    {"an address that is not of the Service's families",
     SERVICE("web", WEB ", ipFamilies: [IPv4], externalIPs: ['fd00:4::50']"),
     "TCP 10.96.0.10:80 rr\nproblem Service default/web FamilyMismatch: external IP fd00:4::50 is not of this "
     "Service's "
     "ipFamilies\nvip 10.96.0.10 vipd0\n"},
    {"one address in several roles",
     SERVICE("web", "type: LoadBalancer, allocateLoadBalancerNodePorts: false, loadBalancerIP: "
		    "10.4.0.60, externalIPs: [10.4.0.60], " WEB) PODS,
     "TCP 10.4.0.60:80 rr" BOTH "TCP 10.96.0.10:80 rr" BOTH "vip 10.4.0.60 eth0\nvip 10.96.0.10 vipd0\n"},
};

static void service_kinds(void **state)
{
	world_rows(kinds, COUNT(kinds), prepare_locals);
}

#define META(annotations) "name: web, annotations: {" annotations "}"
#define FORWARD(method)   "k8s.co/keepalived-forward-method: " method
#define DIRECT            "clusterIP: 10.96.0.10, externalIPs: [10.4.0.50], selector: {app: web}, ports: [{port: 8080}]"

static const struct world_row options[] = {
    {"persistence", SERVICE("web", WEB ", sessionAffinity: ClientIP"),
     "TCP 10.96.0.10:80 rr persist=10800\nvip 10.96.0.10 vipd0\n"},
    {"persistence with a time",
     SERVICE("web", WEB ", sessionAffinity: ClientIP, sessionAffinityConfig: {clientIP: {timeoutSeconds: 60}}"),
     "TCP 10.96.0.10:80 rr persist=60\nvip 10.96.0.10 vipd0\n"},
    {"scheduler", SERVICE_META(META("vipd.io/scheduler: wlc"), WEB), "TCP 10.96.0.10:80 wlc\nvip 10.96.0.10 vipd0\n"},
    {"scheduler mh hashes the port", SERVICE_META(META("vipd.io/scheduler: mh"), WEB),
     "TCP 10.96.0.10:80 mh flags=0x10\nvip 10.96.0.10 vipd0\n"},
    {"flags of mh", SERVICE_META(META("vipd.io/scheduler: mh, vipd.io/scheduler-flags: 'mh-fallback'"), WEB),
     "TCP 10.96.0.10:80 mh flags=0x8\nvip 10.96.0.10 vipd0\n"},
    {"flags of sh", SERVICE_META(META("vipd.io/scheduler: sh, vipd.io/scheduler-flags: 'sh-port,sh-fallback'"), WEB),
     "TCP 10.96.0.10:80 sh flags=0x18\nvip 10.96.0.10 vipd0\n"},
    {"one packet only where it means something",
     SERVICE_META(META("vipd.io/scheduler-flags: ops"), "clusterIP: 10.96.0.10, selector: {app: web}, ports: [{name: "
							"t, port: 53}, {name: u, port: 53, protocol: UDP}]"),
     "TCP 10.96.0.10:53 rr\nUDP 10.96.0.10:53 rr flags=0x4\nvip 10.96.0.10 vipd0\n"},
    {"sh falls back unless it is told not to", SERVICE_META(META("vipd.io/scheduler: sh"), WEB),
     "TCP 10.96.0.10:80 sh flags=0x8\nvip 10.96.0.10 vipd0\n"},
    {"sh told not to", SERVICE_META(META("vipd.io/scheduler: sh, vipd.io/scheduler-flags: sh-port"), WEB),
     "TCP 10.96.0.10:80 sh flags=0x10\nvip 10.96.0.10 vipd0\n"},
    {"drain timeout", SERVICE_META(META("vipd.io/drain-timeout: 2m"), WEB),
     "TCP 10.96.0.10:80 rr drain=120\nvip 10.96.0.10 vipd0\n"},
    {"thresholds", SERVICE_META(META("vipd.io/upper-threshold: '100', vipd.io/lower-threshold: '80'"), WEB),
     "TCP 10.96.0.10:80 rr limits=80-100\nvip 10.96.0.10 vipd0\n"},
    {"granularity",
     SERVICE_META(META("vipd.io/persistence-granularity: '24'"),
		  "clusterIPs: [10.96.0.10, 'fd00::10'], sessionAffinity: ClientIP, ports: [{port: 80}]"),
     "TCP 10.96.0.10:80 rr persist=10800/24\nTCP [fd00::10]:80 rr persist=10800\nvip 10.96.0.10 vipd0\nvip fd00::10 "
     "vipd0\n"},
    {"granularity of both families",
     SERVICE_META(META("vipd.io/persistence-granularity: '24,64'"),
		  "clusterIPs: [10.96.0.10, 'fd00::10'], sessionAffinity: ClientIP, ports: [{port: 80}]"),
     "TCP 10.96.0.10:80 rr persist=10800/24\nTCP [fd00::10]:80 rr persist=10800/64\nvip 10.96.0.10 vipd0\nvip fd00::10 "
     "vipd0\n"},
    {"one packet",
     SERVICE_META(META("vipd.io/one-packet: 'true'"), "clusterIP: 10.96.0.10, ports: [{port: 53, protocol: UDP}]"),
     "UDP 10.96.0.10:53 rr flags=0x4\nvip 10.96.0.10 vipd0\n"},
    {"SCTP", SERVICE("web", "clusterIP: 10.96.0.10, ports: [{port: 80, protocol: SCTP}]"),
     "SCTP 10.96.0.10:80 rr\nvip 10.96.0.10 vipd0\n"},
    {"tunnel of what is tunnelled",
     SERVICE_META(META("vipd.io/forward-method: TUN, vipd.io/tunnel: 'gue:5555'"), DIRECT) PODS,
     "TCP 10.4.0.50:8080 rr tunnel=1:5555 10.1.0.1:8080/TUN 10.1.0.2:8080/TUN\nTCP 10.96.0.10:8080 rr" BOTH
     "vip 10.4.0.50 eth0\nvip 10.96.0.10 vipd0\n"},
    {"vipd's own method counts",
     SERVICE_META(META("vipd.io/forward-method: TUN, vipd.io/tunnel: gre, " FORWARD("DR")), DIRECT) PODS,
     "TCP 10.4.0.50:8080 rr tunnel=2:0 10.1.0.1:8080/TUN 10.1.0.2:8080/TUN\nTCP 10.96.0.10:8080 rr" BOTH
     "vip 10.4.0.50 eth0\nvip 10.96.0.10 vipd0\n"},
    {"gue's own port", SERVICE_META(META("vipd.io/forward-method: TUN, vipd.io/tunnel: gue"), DIRECT) PODS,
     "TCP 10.4.0.50:8080 rr tunnel=1:6080 10.1.0.1:8080/TUN 10.1.0.2:8080/TUN\nTCP 10.96.0.10:8080 rr" BOTH
     "vip 10.4.0.50 eth0\nvip 10.96.0.10 vipd0\n"},
#define BAD(name, text, why)                                                                                           \
	{                                                                                                              \
		"bad " name, SERVICE_META(META("vipd.io/" name ": '" text "'"), WEB),                                  \
		    "TCP 10.96.0.10:80 rr\nproblem Service default/web BadAnnotation: annotation vipd.io/" name        \
		    ": \"" text "\" " why "\nvip 10.96.0.10 vipd0\n"                                                   \
	}
    BAD("drain-timeout", "1500ms",
	"is no time: expected whole seconds, at most a day, such as 30s, 5m, or 0 to drop connections at once; 0s is "
	"used"),
    BAD("drain-timeout", "25h",
	"is no time: expected whole seconds, at most a day, such as 30s, 5m, or 0 to drop connections at once; 0s is "
	"used"),
    BAD("upper-threshold", "many", "is no number of connections: expected 0 (no limit) to 999999999; 0 is used"),
    BAD("upper-threshold", "1000000000", "is no number of connections: expected 0 (no limit) to 999999999; 0 is used"),
    BAD("lower-threshold", "5", "is above vipd.io/upper-threshold, 0; neither is used"),
    BAD("one-packet", "yes", "is neither true nor false; false is used"),
    BAD("persistence-granularity", "33",
	"is no prefix length: expected 1-32, or that, a comma and 1-128 for IPv6; 32,128 is used"),
    BAD("persistence-granularity", "24,",
	"is no prefix length: expected 1-32, or that, a comma and 1-128 for IPv6; 32,128 is used"),
    BAD("tunnel", "vxlan", "is no tunnel: expected ipip, gre, gue or gue:PORT; ipip is used"),
    BAD("tunnel", "gre:47", "is no tunnel: expected ipip, gre, gue or gue:PORT; ipip is used"),
    BAD("tunnel", "gue:0", "is no tunnel: expected ipip, gre, gue or gue:PORT; ipip is used"),
    BAD("tunnel", "gue:6080x", "is no tunnel: expected ipip, gre, gue or gue:PORT; ipip is used"),
    BAD("forward-method", "nat", "is no forwarding method: expected NAT, DR or TUN; NAT is used"),
#undef BAD
    {"a message is whole characters",
     SERVICE_META(META("vipd.io/one-packet: "
		       "\"x\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3"
		       "\xa9\xc3\xa9\xc3\xa9\xc3\xa9\\e[31m\""),
		  WEB),
     "TCP 10.96.0.10:80 rr\nproblem Service default/web BadAnnotation: annotation vipd.io/one-packet: "
     "\"x\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3"
     "\xa9?\" is "
     "neither true nor false; false is used\nvip 10.96.0.10 vipd0\n"},
    {"a message is one line", SERVICE_META(META("vipd.io/one-packet: \"a\\nb\\e[31m\""), WEB),
     "TCP 10.96.0.10:80 rr\nproblem Service default/web BadAnnotation: annotation vipd.io/one-packet: \"a?b?[31m\" is "
     "neither true nor false; false is used\nvip 10.96.0.10 vipd0\n"},
    {"bad scheduler", SERVICE_META(META("vipd.io/scheduler: fastest"), WEB),
     "TCP 10.96.0.10:80 rr\nproblem Service default/web BadAnnotation: annotation vipd.io/scheduler: \"fastest\" is no "
     "scheduler: "
     "expected one of rr wrr lc wlc lblc lblcr sh dh sed nq mh fo ovf; rr is used\nvip 10.96.0.10 vipd0\n"},
    {"bad flags", SERVICE_META(META("vipd.io/scheduler-flags: 'sh-port, quick'"), WEB),
     "TCP 10.96.0.10:80 rr\nproblem Service default/web BadAnnotation: annotation vipd.io/scheduler-flags: \"sh-port\" "
     "needs scheduler "
     "sh, this Service has rr; annotation vipd.io/scheduler-flags: \"quick\" is unknown: expected sh-fallback, "
     "sh-port, "
     "mh-fallback, mh-port or ops\nvip 10.96.0.10 vipd0\n"},
    {"direct routing", SERVICE_META(META(FORWARD("DR")), DIRECT) PODS,
     "TCP 10.4.0.50:8080 rr 10.1.0.1:8080/DR 10.1.0.2:8080/DR\nTCP 10.96.0.10:8080 rr" BOTH
     "vip 10.4.0.50 eth0\nvip 10.96.0.10 vipd0\n"},
    {"direct routing cannot change the port", SERVICE_META(META(FORWARD("TUN")), WEB ", externalIPs: [10.4.0.50]") PODS,
     "TCP 10.96.0.10:80 rr" BOTH "problem Service default/web PortMismatch: TCP 80 goes to port 8080: TUN cannot "
     "change the port, so port and targetPort must "
     "be equal\nvip 10.4.0.50 eth0\nvip 10.96.0.10 vipd0\n"},
    {"nor by a name",
     SERVICE_META(META(FORWARD("DR")), "clusterIP: 10.96.0.10, externalIPs: [10.4.0.50], selector: {app: web}, "
				       "ports: [{port: 80, targetPort: http}]") PODS,
     "TCP 10.96.0.10:80 rr" BOTH "problem Service default/web PortMismatch: TCP 80 goes to port 8080: DR cannot change "
     "the port, so port and targetPort must "
     "be equal\nvip 10.4.0.50 eth0\nvip 10.96.0.10 vipd0\n"},
    {"bad method", SERVICE_META(META(FORWARD("nat")), DIRECT),
     "TCP 10.4.0.50:8080 rr\nTCP 10.96.0.10:8080 rr\nproblem Service default/web BadAnnotation: annotation "
     "k8s.co/keepalived-forward-method: \"nat\" is no forwarding method: expected NAT, DR or TUN; NAT is used\n"
     "vip 10.4.0.50 eth0\nvip 10.96.0.10 vipd0\n"},
};

static void service_options(void **state)
{
	world_rows(options, COUNT(options), NULL);
}

static void handle_bits(void **state)
{
	static const struct {
		unsigned handle;
		const char *want;
	} rows[] = {
	    {HANDLE_CLUSTERIP, "TCP 10.96.0.10:80 rr\nvip 10.96.0.10 vipd0\n"},
	    {HANDLE_EXTERNALIP, "TCP 10.4.0.50:80 rr\nvip 10.4.0.50 eth0\n"},
	    {HANDLE_LOADBALANCER, "TCP 10.4.0.60:80 rr\nvip 10.4.0.60 eth0\n"},
	    {HANDLE_CONFIGMAP, "TCP 10.4.0.70:80 rr\nvip 10.4.0.70 eth0\n"},
	    {HANDLE_NODEPORT, "TCP 192.168.0.1:30080 rr\n"},
	    {0, ""},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct world *w = world_new();

		w->config.handle = rows[i].handle;
		world_locals(w, "192.168.0.1", "127.0.0.1");
		world_apply(w, VIPS("10.4.0.70: default/web")
				   SERVICE("web", "type: LoadBalancer, clusterIP: 10.96.0.10, externalIPs: "
						  "[10.4.0.50], loadBalancerIP: 10.4.0.60, "
						  "selector: {app: web}, ports: [{port: 80, nodePort: 30080}]"));
		world_expect(w, rows[i].want);
		world_free(w);
	}
}

static void changes_come_once(void **state)
{
	struct world *w = world_new();

	world_locals(w, "192.168.0.1", NULL);
	world_apply(w, SERVICE("web", WEB ", externalIPs: [10.4.0.50]") PODS);
	assert_int_equal(w->sets, 2);
	assert_int_equal(w->vip_sets, 2);
	world_apply(w, SERVICE("web", WEB ", externalIPs: [10.4.0.50]") PODS);
	assert_int_equal(w->sets + w->deletes + w->vip_sets + w->vip_deletes, 0);
	world_apply(w, POD("web-3", "web", "10.1.0.3"));
	assert_int_equal(w->sets, 2);
	assert_int_equal(w->vip_sets, 0);
	world_apply(w, SERVICE("web", WEB ", externalIPs: [10.4.0.51]"));
	assert_int_equal(w->sets + w->vip_sets, 2);
	assert_int_equal(w->deletes + w->vip_deletes, 2);
	world_drop(w, KIND_SERVICE, "default", "web");
	world_run(w);
	world_expect(w, "");
	world_free(w);
}

/* An address of ours becomes a Node's, and is free again. */
static void addresses_of_nodes(void **state)
{
	struct world *w = world_new();

	world_apply(w, SERVICE("web", WEB ", externalIPs: [10.4.0.50]"));
	world_apply(w, NODE("n2", "10.4.0.50"));
	assert_int_equal(w->sets + w->deletes, 0);
	world_expect(w, "TCP 10.4.0.50:80 rr\nTCP 10.96.0.10:80 rr\nvip 10.96.0.10 vipd0\n");
	world_locals(w, "10.4.0.50", "10.4.0.50");
	world_drop(w, KIND_NODE, "", "n2");
	world_run(w);
	assert_int_equal(w->vip_sets, 0);
	world_locals(w, "192.168.0.1", NULL);
	world_run(w);
	world_expect(w, "TCP 10.4.0.50:80 rr\nTCP 10.96.0.10:80 rr\nvip 10.4.0.50 eth0\nvip 10.96.0.10 vipd0\n");
	world_apply(w, NODE("n2", "10.4.0.50"));
	world_apply(w, NODE("n2", "10.4.0.51"));
	assert_int_equal(w->vip_sets, 1);
	world_free(w);
}

static void locals_move_node_ports(void **state)
{
	struct world *w = world_new();

	world_locals(w, "192.168.0.1", NULL);
	world_apply(w, SERVICE("web", "type: NodePort, " WEB)
			   SERVICE("other", "clusterIP: 10.96.0.11, ports: [{port: 80}]"));
	world_locals(w, "192.168.0.1", "192.168.0.2");
	world_run(w);
	assert_int_equal(w->sets, 1);
	world_locals(w, "192.168.0.2", "169.254.0.1");
	world_run(w);
	assert_int_equal(w->sets, 0);
	assert_int_equal(w->deletes, 1);
	world_expect(w,
		     "TCP 10.96.0.10:80 rr\nTCP 10.96.0.11:80 rr\nTCP 192.168.0.2:30000 rr\nvip 10.96.0.10 vipd0\nvip "
		     "10.96.0.11 vipd0\n");
	world_free(w);
}

/* A cluster IP that somebody also wants as an address for clients is one for clients. */
static void client_address_wins(void **state)
{
	struct world *w = world_new();

	world_apply(w,
		    SERVICE("web", WEB) SERVICE(
			"out", "type: LoadBalancer, allocateLoadBalancerNodePorts: false, loadBalancerIP: 10.96.0.10, "
			       "clusterIP: 10.96.0.11, ports: [{port: 81}]"));
	world_expect(w, "TCP 10.96.0.10:80 rr\nTCP 10.96.0.10:81 rr\nTCP 10.96.0.11:81 rr\nvip 10.96.0.10 eth0\nvip "
			"10.96.0.11 vipd0\n");
	world_drop(w, KIND_SERVICE, "default", "out");
	world_run(w);
	world_expect(w, "TCP 10.96.0.10:80 rr\nvip 10.96.0.10 vipd0\n");
	world_free(w);
}

/* One Service cannot fill the table. */
static void too_large(void **state)
{
	struct world *w = world_new();
	char *ips = xstrdup("10.4.0.0"), *ports = xstrdup("{name: p0, port: 1}"), *yaml;

	for (int i = 1; i < 200; i++) {
		ips = world_append(ips, xasprintf(", 10.4.%d.%d", i / 250, i % 250));
		ports = world_append(ports, xasprintf(", {name: p%d, port: %d}", i, i + 1));
	}
	yaml = xasprintf(SERVICE("big", "clusterIP: 10.96.0.1, externalIPs: [%s], ports: [%s]"), ips, ports);
	world_apply(w, yaml);
	assert_int_equal(w->sets, 16384);
	assert_int_equal(w->problems, 1);
	free(yaml);
	free(ips);
	free(ports);
	world_free(w);
}

/* ---- what a person asks ---- */

static void view_text(void *arg, const struct service_view *v)
{
	char **text = arg, a[ADDR_TEXT], real[REAL_TEXT];

	*text = world_append(*text, xasprintf("%s/%s", v->object->meta.namespace, v->object->meta.name));
	for (size_t i = 0; i < v->n_cluster_ips; i++)
		*text = world_append(*text, xasprintf(" c=%s", addr_format(&v->cluster_ips[i], a)));
	for (size_t i = 0; i < v->n_vips; i++)
		*text = world_append(*text, xasprintf(" v=%s", addr_format(&v->vips[i], a)));
	for (size_t i = 0; i < v->object->service.n_ports; i++)
		*text = world_append(*text, xasprintf(" p=%u", v->node_ports ? v->node_ports[i] : 0));
	for (size_t i = 0; i < v->n_endpoints; i++)
		*text = world_append(*text,
				     xasprintf(" e=%s(%s)", real_format(&v->endpoints[i], real), v->endpoint_ports[i]));
	for (size_t i = v->n_endpoints; i < v->n_endpoints + v->n_idle; i++)
		*text = world_append(*text, xasprintf(" i=%s", real_format(&v->endpoints[i], real)));
	*text = world_append(*text, xasprintf(" %s since=%d\n", v->reason ? v->reason : "ok", (int)v->since));
}

static void views(void **state)
{
	struct world *w = world_new();
	struct addr vip = world_addr("10.4.0.60"), none = world_addr("10.4.0.61");
	struct vs_key key = {vip, 80, 6};
	const char *names[4];
	char *text = xstrdup("");

	world_apply(
	    w,
	    SERVICE_META("name: z, namespace: a-b", "clusterIP: None, ports: [{port: 1}]") SERVICE_META(
		"name: z, namespace: a, creationTimestamp: '1970-01-01T00:00:07Z', "
		"annotations: {vipd.io/allow-shared-ip: k}",
		"type: LoadBalancer, loadBalancerIP: 10.4.0.60, clusterIP: 10.96.0.11, ports: [{port: 81}]")
		SERVICE_META(
		    "name: web, annotations: {vipd.io/scheduler: x, vipd.io/allow-shared-ip: k}",
		    "type: LoadBalancer, loadBalancerIP: 10.4.0.60, externalIPs: [10.4.0.50], clusterIP: 10.96.0.10, "
		    "selector: {app: web}, ports: [{name: h, port: 80, targetPort: 8080}, {name: s, port: 443, "
		    "targetPort: "
		    "8080}]")
		    PODS SERVICE_META(
			"name: x, namespace: a",
			"clusterIP: 10.96.0.12, ports: [{port: 80}]") "---\n{apiVersion: discovery.k8s.io/v1, kind: "
								      "EndpointSlice, addressType: IPv4, metadata: "
								      "{name: x-1, "
								      "namespace: a, labels: "
								      "{kubernetes.io/service-name: x}}, ports: "
								      "[{port: 80}], endpoints: ["
								      "{addresses: [10.1.1.1], conditions: {ready: "
								      "false}}, {addresses: [10.1.1.2]}, {addresses: "
								      "[10.1.1.3], conditions: {ready: false, serving: "
								      "true, terminating: true}}]}\n");
	plan_each_service(w->plan, view_text, &text);
	assert_string_equal(
	    text, "a/x c=10.96.0.12 p=0 e=10.1.1.2:80() i=10.1.1.1:80 i=10.1.1.3:80 ok since=1000\n"
		  "a/z c=10.96.0.11 v=10.4.0.60 p=30000 ok since=7\n"
		  "a-b/z p=0 ok since=1000\n"
		  "default/web c=10.96.0.10 v=10.4.0.60 p=30001 p=30002 e=10.1.0.1:8080(h) e=10.1.0.2:8080(h) "
		  "BadAnnotation since=1000\n");
	free(text);
	assert_int_equal(plan_vip_services(w->plan, &vip, names, 4), 2);
	assert_string_equal(names[0], "a/z");
	assert_string_equal(names[1], "default/web");
	assert_int_equal(plan_vip_services(w->plan, &vip, names, 1), 1);
	assert_int_equal(plan_vip_services(w->plan, &none, names, 4), 0);
	assert_string_equal(plan_vs_service(w->plan, &key), "default/web");
	key.port = 82;
	assert_null(plan_vs_service(w->plan, &key));
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(service_kinds),
	    cmocka_unit_test(service_options),
	    cmocka_unit_test(handle_bits),
	    cmocka_unit_test(changes_come_once),
	    cmocka_unit_test(addresses_of_nodes),
	    cmocka_unit_test(locals_move_node_ports),
	    cmocka_unit_test(views),
	    cmocka_unit_test(too_large),
	    cmocka_unit_test(client_address_wins),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
