/* Events in core/v1's shape, and the file that keeps them. */
#include "../src/events_json.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct events *some(void)
{
	struct events *l = events_new();
	struct event e = {.kind = "Service",
			  .namespace = "default",
			  .name = "web",
			  .uid = "u1",
			  .reason = "EnsuredLoadBalancer",
			  .message = "Ensured load balancer",
			  .last = 1700000000};

	events_add(l, &e);
	e.last += 60;
	events_add(l, &e);
	e = (struct event){.kind = "VIP",
			   .namespace = "",
			   .name = "10.4.0.50",
			   .uid = "",
			   .reason = "VIPMoved",
			   .message = "not \xff UTF-8",
			   .warning = true,
			   .last = 1700000100};
	events_add(l, &e);
	return l;
}

static const char text[] =
    "{\"vipdEvents\":1,\"apiVersion\":\"v1\",\"kind\":\"List\",\"items\":[\n"
    "{\"apiVersion\":\"v1\",\"kind\":\"Event\",\"metadata\":{\"name\":\"web.0000000000000001\",\"namespace\":"
    "\"default\",\"creationTimestamp\":\"2023-11-14T22:13:20Z\"},\"involvedObject\":{\"kind\":\"Service\","
    "\"namespace\":\"default\",\"name\":\"web\",\"uid\":\"u1\",\"apiVersion\":\"v1\"},\"reason\":"
    "\"EnsuredLoadBalancer\",\"message\":\"Ensured load balancer\",\"source\":{\"component\":\"vipd\",\"host\":"
    "\"n1\"},\"firstTimestamp\":\"2023-11-14T22:13:20Z\",\"lastTimestamp\":\"2023-11-14T22:14:20Z\",\"count\":2,"
    "\"type\":\"Normal\",\"reportingComponent\":\"vipd\",\"reportingInstance\":\"n1\"},\n"
    "{\"apiVersion\":\"v1\",\"kind\":\"Event\",\"metadata\":{\"name\":\"10.4.0.50.0000000000000002\",\"namespace\":"
    "\"default\",\"creationTimestamp\":\"2023-11-14T22:15:00Z\"},\"involvedObject\":{\"kind\":\"VIP\",\"name\":"
    "\"10.4.0.50\",\"apiVersion\":\"vipd.io/v1\"},\"reason\":\"VIPMoved\",\"message\":\"not ? UTF-8\",\"source\":{"
    "\"component\":\"vipd\",\"host\":\"n1\"},\"firstTimestamp\":\"2023-11-14T22:15:00Z\",\"lastTimestamp\":"
    "\"2023-11-14T22:15:00Z\",\"count\":1,\"type\":\"Warning\",\"reportingComponent\":\"vipd\","
    "\"reportingInstance\":\"n1\"}\n"
    "]}\n";

static void test_text(void **state)
{
	struct events *l = some(), *again = events_new();
	char *first, *second, why[128];
	size_t len;

	first = events_text(l, "n1", &len);
	assert_string_equal(first, text);
	assert_int_equal(len, strlen(text));
	assert_int_equal(events_read(again, first, len, why, sizeof why), 0);
	second = events_text(again, "n1", &len);
	assert_string_equal(second, text);
	free(first);
	free(second);
	events_free(l);
	events_free(again);
}

static void test_empty(void **state)
{
	struct events *l = events_new();
	char why[128], *none;
	size_t len;

	none = events_text(l, NULL, &len);
	assert_int_equal(events_read(l, none, len, why, sizeof why), 0);
	assert_int_equal(events_count(l), 0);
	free(none);
	events_free(l);
}

/* Cut anywhere, it is refused whole. */
static void test_cut(void **state)
{
	for (size_t n = 0; n < sizeof text - 3; n++) {
		struct events *l = events_new();
		char why[128] = "";

		assert_int_equal(events_read(l, text, n, why, sizeof why), -EINVAL);
		assert_true(*why);
		assert_int_equal(events_count(l), 0);
		events_free(l);
	}
}

static void test_strange(void **state)
{
	static const struct {
		const char *text;
		int err;
	} rows[] = {
	    {"[]", -EINVAL},
	    {"{\"items\":{}}", -EINVAL},
	    {"{\"items\":[], \"items\":[]}", -EINVAL},
	    {"{\"items\":[1, null, {}, \"x\"]}", 0},
	    {"{\"items\":[{\"metadata\":{\"name\":\"a.1\"},\"involvedObject\":{\"kind\":\"S\",\"name\":\"a\"},"
	     "\"reason\":\"R\",\"message\":\"m\",\"count\":0,\"type\":\"Normal\"}]}",
	     0},
	    {"{\"items\":[{\"metadata\":{\"name\":\"a.1\"},\"involvedObject\":{\"kind\":\"S\",\"name\":\"a\"},"
	     "\"reason\":\"R\",\"message\":\"m\",\"count\":99999999999,\"type\":\"Normal\"}]}",
	     0},
	};
	char why[128];

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct events *l = events_new();

		assert_int_equal(events_read(l, rows[i].text, strlen(rows[i].text), why, sizeof why), rows[i].err);
		assert_int_equal(events_count(l), 0);
		events_free(l);
	}
}

/* Without a version it is migrated, with another one refused by name. */
static void test_version(void **state)
{
	static const struct {
		const char *head;
		size_t n;
		const char *why;
	} rows[] = {
	    {"{", 2, ""},
	    {"{\"vipdEvents\":1,", 2, ""},
	    {"{\"vipdEvents\":2,", 0, "is of version 2, this vipd knows 1"},
	    {"{\"vipdEvents\":4294967296,", 0, "1:1: expected a version in \"vipdEvents\""},
	    {"{\"vipdEvents\":0,", 0, "1:1: expected a version in \"vipdEvents\""},
	    {"{\"vipdEvents\":-1,", 0, "1:1: expected a version in \"vipdEvents\""},
	    {"{\"vipdEvents\":\"1\",", 0, "1:1: expected a version in \"vipdEvents\""},
	    {"{\"vipdEvents\":null,", 0, "1:1: expected a version in \"vipdEvents\""},
	};
	const char *rest = strchr(text, ',') + 1;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct events *l = events_new();
		char why[128] = "", all[sizeof text + 32];

		snprintf(all, sizeof all, "%s%s", rows[i].head, rest);
		assert_int_equal(events_read(l, all, strlen(all), why, sizeof why), *rows[i].why ? -EINVAL : 0);
		assert_string_equal(why, rows[i].why);
		assert_int_equal(events_count(l), rows[i].n);
		events_free(l);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_text),    cmocka_unit_test(test_empty),   cmocka_unit_test(test_cut),
	    cmocka_unit_test(test_strange), cmocka_unit_test(test_version),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
