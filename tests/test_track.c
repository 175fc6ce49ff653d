/* The tracker: vrrp/track.c, with a folder of the test's own, links by hand, and a runner that is the test. */
#include "../vrrp/track.h"

#include "../src/base/arena.h"

#include <errno.h>
#include <linux/if.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define LIMIT (60 * NSEC_PER_SEC)

enum { SEEN_MAX = 8, FAST_MS = 5 };

struct seen {
	unsigned times;
	bool up;
	int value;
};

struct world {
	struct loop *loop;
	struct loop_timer *limit;
	struct links links;
	struct tracker *tracker;
	char dir[64];
	struct seen seen[2][SEEN_MAX]; /* [0] router "a", [1] "b" */
	uint64_t run;                  /* the last that was asked for */
	unsigned runs;
	int run_error;
};

static void on_seen(void *arg, const char *router, size_t i, bool up, int value)
{
	struct world *w = arg;
	struct seen *s = &w->seen[router[0] == 'b'][i];

	s->times++;
	s->up = up;
	s->value = value;
	loop_stop(w->loop, 0);
}

static int on_run(void *arg, uint64_t id, const char *script, uint32_t timeout_ms)
{
	struct world *w = arg;

	assert_string_equal(script, "check");
	assert_int_equal(timeout_ms, 700);
	w->runs++;
	w->run = id;
	loop_stop(w->loop, 0);
	return w->run_error;
}

static void on_limit(void *arg)
{
	fail_msg("nothing happened");
}

static const struct tracker_hooks hooks = {.seen = on_seen, .run = on_run};

static int setup(void **state)
{
	struct world *w = xcalloc(1, sizeof(*w));

	strcpy(w->dir, "/tmp/test_track.XXXXXX");
	if (!mkdtemp(w->dir))
		return -1;
	w->loop = loop_new();
	w->limit = loop_timer_new(w->loop, on_limit, w);
	loop_timer_set(w->limit, LIMIT);
	w->tracker = tracker_new(w->loop, w->dir, &w->links, &hooks, w);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;
	char path[128];

	tracker_free(w->tracker);
	loop_timer_free(w->limit);
	loop_free(w->loop);
	links_clear(&w->links);
	snprintf(path, sizeof(path), "%s/prio", w->dir);
	unlink(path);
	rmdir(w->dir);
	free(w);
	return 0;
}

static void link_set(struct world *w, uint32_t index, const char *name, bool up)
{
	struct link l = {.index = index, .flags = up ? IFF_UP | IFF_LOWER_UP | IFF_RUNNING : IFF_UP};

	snprintf(l.name, sizeof(l.name), "%s", name);
	links_update(&w->links, &l);
	tracker_links(w->tracker);
}

static struct router router(const char *name, struct track *tracks)
{
	struct router r = {.tracks = tracks, .n_tracks = 1};

	snprintf(r.name, sizeof(r.name), "%s", name);
	return r;
}

static void test_interface(void **state)
{
	struct world *w = *state;
	const struct seen *a = &w->seen[0][0];
	struct router r = router("a", &(struct track){.kind = TRACK_INTERFACE, .name = "eth1"});

	tracker_set(w->tracker, &r);
	assert_int_equal(a->times, 1);
	assert_false(a->up);
	link_set(w, 3, "eth1", true);
	assert_int_equal(a->times, 2);
	assert_true(a->up);
	link_set(w, 4, "eth2", false);
	assert_int_equal(a->times, 2);
	link_set(w, 3, "eth1", false);
	assert_int_equal(a->times, 3);
	link_set(w, 3, "other", true);
	link_set(w, 5, "eth1", true); /* it comes back under another index */
	assert_int_equal(a->times, 4);
	assert_true(a->up);
	links_remove(&w->links, 5);
	tracker_links(w->tracker);
	assert_int_equal(a->times, 5);
	assert_false(a->up);
	tracker_drop(w->tracker, "a");
	link_set(w, 6, "eth1", true);
	assert_int_equal(a->times, 5);
}

static void test_debounce(void **state)
{
	struct world *w = *state;
	const struct seen *a = &w->seen[0][0];
	struct router r = router("a", &(struct track){.kind = TRACK_INTERFACE, .name = "eth1", .debounce_ms = 20});

	link_set(w, 3, "eth1", true);
	tracker_set(w->tracker, &r);
	assert_true(a->up); /* what is there from the start is believed */
	link_set(w, 3, "eth1", false);
	link_set(w, 3, "eth1", true);
	link_set(w, 3, "eth1", false);
	assert_int_equal(a->times, 1);
	loop_run(w->loop);
	assert_int_equal(a->times, 2);
	assert_false(a->up);
}

static void write_file(struct world *w, const char *text)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/prio", w->dir);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void test_file(void **state)
{
	struct world *w = *state;
	const struct seen *a = &w->seen[0][0];
	struct router r =
	    router("a", &(struct track){.kind = TRACK_FILE, .name = "prio", .weight = 1, .interval_ms = FAST_MS});

	tracker_set(w->tracker, &r);
	loop_run(w->loop);
	assert_int_equal(a->value, 0); /* it is not there */
	write_file(w, "12\n");
	while (a->value != 12)
		loop_run(w->loop);
	write_file(w, "-7");
	while (a->value != -7)
		loop_run(w->loop);
	write_file(w, "no number");
	while (a->value != 0)
		loop_run(w->loop);
	assert_true(a->up);
}

