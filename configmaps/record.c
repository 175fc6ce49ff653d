/* What vipd must remember across restarts: which address or node port was given to which Service, and how often an object without uid was made
 * again. Kept as YAML that a person can read; read back with places, refused whole if anything in it is wrong. Test: tests/test_record.c */
#include "record.h"

#include "../ipvs/table.h"
#include "../src/base/arena.h"
#include "../src/base/doc.h"
#include "../src/base/map.h"

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A grant and its strings in one block; one in the list of its owner and in one index. */
struct entry {
	struct grant g;
	struct entry *next;  /* of the same owner */
	struct entry *same;  /* of the same address */
	struct entry *share; /* of the same share key */
	char strings[];
};

struct owner {
	struct entry *first;
};

struct generation {
	char *kind, *owner;
	unsigned n;
};

struct record {
	struct map *owners;      /* "namespace/name" -> struct owner */
	struct map *addrs;       /* struct addr -> struct entry, the first of its chain */
	struct map *shares;      /* share key -> struct entry, the first of its chain */
	struct map *ports;       /* {proto, port} -> struct entry */
	struct map *generations; /* "kind namespace/name" -> struct generation */
	bool changed;
};

struct port_key {
	uint8_t bytes[3];
};

static struct port_key port_key(uint16_t port, uint8_t proto)
{
	return (struct port_key){{proto, (uint8_t)(port >> 8), (uint8_t)port}};
}

/* ---- making and freeing ---- */

struct record *record_new(void)
{
	struct record *r = xcalloc(1, sizeof *r);

	r->owners = map_new();
	r->addrs = map_new();
	r->shares = map_new();
	r->ports = map_new();
	r->generations = map_new();
	return r;
}

static void owner_free(void *owner)
{
	struct owner *o = owner;

	for (struct entry *e = o->first, *next; e; e = next) {
		next = e->next;
		free(e);
	}
	free(o);
}

static void generation_free(void *generation)
{
	struct generation *g = generation;

	free(g->kind);
	free(g->owner);
	free(g);
}

void record_free(struct record *r)
{
	if (!r)
		return;
	map_free(r->owners, owner_free);
	map_free(r->addrs, NULL);
	map_free(r->shares, NULL);
	map_free(r->ports, NULL);
	map_free(r->generations, generation_free);
	free(r);
}

bool record_changed(const struct record *r)
{
	return r->changed;
}

void record_saved(struct record *r)
{
	r->changed = false;
}

/* ---- grants ---- */

static struct entry *addr_first(const struct record *r, const struct addr *a)
{
	return map_get(r->addrs, a, sizeof *a);
}

static struct entry *port_entry(const struct record *r, uint16_t port, uint8_t proto)
{
	struct port_key k = port_key(port, proto);

	return map_get(r->ports, &k, sizeof k);
}

static bool grant_equal(const struct grant *a, const struct grant *b)
{
	return a->kind == b->kind && !strcmp(a->owner, b->owner) && !strcmp(a->uid, b->uid) &&
	       addr_equal(&a->addr, &b->addr) && a->port == b->port && a->proto == b->proto &&
	       !strcmp(a->port_name, b->port_name) && a->service_port == b->service_port &&
	       !strcmp(a->share, b->share) && a->method == b->method;
}

static const char *string_put(char **at, const char *s)
{
	size_t n = strlen(s) + 1;
	const char *copy = memcpy(*at, s, n);

	*at += n;
	return copy;
}

/* A copy with only what the kind has. */
static struct entry *entry_new(const struct grant *g)
{
	bool port = g->kind == GRANT_NODE_PORT;
	const char *name = port && g->port_name ? g->port_name : "";
	const char *share = g->kind == GRANT_VIP && g->share ? g->share : "";
	size_t strings = strlen(g->owner) + strlen(g->uid) + strlen(name) + strlen(share) + 4;
	struct entry *e = xcalloc(1, sizeof *e + strings);
	char *at = e->strings;

