/* src/selector.c: what each form selects, and every way to get it wrong. */
#include "../src/selector.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* Of an object with app=web, tier=front, empty= */
static const char *label(const void *arg, const char *key)
{
	static const char *const labels[][2] = {{"app", "web"}, {"tier", "front"}, {"empty", ""}, {"a.b/c-d_e", "1.2"}};

	for (size_t i = 0; i < sizeof labels / sizeof *labels; i++)
		if (strcmp(labels[i][0], key) == 0)
			return labels[i][1];
	return NULL;
}

static void matching(void **state)
{
	static const struct {
		const char *text;
		bool matches;
	} rows[] = {
	    {"", true},
	    {"  ", true},
	    {"app", true},
	    {"nope", false},
	    {"!app", false},
	    {"!nope", true},
	    {"app=web", true},
	    {"app==web", true},
	    {"app = web", true},
	    {"app=db", false},
	    {"app!=db", true},
	    {"app!=web", false},
	    {"nope!=x", true}, /* as the API server: without the label too */
	    {"nope=x", false},
	    {"empty=", true},
	    {"app=", false},
	    {"app in (web)", true},
	    {"app in (db, web )", true},
	    {"app in (db)", false},
	    {"app notin (db,cache)", true},
	    {"app notin (web)", false},
	    {"nope notin (web)", true},
	    {"nope in (web)", false},
	    {"app=web,tier=front", true},
	    {"app=web, tier in (front,back) ,!nope", true},
	    {"app=web,tier=back", false},
	    {"a.b/c-d_e=1.2", true},
	    {"inner", false},
	    {"notin=web", false}, /* a label may be called so */
	};
	char why[SELECTOR_WHY];

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct selector *s = NULL;

		if (selector_parse(rows[i].text, &s, why))
			fail_msg("%s: %s", rows[i].text, why);
		if (selector_matches(s, label, NULL) != rows[i].matches)
			fail_msg("%s", rows[i].text);
		selector_free(s);
	}
}

static void refused(void **state)
{
	static const struct {
		const char *text, *why;
	} rows[] = {
	    {"=web", "expected a label, found \"=web\""},
	    {"app=web,", "expected a label, found the end"},
	    {",", "expected a label, found \",\""},
	    {"!", "expected a label, found the end"},
	    {"app in web", "expected (, found \"web\""},
	    {"app in (web", "expected , or ), found the end"},
	    {"app notin (web;db)", "expected , or ), found \";db)\""},
	    {"app web", "expected one of = == != in notin, or a comma, found \"web\""},
	    {"app>1", "expected one of = == != in notin, or a comma, found \">1\""},
	    {"!app=web", "expected one of = == != in notin, or a comma, found \"=web\""},
	};
	char why[SELECTOR_WHY], many[2 * SELECTOR_TERMS + 4] = "";

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct selector *s = NULL;

		assert_int_equal(selector_parse(rows[i].text, &s, why), -EINVAL);
		assert_string_equal(why, rows[i].why);
		assert_null(s);
	}
	for (size_t i = 0; i <= SELECTOR_TERMS; i++)
		strcat(many, i ? ",a" : "a");
	assert_int_equal(selector_parse(many, &(struct selector *){NULL}, why), -EINVAL);
	assert_string_equal(why, "expected at most 64 terms, found \"a\"");
	selector_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(matching), cmocka_unit_test(refused)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
