/* Whether this node's table may be relied upon, so that its virtual routers may win addresses. Pure. */
#ifndef VIPD_IPVS_READY_H
#define VIPD_IPVS_READY_H

#include "../src/base/clock.h"

#include <stdbool.h>
#include <stddef.h>

#define READY_BEHIND NSEC_PER_SEC

struct ready_view {
	bool passed;            /* all of a first picture has been tried */
	bool kernel;            /* IPVS answers, or nothing is needed of it */
	size_t wanted, missing; /* virtual servers; missing: of these, what the kernel refused, or lost the word on */
	nsec_t behind;          /* for how long there has been work to do without a pause; 0: there is none */
};

/* NULL: it may; else why not, a literal of less than 92 bytes. What the kernel refuses of a few virtual servers is told, and keeps no other from its
 * clients; a table of which most is missing does. */
const char *ready_why_not(const struct ready_view *v);

#endif
