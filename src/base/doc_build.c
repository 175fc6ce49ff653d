/* Builds the tree of a document: limits, duplicate keys, merge keys. Test: tests/test_doc.c. */
#include "doc_build.h"

#include "map.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Aliases may make a document this much larger than it is written: sharing is meant, bombs are not. */
enum { ALIAS_FREE = 10000, ALIAS_FACTOR = 10, SMALL_MAP = 16, ALIVE = 1024 };

int build_fail(struct builder *b, struct pos at, const char *fmt, ...)
{
	char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		abort();
	va_end(ap);
	diag_error(b->diags, b->file, at, "%s", text);
	free(text);
	return -EINVAL;
}

struct pos build_pos(const struct builder *b, size_t at)
{
	struct pos p = {1, 1};

	for (size_t i = 0; i < at && i < b->len; i++) {
		p.col++;
		if (b->text[i] == '\n')
			p = (struct pos){p.line + 1, 1};
	}
	return p;
}

bool build_wants_key(const struct builder *b)
{
	const struct frame *f = b->depth ? &b->frames[b->depth - 1] : NULL;

	return f && f->type == NODE_MAP && !f->has_key;
}

static int count(struct builder *b, struct pos at, size_t nodes, bool alias)
{
	if (nodes > b->limits.nodes - b->nodes)
		return build_fail(b, at, "document has more than %zu values", b->limits.nodes);
	b->nodes += nodes;
	if (b->limits.alive && ++b->built % ALIVE == 0)
		b->limits.alive(b->limits.arg);
	if (!alias)
		return 0;
	b->aliased += nodes;
	if (b->aliased > ALIAS_FREE + ALIAS_FACTOR * (b->nodes - b->aliased))
		return build_fail(b, at, "aliases expand to too many values");
	return 0;
}

static struct pair *push(struct builder *b)
{
	if (b->n == b->cap) {
		b->cap = b->cap ? 2 * b->cap : 64;
		b->scratch = xrealloc(b->scratch, b->cap * sizeof(*b->scratch));
	}
	return &b->scratch[b->n++];
}

/* Hands a finished node to the collection around it. */
static void put(struct builder *b, const struct node *node)
{
	struct frame *f = b->depth ? &b->frames[b->depth - 1] : NULL;

	if (!f) {
		b->root = *node;
		b->has_root = true;
	} else if (f->type == NODE_MAP) {
		b->scratch[b->n - 1].value = *node;
		f->has_key = false;
	} else {
		struct pair *p = push(b);

		p->key = NULL;
		p->value = *node;
	}
}

int build_open(struct builder *b, enum node_type type, struct pos at, size_t start, const char *anchor)
{
	if (b->depth >= b->limits.depth)
		return build_fail(b, at, "nested more than %zu deep", b->limits.depth);
	if (count(b, at, 1, false) < 0)
		return -EINVAL;
	if (b->depth == b->frames_cap) {
		b->frames_cap = b->frames_cap ? 2 * b->frames_cap : 16;
		b->frames = xrealloc(b->frames, b->frames_cap * sizeof(*b->frames));
	}
	b->frames[b->depth++] = (struct frame){
	    .type = type, .pos = at, .start = (uint32_t)start, .first = b->n, .before = b->nodes - 1, .anchor = anchor};
	return 0;
}

/* The text as the tree may hold it: NUL-terminated, so without a NUL inside. */
static const char *keep(struct builder *b, const char *text, size_t len, struct pos at)
{
	if (len > b->limits.scalar) {
		build_fail(b, at, "value of %zu bytes is longer than the %zu allowed", len, b->limits.scalar);
		return NULL;
	}
	if (memchr(text, '\0', len)) {
		build_fail(b, at, "value contains a NUL character");
		return NULL;
	}
	return arena_strndup(b->arena, text, len);
}

int build_key(struct builder *b, const char *text, size_t len, struct pos at, bool merge)
{
	const char *key = keep(b, text, len, at);
	struct frame *f = &b->frames[b->depth - 1];
	struct pair *p;

	if (!key)
		return -EINVAL;
	p = push(b);
	p->key = key;
	p->key_pos = at;
	f->has_key = true;
	f->merge |= merge;
	return 0;
}

int build_scalar(struct builder *b, struct node *node, const char *text, size_t len)
{
	node->text = keep(b, text, len, node->pos);
	node->text_len = len;
	if (!node->text || count(b, node->pos, 1, false) < 0)
		return -EINVAL;
	put(b, node);
	return 0;
}

int build_copy(struct builder *b, const struct node *node, size_t nodes)
{
	if (count(b, node->pos, nodes, true) < 0)
		return -EINVAL;
	put(b, node);
	return 0;
}

