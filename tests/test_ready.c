/* ipvs/ready.c: when a table may be relied upon. */
#include "../ipvs/ready.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_why_not(void **state)
{
	static const struct {
		struct ready_view view;
		const char *why; /* a part; NULL: it is ready */
	} rows[] = {
	    {{.passed = true, .kernel = true}, NULL},
	    {{.passed = true, .kernel = true, .wanted = 10}, NULL},
	    {{.passed = true, .kernel = true, .wanted = 10, .missing = 5}, NULL},
	    {{.passed = true, .kernel = true, .wanted = 10, .missing = 6}, "refused"},
	    {{.passed = true, .kernel = true, .wanted = 1, .missing = 1}, "refused"},
	    {{.passed = true, .wanted = 1}, "does not answer"},
	    {{.kernel = true, .wanted = 1}, "first picture"},
	    {{.passed = true, .kernel = true, .wanted = 1, .behind = READY_BEHIND - 1}, NULL},
	    {{.passed = true, .kernel = true, .wanted = 1, .behind = READY_BEHIND}, "behind"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const char *why = ready_why_not(&rows[i].view);

		if (!rows[i].why)
			assert_null(why);
		else if (!why || !strstr(why, rows[i].why))
			fail_msg("row %zu: %s", i, why ? why : "ready");
		assert_true(!why || strlen(why) < 92);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_why_not)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
