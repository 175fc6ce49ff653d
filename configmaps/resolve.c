/* The real servers of a Service's port: its EndpointSlices if it has any, else its Endpoints, else the Pods of its selector; never merged.
 * Then which of them: ready ones, near ones by their hints, and only if there are none those that still serve while they terminate; local ones by traffic
 * policy.
 * Source: kube-proxy's CategorizeEndpoints, the EndpointSlice controller for Pods. Test: tests/test_plan_endpoints.c */
#include "plan_int.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* What hints an endpoint has, and whether they mean this node. */
enum { HINT_ZONES = 1, HINT_ZONE = 2, HINT_NODES = 4, HINT_NODE = 8 };

struct candidate {
	struct addr addr;
	uint16_t port, weight;
	uint8_t flags; /* EP_* */
	uint8_t hints; /* HINT_* */
	bool local;
	uint32_t until; /* when the pod will be killed, Unix seconds; 0: not known */
};

struct candidates {
	const struct plan *plan;
	const struct service_port *port;
	uint8_t family;
	uint8_t near;     /* of ready ones, unless they must be local, only those with this hint; 0: all */
	const char *zone; /* this node's; NULL: not known */
	struct candidate *items;
	size_t n, cap;
};

static struct candidates candidates_of(const struct plan *p, const struct service_port *port, uint8_t family)
{
	const char *here = p->config.node_name;

	return (struct candidates){
	    .plan = p, .port = port, .family = family, .zone = here ? store_node_zone(p, here) : NULL};
}

static void candidates_add(struct candidates *c, const struct addr *a, uint16_t port, uint8_t flags, uint8_t hints,
			   uint16_t weight, const char *node, const struct object *pod)
{
	const char *here = c->plan->config.node_name;
	int64_t killed = pod && (flags & EP_TERMINATING) ? pod->meta.deleting : 0;

	if (c->n == c->cap) {
		c->cap = c->cap ? 2 * c->cap : 16;
		c->items = xrealloc(c->items, c->cap * sizeof *c->items);
	}
	c->items[c->n++] = (struct candidate){*a,
					      port,
					      weight,
					      flags,
					      hints,
					      here && node && !strcmp(here, node),
					      killed > 0 && killed < UNTIL_MAX ? (uint32_t)killed : 0};
}

/* names: "a,b,". */
static bool hint_has(const char *names, const char *name)
{
	size_t n = name ? strlen(name) : 0;

	for (const char *at = names, *end; n && (end = strchr(at, ',')); at = end + 1)
		if ((size_t)(end - at) == n && !strncmp(at, name, n))
			return true;
	return false;
}

static uint8_t endpoint_hints(const struct candidates *c, const struct endpoint_hints *h)
{
	uint8_t hints = 0;

	if (h->zones)
		hints |= hint_has(h->zones, c->zone) ? HINT_ZONES | HINT_ZONE : HINT_ZONES;
	if (h->nodes)
		hints |= hint_has(h->nodes, c->plan->config.node_name) ? HINT_NODES | HINT_NODE : HINT_NODES;
	return hints;
}

/* What the EndpointSlice controller would write: each endpoint is for its own zone, or node. */
static uint8_t pod_hints(const struct candidates *c, const struct service *s, const char *node)
{
	const char *zone = s->distribution && node ? store_node_zone(c->plan, node) : NULL;
	const char *here = c->plan->config.node_name;
	uint8_t hints = 0;

	if (zone)
		hints |= c->zone && !strcmp(zone, c->zone) ? HINT_ZONES | HINT_ZONE : HINT_ZONES;
	if (s->distribution == DISTRIBUTE_NODE && node)
		hints |= here && !strcmp(node, here) ? HINT_NODES | HINT_NODE : HINT_NODES;
	return hints;
}

/* The Pod of an endpoint, if its manifest is here too: it says when it will be killed. */
static const struct object *endpoint_pod(const struct candidates *c, const char *namespace, const struct endpoint *e)
{
	const struct pod_entry *entry = NULL;
	char *name;

	if (!e->target || !(e->flags & EP_TERMINATING))
		return NULL;
	name = xasprintf("%s/%s", namespace, e->target);
	entry = map_gets(c->plan->pods, name);
	free(name);
	return entry ? entry->object : NULL;
}

