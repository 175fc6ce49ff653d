/* Sync groups: the members of one are Active together or not at all (keepalived's vrrp_sync_group). Fault of one is the fault of all; what one tracks
 * moves the priority of all; one takes over only when the timers of all have run out. A router without addresses is not counted.
 * Test: tests/kernel/test_vrrp_engine.c. */
#include "engine_int.h"

#include <string.h>

bool group_has(const struct vrouter *r)
{
	return r->conf.group[0];
}

static bool counted(const struct vrouter *r)
{
	return r->n_addrs > 0;
}

/* Another member, from *at on; NULL at the end. */
static struct vrouter *other(const struct vrouter *r, size_t *at)
{
	const struct engine *e = r->engine;

	while (group_has(r) && *at < e->n) {
		struct vrouter *o = e->routers[(*at)++];

		if (o != r && counted(o) && strncmp(o->conf.group, r->conf.group, ROUTER_NAME) == 0)
			return o;
	}
	return NULL;
}

int group_delta(const struct vrouter *r)
{
	int sum = effective_delta(&r->conf, r->tracks);
	const struct vrouter *o;
	size_t at = 0;

	while ((o = other(r, &at)))
		sum += effective_delta(&o->conf, o->tracks);
	return sum;
}

int group_rise(const struct vrouter *r)
{
	size_t at = 0, here = r->n_here, of = r->n_local;
	const struct vrouter *o;

	while ((o = other(r, &at))) {
		here += o->n_here;
		of += o->n_local;
	}
	return effective_local(here, of);
}

const char *group_obstacle(const struct vrouter *r)
{
	const struct vrouter *o;
	size_t at = 0;

	while ((o = other(r, &at)))
		if (o->obstacle)
			return "another router of its group is in Fault";
	return NULL;
}

/* It would take over, too: its own timer has run out, or does so in this turn. */
static bool wants(const struct vrouter *r)
{
	return r->fs.mode == FSM_ACTIVE || (r->fs.mode == FSM_BACKUP && (r->wants || r->fs.deadline <= r->engine->now));
}

bool group_may_take_over(struct vrouter *r)
{
	const struct vrouter *o;
	size_t at = 0;

	r->wants = true;
	while ((o = other(r, &at)))
		if (!wants(o)) {
			r->fs.deadline = r->engine->now + r->fc.interval;
			deadlines_set(&r->engine->deadlines, &r->due, r->fs.deadline);
			return false;
		}
	return true;
}

void group_follow(struct vrouter *r, enum fsm_mode before)
{
	struct vrouter *o;
	size_t at = 0;

	if (r->engine->stopping)
		return;
	while ((o = other(r, &at))) {
		if (r->fs.mode == FSM_ACTIVE)
			router_take_over(o, "its group has become Active");
		else if (r->fs.mode == FSM_BACKUP && before == FSM_ACTIVE && o->fs.mode == FSM_ACTIVE && !o->fs.leaving)
			router_event_for(o, EV_STALLED, "its group has become Backup");
	}
}
