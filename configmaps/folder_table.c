/* Files, the objects in them, and which file's object counts where several have the same: the first by name. Changes are gathered, and one
 * commit tells their sum, so that an object that moved from one file to another was never gone. Test: tests/test_folder.c. */
#include "folder_table.h"

#include "../src/base/map.h"
#include "object_pack.h"

#include <stdlib.h>
#include <string.h>

/* An identity whose winner may have changed, with the winner that was last told. */
struct touch {
	const struct object *old;
	char key[];
};

struct folder_table {
	char *path;
	struct source_file **files; /* sorted by name */
	size_t n_files, cap_files;
	size_t n_claims;
	size_t counts[KIND_COUNT]; /* winners */
	struct map *winners;       /* identity -> first claim */
	struct map *touched;       /* identity -> struct touch */
	struct touch **touches;    /* the same, in order */
	size_t n_touches, cap_touches;
	struct source_file **removed; /* until the commit */
	size_t n_removed;
	struct source_file **checks; /* whose problems are to be looked at again, each once */
	size_t n_checks, cap_checks;
	struct object_list grave;
};

struct folder_table *folder_table_new(const char *path)
{
	struct folder_table *t = xcalloc(1, sizeof(*t));

	t->path = xstrdup(path);
	t->winners = map_new();
	t->touched = map_new();
	return t;
}

static void list_free(struct diag_list *l)
{
	if (l)
		diag_clear(l);
	free(l);
}

static void file_free(struct source_file *f)
{
	list_free(f->found);
	list_free(f->reported);
	free(f->claims);
	free(f);
}

static void forget_touches(struct folder_table *t)
{
	map_free(t->touched, free);
	free(t->touches);
	t->touched = map_new();
	t->touches = NULL;
	t->n_touches = t->cap_touches = 0;
}

void folder_table_free(struct folder_table *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->n_files; i++) {
		for (size_t j = 0; j < t->files[i]->n; j++)
			object_free(t->files[i]->claims[j].object);
		file_free(t->files[i]);
	}
	for (size_t i = 0; i < t->n_removed; i++)
		file_free(t->removed[i]);
	free(t->files);
	free(t->removed);
	free(t->checks);
	object_list_clear(&t->grave);
	map_free(t->winners, NULL);
	map_free(t->touched, free);
	free(t->touches);
	free(t->path);
	free(t);
}

/* Malloc'd; each object passes here several times, so that printf would be felt. */
static char *join(const char *a, const char *between, const char *b)
{
	size_t na = strlen(a), n = strlen(between), nb = strlen(b);
	char *all = xmalloc(na + n + nb + 1);

	memcpy(all, a, na);
	memcpy(all + na, between, n);
	memcpy(all + na + n, b, nb + 1);
	return all;
}

/* --- files --- */

struct source_file *const *folder_table_files(const struct folder_table *t, size_t *n)
{
	*n = t->n_files;
	return t->files;
}

