/* YAML and JSON as one tree of nodes with places. Bounded: size, depth, aliases, scalars; duplicate keys are refused. */
#ifndef VIPD_BASE_DOC_H
#define VIPD_BASE_DOC_H

#include "arena.h"
#include "diag.h"

#include <stdbool.h>
#include <stdint.h>

enum node_type { NODE_NULL, NODE_BOOL, NODE_INT, NODE_FLOAT, NODE_STRING, NODE_LIST, NODE_MAP };

/* A node. Plain YAML scalars are typed as kubectl types them (YAML 1.1 as sigs.k8s.io/yaml reads it, without the sexagesimals and with
 * "yes/no/on/off" as strings only when quoted); quoted ones are strings. `text` is the scalar as written, NUL-terminated, for every scalar. */
struct node {
	enum node_type type;
	struct pos pos;
	uint32_t start, end; /* byte span in the text, for hashing and quoting */
	union {
		bool boolean;
		int64_t integer;
		double number;
		struct {
			struct node *items; /* array */
			size_t n;
		} list;
		struct {
			struct pair *items; /* array, in the text's order */
			size_t n;
		} map;
	};
	const char *text;
	size_t text_len;
};

struct pair {
	const char *key;
	struct pos key_pos;
	struct node value;
};

struct doc_limits {
	size_t bytes;  /* of the whole text; default 128 MiB */
	size_t depth;  /* default 100 */
	size_t nodes;  /* default 20 million; counts what aliases expand to */
	size_t scalar; /* longest scalar; default 1 MiB */
	/* Go on behind a duplicate key: each is reported, and the document is delivered all the same. For a reader that tells all errors at
	 * once and looks at diags->errors. */
	bool duplicates;
	/* Called often while a long text is read; NULL: nothing is. */
	void (*alive)(void *arg);
	void *arg;
};

/* Called for each document of the text, in order; the node lives in an arena that is freed after the call. Return non-zero to stop. */
typedef int (*doc_each)(void *arg, const struct node *root, size_t index);

/* Bytes of the byte order marks that the text begins with: 0, or 3 for each; and whether doc_parse reads what follows it as JSON. */
size_t doc_bom(const char *text, size_t len);
bool doc_is_json(const char *text, size_t len);

/* Parses all documents of a YAML or JSON text (JSON when the first non-blank byte is '{' or '['). An error is one diag and -EINVAL;
 * documents before it have been delivered. limits may be NULL, or its fields 0, for the defaults. Refuses NUL bytes, invalid UTF-8, tabs as YAML does, duplicate keys,
 * alias bombs, non-scalar keys. Empty documents are skipped.
 * JSON values may follow each other, with "---" lines between. What `each` returned to stop is returned. "<<" merges as kubectl does. */
int doc_parse(const char *file, const char *text, size_t len, const struct doc_limits *limits, struct diag_list *diags,
	      doc_each each, void *arg);

const struct node *node_get(const struct node *map, const char *key); /* NULL if absent or not a map */
const char *node_type_name(enum node_type t);                         /* "a string", "a list"... */

#endif
