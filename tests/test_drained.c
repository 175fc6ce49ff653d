/* src/drained.c: how a drained real server is written, found, kept, and masked. */
#include "../src/drained.h"
#include "ipvs_values.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static void words(void **state)
{
	static const struct {
		const char *text, *back; /* NULL: refused */
	} rows[] = {{"10.32.0.5", "10.32.0.5"},
		    {"10.32.0.5:8080", "10.32.0.5:8080"},
		    {"fd32::5", "fd32::5"},
		    {"[fd32::5]:8080", "[fd32::5]:8080"},
		    {"", NULL},
		    {"web-1", NULL},
		    {"10.32.0.5:", NULL},
		    {"10.32.0.5:0", NULL},
		    {"10.32.0.5:65536", NULL},
		    {"10.32.0.5:123456", NULL},
		    {"10.32.0.5:8x", NULL},
		    {"[10.32.0.5]:80", NULL},
		    {"[fd32::5:80", NULL},
		    {"fd32::5]:80", NULL},
		    {"default/web:80", NULL},
		    {"fd32:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111", NULL}};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct drained_one one;
		char buf[DRAINED_TEXT];
		int err = drained_parse(rows[i].text, &one);

		assert_int_equal(err, rows[i].back ? 0 : -EINVAL);
		if (!err)
			assert_string_equal(drained_format(&one, buf), rows[i].back);
	}
}

static struct drained_one one_of(const char *text)
{
	struct drained_one one;

	assert_int_equal(drained_parse(text, &one), 0);
	return one;
}

static void one_at_a_time(void **state)
{
	struct drained d = {0};
	struct drained_one a = one_of("10.32.0.5"), b = one_of("10.32.0.6:80");
	struct real five = real_of("10.32.0.5", 81, FORWARD_NAT, 1), six = real_of("10.32.0.6", 80, FORWARD_NAT, 1);

	assert_false(drained_has(&d, &five));
	assert_true(drained_add(&d, &b));
	assert_true(drained_add(&d, &a));
	assert_false(drained_add(&d, &a));
	assert_int_equal(d.n, 2);
	assert_true(drained_has(&d, &five));
	assert_true(drained_has(&d, &six));
	six.port = 81;
	assert_false(drained_has(&d, &six));
	assert_true(drained_remove(&d, &a));
	assert_false(drained_remove(&d, &a));
	assert_false(drained_has(&d, &five));
	drained_clear(&d);
}

static void bounded(void **state)
{
	struct drained d = {0};
	struct drained_one a = one_of("10.32.0.5");

	for (unsigned i = 0; i < DRAINED_MAX; i++) {
		a.port = (uint16_t)(1 + i);
		assert_true(drained_add(&d, &a));
	}
	a.port = 60000;
	assert_false(drained_add(&d, &a));
	drained_clear(&d);
}

static void file(void **state)
{
	static const char text[] = "[fd32::5]:80\n\n10.32.0.6:80\n10.32.0.5\n10.32.0.5\n";
	static const char want[] = "vipd-drained 1\n10.32.0.5\n10.32.0.6:80\n[fd32::5]:80\n";
	struct drained d = {0};
	size_t bad = 0, len;
	char *out;

	assert_int_equal(drained_read(&d, text, strlen(text), &bad), 0);
	out = drained_write(&d, &len);
	assert_int_equal(len, strlen(want));
	assert_memory_equal(out, want, len);
	drained_clear(&d);
	assert_int_equal(drained_read(&d, out, len, &bad), DRAINED_READ);
	assert_int_equal(d.n, 3);
	free(out);
	drained_clear(&d);
}

/* Each state in which a start may find the file. */
static void file_as_found(void **state)
{
	static const struct {
		const char *text;
		enum drained_file result;
		size_t where, n;
	} rows[] = {
	    {"", DRAINED_READ, 0, 0},
	    {"10.0.0.1\n", DRAINED_READ, 0, 1}, /* of a vipd that knew no version */
	    {"10.0.0.1\nwhat\nx\n10.0.0.2\n", DRAINED_DAMAGED, 2, 2},
	    {"10.0.0.1\n10.0.0.2", DRAINED_DAMAGED, 2, 1}, /* it may have been .25 */
	    {"1234567890123456789012345678901234567890123456789012345678901234567890", DRAINED_DAMAGED, 1, 0},
	    {"vipd-drained 1\n", DRAINED_READ, 0, 0},
	    {"vipd-drained 1\n10.0.0.1\n\n10.0.0.2:80\n", DRAINED_READ, 0, 2},
	    {"vipd-drained 1\n10.0.0.1\n10.0.0.2:8", DRAINED_DAMAGED, 3, 1},
	    {"vipd-drained 1\nx\n10.0.0.2:80\n", DRAINED_DAMAGED, 2, 1},
	    {"vipd-drained 1 x\n10.0.0.2:80\n", DRAINED_DAMAGED, 1, 1},
	    {"vipd-drained 1", DRAINED_DAMAGED, 1, 0},
	    {"vipd-drai", DRAINED_DAMAGED, 1, 0},
	    {"vipd-drained 2\n10.0.0.1\n", DRAINED_OTHER, 2, 0},
	    {"vipd-drained 0\n10.0.0.1\n", DRAINED_OTHER, 0, 0},
	    {"vipd-drained 17 more\n10.0.0.1 reason\n", DRAINED_OTHER, 17, 0},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct drained d = {0};
		size_t where = 0;
		enum drained_file got = drained_read(&d, rows[i].text, strlen(rows[i].text), &where);

		if (got != rows[i].result || where != rows[i].where || d.n != rows[i].n)
			fail_msg("\"%s\": %d at %zu, %zu of them", rows[i].text, (int)got, where, d.n);
		drained_clear(&d);
	}
}

static void masks(void **state)
{
	struct drained d = {0};
	struct real reals[] = {real_of("10.32.0.5", 80, FORWARD_NAT, 4), real_of("10.32.0.6", 80, FORWARD_NAT, 4),
			       real_of("10.32.0.7", 80, FORWARD_NAT, 4)};
	struct vs v = vs_of(IPPROTO_TCP, "10.9.9.9", 80, "rr");
	struct drained_one six = one_of("10.32.0.6:80"), other = one_of("10.32.0.6:81"), seven = one_of("10.32.0.7");
	struct real *copy;

	v.reals = reals;
	v.n = 3;
	assert_null(drained_mask(&d, &v));
	drained_add(&d, &other);
	assert_null(drained_mask(&d, &v));
	drained_add(&d, &six);
	copy = drained_mask(&d, &v);
	assert_non_null(copy);
	assert_int_equal(copy[0].weight, 4);
	assert_int_equal(copy[1].weight, 0);
	assert_int_equal(reals[1].weight, 4);
	free(copy);
	assert_true(drained_concerns(&six, &v));
	assert_false(drained_concerns(&other, &v));
	assert_true(drained_concerns(&seven, &v));
	drained_clear(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(words),         cmocka_unit_test(one_at_a_time),
					   cmocka_unit_test(bounded),       cmocka_unit_test(file),
					   cmocka_unit_test(file_as_found), cmocka_unit_test(masks)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
