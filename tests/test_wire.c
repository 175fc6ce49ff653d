/* ipvs/wire_encode.c, wire_decode.c: pictures and rows survive the way; whatever is wrong with them is refused with a reason. */
#include "../ipvs/wire.h"
#include "ipvs_values.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

/* Where fields are: the picture's head is 80 bytes, then key 4 + address, head 52, real servers 6 + address (+ 4 if it leaves). */
enum { PICTURE = 80, KEY4 = PICTURE, HEAD4 = KEY4 + 8, REAL4 = HEAD4 + 52, END4 = REAL4 + 2 * 10 + 4 };

/* One IPv4 virtual server with two real servers. */
static struct table *small_table(void)
{
	struct real r[] = {real_of("10.0.0.1", 8080, FORWARD_NAT, 1),
			   real_of("10.0.0.2", 8080, FORWARD_DR, WEIGHT_MAX)};
	struct vs v = vs_of(IPPROTO_TCP, "10.9.9.9", 80, "wrr");
	struct table *t = table_new();

	v.flags = VS_PERSISTENT;
	v.timeout = 10800;
	v.drain_s = 300;
	v.limits.upper = 512;
	v.limits.lower = 256;
	v.limits.tunnel = TUNNEL_GUE;
	v.limits.tunnel_port = 5568;
	r[1].until = 9;
	v.reals = r;
	v.n = 2;
	assert_int_equal(table_put(t, &v), 0);
	return t;
}

static unsigned char *small_picture(size_t *len)
{
	struct table *t = small_table();
	struct ipvs_settings s = {.adopt = true, .drain_s = 7};
	unsigned char *bytes = wire_encode_table(t, &s, len);

	table_free(t);
	return bytes;
}

static void golden(void **state)
{
	static const unsigned char want[] = {
	    'V',  'P',  'V',  'S',  5,    0,    1,  0, 7,  0, 0, 0, 1, 0, 0, 0, 2,  0, 0, 0, /* head */
	    0,    0,    0,    0,    0,    0,    0,  0, 0,  0, 0, 0, 0, 0, 0, 0,              /* sync: interface */
	    0,    0,    0,    0,    0,    0,    0,  0, 0,  0, 0, 0, 0, 0, 0, 0,              /* ... group */
	    0,    0,    0,    0,    0,    0,    0,  0, 0,  0, 0, 0, 0, 0, 0, 0,              /* ... the rest */
	    0,    0,    0,    0,                                                             /* gates */
	    0,    0,    0,    0,    0,    0,    0,  0,                                       /* nat */
	    80,   0,    6,    2,    10,   9,    9,  9,                                       /* key */
	    1,    0,    0,    0,    0x30, 0x2a, 0,  0, 44, 1, 0, 0, 2, 0, 0, 0, /* flags, timeout, drain, n */
	    0,    2,    0,    0,    0,    1,    0,  0,                          /* thresholds */
	    'w',  'r',  'r',  0,    0,    0,    0,  0, 0,  0, 0, 0, 0, 0, 0, 0, 32, 1, 0, 0,
	    0xc0, 0x15, 0,    0,    0,    0,    0,  0,                    /* tunnel's port, source ranges, kind */
	    0x90, 0x1f, 1,    0,    2,    0,    10, 0, 0,  1,             /* 10.0.0.1:8080 NAT 1 */
	    0x90, 0x1f, 0xff, 0xff, 2,    0x81, 10, 0, 0,  2, 9, 0, 0, 0, /* 10.0.0.2:8080 DR 65535, leaves at 9 */
	};
	size_t len;
	unsigned char *bytes = small_picture(&len);

	assert_int_equal(len, END4);
	assert_int_equal(sizeof want, END4);
	assert_memory_equal(bytes, want, len);
	free(bytes);
}

