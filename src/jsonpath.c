/* A template is interpreted as it is read: pieces of text and of actions; an action's path narrows a list of values step by step. A range runs what is
 * between it and its end once for each value. Source: k8s.io/client-go/util/jsonpath. Test: tests/test_jsonpath.c; fuzzer:
 * tests/fuzz/fuzz_jsonpath.c */
#include "jsonpath.h"

#include "base/arena.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NESTED_MAX = 32, RESULTS_MAX = 1 << 20, WORK_MAX = 8 << 20, NAME_MAX_LEN = 512, OUTPUT_MAX = 256 << 20 };

struct values {
	json_t **items; /* borrowed */
	size_t n, cap;
};

struct run {
	json_t *root;
	char *out;
	size_t len, cap;
	size_t work; /* steps, so that no template runs for ever */
	char *why;
	size_t size;
	bool failed;
};

__attribute__((format(printf, 2, 3))) static int refuse(struct run *r, const char *fmt, ...)
{
	va_list ap;

	if (r->failed)
		return -EINVAL;
	r->failed = true;
	va_start(ap, fmt);
	vsnprintf(r->why, r->size, fmt, ap);
	va_end(ap);
	return -EINVAL;
}

/* ---- output ---- */

static void put(struct run *r, const char *s, size_t n)
{
	if (n > OUTPUT_MAX - r->len) {
		refuse(r, "more than %d MiB of output", OUTPUT_MAX >> 20);
		return;
	}
	if (r->len + n + 1 > r->cap) {
		r->cap = 2 * (r->len + n + 1);
		r->out = xrealloc(r->out, r->cap);
	}
	memcpy(r->out + r->len, s, n);
	r->len += n;
	r->out[r->len] = '\0';
}

static void put_value(struct run *r, json_t *v)
{
	char *s;

	if (json_is_string(v)) {
		put(r, json_string_value(v), json_string_length(v));
		return;
	}
	if (json_is_null(v))
		return;
	s = json_dumps(v, JSON_COMPACT | JSON_ENCODE_ANY);
	if (s)
		put(r, s, strlen(s));
	free(s);
}

/* ---- steps ---- */

static void add(struct run *r, struct values *l, json_t *v)
{
	if (!v)
		return;
	if (l->n >= RESULTS_MAX || ++r->work > WORK_MAX) {
		refuse(r, "more than %d results", RESULTS_MAX);
		return;
	}
	if (l->n == l->cap) {
		l->cap = l->cap ? 2 * l->cap : 8;
		l->items = xrealloc(l->items, l->cap * sizeof(*l->items));
	}
	l->items[l->n++] = v;
}

static void add_all(struct run *r, struct values *l, json_t *v)
{
	const char *key;
	json_t *one;
	size_t i;

	json_array_foreach(v, i, one)
	{
		add(r, l, one);
	}
	json_object_foreach(v, key, one)
	{
		add(r, l, one);
	}
}

static void add_deep(struct run *r, struct values *l, json_t *v, const char *name)
{
	const char *key;
	json_t *one;
	size_t i;

	add(r, l, *name == '*' && !name[1] ? v : json_object_get(v, name));
	json_array_foreach(v, i, one)
	{
		add_deep(r, l, one, name);
	}
	json_object_foreach(v, key, one)
	{
		add_deep(r, l, one, name);
	}
}

/* Replaces l by what a step makes of each. */
static void step(struct run *r, struct values *l, const char *name, bool deep)
{
	struct values next = {0};

	for (size_t i = 0; i < l->n && !r->failed; i++) {
		if (deep)
			add_deep(r, &next, l->items[i], name);
		else if (name[0] == '*' && !name[1])
			add_all(r, &next, l->items[i]);
		else
			add(r, &next, json_object_get(l->items[i], name));
	}
	free(l->items);
	*l = next;
}

struct slice {
	bool single, has_last;
	long first, last, stride;
};

static long at_of(long i, size_t n)
{
	return i < 0 ? i + (long)n : i;
}

static void step_slice(struct run *r, struct values *l, const struct slice *s)
{
	struct values next = {0};

	for (size_t i = 0; i < l->n && !r->failed; i++) {
		size_t n = json_array_size(l->items[i]);
		long first = at_of(s->first, n), last = s->has_last ? at_of(s->last, n) : (long)n;

		if (s->single)
			last = first + 1;
		if (s->single && first < 0)
			continue;
		for (long k = first < 0 ? 0 : first; k < last && k < (long)n; k += s->stride)
			add(r, &next, json_array_get(l->items[i], (size_t)k));
	}
	free(l->items);
	*l = next;
}

