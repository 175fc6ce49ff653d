/* Files, folders, standard input -> objects. Test: tests/test_vipctl_check.c. */
#include "vipctl_manifests.h"

#include "../configmaps/manifest.h"
#include "base/arena.h"
#include "base/file.h"
#include "base/map.h"

#include <dirent.h>
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

static void read_text(struct manifests *m, const char *name, const char *text, size_t len)
{
	struct object_list found = {0};

	manifest_parse(name, text, len, &found, &m->diags);
	for (size_t i = 0; i < found.n; i++)
		take(m, found.items[i]);
	free(found.items);
}

static void read_stdin(struct manifests *m)
{
	size_t n, len = 0, cap = 1 << 16;
	char *text = xmalloc(cap);

	while (len <= MANIFEST_MAX && (n = fread(text + len, 1, cap - len, stdin)) > 0) {
		len += n;
		if (len == cap)
			text = xrealloc(text, cap *= 2);
	}
	if (len > MANIFEST_MAX)
		diag_error(&m->diags, "<stdin>", (struct pos){0}, "is larger than %d MiB", MANIFEST_MAX >> 20);
	else
		read_text(m, "<stdin>", text, len);
	free(text);
}

static void read_one(struct manifests *m, const char *path)
{
	char *text;
	size_t len;
	int err = file_read(AT_FDCWD, path, MANIFEST_MAX, &text, &len);

	if (err) {
		diag_error(&m->diags, path, (struct pos){0}, "cannot be read: %s", strerror(-err));
		return;
	}
	read_text(m, path, text, len);
	free(text);
}

static int is_manifest(const struct dirent *d)
{
	const char *dot = strrchr(d->d_name, '.');

	return d->d_name[0] != '.' && dot &&
	       (strcmp(dot, ".yaml") == 0 || strcmp(dot, ".yml") == 0 || strcmp(dot, ".json") == 0);
}

static void read_folder(struct manifests *m, const char *path)
{
	struct dirent **names;
	int n = scandir(path, &names, is_manifest, alphasort);

	if (n < 0) {
		diag_error(&m->diags, path, (struct pos){0}, "cannot be read: %s", strerror(errno));
		return;
	}
	for (int i = 0; i < n; i++) {
		char *file = xasprintf("%s/%s", path, names[i]->d_name);

		read_one(m, file);
		free(file);
		free(names[i]);
	}
	free(names);
}

void manifests_read(struct manifests *m, const char *path)
{
	struct stat st;

	if (strcmp(path, "-") == 0)
		read_stdin(m);
	else if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		read_folder(m, path);
	else
		read_one(m, path);
}

void manifests_clear(struct manifests *m)
{
	map_free(m->seen, NULL);
	object_list_clear(&m->objects);
	diag_clear(&m->diags);
	*m = (struct manifests){0};
}
