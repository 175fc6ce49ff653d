/* A turn of the loop: what is due, packets that came, packets that go. The clock is read once a turn,
 * or until a takeover's moment has come.
 *
 * A process that was stopped (SIGSTOP, a suspended machine) must not send before it knows who is Active now: an Active router whose last advertisement is
 * older than any peer waits becomes Backup first.
 * A Backup whose timer runs out late looks at the packets that wait before it takes over.
 * A process that sleeps is woken some tenths of a millisecond late, and finds little of what it needs in the caches. So a Backup that is about to take over
 * is woken before the time, makes its advertisement, and waits for the moment awake.
 * Source: RFC 9568 section 6.4, timerfd_create(2). Test: tests/kernel/test_vrrp_engine.c. */
#include "engine_int.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum {
	PACKETS_A_TURN = 256,
	PACKETS_BEFORE_TIMER = 1024,
	TTL = 255,
};

/* So long before a takeover: no CPU time is lost but then, and no more than that in AWAKE_AGAIN. */
#define AWAKE       (300 * NSEC_PER_USEC)
#define AWAKE_AGAIN NSEC_PER_SEC

/* Later than this may be longer than some router's down interval: three intervals of 10 ms, less the one that had begun. */
#define LATE (20 * NSEC_PER_MSEC)

static struct vrouter *first_due(const struct engine *e)
{
	return (struct vrouter *)(void *)deadlines_first(&e->deadlines);
}

static void stalled(struct engine *e)
{
	unsigned lost;

	for (size_t i = 0; i < e->n; i++) {
		struct vrouter *r = e->routers[i];

		if (r->fs.mode != FSM_ACTIVE || e->now - r->sent_at < router_shortest_wait(r))
			continue;
		e->stalls++;
		if (log_allow(&e->limit, e->now, &lost))
			log_event(
			    LOG_VRRP_STALLED, LOG_WITH(.router = r->conf.name, .suppressed = lost),
			    "router %s: no advertisement for %lld ms, longer than its peers wait: it starts as Backup",
			    r->conf.name, (long long)((e->now - r->sent_at) / NSEC_PER_MSEC));
		router_event(r, EV_STALLED);
	}
}

void turn_begin(struct engine *e)
{
	const struct vrouter *first;

	if (e->depth++ > 0)
		return;
	e->now = clock_now();
	e->turn++;
	first = first_due(e);
	if (first && e->now - first->due.at >= LATE)
		stalled(e);
}

static void arm(struct engine *e)
{
	const struct vrouter *r = first_due(e);
	nsec_t at = r ? r->due.at : FSM_NEVER;
	struct itimerspec t = {0};

	if (r && r->fs.mode == FSM_BACKUP && at - e->awake >= AWAKE_AGAIN)
		at -= AWAKE;
	if (at == e->armed)
		return;
	e->armed = at;
	if (at != FSM_NEVER) {
		t.it_value.tv_sec = at / NSEC_PER_SEC;
		t.it_value.tv_nsec = at % NSEC_PER_SEC;
	}
	timerfd_settime(e->timer_fd, TFD_TIMER_ABSTIME, &t, NULL);
}

static bool any_active(const struct engine *e)
{
	for (size_t i = 0; i < e->n; i++)
		if (e->routers[i]->fs.mode == FSM_ACTIVE)
			return true;
	return false;
}

void turn_end(struct engine *e)
{
	if (--e->depth > 0)
		return;
	router_flush(e);
	failover_look(e);
	arm(e);
	if (!e->stopping || e->stopped_told || any_active(e) || move_pending(e))
		return;
	e->stopped_told = true;
	if (e->hooks->stopped)
		e->hooks->stopped(e->arg);
}

/* ---- packets ---- */

static void refuse(struct engine *e, struct vrouter *r, enum packet_reason why)
{
	if (r)
		r->refused[why]++;
	else
		e->refused[why]++;
}

/* The VRID stands at the same place in both versions. */
static struct vrouter *router_of(struct vsock *s, const uint8_t *message, size_t len)
{
	return len < 2 ? NULL : vsock_user(s, message[1]);
}

/* A packet on its way in. */
struct incoming {
	const uint8_t *message;
	size_t len;
	struct packet_from from;
	uint32_t sequence; /* AH */
};

