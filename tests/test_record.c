/* configmaps/record.c: grants and generations, round trip through text, refusals with their place. */
#include "../configmaps/record.h"
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
#define HEAD     "# What vipd remembers: addresses and node ports that it gave. Written by vipd.\nversion: 1\n"

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
	char *text = record_text(r, &len);

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
	    of_addr(GRANT_CLUSTER_IP, "default/web", "u1", "fd00::1"),
	    of_addr(GRANT_CLUSTER_IP, "default/web", "u1", "10.96.0.1"),
	    of_addr(GRANT_CLUSTER_IP, "a/b", "quote \" back \\ line \n \x7f \xc3\xa9", "10.96.0.2"),
	};

	for (size_t i = 0; i < COUNT(all); i++)
		record_put(r, &all[i]);
	record_uid_raise(r, "Service", "x/y");
	record_uid_raise(r, "Service", "default/web");
	record_uid_raise(r, "Service", "default/web");
	record_uid_raise(r, "Pod", "x/y");
	return r;
}

#define FILLED                                                                                                         \
	HEAD                                                                                                           \
	    "clusterIPs:\n"                                                                                            \
	    "- {service: \"a/b\", uid: \"quote \\\" back \\\\ line \\u000a \\u007f \xc3\xa9\", address: "              \
	    "\"10.96.0.2\"}\n"                                                                                         \
	    "- {service: \"default/web\", uid: \"u1\", address: \"10.96.0.1\"}\n"                                      \
	    "- {service: \"default/web\", uid: \"u1\", address: \"fd00::1\"}\n"                                        \
	    "nodePorts:\n"                                                                                             \
	    "- {service: \"default/web\", uid: \"u1\", nodePort: 30001, protocol: TCP, port: 80, portName: \"\"}\n"    \
	    "- {service: \"default/web\", uid: \"u1\", nodePort: 30001, protocol: UDP, port: 53, portName: \"dns\"}\n" \
	    "vips:\n"                                                                                                  \
	    "- {service: \"default/web\", uid: \"u1\", address: \"10.4.0.1\"}\n"                                       \
	    "generations:\n"                                                                                           \
	    "- {kind: \"Pod\", object: \"x/y\", generation: 1}\n"                                                      \
	    "- {kind: \"Service\", object: \"default/web\", generation: 2}\n"                                          \
	    "- {kind: \"Service\", object: \"x/y\", generation: 1}\n"

static void round_trip(void **state)
{
	struct record *r = filled(), *again = NULL, *empty = record_new();
	struct diag_list diags = {0};
	size_t len;
	char *text = record_text(r, &len);

	assert_string_equal(text, FILLED);
	assert_int_equal(record_parse("record.yaml", text, len, &again, &diags), 0);
	assert_int_equal(diags.n, 0);
	assert_false(record_changed(again));
	expect_text(again, FILLED);
	assert_int_equal(record_uid_generation(again, "Service", "default/web"), 2);
	assert_int_equal(record_uid_generation(again, "Service", "never/seen"), 0);
	expect_text(empty, HEAD);
	free(text);
	record_free(r);
	record_free(again);
	record_free(empty);
	record_free(NULL);
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
	assert_int_equal(count(r, NULL), 6);
	assert_int_equal(count(r, "default/web"), 5);
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
	expect_text(r, HEAD);
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

static const struct {
	const char *text, *want;
} refusals[] = {
    {"", NULL},
    {"[]", "r:1:1: the record: expected one map"},
    {"version: 1\n---\nversion: 1\n", "r:3:1: the record: expected one map"},
    {"vips: []\n", "r:1:1: version: expected 1"},
    {"version: 2\n", "r:1:10: version: expected 1"},
    {"version: 1\nvip: []\n", "r:2:1: unknown key: expected version, clusterIPs, nodePorts, vips or generations"},
    {"version: 1\nvips: 3\n", "r:2:7: vips: expected a list"},
    {"version: 1\nvips: [3]\n", "r:2:8: vips: expected a list of maps"},
    {"version: 1\nvips: [{service: 3}]\n", "r:2:18: service: expected a string"},
    {"version: 1\nvips: [{service: a/b}]\n", "r:2:8: uid: expected a string"},
    {"version: 1\nvips: [{service: a/b, uid: u, address: 10.0.0.256}]\n",
     "r:2:40: address: expected an IPv4 or IPv6 address that can be used"},
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
};

static void bad_text(void **state)
{
	for (size_t i = 0; i < COUNT(refusals); i++) {
		struct record *r = NULL;
		struct diag_list diags = {0};
		char line[200];
		int err = record_parse("r", refusals[i].text, strlen(refusals[i].text), &r, &diags);

		if (!refusals[i].text[0]) {
			assert_int_equal(err, 0); /* an empty file: nothing is remembered */
			record_free(r);
			continue;
		}
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
	    cmocka_unit_test(round_trip), cmocka_unit_test(who_has_what), cmocka_unit_test(put_and_drop),
	    cmocka_unit_test(shared),     cmocka_unit_test(bad_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
