/* Announcements: bursts of gratuitous ARP and unsolicited neighbour advertisements, paced, so that a thousand addresses do not hold up the loop
 * and the first one's frame does not wait for the last one's. Frames are made by arp.h. */
#ifndef VIPD_VRRP_ANNOUNCE_H
#define VIPD_VRRP_ANNOUNCE_H

#include "../src/base/loop.h"
#include "../src/base/vipwire.h"
#include "arp.h"

#include <sys/queue.h>

/* What is announced; lives in its owner's entry, zero-initialised, and is the announcer's until announcer_stop. */
struct announcement {
	TAILQ_ENTRY(announcement) all, ring;
	bool on, ringing;
	bool fresh;  /* ringing, and nothing of the burst was sent yet */
	bool listed; /* ringing, and not in another thread's hands */
	struct addr addr;
	uint32_t ifindex;
	uint8_t mac[MAC_LEN];
	uint32_t left; /* frames of this burst still to be sent */
	bool second;   /* what is due is the second burst */
	nsec_t due;    /* the next burst; 0: none */
	uint64_t sent; /* frames, ever */
};

struct announcer;

/* Opens the packet socket; 0 or -errno (-EPERM: no CAP_NET_RAW). */
int announcer_new(struct loop *l, struct announcer **out);
void announcer_free(struct announcer *a);
/* How to announce from the next burst on. */
void announcer_set(struct announcer *a, const struct vip_settings *s);

/* Announces addr at mac on the interface while it is held: a burst now if `burst`, a second one and refreshes as the settings say. Starts over if it
 * was on. */
void announcer_start(struct announcer *a, struct announcement *n, const struct addr *addr, uint32_t ifindex,
		     const uint8_t mac[MAC_LEN], bool burst);
void announcer_stop(struct announcer *a, struct announcement *n);
/* Repeats wait from now on: more addresses come in no time that were not announced yet. Until it is said otherwise; then announcer_push. */
void announcer_hold(struct announcer *a, bool hold);
/* Sends now what one turn may send, an interface no sooner than garp_interval_ms after its last frame; the rest follows from the loop. */
void announcer_push(struct announcer *a);
/* Frames wait that need not wait but for the next turn. */
bool announcer_sends(const struct announcer *a);
uint64_t announcer_frames(const struct announcer *a);

#endif
