/* Fields of a manifest: what type a value must have, and how a refusal is worded. Types follow the API server's decoder: a number is no
 * string, null is absent, addresses are strict. Source: k8s.io/apimachinery pkg/util/validation for names. Test: tests/test_manifest.c. */
#include "fields.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_TEXT = 256, SHOWN = 60 };

static const struct node *present(const struct node *n)
{
	return n && n->type != NODE_NULL ? n : NULL;
}

struct field field_root(struct reader *r, const struct node *n)
{
	return (struct field){.r = r, .node = present(n)};
}

struct field field_get(const struct field *up, const char *key)
{
	const struct node *n = up->node ? node_get(up->node, key) : NULL;

	return (struct field){.r = up->r, .node = present(n), .up = up, .key = key};
}

static struct field only(struct field f, enum node_type type, const char *expected)
{
	if (f.node && f.node->type != type) {
		field_mistyped(&f, expected);
		f.node = NULL;
	}
	return f;
}

struct field field_map(const struct field *up, const char *key)
{
	return only(field_get(up, key), NODE_MAP, "a map");
}

struct field field_list(const struct field *up, const char *key)
{
	return only(field_get(up, key), NODE_LIST, "a list");
}

size_t field_count(const struct field *list)
{
	return list->node ? list->node->list.n : 0;
}

struct field field_item(const struct field *list, size_t i)
{
	return (struct field){.r = list->r, .node = present(&list->node->list.items[i]), .up = list, .index = i};
}

struct field field_item_map(const struct field *list, size_t i)
{
	return only(field_item(list, i), NODE_MAP, "a map");
}

/* --- messages --- */

char *field_quote(const char *text, char buf[FIELD_QUOTE])
{
	size_t n = strlen(text), shown = n, at = 0;

	if (n > SHOWN)
		for (shown = SHOWN; shown && ((unsigned char)text[shown] & 0xc0) == 0x80;)
			shown--;
	buf[at++] = '"';
	for (size_t i = 0; i < shown; i++)
		buf[at++] = (unsigned char)text[i] < 0x20 || text[i] == 0x7f ? '?' : text[i];
	if (shown < n) {
		memcpy(buf + at, "...", 3);
		at += 3;
	}
	buf[at++] = '"';
	buf[at] = '\0';
	return buf;
}

/* Keys that are not plain words stand in brackets: labels["app.kubernetes.io/name"]. */
static bool plain_key(const char *key)
{
	for (; *key; key++)
		if (!((*key >= 'a' && *key <= 'z') || (*key >= 'A' && *key <= 'Z') || (*key >= '0' && *key <= '9')))
			return false;
	return true;
}

static void path_format(const struct field *f, char buf[PATH_TEXT])
{
	char quoted[FIELD_QUOTE];
	size_t at;

	buf[0] = '\0';
	if (!f || !f->up)
		return;
	path_format(f->up, buf);
	at = strlen(buf);
	if (!f->key)
		snprintf(buf + at, PATH_TEXT - at, "[%zu]", f->index);
	else if (plain_key(f->key))
		snprintf(buf + at, PATH_TEXT - at, "%s%s", at ? "." : "", f->key);
	else
		snprintf(buf + at, PATH_TEXT - at, "[%s]", field_quote(f->key, quoted));
}

static struct pos place(const struct field *f)
{
	while (f && !f->node)
		f = f->up;
	return f ? f->node->pos : (struct pos){0, 0};
}

/* "Service default/web: spec.ports[0].port: " */
static void opening(const struct field *f, char *buf, size_t size)
{
	char path[PATH_TEXT];

	path_format(f, path);
	snprintf(buf, size, "%s%s%s%s", f->r->object ? f->r->object : "", f->r->object ? ": " : "", path,
		 path[0] ? ": " : "");
}

void field_error(const struct field *f, const char *fmt, ...)
{
	char open[2 * PATH_TEXT + 128], text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	opening(f, open, sizeof(open));
	f->r->failed = true;
	diag_error(f->r->diags, f->r->file, place(f), "%s%s", open, text);
}

void field_warning(const struct field *f, const char *fmt, ...)
{
	char open[2 * PATH_TEXT + 128], text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	opening(f, open, sizeof(open));
	diag_warning(f->r->diags, f->r->file, place(f), "%s%s", open, text);
}

void field_mistyped(const struct field *f, const char *expected)
{
	const struct node *n = f->node;
	char quoted[FIELD_QUOTE];

	if (n->type == NODE_LIST || n->type == NODE_MAP) {
		field_error(f, "expected %s, got %s", expected, node_type_name(n->type));
		return;
	}
	field_quote(n->text, quoted);
	if (n->type != NODE_STRING) { /* numbers and booleans are shown bare */
		quoted[strlen(quoted) - 1] = '\0';
		memmove(quoted, quoted + 1, strlen(quoted));
	}
	field_error(f, "expected %s, got %s %s", expected, node_type_name(n->type), quoted);
}

/* --- scalars --- */

const char *field_string(struct field f, const char *fallback)
{
	if (!f.node)
		return fallback;
	if (f.node->type != NODE_STRING) {
		field_mistyped(&f, "a string");
		return fallback;
	}
	return f.node->text;
}

