/* The two clocks. Test: tests/test_loop.c. */
#include "clock.h"

#include <stdlib.h>
#include <time.h>

nsec_t clock_now(void)
{
	struct timespec ts;

	if (clock_gettime(CLOCK_MONOTONIC, &ts) < 0)
		abort();
	return (nsec_t)ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec;
}

int64_t clock_wall(void)
{
	return (int64_t)time(NULL);
}
