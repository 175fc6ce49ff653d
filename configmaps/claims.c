/* Which Service has an address:port:protocol that several want: the one whose record has it, then the older, then the lesser by namespace and
 * name. Claimants of one key are a chain in that order; its head has the virtual server. Source: DESIGN.md 'Inputs'.
 * Test: tests/test_plan_conflict.c */
#include "plan_int.h"

#include <stdlib.h>
#include <string.h>

/* A virtual server's identity as bytes without holes. */
struct claim_key {
	struct addr addr;
	uint8_t proto, port[2];
};

static struct claim_key claim_key(const struct vs_key *k)
{
	return (struct claim_key){k->addr, k->proto, {(uint8_t)(k->port >> 8), (uint8_t)k->port}};
}

/* Stands in plan.changed for a key that nobody had. */
static struct want *nobody(struct plan *p)
{
	return (struct want *)(void *)p;
}

/* Below 0: a comes before b. */
static int want_order(const struct want *a, const struct want *b)
{
	if (a->recorded != b->recorded)
		return a->recorded ? -1 : 1;
	if (a->svc->created != b->svc->created) /* none is later than any */
		return !b->svc->created || (a->svc->created && a->svc->created < b->svc->created) ? -1 : 1;
	return svc_name_cmp(a->svc->name, b->svc->name);
}

static struct want *chain_remove(struct want *head, const struct want *w)
{
	struct want **at = &head;

	while (*at != w)
		at = &(*at)->next;
	*at = w->next;
	return head;
}

static struct want *chain_insert(struct want *head, struct want *w)
{
	struct want **at = &head;

	while (*at && want_order(*at, w) < 0)
		at = &(*at)->next;
	w->next = *at;
	*at = w;
	return head;
}

/* One key: the Service's former want goes, its new one comes. */
static void claim_change(struct plan *p, const struct want *old, struct want *new)
{
	struct claim_key key = claim_key(&(old ? old : new)->key);
	struct want *was = map_get(p->claims, &key, sizeof key), *now = was;

	if (!map_get(p->changed, &key, sizeof key))
		map_put(p->changed, &key, sizeof key, was ? was : nobody(p));
	if (old)
		now = chain_remove(now, old);
	if (new)
		now = chain_insert(now, new);
	if (!now)
		map_del(p->claims, &key, sizeof key);
	else if (now != was)
		map_put(p->claims, &key, sizeof key, now);
}

void claims_replace(struct plan *p, struct svc *s, struct want *wants, size_t n)
{
	struct want *old = s->wants;
	size_t n_old = s->n_wants, i = 0, k = 0;

	s->created = s->object ? s->object->meta.created : 0;
	while (i < n_old || k < n) {
		int c = i == n_old ? 1 : k == n ? -1 : vs_key_cmp(&old[i].key, &wants[k].key);

		claim_change(p, c <= 0 ? &old[i] : NULL, c >= 0 ? &wants[k] : NULL);
		i += c <= 0;
		k += c >= 0;
	}
	if (old) {
		if ((p->n_retired & (p->n_retired - 1)) == 0) /* at powers of two */
			p->retired = xrealloc(p->retired, (p->n_retired ? 2 * p->n_retired : 1) * sizeof *p->retired);
		p->retired[p->n_retired++] = (struct retired){old, n_old};
	}
	s->wants = wants;
	s->n_wants = n;
	plan_unsettle(p, s);
}

bool ranges_equal(const struct ranges *a, const struct ranges *b)
{
	if (!a || !b)
		return a == b;
	return a->n == b->n && !memcmp(a->items, b->items, a->n * sizeof *a->items);
}

static bool want_equal(const struct want *a, const struct want *b)
{
	return a->flags == b->flags && a->kind == b->kind && a->keep_source == b->keep_source &&
	       a->health_port == b->health_port && ranges_equal(a->ranges, b->ranges) && a->timeout == b->timeout &&
	       a->drain_s == b->drain_s && a->granularity == b->granularity && !strcmp(a->sched, b->sched) &&
	       backend_equal(a->backend, b->backend);
}

