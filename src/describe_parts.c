/* The lines and tables that descriptions are made of. Source: k8s.io/kubectl/pkg/describe. Test: tests/test_describe.c. */
#include "describe_int.h"

#include "base/arena.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* kubectl's first column is as wide as its longest name and two blanks. */
enum { NAME_COLUMN = 26 };

const char *describe_text(json_t *j, const char *key)
{
	const char *s = json_string_value(json_object_get(j, key));

	return s ? s : "";
}

long long describe_number(json_t *j, const char *key)
{
	return (long long)json_integer_value(json_object_get(j, key));
}

json_t *describe_at(json_t *j, const char *a, const char *b)
{
	return json_object_get(json_object_get(j, a), b);
}

/* Control characters of a manifest must not reach a terminal. */
void describe_put(FILE *to, const char *s)
{
	char *copy = columns_plain(xstrdup(s));

	fputs(copy, to);
	free(copy);
}

void describe_name(FILE *to, const char *name)
{
	fprintf(to, "%-*s%s", NAME_COLUMN, name, strlen(name) < NAME_COLUMN ? "" : " ");
}

__attribute__((format(printf, 3, 4))) void describe_line(FILE *to, const char *name, const char *fmt, ...)
{
	char buf[2048];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(buf, sizeof buf, fmt, ap);
	va_end(ap);
	describe_name(to, name);
	describe_put(to, *buf ? buf : "<none>");
	fputc('\n', to);
}

/* "Labels:                   a=b" and further ones below. */
void describe_pairs(FILE *to, const char *name, json_t *object, const char *between)
{
	const char *key;
	json_t *v;
	size_t n = 0;

	if (json_object_size(object) == 0) {
		describe_line(to, name, "<none>");
		return;
	}
	json_object_foreach(object, key, v)
	{
		describe_name(to, n++ ? "" : name);
		describe_put(to, key);
		fputs(between, to);
		describe_put(to, json_string_value(v) ? json_string_value(v) : "");
		fputc('\n', to);
	}
}

void describe_list(FILE *to, const char *name, json_t *items, const char *member)
{
	size_t i, n = 0;
	json_t *one;

	describe_name(to, name);
	json_array_foreach(items, i, one)
	{
		const char *s = json_string_value(member ? json_object_get(one, member) : one);

		if (s && n++)
			fputc(',', to);
		if (s)
			describe_put(to, s);
	}
	fputs(n ? "\n" : "<none>\n", to);
}

void describe_columns(FILE *to, struct columns *c)
{
	char *table = columns_styled(c, NULL, DESCRIBE_INDENT);

	fputs(table, to);
	free(table);
	columns_free(c);
}

__attribute__((format(printf, 2, 3))) void describe_cell(struct columns *c, const char *fmt, ...)
{
	char buf[1200];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(buf, sizeof buf, fmt, ap);
	va_end(ap);
	columns_add(c, buf);
}

char *describe_socket(const char *address, long long port)
{
	bool v6 = strchr(address, ':') != NULL;

	return xasprintf("%s%s%s:%lld", v6 ? "[" : "", address, v6 ? "]" : "", port);
}

/* ---- Events and problems ---- */

static long long seconds_of(json_t *item, const char *key)
{
	struct tm tm = {0};

	return strptime(describe_text(item, key), "%Y-%m-%dT%H:%M:%SZ", &tm) ? (long long)timegm(&tm) : 0;
}

static void event_age(struct columns *c, json_t *e, long long now)
{
	long long count = describe_number(e, "count"), first = seconds_of(e, "firstTimestamp"),
		  last = seconds_of(e, "lastTimestamp");
	char a[24], b[24];

	if (!last)
		columns_add(c, "<unknown>");
	else if (count > 1)
		describe_cell(c, "%s (x%lld over %s)", columns_age(now - last, a), count, columns_age(now - first, b));
	else
		columns_add(c, columns_age(now - last, a));
}

/* Whether an event is of this object; namespace "" where it has none. */
static bool concerns(json_t *e, const char *kind, const char *ns, const char *name)
{
	json_t *of = json_object_get(e, "involvedObject");

	return strcmp(describe_text(of, "kind"), kind) == 0 && strcmp(describe_text(of, "name"), name) == 0 &&
	       (!*ns || strcmp(describe_text(of, "namespace"), ns) == 0);
}

void describe_events(FILE *to, const struct describe_world *w, const char *kind, const char *ns, const char *name)
{
	static const char *const heads[] = {"Type", "Reason", "Age", "From", "Message"};
	static const char *const rule[] = {"----", "------", "----", "----", "-------"};
	struct columns *c = columns_new(heads, 5);
	size_t i, n = 0;
	json_t *e;

	for (i = 0; i < 5; i++)
		columns_add(c, rule[i]);
	json_array_foreach(w->events, i, e)
	{
		if (!concerns(e, kind, ns, name))
			continue;
		columns_add(c, describe_text(e, "type"));
		columns_add(c, describe_text(e, "reason"));
		event_age(c, e, w->now);
		columns_add(c, describe_text(json_object_get(e, "source"), "component"));
		columns_add(c, describe_text(e, "message"));
		n++;
	}
	if (n) {
		fputs("Events:\n", to);
		describe_columns(to, c);
	} else {
		describe_line(to, "Events:", "<none>");
		columns_free(c);
	}
}

void describe_problems(FILE *to, const struct describe_world *w, const char *object)
{
	json_t *p;
	size_t i, n = 0;

	json_array_foreach(w->problems, i, p)
	{
		if (strcmp(describe_text(p, "object"), object) == 0)
			describe_line(to, n++ ? "" : "Problems:", "%s: %s", describe_text(p, "reason"),
				      describe_text(p, "message"));
	}
	if (!n)
		describe_line(to, "Problems:", "<none>");
}

void describe_reals(FILE *to, json_t *status)
{
	static const char *const heads[] = {"Real Server", "Forward",     "Weight",   "Active",
					    "Inactive",    "Connections", "In Bytes", "Out Bytes"};
	struct columns *c = columns_new(heads, 8);
	json_t *r;
	size_t i;

	if (json_array_size(json_object_get(status, "reals")) == 0) {
		columns_free(c);
		fprintf(to, "%*s<no real servers>\n", DESCRIBE_INDENT, "");
		return;
	}
	json_array_foreach(json_object_get(status, "reals"), i, r)
	{
		static const char *const numbers[] = {"weight",      "active",  "inactive",
						      "connections", "inBytes", "outBytes"};
		char *name = describe_socket(describe_text(r, "address"), describe_number(r, "port"));

		columns_add(c, name);
		columns_add(c, describe_text(r, "forward"));
		for (size_t k = 0; k < sizeof numbers / sizeof numbers[0]; k++)
			describe_cell(c, "%lld", describe_number(r, numbers[k]));
		free(name);
	}
	describe_columns(to, c);
}
