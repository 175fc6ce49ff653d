/* What a pool is made of and whom it is for. Ranges stay two addresses, whatever they hold; what is taken is kept elsewhere (spans.h), so that
 * an IPv6 /64 costs no more than a /30. Source: MetalLB's IPAddressPool (names and meaning), RFC 4291 2.6.1, RFC 3021 (/31).
 * Test: tests/test_pool.c; fuzzer: tests/fuzz/fuzz_pool.c */
#include "pool.h"

#include "../src/base/arena.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* ---- text ---- */

__attribute__((format(printf, 2, 3))) static int wrong(char *why, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, POOL_WHY, fmt, ap);
	va_end(ap);
	return -EINVAL;
}

static int usable(const struct addr *a, char *why)
{
	char text[ADDR_TEXT];
	const char *what = addr_unusable(a);

	return what ? wrong(why, "%s %s", addr_format(a, text), what) : 0;
}

/* Between two addresses that can be used there may be some that cannot. */
static int usable_within(const struct pool_range *r, char *why)
{
	static const char *const holes[] = {"127.0.0.0/8", "169.254.0.0/16", "::ffff:0.0.0.0/96", "fe80::/10"};

	for (size_t i = 0; i < sizeof holes / sizeof *holes; i++) {
		struct cidr c;
		struct pool_range hole;

		if (cidr_parse(holes[i], &c))
			continue;
		hole = (struct pool_range){cidr_network(&c), cidr_last(&c), true};
		if (pool_range_overlaps(r, &hole))
			return wrong(why, "holds %s, which cannot be used", holes[i]);
	}
	return 0;
}

static int prefix_parse(const char *text, struct pool_range *out, char *why)
{
	struct cidr c;
	char buf[CIDR_TEXT];

	if (cidr_parse(text, &c))
		return wrong(why, "is not a prefix such as 10.4.0.0/24");
	if (c.bits == 0)
		return wrong(why, "is every address there is");
	out->prefix = true;
	out->first = cidr_network(&c);
	out->last = cidr_last(&c);
	if (!addr_equal(&out->first, &c.addr)) {
		c.addr = out->first;
		return wrong(why, "has bits set behind the prefix; the network is %s", cidr_format(&c, buf));
	}
	return usable(&out->first, why);
}

/* The address between the blanks of text[0..n). */
static int end_parse(const char *text, size_t n, struct addr *out)
{
	char buf[ADDR_TEXT];

	while (n && *text == ' ')
		text++, n--;
	while (n && text[n - 1] == ' ')
		n--;
	if (n >= sizeof buf)
		return -EINVAL;
	memcpy(buf, text, n);
	buf[n] = '\0';
	return addr_parse(buf, out);
}

int pool_range_parse(const char *text, struct pool_range *out, char *why)
{
	const char *dash = strchr(text, '-');
	struct pool_range r = {.prefix = false};

	if (strchr(text, '/')) {
		if (prefix_parse(text, &r, why))
			return -EINVAL;
	} else if (!dash) {
		if (addr_parse(text, &r.first))
			return wrong(why,
				     "is not a prefix such as 10.4.0.0/24, nor a range such as 10.4.0.10-10.4.0.20");
		return wrong(why, "is not a prefix such as 10.4.0.0/24; one address is %s",
			     r.first.family == AF_INET ? "/32" : "/128");
	} else {
		if (end_parse(text, (size_t)(dash - text), &r.first) || end_parse(dash + 1, strlen(dash + 1), &r.last))
			return wrong(why, "is not a range such as 10.4.0.10-10.4.0.20");
		if (r.first.family != r.last.family)
			return wrong(why, "begins in one family and ends in the other");
		if (addr_cmp(&r.first, &r.last) > 0)
			return wrong(why, "ends before it begins");
	}
	if (usable(&r.first, why) || usable(&r.last, why) || usable_within(&r, why))
		return -EINVAL;
	*out = r;
	return 0;
}

