/* Which addresses a Service of type LoadBalancer has. First that applies: what it asks for, what the record says, what others gave it
 * (keepalived-cloud-provider's annotation, its status), the first free address of the pools that are for it. An address that another Service has is only
 * given to those that share its key and none of its ports. Source: DESIGN.md 'Inputs', keepalived-cloud-provider (SEMANTICS.md 2), MetalLB's and
 * kube-vip's annotations. Tests: tests/test_plan_pools.c, tests/test_plan_alloc.c, tests/test_alloc_model.c */
#include "plan_int.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

/* ---- pools ---- */

static const char **names_copy(struct arena *arena, const char *const *names, size_t n)
{
	const char **copy = arena_alloc(arena, (n + 1) * sizeof(*copy));

	for (size_t i = 0; i < n; i++)
		copy[i] = arena_strdup(arena, names[i]);
	return copy;
}

static struct pool *pool_copy(struct arena *arena, const struct pool *from)
{
	struct pool *to = arena_alloc(arena, sizeof *to);

	*to = *from;
	to->ranges = to->avoid = NULL;
	to->n = to->n_avoid = 0;
	to->name = arena_strdup(arena, from->name);
	to->namespaces = names_copy(arena, from->namespaces, from->n_namespaces);
	to->selector.items = arena_alloc(arena, (from->selector.n + 1) * sizeof *to->selector.items);
	for (size_t i = 0; i < from->selector.n; i++) {
		to->selector.items[i].key = arena_strdup(arena, from->selector.items[i].key);
		to->selector.items[i].value = arena_strdup(arena, from->selector.items[i].value);
	}
	return to;
}

static int room_cmp(const void *a, const void *b)
{
	return addr_cmp(&((const struct room_at *)a)->range.first, &((const struct room_at *)b)->range.first);
}

/* All rooms by address; pools do not overlap. */
static void rooms_sort(struct plan *p)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n_pools; i++)
		n += p->pools[i].n;
	p->rooms = xcalloc(n + 1, sizeof *p->rooms);
	for (size_t i = 0; i < p->n_pools; i++)
		for (size_t k = 0; k < p->pools[i].n; k++)
			p->rooms[p->n_rooms++] = (struct room_at){p->pools[i].rooms[k], &p->pools[i]};
	if (p->n_rooms)
		qsort(p->rooms, p->n_rooms, sizeof *p->rooms, room_cmp);
}

void balancer_pools(struct plan *p, const struct plan_config *c)
{
	struct pool_range cidrs[2];
	struct pool cluster = {.ranges = cidrs, .n = c->n_cluster_cidrs};

	for (size_t i = 0; i < c->n_cluster_cidrs; i++)
		cidrs[i] =
		    (struct pool_range){cidr_network(&c->cluster_cidrs[i]), cidr_last(&c->cluster_cidrs[i]), true};
	p->cluster = pool_rooms(&cluster, &p->n_cluster);
	p->config.pools = NULL;
	p->config.n_pools = 0;
	p->pools = xcalloc(c->n_pools + 1, sizeof *p->pools);
	for (size_t i = 0; i < c->n_pools; i++) {
		size_t at = p->n_pools++;

		for (; at && pool_cmp(p->pools[at - 1].pool, &c->pools[i]) > 0; at--)
			p->pools[at] = p->pools[at - 1];
		p->pools[at].pool = pool_copy(p->arena, &c->pools[i]);
		p->pools[at].rooms = pool_rooms(&c->pools[i], &p->pools[at].n);
	}
	rooms_sort(p);
}

void balancer_free(struct plan *p)
{
	for (size_t i = 0; i < p->n_pools; i++)
		free(p->pools[i].rooms);
	free(p->pools);
	free(p->rooms);
	free(p->cluster);
}

/* The pool that has the address; NULL if none has. */
const struct pool_room *balancer_pool(const struct plan *p, const struct addr *a)
{
	size_t low = 0, high = p->n_rooms;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (addr_cmp(&p->rooms[mid].range.last, a) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low < p->n_rooms && addr_cmp(&p->rooms[low].range.first, a) <= 0 ? p->rooms[low].of : NULL;
}

static const struct pool_room *pool_named(const struct plan *p, const char *name)
{
	for (size_t i = 0; i < p->n_pools; i++)
		if (!strcmp(p->pools[i].pool->name, name))
			return &p->pools[i];
	return NULL;
}

/* ---- what a Service asks for ---- */

/* The first of these annotations that says something; NULL if none does. */
static const char *annotation_of(const struct object *o, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const char *value = pairs_get(&o->meta.annotations, names[i]);

		if (value && *value)
			return value;
	}
	return NULL;
}

