/* Which scripts may be run: src/script.c. The test's own files stand for root's. */
#include "../src/script.h"
#include "limits.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { PATH_ROOM = 256 };

static void touch(const char *dir, const char *name, mode_t mode)
{
	char path[PATH_ROOM];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fclose(f);
	assert_int_equal(chmod(path, mode), 0);
}

static void test_names(void **state)
{
	static const char *const good[] = {"check", "check.sh", "a b", "-x"};
	static const char *const bad[] = {"", ".", "..", ".hidden", "a/b", "/etc/passwd", "a\nb", "\x7f"};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_true(script_name_good(good[i]));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(script_name_good(bad[i]));
}

static void test_files(void **state)
{
	static const struct {
		const char *name;
		mode_t mode;
		int rc;
	} rows[] = {
	    {"good", 0755, 0},        {"own", 0700, 0},         {"group", 0775, -EPERM},
	    {"others", 0757, -EPERM}, {"plain", 0644, -EACCES},
	};
	char dir[] = "/tmp/test_script.XXXXXX", path[PATH_ROOM], want[PATH_ROOM], link[PATH_ROOM];
	struct script_rules rules = {.dir = mkdtemp(dir), .owner = getuid()};

	assert_non_null(rules.dir);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		touch(dir, rows[i].name, rows[i].mode);
		assert_int_equal(script_path(&rules, rows[i].name, path, sizeof(path)), rows[i].rc);
		snprintf(want, sizeof(want), "%s/%s", dir, rows[i].name);
		if (!rows[i].rc)
			assert_string_equal(path, want);
	}
	snprintf(link, sizeof(link), "%s/link", dir);
	assert_int_equal(symlink("good", link), 0);
	assert_int_equal(script_path(&rules, "link", path, sizeof(path)), -EACCES);
	assert_int_equal(script_path(&rules, "missing", path, sizeof(path)), -ENOENT);
	assert_int_equal(script_path(&rules, "../good", path, sizeof(path)), -EINVAL);
	assert_int_equal(script_path(&rules, "good", path, 8), -ENAMETOOLONG);
	assert_int_equal(chmod(dir, 0777), 0);
	assert_int_equal(script_path(&rules, "good", path, sizeof(path)), -EPERM);
	assert_int_equal(chmod(dir, 01777), 0);
	assert_int_equal(script_path(&rules, "good", path, sizeof(path)), 0);
	unlink(link);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, rows[i].name);
		unlink(path);
	}
	assert_int_equal(rmdir(dir), 0);
	assert_int_equal(script_path(&rules, "good", path, sizeof(path)), -ENOENT);
}

/* A folder above that others may write is as bad as the folder itself. */
static void test_folder_above(void **state)
{
	char top[] = "/tmp/test_script.XXXXXX", dir[64], path[PATH_ROOM];
	struct script_rules rules = {.dir = dir, .owner = getuid()};

	assert_non_null(mkdtemp(top));
	snprintf(dir, sizeof(dir), "%s/scripts", top);
	assert_int_equal(mkdir(dir, 0755), 0);
	touch(dir, "good", 0755);
	assert_int_equal(script_path(&rules, "good", path, sizeof(path)), 0);
	assert_int_equal(chmod(top, 0770), 0);
	assert_int_equal(script_path(&rules, "good", path, sizeof(path)), -EPERM);
	snprintf(path, sizeof(path), "%s/good", dir);
	unlink(path);
	rmdir(dir);
	rmdir(top);
}

static void test_become(void **state)
{
	struct script_rules rules = {.uid = getuid() ? getuid() : 12345, .gid = getuid() ? getgid() : 12346};
	struct rlimit limit;
	int status;
	pid_t pid;

	if (limits_are_fixed())
		skip();
	pid = fork();
	if (pid == 0) {
		if (script_become(&rules) < 0)
			_exit(1);
		if (getuid() != rules.uid || geteuid() != rules.uid || getgid() != rules.gid)
			_exit(2);
		_exit(getrlimit(RLIMIT_CORE, &limit) < 0 || limit.rlim_max ? 3 : 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_names),
	    cmocka_unit_test(test_files),
	    cmocka_unit_test(test_folder_above),
	    cmocka_unit_test(test_become),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
