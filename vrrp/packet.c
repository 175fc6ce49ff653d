/* The VRRP packet codec: what is on the wire, and every reason to refuse it.
 * Source: RFC 9568 and RFC 5798 section 5 (version 3), RFC 3768 section 5 and RFC 2338 5.3.6 (version 2), RFC 1071 (checksum).
 * Test: tests/test_packet.c with golden bytes; tests/fuzz/fuzz_packet.c. */
#include "packet.h"

#include <stdio.h>
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
	IPV4_TOS = 0xc0, /* internetwork control, as keepalived and FRR send it */
	AH_LENGTH = AH_HEADER / 4 - 2,
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

static void put16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void put32(uint8_t *p, uint32_t v)
{
	put16(p, (uint16_t)(v >> 16));
	put16(p + 2, (uint16_t)v);
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
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

static bool right_family(const struct advert *a)
{
	for (size_t i = 0; i < a->n; i++)
		if (a->addrs[i].family != a->family)
			return false;
	return a->family == AF_INET || (a->family == AF_INET6 && a->version == 3);
}

static bool sendable(const struct advert *a)
{
	nsec_t unit = a->version == 2 ? NSEC_PER_SEC : V3_UNIT_MS * NSEC_PER_MSEC;
	nsec_t most = a->version == 2 ? 255 : V3_INTERVAL_MAX;

	if ((a->version != 2 && a->version != 3) || a->vrid == 0 || a->n == 0 || a->n > VRRP_ADDRESSES_MAX)
		return false;
	if (a->interval % unit || a->interval < unit || a->interval / unit > most)
		return false;
	return right_family(a) && (a->version == 3 || a->auth <= AUTH_AH);
}

size_t packet_encode(const struct advert *a, enum vrrp_checksum how, const struct addr *src, const struct addr *dst,
		     void *buf, size_t size)
{
	size_t each = a->family == AF_INET ? 4 : 16;
	size_t len = HEADER + a->n * each + (a->version == 2 ? V2_AUTH : 0);
	uint8_t *p = buf;
	uint32_t sum = 0;

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
		put16(p + 4, (uint16_t)(a->interval / (V3_UNIT_MS * NSEC_PER_MSEC)));
		if (a->family == AF_INET6 || how == CHECKSUM_PSEUDO)
			sum = pseudo_header(src, dst, len);
	}
	for (size_t i = 0; i < a->n; i++)
		memcpy(p + HEADER + i * each, a->addrs[i].bytes, each);
	put16(p + 6, packet_sum_fold(packet_sum(sum, p, len)));
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
	from->sealed = false;
	*payload = p + header;
	*len = total - header;
	*ah = p[9] == PROTO_AH;
	return PACKET_OK;
}

enum packet_reason packet_strip_ah(const uint8_t **payload, size_t *len, struct packet_ah *out)
{
	const uint8_t *p = *payload;

	if (*len < AH_HEADER)
		return PACKET_SHORT;
	if (p[0] != VRRP_PROTOCOL || p[1] != AH_LENGTH)
		return PACKET_IP;
	out->spi = get32(p + 4);
	out->sequence = get32(p + 8);
	out->digest = p + AH_HEADER - AH_DIGEST;
	*payload = p + AH_HEADER;
	*len -= AH_HEADER;
	return PACKET_OK;
}

uint8_t *packet_ah_digest(void *packet)
{
	return (uint8_t *)packet + IPV4_HEADER + AH_HEADER - AH_DIGEST;
}

size_t packet_ah_cover(const void *ip, size_t size, bool keep_ttl, uint8_t out[AH_PACKET_MAX])
{
	struct packet_from from;
	const uint8_t *payload;
	size_t len;
	bool ah;

	if (packet_strip_ipv4(ip, size, &from, &payload, &len, &ah) != PACKET_OK || !ah || len < AH_HEADER)
		return 0;
	if (payload != (const uint8_t *)ip + IPV4_HEADER || len > AH_PACKET_MAX - IPV4_HEADER)
		return 0;
	memcpy(out, ip, IPV4_HEADER + len);
	out[1] = 0; /* type of service */
	memset(out + 6, 0, 2);
	if (!keep_ttl)
		out[8] = 0;
	memset(out + 10, 0, 2); /* header checksum */
	memset(packet_ah_digest(out), 0, AH_DIGEST);
	return IPV4_HEADER + len;
}

