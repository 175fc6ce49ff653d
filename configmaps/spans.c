/* A treap of spans that never touch each other, ordered by their first address: the gap behind a span is then its last address plus one, and a
 * pool that is filled in order is one span. Priorities come from a generator of the set's own, so that no order of addresses makes it deep.
 * Source: Seidel and Aragon, Randomized Search Trees. Test: tests/test_pool.c */
#include "spans.h"

#include "../src/base/arena.h"

#include <errno.h>
#include <stdlib.h>

struct span {
	struct addr first, last;
	uint32_t priority;
	struct span *left, *right;
};

struct spans {
	struct span *root;
	size_t n;
	uint32_t random;
};

struct spans *spans_new(void)
{
	struct spans *s = xcalloc(1, sizeof *s);

	s->random = 2463534242u;
	return s;
}

static uint32_t next_random(struct spans *s) /* Marsaglia's xorshift */
{
	s->random ^= s->random << 13;
	s->random ^= s->random >> 17;
	s->random ^= s->random << 5;
	return s->random;
}

/* The last span that starts at or before the address. */
static struct span *span_before(const struct spans *s, const struct addr *a)
{
	struct span *found = NULL;

	for (struct span *at = s->root; at;) {
		if (addr_cmp(&at->first, a) > 0) {
			at = at->left;
		} else {
			found = at;
			at = at->right;
		}
	}
	return found;
}

static struct span *span_starting(const struct spans *s, const struct addr *a)
{
	struct span *at = span_before(s, a);

	return at && addr_equal(&at->first, a) ? at : NULL;
}

/* Those that start before the key go left. */
static void treap_split(struct span *at, const struct addr *key, struct span **left, struct span **right)
{
	while (at) {
		if (addr_cmp(&at->first, key) < 0) {
			*left = at;
			left = &at->right;
			at = at->right;
		} else {
			*right = at;
			right = &at->left;
			at = at->left;
		}
	}
	*left = *right = NULL;
}

static void span_insert(struct spans *s, const struct addr *first, const struct addr *last)
{
	struct span *new = xcalloc(1, sizeof *new), **at = &s->root;

	*new = (struct span){.first = *first, .last = *last, .priority = next_random(s)};
	while (*at && (*at)->priority >= new->priority)
		at = addr_cmp(first, &(*at)->first) < 0 ? &(*at)->left : &(*at)->right;
	treap_split(*at, first, &new->left, &new->right);
	*at = new;
	s->n++;
}

static void span_delete(struct spans *s, struct span *gone)
{
	struct span **at = &s->root, *left = gone->left, *right = gone->right;

	while (*at != gone)
		at = addr_cmp(&gone->first, &(*at)->first) < 0 ? &(*at)->left : &(*at)->right;
	while (left && right) {
		if (left->priority > right->priority) {
			*at = left;
			at = &left->right;
			left = left->right;
		} else {
			*at = right;
			at = &right->left;
			right = right->left;
		}
	}
	*at = left ? left : right;
	free(gone);
	s->n--;
}

void spans_free(struct spans *s)
{
	while (s && s->root)
		span_delete(s, s->root);
	free(s);
}

bool spans_has(const struct spans *s, const struct addr *a)
{
	const struct span *at = span_before(s, a);

	return at && addr_cmp(a, &at->last) <= 0;
}

void spans_add(struct spans *s, const struct addr *a)
{
	struct span *before = span_before(s, a), *behind = NULL;
	struct addr next;

	if (before && addr_cmp(a, &before->last) <= 0)
		return;
	if (addr_next(a, &next))
		behind = span_starting(s, &next);
	if (before && addr_next(&before->last, &next) && addr_equal(&next, a)) {
		before->last = behind ? behind->last : *a;
		if (behind)
			span_delete(s, behind);
	} else if (behind) {
		behind->first = *a; /* nothing lies between: the order stays */
	} else {
		span_insert(s, a, a);
	}
}

void spans_remove(struct spans *s, const struct addr *a)
{
	struct span *at = span_before(s, a);
	struct addr next, last;

	if (!at || addr_cmp(a, &at->last) > 0)
		return;
	if (addr_equal(&at->first, &at->last)) {
		span_delete(s, at);
	} else if (addr_equal(&at->first, a)) {
		addr_next(a, &at->first);
	} else {
		last = at->last;
		addr_prev(a, &at->last);
		if (!addr_equal(&last, a) && addr_next(a, &next))
			span_insert(s, &next, &last);
	}
}

int spans_gap(const struct spans *s, const struct addr *first, const struct addr *last, struct addr *out)
{
	const struct span *at = span_before(s, first);
	struct addr a = *first;

	if (at && addr_cmp(first, &at->last) <= 0 && !addr_next(&at->last, &a))
		return -ENOSPC;
	if (a.family != first->family || addr_cmp(&a, last) > 0)
		return -ENOSPC;
	*out = a;
	return 0;
}

size_t spans_count(const struct spans *s)
{
	return s->n;
}
