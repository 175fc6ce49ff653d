/* VRRP packets (vrrp/packet.c): no input may do harm; what is accepted, encoded again, means the same; what a refusal leaves alone is left alone.
 * The first byte chooses: 4 as an IPv4 raw socket delivers them, 6 a message over IPv6. */
#include "../../vrrp/packet.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void same(const struct advert *a, const struct advert *b)
{
	must(a->version == b->version && a->family == b->family && a->vrid == b->vrid && a->priority == b->priority);
	must(a->interval == b->interval && a->auth == b->auth && a->n == b->n);
	must(a->auth != AUTH_PASS || memcmp(a->pass, b->pass, VRRP_PASS_LEN) == 0);
	for (size_t i = 0; i < a->n; i++)
		must(addr_equal(&a->addrs[i], &b->addrs[i]));
}

static void again(const struct advert *a, const struct packet_from *from, size_t len)
{
	struct addr addrs[VRRP_ADDRESSES_MAX];
	uint8_t buf[VRRP_PACKET_MAX];
	struct advert b;

	if (a->auth > AUTH_AH)
		return;
	for (int how = CHECKSUM_PSEUDO; how <= CHECKSUM_MESSAGE; how++) {
		size_t n = packet_encode(a, (enum vrrp_checksum)how, &from->src, &from->dst, buf, sizeof buf);
		must(n == len);
		must(packet_decode(buf, n, from, 0, addrs, &b) == PACKET_OK);
		same(a, &b);
	}
}

static void message(const uint8_t *p, size_t len, const struct packet_from *from)
{
	struct addr addrs[VRRP_ADDRESSES_MAX];
	struct advert a = {.vrid = 1, .n = 12345};
	struct packet_expect x;
	enum packet_reason r = packet_decode(p, len, from, 255, addrs, &a);

	must(r < PACKET_REASONS);
	must((r == PACKET_OK) == (a.n != 12345));
	if (r != PACKET_OK)
		return;
	must(a.vrid && a.n && a.interval > 0 && from->ttl >= 255);
	again(&a, from, len);
	x = (struct packet_expect){
	    .version = 3, .vrid = a.vrid, .self = &from->dst, .interval = a.interval, .addrs = addrs, .n_addrs = 1};
	r = packet_check(&x, from, &a);
	must(r != PACKET_OK || (a.version == 3 && a.n == 1));
}

static void over_ipv4(const uint8_t *p, size_t size)
{
	uint8_t cover[AH_PACKET_MAX];
	struct packet_from from;
	struct packet_ah ah;
	const uint8_t *at;
	size_t len, n = packet_ah_cover(p, size, size & 1, cover);
	bool has_ah;

	if (packet_strip_ipv4(p, size, &from, &at, &len, &has_ah) != PACKET_OK) {
		must(n == 0);
		return;
	}
	must(at >= p && len <= size && at + len <= p + size);
	must(n == 0 || (has_ah && n == 20 + len));
	if (has_ah && packet_strip_ah(&at, &len, &ah) != PACKET_OK)
		return;
	must(at + len <= p + size);
	message(at, len, &from);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > 1 && data[0] == 6) {
		struct packet_from from = {.ttl = 255};
		from.src = (struct addr){AF_INET6, {0xfe, 0x80, [13] = 0x77, [15] = 1}};
		from.dst = (struct addr){AF_INET6, {0xff, 0x02, [15] = 0x12}};
		message(data + 1, size - 1, &from);
	} else if (size > 1) {
		over_ipv4(data + 1, size - 1);
	}
	return 0;
}
