/* Manifests: each row is a text and either what it becomes or the exact words of every refusal. */
#include "../configmaps/manifest.h"
#include "../configmaps/manifest_parts.h"

#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* All diagnostics as lines; malloc'd. */
static char *lines(const struct diag_list *d)
{
	char *all = xstrdup(""), line[1024];

	for (size_t i = 0; i < d->n; i++) {
		char *longer = xasprintf("%s%s%s", all, i ? "\n" : "", diag_format(&d->items[i], line, sizeof(line)));

		free(all);
		all = longer;
	}
	return all;
}

static struct object_list parse_ok(const char *text)
{
	struct object_list out = {0};
	struct diag_list diags = {0};
	int err = manifest_parse("f.yaml", text, strlen(text), &out, &diags);
	char *said = lines(&diags);

	if (err || diags.n)
		fail_msg("%s\nsaid: %s", text, said);
	free(said);
	diag_clear(&diags);
	return out;
}

/* Parses one object that must be good. */
static struct object *one(struct object_list *l, const char *text)
{
	*l = parse_ok(text);
	if (l->n != 1)
		fail_msg("%zu objects of: %s", l->n, text);
	return l->items[0];
}

static bool says(const char *text, const char *expected, bool error)
{
	struct object_list out = {0};
	struct diag_list diags = {0};
	int err = manifest_parse("f.yaml", text, strlen(text), &out, &diags);
	char *said = lines(&diags);
	bool same = !strcmp(said, expected) && (err != 0) == error;

	if (!same)
		print_error("%s\nsaid (%d):\n%s\nexpected:\n%s\n", text, err, said, expected);
	free(said);
	diag_clear(&diags);
	object_list_clear(&out);
	return same;
}

#define SERVICE(spec) "apiVersion: v1\nkind: Service\nmetadata:\n  name: web\nspec:\n" spec
#define PORT          "  ports: [{port: 80}]\n"
#define SLICE(rest)                                                                                                    \
	"apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata:\n  name: web-1\n"                             \
	"  labels: {kubernetes.io/service-name: web}\n" rest

/* --- what is refused, and how --- */

struct bad {
	const char *text, *said;
};

