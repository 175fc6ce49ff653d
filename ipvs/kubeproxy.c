/* Decides what is said of kube-proxy. Its IPVS mode and vipd would program one kernel, and it takes all for its own that excludeCIDRs does not name. Its other
 * modes rewrite a packet's destination in PREROUTING and OUTPUT, before IPVS at LOCAL_IN. Source: k8s.io/kubernetes pkg/proxy/ipvs (proxier.go:
 * defaultDummyDevice, ipset names), pkg/proxy/iptables (kubeServicesChain), pkg/proxy/nftables (kubeProxyTable). Test: tests/test_kubeproxy.c */
#include "kubeproxy.h"

#include <stdio.h>
#include <string.h>

bool kubeproxy_set(const char *name)
{
	return strncmp(name, "KUBE-", 5) == 0;
}

static bool has_ipvs(const struct kubeproxy_seen *s)
{
	return s->device || s->sets;
}

char *kubeproxy_ipvs(const struct kubeproxy_seen *s, char buf[KUBEPROXY_TEXT])
{
	char count[48] = "";

	buf[0] = '\0';
	if (s->sets)
		snprintf(count, sizeof count, "%s%u ipsets KUBE-*", s->device ? ", " : "", s->sets);
	if (has_ipvs(s))
		snprintf(buf, KUBEPROXY_TEXT,
			 "kube-proxy's IPVS mode runs here or has left traces (%s%s): it holds the addresses of "
			 "Services on every node, and deletes or rewrites virtual servers that it does not know. Stop "
			 "it and remove its traces (kube-proxy --cleanup); or let it keep away from vipd's addresses "
			 "(its --ipvs-exclude-cidrs, strictARP) and vipd from its own (excludeCIDRs)",
			 s->device ? "interface " KUBEPROXY_DEVICE : "", count);
	return buf;
}

char *kubeproxy_rules(const struct kubeproxy_seen *s, bool serves, char buf[KUBEPROXY_TEXT])
{
	buf[0] = '\0';
	if (serves && !has_ipvs(s) && (s->chain || s->table))
		snprintf(buf, KUBEPROXY_TEXT,
			 "kube-proxy runs here or has left rules (%s): they catch what comes for cluster IPs and node "
			 "ports before vipd's virtual servers. Stop it and remove its rules (kube-proxy --cleanup); or "
			 "leave both to it (handle: [LoadBalancer, ConfigMap])",
			 s->chain ? "iptables chain " KUBEPROXY_CHAIN : "nftables table " KUBEPROXY_TABLE);
	return buf;
}
