/* A request's head: what is taken, what is refused, and with which status. */
#include "../src/http_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

static void test_end(void **state)
{
	static const struct {
		const char *text;
		size_t end;
	} rows[] = {{"", 0},
		    {"GET / HTTP/1.1\r\n", 0},
		    {"GET / HTTP/1.1\r\n\r", 0},
		    {"GET / HTTP/1.1\r\n\r\n", 18},
		    {"GET / HTTP/1.1\n\nmore", 16},
		    {"GET / HTTP/1.1\r\nHost: a\r\n\r\nbody", 27},
		    {"\r\n", 2}};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_int_equal(http_head_end(rows[i].text, strlen(rows[i].text)), rows[i].end);
}

static void test_parse(void **state)
{
	static const struct {
		const char *text;
		int status;
		const char *target, *query;
		bool head_only;
	} rows[] = {
	    {"GET / HTTP/1.1\r\n\r\n", 0, "/", "", false},
	    {"HEAD /healthz?x=1&y HTTP/1.0\n\n", 0, "/healthz", "x=1&y", true},
	    {"GET http://[fd00::1]:30000/a?b HTTP/1.1\r\n\r\n", 0, "/a", "b", false},
	    {"GET HTTP://host HTTP/1.1\r\n\r\n", 0, "/", "", false},
	    {"POST / HTTP/1.1\r\n\r\n", 405, NULL, NULL, false},
	    {"get / HTTP/1.1\r\n\r\n", 405, NULL, NULL, false},
	    {"GET / HTTP/2.0\r\n\r\n", 505, NULL, NULL, false},
	    {"GET / HTTP/1.1x\r\n\r\n", 505, NULL, NULL, false},
	    {"GET / FTP/1.1\r\n\r\n", 400, NULL, NULL, false},
	    {"GET / HTTP\r\n\r\n", 400, NULL, NULL, false},
	    {"GET / HTTP/1.1 more\r\n\r\n", 400, NULL, NULL, false},
	    {"GET  / HTTP/1.1\r\n\r\n", 400, NULL, NULL, false},
	    {"GET /\r\n\r\n", 400, NULL, NULL, false},
	    {"GET a HTTP/1.1\r\n\r\n", 400, NULL, NULL, false},
	    {"GET * HTTP/1.1\r\n\r\n", 400, NULL, NULL, false},
	    {"GET /\x01 HTTP/1.1\r\n\r\n", 400, NULL, NULL, false},
	    {"\r\n", 400, NULL, NULL, false},
	    {"GET / HTTP/1.1", 400, NULL, NULL, false},
	};
	struct http_head h;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_int_equal(http_head_parse(rows[i].text, strlen(rows[i].text), &h), rows[i].status);
		if (rows[i].status)
			continue;
		assert_string_equal(h.target, rows[i].target);
		assert_string_equal(h.query, rows[i].query);
		assert_int_equal(h.head_only, rows[i].head_only);
	}
}

static void test_long(void **state)
{
	char text[HTTP_TARGET_MAX + 64] = "GET /";
	struct http_head h;

	memset(text + 5, 'a', HTTP_TARGET_MAX - 2);
	strcpy(text + 5 + HTTP_TARGET_MAX - 2, " HTTP/1.1\r\n\r\n");
	assert_int_equal(http_head_parse(text, strlen(text), &h), 0);
	memset(text + 5, 'a', HTTP_TARGET_MAX - 1);
	strcpy(text + 5 + HTTP_TARGET_MAX - 1, " HTTP/1.1\r\n\r\n");
	assert_int_equal(http_head_parse(text, strlen(text), &h), 414);
}

static void test_field(void **state)
{
	static const char text[] =
	    "GET / HTTP/1.1\r\nHost: a\r\nAccept:  text/plain \t\r\nEmpty:\r\nAccept: other\r\n\r\n";
	struct http_head h;
	char buf[16];

	assert_int_equal(http_head_parse(text, sizeof text - 1, &h), 0);
	assert_true(http_field(&h, "accept", buf, sizeof buf));
	assert_string_equal(buf, "text/plain");
	assert_true(http_field(&h, "Empty", buf, sizeof buf));
	assert_string_equal(buf, "");
	assert_false(http_field(&h, "Acc", buf, sizeof buf));
	assert_false(http_field(&h, "Accept", buf, 10));
	assert_false(http_field(&h, "X-None", buf, sizeof buf));
}

static void test_reason(void **state)
{
	assert_string_equal(http_reason(200), "OK");
	assert_string_equal(http_reason(503), "Service Unavailable");
	assert_string_equal(http_reason(299), "Unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_end), cmocka_unit_test(test_parse),
					   cmocka_unit_test(test_long), cmocka_unit_test(test_field),
					   cmocka_unit_test(test_reason)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
