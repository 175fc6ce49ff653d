/* The VRRP packet codec: what is on the wire, and every reason to refuse it.
 * Source: RFC 9568 and RFC 5798 section 5 (version 3), RFC 3768 section 5 and RFC 2338 5.3.6 (version 2), RFC 1071 (checksum).
 * Test: tests/test_packet.c with golden bytes; tests/fuzz/fuzz_packet.c. */
#include "packet.h"

#include <string.h>
#include <sys/socket.h>

enum {
	TYPE_ADVERTISEMENT = 1,
	HEADER = 8,
	V2_AUTH = 8, /* the authentication field behind the addresses, there even if unused */
	PROTO_AH = 51,
	V3_UNIT_MS = 10,
	V3_INTERVAL_MAX = 0x0fff,
	IPV4_HEADER = 20,
	FRAGMENT_BITS = 0x3fff, /* more fragments, and the offset */
};

const char *packet_reason_name(enum packet_reason r)
{
	static const char *const names[PACKET_REASONS] = {
	    [PACKET_OK] = "accepted",
	    [PACKET_SHORT] = "too short",
	    [PACKET_TRAILING] = "bytes behind the end",
	    [PACKET_IP] = "bad IP header",
	    [PACKET_FRAGMENT] = "fragment",
	    [PACKET_TTL] = "wrong TTL",
	    [PACKET_VERSION] = "wrong version",
	    [PACKET_TYPE] = "unknown type",
	    [PACKET_CHECKSUM] = "wrong checksum",
	    [PACKET_VRID] = "unknown VRID",
	    [PACKET_COUNT] = "no address",
	    [PACKET_AUTH_TYPE] = "other authentication type",
	    [PACKET_AUTH] = "authentication failed",
	    [PACKET_INTERVAL] = "wrong interval",
	    [PACKET_OWN] = "own packet",
	    [PACKET_SOURCE] = "not a configured peer",
	    [PACKET_ADDRESSES] = "other address list",
	};
	return r < PACKET_REASONS ? names[r] : "unknown";
}

uint32_t packet_sum(uint32_t sum, const void *bytes, size_t len)
{
	const uint8_t *p = bytes;
	uint64_t wide = sum;

	for (; len > 1; len -= 2, p += 2)
		wide += (uint32_t)p[0] << 8 | p[1];
	if (len)
		wide += (uint32_t)p[0] << 8;
	while (wide >> 32)
		wide = (wide & 0xffffffff) + (wide >> 32);
	return (uint32_t)wide;
}

uint16_t packet_sum_fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/* RFC 9568 5.2.8: source, destination, length and protocol as the upper-layer checksum of that family covers them. */
static uint32_t pseudo_header(const struct addr *src, const struct addr *dst, size_t len)
{
	uint8_t tail[8] = {0};
	size_t n = addr_len(src);
	uint32_t sum = packet_sum(packet_sum(0, src->bytes, n), dst->bytes, n);

	if (src->family == AF_INET) {
		const uint8_t v4[4] = {0, VRRP_PROTOCOL, (uint8_t)(len >> 8), (uint8_t)len};
		return packet_sum(sum, v4, sizeof v4);
	}
	tail[2] = (uint8_t)(len >> 8);
	tail[3] = (uint8_t)len;
	tail[7] = VRRP_PROTOCOL;
	return packet_sum(sum, tail, sizeof tail);
}

static bool sendable(const struct advert *a)
{
	nsec_t unit = a->version == 2 ? NSEC_PER_SEC : V3_UNIT_MS * NSEC_PER_MSEC;
	nsec_t most = a->version == 2 ? 255 : V3_INTERVAL_MAX;

	if ((a->version != 2 && a->version != 3) || a->vrid == 0 || a->n == 0 || a->n > VRRP_ADDRESSES_MAX)
		return false;
	if (a->interval % unit || a->interval < unit || a->interval / unit > most)
		return false;
	return a->family == AF_INET || (a->family == AF_INET6 && a->version == 3);
}

size_t packet_encode(const struct advert *a, enum vrrp_checksum how, const struct addr *src, const struct addr *dst,
		     void *buf, size_t size)
{
	size_t each = a->family == AF_INET ? 4 : 16;
	size_t len = HEADER + a->n * each + (a->version == 2 ? V2_AUTH : 0);
	uint8_t *p = buf;
	uint32_t sum = 0;
	uint16_t check;

	if (!sendable(a) || len > size || src->family != a->family || dst->family != a->family)
		return 0;
	memset(p, 0, len);
	p[0] = (uint8_t)(a->version << 4 | TYPE_ADVERTISEMENT);
	p[1] = a->vrid;
	p[2] = a->priority;
	p[3] = (uint8_t)a->n;
	if (a->version == 2) {
		p[4] = a->auth;
		p[5] = (uint8_t)(a->interval / NSEC_PER_SEC);
		if (a->auth == AUTH_PASS)
			memcpy(p + len - V2_AUTH, a->pass, VRRP_PASS_LEN);
	} else {
		unsigned units = (unsigned)(a->interval / (V3_UNIT_MS * NSEC_PER_MSEC));
		p[4] = (uint8_t)(units >> 8);
		p[5] = (uint8_t)units;
		if (a->family == AF_INET6 || how == CHECKSUM_PSEUDO)
			sum = pseudo_header(src, dst, len);
	}
	for (size_t i = 0; i < a->n; i++)
		memcpy(p + HEADER + i * each, a->addrs[i].bytes, each);
	check = packet_sum_fold(packet_sum(sum, p, len));
	p[6] = (uint8_t)(check >> 8);
	p[7] = (uint8_t)check;
	return len;
}

