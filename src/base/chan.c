/* Channels: unix(7) SOCK_SEQPACKET, one record a message, SCM_RIGHTS for the descriptor. Test: tests/test_chan.c. */
#include "chan.h"

#include "arena.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* So many messages a turn of the loop: one talkative peer must not starve timers. */
enum { PER_TURN = 64 };

struct wire {
	uint16_t type;
	uint16_t zero;
	uint32_t len; /* of the payload: what the record must hold */
	uint64_t generation;
};

struct out {
	struct out *next;
	int fd;
	size_t len;
	char bytes[];
};

struct chan {
	struct loop_io *io;
	int fd;
	bool broken; /* nothing can be sent any more */
	bool paused;
	bool closed;   /* on_close was called */
	unsigned busy; /* inside callbacks: a free must wait */
	bool doomed;
	struct out *head, **tail;
	size_t queued;
	void (*on_msg)(void *arg, struct chan *c, struct msg *m);
	void (*on_close)(void *arg, struct chan *c);
	void *arg;
};

static void on_ready(void *arg, int events);

static void watch(struct chan *c)
{
	if (c->io)
		loop_io_set(c->io, (c->paused ? 0 : LOOP_READ) | (c->head ? LOOP_WRITE : 0));
}

struct chan *chan_new(struct loop *l, int fd, void (*on_msg)(void *arg, struct chan *c, struct msg *m),
		      void (*on_close)(void *arg, struct chan *c), void *arg)
{
	struct chan *c = xcalloc(1, sizeof(*c));

	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	c->fd = fd;
	c->tail = &c->head;
	c->on_msg = on_msg;
	c->on_close = on_close;
	c->arg = arg;
	c->io = loop_io_new(l, fd, LOOP_READ, on_ready, c);
	return c;
}

static void queue_drop(struct chan *c)
{
	for (struct out *o = c->head, *next; o; o = next) {
		next = o->next;
		if (o->fd >= 0)
			close(o->fd);
		free(o);
	}
	c->head = NULL;
	c->tail = &c->head;
	c->queued = 0;
}

static void shut(struct chan *c)
{
	loop_io_free(c->io);
	c->io = NULL;
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
	c->broken = true;
	queue_drop(c);
}

void chan_free(struct chan *c)
{
	if (!c)
		return;
	shut(c);
	if (c->busy)
		c->doomed = true;
	else
		free(c);
}

void chan_pause(struct chan *c, bool paused)
{
	c->paused = paused;
	watch(c);
}

/* Around callbacks. leave() returns false when the channel is no more. */
static void enter(struct chan *c)
{
	c->busy++;
}

static bool leave(struct chan *c)
{
	if (--c->busy || !c->doomed)
		return !c->doomed;
	free(c);
	return false;
}

static void fail(struct chan *c)
{
	shut(c);
	if (c->closed)
		return;
	c->closed = true;
	if (c->on_close)
		c->on_close(c->arg, c);
}