	e->g.kind = g->kind;
	e->g.owner = string_put(&at, g->owner);
	e->g.uid = string_put(&at, g->uid);
	e->g.port_name = string_put(&at, name);
	e->g.share = string_put(&at, share);
	e->g.method = g->kind == GRANT_VIP ? g->method : 0;
	if (port) {
		e->g.port = g->port;
		e->g.proto = g->proto;
		e->g.service_port = g->service_port;
	} else {
		e->g.addr = g->addr;
	}
	return e;
}

/* Takes the entry out of the chain that begins at *first and is linked by the pointer at that offset. */
static void chain_remove(struct entry **first, struct entry *e, size_t link)
{
	while (*first != e)
		first = (struct entry **)(void *)((char *)*first + link);
	*first = *(struct entry **)(void *)((char *)e + link);
}

/* The same for a chain whose first entry is a map's value. */
static void chain_unmap(struct map *m, const void *key, size_t len, struct entry *e, size_t link)
{
	struct entry *first = map_get(m, key, len), *was = first;

	chain_remove(&first, e, link);
	if (!first)
		map_del(m, key, len);
	else if (first != was)
		map_put(m, key, len, first);
}

static void entry_remove(struct record *r, struct entry *e)
{
	struct port_key k = port_key(e->g.port, e->g.proto);
	struct owner *o = map_gets(r->owners, e->g.owner);

	chain_remove(&o->first, e, offsetof(struct entry, next));
	if (!o->first)
		free(map_dels(r->owners, e->g.owner));
	if (e->g.kind == GRANT_NODE_PORT)
		map_del(r->ports, &k, sizeof k);
	else
		chain_unmap(r->addrs, &e->g.addr, sizeof e->g.addr, e, offsetof(struct entry, same));
	if (*e->g.share)
		chain_unmap(r->shares, e->g.share, strlen(e->g.share), e, offsetof(struct entry, share));
	free(e);
	r->changed = true;
}

static void entry_add(struct record *r, struct entry *e)
{
	struct port_key k = port_key(e->g.port, e->g.proto);
	struct owner *o = map_gets(r->owners, e->g.owner);

	if (!o) {
		o = xcalloc(1, sizeof *o);
		map_puts(r->owners, e->g.owner, o);
	}
	e->next = o->first;
	o->first = e;
	if (e->g.kind == GRANT_NODE_PORT)
		map_put(r->ports, &k, sizeof k, e);
	else
		e->same = map_put(r->addrs, &e->g.addr, sizeof e->g.addr, e);
	if (*e->g.share)
		e->share = map_puts(r->shares, e->g.share, e);
	r->changed = true;
}

/* Whether both may have the address. */
static bool beside(const struct grant *a, const struct grant *b)
{
	return *a->share && !strcmp(a->share, b->share) && strcmp(a->owner, b->owner) != 0;
}

/* What cannot stand beside the new grant; NULL: nothing. */
static struct entry *in_the_way(const struct record *r, const struct grant *g)
{
	struct entry *e;

	if (g->kind == GRANT_NODE_PORT)
		return port_entry(r, g->port, g->proto);
	for (e = addr_first(r, &g->addr); e && beside(&e->g, g); e = e->same)
		;
	return e;
}

void record_put(struct record *r, const struct grant *g)
{
	struct entry *e = entry_new(g), *old;

	while ((old = in_the_way(r, &e->g))) {
		if (grant_equal(&old->g, &e->g)) {
			free(e);
			return;
		}
		entry_remove(r, old);
	}
	entry_add(r, e);
}

void record_drop(struct record *r, const struct grant *g)
{
	struct entry *e;

	if (g->kind == GRANT_NODE_PORT)
		e = port_entry(r, g->port, g->proto);
	else
		for (e = addr_first(r, &g->addr); e && strcmp(e->g.owner, g->owner) != 0; e = e->same)
			;
	if (e && e->g.kind == g->kind && !strcmp(e->g.owner, g->owner))
		entry_remove(r, e);
}

static int entry_cmp(const void *a, const void *b)
{
	const struct grant *x = &(*(struct entry *const *)a)->g, *y = &(*(struct entry *const *)b)->g;
	int c = (int)x->kind - (int)y->kind;

	if (!c)
		c = strcmp(x->owner, y->owner);
	if (!c)
		c = addr_cmp(&x->addr, &y->addr);
	if (!c)
		c = (int)x->proto - (int)y->proto;
	return c ? c : (int)x->port - (int)y->port;
}

