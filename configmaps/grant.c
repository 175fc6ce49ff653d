/* Which cluster IPs and node ports a Service has, and its load balancer addresses (balancer.c). What its manifest gives comes first, then what the
 * record says, then the first free one, which is recorded. A cluster IP or node port that another manifest names is given up and replaced.
 * Source: DESIGN.md 'Inputs', the API server's allocators. Test: tests/test_plan_alloc.c */
#include "plan_int.h"

#include "uid.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

const char *svc_uid(const struct plan *p, const struct svc *s, char buf[UID_BUF])
{
	const char *kind = kind_name(KIND_SERVICE);

	if (s->object->meta.uid)
		return s->object->meta.uid;
	return uid_derive(kind, s->name, record_uid_generation(p->record, kind, s->name), buf);
}

/* ---- what a manifest says ---- */

bool service_served(const struct object *o)
{
	return !o->service.headless && o->service.type != SERVICE_EXTERNALNAME;
}

bool service_has_node_ports(const struct object *o)
{
	return o->service.type == SERVICE_NODEPORT || o->service.type == SERVICE_LOADBALANCER;
}

bool service_families(const struct object *o, bool *v4, bool *v6)
{
	const struct service *s = &o->service;

	*v4 = s->v4;
	*v6 = s->v6;
	for (size_t i = 0; i < s->cluster_ips.n && !s->v4 && !s->v6; i++)
		*(s->cluster_ips.items[i].family == AF_INET ? v4 : v6) = true;
	if (s->require_dual || s->prefer_dual)
		*v4 = *v6 = true;
	return *v4 || *v6;
}

void plan_families(const struct plan *p, const struct object *o, bool *v4, bool *v6)
{
	if (service_families(o, v4, v6))
		return;
	*v6 = p->config.n_cluster_cidrs && p->config.cluster_cidrs[0].addr.family == AF_INET6;
	*v4 = !*v6;
}

void addrs_add(struct addr **items, size_t *n, const struct addr *a)
{
	for (size_t i = 0; i < *n; i++)
		if (addr_equal(&(*items)[i], a))
			return;
	*items = xrealloc(*items, (*n + 1) * sizeof **items);
	(*items)[(*n)++] = *a;
}

/* ---- the record ---- */

struct grants {
	struct grant *items;
	size_t n;
};

static void grants_collect(void *arg, const struct grant *g)
{
	struct grants *l = arg;

	l->items = xrealloc(l->items, (l->n + 1) * sizeof *l->items);
	l->items[l->n++] = *g;
}

static void grant_drop(struct plan *p, const struct grant *g)
{
	struct grant gone = *g;

	record_drop(p->record, g);
	if (gone.kind == GRANT_NODE_PORT)
		store_port_freed(p, gone.proto);
	else
		store_addr_changed(p, &gone.addr);
}

void grant_put(struct plan *p, const struct grant *g)
{
	record_put(p->record, g);
	if (g->kind != GRANT_NODE_PORT)
		store_addr_changed(p, &g->addr);
}

static void prune_collect(void *arg, const struct grant *g)
{
	struct map *owners = arg;

	if (!map_gets(owners, g->owner))
		map_puts(owners, g->owner, xstrdup(g->owner));
}

/* What a Service that went while vipd was down had: a new one of that name gets a new uid. */
static void prune_owner(struct plan *p, const char *owner)
{
	char uid[UID_TEXT];
	struct grants l = {0};
	bool derived = false;

	uid_derive(kind_name(KIND_SERVICE), owner, record_uid_generation(p->record, kind_name(KIND_SERVICE), owner),
		   uid);
	record_each(p->record, owner, grants_collect, &l);
	for (size_t i = 0; i < l.n; i++) {
		derived |= !strcmp(l.items[i].uid, uid);
		grant_drop(p, &l.items[i]);
	}
	free(l.items);
	if (derived)
		record_uid_raise(p->record, kind_name(KIND_SERVICE), owner);
}

void grants_prune(struct plan *p)
{
	struct map *owners = map_new();
	void *owner;

	record_each(p->record, NULL, prune_collect, owners);
	for (size_t at = 0; map_next(owners, &at, NULL, NULL, &owner);) {
		const struct svc *s = map_gets(p->services, owner);

		if (!s || !s->object)
			prune_owner(p, owner);
	}
	map_free(owners, free);
}

/* ---- what stays ---- */

