/* Makes one child process: forked without exec, with a channel to the supervisor, as its user, behind its filter. */
#ifndef VIPD_SPAWN_H
#define VIPD_SPAWN_H

#include "base/child.h"
#include "sandbox.h"
#include "users.h"

#include <stdbool.h>
#include <sys/types.h>

struct spawn_role {
	int (*main)(struct child *c, const struct role_env *env); /* NULL: this role does not run */
	struct user user;
	struct sandbox sandbox;
};

struct spawn {
	struct spawn_role roles[ROLE_COUNT];
	bool confine; /* users, capabilities, filters; tests run without */
};

/* Starts a role. In the child every descriptor but 0, 1, 2, the channel and those of env is closed, the role's main runs, and its code is the exit
 * status (77 if its rights cannot be set). 0 with *pid and *channel (our end), or -errno. */
int spawn_child(const struct spawn *s, enum role role, const struct role_env *env, pid_t *pid, int *channel);

#endif
