/* Decides the order in which one slice of work reaches the kernel, and whose each refusal is.
 * Source: LAB.md's measurements of net/netfilter/ipvs: an error does not stop a batch. Test: tests/kernel/test_ipvs_process.c. */
#include "slice.h"

#include "../src/base/arena.h"

#include <stdlib.h>
#include <string.h>

struct slice *slice_new(size_t servers)
{
	struct slice *s = xcalloc(1, sizeof(*s));
	s->cap = servers;
	s->items = xcalloc(servers, sizeof(*s->items));
	return s;
}

static void item_ops_free(struct item_ops *o)
{
	ops_clear(&o->ops);
	free(o->item);
}

void slice_free(struct slice *s)
{
	if (!s)
		return;
	item_ops_free(&s->adds);
	item_ops_free(&s->rest);
	table_free(s->have);
	free(s->errors);
	free(s->items);
	free(s);
}

void slice_reset(struct slice *s)
{
	s->n = s->adds.ops.n = s->rest.ops.n = 0;
	table_free(s->have);
	s->have = NULL;
}

bool slice_full(const struct slice *s, size_t max_ops)
{
	return s->n == s->cap || s->adds.ops.n + s->rest.ops.n >= max_ops;
}

struct item *slice_item(struct slice *s, const struct vs_key *k)
{
	struct item *it = &s->items[s->n++];
	memset(it, 0, sizeof(*it));
	it->key = *k;
	return it;
}

int slice_have(struct slice *s, const struct vs *v, const struct vs **out)
{
	if (!s->have)
		s->have = table_new();
	int err = table_put(s->have, v);
	if (!err)
		*out = table_get(s->have, &v->key);
	return err;
}

/* Says of the operations from `from` on that they are item's. */
static void claim(struct item_ops *o, size_t from, uint32_t item)
{
	if (o->cap < o->ops.n) {
		o->cap = o->ops.cap;
		o->item = xrealloc(o->item, o->cap * sizeof(*o->item));
	}
	for (size_t i = from; i < o->ops.n; i++)
		o->item[i] = item;
}

static void push(struct ops *o, const struct op *op)
{
	if (o->n == o->cap) {
		o->cap = o->cap ? 2 * o->cap : 64;
		o->items = xrealloc(o->items, o->cap * sizeof(*o->items));
	}
	o->items[o->n++] = *op;
}

static void count(struct item *it, const struct op *op)
{
	if (op->type == OP_VS_ADD || op->type == OP_VS_EDIT || op->type == OP_VS_DELETE)
		it->services++;
	else
		it->reals++;
}

void slice_plan(struct slice *s, struct item *it, const struct vs *have)
{
	uint32_t index = (uint32_t)(it - s->items);
	struct ops *rest = &s->rest.ops;
	size_t from = rest->n;

	diff_vs(it->want, have, rest);
	for (size_t i = from; i < rest->n; i++)
		count(it, &rest->items[i]);
	if (from < rest->n && rest->items[from].type == OP_VS_ADD) {
		size_t at = s->adds.ops.n;
		push(&s->adds.ops, &rest->items[from]);
		claim(&s->adds, at, index);
		rest->n--;
		memmove(&rest->items[from], &rest->items[from + 1], (rest->n - from) * sizeof(*rest->items));
	}
	claim(&s->rest, from, index);
}

static int apply(struct slice *s, struct item_ops *o, struct ipvs_sock *sock)
{
	if (!o->ops.n)
		return 0;
	if (s->errors_cap < o->ops.n) {
		s->errors_cap = o->ops.cap;
		s->errors = xrealloc(s->errors, s->errors_cap * sizeof(*s->errors));
	}
	int n = ipvs_sock_apply(sock, o->ops.items, o->ops.n, s->errors);
	for (size_t i = 0; n >= 0 && i < o->ops.n; i++)
		s->done[o->ops.items[i].type]++;
	for (int i = 0; i < n; i++) {
		const struct op *op = &o->ops.items[s->errors[i].index];
		struct item *it = &s->items[o->item[s->errors[i].index]];
		if (judge_error(op, s->errors[i].error) == REMEDY_NONE)
			continue;
		s->refused[op->type]++;
		if (!it->bad) {
			it->op = op;
			it->error = s->errors[i].error;
		}
		it->bad = true;
		it->refused++;
	}
	return n < 0 ? n : 0;
}

/* Leaves out what belongs to an item that is refused already. */
static void drop_refused(const struct slice *s, struct item_ops *o)
{
	size_t kept = 0;
	for (size_t i = 0; i < o->ops.n; i++) {
		if (s->items[o->item[i]].bad)
			continue;
		o->ops.items[kept] = o->ops.items[i];
		o->item[kept++] = o->item[i];
	}
	o->ops.n = kept;
}

int slice_apply(struct slice *s, struct ipvs_sock *sock)
{
	drop_refused(s, &s->adds);
	int err = apply(s, &s->adds, sock);
	if (err)
		return err;
	drop_refused(s, &s->rest);
	return apply(s, &s->rest, sock);
}
