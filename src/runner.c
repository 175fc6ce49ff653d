/* Decides which programs vipd may start, with which arguments, for how long (DESIGN.md, the parts: runner). Requests come from the other
 * children, so each is checked here again; results go back as messages. The scheduler names are those of net/netfilter/ipvs/ in the kernel.
 * Test: tests/test_runner.c */
#include "runner.h"

#include "../ipvs/rules.h"
#include "base/arena.h"
#include "base/log.h"
#include "base/usage.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	PATH_ROOM = 4096,
	TEXT_MAX = 64,
	OUTPUT_MAX = MSG_PAYLOAD_MAX - (int)sizeof(struct msg_ran),
	ARGV_MAX = 1 + RUNNER_FIXED_MAX + RUNNER_ARGS_MAX + 1
};

/* One request, from its message to its answer. */
struct job {
	struct job *next; /* in the queue */
	struct runner *runner;
	const struct runner_program *program;
	enum role from;
	uint64_t id;
	uint32_t limit_ms;
	char *args; /* argc NUL-terminated texts, one behind the other; owned */
	uint32_t argc;
	pid_t pid;
	int out;
	struct loop_io *io;
	struct loop_timer *timer;
	bool late;
	struct msg_ran *ran; /* head and output; NULL before it runs */
};

/* Jobs that run, so many at once, and those that wait for their place. */
struct lane {
	struct job **running; /* NULL: free */
	size_t at_once;
	struct job *head, **tail;
	size_t queued, most;
};

struct runner {
	struct child *child;
	const struct runner_program *table;
	size_t n;
	const struct script_rules *scripts;
	struct job *running[RUNNER_AT_ONCE + 1];
	struct lane beside, ordered;
	struct loop_timer *last; /* armed: told to stop */
};

bool runner_module_good(const char *name)
{
	static const char *const names[] = {
	    "ip_vs",     "ip_vs_rr",    "ip_vs_wrr", "ip_vs_lc", "ip_vs_wlc", "ip_vs_lblc", "ip_vs_sh",   "ip_vs_dh",
	    "ip_vs_sed", "ip_vs_lblcr", "ip_vs_nq",  "ip_vs_mh", "ip_vs_fo",  "ip_vs_ovf",  "ip_vs_twos", "dummy"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(name, names[i]))
			return true;
	return false;
}

bool runner_text_good(const char *text)
{
	size_t n = 0;

	for (; text[n]; n++)
		if (n == TEXT_MAX || (unsigned char)text[n] < ' ' || text[n] == 0x7f)
			return false;
	return true;
}

bool runner_chain_good(const char *arg)
{
	if (!strcmp(arg, "-tnat") || !strcmp(arg, "-tfilter") || !strcmp(arg, "-tmangle"))
		return true;
	for (size_t i = 0; i < RULES_JUMPS; i++)
		if (!strcmp(arg, rules_places[i].chain))
			return true;
	return false;
}

static const char *const iptables[] = {
    "iptables", "ip6tables", "iptables-nft", "ip6tables-nft", "iptables-legacy", "ip6tables-legacy", NULL};
static const char *const restores[] = {"iptables-restore",
				       "ip6tables-restore",
				       "iptables-nft-restore",
				       "ip6tables-nft-restore",
				       "iptables-legacy-restore",
				       "ip6tables-legacy-restore",
				       NULL};

static const struct runner_program programs[RUN_ENTRY_COUNT] = {
    [RUN_MODPROBE] = {.paths = {"/sbin/modprobe", "/usr/sbin/modprobe"},
		      .fixed = {"--"},
		      .args = 1,
		      .good = runner_module_good,
		      .limit_ms = 10000},
    [RUN_RULES_LIST] =
	{.names = iptables, .fixed = {"--wait=5", "-S"}, .args = 3, .good = runner_chain_good, .limit_ms = 20000},
    [RUN_RULES_RESTORE] = {.names = restores,
			   .fixed = {"--wait=5", "--noflush"},
			   .args = 2,
			   .good = rules_good,
			   .limit_ms = 20000,
			   .input = true},
    [RUN_SCRIPT] = {.args = 1, .good = script_name_good, .limit_ms = 86400000, .script = true},
    [RUN_NOTIFY] = {.args = 5, .good = runner_text_good, .limit_ms = 60000, .script = true, .ordered = true},
};

