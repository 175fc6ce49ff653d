/* The kernel's settings that vipd needs (sysctl_rules.h): set with manageSysctls, put back when they are needed no more and by `vipd --cleanup`, unless
 * somebody else has changed them since. What was there before is in the ownership record. Who keeps changing one is told of, and answered less and less
 * often (tug.h). */
#ifndef VIPD_IPVS_SYSCTLS_H
#define VIPD_IPVS_SYSCTLS_H

#include "../src/base/loop.h"
#include "own.h"
#include "sysctl_rules.h"
#include "tug.h"

enum { SYSCTL_PROBLEM = 400 };

struct sysctl_ops {
	/* Something for a person; gone: it is over. reason is a literal. */
	void (*note)(void *arg, const char *object, const char *reason, const char *message, bool gone);
	/* Of the whole table: enum sysctl_need. */
	unsigned (*need)(void *arg);
};

struct sysctls {
	const struct sysctl_ops *ops;
	void *arg;
	struct own *own;
	struct loop_timer *timer;
	struct nat_settings settings;
	bool wanted; /* settings are known */
	unsigned kernel, need;
	nsec_t next;     /* look, from this one */
	uint64_t mended; /* what somebody else had changed */
	struct sysctl_state {
		bool well; /* it was as it should be, seen or set */
		struct tug_row tug;
		char problem[SYSCTL_PROBLEM]; /* why it is not; "" */
	} states[SYSCTL_RULES];
};

/* Nothing happens before sysctls_want. */
void sysctls_init(struct sysctls *s, struct loop *loop, struct own *own, const struct sysctl_ops *ops, void *arg);
void sysctls_clear(struct sysctls *s);
/* New settings, a new table; looked at now and every 30 s. */
void sysctls_want(struct sysctls *s, const struct nat_settings *settings);
/* Now: the kernel may have IPVS since a moment ago. */
void sysctls_look(struct sysctls *s);
/* The table came to need this: soon, if it is more than was needed before. */
void sysctls_more(struct sysctls *s, unsigned need);
/* Whether the kernel computes rates. Where it has stopped, those that it shows are of that moment. */
bool sysctls_rates(void);
/* Tells again all that was told. */
void sysctls_renote(struct sysctls *s);
/* Puts all of the record back. 0, or the last -errno. */
int sysctls_restore(struct own *own);

#endif
