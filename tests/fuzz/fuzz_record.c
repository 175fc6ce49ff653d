/* record_parse: what it takes prints to what it reads back to the same; and the same text as a folder's ConfigMap. */
#include "../../configmaps/manifest.h"
#include "../../configmaps/record.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool held)
{
	if (!held)
		abort();
}

static void round_trip(const struct record *r)
{
	struct diag_list diags = {0};
	struct record *again = NULL;
	size_t len, len2;
	char *text = record_text(r, "default/vips", &len), *twice;

	must(!record_parse("again", text, len, &again, &diags));
	must(!diags.n);
	twice = record_text(again, "default/vips", &len2);
	must(len == len2 && !memcmp(text, twice, len));
	record_free(again);
	free(text);
	free(twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct diag_list diags = {0};
	struct object_list objects = {0};
	struct record *r = NULL;
	char *text = malloc(size + 1);

	memcpy(text, data, size);
	text[size] = '\0';
	if (!record_parse("record", text, size, &r, &diags))
		round_trip(r);
	record_free(r);
	manifest_parse("record", text, size, &objects, &diags);
	for (size_t i = 0; i < objects.n; i++) {
		r = NULL;
		if (objects.items[i]->kind == KIND_CONFIGMAP && !record_from_object(objects.items[i], &r, &diags))
			round_trip(r);
		record_free(r);
	}
	object_list_clear(&objects);
	diag_clear(&diags);
	free(text);
	return 0;
}
