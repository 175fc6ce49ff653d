/* What a process says that it uses. */
#include "../src/base/usage.h"

#include "../src/base/memfd.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
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

/* What another process is answered. */
static void test_memfd(void **state)
{
	const void *bytes;
	json_t *j, *own;
	size_t len;
	int fd = usage_memfd();

	assert_int_equal(memfd_map(fd, &bytes, &len), 0);
	j = json_loadb(bytes, len, 0, NULL);
	own = json_object_get(j, "process");
	assert_true(json_integer_value(json_object_get(own, "resident")) > 0);
	assert_true(json_integer_value(json_object_get(own, "open")) > 0);
	assert_true(json_is_integer(json_object_get(own, "cpuNs")));
	json_decref(j);
	memfd_unmap(bytes, len);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_self),
	    cmocka_unit_test(test_memfd),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
