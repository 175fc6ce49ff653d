/* Connection sync: ipvs/sync.c's decisions, ipvs/msg.c's bytes for them. Little-endian bytes. */
#include "../ipvs/msg.h"
#include "ipvs_values.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define LEN(a) (sizeof(a) / sizeof((a)[0]))

static struct sync_settings settings(void)
{
	return (struct sync_settings){.on = true,
				      .ifname = "eth0",
				      .id = 7,
				      .group = addr_of("224.0.0.81"),
				      .port = SYNC_PORT,
				      .ttl = 1,
				      .threshold = 3,
				      .period = 50};
}

static void test_check(void **state)
{
	struct sync_settings s = settings();

	assert_null(sync_check(&(struct sync_settings){0}));
	assert_null(sync_check(&s));
	s.group = addr_of("ff02::81");
	assert_null(sync_check(&s));
	s.period = 0;
	assert_null(sync_check(&s));
#define BAD(field, value, why)                                                                                         \
	s = settings();                                                                                                \
	s.field = value;                                                                                               \
	assert_string_equal(sync_check(&s), why)
	BAD(ifname[0], '\0', "interface name is empty or has no end");
	BAD(ifname[1], '/', "interface name has a character that none may have");
	BAD(group, addr_of("10.0.0.1"), "sync group is no multicast address");
	BAD(group, (struct addr){0}, "sync group is no multicast address");
	BAD(port, 0, "sync port or TTL is 0");
	BAD(ttl, 0, "sync port or TTL is 0");
	BAD(maxlen, 20, "sync maxlen out of range");
	BAD(threshold, 50, "sync threshold is not below the period");
	BAD(period, 0x80000000U, "sync threshold is not below the period");
}

static void test_decide(void **state)
{
	struct sync_settings on = settings(), off = {0};
	struct sync_daemon same = sync_wanted(&on, true), other = same;

	assert_true(same.master);
	same.maxlen = 1460; /* the kernel's own choice */
	other.id = 8;
	assert_int_equal(sync_decide(&off, NULL, true), SYNC_NOTHING);
	assert_int_equal(sync_decide(&off, &same, true), SYNC_STOP);
	assert_int_equal(sync_decide(&off, &same, false), SYNC_NOTHING);
	assert_int_equal(sync_decide(&on, NULL, false), SYNC_START);
	assert_int_equal(sync_decide(&on, &same, false), SYNC_NOTHING);
	assert_int_equal(sync_decide(&on, &other, true), SYNC_REPLACE);
	assert_int_equal(sync_decide(&on, &other, false), SYNC_CONFLICT);
	on.maxlen = 1000;
	assert_int_equal(sync_decide(&on, &same, true), SYNC_REPLACE);
}

static size_t bytes_of(const char *hex, unsigned char *out)
{
	size_t n = 0;
	unsigned byte;
	int used;

	for (; sscanf(hex, " %2x%n", &byte, &used) == 1; hex += used)
		out[n++] = (unsigned char)byte;
	return n;
}

#define HEAD(len, flags, cmd) len "000000 3412" flags " 01020304 00000000 " cmd "010000 "
#define NAME4                 "09000200 65746830 00000000 08000300 07000000 "
#define TAIL                  "06000700 90220000 05000800 01000000 "

static void test_bytes(void **state)
{
	static const struct {
		bool start, master;
		const char *group;
		uint16_t maxlen;
		const char *hex;
	} rows[] = {
	    {true, true, "224.0.0.81", 0,
	     HEAD("4c", "0100", "09") "38000300 08000100 01000000 " NAME4 "08000500 e0000051 " TAIL},
	    {true, false, "ff02::81", 1000,
	     HEAD("60", "0100", "09") "4c000300 08000100 02000000 " NAME4
				      "06000400 e8030000 14000600 ff020000 00000000 00000000 00000081 " TAIL},
	    {false, true, "224.0.0.81", 0, HEAD("20", "0100", "0a") "0c000300 08000100 01000000 "},
	    {false, false, "224.0.0.81", 0, HEAD("20", "0100", "0a") "0c000300 08000100 02000000 "},
	};
	unsigned char got[MSG_ROOM], want[MSG_ROOM];

	for (size_t i = 0; i < LEN(rows); i++) {
		struct sync_settings s = settings();
		struct sync_daemon d, back;
		size_t len;

		s.group = addr_of(rows[i].group);
		s.maxlen = rows[i].maxlen;
		d = sync_wanted(&s, rows[i].master);
		len = ipvs_msg_daemon(0x1234, 0x04030201, rows[i].start, &d, got);
		assert_int_equal(len, bytes_of(rows[i].hex, want));
		assert_memory_equal(got, want, len);
		if (!rows[i].start)
			continue;
		/* A reply has the same attributes. */
		assert_int_equal(ipvs_msg_daemon_reply(got, len, &back), MSG_OK);
		assert_int_equal(sync_decide(&s, &back, false), SYNC_NOTHING);
		assert_int_equal(back.master, rows[i].master);
		assert_int_equal(back.maxlen, rows[i].maxlen);
		for (size_t cut = 0; cut < len; cut++)
			assert_int_not_equal(ipvs_msg_daemon_reply(got, cut, &back), MSG_OK);
		memset(got + 36, 'x', 5); /* the interface's name without its end */
		assert_int_equal(ipvs_msg_daemon_reply(got, len, &back), MSG_ATTR);
	}
	assert_int_equal(ipvs_msg_get_daemons(0x1234, 0x04030201, got), bytes_of(HEAD("14", "0103", "0b"), want));
	assert_memory_equal(got, want, 20);
}

static void test_reply_lacks(void **state)
{
	unsigned char bytes[MSG_ROOM];
	struct sync_daemon d = {.id = 99};
	size_t len = bytes_of(HEAD("20", "0100", "09") "0c000300 08000100 01000000 ", bytes);

	assert_int_equal(ipvs_msg_daemon_reply(bytes, len, &d), MSG_MISSING);
	len = bytes_of(HEAD("14", "0500", "09"), bytes);
	assert_int_equal(ipvs_msg_daemon_reply(bytes, len, &d), MSG_MISSING);
	assert_int_equal(d.id, 99);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_check),
	    cmocka_unit_test(test_decide),
	    cmocka_unit_test(test_bytes),
	    cmocka_unit_test(test_reply_lacks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
