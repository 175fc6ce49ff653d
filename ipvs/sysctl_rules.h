/* Which settings of IPVS in the kernel (net/ipv4/vs, Documentation/networking/ipvs-sysctl.rst) vipd needs, and why. Pure. */
#ifndef VIPD_IPVS_SYSCTL_RULES_H
#define VIPD_IPVS_SYSCTL_RULES_H

#include "nat.h"

struct sysctl_rule {
	const char *name; /* under net/ipv4/vs */
	int value;
	const char *why; /* "... needs it": for a person */
	bool masquerade; /* only with masquerading */
	unsigned below;  /* only for kernels older than this, as sysctl_kernel says; 0: all */
};

enum { SYSCTL_RULES = 4 };
extern const struct sysctl_rule sysctl_rules[SYSCTL_RULES];

/* "6.1.0-13-amd64" -> 6 << 16 | 1; 0 for what is no version. */
unsigned sysctl_kernel(const char *release);
/* Whether the rule counts with these settings on this kernel; manageSysctls apart. */
bool sysctl_needed(const struct sysctl_rule *r, const struct nat_settings *s, unsigned kernel);

#endif
