/* Values of vipd.yaml: each is of its kind and in its range, or a diagnostic says where it is not.
 * Test: tests/test_config.c, tests/test_config_router.c. */
#include "config_read.h"
#include "base/duration.h"
#include "suggest.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const struct node *config_want(struct reader *r, const char *key, const struct node *n, enum node_type type)
{
	if (n->type == type)
		return n;
	diag_error(r->diags, r->file, n->pos, "%s: expected %s, found %s", key, node_type_name(type),
		   node_type_name(n->type));
	return NULL;
}

const char *config_want_string(struct reader *r, const char *key, const struct node *n)
{
	if (!config_want(r, key, n, NODE_STRING))
		return NULL;
	if (n->text_len == 0) {
		diag_error(r->diags, r->file, n->pos, "%s: must not be empty", key);
		return NULL;
	}
	return arena_strdup(r->c->arena, n->text);
}

bool config_want_bool(struct reader *r, const char *key, const struct node *n, bool *out)
{
	if (!config_want(r, key, n, NODE_BOOL))
		return false;
	*out = n->boolean;
	return true;
}

bool config_want_range(struct reader *r, const char *key, const struct node *n, int64_t low, int64_t high,
		       uint32_t *out)
{
	if (!config_want(r, key, n, NODE_INT))
		return false;
	if (n->integer < low || n->integer > high) {
		diag_error(r->diags, r->file, n->pos, "%s: %s is out of range; expected %lld to %lld", key, n->text,
			   (long long)low, (long long)high);
		return false;
	}
	*out = (uint32_t)n->integer;
	return true;
}

bool config_want_duration(struct reader *r, const char *key, const struct node *n, uint32_t *ms)
{
	if ((n->type == NODE_STRING || n->type == NODE_INT) && duration_parse(n->text, ms) == 0)
		return true;
	diag_error(r->diags, r->file, n->pos, "%s: expected a time of at most a day such as 5s, 500ms or 2m, found %s",
		   key, n->type == NODE_STRING || n->type == NODE_INT ? n->text : node_type_name(n->type));
	return false;
}

void config_tell_key(struct reader *r, const char *map, const char *name)
{
	char full[KEY_TEXT];

	if (!r->each_key)
		return;
	snprintf(full, sizeof full, "%s%s%s", map, *map ? "." : "", name);
	r->each_key(r->each_arg, full);
}

static void say_unknown(struct reader *r, const char *full, const struct pair *p, const char *const *names, size_t n)
{
	const char *near = suggest_nearest(p->key, names, n);

	if (near)
		diag_error(r->diags, r->file, p->key_pos, "unknown key \"%s\"; did you mean \"%s\"?", full, near);
	else
		diag_error(r->diags, r->file, p->key_pos, "unknown key \"%s\"", full);
}

void config_read_map(struct reader *r, const char *key, const struct node *n, const struct key *keys, size_t n_keys)
{
	const char *names[KEYS_MAX];
	char full[KEY_TEXT];

	if (!config_want(r, *key ? key : "the document", n, NODE_MAP))
		return;
	for (size_t k = 0; k < n_keys; k++) {
		names[k] = keys[k].name;
		config_tell_key(r, key, names[k]);
	}
	for (size_t i = 0; i < n->map.n; i++) {
		const struct pair *p = &n->map.items[i];
		size_t k = 0;

		while (k < n_keys && strcmp(keys[k].name, p->key) != 0)
			k++;
		snprintf(full, sizeof full, "%s%s%s", key, *key ? "." : "", p->key);
		if (k < n_keys)
			keys[k].read(r, full, &p->value);
		else
			say_unknown(r, full, p, names, n_keys);
	}
}

bool config_interface_ok(const char *s)
{
	size_t n = strlen(s);

	if (n == 0 || n > 15 || strcmp(s, ".") == 0 || strcmp(s, "..") == 0)
		return false;
	for (; *s; s++)
		if (*s <= ' ' || *s == '/' || *s == ':' || *s == 0x7f)
			return false;
	return true;
}

bool config_want_host(struct reader *r, const char *key, const struct node *n, struct addr *out)
{
	const char *s = config_want_string(r, key, n), *why;
	struct addr a;

	if (!s)
		return false;
	if (addr_parse(s, &a)) {
		diag_error(r->diags, r->file, n->pos, "%s: \"%s\" is not an address", key, s);
		return false;
	}
	why = addr_is_link_local(&a) ? NULL : addr_unusable(&a);
	if (why) {
		diag_error(r->diags, r->file, n->pos, "%s: %s %s", key, s, why);
		return false;
	}
	*out = a;
	return true;
}

