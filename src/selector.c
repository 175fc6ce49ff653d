/* Label selectors. Source: k8s.io/apimachinery pkg/labels/selector.go (syntax, and what != and notin mean for a missing label).
 * Test: tests/test_selector.c */
#include "selector.h"

#include "base/arena.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct term {
	char *key;
	char **values; /* NULL-terminated; NULL: the label alone counts */
	bool not ;
};

struct selector {
	struct term terms[SELECTOR_TERMS];
	size_t n;
};

/* ---- words ---- */

struct reader {
	const char *at;
	char *why;
};

static void skip_blanks(struct reader *r)
{
	r->at += strspn(r->at, " \t");
}

static bool take(struct reader *r, const char *sign)
{
	size_t n = strlen(sign);

	skip_blanks(r);
	if (strncmp(r->at, sign, n) != 0)
		return false;
	r->at += n;
	return true;
}

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
	       c == '.' || c == '/';
}

/* A key or a value, which may be empty; malloc'd. */
static char *word(struct reader *r)
{
	const char *from;

	skip_blanks(r);
	from = r->at;
	while (is_word(*r->at))
		r->at++;
	return xasprintf("%.*s", (int)(r->at - from), from);
}

/* "in", "notin" as a word of its own. */
static bool take_word(struct reader *r, const char *name)
{
	size_t n = strlen(name);

	skip_blanks(r);
	if (strncmp(r->at, name, n) != 0 || is_word(r->at[n]))
		return false;
	r->at += n;
	return true;
}

static int expected(const struct reader *r, const char *what)
{
	snprintf(r->why, SELECTOR_WHY, "expected %s, found %s%.20s%s", what, *r->at ? "\"" : "the end", r->at,
		 *r->at ? "\"" : "");
	return -EINVAL;
}

/* ---- terms ---- */

static void add_value(struct term *t, char *value)
{
	size_t n = 0;

	while (t->values && t->values[n])
		n++;
	t->values = xrealloc(t->values, (n + 2) * sizeof *t->values);
	t->values[n] = value;
	t->values[n + 1] = NULL;
}

static int read_set(struct reader *r, struct term *t)
{
	if (!take(r, "("))
		return expected(r, "(");
	do
		add_value(t, word(r));
	while (take(r, ","));
	return take(r, ")") ? 0 : expected(r, ", or )");
}

static int read_term(struct reader *r, struct term *t)
{
	bool absent = take(r, "!");

	t->not = absent;
	t->key = word(r);
	if (!*t->key)
		return expected(r, "a label");
	if (absent)
		return 0;
	if (take_word(r, "in"))
		return read_set(r, t);
	if (take_word(r, "notin")) {
		t->not = true;
		return read_set(r, t);
	}
	t->not = take(r, "!=");
	if (t->not || take(r, "==") || take(r, "="))
		add_value(t, word(r));
	return 0;
}

int selector_parse(const char *text, struct selector **out, char why[SELECTOR_WHY])
{
	struct selector *s = xcalloc(1, sizeof *s);
	struct reader r = {.at = text, .why = why};
	int err = 0;

	skip_blanks(&r);
	while (!err && *r.at && s->n < SELECTOR_TERMS) {
		err = read_term(&r, &s->terms[s->n++]);
		if (!err && !take(&r, ","))
			break;
		skip_blanks(&r);
		if (!err && !*r.at)
			err = expected(&r, "a label");
	}
	skip_blanks(&r);
	if (!err && *r.at)
		err = s->n == SELECTOR_TERMS ? expected(&r, "at most 64 terms")
					     : expected(&r, "one of = == != in notin, or a comma");
	if (err) {
		selector_free(s);
		return err;
	}
	*out = s;
	return 0;
}

void selector_free(struct selector *s)
{
	for (size_t i = 0; s && i < s->n; i++) {
		for (char **v = s->terms[i].values; v && *v; v++)
			free(*v);
		free(s->terms[i].values);
		free(s->terms[i].key);
	}
	free(s);
}

static bool holds(const struct term *t, const char *value)
{
	char *const *v = t->values;

	if (!value)
		return t->not ;
	if (!v)
		return !t->not ;
	while (*v && strcmp(*v, value) != 0)
		v++;
	return (*v != NULL) != t->not ;
}

bool selector_matches(const struct selector *s, const char *(*get)(const void *arg, const char *key), const void *arg)
{
	for (size_t i = 0; i < s->n; i++)
		if (!holds(&s->terms[i], get(arg, s->terms[i].key)))
			return false;
	return true;
}
