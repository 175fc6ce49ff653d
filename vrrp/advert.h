/* What a router advertises: its address list in the order of the packet. Pure. */
#ifndef VIPD_VRRP_ADVERT_H
#define VIPD_VRRP_ADVERT_H

#include "../src/base/router.h"

#include <stddef.h>

/* How many addresses one packet carries at this MTU: at most 255 (RFC 9568 5.2.5), and no fragments. At least 1. */
size_t advert_room(uint8_t family, uint8_t version, uint8_t auth, unsigned mtu);

/* An IPv6 router's first address is link-local (RFC 9568 5.2.9). Where none is configured it follows from the VRID, so that all routers agree. */
struct addr advert_link_local(uint8_t vrid);

/* Orders addrs[0..n) for the packet and returns how many of them go into it (at most room): by address, and for IPv6 the least link-local one first. */
size_t advert_order(struct addr *addrs, size_t n, size_t room);

#endif
