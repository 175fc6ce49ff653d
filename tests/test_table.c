/* ipvs/table.c: order, equality, names, and the table. */
#include "../ipvs/table.h"
#include "ipvs_values.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static void keys_order(void **state)
{
	const struct vs_key sorted[] = {
	    key_of(IPPROTO_TCP, "10.0.0.1", 80),  key_of(IPPROTO_TCP, "10.0.0.1", 443),
	    key_of(IPPROTO_TCP, "10.0.0.2", 1),   key_of(IPPROTO_TCP, "fd00::1", 1),
	    key_of(IPPROTO_UDP, "10.0.0.1", 80),  key_of(IPPROTO_UDP, "fd00::1", 53),
	    key_of(IPPROTO_SCTP, "10.0.0.1", 80),
	};
	const int n = sizeof sorted / sizeof *sorted;

	for (int i = 0; i < n; i++)
		for (int j = 0; j < n; j++) {
			int order = vs_key_cmp(&sorted[i], &sorted[j]);

			assert_int_equal((order > 0) - (order < 0), (i > j) - (i < j));
		}
}

static void reals_order_by_address_and_port_alone(void **state)
{
	struct real a = real_of("10.0.0.1", 80, FORWARD_NAT, 1), b = a;

	b.weight = 7;
	b.forward = FORWARD_TUN;
	assert_int_equal(real_cmp(&a, &b), 0);
	b.port = 81;
	assert_true(real_cmp(&a, &b) < 0);
	b = real_of("10.0.0.0", 81, FORWARD_NAT, 1);
	assert_true(real_cmp(&a, &b) > 0);
	b = real_of("fd00::1", 1, FORWARD_NAT, 1);
	assert_true(real_cmp(&a, &b) < 0);
}

static void each_field_counts(void **state)
{
	struct real r[] = {real_of("10.0.0.1", 80, FORWARD_NAT, 1), real_of("10.0.0.2", 80, FORWARD_NAT, 1)}, s[2];
	struct vs a = vs_of(IPPROTO_TCP, "10.9.9.9", 80, "rr"), b;

	a.reals = r;
	a.n = 2;
	b = a;
	memcpy(s, r, sizeof s);
	b.reals = s;
	assert_true(vs_equal(&a, &b));
	s[1].weight = 2;
	assert_false(vs_equal(&a, &b));
	assert_true(vs_head_equal(&a, &b));
	s[1] = r[1];
	s[0].forward = FORWARD_DR;
	assert_false(vs_equal(&a, &b));
	s[0] = r[0];
	s[1].port = 81;
	assert_false(vs_equal(&a, &b));
	b.n = 1;
	assert_false(vs_equal(&a, &b));
	for (int field = 0; field < 5; field++) {
		b = a;
		switch (field) {
		case 0:
			b.key.port++;
			break;
		case 1:
			strcpy(b.sched, "wrr");
			break;
		case 2:
			b.flags = VS_ONEPACKET;
			break;
		case 3:
			b.timeout = 1;
			break;
		default:
			b.granularity = 24;
		}
		assert_false(vs_head_equal(&a, &b));
		assert_false(vs_equal(&a, &b));
	}
}

static void texts(void **state)
{
	struct vs_key k = key_of(IPPROTO_TCP, "10.0.0.1", 80);
	struct real r = real_of("10.0.0.1", 65535, FORWARD_NAT, 1);
	char buf[VS_KEY_TEXT];

	assert_string_equal(vs_key_format(&k, buf), "TCP 10.0.0.1:80");
	k = key_of(IPPROTO_SCTP, "fd00:1111:2222:3333:4444:5555:6666:7777", 65535);
	assert_string_equal(vs_key_format(&k, buf), "SCTP [fd00:1111:2222:3333:4444:5555:6666:7777]:65535");
	k.proto = 1;
	assert_int_equal(vs_key_format(&k, buf)[0], '?');
	assert_string_equal(real_format(&r, buf), "10.0.0.1:65535");
	r = real_of("fd00::1", 1, FORWARD_NAT, 1);
	assert_string_equal(real_format(&r, buf), "[fd00::1]:1");
}

static void names(void **state)
{
	static const char *const bad[] = {"", "nat", "NA", "NATX", "none"};
	static const char *const scheds[] = {"rr", "wrr", "lc", "wlc", "lblc", "lblcr", "sh",
					     "dh", "sed", "nq", "mh",  "fo",   "ovf"};
	enum forward f = FORWARD_NAT;
	uint8_t proto = 0;

	for (int i = FORWARD_NAT; i <= FORWARD_TUN; i++) {
		assert_int_equal(forward_parse(forward_name((enum forward)i), &f), 0);
		assert_int_equal(f, i);
	}
	assert_string_equal(forward_name((enum forward)FORWARD_OTHER), "?");
	f = FORWARD_DR;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		assert_int_equal(forward_parse(bad[i], &f), -EINVAL);
		assert_int_equal(proto_parse(bad[i], &proto), -EINVAL);
		assert_false(sched_known(bad[i]));
	}
	assert_int_equal(f, FORWARD_DR);
	assert_int_equal(proto_parse("tcp", &proto), -EINVAL);
	assert_int_equal(proto, 0);
	assert_int_equal(proto_parse("UDP", &proto), 0);
	assert_int_equal(proto, IPPROTO_UDP);
	assert_string_equal(proto_name(IPPROTO_SCTP), "SCTP");
	assert_string_equal(proto_name(1), "?");
	for (size_t i = 0; i < sizeof scheds / sizeof *scheds; i++)
		assert_true(sched_known(scheds[i]));
}

