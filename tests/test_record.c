/* configmaps/record.c: grants and generations, round trip through text, refusals with their place. */
#include "../configmaps/record.h"
#include "../ipvs/table.h"
#include "../src/base/arena.h"

#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

static struct grant of_addr(enum grant_kind kind, const char *owner, const char *uid, const char *addr)
{
	struct grant g = {.kind = kind, .owner = owner, .uid = uid};

	assert_int_equal(addr_parse(addr, &g.addr), 0);
	return g;
}

static struct grant of_port(const char *owner, const char *uid, uint8_t proto, uint16_t port, const char *name,
			    uint16_t service_port)
{
	return (struct grant){.kind = GRANT_NODE_PORT,
			      .owner = owner,
			      .uid = uid,
			      .proto = proto,
			      .port = port,
			      .port_name = name,
			      .service_port = service_port};
}

static void expect_text(const struct record *r, const char *want)
{
	size_t len;
	char *text = record_text(r, "kube-system/vips", &len);

	assert_string_equal(text, want);
	assert_int_equal(len, strlen(want));
	free(text);
}

/* Some of each kind, out of order. */
static struct record *filled(void)
{
	struct record *r = record_new();
	struct grant all[] = {
	    of_port("default/web", "u1", IPPROTO_UDP, 30001, "dns", 53),
	    of_port("default/web", "u1", IPPROTO_TCP, 30001, "", 80),
	    of_addr(GRANT_VIP, "default/web", "u1", "10.4.0.1"),
	    of_addr(GRANT_VIP, "default/api", "u2", "10.4.0.1"),
	    of_addr(GRANT_VIP, "default/web", "u1", "fd00::10"),
	    of_addr(GRANT_VIP, "default/web", "u1", "10.4.0.9"),
	    of_addr(GRANT_CLUSTER_IP, "default/web", "u1", "fd00::1"),
	    of_addr(GRANT_CLUSTER_IP, "default/web", "u1", "10.96.0.1"),
	    of_addr(GRANT_CLUSTER_IP, "a/b", "quote \" back \\ line \n \x7f \xc3\xa9 \xf0\x9f\x98\x80", "10.96.0.2"),
	};

	all[2].method = 1 + FORWARD_DR;
	all[2].share = all[3].share = "k";
	record_hand_put(r, "10.5.0.9", "a/b,\nc/d \xc3\xa9 \xf0\x9f\x98\x80");
	record_hand_put(r, "10.4.0.9", "a/hand");
	for (size_t i = 0; i < COUNT(all); i++)
		record_put(r, &all[i]);
	record_uid_raise(r, "Service", "x/y");
	record_uid_raise(r, "Service", "default/web");
	record_uid_raise(r, "Service", "default/web");
	record_uid_raise(r, "Pod", "x/y");
	return r;
}

static void count_one(void *arg, const struct grant *g)
{
	++*(unsigned *)arg;
}

static unsigned count(const struct record *r, const char *owner)
{
	unsigned n = 0;

	record_each(r, owner, count_one, &n);
	return n;
}

#define MANIFEST(allocations, services, data)                                                                          \
	RECORD_HEAD "\n# It is a manifest for the other nodes too. Entries that you add to data are kept.\n"           \
		    "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: \"vips\"\n  namespace: \"kube-system\"\n"     \
		    "  annotations:\n    vipd.io/allocations: |-\n" allocations                                        \
		    "    k8s.co/cloud-provider-config: |-\n" services data "# end\n"
#define EMPTY                                                                                                          \
	MANIFEST("      {\"version\":2,\"services\":0,\n      \"clusterIPs\":[],\n      \"nodePorts\":[],\n      "     \
		 "\"shared\":[],\n      \"generations\":[]}\n",                                                        \
		 "      {\"services\":[]}\n", "data: {}\n")
