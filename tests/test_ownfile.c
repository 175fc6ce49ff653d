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
#include <string.h>
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
	char why[OWNFILE_WHY];
	struct owned *o;

	assert_int_equal(ownfile_load(fd, &o, &got, why), 0);
	assert_int_equal(got, how);
	assert_int_equal(owned_count(o), n);
	owned_free(o);
}

static void test_append(void **state)
{
	struct addr a;
	enum owned_replay how;
	char why[OWNFILE_WHY];
	struct owned *o;
	int fd = record(), err;
	off_t before;

	addr_parse("10.0.0.1", &a);
	assert_int_equal(ownfile_load(fd, &o, &how, why), 0);
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
	char why[OWNFILE_WHY];
	struct owned *o;
	int fd = record(), err, again;

	addr_parse("10.0.0.1", &a);
	assert_int_equal(ownfile_load(fd, &o, &how, why), 0);
	owned_add(o, &a, 32, 7);
	assert_int_equal(ownfile_sync(fd, o), 0);
	owned_free(o);
	disk(10);
	err = ownfile_load(fd, &o, &how, why);
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

/* What a start says of the file that it finds; then it is its own. */
static void test_found(void **state)
{
	static const struct {
		const char *text;
		enum owned_replay how;
		unsigned version; /* 0: not another one */
		const char *why;
	} rows[] = {
	    {"", OWNED_EMPTY, 0, ""},
	    {"vipd-vrrp 2 whatever\n+ 10.0.0.1/32 7\n", OWNED_VERSION, 2,
	     "is of version 2, this vipd knows 1: it is begun anew; addresses that stand as wanted are taken over, the "
	     "rest is left alone"},
	    {"vipd-vrrp 17\n", OWNED_VERSION, 17,
	     "is of version 17, this vipd knows 1: it is begun anew; addresses that stand as wanted are taken over, "
	     "the "
	     "rest is left alone"},
	    {"vipd-vrrp 1 other 1\n+ 10.0.0.1/32 7\n", OWNED_OTHER, 0, ""},
	    {"vipd-vrrp 1 oth", OWNED_DAMAGED, 0,
	     "was damaged: what cannot be understood is passed over; addresses that stand as wanted are taken over, "
	     "the "
	     "rest is left alone"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		size_t len = strlen(rows[i].text);
		char why[OWNFILE_WHY];
		enum owned_replay how;
		unsigned version = 0;
		struct owned *o;
		int fd = record();

		assert_int_equal(write(fd, rows[i].text, len), len);
		assert_int_equal(ownfile_other(fd, &version), rows[i].version != 0);
		assert_int_equal(version, rows[i].version);
		assert_int_equal(size_of(fd), len);
		assert_int_equal(ownfile_load(fd, &o, &how, why), 0);
		assert_int_equal(how, rows[i].how);
		assert_string_equal(why, rows[i].why);
		assert_int_equal(owned_count(o), 0);
		owned_free(o);
		expect(fd, OWNED_READ, 0);
		close(fd);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_append),
	    cmocka_unit_test(test_rewrite),
	    cmocka_unit_test(test_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