void grants_clear(struct svc *s)
{
	free(s->cluster);
	free(s->balancer);
	free(s->node_ports);
	s->cluster = s->balancer = NULL;
	s->node_ports = NULL;
	s->n_cluster = s->n_balancer = 0;
}

bool addrs_family(const struct addr *items, size_t n, uint8_t family)
{
	for (size_t i = 0; i < n; i++)
		if (items[i].family == family)
			return true;
	return false;
}

static bool keep_cluster(const struct plan *p, struct svc *s, const struct grant *g)
{
	bool v4, v6;

	plan_families(p, s->object, &v4, &v6);
	if (!(g->addr.family == AF_INET ? v4 : v6) || addrs_family(s->cluster, s->n_cluster, g->addr.family) ||
	    store_addr_named(p, &g->addr))
		return false;
	addrs_add(&s->cluster, &s->n_cluster, &g->addr);
	return true;
}

static bool port_fits(const struct service_port *sp, const struct grant *g)
{
	return sp->proto == g->proto && (sp->port == g->service_port || (*sp->name && !strcmp(sp->name, g->port_name)));
}

static bool keep_port(const struct plan *p, struct svc *s, const struct grant *g)
{
	const struct service *service = &s->object->service;

	if (!service_has_node_ports(s->object) || store_port_named(p, g->proto, g->port) ||
	    (service->type == SERVICE_LOADBALANCER && !service->allocate_node_ports))
		return false;
	for (size_t i = 0; i < service->n_ports; i++) {
		if (s->node_ports[i] || !port_fits(&service->ports[i], g))
			continue;
		s->node_ports[i] = g->port;
		return true;
	}
	return false;
}

/* Fills in the cluster IPs and node ports that the manifest gives. */
static void given_fill(struct svc *s)
{
	const struct service *service = &s->object->service;

	for (size_t i = 0; i < service->cluster_ips.n; i++)
		addrs_add(&s->cluster, &s->n_cluster, &service->cluster_ips.items[i]);
	if (service_has_node_ports(s->object))
		s->node_ports = xcalloc(service->n_ports + 1, sizeof *s->node_ports);
	for (size_t i = 0; i < service->n_ports && s->node_ports; i++)
		s->node_ports[i] = service->ports[i].node_port;
}

void grants_keep(struct plan *p, struct svc *s)
{
	struct grants l = {0};
	struct asked asked = {0};
	bool served = s->object && service_served(s->object);
	const char *uid = NULL;
	char buf[UID_BUF];

	grants_clear(s);
	if (served) {
		given_fill(s);
		balancer_ask(p, s, &asked);
	}
	record_each(p->record, s->name, grants_collect, &l);
	if (served && l.n)
		uid = svc_uid(p, s, buf);
	for (size_t i = 0; i < l.n; i++) {
		const struct grant *g = &l.items[i];
		bool keep = false;

		if (served && !strcmp(g->uid, uid))
			keep = g->kind == GRANT_CLUSTER_IP  ? keep_cluster(p, s, g)
			       : g->kind == GRANT_NODE_PORT ? keep_port(p, s, g)
							    : balancer_keep(p, s, g, &asked);
		if (!keep)
			grant_drop(p, g);
	}
	s->kept = true;
	free(asked.addrs.items);
	free(l.items);
}

void grant_adopt(struct plan *p, struct svc *s, const struct grant *g)
{
	struct grant mine = *g;

	mine.owner = s->name;
	if (g->kind == GRANT_CLUSTER_IP) {
		if (!(p->config.handle & HANDLE_CLUSTERIP) || spans_has(p->taken, &g->addr) || !keep_cluster(p, s, g))
			return;
	} else if (!(p->config.handle & HANDLE_NODEPORT) || record_port_taken(p->record, g->port, g->proto, NULL) ||
		   !keep_port(p, s, g)) {
		return;
	}
	grant_put(p, &mine);
}

/* ---- what is given out ---- */

void grant_starve(struct plan *p, struct svc *s)
{
	if (!s->starved)
		svc_list_add(&p->starved, s);
	s->starved = true;
}

const char *family_name(uint8_t family)
{
	return family == AF_INET ? "IPv4" : "IPv6";
}

bool rooms_family(const struct pool_range *rooms, size_t n, uint8_t family)
{
	for (size_t i = 0; i < n; i++)
		if (rooms[i].first.family == family)
			return true;
	return false;
}

