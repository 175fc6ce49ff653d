/* A virtual router as configuration states it and the vrrp process runs it. Values; the picture of VIPs carries them (vipwire.h). */
#ifndef VIPD_BASE_ROUTER_H
#define VIPD_BASE_ROUTER_H

#include "addr.h"
#include "arena.h"

#include <stdbool.h>
#include <stddef.h>

enum {
	ROUTER_NAME = 32,
	ROUTER_PEERS_MAX = 32,
	ROUTER_TRACKS_MAX = 16,
	ROUTERS_MAX = 1024,
	ROUTER_NONE = 0xffff, /* a VIP of no router: held by this node at all times */
	TRACK_NAME = 64,
	TRACK_FAULT = -255, /* weight: the router is in Fault while the thing is down */
};

enum track_kind { TRACK_INTERFACE, TRACK_PROCESS, TRACK_FILE, TRACK_SCRIPT };

/* Something that the priority follows. weight > 0 is added while the thing is up, weight < 0 while it is down; 0 and TRACK_FAULT put the router in
 * Fault while it is down (keepalived's meaning). TRACK_FILE: the file's integer times weight is added, -254 and less is Fault; with weight 0 or
 * TRACK_FAULT any integer but 0 is. A file that cannot be read, or has no integer, counts as 0. */
struct track {
	uint8_t kind;
	int16_t weight;        /* -254..254, or TRACK_FAULT */
	uint8_t rise, fall;    /* runs in a row; scripts */
	uint32_t interval_ms;  /* scripts; files and processes: how often they are looked at */
	uint32_t timeout_ms;   /* scripts */
	uint32_t debounce_ms;  /* interfaces: how long the new state must last */
	char name[TRACK_NAME]; /* interface; process name; file or script name below /etc/vipd/scripts (no slash) */
};

/* One virtual router: (interface, VRID, family). A copy has the same lists: they belong to whoever made the first one (a configuration, a picture, the
 * engine). */
struct router {
	char name[ROUTER_NAME]; /* unique; "vips" */
	char ifname[16];
	char group[ROUTER_NAME]; /* sync group: its members move together; "" none */
	uint8_t family;          /* AF_INET, AF_INET6 */
	uint8_t vrid;            /* 1..255 */
	uint8_t version;         /* 2 (IPv4 only), 3 */
	uint8_t priority;        /* 1..255 */
	uint32_t interval_ms;    /* v2: whole seconds, 1000..255000; v3: 10..40950 by tens */
	uint32_t preempt_delay_ms, startup_delay_ms;
	bool preempt, accept, vmac;
	uint8_t checksum;   /* enum vrrp_checksum: 0 with the pseudo-header (rfc5798), 1 the message alone (rfc9568) */
	uint8_t auth;       /* enum vrrp_auth: 0 none, 1 PASS, 2 AH; v2 only */
	uint8_t pass[8];    /* zero-padded */
	struct addr source; /* own address in packets; family 0: the interface's first */
	struct addr *peers; /* at most ROUTER_PEERS_MAX; unicast; none: multicast */
	uint8_t n_peers;
	bool check_source;    /* unicast: refuse other sources */
	uint8_t min_ttl;      /* unicast: refuse less; 0: any. Multicast is always 255 */
	struct track *tracks; /* at most ROUTER_TRACKS_MAX */
	uint8_t n_tracks;
};

/* Whether the values are in their ranges and fit each other; NULL, or what is wrong in words. Names must be zero behind their end. */
const char *router_check(const struct router *r);
/* The same for each, and between them: names in ascending order, (interface, VRID, family) once. */
const char *routers_check(const struct router *routers, size_t n);

/* As bytes in host order, of fixed length; what is unused is zero. */
size_t router_wire_len(void);
void router_pack(const struct router *r, void *to);
/* NULL and *out (in range, router_check), its lists in that arena; or what is wrong. */
const char *router_unpack(const void *from, struct arena *lists, struct router *out);
/* The kernel's dev_valid_name(): not empty, ends inside, no '/', ':' or blank, nothing behind the end. NULL or what is wrong. */
const char *ifname_check(const char name[16]);

#endif
