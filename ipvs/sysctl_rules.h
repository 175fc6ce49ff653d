/* Which settings of the kernel (Documentation/networking/ipvs-sysctl.rst, ip-sysctl.rst) vipd needs, and why. Pure.
 *
 * Not among them: arp_ignore and arp_announce (kube-proxy's strictARP: it binds every address on every node; vipd adds a virtual IP only where its router is
 * Active, and vrrp/vmac.c sets them for virtual MACs), ip_nonlocal_bind (nothing here binds a virtual IP), rp_filter (a protection; `vipctl explain` says
 * where it drops a client's packets). */
#ifndef VIPD_IPVS_SYSCTL_RULES_H
#define VIPD_IPVS_SYSCTL_RULES_H

#include "nat.h"
#include "table.h"

/* What of the table makes a setting count: bits. */
enum sysctl_need {
	NEED_NAT4 = 1, /* real servers of forwarding method NAT: what they answer passes through this node */
	NEED_NAT6 = 2,
	NEED_MH = 4, /* scheduler mh */
	NEED_ALL = 7,
};

struct sysctl_rule {
	const char *name; /* as sysctl(8) has it; its last word is its name in the ownership record */
	int value;
	const char *why; /* "... needs it": for a person */
	bool masquerade; /* only with masquerading */
	unsigned below;  /* only for kernels older than this, as sysctl_kernel says; 0: all */
	unsigned need;   /* only with one of these in the table; 0: always */
	bool stays;      /* put back by --cleanup alone: others may have come to rely on it */
	bool told;       /* never set: a person is told */
};

enum { SYSCTL_RULES = 7, SYSCTL_PATH = 64 };
extern const struct sysctl_rule sysctl_rules[SYSCTL_RULES];

/* Its name in the ownership record; its file. */
const char *sysctl_word(const struct sysctl_rule *r);
char *sysctl_path(const struct sysctl_rule *r, char buf[SYSCTL_PATH]);
/* "6.1.0-13-amd64" -> 6 << 16 | 1; 0 for what is no version. */
unsigned sysctl_kernel(const char *release);
/* Of one virtual server: enum sysctl_need. */
unsigned sysctl_need_of(const struct vs *v);
/* Whether the rule counts with these settings and needs on this kernel; manageSysctls apart. */
bool sysctl_needed(const struct sysctl_rule *r, const struct nat_settings *s, unsigned kernel, unsigned need);

#endif
