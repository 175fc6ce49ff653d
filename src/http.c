/* Who may connect, and for how long: see http.h. A connection reads its head, is answered, and is closed once the client has taken all of it and closed its
 * own side, or HTTP_LINGER later. libevent's own server can bound neither how many connections are accepted nor the time to the end of a head that comes byte
 * by byte. Source: RFC 9112. Test: tests/test_http.c */
#include "http.h"

#include "base/arena.h"
#include "base/log.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HTTP_LINGER (2 * NSEC_PER_SEC)
#define HTTP_FULL   (100 * NSEC_PER_MSEC) /* without a descriptor, until the next look */

struct http_listener {
	struct http_server *server;
	struct http_listener *next;
	int fd;
	struct loop_io *io;
	void *context;
};

struct connection {
	struct http_server *server;
	struct http_listener *listener; /* NULL: it has gone */
	struct connection *next;
	int fd;
	struct tls *tls; /* NULL: without */
	struct loop_io *io;
	struct loop_timer *timer;
	uint64_t id;
	bool waits, head_only, chunked; /* for http_answer; it was a HEAD; what follows is in chunks */
	char *in;
	size_t in_len;
	size_t (*more)(void *source, char *buf, size_t size); /* NULL: no more */
	void (*gone)(void *source);
	void *source;
	char *out; /* NULL before the answer is known */
	size_t out_len, out_at;
	nsec_t until, moved; /* the whole answer is to be taken before; the last piece was taken, or the answer begun */
	bool over;           /* all of it was sent */
};

struct http_server {
	struct loop *loop;
	struct http_listener *listeners;
	struct connection *connections;
	size_t n;
	uint64_t last_id;
	struct loop_timer *full;
	struct tls_keys *keys; /* NULL: no TLS */
	nsec_t head_wait, reply_wait, piece_wait;
	void (*get)(void *arg, struct http_get *g);
	void *arg;
	struct log_limit limit_many, limit_accept;
};

static void listen_again(struct http_server *s)
{
	for (struct http_listener *l = s->listeners; l; l = l->next)
		loop_io_set(l->io, LOOP_READ);
}

static void listen_pause(struct http_server *s)
{
	for (struct http_listener *l = s->listeners; l; l = l->next)
		loop_io_set(l->io, 0);
}

static void on_full(void *arg)
{
	struct http_server *s = arg;

	if (s->n < HTTP_CONNECTIONS)
		listen_again(s);
}

/* As recv and send, which also watch for what the connection waits for. */
static ssize_t take(struct connection *c, void *buf, size_t len)
{
	int events = LOOP_READ, err;
	ssize_t n = c->tls ? tls_recv(c->tls, buf, len, &events) : recv(c->fd, buf, len, MSG_DONTWAIT);

	err = errno;
	if (c->tls)
		loop_io_set(c->io, n < 0 && err == EAGAIN ? events : LOOP_READ);
	errno = err;
	return n;
}

static ssize_t give(struct connection *c, const void *buf, size_t len)
{
	int events = LOOP_WRITE, err;
	ssize_t n = c->tls ? tls_send(c->tls, buf, len, &events) : send(c->fd, buf, len, MSG_NOSIGNAL | MSG_DONTWAIT);

	err = errno;
	if (c->tls)
		loop_io_set(c->io, n < 0 && err == EAGAIN ? events : LOOP_WRITE);
	errno = err;
	return n;
}

static void source_end(struct connection *c)
{
	if (c->more)
		c->gone(c->source);
	c->more = NULL;
}

static void connection_free(struct connection *c)
{
	struct http_server *s = c->server;
	struct connection **at = &s->connections;

	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	loop_io_free(c->io);
	loop_timer_free(c->timer);
	tls_free(c->tls);
	close(c->fd);
	source_end(c);
	free(c->in);
	free(c->out);
	free(c);
	if (s->n-- == HTTP_CONNECTIONS)
		listen_again(s);
}

static void on_late(void *arg)
{
	connection_free(arg);
}

/* ---- the answer ---- */

/* How the end of the body is told. */
static const char *framing(const struct connection *c, const struct http_get *g, char buf[64])
{
	if (g->more)
		return c->chunked ? "Transfer-Encoding: chunked\r\n" : ""; /* HTTP/1.0: by the connection's end */
	snprintf(buf, 64, "Content-Length: %zu\r\n", g->len);
	return buf;
}