/* Grants sorted by kind, owner and value; the caller frees. owner NULL: all. */
static void entries_of(const struct owner *o, struct entry ***list, size_t *n, size_t *cap)
{
	for (struct entry *e = o->first; e; e = e->next) {
		if (*n == *cap) {
			*cap = 2 * *cap + 8;
			*list = xrealloc(*list, *cap * sizeof **list);
		}
		(*list)[(*n)++] = e;
	}
}

static struct entry **entries_sorted(const struct record *r, const char *owner, size_t *n)
{
	struct entry **list = NULL;
	size_t cap = 0;
	void *value = owner ? map_gets(r->owners, owner) : NULL;

	*n = 0;
	if (value)
		entries_of(value, &list, n, &cap);
	for (size_t at = 0; !owner && map_next(r->owners, &at, NULL, NULL, &value);)
		entries_of(value, &list, n, &cap);
	if (*n)
		qsort(list, *n, sizeof *list, entry_cmp);
	return list;
}

void record_each(const struct record *r, const char *owner, void (*each)(void *arg, const struct grant *g), void *arg)
{
	size_t n;
	struct entry **list = entries_sorted(r, owner, &n);

	for (size_t i = 0; i < n; i++)
		each(arg, &list[i]->g);
	free(list);
}

const struct grant *record_addr_get(const struct record *r, const struct addr *a, size_t i)
{
	const struct entry *e = addr_first(r, a);

	for (; e && i; i--)
		e = e->same;
	return e ? &e->g : NULL;
}

bool record_addr_taken(const struct record *r, const struct addr *a)
{
	return addr_first(r, a) != NULL;
}

bool record_addr_of(const struct record *r, const struct addr *a, const char *owner)
{
	for (const struct entry *e = addr_first(r, a); e; e = e->same)
		if (!strcmp(e->g.owner, owner))
			return true;
	return false;
}

const struct grant *record_share_get(const struct record *r, const char *share, size_t i)
{
	const struct entry *e = map_gets(r->shares, share);

	for (; e && i; i--)
		e = e->share;
	return e ? &e->g : NULL;
}

bool record_port_taken(const struct record *r, uint16_t port, uint8_t proto, const char **owner)
{
	const struct entry *e = port_entry(r, port, proto);

	if (e && owner)
		*owner = e->g.owner;
	return e != NULL;
}

/* ---- generations ---- */

static struct generation *generation_of(const struct record *r, const char *kind, const char *owner)
{
	char *key = xasprintf("%s %s", kind, owner);
	struct generation *g = map_gets(r->generations, key);

	free(key);
	return g;
}

static void generation_set(struct record *r, const char *kind, const char *owner, unsigned n)
{
	char *key = xasprintf("%s %s", kind, owner);
	struct generation *g = map_gets(r->generations, key);

	if (!g) {
		g = xcalloc(1, sizeof *g);
		g->kind = xstrdup(kind);
		g->owner = xstrdup(owner);
		map_puts(r->generations, key, g);
	}
	g->n = n;
	r->changed = true;
	free(key);
}

unsigned record_uid_generation(const struct record *r, const char *kind, const char *owner)
{
	const struct generation *g = generation_of(r, kind, owner);

	return g ? g->n : 0;
}

void record_uid_raise(struct record *r, const char *kind, const char *owner)
{
	generation_set(r, kind, owner, record_uid_generation(r, kind, owner) + 1);
}

/* ---- text ---- */

struct text {
	char *bytes;
	size_t n, cap;
};

static void text_add(struct text *t, const char *s, size_t n)
{
	if (t->n + n + 1 > t->cap) {
		t->cap = 2 * (t->n + n + 1);
		t->bytes = xrealloc(t->bytes, t->cap);
	}
	memcpy(t->bytes + t->n, s, n);
	t->n += n;
	t->bytes[t->n] = '\0';
}

__attribute__((format(printf, 2, 3))) static void text_format(struct text *t, const char *fmt, ...)
{
	char buf[256]; /* only short pieces come through here */
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(buf, sizeof buf, fmt, ap);
	va_end(ap);
	text_add(t, buf, strlen(buf));
}