static void collect_part(struct candidates *c, const char *namespace, const struct endpoint_part *part)
{
	for (size_t i = 0; i < part->n_ports && part->family == c->family; i++) {
		const struct endpoint_port *ep = &part->ports[i];

		if (!ep->port || ep->proto != c->port->proto || strcmp(ep->name, c->port->name) != 0)
			continue;
		for (size_t k = 0; k < part->n; k++) {
			const struct endpoint *e = &part->endpoints[k];

			candidates_add(c, &e->addr, ep->port, e->flags,
				       part->hints ? endpoint_hints(c, &part->hints[k]) : 0, e->weight, e->node,
				       endpoint_pod(c, namespace, e));
		}
	}
}

static void collect_endpoints(struct candidates *c, const struct object *o)
{
	for (size_t i = 0; i < o->endpoints.n; i++)
		collect_part(c, o->meta.namespace, &o->endpoints.parts[i]);
}

/* The port of a Pod that the Service's targetPort means; 0 if it has none of that name. */
static uint16_t pod_port(const struct service_port *port, const struct pod *pod)
{
	if (!port->target_name)
		return port->target;
	for (size_t i = 0; i < pod->n_ports; i++)
		if (pod->ports[i].proto == port->proto && !strcmp(pod->ports[i].name, port->target_name))
			return pod->ports[i].port;
	return 0;
}

static void collect_pod(struct candidates *c, const struct service *service, const struct object *o)
{
	const struct pod *pod = &o->pod;
	uint16_t port = pod->finished ? 0 : pod_port(c->port, pod);
	uint8_t flags = 0;

	if (pod->ready)
		flags |= EP_SERVING;
	if (pod->terminating)
		flags |= EP_TERMINATING;
	if (service->publish_not_ready || (pod->ready && !pod->terminating))
		flags |= EP_READY;
	for (size_t i = 0; i < pod->ips.n && port; i++) {
		if (pod->ips.items[i].family != c->family)
			continue;
		candidates_add(c, &pod->ips.items[i], port, flags, pod_hints(c, service, pod->node), pod->weight,
			       pod->node, o);
		return;
	}
}

static void collect_pods(struct candidates *c, const struct object *o)
{
	const struct str_pairs *selector = &o->service.selector;
	const struct str_pair *by = labels_rarest(c->plan->pod_labels, o->meta.namespace, selector);
	const struct label_bucket *b = by ? labels_find(c->plan->pod_labels, o->meta.namespace, by) : NULL;

	for (size_t i = 0; b && i < b->n; i++) {
		const struct pod_entry *e = b->refs[i]->owner;

		if (!strcmp(e->object->meta.namespace, o->meta.namespace) &&
		    pairs_select(selector, &e->object->meta.labels))
			collect_pod(c, &o->service, e->object);
	}
}

static void collect(struct candidates *c, const struct svc *s)
{
	for (size_t i = 0; i < s->n_slices; i++)
		collect_endpoints(c, s->slices[i]);
	if (s->n_slices)
		return;
	if (s->endpoints)
		collect_endpoints(c, s->endpoints);
	else
		collect_pods(c, s->object);
}

/* Hints count where every ready endpoint has some, and one of them means this node; those for nodes before those for zones. */
static uint8_t nearness(const struct candidates *c)
{
	uint8_t all = HINT_ZONES | HINT_NODES, any = 0;

	for (size_t i = 0; i < c->n; i++) {
		if (!(c->items[i].flags & EP_READY))
			continue;
		all &= c->items[i].hints;
		any |= c->items[i].hints;
	}
	if ((all & HINT_NODES) && (any & HINT_NODE))
		return HINT_NODE;
	return (all & HINT_ZONES) && (any & HINT_ZONE) ? HINT_ZONE : 0;
}

static bool candidate_fits(const struct candidate *c, bool local, bool ready, uint8_t near)
{
	if (local && !c->local)
		return false;
	if (!local && ready && near && !(c->hints & near))
		return false;
	return ready ? (c->flags & EP_READY) != 0
		     : (c->flags & (EP_SERVING | EP_TERMINATING)) == (EP_SERVING | EP_TERMINATING);
}

/* Ready ones first, else those that serve while they terminate; true if there are any. */
static bool choose(const struct candidates *c, bool local, bool *ready)
{
	for (int i = 0; i < 2; i++) {
		*ready = i == 0;
		for (size_t k = 0; k < c->n; k++)
			if (candidate_fits(&c->items[k], local, *ready, c->near))
				return true;
	}
	return false;
}

/* ---- packed real servers ---- */

static size_t backend_stride(const struct backend *b)
{
	return (b->family == AF_INET ? 4 : 16) + 5;
}