/* The first file whose name is not less; new files mostly come at the end. */
static size_t file_index(const struct folder_table *t, const char *name)
{
	size_t low = 0, high = t->n_files;

	if (high && strcmp(t->files[high - 1]->name, name) < 0)
		return high;
	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (strcmp(t->files[mid]->name, name) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

struct source_file *folder_table_find(const struct folder_table *t, const char *name)
{
	size_t i = file_index(t, name);

	return i < t->n_files && !strcmp(t->files[i]->name, name) ? t->files[i] : NULL;
}

struct source_file *folder_table_add(struct folder_table *t, const char *name)
{
	size_t i = file_index(t, name);
	struct source_file *f;

	if (i < t->n_files && !strcmp(t->files[i]->name, name))
		return t->files[i];
	f = xcalloc(1, sizeof(*f) + strlen(name) + 1);
	strcpy(f->name, name);
	if (t->n_files == t->cap_files) {
		t->cap_files = t->cap_files ? 2 * t->cap_files : 16;
		t->files = xrealloc(t->files, t->cap_files * sizeof(f));
	}
	memmove(t->files + i + 1, t->files + i, (t->n_files - i) * sizeof(f));
	t->files[i] = f;
	t->n_files++;
	return f;
}

char *folder_table_path(const struct folder_table *t, const char *name)
{
	return join(t->path, "/", name);
}

void folder_table_remove(struct folder_table *t, struct source_file *f)
{
	struct object_list none = {0};
	size_t i = file_index(t, f->name);

	folder_table_set(t, f, &none);
	memmove(t->files + i, t->files + i + 1, (t->n_files - i - 1) * sizeof(f));
	t->n_files--;
	t->removed = xrealloc(t->removed, (t->n_removed + 1) * sizeof(f));
	t->removed[t->n_removed++] = f;
}

/* --- claims --- */

static char *identity(const struct object *o)
{
	const char slash[] = {(char)('0' + o->kind), '/', '\0'}; /* neither is in a name */

	return join(o->meta.namespace, slash, o->meta.name);
}

static void touch(struct folder_table *t, const char *key)
{
	const struct claim *winner = map_gets(t->winners, key);
	struct touch *n;

	if (map_gets(t->touched, key))
		return;
	n = xmalloc(sizeof(*n) + strlen(key) + 1);
	n->old = winner ? winner->object : NULL;
	strcpy(n->key, key);
	map_puts(t->touched, key, n);
	if (t->n_touches == t->cap_touches) {
		t->cap_touches = t->cap_touches ? 2 * t->cap_touches : 16;
		t->touches = xrealloc(t->touches, t->cap_touches * sizeof(n));
	}
	t->touches[t->n_touches++] = n;
}

static void claim_link(struct folder_table *t, struct claim *c, const char *key)
{
	struct claim *head = map_gets(t->winners, key), **at = &head;

	while (*at && strcmp((*at)->file->name, c->file->name) < 0)
		at = &(*at)->next;
	c->next = *at;
	*at = c;
	map_puts(t->winners, key, head);
	t->n_claims++;
}

static void claim_unlink(struct folder_table *t, struct claim *c, const char *key)
{
	struct claim *head = map_gets(t->winners, key), **at = &head;

	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	if (head)
		map_puts(t->winners, key, head);
	else
		map_dels(t->winners, key);
	t->n_claims--;
}

/* The object to have from now on: the one that the file has already if it is the same, else the new one. */
static struct object *settle_object(struct folder_table *t, const struct source_file *f, struct object *o,
				    const char *key)
{
	struct claim *head = map_gets(t->winners, key), *c = head;

	while (c && c->file != f)
		c = c->next;
	if (!c || c->object->hash != o->hash) {
		touch(t, key);
		return o;
	}
	if (head->next) /* what the others' problems say of this one's place is old */
		touch(t, key);
	object_move(c->object, o);
	object_free(o);
	c->kept = true;
	return c->object;
}

static void drop_claims(struct folder_table *t, struct claim *claims, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char *key = identity(claims[i].object);

		if (!claims[i].kept)
			touch(t, key);
		claim_unlink(t, &claims[i], key);
		if (!claims[i].kept)
			object_list_add(&t->grave, claims[i].object);
		free(key);
	}
	free(claims);
}

void folder_table_set(struct folder_table *t, struct source_file *f, struct object_list *objects)
{
	struct claim *claims = objects->n ? xcalloc(objects->n, sizeof(*claims)) : NULL;

	for (size_t i = 0; i < objects->n; i++) {
		char *key = identity(objects->items[i]);

		claims[i].file = f;
		claims[i].object = settle_object(t, f, objects->items[i], key);
		free(key);
	}
	drop_claims(t, f->claims, f->n);
	f->claims = claims;
	f->n = objects->n;
	for (size_t i = 0; i < f->n; i++) {
		char *key = identity(claims[i].object);

		claim_link(t, &claims[i], key);
		free(key);
	}
	objects->n = 0;
	object_list_clear(objects);
}

static void mark(struct folder_table *t, struct source_file *f)
{
	if (f->check)
		return;
	f->check = true;
	if (t->n_checks == t->cap_checks) {
		t->cap_checks = t->cap_checks ? 2 * t->cap_checks : 16;
		t->checks = xrealloc(t->checks, t->cap_checks * sizeof(f));
	}
	t->checks[t->n_checks++] = f;
}

void folder_table_found(struct folder_table *t, struct source_file *f, struct diag_list *diags)
{
	list_free(f->found);
	f->found = diags->n ? xmemdup(diags, sizeof(*diags)) : NULL;
	mark(t, f);
	*diags = (struct diag_list){0};
}

const struct claim *folder_table_claims(const struct folder_table *t, enum kind kind, const char *namespace,
					const char *name)
{
	const struct object o = {.kind = kind, .meta = {.namespace = namespace, .name = name}};
	char *key = identity(&o);
	const struct claim *c = map_gets(t->winners, key);

	free(key);
	return c;
}

bool folder_table_wins(const struct folder_table *t, const struct claim *c)
{
	char *key;
	bool wins;

	if (t->n_claims == map_count(t->winners))
		return true; /* nothing is claimed twice */
	key = identity(c->object);
	wins = map_gets(t->winners, key) == c;
	free(key);
	return wins;
}

/* --- commit --- */

static void tell_object(struct folder_table *t, const struct touch *n, const struct folder_ops *ops)
{
	struct claim *winner = map_gets(t->winners, n->key);
	const struct object *now = winner ? winner->object : NULL;

	for (struct claim *c = winner; c; c = c->next)
		mark(t, c->file);
	if (now == n->old)
		return;
	if (n->old)
		t->counts[n->old->kind]--;
	if (now)
		t->counts[now->kind]++;
	if (ops)
		ops->object(ops->arg, now, n->old);
}

static void add_repeats(const struct folder_table *t, const struct source_file *f, const char *path,
			struct diag_list *out)
{
	for (size_t i = 0; i < f->n; i++) {
		const struct object *o = f->claims[i].object, *first;
		char *key;

		if (folder_table_wins(t, &f->claims[i]))
			continue;
		key = identity(o);
		first = ((const struct claim *)map_gets(t->winners, key))->object;
		diag_error(out, path, o->pos, "%s %s%s%s: is also in %s:%u, which counts because its name comes first",
			   kind_name(o->kind), o->meta.namespace, *o->meta.namespace ? "/" : "", o->meta.name,
			   first->file, first->pos.line);
		free(key);
	}
}

static bool same_problems(const struct diag_list *a, const struct diag_list *b)
{
	if (a->n != b->n || a->errors != b->errors || a->warnings != b->warnings)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (a->items[i].pos.line != b->items[i].pos.line || a->items[i].pos.col != b->items[i].pos.col ||
		    strcmp(a->items[i].text, b->items[i].text))
			return false;
	return true;
}

static void tell_problems(struct folder_table *t, struct source_file *f, const struct folder_ops *ops)
{
	static const struct diag_list none;
	struct diag_list now = {0};
	char *path = folder_table_path(t, f->name);

	f->check = false;
	if (f->found)
		diag_append(&now, f->found);
	add_repeats(t, f, path, &now);
	if (same_problems(&now, f->reported ? f->reported : &none)) {
		diag_clear(&now);
	} else {
		list_free(f->reported);
		f->reported = now.n ? xmemdup(&now, sizeof(now)) : NULL;
		if (ops)
			ops->problems(ops->arg, path, &now);
	}
	free(path);
}

static int by_name(const void *a, const void *b)
{
	const struct source_file *const *x = a, *const *y = b;

	return strcmp((*x)->name, (*y)->name);
}

static void forget_checks(struct folder_table *t)
{
	free(t->checks);
	t->checks = NULL;
	t->n_checks = t->cap_checks = 0;
}

void folder_table_commit(struct folder_table *t, const struct folder_ops *ops)
{
	for (size_t i = 0; i < t->n_touches; i++)
		tell_object(t, t->touches[i], ops);
	forget_touches(t);
	for (size_t i = 0; i < t->n_removed; i++) {
		list_free(t->removed[i]->found);
		t->removed[i]->found = NULL;
		tell_problems(t, t->removed[i], ops);
	}
	if (t->n_checks)
		qsort(t->checks, t->n_checks, sizeof(*t->checks), by_name);
	for (size_t i = 0; i < t->n_checks; i++)
		if (t->checks[i]->check) /* those that were removed are told already */
			tell_problems(t, t->checks[i], ops);
	forget_checks(t);
	for (size_t i = 0; i < t->n_removed; i++)
		file_free(t->removed[i]);
	free(t->removed);
	t->removed = NULL;
	t->n_removed = 0;
}

void folder_table_bury(struct folder_table *t)
{
	object_list_clear(&t->grave);
}

size_t folder_table_count(const struct folder_table *t, enum kind kind)
{
	return (unsigned)kind < KIND_COUNT ? t->counts[kind] : 0;
}
