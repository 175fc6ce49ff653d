/* src/record_file.c: the record on disk: stopped at every byte, a full disk, edited by hand, the former version. */
#include "../src/base/arena.h"
#include "../src/base/file.h"
#include "../src/record_file.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define MAP "default/vip-configmap"

struct place {
	char dir[64];
	int fd;
};

static int setup(void **state)
{
	struct place *p = xcalloc(1, sizeof *p);

	strcpy(p->dir, "/tmp/test_record.XXXXXX");
	assert_non_null(mkdtemp(p->dir));
	p->fd = open(p->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	*state = p;
	return 0;
}

static int teardown(void **state)
{
	static const char *const names[] = {RECORD_FILE, RECORD_GOOD, RECORD_BAD, RECORD_FORMER, RECORD_MOVED};
	struct place *p = *state;

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		unlinkat(p->fd, names[i], 0);
	close(p->fd);
	assert_int_equal(rmdir(p->dir), 0); /* no temporary file is left */
	free(p);
	return 0;
}

static struct record *of_one(const char *service, const char *ip)
{
	struct record *r = record_new();
	struct grant g = {.kind = GRANT_VIP, .owner = service, .uid = "u"};

	assert_int_equal(addr_parse(ip, &g.addr), 0);
	record_put(r, &g);
	return r;
}

static char *text_of(const struct place *p, const char *name)
{
	char *text = NULL;
	size_t len;

	if (file_read(p->fd, name, 1 << 20, &text, &len))
		return xstrdup("");
	return text;
}

static void save(const struct place *p, const char *name, const char *text)
{
	assert_int_equal(file_write(p->fd, name, text, strlen(text), 0640), 0);
}

static const char *load(const struct place *p, struct record **out, struct record_stamp *stamp)
{
	static char line[512];
	struct diag_list diags = {0};

	line[0] = '\0';
	if (record_file_load(p->fd, out, stamp, &diags))
		diag_format(&diags.items[0], line, sizeof line);
	diag_clear(&diags);
	return line;
}

static void round_trip(void **state)
{
	const struct place *p = *state;
	struct record *r = NULL, *again = NULL;
	struct record_stamp stamp, stamp2;
	const char *edited;
	char *text, *good;
	struct addr a;

	assert_string_equal(load(p, &r, &stamp), "");
	assert_false(record_changed(r));
	assert_false(record_file_edited(p->fd, &stamp));
	record_free(r);
	r = of_one("a/b", "10.4.0.1");
	assert_int_equal(record_file_save(p->fd, r, MAP, &stamp, &edited), 0);
	assert_null(edited);
	assert_false(record_changed(r));
	assert_false(record_file_edited(p->fd, &stamp));
	text = text_of(p, RECORD_FILE);
	good = text_of(p, RECORD_GOOD);
	assert_string_equal(text, good);
	assert_non_null(strstr(
	    text, "k8s.co/cloud-provider-config: |-\n      {\"services\":[\n      {\"uid\":\"u\",\"ip\":\"10.4.0.1\""));
	assert_string_equal(load(p, &again, &stamp2), "");
	addr_parse("10.4.0.1", &a);
	assert_true(record_addr_of(again, &a, "a/b"));
	free(text);
	free(good);
	record_free(r);
	record_free(again);
}

/* At once, so that what watches this program does not write a report into the same limit. */
static void crash(int sig)
{
	(void)sig;
	kill(getpid(), SIGKILL);
}

/* The write is killed behind each of its bytes: what was there is there. */
static void stopped_at_every_byte(void **state)
{
	const struct place *p = *state;
	struct record *r = of_one("a/b", "10.4.0.1"), *more;
	struct record_stamp stamp = {0};
	const char *edited;
	char *before, *after;
	size_t len;

	assert_int_equal(record_file_save(p->fd, r, MAP, &stamp, &edited), 0);
	before = text_of(p, RECORD_FILE);
	more = of_one("a/much-longer-name", "10.4.0.2");
	after = record_text(more, MAP, &len);
	for (size_t n = 0; n < len; n++) {
		struct rlimit limit = {n, n};
		struct record *now = NULL;
		char *text;
		pid_t pid;
		int status, err = 0, answer[2];

		fflush(NULL);
		assert_int_equal(pipe(answer), 0);
		pid = fork();
		if (pid == 0) {
			struct rlimit no_core = {0, 0};

			setrlimit(RLIMIT_CORE, &no_core);
			setrlimit(RLIMIT_FSIZE, &limit);
			signal(SIGXFSZ, n % 2 ? SIG_IGN : crash); /* a full disk and a crash in turn */
			err = file_write(p->fd, RECORD_FILE, after, len, 0640);
			if (write(answer[1], &err, sizeof err) == sizeof err)
				crash(SIGKILL);
		}
		close(answer[1]);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSIGNALED(status));
		assert_int_equal(read(answer[0], &err, sizeof err), n % 2 ? sizeof err : 0);
		assert_int_equal(err, n % 2 ? -EFBIG : 0);
		close(answer[0]);
		text = text_of(p, RECORD_FILE);
		assert_string_equal(text, before);
		free(text);
		assert_string_equal(load(p, &now, &stamp), "");
		record_free(now);
		text =
		    xasprintf("." RECORD_FILE ".%ld.new", (long)pid); /* what a crash leaves behind; nothing reads it */
		unlinkat(p->fd, text, 0);
		free(text);
	}
	free(before);
	free(after);
	record_free(r);
	record_free(more);
}

