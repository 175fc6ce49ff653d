/* Decides which virtual routers there are and when they live: a picture's routers against those that run, start behind the readiness gate, stop.
 * Source: DESIGN "life and death". Test: tests/kernel/test_vrrp_engine.c. */
#include "advert.h"
#include "engine_int.h"
#include "vmac_id.h"

#include "../src/base/arena.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* A successor is heard, or not, within two intervals; at long intervals a stop does not wait for that. */
#define STOP_WITHIN (8 * NSEC_PER_SEC)

#define RELIST_AFTER (10 * NSEC_PER_MSEC)

enum { MTU_USUAL = 1500 };

static void on_look(void *arg);
static void on_relist(void *arg);
static void on_stop_limit(void *arg);

int engine_new(struct loop *l, struct holder *h, int mem_fd, const struct engine_hooks *hooks, void *arg,
	       struct engine **out)
{
	struct engine *e = xcalloc(1, sizeof(*e));
	int err;

	e->loop = l;
	e->holder = h;
	e->hooks = hooks;
	e->arg = arg;
	e->timer_fd = -1;
	e->now = clock_now();
	e->survive = survive_open(mem_fd);
	e->look = loop_timer_new(l, on_look, e);
	e->relist = loop_timer_new(l, on_relist, e);
	e->stop_limit = loop_timer_new(l, on_stop_limit, e);
	move_init(e);
	err = turn_init(e);
	if (err)
		engine_free(e);
	else
		*out = e;
	return err;
}

static void router_free(struct vrouter *r)
{
	free(r->addrs);
	free(r->sorted);
	free(r->packets);
	free(r->peers);
	free(r->difference);
	free(r->tracks);
	free(r->conf.peers);
	free(r->conf.tracks);
	free(r);
}

void engine_free(struct engine *e)
{
	if (!e)
		return;
	e->n_out = 0;
	turn_clear(e);
	for (size_t i = 0; i < e->n; i++)
		router_free(e->routers[i]);
	for (size_t i = 0; i < e->n_socks; i++)
		vsock_close(e->socks[i]);
	free(e->routers);
	free(e->socks);
	failover_clear(e);
	loop_timer_free(e->look);
	loop_timer_free(e->relist);
	loop_timer_free(e->stop_limit);
	loop_timer_free(e->give);
	loop_timer_free(e->come);
	survive_close(e->survive);
	free(e);
}

/* ---- looking at what they stand on ---- */

static void assess(struct engine *e)
{
	for (size_t i = 0; i < e->n; i++)
		router_weigh(e->routers[i]);
	for (size_t i = 0; i < e->n; i++)
		router_follow(e->routers[i]);
}

void engine_links_changed(struct engine *e)
{
	if (!loop_timer_armed(e->look))
		loop_timer_set(e->look, 0);
}

static struct vrouter *find(const struct engine *e, const char *name)
{
	for (size_t i = 0; i < e->n; i++)
		if (strncmp(e->routers[i]->conf.name, name, ROUTER_NAME) == 0)
			return e->routers[i];
	return NULL;
}

/* What it tracks counts for its group. */
static void reassess(struct vrouter *r)
{
	struct engine *e = r->engine;

	turn_begin(e);
	router_weigh(r);
	if (group_has(r))
		assess(e);
	else
		router_follow(r);
	turn_end(e);
}

void engine_track_set(struct engine *e, const char *router, int track, bool up, int value)
{
	const struct track_state s = {.now = up ? TRACK_UP : TRACK_DOWN, .value = value};
	struct vrouter *r = find(e, router);

	if (!r || track < 0 || track >= r->conf.n_tracks)
		return;
	if (r->tracks[track].now == s.now && r->tracks[track].value == s.value)
		return;
	r->tracks[track] = s;
	reassess(r);
}

/* ---- addresses ---- */

static void addresses_clear(struct vrouter *r)
{
	free(r->addrs);
	free(r->sorted);
	r->addrs = r->sorted = NULL;
	r->n_addrs = r->n_advertised = 0;
}

static size_t members(const struct vrouter *r, struct addr *addrs)
{
	const struct entry *en;
	size_t n = 0;

	for (en = LIST_FIRST(&r->set->members); en; en = LIST_NEXT(en, member)) {
		if (addrs)
			addrs[n] = en->addr;
		n++;
	}
	return n;
}

static int by_addr(const void *a, const void *b)
{
	return addr_cmp(a, b);
}

