/* Decides when a virtual server is tried again: at once when it is dirty, by a doubling wait when the kernel refused, by a look when it is somebody else's.
 * Source: DESIGN.md, "Want, have, operations"; STYLE.md rule 4. Test: tests/test_queue.c. */
#include "queue.h"

#include "../src/base/arena.h"
#include "../src/base/map.h"

#include <stdlib.h>
#include <string.h>

struct queue {
	struct map *map;
};

struct queue *queue_new(void)
{
	struct queue *q = xcalloc(1, sizeof(*q));
	q->map = map_new();
	return q;
}

static void pend_free(void *v)
{
	struct pend *p = v;
	pend_forget(p);
	free(p->message);
	free(p);
}

void queue_free(struct queue *q)
{
	if (!q)
		return;
	map_free(q->map, pend_free);
	free(q);
}

size_t queue_count(const struct queue *q)
{
	return map_count(q->map);
}

struct pend *queue_find(const struct queue *q, const struct vs_key *k)
{
	uint8_t key[VS_KEY_BYTES];
	if (!map_count(q->map))
		return NULL;
	vs_key_pack(k, key);
	return map_get(q->map, key, sizeof(key));
}

struct pend *queue_put(struct queue *q, const struct vs_key *k)
{
	uint8_t key[VS_KEY_BYTES];
	struct pend *p = queue_find(q, k);
	if (p)
		return p;
	p = xcalloc(1, sizeof(*p));
	p->key = *k;
	vs_key_pack(k, key);
	map_put(q->map, key, sizeof(key), p);
	return p;
}

void queue_drop(struct queue *q, struct pend *p)
{
	uint8_t key[VS_KEY_BYTES];
	vs_key_pack(&p->key, key);
	map_del(q->map, key, sizeof(key));
	pend_free(p);
}

struct pend *queue_each(const struct queue *q, size_t *at)
{
	const void *key;
	size_t len;
	void *value;
	return map_next(q->map, at, &key, &len, &value) ? value : NULL;
}

void pend_know(struct pend *p, const struct vs *have)
{
	pend_forget(p);
	p->known = true;
	p->exists = have != NULL;
	if (!have)
		return;
	p->have = *have;
	p->have.n_ranges = 0; /* the kernel has none */
	p->have.ranges = NULL;
	p->have.reals = have->n ? xmemdup(have->reals, have->n * sizeof(*have->reals)) : NULL;
}

void pend_forget(struct pend *p)
{
	free(p->have.reals);
	memset(&p->have, 0, sizeof(p->have));
	p->known = p->exists = false;
}

nsec_t backoff_next(nsec_t last)
{
	nsec_t next = last ? 2 * last : BACKOFF_FIRST_MS * NSEC_PER_MSEC;
	return next < BACKOFF_MOST_MS * NSEC_PER_MSEC ? next : BACKOFF_MOST_MS * NSEC_PER_MSEC;
}

void pend_fail(struct pend *p, nsec_t now)
{
	pend_forget(p);
	p->state = PEND_RETRY;
	p->backoff = backoff_next(p->backoff);
	p->due = now + p->backoff;
}

bool pend_is_due(const struct pend *p, nsec_t now)
{
	return p->state == PEND_DUE || (p->state == PEND_RETRY && p->due <= now);
}

size_t queue_due(const struct queue *q, nsec_t now, struct pend **out, size_t max)
{
	size_t at = 0, n = 0;
	struct pend *p;
	while (n < max && (p = queue_each(q, &at)))
		if (pend_is_due(p, now))
			out[n++] = p;
	return n;
}

nsec_t queue_next(const struct queue *q, nsec_t now)
{
	nsec_t next = INT64_MAX;
	size_t at = 0;
	struct pend *p;
	while ((p = queue_each(q, &at))) {
		if (pend_is_due(p, now))
			return 0;
		if (p->state == PEND_RETRY && p->due < next)
			next = p->due;
	}
	return next;
}

void queue_wake_scheduler(struct queue *q, const char *sched)
{
	size_t at = 0;
	struct pend *p;
	while ((p = queue_each(q, &at)))
		if (p->state == PEND_RETRY && !strcmp(p->sched, sched))
			p->state = PEND_DUE;
}

void queue_totals(const struct queue *q, uint32_t *failed, uint32_t *conflicts)
{
	size_t at = 0;
	uint32_t f = 0, c = 0;
	struct pend *p;
	while ((p = queue_each(q, &at))) {
		f += p->failed;
		c += p->state == PEND_CONFLICT;
	}
	*failed = f;
	*conflicts = c;
}

size_t queue_missing(const struct queue *q)
{
	size_t at = 0, n = 0;
	struct pend *p;
	while ((p = queue_each(q, &at)))
		n += p->missing;
	return n;
}
