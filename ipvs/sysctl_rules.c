/* Source: net/netfilter/ipvs/ip_vs_ctl.c; pkg/proxy/ipvs of Kubernetes 1.34, which sets the same. Test: tests/test_sysctl_rules.c */
#include "sysctl_rules.h"

const struct sysctl_rule sysctl_rules[SYSCTL_RULES] = {
    {"conntrack", 1, "masquerading needs it", true, 0},
    /* Before 5.9 each connection whose client's port comes again waited for a second. */
    {"conn_reuse_mode", 0, "with masquerading, this kernel delays a client's port that is used again by a second", true,
     5 << 16 | 9},
    {"expire_nodest_conn", 1, "a UDP flow moves only then when its real server goes", false, 0},
    {"expire_quiescent_template", 1, "with sessionAffinity, clients stay with a real server that drains without it",
     false, 0},
};

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

bool sysctl_needed(const struct sysctl_rule *r, const struct nat_settings *s, unsigned kernel)
{
	if (r->masquerade && s->masquerade == MASQUERADE_NEVER)
		return false;
	return !r->below || kernel < r->below;
}
