/* HTTP over TLS on real sockets: answers, keys that are wrong, clients that are. */
#include "../src/base/arena.h"
#include "../src/http.h"
#include "tls_files.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <sys/un.h>
#include <unistd.h>

enum { BODY = 300000 };

struct stage {
	struct loop *loop;
	struct http_server *server;
	struct loop_timer *tick;
	struct sockaddr_un at;
	char dir[64], certificate[128], key[128], other[128];
	size_t left;
	unsigned asked, gone;
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
	g->status = 200;
	if (strcmp(g->head->target, "/much") == 0) {
		g->more = more;
		g->gone = gone;
		g->source = s;
		return;
	}
	g->body = xstrdup("secret");
	g->len = strlen(g->body);
}

static void on_tick(void *arg)
{
	loop_stop(((struct stage *)arg)->loop, 0);
}

static void turn(struct stage *s)
{
	loop_timer_set(s->tick, NSEC_PER_MSEC);
	loop_run(s->loop);
}

static void make_keys(struct stage *s)
{
	char unused[128];

	snprintf(s->certificate, sizeof s->certificate, "%s/crt", s->dir);
	snprintf(s->key, sizeof s->key, "%s/key", s->dir);
	snprintf(s->other, sizeof s->other, "%s/other", s->dir);
	snprintf(unused, sizeof unused, "%s/unused", s->dir);
	tls_files_make(unused, s->other);
	tls_files_make(s->certificate, s->key);
	unlink(unused);
}

static int setup(void **state)
{
	struct stage *s = xcalloc(1, sizeof *s);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct tls_keys *keys;
	char why[256];

	signal(SIGPIPE, SIG_IGN); /* as every child of vipd has it */
	strcpy(s->dir, "/tmp/vipd-tls-XXXXXX");
	assert_non_null(mkdtemp(s->dir));
	make_keys(s);
	s->at.sun_family = AF_UNIX;
	snprintf(s->at.sun_path, sizeof s->at.sun_path, "%s/sock", s->dir);
	assert_int_equal(bind(fd, (struct sockaddr *)&s->at, sizeof s->at), 0);
	assert_int_equal(listen(fd, 16), 0);
	s->loop = loop_new();
	s->tick = loop_timer_new(s->loop, on_tick, s);
	s->server = http_new(s->loop, get, s);
	assert_int_equal(tls_keys_new(s->certificate, s->key, &keys, why, sizeof why), 0);
	http_tls(s->server, keys);
	http_listen_fd(s->server, fd, NULL);
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
	unlink(s->certificate);
	unlink(s->key);
	unlink(s->other);
	rmdir(s->dir);
	free(s);
	return 0;
}

static int reach(const struct stage *s)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	assert_int_equal(connect(fd, (const struct sockaddr *)&s->at, sizeof s->at), 0);
	return fd;
}

static SSL *client(SSL_CTX *c, int version, int fd)
{
	SSL *t;

	SSL_CTX_set_min_proto_version(c, version);
	SSL_CTX_set_max_proto_version(c, version);
	SSL_CTX_set_security_level(c, 0);
	t = SSL_new(c);
	SSL_set_fd(t, fd);
	return t;
}

/* All that comes until the end, which must be told. */
static size_t hear(struct stage *s, SSL *t, char *text)
{
	size_t len = 0;
	int n;

	while ((n = SSL_read(t, text + len, BODY + 4095 - (int)len)) > 0 ||
	       SSL_get_error(t, n) == SSL_ERROR_WANT_READ) {
		len += n > 0 ? (size_t)n : 0;
		turn(s);
	}
	assert_int_equal(SSL_get_error(t, n), SSL_ERROR_ZERO_RETURN);
	text[len] = '\0';
	return len;
}

/* What a client of this version of TLS is answered, malloc'd; NULL if there is no handshake. */
static char *ask(struct stage *s, const char *request, int version, size_t *len)
{
	SSL_CTX *c = SSL_CTX_new(TLS_client_method());
	int fd = reach(s), n;
	SSL *t = client(c, version, fd);
	char *text = NULL;

	while ((n = SSL_connect(t)) < 0 && SSL_get_error(t, n) == SSL_ERROR_WANT_READ)
		turn(s);
	if (n == 1) {
		text = xmalloc(BODY + 4096);
		assert_int_equal(SSL_write(t, request, (int)strlen(request)), strlen(request));
		*len = hear(s, t, text);
	}
	SSL_free(t);
	SSL_CTX_free(c);
	close(fd);
	return text;
}

