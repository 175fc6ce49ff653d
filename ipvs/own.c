/* Decides nothing: reads and writes the ownership record. Lines are appended. When the file has grown to twice what it says, the whole set is
 * appended once more and then the header's start offset is moved to it, one small write inside a page: a kill at any moment leaves either the old
 * lines or both, which replay to the same set. The dead part before it becomes a hole, so that the space is bounded though the length is not.
 * Source: DESIGN.md, "Only our own". Test: tests/test_own.c. */
#include "own.h"

#include "../src/base/arena.h"
#include "../src/base/map.h"
#include "ownline.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { OWN_MAX = 256 << 20, OWN_SLACK = 64 << 10, DRAIN_BYTES = VS_KEY_BYTES + 19 };

struct own {
	int fd;
	struct own_id id;
	struct map *keys;    /* packed key -> o itself: a set */
	struct map *drains;  /* packed key and real server -> struct own_line, its OWN_DRAINS */
	struct map *sysctls; /* name -> struct own_line, its OWN_SYSCTL_SET */
	char *buf;           /* lines not written yet */
	size_t len, cap;
	uint64_t start; /* where the lines that count begin */
	uint64_t end;   /* of the file */
	uint64_t live;  /* bytes that both take as lines */
	bool stale;     /* the file ends in a torn line, or lacks some: write the whole set */
};

static void buffer(struct own *o, const char *line, size_t n)
{
	if (o->len + n > o->cap) {
		o->cap = o->cap ? o->cap * 2 : 4096;
		o->buf = xrealloc(o->buf, o->cap);
	}
	memcpy(o->buf + o->len, line, n);
	o->len += n;
}

static void pack_drain(const struct own_line *l, uint8_t out[DRAIN_BYTES])
{
	vs_key_pack(&l->key, out);
	out[VS_KEY_BYTES] = l->real.addr.family;
	memcpy(out + VS_KEY_BYTES + 1, l->real.addr.bytes, 16);
	out[VS_KEY_BYTES + 17] = (uint8_t)(l->real.port >> 8);
	out[VS_KEY_BYTES + 18] = (uint8_t)l->real.port;
}

static bool set_key(struct own *o, const struct own_line *l)
{
	uint8_t key[VS_KEY_BYTES];
	vs_key_pack(&l->key, key);
	if ((l->type == OWN_TAKEN) == (map_get(o->keys, key, sizeof(key)) != NULL))
		return false;
	if (l->type == OWN_TAKEN)
		map_put(o->keys, key, sizeof(key), o);
	else
		map_del(o->keys, key, sizeof(key));
	return true;
}

static void live_without(struct own *o, struct own_line *old)
{
	char line[OWN_LINE];
	if (old)
		o->live -= own_line_format(old, line);
	free(old);
}

static bool set_drain(struct own *o, const struct own_line *l)
{
	uint8_t key[DRAIN_BYTES];
	struct own_line *old;
	pack_drain(l, key);
	old = map_get(o->drains, key, sizeof(key));
	if (l->type == OWN_DRAINS ? old && old->deadline_ms == l->deadline_ms : !old)
		return false;
	if (l->type == OWN_DRAINS)
		live_without(o, map_put(o->drains, key, sizeof(key), xmemdup(l, sizeof(*l))));
	else
		live_without(o, map_del(o->drains, key, sizeof(key)));
	return true;
}

static bool set_sysctl(struct own *o, const struct own_line *l)
{
	struct own_line *old = map_gets(o->sysctls, l->sysctl);

	if (l->type == OWN_SYSCTL_SET ? old && old->was == l->was && old->set == l->set : !old)
		return false;
	if (l->type == OWN_SYSCTL_SET)
		live_without(o, map_puts(o->sysctls, l->sysctl, xmemdup(l, sizeof(*l))));
	else
		live_without(o, map_dels(o->sysctls, l->sysctl));
	return true;
}

static bool set_any(struct own *o, const struct own_line *l)
{
	switch (l->type) {
	case OWN_TAKEN:
	case OWN_GIVEN_UP:
		return set_key(o, l);
	case OWN_DRAINS:
	case OWN_DRAINED:
		return set_drain(o, l);
	case OWN_SYSCTL_SET:
	case OWN_SYSCTL_BACK:
		return set_sysctl(o, l);
	}
	return false;
}

/* Changes what is known; true, and the line that says so, if it changed. */
static bool set(struct own *o, const struct own_line *l, char line[OWN_LINE], size_t *n)
{
	if (!set_any(o, l))
		return false;
	*n = own_line_format(l, line);
	if (l->type == OWN_TAKEN || l->type == OWN_DRAINS || l->type == OWN_SYSCTL_SET)
		o->live += *n;
	else if (l->type == OWN_GIVEN_UP)
		o->live -= *n;
	return true;
}

