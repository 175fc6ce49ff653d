/* run_dir/lock: one vipd a run directory. A flock, so that it ends with its holder, and it lives over an exec. */
#ifndef VIPD_LOCK_H
#define VIPD_LOCK_H

#include "base/clock.h"

#include <sys/types.h>

/* Takes the lock and writes our pid into it. Waits up to `within`: the vrrp process of a supervisor that died looks whether the lock is
 * free by taking it for a moment. The descriptor (close-on-exec), or -errno; -EWOULDBLOCK when somebody holds it: then *holder is its pid, 0 if
 * it cannot be told. */
int lock_take(const char *run_dir, nsec_t within, pid_t *holder);

/* A descriptor of its own, for looking only (vrrp). -errno. */
int lock_watch(const char *run_dir);

#endif
