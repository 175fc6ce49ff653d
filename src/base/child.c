/* What every child process does the same: wiring, orders of the supervisor, peers that come and go. A peer's messages wait until
 * MSG_START, so that kept state is always there before anything new. Test: tests/test_chan.c (child group). */
#include "child.h"

#include "arena.h"
#include "log.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LAST_WORDS (500 * NSEC_PER_MSEC)

struct peer {
	struct child *child;
	struct chan *chan;
	enum role role;
};

struct child {
	enum role self;
	struct loop *loop;
	struct peer peers[ROLE_COUNT]; /* ROLE_SUPERVISOR among them */
	const struct child_ops *ops;
	void *arg;
	bool started, over;
	nsec_t alive; /* when it was told last */
	int code;
};

const char *role_name(enum role r)
{
	static const char *const names[ROLE_COUNT] = {"supervisor", "control", "ipvs", "vrrp", "runner"};

	return (unsigned)r < ROLE_COUNT ? names[r] : "unknown";
}

static void on_msg(void *arg, struct chan *c, struct msg *m);
static void on_close(void *arg, struct chan *c);

static void peer_open(struct child *c, enum role role, int fd)
{
	struct peer *p = &c->peers[role];

	chan_free(p->chan);
	p->chan = chan_new(c->loop, fd, on_msg, on_close, p);
}

/* A terminal or a service manager signals the whole group; a child takes its orders from the supervisor alone. */
static void signals_reset(void)
{
	static const int ignored[] = {SIGHUP, SIGINT, SIGTERM, SIGPIPE, SIGUSR1, SIGUSR2};
	struct sigaction sa = {.sa_handler = SIG_IGN};
	sigset_t none;

	for (size_t i = 0; i < sizeof(ignored) / sizeof(*ignored); i++)
		sigaction(ignored[i], &sa, NULL);
	sa.sa_handler = SIG_DFL;
	sigaction(SIGCHLD, &sa, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

struct child *child_new(enum role self, int supervisor_fd)
{
	struct child *c = xcalloc(1, sizeof(*c));

	log_open(role_name(self), log_level_now());
	log_wait_at_most(self == ROLE_VRRP ? 0 : LOG_WAIT_MS);
	signals_reset();
	c->self = self;
	c->loop = loop_new();
	if (!c->loop)
		abort();
	for (int r = 0; r < ROLE_COUNT; r++)
		c->peers[r] = (struct peer){.child = c, .role = (enum role)r};
	peer_open(c, ROLE_SUPERVISOR, supervisor_fd);
	return c;
}

struct loop *child_loop(struct child *c)
{
	return c->loop;
}

enum role child_role(const struct child *c)
{
	return c->self;
}

bool child_has(const struct child *c, enum role who)
{
	return c->peers[who].chan;
}

int child_send(struct child *c, enum role to, uint16_t type, uint64_t generation, const void *payload, size_t len,
	       int fd)
{
	int err;

	if (!c->peers[to].chan)
		return -ENOTCONN;
	err = chan_send(c->peers[to].chan, type, generation, payload, len, fd);
	if (err == -ENOBUFS)
		log_warning("%s does not take its messages: its channel is closed", role_name(to));
	return err;
}

void child_alive(struct child *c)
{
	nsec_t now = clock_now();

	if (c->alive && now - c->alive < NSEC_PER_SEC)
		return;
	c->alive = now;
	child_send(c, ROLE_SUPERVISOR, MSG_PONG, 0, NULL, 0, -1);
}

void child_exit(struct child *c, int code)
{
	if (c->over)
		return;
	c->over = true;
	c->code = code;
	for (int r = 0; r < ROLE_COUNT; r++)
		if (c->peers[r].chan)
			chan_flush(c->peers[r].chan, LAST_WORDS);
	loop_stop(c->loop, code);
}

int child_run(struct child *c, const struct child_ops *ops, void *arg)
{
	c->ops = ops;
	c->arg = arg;
	if (!c->over)
		loop_run(c->loop);
	return c->code;
}

void child_free(struct child *c)
{
	if (!c)
		return;
	for (int r = 0; r < ROLE_COUNT; r++)
		chan_free(c->peers[r].chan);
	loop_free(c->loop);
	free(c);
}

static bool payload_u32(const struct msg *m, uint32_t *out)
{
	if (m->len != sizeof(*out))
		return false;
	memcpy(out, m->payload, sizeof(*out));
	return true;
}

/* Takes m->fd. */
static void on_peer(struct child *c, struct msg *m)
{
	uint32_t role;

	if (!payload_u32(m, &role) || role == ROLE_SUPERVISOR || role >= ROLE_COUNT || m->fd < 0)
		return;
	if (c->peers[role].chan && c->ops->peer)
		c->ops->peer(c->arg, (enum role)role, false);
	peer_open(c, (enum role)role, m->fd);
	m->fd = -1;
	chan_pause(c->peers[role].chan, !c->started);
	if (c->ops->peer)
		c->ops->peer(c->arg, (enum role)role, true);
}

static void on_start(struct child *c, const struct msg *m)
{
	uint32_t restarted = 0;

	payload_u32(m, &restarted);
	c->started = true;
	if (c->ops->start)
		c->ops->start(c->arg, restarted);
	for (int r = 0; r < ROLE_COUNT; r++)
		if (c->peers[r].chan)
			chan_pause(c->peers[r].chan, false);
}

static void on_kept(struct child *c, struct msg *m)
{
	if (!c->ops->kept)
		return;
	c->ops->kept(c->arg, m);
	m->fd = -1;
}

static void on_stop(struct child *c)
{
	if (c->ops->stop)
		c->ops->stop(c->arg);
	else
		child_exit(c, 0);
}

/* Orders. What is not one goes to the role like any message. Descriptors that nobody took are closed. */
static void on_order(struct child *c, struct msg *m)
{
	switch (m->type) {
	case MSG_PEER:
		on_peer(c, m);
		break;
	case MSG_KEPT:
	case MSG_KEPT_ROWS:
		on_kept(c, m);
		break;
	case MSG_START:
		on_start(c, m);
		break;
	case MSG_RELOAD:
		if (c->ops->reload)
			c->ops->reload(c->arg);
		break;
	case MSG_STOP:
		on_stop(c);
		break;
	case MSG_LEAVE:
		child_exit(c, 0);
		break;
	case MSG_DUMP:
		if (c->ops->dump)
			c->ops->dump(c->arg);
		break;
	case MSG_PING:
		child_send(c, ROLE_SUPERVISOR, MSG_PONG, 0, NULL, 0, -1);
		break;
	default:
		c->ops->msg(c->arg, ROLE_SUPERVISOR, m);
		m->fd = -1;
	}
	if (m->fd >= 0)
		close(m->fd);
}

static void on_msg(void *arg, struct chan *chan, struct msg *m)
{
	struct peer *p = arg;

	if (p->role == ROLE_SUPERVISOR)
		on_order(p->child, m);
	else
		p->child->ops->msg(p->child->arg, p->role, m);
}

static void on_close(void *arg, struct chan *chan)
{
	struct peer *p = arg;
	struct child *c = p->child;

	p->chan = NULL;
	chan_free(chan);
	if (p->role != ROLE_SUPERVISOR) {
		if (c->ops->peer)
			c->ops->peer(c->arg, p->role, false);
	} else if (c->ops->orphan) {
		c->ops->orphan(c->arg);
	} else {
		child_exit(c, 0);
	}
}
