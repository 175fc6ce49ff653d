/* The names of the log's levels and forms. Pure. Tests: tests/test_loop.c, tests/test_log.c */
#include "log.h"

#include <errno.h>
#include <string.h>

int log_level_parse(const char *text, enum log_level *out)
{
	static const char *const names[] = {"error", "warning", "info", "debug"};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (strcmp(text, names[i]) != 0)
			continue;
		*out = (enum log_level)i;
		return 0;
	}
	return -EINVAL;
}

int log_format_parse(const char *text, enum log_format *out)
{
	static const char *const names[] = {"auto", "text", "json", "journal"};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (strcmp(text, names[i]) != 0)
			continue;
		*out = (enum log_format)i;
		return 0;
	}
	return -EINVAL;
}
