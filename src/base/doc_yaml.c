/* YAML to the builder, by libyaml's events. libyaml counts characters from 0; places here are bytes from 1.
 * Test: tests/test_doc.c. */
#include "doc_build.h"

#include "map.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

struct anchor {
	struct node node;
	size_t nodes;
};

struct reader {
	struct builder *b;
	yaml_parser_t parser;
	size_t index, byte;     /* a character and where it stands */
	size_t line, line_byte; /* a line and where it begins */
	size_t last_end;        /* where the last scalar ended: block collections end there */
	struct map *anchors;    /* name -> struct anchor in the arena; NULL until the first */
};

#define TAG "tag:yaml.org,2002:"

static bool continuation(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

static size_t byte_of(struct reader *r, size_t index)
{
	const struct builder *b = r->b;

	if (b->ascii)
		return index < b->len ? index : b->len;
	for (; r->index < index && r->byte < b->len; r->index++)
		do
			r->byte++;
		while (r->byte < b->len && continuation(b->text[r->byte]));
	for (; r->index > index && r->byte; r->index--)
		do
			r->byte--;
		while (r->byte && continuation(b->text[r->byte]));
	return r->byte;
}

static struct pos pos_of(struct reader *r, const yaml_mark_t *m, size_t *at)
{
	if (m->line != r->line) {
		r->line_byte = byte_of(r, m->index - m->column);
		r->line = m->line;
	}
	*at = byte_of(r, m->index);
	return (struct pos){.line = (uint32_t)m->line + 1, .col = (uint32_t)(*at - r->line_byte) + 1};
}

/* libyaml's words, with its context, and with our own where its words mislead. */
static int syntax_error(struct reader *r)
{
	const yaml_parser_t *p = &r->parser;
	const char *problem = p->problem ? p->problem : "not YAML";
	struct pos at, from;
	size_t byte;

	if (p->error == YAML_MEMORY_ERROR)
		abort();
	if (p->error == YAML_READER_ERROR)
		return build_fail(r->b, build_pos(r->b, p->problem_offset), "%s", problem);
	at = pos_of(r, &p->problem_mark, &byte);
	if (byte < r->b->len && r->b->text[byte] == '\t')
		return build_fail(r->b, at, "found a tab where an indentation space is expected");
	if (!p->context)
		return build_fail(r->b, at, "%s", problem);
	from = pos_of(r, &p->context_mark, &byte);
	if (p->context_mark.index == p->problem_mark.index || !strncmp(p->context, "while scanning for", 18))
		return build_fail(r->b, at, "%s %s", problem, p->context);
	return build_fail(r->b, at, "%s %s that begins at %u:%u", problem, p->context, from.line, from.col);
}

static struct map *anchors(struct reader *r)
{
	if (!r->anchors)
		r->anchors = map_new();
	return r->anchors;
}

static void anchor_set(struct reader *r, const char *name, const struct node *node, size_t nodes)
{
	struct anchor *a = arena_alloc(r->b->arena, sizeof(*a));

	a->node = *node;
	a->nodes = nodes;
	map_puts(anchors(r), name, a);
}

/* Types a scalar by its tag. */
static int apply_tag(struct reader *r, struct node *node, const char *tag)
{
	static const struct {
		const char *tag;
		enum node_type type;
	} known[] = {
	    {TAG "null", NODE_NULL}, {TAG "bool", NODE_BOOL}, {TAG "int", NODE_INT}, {TAG "float", NODE_FLOAT}};

	if (!strcmp(tag, TAG "str") || !strcmp(tag, "!")) {
		node->type = NODE_STRING;
		return 0;
	}
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		if (strcmp(tag, known[i].tag) != 0)
			continue;
		if (node->type == NODE_INT && known[i].type == NODE_FLOAT) {
			node->number = (double)node->integer;
			node->type = NODE_FLOAT;
		}
		if (node->type == known[i].type)
			return 0;
		return build_fail(r->b, node->pos, "tagged as %s, but is not", node_type_name(known[i].type));
	}
	return build_fail(r->b, node->pos, "unknown tag \"%.100s\"", tag);
}

static int on_scalar(struct reader *r, const yaml_event_t *e)
{
	const char *text = (const char *)e->data.scalar.value, *tag = (const char *)e->data.scalar.tag;
	size_t len = e->data.scalar.length, start, end;
	bool plain = e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	struct node node = {.type = NODE_STRING};

	node.pos = pos_of(r, &e->start_mark, &start);
	end = byte_of(r, e->end_mark.index);
	r->last_end = end;
	if (build_wants_key(r->b))
		return build_key(r->b, text, len, node.pos, plain && !strcmp(text, "<<"));
	node.start = r->b->base + (uint32_t)start;
	node.end = r->b->base + (uint32_t)end;
	if (plain || tag)
		scalar_resolve(text, len, &node);
	if (tag && apply_tag(r, &node, tag) < 0)
		return -EINVAL;
	if (build_scalar(r->b, &node, text, len) < 0)
		return -EINVAL;
	if (!e->data.scalar.anchor)
		return 0;
	node.text = arena_strndup(r->b->arena, text, len);
	anchor_set(r, (const char *)e->data.scalar.anchor, &node, 1);
	return 0;
}

