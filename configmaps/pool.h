/* Pools: ranges of addresses that may be given to load balancer Services, and which Services they are for. Pure. */
#ifndef VIPD_CONFIGMAPS_POOL_H
#define VIPD_CONFIGMAPS_POOL_H

#include "../src/base/addr.h"
#include "object.h"

/* first..last, both included, of one family. prefix: written as 10.0.0.0/24, so that its network and broadcast addresses are left out. */
struct pool_range {
	struct addr first, last;
	bool prefix;
};

enum { POOL_RANGE_TEXT = 2 * ADDR_TEXT, POOL_WHY = 160 };

struct pool {
	const char *name;
	struct pool_range *ranges;
	size_t n;
	struct pool_range *avoid; /* never given from here, whoever asks */
	size_t n_avoid;
	bool use_all;            /* network and broadcast addresses too */
	bool manual;             /* autoAssign: false: only for those that ask for it */
	uint32_t priority;       /* the lesser is tried first; 0: after all that have one */
	const char **namespaces; /* none: all */
	size_t n_namespaces;
	struct str_pairs selector; /* labels that a Service must have; none: all. Sorted by key */
};

/* "10.0.0.0/24", "10.0.0.10-10.0.0.20", the same in IPv6. -EINVAL: why (POOL_WHY bytes) says what is wrong, to stand behind the text. */
int pool_range_parse(const char *text, struct pool_range *out, char *why);
char *pool_range_format(const struct pool_range *r, char buf[POOL_RANGE_TEXT]); /* what pool_range_parse reads back */
bool pool_range_overlaps(const struct pool_range *a, const struct pool_range *b);

/* What may be given, in order: the ranges without network and broadcast addresses (of IPv4 prefixes shorter than /31; of IPv6 ones shorter than
 * /127 the subnet-router anycast address, RFC 4291 2.6.1) unless use_all, and without what is to be avoided. malloc'd; *n is their number. */
struct pool_range *pool_rooms(const struct pool *p, size_t *n);
bool pool_rooms_have(const struct pool_range *rooms, size_t n, const struct addr *a);
/* Whether the pool is for this Service, by its namespace and labels. */
bool pool_selects(const struct pool *p, const struct object *service);
/* Which of two is tried first: qsort's sign; 0: in the order of the configuration. */
int pool_cmp(const struct pool *a, const struct pool *b);

#endif