/* A double-quoted scalar, the same in YAML and JSON. */
static void text_quoted(struct text *t, const char *key, const char *s)
{
	text_format(t, "%s: \"", key);
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			text_format(t, "\\%c", *s);
		else if ((unsigned char)*s < 0x20 || *s == 0x7f)
			text_format(t, "\\u%04x", (unsigned char)*s);
		else
			text_add(t, s, 1);
	}
	text_format(t, "\"");
}

static const char *const sections[] = {
    [GRANT_CLUSTER_IP] = "clusterIPs", [GRANT_NODE_PORT] = "nodePorts", [GRANT_VIP] = "vips"};
enum { N_SECTIONS = sizeof sections / sizeof *sections };

static void grant_text(struct text *t, const struct grant *g)
{
	char addr[ADDR_TEXT];

	text_quoted(t, "- {service", g->owner);
	text_quoted(t, ", uid", g->uid);
	if (g->kind != GRANT_NODE_PORT) {
		text_format(t, ", address: \"%s\"", addr_format(&g->addr, addr));
		if (*g->share)
			text_quoted(t, ", share", g->share);
		text_format(t, "}\n");
		return;
	}
	text_format(t, ", nodePort: %u, protocol: %s, port: %u", g->port, proto_name(g->proto), g->service_port);
	text_quoted(t, ", portName", g->port_name);
	text_format(t, "}\n");
}

static int generation_cmp(const void *a, const void *b)
{
	const struct generation *x = *(struct generation *const *)a, *y = *(struct generation *const *)b;
	int c = strcmp(x->kind, y->kind);

	return c ? c : strcmp(x->owner, y->owner);
}

static void generations_text(const struct record *r, struct text *t)
{
	size_t n = 0;
	void **list = xmalloc((map_count(r->generations) + 1) * sizeof *list);

	for (size_t at = 0; map_next(r->generations, &at, NULL, NULL, &list[n]);)
		n++;
	qsort(list, n, sizeof *list, generation_cmp);
	if (n)
		text_format(t, "generations:\n");
	for (size_t i = 0; i < n; i++) {
		const struct generation *g = list[i];

		text_quoted(t, "- {kind", g->kind);
		text_quoted(t, ", object", g->owner);
		text_format(t, ", generation: %u}\n", g->n);
	}
	free(list);
}

char *record_text(const struct record *r, size_t *len)
{
	struct text t = {0};
	size_t n;
	struct entry **list = entries_sorted(r, NULL, &n);

	text_format(&t, "# What vipd remembers: addresses and node ports that it gave. Written by vipd.\nversion: 1\n");
	for (size_t i = 0; i < n; i++) {
		if (!i || list[i]->g.kind != list[i - 1]->g.kind)
			text_format(&t, "%s:\n", sections[list[i]->g.kind]);
		grant_text(&t, &list[i]->g);
	}
	free(list);
	generations_text(r, &t);
	*len = t.n;
	return t.bytes;
}

/* ---- reading ---- */

struct reader {
	const char *file;
	struct diag_list *diags;
	struct record *record;
};

static int refuse(const struct reader *r, struct pos at, const char *what, const char *expected)
{
	diag_error(r->diags, r->file, at, "%s: expected %s", what, expected);
	return -EINVAL;
}

static int read_string(const struct reader *r, const struct node *map, const char *key, const char **out)
{
	const struct node *n = node_get(map, key);

	if (!n || n->type != NODE_STRING || strlen(n->text) != n->text_len)
		return refuse(r, n ? n->pos : map->pos, key, "a string");
	*out = n->text;
	return 0;
}

static int read_number(const struct reader *r, const struct node *map, const char *key, int64_t max, int64_t *out)
{
	const struct node *n = node_get(map, key);

	if (!n || n->type != NODE_INT || n->integer < 1 || n->integer > max)
		return refuse(r, n ? n->pos : map->pos, key, "a number that is not 0 and not too large");
	*out = n->integer;
	return 0;
}

static int read_addr(const struct reader *r, const struct node *map, struct addr *out)
{
	const char *text;

	if (read_string(r, map, "address", &text))
		return -EINVAL;
	if (addr_parse(text, out) || addr_unusable(out))
		return refuse(r, node_get(map, "address")->pos, "address", "an IPv4 or IPv6 address that can be used");
	return 0;
}