/* ---- reading ---- */

static const char *blanks(const char *p)
{
	while (*p == ' ' || *p == '\t' || *p == '\n')
		p++;
	return p;
}

/* A quoted text; returns what is behind it, NULL after refusing. */
static const char *read_quoted(struct run *r, const char *p, char buf[NAME_MAX_LEN])
{
	char quote = *p++;
	size_t n = 0;

	for (; *p && *p != quote; p++) {
		char c = *p;

		if (c == '\\' && p[1]) {
			c = *++p;
			c = c == 'n' ? '\n' : c == 't' ? '\t' : c == 'r' ? '\r' : c;
		}
		if (n + 1 < NAME_MAX_LEN)
			buf[n++] = c;
		else
			refuse(r, "a quoted text is longer than %d bytes", NAME_MAX_LEN - 1);
	}
	buf[n] = '\0';
	if (!*p)
		refuse(r, "a quote %c has no end", quote);
	return r->failed ? NULL : p + 1;
}

/* A name behind a point: a backslash takes the next character as it is. */
static const char *read_name(struct run *r, const char *p, char buf[NAME_MAX_LEN])
{
	size_t n = 0;

	for (; *p && !strchr(".[]{}()=!<> \t\n,|", *p); p++) {
		if (*p == '\\' && p[1])
			p++;
		if (n + 1 < NAME_MAX_LEN)
			buf[n++] = *p;
		else
			refuse(r, "a name is longer than %d bytes", NAME_MAX_LEN - 1);
	}
	buf[n] = '\0';
	return r->failed ? NULL : p;
}

static const char *read_path(struct run *r, const char *p, json_t *current, struct values *out, unsigned nested);

/* What a filter compares with: a literal, or a path. *made: to be released. */
static const char *read_operand(struct run *r, const char *p, json_t *current, json_t **out, json_t **made,
				unsigned nested)
{
	char buf[NAME_MAX_LEN], *end;
	struct values l = {0};
	double number;

	p = blanks(p);
	*out = *made = NULL;
	if (*p == '\'' || *p == '"') {
		p = read_quoted(r, p, buf);
		*out = *made = p ? json_string(buf) : NULL;
		return p;
	}
	if (*p == '@' || *p == '$' || *p == '.') {
		p = read_path(r, p, current, &l, nested + 1);
		*out = p && l.n ? l.items[0] : NULL;
		free(l.items);
		return p;
	}
	number = strtod(p, &end);
	if (end != p && isfinite(number)) {
		*out = *made = json_real(number);
		return end;
	}
	for (int truth = 0; truth < 2; truth++) {
		const char *word = truth ? "true" : "false";

		if (strncmp(p, word, strlen(word)) == 0) {
			*out = json_boolean(truth);
			return p + strlen(word);
		}
	}
	refuse(r, "expected a value or a path at \"%.20s\"", p);
	return NULL;
}

enum compare { EXISTS, EQ, NE, LE, GE, LT, GT };

static const char *read_operator(const char *p, enum compare *out)
{
	static const char *const words[] = {[EQ] = "==", [NE] = "!=", [LE] = "<=", [GE] = ">=", [LT] = "<", [GT] = ">"};

	p = blanks(p);
	*out = EXISTS;
	for (int i = EQ; i <= GT; i++)
		if (strncmp(p, words[i], strlen(words[i])) == 0) {
			*out = (enum compare)i;
			return p + strlen(words[i]);
		}
	return p;
}

/* -1, 0, 1; 2: they cannot be compared. */
static int order(json_t *a, json_t *b)
{
	if (json_is_number(a) && json_is_number(b)) {
		double x = json_number_value(a), y = json_number_value(b);

		return x < y ? -1 : x > y;
	}
	if (json_is_string(a) && json_is_string(b)) {
		int d = strcmp(json_string_value(a), json_string_value(b));

		return d < 0 ? -1 : d > 0;
	}
	return json_is_boolean(a) && json_is_boolean(b) && json_is_true(a) == json_is_true(b) ? 0 : 2;
}

