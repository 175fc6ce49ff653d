/* Scripts of the administrator: which file one is, whether it may be run, and as whom. */
#ifndef VIPD_SCRIPT_H
#define VIPD_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* How the runner runs scripts. */
struct script_rules {
	const char *dir; /* where they lie */
	uid_t uid;       /* as whom they run */
	gid_t gid;
	uid_t owner; /* whose the file and its folders must be, if not root's: 0 but in tests */
};

/* A file name as it stands below the folder: no slash, no leading dot, no control character. */
bool script_name_good(const char *name);

/* Writes the path of a script that may be run: a regular executable file, it and every folder on the way up owned by root and writable by nobody else
 * (a sticky folder may be). 0, -ENOENT, -EINVAL for its name, -EACCES not executable, -EPERM somebody else could have written it, -ENAMETOOLONG. */
int script_path(const struct script_rules *rules, const char *name, char *path, size_t size);

/* In the process that is to become a script: its limits and its user, no capability. 0 or -errno: then it must not go on. */
int script_become(const struct script_rules *rules);

#endif