static const struct bad bad_services[] = {
    {SERVICE("  ports:\n  - port: 0\n"),
     "f.yaml:7:11: Service default/web: spec.ports[0].port: 0 is not a port (1-65535)"},
    {SERVICE("  ports:\n  - port: 65536\n"),
     "f.yaml:7:11: Service default/web: spec.ports[0].port: 65536 is not a port (1-65535)"},
    {SERVICE("  ports:\n  - port: -1\n"),
     "f.yaml:7:11: Service default/web: spec.ports[0].port: -1 is not a port (1-65535)"},
    {SERVICE("  ports:\n  - port: 1.5\n"),
     "f.yaml:7:11: Service default/web: spec.ports[0].port: expected an integer, got a number 1.5"},
    {SERVICE("  ports:\n  - port: http\n"),
     "f.yaml:7:11: Service default/web: spec.ports[0].port: expected an integer, got a string \"http\""},
    {SERVICE("  ports:\n  - port: \"80\"\n"),
     "f.yaml:7:11: Service default/web: spec.ports[0].port: expected an integer, got a string \"80\""},
    {SERVICE("  ports:\n  - port: true\n"),
     "f.yaml:7:11: Service default/web: spec.ports[0].port: expected an integer, got a boolean true"},
    {SERVICE("  ports:\n  - port: [80]\n"),
     "f.yaml:7:11: Service default/web: spec.ports[0].port: expected an integer, got a list"},
    {SERVICE("  ports:\n  - name: x\n"), "f.yaml:7:5: Service default/web: spec.ports[0].port: required"},
    {SERVICE("  ports:\n  - 80\n"),
     "f.yaml:7:5: Service default/web: spec.ports[0]: expected a map, got an integer 80\n"
     "f.yaml:7:3: Service default/web: spec.ports[0].port: required"},
    {SERVICE("  ports: 80\n"), "f.yaml:6:10: Service default/web: spec.ports: expected a list, got an integer 80\n"
			       "f.yaml:6:3: Service default/web: spec.ports: required"},
    {SERVICE("  type: NodePort\n"), "f.yaml:6:3: Service default/web: spec.ports: required"},
    {"apiVersion: v1\nkind: Service\nmetadata: {name: web}\n", "f.yaml:1:1: Service default/web: spec.ports: required"},
    {SERVICE("  ports:\n  - {port: 80}\n  - {port: 81}\n"),
     "f.yaml:7:5: Service default/web: spec.ports[0].name: required, for there are several ports\n"
     "f.yaml:8:5: Service default/web: spec.ports[1].name: required, for there are several ports"},
    {SERVICE("  ports:\n  - {name: a, port: 80}\n  - {name: a, port: 81}\n"),
     "f.yaml:8:12: Service default/web: spec.ports[1].name: is the same as in spec.ports[0]"},
    {SERVICE("  ports:\n  - {name: a, port: 80}\n  - {name: b, port: 80}\n"),
     "f.yaml:8:21: Service default/web: spec.ports[1].port: is the same as in spec.ports[0]"},
    {SERVICE("  type: NodePort\n  ports:\n  - {name: a, port: 80, nodePort: 30001}\n"
	     "  - {name: b, port: 81, nodePort: 30001}\n"),
     "f.yaml:9:35: Service default/web: spec.ports[1].nodePort: is the same as in spec.ports[0]"},
    {SERVICE("  ports: [{port: 80, nodePort: 30001}]\n"),
     "f.yaml:6:32: Service default/web: spec.ports[0].nodePort: may not be used when spec.type is ClusterIP"},
    {SERVICE("  ports: [{port: 80, protocol: tcp}]\n"),
     "f.yaml:6:32: Service default/web: spec.ports[0].protocol: \"tcp\" is not one of TCP, UDP, SCTP"},
    {SERVICE("  ports: [{port: 80, targetPort: 70000}]\n"),
     "f.yaml:6:34: Service default/web: spec.ports[0].targetPort: 70000 is not a port (1-65535)"},
    {SERVICE("  ports: [{port: 80, targetPort: \"8080\"}]\n"),
     "f.yaml:6:34: Service default/web: spec.ports[0].targetPort: \"8080\" is not a port's name (a-z, 0-9, '-', a "
     "letter, at most 15) nor a number"},
    {SERVICE("  ports: [{port: 80, targetPort: 1.5}]\n"),
     "f.yaml:6:34: Service default/web: spec.ports[0].targetPort: expected an integer or a string, got a number 1.5"},
    {SERVICE("  ports: [{port: 80, name: Web_1}]\n"),
     "f.yaml:6:28: Service default/web: spec.ports[0].name: \"Web_1\" is not a name (RFC 1123: a-z, 0-9 and '-', at "
     "most 63)"},
    {SERVICE(PORT "  type: Loadbalancer\n"), "f.yaml:7:9: Service default/web: spec.type: \"Loadbalancer\" is not one "
					     "of ClusterIP, NodePort, LoadBalancer, ExternalName"},
    {SERVICE(PORT "  externalIPs: [10.0.0.256]\n"),
     "f.yaml:7:17: Service default/web: spec.externalIPs[0]: \"10.0.0.256\" is not an IP address"},
    {SERVICE(PORT "  externalIPs: [010.1.1.1]\n"),
     "f.yaml:7:17: Service default/web: spec.externalIPs[0]: \"010.1.1.1\" is not an IP address"},
    {SERVICE(PORT "  externalIPs: [\"::ffff:10.0.0.1\"]\n"),
     "f.yaml:7:17: Service default/web: spec.externalIPs[0]: ::ffff:10.0.0.1 is an IPv4-mapped IPv6 address"},
    {SERVICE(PORT "  externalIPs: [224.0.0.18]\n"),
     "f.yaml:7:17: Service default/web: spec.externalIPs[0]: 224.0.0.18 is a multicast address"},
    {SERVICE(PORT "  externalIPs: [127.0.0.1, \"::1\"]\n"),
     "f.yaml:7:17: Service default/web: spec.externalIPs[0]: 127.0.0.1 is a loopback address\n"
     "f.yaml:7:28: Service default/web: spec.externalIPs[1]: ::1 is a loopback address"},
    {SERVICE(PORT "  externalIPs: [0.0.0.0]\n"),
     "f.yaml:7:17: Service default/web: spec.externalIPs[0]: 0.0.0.0 is the unspecified address"},
    {SERVICE(PORT "  externalIPs: [null, \"\"]\n"),
     "f.yaml:7:16: Service default/web: spec.externalIPs[0]: expected an IP address, got nothing\n"
     "f.yaml:7:23: Service default/web: spec.externalIPs[1]: expected an IP address, got nothing"},
    {SERVICE(PORT "  externalIPs: 10.0.0.1\n"),
     "f.yaml:7:16: Service default/web: spec.externalIPs: expected a list, got a string \"10.0.0.1\""},
    {SERVICE(PORT "  loadBalancerIP: 10.0.0\n"),
     "f.yaml:7:19: Service default/web: spec.loadBalancerIP: \"10.0.0\" is not an IP address"},
    {SERVICE(PORT "  loadBalancerIP: 10.0.0.1/24\n"),
     "f.yaml:7:19: Service default/web: spec.loadBalancerIP: \"10.0.0.1/24\" is not an IP address"},
    {SERVICE(PORT "  clusterIP: none\n"),
     "f.yaml:7:14: Service default/web: spec.clusterIP: \"none\" is not an IP address"},
    {SERVICE(PORT "  clusterIP: 10.96.0.2\n  clusterIPs: [10.96.0.3]\n"),
     "f.yaml:7:14: Service default/web: spec.clusterIP: must be the first of spec.clusterIPs"},
    {SERVICE(PORT "  clusterIPs: [10.96.0.3, 10.96.0.4]\n"),
     "f.yaml:7:15: Service default/web: spec.clusterIPs: at most one address of each family"},
    {SERVICE(PORT "  clusterIP: None\n  type: LoadBalancer\n"),
     "f.yaml:8:9: Service default/web: spec.type: LoadBalancer needs a cluster IP, but spec.clusterIP is None"},
    {SERVICE(PORT "  ipFamilies: [IPv4, IPv4]\n"),
     "f.yaml:7:22: Service default/web: spec.ipFamilies[1]: IPv4 is given twice"},
    {SERVICE(PORT "  clusterIP: 10.96.0.2\n  ipFamilies: [IPv6]\n"),
     "f.yaml:8:16: Service default/web: spec.ipFamilies[0]: IPv6, but clusterIPs[0] is 10.96.0.2"},
    {SERVICE(PORT "  ipFamilyPolicy: Dual\n"), "f.yaml:7:19: Service default/web: spec.ipFamilyPolicy: \"Dual\" is not "
					       "one of SingleStack, PreferDualStack, RequireDualStack"},
    {SERVICE(PORT "  sessionAffinity: Client\n"),
     "f.yaml:7:20: Service default/web: spec.sessionAffinity: \"Client\" is not one of None, ClientIP"},
    {SERVICE(PORT "  sessionAffinityConfig: {clientIP: {timeoutSeconds: 86401}}\n"),
     "f.yaml:7:54: Service default/web: spec.sessionAffinityConfig.clientIP.timeoutSeconds: 86401 is out of range "
     "(1-86400)"},
    {SERVICE(PORT "  externalTrafficPolicy: local\n"),
     "f.yaml:7:26: Service default/web: spec.externalTrafficPolicy: \"local\" is not one of Cluster, Local"},
    {SERVICE(PORT "  allocateLoadBalancerNodePorts: \"no\"\n"),
     "f.yaml:7:34: Service default/web: spec.allocateLoadBalancerNodePorts: expected true or false, got a string "
     "\"no\""},
    {SERVICE(PORT "  loadBalancerSourceRanges: [10.0.0.1, 10.0.0.0/33, 1]\n"),
     "f.yaml:7:30: Service default/web: spec.loadBalancerSourceRanges[0]: \"10.0.0.1\" is not a prefix such as "
     "10.0.0.0/8\n"
     "f.yaml:7:40: Service default/web: spec.loadBalancerSourceRanges[1]: \"10.0.0.0/33\" is not a prefix such as "
     "10.0.0.0/8\n"
     "f.yaml:7:53: Service default/web: spec.loadBalancerSourceRanges[2]: expected a string, got an integer 1"},
    {SERVICE(PORT "  selector: {app: 1}\n"),
     "f.yaml:7:19: Service default/web: spec.selector.app: expected a string, got an integer 1"},
    {SERVICE(PORT "  healthCheckNodePort: 70000\n"),
     "f.yaml:7:24: Service default/web: spec.healthCheckNodePort: 70000 is not a port (1-65535)"},
    {SERVICE(PORT "status: {loadBalancer: {ingress: [{ip: 10.0.0.300}]}}\n"),
     "f.yaml:7:40: Service default/web: status.loadBalancer.ingress[0].ip: \"10.0.0.300\" is not an IP address"},
};

