/* A Service -> its virtual servers and virtual IPs: kinds of address, families, persistence, forwarding.
 * Source: SEMANTICS.md 3 (kube-proxy's IPVS mode), linux/ip_vs.h (flags). Test: tests/test_plan_services.c */
#include "plan_int.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* The real servers of the port at hand that were resolved already. */
struct resolved {
	uint8_t family, scope, forward;
	struct backend *backend;
};

enum { RANGES_MAX = RANGES_OF_ONE - 1 }; /* and the address itself */

struct draft {
	const struct plan *plan;
	struct svc *svc;
	const struct service *service;
	bool stated, v4, v6; /* families that the manifest states */
	struct knobs knobs;
	const struct service_port *port;
	struct resolved resolved[12]; /* 2 families, 2 scopes, 3 ways of forwarding */
	size_t n_resolved;
	struct want *wants;
	size_t n, cap;
	bool full; /* some were left out */
	bool cut;  /* ... source ranges */
	struct vip_want *vips;
	size_t n_vips;
};

/* ---- virtual servers ---- */

static struct backend *draft_backend(struct draft *d, uint8_t family, enum scope scope, enum forward forward)
{
	struct resolved *r = d->resolved;

	for (size_t i = 0; i < d->n_resolved; i++, r++) {
		if (r->family != family || r->scope != scope || r->forward != forward)
			continue;
		r->backend->refs++;
		return r->backend;
	}
	*r = (struct resolved){family, (uint8_t)scope, (uint8_t)forward,
			       resolve(d->plan, d->svc, d->port, family, scope, forward, &d->knobs.limits)};
	d->n_resolved++;
	r->backend->refs++;
	return r->backend;
}

static void resolved_clear(struct draft *d)
{
	for (size_t i = 0; i < d->n_resolved; i++)
		backend_unref(d->resolved[i].backend);
	d->n_resolved = 0;
}

/* DR and TUN leave the packet as it is: every real server must listen on the virtual server's port. */
static bool port_mismatch(const struct draft *d, const struct backend *b, enum forward forward, uint16_t *target)
{
	if (forward == FORWARD_NAT)
		return false;
	*target = d->port->target_name ? d->port->port : d->port->target;
	for (uint32_t i = 0; i < b->n; i++)
		if (backend_real(b, i).port != d->port->port)
			*target = backend_real(b, i).port;
	return *target != d->port->port;
}

static bool recorded(const struct draft *d, const struct addr *a, uint16_t port, enum source source)
{
	const char *owner;

	if (source != FROM_NODE)
		return record_addr_of(d->plan->record, a, d->svc->name);
	return record_port_taken(d->plan->record, port, d->port->proto, &owner) && !strcmp(owner, d->svc->name);
}

/* The Service's source ranges for an address: NULL for none, or if one of them is everything. A node that is in one reaches the address from itself, and
 * then comes from that address. */
static struct ranges *draft_ranges(struct draft *d, const struct addr *a)
{
	const struct service *s = d->service;
	struct ranges *r = xmalloc(sizeof *r + (s->n_source_ranges + 1) * sizeof *r->items);
	bool all = false, here = false, cut = false;

	r->n = 0;
	for (size_t i = 0; i < s->n_source_ranges && !all; i++) {
		const struct cidr *c = &s->source_ranges[i];

		if (c->addr.family != a->family)
			continue;
		all = c->bits == 0;
		cut |= r->n == RANGES_MAX;
		if (r->n == RANGES_MAX)
			continue;
		for (size_t k = 0; k < d->plan->n_locals; k++)
			here |= cidr_contains(c, &d->plan->locals[k]);
		r->items[r->n++] = *c;
	}
	if (!r->n || all) {
		free(r);
		return NULL;
	}
	d->cut |= cut;
	if (here)
		r->items[r->n++] = (struct cidr){*a, (uint8_t)addr_bits(a)};
	return r;
}

