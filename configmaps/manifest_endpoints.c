/* EndpointSlice (discovery.k8s.io/v1) and Endpoints (v1) -> parts. Source: k8s.io/api/discovery/v1 for what a missing condition means,
 * the EndpointSlice mirroring controller for Endpoints. Test: tests/test_manifest.c. */
#include "manifest_parts.h"

#include <string.h>
#include <sys/socket.h>

static const char *target_name(const struct field *f)
{
	struct field ref = field_map(f, "targetRef");

	return field_string(field_get(&ref, "name"), NULL);
}

static void read_ports(const struct field *list, struct endpoint_part *part)
{
	size_t n = field_count(list);

	if (n)
		part->ports = arena_alloc(list->r->arena, n * sizeof(*part->ports));
	for (size_t i = 0; i < n; i++) {
		struct field f = field_item_map(list, i), name = field_get(&f, "name");
		struct endpoint_port *p = &part->ports[part->n_ports++];
		char quoted[FIELD_QUOTE];

		p->name = field_string(name, "");
		if (*p->name && !name_is_label(p->name))
			field_error(&name, "%s is not a name (RFC 1123: a-z, 0-9 and '-', at most 63)",
				    field_quote(p->name, quoted));
		p->proto = manifest_proto(field_get(&f, "protocol"));
		p->port = field_port(field_get(&f, "port"));
	}
}

/* --- EndpointSlice --- */

/* Only addresses[0] counts: the API defines the others as alternatives of the same endpoint, which no consumer uses. */
static bool slice_addr(const struct field *f, uint8_t family, struct addr *out)
{
	struct field list = field_list(f, "addresses");
	struct field first;

	if (!field_count(&list)) {
		if (!list.node)
			list = field_get(f, "addresses");
		if (!list.node || list.node->type == NODE_LIST)
			field_error(&list, "required");
		return false;
	}
	first = field_item(&list, 0);
	if (!field_addr(first, out)) {
		if (!first.node || (first.node->type == NODE_STRING && !first.node->text_len))
			field_error(&first, "expected an IP address, got nothing");
		return false;
	}
	if (out->family == family)
		return true;
	field_error(&first, "%s is not of addressType %s", first.node->text, family == AF_INET ? "IPv4" : "IPv6");
	return false;
}

static uint8_t conditions(const struct field *f)
{
	struct field c = field_map(f, "conditions");
	bool ready = field_bool(field_get(&c, "ready"), true);
	bool serving = field_bool(field_get(&c, "serving"), ready);
	bool terminating = field_bool(field_get(&c, "terminating"), false);

	return (uint8_t)((ready ? EP_READY : 0) | (serving ? EP_SERVING : 0) | (terminating ? EP_TERMINATING : 0));
}

/* "a,b,": the names of a list of hints, as many as the API server lets pass. */
static const char *hint_names(const struct field *hints, const char *key)
{
	enum { HINTS_MAX = 8, HINT_MAX = 253 };
	struct field list = field_list(hints, key);
	char *text = NULL;
	size_t len = 0;

	for (size_t i = 0; i < field_count(&list) && i < HINTS_MAX; i++) {
		struct field f = field_item_map(&list, i), name = field_get(&f, "name");
		const char *s = field_string(name, "");
		size_t n = strlen(s);

		if (!n || n > HINT_MAX || strchr(s, ',')) {
			field_error(&name, "is not the name of a zone or a node");
			continue;
		}
		if (!text)
			text = arena_alloc(hints->r->arena, HINTS_MAX * (HINT_MAX + 1) + 1);
		memcpy(text + len, s, n);
		text[len + n] = ',';
		len += n + 1;
		text[len] = '\0';
	}
	return text;
}

/* Of the endpoint at part->n; room is made for as many as the list has. */
static void read_hints(const struct field *f, size_t n, struct endpoint_part *part)
{
	struct field hints = field_map(f, "hints");
	struct endpoint_hints h = {hint_names(&hints, "forZones"), hint_names(&hints, "forNodes")};

	if (!h.zones && !h.nodes)
		return;
	if (!part->hints)
		part->hints = arena_alloc(f->r->arena, n * sizeof(*part->hints));
	part->hints[part->n] = h;
}

