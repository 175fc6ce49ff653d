/* Rows of cells -> aligned columns, as kubectl prints them: three blanks between, none at the end of a line. Pure. */
#ifndef VIPD_COLUMNS_H
#define VIPD_COLUMNS_H

#include <stddef.h>

struct columns;

/* n columns with these headings (copied). */
struct columns *columns_new(const char *const *headings, size_t n);
void columns_free(struct columns *c);
/* The headings are not printed, and no column is as wide as its own. */
void columns_hide_headings(struct columns *c);
/* Adds one cell, row by row; the text is copied; NULL and "" show as "<none>"; columns_plain. */
void columns_add(struct columns *c, const char *cell);
/* All rows, headings first (columns_hide_headings), malloc'd. Widths are those of a terminal (columns_width). An unfinished last row is padded with "<none>". */
char *columns_text(const struct columns *c);
/* The same with a look: style gives what to write before a cell ("\033[1m", never part of a width; "\033[0m" follows the cell), or NULL for none;
 * row 0 are the headings. style NULL: columns_text. Each line begins with indent blanks. */
char *columns_styled(const struct columns *c, const char *(*style)(size_t row, const char *cell), size_t indent);

/* A text for a terminal: each byte of a control character (those of U+0080 to U+009F too) becomes '?', in place; returns text. */
char *columns_plain(char *text);

/* How many places of a terminal a text takes: East Asian wide characters and most emoji two, combining marks none, bytes that are no UTF-8 one each.
 * Source: Unicode 14, EastAsianWidth.txt (W, F), categories Mn, Me, Cf; the same in every locale. */
size_t columns_width(const char *s);

/* "37s", "12m", "5h30m", "3d", "2y40d": the age of something as kubectl prints it (apimachinery's HumanDuration); "<unknown>" below 0. */
char *columns_age(long long seconds, char buf[24]);

#endif