static void random_fill(struct table *t, uint64_t *seed, unsigned n)
{
	static const char *const scheds[] = {"rr", "lblcr", "mh", "ovf"};
	static const uint8_t protos[] = {IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP};

	for (unsigned i = 0; i < n; i++) {
		bool six = random_below(seed, 2);
		struct real reals[20];
		struct vs v = vs_of(protos[random_below(seed, 3)], six ? "fd00::1" : "10.0.0.1",
				    (uint16_t)(1 + random_below(seed, 65535)), scheds[random_below(seed, 4)]);

		v.flags = (random_below(seed, 2) ? VS_SCHED2 : 0u) | (random_below(seed, 2) ? VS_PERSISTENT : 0u);
		v.timeout = v.flags & VS_PERSISTENT ? 1 + random_below(seed, 2678400) : 0;
		v.drain_s = random_below(seed, DRAIN_MAX_S + 1);
		v.granularity = (uint8_t)(1 + random_below(seed, addr_bits(&v.key.addr)));
		v.reals = reals;
		for (uint32_t m = random_below(seed, 21); v.n < m; v.n++) {
			bool other = random_below(seed, 8) == 0;

			reals[v.n] = real_of(six != other ? "fd00:1::1" : "10.1.0.1", (uint16_t)(1 + v.n),
					     other ? FORWARD_TUN : (enum forward)random_below(seed, 3),
					     random_below(seed, WEIGHT_MAX + 1));
			reals[v.n].until = random_below(seed, 4) ? 0 : UNTIL_MAX - random_below(seed, 9);
		}
		assert_int_equal(table_put(t, &v), 0);
	}
}

static void pictures_survive(void **state)
{
	uint64_t seed = 7;

	for (unsigned round = 0; round < 50; round++) {
		struct table *t = table_new(), *back = NULL;
		struct ipvs_settings s = {.adopt = round & 1, .drain_s = round}, got = {0};
		const char *reason = NULL;
		const struct vs *const *a, *const *b;
		size_t len, n, m;
		void *bytes;

		random_fill(t, &seed, round * 4);
		bytes = wire_encode_table(t, &s, &len);
		assert_int_equal(wire_decode_table(bytes, len, &back, &got, &reason), 0);
		assert_int_equal(got.adopt, s.adopt);
		assert_int_equal(got.drain_s, s.drain_s);
		a = table_sorted(t, &n);
		b = table_sorted(back, &m);
		assert_int_equal(n, m);
		assert_int_equal(table_reals(t), table_reals(back));
		for (size_t i = 0; i < n; i++)
			assert_true(vs_equal(a[i], b[i]));
		free(bytes);
		table_free(t);
		table_free(back);
	}
}

static struct ipvs_settings rich_settings(void)
{
	struct ipvs_settings s = {.sync = {.on = true,
					   .ifname = "eth0",
					   .id = 3,
					   .group = addr_of("224.0.0.81"),
					   .port = SYNC_PORT,
					   .ttl = 2,
					   .maxlen = 1000,
					   .threshold = 3,
					   .period = 50},
				  .n_gates = 2,
				  .gates = {"vips", "vips-ipv6"},
				  .bind6 = true,
				  .nat = {.masquerade = MASQUERADE_AUTO,
					  .mark_bit = 13,
					  .backend = BACKEND_LEGACY,
					  .refuse = true,
					  .n_pods = 2,
					  .pods = {{addr_of("10.32.0.0"), 16}, {addr_of("fd32::"), 64}},
					  .n_behind = 1,
					  .behind = {{addr_of("10.33.0.0"), 24}},
					  .n_allowed = 1,
					  .allowed = {{22, IPPROTO_TCP}}}};

	return s;
}

static void settings_survive(void **state)
{
	struct table *t = small_table(), *back = NULL;
	struct ipvs_settings s = rich_settings(), got = {0};
	struct vs v = vs_of(IPPROTO_TCP, "10.9.9.10", 80, "rr");
	struct cidr ranges[] = {{addr_of("10.0.0.0"), 8}, {addr_of("192.0.2.1"), 32}};
	struct real here = real_of("10.32.0.5", 80, FORWARD_NAT, 1);
	const char *reason = NULL;
	unsigned char *bytes, *again;
	size_t len, same;

	here.here = true;
	v.gate = 2;
	v.kind = VS_BALANCER;
	v.keep_source = v.added = true;
	v.health_port = 32080;
	v.n_ranges = 2;
	v.ranges = ranges;
	v.n = 1;
	v.reals = &here;
	assert_int_equal(table_put(t, &v), 0);
	bytes = wire_encode_table(t, &s, &len);
	assert_int_equal(wire_decode_table(bytes, len, &back, &got, &reason), 0);
	assert_true(got.sync.on);
	assert_string_equal(got.sync.ifname, "eth0");
	assert_true(addr_equal(&got.sync.group, &s.sync.group));
	assert_int_equal(got.sync.period, 50);
	assert_int_equal(got.n_gates, 2);
	assert_string_equal(got.gates[1], "vips-ipv6");
	assert_false(got.bind4);
	assert_true(got.bind6);
	assert_true(vs_equal(table_get(back, &v.key), &v));
	assert_true(nat_equal(&got.nat, &s.nat));
	again = wire_encode_table(back, &got, &same);
	assert_int_equal(same, len);
	assert_memory_equal(again, bytes, len);
	free(again);
	free(bytes);
	table_free(back);
	table_free(t);
	/* gates alone, without a virtual server */
	t = table_new();
	bytes = wire_encode_table(t, &s, &len);
	table_free(t);
	assert_int_equal(wire_decode_table(bytes, len, &back, &got, &reason), 0);
	assert_int_equal(got.n_gates, 2);
	table_free(back);
	free(bytes);
}

