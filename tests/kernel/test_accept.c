/* accept: false in a real kernel: what somebody flushed comes back with the next change, however many words the kernel has to say of it. Exit 77: not root.
 * What the rules do to packets: tests/lab/scenarios/vrrp-accept.sh. */
#include "../../src/base/arena.h"
#include "../../vrrp/accept.h"

#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { MANY = 40000 };

static void on_problem(void *arg, int error)
{
	*(int *)arg = error;
}

/* 10.BLOCK.0.0 and so on; the caller's. */
static struct addr *addresses(uint8_t block)
{
	struct addr *a = xcalloc(MANY, sizeof(*a));

	for (unsigned i = 0; i < MANY; i++)
		a[i] = addr_from_bytes(AF_INET, (uint8_t[]){10, block, (uint8_t)(i >> 8), (uint8_t)i});
	return a;
}

static bool nft(const char *words)
{
	char command[128];

	snprintf(command, sizeof(command), "nft %s >/dev/null 2>&1", words);
	return system(command) == 0;
}

static bool listed(const char *addr)
{
	char words[96];

	snprintf(words, sizeof(words), "get element inet vipd_accept v4 '{ %s }'", addr);
	return nft(words);
}

static void test_flushed(void **state)
{
	struct addr *first = addresses(1), *then = addresses(2);
	struct loop *l = loop_new();
	int problem = 0;
	struct acceptor *a = acceptor_new(l, on_problem, &problem);

	acceptor_set(a, first, MANY);
	assert_int_equal(problem, 0);
	assert_true(listed("10.1.0.0") && listed("10.1.156.63"));
	acceptor_set(a, then, MANY);
	assert_int_equal(problem, 0);
	assert_true(listed("10.2.0.0") && listed("10.2.156.63") && !listed("10.1.0.0"));
	assert_true(nft("flush ruleset"));
	acceptor_set(a, first, MANY);
	assert_int_equal(problem, 0);
	assert_true(listed("10.1.0.0") && listed("10.1.156.63") && !listed("10.2.0.0"));
	acceptor_set(a, NULL, 0);
	assert_false(nft("list table inet vipd_accept"));
	acceptor_free(a);
	loop_free(l);
	free(first);
	free(then);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_flushed)};

	if (geteuid() != 0 || unshare(CLONE_NEWNET) < 0) {
		fprintf(stderr, "needs root\n");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
