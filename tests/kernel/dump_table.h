/* All of the kernel's IPVS table, for tests. vipd itself reads it by slices. */
#ifndef VIPD_TESTS_DUMP_TABLE_H
#define VIPD_TESTS_DUMP_TABLE_H

#include "../../ipvs/sock.h"
#include "../../src/base/arena.h"

#include <stdlib.h>

/* Heads and real servers as they come. */
struct heads {
	struct vs *items;
	size_t n, cap;
};
struct reals {
	struct real *items;
	size_t n, cap;
};

static inline int heads_add(void *arg, const struct vs *head, const struct vs_stats *st)
{
	struct heads *h = arg;

	if (h->n == h->cap) {
		h->cap = h->cap ? h->cap * 2 : 64;
		h->items = xrealloc(h->items, h->cap * sizeof *h->items);
	}
	h->items[h->n++] = *head;
	return 0;
}

static inline int reals_add(void *arg, const struct real *r, const struct real_stats *st)
{
	struct reals *l = arg;

	if (l->n == l->cap) {
		l->cap = l->cap ? l->cap * 2 : 64;
		l->items = xrealloc(l->items, l->cap * sizeof *l->items);
	}
	l->items[l->n++] = *r;
	return 0;
}

static inline int real_sort_cmp(const void *a, const void *b)
{
	return real_cmp(a, b);
}

/* A dump goes on by index: what changes meanwhile can come twice. */
static inline void reals_unique(struct reals *l)
{
	size_t kept = 0;

	if (l->n)
		qsort(l->items, l->n, sizeof *l->items, real_sort_cmp);
	for (size_t i = 0; i < l->n; i++)
		if (kept == 0 || real_cmp(&l->items[kept - 1], &l->items[i]) != 0)
			l->items[kept++] = l->items[i];
	l->n = kept;
}

/* Services and all real servers into a table. */
static inline int dump_table(struct ipvs_sock *s, struct table **out)
{
	struct table *t = table_new();
	struct heads heads = {0};
	struct reals reals = {0};
	int rc = ipvs_sock_services(s, heads_add, &heads);

	for (size_t i = 0; !rc && i < heads.n; i++) {
		reals.n = 0;
		rc = ipvs_sock_reals(s, &heads.items[i].key, reals_add, &reals);
		reals_unique(&reals);
		heads.items[i].reals = reals.items;
		heads.items[i].n = (uint32_t)reals.n;
		if (!rc)
			rc = table_put(t, &heads.items[i]);
	}
	free(heads.items);
	free(reals.items);
	if (rc)
		table_free(t);
	else
		*out = t;
	return rc;
}

#endif
