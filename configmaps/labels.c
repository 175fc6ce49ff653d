/* Which Pods or Services carry a label pair, so that a change of one Pod looks at no other namespace and no other label.
 * Entries know their place in the bucket: removal costs the same however many share a label. Test: tests/test_plan_endpoints.c */
#include "labels.h"

#include "../src/base/map.h"

#include <stdlib.h>

struct labels {
	struct map *buckets; /* hash of namespace, key, value -> struct label_bucket */
};

struct labels *labels_new(void)
{
	struct labels *l = xcalloc(1, sizeof *l);

	l->buckets = map_new();
	return l;
}

static void bucket_free(void *bucket)
{
	struct label_bucket *b = bucket;

	free(b->refs);
	free(b);
}

void labels_free(struct labels *l)
{
	if (!l)
		return;
	map_free(l->buckets, bucket_free);
	free(l);
}

/* FNV-1a, with the strings' ends. */
static uint64_t hash_string(uint64_t h, const char *s)
{
	do
		h = (h ^ (unsigned char)*s) * 0x100000001b3u;
	while (*s++);
	return h;
}

static uint64_t bucket_key(const char *namespace, const struct str_pair *pair)
{
	return hash_string(hash_string(hash_string(0xcbf29ce484222325u, namespace), pair->key), pair->value);
}

void labels_add(struct labels *l, struct label_ref *ref, void *owner, const char *namespace,
		const struct str_pair *pair)
{
	uint64_t key = bucket_key(namespace, pair);
	struct label_bucket *b = map_get(l->buckets, &key, sizeof key);

	if (!b) {
		b = xcalloc(1, sizeof *b);
		b->key = key;
		map_put(l->buckets, &key, sizeof key, b);
	}
	if (b->n == b->cap) {
		b->cap = b->cap ? 2 * b->cap : 3;
		b->refs = xrealloc(b->refs, b->cap * sizeof *b->refs);
	}
	*ref = (struct label_ref){.bucket = b, .at = b->n, .owner = owner};
	b->refs[b->n++] = ref;
}

void labels_remove(struct labels *l, struct label_ref *ref)
{
	struct label_bucket *b = ref->bucket;

	if (!b)
		return;
	b->refs[ref->at] = b->refs[--b->n];
	b->refs[ref->at]->at = ref->at;
	ref->bucket = NULL;
	if (b->n)
		return;
	map_del(l->buckets, &b->key, sizeof b->key);
	bucket_free(b);
}

const struct label_bucket *labels_find(const struct labels *l, const char *namespace, const struct str_pair *pair)
{
	uint64_t key = bucket_key(namespace, pair);

	return map_get(l->buckets, &key, sizeof key);
}

const struct str_pair *labels_rarest(const struct labels *l, const char *namespace, const struct str_pairs *pairs)
{
	const struct str_pair *best = NULL;
	size_t least = 0;

	for (size_t i = 0; i < pairs->n; i++) {
		const struct label_bucket *b = labels_find(l, namespace, &pairs->items[i]);
		size_t n = b ? b->n : 0;

		if (!best || n < least) {
			best = &pairs->items[i];
			least = n;
		}
	}
	return best;
}
