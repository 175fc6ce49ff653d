/* Decides how long a dead child stays dead (DESIGN.md, Life and death): restarted at once the first time, with backoff after that.
 * Test: tests/test_restart.c */
#include "restart.h"

enum { BACKOFF_FIRST_S = 1, BACKOFF_LAST_S = 60, BACKOFF_STEPS = 6 };

nsec_t restart_delay(struct restart *r, nsec_t lived)
{
	unsigned before;

	if (lived >= RESTART_FORGIVEN)
		r->deaths = 0;
	before = r->deaths++;
	if (before == 0)
		return 0;
	if (before > BACKOFF_STEPS)
		return BACKOFF_LAST_S * NSEC_PER_SEC;
	return ((nsec_t)BACKOFF_FIRST_S << (before - 1)) * NSEC_PER_SEC;
}
