/* Ranges of addresses to give from: the first free one, found without walking those that are known to be taken. Pure. */
#ifndef VIPD_CONFIGMAPS_POOL_H
#define VIPD_CONFIGMAPS_POOL_H

#include "../src/base/addr.h"

/* Every address of the range below offset `next` is taken or reserved. Start with {.range = ...}. */
struct pool_range {
	struct cidr range;
	uint64_t next;
};

/* The first address of the range for which taken() says no; the network and broadcast addresses of an IPv4 prefix shorter than /31 (IPv6
 * shorter than /127: the subnet-router anycast address, RFC 4291 2.6.1) are never given. -ENOSPC if there is none. */
int pool_first(struct pool_range *r, bool (*taken)(void *arg, const struct addr *a), void *arg, struct addr *out);
/* The address became free: it may be given again. */
void pool_freed(struct pool_range *r, const struct addr *a);

#endif
