/* Counters written and read back; answers that are cut short. */
#include "../ipvs/counters.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

static struct vs_key key(uint16_t port)
{
	return (struct vs_key){.addr = addr_from_v4(0x0a000001), .port = port, .proto = IPPROTO_TCP};
}

static void test_heads(void **state)
{
	struct counters_out o = {0};
	struct counted_head h;

	for (uint16_t i = 1; i <= 3; i++) {
		struct vs_key k = key(i);

		counters_add_head(&o, &k, &(struct counters){.connections = i, .out_bytes = UINT64_MAX});
	}
	assert_int_equal(counters_heads(o.len), 3);
	assert_int_equal(counters_heads(o.len - 1), -1);
	assert_int_equal(counters_heads(0), 0);
	counters_head(o.bytes, 2, &h);
	assert_int_equal(h.key.port, 3);
	assert_int_equal(h.counters.connections, 3);
	assert_true(h.counters.out_bytes == UINT64_MAX);
	free(o.bytes);
}

/* The gaps of a key are written as zeros, whatever was in them: the other process is another user's. */
static void test_gaps(void **state)
{
	struct vs_key clean, dirty;
	struct counters_out a = {0}, b = {0};

	memset(&clean, 0, sizeof clean);
	memset(&dirty, 0xa5, sizeof dirty);
	clean.addr = dirty.addr = addr_from_v4(0x0a000001);
	clean.port = dirty.port = 80;
	clean.proto = dirty.proto = IPPROTO_TCP;
	counters_add_head(&a, &clean, &(struct counters){0});
	counters_add_key(&a, &clean);
	counters_add_head(&b, &dirty, &(struct counters){0});
	counters_add_key(&b, &dirty);
	assert_int_equal(a.len, b.len);
	assert_memory_equal(a.bytes, b.bytes, a.len);
	free(a.bytes);
	free(b.bytes);
}

static void test_reals(void **state)
{
	struct counters_out o = {0};
	struct counted_reals r;
	struct counted_real one;
	size_t at = 0, reals, place;

	for (uint16_t i = 1; i <= 3; i++) {
		struct vs_key k = key(i);

		place = counters_add_key(&o, &k);
		for (uint16_t n = 1; n < i; n++) {
			memset(&one, 0, sizeof one);
			one.port = n;
			one.counters.in_packets = 10u * n;
			counters_add_real(&o, place, &one);
		}
	}
	place = counters_add_key(&o, &(struct vs_key){.port = 9});
	counters_add_real(&o, place, &one);
	counters_drop(&o, place);
	for (uint16_t i = 1; i <= 3; i++) {
		assert_true(counters_next(o.bytes, o.len, &at, &r, &reals));
		assert_int_equal(r.key.port, i);
		assert_int_equal(r.n, i - 1);
		for (uint32_t n = 0; n < r.n; n++) {
			counters_real(o.bytes, reals, n, &one);
			assert_int_equal(one.port, n + 1);
			assert_int_equal(one.counters.in_packets, 10 * (n + 1));
		}
	}
	assert_int_equal(at, o.len);
	assert_false(counters_next(o.bytes, o.len, &at, &r, &reals));
	for (size_t len = 0; len < o.len; len++) { /* an end is never passed */
		char *cut = malloc(len + 1);

		memcpy(cut, o.bytes, len);
		for (at = 0; counters_next(cut, len, &at, &r, &reals);)
			assert_true(at <= len);
		free(cut);
	}
	free(o.bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_heads), cmocka_unit_test(test_gaps),
					   cmocka_unit_test(test_reals)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
