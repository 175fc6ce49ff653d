/* Tables for people. Source: kubectl's layout (k8s.io/cli-runtime printers), durations (apimachinery pkg/util/duration).
 * Test: tests/test_columns.c. */
#include "columns.h"

#include "base/arena.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct columns {
	size_t n; /* columns */
	char **cells;
	size_t n_cells, cap;
	bool bare; /* headings are not printed */
};

struct columns *columns_new(const char *const *headings, size_t n)
{
	struct columns *c = xcalloc(1, sizeof *c);

	c->n = n;
	for (size_t i = 0; i < n; i++)
		columns_add(c, headings[i]);
	return c;
}

void columns_free(struct columns *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->n_cells; i++)
		free(c->cells[i]);
	free(c->cells);
	free(c);
}

void columns_hide_headings(struct columns *c)
{
	c->bare = true;
}

char *columns_plain(char *text)
{
	for (unsigned char *p = (unsigned char *)text; *p; p++) {
		if (p[0] == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0)
			p[0] = p[1] = '?';
		if (*p < ' ' || *p == 0x7f)
			*p = '?';
	}
	return text;
}

void columns_add(struct columns *c, const char *cell)
{
	char *copy = columns_plain(xstrdup(cell && *cell ? cell : "<none>"));

	if (c->n_cells == c->cap) {
		c->cap = c->cap ? c->cap * 2 : 64;
		c->cells = xrealloc(c->cells, c->cap * sizeof *c->cells);
	}
	c->cells[c->n_cells++] = copy;
}

static const char *cell(const struct columns *c, size_t i)
{
	return i < c->n_cells ? c->cells[i] : "<none>";
}

/* What a text is put together in. */
struct text {
	char *bytes;
	size_t len, cap;
};

static char *room(struct text *t, size_t n)
{
	char *at;

	if (t->len + n + 1 > t->cap) {
		t->cap = 2 * (t->len + n + 1);
		t->bytes = xrealloc(t->bytes, t->cap);
	}
	at = t->bytes + t->len;
	t->len += n;
	t->bytes[t->len] = '\0';
	return at;
}

static void add(struct text *t, const char *s)
{
	size_t n = strlen(s);

	memcpy(room(t, n), s, n);
}

static void add_blanks(struct text *t, size_t n)
{
	memset(room(t, n), ' ', n);
}

char *columns_text(const struct columns *c)
{
	return columns_styled(c, NULL, 0);
}

char *columns_styled(const struct columns *c, const char *(*style)(size_t row, const char *cell), size_t indent)
{
	size_t rows = (c->n_cells + c->n - 1) / c->n, first = c->bare ? c->n : 0;
	size_t *widths = xcalloc(c->n, sizeof *widths);
	struct text t = {0};

	for (size_t i = first; i < rows * c->n; i++) {
		size_t w = columns_width(cell(c, i));

		if (w > widths[i % c->n])
			widths[i % c->n] = w;
	}
	room(&t, 0);
	for (size_t i = first; i < rows * c->n; i++) {
		const char *s = cell(c, i), *look = style ? style(i / c->n, s) : NULL;

		if (i % c->n == 0)
			add_blanks(&t, indent);
		if (look)
			add(&t, look);
		add(&t, s);
		if (look)
			add(&t, "\033[0m");
		if (i % c->n == c->n - 1)
			add(&t, "\n");
		else
			add_blanks(&t, widths[i % c->n] - columns_width(s) + 3);
	}
	free(widths);
	return t.bytes;
}

char *columns_age(long long s, char buf[24])
{
	long long m = s / 60, h = s / 3600, d = h / 24, y = d / 365;

	if (s < 0)
		snprintf(buf, 24, "<unknown>");
	else if (s < 120)
		snprintf(buf, 24, "%llds", s);
	else if (m < 10)
		snprintf(buf, 24, s % 60 ? "%lldm%llds" : "%lldm", m, s % 60);
	else if (m < 180)
		snprintf(buf, 24, "%lldm", m);
	else if (h < 8)
		snprintf(buf, 24, m % 60 ? "%lldh%lldm" : "%lldh", h, m % 60);
	else if (h < 48)
		snprintf(buf, 24, "%lldh", h);
	else if (d < 8)
		snprintf(buf, 24, h % 24 ? "%lldd%lldh" : "%lldd", d, h % 24);
	else if (d < 730)
		snprintf(buf, 24, "%lldd", d);
	else if (y < 8)
		snprintf(buf, 24, d % 365 ? "%lldy%lldd" : "%lldy", y, d % 365);
	else
		snprintf(buf, 24, "%lldy", y);
	return buf;
}
