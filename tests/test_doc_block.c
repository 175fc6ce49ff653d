/* src/base/doc_block.c: which texts it takes, and that it makes of them what libyaml makes. */
#include "doc_twice.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static int nothing(void *arg, const struct node *root, size_t index)
{
	return 0;
}

static bool takes(const char *text, size_t len)
{
	struct diag_list diags = {0};
	struct builder b = {.file = "f",
			    .text = text,
			    .len = len,
			    .limits = {.depth = 100, .nodes = 1000, .scalar = 100},
			    .diags = &diags,
			    .each = nothing};
	int err;
	bool mine = doc_parse_block(&b, &err);

	assert_int_equal(diags.n, 0);
	build_free(&b);
	return mine;
}

static const char *const taken[] = {
    "",
    "\n\n",
    "# nothing\n  # at all\n",
    "---\n---\n",
    "a: 1",
    "a: 1\nb: two words\nc: \"3\"\nd: 'four'\ne: {}\nf: []\ng:\nh: -1\ni: 1.5\nj: true\nk: ~\nl: fd00::1\n",
    "a:\n  b:\n    c: 1\n  d: 2\ne: 3\n",
    "a:\n- 1\n- 2\nb:\n  - x\n  - y\n",
    "a:\n- b: 1\n  c:\n  - d\n  - e\n- b: 2\n  c: []\nz: 1\n",
    "- - 1\n  - 2\n- - 3\n",
    "-   a: 1\n    b: 2\n-   c\n",
    "a: 1\n---\nb: 2\n---\n\n---\n# c\nc:\n",
    "---\na: 1   \n   \n# end\n",
    "a:   \n\n  b: 1\n# one\n    # two\n  c: ''\n",
    "a: it's {odd} [but] plain, \"is\" it? & * ! | > % @ ` \\\n",
    "a: \"#: - {}\"\nb: '\"\\'\n",
    "a: b:c\n",
    "metadata:\n  labels:\n    app.kubernetes.io/name: x\n    _u: /p\n",
};

static const char *const left[] = {
    "a: 1\nb: ::1\n",
    "a: b # comment\n",
    "a: |\n  text\n",
    "a: >-\n  text\n",
    "a: [1]\n",
    "a: {b: c}\n",
    "a: &x 1\nb: *x\n",
    "<<: {}\n",
    "a: !!str 1\n",
    "? a\n: b\n",
    "a: b\n  c\n",
    "a:\n  b\n",
    "scalar\n",
    "  a: 1\n",
    "a: 1\n b: 2\n",
    "a:\n  - 1\n b: 2\n",
    "a:\n  - 1\n  b: 2\n",
    "- 1\na: 2\n",
    "a: 1\n- 2\n",
    "a: 1\na: 2\n",
    "a: \"\\n\"\n",
    "a: 'it''s'\n",
    "\"a\": 1\n",
    "a: \"b\n",
    "a: \"b\" c\n",
    "a: b: c\n",
    "a: b:\n",
    "a: - b\n",
    "-\n",
    "- \n",
    "- - \n",
    "a:1\n",
    "a :1\n",
    "a: \t1\n",
    "a: 1\r\n",
    "%YAML 1.1\n---\na: 1\n",
    "--- a\n",
    "a: 1\n...\n",
    "a: \xc3\xa4\n",
    "a: \x01\n",
    "a: {}x\n",
    "a: {]\n",
    "a: -\n",
    "a: --\n",
    "a: *\n",
    "a: # c\n",
    "- {}\n- \"\n",
};

static void test_which(void **state)
{
	for (size_t i = 0; i < sizeof(taken) / sizeof(*taken); i++)
		if (!takes(taken[i], strlen(taken[i])))
			fail_msg("is left to libyaml: %s", taken[i]);
	for (size_t i = 0; i < sizeof(left) / sizeof(*left); i++)
		if (takes(left[i], strlen(left[i])))
			fail_msg("is taken: %s", left[i]);
}

static void test_same(void **state)
{
	for (size_t i = 0; i < sizeof(taken) / sizeof(*taken); i++)
		assert_true(twice_same(taken[i], strlen(taken[i])));
	for (size_t i = 0; i < sizeof(left) / sizeof(*left); i++)
		assert_true(twice_same(left[i], strlen(left[i])));
}

/* Documents before the one that is left to libyaml are delivered once. */
static void test_handover(void **state)
{
	static const char text[] = "a: 1\n---\nb: [2]\n---\nc: 3\n---\nd: 4\nd: 5\n";

	assert_false(takes(text, sizeof(text) - 1));
	assert_true(twice_same(text, sizeof(text) - 1));
}

static int stop(void *arg, const struct node *root, size_t index)
{
	++*(int *)arg;
	return -ECANCELED;
}

static void test_stop(void **state)
{
	static const char text[] = "a: 1\n---\nb: [2]\n";
	struct diag_list diags = {0};
	int seen = 0;

	assert_int_equal(doc_parse("f", text, sizeof(text) - 1, NULL, &diags, stop, &seen), -ECANCELED);
	assert_int_equal(seen, 1);
	assert_int_equal(diags.n, 0);
}

static void add_deep(char *text, int deep)
{
	for (int i = 0; i < deep; i++)
		sprintf(text + strlen(text), "%*sa:\n", i, "");
}

