/* Decides which of a router's addresses are advertised, and in which order; the rest is carried but not advertised (keepalived's excluded addresses).
 * Every router with the same configuration comes to the same list. Source: RFC 9568 sections 5.2.5 and 5.2.9. Test: tests/test_advert.c. */
#include "advert.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
	ADDRESSES_MAX = 255,
	IPV4_OVERHEAD = 20 + 8,
	IPV6_OVERHEAD = 40 + 8,
	V2_TAIL = 8,
	AH_OVERHEAD = 24,
	AUTH_IS_AH = 2,
};

size_t advert_room(uint8_t family, uint8_t version, uint8_t auth, unsigned mtu)
{
	unsigned over = family == AF_INET ? IPV4_OVERHEAD : IPV6_OVERHEAD, each = family == AF_INET ? 4 : 16;
	size_t room;

	over += version == 2 ? V2_TAIL : 0;
	over += auth == AUTH_IS_AH ? AH_OVERHEAD : 0;
	room = mtu > over ? (mtu - over) / each : 0;
	if (room > ADDRESSES_MAX)
		room = ADDRESSES_MAX;
	return room ? room : 1;
}

struct addr advert_link_local(uint8_t vrid)
{
	struct addr a = {.family = AF_INET6, .bytes = {0xfe, 0x80}};

	a.bytes[12] = 0x5e;
	a.bytes[14] = 0x02;
	a.bytes[15] = vrid;
	return a;
}

static int by_addr(const void *a, const void *b)
{
	return addr_cmp(a, b);
}

size_t advert_order(struct addr *addrs, size_t n, size_t room)
{
	size_t local = 0;

	if (n == 0)
		return 0;
	qsort(addrs, n, sizeof(*addrs), by_addr);
	while (local < n && !(addrs[local].family == AF_INET6 && addr_is_link_local(&addrs[local])))
		local++;
	if (local < n) {
		struct addr first = addrs[local];

		memmove(addrs + 1, addrs, local * sizeof(*addrs));
		addrs[0] = first;
	}
	return n < room ? n : room;
}
