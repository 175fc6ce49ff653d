/* Who may see and change a file decides whether its secret is used. */
#include "../src/base/arena.h"
#include "../src/secret.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { READER = 990, READERS = 980 };

/* What the daemon's own user may use: READER in group READERS. */
static void test_kept(void **state)
{
	static const struct {
		uid_t uid;
		gid_t gid;
		mode_t mode;
		bool kept;
	} rows[] = {
	    {0, 0, 0600, true},           {0, READERS, 0640, true},      {0, READERS, 0440, true},
	    {0, 0, 0640, true},           {READER, READERS, 0600, true}, {READER, READERS, 0640, true},
	    {READER, 100, 0600, true},    {READER, 100, 0640, false}, /* another group reads it */
	    {0, 100, 0440, false},        {0, READERS, 0644, false},     {0, READERS, 0604, false},
	    {0, READERS, 0660, false},    {0, 0, 0620, false},           {0, 0, 0602, false},
	    {1000, READERS, 0640, false}, {1000, 1000, 0600, false},
	};
	char why[384], want[384];

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct stat st = {.st_uid = rows[i].uid, .st_gid = rows[i].gid, .st_mode = S_IFREG | rows[i].mode};

		why[0] = '\0';
		if (secret_is_kept(&st, READER, READERS, why, sizeof why) != rows[i].kept)
			fail_msg("row %zu: %s", i, why);
		if (rows[i].kept)
			assert_string_equal(why, "");
		snprintf(want, sizeof want,
			 "refused: its owner is user %u, its group %u and its mode %04o; expected a file of root or of "
			 "user 990 that nobody else may write and only group 980 may read (chown root:980, chmod 640)",
			 rows[i].uid, rows[i].gid, rows[i].mode);
		if (!rows[i].kept)
			assert_string_equal(why, want);
	}
}

/* One that runs as root. */
static void test_root(void **state)
{
	struct stat st = {.st_mode = S_IFREG | 0640};
	char why[384];

	assert_true(secret_is_kept(&st, 0, 0, why, sizeof why));
	st.st_gid = 4;
	assert_false(secret_is_kept(&st, 0, 0, why, sizeof why));
	assert_string_equal(why,
			    "refused: its owner is user 0, its group 4 and its mode 0640; expected a file of root "
			    "that nobody else may write and only group root may read (chown root:root, chmod 640)");
}

static void write_file(const char *path, const char *text, mode_t mode)
{
	FILE *f = fopen(path, "we");

	assert_true(f && fputs(text, f) >= 0 && fchmod(fileno(f), mode) == 0);
	assert_int_equal(fclose(f), 0);
}

static void test_read(void **state)
{
	char dir[] = "/tmp/vipd-secret-XXXXXX", why[384] = "", *text = NULL, *file;
	size_t len = 0;

	assert_non_null(mkdtemp(dir));
	file = xasprintf("%s/token", dir);
	assert_int_equal(secret_read(file, 10, &text, &len, why, sizeof why), -ENOENT);
	assert_string_equal(why, "No such file or directory");
	write_file(file, "s3cret\n", 0644);
	assert_int_equal(secret_read(file, 10, &text, &len, why, sizeof why), -EPERM);
	assert_memory_equal(why, "refused: its owner is user ", 27);
	assert_null(text);
	assert_int_equal(chmod(file, 0600), 0);
	assert_int_equal(secret_read(file, 6, &text, &len, why, sizeof why), -EFBIG);
	assert_int_equal(secret_read(file, 7, &text, &len, why, sizeof why), 0);
	assert_int_equal(len, 7);
	assert_string_equal(text, "s3cret\n");
	secret_free(text, len);
	secret_free(NULL, 0);
	unlink(file);
	rmdir(dir);
	free(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_kept), cmocka_unit_test(test_root),
					   cmocka_unit_test(test_read)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
