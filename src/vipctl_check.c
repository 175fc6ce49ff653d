/* vipctl check: manifests are parsed and compiled here, without vipd: every error at its place. What depends on a node (pools, which Services
 * are there) is no error of a manifest. Without names: what this node's vipd reads. Test: tests/test_vipctl_check.c, tests/lab/scenarios/vipctl.sh. */
#include "vipctl.h"

#include "base/doc.h"
#include "base/file.h"
#include "base/map.h"
#include "dry_run.h"
#include "manifest_check.h"
#include "vipctl_manifests.h"
#include "vipctl_node.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { CONFIG_MAX = 1 << 20 };

/* For editors: one object a finding, the first line and column are 1, 0 stands for unknown. */
static void print_json(const struct vipctl *v, const struct diag_list *l)
{
	json_t *list = json_array();

	for (size_t i = 0; i < l->n; i++) {
		const struct diag *d = &l->items[i];

		json_array_append_new(list,
				      json_pack("{s:s, s:i, s:i, s:s, s:s}", "file", d->file ? d->file : "", "line",
						(int)d->pos.line, "column", (int)d->pos.col, "severity",
						d->level == DIAG_ERROR ? "error" : "warning", "message", d->text));
	}
	vipctl_print_document(v, list);
}

/* configs: of vipd.yaml, beside the objects. */
static int report(const struct vipctl *v, const struct diag_list *l, size_t configs, size_t objects)
{
	if (v->output == OUTPUT_JSON)
		print_json(v, l);
	else
		diag_print(l, stderr);
	if (v->output != OUTPUT_JSON && !l->errors) {
		if (configs)
			printf("%zu configuration%s, ", configs, configs == 1 ? "" : "s");
		printf("%zu objects, no errors\n", objects);
	}
	return l->errors ? 1 : 0;
}

/* A map that has none of an object's fields; only the first document is looked at. */
static int first_document(void *arg, const struct node *root, size_t index)
{
	*(bool *)arg = root->type == NODE_MAP && root->map.n && !node_get(root, "apiVersion") &&
		       !node_get(root, "kind") && !node_get(root, "metadata") && !node_get(root, "spec");
	return 1;
}

/* Whether a file is a vipd.yaml, whatever its name. What cannot be read is told as a manifest. */
static bool is_config(const char *file)
{
	struct diag_list ignored = {0};
	bool config = false;
	struct stat st;
	char *text;
	size_t len;

	if (stat(file, &st) || !S_ISREG(st.st_mode) || file_read(AT_FDCWD, file, CONFIG_MAX, &text, &len))
		return false;
	doc_parse(file, text, len, NULL, &ignored, first_document, &config);
	diag_clear(&ignored);
	free(text);
	return config;
}

static int check_files(const struct vipctl *v)
{
	struct manifests m = {.seen = map_new()};
	size_t configs = 0;
	int code;

	for (int i = 0; i < v->n_args; i++) {
		if (!is_config(v->args[i])) {
			manifests_read(&m, v->args[i]);
			continue;
		}
		config_free(node_config_load(v->args[i], false, &m.diags));
		configs++;
	}
	manifest_check(&m.objects, &m.diags);
	code = report(v, &m.diags, configs, m.objects.n);
	manifests_clear(&m);
	return code;
}

static void count(void *arg, const struct object *o)
{
	++*(size_t *)arg;
}

/* As vipd -n: configuration, folder and plan, with this node's record. */
static int check_running(const struct vipctl *v)
{
	struct diag_list diags = {0};
	struct record *record = NULL;
	struct node_state s;
	struct plan *p;
	size_t objects = 0;
	int code;

	node_state_load(v, &s, &diags);
	if (!s.running && v->output != OUTPUT_JSON)
		fprintf(stderr, "vipd does not answer: %s and its folder are looked at\n", s.config_file);
	if (s.folder)
		record = node_state_record(&s, &diags);
	if (record) {
		p = dry_run_compile(s.config, s.folder, record, &diags);
		plan_free(p);
		folder_each_object(s.folder, count, &objects);
	}
	code = report(v, &diags, 0, objects);
	record_free(record);
	node_state_clear(&s);
	diag_clear(&diags);
	return code;
}

static int run(const struct vipctl *v)
{
	return v->n_args ? check_files(v) : check_running(v);
}

const struct vipctl_verb vipctl_verb_check = {
    .name = "check",
    .arguments = "[FILE...]",
    .summary = "all errors of manifests and of vipd.yaml, or of what runs",
    .text = "A folder stands for its *.yaml, *.yml and *.json; - is standard input. Files are looked at without\n"
	    "vipd, so what depends on a node (a pool, an address that is taken) is no error. A vipd.yaml, whatever\n"
	    "its name, is known by its having none of an object's fields. Without a file the\n"
	    "running vipd's vipd.yaml and manifests folder are checked with all that it has given out.\n",
    .examples = "  # before it is installed\n  vipctl check web.yaml\n\n"
		"  # a whole folder\n  vipctl check /var/lib/vipd/manifests\n\n"
		"  # a configuration before it is installed\n  vipctl check vipd.yaml\n\n"
		"  # what vipd runs with\n  vipctl check\n\n"
		"  # for an editor\n  vipctl check -o json web.yaml\n",
    .exit = "  0  no errors\n  1  errors; each is on standard error as FILE:LINE:COLUMN: MESSAGE, with -o json on "
	    "standard output\n",
    .outputs = OUTPUT_BIT(OUTPUT_JSON),
    .words = "<file>",
    .run = run,
};
