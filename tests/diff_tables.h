/* Whole tables by diff_vs: for tests, which have them. vipd itself never has: it looks at one virtual server after the other. */
#ifndef VIPD_TESTS_DIFF_TABLES_H
#define VIPD_TESTS_DIFF_TABLES_H

#include "../ipvs/diff.h"

/* Whole tables by a merge of the sorted lists: deletes of virtual servers that are in `have` but not wanted first only for those in `ours`
 * (a predicate over the key); others are left alone. Adds and edits afterwards. A wanted virtual server that is in `have` but not in `ours` is
 * left alone as well: it is a conflict, which the caller reports or ends by making the virtual server its own first. */
static inline void diff_tables(struct table *want, struct table *have, bool (*ours)(void *arg, const struct vs_key *k),
			       void *arg, struct ops *out)
{
	size_t nw, nh, h = 0;
	const struct vs *const *w = table_sorted(want, &nw), *const *k = table_sorted(have, &nh);

	for (size_t i = 0; i < nh; i++)
		if (!table_get(want, &k[i]->key) && ours(arg, &k[i]->key))
			diff_vs(NULL, k[i], out);
	for (size_t i = 0; i < nw; i++) {
		while (h < nh && vs_key_cmp(&k[h]->key, &w[i]->key) < 0)
			h++;
		if (h == nh || vs_key_cmp(&k[h]->key, &w[i]->key) != 0)
			diff_vs(w[i], NULL, out);
		else if (ours(arg, &k[h]->key))
			diff_vs(w[i], k[h], out);
	}
}

#endif
