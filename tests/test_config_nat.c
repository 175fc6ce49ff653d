/* What vipd.yaml says of masquerading: values, each error with its text and place, and that what is printed reads back to the same. */
#include "config_parse.h"

#include <netinet/in.h>

static void values(void **state)
{
	struct config *c = parse("{}", NULL);

	assert_int_equal(c->ipvs.nat.masquerade, MASQUERADE_AUTO);
	assert_int_equal(c->ipvs.nat.mark_bit, NAT_BIT);
	assert_true(c->ipvs.nat.sysctls);
	assert_null(nat_check(&c->ipvs.nat));
	config_free(c);
	c = parse("masquerade: always\nmasqueradeBit: 31\niptables: legacy\npodCIDRs: [10.32.0.0/16, 'fd32::/64']\n"
		  "gatewayOf: [10.33.0.0/16]\nmanageSysctls: false\nrefuseUnknownPorts: false\n"
		  "allowPorts: [22, 161/udp, 9/sctp, 8080/tcp]\nexternalIPRanges: [192.0.2.0/24]\n"
		  "nodePortAddresses: [10.0.0.0/8, 'fd00::/8']\nexcludeCIDRs: [10.96.0.0/12, 10.10.0.7/32]\n",
		  NULL);
	assert_int_equal(c->ipvs.nat.masquerade, MASQUERADE_ALWAYS);
	assert_int_equal(c->ipvs.nat.mark_bit, 31);
	assert_int_equal(c->ipvs.nat.backend, BACKEND_LEGACY);
	assert_int_equal(c->ipvs.nat.n_pods, 2);
	assert_int_equal(c->ipvs.nat.n_behind, 1);
	assert_false(c->ipvs.nat.sysctls);
	assert_false(c->ipvs.nat.refuse);
	assert_int_equal(c->ipvs.nat.n_allowed, 4);
	assert_int_equal(c->ipvs.nat.allowed[0].port, 22);
	assert_int_equal(c->ipvs.nat.allowed[1].proto, IPPROTO_UDP);
	assert_int_equal(c->plan.n_external_ranges, 1);
	assert_int_equal(c->plan.n_node_port_nets, 2);
	assert_int_equal(c->plan.n_excluded, 2);
	assert_int_equal(c->plan.excluded[1].bits, 32);
	assert_null(nat_check(&c->ipvs.nat));
	config_free(c);
}

/* A router's own address with a network, not on the interface of the virtual IPs, says of which network this node is the gateway. */
static void gateways(void **state)
{
	struct diag_list diags = {0};
	struct config *c =
	    parse("interface: eth0\nallocate: true\ngatewayOf: [10.34.0.0/16]\nallowPorts: [22, 9/sctp]\nrouters:\n"
		  "- {name: a, vrid: 1, family: IPv4, addresses: [192.0.2.1/24]}\n"
		  "- {name: b, vrid: 2, family: IPv4, interface: eth1, addresses: [10.32.0.1/16, 10.33.0.1/32]}\n",
		  NULL);
	char *once = config_text(c), *twice, buf[CIDR_TEXT];

	config_settle(c, "/state", NULL, "node");
	assert_int_equal(config_finish(c, &diags), 0);
	assert_int_equal(c->ipvs.nat.n_behind, 2);
	assert_string_equal(cidr_format(&c->ipvs.nat.behind[0], buf), "10.34.0.0/16");
	assert_string_equal(cidr_format(&c->ipvs.nat.behind[1], buf), "10.32.0.0/16");
	config_free(c);
	c = parse(once, NULL);
	twice = config_text(c);
	assert_string_equal(once, twice);
	config_free(c);
	free(once);
	free(twice);
	diag_clear(&diags);
}

static void errors(void **state)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
	    {"masquerade: yes\n", "v.yaml:1:13: masquerade: expected a string, found a boolean"},
	    {"masquerade: often\n", "v.yaml:1:13: masquerade: expected never, auto or always, found \"often\""},
	    {"masqueradeBit: 32\n", "v.yaml:1:16: masqueradeBit: 32 is out of range; expected 0 to 31"},
	    {"iptables: xtables\n", "v.yaml:1:11: iptables: expected system, nft or legacy, found \"xtables\""},
	    {"podCIDRs: 10.0.0.0/8\n", "v.yaml:1:11: podCIDRs: expected a list, found a string"},
	    {"podCIDRs: [10.0.0.1/8]\n",
	     "v.yaml:1:12: podCIDRs: 10.0.0.1/8 has bits set behind the prefix; the network is 10.0.0.0/8"},
	    {"gatewayOf: [10.1.0.0/16, 10.2.0.0/16, 10.3.0.0/16, 10.4.0.0/16, 10.5.0.0/16, 10.6.0.0/16, 10.7.0.0/16, "
	     "10.8.0.0/16, 10.9.0.0/16, 10.10.0.0/16, 10.11.0.0/16, 10.12.0.0/16, 10.13.0.0/16, 10.14.0.0/16, "
	     "10.15.0.0/16, 10.16.0.0/16, 10.17.0.0/16]\n",
	     "v.yaml:1:12: gatewayOf: more than 16 prefixes"},
	    {"allowPorts: [0]\n",
	     "v.yaml:1:14: allowPorts: expected at most 32 ports such as 22 or 161/udp, found \"0\""},
	    {"allowPorts: [65536/udp]\n",
	     "v.yaml:1:14: allowPorts: expected at most 32 ports such as 22 or 161/udp, found \"65536/udp\""},
	    {"allowPorts: [{}]\n",
	     "v.yaml:1:14: allowPorts: expected at most 32 ports such as 22 or 161/udp, found \"something else\""},
	    {"nodePortAddresses: [127.0.0.0/8]\n", "v.yaml:1:21: nodePortAddresses: 127.0.0.0/8 is a loopback address"},
	    {"manageSysctls: 1\n", "v.yaml:1:16: manageSysctls: expected a boolean, found an integer"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_null(parse(rows[i].text, rows[i].want));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(values),
	    cmocka_unit_test(gateways),
	    cmocka_unit_test(errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
