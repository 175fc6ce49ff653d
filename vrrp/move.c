/* Decides in which order a role and its addresses move, so that no packet is lost on the way.
 *
 *   taken:  the virtual MAC's device up, the first addresses added, one gratuitous ARP or NA of each, then the first advertisement: until it is heard
 *           somebody answers. The rest follows from the holder, so that neither the first address nor the advertisement waits for the last one
 *   taken, from nobody (the Active is dead): nothing answers, and the advertisement goes first, so that no other Backup takes over as well
 *   given:  the successor's advertisement is heard: its first addresses answer already. What is under way to this node is answered here, and so are
 *           the addresses that the successor has yet to add; then the virtual MAC's device goes down, and they are removed
 *
 * Source: RFC 9568 6.4.2, 6.4.3. Test: tests/kernel/test_vrrp_engine.c, tests/lab/scenarios/vrrp-failover.sh. */
#include "engine_int.h"

/* Added before the first advertisement: so few that it is no later for them. */
enum { FIRST_ADDRESSES = 16 };

#define COME_LOOK   NSEC_PER_MSEC
#define UNDER_WAY   (2 * NSEC_PER_MSEC)
#define PER_ADDRESS (NSEC_PER_MSEC / 20)
#define GIVE_WITHIN (500 * NSEC_PER_MSEC)

static bool may_hurry(struct engine *e)
{
	if (e->hurried.turn != e->turn)
		e->hurried.n = 0;
	e->hurried.turn = e->turn;
	return e->hurried.n < FIRST_ADDRESSES;
}

void move_begin(struct vrouter *r)
{
	struct engine *e = r->engine;

	r->giving = false;
	if (e->hooks->taking)
		e->hooks->taking(e->arg, &r->conf);
}

void move_claim(struct vrouter *r, uint8_t priority)
{
	router_send(r, priority);
	if (may_hurry(r->engine))
		router_flush(r->engine);
}

void move_take(struct vrouter *r, bool answered)
{
	struct engine *e = r->engine;

	holder_set_switch(e->holder, r->set, true);
	if (may_hurry(e))
		e->hurried.n += 1 + holder_hurry(e->holder, FIRST_ADDRESSES - e->hurried.n);
	r->coming = answered && holder_set_coming(r->set);
	if (!r->coming)
		return;
	r->sent_at = e->now;
	loop_timer_set(e->come, COME_LOOK);
}

void move_remove(struct vrouter *r)
{
	struct engine *e = r->engine;

	r->giving = r->coming = false;
	holder_set_switch(e->holder, r->set, false);
	if (!r->device)
		return;
	router_flush(e);
	if (e->hooks->leaving)
		e->hooks->leaving(e->arg, &r->conf);
}

void move_give(struct vrouter *r)
{
	struct engine *e = r->engine;
	nsec_t from = e->give_until > e->now ? e->give_until : e->now + UNDER_WAY;
	nsec_t most = e->now + GIVE_WITHIN;

	r->giving = true;
	r->coming = false;
	r->gave = e->now;
	holder_set_quiet(e->holder, r->set);
	e->give_until = from + (nsec_t)r->n_addrs * PER_ADDRESS;
	if (e->give_until > most)
		e->give_until = most;
	if (!loop_timer_armed(e->give))
		loop_timer_set(e->give, e->give_until - e->now);
}

/* A successor that takes many adds their addresses in an order of its own: they go together. But none waits longer for those that follow it. */
static nsec_t given_at(const struct vrouter *r)
{
	nsec_t most = r->gave + GIVE_WITHIN;

	return r->engine->give_until < most ? r->engine->give_until : most;
}

bool move_pending(const struct engine *e)
{
	return loop_timer_armed(e->give);
}

static void on_give(void *arg)
{
	struct engine *e = arg;
	nsec_t next = FSM_NEVER;

	turn_begin(e);
	for (size_t i = 0; i < e->n; i++) {
		struct vrouter *r = e->routers[i];

		if (!r->giving)
			continue;
		if (given_at(r) <= e->now)
			move_remove(r);
		else if (given_at(r) < next)
			next = given_at(r);
	}
	if (next != FSM_NEVER)
		loop_timer_set(e->give, next - e->now);
	turn_end(e);
}

static void on_come(void *arg)
{
	struct engine *e = arg;
	bool more = false;

	turn_begin(e);
	for (size_t i = 0; i < e->n; i++) {
		struct vrouter *r = e->routers[i];

		if (!r->coming)
			continue;
		r->coming = holder_set_coming(r->set);
		more |= r->coming;
		if (!r->coming)
			router_send(r, r->fc.priority);
	}
	turn_end(e);
	if (more)
		loop_timer_set(e->come, COME_LOOK);
}

void move_init(struct engine *e)
{
	e->come = loop_timer_new(e->loop, on_come, e);
	e->give = loop_timer_new(e->loop, on_give, e);
}
