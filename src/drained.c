/* Decides which real servers a person has taken out of service. Source: README, "Draining". Test: tests/test_drained.c */
#include "drained.h"

#include "base/arena.h"
#include "base/version.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define NAME "vipd-drained"
#define HEAD NAME " 1\n"

_Static_assert(DRAINED_VERSION == 1, "HEAD says so");

void drained_clear(struct drained *d)
{
	free(d->items);
	*d = (struct drained){0};
}

/* The port behind the last colon; -EINVAL. */
static int parse_port(const char *text, uint16_t *out)
{
	size_t n = strspn(text, "0123456789");
	unsigned long v = 0;

	if (n == 0 || n > 5 || text[n])
		return -EINVAL;
	for (size_t i = 0; i < n; i++)
		v = v * 10 + (unsigned long)(text[i] - '0');
	if (v == 0 || v > 65535)
		return -EINVAL;
	*out = (uint16_t)v;
	return 0;
}

int drained_parse(const char *text, struct drained_one *out)
{
	struct drained_one got = {.port = 0};
	char copy[DRAINED_TEXT], *host = copy, *colon;

	if (strlen(text) >= sizeof copy)
		return -EINVAL;
	strcpy(copy, text);
	if (addr_parse(copy, &got.addr)) {
		colon = strrchr(copy, ':');
		if (!colon || parse_port(colon + 1, &got.port))
			return -EINVAL;
		*colon = '\0';
		if (copy[0] == '[') {
			if (colon[-1] != ']')
				return -EINVAL;
			colon[-1] = '\0';
			host++;
		}
		if (addr_parse(host, &got.addr) || (got.addr.family == AF_INET6) != (host != copy))
			return -EINVAL;
	}
	*out = got;
	return 0;
}

char *drained_format(const struct drained_one *o, char buf[DRAINED_TEXT])
{
	char addr[ADDR_TEXT];

	if (o->port)
		return real_format(&(struct real){.addr = o->addr, .port = o->port}, buf);
	snprintf(buf, DRAINED_TEXT, "%s", addr_format(&o->addr, addr));
	return buf;
}

static int one_cmp(const struct drained_one *a, const struct drained_one *b)
{
	int c = addr_cmp(&a->addr, &b->addr);

	return c ? c : (int)a->port - (int)b->port;
}

/* Index of the first that is not before o. */
static size_t place_of(const struct drained *d, const struct drained_one *o)
{
	size_t lo = 0, hi = d->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (one_cmp(&d->items[mid], o) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

bool drained_listed(const struct drained *d, const struct drained_one *o)
{
	size_t at = place_of(d, o);

	return at < d->n && one_cmp(&d->items[at], o) == 0;
}

bool drained_add(struct drained *d, const struct drained_one *o)
{
	size_t at = place_of(d, o);

	if (drained_listed(d, o) || d->n == DRAINED_MAX)
		return false;
	d->items = xrealloc(d->items, (d->n + 1) * sizeof *d->items);
	memmove(&d->items[at + 1], &d->items[at], (d->n - at) * sizeof *d->items);
	d->items[at] = *o;
	d->n++;
	return true;
}

bool drained_remove(struct drained *d, const struct drained_one *o)
{
	size_t at = place_of(d, o);

	if (!drained_listed(d, o))
		return false;
	d->n--;
	memmove(&d->items[at], &d->items[at + 1], (d->n - at) * sizeof *d->items);
	return true;
}

bool drained_has(const struct drained *d, const struct real *r)
{
	return d->n && (drained_listed(d, &(struct drained_one){r->addr, 0}) ||
			drained_listed(d, &(struct drained_one){r->addr, r->port}));
}

bool drained_concerns(const struct drained_one *o, const struct vs *v)
{
	for (uint32_t i = 0; i < v->n; i++)
		if (addr_equal(&v->reals[i].addr, &o->addr) && (!o->port || o->port == v->reals[i].port))
			return true;
	return false;
}

/* One line without its newline. */
static bool read_line(struct drained *d, const char *text, size_t n)
{
	char word[DRAINED_TEXT];
	struct drained_one one;

	if (n >= sizeof word)
		return false;
	memcpy(word, text, n);
	word[n] = '\0';
	if (strlen(word) != n || drained_parse(word, &one))
		return false;
	drained_add(d, &one);
	return true;
}

enum drained_file drained_read(struct drained *d, const char *text, size_t len, size_t *where)
{
	enum drained_file result = DRAINED_READ;
	size_t at = 0, line = 0;
	unsigned version = 0;

	if (!version_parse(text, len, NAME, &version)) {
		if (version != DRAINED_VERSION) {
			*where = version;
			return DRAINED_OTHER;
		}
		at = strlen(HEAD) <= len && !memcmp(text, HEAD, strlen(HEAD)) ? strlen(HEAD) : 0;
		line = at > 0;
	}
	while (at < len) {
		const char *end = memchr(text + at, '\n', len - at);
		size_t n = end ? (size_t)(end - (text + at)) : len - at;

		line++;
		if ((!end || (n && !read_line(d, text + at, n))) && result == DRAINED_READ) {
			*where = line;
			result = DRAINED_DAMAGED;
		}
		at += n + 1;
	}
	return result;
}

char *drained_write(const struct drained *d, size_t *len)
{
	char *text = xmalloc(strlen(HEAD) + d->n * DRAINED_TEXT + 1), *at = stpcpy(text, HEAD);

	for (size_t i = 0; i < d->n; i++) {
		drained_format(&d->items[i], at);
		at += strlen(at);
		*at++ = '\n';
	}
	*len = (size_t)(at - text);
	return text;
}

struct real *drained_mask(const struct drained *d, const struct vs *v)
{
	struct real *copy = NULL;

	for (uint32_t i = 0; d->n && i < v->n; i++) {
		if (v->reals[i].weight == 0 || v->reals[i].until || !drained_has(d, &v->reals[i]))
			continue;
		if (!copy)
			copy = xmemdup(v->reals, v->n * sizeof *copy);
		copy[i].weight = 0;
	}
	return copy;
}
