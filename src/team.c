/* Decides how the processes are joined (DESIGN.md, the parts): one channel from the supervisor to each, and the pairs below, new ones whenever
 * one of the two is new. Test: tests/test_supervisor.c */
#include "team.h"

#include "base/arena.h"
#include "base/log.h"
#include "base/usage.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Hand-over of long rows: not more than this waits in the queue (CHAN_QUEUE is the end), for so long. */
enum { QUEUE_SOFT = 1 << 20 };
#define HANDOVER_LIMIT (5 * NSEC_PER_SEC)
/* A child that has closed its channel is ending; one that has not after this long hangs. */
#define CLOSED_LIMIT (2 * NSEC_PER_SEC)

struct member {
	struct team *team;
	enum role role;
	pid_t pid; /* 0: does not run */
	struct chan *chan;
	struct loop_timer *closed; /* kills what closed its channel and lives on */
	struct kept kept;
	nsec_t started;
	bool ready;
	bool before;  /* there was one before this one */
	bool adopted; /* of an earlier image, which may not have known MSG_PING */
	unsigned unanswered;
};

struct team {
	struct loop *loop;
	const struct spawn *spawn;
	const struct places *places;
	const struct places_open *open;
	int argc;
	char **argv;
	const struct team_ops *ops;
	void *arg;
	struct member members[ROLE_COUNT];
};

static const struct {
	enum role a, b;
} pairs[] = {
    {ROLE_CONTROL, ROLE_IPVS},   {ROLE_CONTROL, ROLE_VRRP}, {ROLE_IPVS, ROLE_VRRP},
    {ROLE_CONTROL, ROLE_RUNNER}, {ROLE_IPVS, ROLE_RUNNER},  {ROLE_VRRP, ROLE_RUNNER},
};

enum { PAIRS = sizeof(pairs) / sizeof(pairs[0]) };

static void on_closed_limit(void *arg)
{
	struct member *m = arg;

	log_warning("%s (pid %d) has closed its channel and does not end: killed", role_name(m->role), (int)m->pid);
	team_kill(m->team, m->role);
}

struct team *team_new(struct loop *l, const struct spawn *spawn, const struct places *places,
		      const struct places_open *open, int argc, char **argv, const struct team_ops *ops, void *arg)
{
	struct team *t = xcalloc(1, sizeof(*t));

	t->loop = l;
	t->spawn = spawn;
	t->places = places;
	t->open = open;
	t->argc = argc;
	t->argv = argv;
	t->ops = ops;
	t->arg = arg;
	for (int r = 0; r < ROLE_COUNT; r++) {
		struct member *m = &t->members[r];

		m->team = t;
		m->role = (enum role)r;
		m->closed = loop_timer_new(l, on_closed_limit, m);
		kept_init(&m->kept);
	}
	return t;
}

void team_free(struct team *t)
{
	if (!t)
		return;
	for (int r = 0; r < ROLE_COUNT; r++) {
		chan_free(t->members[r].chan);
		loop_timer_free(t->members[r].closed);
		kept_clear(&t->members[r].kept);
	}
	free(t);
}

/* MSG_KEEP, MSG_KEEP_ROWS: takes m->fd. */
static void keep(struct member *m, struct msg *msg)
{
	int err;

	if (msg->type == MSG_KEEP) {
		err = kept_picture(&m->kept, msg->fd, msg->generation);
		msg->fd = -1;
	} else {
		err = kept_rows(&m->kept, msg->generation, msg->payload, msg->len);
	}
	if (err < 0)
		log_warning("%s: what it accepted cannot be kept for its successor: %s", role_name(m->role),
			    strerror(-err));
}

static void answer_usage(const struct member *m, uint64_t id)
{
	int fd = usage_memfd();

	if (fd < 0)
		return;
	if (m->chan)
		chan_send(m->chan, MSG_ANSWER, id, NULL, 0, fd);
	close(fd);
}

