/* The list of diagnostics: bounded, each one line. Pure; printing is diag_print.c. Test: tests/test_diag.c. */
#include "diag.h"

#include "arena.h"
#include "utf8.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

char *diag_one_line(char *s)
{
	size_t len = strlen(s), n;

	for (size_t i = 0; i < len; i += n) {
		n = utf8_len(s + i, len - i);
		if (n == 0 || (unsigned char)s[i] < 0x20 || s[i] == 0x7f) {
			s[i] = '?';
			n = 1;
		}
	}
	return s;
}

/* Takes over text. */
static void add(struct diag_list *l, enum diag_level level, const char *file, struct pos at, char *text)
{
	if (level == DIAG_ERROR)
		l->errors++;
	else
		l->warnings++;
	if (l->n >= DIAG_MAX) {
		l->dropped++;
		free(text);
		return;
	}
	if (l->n == l->cap) {
		l->cap = l->cap ? 2 * l->cap : 8;
		l->items = xrealloc(l->items, l->cap * sizeof(*l->items));
	}
	l->items[l->n++] = (struct diag){
	    .level = level, .file = file ? diag_one_line(xstrdup(file)) : NULL, .pos = at, .text = diag_one_line(text)};
}

__attribute__((format(printf, 1, 0))) static char *vformat(const char *fmt, va_list ap)
{
	char *s = NULL;

	if (vasprintf(&s, fmt, ap) < 0)
		abort();
	return s;
}

void diag_error(struct diag_list *l, const char *file, struct pos at, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(l, DIAG_ERROR, file, at, vformat(fmt, ap));
	va_end(ap);
}

void diag_warning(struct diag_list *l, const char *file, struct pos at, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(l, DIAG_WARNING, file, at, vformat(fmt, ap));
	va_end(ap);
}

void diag_append(struct diag_list *l, const struct diag_list *from)
{
	size_t errors = 0, warnings = 0;

	for (size_t i = 0; i < from->n; i++) {
		const struct diag *d = &from->items[i];

		add(l, d->level, d->file, d->pos, xstrdup(d->text));
		if (d->level == DIAG_ERROR)
			errors++;
		else
			warnings++;
	}
	l->errors += from->errors - errors; /* those that `from` dropped */
	l->warnings += from->warnings - warnings;
	l->dropped += from->dropped;
}

char *diag_format(const struct diag *d, char *buf, size_t size)
{
	char place[32] = "";

	if (d->pos.line && d->pos.col)
		snprintf(place, sizeof(place), "%u:%u:", d->pos.line, d->pos.col);
	else if (d->pos.line)
		snprintf(place, sizeof(place), "%u:", d->pos.line);
	snprintf(buf, size, "%s%s%s%s%s%s", d->file ? d->file : "", d->file ? ":" : "", place,
		 d->file || *place ? " " : "", d->level == DIAG_WARNING ? "warning: " : "", d->text);
	return buf;
}

void diag_clear(struct diag_list *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free(l->items[i].file);
		free(l->items[i].text);
	}
	free(l->items);
	*l = (struct diag_list){0};
}
