/* A Service: core/v1 ServiceSpec with the API server's defaults and the checks that it makes.
 * Source: k8s.io/kubernetes pkg/apis/core/v1/defaults.go, pkg/apis/core/validation (ValidateService). Test: tests/test_manifest.c. */
#include "manifest_parts.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

static const char *const families[] = {"IPv4", "IPv6", NULL};

/* clusterIPs wins over clusterIP; where both are given the first must be the same. */
static void read_cluster_ips(const struct field *spec, struct service *s)
{
	struct field one = field_get(spec, "clusterIP"), list = field_list(spec, "clusterIPs");
	struct field first = field_count(&list) ? field_item(&list, 0) : one;
	const char *single = field_string(one, ""), *text = field_string(first, "");

	if (*single && strcmp(single, text)) {
		field_error(&one, "must be the first of spec.clusterIPs");
		return;
	}
	s->headless = !strcmp(text, "None");
	if (s->headless)
		return;
	if (field_count(&list)) {
		s->cluster_ips = field_addrs(list);
	} else if (*single) {
		s->cluster_ips.items = arena_alloc(spec->r->arena, sizeof(struct addr));
		s->cluster_ips.n = field_addr(one, s->cluster_ips.items);
	}
	if (s->cluster_ips.n > 2 ||
	    (s->cluster_ips.n == 2 && s->cluster_ips.items[0].family == s->cluster_ips.items[1].family))
		field_error(&list, "at most one address of each family");
}

static void read_families(const struct field *spec, struct service *s)
{
	static const char *const policies[] = {"SingleStack", "PreferDualStack", "RequireDualStack", NULL};
	struct field list = field_list(spec, "ipFamilies");
	unsigned policy = field_choice(field_get(spec, "ipFamilyPolicy"), policies, 0);

	s->prefer_dual = policy == 1;
	s->require_dual = policy == 2;
	for (size_t i = 0; i < field_count(&list); i++) {
		struct field f = field_item(&list, i);
		unsigned v6 = field_choice(f, families, 2);
		char text[ADDR_TEXT];

		if (v6 > 1)
			continue;
		if (v6 ? s->v6 : s->v4)
			field_error(&f, "%s is given twice", families[v6]);
		*(v6 ? &s->v6 : &s->v4) = true;
		if (i < s->cluster_ips.n && (s->cluster_ips.items[i].family == AF_INET6) != v6)
			field_error(&f, "%s, but clusterIPs[%zu] is %s", families[v6], i,
				    addr_format(&s->cluster_ips.items[i], text));
	}
}

static void read_target(const struct field *port, struct service_port *out)
{
	struct field f = field_get(port, "targetPort");
	char quoted[FIELD_QUOTE];

	if (f.node && f.node->type == NODE_STRING && f.node->text_len) {
		out->target_name = field_string(f, "");
		if (!name_is_port(out->target_name))
			field_error(&f, "%s is not a port's name (a-z, 0-9, '-', a letter, at most 15) nor a number",
				    field_quote(out->target_name, quoted));
	} else if (f.node && f.node->type != NODE_STRING && f.node->type != NODE_INT) {
		field_mistyped(&f, "an integer or a string");
	} else if (f.node && f.node->type == NODE_INT && f.node->integer) {
		out->target = field_port(f);
	} else {
		out->target = out->port;
	}
}

static void read_port(const struct field *f, const struct service *s, struct service_port *out)
{
	struct field name = field_get(f, "name"), port = field_get(f, "port"), node = field_get(f, "nodePort");
	char quoted[FIELD_QUOTE];

	out->pos = f->node ? f->node->pos : (struct pos){0, 0};
	out->name = field_string(name, "");
	if (*out->name && !name_is_label(out->name))
		field_error(&name, "%s is not a name (RFC 1123: a-z, 0-9 and '-', at most 63)",
			    field_quote(out->name, quoted));
	if (!port.node)
		field_error(&port, "required");
	out->port = field_port(port);
	out->proto = manifest_proto(field_get(f, "protocol"));
	read_target(f, out);
	if (node.node && node.node->type == NODE_INT && !node.node->integer)
		return; /* 0 is how "none" is printed */
	out->node_port = field_port(node);
	if (out->node_port && s->type == SERVICE_CLUSTERIP)
		field_error(&node, "may not be used when spec.type is ClusterIP");
}

