/* Life and death: src/supervisor.c, team.c, spawn.c, with roles of the test's own. The supervisor runs in a process of its own; what the roles
 * live through they write as lines to a file, which the test reads. */
#include "../src/supervisor.h"

#include "../src/base/arena.h"
#include "../src/base/file.h"
#include "../src/base/log.h"
#include "../src/base/memfd.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

/* How the roles of a case behave. */
enum { HANG_AT_STOP = 1, BAD_CONFIG = 2, ASKS_REEXEC = 3, FAST_BEAT = 4 };

struct fixture {
	char dir[64];
	char *run, *state, *sock, *story, *notify;
	struct places places;
	int notify_fd;
	pid_t pid;
	int quirk;
};

/* ---- the roles ---- */

struct actor {
	struct child *child;
	const char *story;
};

__attribute__((format(printf, 2, 3))) static void tell(const struct actor *a, const char *fmt, ...)
{
	int fd = open(a->story, O_WRONLY | O_APPEND | O_CREAT, 0644);
	char line[120];
	int n = snprintf(line, sizeof(line), "%s ", role_name(child_role(a->child)));
	va_list ap;

	va_start(ap, fmt);
	n += vsnprintf(line + n, sizeof(line) - (size_t)n - 1, fmt, ap);
	va_end(ap);
	line[n++] = '\n';
	if (write(fd, line, (size_t)n) != n)
		abort();
	close(fd);
}

static void actor_start(void *arg, bool restarted)
{
	const struct actor *a = arg;

	tell(a, "start %d restarted %d", (int)getpid(), restarted);
	if (child_role(a->child) == ROLE_IPVS && !restarted) {
		int fd = memfd_sealed("picture", "all", 3);

		child_send(a->child, ROLE_SUPERVISOR, MSG_KEEP, 7, NULL, 0, fd);
		child_send(a->child, ROLE_SUPERVISOR, MSG_KEEP_ROWS, 8, "row", 3, -1);
		close(fd);
	}
	child_send(a->child, ROLE_SUPERVISOR, MSG_READY, 0, NULL, 0, -1);
	if (child_role(a->child) == ROLE_CONTROL)
		child_send(a->child, ROLE_IPVS, MSG_ASK, 1, NULL, 0, -1);
	child_send(a->child, ROLE_SUPERVISOR, MSG_ASK, 2, NULL, 0, -1); /* control alone is answered */
}

static void actor_msg(void *arg, enum role from, struct msg *m)
{
	tell(arg, "message %u from %s", m->type, role_name(from));
	if (m->fd >= 0)
		close(m->fd);
}

static void actor_peer(void *arg, enum role who, bool up)
{
	tell(arg, "peer %s %s", role_name(who), up ? "up" : "down");
}

static void actor_kept(void *arg, struct msg *m)
{
	tell(arg, "kept %s %d", m->type == MSG_KEPT ? "picture" : "rows", (int)m->generation);
	if (m->fd >= 0)
		close(m->fd);
}

static void actor_reload(void *arg)
{
	tell(arg, "reload");
}

static void actor_dump(void *arg)
{
	const struct actor *a = arg;
	int fd;

	tell(a, "dump");
	if (child_role(a->child) != ROLE_CONTROL)
		return;
	fd = memfd_sealed("state", "{}\n", 3);
	child_send(a->child, ROLE_SUPERVISOR, MSG_STATE, 0, NULL, 0, fd);
	close(fd);
}

static void actor_stop(void *arg)
{
	const struct actor *a = arg;

	tell(a, "stop");
	child_exit(a->child, 0);
}

static void actor_stop_never(void *arg)
{
	tell(arg, "stop");
}

static int act(struct child *c, const struct role_env *env, void (*stop)(void *arg))
{
	const struct child_ops ops = {.start = actor_start,
				      .msg = actor_msg,
				      .peer = actor_peer,
				      .kept = actor_kept,
				      .reload = actor_reload,
				      .dump = actor_dump,
				      .stop = stop};
	struct actor a = {.child = c, .story = env->places->config_file};

	return child_run(c, &ops, &a);
}

static int actor_main(struct child *c, const struct role_env *env)
{
	return act(c, env, actor_stop);
}

static int hanging_main(struct child *c, const struct role_env *env)
{
	return act(c, env, actor_stop_never);
}

