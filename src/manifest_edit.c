/* A YAML text is cut at its document marks ("---" at the start of a line is nothing else in YAML), so that a document is replaced without a look at the
 * others' layout. A JSON text is written anew. Source: YAML 1.2 9.1.2; kubectl's handling of Lists. Test: tests/test_manifest_edit.c */
#include "manifest_edit.h"

#include "base/arena.h"
#include "node_json.h"
#include "yaml_out.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- objects ---- */

static void object_clear(struct edit_object *o)
{
	free(o->kind_word);
	free(o->namespace);
	free(o->name);
	free(o->text);
	json_decref(o->json);
}

void edit_list_clear(struct edit_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		object_clear(&l->items[i]);
	free(l->items);
	*l = (struct edit_list){0};
}

static const char *member(json_t *j, const char *key)
{
	const char *s = json_string_value(json_object_get(j, key));

	return s ? s : "";
}

/* Group and kind; the version is judged when the manifest is checked. */
static bool kind_of(const char *api, const char *word, enum kind *out)
{
	const char *slash = strrchr(api, '/');

	for (int k = 0; k < KIND_COUNT; k++) {
		const char *group = k == KIND_SLICE ? "discovery.k8s.io/" : "";
		size_t n = slash ? (size_t)(slash + 1 - api) : 0;

		if (strcmp(word, kind_name((enum kind)k)) != 0 || strlen(group) != n || strncmp(api, group, n) != 0)
			continue;
		*out = (enum kind)k;
		return true;
	}
	return false;
}

static bool is_list(json_t *j)
{
	return strcmp(member(j, "kind"), "List") == 0 && json_is_array(json_object_get(j, "items"));
}

static void add_object(struct edit_list *l, json_t *j)
{
	json_t *meta = json_object_get(j, "metadata");
	const char *ns = member(meta, "namespace");
	struct edit_object o = {.kind = KIND_COUNT};

	o.ours = kind_of(member(j, "apiVersion"), member(j, "kind"), &o.kind);
	o.kind_word = xstrdup(member(j, "kind"));
	o.has_namespace = *ns != '\0';
	if (o.ours && o.kind == KIND_NODE)
		ns = "";
	else if (!o.has_namespace)
		ns = "default";
	o.namespace = xstrdup(ns);
	o.name = xstrdup(member(meta, "name"));
	o.json = json_incref(j);
	l->items = xrealloc(l->items, (l->n + 1) * sizeof *l->items);
	l->items[l->n++] = o;
}

/* The objects of one document; true if it is not a List. */
static bool add_document(struct edit_list *l, json_t *j)
{
	json_t *item;
	size_t i;

	if (!is_list(j)) {
		add_object(l, j);
		return true;
	}
	json_array_foreach(json_object_get(j, "items"), i, item)
	{
		add_document(l, item);
	}
	return false;
}

static int collect(void *arg, const struct node *root, size_t index)
{
	json_array_append_new(arg, node_json(root));
	return 0;
}

/* Documents of a text as JSON; NULL with diagnostics. */
static json_t *documents(const char *file, const char *text, size_t len, struct diag_list *diags)
{
	json_t *list = json_array();

	if (doc_parse(file, text, len, NULL, diags, collect, list) == 0)
		return list;
	json_decref(list);
	return NULL;
}

/* ---- pieces ---- */

/* A byte order mark means nothing in UTF-8, and is not written again. */
static void skip_bom(const char **text, size_t *len)
{
	size_t n = doc_bom(*text, *len);

	*text += n;
	*len -= n;
}

static bool is_mark(const char *p, const char *end)
{
	return end - p >= 3 && memcmp(p, "---", 3) == 0 && (end - p == 3 || strchr(" \t\r\n", p[3]));
}

/* The length of the piece that starts at p: up to the next document mark at the start of a line. Directives belong to what follows. */
static size_t piece_len(const char *p, const char *end)
{
	bool directive = *p == '%';
	const char *at = p;

	do {
		at = memchr(at, '\n', (size_t)(end - at));
		at = at ? at + 1 : end;
		if (at < end && directive && is_mark(at, end)) {
			directive = false;
			at = memchr(at, '\n', (size_t)(end - at)) ? at + 3 : end;
		}
	} while (at < end && !is_mark(at, end));
	return (size_t)(at - p);
}

/* A piece without its mark's line, if nothing but the mark is on it. */
static char *piece_text(const char *p, size_t n)
{
	const char *end = p + n, *line = memchr(p, '\n', n);
	bool bare = is_mark(p, end) && (!line || strspn(p + 3, " \t\r") + 3 >= (size_t)(line - p));

	if (bare)
		p = line ? line + 1 : end;
	return xasprintf("%.*s%s", (int)(end - p), p, end > p && end[-1] != '\n' ? "\n" : "");
}

