/* vipctl delete: objects out of the manifests folder; a file without objects goes too. Source: kubectl delete. Test: tests/test_vipctl_apply.c */
#include "vipctl_change.h"

#include "base/arena.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const struct {
	const char *words; /* as they may be written, with blanks around each */
	const char *api;
	enum kind kind;
} kinds[] = {
    {" services service svc ", "v1", KIND_SERVICE},
    {" endpoints endpoint ep ", "v1", KIND_ENDPOINTS},
    {" endpointslices endpointslice ", "discovery.k8s.io/v1", KIND_SLICE},
    {" pods pod po ", "v1", KIND_POD},
    {" nodes node no ", "v1", KIND_NODE},
    {" configmaps configmap cm ", "v1", KIND_CONFIGMAP},
};

static bool find_kind(const char *word, size_t n, size_t *out)
{
	char *spaced = xasprintf(" %.*s ", (int)n, word);

	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (n && strcasestr(kinds[i].words, spaced)) {
			free(spaced);
			*out = i;
			return true;
		}
	free(spaced);
	return false;
}

static void add_named(struct edit_list *l, const struct vipctl *v, size_t k, const char *name)
{
	bool node = kinds[k].kind == KIND_NODE;
	struct edit_object o = {.ours = true, .kind = kinds[k].kind};

	o.kind_word = xstrdup(kind_name(o.kind));
	o.namespace = xstrdup(node ? "" : v->ns);
	o.name = xstrdup(name);
	o.json = json_pack("{s:s}", "apiVersion", kinds[k].api);
	l->items = xrealloc(l->items, (l->n + 1) * sizeof *l->items);
	l->items[l->n++] = o;
}

/* KIND NAME... or KIND/NAME... */
static int read_names(const struct vipctl *v, struct edit_list *l)
{
	const char *slash = v->n_args ? strchr(v->args[0], '/') : NULL;
	size_t k;

	for (int i = 0; i < v->n_args; i++) {
		const char *at = strchr(v->args[i], '/'), *word = slash ? v->args[i] : v->args[0];

		if (!at != !slash)
			return vipctl_wrong(v, "there is no need to specify a resource type as a separate argument "
					       "when passing arguments in resource/name form");
		if (!find_kind(word, at ? (size_t)(at - word) : strlen(word), &k))
			return vipctl_wrong(v,
					    "there is no kind \"%.*s\" to delete; expected services, endpoints, "
					    "endpointslices, pods, nodes or configmaps",
					    at ? (int)(at - word) : (int)strlen(word), word);
		if (slash || i > 0)
			add_named(l, v, k, at ? at + 1 : v->args[i]);
	}
	if (v->n_args && !l->n)
		return vipctl_wrong(v, "delete which of them? Give names");
	return 0;
}

/* Out of every file that has it, or the next would take its place. */
static int take_out(struct change *c, const struct edit_object *o, json_t *files)
{
	struct diag_list diags = {0};
	json_t *one;
	size_t i, left;

	json_array_foreach(files, i, one)
	{
		struct change_file *f = change_open(c, json_string_value(one));
		char *text;

		if (!f)
			return 1;
		if (!f->text)
			continue;
		if (edit_replace(f->name, f->text, f->len, o, true, &text, &left, &diags)) {
			diag_print(&diags, stderr);
			diag_clear(&diags);
			return 1;
		}
		if (!left) {
			free(text);
			text = NULL;
		}
		if (change_set(c, f, text))
			return 1;
	}
	return 0;
}

/* The exit code. */
static int print_outcomes(const struct vipctl *v, const struct edit_list *l, json_t *places)
{
	bool ignore = vipctl_value(v, "ignore-not-found") != NULL;
	int code = 0;

	for (size_t i = 0; i < l->n; i++) {
		const struct edit_object *o = &l->items[i];
		char *title = vipctl_title(o), *resource = vipctl_resource(o);

		if (!o->ours) {
			fprintf(stderr, "Warning: %s: vipd has no use for this kind; passed over\n", title);
		} else if (json_array_size(json_array_get(places, i))) {
			printf("%s deleted\n", title);
		} else if (!ignore) {
			fprintf(stderr, "Error from server (NotFound): %s \"%s\" not found\n", resource, o->name);
			code = 1;
		}
		free(title);
		free(resource);
	}
	fflush(stdout);
	return code;
}

static int delete (const struct vipctl *v, const struct edit_list *l)
{
	struct change c;
	json_t *places;
	int code = change_begin(&c, v, l, &places), missing;

	if (code)
		return code;
	for (size_t i = 0; i < l->n && !code; i++)
		if (l->items[i].ours)
			code = take_out(&c, &l->items[i], json_array_get(places, i));
	if (!code)
		code = change_write(&c);
	if (!code) {
		missing = print_outcomes(v, l, places);
		code = change_wait(&c) || missing;
	}
	json_decref(places);
	change_end(&c);
	return code;
}

static int run(const struct vipctl *v)
{
	struct edit_list l = {0};
	bool files = vipctl_value(v, "filename") != NULL;
	int code;

	if (files == (v->n_args > 0))
		return vipctl_wrong(v, "delete what? KIND NAME..., or -f FILE");
	code = files ? vipctl_input(v, false, &l) : read_names(v, &l);
	if (!code)
		code = delete (v, &l);
	edit_list_clear(&l);
	return code;
}

static const struct vipctl_flag ignore_flag = {.name = "ignore-not-found",
					       .help = "what is not there is as good as deleted"};
static const struct vipctl_flag *const flags[] = {&vipctl_filename, &vipctl_namespace, &ignore_flag,
						  &vipctl_no_wait,  &vipctl_timeout,   NULL};

const struct vipctl_verb vipctl_verb_delete = {
    .name = "delete",
    .arguments = "[KIND NAME...]",
    .summary = "takes objects out of the manifests folder",
    .text = "KIND is one of services (svc), endpoints (ep), endpointslices, pods (po), nodes (no), configmaps\n"
	    "(cm); KIND/NAME does as well. What else is in an object's file stays; a file without objects goes.\n",
    .examples = "  # a Service\n  vipctl delete svc web\n\n"
		"  # all that is in a file\n  vipctl delete -f web.yaml\n",
    .exit = "  0  deleted, and programmed unless --no-wait\n"
	    "  1  an error, or something was not found; a message says which\n",
    .flags = flags,
    .words = "services endpoints endpointslices pods nodes configmaps",
    .run = run,
};
