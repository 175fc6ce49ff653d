/* VIP -> virtual router, by rendezvous hashing: FNV-1a over a name, over an address, both mixed with the finaliser of SplitMix64 (public domain,
 * Steele, Lea, Flood 2014). The hash is part of what nodes must agree on: it never changes. Test: tests/test_assign.c. */
#include "assign.h"

#include "base/arena.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

struct candidates {
	uint16_t *items;
	size_t n;
};

struct assign {
	const struct router *routers;
	size_t n;
	const struct assign_pin *pins;
	size_t n_pins;
	uint64_t *hashes; /* of the routers' names */
	uint16_t *sent;
	struct candidates v4, v6;
};

static uint64_t fnv(const void *bytes, size_t n)
{
	const uint8_t *p = bytes;
	uint64_t h = 0xcbf29ce484222325;

	for (size_t i = 0; i < n; i++)
		h = (h ^ p[i]) * 0x100000001b3;
	return h;
}

static uint64_t mix(uint64_t x)
{
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
	x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
	return x ^ (x >> 31);
}

static bool has_own(const struct assign *a, size_t router)
{
	for (size_t i = 0; i < a->n_pins; i++)
		if (a->pins[i].router == router)
			return true;
	return false;
}

static bool on_interface(const struct router *r, const char *interface)
{
	return interface && strncmp(r->ifname, interface, sizeof r->ifname) == 0;
}

/* The routers of a family that the address of none in particular can go to; the best class that has any. */
static struct candidates candidates(const struct assign *a, uint8_t family, const char *interface)
{
	struct candidates c = {xcalloc(a->n + 1, sizeof *c.items), 0};
	unsigned best = 3;

	for (size_t i = 0; i < a->n; i++) {
		const struct router *r = &a->routers[i];
		unsigned class = !has_own(a, i) ? 0 : on_interface(r, interface) ? 1 : 2;

		if (r->family != family || class > best)
			continue;
		if (class < best)
			c.n = 0;
		best = class;
		c.items[c.n++] = (uint16_t)i;
	}
	return c;
}

struct assign *assign_new(const struct router *routers, size_t n, const struct assign_pin *pins, size_t n_pins,
			  const char *interface)
{
	struct assign *a = xcalloc(1, sizeof *a);
	uint16_t next = 0;

	*a = (struct assign){.routers = routers, .n = n, .pins = pins, .n_pins = n_pins};
	a->hashes = xcalloc(n + 1, sizeof *a->hashes);
	a->sent = xcalloc(n + 1, sizeof *a->sent);
	for (size_t i = 0; i < n; i++) {
		a->hashes[i] = mix(fnv(routers[i].name, strnlen(routers[i].name, sizeof routers[i].name)));
		a->sent[i] = routers[i].ifname[0] ? next++ : ROUTER_NONE;
	}
	a->v4 = candidates(a, AF_INET, interface);
	a->v6 = candidates(a, AF_INET6, interface);
	return a;
}

void assign_free(struct assign *a)
{
	if (!a)
		return;
	free(a->hashes);
	free(a->sent);
	free(a->v4.items);
	free(a->v6.items);
	free(a);
}

static int pin_cmp(const void *key, const void *item)
{
	return addr_cmp(key, &((const struct assign_pin *)item)->addr);
}

const struct assign_pin *assign_pinned(const struct assign *a, const struct addr *vip)
{
	return a->n_pins ? bsearch(vip, a->pins, a->n_pins, sizeof *a->pins, pin_cmp) : NULL;
}

uint16_t assign_router(const struct assign *a, const struct addr *vip)
{
	const struct assign_pin *pin = assign_pinned(a, vip);
	const struct candidates *c = vip->family == AF_INET ? &a->v4 : &a->v6;
	uint64_t h = fnv(vip->bytes, addr_len(vip)), most = 0;
	uint16_t best = ROUTER_NONE;

	if (pin)
		return pin->router;
	for (size_t i = 0; i < c->n; i++) {
		uint64_t score = mix(h ^ a->hashes[c->items[i]]);

		if (best == ROUTER_NONE || score > most) {
			best = c->items[i];
			most = score;
		}
	}
	return best;
}

uint16_t assign_sent(const struct assign *a, uint16_t router)
{
	return router < a->n ? a->sent[router] : ROUTER_NONE;
}

static enum assign_place put(const struct assign *a, uint16_t router, struct vip *v)
{
	const struct router *r = &a->routers[router];

	memset(v->ifname, 0, sizeof v->ifname);
	memcpy(v->ifname, r->ifname, strnlen(r->ifname, sizeof r->ifname));
	v->router = assign_sent(a, router);
	return v->router == ROUTER_NONE ? ASSIGN_NO_INTERFACE : ASSIGN_PLACED;
}

enum assign_place assign_own(const struct assign *a, const struct assign_pin *p, struct vip *out)
{
	*out = (struct vip){.addr = p->addr, .bits = p->bits, .kind = VIP_CLIENT, .scope = p->scope};
	memcpy(out->label, p->label, sizeof out->label);
	return put(a, p->router, out);
}

enum assign_place assign_vip(const struct assign *a, struct vip *v)
{
	const struct assign_pin *pin = assign_pinned(a, &v->addr);
	uint16_t router;

	if (pin)
		return assign_own(a, pin, v);
	v->router = ROUTER_NONE;
	if (v->kind == VIP_CLUSTER)
		return ASSIGN_PLACED;
	if (!a->n)
		return v->ifname[0] ? ASSIGN_PLACED : ASSIGN_NO_INTERFACE;
	router = assign_router(a, &v->addr);
	return router == ROUTER_NONE ? ASSIGN_NO_ROUTER : put(a, router, v);
}
