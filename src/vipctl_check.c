/* vipctl check: manifests are parsed and compiled here, without vipd: every error at its place. What depends on a node (pools, which Services
 * are there) is no error of a manifest. Test: tests/lab/, tests/test_vipctl_check.c. */
#include "vipctl.h"

#include "../configmaps/manifest.h"
#include "base/arena.h"
#include "base/file.h"
#include "base/map.h"
#include "manifest_check.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MANIFEST_MAX = 128 << 20 };

struct check {
	struct diag_list diags;
	struct object_list objects; /* all, each identity once */
	struct map *seen;           /* identity -> struct object */
};

/* The first place of an object is right, as in the folder; the second is told. */
static void take(struct check *c, struct object *o)
{
	char *id = xasprintf("%s %s/%s", kind_name(o->kind), o->meta.namespace, o->meta.name);
	const struct object *first = map_gets(c->seen, id);

	if (first) {
		diag_error(&c->diags, o->file, o->pos, "%s stands in %s:%u already", id, first->file, first->pos.line);
		object_free(o);
	} else {
		map_puts(c->seen, id, o);
		object_list_add(&c->objects, o);
	}
	free(id);
}

static void check_text(struct check *c, const char *name, const char *text, size_t len)
{
	struct object_list found = {0};

	manifest_parse(name, text, len, &found, &c->diags);
	for (size_t i = 0; i < found.n; i++)
		take(c, found.items[i]);
	free(found.items);
}

static void check_stdin(struct check *c)
{
	size_t n, len = 0, cap = 1 << 16;
	char *text = xmalloc(cap);

	while (len <= MANIFEST_MAX && (n = fread(text + len, 1, cap - len, stdin)) > 0) {
		len += n;
		if (len == cap)
			text = xrealloc(text, cap *= 2);
	}
	if (len > MANIFEST_MAX)
		diag_error(&c->diags, "<stdin>", (struct pos){0}, "is larger than %d MiB", MANIFEST_MAX >> 20);
	else
		check_text(c, "<stdin>", text, len);
	free(text);
}

static void check_file(struct check *c, const char *path)
{
	char *text;
	size_t len;
	int err = file_read(AT_FDCWD, path, MANIFEST_MAX, &text, &len);

	if (err) {
		diag_error(&c->diags, path, (struct pos){0}, "cannot be read: %s", strerror(-err));
		return;
	}
	check_text(c, path, text, len);
	free(text);
}

static int is_manifest(const struct dirent *d)
{
	const char *dot = strrchr(d->d_name, '.');

	return d->d_name[0] != '.' && dot &&
	       (strcmp(dot, ".yaml") == 0 || strcmp(dot, ".yml") == 0 || strcmp(dot, ".json") == 0);
}

static void check_folder(struct check *c, const char *path)
{
	struct dirent **names;
	int n = scandir(path, &names, is_manifest, alphasort);

	if (n < 0) {
		diag_error(&c->diags, path, (struct pos){0}, "cannot be read: %s", strerror(errno));
		return;
	}
	for (int i = 0; i < n; i++) {
		char *file = xasprintf("%s/%s", path, names[i]->d_name);

		check_file(c, file);
		free(file);
		free(names[i]);
	}
	free(names);
}

static int run(const struct vipctl *v)
{
	struct check c = {.seen = map_new()};
	struct stat st;
	bool bad;

	if (v->n_args == 0) {
		map_free(c.seen, NULL);
		return vipctl_wrong(v, "check which files? Give names, folders, or - for standard input");
	}
	for (int i = 0; i < v->n_args; i++) {
		if (strcmp(v->args[i], "-") == 0)
			check_stdin(&c);
		else if (stat(v->args[i], &st) == 0 && S_ISDIR(st.st_mode))
			check_folder(&c, v->args[i]);
		else
			check_file(&c, v->args[i]);
	}
	manifest_check(&c.objects, &c.diags);
	diag_print(&c.diags, stderr);
	bad = c.diags.errors > 0;
	if (!bad)
		printf("%zu objects, no errors\n", c.objects.n);
	map_free(c.seen, NULL);
	object_list_clear(&c.objects);
	diag_clear(&c.diags);
	return bad ? 1 : 0;
}

const struct vipctl_verb vipctl_verb_check = {
    .name = "check",
    .arguments = "FILE...",
    .summary = "all errors of manifests, without vipd",
    .text = "A folder stands for its *.yaml, *.yml and *.json; - is standard input.\n",
    .examples = "  # before it is installed\n  vipctl check web.yaml\n\n"
		"  # a whole folder\n  vipctl check /var/lib/vipd/manifests\n",
    .exit = "  0  no errors\n  1  errors; each is on standard error as FILE:LINE:COLUMN: MESSAGE\n",
    .words = "<file>",
    .run = run,
};
