/* Manifests as they are given to vipctl apply and delete. Test: tests/test_vipctl_apply.c */
#include "vipctl_change.h"

#include "base/arena.h"
#include "base/map.h"
#include "manifest_check.h"
#include "vipctl_manifests.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

struct input {
	const struct vipctl *v;
	const char *ns; /* as stated by -n, or NULL */
	bool checked;
	struct edit_list *out;
	struct manifests as_read; /* the same as vipd reads them; all diagnostics */
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
		diag_error(&in->as_read.diags, file, (struct pos){0},
			   "the namespace from the provided object \"%s\" does not match the namespace \"%s\"; you "
			   "must pass '--namespace=%s' to perform this operation",
			   o->namespace, in->ns, o->namespace);
}

static void add_text(void *arg, const char *file, const char *text, size_t len)
{
	struct input *in = arg;
	struct edit_list found = {0};
	int err = in->checked ? manifests_add(&in->as_read, file, text, len) : 0;

	if (err || edit_read(file, text, len, &found, &in->as_read.diags))
		return;
	in->out->items = xrealloc(in->out->items, (in->out->n + found.n + 1) * sizeof *in->out->items);
	for (size_t i = 0; i < found.n; i++) {
		settle_namespace(in, file, &found.items[i]);
		in->out->items[in->out->n++] = found.items[i];
	}
	free(found.items);
}

int vipctl_input(const struct vipctl *v, bool checked, struct edit_list *out)
{
	struct input in = {
	    .v = v, .ns = vipctl_value(v, "namespace"), .checked = checked, .out = out, .as_read = {.seen = map_new()}};
	struct manifests *m = &in.as_read;
	const char *name;
	bool bad;

	for (size_t i = 0; (name = vipctl_nth(v, "filename", i)); i++)
		manifests_each(name, &m->diags, add_text, &in);
	if (checked && !m->diags.errors)
		manifest_check(&m->objects, &m->diags);
	diag_print(&m->diags, stderr);
	bad = m->diags.errors > 0;
	manifests_clear(m);
	return bad ? 1 : 0;
}
