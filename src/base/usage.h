/* What this process uses. */
#ifndef VIPD_BASE_USAGE_H
#define VIPD_BASE_USAGE_H

#include "clock.h"

#include <jansson.h>
#include <stdint.h>

struct usage {
	nsec_t cpu;        /* user and system, since it began */
	uint64_t resident; /* bytes of memory */
	uint64_t open;     /* descriptors; 0: not known */
};

void usage_read(struct usage *out);
/* The same as {"cpuNs", "resident", "open"}. */
json_t *usage_json(void);
/* {"process": the same} in a sealed memfd, as MSG_ANSWER has it; or -errno. */
int usage_memfd(void);

#endif
