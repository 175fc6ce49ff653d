/* src/base/memfd.c: what is sealed maps, what is not is refused. */
#include "../src/base/memfd.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

static void round_trip(void **state)
{
	int fd = memfd_sealed("picture", "bytes", 5);
	const void *p;
	size_t len;

	assert_true(fd >= 0);
	assert_int_equal(memfd_map(fd, &p, &len), 0);
	assert_int_equal(len, 5);
	assert_memory_equal(p, "bytes", 5);
	assert_int_equal(pwrite(fd, "x", 1, 0), -1);
	assert_int_equal(ftruncate(fd, 1), -1);
	assert_int_equal(fcntl(fd, F_ADD_SEALS, 0), -1);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	close(fd);
	assert_memory_equal(p, "bytes", 5);
	memfd_unmap(p, len);
}

static void empty(void **state)
{
	int fd = memfd_sealed("picture", NULL, 0);
	const void *p = "";
	size_t len = 7;

	assert_int_equal(memfd_map(fd, &p, &len), 0);
	assert_null(p);
	assert_int_equal(len, 0);
	memfd_unmap(p, len);
	close(fd);
}

static void unsealed_refused(void **state)
{
	enum { ALL = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE };
	static const int seals[] = {0, F_SEAL_WRITE, ALL & ~F_SEAL_SEAL, ALL & ~F_SEAL_SHRINK, ALL & ~F_SEAL_GROW};
	const void *p;
	size_t len;
	int fds[2];

	for (size_t i = 0; i < sizeof(seals) / sizeof(*seals); i++) {
		int fd = memfd_create("picture", MFD_CLOEXEC | MFD_ALLOW_SEALING);

		assert_true(fd >= 0);
		assert_int_equal(fcntl(fd, F_ADD_SEALS, seals[i]), 0);
		assert_int_equal(memfd_map(fd, &p, &len), -EBADF);
		close(fd);
	}
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(memfd_map(fds[0], &p, &len), -EBADF);
	close(fds[0]);
	close(fds[1]);
	assert_int_equal(memfd_map(-1, &p, &len), -EBADF);
}

/* Sparse: nothing of it is in memory. */
static void too_long(void **state)
{
	int fd = memfd_create("picture", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	const void *p;
	size_t len;

	assert_int_equal(memfd_sealed("picture", "", (size_t)PICTURE_MAX + 1), -EFBIG);
	assert_int_equal(ftruncate(fd, (off_t)PICTURE_MAX + 1), 0);
	assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE), 0);
	assert_int_equal(memfd_map(fd, &p, &len), -EFBIG);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(round_trip),
	    cmocka_unit_test(empty),
	    cmocka_unit_test(unsealed_refused),
	    cmocka_unit_test(too_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
