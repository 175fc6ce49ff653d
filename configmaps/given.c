/* The record that another node gave out, as a ConfigMap in the manifests folder. A node that does not allocate takes it whole, in place of what it
 * remembers: what the allocating node said is what counts. One that allocates adopts from it what it has not given itself, as when it takes over from
 * the node that did. One that is wrong is refused whole; the last good one stays. Source: DESIGN.md 'Allocations agree'.
 * Test: tests/test_plan_given.c */
#include "plan_int.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The VIP ConfigMap itself, or, where a person keeps one of that name, the one with this behind its name. */
static struct given *given_slot(struct plan *p, const char *name)
{
	const char *map = p->config.vip_configmap;
	size_t n = map ? strlen(map) : 0;

	if (!map || strncmp(name, map, n) != 0)
		return NULL;
	return !name[n] ? &p->given[0] : !strcmp(name + n, PLAN_RECORD_SUFFIX) ? &p->given[1] : NULL;
}

void given_put(struct plan *p, const char *name, const struct object *o)
{
	struct given *g = given_slot(p, name);
	struct diag_list diags = {0};
	struct record *now = NULL;
	int err;

	if (!g)
		return;
	err = o ? record_from_object(o, &now, &diags) : -ENOENT;
	if (err == -ENOENT && !g->record && !g->found.n && !g->problems.n)
		return;
	problems_clear(&g->found);
	for (size_t i = 0; i < diags.n; i++)
		problems_add(&g->found, "BadRecord", "line %u: %s; the last good one stays",
			     (unsigned)diags.items[i].pos.line, diags.items[i].text);
	diag_clear(&diags);
	if (err != -EINVAL) {
		record_free(g->record);
		g->record = now;
		g->dirty = true;
	}
	g->object = o;
	g->untold = true;
}

static const struct record *given_record(const struct plan *p)
{
	return p->given[0].record ? p->given[0].record : p->given[1].record;
}

/* ---- whole ---- */

static void concern(void *arg, const struct grant *g)
{
	struct plan *p = arg;
	struct svc *s = map_gets(p->services, g->owner);

	if (s)
		plan_mark(p, s);
}

struct addrs {
	struct addr *items;
	size_t n;
};

static void addr_collect(void *arg, const struct grant *g)
{
	struct addrs *l = arg;

	if (g->kind == GRANT_NODE_PORT)
		return;
	if ((l->n & (l->n - 1)) == 0) /* at powers of two */
		l->items = xrealloc(l->items, (l->n ? 2 * l->n : 1) * sizeof *l->items);
	l->items[l->n++] = g->addr;
}

static void take_whole(struct plan *p, const struct record *from)
{
	struct addrs l = {0};

	record_each(p->record, NULL, concern, p);
	record_each(p->record, NULL, addr_collect, &l);
	record_take(p->record, from);
	record_each(p->record, NULL, concern, p);
	record_each(p->record, NULL, addr_collect, &l);
	for (size_t i = 0; i < l.n; i++)
		store_addr_changed(p, &l.items[i]);
	free(l.items);
}

/* ---- in part ---- */

static void generation_merge(void *arg, const char *kind, const char *owner, unsigned generation)
{
	struct plan *p = arg;

	if (record_uid_generation(p->record, kind, owner) < generation)
		record_uid_set(p->record, kind, owner, generation);
}

void given_sync(struct plan *p)
{
	const struct record *from = given_record(p);
	bool dirty = p->given[0].dirty || p->given[1].dirty;

	p->given[0].dirty = p->given[1].dirty = false;
	if (!dirty || !from)
		return;
	if (!p->config.allocate) {
		take_whole(p, from);
		return;
	}
	record_uid_each(from, generation_merge, p);
	record_each(from, NULL, concern, p);
}

struct adoption {
	struct plan *plan;
	struct svc *svc;
	const char *uid;
};

static void restore(void *arg, const struct grant *g)
{
	const struct adoption *a = arg;

	if (!strcmp(g->uid, a->uid) && !record_in_the_way(a->plan->record, g))
		grant_put(a->plan, g);
}

void given_restore(struct plan *p, struct svc *s)
{
	const char *kind = kind_name(KIND_SERVICE);
	const struct record *from = given_record(p);
	struct adoption a = {p, s, NULL};
	char buf[UID_BUF];

	if (!from || p->config.allocate)
		return;
	record_uid_set(p->record, kind, s->name, record_uid_generation(from, kind, s->name));
	a.uid = svc_uid(p, s, buf);
	record_each(from, s->name, restore, &a);
}

static void adopt(void *arg, const struct grant *g)
{
	const struct adoption *a = arg;

	if (strcmp(g->uid, a->uid) != 0)
		return;
	if (g->kind == GRANT_VIP)
		balancer_adopt_grant(a->plan, a->svc, g);
	else
		grant_adopt(a->plan, a->svc, g);
}

void given_adopt(struct plan *p, struct svc *s)
{
	const struct record *from = given_record(p);
	struct adoption a = {p, s, NULL};
	char buf[UID_BUF];

	if (!from || !p->config.allocate)
		return;
	a.uid = svc_uid(p, s, buf);
	record_each(from, s->name, adopt, &a);
}

/* ---- problems ---- */

bool given_dirty(const struct plan *p)
{
	return p->given[0].dirty || p->given[1].dirty || p->given[0].untold || p->given[1].untold;
}

void given_report(struct plan *p, const struct plan_out *out)
{
	for (size_t i = 0; i < 2; i++) {
		struct given *g = &p->given[i];
		struct problems now = {0};
		char *name;

		if (!g->untold)
			continue;
		g->untold = false;
		problems_copy(&now, &g->found);
		if (g->object) {
			problems_report(&g->problems, &now, g->object, out);
			continue;
		}
		name = xasprintf("%s%s", p->config.vip_configmap, i ? PLAN_RECORD_SUFFIX : "");
		report_gone(&g->problems, KIND_CONFIGMAP, name, out);
		problems_clear(&now);
		free(name);
	}
}

void given_free(struct plan *p)
{
	for (size_t i = 0; i < 2; i++) {
		record_free(p->given[i].record);
		problems_clear(&p->given[i].found);
		problems_clear(&p->given[i].problems);
	}
}