#define FILLED                                                                                                         \
	MANIFEST(                                                                                                      \
	    "      {\"version\":2,\"services\":4,\n      \"clusterIPs\":[\n"                                           \
	    "      {\"service\":\"a/b\",\"uid\":\"quote \\\" back \\\\ line \\u000a \\u007f \\u00e9 "                  \
	    "\\ud83d\\ude00\",\"ip\":"                                                                                 \
	    "\"10.96.0.2\"},\n"                                                                                        \
	    "      {\"service\":\"default/web\",\"uid\":\"u1\",\"ip\":\"10.96.0.1\"},\n"                               \
	    "      {\"service\":\"default/web\",\"uid\":\"u1\",\"ip\":\"fd00::1\"}\n      ],\n      \"nodePorts\":[\n" \
	    "      {\"service\":\"default/web\",\"uid\":\"u1\",\"nodePort\":30001,\"protocol\":\"TCP\",\"port\":80,"   \
	    "\"portName\":\"\"},\n"                                                                                    \
	    "      {\"service\":\"default/web\",\"uid\":\"u1\",\"nodePort\":30001,\"protocol\":\"UDP\",\"port\":53,"   \
	    "\"portName\":\"dns\"}\n      ],\n      \"shared\":[\n"                                                    \
	    "      {\"service\":\"default/api\",\"ip\":\"10.4.0.1\",\"key\":\"k\"},\n"                                 \
	    "      {\"service\":\"default/web\",\"ip\":\"10.4.0.1\",\"key\":\"k\"}\n      ],\n      "                  \
	    "\"generations\":[\n"                                                                                      \
	    "      {\"kind\":\"Pod\",\"object\":\"x/y\",\"generation\":1},\n"                                          \
	    "      {\"kind\":\"Service\",\"object\":\"default/web\",\"generation\":2},\n"                              \
	    "      {\"kind\":\"Service\",\"object\":\"x/y\",\"generation\":1}\n      ]}\n",                            \
	    "      {\"services\":[\n"                                                                                  \
	    "      {\"uid\":\"u2\",\"ip\":\"10.4.0.1\",\"serviceNamespace\":\"default\",\"serviceName\":\"api\"},\n"   \
	    "      {\"uid\":\"u1\",\"ip\":\"10.4.0.1\",\"serviceNamespace\":\"default\",\"serviceName\":\"web\","      \
	    "\"forwardMethod\":\"DR\"},\n"                                                                             \
	    "      {\"uid\":\"u1\",\"ip\":\"10.4.0.9\",\"serviceNamespace\":\"default\",\"serviceName\":\"web\"},\n"   \
	    "      {\"uid\":\"u1\",\"ip\":\"fd00::10\",\"serviceNamespace\":\"default\",\"serviceName\":\"web\"}\n   " \
	    "   "                                                                                                      \
	    "]}\n",                                                                                                    \
	    "data:\n  \"10.4.0.9\": \"a/hand\"\n  \"10.5.0.9\": \"a/b,\\u000ac/d \\u00e9 \\U0001f600\"\n  "            \
	    "\"10.4.0.1\": "                                                                                           \
	    "\"default/api,default/web:DR\"\n  \"fd00--10\": \"default/web\"\n")

static void round_trip(void **state)
{
	struct record *r = filled(), *again = NULL, *empty = record_new();
	struct diag_list diags = {0};
	size_t len;
	char *text = record_text(r, "kube-system/vips", &len);

	assert_string_equal(text, FILLED);
	assert_int_equal(record_parse("record.yaml", text, len, &again, &diags), 0);
	assert_int_equal(diags.n, 0);
	assert_false(record_changed(again));
	expect_text(again, FILLED);
	assert_int_equal(record_uid_generation(again, "Service", "default/web"), 2);
	assert_int_equal(record_uid_generation(again, "Service", "never/seen"), 0);
	expect_text(empty, EMPTY);
	free(text);
	record_free(r);
	record_free(again);
	record_free(empty);
	record_free(NULL);
}

/* Cut short at any byte it is refused. */
static void cut_short(void **state)
{
	static const char whole[] = FILLED;

	for (size_t n = 0; n < sizeof whole - 2; n++) {
		struct diag_list diags = {0};
		struct record *r = NULL;

		assert_int_equal(record_parse("r", whole, n, &r, &diags), -EINVAL);
		assert_null(r);
		assert_true(diags.errors > 0);
		diag_clear(&diags);
	}
}

