/* What several verbs do alike: names, tables with colour for a person, documents. Test: tests/test_vipctl_args.c, tests/lab/. */
#include "vipctl.h"

#include "yaml_out.h"

#include <stdlib.h>
#include <string.h>

#define BOLD   "\033[1m"
#define RED    "\033[31m"
#define GREEN  "\033[32m"
#define YELLOW "\033[33m"

/* Words that say how something is; all else is as plain as in a pipe. */
static const struct {
	const char *word, *look;
} words[] = {
    {"held", GREEN},
    {"Active", GREEN},
    {"Running", GREEN},
    {"1/1", GREEN},
    {"Ready", GREEN},
    {"Backup", YELLOW},
    {"<pending>", YELLOW},
    {"Pending", YELLOW},
    {"Terminating", YELLOW},
    {"Initialize", YELLOW},
    {"<foreign>", YELLOW},
    {"Warning", YELLOW},
    {"0/1", RED},
    {"Fault", RED},
    {"BadManifest", RED},
    {"BadConfiguration", RED},
    {"NotReady", RED},
};

static const char *look(size_t row, const char *cell)
{
	if (row == 0)
		return BOLD;
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (strcmp(cell, words[i].word) == 0)
			return words[i].look;
	return NULL;
}

json_t *vipctl_names(const struct vipctl *v, int from)
{
	json_t *names = json_array();

	for (int i = from; i < v->n_args; i++)
		if (json_array_append_new(names, json_string(v->args[i]))) {
			json_decref(names);
			return NULL;
		}
	return names;
}

int vipctl_not_found(enum ctl_kind kind, json_t *names)
{
	json_t *name;
	size_t i;

	json_array_foreach(names, i, name)
	{
		fprintf(stderr, "Error from server (NotFound): %s \"%s\" not found\n", ctl_kind_name(kind),
			json_string_value(name));
	}
	return json_array_size(names) ? 1 : 0;
}

void vipctl_print_columns(const struct vipctl *v, struct columns *c)
{
	char *text = columns_styled(c, v->colour ? look : NULL, 0);

	fputs(text, stdout);
	free(text);
	columns_free(c);
}

void vipctl_print_document(const struct vipctl *v, json_t *j)
{
	if (v->output == OUTPUT_YAML) {
		yaml_write(stdout, j);
	} else {
		json_dumpf(j, stdout, JSON_INDENT(4));
		putchar('\n');
	}
	json_decref(j);
}
