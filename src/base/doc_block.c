/* The YAML that kubectl prints and most people write, read line by line: block maps and lists, scalars of one line, "{}" and "[]", comments of a line
 * of their own. It is a part of YAML and decides nothing: a text with anything else in it goes to libyaml (doc_yaml.c), which costs ten times as
 * much and makes the same tree of what both can read. Source: yaml.org/spec/1.1 as libyaml's scanner.c has it.
 * Test: tests/test_doc_block.c and tests/fuzz/fuzz_block.c hold the two against each other. */
#include "doc_build.h"

#include <string.h>

enum { LEVELS = 64, KEY_MAX = 256 };

struct level {
	enum node_type type;
	bool flush; /* a list whose dashes stand under the key of the map around it */
	size_t col; /* from 0 */
};

struct lines {
	struct builder *b;
	const char *next, *end; /* what is to be read */
	const char *line;
	uint32_t number;
	struct level levels[LEVELS];
	size_t depth;
	const char *bare; /* behind a key that stands alone on its line: the value may follow; NULL: none does */
	struct pos bare_pos;
	const char *last; /* where the last scalar ended: block collections end there */
};

/* In what follows false means: not mine. */

static size_t offset(const struct lines *l, const char *p)
{
	return (size_t)(p - l->b->text);
}

static struct pos place(const struct lines *l, const char *p)
{
	return (struct pos){.line = l->number, .col = (uint32_t)(p - l->line) + 1};
}

/* --- characters --- */

static bool alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* Bytes that are read at all: printable ASCII and line feeds. libyaml refuses a control character before it has read what stands above. */
static bool legible(const char *text, size_t len)
{
	bool bad = false;

	for (size_t i = 0; i < len; i++)
		bad |= (unsigned char)(text[i] - ' ') > '~' - ' ' && text[i] != '\n';
	return !bad;
}

static bool in_key(char c)
{
	return (unsigned char)(c - 'a') < 26 || (unsigned char)(c - '-') < 13 /* to 9: with . and / */ ||
	       (unsigned char)(c - 'A') < 26 || c == '_';
}

/* The colon behind the key that begins at p, or NULL. */
static const char *key_end(const char *p, const char *end)
{
	const char *k = p;

	if (!alnum(*p) && *p != '_')
		return NULL;
	while (k < end && in_key(*k))
		k++;
	if (k == end || *k != ':' || (k + 1 < end && k[1] != ' ') || k - p > KEY_MAX)
		return NULL;
	return k;
}

static bool is_plain(const char *p, const char *end)
{
	if (!alnum(*p) && !strchr("_/.+~", *p) && (*p != '-' || end - p < 2 || !alnum(p[1])))
		return false;
	for (; p < end; p++)
		if ((*p == '#' && p[-1] == ' ') || (*p == ':' && (p + 1 == end || p[1] == ' ')))
			return false;
	return true;
}

/* --- nodes --- */

static bool open_level(struct lines *l, enum node_type type, const char *p, bool flush)
{
	if (l->depth == LEVELS || build_open(l->b, type, place(l, p), l->b->base + offset(l, p), NULL) < 0)
		return false;
	l->levels[l->depth++] = (struct level){.type = type, .flush = flush, .col = (size_t)(p - l->line)};
	l->last = p;
	return true;
}

static bool close_level(struct lines *l)
{
	l->depth--;
	return build_close(l->b, l->b->base + offset(l, l->last), NULL, NULL) == 0;
}

/* A scalar that is written from `from` to `to`; text is what it says. */
static bool scalar(struct lines *l, struct pos pos, const char *from, const char *to, bool quoted)
{
	struct node node = {.type = NODE_STRING, .pos = pos};
	const char *text = quoted ? from + 1 : from;
	size_t len = (size_t)(to - from) - (quoted ? 2 : 0);
	char copy[72];

	node.start = l->b->base + (uint32_t)offset(l, from);
	node.end = l->b->base + (uint32_t)offset(l, to);
	l->last = to;
	if (!quoted && len < sizeof(copy)) { /* longer ones are strings */
		memcpy(copy, text, len);
		copy[len] = '\0';
		scalar_resolve(copy, len, &node);
	}
	return build_scalar(l->b, &node, text, len) == 0;
}

static bool empty_flow(struct lines *l, const char *p, const char *end)
{
	enum node_type type = *p == '{' ? NODE_MAP : NODE_LIST;

	if (end - p != 2 || p[1] != (type == NODE_MAP ? '}' : ']') ||
	    build_open(l->b, type, place(l, p), l->b->base + offset(l, p), NULL) < 0)
		return false;
	l->last = end;
	return build_close(l->b, l->b->base + offset(l, end), NULL, NULL) == 0;
}