bool config_members(struct members *m, struct reader *r, const char *key, const struct node *n,
		    const char *const *names, size_t n_names)
{
	char full[KEY_TEXT];

	if (!config_want(r, key, n, NODE_MAP))
		return false;
	for (size_t k = 0; k < n_names; k++)
		config_tell_key(r, key, names[k]);
	for (size_t i = 0; i < n->map.n; i++) {
		const struct pair *p = &n->map.items[i];
		size_t k = 0;

		while (k < n_names && strcmp(names[k], p->key) != 0)
			k++;
		snprintf(full, sizeof full, "%s.%s", key, p->key);
		if (k == n_names)
			say_unknown(r, full, p, names, n_names);
	}
	*m = (struct members){r, key, n};
	return true;
}

const struct node *config_member(const struct members *m, const char *name, char full[KEY_TEXT])
{
	snprintf(full, KEY_TEXT, "%s.%s", m->key, name);
	return node_get(m->map, name);
}

struct pos config_member_pos(const struct members *m, const char *name)
{
	const struct node *n = node_get(m->map, name);

	return n ? n->pos : m->map->pos;
}

void config_member_error(const struct members *m, const char *name, const char *fmt, ...)
{
	char text[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	diag_error(m->r->diags, m->r->file, config_member_pos(m, name), "%s.%s: %s", m->key, name, text);
}

void config_member_bool(const struct members *m, const char *name, bool *out)
{
	char full[KEY_TEXT];
	const struct node *n = config_member(m, name, full);

	if (n)
		config_want_bool(m->r, full, n, out);
}

void config_member_u32(const struct members *m, const char *name, uint32_t low, uint32_t high, uint32_t *out)
{
	char full[KEY_TEXT];
	const struct node *n = config_member(m, name, full);

	if (n)
		config_want_range(m->r, full, n, low, high, out);
}

void config_member_u8(const struct members *m, const char *name, uint8_t low, uint8_t high, uint8_t *out)
{
	uint32_t v = *out;

	config_member_u32(m, name, low, high, &v);
	*out = (uint8_t)v;
}

void config_member_duration(const struct members *m, const char *name, uint32_t *out)
{
	char full[KEY_TEXT];
	const struct node *n = config_member(m, name, full);

	if (n)
		config_want_duration(m->r, full, n, out);
}

void config_member_word(const struct members *m, const char *name, const char *const *words, size_t n, uint8_t *out)
{
	char full[KEY_TEXT], all[128] = "";
	const struct node *v = config_member(m, name, full);
	const char *s = v ? config_want_string(m->r, full, v) : NULL;

	if (!s)
		return;
	for (size_t i = 0; i < n; i++) {
		size_t at = strlen(all);

		if (strcmp(words[i], s) == 0) {
			*out = (uint8_t)i;
			return;
		}
		snprintf(all + at, sizeof all - at, "%s%s", i == 0 ? "" : i == n - 1 ? " or " : ", ", words[i]);
	}
	config_member_error(m, name, "expected %s, found \"%s\"", all, s);
}

/* Zero behind the end, over a default too. */
static void put(char *out, size_t size, const char *s)
{
	memset(out, 0, size);
	memcpy(out, s, strlen(s));
}

/* NULL after a diagnostic. */
static const char *member_word(const struct members *m, const char *name, size_t size)
{
	char full[KEY_TEXT];
	const struct node *n = config_member(m, name, full);
	const char *s = n ? config_want_string(m->r, full, n) : NULL;

	if (!s)
		return NULL;
	if (strlen(s) >= size) {
		config_member_error(m, name, "\"%s\" is longer than %zu characters", s, size - 1);
		return NULL;
	}
	for (const char *p = s; *p; p++)
		if ((unsigned char)*p <= ' ' || *p == 0x7f) {
			config_member_error(m, name, "\"%s\" has a blank or a control character", s);
			return NULL;
		}
	return s;
}

void config_member_name(const struct members *m, const char *name, char *out, size_t size)
{
	const char *s = member_word(m, name, size);

	if (s)
		put(out, size, s);
}

void config_member_file(const struct members *m, const char *name, char *out, size_t size)
{
	const char *s = member_word(m, name, size);

	if (s && (strchr(s, '/') || *s == '.'))
		config_member_error(
		    m, name, "\"%s\" is not the name of a file in /etc/vipd/scripts: no slash, no dot in front", s);
	else if (s)
		put(out, size, s);
}

void config_member_interface(const struct members *m, const char *name, char out[16])
{
	char full[KEY_TEXT];
	const struct node *n = config_member(m, name, full);
	const char *s = n ? config_want_string(m->r, full, n) : NULL;

	if (s && !config_interface_ok(s))
		config_member_error(m, name, "\"%s\" is not the name of an interface", s);
	else if (s)
		put(out, 16, s);
}