/* What `vipctl reexec` comes to. */
static void actor_asks(void *arg)
{
	const struct actor *a = arg;

	child_send(a->child, ROLE_SUPERVISOR, MSG_REEXEC, 0, NULL, 0, -1);
}

static int asking_main(struct child *c, const struct role_env *env)
{
	const struct child_ops ops = {.start = actor_start, .msg = actor_msg, .reload = actor_asks, .stop = actor_stop};
	struct actor a = {.child = c, .story = env->places->config_file};

	return child_run(c, &ops, &a);
}

static int bad_config_main(struct child *c, const struct role_env *env)
{
	return VIPD_BAD_CONFIG;
}

/* ---- the test's side ---- */

static int supervise(const struct fixture *f)
{
	struct supervisor_conf conf = {.places = &f->places, .program = "/nonexistent/vipd"};
	char *program = xasprintf("%s/program", f->dir);
	struct places_users users = {
	    .control = {getuid(), getgid()}, .net = {getuid(), getgid()}, .socket_group = getgid()};
	struct places_open o;
	char error[200];
	int code;

	for (int r = ROLE_CONTROL; r < ROLE_COUNT; r++)
		conf.spawn.roles[r].main = actor_main;
	if (f->quirk == HANG_AT_STOP)
		conf.spawn.roles[ROLE_VRRP].main = hanging_main;
	if (f->quirk == BAD_CONFIG)
		conf.spawn.roles[ROLE_CONTROL].main = bad_config_main;
	if (f->quirk == ASKS_REEXEC) {
		conf.program = program;
		conf.spawn.roles[ROLE_CONTROL].main = asking_main;
	}
	if (f->quirk == HANG_AT_STOP)
		conf.patience = 50 * NSEC_PER_MSEC;
	else
		conf.patience = 60 * NSEC_PER_SEC;
	conf.beat = f->quirk == FAST_BEAT ? 20 * NSEC_PER_MSEC : 60 * NSEC_PER_SEC;
	setenv("NOTIFY_SOCKET", f->notify, 1);
	log_open("vipd", LOG_LEVEL_ERROR);
	conf.lock_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (places_take(&f->places, &users, -1, &o, error, sizeof(error)) < 0)
		return 99;
	conf.open = &o;
	code = supervisor_run(&conf);
	places_close(&o);
	close(conf.lock_fd);
	free(program);
	return code;
}

static void begin(struct fixture *f, int quirk)
{
	f->quirk = quirk;
	f->pid = fork();
	if (f->pid == 0)
		_exit(supervise(f));
}

static char *story(const struct fixture *f)
{
	char *text;
	size_t len;

	return file_read(AT_FDCWD, f->story, 1 << 20, &text, &len) < 0 ? xstrdup("") : text;
}

/* Where the line stands for the n-th time, at its beginning; NULL if it does not. */
static const char *find(const char *text, const char *line, int n)
{
	size_t len = strlen(line);

	for (const char *at = text; (at = strstr(at, line)); at += len)
		if ((at == text || at[-1] == '\n') && --n == 0)
			return at;
	return NULL;
}

/* Waits until a line that begins so has come n times; the number that follows it, if any. */
static long await(const struct fixture *f, const char *line, int n)
{
	static const struct timespec pause = {.tv_nsec = 5000000};

	for (int i = 0; i < 12000; i++) {
		char *text = story(f);
		const char *at = find(text, line, n);
		bool whole = at && strchr(at, '\n');
		long number = whole ? strtol(at + strlen(line), NULL, 10) : 0;

		free(text);
		if (whole)
			return number;
		nanosleep(&pause, NULL);
	}
	fail_msg("never came: %s", line);
	return 0;
}

