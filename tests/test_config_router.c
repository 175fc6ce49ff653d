/* routers, spread and notify of vipd.yaml: each error with its text and place, defaults, what several routers say to each other, and that what is printed
 * reads back to the same. */
#include "../src/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

/* All diagnostics, one a line; to be freed. */
static char *lines(const struct diag_list *diags)
{
	char *all = calloc(1, 65536), line[1024];

	for (size_t i = 0; i < diags->n; i++) {
		strcat(all, diag_format(&diags->items[i], line, sizeof line));
		strcat(all, "\n");
	}
	return all;
}

static struct config *parse(const char *text, const char *want)
{
	struct diag_list diags = {0};
	struct config *c = NULL;
	int err = config_parse("v.yaml", text, strlen(text), &c, &diags);
	char *all = lines(&diags);

	assert_string_equal(all, want);
	assert_int_equal(err, diags.errors ? -22 : 0);
	free(all);
	diag_clear(&diags);
	return c;
}

/* As it counts on a node. */
static struct config *node(const char *text, const char *name, const char *want)
{
	struct diag_list diags = {0};
	struct config *c = parse(text, "");
	char *all;

	config_settle(c, "/s", "eth0", name);
	config_finish(c, &diags);
	all = lines(&diags);
	assert_string_equal(all, want);
	free(all);
	diag_clear(&diags);
	return c;
}

static const struct router *router(const struct config *c, const char *name)
{
	for (size_t i = 0; i < c->n_routers; i++)
		if (strcmp(c->routers[i].name, name) == 0)
			return &c->routers[i];
	fail_msg("no router %s", name);
	return NULL;
}

static void test_defaults(void **state)
{
	struct config *c = node("allocate: true\nrouters: [{vrid: 50}]\n", "n", "");
	const struct router *r = router(c, "vips");

	assert_int_equal(c->n_routers, 2);
	assert_int_equal(router(c, "vips-ipv6")->family, AF_INET6);
	assert_int_equal(router(c, "vips-ipv6")->vrid, 50);
	assert_string_equal(r->ifname, "eth0");
	assert_string_equal(r->group, "");
	assert_int_equal(r->family, AF_INET);
	assert_int_equal(r->vrid, 50);
	assert_int_equal(r->version, 3);
	assert_int_equal(r->priority, 100);
	assert_int_equal(r->interval_ms, 1000);
	assert_int_equal(r->preempt_delay_ms, 0);
	assert_int_equal(r->startup_delay_ms, 0);
	assert_true(r->preempt);
	assert_true(r->accept);
	assert_false(r->vmac);
	assert_int_equal(r->checksum, 0);
	assert_int_equal(r->auth, 0);
	assert_int_equal(r->source.family, 0);
	assert_int_equal(r->n_peers, 0);
	assert_true(r->check_source);
	assert_int_equal(r->min_ttl, 0);
	assert_int_equal(r->n_tracks, 0);
	assert_int_equal(c->n_pins, 0);
	assert_string_equal(c->vips.notify_script, "");
	assert_int_equal(c->vips.ready_timeout_ms, 30000);
	assert_null(routers_check(c->routers, c->n_routers));
	config_free(c);
}

