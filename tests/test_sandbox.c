/* The filters: src/sandbox.c. Each case runs in a process of its own, since a filter is final. */
#include "../src/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { NO_SANDBOX = 200 };

/* Of the kernel, or of valgrind in its place. */
static bool has_filters(void)
{
	const uint32_t kill_process = SECCOMP_RET_KILL_PROCESS;

	return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &kill_process) == 0;
}

/* Exit status of `act` behind the role's filter, or 1000 + the signal that ended it; skips where the kernel has no filters. */
static int behind(enum role role, int (*act)(void))
{
	struct sandbox s;
	int status;
	pid_t pid;

	if (role != ROLE_RUNNER && !has_filters())
		skip();
	assert_int_equal(sandbox_make(role, &s), 0);
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		const struct rlimit no_core = {0, 0};

		setrlimit(RLIMIT_CORE, &no_core);
		if (sandbox_enter(&s, false) < 0)
			_exit(NO_SANDBOX);
		_exit(act());
	}
	sandbox_clear(&s);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFSIGNALED(status))
		return 1000 + WTERMSIG(status);
	assert_int_not_equal(WEXITSTATUS(status), NO_SANDBOX);
	return WEXITSTATUS(status);
}

static int ordinary(void)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC), pair[2];
	char *p = malloc(1 << 20);

	if (fd < 0 || !p || write(fd, p, 1) != 1 || socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) < 0)
		return 1;
	free(p);
	return 0;
}

static int run_program(void)
{
	execl("/bin/true", "true", (char *)NULL);
	return 1;
}

static int alg_socket(void)
{
	return socket(AF_ALG, SOCK_SEQPACKET, 0) < 0 && errno == EPERM ? EPERM : 0;
}

static int listen_call(void)
{
	return syscall(SYS_listen, -1, 1) < 0 ? errno : 0;
}

static int change_user(void)
{
	return setuid(getuid()) == 0 ? 0 : errno;
}

static int make_thread(void)
{
	return syscall(SYS_clone3, NULL, 0) < 0 ? errno : 0;
}

static void *other_thread(void *arg)
{
	*(int *)arg = 1;
	return NULL;
}

static int thread(void)
{
	pthread_t t;
	int ran = 0, err = pthread_create(&t, NULL, other_thread, &ran);

	if (!err)
		err = pthread_join(t, NULL);
	return err ? err : !ran;
}

static int child(void)
{
	return fork() < 0 ? errno : 0;
}

static void test_ordinary(void **state)
{
	assert_int_equal(behind(ROLE_CONTROL, ordinary), 0);
	assert_int_equal(behind(ROLE_IPVS, ordinary), 0);
	assert_int_equal(behind(ROLE_VRRP, ordinary), 0);
}

static void test_exec_ends_the_process(void **state)
{
	assert_int_equal(behind(ROLE_CONTROL, run_program), 1000 + SIGSYS);
	assert_int_equal(behind(ROLE_IPVS, run_program), 1000 + SIGSYS);
	assert_int_equal(behind(ROLE_VRRP, run_program), 1000 + SIGSYS);
	assert_int_equal(behind(ROLE_IPVS, change_user), 1000 + SIGSYS);
}

static void test_runner_has_none(void **state)
{
	assert_int_equal(behind(ROLE_RUNNER, run_program), 0);
}

static void test_refused_by_role(void **state)
{
	assert_int_equal(behind(ROLE_CONTROL, listen_call), EBADF);
	assert_int_equal(behind(ROLE_IPVS, listen_call), EPERM);
	assert_int_equal(behind(ROLE_IPVS, make_thread), ENOSYS);
	assert_int_equal(behind(ROLE_IPVS, alg_socket), EPERM);
	assert_int_equal(behind(ROLE_VRRP, child), EPERM);
	assert_int_equal(behind(ROLE_IPVS, thread), EPERM);
	assert_int_equal(behind(ROLE_VRRP, thread), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_ordinary),
	    cmocka_unit_test(test_exec_ends_the_process),
	    cmocka_unit_test(test_runner_has_none),
	    cmocka_unit_test(test_refused_by_role),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