enum packet_reason packet_strip_ipv4(const void *bytes, size_t size, struct packet_from *from, const uint8_t **payload,
				     size_t *len, bool *ah)
{
	const uint8_t *p = bytes;
	size_t header, total;

	if (size < IPV4_HEADER)
		return PACKET_SHORT;
	header = (size_t)(p[0] & 15) * 4;
	total = (size_t)p[2] << 8 | p[3];
	if (p[0] >> 4 != 4 || header < IPV4_HEADER || total < header || (p[9] != VRRP_PROTOCOL && p[9] != PROTO_AH))
		return PACKET_IP;
	if (total > size)
		return PACKET_SHORT;
	if (((unsigned)p[6] << 8 | p[7]) & FRAGMENT_BITS)
		return PACKET_FRAGMENT;
	from->src = addr_from_bytes(AF_INET, p + 12);
	from->dst = addr_from_bytes(AF_INET, p + 16);
	from->ttl = p[8];
	*payload = p + header;
	*len = total - header;
	*ah = p[9] == PROTO_AH;
	return PACKET_OK;
}

/* Version 2 covers the message alone, version 3 over IPv6 the pseudo-header too; over IPv4 both are met (RFC 5798 erratum 3871 and its readers). */
static bool checksum_right(const uint8_t *p, size_t len, unsigned version, const struct packet_from *from)
{
	uint32_t message = packet_sum(0, p, len);

	if ((version == 2 || from->src.family == AF_INET) && packet_sum_fold(message) == 0)
		return true;
	return version == 3 && packet_sum_fold(packet_sum(pseudo_header(&from->src, &from->dst, len), p, len)) == 0;
}

static nsec_t interval_of(const uint8_t *p, unsigned version)
{
	if (version == 2)
		return p[5] * NSEC_PER_SEC;
	return ((nsec_t)(p[4] & 15) << 8 | p[5]) * V3_UNIT_MS * NSEC_PER_MSEC;
}

enum packet_reason packet_decode(const void *bytes, size_t len, const struct packet_from *from, int min_ttl,
				 struct addr *addrs, struct advert *out)
{
	const uint8_t *p = bytes;
	size_t each = from->src.family == AF_INET ? 4 : 16, want;
	unsigned version;

	if (from->ttl < min_ttl || from->ttl < 0)
		return PACKET_TTL;
	if (len < HEADER)
		return PACKET_SHORT;
	version = p[0] >> 4;
	if (version != 3 && (version != 2 || from->src.family != AF_INET))
		return PACKET_VERSION;
	if ((p[0] & 15) != TYPE_ADVERTISEMENT)
		return PACKET_TYPE;
	want = HEADER + p[3] * each + (version == 2 ? V2_AUTH : 0);
	if (len != want)
		return len < want ? PACKET_SHORT : PACKET_TRAILING;
	if (!checksum_right(p, len, version, from))
		return PACKET_CHECKSUM;
	if (p[1] == 0)
		return PACKET_VRID;
	if (p[3] == 0)
		return PACKET_COUNT;
	if (interval_of(p, version) == 0)
		return PACKET_INTERVAL;
	for (size_t i = 0; i < p[3]; i++)
		addrs[i] = addr_from_bytes(from->src.family, p + HEADER + i * each);
	*out = (struct advert){.version = (uint8_t)version,
			       .family = from->src.family,
			       .vrid = p[1],
			       .priority = p[2],
			       .interval = interval_of(p, version),
			       .auth = version == 2 ? p[4] : AUTH_NONE,
			       .n = p[3],
			       .addrs = addrs};
	if (version == 2)
		memcpy(out->pass, p + len - V2_AUTH, VRRP_PASS_LEN);
	return PACKET_OK;
}

/* The order of the list is free (RFC 9568 5.2.9): each of theirs must be ours, and no fewer. */
static bool same_addresses(const struct packet_expect *x, const struct advert *a)
{
	if (a->n != x->n_addrs)
		return false;
	for (size_t i = 0; i < a->n; i++) {
		size_t low = 0, high = x->n_addrs;
		while (low < high) {
			size_t mid = (low + high) / 2;
			if (addr_cmp(&x->addrs[mid], &a->addrs[i]) < 0)
				low = mid + 1;
			else
				high = mid;
		}
		if (low == x->n_addrs || !addr_equal(&x->addrs[low], &a->addrs[i]))
			return false;
	}
	return true;
}

static bool is_peer(const struct packet_expect *x, const struct addr *src)
{
	for (size_t i = 0; i < x->n_peers; i++)
		if (addr_equal(&x->peers[i], src))
			return true;
	return false;
}

enum packet_reason packet_check(const struct packet_expect *x, const struct packet_from *from, const struct advert *a)
{
	if (a->version != x->version)
		return PACKET_VERSION;
	if (a->vrid != x->vrid)
		return PACKET_VRID;
	if (addr_equal(&from->src, x->self))
		return PACKET_OWN;
	if (x->check_source && !is_peer(x, &from->src))
		return PACKET_SOURCE;
	if (a->version == 2) {
		if (a->auth != x->auth)
			return PACKET_AUTH_TYPE;
		if (a->auth == AUTH_PASS && memcmp(a->pass, x->pass, VRRP_PASS_LEN) != 0)
			return PACKET_AUTH;
		if (a->interval != x->interval)
			return PACKET_INTERVAL;
	}
	return same_addresses(x, a) ? PACKET_OK : PACKET_ADDRESSES;
}
