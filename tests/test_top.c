/* Two looks -> rates, sorted. */
#include "../src/top.h"

#include "../src/base/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* One virtual server with one counter set in all its fields, and its real servers by address. */
static json_t *server(const char *name, int count, json_t *reals)
{
	return json_pack("{s:{s:s}, s:{s:s}, s:{s:i, s:i, s:i, s:i, s:i, s:o}}", "metadata", "name", name, "spec",
			 "service", "default/web", "status", "connections", count, "inPackets", count * 2, "outPackets",
			 count * 3, "inBytes", count * 100, "outBytes", count * 200, "reals", reals);
}

static json_t *real(const char *address, int count, int active)
{
	return json_pack("{s:s, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:i}", "address", address, "port", 80, "weight",
			 1, "active", active, "inactive", 1, "connections", count, "inPackets", count, "outPackets",
			 count, "inBytes", count, "outBytes", count);
}

static void check(json_t *before, json_t *after, double seconds, enum top_sort by, const char *want)
{
	char got[1024] = "";
	size_t n, len = 0;
	struct top_row *rows = top_rows(before, after, seconds, by, &n);

	for (size_t i = 0; i < n; i++)
		len += (size_t)snprintf(got + len, sizeof got - len, "%u %s %lld/%lld %g %g %g %g %g\n", rows[i].level,
					rows[i].name, rows[i].active, rows[i].inactive, rows[i].rates[TOP_NEW],
					rows[i].rates[TOP_IN_PACKETS], rows[i].rates[TOP_OUT_PACKETS],
					rows[i].rates[TOP_IN_BYTES], rows[i].rates[TOP_OUT_BYTES]);
	assert_string_equal(got, want);
	top_free(rows, n);
	json_decref(before);
	json_decref(after);
}

static void test_rates(void **state)
{
	check(json_pack("[o]", server("TCP 10.0.0.1:80", 10, json_pack("[o]", real("10.1.0.1", 4, 1)))),
	      json_pack("[o]", server("TCP 10.0.0.1:80", 30,
				      json_pack("[oo]", real("10.1.0.1", 8, 2), real("fd00::1", 2, 3)))),
	      2, TOP_NAME,
	      "0 TCP 10.0.0.1:80 5/2 10 20 30 1000 2000\n"
	      "1 10.1.0.1:80 2/1 2 2 2 2 2\n"
	      "1 [fd00::1]:80 3/1 1 1 1 1 1\n");
}

/* Made anew: counters that went back count from 0, all of them. */
static void test_anew(void **state)
{
	check(json_pack("[o]", server("TCP 10.0.0.1:80", 50, json_array())),
	      json_pack("[o]", server("TCP 10.0.0.1:80", 5, json_array())), 1, TOP_BYTES,
	      "0 TCP 10.0.0.1:80 0/0 5 10 15 500 1000\n");
	check(NULL, NULL, 1, TOP_BYTES, "");
}

static void test_sorted(void **state)
{
	static const enum top_sort all[] = {TOP_BYTES, TOP_PACKETS, TOP_CONNECTIONS, TOP_ACTIVE};

	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		json_t *before = json_array();
		json_t *after = json_pack(
		    "[ooo]", server("TCP 10.0.0.1:80", 1, json_array()),
		    server("TCP 10.0.0.2:80", 3, json_pack("[oo]", real("10.1.0.1", 1, 1), real("10.1.0.2", 2, 9))),
		    server("TCP 10.0.0.3:80", 1, json_array()));
		size_t n;
		struct top_row *rows = top_rows(before, after, 1, all[i], &n);

		assert_int_equal(n, 5);
		assert_string_equal(rows[0].name, "TCP 10.0.0.2:80");
		assert_string_equal(rows[0].service, "default/web");
		assert_string_equal(rows[1].name, "10.1.0.2:80");
		assert_string_equal(rows[2].name, "10.1.0.1:80");
		assert_string_equal(rows[3].name, "TCP 10.0.0.1:80"); /* of equals the first */
		assert_string_equal(rows[4].name, "TCP 10.0.0.3:80");
		top_free(rows, n);
		json_decref(before);
		json_decref(after);
	}
	assert_string_equal(top_sort_name(TOP_ACTIVE), "active");
	assert_null(top_sort_name(TOP_SORTS));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_rates),
	    cmocka_unit_test(test_anew),
	    cmocka_unit_test(test_sorted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
