/* What a process uses: of itself, of its relatives, and the text of /proc/PID/stat. */
#include "../src/base/usage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static void test_self(void **state)
{
	struct usage before, after;
	int fd;

	usage_read(&before);
	fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	usage_read(&after);
	close(fd);
	assert_true(before.resident > 0);
	assert_true(after.cpu >= before.cpu);
	assert_int_equal(after.open, before.open + 1);
}

static void test_parse(void **state)
{
	static const char text[] = "12 (a) b (c)) S 1 2 3 4 5 6 7 8 9 10 200 50 13 14 15 16 17 18 19 20 30 22";
	struct usage u;

	assert_true(usage_parse(text, 100, 4096, &u));
	assert_int_equal(u.cpu, 2500 * NSEC_PER_MSEC);
	assert_int_equal(u.resident, 30 * 4096);
	assert_int_equal(u.open, 0);
	assert_false(usage_parse("12 (a) S 1 2 3", 100, 4096, &u));
	assert_false(usage_parse("", 100, 4096, &u));
	assert_false(usage_parse(text, 0, 4096, &u));
}

/* A child looks at its parent and at itself. */
static void test_other(void **state)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		struct usage u;
		bool good;

		prctl(PR_SET_NAME, "a look");
		good = usage_read_other(NULL, &u) && u.resident > 0 && usage_read_other("a look", &u) &&
		       u.resident > 0 && !usage_read_other("nobody", &u);
		_exit(good ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_self),
	    cmocka_unit_test(test_parse),
	    cmocka_unit_test(test_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