static size_t backend_size(const struct backend *b)
{
	return (b->n + b->leaving) * backend_stride(b) + b->leaving * sizeof(uint32_t);
}

static uint32_t backend_until(const struct backend *b, uint32_t i)
{
	const uint8_t *times = b->bytes + (b->n + b->leaving) * backend_stride(b);
	uint32_t until;

	if (i < b->n)
		return 0;
	memcpy(&until, times + (i - b->n) * sizeof until, sizeof until);
	return until;
}

struct real backend_real(const struct backend *b, uint32_t i)
{
	size_t stride = backend_stride(b);
	const uint8_t *at = b->bytes + i * stride, *port = at + stride - 5;

	return (struct real){.addr = addr_from_bytes(b->family, at),
			     .port = (uint16_t)(port[0] << 8 | port[1]),
			     .forward = b->forward,
			     .here = port[4],
			     .weight = (uint32_t)(port[2] << 8 | port[3]),
			     .until = backend_until(b, i)};
}

bool backend_equal(const struct backend *a, const struct backend *b)
{
	return a == b ||
	       (a->n == b->n && a->leaving == b->leaving && a->family == b->family && a->forward == b->forward &&
		limits_equal(&a->limits, &b->limits) && !memcmp(a->bytes, b->bytes, backend_size(a)));
}

static void backend_pack(struct backend *b, uint32_t i, const struct candidate *c)
{
	size_t stride = backend_stride(b);
	uint8_t *at = b->bytes + i * stride;

	memcpy(at, c->addr.bytes, stride - 5);
	at[stride - 5] = (uint8_t)(c->port >> 8);
	at[stride - 4] = (uint8_t)c->port;
	at[stride - 3] = (uint8_t)(c->weight >> 8);
	at[stride - 2] = (uint8_t)c->weight;
	at[stride - 1] = c->local;
}

static int candidate_key_cmp(const struct candidate *a, const struct candidate *b)
{
	int c = addr_cmp(&a->addr, &b->addr);

	return c ? c : (int)a->port - (int)b->port;
}

/* The greater weight first. */
static int candidate_cmp(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;
	int c = candidate_key_cmp(x, y);

	return c ? c : (int)y->weight - (int)x->weight;
}

/* Sorts; of two with one address and port the greater weight stays. Returns how many are left. */
static size_t candidates_unique(struct candidate *items, size_t n)
{
	size_t kept = 0;

	if (n)
		qsort(items, n, sizeof *items, candidate_cmp);
	for (size_t i = 0; i < n; i++)
		if (!kept || candidate_key_cmp(&items[kept - 1], &items[i]) != 0)
			items[kept++] = items[i];
	return kept < REALS_MAX ? kept : REALS_MAX;
}

/* Pods that will be killed at a known time and are not in service: what is left of their connections may stay until then. */
static size_t candidates_leaving(const struct candidates *c, size_t n, struct candidate *out)
{
	size_t left = 0, kept = 0, k = 0;

	for (size_t i = n; i < c->n; i++)
		if (c->items[i].until)
			out[left++] = c->items[i];
	left = candidates_unique(out, left);
	for (size_t i = 0; i < left && n + kept < REALS_MAX; i++) {
		while (k < n && candidate_key_cmp(&c->items[k], &out[i]) < 0)
			k++;
		if (k == n || candidate_key_cmp(&c->items[k], &out[i]) != 0)
			out[kept++] = out[i];
	}
	return kept;
}

/* Moves those that fit to the front; returns how many. */
static size_t candidates_choose(struct candidates *c, bool local, bool ready)
{
	size_t fit = 0;

	for (size_t i = 0; i < c->n; i++) {
		struct candidate one = c->items[i];

		if (!candidate_fits(&one, local, ready, c->near))
			continue;
		c->items[i] = c->items[fit];
		c->items[fit++] = one;
	}
	return fit;
}

/* With traffic policy Local, how many clients' packets can stay on this node for: kube-proxy's health check counts these. */
uint32_t resolve_local_ready(const struct plan *p, const struct svc *s, uint8_t family)
{
	const struct service *service = &s->object->service;
	struct candidates c = candidates_of(p, NULL, family);
	uint32_t n = 0;
	size_t fit;

	for (size_t i = 0; i < service->n_ports; i++) {
		c.port = &service->ports[i];
		collect(&c, s);
	}
	fit = candidates_choose(&c, true, true);
	if (fit)
		qsort(c.items, fit, sizeof *c.items, candidate_cmp);
	for (size_t i = 0; i < fit; i++)
		n += !i || !addr_equal(&c.items[i - 1].addr, &c.items[i].addr);
	free(c.items);
	return n;
}

