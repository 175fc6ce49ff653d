/* vipctl diff: the folder as it is, and with these files in it, compiled as control does, with this node's configuration and record. Source: kubectl diff
 * (exit codes), ipvsadm-save (lines). Test: tests/test_plan_diff.c, tests/lab/scenarios/vipctl.sh. */
#include "vipctl.h"

#include "base/clock.h"
#include "base/map.h"
#include "plan_diff.h"
#include "vipctl_change.h"
#include "vipctl_manifests.h"
#include "vipctl_node.h"

#include <stdlib.h>
#include <string.h>

struct diff {
	struct node_state node;
	struct manifests files;
	struct diag_list diags;
	struct record *records[2]; /* each plan changes its own */
	struct plan *plans[2];     /* as it is; as it would be */
};

static void feed(void *arg, const struct object *o)
{
	plan_put(arg, o);
}

static void on_problem(void *arg, const struct object *o, const char *reason, const char *message)
{
	if (message)
		diag_warning(arg, o->file, o->pos, "%s %s/%s: %s: %s", kind_name(o->kind), o->meta.namespace,
			     o->meta.name, reason, message);
}

static void compile(struct diff *d, int which)
{
	struct plan_out told = plan_out_none;
	struct plan *p = plan_new(&d->node.config->plan, d->records[which]);

	d->plans[which] = p;
	plan_set_locals(p, d->node.locals, d->node.n_locals);
	folder_each_object(d->node.folder, feed, p);
	plan_run(p, clock_wall(), &plan_out_none);
	if (which == 0)
		return;
	for (size_t i = 0; i < d->files.objects.n; i++)
		plan_put(p, d->files.objects.items[i]);
	told.problem = on_problem; /* what these objects bring */
	told.arg = &d->diags;
	plan_run(p, clock_wall(), &told);
}

static void read_all(const struct vipctl *v, struct diff *d)
{
	const char *file;

	for (size_t i = 0; (file = vipctl_nth(v, "filename", i)); i++)
		manifests_read(&d->files, file);
	diag_append(&d->diags, &d->files.diags);
	node_state_load(v, &d->node, &d->diags);
	for (int i = 0; d->node.folder && i < 2; i++)
		d->records[i] = node_state_record(&d->node, &d->diags);
}

/* Errors of the folder's other files are old news: vipd goes on with their last good contents; but they are said. */
static int compare(struct diff *d)
{
	const struct config *c = d->node.config;
	struct assign *assign = assign_new(c->routers, c->n_routers, c->pins, c->n_pins, c->plan.interface);
	char *text = NULL;
	size_t size, n;
	FILE *f = open_memstream(&text, &size);

	compile(d, 0);
	compile(d, 1);
	n = plan_diff(d->plans[0], d->plans[1], assign, f);
	fclose(f);
	assign_free(assign);
	diag_print(&d->diags, stderr);
	if (n)
		printf("--- %s\n+++ %s with these files\n%s", c->manifests, c->manifests, text);
	free(text);
	return n ? 1 : 0;
}

static void diff_clear(struct diff *d)
{
	for (int i = 0; i < 2; i++) {
		plan_free(d->plans[i]);
		record_free(d->records[i]);
	}
	manifests_clear(&d->files);
	node_state_clear(&d->node);
	diag_clear(&d->diags);
}

static int run(const struct vipctl *v)
{
	struct diff d = {.files = {.seen = map_new()}};
	int code = v->verb->trouble;

	if (!vipctl_value(v, "filename")) {
		manifests_clear(&d.files);
		return vipctl_wrong(v, "diff what? -f names a file, a folder, or - for standard input");
	}
	read_all(v, &d);
	if (!d.files.diags.errors && d.records[0] && d.records[1])
		code = compare(&d);
	else
		diag_print(&d.diags, stderr);
	diff_clear(&d);
	return code;
}

static const struct vipctl_flag *const flags[] = {&vipctl_filename, NULL};

const struct vipctl_verb vipctl_verb_diff = {
    .name = "diff",
    .arguments = "",
    .summary = "what manifests would change in the kernel",
    .text = "The manifests folder is compiled as it is, and with these files' objects in it (in the place of those\n"
	    "with the same kind, namespace and name), by the rules, configuration and record of this node; nothing\n"
	    "is written. Lines are ipvsadm's and ip's: - goes, + comes.\n",
    .examples = "  # before vipctl apply\n  vipctl diff -f web.yaml\n\n"
		"  # what a folder would bring\n  vipctl diff -f manifests/\n",
    .exit = "  0  nothing would change\n  1  something would\n  2  an error\n",
    .flags = flags,
    .trouble = 2,
    .run = run,
};