static const struct bad bad_meta[] = {
    {"kind: Service\n", "f.yaml:1:1: Service: apiVersion: required"},
    {"apiVersion: v1\n", "f.yaml:1:1: kind: required: this is no Kubernetes object"},
    {"apiVersion: v1\nkind: 1\n", "f.yaml:2:7: kind: expected a string, got an integer 1"},
    {"apiVersion: v2\nkind: Service\n",
     "f.yaml:1:13: Service: apiVersion: \"v2\" is not a version of Service that vipd reads"},
    {"- a\n", "f.yaml:1:1: expected a Kubernetes object (a map), got a list"},
    {"just text\n", "f.yaml:1:1: expected a Kubernetes object (a map), got a string"},
    {"apiVersion: v1\nkind: ConfigMap\n", "f.yaml:1:1: ConfigMap: metadata.name: required"},
    {"apiVersion: v1\nkind: ConfigMap\nmetadata: x\n",
     "f.yaml:3:11: ConfigMap: metadata: expected a map, got a string \"x\"\n"
     "f.yaml:1:1: ConfigMap: metadata.name: required"},
    {"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: 5}\n",
     "f.yaml:3:18: ConfigMap: metadata.name: expected a string, got an integer 5"},
    {"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a_b}\n",
     "f.yaml:3:18: ConfigMap default/a_b: metadata.name: \"a_b\" is not a name (RFC 1123: a-z, 0-9, '-' and '.', at "
     "most 253)"},
    {"apiVersion: v1\nkind: Service\nmetadata: {name: a.b}\nspec: {ports: [{port: 1}]}\n",
     "f.yaml:3:18: Service default/a.b: metadata.name: \"a.b\" is not a name (RFC 1123: a-z, 0-9 and '-', at most "
     "63)"},
    {"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: A}\n",
     "f.yaml:3:32: ConfigMap A/a: metadata.namespace: \"A\" is not a namespace (RFC 1123: a-z, 0-9 and '-', at most "
     "63)"},
    {"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, labels: {a/b/c: x, ok: -x, app.io/n: 7}}\n",
     "f.yaml:3:58: ConfigMap default/a: metadata.labels[\"app.io/n\"]: expected a string, got an integer 7\n"
     "f.yaml:3:37: ConfigMap default/a: metadata.labels[\"a/b/c\"]: is not a valid key\n"
     "f.yaml:3:44: ConfigMap default/a: metadata.labels.ok: \"-x\" is not a label's value (letters, digits, '-', '_', "
     "'.', at most 63)"},
    {"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, creationTimestamp: yesterday}\n",
     "f.yaml:3:40: ConfigMap default/a: metadata.creationTimestamp: \"yesterday\" is not a time (RFC 3339)"},
    {"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {10.0.0.1: 5}\n",
     "f.yaml:4:18: ConfigMap default/a: data[\"10.0.0.1\"]: expected a string, got an integer 5"},
    {"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {x: \"a\\0b\"}\n",
     "f.yaml:4:11: value contains a NUL character"},
    {"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n---\napiVersion: v1\nkind: ConfigMap\n"
     "metadata: {name: a, namespace: default}\n",
     "f.yaml:5:1: ConfigMap default/a: is already in this file, at line 1"},
    {"apiVersion: v1\nkind: Node\nmetadata: {name: n1}\n---\napiVersion: v1\nkind: Node\nmetadata: {name: n1}\n",
     "f.yaml:5:1: Node n1: is already in this file, at line 1"},
    {"apiVersion: v1\nkind: List\nitems: {}\n", "f.yaml:3:8: List: items: expected a list, got a map"},
    {"apiVersion: v1\nkind: List\nitems: [1, {apiVersion: v1, kind: ConfigMap}]\n",
     "f.yaml:3:9: items[0]: expected a Kubernetes object (a map), got an integer\n"
     "f.yaml:3:12: ConfigMap: metadata.name: required"},
};

