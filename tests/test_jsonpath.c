/* kubectl's JSONPath templates: what they print, and what is refused. */
#include "../src/jsonpath.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char list[] =
    "{\"kind\":\"List\",\"items\":["
    "{\"metadata\":{\"name\":\"web\",\"labels\":{\"app.io/"
    "x\":\"1\"}},\"spec\":{\"type\":\"LoadBalancer\",\"clusterIP\":"
    "\"10.96.0.1\",\"ports\":[{\"port\":80,\"name\":\"http\"},{\"port\":443},{\"port\":8080}]},"
    "\"status\":{\"loadBalancer\":{\"ingress\":[{\"ip\":\"10.10.0.1\"}]},\"ok\":true,\"none\":null,\"ratio\":0.5}},"
    "{\"metadata\":{\"name\":\"api\"},\"spec\":{\"type\":\"ClusterIP\",\"clusterIP\":\"10.96.0.2\",\"ports\":[{"
    "\"port\":81}]}}"
    "]}";

static void test_good(void **state)
{
	static const char *const rows[][2] = {
	    {"", ""},
	    {"text", "text"},
	    {"{}", ""},
	    {"{.kind}", "List"},
	    {"{ .kind }", "List"},
	    {"{.kind} of {.items[0].metadata.name}.", "List of web."},
	    {"{.none}", ""},
	    {"{.items[7].x}", ""},
	    {"{.items[*].metadata.name}", "web api"},
	    {"{.items[-1].metadata.name}", "api"},
	    {"{.items[-3].metadata.name}", ""},
	    {"{.items[0:2].metadata.name}", "web api"},
	    {"{.items[1:].metadata.name}", "api"},
	    {"{.items[:1].metadata.name}", "web"},
	    {"{.items[0].spec.ports[::2].port}", "80 8080"},
	    {"{.items[0].spec.ports[-2:].port}", "443 8080"},
	    {"{.items[0].status.ok} {.items[0].status.none}|{.items[0].status.ratio}", "true |0.5"},
	    {"{.items[0].metadata.labels.app\\.io/x}", "1"},
	    {"{.items[0].metadata.labels['app.io/x']}", "1"},
	    {"{.items[0].metadata.labels[\"app.io/x\"]}", "1"},
	    {"{['kind']}", "List"},
	    {"{.['kind']}", "List"},
	    {"{$.kind}{@.kind}", "ListList"},
	    {"{..ip}", "10.10.0.1"},
	    {"{..port}", "80 443 8080 81"},
	    {"{.items[0].metadata}", "{\"name\":\"web\",\"labels\":{\"app.io/x\":\"1\"}}"},
	    {"{.items[0].spec.ports[*]}", "{\"port\":80,\"name\":\"http\"} {\"port\":443} {\"port\":8080}"},
	    {"{.items[1].spec.ports[0].*}", "81"},
	    {"{.items[?(@.spec.type==\"LoadBalancer\")].metadata.name}", "web"},
	    {"{.items[?(@.spec.type!='LoadBalancer')].metadata.name}", "api"},
	    {"{.items[?(@.status)].metadata.name}", "web"},
	    {"{.items[?( @.nothing )].metadata.name}", ""},
	    {"{.items[0].spec.ports[?(@.port>80)].port}", "443 8080"},
	    {"{.items[0].spec.ports[?(@.port >= 443)].port}", "443 8080"},
	    {"{.items[0].spec.ports[?(@.port<443)].port}", "80"},
	    {"{.items[0].spec.ports[?(@.port<=443)].port}", "80 443"},
	    {"{.items[0].spec.ports[?(@.name==\"http\")].port}", "80"},
	    {"{.items[?(@.status.ok==true)].metadata.name}", "web"},
	    {"{.items[?(@.status.ok==false)].metadata.name}", ""},
	    {"{.items[?(@.kind==$.kind)].metadata.name}", ""},
	    {"{.nothing[?(@.a==1)]}", ""},
	    {"{range .items[*]}{.metadata.name}{\"\\t\"}{.spec.clusterIP}{\"\\n\"}{end}",
	     "web\t10.96.0.1\napi\t10.96.0.2\n"},
	    {"{range .items[*]}{.metadata.name}:{range .spec.ports[*]} {.port}{end};{end}!",
	     "web: 80 443 8080;api: 81;!"},
	    {"{range .items[*]}{$.kind}{end}", "ListList"},
	    {"{range .none}x{end}", ""},
	    {"{\"a}b\"}", "a}b"},
	    {"{'it'}", "it"},
	    {"{.items[0].a\\}b}{.items[0].a\\'b}.", "."},
	    {"{\"a\" \"b\"}", "ab"},
	};
	json_t *j = json_loads(list, 0, NULL);
	char why[128];

	assert_non_null(j);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char *s = jsonpath_text(rows[i][0], j, why, sizeof why);

		if (!s)
			fail_msg("%s: %s", rows[i][0], why);
		if (strcmp(s, rows[i][1]) != 0)
			fail_msg("%s: expected '%s', got '%s'", rows[i][0], rows[i][1], s);
		free(s);
	}
	json_decref(j);
}