bool field_bool(struct field f, bool fallback)
{
	f = only(f, NODE_BOOL, "true or false");
	return f.node ? f.node->boolean : fallback;
}

static bool integer(struct field *f, int64_t *out)
{
	*f = only(*f, NODE_INT, "an integer");
	if (f->node)
		*out = f->node->integer;
	return f->node;
}

uint16_t field_port(struct field f)
{
	int64_t v;

	if (!integer(&f, &v))
		return 0;
	if (v >= 1 && v <= 65535)
		return (uint16_t)v;
	field_error(&f, "%lld is not a port (1-65535)", (long long)v);
	return 0;
}

uint32_t field_uint(struct field f, uint32_t min, uint32_t max, uint32_t fallback)
{
	int64_t v;

	if (!integer(&f, &v))
		return fallback;
	if (v >= min && v <= max)
		return (uint32_t)v;
	field_error(&f, "%lld is out of range (%u-%u)", (long long)v, min, max);
	return fallback;
}

unsigned field_choice(struct field f, const char *const *words, unsigned fallback)
{
	const char *s = field_string(f, "");
	char quoted[FIELD_QUOTE], all[160] = "";
	size_t at = 0;

	if (!*s)
		return fallback;
	for (unsigned i = 0; words[i]; i++) {
		if (!strcmp(s, words[i]))
			return i;
		at += (size_t)snprintf(all + at, sizeof(all) - at, "%s%s", i ? ", " : "", words[i]);
	}
	field_error(&f, "%s is not one of %s", field_quote(s, quoted), all);
	return fallback;
}

bool field_addr(struct field f, struct addr *out)
{
	const char *s = field_string(f, ""), *why;
	char quoted[FIELD_QUOTE];
	struct addr a;

	if (!*s)
		return false;
	if (addr_parse(s, &a)) {
		field_error(&f, "%s is not an IP address", field_quote(s, quoted));
		return false;
	}
	why = addr_unusable(&a);
	if (why) {
		field_error(&f, "%s %s", s, why);
		return false;
	}
	*out = a;
	return true;
}

struct addr_list field_addrs(struct field list)
{
	size_t n = field_count(&list);
	struct addr_list out = {0};

	if (!n)
		return out;
	out.items = arena_alloc(list.r->arena, n * sizeof(*out.items));
	for (size_t i = 0; i < n; i++) {
		struct field f = field_item(&list, i);

		if (field_addr(f, &out.items[out.n]))
			out.n++;
		else if (!f.node || (f.node->type == NODE_STRING && !f.node->text_len))
			field_error(&f, "expected an IP address, got nothing");
	}
	return out;
}

static int by_key(const void *a, const void *b)
{
	const struct str_pair *x = a, *y = b;

	return strcmp(x->key, y->key);
}

struct str_pairs field_pairs(struct field map)
{
	struct str_pairs out = {0};

	if (!map.node || !map.node->map.n)
		return out;
	out.items = arena_alloc(map.r->arena, map.node->map.n * sizeof(*out.items));
	for (size_t i = 0; i < map.node->map.n; i++) {
		const struct pair *p = &map.node->map.items[i];
		struct field f = {.r = map.r, .node = present(&p->value), .up = &map, .key = p->key};

		out.items[out.n++] = (struct str_pair){p->key, field_string(f, ""), p->key_pos};
	}
	qsort(out.items, out.n, sizeof(*out.items), by_key);
	return out;
}

/* --- names --- */

static bool lower_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool alnum(char c)
{
	return lower_alnum(c) || (c >= 'A' && c <= 'Z');
}

/* One label of n bytes: [a-z0-9]([-a-z0-9]*[a-z0-9])? */
static bool label(const char *s, size_t n)
{
	if (!n || !lower_alnum(s[0]) || !lower_alnum(s[n - 1]))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!lower_alnum(s[i]) && s[i] != '-')
			return false;
	return true;
}

bool name_is_label(const char *s)
{
	return strlen(s) <= 63 && label(s, strlen(s));
}

static bool subdomain(const char *s, size_t n)
{
	if (n > 253)
		return false;
	for (size_t from = 0, i = 0; i <= n; i++)
		if (i == n || s[i] == '.') {
			if (!label(s + from, i - from))
				return false;
			from = i + 1;
		}
	return true;
}

bool name_is_subdomain(const char *s)
{
	return subdomain(s, strlen(s));
}

bool name_is_label_value(const char *s)
{
	size_t n = strlen(s);

	if (!n)
		return true;
	if (n > 63 || !alnum(s[0]) || !alnum(s[n - 1]))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!alnum(s[i]) && !strchr("-_.", s[i]))
			return false;
	return true;
}

bool name_is_qualified(const char *s)
{
	const char *slash = strchr(s, '/');

	if (slash && !subdomain(s, (size_t)(slash - s)))
		return false;
	if (slash)
		s = slash + 1;
	return *s && name_is_label_value(s);
}

bool name_is_port(const char *s)
{
	bool letter = false;

	if (strlen(s) > 15 || !label(s, strlen(s)) || strstr(s, "--"))
		return false;
	for (; *s; s++)
		letter |= *s >= 'a' && *s <= 'z';
	return letter;
}
