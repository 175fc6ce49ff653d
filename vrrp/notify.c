/* Decides in which order people's programs are told, and what is given up when they do not listen. Source: keepalived's notify_fifo() and
 * notify_instance_exec() (lines, arguments); fifo(7). Test: tests/test_notify.c */
#include "notify.h"

#include "../src/base/arena.h"
#include "../src/base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/stat.h>
#include <unistd.h>

#define FIFO_AGAIN NSEC_PER_SEC

enum { LINE_ROOM = 256, ARGS = 5 };

struct item {
	TAILQ_ENTRY(item) next;
	size_t len;
	char bytes[]; /* a line, or arguments */
};
TAILQ_HEAD(items, item);

/* What waits for one receiver. */
struct queue {
	struct items items;
	size_t n;
};

struct notifier {
	struct loop *loop;
	notify_run run;
	void *arg;
	struct vip_settings to;
	struct queue lines, runs;
	int fifo; /* -1: not open */
	int said; /* the FIFO's last trouble */
	struct loop_io *io;
	struct loop_timer *again;
	uint64_t last_run, running; /* 0: none */
	struct notify_counts counts;
	struct log_limit limit;
};

static void queue_drop(struct queue *q, struct item *i)
{
	TAILQ_REMOVE(&q->items, i, next);
	q->n--;
	free(i);
}

static void queue_pop(struct queue *q)
{
	queue_drop(q, TAILQ_FIRST(&q->items));
}

static void queue_clear(struct queue *q)
{
	while (q->n)
		queue_pop(q);
}

/* The oldest goes for the newest: what is true now matters more. */
static void queue_push(struct notifier *n, struct queue *q, const char *bytes, size_t len)
{
	struct item *i = xmalloc(sizeof(*i) + len);
	struct item *first;
	unsigned missed;

	i->len = len;
	memcpy(i->bytes, bytes, len);
	TAILQ_INSERT_TAIL(&q->items, i, next);
	if (++q->n <= NOTIFY_QUEUE)
		return;
	first = TAILQ_FIRST(&q->items);
	/* The first may be under way. */
	queue_drop(q, q == &n->runs && n->running ? TAILQ_NEXT(first, next) : first);
	n->counts.dropped++;
	if (log_allow(&n->limit, clock_now(), &missed))
		log_event(LOG_NOTIFY_FAILED, LOG_WITH(.suppressed = missed),
			  "%s does not take notifications: the oldest are dropped",
			  q == &n->lines ? n->to.notify_fifo : n->to.notify_script);
}

/* ---- FIFO */

static void fifo_close(struct notifier *n)
{
	loop_io_free(n->io);
	n->io = NULL;
	if (n->fifo >= 0)
		close(n->fifo);
	n->fifo = -1;
}

static void lines_push(struct notifier *n);

static void on_writable(void *arg, int events)
{
	lines_push(arg);
}

