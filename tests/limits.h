/* A program's own limits, and where they cannot be lowered: valgrind keeps the hard limit of descriptors to itself and answers EPERM. */
#ifndef VIPD_TESTS_LIMITS_H
#define VIPD_TESTS_LIMITS_H

#include <stdbool.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static inline bool limits_are_fixed(void)
{
	const struct rlimit few = {.rlim_cur = 256, .rlim_max = 256};
	int status = 0;
	pid_t pid = fork();

	if (pid == 0)
		_exit(setrlimit(RLIMIT_NOFILE, &few) < 0);
	return pid < 0 || waitpid(pid, &status, 0) != pid || status != 0;
}

/* So many descriptors may be open; false where the hard limit has it otherwise. */
static inline bool limits_files(rlim_t n)
{
	struct rlimit files = {0};

	if (getrlimit(RLIMIT_NOFILE, &files) < 0 || files.rlim_max < n)
		return false;
	if (files.rlim_cur >= n)
		return true;
	files.rlim_cur = n;
	return setrlimit(RLIMIT_NOFILE, &files) == 0;
}

#endif
