/* src/jsonpath.c: the first line is a JSON value (a list of its own where it is none), the rest a template. A template is applied or refused with a
 * reason, and the same one says the same twice. */
#include "../../src/jsonpath.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static const char list[] =
    "{\"kind\":\"List\",\"items\":[{\"metadata\":{\"name\":\"web\"},\"spec\":{\"ports\":[{\"port\":80},"
    "{\"port\":443}]}},{\"metadata\":{\"name\":\"api\"},\"ok\":true,\"none\":null,\"ratio\":0.5}]}";

static json_t *value_of(const uint8_t *data, size_t n)
{
	json_t *j = json_loadb((const char *)data, n, JSON_DECODE_ANY, NULL);

	return j ? j : json_loads(list, 0, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *line = size ? memchr(data, '\n', size) : NULL;
	size_t head = line ? (size_t)(line - data) : 0, from = line ? head + 1 : 0;
	json_t *value = value_of(data, head);
	char *template = calloc(size - from + 1, 1), why[64] = "", again[64] = "", *one, *two;

	if (!template)
		abort();
	if (size > from)
		memcpy(template, data + from, size - from);
	one = jsonpath_text(template, value, why, sizeof why);
	two = jsonpath_text(template, value, again, sizeof again);
	if (!one != !two || !one != (*why != '\0') || strcmp(why, again) != 0 || (one && strcmp(one, two) != 0))
		abort();
	free(one);
	free(two);
	free(template);
	json_decref(value);
	return 0;
}