static int read_port(const struct reader *r, const struct node *map, struct grant *g)
{
	int64_t node_port, port;
	const char *proto;

	if (read_number(r, map, "nodePort", 65535, &node_port) || read_number(r, map, "port", 65535, &port) ||
	    read_string(r, map, "protocol", &proto) || read_string(r, map, "portName", &g->port_name))
		return -EINVAL;
	if (proto_parse(proto, &g->proto))
		return refuse(r, node_get(map, "protocol")->pos, "protocol", "TCP, UDP or SCTP");
	g->port = (uint16_t)node_port;
	g->service_port = (uint16_t)port;
	return 0;
}

static int read_grant(const struct reader *r, enum grant_kind kind, const struct node *item)
{
	struct grant g = {.kind = kind, .port_name = ""};
	const struct entry *old;

	if (item->type != NODE_MAP)
		return refuse(r, item->pos, sections[kind], "a list of maps");
	if (read_string(r, item, "service", &g.owner) || read_string(r, item, "uid", &g.uid))
		return -EINVAL;
	if (kind == GRANT_NODE_PORT ? read_port(r, item, &g) : read_addr(r, item, &g.addr))
		return -EINVAL;
	if (kind == GRANT_VIP && node_get(item, "share") && read_string(r, item, "share", &g.share))
		return -EINVAL;
	g.share = g.share ? g.share : "";
	old = in_the_way(r->record, &g);
	if (old) {
		diag_error(r->diags, r->file, item->pos, "given twice: to Service %.100s already", old->g.owner);
		return -EINVAL;
	}
	record_put(r->record, &g);
	return 0;
}

static int read_generation(const struct reader *r, const struct node *item)
{
	const char *kind, *object;
	int64_t n;

	if (item->type != NODE_MAP)
		return refuse(r, item->pos, "generations", "a list of maps");
	if (read_string(r, item, "kind", &kind) || read_string(r, item, "object", &object) ||
	    read_number(r, item, "generation", 4000000000, &n))
		return -EINVAL;
	generation_set(r->record, kind, object, (unsigned)n);
	return 0;
}

/* One section: index N_SECTIONS is that of the generations. */
static void read_section(const struct reader *r, size_t index, const struct pair *pair)
{
	const struct node *list = &pair->value;

	if (list->type != NODE_LIST) {
		refuse(r, list->pos, pair->key, "a list");
		return;
	}
	for (size_t i = 0; i < list->list.n; i++) {
		if (index < N_SECTIONS)
			read_grant(r, (enum grant_kind)index, &list->list.items[i]);
		else
			read_generation(r, &list->list.items[i]);
	}
}

static void read_pair(const struct reader *r, const struct pair *pair)
{
	size_t i = 0;

	if (!strcmp(pair->key, "version")) {
		if (pair->value.type != NODE_INT || pair->value.integer != 1)
			refuse(r, pair->value.pos, "version", "1");
		return;
	}
	while (i < N_SECTIONS && strcmp(pair->key, sections[i]) != 0)
		i++;
	if (i < N_SECTIONS || !strcmp(pair->key, "generations"))
		read_section(r, i, pair);
	else
		refuse(r, pair->key_pos, "unknown key", "version, clusterIPs, nodePorts, vips or generations");
}

static int read_record(void *arg, const struct node *root, size_t index)
{
	const struct reader *r = arg;

	if (index || root->type != NODE_MAP) {
		refuse(r, root->pos, "the record", "one map");
		return 1;
	}
	if (!node_get(root, "version"))
		refuse(r, root->pos, "version", "1");
	for (size_t i = 0; i < root->map.n; i++)
		read_pair(r, &root->map.items[i]);
	return 0;
}

int record_parse(const char *file, const char *text, size_t len, struct record **out, struct diag_list *diags)
{
	size_t before = diags->errors;
	struct reader r = {file, diags, record_new()};

	doc_parse(file, text, len, NULL, diags, read_record, &r);
	if (diags->errors != before) {
		record_free(r.record);
		return -EINVAL;
	}
	r.record->changed = false;
	*out = r.record;
	return 0;
}
