/* Typed objects -> JSON in the shape of core/v1 and discovery.k8s.io/v1. Source: the Kubernetes API reference.
 * Tests: tests/test_dry_run.c (what is printed reads back to the same), tests/test_control.c. */
#include "object_json.h"

#include "base/arena.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

json_t *object_json_text(const char *s)
{
	json_t *j = json_string(s);
	char *copy;

	if (j)
		return j;
	copy = xstrdup(s);
	for (char *p = copy; *p; p++)
		if ((unsigned char)*p >= 0x80)
			*p = '?';
	j = json_string(copy);
	free(copy);
	return j;
}

static void set(json_t *o, const char *key, json_t *value)
{
	json_object_set_new(o, key, value);
}

static void set_text(json_t *o, const char *key, const char *value)
{
	if (value)
		set(o, key, json_string(value));
}

static json_t *addr_json(const struct addr *a)
{
	char buf[ADDR_TEXT];

	return json_string(addr_format(a, buf));
}

static json_t *addrs_json(const struct addr *a, size_t n)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, addr_json(&a[i]));
	return list;
}

/* kubectl's copy of the whole manifest would only repeat it. */
static json_t *pairs_json(const struct str_pairs *p)
{
	json_t *o = json_object();

	for (size_t i = 0; i < p->n; i++)
		if (strcmp(p->items[i].key, "kubectl.kubernetes.io/last-applied-configuration") != 0)
			set_text(o, p->items[i].key, p->items[i].value);
	return o;
}

static void set_pairs(json_t *o, const char *key, const struct str_pairs *p)
{
	json_t *v = pairs_json(p);

	if (json_object_size(v))
		set(o, key, v);
	else
		json_decref(v);
}

static void set_time(json_t *o, const char *key, int64_t unix_seconds)
{
	time_t t = (time_t)unix_seconds;
	struct tm tm;
	char buf[32];

	if (unix_seconds > 0 && gmtime_r(&t, &tm) && strftime(buf, sizeof buf, "%Y-%m-%dT%H:%M:%SZ", &tm))
		set_text(o, key, buf);
}

static json_t *meta_json(const struct meta *m, const char *uid, int64_t created)
{
	json_t *o = json_object();

	set_text(o, "name", m->name);
	if (*m->namespace)
		set_text(o, "namespace", m->namespace);
	set_text(o, "uid", uid);
	set_time(o, "creationTimestamp", created);
	set_pairs(o, "labels", &m->labels);
	set_pairs(o, "annotations", &m->annotations);
	return o;
}

static json_t *object_json(const char *api, const char *kind, json_t *meta)
{
	return json_pack("{s:s, s:s, s:o}", "apiVersion", api, "kind", kind, "metadata", meta);
}

static json_t *service_ports_json(const struct service_view *v)
{
	const struct service *s = &v->object->service;
	json_t *list = json_array();

	for (size_t i = 0; i < s->n_ports; i++) {
		const struct service_port *p = &s->ports[i];
		uint16_t node_port = v->node_ports ? v->node_ports[i] : p->node_port;
		json_t *o = json_object();

		if (*p->name)
			set_text(o, "name", p->name);
		set(o, "port", json_integer(p->port));
		set_text(o, "protocol", proto_name(p->proto));
		set(o, "targetPort", p->target_name ? json_string(p->target_name) : json_integer(p->target));
		if (node_port)
			set(o, "nodePort", json_integer(node_port));
		json_array_append_new(list, o);
	}
	return list;
}

static const char *type_name(enum service_type t)
{
	static const char *const names[] = {[SERVICE_CLUSTERIP] = "ClusterIP",
					    [SERVICE_NODEPORT] = "NodePort",
					    [SERVICE_LOADBALANCER] = "LoadBalancer",
					    [SERVICE_EXTERNALNAME] = "ExternalName"};

	return names[t];
}

static void set_families(json_t *spec, const struct service_view *v)
{
	const struct service *s = &v->object->service;
	json_t *list = json_array();

	for (size_t i = 0; i < v->n_cluster_ips; i++)
		json_array_append_new(list, json_string(v->cluster_ips[i].family == AF_INET ? "IPv4" : "IPv6"));
	if (v->n_cluster_ips == 0 && s->v4)
		json_array_append_new(list, json_string("IPv4"));
	if (v->n_cluster_ips == 0 && s->v6)
		json_array_append_new(list, json_string("IPv6"));
	if (json_array_size(list))
		set(spec, "ipFamilies", list);
	else
		json_decref(list);
	if (s->require_dual || s->prefer_dual)
		set_text(spec, "ipFamilyPolicy", s->require_dual ? "RequireDualStack" : "PreferDualStack");
}

static void set_cluster_ips(json_t *spec, const struct service_view *v)
{
	if (v->object->service.headless) {
		set_text(spec, "clusterIP", "None");
	} else if (v->n_cluster_ips) {
		set(spec, "clusterIP", addr_json(&v->cluster_ips[0]));
		set(spec, "clusterIPs", addrs_json(v->cluster_ips, v->n_cluster_ips));
	}
}