int edit_read(const char *file, const char *text, size_t len, struct edit_list *out, struct diag_list *diags)
{
	struct edit_list l = {0};
	json_t *whole =
	    documents(file, text, len, diags); /* for the places in messages: a piece counts its own lines */
	bool json;

	if (!whole)
		return -EINVAL;
	json_decref(whole);
	skip_bom(&text, &len);
	json = doc_is_json(text, len);
	for (size_t at = 0, n; at < len; at += n) {
		json_t *docs, *one;
		size_t i, first = l.n;
		bool plain = true;

		n = json ? len : piece_len(text + at, text + len);
		docs = documents(file, text + at, n, diags);
		if (!docs) {
			edit_list_clear(&l);
			return -EINVAL;
		}
		json_array_foreach(docs, i, one)
		{
			plain = add_document(&l, one) && plain;
		}
		if (plain && l.n == first + 1)
			l.items[first].text = piece_text(text + at, n);
		json_decref(docs);
	}
	*out = l;
	return 0;
}

void edit_set_namespace(struct edit_object *o, const char *namespace)
{
	json_t *copy = json_deep_copy(o->json), *meta = json_object_get(copy, "metadata");

	if (meta)
		json_object_set_new(meta, "namespace", json_string(namespace));
	json_decref(o->json);
	o->json = copy;
	free(o->text);
	o->text = NULL;
	free(o->namespace);
	o->namespace = xstrdup(namespace);
	o->has_namespace = true;
}

char *edit_document(const struct edit_object *o)
{
	return o->text ? xstrdup(o->text) : yaml_text(o->json);
}

bool edit_same_identity(const struct edit_object *a, const struct edit_object *b)
{
	return a->ours && b->ours && a->kind == b->kind && strcmp(a->namespace, b->namespace) == 0 &&
	       strcmp(a->name, b->name) == 0;
}

/* ---- replacing ---- */

struct edit {
	const struct edit_object *object;
	bool remove;
	bool done; /* it was there */
	char *text;
	size_t len;
	size_t left;
};

static void put(struct edit *e, const char *s, size_t n)
{
	e->text = xrealloc(e->text, e->len + n + 1);
	memcpy(e->text + e->len, s, n);
	e->len += n;
	e->text[e->len] = '\0';
}

static bool is_it(const struct edit *e, json_t *j)
{
	struct edit_list l = {0};
	bool same;

	add_object(&l, j);
	same = edit_same_identity(&l.items[0], e->object);
	edit_list_clear(&l);
	return same;
}

/* The list with the object replaced or taken out; Lists in it too. true if it was there. */
static bool change_list(struct edit *e, json_t *list)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		json_t *one = json_array_get(list, i);

		if (is_list(one) && change_list(e, json_object_get(one, "items")))
			return true;
		if (is_list(one) || !is_it(e, one))
			continue;
		if (e->remove)
			json_array_remove(list, i);
		else
			json_array_set(list, i, e->object->json);
		return true;
	}
	return false;
}

static size_t count_objects(json_t *docs)
{
	struct edit_list l = {0};
	json_t *one;
	size_t i, n;

	json_array_foreach(docs, i, one)
	{
		add_document(&l, one);
	}
	n = l.n;
	edit_list_clear(&l);
	return n;
}

static bool has_it(const struct edit *e, json_t *docs)
{
	struct edit_list l = {0};
	bool has = false;
	json_t *one;
	size_t i;

	json_array_foreach(docs, i, one)
	{
		add_document(&l, one);
	}
	for (i = 0; i < l.n; i++)
		has = has || edit_same_identity(&l.items[i], e->object);
	edit_list_clear(&l);
	return has;
}

/* Without marks, what is neither object nor list would make one YAML scalar of itself and what follows it. */
static bool needs_marks(json_t *docs)
{
	json_t *one;
	size_t i;

	json_array_foreach(docs, i, one)
	{
		if (!json_is_object(one) && !json_is_array(one))
			return true;
	}
	return false;
}

static void put_documents(struct edit *e, json_t *docs, bool json)
{
	bool marks = !json || needs_marks(docs);
	json_t *one;
	size_t i;

	json_array_foreach(docs, i, one)
	{
		char *s = json ? json_dumps(one, JSON_INDENT(4) | JSON_ENCODE_ANY) : yaml_text(one);

		if (is_list(one) && json_array_size(json_object_get(one, "items")) == 0) {
			free(s);
			continue;
		}
		if (marks && e->len)
			put(e, "---\n", 4);
		put(e, s, strlen(s));
		if (json)
			put(e, "\n", 1);
		free(s);
	}
}

