/* src/base/doc*.c: what texts become, where their parts stand, and what is refused with which words. */
#include "../src/base/doc.h"

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

struct text {
	char buf[8192];
	size_t n;
};

__attribute__((format(printf, 2, 3))) static void add(struct text *t, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	t->n += (size_t)vsnprintf(t->buf + t->n, sizeof(t->buf) - t->n, fmt, ap);
	va_end(ap);
	assert_true(t->n < sizeof(t->buf));
}

/* A tree as one line: n null, b0 b1, i7, f1.5, "text", [..], {key:value}. */
static void show(struct text *t, const struct node *n)
{
	switch (n->type) {
	case NODE_NULL:
		add(t, "n");
		break;
	case NODE_BOOL:
		add(t, "b%d", n->boolean);
		break;
	case NODE_INT:
		add(t, "i%lld", (long long)n->integer);
		break;
	case NODE_FLOAT:
		add(t, "f%g", n->number);
		break;
	case NODE_STRING:
		assert_int_equal(strlen(n->text), n->text_len);
		add(t, "\"%s\"", n->text);
		break;
	case NODE_LIST:
		add(t, "[");
		for (size_t i = 0; i < n->list.n; i++) {
			add(t, "%s", i ? "," : "");
			show(t, &n->list.items[i]);
		}
		add(t, "]");
		break;
	case NODE_MAP:
		add(t, "{");
		for (size_t i = 0; i < n->map.n; i++) {
			add(t, "%s%s:", i ? "," : "", n->map.items[i].key);
			show(t, &n->map.items[i].value);
		}
		add(t, "}");
		break;
	}
}

static int show_each(void *arg, const struct node *root, size_t index)
{
	struct text *t = arg;

	add(t, "%s", t->n ? " | " : "");
	show(t, root);
	return 0;
}

/* What the text becomes, then " ! place: error" if it is refused. */
static const char *result(struct text *t, const char *text, size_t len, const struct doc_limits *limits)
{
	struct diag_list d = {0};
	char line[512];
	int err;

	*t = (struct text){.n = 0};
	err = doc_parse(NULL, text, len, limits, &d, show_each, t);
	assert_int_equal(err, d.n ? -EINVAL : 0);
	assert_true(d.n <= 1);
	if (d.n)
		add(t, "%s! %s", t->n ? " " : "", diag_format(&d.items[0], line, sizeof(line)));
	diag_clear(&d);
	return t->buf;
}

struct row {
	const char *text, *want;
};

static void check(const struct row *rows, size_t n)
{
	struct text t;

	for (size_t i = 0; i < n; i++)
		if (strcmp(result(&t, rows[i].text, strlen(rows[i].text), NULL), rows[i].want) != 0)
			fail_msg("row %zu:\n%s\n  is: %s\nwant: %s", i, rows[i].text, t.buf, rows[i].want);
}

static void yaml(void **state)
{
	static const struct row rows[] = {
	    {"", ""},
	    {"# nothing\n", ""},
	    {"---\n---\n...\n", ""},
	    {"null", ""},
	    {"a: 1\nb: two\n", "{a:i1,b:\"two\"}"},
	    {"a:\n- x\n- y: 1\n  z:\n- \n", "{a:[\"x\",{y:i1,z:n},n]}"},
	    {"- []\n- {}\n", "[[],{}]"},
	    {"a: {b: [1, {c: d}], e: }\n", "{a:{b:[i1,{c:\"d\"}],e:n}}"},
	    {"---\na: 1\n---\n\n---\nb: 2\n...\n", "{a:i1} | {b:i2}"},
	    {"%YAML 1.2\n---\na: b\n", "{a:\"b\"}"},
	    {"a: |\n  x\n  y\nb: >-\n  x\n  y\n", "{a:\"x\ny\n\",b:\"x y\"}"},
	    {"a: \"1\"\nb: '2'\nc: \"\\u00e9\\x41\"\n", "{a:\"1\",b:\"2\",c:\"\xc3\xa9"
							"A\"}"},
	    {"1: a\ntrue: b\n", "{1:\"a\",true:\"b\"}"},
	    {"? a\n: b\n", "{a:\"b\"}"},
	    {"a: x:y\nb: x#y # c\n", "{a:\"x:y\",b:\"x#y\"}"},
	    {"\xef\xbb\xbf"
	     "a: 1\n",
	     "{a:i1}"},
	    {"a: 1\r\nb:\r\n- 2\r\n", "{a:i1,b:[i2]}"},
	    {"just text", "\"just text\""},
	    {"a:\tb\n", "{a:\"b\"}"},
	};

	check(rows, COUNT(rows));
}