/* The same in a folder, without what stands around it: the annotations alone tell. */
static void annotations_cut_short(void **state)
{
	static const char allocations[] =
	    "{\"version\":2,\"services\":1,\"clusterIPs\":[],\"nodePorts\":[],\"shared\":[],\"generations\":[]}";
	static const char cloud[] =
	    "{\"services\":[{\"uid\":\"u\",\"ip\":\"10.4.0.1\",\"serviceNamespace\":\"a\",\"serviceName\":\"b\"}]}";
	size_t all = sizeof allocations - 1 + sizeof cloud - 1;

	for (size_t n = 1; n <= all; n++) {
		size_t first = n < sizeof allocations - 1 ? n : sizeof allocations - 1;
		char *one = strndup(allocations, first), *two = strndup(cloud, n - first);
		struct str_pair pairs[] = {{RECORD_CLOUD, two, {1, 1}}, {RECORD_ALLOCATIONS, one, {1, 1}}};
		struct object o = {.kind = KIND_CONFIGMAP, .file = "f", .pos = {3, 1}};
		struct diag_list diags = {0};
		struct record *r = NULL;

		o.meta.annotations = (struct str_pairs){pairs + (n == first), 2 - (n == first)};
		assert_int_equal(record_from_object(&o, &r, &diags), n == all ? 0 : -EINVAL);
		if (n == all)
			assert_int_equal(diags.n, 0);
		record_free(r);
		diag_clear(&diags);
		free(one);
		free(two);
	}
}

/* keepalived-cloud-provider's: the first of two that have one address counts, a person's entries stay. */
static void the_predecessors(void **state)
{
	static const char text[] =
	    "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: vips\n  annotations:\n    "
	    "k8s.co/cloud-provider-config: "
	    "'{\"services\":[{\"uid\":\"u1\",\"ip\":\"10.4.0.1\",\"serviceNamespace\":\"a\",\"serviceName\":\"b\","
	    "\"forwardMethod\":\"NAT\"},{\"uid\":\"u2\",\"ip\":\"10.4.0.1\",\"serviceNamespace\":\"a\",\"serviceName\":"
	    "\"c\"}]}'"
	    "\ndata:\n  10.4.0.1: a/b:NAT\n  10.4.0.7: x/y\n  10.4.0.8:\n";
	struct diag_list diags = {0};
	struct record *r = NULL;
	struct addr a;

	assert_int_equal(record_parse("r", text, sizeof text - 1, &r, &diags), 0);
	assert_int_equal(diags.n, 1); /* a warning */
	addr_parse("10.4.0.1", &a);
	assert_true(record_addr_of(r, &a, "a/b"));
	assert_false(record_addr_of(r, &a, "a/c"));
	assert_int_equal(record_addr_get(r, &a, 0)->method, 1);
	assert_null(record_hand_get(r, "10.4.0.1"));
	assert_string_equal(record_hand_get(r, "10.4.0.7"), "x/y");
	assert_string_equal(record_hand_get(r, "10.4.0.8"), "");
	record_free(r);
	diag_clear(&diags);
}

/* The record of the former version. */
static void the_former_version(void **state)
{
	static const char text[] =
	    "# What vipd remembers: addresses and node ports that it gave. Written by vipd.\nversion: 1\nclusterIPs:\n"
	    "- {service: \"default/web\", uid: \"u1\", address: \"10.96.0.1\"}\nnodePorts:\n"
	    "- {service: \"default/web\", uid: \"u1\", nodePort: 30001, protocol: TCP, port: 80, portName: "
	    "\"\"}\nvips:\n"
	    "- {service: \"default/web\", uid: \"u1\", address: \"10.4.0.1\", share: \"k\"}\n"
	    "- {service: \"default/api\", uid: \"u1\", address: \"10.4.0.1\", share: \"k\"}\ngenerations:\n"
	    "- {kind: \"Pod\", object: \"x/y\", generation: 1}\n";
	struct diag_list diags = {0};
	struct record *r = NULL;

	assert_int_equal(record_parse("r", text, sizeof text - 1, &r, &diags), 0);
	assert_int_equal(diags.n, 0);
	assert_int_equal(count(r, NULL), 4);
	assert_int_equal(record_uid_generation(r, "Pod", "x/y"), 1);
	record_free(r);
}

