/* Decides who drains, until when, and when it is over. Source: net/netfilter/ipvs (a destination of weight 0 gets no new connection and keeps those it has;
 * deleted, its connections die); SEMANTICS: the deadline is the least of the pod's grace, the annotation, the default. Test: tests/test_drain.c. */
#include "drain.h"

#include "../src/base/arena.h"
#include "../src/base/map.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

struct drains {
	const struct drain_hooks *hooks;
	void *arg;
	struct map *groups; /* packed key -> struct drain_group */
	struct deadlines due;
	size_t count;
};

struct drains *drains_new(const struct drain_hooks *hooks, void *arg)
{
	struct drains *d = xcalloc(1, sizeof(*d));

	d->hooks = hooks;
	d->arg = arg;
	d->groups = map_new();
	return d;
}

static void group_free(void *p)
{
	struct drain_group *g = p;

	for (uint32_t i = 0; i < g->n; i++)
		free(g->items[i]);
	free(g->items);
	free(g);
}

void drains_free(struct drains *d)
{
	if (!d)
		return;
	deadlines_clear(&d->due);
	map_free(d->groups, group_free);
	free(d);
}

size_t drains_count(const struct drains *d)
{
	return d->count;
}

/* ---- entries */

static struct drain_group *group_find(const struct drains *d, const struct vs_key *k)
{
	uint8_t key[VS_KEY_BYTES];

	if (!map_count(d->groups))
		return NULL;
	vs_key_pack(k, key);
	return map_get(d->groups, key, sizeof(key));
}

static struct drain_group *group_make(struct drains *d, const struct vs_key *k)
{
	struct drain_group *g = group_find(d, k);
	uint8_t key[VS_KEY_BYTES];

	if (g)
		return g;
	g = xcalloc(1, sizeof(*g));
	g->key = *k;
	vs_key_pack(k, key);
	map_put(d->groups, key, sizeof(key), g);
	return g;
}

