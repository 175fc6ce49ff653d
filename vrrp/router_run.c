/* One virtual router: gives an event to fsm_step and does what it asks for, in the order that it states; looks at what the router stands on.
 * Source: RFC 9568 section 6. Test: tests/kernel/test_vrrp_engine.c. */
#include "engine_int.h"

#include "../src/base/arena.h"

#include <string.h>
#include <sys/socket.h>

nsec_t router_down_interval(const struct vrouter *r)
{
	return fsm_down_interval(&r->fc, r->fc.interval);
}

nsec_t router_shortest_wait(const struct vrouter *r)
{
	struct fsm_config best = r->fc;

	best.priority = 255;
	return fsm_down_interval(&best, best.interval);
}

struct peer_seen *router_peer(struct vrouter *r, const struct addr *a, bool make)
{
	struct peer_seen *oldest = r->peers;

	for (size_t i = 0; i < r->n_peers; i++) {
		struct peer_seen *p = &r->peers[i];

		if (addr_equal(&p->addr, a))
			return p;
		if (p->heard < oldest->heard)
			oldest = p;
	}
	if (!make)
		return NULL;
	if (r->n_peers < PEERS_SEEN) {
		r->peers = xrealloc(r->peers, (r->n_peers + 1) * sizeof(*r->peers));
		oldest = &r->peers[r->n_peers++];
	}
	*oldest = (struct peer_seen){.addr = *a};
	return oldest;
}

void router_news(struct vrouter *r, enum fsm_mode before)
{
	const struct engine_news n = {
	    .router = &r->conf,
	    .mode = r->fs.mode,
	    .before = before,
	    .priority = r->fc.priority,
	    .cause = r->fs.cause,
	    .at = r->engine->now,
	};

	if (r->engine->hooks->news)
		r->engine->hooks->news(r->engine->arg, &n);
}

static const enum log_event mode_events[FSM_MODES] = {[FSM_INITIALIZE] = LOG_VRRP_STOPPED,
						      [FSM_BACKUP] = LOG_VRRP_BACKUP,
						      [FSM_ACTIVE] = LOG_VRRP_ACTIVE,
						      [FSM_FAULT] = LOG_VRRP_FAULT};

static void entered(struct vrouter *r, enum fsm_mode before)
{
	bool other = r->fs.mode == FSM_BACKUP && r->fs.active.family;
	char text[ADDR_TEXT] = "";
	unsigned lost;

	if (other)
		addr_format(&r->fs.active, text);
	r->transitions++;
	r->since = clock_wall();
	r->wants = false;
	if (log_allow(&r->limit, r->engine->now, &lost))
		log_event(mode_events[r->fs.mode],
			  LOG_WITH(.router = r->conf.name, .interface = r->conf.ifname, .peer = other ? text : NULL,
				   .suppressed = lost),
			  "router %s: %s -> %s: %s (priority %u%s%s)", r->conf.name, fsm_mode_notify(before),
			  fsm_mode_notify(r->fs.mode), r->fs.cause, r->fc.priority, other ? ", Active is " : "", text);
	router_news(r, before);
}

/* Its Active has said that it stops. */
static bool is_leaving(const struct vrouter *r)
{
	return r->fs.active.family && r->fs.active_priority == VRRP_PRIORITY_STOP;
}

/* Whoever sends less than our priority is heard, but does not count: say so. */
static const char *take_over_cause(const struct vrouter *r)
{
	for (size_t i = 0; i < r->n_peers; i++) {
		const struct peer_seen *p = &r->peers[i];

		if (p->priority > 0 && p->priority < r->fc.priority &&
		    r->engine->now - p->heard < router_down_interval(r))
			return "a lesser Active is preempted";
	}
	return NULL;
}

/* Whoever makes way for a better Active that is heard (a member of its group may have heard it) answers a moment longer. */
static bool gives(const struct fsm_event *ev, const char *cause)
{
	return ev->type == EV_ADVERT || (ev->type == EV_STALLED && cause);
}

/* Whoever stops does so until it hears us; so does a lesser Active. */
static bool is_answered(const struct vrouter *r)
{
	return is_leaving(r) || take_over_cause(r);
}

/* The first advertisement waits, but no longer than until the second one is due, and not for the last one. */
static bool sends(struct vrouter *r, const struct fsm_event *ev, enum fsm_mode before, uint8_t priority)
{
	if (r->coming && priority != VRRP_PRIORITY_STOP && (before != FSM_ACTIVE || ev->type != EV_TIMER))
		return false;
	r->coming = false;
	return true;
}

static void become(struct vrouter *r, bool answered, bool claims, uint8_t priority)
{
	move_begin(r);
	if (claims)
		move_claim(r, priority);
	move_take(r, answered);
}

static void step(struct vrouter *r, struct fsm_event ev, const char *cause)
{
	enum fsm_mode before = r->fs.mode;
	bool heir = before == FSM_BACKUP && ev.type == EV_TIMER, answered = heir && is_answered(r), claims;
	struct fsm_actions a;

	ev.now = r->engine->now;
	if (ev.type == EV_TIMER && before == FSM_BACKUP && !cause && !is_leaving(r))
		cause = take_over_cause(r);
	a = fsm_step(&r->fc, &r->fs, &ev);
	if (cause && a.what & FSM_NOTIFY)
		r->fs.cause = cause;
	claims = heir && !answered && a.what & FSM_ADD && a.what & FSM_SEND;
	if (a.what & FSM_ADD)
		become(r, answered, claims, a.priority);
	if (a.what & FSM_REANNOUNCE)
		holder_set_announce(r->engine->holder, r->set);
	if (a.what & FSM_SEND && !claims && sends(r, &ev, before, a.priority))
		router_send(r, a.priority);
	if (a.what & FSM_REMOVE && gives(&ev, cause))
		move_give(r);
	else if (a.what & FSM_REMOVE)
		move_remove(r);
	deadlines_set(&r->engine->deadlines, &r->due, r->fs.deadline);
	r->slot->active = r->fs.mode == FSM_ACTIVE && !r->fs.leaving;
	if (!(a.what & FSM_NOTIFY))
		return;
	entered(r, before);
	group_follow(r, before);
}

