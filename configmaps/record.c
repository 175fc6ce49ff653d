/* What vipd must remember across restarts: which address or node port was given to which Service, and how often an object without uid was made
 * again. Values; its text is record_text.c's and record_read.c's. Test: tests/test_record.c */
#include "record.h"

#include "../src/base/arena.h"
#include "../src/base/map.h"

#include <stddef.h>
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
	struct map *hand;        /* key of data -> its value */
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
	r->hand = map_new();
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
	map_free(r->hand, free);
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

void record_touch(struct record *r)
{
	r->changed = true;
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

const char *record_in_the_way(const struct record *r, const struct grant *g)
{
	struct entry *e = entry_new(g);
	const struct entry *old = in_the_way(r, &e->g);

	free(e);
	return old ? old->g.owner : NULL;
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

	r->changed = true;
	if (!n) {
		if (g)
			generation_free(map_dels(r->generations, key));
		free(key);
		return;
	}
	if (!g) {
		g = xcalloc(1, sizeof *g);
		g->kind = xstrdup(kind);
		g->owner = xstrdup(owner);
		map_puts(r->generations, key, g);
	}
	g->n = n;
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

void record_uid_set(struct record *r, const char *kind, const char *owner, unsigned generation)
{
	if (record_uid_generation(r, kind, owner) != generation)
		generation_set(r, kind, owner, generation);
}

static int generation_cmp(const void *a, const void *b)
{
	const struct generation *x = *(struct generation *const *)a, *y = *(struct generation *const *)b;
	int c = strcmp(x->kind, y->kind);

	return c ? c : strcmp(x->owner, y->owner);
}

void record_uid_each(const struct record *r,
		     void (*each)(void *arg, const char *kind, const char *owner, unsigned generation), void *arg)
{
	size_t n = 0;
	void **list = xmalloc((map_count(r->generations) + 1) * sizeof *list);

	for (size_t at = 0; map_next(r->generations, &at, NULL, NULL, &list[n]);)
		n++;
	qsort(list, n, sizeof *list, generation_cmp);
	for (size_t i = 0; i < n; i++) {
		const struct generation *g = list[i];

		each(arg, g->kind, g->owner, g->n);
	}
	free(list);
}

/* ---- what a person wrote ---- */

void record_hand_put(struct record *r, const char *key, const char *value)
{
	const char *was = map_gets(r->hand, key);

	if (was && !strcmp(was, value))
		return;
	free(map_puts(r->hand, key, xstrdup(value)));
	r->changed = true;
}

const char *record_hand_get(const struct record *r, const char *key)
{
	return map_gets(r->hand, key);
}

static int key_cmp(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void record_hand_each(const struct record *r, void (*each)(void *arg, const char *key, const char *value), void *arg)
{
	char **keys = xmalloc((map_count(r->hand) + 1) * sizeof(*keys));
	const void *key;
	size_t n = 0, len;

	for (size_t at = 0; map_next(r->hand, &at, &key, &len, NULL);)
		keys[n++] = xasprintf("%.*s", (int)len, (const char *)key);
	qsort(keys, n, sizeof(*keys), key_cmp);
	for (size_t i = 0; i < n; i++) {
		each(arg, keys[i], map_gets(r->hand, keys[i]));
		free(keys[i]);
	}
	free(keys);
}

static void hand_copy(void *arg, const char *key, const char *value)
{
	record_hand_put(arg, key, value);
}

static bool hand_equal(const struct record *a, const struct record *b)
{
	const void *key;
	void *value;
	size_t len;

	if (map_count(a->hand) != map_count(b->hand))
		return false;
	for (size_t at = 0; map_next(a->hand, &at, &key, &len, &value);) {
		const char *other = map_get(b->hand, key, len);

		if (!other || strcmp(other, value) != 0)
			return false;
	}
	return true;
}

bool record_hand_take(struct record *to, const struct record *from)
{
	if (hand_equal(to, from))
		return false;
	map_free(to->hand, free);
	to->hand = map_new();
	to->changed = true;
	record_hand_each(from, hand_copy, to);
	return true;
}

/* ---- another's record ---- */

static bool record_has(const struct record *r, const struct grant *g)
{
	const struct entry *e;

	if (g->kind == GRANT_NODE_PORT) {
		e = port_entry(r, g->port, g->proto);
		return e && grant_equal(&e->g, g);
	}
	for (e = addr_first(r, &g->addr); e && !grant_equal(&e->g, g); e = e->same)
		;
	return e != NULL;
}

static void uid_copy(void *arg, const char *kind, const char *owner, unsigned generation)
{
	record_uid_set(arg, kind, owner, generation);
}

struct both {
	struct record *to;
	const struct record *from;
};

static void uid_replace(void *arg, const char *kind, const char *owner, unsigned generation)
{
	const struct both *b = arg;

	(void)generation;
	record_uid_set(b->to, kind, owner, record_uid_generation(b->from, kind, owner));
}

void record_take(struct record *to, const struct record *from)
{
	struct both both = {to, from};
	size_t n;
	struct entry **list = entries_sorted(to, NULL, &n);

	for (size_t i = 0; i < n; i++)
		if (!record_has(from, &list[i]->g))
			entry_remove(to, list[i]);
	free(list);
	list = entries_sorted(from, NULL, &n);
	for (size_t i = 0; i < n; i++)
		record_put(to, &list[i]->g);
	free(list);
	record_uid_each(to, uid_replace, &both);
	record_uid_each(from, uid_copy, to);
}
