/* A manifest file: its documents, Lists taken apart, each object handed to the reader of its kind. What is an object of whose group, which is
 * passed over, and that an identity appears once a file is decided here. Test: tests/test_manifest.c, tests/test_bad_input.c. */
#include "manifest.h"

#include "../src/base/hash.h"
#include "../src/base/map.h"
#include "manifest_parts.h"
#include "object_pack.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct run {
	const char *file;
	struct object_list *out;
	struct diag_list *diags;
	struct map *seen; /* "kind/namespace/name" -> object of this file; made at the first object */
	bool failed;
	void (*alive)(void *arg);
	void *arg;
};

struct kind_row {
	const char *name, *group;
	const char *versions[3];
	enum kind kind;
	void (*read)(const struct field *root, struct object *o);
};

static const struct kind_row kinds[] = {
    {"Service", "", {"v1"}, KIND_SERVICE, manifest_read_service},
    {"Endpoints", "", {"v1"}, KIND_ENDPOINTS, manifest_read_endpoints},
    {"EndpointSlice", "discovery.k8s.io", {"v1", "v1beta1"}, KIND_SLICE, manifest_read_slice},
    {"Pod", "", {"v1"}, KIND_POD, manifest_read_pod},
    {"Node", "", {"v1"}, KIND_NODE, manifest_read_node},
    {"ConfigMap", "", {"v1"}, KIND_CONFIGMAP, manifest_read_configmap},
    {"List", "", {"v1"}, KIND_COUNT, NULL},
};

static const char *plain_string(const struct node *map, const char *key)
{
	const struct node *n = node_get(map, key);

	return n && n->type == NODE_STRING && n->text_len ? n->text : NULL;
}

/* "Service default/web", as far as it can be known. malloc'd. */
static char *object_title(const struct node *root)
{
	const char *kind = plain_string(root, "kind");
	const struct node *meta = node_get(root, "metadata");
	const char *name = meta ? plain_string(meta, "name") : NULL;
	const char *namespace = meta ? plain_string(meta, "namespace") : NULL;

	if (!kind)
		return NULL;
	if (!name)
		return xasprintf("%.63s", kind);
	if (!strcmp(kind, "Node"))
		return xasprintf("%.63s %.253s", kind, name);
	return xasprintf("%.63s %.63s/%.253s", kind, namespace ? namespace : "default", name);
}

/* --- hash of a tree: equal trees, equal objects, whatever the layout, the comments and the anchors --- */

static uint64_t hash_tree(uint64_t h, const struct node *n)
{
	h = hash_mix(h ^ (uint64_t)n->type);
	if (n->type == NODE_LIST) {
		h = hash_mix(h ^ n->list.n);
		for (size_t i = 0; i < n->list.n; i++)
			h = hash_tree(h, &n->list.items[i]);
	} else if (n->type == NODE_MAP) {
		h = hash_mix(h ^ n->map.n);
		for (size_t i = 0; i < n->map.n; i++) {
			h = hash_bytes(h, n->map.items[i].key, strlen(n->map.items[i].key));
			h = hash_tree(h, &n->map.items[i].value);
		}
	} else if (n->text) {
		h = hash_bytes(h, n->text, n->text_len);
	}
	return h;
}

/* --- objects --- */

/* The row of kind and group, or NULL for what is not ours. Reports a version that does not exist, for it is surely a mistake. */
static const struct kind_row *find_kind(const struct field *root)
{
	struct field kind = field_get(root, "kind"), version = field_get(root, "apiVersion");
	const char *name = field_string(kind, ""), *api = field_string(version, "");
	const char *slash = strrchr(api, '/'), *v = slash ? slash + 1 : api;
	size_t group_len = slash ? (size_t)(slash - api) : 0;
	char quoted[FIELD_QUOTE];

	if (!kind.node || (kind.node->type == NODE_STRING && !*name))
		field_error(&kind, "required: this is no Kubernetes object");
	if (!version.node || (version.node->type == NODE_STRING && !*api))
		field_error(&version, "required");
	for (const struct kind_row *row = kinds; !root->r->failed && row < kinds + sizeof(kinds) / sizeof(*kinds);
	     row++) {
		if (strcmp(name, row->name) || strlen(row->group) != group_len || strncmp(api, row->group, group_len))
			continue;
		for (size_t i = 0; row->versions[i]; i++)
			if (!strcmp(v, row->versions[i]))
				return row;
		field_error(&version, "%s is not a version of %s that vipd reads", field_quote(api, quoted), name);
	}
	return NULL;
}

