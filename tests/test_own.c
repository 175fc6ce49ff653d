/* ipvs/ownline.c and ipvs/own.c: the ownership record's text, and what is left of it after a kill, another boot, a full disk. */
#include "../ipvs/own.h"
#include "../ipvs/ownline.h"
#include "ipvs_values.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- text */

static void header_reads_back(void **state)
{
	const struct own_id ids[] = {{"d1b5b0f6-9b1c-4b5e-8f0a-0123456789ab", 4026531840}, {"-", 0}, {"x", UINT64_MAX}};
	for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
		char buf[OWN_HEADER + 1];
		struct own_id id;
		uint64_t start = 0;

		own_line_header(&ids[i], 1234567, buf);
		assert_int_equal(strlen(buf), OWN_HEADER);
		assert_int_equal(buf[OWN_HEADER - 1], '\n');
		assert_int_equal(own_line_parse_header(buf, OWN_HEADER, &id, &start), 0);
		assert_true(own_id_equal(&id, &ids[i]));
		assert_int_equal(start, 1234567);
		assert_int_equal(own_line_parse_header(buf, OWN_HEADER - 1, &id, &start), -EINVAL);
	}
	assert_false(own_id_equal(&ids[0], &ids[1]));
	assert_false(own_id_equal(&(struct own_id){"a", 1}, &(struct own_id){"a", 2}));
}

/* Every byte of the header matters, but for the boot id's text. */
static void broken_header_is_refused(void **state)
{
	char good[OWN_HEADER + 1];
	own_line_header(&(struct own_id){"d1b5b0f6-9b1c-4b5e-8f0a-0123456789ab", 1}, OWN_HEADER, good);
	for (size_t i = 0; i < OWN_HEADER; i++) {
		char buf[OWN_HEADER + 1];
		struct own_id id;
		uint64_t start;

		memcpy(buf, good, sizeof buf);
		buf[i] = '~';
		int rc = own_line_parse_header(buf, OWN_HEADER, &id, &start);
		assert_int_equal(rc, i >= 21 && i < 57 ? 0 : -EINVAL);
	}
	struct own_id id;
	uint64_t start;
	char early[OWN_HEADER + 1];
	own_line_header(&(struct own_id){"-", 1}, OWN_HEADER - 1, early);
	assert_int_equal(own_line_parse_header(early, OWN_HEADER, &id, &start), -EINVAL);
	memcpy(strstr(early, "start=") + 6, "99999999999999999999", 20);
	assert_int_equal(own_line_parse_header(early, OWN_HEADER, &id, &start), -EINVAL);
}

static void lines_read_back(void **state)
{
	const struct vs_key keys[] = {key_of(IPPROTO_TCP, "10.0.0.1", 80), key_of(IPPROTO_UDP, "fd00::1", 53),
				      key_of(IPPROTO_SCTP, "255.255.255.254", 65535),
				      key_of(IPPROTO_TCP, "::ffff:0:1", 1)};
	for (size_t i = 0; i < 4 * sizeof keys / sizeof *keys; i++) {
		struct own_line l = {.type = (int)(i % 4), .key = keys[i / 4]}, got;
		char buf[OWN_LINE];

		if (l.type == OWN_DRAINS || l.type == OWN_DRAINED)
			l.real = real_of(i & 8 ? "fd00:1:2:3:4:5:6:7777" : "10.1.0.1", 65535, FORWARD_NAT, 0);
		if (l.type == OWN_DRAINS)
			l.deadline_ms = i < 8 ? 0 : 999999999999999999;
		size_t n = own_line_format(&l, buf);

		assert_int_equal(buf[n - 1], '\n');
		assert_int_equal(own_line_parse(buf, n - 1, &got), 0);
		assert_int_equal(got.type, l.type);
		assert_int_equal(vs_key_cmp(&got.key, &l.key), 0);
		assert_int_equal(real_cmp(&got.real, &l.real), 0);
		assert_true(got.deadline_ms == l.deadline_ms);
	}
}