static bool holds(enum compare how, json_t *a, json_t *b)
{
	int d = a && b ? order(a, b) : 2;

	switch (how) {
	case EXISTS:
		return a != NULL;
	case EQ:
		return d == 0;
	case NE:
		return a && d != 0;
	case LE:
		return d == 0 || d == -1;
	case GE:
		return d == 0 || d == 1;
	case LT:
		return d == -1;
	case GT:
		return d == 1;
	}
	return false;
}

/* One value against what is between "?(" and ")"; returns what is behind the parenthesis. */
static const char *filter_one(struct run *r, const char *p, json_t *v, bool *keep, unsigned nested)
{
	json_t *a, *b = NULL, *made_a, *made_b = NULL;
	enum compare how = EXISTS;

	p = read_operand(r, p, v, &a, &made_a, nested);
	if (p)
		p = read_operator(p, &how);
	if (p && how != EXISTS)
		p = read_operand(r, p, v, &b, &made_b, nested);
	if (p)
		p = blanks(p);
	if (p && *p != ')') {
		refuse(r, "expected ) at \"%.20s\"", p);
		p = NULL;
	}
	*keep = p && holds(how, a, b);
	json_decref(made_a);
	json_decref(made_b);
	return p ? p + 1 : NULL;
}

static const char *read_filter(struct run *r, const char *p, struct values *l, unsigned nested)
{
	struct values all = {0}, kept = {0};
	const char *end = NULL;
	bool keep;

	if (nested > NESTED_MAX) {
		refuse(r, "filters are nested too deep");
		return NULL;
	}
	for (size_t i = 0; i < l->n; i++)
		add_all(r, &all, l->items[i]);
	if (!all.n) /* it is read all the same */
		end = filter_one(r, p, NULL, &keep, nested);
	for (size_t i = 0; i < all.n && !r->failed; i++) {
		end = filter_one(r, p, all.items[i], &keep, nested);
		if (keep)
			add(r, &kept, all.items[i]);
	}
	free(all.items);
	free(l->items);
	*l = kept;
	return r->failed ? NULL : end;
}

/* "1", "-1", "1:3", ":2", "::2" */
static const char *read_slice(struct run *r, const char *p, struct slice *s)
{
	long *parts[] = {&s->first, &s->last, &s->stride};
	int part = 0;
	char *end;

	*s = (struct slice){.stride = 1, .single = true};
	for (;; p++) {
		long n = strtol(p, &end, 10);

		if (end != p && (n > 1 << 30 || n < -(1 << 30)))
			refuse(r, "an index is out of range at \"%.20s\"", p);
		if (end != p)
			*parts[part] = n;
		else if (part == 0 && *p != ':')
			refuse(r, "expected an index, *, a quoted name or ?(...) at \"%.20s\"", p);
		s->has_last = s->has_last || (part == 1 && end != p);
		p = end;
		if (*p != ':' || part == 2)
			break;
		s->single = false;
		part++;
	}
	if (s->stride < 1)
		refuse(r, "a step below 1");
	return r->failed ? NULL : p;
}

static const char *read_bracket(struct run *r, const char *p, struct values *l, unsigned nested)
{
	char name[NAME_MAX_LEN];
	struct slice s;

	p = blanks(p);
	if (*p == '?' && p[1] == '(') {
		p = read_filter(r, p + 2, l, nested);
	} else if (*p == '*') {
		step(r, l, "*", false);
		p++;
	} else if (*p == '\'' || *p == '"') {
		p = read_quoted(r, p, name);
		if (p)
			step(r, l, name, false);
	} else {
		p = read_slice(r, p, &s);
		if (p)
			step_slice(r, l, &s);
	}
	if (!p)
		return NULL;
	p = blanks(p);
	if (*p != ']') {
		refuse(r, "expected ] at \"%.20s\"", p);
		return NULL;
	}
	return p + 1;
}

static const char *read_path(struct run *r, const char *p, json_t *current, struct values *out, unsigned nested)
{
	char name[NAME_MAX_LEN];
	bool deep;

	*out = (struct values){0};
	add(r, out, *p == '$' ? r->root : current);
	if (*p == '$' || *p == '@')
		p++;
	while (p && !r->failed) {
		if (*p == '[') {
			p = read_bracket(r, p + 1, out, nested);
		} else if (*p == '.') {
			deep = p[1] == '.';
			p += deep ? 2 : 1;
			if (*p == '[' && !deep)
				continue;
			p = read_name(r, p, name);
			if (p && *name)
				step(r, out, name, deep);
		} else {
			break;
		}
	}
	if (r->failed) {
		free(out->items);
		*out = (struct values){0};
		return NULL;
	}
	return p;
}

