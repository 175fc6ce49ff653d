/* Which settings of the kernel (Documentation/networking/ipvs-sysctl.rst, ip-sysctl.rst) vipd needs, and why. Pure.
 *
 * Of interfaces only what counts for all of them: an interface's own value is somebody's choice for it. vrrp/vmac.c sets those of a virtual MAC's device, and
 * `vipctl explain` looks at the interface that a client's packets come in by. */
#ifndef VIPD_IPVS_SYSCTL_RULES_H
#define VIPD_IPVS_SYSCTL_RULES_H

#include "nat.h"
#include "table.h"

/* What of the table makes a setting count: bits. */
enum sysctl_need {
	NEED_NAT4 = 1, /* real servers of forwarding method NAT: what they answer passes through this node */
	NEED_NAT6 = 2,
	NEED_MH = 4, /* scheduler mh */
	NEED_DIRECT4 =
	    8, /* real servers of forwarding method DR or TUN, this node perhaps among them: who is one holds the virtual IP itself */
	NEED_CLIENTS4 = 16, /* addresses that clients come to from outside */
	NEED_TABLE = 31,    /* those that virtual servers make; the others: */
	NEED_BIND4 = 32,    /* virtual IPs for other programs of the hosts */
	NEED_BIND6 = 64,
	NEED_EVERYWHERE4 = 128, /* kube-proxy's device holds the addresses on each node */
	NEED_NO_RATES = 256,    /* more servers than this kernel can compute the rates of in no time */
	NEED_BALANCE = 512,     /* connection sync: a node is Active for some addresses and Backup for others */
};

struct sysctl_rule {
	const char *name; /* as sysctl(8) has it; its last word is its name in the ownership record */
	const char *word; /* another name in the record, where two have the same last word; NULL */
	int value;
	bool more;       /* greater values do as well */
	int strict;      /* only this value does not do; 0: all but `value` */
	const char *why; /* "... needs it": for a person */
	bool masquerade; /* only with masquerading */
	unsigned below;  /* only for kernels older than this, as sysctl_kernel says; 0: all */
	unsigned need;   /* only with one of these in the table; 0: always */
	bool stays;      /* put back by --cleanup alone: others may have come to rely on it */
	bool told;       /* never set: a person is told */
};

enum { SYSCTL_RULES = 14, SYSCTL_PATH = 64 };
extern const struct sysctl_rule sysctl_rules[SYSCTL_RULES];

/* Its name in the ownership record; its file. */
const char *sysctl_word(const struct sysctl_rule *r);
char *sysctl_path(const struct sysctl_rule *r, char buf[SYSCTL_PATH]);
/* "6.1.0-13-amd64" -> 6 << 16 | 1; 0 for what is no version. */
unsigned sysctl_kernel(const char *release);
/* Whether it may stay as it is. */
bool sysctl_does(const struct sysctl_rule *r, int now);
/* Of one virtual server: enum sysctl_need. */
unsigned sysctl_need_of(const struct vs *v);
/* Of a table of so many virtual and real servers together, on a machine of so many CPUs; need: so far. A little fewer change nothing. */
unsigned sysctl_need_of_size(size_t servers, unsigned cpus, unsigned need);
/* Whether the rule counts with these settings and needs on this kernel; manageSysctls apart. */
bool sysctl_needed(const struct sysctl_rule *r, const struct nat_settings *s, unsigned kernel, unsigned need);

#endif