static const char full[] =
    "interface: eth9\n"
    "routers:\n"
    "- name: out\n"
    "  vrid: 7\n"
    "  interface: eth1\n"
    "  family: IPv4\n"
    "  version: 2\n"
    "  priority: 255\n"
    "  interval: 2\n"
    "  preempt: false\n"
    "  preemptDelay: 5s\n"
    "  startupDelay: 1m\n"
    "  accept: false\n"
    "  mac: virtual\n"
    "  group: G\n"
    "  checksum: rfc9568\n"
    "  authentication: {type: ah, password: \"8 bytes!\"}\n"
    "  source: 172.17.0.11\n"
    "  peers: [172.17.0.12, 172.17.0.13]\n"
    "  checkUnicastSource: false\n"
    "  minTTL: 254\n"
    "  track:\n"
    "  - {interface: eth1, weight: -20, debounce: 300ms}\n"
    "  - {script: check-http, interval: 2s, timeout: 1500ms, rise: 2, fall: 3, weight: 10}\n"
    "  - {file: prio, weight: -1, interval: 5s}\n"
    "  - {process: nginx}\n"
    "  - {file: maintenance, weight: fault}\n"
    "  - {interface: eth2, weight: 0}\n"
    "  addresses: [{address: 10.10.0.2, label: \"eth1:vip\", scope: link}, 10.10.0.1/24]\n"
    "- {name: in, vrid: 7, interval: 10ms, group: G, addresses: [\"fe80::50/64\", 10.32.0.1/32, \"fd00::1\"]}\n"
    "- {name: uni, vrid: 9, interface: eth3, peers: [\"fe80::2\"], addresses: [\"fe80::50/64\"]}\n"
    "notify: {script: notify.sh, fifo: /run/vipd/notify}\n"
    "allocate: true\n";

static void test_full(void **state)
{
	struct config *c = node(full, "n", "");
	const struct router *r = router(c, "out");

	assert_int_equal(c->n_routers, 4);
	assert_string_equal(c->routers[0].name, "in");
	assert_string_equal(c->routers[1].name, "in-ipv6");
	assert_string_equal(c->routers[2].name, "out");
	assert_string_equal(c->routers[3].name, "uni");
	assert_int_equal(c->routers[3].family, AF_INET6); /* as its peer is */
	assert_string_equal(c->routers[0].ifname, "eth9");
	assert_string_equal(r->ifname, "eth1");
	assert_int_equal(r->priority, 255);
	assert_int_equal(r->interval_ms, 2000);
	assert_false(r->preempt);
	assert_int_equal(r->preempt_delay_ms, 5000);
	assert_int_equal(r->startup_delay_ms, 60000);
	assert_true(r->vmac);
	assert_string_equal(r->group, "G");
	assert_int_equal(r->checksum, 1);
	assert_int_equal(r->auth, 2);
	assert_memory_equal(r->pass, "8 bytes!", 8);
	assert_int_equal(r->n_peers, 2);
	assert_false(r->check_source);
	assert_int_equal(r->min_ttl, 254);
	assert_int_equal(r->n_tracks, 6);
	assert_int_equal(r->tracks[0].debounce_ms, 300);
	assert_int_equal(r->tracks[1].kind, TRACK_SCRIPT);
	assert_int_equal(r->tracks[1].timeout_ms, 1500);
	assert_int_equal(r->tracks[1].rise, 2);
	assert_int_equal(r->tracks[1].fall, 3);
	assert_int_equal(r->tracks[2].weight, -1);
	assert_int_equal(r->tracks[3].weight, TRACK_FAULT);
	assert_int_equal(r->tracks[3].interval_ms, 1000);
	assert_int_equal(r->tracks[4].kind, TRACK_FILE);
	assert_int_equal(r->tracks[4].weight, TRACK_FAULT);
	assert_int_equal(r->tracks[5].weight, 0);
	assert_int_equal(c->n_pins, 6); /* the last one twice: on two interfaces */
	assert_int_equal(c->pins[1].scope, 253);
	assert_string_equal(c->pins[1].label, "eth1:vip");
	assert_int_equal(c->pins[5].bits, 64);
	assert_int_equal(c->pins[0].router, 2); /* 10.10.0.1 */
	assert_int_equal(c->pins[0].bits, 24);
	assert_int_equal(c->pins[2].router, 0); /* 10.32.0.1 */
	assert_int_equal(c->pins[3].router, 1); /* fd00::1 */
	assert_int_equal(c->pins[4].bits, 64);
	assert_string_equal(c->vips.notify_script, "notify.sh");
	assert_string_equal(c->vips.notify_fifo, "/run/vipd/notify");
	assert_null(routers_check(c->routers, c->n_routers));
	config_free(c);
}

