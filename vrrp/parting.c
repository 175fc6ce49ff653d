/* Decides when a picture is applied that takes Active routers away: they hand over first (engine_part.c), as at a stop, so that their clients lose nothing. The picture
 * waits for that, and what control sends after it waits behind it. Test: tests/kernel/test_vrrp_engine.c, tests/lab/scenarios/vrrp-reload.sh */
#include "vrrp_int.h"

#include "../src/base/arena.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <unistd.h>

#define LOOK      (5 * NSEC_PER_MSEC)
#define WAIT_MOST (3 * NSEC_PER_SEC) /* at the default interval nobody needs more than two */

/* A message of control. */
struct late {
	STAILQ_ENTRY(late) next;
	struct msg m; /* its descriptor is ours */
	uint8_t payload[];
};

struct parting {
	STAILQ_HEAD(late_list, late) queue; /* the first is the picture */
	struct loop_timer *look;            /* armed while routers hand over */
	nsec_t until;
	bool over; /* they have: the first is applied now */
};

static struct late *copy(struct msg *m)
{
	struct late *l = xmalloc(sizeof(*l) + m->len);

	l->m = *m;
	l->m.payload = l->payload;
	if (m->len)
		memcpy(l->payload, m->payload, m->len);
	m->fd = -1;
	return l;
}

static void late_free(struct late *l)
{
	if (l->m.fd >= 0)
		close(l->m.fd);
	free(l);
}

static void apply(struct vrrp *v)
{
	struct parting *p = v->parting;
	struct late *l;

	p->over = true;
	while (!loop_timer_armed(p->look) && (l = STAILQ_FIRST(&p->queue))) {
		STAILQ_REMOVE_HEAD(&p->queue, next);
		intake(v, &l->m);
		late_free(l);
		p->over = false;
	}
}

static void on_look(void *arg)
{
	struct vrrp *v = arg;

	if (engine_parting(v->engine) && clock_now() < v->parting->until)
		loop_timer_set(v->parting->look, LOOK);
	else
		apply(v);
}

void parting_new(struct vrrp *v)
{
	v->parting = xcalloc(1, sizeof(*v->parting));
	STAILQ_INIT(&v->parting->queue);
	v->parting->look = loop_timer_new(child_loop(v->child), on_look, v);
}

void parting_clear(struct vrrp *v)
{
	struct late *l;

	if (!v->parting)
		return;
	loop_timer_stop(v->parting->look);
	while ((l = STAILQ_FIRST(&v->parting->queue))) {
		STAILQ_REMOVE_HEAD(&v->parting->queue, next);
		late_free(l);
	}
}

void parting_free(struct vrrp *v)
{
	parting_clear(v);
	if (v->parting)
		loop_timer_free(v->parting->look);
	free(v->parting);
}

bool parting_begins(struct vrrp *v, const struct vip_picture *picture, struct msg *m)
{
	struct parting *p = v->parting;
	struct late *l;

	if (p->over || !engine_part(v->engine, picture))
		return false;
	l = copy(m);
	STAILQ_INSERT_HEAD(&p->queue, l, next);
	p->until = clock_now() + WAIT_MOST;
	loop_timer_set(p->look, LOOK);
	return true;
}

bool parting_holds(struct vrrp *v, struct msg *m)
{
	struct late *l;

	if (!loop_timer_armed(v->parting->look))
		return false;
	l = copy(m);
	STAILQ_INSERT_TAIL(&v->parting->queue, l, next);
	return true;
}
