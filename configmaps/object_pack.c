/* Packing: one walk over an object's parts that is done twice, first to add up the bytes, then to copy them into one block. Ten thousand
 * objects stay resident, so neither slack nor repeated strings are kept. Test: tests/test_object.c. */
#include "object_pack.h"

#include <string.h>

enum { RECENT = 16 };

struct packer {
	char *base; /* NULL: only measuring */
	size_t used;
	struct {
		const char *from, *to;
	} recent[RECENT]; /* strings just packed: node names and label keys repeat */
	unsigned at;
};

/* Room for n bytes, and in the second walk a copy of src. Returns what to point to from now on. */
static void *pack(struct packer *p, void *src, size_t n, size_t align)
{
	void *to;

	if (!n)
		return NULL;
	p->used = (p->used + align - 1) / align * align;
	to = p->base ? memcpy(p->base + p->used, src, n) : src;
	p->used += n;
	return to;
}

static const char *pack_str(struct packer *p, const char *s)
{
	size_t n;
	char *to;

	if (!s || !*s)
		return s ? "" : NULL;
	for (unsigned i = 0; i < RECENT; i++)
		if (p->recent[i].from && !strcmp(p->recent[i].from, s))
			return p->recent[i].to;
	n = strlen(s) + 1;
	to = p->base ? p->base + p->used : NULL;
	if (to)
		memcpy(to, s, n);
	p->used += n;
	p->recent[p->at].from = s;
	p->recent[p->at].to = to ? to : s;
	p->at = (p->at + 1) % RECENT;
	return to ? to : s;
}

#define PACK_ARRAY(p, list, count)                                                                                     \
	((list) = pack((p), (list), (count) * sizeof(*(list)), _Alignof(__typeof__(*(list)))))

static void pack_pairs(struct packer *p, struct str_pairs *pairs)
{
	for (size_t i = 0; i < pairs->n; i++) {
		pairs->items[i].key = pack_str(p, pairs->items[i].key);
		pairs->items[i].value = pack_str(p, pairs->items[i].value);
	}
	PACK_ARRAY(p, pairs->items, pairs->n);
}

static void pack_addrs(struct packer *p, struct addr_list *l)
{
	PACK_ARRAY(p, l->items, l->n);
}

static void pack_service(struct packer *p, struct service *s)
{
	s->load_balancer_class = pack_str(p, s->load_balancer_class);
	for (size_t i = 0; i < s->n_ports; i++) {
		s->ports[i].name = pack_str(p, s->ports[i].name);
		s->ports[i].target_name = pack_str(p, s->ports[i].target_name);
	}
	PACK_ARRAY(p, s->ports, s->n_ports);
	PACK_ARRAY(p, s->source_ranges, s->n_source_ranges);
	pack_addrs(p, &s->cluster_ips);
	pack_addrs(p, &s->external_ips);
	pack_addrs(p, &s->ingress);
	pack_addrs(p, &s->proxied);
	pack_pairs(p, &s->selector);
}

static void pack_part(struct packer *p, struct endpoint_part *part)
{
	for (size_t i = 0; i < part->n; i++) {
		part->endpoints[i].node = pack_str(p, part->endpoints[i].node);
		part->endpoints[i].target = pack_str(p, part->endpoints[i].target);
	}
	PACK_ARRAY(p, part->endpoints, part->n);
	for (size_t i = 0; i < part->n && part->hints; i++) {
		part->hints[i].zones = pack_str(p, part->hints[i].zones);
		part->hints[i].nodes = pack_str(p, part->hints[i].nodes);
	}
	PACK_ARRAY(p, part->hints, part->hints ? part->n : 0);
	for (size_t i = 0; i < part->n_ports; i++)
		part->ports[i].name = pack_str(p, part->ports[i].name);
	PACK_ARRAY(p, part->ports, part->n_ports);
}

static void pack_pod(struct packer *p, struct pod *pod)
{
	pod->node = pack_str(p, pod->node);
	for (size_t i = 0; i < pod->n_ports; i++)
		pod->ports[i].name = pack_str(p, pod->ports[i].name);
	PACK_ARRAY(p, pod->ports, pod->n_ports);
	pack_addrs(p, &pod->ips);
}

static void pack_body(struct packer *p, struct object *o)
{
	switch (o->kind) {
	case KIND_SERVICE:
		pack_service(p, &o->service);
		break;
	case KIND_ENDPOINTS:
	case KIND_SLICE:
		o->endpoints.service = pack_str(p, o->endpoints.service);
		for (size_t i = 0; i < o->endpoints.n; i++)
			pack_part(p, &o->endpoints.parts[i]);
		PACK_ARRAY(p, o->endpoints.parts, o->endpoints.n);
		break;
	case KIND_POD:
		pack_pod(p, &o->pod);
		break;
	case KIND_NODE:
		pack_addrs(p, &o->node.addresses);
		break;
	case KIND_CONFIGMAP:
		pack_pairs(p, &o->configmap.data);
		break;
	case KIND_COUNT:
		break;
	}
}

static size_t size_of(enum kind kind)
{
	static const size_t ends[KIND_COUNT] = {
	    [KIND_SERVICE] = offsetof(struct object, service) + sizeof(struct service),
	    [KIND_ENDPOINTS] = offsetof(struct object, endpoints) + sizeof(struct endpoints),
	    [KIND_SLICE] = offsetof(struct object, endpoints) + sizeof(struct endpoints),
	    [KIND_POD] = offsetof(struct object, pod) + sizeof(struct pod),
	    [KIND_NODE] = offsetof(struct object, node) + sizeof(struct node_object),
	    [KIND_CONFIGMAP] = offsetof(struct object, configmap) + sizeof(struct configmap),
	};

	return ends[kind];
}

/* Both walks must come to the same bytes, so the object's head is placed first in both. */
static void pack_object(struct packer *p, struct object *o)
{
	p->used = size_of(o->kind);
	o->file = pack_str(p, o->file);
	o->meta.namespace = pack_str(p, o->meta.namespace);
	o->meta.name = pack_str(p, o->meta.name);
	o->meta.uid = pack_str(p, o->meta.uid);
	pack_pairs(p, &o->meta.labels);
	pack_pairs(p, &o->meta.annotations);
	pack_body(p, o);
}

struct object *object_pack(struct object *o)
{
	struct packer measure = {0}, copy = {0};
	struct object *out;

	pack_object(&measure, o);
	o->arena = NULL;
	out = xcalloc(1, measure.used);
	copy.base = (char *)out;
	pack_object(&copy, o);
	memcpy(out, o, size_of(o->kind));
	return out;
}

static void move_pairs(struct str_pairs *to, const struct str_pairs *from)
{
	for (size_t i = 0; i < to->n && i < from->n; i++)
		to->items[i].pos = from->items[i].pos;
}

void object_move(struct object *o, const struct object *from)
{
	o->pos = from->pos;
	move_pairs(&o->meta.labels, &from->meta.labels);
	move_pairs(&o->meta.annotations, &from->meta.annotations);
	if (o->kind == KIND_CONFIGMAP)
		move_pairs(&o->configmap.data, &from->configmap.data);
	if (o->kind != KIND_SERVICE)
		return;
	move_pairs(&o->service.selector, &from->service.selector);
	for (size_t i = 0; i < o->service.n_ports && i < from->service.n_ports; i++)
		o->service.ports[i].pos = from->service.ports[i].pos;
}
