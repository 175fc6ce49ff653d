/* The front of the documents: what a text may be at all (size, NUL, UTF-8), which reader takes it, and the names of types.
 * Test: tests/test_doc.c. */
#include "doc_build.h"
#include "utf8.h"

#include <errno.h>
#include <string.h>

/* What a caller leaves 0 is the default. */
static struct doc_limits limits_of(const struct doc_limits *asked)
{
	struct doc_limits l = asked ? *asked : (struct doc_limits){0};

	l.bytes = l.bytes ? l.bytes : 128 << 20;
	l.depth = l.depth ? l.depth : 100;
	l.nodes = l.nodes ? l.nodes : 20000000;
	l.scalar = l.scalar ? l.scalar : 1 << 20;
	return l;
}

/* Eight bytes that are all ASCII and none of them NUL. */
static bool plain8(const char *p)
{
	uint64_t w;

	memcpy(&w, p, 8);
	return !((w | ((w - 0x0101010101010101u) & ~w)) & 0x8080808080808080u);
}

static int check_bytes(struct builder *b)
{
	b->ascii = true;
	for (size_t i = 0; i < b->len;) {
		size_t n;

		if (b->len - i >= 8 && plain8(b->text + i)) {
			i += 8;
			continue;
		}
		if (!b->text[i])
			return build_fail(b, build_pos(b, i), "NUL byte");
		n = utf8_len(b->text + i, b->len - i);
		if (!n)
			return build_fail(b, build_pos(b, i), "invalid UTF-8");
		b->ascii &= n == 1;
		i += n;
	}
	return 0;
}

size_t doc_bom(const char *text, size_t len)
{
	size_t n = 0;

	while (len - n >= 3 && !memcmp(text + n, "\xef\xbb\xbf", 3))
		n += 3;
	return n;
}

bool doc_is_json(const char *text, size_t len)
{
	size_t i = 0;

	while (i < len && (text[i] == ' ' || text[i] == '\t' || text[i] == '\r' || text[i] == '\n'))
		i++;
	return i < len && (text[i] == '{' || text[i] == '[');
}

static int read_yaml(struct builder *b, bool block)
{
	int err;

	return block && doc_parse_block(b, &err) ? err : doc_parse_yaml(b);
}

int doc_parse_by(bool block, const char *file, const char *text, size_t len, const struct doc_limits *limits,
		 struct diag_list *diags, doc_each each, void *arg)
{
	struct builder b = {.file = file,
			    .text = text,
			    .len = len,
			    .limits = limits_of(limits),
			    .diags = diags,
			    .each = each,
			    .arg = arg};
	int err;

	if (len > b.limits.bytes || len > UINT32_MAX)
		return build_fail(&b, (struct pos){0}, "longer than the %zu bytes allowed", b.limits.bytes);
	b.base = doc_bom(text, len);
	b.text += b.base;
	b.len -= b.base;
	err = check_bytes(&b);
	if (!err)
		err = doc_is_json(b.text, b.len) ? doc_parse_json(&b) : read_yaml(&b, block);
	build_free(&b);
	return err;
}

int doc_parse(const char *file, const char *text, size_t len, const struct doc_limits *limits, struct diag_list *diags,
	      doc_each each, void *arg)
{
	return doc_parse_by(true, file, text, len, limits, diags, each, arg);
}

const struct node *node_get(const struct node *map, const char *key)
{
	if (!map || map->type != NODE_MAP)
		return NULL;
	for (size_t i = 0; i < map->map.n; i++)
		if (map->map.items[i].key[0] == key[0] && !strcmp(map->map.items[i].key, key))
			return &map->map.items[i].value;
	return NULL;
}

const char *node_type_name(enum node_type t)
{
	static const char *const names[] = {"null",     "a boolean", "an integer", "a number",
					    "a string", "a list",    "a map"};

	return (unsigned)t < sizeof(names) / sizeof(*names) ? names[t] : "unknown";
}