static void scalars(void **state)
{
	static const struct row rows[] = {
	    {"[~, null, Null, NULL]", "! 1:2: expected a JSON value, found '~'"},
	    {"x: [~, null, Null, NULL, nUll, '~']", "{x:[n,n,n,n,\"nUll\",\"~\"]}"},
	    {"x: [true, True, TRUE, yes, Yes, YES, y, Y, on, On, ON]", "{x:[b1,b1,b1,b1,b1,b1,b1,b1,b1,b1,b1]}"},
	    {"x: [false, False, FALSE, no, No, NO, n, N, off, Off, OFF]", "{x:[b0,b0,b0,b0,b0,b0,b0,b0,b0,b0,b0]}"},
	    {"x: ['yes', \"no\", tRue, yeS, oof, nope]", "{x:[\"yes\",\"no\",\"tRue\",\"yeS\",\"oof\",\"nope\"]}"},
	    {"x: [0, 7, -7, +7, 1_000, 0x1F, -0x10, 0b101, 0o17, 017]", "{x:[i0,i7,i-7,i7,i1000,i31,i-16,i5,i15,i15]}"},
	    {"x: [9223372036854775807, -9223372036854775808]", "{x:[i9223372036854775807,i-9223372036854775808]}"},
	    {"x: [9223372036854775808, 1e3, 1.5, .5, 5., -1.5E-2, +2e+2, 08]",
	     "{x:[f9.22337e+18,f1000,f1.5,f0.5,f5,f-0.015,f200,f8]}"},
	    {"x: [.inf, -.INF, +.Inf, .nan, .NaN]", "{x:[finf,f-inf,finf,fnan,fnan]}"},
	    {"x: [10.0.0.1, 1:30, 2001-01-01, 0x, 0b2, '-', +, ., 1e, e1, 1.2.3, -.e, 0xg, 1__x, --1]",
	     "{x:[\"10.0.0.1\",\"1:30\",\"2001-01-01\",\"0x\",\"0b2\",\"-\",\"+\",\".\",\"1e\",\"e1\",\"1.2.3\",\"-."
	     "e\","
	     "\"0xg\",\"1__x\",\"--1\"]}"},
	    {"x: [11111111111111111111111111111111111111111111111111111111111111111]",
	     "{x:[\"11111111111111111111111111111111111111111111111111111111111111111\"]}"},
	    {"x: [!!str 1, !!str yes, ! 5, !!int 5, !!float 5, !!bool 'on', !!null '', !!float 1.5]",
	     "{x:[\"1\",\"yes\",\"5\",i5,f5,b1,n,f1.5]}"},
	    {"x: !!map {a: !!seq [1]}", "{x:{a:[i1]}}"},
	};

	check(rows, COUNT(rows));
}

static void aliases_and_merge(void **state)
{
	static const struct row rows[] = {
	    {"a: &x 5\nb: *x\nc: &y [1]\nd: [*y, *y]\n", "{a:i5,b:i5,c:[i1],d:[[i1],[i1]]}"},
	    {"a: &x 1\nb: &x 2\nc: *x\n", "{a:i1,b:i2,c:i2}"},
	    {"a: &x {p: 1, q: 2}\nb:\n  <<: *x\n  q: 3\n", "{a:{p:i1,q:i2},b:{q:i3,p:i1}}"},
	    {"b:\n  q: 3\n  <<: [{p: 1, q: 2}, {p: 5, r: 6}]\n", "{b:{q:i3,p:i1,r:i6}}"},
	    {"b: {'<<': 1}\n", "{b:{<<:i1}}"},
	    {"b: {<<: 1}\n", "! 1:9: merge key \"<<\" needs a map or a list of maps, found an integer"},
	    {"b: {<<: [1]}\n", "! 1:10: merge key \"<<\" needs maps, found an integer"},
	    {"b: {<<: {}, <<: {}}\n", "! 1:13: duplicate key \"<<\": it stands at 1:5 already"},
	    {"a: *x\n", "! 1:4: alias \"x\" refers to nothing above it"},
	    {"a: &x [*x]\n", "! 1:8: alias \"x\" refers to nothing above it"},
	    {"a: &x 1\nb: &x [*x]\n", "! 2:8: alias \"x\" refers to nothing above it"},
	    {"a: &x 1\n---\nb: *x\n", "{a:i1} ! 3:4: alias \"x\" refers to nothing above it"},
	    {"a: &x b\n*x : c\n", "! 2:1: an alias cannot be a key"},
	};

	check(rows, COUNT(rows));
}

