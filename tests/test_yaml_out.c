/* JSON as YAML: golden text, and that it reads back to the same value. */
#include "../src/yaml_out.h"

#include "../src/base/doc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static json_t *json_of(const struct node *n)
{
	json_t *j;

	switch (n->type) {
	case NODE_NULL:
		return json_null();
	case NODE_BOOL:
		return json_boolean(n->boolean);
	case NODE_INT:
		return json_integer(n->integer);
	case NODE_FLOAT:
		return json_real(n->number);
	case NODE_STRING:
		return json_stringn(n->text, n->text_len);
	case NODE_LIST:
		j = json_array();
		for (size_t i = 0; i < n->list.n; i++)
			json_array_append_new(j, json_of(&n->list.items[i]));
		return j;
	case NODE_MAP:
		break;
	}
	j = json_object();
	for (size_t i = 0; i < n->map.n; i++)
		json_object_set_new(j, n->map.items[i].key, json_of(&n->map.items[i].value));
	return j;
}

static int keep(void *arg, const struct node *root, size_t index)
{
	*(json_t **)arg = json_of(root);
	return 0;
}

static void same_again(json_t *j)
{
	struct diag_list diags = {0};
	char *text = yaml_text(j);
	json_t *again = NULL;

	if (doc_parse("y", text, strlen(text), NULL, &diags, keep, &again)) {
		diag_print(&diags, stderr);
		fail_msg("does not read back:\n%s", text);
	}
	if (!json_equal(j, again))
		fail_msg("reads back differently:\n%s", text);
	json_decref(again);
	free(text);
}

static void test_layout(void **state)
{
	json_t *j = json_loads(
	    "{\"a\": 1, \"list\": [\"x\", {\"k\": \"v\", \"l\": [1, 2]}, [3], [], {}], \"empty\": {}, \"none\": null,"
	    "\"map\": {\"ip\": \"10.0.0.1\", \"net\": \"10.0.0.0/8\", \"v6\": \"fd00::1\", \"n\": \"::1\"}}",
	    0, NULL);
	char *text = yaml_text(j);

	assert_string_equal(text, "a: 1\n"
				  "list:\n"
				  "- x\n"
				  "- k: v\n"
				  "  l:\n"
				  "  - 1\n"
				  "  - 2\n"
				  "- - 3\n"
				  "- []\n"
				  "- {}\n"
				  "empty: {}\n"
				  "none: null\n"
				  "map:\n"
				  "  ip: 10.0.0.1\n"
				  "  net: 10.0.0.0/8\n"
				  "  v6: \"fd00::1\"\n"
				  "  \"n\": \"::1\"\n");
	free(text);
	same_again(j);
	json_decref(j);
}

/* Everything that some reader could take for something else is quoted. */
static void test_strings(void **state)
{
	static const char *const strings[] = {
	    "",
	    "a",
	    "true",
	    "Yes",
	    "no",
	    "NULL",
	    "~",
	    "1",
	    "1.5",
	    "0x1f",
	    "1e3",
	    "-",
	    "- a",
	    "a: b",
	    "a #b",
	    "#a",
	    "a:",
	    ":a",
	    "{a}",
	    "[a]",
	    "*a",
	    "&a",
	    "!a",
	    "|",
	    ">",
	    "@a",
	    "`a",
	    "'a'",
	    "\"a\"",
	    "a\\b",
	    "a\nb",
	    "\n",
	    "\ta",
	    " a",
	    "a ",
	    "a\r\nb",
	    "\x01",
	    "\x7f",
	    "\xc3\xa4",
	    "%a",
	    "?a",
	    "? a",
	    "/a/b",
	    "a.b/c-d_e:f",
	    "1:30",
	    "12:30:45",
	    "2001-01-01",
	    ".inf",
	    "<<",
	    "=",
	    "---",
	    "...",
	    "a,b",
	    "0o7",
	    "\xe2\x80\xa8",
	    "\xc2\x85",
	    "\xe2\x80\xa9",
	    "\xef\xbb\xbf",
	    "\xc2\x80",
	    "y",
	    "10.0.0.256",
	    "infinity",
	    "nan",
	};
	json_t *list = json_array(), *map = json_object();

	for (size_t i = 0; i < sizeof strings / sizeof strings[0]; i++) {
		json_array_append_new(list, json_string(strings[i]));
		if (strcmp(strings[i], "<<") != 0)
			json_object_set_new(map, strings[i], json_integer((json_int_t)i));
	}
	same_again(list);
	same_again(map);
	json_decref(list);
	json_decref(map);
}

static void test_scalars(void **state)
{
	json_t *j = json_pack("[i, b, b, n, f, I]", -5, 1, 0, 1.25, (json_int_t)1 << 40);
	char *text;

	same_again(j);
	json_decref(j);
	j = json_string("x");
	text = yaml_text(j);
	assert_string_equal(text, "x\n");
	free(text);
	json_decref(j);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_layout),
	    cmocka_unit_test(test_strings),
	    cmocka_unit_test(test_scalars),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
