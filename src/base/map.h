/* A hash map from byte strings to pointers. The key is copied; the value is the caller's. Seeded SipHash-like
 * mixing is not needed where keys are bounded; the hash is per-process random all the same. */
#ifndef VIPD_BASE_MAP_H
#define VIPD_BASE_MAP_H

#include <stdbool.h>
#include <stddef.h>

struct map;

struct map *map_new(void);
void map_free(struct map *m, void (*free_value)(void *)); /* NULL map and NULL function are fine */
size_t map_count(const struct map *m);
void *map_get(const struct map *m, const void *key, size_t len);
/* Stores value (not NULL); returns the value that was there before, or NULL. */
void *map_put(struct map *m, const void *key, size_t len, void *value);
/* Removes the key; returns its value, or NULL. */
void *map_del(struct map *m, const void *key, size_t len);

/* Walk in no particular order: start with *at = 0; returns false at the end. map_del of the entry just returned is
 * allowed; other changes while walking are not. */
bool map_next(const struct map *m, size_t *at, const void **key, size_t *len, void **value);

/* The same with NUL-terminated keys. */
void *map_gets(const struct map *m, const char *key);
void *map_puts(struct map *m, const char *key, void *value);
void *map_dels(struct map *m, const char *key);

#endif
