/* A whole virtual router, as the shell drives it (packet.c, then fsm.c): random events and packets at random times. Whatever comes, the machine is sound,
 * a timer that fires is set to a later time, what was refused changes nothing, and left alone the router ends as Active or at rest.
 * Input: 8 bytes of configuration, then operations of 4 bytes and, for a raw packet, what follows. */
#include "../../vrrp/fsm.h"
#include "../../vrrp/packet.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct router {
	struct fsm_config c;
	struct fsm_state s;
	struct packet_expect x;
	struct addr vip;
	nsec_t now;
};

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void sound(const struct router *r, const struct fsm_state *before, struct fsm_actions out)
{
	const struct fsm_state *s = &r->s;
	bool was = before->mode == FSM_ACTIVE, is = s->mode == FSM_ACTIVE;
	nsec_t longest = 4 * (40950 * NSEC_PER_MSEC + r->c.interval) + r->c.startup_delay + NSEC_PER_SEC;

	must((s->deadline != FSM_NEVER) == (s->mode == FSM_BACKUP || is));
	must(s->deadline == FSM_NEVER || s->deadline <= r->now + longest);
	must(!(out.what & FSM_SEND) || was || is);
	must(!(out.what & FSM_SEND) || out.priority == 0 || out.priority == r->c.priority);
	must(((out.what & FSM_ADD) != 0) == (is && !was));
	must(((out.what & FSM_ANNOUNCE) != 0) == (is && !was));
	must(((out.what & FSM_REMOVE) != 0) == (was && !is));
	must(((out.what & FSM_NOTIFY) != 0) == (s->mode != before->mode));
	must(!s->leaving || is);
	must(!s->yielded || s->mode == FSM_BACKUP);
	must(s->mode == FSM_INITIALIZE || s->mode == FSM_FAULT || s->started);
	must(s->cause != NULL);
}

static void step(struct router *r, struct fsm_event e)
{
	struct fsm_state before = r->s;
	struct fsm_actions out;

	e.now = r->now;
	out = fsm_step(&r->c, &r->s, &e);
	sound(r, &before, out);
	if (e.type == EV_TIMER)
		must(r->s.deadline > r->now);
}

/* What the shell does with a packet. */
static void receive(struct router *r, const uint8_t *bytes, size_t size)
{
	struct addr addrs[VRRP_ADDRESSES_MAX];
	struct packet_from from;
	const uint8_t *at;
	enum packet_reason why;
	struct advert a;
	size_t len;
	bool ah;

	if (packet_strip_ipv4(bytes, size, &from, &at, &len, &ah) != PACKET_OK || ah)
		return;
	if (packet_decode(at, len, &from, 255, addrs, &a) != PACKET_OK)
		return;
	r->x.self = &r->c.self;
	r->x.addrs = &r->vip;
	r->x.n_addrs = 1;
	why = packet_check(&r->x, &from, &a);
	if (why == PACKET_OK || why == PACKET_ADDRESSES)
		step(r, (struct fsm_event){
			    .type = EV_ADVERT, .priority = a.priority, .interval = a.interval, .from = from.src});
}

/* A packet that is right but for one bit, if flip is below its length. */
static void right_packet(struct router *r, uint8_t priority, uint8_t host, uint8_t units, uint8_t flip)
{
	uint8_t bytes[20 + VRRP_PACKET_MAX] = {0x45, 0xc0, [8] = 255, [9] = VRRP_PROTOCOL};
	struct addr src = addr_from_v4(0x0a000000u | host), dst = addr_from_v4(0xe0000012);
	struct advert a = {.version = r->c.version,
			   .family = AF_INET,
			   .vrid = r->x.vrid,
			   .priority = priority,
			   .interval = r->c.version == 2 ? r->c.interval : (units + 1) * 160 * NSEC_PER_MSEC,
			   .n = 1,
			   .addrs = &r->vip};
	size_t len =
	    packet_encode(&a, host & 1 ? CHECKSUM_PSEUDO : CHECKSUM_MESSAGE, &src, &dst, bytes + 20, sizeof bytes - 20);

	must(len > 0 || a.interval > 40950 * NSEC_PER_MSEC);
	bytes[3] = (uint8_t)(20 + len);
	memcpy(bytes + 12, src.bytes, 4);
	memcpy(bytes + 16, dst.bytes, 4);
	if (flip < len)
		bytes[20 + flip] ^= (uint8_t)(1 << (flip & 7));
	receive(r, bytes, 20 + len);
}

/* One operation; returns the bytes that it took. */
static size_t operate(struct router *r, const uint8_t *p, size_t size)
{
	r->now += (nsec_t)p[1] * p[1] * r->c.interval / 4096;
	switch (p[0] % 12) {
	case EV_TIMER:
		if (r->now >= r->s.deadline)
			step(r, (struct fsm_event){.type = EV_TIMER});
		return 4;
	case EV_ADVERT:
		right_packet(r, p[2], p[3], p[0] / 12, 255);
		return 4;
	case EV_PRIORITY:
		r->c.priority = p[2] ? p[2] : 1;
		step(r, (struct fsm_event){.type = EV_PRIORITY});
		return 4;
	case 9:
		right_packet(r, p[2], p[1], 5, p[3]);
		return 4;
	case 10: {
		size_t len = p[2] < size - 4 ? p[2] : size - 4;
		receive(r, p + 4, len);
		return 4 + len;
	}
	case 11: /* to the deadline, as a punctual loop does */
		if (r->s.deadline != FSM_NEVER) {
			r->now = r->s.deadline > r->now ? r->s.deadline : r->now;
			step(r, (struct fsm_event){.type = EV_TIMER});
		}
		return 4;
	default:
		step(r, (struct fsm_event){.type = (enum fsm_event_type)(p[0] % 12)});
		return 4;
	}
}

static void left_alone(struct router *r)
{
	for (int i = 0; i < 4 && r->s.deadline != FSM_NEVER; i++) {
		r->now = r->s.deadline > r->now ? r->s.deadline : r->now;
		step(r, (struct fsm_event){.type = EV_TIMER});
	}
	must(r->s.mode != FSM_BACKUP && !r->s.leaving);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct router r = {.now = 1};

	if (size < 8)
		return 0;
	r.c = (struct fsm_config){.version = data[0] & 1 ? 2 : 3,
				  .priority = data[1] ? data[1] : 1,
				  .preempt = data[0] & 2,
				  .preempt_delay = (data[0] & 4 ? data[3] : 0) * NSEC_PER_SEC,
				  .startup_delay = (data[0] & 8 ? data[4] : 0) * NSEC_PER_SEC,
				  .self = addr_from_v4(0x0a000000u | data[5])};
	r.c.interval = r.c.version == 2 ? (1 + data[2]) * NSEC_PER_SEC : (1 + data[2]) * 10 * NSEC_PER_MSEC;
	if (r.c.version == 2 && data[2] == 255)
		r.c.interval = NSEC_PER_SEC;
	r.vip = addr_from_v4(0x0a000064);
	r.x = (struct packet_expect){.version = r.c.version, .vrid = data[6] ? data[6] : 1, .interval = r.c.interval};
	fsm_init(&r.s);
	for (size_t at = 8; at + 4 <= size;)
		at += operate(&r, data + at, size - at);
	left_alone(&r);
	return 0;
}