static void test_refused(void **state)
{
	static const char *const rows[][2] = {
	    {"{.kind", "a { has no }"},
	    {"{kind}", "expected a path or a quoted text at \"kind}\""},
	    {"{.items[}", "expected an index, *, a quoted name or ?(...) at \"}\""},
	    {"{.items[0}", "expected ] at \"}\""},
	    {"{.items[::0]}", "a step below 1"},
	    {"{.items[99999999999]}", "an index is out of range at \"99999999999]}\""},
	    {"{.items[?(@.a==)]}", "expected a value or a path at \")]}\""},
	    {"{.items[?(@.a==1]}", "expected ) at \"]}\""},
	    {"{.items[?(@.a==1)}", "expected ] at \"}\""},
	    {"{range .items[*]}x", "a range has no {end}"},
	    {"{range .items[*] x}{end}", "expected } at \" x}{end}\""},
	    {"{end}", "an {end} without a range"},
	    {"{\"x}", "a { has no }"},
	};
	json_t *j = json_loads(list, 0, NULL);

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char why[128] = "";

		assert_null(jsonpath_text(rows[i][0], j, why, sizeof why));
		assert_string_equal(why, rows[i][1]);
	}
	json_decref(j);
}

static void test_bounds(void **state)
{
	json_t *j = json_array(), *inner = json_array();
	char long_name[700] = "{.", why[128], deep[4096] = "", *s;

	for (int i = 0; i < 3000; i++)
		json_array_append_new(inner, json_integer(i));
	for (int i = 0; i < 3000; i++)
		json_array_append(j, inner);
	assert_null(jsonpath_text("{[*][*]}", j, why, sizeof why)); /* nine million */
	assert_non_null(strstr(why, "results"));
	memset(long_name + 2, 'n', 600);
	strcat(long_name, "}");
	assert_null(jsonpath_text(long_name, j, why, sizeof why));
	long_name[1] = '"';
	long_name[602] = '"';
	assert_null(jsonpath_text(long_name, j, why, sizeof why));
	for (int i = 0; i < 60; i++)
		strcat(deep, "{range @}");
	for (int i = 0; i < 60; i++)
		strcat(deep, "{end}");
	assert_null(jsonpath_text(deep, inner, why, sizeof why));
	assert_string_equal(why, "ranges are nested too deep");
	s = jsonpath_text("{[5]}", inner, why, sizeof why);
	assert_string_equal(s, "5");
	free(s);
	json_decref(j);
	json_decref(inner);
}

/* 300 times a text of a MiB. */
static void test_long_output(void **state)
{
	json_t *j = json_array();
	char *text = calloc(1, (1 << 20) + 1), why[128];

	assert_non_null(text);
	memset(text, 'a', 1 << 20);
	json_array_append_new(j, json_string(text));
	for (int i = 1; i < 300; i++)
		json_array_append(j, json_array_get(j, 0));
	assert_null(jsonpath_text("{range [*]}{@}{end}", j, why, sizeof why));
	assert_string_equal(why, "more than 256 MiB of output");
	json_decref(j);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_good),
	    cmocka_unit_test(test_refused),
	    cmocka_unit_test(test_bounds),
	    cmocka_unit_test(test_long_output),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