/* One record. 0, -EAGAIN, or what ended the channel. */
static int put(int sock, struct iovec *iov, size_t parts, int fd)
{
	union {
		char buf[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = {{0}};
	struct msghdr mh = {.msg_iov = iov, .msg_iovlen = parts};
	ssize_t n;

	if (fd >= 0) {
		struct cmsghdr *cm;

		mh.msg_control = control.buf;
		mh.msg_controllen = sizeof(control.buf);
		cm = CMSG_FIRSTHDR(&mh);
		cm->cmsg_level = SOL_SOCKET;
		cm->cmsg_type = SCM_RIGHTS;
		cm->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(cm), &fd, sizeof(fd));
	}
	do
		n = sendmsg(sock, &mh, MSG_NOSIGNAL | MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	if (n >= 0)
		return 0;
	return errno == EAGAIN || errno == EWOULDBLOCK ? -EAGAIN : errno == ECONNRESET ? -EPIPE : -errno;
}

static int queue_send(struct chan *c)
{
	while (c->head) {
		struct out *o = c->head;
		struct iovec iov = {.iov_base = o->bytes, .iov_len = o->len};
		int err = put(c->fd, &iov, 1, o->fd);

		if (err)
			return err;
		c->head = o->next;
		if (!c->head)
			c->tail = &c->head;
		c->queued -= o->len;
		if (o->fd >= 0)
			close(o->fd);
		free(o);
	}
	return 0;
}

/* Nothing more goes out; the reading side finds the end, which calls on_close from the loop. */
static int broken(struct chan *c, int err)
{
	c->broken = true;
	queue_drop(c);
	shutdown(c->fd, SHUT_RDWR);
	watch(c);
	return err;
}

static int queue_add(struct chan *c, const struct wire *w, const void *payload, int fd)
{
	size_t len = sizeof(*w) + w->len;
	struct out *o;

	if (c->queued + len > CHAN_QUEUE)
		return broken(c, -ENOBUFS);
	o = xmalloc(sizeof(*o) + len);
	o->next = NULL;
	o->len = len;
	o->fd = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (fd >= 0 && o->fd < 0) {
		free(o);
		return -errno;
	}
	memcpy(o->bytes, w, sizeof(*w));
	if (w->len)
		memcpy(o->bytes + sizeof(*w), payload, w->len);
	*c->tail = o;
	c->tail = &o->next;
	c->queued += len;
	watch(c);
	return 0;
}

int chan_send(struct chan *c, uint16_t type, uint64_t generation, const void *payload, size_t len, int fd)
{
	struct wire w = {.type = type, .len = (uint32_t)len, .generation = generation};
	struct iovec iov[] = {{&w, sizeof(w)}, {(void *)(uintptr_t)payload, len}}; /* sendmsg only reads */
	int err;

	if (len > MSG_PAYLOAD_MAX)
		return -EMSGSIZE;
	if (c->broken)
		return -EPIPE;
	if (c->head)
		return queue_add(c, &w, payload, fd);
	err = put(c->fd, iov, len ? 2 : 1, fd);
	if (err == -EAGAIN)
		return queue_add(c, &w, payload, fd);
	if (err == -EPIPE || err == -ENOTCONN)
		return broken(c, -EPIPE);
	return err;
}

int chan_fd(const struct chan *c)
{
	return c->fd;
}

size_t chan_queued(const struct chan *c)
{
	return c->queued;
}

int chan_flush(struct chan *c, nsec_t within)
{
	nsec_t until = clock_now() + within, now;
	int err = c->broken ? -EPIPE : queue_send(c);

	while (err == -EAGAIN) {
		struct pollfd p = {.fd = c->fd, .events = POLLOUT};

		now = clock_now();
		if (now >= until)
			return -ETIMEDOUT;
		if (poll(&p, 1, (int)((until - now) / NSEC_PER_MSEC) + 1) < 0 && errno != EINTR)
			return -errno;
		err = queue_send(c);
	}
	if (err && !c->broken)
		return broken(c, -EPIPE);
	watch(c);
	return err;
}

/* The descriptor of a record, or -1. Room for one alone: the kernel drops more and says so (MSG_CTRUNC). */
static int take_fd(struct msghdr *mh)
{
	struct cmsghdr *cm = mh->msg_controllen ? CMSG_FIRSTHDR(mh) : NULL;
	int fd = -1;

	if (cm && cm->cmsg_level == SOL_SOCKET && cm->cmsg_type == SCM_RIGHTS && cm->cmsg_len == CMSG_LEN(sizeof(fd)))
		memcpy(&fd, CMSG_DATA(cm), sizeof(fd));
	return fd;
}

/* 1 and a message (its payload in record), 0 nothing there, -1 the end or nonsense. */
static int get(int sock, char *record, size_t size, struct msg *m)
{
	union {
		char buf[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec iov = {.iov_base = record, .iov_len = size};
	struct msghdr mh = {
	    .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.buf, .msg_controllen = CMSG_LEN(sizeof(int))};
	struct wire w = {0};
	ssize_t n;
	int fd;

	do
		n = recvmsg(sock, &mh, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : -1;
	fd = take_fd(&mh);
	if ((size_t)n >= sizeof(w))
		memcpy(&w, record, sizeof(w));
	if ((size_t)n < sizeof(w) || w.zero || w.len != (size_t)n - sizeof(w) ||
	    mh.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) {
		if (fd >= 0)
			close(fd);
		return -1;
	}
	*m = (struct msg){
	    .type = w.type, .generation = w.generation, .payload = record + sizeof(w), .len = w.len, .fd = fd};
	return 1;
}

static void on_readable(struct chan *c, int most)
{
	_Alignas(16) char record[sizeof(struct wire) + MSG_PAYLOAD_MAX];

	for (int i = 0; i < most && !c->doomed && !c->paused && c->fd >= 0; i++) {
		struct msg m;
		int r = get(c->fd, record, sizeof(record), &m);

		if (!r)
			return;
		if (r < 0) {
			fail(c);
			return;
		}
		c->on_msg(c->arg, c, &m);
	}
}

static void on_ready(void *arg, int events)
{
	struct chan *c = arg;
	int err = events & LOOP_WRITE && !c->broken ? queue_send(c) : 0;

	if (err && err != -EAGAIN)
		broken(c, err);
	enter(c);
	if (events & LOOP_READ)
		on_readable(c, PER_TURN);
	if (leave(c))
		watch(c);
}

void chan_drain(struct chan *c)
{
	enter(c);
	on_readable(c, INT_MAX);
	if (leave(c))
		watch(c);
}

int chan_pair(int fds[2])
{
	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) < 0 ? -errno : 0;
}
