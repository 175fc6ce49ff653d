/* Diagnostics to a stream: the one part of them that does output. Test: tests/test_diag.c. */
#include "diag.h"

#include "arena.h"

#include <stdlib.h>
#include <string.h>

void diag_print(const struct diag_list *l, FILE *to)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct diag *d = &l->items[i];
		size_t size = strlen(d->text) + (d->file ? strlen(d->file) : 0) + 64;
		char *line = xmalloc(size);

		fprintf(to, "%s\n", diag_format(d, line, size));
		free(line);
	}
	if (l->dropped)
		fprintf(to, "%zu more\n", l->dropped);
}
