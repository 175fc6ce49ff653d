/* JSON (RFC 8259) to the builder: strict, with the place of every value. Values may follow each other, with "---" lines between them.
 * The text is valid UTF-8 without NUL (doc.c). Test: tests/test_doc.c. */
#include "doc_build.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct reader {
	struct builder *b;
	const char *at, *end;
	const char *line_start;
	uint32_t line;
	char *buf; /* an unescaped string */
	size_t buf_cap;
};

static struct pos here(const struct reader *r, const char *at)
{
	return (struct pos){.line = r->line, .col = (uint32_t)(at - r->line_start) + 1};
}

static size_t offset(const struct reader *r, const char *at)
{
	return r->b->base + (size_t)(at - r->b->text);
}

static void skip_blank(struct reader *r)
{
	for (; r->at < r->end; r->at++) {
		if (*r->at == '\n') {
			r->line++;
			r->line_start = r->at + 1;
		} else if (*r->at != ' ' && *r->at != '\t' && *r->at != '\r') {
			return;
		}
	}
}

static int expected(struct reader *r, const char *what)
{
	char c = r->at < r->end ? *r->at : '\0';

	if (r->at >= r->end)
		return build_fail(r->b, here(r, r->at), "expected %s, found the end of the text", what);
	if (c > ' ' && c < 0x7f)
		return build_fail(r->b, here(r, r->at), "expected %s, found '%c'", what, c);
	return build_fail(r->b, here(r, r->at), "expected %s", what);
}

/* Four hex digits at p, or -1. */
static int hex4(const char *p, const char *end)
{
	int v = 0;

	if (end - p < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		char c = p[i];
		int d = c >= '0' && c <= '9'   ? c - '0'
			: c >= 'a' && c <= 'f' ? c - 'a' + 10
			: c >= 'A' && c <= 'F' ? c - 'A' + 10
					       : -1;

		if (d < 0)
			return -1;
		v = v * 16 + d;
	}
	return v;
}