static void set_load_balancer(json_t *spec, const struct service *s)
{
	char buf[CIDR_TEXT];
	json_t *ranges;

	if (s->load_balancer_ip.family)
		set(spec, "loadBalancerIP", addr_json(&s->load_balancer_ip));
	set_text(spec, "loadBalancerClass", s->load_balancer_class);
	if (s->n_source_ranges) {
		ranges = json_array();
		for (size_t i = 0; i < s->n_source_ranges; i++)
			json_array_append_new(ranges, json_string(cidr_format(&s->source_ranges[i], buf)));
		set(spec, "loadBalancerSourceRanges", ranges);
	}
	if (s->health_check_node_port)
		set(spec, "healthCheckNodePort", json_integer(s->health_check_node_port));
	set(spec, "allocateLoadBalancerNodePorts", json_boolean(s->allocate_node_ports));
}

static json_t *service_spec_json(const struct service_view *v)
{
	const struct service *s = &v->object->service;
	json_t *spec = json_object();

	set_text(spec, "type", type_name(s->type));
	set_cluster_ips(spec, v);
	set_families(spec, v);
	if (s->external_ips.n)
		set(spec, "externalIPs", addrs_json(s->external_ips.items, s->external_ips.n));
	set(spec, "ports", service_ports_json(v));
	set_pairs(spec, "selector", &s->selector);
	set_text(spec, "sessionAffinity", s->client_ip ? "ClientIP" : "None");
	if (s->client_ip)
		set(spec, "sessionAffinityConfig",
		    json_pack("{s:{s:i}}", "clientIP", "timeoutSeconds", (int)s->affinity_timeout));
	if (s->distribution)
		set_text(spec, "trafficDistribution",
			 s->distribution == DISTRIBUTE_NODE ? "PreferSameNode" : "PreferSameZone");
	set_text(spec, "internalTrafficPolicy", s->internal_local ? "Local" : "Cluster");
	if (s->type != SERVICE_CLUSTERIP || s->external_ips.n)
		set_text(spec, "externalTrafficPolicy", s->external_local ? "Local" : "Cluster");
	if (s->type == SERVICE_LOADBALANCER)
		set_load_balancer(spec, s);
	if (s->publish_not_ready)
		set(spec, "publishNotReadyAddresses", json_true());
	return spec;
}

static json_t *ingress_json(const struct service_view *v, const char *ip_mode)
{
	json_t *list = json_array();

	for (size_t i = 0; i < v->n_vips; i++)
		json_array_append_new(list, json_pack("{s:o, s:s}", "ip", addr_json(&v->vips[i]), "ipMode", ip_mode));
	return json_pack("{s:o}", "ingress", list);
}

json_t *object_json_service(const struct service_view *v, enum object_json_use use, const char *ip_mode)
{
	const struct meta *m = &v->object->meta;
	json_t *meta = meta_json(m, v->uid, use == AS_ANSWER ? v->since : m->created);
	json_t *o = object_json("v1", "Service", meta), *status = json_object();

	set(o, "spec", service_spec_json(v));
	if (v->n_vips && (use == AS_ANSWER || v->object->service.type == SERVICE_LOADBALANCER))
		set(status, "loadBalancer", ingress_json(v, ip_mode));
	if (use == AS_ANSWER && v->message)
		set(status, "conditions",
		    json_pack("[{s:s, s:s, s:s, s:s}]", "type", "Programmed", "status", "False", "reason",
			      v->reason ? v->reason : "Problem", "message", v->message));
	if (use == AS_ANSWER || json_object_size(status))
		set(o, "status", status);
	else
		json_decref(status);
	return o;
}

static uint8_t port_proto(const struct service *s, const char *name)
{
	for (size_t i = 0; i < s->n_ports; i++)
		if (strcmp(s->ports[i].name, name) == 0)
			return s->ports[i].proto;
	return IPPROTO_TCP;
}

/* The endpoints of a view, those in use and the others, fall into groups of one port name, number, family and weight. */
static bool same_group(const struct service_view *v, size_t a, size_t b)
{
	const struct real *x = &v->endpoints[a], *y = &v->endpoints[b];

	return x->port == y->port && x->addr.family == y->addr.family && x->weight == y->weight &&
	       strcmp(v->endpoint_ports[a], v->endpoint_ports[b]) == 0;
}

static bool leads_group(const struct service_view *v, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (same_group(v, i, k))
			return false;
	return true;
}

static json_t *group_port_json(const struct service_view *v, size_t first)
{
	const char *name = v->endpoint_ports[first];
	json_t *o = json_object();

	if (*name)
		set_text(o, "name", name);
	set(o, "port", json_integer(v->endpoints[first].port));
	set_text(o, "protocol", proto_name(port_proto(&v->object->service, name)));
	return o;
}