static const char spread[] =
    "allocate: false\nrouters: auto\n"
    "spread: {count: 4, vrids: 51-60, exclude: [52, 200], nodes: [a, b, c], interval: 100ms}\n";

static void fixed_point(struct config *c)
{
	char *first = config_text(c), *second;
	struct config *again = parse(first, "");

	second = config_text(again);
	assert_string_equal(first, second);
	free(first);
	free(second);
	config_free(c);
	config_free(again);
}

static void test_fixed_point(void **state)
{
	fixed_point(parse(full, ""));
	fixed_point(node(full, "n", ""));
	fixed_point(parse(spread, ""));
	fixed_point(node(spread, "b", ""));
	fixed_point(parse(
	    "allocate: true\nrouters: auto\nspread: {count: 1, vrids: 1-1, nodes: [a], family: IPv6, priority: 9}\n",
	    ""));
	fixed_point(parse("routers: []\nnotify: {}\n", ""));
}

#define R  "allocate: true\nrouters: [{vrid: 5, family: IPv4, "
#define AT "v.yaml:2:"

static void test_errors(void **state)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
	    {"allocate: true\nrouters: {}\n", "v.yaml:2:10: routers: expected a list or auto, found a map\n"},
	    {"allocate: true\nrouters: automatic\n",
	     "v.yaml:2:10: routers: expected a list or auto, found automatic\n"},
	    {"allocate: true\nrouters: [5]\n", "v.yaml:2:11: routers[0]: expected a map, found an integer\n"},
	    {"allocate: true\nrouters: [{}]\n", "v.yaml:2:11: routers[0].vrid: is missing; expected 1 to 255\n"},
	    {"allocate: true\nrouters: [{vrid: 0}]\n",
	     "v.yaml:2:18: routers[0].vrid: 0 is out of range; expected 1 to 255\n"},
	    {"allocate: true\nrouters: [{vrid: 256}]\n",
	     "v.yaml:2:18: routers[0].vrid: 256 is out of range; expected 1 to 255\n"},
	    {"allocate: true\nrouters: [{vrid: \"50\"}]\n",
	     "v.yaml:2:18: routers[0].vrid: expected an integer, found a string\n"},
	    {"allocate: true\nrouters: [{vrid: 5, vrid: 6}]\n",
	     "v.yaml:2:21: duplicate key \"vrid\": it stands at 2:12 already\n"},
	    {"allocate: true\nrouters: [{vird: 5, vrid: 5}]\n",
	     "v.yaml:2:12: unknown key \"routers[0].vird\"; did you mean \"vrid\"?\n"},
	    {R "prioritty: 3}]\n", AT "35: unknown key \"routers[0].prioritty\"; did you mean \"priority\"?\n"},
	    {R "zzz: 3}]\n", AT "35: unknown key \"routers[0].zzz\"\n"},
	    {R "priority: 0}]\n", AT "45: routers[0].priority: 0 is out of range; expected 1 to 255\n"},
	    {R "priority: 256}]\n", AT "45: routers[0].priority: 256 is out of range; expected 1 to 255\n"},
	    {R "interval: 0}]\n",
	     AT "45: routers[0].interval: 0ms; version 3 has multiples of 10ms from 10ms to 40950ms\n"},
	    {R "interval: 15ms}]\n",
	     AT "45: routers[0].interval: 15ms; version 3 has multiples of 10ms from 10ms to 40950ms\n"},
	    {R "interval: 41s}]\n",
	     AT "45: routers[0].interval: 41000ms; version 3 has multiples of 10ms from 10ms to 40950ms\n"},
	    {R "interval: 0.5}]\n",
	     AT "45: routers[0].interval: expected a time of at most a day such as 5s, 500ms or 2m, "
		"found a number\n"},
	    {R "interval: 500ms, version: 2}]\n",
	     AT "45: routers[0].interval: 500ms; version 2 has whole seconds from 1s to 255s\n"},
	    {R "interval: 256s, version: 2}]\n",
	     AT "45: routers[0].interval: 256000ms; version 2 has whole seconds from 1s to 255s\n"},
	    {R "version: 4}]\n", AT "44: routers[0].version: 4 is out of range; expected 2 to 3\n"},
	    {"allocate: true\nrouters: [{vrid: 5, version: 2, family: IPv6}]\n",
	     "v.yaml:2:30: routers[0].version: VRRP version 2 is for IPv4 alone; expected 3 with IPv6\n"},
	    {"allocate: true\nrouters: [{vrid: 5, family: ipv6}]\n",
	     "v.yaml:2:29: routers[0].family: expected IPv4 or IPv6, found \"ipv6\"\n"},
	    {"allocate: true\nrouters: [{vrid: 5, name: a b}]\n",
	     "v.yaml:2:27: routers[0].name: \"a b\" has a blank or a control character\n"},
	    {"allocate: true\nrouters: [{vrid: 5, name: a234567890123456789012345678901}]\n",
	     "v.yaml:2:27: routers[0].name: \"a234567890123456789012345678901\" is longer than 26 characters, with "
	     "which "
	     "-ipv6 fits behind it\n"},
	    {R "name: a2345678901234567890123456789012}]\n",
	     AT "41: routers[0].name: \"a2345678901234567890123456789012\" is longer than 31 characters\n"},
	    {R "interface: a/b}]\n", AT "46: routers[0].interface: \"a/b\" is not the name of an interface\n"},
	    {R "mac: virtuel}]\n", AT "40: routers[0].mac: expected interface or virtual, found \"virtuel\"\n"},
	    {R "checksum: none}]\n", AT "45: routers[0].checksum: expected rfc5798 or rfc9568, found \"none\"\n"},
	    {R "preempt: 1}]\n", AT "44: routers[0].preempt: expected a boolean, found an integer\n"},
	    {R "minTTL: 256}]\n", AT "43: routers[0].minTTL: 256 is out of range; expected 0 to 255\n"},
	    {R "authentication: {type: pass, password: sesame}}]\n",
	     AT "51: routers[0].authentication: VRRP version 3 has none; expected version: 2 beside it\n"},
	    {R "version: 2, authentication: {type: pass, password: ninebytes}}]\n",
	     AT "86: routers[0].authentication.password: longer than 8 bytes, which is all that a packet holds\n"},
	    {R "version: 2, authentication: {type: pass}}]\n",
	     AT "63: routers[0].authentication.password: is missing\n"},
	    {R "version: 2, authentication: {password: x}}]\n",
	     AT "63: routers[0].authentication.type: is missing; expected none, pass or ah\n" AT
		"74: routers[0].authentication.password: there is none without a type\n"},
	    {R "version: 2, authentication: {type: md5, password: x}}]\n",
	     AT "70: routers[0].authentication.type: expected none, pass or ah, found \"md5\"\n" AT
		"85: routers[0].authentication.password: there is none without a type\n"},
	    {R "source: 10.0.0.1, peers: [10.0.0.1]}]\n",
	     AT "60: routers[0].peers: peer 10.0.0.1 is this router's own source\n"},
	    {R "peers: [10.0.0.1, 10.0.0.1]}]\n", AT "42: routers[0].peers: peer 10.0.0.1 is listed twice\n"},
	    {R "peers: [10.0.0.300]}]\n", AT "43: routers[0].peers: \"10.0.0.300\" is not an address\n"},
	    {R "peers: [224.0.0.18]}]\n", AT "43: routers[0].peers: 224.0.0.18 is a multicast address\n"},
	    {R "peers: [\"fd00::1\"]}]\n",
	     AT "42: routers[0].peers: fd00::1 is no IPv4 address, as this router's are\n"},
	    {R "source: \"fd00::1\"}]\n",
	     AT "43: routers[0].source: fd00::1 is no IPv4 address, as this router's are\n"},
	    {R "addresses: [\"fd00::1\"]}]\n",
	     AT "47: routers[0].addresses[0]: fd00::1 is no IPv4 address, as this router's are\n"},
	    {R "addresses: [10.0.0.1/33, 127.0.0.1, 169.254.0.1, 5]}]\n",
	     AT "47: routers[0].addresses[0]: \"10.0.0.1/33\" is not an address such as 10.4.0.50/32\n" AT
		"60: routers[0].addresses[1]: 127.0.0.1 is a loopback address\n" AT
		"71: routers[0].addresses[2]: 169.254.0.1 is a link-local address\n" AT
		"84: routers[0].addresses[3]: expected a string, found an integer\n"},
	    {R "addresses: [{label: x}]}]\n", AT "47: routers[0].addresses[0].address: is missing\n"},
	    {R "addresses: [{address: 10.0.0.1, scope: far}]}]\n",
	     AT "74: routers[0].addresses[0].scope: expected global, site, link or host, found \"far\"\n"},
	    {R "addresses: [10.0.0.1/32, 10.0.0.1/24]}]\n",
	     AT "60: routers: address 10.0.0.1 is router \"vips\"'s already\n"},
	    {"allocate: true\nrouters:\n- {name: a, vrid: 5, family: IPv4, addresses: [10.0.0.9/32]}\n"
	     "- {name: b, vrid: 6, family: IPv4, addresses: [10.0.0.9/32]}\n",
	     "v.yaml:4:48: routers: address 10.0.0.9 is router \"a\"'s already\n"},
	    {"allocate: true\nrouters:\n- {name: a, vrid: 5, family: IPv4}\n- {name: b, vrid: 5}\n",
	     "v.yaml:4:19: routers: vrid 5 is router \"a\"'s on this interface with IPv4 already\n"},
	    {"allocate: true\nrouters:\n- {vrid: 5, family: IPv4}\n- {vrid: 6, family: IPv4}\n",
	     "v.yaml:4:10: routers: a second router with the name \"vips\"\n"},
	    {"allocate: true\nrouters:\n- {vrid: 5, name: a}\n- {vrid: 6, family: IPv6, name: a-ipv6}\n",
	     "v.yaml:4:10: routers: a second router with the name \"a-ipv6\"\n"},
	    {R "track: {}}]\n", AT "42: routers[0].track: expected a list, found a map\n"},
	    {R "track: [{weight: 5}]}]\n",
	     AT "43: routers[0].track[0]: expected one of interface, script, file and process\n"},
	    {R "track: [{file: a, script: b}]}]\n",
	     AT "43: routers[0].track[0]: expected one of interface, script, file and process\n"},
	    {R "track: [{script: /bin/sh}]}]\n", AT "52: routers[0].track[0].script: \"/bin/sh\" is not the name of a "
						    "file in /etc/vipd/scripts: no slash, no dot "
						    "in front\n"},
	    {R "track: [{file: ..}]}]\n", AT
	     "50: routers[0].track[0].file: \"..\" is not the name of a file in /etc/vipd/scripts: no slash, no dot in "
	     "front\n"},
	    {R "track: [{interface: eth0, weight: 255}]}]\n",
	     AT "69: routers[0].track[0].weight: expected -254 to 254 or fault, found 255\n"},
	    {R "track: [{interface: eth0, weight: falt}]}]\n",
	     AT "69: routers[0].track[0].weight: expected -254 to 254 or fault, found falt\n"},
	    {R "track: [{interface: eth0, rise: 2}]}]\n",
	     AT "67: routers[0].track[0].rise: means nothing for a tracked interface\n"},
	    {R "track: [{script: a, rise: 0, timeout: 0, interval: 1ms}]}]\n",
	     AT "61: routers[0].track[0].rise: 0 is out of range; expected 1 to 255\n" AT
		"73: routers[0].track[0].timeout: must not be 0\n" AT
		"86: routers[0].track[0].interval: expected at least 100ms\n"},
	    {R "track: [{scrypt: a}]}]\n",
	     AT "44: unknown key \"routers[0].track[0].scrypt\"; did you mean \"script\"?\n" AT
		"43: routers[0].track[0]: expected one of interface, script, file and process\n"},
	    {"notify: {script: ../x, fifo: run}\n", "v.yaml:1:18: notify.script: \"../x\" is not the name of a file in "
						    "/etc/vipd/scripts: no slash, no dot in front\n"
						    "v.yaml:1:30: notify.fifo: \"run\" is not an absolute path\n"},
	    {"allocate: true\nrouters: auto\n",
	     "v.yaml:2:10: routers: auto needs \"spread\" beside it, with count, vrids and nodes\n"},
	    {"spread: {count: 1, vrids: 5-6, nodes: [a]}\n", "v.yaml:1:9: spread: it goes with routers: auto\n"},
	    {"allocate: true\nrouters: auto\nspread: {}\n",
	     "v.yaml:3:9: spread.count: is missing; expected 1 to 255\n"
	     "v.yaml:3:9: spread.vrids: is missing; expected first-last within 1-255\n"
	     "v.yaml:3:9: spread.nodes: is missing; expected the names of all nodes, the same list on each\n"},
	    {"allocate: true\nrouters: auto\nspread: {count: 5, vrids: 0-9, nodes: [a, a], name: x, exclude: [0]}\n",
	     "v.yaml:3:47: unknown key \"spread.name\"\n"
	     "v.yaml:3:27: spread.vrids: expected first-last within 1-255, found \"0-9\"\n"
	     "v.yaml:3:66: spread.exclude: 0 is out of range; expected 1 to 255\n"
	     "v.yaml:3:43: spread.nodes: \"a\" is listed twice\n"},
	    {"allocate: true\nrouters: auto\nspread: {count: 5, vrids: 5-9, exclude: [7], nodes: [a]}\n",
	     "v.yaml:3:17: spread.count: 5 routers, but vrids and exclude leave 4\n"},
	    {"allocate: true\nrouters: auto\nspread: {count: 1, vrids: 5-9, nodes: [], priority: 205}\n",
	     "v.yaml:3:39: spread.nodes: expected 1 to 64 names, found 0\n"
	     "v.yaml:3:53: spread.priority: 205 with 0 nodes: priorities go from it + 50 down to it - 0; expected them "
	     "within "
	     "1 to 254\n"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		config_free(parse(rows[i].text, rows[i].want));
}

