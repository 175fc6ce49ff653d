/* A whole virtual router, as the shell drives it (packet.c, then fsm.c): random events, packets, priorities and reloads at random times, versions 2 and 3,
 * IPv4 and IPv6. Whatever comes, the machine is sound, only an Active sends, a timer that fires is set to a later time, one that has not changes nothing,
 * an owner obeys nobody, and left alone the router ends as Active or at rest.
 * Input: 8 bytes of configuration, then operations of 4 bytes and, for a raw packet, what follows. */
#include "../../vrrp/fsm.h"
#include "../../vrrp/packet.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { OWNER = 255 };

/* The first byte of the input. */
enum { VERSION_2 = 1, PREEMPT = 2, PREEMPT_DELAY = 4, STARTUP_DELAY = 8, IPV6 = 16, SLOW = 32, PASS = 64 };

/* Operations beside enum fsm_event_type. */
enum { OP_BAD_BIT = EV_TYPES, OP_RAW, OP_PUNCTUAL, OP_RELOAD, OPS };

struct router {
	struct fsm_config c;
	struct fsm_state s;
	struct packet_expect x;
	struct addr vip;
	nsec_t now, longest; /* interval that it was given or has learned */
};

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void note_interval(struct router *r, nsec_t interval)
{
	r->longest = interval > r->longest ? interval : r->longest;
}

/* A timer runs in Backup and Active, and none for too long. */
static void timed(const struct router *r)
{
	const struct fsm_state *s = &r->s;
	nsec_t from = s->startup_until > r->now ? s->startup_until : r->now;

	must((s->deadline != FSM_NEVER) == (s->mode == FSM_BACKUP || s->mode == FSM_ACTIVE));
	if (s->mode == FSM_BACKUP)
		must(s->deadline >= s->startup_until && s->deadline <= from + 4 * r->longest + NSEC_PER_SEC);
	if (s->mode == FSM_ACTIVE)
		must(s->deadline <= r->now + (s->leaving ? 2 * r->longest + NSEC_PER_SEC : r->longest));
}

/* Priority 0 is the last word of an Active, and its own priority comes from nobody else. */
static void sends_well(const struct router *r, const struct fsm_state *before, struct fsm_actions out)
{
	const struct fsm_state *s = &r->s;

	if (!(out.what & FSM_SEND))
		return;
	if (out.priority == 0)
		must(before->mode == FSM_ACTIVE && (s->leaving || s->mode == FSM_FAULT));
	else
		must(s->mode == FSM_ACTIVE && !s->leaving && out.priority == r->c.priority);
}

static void sound(const struct router *r, const struct fsm_state *before, struct fsm_actions out)
{
	const struct fsm_state *s = &r->s;
	bool was = before->mode == FSM_ACTIVE, is = s->mode == FSM_ACTIVE;

	timed(r);
	sends_well(r, before, out);
	must(((out.what & FSM_ADD) != 0) == (is && !was));
	must(((out.what & FSM_ANNOUNCE) != 0) == (is && !was));
	must(!(out.what & FSM_REANNOUNCE) || (is && was && !s->leaving));
	must(((out.what & FSM_REMOVE) != 0) == (was && !is));
	must(((out.what & FSM_NOTIFY) != 0) == (s->mode != before->mode));
	must(s->mode == before->mode || s->since == r->now);
	must(!s->leaving || is);
	must(!s->stopping || s->leaving);
	must(!s->yielded || s->mode == FSM_BACKUP);
	must(s->mode == FSM_INITIALIZE || s->mode == FSM_FAULT || s->started);
	must(s->cause != NULL);
}

/* What an Active says and when it must. */
static void tells(const struct router *r, const struct fsm_state *before, const struct fsm_event *e,
		  struct fsm_actions out)
{
	bool active = before->mode == FSM_ACTIVE, sent = out.what & FSM_SEND;

	if (active && !before->leaving && (e->type == EV_STOP || e->type == EV_YIELD))
		must(sent && out.priority == 0);
	if (active && !before->stopping && e->type == EV_FAULT)
		must(sent && out.priority == 0);
	if (active && !before->leaving && e->type == EV_CONFIG)
		must(sent);
	if (r->s.mode == FSM_ACTIVE && e->type == EV_TIMER && before->deadline <= r->now)
		must(sent);
}

/* Who may become what by which event. */
static void caused(const struct router *r, const struct fsm_state *before, const struct fsm_event *e,
		   struct fsm_actions out)
{
	const struct fsm_state *s = &r->s;
	bool starts = e->type == EV_START || e->type == EV_RECOVER;