static void yaml_refused(void **state)
{
	static const struct row rows[] = {
	    {"a: 1\n\tb: 2\n", "! 2:1: found a tab where an indentation space is expected"},
	    {"a:\n  b: 1\n  \tc: 2\n", "! 3:3: found a tab where an indentation space is expected"},
	    {"a: |\n\tx\n", "! 2:1: found a tab where an indentation space is expected"},
	    {"a: b\n c: d\n", "! 2:3: mapping values are not allowed in this context"},
	    {"a: [1\nb: 2\n",
	     "! 2:2: did not find expected ',' or ']' while parsing a flow sequence that begins at 1:4"},
	    {"a: 1\nb\n", "! 3:1: could not find expected ':' while scanning a simple key that begins at 2:1"},
	    {"a: @x\n", "! 1:4: found character that cannot start any token while scanning for the next token"},
	    {"a: 1\na: 2\n", "! 2:1: duplicate key \"a\": it stands at 1:1 already"},
	    {"x:\n  a: 1\n  b: 1\n  a: 2\n", "! 4:3: duplicate key \"a\": it stands at 2:3 already"},
	    {"a: 1\n---\na: 1\na: 2\n", "{a:i1} ! 4:1: duplicate key \"a\": it stands at 3:1 already"},
	    {"{a: 1}: b\n", "! 1:2: expected a key in double quotes, found 'a'"},
	    {"x:\n  ? [a]\n  : b\n", "! 2:5: a list cannot be a key"},
	    {"x:\n  ? {a: b}\n  : c\n", "! 2:5: a map cannot be a key"},
	    {"a: !foo 1\n", "! 1:4: unknown tag \"!foo\""},
	    {"a: !foo [1]\n", "! 1:4: unknown tag \"!foo\""},
	    {"a: !!int x\n", "! 1:4: tagged as an integer, but is not"},
	    {"a: \"x\\0y\"\n", "! 1:4: value contains a NUL character"},
	    {"\"a\\0\": 1\n", "! 1:1: value contains a NUL character"},
	    {"a: b\n\xff\n", "! 2:1: invalid UTF-8"},
	    {"a: \xc0\xaf\n", "! 1:4: invalid UTF-8"},
	    {"a: \xe0\x80\xaf\n", "! 1:4: invalid UTF-8"},
	    {"a: \xed\xa0\x80\n", "! 1:4: invalid UTF-8"},
	    {"a: \xf0\x80\x80\x80\n", "! 1:4: invalid UTF-8"},
	    {"a: \xf4\x90\x80\x80\n", "! 1:4: invalid UTF-8"},
	    {"a: \xe2\x82", "! 1:4: invalid UTF-8"},
	    {"a: b\n\x01\n", "! 2:1: control characters are not allowed"},
	};
	struct text t;

	check(rows, COUNT(rows));
	assert_string_equal(result(&t, "a: b\nc: \0d", 10, NULL), "! 2:4: NUL byte");
	assert_string_equal(result(&t, "a: \xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", 12, NULL),
			    "{a:\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"}");
}

