/* Backoff of restarts: src/restart.c */
#include "../src/restart.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_backoff(void **state)
{
	static const int seconds[] = {0, 1, 2, 4, 8, 16, 32, 60, 60, 60};
	struct restart r = {0};

	for (size_t i = 0; i < sizeof(seconds) / sizeof(seconds[0]); i++)
		assert_int_equal(restart_delay(&r, NSEC_PER_SEC), seconds[i] * NSEC_PER_SEC);
}

static void test_forgiven(void **state)
{
	struct restart r = {0};

	assert_int_equal(restart_delay(&r, 0), 0);
	assert_int_equal(restart_delay(&r, RESTART_FORGIVEN - 1), NSEC_PER_SEC);
	assert_int_equal(restart_delay(&r, RESTART_FORGIVEN), 0);
	assert_int_equal(restart_delay(&r, 0), NSEC_PER_SEC);
}

static void test_never_overflows(void **state)
{
	struct restart r = {.deaths = 4000000000U};

	assert_int_equal(restart_delay(&r, 0), 60 * NSEC_PER_SEC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_backoff),
	    cmocka_unit_test(test_forgiven),
	    cmocka_unit_test(test_never_overflows),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
