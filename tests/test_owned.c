/* The ownership record as text: vrrp/owned.c */
#include "../vrrp/owned.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define KEY  "b00t-1d 4026531840"
#define HEAD "vipd-vrrp 1 " KEY "\n"

static struct addr addr_of(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(text, &a), 0);
	return a;
}

static void pending_is(struct owned *o, const char *want)
{
	size_t len;
	const char *text = owned_pending(o, &len);

	assert_int_equal(len, strlen(want));
	if (len)
		assert_memory_equal(text, want, len);
	owned_flushed(o);
}

static void test_lines(void **state)
{
	struct owned *o = owned_new(KEY);
	struct addr four = addr_of("10.0.0.1"), six = addr_of("fd00::1");

	pending_is(o, "");
	owned_add(o, &four, 32, 7);
	pending_is(o, HEAD "+ 10.0.0.1/32 7\n");
	owned_add(o, &four, 32, 7);
	pending_is(o, "");
	owned_add(o, &six, 128, 7);
	owned_add(o, &four, 32, 8);
	owned_add(o, &four, 24, 7);
	pending_is(o, "+ fd00::1/128 7\n+ 10.0.0.1/32 8\n+ 10.0.0.1/24 7\n");
	assert_int_equal(owned_count(o), 4);
	assert_true(owned_has(o, &four, 32, 8));
	assert_false(owned_has(o, &four, 32, 9));
	assert_false(owned_has(o, &six, 64, 7));
	owned_del(o, &four, 32, 8);
	owned_del(o, &four, 32, 8);
	pending_is(o, "- 10.0.0.1/32 8\n");
	assert_false(owned_has(o, &four, 32, 8));
	owned_free(o);
	owned_free(NULL);
}

static void test_device(void **state)
{
	struct owned *o = owned_new(KEY);

	assert_false(owned_has_device(o, 5));
	owned_clear_device(o);
	pending_is(o, "");
	owned_set_device(o, 0);
	pending_is(o, HEAD "device 0\n");
	assert_true(owned_has_device(o, 5));
	owned_set_device(o, 5);
	owned_set_device(o, 5);
	pending_is(o, "device 5\n");
	assert_true(owned_has_device(o, 5));
	assert_false(owned_has_device(o, 6));
	owned_clear_device(o);
	pending_is(o, "nodevice\n");
	assert_false(owned_has_device(o, 5));
	owned_free(o);
}

static void test_replay(void **state)
{
	static const struct {
		const char *why, *text;
		enum owned_replay result;
		size_t count;
		bool device; /* 5 */
	} rows[] = {
	    {"nothing", "", OWNED_EMPTY, 0, false},
	    {"the header alone", HEAD, OWNED_READ, 0, false},
	    {"added", HEAD "+ 10.0.0.1/32 7\n+ fd00::1/128 7\n", OWNED_READ, 2, false},
	    {"added and gone", HEAD "+ 10.0.0.1/32 7\n+ 10.0.0.2/32 7\n- 10.0.0.1/32 7\n", OWNED_READ, 1, false},
	    {"gone without being added", HEAD "- 10.0.0.1/32 7\n", OWNED_READ, 0, false},
	    {"device", HEAD "device 0\ndevice 5\n", OWNED_READ, 0, true},
	    {"device gone", HEAD "device 5\nnodevice\n", OWNED_READ, 0, false},
	    {"unfinished last line", HEAD "+ 10.0.0.1/32 7\n+ 10.0.0.2/3", OWNED_READ, 1, false},
	    {"another boot", "vipd-vrrp 1 other 4026531840\n+ 10.0.0.1/32 7\n", OWNED_OTHER, 0, false},
	    {"another namespace", "vipd-vrrp 1 b00t-1d 4026531841\n+ 10.0.0.1/32 7\n", OWNED_OTHER, 0, false},
	    {"another format", "vipd-vrrp 2 " KEY "\n+ 10.0.0.1/32 7\n", OWNED_VERSION, 0, false},
	    {"a later format", "vipd-vrrp 12 x\n", OWNED_VERSION, 0, false},
	    {"an earlier format", "vipd-vrrp 0 " KEY "\n+ 10.0.0.1/32 7\n", OWNED_VERSION, 0, false},
	    {"no number", "vipd-vrrp x " KEY "\n", OWNED_DAMAGED, 0, false},
	    {"no header", "+ 10.0.0.1/32 7\n", OWNED_DAMAGED, 0, false},
	    {"unfinished header", "vipd-vrrp 1 b00t", OWNED_DAMAGED, 0, false},
	    {"empty line", HEAD "\n+ 10.0.0.1/32 7\n", OWNED_DAMAGED, 1, false},
	    {"bad address", HEAD "+ 10.0.0.256/32 7\n+ 10.0.0.1/32 7\n", OWNED_DAMAGED, 1, false},
	    {"no prefix", HEAD "+ 10.0.0.1 7\n", OWNED_DAMAGED, 0, false},
	    {"no index", HEAD "+ 10.0.0.1/32\n", OWNED_DAMAGED, 0, false},
	    {"index 0", HEAD "+ 10.0.0.1/32 0\n", OWNED_DAMAGED, 0, false},
	    {"index too large", HEAD "+ 10.0.0.1/32 4294967296\n", OWNED_DAMAGED, 0, false},
	    {"index with a sign", HEAD "+ 10.0.0.1/32 -7\n", OWNED_DAMAGED, 0, false},
	    {"index with a tail", HEAD "+ 10.0.0.1/32 7x\n", OWNED_DAMAGED, 0, false},
	    {"bad device", HEAD "device x\n", OWNED_DAMAGED, 0, false},
	    {"unknown line", HEAD "* 10.0.0.1/32 7\n", OWNED_DAMAGED, 0, false},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct owned *o = owned_new(KEY);
		enum owned_replay r = owned_replay(o, rows[i].text, strlen(rows[i].text));

		if (r != rows[i].result || owned_count(o) != rows[i].count || owned_has_device(o, 5) != rows[i].device)
			fail_msg("%s: %d, %zu addresses", rows[i].why, (int)r, owned_count(o));
		pending_is(o, "");
		owned_free(o);
	}
}