/* Another than `but` (NULL: any). */
static bool has_link_local(const struct vrouter *r, const struct addr *but)
{
	const struct entry *en;

	for (en = LIST_FIRST(&r->set->members); en; en = LIST_NEXT(en, member))
		if (addr_is_link_local(&en->addr) && (!but || !addr_equal(&en->addr, but)))
			return true;
	return false;
}

/* An IPv6 router without a link-local address gets one, until it has one of its own, and unless another router on the same interface has it already. */
static void make_up(struct vrouter *r)
{
	struct vip v = {.addr = advert_link_local(r->conf.vrid), .bits = 64, .kind = VIP_CLIENT};
	const struct addr *mine = &v.addr;
	const struct entry *en;

	if (r->conf.family != AF_INET6)
		return;
	vmac_place(&r->conf, v.ifname);
	for (size_t i = 0; i < r->engine->n; i++) {
		const struct vrouter *o = r->engine->routers[i];

		for (en = LIST_FIRST(&o->set->members); o != r && en; en = LIST_NEXT(en, member))
			if (addr_equal(&en->addr, mine) && strncmp(en->want.ifname, v.ifname, sizeof(v.ifname)) == 0)
				return;
	}
	if (has_link_local(r, mine)) {
		if (r->made_up)
			holder_unwant(r->engine->holder, mine, v.ifname);
		r->made_up = false;
		return;
	}
	if (LIST_EMPTY(&r->set->members) || (!r->made_up && has_link_local(r, NULL)))
		return;
	r->made_up = true;
	v.router = (uint16_t)r->index;
	holder_want(r->engine->holder, r->set, &v);
}

static void count_local(struct vrouter *r)
{
	const struct entry *en;

	r->n_local = r->n_here = 0;
	for (en = LIST_FIRST(&r->set->members); en; en = LIST_NEXT(en, member)) {
		r->n_local += en->want.local != VIP_ANYWHERE;
		r->n_here += en->want.local == VIP_HERE;
	}
}

static void relist(struct vrouter *r)
{
	size_t room = advert_room(r->conf.family, r->conf.version, r->conf.auth, r->mtu ? r->mtu : MTU_USUAL);
	size_t n = members(r, NULL), advertised;
	struct addr *addrs = xcalloc(n + 1, sizeof(*addrs));

	r->listed_mtu = r->mtu;
	members(r, addrs);
	advertised = advert_order(addrs, n, room);
	if (n == r->n_addrs && advertised == r->n_advertised &&
	    (n == 0 || memcmp(addrs, r->addrs, n * sizeof(*addrs)) == 0)) {
		free(addrs);
		return;
	}
	addresses_clear(r);
	r->addrs = addrs;
	r->n_addrs = n;
	r->n_advertised = advertised;
	r->sorted = xcalloc(advertised + 1, sizeof(*addrs));
	memcpy(r->sorted, addrs, advertised * sizeof(*addrs));
	qsort(r->sorted, advertised, sizeof(*addrs), by_addr);
	r->packet_len = 0;
}

static void relist_all(struct engine *e)
{
	for (size_t i = 0; i < e->n; i++) {
		make_up(e->routers[i]);
		count_local(e->routers[i]);
		relist(e->routers[i]);
	}
}

/* A list is sorted whole: many rows are one change. */
void engine_relist(struct engine *e)
{
	if (!loop_timer_armed(e->relist))
		loop_timer_set(e->relist, RELIST_AFTER);
}

static void on_relist(void *arg)
{
	struct engine *e = arg;

	turn_begin(e);
	router_flush(e); /* packets that are queued go as they are */
	relist_all(e);
	assess(e);
	turn_end(e);
}

/* Another MTU has room for more addresses, or for fewer. */
static void look(struct vrouter *r)
{
	router_look(r);
	if (r->mtu == r->listed_mtu)
		return;
	router_flush(r->engine); /* what is queued goes as it is */
	relist(r);
}

static void look_all(struct engine *e)
{
	for (size_t i = 0; i < e->n; i++)
		look(e->routers[i]);
}

static void on_look(void *arg)
{
	struct engine *e = arg;

	turn_begin(e);
	look_all(e);
	assess(e);
	turn_end(e);
}

bool engine_made_up(const struct engine *e, const struct vip *v)
{
	struct addr made;

	if (v->router >= e->n || !e->routers[v->router]->made_up)
		return false;
	made = advert_link_local(e->routers[v->router]->conf.vrid);
	return addr_equal(&made, &v->addr);
}

