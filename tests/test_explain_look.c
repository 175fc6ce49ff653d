/* What is read of the kernel: lines of its connection table, routes of an empty namespace's kind. */
#include "../src/explain_look.h"

#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct addr addr(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(text, &a), 0);
	return a;
}

static void test_lines(void **state)
{
	struct vs_key k = {addr("10.10.0.1"), 80, IPPROTO_TCP};
	struct addr client = addr("172.17.0.100");
	struct explain_connections c = {0};
	struct explain_real real = {.addr = addr("10.32.0.5"), .port = 80};
	static const char *const others[] = {
	    "Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires PEName PEData",
	    "TCP AC110065 C3A6 0A0A0001 0050 0A200005 0050 ESTABLISHED     899",
	    "TCP AC110064 C3A6 0A0A0002 0050 0A200005 0050 ESTABLISHED     899",
	    "TCP AC110064 C3A6 0A0A0001 0051 0A200005 0050 ESTABLISHED     899",
	    "UDP AC110064 C3A6 0A0A0001 0050 0A200005 0050 UDP             299",
	    "TCP AC1100 C3A6 0A0A0001 0050 0A200005 0050 ESTABLISHED     899",
	    "TCP AC110064 C3A6 0A0A0001 0050 0A200005",
	    "",
	};

	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
		explain_connection_line(others[i], &k, &client, &real, 1, &c);
	assert_true(c.n == 0 && !c.pinned && real.established == 1); /* another client's */
	explain_connection_line("TCP AC110001 C3A6 0A0A0001 0050 0A200005 0050 SYN_RECV        60", &k, NULL, &real, 1,
				&c);
	explain_connection_line("TCP AC110001 C3A7 0A0A0001 0050 0A200005 0050 FIN_WAIT        60", &k, NULL, &real, 1,
				&c);
	explain_connection_line("TCP AC110001 0000 0A0A0001 0050 0A200005 0050 NONE            60", &k, NULL, &real, 1,
				&c);
	assert_true(real.waiting == 1 && real.established == 1 && real.other == 1);
	explain_connection_line("TCP AC110064 C3A6 0A0A0001 0050 0A200005 0050 ESTABLISHED     899", &k, &client, &real,
				1, &c);
	explain_connection_line("TCP AC110064 C3A7 0A0A0001 0050 0A200006 0050 TIME_WAIT        99", &k, &client, &real,
				1, &c);
	explain_connection_line("TCP AC110064 0000 0A0A0001 0050 0A200006 1F90 NONE            300", &k, &client, &real,
				1, &c);
	assert_int_equal(c.n, 2);
	assert_true(c.pinned && c.port == 8080 && c.seconds == 300);
	client = addr("10.32.0.6");
	assert_true(addr_equal(&c.real, &client));
}

static void test_lines_ipv6(void **state)
{
	struct vs_key k = {addr("fd10::1"), 53, IPPROTO_UDP};
	struct addr client = addr("fd17::100");
	struct explain_connections c = {0};
	struct explain_real real = {0};

	explain_connection_line(
	    "UDP fd17:0000:0000:0000:0000:0000:0000:0100 C3A6 fd10:0000:0000:0000:0000:0000:0000:0001 0035 "
	    "fd32:0000:0000:0000:0000:0000:0000:0005 0035 UDP             299",
	    &k, &client, &real, 1, &c);
	assert_int_equal(c.n, 1);
}

/* The loopback address is there wherever this runs, or nothing can be asked at all. */
static void test_route(void **state)
{
	struct addr a = addr("127.0.0.1");
	struct explain_route r;

	explain_look_route(&a, &r);
	assert_true(r.known == EXPLAIN_UNKNOWN || r.local || r.known == EXPLAIN_NO);
	assert_false(r.blackhole);
	assert_int_equal(explain_look_link("nonesuch0"), EXPLAIN_UNKNOWN);
	assert_true(explain_look_sysctl("kernel/pid_max") > 0);
	assert_int_equal(explain_look_sysctl("no/such/thing"), -1);
	assert_int_equal(explain_look_rp_filter("no/such"), -1);
	assert_int_equal(explain_look_rp_filter("nonesuch0"), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_lines),
	    cmocka_unit_test(test_lines_ipv6),
	    cmocka_unit_test(test_route),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
