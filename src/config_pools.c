/* pools, allowUnpooled: named ranges of addresses and whom they are for. Pools never overlap, so that an address has one name.
 * Source: MetalLB's IPAddressPool. Test: tests/test_config_pools.c; fuzzer: tests/fuzz/fuzz_config.c. */
#include "config_read.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { POOLS_MAX = 256, RANGES_MAX = 1024, NAMES_MAX = 1024 };

/* The pool that is being read is the last of plan.pools. */
static struct pool *this_pool(struct reader *r)
{
	return &r->c->plan.pools[r->c->plan.n_pools];
}

static void read_name(struct reader *r, const char *key, const struct node *n)
{
	const char *s = config_want_string(r, key, n);

	for (size_t i = 0; s && i < r->c->plan.n_pools; i++)
		if (strcmp(r->c->plan.pools[i].name, s) == 0)
			diag_error(r->diags, r->file, n->pos, "%s: a second pool \"%s\"", key, s);
	this_pool(r)->name = s;
}

/* A list of min to RANGES_MAX ranges; false after a diagnostic about the list. What is wrong is left out. */
static bool read_ranges(struct reader *r, const char *key, const struct node *n, size_t min,
			void (*check)(struct reader *r, const char *key, struct pos at, const struct pool_range *one),
			struct pool_range **ranges, size_t *count)
{
	char why[POOL_WHY];

	if (!config_want(r, key, n, NODE_LIST))
		return false;
	if (n->list.n < min || n->list.n > RANGES_MAX) {
		diag_error(r->diags, r->file, n->pos, "%s: expected %zu to %d prefixes or ranges, found %zu", key, min,
			   RANGES_MAX, n->list.n);
		return false;
	}
	*ranges = arena_alloc(r->c->arena, (n->list.n + 1) * sizeof **ranges);
	*count = 0; /* a duplicate key is read too */
	for (size_t i = 0; i < n->list.n; i++) {
		const struct node *item = &n->list.items[i];
		const char *s = config_want_string(r, key, item);
		struct pool_range one;

		if (!s)
			continue;
		if (pool_range_parse(s, &one, why)) {
			diag_error(r->diags, r->file, item->pos, "%s: \"%.100s\" %s", key, s, why);
			continue;
		}
		if (check)
			check(r, key, item->pos, &one);
		(*ranges)[(*count)++] = one;
	}
	return true;
}

static void check_overlap(struct reader *r, const char *key, struct pos at, const struct pool_range *one)
{
	char a[POOL_RANGE_TEXT], b[POOL_RANGE_TEXT];

	for (size_t i = 0; i <= r->c->plan.n_pools; i++) {
		const struct pool *p = &r->c->plan.pools[i];

		for (size_t k = 0; k < p->n; k++)
			if (pool_range_overlaps(&p->ranges[k], one))
				diag_error(r->diags, r->file, at, "%s: %s overlaps %s of %s", key,
					   pool_range_format(one, a), pool_range_format(&p->ranges[k], b),
					   p == this_pool(r) ? "this pool" : p->name);
	}
}

static void read_addresses(struct reader *r, const char *key, const struct node *n)
{
	this_pool(r)->n = 0;
	read_ranges(r, key, n, 1, check_overlap, &this_pool(r)->ranges, &this_pool(r)->n);
}

static void read_avoid(struct reader *r, const char *key, const struct node *n)
{
	this_pool(r)->n_avoid = 0;
	read_ranges(r, key, n, 0, NULL, &this_pool(r)->avoid, &this_pool(r)->n_avoid);
}

static void read_use_all(struct reader *r, const char *key, const struct node *n)
{
	config_want_bool(r, key, n, &this_pool(r)->use_all);
}

static void read_auto_assign(struct reader *r, const char *key, const struct node *n)
{
	bool on = true;

	config_want_bool(r, key, n, &on);
	this_pool(r)->manual = !on;
}

static void read_priority(struct reader *r, const char *key, const struct node *n)
{
	config_want_range(r, key, n, 0, 1000000, &this_pool(r)->priority);
}

static void read_namespaces(struct reader *r, const char *key, const struct node *n)
{
	struct pool *p = this_pool(r);

	if (!config_want(r, key, n, NODE_LIST))
		return;
	if (n->list.n > NAMES_MAX) {
		diag_error(r->diags, r->file, n->pos, "%s: more than %d namespaces", key, NAMES_MAX);
		return;
	}
	p->namespaces = arena_alloc(r->c->arena, (n->list.n + 1) * sizeof *p->namespaces);
	p->n_namespaces = 0;
	for (size_t i = 0; i < n->list.n; i++) {
		const char *s = config_want_string(r, key, &n->list.items[i]);

		if (s)
			p->namespaces[p->n_namespaces++] = s;
	}
}

