/* Decides the bytes of gratuitous ARP and unsolicited neighbour advertisements.
 * Source: RFC 826, RFC 5227 section 3, RFC 4861 sections 4.4 and 7.2.6, RFC 4443 section 2.3, RFC 9568 section 6.4.1.
 * Test: tests/test_arp.c. */
#include "arp.h"

#include <linux/if_ether.h>
#include <netinet/in.h>
#include <string.h>

enum {
	ARP_ETHERNET = 1,
	ARP_REQUEST = 1,
	ND_ADVERT = 136,
	ND_TARGET_LINK_ADDRESS = 2,
	ND_ROUTER = 0x80,
	ND_OVERRIDE = 0x20,
	ND_HOP_LIMIT = 255,
	IPV6_HEADER = 40,
	NA_LENGTH = 32,
};

static uint8_t *put(uint8_t *at, const void *bytes, size_t n)
{
	memcpy(at, bytes, n);
	return at + n;
}

static uint8_t *put16(uint8_t *at, uint16_t v)
{
	at[0] = (uint8_t)(v >> 8);
	at[1] = (uint8_t)v;
	return at + 2;
}

static uint8_t *put_zero(uint8_t *at, size_t n)
{
	memset(at, 0, n);
	return at + n;
}

static size_t arp_request(const struct addr *a, const uint8_t *mac, uint8_t *buf)
{
	static const uint8_t broadcast[MAC_LEN] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
	uint8_t *at = buf;

	at = put(at, broadcast, MAC_LEN);
	at = put(at, mac, MAC_LEN);
	at = put16(at, ETH_P_ARP);
	at = put16(at, ARP_ETHERNET);
	at = put16(at, ETH_P_IP);
	*at++ = MAC_LEN;
	*at++ = 4;
	at = put16(at, ARP_REQUEST);
	at = put(at, mac, MAC_LEN);
	at = put(at, a->bytes, 4);
	at = put_zero(at, MAC_LEN);
	at = put(at, a->bytes, 4);
	return (size_t)(at - buf);
}

static uint32_t sum16(const uint8_t *bytes, size_t n, uint32_t sum)
{
	for (size_t i = 0; i < n; i += 2)
		sum += (uint32_t)(bytes[i] << 8 | bytes[i + 1]);
	return sum;
}

/* RFC 4443 section 2.3: over the pseudo-header (addresses, length, next header) and the message. */
static uint16_t icmp6_checksum(const uint8_t *addresses, const uint8_t *message, size_t n)
{
	uint32_t sum = sum16(addresses, 32, (uint32_t)n + IPPROTO_ICMPV6);

	sum = sum16(message, n, sum);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static size_t neighbour_advert(const struct addr *a, const uint8_t *mac, uint8_t *buf)
{
	static const uint8_t all_nodes[16] = {0xff, 0x02, [15] = 0x01};
	static const uint8_t all_nodes_mac[MAC_LEN] = {0x33, 0x33, 0, 0, 0, 1};
	uint8_t *ip = buf + ETH_HLEN, *message = ip + IPV6_HEADER, *at = buf;

	at = put(at, all_nodes_mac, MAC_LEN);
	at = put(at, mac, MAC_LEN);
	at = put16(at, ETH_P_IPV6);
	at = put16(at, 0x6000); /* version 6; traffic class and flow label 0 */
	at = put16(at, 0);
	at = put16(at, NA_LENGTH);
	*at++ = IPPROTO_ICMPV6;
	*at++ = ND_HOP_LIMIT;
	at = put(at, a->bytes, 16);
	at = put(at, all_nodes, 16);
	*at++ = ND_ADVERT;
	*at++ = 0;
	at = put16(at, 0); /* checksum, below */
	*at++ = ND_ROUTER | ND_OVERRIDE;
	at = put_zero(at, 3);
	at = put(at, a->bytes, 16);
	*at++ = ND_TARGET_LINK_ADDRESS;
	*at++ = 1; /* in units of 8 bytes */
	at = put(at, mac, MAC_LEN);
	put16(message + 2, icmp6_checksum(ip + 8, message, NA_LENGTH));
	return (size_t)(at - buf);
}

size_t arp_announce(const struct addr *a, const uint8_t mac[MAC_LEN], uint8_t *buf)
{
	switch (addr_len(a)) {
	case 4:
		return arp_request(a, mac, buf);
	case 16:
		return neighbour_advert(a, mac, buf);
	default:
		return 0;
	}
}
