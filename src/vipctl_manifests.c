/* Files, folders, standard input -> texts -> objects. Test: tests/test_vipctl_check.c, tests/test_vipctl_apply.c. */
#include "vipctl_manifests.h"

#include "../configmaps/folder_cache.h"
#include "../configmaps/manifest.h"
#include "base/arena.h"
#include "base/file.h"
#include "base/map.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MANIFEST_MAX = 128 << 20 };

/* The first place of an object is right, as in the folder; the second is told. */
static void take(struct manifests *m, struct object *o)
{
	char *id = xasprintf("%s %s/%s", kind_name(o->kind), o->meta.namespace, o->meta.name);
	const struct object *first = map_gets(m->seen, id);

	if (first) {
		diag_error(&m->diags, o->file, o->pos, "%s stands in %s:%u already", id, first->file, first->pos.line);
		object_free(o);
	} else {
		map_puts(m->seen, id, o);
		object_list_add(&m->objects, o);
	}
	free(id);
}

int manifests_add(struct manifests *m, const char *file, const char *text, size_t len)
{
	struct object_list found = {0};
	int err = manifest_parse(file, text, len, &found, &m->diags);

	for (size_t i = 0; i < found.n; i++)
		take(m, found.items[i]);
	free(found.items);
	return err;
}

/* Who is called with each text. */
struct reader {
	struct diag_list *diags;
	void (*each)(void *arg, const char *file, const char *text, size_t len);
	void *arg;
};

static void read_stdin(const struct reader *r)
{
	size_t n, len = 0, cap = 1 << 16;
	char *text = xmalloc(cap + 1);

	while (len <= MANIFEST_MAX && (n = fread(text + len, 1, cap - len, stdin)) > 0) {
		len += n;
		if (len == cap)
			text = xrealloc(text, (cap *= 2) + 1);
	}
	text[len] = '\0';
	if (len > MANIFEST_MAX)
		diag_error(r->diags, "<stdin>", (struct pos){0}, "is larger than %d MiB", MANIFEST_MAX >> 20);
	else
		r->each(r->arg, "<stdin>", text, len);
	free(text);
}

static void read_one(const struct reader *r, const char *path)
{
	char *text;
	size_t len;
	int err = file_read(AT_FDCWD, path, MANIFEST_MAX, &text, &len);

	if (err) {
		diag_error(r->diags, path, (struct pos){0}, "cannot be read: %s", strerror(-err));
		return;
	}
	r->each(r->arg, path, text, len);
	free(text);
}

static void read_folder(const struct reader *r, const char *path)
{
	struct names names = {0};
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), err = fd < 0 ? -errno : names_list(fd, &names);

	if (err)
		diag_error(r->diags, path, (struct pos){0}, "cannot be read: %s", strerror(-err));
	for (size_t i = 0; i < names.n; i++) {
		char *file = xasprintf("%s%s%s", path, path[strlen(path) - 1] == '/' ? "" : "/", names.items[i]);

		read_one(r, file);
		free(file);
	}
	names_clear(&names);
	if (fd >= 0)
		close(fd);
}

void manifests_each(const char *path, struct diag_list *diags,
		    void (*each)(void *arg, const char *file, const char *text, size_t len), void *arg)
{
	const struct reader r = {diags, each, arg};
	struct stat st;

	if (strcmp(path, "-") == 0)
		read_stdin(&r);
	else if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		read_folder(&r, path);
	else
		read_one(&r, path);
}

static void add(void *arg, const char *file, const char *text, size_t len)
{
	manifests_add(arg, file, text, len);
}

void manifests_read(struct manifests *m, const char *path)
{
	manifests_each(path, &m->diags, add, m);
}

void manifests_clear(struct manifests *m)
{
	map_free(m->seen, NULL);
	object_list_clear(&m->objects);
	diag_clear(&m->diags);
	*m = (struct manifests){0};
}