static const char *asked_pool(const struct object *o)
{
	static const char *const names[] = {"vipd.io/pool", "metallb.io/address-pool",
					    "metallb.universe.tf/address-pool"};

	return annotation_of(o, names, sizeof names / sizeof *names);
}

static const char *asked_share(const struct object *o)
{
	static const char *const names[] = {"vipd.io/allow-shared-ip", "metallb.io/allow-shared-ip",
					    "metallb.universe.tf/allow-shared-ip"};

	return annotation_of(o, names, sizeof names / sizeof *names);
}

static bool listed(const struct addr_list *l, const struct addr *a)
{
	for (size_t i = 0; i < l->n; i++)
		if (addr_equal(&l->items[i], a))
			return true;
	return false;
}

/* One annotation: addresses separated by commas, one of each family. False if it says nothing. */
static bool annotation_addresses(const char *name, const char *value, struct addr_list *out, struct problems *problems)
{
	char *copy = xstrdup(value), *rest = copy, *item;
	bool any = false;

	while ((item = strsep(&rest, ", \t\r\n"))) {
		struct addr a;
		const char *why;

		if (!*item)
			continue;
		any = true;
		why = addr_parse(item, &a)
			  ? "is not an address: expected IPv4 or IPv6, one of each, separated by a comma"
			  : addr_unusable(&a);
		if (!why && !listed(out, &a) && addrs_family(out->items, out->n, a.family))
			why = "is a second address of its family: expected one of each";
		if (!why)
			addrs_add(&out->items, &out->n, &a);
		else if (problems)
			problems_add(problems, "BadAnnotation", "annotation %s: \"%.50s\" %s", name, item, why);
	}
	free(copy);
	return any;
}

bool service_balancer_stated(const struct object *o, struct addr_list *out, struct problems *problems)
{
	static const char *const names[] = {"vipd.io/addresses", "metallb.io/loadBalancerIPs",
					    "metallb.universe.tf/loadBalancerIPs", "kube-vip.io/loadbalancerIPs"};

	if (o->service.type != SERVICE_LOADBALANCER)
		return false;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const char *value = pairs_get(&o->meta.annotations, names[i]);

		if (value && annotation_addresses(names[i], value, out, problems))
			return true;
	}
	if (!o->service.load_balancer_ip.family)
		return false;
	addrs_add(&out->items, &out->n, &o->service.load_balancer_ip);
	return true;
}

bool service_balancer(const struct plan *p, const struct object *o)
{
	const char *class = o->service.load_balancer_class, *own = p->config.load_balancer_class;

	if (o->service.type != SERVICE_LOADBALANCER)
		return false;
	return class ? own && !strcmp(class, own) : p->config.default_class;
}

/* ---- who may have an address ---- */

enum { PORT_BITS = 3 * 65536 };

static size_t port_bit(const struct service_port *port)
{
	return proto_slot(port->proto) * 65536 + port->port;
}

static bool ports_disjoint(const struct service *a, const struct service *b)
{
	unsigned char *seen = xcalloc(PORT_BITS / 8, 1);
	bool disjoint = true;

	for (size_t i = 0; i < a->n_ports; i++)
		seen[port_bit(&a->ports[i]) / 8] |= (unsigned char)(1u << port_bit(&a->ports[i]) % 8);
	for (size_t i = 0; i < b->n_ports && disjoint; i++)
		disjoint = !(seen[port_bit(&b->ports[i]) / 8] & 1u << port_bit(&b->ports[i]) % 8);
	free(seen);
	return disjoint;
}

static bool may_share(const struct object *a, const struct object *b)
{
	const char *x = asked_share(a), *y = asked_share(b);

	return x && y && !strcmp(x, y) && ports_disjoint(&a->service, &b->service);
}

/* Another Service that has the address and does not share it with this one; NULL if there is none. Of two that changed at
 * once the older settles first: the younger does not count then. */
