/* --help of the whole and of each verb, from the table of verbs. Test: tests/test_vipctl_args.c. */
#include "vipctl.h"

#include <string.h>

enum { FLAG_COLUMN = 28 };

/* "  -n, --namespace NS        help", further lines of the help below each other. */
static void print_flag(void *arg, const struct vipctl_flag *f)
{
	char left[64], letter[8] = "    ";
	const char *help = f->help, *end;

	if (f->letter)
		snprintf(letter, sizeof letter, "-%c, ", f->letter);
	snprintf(left, sizeof left, "  %s--%s%s%s", letter, f->name, f->argument ? " " : "",
		 f->argument ? f->argument : "");
	for (;; help = end + 1) {
		end = strchrnul(help, '\n');
		fprintf(arg, "%-*s %.*s\n", FLAG_COLUMN, left, (int)(end - help), help);
		if (!*end)
			return;
		*left = '\0';
	}
}

/* -o: what this verb can write. */
static void print_output(const struct vipctl_verb *verb, FILE *to)
{
	struct vipctl_flag f = vipctl_output;
	char help[128] = "";

	for (enum output o = OUTPUT_TABLE + 1; o < OUTPUTS; o++)
		if (verb->outputs & OUTPUT_BIT(o))
			snprintf(help + strlen(help), sizeof help - strlen(help), "%s%s", *help ? ", " : "",
				 vipctl_output_name(o));
	f.help = help;
	print_flag(to, &f);
}

struct printing {
	const struct vipctl_verb *verb;
	FILE *to;
};

static void print_verb_flag(void *arg, const struct vipctl_flag *f)
{
	struct printing *p = arg;

	if (f == &vipctl_output && p->verb)
		print_output(p->verb, p->to);
	else if (f == &vipctl_output)
		print_flag(p->to,
			   &(struct vipctl_flag){f->name, f->letter, f->argument, NULL, "see the verb's --help"});
	else
		print_flag(p->to, f);
}

void vipctl_help(FILE *to)
{
	struct printing p = {NULL, to};

	fputs("Usage: vipctl VERB [ARGUMENTS] [FLAGS]\n\nVerbs:\n", to);
	for (size_t i = 0; i < vipctl_n_verbs; i++)
		fprintf(to, "  %-10s %s\n", vipctl_verbs[i]->name, vipctl_verbs[i]->summary);
	fputs("\nFlags:\n", to);
	vipctl_each_flag(NULL, print_verb_flag, &p);
	fputs("\nvipctl VERB --help tells more of each, with examples.\n", to);
}

void vipctl_help_verb(const struct vipctl_verb *verb, FILE *to)
{
	struct printing p = {verb, to};

	fprintf(to, "vipctl %s: %s.\n\nUsage: vipctl %s%s%s [FLAGS]\n", verb->name, verb->summary, verb->name,
		*verb->arguments ? " " : "", verb->arguments);
	if (verb->text)
		fprintf(to, "\n%s", verb->text);
	fprintf(to, "\nExamples:\n%s\nFlags:\n", verb->examples);
	vipctl_each_flag(verb, print_verb_flag, &p);
	fprintf(to, "\nExit codes:\n%s", verb->exit ? verb->exit : VIPCTL_EXIT);
}

static int run(const struct vipctl *v)
{
	const struct vipctl_verb *verb;

	if (v->n_args == 0) {
		vipctl_help(stdout);
		return 0;
	}
	verb = vipctl_verb_find(v->args[0]);
	if (v->n_args > 1 || !verb)
		return vipctl_wrong(v, "there is no verb \"%s\"", v->args[v->n_args - 1]);
	vipctl_help_verb(verb, stdout);
	return 0;
}

const struct vipctl_verb vipctl_verb_help = {
    .name = "help",
    .arguments = "[VERB]",
    .summary = "what vipctl can do, or more of one verb",
    .examples = "  # how get is used\n  vipctl help get\n",
    .run = run,
};