static int pair_cmp(const void *a, const void *b)
{
	return strcmp(((const struct str_pair *)a)->key, ((const struct str_pair *)b)->key);
}

static void read_selector(struct reader *r, const char *key, const struct node *n)
{
	struct str_pairs *to = &this_pool(r)->selector;
	char full[KEY_TEXT];

	if (!config_want(r, key, n, NODE_MAP))
		return;
	to->items = arena_alloc(r->c->arena, (n->map.n + 1) * sizeof *to->items);
	to->n = 0;
	for (size_t i = 0; i < n->map.n; i++) {
		const struct pair *pair = &n->map.items[i];

		snprintf(full, sizeof full, "%s.%s", key, pair->key);
		if (!config_want(r, full, &pair->value, NODE_STRING)) /* a label's value may be empty */
			continue;
		to->items[to->n++] = (struct str_pair){arena_strdup(r->c->arena, pair->key),
						       arena_strdup(r->c->arena, pair->value.text), pair->value.pos};
	}
	qsort(to->items, to->n, sizeof *to->items, pair_cmp);
}

/* A pool from which nothing can be given is a mistake, not a choice. */
static void check_rooms(struct reader *r, const char *key, const struct node *item)
{
	size_t n;
	struct pool_range *rooms = pool_rooms(this_pool(r), &n);

	free(rooms);
	if (this_pool(r)->n && !n)
		diag_error(r->diags, r->file, item->pos, "%s: nothing is left of its addresses behind avoid", key);
}

void config_read_pools(struct reader *r, const char *key, const struct node *n)
{
	static const struct key keys[] = {
	    {"name", read_name},         {"addresses", read_addresses},    {"avoid", read_avoid},
	    {"useAll", read_use_all},    {"autoAssign", read_auto_assign}, {"priority", read_priority},
	    {"selector", read_selector}, {"namespaces", read_namespaces}};
	static const char *const needed[] = {"name", "addresses"};
	char at[64];

	if (!config_want(r, key, n, NODE_LIST))
		return;
	if (n->list.n > POOLS_MAX) {
		diag_error(r->diags, r->file, n->pos, "%s: more than %d pools", key, POOLS_MAX);
		return;
	}
	r->c->plan.pools = arena_alloc(r->c->arena, (n->list.n + 1) * sizeof(struct pool));
	r->c->plan.n_pools = 0;
	for (size_t i = 0; i < n->list.n; i++) {
		const struct node *item = &n->list.items[i];

		snprintf(at, sizeof at, "%s[%zu]", key, i);
		config_read_map(r, at, item, keys, sizeof keys / sizeof keys[0]);
		for (size_t k = 0; item->type == NODE_MAP && k < 2; k++)
			if (!node_get(item, needed[k]))
				diag_error(r->diags, r->file, item->pos, "%s: \"%s\" is missing", at, needed[k]);
		check_rooms(r, at, item);
		if (!this_pool(r)->name)
			this_pool(r)->name = "";
		r->c->plan.n_pools++;
	}
	if (!r->c->allow_unpooled_stated)
		r->c->plan.allow_unpooled = !r->c->plan.n_pools;
}

void config_read_allow_unpooled(struct reader *r, const char *key, const struct node *n)
{
	r->c->allow_unpooled_stated = config_want_bool(r, key, n, &r->c->plan.allow_unpooled);
}

int config_set_service_cidr(struct config *c, const char *cidr)
{
	struct plan_config *p = &c->plan;
	struct pool *pools;
	struct cidr net;
	struct pool_range range;

	if (cidr_parse(cidr, &net) || net.bits == 0)
		return -EINVAL;
	range = (struct pool_range){cidr_network(&net), cidr_last(&net), true};
	if (!c->allow_unpooled_stated)
		p->allow_unpooled = true;
	for (size_t i = 0; i < p->n_pools; i++)
		for (size_t k = 0; k < p->pools[i].n; k++)
			if (pool_range_overlaps(&p->pools[i].ranges[k], &range))
				return 0; /* the file says more about it */
	pools = arena_alloc(c->arena, (p->n_pools + 1) * sizeof *pools);
	if (p->n_pools)
		memcpy(pools, p->pools, p->n_pools * sizeof *pools);
	pools[p->n_pools] = (struct pool){.name = "KEEPALIVED_SERVICE_CIDR", .n = 1};
	pools[p->n_pools].ranges = arena_alloc(c->arena, sizeof range);
	pools[p->n_pools].ranges[0] = range;
	p->pools = pools;
	p->n_pools++;
	return 0;
}
