/* A virtual router's MAC address (RFC 9568 7.3) and the name of the device that has it. Pure. */
#ifndef VIPD_VRRP_VMAC_ID_H
#define VIPD_VRRP_VMAC_ID_H

#include "../src/base/router.h"
#include "links.h"

/* 00:00:5e:00:01:VRID for IPv4, 00:00:5e:00:02:VRID for IPv6. */
void vmac_address(uint8_t family, uint8_t vrid, uint8_t mac[MAC_LEN]);
/* "vipd4-50-1a2b3": family, VRID, and what stands for the interface's name, so that two interfaces may have the same VRID. */
void vmac_name(const struct router *r, char name[LINK_NAME]);
/* Where this router's addresses are: its interface, or the device of its virtual MAC. */
void vmac_place(const struct router *r, char name[LINK_NAME]);
/* A device that vipd made: a macvlan, named so, with the MAC that its name says. */
bool vmac_is_ours(const struct link *l);
/* ... and this router's. */
bool vmac_is_of(const struct link *l, const struct router *r);

#endif
