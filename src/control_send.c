/* What control says to ipvs and vrrp. A side gets a full picture on each new channel and when its outbox says so, else rows. At most WINDOW
 * messages are on their way unacknowledged: what comes meanwhile waits in the outbox, which turns it into a picture when that is
 * shorter. Source: DESIGN.md "a full picture travels as a sealed memfd". Test: tests/test_control.c. */
#include "control.h"

#include "base/log.h"
#include "base/memfd.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RETRY      (1 * NSEC_PER_SEC)
#define AGAIN_MOST (60 * NSEC_PER_SEC)

enum { WINDOW = 32 };

static const enum role roles[OUTBOX_SIDES] = {[OUTBOX_IPVS] = ROLE_IPVS, [OUTBOX_VRRP] = ROLE_VRRP};

bool control_side(enum role who, enum outbox_side *out)
{
	if (who == ROLE_IPVS)
		*out = OUTBOX_IPVS;
	else if (who == ROLE_VRRP)
		*out = OUTBOX_VRRP;
	return who == ROLE_IPVS || who == ROLE_VRRP;
}

/* A real server that is this node itself, and that gets packets as they are. */
static bool loops(const struct control *c, const struct vs *v)
{
	for (uint32_t i = 0; i < v->n; i++)
		for (size_t k = 0; v->reals[i].forward != FORWARD_NAT && k < c->n_locals; k++)
			if (addr_equal(&v->reals[i].addr, &c->locals[k]))
				return true;
	return false;
}

static bool is_direct(const struct vs *v)
{
	for (uint32_t i = 0; i < v->n; i++)
		if (v->reals[i].forward != FORWARD_NAT)
			return true;
	return false;
}

uint16_t control_gate(const struct control *c, const struct vs *v)
{
	enum dr_on_backup how = c->config->dr_on_backup;
	const struct assign_pin *pin;
	uint16_t router = ROUTER_NONE;
	struct vip vip;

	if (!c->config->n_routers || how == DR_ALWAYS || !is_direct(v) || (how == DR_AUTO && !loops(c, v)))
		return 0;
	pin = assign_pinned(c->assign, &v->key.addr);
	if (pin)
		router = assign_sent(c->assign, pin->router);
	else if (plan_vip_get(c->plan, &v->key.addr, &vip) && assign_vip(c->assign, &vip) == ASSIGN_PLACED)
		router = vip.router;
	return router == ROUTER_NONE ? 0 : (uint16_t)(router + 1);
}

/* A router's own address may be that of a gateway, whose host has programs of its own. */
static bool is_added(const struct control *c, const struct addr *a)
{
	return !assign_pinned(c->assign, a) && plan_vip_guarded(c->plan, a);
}

/* v as ipvs gets it: behind its gate, with weight 0 where somebody drained. *masked is the caller's. */
static struct vs sent_vs(const struct control *c, const struct vs *v, struct real **masked)
{
	struct vs sent = *v;

	sent.gate = control_gate(c, v);
	sent.added = is_added(c, &v->key.addr);
	*masked = drained_mask(&c->drained, v);
	if (*masked)
		sent.reals = *masked;
	return sent;
}

static void on_vs_set(void *arg, const struct vs *v)
{
	struct control *c = arg;
	struct real *masked;
	struct vs sent = sent_vs(c, v, &masked);

	outbox_vs_set(c->outbox, &sent);
	free(masked);
}

static void on_vs_delete(void *arg, const struct vs_key *k)
{
	outbox_vs_delete(((struct control *)arg)->outbox, k);
}

static const char *const place_words[] = {
    [ASSIGN_NO_INTERFACE] =
	"no interface: vipd.yaml names none and there is no default route; set \"interface\" and reload",
    [ASSIGN_NO_ROUTER] = "no virtual router of its family: add one to \"routers\" and reload",
};

