/* One message for each object and reason, one line of whole characters, reported only when it begins, changes or ends. Test: tests/test_plan_conflict.c */
#include "problems.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MESSAGE_MAX = 600 }; /* an Event's note may have 1 kB */

static struct problem *problems_find(const struct problems *l, const char *reason)
{
	for (size_t i = 0; i < l->n; i++)
		if (!strcmp(l->items[i].reason, reason))
			return &l->items[i];
	return NULL;
}

/* Takes text over. */
static void problems_join(struct problems *l, const char *reason, char *text)
{
	static const char more[] = "; and more";
	struct problem *p = problems_find(l, reason);
	char *old;

	if (!p) {
		l->items = xrealloc(l->items, (l->n + 1) * sizeof *l->items);
		l->items[l->n++] = (struct problem){reason, text};
		return;
	}
	old = p->message;
	if (strlen(old) + strlen(text) < MESSAGE_MAX)
		p->message = xasprintf("%s; %s", old, text);
	else if (strlen(old) < sizeof more || strcmp(old + strlen(old) - (sizeof more - 1), more) != 0)
		p->message = xasprintf("%s%s", old, more);
	if (p->message != old)
		free(old);
	free(text);
}

void problems_add(struct problems *l, const char *reason, const char *fmt, ...)
{
	char text[MESSAGE_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	problems_join(l, reason, diag_one_line(xstrdup(text)));
}

void problems_copy(struct problems *to, const struct problems *from)
{
	for (size_t i = 0; i < from->n; i++)
		problems_join(to, from->items[i].reason, xstrdup(from->items[i].message));
}

void problems_clear(struct problems *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->items[i].message);
	free(l->items);
	*l = (struct problems){0};
}

void problems_report(struct problems *was, struct problems *now, const struct object *o, const struct plan_out *out)
{
	for (size_t i = 0; i < was->n; i++)
		if (!problems_find(now, was->items[i].reason))
			out->problem(out->arg, o, was->items[i].reason, NULL);
	for (size_t i = 0; i < now->n; i++) {
		const struct problem *old = problems_find(was, now->items[i].reason);

		if (!old || strcmp(old->message, now->items[i].message) != 0)
			out->problem(out->arg, o, now->items[i].reason, now->items[i].message);
	}
	problems_clear(was);
	*was = *now;
	*now = (struct problems){0};
}
