/* The manifests folder as vipctl apply and delete change it: one of them at a time (a lock on the folder), each file replaced whole by a rename; the
 * folder's permissions decide who may. Test: tests/test_vipctl_apply.c, tests/lab/ */
#include "vipctl_change.h"

#include "../configmaps/folder.h"
#include "../configmaps/manifest.h"
#include "base/arena.h"
#include "base/duration.h"
#include "base/file.h"
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* One request holds at most 64 KiB, and a file's name 255 bytes. */
enum { FILE_MAX = 128 << 20, BATCH = 100, LOCK_S = 10, TIMEOUT_S = 30, NEW_MODE = 0644 };

const struct vipctl_flag vipctl_timeout = {
    .name = "timeout", .argument = "TIME", .help = "how long to wait, such as 10s or 2m (default: 30s)"};
const struct vipctl_flag vipctl_no_wait = {.name = "no-wait",
					   .help = "return when the files are written, not when it is programmed"};

/* ---- begin ---- */

static json_t *identity_json(const struct edit_object *o)
{
	char *s = o->ours ? xasprintf("%s %s/%s", kind_name(o->kind), o->namespace, o->name) : xstrdup("");
	json_t *j = json_string(s);

	free(s);
	return j;
}

/* Of the objects from first on: at most BATCH. Each has its place in the answer, so one that cannot be asked for is an error. */
static json_t *ask_where(const struct vipctl *v, const struct edit_list *objects, size_t first)
{
	json_t *list = json_array();

	for (size_t i = first; i < objects->n && i < first + BATCH && list; i++)
		if (json_array_append_new(list, identity_json(&objects->items[i]))) { /* no UTF-8: vipctl_ask says so */
			json_decref(list);
			list = NULL;
		}
	return vipctl_ask(v->socket, json_pack("{s:s, s:o}", "verb", "where", "objects", list), PATIENCE_S);
}

static int find_places(struct change *c, const struct edit_list *objects, json_t *places)
{
	json_t *reply, *one;
	const char *folder;
	size_t i;

	for (size_t first = 0; !c->folder || first < objects->n; first += BATCH) {
		reply = ask_where(c->v, objects, first);
		folder = JSON_TEXT(reply, "folder");
		if (!folder) {
			json_decref(reply);
			return 1;
		}
		if (!c->folder)
			c->folder = xstrdup(folder);
		json_array_foreach(json_object_get(reply, "objects"), i, one)
		{
			json_array_append(places, json_object_get(one, "files"));
		}
		json_decref(reply);
	}
	return 0;
}

/* Another vipctl holds the lock while it writes, not while it waits. */
static int lock(int fd)
{
	static const struct timespec pause = {.tv_nsec = 50000000};

	for (int i = 0; i < 20 * LOCK_S; i++) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0)
			return 0;
		if (errno != EWOULDBLOCK && errno != EINTR)
			return -errno;
		nanosleep(&pause, NULL);
	}
	return -EBUSY;
}

/* Seconds; 0 after a message. */
static unsigned patience(const struct vipctl *v)
{
	const char *text = vipctl_value(v, "timeout");
	uint32_t ms;

	if (!text)
		return TIMEOUT_S;
	if (duration_parse(text, &ms) == 0 && ms >= 1000 && ms <= CTL_TIMEOUT_MAX_S * 1000u)
		return ms / 1000;
	fprintf(stderr, "Error: --timeout: expected a time from 1s to 1h, found \"%s\"\n", text);
	return 0;
}