struct numbered {
	const struct service_port *port;
	size_t index;
};

static int by_number(const void *a, const void *b)
{
	const struct numbered *x = a, *y = b;
	int c = x->port->proto - y->port->proto;

	c = c ? c : x->port->port - y->port->port;
	return c ? c : (x->index > y->index) - (x->index < y->index);
}

static int by_node_port(const void *a, const void *b)
{
	const struct numbered *x = a, *y = b;
	int c = x->port->proto - y->port->proto;

	c = c ? c : x->port->node_port - y->port->node_port;
	return c ? c : (x->index > y->index) - (x->index < y->index);
}

static int by_name(const void *a, const void *b)
{
	const struct numbered *x = a, *y = b;
	int c = strcmp(x->port->name, y->port->name);

	return c ? c : (x->index > y->index) - (x->index < y->index);
}

/* Reports each port that repeats its predecessor in the order; `key` is the field to point at. */
static void repeats(const struct field *list, struct numbered *all, size_t n, int (*order)(const void *, const void *),
		    const char *key)
{
	qsort(all, n, sizeof(*all), order);
	for (size_t i = 1; i < n; i++) {
		const struct service_port *x = all[i - 1].port, *y = all[i].port;
		struct field item = field_item(list, all[i].index), f = field_get(&item, key);
		bool same = order == by_name        ? *x->name && !strcmp(x->name, y->name)
			    : order == by_node_port ? x->node_port && x->node_port == y->node_port
						    : x->port && x->port == y->port;

		if (order != by_name && x->proto != y->proto)
			same = false;
		if (same)
			field_error(&f, "is the same as in spec.ports[%zu]", all[i - 1].index);
	}
}

static void check_ports(const struct field *list, const struct service *s)
{
	struct numbered *all = arena_alloc(list->r->arena, s->n_ports * sizeof(*all));

	for (size_t i = 0; i < s->n_ports; i++) {
		struct field item = field_item(list, i), name = field_get(&item, "name");

		all[i] = (struct numbered){&s->ports[i], i};
		if (s->n_ports > 1 && (!name.node || (name.node->type == NODE_STRING && !name.node->text_len)))
			field_error(&name, "required, for there are several ports");
	}
	repeats(list, all, s->n_ports, by_name, "name");
	repeats(list, all, s->n_ports, by_number, "port");
	repeats(list, all, s->n_ports, by_node_port, "nodePort");
}

static void read_ports(const struct field *spec, struct service *s)
{
	struct field list = field_list(spec, "ports");

	s->n_ports = field_count(&list);
	if (!s->n_ports) {
		if (!s->headless && s->type != SERVICE_EXTERNALNAME)
			field_error(&list, "required");
		return;
	}
	s->ports = arena_alloc(spec->r->arena, s->n_ports * sizeof(*s->ports));
	for (size_t i = 0; i < s->n_ports; i++) {
		struct field item = field_item_map(&list, i);

		read_port(&item, s, &s->ports[i]);
	}
	check_ports(&list, s);
}

static void read_source_ranges(const struct field *spec, struct service *s)
{
	struct field list = field_list(spec, "loadBalancerSourceRanges");
	size_t n = field_count(&list);

	if (n)
		s->source_ranges = arena_alloc(spec->r->arena, n * sizeof(*s->source_ranges));
	for (size_t i = 0; i < n; i++) {
		struct field f = field_item(&list, i);
		const char *text = field_string(f, "");
		size_t from = strspn(text, " \t"), len = strlen(text + from);
		char trimmed[CIDR_TEXT], quoted[FIELD_QUOTE];

		while (len && strchr(" \t", text[from + len - 1]))
			len--;
		if (len < sizeof(trimmed)) {
			memcpy(trimmed, text + from, len);
			trimmed[len] = '\0';
		}
		if (len < sizeof(trimmed) && !cidr_parse(trimmed, &s->source_ranges[s->n_source_ranges]))
			s->n_source_ranges++;
		else if (!f.node || f.node->type == NODE_STRING)
			field_error(&f, "%s is not a prefix such as 10.0.0.0/8", field_quote(text, quoted));
	}
}

