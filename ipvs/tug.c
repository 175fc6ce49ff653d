/* Decides when putting a virtual server right is a tug of war, and how long to wait then. Source: k8s.io/kubernetes pkg/proxy/ipvs (what is not its own goes, and
 * what has a key of its own is rewritten, at each sync). Test: tests/test_tug.c */
#include "tug.h"

#include "../src/base/arena.h"
#include "../src/base/map.h"

#include <stdlib.h>
#include <string.h>

struct tug {
	struct vs_key key;
	struct tug_row row;
};

struct tugs {
	struct map *map; /* packed key -> struct tug */
	size_t going;    /* with TUG_ROUNDS or more */
};

bool tug_on(const struct tug_row *t)
{
	return t->rounds >= TUG_ROUNDS;
}

nsec_t tug_wait(const struct tug_row *t)
{
	unsigned doublings = t->rounds - TUG_ROUNDS;

	if (!tug_on(t))
		return 0;
	return (doublings < 6 ? 1 << doublings : TUG_WAIT_MOST_S) * NSEC_PER_SEC;
}

bool tug_healed(struct tug_row *t, nsec_t now)
{
	if (t->rounds < UINT32_MAX)
		t->rounds++;
	t->last = now;
	return t->rounds == TUG_ROUNDS;
}

bool tug_over(const struct tug_row *t, nsec_t now)
{
	return now - t->last >= tug_wait(t) + TUG_QUIET_S * NSEC_PER_SEC;
}

struct tugs *tugs_new(void)
{
	struct tugs *t = xcalloc(1, sizeof(*t));

	t->map = map_new();
	return t;
}

void tugs_free(struct tugs *t)
{
	if (!t)
		return;
	map_free(t->map, free);
	free(t);
}

static struct tug *find(const struct tugs *t, const struct vs_key *k)
{
	uint8_t key[VS_KEY_BYTES];

	if (!map_count(t->map))
		return NULL;
	vs_key_pack(k, key);
	return map_get(t->map, key, sizeof(key));
}

static struct tug *find_or_make(struct tugs *t, const struct vs_key *k)
{
	uint8_t key[VS_KEY_BYTES];
	struct tug *g = find(t, k);

	if (g || map_count(t->map) >= TUG_KEYS_MAX)
		return g;
	g = xcalloc(1, sizeof(*g));
	g->key = *k;
	vs_key_pack(k, key);
	map_put(t->map, key, sizeof(key), g);
	return g;
}

bool tugs_healed(struct tugs *t, const struct vs_key *k, nsec_t now)
{
	struct tug *g = find_or_make(t, k);
	bool begins;

	if (!g)
		return false;
	begins = tug_healed(&g->row, now);
	t->going += begins;
	return begins;
}

nsec_t tugs_wait(const struct tugs *t, const struct vs_key *k)
{
	const struct tug *g = find(t, k);

	return g ? tug_wait(&g->row) : 0;
}

bool tugs_over(struct tugs *t, nsec_t now, size_t *at, struct vs_key *k)
{
	const void *key;
	size_t len;
	void *value;

	while (map_next(t->map, at, &key, &len, &value)) {
		struct tug *g = value;
		bool told = tug_on(&g->row);

		if (!tug_over(&g->row, now))
			continue;
		*k = g->key;
		map_del(t->map, key, len);
		free(g);
		t->going -= told;
		if (told)
			return true;
	}
	return false;
}

bool tugs_each(const struct tugs *t, size_t *at, struct vs_key *k)
{
	const void *key;
	size_t len;
	void *value;

	while (map_next(t->map, at, &key, &len, &value)) {
		const struct tug *g = value;

		*k = g->key;
		if (tug_on(&g->row))
			return true;
	}
	return false;
}

size_t tugs_count(const struct tugs *t)
{
	return t->going;
}
