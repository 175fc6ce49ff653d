/* The manifests folder: when it is read, and what becomes of a file that cannot be. Three rules decide:
 *  - events only mark names; one batch reads them, when it has been quiet for a moment or events have come for long enough;
 *  - a file is taken whole or not at all, and a bad one keeps what it held (at the first pass: what its copy in the cache holds);
 *  - when the folder itself is away, everything stays until it is back with at least one manifest in it.
 * Parts: folder_watch.c inotify, folder_table.c who wins, folder_copy.c copies. Test: tests/test_folder.c. */
#include "folder.h"

#include "../src/base/file.h"
#include "folder_cache.h"
#include "folder_copy.h"
#include "folder_table.h"
#include "folder_watch.h"
#include "manifest.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	MANIFEST_MAX = 128 << 20,
	QUIET_MS = 20,       /* a batch starts when no event came for so long */
	LONGEST_MS = 100,    /* or so long after its first event */
	GONE_QUIET_MS = 100, /* when files went: the whole folder may be going, or others be coming */
	GONE_LONGEST_MS = 1000,
	HOLD_MS = 1000,      /* a folder that is back is being filled */
	POLL_MS = 1000,      /* look again for a folder that is away */
	COPY_FIRST_US = 250, /* a file: after a start the copies wait while the kernel's table is filled */
};

struct folder {
	struct loop *loop; /* NULL: one pass */
	char *path;
	struct folder_ops ops;
	struct folder_table *table;
	struct watch watch;
	struct loop_io *io;
	struct loop_timer *settle, *poll;
	struct copier *copier;
	nsec_t batch_began; /* 0: no batch is waiting */
	bool settled;       /* the first pass is done */
	char *why;          /* the trouble that was told; NULL: none */
	bool hold;          /* the folder just came back */
	bool force;         /* a person asked: take the folder even if it is empty */
	int cache;          /* -1: none */
};

/* --- one file --- */

static void unreadable(struct folder *f, struct source_file *file, const char *path, int err)
{
	struct diag_list diags = {0};

	if (err == -EFBIG)
		diag_error(&diags, path, (struct pos){0, 0}, "is larger than %d MiB", MANIFEST_MAX >> 20);
	else if (err == -EINVAL)
		diag_error(&diags, path, (struct pos){0, 0}, "is not a regular file");
	else
		diag_error(&diags, path, (struct pos){0, 0}, "cannot be read: %s", strerror(-err));
	file->read = false;
	folder_table_found(f->table, file, &diags);
}

/* At the first pass the last good copy stands in for a file that is bad. */
static void take_copy(struct folder *f, struct source_file *file, const char *path)
{
	struct object_list objects = {0};
	struct diag_list diags = {0};
	char *text;
	size_t len;

	if (f->cache < 0 || f->settled || file->good || cache_read(f->cache, file->name, &text, &len))
		return;
	if (!manifest_parse_large(path, text, len, &objects, &diags, f->ops.alive, f->ops.arg)) {
		folder_table_set(f->table, file, &objects);
		file->good = true;
		file->good_hash = cache_hash(text, len);
	}
	object_list_clear(&objects);
	diag_clear(&diags);
	free(text);
}

/* Objects of a bad text are not taken, not even the good ones: a file cut short must not look like a file with fewer objects. */
static void take_text(struct folder *f, struct source_file *file, const char *path, const char *text, size_t len)
{
	uint64_t hash = cache_hash(text, len);
	struct object_list objects = {0};
	struct diag_list diags = {0};

	if (file->read && file->hash == hash)
		return;
	file->read = true;
	file->hash = hash;
	if (!manifest_parse_large(path, text, len, &objects, &diags, f->ops.alive, f->ops.arg)) {
		folder_table_set(f->table, file, &objects);
		file->good = true;
		file->good_hash = hash;
	}
	object_list_clear(&objects);
	folder_table_found(f->table, file, &diags);
}

