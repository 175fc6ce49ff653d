/* Metrics as text, in both formats; which of them a request wants. */
#include "../src/metrics_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

/* One family of each type. */
static void write_all(struct metrics *m)
{
	metrics_family(m, METRICS_INFO, "vipd_build", "Version.");
	metrics_begin(m);
	metrics_label(m, "version", "1.0");
	metrics_value(m, 1);
	metrics_family(m, METRICS_COUNTER, "vipd_x", "Many.");
	metrics_single(m, 0);
	metrics_of(m, "a", "q\"b\\s\nn", UINT64_MAX);
	metrics_family(m, METRICS_GAUGE, "vipd_y_seconds", "Time.");
	metrics_begin(m);
	metrics_label(m, "a", "");
	metrics_label_number(m, "port", 80);
	metrics_value_seconds(m, 1500 * NSEC_PER_MSEC);
	metrics_begin(m);
	metrics_value_seconds(m, 2 * NSEC_PER_SEC);
	metrics_begin(m);
	metrics_value_seconds(m, 1);
	metrics_begin(m);
	metrics_value_seconds(m, -1);
	metrics_end(m);
}

#define SAMPLES_X "vipd_x_total 0\nvipd_x_total{a=\"q\\\"b\\\\s\\nn\"} 18446744073709551615\n"
#define FAMILY_Y                                                                                                       \
	"# HELP vipd_y_seconds Time.\n# TYPE vipd_y_seconds gauge\nvipd_y_seconds{a=\"\",port=\"80\"} 1.5\n"           \
	"vipd_y_seconds 2\nvipd_y_seconds 0.000000001\nvipd_y_seconds 0\n"

static void expect(struct metrics *m, const char *want)
{
	assert_int_equal(m->len, strlen(want));
	assert_memory_equal(m->bytes, want, m->len);
	metrics_clear(m);
	*m = (struct metrics){.open = m->open};
}

/* Labels that several samples share are written once. */
static void test_kept(void **state)
{
	struct metrics m = {.open = false};

	metrics_family(&m, METRICS_COUNTER, "x", "X.");
	metrics_begin(&m);
	metrics_label(&m, "a", "1\n");
	metrics_keep(&m);
	metrics_label_number(&m, "b", 2);
	metrics_value(&m, 3);
	metrics_begin_kept(&m);
	metrics_label_number(&m, "b", 4);
	metrics_value(&m, 5);
	metrics_begin(&m);
	metrics_keep(&m); /* none */
	metrics_value(&m, 6);
	metrics_begin_kept(&m);
	metrics_value(&m, 7);
	expect(
	    &m,
	    "# HELP x_total X.\n# TYPE x_total counter\nx_total{a=\"1\\n\",b=\"2\"} 3\nx_total{a=\"1\\n\",b=\"4\"} 5\n"
	    "x_total 6\nx_total 7\n");
}

static void test_formats(void **state)
{
	struct metrics m = {.open = false};

	write_all(&m);
	expect(&m, "# HELP vipd_build_info Version.\n# TYPE vipd_build_info gauge\nvipd_build_info{version=\"1.0\"} 1\n"
		   "# HELP vipd_x_total Many.\n# TYPE vipd_x_total counter\n" SAMPLES_X FAMILY_Y);
	m.open = true;
	write_all(&m);
	expect(&m, "# HELP vipd_build Version.\n# TYPE vipd_build info\nvipd_build_info{version=\"1.0\"} 1\n"
		   "# HELP vipd_x Many.\n# TYPE vipd_x counter\n" SAMPLES_X FAMILY_Y "# EOF\n");
}

static void test_labels(void **state)
{
	static const struct {
		const char *value, *want;
	} rows[] = {
	    {"plain", "vipd_g{l=\"plain\"} 1\n"},
	    {"gr\xc3\xbc\xc3\x9f", "vipd_g{l=\"gr\xc3\xbc\xc3\x9f\"} 1\n"},
	    {"bad\xff\"x", "vipd_g{l=\"bad?\\\"x\"} 1\n"},
	    {"\\", "vipd_g{l=\"\\\\\"} 1\n"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct metrics m = {.family = "vipd_g", .type = METRICS_GAUGE};

		metrics_of(&m, "l", rows[i].value, 1);
		expect(&m, rows[i].want);
	}
}

static void test_times(void **state)
{
	static const nsec_t took[] = {-1, 0, NSEC_PER_MSEC, NSEC_PER_MSEC + 1, 30 * NSEC_PER_SEC, 31 * NSEC_PER_SEC};
	struct metrics_times t = {.sum = 0};
	struct metrics m = {.open = false};

	for (size_t i = 0; i < sizeof took / sizeof *took; i++)
		metrics_times_add(&t, took[i]);
	metrics_family(&m, METRICS_HISTOGRAM, "vipd_h_seconds", "How long.");
	metrics_times(&m, "process", "ipvs", &t);
	m.bytes[m.len - 1] = '\0';
	assert_non_null(strstr(m.bytes, "# TYPE vipd_h_seconds histogram\n"
					"vipd_h_seconds_bucket{process=\"ipvs\",le=\"0.001\"} 3\n"
					"vipd_h_seconds_bucket{process=\"ipvs\",le=\"0.0025\"} 4\n"));
	assert_non_null(strstr(m.bytes, "{process=\"ipvs\",le=\"10.0\"} 4\n"
					"vipd_h_seconds_bucket{process=\"ipvs\",le=\"30.0\"} 5\n"
					"vipd_h_seconds_bucket{process=\"ipvs\",le=\"+Inf\"} 6\n"
					"vipd_h_seconds_sum{process=\"ipvs\"} 61.002000001\n"
					"vipd_h_seconds_count{process=\"ipvs\"} 6"));
	m.len = 0;
	metrics_times(&m, NULL, NULL, &t);
	m.bytes[m.len - 1] = '\0';
	assert_non_null(strstr(m.bytes, "\nvipd_h_seconds_count 6"));
	metrics_clear(&m);
}

static void test_accept(void **state)
{
	static const struct {
		const char *accept;
		bool open;
	} rows[] = {
	    {"", false},
	    {"*/*", false},
	    {"text/plain", false},
	    {"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", false},
	    {"application/openmetrics-text", true},
	    {"Application/OpenMetrics-Text;version=1.0.0", true},
	    {"application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,"
	     "text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
	     true},
	    {"application/openmetrics-text; q=0.3, text/plain;q=0.5", false},
	    {"application/openmetrics-text;q=0", false},
	    {"application/openmetrics-text;q=0.0", false},
	    {"application/openmetrics-text;q=x,text/plain", false},
	    {"application/openmetrics-text;q=9,text/plain;q=1", true},
	    {"application/openmetrics-text;q=1.0000 ,text/plain;q=1", true},
	    {"application/openmetrics-textual", false},
	    {"application/openmetrics-text;q=", true},
	    {",, ,application/openmetrics-text", true},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (metrics_accept_open(rows[i].accept) != rows[i].open)
			fail_msg("%s", rows[i].accept);
	assert_non_null(strstr(metrics_content_type(true), "application/openmetrics-text; version=1.0.0"));
	assert_non_null(strstr(metrics_content_type(false), "version=0.0.4"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_kept),  cmocka_unit_test(test_formats), cmocka_unit_test(test_labels),
	    cmocka_unit_test(test_times), cmocka_unit_test(test_accept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
