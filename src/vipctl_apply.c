/* vipctl apply: objects into the manifests folder, where vipd reads them. An object that is there is replaced in its file, a new one gets a file of its
 * own. Source: kubectl apply (words and order of its output). Test: tests/test_vipctl_apply.c, tests/lab/scenarios/walkthrough.sh */
#include "vipctl_change.h"

#include "base/arena.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum outcome { PASSED_OVER, UNCHANGED, CONFIGURED, CREATED };

/* "default_service_web.yaml", "node_n1.yaml". */
static char *new_name(const struct edit_object *o)
{
	char *s = xasprintf("%s%s%s_%s.yaml", o->namespace, *o->namespace ? "_" : "", o->kind_word, o->name);

	for (char *p = s; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	return s;
}

/* The object as the file has it: 1 there and the same, 2 there, 0 not there; -1 after messages. */
static int compare(const struct change *c, const struct change_file *f, const struct edit_object *o)
{
	struct edit_list l = {0};
	struct diag_list diags = {0};
	int found = 0;

	if (f->text && edit_read(f->name, f->text, f->len, &l, &diags)) {
		fprintf(stderr, "Error: %s has errors, mend it first:\n", c->folder);
		diag_print(&diags, stderr);
		diag_clear(&diags);
		return -1;
	}
	for (size_t i = 0; i < l.n && !found; i++)
		if (edit_same_identity(&l.items[i], o))
			found = json_equal(l.items[i].json, o->json) ? 1 : 2;
	edit_list_clear(&l);
	return found;
}

/* Into its file; -1 after messages. */
static int place(struct change *c, const struct edit_object *o, json_t *files, enum outcome *out)
{
	const char *known = json_string_value(json_array_get(files, 0));
	char *name = known ? xstrdup(known) : new_name(o), *text = NULL;
	struct change_file *f = change_open(c, name);
	struct diag_list diags = {0};
	int found = f ? compare(c, f, o) : -1;
	size_t left;

	free(name);
	if (found < 0)
		return -1;
	*out = found == 1 ? UNCHANGED : found == 2 ? CONFIGURED : CREATED;
	if (found == 1)
		return 0;
	if (edit_replace(f->name, f->text ? f->text : "", f->len, o, false, &text, &left, &diags)) {
		diag_print(&diags, stderr);
		diag_clear(&diags);
		return -1;
	}
	return change_set(c, f, text) ? -1 : 0;
}

static void print_outcomes(const struct edit_list *l, const enum outcome *outcomes)
{
	static const char *const words[] = {
	    [UNCHANGED] = "unchanged", [CONFIGURED] = "configured", [CREATED] = "created"};

	for (size_t i = 0; i < l->n; i++) {
		char *title = vipctl_title(&l->items[i]);

		if (outcomes[i] == PASSED_OVER)
			fprintf(stderr, "Warning: %s: vipd has no use for this kind; passed over\n", title);
		else
			printf("%s %s\n", title, words[outcomes[i]]);
		free(title);
	}
	fflush(stdout);
}

static int apply(const struct vipctl *v, const struct edit_list *l)
{
	enum outcome *outcomes = xcalloc(l->n + 1, sizeof *outcomes);
	struct change c;
	json_t *places;
	int code = change_begin(&c, v, l, &places);

	if (code) {
		free(outcomes);
		return code;
	}
	for (size_t i = 0; i < l->n && !code; i++)
		if (l->items[i].ours && place(&c, &l->items[i], json_array_get(places, i), &outcomes[i]))
			code = 1;
	if (!code)
		code = change_write(&c);
	if (!code) {
		print_outcomes(l, outcomes);
		code = change_wait(&c);
	}
	json_decref(places);
	change_end(&c);
	free(outcomes);
	return code;
}

static int run(const struct vipctl *v)
{
	struct edit_list l = {0};
	int code;

	if (!vipctl_value(v, "filename"))
		return vipctl_wrong(v, "apply what? -f names a file, a folder, or - for standard input");
	code = vipctl_input(v, true, &l);
	if (!code && l.n == 0) {
		fprintf(stderr, "Error: no objects passed to apply\n");
		code = 1;
	}
	if (!code)
		code = apply(v, &l);
	edit_list_clear(&l);
	return code;
}

static const struct vipctl_flag *const flags[] = {&vipctl_filename, &vipctl_namespace, &vipctl_no_wait, &vipctl_timeout,
						  NULL};

const struct vipctl_verb vipctl_verb_apply = {
    .name = "apply",
    .arguments = "",
    .summary = "puts objects into the manifests folder",
    .text = "All is checked first, as vipctl check does; an error changes nothing. An object that is in a file of\n"
	    "the folder is replaced there, whole, and what else is in the file stays; a new one is written to\n"
	    "NAMESPACE_KIND_NAME.yaml. The folder's permissions decide who may do that. What is wrong with an\n"
	    "object beyond its manifest (no free address, a conflict) is told as a warning.\n",
    .examples = "  # a file\n  vipctl apply -f web.yaml\n\n"
		"  # all of a folder, without waiting\n  vipctl apply -f manifests/ --no-wait\n\n"
		"  # what another cluster has\n  kubectl get svc,endpointslices -o yaml | vipctl apply -f -\n",
    .exit = "  0  applied, and programmed unless --no-wait\n"
	    "  1  an error: nothing is changed, unless a message says what was written or waited for\n",
    .flags = flags,
    .run = run,
};
