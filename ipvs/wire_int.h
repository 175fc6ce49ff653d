/* The records of a picture and of a row (wire.h), as both ends have them: host order, no padding, reserved bytes zero. A picture is a wire_picture, what it
 * counts (names, prefixes, ports), then the virtual servers in order: a wire_key, a wire_head, its prefixes, its real servers in order. */
#ifndef VIPD_IPVS_WIRE_INT_H
#define VIPD_IPVS_WIRE_INT_H

#include "wire.h"

enum { WIRE_VERSION = 5, WIRE_LEAVES = 0x80, WIRE_HERE = 0x40 };

#define WIRE_MAGIC "VPVS" /* its four letters */

struct wire_picture {
	char magic[4];
	uint16_t version;
	uint8_t adopt;
	uint8_t sync;
	uint32_t drain_s;
	uint32_t count; /* virtual servers */
	uint32_t reals; /* of all of them */
	char sync_ifname[16];
	uint8_t sync_group[16];
	uint32_t sync_threshold, sync_period;
	uint16_t sync_port, sync_maxlen;
	uint8_t sync_family, sync_id, sync_ttl, zero;
	uint32_t gates;                                          /* names of GATE_NAME bytes behind this */
	uint8_t nat_masquerade, nat_bit, nat_backend, nat_flags; /* NAT_ bits */
	uint8_t pods, behind, allowed;                           /* prefixes, prefixes and ports behind the gates */
	uint8_t zero2;
};

enum { NAT_SYSCTLS = 1, NAT_REFUSE = 2, NAT_RANGES = 4, NAT_BIND4 = 8, NAT_BIND6 = 16, NAT_FLAGS = 31 };

/* Then the address. */
struct wire_net {
	uint8_t family, bits;
};

struct wire_port {
	uint16_t port;
	uint8_t proto;
	uint8_t zero;
};

/* Then the address: 4 or 16 bytes. */
struct wire_key {
	uint16_t port;
	uint8_t proto;
	uint8_t family;
};

struct wire_head {
	uint32_t flags;
	uint32_t timeout;
	uint32_t drain_s;
	uint32_t n;
	uint32_t upper, lower;
	char sched[SCHED_NAME];
	uint8_t granularity;
	uint8_t tunnel;
	uint16_t gate;
	uint16_t tunnel_port;
	uint16_t ranges; /* prefixes behind this: a byte of length, the address */
	uint8_t kind;    /* enum vs_kind and VS_ bits */
	uint8_t zero;
	uint16_t health_port;
};

enum { VS_KEEP_SOURCE = 0x80, VS_ADDED = 0x40, VS_KIND = 0x3f };

/* Then the address; then, with WIRE_LEAVES in forward, until when. */
struct wire_real {
	uint16_t port;
	uint16_t weight;
	uint8_t family;
	uint8_t forward; /* enum forward, WIRE_LEAVES, WIRE_HERE */
};

_Static_assert(sizeof(struct wire_picture) == 80 && sizeof(struct wire_key) == 4 && sizeof(struct wire_head) == 52 &&
		   sizeof(struct wire_real) == 6 && sizeof(struct wire_net) == 2 && sizeof(struct wire_port) == 4,
	       "records have no padding");

#endif
