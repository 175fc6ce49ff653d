/* Which addresses are virtual IPs. An address that is this node's or a Node's own is used, but never added or removed.
 * Source: DESIGN.md 'Inputs'. Test: tests/test_plan_services.c */
#include "plan_int.h"

#include <stdlib.h>
#include <string.h>

static void use_touch(struct plan *p, struct vip_use *u)
{
	if (u->touched)
		return;
	if (p->n_touched == p->touched_cap) {
		p->touched_cap = p->touched_cap ? 2 * p->touched_cap : 16;
		p->touched = xrealloc(p->touched, p->touched_cap * sizeof *p->touched);
	}
	p->touched[p->n_touched++] = u;
	u->touched = true;
}

void vips_touch(struct plan *p, const struct addr *a)
{
	struct vip_use *u = map_get(p->vips, a, sizeof *a);

	if (u)
		use_touch(p, u);
}

void vips_add(struct plan *p, const struct addr *a, struct svc *s, enum vip_kind kind)
{
	struct vip_use *u = map_get(p->vips, a, sizeof *a);

	if (!u) {
		u = xcalloc(1, sizeof *u);
		u->vip.addr = *a;
		map_put(p->vips, a, sizeof *a, u);
	}
	u->users = xrealloc(u->users, (u->n + 1) * sizeof *u->users);
	u->users[u->n++] = (struct vip_user){s, (uint8_t)kind};
	use_touch(p, u);
}

void vips_remove(struct plan *p, const struct addr *a, const struct svc *s, enum vip_kind kind)
{
	struct vip_use *u = map_get(p->vips, a, sizeof *a);
	size_t i = 0;

	while (u->users[i].svc != s || u->users[i].kind != kind)
		i++;
	u->users[i] = u->users[--u->n];
	use_touch(p, u);
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

/* What the address should be now; false: no virtual IP. */
static bool use_wanted(const struct plan *p, const struct vip_use *u, struct vip *out)
{
	*out = (struct vip){.addr = u->vip.addr, .bits = (uint8_t)addr_bits(&u->vip.addr), .kind = VIP_CLUSTER};
	for (size_t i = 0; i < u->n; i++)
		if (u->users[i].kind == VIP_CLIENT)
			out->kind = VIP_CLIENT;
	if (out->kind == VIP_CLUSTER)
		strcpy(out->ifname, "vipd0");
	else if (p->config.interface) /* else it has no place: the caller says so */
		strncpy(out->ifname, p->config.interface, sizeof out->ifname - 1);
	return u->n && !store_addr_host(p, &u->vip.addr);
}

static void use_flush(struct plan *p, struct vip_use *u, const struct plan_out *out)
{
	struct vip now;
	bool wanted = use_wanted(p, u, &now);

	u->touched = false;
	if (u->out && !wanted)
		out->vip_delete(out->arg, &u->vip.addr);
	if (wanted && (!u->out || u->vip.kind != now.kind))
		out->vip_set(out->arg, &now);
	u->vip = now;
	u->out = wanted;
	if (u->n)
		return;
	map_del(p->vips, &now.addr, sizeof now.addr);
	free(u->users);
	free(u);
}

void vips_flush(struct plan *p, const struct plan_out *out)
{
	for (size_t i = 0; i < p->n_touched; i++)
		use_flush(p, p->touched[i], out);
	p->n_touched = 0;
}

static void use_free(void *use)
{
	struct vip_use *u = use;

	free(u->users);
	free(u);
}

void vips_free(struct plan *p)
{
	map_free(p->vips, use_free);
	free(p->touched);
}
