/* Who may ask: root, vipd's own user, members of vipd's group and of the administrators' (the socket's mode lets no other connect; the peer's credentials
 * are checked all the same: SO_PEERCRED, SO_PEERGROUPS, unix(7)). A client has CTL_PATIENCE to send its line and must take some of the reply in
 * each such span; when there is no room for others, the one that has been still longest goes after CTL_STILL. Test: tests/test_control_clients.c. */
#include "ctl_server.h"

#include "base/arena.h"
#include "base/log.h"
#include "ctl_request.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CTL_PATIENCE (10 * NSEC_PER_SEC)
#define CTL_STILL    (1 * NSEC_PER_SEC)
#define CTL_FULL     (100 * NSEC_PER_MSEC) /* until the next look for room */

struct client {
	struct ctl_server *server;
	struct client *next;
	uint64_t id;
	int fd;
	struct loop_io *io;
	struct loop_timer *timer;
	char *in; /* what came of the request */
	size_t in_len;
	char *out; /* the reply, NULL before it is there */
	size_t out_len, out_at;
	nsec_t moved; /* when something last came or went */
	bool asked;
	bool admin;
};

struct ctl_server {
	struct loop *loop;
	int listen_fd;
	struct loop_io *io;
	struct loop_timer *full;
	struct log_limit limit_full;
	struct client *clients;
	size_t n;
	gid_t admin;
	size_t requests; /* bytes of all that are not whole */
	size_t replies;  /* bytes of all that wait to be taken */
	uint64_t last_id;
	void (*on_request)(void *arg, uint64_t client, const char *line, size_t len);
	void *arg;
	struct log_limit limit;
};

static void client_free(struct client *c)
{
	struct ctl_server *s = c->server;
	struct client **at = &s->clients;

	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	s->n--;
	s->replies -= c->out_len;
	s->requests -= c->in_len;
	loop_io_free(c->io);
	loop_timer_free(c->timer);
	close(c->fd);
	free(c->in);
	free(c->out);
	free(c);
	loop_io_set(s->io, LOOP_READ); /* there is room again */
}

static void client_late(void *arg)
{
	client_free(arg);
}

/* What was sent beside the request is read, or closing would throw the reply away (unix(7): ECONNRESET). */
static void drain(int fd)
{
	char buf[4096];

	for (int i = 0; i < 64 && recv(fd, buf, sizeof buf, MSG_DONTWAIT) > 0; i++)
		continue;
}

/* Sends what the socket takes; frees the client at the end or on an error. */
static void client_write(struct client *c)
{
	ssize_t n = send(c->fd, c->out + c->out_at, c->out_len - c->out_at, MSG_NOSIGNAL | MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		client_free(c);
		return;
	}
	c->out_at += (size_t)n;
	c->moved = clock_now();
	loop_timer_set(c->timer, CTL_PATIENCE);
	if (c->out_at == c->out_len) {
		drain(c->fd);
		client_free(c);
	}
}

static struct client *client_find(const struct ctl_server *s, uint64_t id)
{
	for (struct client *c = s->clients; c; c = c->next)
		if (c->id == id)
			return c;
	return NULL;
}

bool ctl_server_admin(const struct ctl_server *s, uint64_t client)
{
	const struct client *c = client_find(s, client);

	return c && c->admin;
}

/* The client that has been still longest, of those whose turn it is: to send (asked false), or to take a reply. NULL: none for CTL_STILL. */
static struct client *find_still(const struct ctl_server *s, bool taking)
{
	nsec_t before = clock_now() - CTL_STILL;
	struct client *found = NULL;

	for (struct client *c = s->clients; c; c = c->next)
		if ((taking ? c->out != NULL : !c->asked) && c->moved <= before) {
			before = c->moved;
			found = c;
		}
	return found;
}

/* Room for so many bytes of a reply, by dropping who takes nothing. */
static bool make_room(struct ctl_server *s, size_t len)
{
	struct client *still;

	while (s->replies + len > CTL_REPLIES_MAX && s->replies > 0 && (still = find_still(s, true)))
		client_free(still);
	return s->replies + len <= CTL_REPLIES_MAX || s->replies == 0;
}

void ctl_server_reply(struct ctl_server *s, uint64_t client, char *text, size_t len)
{
	struct client *c = client_find(s, client);

	if (!c || c->out) {
		free(text);
		return;
	}
	if (!make_room(s, len)) {
		free(text);
		text = ctl_error_text("TooManyRequests", "too many large replies are on their way; try again");
		len = strlen(text);
	}
	c->out = text;
	c->out_len = len;
	c->moved = clock_now();
	s->replies += len;
	loop_timer_set(c->timer, CTL_PATIENCE);
	loop_io_set(c->io, LOOP_WRITE);
}

void ctl_server_wait(struct ctl_server *s, uint64_t client, nsec_t patience)
{
	struct client *c = client_find(s, client);

	if (c && !c->out)
		loop_timer_set(c->timer, patience);
}

static void client_refuse(struct client *c, const char *reason, const char *message)
{
	char *text = ctl_error_text(reason, message);

	c->asked = true;
	ctl_server_reply(c->server, c->id, text, strlen(text));
}

