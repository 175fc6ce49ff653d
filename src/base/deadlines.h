/* Who is due next: a heap of absolute times. Pure. */
#ifndef VIPD_BASE_DEADLINES_H
#define VIPD_BASE_DEADLINES_H

#include "clock.h"

#include <stddef.h>

/* Lives in its owner, zero-initialised; the heap's while it is in it. */
struct due {
	nsec_t at;
	size_t slot; /* place in the heap plus one; 0: not in it */
};

/* Zero-initialise. */
struct deadlines {
	struct due **items;
	size_t n, cap;
};

/* Sets or moves d's time; INT64_MAX takes it out. */
void deadlines_set(struct deadlines *q, struct due *d, nsec_t at);
struct due *deadlines_first(const struct deadlines *q); /* NULL if nothing is due ever */
void deadlines_clear(struct deadlines *q);

#endif