/* Of a group, from first up to last. */
static void set_addresses(json_t *subset, const char *key, const struct service_view *v, size_t group, size_t first,
			  size_t last)
{
	json_t *list = json_array();

	for (size_t i = first; i < last; i++)
		if (same_group(v, i, group))
			json_array_append_new(list, json_pack("{s:o}", "ip", addr_json(&v->endpoints[i].addr)));
	if (json_array_size(list))
		set(subset, key, list);
	else
		json_decref(list);
}

static json_t *subset_json(const struct service_view *v, size_t first)
{
	json_t *o = json_object();

	set_addresses(o, "addresses", v, first, first, v->n_endpoints);
	set_addresses(o, "notReadyAddresses", v, first, v->n_endpoints, v->n_endpoints + v->n_idle);
	set(o, "ports", json_pack("[o]", group_port_json(v, first)));
	return o;
}

json_t *object_json_endpoints(const struct service_view *v)
{
	json_t *o = object_json("v1", "Endpoints", meta_json(&v->object->meta, NULL, v->since));
	json_t *subsets = json_array();

	for (size_t i = 0; i < v->n_endpoints + v->n_idle; i++)
		if (leads_group(v, i))
			json_array_append_new(subsets, subset_json(v, i));
	set(o, "subsets", subsets);
	return o;
}

static json_t *slice_json(const struct service_view *v, size_t first, size_t index)
{
	const struct meta *m = &v->object->meta;
	const struct real *r = &v->endpoints[first];
	char *name = xasprintf("%s-%zu", m->name, index);
	json_t *meta = json_pack("{s:s, s:s, s:{s:s}}", "name", name, "namespace", m->namespace, "labels",
				 "kubernetes.io/service-name", m->name);
	json_t *o = object_json("discovery.k8s.io/v1", "EndpointSlice", meta), *endpoints = json_array();
	char weight[16];

	free(name);
	snprintf(weight, sizeof weight, "%u", r->weight);
	if (r->weight != 1)
		set(meta, "annotations", json_pack("{s:s}", "vipd.io/weight", weight));
	set_text(o, "addressType", r->addr.family == AF_INET ? "IPv4" : "IPv6");
	for (size_t i = first; i < v->n_endpoints; i++)
		if (same_group(v, i, first))
			json_array_append_new(endpoints,
					      json_pack("{s:[o], s:{s:b}}", "addresses",
							addr_json(&v->endpoints[i].addr), "conditions", "ready", 1));
	set(o, "endpoints", endpoints);
	set(o, "ports", json_pack("[o]", group_port_json(v, first)));
	return o;
}

json_t *object_json_slices(const struct service_view *v)
{
	json_t *list = json_array();

	for (size_t i = 0; i < v->n_endpoints; i++)
		if (leads_group(v, i))
			json_array_append_new(list, slice_json(v, i, json_array_size(list) + 1));
	return list;
}

static json_t *container_ports_json(const struct pod *p)
{
	json_t *list = json_array();

	for (size_t i = 0; i < p->n_ports; i++)
		json_array_append_new(list,
				      json_pack("{s:s, s:i, s:s}", "name", p->ports[i].name, "containerPort",
						(int)p->ports[i].port, "protocol", proto_name(p->ports[i].proto)));
	return list;
}

json_t *object_json_pod(const struct object *o)
{
	const struct pod *p = &o->pod;
	json_t *j = object_json("v1", "Pod", meta_json(&o->meta, o->meta.uid, o->meta.created));
	json_t *spec = json_object(), *status = json_object(), *ips = json_array();

	set_text(spec, "nodeName", p->node);
	if (p->n_ports)
		set(spec, "containers", json_pack("[{s:o}]", "ports", container_ports_json(p)));
	set_text(status, "phase", p->finished ? "Succeeded" : p->ips.n ? "Running" : "Pending");
	set(status, "conditions", json_pack("[{s:s, s:s}]", "type", "Ready", "status", p->ready ? "True" : "False"));
	if (p->ips.n)
		set(status, "podIP", addr_json(&p->ips.items[0]));
	for (size_t i = 0; i < p->ips.n; i++)
		json_array_append_new(ips, json_pack("{s:o}", "ip", addr_json(&p->ips.items[i])));
	set(status, "podIPs", ips);
	if (p->terminating)
		set_text(status, "reason", "Terminating");
	set(j, "spec", spec);
	set(j, "status", status);
	return j;
}

json_t *object_json_node(const struct object *o)
{
	json_t *j = object_json("v1", "Node", meta_json(&o->meta, o->meta.uid, o->meta.created));
	json_t *addresses = json_array();

	for (size_t i = 0; i < o->node.addresses.n; i++)
		json_array_append_new(addresses, json_pack("{s:s, s:o}", "type", "InternalIP", "address",
							   addr_json(&o->node.addresses.items[i])));
	set(j, "status", json_pack("{s:o}", "addresses", addresses));
	return j;
}

json_t *object_json_configmap(const struct object *o)
{
	json_t *j = object_json("v1", "ConfigMap", meta_json(&o->meta, o->meta.uid, o->meta.created));

	set(j, "data", pairs_json(&o->configmap.data));
	return j;
}