static void change(struct own *o, const struct own_line *l)
{
	char line[OWN_LINE];
	size_t n;
	if (set(o, l, line, &n) && o->fd >= 0)
		buffer(o, line, n);
}

static void replayed(void *arg, const struct own_line *l)
{
	char line[OWN_LINE];
	size_t n;
	set(arg, l, line, &n);
}

static struct own_id own_id_read(void)
{
	struct own_id id = {.boot = "-"};
	char text[64];
	struct stat st;
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text));

	if (fd >= 0)
		close(fd);
	if (n >= 36) {
		memcpy(id.boot, text, 36);
		id.boot[36] = '\0';
	}
	if (!stat("/proc/self/ns/net", &st))
		id.netns = st.st_ino;
	return id;
}

/* Appends; what the file did not take is left in the buffer. */
static int append(struct own *o)
{
	size_t done = 0;
	int err = 0;
	while (done < o->len) {
		ssize_t n = write(o->fd, o->buf + done, o->len - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			err = n < 0 ? -errno : -EIO;
			break;
		}
		done += (size_t)n;
	}
	memmove(o->buf, o->buf + done, o->len - done);
	o->len -= done;
	o->end += done;
	return err;
}

/* Writes at an offset: O_APPEND, which the supervisor sets, would send it to the end. */
static int write_header(struct own *o, uint64_t start)
{
	char text[OWN_HEADER + 1];
	own_line_header(&o->id, start, text);
	int flags = fcntl(o->fd, F_GETFL);
	if (flags < 0 || fcntl(o->fd, F_SETFL, flags & ~O_APPEND))
		return -errno;
	ssize_t n = pwrite(o->fd, text, OWN_HEADER, 0);
	int err = n == OWN_HEADER ? 0 : n < 0 ? -errno : -EIO;
	if (fcntl(o->fd, F_SETFL, flags | O_APPEND) && !err)
		err = -errno;
	return err;
}

static int begin_anew(struct own *o)
{
	map_free(o->keys, NULL);
	map_free(o->drains, free);
	map_free(o->sysctls, free);
	o->keys = map_new();
	o->drains = map_new();
	o->sysctls = map_new();
	o->live = o->len = 0;
	if (o->fd < 0)
		return 0;
	if (ftruncate(o->fd, 0))
		return -errno;
	int err = write_header(o, OWN_HEADER);
	o->start = o->end = OWN_HEADER;
	return err;
}

static void buffer_key(void *arg, const struct vs_key *k)
{
	char line[OWN_LINE];
	size_t n = own_line_format(&(struct own_line){.type = OWN_TAKEN, .key = *k}, line);
	buffer(arg, line, n);
}

static void each_line(const struct map *lines, void (*each)(void *arg, const struct own_line *l), void *arg)
{
	size_t at = 0, len;
	const void *key;
	void *value;
	while (map_next(lines, &at, &key, &len, &value))
		each(arg, value);
}

static void buffer_line(void *arg, const struct own_line *l)
{
	char line[OWN_LINE];
	size_t n = own_line_format(l, line);
	buffer(arg, line, n);
}

static int compact(struct own *o)
{
	uint64_t from = o->end;
	o->len = 0;
	own_each(o, buffer_key, o);
	each_line(o->drains, buffer_line, o);
	each_line(o->sysctls, buffer_line, o);
	int err = append(o);
	if (err)
		return err;
	err = write_header(o, from);
	if (err)
		return err;
	o->start = from;
	/* Only the space matters: where the file system makes no holes, the file is longer than it need be. */
	off_t hole = OWN_HEADER;
	(void)fallocate(o->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, hole, (off_t)from - hole);
	return 0;
}

/* Reads the file's lines into the set. -EINVAL: not a record of this boot and namespace. *bad: lines not understood. */
static int load(struct own *o, size_t *bad)
{
	char header[OWN_HEADER], *text = NULL;
	struct own_id id;
	struct stat st;
	size_t whole = 0, got = 0;
	int err = -EINVAL;

	if (fstat(o->fd, &st) || pread(o->fd, header, sizeof(header), 0) != sizeof(header) ||
	    own_line_parse_header(header, sizeof(header), &id, &o->start) || !own_id_equal(&id, &o->id) ||
	    o->start > (uint64_t)st.st_size || (uint64_t)st.st_size - o->start > OWN_MAX)
		return -EINVAL;
	size_t len = (size_t)((uint64_t)st.st_size - o->start);
	text = xmalloc(len + 1);
	while (got < len) {
		ssize_t n = pread(o->fd, text + got, len - got, (off_t)(o->start + got));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			goto out;
		got += (size_t)n;
	}
	*bad = own_replay(text, len, replayed, o, &whole);
	o->end = o->start + whole;
	/* A torn line must not grow together with the next one. */
	err = whole < len && ftruncate(o->fd, (off_t)o->end) ? -errno : 0;
out:
	free(text);
	return err;
}