static const struct bad bad_endpoints[] = {
    {SLICE(""), "f.yaml:1:1: EndpointSlice default/web-1: addressType: required"},
    {SLICE("addressType: ipv4\n"),
     "f.yaml:6:14: EndpointSlice default/web-1: addressType: \"ipv4\" is not one of IPv4, IPv6, FQDN"},
    {SLICE("addressType: IPv4\nendpoints:\n- addresses: []\n- {}\n- addresses: 10.0.0.1\n"),
     "f.yaml:8:14: EndpointSlice default/web-1: endpoints[0].addresses: required\n"
     "f.yaml:9:3: EndpointSlice default/web-1: endpoints[1].addresses: required\n"
     "f.yaml:10:14: EndpointSlice default/web-1: endpoints[2].addresses: expected a list, got a string \"10.0.0.1\""},
    {SLICE(
	 "addressType: IPv4\nendpoints:\n- addresses: [\"fd00::1\"]\n- addresses: [127.0.0.1]\n- addresses: [\"\"]\n"),
     "f.yaml:8:15: EndpointSlice default/web-1: endpoints[0].addresses[0]: fd00::1 is not of addressType IPv4\n"
     "f.yaml:9:15: EndpointSlice default/web-1: endpoints[1].addresses[0]: 127.0.0.1 is a loopback address\n"
     "f.yaml:10:15: EndpointSlice default/web-1: endpoints[2].addresses[0]: expected an IP address, got nothing"},
    {SLICE("addressType: IPv4\nports: [{port: 0}, {name: A, port: 1}]\n"),
     "f.yaml:7:16: EndpointSlice default/web-1: ports[0].port: 0 is not a port (1-65535)\n"
     "f.yaml:7:27: EndpointSlice default/web-1: ports[1].name: \"A\" is not a name (RFC 1123: a-z, 0-9 and '-', at "
     "most "
     "63)"},
    {SLICE("  annotations: {vipd.io/weight: \"65536\"}\naddressType: IPv4\n"),
     "f.yaml:6:33: EndpointSlice default/web-1: metadata.annotations[\"vipd.io/weight\"]: \"65536\" is not a weight "
     "(0-65535)"},
    {SLICE("  annotations: {vipd.io/weight: \"-1\"}\naddressType: IPv4\n"),
     "f.yaml:6:33: EndpointSlice default/web-1: metadata.annotations[\"vipd.io/weight\"]: \"-1\" is not a weight "
     "(0-65535)"},
    {SLICE("  annotations: {vipd.io/weight: 5}\naddressType: IPv4\n"),
     "f.yaml:6:33: EndpointSlice default/web-1: metadata.annotations[\"vipd.io/weight\"]: expected a string, got an "
     "integer 5"},
    {SLICE("addressType: IPv4\nendpoints:\n- addresses: [10.0.0.1]\n  hints: {forZones: [{name: \"a,b\"}, {}], "
	   "forNodes: 1}\n"),
     "f.yaml:9:29: EndpointSlice default/web-1: endpoints[0].hints.forZones[0].name: is not the name of a zone or a "
     "node\n"
     "f.yaml:9:37: EndpointSlice default/web-1: endpoints[0].hints.forZones[1].name: is not the name of a zone or a "
     "node\n"
     "f.yaml:9:52: EndpointSlice default/web-1: endpoints[0].hints.forNodes: expected a list, got an integer 1"},
    {SLICE("addressType: IPv4\nendpoints: [{addresses: [10.0.0.1], conditions: {ready: \"true\"}}]\n"),
     "f.yaml:7:57: EndpointSlice default/web-1: endpoints[0].conditions.ready: expected true or false, got a string "
     "\"true\""},
    {"apiVersion: v1\nkind: Endpoints\nmetadata: {name: web}\nsubsets:\n- addresses: [{ip: 10.0.0.1}, {}, {ip: x}]\n",
     "f.yaml:5:31: Endpoints default/web: subsets[0].addresses[1].ip: required\n"
     "f.yaml:5:40: Endpoints default/web: subsets[0].addresses[2].ip: \"x\" is not an IP address"},
    {"apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{ports: [{name: a}, {name: toolongforaport1, "
     "containerPort: 1}]}]}\n",
     "f.yaml:4:30: Pod default/p: spec.containers[0].ports[0].containerPort: required\n"
     "f.yaml:4:48: Pod default/p: spec.containers[0].ports[1].name: \"toolongforaport1\" is not a port's name (a-z, "
     "0-9, '-', a letter, at most 15)"},
    {"apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nstatus: {podIP: 10.0.0.1.2}\n",
     "f.yaml:4:17: Pod default/p: status.podIP: \"10.0.0.1.2\" is not an IP address"},
    {"apiVersion: v1\nkind: Node\nmetadata: {name: n1}\nstatus: {addresses: [{type: InternalIP, address: "
     "n.example}]}\n",
     "f.yaml:4:50: Node n1: status.addresses[0].address: \"n.example\" is not an IP address"},
};

static void refuse(const struct bad *rows, size_t n)
{
	size_t wrong = 0;

	for (size_t i = 0; i < n; i++)
		wrong += !says(rows[i].text, rows[i].said, true);
	assert_int_equal(wrong, 0);
}

static void refuses_services(void **s)
{
	(void)s;
	refuse(bad_services, sizeof(bad_services) / sizeof(*bad_services));
}

static void refuses_meta(void **s)
{
	(void)s;
	refuse(bad_meta, sizeof(bad_meta) / sizeof(*bad_meta));
}

static void refuses_endpoints(void **s)
{
	(void)s;
	refuse(bad_endpoints, sizeof(bad_endpoints) / sizeof(*bad_endpoints));
}

static void warns(void **s)
{
	(void)s;
	assert_true(says(
	    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, annotations: {vipd.io/wieght: x}}\n",
	    "f.yaml:3:51: warning: ConfigMap default/a: metadata.annotations[\"vipd.io/wieght\"]: vipd knows no such "
	    "annotation",
	    false));
	assert_true(says(
	    SERVICE(PORT "  trafficDistribution: Near\n"),
	    "f.yaml:7:24: warning: Service default/web: spec.trafficDistribution: \"Near\" is not one of PreferClose, "
	    "PreferSameZone, PreferSameNode: it is passed over",
	    false));
	assert_true(says(SLICE("addressType: FQDN\nendpoints: [{addresses: [a.example]}]\n"),
			 "f.yaml:6:14: warning: EndpointSlice default/web-1: addressType: FQDN: the slice is not used",
			 false));
	assert_true(says(
	    "apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: {name: a}\naddressType: IPv4\n",
	    "f.yaml:3:11: warning: EndpointSlice default/a: metadata: no label kubernetes.io/service-name: the slice "
	    "is not used",
	    false));
}

