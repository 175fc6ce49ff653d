/* The ownership record as text: one header of fixed length, then a line for each virtual server taken ("+TCP 10.0.0.1:80") or given
 * up ("-TCP 10.0.0.1:80"). Pure. */
#ifndef VIPD_IPVS_OWNLINE_H
#define VIPD_IPVS_OWNLINE_H

#include "table.h"

/* Which kernel tables the record speaks of. */
struct own_id {
	char boot[37];  /* /proc/sys/kernel/random/boot_id; "-" where there is none */
	uint64_t netns; /* inode of the network namespace */
};

enum { OWN_HEADER = 112, OWN_LINE = VS_KEY_TEXT + 2 };

/* The header, OWN_HEADER bytes with its newline; start: offset of the first line that counts. */
void own_line_header(const struct own_id *id, uint64_t start, char buf[OWN_HEADER + 1]);
/* 0, or -EINVAL for what is not a header of this version. */
int own_line_parse_header(const char *text, size_t len, struct own_id *id, uint64_t *start);
bool own_id_equal(const struct own_id *a, const struct own_id *b);

/* One line with its newline; returns its length. */
size_t own_line_format(bool add, const struct vs_key *k, char buf[OWN_LINE]);
/* A line without its newline. -EINVAL. */
int own_line_parse(const char *line, size_t len, bool *add, struct vs_key *k);

/* Calls each for every whole line of text in order. A torn last line is left out: *whole gets the length up to it. Returns how many
 * whole lines could not be understood (they are passed over). */
size_t own_replay(const char *text, size_t len, void (*each)(void *arg, bool add, const struct vs_key *k), void *arg,
		  size_t *whole);

#endif