static void put_object(struct edit *e)
{
	char *s = edit_document(e->object);

	if (e->len)
		put(e, "---\n", 4);
	put(e, s, strlen(s));
	free(s);
}

/* A piece of a YAML text that has the object. */
static void change_piece(struct edit *e, json_t *docs, const char *p, size_t n)
{
	e->done = true;
	if (json_array_size(docs) == 1 && !is_list(json_array_get(docs, 0))) {
		if (!e->remove)
			put_object(e);
		e->left += e->remove ? 0 : 1;
		return;
	}
	change_list(e, docs);
	e->left += count_objects(docs);
	put_documents(e, docs, false);
}

static int edit_yaml(struct edit *e, const char *file, const char *text, size_t len, struct diag_list *diags)
{
	for (size_t at = 0, n; at < len; at += n) {
		json_t *docs;

		n = piece_len(text + at, text + len);
		docs = documents(file, text + at, n, diags);
		if (!docs)
			return -EINVAL;
		if (!e->done && has_it(e, docs)) {
			change_piece(e, docs, text + at, n);
		} else {
			e->left += count_objects(docs);
			if (e->len && !is_mark(text + at, text + len)) /* the text's first piece was rewritten */
				put(e, "---\n", 4);
			put(e, text + at, n);
		}
		if (e->len && e->text[e->len - 1] != '\n')
			put(e, "\n", 1);
		json_decref(docs);
	}
	return 0;
}

static int edit_json(struct edit *e, const char *file, const char *text, size_t len, struct diag_list *diags)
{
	json_t *docs = documents(file, text, len, diags);

	if (!docs)
		return -EINVAL;
	e->done = change_list(e, docs);
	if (!e->done && !e->remove)
		json_array_append(docs, e->object->json);
	e->done = true;
	e->left = count_objects(docs);
	put_documents(e, docs, true);
	json_decref(docs);
	return 0;
}

/* How many objects a text has, and how many of o's identity; false if it cannot be read. */
static bool count_text(const char *file, const char *text, size_t len, const struct edit_object *o, size_t *all,
		       size_t *had)
{
	struct diag_list ignored = {0};
	struct edit_list l = {0};
	bool ok = edit_read(file, text, len, &l, &ignored) == 0;

	*all = l.n;
	*had = 0;
	for (size_t i = 0; i < l.n; i++)
		*had += edit_same_identity(&l.items[i], o);
	edit_list_clear(&l);
	diag_clear(&ignored);
	return ok;
}

/* Whether out is text with o, or without it, and has all else: nothing else is ever written over a person's file. */
static bool holds(const char *file, const char *text, size_t len, const struct edit *e)
{
	size_t all, had, all_now, had_now;

	if (!count_text(file, text, len, e->object, &all, &had) ||
	    !count_text(file, e->text, strlen(e->text), e->object, &all_now, &had_now))
		return false;
	if (e->remove)
		return all_now == all - (had > 0) && had_now == had - (had > 0) && all_now == e->left;
	return all_now == all + (had == 0) && had_now == had + (had == 0) && all_now == e->left;
}

int edit_replace(const char *file, const char *text, size_t len, const struct edit_object *o, bool remove, char **out,
		 size_t *left, struct diag_list *diags)
{
	struct edit e = {.object = o, .remove = remove};
	json_t *docs;
	int err;

	put(&e, "", 0);
	docs = documents(file, text, len, diags);
	if (!docs) {
		free(e.text);
		return -EINVAL;
	}
	json_decref(docs);
	skip_bom(&text, &len);
	err = doc_is_json(text, len) ? edit_json(&e, file, text, len, diags) : edit_yaml(&e, file, text, len, diags);
	if (err) {
		free(e.text);
		return err;
	}
	if (!e.done && !remove) {
		put_object(&e);
		e.left++;
	}
	if (!doc_is_json(text, len) && e.left > 1 &&
	    doc_is_json(e.text, e.len)) { /* one in JSON in front of others in YAML */
		char *marked = xasprintf("---\n%s", e.text);

		free(e.text);
		e.text = marked;
	}
	if (!holds(file, text, len, &e)) {
		diag_error(diags, file, (struct pos){0},
			   "cannot be changed without changing what else is in it; expected the objects of a manifest");
		free(e.text);
		return -EINVAL;
	}
	*out = e.text;
	*left = e.left;
	return 0;
}