static void json(void **state)
{
	static const struct row rows[] = {
	    {"{}", "{}"},
	    {" \t\r\n[ ]\n", "[]"},
	    {"{\"a\": [1, -2, 1.5, 1e2, true, false, null, \"x\"], \"b\": {\"c\": {}}}",
	     "{a:[i1,i-2,f1.5,f100,b1,b0,n,\"x\"],b:{c:{}}}"},
	    {"[\"\\\"\\\\\\/\\b\\f\\t\\u0041\\u00e9\\u20AC\\ud83d\\ude00 end\"]",
	     "[\"\"\\/\b\f\tA\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80 end\"]"},
	    {"[9223372036854775807, 9223372036854775808, -0, 0]", "[i9223372036854775807,f9.22337e+18,i0,i0]"},
	    {"{\"a\": 1}\n{\"b\": 2}", "{a:i1} | {b:i2}"},
	    {"{\"a\": 1}\n---\n---\n{\"b\": 2}\n---\n", "{a:i1} | {b:i2}"},
	    {"[]null[1]", "[] | [i1]"},
	    {"\xef\xbb\xbf[1]", "[i1]"},
	    {"[", "! 1:2: expected a JSON value, found the end of the text"},
	    {"{", "! 1:2: expected a key in double quotes, found the end of the text"},
	    {"[1", "! 1:3: expected ',' or ']', found the end of the text"},
	    {"[1,]", "! 1:4: expected a JSON value, found ']'"},
	    {"{\"a\":1,}", "! 1:8: expected a key in double quotes, found '}'"},
	    {"{\"a\"}", "! 1:5: expected ':' behind a key, found '}'"},
	    {"{\"a\":1\n \"b\":2}", "! 2:2: expected ',' or '}', found '\"'"},
	    {"[1}", "! 1:3: expected ',' or ']', found '}'"},
	    {"[01]", "! 1:2: number with a leading zero"},
	    {"[-]", "! 1:3: expected a digit, found ']'"},
	    {"[1.]", "! 1:4: expected a digit behind the point, found ']'"},
	    {"[1e+]", "! 1:5: expected a digit in the exponent, found ']'"},
	    {"[tru]", "! 1:2: expected a JSON value, found 't'"},
	    {"[\x7f]", "! 1:2: expected a JSON value"},
	    {"[\"a", "! 1:2: string has no closing quote"},
	    {"[\"a\nb\"]", "! 1:4: control character in a string: write it as an escape"},
	    {"[\"\\x\"]", "! 1:4: expected an escape (\\\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX), found 'x'"},
	    {"[\"\\u12g4\"]", "! 1:5: expected four hex digits behind \\u"},
	    {"[\"\\u12", "! 1:5: expected four hex digits behind \\u"},
	    {"[\"\\ud83d\"]", "! 1:3: half of a surrogate pair"},
	    {"[\"\\ude00\"]", "! 1:3: half of a surrogate pair"},
	    {"[\"\\ud83d\\u0041\"]", "! 1:3: half of a surrogate pair"},
	    {"[\"\\u0000\"]", "! 1:2: value contains a NUL character"},
	    {"{\"a\": 1,\n \"a\": 2}", "! 2:2: duplicate key \"a\": it stands at 1:2 already"},
	    {"{\"\\u0061\": 1, \"a\": 2}", "! 1:15: duplicate key \"a\": it stands at 1:2 already"},
	    {"{\"a\": 1}\nx: y\n", "{a:i1} ! 2:1: expected a JSON value, found 'x'"},
	};

	check(rows, COUNT(rows));
}

/* One text of `head`, n times `unit`, `tail`; malloc'd. */
static char *repeated(const char *head, const char *unit, size_t n, const char *tail)
{
	size_t u = strlen(unit), at = strlen(head);
	char *s = malloc(at + n * u + strlen(tail) + 1);

	memcpy(s, head, at);
	for (size_t i = 0; i < n; i++, at += u)
		memcpy(s + at, unit, u);
	strcpy(s + at, tail);
	return s;
}

static void hostile_sizes(void **state)
{
	static const struct {
		const char *head, *unit;
		size_t n;
		const char *tail, *want;
	} rows[] = {
	    {"x: ", "[", 200000, "", "! 1:103: nested more than 100 deep"},
	    {"", "[", 200000, "", "! 1:101: nested more than 100 deep"},
	    {"", "{\"a\":", 200000, "", "! 1:501: nested more than 100 deep"},
	    {"", "- ", 200000, "x", "! 1:201: nested more than 100 deep"},
	    {"x: {", "a: {", 200000, "", "! 1:400: nested more than 100 deep"},
	    {"x: ", "a", 10000000, "\n", "! 1:4: value of 10000000 bytes is longer than the 1048576 allowed"},
	    {"[\"", "a", 10000000, "\"]", "! 1:2: value of 10000000 bytes is longer than the 1048576 allowed"},
	    {"{\"", "a", 2000000, "\":1}", "! 1:2: value of 2000000 bytes is longer than the 1048576 allowed"},
	    {"", "x", 129 << 20, "", "! longer than the 134217728 bytes allowed"},
	};
	struct text t;

	for (size_t i = 0; i < COUNT(rows); i++) {
		char *s = repeated(rows[i].head, rows[i].unit, rows[i].n, rows[i].tail);

		assert_string_equal(result(&t, s, strlen(s), NULL), rows[i].want);
		free(s);
	}
}

