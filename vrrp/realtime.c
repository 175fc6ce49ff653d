/* Decides how the process is scheduled: the lowest real-time priority, above all that has none; a limit on what it may compute without waiting, so that a
 * loop that never ends is killed and does not take the machine; its pages stay in memory once they are there.
 * Source: sched(7), getrlimit(2) RLIMIT_RTTIME, mlockall(2). Test: tests/kernel/test_vrrp_hold.c. */
#include "realtime.h"

#include "../src/base/log.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

enum { RUN_SOFT_US = 5000000, RUN_HARD_US = 6000000 };

void realtime_enter(void)
{
	const struct rlimit limit = {.rlim_cur = RUN_SOFT_US, .rlim_max = RUN_HARD_US};
	struct sched_param p = {.sched_priority = sched_get_priority_min(SCHED_RR)};

	/* First the limit: without it a mistake would stop the machine. */
	if (setrlimit(RLIMIT_RTTIME, &limit) < 0 || sched_setscheduler(0, SCHED_RR, &p) < 0)
		log_info("no real-time priority: %s", strerror(errno));
	if (mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) < 0)
		log_info("memory is not locked: %s", strerror(errno));
}