/* A reason in words, and nothing written. */
static void refused(const unsigned char *bytes, size_t len, const char *why)
{
	unsigned char *exact = malloc(len ? len : 1); /* so that a tool sees a read behind the end */
	struct table *t = NULL;
	struct ipvs_settings s = {.drain_s = 99};
	const char *reason = NULL;

	assert_non_null(exact);
	memcpy(exact, bytes, len);
	assert_int_equal(wire_decode_table(exact, len, &t, &s, &reason), -EINVAL);
	assert_null(t);
	assert_int_equal(s.drain_s, 99);
	assert_non_null(reason);
	if (why)
		assert_string_equal(reason, why);
	free(exact);
}

static void cut_anywhere(void **state)
{
	size_t len;
	unsigned char *bytes = small_picture(&len);

	for (size_t n = 0; n < len; n++)
		refused(bytes, n, "cut short");
	bytes = realloc(bytes, len + 1);
	assert_non_null(bytes);
	bytes[len] = 0;
	refused(bytes, len + 1, "bytes behind the last virtual server");
	free(bytes);
}

static const struct damage {
	size_t at;
	unsigned char value[4];
	size_t n;
	const char *why;
} damages[] = {
    {0, "X", 1, "not a table of virtual servers"},
    {4, "\1", 1, "another version of vipd made this table"},
    {6, "\2", 1, "unknown setting"},
    {7, "\2", 1, "unknown setting"},
    {7, "\1", 1, "interface name is empty or has no end"},
    {20, "e", 1, "settings of a sync that is off"},
    {67, "\1", 1, "unknown setting"},
    {72, "\3", 1, "unknown setting of nat"},
    {73, "\40", 1, "unknown setting of nat"},
    {74, "\3", 1, "unknown setting of nat"},
    {75, "\40", 1, "unknown setting"},
    {76, "\21", 1, "too many networks or ports"},
    {77, "\1", 1, "unknown address family"},
    {78, "\1", 1, "reserved bytes are not zero"},
    {79, "\1", 1, "unknown setting"},
    {68, "\1", 1, "bytes behind a gate's name"},
    {68, "\1\4\0\0", 4, "too many gates"},
    {12, "\1\0\x10\0", 4, "too many virtual servers"},
    {12, "\2", 1, "cut short"},
    {12, "\0", 1, "bytes behind the last virtual server"},
    {16, "\xff\xff\xff\xff", 4, "cut short"},
    {16, "\1", 1, "wrong number of real servers"},
    {KEY4, "\0\0", 2, "virtual server with port 0"},
    {KEY4 + 2, "\1", 1, "unknown protocol"},
    {KEY4 + 3, "\3", 1, "unknown address family"},
    {KEY4 + 4, "\0\0\0\0", 4, "is the unspecified address"},
    {KEY4 + 4, "\xe0", 1, "is a multicast address"},
    {HEAD4, "\3", 1, "unknown flag"},
    {HEAD4, "\0", 1, "persistence timeout out of range"},
    {HEAD4 + 4, "\0\0\0\0", 4, "persistence timeout out of range"},
    {HEAD4 + 4, "\x81\xde\x28\0", 4, "persistence timeout out of range"},
    {HEAD4 + 12, "\1\0\1\0", 4, "too many real servers"},
    {HEAD4 + 12, "\3", 1, "cut short"},
    {HEAD4 + 12, "\1", 1, "bytes behind the last virtual server"},
    {HEAD4 + 24, "x", 1, "unknown scheduler"},
    {HEAD4 + 24, "none", 4, "unknown scheduler"},
    {HEAD4 + 24 + 4, "x", 1, "bytes behind the scheduler's name"},
    {HEAD4 + 40, "\0", 1, "persistence granularity out of range"},
    {HEAD4 + 40, "\x21", 1, "persistence granularity out of range"},
    {HEAD4 + 48, "\5", 1, "unknown kind of virtual server"},
    {HEAD4 + 46, "\1", 1, "a source range of no such length"},
    {HEAD4 + 47, "\5", 1, "too many source ranges"},
    {HEAD4 + 49, "\1", 1, "reserved bytes are not zero"},
    {HEAD4 + 8, "\x81\x51\1", 3, "drain timeout out of range"},
    {HEAD4 + 19, "\x80", 1, "upper threshold out of range"},
    {HEAD4 + 20, "\1\2", 2, "lower threshold above the upper"},
    {HEAD4 + 41, "\0", 1, "no such tunnel"},
    {HEAD4 + 41, "\2", 1, "no such tunnel"},
    {HEAD4 + 41, "\3", 1, "no such tunnel"},
    {HEAD4 + 44, "\0\0", 2, "no such tunnel"},
    {REAL4 + 20, "\0", 1, "time of leaving out of range"},
    {HEAD4 + 42, "\1", 1, "a gate that is not there"},
    {HEAD4 + 43, "\5", 1, "gate out of range"},
    {REAL4, "\0\0", 2, "real server with port 0"},
    {REAL4 + 4, "\7", 1, "a real server of the other address family needs TUN"},
    {REAL4 + 5, "\3", 1, "unknown forwarding method"},
    {REAL4 + 6, "\x7f", 1, "is a loopback address"},
    {REAL4 + 9, "\2", 1, "real servers repeated or out of order"},
    {REAL4 + 9, "\3", 1, "real servers repeated or out of order"},
};

