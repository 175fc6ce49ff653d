/* The runner: src/runner.c. The test is its supervisor and its peer, over socket pairs; the programs are those of a table of the test's. */
#include "../src/runner.h"
#include "limits.h"

#include "../src/base/arena.h"
#include "../src/base/memfd.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define LIMIT (60 * NSEC_PER_SEC)

enum { ECHO = 1, SLEEP, FAIL, KILLED, MISSING, LOUD, SCRIPT, ORDERED, ENTRIES };

static bool any(const char *arg)
{
	return strcmp(arg, "bad") != 0;
}

static const struct runner_program table[ENTRIES] = {
    [ECHO] = {{"/nonexistent/echo", "/bin/echo"}, {"-n", "fixed"}, 2, any, 30000},
    [SLEEP] = {{"/bin/sleep"}, {NULL}, 1, any, 100},
    [FAIL] = {{"/bin/sh"}, {"-c", "echo wrong >&2; exit 3"}, 0, any, 30000},
    [KILLED] = {{"/bin/sh"}, {"-c", "kill -9 $$"}, 0, any, 30000},
    [MISSING] = {{"/nonexistent/x", "/nonexistent/y"}, {NULL}, 0, any, 30000},
    [LOUD] = {{"/bin/sh"}, {"-c", "head -c 200000 /dev/zero"}, 0, any, 30000},
    [SCRIPT] = {.args = 2, .good = any, .limit_ms = 30000, .script = true},
    [ORDERED] = {.args = 2, .good = any, .limit_ms = 30000, .script = true, .ordered = true},
};

struct fixture {
	struct loop *loop;
	struct loop_timer *limit;
	struct chan *supervisor, *peer;
	pid_t pid;
	bool ready, closed;
	size_t answers, wanted;
	uint64_t id; /* of the last answer */
	struct msg_ran ran;
	char output[256], scripts[64];
	int32_t status_of[256]; /* by id */
};

static void on_msg(void *arg, struct chan *c, struct msg *m)
{
	struct fixture *f = arg;

	if (m->type == MSG_READY)
		f->ready = true;
	if (m->type == MSG_ANSWER) {
		const void *bytes;
		size_t len;

		assert_int_equal(memfd_map(m->fd, &bytes, &len), 0);
		snprintf(f->output, sizeof(f->output), "%.*s", (int)len, (const char *)bytes);
		memfd_unmap(bytes, len);
		close(m->fd);
		f->id = m->generation;
		f->answers++;
	}
	if (m->type == MSG_RAN) {
		assert_true(m->len >= sizeof(f->ran));
		memcpy(&f->ran, m->payload, sizeof(f->ran));
		assert_int_equal(m->len, sizeof(f->ran) + f->ran.output);
		memset(f->output, 0, sizeof(f->output));
		memcpy(f->output, (const char *)m->payload + sizeof(f->ran),
		       f->ran.output < sizeof(f->output) ? f->ran.output : sizeof(f->output) - 1);
		f->id = m->generation;
		f->status_of[m->generation % 256] = f->ran.status;
		f->answers++;
	}
	if ((!f->wanted && f->ready) || (f->wanted && f->answers >= f->wanted))
		loop_stop(f->loop, 0);
}

static void on_close(void *arg, struct chan *c)
{
	struct fixture *f = arg;

	if (c == f->peer)
		f->peer = NULL;
	else
		f->supervisor = NULL;
	chan_free(c);
	f->closed = true;
	loop_stop(f->loop, 0);
}

static void on_limit(void *arg)
{
	fail_msg("the runner did not answer");
}

static int run_runner(int channel, const char *scripts)
{
	const struct script_rules rules = {.dir = scripts, .uid = getuid(), .gid = getgid(), .owner = getuid()};
	struct child *c = child_new(ROLE_RUNNER, channel);
	int code = runner_serve(c, table, ENTRIES, &rules);

	child_free(c);
	return code;
}

