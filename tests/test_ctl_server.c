/* The control socket's server in this process: what it says when it cannot take more clients (src/ctl_server.c). */
#include "limits.h"
#include "log_lines.h"

#include "../src/ctl_server.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/syscall.h>

enum { TURN_MS = 5 };

/* So many times there is no descriptor left. */
static int no_descriptor;

int accept4(int fd, __SOCKADDR_ARG address, socklen_t *len, int flags)
{
	if (no_descriptor <= 0)
		return (int)syscall(SYS_accept4, fd, NULL, NULL, flags);
	no_descriptor--;
	errno = EMFILE;
	return -1;
}

struct stage {
	struct loop *loop;
	struct loop_timer *tick;
	struct ctl_server *server;
	struct sockaddr_un at;
	char dir[64];
	int listen_fd;
	size_t asked;
	uint64_t client; /* who asked last */
};

static void on_tick(void *arg)
{
	loop_stop(((struct stage *)arg)->loop, 0);
}

static void on_request(void *arg, uint64_t client, const char *line, size_t len)
{
	struct stage *s = arg;

	s->asked++;
	s->client = client;
}

static void turn(struct stage *s)
{
	loop_timer_set(s->tick, TURN_MS * NSEC_PER_MSEC);
	loop_run(s->loop);
}

/* Until so many were asked, in 1000 turns. */
static void turn_until(struct stage *s, size_t asked)
{
	for (int i = 0; i < 1000 && s->asked < asked; i++)
		turn(s);
	assert_int_equal(s->asked, asked);
}

static int reach(const struct stage *s)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(connect(fd, (const struct sockaddr *)&s->at, sizeof s->at), 0);
	return fd;
}

static int setup(void **state)
{
	struct stage *s = calloc(1, sizeof *s);

	snprintf(s->dir, sizeof s->dir, "/tmp/vipd-ctl-XXXXXX");
	assert_non_null(mkdtemp(s->dir));
	s->at.sun_family = AF_UNIX;
	snprintf(s->at.sun_path, sizeof s->at.sun_path, "%s/sock", s->dir);
	s->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_int_equal(bind(s->listen_fd, (const struct sockaddr *)&s->at, sizeof s->at), 0);
	assert_int_equal(listen(s->listen_fd, 64), 0);
	s->loop = loop_new();
	s->tick = loop_timer_new(s->loop, on_tick, s);
	s->server = ctl_server_new(s->loop, s->listen_fd, 0, on_request, s);
	*state = s;
	return 0;
}

static int teardown(void **state)
{
	struct stage *s = *state;

	ctl_server_free(s->server);
	loop_timer_free(s->tick);
	loop_free(s->loop);
	close(s->listen_fd);
	unlink(s->at.sun_path);
	rmdir(s->dir);
	free(s);
	return 0;
}

static void test_many(void **state)
{
	static const char text[] =
	    "MESSAGE=control socket: 512 clients are connected, as many as may be; others wait for one to end\n";
	struct stage *s = *state;
	int fds[CTL_CLIENTS_MAX + 1], lines = lines_open(s->dir);

	if (!limits_files(3 * CTL_CLIENTS_MAX))
		skip();
	for (int i = 0; i < CTL_CLIENTS_MAX; i++) {
		fds[i] = reach(s);
		assert_int_equal(send(fds[i], "{}\n", 3, MSG_NOSIGNAL), 3);
		if (i % 32 == 0)
			turn(s); /* the backlog is short */
	}
	turn_until(s, CTL_CLIENTS_MAX);
	assert_int_equal(lines_count(lines, LOG_CONTROL_FULL, text), 0);
	/* All wait for an answer, so that none makes room. */
	fds[CTL_CLIENTS_MAX] = reach(s);
	assert_int_equal(send(fds[CTL_CLIENTS_MAX], "{}\n", 3, MSG_NOSIGNAL), 3);
	turn(s);
	assert_int_equal(lines_count(lines, LOG_CONTROL_FULL, text), 1);
	assert_int_equal(s->asked, CTL_CLIENTS_MAX);
	for (int i = 0; i < 100; i++)
		turn(s); /* it looks again, and says so a few times, no more */
	assert_int_equal(lines_count(lines, LOG_CONTROL_FULL, text), 4);
	ctl_server_reply(s->server, s->client, strdup("{}"), 2);
	turn_until(s, CTL_CLIENTS_MAX + 1);
	for (int i = 0; i <= CTL_CLIENTS_MAX; i++)
		close(fds[i]);
	lines_close(lines);
}

static void test_no_descriptor(void **state)
{
	static const char text[] =
	    "MESSAGE=control socket: no client can be accepted: Too many open files; it is tried again\n";
	struct stage *s = *state;
	int lines = lines_open(s->dir), fd = reach(s);

	assert_int_equal(send(fd, "{}\n", 3, MSG_NOSIGNAL), 3);
	no_descriptor = 8;
	while (no_descriptor > 0)
		turn(s);
	assert_int_equal(lines_count(lines, LOG_CONTROL_FULL, text), 5);
	assert_int_equal(s->asked, 0);
	turn_until(s, 1);
	close(fd);
	lines_close(lines);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_many, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_no_descriptor, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