/* Lines that are longer than any of ours, NUL bytes. */
static void test_replay_binary(void **state)
{
	static const char nul[] = HEAD "+ 10.0.0.1/32 7\0\n";
	struct owned *o = owned_new(KEY);
	char text[600];

	memset(text, '+', sizeof(text));
	memcpy(text, HEAD, strlen(HEAD));
	text[sizeof(text) - 1] = '\n';
	assert_int_equal(owned_replay(o, text, sizeof(text)), OWNED_DAMAGED);
	owned_free(o);
	o = owned_new(KEY);
	assert_int_equal(owned_replay(o, nul, sizeof(nul) - 1), OWNED_READ);
	assert_int_equal(owned_count(o), 1);
	owned_free(o);
}

static void count_each(void *arg, const struct kaddr *a)
{
	struct addr four = addr_of("10.0.0.1");

	assert_true(addr_equal(&a->addr, &four));
	assert_int_equal(a->bits, 32);
	*(uint32_t *)arg += a->ifindex;
}

static void drop_each(void *arg, const struct kaddr *a)
{
	owned_del(arg, &a->addr, a->bits, a->ifindex);
}

static void test_each(void **state)
{
	struct owned *o = owned_new(KEY);
	struct addr four = addr_of("10.0.0.1");
	uint32_t sum = 0;

	for (uint32_t i = 1; i <= 100; i++)
		owned_add(o, &four, 32, i);
	owned_each(o, count_each, &sum);
	assert_int_equal(sum, 5050);
	owned_each(o, drop_each, o);
	assert_int_equal(owned_count(o), 0);
	owned_free(o);
}

/* The shortest form says the same, and a long record is told to be one. */
static void test_text(void **state)
{
	struct owned *o = owned_new(KEY), *again = owned_new(KEY);
	struct addr four = addr_of("10.0.0.1"), six = addr_of("fd00::1");
	size_t len;
	char *text;

	owned_add(o, &six, 128, 3);
	owned_set_device(o, 5);
	for (int i = 0; i < 600; i++) {
		owned_add(o, &four, 32, 7);
		owned_del(o, &four, 32, 7);
	}
	assert_true(owned_is_long(o));
	text = owned_text(o, &len);
	assert_false(owned_is_long(o));
	assert_int_equal(len, strlen(HEAD "+ fd00::1/128 3\ndevice 5\n"));
	assert_memory_equal(text, HEAD "+ fd00::1/128 3\ndevice 5\n", len);
	pending_is(o, "");
	owned_del(o, &six, 128, 3);
	pending_is(o, "- fd00::1/128 3\n");
	assert_int_equal(owned_replay(again, text, len), OWNED_READ);
	assert_true(owned_has(again, &six, 128, 3));
	assert_true(owned_has_device(again, 5));
	free(text);
	owned_free(o);
	owned_free(again);
}

static void test_was(void **state)
{
	static const char text[] = "vipd-vrrp 1 k\nwas 3 0 1\nwas 4 1 2\nnowas 4\nwas 3 7 7\n";
	const struct owned_was five = {5, 8, 2};
	struct owned *o = owned_new("k");
	size_t len;
	char *whole;

	assert_int_equal(owned_replay(o, text, strlen(text)), OWNED_READ);
	assert_int_equal(owned_was(o, 0)->ifindex, 3);
	assert_int_equal(owned_was(o, 0)->arp_announce, 1); /* the first word counts */
	assert_null(owned_was(o, 1));
	owned_set_was(o, &five);
	owned_set_was(o, &five);
	owned_clear_was(o, 3);
	owned_clear_was(o, 3);
	whole = owned_text(o, &len);
	assert_int_equal(len, strlen("vipd-vrrp 1 k\nwas 5 8 2\n"));
	assert_memory_equal(whole, "vipd-vrrp 1 k\nwas 5 8 2\n", len);
	free(whole);
	owned_free(o);
	o = owned_new("k");
	assert_int_equal(owned_replay(o, "vipd-vrrp 1 k\nwas 3 0\n", 22), OWNED_DAMAGED);
	assert_null(owned_was(o, 0));
	owned_free(o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_lines),  cmocka_unit_test(test_device),
					   cmocka_unit_test(test_replay), cmocka_unit_test(test_replay_binary),
					   cmocka_unit_test(test_each),   cmocka_unit_test(test_was),
					   cmocka_unit_test(test_text)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
