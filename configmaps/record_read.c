/* The record from text: all errors with their places, refused whole if there is one. What was written by vipd must be complete; what
 * keepalived-cloud-provider wrote is taken as far as it goes. Source: record_text.c; SEMANTICS.md 2. Test: tests/test_record.c; fuzzer:
 * tests/fuzz/fuzz_record.c */
#include "record.h"

#include "../ipvs/table.h"
#include "../src/base/arena.h"
#include "../src/base/doc.h"
#include "../src/base/map.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct doc_limits limits = {.bytes = RECORD_MAX, .depth = 16, .scalar = RECORD_MAX};

enum { GENERATIONS = GRANT_VIP + 1, SHARED };
static const char *const sections[] = {[GRANT_CLUSTER_IP] = "clusterIPs",
				       [GRANT_NODE_PORT] = "nodePorts",
				       [GRANT_VIP] = "vips",
				       [GENERATIONS] = "generations",
				       [SHARED] = "shared"};
enum { N_SECTIONS = sizeof sections / sizeof *sections };

struct reader {
	const char *file;
	struct diag_list *diags;
	struct record *record;
	struct map *shares; /* "address namespace/name" -> share key */
	bool vipd;          /* vipd wrote it: has allocations */
	size_t services;    /* as the allocations count them */
	const char *within; /* the annotation that is being read; NULL: the file itself */
	struct pos at;      /* where its text begins: behind so many columns ... */
	bool block;         /* ... on each of its lines */
};

/* Where in the file a place within an annotation's text is. */
static struct pos place(const struct reader *r, struct pos p)
{
	if (!r->within || !p.line)
		return r->within ? r->at : p;
	if (r->block || p.line == 1)
		p.col += r->at.col;
	p.line += r->at.line - 1;
	return p;
}

