/* The commands of vipctl(1), from the same table as --help: `vipctl __man` prints them in mdoc(7) (make man puts them into packaging/man/vipctl.1).
 * Test: tests/test_vipctl_complete.c. */
#include "vipctl.h"

#include <string.h>

enum { MAN_WIDTH = 78 };

/* What troff would take for its own is escaped; code: a hyphen stays one that can be copied. */
static void put_bytes(FILE *to, const char *s, size_t n, bool code)
{
	for (size_t i = 0; i < n; i++) {
		if (s[i] == '\\')
			fputs("\\e", to);
		else if (s[i] == '-' && code)
			fputs("\\-", to);
		else
			fputc(s[i], to);
	}
}

static void put_code(FILE *to, const char *s)
{
	while (*s) {
		size_t n = strcspn(s, "\n");

		if (n && (*s == '.' || *s == '\''))
			fputs("\\&", to);
		put_bytes(to, s, n, true);
		fputc('\n', to);
		s += n + (s[n] == '\n');
	}
}

/* A paragraph, n bytes: each sentence begins a line, as mdoc(7) wants it. */
static void put_prose(FILE *to, const char *s, size_t n)
{
	size_t column = 0;

	for (size_t i = 0; i < n;) {
		size_t word = 0;

		while (i < n && (s[i] == ' ' || s[i] == '\n'))
			i++;
		while (i + word < n && s[i + word] != ' ' && s[i + word] != '\n')
			word++;
		if (!word)
			break;
		if (column && (column + 1 + word > MAN_WIDTH || strchr(".!?", s[i - 2]))) {
			fputc('\n', to);
			column = 0;
		}
		if (column)
			fputc(' ', to);
		else if (s[i] == '.' || s[i] == '\'')
			fputs("\\&", to);
		put_bytes(to, s + i, word, false);
		column += word + (column > 0);
		i += word;
	}
	if (column)
		fputc('\n', to);
}

/* Paragraphs, an empty line between. */
static void put_text(FILE *to, const char *s)
{
	for (const char *end; *s; s = end + strspn(end, "\n")) {
		end = strstr(s, "\n\n");
		if (!end)
			end = s + strlen(s);
		put_prose(to, s, (size_t)(end - s));
		if (end[strspn(end, "\n")])
			fputs(".Pp\n", to);
	}
}

static void put_outputs(FILE *to, unsigned outputs)
{
	const char *comma = "";

	for (enum output o = OUTPUT_TABLE + 1; o < OUTPUTS; o++)
		if (outputs & OUTPUT_BIT(o)) {
			fprintf(to, "%s%s", comma, vipctl_output_name(o));
			comma = ", ";
		}
	fputs("\n", to);
}

struct flags {
	const struct vipctl_verb *verb;
	FILE *to;
	size_t n;
};

static void put_flag(void *arg, const struct vipctl_flag *f)
{
	struct flags *l = arg;

	for (size_t i = 0; l->verb && vipctl_common[i]; i++)
		if (vipctl_common[i] == f)
			return; /* of all commands: above */
	if (!l->n++)
		fputs(".Bl -tag -width Ds\n", l->to);
	fputs(".It ", l->to);
	if (f->letter)
		fprintf(l->to, "Fl %c , ", f->letter);
	fprintf(l->to, "Fl \\-%s", f->name);
	if (f->argument)
		fprintf(l->to, " Ar %s", f->argument);
	fputc('\n', l->to);
	if (f == &vipctl_output && l->verb)
		put_outputs(l->to, l->verb->outputs);
	else if (f == &vipctl_output)
		fputs("The format; each command says which it has.\n", l->to);
	else
		put_text(l->to, f->help);
}

static void put_flags(const struct vipctl_verb *verb, FILE *to)
{
	struct flags l = {verb, to, 0};

	vipctl_each_flag(verb, put_flag, &l);
	if (l.n)
		fputs(".El\n", to);
}

/* "  1  why" -> ".It 1", "why" */
static void put_exit(const struct vipctl_verb *verb, FILE *to)
{
	const char *s = verb->exit ? verb->exit : VIPCTL_EXIT;

	fputs(".Pp\nExit codes:\n.Bl -tag -width Ds\n", to);
	while (*s) {
		size_t n = strcspn(s, "\n");

		fprintf(to, ".It %c\n", s[2]);
		put_prose(to, s + 5, n - 5);
		s += n + (s[n] == '\n');
	}
	fputs(".El\n", to);
}

static void put_verb(const struct vipctl_verb *verb, FILE *to)
{
	fprintf(to, ".Ss %s\n.Nm\n.Cm %s\n", verb->name, verb->name);
	if (*verb->arguments)
		fprintf(to, ".Ar \"%s\"\n", verb->arguments);
	fprintf(to, ".Pp\n%c%s.\n",
		verb->summary[0] >= 'a' && verb->summary[0] <= 'z' ? verb->summary[0] - 'a' + 'A' : verb->summary[0],
		verb->summary + 1);
	if (verb->text) {
		fputs(".Pp\n", to);
		put_text(to, verb->text);
	}
	put_flags(verb, to);
	put_exit(verb, to);
	fputs(".Pp\nExamples:\n.Bd -literal\n", to);
	put_code(to, verb->examples);
	fputs(".Ed\n", to);
}

int vipctl_man(FILE *to)
{
	fputs(".Sh OPTIONS\nOf all commands, in front of them or behind:\n", to);
	put_flags(NULL, to);
	fputs(".Sh COMMANDS\n", to);
	for (size_t i = 0; i < vipctl_n_verbs; i++)
		put_verb(vipctl_verbs[i], to);
	return 0;
}
