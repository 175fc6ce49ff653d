/* Test: tests/test_manifest_edit.c */
#include "node_json.h"

#include <math.h>

json_t *node_json(const struct node *n)
{
	json_t *j = NULL;

	switch (n->type) {
	case NODE_NULL:
		break;
	case NODE_BOOL:
		return json_boolean(n->boolean);
	case NODE_INT:
		return json_integer(n->integer);
	case NODE_FLOAT: /* JSON has neither infinity nor NaN: the text is kept */
		j = isfinite(n->number) ? json_real(n->number) : json_stringn(n->text, n->text_len);
		break;
	case NODE_STRING:
		j = json_stringn(n->text, n->text_len);
		break;
	case NODE_LIST:
		j = json_array();
		for (size_t i = 0; i < n->list.n; i++)
			json_array_append_new(j, node_json(&n->list.items[i]));
		return j;
	case NODE_MAP:
		j = json_object();
		for (size_t i = 0; i < n->map.n; i++)
			json_object_set_new(j, n->map.items[i].key, node_json(&n->map.items[i].value));
		return j;
	}
	return j ? j : json_null();
}
