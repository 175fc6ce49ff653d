/* What is wrong with an object, one message a reason; compared with what was reported last. Pure. */
#ifndef VIPD_CONFIGMAPS_PROBLEMS_H
#define VIPD_CONFIGMAPS_PROBLEMS_H

#include "plan.h"

struct problem {
	const char *reason; /* a literal */
	char *message;      /* owned */
};

/* Zero-initialise. */
struct problems {
	struct problem *items;
	size_t n;
};

/* Adds a message; further ones of the same reason are joined by "; " up to a bound. */
__attribute__((format(printf, 3, 4))) void problems_add(struct problems *l, const char *reason, const char *fmt, ...);
void problems_copy(struct problems *to, const struct problems *from); /* appends */
void problems_clear(struct problems *l);
/* Calls back what began, changed or ended between *was and *now, then moves *now into *was. */
void problems_report(struct problems *was, struct problems *now, const struct object *o, const struct plan_out *out);

#endif
