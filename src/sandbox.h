/* The system calls that each role may make: seccomp(2). */
#ifndef VIPD_SANDBOX_H
#define VIPD_SANDBOX_H

#include "base/proto.h"

#include <linux/filter.h>
#include <stdbool.h>

/* A role's filter as the kernel takes it. code belongs to whoever made it; NULL: no filter. */
struct sandbox {
	struct sock_filter *code;
	unsigned short n;
};

/* Made in the supervisor, before its children: what libseccomp takes for it is then in none of them. The runner has no filter: its programs would
 * inherit it. 0, or -errno: -EINVAL where the kernel has no filters. */
int sandbox_make(enum role role, struct sandbox *out);
void sandbox_clear(struct sandbox *s);

/* Sets the filter in this process; final. A call that is not in the role's table fails with EPERM, one that no part of vipd could want (execve,
 * ptrace, mount...) ends the process. loud: the kernel logs what it refuses. 0, or -errno: -ENOSYS or -EINVAL where the kernel has no filters. */
int sandbox_enter(const struct sandbox *s, bool loud);

#endif