static void edited_by_hand(void **state)
{
	const struct place *p = *state;
	struct record *r = of_one("a/b", "10.4.0.1"), *loaded = NULL;
	struct record_stamp stamp = {0};
	const char *edited;
	char *text, *more, *bad;

	assert_int_equal(record_file_save(p->fd, r, MAP, &stamp, &edited), 0);
	text = text_of(p, RECORD_FILE);
	more = xasprintf("%.*s  \"10.4.0.9\": x/y\n# end\n", (int)(strstr(text, "# end") - text), text);
	save(p, RECORD_FILE, more);
	free(text);
	free(more);
	assert_true(record_file_edited(p->fd, &stamp));
	record_touch(r);
	assert_int_equal(record_file_save(p->fd, r, MAP, &stamp, &edited), 0);
	assert_string_equal(edited, "entries of data that were edited are taken over");
	assert_string_equal(record_hand_get(r, "10.4.0.9"), "x/y");
	text = text_of(p, RECORD_FILE);
	assert_non_null(strstr(text, "\"10.4.0.9\": \"x/y\""));
	/* Into an error. */
	bad = xasprintf("%.200s", text);
	save(p, RECORD_FILE, bad);
	assert_string_equal(load(p, &loaded, &stamp),
			    RECORD_FILE ":6:1: the record is cut short: its last line must be \"# end\"");
	assert_null(loaded);
	free(text);
	text = text_of(p, RECORD_GOOD);
	assert_non_null(strstr(text, "10.4.0.1"));
	free(text);
	record_touch(r);
	stamp = (struct record_stamp){0};
	assert_int_equal(record_file_save(p->fd, r, MAP, &stamp, &edited), 0);
	assert_non_null(strstr(edited, RECORD_BAD));
	text = text_of(p, RECORD_BAD);
	assert_string_equal(text, bad);
	free(text);
	free(bad);
	record_free(r);
}

/* The copy is for a person: that it cannot be written does not make the record one that is not. */
static void no_good_copy(void **state)
{
	const struct place *p = *state;
	struct record *r = of_one("a/b", "10.4.0.1");
	struct record_stamp stamp = {0};
	const char *edited;

	assert_int_equal(mkdirat(p->fd, RECORD_GOOD, 0700), 0);
	assert_int_equal(record_file_save(p->fd, r, MAP, &stamp, &edited), 0);
	assert_false(record_changed(r));
	assert_false(record_file_edited(p->fd, &stamp));
	assert_int_equal(unlinkat(p->fd, RECORD_GOOD, AT_REMOVEDIR), 0);
	record_free(r);
}

static void former_version(void **state)
{
	const struct place *p = *state;
	struct record *r = NULL;
	struct record_stamp stamp;
	const char *edited;
	struct addr a;
	char *text;

	save(p, RECORD_FORMER, "version: 1\nvips:\n- {service: \"a/b\", uid: \"u\", address: \"10.4.0.1\"}\n");
	assert_string_equal(load(p, &r, &stamp), "");
	assert_true(record_changed(r));
	addr_parse("10.4.0.1", &a);
	assert_true(record_addr_of(r, &a, "a/b"));
	assert_int_equal(record_file_save(p->fd, r, MAP, &stamp, &edited), 0);
	text = text_of(p, RECORD_FORMER);
	assert_string_equal(text, "");
	free(text);
	text = text_of(p, RECORD_MOVED);
	assert_non_null(strstr(text, "10.4.0.1"));
	free(text);
	record_free(r);
	assert_string_equal(load(p, &r, &stamp), "");
	assert_true(record_addr_of(r, &a, "a/b"));
	record_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(round_trip, setup, teardown),
	    cmocka_unit_test_setup_teardown(stopped_at_every_byte, setup, teardown),
	    cmocka_unit_test_setup_teardown(edited_by_hand, setup, teardown),
	    cmocka_unit_test_setup_teardown(no_good_copy, setup, teardown),
	    cmocka_unit_test_setup_teardown(former_version, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
