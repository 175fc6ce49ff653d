/* Decides what is wanted from control's pictures and rows: checks all of a message, applies it, and has the supervisor keep the same bytes.
 * Source: src/base/vipwire.h, proto.h. Test: tests/kernel/test_vrrp_process.c. */
#include "vmac_id.h"
#include "vrrp_int.h"

#include "../src/base/arena.h"
#include "../src/base/log.h"
#include "../src/base/memfd.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* More rows than this, or than a quarter of the picture, and a fresh picture takes the place of both. */
enum { KEPT_ROWS_MAX = 1 << 20, BREATH = 64, COMPARED = 1024 };

static void want(struct vrrp *v, const struct vip *vip)
{
	struct vip_set *set = vip->kind == VIP_CLUSTER ? v->clusters : v->clients;

	struct vip placed = *vip;

	if (vip->router != ROUTER_NONE) {
		set = engine_vip_set(v->engine, vip->router);
		if (engine_router(v->engine, vip->router)->vmac)
			vmac_place(engine_router(v->engine, vip->router), placed.ifname);
	}
	holder_want(v->holder, set, &placed);
}

static void apply_picture(struct vrrp *v, const struct vip_picture *p)
{
	v->settings = p->settings;
	holder_settings(v->holder, &p->settings);
	vrrp_gate_time(v);
	beside_prepare(v, p->routers, p->n_routers);
	engine_begin(v->engine, p->routers, p->n_routers);
	holder_begin(v->holder);
	for (size_t i = 0; i < p->n; i++) {
		want(v, &p->vips[i]);
		if (i % BREATH == 0)
			engine_breathe(v->engine);
	}
	holder_end(v->holder);
	beside_accept(v);
	engine_end(v->engine);
	beside_routers(v);
	holder_know(v->holder);
}

/* The descriptor's bytes as a picture; *len is their length. */
static int read_picture(int fd, struct vip_picture *p, size_t *len)
{
	const char *reason = "no descriptor";
	const void *bytes;
	int err = fd < 0 ? -EBADF : memfd_map(fd, &bytes, len);

	if (err) {
		log_error("picture of virtual IPs refused: %s", fd < 0 ? reason : strerror(-err));
		return err;
	}
	err = vipwire_decode_picture(bytes, *len, p, &reason);
	memfd_unmap(bytes, *len);
	if (err)
		log_error("picture of virtual IPs refused: %s", reason);
	return err;
}

static void accepted(struct vrrp *v, uint64_t generation, bool from_control)
{
	v->generation = generation;
	v->ack_due |= from_control;
	log_debug("virtual IPs of generation %llu accepted", (unsigned long long)generation);
}

static void ask_again(struct vrrp *v, const struct msg *m)
{
	child_send(v->child, ROLE_CONTROL, MSG_AGAIN, m->generation, NULL, 0, -1);
}

void intake_picture(struct vrrp *v, struct msg *m, bool from_control)
{
	struct vip_picture p;
	size_t len;

	if (read_picture(m->fd, &p, &len) == 0) {
		if (from_control && parting_begins(v, &p, m)) {
			vip_picture_clear(&p);
			return;
		}
		apply_picture(v, &p);
		vip_picture_clear(&p);
		v->known = true;
		v->picture_len = len;
		v->rows_len = 0;
		if (from_control)
			child_send(v->child, ROLE_SUPERVISOR, MSG_KEEP, m->generation, NULL, 0, m->fd);
		accepted(v, m->generation, from_control);
	} else if (from_control) {
		ask_again(v, m);
	}
	if (m->fd >= 0)
		close(m->fd);
	m->fd = -1;
}

struct gather {
	struct engine *engine;
	struct vip *vips;
	size_t n;
	unsigned compared;
};

static int gather_each(void *arg, struct entry *e)
{
	struct gather *g = arg;

	if (e->wanted && !engine_made_up(g->engine, &e->want))
		g->vips[g->n++] = e->want;
	if (g->n % BREATH == 0)
		engine_breathe(g->engine);
	return 0;
}

