/* The HTTP server over real sockets: answers, bounds on connections and on time. */
#include "../src/base/arena.h"
#include "../src/base/log.h"
#include "../src/http.h"
#include "limits.h"
#include "log_lines.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

/* The limit on lines asks the time: this program's clock stands unless it is moved. */
static nsec_t now = NSEC_PER_SEC;

nsec_t clock_now(void)
{
	return now;
}

int64_t clock_wall(void)
{
	return 0;
}

/* So many times there is none left. */
static int no_descriptor;

int accept4(int fd, __SOCKADDR_ARG address, socklen_t *len, int flags)
{
	if (no_descriptor <= 0)
		return (int)syscall(SYS_accept4, fd, NULL, NULL, flags);
	no_descriptor--;
	errno = EMFILE;
	return -1;
}

static char unix_name[] = "unix", ip_name[] = "ip";

struct stage {
	struct loop *loop;
	struct http_server *server;
	struct loop_timer *tick;
	struct sockaddr_un at;
	char dir[64];
	unsigned asked, gone;
	size_t left;      /* of what is made as it is taken */
	uint64_t waiting; /* an id */
};

static size_t more(void *source, char *buf, size_t size)
{
	struct stage *s = source;
	size_t n = s->left < size ? s->left : size;

	memset(buf, 'm', n);
	s->left -= n;
	return n;
}

static void gone(void *source)
{
	((struct stage *)source)->gone++;
}

static void get(void *arg, struct http_get *g)
{
	struct stage *s = arg;

	s->asked++;
	if (strcmp(g->head->target, "/later") == 0) {
		g->later = true;
		s->waiting = g->id;
		return;
	}
	if (strcmp(g->head->target, "/much") == 0) {
		g->status = 200;
		g->more = more;
		g->gone = gone;
		g->source = s;
		return;
	}
	if (strcmp(g->head->target, "/") != 0)
		return;
	g->status = 503;
	g->type = "application/json";
	g->body = xstrdup("{\"a\":1}");
	g->len = strlen(g->body);
	snprintf(g->extra, sizeof g->extra, "X-Which: %s\r\n", (const char *)g->listener);
}

static void on_tick(void *arg)
{
	loop_stop(((struct stage *)arg)->loop, 0);
}

static void turn(struct stage *s)
{
	loop_timer_set(s->tick, 2 * NSEC_PER_MSEC);
	loop_run(s->loop);
}

static int setup(void **state)
{
	struct stage *s = xcalloc(1, sizeof *s);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	strcpy(s->dir, "/tmp/vipd-http-XXXXXX");
	assert_non_null(mkdtemp(s->dir));
	s->at.sun_family = AF_UNIX;
	snprintf(s->at.sun_path, sizeof s->at.sun_path, "%s/sock", s->dir);
	assert_int_equal(bind(fd, (struct sockaddr *)&s->at, sizeof s->at), 0);
	assert_int_equal(listen(fd, 512), 0);
	s->loop = loop_new();
	s->tick = loop_timer_new(s->loop, on_tick, s);
	s->server = http_new(s->loop, get, s);
	http_listen_fd(s->server, fd, unix_name);
	*state = s;
	return 0;
}

static int teardown(void **state)
{
	struct stage *s = *state;

	http_free(s->server);
	loop_timer_free(s->tick);
	loop_free(s->loop);
	unlink(s->at.sun_path);
	rmdir(s->dir);
	free(s);
	return 0;
}

static int reach(const struct stage *s)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(connect(fd, (const struct sockaddr *)&s->at, sizeof s->at), 0);
	return fd;
}

