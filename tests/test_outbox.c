/* Changes become messages; a picture when that is shorter. */
#include "../src/outbox.h"

#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct vs server(uint32_t host, struct real *reals, uint32_t n)
{
	struct vs v = {.key = {addr_from_v4(host), 80, IPPROTO_TCP}, .sched = "rr", .granularity = 32, .n = n};

	for (uint32_t i = 0; i < n; i++)
		reals[i] = (struct real){.addr = addr_from_v4(0x0a200001 + i), .port = 8080, .weight = 1};
	v.reals = reals;
	return v;
}

static struct vip address(uint32_t host)
{
	return (struct vip){
	    .addr = addr_from_v4(host), .bits = 32, .kind = VIP_CLIENT, .router = ROUTER_NONE, .ifname = "eth0"};
}

/* Both sides as after their first picture. */
static struct outbox *ready(size_t message)
{
	struct outbox *o = outbox_new(message);

	for (int side = 0; side < OUTBOX_SIDES; side++) {
		assert_true(outbox_picture_due(o, side));
		outbox_picture_done(o, side);
		assert_false(outbox_picture_due(o, side));
	}
	return o;
}

static void test_rows(void **state)
{
	struct outbox *o = ready(4096);
	struct real reals[4];
	struct vs v = server(0x0a600001, reals, 4), got;
	struct vip vip = address(0x0a040032);
	struct vip_row row;
	const void *bytes;
	const char *why;
	enum row_op op;
	size_t len, at = 0;

	outbox_vs_set(o, &v);
	outbox_vs_delete(o, &v.key);
	outbox_vip_set(o, &vip);
	outbox_vip_delete(o, &vip.addr);
	assert_true(outbox_waiting(o, OUTBOX_IPVS) > 0);

	assert_true(outbox_next(o, OUTBOX_IPVS, &bytes, &len));
	assert_int_equal(wire_next_row(bytes, len, &at, &op, &got, &why), 1);
	assert_int_equal(op, ROW_SET);
	assert_true(vs_equal(&got, &v));
	vs_clear(&got);
	assert_int_equal(wire_next_row(bytes, len, &at, &op, &got, &why), 1);
	assert_int_equal(op, ROW_DELETE);
	assert_int_equal(vs_key_cmp(&got.key, &v.key), 0);
	vs_clear(&got);
	assert_int_equal(wire_next_row(bytes, len, &at, &op, &got, &why), 0);
	assert_false(outbox_next(o, OUTBOX_IPVS, &bytes, &len));
	assert_int_equal(outbox_waiting(o, OUTBOX_IPVS), 0);

	at = 0;
	assert_true(outbox_next(o, OUTBOX_VRRP, &bytes, &len));
	assert_int_equal(vipwire_next_row(bytes, len, &at, &row, &why), 1);
	assert_int_equal(row.op, VIP_SET);
	assert_int_equal(vip_cmp(&row.vip, &vip), 0);
	assert_int_equal(vipwire_next_row(bytes, len, &at, &row, &why), 1);
	assert_int_equal(row.op, VIP_DELETE);
	assert_int_equal(vipwire_next_row(bytes, len, &at, &row, &why), 0);
	assert_false(outbox_next(o, OUTBOX_VRRP, &bytes, &len));
	outbox_free(o);
}

/* Rows that do not fit into one message go into several, in order. */
static void test_split(void **state)
{
	struct outbox *o = ready(600);
	struct real reals[4];
	uint32_t next = 0;
	const void *bytes;
	size_t len, messages = 0;

	for (uint32_t i = 0; i < 100; i++) {
		struct vs v = server(0x0a600000 + i, reals, 4);

		outbox_vs_set(o, &v);
	}
	for (; outbox_next(o, OUTBOX_IPVS, &bytes, &len); messages++) {
		const char *why;
		enum row_op op;
		struct vs got;
		size_t at = 0;

		assert_in_range(len, 1, 600);
		while (wire_next_row(bytes, len, &at, &op, &got, &why) == 1) {
			struct addr a = addr_from_v4(0x0a600000 + next++);

			assert_true(addr_equal(&got.key.addr, &a));
			vs_clear(&got);
		}
	}
	assert_int_equal(next, 100);
	assert_true(messages > 10);
	outbox_free(o);
}

static void test_too_large(void **state)
{
	struct outbox *o = ready(600);
	struct real reals[100];
	struct vs v = server(0x0a600001, reals, 2);
	const void *bytes;
	size_t len;

	outbox_vs_set(o, &v);
	v = server(0x0a600001, reals, 100);
	outbox_vs_set(o, &v);
	assert_true(outbox_picture_due(o, OUTBOX_IPVS));
	assert_false(outbox_picture_due(o, OUTBOX_VRRP));
	assert_false(outbox_next(o, OUTBOX_IPVS, &bytes, &len));
	outbox_vs_set(o, &v); /* nothing is collected while a picture is due */
	assert_int_equal(outbox_waiting(o, OUTBOX_IPVS), 0);
	outbox_free(o);
}

static void test_too_many(void **state)
{
	struct outbox *o = ready(60 << 10);
	struct real reals[10];
	size_t most = 0;

	for (uint32_t i = 0; !outbox_picture_due(o, OUTBOX_IPVS); i++) {
		struct vs v = server(0x0a600000 + i, reals, 10);

		outbox_vs_set(o, &v);
		if (outbox_waiting(o, OUTBOX_IPVS) > most)
			most = outbox_waiting(o, OUTBOX_IPVS);
		assert_true(i < 100000);
	}
	assert_in_range(most, OUTBOX_MAX / 2, OUTBOX_MAX);
	assert_int_equal(outbox_waiting(o, OUTBOX_IPVS), 0);
	outbox_free(o);
}

static void test_drop(void **state)
{
	struct outbox *o = ready(4096);
	struct vip vip = address(0x0a040032);
	const void *bytes;
	size_t len;

	outbox_vip_set(o, &vip);
	assert_true(outbox_next(o, OUTBOX_VRRP, &bytes, &len));
	outbox_vip_set(o, &vip);
	outbox_want_picture(o, OUTBOX_VRRP);
	assert_false(outbox_next(o, OUTBOX_VRRP, &bytes, &len));
	outbox_picture_done(o, OUTBOX_VRRP);
	outbox_vip_set(o, &vip);
	assert_true(outbox_next(o, OUTBOX_VRRP, &bytes, &len));
	outbox_vip_set(o, &vip);
	outbox_free(o);
	outbox_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_rows),     cmocka_unit_test(test_split), cmocka_unit_test(test_too_large),
	    cmocka_unit_test(test_too_many), cmocka_unit_test(test_drop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
