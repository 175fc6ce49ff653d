/* Which addresses are virtual IPs. An address that is this node's or a Node's own is used, but never added or removed.
 * Source: DESIGN.md 'Inputs'. Test: tests/test_plan_services.c */
#include "../src/base/router.h"
#include "plan_int.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

const struct addr_use *vips_find(const struct plan *p, const struct addr *a)
{
	return map_get(p->addrs, a, sizeof *a);
}

/* The address, to be looked at before the run ends; made if nothing knew of it. */
static struct addr_use *use_touch(struct plan *p, const struct addr *a)
{
	struct addr_use *u = map_get(p->addrs, a, sizeof *a);

	if (!u) {
		u = xcalloc(1, sizeof *u);
		u->addr = *a;
		map_put(p->addrs, a, sizeof *a, u);
	}
	if (u->touched)
		return u;
	if (p->n_touched == p->touched_cap) {
		p->touched_cap = p->touched_cap ? 2 * p->touched_cap : 16;
		p->touched = xrealloc(p->touched, p->touched_cap * sizeof(*p->touched));
	}
	p->touched[p->n_touched++] = u;
	u->touched = true;
	return u;
}

static bool use_count(uint32_t *n, bool add)
{
	*n += add ? 1u : -1u;
	return *n == (add ? 1u : 0u);
}

bool vips_named(struct plan *p, const struct addr *a, bool add)
{
	return use_count(&use_touch(p, a)->named, add);
}

bool vips_hosted(struct plan *p, const struct addr *a, bool add)
{
	struct addr_use *u = use_touch(p, a);

	p->turned |= u->n > 0;
	return use_count(&u->hosts, add);
}

void vips_add(struct plan *p, const struct addr *a, struct svc *s, enum vip_kind kind)
{
	struct addr_use *u = use_touch(p, a);

	u->users = xrealloc(u->users, (u->n + 1) * sizeof *u->users);
	u->users[u->n++] = (struct vip_user){s, (uint8_t)kind};
}

void vips_remove(struct plan *p, const struct addr *a, const struct svc *s, enum vip_kind kind)
{
	struct addr_use *u = use_touch(p, a);
	size_t i = 0;

	while (u->users[i].svc != s || u->users[i].kind != kind)
		i++;
	u->users[i] = u->users[--u->n];
}

void vips_local_changed(struct plan *p, const struct svc *s)
{
	for (size_t i = 0; i < s->n_vips; i++)
		if (s->vips[i].source != FROM_CLUSTER)
			use_touch(p, &s->vips[i].addr);
}

static enum vip_kind kind_of(const struct vip_want *w)
{
	return w->source == FROM_CLUSTER ? VIP_CLUSTER : VIP_CLIENT;
}

void vips_replace(struct plan *p, struct svc *s, struct vip_want *vips, size_t n)
{
	bool same = n == s->n_vips;

	for (size_t i = 0; i < n && same; i++)
		same = addr_equal(&vips[i].addr, &s->vips[i].addr) && vips[i].source == s->vips[i].source;
	if (same) {
		free(vips);
		return;
	}
	for (size_t i = 0; i < n; i++)
		vips_add(p, &vips[i].addr, s, kind_of(&vips[i]));
	for (size_t i = 0; i < s->n_vips; i++)
		vips_remove(p, &s->vips[i].addr, s, kind_of(&s->vips[i]));
	free(s->vips);
	s->vips = vips;
	s->n_vips = n;
}

static enum vip_kind use_kind(const struct addr_use *u)
{
	for (size_t i = 0; i < u->n; i++)
		if (u->users[i].kind == VIP_CLIENT)
			return VIP_CLIENT;
	return VIP_CLUSTER;
}

static enum vip_local use_local(const struct addr_use *u)
{
	enum vip_local local = VIP_ANYWHERE;

	for (size_t i = 0; i < u->n; i++) {
		const struct svc *s = u->users[i].svc;

		if (u->users[i].kind != VIP_CLIENT || !s || !s->local)
			continue;
		if (!s->local_ready[u->addr.family == AF_INET6])
			return VIP_ABSENT;
		local = VIP_HERE;
	}
	return local;
}

struct vip use_vip(const struct plan *p, const struct addr_use *u)
{
	struct vip v = {.addr = u->addr,
			.bits = (uint8_t)addr_bits(&u->addr),
			.kind = u->kind,
			.router = ROUTER_NONE,
			.local = u->local};

	if (u->kind == VIP_CLUSTER)
		strcpy(v.ifname, "vipd0");
	else if (p->config.interface) /* else it has no place: the caller says so */
		strncpy(v.ifname, p->config.interface, sizeof v.ifname - 1);
	return v;
}

bool plan_vip_get(const struct plan *p, const struct addr *a, struct vip *out)
{
	const struct addr_use *u = vips_find(p, a);

	if (!u || !u->n || u->hosts)
		return false;
	*out = use_vip(p, u);
	out->kind = (uint8_t)use_kind(u);
	out->local = (uint8_t)use_local(u);
	return true;
}

/* Whether an entry without a Service names the address. */
static bool map_keeps(const struct vipmap *m, const struct addr *a)
{
	size_t lo = 0, hi = m->n_data;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (addr_cmp(&m->data[mid].addr, a) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (; lo < m->n_data && addr_equal(&m->data[lo].addr, a); lo++)
		if (!m->data[lo].service)
			return true;
	return false;
}

bool plan_vip_guarded(const struct plan *p, const struct addr *a)
{
	const struct addr_use *u = vips_find(p, a);

	if (!u || !u->n || u->hosts || plan_excludes(&p->config, a))
		return false;
	return !p->map || !map_keeps(p->map, a);
}

bool plan_vips_turned(struct plan *p)
{
	bool turned = p->turned;

	p->turned = false;
	return turned;
}

static void use_flush(struct plan *p, struct addr_use *u, const struct plan_out *out)
{
	bool wanted = u->n && !u->hosts, was = u->out;
	uint8_t kind = u->kind, local = u->local;

	u->touched = false;
	u->out = wanted;
	u->kind = (uint8_t)use_kind(u);
	u->local = (uint8_t)use_local(u);
	if (was && !wanted)
		out->vip_delete(out->arg, &u->addr);
	if (wanted && (!was || kind != u->kind || local != u->local)) {
		struct vip v = use_vip(p, u);

		out->vip_set(out->arg, &v);
	}
}

void vips_flush(struct plan *p, const struct plan_out *out)
{
	for (size_t i = 0; i < p->n_touched; i++) {
		struct addr_use *u = p->touched[i];

		use_flush(p, u, out);
		if (u->n || u->named || u->hosts)
			continue;
		map_del(p->addrs, &u->addr, sizeof u->addr);
		free(u->users);
		free(u);
	}
	free(p->touched);
	p->touched = NULL;
	p->n_touched = p->touched_cap = 0;
}

static void use_free(void *use)
{
	struct addr_use *u = use;

	free(u->users);
	free(u);
}

void vips_free(struct plan *p)
{
	map_free(p->addrs, use_free);
	free(p->touched);
}