static void settings_read_back(void **state)
{
	static const struct own_line rows[] = {
	    {.type = OWN_SYSCTL_SET, .sysctl = "conntrack", .was = 0, .set = 1},
	    {.type = OWN_SYSCTL_SET, .sysctl = "ip6_nonlocal_bind", .was = 0, .set = 1},
	    {.type = OWN_SYSCTL_SET, .sysctl = "expire_quiescent_template", .was = 999999999, .set = 0},
	    {.type = OWN_SYSCTL_BACK, .sysctl = "conntrack"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct own_line got;
		char buf[OWN_LINE];
		size_t n = own_line_format(&rows[i], buf);

		assert_int_equal(own_line_parse(buf, n - 1, &got), 0);
		assert_int_equal(got.type, rows[i].type);
		assert_string_equal(got.sysctl, rows[i].sysctl);
		assert_int_equal(got.was, rows[i].was);
		assert_int_equal(got.set, rows[i].set);
	}
}

static void nonsense_is_no_line(void **state)
{
	static const char *const lines[] = {
	    "",
	    "+",
	    "x",
	    "+TCP",
	    "+TCP ",
	    "+TCP 10.0.0.1",
	    "+TCP :80",
	    "+TCP 10.0.0.1:",
	    "+TCP 10.0.0.1:65536",
	    "+TCP 10.0.0.1:123456",
	    "+TCP 10.0.0.1:8x",
	    "+ICMP 10.0.0.1:80",
	    "*TCP 10.0.0.1:80",
	    "+TCP [fd00::1:80",
	    "+TCP fd00::1]:80",
	    "+TCP 10.0.0.256:80",
	    "+TCP 10.0.0.1:80 10.1.0.1:80",
	    "~TCP 10.0.0.1:80",
	    "~TCP 10.0.0.1:80 10.1.0.1:80",
	    "~TCP 10.0.0.1:80 10.1.0.1:80 ",
	    "~TCP 10.0.0.1:80 10.1.0.1:80 12x",
	    "~TCP 10.0.0.1:80 10.1.0.1:80 1234567890123456789",
	    "~TCP 10.0.0.1:80 10.1.0.1:80 1 2",
	    "~TCP 10.0.0.1:80 10.1.0.1 1",
	    "=TCP 10.0.0.1:80",
	    "=TCP 10.0.0.1:80 10.1.0.1:80 1",
	    "*conntrack 0",
	    "*conntrack 0 1 2",
	    "*conntrack -1 1",
	    "*conntrack 0 1000000000",
	    "*../conntrack 0 1",
	    "* 0 1",
	    "*a_name_that_is_longer_than_any_of_them 0 1",
	    "!conntrack 0",
	    "!",
	    "+TCP 10.0.0.1:80aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		struct own_line l;
		assert_int_equal(own_line_parse(lines[i], strlen(lines[i]), &l), -EINVAL);
	}
	struct own_line l;
	assert_int_equal(own_line_parse("+TCP 10.0.0.1\0:80", 17, &l), -EINVAL);
}

static void note_line(void *arg, const struct own_line *l)
{
	char key[VS_KEY_TEXT], *text = arg;
	snprintf(text + strlen(text), 256 - strlen(text), "%c%s;", "+-~="[l->type], vs_key_format(&l->key, key));
}

static void replay_stops_at_a_torn_line(void **state)
{
	static const struct {
		const char *text, *calls;
		size_t whole, bad;
	} t[] = {
	    {"", "", 0, 0},
	    {"+TCP 10.0.0.1:80\n", "+TCP 10.0.0.1:80;", 17, 0},
	    {"+TCP 10.0.0.1:80\n-TCP 10.0.0.1:8", "+TCP 10.0.0.1:80;", 17, 0},
	    {"+TCP 10.0.0.1:80", "", 0, 0},
	    {"~TCP 10.0.0.1:80 10.1.0.1:80 7\n=TCP 10.0.0.1:80 10.1.0.1:80\n", "~TCP 10.0.0.1:80;=TCP 10.0.0.1:80;", 60,
	     0},
	    {"+TCP 10.0.0.1:80\nwhat\n-TCP 10.0.0.1:80\n", "+TCP 10.0.0.1:80;-TCP 10.0.0.1:80;", 39, 1},
	};
	for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
		char calls[256] = "";
		size_t whole = 99;
		assert_int_equal(own_replay(t[i].text, strlen(t[i].text), note_line, calls, &whole), t[i].bad);
		assert_string_equal(calls, t[i].calls);
		assert_int_equal(whole, t[i].whole);
	}
}

