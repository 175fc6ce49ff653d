/* The command line of vipctl and its --help: what every verb must have. */
#include "../src/vipctl.h"

#include "../src/base/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { WORDS = 12 };

/* Reads a line of words with one blank between; what it prints is kept in *said (malloc'd). The words live in line. */
static int args(const char *text, char line[256], struct vipctl *v, char **said)
{
	static char name[] = "vipctl";
	char *argv[WORDS + 2] = {name}, *save = NULL;
	int argc = 1, code, out = dup(1), err = dup(2);
	static char *kept[WORDS + 2];
	FILE *f = tmpfile();
	size_t n;

	snprintf(line, 256, "%s", text);
	for (char *w = strtok_r(line, " ", &save); w && argc <= WORDS; w = strtok_r(NULL, " ", &save))
		argv[argc++] = w;
	memcpy(kept, argv, sizeof kept);
	fflush(NULL);
	dup2(fileno(f), 1);
	dup2(fileno(f), 2);
	code = vipctl_args(argc, kept, v);
	fflush(NULL);
	dup2(out, 1);
	dup2(err, 2);
	close(out);
	close(err);
	rewind(f);
	*said = xcalloc(1, 1 << 16);
	n = fread(*said, 1, (1 << 16) - 1, f);
	(*said)[n] = '\0';
	fclose(f);
	return code;
}

static void test_lines(void **state)
{
	static const struct {
		const char *line;
		int code;
		const char *verb, *ns, *first; /* code -1 */
		int n_args;
		enum output output;
		const char *said; /* a part of it */
	} rows[] = {
	    {"get svc", -1, "get", "default", "svc", 1, OUTPUT_TABLE, ""},
	    {"get svc web -n shop -o json", -1, "get", "shop", "svc", 2, OUTPUT_JSON, ""},
	    {"-n shop get -o wide svc", -1, "get", "shop", "svc", 1, OUTPUT_WIDE, ""},
	    {"-n shop get svc -n other", -1, "get", "other", "svc", 1, OUTPUT_TABLE, ""},
	    {"get --output=yaml --namespace=shop svc", -1, "get", "shop", "svc", 1, OUTPUT_YAML, ""},
	    {"get -- -x", -1, "get", "default", "-x", 1, OUTPUT_TABLE, ""},
	    {"status", -1, "status", "default", NULL, 0, OUTPUT_TABLE, ""},
	    {"", 1, .said = "Usage: vipctl"},
	    {"--help", 0, .said = "Usage: vipctl"},
	    {"-h get", 0, .said = "Usage: vipctl VERB"},
	    {"get -h", 0, .said = "Usage: vipctl get KIND"},
	    {"--version", 0, .said = "vipctl " VIPD_VERSION},
	    {"gte svc", 1, .said = "did you mean \"get\"?"},
	    {"qqqqqq", 1, .said = "unknown verb \"qqqqqq\"; see vipctl --help"},
	    {"--frob get", 1, .said = "See vipctl --help."},
	    {"get --frob", 1, .said = "See vipctl get --help."},
	    {"get svc -o jsn", 1, .said = "did you mean json?"},
	    {"status -o wide", 1, .said = "expected one of: json, yaml"},
	    {"-o json failover", 1, .said = "failover takes no --output"},
	    {"reexec now", 1, .said = "reexec takes no arguments"},
	    {"status -n shop", 1, .said = "See vipctl status --help."},
	    {"status --color=sometimes", 1, .said = "none of auto, always and never"},
	    {"-n shop status", 1, .said = "status takes no --namespace"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char line[256], *said;
		struct vipctl v;
		int code = args(rows[i].line, line, &v, &said);

		if (code != rows[i].code || !strstr(said, rows[i].said))
			fail_msg("%s: %d: %s", rows[i].line, code, said);
		if (code == -1) {
			assert_string_equal(v.verb->name, rows[i].verb);
			assert_string_equal(v.ns, rows[i].ns);
			assert_int_equal(v.n_args, rows[i].n_args);
			assert_int_equal(v.output, rows[i].output);
			if (rows[i].first)
				assert_string_equal(v.args[0], rows[i].first);
		}
		free(said);
	}
}

static void flag_ok(void *arg, const struct vipctl_flag *f)
{
	const struct vipctl_verb *verb = arg;

	if (!f->help || (!*f->help && f != &vipctl_output) || !*f->name || *f->name == '-')
		fail_msg("%s: --%s", verb->name, f->name);
}

/* Each verb has a summary in one style, examples that call it, exit codes from 0 on, and no flag twice. */
static void test_verbs(void **state)
{
	for (size_t i = 0; i < vipctl_n_verbs; i++) {
		const struct vipctl_verb *verb = vipctl_verbs[i];
		char line[256], *said, call[64];
		struct vipctl v;

		snprintf(call, sizeof call, "\n  vipctl %s", verb->name);
		if (!strstr(verb->examples, call) || strncmp(verb->examples, "  # ", 4) != 0 ||
		    verb->examples[strlen(verb->examples) - 1] != '\n')
			fail_msg("%s: examples", verb->name);
		if (verb->summary[strlen(verb->summary) - 1] == '.' || strlen(verb->summary) > 70)
			fail_msg("%s: summary", verb->name);
		if (verb->exit && strncmp(verb->exit, "  0  ", 5) != 0)
			fail_msg("%s: exit codes", verb->name);
		vipctl_each_flag(verb, flag_ok, (void *)(uintptr_t)verb);
		snprintf(call, sizeof call, "%s --help", verb->name);
		assert_int_equal(args(call, line, &v, &said), 0);
		for (char *p = said, *end; *p; p = *end ? end + 1 : end) {
			end = strchrnul(p, '\n');
			if (end - p > 110)
				fail_msg("%s: a line of --help is %d long", verb->name, (int)(end - p));
		}
		if (!strstr(said, "Exit codes:\n  0  "))
			fail_msg("%s", said);
		free(said);
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(vipctl_verbs[k]->name, verb->name);
	}
}

static void test_value(void **state)
{
	char line[256], *said;
	struct vipctl v;

	assert_int_equal(args("version --client", line, &v, &said), -1);
	assert_string_equal(vipctl_value(&v, "client"), "");
	assert_null(vipctl_value(&v, "namespace"));
	free(said);
	assert_int_equal(args("get svc --control-socket /a --control-socket /b", line, &v, &said), -1);
	assert_string_equal(v.socket, "/b");
	assert_false(v.colour); /* no terminal */
	free(said);
	assert_int_equal(args("get svc --color always", line, &v, &said), -1);
	assert_true(v.colour);
	free(said);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_lines),
	    cmocka_unit_test(test_verbs),
	    cmocka_unit_test(test_value),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
