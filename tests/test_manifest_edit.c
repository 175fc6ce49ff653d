/* Manifests taken apart, and one object of a file changed while the others stay as they are written. */
#include "../src/base/arena.h"
#include "../src/manifest_edit.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define WEB  "apiVersion: v1\nkind: Service\nmetadata: {name: web} # mine\nspec: {ports: [{port: 80}]}\n"
#define API  "apiVersion: v1\nkind: Service\nmetadata: {name: api, namespace: shop}\nspec: {ports: [{port: 81}]}\n"
#define DEPL "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {}\n"
#define LIST                                                                                                           \
	"apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Service, metadata: {name: web}, spec: {ports: "  \
	"[{port: 80}]}}\n- {apiVersion: v1, kind: Pod, metadata: {name: p}}\n"
#define JSON_WEB "{\"apiVersion\":\"v1\",\"kind\":\"Service\",\"metadata\":{\"name\":\"web\"}}"
#define JSON_POD "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"p\"}}"

static struct edit_list read_all(const char *text)
{
	struct edit_list l = {0};
	struct diag_list diags = {0};

	edit_read("t", text, strlen(text), &l, &diags);
	diag_print(&diags, stderr);
	assert_int_equal(diags.n, 0);
	return l;
}

static void test_read(void **state)
{
	static const struct {
		const char *text, *want; /* "kind ns/name" of each: ! not ours, = as it is written */
	} rows[] = {
	    {WEB, "Service default/web=;"},
	    {"# all\n---\n" WEB "---\n" API "--- # last\n" DEPL,
	     "Service default/web=;Service shop/api=;Deployment! default/web=;"},
	    {LIST, "Service default/web;Pod default/p;"},
	    {WEB "---\n" LIST, "Service default/web=;Service default/web;Pod default/p;"},
	    {JSON_WEB, "Service default/web=;"},
	    {JSON_WEB "\n" JSON_POD, "Service default/web;Pod default/p;"},
	    {"%YAML 1.1\n---\n" WEB "---\n" API, "Service default/web=;Service shop/api=;"},
	    {"apiVersion: v1\nkind: Node\nmetadata: {name: n1, namespace: x}\n", "Node /n1=;"},
	    {"apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: {name: s}\n",
	     "EndpointSlice default/s=;"},
	    {"apiVersion: v1\nkind: EndpointSlice\nmetadata: {name: s}\n", "EndpointSlice! default/s=;"},
	    {"apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata: {name: s}\n", "Service! default/s=;"},
	    {"", ""},
	    {"# nothing\n---\n", ""},
	    {"7\n", "! default/=;"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct edit_list l = read_all(rows[i].text);
		char have[1024] = "";

		for (size_t k = 0; k < l.n; k++)
			snprintf(have + strlen(have), sizeof have - strlen(have), "%s%s %s/%s%s;", l.items[k].kind_word,
				 l.items[k].ours ? "" : "!", l.items[k].namespace, l.items[k].name,
				 l.items[k].text ? "=" : "");
		assert_string_equal(have, rows[i].want);
		edit_list_clear(&l);
	}
}

static void test_document(void **state)
{
	struct edit_list l = read_all("# all\n---\n" WEB "---\n" API);
	char *s = edit_document(&l.items[0]);

	assert_string_equal(s, WEB);
	free(s);
	edit_set_namespace(&l.items[0], "shop");
	assert_string_equal(l.items[0].namespace, "shop");
	s = edit_document(&l.items[0]);
	assert_string_equal(
	    s, "apiVersion: v1\nkind: Service\nmetadata:\n  name: web\n  namespace: shop\nspec:\n  ports:\n"
	       "  - port: 80\n");
	free(s);
	edit_list_clear(&l);
	l = read_all(LIST);
	s = edit_document(&l.items[1]);
	assert_string_equal(s, "apiVersion: v1\nkind: Pod\nmetadata:\n  name: p\n");
	free(s);
	edit_list_clear(&l);
}

#define NEW "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {ports: [{port: 90}]} # new\n"

static const struct {
	const char *file, *replaced, *removed;
	size_t left; /* of replaced; one less of removed, where the object was there */
	bool was;
} edits[] = {
    {WEB, NEW, "", 1, true},
    {"", NEW, "", 1, false},
    {"# my file\n---\n" WEB, "# my file\n---\n" NEW, "# my file\n", 1, true},
    {API "---\n# two\n" WEB "---\n" DEPL, API "---\n" NEW "---\n" DEPL, API "---\n" DEPL, 3, true},
    {WEB "---\n" API, NEW "---\n" API, "---\n" API, 2, true},
    {API, API "---\n" NEW, API, 2, false},
    {"apiVersion: v1\nkind: Pod\nmetadata: {name: web}", "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\n---\n" NEW,
     "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\n", 2, false},
    {LIST,
     "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Service\n  metadata:\n    name: web\n  spec:\n    "
     "ports:\n"
     "    - port: 90\n- apiVersion: v1\n  kind: Pod\n  metadata:\n    name: p\n",
     "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Pod\n  metadata:\n    name: p\n", 2, true},
    {API "---\n" JSON_WEB "\n", API "---\n" NEW, API, 2, true},
    {JSON_WEB,
     "{\n    \"apiVersion\": \"v1\",\n    \"kind\": \"Service\",\n    \"metadata\": {\n        \"name\": \"web\"\n    "
     "},\n"
     "    \"spec\": {\n        \"ports\": [\n            {\n                \"port\": 90\n            }\n        ]\n   "
     " }\n}\n",
     "", 1, true},
    {JSON_WEB "\n5\n\"x\"\n",
     "{\n    \"apiVersion\": \"v1\",\n    \"kind\": \"Service\",\n    \"metadata\": {\n        \"name\": \"web\"\n    "
     "},\n"
     "    \"spec\": {\n        \"ports\": [\n            {\n                \"port\": 90\n            }\n        ]\n   "
     " }\n}\n---\n5\n---\n\"x\"\n",
     "5\n---\n\"x\"\n", 3, true},
    {API "---\n2e9999\n---\n" JSON_WEB "\n", API "---\n2e9999\n---\n" NEW, API "---\n2e9999\n", 3, true},
    {"\xef\xbb\xbf" WEB "---\n" DEPL, NEW "---\n" DEPL, "---\n" DEPL, 2, true},
    {"\xef\xbb\xbf\xef\xbb\xbf" WEB, NEW, "", 1, true},
    {"\xef\xbb\xbf\t" JSON_WEB "\n{}\n",
     "{\n    \"apiVersion\": \"v1\",\n    \"kind\": \"Service\",\n    \"metadata\": {\n        \"name\": \"web\"\n    "
     "},\n"
     "    \"spec\": {\n        \"ports\": [\n            {\n                \"port\": 90\n            }\n        ]\n   "
     " }\n}\n{}\n",
     "{}\n", 2, true},
    {JSON_WEB "\n2e9999\n",
     "{\n    \"apiVersion\": \"v1\",\n    \"kind\": \"Service\",\n    \"metadata\": {\n        \"name\": \"web\"\n    "
     "},\n"
     "    \"spec\": {\n        \"ports\": [\n            {\n                \"port\": 90\n            }\n        ]\n   "
     " }\n}\n---\n\"2e9999\"\n",
     "\"2e9999\"\n", 2, true},
    {JSON_POD "\n" JSON_WEB,
     "{\n    \"apiVersion\": \"v1\",\n    \"kind\": \"Pod\",\n    \"metadata\": {\n        \"name\": \"p\"\n    }\n}\n"
     "{\n    \"apiVersion\": \"v1\",\n    \"kind\": \"Service\",\n    \"metadata\": {\n        \"name\": \"web\"\n    "
     "},\n"
     "    \"spec\": {\n        \"ports\": [\n            {\n                \"port\": 90\n            }\n        ]\n   "
     " }\n}\n",
     "{\n    \"apiVersion\": \"v1\",\n    \"kind\": \"Pod\",\n    \"metadata\": {\n        \"name\": \"p\"\n    }\n}\n",
     2, true},
};

static void edit_one(size_t i, struct edit_object *o, bool remove, const char *want, size_t left_want)
{
	struct diag_list diags = {0};
	size_t left;
	char *out;

	assert_int_equal(edit_replace("t", edits[i].file, strlen(edits[i].file), o, remove, &out, &left, &diags), 0);
	assert_string_equal(out, want);
	assert_int_equal(left, left_want);
	free(out);
}

static void test_replace(void **state)
{
	struct edit_list l = read_all(NEW);

	for (size_t i = 0; i < sizeof edits / sizeof edits[0]; i++) {
		edit_one(i, &l.items[0], false, edits[i].replaced, edits[i].left);
		edit_one(i, &l.items[0], true, edits[i].removed, edits[i].left - 1);
	}
	edit_list_clear(&l);
}

/* One in JSON in front of others in YAML must not turn the file into JSON. */
static void test_json_into_yaml(void **state)
{
	struct edit_list l = read_all(JSON_WEB "\n");
	struct diag_list diags = {0};
	const char *file = WEB "---\n" API;
	size_t left;
	char *out;

	assert_int_equal(edit_replace("t", file, strlen(file), &l.items[0], false, &out, &left, &diags), 0);
	assert_string_equal(out, "---\n" JSON_WEB "\n---\n" API);
	edit_list_clear(&l);
	l = read_all(out);
	assert_int_equal(l.n, 2);
	free(out);
	edit_list_clear(&l);
}

static void test_refused(void **state)
{
	static const char bad[] = WEB "---\nkind: [\n";
	struct edit_list l = {0}, good = read_all(WEB);
	struct diag_list diags = {0};
	size_t left;
	char *out;

	assert_int_equal(edit_read("t", bad, strlen(bad), &l, &diags), -EINVAL);
	assert_int_equal(diags.n, 1);
	assert_true(diags.items[0].pos.line >= 6);
	assert_int_equal(edit_replace("t", bad, strlen(bad), &good.items[0], false, &out, &left, &diags), -EINVAL);
	diag_clear(&diags);
	edit_list_clear(&good);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_read),           cmocka_unit_test(test_document), cmocka_unit_test(test_replace),
	    cmocka_unit_test(test_json_into_yaml), cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
