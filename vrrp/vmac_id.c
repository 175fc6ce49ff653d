/* Decides which device is a virtual router's, and which are vipd's at all: there is no record of them, their name and MAC say it.
 * Source: RFC 9568 7.3. Test: tests/test_vmac_id.c */
#include "vmac_id.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

enum { PLACE_BITS = 0xfffff, PLACE_DIGITS = 5 };

void vmac_address(uint8_t family, uint8_t vrid, uint8_t mac[MAC_LEN])
{
	const uint8_t v[MAC_LEN] = {0x00, 0x00, 0x5e, 0x00, family == AF_INET ? 0x01 : 0x02, vrid};

	memcpy(mac, v, MAC_LEN);
}

/* FNV-1a: the same in every life of the process. */
static uint32_t hash(const char *s, size_t size)
{
	uint32_t h = 2166136261u;

	for (size_t i = 0; i < size && s[i]; i++)
		h = (h ^ (uint8_t)s[i]) * 16777619u;
	return (h ^ h >> 20) & PLACE_BITS;
}

void vmac_name(const struct router *r, char name[LINK_NAME])
{
	snprintf(name, LINK_NAME, "vipd%c-%u-%05x", r->family == AF_INET ? '4' : '6', r->vrid,
		 (unsigned)hash(r->ifname, sizeof(r->ifname)));
}

void vmac_place(const struct router *r, char name[LINK_NAME])
{
	if (r->vmac)
		vmac_name(r, name);
	else
		memcpy(name, r->ifname, LINK_NAME);
}

/* "vipd4-50-1a2b3" taken apart, as vmac_name writes it. */
static bool name_read(const char *name, uint8_t *family, uint8_t *vrid)
{
	static const char start[] = "vipd";
	const char *at = name + strlen(start);
	unsigned id = 0;

	if (strncmp(name, start, strlen(start)) != 0 || (*at != '4' && *at != '6') || at[1] != '-')
		return false;
	*family = *at == '4' ? AF_INET : AF_INET6;
	for (at += 2; *at >= '0' && *at <= '9' && id <= UINT8_MAX; at++)
		id = id * 10 + (unsigned)(*at - '0');
	if (*at != '-' || id > UINT8_MAX || strspn(at + 1, "0123456789abcdef") != PLACE_DIGITS || at[1 + PLACE_DIGITS])
		return false;
	*vrid = (uint8_t)id;
	return true;
}

bool vmac_is_ours(const struct link *l)
{
	uint8_t mac[MAC_LEN], family, vrid;

	if (strcmp(l->kind, "macvlan") != 0 || l->mac_len != MAC_LEN || !name_read(l->name, &family, &vrid))
		return false;
	vmac_address(family, vrid, mac);
	return memcmp(mac, l->mac, MAC_LEN) == 0;
}

bool vmac_is_of(const struct link *l, const struct router *r)
{
	char name[LINK_NAME];

	vmac_name(r, name);
	return strncmp(name, l->name, LINK_NAME) == 0 && vmac_is_ours(l);
}
