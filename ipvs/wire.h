/* control -> ipvs: a whole table (picture) or changes (rows) as bytes. Pure. A row is one virtual server with all of its real servers. */
#ifndef VIPD_IPVS_WIRE_H
#define VIPD_IPVS_WIRE_H

#include "nat.h"
#include "sync.h"
#include "table.h"

enum { GATES_MAX = 1024, GATE_NAME = 32 };

/* What goes with the table. */
struct ipvs_settings {
	bool adopt;        /* take over a wanted virtual server that somebody else made */
	bool bind4, bind6; /* a virtual IP of the family is for other programs of the hosts */
	uint32_t drain_s;  /* as vs.drain_s, for what was wanted before this process began */
	struct sync_settings sync;
	struct nat_settings nat;
	/* Virtual routers that vs.gate counts from 1: a DR or TUN virtual server with a real server on this node must not be there while another node
	 * sends to it, or the two would pass packets to and fro (drOnBackup). */
	uint16_t n_gates;
	char gates[GATES_MAX][GATE_NAME];
};

/* Bytes of a picture, malloc'd: the caller frees. */
void *wire_encode_table(struct table *t, const struct ipvs_settings *s, size_t *len);
/* The same one virtual server at a time, sorted by key, each once, with sorted real servers. Zero-initialise; wire_picture_end leaves it so. */
struct wire_picture_writer {
	unsigned char *bytes;
	size_t len, cap;
	uint32_t count, reals;
};
void wire_picture_add(struct wire_picture_writer *w, const struct vs *v);
void *wire_picture_end(struct wire_picture_writer *w, const struct ipvs_settings *s, size_t *len);
/* Checks everything: magic, version, counts against length, keys in order and valid, known scheduler, weights, repeats. -EINVAL and a
 * reason in words; *t and *s are written only on success (*t is new and the caller's). */
int wire_decode_table(const void *bytes, size_t len, struct table **t, struct ipvs_settings *s, const char **reason);

enum row_op { ROW_SET, ROW_DELETE };

/* Appends one row to buf; returns its size, or 0 if it does not fit (a virtual server too large for a message goes as a picture). */
size_t wire_encode_row(enum row_op op, const struct vs *v, void *buf, size_t size);
/* The next row of a message: *at starts at 0. 1 a row (v->reals and v->ranges lie in storage that *v owns until vs_clear), 0 the end,
 * -EINVAL with a reason. */
int wire_next_row(const void *bytes, size_t len, size_t *at, enum row_op *op, struct vs *v, const char **reason);
void vs_clear(struct vs *v); /* frees v->reals and v->ranges */

#endif