/* One bad object leaves the others and takes all its errors with it. */
static void collects_all(void **s)
{
	static const char text[] =
	    "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {ports: [{port: 0}, {port: x}]}\n"
	    "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\n";
	struct object_list out = {0};
	struct diag_list diags = {0};

	(void)s;
	assert_int_not_equal(manifest_parse("f.yaml", text, strlen(text), &out, &diags), 0);
	assert_int_equal(diags.errors, 4); /* two ports, two names */
	assert_int_equal(out.n, 1);
	assert_string_equal(out.items[0]->meta.name, "b");
	object_list_clear(&out);
	diag_clear(&diags);
}

/* --- what is taken, and with which defaults --- */

static char *text_of(const struct addr *a)
{
	static char bufs[4][ADDR_TEXT];
	static unsigned at;

	return addr_format(a, bufs[at++ % 4]);
}

static void service_defaults(void **s)
{
	struct object_list l;
	const struct object *o = one(&l, SERVICE(PORT));
	const struct service *v = &o->service;

	(void)s;
	assert_int_equal(o->kind, KIND_SERVICE);
	assert_string_equal(o->meta.namespace, "default");
	assert_string_equal(o->meta.name, "web");
	assert_null(o->meta.uid);
	assert_string_equal(o->file, "f.yaml");
	assert_int_equal(o->pos.line, 1);
	assert_int_equal(v->type, SERVICE_CLUSTERIP);
	assert_int_equal(v->n_ports, 1);
	assert_int_equal(v->ports[0].proto, IPPROTO_TCP);
	assert_int_equal(v->ports[0].port, 80);
	assert_int_equal(v->ports[0].target, 80);
	assert_string_equal(v->ports[0].name, "");
	assert_null(v->ports[0].target_name);
	assert_int_equal(v->ports[0].pos.line, 6);
	assert_int_equal(v->affinity_timeout, 10800);
	assert_true(v->allocate_node_ports);
	assert_false(v->client_ip || v->external_local || v->internal_local || v->headless || v->publish_not_ready);
	assert_int_equal(v->cluster_ips.n + v->external_ips.n + v->ingress.n + v->selector.n, 0);
	assert_int_equal(v->load_balancer_ip.family, 0);
	assert_null(v->load_balancer_class);
	object_list_clear(&l);
}

static void service_whole(void **s)
{
	struct object_list l;
	const struct object *o =
	    one(&l, "apiVersion: v1\n"
		    "kind: Service\n"
		    "metadata:\n"
		    "  name: dns\n"
		    "  namespace: kube-system\n"
		    "  uid: 8a1f\n"
		    "  creationTimestamp: \"2021-07-20T13:36:00+08:00\"\n"
		    "  deletionTimestamp: \"2021-07-20T13:36:00Z\"\n"
		    "  resourceVersion: \"7\"\n"
		    "  labels: {z: \"1\", a: \"2\"}\n"
		    "  annotations:\n"
		    "    kubectl.kubernetes.io/last-applied-configuration: '{}'\n"
		    "    vipd.io/scheduler: wlc\n"
		    "  managedFields: [{manager: kubectl}]\n"
		    "spec:\n"
		    "  type: LoadBalancer\n"
		    "  clusterIP: 10.96.0.10\n"
		    "  clusterIPs: [10.96.0.10, \"fd00::a\"]\n"
		    "  ipFamilies: [IPv4, IPv6]\n"
		    "  ipFamilyPolicy: RequireDualStack\n"
		    "  externalIPs: [172.17.0.31]\n"
		    "  loadBalancerIP: 10.4.0.50\n"
		    "  loadBalancerClass: vipd.io/vip\n"
		    "  loadBalancerSourceRanges: [\" 10.0.0.0/8 \", \"fd00::/8\"]\n"
		    "  sessionAffinity: ClientIP\n"
		    "  sessionAffinityConfig: {clientIP: {timeoutSeconds: 60}}\n"
		    "  externalTrafficPolicy: Local\n"
		    "  internalTrafficPolicy: Local\n"
		    "  allocateLoadBalancerNodePorts: false\n"
		    "  publishNotReadyAddresses: true\n"
		    "  healthCheckNodePort: 31000\n"
		    "  selector: {k8s-app: dns}\n"
		    "  trafficDistribution: PreferClose\n"
		    "  ports:\n"
		    "  - {name: dns, port: 53, protocol: UDP, targetPort: dns-udp, nodePort: 30053}\n"
		    "  - {name: dns-tcp, port: 53, targetPort: 5353, nodePort: 30053}\n"
		    "  - {name: sctp, port: 5060, protocol: SCTP, targetPort: 0, nodePort: 0}\n"
		    "status:\n"
		    "  loadBalancer:\n"
		    "    ingress:\n"
		    "    - {ip: 10.4.0.50}\n"
		    "    - {ip: 10.4.0.51, ipMode: Proxy}\n"
		    "    - {hostname: lb.example}\n"
		    "    - {ip: \"fd00::50\", ipMode: VIP}\n");
	const struct service *v = &o->service;

	(void)s;
	assert_string_equal(o->meta.namespace, "kube-system");
	assert_string_equal(o->meta.uid, "8a1f");
	assert_int_equal(o->meta.created, 1626759360);
	assert_true(o->meta.deleting);
	assert_string_equal(pairs_get(&o->meta.labels, "a"), "2");
	assert_int_equal(o->meta.annotations.n, 1);
	assert_string_equal(pairs_get(&o->meta.annotations, "vipd.io/scheduler"), "wlc");
	assert_int_equal(v->type, SERVICE_LOADBALANCER);
	assert_int_equal(v->cluster_ips.n, 2);
	assert_string_equal(text_of(&v->cluster_ips.items[1]), "fd00::a");
	assert_true(v->v4 && v->v6 && v->require_dual && !v->prefer_dual);
	assert_string_equal(text_of(&v->external_ips.items[0]), "172.17.0.31");
	assert_string_equal(text_of(&v->load_balancer_ip), "10.4.0.50");
	assert_string_equal(v->load_balancer_class, "vipd.io/vip");
	assert_int_equal(v->n_source_ranges, 2);
	assert_int_equal(v->source_ranges[0].bits, 8);
	assert_true(v->client_ip && v->external_local && v->internal_local && v->publish_not_ready);
	assert_int_equal(v->distribution, DISTRIBUTE_ZONE);
	assert_int_equal(v->affinity_timeout, 60);
	assert_false(v->allocate_node_ports);
	assert_int_equal(v->health_check_node_port, 31000);
	assert_string_equal(pairs_get(&v->selector, "k8s-app"), "dns");
	assert_int_equal(v->n_ports, 3);
	assert_int_equal(v->ports[0].proto, IPPROTO_UDP);
	assert_string_equal(v->ports[0].target_name, "dns-udp");
	assert_int_equal(v->ports[0].target, 0);
	assert_int_equal(v->ports[1].target, 5353);
	assert_int_equal(v->ports[1].node_port, 30053);
	assert_int_equal(v->ports[2].proto, IPPROTO_SCTP);
	assert_int_equal(v->ports[2].target, 5060);
	assert_int_equal(v->ports[2].node_port, 0);
	assert_int_equal(v->ingress.n, 2);
	assert_string_equal(text_of(&v->ingress.items[1]), "fd00::50");
	assert_int_equal(v->proxied.n, 1);
	assert_string_equal(text_of(&v->proxied.items[0]), "10.4.0.51");
	object_list_clear(&l);
}

