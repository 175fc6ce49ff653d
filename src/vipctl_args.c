/* The command line: common flags, the verb, its flags among its arguments. Source: getopt_long(3), kubectl. Test: tests/test_vipctl_args.c. */
#include "vipctl.h"

#include "base/arena.h"
#include "suggest.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Flags as getopt_long takes them. */
struct table {
	const struct vipctl_flag *flags[VIPCTL_FLAGS];
	struct option longs[VIPCTL_FLAGS + 1];
	char letters[2 * VIPCTL_FLAGS + 3];
	size_t n;
};

enum { FIRST_CODE = 1000 }; /* getopt_long's answer for a long name: FIRST_CODE + its place */

static void table_add(void *arg, const struct vipctl_flag *f)
{
	struct table *t = arg;

	if (t->n == VIPCTL_FLAGS)
		abort();
	t->flags[t->n] = f;
	t->longs[t->n] =
	    (struct option){f->name, f->argument ? required_argument : no_argument, NULL, FIRST_CODE + (int)t->n};
	if (f->letter) {
		size_t k = strlen(t->letters);

		t->letters[k] = f->letter;
		t->letters[k + 1] = f->argument ? ':' : '\0';
	}
	t->n++;
}

static const struct vipctl_flag *table_find(const struct table *t, int code)
{
	for (size_t i = 0; i < t->n; i++)
		if (code == FIRST_CODE + (int)i || (code && code == t->flags[i]->letter))
			return t->flags[i];
	return NULL;
}

/* false: there is no room. */
static bool set_value(struct vipctl *v, const char *name, const char *value)
{
	if (v->n_values == VIPCTL_VALUES) {
		fprintf(stderr, "Error: more than %d flags\n", VIPCTL_VALUES);
		return false;
	}
	v->values[v->n_values].name = name;
	v->values[v->n_values++].value = value;
	return true;
}

const char *vipctl_value(const struct vipctl *v, const char *flag)
{
	for (size_t i = v->n_values; i-- > 0;)
		if (strcmp(v->values[i].name, flag) == 0)
			return v->values[i].value;
	return NULL;
}

const char *vipctl_nth(const struct vipctl *v, const char *flag, size_t i)
{
	for (size_t k = 0; k < v->n_values; k++)
		if (strcmp(v->values[k].name, flag) == 0 && i-- == 0)
			return v->values[k].value;
	return NULL;
}

void vipctl_split(struct vipctl *v, char *args[2])
{
	char *slash = v->n_args == 1 ? strchr(v->args[0], '/') : NULL;

	args[0] = args[1] = NULL;
	if (!slash)
		return;
	args[0] = xasprintf("%.*s", (int)(slash - v->args[0]), v->args[0]);
	args[1] = xstrdup(slash + 1);
	v->args = args;
	v->n_args = 2;
}

static int exit_code(const struct vipctl *v)
{
	return v->verb && v->verb->trouble ? v->verb->trouble : 1;
}

