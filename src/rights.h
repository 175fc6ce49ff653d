/* What a child process may: its user, its capabilities, no new privileges. */
#ifndef VIPD_RIGHTS_H
#define VIPD_RIGHTS_H

#include "base/proto.h"
#include "users.h"

/* In the child, before its filter: keeps the capabilities of the role's row, as far as this process has them, becomes the user, and gives up
 * every way to get more. 0 or -errno. */
int rights_drop(enum role role, const struct user *user);

#endif
