/* A binary heap whose items know their place, so that one can be moved in log n steps. Test: tests/test_deadlines.c. */
#include "deadlines.h"

#include "arena.h"

#include <stdlib.h>

static void place(struct deadlines *q, size_t at, struct due *d)
{
	q->items[at] = d;
	d->slot = at + 1;
}

static void up(struct deadlines *q, size_t at)
{
	struct due *d = q->items[at];

	while (at > 0 && q->items[(at - 1) / 2]->at > d->at) {
		place(q, at, q->items[(at - 1) / 2]);
		at = (at - 1) / 2;
	}
	place(q, at, d);
}

static void down(struct deadlines *q, size_t at)
{
	struct due *d = q->items[at];
	size_t child;

	while ((child = 2 * at + 1) < q->n) {
		if (child + 1 < q->n && q->items[child + 1]->at < q->items[child]->at)
			child++;
		if (q->items[child]->at >= d->at)
			break;
		place(q, at, q->items[child]);
		at = child;
	}
	place(q, at, d);
}

static void take_out(struct deadlines *q, struct due *d)
{
	size_t at = d->slot - 1;
	struct due *last = q->items[--q->n];

	d->slot = 0;
	if (last == d)
		return;
	place(q, at, last);
	up(q, at);
	down(q, last->slot - 1);
}

void deadlines_set(struct deadlines *q, struct due *d, nsec_t at)
{
	if (at == INT64_MAX) {
		if (d->slot)
			take_out(q, d);
		d->at = at;
		return;
	}
	d->at = at;
	if (!d->slot) {
		if (q->n == q->cap) {
			q->cap = q->cap ? 2 * q->cap : 16;
			q->items = xrealloc(q->items, q->cap * sizeof(struct due *));
		}
		place(q, q->n++, d);
	}
	up(q, d->slot - 1);
	down(q, d->slot - 1);
}

struct due *deadlines_first(const struct deadlines *q)
{
	return q->n ? q->items[0] : NULL;
}

void deadlines_clear(struct deadlines *q)
{
	for (size_t i = 0; i < q->n; i++)
		q->items[i]->slot = 0;
	free(q->items);
	*q = (struct deadlines){0};
}
