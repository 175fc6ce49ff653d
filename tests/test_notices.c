/* What is wrong at the moment: begins, changes, ends. */
#include "../src/notices.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void check(const struct notices *n, const char *want)
{
	json_t *list = json_array();
	char *text;

	notices_json(n, list);
	text = json_dumps(list, JSON_COMPACT);
	assert_string_equal(text, want);
	free(text);
	json_decref(list);
}

static void test_life(void **state)
{
	struct notices *n = notices_new();

	assert_false(notices_set(n, "plan", "b", "R", NULL));
	assert_true(notices_set(n, "plan", "b", "R", "one"));
	assert_false(notices_set(n, "plan", "b", "R", "one"));
	assert_true(notices_set(n, "plan", "b", "R", "two"));
	assert_true(notices_set(n, "plan", "b", "Q", "three"));
	assert_true(notices_set(n, "ipvs", "a", "R", "four"));
	assert_int_equal(notices_count(n), 3);
	check(n, "[{\"object\":\"a\",\"reason\":\"R\",\"message\":\"four\"},{\"object\":\"b\",\"reason\":\"Q\","
		 "\"message\":\"three\"},"
		 "{\"object\":\"b\",\"reason\":\"R\",\"message\":\"two\"}]");
	assert_true(notices_set(n, "plan", "b", "R", NULL));
	notices_clear(n, "plan");
	check(n, "[{\"object\":\"a\",\"reason\":\"R\",\"message\":\"four\"}]");
	notices_clear(n, "ipvs");
	check(n, "[]");
	notices_free(n);
	notices_free(NULL);
}

static void test_bound(void **state)
{
	struct notices *n = notices_new();
	char name[32];

	for (int i = 0; i < 21000; i++) {
		snprintf(name, sizeof name, "o%d", i);
		notices_set(n, "ipvs", name, "R", "m");
	}
	assert_int_equal(notices_count(n), 20000);
	assert_true(notices_set(n, "ipvs", "o1", "R", "changed"));
	notices_clear(n, "ipvs");
	assert_int_equal(notices_count(n), 0);
	notices_free(n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_life),
	    cmocka_unit_test(test_bound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