static bool in_nets(const struct cidr *nets, size_t n, const struct addr *a)
{
	for (size_t i = 0; i < n; i++)
		if (cidr_contains(&nets[i], a))
			return true;
	return false;
}

bool plan_excludes(const struct plan_config *c, const struct addr *a)
{
	return in_nets(c->excluded, c->n_excluded, a);
}

static void draft_want(struct draft *d, const struct addr *a, uint16_t port, enum source source, enum forward forward)
{
	enum { WANTS_MAX = 16384 };
	static const uint8_t kinds[] = {[FROM_CONFIGMAP] = VS_EXTERNAL,
					[FROM_BALANCER] = VS_BALANCER,
					[FROM_EXTERNAL] = VS_EXTERNAL,
					[FROM_CLUSTER] = VS_CLUSTER,
					[FROM_NODE] = VS_NODE_PORT};
	enum scope scope = source == FROM_CLUSTER ? SCOPE_INTERNAL : SCOPE_EXTERNAL;
	uint32_t flags = d->knobs.flags;
	struct backend *b;
	struct want *w;
	uint16_t target;

	if (plan_excludes(&d->plan->config, a))
		return;
	if (d->n == WANTS_MAX) {
		d->full = true;
		return;
	}
	b = draft_backend(d, a->family, scope, forward);
	if (port_mismatch(d, b, forward, &target)) {
		problems_add(&d->svc->found, "PortMismatch",
			     "%s %u goes to port %u: %s cannot change the port, so port and targetPort must be equal",
			     proto_name(d->port->proto), d->port->port, target, forward_name(forward));
		backend_unref(b);
		return;
	}
	if (d->n == d->cap) {
		d->cap = d->cap ? 2 * d->cap : 1;
		d->wants = xrealloc(d->wants, d->cap * sizeof *d->wants);
	}
	if (d->port->proto != IPPROTO_UDP)
		flags &= ~(uint32_t)VS_ONEPACKET;
	w = &d->wants[d->n];
	*w = (struct want){.backend = b,
			   .svc = d->svc,
			   .key = {*a, port, d->port->proto},
			   .kind = kinds[source],
			   .keep_source =
			       source == FROM_CLUSTER ? d->service->internal_local : d->service->external_local,
			   .flags = (uint8_t)(flags | (d->service->client_ip ? VS_PERSISTENT : 0u)),
			   .timeout = d->service->client_ip ? d->service->affinity_timeout : 0,
			   .drain_s = d->knobs.drain_s,
			   .granularity = a->family == AF_INET ? d->knobs.granularity4 : d->knobs.granularity6,
			   .rank = (uint32_t)d->n++};
	memcpy(w->sched, d->knobs.sched, sizeof w->sched);
	if (source == FROM_BALANCER) {
		w->ranges = draft_ranges(d, a);
		w->health_port = service_health_port(d->plan, d->svc);
	}
	w->recorded = recorded(d, a, port, source);
}

static bool family_fits(const struct draft *d, const struct addr *a)
{
	return !d->stated || (a->family == AF_INET ? d->v4 : d->v6);
}

/* The forwarding method for an address that clients use. */
static enum forward draft_forward(const struct draft *d, int by_entry)
{
	return by_entry >= 0           ? (enum forward)by_entry
	       : d->knobs.forward >= 0 ? (enum forward)d->knobs.forward
				       : d->plan->config.default_forward;
}

/* What keepalived-cloud-provider said about the address; -1: nothing. */
static int cloud_forward(const struct draft *d, const struct addr *a)
{
	const struct grant *g;

	for (size_t i = 0; i < d->svc->n_entries && d->knobs.forward < 0; i++)
		if (!d->svc->entries[i]->key && addr_equal(&d->svc->entries[i]->addr, a))
			return d->svc->entries[i]->forward;
	for (size_t i = 0; d->knobs.forward < 0 && (g = record_addr_get(d->plan->record, a, i)); i++)
		if (g->method && !strcmp(g->owner, d->svc->name))
			return g->method - 1;
	return -1;
}

