/* src/base/log_line.c, log_event.c, log.c: the three forms of a line, what is cut, who waits for whom. */
#include "../configmaps/uid.h"
#include "../src/base/log_line.h"

#include <errno.h>
#include <jansson.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#define AT 1764126000123456 /* 2025-11-26T03:00:00.123456Z */

static struct log_line line(const char *message)
{
	return (struct log_line){
	    .usec = AT, .level = LOG_LEVEL_WARNING, .process = "vrrp", .pid = 7, .message = message};
}

static void assert_bytes(const char *got, size_t n, const char *want, size_t len)
{
	if (n != len || memcmp(got, want, n) != 0)
		fail_msg("got %zu bytes: %.*s\nexpected %zu: %.*s", n, (int)n, got, len, (int)len, want);
}

/* ---- characters */

static void characters(void **state)
{
	static const struct {
		const char *message, *text, *json, *journal; /* journal: NULL where it is binary */
	} rows[] = {
	    {"plain", "plain", "plain", "plain"},
	    {"", "", "", ""},
	    {"a\nb", "a b", "a\\nb", NULL},
	    {"a\tb", "a b", "a\\tb", "a\tb"},
	    {"say \"x\\y\"", "say \"x\\y\"", "say \\\"x\\\\y\\\"", "say \"x\\y\""},
	    {"\x01\x1b[31m\x7f", "  [31m ", "\\u0001\\u001b[31m\\u007f", "  [31m "},
	    {"\xc2\x9b", " ", "\\u009b", " "}, /* a terminal's CSI as one character */
	    {"\xc2\xa0\xc3\xa9", "\xc2\xa0\xc3\xa9", "\xc2\xa0\xc3\xa9", "\xc2\xa0\xc3\xa9"},
	    {"a\xff\xc3", "a??", "a\xef\xbf\xbd\xef\xbf\xbd", "a\xef\xbf\xbd\xef\xbf\xbd"},
	    {"\xed\xa0\x80", "???", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
	    {"\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80"},
	    {"MESSAGE=x", "MESSAGE=x", "MESSAGE=x", "MESSAGE=x"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct log_line l = line(rows[i].message);
		char buf[LOG_LINE_BYTES], want[512];
		size_t n;

		snprintf(want, sizeof want, "vrrp: warning: %s\n", rows[i].text);
		n = log_line_text(buf, &l, false);
		assert_bytes(buf, n, want, strlen(want));
		snprintf(want, sizeof want,
			 "{\"ts\":\"2025-11-26T03:00:00.123456Z\",\"level\":\"warning\",\"process\":\"vrrp\",\"pid\":7,"
			 "\"msg\":\"%s\"}\n",
			 rows[i].json);
		n = log_line_json(buf, &l);
		assert_bytes(buf, n, want, strlen(want));
		if (!rows[i].journal)
			continue;
		snprintf(want, sizeof want, "PRIORITY=4\nSYSLOG_IDENTIFIER=vipd\nVIPD_PROCESS=vrrp\nMESSAGE=%s\n",
			 rows[i].journal);
		n = log_line_journal(buf, &l);
		assert_bytes(buf, n, want, strlen(want));
	}
}

static void prefix(void **state)
{
	static const struct {
		enum log_level level;
		const char *want;
	} rows[] = {{LOG_LEVEL_ERROR, "<3>vrrp: error: m\n"},
		    {LOG_LEVEL_WARNING, "<4>vrrp: warning: m\n"},
		    {LOG_LEVEL_INFO, "<6>vrrp: m\n"},
		    {LOG_LEVEL_DEBUG, "<7>vrrp: m\n"}};

	for (size_t i = 0; i < 4; i++) {
		struct log_line l = line("m");
		char buf[LOG_LINE_BYTES];
		size_t n;

		l.level = rows[i].level;
		n = log_line_text(buf, &l, true);
		assert_bytes(buf, n, rows[i].want, strlen(rows[i].want));
	}
}

/* U+FFFD is three bytes: the length is that of what is written. */
static void binary(void **state)
{
	static const char want[] = "PRIORITY=4\nSYSLOG_IDENTIFIER=vipd\nVIPD_PROCESS=vrrp\n"
				   "VIPD_FILE\n\3\0\0\0\0\0\0\0a\nb\n"
				   "MESSAGE\n\7\0\0\0\0\0\0\0two\n\xef\xbf\xbd\n";
	struct log_line l = line("two\n\xff");
	char buf[LOG_LINE_BYTES];
	size_t n;

	l.with.file = "a\nb";
	n = log_line_journal(buf, &l);
	assert_bytes(buf, n, want, sizeof want - 1);
}

static void times(void **state)
{
	static const struct {
		int64_t usec;
		const char *want;
	} rows[] = {
	    {0, "1970-01-01T00:00:00.000000Z"},
	    {951782399999999, "2000-02-28T23:59:59.999999Z"},
	    {951782400000000, "2000-02-29T00:00:00.000000Z"},
	    {1709164800000001, "2024-02-29T00:00:00.000001Z"},
	    {1735689599000000, "2024-12-31T23:59:59.000000Z"},
	    {4102444800000000, "2100-01-01T00:00:00.000000Z"},
	    {4107542400000000, "2100-03-01T00:00:00.000000Z"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct log_line l = line("m");
		char buf[LOG_LINE_BYTES];

		l.usec = rows[i].usec;
		log_line_json(buf, &l);
		assert_memory_equal(buf + 7, rows[i].want, 27);
	}
}

/* ---- fields */

static struct log_line full(void)
{
	struct log_line l = line("m");

	l.event = LOG_VRRP_ACTIVE;
	l.with = (struct log_fields){.router = "web",
				     .service = "default/a",
				     .object = "Service default/a",
				     .vip = "192.0.2.1",
				     .interface = "eth0",
				     .peer = "192.0.2.9",
				     .file = "a.yaml",
				     .child = "ipvs",
				     .suppressed = 3};
	return l;
}

static void all_fields(void **state)
{
	struct log_line l = full();
	char buf[LOG_LINE_BYTES], want[600];
	size_t n;
	json_error_t e;
	json_t *j;

	n = log_line_json(buf, &l);
	j = json_loadb(buf, n, 0, &e);
	assert_non_null(j);
	assert_string_equal(json_string_value(json_object_get(j, "id")), "vrrp-active");
	assert_string_equal(json_string_value(json_object_get(j, "router")), "web");
	assert_string_equal(json_string_value(json_object_get(j, "service")), "default/a");
	assert_string_equal(json_string_value(json_object_get(j, "interface")), "eth0");
	assert_string_equal(json_string_value(json_object_get(j, "child")), "ipvs");
	assert_int_equal(json_integer_value(json_object_get(j, "suppressed")), 3);
	json_decref(j);
	snprintf(want, sizeof want,
		 "PRIORITY=4\nSYSLOG_IDENTIFIER=vipd\nVIPD_PROCESS=vrrp\nMESSAGE_ID=%s\nVIPD_EVENT=vrrp-active\n"
		 "VIPD_ROUTER=web\nVIPD_SERVICE=default/a\nVIPD_OBJECT=Service default/a\nVIPD_VIP=192.0.2.1\n"
		 "VIPD_INTERFACE=eth0\nVIPD_PEER=192.0.2.9\nVIPD_FILE=a.yaml\nVIPD_CHILD=ipvs\nVIPD_SUPPRESSED=3\n"
		 "MESSAGE=m\n",
		 log_event_table[LOG_VRRP_ACTIVE].uuid);
	n = log_line_journal(buf, &l);
	assert_bytes(buf, n, want, strlen(want));
}

/* Whatever a value is, the line fits, ends as its form wants it, and says that it was cut. */
static void cut(void **state)
{
	static const char *const bytes[] = {"x", "\x01", "\"", "\xff", "\n", "\xc3\xa9", "\xf0\x9f\x98\x80"};
	char *huge = malloc(20001), *out = test_malloc(LOG_LINE_BYTES); /* the bytes behind are guarded */

	assert_non_null(huge);
	for (size_t i = 0; i < sizeof bytes / sizeof bytes[0]; i++) {
		size_t len = strlen(bytes[i]), n;
		struct log_line l = full();
		json_t *j;

		for (n = 0; n + len <= 20000; n += len)
			memcpy(huge + n, bytes[i], len);
		huge[n] = '\0';
		l.message = huge;
		l.with = (struct log_fields){huge, huge, huge, huge, huge, huge, huge, huge, UINT32_MAX};
		n = log_line_json(out, &l);
		assert_in_range(n, 1900, LOG_LINE_BYTES);
		j = json_loadb(out, n, 0, NULL);
		assert_non_null(j);
		assert_non_null(strstr(json_string_value(json_object_get(j, "msg")), "..."));
		assert_non_null(json_object_get(j, "child"));
		json_decref(j);
		n = log_line_journal(out, &l);
		assert_in_range(n, 1900, LOG_LINE_BYTES);
		assert_int_equal(out[n - 1], '\n');
		n = log_line_text(out, &l, true);
		assert_in_range(n, 1000, 2100);
		assert_int_equal(out[n - 1], '\n');
		assert_ptr_equal(memchr(out, '\n', n), out + n - 1);
	}
	test_free(out);
	free(huge);
}

/* ---- the table */

static void table(void **state)
{
	assert_null(log_event_table[LOG_PLAIN].name);
	for (int e = LOG_PLAIN + 1; e < LOG_EVENT_COUNT; e++) {
		const struct log_event_info *i = &log_event_table[e];
		char uid[UID_TEXT], plain[UID_TEXT];
		size_t n = 0;

		uid_derive("event", i->name, 0, uid);
		for (const char *p = uid; *p; p++)
			if (*p != '-')
				plain[n++] = *p;
		plain[n] = '\0';
		assert_string_equal(plain, i->uuid);
		assert_in_range(strlen(i->name), 1, 32);
		assert_int_equal(strspn(i->name, "abcdefghijklmnopqrstuvwxyz-"), strlen(i->name));
		assert_in_range(i->level, LOG_LEVEL_ERROR, LOG_LEVEL_INFO);
		assert_int_equal(i->text[strlen(i->text) - 1], '.');
		for (int k = 1; k < e; k++)
			assert_string_not_equal(log_event_table[k].name, i->name);
	}
}

static void formats(void **state)
{
	static const char *const names[] = {"auto", "text", "json", "journal"};
	enum log_format f;

	for (int i = 0; i < 4; i++) {
		assert_int_equal(log_format_parse(names[i], &f), 0);
		assert_int_equal(f, i);
	}
	assert_int_equal(log_format_parse("xml", &f), -EINVAL);
}

static void streams(void **state)
{
	static const struct {
		const char *value;
		bool is;
	} rows[] = {{"8:1234", true}, {"8:12345", false}, {"8:123", false},
		    {"", false},      {NULL, false},      {" 8:1234", false}};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_int_equal(log_line_is_stream(rows[i].value, 8, 1234), rows[i].is);
}

/* ---- the shell */

/* stderr is this descriptor until stderr_back. */
static int stderr_to(int fd)
{
	int saved = dup(STDERR_FILENO);

	assert_true(saved >= 0 && dup2(fd, STDERR_FILENO) >= 0);
	return saved;
}

static void stderr_back(int saved)
{
	dup2(saved, STDERR_FILENO);
	close(saved);
	log_open_format(LOG_FORMAT_TEXT, "");
	log_wait_at_most(-1);
}

static void take(int fd, char *buf, size_t size, const char *want)
{
	ssize_t n = read(fd, buf, size - 1);

	assert_true(n > 0);
	buf[n] = '\0';
	if (!strstr(buf, want))
		fail_msg("not in it: %s\n%s", want, buf);
}

/* A listener in the journal's place; its path is folder/socket. */
static int journal_make(char folder[64], char path[80])
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	strcpy(folder, "/tmp/vipd-log.XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(path, 80, "%s/socket", folder);
	snprintf(a.sun_path, sizeof a.sun_path, "%s", path);
	assert_true(fd >= 0 && bind(fd, (struct sockaddr *)&a, sizeof a) == 0);
	return fd;
}

static void journal(void **state)
{
	char folder[64], path[80], buf[LOG_LINE_BYTES + 1];
	int fds[2], saved, fd = journal_make(folder, path);

	assert_int_equal(pipe(fds), 0);
	log_open("vrrp", LOG_LEVEL_INFO);
	log_open_format(LOG_FORMAT_JOURNAL, path);
	assert_true(log_journal_fd() > STDERR_FILENO);
	log_event(LOG_VRRP_ACTIVE, LOG_WITH(.router = "web", .suppressed = 2), "router %s", "web");
	take(fd, buf, sizeof buf, "VIPD_ROUTER=web\nVIPD_SUPPRESSED=2\nMESSAGE=router web (and 2 more like it)\n");
	log_event(LOG_CONFIG_RELOADED, NULL, "again");
	take(fd, buf, sizeof buf, "PRIORITY=6\n");
	/* The journal goes: stderr takes the lines. */
	close(fd);
	unlink(path);
	saved = stderr_to(fds[1]);
	log_open("vrrp", LOG_LEVEL_INFO);
	log_info("still here");
	/* Nor is there one to begin with. */
	log_open_format(LOG_FORMAT_JOURNAL, path);
	assert_int_equal(log_journal_fd(), -1);
	stderr_back(saved);
	take(fds[0], buf, sizeof buf, "<6>vrrp: still here\n<4>vrrp: warning: ");
	assert_non_null(strstr(buf, "socket: No such file or directory: the log goes to standard error as text\n"));
	close(fds[0]);
	close(fds[1]);
	rmdir(folder);
}

static void automatic(void **state)
{
	char folder[64], path[80], value[64], buf[LOG_LINE_BYTES + 1];
	int fd = journal_make(folder, path), fds[2], saved;
	struct stat st;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	assert_int_equal(fstat(fds[1], &st), 0);
	snprintf(value, sizeof value, "%llu:%llu", (unsigned long long)st.st_dev, (unsigned long long)st.st_ino);
	setenv("JOURNAL_STREAM", value, 1);
	saved = stderr_to(fds[1]);
	log_open("control", LOG_LEVEL_INFO);
	log_open_format(LOG_FORMAT_AUTO, path);
	log_info("one");
	setenv("JOURNAL_STREAM", "1:1", 1);
	log_open_format(LOG_FORMAT_AUTO, path);
	log_info("two");
	log_open_format(LOG_FORMAT_JSON, path);
	log_info("three");
	stderr_back(saved);
	unsetenv("JOURNAL_STREAM");
	take(fd, buf, sizeof buf, "MESSAGE=one\n");
	take(fds[0], buf, sizeof buf, "<6>control: two\n{\"ts\":\"");
	assert_non_null(strstr(buf, "\"level\":\"info\",\"process\":\"control\""));
	close(fds[0]);
	close(fds[1]);
	close(fd);
	unlink(path);
	rmdir(folder);
}

/* A reader that does not read: the lines are lost, the writer is not held up, and the next line that goes through says how many. */
static void stuck(int writer, int reader)
{
	char buf[LOG_LINE_BYTES + 1], *all = malloc(1 << 22);
	int saved = stderr_to(writer);
	size_t len = 0;
	ssize_t n;

	assert_non_null(all);
	log_open("vrrp", LOG_LEVEL_INFO);
	log_wait_at_most(0);
	for (int i = 0; i < 4000; i++)
		log_info("%01000d", i);
	while (poll(&(struct pollfd){.fd = reader, .events = POLLIN}, 1, 0) == 1 && len < 1 << 21 &&
	       (n = read(reader, all + len, 4096)) > 0)
		len += (size_t)n;
	assert_true(len > 1000 && len < 4000 * 1000);
	log_info("after");
	stderr_back(saved);
	take(reader, buf, sizeof buf, " lines were lost: the log was not read\n<6>vrrp: after\n");
	free(all);
	close(reader);
	close(writer);
}

static void stuck_pipe(void **state)
{
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	stuck(fds[1], fds[0]);
}

static void stuck_stream(void **state)
{
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	stuck(fds[1], fds[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(characters),   cmocka_unit_test(prefix),     cmocka_unit_test(binary),
	    cmocka_unit_test(times),        cmocka_unit_test(all_fields), cmocka_unit_test(cut),
	    cmocka_unit_test(table),        cmocka_unit_test(formats),    cmocka_unit_test(streams),
	    cmocka_unit_test(journal),      cmocka_unit_test(automatic),  cmocka_unit_test(stuck_pipe),
	    cmocka_unit_test(stuck_stream),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
