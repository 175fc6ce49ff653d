/* Addresses and prefixes, IPv4 and IPv6, as values that compare with memcmp. */
#ifndef VIPD_BASE_ADDR_H
#define VIPD_BASE_ADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An address. `bytes` is in network order; IPv4 uses the first four and the rest are zero, so that equal
 * addresses are equal bytes. family is AF_INET, AF_INET6, or 0 for "none". */
struct addr {
	uint8_t family;
	uint8_t bytes[16];
};

/* A prefix: bits is 0..32 or 0..128. Host bits are kept as written; cidr_network() clears them. */
struct cidr {
	struct addr addr;
	uint8_t bits;
};

enum { ADDR_TEXT = 46, CIDR_TEXT = 50 };

/* Parses dotted quad or RFC 4291 text, strictly: no leading zeros, no zone, no blanks. -EINVAL leaves *out alone. */
int addr_parse(const char *text, struct addr *out);

/* Writes the canonical text (RFC 5952) to buf of ADDR_TEXT bytes and returns buf; "-" for no address. */
char *addr_format(const struct addr *a, char buf[ADDR_TEXT]);

/* memcmp order: IPv4 before IPv6, then by bytes. */
int addr_cmp(const struct addr *a, const struct addr *b);
bool addr_equal(const struct addr *a, const struct addr *b);

/* 4 or 16 for a real address, 0 for none; 32 or 128 in bits. */
size_t addr_len(const struct addr *a);
unsigned addr_bits(const struct addr *a);

/* The address behind or before; false (and *out untouched) at the end of the family. */
bool addr_next(const struct addr *a, struct addr *out);
bool addr_prev(const struct addr *a, struct addr *out);

struct addr addr_from_v4(uint32_t host_order);
struct addr addr_from_bytes(int family, const void *bytes);

bool addr_is_unspecified(const struct addr *a);
bool addr_is_loopback(const struct addr *a);  /* 127/8, ::1 */
bool addr_is_multicast(const struct addr *a); /* 224/4, ff00::/8 */
bool addr_is_broadcast(const struct addr *a); /* 255.255.255.255 */
bool addr_is_link_local(const struct addr *a);
bool addr_is_v4_mapped(const struct addr *a); /* ::ffff:0:0/96 */

/* Why an address cannot be a virtual IP or a real server, as words for a person ("is a multicast address"),
 * or NULL if it can. */
const char *addr_unusable(const struct addr *a);

/* "10.0.0.0/8". A bare address is refused with -EINVAL, as are bits beyond the family's. */
int cidr_parse(const char *text, struct cidr *out);
char *cidr_format(const struct cidr *c, char buf[CIDR_TEXT]);
bool cidr_contains(const struct cidr *c, const struct addr *a);
struct addr cidr_network(const struct cidr *c);
struct addr cidr_last(const struct cidr *c); /* all host bits set */
/* The address offset places after the network address; -ERANGE when that is outside the prefix. */
int cidr_nth(const struct cidr *c, uint64_t offset, struct addr *out);
/* Number of addresses, UINT64_MAX when it does not fit. */
uint64_t cidr_size(const struct cidr *c);

#endif