/* DESIGN.md, "Allocations agree". */
static void test_allocate(void **state)
{
	static const char warning[] =
	    "v.yaml:1:10: warning: allocate: must be stated on a node with virtual routers; taken as false, so that "
	    "nothing "
	    "is given that a manifest or the record does not name. State true on one node and false on the others\n";
	struct config *c = parse("routers: [{vrid: 5}]\n", warning);

	assert_false(c->plan.allocate);
	config_free(c);
	c = parse("allocate: true\nrouters: [{vrid: 5}]\n", "");
	assert_true(c->plan.allocate);
	config_free(c);
	c = parse("routers: []\n", "");
	assert_true(c->plan.allocate);
	config_free(c);
}

/* Some errors are known only on the machine. */
static void test_finish(void **state)
{
	struct config *c = node("allocate: true\nrouters:\n- {name: a, vrid: 5, family: IPv4, interface: eth0}\n"
				"- {name: b, vrid: 5, family: IPv4}\n",
				"n", "v.yaml:4:19: routers: vrid 5 is router \"a\"'s on eth0 with IPv4 already\n");

	config_free(c);
	config_free(node(spread, "d",
			 "v.yaml:3:61: spread.nodes: this node, \"d\", is not among them; add it, or set nodeName\n"));
	config_free(node(spread, NULL,
			 "v.yaml:3:61: spread.nodes: this node, \"\", is not among them; add it, or set nodeName\n"));
}

