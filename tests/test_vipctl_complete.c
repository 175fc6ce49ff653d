/* Completions and the man page against vipctl's own table: none lacks what the other has. */
#include "../src/vipctl.h"

#include "../src/base/arena.h"
#include "../src/base/file.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { WORDS = 12 };

/* What is offered behind "get svc -o ": the words, one a line, without what they are. An empty last word stands behind a blank. Nobody answers at
 * the socket. */
static char *offered(const char *line)
{
	char *copy = xstrdup(line), *words[WORDS], *got = NULL, *out, *p = copy;
	size_t size, n = 0;
	FILE *f = open_memstream(&got, &size);

	for (char *w = strsep(&p, " "); w && n < WORDS; w = strsep(&p, " "))
		words[n++] = w;
	assert_int_equal(vipctl_complete((int)n, words, f), 0);
	fclose(f);
	out = got;
	for (char *s = got; *s; s++) { /* in place: drops from the tab to the end of the line */
		if (*s == '\t')
			s += strcspn(s, "\n");
		*out++ = *s;
	}
	*out = '\0';
	free(copy);
	return got;
}

static void test_rows(void **state)
{
	static const struct {
		const char *line, *want;
	} rows[] = {
	    {"ge", "get\n"},
	    {"nonesuch x", ""},
	    {"get ", "services\nendpoints\npods\nnodes\nvirtualservers\nvips\nvrrp\npools\nevents\n"},
	    {"get v", "virtualservers\nvips\nvrrp\n"},
	    {"-n shop get vr", "vrrp\n"},
	    {"get svc -o ", "wide\njson\nyaml\nname\njsonpath=\n"},
	    {"get svc --output=j", "--output=json\n--output=jsonpath=\n"},
	    {"get svc --output=wide --na", "--namespace\n"},
	    {"status --output j", "json\n"},
	    {"top --sort=", "--sort=bytes\n--sort=packets\n--sort=connections\n--sort=active\n--sort=name\n"},
	    {"top --color a", "auto\nalways\n"},
	    {"status --control-socket ", ":file\n"},
	    {"check ", ":file\n"},
	    {"check a.yaml ", ":file\n"},
	    {"help exp", "explain\n"},
	    {"status ", ""},
	    {"top -n", "-n\n"},
	    {"--vers", "--version\n"},
	    {"get --vers", ""},
	    {"get svc --control-socket /nonesuch/socket w", ""}, /* nobody answers */
	    {"failover --control-socket=/nonesuch/socket ", ""},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char *got = offered(rows[i].line);

		if (strcmp(got, rows[i].want) != 0)
			fail_msg("\"%s\": expected \"%s\", got \"%s\"", rows[i].line, rows[i].want, got);
		free(got);
	}
}

struct look {
	const struct vipctl_verb *verb;
	const char *where, *text;
};

static void must_have(const struct look *l, const char *word)
{
	if (!strstr(l->text, word))
		fail_msg("%s: %s lacks \"%s\"", l->verb ? l->verb->name : "vipctl", l->where, word);
}

static void flag_offered(void *arg, const struct vipctl_flag *f)
{
	char word[64];

	snprintf(word, sizeof word, "--%s\n", f->name);
	must_have(arg, word);
	if (!f->letter)
		return;
	snprintf(word, sizeof word, "-%c\n", f->letter);
	must_have(arg, word);
}

static void test_every_flag(void **state)
{
	char *all = offered("");

	for (size_t i = 0; i < vipctl_n_verbs; i++) {
		struct look verbs = {NULL, "completion", all}, flags = {vipctl_verbs[i], "completion", NULL};
		char line[64];
		char *got;

		snprintf(line, sizeof line, "%s\n", vipctl_verbs[i]->name);
		must_have(&verbs, line);
		snprintf(line, sizeof line, "%s -", vipctl_verbs[i]->name);
		got = offered(line);
		flags.text = got;
		vipctl_each_flag(vipctl_verbs[i], flag_offered, &flags);
		free(got);
	}
	free(all);
}

