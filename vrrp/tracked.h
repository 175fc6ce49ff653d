/* One tracked thing: what counts as up. Pure. What its weight does to a priority is effective.h.
 * The meaning of rise and fall is keepalived's (keepalived.conf(5), track_script and its like). */
#ifndef VIPD_VRRP_TRACKED_H
#define VIPD_VRRP_TRACKED_H

#include "../src/base/router.h"

#include <stddef.h>

/* What is known of one thing. */
struct tracked {
	bool known; /* false: not looked at yet */
	bool up;
	uint8_t run;   /* results in a row that contradict `up`; scripts */
	int32_t value; /* files: the integer; 0 when there is none */
};

/* Takes one result of a script. The first one decides alone; then `rise` good ones in a row make it up, `fall` bad ones down (0 counts as 1). True if
 * the state is new. */
bool tracked_take(struct tracked *s, const struct track *t, bool good);

/* The integer of a track file: blanks, an optional sign, digits, blanks; cut to +-1000000. -EINVAL for anything else, and *out stays. */
int tracked_value_parse(const char *text, size_t len, int32_t *out);

/* Whether a line of /proc/PID/stat is of a living process with this name; the kernel cuts names at 15 bytes. */
bool tracked_process_matches(const char *name, const char *stat, size_t len);

#endif
