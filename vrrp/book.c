/* Decides which addresses must be looked at after a change of what is wanted or of what the kernel has.
 * Test: tests/test_book.c. */
#include "book.h"

#include "../src/base/arena.h"
#include "../src/base/map.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

void book_init(struct book *b)
{
	*b = (struct book){.entries = map_new()};
	TAILQ_INIT(&b->dirty);
	TAILQ_INIT(&b->parked);
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
	TAILQ_INIT(&b->parked);
}

struct key {
	struct addr addr;
	char scope[LINK_NAME];
};

static struct key key_of(const struct addr *a, const char *ifname)
{
	struct key k;

	memset(&k, 0, sizeof(k)); /* the map compares bytes */
	k.addr = *a;
	if (ifname && a->family == AF_INET6 && addr_is_link_local(a))
		memcpy(k.scope, ifname, strnlen(ifname, sizeof(k.scope)));
	return k;
}

struct entry *book_find(const struct book *b, const struct addr *a, const char *ifname)
{
	const struct key k = key_of(a, ifname);

	return map_get(b->entries, &k, sizeof(k));
}

struct entry *book_next(const struct book *b, size_t *at)
{
	const void *key;
	void *value;
	size_t len;

	return map_next(b->entries, at, &key, &len, &value) ? value : NULL;
}

static struct entry *book_entry(struct book *b, const struct addr *a, const char *ifname)
{
	const struct key k = key_of(a, ifname);
	struct entry *e = map_get(b->entries, &k, sizeof(k));

	if (e)
		return e;
	e = xcalloc(1, sizeof(*e));
	e->addr = *a;
	memcpy(e->scope, k.scope, sizeof(e->scope));
	map_put(b->entries, &k, sizeof(k), e);
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
	return a->bits == b->bits && a->kind == b->kind && a->scope == b->scope &&
	       strncmp(a->ifname, b->ifname, sizeof(a->ifname)) == 0 &&
	       strncmp(a->label, b->label, sizeof(a->label)) == 0;
}

struct entry *book_want(struct book *b, struct vip_set *set, const struct vip *v)
{
	struct entry *e = book_entry(b, &v->addr, v->ifname);

	e->epoch = b->epoch;
	if (e->wanted && e->set == set && vip_same(&e->want, v)) {
		e->want.router = v->router;
		e->want.local = v->local;
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

bool entry_answers(const struct entry *e)
{
	return e->held || e->stand_in;
}

struct vip_have *entry_have(const struct entry *e, uint32_t ifindex, uint8_t bits)
{
	for (size_t i = 0; i < e->n_have; i++)
		if (e->have[i].ifindex == ifindex && e->have[i].bits == bits)
			return &e->have[i];
	return NULL;
}

bool book_have(struct book *b, const struct kaddr *a, const char *ifname, bool ours)
{
	struct entry *e = book_entry(b, &a->addr, ifname);
	struct vip_have *h = entry_have(e, a->ifindex, a->bits);

	if (h) {
		h->seen = true;
		h->scope = a->scope;
		memcpy(h->label, a->label, sizeof(h->label));
		return false;
	}
	e->have = xrealloc(e->have, (e->n_have + 1) * sizeof(*e->have));
	e->have[e->n_have++] = (struct vip_have){.ifindex = a->ifindex,
						 .bits = a->bits,
						 .scope = a->scope,
						 .ours = ours,
						 .seen = true,
						 .order = b->next_order++};
	memcpy(e->have[e->n_have - 1].label, a->label, sizeof(a->label));
	book_mark(b, e);
	return true;
}

struct entry *book_gone(struct book *b, const struct kaddr *a, const char *ifname, struct vip_have *old)
{
	struct entry *e = book_find(b, &a->addr, ifname);
	struct vip_have *h = e ? entry_have(e, a->ifindex, a->bits) : NULL;

	if (!h)
		return NULL;
	*old = *h;
	*h = e->have[--e->n_have];
	book_mark(b, e);
	return e;
}

void book_rename(struct book *b, uint32_t ifindex, const char *from, const char *to)
{
	struct kaddr *moving = NULL;
	bool *ours = NULL;
	struct vip_have old;
	struct entry *e;
	size_t at = 0, n = 0;

	while ((e = book_next(b, &at)))
		for (size_t i = 0; i < e->n_have && e->scope[0]; i++) {
			if (e->have[i].ifindex != ifindex)
				continue;
			moving = xrealloc(moving, (n + 1) * sizeof(*moving));
			ours = xrealloc(ours, (n + 1) * sizeof(*ours));
			ours[n] = e->have[i].ours;
			moving[n++] = (struct kaddr){.addr = e->addr, .bits = e->have[i].bits, .ifindex = ifindex};
		}
	for (size_t i = 0; i < n; i++) {
		book_gone(b, &moving[i], from, &old);
		book_have(b, &moving[i], to, ours[i]);
	}
	free(moving);
	free(ours);
}

/* Out of the queue that it is in. */
static void dequeue(struct book *b, struct entry *e)
{
	if (e->parked) {
		TAILQ_REMOVE(&b->parked, e, queue);
	} else if (e->dirty) {
		TAILQ_REMOVE(&b->dirty, e, queue);
		b->n_dirty--;
	}
	e->dirty = e->parked = false;
}

void book_mark(struct book *b, struct entry *e)
{
	if (e->dirty && !e->parked)
		return;
	dequeue(b, e);
	e->dirty = true;
	TAILQ_INSERT_TAIL(&b->dirty, e, queue);
	b->n_dirty++;
}

void book_mark_first(struct book *b, struct entry *e)
{
	dequeue(b, e);
	e->dirty = true;
	TAILQ_INSERT_HEAD(&b->dirty, e, queue);
	b->n_dirty++;
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

	if (e)
		dequeue(b, e);
	return e;
}

void book_park(struct book *b, struct entry *e)
{
	dequeue(b, e);
	e->dirty = e->parked = true;
	TAILQ_INSERT_TAIL(&b->parked, e, queue);
}

void book_unpark(struct book *b, size_t n)
{
	struct entry *e;

	while (n-- > 0 && (e = TAILQ_FIRST(&b->parked)))
		book_mark(b, e);
}

void book_drop(struct book *b, struct entry *e)
{
	struct key k;

	if (e->wanted || e->n_have > 0 || e->stand_in || e->dirty || e->busy)
		return;
	k = key_of(&e->addr, e->scope);
	map_del(b->entries, &k, sizeof(k));
	entry_free(e);
}
