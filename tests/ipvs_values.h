/* Short ways to write virtual servers and real servers in tests. */
#ifndef VIPD_TESTS_IPVS_VALUES_H
#define VIPD_TESTS_IPVS_VALUES_H

#include "../ipvs/table.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

static inline struct addr addr_of(const char *text)
{
	struct addr a;

	if (addr_parse(text, &a))
		abort();
	return a;
}

static inline struct vs_key key_of(uint8_t proto, const char *addr, uint16_t port)
{
	return (struct vs_key){.addr = addr_of(addr), .port = port, .proto = proto};
}

/* Granularity for one client, no real servers. */
static inline struct vs vs_of(uint8_t proto, const char *addr, uint16_t port, const char *sched)
{
	struct vs v = {.key = key_of(proto, addr, port)};

	v.granularity = (uint8_t)addr_bits(&v.key.addr);
	memcpy(v.sched, sched, strlen(sched));
	return v;
}

static inline struct real real_of(const char *addr, uint16_t port, enum forward f, uint32_t weight)
{
	return (struct real){.addr = addr_of(addr), .port = port, .forward = (uint8_t)f, .weight = weight};
}

/* A generator that gives the same numbers everywhere. */
static inline uint32_t random_next(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*state >> 33);
}

static inline uint32_t random_below(uint64_t *state, uint32_t n)
{
	return random_next(state) % n;
}

#endif
