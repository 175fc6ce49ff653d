/* Requests on the control socket: each refusal with its words. */
#include "../src/ctl_request.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static int parse(const char *text, struct ctl_request *r, char why[256])
{
	return ctl_request_parse(text, strlen(text), r, why, 256);
}

static void test_good(void **state)
{
	struct ctl_request r;
	char why[256];

	assert_int_equal(parse("{\"verb\":\"status\"}", &r, why), 0);
	assert_int_equal(r.verb, CTL_STATUS);
	ctl_request_clear(&r);

	assert_int_equal(parse("{\"verb\":\"get\",\"kind\":\"svc\"}", &r, why), 0);
	assert_int_equal(r.verb, CTL_GET);
	assert_int_equal(r.kind, CTL_SERVICES);
	assert_string_equal(r.ns, "default");
	assert_int_equal(r.n_names, 0);
	ctl_request_clear(&r);

	assert_int_equal(
	    parse("{\"verb\":\"get\",\"kind\":\"ep\",\"namespace\":\"a\",\"name\":\"b\",\"allNamespaces\":false,"
		  "\"unknown\":1}",
		  &r, why),
	    0);
	assert_int_equal(r.kind, CTL_ENDPOINTS);
	assert_string_equal(r.ns, "a");
	assert_int_equal(r.n_names, 1);
	assert_string_equal(r.names[0], "b");
	ctl_request_clear(&r);

	assert_int_equal(parse("{\"verb\":\"failover\"}", &r, why), 0);
	assert_int_equal(r.verb, CTL_FAILOVER);
	assert_int_equal(r.n_names, 0);
	ctl_request_clear(&r);
	assert_int_equal(parse("{\"verb\":\"failover\",\"name\":\"vips\"}", &r, why), 0);
	assert_string_equal(r.names[0], "vips");
	ctl_request_clear(&r);
	assert_int_equal(parse("{\"verb\":\"reexec\"}", &r, why), 0);
	assert_int_equal(r.verb, CTL_REEXEC);
	ctl_request_clear(&r);

	assert_int_equal(parse("{\"verb\":\"get\",\"kind\":\"events\",\"for\":\"Service/web\"}", &r, why), 0);
	assert_string_equal(r.of, "Service/web");
	ctl_request_clear(&r);
	assert_int_equal(parse("{\"verb\":\"where\",\"objects\":[\"Node n1\"]}", &r, why), 0);
	assert_int_equal(r.verb, CTL_WHERE);
	assert_string_equal(r.names[0], "Node n1");
	ctl_request_clear(&r);
	assert_int_equal(parse("{\"verb\":\"settle\",\"files\":[\"- a\"]}", &r, why), 0);
	assert_int_equal(r.verb, CTL_SETTLE);
	assert_int_equal(r.timeout_s, CTL_TIMEOUT_S);
	ctl_request_clear(&r);
	assert_int_equal(parse("{\"verb\":\"settle\",\"timeoutSeconds\":7}", &r, why), 0);
	assert_int_equal(r.n_names, 0);
	assert_int_equal(r.timeout_s, 7);
	ctl_request_clear(&r);

	assert_int_equal(
	    parse("{\"verb\":\"explain\",\"address\":\"fd00::1\",\"port\":53,\"protocol\":\"UDP\"}", &r, why), 0);
	assert_int_equal(r.key.port, 53);
	assert_int_equal(r.key.proto, 17);
	ctl_request_clear(&r);

	assert_int_equal(
	    parse("{\"verb\":\"get\",\"kind\":\"vs\",\"names\":[\"x\",\"y\"],\"allNamespaces\":true}", &r, why), 0);
	assert_int_equal(r.n_names, 2);
	assert_true(r.all_namespaces);
	ctl_request_clear(&r);
}