static void draft_ports(struct draft *d, const struct addr *a, enum source source, enum forward forward)
{
	if (family_fits(d, a))
		draft_want(d, a, d->port->port, source, forward);
}

/* Why this externalIP is not served; NULL: it is. Whoever may write a Service names them (CVE-2020-8554). */
static const char *external_denied(const struct draft *d, const struct addr *a)
{
	const struct plan_config *c = &d->plan->config;

	if (in_nets(c->cluster_cidrs, c->n_cluster_cidrs, a))
		return "is in the range of cluster IPs (serviceClusterCIDR)";
	return !c->n_external_ranges || in_nets(c->external_ranges, c->n_external_ranges, a)
		   ? NULL
		   : "is not in externalIPRanges";
}

static void draft_node_port(struct draft *d, uint16_t port)
{
	const struct plan_config *config = &d->plan->config;
	bool v4, v6;

	plan_families(d->plan, d->svc->object, &v4, &v6);
	for (size_t i = 0; i < d->plan->n_locals && port; i++) {
		const struct addr *a = &d->plan->locals[i];

		if ((a->family == AF_INET ? v4 : v6) && !addr_unusable(a) &&
		    (!config->n_node_port_nets || in_nets(config->node_port_nets, config->n_node_port_nets, a)))
			draft_want(d, a, port, FROM_NODE, FORWARD_NAT);
	}
}

/* All virtual servers of one port; the first that names a key counts, so the most particular kind of address comes first. */
static void draft_port(struct draft *d, size_t index)
{
	const struct svc *s = d->svc;
	unsigned handle = d->plan->config.handle;

	d->port = &d->service->ports[index];
	for (size_t i = 0; i < s->n_entries && (handle & HANDLE_CONFIGMAP); i++)
		if (s->entries[i]->key)
			draft_ports(d, &s->entries[i]->addr, FROM_CONFIGMAP, draft_forward(d, s->entries[i]->forward));
	for (size_t i = 0; i < s->n_balancer && (handle & HANDLE_LOADBALANCER); i++)
		draft_ports(d, &s->balancer[i], FROM_BALANCER, draft_forward(d, cloud_forward(d, &s->balancer[i])));
	for (size_t i = 0; i < d->service->external_ips.n && (handle & HANDLE_EXTERNALIP); i++)
		if (!external_denied(d, &d->service->external_ips.items[i]))
			draft_ports(d, &d->service->external_ips.items[i], FROM_EXTERNAL, draft_forward(d, -1));
	for (size_t i = 0; i < s->n_cluster && (handle & HANDLE_CLUSTERIP); i++)
		draft_ports(d, &s->cluster[i], FROM_CLUSTER, FORWARD_NAT);
	if ((handle & HANDLE_NODEPORT) && s->node_ports)
		draft_node_port(d, s->node_ports[index]);
	resolved_clear(d);
}

static int want_cmp(const void *a, const void *b)
{
	const struct want *x = a, *y = b;
	int c = vs_key_cmp(&x->key, &y->key);

	return c ? c : (x->rank > y->rank) - (x->rank < y->rank);
}

static void wants_unique(struct draft *d)
{
	size_t kept = 0;

	if (d->n)
		qsort(d->wants, d->n, sizeof *d->wants, want_cmp);
	for (size_t i = 0; i < d->n; i++) {
		if (kept && !vs_key_cmp(&d->wants[kept - 1].key, &d->wants[i].key)) {
			d->wants[kept - 1].recorded |= d->wants[i].recorded;
			backend_unref(d->wants[i].backend);
			free(d->wants[i].ranges);
		} else {
			d->wants[kept++] = d->wants[i];
		}
	}
	d->n = kept;
	if (kept && kept < d->cap)
		d->wants = xrealloc(d->wants, kept * sizeof *d->wants);
}