/* ---- which routers there are ---- */

bool router_is(const struct vrouter *r, const struct router *c)
{
	return r->conf.family == c->family && r->conf.vrid == c->vrid &&
	       strncmp(r->conf.name, c->name, ROUTER_NAME) == 0 &&
	       strncmp(r->conf.ifname, c->ifname, sizeof(c->ifname)) == 0;
}

static struct vrouter *find_same(const struct engine *e, const struct router *c)
{
	for (size_t i = 0; i < e->n; i++)
		if (router_is(e->routers[i], c))
			return e->routers[i];
	return NULL;
}

static bool same_track(const struct track *a, const struct track *b)
{
	return a->kind == b->kind && a->weight == b->weight && strncmp(a->name, b->name, TRACK_NAME) == 0;
}

/* What is known of a tracked thing stays known; it may stand at another place in the list. */
static void carry_tracks(struct vrouter *r, const struct router *c)
{
	struct track_state *now = c->n_tracks ? xcalloc(c->n_tracks, sizeof(*now)) : NULL;

	for (size_t i = 0; i < c->n_tracks; i++)
		for (size_t k = 0; k < r->conf.n_tracks; k++)
			if (same_track(&c->tracks[i], &r->conf.tracks[k]))
				now[i] = r->tracks[k];
	free(r->tracks);
	r->tracks = now;
}

static void copy(struct vrouter *r, const struct router *c)
{
	free(r->conf.peers);
	free(r->conf.tracks);
	r->conf = *c;
	r->conf.peers = c->n_peers ? xmemdup(c->peers, c->n_peers * sizeof(*c->peers)) : NULL;
	r->conf.tracks = c->n_tracks ? xmemdup(c->tracks, c->n_tracks * sizeof(*c->tracks)) : NULL;
}

/* Everything but the identity may change while it runs. The priority follows in assess. */
static void configure(struct vrouter *r, const struct router *c)
{
	nsec_t interval = c->interval_ms * NSEC_PER_MSEC;
	bool other = r->fc.version && (r->fc.version != c->version || r->fc.interval != interval);

	carry_tracks(r, c);
	copy(r, c);
	if (r->in)
		router_sockets(r); /* AH has its own */
	r->fc.version = c->version;
	r->fc.interval = interval;
	r->fc.preempt = c->preempt;
	r->fc.preempt_delay = c->preempt_delay_ms * NSEC_PER_MSEC;
	r->fc.startup_delay = c->startup_delay_ms * NSEC_PER_MSEC;
	r->packet_len = 0;
	if (other)
		router_event(r, EV_CONFIG); /* the peers learn it now */
}

static struct vrouter *router_new(struct engine *e, const struct router *c)
{
	struct vrouter *r = xcalloc(1, sizeof(*r));

	r->engine = e;
	fsm_init(&r->fs);
	r->since = clock_wall();
	configure(r, c);
	r->fc.priority = effective_priority(c->priority, 0, !e->unready);
	r->set = holder_set_new(e->holder);
	r->slot = survive_slot(e->survive, c);
	r->sequence = r->slot->sequence;
	r->resume = survive_is_fresh(r->slot, e->now, router_shortest_wait(r));
	if (!r->resume)
		holder_set_switch(e->holder, r->set, false);
	r->sent_at = e->now;
	return r;
}

void engine_begin(struct engine *e, const struct router *routers, size_t n)
{
	struct vrouter **list = xcalloc(n + 1, sizeof(struct vrouter *));
	size_t gone = 0;

	turn_begin(e);
	router_flush(e);
	for (size_t i = 0; i < n; i++) {
		struct vrouter *r = find_same(e, &routers[i]);

		if (r)
			configure(r, &routers[i]);
		else
			r = router_new(e, &routers[i]);
		r->kept = true;
		list[i] = r;
	}
	router_flush(e);
	/* Those that go stand behind the others until engine_end. */
	for (size_t i = 0; i < e->n; i++)
		if (!e->routers[i]->kept)
			gone++;
	list = xrealloc(list, (n + gone + 1) * sizeof(struct vrouter *));
	for (size_t i = 0, at = n; i < e->n; i++)
		if (!e->routers[i]->kept)
			list[at++] = e->routers[i];
	free(e->routers);
	e->routers = list;
	e->n = n + gone;
	for (size_t i = 0; i < e->n; i++)
		e->routers[i]->index = i;
	turn_end(e);
}

