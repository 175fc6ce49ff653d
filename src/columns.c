/* Tables for people. Source: kubectl's layout (k8s.io/cli-runtime printers), durations (apimachinery pkg/util/duration).
 * Test: tests/test_columns.c. */
#include "columns.h"

#include "base/arena.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct columns {
	size_t n; /* columns */
	char **cells;
	size_t n_cells, cap;
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

void columns_add(struct columns *c, const char *cell)
{
	char *copy = xstrdup(cell && *cell ? cell : "<none>");

	for (char *p = copy; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = '?';
	if (c->n_cells == c->cap) {
		c->cap = c->cap ? c->cap * 2 : 64;
		c->cells = xrealloc(c->cells, c->cap * sizeof *c->cells);
	}
	c->cells[c->n_cells++] = copy;
}

/* Characters, not bytes: continuation bytes of UTF-8 take no room. */
static size_t width(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

static const char *cell(const struct columns *c, size_t i)
{
	return i < c->n_cells ? c->cells[i] : "<none>";
}

char *columns_text(const struct columns *c)
{
	size_t rows = (c->n_cells + c->n - 1) / c->n, bytes = 1;
	size_t *widths = xcalloc(c->n, sizeof *widths);
	char *text, *p;

	for (size_t i = 0; i < rows * c->n; i++)
		if (width(cell(c, i)) > widths[i % c->n])
			widths[i % c->n] = width(cell(c, i));
	for (size_t i = 0; i < rows * c->n; i++)
		bytes += strlen(cell(c, i)) + widths[i % c->n] - width(cell(c, i)) + 3;
	text = p = xmalloc(bytes);
	for (size_t i = 0; i < rows * c->n; i++) {
		const char *s = cell(c, i);
		size_t pad = widths[i % c->n] - width(s) + 3;

		memcpy(p, s, strlen(s));
		p += strlen(s);
		if (i % c->n == c->n - 1) {
			*p++ = '\n';
			continue;
		}
		memset(p, ' ', pad);
		p += pad;
	}
	*p = '\0';
	free(widths);
	return text;
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