int vipctl_wrong(const struct vipctl *v, const char *fmt, ...)
{
	va_list ap;

	fputs("Error: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, "\nSee vipctl %s%s--help.\n", v->verb ? v->verb->name : "", v->verb ? " " : "");
	return exit_code(v);
}

/* Flags from optind on, up to the first other word (in the middle of "+..."), or all. 0, or -1: getopt_long has said what is wrong. */
static int read_flags(int argc, char **argv, const struct table *t, const char *letters, struct vipctl *v)
{
	const struct vipctl_flag *f;
	int c;

	while ((c = getopt_long(argc, argv, letters, t->longs, NULL)) != -1) {
		f = table_find(t, c);
		if (!f || !set_value(v, f->name, f->argument ? optarg : ""))
			return -1;
	}
	return 0;
}

static int output_parse(struct vipctl *v)
{
	const char *text = vipctl_value(v, "output"), *names[OUTPUTS], *near;
	char expected[128] = "";
	size_t n = 0;

	if (!text)
		return 0;
	for (enum output o = OUTPUT_TABLE + 1; o < OUTPUTS; o++) {
		const char *name = vipctl_output_name(o);

		if (!(v->verb->outputs & OUTPUT_BIT(o)))
			continue;
		if (o == OUTPUT_JSONPATH ? strncmp(text, name, strlen(name)) == 0 : strcmp(text, name) == 0) {
			v->template = text + strlen(name);
			v->output = o;
			return 0;
		}
		snprintf(expected + strlen(expected), sizeof expected - strlen(expected), "%s%s", n ? ", " : "", name);
		names[n++] = name;
	}
	near = suggest_nearest(text, names, n);
	vipctl_wrong(v, "unknown output format \"%s\"%s%s%s; expected one of: %s", text, near ? " (did you mean " : "",
		     near ? near : "", near ? "?)" : "", expected);
	return -1;
}

/* Source: no-color.org; `ls --color`. */
static int colour_parse(struct vipctl *v)
{
	const char *when = vipctl_value(v, "color"), *no = getenv("NO_COLOR"), *term = getenv("TERM");

	if (when && strcmp(when, "always") != 0 && strcmp(when, "never") != 0 && strcmp(when, "auto") != 0) {
		vipctl_wrong(v, "--color: \"%s\" is none of auto, always and never", when);
		return -1;
	}
	if (when && strcmp(when, "auto") != 0)
		v->colour = strcmp(when, "always") == 0;
	else
		v->colour = isatty(STDOUT_FILENO) && !(no && *no) && term && strcmp(term, "dumb") != 0;
	return 0;
}

/* What several verbs need, in its own member; and what was given before the verb must be a flag of it. */
static int settle(struct vipctl *v, const struct table *t)
{
	const char *socket = vipctl_value(v, "control-socket"), *ns = vipctl_value(v, "namespace");

	for (size_t i = 0; i < v->n_values; i++) {
		size_t k = 0;

		while (k < t->n && strcmp(t->flags[k]->name, v->values[i].name) != 0)
			k++;
		if (k == t->n) {
			vipctl_wrong(v, "%s takes no --%s", v->verb->name, v->values[i].name);
			return -1;
		}
	}
	v->socket = socket ? socket : VIPCTL_SOCKET;
	v->ns = ns ? ns : "default";
	v->all_namespaces = vipctl_value(v, "all-namespaces") != NULL;
	return colour_parse(v) ? -1 : output_parse(v);
}

static int unknown_verb(const char *word)
{
	const char **names = xcalloc(vipctl_n_verbs, sizeof *names), *near;

	for (size_t i = 0; i < vipctl_n_verbs; i++)
		names[i] = vipctl_verbs[i]->name;
	near = suggest_nearest(word, names, vipctl_n_verbs);
	fprintf(stderr, "Error: unknown verb \"%s\"", word);
	if (near)
		fprintf(stderr, "; did you mean \"%s\"?\n", near);
	else
		fprintf(stderr, "; see vipctl --help\n");
	free(names);
	return 1;
}

/* Up to the verb. */
static int read_before(int argc, char **argv, struct vipctl *v)
{
	struct table t = {.letters = "+"};

	vipctl_each_flag(NULL, table_add, &t);
	optind = 0; /* getopt_long starts anew */
	if (read_flags(argc, argv, &t, t.letters, v)) {
		fprintf(stderr, "See vipctl --help.\n");
		return 1;
	}
	if (vipctl_value(v, "help")) {
		vipctl_help(stdout);
		return 0;
	}
	if (vipctl_value(v, "version")) {
		printf("vipctl %s\n", VIPD_VERSION);
		return 0;
	}
	if (optind == argc) {
		vipctl_help(stderr);
		return 1;
	}
	v->verb = vipctl_verb_find(argv[optind]);
	return v->verb ? -1 : unknown_verb(argv[optind]);
}

int vipctl_args(int argc, char **argv, struct vipctl *v)
{
	struct table t = {0};
	int code, at;

	*v = (struct vipctl){0};
	if (argc > 1 && strcmp(argv[1], "__complete") == 0)
		return vipctl_complete(argc - 2, argv + 2, stdout);
	if (argc > 1 && strcmp(argv[1], "__man") == 0)
		return vipctl_man(stdout);
	code = read_before(argc, argv, v);
	if (code >= 0)
		return code;
	at = optind; /* the verb stands for the program's name */
	vipctl_each_flag(v->verb, table_add, &t);
	optind = 0;
	if (read_flags(argc - at, argv + at, &t, t.letters, v)) {
		fprintf(stderr, "See vipctl %s --help.\n", v->verb->name);
		return exit_code(v);
	}
	if (vipctl_value(v, "help")) {
		vipctl_help_verb(v->verb, stdout);
		return 0;
	}
	if (settle(v, &t))
		return exit_code(v);
	v->args = argv + at + optind;
	v->n_args = argc - at - optind;
	if (v->n_args && !*v->verb->arguments)
		return vipctl_wrong(v, "%s takes no arguments", v->verb->name);
	return -1;
}