/* ---- the file */

static int temp_file(void)
{
	char name[] = "/tmp/vipd-own-XXXXXX";
	int fd = mkstemp(name);
	assert_true(fd >= 0);
	unlink(name);
	return fd;
}

static struct own *must_open(int fd, bool expect_lost)
{
	struct own *o = NULL;
	struct own_found found = {.lost = !expect_lost};
	assert_int_equal(own_open(fd, &o, &found), 0);
	assert_int_equal(found.lost, expect_lost);
	return o;
}

static off_t size_of(int fd)
{
	struct stat st;
	assert_int_equal(fstat(fd, &st), 0);
	return st.st_size;
}

static void count_key(void *arg, const struct vs_key *k)
{
	++*(size_t *)arg;
}

static void record_lives_on(void **state)
{
	int fd = temp_file();
	struct vs_key a = key_of(IPPROTO_TCP, "10.0.0.1", 80), b = key_of(IPPROTO_UDP, "fd00::1", 53);
	struct own *o = must_open(fd, true);
	size_t n = 0;

	own_add(o, &a);
	own_add(o, &b);
	own_add(o, &b);
	own_del(o, &a);
	own_del(o, &a);
	assert_int_equal(own_sync(o), 0);
	assert_int_equal(own_sync(o), 0);
	own_add(o, &a); /* not synced: lost with the process */
	own_close(o);

	o = must_open(fd, false);
	assert_false(own_has(o, &a));
	assert_true(own_has(o, &b));
	assert_int_equal(own_count(o), 1);
	own_each(o, count_key, &n);
	assert_int_equal(n, 1);
	own_close(o);
	close(fd);
}

/* The first value is the one to be put back, whoever changes it between; a set that is written anew has it too. */
static void settings_are_remembered(void **state)
{
	int fd = temp_file(), was, set;
	struct own *o = must_open(fd, true);

	own_sysctl(o, "conntrack", 0, 1);
	own_sysctl(o, "conn_reuse_mode", 2, 0);
	assert_int_equal(own_sync(o), 0);
	own_close(o);
	o = must_open(fd, false);
	own_sysctl(o, "conntrack", 7, 1);
	own_sysctl_forget(o, "conn_reuse_mode");
	own_sysctl_forget(o, "nothing");
	for (int i = 0; i < 20000; i++) { /* until it is compacted */
		struct vs_key k = key_of(IPPROTO_TCP, "10.0.0.1", (uint16_t)(1 + i % 2));

		own_add(o, &k);
		own_del(o, &k);
		if (i % 1000 == 0)
			assert_int_equal(own_sync(o), 0);
	}
	assert_int_equal(own_sync(o), 0);
	own_close(o);
	o = must_open(fd, false);
	assert_true(own_sysctl_was(o, "conntrack", &was, &set));
	assert_int_equal(was, 0);
	assert_int_equal(set, 1);
	assert_false(own_sysctl_was(o, "conn_reuse_mode", &was, &set));
	own_close(o);
	close(fd);
}

static void torn_line_is_cut_off(void **state)
{
	int fd = temp_file();
	struct vs_key a = key_of(IPPROTO_TCP, "10.0.0.1", 80), b = key_of(IPPROTO_TCP, "10.0.0.2", 80);
	struct own *o = must_open(fd, true);

	own_add(o, &a);
	assert_int_equal(own_sync(o), 0);
	own_close(o);
	assert_int_equal(write(fd, "+TCP 10.0.", 10), 10);
	o = must_open(fd, false);
	own_add(o, &b);
	assert_int_equal(own_sync(o), 0);
	own_close(o);
	o = must_open(fd, false);
	assert_int_equal(own_count(o), 2);
	assert_true(own_has(o, &b));
	own_close(o);
	close(fd);
}

