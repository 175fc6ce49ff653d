/* Decides how the ownership record reads and is read back. Source: DESIGN.md, "Only our own". Test: tests/test_own.c. */
#include "ownline.h"

#include "../src/base/version.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define NAME "vipd-ipvs-own"

static const char MAGIC[] = NAME " 1 ";
_Static_assert(OWN_VERSION == 1, "MAGIC says so");

int own_line_version(const char *text, size_t len, unsigned *out)
{
	return version_parse(text, len, NAME, out);
}

void own_line_header(const struct own_id *id, uint64_t start, char buf[OWN_HEADER + 1])
{
	snprintf(buf, OWN_HEADER + 1, "%sboot=%-36.36s netns=%020" PRIu64 " start=%020" PRIu64 "\n", MAGIC, id->boot,
		 id->netns, start);
}

/* Twenty digits at p, followed by end. */
static int digits20(const char *p, char end, uint64_t *out)
{
	uint64_t n = 0;
	for (int i = 0; i < 20; i++) {
		if (p[i] < '0' || p[i] > '9' || n > (UINT64_MAX - (uint64_t)(p[i] - '0')) / 10)
			return -EINVAL;
		n = n * 10 + (uint64_t)(p[i] - '0');
	}
	if (p[20] != end)
		return -EINVAL;
	*out = n;
	return 0;
}

int own_line_parse_header(const char *text, size_t len, struct own_id *id, uint64_t *start)
{
	enum { BOOT = sizeof(MAGIC) - 1 + 5, NETNS = BOOT + 36 + 7, START = NETNS + 20 + 7 };
	struct own_id got = {.netns = 0};
	uint64_t at;

	if (len < OWN_HEADER || memcmp(text, MAGIC, sizeof(MAGIC) - 1) || memcmp(text + BOOT - 5, "boot=", 5) ||
	    memcmp(text + NETNS - 7, " netns=", 7) || memcmp(text + START - 7, " start=", 7))
		return -EINVAL;
	if (digits20(text + NETNS, ' ', &got.netns) || digits20(text + START, '\n', &at) || at < OWN_HEADER)
		return -EINVAL;
	memcpy(got.boot, text + BOOT, 36);
	for (size_t n = 36; n > 0 && got.boot[n - 1] == ' '; n--)
		got.boot[n - 1] = '\0';
	*id = got;
	*start = at;
	return 0;
}

bool own_id_equal(const struct own_id *a, const struct own_id *b)
{
	return a->netns == b->netns && !strcmp(a->boot, b->boot);
}

static const char types[] = "+-~=*!";

size_t own_line_format(const struct own_line *l, char buf[OWN_LINE])
{
	char key[VS_KEY_TEXT], real[REAL_TEXT];
	int n;

	if (l->type == OWN_SYSCTL_SET)
		return (size_t)snprintf(buf, OWN_LINE, "*%s %d %d\n", l->sysctl, l->was, l->set);
	if (l->type == OWN_SYSCTL_BACK)
		return (size_t)snprintf(buf, OWN_LINE, "!%s\n", l->sysctl);
	n = snprintf(buf, OWN_LINE, "%c%s", types[l->type], vs_key_format(&l->key, key));
	if (l->type == OWN_DRAINS || l->type == OWN_DRAINED)
		n += snprintf(buf + n, (size_t)(OWN_LINE - n), " %s", real_format(&l->real, real));
	if (l->type == OWN_DRAINS)
		n += snprintf(buf + n, (size_t)(OWN_LINE - n), " %" PRIu64, l->deadline_ms);
	buf[n++] = '\n';
	return (size_t)n;
}

/* "80" up to the end, 0..65535. */
static int parse_port(const char *text, uint16_t *out)
{
	uint32_t n = 0;
	if (!*text || strlen(text) > 5)
		return -EINVAL;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return -EINVAL;
		n = n * 10 + (uint32_t)(*text - '0');
	}
	if (n > 65535)
		return -EINVAL;
	*out = (uint16_t)n;
	return 0;
}

/* "10.0.0.1:80" or "[fd00::1]:53"; text is cut up. */
static int parse_place(char *text, struct addr *addr, uint16_t *port)
{
	char *colon = strrchr(text, ':');
	if (!colon || colon == text)
		return -EINVAL;
	*colon = '\0';
	if (text[0] == '[') {
		if (colon[-1] != ']')
			return -EINVAL;
		colon[-1] = '\0';
		text++;
	}
	return addr_parse(text, addr) || parse_port(colon + 1, port) ? -EINVAL : 0;
}

static int parse_digits(const char *text, uint64_t *out)
{
	uint64_t n = 0;

	if (!text || !*text || strlen(text) > 18 || text[strspn(text, "0123456789")])
		return -EINVAL;
	for (; *text; text++)
		n = n * 10 + (uint64_t)(*text - '0');
	*out = n;
	return 0;
}

/* "conntrack", "0", "1" */
static int parse_sysctl(char *const word[5], size_t n, struct own_line *out)
{
	uint64_t value[2] = {0, 0};

	if (!*word[0] || strlen(word[0]) >= sizeof out->sysctl ||
	    word[0][strspn(word[0], "abcdefghijklmnopqrstuvwxyz0123456789_")])
		return -EINVAL;
	for (size_t i = 1; i < n; i++)
		if (parse_digits(word[i], &value[i - 1]) || value[i - 1] > 999999999)
			return -EINVAL;
	strcpy(out->sysctl, word[0]);
	out->was = (int)value[0];
	out->set = (int)value[1];
	return 0;
}

int own_line_parse(const char *line, size_t len, struct own_line *out)
{
	char text[OWN_LINE], *rest = text, *word[5] = {0};
	struct own_line got;
	const char *type = len ? strchr(types, line[0]) : NULL;
	size_t n = 0;
	static const size_t words[] = {[OWN_TAKEN] = 2,   [OWN_GIVEN_UP] = 2,   [OWN_DRAINS] = 4,
				       [OWN_DRAINED] = 3, [OWN_SYSCTL_SET] = 3, [OWN_SYSCTL_BACK] = 1};

	memset(&got, 0, sizeof(got)); /* keys are compared as bytes by some */
	if (!type || !*type || len >= sizeof(text) || memchr(line, '\0', len))
		return -EINVAL;
	memcpy(text, line + 1, len - 1);
	text[len - 1] = '\0';
	while (n < 5 && (word[n] = strsep(&rest, " ")))
		n++;
	got.type = (int)(type - types);
	if (n != words[got.type])
		return -EINVAL;
	if (got.type == OWN_SYSCTL_SET || got.type == OWN_SYSCTL_BACK) {
		if (parse_sysctl(word, n, &got))
			return -EINVAL;
		*out = got;
		return 0;
	}
	if (proto_parse(word[0], &got.key.proto) || parse_place(word[1], &got.key.addr, &got.key.port))
		return -EINVAL;
	if (n > 2 && parse_place(word[2], &got.real.addr, &got.real.port))
		return -EINVAL;
	if (n > 3 && parse_digits(word[3], &got.deadline_ms))
		return -EINVAL;
	*out = got;
	return 0;
}

size_t own_replay(const char *text, size_t len, void (*each)(void *arg, const struct own_line *l), void *arg,
		  size_t *whole)
{
	size_t bad = 0, at = 0;
	const char *nl;
	while (at < len && (nl = memchr(text + at, '\n', len - at))) {
		size_t n = (size_t)(nl - (text + at));
		struct own_line l;
		if (own_line_parse(text + at, n, &l))
			bad++;
		else
			each(arg, &l);
		at += n + 1;
	}
	*whole = at;
	return bad;
}
