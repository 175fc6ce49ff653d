/* The copies lag behind on purpose: the first pass must not wait for them, and a file is read again to be copied, so that no text is kept in
 * memory. Test: tests/test_folder.c. */
#include "folder_copy.h"

#include "../src/base/file.h"
#include "../src/base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { COPY_SLICE = 100, COPY_RETRY_MS = 60000, TEXT_MAX = 128 << 20, TRIM_FROM = 1000 };

struct copier {
	const char *path;
	const struct folder_table *table;
	int cache_fd;
	struct loop_timer *timer;
	struct names stale; /* to be looked at, from `at` on */
	size_t at;
	bool failed, told; /* in this round; in the last one, and it was logged */
};

/* The text that the file's objects came from, if it is still on disk, goes to the cache. */
static int copy_file(struct copier *c, const struct source_file *file, int dir_fd)
{
	char *text;
	size_t len;
	int err = cache_read(c->cache_fd, file->name, &text, &len);
	bool same = !err && cache_hash(text, len) == file->good_hash;

	if (!err)
		free(text);
	if (same || file_read(dir_fd, file->name, TEXT_MAX, &text, &len))
		return 0;
	err = cache_hash(text, len) == file->good_hash ? cache_write(c->cache_fd, file->name, text, len) : 0;
	free(text);
	return err;
}

static void copy_name(struct copier *c, const char *name, int dir_fd)
{
	const struct source_file *file = folder_table_find(c->table, name);
	int err = 0;

	if (!file)
		cache_delete(c->cache_fd, name);
	else if (file->good)
		err = copy_file(c, file, dir_fd);
	if (err && !c->told)
		log_warning("%s/%s: cannot keep a copy for a cold start: %s", c->path, name, strerror(-err));
	if (err)
		c->told = c->failed = true;
}

void copier_look(struct copier *c, const char *name)
{
	if (c && c->cache_fd >= 0)
		names_add(&c->stale, name);
}

/* The queue is done: when something could not be copied all is looked at again later, for it may have been a full disk. */
static void copy_done(struct copier *c)
{
	struct source_file *const *files;
	size_t n;
	bool many = c->stale.n > TRIM_FROM;

	names_clear(&c->stale);
	c->at = 0;
	if (many)
		malloc_trim(0);
	files = folder_table_files(c->table, &n);
	for (size_t i = 0; c->failed && i < n; i++)
		copier_look(c, files[i]->name);
	if (c->failed)
		loop_timer_set(c->timer, COPY_RETRY_MS * NSEC_PER_MSEC);
	c->told = c->failed;
	c->failed = false;
}

static void copy_slice(void *arg)
{
	struct copier *c = arg;
	int dir_fd = open(c->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	for (size_t i = 0; dir_fd >= 0 && i < COPY_SLICE && c->at < c->stale.n; i++)
		copy_name(c, c->stale.items[c->at++], dir_fd);
	if (dir_fd >= 0)
		close(dir_fd);
	if (dir_fd >= 0 && c->at < c->stale.n)
		loop_timer_set(c->timer, 0);
	else
		copy_done(c);
}

/* Copies of files that are no more go too. What waits still is among them all: the queue starts anew, or reloads faster than it is worked off would
 * let it grow. */
void copier_look_all(struct copier *c, const struct names *names)
{
	struct names copies = {0};

	if (!c || c->cache_fd < 0)
		return;
	names_clear(&c->stale);
	c->at = 0;
	for (size_t i = 0; i < names->n; i++)
		copier_look(c, names->items[i]);
	if (names_list(c->cache_fd, &copies))
		return;
	for (size_t i = 0; i < copies.n; i++)
		if (!folder_table_find(c->table, copies.items[i]))
			copier_look(c, copies.items[i]);
	names_clear(&copies);
}

void copier_go(struct copier *c, nsec_t in)
{
	if (c && c->stale.n)
		loop_timer_set(c->timer, in);
}

struct copier *copier_new(struct loop *l, const char *path, const struct folder_table *table, int cache_dirfd)
{
	struct copier *c = xcalloc(1, sizeof(*c));

	*c = (struct copier){.path = path, .table = table, .cache_fd = cache_dirfd};
	c->timer = loop_timer_new(l, copy_slice, c);
	return c;
}

void copier_free(struct copier *c)
{
	if (!c)
		return;
	loop_timer_free(c->timer);
	names_clear(&c->stale);
	free(c);
}