static const char *holder_in_the_way(const struct plan *p, const struct svc *s, const struct addr *a)
{
	const struct grant *g;

	for (size_t i = 0; (g = record_addr_get(p->record, a, i)); i++) {
		const struct svc *other = map_gets(p->services, g->owner);

		if (g->kind != GRANT_VIP || other == s || !other || !other->object || (other->changed && !other->kept))
			continue;
		if (!may_share(s->object, other->object))
			return other->name;
	}
	return NULL;
}

/* Whether the Service may have an address that it asks for; problems (may be NULL) get the reason why not. What it has by the record it keeps, whatever
 * became of the pools. */
static bool may_have(const struct plan *p, const struct svc *s, const struct addr *a, struct problems *problems)
{
	struct problems none = {0};
	const struct pool_room *room = balancer_pool(p, a);
	const char *pool = asked_pool(s->object), *holder = holder_in_the_way(p, s, a);
	struct problems *to = problems ? problems : &none;
	bool had = record_addr_of(p->record, a, s->name), may = false;
	char text[ADDR_TEXT];

	addr_format(a, text);
	if (holder)
		problems_add(
		    to, "AddressConflict",
		    "%s belongs to Service %s: to share it, both need the annotation vipd.io/allow-shared-ip with "
		    "the same value, and no port in common",
		    text, holder);
	else if (had)
		may = true;
	else if (!room && !p->config.allow_unpooled)
		problems_add(to, "AllocationFailed", "%s is in no pool, and allowUnpooled is false", text);
	else if (pool && (!room || strcmp(pool, room->pool->name) != 0))
		problems_add(to, "AllocationFailed", "%s is not in pool %s, which the annotations ask for", text, pool);
	else if (room && !pool_selects(room->pool, s->object))
		problems_add(to, "AllocationFailed",
			     "%s is in pool %s, whose namespaces and selector leave this Service out", text,
			     room->pool->name);
	else
		may = true;
	problems_clear(&none);
	return may;
}

void balancer_ask(const struct plan *p, struct svc *s, struct asked *out)
{
	struct addr_list stated = {0};

	*out = (struct asked){.ours = service_balancer(p, s->object)};
	if (!out->ours)
		return;
	out->any = service_balancer_stated(s->object, &stated, &s->found);
	for (size_t i = 0; i < stated.n; i++)
		if (may_have(p, s, &stated.items[i], NULL))
			addrs_add(&out->addrs.items, &out->addrs.n, &stated.items[i]);
	free(stated.items);
	out->pool = asked_pool(s->object);
	out->share = asked_share(s->object);
}

/* ---- what stays ---- */

/* Asking for what it cannot have does not take from a Service what it has. */
bool balancer_keep(struct plan *p, struct svc *s, const struct grant *g, const struct asked *asked)
{
	const struct pool_room *wanted = asked->pool ? pool_named(p, asked->pool) : NULL;
	struct grant now = *g;
	bool v4, v6;

	if (!asked->ours || (asked->addrs.n && !listed(&asked->addrs, &g->addr)))
		return false;
	if (service_families(s->object, &v4, &v6) && !(g->addr.family == AF_INET ? v4 : v6))
		return false;
	if (wanted && !asked->any && !pool_rooms_have(wanted->rooms, wanted->n, &g->addr))
		return false;
	if (holder_in_the_way(p, s, &g->addr))
		return false;
	addrs_add(&s->balancer, &s->n_balancer, &g->addr);
	now.share = asked->share;
	grant_put(p, &now);
	return true;
}

/* ---- what is given out ---- */

/* A node that does not allocate remembers nothing of its own: it does as the manifests and the record say. */
static void take(struct plan *p, struct svc *s, const struct addr *a, uint8_t method)
{
	struct grant g = {.kind = GRANT_VIP, .owner = s->name, .addr = *a, .method = method};
	char buf[UID_BUF];

	addrs_add(&s->balancer, &s->n_balancer, a);
	if (!p->config.allocate)
		return;
	g.uid = svc_uid(p, s, buf);
	g.share = asked_share(s->object);
	grant_put(p, &g);
}

/* keepalived-cloud-provider's addresses. Its uid counts unless the manifest has none. */
static void adopt_cloud(struct plan *p, struct svc *s)
{
	for (size_t i = 0; i < s->n_entries; i++) {
		const struct vipmap_entry *e = s->entries[i];

		if (e->key || (s->object->meta.uid && strcmp(e->uid, s->object->meta.uid) != 0) ||
		    holder_in_the_way(p, s, &e->addr))
			continue;
		take(p, s, &e->addr, (uint8_t)(e->forward + 1));
	}
}

