/* Events in two orders: all by when they were last seen, and those of one object by the same. What is seen goes to both ends; what is over the bound
 * leaves at both starts. Source: core/v1 Event, client-go's event correlator (same object, reason, message and type count up).
 * Test: tests/test_events.c. */
#include "events.h"

#include "../src/base/arena.h"
#include "../src/base/map.h"

#include <stdlib.h>
#include <string.h>

struct link {
	struct item *prev, *next;
};

struct chain {
	struct item *first, *last;
	size_t n;
};

struct object_chain {
	struct chain chain;
	char key[];
};

struct item {
	struct event e;
	struct link all, own; /* places in both chains */
	struct object_chain *object;
	char *key;
	char text[]; /* what e points to */
};

struct events {
	struct map *items;   /* whole identity -> struct item */
	struct map *objects; /* "kind/namespace/name" -> struct object_chain */
	struct chain all;
	uint64_t last_id;
	bool changed;
};

struct events *events_new(void)
{
	struct events *l = xcalloc(1, sizeof *l);

	l->items = map_new();
	l->objects = map_new();
	return l;
}

static void item_free(void *v)
{
	struct item *i = v;

	free(i->key);
	free(i);
}

void events_free(struct events *l)
{
	if (!l)
		return;
	map_free(l->items, item_free);
	map_free(l->objects, free);
	free(l);
}

/* ---- chains; `own` says which of the two links ---- */

static struct link *link_of(struct item *i, bool own)
{
	return own ? &i->own : &i->all;
}

static void chain_take(struct chain *c, struct item *i, bool own)
{
	struct link *at = link_of(i, own);

	if (at->prev)
		link_of(at->prev, own)->next = at->next;
	else
		c->first = at->next;
	if (at->next)
		link_of(at->next, own)->prev = at->prev;
	else
		c->last = at->prev;
	*at = (struct link){0};
	c->n--;
}

static void chain_add(struct chain *c, struct item *i, bool own)
{
	struct link *at = link_of(i, own);

	*at = (struct link){.prev = c->last};
	if (c->last)
		link_of(c->last, own)->next = i;
	else
		c->first = i;
	c->last = i;
	c->n++;
}

/* ---- items ---- */

static char *object_key(const char *kind, const char *namespace, const char *name)
{
	return xasprintf("%s/%s/%s", kind, namespace, name);
}

/* A message of at most EVENT_MESSAGE_MAX bytes: how many of these. */
static size_t message_len(const char *s)
{
	size_t n = strlen(s);

	if (n <= EVENT_MESSAGE_MAX)
		return n;
	for (n = EVENT_MESSAGE_MAX; n > 0 && ((unsigned char)s[n] & 0xc0) == 0x80;)
		n--;
	return n;
}

static char *item_key(const struct event *e)
{
	return xasprintf("%s\n%s\n%s\n%s\n%s\n%d\n%.*s", e->kind, e->namespace, e->name, e->uid, e->reason, e->warning,
			 (int)message_len(e->message), e->message);
}

static const char *copy(char **to, const char *s, size_t n)
{
	char *at = *to;

	memcpy(at, s, n);
	at[n] = '\0';
	*to += n + 1;
	return at;
}

/* Takes key. */
static struct item *item_new(const struct event *e, char *key)
{
	size_t message = message_len(e->message);
	struct item *i = xcalloc(1, sizeof *i + strlen(e->kind) + strlen(e->namespace) + strlen(e->name) +
					strlen(e->uid) + strlen(e->reason) + message + 6);
	char *to = i->text;

	i->key = key;
	i->e = *e;
	i->e.kind = copy(&to, e->kind, strlen(e->kind));
	i->e.namespace = copy(&to, e->namespace, strlen(e->namespace));
	i->e.name = copy(&to, e->name, strlen(e->name));
	i->e.uid = copy(&to, e->uid, strlen(e->uid));
	i->e.reason = copy(&to, e->reason, strlen(e->reason));
	i->e.message = copy(&to, e->message, message);
	return i;
}