static void damaged(void **state)
{
	for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
		size_t len;
		unsigned char *bytes = small_picture(&len);

		memcpy(bytes + damages[i].at, damages[i].value, damages[i].n);
		refused(bytes, len, damages[i].why);
		free(bytes);
	}
}

/* A name that fills its room has no end. */
static void endless_name(void **state)
{
	size_t len;
	unsigned char *bytes = small_picture(&len);

	memset(bytes + HEAD4 + 24, 'r', SCHED_NAME);
	refused(bytes, len, "unknown scheduler");
	free(bytes);
}

static void damaged_settings(void **state)
{
	static const struct damage rows[] = {
	    {20 + 8, "x", 1, "interface name has bytes behind its end"},
	    {36, "\12", 1, "sync group is no multicast address"},
	    {36 + 4, "\1", 1, "IPv4 address has bytes behind its end"},
	    {52, "\63", 1, "sync threshold is not below the period"},
	    {60, "\0\0", 2, "sync port or TTL is 0"},
	    {64, "\5", 1, "sync group is no multicast address"},
	    {66, "\0", 1, "sync port or TTL is 0"},
	    {68, "\3", 1, "bytes behind a gate's name"},
	    {PICTURE, "\0", 1, "a gate's name is empty or has no end"},
	    {PICTURE + 5, "x", 1, "bytes behind a gate's name"},
	    {PICTURE + GATE_NAME + 31, "x", 1, "bytes behind a gate's name"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct table *t = small_table();
		struct ipvs_settings s = rich_settings();
		size_t len;
		unsigned char *bytes = wire_encode_table(t, &s, &len);

		memcpy(bytes + rows[i].at, rows[i].value, rows[i].n);
		refused(bytes, len, rows[i].why);
		free(bytes);
		table_free(t);
	}
}

static void unknown_family_of_tun(void **state)
{
	size_t len;
	unsigned char *bytes = small_picture(&len);

	bytes[REAL4 + 4] = 7;
	bytes[REAL4 + 5] = FORWARD_TUN;
	refused(bytes, len, "unknown address family");
	free(bytes);
}

static void virtual_servers_out_of_order(void **state)
{
	struct table *t = table_new();
	struct vs a = vs_of(IPPROTO_TCP, "10.9.9.9", 80, "rr"), b = vs_of(IPPROTO_TCP, "10.9.9.9", 81, "rr");
	struct ipvs_settings s = {0};
	unsigned char *bytes;
	size_t len;

	assert_int_equal(table_put(t, &a), 0);
	assert_int_equal(table_put(t, &b), 0);
	bytes = wire_encode_table(t, &s, &len);
	for (unsigned char port = 81; port <= 82; port++) {
		bytes[KEY4] = port;
		refused(bytes, len, "virtual servers repeated or out of order");
	}
	free(bytes);
	table_free(t);
}

/* ---- rows */

static size_t small_rows(unsigned char *buf, size_t size)
{
	struct table *t = small_table();
	struct vs six = vs_of(IPPROTO_UDP, "fd00::1", 53, "sh");
	size_t n, at = 0;
	const struct vs *const *all = table_sorted(t, &n);

	at += wire_encode_row(ROW_SET, all[0], buf + at, size - at);
	at += wire_encode_row(ROW_DELETE, &six, buf + at, size - at);
	at += wire_encode_row(ROW_SET, &six, buf + at, size - at);
	table_free(t);
	return at;
}

static void rows_survive(void **state)
{
	unsigned char buf[512];
	size_t len = small_rows(buf, sizeof buf), at = 0;
	struct table *t = small_table();
	struct vs v;
	enum row_op op;
	const char *reason = NULL;
	struct vs_key six = key_of(IPPROTO_UDP, "fd00::1", 53);

	assert_int_equal(wire_next_row(buf, len, &at, &op, &v, &reason), 1);
	assert_int_equal(op, ROW_SET);
	assert_true(vs_equal(&v, table_get(t, &v.key)));
	vs_clear(&v);
	assert_null(v.reals);
	assert_int_equal(wire_next_row(buf, len, &at, &op, &v, &reason), 1);
	assert_int_equal(op, ROW_DELETE);
	assert_int_equal(vs_key_cmp(&v.key, &six), 0);
	vs_clear(&v);
	assert_int_equal(wire_next_row(buf, len, &at, &op, &v, &reason), 1);
	assert_int_equal(op, ROW_SET);
	assert_string_equal(v.sched, "sh");
	assert_int_equal(v.granularity, 128);
	vs_clear(&v);
	assert_int_equal(wire_next_row(buf, len, &at, &op, &v, &reason), 0);
	assert_int_equal(at, len);
	table_free(t);
}

static void row_refused(const unsigned char *bytes, size_t len, const char *why)
{
	unsigned char *exact = malloc(len);
	struct vs v = {.n = 77};
	enum row_op op = ROW_DELETE;
	const char *reason = NULL;
	size_t at = 0;

	assert_non_null(exact);
	memcpy(exact, bytes, len);
	assert_int_equal(wire_next_row(exact, len, &at, &op, &v, &reason), -EINVAL);
	assert_int_equal(at, 0);
	assert_int_equal(op, ROW_DELETE);
	assert_int_equal(v.n, 77);
	assert_string_equal(reason, why);
	free(exact);
}

static void rows_refused(void **state)
{
	unsigned char buf[512];
	struct vs v = vs_of(IPPROTO_UDP, "fd00::1", 53, "sh");
	struct real r[] = {real_of("fd00::2", 53, FORWARD_NAT, 1), real_of("fd00::3", 53, FORWARD_NAT, 1)};
	size_t len;

	v.reals = r;
	v.n = 2;
	len = wire_encode_row(ROW_SET, &v, buf, sizeof buf);
	assert_int_equal(len, 1 + 20 + 52 + 2 * 22);
	for (size_t n = 1; n < len; n++)
		row_refused(buf, n, "cut short");
	buf[len - 1] = 2;
	row_refused(buf, len, "real servers repeated or out of order");
	buf[0] = 2;
	row_refused(buf, len, "unknown kind of row");
	len = wire_encode_row(ROW_DELETE, &v, buf, sizeof buf);
	for (size_t n = 1; n < len; n++)
		row_refused(buf, n, "cut short");
}

static void row_must_fit(void **state)
{
	unsigned char buf[512];
	struct table *t = small_table();
	size_t n;
	const struct vs *v = table_sorted(t, &n)[0];
	size_t len = wire_encode_row(ROW_SET, v, buf, sizeof buf);

	assert_int_equal(len, 1 + END4 - PICTURE);
	assert_int_equal(wire_encode_row(ROW_SET, v, buf, len), len);
	memset(buf, 0xaa, sizeof buf);
	assert_int_equal(wire_encode_row(ROW_SET, v, buf, len - 1), 0);
	assert_int_equal(buf[0], 0xaa);
	assert_int_equal(wire_encode_row(ROW_DELETE, v, buf, 8), 0);
	assert_int_equal(wire_encode_row(ROW_DELETE, v, buf, 9), 9);
	table_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(settings_survive), cmocka_unit_test(damaged_settings),
	    cmocka_unit_test(golden),           cmocka_unit_test(pictures_survive),
	    cmocka_unit_test(cut_anywhere),     cmocka_unit_test(damaged),
	    cmocka_unit_test(endless_name),     cmocka_unit_test(unknown_family_of_tun),
	    cmocka_unit_test(rows_survive),     cmocka_unit_test(virtual_servers_out_of_order),
	    cmocka_unit_test(rows_refused),     cmocka_unit_test(row_must_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
