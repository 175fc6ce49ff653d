/* Decides what happens when a process dies and when a signal comes (DESIGN.md, Life and death).
 *
 *      start ----> RUN ---SIGTERM, SIGINT, a child that cannot---> STOP: vrrp, ipvs, control, runner; each MSG_STOP -> exit 0
 *   after exec --> REPLACE: runner, ipvs, vrrp, control; each MSG_LEAVE -> successor -> ready ---> RUN
 *
 * In RUN and REPLACE a child that dies is started again (restart.c). Test: tests/test_supervisor.c */
#include "supervisor.h"

#include "base/log.h"
#include "notify.h"
#include "reexec.h"
#include "restart.h"
#include "state_file.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE     (5 * NSEC_PER_SEC)
#define HAND_OVER    (10 * NSEC_PER_SEC) /* vrrp waits for its successor to be heard */
#define READY_LIMIT  (15 * NSEC_PER_SEC) /* of a successor, before the next one is replaced */
#define RELOAD_LIMIT (5 * NSEC_PER_SEC)  /* then the service manager is told that the reload is over */
#define FLUSH_LIMIT  (1 * NSEC_PER_SEC)
#define BEAT         (3 * NSEC_PER_SEC)

enum phase { RUN, STOP, REPLACE };

struct supervisor {
	const struct supervisor_conf *conf;
	struct loop *loop;
	struct team *team;
	enum phase phase;
	size_t step;  /* of stop_order or replace_order */
	bool leaving; /* REPLACE: the old process has been told to leave; else its successor is awaited */
	bool settled; /* READY has been said once */
	int code;
	pid_t probe; /* the new binary is being tried; 0: no */
	struct loop_timer *step_limit, *probe_limit, *reload_limit, *watchdog, *beat;
	struct again {
		struct supervisor *s;
		enum role role;
		struct restart restart;
		struct loop_timer *timer;
	} again[ROLE_COUNT];
};

/* vrrp first, so that clients go elsewhere before the table shrinks. */
static const enum role stop_order[] = {ROLE_VRRP, ROLE_IPVS, ROLE_CONTROL, ROLE_RUNNER};
static const enum role replace_order[] = {ROLE_RUNNER, ROLE_IPVS, ROLE_VRRP, ROLE_CONTROL};
enum { STEPS = 4 };

static nsec_t patience(const struct supervisor *s)
{
	return s->conf->patience ? s->conf->patience : PATIENCE;
}

static bool has_role(const struct supervisor *s, enum role r)
{
	return s->conf->spawn.roles[r].main;
}

/* ---- stopping ---- */

static void stop_next(struct supervisor *s)
{
	while (s->step < STEPS && !team_runs(s->team, stop_order[s->step]))
		s->step++;
	if (s->step == STEPS) {
		loop_stop(s->loop, s->code);
		return;
	}
	if (!team_order(s->team, stop_order[s->step], MSG_STOP))
		team_kill(s->team, stop_order[s->step]);
	loop_timer_set(s->step_limit, stop_order[s->step] == ROLE_VRRP && !s->conf->patience ? HAND_OVER : patience(s));
}

static void stop(struct supervisor *s, int code)
{
	if (s->phase == STOP)
		return;
	s->phase = STOP;
	s->step = 0;
	s->code = code;
	for (int r = 0; r < ROLE_COUNT; r++)
		loop_timer_stop(s->again[r].timer);
	notify_stopping();
	stop_next(s);
}

/* ---- starting ---- */

static void start(struct supervisor *s, unsigned roles)
{
	int err = team_start(s->team, roles);

	if (err == 0)
		return;
	log_event(LOG_PROCESS_NOT_STARTED, NULL, "cannot start a process: %s", strerror(-err));
	for (int r = 0; r < ROLE_COUNT; r++)
		if (roles & 1U << r && has_role(s, (enum role)r) && !team_runs(s->team, (enum role)r))
			loop_timer_set(s->again[r].timer, NSEC_PER_SEC);
}

static void on_again(void *arg)
{
	struct again *a = arg;

	start(a->s, 1U << a->role);
}