static void taken_whole(void **state)
{
	struct record *r = filled(), *other = record_new();
	struct grant g = of_addr(GRANT_VIP, "x/y", "u9", "10.4.0.1");

	record_put(other, &g);
	record_uid_set(other, "Service", "x/y", 7);
	record_take(r, other);
	assert_int_equal(count(r, NULL), 1);
	assert_true(record_addr_of(r, &g.addr, "x/y"));
	assert_int_equal(record_uid_generation(r, "Service", "x/y"), 7);
	record_saved(r);
	record_take(r, other);
	assert_false(record_changed(r));
	assert_true(record_hand_take(r, other));
	assert_false(record_hand_take(r, other));
	assert_null(record_hand_text(r, "a/b"));
	record_hand_put(r, "10.4.0.5", "");
	{
		char *text = record_hand_text(r, "a/b");

		assert_string_equal(text, "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: \"b\"\n  namespace: "
					  "\"a\"\ndata:\n  \"10.4.0.5\": \"\"\n");
		free(text);
	}
	record_free(r);
	record_free(other);
}

static void who_has_what(void **state)
{
	struct record *r = filled();
	struct grant web = of_addr(GRANT_CLUSTER_IP, "default/web", "u1", "10.96.0.1");
	struct grant none = of_addr(GRANT_CLUSTER_IP, "default/web", "u1", "10.96.0.9");
	const char *owner = NULL;

	assert_true(record_addr_taken(r, &web.addr));
	assert_string_equal(record_addr_get(r, &web.addr, 0)->owner, "default/web");
	assert_null(record_addr_get(r, &web.addr, 1));
	assert_true(record_addr_of(r, &web.addr, "default/web"));
	assert_false(record_addr_of(r, &web.addr, "a/b"));
	assert_false(record_addr_taken(r, &none.addr));
	assert_true(record_port_taken(r, 30001, IPPROTO_UDP, &owner));
	assert_true(record_port_taken(r, 30001, IPPROTO_UDP, NULL));
	assert_false(record_port_taken(r, 30001, IPPROTO_SCTP, &owner));
	assert_int_equal(count(r, NULL), 9);
	assert_int_equal(count(r, "default/web"), 7);
	assert_int_equal(count(r, "a/b"), 1);
	assert_int_equal(count(r, "no/body"), 0);
	record_free(r);
}

static void put_and_drop(void **state)
{
	struct record *r = record_new();
	struct grant a = of_addr(GRANT_CLUSTER_IP, "x/a", "u1", "10.96.0.1"), b = a, vip = a;
	struct grant port = of_port("x/a", "u1", IPPROTO_TCP, 30000, "", 80);

	assert_false(record_changed(r));
	record_put(r, &a);
	assert_true(record_changed(r));
	record_saved(r);
	record_put(r, &a); /* the same again is no change */
	assert_false(record_changed(r));
	vip.kind = GRANT_VIP;
	record_drop(r, &vip); /* another kind of grant */
	b.owner = "x/b";
	record_drop(r, &b); /* another's */
	assert_false(record_changed(r));
	record_put(r, &b); /* one address has one owner */
	assert_true(record_addr_of(r, &a.addr, "x/b"));
	assert_int_equal(count(r, "x/a"), 0);
	record_put(r, &port);
	port.service_port = 81;
	record_put(r, &port);
	assert_int_equal(count(r, NULL), 2);
	record_saved(r);
	record_drop(r, &port);
	record_drop(r, &b);
	assert_true(record_changed(r));
	assert_int_equal(count(r, NULL), 0);
	expect_text(r, EMPTY);
	record_free(r);
}