static void test_versions(void **state)
{
	static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
	struct stage *s = *state;
	size_t len;
	char *text;

	for (size_t i = 0; i < sizeof versions / sizeof *versions; i++) {
		text = ask(s, "GET / HTTP/1.1\r\n\r\n", versions[i], &len);
		assert_non_null(text);
		assert_memory_equal(text, "HTTP/1.1 200 OK\r\n", 17);
		assert_string_equal(strstr(text, "\r\n\r\n"), "\r\n\r\nsecret");
		free(text);
	}
	assert_null(ask(s, "", TLS1_1_VERSION, &len));
	assert_int_equal(s->asked, 2);
}

/* More than a socket takes at once, in pieces. */
static void test_much(void **state)
{
	struct stage *s = *state;
	size_t len;
	char *text;

	s->left = BODY;
	text = ask(s, "GET /much HTTP/1.0\r\n\r\n", TLS1_3_VERSION, &len);
	assert_non_null(text);
	assert_int_equal(len, (size_t)(strstr(text, "\r\n\r\n") + 4 - text) + BODY);
	assert_int_equal(s->gone, 1);
	free(text);
}

/* Who speaks no TLS is not answered. */
static void test_plain(void **state)
{
	static const char request[] = "GET / HTTP/1.1\r\n\r\n";
	struct stage *s = *state;
	char buf[256];
	int fd = reach(s);
	ssize_t n;

	assert_int_equal(send(fd, request, sizeof request - 1, MSG_NOSIGNAL), sizeof request - 1);
	do {
		turn(s);
		n = recv(fd, buf, sizeof buf, MSG_DONTWAIT);
		if (n > 0)
			assert_int_equal(buf[0], 21); /* an alert at most */
	} while (n > 0 || (n < 0 && errno == EAGAIN));
	close(fd);
	assert_int_equal(s->asked, 0);
}

/* Who says nothing goes in time. */
static void test_silent(void **state)
{
	struct stage *s = *state;
	char buf[256];
	ssize_t n;
	int fd;

	http_waits(s->server, 5 * NSEC_PER_MSEC, 30 * NSEC_PER_SEC, 30 * NSEC_PER_SEC);
	fd = reach(s);
	do {
		turn(s);
		n = recv(fd, buf, sizeof buf, MSG_DONTWAIT);
	} while (n < 0 && errno == EAGAIN);
	assert_int_equal(n, 0);
	close(fd);
}

static void test_keys(void **state)
{
	struct stage *s = *state;
	struct tls_keys *keys = NULL;
	char why[256], missing[128];

	snprintf(missing, sizeof missing, "%s/missing", s->dir);
	assert_int_equal(tls_keys_new(missing, s->key, &keys, why, sizeof why), -EINVAL);
	assert_memory_equal(why, missing, strlen(missing));
	assert_int_equal(tls_keys_new(s->certificate, s->other, &keys, why, sizeof why), -EINVAL);
	assert_memory_equal(why, s->other, strlen(s->other));
	assert_int_equal(tls_keys_new(s->key, s->key, &keys, why, sizeof why), -EINVAL);
	assert_int_equal(chmod(s->key, 0644), 0); /* for everybody to read */
	assert_int_equal(tls_keys_new(s->certificate, s->key, &keys, why, sizeof why), -EINVAL);
	assert_memory_equal(why, s->key, strlen(s->key));
	assert_non_null(strstr(why, ": refused: its owner is user "));
	assert_null(keys);
	assert_int_equal(unlink(s->key), 0);
	assert_int_equal(tls_keys_new(s->certificate, s->key, &keys, why, sizeof why), -EINVAL);
	assert_string_equal(why + strlen(s->key), ": No such file or directory");
	tls_keys_free(NULL);
	tls_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_versions, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_much, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_plain, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_silent, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_keys, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
