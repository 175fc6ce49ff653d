/* Kernel modules: asked for once each, loaded by the runner. */
#ifndef VIPD_IPVS_MODULES_H
#define VIPD_IPVS_MODULES_H

#include "../src/base/child.h"

enum { MODULES_MAX = 16, MODULE_NAME = 32, MODULE_WHY = 200 };

struct module {
	char name[MODULE_NAME];
	bool waiting;         /* the runner has not answered */
	int status;           /* of modprobe, once it has; as struct msg_ran */
	char why[MODULE_WHY]; /* what it said; "" loaded */
};

/* Zero-initialise. */
struct modules {
	struct module items[MODULES_MAX];
	uint32_t n;
};

/* Asks the runner to load it; a name that was asked for before is not asked for again, unless the runner ended without an answer or had no room, or has answered
 * and `again`. Returns it; NULL when the runner is not there or there are too many. */
struct module *modules_ask(struct modules *m, struct child *c, const char *name, bool again);
struct module *modules_find(struct modules *m, const char *name);
/* MSG_RAN; NULL for an answer that nobody waits for. */
struct module *modules_answer(struct modules *m, const struct msg *msg);
/* The runner has gone: what it has not answered may be asked again. */
void modules_lost(struct modules *m);

#endif