static int setup(void **state)
{
	struct fixture *f;
	uint32_t role = ROLE_IPVS, restarted = 0;
	char scripts[] = "/tmp/test_runner.XXXXXX";
	int up[2], across[2];
	pid_t pid;

	if (chan_pair(up) < 0 || chan_pair(across) < 0 || !mkdtemp(scripts))
		return -1;
	pid = fork(); /* before there is anything that the child would lose */
	if (pid == 0) {
		close(up[0]);
		close(across[0]);
		close(across[1]);
		_exit(run_runner(up[1], scripts));
	}
	close(up[1]);
	f = xcalloc(1, sizeof(*f));
	memcpy(f->scripts, scripts, sizeof(scripts));
	f->pid = pid;
	f->loop = loop_new();
	f->limit = loop_timer_new(f->loop, on_limit, f);
	loop_timer_set(f->limit, LIMIT);
	f->supervisor = chan_new(f->loop, up[0], on_msg, on_close, f);
	f->peer = chan_new(f->loop, across[0], on_msg, on_close, f);
	chan_send(f->supervisor, MSG_PEER, 0, &role, sizeof(role), across[1]);
	close(across[1]);
	chan_send(f->supervisor, MSG_START, 0, &restarted, sizeof(restarted), -1);
	loop_run(f->loop);
	*state = f;
	return f->ready ? 0 : -1;
}

/* As at a stop of vipd: the others end first. Its exit status, and how long that took. */
static int stop_runner(struct fixture *f, nsec_t *took)
{
	nsec_t from = clock_now();
	int status;

	chan_free(f->peer);
	f->peer = NULL;
	if (f->supervisor)
		chan_send(f->supervisor, MSG_STOP, 0, NULL, 0, -1);
	waitpid(f->pid, &status, 0);
	f->pid = 0;
	if (took)
		*took = clock_now() - from;
	return status;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	int status = f->pid ? stop_runner(f, NULL) : 0;

	chan_free(f->supervisor);
	chan_free(f->peer);
	loop_timer_free(f->limit);
	loop_free(f->loop);
	rmdir(f->scripts);
	free(f);
	return status == 0 ? 0 : -1;
}

/* args: argc texts one behind the other, each with its NUL. */
static void request(struct fixture *f, uint64_t id, uint32_t entry, uint32_t argc, const char *args, size_t len)
{
	struct msg_run run = {.entry = entry, .argc = argc};
	char bytes[sizeof(run) + 64];

	memcpy(bytes, &run, sizeof(run));
	memcpy(bytes + sizeof(run), args, len);
	assert_int_equal(chan_send(f->peer, MSG_RUN, id, bytes, sizeof(run) + len, -1), 0);
}

static void wait_for(struct fixture *f, size_t answers)
{
	f->wanted = answers;
	while (f->answers < answers && !f->closed)
		loop_run(f->loop);
	assert_false(f->closed);
}

static void test_results(void **state)
{
	static const struct {
		uint32_t entry, argc;
		const char *args;
		size_t len;
		int32_t status;
		const char *output;
	} rows[] = {
	    {ECHO, 2, "a\0b c", 6, 0, "fixed a b c"}, {ECHO, 2, "$(id)\0;", 8, 0, "fixed $(id) ;"},
	    {FAIL, 0, "", 0, 3, "wrong\n"},           {KILLED, 0, "", 0, 128 + SIGKILL, ""},
	    {MISSING, 0, "", 0, -ENOENT, ""},         {SLEEP, 1, "1000", 5, -ETIMEDOUT, ""},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		request(f, 100 + i, rows[i].entry, rows[i].argc, rows[i].args, rows[i].len);
		wait_for(f, i + 1);
		assert_int_equal(f->id, 100 + i);
		assert_int_equal(f->ran.status, rows[i].status);
		assert_string_equal(f->output, rows[i].output);
	}
}

/* What it uses. */
static void test_usage(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(chan_send(f->peer, MSG_ASK, 2, NULL, 0, -1), 0);
	wait_for(f, 1);
	assert_int_equal(f->id, 2);
	assert_ptr_equal(strstr(f->output, "{\"process\":{\"cpuNs\":"), f->output);
	assert_non_null(strstr(f->output, "\"open\":"));
}

static void test_output_is_cut(void **state)
{
	struct fixture *f = *state;

	request(f, 1, LOUD, 0, "", 0);
	wait_for(f, 1);
	assert_int_equal(f->ran.status, 0);
	assert_int_equal(f->ran.output, MSG_PAYLOAD_MAX - sizeof(struct msg_ran));
}