int change_begin(struct change *c, const struct vipctl *v, const struct edit_list *objects, json_t **places)
{
	int err;

	*c = (struct change){.v = v, .fd = -1, .patience_s = patience(v)};
	if (!c->patience_s)
		return 1;
	*places = json_array();
	if (find_places(c, objects, *places))
		goto bad;
	c->fd = open(c->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	err = c->fd < 0 ? -errno : lock(c->fd);
	if (!err)
		return 0;
	fprintf(stderr, "Error: the manifests folder %s cannot be used: %s\n", c->folder,
		err == -EBUSY ? "another vipctl writes into it" : strerror(-err));
bad:
	json_decref(*places);
	change_end(c);
	return 1;
}

void change_end(struct change *c)
{
	for (size_t i = 0; i < c->n; i++) {
		free(c->files[i].name);
		free(c->files[i].text);
	}
	free(c->files);
	free(c->folder);
	if (c->fd >= 0)
		close(c->fd);
	*c = (struct change){.fd = -1};
}

/* ---- files ---- */

static int complain(const struct change *c, const char *name, const char *what, int err)
{
	fprintf(stderr, "Error: %s/%s cannot be %s: %s\n", c->folder, name, what, strerror(-err));
	return 1;
}

struct change_file *change_open(struct change *c, const char *name)
{
	struct change_file f = {.mode = NEW_MODE};
	struct stat st;
	int err;

	for (size_t i = 0; i < c->n; i++)
		if (strcmp(c->files[i].name, name) == 0)
			return &c->files[i];
	err = file_read(c->fd, name, FILE_MAX, &f.text, &f.len);
	if (err && err != -ENOENT) {
		complain(c, name, "read", err);
		return NULL;
	}
	f.there = !err;
	if (f.there && fstatat(c->fd, name, &st, 0) == 0) {
		f.mode = st.st_mode & 07777;
		f.uid = st.st_uid;
		f.gid = st.st_gid;
		f.owned = st.st_uid != geteuid() || st.st_gid != getegid();
	}
	f.name = xstrdup(name);
	c->files = xrealloc(c->files, (c->n + 1) * sizeof *c->files);
	c->files[c->n] = f;
	return &c->files[c->n++];
}

/* vipd would keep the last good contents of a file with an error: that file is not ours to write. */
static int check_file(const struct change *c, const char *name, const char *text)
{
	struct object_list objects = {0};
	struct diag_list diags = {0};
	char *path = xasprintf("%s/%s", c->folder, name);
	int err = manifest_parse(path, text, strlen(text), &objects, &diags);

	if (err) {
		diag_print(&diags, stderr);
		fprintf(stderr, "Error: %s has errors beside the change: nothing is written\n", path);
	}
	free(path);
	diag_clear(&diags);
	object_list_clear(&objects);
	return err ? 1 : 0;
}

int change_set(struct change *c, struct change_file *f, char *text)
{
	if (text && check_file(c, f->name, text)) {
		free(text);
		return 1;
	}
	free(f->text);
	f->text = text;
	f->len = text ? strlen(text) : 0;
	f->changed = true;
	return 0;
}

static int write_file(const struct change *c, const struct change_file *f)
{
	int err;

	if (!f->text)
		return unlinkat(c->fd, f->name, 0) && errno != ENOENT ? -errno : 0;
	err = f->owned ? file_write_as(c->fd, f->name, f->text, f->len, f->mode, f->uid, f->gid) : -EPERM;
	return err == -EPERM ? file_write(c->fd, f->name, f->text, f->len, f->mode) : err;
}

int change_write(struct change *c)
{
	size_t done = 0;

	for (size_t i = 0; i < c->n; i++) {
		int err = c->files[i].changed ? write_file(c, &c->files[i]) : 0;

		done += !err && c->files[i].changed;
		if (!err)
			continue;
		complain(c, c->files[i].name, c->files[i].text ? "written" : "removed", err);
		if (done)
			fprintf(stderr, "%zu other files are changed already: do it again when this is mended\n", done);
		return 1;
	}
	fsync(c->fd); /* what was removed */
	flock(c->fd, LOCK_UN);
	return 0;
}

/* ---- wait ---- */

static json_t *wanted_json(const struct change_file *f)
{
	char *s = f->text ? xasprintf("%016llx %s", (unsigned long long)folder_text_hash(f->text, f->len), f->name)
			  : xasprintf("- %s", f->name);
	json_t *j = json_string(s);

	free(s);
	return j;
}

/* "Service default/web" -> "service/web" */
static void print_warning(json_t *problem)
{
	const char *object = JSON_TEXT(problem, "object"), *blank = object ? strchr(object, ' ') : NULL;
	const char *slash = blank ? strchr(blank, '/') : NULL;
	const char *reason = JSON_TEXT(problem, "reason"), *message = JSON_TEXT(problem, "message");
	char *plain;

	if (!slash || !reason || !message)
		return;
	fputs("Warning: ", stderr);
	for (const char *p = object; p < blank; p++)
		fputc(*p | 0x20, stderr);
	plain = columns_plain(xstrdup(message));
	fprintf(stderr, "/%s: %s: %s\n", slash + 1, reason, plain);
	free(plain);
}

static int wait_for(const struct change *c, json_t *files, time_t until)
{
	static const struct timespec pause = {.tv_nsec = 200000000};
	struct timespec now;
	json_t *reply = NULL, *one;
	size_t i;

	for (;;) { /* a control that dies meanwhile is asked again when it is back */
		clock_gettime(CLOCK_MONOTONIC, &now);
		if (now.tv_sec >= until)
			break;
		reply = vipctl_ask_quietly(c->v->socket,
					   json_pack("{s:s, s:O, s:I}", "verb", "settle", "files", files,
						     "timeoutSeconds", (json_int_t)(until - now.tv_sec)),
					   (unsigned)(until - now.tv_sec) + PATIENCE_S);
		if (reply)
			break;
		nanosleep(&pause, NULL);
	}
	if (!reply) {
		fprintf(stderr, "Error: timed out waiting until it is programmed; vipctl status says why\n");
		return 1;
	}
	json_array_foreach(json_object_get(reply, "problems"), i, one)
	{
		print_warning(one);
	}
	json_decref(reply);
	return 0;
}

int change_wait(const struct change *c)
{
	struct timespec now;
	json_t *files;
	int code = 0;

	if (vipctl_value(c->v, "no-wait"))
		return 0;
	clock_gettime(CLOCK_MONOTONIC, &now);
	for (size_t i = 0; i < c->n && !code; i += BATCH) {
		files = json_array();
		for (size_t k = i; k < c->n && k < i + BATCH; k++)
			if (c->files[k].changed)
				json_array_append_new(files, wanted_json(&c->files[k]));
		if (json_array_size(files))
			code = wait_for(c, files, now.tv_sec + c->patience_s);
		json_decref(files);
	}
	return code;
}
