/* What a person asks of the plan: sorted walks, made when they are asked for. Test: tests/test_plan_services.c */
#include "plan_int.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* '/' before any other character, so that the namespace is compared first. */
int svc_name_cmp(const char *a, const char *b)
{
	for (; *a && *a == *b; a++, b++)
		;
	if (*a == *b)
		return 0;
	return (*a == '/' ? 1 : (unsigned char)*a) < (*b == '/' ? 1 : (unsigned char)*b) ? -1 : 1;
}

/* All values of a map; the caller frees. */
static void **values_of(const struct map *m, size_t *n)
{
	void **values = xmalloc((map_count(m) + 1) * sizeof *values);

	*n = 0;
	for (size_t at = 0; map_next(m, &at, NULL, NULL, &values[*n]);)
		++*n;
	return values;
}

static int by_key(const void *a, const void *b)
{
	const struct want *x = *(struct want *const *)a, *y = *(struct want *const *)b;

	return vs_key_cmp(&x->key, &y->key);
}

void plan_each_vs(struct plan *p, void (*each)(void *arg, const struct vs *v), void *arg)
{
	struct real_buf buf = {0};
	size_t n;
	void **wants = values_of(p->claims, &n);

	qsort(wants, n, sizeof *wants, by_key);
	for (size_t i = 0; i < n; i++) {
		struct vs v = want_vs(wants[i], &buf);

		each(arg, &v);
	}
	free(buf.items);
	free(wants);
}

static int by_vip(const void *a, const void *b)
{
	const struct addr_use *x = *(struct addr_use *const *)a, *y = *(struct addr_use *const *)b;

	return addr_cmp(&x->addr, &y->addr);
}

void plan_each_vip(struct plan *p, void (*each)(void *arg, const struct vip *v), void *arg)
{
	size_t n;
	void **uses = values_of(p->addrs, &n);

	qsort(uses, n, sizeof *uses, by_vip);
	for (size_t i = 0; i < n; i++) {
		const struct addr_use *u = uses[i];
		struct vip v = use_vip(p, u);

		if (u->out)
			each(arg, &v);
	}
	free(uses);
}

/* ---- Services ---- */

struct known {
	struct real real;
	const char *port_name;
	bool used;
};

struct known_list {
	struct known *items;
	size_t n, n_used; /* those in use stand first */
};

/* In use before others, then by address and port. */
static int known_cmp(const void *a, const void *b)
{
	const struct known *x = a, *y = b;
	int c = x->used == y->used ? real_cmp(&x->real, &y->real) : x->used ? -1 : 1;

	return c ? c : strcmp(x->port_name, y->port_name);
}

static void known_port(const struct plan *p, const struct svc *s, const struct service_port *port, uint8_t family,
		       struct known_list *l)
{
	size_t n;
	struct plan_endpoint *all = resolve_all(p, s, port, family, SCOPE_ALL, &n);

	l->items = xrealloc(l->items, (l->n + n + 1) * sizeof *l->items);
	for (size_t i = 0; i < n; i++)
		l->items[l->n++] = (struct known){all[i].real, port->name, all[i].used};
	free(all);
}

/* Whether the Service has a virtual server of the family: if it has none at all, of every one. */
static bool has_family(const struct svc *s, uint8_t family)
{
	for (size_t i = 0; i < s->n_wants; i++)
		if (s->wants[i].key.addr.family == family)
			return true;
	return !s->n_wants;
}

/* Over all ports, sorted; of two with one address and port the first by port name. */
static struct known_list known_of(const struct plan *p, const struct svc *s)
{
	bool v4 = has_family(s, AF_INET), v6 = has_family(s, AF_INET6);
	struct known_list l = {0};
	size_t kept = 0;

	for (size_t i = 0; i < s->object->service.n_ports && service_served(s->object); i++) {
		if (v4)
			known_port(p, s, &s->object->service.ports[i], AF_INET, &l);
		if (v6)
			known_port(p, s, &s->object->service.ports[i], AF_INET6, &l);
	}
	if (l.n)
		qsort(l.items, l.n, sizeof *l.items, known_cmp);
	for (size_t i = 0; i < l.n; i++)
		if (!kept || l.items[kept - 1].used != l.items[i].used ||
		    real_cmp(&l.items[kept - 1].real, &l.items[i].real) != 0) {
			l.n_used += l.items[i].used;
			l.items[kept++] = l.items[i];
		}
	l.n = kept;
	return l;
}

