/* What inotify says, boiled down to names. A file counts when it is closed after writing or renamed into place: between its first
 * IN_MODIFY (or its creation) and IN_CLOSE_WRITE it is not read. Events of a write are queued before the write returns, so that draining
 * the queue after a read tells whether the bytes are whole. Source: inotify(7). Test: tests/test_folder.c. */
#include "folder_watch.h"

#include "../src/base/arena.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	EVENTS = IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF | IN_ATTRIB |
		 IN_CREATE | IN_MODIFY | IN_ONLYDIR,
};

static char present; /* the value of sets */

bool watch_wants(const char *name)
{
	static const char *const endings[] = {".yaml", ".yml", ".json"};
	size_t n = strlen(name);

	for (size_t i = 0; name[0] != '.' && i < sizeof(endings) / sizeof(*endings); i++) {
		size_t len = strlen(endings[i]);

		if (n > len && !strcmp(name + n - len, endings[i]))
			return true;
	}
	return false;
}

int watch_open(struct watch *w, const char *path)
{
	struct stat st;
	int err;

	*w = (struct watch){.fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC)};
	if (w->fd < 0)
		return -errno;
	if (inotify_add_watch(w->fd, path, EVENTS) < 0 || stat(path, &st)) {
		err = -errno;
		close(w->fd);
		w->fd = -1;
		return err;
	}
	w->path = path;
	w->dev = st.st_dev;
	w->ino = st.st_ino;
	w->dirty = map_new();
	w->writing = map_new();
	return 0;
}

void watch_inherit(struct watch *w, struct watch *before)
{
	struct map *own = w->writing;

	/* Both watch now: what is closed from here on is told to the new one too. */
	watch_drain(before);
	if (before->fd < 0 || before->lost || before->dev != w->dev || before->ino != w->ino)
		return;
	w->writing = before->writing;
	before->writing = own;
}

void watch_close(struct watch *w)
{
	if (w->fd >= 0)
		close(w->fd);
	map_free(w->dirty, NULL);
	map_free(w->writing, NULL);
	*w = (struct watch){.fd = -1};
}

/* A link is whole at once, as is an anonymous file that was given a name; another new file is empty until it is written. */
static void created(struct watch *w, const char *name)
{
	char *path = xasprintf("%s/%s", w->path, name);
	struct stat st;

	if (!lstat(path, &st))
		map_puts(S_ISLNK(st.st_mode) || st.st_size ? w->dirty : w->writing, name, &present);
	free(path);
}

static void named(struct watch *w, uint32_t mask, const char *name)
{
	if (!strcmp(name, "..data") && mask & IN_MOVED_TO)
		w->rescan = true; /* a mounted ConfigMap swaps its folder under the names */
	if (!watch_wants(name) || mask & IN_ISDIR)
		return;
	if (mask & IN_MODIFY) {
		map_puts(w->writing, name, &present);
		w->torn |= w->reading && !strcmp(w->reading, name);
		return;
	}
	if (mask & IN_CREATE) {
		created(w, name);
		return;
	}
	if (mask & (IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE))
		map_dels(w->writing, name);
	if (mask & (IN_MOVED_FROM | IN_DELETE))
		w->gone = true;
	map_puts(w->dirty, name, &present);
}

static void event(struct watch *w, const struct inotify_event *e)
{
	if (e->mask & IN_Q_OVERFLOW) {
		map_free(w->writing, NULL);
		w->writing = map_new();
		w->rescan = true;
		w->torn = w->reading;
	} else if (e->mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT | IN_IGNORED)) {
		w->lost = true;
	} else if (e->len) {
		named(w, e->mask, e->name);
	} else if (e->mask & IN_ATTRIB) {
		w->check = true;
	}
}

void watch_drain(struct watch *w)
{
	_Alignas(struct inotify_event) char buf[16 << 10];
	ssize_t n;

	while (w->fd >= 0 && ((n = read(w->fd, buf, sizeof(buf))) > 0 || (n < 0 && errno == EINTR))) {
		const struct inotify_event *e;

		for (ssize_t at = 0; at < n; at += (ssize_t)(sizeof(*e) + e->len)) {
			e = (const void *)(buf + at);
			event(w, e);
		}
	}
}

bool watch_pending(const struct watch *w)
{
	return w->fd >= 0 && (w->rescan || w->lost || w->check || map_count(w->dirty));
}

bool watch_is_writing(const struct watch *w, const char *name)
{
	return w->fd >= 0 && map_gets(w->writing, name);
}

void watch_read_begin(struct watch *w, const char *name)
{
	w->reading = name;
	w->torn = false;
}

bool watch_read_end(struct watch *w)
{
	watch_drain(w);
	w->reading = NULL;
	return !w->torn;
}