void router_step(struct vrouter *r, struct fsm_event ev)
{
	step(r, ev, NULL);
}

void router_event_for(struct vrouter *r, enum fsm_event_type type, const char *cause)
{
	step(r, (struct fsm_event){.type = type}, cause);
}

void router_event(struct vrouter *r, enum fsm_event_type type)
{
	router_event_for(r, type, NULL);
}

void router_take_over(struct vrouter *r, const char *cause)
{
	if (r->fs.mode != FSM_BACKUP)
		return;
	r->fs.deadline = r->engine->now;
	router_event_for(r, EV_TIMER, cause);
}

/* ---- what it stands on ---- */

static bool same_link(const struct vrouter *r, const struct link *l)
{
	return r->in && r->ifindex == l->index;
}

/* The routers of an interface ask one after the other. */
static bool primary(struct engine *e, uint32_t ifindex, uint8_t family, struct addr *out)
{
	if (e->primary.turn != e->turn || e->primary.ifindex != ifindex || e->primary.family != family) {
		e->primary.turn = e->turn;
		e->primary.ifindex = ifindex;
		e->primary.family = family;
		e->primary.found = holder_primary(e->holder, ifindex, family, &e->primary.addr);
	}
	*out = e->primary.addr;
	return e->primary.found;
}

/* Its own address: configured, or the interface's first. A literal why there is none, or NULL. The kernel sends nothing from an address that it has not,
 * and an Active that is not heard would stay one beside its successor. */
static const char *find_self(struct vrouter *r, const struct link *l)
{
	struct addr self = r->conf.source;

	if (self.family && !holder_has(r->engine->holder, &self, l->name))
		return "its source address is not on this node";
	if (!self.family && !primary(r->engine, l->index, r->conf.family, &self))
		return "its interface has no address of its family";
	if (!addr_equal(&self, &r->fc.self))
		r->packet_len = 0;
	r->fc.self = self;
	return NULL;
}

/* Before the first advertisement, which would come from another MAC than all others. A literal, or NULL. */
static const char *find_device(struct vrouter *r)
{
	const struct engine *e = r->engine;
	const char *why = NULL;

	r->device = r->conf.vmac && e->hooks->device ? e->hooks->device(e->arg, &r->conf, &why) : 0;
	return why;
}

static void find_mtu(struct vrouter *r)
{
	const struct link *l = holder_link(r->engine->holder, r->conf.ifname);
	const struct link *d = r->device ? links_by_index(holder_links(r->engine->holder), r->device) : NULL;

	if (l && l->mtu)
		r->mtu = d && d->mtu && d->mtu < l->mtu ? d->mtu : l->mtu;
}

/* A literal, or NULL. */
static const char *ground(struct vrouter *r)
{
	const struct link *l = holder_link(r->engine->holder, r->conf.ifname);
	const char *why;

	if (!l || !same_link(r, l))
		router_sockets_close(r);
	if (!l)
		return "its interface is missing";
	r->ifindex = l->index;
	if (!link_has_carrier(l))
		return link_is_up(l) ? "its interface has no carrier" : "its interface is down";
	why = find_self(r, l);
	if (!why)
		why = find_device(r);
	if (why)
		return why;
	return router_sockets(r) < 0 ? "its sockets cannot be opened" : NULL;
}

void router_look(struct vrouter *r)
{
	r->ground = ground(r);
	find_mtu(r);
}

void router_weigh(struct vrouter *r)
{
	const struct track *t = effective_fault(&r->conf, r->tracks);

	if (r->ground)
		r->obstacle = r->ground;
	else if (t)
		r->obstacle = effective_fault_cause(t);
	else
		r->obstacle = r->n_addrs ? NULL : "it has no address";
}

static uint8_t priority_now(const struct vrouter *r)
{
	return effective_priority(r->conf.priority, group_delta(r) + group_rise(r), !r->engine->unready);
}

static void follow_priority(struct vrouter *r)
{
	uint8_t now = priority_now(r);

	if (now == r->fc.priority)
		return;
	log_event(LOG_VRRP_PRIORITY, LOG_WITH(.router = r->conf.name), "router %s: priority %u -> %u", r->conf.name,
		  r->fc.priority, now);
	r->fc.priority = now;
	router_event(r, EV_CONFIG);
	router_news(r, r->fs.mode);
}

static void follow_obstacle(struct vrouter *r)
{
	const char *why = r->obstacle ? r->obstacle : group_obstacle(r);

	if (why && r->engine->stopping && r->fs.mode == FSM_INITIALIZE)
		return; /* its last word was STOP */
	if (why && r->fs.mode != FSM_FAULT)
		router_event_for(r, EV_FAULT, why);
	else if (why)
		r->fs.cause = why;
	else if (r->fs.mode == FSM_FAULT)
		router_event(r, EV_RECOVER);
}

void router_follow(struct vrouter *r)
{
	follow_priority(r);
	follow_obstacle(r);
}

void router_start(struct vrouter *r)
{
	bool resume;

	if (r->started)
		return;
	resume = r->resume && survive_is_fresh(r->slot, r->engine->now, router_shortest_wait(r));
	r->resume = false;
	if (!resume && r->fs.mode != FSM_ACTIVE)
		move_remove(r);
	r->started = true;
	router_event(r, EV_START);
	if (resume)
		router_take_over(r, "taken up again after a restart");
}
