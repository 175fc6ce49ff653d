/* src/manifest_edit.c: whatever the file, with the object put in it is read again and has it once more or still; taken out, it has one less;
 * or it is refused. */
#include "../../src/manifest_edit.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static const char web[] = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {ports: [{port: 80}]}\n";

static size_t count(const char *text, size_t len, const struct edit_object *o, size_t *all)
{
	struct edit_list l = {0};
	struct diag_list diags = {0};
	size_t n = 0;

	if (edit_read("f", text, len, &l, &diags))
		abort();
	for (size_t i = 0; i < l.n; i++)
		n += edit_same_identity(&l.items[i], o);
	*all = l.n;
	edit_list_clear(&l);
	diag_clear(&diags);
	return n;
}

static void try(const char *text, size_t len, const struct edit_object *o, bool remove, size_t had, size_t all)
{
	struct diag_list diags = {0};
	size_t left, now_all, now;
	char *out;

	if (edit_replace("f", text, len, o, remove, &out, &left, &diags)) { /* the file stays as it is */
		diag_clear(&diags);
		return;
	}
	now = count(out, strlen(out), o, &now_all);
	if (now_all != left || now != (remove ? had - (had > 0) : had + (had == 0)) ||
	    now_all != (remove ? all - (had > 0) : all + (had == 0)))
		abort();
	free(out);
	diag_clear(&diags);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct edit_list file = {0}, mine = {0};
	struct diag_list diags = {0};
	const char *text = (const char *)data;
	size_t had, all;

	if (edit_read("f", text, size, &file, &diags) == 0 && edit_read("w", web, sizeof web - 1, &mine, &diags) == 0) {
		had = count(text, size, &mine.items[0], &all);
		try(text, size, &mine.items[0], false, had, all);
		try(text, size, &mine.items[0], true, had, all);
	}
	edit_list_clear(&file);
	edit_list_clear(&mine);
	diag_clear(&diags);
	return 0;
}
