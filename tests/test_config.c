/* vipd.yaml: each error with its text and place, defaults, and that what is printed reads back to the same. */
#include "../src/base/duration.h"
#include "../src/config.h"

#include "../src/base/file.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

static struct config *good(const char *text)
{
	struct diag_list diags = {0};
	struct config *c = NULL;

	if (config_parse("v.yaml", text, text ? strlen(text) : 0, &c, &diags))
		diag_print(&diags, stderr);
	assert_int_equal(diags.n, 0);
	assert_non_null(c);
	diag_clear(&diags);
	return c;
}

/* want: all diagnostics, one a line. */
static void bad(const char *text, const char *want)
{
	struct diag_list diags = {0};
	struct config *c = (struct config *)(uintptr_t)8;
	char all[8192] = "", line[512];

	assert_int_equal(config_parse("v.yaml", text, strlen(text), &c, &diags), -22);
	assert_ptr_equal(c, (struct config *)(uintptr_t)8);
	for (size_t i = 0; i < diags.n; i++) {
		strcat(all, diag_format(&diags.items[i], line, sizeof line));
		strcat(all, "\n");
	}
	assert_string_equal(all, want);
	diag_clear(&diags);
}

static void test_defaults(void **state)
{
	static const char *const texts[] = {NULL, "", "# nothing\n", "{}"};

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		struct config *c = good(texts[i]);

		assert_null(c->manifests);
		assert_null(c->plan.interface);
		assert_int_equal(c->plan.handle, HANDLE_ALL);
		assert_string_equal(c->plan.vip_configmap, "default/vip-configmap");
		assert_string_equal(c->plan.load_balancer_class, "vipd.io/vip");
		assert_true(c->plan.default_class);
		assert_true(c->plan.allocate);
		assert_int_equal(c->plan.n_cluster_cidrs, 1);
		assert_int_equal(c->plan.node_port_first, 30000);
		assert_int_equal(c->plan.node_port_last, 32767);
		assert_int_equal(c->plan.n_pools, 0);
		assert_string_equal(c->plan.default_scheduler, "rr");
		assert_int_equal(c->plan.default_forward, FORWARD_NAT);
		assert_false(c->ipvs.adopt);
		assert_int_equal(c->vips.garp_count, 5);
		assert_int_equal(c->vips.garp_second_ms, 5000);
		assert_int_equal(c->vips.garp_refresh_ms, 0);
		assert_int_equal(c->ready_timeout_s, 30);
		assert_int_equal(c->plan.drain_s, 300);
		config_free(c);
	}
	config_free(NULL);
}

static const char full[] = "manifests: /srv/m\n"
			   "nodeName: \"1\"\n"
			   "interface: eth0.5\n"
			   "handle: [ConfigMap, LoadBalancer]\n"
			   "vipConfigMap: kube-system/vips\n"
			   "loadBalancerClass: example.com/lb\n"
			   "defaultClass: false\n"
			   "allocate: false\n"
			   "serviceClusterCIDR: 10.0.0.0/16, fd00:1::/108\n"
			   "nodePortRange: 1-65535\n"
			   "pools:\n"
			   "- name: a\n"
			   "  addresses: [192.0.2.0/28, \"2001:db8::/64\"]\n"
			   "- {name: \"yes\", addresses: [198.51.100.1/32]}\n"
			   "scheduler: mh\n"
			   "forwardMethod: DR\n"
			   "adopt: true\n"
			   "garp: {count: 1, delay: 1500ms, refresh: 2m, interval: 2ms}\n"
			   "readyTimeout: 90\n"
			   "drainTimeout: 2m\n";

static void test_full(void **state)
{
	struct config *c = good(full);

	assert_string_equal(c->manifests, "/srv/m");
	assert_string_equal(c->node_name, "1");
	assert_string_equal(c->plan.interface, "eth0.5");
	assert_int_equal(c->plan.handle, HANDLE_CONFIGMAP | HANDLE_LOADBALANCER);
	assert_string_equal(c->plan.vip_configmap, "kube-system/vips");
	assert_string_equal(c->plan.load_balancer_class, "example.com/lb");
	assert_false(c->plan.default_class);
	assert_false(c->plan.allocate);
	assert_int_equal(c->plan.n_cluster_cidrs, 2);
	assert_int_equal(c->plan.cluster_cidrs[1].addr.family, AF_INET6);
	assert_int_equal(c->plan.node_port_first, 1);
	assert_int_equal(c->plan.node_port_last, 65535);
	assert_int_equal(c->plan.n_pools, 2);
	assert_int_equal(c->plan.pools[0].n, 2);
	assert_string_equal(c->plan.pools[1].name, "yes");
	assert_string_equal(c->plan.default_scheduler, "mh");
	assert_int_equal(c->plan.default_forward, FORWARD_DR);
	assert_true(c->ipvs.adopt);
	assert_int_equal(c->vips.garp_count, 1);
	assert_int_equal(c->vips.garp_second_ms, 1500);
	assert_int_equal(c->vips.garp_refresh_ms, 120000);
	assert_int_equal(c->vips.garp_interval_ms, 2);
	assert_int_equal(c->ready_timeout_s, 90);
	assert_int_equal(c->plan.drain_s, 120);
	assert_int_equal(c->ipvs.drain_s, 120);
	config_free(c);
}