/* notified: the script, if it was a notification. Who asked for it may have ended: nobody else would say then that it failed. */
static void answer(struct runner *r, enum role to, uint64_t id, struct msg_ran *ran, const char *notified)
{
	int err = child_send(r->child, to, MSG_RAN, id, ran, sizeof(*ran) + ran->output, -1);

	if (err < 0 && notified && ran->status < 0)
		log_event(LOG_NOTIFY_FAILED, NULL, "notify script %s: %s", notified, strerror(-ran->status));
	else if (err < 0 && notified && ran->status)
		log_event(LOG_NOTIFY_FAILED, NULL, "notify script %s ended with %d", notified, ran->status);
	else if (err < 0)
		log_debug("an answer to %s is lost: %s", role_name(to), strerror(-err));
}

static void answer_usage(struct runner *r, enum role to, uint64_t id)
{
	int fd = usage_memfd();

	if (fd < 0)
		return;
	child_send(r->child, to, MSG_ANSWER, id, NULL, 0, fd);
	close(fd);
}

static void refuse(struct runner *r, enum role to, uint64_t id, int why, const char *notified)
{
	struct msg_ran ran = {.status = why};

	answer(r, to, id, &ran, notified);
}

static void job_free(struct job *j)
{
	loop_io_free(j->io);
	loop_timer_free(j->timer);
	if (j->out >= 0)
		close(j->out);
	free(j->args);
	free(j->ran);
	free(j);
}

static bool named(const char *const *names, const char *name)
{
	while (*names && strcmp(*names, name) != 0)
		names++;
	return *names != NULL;
}

/* 0, or why the request is refused. */
static int check(const struct runner *r, const struct msg *m, struct msg_run *run)
{
	const char *arg, *end = (const char *)m->payload + m->len;
	const struct runner_program *p;

	if (m->len < sizeof(*run))
		return -EINVAL;
	memcpy(run, m->payload, sizeof(*run));
	arg = (const char *)m->payload + sizeof(*run);
	if (run->entry == 0 || run->entry >= r->n)
		return -EPERM;
	p = &r->table[run->entry];
	if (run->argc != p->args)
		return -EINVAL;
	for (uint32_t i = 0; i < run->argc; i++) {
		const char *nul = memchr(arg, '\0', (size_t)(end - arg));

		if (!nul)
			return -EINVAL;
		if (i == 0 && p->names ? !named(p->names, arg) : !p->good(arg))
			return -EPERM;
		arg = nul + 1;
	}
	return arg == end ? 0 : -EINVAL;
}

static struct job *job_new(struct runner *r, enum role from, const struct msg *m, const struct msg_run *run)
{
	const struct runner_program *p = &r->table[run->entry];
	struct job *j = xcalloc(1, sizeof(*j));

	j->runner = r;
	j->program = p;
	j->from = from;
	j->id = m->generation;
	j->limit_ms = run->timeout_ms && run->timeout_ms < p->limit_ms ? run->timeout_ms : p->limit_ms;
	j->argc = run->argc;
	j->args = xmemdup((const char *)m->payload + sizeof(*run), m->len - sizeof(*run));
	j->out = -1;
	return j;
}

/* 0 and the path to execute, in path or elsewhere; or -errno. */
static int program_path(const struct job *j, char path[PATH_ROOM], const char **out)
{
	static const char *const folders[] = {"/usr/sbin", "/sbin"};
	const struct runner_program *p = j->program;

	if (p->script) {
		*out = path;
		return script_path(j->runner->scripts, j->args, path, PATH_ROOM);
	}
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]) && p->names; i++) {
		snprintf(path, PATH_ROOM, "%s/%s", folders[i], j->args);
		if (access(path, X_OK) == 0) {
			*out = path;
			return 0;
		}
	}
	for (size_t i = 0; i < sizeof(p->paths) / sizeof(p->paths[0]); i++)
		if (p->paths[i] && access(p->paths[i], X_OK) == 0) {
			*out = p->paths[i];
			return 0;
		}
	return -ENOENT;
}

/* A descriptor to read the text from. */
static int input_of(const char *text)
{
	int fd = memfd_create("vipd-input", MFD_CLOEXEC);

	for (size_t at = 0, len = strlen(text); at < len;) {
		ssize_t n = write(fd, text + at, len - at);

		if (n < 0)
			_exit(126);
		at += (size_t)n;
	}
	lseek(fd, 0, SEEK_SET);
	return fd;
}

