/* vrrp/ownfile.c: a full disk. What could not be written is written later, and half a line is never left behind. */
#include "../vrrp/ownfile.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* From here on no file grows beyond this; RLIM_INFINITY: as before. */
static void disk(rlim_t room)
{
	struct rlimit now;

	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &now), 0);
	now.rlim_cur = room < now.rlim_max ? room : now.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &now), 0);
}

static off_t size_of(int fd)
{
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	return st.st_size;
}

static int record(void)
{
	char path[] = "/tmp/vipd-own-XXXXXX";
	int fd = mkostemp(path, O_APPEND);

	assert_true(fd >= 0);
	unlink(path);
	return fd;
}

/* Loads anew, as a successor does: this many addresses are known. */
static void expect(int fd, enum owned_replay how, size_t n)
{
	enum owned_replay got;
	struct owned *o;

	assert_int_equal(ownfile_load(fd, &o, &got), 0);
	assert_int_equal(got, how);
	assert_int_equal(owned_count(o), n);
	owned_free(o);
}

static void test_append(void **state)
{
	struct addr a;
	enum owned_replay how;
	struct owned *o;
	int fd = record(), err;
	off_t before;

	addr_parse("10.0.0.1", &a);
	assert_int_equal(ownfile_load(fd, &o, &how), 0);
	assert_int_equal(how, OWNED_EMPTY);
	before = size_of(fd);
	owned_add(o, &a, 32, 7);
	disk((rlim_t)before + 5);
	err = ownfile_sync(fd, o);
	disk(RLIM_INFINITY);
	assert_int_equal(err, -EFBIG);
	assert_int_equal(size_of(fd), before);
	assert_int_equal(ownfile_sync(fd, o), 0);
	owned_free(o);
	expect(fd, OWNED_READ, 1);
	close(fd);
}

static void test_rewrite(void **state)
{
	struct addr a;
	enum owned_replay how;
	struct owned *o;
	int fd = record(), err, again;

	addr_parse("10.0.0.1", &a);
	assert_int_equal(ownfile_load(fd, &o, &how), 0);
	owned_add(o, &a, 32, 7);
	assert_int_equal(ownfile_sync(fd, o), 0);
	owned_free(o);
	disk(10);
	err = ownfile_load(fd, &o, &how);
	again = ownfile_sync(fd, o);
	disk(RLIM_INFINITY);
	assert_int_equal(err, 0); /* what was known is known */
	assert_int_equal(how, OWNED_READ);
	assert_int_equal(owned_count(o), 1);
	assert_int_equal(again, -EFBIG);
	assert_int_equal(ownfile_sync(fd, o), 0);
	owned_free(o);
	expect(fd, OWNED_READ, 1);
	close(fd);
}

static void test_version(void **state)
{
	static const char later[] = "vipd-vrrp 2 whatever\n+ 10.0.0.1/32 7\n";
	int fd = record();

	assert_int_equal(write(fd, later, sizeof later - 1), sizeof later - 1);
	expect(fd, OWNED_VERSION, 0);
	expect(fd, OWNED_READ, 0); /* it is ours now */
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_append),
	    cmocka_unit_test(test_rewrite),
	    cmocka_unit_test(test_version),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