static void answer_make(struct connection *c, const struct http_get *g)
{
	char head[HTTP_EXTRA + 512], end[64];
	int n = snprintf(head, sizeof head,
			 "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nX-Content-Type-Options: nosniff\r\n%s%s"
			 "Connection: close\r\n\r\n",
			 g->status, http_reason(g->status), g->type, framing(c, g, end), g->extra);
	size_t body = c->head_only || g->more ? 0 : g->len;

	if (n < 0 || (size_t)n >= sizeof head)
		abort(); /* extra is bounded, type a literal */
	c->out_len = (size_t)n + body;
	c->out = xmalloc(c->out_len);
	memcpy(c->out, head, (size_t)n);
	if (body)
		memcpy(c->out + n, g->body, body);
}

enum { CHUNK_HEAD = 8 }; /* "10000\r\n" */

/* A piece of n bytes at CHUNK_HEAD becomes a chunk; none: the last one. */
static void chunk_make(struct connection *c, size_t n)
{
	static const char last[] = "0\r\n\r\n";
	char head[CHUNK_HEAD + 1];

	if (!n) {
		memcpy(c->out + c->out_len, last, sizeof last - 1);
		c->out_len += sizeof last - 1;
		return;
	}
	c->out_at -= (size_t)snprintf(head, sizeof head, "%zx\r\n", n);
	memcpy(c->out + c->out_at, head, CHUNK_HEAD - c->out_at);
	memcpy(c->out + c->out_len, "\r\n", 2);
	c->out_len += 2;
}

/* The next piece, once the one before has left; false at the end. */
static bool answer_more(struct connection *c)
{
	size_t n;

	if (!c->more)
		return false;
	c->out = xrealloc(c->out, CHUNK_HEAD + HTTP_PIECE + 2);
	n = c->more(c->source, c->out + CHUNK_HEAD, HTTP_PIECE);
	c->out_at = CHUNK_HEAD;
	c->out_len = CHUNK_HEAD + n;
	if (!n)
		source_end(c);
	if (c->chunked)
		chunk_make(c, n);
	return n || c->chunked;
}

/* A piece, and the whole, have their time. */
static void piece_wait(struct connection *c)
{
	nsec_t left;

	c->moved = clock_now();
	left = c->until > c->moved ? c->until - c->moved : 0;
	loop_timer_set(c->timer, left < c->server->piece_wait ? left : c->server->piece_wait);
}

static void connection_write(struct connection *c)
{
	ssize_t n = give(c, c->out + c->out_at, c->out_len - c->out_at);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n < 0) {
		connection_free(c);
		return;
	}
	c->out_at += (size_t)n;
	if (c->out_at < c->out_len)
		return;
	if (answer_more(c)) {
		piece_wait(c);
		return; /* a piece each turn of the loop */
	}
	/* Closed at once, a request that came with more than its head would reset the connection before the answer is read. */
	c->over = true;
	if (c->tls)
		tls_close(c->tls);
	shutdown(c->fd, SHUT_WR);
	loop_io_set(c->io, LOOP_READ);
	loop_timer_set(c->timer, HTTP_LINGER);
}

static void connection_reply(struct connection *c, struct http_get *g)
{
	answer_make(c, g);
	if (g->more && c->head_only) {
		g->gone(g->source);
	} else if (g->more) {
		c->more = g->more;
		c->gone = g->gone;
		c->source = g->source;
	}
	free(c->in);
	c->in = NULL;
	c->until = clock_now() + c->server->reply_wait;
	piece_wait(c);
	loop_io_set(c->io, LOOP_WRITE);
	connection_write(c);
}

/* Nothing is read meanwhile: a client that goes is noticed when it is answered. */
static void connection_wait(struct connection *c)
{
	c->waits = true;
	loop_io_set(c->io, 0);
	loop_timer_set(c->timer, c->server->reply_wait);
}

