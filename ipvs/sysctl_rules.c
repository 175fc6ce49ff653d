/* Source: net/netfilter/ipvs/ip_vs_ctl.c, net/ipv4/devinet.c (inet_forward_change), net/ipv6/addrconf.c (dev_forward_change: default routers are forgotten);
 * pkg/proxy/ipvs of Kubernetes 1.34, which sets the same. Test: tests/test_sysctl_rules.c */
#include "sysctl_rules.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

const struct sysctl_rule sysctl_rules[SYSCTL_RULES] = {
    {.name = "net.ipv4.vs.conntrack", .value = 1, .why = "masquerading needs it", .masquerade = true},
    {.name = "net.ipv4.vs.conn_reuse_mode",
     .value = 0,
     .why = "with masquerading, this kernel delays a client's port that is used again by a second",
     .masquerade = true,
     .below = 5 << 16 | 9},
    {.name = "net.ipv4.vs.expire_nodest_conn",
     .value = 1,
     .why = "a UDP flow moves only then when its real server goes"},
    {.name = "net.ipv4.vs.expire_quiescent_template",
     .value = 1,
     .why = "with sessionAffinity, clients stay with a real server that drains without it"},
    {.name = "net.ipv4.vs.sloppy_tcp",
     .value = 1,
     .why =
	 "scheduler mh picks the same real server on each node, but a connection goes on after a failover only with it",
     .need = NEED_MH},
    {.name = "net.ipv4.ip_forward",
     .value = 1,
     .why = "what real servers of forwarding method NAT answer is dropped here without it",
     .need = NEED_NAT4,
     .stays = true},
    {.name = "net.ipv6.conf.all.forwarding",
     .value = 1,
     .why = "what real servers of forwarding method NAT answer is dropped here without it; vipd does not set it, for "
	    "this node "
	    "would then forget routes that routers advertise, unless accept_ra is 2",
     .need = NEED_NAT6,
     .told = true},
};

const char *sysctl_word(const struct sysctl_rule *r)
{
	return strrchr(r->name, '.') + 1;
}

char *sysctl_path(const struct sysctl_rule *r, char buf[SYSCTL_PATH])
{
	snprintf(buf, SYSCTL_PATH, "/proc/sys/%s", r->name);
	for (char *c = buf; (c = strchr(c, '.'));)
		*c = '/';
	return buf;
}

unsigned sysctl_kernel(const char *release)
{
	unsigned part[2] = {0, 0};

	for (int i = 0; i < 2; i++) {
		if (*release < '0' || *release > '9')
			return 0;
		while (*release >= '0' && *release <= '9' && part[i] < 10000)
			part[i] = part[i] * 10 + (unsigned)(*release++ - '0');
		if (i == 0 && *release++ != '.')
			return 0;
	}
	return part[0] << 16 | part[1];
}

unsigned sysctl_need_of(const struct vs *v)
{
	unsigned need = strcmp(v->sched, "mh") == 0 ? NEED_MH : 0;

	for (uint32_t i = 0; i < v->n; i++)
		if (v->reals[i].forward == FORWARD_NAT)
			return need | (v->key.addr.family == AF_INET6 ? NEED_NAT6 : NEED_NAT4);
	return need;
}

bool sysctl_needed(const struct sysctl_rule *r, const struct nat_settings *s, unsigned kernel, unsigned need)
{
	if (r->masquerade && s->masquerade == MASQUERADE_NEVER)
		return false;
	if (r->need && !(r->need & need))
		return false;
	return !r->below || kernel < r->below;
}
