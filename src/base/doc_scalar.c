/* What a plain YAML scalar is: the resolver of YAML 1.1 as goyaml v2 (kubectl's reader) has it: no sexagesimal numbers, timestamps are
 * strings, "0644" is octal. Test: tests/test_doc.c. */
#include "doc_build.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { NUMBER_MAX = 64 }; /* longer ones stay strings */

static bool any_of(const char *text, const char *const *words)
{
	for (; *words; words++)
		if (!strcmp(text, *words))
			return true;
	return false;
}

static bool is_word(const char *text, size_t len, struct node *out)
{
	static const char *const nulls[] = {"", "~", "null", "Null", "NULL", NULL};
	static const char *const trues[] = {"y",    "Y",    "yes", "Yes", "YES", "true",
					    "True", "TRUE", "on",  "On",  "ON",  NULL};
	static const char *const falses[] = {"n",     "N",     "no",  "No",  "NO",  "false",
					     "False", "FALSE", "off", "Off", "OFF", NULL};

	if (len > 5 || (len && !strchr("~nNyYtToOfF", text[0])))
		return false;
	if (any_of(text, nulls)) {
		out->type = NODE_NULL;
		return true;
	}
	out->boolean = any_of(text, trues);
	if (!out->boolean && !any_of(text, falses))
		return false;
	out->type = NODE_BOOL;
	return true;
}

static bool is_int(const char *s, struct node *out)
{
	const char *digits = s + (*s == '-' || *s == '+');
	int base = 10;
	char buf[NUMBER_MAX + 2], *end;

	if (digits[0] == '0' && digits[1]) {
		static const char letters[] = "xXbBoO";
		const char *l = strchr(letters, digits[1]);

		base = !l || *l == 'o' || *l == 'O' ? 8 : *l == 'x' || *l == 'X' ? 16 : 2;
		digits += l ? 2 : 1;
	}
	if (!strchr("0123456789abcdefABCDEF", *digits) || !*digits)
		return false;
	buf[0] = *s == '-' ? '-' : '+';
	strcpy(buf + 1, digits); /* NUMBER_MAX at most, the caller saw to it */
	errno = 0;
	out->integer = strtoll(buf, &end, base);
	if (*end || errno)
		return false;
	out->type = NODE_INT;
	return true;
}

static const char *skip_digits(const char *s)
{
	while (*s >= '0' && *s <= '9')
		s++;
	return s;
}

/* [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)? */
static bool looks_float(const char *s)
{
	const char *p;

	s += *s == '-' || *s == '+';
	p = skip_digits(s);
	if (p == s && (*s != '.' || skip_digits(s + 1) == s + 1))
		return false;
	if (*p == '.')
		p = skip_digits(p + 1);
	if (*p == 'e' || *p == 'E') {
		p += 1 + (p[1] == '-' || p[1] == '+');
		s = p;
		p = skip_digits(p);
		if (p == s)
			return false;
	}
	return !*p;
}

static bool is_float(const char *s, struct node *out)
{
	static const char *const infs[] = {".inf", ".Inf", ".INF", NULL};
	static const char *const nans[] = {".nan", ".NaN", ".NAN", NULL};
	bool negative = *s == '-';

	if (any_of(s + (*s == '-' || *s == '+'), infs))
		out->number = negative ? -HUGE_VAL : HUGE_VAL;
	else if (any_of(s, nans))
		out->number = NAN;
	else if (looks_float(s))
		out->number = strtod(s, NULL);
	else
		return false;
	out->type = NODE_FLOAT;
	return true;
}

static bool is_number(const char *text, size_t len, struct node *out)
{
	char s[NUMBER_MAX + 1];
	size_t n = 0;

	if (len > NUMBER_MAX || !strchr("0123456789+-.", text[0]))
		return false;
	for (size_t i = 0; i < len; i++)
		if (text[i] != '_')
			s[n++] = text[i];
	s[n] = '\0';
	return is_int(s, out) || is_float(s, out);
}

void scalar_resolve(const char *text, size_t len, struct node *out)
{
	out->integer = 0;
	if (!is_word(text, len, out) && !is_number(text, len, out))
		out->type = NODE_STRING;
}
