/* VRRPv2's IP Authentication Header: HMAC-MD5-96 (RFC 2403 over RFC 2402, as RFC 2338 5.3.6.3 asks), in keepalived's way: the key is the password of 8
 * bytes, zero-padded; the SPI is the sender's address; the TTL is covered for multicast and not for unicast. packet.h lays the bytes out.
 * Test: tests/test_auth.c with packets that keepalived sent. */
#ifndef VIPD_VRRP_AUTH_H
#define VIPD_VRRP_AUTH_H

#include "packet.h"

/* Call it before the process shuts itself in: OpenSSL loads what it needs. 0, or -ENOTSUP where the system's policy forbids MD5. */
int auth_init(void);

/* Puts the digest into a packet that packet_wrap_ah made. 0, -EINVAL for another packet, -ENOTSUP without MD5. */
int auth_seal(const uint8_t key[VRRP_PASS_LEN], void *packet, size_t len);

/* Checks digest and SPI of a packet as the socket delivered it, from its IPv4 header on. Both readings of the TTL are accepted. PACKET_OK, PACKET_AUTH,
 * or what packet_strip_ipv4 and packet_strip_ah say. Writes *sequence on PACKET_OK. */
enum packet_reason auth_verify(const uint8_t key[VRRP_PASS_LEN], const void *packet, size_t size, uint32_t *sequence);

/* Sequence numbers of one sender that were seen (RFC 2402 3.4.3); all zero: none. To be forgotten when the sender was not heard for a down interval:
 * one that restarts counts from 1 again. */
enum { AUTH_WINDOW = 64 };
struct auth_window {
	uint32_t top;
	uint64_t seen; /* bit i: top - i */
};
/* After auth_verify: PACKET_OK and noted, or PACKET_AUTH for a number that was seen, is too old, or 0. */
enum packet_reason auth_window_take(struct auth_window *w, uint32_t sequence);

/* The number for the next packet of a virtual router: one more than *highest, the highest that was sent or heard (keepalived takes nothing lower from
 * a new Active). 0 when the numbers are used up (RFC 2402 3.3.2: they must not cycle). */
uint32_t auth_next(uint32_t *highest);

#endif