/* The IPv4 header, and the AH header where the router demands one. The IPv6 socket has done this for us. */
static enum packet_reason unwrap(struct vsock *s, const void *bytes, size_t len, struct incoming *in,
				 struct vrouter **router)
{
	enum packet_reason why;
	struct packet_ah header;
	bool ah = false;

	if (vsock_key(s)->family == AF_INET) {
		why = packet_strip_ipv4(bytes, len, &in->from, &in->message, &in->len, &ah);
		if (why == PACKET_OK && ah)
			why = packet_strip_ah(&in->message, &in->len, &header);
		if (why != PACKET_OK)
			return why;
	}
	*router = router_of(s, in->message, in->len);
	if (!*router)
		return PACKET_VRID;
	if (!ah)
		return PACKET_OK;
	why = auth_verify((*router)->conf.pass, bytes, len, &in->sequence);
	in->from.sealed = why == PACKET_OK;
	return why;
}

/* Multicast goes to the group, unicast to one of us. */
static bool right_destination(const struct vrouter *r, const struct addr *dst)
{
	return addr_is_multicast(dst) == (r->conf.n_peers == 0);
}

/* A peer with other addresses has other manifests, or another record: two nodes then disagree about what moves. Looked at once a second, however the
 * lists that come take turns. */
static void note_difference(struct vrouter *r, const struct packet_expect *x, const struct addr *from,
			    const struct advert *a, bool differs)
{
	char text[PACKET_DIFFERENCE], peer[ADDR_TEXT];
	unsigned lost;

	if (!differs) {
		if (r->difference && addr_equal(&r->differs, from)) {
			if (log_allow(&r->limit_peer, r->engine->now, &lost))
				log_event(LOG_VRRP_AGREES,
					  LOG_WITH(.router = r->conf.name, .peer = addr_format(from, peer),
						   .suppressed = lost),
					  "router %s: %s advertises the same addresses again", r->conf.name, peer);
			free(r->difference);
			r->difference = NULL;
		}
		return;
	}
	if (r->engine->now - r->differed < NSEC_PER_SEC)
		return;
	packet_difference(x, a, text);
	if (!r->difference && text[0] && log_allow(&r->limit_peer, r->engine->now, &lost))
		log_event(LOG_VRRP_DIFFERS,
			  LOG_WITH(.router = r->conf.name, .peer = addr_format(from, peer), .suppressed = lost),
			  "router %s: %s advertises other addresses: it %s", r->conf.name, peer, text);
	free(r->difference);
	r->difference = text[0] ? xstrdup(text) : NULL;
	r->differs = *from;
	r->differed = r->engine->now;
}

static enum packet_reason check(struct vrouter *r, const struct incoming *in, struct advert *out)
{
	struct packet_expect x = {
	    .version = r->conf.version,
	    .vrid = r->conf.vrid,
	    .interval = r->fc.interval,
	    .auth = r->conf.auth,
	    .self = &r->fc.self,
	    .peers = r->conf.peers,
	    .n_peers = r->conf.n_peers,
	    .check_source = r->conf.n_peers && r->conf.check_source,
	    .addrs = r->sorted,
	    .n_addrs = r->n_advertised,
	};
	enum packet_reason why = packet_decode(in->message, in->len, &in->from, r->conf.n_peers ? r->conf.min_ttl : TTL,
					       r->engine->decoded, out);

	if (why != PACKET_OK)
		return why;
	memcpy(x.pass, r->conf.pass, sizeof(x.pass));
	why = packet_check(&x, &in->from, out);
	if ((why == PACKET_OK || why == PACKET_ADDRESSES) && !right_destination(r, &in->from.dst))
		return PACKET_IP;
	if (why == PACKET_OK || why == PACKET_ADDRESSES)
		note_difference(r, &x, &in->from.src, out, why == PACKET_ADDRESSES);
	return why;
}

/* Whoever was not heard for a down interval may have started anew, and counts from 1 (auth.h). */
static enum packet_reason take_sequence(struct vrouter *r, struct peer_seen *p, uint32_t sequence)
{
	enum packet_reason why;

	if (r->conf.auth != AUTH_AH)
		return PACKET_OK;
	if (p->heard && r->engine->now - p->heard > router_down_interval(r))
		p->window = (struct auth_window){0};
	why = auth_window_take(&p->window, sequence);
	if (why == PACKET_OK && sequence > r->sequence)
		r->slot->sequence = r->sequence = sequence;
	return why;
}