static size_t utf8_put(char *to, uint32_t c)
{
	if (c < 0x80) {
		to[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		to[0] = (char)(0xc0 | c >> 6);
		to[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		to[0] = (char)(0xe0 | c >> 12);
		to[1] = (char)(0x80 | (c >> 6 & 0x3f));
		to[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	to[0] = (char)(0xf0 | c >> 18);
	to[1] = (char)(0x80 | (c >> 12 & 0x3f));
	to[2] = (char)(0x80 | (c >> 6 & 0x3f));
	to[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

/* Behind "\u": one character, from two escapes if it is a surrogate pair. */
static int unescape_u(struct reader *r, uint32_t *out)
{
	int hi = hex4(r->at, r->end), lo;

	if (hi < 0)
		return build_fail(r->b, here(r, r->at), "expected four hex digits behind \\u");
	r->at += 4;
	*out = (uint32_t)hi;
	if (hi < 0xd800 || hi > 0xdfff)
		return 0;
	lo = hi <= 0xdbff && r->end - r->at >= 6 && r->at[0] == '\\' && r->at[1] == 'u' ? hex4(r->at + 2, r->end) : -1;
	if (lo < 0xdc00 || lo > 0xdfff)
		return build_fail(r->b, here(r, r->at - 6), "half of a surrogate pair");
	r->at += 6;
	*out = 0x10000 + ((uint32_t)(hi - 0xd800) << 10) + (uint32_t)(lo - 0xdc00);
	return 0;
}

/* Behind the backslash. */
static int unescape(struct reader *r, char *to, size_t *n)
{
	static const char from[] = "\"\\/bfnrt", into[] = "\"\\/\b\f\n\r\t";
	const char *p = r->at < r->end && *r->at ? strchr(from, *r->at) : NULL;
	uint32_t c = 0;

	if (p) {
		to[(*n)++] = into[p - from];
		r->at++;
		return 0;
	}
	if (r->at >= r->end || *r->at != 'u')
		return expected(r, "an escape (\\\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX)");
	r->at++;
	if (unescape_u(r, &c) < 0)
		return -EINVAL;
	*n += utf8_put(to + *n, c);
	return 0;
}

static void room(struct reader *r, size_t n)
{
	if (n <= r->buf_cap)
		return;
	r->buf_cap = 2 * n > 256 ? 2 * n : 256;
	r->buf = xrealloc(r->buf, r->buf_cap);
}

/* At the opening quote. The text is in place if nothing is escaped, else in r->buf; valid until the next string. */
static int string(struct reader *r, const char **text, size_t *len)
{
	const char *open = r->at, *run = ++r->at;
	size_t n = 0;

	for (;;) {
		while (r->at < r->end && *r->at != '"' && *r->at != '\\' && (unsigned char)*r->at >= 0x20)
			r->at++;
		if (r->at >= r->end)
			return build_fail(r->b, here(r, open), "string has no closing quote");
		if (*r->at == '"' && run == open + 1) {
			*text = run;
			*len = (size_t)(r->at++ - run);
			return 0;
		}
		room(r, n + (size_t)(r->at - run) + 8);
		memcpy(r->buf + n, run, (size_t)(r->at - run));
		n += (size_t)(r->at - run);
		if (*r->at == '"') {
			r->at++;
			*text = r->buf;
			*len = n;
			return 0;
		}
		if (*r->at != '\\')
			return build_fail(r->b, here(r, r->at), "control character in a string: write it as an escape");
		r->at++;
		if (unescape(r, r->buf, &n) < 0)
			return -EINVAL;
		run = r->at;
	}
}

static const char *digits(const char *p, const char *end)
{
	while (p < end && *p >= '0' && *p <= '9')
		p++;
	return p;
}

/* number = [ minus ] int [ frac ] [ exp ]; *whole: neither frac nor exp. */
static int number_span(struct reader *r, bool *whole)
{
	const char *p;

	r->at += *r->at == '-';
	p = digits(r->at, r->end);
	if (p == r->at)
		return expected(r, "a digit");
	if (*r->at == '0' && p > r->at + 1)
		return build_fail(r->b, here(r, r->at), "number with a leading zero");
	r->at = p;
	*whole = true;
	if (r->at < r->end && *r->at == '.') {
		p = digits(++r->at, r->end);
		if (p == r->at)
			return expected(r, "a digit behind the point");
		r->at = p;
		*whole = false;
	}
	if (r->at < r->end && (*r->at == 'e' || *r->at == 'E')) {
		r->at++;
		r->at += r->at < r->end && (*r->at == '-' || *r->at == '+');
		p = digits(r->at, r->end);
		if (p == r->at)
			return expected(r, "a digit in the exponent");
		r->at = p;
		*whole = false;
	}
	return 0;
}

static int number(struct reader *r, struct node *node, const char **text, size_t *len)
{
	const char *start = r->at;
	bool whole = false;

	if (number_span(r, &whole) < 0)
		return -EINVAL;
	*text = start;
	*len = (size_t)(r->at - start);
	/* strtod and strtoll stop by themselves: the caller's text ends with something that is no number, or a copy does. */
	room(r, *len + 1);
	memcpy(r->buf, start, *len);
	r->buf[*len] = '\0';
	errno = 0;
	if (whole) {
		node->type = NODE_INT;
		node->integer = strtoll(r->buf, NULL, 10);
		if (!errno)
			return 0;
	}
	node->type = NODE_FLOAT;
	node->number = strtod(r->buf, NULL);
	return 0;
}

static int word(struct reader *r, struct node *node, const char **text, size_t *len)
{
	static const struct {
		const char *word;
		enum node_type type;
		bool value;
	} words[] = {{"true", NODE_BOOL, true}, {"false", NODE_BOOL, false}, {"null", NODE_NULL, false}};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		size_t n = strlen(words[i].word);

		if ((size_t)(r->end - r->at) < n || memcmp(r->at, words[i].word, n) != 0)
			continue;
		node->type = words[i].type;
		node->boolean = words[i].value;
		*text = words[i].word;
		*len = n;
		r->at += n;
		return 0;
	}
	return expected(r, "a JSON value");
}

static int scalar(struct reader *r)
{
	struct node node = {.type = NODE_STRING, .pos = here(r, r->at), .start = (uint32_t)offset(r, r->at)};
	const char *text;
	size_t len;
	int err;

	if (*r->at == '"')
		err = string(r, &text, &len);
	else if (*r->at == '-' || (*r->at >= '0' && *r->at <= '9'))
		err = number(r, &node, &text, &len);
	else
		err = word(r, &node, &text, &len);
	if (err)
		return err;
	node.end = (uint32_t)offset(r, r->at);
	return build_scalar(r->b, &node, text, len);
}

static int key(struct reader *r)
{
	struct pos at = here(r, r->at);
	const char *text;
	size_t len;

	if (r->at >= r->end || *r->at != '"')
		return expected(r, "a key in double quotes");
	if (string(r, &text, &len) < 0 || build_key(r->b, text, len, at, false) < 0)
		return -EINVAL;
	skip_blank(r);
	if (r->at >= r->end || *r->at != ':')
		return expected(r, "':' behind a key");
	r->at++;
	skip_blank(r);
	return 0;
}

static const struct frame *innermost(const struct reader *r)
{
	return r->b->depth ? &r->b->frames[r->b->depth - 1] : NULL;
}

/* A value begins here: a scalar is read whole, a collection is opened. *opened: what follows is its first member or its end. */
static int begin(struct reader *r, bool *opened)
{
	*opened = false;
	if (r->at >= r->end)
		return expected(r, "a JSON value");
	if (*r->at != '{' && *r->at != '[')
		return scalar(r);
	if (build_open(r->b, *r->at == '{' ? NODE_MAP : NODE_LIST, here(r, r->at), offset(r, r->at), NULL) < 0)
		return -EINVAL;
	r->at++;
	*opened = true;
	return 0;
}

/* Behind a value or an opening bracket: closes what ends here, else steps to the next member. */
static int next(struct reader *r, bool first)
{
	const struct frame *f;

	while ((f = innermost(r))) {
		bool map = f->type == NODE_MAP;

		skip_blank(r);
		if (r->at < r->end && *r->at == (map ? '}' : ']')) {
			r->at++;
			if (build_close(r->b, offset(r, r->at), NULL, NULL) < 0)
				return -EINVAL;
			first = false;
			continue;
		}
		if (!first && (r->at >= r->end || *r->at != ','))
			return expected(r, map ? "',' or '}'" : "',' or ']'");
		r->at += !first;
		skip_blank(r);
		return map ? key(r) : 0;
	}
	return 0;
}

static int document(struct reader *r)
{
	bool opened;
	int err;

	build_begin(r->b);
	do {
		err = begin(r, &opened);
		if (!err)
			err = next(r, opened);
	} while (!err && innermost(r));
	return err ? err : build_end(r->b);
}

static void skip_separators(struct reader *r)
{
	skip_blank(r);
	while (r->end - r->at >= 3 && r->at == r->line_start && !memcmp(r->at, "---", 3)) {
		r->at += 3;
		skip_blank(r);
	}
}

int doc_parse_json(struct builder *b)
{
	struct reader r = {.b = b, .at = b->text, .end = b->text + b->len, .line_start = b->text, .line = 1};
	int err = 0;

	skip_separators(&r);
	while (!err && r.at < r.end) {
		err = document(&r);
		skip_separators(&r);
	}
	free(r.buf);
	return err;
}
