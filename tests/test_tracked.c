/* One tracked thing: vrrp/tracked.c. */
#include "../vrrp/tracked.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define LEN(a) (sizeof(a) / sizeof((a)[0]))

/* results: '+' good, '-' bad; after: what the state is behind each ('u' up, 'd' down). */
static void test_rise_fall(void **state)
{
	static const struct {
		uint8_t rise, fall;
		const char *results, *after;
	} rows[] = {
	    {1, 1, "+-+-", "udud"},
	    {0, 0, "+-+-", "udud"},
	    {3, 2, "+--+-+-+++",
	     "uuddddd"
	     "ddu"},
	    {3, 2, "-+++", "dddu"},
	    {2, 3, "+--+---", "uuuuuud"},
	};

	for (size_t i = 0; i < LEN(rows); i++) {
		struct track t = {.kind = TRACK_SCRIPT, .rise = rows[i].rise, .fall = rows[i].fall};
		struct tracked s = {0};

		for (size_t k = 0; rows[i].results[k]; k++) {
			bool known = s.known, up = s.up;
			bool changed = tracked_take(&s, &t, rows[i].results[k] == '+');

			assert_true(s.known);
			assert_int_equal(s.up, rows[i].after[k] == 'u');
			assert_int_equal(changed, !known || up != s.up);
		}
	}
}

static void test_value(void **state)
{
	static const struct {
		const char *text;
		int rc;
		int32_t value;
	} rows[] = {
	    {"0", 0, 0},
	    {"12\n", 0, 12},
	    {" -5 \n", 0, -5},
	    {"+7", 0, 7},
	    {"", -EINVAL, 0},
	    {"\n", -EINVAL, 0},
	    {"-", -EINVAL, 0},
	    {"1 2", -EINVAL, 0},
	    {"x", -EINVAL, 0},
	    {"1x", -EINVAL, 0},
	    {"--1", -EINVAL, 0},
	    {"99999999999999999999", 0, 1000000},
	    {"-99999999", 0, -1000000},
	    {"\t3\r\n", 0, 3},
	    {"1.5", -EINVAL, 0},
	};

	for (size_t i = 0; i < LEN(rows); i++) {
		int32_t v = 4711;

		assert_int_equal(tracked_value_parse(rows[i].text, strlen(rows[i].text), &v), rows[i].rc);
		assert_int_equal(v, rows[i].rc ? 4711 : rows[i].value);
	}
}

static void test_process(void **state)
{
	static const struct {
		const char *name, *stat;
		bool matches;
	} rows[] = {
	    {"nginx", "12 (nginx) S 1 12", true},
	    {"nginx", "12 (nginx) Z 1 12", false},
	    {"nginx", "12 (nginx) X 1 12", false},
	    {"nginx", "12 (nginx2) S 1 12", false},
	    {"nginx", "12 (ngin) S 1 12", false},
	    {"a) S (b", "12 (a) S (b) R 1", true},
	    {"a", "12 (a) S (b) R 1", false},
	    {"a-very-long-process", "12 (a-very-long-pro) S 1", true},
	    {"a-very-long-pro", "12 (a-very-long-pro) S 1", true},
	    {"nginx", "12 (nginx)", false},
	    {"nginx", "12 (nginx", false},
	    {"nginx", "12 )nginx( S", false},
	    {"nginx", "", false},
	};

	for (size_t i = 0; i < LEN(rows); i++)
		assert_int_equal(tracked_process_matches(rows[i].name, rows[i].stat, strlen(rows[i].stat)),
				 rows[i].matches);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_rise_fall),
	    cmocka_unit_test(test_value),
	    cmocka_unit_test(test_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