/* Several owners by one key; who comes without it takes the address alone. */
static void shared(void **state)
{
	struct record *r = record_new();
	struct grant a = of_addr(GRANT_VIP, "x/a", "u1", "10.4.0.1"), b = of_addr(GRANT_VIP, "x/b", "u2", "10.4.0.1");
	struct grant c = of_addr(GRANT_VIP, "x/c", "u3", "10.4.0.2");

	a.share = b.share = c.share = "key";
	record_put(r, &a);
	record_put(r, &b);
	record_put(r, &c);
	assert_int_equal(count(r, NULL), 3);
	assert_true(record_addr_of(r, &a.addr, "x/a"));
	assert_true(record_addr_of(r, &a.addr, "x/b"));
	assert_non_null(record_share_get(r, "key", 2));
	assert_null(record_share_get(r, "key", 3));
	assert_null(record_share_get(r, "other", 0));
	record_saved(r);
	record_put(r, &a);
	assert_false(record_changed(r));
	record_drop(r, &a);
	assert_string_equal(record_addr_get(r, &a.addr, 0)->owner, "x/b");
	record_put(r, &a);
	record_drop(r, &b);
	assert_string_equal(record_addr_get(r, &a.addr, 0)->owner, "x/a");
	record_put(r, &b);
	c.addr = a.addr;
	c.share = "other";
	record_put(r, &c);
	assert_int_equal(count(r, "x/a") + count(r, "x/b"), 0);
	assert_int_equal(count(r, "x/c"), 2);
	record_free(r);
}

#define NOTE(allocations, cloud)                                                                                       \
	"kind: ConfigMap\nmetadata:\n  annotations:\n    vipd.io/allocations: " allocations                            \
	"\n    k8s.co/cloud-provider-config: " cloud "\napiVersion: v1\n"
#define ONE(name) "{\"uid\":\"u\",\"ip\":\"10.4.0.1\",\"serviceNamespace\":\"n\",\"serviceName\":\"" name "\"}"

