/* src/base/diag.c, diag_print.c: order, bounds, one line each. */
#include "../src/base/diag.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

static void format(void **state)
{
	static char f[] = "a.yaml", t[] = "bad";
	static const struct {
		struct diag d;
		const char *want;
	} rows[] = {
	    {{DIAG_ERROR, f, {3, 5}, t}, "a.yaml:3:5: bad"}, {{DIAG_WARNING, f, {3, 5}, t}, "a.yaml:3:5: warning: bad"},
	    {{DIAG_ERROR, f, {3, 0}, t}, "a.yaml:3: bad"},   {{DIAG_ERROR, f, {0, 0}, t}, "a.yaml: bad"},
	    {{DIAG_ERROR, NULL, {3, 5}, t}, "3:5: bad"},     {{DIAG_WARNING, NULL, {0, 0}, t}, "warning: bad"},
	};
	char buf[64], small[8];

	for (size_t i = 0; i < COUNT(rows); i++)
		assert_string_equal(diag_format(&rows[i].d, buf, sizeof(buf)), rows[i].want);
	assert_string_equal(diag_format(&rows[0].d, small, sizeof(small)), "a.yaml:");
}

static void one_line(void **state)
{
	struct diag_list l = {0};

	diag_error(&l, "a\nb\xe9", (struct pos){1, 1}, "key \"%s\" \x7f", "x\r\n\x1b[2J");
	assert_string_equal(l.items[0].file, "a?b?");
	assert_string_equal(l.items[0].text, "key \"x???[2J\" ?");
	diag_error(&l, NULL, (struct pos){1, 1}, "\"%.4s\" \xc3\xa9 \xff",
		   "abc\xe2\x82\xac"); /* a precision counts bytes */
	assert_string_equal(l.items[1].text, "\"abc?\" \xc3\xa9 ?");
	diag_clear(&l);
	assert_int_equal(l.n, 0);
	assert_null(l.items);
}

static void bounded(void **state)
{
	struct diag_list l = {0}, twice = {0};

	for (int i = 0; i < DIAG_MAX + 5; i++)
		diag_error(&l, NULL, (struct pos){1, 1}, "error %d", i);
	for (int i = 0; i < 3; i++)
		diag_warning(&l, "f", (struct pos){1, 1}, "warning %d", i);
	assert_int_equal(l.n, DIAG_MAX);
	assert_int_equal(l.errors, DIAG_MAX + 5);
	assert_int_equal(l.warnings, 3);
	assert_int_equal(l.dropped, 8);
	diag_append(&twice, &l);
	assert_int_equal(twice.n, DIAG_MAX);
	assert_int_equal(twice.errors, l.errors);
	assert_int_equal(twice.warnings, 3);
	assert_int_equal(twice.dropped, 8);
	diag_clear(&l);
	diag_clear(&twice);
}

static void append_and_print(void **state)
{
	struct diag_list a = {0}, b = {0};
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	diag_error(&a, "a", (struct pos){1, 2}, "one");
	diag_warning(&b, "b", (struct pos){3, 4}, "two");
	diag_append(&a, &b);
	diag_append(&a, &(struct diag_list){.errors = 2, .dropped = 2});
	diag_print(&a, f);
	fclose(f);
	assert_string_equal(text, "a:1:2: one\nb:3:4: warning: two\n2 more\n");
	assert_int_equal(a.errors, 3);
	assert_int_equal(a.warnings, 1);
	free(text);
	diag_clear(&a);
	diag_clear(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(format),
	    cmocka_unit_test(one_line),
	    cmocka_unit_test(bounded),
	    cmocka_unit_test(append_and_print),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