static void fixed_point(const char *text)
{
	struct config *c = good(text), *again;
	char *first = config_text(c), *second;

	again = good(first);
	second = config_text(again);
	assert_string_equal(first, second);
	free(first);
	free(second);
	config_free(c);
	config_free(again);
}

static void test_fixed_point(void **state)
{
	struct config *c;
	char *text;

	fixed_point(NULL);
	fixed_point(full);
	fixed_point("{\"garp\": {\"delay\": 0}, \"nodeName\": \"a \\\"b\\\" \\\\ \\t\\u0001 # x: y\"}");
	c = good(NULL);
	config_settle(c, "/var/lib/vipd", "eth0", "node-1");
	text = config_text(c);
	assert_string_equal(text, "manifests: /var/lib/vipd/manifests\n"
				  "nodeName: node-1\n"
				  "interface: eth0\n"
				  "handle:\n"
				  "- LoadBalancer\n"
				  "- ConfigMap\n"
				  "- ExternalIP\n"
				  "- NodePort\n"
				  "- ClusterIP\n"
				  "vipConfigMap: default/vip-configmap\n"
				  "loadBalancerClass: vipd.io/vip\n"
				  "defaultClass: true\n"
				  "allocate: true\n"
				  "serviceClusterCIDR: 10.96.0.0/12\n"
				  "nodePortRange: \"30000-32767\"\n"
				  "pools: []\n"
				  "allowUnpooled: true\n"
				  "scheduler: rr\n"
				  "forwardMethod: NAT\n"
				  "adopt: false\n"
				  "garp:\n"
				  "  count: 5\n"
				  "  delay: \"5s\"\n"
				  "  refresh: \"0s\"\n"
				  "  interval: \"0s\"\n"
				  "readyTimeout: \"30s\"\n"
				  "drainTimeout: \"300s\"\n"
				  "drOnBackup: auto\n"
				  "masquerade: auto\n"
				  "masqueradeBit: 13\n"
				  "iptables: system\n"
				  "podCIDRs: []\n"
				  "gatewayOf: []\n"
				  "refuseUnknownPorts: true\n"
				  "allowPorts: []\n"
				  "externalIPRanges: []\n"
				  "excludeCIDRs: []\n"
				  "nodePortAddresses: []\n"
				  "manageSysctls: true\n"
				  "http:\n  listen:\n  - \"127.0.0.1:10252\"\n  seriesLimit: 100000\n");
	fixed_point(text);
	free(text);
	config_free(c);
}

