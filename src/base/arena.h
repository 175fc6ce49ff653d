/* An arena: allocations that live and die together. Never returns NULL: out of memory aborts the process,
 * as every allocation of vipd does (the supervisor restarts it). */
#ifndef VIPD_BASE_ARENA_H
#define VIPD_BASE_ARENA_H

#include <stddef.h>

struct arena;

struct arena *arena_new(size_t first_block);     /* 0: a default of 4 KiB */
void arena_free(struct arena *a);                /* NULL is fine */
void *arena_alloc(struct arena *a, size_t size); /* zeroed, aligned for any type */
char *arena_strndup(struct arena *a, const char *s, size_t n);
char *arena_strdup(struct arena *a, const char *s);

/* malloc family that aborts when memory is out. */
void *xmalloc(size_t size);
void *xcalloc(size_t n, size_t size);
void *xrealloc(void *p, size_t size);
void *xmemdup(const void *p, size_t n);
char *xstrdup(const char *s);
__attribute__((format(printf, 1, 2))) char *xasprintf(const char *fmt, ...);

#endif
