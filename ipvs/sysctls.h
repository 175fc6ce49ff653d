/* The kernel's settings that vipd needs (sysctl_rules.h): set with manageSysctls, put back when they are needed no more and by `vipd --cleanup`, unless
 * somebody else has changed them since. What was there before is in the ownership record. */
#ifndef VIPD_IPVS_SYSCTLS_H
#define VIPD_IPVS_SYSCTLS_H

#include "../src/base/loop.h"
#include "own.h"
#include "sysctl_rules.h"

struct sysctls {
	struct own *own;
	struct loop_timer *timer;
	struct nat_settings settings;
	bool wanted; /* settings are known */
	unsigned kernel;
	unsigned told; /* bits: said already that it is not as it should be */
};

/* Nothing happens before sysctls_want. */
void sysctls_init(struct sysctls *s, struct loop *loop, struct own *own);
void sysctls_clear(struct sysctls *s);
/* New settings; looked at now and every 30 s. */
void sysctls_want(struct sysctls *s, const struct nat_settings *settings);
/* Now: the kernel may have IPVS since a moment ago. */
void sysctls_look(struct sysctls *s);
/* Puts all of the record back. 0, or the last -errno. */
int sysctls_restore(struct own *own);

#endif