/* Takes over o. */
static void keep(struct run *run, struct object *o)
{
	char *key = xasprintf("%d/%s/%s", (int)o->kind, o->meta.namespace, o->meta.name);
	const struct object *first;

	if (!run->seen)
		run->seen = map_new();
	first = map_gets(run->seen, key);
	if (first) {
		diag_error(run->diags, run->file, o->pos, "%s %s%s%s: is already in this file, at line %u",
			   kind_name(o->kind), o->meta.namespace, *o->meta.namespace ? "/" : "", o->meta.name,
			   first->pos.line);
		run->failed = true;
		object_free(o);
	} else {
		map_puts(run->seen, key, o);
		object_list_add(run->out, o);
	}
	free(key);
}

static void read_object(struct run *run, const struct field *root, const struct kind_row *row)
{
	struct object scratch = {.kind = row->kind, .file = run->file, .pos = root->node->pos};
	bool unused;

	manifest_read_meta(root, row->kind, &scratch.meta);
	row->read(root, &scratch);
	unused = row->kind == KIND_SLICE && !scratch.endpoints.service;
	if (root->r->failed || unused)
		return;
	scratch.hash = hash_tree(0, root->node);
	keep(run, object_pack(&scratch));
}

static void read_root(struct run *run, const struct node *n, const struct field *up, size_t index);

static void read_list(struct run *run, const struct field *root)
{
	struct field items = field_list(root, "items");

	root->r->object = NULL; /* each item says its own name */
	for (size_t i = 0; i < field_count(&items); i++)
		read_root(run, &items.node->list.items[i], &items, i);
}

/* One object: a document, or an item of a List (then up is the list). */
static void read_root(struct run *run, const struct node *n, const struct field *up, size_t index)
{
	char *title = n->type == NODE_MAP ? object_title(n) : NULL;
	struct reader r = {run->file, run->diags, arena_new(0), title, false};
	struct field root = field_root(&r, n);
	const struct kind_row *row = NULL;

	if (run->alive)
		run->alive(run->arg);
	if (n->type != NODE_MAP) {
		struct field item = {.r = &r, .node = n, .up = up, .index = index};

		field_error(&item, "expected a Kubernetes object (a map), got %s", node_type_name(n->type));
	} else {
		row = find_kind(&root);
	}
	if (row && row->read)
		read_object(run, &root, row);
	else if (row)
		read_list(run, &root);
	run->failed |= r.failed;
	arena_free(r.arena);
	free(title);
}

static int read_document(void *arg, const struct node *root, size_t index)
{
	(void)index;
	read_root(arg, root, NULL, 0);
	return 0;
}

int manifest_parse(const char *file, const char *text, size_t len, struct object_list *out, struct diag_list *diags)
{
	return manifest_parse_large(file, text, len, out, diags, NULL, NULL);
}

int manifest_parse_large(const char *file, const char *text, size_t len, struct object_list *out,
			 struct diag_list *diags, void (*alive)(void *arg), void *arg)
{
	struct run run = {.file = file, .out = out, .diags = diags, .alive = alive, .arg = arg};
	/* The record of a large node is one annotation. */
	const struct doc_limits limits = {.scalar = 8 << 20, .alive = alive, .arg = arg};
	int err = doc_parse(file, text, len, &limits, diags, read_document, &run);

	map_free(run.seen, NULL);
	return err || run.failed ? -EINVAL : 0;
}