static void connection_answer(struct connection *c, const struct http_head *h)
{
	struct sockaddr_storage local = {0};
	socklen_t len = sizeof local;
	struct http_get g = {.head = h,
			     .local = &local,
			     .listener = c->listener->context,
			     .status = 404,
			     .id = c->id,
			     .type = HTTP_TEXT};

	getsockname(c->fd, (struct sockaddr *)&local, &len);
	c->head_only = h->head_only;
	c->chunked = !h->old;
	c->server->get(c->server->arg, &g);
	if (g.later)
		connection_wait(c);
	else
		connection_reply(c, &g);
	free(g.body);
}

void http_answer(struct http_server *s, uint64_t id, struct http_get *g)
{
	struct connection *c = s->connections;

	while (c && (c->id != id || !c->waits))
		c = c->next;
	if (c) {
		c->waits = false;
		connection_reply(c, g);
	} else if (g->more) {
		g->gone(g->source);
	}
	free(g->body);
	g->body = NULL;
}

bool http_end_slowest(struct http_server *s, nsec_t idle)
{
	struct connection *slowest = NULL;

	for (struct connection *c = s->connections; c; c = c->next)
		if (c->more && (!slowest || c->moved < slowest->moved))
			slowest = c;
	if (!slowest || clock_now() - slowest->moved < idle)
		return false;
	connection_free(slowest);
	return true;
}

static void connection_refuse(struct connection *c, int status)
{
	struct http_get g = {.status = status, .type = HTTP_TEXT};
	char text[64];

	snprintf(text, sizeof text, "%s\n", http_reason(status));
	g.body = text;
	g.len = strlen(text);
	if (status == 405)
		snprintf(g.extra, sizeof g.extra, "Allow: GET, HEAD\r\n");
	connection_reply(c, &g);
}

/* ---- the request ---- */

static void connection_read(struct connection *c)
{
	ssize_t n = take(c, c->in + c->in_len, HTTP_HEAD_MAX - c->in_len);
	struct http_head head;
	size_t end;
	int refused;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0 || !c->listener) {
		connection_free(c);
		return;
	}
	c->in_len += (size_t)n;
	end = http_head_end(c->in, c->in_len);
	if (!end) {
		if (c->in_len == HTTP_HEAD_MAX)
			connection_refuse(c, 431);
		return;
	}
	refused = http_head_parse(c->in, end, &head);
	if (refused)
		connection_refuse(c, refused);
	else
		connection_answer(c, &head);
}

/* What still comes is of no use. */
static void connection_drain(struct connection *c)
{
	char buf[4096];
	ssize_t n = recv(c->fd, buf, sizeof buf, MSG_DONTWAIT);

	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		connection_free(c);
}

static void on_connection(void *arg, int events)
{
	struct connection *c = arg;

	if (c->waits)
		connection_free(c); /* an error or the other side's end */
	else if (c->over)
		connection_drain(c);
	else if (c->out)
		connection_write(c);
	else
		connection_read(c);
}

/* ---- listening ---- */

static void tell_full(struct log_limit *l, const char *why)
{
	unsigned more;

	if (log_allow(l, clock_now(), &more))
		log_event(LOG_HTTP_FULL, LOG_WITH(.suppressed = more), "HTTP: %s", why);
}

static void tell_many(struct http_server *s)
{
	char why[80];

	snprintf(why, sizeof why, "%d connections are open, as many as may be; others wait for one to end",
		 HTTP_CONNECTIONS);
	tell_full(&s->limit_many, why);
}

static void tell_accept(struct http_server *s, int error)
{
	char why[128];

	snprintf(why, sizeof why, "no connection can be accepted: %s; it is tried again", strerror(error));
	tell_full(&s->limit_accept, why);
}

static void connection_new(struct http_listener *l, int fd)
{
	struct http_server *s = l->server;
	struct connection *c = xcalloc(1, sizeof *c);

	c->server = s;
	c->id = ++s->last_id;
	c->listener = l;
	c->fd = fd;
	c->tls = s->keys ? tls_new(s->keys, fd) : NULL;
	c->in = xmalloc(HTTP_HEAD_MAX);
	c->io = loop_io_new(s->loop, fd, LOOP_READ, on_connection, c);
	c->timer = loop_timer_new(s->loop, on_late, c);
	loop_timer_set(c->timer, s->head_wait);
	c->next = s->connections;
	s->connections = c;
	if (++s->n < HTTP_CONNECTIONS)
		return;
	listen_pause(s);
	tell_many(s);
}

