/* What the kernel counts, read for control (counters.h). Answers are malloc'd, and empty when the kernel cannot be read. */
#ifndef VIPD_IPVS_COUNT_H
#define VIPD_IPVS_COUNT_H

#include "counters.h"
#include "reconcile.h"

/* vipd's own virtual servers. */
char *count_heads(const struct reconcile *r, size_t *len);
/* The real servers of those whose keys are given, at most COUNTERS_KEYS; one that is not there is left out. */
char *count_reals(const struct reconcile *r, const void *keys, size_t keys_len, size_t *len);

#endif
