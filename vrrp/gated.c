/* Decides whether a router that becomes Active adds its addresses at once: not while ipvs has virtual servers for it that are programmed only now, because one of
 * their real servers is this node itself. Without them packets to the address would be answered by this node's own programs alone, or refused.
 * The first advertisement waits too where somebody answers until it is heard. Source: DESIGN.md, "DR/TUN". Test: tests/kernel/test_vrrp_start.c, tests/lab/scenarios/vrrp-dr-on-backup.sh */
#include "vrrp_int.h"

#include "../src/base/arena.h"
#include "../src/base/log.h"

#include <stdlib.h>
#include <string.h>

/* A table of a thousand takes a few milliseconds. */
#define WAIT_MOST (250 * NSEC_PER_MSEC)

enum { FIRST_ADDRESSES = 16 }; /* at once; the others from the loop */

struct gated {
	char (*names)[ROUTER_NAME]; /* of routers with virtual servers that wait */
	size_t n;
	struct loop_timer *limit; /* of those that wait */
	uint64_t waits, in_vain;
};

static bool has(const struct gated *g, const char *router)
{
	for (size_t i = 0; i < g->n; i++)
		if (strncmp(g->names[i], router, ROUTER_NAME) == 0)
			return true;
	return false;
}

/* Lets those go on for which nothing waits any more, and those whose time was up by then. Returns how many had to be told. */
static size_t release(struct vrrp *v, nsec_t by)
{
	nsec_t next = INT64_MAX;
	size_t n = 0;

	for (size_t i = 0; i < engine_count(v->engine); i++) {
		struct vip_set *set = engine_vip_set(v->engine, i);

		if (!set->waits)
			continue;
		if (set->waits_until > by && has(v->gated, engine_router(v->engine, i)->name)) {
			next = set->waits_until < next ? set->waits_until : next;
			continue;
		}
		holder_set_wait(v->holder, set, false);
		n++;
	}
	if (n)
		holder_hurry(v->holder, FIRST_ADDRESSES);
	if (next == INT64_MAX)
		loop_timer_stop(v->gated->limit);
	else
		loop_timer_set(v->gated->limit, next - clock_now());
	return n;
}

static void on_limit(void *arg)
{
	struct vrrp *v = arg;
	size_t n = release(v, clock_now());

	v->gated->in_vain += n;
	if (n)
		log_warning("ipvs has not programmed what waits for %zu routers within %d ms: addresses are added "
			    "without it",
			    n, (int)(WAIT_MOST / NSEC_PER_MSEC));
}

void gated_new(struct vrrp *v)
{
	v->gated = xcalloc(1, sizeof(*v->gated));
	v->gated->limit = loop_timer_new(child_loop(v->child), on_limit, v);
}

void gated_free(struct vrrp *v)
{
	if (!v->gated)
		return;
	loop_timer_free(v->gated->limit);
	free(v->gated->names);
	free(v->gated);
}

void gated_told(struct vrrp *v, const struct msg *m)
{
	struct gated *g = v->gated;

	if (m->len % ROUTER_NAME)
		return;
	free(g->names);
	g->n = m->len / ROUTER_NAME;
	g->names = g->n ? xmemdup(m->payload, m->len) : NULL;
	release(v, 0);
}

void gated_clear(struct vrrp *v)
{
	if (!v->gated)
		return;
	v->gated->n = 0;
	release(v, 0);
}

/* ipvs hears of it now, before all else. */
void gated_taking(struct vrrp *v, const struct router *r)
{
	struct gated *g = v->gated;
	struct vip_set *set;
	struct msg_role role;
	size_t i = 0;

	if (!g || !has(g, r->name))
		return;
	while (i < engine_count(v->engine) && engine_router(v->engine, i) != r)
		i++;
	if (i == engine_count(v->engine))
		return;
	role = engine_role(v->engine, i);
	if (child_send(v->child, ROLE_IPVS, MSG_ROLE, 0, &role, sizeof(role), -1) < 0)
		return;
	g->waits++;
	set = engine_vip_set(v->engine, i);
	set->waits_until = clock_now() + WAIT_MOST;
	holder_set_wait(v->holder, set, true);
	if (!loop_timer_armed(g->limit))
		loop_timer_set(g->limit, WAIT_MOST);
}

void gated_count(const struct vrrp *v, uint64_t *waits, uint64_t *in_vain)
{
	*waits = v->gated->waits;
	*in_vain = v->gated->in_vain;
}
