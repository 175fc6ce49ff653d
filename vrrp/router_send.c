/* How a router's advertisements are made and go out: encoded once for each destination and sent again until something in them changes; queued, so that
 * those of a turn go out together. Source: RFC 9568 sections 5 and 7.2; RFC 3768, RFC 2338 5.3.6 for authentication.
 * Test: tests/kernel/test_vrrp_engine.c. */
#include "advert.h"
#include "engine_int.h"

#include "../src/base/arena.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* ---- sockets, shared by the routers of an interface ---- */

static struct vsock *sock_find(struct engine *e, const struct vsock_key *k)
{
	for (size_t i = 0; i < e->n_socks; i++) {
		const struct vsock_key *have = vsock_key(e->socks[i]);

		if (have->ifindex == k->ifindex && have->family == k->family && have->ah == k->ah &&
		    have->deaf == k->deaf)
			return e->socks[i];
	}
	return NULL;
}

static int sock_get(struct engine *e, const struct vsock_key *k, struct vsock **out)
{
	struct vsock *s = sock_find(e, k);
	int err = s ? 0 : vsock_open(e->loop, k, turn_readable, e, &s);

	if (err)
		return err;
	if (!sock_find(e, k)) {
		e->socks = xrealloc(e->socks, (e->n_socks + 1) * sizeof(struct vsock *));
		e->socks[e->n_socks++] = s;
	}
	*out = s;
	return 0;
}

static bool sock_used(const struct engine *e, const struct vsock *s)
{
	for (size_t i = 0; i < e->n; i++)
		if (e->routers[i]->in == s || e->routers[i]->out == s)
			return true;
	return false;
}

static void sock_put(struct engine *e, struct vsock *s)
{
	if (!s || sock_used(e, s))
		return;
	for (size_t i = 0; i < e->n_socks; i++)
		if (e->socks[i] == s) {
			e->socks[i] = e->socks[--e->n_socks];
			break;
		}
	vsock_close(s);
}

void router_sockets_close(struct vrouter *r)
{
	struct vsock *in = r->in, *out = r->out;

	router_flush(r->engine);
	if (in)
		vsock_listen(in, r->conf.vrid, NULL);
	r->in = r->out = NULL;
	r->packet_len = 0;
	sock_put(r->engine, in);
	if (out != in)
		sock_put(r->engine, out);
}

int router_sockets(struct vrouter *r)
{
	struct vsock_key k = {.ifindex = r->ifindex, .family = r->conf.family, .ah = r->conf.auth == AUTH_AH};
	unsigned lost;
	int err;

	if (r->in && r->in == sock_find(r->engine, &k) &&
	    vsock_key(r->out)->ifindex == (r->device ? r->device : r->ifindex))
		return 0;
	router_sockets_close(r);
	err = sock_get(r->engine, &k, &r->in);
	k.ifindex = r->device;
	k.deaf = true;
	r->out = r->in;
	if (!err && r->device)
		err = sock_get(r->engine, &k, &r->out);
	if (!err) {
		vsock_listen(r->in, r->conf.vrid, r);
		return 0;
	}
	if (log_allow(&r->limit_send, r->engine->now, &lost))
		log_event(LOG_VRRP_SEND_FAILED,
			  LOG_WITH(.router = r->conf.name, .interface = r->conf.ifname, .suppressed = lost),
			  "router %s: cannot open its sockets on %s: %s", r->conf.name, r->conf.ifname, strerror(-err));
	router_sockets_close(r);
	return err;
}

/* ---- packets ---- */

static size_t destinations(const struct vrouter *r)
{
	return r->conf.n_peers ? r->conf.n_peers : 1;
}

static struct addr destination(const struct vrouter *r, size_t i)
{
	struct addr group = {.family = AF_INET6, .bytes = {0xff, 0x02, [15] = 0x12}};

	if (r->conf.n_peers)
		return r->conf.peers[i];
	return r->conf.family == AF_INET6 ? group : addr_from_v4(0xe0000012);
}

