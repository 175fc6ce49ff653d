/* The order of virtual IPs. Test: tests/test_vipwire.c. */
#include "vip.h"

#include <string.h>
#include <sys/socket.h>

int vip_cmp(const struct vip *a, const struct vip *b)
{
	int d = addr_cmp(&a->addr, &b->addr);

	if (d || a->addr.family != AF_INET6 || !addr_is_link_local(&a->addr))
		return d;
	return strncmp(a->ifname, b->ifname, sizeof(a->ifname));
}
