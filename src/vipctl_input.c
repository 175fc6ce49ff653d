/* Manifests as they are given to vipctl apply and delete. Test: tests/test_vipctl_apply.c */
#include "vipctl_change.h"

#include "../configmaps/folder_cache.h"
#include "../configmaps/manifest.h"
#include "base/arena.h"
#include "base/file.h"
#include "base/map.h"
#include "manifest_check.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { INPUT_MAX = 128 << 20 };

struct input {
	const struct vipctl *v;
	const char *ns; /* as stated by -n, or NULL */
	struct edit_list *out;
	struct object_list objects; /* the same as vipd reads them */
	struct diag_list diags;
};

const struct vipctl_flag vipctl_filename = {
    .name = "filename",
    .letter = 'f',
    .argument = "FILE",
    .help = "manifests: a file, a folder, or - for standard input; may be repeated"};

static void lower(char *s)
{
	for (; *s; s++)
		*s = (char)tolower((unsigned char)*s);
}

/* "deployment", "deployment.apps" */
static char *qualified(const struct edit_object *o, const char *plural)
{
	const char *api = json_string_value(json_object_get(o->json, "apiVersion"));
	const char *slash = api ? strrchr(api, '/') : NULL;
	char *s = xasprintf("%s%s%s%.*s", o->kind_word, plural, slash ? "." : "", slash ? (int)(slash - api) : 0,
			    slash ? api : "");

	lower(s);
	return s;
}

char *vipctl_title(const struct edit_object *o)
{
	char *kind = qualified(o, ""), *s = xasprintf("%s/%s", kind, o->name);

	free(kind);
	return s;
}

char *vipctl_resource(const struct edit_object *o)
{
	return qualified(o, strlen(o->kind_word) && o->kind_word[strlen(o->kind_word) - 1] == 's' ? "" : "s");
}

/* A namespace from the command line. */
static void settle_namespace(struct input *in, const char *file, struct edit_object *o)
{
	if (!in->ns || !o->ours || o->kind == KIND_NODE)
		return;
	if (!o->has_namespace)
		edit_set_namespace(o, in->ns);
	else if (strcmp(o->namespace, in->ns) != 0)
		diag_error(&in->diags, file, (struct pos){0},
			   "the namespace from the provided object \"%s\" does not match the namespace \"%s\"; you "
			   "must pass '--namespace=%s' to perform this operation",
			   o->namespace, in->ns, o->namespace);
}

static void add_text(struct input *in, const char *file, const char *text, size_t len, bool checked)
{
	struct edit_list found = {0};
	int err = checked ? manifest_parse(file, text, len, &in->objects, &in->diags) : 0;

	if (err || edit_read(file, text, len, &found, &in->diags))
		return;
	in->out->items = xrealloc(in->out->items, (in->out->n + found.n + 1) * sizeof *in->out->items);
	for (size_t i = 0; i < found.n; i++) {
		settle_namespace(in, file, &found.items[i]);
		in->out->items[in->out->n++] = found.items[i];
	}
	free(found.items);
}

static void add_stdin(struct input *in, bool checked)
{
	size_t n, len = 0, cap = 1 << 16;
	char *text = xmalloc(cap + 1);

	while (len <= INPUT_MAX && (n = fread(text + len, 1, cap - len, stdin)) > 0) {
		len += n;
		if (len == cap)
			text = xrealloc(text, (cap *= 2) + 1);
	}
	text[len] = '\0';
	if (len > INPUT_MAX)
		diag_error(&in->diags, "<stdin>", (struct pos){0}, "is larger than %d MiB", INPUT_MAX >> 20);
	else
		add_text(in, "<stdin>", text, len, checked);
	free(text);
}

static void add_file(struct input *in, const char *path, bool checked)
{
	char *text;
	size_t len;
	int err = file_read(AT_FDCWD, path, INPUT_MAX, &text, &len);

	if (err) {
		diag_error(&in->diags, path, (struct pos){0}, "cannot be read: %s", strerror(-err));
		return;
	}
	add_text(in, path, text, len, checked);
	free(text);
}

static void add_folder(struct input *in, const char *path, bool checked)
{
	struct names names = {0};
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), err = fd < 0 ? -errno : names_list(fd, &names);

	if (err)
		diag_error(&in->diags, path, (struct pos){0}, "cannot be read: %s", strerror(-err));
	for (size_t i = 0; i < names.n; i++) {
		char *file = xasprintf("%s%s%s", path, path[strlen(path) - 1] == '/' ? "" : "/", names.items[i]);

		add_file(in, file, checked);
		free(file);
	}
	names_clear(&names);
	if (fd >= 0)
		close(fd);
}

static void add_named(struct input *in, const char *name, bool checked)
{
	struct stat st;

	if (strcmp(name, "-") == 0)
		add_stdin(in, checked);
	else if (*name && stat(name, &st) == 0 && S_ISDIR(st.st_mode))
		add_folder(in, name, checked);
	else
		add_file(in, name, checked);
}

/* One identity in two inputs: which of them would count? */
static void find_twice(struct input *in)
{
	struct map *seen = map_new();

	for (size_t i = 0; i < in->objects.n; i++) {
		const struct object *o = in->objects.items[i], *first;
		char *title = xasprintf("%s %s/%s", kind_name(o->kind), o->meta.namespace, o->meta.name);

		first = map_gets(seen, title);
		if (first)
			diag_error(&in->diags, o->file, o->pos, "%s stands in %s:%u already", title, first->file,
				   first->pos.line);
		else
			map_puts(seen, title, in->objects.items[i]);
		free(title);
	}
	map_free(seen, NULL);
}

int vipctl_input(const struct vipctl *v, bool checked, struct edit_list *out)
{
	struct input in = {.v = v, .ns = vipctl_value(v, "namespace"), .out = out};
	const char *name;
	bool bad;

	for (size_t i = 0; (name = vipctl_nth(v, "filename", i)); i++)
		add_named(&in, name, checked);
	find_twice(&in);
	if (checked && !in.diags.errors)
		manifest_check(&in.objects, &in.diags);
	diag_print(&in.diags, stderr);
	bad = in.diags.errors > 0;
	diag_clear(&in.diags);
	object_list_clear(&in.objects);
	return bad ? 1 : 0;
}
