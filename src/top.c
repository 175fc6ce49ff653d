/* Rates by virtual server and real server, sorted. Counters, not the kernel's estimates: those lag behind and can be off.
 * Test: tests/test_top.c. */
#include "top.h"

#include "base/arena.h"
#include "base/map.h"

#include <stdlib.h>
#include <string.h>

static const char *const sort_names[TOP_SORTS] = {[TOP_BYTES] = "bytes",
						  [TOP_PACKETS] = "packets",
						  [TOP_CONNECTIONS] = "connections",
						  [TOP_ACTIVE] = "active",
						  [TOP_NAME] = "name"};

const char *top_sort_name(enum top_sort s)
{
	return s < TOP_SORTS ? sort_names[s] : NULL;
}

static const char *text_of(json_t *j, const char *key)
{
	const char *s = json_string_value(json_object_get(j, key));

	return s ? s : "?";
}

static long long number(json_t *j, const char *key)
{
	return (long long)json_integer_value(json_object_get(j, key));
}

static char *real_name(json_t *real)
{
	const char *address = text_of(real, "address");
	bool v6 = strchr(address, ':') != NULL;

	return xasprintf("%s%s%s:%lld", v6 ? "[" : "", address, v6 ? "]" : "", number(real, "port"));
}

/* "TCP 10.0.0.1:80" -> its status; with " 10.32.0.5:80" behind it, a real server. */
static struct map *index_of(json_t *list)
{
	struct map *m = map_new();
	json_t *item, *real;
	size_t i, k;

	json_array_foreach(list, i, item)
	{
		const char *name = text_of(json_object_get(item, "metadata"), "name");
		json_t *status = json_object_get(item, "status");

		map_puts(m, name, status);
		json_array_foreach(json_object_get(status, "reals"), k, real)
		{
			char *own = real_name(real), *key = xasprintf("%s %s", name, own);

			map_puts(m, key, real);
			free(key);
			free(own);
		}
	}
	return m;
}

static void set_rates(struct top_row *r, json_t *before, json_t *after, double seconds)
{
	static const char *const keys[TOP_RATES] = {[TOP_IN_PACKETS] = "inPackets",
						    [TOP_OUT_PACKETS] = "outPackets",
						    [TOP_IN_BYTES] = "inBytes",
						    [TOP_OUT_BYTES] = "outBytes",
						    [TOP_NEW] = "connections"};
	bool anew = false;

	for (int i = 0; i < TOP_RATES; i++)
		anew = anew || number(after, keys[i]) < number(before, keys[i]);
	for (int i = 0; i < TOP_RATES; i++)
		r->rates[i] = (double)(number(after, keys[i]) - (anew ? 0 : number(before, keys[i]))) / seconds;
}

/* A virtual server with its real servers, to be sorted as one. */
struct group {
	struct top_row head;
	struct top_row *reals;
	size_t n, order;
	enum top_sort by;
};

static double weight_of(const struct top_row *r, enum top_sort by)
{
	switch (by) {
	case TOP_BYTES:
		return r->rates[TOP_IN_BYTES] + r->rates[TOP_OUT_BYTES];
	case TOP_PACKETS:
		return r->rates[TOP_IN_PACKETS] + r->rates[TOP_OUT_PACKETS];
	case TOP_CONNECTIONS:
		return r->rates[TOP_NEW];
	case TOP_ACTIVE:
		return (double)r->active;
	case TOP_NAME:
	case TOP_SORTS:
		break;
	}
	return 0;
}

static int group_cmp(const void *a, const void *b)
{
	const struct group *x = a, *y = b;
	double dx = weight_of(&x->head, x->by), dy = weight_of(&y->head, y->by);

	if (dx != dy)
		return dx > dy ? -1 : 1;
	return (x->order > y->order) - (x->order < y->order);
}

static struct group group_of(json_t *item, const struct map *before, double seconds, enum top_sort by)
{
	const char *name = text_of(json_object_get(item, "metadata"), "name");
	json_t *status = json_object_get(item, "status"), *real;
	json_t *service = json_object_get(json_object_get(item, "spec"), "service");
	struct group g = {.head = {.name = xstrdup(name), .service = json_string_value(service)}, .by = by};
	size_t i;

	set_rates(&g.head, map_gets(before, name), status, seconds);
	g.reals = xcalloc(json_array_size(json_object_get(status, "reals")) + 1, sizeof *g.reals);
	json_array_foreach(json_object_get(status, "reals"), i, real)
	{
		struct top_row *r = &g.reals[g.n++];
		char *key;

		*r = (struct top_row){.name = real_name(real),
				      .level = 1,
				      .weight = number(real, "weight"),
				      .active = number(real, "active"),
				      .inactive = number(real, "inactive")};
		key = xasprintf("%s %s", name, r->name);
		set_rates(r, map_gets(before, key), real, seconds);
		free(key);
		g.head.active += r->active;
		g.head.inactive += r->inactive;
	}
	return g;
}

/* The real servers of one virtual server by the same measure. */
static void sort_reals(struct group *g)
{
	struct group *each = xcalloc(g->n + 1, sizeof *each);

	for (size_t i = 0; i < g->n; i++)
		each[i] = (struct group){.head = g->reals[i], .order = i, .by = g->by};
	qsort(each, g->n, sizeof *each, group_cmp);
	for (size_t i = 0; i < g->n; i++)
		g->reals[i] = each[i].head;
	free(each);
}

struct top_row *top_rows(json_t *before, json_t *after, double seconds, enum top_sort by, size_t *n)
{
	size_t groups = json_array_size(after), rows = 0, i;
	struct group *all = xcalloc(groups + 1, sizeof *all);
	struct map *index = index_of(before);
	struct top_row *out;
	json_t *item;

	json_array_foreach(after, i, item)
	{
		all[i] = group_of(item, index, seconds, by);
		all[i].order = i;
		sort_reals(&all[i]);
		rows += 1 + all[i].n;
	}
	map_free(index, NULL);
	qsort(all, groups, sizeof *all, group_cmp);
	out = xcalloc(rows + 1, sizeof *out);
	*n = 0;
	for (i = 0; i < groups; i++) {
		out[(*n)++] = all[i].head;
		memcpy(out + *n, all[i].reals, all[i].n * sizeof *out);
		*n += all[i].n;
		free(all[i].reals);
	}
	free(all);
	return out;
}

void top_free(struct top_row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(rows[i].name);
	free(rows);
}
