/* What the supervisor keeps of a child: src/kept.c */
#include "../src/kept.h"

#include "../src/base/arena.h"
#include "../src/base/memfd.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

static int picture(const char *text)
{
	int fd = memfd_sealed("test", text, strlen(text));

	assert_true(fd >= 0);
	return fd;
}

static void test_picture_and_rows(void **state)
{
	static const struct {
		uint64_t generation;
		const char *bytes;
	} rows[] = {{6, "six"}, {7, ""}, {8, "eight eight"}};
	const void *bytes;
	uint64_t generation;
	size_t at = 0, len;
	struct kept k;

	kept_init(&k);
	assert_int_equal(kept_next_rows(&k, &at, &generation, &bytes, &len), 0);
	assert_int_equal(kept_picture(&k, picture("five"), 5), 0);
	assert_int_equal(k.generation, 5);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(kept_rows(&k, rows[i].generation, rows[i].bytes, strlen(rows[i].bytes)), 0);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(kept_next_rows(&k, &at, &generation, &bytes, &len), 1);
		assert_int_equal(generation, rows[i].generation);
		assert_int_equal(len, strlen(rows[i].bytes));
		assert_memory_equal(bytes, rows[i].bytes, len);
	}
	assert_int_equal(kept_next_rows(&k, &at, &generation, &bytes, &len), 0);
	/* A new picture replaces the rows too. */
	assert_int_equal(kept_picture(&k, picture("nine"), 9), 0);
	at = 0;
	assert_int_equal(kept_next_rows(&k, &at, &generation, &bytes, &len), 0);
	kept_clear(&k);
	assert_int_equal(k.fd, -1);
}

static void test_refused(void **state)
{
	char big[KEPT_ROW_MAX + 1] = {0};
	int open_fd = memfd_create("unsealed", MFD_CLOEXEC), old;
	struct kept k;

	kept_init(&k);
	assert_int_equal(kept_rows(&k, 1, "x", 1), -ENOENT);
	assert_int_equal(kept_picture(&k, -1, 1), -EBADF);
	assert_int_equal(kept_picture(&k, picture("good"), 2), 0);
	old = k.fd;
	assert_int_equal(kept_picture(&k, open_fd, 3), -EBADF);
	assert_int_equal(fcntl(open_fd, F_GETFD), -1); /* it was taken all the same */
	assert_int_equal(kept_rows(&k, 3, big, sizeof(big)), -EMSGSIZE);
	assert_int_equal(k.fd, old);
	assert_int_equal(k.generation, 2);
	kept_clear(&k);
}

static void test_too_many_rows(void **state)
{
	char *row = xcalloc(1, KEPT_ROW_MAX);
	struct kept k;
	size_t n = 0;
	int err;

	kept_init(&k);
	assert_int_equal(kept_picture(&k, picture("x"), 1), 0);
	while ((err = kept_rows(&k, 2, row, KEPT_ROW_MAX)) == 0)
		n++;
	assert_int_equal(err, -ENOBUFS);
	assert_in_range(n, KEPT_ROWS_MAX / KEPT_ROW_MAX - 2, KEPT_ROWS_MAX / KEPT_ROW_MAX);
	assert_int_equal(k.fd, -1);
	assert_null(k.rows);
	free(row);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_picture_and_rows),
	    cmocka_unit_test(test_refused),
	    cmocka_unit_test(test_too_many_rows),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
