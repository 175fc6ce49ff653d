/* A set of addresses, kept as spans of neighbours: what it costs grows with the gaps in it, never with the range that it lies in, and every
 * call takes O(log spans). Pure. */
#ifndef VIPD_CONFIGMAPS_SPANS_H
#define VIPD_CONFIGMAPS_SPANS_H

#include "../src/base/addr.h"

struct spans;

struct spans *spans_new(void);
void spans_free(struct spans *s); /* NULL is fine */
bool spans_has(const struct spans *s, const struct addr *a);
void spans_add(struct spans *s, const struct addr *a);    /* nothing when it is there */
void spans_remove(struct spans *s, const struct addr *a); /* nothing when it is not */
/* The first address of first..last (one family) that is not in the set; -ENOSPC if there is none. */
int spans_gap(const struct spans *s, const struct addr *first, const struct addr *last, struct addr *out);
size_t spans_count(const struct spans *s); /* spans: what its memory grows with */

#endif
