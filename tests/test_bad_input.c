/* The "bad input" rows for manifests: texts that are hostile rather than mistaken. Each is refused with a place and words, in bounded time and
 * memory, and leaves nothing behind. */
#include "../configmaps/folder.h"
#include "../configmaps/manifest.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* Refused, with exactly one error that starts with `place` and holds `words`. */
static void refused(const char *text, size_t len, const char *place, const char *words)
{
	struct object_list out = {0};
	struct diag_list diags = {0};
	char line[1024];

	assert_int_not_equal(manifest_parse("f.yaml", text, len, &out, &diags), 0);
	assert_int_equal(diags.errors, 1);
	diag_format(&diags.items[0], line, sizeof(line));
	if (strncmp(line, place, strlen(place)) || !strstr(line, words))
		fail_msg("said: %s\nexpected: %s ... %s", line, place, words);
	object_list_clear(&out);
	diag_clear(&diags);
}

static void malformed(void **s)
{
	static const struct {
		const char *text, *place, *words;
	} rows[] = {
	    {"apiVersion: v1\n kind: Service\n", "f.yaml:2:", "mapping values are not allowed"},
	    {"apiVersion: v1\nmetadata:\n    name: a\n  labels: {}\n", "f.yaml:4:3:", ""},
	    {"apiVersion: v1\nmetadata:\n\tname: a\n", "f.yaml:3:1:", "tab"},
	    {"apiVersion: v1\nkind: [Service\n", "f.yaml:3:1:", ""},
	    {"apiVersion: \"v1\n", "f.yaml:", ""},
	    {"{\"apiVersion\": \"v1\",\n \"kind\": }", "f.yaml:2:10:", ""},
	    {"{\"apiVersion\": \"v1\"", "f.yaml:1:", ""},
	    {"apiVersion: v1\nkind: ConfigMap\nkind: Service\n", "f.yaml:3:1:", "duplicate key \"kind\""},
	    {"{\"a\": 1, \"a\": 2}", "f.yaml:1:", "duplicate key \"a\""},
	    {"metadata: {name: a, name: b}\n", "f.yaml:1:21:", "duplicate key \"name\""},
	    {"? [a]\n: b\n", "f.yaml:1:3:", "cannot be a key"},
	    {"a: *nothing\n", "f.yaml:1:4:", "nothing"},
	    {"a: !!python/object:x {}\n", "f.yaml:1:4:", "tag"},
	    {"a: \xff\n", "f.yaml:1:4:", "UTF-8"},
	    {"a: \xc0\x80\n", "f.yaml:1:4:", "UTF-8"},
	    {"a: \xed\xa0\x80\n", "f.yaml:1:4:", "UTF-8"},
	};

	(void)s;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		refused(rows[i].text, strlen(rows[i].text), rows[i].place, rows[i].words);
	refused("a: b\0c\n", 7, "f.yaml:1:5:", "NUL");
	refused("\0", 1, "f.yaml:1:1:", "NUL");
}

static void alias_bomb(void **s)
{
	char *text = xstrdup("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");

	(void)s;
	for (int i = 1; i < 12; i++) { /* 10^12 values */
		char *more =
		    xasprintf("%sa%d: &a%d [*a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d]\n", text, i, i,
			      i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1);

		free(text);
		text = more;
	}
	refused(text, strlen(text), "f.yaml:", "values");
	free(text);
}

static void nesting(void **s)
{
	enum { DEEP = 200000 };
	char *text = xmalloc(DEEP + 3);

	(void)s;
	memset(text, '[', DEEP);
	refused(text, DEEP, "f.yaml:1:101:", "nested more than 100 deep"); /* as JSON */
	memcpy(text, "a: ", 3);
	memset(text + 3, '[', DEEP);
	refused(text, DEEP + 3, "f.yaml:1:", "nested more than 100 deep"); /* as YAML */
	free(text);
}

static void large_scalar(void **s)
{
	enum { LARGE = 10 << 20 };
	static const char head[] = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  x: ";
	char *text = xmalloc(sizeof(head) + LARGE);

	(void)s;
	memcpy(text, head, sizeof(head) - 1);
	memset(text + sizeof(head) - 1, 'x', LARGE);
	refused(text, sizeof(head) - 1 + LARGE, "f.yaml:5:6:", "longer than");
	free(text);
}

/* Ten thousand errors are counted, a thousand are kept. */
static void many_errors(void **s)
{
	static const char head[] = "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {ports: [";
	size_t at = sizeof(head) - 1;
	char *text = xmalloc(at + 20 * 10000 + 10);
	struct object_list out = {0};
	struct diag_list diags = {0};

	(void)s;
	memcpy(text, head, at);
	for (int i = 0; i < 10000; i++)
		at += (size_t)sprintf(text + at, "{name: a,port: 0},");
	at += (size_t)sprintf(text + at, "]}\n");
	assert_int_not_equal(manifest_parse("f.yaml", text, at, &out, &diags), 0);
	assert_int_equal(diags.n, DIAG_MAX);
	assert_int_equal(diags.errors, 10000 + 9999);
	object_list_clear(&out);
	diag_clear(&diags);
	free(text);
}

/* --- whole files --- */

static char *write_file(const char *folder, const char *name, const char *text, off_t size)
{
	char *path = xasprintf("%s/%s", folder, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	if (size)
		assert_int_equal(ftruncate(fd, size), 0);
	close(fd);
	return path;
}

static void huge_file(void **s)
{
	char folder[] = "/tmp/vipd-test-XXXXXX", line[512], *expected;
	struct diag_list diags = {0};
	char *huge, *good, *fifo;
	struct folder *f;

	(void)s;
	assert_non_null(mkdtemp(folder));
	huge = write_file(folder, "a.yaml", "", (off_t)1 << 30);
	good = write_file(folder, "b.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n", 0);
	fifo = xasprintf("%s/c.yaml", folder);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	f = folder_read(folder, &diags);
	assert_int_equal(folder_count(f, KIND_CONFIGMAP), 1);
	assert_int_equal(diags.n, 2);
	expected = xasprintf("%s: is larger than 128 MiB", huge);
	assert_string_equal(diag_format(&diags.items[0], line, sizeof(line)), expected);
	free(expected);
	expected = xasprintf("%s: is not a regular file", fifo);
	assert_string_equal(diag_format(&diags.items[1], line, sizeof(line)), expected);
	free(expected);
	folder_free(f);
	diag_clear(&diags);
	unlink(huge);
	unlink(good);
	unlink(fifo);
	rmdir(folder);
	free(huge);
	free(good);
	free(fifo);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(malformed),    cmocka_unit_test(alias_bomb),  cmocka_unit_test(nesting),
	    cmocka_unit_test(large_scalar), cmocka_unit_test(many_errors), cmocka_unit_test(huge_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