static void adopt_ingress(struct plan *p, struct svc *s, const struct addr_list *l, bool pooled)
{
	for (size_t i = 0; i < l->n; i++)
		if (may_have(p, s, &l->items[i], NULL) && (!pooled || balancer_pool(p, &l->items[i])) &&
		    !addrs_family(s->balancer, s->n_balancer, l->items[i].family))
			take(p, s, &l->items[i], 0);
}

/* ipMode Proxy is what vipd says beside another service proxy, and what a balancer outside the cluster says of an address that no node may have: it is ours
 * if a pool has it. */
static void adopt_status(struct plan *p, struct svc *s)
{
	adopt_ingress(p, s, &s->object->service.ingress, false);
	adopt_ingress(p, s, &s->object->service.proxied, true);
}

void balancer_adopt_grant(struct plan *p, struct svc *s, const struct grant *g)
{
	struct addr_list stated = {0};
	bool any = service_balancer_stated(s->object, &stated, NULL);

	free(stated.items);
	if (any || !(p->config.handle & HANDLE_LOADBALANCER) || !service_balancer(p, s->object) ||
	    addrs_family(s->balancer, s->n_balancer, g->addr.family) || holder_in_the_way(p, s, &g->addr))
		return;
	take(p, s, &g->addr, g->method);
}

void balancer_adopt(struct plan *p, struct svc *s)
{
	struct addr_list stated = {0};
	bool any = service_balancer_stated(s->object, &stated, NULL);

	free(stated.items);
	if (any || s->n_balancer || !(p->config.handle & HANDLE_LOADBALANCER) || !service_balancer(p, s->object))
		return;
	adopt_cloud(p, s);
	if (!s->n_balancer)
		adopt_status(p, s);
}

static bool in_configmap(const struct svc *s)
{
	for (size_t i = 0; i < s->n_entries; i++)
		if (s->entries[i]->key)
			return true;
	return false;
}

/* Nobody else has one of the Service's ports there, be it by the ConfigMap or as external IP. */
static bool ports_unclaimed(const struct plan *p, const struct svc *s, const struct addr *a)
{
	for (size_t i = 0; i < s->object->service.n_ports; i++) {
		const struct service_port *port = &s->object->service.ports[i];
		const struct want *w = claims_holder(p, &(struct vs_key){*a, port->port, port->proto});

		if (w && w->svc != s)
			return false;
	}
	return true;
}

static bool pool_serves(const struct pool *pool, const struct svc *s, const char *wanted)
{
	return pool_selects(pool, s->object) && (wanted ? !strcmp(pool->name, wanted) : !pool->manual);
}

/* The least address that others have under the same key and leave room on. */
static bool take_shared(struct plan *p, const struct svc *s, uint8_t family, const char *wanted, struct addr *out)
{
	const char *key = asked_share(s->object);
	const struct grant *g;
	bool found = false;

	for (size_t i = 0; key && (g = record_share_get(p->record, key, i)); i++) {
		const struct pool_room *room = balancer_pool(p, &g->addr);

		if (g->addr.family != family || !room || !pool_serves(room->pool, s, wanted) ||
		    (found && addr_cmp(out, &g->addr) <= 0) || holder_in_the_way(p, s, &g->addr) ||
		    !ports_unclaimed(p, s, &g->addr))
			continue;
		*out = g->addr;
		found = true;
	}
	return found;
}

/* Says which pools are full: those that are for the Service. */
static void say_full(const struct plan *p, struct svc *s, uint8_t family, const char *wanted)
{
	char *names = xstrdup("");
	size_t n = 0;

	for (size_t i = 0; i < p->n_pools && n < 8; i++) {
		char *more;

		if (!pool_serves(p->pools[i].pool, s, wanted) ||
		    !rooms_family(p->pools[i].rooms, p->pools[i].n, family))
			continue;
		more = xasprintf("%s%s%.63s", names, n++ ? ", " : "", p->pools[i].pool->name);
		free(names);
		names = more;
	}
	problems_add(&s->found, "AllocationFailed", "pool%s %s %s full: no free %s address", n > 1 ? "s" : "", names,
		     n > 1 ? "are" : "is", family_name(family));
	free(names);
}

