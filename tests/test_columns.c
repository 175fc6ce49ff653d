/* Tables and ages as kubectl prints them. */
#include "../src/columns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_table(void **state)
{
	static const char *const heads[] = {"NAME", "CLUSTER-IP", "AGE"};
	struct columns *c = columns_new(heads, 3);
	char *text;

	columns_add(c, "web");
	columns_add(c, "10.96.0.1");
	columns_add(c, "5m");
	columns_add(c, "a-longer-name");
	columns_add(c, NULL);
	columns_add(c, "37s");
	text = columns_text(c);
	assert_string_equal(text, "NAME            CLUSTER-IP   AGE\n"
				  "web             10.96.0.1    5m\n"
				  "a-longer-name   <none>       37s\n");
	free(text);
	columns_free(c);
}

static void test_odd_cells(void **state)
{
	static const char *const heads[] = {"A", "B"};
	struct columns *c = columns_new(heads, 2);
	char *text;

	columns_add(c, "\xc3\xa4\xc3\xb6"); /* two characters of UTF-8 */
	columns_add(c, "x");
	columns_add(c, "\033[31m\n");
	columns_add(c, "");
	columns_add(c, "a\xc2\x9b"
		       "31m"); /* the same escape as one character */
	columns_add(c, "\xc2\xa0\xc2");
	columns_add(c, "last");
	text = columns_text(c);
	assert_string_equal(text, "A        B\n"
				  "\xc3\xa4\xc3\xb6       x\n"
				  "?[31m?   <none>\n"
				  "a??31m   \xc2\xa0\xc2\n"
				  "last     <none>\n");
	free(text);
	columns_free(c);
}

static void test_width(void **state)
{
	static const struct {
		const char *text;
		size_t width;
	} rows[] = {
	    {"", 0},
	    {"web", 3},
	    {"\xc3\xa4", 1},                 /* a umlaut */
	    {"a\xcc\x88", 1},                /* the same with a combining mark */
	    {"\xe6\xbc\xa2\xe5\xad\x97", 4}, /* two ideographs */
	    {"\xed\x95\x9c", 2},             /* a Hangul syllable */
	    {"\xef\xbc\xa1", 2},             /* a fullwidth A */
	    {"\xef\xbd\xb1", 1},             /* a halfwidth katakana */
	    {"\xf0\x9f\x9a\x80", 2},         /* a rocket */
	    {"\xe2\x80\x8b", 0},             /* a zero width space */
	    {"\xf0\xa0\x80\x80", 2},         /* an ideograph of plane 2 */
	    {"\xff\xc3", 2},                 /* no UTF-8: a place each */
	    {"\xe6\xbc", 2},                 /* cut short */
	    {"\xc0\xaf", 2},                 /* overlong */
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (columns_width(rows[i].text) != rows[i].width)
			fail_msg("row %zu: %zu", i, columns_width(rows[i].text));
}

static const char *bold_heads(size_t row, const char *cell)
{
	return row == 0 ? "\033[1m" : strcmp(cell, "held") == 0 ? "\033[32m" : NULL;
}

/* What wide characters and a look take is no blank less. */
static void test_styled(void **state)
{
	static const char *const heads[] = {"A", "B"};
	struct columns *c = columns_new(heads, 2);
	char *text;

	columns_add(c, "\xe6\xbc\xa2\xe5\xad\x97");
	columns_add(c, "held");
	columns_add(c, "x");
	columns_add(c, "y");
	text = columns_styled(c, bold_heads, 2);
	assert_string_equal(text, "  \033[1mA\033[0m      \033[1mB\033[0m\n"
				  "  \xe6\xbc\xa2\xe5\xad\x97   \033[32mheld\033[0m\n"
				  "  x      y\n");
	free(text);
	columns_free(c);
}

static void test_many(void **state)
{
	static const char *const heads[] = {"N"};
	struct columns *c = columns_new(heads, 1);
	char *text;

	for (int i = 0; i < 1000; i++)
		columns_add(c, "1");
	text = columns_text(c);
	assert_int_equal(strlen(text), 2 + 1000 * 2);
	free(text);
	columns_free(c);
	columns_free(NULL);
}

static void test_age(void **state)
{
	static const struct {
		long long s;
		const char *text;
	} rows[] = {
	    {-1, "<unknown>"},
	    {0, "0s"},
	    {119, "119s"},
	    {120, "2m"},
	    {125, "2m5s"},
	    {600, "10m"},
	    {3 * 3600 - 1, "179m"},
	    {3 * 3600, "3h"},
	    {5 * 3600 + 1800, "5h30m"},
	    {8 * 3600, "8h"},
	    {47 * 3600, "47h"},
	    {48 * 3600, "2d"},
	    {50 * 3600, "2d2h"},
	    {8 * 86400, "8d"},
	    {729LL * 86400, "729d"},
	    {730LL * 86400, "2y"},
	    {(730LL + 40) * 86400, "2y40d"},
	    {365LL * 9 * 86400, "9y"},
	};
	char buf[24];

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_string_equal(columns_age(rows[i].s, buf), rows[i].text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_table),  cmocka_unit_test(test_odd_cells), cmocka_unit_test(test_width),
	    cmocka_unit_test(test_styled), cmocka_unit_test(test_many),      cmocka_unit_test(test_age),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
