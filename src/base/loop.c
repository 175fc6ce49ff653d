/* The event loop: libevent for descriptors and timers, one signalfd for the signals (libevent keeps its signals in a process-wide
 * place that a forked child would inherit). Test: tests/test_loop.c. */
#include "loop.h"

#include "arena.h"

#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

struct handler {
	void (*cb)(void *arg, int signo);
	void *arg;
};

struct loop {
	struct event_base *base;
	int code;
	int signal_fd; /* -1 until the first loop_signal */
	struct loop_io *signal_io;
	sigset_t signals;
	struct handler handlers[NSIG];
};

struct loop_io {
	struct event *ev;
	struct event_base *base;
	int fd, events;
	void (*cb)(void *arg, int events);
	void *arg;
};

struct loop_timer {
	struct event *ev;
	void (*cb)(void *arg);
	void *arg;
};

struct loop *loop_new(void)
{
	struct event_config *cfg = event_config_new();
	struct loop *l;

	if (!cfg)
		abort();
	/* A timer set late in a long callback must not count from the callback's start. */
	event_config_set_flag(cfg, EVENT_BASE_FLAG_NO_CACHE_TIME | EVENT_BASE_FLAG_PRECISE_TIMER |
				       EVENT_BASE_FLAG_IGNORE_ENV | EVENT_BASE_FLAG_NOLOCK);
	l = xcalloc(1, sizeof(*l));
	l->signal_fd = -1;
	sigemptyset(&l->signals);
	errno = 0;
	l->base = event_base_new_with_config(cfg);
	event_config_free(cfg);
	if (l->base)
		return l;
	if (!errno)
		errno = EMFILE;
	free(l);
	return NULL;
}

void loop_free(struct loop *l)
{
	if (!l)
		return;
	loop_io_free(l->signal_io);
	if (l->signal_fd >= 0) {
		close(l->signal_fd);
		sigprocmask(SIG_UNBLOCK, &l->signals, NULL);
	}
	event_base_free(l->base);
	free(l);
}

int loop_run(struct loop *l)
{
	event_base_loop(l->base, EVLOOP_NO_EXIT_ON_EMPTY);
	return l->code;
}

void loop_stop(struct loop *l, int code)
{
	l->code = code;
	event_base_loopbreak(l->base);
}

static void on_io(evutil_socket_t fd, short what, void *arg)
{
	struct loop_io *io = arg;

	io->cb(io->arg, (what & EV_READ ? LOOP_READ : 0) | (what & EV_WRITE ? LOOP_WRITE : 0));
}

struct loop_io *loop_io_new(struct loop *l, int fd, int events, void (*cb)(void *arg, int events), void *arg)
{
	struct loop_io *io = xcalloc(1, sizeof(*io));

	io->base = l->base;
	io->fd = fd;
	io->cb = cb;
	io->arg = arg;
	io->ev = event_new(l->base, fd, EV_PERSIST, on_io, io);
	if (!io->ev)
		abort();
	loop_io_set(io, events);
	return io;
}

void loop_io_set(struct loop_io *io, int events)
{
	short what = EV_PERSIST;

	if (events == io->events)
		return;
	what |= (short)(events & LOOP_READ ? EV_READ : 0);
	what |= (short)(events & LOOP_WRITE ? EV_WRITE : 0);
	event_del(io->ev);
	io->events = events;
	if (!events)
		return;
	if (event_assign(io->ev, io->base, io->fd, what, on_io, io) < 0 || event_add(io->ev, NULL) < 0)
		abort();
}

void loop_io_free(struct loop_io *io)
{
	if (!io)
		return;
	event_free(io->ev);
	free(io);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct loop_timer *t = arg;

	t->cb(t->arg);
}

struct loop_timer *loop_timer_new(struct loop *l, void (*cb)(void *arg), void *arg)
{
	struct loop_timer *t = xcalloc(1, sizeof(*t));

	t->cb = cb;
	t->arg = arg;
	t->ev = evtimer_new(l->base, on_timer, t);
	if (!t->ev)
		abort();
	return t;
}

void loop_timer_set(struct loop_timer *t, nsec_t after)
{
	nsec_t us = after > 0 ? (after + NSEC_PER_USEC - 1) / NSEC_PER_USEC : 0; /* never early */
	struct timeval tv = {.tv_sec = us / 1000000, .tv_usec = us % 1000000};

	if (evtimer_add(t->ev, &tv) < 0)
		abort();
}

void loop_timer_stop(struct loop_timer *t)
{
	evtimer_del(t->ev);
}

int loop_timer_armed(const struct loop_timer *t)
{
	return evtimer_pending(t->ev, NULL);
}

void loop_timer_free(struct loop_timer *t)
{
	if (!t)
		return;
	event_free(t->ev);
	free(t);
}

static void on_signal(void *arg, int events)
{
	struct loop *l = arg;
	struct signalfd_siginfo si;

	/* One a turn: a handler may free the loop's user; the descriptor stays readable while more are pending. */
	if (read(l->signal_fd, &si, sizeof(si)) == sizeof(si) && si.ssi_signo < NSIG && l->handlers[si.ssi_signo].cb)
		l->handlers[si.ssi_signo].cb(l->handlers[si.ssi_signo].arg, (int)si.ssi_signo);
}

int loop_signal(struct loop *l, int signo, void (*cb)(void *arg, int signo), void *arg)
{
	int fd;

	if (signo < 1 || signo >= NSIG)
		return -EINVAL;
	l->handlers[signo] = (struct handler){cb, arg};
	sigaddset(&l->signals, signo);
	if (sigprocmask(SIG_BLOCK, &l->signals, NULL) < 0)
		return -errno;
	fd = signalfd(l->signal_fd, &l->signals, SFD_NONBLOCK | SFD_CLOEXEC);
	if (fd < 0)
		return -errno;
	l->signal_fd = fd;
	if (!l->signal_io)
		l->signal_io = loop_io_new(l, fd, LOOP_READ, on_signal, l);
	return 0;
}
