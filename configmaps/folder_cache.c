/* Copies are written without fsync, because ten thousand of them would stall for minutes: the first line's hash says whether one is whole.
 * Test: tests/test_folder.c. */
#include "folder_cache.h"

#include "../src/base/arena.h"
#include "../src/base/file.h"
#include "../src/base/hash.h"
#include "folder_watch.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum { COPY_MAX = (128 << 20) + 4096, HEAD = 64 };

uint64_t cache_hash(const char *text, size_t len)
{
	return hash_bytes(0, text, len);
}

/* The first line; returns its length. */
static size_t head_format(char buf[HEAD], const char *text, size_t len)
{
	return (size_t)snprintf(buf, HEAD, "# last good copy, kept by vipd: %016llx\n",
				(unsigned long long)cache_hash(text, len));
}

int cache_read(int dirfd, const char *name, char **text, size_t *len)
{
	char *bytes, head[HEAD], *body;
	size_t n, skip;
	int err = file_read(dirfd, name, COPY_MAX, &bytes, &n);

	if (err)
		return err;
	body = memchr(bytes, '\n', n);
	skip = body ? (size_t)(body + 1 - bytes) : n;
	if (!body || head_format(head, bytes + skip, n - skip) != skip || memcmp(head, bytes, skip)) {
		free(bytes);
		return -EBADMSG;
	}
	memmove(bytes, bytes + skip, n - skip + 1);
	*text = bytes;
	*len = n - skip;
	return 0;
}

static int write_all(int fd, const char *p, size_t len)
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
	return 0;
}

int cache_write(int dirfd, const char *name, const char *text, size_t len)
{
	static const char new[] = ".new"; /* one writer: the control process */
	int fd = openat(dirfd, new, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600), err;
	char head[HEAD];

	if (fd < 0)
		return -errno;
	err = write_all(fd, head, head_format(head, text, len));
	err = err ? err : write_all(fd, text, len);
	if (close(fd) && !err)
		err = -errno;
	if (!err && renameat(dirfd, new, dirfd, name))
		err = -errno;
	if (err)
		unlinkat(dirfd, new, 0);
	return err;
}

void cache_delete(int dirfd, const char *name)
{
	unlinkat(dirfd, name, 0);
}

/* --- names --- */

void names_add(struct names *l, const char *name)
{
	if (l->n == l->cap) {
		l->cap = l->cap ? 2 * l->cap : 16;
		l->items = xrealloc(l->items, l->cap * sizeof(*l->items));
	}
	l->items[l->n++] = xstrdup(name);
}

void names_clear(struct names *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->items[i]);
	free(l->items);
	*l = (struct names){0};
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int names_list(int dirfd, struct names *out)
{
	int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), err = 0;
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *e;

	if (!dir) {
		err = -errno;
		if (fd >= 0)
			close(fd);
		return err;
	}
	while (errno = 0, (e = readdir(dir)))
		if (watch_wants(e->d_name))
			names_add(out, e->d_name);
	err = -errno;
	closedir(dir);
	if (err)
		names_clear(out);
	else if (out->n)
		qsort(out->items, out->n, sizeof(*out->items), by_name);
	return err;
}