static void on_msg(void *arg, struct chan *c, struct msg *msg)
{
	struct member *m = arg;

	if (msg->type == MSG_KEEP || msg->type == MSG_KEEP_ROWS) {
		keep(m, msg);
	} else if (msg->type == MSG_READY) {
		m->ready = true;
		m->team->ops->ready(m->team->arg, m->role);
	} else if (msg->type == MSG_PONG) {
		m->unanswered = 0;
	} else if (msg->type == MSG_ASK && m->role == ROLE_CONTROL) {
		answer_usage(m, msg->generation);
	} else if (msg->type == MSG_REEXEC && m->role == ROLE_CONTROL && m->team->ops->reexec) {
		m->team->ops->reexec(m->team->arg);
	} else if (msg->type == MSG_STATE && m->role == ROLE_CONTROL && msg->fd >= 0 && m->team->ops->state) {
		m->team->ops->state(m->team->arg, msg->fd);
	} else {
		log_debug("%s: message %u is not for the supervisor", role_name(m->role), msg->type);
	}
	if (msg->fd >= 0)
		close(msg->fd);
}

static void on_close(void *arg, struct chan *c)
{
	struct member *m = arg;

	m->chan = NULL;
	chan_free(c);
	loop_timer_set(m->closed, CLOSED_LIMIT);
}

static void member_listen(struct member *m, int channel)
{
	m->chan = chan_new(m->team->loop, channel, on_msg, on_close, m);
}

static int member_fork(struct member *m)
{
	const struct team *t = m->team;
	const struct role_env env = {
	    .places = t->places,
	    .own_fd = t->open->own_fd[m->role],
	    .listen_fd = m->role == ROLE_CONTROL ? t->open->listen_fd : -1,
	    .state_fd = m->role == ROLE_CONTROL ? t->open->state_fd : -1,
	    .mem_fd = m->role == ROLE_VRRP ? t->open->mem_fd : -1,
	    .lock_fd = m->role == ROLE_VRRP ? t->open->watch_fd : -1,
	    .argc = t->argc,
	    .argv = t->argv,
	};
	int channel, err = spawn_child(t->spawn, m->role, &env, &m->pid, &channel);

	if (err < 0)
		return err;
	m->ready = m->adopted = false;
	m->unanswered = 0;
	m->started = clock_now();
	member_listen(m, channel);
	log_debug("%s started (pid %d)", role_name(m->role), (int)m->pid);
	return 0;
}

static void hand_peer(struct member *to, enum role peer, int fd)
{
	uint32_t role = peer;

	if (to->chan)
		chan_send(to->chan, MSG_PEER, 0, &role, sizeof(role), fd);
	close(fd);
}

static void join(struct member *a, struct member *b)
{
	int fds[2], err = chan_pair(fds);

	if (err < 0) {
		log_error("cannot join %s and %s: %s", role_name(a->role), role_name(b->role), strerror(-err));
		return;
	}
	hand_peer(a, b->role, fds[0]);
	hand_peer(b, a->role, fds[1]);
}

static void hand_kept(struct member *m)
{
	const void *bytes;
	uint64_t generation;
	size_t at = 0, len;

	if (m->kept.fd < 0)
		return;
	chan_send(m->chan, MSG_KEPT, m->kept.generation, NULL, 0, m->kept.fd);
	while (kept_next_rows(&m->kept, &at, &generation, &bytes, &len)) {
		chan_send(m->chan, MSG_KEPT_ROWS, generation, bytes, len, -1);
		if (chan_queued(m->chan) > QUEUE_SOFT)
			chan_flush(m->chan, HANDOVER_LIMIT);
	}
}

static void member_go(struct member *m)
{
	uint32_t restarted = m->before;

	hand_kept(m);
	chan_send(m->chan, MSG_START, 0, &restarted, sizeof(restarted), -1);
	m->before = true;
}