static void take(struct vrouter *r, const struct incoming *in, const struct advert *a, bool differs)
{
	struct peer_seen *p = router_peer(r, &in->from.src, true);
	enum packet_reason why = take_sequence(r, p, in->sequence);
	nsec_t deadline = r->fs.deadline;

	if (why != PACKET_OK) {
		refuse(r->engine, r, why);
		return;
	}
	p->priority = a->priority;
	p->heard = r->engine->now;
	r->received++;
	r->differing += differs;
	router_step(r, (struct fsm_event){
			   .type = EV_ADVERT, .priority = a->priority, .interval = a->interval, .from = in->from.src});
	if (r->fs.mode == FSM_BACKUP && r->fs.deadline > deadline)
		r->wants = false; /* it has heard its Active */
}

static void on_packet(void *arg, struct vsock *s, const void *bytes, size_t len, const struct packet_from *from)
{
	struct incoming in = {.message = bytes, .len = len, .from = *from};
	struct engine *e = arg;
	struct vrouter *r = NULL;
	struct advert a;
	enum packet_reason why = unwrap(s, bytes, len, &in, &r);

	if (why == PACKET_OK)
		why = check(r, &in, &a);
	if (why != PACKET_OK && why != PACKET_ADDRESSES) {
		refuse(e, r, why);
		return;
	}
	take(r, &in, &a, why == PACKET_ADDRESSES);
}

void turn_readable(void *arg, struct vsock *s)
{
	struct engine *e = arg;

	turn_begin(e);
	vsock_receive(s, e->buffers, PACKETS_A_TURN, on_packet, e);
	turn_end(e);
}

/* ---- what is due ---- */

static void fire(struct vrouter *r)
{
	if (r->fs.mode == FSM_BACKUP && group_has(r) && !group_may_take_over(r))
		return;
	router_event(r, EV_TIMER);
}

/* Returns true if a Backup is due whose socket was not looked at in this turn, after looking. */
static bool hear_first(struct engine *e, const struct vrouter *r, uint64_t *heard)
{
	if (r->fs.mode != FSM_BACKUP || !r->in)
		return false;
	for (size_t i = 0; i < e->n_socks && i < 64; i++) {
		if (e->socks[i] != r->in)
			continue;
		if (*heard & (uint64_t)1 << i)
			return false;
		*heard |= (uint64_t)1 << i;
		vsock_receive(r->in, e->buffers, PACKETS_BEFORE_TIMER, on_packet, e);
		return true;
	}
	return false;
}

static void stay_awake(struct engine *e)
{
	struct vrouter *r = first_due(e);

	if (!r || r->fs.mode != FSM_BACKUP || r->due.at - e->now > AWAKE)
		return;
	if (e->now < r->due.at)
		e->awake = r->due.at;
	router_prepare(r);
	while ((e->now = clock_now()) < r->due.at)
		;
}

static void on_timer(void *arg, int events)
{
	struct engine *e = arg;
	uint64_t expirations, heard = 0;
	struct vrouter *r;

	if (read(e->timer_fd, &expirations, sizeof(expirations)) < 0 && errno != EAGAIN)
		log_error("timer: %s", strerror(errno));
	e->armed = FSM_NEVER;
	turn_begin(e);
	stay_awake(e);
	while ((r = first_due(e)) && r->due.at <= e->now)
		if (!hear_first(e, r, &heard))
			fire(r);
	turn_end(e);
}

void engine_breathe(struct engine *e)
{
	struct vrouter *r = first_due(e);

	if (!r || e->depth > 0)
		return;
	e->now = clock_now();
	while ((r = first_due(e)) && r->due.at <= e->now && r->fs.mode == FSM_ACTIVE && !r->fs.leaving &&
	       e->now - r->sent_at < router_shortest_wait(r))
		router_event(r, EV_TIMER);
	router_flush(e);
}

int turn_init(struct engine *e)
{
	e->armed = FSM_NEVER;
	e->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (e->timer_fd < 0)
		return -errno;
	e->timer_io = loop_io_new(e->loop, e->timer_fd, LOOP_READ, on_timer, e);
	e->buffers = vsock_buffers_new();
	return 0;
}

void turn_clear(struct engine *e)
{
	loop_io_free(e->timer_io);
	if (e->timer_fd >= 0)
		close(e->timer_fd);
	vsock_buffers_free(e->buffers);
	deadlines_clear(&e->deadlines);
}
