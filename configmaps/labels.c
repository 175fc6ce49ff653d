/* Which Pods or Services carry a label pair, so that a change of one Pod looks at no other namespace and no other label.
 * Entries know their place in the bucket: removal costs the same however many share a label. Test: tests/test_plan_endpoints.c */
#include "labels.h"

#include "../src/base/map.h"

#include <stdlib.h>
#include <string.h>

struct labels {
	struct map *buckets; /* namespace NUL key NUL value -> struct label_bucket */
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
	free(b->key);
	free(b);
}

void labels_free(struct labels *l)
{
	if (!l)
		return;
	map_free(l->buckets, bucket_free);
	free(l);
}

static char *bucket_key(const char *namespace, const struct str_pair *pair, size_t *len)
{
	size_t a = strlen(namespace) + 1, b = strlen(pair->key) + 1, c = strlen(pair->value);
	char *key = xmalloc(a + b + c);

	memcpy(key, namespace, a);
	memcpy(key + a, pair->key, b);
	memcpy(key + a + b, pair->value, c);
	*len = a + b + c;
	return key;
}

void labels_add(struct labels *l, struct label_ref *ref, void *owner, const char *namespace,
		const struct str_pair *pair)
{
	size_t len;
	char *key = bucket_key(namespace, pair, &len);
	struct label_bucket *b = map_get(l->buckets, key, len);

	if (b) {
		free(key);
	} else {
		b = xcalloc(1, sizeof *b);
		b->key = key;
		b->key_len = len;
		map_put(l->buckets, key, len, b);
	}
	if (b->n == b->cap) {
		b->cap = b->cap ? 2 * b->cap : 2;
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
	map_del(l->buckets, b->key, b->key_len);
	bucket_free(b);
}

const struct label_bucket *labels_find(const struct labels *l, const char *namespace, const struct str_pair *pair)
{
	size_t len;
	char *key = bucket_key(namespace, pair, &len);
	const struct label_bucket *b = map_get(l->buckets, key, len);

	free(key);
	return b;
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