/* AH: behind its IPv4 header, with a number of its own each. */
static size_t seal(struct vrouter *r, const struct addr *dst, const void *message, size_t len, uint8_t *to, size_t size)
{
	struct packet_route route = {.src = r->fc.self, .dst = *dst, .ttl = 255};
	uint32_t number = auth_next(&r->sequence);

	r->slot->sequence = r->sequence;
	route.id = (uint16_t)(number & 0xffff ? number & 0xffff : 1);
	len = number ? packet_wrap_ah(&route, number, message, len, to, size) : 0;
	return len && auth_seal(r->conf.pass, to, len) == 0 ? len : 0;
}

static size_t make_one(struct vrouter *r, const struct advert *a, const struct addr *dst, uint8_t *to, size_t size)
{
	uint8_t message[VRRP_PACKET_MAX];
	size_t len;

	if (r->conf.auth != AUTH_AH)
		return packet_encode(a, (enum vrrp_checksum)r->conf.checksum, &r->fc.self, dst, to, size);
	len = packet_encode(a, (enum vrrp_checksum)r->conf.checksum, &r->fc.self, dst, message, sizeof(message));
	return len ? seal(r, dst, message, len, to, size) : 0;
}

/* False if they cannot be made. */
static bool make(struct vrouter *r, uint8_t priority)
{
	struct advert a = {
	    .version = r->conf.version,
	    .family = r->conf.family,
	    .vrid = r->conf.vrid,
	    .priority = priority,
	    .interval = r->fc.interval,
	    .auth = r->conf.auth,
	    .n = (uint16_t)r->n_advertised,
	    .addrs = r->addrs,
	};
	size_t room = 60 + AH_HEADER + 8 + r->n_advertised * addr_len(&r->fc.self) + VRRP_PASS_LEN;

	if (r->packet_len && r->packet_priority == priority && r->conf.auth != AUTH_AH)
		return true;
	memcpy(a.pass, r->conf.pass, sizeof(a.pass));
	r->packet_stride = room;
	if (r->packets_size < room * destinations(r)) {
		r->packets_size = room * destinations(r);
		r->packets = xrealloc(r->packets, r->packets_size);
	}
	for (size_t i = 0; i < destinations(r); i++) {
		struct addr dst = destination(r, i);

		r->packet_len = make_one(r, &a, &dst, r->packets + i * room, room);
		if (!r->packet_len)
			return false;
	}
	r->packet_priority = priority;
	return true;
}

static void count(struct vrouter *r, const struct vsock_out *o)
{
	unsigned lost;

	r->queued = false;
	if (!o->error) {
		r->sent++;
		return;
	}
	r->send_errors++;
	if (log_allow(&r->limit_send, r->engine->now, &lost))
		log_event(LOG_VRRP_SEND_FAILED,
			  LOG_WITH(.router = r->conf.name, .interface = r->conf.ifname, .suppressed = lost),
			  "router %s: cannot send an advertisement on %s: %s", r->conf.name, r->conf.ifname,
			  strerror(o->error));
}

void router_flush(struct engine *e)
{
	size_t n = e->n_out;

	if (n == 0)
		return;
	e->n_out = 0;
	vsock_send(e->out, n);
	for (size_t i = 0; i < n; i++)
		count(e->out_of[i], &e->out[i]);
}

/* With AH each is another one. */
void router_prepare(struct vrouter *r)
{
	if (r->out && r->conf.auth != AUTH_AH)
		make(r, r->fc.priority);
}

void router_send(struct vrouter *r, uint8_t priority)
{
	struct engine *e = r->engine;

	if (r->queued)
		router_flush(e);
	if (!r->out || !make(r, priority)) {
		r->send_errors++;
		return;
	}
	r->sent_at = r->slot->sent = e->now;
	for (size_t i = 0; i < destinations(r); i++) {
		if (e->n_out == VSOCK_BATCH)
			router_flush(e);
		e->out_of[e->n_out] = r;
		e->out[e->n_out++] = (struct vsock_out){.via = r->out,
							.src = r->fc.self,
							.dst = destination(r, i),
							.bytes = r->packets + i * r->packet_stride,
							.len = r->packet_len};
		r->queued = true;
	}
}