static void test_file_outside(void **state)
{
	struct world *w = *state;
	struct router r =
	    router("a", &(struct track){.kind = TRACK_FILE, .name = "../prio", .weight = 1, .interval_ms = FAST_MS});

	tracker_set(w->tracker, &r);
	loop_run(w->loop);
	assert_int_equal(w->seen[0][0].value, 0);
}

static pid_t process(const char *name)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	prctl(PR_SET_NAME, name);
	for (;;)
		pause();
}

static void test_process(void **state)
{
	struct world *w = *state;
	const struct seen *a = &w->seen[0][0];
	struct router r = router("a", &(struct track){.kind = TRACK_PROCESS, .interval_ms = FAST_MS});
	pid_t pid;

	snprintf(r.tracks[0].name, TRACK_NAME, "trk%ld", (long)getpid());
	tracker_set(w->tracker, &r);
	loop_run(w->loop);
	assert_int_equal(a->times, 1);
	assert_false(a->up);
	pid = process(r.tracks[0].name);
	loop_run(w->loop);
	assert_true(a->up);
	kill(pid, SIGKILL);
	loop_run(w->loop); /* a zombie is no process */
	assert_false(a->up);
	waitpid(pid, NULL, 0);
	assert_int_equal(a->times, 3);
}

static void ran(struct world *w, int status)
{
	struct msg_ran m = {.status = status};

	assert_true(tracker_ran(w->tracker, w->run, &m));
	assert_false(tracker_ran(w->tracker, w->run, &m));
}

static void next_run(struct world *w)
{
	unsigned runs = w->runs;

	while (w->runs == runs)
		loop_run(w->loop);
}

static void test_script(void **state)
{
	static const struct {
		int status;
		unsigned times;
		bool up;
	} rows[] = {{0, 1, true}, {3, 1, true},          {128 + 9, 2, false}, {0, 2, false},     {-EAGAIN, 2, false},
		    {0, 3, true}, {-ETIMEDOUT, 3, true}, {0, 3, true},        {-EPERM, 3, true}, {1, 4, false}};
	struct world *w = *state;
	struct track t = {.kind = TRACK_SCRIPT, .name = "check", .interval_ms = FAST_MS, .timeout_ms = 700};
	struct track other; /* the same script for another router: one run */
	struct router a, b;

	t.rise = t.fall = 2;
	a = router("a", &t);
	other = t;
	other.weight = 30;
	b = router("b", &other);
	tracker_set(w->tracker, &a);
	tracker_set(w->tracker, &b);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		next_run(w);
		assert_int_equal(w->runs, i + 1);
		ran(w, rows[i].status);
		assert_int_equal(w->seen[0][0].times, rows[i].times);
		assert_int_equal(w->seen[0][0].up, rows[i].up);
		assert_int_equal(w->seen[1][0].times, rows[i].times);
	}
	assert_false(tracker_state(w->tracker, "a", 0)->up);
	assert_null(tracker_state(w->tracker, "a", 1));
	assert_null(tracker_state(w->tracker, "c", 0));
}

/* A run that is not answered is not doubled; when the runner comes anew it is made again. */
static void test_runner_lost(void **state)
{
	struct world *w = *state;
	struct track t = {.kind = TRACK_SCRIPT, .name = "check", .interval_ms = FAST_MS, .timeout_ms = 700};
	struct router r = router("a", &t);

	w->run_error = -ENOTCONN;
	tracker_set(w->tracker, &r);
	next_run(w);
	w->run_error = 0;
	next_run(w);
	assert_int_equal(w->seen[0][0].times, 0);
	tracker_runner(w->tracker, false);
	tracker_runner(w->tracker, true);
	next_run(w);
	ran(w, 0);
	assert_true(w->seen[0][0].up);
}

static void test_script_name(void **state)
{
	struct world *w = *state;
	struct track t = {.kind = TRACK_SCRIPT, .name = "../check", .interval_ms = FAST_MS, .timeout_ms = 700};
	struct router r = router("a", &t);

	tracker_set(w->tracker, &r);
	loop_run(w->loop);
	assert_int_equal(w->runs, 0);
	assert_int_equal(w->seen[0][0].times, 1);
	assert_false(w->seen[0][0].up);
}

/* A router's tracks change: what stays keeps its state and is told again. */
static void test_change(void **state)
{
	struct world *w = *state;
	struct track tracks[2] = {{.kind = TRACK_INTERFACE, .name = "eth1"}};
	struct router r = router("a", tracks);

	link_set(w, 3, "eth1", true);
	tracker_set(w->tracker, &r);
	tracks[1] = tracks[0];
	strcpy(tracks[0].name, "eth2");
	r.n_tracks = 2;
	tracker_set(w->tracker, &r);
	assert_false(w->seen[0][0].up);
	assert_true(w->seen[0][1].up);
	assert_int_equal(w->seen[0][1].times, 1);
	r.n_tracks = 0;
	tracker_set(w->tracker, &r);
	link_set(w, 3, "eth1", false);
	assert_int_equal(w->seen[0][1].times, 1);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_interface), T(test_debounce),    T(test_file),        T(test_file_outside), T(test_process),
	    T(test_script),    T(test_runner_lost), T(test_script_name), T(test_change),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