static void test_refused(void **state)
{
	static const struct {
		const char *text, *why;
	} rows[] = {
	    {"", "not JSON: '[' or '{' expected near end of file at byte 0"},
	    {"[]", "expected a JSON object"},
	    {"{}", "\"verb\" is missing"},
	    {"{\"verb\":1}", "\"verb\" must be a string"},
	    {"{\"verb\":\"got\"}", "unknown verb \"got\"; did you mean \"get\"?"},
	    {"{\"verb\":\"delete\"}", "unknown verb \"delete\""},
	    {"{\"verb\":\"get\"}", "\"kind\" is missing"},
	    {"{\"verb\":\"get\",\"kind\":\"servces\"}", "unknown kind \"servces\"; did you mean \"services\"?"},
	    {"{\"verb\":\"get\",\"kind\":\"secrets\"}", "unknown kind \"secrets\""},
	    {"{\"verb\":\"get\",\"kind\":7}", "\"kind\" must be a string"},
	    {"{\"verb\":\"get\",\"kind\":\"events\",\"for\":1}", "\"for\" must be a string"},
	    {"{\"verb\":\"where\",\"objects\":{}}", "\"objects\" must be a list of strings"},
	    {"{\"verb\":\"settle\",\"files\":[7]}", "\"files\" must be a list of strings"},
	    {"{\"verb\":\"settle\",\"timeoutSeconds\":0}", "\"timeoutSeconds\" must be a number from 1 to 3600"},
	    {"{\"verb\":\"settle\",\"timeoutSeconds\":\"5\"}", "\"timeoutSeconds\" must be a number from 1 to 3600"},
	    {"{\"verb\":\"explain\"}", "\"address\" must be an IP address"},
	    {"{\"verb\":\"explain\",\"address\":\"10.0.0.256\",\"port\":80}", "\"address\" must be an IP address"},
	    {"{\"verb\":\"explain\",\"address\":\"10.0.0.1\"}", "\"port\" must be a number from 1 to 65535"},
	    {"{\"verb\":\"explain\",\"address\":\"10.0.0.1\",\"port\":65536}",
	     "\"port\" must be a number from 1 to 65535"},
	    {"{\"verb\":\"explain\",\"address\":\"10.0.0.1\",\"port\":80,\"protocol\":\"tcp\"}",
	     "\"protocol\" must be TCP, UDP or SCTP"},
	    {"{\"verb\":\"failover\",\"name\":5}", "\"name\" must be a string"},
	    {"{\"verb\":\"failover\",\"names\":[\"a\",\"b\"]}", "one router at a time, or all without a name"},
	    {"{\"verb\":\"get\",\"kind\":\"svc\",\"namespace\":[]}", "\"namespace\" must be a string"},
	    {"{\"verb\":\"get\",\"kind\":\"svc\",\"name\":7}", "\"name\" must be a string"},
	    {"{\"verb\":\"get\",\"kind\":\"svc\",\"name\":\"a\",\"names\":[]}", "both \"name\" and \"names\""},
	    {"{\"verb\":\"get\",\"kind\":\"svc\",\"names\":\"a\"}", "\"names\" must be a list of strings"},
	    {"{\"verb\":\"get\",\"kind\":\"svc\",\"names\":[1]}", "\"names\" must be a list of strings"},
	    {"{\"verb\":\"get\",\"kind\":\"svc\",\"allNamespaces\":\"yes\"}",
	     "\"allNamespaces\" must be true or false"},
	    {"{\"verb\":\"get\",\"kind\":\"svc\",\"name\":\"a\",\"allNamespaces\":true}",
	     "a resource cannot be retrieved by name across all namespaces"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct ctl_request r = {.n_names = 99};
		char why[256] = "";

		assert_int_equal(parse(rows[i].text, &r, why), -22);
		assert_string_equal(why, rows[i].why);
		assert_int_equal(r.n_names, 99);
	}
}

static void test_bounds(void **state)
{
	size_t len = CTL_REQUEST_MAX + 1;
	char *big = malloc(len + 1), why[256];
	struct ctl_request r;
	size_t at;

	memset(big, ' ', len);
	assert_int_equal(ctl_request_parse(big, len, &r, why, sizeof why), -22);
	assert_string_equal(why, "the request is longer than 65536 bytes");

	at = (size_t)sprintf(big, "{\"verb\":\"get\",\"kind\":\"svc\",\"names\":[\"n\"");
	for (int i = 0; i < CTL_NAMES_MAX; i++)
		at += (size_t)sprintf(big + at, ",\"n\"");
	sprintf(big + at, "]}");
	assert_int_equal(parse(big, &r, why), -22);
	assert_string_equal(why, "more than 256 names");

	at = (size_t)sprintf(big, "{\"verb\":\"get\",\"kind\":\"svc\",\"name\":\"");
	memset(big + at, 'n', 254);
	sprintf(big + at + 254, "\"}");
	assert_int_equal(parse(big, &r, why), -22);
	assert_string_equal(why, "\"name\" is longer than 253 characters");
	free(big);
}

static void test_kinds(void **state)
{
	static const char *const words[CTL_KINDS][3] = {
	    {"services", "Service", "svc"}, {"endpoints", "endpoint", "EP"},
	    {"pods", "pod", "po"},          {"virtualservers", "VirtualServer", "vs"},
	    {"vips", "vip", "VIP"},         {"vrrp", "VirtualRouter", "vr"},
	    {"events", "Event", "ev"},      {"nodes", "node", "no"},
	    {"pools", "pool", "pool"}};
	enum ctl_kind k;

	for (int i = 0; i < CTL_KINDS; i++)
		for (int w = 0; w < 3; w++) {
			assert_int_equal(ctl_kind_parse(words[i][w], &k), 0);
			assert_int_equal(k, i);
			assert_string_equal(ctl_kind_name(k), words[i][0]);
		}
	assert_int_equal(ctl_kind_parse("secrets", &k), -22);
	assert_true(ctl_kind_namespaced(CTL_PODS));
	assert_false(ctl_kind_namespaced(CTL_VIPS));
}

static void test_error_text(void **state)
{
	char *s = ctl_error_text("BadRequest", "a \"quote\"");

	assert_string_equal(s, "{\"error\":{\"reason\":\"BadRequest\",\"message\":\"a \\\"quote\\\"\"}}\n");
	free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_good),  cmocka_unit_test(test_refused),    cmocka_unit_test(test_bounds),
	    cmocka_unit_test(test_kinds), cmocka_unit_test(test_error_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
