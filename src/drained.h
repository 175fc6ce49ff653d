/* Real servers that a person drained: their weight is 0 in every virtual server until they are undrained. Pure. */
#ifndef VIPD_DRAINED_H
#define VIPD_DRAINED_H

#include "../ipvs/table.h"

enum { DRAINED_MAX = 4096, DRAINED_TEXT = REAL_TEXT };

struct drained_one {
	struct addr addr;
	uint16_t port; /* 0: every port */
};

/* Zero-initialise. */
struct drained {
	struct drained_one *items; /* sorted by address, port */
	size_t n;
};

void drained_clear(struct drained *d);
/* "10.32.0.5", "10.32.0.5:8080", "fd32::5", "[fd32::5]:8080"; -EINVAL. */
int drained_parse(const char *text, struct drained_one *out);
char *drained_format(const struct drained_one *o, char buf[DRAINED_TEXT]);
/* False: nothing changed (it is there already, is not there, or there are DRAINED_MAX). */
bool drained_add(struct drained *d, const struct drained_one *o);
bool drained_remove(struct drained *d, const struct drained_one *o);
bool drained_listed(const struct drained *d, const struct drained_one *o);
/* Whether it is drained, alone or with every port of its address. */
bool drained_has(const struct drained *d, const struct real *r);
/* Whether a virtual server has such a real server. */
bool drained_concerns(const struct drained_one *o, const struct vs *v);

/* The file: a line with its version, then one a line; without the former it is of version 0. */
enum { DRAINED_VERSION = 1 };

/* A torn last line counts as one that is none: half an address may be another one. */
enum drained_file {
	DRAINED_READ,
	DRAINED_DAMAGED, /* a line is none: *where is its number; what could be read is there */
	DRAINED_OTHER,   /* of another version, *where: nothing is taken */
};
enum drained_file drained_read(struct drained *d, const char *text, size_t len, size_t *where);
char *drained_write(const struct drained *d, size_t *len); /* malloc'd */

/* v with weight 0 where drained. Returns NULL if nothing of it is; else the real servers, malloc'd, which the caller puts in the place of v's and frees. */
struct real *drained_mask(const struct drained *d, const struct vs *v);

#endif
