/* The ownership record as text: one header of fixed length, then a line for each virtual server taken ("+TCP 10.0.0.1:80") or given
 * up ("-TCP 10.0.0.1:80"), for each real server that drains, with its deadline ("~TCP 10.0.0.1:80 10.32.0.5:8080 123456": milliseconds of the
 * monotonic clock, which the header's boot id makes unique), and that drains no more ("=TCP 10.0.0.1:80 10.32.0.5:8080"), and for each setting of the
 * kernel: what it was and what vipd made of it ("*conntrack 0 1"), and that it is the kernel's own again ("!conntrack"). Pure. */
#ifndef VIPD_IPVS_OWNLINE_H
#define VIPD_IPVS_OWNLINE_H

#include "table.h"

/* Which kernel tables the record speaks of. */
struct own_id {
	char boot[37];  /* /proc/sys/kernel/random/boot_id; "-" where there is none */
	uint64_t netns; /* inode of the network namespace */
};

enum { OWN_VERSION = 1, OWN_HEADER = 112, OWN_LINE = VS_KEY_TEXT + REAL_TEXT + 24, OWN_SYSCTL = 32 };

struct own_line {
	enum { OWN_TAKEN, OWN_GIVEN_UP, OWN_DRAINS, OWN_DRAINED, OWN_SYSCTL_SET, OWN_SYSCTL_BACK } type;
	struct vs_key key;
	struct real real;        /* OWN_DRAINS, OWN_DRAINED: address and port */
	uint64_t deadline_ms;    /* OWN_DRAINS */
	char sysctl[OWN_SYSCTL]; /* OWN_SYSCTL_SET, OWN_SYSCTL_BACK: its name, of lower case letters, digits and '_' */
	int was, set;            /* OWN_SYSCTL_SET; 0 to 999999999 */
};

/* The header, OWN_HEADER bytes with its newline; start: offset of the first line that counts. */
void own_line_header(const struct own_id *id, uint64_t start, char buf[OWN_HEADER + 1]);
/* The version that a record states, whatever else it says; -EINVAL if it is none. */
int own_line_version(const char *text, size_t len, unsigned *out);
/* 0, or -EINVAL for what is not a header of this version. */
int own_line_parse_header(const char *text, size_t len, struct own_id *id, uint64_t *start);
bool own_id_equal(const struct own_id *a, const struct own_id *b);

/* One line with its newline; returns its length. */
size_t own_line_format(const struct own_line *l, char buf[OWN_LINE]);
/* A line without its newline. -EINVAL. */
int own_line_parse(const char *line, size_t len, struct own_line *out);

/* Calls each for every whole line of text in order. A torn last line is left out: *whole gets the length up to it. Returns how many
 * whole lines could not be understood (they are passed over). */
size_t own_replay(const char *text, size_t len, void (*each)(void *arg, const struct own_line *l), void *arg,
		  size_t *whole);

#endif
