/* Notices in a map of source, object and reason. Bounded: an outsider's notes beyond NOTICES_MAX are only logged.
 * Test: tests/test_notices.c. */
#include "notices.h"

#include "base/arena.h"
#include "base/map.h"

#include <stdlib.h>
#include <string.h>

enum { NOTICES_MAX = 20000 };

struct notice {
	char *source, *object, *reason, *message;
};

struct notices {
	struct map *map;
};

struct notices *notices_new(void)
{
	struct notices *p = xcalloc(1, sizeof *p);

	p->map = map_new();
	return p;
}

static void notice_free(void *v)
{
	struct notice *p = v;

	if (!p)
		return;
	free(p->source);
	free(p->object);
	free(p->reason);
	free(p->message);
	free(p);
}

void notices_free(struct notices *p)
{
	if (!p)
		return;
	map_free(p->map, notice_free);
	free(p);
}

static struct notice *notice_new(const char *source, const char *object, const char *reason, const char *message)
{
	struct notice *p = xmalloc(sizeof *p);

	p->source = xstrdup(source);
	p->object = xstrdup(object);
	p->reason = xstrdup(reason);
	p->message = xstrdup(message);
	return p;
}

bool notices_set(struct notices *p, const char *source, const char *object, const char *reason, const char *message)
{
	char *key = xasprintf("%s\n%s\n%s", source, object, reason);
	struct notice *old = map_gets(p->map, key);
	bool changed = message ? !old || strcmp(old->message, message) != 0 : old != NULL;

	if (changed && !message)
		notice_free(map_dels(p->map, key));
	else if (changed && (old || map_count(p->map) < NOTICES_MAX))
		notice_free(map_puts(p->map, key, notice_new(source, object, reason, message)));
	free(key);
	return changed;
}

void notices_clear(struct notices *p, const char *source)
{
	const void *key;
	size_t at = 0, len;
	void *v;

	while (map_next(p->map, &at, &key, &len, &v)) {
		struct notice *one = v;

		if (strcmp(one->source, source) != 0)
			continue;
		map_del(p->map, key, len);
		notice_free(one);
	}
}

size_t notices_count(const struct notices *p)
{
	return map_count(p->map);
}

static int notice_cmp(const void *a, const void *b)
{
	const struct notice *x = *(struct notice *const *)a, *y = *(struct notice *const *)b;
	int d = strcmp(x->object, y->object);

	return d ? d : strcmp(x->reason, y->reason);
}

void notices_json(const struct notices *p, json_t *list)
{
	struct notice **all = xcalloc(map_count(p->map) + 1, sizeof(struct notice *));
	size_t n = 0, at = 0, len;
	const void *key;
	void *v;

	while (map_next(p->map, &at, &key, &len, &v))
		all[n++] = v;
	qsort(all, n, sizeof *all, notice_cmp);
	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, json_pack("{s:s, s:s, s:s}", "object", all[i]->object, "reason",
						      all[i]->reason, "message", all[i]->message));
	free(all);
}

void notices_each(const struct notices *p,
		  void (*each)(void *arg, const char *object, const char *reason, const char *message), void *arg)
{
	size_t at = 0, len;
	const void *key;
	void *v;

	while (map_next(p->map, &at, &key, &len, &v)) {
		const struct notice *one = v;

		each(arg, one->object, one->reason, one->message);
	}
}
