/* Notifications: vrrp/notify.c with a FIFO of the test's own and a runner that is the test. */
#include "../vrrp/notify.h"

#include "../src/base/arena.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

struct world {
	struct loop *loop;
	struct notifier *n;
	char dir[64];
	struct vip_settings to;
	unsigned runs;
	uint64_t id;
	char args[256]; /* of the last run, a blank between */
	int run_error;
};

static int on_run(void *arg, uint64_t id, uint32_t argc, const char *args, size_t len)
{
	struct world *w = arg;
	unsigned nuls = 0;

	assert_true(len <= sizeof(w->args));
	if (w->run_error)
		return w->run_error;
	memcpy(w->args, args, len);
	for (size_t i = 0; i < len; i++)
		if (!w->args[i]) {
			nuls++;
			if (i + 1 < len)
				w->args[i] = ' ';
		}
	assert_int_equal(nuls, argc);
	w->runs++;
	w->id = id;
	return 0;
}

static int setup(void **state)
{
	struct world *w = xcalloc(1, sizeof(*w));

	strcpy(w->dir, "/tmp/test_notify.XXXXXX");
	if (!mkdtemp(w->dir))
		return -1;
	w->loop = loop_new();
	w->n = notifier_new(w->loop, on_run, w);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	notifier_free(w->n);
	loop_free(w->loop);
	unlink(w->to.notify_fifo);
	rmdir(w->dir);
	free(w);
	return 0;
}

static void to_fifo(struct world *w)
{
	snprintf(w->to.notify_fifo, sizeof(w->to.notify_fifo), "%.60s/fifo", w->dir);
	notifier_set(w->n, &w->to);
}

static void to_script(struct world *w, const char *name)
{
	snprintf(w->to.notify_script, sizeof(w->to.notify_script), "%s", name);
	notifier_set(w->n, &w->to);
}

static void ran(struct world *w, int status)
{
	struct msg_ran m = {.status = status};

	assert_true(notifier_ran(w->n, w->id, &m));
}

static void test_lines(void **state)
{
	static const char want[] = "INSTANCE \"vips\" MASTER 100\nINSTANCE \"vips\" BACKUP 90\nGROUP \"all\" FAULT 0\n";
	struct world *w = *state;
	struct notify_counts c;
	char got[256] = "";
	int fd;

	to_fifo(w);
	assert_int_equal(mkfifo(w->to.notify_fifo, 0600), 0);
	notifier_tell(w->n, "INSTANCE", "vips", "MASTER", 100); /* before there is a reader */
	fd = open(w->to.notify_fifo, O_RDONLY | O_NONBLOCK);
	notifier_tell(w->n, "INSTANCE", "vips", "BACKUP", 90);
	notifier_tell(w->n, "GROUP", "all", "FAULT", 0);
	assert_int_equal(read(fd, got, sizeof(got) - 1), strlen(want));
	assert_string_equal(got, want);
	close(fd);
	notifier_tell(w->n, "INSTANCE", "vips", "STOP", 0); /* the reader's end is no error */
	notifier_count(w->n, &c);
	assert_int_equal(c.lines, 4);
	assert_int_equal(c.waiting, 0);
	assert_int_equal(w->runs, 0);
}

/* A full pipe holds nobody up, and the oldest of what waits goes. */
static void test_full(void **state)
{
	struct world *w = *state;
	struct notify_counts c;
	unsigned told = 0;

	to_fifo(w);
	assert_int_equal(mkfifo(w->to.notify_fifo, 0600), 0);
	do {
		notifier_tell(w->n, "INSTANCE", "a-rather-long-name-of-a-router", "MASTER", told++ % 255);
		notifier_count(w->n, &c);
		assert_true(told < 1000000);
	} while (c.dropped < 10);
	assert_int_equal(c.waiting, NOTIFY_QUEUE);
	assert_int_equal(c.lines + c.waiting + c.dropped, told);
}

