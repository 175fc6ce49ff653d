/* Connection sync: the kernel's daemon that multicasts connections to the other nodes (net/netfilter/ipvs/ip_vs_sync.c). Values and decisions; pure. */
#ifndef VIPD_IPVS_SYNC_H
#define VIPD_IPVS_SYNC_H

#include "../src/base/addr.h"

#include <stdbool.h>
#include <stdint.h>

enum { SYNC_PORT = 8848, SYNC_TTL = 1, SYNC_THRESHOLD = 3, SYNC_PERIOD = 50 };

/* What the configuration says. Both roles run on every node: with spread VIPs it is Active and Backup together. */
struct sync_settings {
	bool on; /* false: the rest is zero */
	char ifname[16];
	uint8_t id;        /* of the group of nodes; 0: takes everybody's */
	struct addr group; /* multicast */
	uint16_t port;     /* host order */
	uint8_t ttl;       /* 1..255 */
	uint16_t maxlen;   /* bytes of a datagram; 0: what the interface's MTU lets */
	uint32_t threshold,
	    period; /* a connection is sent with its threshold-th packet and at every period-th after it; period 0: at changes */
};

/* One of the kernel's two: the sender ("master") and the receiver ("backup"). */
struct sync_daemon {
	bool master;
	char ifname[16];
	uint32_t id;
	struct addr group;
	uint16_t port; /* host order */
	uint8_t ttl;
	uint16_t maxlen;
};

/* NULL, or why these settings cannot be. */
const char *sync_check(const struct sync_settings *s);
struct sync_daemon sync_wanted(const struct sync_settings *s, bool master);

enum sync_step {
	SYNC_NOTHING, /* as wanted */
	SYNC_START,
	SYNC_STOP,
	SYNC_REPLACE,  /* stop, then start */
	SYNC_CONFLICT, /* somebody else's, with other settings: left alone */
};
/* One role. have: what the kernel runs, or NULL; ours: vipd started it (or adopt: it may be taken). */
enum sync_step sync_decide(const struct sync_settings *want, const struct sync_daemon *have, bool ours);

#endif
