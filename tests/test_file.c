/* src/base/file.c: bounded reads of regular files only, atomic writes. */
#include "../src/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[64];

static int setup(void **state)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(folder, sizeof(folder), "%.32s/vipd-file-XXXXXX", tmp ? tmp : "/tmp");
	return mkdtemp(folder) && !chdir(folder) ? 0 : -1;
}

static int teardown(void **state)
{
	return chdir("/") || rmdir(folder);
}

static void expect(int dirfd, const char *path, const char *want, size_t len)
{
	char *bytes;
	size_t n;

	assert_int_equal(file_read(dirfd, path, 1 << 20, &bytes, &n), 0);
	assert_int_equal(n, len);
	assert_memory_equal(bytes, want, len);
	assert_int_equal(bytes[n], 0);
	free(bytes);
}

static void round_trip(void **state)
{
	struct stat st;
	int dir;

	assert_int_equal(file_write(AT_FDCWD, "a", "one\0two", 7, 0640), 0);
	expect(AT_FDCWD, "a", "one\0two", 7);
	assert_int_equal(stat("a", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	assert_int_equal(file_write(AT_FDCWD, "a", "", 0, 0600), 0);
	expect(AT_FDCWD, "a", "", 0);
	assert_int_equal(mkdir("sub", 0700), 0);
	dir = open("sub", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(file_write(dir, "b", "x", 1, 0600), 0);
	expect(AT_FDCWD, "sub/b", "x", 1);
	assert_int_equal(file_write(AT_FDCWD, "sub/b", "y", 1, 0600), 0);
	expect(dir, "b", "y", 1);
	close(dir);
	unlink("sub/b");
	assert_int_equal(rmdir("sub"), 0); /* nothing temporary was left */
	unlink("a");
}

static void bounds(void **state)
{
	char *bytes = NULL;
	size_t n;

	assert_int_equal(file_write(AT_FDCWD, "a", "12345", 5, 0600), 0);
	assert_int_equal(file_read(AT_FDCWD, "a", 4, &bytes, &n), -EFBIG);
	assert_null(bytes);
	assert_int_equal(file_read(AT_FDCWD, "a", 5, &bytes, &n), 0);
	free(bytes);
	unlink("a");
}

/* Files of proc say that they are empty. */
static void size_unknown(void **state)
{
	char *bytes = NULL;
	size_t n;

	assert_int_equal(file_read(AT_FDCWD, "/proc/self/status", 1 << 20, &bytes, &n), 0);
	assert_int_equal(strlen(bytes), n);
	assert_non_null(strstr(bytes, "\nPid:"));
	free(bytes);
	assert_int_equal(file_read(AT_FDCWD, "/proc/self/status", 10, &bytes, &n), -EFBIG);
}

static void refused(void **state)
{
	char *bytes = NULL;
	size_t n;

	assert_int_equal(file_read(AT_FDCWD, "missing", 10, &bytes, &n), -ENOENT);
	assert_int_equal(file_read(AT_FDCWD, ".", 10, &bytes, &n), -EISDIR);
	assert_int_equal(mkfifo("fifo", 0600), 0);
	assert_int_equal(file_read(AT_FDCWD, "fifo", 10, &bytes, &n), -EINVAL);
	unlink("fifo");
	assert_int_equal(file_write(AT_FDCWD, "none/a", "x", 1, 0600), -ENOENT);
	assert_int_equal(mkdir("d", 0700), 0);
	assert_int_equal(file_write(AT_FDCWD, "d", "x", 1, 0600), -EISDIR);
	assert_int_equal(rmdir("d"), 0);
}

/* What stands in the way of the rename is left as it was. */
static void failed_rename_changes_nothing(void **state)
{
	assert_int_equal(mkdir("d", 0700), 0);
	assert_int_equal(file_write(AT_FDCWD, "d/x", "old", 3, 0600), 0);
	assert_int_equal(file_write(AT_FDCWD, "d", "new", 3, 0600), -EISDIR);
	expect(AT_FDCWD, "d/x", "old", 3);
	unlink("d/x");
	rmdir("d");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(round_trip),
	    cmocka_unit_test(bounds),
	    cmocka_unit_test(size_unknown),
	    cmocka_unit_test(refused),
	    cmocka_unit_test(failed_rename_changes_nothing),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
