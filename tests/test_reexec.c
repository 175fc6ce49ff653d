/* What the supervisor carries over an exec: src/reexec.c */
#include "../src/reexec.h"

#include "../src/base/memfd.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void test_round_trip(void **state)
{
	struct reexec in = {.lock_fd = 40, .listen_fd = -1, .settled = true}, out;
	unsigned version = 0;
	static const char binary[] = "a\nb\0end\nmember";
	const void *bytes;
	uint64_t generation;
	size_t at = 0, len;
	int fd;

	for (int r = 0; r < ROLE_COUNT; r++) {
		in.members[r].channel = -1;
		kept_init(&in.members[r].kept);
	}
	in.members[ROLE_IPVS].pid = 123;
	in.members[ROLE_IPVS].channel = 41;
	in.members[ROLE_IPVS].ready = true;
	assert_int_equal(kept_picture(&in.members[ROLE_IPVS].kept, memfd_sealed("p", "x", 1), 77), 0);
	assert_int_equal(kept_rows(&in.members[ROLE_IPVS].kept, 78, binary, sizeof(binary)), 0);
	assert_int_equal(kept_rows(&in.members[ROLE_IPVS].kept, 79, "", 0), 0);
	fd = reexec_save(&in);
	assert_true(fd >= 0);
	assert_int_equal(reexec_load(fd, &out, &version), 0);
	assert_int_equal(out.lock_fd, 40);
	assert_int_equal(out.listen_fd, -1);
	assert_true(out.settled);
	assert_int_equal(out.members[ROLE_CONTROL].pid, 0);
	assert_int_equal(out.members[ROLE_CONTROL].channel, -1);
	assert_int_equal(out.members[ROLE_IPVS].pid, 123);
	assert_int_equal(out.members[ROLE_IPVS].channel, 41);
	assert_true(out.members[ROLE_IPVS].ready);
	assert_int_equal(out.members[ROLE_IPVS].kept.fd, in.members[ROLE_IPVS].kept.fd);
	assert_int_equal(out.members[ROLE_IPVS].kept.generation, 77);
	assert_int_equal(kept_next_rows(&out.members[ROLE_IPVS].kept, &at, &generation, &bytes, &len), 1);
	assert_int_equal(generation, 78);
	assert_int_equal(len, sizeof(binary));
	assert_memory_equal(bytes, binary, len);
	assert_int_equal(kept_next_rows(&out.members[ROLE_IPVS].kept, &at, &generation, &bytes, &len), 1);
	assert_int_equal(generation, 79);
	assert_int_equal(kept_next_rows(&out.members[ROLE_IPVS].kept, &at, &generation, &bytes, &len), 0);
	out.members[ROLE_IPVS].kept.fd = -1; /* the same number as in's */
	kept_clear(&out.members[ROLE_IPVS].kept);
	kept_clear(&in.members[ROLE_IPVS].kept);
	close(fd);
}

static void test_refused(void **state)
{
	static const char *const texts[] = {
	    "",
	    "vipd-reexec 1\n",
	    "vipd-reexec 1\nsupervisor 3\nend\n",
	    "vipd-reexec 1\nsupervisor 3 4 1\n",
	    "vipd-reexec 1\nsupervisor 3 4 1\nmember 9 1 1 1 1 1\nend\n",
	    "vipd-reexec 1\nsupervisor 3 4 1\nmember 2 1\nend\n",
	    "vipd-reexec 1\nsupervisor 3 4 1\nrows 2 1 1\nx\nend\n", /* no picture */
	    "vipd-reexec 1\nsupervisor 3 4 1\nmember 2 1 9 1 8 1\nrows 2 1 99999\nx\nend\n",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		int fd = memfd_sealed("t", texts[i], strlen(texts[i]));
		struct reexec out = {.lock_fd = 1234};
		unsigned version = 0;

		assert_int_equal(reexec_load(fd, &out, &version), -EINVAL);
		assert_int_equal(out.lock_fd, 1234);
		close(fd);
	}
}

static void test_other_version(void **state)
{
	static const char *const texts[] = {"vipd-reexec 2\nsupervisor 3 4 0\nend\n", "vipd-reexec 2 {}\n",
					    "vipd-reexec 2\n"};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		int fd = memfd_sealed("t", texts[i], strlen(texts[i]));
		struct reexec out = {.lock_fd = 1234};
		unsigned version = 0;

		assert_int_equal(reexec_load(fd, &out, &version), -EPROTO);
		assert_int_equal(version, 2);
		assert_int_equal(out.lock_fd, 1234);
		close(fd);
	}
}

static void test_newer_lines_are_passed_over(void **state)
{
	static const char text[] = "vipd-reexec 1\nsupervisor 3 4 0\nnew thing\nend\n";
	int fd = memfd_sealed("t", text, strlen(text));
	struct reexec out;
	unsigned version = 0;

	assert_int_equal(reexec_load(fd, &out, &version), 0);
	assert_int_equal(out.listen_fd, 4);
	close(fd);
}

static void test_take(void **state)
{
	static const char text[] = "vipd-reexec 1\nsupervisor -1 -1 1\nend\n";
	int fd = memfd_sealed("t", text, strlen(text));
	struct reexec out;
	unsigned version = 0;
	char number[16];

	unsetenv("VIPD_REEXEC");
	assert_int_equal(reexec_take(&out, &version), 0);
	snprintf(number, sizeof(number), "%d", fd);
	setenv("VIPD_REEXEC", number, 1);
	assert_int_equal(reexec_take(&out, &version), 1);
	assert_true(out.settled);
	assert_null(getenv("VIPD_REEXEC"));
	assert_int_equal(fcntl(fd, F_GETFD), -1);
	setenv("VIPD_REEXEC", "1", 1);
	assert_int_equal(reexec_take(&out, &version), -EINVAL);
}

static void test_exec_fails(void **state)
{
	struct reexec r = {.lock_fd = open("/dev/null", O_RDONLY | O_CLOEXEC), .listen_fd = -1};
	char name[] = "vipd", *argv[] = {name, NULL};

	for (int i = 0; i < ROLE_COUNT; i++) {
		r.members[i].channel = -1;
		kept_init(&r.members[i].kept);
	}
	assert_int_equal(reexec_exec("/nonexistent/vipd", argv, &r), -ENOENT);
	assert_int_equal(fcntl(r.lock_fd, F_GETFD), FD_CLOEXEC);
	assert_null(getenv("VIPD_REEXEC"));
	close(r.lock_fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_round_trip),    cmocka_unit_test(test_refused),
	    cmocka_unit_test(test_other_version), cmocka_unit_test(test_newer_lines_are_passed_over),
	    cmocka_unit_test(test_take),          cmocka_unit_test(test_exec_fails),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
