/* Inside the engine: engine.c, engine_part.c, turn.c, router_run.c, router_send.c, move.c, group.c, failover.c, engine_json.c. */
#ifndef VIPD_VRRP_ENGINE_INT_H
#define VIPD_VRRP_ENGINE_INT_H

#include "../src/base/deadlines.h"
#include "../src/base/log.h"
#include "auth.h"
#include "effective.h"
#include "engine.h"
#include "survive.h"
#include "vsock.h"

enum { PEERS_SEEN = 16 };

/* Another router that was heard. */
struct peer_seen {
	struct addr addr;
	uint8_t priority;
	nsec_t heard;
	struct auth_window window;
};

struct vrouter {
	struct due due; /* the first member: deadlines.h gives it back */
	struct engine *engine;
	size_t index; /* in the engine's list and the picture */
	struct router conf;
	struct fsm_config fc; /* fc.priority is the effective one */
	struct fsm_state fs;
	struct survive_slot *slot;
	bool kept; /* engine_begin: it is in the new picture */

	/* Its addresses, in the packet's order; the first n_advertised of them are advertised. sorted: these by addr_cmp. */
	struct vip_set *set;
	struct addr *addrs, *sorted;
	size_t n_addrs, n_advertised;
	unsigned listed_mtu;    /* that these were made for */
	bool made_up;           /* the link-local one is */
	size_t n_local, n_here; /* of them: of Services with traffic policy Local; with an endpoint on this node */

	/* What it stands on. */
	uint32_t ifindex, device; /* device: what it sends by, if that is another; else 0 */
	unsigned mtu;             /* of both the smaller; 0: not known yet */
	struct vsock *in, *out;   /* out: in, unless there is a device */
	const char *ground;       /* what is wrong with the interface and its addresses, a literal */
	const char *obstacle; /* of all these and of what it tracks, the first: why it is in Fault; NULL: it is not */
	struct track_state *tracks; /* as many as conf has */

	bool started; /* EV_START was given */
	bool resume;  /* takes up Active again at engine_start */
	bool wants;   /* of a group: its own timer has run out */
	bool giving;  /* Active no more, its addresses answer a moment longer */
	nsec_t gave;  /* giving since */
	bool coming;  /* Active, its first advertisement waits for its addresses */

	/* The packets for each destination at packet_priority, stride bytes apart; packet_len 0: to be made anew. */
	uint8_t *packets;
	size_t packet_len, packet_stride, packets_size;
	uint8_t packet_priority;
	uint32_t sequence; /* AH */
	bool queued;
	nsec_t sent_at; /* the last advertisement */

	/* A planned failover under way. */
	bool handing;

	struct peer_seen *peers; /* at most PEERS_SEEN; most routers hear one */
	size_t n_peers;
	uint64_t sent, send_errors, received, transitions, refused[PACKET_REASONS];
	uint64_t differing;          /* of those received: they list other addresses */
	int64_t since;               /* wall clock */
	char *difference;            /* how a peer's address list differs from ours; NULL: it does not */
	struct addr differs;         /* that peer */
	nsec_t differed;             /* when it was looked at last */
	struct log_limit limit;      /* transitions: nothing else may use it up */
	struct log_limit limit_send; /* what cannot be sent */
	struct log_limit limit_peer; /* what a packet says */
};

/* A planned failover: what became of each router so far. */
struct failover {
	bool on;
	uint64_t id;
	nsec_t start;
	struct json_t *list;
};

struct engine {
	struct loop *loop;
	struct holder *holder;
	const struct engine_hooks *hooks;
	void *arg;
	struct survive *survive;

	struct vrouter **routers;
	size_t n;
	struct deadlines deadlines;
	int timer_fd;
	struct loop_io *timer_io;
	nsec_t armed; /* what timer_fd is set to; FSM_NEVER: not */
	nsec_t awake; /* for a takeover then it waited awake; 0: never */

	struct vsock **socks;
	size_t n_socks;
	struct vsock_buffers *buffers;
	struct vsock_out out[VSOCK_BATCH];
	struct vrouter *out_of[VSOCK_BATCH];
	size_t n_out;

