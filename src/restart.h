/* When a child that died is started again. Pure. */
#ifndef VIPD_RESTART_H
#define VIPD_RESTART_H

#include "base/clock.h"

/* Zero-initialise, one a child. */
struct restart {
	unsigned deaths; /* since the last one that was forgiven */
};

#define RESTART_FORGIVEN (60 * NSEC_PER_SEC)

/* How long to wait before the child is started again: at once the first time, then 1 s, doubling up to 60 s. A child that lived for
 * RESTART_FORGIVEN starts over. lived: from its start to its death. */
nsec_t restart_delay(struct restart *r, nsec_t lived);

#endif
