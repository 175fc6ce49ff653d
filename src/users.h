/* The users that vipd's processes run as. */
#ifndef VIPD_USERS_H
#define VIPD_USERS_H

#include <stddef.h>
#include <sys/types.h>

struct user {
	uid_t uid;
	gid_t gid;
};

/* "name", "UID" or "UID:GID". A number without a group takes its passwd entry's, else the same number. -ENOENT for an unknown name, -EINVAL
 * for what is neither; *out untouched. */
int users_find(const char *spec, struct user *out);

/* The group that may talk to the control socket: "vipd" if there is one, else `otherwise`. */
gid_t users_socket_group(gid_t otherwise);

/* The group whose members may change things by it: "vipd-admin" if there is one, else 0: nobody but root. */
gid_t users_admin_group(void);

#endif
