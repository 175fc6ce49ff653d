/* Objects: names of kinds, pairs, lists. Test: tests/test_object.c. */
#include "object.h"

#include <stdlib.h>
#include <string.h>

const char *kind_name(enum kind k)
{
	static const char *const names[KIND_COUNT] = {
	    [KIND_SERVICE] = "Service", [KIND_ENDPOINTS] = "Endpoints", [KIND_SLICE] = "EndpointSlice",
	    [KIND_POD] = "Pod",         [KIND_NODE] = "Node",           [KIND_CONFIGMAP] = "ConfigMap",
	};

	return (unsigned)k < KIND_COUNT ? names[k] : "?";
}

const char *pairs_get(const struct str_pairs *p, const char *key)
{
	size_t low = 0, high = p->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int c = strcmp(key, p->items[mid].key);

		if (!c)
			return p->items[mid].value;
		if (c < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return NULL;
}

bool pairs_select(const struct str_pairs *selector, const struct str_pairs *labels)
{
	for (size_t i = 0; i < selector->n; i++) {
		const char *value = pairs_get(labels, selector->items[i].key);

		if (!value || strcmp(value, selector->items[i].value))
			return false;
	}
	return selector->n > 0;
}

void object_free(struct object *o)
{
	if (o && o->arena)
		arena_free(o->arena); /* the object itself lives in it */
	else
		free(o);
}

void object_list_add(struct object_list *l, struct object *o)
{
	if (l->n == l->cap) {
		l->cap = l->cap ? 2 * l->cap : 8;
		l->items = xrealloc(l->items, l->cap * sizeof(struct object *));
	}
	l->items[l->n++] = o;
}

void object_list_clear(struct object_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		object_free(l->items[i]);
	free(l->items);
	*l = (struct object_list){0};
}
