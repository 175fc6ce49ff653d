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

#define RETRY (1 * NSEC_PER_SEC)

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

static void on_vs_set(void *arg, const struct vs *v)
{
	outbox_vs_set(((struct control *)arg)->outbox, v);
}

static void on_vs_delete(void *arg, const struct vs_key *k)
{
	outbox_vs_delete(((struct control *)arg)->outbox, k);
}

/* A client VIP needs an interface. */
static bool placed(const struct vip *v)
{
	return v->ifname[0] != '\0';
}

static void say_placed(struct control *c, const struct vip *v)
{
	char buf[ADDR_TEXT];
	const char *message = placed(v) ? NULL
					: "no interface: vipd.yaml names none and there is no default route; set "
					  "\"interface\" and reload";

	if (notices_set(c->notices, "plan", addr_format(&v->addr, buf), "NoInterface", message) && message)
		log_warning("%s: %s", buf, message);
}

static void on_vip_set(void *arg, const struct vip *v)
{
	struct control *c = arg;

	say_placed(c, v);
	if (placed(v))
		outbox_vip_set(c->outbox, v);
	else
		outbox_vip_delete(c->outbox, &v->addr); /* it may have been a cluster IP */
}

static void on_vip_delete(void *arg, const struct addr *a)
{
	struct control *c = arg;
	char buf[ADDR_TEXT];

	notices_set(c->notices, "plan", addr_format(a, buf), "NoInterface", NULL);
	outbox_vip_delete(c->outbox, a);
}

static void on_problem(void *arg, const struct object *o, const char *reason, const char *message)
{
	struct control *c = arg;
	char *name = xasprintf("%s %s/%s", kind_name(o->kind), o->meta.namespace, o->meta.name);

	if (notices_set(c->notices, "plan", name, reason, message)) {
		if (message)
			log_warning("%s: %s: %s", name, reason, message);
		else
			log_info("%s: %s is over", name, reason);
	}
	free(name);
}

const struct plan_out control_plan_out = {
    .vs_set = on_vs_set,
    .vs_delete = on_vs_delete,
    .vip_set = on_vip_set,
    .vip_delete = on_vip_delete,
    .problem = on_problem,
};

static void add_vs(void *arg, const struct vs *v)
{
	wire_picture_add(arg, v);
}

static void *ipvs_picture(struct control *c, size_t *len)
{
	struct wire_picture_writer w = {0};

	plan_each_vs(c->plan, add_vs, &w);
	return wire_picture_end(&w, &c->config->ipvs, len);
}

struct vip_list {
	struct vip_picture picture;
	size_t cap;
};

static void gather_vip(void *arg, const struct vip *v)
{
	struct vip_list *l = arg;

	if (!placed(v))
		return;
	if (l->picture.n == l->cap) {
		l->cap = l->cap ? l->cap * 2 : 64;
		l->picture.vips = xrealloc(l->picture.vips, l->cap * sizeof *l->picture.vips);
	}
	l->picture.vips[l->picture.n++] = *v;
}

static void *vrrp_picture(struct control *c, size_t *len)
{
	struct vip_list l = {.picture = {.settings = c->config->vips}};
	void *bytes;

	plan_each_vip(c->plan, gather_vip, &l);
	bytes = vipwire_encode_picture(&l.picture, len);
	free(l.picture.vips);
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

void control_send(struct control *c)
{
	if (!c->planning)
		return;
	for (int side = 0; side < OUTBOX_SIDES; side++) {
		if (!child_has(c->child, roles[side]))
			outbox_want_picture(c->outbox, side);
		else if (!outbox_picture_due(c->outbox, side))
			send_rows(c, side);
		else if (window_open(&c->sides[side]))
			send_picture(c, side);
	}
}

void control_acked(struct control *c, enum role from, const struct msg *m)
{
	enum outbox_side side;

	if (!control_side(from, &side) || m->generation > c->sides[side].sent || m->generation < c->sides[side].acked)
		return;
	c->sides[side].acked = m->generation;
	if (m->len == sizeof c->sides[side].last)
		memcpy(&c->sides[side].last, m->payload, m->len);
	control_send(c);
}

void control_peer(struct control *c, enum role who, bool up)
{
	enum outbox_side side;

	if (!control_side(who, &side))
		return;
	control_asks_drop(c, who);
	outbox_want_picture(c->outbox, side);
	c->sides[side].acked = c->sides[side].sent; /* nothing is on its way on a new channel */
	c->sides[side].last = (struct msg_ack){0};
	if (!up)
		return;
	notices_clear(c->notices, role_name(who)); /* it will tell again what is still so */
	control_send(c);
}
