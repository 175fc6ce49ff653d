/* Decides nothing: a thread between two ends of a socket pair. Who has the piece of work is told by the bytes in it: one goes there with it, one comes back.
 * The nice value of one in no hurry is low because it holds the kernel's RTNL lock now and then, which a virtual router that takes over waits for.
 * Source: pthreads(7), sched(7), net/core/rtnetlink.c. Test: tests/kernel/test_vrrp_process.c, test_announce.c. */
#include "worker.h"

#include "../src/base/arena.h"
#include "../src/base/log.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { NICE = -10, STACK = 256 << 10 };

struct worker {
	pthread_t thread;
	bool threaded, busy;
	int near, far; /* the loop's end, the thread's */
	struct loop_io *io;
	const struct worker_ops *ops;
	void *arg;
};

/* False when the other end is closed. */
static bool byte_receive(int fd)
{
	char byte;
	ssize_t n;

	do
		n = recv(fd, &byte, 1, 0);
	while (n < 0 && errno == EINTR);
	return n == 1;
}

static void byte_send(int fd)
{
	while (send(fd, "", 1, MSG_NOSIGNAL) < 0 && errno == EINTR)
		;
}

static void work(struct worker *w)
{
	w->ops->work(w->arg);
	byte_send(w->far);
}

static void *thread_main(void *arg)
{
	const struct sched_param ordinary = {0};
	struct worker *w = arg;

	if (!w->ops->hurries) {
		sched_setscheduler(0, SCHED_OTHER, &ordinary);
		setpriority(PRIO_PROCESS, 0, NICE);
	}
	while (byte_receive(w->far))
		work(w);
	return NULL;
}

/* Signals are the loop's. */
static void thread_start(struct worker *w)
{
	pthread_attr_t attr;
	sigset_t all, before;
	int err;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK);
	err = pthread_create(&w->thread, &attr, thread_main, w);
	pthread_attr_destroy(&attr);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	w->threaded = err == 0;
	if (err)
		log_warning("no thread for what is to be done beside the rest: %s", strerror(err));
}

static void on_byte(void *arg, int events)
{
	struct worker *w = arg;

	if (w->busy)
		w->ops->done(w->arg);
}

int worker_new(struct loop *l, const struct worker_ops *ops, void *arg, struct worker **out)
{
	struct worker *w;
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return -errno;
	w = xcalloc(1, sizeof(*w));
	w->near = ends[0];
	w->far = ends[1];
	w->ops = ops;
	w->arg = arg;
	w->io = loop_io_new(l, w->near, LOOP_READ, on_byte, w);
	thread_start(w);
	*out = w;
	return 0;
}

void worker_free(struct worker *w)
{
	if (!w)
		return;
	loop_io_free(w->io);
	shutdown(w->near, SHUT_WR);
	if (w->threaded)
		pthread_join(w->thread, NULL);
	close(w->near);
	close(w->far);
	free(w);
}

bool worker_is_thread(const struct worker *w)
{
	return w->threaded;
}

bool worker_busy(const struct worker *w)
{
	return w && w->busy;
}

void worker_give(struct worker *w)
{
	w->busy = true;
	if (w->threaded)
		byte_send(w->near);
	else
		work(w);
}

void worker_take(struct worker *w)
{
	byte_receive(w->near);
	w->busy = false;
}
