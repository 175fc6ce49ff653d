/* Decides which scripts may be run: what keepalived does with enable_script_security, always. A file that only root can change, in folders that only root
 * can change, is still the same file when it is executed. Source: path_resolution(7), getrlimit(2). Test: tests/test_script.c */
#include "script.h"

#include <cap-ng.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

bool script_name_good(const char *name)
{
	if (!name[0] || name[0] == '.')
		return false;
	for (; *name; name++)
		if (*name == '/' || (unsigned char)*name < ' ' || *name == 0x7f)
			return false;
	return true;
}

static bool only_root_writes(const struct script_rules *rules, const struct stat *st)
{
	bool sticky = S_ISDIR(st->st_mode) && (st->st_mode & S_ISVTX);

	return (st->st_uid == 0 || st->st_uid == rules->owner) && (sticky || !(st->st_mode & (S_IWGRP | S_IWOTH)));
}

/* The folder and those above it, by what they are and not by their names: a link on the way does not hide one. fd is closed. */
static int check_folders(const struct script_rules *rules, int fd)
{
	struct stat st, up;
	int parent, err = 0;

	if (fstat(fd, &st) < 0)
		err = -errno;
	while (!err) {
		if (!only_root_writes(rules, &st)) {
			err = -EPERM;
			break;
		}
		parent = openat(fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (parent < 0 || fstat(parent, &up) < 0)
			err = -errno;
		close(fd);
		fd = parent;
		if (!err && up.st_ino == st.st_ino && up.st_dev == st.st_dev)
			break;
		st = up;
	}
	if (fd >= 0)
		close(fd);
	return err;
}

int script_path(const struct script_rules *rules, const char *name, char *path, size_t size)
{
	struct stat st;
	int fd, err, n;

	if (!script_name_good(name))
		return -EINVAL;
	n = snprintf(path, size, "%s/%s", rules->dir, name);
	if (n < 0 || (size_t)n >= size)
		return -ENAMETOOLONG;
	fd = open(rules->dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	err = fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
	if (!err && !S_ISREG(st.st_mode))
		err = -EACCES;
	if (!err && !only_root_writes(rules, &st))
		err = -EPERM;
	if (!err && !(st.st_mode & (S_IXUSR | S_IXGRP | S_IXOTH)))
		err = -EACCES;
	if (err) {
		close(fd);
		return err;
	}
	return check_folders(rules, fd);
}

/* What a script that goes wrong may take. */
static int limit_set(void)
{
	static const struct {
		unsigned what;
		rlim_t most;
	} limits[] = {
	    {RLIMIT_CORE, 0},           {RLIMIT_NOFILE, 256},      {RLIMIT_NPROC, 128},
	    {RLIMIT_FSIZE, 64UL << 20}, {RLIMIT_AS, 1024UL << 20}, {RLIMIT_MEMLOCK, 0},
	};

	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		struct rlimit now;

		if (getrlimit(limits[i].what, &now) < 0)
			return -errno;
		now.rlim_max = now.rlim_max < limits[i].most ? now.rlim_max : limits[i].most;
		now.rlim_cur = now.rlim_max;
		if (setrlimit(limits[i].what, &now) < 0)
			return -errno;
	}
	return 0;
}

int script_become(const struct script_rules *rules)
{
	if (geteuid() == 0 && setgroups(0, NULL) < 0)
		return -errno;
	if (setresgid(rules->gid, rules->gid, rules->gid) < 0 || setresuid(rules->uid, rules->uid, rules->uid) < 0)
		return -errno;
	/* Another user has none by now; root's would come back by execve. */
	capng_clear(CAPNG_SELECT_BOTH);
	if (capng_apply(CAPNG_SELECT_CAPS) < 0)
		return -EPERM;
	return limit_set();
}