static void another_boot_is_lost(void **state)
{
	int fd = temp_file();
	char header[OWN_HEADER + 1];
	own_line_header(&(struct own_id){"another-boot", 1}, OWN_HEADER, header);
	assert_int_equal(write(fd, header, OWN_HEADER), OWN_HEADER);
	assert_int_equal(write(fd, "+TCP 10.0.0.1:80\n", 17), 17);
	struct own *o = must_open(fd, true);
	assert_int_equal(own_count(o), 0);
	assert_int_equal(size_of(fd), OWN_HEADER);
	own_close(o);
	o = must_open(fd, false);
	own_close(o);
	close(fd);
}

/* What a start says of the file that it finds; what is of another version is not even touched by who only looks. */
static void found_at_a_start(void **state)
{
	char header[OWN_HEADER + 1], text[4][256];
	struct own *o = must_open(-1, true);
	int fd = temp_file();

	own_close(o);
	own_close(must_open(fd, true));
	assert_int_equal(pread(fd, header, OWN_HEADER, 0), OWN_HEADER);
	header[OWN_HEADER] = '\0';
	close(fd);
	snprintf(text[0], sizeof text[0], "%s+TCP 10.0.0.1:80\n+TCP 10.0.0.2:8", header);
	snprintf(text[1], sizeof text[1], "%s+TCP 10.0.0.1:80\n?TCP 10.0.0.2:80\n", header);
	snprintf(text[2], sizeof text[2], "vipd-ipvs-own 2 %s+TCP 10.0.0.1:80\n", strchr(header, 'b'));
	snprintf(text[3], sizeof text[3], "%.60s", header);
	const struct {
		const char *text;
		struct own_found found;
		size_t n;
	} rows[] = {
	    {"", {.lost = true}, 0},
	    {header, {.lost = false}, 0},
	    {text[0], {.lost = false}, 1},
	    {text[1], {.lost = true, .bad = 1}, 1},
	    {text[2], {.lost = true, .other = true, .version = 2}, 0},
	    {"vipd-ipvs-own 12\n", {.lost = true, .other = true, .version = 12}, 0},
	    {"vipd-ipvs-own 0 x\n", {.lost = true, .other = true, .version = 0}, 0},
	    {"vipd-ipvs-own 2", {.lost = true}, 0}, /* torn: it may be any */
	    {text[3], {.lost = true}, 0},
	    {"+TCP 10.0.0.1:80\n", {.lost = true}, 0},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		size_t len = strlen(rows[i].text);
		struct own_found found = {0};
		unsigned version = 0;

		fd = temp_file();
		assert_int_equal(write(fd, rows[i].text, len), len);
		assert_int_equal(own_other_version(fd, &version), rows[i].found.other);
		assert_int_equal(size_of(fd), len);
		assert_int_equal(own_open(fd, &o, &found), 0);
		if (found.lost != rows[i].found.lost || found.other != rows[i].found.other ||
		    found.version != rows[i].found.version || found.bad != rows[i].found.bad ||
		    own_count(o) != rows[i].n)
			fail_msg("row %zu: lost %d, other %d, version %u, bad %zu, %zu of them", i, found.lost,
				 found.other, found.version, found.bad, own_count(o));
		own_close(o);
		if (rows[i].found.other) /* it is ours now */
			own_close(must_open(fd, false));
		close(fd);
	}
}

static void damage_is_reported_and_the_rest_kept(void **state)
{
	int fd = temp_file();
	struct vs_key a = key_of(IPPROTO_TCP, "10.0.0.1", 80);
	struct own *o = must_open(fd, true);
	own_add(o, &a);
	assert_int_equal(own_sync(o), 0);
	own_close(o);
	assert_int_equal(write(fd, "what\n", 5), 5);
	o = must_open(fd, true);
	assert_true(own_has(o, &a));
	own_close(o);
	close(fd);
}

