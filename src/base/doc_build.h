/* Private to doc*.c: the tree is built bottom-up by what the two readers (YAML events, JSON) find. No recursion: open collections are
 * frames on a heap stack, their finished children lie on one scratch array until the collection is closed and they move to the arena. */
#ifndef VIPD_BASE_DOC_BUILD_H
#define VIPD_BASE_DOC_BUILD_H

#include "doc.h"

struct frame {
	enum node_type type; /* NODE_LIST, NODE_MAP */
	bool has_key;        /* map: a key waits for its value */
	bool merge;          /* map: has a "<<" */
	struct pos pos;
	uint32_t start;
	size_t first;  /* its children on the scratch array */
	size_t before; /* nodes counted before it */
	const char *anchor;
};

struct builder {
	const char *file;
	const char *text; /* without the byte order mark */
	size_t len;
	uint32_t base; /* length of the byte order mark: spans count from the caller's text */
	bool ascii;    /* a column is a character */
	struct doc_limits limits;
	struct diag_list *diags;
	doc_each each;
	void *arg;
	size_t index; /* of the document */
	size_t skip;  /* so many documents were delivered by a reader that gave up */

	struct arena *arena; /* of the document */
	struct node root;
	bool has_root;
	size_t nodes;   /* of the document, what aliases expand to included */
	size_t aliased; /* of those, by aliases */
	size_t built;   /* of all documents */
	struct frame *frames;
	size_t depth, frames_cap;
	struct pair *scratch;
	size_t n, cap;
};

/* The place of a byte, counted from the start: for errors. */
struct pos build_pos(const struct builder *b, size_t at);

/* All return 0 or -EINVAL after one diagnostic. */
__attribute__((format(printf, 3, 4))) int build_fail(struct builder *b, struct pos at, const char *fmt, ...);
int build_open(struct builder *b, enum node_type type, struct pos at, size_t start, const char *anchor);
int build_key(struct builder *b, const char *text, size_t len, struct pos at, bool merge);
/* A scalar's text moves to the arena; node has its type and value. */
int build_scalar(struct builder *b, struct node *node, const char *text, size_t len);
/* Puts a whole node, as an alias does; `nodes` is what it counts for. */
int build_copy(struct builder *b, const struct node *node, size_t nodes);
/* Closes the innermost collection. *done (may be NULL) gets the node, *nodes what it counts for. */
int build_close(struct builder *b, size_t end, struct node *done, size_t *nodes);
bool build_wants_key(const struct builder *b);

/* Around a document. build_end delivers it; what `each` returned, if it was not 0, is returned. */
void build_begin(struct builder *b);
int build_end(struct builder *b);
void build_free(struct builder *b);

/* YAML 1.1 types of a plain scalar, as goyaml v2 resolves them; sets type and value. Pure. */
void scalar_resolve(const char *text, size_t len, struct node *out);

/* false: the text is not all of the kind that it reads; what it has delivered is in `skip`, and nothing was said. */
bool doc_parse_block(struct builder *b, int *err);
int doc_parse_yaml(struct builder *b);
int doc_parse_json(struct builder *b);

/* doc_parse, or the same without doc_parse_block: to hold one against the other. */
int doc_parse_by(bool block, const char *file, const char *text, size_t len, const struct doc_limits *limits,
		 struct diag_list *diags, doc_each each, void *arg);

#endif
