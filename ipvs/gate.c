/* Decides which wanted virtual servers are there on a node that is not Active for their address. Source: DESIGN.md, "DR/TUN" (two directors would loop
 * packets). Test: tests/test_gate.c */
#include "gate.h"

#include "../src/base/arena.h"
#include "drain.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void gates_clear(struct gates *g)
{
	table_free(g->shut);
	free(g->active);
	memset(g, 0, sizeof(*g));
}

static bool is_shut(const struct gates *g, const struct vs *v)
{
	return v->gate && !g->open[v->gate - 1];
}

static size_t active_find(const struct gates *g, const char *router)
{
	size_t i = 0;

	while (i < g->n_active && strncmp(g->active[i], router, GATE_NAME) != 0)
		i++;
	return i;
}

static void active_note(struct gates *g, const char *router, bool active)
{
	size_t i = active_find(g, router);

	if (active == (i < g->n_active))
		return;
	if (!active) {
		memcpy(g->active[i], g->active[--g->n_active], GATE_NAME);
		return;
	}
	g->active = xrealloc(g->active, (i + 1) * sizeof(*g->active));
	memset(g->active[i], 0, GATE_NAME);
	memcpy(g->active[i], router, strnlen(router, GATE_NAME - 1));
	g->n_active++;
}

/* Virtual servers that are to move, as copies: the tables change under them. */
struct moves {
	struct vs *items;
	size_t n;
};

static void moves_add(struct moves *m, const struct vs *v)
{
	struct real *own;
	struct vs copy;

	if (!drain_strip(v, &copy, &own)) /* of what goes behind a gate nothing stays */
		return;
	if (!own)
		copy.reals = v->n ? xmemdup(v->reals, v->n * sizeof(*v->reals)) : NULL;
	copy.ranges = v->n_ranges ? xmemdup(v->ranges, v->n_ranges * sizeof(*v->ranges)) : NULL;
	m->items = xrealloc(m->items, (m->n + 1) * sizeof(*m->items));
	m->items[m->n++] = copy;
}

static void moves_clear(struct moves *m)
{
	for (size_t i = 0; i < m->n; i++)
		vs_clear(&m->items[i]);
	free(m->items);
}

static void gather_shut(const struct gates *g, struct table *from, struct moves *out)
{
	size_t n;
	const struct vs *const *v = table_sorted(from, &n);

	for (size_t i = 0; i < n; i++)
		if (is_shut(g, v[i]))
			moves_add(out, v[i]);
}

void gates_picture(struct gates *g, struct table *want, const struct ipvs_settings *s)
{
	struct moves m = {0};

	table_free(g->shut);
	g->shut = table_new();
	g->n = s->n_gates;
	memcpy(g->names, s->gates, sizeof(g->names));
	for (size_t i = 0; i < g->n; i++)
		g->open[i] = active_find(g, g->names[i]) < g->n_active;
	gather_shut(g, want, &m);
	for (size_t i = 0; i < m.n; i++) {
		table_put(g->shut, &m.items[i]);
		table_del(want, &m.items[i].key);
	}
	moves_clear(&m);
}

int gates_row(struct gates *g, enum row_op op, const struct vs *v, enum row_op *out)
{
	if (op == ROW_SET && v->gate > g->n)
		return -EINVAL;
	*out = op;
	if (op == ROW_SET && is_shut(g, v)) {
		table_put(g->shut, v);
		*out = ROW_DELETE;
	} else if (g->shut) {
		table_del(g->shut, &v->key);
	}
	return 0;
}

static void gather_gate(struct table *from, uint16_t gate, struct moves *out)
{
	size_t n;
	const struct vs *const *v = table_sorted(from, &n);

	for (size_t i = 0; i < n; i++)
		if (v[i]->gate == gate)
			moves_add(out, v[i]);
}

static size_t turn(struct gates *g, uint16_t gate, bool open, struct table *want,
		   void (*row)(void *arg, enum row_op op, const struct vs *v), void *arg)
{
	struct moves m = {0};
	size_t n;

	g->open[gate - 1] = open;
	gather_gate(open ? g->shut : want, gate, &m);
	for (size_t i = 0; i < m.n; i++) {
		if (open)
			table_del(g->shut, &m.items[i].key);
		else
			table_put(g->shut, &m.items[i]);
		row(arg, open ? ROW_SET : ROW_DELETE, &m.items[i]);
	}
	n = m.n;
	g->moves += n;
	moves_clear(&m);
	return n;
}

size_t gates_role(struct gates *g, const char *router, bool active, struct table *want,
		  void (*row)(void *arg, enum row_op op, const struct vs *v), void *arg)
{
	active_note(g, router, active);
	for (uint16_t i = 0; want && i < g->n; i++)
		if (strncmp(g->names[i], router, GATE_NAME) == 0 && g->open[i] != active)
			return turn(g, (uint16_t)(i + 1), active, want, row, arg);
	return 0;
}

/* What drains is no part of what is wanted: a successor finds it in the record. */
static void encode(struct wire_picture_writer *w, const struct vs *v)
{
	struct real *own;
	struct vs bare;

	if (drain_strip(v, &bare, &own))
		wire_picture_add(w, &bare);
	free(own);
}

size_t gates_waiting(const struct gates *g, char (*names)[GATE_NAME])
{
	bool waits[GATES_MAX] = {false};
	size_t n = 0, count = 0;
	const struct vs *const *v = g->shut ? table_sorted(g->shut, &n) : NULL;

	for (size_t i = 0; i < n; i++)
		waits[v[i]->gate - 1] = true;
	for (uint16_t i = 0; i < g->n; i++)
		if (waits[i])
			memcpy(names[count++], g->names[i], GATE_NAME);
	return count;
}

void *gates_encode(struct gates *g, struct table *want, const struct ipvs_settings *s, size_t *len)
{
	struct wire_picture_writer w = {0};
	size_t n, m = 0, i = 0, k = 0;
	const struct vs *const *a = table_sorted(want, &n), *const *b = g->shut ? table_sorted(g->shut, &m) : NULL;

	while (i < n || k < m)
		if (k == m || (i < n && vs_key_cmp(&a[i]->key, &b[k]->key) < 0))
			encode(&w, a[i++]);
		else
			encode(&w, b[k++]);
	return wire_picture_end(&w, s, len);
}