static int on_alias(struct reader *r, const yaml_event_t *e)
{
	const char *name = (const char *)e->data.alias.anchor;
	const struct anchor *a = r->anchors ? map_gets(r->anchors, name) : NULL;
	struct node node;
	size_t start;
	struct pos at = pos_of(r, &e->start_mark, &start);

	if (build_wants_key(r->b))
		return build_fail(r->b, at, "an alias cannot be a key");
	if (!a)
		return build_fail(r->b, at, "alias \"%.100s\" refers to nothing above it", name);
	node = a->node;
	node.pos = at;
	node.start = r->b->base + (uint32_t)start;
	r->last_end = byte_of(r, e->end_mark.index);
	node.end = r->b->base + (uint32_t)r->last_end;
	return build_copy(r->b, &node, a->nodes);
}

static int on_open(struct reader *r, const yaml_event_t *e, enum node_type type, const char *anchor, const char *tag)
{
	size_t start;
	struct pos at = pos_of(r, &e->start_mark, &start);

	if (build_wants_key(r->b))
		return build_fail(r->b, at, "%s cannot be a key", node_type_name(type));
	if (tag && strcmp(tag, type == NODE_MAP ? TAG "map" : TAG "seq") != 0 && strcmp(tag, "!") != 0)
		return build_fail(r->b, at, "unknown tag \"%.100s\"", tag);
	r->last_end = start;
	if (anchor) {
		map_dels(anchors(r), anchor); /* what is inside must not see an older one */
		anchor = arena_strdup(r->b->arena, anchor);
	}
	return build_open(r->b, type, at, r->b->base + start, anchor);
}

/* A flow collection ends with its bracket; a block one where its last scalar ended. */
static int on_close(struct reader *r, const yaml_event_t *e)
{
	const char *anchor = r->b->frames[r->b->depth - 1].anchor;
	struct node node;
	size_t nodes;

	if (e->start_mark.index != e->end_mark.index)
		r->last_end = byte_of(r, e->end_mark.index);
	if (build_close(r->b, r->b->base + r->last_end, &node, &nodes) < 0)
		return -EINVAL;
	if (anchor)
		anchor_set(r, anchor, &node, nodes);
	return 0;
}

static void anchors_drop(struct reader *r)
{
	map_free(r->anchors, NULL);
	r->anchors = NULL;
}

/* 0 go on, or what ends the reading. */
static int on_event(struct reader *r, const yaml_event_t *e)
{
	switch (e->type) {
	case YAML_SCALAR_EVENT:
		return on_scalar(r, e);
	case YAML_MAPPING_START_EVENT:
		return on_open(r, e, NODE_MAP, (const char *)e->data.mapping_start.anchor,
			       (const char *)e->data.mapping_start.tag);
	case YAML_SEQUENCE_START_EVENT:
		return on_open(r, e, NODE_LIST, (const char *)e->data.sequence_start.anchor,
			       (const char *)e->data.sequence_start.tag);
	case YAML_MAPPING_END_EVENT:
	case YAML_SEQUENCE_END_EVENT:
		return on_close(r, e);
	case YAML_ALIAS_EVENT:
		return on_alias(r, e);
	case YAML_DOCUMENT_START_EVENT:
		build_begin(r->b);
		return 0;
	case YAML_DOCUMENT_END_EVENT:
		anchors_drop(r);
		return build_end(r->b);
	case YAML_STREAM_START_EVENT:
	case YAML_NO_EVENT:
	case YAML_STREAM_END_EVENT:
	default:
		return 0;
	}
}

int doc_parse_yaml(struct builder *b)
{
	struct reader r = {.b = b, .line = SIZE_MAX};
	bool end = false;
	int err = 0;

	if (!yaml_parser_initialize(&r.parser))
		abort();
	yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING); /* else it guesses UTF-16 from a mark */
	yaml_parser_set_input_string(&r.parser, (const unsigned char *)b->text, b->len);
	while (!err && !end) {
		yaml_event_t e;

		if (!yaml_parser_parse(&r.parser, &e)) {
			err = syntax_error(&r);
			break;
		}
		end = e.type == YAML_STREAM_END_EVENT;
		err = on_event(&r, &e);
		yaml_event_delete(&e);
	}
	anchors_drop(&r);
	yaml_parser_delete(&r.parser);
	return err;
}