static int end(struct fixture *f)
{
	int status;

	assert_int_equal(waitpid(f->pid, &status, 0), f->pid);
	f->pid = 0;
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* Reads what the service manager is told until this is in it. */
static void await_notice(const struct fixture *f, const char *what)
{
	char text[400];
	ssize_t n;

	do {
		n = recv(f->notify_fd, text, sizeof(text) - 1, 0);
		assert_true(n > 0);
		text[n] = '\0';
	} while (!strstr(text, what));
}

static int setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	const struct timeval limit = {.tv_sec = 60};
	char error[200];
	char *lock;

	strcpy(f->dir, "/tmp/vipd-test-XXXXXX");
	if (!mkdtemp(f->dir))
		return -1;
	f->run = xasprintf("%s/run", f->dir);
	f->state = xasprintf("%s/state", f->dir);
	f->sock = xasprintf("%s/sock", f->dir);
	f->story = xasprintf("%s/story", f->dir);
	f->notify = xasprintf("%s/notify", f->dir);
	f->places = (struct places){
	    .config_file = f->story, .run_dir = f->run, .state_dir = f->state, .control_socket = f->sock};
	strcpy(sun.sun_path, f->notify);
	f->notify_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	setsockopt(f->notify_fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	if (bind(f->notify_fd, (const struct sockaddr *)&sun, sizeof(sun)) < 0)
		return -1;
	*state = f;
	if (places_make_run_dir(&f->places, error, sizeof(error)) < 0)
		return -1;
	/* places_take wants the lock file to be there */
	lock = xasprintf("%s/lock", f->run);
	close(open(lock, O_WRONLY | O_CREAT, 0644));
	free(lock);
	return 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	return remove(path);
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	if (f->pid > 0) {
		kill(f->pid, SIGKILL);
		waitpid(f->pid, NULL, 0);
	}
	close(f->notify_fd);
	nftw(f->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	free(f->run);
	free(f->state);
	free(f->sock);
	free(f->story);
	free(f->notify);
	free(f);
	return 0;
}

static void test_stop_order(void **state)
{
	struct fixture *f = *state;
	const char *vrrp, *ipvs, *control, *runner;
	char *text;

	begin(f, 0);
	await_notice(f, "READY=1");
	await(f, "ipvs message 38 from control", 1); /* MSG_ASK */
	kill(f->pid, SIGTERM);
	await_notice(f, "STOPPING=1");
	assert_int_equal(end(f), 0);
	text = story(f);
	vrrp = find(text, "vrrp stop", 1);
	ipvs = find(text, "ipvs stop", 1);
	control = find(text, "control stop", 1);
	runner = find(text, "runner stop", 1);
	assert_true(vrrp && ipvs > vrrp && control > ipvs && runner > control);
	/* every pair was joined before the start */
	assert_non_null(find(text, "control peer ipvs up", 1));
	assert_non_null(find(text, "vrrp peer ipvs up", 1));
	assert_non_null(find(text, "vrrp peer runner up", 1));
	assert_true(find(text, "ipvs start", 1) > find(text, "ipvs peer vrrp up", 1));
	free(text);
}

/* What the supervisor uses is for control alone. */
static void test_usage(void **state)
{
	struct fixture *f = *state;
	char *answered = xasprintf("control message %d from supervisor", MSG_ANSWER), *text;

	begin(f, 0);
	await_notice(f, "READY=1");
	await(f, answered, 1);
	kill(f->pid, SIGTERM);
	assert_int_equal(end(f), 0);
	text = story(f);
	assert_null(strstr(strstr(text, answered) + strlen(answered), " from supervisor"));
	free(text);
	free(answered);
}

static void test_dead_child_comes_back(void **state)
{
	struct fixture *f = *state;
	long first;
	char *text;

	begin(f, 0);
	await_notice(f, "READY=1");
	first = await(f, "ipvs start ", 1);
	kill((pid_t)first, SIGKILL);
	assert_int_not_equal(await(f, "ipvs start ", 2), first);
	await(f, "control peer ipvs up", 2);
	await(f, "vrrp peer ipvs up", 2);
	await(f, "runner peer ipvs up", 2);
	text = story(f);
	assert_non_null(find(text, "ipvs kept picture 7", 1));
	assert_true(find(text, "ipvs kept rows 8", 1) > find(text, "ipvs kept picture 7", 1));
	assert_true(find(text, "ipvs start ", 2) > find(text, "ipvs kept rows 8", 1));
	/* nobody else noticed more than a new peer */
	assert_null(find(text, "control start ", 2));
	assert_null(find(text, "vrrp start ", 2));
	free(text);
	kill(f->pid, SIGINT);
	assert_int_equal(end(f), 0);
}

static void test_every_child_comes_back(void **state)
{
	static const char *const lines[] = {"control start ", "ipvs start ", "vrrp start ", "runner start "};
	struct fixture *f = *state;

	begin(f, 0);
	await_notice(f, "READY=1");
	for (size_t i = 0; i < 4; i++) {
		kill((pid_t)await(f, lines[i], 1), SIGKILL);
		await(f, lines[i], 2);
	}
	kill(f->pid, SIGTERM);
	assert_int_equal(end(f), 0);
}

/* What control says the state is goes into run_dir/state.json whole, or not at all. */
static void test_state(void **state)
{
	struct fixture *f = *state;
	char *path = xasprintf("%s/state.json", f->places.run_dir), *text;
	struct stat st;
	size_t len;

	f->places.socket_gid = getgid();
	assert_int_equal(mkdir(path, 0700), 0); /* it is in the way */
	begin(f, 0);
	await_notice(f, "READY=1");
	kill(f->pid, SIGUSR1);
	await(f, "control dump", 1);
	kill((pid_t)await(f, "control start ", 1), SIGKILL); /* it is through when that has been seen */
	await(f, "control start ", 2);
	assert_int_equal(rmdir(path), 0);
	kill(f->pid, SIGUSR1);
	for (int i = 0; i < 12000 && stat(path, &st) < 0; i++)
		nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
	assert_int_equal(st.st_mode & 07777, 0640);
	assert_int_equal(st.st_gid, getgid());
	assert_int_equal(file_read(AT_FDCWD, path, 100, &text, &len), 0);
	assert_string_equal(text, "{}\n");
	free(text);
	unlink(path);
	free(path);
	kill(f->pid, SIGTERM);
	assert_int_equal(end(f), 0);
}

static void test_signals(void **state)
{
	struct fixture *f = *state;

	begin(f, 0);
	await_notice(f, "READY=1");
	kill(f->pid, SIGHUP);
	await_notice(f, "RELOADING=1");
	await(f, "control reload", 1);
	kill(f->pid, SIGUSR1);
	await(f, "vrrp dump", 1);
	await(f, "control dump", 1);
	/* a binary that cannot run replaces nothing */
	kill(f->pid, SIGUSR2);
	kill((pid_t)await(f, "vrrp start ", 1), SIGKILL);
	await(f, "vrrp start ", 2);
	kill(f->pid, SIGTERM);
	assert_int_equal(end(f), 0);
}

/* Control may ask for a replacement. A binary that does not run replaces nothing. */
static void test_asked_to_replace(void **state)
{
	struct fixture *f = *state;
	char *path = xasprintf("%s/program", f->dir);
	char *text = xasprintf("#!/bin/sh\necho \"tried $1\" >>%s\nexit 1\n", f->story);

	assert_int_equal(file_write(AT_FDCWD, path, text, strlen(text), 0755), 0);
	free(text);
	free(path);
	begin(f, ASKS_REEXEC);
	await_notice(f, "READY=1");
	kill(f->pid, SIGHUP);
	await(f, "tried --version", 1);
	kill(f->pid, SIGTERM);
	assert_int_equal(end(f), 0);
}

static void test_hanging_child_is_killed(void **state)
{
	struct fixture *f = *state;

	begin(f, HANG_AT_STOP);
	await_notice(f, "READY=1");
	kill(f->pid, SIGTERM);
	await(f, "vrrp stop", 1);
	assert_int_equal(end(f), 0);
}

/* A child whose loop does not run is killed and started again; the others, who answer, stay. */
static void test_hanging_loop_is_restarted(void **state)
{
	struct fixture *f = *state;
	char *text;

	begin(f, FAST_BEAT);
	await_notice(f, "READY=1");
	kill((pid_t)await(f, "ipvs start ", 1), SIGSTOP);
	await(f, "ipvs start ", 2);
	text = story(f);
	assert_null(find(text, "control start ", 2));
	assert_null(find(text, "vrrp start ", 2));
	assert_null(find(text, "runner start ", 2));
	free(text);
	kill(f->pid, SIGTERM);
	assert_int_equal(end(f), 0);
}

static void test_bad_configuration_ends_it(void **state)
{
	struct fixture *f = *state;

	begin(f, BAD_CONFIG);
	assert_int_equal(end(f), VIPD_BAD_CONFIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_stop_order, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_usage, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_dead_child_comes_back, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_every_child_comes_back, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_state, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_signals, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_asked_to_replace, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_hanging_child_is_killed, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_hanging_loop_is_restarted, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_bad_configuration_ends_it, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