static bool is_quoted(const char *p, const char *end)
{
	const char *inside = p + 1;
	size_t room = (size_t)(end - inside);

	return room && memchr(inside, *p, room) == end - 1 && (*p == '\'' || !memchr(inside, '\\', room));
}

static bool value(struct lines *l, const char *p, const char *end)
{
	if (*p == '{' || *p == '[')
		return empty_flow(l, p, end);
	if (*p == '"' || *p == '\'')
		return is_quoted(p, end) && scalar(l, place(l, p), p, end, true);
	return is_plain(p, end) && scalar(l, place(l, p), p, end, false);
}

/* A key that nothing belongs to has null. */
static bool settle_bare(struct lines *l)
{
	const char *p = l->bare;

	l->bare = NULL;
	return !p || scalar(l, l->bare_pos, p, p, false);
}

/* --- lines --- */

static const char *skip_blanks(const char *p, const char *end)
{
	while (p < end && *p == ' ')
		p++;
	return p;
}

static bool key_value(struct lines *l, const char *p, const char *end)
{
	const char *colon = key_end(p, end), *v;

	if (!colon || build_key(l->b, p, (size_t)(colon - p), place(l, p), false) < 0)
		return false;
	l->last = colon;
	v = skip_blanks(colon + 1, end);
	if (v < end)
		return value(l, v, end);
	l->bare = colon + 1;
	l->bare_pos = place(l, colon + 1);
	return true;
}

/* Opens and closes collections until the innermost is the one that a line at p belongs to. */
static bool find_level(struct lines *l, const char *p, bool dash)
{
	size_t col = (size_t)(p - l->line);
	const struct level *top;

	if (!l->depth)
		return !col && open_level(l, dash ? NODE_LIST : NODE_MAP, p, false);
	top = &l->levels[l->depth - 1];
	if (l->bare && (col > top->col || (col == top->col && dash))) {
		l->bare = NULL;
		return open_level(l, dash ? NODE_LIST : NODE_MAP, p, col == top->col);
	}
	if (!settle_bare(l))
		return false;
	/* The outermost stands at 0: it is never closed here. */
	for (; top->col > col || (top->col == col && top->flush && !dash); top--)
		if (!close_level(l))
			return false;
	return top->col == col && (top->type == NODE_LIST) == dash;
}

static bool is_dash(const char *p, const char *end)
{
	return end - p > 1 && p[0] == '-' && p[1] == ' ';
}

/* What stands on a line from p to end, which is no blank. */
static bool content(struct lines *l, const char *p, const char *end)
{
	bool dash = is_dash(p, end);

	if (!find_level(l, p, dash))
		return false;
	if (!dash)
		return key_value(l, p, end);
	p = skip_blanks(p + 1, end);
	for (; is_dash(p, end); p = skip_blanks(p + 1, end))
		if (!open_level(l, NODE_LIST, p, false))
			return false;
	if (!key_end(p, end))
		return value(l, p, end);
	return open_level(l, NODE_MAP, p, false) && key_value(l, p, end);
}

/* Reads to the end of the document. */
static bool document(struct lines *l)
{
	build_begin(l->b);
	l->depth = 0;
	while (l->next < l->end) {
		const char *p, *end = memchr(l->next, '\n', (size_t)(l->end - l->next));

		l->line = l->next;
		l->number++;
		end = end ? end : l->end;
		l->next = end < l->end ? end + 1 : end;
		p = skip_blanks(l->line, end);
		while (end > p && end[-1] == ' ')
			end--;
		if (p == end || *p == '#')
			continue;
		if (p == l->line && end - p == 3 && !memcmp(p, "---", 3)) {
			if (l->depth)
				break;
			continue;
		}
		if (!content(l, p, end))
			return false;
	}
	if (!settle_bare(l))
		return false;
	while (l->depth)
		if (!close_level(l))
			return false;
	return true;
}

bool doc_parse_block(struct builder *b, int *err)
{
	struct lines l = {.b = b, .next = b->text, .end = b->text + b->len};
	struct diag_list *diags = b->diags, unsaid = {0};
	bool mine = legible(b->text, b->len);

	*err = 0;
	while (mine && !*err && l.next < l.end) {
		b->diags = &unsaid; /* libyaml's reading says it again */
		mine = document(&l) && !unsaid.n;
		b->diags = diags;
		if (mine)
			*err = build_end(b);
	}
	diag_clear(&unsaid);
	if (!mine) {
		b->skip = b->index;
		b->index = 0;
	}
	return mine;
}
