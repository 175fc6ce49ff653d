/* A planned failover: which routers hand over, who took over, and after how long. fsm.c bounds it: a router to whose call nobody answers goes on.
 * Test: tests/kernel/test_vrrp_engine.c. */
#include "engine_int.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static void note(struct engine *e, const struct vrouter *r, const char *result, const struct addr *to)
{
	json_t *j = json_pack("{s:s, s:s}", "name", r->conf.name, "result", result);
	char text[ADDR_TEXT];

	if (to) {
		json_object_set_new(j, "to", json_string(addr_format(to, text)));
		json_object_set_new(j, "afterMs",
				    json_real((double)(e->now - e->failover.start) / (double)NSEC_PER_MSEC));
	}
	json_array_append_new(e->failover.list, j);
}

static void answer(struct engine *e, uint64_t id, json_t *j)
{
	char *text = j ? json_dumps(j, JSON_COMPACT) : NULL;

	if (text && e->hooks->failed_over)
		e->hooks->failed_over(e->arg, id, text);
	free(text);
	json_decref(j);
}

static void refuse(struct engine *e, uint64_t id, const char *why)
{
	answer(e, id, json_pack("{s:s}", "error", why));
}

static bool asked(const struct vrouter *r, const char *name)
{
	return !name[0] || strncmp(r->conf.name, name, ROUTER_NAME) == 0;
}

/* The name, or one of its group: those move together. */
static bool concerned(const struct engine *e, const struct vrouter *r, const char *name)
{
	for (size_t i = 0; i < e->n; i++) {
		const struct vrouter *o = e->routers[i];

		if (asked(o, name) &&
		    (o == r || (group_has(r) && strncmp(o->conf.group, r->conf.group, ROUTER_NAME) == 0)))
			return true;
	}
	return false;
}

/* True when it is decided. */
static bool look(struct engine *e, struct vrouter *r)
{
	if (r->fs.mode == FSM_ACTIVE && r->fs.leaving)
		return false;
	if (r->fs.mode == FSM_ACTIVE)
		note(e, r, "kept", NULL);
	else if (r->fs.mode == FSM_BACKUP && r->fs.active.family)
		note(e, r, "handed over", &r->fs.active);
	else
		note(e, r, "given up", NULL);
	return true;
}

void failover_look(struct engine *e)
{
	json_t *list = e->failover.list;
	bool pending = false;

	if (!e->failover.on)
		return;
	for (size_t i = 0; i < e->n; i++) {
		if (e->routers[i]->handing)
			e->routers[i]->handing = !look(e, e->routers[i]);
		pending |= e->routers[i]->handing;
	}
	if (pending)
		return;
	e->failover.on = false;
	e->failover.list = NULL;
	answer(e, e->failover.id, json_pack("{s:o}", "routers", list));
}

void failover_forget(struct engine *e, const struct vrouter *r)
{
	if (r->handing)
		note(e, r, "removed", NULL);
}

void failover_clear(struct engine *e)
{
	json_decref(e->failover.list);
	e->failover = (struct failover){.on = false};
}

static void hand_over(struct engine *e, const char *name)
{
	for (size_t i = 0; i < e->n; i++) {
		struct vrouter *r = e->routers[i];

		if (!concerned(e, r, name))
			continue;
		if (r->fs.mode != FSM_ACTIVE) {
			note(e, r, "not active", NULL);
			continue;
		}
		r->handing = true;
		router_event(r, EV_YIELD);
	}
}

void engine_failover(struct engine *e, const char *router, uint64_t id)
{
	bool known = !router[0];

	for (size_t i = 0; i < e->n; i++)
		known |= asked(e->routers[i], router);
	if (!known)
		refuse(e, id, "there is no virtual router of this name");
	else if (e->failover.on)
		refuse(e, id, "another failover is under way");
	else if (e->stopping)
		refuse(e, id, "this node is stopping");
	if (!known || e->failover.on || e->stopping)
		return;
	turn_begin(e);
	e->failover = (struct failover){.on = true, .id = id, .start = e->now, .list = json_array()};
	hand_over(e, router);
	turn_end(e);
}