/* A client VIP needs an interface, and a router where there are any. True if it can be sent. */
static bool say_placed(struct control *c, const struct addr *a, enum assign_place place)
{
	static const char *const reasons[] = {[ASSIGN_NO_INTERFACE] = "NoInterface", [ASSIGN_NO_ROUTER] = "NoRouter"};
	char buf[ADDR_TEXT];

	addr_format(a, buf);
	for (int p = ASSIGN_NO_INTERFACE; p <= ASSIGN_NO_ROUTER; p++) {
		const char *message = place == (enum assign_place)p ? place_words[p] : NULL;

		if (notices_set(c->notices, "plan", buf, reasons[p], message) && message)
			log_event(LOG_PROBLEM, LOG_WITH(.vip = buf), "%s: %s", buf, message);
	}
	return place == ASSIGN_PLACED;
}

/* What is a router's own is in every picture: nothing that the plan does changes it, but whether its Services have endpoints here. */
static void own_local(struct control *c, const struct assign_pin *pin, uint8_t local)
{
	struct vip v;

	if (assign_own(c->assign, pin, &v) != ASSIGN_PLACED)
		return;
	v.local = local;
	outbox_vip_set(c->outbox, &v);
}

static void on_vip_set(void *arg, const struct vip *v)
{
	struct control *c = arg;
	const struct assign_pin *pin = assign_pinned(c->assign, &v->addr);
	struct vip placed = *v;

	if (pin) {
		own_local(c, pin, v->local);
		return;
	}
	if (say_placed(c, &v->addr, assign_vip(c->assign, &placed)))
		outbox_vip_set(c->outbox, &placed);
	else
		outbox_vip_delete(c->outbox, &v->addr); /* it may have been a cluster IP */
}

static void on_vip_delete(void *arg, const struct addr *a)
{
	struct control *c = arg;
	const struct assign_pin *pin = assign_pinned(c->assign, a);

	if (pin) {
		own_local(c, pin, VIP_ANYWHERE);
		return;
	}
	say_placed(c, a, ASSIGN_PLACED);
	outbox_vip_delete(c->outbox, a);
}

static void on_problem(void *arg, const struct object *o, const char *reason, const char *message)
{
	struct control *c = arg;
	char *name = xasprintf("%s %s/%s", kind_name(o->kind), o->meta.namespace, o->meta.name);
	const struct log_fields with = {.object = name,
					.service = o->kind == KIND_SERVICE ? strchr(name, ' ') + 1 : NULL};

	if (notices_set(c->notices, "plan", name, reason, message)) {
		if (message)
			control_events_problem(c, o, reason, message);
		if (message)
			log_event(LOG_PROBLEM, &with, "%s: %s: %s", name, reason, message);
		else
			log_event(LOG_PROBLEM_OVER, &with, "%s: %s is over", name, reason);
	}
	free(name);
}

static void on_service(void *arg, const struct service_change *change)
{
	control_events_service(arg, change);
	control_health_service(arg, change);
}

const struct plan_out control_plan_out = {
    .vs_set = on_vs_set,
    .vs_delete = on_vs_delete,
    .vip_set = on_vip_set,
    .vip_delete = on_vip_delete,
    .problem = on_problem,
    .service = on_service,
};

struct vs_list {
	struct control *control;
	struct wire_picture_writer writer;
};

static void add_vs(void *arg, const struct vs *v)
{
	struct vs_list *l = arg;
	struct real *masked;
	struct vs sent = sent_vs(l->control, v, &masked);

	wire_picture_add(&l->writer, &sent);
	free(masked);
}

/* The same routers, in the same order, as in vrrp's picture. */
static void fill_gates(const struct config *c, struct ipvs_settings *s)
{
	s->n_gates = 0;
	for (size_t i = 0; i < c->n_routers; i++)
		if (c->routers[i].ifname[0])
			memcpy(s->gates[s->n_gates++], c->routers[i].name, GATE_NAME);
}

static bool *bind_of(struct control *c, const struct addr *a)
{
	return a->family == AF_INET ? &c->config->ipvs.bind4 : &c->config->ipvs.bind6;
}

static void look_bind(void *arg, const struct vip *v)
{
	struct control *c = arg;

	if (!is_added(c, &v->addr))
		*bind_of(c, &v->addr) = true;
}

