/* The hash map: open addressing with tombstones, so that a walk survives map_del of the entry it stands on. The seed comes from
 * where the loader and malloc put things: no two processes hash alike. Test: tests/test_map.c. */
#include "map.h"

#include "arena.h"
#include "hash.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct entry {
	void *value;
	size_t len;
	char key[];
};

struct slot {
	uint64_t hash;   /* without an entry: 0 if the slot is free, DEAD if it is a tombstone */
	struct entry *e; /* or NULL */
};

enum { DEAD = 1 };

struct map {
	struct slot *slots;
	size_t size; /* power of two, or 0 */
	size_t count;
	size_t filled; /* entries and tombstones */
	uint64_t seed;
};

struct map *map_new(void)
{
	static const char here;
	struct map *m = xcalloc(1, sizeof(*m));

	m->seed = hash_mix((uintptr_t)m) ^ hash_mix((uintptr_t)&here << 1);
	return m;
}

void map_free(struct map *m, void (*free_value)(void *))
{
	if (!m)
		return;
	for (size_t i = 0; i < m->size; i++) {
		if (!m->slots[i].e)
			continue;
		if (free_value)
			free_value(m->slots[i].e->value);
		free(m->slots[i].e);
	}
	free(m->slots);
	free(m);
}

size_t map_count(const struct map *m)
{
	return m->count;
}

static struct slot *find(const struct map *m, uint64_t hash, const void *key, size_t len)
{
	if (!m->size)
		return NULL;
	for (size_t i = hash & (m->size - 1);; i = (i + 1) & (m->size - 1)) {
		struct slot *s = &m->slots[i];

		if (s->e && s->hash == hash && s->e->len == len && !memcmp(s->e->key, key, len))
			return s;
		if (!s->e && s->hash != DEAD)
			return NULL;
	}
}

static struct slot *vacant(struct slot *slots, size_t size, uint64_t hash)
{
	size_t i = hash & (size - 1);

	while (slots[i].e)
		i = (i + 1) & (size - 1);
	return &slots[i];
}

/* Room for one more at a load of at most 3/4; drops the tombstones. */
static void make_room(struct map *m)
{
	struct slot *slots;
	size_t size = 8;

	if (m->filled + 1 <= m->size / 4 * 3)
		return;
	while (size / 2 < m->count + 1)
		size *= 2;
	slots = xcalloc(size, sizeof(*slots));
	for (size_t i = 0; i < m->size; i++)
		if (m->slots[i].e)
			*vacant(slots, size, m->slots[i].hash) = m->slots[i];
	free(m->slots);
	m->slots = slots;
	m->size = size;
	m->filled = m->count;
}

void *map_get(const struct map *m, const void *key, size_t len)
{
	struct slot *s = find(m, hash_bytes(m->seed, key, len), key, len);

	return s ? s->e->value : NULL;
}

void *map_put(struct map *m, const void *key, size_t len, void *value)
{
	uint64_t hash = hash_bytes(m->seed, key, len);
	struct slot *s = find(m, hash, key, len);
	struct entry *e;

	if (s) {
		void *old = s->e->value;

		s->e->value = value;
		return old;
	}
	e = xmalloc(sizeof(*e) + len + 1);
	e->value = value;
	e->len = len;
	if (len)
		memcpy(e->key, key, len);
	e->key[len] = '\0';
	make_room(m);
	s = vacant(m->slots, m->size, hash);
	m->filled += s->hash != DEAD;
	m->count++;
	*s = (struct slot){.hash = hash, .e = e};
	return NULL;
}

void *map_del(struct map *m, const void *key, size_t len)
{
	struct slot *s = find(m, hash_bytes(m->seed, key, len), key, len);
	void *value;

	if (!s)
		return NULL;
	value = s->e->value;
	free(s->e);
	*s = (struct slot){.hash = DEAD};
	m->count--;
	return value;
}

bool map_next(const struct map *m, size_t *at, const void **key, size_t *len, void **value)
{
	while (*at < m->size) {
		const struct entry *e = m->slots[(*at)++].e;

		if (!e)
			continue;
		if (key)
			*key = e->key;
		if (len)
			*len = e->len;
		if (value)
			*value = e->value;
		return true;
	}
	return false;
}

void *map_gets(const struct map *m, const char *key)
{
	return map_get(m, key, strlen(key));
}

void *map_puts(struct map *m, const char *key, void *value)
{
	return map_put(m, key, strlen(key), value);
}

void *map_dels(struct map *m, const char *key)
{
	return map_del(m, key, strlen(key));
}