static void item_drop(struct events *l, struct item *i)
{
	struct object_chain *o = i->object;

	chain_take(&l->all, i, false);
	chain_take(&o->chain, i, true);
	map_dels(l->items, i->key);
	item_free(i);
	if (o->chain.n)
		return;
	map_dels(l->objects, o->key);
	free(o);
}

static struct object_chain *object_of(struct events *l, const struct event *e)
{
	char *key = object_key(e->kind, e->namespace, e->name);
	struct object_chain *o = map_gets(l->objects, key);

	if (!o) {
		o = xcalloc(1, sizeof *o + strlen(key) + 1);
		memcpy(o->key, key, strlen(key) + 1);
		map_puts(l->objects, key, o);
	}
	free(key);
	return o;
}

/* Takes key. The newcomer is in before room is made, so that its object's chain stays. */
static void item_insert(struct events *l, const struct event *e, char *key)
{
	struct item *i = item_new(e, key);

	i->object = object_of(l, e);
	map_puts(l->items, key, i);
	chain_add(&l->all, i, false);
	chain_add(&i->object->chain, i, true);
	if (i->object->chain.n > EVENTS_PER_OBJECT)
		item_drop(l, i->object->chain.first);
	if (l->all.n > EVENTS_MAX)
		item_drop(l, l->all.first);
}

void events_add(struct events *l, const struct event *e)
{
	char *key = item_key(e);
	struct item *i = map_gets(l->items, key);
	struct event now = *e;

	l->changed = true;
	if (!i) {
		now.id = ++l->last_id;
		now.count = 1;
		now.first = e->last;
		item_insert(l, &now, key);
		return;
	}
	free(key);
	i->e.last = e->last;
	if (i->e.count < UINT32_MAX)
		i->e.count++;
	chain_take(&l->all, i, false);
	chain_add(&l->all, i, false);
	chain_take(&i->object->chain, i, true);
	chain_add(&i->object->chain, i, true);
}

void events_restore(struct events *l, const struct event *e)
{
	char *key = item_key(e);

	if (!*e->name || !*e->kind || !*e->reason || !e->count || e->last < e->first || map_gets(l->items, key)) {
		free(key);
		return;
	}
	if (e->id > l->last_id)
		l->last_id = e->id;
	item_insert(l, e, key);
}

/* ---- looking ---- */

static const struct object_chain *object_find(const struct events *l, const char *kind, const char *namespace,
					      const char *name)
{
	char *key = object_key(kind, namespace, name);
	const struct object_chain *o = map_gets(l->objects, key);

	free(key);
	return o;
}

bool events_told(const struct events *l, const char *kind, const char *namespace, const char *name, const char *reason,
		 const char *message)
{
	const struct object_chain *o = object_find(l, kind, namespace, name);

	for (const struct item *i = o ? o->chain.first : NULL; i; i = i->own.next)
		if (strcmp(i->e.reason, reason) == 0 &&
		    (!message || (strlen(i->e.message) == message_len(message) &&
				  strncmp(i->e.message, message, strlen(i->e.message)) == 0)))
			return true;
	return false;
}

void events_each(const struct events *l, void (*each)(void *arg, const struct event *e), void *arg)
{
	for (const struct item *i = l->all.first; i; i = i->all.next)
		each(arg, &i->e);
}

void events_each_of(const struct events *l, const char *kind, const char *namespace, const char *name,
		    void (*each)(void *arg, const struct event *e), void *arg)
{
	const struct object_chain *o = object_find(l, kind, namespace, name);

	for (const struct item *i = o ? o->chain.first : NULL; i; i = i->own.next)
		each(arg, &i->e);
}

size_t events_count(const struct events *l)
{
	return l->all.n;
}

bool events_changed(const struct events *l)
{
	return l->changed;
}

void events_saved(struct events *l)
{
	l->changed = false;
}