static void read_file(struct folder *f, int dir_fd, const char *name)
{
	struct source_file *file;
	char *path, *text;
	size_t len;
	bool whole;
	int err;

	if (watch_is_writing(&f->watch, name) && f->settled)
		return; /* its closing will be told */
	watch_read_begin(&f->watch, name);
	err = file_read(dir_fd, name, MANIFEST_MAX, &text, &len);
	whole = watch_read_end(&f->watch) && !watch_is_writing(&f->watch, name);
	if (err == -ENOENT || err == -EISDIR) {
		file = folder_table_find(f->table, name);
		if (file)
			folder_table_remove(f->table, file);
		return;
	}
	path = folder_table_path(f->table, name);
	file = folder_table_add(f->table, name);
	if (err)
		unreadable(f, file, path, err);
	else if (whole)
		take_text(f, file, path, text, len);
	take_copy(f, file, path);
	if (!err)
		free(text);
	free(path);
}

static void read_all(struct folder *f, int dir_fd, const struct names *names)
{
	struct source_file *const *files;
	size_t n;

	for (size_t i = 0; i < names->n; i++)
		read_file(f, dir_fd, names->items[i]);
	files = folder_table_files(f->table, &n);
	for (size_t i = n, left = names->n; i > 0; i--) { /* both are sorted; from the end, for files go */
		while (left && strcmp(names->items[left - 1], files[i - 1]->name) > 0)
			left--;
		if (!left || strcmp(names->items[left - 1], files[i - 1]->name))
			folder_table_remove(f->table, files[i - 1]);
	}
}

