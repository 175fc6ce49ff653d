/* What this process uses. */
#ifndef VIPD_BASE_USAGE_H
#define VIPD_BASE_USAGE_H

#include "clock.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct usage {
	nsec_t cpu;        /* user and system, since it began */
	uint64_t resident; /* bytes of memory */
	uint64_t open;     /* descriptors; 0: not known */
};

void usage_read(struct usage *out);
/* The same as {"cpuNs", "resident", "open"}. */
json_t *usage_json(void);
/* CPU time and memory of another process of this machine, from the text of /proc/PID/stat; false if it is no such text. Clock ticks a second and bytes a page
 * are the machine's. Pure. */
bool usage_parse(const char *stat, long ticks, long page, struct usage *out);
/* A child of the parent of this process, by the name that it has given itself; `open` stays 0. name NULL: the parent itself. False if there is none. */
bool usage_read_other(const char *name, struct usage *out);

#endif
