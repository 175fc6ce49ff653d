/* Pod, Node and ConfigMap: the few fields that matter here. Source: core/v1; a Pod is ready as its condition Ready says.
 * Test: tests/test_manifest.c. */
#include "manifest_parts.h"

#include <string.h>

static size_t count_ports(const struct field *containers)
{
	size_t n = 0;

	for (size_t i = 0; i < field_count(containers); i++) {
		struct field c = field_item(containers, i), ports = field_get(&c, "ports");

		if (ports.node && ports.node->type == NODE_LIST)
			n += ports.node->list.n;
	}
	return n;
}

/* Only ports with a name: a targetPort may name them. */
static void read_container_port(const struct field *f, struct pod *pod)
{
	struct field name = field_get(f, "name"), port = field_get(f, "containerPort");
	struct endpoint_port p = {.name = field_string(name, ""), .proto = manifest_proto(field_get(f, "protocol"))};
	char quoted[FIELD_QUOTE];

	if (!port.node)
		field_error(&port, "required");
	p.port = field_port(port);
	if (*p.name && !name_is_port(p.name))
		field_error(&name, "%s is not a port's name (a-z, 0-9, '-', a letter, at most 15)",
			    field_quote(p.name, quoted));
	if (*p.name)
		pod->ports[pod->n_ports++] = p;
}

static void read_containers(const struct field *spec, struct pod *pod)
{
	struct field containers = field_list(spec, "containers");
	size_t n = count_ports(&containers);

	if (n)
		pod->ports = arena_alloc(spec->r->arena, n * sizeof(*pod->ports));
	for (size_t i = 0; i < field_count(&containers); i++) {
		struct field c = field_item_map(&containers, i), ports = field_list(&c, "ports");

		for (size_t j = 0; j < field_count(&ports); j++) {
			struct field f = field_item_map(&ports, j);

			read_container_port(&f, pod);
		}
	}
}

/* podIPs wins; podIP is its first. */
static void read_ips(const struct field *status, struct pod *pod)
{
	struct field list = field_list(status, "podIPs");
	size_t n = field_count(&list);

	pod->ips.items = arena_alloc(status->r->arena, (n + 1) * sizeof(struct addr));
	for (size_t i = 0; i < n; i++) {
		struct field f = field_item_map(&list, i);

		pod->ips.n += field_addr(field_get(&f, "ip"), &pod->ips.items[pod->ips.n]);
	}
	if (!n)
		pod->ips.n = field_addr(field_get(status, "podIP"), pod->ips.items);
}

static bool is_ready(const struct field *status)
{
	struct field list = field_list(status, "conditions");
	bool ready = false;

	for (size_t i = 0; i < field_count(&list); i++) {
		struct field f = field_item_map(&list, i);

		if (!strcmp(field_string(field_get(&f, "type"), ""), "Ready"))
			ready = !strcmp(field_string(field_get(&f, "status"), ""), "True");
	}
	return ready;
}

void manifest_read_pod(const struct field *root, struct object *o)
{
	struct field spec = field_map(root, "spec"), status = field_map(root, "status");
	const char *phase = field_string(field_get(&status, "phase"), "");
	const char *node = field_string(field_get(&spec, "nodeName"), "");
	struct pod *pod = &o->pod;

	read_containers(&spec, pod);
	read_ips(&status, pod);
	pod->ready = is_ready(&status);
	pod->terminating = o->meta.deleting != 0;
	pod->finished = !strcmp(phase, "Succeeded") || !strcmp(phase, "Failed");
	pod->node = *node ? node : NULL;
	pod->weight = manifest_weight(root);
}

void manifest_read_node(const struct field *root, struct object *o)
{
	struct field status = field_map(root, "status"), list = field_list(&status, "addresses");
	size_t n = field_count(&list);
	struct addr_list *out = &o->node.addresses;

	if (n)
		out->items = arena_alloc(root->r->arena, n * sizeof(struct addr));
	for (size_t i = 0; i < n; i++) {
		struct field f = field_item_map(&list, i);
		const char *type = field_string(field_get(&f, "type"), "");

		if (!strcmp(type, "InternalIP") || !strcmp(type, "ExternalIP"))
			out->n += field_addr(field_get(&f, "address"), &out->items[out->n]);
	}
}

/* What the data says is judged where it is used. */
void manifest_read_configmap(const struct field *root, struct object *o)
{
	o->configmap.data = field_pairs(field_map(root, "data"));
}
