/* Rows of cells -> aligned columns, as kubectl prints them: three blanks between, none at the end of a line. Pure. */
#ifndef VIPD_COLUMNS_H
#define VIPD_COLUMNS_H

#include <stddef.h>

struct columns;

/* n columns with these headings (copied). */
struct columns *columns_new(const char *const *headings, size_t n);
void columns_free(struct columns *c);
/* Adds one cell, row by row; the text is copied; NULL and "" show as "<none>". Control characters show as '?'. */
void columns_add(struct columns *c, const char *cell);
/* All rows, headings first, malloc'd. Widths count characters of UTF-8. An unfinished last row is padded with "<none>". */
char *columns_text(const struct columns *c);

/* "37s", "12m", "5h30m", "3d", "2y40d": the age of something as kubectl prints it (apimachinery's HumanDuration); "<unknown>" below 0. */
char *columns_age(long long seconds, char buf[24]);

#endif