	nsec_t now; /* of this turn */
	unsigned depth;
	uint64_t turn;
	bool started, open, unready, stopping, stopped_told;
	struct loop_timer *look, *relist, *stop_limit, *give, *come;
	nsec_t give_until;
	/* Addresses that were added before an advertisement in this turn. */
	struct {
		uint64_t turn;
		size_t n;
	} hurried;
	struct failover failover;
	/* The last answer of holder_primary in this turn. */
	struct {
		uint64_t turn;
		uint32_t ifindex;
		uint8_t family;
		bool found;
		struct addr addr;
	} primary;
	struct addr decoded[VRRP_ADDRESSES_MAX];
	uint64_t refused[PACKET_REASONS]; /* of no router */
	uint64_t stalls, late;
	struct log_limit limit;
};

/* engine.c: it is the router of that name, interface, family and VRID. */
bool router_is(const struct vrouter *r, const struct router *c);

/* turn.c */
/* Around everything that the engine does: reads the clock, looks whether the process was stopped; sends what was asked for, arms the timer, tells. */
void turn_begin(struct engine *e);
void turn_end(struct engine *e);
int turn_init(struct engine *e);
void turn_clear(struct engine *e);
void turn_readable(void *arg, struct vsock *s);

/* router_run.c */
/* One event through fsm_step, and what it asks for. ev->now is set here. */
void router_step(struct vrouter *r, struct fsm_event ev);
void router_event(struct vrouter *r, enum fsm_event_type type);
/* The same with another cause than fsm's, a literal. */
void router_event_for(struct vrouter *r, enum fsm_event_type type, const char *cause);
/* Goes to Active now, from Backup. */
void router_take_over(struct vrouter *r, const char *cause);
/* Looks at its interface, and opens its sockets there. */
void router_look(struct vrouter *r);
/* Enters or leaves Fault, follows a new effective priority; for all of its group after router_weigh of all. */
void router_weigh(struct vrouter *r);
void router_follow(struct vrouter *r);
void router_start(struct vrouter *r);
void router_news(struct vrouter *r, enum fsm_mode before);
nsec_t router_down_interval(const struct vrouter *r);
/* No peer takes over sooner after an advertisement of this router: one of a higher priority may be Backup, too (no preemption, preemptDelay, a failover
 * that was asked for). */
nsec_t router_shortest_wait(const struct vrouter *r);
struct peer_seen *router_peer(struct vrouter *r, const struct addr *a, bool make);

/* move.c */
void move_init(struct engine *e);
/* A router becomes Active: before its addresses are added and before it advertises. */
void move_begin(struct vrouter *r);
/* Its first advertisement, before its addresses are added: for one that nobody answers for. */
void move_claim(struct vrouter *r, uint8_t priority);
/* Adds its addresses, the first of them at once. answered: the former Active still does: the first advertisement may wait for the kernel (r->coming), at most
 * an interval. */
void move_take(struct vrouter *r, bool answered);
/* A better Active is heard: removes them a moment later. */
void move_give(struct vrouter *r);
void move_remove(struct vrouter *r); /* now */
bool move_pending(const struct engine *e);

/* router_send.c */
void router_send(struct vrouter *r, uint8_t priority);
void router_flush(struct engine *e);    /* what was queued */
void router_prepare(struct vrouter *r); /* makes its next advertisement already */
/* Opens what it lacks, gives back what it has no use for. 0 or -errno. */
int router_sockets(struct vrouter *r);
void router_sockets_close(struct vrouter *r);

/* group.c */
bool group_has(const struct vrouter *r);
/* The sum of what is tracked by all of the group, and the rise for Local VIPs, of all of theirs. */
int group_delta(const struct vrouter *r);
int group_rise(const struct vrouter *r);
/* Why another member is in Fault, or NULL. */
const char *group_obstacle(const struct vrouter *r);
/* r's down timer ran out: true if all of the group want to be Active; else r waits on. */
bool group_may_take_over(struct vrouter *r);
void group_follow(struct vrouter *r, enum fsm_mode before);

/* failover.c */
void failover_look(struct engine *e);
void failover_forget(struct engine *e, const struct vrouter *r);
void failover_clear(struct engine *e);

#endif