static void view_endpoints(const struct known_list *l, struct real *reals, const char **names, struct service_view *v)
{
	for (size_t i = 0; i < l->n; i++) {
		reals[i] = l->items[i].real;
		names[i] = l->items[i].port_name;
	}
	v->endpoints = reals;
	v->endpoint_ports = names;
	v->n_endpoints = l->n_used;
	v->n_idle = l->n - l->n_used;
}

static size_t view_vips(const struct svc *s, struct addr *out)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n_vips; i++)
		if (s->vips[i].source == FROM_CONFIGMAP || s->vips[i].source == FROM_BALANCER)
			out[n++] = s->vips[i].addr;
	return n;
}

void view_service(const struct plan *p, const struct svc *s, void (*each)(void *arg, const struct service_view *v),
		  void *arg)
{
	uint16_t *none = xcalloc(s->object->service.n_ports + 1, sizeof *none);
	char uid[UID_BUF];
	struct service_view v = {.object = s->object,
				 .uid = svc_uid(p, s, uid),
				 .cluster_ips = s->cluster,
				 .n_cluster_ips = s->n_cluster,
				 .node_ports = s->node_ports ? s->node_ports : none,
				 .since = s->since};
	struct known_list l = known_of(p, s);
	struct real *reals = xmalloc((l.n + 1) * sizeof *reals);
	const char **names = xmalloc((l.n + 1) * sizeof(*names));
	struct addr *vips = xmalloc((s->n_vips + 1) * sizeof *vips);

	view_endpoints(&l, reals, names, &v);
	v.n_vips = view_vips(s, vips);
	v.vips = vips;
	if (s->problems.n) {
		v.reason = s->problems.items[0].reason;
		v.message = s->problems.items[0].message;
	}
	each(arg, &v);
	free(none);
	free(vips);
	free(names);
	free(reals);
	free(l.items);
}

static int by_name(const void *a, const void *b)
{
	const struct svc *x = *(struct svc *const *)a, *y = *(struct svc *const *)b;

	return svc_name_cmp(x->name, y->name);
}

void plan_each_service(struct plan *p, void (*each)(void *arg, const struct service_view *v), void *arg)
{
	size_t n;
	void **services = values_of(p->services, &n);

	qsort(services, n, sizeof *services, by_name);
	for (size_t i = 0; i < n; i++) {
		const struct svc *s = services[i];

		if (s->object && !s->fresh)
			view_service(p, s, each, arg);
	}
	free(services);
}

static int name_cmp(const void *a, const void *b)
{
	return svc_name_cmp(*(const char *const *)a, *(const char *const *)b);
}

size_t plan_vip_services(struct plan *p, const struct addr *vip, const char **names, size_t max)
{
	const struct addr_use *u = vips_find(p, vip);
	const char **all;
	size_t n = 0;

	if (!u)
		return 0;
	all = xmalloc((u->n + 1) * sizeof(*all));
	for (size_t i = 0; i < u->n; i++)
		if (u->users[i].svc)
			all[n++] = u->users[i].svc->name;
	qsort(all, n, sizeof(*all), name_cmp);
	n = n < max ? n : max;
	for (size_t i = 0; i < n; i++)
		names[i] = all[i];
	free(all);
	return n;
}

const char *plan_vs_service(struct plan *p, const struct vs_key *k)
{
	const struct want *holder = claims_holder(p, k);

	return holder ? holder->svc->name : NULL;
}

/* ---- pools ---- */

static unsigned __int128 addr_number(const struct addr *a)
{
	unsigned __int128 n = 0;

	for (size_t i = 0; i < addr_len(a); i++)
		n = n << 8 | a->bytes[i];
	return n;
}

void plan_each_pool(struct plan *p, void (*each)(void *arg, const struct pool_view *v), void *arg)
{
	struct pool_view *views = xcalloc(p->n_pools + 1, sizeof *views);
	const struct pool_room *of;
	void *value;

	for (size_t i = 0; i < p->n_pools; i++) {
		views[i].pool = p->pools[i].pool;
		for (size_t k = 0; k < p->pools[i].n; k++)
			views[i].size +=
			    addr_number(&p->pools[i].rooms[k].last) - addr_number(&p->pools[i].rooms[k].first) + 1;
	}
	for (size_t at = 0; map_next(p->addrs, &at, NULL, NULL, &value);) {
		const struct addr_use *u = value;

		of = u->n ? balancer_pool(p, &u->addr) : NULL;
		if (of)
			views[of - p->pools].used++;
	}
	for (size_t i = 0; i < p->n_pools; i++)
		each(arg, &views[i]);
	free(views);
}