/* Ten thousand take 140,000 comparisons. */
static int by_addr(const void *a, const void *b, void *arg)
{
	struct gather *g = arg;

	if (++g->compared % COMPARED == 0)
		engine_breathe(g->engine);
	return vip_cmp(a, b);
}

/* What is wanted now, as one picture, for the supervisor to keep. */
static void keep_fresh(struct vrrp *v)
{
	struct holder_counts counts;
	struct gather g = {.engine = v->engine};
	struct vip_picture p;
	void *bytes;
	int fd;

	holder_count(v->holder, &counts);
	g.vips = xcalloc(counts.wanted + 1, sizeof(*g.vips));
	holder_each(v->holder, gather_each, &g);
	engine_breathe(v->engine);
	qsort_r(g.vips, g.n, sizeof(*g.vips), by_addr, &g);
	engine_breathe(v->engine);
	p = (struct vip_picture){.settings = v->settings, .vips = g.vips, .n = g.n};
	p.n_routers = engine_count(v->engine);
	p.routers = xcalloc(p.n_routers + 1, sizeof(*p.routers));
	for (size_t i = 0; i < p.n_routers; i++)
		p.routers[i] = *engine_router(v->engine, i);
	bytes = vipwire_encode_picture(&p, &v->picture_len);
	engine_breathe(v->engine);
	fd = memfd_sealed("vips", bytes, v->picture_len);
	if (fd >= 0) {
		child_send(v->child, ROLE_SUPERVISOR, MSG_KEEP, v->generation, NULL, 0, fd);
		close(fd);
		v->rows_len = 0;
	} else {
		log_error("cannot make a picture: %s", strerror(-fd));
	}
	free(bytes);
	vip_picture_clear(&p);
}

/* Its router is there, of its family. */
static bool router_fits(const struct vrrp *v, const struct vip_row *row)
{
	uint16_t router = row->vip.router;

	return row->op == VIP_DELETE || router == ROUTER_NONE ||
	       (router < engine_count(v->engine) && engine_router(v->engine, router)->family == row->vip.addr.family);
}

static bool rows_fit(const struct vrrp *v, const struct msg *m)
{
	const char *reason = "virtual IP of a router that is not there";
	struct vip_row row;
	size_t at = 0;
	int more;

	while ((more = vipwire_next_row(m->payload, m->len, &at, &row, &reason)) == 1)
		if (!router_fits(v, &row)) {
			reason = "virtual IP of a router that is not there";
			more = -EINVAL;
			break;
		}
	if (more < 0)
		log_error("rows of virtual IPs refused: %s", reason);
	return more == 0;
}

static void apply_rows(struct vrrp *v, const struct msg *m)
{
	const char *reason;
	struct vip_row row;
	size_t at = 0, n = 0;

	while (vipwire_next_row(m->payload, m->len, &at, &row, &reason) == 1) {
		if (++n % BREATH == 0)
			engine_breathe(v->engine);
		if (row.op == VIP_DELETE)
			holder_unwant(v->holder, &row.vip.addr, row.vip.ifname);
		else
			want(v, &row.vip);
	}
	beside_accept(v);
	engine_relist(v->engine);
}

void intake_rows(struct vrrp *v, struct msg *m, bool from_control)
{
	if (!v->known)
		log_error("rows of virtual IPs refused: there is no picture that they change");
	if (!v->known || !rows_fit(v, m)) {
		if (from_control)
			ask_again(v, m);
		return;
	}
	apply_rows(v, m);
	v->rows_len += m->len;
	accepted(v, m->generation, from_control);
	if (!from_control)
		return;
	if (v->rows_len > KEPT_ROWS_MAX || v->rows_len > v->picture_len / 4)
		keep_fresh(v);
	else
		child_send(v->child, ROLE_SUPERVISOR, MSG_KEEP_ROWS, m->generation, m->payload, m->len, -1);
}

void intake(struct vrrp *v, struct msg *m)
{
	if (m->type == MSG_VIPS)
		intake_picture(v, m, true);
	else
		intake_rows(v, m, true);
}
