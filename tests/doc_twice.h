/* A text read with and without doc_parse_block: both must make the same of it. For test_doc_block.c and fuzz_block.c. */
#ifndef VIPD_TESTS_DOC_TWICE_H
#define VIPD_TESTS_DOC_TWICE_H

#include "../src/base/doc_build.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* All that a node holds, places and spans included. */
static void twice_show(FILE *to, const struct node *n)
{
	fprintf(to, "%d@%u:%u[%u,%u]", (int)n->type, n->pos.line, n->pos.col, n->start, n->end);
	if (n->type == NODE_LIST) {
		for (size_t i = 0; i < n->list.n; i++) {
			fputs("\n- ", to);
			twice_show(to, &n->list.items[i]);
		}
	} else if (n->type == NODE_MAP) {
		for (size_t i = 0; i < n->map.n; i++) {
			const struct pair *p = &n->map.items[i];

			fprintf(to, "\n%s@%u:%u: ", p->key, p->key_pos.line, p->key_pos.col);
			twice_show(to, &p->value);
		}
	} else {
		fprintf(to, "\"%s\" %zu", n->text, n->text_len);
	}
	if (n->type == NODE_BOOL)
		fprintf(to, " %d", n->boolean);
	else if (n->type == NODE_INT)
		fprintf(to, " %" PRId64, n->integer);
	else if (n->type == NODE_FLOAT)
		fprintf(to, " %a", n->number);
	fputs(";", to);
}

static int twice_each(void *arg, const struct node *root, size_t index)
{
	fprintf(arg, "\ndocument %zu ", index);
	twice_show(arg, root);
	return 0;
}

/* Everything that comes of reading, as text; malloc'd. */
static char *twice_read(bool block, const char *text, size_t len)
{
	struct doc_limits limits = {.nodes = 3000, .depth = 20, .scalar = 200};
	struct diag_list diags = {0};
	char *out = NULL;
	size_t size;
	FILE *to = open_memstream(&out, &size);

	fprintf(to, "\nresult %d", doc_parse_by(block, "f", text, len, &limits, &diags, twice_each, to));
	for (size_t i = 0; i < diags.n; i++)
		fprintf(to, "\n%u:%u %s", diags.items[i].pos.line, diags.items[i].pos.col, diags.items[i].text);
	diag_clear(&diags);
	fclose(to);
	return out;
}

/* True if both are the same; else says what they are. */
static bool twice_same(const char *text, size_t len)
{
	char *ours = twice_read(true, text, len), *theirs = twice_read(false, text, len);
	bool same = !strcmp(ours, theirs);

	if (!same)
		fprintf(stderr, "--- text\n%.*s\n--- with doc_block%s\n--- libyaml alone%s\n", (int)len, text, ours,
			theirs);
	free(ours);
	free(theirs);
	return same;
}

/* Bytes 1..63 stand for pieces of YAML, so that random bytes make texts of structure. Returns the length of the text in out. */
static inline size_t twice_expand(const uint8_t *data, size_t size, char *out, size_t room)
{
	static const char *const pieces[] = {"\n",        "\n  ",     "\n    ",  "\n- ",  "\n  - ",
					     "\n- - ",    "\n   ",    "\n---\n", "a: ",   "b: ",
					     "k-1/x.y: ", "c:\n",     "d:\n  ",  "- ",    "- e: 1\n  f: ",
					     "{}",        "[]",       "1",       "-2",    "0x1f",
					     "1.5",       "true",     "null",    "~",     "text",
					     "two words", "10.0.0.1", "fd00::1", "\"q\"", "'s'",
					     "\"4:\"",    "''",       " ",       "  ",    ":",
					     "::",        " #c",      "#c\n",    "\\",    "\"",
					     "'",         "|\n",      ">-\n  ",  "&x ",   "*x",
					     "!!str ",    "? ",       "<<: ",    "[a]",   "{a: b}",
					     ",",         "\t",       "\r\n",    "...\n", "%",
					     "@",         "_u",       "/p",      "+3",    "-.5",
					     "a-b",       "-a",       "\xc3\xa4"};
	size_t n = 0;

	for (size_t i = 0; i < size; i++) {
		const char *p = pieces[data[i] % (sizeof(pieces) / sizeof(*pieces))];
		size_t len = strlen(p);

		if (n + len > room)
			break;
		memcpy(out + n, p, len);
		n += len;
	}
	return n;
}

#endif
