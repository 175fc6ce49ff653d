/* src/base/addr.c: text, order, ranges, prefixes. */
#include "../src/base/addr.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

static struct addr addr_of(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(text, &a), 0);
	return a;
}

static struct cidr cidr_of(const char *text)
{
	struct cidr c;

	assert_int_equal(cidr_parse(text, &c), 0);
	return c;
}

static void parse_format(void **state)
{
	static const struct {
		const char *text, *canonical;
	} rows[] = {
	    {"10.0.0.1", "10.0.0.1"},
	    {"0.0.0.0", "0.0.0.0"},
	    {"9.10.99.100", "9.10.99.100"},
	    {"101.109.200.5", "101.109.200.5"},
	    {"255.255.255.255", "255.255.255.255"},
	    {"::", "::"},
	    {"::1", "::1"},
	    {"FD00:0:0:0:0:0:0:10", "fd00::10"},
	    {"2001:db8::1:0:0:1", "2001:db8::1:0:0:1"},
	    {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
	    {"::ffff:10.0.0.1", "::ffff:10.0.0.1"},
	};
	char buf[ADDR_TEXT];

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct addr a = addr_of(rows[i].text);

		assert_string_equal(addr_format(&a, buf), rows[i].canonical);
	}
	assert_string_equal(addr_format(&(struct addr){0}, buf), "-");
}

static void parse_refuses(void **state)
{
	static const char *const rows[] = {"",
					   "10.0.0.256",
					   "010.1.1.1",
					   "10.1.1.01",
					   "10.1.1",
					   "10.1.1.1.1",
					   " 10.1.1.1",
					   "10.1.1.1 ",
					   "0x0a.1.1.1",
					   "10.1.1.1/8",
					   "-1.1.1.1",
					   "a.b.c.d",
					   "fe80::1%eth0",
					   ":",
					   ":::",
					   "1::2::3",
					   "12345::",
					   "1:2:3:4:5:6:7",
					   "1:2:3:4:5:6:7:8:9",
					   "g::",
					   "::1 ",
					   "[::1]"};
	struct addr a = {.family = 99};

	for (size_t i = 0; i < COUNT(rows); i++)
		if (addr_parse(rows[i], &a) != -EINVAL)
			fail_msg("taken: \"%s\"", rows[i]);
	assert_int_equal(a.family, 99);
}

static void order(void **state)
{
	static const char *const rows[] = {"0.0.0.1", "10.0.0.1", "10.0.0.2", "200.0.0.1", "::1", "fd00::1", "fd00::2"};
	struct addr none = {0};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct addr a = addr_of(rows[i]);

		assert_true(addr_cmp(&none, &a) < 0);
		for (size_t j = 0; j < COUNT(rows); j++) {
			struct addr b = addr_of(rows[j]);
			int c = addr_cmp(&a, &b);

			assert_int_equal((c > 0) - (c < 0), (i > j) - (i < j));
			assert_int_equal(addr_equal(&a, &b), i == j);
		}
	}
}

static void lengths(void **state)
{
	struct addr v4 = addr_from_v4(0x0a000001), v6 = addr_of("fd00::1"), none = {0};
	struct addr same4 = addr_from_bytes(AF_INET, "\x0a\0\0\1"), same6 = addr_from_bytes(AF_INET6, v6.bytes);

	assert_int_equal(addr_len(&v4), 4);
	assert_int_equal(addr_len(&v6), 16);
	assert_int_equal(addr_len(&none), 0);
	assert_int_equal(addr_bits(&v4), 32);
	assert_int_equal(addr_bits(&v6), 128);
	assert_true(addr_equal(&v4, &same4));
	assert_true(addr_equal(&v6, &same6));
}

static void usable(void **state)
{
	static const struct {
		const char *text, *why;
	} rows[] = {
	    {"10.0.0.1", NULL},
	    {"169.253.0.1", NULL},
	    {"fd00::1", NULL},
	    {"2001:db8::1", NULL},
	    {"0.0.0.0", "is the unspecified address"},
	    {"::", "is the unspecified address"},
	    {"127.0.0.1", "is a loopback address"},
	    {"::1", "is a loopback address"},
	    {"224.0.0.18", "is a multicast address"},
	    {"239.255.255.255", "is a multicast address"},
	    {"ff02::12", "is a multicast address"},
	    {"255.255.255.255", "is the broadcast address"},
	    {"169.254.1.1", "is a link-local address"},
	    {"fe80::1", "is a link-local address"},
	    {"febf::1", "is a link-local address"},
	    {"fec0::1", NULL},
	    {"::ffff:10.0.0.1", "is an IPv4-mapped IPv6 address"},
	    {"0.0.0.1", "is in a reserved range"},
	    {"240.0.0.1", "is in a reserved range"},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct addr a = addr_of(rows[i].text);
		const char *why = addr_unusable(&a);

		if (!why != !rows[i].why || (why && strcmp(why, rows[i].why) != 0))
			fail_msg("%s: %s", rows[i].text, why ? why : "usable");
	}
	assert_string_equal(addr_unusable(&(struct addr){0}), "is not an address");
}