static void on_accept(void *arg, int events)
{
	struct http_listener *l = arg;
	struct http_server *s = l->server;
	int fd = accept4(l->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd >= 0) {
		connection_new(l, fd);
	} else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
		tell_accept(s, errno);
		listen_pause(s);
		loop_timer_set(s->full, HTTP_FULL);
	}
}

struct http_listener *http_listen_fd(struct http_server *s, int fd, void *context)
{
	struct http_listener *l = xcalloc(1, sizeof *l);

	l->server = s;
	l->fd = fd;
	l->context = context;
	l->io = loop_io_new(s->loop, fd, s->n < HTTP_CONNECTIONS ? LOOP_READ : 0, on_accept, l);
	l->next = s->listeners;
	s->listeners = l;
	return l;
}

static socklen_t to_sockaddr(const struct addr *a, uint16_t port, struct sockaddr_storage *out)
{
	*out = (struct sockaddr_storage){.ss_family = a->family};
	if (a->family == AF_INET6) {
		struct sockaddr_in6 *six = (struct sockaddr_in6 *)out;

		six->sin6_port = htons(port);
		memcpy(&six->sin6_addr, a->bytes, sizeof six->sin6_addr);
		return sizeof *six;
	}
	((struct sockaddr_in *)out)->sin_port = htons(port);
	memcpy(&((struct sockaddr_in *)out)->sin_addr, a->bytes, sizeof(struct in_addr));
	return sizeof(struct sockaddr_in);
}

static int socket_listen(int fd, const struct addr *a, uint16_t port)
{
	struct sockaddr_storage to;
	socklen_t len = to_sockaddr(a, port, &to);
	int on = 1;

	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) ||
	    (a->family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on)) ||
	    bind(fd, (struct sockaddr *)&to, len) || listen(fd, HTTP_CONNECTIONS))
		return -errno;
	return 0;
}

int http_listen(struct http_server *s, const struct addr *a, uint16_t port, void *context, struct http_listener **out)
{
	int fd = socket(a->family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), err;

	if (fd < 0)
		return -errno;
	err = socket_listen(fd, a, port);
	if (err) {
		close(fd);
		return err;
	}
	*out = http_listen_fd(s, fd, context);
	return 0;
}

void http_listener_free(struct http_listener *l)
{
	struct http_listener **at;

	if (!l)
		return;
	for (at = &l->server->listeners; *at != l;)
		at = &(*at)->next;
	*at = l->next;
	for (struct connection *c = l->server->connections; c; c = c->next)
		if (c->listener == l)
			c->listener = NULL;
	loop_io_free(l->io);
	close(l->fd);
	free(l);
}

uint16_t http_listener_port(const struct http_listener *l)
{
	struct sockaddr_storage at = {0};
	socklen_t len = sizeof at;

	if (getsockname(l->fd, (struct sockaddr *)&at, &len))
		return 0;
	if (at.ss_family == AF_INET6)
		return ntohs(((struct sockaddr_in6 *)&at)->sin6_port);
	return at.ss_family == AF_INET ? ntohs(((struct sockaddr_in *)&at)->sin_port) : 0;
}

size_t http_connections(const struct http_server *s)
{
	return s->n;
}

struct http_server *http_new(struct loop *l, void (*get)(void *arg, struct http_get *g), void *arg)
{
	struct http_server *s = xcalloc(1, sizeof *s);

	s->loop = l;
	s->get = get;
	s->arg = arg;
	s->full = loop_timer_new(l, on_full, s);
	http_waits(s, HTTP_HEAD_WAIT, HTTP_REPLY_WAIT, HTTP_PIECE_WAIT);
	return s;
}

void http_waits(struct http_server *s, nsec_t head, nsec_t reply, nsec_t piece)
{
	s->head_wait = head;
	s->reply_wait = reply;
	s->piece_wait = piece;
}

void http_tls(struct http_server *s, struct tls_keys *keys)
{
	tls_keys_free(s->keys);
	s->keys = keys;
}

void http_free(struct http_server *s)
{
	if (!s)
		return;
	while (s->listeners)
		http_listener_free(s->listeners);
	while (s->connections)
		connection_free(s->connections);
	loop_timer_free(s->full);
	tls_keys_free(s->keys);
	free(s);
}