/* ---- virtual IPs ---- */

static void draft_vip(struct draft *d, const struct addr *a, enum source source)
{
	static const char *const what[] = {[FROM_CONFIGMAP] = "VIP of the ConfigMap",
					   [FROM_BALANCER] = "load balancer address",
					   [FROM_EXTERNAL] = "external IP",
					   [FROM_CLUSTER] = "cluster IP",
					   [FROM_NODE] = "node address"};
	char text[ADDR_TEXT];

	if (!family_fits(d, a)) {
		problems_add(&d->svc->found, "FamilyMismatch", "%s %s is not of this Service's ipFamilies",
			     what[source], addr_format(a, text));
		return;
	}
	d->vips = xrealloc(d->vips, (d->n_vips + 1) * sizeof *d->vips);
	d->vips[d->n_vips++] = (struct vip_want){*a, (uint8_t)source};
}

static void draft_external(struct draft *d, const struct addr *a)
{
	const char *denied = external_denied(d, a);
	char text[ADDR_TEXT];

	if (denied)
		problems_add(&d->svc->found, "ExternalIPDenied", "external IP %s %s: it is left out",
			     addr_format(a, text), denied);
	else
		draft_vip(d, a, FROM_EXTERNAL);
}

static int vip_want_cmp(const void *a, const void *b)
{
	const struct vip_want *x = a, *y = b;
	int c = addr_cmp(&x->addr, &y->addr);

	return c ? c : (int)x->source - (int)y->source;
}

static void draft_vips(struct draft *d)
{
	const struct svc *s = d->svc;
	unsigned handle = d->plan->config.handle;
	size_t kept = 0;

	for (size_t i = 0; i < s->n_entries && (handle & HANDLE_CONFIGMAP); i++)
		if (s->entries[i]->key)
			draft_vip(d, &s->entries[i]->addr, FROM_CONFIGMAP);
	for (size_t i = 0; i < s->n_balancer && (handle & HANDLE_LOADBALANCER); i++)
		draft_vip(d, &s->balancer[i], FROM_BALANCER);
	for (size_t i = 0; i < d->service->external_ips.n && (handle & HANDLE_EXTERNALIP); i++)
		draft_external(d, &d->service->external_ips.items[i]);
	for (size_t i = 0; i < s->n_cluster && (handle & HANDLE_CLUSTERIP); i++)
		if (!plan_excludes(&d->plan->config, &s->cluster[i])) /* without a virtual server it is of no use */
			draft_vip(d, &s->cluster[i], FROM_CLUSTER);
	if (d->n_vips)
		qsort(d->vips, d->n_vips, sizeof *d->vips, vip_want_cmp);
	for (size_t i = 0; i < d->n_vips; i++)
		if (!kept || !addr_equal(&d->vips[kept - 1].addr, &d->vips[i].addr))
			d->vips[kept++] = d->vips[i];
	d->n_vips = kept;
}

void compile_service(const struct plan *p, struct svc *s, struct want **wants, size_t *n_wants, struct vip_want **vips,
		     size_t *n_vips)
{
	struct draft d = {.plan = p, .svc = s, .service = &s->object->service};

	d.stated = service_families(s->object, &d.v4, &d.v6);
	knobs_read(&p->config, s, &d.knobs);
	for (size_t i = 0; i < d.service->n_ports; i++)
		draft_port(&d, i);
	if (d.full)
		problems_add(&s->found, "TooLarge",
			     "more than %zu virtual servers: ports times addresses; the rest is left out", d.n);
	if (d.cut)
		problems_add(&s->found, "TooLarge",
			     "more than %d loadBalancerSourceRanges of a family: clients in the rest are refused",
			     RANGES_MAX);
	wants_unique(&d);
	draft_vips(&d);
	*wants = d.wants;
	*n_wants = d.n;
	*vips = d.vips;
	*n_vips = d.n_vips;
}