/* Index of the first that is not before r. */
static uint32_t place_of(const struct drain_group *g, const struct real *r)
{
	uint32_t lo = 0, hi = g->n;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (real_cmp(&g->items[mid]->real, r) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static struct drain *entry_find(const struct drain_group *g, const struct real *r)
{
	uint32_t at = g ? place_of(g, r) : 0;

	return g && at < g->n && real_cmp(&g->items[at]->real, r) == 0 ? g->items[at] : NULL;
}

const struct drain *drains_find(const struct drains *d, const struct vs_key *k, const struct real *r)
{
	return entry_find(group_find(d, k), r);
}

const struct drain_group *drains_each(const struct drains *d, size_t *at)
{
	const void *key;
	size_t len;
	void *value;

	return map_next(d->groups, at, &key, &len, &value) ? value : NULL;
}

static void arm(struct drains *d, struct drain *e, nsec_t now)
{
	nsec_t look = now + e->wait;

	deadlines_set(&d->due, &e->due, e->over ? INT64_MAX : look < e->deadline ? look : e->deadline);
}

static struct drain *entry_add(struct drains *d, struct drain_group *g, const struct real *r, nsec_t deadline,
			       nsec_t now)
{
	struct drain *e = xcalloc(1, sizeof(*e));
	uint32_t at = place_of(g, r);

	e->group = g;
	e->real.addr = r->addr;
	e->real.port = r->port;
	e->deadline = deadline;
	e->wait = DRAIN_LOOK_FIRST_MS * NSEC_PER_MSEC;
	if (g->n == g->cap) {
		g->cap = g->cap ? 2 * g->cap : 4;
		g->items = xrealloc(g->items, g->cap * sizeof(struct drain *));
	}
	memmove(&g->items[at + 1], &g->items[at], (g->n - at) * sizeof(struct drain *));
	g->items[at] = e;
	g->n++;
	d->count++;
	arm(d, e, now);
	return e;
}

/* Index at of g; an empty group is freed by the caller (group_end). */
static void entry_drop(struct drains *d, struct drain_group *g, uint32_t at)
{
	struct drain *e = g->items[at];

	d->hooks->drop(d->arg, &g->key, &e->real);
	deadlines_set(&d->due, &e->due, INT64_MAX);
	memmove(&g->items[at], &g->items[at + 1], (g->n - at - 1) * sizeof(struct drain *));
	g->n--;
	d->count--;
	free(e);
}

static void group_end(struct drains *d, struct drain_group *g)
{
	uint8_t key[VS_KEY_BYTES];

	if (g->n)
		return;
	vs_key_pack(&g->key, key);
	map_del(d->groups, key, sizeof(key));
	group_free(g);
}

void drains_restore(struct drains *d, const struct vs_key *k, const struct real *r, nsec_t deadline, nsec_t now)
{
	struct drain_group *g = group_make(d, k);
	struct drain *e = entry_find(g, r);
	nsec_t most = now + DRAIN_MAX_S * NSEC_PER_SEC;

	if (deadline > most)
		deadline = most;
	if (!e) {
		entry_add(d, g, r, deadline, now);
		return;
	}
	e->deadline = deadline;
	arm(d, e, now);
}

/* ---- planning */

bool drain_fits(const struct vs *v)
{
	if (v->key.proto == IPPROTO_UDP || strcmp(v->sched, "dh") == 0)
		return false;
	return strcmp(v->sched, "sh") != 0 || (v->flags & VS_SCHED1);
}

/* One call of drain_plan. */
struct planning {
	struct drains *d;
	const struct drain_now *t;
	const struct vs *want, *have;
	struct drain_group *group; /* NULL: none yet */
	nsec_t limit;              /* 0: nothing drains */
	struct vs *out;
	uint32_t kept;
};

static void push(struct planning *p, const struct real *r)
{
	p->out->reals[p->out->n++] = *r;
}

/* The deadline of one that leaves; hint: until when control lets it live, 0 or UNTIL_MAX if it said nothing. */
static nsec_t deadline_of(const struct planning *p, uint32_t hint)
{
	nsec_t deadline = p->t->now + p->limit, hinted;

	if (!hint || hint == UNTIL_MAX)
		return deadline;
	hinted = (int64_t)hint > p->t->wall ? p->t->now + ((int64_t)hint - p->t->wall) * NSEC_PER_SEC : p->t->now;
	return hinted < deadline ? hinted : deadline;
}

/* The drain of one that leaves: found or begun; NULL: it does not drain. */
static struct drain *leave(struct planning *p, const struct real *r, uint32_t hint)
{
	struct drain *e = entry_find(p->group, r);
	nsec_t deadline = deadline_of(p, hint);

	if (e && p->limit && !(hint && hint != UNTIL_MAX && deadline < e->deadline))
		return e;
	if (!e && (!p->limit || p->t->at_once || deadline <= p->t->now || r->forward > FORWARD_TUN))
		return NULL;
	if (e) {
		e->deadline = deadline;
		e->over = e->over || deadline <= p->t->now;
		arm(p->d, e, p->t->now);
	} else {
		p->group = group_make(p->d, &p->have->key);
		e = entry_add(p->d, p->group, r, deadline, p->t->now);
	}
	p->d->hooks->keep(p->d->arg, &p->have->key, r, deadline);
	return e;
}

static void keep(struct planning *p, const struct real *have, const struct drain *e)
{
	struct real r = *have;
	int64_t until = p->t->wall + (e->deadline - p->t->now + NSEC_PER_SEC - 1) / NSEC_PER_SEC;

	r.weight = 0;
	r.until = until > 0 && until < UNTIL_MAX ? (uint32_t)until : UNTIL_MAX - 1;
	push(p, &r);
	p->kept++;
}

/* A real server that came back: its weight is all it needs. */
static void back(struct planning *p, const struct real *r)
{
	uint32_t at = p->group ? place_of(p->group, r) : 0;

	if (p->group && at < p->group->n && real_cmp(&p->group->items[at]->real, r) == 0)
		entry_drop(p->d, p->group, at);
}

static bool in_service(const struct vs *want, uint32_t w)
{
	return want->reals[w].until == 0;
}

/* A walk over two sorted lists: what is wanted and in service stays; what the kernel has beyond that leaves. */
static void merge(struct planning *p)
{
	uint32_t w = 0, nw = p->want ? p->want->n : 0, nh = p->have ? p->have->n : 0;

	for (uint32_t h = 0; h < nh; h++) {
		const struct real *r = &p->have->reals[h];
		const struct drain *e;
		uint32_t hint = 0;

		for (; w < nw && real_cmp(&p->want->reals[w], r) < 0; w++)
			if (in_service(p->want, w))
				push(p, &p->want->reals[w]);
		if (w < nw && real_cmp(&p->want->reals[w], r) == 0) {
			if (in_service(p->want, w)) {
				back(p, r);
				push(p, &p->want->reals[w++]);
				continue;
			}
			hint = p->want->leaving ? UNTIL_MAX : p->want->reals[w].until;
			w++;
		}
		e = leave(p, r, hint);
		if (e && !e->over)
			keep(p, r, e);
	}
	for (; w < nw; w++)
		if (in_service(p->want, w))
			push(p, &p->want->reals[w]);
}

/* Nothing of it drains, nothing is to begin: the usual case, without allocating. */
static bool plain(const struct planning *p)
{
	uint32_t w = 0;

	if (p->group || (p->want && p->want->leaving))
		return false;
	for (uint32_t i = 0; p->want && i < p->want->n; i++)
		if (!in_service(p->want, i))
			return false;
	if (!p->limit || p->t->at_once || !p->have)
		return true;
	for (uint32_t h = 0; h < p->have->n; h++) {
		while (p->want && w < p->want->n && real_cmp(&p->want->reals[w], &p->have->reals[h]) < 0)
			w++;
		if (!p->want || w == p->want->n || real_cmp(&p->want->reals[w], &p->have->reals[h]) != 0)
			return false;
	}
	return true;
}

static void make_head(struct planning *p)
{
	*p->out = p->want ? *p->want : *p->have;
	p->out->leaving = !p->want || p->want->leaving;
	p->out->n = 0;
	p->out->reals = xcalloc((p->want ? p->want->n : 0) + (p->have ? p->have->n : 0) + 1, sizeof(struct real));
}

enum drain_plan drain_plan(struct drains *d, const struct vs *want, const struct vs *have, const struct drain_now *t,
			   struct vs *out)
{
	struct planning p = {.d = d, .t = t, .want = want, .have = have, .out = out};
	const struct vs *head = want ? want : have;

	if (!head)
		return DRAIN_SAME;
	p.group = group_find(d, &head->key);
	if (drain_fits(head))
		p.limit = head->drain_s * NSEC_PER_SEC;
	if (plain(&p))
		return DRAIN_SAME;
	make_head(&p);
	merge(&p);
	if (p.group)
		group_end(d, p.group);
	if (p.kept || (want && !want->leaving))
		return DRAIN_ROW;
	free(out->reals);
	out->reals = NULL;
	return want ? DRAIN_GONE : DRAIN_SAME;
}

void drains_done(struct drains *d, const struct vs_key *k)
{
	struct drain_group *g = group_find(d, k);

	for (uint32_t i = g ? g->n : 0; i > 0; i--)
		if (g->items[i - 1]->over)
			entry_drop(d, g, i - 1);
	if (g)
		group_end(d, g);
}

void drains_forget(struct drains *d, const struct vs_key *k)
{
	struct drain_group *g = group_find(d, k);

	while (g && g->n)
		entry_drop(d, g, g->n - 1);
	if (g)
		group_end(d, g);
}

/* ---- time */

nsec_t drains_next(const struct drains *d)
{
	const struct due *first = deadlines_first(&d->due);

	return first ? first->at : INT64_MAX;
}

static void end(struct drains *d, struct drain *e)
{
	e->over = true;
	deadlines_set(&d->due, &e->due, INT64_MAX);
}

bool drains_due(struct drains *d, nsec_t now, struct vs_key *k, bool *over)
{
	struct due *first = deadlines_first(&d->due);
	struct drain *e;

	if (!first || first->at > now)
		return false;
	e = (struct drain *)(void *)first; /* its first member */
	*k = e->group->key;
	*over = e->deadline <= now;
	if (*over)
		end(d, e);
	return true;
}

static void look_again(struct drains *d, struct drain *e, nsec_t now)
{
	nsec_t most = DRAIN_LOOK_MOST_MS * NSEC_PER_MSEC;

	arm(d, e, now);
	e->wait = 2 * e->wait < most ? 2 * e->wait : most;
	if (e->deadline <= now)
		end(d, e);
}

bool drains_seen(struct drains *d, const struct vs_key *k, const struct drain_count *counts, size_t n, nsec_t now)
{
	struct drain_group *g = group_find(d, k);
	bool over = false;
	size_t c = 0;

	for (uint32_t i = 0; g && i < g->n; i++) {
		struct drain *e = g->items[i];

		while (c < n && real_cmp(&counts[c].real, &e->real) < 0)
			c++;
		e->seen = c < n && real_cmp(&counts[c].real, &e->real) == 0;
		e->active = e->seen ? counts[c].active : 0;
		e->inactive = e->seen ? counts[c].inactive : 0;
		if (e->active || e->inactive)
			look_again(d, e, now);
		else
			end(d, e);
		over = over || e->over;
	}
	return over;
}

bool drain_strip(const struct vs *v, struct vs *out, struct real **own)
{
	uint32_t i = 0;

	*own = NULL;
	*out = *v;
	if (v->leaving)
		return false;
	while (i < v->n && !v->reals[i].until)
		i++;
	if (i == v->n)
		return true;
	*own = out->reals = xcalloc(v->n, sizeof(struct real));
	out->n = 0;
	for (i = 0; i < v->n; i++)
		if (!v->reals[i].until)
			out->reals[out->n++] = v->reals[i];
	return true;
}