static void read_slice_endpoints(const struct field *list, uint16_t weight, struct endpoint_part *part)
{
	size_t n = field_count(list);

	if (n)
		part->endpoints = arena_alloc(list->r->arena, n * sizeof(*part->endpoints));
	for (size_t i = 0; i < n; i++) {
		struct field f = field_item_map(list, i);
		struct endpoint *e = &part->endpoints[part->n];

		if (!slice_addr(&f, part->family, &e->addr))
			continue;
		e->flags = conditions(&f);
		e->weight = weight;
		e->node = field_string(field_get(&f, "nodeName"), NULL);
		e->target = target_name(&f);
		read_hints(&f, n, part);
		part->n++;
	}
}

static void skip_slice(const struct field *f, struct object *o, const char *why)
{
	field_warning(f, "%s: the slice is not used", why);
	o->endpoints.service = NULL;
}

void manifest_read_slice(const struct field *root, struct object *o)
{
	static const char *const types[] = {"IPv4", "IPv6", "FQDN", NULL};
	struct field type = field_get(root, "addressType"), endpoints = field_list(root, "endpoints");
	struct field ports = field_list(root, "ports"), meta = field_get(root, "metadata");
	struct endpoint_part *part = arena_alloc(root->r->arena, sizeof(*part));
	unsigned family = field_choice(type, types, 0);

	if (!type.node || (type.node->type == NODE_STRING && !type.node->text_len))
		field_error(&type, "required");
	o->endpoints = (struct endpoints){pairs_get(&o->meta.labels, "kubernetes.io/service-name"), part, 1};
	if (family == 2) {
		skip_slice(&type, o, "FQDN");
		return;
	}
	part->family = family ? AF_INET6 : AF_INET;
	read_slice_endpoints(&endpoints, manifest_weight(root), part);
	read_ports(&ports, part);
	if (!o->endpoints.service || !*o->endpoints.service)
		skip_slice(&meta, o, "no label kubernetes.io/service-name");
}

/* --- Endpoints --- */

/* Appends the addresses of one family to the part; the other family's are for the other part. */
static void read_addresses(const struct field *list, uint8_t flags, uint16_t weight, struct endpoint_part *v4,
			   struct endpoint_part *v6)
{
	for (size_t i = 0; i < field_count(list); i++) {
		struct field f = field_item_map(list, i), ip = field_get(&f, "ip");
		struct endpoint e = {.flags = flags, .weight = weight};
		struct endpoint_part *part;

		if (!ip.node || (ip.node->type == NODE_STRING && !ip.node->text_len))
			field_error(&ip, "required");
		if (!field_addr(ip, &e.addr))
			continue;
		e.node = field_string(field_get(&f, "nodeName"), NULL);
		e.target = target_name(&f);
		part = e.addr.family == AF_INET ? v4 : v6;
		part->endpoints[part->n++] = e;
	}
}

static void read_subset(const struct field *f, uint16_t weight, struct endpoints *out)
{
	struct field ready = field_list(f, "addresses"), not_ready = field_list(f, "notReadyAddresses");
	struct field ports = field_list(f, "ports");
	size_t n = field_count(&ready) + field_count(&not_ready);
	struct endpoint_part v4 = {.family = AF_INET}, v6 = {.family = AF_INET6};

	v4.endpoints = arena_alloc(f->r->arena, n * sizeof(*v4.endpoints));
	v6.endpoints = arena_alloc(f->r->arena, n * sizeof(*v6.endpoints));
	read_addresses(&ready, EP_READY | EP_SERVING, weight, &v4, &v6);
	read_addresses(&not_ready, 0, weight, &v4, &v6);
	read_ports(&ports, &v4);
	v6.n_ports = v4.n_ports;
	if (v4.n)
		out->parts[out->n++] = v4;
	if (!v6.n)
		return;
	if (v4.n) { /* packing rewrites each part's ports, so they cannot be shared */
		v6.ports = arena_alloc(f->r->arena, (v4.n_ports ? v4.n_ports : 1) * sizeof(*v6.ports));
		if (v4.n_ports)
			memcpy(v6.ports, v4.ports, v4.n_ports * sizeof(*v6.ports));
	} else {
		v6.ports = v4.ports;
	}
	out->parts[out->n++] = v6;
}

void manifest_read_endpoints(const struct field *root, struct object *o)
{
	struct field list = field_list(root, "subsets");
	uint16_t weight = manifest_weight(root);
	size_t n = field_count(&list);

	o->endpoints.service = o->meta.name;
	if (n)
		o->endpoints.parts = arena_alloc(root->r->arena, 2 * n * sizeof(*o->endpoints.parts));
	for (size_t i = 0; i < n; i++) {
		struct field f = field_item_map(&list, i);

		read_subset(&f, weight, &o->endpoints);
	}
}
