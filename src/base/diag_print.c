/* Diagnostics to a stream and to the log: the one part of them that does output. Test: tests/test_diag.c, tests/test_log.c. */
#include "diag.h"

#include "arena.h"
#include "log.h"

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

void diag_log(const struct diag_list *l)
{
	char line[1024];

	for (size_t i = 0; i < l->n; i++) {
		diag_format(&l->items[i], line, sizeof line);
		if (l->items[i].level == DIAG_ERROR)
			log_error("%s", line);
		else
			log_warning("%s", line);
	}
	if (l->dropped)
		log_error("%zu more", l->dropped);
}
