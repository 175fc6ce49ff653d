/* Diagnostics with a place: what was wrong in which file, line and column. Collected, never printed on the way. */
#ifndef VIPD_BASE_DIAG_H
#define VIPD_BASE_DIAG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* A place in a text, counted from 1; 0 means unknown. Columns count bytes. */
struct pos {
	uint32_t line;
	uint32_t col;
};

enum diag_level { DIAG_ERROR, DIAG_WARNING };

struct diag {
	enum diag_level level;
	char *file; /* owned; may be NULL */
	struct pos pos;
	char *text; /* owned; one line without the place */
};

/* Zero-initialise. Holds at most DIAG_MAX items; more are counted in `dropped`. */
struct diag_list {
	struct diag *items;
	size_t n, cap;
	size_t errors, warnings, dropped;
};

enum { DIAG_MAX = 1000 };

__attribute__((format(printf, 4, 5))) void diag_error(struct diag_list *l, const char *file, struct pos at,
						      const char *fmt, ...);
__attribute__((format(printf, 4, 5))) void diag_warning(struct diag_list *l, const char *file, struct pos at,
							const char *fmt, ...);
/* In place, as all texts here are: one line of whole characters, whatever the foreign text quoted in it held or a precision has cut; the rest becomes '?'. */
char *diag_one_line(char *s);
/* Appends copies of all of `from`. */
void diag_append(struct diag_list *l, const struct diag_list *from);
/* "file:line:col: message" (warnings: "file:line:col: warning: message"), without a newline, cut to size; returns buf. */
char *diag_format(const struct diag *d, char *buf, size_t size);
/* One line each, then "N more" if some were dropped. */
void diag_print(const struct diag_list *l, FILE *to);
/* As lines of the log, each at its level. */
void diag_log(const struct diag_list *l);
void diag_clear(struct diag_list *l);

#endif
