/* src/base/loop.c, clock.c, log.c: descriptors, timers, signals; sources freed in their own callbacks; the limit of lines. */
#include "../src/base/log.h"
#include "../src/base/loop.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

struct seen {
	struct loop *loop;
	struct loop_timer *timer;
	struct loop_io *io;
	int fd, count, events;
	nsec_t at;
};

static void on_timer(void *arg)
{
	struct seen *s = arg;

	s->at = clock_now();
	assert_false(loop_timer_armed(s->timer));
	if (++s->count < 3) {
		loop_timer_set(s->timer, -5);
		return;
	}
	loop_timer_free(s->timer);
	loop_stop(s->loop, 7);
}

static void timers(void **state)
{
	struct seen s = {.loop = loop_new()};
	nsec_t start = clock_now();

	s.timer = loop_timer_new(s.loop, on_timer, &s);
	assert_false(loop_timer_armed(s.timer));
	loop_timer_set(s.timer, 3600 * NSEC_PER_SEC);
	assert_true(loop_timer_armed(s.timer));
	loop_timer_set(s.timer, 2 * NSEC_PER_MSEC); /* re-armed: the hour is forgotten */
	assert_int_equal(loop_run(s.loop), 7);
	assert_int_equal(s.count, 3);
	assert_true(s.at - start >= 2 * NSEC_PER_MSEC);
	loop_free(s.loop);
}

static void never(void *arg)
{
	fail();
}

static void on_stop(void *arg)
{
	loop_stop(arg, 1);
}

static void timer_stopped(void **state)
{
	struct loop *l = loop_new();
	struct loop_timer *a = loop_timer_new(l, never, NULL), *b = loop_timer_new(l, on_stop, l);

	loop_timer_set(a, 0);
	loop_timer_stop(a);
	assert_false(loop_timer_armed(a));
	loop_timer_set(b, NSEC_PER_MSEC);
	assert_int_equal(loop_run(l), 1);
	loop_timer_free(a);
	loop_timer_free(b);
	loop_timer_free(NULL);
	loop_free(l);
}

/* Writable, then paused and readable, then freed inside. */
static void on_io(void *arg, int events)
{
	struct seen *s = arg;

	if (s->count++ == 0) {
		assert_int_equal(events, LOOP_WRITE);
		loop_io_set(s->io, 0);
		loop_io_set(s->io, LOOP_READ);
		assert_int_equal(write(s->fd, "x", 1), 1);
		return;
	}
	assert_int_equal(events, LOOP_READ);
	loop_io_free(s->io);
	s->io = NULL;
	loop_stop(s->loop, 0);
}

static void descriptors(void **state)
{
	struct seen s = {.loop = loop_new()};
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	s.fd = fds[1];
	s.io = loop_io_new(s.loop, fds[0], LOOP_WRITE, on_io, &s);
	assert_int_equal(loop_run(s.loop), 0);
	assert_int_equal(s.count, 2);
	loop_io_free(NULL);
	loop_free(s.loop);
	close(fds[0]);
	close(fds[1]);
}

static void on_signal(void *arg, int signo)
{
	struct seen *s = arg;

	s->events |= signo == SIGUSR1 ? 1 : signo == SIGUSR2 ? 2 : 4;
	if (++s->count == 2)
		loop_stop(s->loop, 0);
}

static void signals(void **state)
{
	struct seen s = {.loop = loop_new()};
	sigset_t now;

	assert_int_equal(loop_signal(s.loop, 0, on_signal, &s), -EINVAL);
	assert_int_equal(loop_signal(s.loop, NSIG, on_signal, &s), -EINVAL);
	assert_int_equal(loop_signal(s.loop, SIGUSR1, on_signal, &s), 0);
	assert_int_equal(loop_signal(s.loop, SIGUSR2, on_signal, &s), 0);
	kill(getpid(), SIGUSR1);
	kill(getpid(), SIGUSR2);
	loop_run(s.loop);
	assert_int_equal(s.events, 3);
	loop_free(s.loop);
	loop_free(NULL);
	sigprocmask(SIG_BLOCK, NULL, &now);
	assert_false(sigismember(&now, SIGUSR1));
}

static void levels(void **state)
{
	static const struct {
		const char *text;
		enum log_level level;
	} rows[] = {{"error", LOG_LEVEL_ERROR},
		    {"warning", LOG_LEVEL_WARNING},
		    {"info", LOG_LEVEL_INFO},
		    {"debug", LOG_LEVEL_DEBUG}};
	enum log_level l;

	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(log_level_parse(rows[i].text, &l), 0);
		assert_int_equal(l, rows[i].level);
	}
	assert_int_equal(log_level_parse("loud", &l), -EINVAL);
	assert_int_equal(log_level_parse("", &l), -EINVAL);
}

/* Lines as they come out of a pipe in place of stderr. */
static void lines(void **state)
{
	static const char want[] =
	    "<3>control: error: 1%\n<4>control: warning: two lines\n<6>control: three\n<6>control: xxx";
	static char long_text[5000];
	char buf[8192];
	int fds[2], saved = dup(STDERR_FILENO);
	ssize_t n;

	memset(long_text, 'x', sizeof(long_text) - 1);
	assert_int_equal(pipe(fds), 0);
	dup2(fds[1], STDERR_FILENO);
	log_open("control", LOG_LEVEL_INFO);
	log_error("%d%%", 1);
	log_warning("two\nlines");
	log_info("three");
	log_debug("four");
	log_info("%s", long_text);
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(fds[1]);
	n = read(fds[0], buf, sizeof(buf) - 1);
	close(fds[0]);
	assert_true(n > 0);
	buf[n] = '\0';
	assert_memory_equal(buf, want, sizeof(want) - 1);
	assert_true(n < 3000);
	assert_int_equal(buf[n - 1], '\n');
	assert_int_equal(log_level_now(), LOG_LEVEL_INFO);
}

static void line_limit(void **state)
{
	struct log_limit l = {0};
	unsigned swallowed = 99;

	for (int i = 0; i < 5; i++) {
		assert_true(log_allow(&l, 1 + i, &swallowed));
		assert_int_equal(swallowed, 0);
	}
	for (int i = 0; i < 3; i++)
		assert_false(log_allow(&l, NSEC_PER_SEC, &swallowed));
	assert_false(log_allow(&l, 10 * NSEC_PER_SEC, &swallowed));
	assert_true(log_allow(&l, 10 * NSEC_PER_SEC + 1, &swallowed));
	assert_int_equal(swallowed, 4);
	assert_true(log_allow(&l, 10 * NSEC_PER_SEC + 2, &swallowed));
	assert_int_equal(swallowed, 0);
}

static void clocks(void **state)
{
	nsec_t a = clock_now(), b = clock_now();

	assert_true(a > 0 && b >= a);
	assert_true(clock_wall() > 1600000000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(timers),     cmocka_unit_test(timer_stopped), cmocka_unit_test(descriptors),
	    cmocka_unit_test(signals),    cmocka_unit_test(levels),        cmocka_unit_test(lines),
	    cmocka_unit_test(line_limit), cmocka_unit_test(clocks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
