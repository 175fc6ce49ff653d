/* Gates: virtual servers that are wanted only while a virtual router is Active on this node (wire.h, vs.gate). What is behind a shut gate is kept aside, so that
 * the rest of the process knows nothing of it. Pure. */
#ifndef VIPD_IPVS_GATE_H
#define VIPD_IPVS_GATE_H

#include "wire.h"

/* Zero-initialise. */
struct gates {
	struct table *shut; /* what waits */
	uint16_t n;
	char names[GATES_MAX][GATE_NAME];
	bool open[GATES_MAX];
	char (*active)[GATE_NAME]; /* what vrrp said: the routers that are, gates or not */
	size_t n_active;
	uint64_t moves; /* virtual servers that came or went with a role */
};

void gates_clear(struct gates *g);
/* A whole table has come: takes out of it what must wait. */
void gates_picture(struct gates *g, struct table *want, const struct ipvs_settings *s);
/* A row has come: what it means to the rest (ROW_DELETE for what must wait). -EINVAL: its gate is not there; nothing is changed. */
int gates_row(struct gates *g, enum row_op op, const struct vs *v, enum row_op *out);
/* vrrp said that this router is Active or not. Calls `row` for each virtual server that comes (from what waited) or goes (from want, which is unchanged
 * until `row` changes it). Returns how many. */
size_t gates_role(struct gates *g, const char *router, bool active, struct table *want,
		  void (*row)(void *arg, enum row_op op, const struct vs *v), void *arg);
/* The routers that have something waiting, in the order of the gates: at most GATES_MAX names; how many. */
size_t gates_waiting(const struct gates *g, char (*names)[GATE_NAME]);
/* Both as one picture, for a successor. */
void *gates_encode(struct gates *g, struct table *want, const struct ipvs_settings *s, size_t *len);

#endif