/* In the forked process: nothing of ours but the pipe goes along, and nothing of our environment. */
static _Noreturn void become(const struct job *j, const char *path, int out)
{
	static const char *const environment[] = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", NULL};
	const char *argv[ARGV_MAX] = {path}, *arg = j->args, *end;
	union {
		const char *const *ours;
		char *const *theirs; /* execve does not write either */
	} av = {.ours = argv}, ev = {.ours = environment};
	size_t n = 1;
	int in = j->program->input ? -1 : open("/dev/null", O_RDONLY | O_CLOEXEC);
	sigset_t none;

	sigemptyset(&none);
	for (size_t i = 0; i < RUNNER_FIXED_MAX && j->program->fixed[i]; i++)
		argv[n++] = j->program->fixed[i];
	for (uint32_t i = 0; i < j->argc; i++, arg = end + 1) {
		end = arg + strlen(arg);
		if (i + 1 == j->argc && j->program->input)
			in = input_of(arg);
		else if (i > 0 || !(j->program->script || j->program->names)) /* the first is in the path */
			argv[n++] = arg;
	}
	argv[n] = NULL;
	for (int s = 1; s < NSIG; s++)
		signal(s, SIG_DFL);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setpgid(0, 0);
	dup2(in, STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	dup2(out, STDERR_FILENO);
	if (j->program->script && script_become(j->runner->scripts) < 0)
		_exit(126);
	execve(path, av.theirs, ev.theirs);
	_exit(127);
}

static void on_output(void *arg, int events)
{
	struct job *j = arg;
	char spill[4096];
	struct msg_ran *ran = j->ran;
	size_t room = OUTPUT_MAX - ran->output;
	ssize_t n = room ? read(j->out, (char *)(ran + 1) + ran->output, room) : read(j->out, spill, sizeof(spill));

	if (n > 0 && room)
		ran->output += (uint32_t)n;
	else if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		loop_io_set(j->io, 0);
}

/* The whole group: a program's children must not hold on. */
static void on_late(void *arg)
{
	struct job *j = arg;

	j->late = true;
	kill(-j->pid, SIGKILL);
	kill(j->pid, SIGKILL);
}

static int job_start(struct job *j)
{
	char room[PATH_ROOM];
	const char *path;
	int fds[2], err = program_path(j, room, &path);
	pid_t pid;

	if (err)
		return err;
	/* Only our end never blocks: the program's is its standard output. */
	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	pid = fork();
	if (pid == 0)
		become(j, path, fds[1]);
	err = pid < 0 ? -errno : 0;
	close(fds[1]);
	if (err) {
		close(fds[0]);
		return err;
	}
	setpgid(pid, pid); /* both sides: whoever is first */
	j->pid = pid;
	j->ran = xcalloc(1, sizeof(*j->ran) + OUTPUT_MAX);
	j->out = fds[0];
	j->io = loop_io_new(child_loop(j->runner->child), j->out, LOOP_READ, on_output, j);
	j->timer = loop_timer_new(child_loop(j->runner->child), on_late, j);
	loop_timer_set(j->timer, (nsec_t)j->limit_ms * NSEC_PER_MSEC);
	return 0;
}

static const char *job_notified(const struct job *j)
{
	return j->program->ordered ? j->args : NULL;
}

static struct job **free_place(struct lane *l)
{
	for (size_t i = 0; i < l->at_once; i++)
		if (!l->running[i])
			return &l->running[i];
	return NULL;
}

static void lane_push(struct lane *l, struct job *j)
{
	*l->tail = j;
	l->tail = &j->next;
	l->queued++;
}

/* NULL if nothing waits. */
static struct job *lane_pop(struct lane *l)
{
	struct job *j = l->head;

	if (!j)
		return NULL;
	l->head = j->next;
	if (!l->head)
		l->tail = &l->head;
	l->queued--;
	return j;
}

static void pump(struct lane *l)
{
	struct job **place;
	struct job *j;

	while ((place = free_place(l)) && (j = lane_pop(l))) {
		int err = job_start(j);

		if (err == 0) {
			*place = j;
			continue;
		}
		refuse(j->runner, j->from, j->id, err, job_notified(j));
		job_free(j);
	}
}

static struct lane *lane_of(struct runner *r, const struct runner_program *p)
{
	return p->ordered ? &r->ordered : &r->beside;
}

static void on_msg(void *arg, enum role from, struct msg *m)
{
	struct runner *r = arg;
	struct lane *l = NULL;
	struct msg_run run;
	int err;

	if (m->fd >= 0)
		close(m->fd);
	if (m->type == MSG_ASK)
		answer_usage(r, from, m->generation);
	if (m->type != MSG_RUN)
		return;
	err = check(r, m, &run);
	if (!err)
		l = lane_of(r, &r->table[run.entry]);
	if (l && l->queued >= l->most)
		err = -EAGAIN;
	if (err) {
		log_warning("%s asked to run what it may not: %s", role_name(from), strerror(-err));
		refuse(r, from, m->generation, err, NULL);
		return;
	}
	lane_push(l, job_new(r, from, m, &run));
	pump(l);
}

static void job_done(struct job *j, int status)
{
	/* What is still in the pipe; a grandchild may hold it open, so never wait. */
	for (uint32_t before = ~0U; before != j->ran->output;) {
		before = j->ran->output;
		on_output(j, LOOP_READ);
	}
	j->ran->status = j->late ? -ETIMEDOUT : WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	answer(j->runner, j->from, j->id, j->ran, job_notified(j));
	job_free(j);
}

/* Those who ended before us may have asked for more than has been read, as long as their channels are there. */
static bool may_hear_more(const struct runner *r)
{
	for (int i = ROLE_SUPERVISOR + 1; i < ROLE_COUNT; i++)
		if (child_has(r->child, (enum role)i))
			return true;
	return false;
}

static void leave_if_done(const struct runner *r)
{
	if (loop_timer_armed(r->last) && !r->ordered.running[0] && !r->ordered.head && !may_hear_more(r))
		child_exit(r->child, 0);
}

static void on_peer(void *arg, enum role who, bool up)
{
	leave_if_done(arg);
}

static void on_child(void *arg, int signo)
{
	struct runner *r = arg;
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		for (size_t i = 0; i < sizeof(r->running) / sizeof(r->running[0]); i++)
			if (r->running[i] && r->running[i]->pid == pid) {
				struct job *j = r->running[i];

				r->running[i] = NULL;
				job_done(j, status);
				break;
			}
	pump(&r->beside);
	pump(&r->ordered);
	leave_if_done(r);
}

static void on_start(void *arg, bool restarted)
{
	const struct runner *r = arg;

	child_send(r->child, ROLE_SUPERVISOR, MSG_READY, 0, NULL, 0, -1);
}

/* Nobody waits for it any more. */
static void lane_clear(struct lane *l)
{
	struct job *j;

	for (size_t i = 0; i < l->at_once; i++)
		if (l->running[i]) {
			on_late(l->running[i]);
			job_free(l->running[i]);
			l->running[i] = NULL;
		}
	while ((j = lane_pop(l)))
		job_free(j);
}

static void on_stop(void *arg)
{
	struct runner *r = arg;

	lane_clear(&r->beside);
	loop_timer_set(r->last, RUNNER_LAST);
	leave_if_done(r);
}

/* vrrp may hold its addresses a while for the next supervisor, and has something to ask for when none comes. */
static void on_orphan(void *arg)
{
	struct runner *r = arg;

	lane_clear(&r->beside);
	loop_timer_set(r->last, RUNNER_ORPHAN);
	leave_if_done(r);
}

static void on_last(void *arg)
{
	const struct runner *r = arg;

	if (r->ordered.running[0])
		log_event(
		    LOG_NOTIFY_FAILED, NULL,
		    "notify script %s does not end: killed at the stop, and %zu that waited behind it are not run",
		    r->ordered.running[0]->args, r->ordered.queued);
	child_exit(r->child, 0);
}

static void lane_init(struct lane *l, struct job **running, size_t at_once, size_t most)
{
	*l = (struct lane){.running = running, .at_once = at_once, .most = most};
	l->tail = &l->head;
}

int runner_serve(struct child *c, const struct runner_program *table, size_t n, const struct script_rules *rules)
{
	static const struct child_ops ops = {
	    .start = on_start, .msg = on_msg, .peer = on_peer, .stop = on_stop, .orphan = on_orphan};
	struct runner r = {.child = c, .table = table, .n = n, .scripts = rules};
	int err, code;

	lane_init(&r.beside, r.running, RUNNER_AT_ONCE, RUNNER_QUEUE);
	lane_init(&r.ordered, r.running + RUNNER_AT_ONCE, 1, RUNNER_ORDERED);
	err = loop_signal(child_loop(c), SIGCHLD, on_child, &r);
	if (err < 0) {
		log_error("cannot take SIGCHLD: %s", strerror(-err));
		return 1;
	}
	r.last = loop_timer_new(child_loop(c), on_last, &r);
	code = child_run(c, &ops, &r);
	lane_clear(&r.beside);
	lane_clear(&r.ordered);
	loop_timer_free(r.last);
	return code;
}

int runner_main(struct child *c, const struct role_env *env)
{
	const struct script_rules rules = {
	    .dir = env->places->scripts_dir, .uid = env->places->script_uid, .gid = env->places->script_gid};

	return runner_serve(c, programs, RUN_ENTRY_COUNT, &rules);
}
