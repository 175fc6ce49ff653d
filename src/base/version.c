/* Decides which version a kept file states. Test: tests/test_version.c */
#include "version.h"

#include <errno.h>
#include <string.h>

enum { DIGITS = 9 };

int version_parse(const char *text, size_t len, const char *name, unsigned *out)
{
	size_t at = strlen(name), end;
	unsigned n = 0;

	if (len <= at || memcmp(text, name, at) != 0 || text[at] != ' ')
		return -EINVAL;
	at++;
	for (end = at; end < len && text[end] >= '0' && text[end] <= '9' && end - at < DIGITS; end++)
		n = n * 10 + (unsigned)(text[end] - '0');
	if (end == at || end == len || (text[end] != ' ' && text[end] != '\n'))
		return -EINVAL;
	*out = n;
	return 0;
}
