/* Decides, for one address, whether it is held, must be added, or stands somewhere it must leave.
 * A stand-in is there for as long as the address is wanted and on its way, and no longer: a node that is not Active must not swallow what is sent to it.
 * Source: DESIGN rule "only our own"; net/ipv4/devinet.c (IPv4: one address may stand on several interfaces and with several prefix
 * lengths), net/ipv6/addrconf.c (IPv6: once an interface). Test: tests/test_vips.c. */
#include "vips.h"

#include <string.h>
#include <sys/socket.h>

const char *vip_problem_reason(enum vip_problem p)
{
	static const char *const names[VIP_PROBLEMS] = {
	    [VIP_FINE] = "",
	    [VIP_NO_INTERFACE] = "InterfaceMissing",
	    [VIP_INTERFACE_DOWN] = "InterfaceDown",
	    [VIP_ELSEWHERE] = "AddressElsewhere",
	    [VIP_REFUSED] = "AddressRefused",
	};

	return (unsigned)p < VIP_PROBLEMS ? names[p] : "Unknown";
}

/* Scope and label are as wanted. The kernel calls an address by its interface's name where nothing else was said. */
static bool is_dressed(const struct vip_view *v, const struct vip_have *h)
{
	const char *label = v->want->label[0] ? v->want->label : v->link->name;

	if (v->want->addr.family != AF_INET || !h->label[0])
		return true;
	return h->scope == v->want->scope && strncmp(h->label, label, LINK_NAME) == 0;
}

static bool is_place(const struct vip_view *v, const struct vip_have *h)
{
	return v->want && v->link && h->ifindex == v->link->index;
}

static bool is_wanted_place(const struct vip_view *v, const struct vip_have *h)
{
	if (!is_place(v, h))
		return false;
	/* Somebody else's serves with any prefix. */
	return !h->ours || (h->bits == v->want->bits && is_dressed(v, h) && !h->unrouted);
}

/* The same link-local address on two interfaces is two addresses. */
static bool is_foreign_elsewhere(const struct vip_view *v, const struct vip_have *h)
{
	return !h->ours && h->ifindex != v->link->index && !addr_is_link_local(&v->want->addr);
}

/* What must be done with it, but for its stand-in. */
static struct vip_verdict decide(const struct vip_view *v)
{
	struct vip_verdict out = {.problem = VIP_FINE};
	bool elsewhere = false, in_the_way = false;

	if (!v->want)
		return out;
	if (!v->link) {
		out.problem = VIP_NO_INTERFACE;
		return out;
	}
	for (size_t i = 0; i < v->n; i++) {
		out.held |= is_wanted_place(v, &v->have[i]);
		elsewhere |= is_foreign_elsewhere(v, &v->have[i]);
		/* One with another scope or label, or without its route, goes before it comes back. */
		in_the_way |= v->have[i].ours && is_place(v, &v->have[i]) && v->have[i].bits == v->want->bits;
	}
	if (v->want->kind == VIP_CLIENT && !link_is_up(v->link))
		out.problem = VIP_INTERFACE_DOWN;
	else if (!out.held && elsewhere)
		out.problem = VIP_ELSEWHERE;
	out.add = !out.held && !in_the_way && v->may_add && out.problem == VIP_FINE;
	if (out.add && v->refused) {
		out.add = false;
		out.problem = VIP_REFUSED;
	}
	return out;
}

/* IPv6 answers for what an interface has, whatever the routes say; an interface of a VRF has another table. */
static bool may_stand_in(const struct vip_view *v)
{
	return v->want->addr.family == AF_INET && v->want->kind == VIP_CLIENT && !v->vrf;
}

struct vip_verdict vips_decide(const struct vip_view *v)
{
	struct vip_verdict out = decide(v);

	out.stand_down = v->stand_in && !(out.add && v->stand_in == v->link->index);
	out.stand_in = out.add && v->many && !v->stand_in && may_stand_in(v);
	return out;
}

bool vips_is_stale(const struct vip_view *v, const struct vip_have *h)
{
	return h->ours && v->may_remove && !is_wanted_place(v, h);
}
