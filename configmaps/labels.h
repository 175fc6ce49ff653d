/* An index from one label pair to those that carry it: Pods by each of their labels, Services by one pair of their selector. Pure. */
#ifndef VIPD_CONFIGMAPS_LABELS_H
#define VIPD_CONFIGMAPS_LABELS_H

#include "object.h"

/* One entry of the index; lives in its owner and must not move while it is in the index. Zero: not in the index. */
struct label_ref {
	struct label_bucket *bucket;
	size_t at;
	void *owner;
};

/* All that carry one pair in one namespace, and now and then another with the same hash: who looks compares. */
struct label_bucket {
	struct label_ref **refs;
	size_t n, cap;
	uint64_t key;
};

struct labels;
struct labels *labels_new(void);
void labels_free(struct labels *l);
void labels_add(struct labels *l, struct label_ref *ref, void *owner, const char *namespace,
		const struct str_pair *pair);
void labels_remove(struct labels *l, struct label_ref *ref); /* nothing if it is not in the index */
/* NULL if none carries the pair. Valid until the index changes. */
const struct label_bucket *labels_find(const struct labels *l, const char *namespace, const struct str_pair *pair);
/* The pair of the list that the fewest carry; NULL for an empty list. */
const struct str_pair *labels_rarest(const struct labels *l, const char *namespace, const struct str_pairs *pairs);

#endif
