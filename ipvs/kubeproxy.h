/* kube-proxy beside vipd, or what it left. Pure. */
#ifndef VIPD_IPVS_KUBEPROXY_H
#define VIPD_IPVS_KUBEPROXY_H

#include <stdbool.h>

#define KUBEPROXY_DEVICE "kube-ipvs0" /* of its IPVS mode: holds each address that it programs; stays when it ends */
#define KUBEPROXY_CHAIN                                                                                                \
	"KUBE-SERVICES" /* of its iptables mode (and its IPVS mode), in table nat: where packets to Services go */
#define KUBEPROXY_TABLE "kube-proxy" /* of its nftables mode */

struct kubeproxy_seen {
	bool device;
	unsigned sets; /* ipsets that kubeproxy_set knows */
	bool chain, table;
};

/* Whether an ipset of this name is its. */
bool kubeproxy_set(const char *name);

enum { KUBEPROXY_TEXT = 512 };
/* What a person should know and do of its IPVS mode; "" if there is no trace of it. Returns buf. */
char *kubeproxy_ipvs(const struct kubeproxy_seen *s, char buf[KUBEPROXY_TEXT]);
/* The same of its other modes: their rules catch packets before IPVS sees them. serves: vipd has virtual servers for what they serve, cluster IPs and node
 * ports; without any the two do not meet. */
char *kubeproxy_rules(const struct kubeproxy_seen *s, bool serves, char buf[KUBEPROXY_TEXT]);

#endif