/* ---- templates ---- */

/* The brace that ends an action, quotes and what a backslash takes as it is passed over; NULL: there is none. */
static const char *action_end(const char *p)
{
	char quote = 0;

	for (; *p; p++) {
		if (*p == '\\' && p[1])
			p++;
		else if (quote)
			quote = *p == quote ? 0 : quote;
		else if (*p == '"' || *p == '\'')
			quote = *p;
		else if (*p == '}')
			return p;
	}
	return NULL;
}

static bool is_word(const char *p, const char *word)
{
	size_t n = strlen(word);

	p = blanks(p);
	return strncmp(p, word, n) == 0 && strchr(" \t\n}.[@$", p[n]);
}

/* The "{end}" that belongs to the range whose body starts at p. */
static const char *range_end(const char *p)
{
	unsigned depth = 1;

	while ((p = strchr(p, '{'))) {
		const char *end = action_end(p + 1);

		if (!end)
			return NULL;
		if (is_word(p + 1, "range"))
			depth++;
		else if (is_word(p + 1, "end") && --depth == 0)
			return p;
		p = end + 1;
	}
	return NULL;
}

/* What is in braces, but no range: quoted texts and paths. */
static void run_action(struct run *r, const char *p, const char *end, json_t *current)
{
	char text[NAME_MAX_LEN];
	struct values l;

	for (p = blanks(p); p && p < end && !r->failed; p = p ? blanks(p) : NULL) {
		if (*p == '"' || *p == '\'') {
			p = read_quoted(r, p, text);
			if (p)
				put(r, text, strlen(text));
			continue;
		}
		if (!strchr(".[@$", *p)) {
			refuse(r, "expected a path or a quoted text at \"%.20s\"", p);
			return;
		}
		p = read_path(r, p, current, &l, 0);
		for (size_t i = 0; p && i < l.n; i++) {
			if (i)
				put(r, " ", 1);
			put_value(r, l.items[i]);
		}
		free(l.items);
	}
}

static void run_part(struct run *r, const char *p, const char *end, json_t *current, unsigned nested);

/* Returns what is behind the range's end. */
static const char *run_range(struct run *r, const char *p, const char *brace, json_t *current, unsigned nested)
{
	const char *body = brace + 1, *last = range_end(body), *after;
	struct values l = {0};

	if (!last || nested > NESTED_MAX) {
		refuse(r, last ? "ranges are nested too deep" : "a range has no {end}");
		return NULL;
	}
	after = read_path(r, blanks(blanks(p) + strlen("range")), current, &l, 0);
	if (after && blanks(after) != brace)
		refuse(r, "expected } at \"%.20s\"", after);
	for (size_t i = 0; i < l.n && !r->failed; i++)
		run_part(r, body, last, l.items[i], nested + 1);
	free(l.items);
	return r->failed ? NULL : action_end(last + 1) + 1;
}

static void run_part(struct run *r, const char *p, const char *end, json_t *current, unsigned nested)
{
	while (p && p < end && !r->failed) {
		const char *open = memchr(p, '{', (size_t)(end - p)), *brace;

		if (++r->work > WORK_MAX) {
			refuse(r, "the template does too much");
			return;
		}
		put(r, p, (size_t)((open ? open : end) - p));
		if (!open)
			return;
		brace = action_end(open + 1);
		if (!brace || brace >= end) {
			refuse(r, "a { has no }");
		} else if (is_word(open + 1, "range")) {
			p = run_range(r, open + 1, brace, current, nested);
		} else if (is_word(open + 1, "end")) {
			refuse(r, "an {end} without a range");
		} else {
			run_action(r, open + 1, brace, current);
			p = brace + 1;
		}
	}
}

char *jsonpath_text(const char *template, json_t *value, char *why, size_t size)
{
	struct run r = {.root = value, .why = why, .size = size};

	put(&r, "", 0);
	run_part(&r, template, template + strlen(template), value, 0);
	if (!r.failed)
		return r.out;
	free(r.out);
	return NULL;
}
