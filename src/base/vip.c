/* The order of virtual IPs: by address. Test: tests/test_vipwire.c. */
#include "vip.h"

int vip_cmp(const struct vip *a, const struct vip *b)
{
	return addr_cmp(&a->addr, &b->addr);
}