static char *read_text(const char *path)
{
	char *text;
	size_t len;

	if (file_read(AT_FDCWD, path, 1 << 20, &text, &len))
		fail_msg("%s cannot be read", path);
	text = xrealloc(text, len + 1);
	text[len] = '\0';
	return text;
}

static void flag_told(void *arg, const struct vipctl_flag *f)
{
	char word[64];

	snprintf(word, sizeof word, "Fl \\-%s", f->name);
	must_have(arg, word);
}

static void own_flag_told(void *arg, const struct vipctl_flag *f)
{
	for (size_t i = 0; vipctl_common[i]; i++)
		if (vipctl_common[i] == f)
			return;
	flag_told(arg, f);
}

/* Each command has its section, and in it its options; and no section is of another. */
static void test_man_has_all(void **state)
{
	char *man = read_text("packaging/man/vipctl.1"), *end;
	struct look all = {NULL, "the man page (make man)", man};
	size_t sections = 0;

	vipctl_each_flag(NULL, flag_told, &all);
	for (char *p = man; (p = strstr(p, "\n.Ss ")); p++)
		sections++;
	assert_int_equal(sections, vipctl_n_verbs);
	for (size_t i = 0; i < vipctl_n_verbs; i++) {
		struct look one = {vipctl_verbs[i], "the man page (make man)", NULL};
		char head[64], *section;

		snprintf(head, sizeof head, "\n.Ss %s\n", vipctl_verbs[i]->name);
		must_have(&all, head);
		section = xstrdup(strstr(man, head) + 1);
		end = strstr(section, "\n.S");
		if (end)
			*end = '\0';
		one.text = section;
		vipctl_each_flag(vipctl_verbs[i], own_flag_told, &one);
		free(section);
	}
	free(man);
}

/* What is installed is what the table says now. */
static void test_man_is_current(void **state)
{
	char *head = read_text("packaging/man/vipctl.1.head"), *tail = read_text("packaging/man/vipctl.1.tail");
	char *man = read_text("packaging/man/vipctl.1"), *commands = NULL, *want;
	size_t size;
	FILE *f = open_memstream(&commands, &size);

	assert_int_equal(vipctl_man(f), 0);
	fclose(f);
	want = xasprintf("%s%s%s", head, commands, tail);
	if (strcmp(man, want) != 0)
		fail_msg("packaging/man/vipctl.1 is not what vipctl says: make man");
	free(want);
	free(commands);
	free(man);
	free(tail);
	free(head);
}

/* The script for bash, with a vipctl of the test's own: descriptions are cut off, what bash takes for completed (up to a colon) is, too. */
static void test_bash(void **state)
{
	static const struct {
		const char *line, *want;
	} rows[] = {{"vipctl ge", "get"}, {"vipctl describe vs 10.0.0.1:", "80 81"}, {"vipctl --output=", "json yaml"}};
	char got[128], command[1024];

	if (access("/bin/bash", X_OK))
		skip();
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		FILE *f;

		snprintf(command, sizeof command,
			 "exec /bin/bash --norc -c 'vipctl() { case $* in *ge) printf \"get\\tlists\\n\" ;; *:) printf "
			 "\"10.0.0.1:80\\t\\n10.0.0.1:81\\t\\n\" ;; *=) printf \"%%s\\n\" --output=json --output=yaml "
			 ";; esac; }\n"
			 ". packaging/completions/vipctl.bash\nCOMP_LINE=\"%s\" COMP_POINT=${#COMP_LINE}; "
			 "COMP_POINT=${#COMP_LINE}\n_vipctl\necho \"${COMPREPLY[*]}\"'",
			 rows[i].line);
		f = popen(command, "re");
		assert_non_null(f);
		got[0] = '\0';
		assert_non_null(fgets(got, sizeof got, f));
		pclose(f);
		got[strcspn(got, "\n")] = '\0';
		assert_string_equal(got, rows[i].want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_rows),        cmocka_unit_test(test_every_flag),
	    cmocka_unit_test(test_man_has_all), cmocka_unit_test(test_man_is_current),
	    cmocka_unit_test(test_bash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