static int real_order(const void *a, const void *b)
{
	return real_cmp(a, b);
}

struct vs want_vs(const struct want *w, struct real_buf *buf)
{
	struct vs v = {.key = w->key,
		       .flags = w->flags,
		       .kind = w->kind,
		       .keep_source = w->keep_source,
		       .health_port = w->health_port,
		       .timeout = w->timeout,
		       .granularity = w->granularity,
		       .limits = w->backend->limits,
		       .drain_s = w->drain_s,
		       .n = w->backend->n + w->backend->leaving};

	if (w->ranges) {
		v.n_ranges = w->ranges->n;
		v.ranges = w->ranges->items;
	}
	memcpy(v.sched, w->sched, sizeof w->sched);
	if (buf->cap <= v.n) {
		buf->cap = v.n + 16;
		buf->items = xrealloc(buf->items, buf->cap * sizeof *buf->items);
	}
	for (uint32_t i = 0; i < v.n; i++)
		buf->items[i] = backend_real(w->backend, i);
	if (w->backend->leaving)
		qsort(buf->items, v.n, sizeof *buf->items, real_order);
	v.reals = buf->items;
	return v;
}

/* The key's holder before and now; either may be NULL. */
static void claim_report(struct plan *p, const struct want *was, const struct want *now, struct real_buf *buf,
			 const struct plan_out *out)
{
	if (was && !now)
		out->vs_delete(out->arg, &was->key);
	if (now && (!was || !want_equal(was, now))) {
		struct vs v = want_vs(now, buf);

		out->vs_set(out->arg, &v);
	}
	if (was && now && was->svc != now->svc)
		for (const struct want *w = now; w; w = w->next)
			plan_unsettle(p, w->svc);
}

struct change {
	const struct want *was, *now;
};

static int change_cmp(const void *a, const void *b)
{
	const struct change *x = a, *y = b;

	return vs_key_cmp(&(x->now ? x->now : x->was)->key, &(y->now ? y->now : y->was)->key);
}

static void retired_free(struct plan *p)
{
	for (size_t i = 0; i < p->n_retired; i++)
		wants_free(p->retired[i].wants, p->retired[i].n);
	free(p->retired);
	p->retired = NULL;
	p->n_retired = 0;
}

void claims_flush(struct plan *p, const struct plan_out *out)
{
	struct change *changes = xmalloc((map_count(p->changed) + 1) * sizeof *changes);
	struct real_buf buf = {0};
	const void *key;
	void *was;
	size_t n = 0, len;

	for (size_t at = 0; map_next(p->changed, &at, &key, &len, &was);) {
		struct change c = {was == nobody(p) ? NULL : was, map_get(p->claims, key, len)};

		if (c.was || c.now)
			changes[n++] = c;
	}
	qsort(changes, n, sizeof *changes, change_cmp);
	for (size_t i = 0; i < n; i++)
		claim_report(p, changes[i].was, changes[i].now, &buf, out);
	free(buf.items);
	free(changes);
	map_free(p->changed, NULL);
	p->changed = map_new();
	retired_free(p);
}

void claims_free(struct plan *p)
{
	retired_free(p);
	map_free(p->changed, NULL);
	map_free(p->claims, NULL);
}

const struct want *claims_holder(const struct plan *p, const struct vs_key *k)
{
	struct claim_key key = claim_key(k);

	return map_get(p->claims, &key, sizeof key);
}

void claims_conflicts(const struct plan *p, const struct svc *s, struct problems *problems)
{
	for (size_t i = 0; i < s->n_wants; i++) {
		const struct want *holder = claims_holder(p, &s->wants[i].key);
		char key[VS_KEY_TEXT];

		if (holder->svc != s)
			problems_add(problems, "Conflict", "%s belongs to Service %s",
				     vs_key_format(&s->wants[i].key, key), holder->svc->name);
	}
}

void wants_free(struct want *wants, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		backend_unref(wants[i].backend);
		free(wants[i].ranges);
	}
	free(wants);
}
