/* Advertisements that say what a test likes, from the IP header on, and a flood of those that a router must refuse. Nothing of the product is in them: a
 * mistake made there is not made here too. RFC 9568 sections 5 and 7.1, RFC 3768 sections 5 and 7.1. */
#ifndef VIPD_TESTS_VRRP_FORGE_H
#define VIPD_TESTS_VRRP_FORGE_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

enum {
	FORGE_PROTOCOL = 112,
	FORGE_IPV4_HEAD = 20,
	FORGE_IPV6_HEAD = 40,
	FORGE_FRAGMENT_HEAD = 8,
	FORGE_MESSAGE = 600,
	FORGE_WIRE = FORGE_IPV6_HEAD + FORGE_FRAGMENT_HEAD + FORGE_MESSAGE,
	FLOOD_BURST = 32,
	FLOOD_KINDS = 18,
};

/* One packet; its addresses in network order. */
struct forgery {
	int family;
	uint8_t src[16], dst[16], ttl, message[FORGE_MESSAGE];
	size_t len;
	uint16_t fragment; /* IPv4: flags and offset; IPv6: of a fragment header; 0: none */
	int spoil;         /* added to the right checksum */
	bool bare;         /* checksum without the pseudo-header */
};

static inline size_t forge_address_len(int family)
{
	return family == AF_INET ? 4 : 16;
}

/* A right one by multicast, of one address and 1 s. */
static inline void forge_advert(struct forgery *f, int family, uint8_t version, uint8_t vrid, uint8_t priority,
				const uint8_t *address)
{
	static const uint8_t groups[2][16] = {{224, 0, 0, 18}, {0xff, 2, [15] = 0x12}};
	const uint8_t head[8] = {(uint8_t)(version << 4 | 1), vrid, priority, 1, 0, version == 2 ? 1 : 100};
	size_t each = forge_address_len(family);

	*f = (struct forgery){.family = family, .ttl = 255, .len = 8 + each + (version == 2 ? 8 : 0)};
	memcpy(f->dst, groups[family == AF_INET6], 16);
	memcpy(f->message, head, sizeof head);
	memcpy(f->message + 8, address, each);
}

static inline uint32_t forge_add(const uint8_t *bytes, size_t len, uint32_t sum)
{
	for (size_t i = 0; i < len; i++)
		sum += i % 2 ? bytes[i] : (uint32_t)bytes[i] << 8;
	return sum;
}

/* Version 3 covers the pseudo-header. */
static inline void forge_checksum(struct forgery *f)
{
	size_t each = forge_address_len(f->family);
	uint32_t sum = 0;

	if (f->len < 8)
		return;
	if (f->message[0] >> 4 != 2 && !f->bare)
		sum = forge_add(f->src, each, forge_add(f->dst, each, FORGE_PROTOCOL + (uint32_t)f->len));
	f->message[6] = f->message[7] = 0;
	sum = forge_add(f->message, f->len, sum);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	sum = (uint16_t)~sum + (uint32_t)f->spoil;
	f->message[6] = (uint8_t)(sum >> 8);
	f->message[7] = (uint8_t)sum;
}

static inline size_t forge_head_ipv4(const struct forgery *f, uint8_t *out)
{
	size_t all = FORGE_IPV4_HEAD + f->len;
	const uint8_t head[FORGE_IPV4_HEAD] = {0x45,
					       0xc0,
					       (uint8_t)(all >> 8),
					       (uint8_t)all,
					       0,
					       7,
					       (uint8_t)(f->fragment >> 8),
					       (uint8_t)f->fragment,
					       f->ttl,
					       FORGE_PROTOCOL};

	memcpy(out, head, sizeof head);
	memcpy(out + 12, f->src, 4);
	memcpy(out + 16, f->dst, 4);
	return FORGE_IPV4_HEAD;
}

static inline size_t forge_head_ipv6(const struct forgery *f, uint8_t *out)
{
	size_t extra = f->fragment ? FORGE_FRAGMENT_HEAD : 0, rest = extra + f->len;
	const uint8_t head[8] = {0x6c,  0, 0, 0, (uint8_t)(rest >> 8), (uint8_t)rest, extra ? 44 : FORGE_PROTOCOL,
				 f->ttl};
	const uint8_t fragment[8] = {FORGE_PROTOCOL, 0, (uint8_t)(f->fragment >> 8), (uint8_t)f->fragment, 0, 0, 0, 7};

	memcpy(out, head, sizeof head);
	memcpy(out + 8, f->src, 16);
	memcpy(out + 24, f->dst, 16);
	memcpy(out + FORGE_IPV6_HEAD, fragment, extra);
	return FORGE_IPV6_HEAD + extra;
}

/* The whole packet; its length. The kernel fills in the IPv4 header's own checksum. */
static inline size_t forge_wire(struct forgery *f, uint8_t out[FORGE_WIRE])
{
	size_t head = f->family == AF_INET ? forge_head_ipv4(f, out) : forge_head_ipv6(f, out);

	forge_checksum(f);
	memcpy(out + head, f->message, f->len);
	return head + f->len;
}