static void test_no_fifo(void **state)
{
	struct world *w = *state;
	struct notify_counts c;
	FILE *f;

	to_fifo(w);
	notifier_tell(w->n, "INSTANCE", "vips", "MASTER", 100);
	f = fopen(w->to.notify_fifo, "w"); /* a plain file is never written */
	assert_non_null(f);
	fclose(f);
	notifier_tell(w->n, "INSTANCE", "vips", "BACKUP", 100);
	notifier_count(w->n, &c);
	assert_int_equal(c.waiting, 2);
	unlink(w->to.notify_fifo);
	assert_int_equal(mkfifo(w->to.notify_fifo, 0600), 0);
	notifier_tell(w->n, "INSTANCE", "vips", "MASTER", 100);
	notifier_count(w->n, &c);
	assert_int_equal(c.lines, 3);
}

static void test_script(void **state)
{
	struct world *w = *state;
	struct msg_ran m = {0};
	struct notify_counts c;

	to_script(w, "tell.sh");
	notifier_tell(w->n, "INSTANCE", "vips", "MASTER", 100);
	notifier_tell(w->n, "INSTANCE", "vips", "BACKUP", 90);
	assert_int_equal(w->runs, 1);
	assert_string_equal(w->args, "tell.sh INSTANCE vips MASTER 100");
	assert_false(notifier_ran(w->n, 0, &m));
	assert_false(notifier_ran(w->n, w->id + 1, &m));
	ran(w, 1); /* its failure is its own */
	assert_int_equal(w->runs, 2);
	assert_string_equal(w->args, "tell.sh INSTANCE vips BACKUP 90");
	notifier_runner(w->n, false); /* the runner died with it: once more */
	assert_int_equal(w->runs, 2);
	notifier_runner(w->n, true);
	assert_int_equal(w->runs, 3);
	assert_string_equal(w->args, "tell.sh INSTANCE vips BACKUP 90");
	ran(w, 0);
	notifier_count(w->n, &c);
	assert_int_equal(c.runs, 2);
	assert_int_equal(c.waiting, 0);
}

static void test_script_queue(void **state)
{
	struct world *w = *state;
	struct notify_counts c;

	to_script(w, "tell.sh");
	for (unsigned i = 0; i < NOTIFY_QUEUE + 2; i++)
		notifier_tell(w->n, "INSTANCE", "vips", "MASTER", i);
	notifier_count(w->n, &c);
	assert_int_equal(c.dropped, 2);
	ran(w, 0);
	assert_string_equal(w->args, "tell.sh INSTANCE vips MASTER 3"); /* 0 was under way; 1 and 2 went */
	to_script(w, "other.sh");
	notifier_count(w->n, &c);
	assert_int_equal(c.waiting, 0);
	w->run_error = -ENOTCONN;
	notifier_tell(w->n, "INSTANCE", "vips", "MASTER", 7);
	w->run_error = 0;
	notifier_runner(w->n, true);
	assert_string_equal(w->args, "other.sh INSTANCE vips MASTER 7");
}

/* The process ends: all that waits is asked for at once, what is under way not again. */
static void test_end(void **state)
{
	struct world *w = *state;
	struct notify_counts c;

	to_script(w, "tell.sh");
	notifier_end(w->n);
	assert_int_equal(w->runs, 0);
	notifier_tell(w->n, "INSTANCE", "one", "STOP", 100);
	notifier_tell(w->n, "INSTANCE", "two", "STOP", 90);
	notifier_tell(w->n, "GROUP", "all", "STOP", 0);
	assert_int_equal(w->runs, 1);
	notifier_end(w->n);
	assert_int_equal(w->runs, 3);
	assert_string_equal(w->args, "tell.sh GROUP all STOP 0");
	notifier_count(w->n, &c);
	assert_int_equal(c.waiting, 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {T(test_lines),  T(test_full),         T(test_no_fifo),
					   T(test_script), T(test_script_queue), T(test_end)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