static void test_errors(void **state)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
	    {"[]", "v.yaml:1:1: the document: expected a map, found a list\n"},
	    {"scheduler: rr\n---\nscheduler: rr\n", "v.yaml:3:1: a second document; expected one\n"},
	    {"schedular: rr\n", "v.yaml:1:1: unknown key \"schedular\"; did you mean \"scheduler\"?\n"},
	    {"zzz: 1\n", "v.yaml:1:1: unknown key \"zzz\"\n"},
	    {"garp: {interval: 2s}\n", "v.yaml:1:18: garp.interval: expected at most 1000ms, found 2s\n"},
	    {"garp: {cuont: 1}\n", "v.yaml:1:8: unknown key \"garp.cuont\"; did you mean \"count\"?\n"},
	    {"adopt: true\nadopt: false\n", "v.yaml:2:1: duplicate key \"adopt\": it stands at 1:1 already\n"},
	    {"manifests: etc\n", "v.yaml:1:12: manifests: \"etc\" is not an absolute path\n"},
	    {"manifests: 5\n", "v.yaml:1:12: manifests: expected a string, found an integer\n"},
	    {"manifests: \"\"\n", "v.yaml:1:12: manifests: must not be empty\n"},
	    {"manifests:\n", "v.yaml:1:11: manifests: expected a string, found null\n"},
	    {"interface: \"a/b\"\n", "v.yaml:1:12: interface: \"a/b\" is not the name of an interface\n"},
	    {"interface: sixteenletters16\n",
	     "v.yaml:1:12: interface: \"sixteenletters16\" is not the name of an interface\n"},
	    {"handle: LoadBalancer\n", "v.yaml:1:9: handle: expected a list, found a string\n"},
	    {"handle: [Loadbalancer]\n", "v.yaml:1:10: handle: unknown kind of address \"Loadbalancer\"; expected "
					 "LoadBalancer, ConfigMap, ExternalIP, "
					 "NodePort or ClusterIP (did you mean LoadBalancer?)\n"},
	    {"handle: [Ingress]\n", "v.yaml:1:10: handle: unknown kind of address \"Ingress\"; expected LoadBalancer, "
				    "ConfigMap, ExternalIP, NodePort or ClusterIP\n"},
	    {"handle: [NodePort, NodePort, 1]\n", "v.yaml:1:20: handle: NodePort is listed twice\n"
						  "v.yaml:1:30: handle: expected a string, found an integer\n"},
	    {"vipConfigMap: vips\n", "v.yaml:1:15: vipConfigMap: expected namespace/name, found \"vips\"\n"},
	    {"vipConfigMap: a/b/c\n", "v.yaml:1:15: vipConfigMap: expected namespace/name, found \"a/b/c\"\n"},
	    {"defaultClass: \"true\"\n", "v.yaml:1:15: defaultClass: expected a boolean, found a string\n"},
	    {"allocate: 1\n", "v.yaml:1:11: allocate: expected a boolean, found an integer\n"},
	    {"adopt: null\n", "v.yaml:1:8: adopt: expected a boolean, found null\n"},
	    {"serviceClusterCIDR: 10.0.0.1\n",
	     "v.yaml:1:21: serviceClusterCIDR: \"10.0.0.1\" is not a prefix such as 10.4.0.0/24; one address is /32\n"},
	    {"serviceClusterCIDR: 10.0.0.1/8\n", "v.yaml:1:21: serviceClusterCIDR: 10.0.0.1/8 has bits set behind the "
						 "prefix; the network is 10.0.0.0/8\n"},
	    {"serviceClusterCIDR: 10.0.0.0/33\n",
	     "v.yaml:1:21: serviceClusterCIDR: \"10.0.0.0/33\" is not a prefix such as 10.4.0.0/24\n"},
	    {"serviceClusterCIDR: 0.0.0.0/0\n",
	     "v.yaml:1:21: serviceClusterCIDR: 0.0.0.0/0 is every address there is\n"},
	    {"serviceClusterCIDR: 224.0.0.0/8\n",
	     "v.yaml:1:21: serviceClusterCIDR: 224.0.0.0/8 is a multicast address\n"},
	    {"serviceClusterCIDR: 10.0.0.0/8,11.0.0.0/8\n",
	     "v.yaml:1:21: serviceClusterCIDR: a second IPv4 prefix; expected at most one of each family\n"},
	    {"nodePortRange: 30000\n", "v.yaml:1:16: nodePortRange: expected a string, found an integer\n"},
	    {"nodePortRange: 30000-\n",
	     "v.yaml:1:16: nodePortRange: expected first-last within 1-65535, found \"30000-\"\n"},
	    {"nodePortRange: 2-1\n", "v.yaml:1:16: nodePortRange: expected first-last within 1-65535, found \"2-1\"\n"},
	    {"nodePortRange: 0-9\n", "v.yaml:1:16: nodePortRange: expected first-last within 1-65535, found \"0-9\"\n"},
	    {"nodePortRange: 1-65536\n",
	     "v.yaml:1:16: nodePortRange: expected first-last within 1-65535, found \"1-65536\"\n"},
	    {"pools: {}\n", "v.yaml:1:8: pools: expected a list, found a map\n"},
	    {"pools: [1]\n", "v.yaml:1:9: pools[0]: expected a map, found an integer\n"},
	    {"pools:\n- name: a\n", "v.yaml:2:3: pools[0]: \"addresses\" is missing\n"},
	    {"pools:\n- addresses: []\n",
	     "v.yaml:2:14: pools[0].addresses: expected 1 to 1024 prefixes or ranges, found 0\n"
	     "v.yaml:2:3: pools[0]: \"name\" is missing\n"},
	    {"pools:\n- {name: a, addresses: [10.0.0.0/24, 10.0.0.128/25]}\n- {name: a, addresses: [10.0.0.0/8]}\n",
	     "v.yaml:2:38: pools[0].addresses: 10.0.0.128/25 overlaps 10.0.0.0/24 of this pool\n"
	     "v.yaml:3:10: pools[1].name: a second pool \"a\"\n"
	     "v.yaml:3:25: pools[1].addresses: 10.0.0.0/8 overlaps 10.0.0.0/24 of a\n"
	     "v.yaml:3:25: pools[1].addresses: 10.0.0.0/8 overlaps 10.0.0.128/25 of a\n"},
	    {"pools:\n- {name: a, addresses: [\"fd00::1\", 010.0.0.0/8]}\n",
	     "v.yaml:2:25: pools[0].addresses: \"fd00::1\" is not a prefix such as 10.4.0.0/24; one address is /128\n"
	     "v.yaml:2:36: pools[0].addresses: \"010.0.0.0/8\" is not a prefix such as 10.4.0.0/24\n"},
	    {"pools: [{name: a, addresses: [10.0.0.0/8], addresses: [11.0.0.0/8, 12.0.0.0/8]}]\npools: [{name: a, "
	     "addresses: "
	     "[10.0.0.0/8]}]\n",
	     "v.yaml:1:44: duplicate key \"addresses\": it stands at 1:19 already\n"
	     "v.yaml:2:1: duplicate key \"pools\": it stands at 1:1 already\n"},
	    {"scheduler: round\n",
	     "v.yaml:1:12: scheduler: unknown scheduler \"round\"; expected one of rr wrr lc wlc lblc "
	     "lblcr sh dh sed nq mh fo ovf\n"},
	    {"forwardMethod: nat\n", "v.yaml:1:16: forwardMethod: expected NAT, DR or TUN, found \"nat\"\n"},
	    {"garp: 5\n", "v.yaml:1:7: garp: expected a map, found an integer\n"},
	    {"garp: {count: 0}\n", "v.yaml:1:15: garp.count: 0 is out of range; expected 1 to 100\n"},
	    {"garp: {count: 1.5}\n", "v.yaml:1:15: garp.count: expected an integer, found a number\n"},
	    {"garp: {delay: 5x}\n",
	     "v.yaml:1:15: garp.delay: expected a time of at most a day such as 5s, 500ms or 2m, "
	     "found 5x\n"},
	    {"garp: {delay: [1]}\n",
	     "v.yaml:1:15: garp.delay: expected a time of at most a day such as 5s, 500ms or 2m, "
	     "found a list\n"},
	    {"garp: {refresh: 10ms}\n", "v.yaml:1:17: garp.refresh: expected 0 (never) or at least 1s, found 10ms\n"},
	    {"readyTimeout: 0\n", "v.yaml:1:15: readyTimeout: expected whole seconds, at least 1s, found 0\n"},
	    {"readyTimeout: 1500ms\n",
	     "v.yaml:1:15: readyTimeout: expected whole seconds, at least 1s, found 1500ms\n"},
	    {"drainTimeout: 1500ms\n", "v.yaml:1:15: drainTimeout: expected whole seconds, found 1500ms\n"},
	    {"readyTimeout: 25h\n",
	     "v.yaml:1:15: readyTimeout: expected a time of at most a day such as 5s, 500ms or 2m, "
	     "found 25h\n"},
	    {"adopt: 1\nzzz: 1\ngarp: {count: 0, count: 2, x: 1}\nscheduler: x\n",
	     "v.yaml:3:18: duplicate key \"count\": it stands at 3:8 already\n"
	     "v.yaml:1:8: adopt: expected a boolean, found an integer\n"
	     "v.yaml:2:1: unknown key \"zzz\"\n"
	     "v.yaml:3:15: garp.count: 0 is out of range; expected 1 to 100\n"
	     "v.yaml:3:28: unknown key \"garp.x\"\n"
	     "v.yaml:4:12: scheduler: unknown scheduler \"x\"; expected one of rr wrr lc wlc lblc lblcr sh dh sed nq "
	     "mh fo "
	     "ovf\n"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		bad(rows[i].text, rows[i].want);
}

