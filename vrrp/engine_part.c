/* Decides which Active routers hand over because a picture that is to come has them no more (parting.c waits for them).
 * Test: tests/kernel/test_vrrp_engine.c. */
#include "engine_int.h"
#include "vmac_id.h"

#include "../src/base/vipwire.h"

enum { BREATH = 64 };

static bool leaves(const struct vrouter *r)
{
	return r->fs.mode == FSM_ACTIVE && r->fs.stopping;
}

/* kept: nothing is to be handed over. One that was told to go by a picture that was never applied (control died) goes on. */
static bool keep_listed(struct engine *e, const struct vip_picture *p)
{
	bool all = true;

	for (size_t i = 0; i < e->n; i++) {
		struct vrouter *r = e->routers[i];

		r->kept = r->fs.mode != FSM_ACTIVE;
		for (size_t k = 0; k < p->n_routers && !r->kept; k++)
			r->kept = router_is(r, &p->routers[k]);
		if (r->kept && leaves(r))
			router_start(r);
		all &= r->kept;
	}
	return all;
}

/* Those with an address that the picture has. */
static void keep_carried_on(struct engine *e, const struct vip_picture *p)
{
	for (size_t i = 0; i < p->n; i++) {
		const struct vip_set *set;
		struct vip v = p->vips[i];

		if (v.router < p->n_routers && p->routers[v.router].vmac)
			vmac_place(&p->routers[v.router], v.ifname);
		set = holder_set_of(e->holder, &v);
		for (size_t k = 0; k < e->n && set; k++)
			e->routers[k]->kept |= e->routers[k]->set == set;
		if (i % BREATH == 0)
			engine_breathe(e);
	}
}

bool engine_parting(const struct engine *e)
{
	bool any = move_pending(e);

	for (size_t i = 0; i < e->n; i++)
		any |= leaves(e->routers[i]);
	return any && !e->stopping;
}

bool engine_part(struct engine *e, const struct vip_picture *p)
{
	bool any = false, all;

	turn_begin(e);
	all = keep_listed(e, p);
	turn_end(e);
	if (!all)
		keep_carried_on(e, p); /* long work: it breathes */
	turn_begin(e);
	for (size_t i = 0; i < e->n; i++) {
		struct vrouter *r = e->routers[i];

		/* Not started any more: where that picture is never applied, and the next one has it, it starts again. */
		if (!r->kept) {
			any = true;
			r->started = false;
			router_event(r, EV_STOP);
		}
		r->kept = false;
	}
	turn_end(e);
	return any && engine_parting(e);
}