static int folder_fd(const struct folder *f)
{
	int fd = open(f->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* --- batches --- */

static void commit(struct folder *f)
{
	bool first = !f->settled;
	size_t n;

	f->settled = true;
	folder_table_commit(f->table, &f->ops);
	f->ops.settled(f->ops.arg, first);
	folder_table_bury(f->table);
	folder_table_files(f->table, &n);
	copier_go(f->copier, first ? (nsec_t)n * COPY_FIRST_US * NSEC_PER_USEC : 0);
}

static void trouble(struct folder *f, const char *why)
{
	if (!f->why == !why && (!why || !strcmp(f->why, why)))
		return;
	free(f->why);
	f->why = why ? xstrdup(why) : NULL;
	f->ops.trouble(f->ops.arg, why);
}

static const char *why_away(int err)
{
	if (err == -ENOSPC || err == -EMFILE)
		return "no inotify watch is left: raise fs.inotify.max_user_watches and max_user_instances";
	return strerror(-err);
}

static void unwatch(struct folder *f)
{
	loop_io_free(f->io);
	f->io = NULL;
	watch_close(&f->watch);
	loop_timer_stop(f->settle);
	f->batch_began = 0;
}

static void events(void *arg, int what);

static int rewatch(struct folder *f)
{
	struct watch next;
	int err = watch_open(&next, f->path);

	if (err)
		return err;
	watch_inherit(&next, &f->watch);
	unwatch(f);
	f->watch = next;
	f->io = loop_io_new(f->loop, f->watch.fd, LOOP_READ, events, f);
	return 0;
}

/* Arms the timer of the batch that waits; began is the time of its first event. */
static void wait_for_quiet(struct folder *f)
{
	nsec_t now = clock_now();
	nsec_t quiet = (f->hold ? HOLD_MS : f->watch.gone ? GONE_QUIET_MS : QUIET_MS) * NSEC_PER_MSEC;
	nsec_t longest = (f->hold || f->watch.gone ? GONE_LONGEST_MS : LONGEST_MS) * NSEC_PER_MSEC, left;

	if (!f->batch_began)
		f->batch_began = now;
	left = f->batch_began + longest - now;
	loop_timer_set(f->settle, left < 0 ? 0 : quiet < left ? quiet : left);
}

static void look_again(void *arg);

static void lost(struct folder *f, int err)
{
	unwatch(f);
	trouble(f, why_away(err));
	loop_timer_set(f->poll, POLL_MS * NSEC_PER_MSEC);
}

/* The whole folder; 0 or -errno, then nothing has changed. */
static int pass(struct folder *f, int dir_fd)
{
	struct names names = {0};
	int err = names_list(dir_fd, &names);

	if (err)
		return err;
	read_all(f, dir_fd, &names);
	copier_look_all(f->copier, &names);
	names_clear(&names);
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void read_dirty(struct folder *f, int dir_fd)
{
	struct map *dirty = f->watch.dirty;
	struct names names = {0};
	const void *key;

	f->watch.dirty = map_new(); /* what comes while we read is for the next batch */
	for (size_t at = 0; map_next(dirty, &at, &key, NULL, NULL);)
		names_add(&names, key);
	map_free(dirty, NULL);
	if (names.n)
		qsort(names.items, names.n, sizeof(*names.items), by_name);
	for (size_t i = 0; i < names.n; i++) {
		read_file(f, dir_fd, names.items[i]);
		copier_look(f->copier, names.items[i]);
	}
	names_clear(&names);
}

static void batch(void *arg)
{
	struct folder *f = arg;
	bool whole;
	int dir_fd, err = 0;

	watch_drain(&f->watch);
	f->batch_began = 0;
	whole = f->watch.rescan || f->hold;
	dir_fd = f->watch.lost ? -ENOENT : folder_fd(f);
	if (dir_fd < 0) {
		look_again(f); /* it may have been replaced */
		return;
	}
	f->watch.rescan = f->watch.gone = f->watch.check = f->hold = false;
	if (whole) {
		map_free(f->watch.dirty, NULL);
		f->watch.dirty = map_new();
		err = pass(f, dir_fd);
	} else {
		read_dirty(f, dir_fd);
	}
	close(dir_fd);
	if (err) {
		lost(f, err);
		return;
	}
	commit(f);
	if (watch_pending(&f->watch))
		wait_for_quiet(f);
}

static void events(void *arg, int what)
{
	struct folder *f = arg;

	(void)what;
	watch_drain(&f->watch);
	if (watch_pending(&f->watch))
		wait_for_quiet(f);
}

/* An empty folder where there was a full one is a folder that somebody is about to fill. */
static bool empty_again(const struct folder *f, int dir_fd)
{
	struct names names = {0};
	size_t n;

	folder_table_files(f->table, &n);
	if (!n || names_list(dir_fd, &names))
		return false;
	n = names.n;
	names_clear(&names);
	return !n;
}

/* The folder was away: if it is back, watch it, and read it when it has been filled. */
static void look_again(void *arg)
{
	struct folder *f = arg;
	int dir_fd = folder_fd(f), err = dir_fd < 0 ? dir_fd : 0;
	bool force = f->force, empty = !err && !force && empty_again(f, dir_fd);

	f->force = false;

	if (dir_fd >= 0)
		close(dir_fd);
	if (!err && !empty)
		err = rewatch(f);
	if (err || empty) {
		unwatch(f);
		trouble(f,
			err ? why_away(err) : "it is back but empty: what was known stays until a manifest is in it");
		loop_timer_set(f->poll, POLL_MS * NSEC_PER_MSEC);
		return;
	}
	f->hold = f->settled && !force;
	f->watch.rescan = true;
	trouble(f, NULL);
	wait_for_quiet(f);
}

/* --- start --- */

/* The folder is away at the start: all that was good the last time. False if there is nothing. */
static bool start_from_cache(struct folder *f)
{
	struct names names = {0};
	bool any;

	if (f->cache < 0 || names_list(f->cache, &names))
		return false;
	for (size_t i = 0; i < names.n; i++) {
		char *path = folder_table_path(f->table, names.items[i]);

		take_copy(f, folder_table_add(f->table, names.items[i]), path);
		free(path);
	}
	any = names.n;
	names_clear(&names);
	return any;
}

static int first_pass(struct folder *f)
{
	int err = rewatch(f), dir_fd;

	if (err)
		return err;
	dir_fd = folder_fd(f);
	if (dir_fd < 0)
		return dir_fd;
	err = pass(f, dir_fd);
	close(dir_fd);
	return err;
}

int folder_start(struct folder *f)
{
	int err = first_pass(f);

	if (!err) {
		commit(f);
		return 0;
	}
	lost(f, err);
	if (start_from_cache(f))
		commit(f);
	return 0;
}

void folder_rescan(struct folder *f)
{
	f->force = true;
	if (f->loop)
		loop_timer_set(f->poll, 0);
}

static struct folder *make(const char *path)
{
	struct folder *f = xcalloc(1, sizeof(*f));

	f->path = xstrdup(path);
	for (size_t n = strlen(path); n > 1 && f->path[n - 1] == '/'; n--)
		f->path[n - 1] = '\0';
	f->table = folder_table_new(f->path);
	f->watch.fd = -1;
	f->cache = -1;
	return f;
}

struct folder *folder_new(struct loop *l, const char *path, int cache_dirfd, const struct folder_ops *ops)
{
	struct folder *f = make(path);

	f->loop = l;
	f->cache = cache_dirfd;
	f->ops = *ops;
	f->settle = loop_timer_new(l, batch, f);
	f->poll = loop_timer_new(l, look_again, f);
	f->copier = copier_new(l, f->path, f->table, cache_dirfd);
	return f;
}

void folder_free(struct folder *f)
{
	if (!f)
		return;
	if (f->loop) {
		unwatch(f);
		loop_timer_free(f->settle);
		loop_timer_free(f->poll);
	}
	copier_free(f->copier);
	folder_table_free(f->table);
	free(f->path);
	free(f->why);
	free(f);
}

/* --- views --- */

struct folder *folder_read(const char *path, struct diag_list *diags)
{
	struct folder *f = make(path);
	int dir_fd = folder_fd(f), err = dir_fd < 0 ? dir_fd : pass(f, dir_fd);
	struct source_file *const *files;
	size_t n;

	if (err)
		diag_error(diags, path, (struct pos){0, 0}, "cannot be read: %s", strerror(-err));
	if (dir_fd >= 0)
		close(dir_fd);
	folder_table_commit(f->table, NULL);
	files = folder_table_files(f->table, &n);
	for (size_t i = 0; i < n; i++)
		if (files[i]->reported)
			diag_append(diags, files[i]->reported);
	return f;
}

size_t folder_count(const struct folder *f, enum kind kind)
{
	return folder_table_count(f->table, kind);
}

void folder_each_object(const struct folder *f, void (*each)(void *arg, const struct object *o), void *arg)
{
	size_t n;
	struct source_file *const *files = folder_table_files(f->table, &n);

	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < files[i]->n; j++)
			if (folder_table_wins(f->table, &files[i]->claims[j]))
				each(arg, files[i]->claims[j].object);
}

void folder_each_problem(const struct folder *f, void (*each)(void *arg, const char *file, const struct diag_list *d),
			 void *arg)
{
	size_t n;
	struct source_file *const *files = folder_table_files(f->table, &n);

	for (size_t i = 0; i < n; i++) {
		char *path;

		if (!files[i]->reported)
			continue;
		path = folder_table_path(f->table, files[i]->name);
		each(arg, path, files[i]->reported);
		free(path);
	}
}

void folder_each_place(const struct folder *f, enum kind kind, const char *namespace, const char *name,
		       void (*each)(void *arg, const char *file), void *arg)
{
	for (const struct claim *c = folder_table_claims(f->table, kind, namespace, name); c; c = c->next)
		each(arg, c->file->name);
}

void folder_each_in(const struct folder *f, const char *file, void (*each)(void *arg, const struct object *o),
		    void *arg)
{
	const struct source_file *found = folder_table_find(f->table, file);

	for (size_t i = 0; found && i < found->n; i++)
		if (folder_table_wins(f->table, &found->claims[i]))
			each(arg, found->claims[i].object);
}

bool folder_read_hash(const struct folder *f, const char *file, uint64_t *out)
{
	const struct source_file *found = folder_table_find(f->table, file);

	if (!found || !found->read)
		return false;
	*out = found->hash;
	return true;
}

uint64_t folder_text_hash(const char *text, size_t len)
{
	return cache_hash(text, len);
}