static void test_long_name(void **state)
{
	char text[400] = "nodeName: ";

	memset(text + strlen(text), 'a', 254);
	bad(text, "v.yaml:1:11: nodeName: longer than 253 characters\n");
}

static void test_many_pools(void **state)
{
	char *text = malloc(4096), *p = text;

	p += sprintf(p, "pools: [");
	for (int i = 0; i < 257; i++)
		p += sprintf(p, "%s{}", i ? "," : "");
	sprintf(p, "]");
	bad(text, "v.yaml:1:8: pools: more than 256 pools\n");
	free(text);
}

static void test_duration(void **state)
{
	static const struct {
		const char *text;
		int err;
		uint32_t ms;
	} rows[] = {
	    {"0", 0, 0},          {"5", 0, 5000},         {"5s", 0, 5000}, {"500ms", 0, 500}, {"2m", 0, 120000},
	    {"24h", 0, 86400000}, {"86401", -22, 0},      {"", -22, 0},    {"s", -22, 0},     {"-1", -22, 0},
	    {"1.5s", -22, 0},     {"9999999999", -22, 0}, {"5 s", -22, 0}, {"25h", -22, 0},   {"5S", -22, 0},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		uint32_t ms = 0;

		assert_int_equal(duration_parse(rows[i].text, &ms), rows[i].err);
		assert_int_equal(ms, rows[i].ms);
	}
}