/* --vrid */
static void test_vrid(void **state)
{
	struct config *c = parse("{}", "");

	assert_int_equal(config_set_vrid(c, 179), 0);
	assert_int_equal(c->n_routers, 2);
	assert_int_equal(router(c, "vips-ipv6")->vrid, 179);
	assert_false(c->plan.allocate);
	fixed_point(c);
	c = parse("allocate: true\nrouters: [{vrid: 5, priority: 7}]\n", "");
	assert_int_equal(config_set_vrid(c, 6), 0);
	assert_int_equal(router(c, "vips")->vrid, 6);
	assert_int_equal(router(c, "vips")->priority, 7);
	assert_true(c->plan.allocate);
	config_free(c);
	c = parse(full, "");
	assert_int_equal(config_set_vrid(c, 6), -17);
	config_free(c);
	c = parse(spread, "");
	assert_int_equal(config_set_vrid(c, 6), -17);
	config_free(c);
}

/* The routers of three nodes: the same on each but for the priorities. */
static void test_spread(void **state)
{
	struct config *c[3] = {node(spread, "a", ""), node(spread, "b", ""), node(spread, "c", "")};
	static const char *const names[] = {"vips-51", "vips-53", "vips-54", "vips-55"};

	for (size_t k = 0; k < 4; k++) {
		assert_int_equal(c[0]->n_routers, 8);
		for (size_t i = 0; i < 3; i++) {
			const struct router *r = router(c[i], names[k]);

			assert_int_equal(r->priority, config_spread_priority(c[0]->spread, k, i));
			assert_int_equal(r->interval_ms, 100);
			assert_int_equal(r->vrid, atoi(names[k] + 5));
			assert_string_equal(r->ifname, "eth0");
			assert_null(routers_check(c[i]->routers, c[i]->n_routers));
		}
	}
	for (size_t i = 0; i < 3; i++)
		config_free(c[i]);
}