	if (s->mode == FSM_ACTIVE && before->mode != FSM_ACTIVE)
		must((before->mode == FSM_BACKUP && e->type == EV_TIMER) || (r->c.priority == OWNER && starts));
	if (e->type == EV_ADVERT && r->c.priority == OWNER && !before->leaving && !before->yielded)
		must(s->mode == before->mode && s->deadline == before->deadline && !(out.what & FSM_SEND));
	if (e->type == EV_STALLED) {
		must(s->mode != FSM_ACTIVE && out.what == (before->mode == FSM_ACTIVE ? FSM_REMOVE | FSM_NOTIFY : 0u));
		must(s->mode != FSM_BACKUP || s->deadline > r->now + 3 * s->active_interval);
	}
	if (e->type == EV_STOP)
		must(s->mode == FSM_INITIALIZE || s->stopping);
	if (e->type == EV_RECOVER)
		must(s->mode != FSM_FAULT);
	if (e->type == EV_TIMER && before->deadline <= r->now)
		must(s->deadline > r->now);
	if (e->type == EV_TIMER && before->deadline > r->now)
		must(memcmp(s, before, sizeof *s) == 0 && out.what == 0);
}

static void step(struct router *r, struct fsm_event e)
{
	struct fsm_state before = r->s;
	struct fsm_actions out;

	e.now = r->now;
	out = fsm_step(&r->c, &r->s, &e);
	sound(r, &before, out);
	caused(r, &before, &e, out);
	tells(r, &before, &e, out);
}

static void event(struct router *r, enum fsm_event_type type)
{
	step(r, (struct fsm_event){.type = type});
}

/* What the shell does with a message. */
static void hear(struct router *r, const uint8_t *bytes, size_t len, const struct packet_from *from)
{
	struct addr addrs[VRRP_ADDRESSES_MAX];
	enum packet_reason why;
	struct advert a;

	if (packet_decode(bytes, len, from, 255, addrs, &a) != PACKET_OK)
		return;
	r->x.self = &r->c.self;
	r->x.addrs = &r->vip;
	r->x.n_addrs = 1;
	why = packet_check(&r->x, from, &a);
	if (why != PACKET_OK && why != PACKET_ADDRESSES)
		return;
	must(a.interval > 0 && a.version == r->c.version && !addr_equal(&from->src, &r->c.self));
	note_interval(r, a.interval);
	step(r,
	     (struct fsm_event){.type = EV_ADVERT, .priority = a.priority, .interval = a.interval, .from = from->src});
}

/* With its IPv4 header, as a raw socket gives it. */
static void receive(struct router *r, const uint8_t *bytes, size_t size)
{
	struct packet_from from;
	const uint8_t *at;
	size_t len;
	bool ah;

	if (packet_strip_ipv4(bytes, size, &from, &at, &len, &ah) == PACKET_OK && !ah)
		hear(r, at, len, &from);
}

static struct addr host(const struct router *r, uint8_t n)
{
	return r->vip.family == AF_INET6 ? (struct addr){AF_INET6, {0xfe, 0x80, [15] = n}}
					 : addr_from_v4(0x0a000000u | n);
}

/* A packet that is right but for one bit, if flip is below its length. */
static void right_packet(struct router *r, uint8_t priority, uint8_t n, uint8_t units, uint8_t flip)
{
	uint8_t bytes[20 + VRRP_PACKET_MAX] = {0x45, 0xc0, [8] = 255, [9] = VRRP_PROTOCOL};
	bool v6 = r->vip.family == AF_INET6;
	struct addr group = {.family = AF_INET6, .bytes = {0xff, 0x02, [15] = 0x12}};
	struct packet_from from = {.src = host(r, n), .dst = v6 ? group : addr_from_v4(0xe0000012), .ttl = 255};
	struct advert a = {.version = r->c.version,
			   .family = (uint8_t)r->vip.family,
			   .vrid = r->x.vrid,
			   .priority = priority,
			   .interval = r->c.version == 2 ? r->c.interval : (units + 1) * 160 * NSEC_PER_MSEC,
			   .auth = r->x.auth,
			   .n = 1,
			   .addrs = &r->vip};
	size_t len;

	memcpy(a.pass, r->x.pass, sizeof a.pass);
	len = packet_encode(&a, n & 1 ? CHECKSUM_PSEUDO : CHECKSUM_MESSAGE, &from.src, &from.dst, bytes + 20,
			    sizeof bytes - 20);
	must(len > 0);
	bytes[3] = (uint8_t)(20 + len);
	memcpy(bytes + 12, from.src.bytes, 4);
	memcpy(bytes + 16, from.dst.bytes, 4);
	if (flip < len)
		bytes[20 + flip] ^= (uint8_t)(1 << (flip & 7));
	if (v6)
		hear(r, bytes + 20, len, &from);
	else
		receive(r, bytes, 20 + len);
}

