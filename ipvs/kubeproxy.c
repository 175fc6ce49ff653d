/* Decides what is said of kube-proxy's IPVS mode: both would program one kernel, and it takes all for its own that excludeCIDRs does not name. Source:
 * k8s.io/kubernetes pkg/proxy/ipvs (proxier.go: defaultDummyDevice, ipset names). Test: tests/test_kubeproxy.c */
#include "kubeproxy.h"

#include <stdio.h>
#include <string.h>

bool kubeproxy_set(const char *name)
{
	return strncmp(name, "KUBE-", 5) == 0;
}

char *kubeproxy_text(bool device, unsigned sets, char buf[KUBEPROXY_TEXT])
{
	char count[48] = "";

	buf[0] = '\0';
	if (sets)
		snprintf(count, sizeof count, "%s%u ipsets KUBE-*", device ? ", " : "", sets);
	if (device || sets)
		snprintf(buf, KUBEPROXY_TEXT,
			 "kube-proxy's IPVS mode runs here or has left traces (%s%s): it holds the addresses of "
			 "Services on every "
			 "node, and deletes or rewrites virtual servers that it does not know. Stop it and remove its "
			 "traces "
			 "(kube-proxy --cleanup); or let it keep away from vipd's addresses (its --ipvs-exclude-cidrs, "
			 "strictARP) "
			 "and vipd from its own (excludeCIDRs)",
			 device ? "interface " KUBEPROXY_DEVICE : "", count);
	return buf;
}
