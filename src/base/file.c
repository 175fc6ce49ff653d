/* Whole files: open(2) without blocking, rename(2) for atomic replacement. Test: tests/test_file.c. */
#include "file.h"

#include "arena.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int open_regular(int dirfd, const char *path, size_t max, struct stat *st)
{
	int fd = openat(dirfd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	int err = 0;

	if (fd < 0)
		return -errno;
	if (fstat(fd, st) < 0)
		err = -errno;
	else if (S_ISDIR(st->st_mode))
		err = -EISDIR;
	else if (!S_ISREG(st->st_mode))
		err = -EINVAL;
	else if (st->st_size < 0 || (uintmax_t)st->st_size > max)
		err = -EFBIG;
	if (!err)
		return fd;
	close(fd);
	return err;
}

/* Reads to the end; the file may grow while it is read (or be one of proc's, whose size is 0). */
static int read_all(int fd, size_t expected, size_t max, char **bytes, size_t *len)
{
	size_t cap = expected + 1, n = 0;
	char *buf = xmalloc(cap + 1);

	for (;;) {
		ssize_t got = read(fd, buf + n, cap - n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 || (size_t)got > max - n) {
			int err = got < 0 ? -errno : -EFBIG;

			free(buf);
			return err;
		}
		n += (size_t)got;
		if (!got)
			break;
		if (n == cap) {
			cap = 2 * cap > 4096 ? 2 * cap : 4096;
			buf = xrealloc(buf, cap + 1);
		}
	}
	buf[n] = '\0';
	*bytes = buf;
	*len = n;
	return 0;
}

int file_read_stat(int dirfd, const char *path, size_t max, char **bytes, size_t *len, struct stat *st)
{
	struct stat found;
	int fd = open_regular(dirfd, path, max, &found), err;

	if (fd < 0)
		return fd;
	err = read_all(fd, (size_t)found.st_size, max, bytes, len);
	close(fd);
	if (!err)
		*st = found;
	return err;
}

int file_read(int dirfd, const char *path, size_t max, char **bytes, size_t *len)
{
	struct stat st;

	return file_read_stat(dirfd, path, max, bytes, len, &st);
}

struct manner {
	mode_t mode;
	bool sync, owned;
	uid_t uid; /* if owned */
	gid_t gid;
};

static int fill(int fd, const char *p, size_t len, const struct manner *m)
{
	while (len) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		p += n;
		len -= (size_t)n;
	}
	if ((m->owned && fchown(fd, m->uid, m->gid) < 0) || fchmod(fd, m->mode) < 0 || (m->sync && fsync(fd) < 0))
		return -errno;
	return 0;
}

/* A hidden name beside path, which watchers of the folder pass over. */
static char *temporary(const char *path)
{
	const char *slash = strrchr(path, '/');
	int folder = slash ? (int)(slash + 1 - path) : 0;

	return xasprintf("%.*s.%s.%ld.new", folder, path, path + folder, (long)getpid());
}

/* The rename is durable when the folder is; a file system that cannot is no error. */
static void sync_folder(int dirfd, const char *path)
{
	const char *slash = strrchr(path, '/');
	char *folder = slash ? xasprintf("%.*s", (int)(slash + 1 - path), path) : xstrdup(".");
	int fd = openat(dirfd, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0) {
		fsync(fd);
		close(fd);
	}
	free(folder);
}

static int replace(int dirfd, const char *path, const void *bytes, size_t len, const struct manner *m)
{
	char *tmp = temporary(path);
	int fd, err;

	/* A leftover of a process that died with our pid is in the way, never in use. */
	if (unlinkat(dirfd, tmp, 0) < 0 && errno != ENOENT) {
		err = -errno;
		goto out;
	}
	fd = openat(dirfd, tmp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0) {
		err = -errno;
		goto out;
	}
	err = fill(fd, bytes, len, m);
	if (close(fd) < 0 && !err)
		err = -errno;
	if (!err && renameat(dirfd, tmp, dirfd, path) < 0)
		err = -errno;
	if (err)
		unlinkat(dirfd, tmp, 0);
	else if (m->sync)
		sync_folder(dirfd, path);
out:
	free(tmp);
	return err;
}

int file_write(int dirfd, const char *path, const void *bytes, size_t len, unsigned mode)
{
	return replace(dirfd, path, bytes, len, &(struct manner){.mode = mode, .sync = true});
}

int file_write_unsynced(int dirfd, const char *path, const void *bytes, size_t len, unsigned mode)
{
	return replace(dirfd, path, bytes, len, &(struct manner){.mode = mode});
}

int file_write_as(int dirfd, const char *path, const void *bytes, size_t len, unsigned mode, unsigned uid, unsigned gid)
{
	const struct manner m = {.mode = mode, .sync = true, .owned = true, .uid = uid, .gid = gid};

	return replace(dirfd, path, bytes, len, &m);
}