static int duplicate(struct builder *b, const struct pair *first, const struct pair *second)
{
	int err = build_fail(b, second->key_pos, "duplicate key \"%.100s\": it stands at %u:%u already", second->key,
			     first->key_pos.line, first->key_pos.col);

	return b->limits.duplicates ? 0 : err;
}

static int check_duplicates(struct builder *b, struct pair *p, size_t n)
{
	struct map *seen;
	int err = 0;

	if (n <= SMALL_MAP) {
		for (size_t i = 1; i < n && !err; i++) {
			size_t j = 0;

			while (j < i && (p[i].key[0] != p[j].key[0] || strcmp(p[i].key, p[j].key)))
				j++;
			if (j < i)
				err = duplicate(b, &p[j], &p[i]);
		}
		return err;
	}
	seen = map_new();
	for (size_t i = 0; i < n && !err; i++) {
		const struct pair *first = map_puts(seen, p[i].key, &p[i]);

		if (first)
			err = duplicate(b, first, &p[i]);
	}
	map_free(seen, NULL);
	return err;
}

/* Appends to the scratch array what the map `from` has and `seen` has not. */
static void merge_map(struct builder *b, struct map *seen, const struct node *from)
{
	for (size_t i = 0; i < from->map.n; i++)
		if (!map_gets(seen, from->map.items[i].key)) {
			map_puts(seen, from->map.items[i].key, b);
			*push(b) = from->map.items[i];
		}
}

static int merge_value(struct builder *b, struct map *seen, const struct node *v)
{
	if (v->type == NODE_MAP) {
		merge_map(b, seen, v);
		return 0;
	}
	for (size_t i = 0; v->type == NODE_LIST && i < v->list.n; i++) {
		if (v->list.items[i].type != NODE_MAP)
			return build_fail(b, v->list.items[i].pos, "merge key \"<<\" needs maps, found %s",
					  node_type_name(v->list.items[i].type));
		merge_map(b, seen, &v->list.items[i]);
	}
	if (v->type != NODE_LIST)
		return build_fail(b, v->pos, "merge key \"<<\" needs a map or a list of maps, found %s",
				  node_type_name(v->type));
	return 0;
}

/* https://yaml.org/type/merge.html: own keys win, then the earlier map of a list. */
static int merge(struct builder *b, size_t first)
{
	struct map *seen = map_new();
	struct node value = {0};
	size_t own = b->n, at = first;
	int err;

	for (size_t i = first; i < own; i++)
		map_puts(seen, b->scratch[i].key, b);
	while (strcmp(b->scratch[at].key, "<<") != 0)
		at++;
	value = b->scratch[at].value;
	memmove(&b->scratch[at], &b->scratch[at + 1], (own - at - 1) * sizeof(*b->scratch));
	b->n--;
	err = merge_value(b, seen, &value);
	map_free(seen, NULL);
	return err;
}

static void move_list(struct builder *b, size_t first, struct node *node)
{
	node->list.n = b->n - first;
	node->list.items = arena_alloc(b->arena, node->list.n * sizeof(*node->list.items));
	for (size_t i = 0; i < node->list.n; i++)
		node->list.items[i] = b->scratch[first + i].value;
}

static int move_map(struct builder *b, const struct frame *f, struct node *node)
{
	if (b->n > f->first && check_duplicates(b, b->scratch + f->first, b->n - f->first) < 0)
		return -EINVAL;
	if (f->merge && merge(b, f->first) < 0)
		return -EINVAL;
	node->map.n = b->n - f->first;
	node->map.items = arena_alloc(b->arena, node->map.n * sizeof(*node->map.items));
	if (node->map.n)
		memcpy(node->map.items, b->scratch + f->first, node->map.n * sizeof(*node->map.items));
	return 0;
}

int build_close(struct builder *b, size_t end, struct node *done, size_t *nodes)
{
	struct frame f = b->frames[b->depth - 1];
	struct node node = {.type = f.type, .pos = f.pos, .start = f.start, .end = (uint32_t)end};

	if (f.type == NODE_LIST)
		move_list(b, f.first, &node);
	else if (move_map(b, &f, &node) < 0)
		return -EINVAL;
	b->n = f.first;
	b->depth--;
	put(b, &node);
	if (done) {
		*done = node;
		*nodes = b->nodes - f.before;
	}
	return 0;
}

void build_begin(struct builder *b)
{
	arena_free(b->arena);
	b->arena = arena_new(0);
	b->has_root = false;
	b->nodes = b->aliased = b->depth = b->n = 0;
}

int build_end(struct builder *b)
{
	int err = 0;

	if (b->has_root && b->root.type != NODE_NULL && b->index++ >= b->skip)
		err = b->each(b->arg, &b->root, b->index - 1);
	arena_free(b->arena);
	b->arena = NULL;
	return err;
}

void build_free(struct builder *b)
{
	arena_free(b->arena);
	free(b->frames);
	free(b->scratch);
}