/* Of any number of nodes and routers: no two nodes have one priority in a router, each node prefers its share, and what a dead node preferred goes to
 * as many others as there can be. */
static void test_spread_property(void **state)
{
	struct spread s = {.like = {.priority = 100}};

	for (s.n_nodes = 1; s.n_nodes <= 9; s.n_nodes++)
		for (size_t node = 0; node < s.n_nodes; node++) {
			size_t preferred = 0, heirs[9] = {0};

			for (size_t k = 0; k < s.n_nodes * (s.n_nodes - 1); k++) {
				uint8_t mine = config_spread_priority(&s, k, node);
				size_t heir = 9, best = 0;

				for (size_t o = 0; o < s.n_nodes; o++) {
					uint8_t p = config_spread_priority(&s, k, o);

					assert_true(o == node || p != mine);
					assert_true(p == 150 || (p < 100 && p >= 101 - s.n_nodes));
					if (o != node && p > best) {
						best = p;
						heir = o;
					}
				}
				if (mine != 150)
					continue;
				preferred++;
				heirs[heir]++;
			}
			assert_int_equal(preferred, s.n_nodes - 1);
			for (size_t o = 0; o < s.n_nodes; o++)
				assert_int_equal(heirs[o], o == node ? 0 : 1);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_defaults), cmocka_unit_test(test_full),     cmocka_unit_test(test_fixed_point),
	    cmocka_unit_test(test_errors),   cmocka_unit_test(test_allocate), cmocka_unit_test(test_finish),
	    cmocka_unit_test(test_vrid),     cmocka_unit_test(test_spread),   cmocka_unit_test(test_spread_property),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
