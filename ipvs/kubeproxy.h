/* kube-proxy's IPVS mode beside vipd, or what it left. Pure. */
#ifndef VIPD_IPVS_KUBEPROXY_H
#define VIPD_IPVS_KUBEPROXY_H

#include <stdbool.h>

#define KUBEPROXY_DEVICE "kube-ipvs0" /* holds each address that it programs; stays when it ends */

/* Whether an ipset of this name is its. */
bool kubeproxy_set(const char *name);

enum { KUBEPROXY_TEXT = 512 };
/* What a person should know and do: device: that interface is there; sets: how many of its ipsets. "" if there is neither. Returns buf. */
char *kubeproxy_text(bool device, unsigned sets, char buf[KUBEPROXY_TEXT]);

#endif
