/* Raw sockets for advertisements: one for each (interface, family, with AH or without), shared by its routers. The kernel filters by VRID and length, so
 * that a flood of strangers' packets costs no wake-up. Several packets are sent and received at a time. */
#ifndef VIPD_VRRP_VSOCK_H
#define VIPD_VRRP_VSOCK_H

#include "../src/base/loop.h"
#include "packet.h"

#include <stdbool.h>

struct vsock;

struct vsock_key {
	uint32_t ifindex;
	uint8_t family;
	bool ah;   /* protocol 51; packets go out with their IPv4 header */
	bool deaf; /* sends only (a virtual MAC's device) */
};

/* Opens, bound to the interface, in the routers' multicast group unless deaf, hearing no VRID yet. readable is called from the loop. 0 or -errno. */
int vsock_open(struct loop *l, const struct vsock_key *key, void (*readable)(void *arg, struct vsock *s), void *arg,
	       struct vsock **out);
void vsock_close(struct vsock *s);
const struct vsock_key *vsock_key(const struct vsock *s);

/* Hears this VRID, for user; NULL: no more. */
void vsock_listen(struct vsock *s, uint8_t vrid, void *user);
void *vsock_user(const struct vsock *s, uint8_t vrid);

/* One packet as it came: with its IPv4 header, from says nothing then but sealed false; for IPv6 the message alone. */
typedef void (*vsock_each)(void *arg, struct vsock *s, const void *bytes, size_t len, const struct packet_from *from);
/* Room for a batch. */
struct vsock_buffers;
struct vsock_buffers *vsock_buffers_new(void);
void vsock_buffers_free(struct vsock_buffers *b);
/* Takes in at most max packets; how many. */
unsigned vsock_receive(struct vsock *s, struct vsock_buffers *b, unsigned max, vsock_each each, void *arg);

struct vsock_out {
	struct vsock *via;
	struct addr src, dst;
	const void *bytes;
	size_t len;
	int error; /* out: 0 or errno */
};
enum { VSOCK_BATCH = 64 };
/* Sends out[0..n), n <= VSOCK_BATCH, in order; those of one socket that stand together in one call. Never blocks. */
void vsock_send(struct vsock_out *out, size_t n);

#endif