char *pool_range_format(const struct pool_range *r, char buf[POOL_RANGE_TEXT])
{
	struct cidr c = {.addr = r->first, .bits = (uint8_t)addr_bits(&r->first)};
	char a[ADDR_TEXT], b[ADDR_TEXT];
	struct addr last = cidr_last(&c);

	if (!r->prefix) {
		snprintf(buf, POOL_RANGE_TEXT, "%s-%s", addr_format(&r->first, a), addr_format(&r->last, b));
		return buf;
	}
	while (!addr_equal(&last, &r->last)) {
		c.bits--;
		last = cidr_last(&c);
	}
	return cidr_format(&c, buf);
}

bool pool_range_overlaps(const struct pool_range *a, const struct pool_range *b)
{
	return addr_cmp(&a->first, &b->last) <= 0 && addr_cmp(&b->first, &a->last) <= 0;
}

/* ---- what may be given ---- */

struct rooms {
	struct pool_range *items;
	size_t n;
};

static void rooms_add(struct rooms *l, const struct addr *first, const struct addr *last)
{
	l->items = xrealloc(l->items, (l->n + 1) * sizeof *l->items);
	l->items[l->n++] = (struct pool_range){*first, *last, false};
}

/* Without network and broadcast address where there are such: in a prefix of at least four addresses. */
static struct pool_range trimmed(const struct pool_range *r)
{
	struct pool_range t = {r->first, r->last, false};
	unsigned last = (unsigned)addr_len(&r->first) - 1;

	if (!r->prefix || (r->first.bytes[last] & 3) != 0 || (r->last.bytes[last] & 3) != 3)
		return t;
	addr_next(&r->first, &t.first);
	if (r->first.family == AF_INET)
		addr_prev(&r->last, &t.last);
	return t;
}

/* What is left of first..last behind the avoided ranges from `from` on. */
static void room_cut(struct rooms *l, const struct pool *p, struct pool_range r)
{
	for (;;) {
		const struct pool_range *cut = NULL;
		struct addr before;

		for (size_t i = 0; i < p->n_avoid; i++)
			if (pool_range_overlaps(&p->avoid[i], &r) &&
			    (!cut || addr_cmp(&p->avoid[i].first, &cut->first) < 0))
				cut = &p->avoid[i];
		if (!cut) {
			rooms_add(l, &r.first, &r.last);
			return;
		}
		if (addr_cmp(&r.first, &cut->first) < 0 && addr_prev(&cut->first, &before))
			rooms_add(l, &r.first, &before);
		if (addr_cmp(&cut->last, &r.last) >= 0)
			return;
		addr_next(&cut->last, &r.first);
	}
}

struct pool_range *pool_rooms(const struct pool *p, size_t *n)
{
	struct rooms l = {0};

	for (size_t i = 0; i < p->n; i++)
		room_cut(&l, p,
			 p->use_all ? (struct pool_range){p->ranges[i].first, p->ranges[i].last, false}
				    : trimmed(&p->ranges[i]));
	*n = l.n;
	return l.items;
}

bool pool_rooms_have(const struct pool_range *rooms, size_t n, const struct addr *a)
{
	for (size_t i = 0; i < n; i++)
		if (addr_cmp(&rooms[i].first, a) <= 0 && addr_cmp(a, &rooms[i].last) <= 0)
			return true;
	return false;
}

/* ---- whom it is for ---- */

bool pool_selects(const struct pool *p, const struct object *service)
{
	size_t i = 0;

	while (i < p->n_namespaces && strcmp(p->namespaces[i], service->meta.namespace) != 0)
		i++;
	if (p->n_namespaces && i == p->n_namespaces)
		return false;
	return !p->selector.n || pairs_select(&p->selector, &service->meta.labels);
}

int pool_cmp(const struct pool *a, const struct pool *b)
{
	uint32_t x = a->priority - 1, y = b->priority - 1; /* 0 becomes the greatest */

	return (x > y) - (x < y);
}
