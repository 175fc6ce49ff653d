/* Decides which vipd owns a run directory: flock(2) on run_dir/lock. Test: tests/test_places.c */
#include "lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static int lock_open(const char *run_dir, int flags)
{
	char path[4096];
	int n = snprintf(path, sizeof(path), "%s/lock", run_dir), fd;

	if (n < 0 || (size_t)n >= sizeof(path))
		return -ENAMETOOLONG;
	fd = open(path, flags | O_CLOEXEC | O_NOFOLLOW, 0644);
	return fd < 0 ? -errno : fd;
}

static pid_t lock_pid(int fd)
{
	char text[24] = "";
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);

	return n > 0 ? (pid_t)strtol(text, NULL, 10) : 0;
}

/* vipd --cleanup removes the file: what was opened before that is not the lock any more. */
static int still_there(const char *run_dir, int fd)
{
	struct stat mine, named;
	int other = lock_open(run_dir, O_RDONLY), same;

	if (other < 0)
		return 0;
	same = fstat(fd, &mine) == 0 && fstat(other, &named) == 0 && mine.st_ino == named.st_ino &&
	       mine.st_dev == named.st_dev;
	close(other);
	return same;
}

static int lock_try(const char *run_dir, pid_t *holder)
{
	int fd = lock_open(run_dir, O_RDWR | O_CREAT), err = 0;

	if (fd < 0)
		return fd;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		err = -errno;
		*holder = lock_pid(fd);
	} else if (!still_there(run_dir, fd)) {
		err = -EWOULDBLOCK;
	} else if (ftruncate(fd, 0) < 0 || dprintf(fd, "%ld\n", (long)getpid()) < 0) {
		err = -errno;
	}
	if (!err)
		return fd;
	close(fd);
	return err;
}

int lock_take(const char *run_dir, nsec_t within, pid_t *holder)
{
	static const struct timespec pause = {.tv_nsec = 5 * NSEC_PER_MSEC};
	nsec_t until = clock_now() + within;

	*holder = 0;
	for (;;) {
		int fd = lock_try(run_dir, holder);

		if (fd != -EWOULDBLOCK || clock_now() >= until)
			return fd;
		nanosleep(&pause, NULL);
	}
}

int lock_watch(const char *run_dir)
{
	return lock_open(run_dir, O_RDONLY);
}