static void put_sorts_and_copies(void **state)
{
	struct real r[] = {real_of("10.0.0.3", 80, FORWARD_NAT, 3), real_of("10.0.0.1", 80, FORWARD_NAT, 1),
			   real_of("10.0.0.2", 80, FORWARD_NAT, 2)};
	struct vs v = vs_of(IPPROTO_TCP, "10.9.9.9", 80, "rr");
	struct table *t = table_new();
	const struct vs *got;

	v.reals = r;
	v.n = 3;
	assert_int_equal(table_put(t, &v), 0);
	memset(r, 0, sizeof r);
	got = table_get(t, &v.key);
	assert_non_null(got);
	assert_int_equal(got->n, 3);
	for (uint32_t i = 0; i < 3; i++)
		assert_int_equal(got->reals[i].weight, i + 1);
	assert_int_equal(table_reals(t), 3);
	table_free(t);
	table_free(NULL);
}

static void put_refuses_a_repeat(void **state)
{
	struct real r[] = {real_of("10.0.0.2", 80, FORWARD_NAT, 1), real_of("10.0.0.1", 80, FORWARD_NAT, 1),
			   real_of("10.0.0.2", 80, FORWARD_DR, 2)};
	struct vs v = vs_of(IPPROTO_TCP, "10.9.9.9", 80, "rr");
	struct table *t = table_new();

	v.reals = r;
	v.n = 3;
	assert_int_equal(table_put(t, &v), -EEXIST);
	assert_int_equal(table_count(t), 0);
	assert_null(table_get(t, &v.key));
	v.n = 2;
	assert_int_equal(table_put(t, &v), 0);
	v.n = 3;
	strcpy(v.sched, "wrr");
	assert_int_equal(table_put(t, &v), -EEXIST);
	assert_string_equal(table_get(t, &v.key)->sched, "rr");
	assert_int_equal(table_reals(t), 2);
	table_free(t);
}

static void replace_keeps_order_and_place(void **state)
{
	struct vs v = vs_of(IPPROTO_TCP, "10.9.9.9", 80, "rr");
	struct real r = real_of("10.0.0.1", 80, FORWARD_NAT, 1);
	struct table *t = table_new();
	const struct vs *const *all;
	const struct vs *before;
	size_t n;

	assert_int_equal(table_put(t, &v), 0);
	before = table_get(t, &v.key);
	v.reals = &r;
	v.n = 1;
	strcpy(v.sched, "sh");
	assert_int_equal(table_put(t, &v), 0);
	all = table_sorted(t, &n);
	assert_int_equal(n, 1);
	assert_ptr_equal(all[0], before);
	assert_ptr_equal(all[0], table_get(t, &v.key));
	assert_string_equal(all[0]->sched, "sh");
	assert_int_equal(table_reals(t), 1);
	v.n = 0;
	assert_int_equal(table_put(t, &v), 0);
	assert_int_equal(table_reals(t), 0);
	assert_null(table_get(t, &v.key)->reals);
	table_free(t);
}

static struct vs numbered(unsigned i)
{
	struct vs v = vs_of(IPPROTO_TCP, "10.0.0.0", (uint16_t)(1 + i % 7), "rr");

	v.key.addr = addr_from_v4(0x0a000000u + i / 7);
	return v;
}

static void check_sorted(struct table *t, size_t want)
{
	size_t n;
	const struct vs *const *all = table_sorted(t, &n);

	assert_int_equal(n, want);
	assert_int_equal(table_count(t), want);
	for (size_t i = 1; i < n; i++)
		assert_true(vs_key_cmp(&all[i - 1]->key, &all[i]->key) < 0);
}

static void many_come_and_go(void **state)
{
	enum { N = 5000 };
	struct table *t = table_new();
	bool present[N] = {false};
	uint64_t seed = 1;
	size_t count = 0;

	check_sorted(t, 0);
	for (int step = 0; step < 30000; step++) {
		unsigned i = random_below(&seed, N);
		struct vs v = numbered(i);

		if (random_below(&seed, 3)) {
			assert_int_equal(table_put(t, &v), 0);
			count += !present[i];
			present[i] = true;
		} else {
			assert_int_equal(table_del(t, &v.key), present[i]);
			count -= present[i];
			present[i] = false;
		}
		if (step % 5000 == 0)
			check_sorted(t, count);
	}
	check_sorted(t, count);
	for (unsigned i = 0; i < N; i++) {
		struct vs v = numbered(i);

		assert_int_equal(table_get(t, &v.key) != NULL, present[i]);
	}
	table_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(keys_order),
	    cmocka_unit_test(reals_order_by_address_and_port_alone),
	    cmocka_unit_test(each_field_counts),
	    cmocka_unit_test(texts),
	    cmocka_unit_test(names),
	    cmocka_unit_test(put_sorts_and_copies),
	    cmocka_unit_test(put_refuses_a_repeat),
	    cmocka_unit_test(replace_keeps_order_and_place),
	    cmocka_unit_test(many_come_and_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