static void test_legacy(void **state)
{
	struct config *c = good("pools: [{name: a, addresses: [10.4.0.0/24]}]");

	assert_false(c->plan.allow_unpooled);
	assert_int_equal(config_set_service_cidr(c, "10.4.0.0/30"), 0); /* the file says it already */
	assert_true(c->plan.allow_unpooled);
	assert_int_equal(c->plan.n_pools, 1);
	assert_int_equal(config_set_service_cidr(c, "10.5.0.77/24"), 0);
	assert_int_equal(c->plan.n_pools, 2);
	assert_string_equal(c->plan.pools[1].name, "KEEPALIVED_SERVICE_CIDR");
	assert_int_equal(c->plan.pools[1].ranges[0].first.bytes[3], 0);
	assert_int_equal(config_set_service_cidr(c, "x"), -22);
	assert_int_equal(config_set_service_cidr(c, "10.0.0.0/0"), -22);
	assert_int_equal(config_set_interface(c, "eth1"), 0);
	assert_string_equal(c->plan.interface, "eth1");
	assert_int_equal(config_set_interface(c, "a b"), -22);
	assert_int_equal(config_set_interface(c, "."), -22);
	assert_int_equal(config_set_forward(c, "TUN"), 0);
	assert_int_equal(config_set_forward(c, "tun"), -22);
	assert_int_equal(config_set_vip_configmap(c, "a/"), -22);
	assert_int_equal(config_set_vip_configmap(c, "/a"), -22);
	config_free(c);
}

static void test_settle(void **state)
{
	struct config *c = good("manifests: /m\ninterface: x\nnodeName: node\n");

	config_settle(c, "/s", "y", "h");
	assert_string_equal(c->manifests, "/m");
	assert_string_equal(c->plan.interface, "x");
	assert_string_equal(c->node_name, "node");
	config_free(c);
	c = good(NULL);
	config_settle(c, "/s", NULL, NULL);
	assert_string_equal(c->manifests, "/s/manifests");
	assert_null(c->plan.interface);
	config_free(c);
}

static char *source_file(const char *name)
{
	char path[512], *text = NULL;
	size_t len;

	snprintf(path, sizeof path, "%.*s../%s",
		 (int)(strrchr(__FILE__, '/') ? strrchr(__FILE__, '/') + 1 - __FILE__ : 0), __FILE__, name);
	assert_int_equal(file_read(AT_FDCWD, path, 1 << 20, &text, &len), 0);
	return text;
}

/* The file that ships says the defaults and nothing else. */
static void test_shipped(void **state)
{
	char *text = source_file("packaging/vipd.yaml"), *shipped, *plain;
	struct config *c = good(text), *d = good(NULL);

	config_settle(d, "/var/lib/vipd", NULL, NULL);
	shipped = config_text(c);
	plain = config_text(d);
	assert_string_equal(shipped, plain);
	free(shipped);
	free(plain);
	free(text);
	config_free(c);
	config_free(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_defaults), cmocka_unit_test(test_full),      cmocka_unit_test(test_fixed_point),
	    cmocka_unit_test(test_errors),   cmocka_unit_test(test_long_name), cmocka_unit_test(test_many_pools),
	    cmocka_unit_test(test_duration), cmocka_unit_test(test_legacy),    cmocka_unit_test(test_settle),
	    cmocka_unit_test(test_shipped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
