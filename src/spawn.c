/* Decides what a child is born with: fork(2), descriptors, name, rights, filter, then its main. Test: tests/test_supervisor.c */
#include "spawn.h"

#include "base/log.h"
#include "rights.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

enum { EXIT_CANNOT = 77 };

static bool wanted(int fd, const int *keep, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (keep[i] == fd)
			return true;
	return fd <= STDERR_FILENO;
}

/* The parent's descriptors: the lock among them, which must die with the parent. Without /proc all numbers are tried. */
static void close_others(const int *keep, size_t n)
{
	DIR *d = opendir("/proc/self/fd");
	const struct dirent *e;

	if (!d) {
		for (int fd = 0; fd < (int)sysconf(_SC_OPEN_MAX); fd++)
			if (!wanted(fd, keep, n))
				close(fd);
		return;
	}
	while ((e = readdir(d))) {
		int fd = (int)strtol(e->d_name, NULL, 10);

		if (fd != dirfd(d) && !wanted(fd, keep, n))
			close(fd);
	}
	closedir(d);
}

static void confine(enum role role, const struct spawn_role *r)
{
	int err = rights_drop(role, &r->user);

	if (err < 0) {
		log_error("cannot become user %u with the capabilities of %s: %s", (unsigned)r->user.uid,
			  role_name(role), strerror(-err));
		_exit(EXIT_CANNOT);
	}
	err = sandbox_enter(&r->sandbox, log_level_now() == LOG_LEVEL_DEBUG);
	if (err < 0)
		log_warning("this kernel takes no seccomp filter (%s): going on without", strerror(-err));
}

/* An offset that the last owner moved would hide the record from the next. */
static void rewind_own(int fd)
{
	if (fd >= 0)
		lseek(fd, 0, SEEK_SET);
}

static _Noreturn void run(const struct spawn *s, enum role role, const struct role_env *env, int channel)
{
	const int keep[] = {channel,     env->own_fd,  env->listen_fd,  env->state_fd,
			    env->mem_fd, env->lock_fd, log_journal_fd()};
	struct child *c;
	char name[16];
	int code;

	snprintf(name, sizeof(name), "vipd-%s", role_name(role));
	prctl(PR_SET_NAME, name);
	close_others(keep, sizeof(keep) / sizeof(keep[0]));
	rewind_own(env->own_fd);
	c = child_new(role, channel);
	if (s->confine)
		confine(role, &s->roles[role]);
	code = s->roles[role].main(c, env);
	child_free(c);
	/* Not exit: what the parent had in its buffers and its handlers is the parent's. */
	fflush(stderr);
	_exit(code);
}

int spawn_child(const struct spawn *s, enum role role, const struct role_env *env, pid_t *pid, int *channel)
{
	int fds[2], err = chan_pair(fds);
	pid_t p;

	if (err < 0)
		return err;
	fflush(NULL);
	p = fork();
	if (p == 0)
		run(s, role, env, fds[1]);
	err = p < 0 ? -errno : 0;
	close(fds[1]);
	if (err < 0) {
		close(fds[0]);
		return err;
	}
	*pid = p;
	*channel = fds[0];
	return 0;
}
