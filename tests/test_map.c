/* src/base/map.c and arena.c: lookups against an array, walks with deletion, growth; alignment and zeroes. */
#include "../src/base/arena.h"
#include "../src/base/map.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { KEYS = 3000 };

static void *value_of(int i)
{
	return (void *)(uintptr_t)(i + 1);
}

static void put_get_del(void **state)
{
	struct map *m = map_new();
	char key[32];

	assert_null(map_gets(m, "nothing"));
	assert_null(map_dels(m, "nothing"));
	for (int i = 0; i < KEYS; i++) {
		snprintf(key, sizeof(key), "default/service-%d", i);
		assert_null(map_puts(m, key, value_of(i)));
	}
	assert_int_equal(map_count(m), KEYS);
	for (int i = 0; i < KEYS; i += 2) {
		snprintf(key, sizeof(key), "default/service-%d", i);
		assert_ptr_equal(map_dels(m, key), value_of(i));
		assert_null(map_dels(m, key));
	}
	for (int i = 0; i < KEYS; i++) {
		snprintf(key, sizeof(key), "default/service-%d", i);
		assert_ptr_equal(map_gets(m, key), i % 2 ? value_of(i) : NULL);
		assert_ptr_equal(map_puts(m, key, value_of(i + 7)), i % 2 ? value_of(i) : NULL);
		assert_ptr_equal(map_gets(m, key), value_of(i + 7));
	}
	assert_int_equal(map_count(m), KEYS);
	map_free(m, NULL);
}

static void keys_are_bytes(void **state)
{
	static const struct {
		const char *key;
		size_t len;
	} rows[] = {{"", 0}, {"\0", 1}, {"\0\0", 2}, {"a", 1}, {"a\0", 2}, {"abcdefgh", 8}, {"abcdefgh\0", 9}};
	enum { N = sizeof(rows) / sizeof(*rows) };
	struct map *m = map_new();

	for (int i = 0; i < N; i++)
		assert_null(map_put(m, rows[i].key, rows[i].len, value_of(i)));
	for (int i = 0; i < N; i++)
		assert_ptr_equal(map_get(m, rows[i].key, rows[i].len), value_of(i));
	map_free(m, NULL);
}

static void walk_with_deletion(void **state)
{
	struct map *m = map_new();
	char seen[KEYS] = {0};
	const void *key;
	size_t at = 0, len, found = 0;
	void *value;

	assert_false(map_next(m, &at, NULL, NULL, NULL));
	for (int i = 0; i < KEYS; i++)
		map_put(m, &i, sizeof(i), value_of(i));
	for (at = 0; map_next(m, &at, &key, &len, &value); found++) {
		int i;

		assert_int_equal(len, sizeof(i));
		memcpy(&i, key, sizeof(i));
		assert_ptr_equal(value, value_of(i));
		assert_false(seen[i]++);
		if (i % 3)
			assert_ptr_equal(map_del(m, key, len), value);
	}
	assert_int_equal(found, KEYS);
	assert_int_equal(map_count(m), KEYS / 3);
	map_free(m, NULL);
}

/* A small map that is filled and emptied again and again must not fill up with what was deleted. */
static void deletions_leave_room(void **state)
{
	struct map *m = map_new();

	for (int i = 0; i < 50 * KEYS; i++) {
		map_put(m, &i, sizeof(i), value_of(i));
		assert_ptr_equal(map_del(m, &i, sizeof(i)), value_of(i));
	}
	assert_int_equal(map_count(m), 0);
	map_free(m, NULL);
}

static void frees_values(void **state)
{
	struct map *m = map_new();

	map_puts(m, "a", xstrdup("x"));
	map_puts(m, "b", xstrdup("y"));
	map_free(m, free);
	map_free(NULL, free);
}

static void arena(void **state)
{
	struct arena *a = arena_new(64);

	arena_free(NULL);
	for (size_t size = 0; size < 5000; size = size * 2 + 1) {
		char *p = arena_alloc(a, size);

		assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
		for (size_t i = 0; i < size; i++)
			assert_int_equal(p[i], 0);
		memset(p, 0xff, size);
	}
	assert_string_equal(arena_strdup(a, "text"), "text");
	assert_string_equal(arena_strndup(a, "text", 2), "te");
	arena_free(a);
}

static void aborting_family(void **state)
{
	char *p = xmalloc(0), *q = xcalloc(0, 8), *r = xasprintf("%d-%s", 7, "x"), *s = xmemdup("ab", 3);

	assert_string_equal(r, "7-x");
	assert_string_equal(s, "ab");
	p = xrealloc(p, 10);
	p = xrealloc(p, 0);
	free(p);
	free(q);
	free(r);
	free(s);
	free(xmemdup(NULL, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(put_get_del),        cmocka_unit_test(keys_are_bytes),
	    cmocka_unit_test(walk_with_deletion), cmocka_unit_test(deletions_leave_room),
	    cmocka_unit_test(frees_values),       cmocka_unit_test(arena),
	    cmocka_unit_test(aborting_family),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