static void raw(struct router *r, const uint8_t *bytes, size_t len, uint8_t n)
{
	struct packet_from from = {.src = host(r, n), .dst = host(r, 0), .ttl = 255};

	if (r->vip.family == AF_INET6)
		hear(r, bytes, len, &from);
	else
		receive(r, bytes, len);
}

/* The same router with other values, as a reload gives them. */
static void configure(struct router *r, uint8_t how, uint8_t interval)
{
	r->c.version = r->vip.family == AF_INET && how & VERSION_2 ? 2 : 3;
	r->c.preempt = how & PREEMPT;
	r->c.interval = r->c.version == 2 ? (1 + interval % 255) * NSEC_PER_SEC
			: how & SLOW      ? (3840 + interval) * 10 * NSEC_PER_MSEC
					  : (1 + interval) * 10 * NSEC_PER_MSEC;
	r->x.version = r->c.version;
	r->x.interval = r->c.interval;
	r->x.auth = r->c.version == 2 && how & PASS ? AUTH_PASS : AUTH_NONE;
	memcpy(r->x.pass, r->x.auth == AUTH_PASS ? "secret\0" : "\0\0\0\0\0\0\0", VRRP_PASS_LEN);
	note_interval(r, r->c.interval);
}

static void reload(struct router *r, uint8_t how, uint8_t interval)
{
	struct fsm_config before = r->c;

	configure(r, how, interval);
	if (r->c.interval != before.interval || r->c.version != before.version)
		event(r, EV_CONFIG);
}

/* One operation; returns the bytes that it took. */
static size_t operate(struct router *r, const uint8_t *p, size_t size)
{
	size_t len = p[2] < size - 4 ? p[2] : size - 4;

	r->now += (nsec_t)p[1] * p[1] * r->c.interval / 4096;
	switch (p[0] % OPS) {
	case EV_ADVERT:
		right_packet(r, p[2], p[3], p[0] / OPS, 255);
		return 4;
	case EV_CONFIG:
		r->c.priority = p[2] ? p[2] : 1;
		event(r, EV_CONFIG);
		return 4;
	case OP_BAD_BIT:
		right_packet(r, p[2], p[1], 5, p[3]);
		return 4;
	case OP_RAW:
		raw(r, p + 4, len, p[3]);
		return 4 + len;
	case OP_PUNCTUAL: /* to the deadline, as a punctual loop does */
		if (r->s.deadline != FSM_NEVER && r->s.deadline > r->now)
			r->now = r->s.deadline;
		event(r, EV_TIMER);
		return 4;
	case OP_RELOAD:
		reload(r, p[2], p[3]);
		return 4;
	default:
		event(r, (enum fsm_event_type)(p[0] % OPS));
		return 4;
	}
}

static void left_alone(struct router *r)
{
	for (int i = 0; i < 4 && r->s.deadline != FSM_NEVER; i++) {
		r->now = r->s.deadline > r->now ? r->s.deadline : r->now;
		event(r, EV_TIMER);
	}
	must(r->s.mode != FSM_BACKUP && !r->s.leaving);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct router r = {.now = 1};

	if (size < 8)
		return 0;
	r.vip.family = data[0] & IPV6 && !(data[0] & VERSION_2) ? AF_INET6 : AF_INET;
	r.vip = host(&r, 100);
	r.c = (struct fsm_config){.priority = data[1] ? data[1] : 1,
				  .preempt_delay = (data[0] & PREEMPT_DELAY ? data[3] : 0) * NSEC_PER_SEC,
				  .startup_delay = (data[0] & STARTUP_DELAY ? data[4] : 0) * NSEC_PER_SEC,
				  .self = host(&r, data[5])};
	r.x.vrid = data[6] ? data[6] : 1;
	configure(&r, data[0], data[2]);
	fsm_init(&r.s);
	for (size_t at = 8; at + 4 <= size;)
		at += operate(&r, data + at, size - at);
	left_alone(&r);
	return 0;
}