static inline socklen_t forge_to(const struct forgery *f, struct sockaddr_in6 *to)
{
	struct sockaddr_in to4 = {.sin_family = AF_INET};

	*to = (struct sockaddr_in6){.sin6_family = AF_INET6};
	memcpy(&to->sin6_addr, f->dst, 16);
	if (f->family == AF_INET6)
		return sizeof *to;
	memcpy(&to4.sin_addr, f->dst, 4);
	memcpy(to, &to4, sizeof to4);
	return sizeof to4;
}

/* A socket for them; -1 with errno. */
static inline int forge_open(int family, const char *ifname)
{
	int fd = socket(family, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);

	return fd < 0 || setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, ifname, (socklen_t)strlen(ifname)) ? -1 : fd;
}

static inline bool forge_send(int fd, struct forgery *f)
{
	uint8_t bytes[FORGE_WIRE];
	struct sockaddr_in6 to;
	socklen_t len = forge_to(f, &to);

	return sendto(fd, bytes, forge_wire(f, bytes), 0, (const struct sockaddr *)&to, len) > 0;
}

/* ---- a flood ---- */

/* Zero but for these; src: as inet_pton gives it. */
struct flood {
	int fd, family;
	uint8_t version, vrid, src[16];
	uint32_t seed;
	unsigned long made;
};

static inline uint32_t flood_random(struct flood *o)
{
	o->seed = o->seed * 1664525 + 1013904223;
	return o->seed >> 8;
}

/* Of the other version: a right one. IPv6 has none. */
static inline void flood_other_version(struct forgery *f)
{
	bool two = f->message[0] >> 4 == 2;

	f->message[0] = two ? 0x31 : 0x21;
	f->message[5] = two ? 100 : 1;
	f->len = two ? f->len - 8 : f->len + 8;
}

/* A right advertisement of priority 255 or 0, then made wrong as its number says: it changes the state of a router that obeys it. */
static inline void flood_make(struct flood *o, struct forgery *f)
{
	static const uint8_t address[2][16] = {{10, 10, 0, 1}, {0xfe, 0x80, [15] = 1}};
	uint8_t *m = f->message;

	forge_advert(f, o->family, o->version, o->vrid, flood_random(o) % 4 ? 255 : 0, address[o->family == AF_INET6]);
	memcpy(f->src, o->src, 16);
	switch (o->made++ % FLOOD_KINDS) {
	case 0:
		f->len = flood_random(o) % f->len;
		break;
	case 1:
		f->spoil = 1;
		break;
	case 2:
		f->ttl = 254;
		break;
	case 3:
		f->ttl = 1;
		break;
	case 4:
		m[0] = 0x11;
		break;
	case 5:
		m[0] = (uint8_t)(0x41 + 16 * (flood_random(o) % 12));
		break;
	case 6:
		m[0] = (uint8_t)((m[0] & 0xf0) | ((flood_random(o) % 15 + 2) & 15));
		break;
	case 7:
		m[1] = (uint8_t)(o->vrid + 1);
		break;
	case 8:
		m[3] = 0;
		f->len -= forge_address_len(o->family);
		break;
	case 9:
		m[3] = 255;
		break;
	case 10:
		m[4] = m[5] = 0;
		break;
	case 11:
		f->fragment = o->family == AF_INET ? 0x2000 : 1; /* more follow */
		break;
	case 12:
		f->fragment = o->family == AF_INET ? 3 : 3 << 3; /* the last */
		break;
	case 13:
		flood_other_version(f);
		break;
	case 14:
		m[1] = 0;
		break;
	case 15:
		f->len += 1 + flood_random(o) % 7;
		break;
	case 16: /* another interval, and 0 beside reserved bits that count for nothing */
		m[4] = o->version == 2 ? 0 : 0xf0;
		m[5] = o->version == 2 ? 2 : 0;
		break;
	default:
		f->len = flood_random(o) % FORGE_MESSAGE;
		for (size_t i = 0; i < f->len; i++)
			m[i] = (uint8_t)flood_random(o);
		f->spoil = 1;
		break;
	}
}

/* Several at a time; how many left. */
static inline unsigned flood_burst(struct flood *o)
{
	uint8_t bytes[FLOOD_BURST][FORGE_WIRE];
	struct sockaddr_in6 to[FLOOD_BURST];
	struct mmsghdr burst[FLOOD_BURST];
	struct iovec parts[FLOOD_BURST];
	struct forgery f;
	int n;

	for (unsigned i = 0; i < FLOOD_BURST; i++) {
		flood_make(o, &f);
		parts[i] = (struct iovec){.iov_base = bytes[i], .iov_len = forge_wire(&f, bytes[i])};
		burst[i] = (struct mmsghdr){.msg_hdr = {.msg_name = &to[i],
							.msg_namelen = forge_to(&f, &to[i]),
							.msg_iov = &parts[i],
							.msg_iovlen = 1}};
	}
	n = sendmmsg(o->fd, burst, FLOOD_BURST, 0);
	return n > 0 ? (unsigned)n : 0;
}

#endif