static void say(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* All that comes until the end; closes fd. */
static const char *hear(struct stage *s, int fd)
{
	static char buf[4096];
	size_t n = 0;
	ssize_t got;

	do {
		turn(s);
		got = recv(fd, buf + n, sizeof buf - 1 - n, MSG_DONTWAIT);
		n += got > 0 ? (size_t)got : 0;
	} while (got > 0 || (got < 0 && errno == EAGAIN));
	buf[n] = '\0';
	close(fd);
	return buf;
}

static void settle(struct stage *s)
{
	for (int i = 0; i < 1000 && http_connections(s->server); i++)
		turn(s);
	assert_int_equal(http_connections(s->server), 0);
}

static const char *ask(struct stage *s, const char *text)
{
	int fd = reach(s);

	say(fd, text);
	return hear(s, fd);
}

static void test_answers(void **state)
{
	static const struct {
		const char *request, *begin, *has, *end;
	} rows[] = {
	    {"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
	     "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\n", "Content-Length: 7\r\n",
	     "\r\n\r\n{\"a\":1}"},
	    {"HEAD / HTTP/1.1\r\n\r\n", "HTTP/1.1 503 ", "Content-Length: 7\r\nX-Which: unix\r\n", "\r\n\r\n"},
	    {"GET /other HTTP/1.1\r\n\r\n", "HTTP/1.1 404 Not Found\r\n", "Content-Length: 0\r\n", "\r\n\r\n"},
	    {"PUT / HTTP/1.1\r\n\r\n", "HTTP/1.1 405 ", "Allow: GET, HEAD\r\n", "Method Not Allowed\n"},
	    {"nonsense\r\n\r\n", "HTTP/1.1 400 ", "Connection: close\r\n", "Bad Request\n"},
	    {"GET / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n\r\n", "HTTP/1.1 503 ", "nosniff", "{\"a\":1}"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const char *got = ask(*state, rows[i].request);

		assert_memory_equal(got, rows[i].begin, strlen(rows[i].begin));
		if (!strstr(got, rows[i].has))
			fail_msg("%s: %s", rows[i].request, got);
		assert_true(strlen(got) > strlen(rows[i].end));
		assert_string_equal(got + strlen(got) - strlen(rows[i].end), rows[i].end);
	}
	settle(*state);
}

/* Byte by byte is fine; a head without end is not. */
static void test_pieces(void **state)
{
	struct stage *s = *state;
	char much[HTTP_HEAD_MAX];
	int fd = reach(s);

	for (const char *at = "GET / HTTP/1.1\r\n\r\n"; *at; at++) {
		assert_int_equal(s->asked, 0);
		assert_int_equal(send(fd, at, 1, MSG_NOSIGNAL), 1);
		turn(s);
	}
	assert_memory_equal(hear(s, fd), "HTTP/1.1 503 ", 13);
	fd = reach(s);
	memset(much, 'a', sizeof much);
	assert_int_equal(send(fd, much, sizeof much, MSG_NOSIGNAL), sizeof much);
	assert_memory_equal(hear(s, fd), "HTTP/1.1 431 ", 13);
}

/* No more than so many at a time; the next one is served when another ends. */
static void test_many(void **state)
{
	struct stage *s = *state;
	int fds[HTTP_CONNECTIONS + 1];

	if (!limits_files(3 * HTTP_CONNECTIONS))
		skip();
	for (int i = 0; i <= HTTP_CONNECTIONS; i++)
		fds[i] = reach(s);
	say(fds[HTTP_CONNECTIONS], "GET / HTTP/1.1\r\n\r\n");
	for (int i = 0; i < 1000 && http_connections(s->server) < HTTP_CONNECTIONS; i++)
		turn(s);
	turn(s);
	assert_int_equal(http_connections(s->server), HTTP_CONNECTIONS);
	assert_int_equal(s->asked, 0);
	close(fds[0]);
	assert_memory_equal(hear(s, fds[HTTP_CONNECTIONS]), "HTTP/1.1 503 ", 13);
	for (int i = 1; i < HTTP_CONNECTIONS; i++)
		close(fds[i]);
}

/* It is said when there are as many as may be: not each time, and how often it was not said. */
static void test_many_told(void **state)
{
	static const char text[] =
	    "MESSAGE=HTTP: 256 connections are open, as many as may be; others wait for one to end";
	struct stage *s = *state;
	int fds[HTTP_CONNECTIONS], lines = lines_open(s->dir);
	char more[sizeof text + 32];

	if (!limits_files(3 * HTTP_CONNECTIONS))
		skip();
	for (int i = 0; i < HTTP_CONNECTIONS; i++)
		fds[i] = reach(s);
	for (int round = 0; round < 10; round++) {
		if (round == 8)
			now += 10 * NSEC_PER_SEC;
		for (int i = 0; i < 1000 && http_connections(s->server) < HTTP_CONNECTIONS; i++)
			turn(s);
		assert_int_equal(http_connections(s->server), HTTP_CONNECTIONS);
		if (round == 7)
			assert_int_equal(lines_count(lines, LOG_HTTP_FULL, text), 5);
		close(fds[0]);
		for (int i = 0; i < 1000 && http_connections(s->server) == HTTP_CONNECTIONS; i++)
			turn(s);
		fds[0] = reach(s);
	}
	snprintf(more, sizeof more, "%s (and 3 more like it)\n", text);
	assert_int_equal(lines_count(lines, LOG_HTTP_FULL, more), 2);
	for (int i = 0; i < HTTP_CONNECTIONS; i++)
		close(fds[i]);
	lines_close(lines);
}

/* The same without a descriptor for the next one, which is served when there is one again. */
static void test_no_descriptor(void **state)
{
	static const char text[] =
	    "MESSAGE=HTTP: no connection can be accepted: Too many open files; it is tried again\n";
	struct stage *s = *state;
	int lines = lines_open(s->dir), fd = reach(s);

	say(fd, "GET / HTTP/1.1\r\n\r\n");
	no_descriptor = 8;
	while (no_descriptor > 0)
		turn(s);
	assert_int_equal(lines_count(lines, LOG_HTTP_FULL, text), 5);
	assert_int_equal(s->asked, 0);
	now += 10 * NSEC_PER_SEC;
	no_descriptor = 1;
	assert_memory_equal(hear(s, fd), "HTTP/1.1 503 ", 13);
	assert_int_equal(lines_count(lines, LOG_HTTP_FULL, "it is tried again (and 3 more like it)\n"), 1);
	lines_close(lines);
}

/* Who does not come to the end of a head, or does not take the answer, goes. */
static void test_slow(void **state)
{
	struct stage *s = *state;
	int fd;

	http_waits(s->server, 5 * NSEC_PER_MSEC, 30 * NSEC_PER_SEC, 30 * NSEC_PER_SEC);
	fd = reach(s);
	say(fd, "GET / HT");
	assert_string_equal(hear(s, fd), "");
	assert_int_equal(s->asked, 0);
	settle(s);
}

/* What is made as it is taken: in chunks, or to the end of the connection; the source is given back once, whatever happens. */
static void test_more(void **state)
{
	struct stage *s = *state;
	const char *got;
	int fd;

	s->left = 3;
	got = ask(s, "GET /much HTTP/1.1\r\n\r\n");
	assert_non_null(strstr(got, "Transfer-Encoding: chunked\r\n"));
	assert_null(strstr(got, "Content-Length"));
	assert_string_equal(strstr(got, "\r\n\r\n"), "\r\n\r\n3\r\nmmm\r\n0\r\n\r\n");
	assert_int_equal(s->gone, 1);
	s->left = 3;
	got = ask(s, "GET /much HTTP/1.0\r\n\r\n");
	assert_null(strstr(got, "chunked"));
	assert_string_equal(strstr(got, "\r\n\r\n"), "\r\n\r\nmmm");
	assert_int_equal(s->gone, 2);
	got = ask(s, "HEAD /much HTTP/1.1\r\n\r\n");
	assert_string_equal(strstr(got, "\r\n\r\n"), "\r\n\r\n");
	assert_int_equal(s->gone, 3);
	s->left = SIZE_MAX; /* without end: the client goes */
	fd = reach(s);
	say(fd, "GET /much HTTP/1.1\r\n\r\n");
	while (s->left > SIZE_MAX - HTTP_PIECE)
		turn(s);
	close(fd);
	settle(s);
	assert_int_equal(s->gone, 4);
}

/* Takes the answer until it is stuck: nothing more is made. */
static int stuck(struct stage *s)
{
	int fd = reach(s);
	size_t left;

	s->left = SIZE_MAX;
	say(fd, "GET /much HTTP/1.1\r\n\r\n");
	while (s->left == SIZE_MAX)
		turn(s);
	do {
		left = s->left;
		turn(s);
	} while (left != s->left);
	return fd;
}

/* Who takes nothing goes, and who takes a byte now and then; who takes all pieces goes when the whole has lasted too long. */
static void test_stuck(void **state)
{
	struct stage *s = *state;
	static char piece[HTTP_PIECE];
	int fd;

	http_waits(s->server, 30 * NSEC_PER_SEC, 30 * NSEC_PER_SEC, 50 * NSEC_PER_MSEC);
	fd = stuck(s);
	settle(s);
	assert_int_equal(s->gone, 1);
	close(fd);
	fd = stuck(s);
	for (int i = 0; s->gone == 1; i++) {
		assert_true(recv(fd, piece, 1, MSG_DONTWAIT) == 1 || i > 1000);
		turn(s);
	}
	settle(s);
	close(fd);
	http_waits(s->server, 30 * NSEC_PER_SEC, 20 * NSEC_PER_SEC, 30 * NSEC_PER_SEC);
	fd = stuck(s);
	now += 20 * NSEC_PER_SEC; /* the next piece is one too many */
	while (s->gone == 2) {
		recv(fd, piece, sizeof piece, MSG_DONTWAIT);
		turn(s);
	}
	settle(s);
	assert_int_equal(s->gone, 3);
	close(fd);
}

/* The one that has been stuck for longest makes room; one that has not been for long does not, nor one that is not answered yet. */
static void test_slowest(void **state)
{
	struct stage *s = *state;
	int first, second, waits = reach(s);
	char byte;

	say(waits, "GET /later HTTP/1.1\r\n\r\n");
	while (!s->asked)
		turn(s);
	now += 100 * NSEC_PER_SEC;
	assert_false(http_end_slowest(s->server, NSEC_PER_SEC));
	first = stuck(s);
	now += NSEC_PER_SEC;
	second = stuck(s);
	assert_true(http_end_slowest(s->server, NSEC_PER_SEC));
	assert_int_equal(s->gone, 1);
	assert_false(http_end_slowest(s->server, NSEC_PER_SEC));
	now += NSEC_PER_SEC;
	assert_int_equal(http_connections(s->server), 2);
	assert_int_equal(recv(second, &byte, 1, MSG_DONTWAIT), 1); /* that is no piece */
	turn(s);
	assert_true(http_end_slowest(s->server, NSEC_PER_SEC));
	assert_int_equal(s->gone, 2);
	http_answer(s->server, s->waiting, &(struct http_get){.status = 200, .type = HTTP_TEXT});
	close(first);
	close(second);
	close(waits);
	settle(s);
}

/* Many pieces, each a chunk, and none longer than it may be. */
static void test_chunks(void **state)
{
	struct stage *s = *state;
	const size_t all = 5 * HTTP_PIECE + 1;
	char *text = xmalloc(all + 4096), *at;
	size_t n = 0, body = 0;
	ssize_t got = -1;
	int fd = reach(s);

	s->left = all;
	say(fd, "GET /much HTTP/1.1\r\n\r\n");
	while (got) {
		turn(s);
		got = recv(fd, text + n, all + 4095 - n, MSG_DONTWAIT);
		n += got > 0 ? (size_t)got : 0;
	}
	close(fd);
	text[n] = '\0';
	at = strstr(text, "\r\n\r\n") + 4;
	for (size_t len; (len = strtoul(at, &at, 16)); at += len + 4) {
		assert_true(len <= HTTP_PIECE);
		body += len;
	}
	assert_int_equal(body, all);
	assert_string_equal(at, "\r\n\r\n");
	assert_int_equal(s->gone, 1);
	free(text);
}

/* An answer that comes later, to whom still waits for it. */
static void test_later(void **state)
{
	struct stage *s = *state;
	struct http_get g = {.status = 200, .type = HTTP_TEXT, .body = xstrdup("late"), .len = 4};
	int fd = reach(s);

	say(fd, "GET /later HTTP/1.1\r\n\r\n");
	while (!s->asked)
		turn(s);
	http_answer(s->server, s->waiting + 1, &(struct http_get){.more = more, .gone = gone, .source = s});
	assert_int_equal(s->gone, 1); /* nobody */
	http_answer(s->server, s->waiting, &g);
	assert_null(g.body);
	assert_non_null(strstr(hear(s, fd), "\r\n\r\nlate"));
	g.body = xstrdup("again");
	http_answer(s->server, s->waiting, &g); /* once is enough */
	http_waits(s->server, 30 * NSEC_PER_SEC, 5 * NSEC_PER_MSEC, 30 * NSEC_PER_SEC);
	fd = reach(s);
	say(fd, "GET /later HTTP/1.1\r\n\r\n");
	assert_string_equal(hear(s, fd), ""); /* none came in time */
	settle(s);
}

static void check_ip(struct stage *s, const char *address)
{
	struct http_listener *l;
	struct addr a;
	int err, on = 1;
	struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	struct sockaddr_in four = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	int fd;

	assert_int_equal(addr_parse(address, &a), 0);
	err = http_listen(s->server, &a, 0, ip_name, &l);
	if (err == -EADDRNOTAVAIL || err == -EAFNOSUPPORT)
		return; /* a machine without */
	assert_int_equal(err, 0);
	assert_int_not_equal(http_listener_port(l), 0);
	four.sin_port = six.sin6_port = htons(http_listener_port(l));
	fd = socket(a.family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (a.family == AF_INET)
		assert_int_equal(connect(fd, (const struct sockaddr *)&four, sizeof four), 0);
	else
		assert_int_equal(connect(fd, (const struct sockaddr *)&six, sizeof six), 0);
	say(fd, "GET / HTTP/1.1\r\n\r\n");
	assert_non_null(strstr(hear(s, fd), "X-Which: ip\r\n"));
	assert_int_equal(http_listen(s->server, &a, http_listener_port(l), NULL, &l), -EADDRINUSE);
	http_listener_free(l);
}

static void test_ip(void **state)
{
	check_ip(*state, "127.0.0.1");
	check_ip(*state, "::1");
}

/* A listener that goes takes its unread connections with it. */
static void test_listener_gone(void **state)
{
	struct stage *s = *state;
	struct http_listener *l;
	struct addr a;
	int fd;
	struct sockaddr_in four = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};

	addr_parse("127.0.0.1", &a);
	if (http_listen(s->server, &a, 0, NULL, &l))
		skip();
	four.sin_port = htons(http_listener_port(l));
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(fd, (const struct sockaddr *)&four, sizeof four), 0);
	while (!http_connections(s->server))
		turn(s);
	http_listener_free(l);
	say(fd, "GET / HTTP/1.1\r\n\r\n");
	hear(s, fd);
	assert_int_equal(s->asked, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_answers, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_pieces, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_many, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_many_told, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_no_descriptor, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_slow, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_stuck, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_slowest, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_more, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_chunks, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_later, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_ip, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_listener_gone, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