static void test_refused(void **state)
{
	static const struct {
		uint32_t entry, argc;
		const char *args;
		size_t len;
		int32_t status;
	} rows[] = {
	    {0, 0, "", 0, -EPERM},
	    {ENTRIES, 0, "", 0, -EPERM},
	    {0xffffffffU, 0, "", 0, -EPERM},
	    {SLEEP, 1, "bad", 4, -EPERM},
	    {ECHO, 2, "good\0bad", 9, -EPERM},
	    {ECHO, 1, "a", 2, -EINVAL},
	    {ECHO, 0xffffffffU, "a\0b", 4, -EINVAL},
	    {ECHO, 2, "a\0b", 3, -EINVAL},       /* the last has no end */
	    {ECHO, 2, "a\0b\0more", 9, -EINVAL}, /* bytes left over */
	    {ECHO, 2, "", 0, -EINVAL},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		request(f, i, rows[i].entry, rows[i].argc, rows[i].args, rows[i].len);
		wait_for(f, i + 1);
		assert_int_equal(f->ran.status, rows[i].status);
	}
}

static void test_garbage(void **state)
{
	struct fixture *f = *state;

	chan_send(f->peer, MSG_RUN, 1, "short", 5, -1);
	wait_for(f, 1);
	assert_int_equal(f->ran.status, -EINVAL);
	chan_send(f->peer, MSG_RUN, 2, NULL, 0, STDERR_FILENO);
	chan_send(f->peer, 9999, 3, "what", 4, STDERR_FILENO);
	request(f, 4, FAIL, 0, "", 0);
	wait_for(f, 3);
	assert_int_equal(f->id, 4);
}

/* All places and the whole queue taken by programs that run until their limit: one more is turned away. */
static void test_queue(void **state)
{
	struct fixture *f = *state;
	unsigned n = RUNNER_AT_ONCE + RUNNER_QUEUE, refused = 0, late = 0;

	for (unsigned i = 0; i <= n; i++)
		request(f, i, SLEEP, 1, "1000", 5);
	wait_for(f, n + 1);
	for (unsigned i = 0; i <= n; i++) {
		refused += f->status_of[i] == -EAGAIN;
		late += f->status_of[i] == -ETIMEDOUT;
	}
	assert_int_equal(refused + late, n + 1);
	assert_true(late >= RUNNER_AT_ONCE);
}

/* A script in the test's folder; its path, valid until the next one. */
static const char *script_make(const struct fixture *f, const char *name, const char *text)
{
	static char path[128];
	FILE *out;

	snprintf(path, sizeof(path), "%s/%s", f->scripts, name);
	out = fopen(path, "w");
	assert_non_null(out);
	fprintf(out, "#!/bin/sh\n%s\n", text);
	fclose(out);
	assert_int_equal(chmod(path, 0755), 0);
	return path;
}

/* What the ordered scripts wrote. */
static void expect_told(const struct fixture *f, const char *want)
{
	char path[128], got[256] = "";
	FILE *in;

	snprintf(path, sizeof(path), "%s/told", f->scripts);
	in = fopen(path, "r");
	if (in) {
		got[fread(got, 1, sizeof(got) - 1, in)] = '\0';
		fclose(in);
		unlink(path);
	}
	assert_string_equal(got, want);
}

/* "last" waits until another one has told; the first is the slowest: beside each other they would end in another order. */
static const char slow_tell[] =
    "case $1 in last) until [ -s ${0%/*}/told ]; do sleep 0.01; done ;; *) sleep $1 ;; esac\n"
    "echo $1 >>${0%/*}/told";

struct asked {
	uint32_t entry;
	const char *word; /* of slow_tell; NULL: the end */
};

/* Asks for all of these, does what the test wants with the runner, and looks at what was told. */
static void tell(struct fixture *f, const struct asked *asked, void (*then)(struct fixture *f), const char *want)
{
	const char *path = script_make(f, "tell", slow_tell);
	char args[32];

	for (uint64_t i = 0; asked[i].word; i++) {
		int len = snprintf(args, sizeof(args), "tell%c%s", 0, asked[i].word);

		request(f, i + 1, asked[i].entry, 2, args, (size_t)len + 1);
	}
	then(f);
	unlink(path);
	expect_told(f, want);
}

static void all_answered(struct fixture *f)
{
	wait_for(f, 4);
}

