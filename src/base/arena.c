/* Arenas of doubling blocks, and the malloc family that aborts. Test: tests/test_map.c (arena group). */
#include "arena.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ALIGN = _Alignof(max_align_t), FIRST_BLOCK = 4096, LARGEST_BLOCK = 1 << 20 };

struct block {
	struct block *next;
	size_t size, used;
	_Alignas(max_align_t) unsigned char bytes[];
};

struct arena {
	struct block *head; /* allocations come from this one */
	size_t next_size;
};

struct arena *arena_new(size_t first_block)
{
	struct arena *a = xcalloc(1, sizeof(*a));

	a->next_size = first_block ? first_block : FIRST_BLOCK;
	return a;
}

void arena_free(struct arena *a)
{
	if (!a)
		return;
	for (struct block *b = a->head, *next; b; b = next) {
		next = b->next;
		free(b);
	}
	free(a);
}

static struct block *block_new(size_t size)
{
	struct block *b = xmalloc(sizeof(*b) + size);

	b->next = NULL;
	b->size = size;
	b->used = 0;
	return b;
}

static void *block_take(struct block *b, size_t size)
{
	void *p = b->bytes + b->used;

	b->used += size;
	return memset(p, 0, size);
}

void *arena_alloc(struct arena *a, size_t size)
{
	struct block *b = a->head;

	if (size > SIZE_MAX / 4)
		abort();
	size = (size + ALIGN - 1) / ALIGN * ALIGN;
	if (b && b->size - b->used >= size)
		return block_take(b, size);
	if (b && size > a->next_size / 4) { /* a block of its own, behind the head, which still has room */
		b = block_new(size);
		b->next = a->head->next;
		a->head->next = b;
		return block_take(b, size);
	}
	b = block_new(size > a->next_size ? size : a->next_size);
	if (a->next_size < LARGEST_BLOCK)
		a->next_size *= 2;
	b->next = a->head;
	a->head = b;
	return block_take(b, size);
}

char *arena_strndup(struct arena *a, const char *s, size_t n)
{
	char *p = arena_alloc(a, n + 1);

	memcpy(p, s, n);
	return p;
}

char *arena_strdup(struct arena *a, const char *s)
{
	return arena_strndup(a, s, strlen(s));
}

static void *checked(void *p)
{
	if (!p)
		abort();
	return p;
}

void *xmalloc(size_t size)
{
	return checked(malloc(size ? size : 1));
}

void *xcalloc(size_t n, size_t size)
{
	return checked(n && size ? calloc(n, size) : calloc(1, 1));
}

void *xrealloc(void *p, size_t size)
{
	return checked(realloc(p, size ? size : 1));
}

void *xmemdup(const void *p, size_t n)
{
	void *copy = xmalloc(n);

	return n ? memcpy(copy, p, n) : copy;
}

char *xstrdup(const char *s)
{
	return xmemdup(s, strlen(s) + 1);
}

char *xasprintf(const char *fmt, ...)
{
	char *s = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&s, fmt, ap) < 0)
		abort();
	va_end(ap);
	return s;
}
