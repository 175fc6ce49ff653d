/* Decides which addresses must be looked at after a change of what is wanted or of what the kernel has.
 * Test: tests/test_book.c. */
#include "book.h"

#include "../src/base/arena.h"
#include "../src/base/map.h"

#include <stdlib.h>
#include <string.h>

void book_init(struct book *b)
{
	*b = (struct book){.entries = map_new()};
	TAILQ_INIT(&b->dirty);
}

static void entry_free(void *value)
{
	struct entry *e = value;

	free(e->have);
	free(e);
}

void book_clear(struct book *b)
{
	map_free(b->entries, entry_free);
	b->entries = NULL;
	TAILQ_INIT(&b->dirty);
}

struct entry *book_find(const struct book *b, const struct addr *a)
{
	return map_get(b->entries, a, sizeof(*a));
}

struct entry *book_next(const struct book *b, size_t *at)
{
	const void *key;
	void *value;
	size_t len;

	return map_next(b->entries, at, &key, &len, &value) ? value : NULL;
}

static struct entry *book_entry(struct book *b, const struct addr *a)
{
	struct entry *e = book_find(b, a);

	if (e)
		return e;
	e = xcalloc(1, sizeof(*e));
	e->addr = *a;
	map_put(b->entries, a, sizeof(*a), e);
	return e;
}

/* Adds (sign 1) or takes away (-1) what the entry counts for. */
static void count(struct book *b, const struct entry *e, int sign)
{
	b->wanted += (size_t)sign;
	if (e->want.kind == VIP_CLUSTER)
		b->clusters += (size_t)sign;
}

static bool vip_same(const struct vip *a, const struct vip *b)
{
	return a->bits == b->bits && a->kind == b->kind && strncmp(a->ifname, b->ifname, sizeof(a->ifname)) == 0;
}

struct entry *book_want(struct book *b, struct vip_set *set, const struct vip *v)
{
	struct entry *e = book_entry(b, &v->addr);

	e->epoch = b->epoch;
	if (e->wanted && e->set == set && vip_same(&e->want, v)) {
		e->want.router = v->router;
		return e;
	}
	if (e->wanted) {
		count(b, e, -1);
		LIST_REMOVE(e, member);
	}
	LIST_INSERT_HEAD(&set->members, e, member);
	e->wanted = true;
	e->want = *v;
	e->set = set;
	e->error = 0;
	count(b, e, 1);
	book_mark(b, e);
	return e;
}

void book_unwant(struct book *b, struct entry *e)
{
	if (!e->wanted)
		return;
	count(b, e, -1);
	LIST_REMOVE(e, member);
	e->wanted = false;
	e->set = NULL;
	book_mark(b, e);
}

void book_begin(struct book *b)
{
	b->epoch++;
}

void book_end(struct book *b)
{
	struct entry *e;
	size_t at = 0;

	while ((e = book_next(b, &at)))
		if (e->wanted && e->epoch != b->epoch)
			book_unwant(b, e);
}

struct vip_have *entry_have(const struct entry *e, uint32_t ifindex, uint8_t bits)
{
	for (size_t i = 0; i < e->n_have; i++)
		if (e->have[i].ifindex == ifindex && e->have[i].bits == bits)
			return &e->have[i];
	return NULL;
}

bool book_have(struct book *b, const struct kaddr *a, bool ours)
{
	struct entry *e = book_entry(b, &a->addr);
	struct vip_have *h = entry_have(e, a->ifindex, a->bits);

	if (h) {
		h->seen = true;
		return false;
	}
	e->have = xrealloc(e->have, (e->n_have + 1) * sizeof(*e->have));
	e->have[e->n_have++] = (struct vip_have){
	    .ifindex = a->ifindex, .bits = a->bits, .ours = ours, .seen = true, .order = b->next_order++};
	book_mark(b, e);
	return true;
}

struct entry *book_gone(struct book *b, const struct kaddr *a, struct vip_have *old)
{
	struct entry *e = book_find(b, &a->addr);
	struct vip_have *h = e ? entry_have(e, a->ifindex, a->bits) : NULL;

	if (!h)
		return NULL;
	*old = *h;
	*h = e->have[--e->n_have];
	book_mark(b, e);
	return e;
}

void book_mark(struct book *b, struct entry *e)
{
	if (e->dirty)
		return;
	e->dirty = true;
	TAILQ_INSERT_TAIL(&b->dirty, e, queue);
}

void book_mark_first(struct book *b, struct entry *e)
{
	if (e->dirty)
		TAILQ_REMOVE(&b->dirty, e, queue);
	e->dirty = true;
	TAILQ_INSERT_HEAD(&b->dirty, e, queue);
}

void book_mark_wanted(struct book *b)
{
	struct entry *e;
	size_t at = 0;

	while ((e = book_next(b, &at)))
		if (e->wanted)
			book_mark(b, e);
}

struct entry *book_pop(struct book *b)
{
	struct entry *e = TAILQ_FIRST(&b->dirty);

	if (e) {
		TAILQ_REMOVE(&b->dirty, e, queue);
		e->dirty = false;
	}
	return e;
}

void book_drop(struct book *b, struct entry *e)
{
	if (e->wanted || e->n_have > 0 || e->dirty)
		return;
	map_del(b->entries, &e->addr, sizeof(e->addr));
	entry_free(e);
}