static struct backend *backend_make(const struct candidates *c, enum forward forward, size_t n,
				    const struct candidate *leaving, size_t n_leaving)
{
	struct backend *b =
	    xcalloc(1, sizeof *b + (n + n_leaving) * (c->family == AF_INET ? 9 : 21) + n_leaving * sizeof(uint32_t));
	uint8_t *times;

	*b = (struct backend){.refs = 1,
			      .n = (uint32_t)n,
			      .leaving = (uint32_t)n_leaving,
			      .family = c->family,
			      .forward = (uint8_t)forward};
	times = b->bytes + (n + n_leaving) * backend_stride(b);
	for (size_t i = 0; i < n; i++)
		backend_pack(b, (uint32_t)i, &c->items[i]);
	for (size_t i = 0; i < n_leaving; i++) {
		backend_pack(b, (uint32_t)(n + i), &leaving[i]);
		memcpy(times + i * sizeof leaving[i].until, &leaving[i].until, sizeof leaving[i].until);
	}
	return b;
}

bool scope_only_local(const struct service *service, enum scope scope)
{
	return (scope == SCOPE_EXTERNAL && service->external_local) ||
	       (scope == SCOPE_INTERNAL && service->internal_local);
}

struct backend *resolve(const struct plan *p, const struct svc *s, const struct service_port *port, uint8_t family,
			enum scope scope, enum forward forward, const struct limits *limits)
{
	struct candidates c = candidates_of(p, port, family);
	bool local = scope_only_local(&s->object->service, scope);
	bool ready, any;
	struct candidate *leaving;
	size_t fit, n;
	struct backend *b;

	collect(&c, s);
	c.near = nearness(&c);
	leaving = xcalloc(c.n + 1, sizeof *leaving);
	any = choose(&c, local, &ready);
	if (!any && local && scope == SCOPE_EXTERNAL) {
		local = false;
		any = choose(&c, local, &ready);
	}
	fit = any ? candidates_choose(&c, local, ready) : 0;
	n = candidates_unique(c.items, fit);
	if (c.n > fit) /* an empty list has no items */
		memmove(c.items + n, c.items + fit, (c.n - fit) * sizeof *c.items);
	c.n -= fit - n;
	b = backend_make(&c, forward, n, leaving, candidates_leaving(&c, n, leaving));
	b->limits = *limits;
	if (forward != FORWARD_TUN) {
		b->limits.tunnel = TUNNEL_IPIP;
		b->limits.tunnel_port = 0;
	}
	free(leaving);
	free(c.items);
	return b;
}

void backend_unref(struct backend *b)
{
	if (b && --b->refs == 0)
		free(b);
}

/* Both are sorted: *at is where the last one was looked for. */
static bool backend_has(const struct backend *b, const struct real *r, uint32_t *at)
{
	struct real one;
	int c = -1;

	for (; *at < b->n && c < 0; *at += c < 0) {
		one = backend_real(b, *at);
		c = real_cmp(&one, r);
	}
	return c == 0;
}

struct plan_endpoint *resolve_all(const struct plan *p, const struct svc *s, const struct service_port *port,
				  uint8_t family, enum scope scope, size_t *n)
{
	struct backend *used = resolve(p, s, port, family, scope, FORWARD_NAT, &(struct limits){0});
	struct candidates c = candidates_of(p, port, family);
	struct plan_endpoint *out;
	size_t kept = 0;
	uint32_t at = 0;

	collect(&c, s);
	if (c.n)
		qsort(c.items, c.n, sizeof *c.items, candidate_cmp);
	out = xcalloc(c.n + 1, sizeof *out);
	for (size_t i = 0; i < c.n; i++) {
		const struct candidate *one = &c.items[i];
		struct plan_endpoint *e = &out[kept ? kept - 1 : 0];

		if (!kept || !addr_equal(&e->real.addr, &one->addr) || e->real.port != one->port) {
			e = &out[kept++];
			e->real = (struct real){.addr = one->addr, .port = one->port, .weight = one->weight};
			e->used = backend_has(used, &e->real, &at);
		}
		e->flags |= one->flags;
		e->local = e->local || one->local;
	}
	*n = kept;
	free(c.items);
	backend_unref(used);
	return out;
}
