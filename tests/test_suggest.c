/* Nearest words. */
#include "../src/suggest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_distance(void **state)
{
	static const struct {
		const char *a, *b;
		unsigned d;
	} rows[] = {
	    {"", "", 0},
	    {"rr", "rr", 0},
	    {"rr", "wrr", 1},
	    {"abc", "acb", 1},
	    {"SVC", "svc", 0},
	    {"", "abc", 3},
	    {"scheduler", "schedular", 1},
	    {"kitten", "sitting", 3},
	    {"pods", "vips", 3},
	    {"ca", "abc", 3},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		assert_int_equal(suggest_distance(rows[i].a, rows[i].b), rows[i].d);
		assert_int_equal(suggest_distance(rows[i].b, rows[i].a), rows[i].d);
	}
}

static void test_long_words(void **state)
{
	char word[200];

	memset(word, 'x', sizeof word - 1);
	word[sizeof word - 1] = '\0';
	assert_int_equal(suggest_distance(word, "x"), SUGGEST_WORD_MAX);
	assert_int_equal(suggest_distance("x", word), SUGGEST_WORD_MAX);
	word[SUGGEST_WORD_MAX - 1] = '\0';
	assert_int_equal(suggest_distance(word, "x"), SUGGEST_WORD_MAX - 2);
}

static void test_nearest(void **state)
{
	static const char *const words[] = {"services", "endpoints", "pods", "virtualservers", "vips"};
	static const struct {
		const char *word, *near;
	} rows[] = {
	    {"service", "services"},
	    {"pod", "pods"},
	    {"virtualserver", "virtualservers"},
	    {"endpiont", "endpoints"},
	    {"vip", "vips"},
	    {"ingress", NULL},
	    {"", NULL},
	    {"SERVICES", "services"},
	    {"configmaps", NULL},
	    {"enpoint", "endpoints"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const char *near = suggest_nearest(rows[i].word, words, 5);

		if (!rows[i].near)
			assert_null(near);
		else
			assert_string_equal(near, rows[i].near);
	}
	assert_null(suggest_nearest("pods", words, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_distance),
	    cmocka_unit_test(test_long_words),
	    cmocka_unit_test(test_nearest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