static void alias_bombs(void **state)
{
	static const char laughs[] =
	    "a: &a [x, x, x, x, x, x, x, x, x]\nb: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a]\n"
	    "c: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b]\nd: &d [*c, *c, *c, *c, *c, *c, *c, *c, *c]\n"
	    "e: &e [*d, *d, *d, *d, *d, *d, *d, *d, *d]\nf: &f [*e, *e, *e, *e, *e, *e, *e, *e, *e]\n";
	struct doc_limits few = {.nodes = 50};
	struct text t;

	assert_string_equal(result(&t, laughs, strlen(laughs), NULL), "! 5:8: aliases expand to too many values");
	assert_string_equal(result(&t, laughs, strlen(laughs), &few), "! 2:20: document has more than 50 values");
}

static void limits(void **state)
{
	static const struct {
		struct doc_limits limits;
		const char *text, *want;
	} rows[] = {
	    {{.bytes = 5}, "a: 123", "! longer than the 5 bytes allowed"},
	    {{.bytes = 6}, "a: 123", "{a:i123}"},
	    {{.depth = 2}, "a: [b]", "{a:[\"b\"]}"},
	    {{.depth = 2}, "a: [[b]]", "! 1:5: nested more than 2 deep"},
	    {{.nodes = 4}, "a: [1, 2]", "{a:[i1,i2]}"},
	    {{.nodes = 3}, "a: [1, 2]", "! 1:8: document has more than 3 values"},
	    {{.nodes = 2}, "a: [[]]", "! 1:5: document has more than 2 values"},
	    {{.scalar = 3}, "abc: abc", "{abc:\"abc\"}"},
	    {{.scalar = 3}, "abc: abcd", "! 1:6: value of 4 bytes is longer than the 3 allowed"},
	    {{.scalar = 3}, "abcd: a", "! 1:1: value of 4 bytes is longer than the 3 allowed"},
	};
	struct text t;

	for (size_t i = 0; i < COUNT(rows); i++)
		assert_string_equal(result(&t, rows[i].text, strlen(rows[i].text), &rows[i].limits), rows[i].want);
}

/* More keys than the pairwise comparison takes. */
static void many_keys(void **state)
{
	struct text t;
	char yaml[2048] = "";
	size_t n = 0;

	for (int i = 0; i < 100; i++)
		n += (size_t)sprintf(yaml + n, "k%d: 1\n", i);
	result(&t, yaml, n, NULL);
	assert_non_null(strstr(t.buf, "k99:i1}"));
	n += (size_t)sprintf(yaml + n, "k50: 1\n");
	assert_string_equal(result(&t, yaml, n, NULL), "! 101:1: duplicate key \"k50\": it stands at 51:1 already");
}

/* Each scalar and key: "text@line:col+start-end". */
static void places_of(struct text *t, const struct node *n)
{
	add(t, " %s@%u:%u+%u-%u",
	    n->type == NODE_MAP    ? "map"
	    : n->type == NODE_LIST ? "list"
				   : n->text,
	    n->pos.line, n->pos.col, n->start, n->end);
	for (size_t i = 0; n->type == NODE_LIST && i < n->list.n; i++)
		places_of(t, &n->list.items[i]);
	for (size_t i = 0; n->type == NODE_MAP && i < n->map.n; i++) {
		add(t, " %s:@%u:%u", n->map.items[i].key, n->map.items[i].key_pos.line, n->map.items[i].key_pos.col);
		places_of(t, &n->map.items[i].value);
	}
}

static int places_each(void *arg, const struct node *root, size_t index)
{
	places_of(arg, root);
	return 0;
}

