/* Frames that tell the neighbours where an address lives: ARP announcements (RFC 826, RFC 5227 section 3) and unsolicited
 * neighbour advertisements (RFC 4861 sections 4.4 and 7.2.6; flags as RFC 9568 section 6.4.1 asks). Pure. */
#ifndef VIPD_VRRP_ARP_H
#define VIPD_VRRP_ARP_H

#include "../src/base/addr.h"
#include "links.h"

enum {
	ARP_FRAME = 14 + 28,
	NA_FRAME = 14 + 40 + 32,
	ANNOUNCE_FRAME = NA_FRAME, /* the longer of the two */
};

/* Writes the whole Ethernet frame that announces `a` at `mac` to buf (ANNOUNCE_FRAME bytes) and returns its length:
 * IPv4 an ARP request with sender = target = a, broadcast; IPv6 a neighbour advertisement from a to ff02::1 with Router and
 * Override set. 0 for no address. */
size_t arp_announce(const struct addr *a, const uint8_t mac[MAC_LEN], uint8_t *buf);

#endif
