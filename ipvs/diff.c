/* want, have -> ordered operations: decides what is written to the kernel, and in which order, so that service goes on meanwhile.
 * Source: net/netfilter/ipvs/ip_vs_ctl.c (__ip_vs_update_dest takes weight and forwarding in place), ip_vs_mh.c (a table built anew at
 * each real server). Test: tests/test_diff.c */
#include "diff.h"

#include "../src/base/arena.h"

#include <stdlib.h>
#include <string.h>

static const char no_sched[] = "none";

void ops_clear(struct ops *o)
{
	free(o->items);
	*o = (struct ops){0};
}

static struct op *ops_push(struct ops *o, enum op_type type, const struct vs *vs)
{
	struct op *op;

	if (o->n == o->cap) {
		o->cap = o->cap ? o->cap * 2 : 16;
		o->items = xrealloc(o->items, o->cap * sizeof *o->items);
	}
	op = &o->items[o->n++];
	*op = (struct op){.type = type, .vs = vs};
	return op;
}

static void push_head(struct ops *o, enum op_type type, const struct vs *vs, const char *sched)
{
	ops_push(o, type, vs)->sched = sched;
}

static void push_real(struct ops *o, enum op_type type, const struct vs *vs, const struct real *r)
{
	ops_push(o, type, vs)->real = *r;
}

/* Adds and edits of real servers: a merge of two sorted lists. */
static void diff_reals(const struct vs *want, const struct vs *have, struct ops *out)
{
	uint32_t h = 0, n = have ? have->n : 0;
	bool limits = have && !limits_equal(&want->limits, &have->limits);

	for (uint32_t w = 0; w < want->n; w++) {
		const struct real *r = &want->reals[w];
		int order = 1;

		while (h < n && (order = real_cmp(&have->reals[h], r)) < 0)
			h++;
		if (h == n || order > 0)
			push_real(out, OP_REAL_ADD, want, r);
		else if (have->reals[h].weight != r->weight || have->reals[h].forward != r->forward || limits)
			push_real(out, OP_REAL_EDIT, want, r);
	}
}

/* Deletes of those that are no longer wanted, last: there is always somebody to serve. */
static void diff_reals_gone(const struct vs *want, const struct vs *have, struct ops *out)
{
	uint32_t w = 0;

	for (uint32_t h = 0; h < have->n; h++) {
		const struct real *r = &have->reals[h];

		while (w < want->n && real_cmp(&want->reals[w], r) < 0)
			w++;
		if (w == want->n || real_cmp(&want->reals[w], r) != 0)
			push_real(out, OP_REAL_DELETE, want, r);
	}
}

void diff_vs(const struct vs *want, const struct vs *have, struct ops *out)
{
	bool costly, late;

	if (!want) {
		if (have)
			ops_push(out, OP_VS_DELETE, have);
		return;
	}
	/* A virtual server of ours that has "none" was left half filled: it is served by nobody, so it too is filled first. */
	costly = strcmp(want->sched, "mh") == 0 && want->n > 1;
	late = costly && (!have || strcmp(have->sched, no_sched) == 0);
	if (!have)
		push_head(out, OP_VS_ADD, want, late ? no_sched : want->sched);
	else if (!late && !vs_head_equal(want, have))
		push_head(out, OP_VS_EDIT, want, want->sched);
	diff_reals(want, have, out);
	if (have)
		diff_reals_gone(want, have, out);
	if (late)
		push_head(out, OP_VS_EDIT, want, want->sched);
}