/* Whether any pool is for the Service and has this family. */
static bool pools_for(const struct plan *p, const struct svc *s, uint8_t family, const char *wanted)
{
	for (size_t i = 0; i < p->n_pools; i++)
		if (pool_serves(p->pools[i].pool, s, wanted) && rooms_family(p->pools[i].rooms, p->pools[i].n, family))
			return true;
	return false;
}

static void say_none(const struct plan *p, struct svc *s, uint8_t family, const char *wanted)
{
	const struct pool_room *named = wanted ? pool_named(p, wanted) : NULL;

	if (wanted && !named)
		problems_add(&s->found, "AllocationFailed", "there is no pool %.63s, which the annotations ask for",
			     wanted);
	else if (wanted && !pool_selects(named->pool, s->object))
		problems_add(&s->found, "AllocationFailed",
			     "pool %.63s has namespaces or a selector that leave this Service out", wanted);
	else if (wanted)
		problems_add(&s->found, "AllocationFailed", "pool %.63s has no %s addresses", wanted,
			     family_name(family));
	else
		problems_add(&s->found, "NotAllocated",
			     "no load balancer address is stated and no pool with %s addresses is for this Service",
			     family_name(family));
}

static bool take_pool(struct plan *p, const struct svc *s, uint8_t family, const char *wanted, struct addr *out)
{
	for (size_t i = 0; i < p->n_pools; i++)
		if (pool_serves(p->pools[i].pool, s, wanted) &&
		    rooms_take(p, p->pools[i].rooms, p->pools[i].n, family, out))
			return true;
	return false;
}

/* An address of that family from the pools; nothing if it has one. */
static void give_pool(struct plan *p, struct svc *s, uint8_t family)
{
	const char *wanted = asked_pool(s->object);
	struct addr a;

	if (addrs_family(s->balancer, s->n_balancer, family))
		return;
	if (!pools_for(p, s, family, wanted)) {
		if (!s->object->service.prefer_dual)
			say_none(p, s, family, wanted);
	} else if (!p->config.allocate) {
		problems_add(&s->found, "NotAllocated",
			     "no %s load balancer address is stated or recorded, and this node does not allocate",
			     family_name(family));
	} else if (take_shared(p, s, family, wanted, &a) || take_pool(p, s, family, wanted, &a)) {
		take(p, s, &a, 0);
	} else {
		grant_starve(p, s);
		say_full(p, s, family, wanted);
	}
}

/* What is asked for, and what is in the way of it. */
static void give_stated(struct plan *p, struct svc *s, const struct addr_list *stated)
{
	for (size_t i = 0; i < stated->n; i++) {
		if (listed(&(struct addr_list){s->balancer, s->n_balancer}, &stated->items[i]))
			continue;
		if (may_have(p, s, &stated->items[i], &s->found))
			take(p, s, &stated->items[i], 0);
		else
			grant_starve(p, s);
	}
}

/* A pool that was made smaller: what was given stays. */
static void say_outside(const struct plan *p, struct svc *s)
{
	char text[ADDR_TEXT];

	for (size_t i = 0; i < s->n_balancer && p->n_pools && !p->config.allow_unpooled; i++)
		if (!balancer_pool(p, &s->balancer[i]))
			problems_add(&s->found, "OutsidePools",
				     "%s is in no pool any more; it stays until the Service goes or asks for another",
				     addr_format(&s->balancer[i], text));
}

void balancer_give(struct plan *p, struct svc *s)
{
	struct addr_list stated = {0};
	bool v4, v6;

	if (!service_balancer(p, s->object))
		return;
	if (service_balancer_stated(s->object, &stated, NULL)) {
		give_stated(p, s, &stated);
	} else if (!in_configmap(s) || s->n_balancer) {
		plan_families(p, s->object, &v4, &v6);
		if (v4)
			give_pool(p, s, AF_INET);
		if (v6)
			give_pool(p, s, AF_INET6);
		if (!s->n_balancer && !p->n_pools && s->object->service.prefer_dual)
			problems_add(&s->found, "NotAllocated",
				     "no load balancer address is stated and there is no pool");
	}
	free(stated.items);
	say_outside(p, s);
}