static const char *describe(int status, char *buf, size_t size)
{
	if (WIFSIGNALED(status))
		snprintf(buf, size, "signal %d, %s", WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		snprintf(buf, size, "exit code %d", WEXITSTATUS(status));
	return buf;
}

static void start_again(struct supervisor *s, enum role r, int status, nsec_t lived)
{
	nsec_t delay = restart_delay(&s->again[r].restart, lived);
	char why[80];

	log_event(LOG_PROCESS_DIED, LOG_WITH(.child = role_name(r)), "%s died (%s): started again in %lld s",
		  role_name(r), describe(status, why, sizeof(why)), (long long)(delay / NSEC_PER_SEC));
	if (delay)
		loop_timer_set(s->again[r].timer, delay);
	else
		start(s, 1U << r);
}

/* ---- replacing ---- */

static void replace_next(struct supervisor *s)
{
	while (s->step < STEPS && !has_role(s, replace_order[s->step]))
		s->step++;
	if (s->step == STEPS) {
		loop_timer_stop(s->step_limit);
		s->phase = RUN;
		log_event(LOG_REPLACED, NULL, "replaced: every process runs vipd %s", VIPD_VERSION);
		return;
	}
	s->leaving = team_runs(s->team, replace_order[s->step]);
	if (!s->leaving) {
		loop_timer_stop(s->again[replace_order[s->step]].timer);
		start(s, 1U << replace_order[s->step]);
		loop_timer_set(s->step_limit, READY_LIMIT);
		return;
	}
	if (!team_order(s->team, replace_order[s->step], MSG_LEAVE))
		team_kill(s->team, replace_order[s->step]);
	loop_timer_set(s->step_limit, patience(s));
}

static void replace_ready(struct supervisor *s)
{
	s->step++;
	replace_next(s);
}

static void on_step_limit(void *arg)
{
	struct supervisor *s = arg;
	enum role r = s->phase == STOP ? stop_order[s->step] : replace_order[s->step];

	if (s->phase == STOP || s->leaving) {
		log_warning("%s (pid %d) does not end: killed", role_name(r), (int)team_pid(s->team, r));
		team_kill(s->team, r);
	} else {
		log_warning("%s is not ready yet: going on with the others", role_name(r));
		replace_ready(s);
	}
}

/* ---- what the children do ---- */

static bool all_ready(const struct supervisor *s)
{
	for (int r = 0; r < ROLE_COUNT; r++)
		if (r != ROLE_RUNNER && has_role(s, (enum role)r) && !team_ready(s->team, (enum role)r))
			return false;
	return true;
}

static void on_ready(void *arg, enum role r)
{
	struct supervisor *s = arg;

	if (s->phase == STOP)
		return;
	if (r == ROLE_CONTROL && loop_timer_armed(s->reload_limit)) {
		loop_timer_stop(s->reload_limit);
		notify_ready();
	}
	if (!s->settled && all_ready(s)) {
		s->settled = true;
		log_event(LOG_READY, NULL, "ready");
		notify_ready();
	}
	if (s->phase == REPLACE && !s->leaving && r == replace_order[s->step])
		replace_ready(s);
}

/* It said itself what is wrong; starting it again would not help. */
static bool hopeless(const struct supervisor *s, int status)
{
	int code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;

	return !s->settled && (code == VIPD_USAGE || code == VIPD_CANNOT || code == VIPD_BAD_CONFIG);
}

static void on_gone(void *arg, enum role r, int status, nsec_t lived)
{
	struct supervisor *s = arg;

	if (s->phase == STOP && r == stop_order[s->step])
		stop_next(s);
	else if (s->phase == STOP)
		log_debug("%s ended before its turn", role_name(r));
	else if (s->phase == REPLACE && s->leaving && r == replace_order[s->step])
		replace_next(s);
	else if (hopeless(s, status))
		stop(s, WEXITSTATUS(status));
	else
		start_again(s, r, status, lived);
}

/* ---- signals ---- */

/* Returns only when it did not work; then nothing has changed. */
static void replace_binary(struct supervisor *s)
{
	struct reexec r = {.lock_fd = s->conf->lock_fd, .listen_fd = s->conf->open->listen_fd, .settled = s->settled};
	int err;

	team_flush(s->team, FLUSH_LIMIT);
	for (int i = 0; i < ROLE_COUNT; i++)
		team_look(s->team, (enum role)i, &r.members[i]);
	log_info("replacing the binary by %s", s->conf->program);
	err = reexec_exec(s->conf->program, s->conf->argv, &r);
	log_event(LOG_REPLACE_FAILED, LOG_WITH(.file = s->conf->program),
		  "%s cannot be executed: %s; nothing has changed", s->conf->program, strerror(-err));
}

static void on_other_gone(void *arg, pid_t pid, int status)
{
	struct supervisor *s = arg;
	char why[80];

	if (!s->probe || pid != s->probe)
		return;
	s->probe = 0;
	loop_timer_stop(s->probe_limit);
	if (s->phase != RUN)
		return;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		replace_binary(s);
	else
		log_event(LOG_REPLACE_FAILED, LOG_WITH(.file = s->conf->program),
			  "%s --version failed (%s): not replaced, nothing has changed", s->conf->program,
			  describe(status, why, sizeof(why)));
}

static void on_probe_limit(void *arg)
{
	struct supervisor *s = arg;

	if (s->probe)
		kill(s->probe, SIGKILL);
}

static void on_child(void *arg, int signo)
{
	struct supervisor *s = arg;

	team_reap(s->team, on_other_gone, s);
}

static void on_stop(void *arg, int signo)
{
	struct supervisor *s = arg;

	log_event(LOG_STOPPING, NULL, "stopping (%s)", strsignal(signo));
	stop(s, VIPD_OK);
}

static void on_reload_limit(void *arg)
{
	notify_ready();
}

static void on_reload(void *arg, int signo)
{
	struct supervisor *s = arg;

	if (s->phase == STOP)
		return;
	log_info("reloading");
	notify_reloading();
	team_order(s->team, ROLE_CONTROL, MSG_RELOAD);
	loop_timer_set(s->reload_limit, RELOAD_LIMIT);
}

static void on_state(void *arg, int fd)
{
	const struct supervisor *s = arg;

	state_file_write(s->conf->places, fd);
}

static void on_dump(void *arg, int signo)
{
	struct supervisor *s = arg;

	team_dump(s->team);
	if (!team_runs(s->team, ROLE_CONTROL))
		log_warning("control does not run: %s/state.json is not written", s->conf->places->run_dir);
	for (int r = 0; r < ROLE_COUNT; r++)
		team_order(s->team, (enum role)r, MSG_DUMP);
}

/* SIGUSR2, or `vipctl reexec` by way of control. */
static void replace(void *arg)
{
	struct supervisor *s = arg;
	pid_t pid;

	if (s->phase != RUN || s->probe) {
		log_warning("a stop or a replacement is under way: another one is passed over");
		return;
	}
	pid = reexec_probe(s->conf->program);
	if (pid < 0) {
		log_event(LOG_REPLACE_FAILED, LOG_WITH(.file = s->conf->program),
			  "cannot try %s: %s; nothing has changed", s->conf->program, strerror((int)-pid));
		return;
	}
	s->probe = pid;
	loop_timer_set(s->probe_limit, patience(s));
}

static void on_replace(void *arg, int signo)
{
	replace(arg);
}

static void on_watchdog(void *arg)
{
	struct supervisor *s = arg;

	notify_watchdog();
	loop_timer_set(s->watchdog, notify_watchdog_period());
}

/* A child that hangs is restarted alone: to the service manager only the supervisor's own loop counts. One that is to end has limits of its own. */
static void on_beat(void *arg)
{
	struct supervisor *s = arg;

	if (s->phase != STOP)
		team_ping(s->team);
	loop_timer_set(s->beat, s->conf->beat ? s->conf->beat : BEAT);
}

static int take_signals(struct supervisor *s)
{
	static const struct {
		int signo;
		void (*cb)(void *arg, int signo);
	} rows[] = {
	    {SIGCHLD, on_child}, {SIGTERM, on_stop}, {SIGINT, on_stop},
	    {SIGHUP, on_reload}, {SIGUSR1, on_dump}, {SIGUSR2, on_replace},
	};
	int err = 0;

	signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]) && !err; i++)
		err = loop_signal(s->loop, rows[i].signo, rows[i].cb, s);
	return err;
}

