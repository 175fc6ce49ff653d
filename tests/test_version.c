/* src/base/version.c */
#include "../src/base/version.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void stated(void **state)
{
	static const struct {
		const char *text;
		int err;
		unsigned version;
	} rows[] = {
	    {"vipd-x 1\n", 0, 1},
	    {"vipd-x 1 boot=a\nrest", 0, 1},
	    {"vipd-x 0\n", 0, 0},
	    {"vipd-x 12 ", 0, 12},
	    {"vipd-x 999999999\n", 0, 999999999},
	    {"vipd-x 1000000000\n", -EINVAL, 0},
	    {"vipd-x 99999999999999999999\n", -EINVAL, 0},
	    {"", -EINVAL, 0},
	    {"vipd", -EINVAL, 0},
	    {"vipd-x", -EINVAL, 0},
	    {"vipd-x\n1\n", -EINVAL, 0},
	    {"vipd-x ", -EINVAL, 0},
	    {"vipd-x \n", -EINVAL, 0},
	    {"vipd-x 1", -EINVAL, 0}, /* may be the begin of 12 */
	    {"vipd-x 1.2\n", -EINVAL, 0},
	    {"vipd-x -1\n", -EINVAL, 0},
	    {"vipd-x  1\n", -EINVAL, 0},
	    {"vipd-y 1\n", -EINVAL, 0},
	    {"Vipd-x 1\n", -EINVAL, 0},
	    {"vipd-xx 1\n", -EINVAL, 0},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		size_t len = strlen(rows[i].text);
		char *text = malloc(len + !len); /* nothing behind it may be read */
		unsigned got = 0;

		memcpy(text, rows[i].text, len);
		if (version_parse(text, len, "vipd-x", &got) != rows[i].err || got != rows[i].version)
			fail_msg("\"%s\": %u", rows[i].text, got);
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(stated)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