/* Read and write: so the pipe holds what nobody reads yet, and a reader that ends is no error. */
static int fifo_open(struct notifier *n)
{
	struct stat st;
	int err = 0;

	n->fifo = open(n->to.notify_fifo, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (n->fifo < 0 || fstat(n->fifo, &st) < 0)
		err = -errno;
	else if (!S_ISFIFO(st.st_mode))
		err = -ENOSTR;
	if (err)
		fifo_close(n);
	if (err && err != n->said)
		log_event(LOG_NOTIFY_FAILED, NULL, "%s: notifications wait: %s", n->to.notify_fifo,
			  err == -ENOSTR ? "it is no FIFO" : strerror(-err));
	n->said = err;
	return err;
}

static void lines_push(struct notifier *n)
{
	if (!n->to.notify_fifo[0] || !n->lines.n)
		return;
	if (n->fifo < 0 && fifo_open(n) < 0) {
		loop_timer_set(n->again, FIFO_AGAIN);
		return;
	}
	while (n->lines.n) {
		const struct item *i = TAILQ_FIRST(&n->lines.items);
		ssize_t w = write(n->fifo, i->bytes, i->len); /* at most PIPE_BUF: all or nothing */

		if (w < 0 && errno == EINTR)
			continue;
		if (w < 0 && errno != EAGAIN) {
			fifo_close(n);
			loop_timer_set(n->again, FIFO_AGAIN);
			return;
		}
		if (w < 0)
			break;
		n->counts.lines++;
		queue_pop(&n->lines);
	}
	if (!n->io)
		n->io = loop_io_new(n->loop, n->fifo, 0, on_writable, n);
	loop_io_set(n->io, n->lines.n ? LOOP_WRITE : 0);
}

/* ---- script */

static void runs_push(struct notifier *n)
{
	const struct item *i = TAILQ_FIRST(&n->runs.items);

	if (n->running || !i)
		return;
	if (n->run(n->arg, ++n->last_run, ARGS, i->bytes, i->len) == 0)
		n->running = n->last_run;
}

bool notifier_ran(struct notifier *n, uint64_t id, const struct msg_ran *ran)
{
	unsigned missed;

	if (!id || id != n->running)
		return false;
	n->running = 0;
	if (ran->status == -EAGAIN) { /* the runner is busy */
		loop_timer_set(n->again, FIFO_AGAIN);
		return true;
	}
	if (ran->status && log_allow(&n->limit, clock_now(), &missed)) {
		if (ran->status < 0)
			log_event(LOG_NOTIFY_FAILED, LOG_WITH(.suppressed = missed), "notify script %s: %s",
				  n->to.notify_script, strerror(-ran->status));
		else
			log_event(LOG_NOTIFY_FAILED, LOG_WITH(.suppressed = missed), "notify script %s ended with %d",
				  n->to.notify_script, ran->status);
	}
	n->counts.runs++;
	queue_pop(&n->runs);
	runs_push(n);
	return true;
}

void notifier_end(struct notifier *n)
{
	const struct item *i;

	TAILQ_FOREACH(i, &n->runs.items, next)
	if (!n->running || i != TAILQ_FIRST(&n->runs.items))
		n->run(n->arg, ++n->last_run, ARGS, i->bytes, i->len);
	queue_clear(&n->runs);
	n->running = 0;
}

void notifier_runner(struct notifier *n, bool up)
{
	n->running = 0;
	if (up)
		runs_push(n);
}

/* ---- both */

static void on_again(void *arg)
{
	lines_push(arg);
	runs_push(arg);
}

struct notifier *notifier_new(struct loop *l, notify_run run, void *arg)
{
	struct notifier *n = xcalloc(1, sizeof(*n));

	n->loop = l;
	n->run = run;
	n->arg = arg;
	n->fifo = -1;
	TAILQ_INIT(&n->lines.items);
	TAILQ_INIT(&n->runs.items);
	n->again = loop_timer_new(l, on_again, n);
	return n;
}

void notifier_free(struct notifier *n)
{
	if (!n)
		return;
	fifo_close(n);
	queue_clear(&n->lines);
	queue_clear(&n->runs);
	loop_timer_free(n->again);
	free(n);
}

void notifier_set(struct notifier *n, const struct vip_settings *s)
{
	bool fifo = strcmp(n->to.notify_fifo, s->notify_fifo) != 0;
	bool script = strcmp(n->to.notify_script, s->notify_script) != 0;

	n->to = *s;
	if (fifo) {
		fifo_close(n);
		queue_clear(&n->lines);
		n->said = 0;
	}
	if (script) {
		queue_clear(&n->runs);
		n->running = 0;
	}
}

void notifier_tell(struct notifier *n, const char *what, const char *name, const char *state, unsigned priority)
{
	char text[LINE_ROOM];
	int len;

	if (n->to.notify_fifo[0]) {
		len = snprintf(text, sizeof(text), "%s \"%s\" %s %u\n", what, name, state, priority);
		queue_push(n, &n->lines, text, (size_t)len);
		lines_push(n);
	}
	if (n->to.notify_script[0]) {
		len = snprintf(text, sizeof(text), "%s%c%s%c%s%c%s%c%u", n->to.notify_script, 0, what, 0, name, 0,
			       state, 0, priority);
		queue_push(n, &n->runs, text, (size_t)len + 1);
		runs_push(n);
	}
}

void notifier_count(const struct notifier *n, struct notify_counts *out)
{
	*out = n->counts;
	out->waiting = n->lines.n + n->runs.n;
}