static const struct {
	const char *text, *want;
} refusals[] = {
    {"", "r:1:1: the record is empty: expected a ConfigMap"},
    {"[]", "r:1:1: the record: expected one map"},
    {"version: 1\n---\nversion: 1\n", "r:3:1: the record: expected one map"},
    {"vips: []\n", "r:1:1: version: expected 1"},
    {"version: 2\n", "r:1:10: version 2 is newer than this vipd reads (1): install the vipd that wrote it"},
    {"version: 1\nvip: []\n", "r:2:1: unknown key: expected version, clusterIPs, nodePorts, vips or generations"},
    {"version: 1\nvips: 3\n", "r:2:7: vips: expected a list"},
    {"version: 1\nvips: [3]\n", "r:2:8: vips: expected a list of maps"},
    {"version: 1\nvips: [{service: 3}]\n", "r:2:18: service: expected a string"},
    {"version: 1\nvips: [{service: a/b}]\n", "r:2:8: uid: expected a string"},
    {"version: 1\nvips: [{service: a/b, uid: u, address: 10.0.0.256}]\n",
     "r:2:40: address: expected an IPv4 or IPv6 address that can be used"},
    {"version: 1\nvips: [{service: b, uid: u, address: 10.0.0.1}]\n", "r:2:18: service: expected namespace/name"},
    {NOTE("|-\n      {\"version\":2,\"services\":1,\"shared\":[{\"service\":\"b\",\"key\":\"k\",\"ip\":\"10.0.0.1\"}]}",
	  "'{}'"),
     "r:5:54: vipd.io/allocations: service: expected namespace/name"},
    {"version: 1\nvips: [{service: a/b, uid: u, address: 127.0.0.1}]\n",
     "r:2:40: address: expected an IPv4 or IPv6 address that can be used"},
    {"version: 1\nvips: [{service: a/b, uid: u}]\n", "r:2:8: address: expected a string"},
    {"version: 1\nvips: [{service: a/b, uid: u, address: 10.0.0.1}]\nclusterIPs: [{service: c/d, uid: u, address: "
     "10.0.0.1}]\n",
     "r:3:14: given twice: to Service a/b already"},
    {"version: 1\nnodePorts: [{service: a/b, uid: u, nodePort: 0, protocol: TCP, port: 80, portName: ''}]\n",
     "r:2:46: nodePort: expected a number that is not 0 and not too large"},
    {"version: 1\nnodePorts: [{service: a/b, uid: u, nodePort: 65536, protocol: TCP, port: 80, portName: ''}]\n",
     "r:2:46: nodePort: expected a number that is not 0 and not too large"},
    {"version: 1\nnodePorts: [{service: a/b, uid: u, nodePort: 1, protocol: ICMP, port: 80, portName: ''}]\n",
     "r:2:59: protocol: expected TCP, UDP or SCTP"},
    {"version: 1\ngenerations: [3]\n", "r:2:15: generations: expected a list of maps"},
    {"version: 1\ngenerations: [{kind: Service, object: a/b}]\n",
     "r:2:15: generation: expected a number that is not 0 and not too large"},
    {"version: 1\nversion: 1\n", NULL},
    {"version: [\n", NULL},
    {"apiVersion: v1\nkind: Secret\n", "r:1:1: kind: expected ConfigMap"},
    {NOTE("|-\n      {\"version\":3,\"services\":0}", "'{}'"),
     "r:5:18: version 3 is newer than this vipd reads (2): install the vipd that wrote it"},
    {NOTE("|-\n      {\"version\":2}", "'{}'"),
     "r:5:7: vipd.io/allocations: services: expected how many services the other annotation has"},
    {NOTE("|-\n      {\"version\":2,\"services\":0,\n      \"clusterIPs\":[\n      "
	  "{\"service\":\"a/b\",\"uid\":\"u\"}]}",
	  "'{}'"),
     "r:7:7: vipd.io/allocations: ip: expected a string"},
    {NOTE("|-\n      {\"version\":2,\"services\":0,\n      \"vips\":[]}", "'{}'"),
     "r:6:7: vipd.io/allocations: vips: expected clusterIPs, nodePorts, shared or generations"},
    {NOTE("|-\n      {\"version\":2,\"services\":1,\n      \"shared\":[{\"service\":\"a/b\"},3]}", "'{}'"),
     "r:6:17: vipd.io/allocations: key: expected a string"},
    {NOTE("|-\n      {\"version\":2,\"services\":1}", "'{}'"),
     "r:6:36: k8s.co/cloud-provider-config: services: expected as many as vipd.io/allocations counts"},
    {NOTE("|-\n      {\"version\":2,\"services\":2}",
	  "|-\n      {\"services\":[\n      " ONE("a") ",\n      " ONE("b") "]}"),
     "r:9:7: given twice: to Service n/a already"},
    {NOTE("|-\n      {\"version\":2,\"services\":1}", "|-\n      {\"services\":[\n      {\"uid\":1}]}"),
     "r:8:14: k8s.co/cloud-provider-config: uid: expected a string"},
    {NOTE("|-\n      {\"version\":2,\"services\":1}", "|-\n      {\"services\":[\n      3]}"),
     "r:8:7: k8s.co/cloud-provider-config: services: expected a list of maps"},
    {NOTE("'[]'", "'[]'"), "r:4:27: vipd.io/allocations: the text: expected one map"},
    {NOTE("{version: 2}", "'{}'"), "r:4:26: vipd.io/allocations: expected a string"},
    {NOTE("", "'{}'"), NULL},
    {NOTE("'{'", "'{}'"), NULL},
    {NOTE("|-\n      {\"version\":2,\"services\":0}", "'[]'"), NULL},
    {"apiVersion: v1\nkind: ConfigMap\nmetadata: {annotations: {vipd.io/allocations: "
     "'{\"version\":2,\"services\":1}'}}\n",
     "r:1:1: k8s.co/cloud-provider-config: expected an annotation of that name"},
    {"apiVersion: v1\nkind: ConfigMap\ndata: {a: [1]}\n", "r:3:11: data: key a: expected a string"},
};

static void bad_text(void **state)
{
	for (size_t i = 0; i < COUNT(refusals); i++) {
		struct record *r = NULL;
		struct diag_list diags = {0};
		char line[200];
		int err = record_parse("r", refusals[i].text, strlen(refusals[i].text), &r, &diags);

		assert_int_equal(err, -EINVAL);
		assert_null(r);
		if (refusals[i].want)
			assert_string_equal(diag_format(&diags.items[0], line, sizeof(line)), refusals[i].want);
		assert_true(diags.errors > 0);
		diag_clear(&diags);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(round_trip),
	    cmocka_unit_test(who_has_what),
	    cmocka_unit_test(put_and_drop),
	    cmocka_unit_test(shared),
	    cmocka_unit_test(bad_text),
	    cmocka_unit_test(cut_short),
	    cmocka_unit_test(annotations_cut_short),
	    cmocka_unit_test(the_predecessors),
	    cmocka_unit_test(the_former_version),
	    cmocka_unit_test(taken_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
