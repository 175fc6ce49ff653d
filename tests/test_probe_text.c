/* /healthz, /livez, /readyz: paths, queries, statuses and bodies. */
#include "../src/probe_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

static const struct probe_check good[] = {
    {"ping", PROBE_LIVEZ | PROBE_READYZ, true}, {"ipvs", PROBE_READYZ, true}, {NULL, 0, false}};
static const struct probe_check bad[] = {
    {"ping", PROBE_LIVEZ | PROBE_READYZ, true}, {"ipvs", PROBE_READYZ, false}, {NULL, 0, false}};

static const struct {
	const struct probe_check *checks;
	const char *path, *query;
	int status;
	const char *body; /* NULL: no such path */
} rows[] = {
    {good, "/healthz", "", 200, "ok"},
    {good, "/livez", "x=verbose&verbosely", 200, "ok"},
    {good, "/livez", "verbose", 200, "[+]ping ok\nlivez check passed\n"},
    {good, "/readyz", "a&verbose=false", 200, "[+]ping ok\n[+]ipvs ok\nreadyz check passed\n"},
    {good, "/healthz", "&&verbose&", 200, "[+]ping ok\n[+]ipvs ok\nhealthz check passed\n"},
    {bad, "/livez", "", 200, "ok"},
    {bad, "/readyz", "", 500, "[+]ping ok\n[-]ipvs failed: reason withheld\nreadyz check failed\n"},
    {bad, "/readyz", "exclude=ipvs", 200, "ok"},
    {bad, "/readyz", "exclude=ping&exclude=ipvs&verbose", 200,
     "[+]ping excluded: ok\n[+]ipvs excluded: ok\nreadyz check passed\n"},
    {bad, "/healthz", "exclude=ip", 500,
     "[+]ping ok\n[-]ipvs failed: reason withheld\nwarn: some health checks cannot be excluded: no matches for \"ip\"\n"
     "healthz check failed\n"},
    {bad, "/livez", "exclude=ipvs&verbose", 200,
     "[+]ping ok\nwarn: some health checks cannot be excluded: no matches for \"ipvs\"\nlivez check passed\n"},
    {bad, "/readyz/ping", "verbose", 200, "ok"},
    {bad, "/readyz/ipvs", "", 500, "internal server error: ipvs failed: reason withheld\n"},
    {bad, "/livez/ipvs", "", 0, NULL},
    {good, "/livez/", "", 0, NULL},
    {good, "/livez/../../etc/passwd", "", 0, NULL},
    {good, "/livezx", "", 0, NULL},
    {good, "/", "", 0, NULL},
    {good, "", "", 0, NULL},
    {good, "livez", "", 0, NULL},
};

static void test_rows(void **state)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		int status = 0;
		char *body = probe_answer(rows[i].path, rows[i].query, rows[i].checks, &status);

		if (rows[i].body)
			assert_string_equal(body, rows[i].body);
		else
			assert_null(body);
		assert_int_equal(status, rows[i].status);
		free(body);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
