/* A small HTTP server for what vipd tells of itself: GET and HEAD, one request a connection. Every wait and every buffer is bounded: HTTP_CONNECTIONS at a
 * time in all (more wait in the kernel's backlog), HTTP_HEAD_WAIT to the end of the request's head, HTTP_HEAD_MAX bytes of it, HTTP_REPLY_WAIT to
 * take the answer, and HTTP_PIECE_WAIT for each piece of it: who takes nothing, or a byte now and then, does not stay. When no more connections are
 * taken, a line says so: 5 in 10 s at most, with how many were left out (LOG_HTTP_FULL). */
#ifndef VIPD_HTTP_H
#define VIPD_HTTP_H

#include "base/addr.h"
#include "base/loop.h"
#include "http_text.h"
#include "tls.h"

#include <sys/socket.h>

#define HTTP_TEXT       "text/plain; charset=utf-8" /* the usual type */
#define HTTP_HEAD_WAIT  (10 * NSEC_PER_SEC)
#define HTTP_REPLY_WAIT (30 * NSEC_PER_SEC)
#define HTTP_PIECE_WAIT (5 * NSEC_PER_SEC)

enum { HTTP_CONNECTIONS = 256, HTTP_EXTRA = 1024, HTTP_PIECE = 64 << 10 };

struct http_server;
struct http_listener;

/* A request, inside the callback only. */
struct http_get {
	const struct http_head *head;
	const struct sockaddr_storage *local; /* the address that the client called */
	void *listener;                       /* what http_listen was given */
	/* The answer, to be filled in; it begins as 404 with an empty body. */
	int status;
	const char *type; /* Content-Type; a literal */
	char *body;       /* malloc'd, taken over */
	size_t len;
	char extra[HTTP_EXTRA]; /* further header lines, each with its "\r\n" */
	/* Instead of a body: text that is made as the client takes it. more writes at most size bytes (HTTP_PIECE) and returns how many; 0: that was all. gone is
	 * called once, at the end or when the client has gone before. */
	size_t (*more)(void *source, char *buf, size_t size);
	void (*gone)(void *source);
	void *source;
	/* Or the callback sets later, and the answer is given to http_answer with this id. */
	bool later;
	uint64_t id;
};

/* The answer to a request that waits: status, type, body or source, and extra of *g, whose body and source are taken over. Nothing is sent if the client has
 * gone. */
void http_answer(struct http_server *s, uint64_t id, struct http_get *g);

/* Ends the connection whose client has not taken the next piece of what `more` makes for the longest time, if that is at least idle. False: there is none. Not to
 * be called from more and gone. */
bool http_end_slowest(struct http_server *s, nsec_t idle);

struct http_server *http_new(struct loop *l, void (*get)(void *arg, struct http_get *g), void *arg);
/* Other waits than the usual ones, for connections to come. */
void http_waits(struct http_server *s, nsec_t head, nsec_t reply, nsec_t piece);
/* Connections to come speak TLS with these keys, which are taken over; NULL: they do not. */
void http_tls(struct http_server *s, struct tls_keys *keys);
/* Ends all listeners and connections; NULL is fine. */
void http_free(struct http_server *s);

/* Listens on an address (unspecified: on all of that family) and port; port 0: any free one. context is given to get as g->listener. 0 and
 * *out, or -errno. */
int http_listen(struct http_server *s, const struct addr *a, uint16_t port, void *context, struct http_listener **out);
/* Takes over a socket that listens, whatever its family. It is closed at the end. */
struct http_listener *http_listen_fd(struct http_server *s, int fd, void *context);
/* Connections that it has accepted are answered all the same, but no request is read from those any more. */
void http_listener_free(struct http_listener *l);
uint16_t http_listener_port(const struct http_listener *l); /* 0 if it is not of IP */
size_t http_connections(const struct http_server *s);       /* open now */

#endif
