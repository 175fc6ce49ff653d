/* The system calls that each role may make. */
#ifndef VIPD_SANDBOX_H
#define VIPD_SANDBOX_H

#include "base/proto.h"

#include <stdbool.h>

/* Sets the role's seccomp filter in this process; final. A call that is not in the role's table fails with EPERM, one that no part of vipd could
 * want (execve, ptrace, mount...) ends the process. loud: the kernel logs what it refuses. The runner has no filter: its programs would inherit
 * it. 0, or -errno: -ENOSYS where the kernel has no filters. */
int sandbox_enter(enum role role, bool loud);

#endif