static void service_kinds(void **s)
{
	struct object_list l;
	const struct object *o = one(&l, SERVICE("  clusterIP: None\n  ports: null\n"));

	(void)s;
	assert_true(o->service.headless);
	assert_int_equal(o->service.cluster_ips.n, 0);
	object_list_clear(&l);
	o = one(&l, SERVICE("  clusterIPs: [None]\n" PORT));
	assert_true(o->service.headless);
	object_list_clear(&l);
	o = one(&l, SERVICE("  type: ExternalName\n  externalName: x.example\n"));
	assert_int_equal(o->service.type, SERVICE_EXTERNALNAME);
	object_list_clear(&l);
	o = one(&l,
		SERVICE("  clusterIP: \"\"\n  loadBalancerIP: \"\"\n  type: \"\"\n  ipFamilyPolicy: PreferDualStack\n"
			"  healthCheckNodePort: 0\n" PORT));
	assert_true(o->service.prefer_dual && !o->service.headless && !o->service.cluster_ips.n);
	object_list_clear(&l);
	o = one(&l, SERVICE("  clusterIP: \"fd00::1\"\n  ipFamilies: [IPv6]\n" PORT));
	assert_int_equal(o->service.cluster_ips.n, 1);
	assert_true(o->service.v6 && !o->service.v4);
	object_list_clear(&l);
}

static void slice(void **s)
{
	struct object_list l;
	const struct object *o =
	    one(&l, SLICE("  annotations: {vipd.io/weight: \"7\"}\n"
			  "addressType: IPv4\n"
			  "ports:\n"
			  "- {port: 8080}\n"
			  "- {name: dns, port: 53, protocol: UDP}\n"
			  "- {name: any}\n"
			  "endpoints:\n"
			  "- {addresses: [10.1.0.1, 10.1.0.99], nodeName: n1, targetRef: {kind: Pod, name: p1}}\n"
			  "- {addresses: [10.1.0.2], conditions: {ready: false}}\n"
			  "- {addresses: [10.1.0.3], conditions: {ready: false, serving: true, terminating: true}}\n"
			  "- {addresses: [10.1.0.4], conditions: {ready: null}, nodeName: n1, hints: "
			  "{forZones: [{name: z1}, {name: z2}], forNodes: [{name: n1}]}}\n"));
	const struct endpoint_part *p = o->endpoints.parts;

	(void)s;
	assert_int_equal(o->kind, KIND_SLICE);
	assert_string_equal(o->endpoints.service, "web");
	assert_int_equal(o->endpoints.n, 1);
	assert_int_equal(p->family, AF_INET);
	assert_int_equal(p->n_ports, 3);
	assert_string_equal(p->ports[0].name, "");
	assert_int_equal(p->ports[1].proto, IPPROTO_UDP);
	assert_int_equal(p->ports[2].port, 0);
	assert_int_equal(p->n, 4);
	assert_string_equal(text_of(&p->endpoints[0].addr), "10.1.0.1");
	assert_int_equal(p->endpoints[0].weight, 7);
	assert_int_equal(p->endpoints[0].flags, EP_READY | EP_SERVING);
	assert_string_equal(p->endpoints[0].node, "n1");
	assert_string_equal(p->endpoints[0].target, "p1");
	assert_int_equal(p->endpoints[1].flags, 0);
	assert_null(p->endpoints[1].node);
	assert_int_equal(p->endpoints[2].flags, EP_SERVING | EP_TERMINATING);
	assert_int_equal(p->endpoints[3].flags, EP_READY | EP_SERVING);
	assert_ptr_equal(p->endpoints[3].node, p->endpoints[0].node); /* kept once */
	assert_string_equal(p->hints[3].zones, "z1,z2,");
	assert_string_equal(p->hints[3].nodes, "n1,");
	assert_null(p->hints[0].zones);
	assert_null(p->hints[0].nodes);
	object_list_clear(&l);
	o = one(&l, SLICE("addressType: IPv6\nendpoints: [{addresses: [\"fd00::1\"]}]\nports: null\n"));
	assert_int_equal(o->endpoints.parts[0].family, AF_INET6);
	assert_null(o->endpoints.parts[0].hints);
	assert_int_equal(o->endpoints.parts[0].endpoints[0].weight, 1);
	object_list_clear(&l);
}

