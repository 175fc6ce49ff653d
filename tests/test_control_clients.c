/* The control socket under many clients, and under those that mean no good. */
#include "control_stage.h"

#include "../src/ctl_server.h"

#include <grp.h>

static const char get_pods[] = "{\"verb\":\"get\",\"kind\":\"po\"}\n";

static int reach(const struct stage *s)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(sa.sun_path, sizeof sa.sun_path, "%s/sock", s->dir);
	assert_int_equal(connect(fd, (const struct sockaddr *)&sa, sizeof sa), 0);
	return fd;
}

/* control answers this by itself: nothing of this program's loop is needed. */
static void check_answer(struct stage *s, int fd)
{
	char buf[4096];
	ssize_t n = recv(fd, buf, sizeof buf, MSG_WAITALL);
	json_t *j = n > 0 ? json_loadb(buf, (size_t)n, 0, NULL) : NULL;

	assert_non_null(j);
	assert_string_equal(text_at(j, "kind", NULL, NULL), "PodList");
	json_decref(j);
	close(fd);
}

static void test_thousand(void **state)
{
	struct stage *s = *state;
	int fds[1000];

	play(s);
	for (int i = 0; i < 1000; i++)
		fds[i] = request(s, get_pods);
	for (int i = 0; i < 1000; i++)
		check_answer(s, fds[i]);
	end(s);
}

/* Those that never send make room for those that do. */
static void test_silent(void **state)
{
	struct stage *s = *state;
	int fds[CTL_CLIENTS_MAX];

	play(s);
	for (int i = 0; i < CTL_CLIENTS_MAX; i++) {
		fds[i] = reach(s);
		if (i % 2)
			assert_int_equal(send(fds[i], "{\"verb\"", 7, MSG_NOSIGNAL), 7);
	}
	for (int i = 0; i < 20; i++)
		check_answer(s, request(s, get_pods));
	for (int i = 0; i < CTL_CLIENTS_MAX; i++)
		close(fds[i]);
	end(s);
}

/* Nor do those that never take their answer stand in the way. */
static void test_deaf(void **state)
{
	struct stage *s = *state;
	int fds[CTL_CLIENTS_MAX];

	play(s);
	for (int i = 0; i < CTL_CLIENTS_MAX; i++)
		fds[i] = request(s, get_pods);
	check_answer(s, request(s, get_pods));
	for (int i = 0; i < CTL_CLIENTS_MAX; i++)
		close(fds[i]);
	end(s);
}

/* Many that send a long request without an end: their bytes are bounded in all. */
static void test_endless(void **state)
{
	struct stage *s = *state;
	int fds[80];
	char *big = xmalloc(60000);

	play(s);
	memset(big, ' ', 60000);
	for (int i = 0; i < 80; i++) {
		fds[i] = reach(s);
		send(fds[i], big, 60000, MSG_NOSIGNAL | MSG_DONTWAIT);
	}
	for (int i = 0; i < 80; i++)
		close(fds[i]);
	check_answer(s, request(s, get_pods));
	free(big);
	end(s);
}

static void test_broken_lines(void **state)
{
	static const char *const lines[] = {"\n",
					    "x\n",
					    "[]\n",
					    "{\"verb\":\"get\"\n",
					    "{\"verb\":\"get\",\"verb\":\"get\"}\n",
					    "\xff\xfe\n",
					    "{\"verb\":\"settle\",\"files\":[\"\\u0000 x\"]}\n"};
	struct stage *s = *state;

	play(s);
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
		json_t *j = ask(s, lines[i]);

		assert_string_equal(text_at(j, "error", "reason", NULL), "BadRequest");
		json_decref(j);
	}
	end(s);
}

/* Forked, as another user: what the answer's reason is; "-" for none at all. */
static void as_other(struct stage *s, const char *line, gid_t gid, const char *want)
{
	int fds[2], status;
	char got[64] = "";
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		char buf[1 << 16];
		ssize_t n;
		int fd;
		json_t *j;
		const char *why;

		if (setgroups(0, NULL) || setgid(gid) || setuid(65534))
			_exit(1);
		fd = reach(s);
		send(fd, line, strlen(line), MSG_NOSIGNAL); /* it may be closed already */
		n = recv(fd, buf, sizeof buf, MSG_WAITALL);
		j = n > 0 ? json_loadb(buf, (size_t)n, 0, NULL) : NULL;
		why = !j ? "-" : text_at(j, "error", "reason", NULL) ? text_at(j, "error", "reason", NULL) : "good";
		_exit(write(fds[1], why, strlen(why)) < 0);
	}
	close(fds[1]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_true(read(fds[0], got, sizeof got - 1) > 0);
	close(fds[0]);
	assert_string_equal(got, want);
}

/* Looking is for the group, changing for administrators; others are not listened to. */
static void test_rights(void **state)
{
	struct stage *s = *state;
	char *sock;

	if (geteuid() != 0)
		skip();
	sock = path_of(s, "sock");
	play(s);
	assert_int_equal(chmod(s->dir, 0755), 0);
	assert_int_equal(chmod(sock, 0666), 0); /* as if the mode had let them in */
	as_other(s, get_pods, getegid(), "good");
	as_other(s, "{\"verb\":\"failover\"}\n", getegid(), "Forbidden");
	as_other(s, "{\"verb\":\"reexec\"}\n", getegid(), "Forbidden");
	as_other(s, get_pods, 65533, "-");
	as_other(s, get_pods, ADMIN_GID, "good");
	as_other(s, "{\"verb\":\"failover\"}\n", ADMIN_GID, "NotFound"); /* no router */
	free(sock);
	end(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_thousand, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_silent, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_deaf, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_endless, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_broken_lines, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_rights, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