/* Whether virtual IPs are for other programs of the hosts: a router's own, or one that vipd does not answer on alone (a new one of those comes with a
 * picture: plan_vips_turned). */
static void fill_bind(struct control *c)
{
	c->config->ipvs.bind4 = c->config->ipvs.bind6 = false;
	for (size_t i = 0; i < c->config->n_pins; i++)
		*bind_of(c, &c->config->pins[i].addr) = true;
	plan_each_vip(c->plan, look_bind, c);
}

static void *ipvs_picture(struct control *c, size_t *len)
{
	struct vs_list l = {.control = c};

	fill_gates(c->config, &c->config->ipvs);
	fill_bind(c);
	plan_each_vs(c->plan, add_vs, &l);
	return wire_picture_end(&l.writer, &c->config->ipvs, len);
}

struct vip_list {
	struct control *control;
	struct vip_picture picture;
	size_t cap;
};

static void push_vip(struct vip_list *l, const struct vip *v)
{
	if (l->picture.n == l->cap) {
		l->cap = l->cap ? l->cap * 2 : 64;
		l->picture.vips = xrealloc(l->picture.vips, l->cap * sizeof *l->picture.vips);
	}
	l->picture.vips[l->picture.n++] = *v;
}

static void gather_vip(void *arg, const struct vip *v)
{
	struct vip_list *l = arg;
	const struct assign *a = l->control->assign;
	struct vip placed = *v;

	if (!assign_pinned(a, &v->addr) && assign_vip(a, &placed) == ASSIGN_PLACED)
		push_vip(l, &placed);
}

static void gather_own(struct vip_list *l)
{
	const struct config *config = l->control->config;

	for (size_t i = 0; i < config->n_pins; i++) {
		struct vip v, planned;

		if (!say_placed(l->control, &config->pins[i].addr,
				assign_own(l->control->assign, &config->pins[i], &v)))
			continue;
		if (plan_vip_get(l->control->plan, &v.addr, &planned))
			v.local = planned.local;
		push_vip(l, &v);
	}
}

static int vip_order(const void *a, const void *b)
{
	return vip_cmp(a, b);
}

/* The routers that have an interface, in order; malloc'd. */
static struct router *sent_routers(const struct config *c, size_t *n)
{
	struct router *list = xcalloc(c->n_routers + 1, sizeof *list);

	*n = 0;
	for (size_t i = 0; i < c->n_routers; i++)
		if (c->routers[i].ifname[0])
			list[(*n)++] = c->routers[i];
	return list;
}

static void *vrrp_picture(struct control *c, size_t *len)
{
	struct vip_list l = {.control = c, .picture = {.settings = c->config->vips}};
	void *bytes;

	plan_each_vip(c->plan, gather_vip, &l);
	gather_own(&l);
	if (l.picture.n)
		qsort(l.picture.vips, l.picture.n, sizeof *l.picture.vips, vip_order);
	l.picture.routers = sent_routers(c->config, &l.picture.n_routers);
	bytes = vipwire_encode_picture(&l.picture, len);
	vip_picture_clear(&l.picture);
	return bytes;
}

static void send_picture(struct control *c, enum outbox_side side)
{
	size_t len;
	void *bytes = side == OUTBOX_IPVS ? ipvs_picture(c, &len) : vrrp_picture(c, &len);
	uint16_t type = side == OUTBOX_IPVS ? MSG_TABLE : MSG_VIPS;
	int fd = memfd_sealed(side == OUTBOX_IPVS ? "table" : "vips", bytes, len), err;

	free(bytes);
	malloc_trim(0); /* a picture comes when much has changed: what that took is given back */
	err = fd < 0 ? fd : child_send(c->child, roles[side], type, c->sides[side].sent + 1, NULL, 0, fd);
	if (fd >= 0)
		close(fd);
	if (err < 0) {
		log_error("no picture for %s: %s", role_name(roles[side]), strerror(-err));
		loop_timer_set(c->retry, RETRY);
		return;
	}
	c->sides[side].sent++;
	outbox_picture_done(c->outbox, side);
	log_debug("picture of %zu bytes to %s, generation %llu", len, role_name(roles[side]),
		  (unsigned long long)c->sides[side].sent);
}