/* More of a request; a whole line is handed over. */
static void client_read(struct client *c)
{
	char buf[4096], *end;
	ssize_t n = recv(c->fd, buf, sizeof buf, MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n == 0 && c->asked) {
		loop_io_set(c->io, 0); /* it will say no more, and may still listen */
		return;
	}
	if (n <= 0) {
		client_free(c);
		return;
	}
	if (c->asked)
		return; /* one request a connection: what follows it is not read */
	if (c->in_len + (size_t)n > CTL_REQUEST_MAX) {
		client_refuse(c, "RequestEntityTooLarge", "the request is longer than 64 KiB");
		return;
	}
	if (c->server->requests + (size_t)n > CTL_REQUESTS_MAX) {
		client_refuse(c, "TooManyRequests", "too many requests are on their way; try again");
		return;
	}
	c->moved = clock_now();

	c->server->requests += (size_t)n;
	c->in = xrealloc(c->in, c->in_len + (size_t)n);
	memcpy(c->in + c->in_len, buf, (size_t)n);
	end = memchr(c->in + c->in_len, '\n', (size_t)n);
	c->in_len += (size_t)n;
	if (!end)
		return;
	c->asked = true;
	loop_timer_set(c->timer, CTL_PATIENCE); /* for the answer */
	c->server->on_request(c->server->arg, c->id, c->in, (size_t)(end - c->in));
}

static void client_ready(void *arg, int events)
{
	struct client *c = arg;

	if (c->out)
		client_write(c);
	else
		client_read(c);
}

/* Membership by the peer's groups: those it had when it connected. */
static bool in_group(int fd, const struct ucred *who, gid_t group)
{
	gid_t groups[256];
	socklen_t len = sizeof groups;

	if (who->gid == group)
		return true;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &len))
		return false;
	for (size_t i = 0; i < len / sizeof groups[0]; i++)
		if (groups[i] == group)
			return true;
	return false;
}

static bool welcome(struct ctl_server *s, int fd, bool *admin)
{
	struct ucred who;
	socklen_t len = sizeof who;
	unsigned more;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len))
		return false;
	*admin = who.uid == 0 || who.uid == geteuid() || (s->admin && in_group(fd, &who, s->admin));
	if (*admin || in_group(fd, &who, getegid())) {
		log_debug("control socket: user %u, process %d", who.uid, who.pid);
		return true;
	}
	if (log_allow(&s->limit, clock_now(), &more))
		log_event(LOG_CLIENT_REFUSED, LOG_WITH(.suppressed = more),
			  "control socket: user %u (process %d) is not root and not in vipd's group: refused", who.uid,
			  who.pid);
	return false;
}

static void server_look(void *arg)
{
	loop_io_set(((struct ctl_server *)arg)->io, LOOP_READ);
}

/* Until a client goes, or one has been still for too long. */
static void server_pause(struct ctl_server *s)
{
	loop_io_set(s->io, 0);
	loop_timer_set(s->full, CTL_FULL);
}

static void tell_full(struct ctl_server *s, int error)
{
	unsigned more;

	if (!log_allow(&s->limit_full, clock_now(), &more))
		return;
	if (error)
		log_event(LOG_CONTROL_FULL, LOG_WITH(.suppressed = more),
			  "control socket: no client can be accepted: %s; it is tried again", strerror(error));
	else
		log_event(LOG_CONTROL_FULL, LOG_WITH(.suppressed = more),
			  "control socket: %d clients are connected, as many as may be; others wait for one to end",
			  CTL_CLIENTS_MAX);
}

static void server_accept(void *arg, int events)
{
	struct ctl_server *s = arg;
	struct client *c;
	bool admin;
	int fd;

	if (s->n >= CTL_CLIENTS_MAX) {
		c = find_still(s, false);
		if (!c) { /* the others wait in the backlog */
			tell_full(s, 0);
			server_pause(s);
			return;
		}
		client_free(c);
	}
	fd = accept4(s->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0) {
		if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED) {
			tell_full(s, errno);
			server_pause(s); /* no descriptor is left: not at once again */
		}
		return;
	}
	if (!welcome(s, fd, &admin)) {
		close(fd);
		return;
	}
	c = xcalloc(1, sizeof *c);
	c->server = s;
	c->fd = fd;
	c->id = ++s->last_id;
	c->admin = admin;
	c->moved = clock_now();
	c->next = s->clients;
	s->clients = c;
	s->n++;
	c->timer = loop_timer_new(s->loop, client_late, c);
	c->io = loop_io_new(s->loop, fd, LOOP_READ, client_ready, c);
	loop_timer_set(c->timer, CTL_PATIENCE);
}

struct ctl_server *ctl_server_new(struct loop *l, int listen_fd, gid_t admin,
				  void (*on_request)(void *arg, uint64_t client, const char *line, size_t len),
				  void *arg)
{
	struct ctl_server *s = xcalloc(1, sizeof *s);

	s->loop = l;
	s->listen_fd = listen_fd;
	s->on_request = on_request;
	s->arg = arg;
	s->admin = admin;
	s->full = loop_timer_new(l, server_look, s);
	s->io = loop_io_new(l, listen_fd, LOOP_READ, server_accept, s);
	return s;
}

void ctl_server_free(struct ctl_server *s)
{
	if (!s)
		return;
	while (s->clients)
		client_free(s->clients);
	loop_io_free(s->io);
	loop_timer_free(s->full);
	free(s);
}
