/* The node's interfaces as the kernel tells of them: they appear late, vanish, come back under another index, are renamed. Pure. */
#ifndef VIPD_VRRP_LINKS_H
#define VIPD_VRRP_LINKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LINK_NAME = 16, MAC_LEN = 6 };

struct link {
	uint32_t index;
	uint32_t flags;  /* IFF_UP, IFF_RUNNING, IFF_NOARP... of linux/if.h */
	uint16_t type;   /* ARPHRD_ETHER... */
	uint32_t mtu;    /* bytes; 0: the kernel told of none */
	uint32_t master; /* the bridge, bond or VRF that it belongs to; 0: none */
	uint8_t mac_len;
	uint8_t mac[MAC_LEN]; /* zero when mac_len is not MAC_LEN */
	char name[LINK_NAME];
	char kind[LINK_NAME]; /* "dummy", "veth"; empty for real devices */
	bool seen;            /* for links_sweep */
};

/* Zero-initialise. Sorted by index. */
struct links {
	struct link *items;
	size_t n, cap;
};

const struct link *links_by_index(const struct links *l, uint32_t index);
const struct link *links_by_name(const struct links *l, const char *name);

/* It is a VRF's device, or belongs to one: its routes are in that one's table. */
bool links_in_vrf(const struct links *l, const struct link *link);

/* What an update changed. */
enum link_change {
	LINK_SAME = 0,
	LINK_NEW = 1,     /* index not known before */
	LINK_RENAMED = 2, /* the same index under another name */
	LINK_STATE = 4,   /* up or down, administratively */
	LINK_CARRIER = 8, /* carrier came or went */
	LINK_MAC = 16,
	LINK_MTU = 32,
};
/* Adds or replaces the link with this index, marks it seen, and says what changed (enum link_change bits). */
unsigned links_update(struct links *l, const struct link *link);
/* Forgets the link; false if it was not known. */
bool links_remove(struct links *l, uint32_t index);
/* Around a full dump: unsee all; update each; then sweep forgets those not seen and returns how many. */
void links_unsee(struct links *l);
size_t links_sweep(struct links *l);
void links_clear(struct links *l);

bool link_is_up(const struct link *l);       /* administratively */
bool link_has_carrier(const struct link *l); /* up and running */
/* ARP and neighbour discovery make sense on it: Ethernet framing, not NOARP, not loopback. */
bool link_can_announce(const struct link *l);

#endif
