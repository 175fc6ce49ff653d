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
    {.name = "net.ipv4.vs.run_estimation",
     .value = 0,
     .why = "with so many servers, this kernel computes their rates each two seconds in one go, for which a virtual "
	    "router's advertisements wait; ipvsadm --rate shows old ones without it, vipctl top its own",
     .need = NEED_NO_RATES,
     .below = 6 << 16 | 2},
    {.name = "net.ipv4.vs.backup_only",
     .value = 0,
     .why = "a node that is told of connections forwards nothing while it is 1, though it may be Active for some "
	    "addresses",
     .need = NEED_BALANCE},
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
    {.name = "net.ipv4.conf.all.arp_ignore",
     .value = 1,
     .more = true,
     .why = "a node that holds a virtual IP on lo or kube-ipvs0 answers ARP for it without it, whoever is Active",
     .need = NEED_DIRECT4 | NEED_EVERYWHERE4},
    {.name = "net.ipv4.conf.all.arp_announce",
     .value = 2,
     .more = true,
     .why = "a node that holds a virtual IP on lo or kube-ipvs0 asks by ARP in its name without it, and others learn "
	    "the wrong MAC address",
     .need = NEED_DIRECT4 | NEED_EVERYWHERE4},
    {.name = "net.ipv4.conf.all.rp_filter",
     .value = 2,
     .strict = 1,
     .why = "strict, it drops the packets of clients to whom the way back is by another interface; 2 is loose",
     .need = NEED_CLIENTS4},
    {.name = "net.ipv4.ip_nonlocal_bind",
     .value = 1,
     .why = "a program of this host can bind a virtual IP that another node holds, and start before it is Active, only "
	    "with it",
     .need = NEED_BIND4,
     .stays = true},
    {.name = "net.ipv6.ip_nonlocal_bind",
     .word = "ip6_nonlocal_bind",
     .value = 1,
     .why = "a program of this host can bind a virtual IP that another node holds, and start before it is Active, only "
	    "with it",
     .need = NEED_BIND6,
     .stays = true},
};

const char *sysctl_word(const struct sysctl_rule *r)
{
	return r->word ? r->word : strrchr(r->name, '.') + 1;
}

bool sysctl_does(const struct sysctl_rule *r, int now)
{
	if (r->strict)
		return now != r->strict;
	return now == r->value || (r->more && now > r->value);
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

/* ip_vs_est.c before Linux 6.2 adds up each server's counters of all CPUs in one softirq, some 40 ns each: at most 2 ms of that. */
unsigned sysctl_need_of_size(size_t servers, unsigned cpus, unsigned need)
{
	size_t most = need & NEED_NO_RATES ? 25000 : 50000;

	return servers * cpus > most ? NEED_NO_RATES : 0;
}

static unsigned need_of_real(const struct real *r, bool v6)
{
	if (r->forward == FORWARD_NAT)
		return v6 ? NEED_NAT6 : NEED_NAT4;
	return v6 ? 0 : NEED_DIRECT4;
}

unsigned sysctl_need_of(const struct vs *v)
{
	bool v6 = v->key.addr.family == AF_INET6;
	unsigned need = strcmp(v->sched, "mh") == 0 ? NEED_MH : 0;

	if (!v6 && v->kind != VS_CLUSTER)
		need |= NEED_CLIENTS4;
	for (uint32_t i = 0; i < v->n; i++)
		need |= need_of_real(&v->reals[i], v6);
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
