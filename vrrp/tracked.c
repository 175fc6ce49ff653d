/* Decides what the looks at a tracked thing amount to. Source: keepalived.conf(5), a script's rise and fall, track_file; proc(5) for /proc/PID/stat.
 * Test: tests/test_tracked.c */
#include "tracked.h"

#include <errno.h>
#include <string.h>

enum { VALUE_MAX = 1000000, COMM_MAX = 15 };

bool tracked_take(struct tracked *s, const struct track *t, bool good)
{
	uint8_t need = good ? t->rise : t->fall;

	if (s->known && s->up == good) {
		s->run = 0;
		return false;
	}
	if (s->known && s->run + 1 < need) {
		s->run++;
		return false;
	}
	s->known = true;
	s->up = good;
	s->run = 0;
	return true;
}

static size_t blanks(const char *text, size_t len)
{
	size_t n = 0;

	while (n < len && (text[n] == ' ' || text[n] == '\t' || text[n] == '\n' || text[n] == '\r'))
		n++;
	return n;
}

int tracked_value_parse(const char *text, size_t len, int32_t *out)
{
	size_t at = blanks(text, len), first;
	bool minus = at < len && text[at] == '-';
	int32_t v = 0;

	if (at < len && (text[at] == '-' || text[at] == '+'))
		at++;
	for (first = at; at < len && text[at] >= '0' && text[at] <= '9'; at++)
		v = v >= VALUE_MAX ? VALUE_MAX : v * 10 + (text[at] - '0');
	if (at == first || at + blanks(text + at, len - at) < len)
		return -EINVAL;
	v = v > VALUE_MAX ? VALUE_MAX : v;
	*out = minus ? -v : v;
	return 0;
}

/* "PID (NAME) STATE ...": the name may hold anything, brackets too. */
bool tracked_process_matches(const char *name, const char *stat, size_t len)
{
	const char *open = memchr(stat, '(', len), *close = memrchr(stat, ')', len);
	size_t want = strnlen(name, COMM_MAX);

	if (!open || !close || close < open || (size_t)(close - stat) + 2 >= len)
		return false;
	if ((size_t)(close - open - 1) != want || memcmp(open + 1, name, want) != 0)
		return false;
	return close[2] != 'Z' && close[2] != 'X';
}