static void endpoints(void **s)
{
	struct object_list l;
	const struct object *o = one(&l, "apiVersion: v1\nkind: Endpoints\nmetadata: {name: web}\nsubsets:\n"
					 "- addresses: [{ip: 10.1.0.1, nodeName: n1}, {ip: \"fd00::1\"}]\n"
					 "  notReadyAddresses: [{ip: 10.1.0.2, targetRef: {name: p}}]\n"
					 "  ports: [{name: http, port: 80}]\n"
					 "- addresses: [{ip: \"fd00::2\"}]\n"
					 "- ports: [{port: 1}]\n");
	const struct endpoints *e = &o->endpoints;

	(void)s;
	assert_int_equal(o->kind, KIND_ENDPOINTS);
	assert_string_equal(e->service, "web");
	assert_int_equal(e->n, 3);
	assert_int_equal(e->parts[0].family, AF_INET);
	assert_int_equal(e->parts[0].n, 2);
	assert_int_equal(e->parts[0].endpoints[0].flags, EP_READY | EP_SERVING);
	assert_int_equal(e->parts[0].endpoints[1].flags, 0);
	assert_string_equal(e->parts[0].endpoints[1].target, "p");
	assert_int_equal(e->parts[1].family, AF_INET6);
	assert_string_equal(e->parts[0].ports[0].name, "http");
	assert_string_equal(e->parts[1].ports[0].name, "http");
	assert_int_equal(e->parts[2].n_ports, 0);
	assert_string_equal(text_of(&e->parts[2].endpoints[0].addr), "fd00::2");
	object_list_clear(&l);
	o = one(&l, "apiVersion: v1\nkind: Endpoints\nmetadata: {name: none}\nsubsets: null\n");
	assert_int_equal(o->endpoints.n, 0);
	object_list_clear(&l);
	o = one(&l, "apiVersion: v1\nkind: Endpoints\nmetadata: {name: x}\n"
		    "subsets: [{addresses: [{ip: 10.0.0.1}, {ip: \"fd00::1\"}]}]\n");
	assert_int_equal(o->endpoints.n, 2);
	object_list_clear(&l);
}

static void pod(void **s)
{
	struct object_list l;
	const struct object *o =
	    one(&l, "apiVersion: v1\nkind: Pod\nmetadata:\n  name: p\n  labels: {app: web}\n"
		    "  annotations: {vipd.io/weight: \"0\"}\n  deletionTimestamp: \"2021-07-20T13:36:00Z\"\n"
		    "spec:\n  nodeName: n1\n  initContainers: [{ports: [{name: init, containerPort: 1}]}]\n"
		    "  containers:\n  - name: a\n    ports: [{containerPort: 80}, {name: http, containerPort: 8080}]\n"
		    "  - name: b\n  - name: c\n    ports: [{name: dns, containerPort: 53, protocol: UDP}]\n"
		    "status:\n  phase: Running\n  podIP: 10.1.0.1\n  podIPs: [{ip: 10.1.0.1}, {ip: \"fd00::1\"}]\n"
		    "  conditions: [{type: Initialized, status: \"False\"}, {type: Ready, status: \"True\"}]\n");

	(void)s;
	assert_int_equal(o->pod.ips.n, 2);
	assert_true(o->pod.ready && o->pod.terminating && !o->pod.finished);
	assert_string_equal(o->pod.node, "n1");
	assert_int_equal(o->pod.weight, 0);
	assert_int_equal(o->pod.n_ports, 2);
	assert_string_equal(o->pod.ports[0].name, "http");
	assert_int_equal(o->pod.ports[1].port, 53);
	assert_int_equal(o->pod.ports[1].proto, IPPROTO_UDP);
	object_list_clear(&l);
	o = one(&l, "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nstatus: {phase: Failed, podIP: 10.1.0.1}\n");
	assert_true(o->pod.finished && !o->pod.ready);
	assert_int_equal(o->pod.ips.n, 1);
	assert_int_equal(o->pod.weight, 1);
	object_list_clear(&l);
	o = one(&l, "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\n");
	assert_int_equal(o->pod.ips.n, 0);
	object_list_clear(&l);
}

static void node_and_configmap(void **s)
{
	struct object_list l;
	const struct object *o = one(
	    &l,
	    "apiVersion: v1\nkind: Node\nmetadata: {name: n1, namespace: ignored}\nstatus: {addresses: [{type: "
	    "Hostname, address: n1}, {type: InternalIP, address: 10.0.0.5}, {type: ExternalIP, address: 1.2.3.4}]}\n");

	(void)s;
	assert_string_equal(o->meta.namespace, "");
	assert_int_equal(o->node.addresses.n, 2);
	object_list_clear(&l);
	o = one(&l, "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: vips}\ndata:\n  10.4.0.51:\n"
		    "  10.4.0.50: default/echoheaders\n  fd00--10: \"\"\n");
	assert_int_equal(o->configmap.data.n, 3);
	assert_string_equal(pairs_get(&o->configmap.data, "10.4.0.50"), "default/echoheaders");
	assert_string_equal(pairs_get(&o->configmap.data, "10.4.0.51"), "");
	assert_int_equal(o->configmap.data.items[1].pos.line, 5);
	object_list_clear(&l);
	o = one(&l, "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: vips}\ndata:\n");
	assert_int_equal(o->configmap.data.n, 0);
	object_list_clear(&l);
}

static void passes_over(void **s)
{
	struct object_list l = parse_ok("apiVersion: apps/v1\nkind: Deployment\nspec: {replicas: x}\n---\n"
					"apiVersion: serving.knative.dev/v1\nkind: Service\n---\n---\n"
					"apiVersion: v1\nkind: Secret\n");

	(void)s;
	assert_int_equal(l.n, 0);
	object_list_clear(&l);
	l = parse_ok("");
	assert_int_equal(l.n, 0);
	object_list_clear(&l);
}