int team_start(struct team *t, unsigned roles)
{
	unsigned fresh = 0;
	int first = 0;

	for (int r = 0; r < ROLE_COUNT; r++) {
		struct member *m = &t->members[r];
		int err;

		if (!(roles & 1U << r) || m->pid || !t->spawn->roles[r].main)
			continue;
		err = member_fork(m);
		if (err == 0)
			fresh |= 1U << r;
		else if (!first)
			first = err;
	}
	for (size_t i = 0; i < PAIRS; i++) {
		struct member *a = &t->members[pairs[i].a], *b = &t->members[pairs[i].b];

		if (a->pid && b->pid && fresh & (1U << a->role | 1U << b->role))
			join(a, b);
	}
	for (int r = 0; r < ROLE_COUNT; r++)
		if (fresh & 1U << r)
			member_go(&t->members[r]);
	return first;
}

bool team_order(struct team *t, enum role r, enum msg_type order)
{
	struct chan *c = t->members[r].chan;

	return c && chan_send(c, (uint16_t)order, 0, NULL, 0, -1) == 0;
}

void team_kill(struct team *t, enum role r)
{
	if (t->members[r].pid)
		kill(t->members[r].pid, SIGKILL);
}

void team_ping(struct team *t)
{
	for (int r = 0; r < ROLE_COUNT; r++) {
		struct member *m = &t->members[r];

		if (!m->pid || !m->chan || m->adopted)
			continue;
		if (m->unanswered == UNANSWERED) {
			log_event(LOG_PROCESS_HUNG, LOG_WITH(.child = role_name(m->role)), "%s (pid %d) hangs: killed",
				  role_name(m->role), (int)m->pid);
			team_kill(t, m->role);
		} else {
			m->unanswered++;
			team_order(t, m->role, MSG_PING);
		}
	}
}

bool team_runs(const struct team *t, enum role r)
{
	return t->members[r].pid;
}

bool team_ready(const struct team *t, enum role r)
{
	return t->members[r].pid && t->members[r].ready;
}

pid_t team_pid(const struct team *t, enum role r)
{
	return t->members[r].pid;
}

/* Its last words are in the socket: what it accepted just before it died is kept too. */
static void hear_last_words(struct member *m)
{
	if (m->chan)
		chan_drain(m->chan);
}

static void member_gone(struct member *m, int status)
{
	nsec_t lived = clock_now() - m->started;

	hear_last_words(m);
	loop_timer_stop(m->closed);
	chan_free(m->chan);
	m->chan = NULL;
	m->pid = 0;
	m->ready = false;
	m->team->ops->gone(m->team->arg, m->role, status, lived);
}

void team_reap(struct team *t, void (*other)(void *arg, pid_t pid, int status), void *arg)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		int r = 0;

		while (r < ROLE_COUNT && t->members[r].pid != pid)
			r++;
		if (r < ROLE_COUNT)
			member_gone(&t->members[r], status);
		else if (other)
			other(arg, pid, status);
	}
}

void team_look(const struct team *t, enum role r, struct team_member *out)
{
	const struct member *m = &t->members[r];

	*out = (struct team_member){
	    .pid = m->pid, .channel = m->chan ? chan_fd(m->chan) : -1, .ready = m->ready, .kept = m->kept};
}

void team_adopt(struct team *t, enum role r, struct team_member *from)
{
	struct member *m = &t->members[r];

	kept_clear(&m->kept);
	m->kept = from->kept;
	kept_init(&from->kept);
	m->pid = from->pid;
	m->ready = from->ready;
	m->before = m->adopted = true;
	m->started = clock_now();
	if (from->channel >= 0)
		member_listen(m, from->channel);
	from->channel = -1;
}

void team_flush(struct team *t, nsec_t within)
{
	nsec_t until = clock_now() + within;

	for (int r = 0; r < ROLE_COUNT; r++) {
		nsec_t left = until - clock_now();

		if (t->members[r].chan)
			chan_flush(t->members[r].chan, left > 0 ? left : 0);
	}
}

void team_dump(const struct team *t)
{
	for (int r = 0; r < ROLE_COUNT; r++) {
		const struct member *m = &t->members[r];

		if (m->pid)
			log_info("%s: pid %d, %s, kept generation %llu and %zu bytes of changes", role_name(m->role),
				 (int)m->pid, m->ready ? "ready" : "not ready yet",
				 m->kept.fd < 0 ? 0ULL : (unsigned long long)m->kept.generation, m->kept.rows_len);
	}
}