static bool window_open(const struct side_state *s)
{
	return s->sent - s->acked < WINDOW;
}

static void send_rows(struct control *c, enum outbox_side side)
{
	uint16_t type = side == OUTBOX_IPVS ? MSG_ROWS : MSG_VIP_ROWS;
	const void *bytes;
	size_t len;

	while (window_open(&c->sides[side]) && outbox_next(c->outbox, side, &bytes, &len))
		if (child_send(c->child, roles[side], type, ++c->sides[side].sent, bytes, len, -1)) {
			outbox_want_picture(c->outbox, side);
			loop_timer_set(c->retry, RETRY);
			return;
		}
}

/* False, and the timer runs, as long as a picture must wait. */
static bool picture_may_go(struct control *c, enum outbox_side side)
{
	nsec_t left = c->sides[side].not_before - clock_now();

	if (!window_open(&c->sides[side]))
		return false;
	if (left > 0)
		loop_timer_set(c->retry, left);
	return left <= 0;
}

/* One generation at a time is timed. */
static void time_begin(struct control *c, int side)
{
	const struct side_state *s = &c->sides[side];
	struct tally *t = &c->tally;

	if (t->mark[side] || s->sent == s->acked)
		return;
	t->mark[side] = s->sent;
	t->since[side] = clock_now();
}

static void time_end(struct control *c, int side)
{
	struct tally *t = &c->tally;

	if (!t->mark[side] || c->sides[side].acked < t->mark[side])
		return;
	metrics_times_add(&t->apply[side], clock_now() - t->since[side]);
	t->mark[side] = 0;
}

void control_send(struct control *c)
{
	if (!c->planning)
		return;
	for (int side = 0; side < OUTBOX_SIDES; side++) {
		if (!child_has(c->child, roles[side]))
			outbox_want_picture(c->outbox, side);
		else if (!outbox_picture_due(c->outbox, side))
			send_rows(c, side);
		else if (picture_may_go(c, (enum outbox_side)side))
			send_picture(c, side);
		time_begin(c, side);
	}
	control_due_look(c);
}

void control_acked(struct control *c, enum role from, const struct msg *m)
{
	enum outbox_side side;

	if (!control_side(from, &side) || m->generation > c->sides[side].sent || m->generation < c->sides[side].acked)
		return;
	c->sides[side].acked = m->generation;
	c->sides[side].wait = 0;
	time_end(c, side);
	if (m->len == sizeof c->sides[side].last)
		memcpy(&c->sides[side].last, m->payload, m->len);
	control_send(c);
}

void control_again(struct control *c, enum role from, const struct msg *m)
{
	enum outbox_side side;
	struct side_state *s;

	if (!control_side(from, &side) || m->generation > c->sides[side].sent || m->generation <= c->sides[side].acked)
		return;
	s = &c->sides[side];
	s->acked = m->generation;
	s->wait = s->wait ? 2 * s->wait : RETRY;
	if (s->wait > AGAIN_MOST)
		s->wait = AGAIN_MOST;
	s->not_before = clock_now() + s->wait;
	log_warning("%s could not use generation %llu: it gets a full picture in %lld s", role_name(from),
		    (unsigned long long)m->generation, (long long)(s->wait / NSEC_PER_SEC));
	outbox_want_picture(c->outbox, side);
	control_send(c);
}

void control_peer(struct control *c, enum role who, bool up)
{
	enum outbox_side side;

	if (!control_side(who, &side))
		return;
	control_asks_drop(c, who);
	outbox_want_picture(c->outbox, side);
	control_due_again(c, side);
	c->sides[side].acked = c->sides[side].sent; /* nothing is on its way on a new channel */
	c->sides[side].last = (struct msg_ack){0};
	c->sides[side].wait = c->sides[side].not_before = 0;
	if (!up)
		return;
	notices_clear(c->notices, role_name(who)); /* it will tell again what is still so */
	control_send(c);
}
