/* Other programs that handle Services on this host: looks for them and tells a person. */
#ifndef VIPD_IPVS_BESIDE_H
#define VIPD_IPVS_BESIDE_H

#include "kubeproxy.h"

/* Zero-initialise but note and arg. */
struct beside {
	/* Something for a person; gone: it is over. reason is a literal. */
	void (*note)(void *arg, const char *object, const char *reason, const char *message, bool gone);
	void *arg;
	/* What was told; "" nothing. */
	char ipvs[KUBEPROXY_TEXT], rules[KUBEPROXY_TEXT];
};

/* Says what is new. sets: how many ipsets kubeproxy_set knows; serves: vipd has virtual servers for cluster IPs or node ports. */
void beside_look(struct beside *b, unsigned sets, bool serves);
/* Tells again all that was told. */
void beside_renote(const struct beside *b);

#endif