static void places(void **state)
{
	static const struct row rows[] = {
	    {"a: 1\nb:\n  - x # c\n\n# d\n", " map@1:1+0-13 a:@1:1 1@1:4+3-4 b:@2:1 list@3:3+10-13 x@3:5+12-13"},
	    {"\xc3\xa9: \xe2\x82\xac\n\xc3\xa9\xc3\xa9: [\xc3\xa9, x]\n",
	     " map@1:1+0-21 \xc3\xa9:@1:1 \xe2\x82\xac@1:5+4-7 \xc3\xa9\xc3\xa9:@2:1 list@2:7+14-21 \xc3\xa9@2:8+15-17 "
	     "x@2:12+19-20"},
	    {"\xef\xbb\xbf"
	     "a: &q 1\nb: *q\n",
	     " map@1:1+3-16 a:@1:1 1@1:4+6-10 b:@2:1 1@2:4+14-16"},
	    {"{\"\xc3\xa9\": [1,\n \"x\\n\"]}", " map@1:1+0-19 \xc3\xa9:@1:2 list@1:8+7-18 1@1:9+8-9 x\n@2:2+12-17"},
	};
	struct diag_list d = {0};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct text t = {.n = 0};

		assert_int_equal(doc_parse("f", rows[i].text, strlen(rows[i].text), NULL, &d, places_each, &t), 0);
		assert_string_equal(t.buf, rows[i].want);
	}
}

static int stop_at_second(void *arg, const struct node *root, size_t index)
{
	size_t *calls = arg;

	assert_int_equal(index, *calls);
	return ++*calls == 2 ? 42 : 0;
}

static void count_alive(void *arg)
{
	++*(unsigned *)arg;
}

static int pass_over(void *arg, const struct node *root, size_t index)
{
	return 0;
}

/* One long document, YAML read by both readers, or JSON; and many short ones. */
static void long_work_is_told_of(void **state)
{
	enum { N = 20000 };
	static const struct {
		const char *before, *item, *after;
	} rows[] = {{"items:\n", "- a\n", ""},
		    {"items:\n", "- a\n", "more: &x {a: *x}\n"},
		    {"[1", ",1", "]"},
		    {"", "a: 1\n---\n", ""}};
	char *text = xmalloc(16 * N);

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		unsigned alive = 0;
		const struct doc_limits l = {.alive = count_alive, .arg = &alive};
		struct diag_list d = {0};
		size_t len = (size_t)sprintf(text, "%s", rows[i].before);

		for (int k = 0; k < N; k++)
			len += (size_t)sprintf(text + len, "%s", rows[i].item);
		len += (size_t)sprintf(text + len, "%s", rows[i].after);
		doc_parse("f", text, len, &l, &d, pass_over, NULL);
		assert_in_range(alive, N / 1100, 4 * N / 1000);
		diag_clear(&d);
	}
	free(text);
}

static void stops_when_told(void **state)
{
	static const char *const rows[] = {"a: 1\n---\n---\nb: 2\n---\nc: 3\n", "[1] [2] [3]"};
	struct diag_list d = {0};

	for (size_t i = 0; i < COUNT(rows); i++) {
		size_t calls = 0;

		assert_int_equal(doc_parse("f", rows[i], strlen(rows[i]), NULL, &d, stop_at_second, &calls), 42);
		assert_int_equal(calls, 2);
	}
}

static int lookup(void *arg, const struct node *root, size_t index)
{
	const struct node *b = node_get(root, "b");

	assert_int_equal(b->type, NODE_LIST);
	assert_null(node_get(root, "c"));
	assert_null(node_get(b, "c"));
	assert_null(node_get(NULL, "c"));
	return 0;
}

static void lookups_and_names(void **state)
{
	struct diag_list d = {0};

	assert_int_equal(doc_parse("f", "a: 1\nb: []\n", 11, NULL, &d, lookup, NULL), 0);
	assert_string_equal(node_type_name(NODE_STRING), "a string");
	assert_string_equal(node_type_name(NODE_LIST), "a list");
	assert_string_equal(node_type_name((enum node_type)99), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(yaml),
	    cmocka_unit_test(scalars),
	    cmocka_unit_test(aliases_and_merge),
	    cmocka_unit_test(yaml_refused),
	    cmocka_unit_test(json),
	    cmocka_unit_test(hostile_sizes),
	    cmocka_unit_test(alias_bombs),
	    cmocka_unit_test(limits),
	    cmocka_unit_test(many_keys),
	    cmocka_unit_test(places),
	    cmocka_unit_test(long_work_is_told_of),
	    cmocka_unit_test(stops_when_told),
	    cmocka_unit_test(lookups_and_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
