/* Decides nothing: reads counters for drain.c. Source: net/netfilter/ipvs/ip_vs_ctl.c (activeconns, inactconns of a destination).
 * Test: tests/kernel/test_ipvs_process.c */
#include "drainer.h"

#include "../src/base/arena.h"

#include <stdlib.h>

struct counts {
	struct drain_count *items;
	size_t n, cap;
};

/* One of weight 0 may drain; the others are not looked at. */
static int collect(void *arg, const struct real *real, const struct real_stats *st)
{
	struct counts *c = arg;

	if (real->weight)
		return 0;
	if (c->n == c->cap) {
		c->cap = c->cap ? 2 * c->cap : 16;
		c->items = xrealloc(c->items, c->cap * sizeof(*c->items));
	}
	c->items[c->n++] = (struct drain_count){*real, st->active, st->inactive};
	return 0;
}

static int count_cmp(const void *a, const void *b)
{
	return real_cmp(&((const struct drain_count *)a)->real, &((const struct drain_count *)b)->real);
}

static int look(struct reconcile *r, const struct vs_key *k, nsec_t now)
{
	struct counts c = {0};
	int err = ipvs_sock_reals_counted(r->sock, k, collect, &c);

	if (err >= 0 && c.n)
		qsort(c.items, c.n, sizeof(*c.items), count_cmp);
	if (err >= 0 && drains_seen(r->drains, k, c.items, c.n, now))
		reconcile_drained(r, k);
	free(c.items);
	return err < 0 ? err : 0;
}

int drainer_step(struct reconcile *r, nsec_t now)
{
	struct vs_key k;
	bool over;
	int reads = 0, err = 0;

	if (!r->want || !r->sock)
		return 0;
	while (!err && reads < DRAINER_READS && drains_due(r->drains, now, &k, &over)) {
		if (over) {
			reconcile_drained(r, &k);
			continue;
		}
		err = look(r, &k, now);
		reads++;
	}
	return err;
}

nsec_t drainer_wait(const struct reconcile *r, nsec_t now)
{
	nsec_t next = drains_next(r->drains), gap = DRAINER_GAP_MS * NSEC_PER_MSEC;

	if (!r->want || !r->sock || next == INT64_MAX)
		return INT64_MAX;
	return next - now > gap ? next - now : gap;
}