/* ---- life ---- */

static void init(struct supervisor *s)
{
	static const struct team_ops ops = {.ready = on_ready, .reexec = replace, .state = on_state, .gone = on_gone};
	const struct supervisor_conf *c = s->conf;

	s->team = team_new(s->loop, &c->spawn, c->places, c->open, c->argc, c->argv, &ops, s);
	s->step_limit = loop_timer_new(s->loop, on_step_limit, s);
	s->probe_limit = loop_timer_new(s->loop, on_probe_limit, s);
	s->reload_limit = loop_timer_new(s->loop, on_reload_limit, s);
	s->watchdog = loop_timer_new(s->loop, on_watchdog, s);
	s->beat = loop_timer_new(s->loop, on_beat, s);
	for (int r = 0; r < ROLE_COUNT; r++) {
		s->again[r] = (struct again){.s = s, .role = (enum role)r};
		s->again[r].timer = loop_timer_new(s->loop, on_again, &s->again[r]);
	}
}

static void clear(struct supervisor *s)
{
	team_free(s->team);
	loop_timer_free(s->step_limit);
	loop_timer_free(s->probe_limit);
	loop_timer_free(s->reload_limit);
	loop_timer_free(s->watchdog);
	loop_timer_free(s->beat);
	for (int r = 0; r < ROLE_COUNT; r++)
		loop_timer_free(s->again[r].timer);
}

static void begin(struct supervisor *s)
{
	struct reexec *r = s->conf->carried;

	if (!r) {
		start(s, (1U << ROLE_COUNT) - 1);
		return;
	}
	s->settled = r->settled;
	for (int i = 0; i < ROLE_COUNT; i++)
		team_adopt(s->team, (enum role)i, &r->members[i]);
	s->phase = REPLACE;
	replace_next(s);
	/* One that died during the exec: its SIGCHLD may have been spent. */
	team_reap(s->team, on_other_gone, s);
}

int supervisor_run(const struct supervisor_conf *conf)
{
	struct supervisor s = {.conf = conf, .loop = loop_new()};
	int err, code;

	log_wait_at_most(LOG_WAIT_MS);
	if (!s.loop) {
		log_error("cannot make an event loop: %s", strerror(errno));
		return VIPD_FAILED;
	}
	init(&s);
	err = take_signals(&s);
	if (err < 0) {
		log_error("cannot take signals: %s", strerror(-err));
		code = VIPD_FAILED;
	} else {
		if (notify_watchdog_period())
			on_watchdog(&s);
		on_beat(&s);
		begin(&s);
		code = loop_run(s.loop);
	}
	clear(&s);
	loop_free(s.loop);
	return code;
}