size_t packet_wrap_ah(const struct packet_route *r, uint32_t sequence, const void *message, size_t len, void *buf,
		      size_t size)
{
	uint8_t *p = buf, *ah = p + IPV4_HEADER;
	size_t total = IPV4_HEADER + AH_HEADER + len;

	if (r->src.family != AF_INET || r->dst.family != AF_INET || r->id == 0 || sequence == 0 ||
	    total > AH_PACKET_MAX || total > size)
		return 0;
	memset(p, 0, IPV4_HEADER + AH_HEADER);
	p[0] = 4 << 4 | IPV4_HEADER / 4;
	p[1] = IPV4_TOS;
	put16(p + 2, (uint16_t)total);
	put16(p + 4, r->id);
	p[8] = r->ttl;
	p[9] = PROTO_AH;
	memcpy(p + 12, r->src.bytes, 4);
	memcpy(p + 16, r->dst.bytes, 4);
	put16(p + 10, packet_sum_fold(packet_sum(0, p, IPV4_HEADER)));
	ah[0] = VRRP_PROTOCOL;
	ah[1] = AH_LENGTH;
	memcpy(ah + 4, r->src.bytes, 4);
	put32(ah + 8, sequence);
	memcpy(ah + AH_HEADER, message, len);
	return total;
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

/* Where it is in our list, or n_addrs. */
static size_t find_address(const struct packet_expect *x, const struct addr *a)
{
	size_t low = 0, high = x->n_addrs;

	while (low < high) {
		size_t mid = (low + high) / 2;
		if (addr_cmp(&x->addrs[mid], a) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low < x->n_addrs && addr_equal(&x->addrs[low], a) ? low : x->n_addrs;
}

/* "10.4.0.9 and 2 more" behind what is in text already; nothing if there are none. */
static void difference_add(char text[PACKET_DIFFERENCE], const char *verb, const struct addr *first, size_t n,
			   const char *what)
{
	size_t at = strlen(text);
	char addr[ADDR_TEXT];

	if (!n)
		return;
	at += (size_t)snprintf(text + at, PACKET_DIFFERENCE - at, "%s%s %s", at ? ", " : "", verb,
			       addr_format(first, addr));
	if (n > 1)
		at += (size_t)snprintf(text + at, PACKET_DIFFERENCE - at, " and %zu more", n - 1);
	snprintf(text + at, PACKET_DIFFERENCE - at, "%s", what);
}

void packet_difference(const struct packet_expect *x, const struct advert *a, char text[PACKET_DIFFERENCE])
{
	const struct addr *more = NULL, *less = NULL;
	bool seen[VRRP_ADDRESSES_MAX] = {false};
	size_t n_more = 0, n_less = 0;

	for (size_t i = 0; i < a->n; i++) {
		size_t at = find_address(x, &a->addrs[i]);

		if (at < x->n_addrs)
			seen[at] = true;
		else if (!n_more++)
			more = &a->addrs[i];
	}
	for (size_t i = 0; i < x->n_addrs && i < VRRP_ADDRESSES_MAX; i++)
		if (!seen[i] && !n_less++)
			less = &x->addrs[i];
	text[0] = '\0';
	difference_add(text, "has", more, n_more, " that this node has not");
	difference_add(text, "lacks", less, n_less, "");
}

/* The order of the list is free (RFC 9568 5.2.9): each of theirs is one of ours, none twice, and no fewer. */
static bool same_addresses(const struct packet_expect *x, const struct advert *a)
{
	bool seen[VRRP_ADDRESSES_MAX] = {false};

	if (a->n != x->n_addrs)
		return false;
	for (size_t i = 0; i < a->n; i++) {
		size_t at = find_address(x, &a->addrs[i]);
		if (at == x->n_addrs || seen[at])
			return false;
		seen[at] = true;
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

/* RFC 3768 7.1, RFC 2338 5.3.6. A message that says it is behind an AH header, and is not, is not authenticated. */
static enum packet_reason check_v2(const struct packet_expect *x, const struct packet_from *from,
				   const struct advert *a)
{
	if (a->auth != x->auth || from->sealed != (x->auth == AUTH_AH))
		return PACKET_AUTH_TYPE;
	if (a->auth == AUTH_PASS && memcmp(a->pass, x->pass, VRRP_PASS_LEN) != 0)
		return PACKET_AUTH;
	return a->interval == x->interval ? PACKET_OK : PACKET_INTERVAL;
}

enum packet_reason packet_check(const struct packet_expect *x, const struct packet_from *from, const struct advert *a)
{
	enum packet_reason r = PACKET_OK;

	if (a->version != x->version)
		return PACKET_VERSION;
	if (a->vrid != x->vrid)
		return PACKET_VRID;
	if (addr_equal(&from->src, x->self))
		return PACKET_OWN;
	if (x->check_source && !is_peer(x, &from->src))
		return PACKET_SOURCE;
	if (a->version == 2)
		r = check_v2(x, from, a);
	if (r != PACKET_OK)
		return r;
	return same_addresses(x, a) ? PACKET_OK : PACKET_ADDRESSES;
}