static void lists_and_json(void **s)
{
	struct object_list l =
	    parse_ok("apiVersion: v1\nkind: List\nmetadata: {resourceVersion: \"\"}\nitems:\n"
		     "- {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}\n"
		     "- {apiVersion: apps/v1, kind: ReplicaSet}\n"
		     "- apiVersion: v1\n  kind: List\n  items: [{apiVersion: v1, kind: ConfigMap, metadata: "
		     "{name: b}}]\n- apiVersion: v1\n  kind: List\n  items: []\n");

	(void)s;
	assert_int_equal(l.n, 2);
	assert_string_equal(l.items[1]->meta.name, "b");
	assert_int_equal(l.items[0]->pos.line, 5);
	object_list_clear(&l);
	l = parse_ok("{\"apiVersion\": \"v1\", \"kind\": \"Service\", \"metadata\": {\"name\": \"a\"},\n"
		     " \"spec\": {\"ports\": [{\"port\": 80, \"targetPort\": \"http\"}]}}");
	assert_int_equal(l.n, 1);
	assert_string_equal(l.items[0]->service.ports[0].target_name, "http");
	object_list_clear(&l);
}

/* The hash follows the contents, not the layout. */
static void hashes(void **s)
{
	struct object_list a, b, c, d;

	(void)s;
	one(&a, "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {x: \"1\", y: &v z, w: *v}\n");
	one(&b, "# said\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  x: '1'\n  y: z\n  w: z\n");
	one(&c, "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {x: \"2\", y: z, w: z}\n");
	one(&d,
	    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {x: \"1\", y: z, w: z}\nimmutable: false\n");
	assert_true(a.items[0]->hash == b.items[0]->hash);
	assert_true(a.items[0]->hash != c.items[0]->hash);
	assert_true(a.items[0]->hash != d.items[0]->hash);
	object_list_clear(&a);
	object_list_clear(&b);
	object_list_clear(&c);
	object_list_clear(&d);
}

static void times(void **s)
{
	static const struct {
		const char *text;
		bool ok;
		int64_t t;
	} rows[] = {
	    {"1970-01-01T00:00:00Z", true, 0},
	    {"2000-02-29T12:00:00.123456Z", true, 951825600},
	    {"2024-12-31t23:59:60z", true, 1735689600},
	    {"1969-12-31T23:59:59Z", true, -1},
	    {"2021-07-20T13:36:00-05:30", true, 1626807960},
	    {"2021-07-20", false, 0},
	    {"2021-13-20T13:36:00Z", false, 0},
	    {"2021-07-20T24:36:00Z", false, 0},
	    {"2021-07-20T13:36:00", false, 0},
	    {"2021-07-20T13:36:00Q1", false, 0},
	    {"2021-07-20T13:36:00+8:00", false, 0},
	    {"20x1-07-20T13:36:00Z", false, 0},
	    {"2021/07/20T13:36:00Z", false, 0},
	};

	(void)s;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		int64_t t = 0;

		if (manifest_time(rows[i].text, &t) != rows[i].ok || t != rows[i].t)
			fail_msg("%s: %lld", rows[i].text, (long long)t);
	}
}

static void names(void **s)
{
	char much[300];

	(void)s;
	memset(much, 'a', sizeof(much));
	much[64] = '\0';
	assert_true(name_is_label("a-1") && name_is_label("1"));
	assert_false(name_is_label("") || name_is_label("-a") || name_is_label("a-") || name_is_label("a.b"));
	assert_false(name_is_label(much));
	assert_true(name_is_subdomain("a.b-c.d") && name_is_subdomain(much));
	assert_false(name_is_subdomain("a..b") || name_is_subdomain(".a") || name_is_subdomain("A"));
	assert_true(name_is_qualified("a") && name_is_qualified("x.io/A_b.c"));
	assert_false(name_is_qualified("") || name_is_qualified("x/") || name_is_qualified("/x") ||
		     name_is_qualified("X.io/a") || name_is_qualified("a b"));
	assert_true(name_is_label_value("") && name_is_label_value("A.b_c-1"));
	assert_false(name_is_label_value("-a") || name_is_label_value("a/b") || name_is_label_value(much));
	assert_true(name_is_port("http-2"));
	assert_false(name_is_port("80") || name_is_port("a--b") || name_is_port("http-"));
	much[64] = 'a';
	much[254] = '\0';
	assert_false(name_is_subdomain(much));
}

static void quotes(void **s)
{
	char buf[FIELD_QUOTE], text[80];

	(void)s;
	assert_string_equal(field_quote("a\nb", buf), "\"a?b\"");
	memset(text, 'x', 79);
	text[79] = '\0';
	memcpy(text + 58, "\xe2\x82\xac", 3); /* cut before the character, not inside */
	assert_int_equal(strlen(field_quote(text, buf)), 1 + 58 + 3 + 1);
	assert_string_equal(buf + 56, "xxx...\"");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(refuses_services),
	    cmocka_unit_test(refuses_meta),
	    cmocka_unit_test(refuses_endpoints),
	    cmocka_unit_test(warns),
	    cmocka_unit_test(collects_all),
	    cmocka_unit_test(service_defaults),
	    cmocka_unit_test(service_whole),
	    cmocka_unit_test(service_kinds),
	    cmocka_unit_test(slice),
	    cmocka_unit_test(endpoints),
	    cmocka_unit_test(pod),
	    cmocka_unit_test(node_and_configmap),
	    cmocka_unit_test(passes_over),
	    cmocka_unit_test(lists_and_json),
	    cmocka_unit_test(hashes),
	    cmocka_unit_test(times),
	    cmocka_unit_test(names),
	    cmocka_unit_test(quotes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