/* However long it goes on, what must be read back is bounded; and each moment of a compaction replays to the same set. */
static void compaction_bounds_the_record(void **state)
{
	int fd = temp_file();
	struct vs_key stays = key_of(IPPROTO_TCP, "10.0.0.1", 80);
	struct own *o = must_open(fd, true);
	char header[OWN_HEADER];
	struct own_id id;
	uint64_t start, most = 0;

	own_add(o, &stays);
	for (int i = 0; i < 20000; i++) {
		struct vs_key k = key_of(IPPROTO_TCP, "10.1.2.3", (uint16_t)(1 + i % 60000));
		own_add(o, &k);
		own_del(o, &k);
		if (i % 100)
			continue;
		assert_int_equal(own_sync(o), 0);
		assert_int_equal(pread(fd, header, sizeof header, 0), OWN_HEADER);
		assert_int_equal(own_line_parse_header(header, sizeof header, &id, &start), 0);
		if ((uint64_t)size_of(fd) - start > most)
			most = (uint64_t)size_of(fd) - start;
	}
	own_close(o);
	assert_true(start > OWN_HEADER);
	assert_true(most < 128 << 10);
	o = must_open(fd, false);
	assert_int_equal(own_count(o), 1);
	assert_true(own_has(o, &stays));
	own_close(o);

	/* Killed between the second writing of the set and the header's change: both are read. */
	assert_int_equal(lseek(fd, 0, SEEK_END) < 0, 0);
	assert_int_equal(write(fd, "+TCP 10.0.0.1:80\n", 17), 17);
	o = must_open(fd, false);
	assert_int_equal(own_count(o), 1);
	own_close(o);
	close(fd);
}

static void memory_alone_will_do(void **state)
{
	struct vs_key a = key_of(IPPROTO_TCP, "10.0.0.1", 80);
	struct own *o = must_open(-1, true);
	own_add(o, &a);
	assert_int_equal(own_sync(o), 0);
	assert_true(own_has(o, &a));
	own_close(o);
	own_close(NULL);
}

static void what_cannot_be_written_waits(void **state)
{
	int fd = open("/dev/full", O_RDWR);
	struct own *o = NULL;
	struct own_found found;
	if (fd < 0)
		skip();
	assert_true(own_open(fd, &o, &found) < 0);
	close(fd);

	int pipes[2];
	assert_int_equal(pipe(pipes), 0);
	assert_true(own_open(pipes[1], &o, &found) < 0); /* no offsets there */
	close(pipes[0]);
	close(pipes[1]);

	fd = temp_file();
	o = must_open(fd, true);
	int copy = dup(fd), readonly = open("/dev/null", O_RDONLY);
	for (int i = 0; i < 5000; i++) {
		struct vs_key k = key_of(IPPROTO_TCP, "10.1.2.3", (uint16_t)(1 + i));
		own_add(o, &k);
	}
	dup2(readonly, fd);
	assert_int_equal(own_sync(o), -EBADF);
	assert_int_equal(own_sync(o), -EBADF); /* now the whole set is to be written */
	dup2(copy, fd);
	assert_int_equal(own_sync(o), 0);
	own_close(o);
	o = must_open(fd, false);
	assert_int_equal(own_count(o), 5000);
	own_close(o);
	close(readonly);
	close(copy);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(header_reads_back),
	    cmocka_unit_test(broken_header_is_refused),
	    cmocka_unit_test(lines_read_back),
	    cmocka_unit_test(settings_read_back),
	    cmocka_unit_test(settings_are_remembered),
	    cmocka_unit_test(nonsense_is_no_line),
	    cmocka_unit_test(replay_stops_at_a_torn_line),
	    cmocka_unit_test(record_lives_on),
	    cmocka_unit_test(torn_line_is_cut_off),
	    cmocka_unit_test(another_boot_is_lost),
	    cmocka_unit_test(found_at_a_start),
	    cmocka_unit_test(damage_is_reported_and_the_rest_kept),
	    cmocka_unit_test(compaction_bounds_the_record),
	    cmocka_unit_test(memory_alone_will_do),
	    cmocka_unit_test(what_cannot_be_written_waits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
