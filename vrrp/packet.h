/* The VRRP packet: bytes <-> values. VRRPv2 (RFC 3768, and RFC 2338's authentication) and VRRPv3 (RFC 5798, 9568), IPv4 and IPv6. Pure.
 * Every refusal has a name. What authentication covers is laid out here; vrrp/auth.c computes.
 * Test: tests/test_packet.c, tests/fuzz/fuzz_packet.c. */
#ifndef VIPD_VRRP_PACKET_H
#define VIPD_VRRP_PACKET_H

#include "../src/base/addr.h"
#include "../src/base/clock.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	VRRP_PROTOCOL = 112,
	VRRP_PRIORITY_STOP = 0,
	VRRP_PRIORITY_DEFAULT = 100,
	VRRP_PRIORITY_OWNER = 255,
	VRRP_ADDRESSES_MAX = 255,
	VRRP_PACKET_MAX = 8 + VRRP_ADDRESSES_MAX * 16 + 8,
	VRRP_PASS_LEN = 8,
	AH_HEADER = 24,
	AH_DIGEST = 12,
	/* version 2 behind an IPv4 and an AH header */
	AH_PACKET_MAX = 20 + AH_HEADER + 8 + VRRP_ADDRESSES_MAX * 4 + VRRP_PASS_LEN,
};

/* v3 over IPv4: whether the checksum covers the pseudo-header (RFC 5798 as keepalived and FRR read it) or the message alone. */
enum vrrp_checksum { CHECKSUM_PSEUDO, CHECKSUM_MESSAGE };
/* v2's Auth Type field. */
enum vrrp_auth { AUTH_NONE, AUTH_PASS, AUTH_AH };

/* An advertisement. */
struct advert {
	uint8_t version;             /* 2, 3 */
	uint8_t family;              /* AF_INET; AF_INET6 for v3 only */
	uint8_t vrid;                /* 1..255 */
	uint8_t priority;            /* 0: the sender stops; 255: owner */
	nsec_t interval;             /* v2: whole seconds 1..255; v3: 10 ms..40.95 s in steps of 10 ms */
	uint8_t auth;                /* v2: enum vrrp_auth */
	uint8_t pass[VRRP_PASS_LEN]; /* AUTH_PASS: the password, zero-padded */
	uint16_t n;                  /* addresses */
	const struct addr *addrs;
};

/* Encodes what goes from src to dst (they are in the pseudo-header). Returns the length; 0 when size is too small or the values cannot be sent. */
size_t packet_encode(const struct advert *a, enum vrrp_checksum how, const struct addr *src, const struct addr *dst,
		     void *buf, size_t size);

enum packet_reason {
	PACKET_OK,
	PACKET_SHORT,    /* shorter than its header or its counts say */
	PACKET_TRAILING, /* bytes behind the end */
	PACKET_IP,       /* IPv4 header: version, header length, protocol */
	PACKET_FRAGMENT,
	PACKET_TTL, /* TTL or hop limit below what is demanded: 255 for multicast */
	PACKET_VERSION,
	PACKET_TYPE,
	PACKET_CHECKSUM,
	PACKET_VRID,      /* 0, or no router with that VRID here */
	PACKET_COUNT,     /* no address at all */
	PACKET_AUTH_TYPE, /* another authentication than configured */
	PACKET_AUTH,      /* the password or digest does not match, or the sequence number is old */
	PACKET_INTERVAL,  /* v2: not our own interval; v3: 0 */
	PACKET_OWN,       /* our own packet came back */
	PACKET_SOURCE,    /* unicast: not a configured peer */
	PACKET_ADDRESSES, /* a warning: the address list differs from ours */
	PACKET_REASONS
};
const char *packet_reason_name(enum packet_reason r); /* "wrong checksum" */

/* What the layers below said. */
struct packet_from {
	struct addr src, dst;
	int ttl;     /* TTL or hop limit; below 0: not known, refused */
	bool sealed; /* set by the caller when the digest of the AH header was found right */
};

/* Takes off the IPv4 header, which raw sockets deliver: *payload and *len become the VRRP message (or, for protocol 51, the AH header and it: *ah is
 * then true). size may be larger than the total length (padding), not smaller. from->sealed becomes false. */
enum packet_reason packet_strip_ipv4(const void *bytes, size_t size, struct packet_from *from, const uint8_t **payload,
				     size_t *len, bool *ah);

/* Version 2 behind an IP Authentication Header (RFC 2402; RFC 2338 5.3.6). Takes it off: *payload and *len become the VRRP message. */
struct packet_ah {
	uint32_t spi; /* keepalived's way: the sender's IPv4 address */
	uint32_t sequence;
	const uint8_t *digest; /* AH_DIGEST bytes */
};
enum packet_reason packet_strip_ah(const uint8_t **payload, size_t *len, struct packet_ah *out);
/* Writes what the digest covers: the packet from its IPv4 header on, with the mutable fields (RFC 2402 3.3.3.1.1.1) and the digest zero. keep_ttl:
 * the TTL is covered too, as keepalived does for multicast. Returns its length; 0 for what is no such packet (IP options and fragments among them). */
size_t packet_ah_cover(const void *ip, size_t size, bool keep_ttl, uint8_t out[AH_PACKET_MAX]);
/* The other way: writes the IPv4 header, the AH header with a zero digest, and the message. id must not be 0: the kernel would choose another.
 * Returns the length, 0 when size is too small or the values cannot be sent. */
struct packet_route {
	struct addr src, dst; /* IPv4 */
	uint8_t ttl;
	uint16_t id;
};
size_t packet_wrap_ah(const struct packet_route *r, uint32_t sequence, const void *message, size_t len, void *buf,
		      size_t size);
/* Where the digest of a packet that packet_wrap_ah made belongs. */
uint8_t *packet_ah_digest(void *packet);

/* Decodes one VRRP message and checks what needs no configuration. addrs must have room for VRRP_ADDRESSES_MAX; out->addrs points there.
 * v3 over IPv4: a checksum with or without the pseudo-header is right. Writes *out only on PACKET_OK. */
enum packet_reason packet_decode(const void *bytes, size_t len, const struct packet_from *from, int min_ttl,
				 struct addr *addrs, struct advert *out);

/* What one router demands of an advertisement that was decoded. */
struct packet_expect {
	uint8_t version, vrid;
	nsec_t interval; /* v2: must be equal */
	uint8_t auth;
	uint8_t pass[VRRP_PASS_LEN];
	const struct addr *self;  /* own source address */
	const struct addr *peers; /* unicast: allowed sources, if check_source */
	size_t n_peers;
	bool check_source;
	const struct addr *addrs; /* own list, sorted by addr_cmp */
	size_t n_addrs;
};
/* How the advertisement's address list differs from ours: "has 10.4.0.9 and 2 more that this node has not, lacks 10.4.0.1". "" if it does not. */
enum { PACKET_DIFFERENCE = 176 };
void packet_difference(const struct packet_expect *x, const struct advert *a, char text[PACKET_DIFFERENCE]);
/* PACKET_OK, PACKET_ADDRESSES (count it, go on) or a refusal. */
enum packet_reason packet_check(const struct packet_expect *x, const struct packet_from *from, const struct advert *a);

/* The Internet checksum (RFC 1071) over several pieces; each but the last of even length. */
uint32_t packet_sum(uint32_t sum, const void *bytes, size_t len);
uint16_t packet_sum_fold(uint32_t sum);

#endif