/* The first waits for what runs beside them. */
static void test_ordered(void **state)
{
	static const struct asked asked[] = {
	    {ORDERED, "last"}, {ORDERED, "0.1"}, {ORDERED, "0"}, {SCRIPT, "0.0"}, {0, NULL}};

	if (limits_are_fixed())
		skip();
	tell(*state, asked, all_answered, "0.0\nlast\n0.1\n0\n");
}

static void stopped_soon(struct fixture *f)
{
	nsec_t took;

	assert_int_equal(stop_runner(f, &took), 0);
	assert_true(took < RUNNER_LAST);
}

/* All that was asked for in order is done before the runner ends; what else runs is not waited for. */
static void test_stop(void **state)
{
	static const struct asked asked[] = {{SCRIPT, "25"}, {ORDERED, "0.3"}, {ORDERED, "0.1"}, {0, NULL}};

	if (limits_are_fixed())
		skip();
	tell(*state, asked, stopped_soon, "0.3\n0.1\n");
}

static void stopped_at_last(struct fixture *f)
{
	nsec_t took;

	assert_int_equal(stop_runner(f, &took), 0);
	assert_in_range(took, RUNNER_LAST, 20 * NSEC_PER_SEC);
}

/* But not for ever. */
static void test_stop_hangs(void **state)
{
	static const struct asked asked[] = {{ORDERED, "25"}, {ORDERED, "0"}, {0, NULL}};

	if (limits_are_fixed())
		skip();
	tell(*state, asked, stopped_at_last, "");
}

/* The supervisor is dead; whoever asks for more some time later ends after it. */
static void orphaned(struct fixture *f)
{
	const char last[] = "tell\0000.1";

	chan_free(f->supervisor);
	f->supervisor = NULL;
	wait_for(f, 1);
	request(f, 9, ORDERED, 2, last, sizeof(last));
	stopped_soon(f);
}

static void test_orphan(void **state)
{
	static const struct asked asked[] = {{ORDERED, "0.3"}, {0, NULL}};

	if (limits_are_fixed())
		skip();
	tell(*state, asked, orphaned, "0.3\n0.1\n");
}

/* The script's own process group, user and arguments; its standard output comes back. */
static void test_script(void **state)
{
	struct fixture *f = *state;
	char path[128];

	if (limits_are_fixed())
		skip();
	script_make(f, "tell", "echo \"$# $1 $(id -u) $(ulimit -n)\"");
	request(f, 1, SCRIPT, 2, "tell\0a b", 9);
	wait_for(f, 1);
	assert_int_equal(f->ran.status, 0);
	snprintf(path, sizeof(path), "1 a b %u 256\n", (unsigned)getuid());
	assert_string_equal(f->output, path);
	snprintf(path, sizeof(path), "%s/tell", f->scripts);
	assert_int_equal(chmod(path, 0777), 0);
	request(f, 2, SCRIPT, 2, "tell\0a b", 9);
	wait_for(f, 2);
	assert_int_equal(f->ran.status, -EPERM);
	unlink(path);
	request(f, 3, SCRIPT, 2, "tell\0a b", 9);
	wait_for(f, 3);
	assert_int_equal(f->ran.status, -ENOENT);
	request(f, 4, SCRIPT, 2, "../tell\0a", 10);
	wait_for(f, 4);
	assert_int_equal(f->ran.status, -EINVAL);
}

static void test_texts(void **state)
{
	char text[70];

	memset(text, 'x', sizeof(text));
	text[64] = '\0';
	assert_true(runner_text_good(text));
	text[64] = 'x';
	text[65] = '\0';
	assert_false(runner_text_good(text));
	assert_true(runner_text_good("vips-ipv6"));
	assert_false(runner_text_good("a\nb"));
	assert_false(runner_text_good("\x7f"));
}

static void test_modules(void **state)
{
	static const char *const good[] = {"ip_vs", "ip_vs_rr", "ip_vs_mh", "dummy"};
	static const char *const bad[] = {"", "ip_vs_ftp", "ip_vs_", "loop", "ip_vs rr", "-r", "../x", "ip_vs_rr.ko"};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_true(runner_module_good(good[i]));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(runner_module_good(bad[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_results, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_usage, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_output_is_cut, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_garbage, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_queue, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_script, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_ordered, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_stop, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_stop_hangs, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_orphan, setup, teardown),
	    cmocka_unit_test(test_modules),
	    cmocka_unit_test(test_texts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
