/* want, have -> ordered operations. Pure; never talks to the kernel. */
#ifndef VIPD_IPVS_DIFF_H
#define VIPD_IPVS_DIFF_H

#include "table.h"

enum op_type {
	OP_VS_ADD,  /* vs: head only; `sched` may be "none" first where filling is dear (mh) */
	OP_VS_EDIT, /* change scheduler, flags, timeout in place */
	OP_VS_DELETE,
	OP_REAL_ADD,
	OP_REAL_EDIT, /* weight, forwarding or limits in place */
	OP_REAL_DELETE,
};
enum { OP_TYPES = OP_REAL_DELETE + 1 };

/* One operation. vs points into want (or have, for deletes) and lives as long as that table does not change. */
struct op {
	enum op_type type;
	const struct vs *vs;
	struct real real;  /* OP_REAL_* */
	const char *sched; /* OP_VS_ADD, OP_VS_EDIT: the scheduler to send (a literal or vs->sched) */
};

struct ops {
	struct op *items;
	size_t n, cap;
};
void ops_clear(struct ops *o);

/* One virtual server: want or have may be NULL (absent). Appends to *out in the order that keeps service going: add or edit the virtual
 * server, add and edit real servers, then delete real servers. A new mh virtual server is added with scheduler "none", filled, then edited
 * to mh (the kernel rebuilds mh's table at each real server). A wanted real server that differs only in weight, forwarding or the virtual
 * server's limits is edited. */
void diff_vs(const struct vs *want, const struct vs *have, struct ops *out);

#endif