static int refuse(const struct reader *r, struct pos at, const char *what, const char *expected)
{
	diag_error(r->diags, r->file, place(r, at), "%s%s%s: expected %s", r->within ? r->within : "",
		   r->within ? ": " : "", what, expected);
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

/* "namespace/name" */
static int read_owner(const struct reader *r, const struct node *map, const char **out)
{
	if (read_string(r, map, "service", out))
		return -EINVAL;
	return strchr(*out, '/') ? 0 : refuse(r, node_get(map, "service")->pos, "service", "namespace/name");
}

static int read_number(const struct reader *r, const struct node *map, const char *key, int64_t max, int64_t *out)
{
	const struct node *n = node_get(map, key);

	if (!n || n->type != NODE_INT || n->integer < 1 || n->integer > max)
		return refuse(r, n ? n->pos : map->pos, key, "a number that is not 0 and not too large");
	*out = n->integer;
	return 0;
}

static int read_addr(const struct reader *r, const struct node *map, const char *key, struct addr *out)
{
	const char *text;

	if (read_string(r, map, key, &text))
		return -EINVAL;
	if (addr_parse(text, out) || addr_unusable(out))
		return refuse(r, node_get(map, key)->pos, key, "an IPv4 or IPv6 address that can be used");
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

/* Puts it unless something is in the way: an error, of keepalived-cloud-provider's a warning. */
static int put(const struct reader *r, struct pos at, const struct grant *g)
{
	const char *owner = record_in_the_way(r->record, g);

	if (!owner) {
		record_put(r->record, g);
		return 0;
	}
	if (!r->within || r->vipd) {
		diag_error(r->diags, r->file, place(r, at), "given twice: to Service %.100s already", owner);
		return -EINVAL;
	}
	diag_warning(r->diags, r->file, place(r, at), "Service %.100s: its address belongs to Service %.100s already",
		     g->owner, owner);
	return 0;
}

static int read_grant(const struct reader *r, enum grant_kind kind, const struct node *item)
{
	struct grant g = {.kind = kind};
	const char *address = r->within ? "ip" : "address";

	if (item->type != NODE_MAP)
		return refuse(r, item->pos, sections[kind], "a list of maps");
	if (read_owner(r, item, &g.owner) || read_string(r, item, "uid", &g.uid))
		return -EINVAL;
	if (kind == GRANT_NODE_PORT ? read_port(r, item, &g) : read_addr(r, item, address, &g.addr))
		return -EINVAL;
	if (!r->within && kind == GRANT_VIP && node_get(item, "share") && read_string(r, item, "share", &g.share))
		return -EINVAL;
	return put(r, item->pos, &g);
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
	record_uid_set(r->record, kind, object, (unsigned)n);
	return 0;
}

static char *share_name(const struct addr *a, const char *service)
{
	char text[ADDR_TEXT];

	return xasprintf("%s %s", addr_format(a, text), service);
}

static int read_shared(const struct reader *r, const struct node *item)
{
	const char *service, *key;
	struct addr a;
	char *name;

	if (item->type != NODE_MAP)
		return refuse(r, item->pos, "shared", "a list of maps");
	if (read_owner(r, item, &service) || read_string(r, item, "key", &key) || read_addr(r, item, "ip", &a))
		return -EINVAL;
	name = share_name(&a, service);
	free(map_puts(r->shares, name, xstrdup(key)));
	free(name);
	return 0;
}

/* ---- sections: lists ---- */

static void read_section(const struct reader *r, size_t index, const struct pair *pair)
{
	const struct node *list = &pair->value;

	if (list->type != NODE_LIST) {
		refuse(r, list->pos, pair->key, "a list");
		return;
	}
	for (size_t i = 0; i < list->list.n; i++) {
		const struct node *item = &list->list.items[i];

		if (index == GENERATIONS)
			read_generation(r, item);
		else if (index == SHARED)
			read_shared(r, item);
		else
			read_grant(r, (enum grant_kind)index, item);
	}
}

/* The place of the key in sections; N_SECTIONS if it is none of them. Version 1 has no shared, later ones no vips. */
static size_t section_of(const char *key, bool first)
{
	size_t i = 0;

	while (i < N_SECTIONS && (strcmp(key, sections[i]) != 0 || i == (first ? (size_t)SHARED : (size_t)GRANT_VIP)))
		i++;
	return i;
}

/* The version must come first to mean something: a newer one has what we do not know. */
static int check_version(const struct reader *r, const struct node *root, int64_t version)
{
	const struct node *n = node_get(root, "version");

	if (n && n->type == NODE_INT && n->integer > version) {
		diag_error(r->diags, r->file, place(r, n->pos),
			   "version %.20s is newer than this vipd reads (%d): install the vipd that wrote it", n->text,
			   (int)version);
		return -EINVAL;
	}
	if (!n || n->type != NODE_INT || n->integer != version)
		return refuse(r, n ? n->pos : root->pos, "version", version == 1 ? "1" : "2");
	return 0;
}

/* ---- version 1: a file of its own ---- */

static void read_first_version(const struct reader *r, const struct node *root)
{
	if (check_version(r, root, 1))
		return;
	for (size_t i = 0; i < root->map.n; i++) {
		const struct pair *pair = &root->map.items[i];
		size_t section = section_of(pair->key, true);

		if (section < N_SECTIONS)
			read_section(r, section, pair);
		else if (strcmp(pair->key, "version") != 0)
			refuse(r, pair->key_pos, "unknown key", "version, clusterIPs, nodePorts, vips or generations");
	}
}

/* ---- the annotations ---- */

static int read_allocations(void *arg, const struct node *root, size_t index)
{
	struct reader *r = arg;
	const struct node *services;

	if (index || root->type != NODE_MAP) {
		refuse(r, root->pos, "the text", "one map");
		return 1;
	}
	if (check_version(r, root, RECORD_VERSION))
		return 1;
	services = node_get(root, "services");
	if (!services || services->type != NODE_INT || services->integer < 0)
		refuse(r, root->pos, "services", "how many services the other annotation has");
	else
		r->services = (size_t)services->integer;
	for (size_t i = 0; i < root->map.n; i++) {
		const struct pair *pair = &root->map.items[i];
		size_t section = section_of(pair->key, false);

		if (section < N_SECTIONS)
			read_section(r, section, pair);
		else if (strcmp(pair->key, "version") != 0 && strcmp(pair->key, "services") != 0)
			refuse(r, pair->key_pos, pair->key, "clusterIPs, nodePorts, shared or generations");
	}
	return 0;
}

static int read_service(const struct reader *r, const struct node *item)
{
	struct grant g = {.kind = GRANT_VIP};
	const struct node *method = node_get(item, "forwardMethod");
	const char *namespace, *name;
	enum forward f;
	char *owner, *share;
	int err;

	if (item->type != NODE_MAP)
		return refuse(r, item->pos, "services", "a list of maps");
	if (read_string(r, item, "uid", &g.uid) || read_addr(r, item, "ip", &g.addr) ||
	    read_string(r, item, "serviceNamespace", &namespace) || read_string(r, item, "serviceName", &name))
		return -EINVAL;
	if (method && method->type == NODE_STRING && method->text_len) {
		if (forward_parse(method->text, &f))
			return refuse(r, method->pos, "forwardMethod", "NAT, DR or TUN");
		g.method = (uint8_t)((int)f + 1);
	}
	g.owner = owner = xasprintf("%s/%s", namespace, name);
	share = share_name(&g.addr, owner);
	g.share = map_gets(r->shares, share);
	err = put(r, item->pos, &g);
	free(owner);
	free(share);
	return err;
}

static int read_cloud(void *arg, const struct node *root, size_t index)
{
	const struct reader *r = arg;
	const struct node *services = node_get(root, "services");

	if (index || root->type != NODE_MAP ||
	    (services && services->type != NODE_LIST && services->type != NODE_NULL)) {
		refuse(r, root->pos, "the text", "{\"services\": [...]}");
		return 1;
	}
	for (size_t i = 0; services && services->type == NODE_LIST && i < services->list.n; i++)
		read_service(r, &services->list.items[i]);
	if (r->vipd && (services && services->type == NODE_LIST ? services->list.n : 0) != r->services)
		refuse(r, root->pos, "services", "as many as " RECORD_ALLOCATIONS " counts");
	return 0;
}

/* An annotation's text is a document of its own; its errors get places in the file. */
static void read_annotation(struct reader *r, const char *name, const char *text, doc_each each)
{
	struct diag_list bad = {0};
	size_t before = r->diags->errors;

	r->within = name;
	if (doc_parse(r->file, text, strlen(text), &limits, &bad, each, r) && r->diags->errors == before)
		diag_error(r->diags, r->file, bad.n ? place(r, bad.items[0].pos) : r->at, "%s: %s", name,
			   bad.n ? bad.items[0].text : "cannot be read");
	diag_clear(&bad);
}

/* ---- the manifest ---- */

struct manifest {
	struct reader *reader;
	const char *text;
	bool seen;
};

/* Where the text of a scalar begins: that of a block on the line behind its mark, indented as that is. */
static void scalar_place(struct reader *r, const char *text, const struct node *n)
{
	const char *mark = text + n->start, *line = strchr(mark, '\n');

	r->at = n->pos;
	r->block = (*mark == '|' || *mark == '>') && line;
	if (r->block)
		r->at = (struct pos){.line = n->pos.line + 1, .col = (uint32_t)strspn(line + 1, " ")};
}

static void read_scalar(struct manifest *m, const char *name, const struct node *n, doc_each each)
{
	scalar_place(m->reader, m->text, n);
	read_annotation(m->reader, name, n->text, each);
}

/* Entries that the services make are not a person's. */
static bool data_generated(const struct reader *r, const char *key, const char *value)
{
	char text[ADDR_TEXT], *generated;
	struct addr a;
	bool same;

	if (strlen(key) >= sizeof text)
		return false;
	strcpy(text, key);
	for (char *c = text; *c; c++)
		*c = *c == '-' ? ':' : *c;
	if (addr_parse(text, &a))
		return false;
	generated = record_data_value(r->record, &a);
	same = generated && !strcmp(generated, value);
	free(generated);
	return same;
}

static void read_data(const struct reader *r, const struct node *data)
{
	for (size_t i = 0; data && data->type == NODE_MAP && i < data->map.n; i++) {
		const struct pair *pair = &data->map.items[i];
		const struct node *v = &pair->value;
		const char *value = v->type == NODE_STRING ? v->text : "";

		if (v->type != NODE_STRING && v->type != NODE_NULL)
			diag_error(r->diags, r->file, v->pos, "data: key %.80s: expected a string", pair->key);
		else if (!data_generated(r, pair->key, value))
			record_hand_put(r->record, pair->key, value);
	}
}

static void read_configmap(struct manifest *m, const struct node *root)
{
	struct reader *r = m->reader;
	const struct node *kind = node_get(root, "kind"), *meta = node_get(root, "metadata");
	const struct node *notes = meta ? node_get(meta, "annotations") : NULL;
	const struct node *allocations = notes ? node_get(notes, RECORD_ALLOCATIONS) : NULL;
	const struct node *cloud = notes ? node_get(notes, RECORD_CLOUD) : NULL;

	if (!kind || kind->type != NODE_STRING || strcmp(kind->text, "ConfigMap") != 0) {
		refuse(r, root->pos, "kind", "ConfigMap");
		return;
	}
	r->vipd = allocations != NULL;
	if (allocations && allocations->type != NODE_STRING)
		refuse(r, allocations->pos, RECORD_ALLOCATIONS, "a string");
	else if (allocations)
		read_scalar(m, RECORD_ALLOCATIONS, allocations, read_allocations);
	if (cloud && cloud->type == NODE_STRING)
		read_scalar(m, RECORD_CLOUD, cloud, read_cloud);
	r->within = NULL;
	if (r->vipd && r->services && !(cloud && cloud->type == NODE_STRING))
		refuse(r, root->pos, RECORD_CLOUD, "an annotation of that name");
	read_data(r, node_get(root, "data"));
}

static int read_document(void *arg, const struct node *root, size_t index)
{
	struct manifest *m = arg;

	m->seen = true;
	if (index || root->type != NODE_MAP) {
		refuse(m->reader, root->pos, "the record", "one map");
		return 1;
	}
	if (node_get(root, "apiVersion"))
		read_configmap(m, root);
	else
		read_first_version(m->reader, root);
	return 0;
}

/* What vipd writes begins and ends with a comment: a text that was cut short lacks the second. */
static bool cut_short(const char *text, size_t len)
{
	static const char end[] = "\n" RECORD_END;
	size_t n = sizeof end - 1;

	if (len < sizeof RECORD_HEAD - 1 || memcmp(text, RECORD_HEAD, sizeof RECORD_HEAD - 1) != 0)
		return false;
	while (len && strchr(" \r\n", text[len - 1]))
		len--;
	return len < n || memcmp(text + len - n, end, n) != 0;
}

static int reader_end(struct reader *r, size_t before, struct record **out)
{
	map_free(r->shares, free);
	if (r->diags->errors != before) {
		record_free(r->record);
		return -EINVAL;
	}
	record_saved(r->record);
	*out = r->record;
	return 0;
}

static struct pos last_line(const char *text, size_t len)
{
	struct pos p = {.line = 1, .col = 1};

	for (size_t i = 0; i < len; i++)
		p.line += text[i] == '\n';
	return p;
}

int record_parse(const char *file, const char *text, size_t len, struct record **out, struct diag_list *diags)
{
	size_t before = diags->errors;
	struct reader r = {.file = file, .diags = diags, .record = record_new(), .shares = map_new()};
	struct manifest m = {.reader = &r, .text = text};

	if (cut_short(text, len))
		diag_error(diags, file, last_line(text, len),
			   "the record is cut short: its last line must be \"" RECORD_END "\"");
	else if (!doc_parse(file, text, len, &limits, diags, read_document, &m) && !m.seen)
		diag_error(diags, file, (struct pos){1, 1}, "the record is empty: expected a ConfigMap");
	return reader_end(&r, before, out);
}

/* An object has the place of the annotation's name; a text of several lines is a block behind it, as vipd and kubectl write it. */
static void read_note(struct reader *r, const struct str_pairs *notes, const char *name, doc_each each)
{
	size_t i = 0;

	while (strcmp(notes->items[i].key, name) != 0)
		i++;
	r->at = (struct pos){.line = notes->items[i].pos.line + (strchr(notes->items[i].value, '\n') != NULL)};
	read_annotation(r, name, notes->items[i].value, each);
}

int record_from_object(const struct object *configmap, struct record **out, struct diag_list *diags)
{
	const struct str_pairs *notes = &configmap->meta.annotations;
	const char *allocations = pairs_get(notes, RECORD_ALLOCATIONS), *cloud = pairs_get(notes, RECORD_CLOUD);
	size_t before = diags->errors;
	struct reader r = {.file = configmap->file, .diags = diags, .vipd = true};

	if (!allocations)
		return -ENOENT;
	r.record = record_new();
	r.shares = map_new();
	read_note(&r, notes, RECORD_ALLOCATIONS, read_allocations);
	if (cloud)
		read_note(&r, notes, RECORD_CLOUD, read_cloud);
	r.within = NULL;
	if (r.services && !cloud)
		refuse(&r, configmap->pos, RECORD_CLOUD, "an annotation of that name");
	return reader_end(&r, before, out);
}