static void test_limits(void **state)
{
	char text[16 << 10] = "";

	add_deep(text, 19);
	assert_true(takes(text, strlen(text)));
	assert_true(twice_same(text, strlen(text)));
	*text = '\0';
	add_deep(text, 21); /* refused, with libyaml's words */
	assert_true(twice_same(text, strlen(text)));
	*text = '\0';
	add_deep(text, 65); /* deeper than the line reader goes */
	assert_false(takes(text, strlen(text)));
	sprintf(text, "a: %0300d\n", 1);
	assert_true(twice_same(text, strlen(text)));
	sprintf(text, "a: %070d\nb: %063d\nc: %099d\n", 1, 1, 1);
	assert_true(takes(text, strlen(text)));
	assert_true(twice_same(text, strlen(text)));
	memset(text, 'k', 300);
	strcpy(text + 300, ": 1\n");
	assert_false(takes(text, strlen(text)));
	assert_true(twice_same(text, strlen(text)));
}

/* --- texts made by chance, the same each time --- */

struct maker {
	uint64_t state;
	char text[16 << 10];
	size_t n;
	unsigned keys;
};

static unsigned below(struct maker *m, unsigned n)
{
	m->state ^= m->state << 13;
	m->state ^= m->state >> 7;
	m->state ^= m->state << 17;
	return (unsigned)(m->state % n);
}

__attribute__((format(printf, 2, 3))) static void put(struct maker *m, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	m->n += (size_t)vsnprintf(m->text + m->n, sizeof(m->text) - m->n, fmt, ap);
	va_end(ap);
	assert_true(m->n < sizeof(m->text));
}

static void line_end(struct maker *m)
{
	static const char *const ends[] = {"\n",   "\n",   "\n",      "\n",
					   "  \n", "\n\n", "\n# c\n", "\n   \n      # d: - e\n"};

	put(m, "%s", ends[below(m, 8)]);
}

static void put_scalar(struct maker *m)
{
	static const char *const scalars[] = {"1",    "-2",     "0x1f",      "1.5",     "true",        "no",
					      "~",    "text",   "two words", "fd00::1", "10.0.0.1/32", "\"q: #\"",
					      "''",   "'\"- '", "{}",        "[]",      "a#b",         "it's",
					      "0644", ".5e3",   "null",      "/p a-b",  "x {y} [z]",   "Ready"};

	put(m, "%s", scalars[below(m, 24)]);
	line_end(m);
}

static void put_map(struct maker *m, unsigned col, unsigned depth);

static void put_list(struct maker *m, unsigned col, unsigned depth)
{
	for (unsigned i = 0, n = 1 + below(m, 3); i < n; i++) {
		unsigned what = below(m, depth ? 4 : 2), gap = 1 + below(m, 2);

		put(m, "%*s-%*s", i ? (int)col : 0, "", (int)gap, "");
		if (what < 2)
			put_scalar(m);
		else if (what == 2)
			put_map(m, col + 1 + gap, depth - 1);
		else
			put_list(m, col + 1 + gap, depth - 1);
	}
}

/* The first line's indentation stands there already. */
static void put_map(struct maker *m, unsigned col, unsigned depth)
{
	for (unsigned i = 0, n = 1 + below(m, 3); i < n; i++) {
		unsigned what = below(m, depth ? 6 : 3), deeper = col + 1 + below(m, 3);

		put(m, "%*sk%u:", i ? (int)col : 0, "", m->keys++);
		if (what < 2) {
			put(m, "%*s", 1 + (int)below(m, 2), "");
			put_scalar(m);
			continue;
		}
		line_end(m);
		if (what == 3)
			deeper = col; /* dashes under the key */
		if (what > 2)
			put(m, "%*s", (int)deeper, "");
		if (what == 3 || what == 4)
			put_list(m, deeper, depth - 1);
		else if (what == 5)
			put_map(m, deeper, depth - 1);
	}
}

static void make(struct maker *m)
{
	m->n = m->keys = 0;
	for (unsigned i = 0, n = 1 + below(m, 2); i < n; i++) {
		if (i || below(m, 2))
			put(m, "---\n");
		if (below(m, 4))
			put_map(m, 0, 4);
		else
			put_list(m, 0, 4);
	}
}

static void test_made(void **state)
{
	static const char wrong[] = " \n-:#'\"a{]&|,\\\t";
	struct maker m = {.state = 88172645463325252u};

	for (int round = 0; round < 3000; round++) {
		make(&m);
		if (!takes(m.text, m.n))
			fail_msg("is left to libyaml: %.*s", (int)m.n, m.text);
		assert_true(twice_same(m.text, m.n));
		for (int i = 0; i < 3; i++) {
			m.text[below(&m, (unsigned)m.n)] = wrong[below(&m, sizeof(wrong) - 1)];
			assert_true(twice_same(m.text, m.n));
		}
	}
}

static void test_pieces(void **state)
{
	struct maker m = {.state = 362436069362436069u};
	uint8_t data[40];

	for (int round = 0; round < 20000; round++) {
		unsigned n = 1 + below(&m, sizeof(data)),
			 kinds = round % 2 ? 34 : 63; /* half of them of pieces that it takes */

		for (unsigned i = 0; i < n; i++)
			data[i] = (uint8_t)below(&m, kinds);
		assert_true(twice_same(m.text, twice_expand(data, n, m.text, sizeof(m.text))));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_which),  cmocka_unit_test(test_same),   cmocka_unit_test(test_handover),
	    cmocka_unit_test(test_stop),   cmocka_unit_test(test_limits), cmocka_unit_test(test_made),
	    cmocka_unit_test(test_pieces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