/* Its addresses are nobody's any more, or another router's. */
static void retire(struct engine *e, struct vrouter *r)
{
	enum fsm_mode before = r->fs.mode;
	const struct entry *last;

	if (before == FSM_ACTIVE)
		router_send(r, VRRP_PRIORITY_STOP);
	router_flush(e);
	log_info("router %s: removed", r->conf.name);
	failover_forget(e, r);
	deadlines_set(&e->deadlines, &r->due, FSM_NEVER);
	fsm_init(&r->fs);
	r->fs.cause = "removed";
	if (before != FSM_INITIALIZE)
		router_news(r, before);
	if (e->hooks->router_gone)
		e->hooks->router_gone(e->arg, &r->conf);
	survive_drop(r->slot);
	e->n--; /* it is the last */
	router_sockets_close(r);
	while ((last = LIST_FIRST(&r->set->members)))
		holder_unwant(e->holder, &last->addr, last->want.ifname);
	holder_set_free(e->holder, r->set);
	router_free(r);
}

static bool slot_kept(void *arg, const struct survive_slot *slot)
{
	const struct engine *e = arg;

	for (size_t i = 0; i < e->n; i++)
		if (e->routers[i]->slot == slot)
			return true;
	return false;
}

void engine_end(struct engine *e)
{
	turn_begin(e);
	while (e->n > 0 && !e->routers[e->n - 1]->kept)
		retire(e, e->routers[e->n - 1]);
	survive_sweep(e->survive, slot_kept, e);
	for (size_t i = 0; i < e->n; i++)
		e->routers[i]->kept = false;
	look_all(e);
	relist_all(e);
	assess(e);
	for (size_t i = 0; i < e->n; i++)
		if (!e->stopping && (e->open || (e->started && e->routers[i]->resume)))
			router_start(e->routers[i]);
	turn_end(e);
}

struct vip_set *engine_vip_set(struct engine *e, size_t index)
{
	return index < e->n ? e->routers[index]->set : NULL;
}

size_t engine_count(const struct engine *e)
{
	return e->n;
}

const struct router *engine_router(const struct engine *e, size_t index)
{
	return &e->routers[index]->conf;
}

/* ---- life ---- */

void engine_start(struct engine *e)
{
	turn_begin(e);
	e->started = true;
	for (size_t i = 0; i < e->n; i++)
		if (e->routers[i]->resume)
			router_start(e->routers[i]);
	turn_end(e);
}

void engine_open(struct engine *e)
{
	turn_begin(e);
	e->started = e->open = true;
	for (size_t i = 0; i < e->n; i++)
		router_start(e->routers[i]);
	turn_end(e);
}

void engine_ready(struct engine *e, bool ready)
{
	if (e->unready == !ready)
		return;
	turn_begin(e);
	e->unready = !ready;
	assess(e);
	turn_end(e);
}

void engine_stop(struct engine *e)
{
	if (e->stopping)
		return;
	turn_begin(e);
	e->stopping = true;
	loop_timer_set(e->stop_limit, STOP_WITHIN);
	for (size_t i = 0; i < e->n; i++)
		router_event(e->routers[i], EV_STOP);
	turn_end(e);
}

static void on_stop_limit(void *arg)
{
	struct engine *e = arg;

	if (e->stopped_told)
		return;
	e->stopped_told = true;
	log_warning("no successor was heard: stopping all the same");
	if (e->hooks->stopped)
		e->hooks->stopped(e->arg);
}

bool engine_answers(const struct engine *e, size_t index)
{
	return e->routers[index]->fs.mode == FSM_ACTIVE || e->routers[index]->giving;
}

struct msg_role engine_role(const struct engine *e, size_t index)
{
	const struct vrouter *r = e->routers[index];
	struct msg_role m = {
	    .family = r->conf.family,
	    .vrid = r->conf.vrid,
	    .mode = (uint8_t)r->fs.mode,
	    .before = (uint8_t)r->fs.mode,
	    .priority = r->fc.priority,
	};

	memcpy(m.router, r->conf.name, sizeof(m.router));
	memcpy(m.ifname, r->conf.ifname, sizeof(m.ifname));
	strncpy(m.cause, r->fs.cause, sizeof(m.cause) - 1);
	return m;
}