bool own_other_version(int fd, unsigned *version)
{
	char text[OWN_HEADER];
	ssize_t n = pread(fd, text, sizeof(text), 0);
	unsigned got;

	if (n <= 0 || own_line_version(text, (size_t)n, &got) || got == OWN_VERSION)
		return false;
	*version = got;
	return true;
}

int own_open(int fd, struct own **out, struct own_found *found)
{
	struct own *o = xcalloc(1, sizeof(*o));
	struct own_found f = {.lost = true};
	int err = 0;

	o->fd = fd;
	o->keys = map_new();
	o->drains = map_new();
	o->sysctls = map_new();
	o->id = own_id_read();
	f.other = fd >= 0 && own_other_version(fd, &f.version);
	if (fd >= 0 && !load(o, &f.bad) && fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_APPEND) == 0)
		f.lost = f.bad > 0;
	else
		err = begin_anew(o);
	if (err) {
		own_close(o);
		return err;
	}
	*out = o;
	*found = f;
	return 0;
}

void own_close(struct own *o)
{
	if (!o)
		return;
	map_free(o->keys, NULL);
	map_free(o->drains, free);
	map_free(o->sysctls, free);
	free(o->buf);
	free(o);
}

bool own_has(const struct own *o, const struct vs_key *k)
{
	uint8_t key[VS_KEY_BYTES];
	vs_key_pack(k, key);
	return map_get(o->keys, key, sizeof(key)) != NULL;
}

size_t own_count(const struct own *o)
{
	return map_count(o->keys);
}

void own_add(struct own *o, const struct vs_key *k)
{
	change(o, &(struct own_line){.type = OWN_TAKEN, .key = *k});
}

void own_del(struct own *o, const struct vs_key *k)
{
	change(o, &(struct own_line){.type = OWN_GIVEN_UP, .key = *k});
}

void own_drain(struct own *o, const struct vs_key *k, const struct real *r, nsec_t deadline)
{
	struct own_line l = {.type = OWN_DRAINS, .key = *k, .real = *r};
	l.deadline_ms = deadline > 0 ? (uint64_t)(deadline / NSEC_PER_MSEC) : 0;
	change(o, &l);
}

void own_undrain(struct own *o, const struct vs_key *k, const struct real *r)
{
	change(o, &(struct own_line){.type = OWN_DRAINED, .key = *k, .real = *r});
}

void own_sysctl(struct own *o, const char *name, int was, int set)
{
	struct own_line l = {.type = OWN_SYSCTL_SET, .was = was, .set = set}, *old = map_gets(o->sysctls, name);

	if (old)
		l.was = old->was;
	snprintf(l.sysctl, sizeof l.sysctl, "%s", name);
	change(o, &l);
}

void own_sysctl_forget(struct own *o, const char *name)
{
	struct own_line l = {.type = OWN_SYSCTL_BACK};

	snprintf(l.sysctl, sizeof l.sysctl, "%s", name);
	change(o, &l);
}

bool own_sysctl_was(const struct own *o, const char *name, int *was, int *set)
{
	const struct own_line *l = map_gets(o->sysctls, name);

	if (!l)
		return false;
	*was = l->was;
	*set = l->set;
	return true;
}

struct drain_walk {
	void (*each)(void *arg, const struct vs_key *k, const struct real *r, nsec_t deadline);
	void *arg;
};

static void walk_drain(void *arg, const struct own_line *l)
{
	const struct drain_walk *w = arg;
	uint64_t most = INT64_MAX / (uint64_t)NSEC_PER_MSEC;
	w->each(w->arg, &l->key, &l->real, (nsec_t)(l->deadline_ms < most ? l->deadline_ms : most) * NSEC_PER_MSEC);
}

void own_each_drain(const struct own *o,
		    void (*each)(void *arg, const struct vs_key *k, const struct real *r, nsec_t deadline), void *arg)
{
	struct drain_walk w = {each, arg};
	each_line(o->drains, walk_drain, &w);
}

int own_sync(struct own *o)
{
	if (o->fd < 0)
		return 0;
	if (!o->stale) {
		int err = o->len ? append(o) : 0;
		if (err) {
			o->stale = o->len > OWN_SLACK;
			return err;
		}
		if (o->end - o->start <= 2 * o->live + OWN_SLACK)
			return 0;
	}
	int err = compact(o);
	o->stale = err != 0;
	return err;
}

void own_each(const struct own *o, void (*each)(void *arg, const struct vs_key *k), void *arg)
{
	size_t at = 0, len;
	const void *key;
	void *value;
	while (map_next(o->keys, &at, &key, &len, &value)) {
		struct vs_key k;
		vs_key_unpack(key, &k);
		each(arg, &k);
	}
}
