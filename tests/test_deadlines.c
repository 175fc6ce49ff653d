/* vrrp/deadlines.c: whatever is set, moved and taken out, the first is the least. */
#include "../src/base/deadlines.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

enum { ITEMS = 200 };

static void empty(void **state)
{
	struct deadlines q = {0};
	struct due d = {0};

	assert_null(deadlines_first(&q));
	deadlines_set(&q, &d, INT64_MAX);
	assert_null(deadlines_first(&q));
	deadlines_set(&q, &d, 5);
	assert_ptr_equal(deadlines_first(&q), &d);
	deadlines_set(&q, &d, INT64_MAX);
	assert_null(deadlines_first(&q));
	assert_int_equal(d.slot, 0);
	deadlines_clear(&q);
}

static struct due *least(struct due *items)
{
	struct due *first = NULL;

	for (int i = 0; i < ITEMS; i++)
		if (items[i].slot && (!first || items[i].at < first->at))
			first = &items[i];
	return first;
}

static void random_walk(void **state)
{
	struct due items[ITEMS] = {0};
	struct deadlines q = {0};
	unsigned x = 12345;

	for (int i = 0; i < 20000; i++) {
		struct due *d, *first;

		x = x * 1103515245 + 12345;
		d = &items[x / 65536 % ITEMS];
		x = x * 1103515245 + 12345;
		deadlines_set(&q, d, x / 65536 % 5 ? (nsec_t)(x / 65536 % 1000) : INT64_MAX);
		first = least(items);
		if (first)
			assert_int_equal(deadlines_first(&q)->at, first->at);
		else
			assert_null(deadlines_first(&q));
	}
	deadlines_clear(&q);
	for (int i = 0; i < ITEMS; i++)
		assert_int_equal(items[i].slot, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(empty),
	    cmocka_unit_test(random_walk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