static void cidr_text(void **state)
{
	static const char *const good[] = {"10.0.0.0/8", "10.1.2.3/32", "0.0.0.0/0", "fd00::/64", "::1/128"};
	static const char *const bad[] = {
	    "10.0.0.0",    "10.0.0.0/",    "10.0.0.0/33",
	    "10.0.0.0/08", "10.0.0.0/-1",  "10.0.0.0/8x",
	    "/8",          "fd00::/129",   "fd00::/4294967297",
	    "10.0.0/8",    "10.0.0.0/8/8", "0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000/8"};
	struct cidr c = {.bits = 77};
	char buf[CIDR_TEXT];

	for (size_t i = 0; i < COUNT(bad); i++)
		if (cidr_parse(bad[i], &c) != -EINVAL)
			fail_msg("taken: \"%s\"", bad[i]);
	assert_int_equal(c.bits, 77);
	for (size_t i = 0; i < COUNT(good); i++) {
		c = cidr_of(good[i]);
		assert_string_equal(cidr_format(&c, buf), good[i]);
	}
}

static void cidr_network_and_members(void **state)
{
	static const struct {
		const char *cidr, *network, *in, *out;
		uint64_t size;
	} rows[] = {
	    {"10.1.2.3/8", "10.0.0.0", "10.255.0.1", "11.0.0.0", 1 << 24},
	    {"10.1.2.3/23", "10.1.2.0", "10.1.3.255", "10.1.4.0", 512},
	    {"10.1.2.3/32", "10.1.2.3", "10.1.2.3", "10.1.2.2", 1},
	    {"10.1.2.3/0", "0.0.0.0", "200.0.0.1", "fd00::1", (uint64_t)1 << 32},
	    {"fd00::abcd/120", "fd00::ab00", "fd00::abff", "fd00::ac00", 256},
	    {"fd00:1:2:3:4::/64", "fd00:1:2:3::", "fd00:1:2:3:ff::", "fd00:1:2:4::", UINT64_MAX},
	    {"fd00::/65", "fd00::", "fd00::1", "fd00::8000:0:0:0", (uint64_t)1 << 63},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct cidr c = cidr_of(rows[i].cidr);
		struct addr net = cidr_network(&c), want = addr_of(rows[i].network);
		struct addr in = addr_of(rows[i].in), out = addr_of(rows[i].out);

		assert_true(addr_equal(&net, &want));
		assert_true(cidr_contains(&c, &in));
		assert_false(cidr_contains(&c, &out));
		assert_true(cidr_size(&c) == rows[i].size);
	}
}

static void cidr_nth_address(void **state)
{
	static const struct {
		const char *cidr;
		uint64_t offset;
		const char *want; /* NULL: out of range */
	} rows[] = {
	    {"10.0.0.0/24", 0, "10.0.0.0"},
	    {"10.0.0.0/24", 255, "10.0.0.255"},
	    {"10.0.0.0/24", 256, NULL},
	    {"10.0.0.9/16", 300, "10.0.1.44"},
	    {"10.0.0.9/32", 0, "10.0.0.9"},
	    {"10.0.0.9/32", 1, NULL},
	    {"fd00::/112", 0xffff, "fd00::ffff"},
	    {"fd00::/112", 0x10000, NULL},
	    {"fd00::/48", UINT64_MAX, "fd00::ffff:ffff:ffff:ffff"},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct cidr c = cidr_of(rows[i].cidr);
		struct addr a, want;

		if (!rows[i].want) {
			assert_int_equal(cidr_nth(&c, rows[i].offset, &a), -ERANGE);
			continue;
		}
		want = addr_of(rows[i].want);
		assert_int_equal(cidr_nth(&c, rows[i].offset, &a), 0);
		assert_true(addr_equal(&a, &want));
	}
}

static void neighbours(void **state)
{
	static const struct {
		const char *a, *next, *prev;
	} rows[] = {
	    {"10.0.0.255", "10.0.1.0", "10.0.0.254"},
	    {"10.0.1.0", "10.0.1.1", "10.0.0.255"},
	    {"255.255.255.255", NULL, "255.255.255.254"},
	    {"0.0.0.0", "0.0.0.1", NULL},
	    {"fd00::ffff:ffff", "fd00::1:0:0", "fd00::ffff:fffe"},
	    {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", NULL, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe"},
	    {"::", "::1", NULL},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct addr a, b = {0};
		char text[ADDR_TEXT];

		assert_int_equal(addr_parse(rows[i].a, &a), 0);
		assert_int_equal(addr_next(&a, &b), rows[i].next != NULL);
		assert_string_equal(addr_format(&b, text), rows[i].next ? rows[i].next : "-");
		b.family = 0;
		assert_int_equal(addr_prev(&a, &b), rows[i].prev != NULL);
		assert_string_equal(addr_format(&b, text), rows[i].prev ? rows[i].prev : "-");
	}
}

static void last_of_prefix(void **state)
{
	static const struct {
		const char *cidr, *last;
	} rows[] = {{"10.4.0.0/22", "10.4.3.255"},
		    {"10.4.0.9/32", "10.4.0.9"},
		    {"0.0.0.0/0", "255.255.255.255"},
		    {"fd00::/65", "fd00::7fff:ffff:ffff:ffff"},
		    {"fd00::/127", "fd00::1"}};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct cidr c;
		struct addr last;
		char text[ADDR_TEXT];

		assert_int_equal(cidr_parse(rows[i].cidr, &c), 0);
		last = cidr_last(&c);
		assert_string_equal(addr_format(&last, text), rows[i].last);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(neighbours),
	    cmocka_unit_test(last_of_prefix),
	    cmocka_unit_test(parse_format),
	    cmocka_unit_test(parse_refuses),
	    cmocka_unit_test(order),
	    cmocka_unit_test(lengths),
	    cmocka_unit_test(usable),
	    cmocka_unit_test(cidr_text),
	    cmocka_unit_test(cidr_nth_address),
	    cmocka_unit_test(cidr_network_and_members),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
