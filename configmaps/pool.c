/* The first free address of a range. A cursor remembers below which everything is taken, so that filling a range costs one look at each
 * address, and a freed one pulls the cursor back. Source: RFC 4291 2.6.1, RFC 3021 (/31). Test: tests/test_plan_alloc.c */
#include "pool.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

static bool pool_reserved(const struct cidr *c, uint64_t offset)
{
	unsigned host = addr_bits(&c->addr) - c->bits;

	if (host < 2)
		return false;
	return offset == 0 || (c->addr.family == AF_INET && offset == cidr_size(c) - 1);
}

int pool_first(struct pool_range *r, bool (*taken)(void *arg, const struct addr *a), void *arg, struct addr *out)
{
	struct addr a;

	for (; cidr_nth(&r->range, r->next, &a) == 0; r->next++) {
		if (pool_reserved(&r->range, r->next) || taken(arg, &a))
			continue;
		*out = a;
		return 0;
	}
	return -ENOSPC;
}

/* The last eight bytes as a number, of an IPv4 address all four. */
static uint64_t addr_low(const struct addr *a)
{
	size_t len = addr_len(a);
	uint64_t low = 0;

	for (size_t i = len > 8 ? len - 8 : 0; i < len; i++)
		low = low << 8 | a->bytes[i];
	return low;
}

void pool_freed(struct pool_range *r, const struct addr *a)
{
	struct addr first = cidr_network(&r->range);
	uint64_t offset;

	if (!cidr_contains(&r->range, a) || (a->family == AF_INET6 && memcmp(first.bytes, a->bytes, 8) != 0))
		return;
	offset = addr_low(a) - addr_low(&first);
	if (offset < r->next)
		r->next = offset;
}