static void read_affinity(const struct field *spec, struct service *s)
{
	static const char *const words[] = {"None", "ClientIP", NULL};
	struct field config = field_map(spec, "sessionAffinityConfig"), client = field_map(&config, "clientIP");

	s->client_ip = field_choice(field_get(spec, "sessionAffinity"), words, 0);
	s->affinity_timeout = field_uint(field_get(&client, "timeoutSeconds"), 1, 86400, 10800);
}

/* Addresses that a load balancer reported; host names are not for us to serve. */
static void read_ingress(const struct field *root, struct service *s)
{
	static const char *const modes[] = {"VIP", "Proxy", NULL};
	struct field status = field_map(root, "status"), lb = field_map(&status, "loadBalancer");
	struct field list = field_list(&lb, "ingress");
	size_t n = field_count(&list);

	if (n) {
		s->ingress.items = arena_alloc(root->r->arena, n * sizeof(struct addr));
		s->proxied.items = arena_alloc(root->r->arena, n * sizeof(struct addr));
	}
	for (size_t i = 0; i < n; i++) {
		struct field f = field_item_map(&list, i);
		struct addr_list *to = field_choice(field_get(&f, "ipMode"), modes, 0) ? &s->proxied : &s->ingress;

		if (field_addr(field_get(&f, "ip"), &to->items[to->n]))
			to->n++;
	}
}

/* A later Kubernetes may have further ones: they are preferences, not conditions. */
static uint8_t read_distribution(struct field f)
{
	static const struct {
		const char *name;
		enum distribution how;
	} words[] = {{"", DISTRIBUTE_ALL},
		     {"PreferClose", DISTRIBUTE_ZONE},
		     {"PreferSameZone", DISTRIBUTE_ZONE},
		     {"PreferSameNode", DISTRIBUTE_NODE}};
	const char *text = field_string(f, "");
	char quoted[FIELD_QUOTE];

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (!strcmp(text, words[i].name))
			return (uint8_t)words[i].how;
	field_warning(&f, "%s is not one of PreferClose, PreferSameZone, PreferSameNode: it is passed over",
		      field_quote(text, quoted));
	return DISTRIBUTE_ALL;
}

static void read_policies(const struct field *spec, struct service *s)
{
	static const char *const words[] = {"Cluster", "Local", NULL};

	s->distribution = read_distribution(field_get(spec, "trafficDistribution"));
	s->external_local = field_choice(field_get(spec, "externalTrafficPolicy"), words, 0);
	s->internal_local = field_choice(field_get(spec, "internalTrafficPolicy"), words, 0);
	s->allocate_node_ports = field_bool(field_get(spec, "allocateLoadBalancerNodePorts"), true);
	s->publish_not_ready = field_bool(field_get(spec, "publishNotReadyAddresses"), false);
}

static uint16_t health_port(struct field f)
{
	return f.node && f.node->type == NODE_INT && !f.node->integer ? 0 : field_port(f);
}

void manifest_read_service(const struct field *root, struct object *o)
{
	static const char *const types[] = {"ClusterIP", "NodePort", "LoadBalancer", "ExternalName", NULL};
	struct field spec = field_map(root, "spec"), type = field_get(&spec, "type");
	struct service *s = &o->service;
	const char *class;

	s->type = (enum service_type)field_choice(type, types, SERVICE_CLUSTERIP);
	read_cluster_ips(&spec, s);
	if (s->headless && (s->type == SERVICE_NODEPORT || s->type == SERVICE_LOADBALANCER))
		field_error(&type, "%s needs a cluster IP, but spec.clusterIP is None", types[s->type]);
	read_families(&spec, s);
	s->external_ips = field_addrs(field_list(&spec, "externalIPs"));
	field_addr(field_get(&spec, "loadBalancerIP"), &s->load_balancer_ip);
	class = field_string(field_get(&spec, "loadBalancerClass"), "");
	s->load_balancer_class = *class ? class : NULL;
	s->selector = field_pairs(field_map(&spec, "selector"));
	read_affinity(&spec, s);
	read_policies(&spec, s);
	read_source_ranges(&spec, s);
	s->health_check_node_port = health_port(field_get(&spec, "healthCheckNodePort"));
	read_ports(&spec, s);
	read_ingress(root, s);
}
