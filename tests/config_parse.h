/* A vipd.yaml that is right, or wrong at one place. For test_config_nat.c and test_config_sync.c. */
#ifndef VIPD_TESTS_CONFIG_PARSE_H
#define VIPD_TESTS_CONFIG_PARSE_H

#include "../src/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The first diagnostic must be `want`; NULL: there is none. */
static struct config *parse(const char *text, const char *want)
{
	struct diag_list diags = {0};
	struct config *c = NULL;
	char line[1024];
	int err = config_parse("v.yaml", text, strlen(text), &c, &diags);

	assert_int_equal(err, want ? -22 : 0);
	if (want) {
		assert_int_equal(diags.n, 1);
		assert_string_equal(diag_format(&diags.items[0], line, sizeof line), want);
	}
	diag_clear(&diags);
	return c;
}

#endif
