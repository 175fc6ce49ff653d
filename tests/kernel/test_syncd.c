/* ipvs/syncd.c against a real kernel: runs as root, in network namespaces of its own. Exit 77: this kernel has no IPVS, or we may not. */
#include "../../ipvs/syncd.h"
#include "../ipvs_values.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/capability.h>

#include <cmocka.h>

/* The test's interface is lo: every namespace has one. */
static int lo_up(void)
{
	struct ifreq lo = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_MULTICAST};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int rc = fd < 0 ? -1 : ioctl(fd, SIOCSIFFLAGS, &lo);

	if (fd >= 0)
		close(fd);
	return rc;
}

static int fresh(void **state)
{
	struct ipvs_sock *s = NULL;
	int rc;

	if (unshare(CLONE_NEWNET) < 0)
		return -1;
	rc = lo_up();
	if (rc == 0)
		rc = ipvs_sock_open(&s);
	*state = s;
	return rc;
}

static int done(void **state)
{
	ipvs_sock_close(*state);
	return 0;
}

static struct sync_settings settings(uint8_t id)
{
	return (struct sync_settings){.on = true,
				      .ifname = "lo",
				      .id = id,
				      .group = addr_of("224.0.0.81"),
				      .port = SYNC_PORT,
				      .ttl = 1,
				      .threshold = 4,
				      .period = 60};
}

struct seen {
	struct sync_daemon d[2];
	unsigned n;
};

static int see(void *arg, const struct sync_daemon *d)
{
	struct seen *s = arg;

	s->d[d->master] = *d;
	s->n++;
	return 0;
}

static struct seen look(struct ipvs_sock *s)
{
	struct seen seen = {0};

	assert_int_equal(ipvs_sock_daemons(s, see, &seen), 0);
	return seen;
}

static void threshold(unsigned *first, unsigned *period)
{
	FILE *f = fopen("/proc/sys/net/ipv4/vs/sync_threshold", "r");

	assert_non_null(f);
	assert_int_equal(fscanf(f, "%u %u", first, period), 2);
	fclose(f);
}

static void test_life(void **state)
{
	struct ipvs_sock *s = *state;
	struct sync_settings want = settings(7), off = {0};
	struct syncd d = {0};
	unsigned first = 0, period = 0;
	struct seen seen;

	syncd_want(&d, &want);
	assert_int_equal(syncd_look(&d, s, false), 0);
	assert_int_equal(d.error, 0);
	seen = look(s);
	assert_int_equal(seen.n, 2);
	assert_string_equal(seen.d[true].ifname, "lo");
	assert_int_equal(seen.d[false].id, 7);
	assert_int_equal(seen.d[true].port, SYNC_PORT);
	assert_true(addr_equal(&seen.d[true].group, &want.group));
	threshold(&first, &period);
	assert_int_equal(first, 4);
	assert_int_equal(period, 60);
	/* The same again, and other settings. */
	assert_int_equal(syncd_look(&d, s, false), 0);
	assert_int_equal(d.starts, 2);
	want = settings(8);
	syncd_want(&d, &want);
	assert_int_equal(syncd_look(&d, s, false), 0);
	assert_int_equal(d.error, 0);
	assert_int_equal(d.starts, 4);
	assert_int_equal(look(s).d[false].id, 8);
	/* Somebody stops one. */
	assert_int_equal(ipvs_sock_daemon(s, false, &(struct sync_daemon){.master = true}), 0);
	assert_int_equal(look(s).n, 1);
	assert_int_equal(syncd_look(&d, s, false), 0);
	assert_int_equal(look(s).n, 2);
	syncd_want(&d, &off);
	assert_int_equal(syncd_look(&d, s, false), 0);
	assert_int_equal(look(s).n, 0);
	assert_false(syncd_needed(&d));
}

static void test_foreign(void **state)
{
	struct ipvs_sock *s = *state;
	struct sync_settings theirs = settings(1), want = settings(2);
	struct sync_daemon one = sync_wanted(&theirs, false);
	struct syncd d = {0};
	char buf[256];

	assert_int_equal(ipvs_sock_daemon(s, true, &one), 0);
	assert_int_equal(ipvs_sock_daemon(s, true, &one), -EEXIST);
	syncd_want(&d, &want);
	assert_int_equal(syncd_look(&d, s, false), 0);
	assert_int_equal(d.error, -EBUSY);
	assert_non_null(strstr(syncd_problem(&d, buf, sizeof(buf)), "vipd did not start it"));
	assert_int_equal(look(s).d[false].id, 1);
	assert_int_equal(look(s).d[true].id, 2);
	syncd_stop(&d, s); /* only what is ours */
	assert_int_equal(look(s).n, 1);
	assert_int_equal(syncd_look(&d, s, true), 0); /* adopt */
	assert_int_equal(d.error, 0);
	assert_int_equal(look(s).d[false].id, 2);
	syncd_stop(&d, s);
	assert_int_equal(look(s).n, 0);
}

static void test_no_interface(void **state)
{
	struct ipvs_sock *s = *state;
	struct sync_settings want = settings(2);
	struct syncd d = {0};
	char buf[256];

	strcpy(want.ifname, "none0");
	syncd_want(&d, &want);
	assert_int_equal(syncd_look(&d, s, false), 0);
	assert_int_equal(d.error, -ENODEV);
	assert_string_equal(syncd_problem(&d, buf, sizeof(buf)), "connection sync waits: there is no interface none0");
	assert_int_equal(look(s).n, 0);
}

/* As the ipvs process: another user with CAP_NET_ADMIN alone. Returns the child's failures. */
static int as_net_user(void)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {{.effective = 1U << CAP_NET_ADMIN, .permitted = 1U << CAP_NET_ADMIN}};
	struct sync_settings want = settings(3);
	struct syncd d = {0};
	struct ipvs_sock *s;

	if (prctl(PR_SET_KEEPCAPS, 1) < 0 || setresgid(12345, 12345, 12345) < 0 || setresuid(12345, 12345, 12345) < 0)
		return 1;
	if (syscall(SYS_capset, &head, data) < 0 || ipvs_sock_open(&s) < 0)
		return 2;
	syncd_want(&d, &want);
	if (syncd_look(&d, s, false) < 0 || d.error || d.sysctl)
		return 3;
	syncd_stop(&d, s);
	ipvs_sock_close(s);
	return 0;
}

static void test_unprivileged(void **state)
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(as_net_user());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, fresh, done)

int main(void)
{
	const struct CMUnitTest tests[] = {T(test_life), T(test_foreign), T(test_no_interface), T(test_unprivileged)};
	struct ipvs_sock *s = NULL;
	int rc = unshare(CLONE_NEWNET) < 0 || lo_up() < 0 ? -EPERM : ipvs_sock_open(&s);

	ipvs_sock_close(s);
	if (rc) {
		printf("no IPVS here (%s)\n", strerror(-rc));
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