bool rooms_take(const struct plan *p, const struct pool_range *rooms, size_t n, uint8_t family, struct addr *out)
{
	for (size_t i = 0; i < n; i++)
		if (rooms[i].first.family == family && !spans_gap(p->taken, &rooms[i].first, &rooms[i].last, out))
			return true;
	return false;
}

static bool take_cluster(struct plan *p, struct svc *s, uint8_t family, struct addr *out)
{
	struct grant g = {.kind = GRANT_CLUSTER_IP, .owner = s->name};
	char buf[UID_BUF];

	if (!rooms_take(p, p->cluster, p->n_cluster, family, &g.addr))
		return false;
	g.uid = svc_uid(p, s, buf);
	grant_put(p, &g);
	*out = g.addr;
	return true;
}

static void give_cluster(struct plan *p, struct svc *s, uint8_t family)
{
	const struct service *service = &s->object->service;
	struct addr a;

	if (addrs_family(s->cluster, s->n_cluster, family))
		return;
	if (!rooms_family(p->cluster, p->n_cluster, family)) {
		/* A Service that has other addresses does without a cluster IP where there are none. */
		if (service->require_dual ||
		    (!p->n_cluster && service->type == SERVICE_CLUSTERIP && !service->external_ips.n))
			problems_add(&s->found, "NotAllocated",
				     "no %s cluster IP is given and there is no serviceClusterCIDR for it",
				     family_name(family));
		return;
	}
	if (!p->config.allocate) {
		problems_add(&s->found, "NotAllocated",
			     "no %s cluster IP is given or recorded, and this node does not allocate",
			     family_name(family));
	} else if (take_cluster(p, s, family, &a)) {
		addrs_add(&s->cluster, &s->n_cluster, &a);
	} else {
		grant_starve(p, s);
		problems_add(&s->found, "AllocationFailed", "serviceClusterCIDR has no free %s address",
			     family_name(family));
	}
}

size_t proto_slot(uint8_t proto)
{
	return proto == IPPROTO_TCP ? 0 : proto == IPPROTO_UDP ? 1 : 2;
}

static bool take_port(struct plan *p, struct svc *s, const struct service_port *sp, uint16_t *out)
{
	uint32_t *next = &p->port_next[proto_slot(sp->proto)];
	char buf[UID_BUF];
	struct grant g = {.kind = GRANT_NODE_PORT,
			  .owner = s->name,
			  .uid = svc_uid(p, s, buf),
			  .proto = sp->proto,
			  .port_name = sp->name,
			  .service_port = sp->port};

	for (; *next <= p->config.node_port_last; ++*next) {
		g.port = (uint16_t)*next;
		if (record_port_taken(p->record, g.port, g.proto, NULL) || store_port_named(p, g.proto, g.port))
			continue;
		record_put(p->record, &g);
		*out = g.port;
		return true;
	}
	return false;
}

static void give_ports(struct plan *p, struct svc *s)
{
	const struct service *service = &s->object->service;

	if (!service_has_node_ports(s->object) ||
	    (service->type == SERVICE_LOADBALANCER && !service->allocate_node_ports))
		return;
	for (size_t i = 0; i < service->n_ports; i++) {
		const struct service_port *sp = &service->ports[i];

		if (s->node_ports[i])
			continue;
		if (!p->config.allocate) {
			problems_add(&s->found, "NotAllocated",
				     "no node port for %s %u is given or recorded, and this node does not allocate",
				     proto_name(sp->proto), sp->port);
		} else if (!take_port(p, s, sp, &s->node_ports[i])) {
			grant_starve(p, s);
			problems_add(&s->found, "AllocationFailed", "no free node port for %s %u in %u-%u",
				     proto_name(sp->proto), sp->port, p->config.node_port_first,
				     p->config.node_port_last);
		}
	}
}

void grants_give(struct plan *p, struct svc *s)
{
	bool v4, v6;

	plan_families(p, s->object, &v4, &v6);
	if ((p->config.handle & HANDLE_CLUSTERIP) && v4)
		give_cluster(p, s, AF_INET);
	if ((p->config.handle & HANDLE_CLUSTERIP) && v6)
		give_cluster(p, s, AF_INET6);
	if (p->config.handle & HANDLE_NODEPORT)
		give_ports(p, s);
	if (p->config.handle & HANDLE_LOADBALANCER)
		balancer_give(p, s);
}
