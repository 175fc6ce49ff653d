/* vrrp/packet.c: what keepalived and FRR send, byte for byte, and every reason to refuse a packet. */
#include "../vrrp/packet.h"
#include "vrrp_bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <cmocka.h>

#define MS NSEC_PER_MSEC

/* A packet taken apart: header values and message. */
struct taken {
	uint8_t bytes[AH_PACKET_MAX];
	size_t size;
	struct packet_from from;
	const uint8_t *message;
	size_t len;
};

static void take(struct taken *t, const char *hex)
{
	bool ah;

	*t = (struct taken){.size = 0};
	t->size = bytes_of(hex, t->bytes, sizeof t->bytes);
	if (t->bytes[0] >> 4 == 4) {
		assert_int_equal(packet_strip_ipv4(t->bytes, t->size, &t->from, &t->message, &t->len, &ah), PACKET_OK);
		assert_false(ah);
		return;
	}
	t->from = (struct packet_from){.src = addr_from_bytes(AF_INET6, t->bytes + 8),
				       .dst = addr_from_bytes(AF_INET6, t->bytes + 24),
				       .ttl = t->bytes[7]};
	t->message = t->bytes + 40;
	t->len = t->size - 40;
}

/* --- golden bytes --- */

static const struct golden {
	const char *hex;
	enum vrrp_checksum how;
	uint8_t version, vrid, priority;
	nsec_t interval;
	uint8_t auth;
	const char *pass;
	uint8_t n;
	const char *addrs[2];
} golden[] = {
    {V2_TWO, CHECKSUM_PSEUDO, 2, 51, 100, 1000 * MS, AUTH_NONE, "", 2, {"10.77.0.100", "10.77.0.101"}},
    {V2_TWO_STOP, CHECKSUM_PSEUDO, 2, 51, 0, 1000 * MS, AUTH_NONE, "", 2, {"10.77.0.100", "10.77.0.101"}},
    {V2_TWO, CHECKSUM_MESSAGE, 2, 51, 100, 1000 * MS, AUTH_NONE, "", 2, {"10.77.0.100", "10.77.0.101"}},
    {V2_PASS, CHECKSUM_PSEUDO, 2, 52, 101, 1000 * MS, AUTH_PASS, "s3cret", 1, {"10.77.0.100"}},
    {V2_OWNER, CHECKSUM_PSEUDO, 2, 57, 255, 1000 * MS, AUTH_NONE, "", 1, {"10.77.0.100"}},
    {V3_TWO, CHECKSUM_PSEUDO, 3, 55, 100, 250 * MS, AUTH_NONE, "", 2, {"10.77.0.100", "10.77.0.101"}},
    {V3_TWO_STOP, CHECKSUM_PSEUDO, 3, 55, 0, 250 * MS, AUTH_NONE, "", 2, {"10.77.0.100", "10.77.0.101"}},
    {V3_FRR, CHECKSUM_PSEUDO, 3, 58, 120, 1000 * MS, AUTH_NONE, "", 1, {"10.77.0.100"}},
    {V3_SIX, CHECKSUM_PSEUDO, 3, 56, 100, 250 * MS, AUTH_NONE, "", 2, {"fe80::100", "fd77::100"}},
    {V3_SIX, CHECKSUM_MESSAGE, 3, 56, 100, 250 * MS, AUTH_NONE, "", 2, {"fe80::100", "fd77::100"}},
    {V3_SIX_FRR, CHECKSUM_PSEUDO, 3, 58, 120, 1000 * MS, AUTH_NONE, "", 1, {"fd77::100"}},
};

static void same_advert(const struct advert *a, const struct golden *g)
{
	assert_int_equal(a->version, g->version);
	assert_int_equal(a->vrid, g->vrid);
	assert_int_equal(a->priority, g->priority);
	assert_int_equal(a->interval, g->interval);
	assert_int_equal(a->auth, g->auth);
	assert_int_equal(a->n, g->n);
	assert_memory_equal(a->pass, g->pass, strlen(g->pass));
	for (size_t i = 0; i < a->n; i++) {
		struct addr want = address(g->addrs[i]);
		assert_true(addr_equal(&a->addrs[i], &want));
		assert_int_equal(a->addrs[i].family, a->family);
	}
}

static void golden_bytes(void **state)
{
	for (size_t i = 0; i < sizeof golden / sizeof *golden; i++) {
		const struct golden *g = &golden[i];
		struct addr addrs[VRRP_ADDRESSES_MAX];
		uint8_t out[VRRP_PACKET_MAX];
		struct advert a;
		struct taken t;

		take(&t, g->hex);
		assert_int_equal(t.from.ttl, 255);
		assert_int_equal(packet_decode(t.message, t.len, &t.from, 255, addrs, &a), PACKET_OK);
		same_advert(&a, g);
		assert_int_equal(packet_encode(&a, g->how, &t.from.src, &t.from.dst, out, sizeof out), t.len);
		assert_memory_equal(out, t.message, t.len);
		assert_int_equal(packet_encode(&a, g->how, &t.from.src, &t.from.dst, out, t.len - 1), 0);
	}
}

/* RFC 9568 7.1 with the readers of RFC 5798 erratum 3871: over IPv4 version 3 is met with and without the pseudo-header. */
static void both_checksums(void **state)
{
	static const uint8_t message[] = {0x31, 55, 100, 2, 0, 25, 0x55, 0x4a, 10, 77, 0, 100, 10, 77, 0, 101};
	struct addr addrs[VRRP_ADDRESSES_MAX];
	uint8_t out[VRRP_PACKET_MAX];
	struct advert a;
	struct taken t;

	take(&t, V3_TWO);
	assert_int_equal(packet_decode(t.message, t.len, &t.from, 255, addrs, &a), PACKET_OK);
	assert_int_equal(packet_encode(&a, CHECKSUM_MESSAGE, &t.from.src, &t.from.dst, out, sizeof out), t.len);
	assert_memory_equal(out, message, sizeof message);
	assert_int_equal(packet_decode(message, sizeof message, &t.from, 255, addrs, &a), PACKET_OK);
	/* IPv6: the message alone is wrong */
	take(&t, V3_SIX);
	memcpy(out, t.message, t.len);
	memset(out + 6, 0, 2);
	out[6] = (uint8_t)(packet_sum_fold(packet_sum(0, out, t.len)) >> 8);
	out[7] = (uint8_t)packet_sum_fold(packet_sum(0, out, t.len));
	assert_int_equal(packet_decode(out, t.len, &t.from, 255, addrs, &a), PACKET_CHECKSUM);
}

/* RFC 1071 section 3: the example, odd lengths, carries that carry. */
static void sums(void **state)
{
	static const uint8_t example[] = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};
	static const uint8_t ones[] = {0xff, 0xff, 0xff};

	assert_int_equal(packet_sum_fold(packet_sum(0, example, sizeof example)), 0x220d);
	assert_int_equal(packet_sum_fold(packet_sum(packet_sum(0, example, 4), example + 4, 4)), 0x220d);
	assert_int_equal(packet_sum_fold(packet_sum(0, ones, sizeof ones)), 0x00ff);
	assert_int_equal(packet_sum(0xffffffff, ones, 2), 0xffff);
	assert_int_equal(packet_sum_fold(0), 0xffff);
}

/* --- refusals --- */

/* A message, changed at some places, its checksum right again unless `sum` is false. */
static enum packet_reason altered(const char *hex, size_t at, uint8_t value, bool sum, int min_ttl)
{
	struct addr addrs[VRRP_ADDRESSES_MAX];
	uint8_t bytes[VRRP_PACKET_MAX];
	struct advert a = {.n = 12345};
	enum packet_reason r;
	struct taken t;

	take(&t, hex);
	memcpy(bytes, t.message, t.len);
	bytes[at] = value;
	if (sum && t.from.src.family == AF_INET) {
		uint16_t check;
		memset(bytes + 6, 0, 2);
		check = packet_sum_fold(packet_sum(0, bytes, t.len));
		bytes[6] = (uint8_t)(check >> 8);
		bytes[7] = (uint8_t)check;
	}
	r = packet_decode(bytes, t.len, &t.from, min_ttl, addrs, &a);
	assert_true((r == PACKET_OK) == (a.n != 12345));
	return r;
}

static void refusals(void **state)
{
	static const struct {
		const char *hex;
		size_t at;
		uint8_t value;
		bool sum;
		int min_ttl;
		enum packet_reason reason;
	} t[] = {
	    {V2_TWO, 0, 0x21, true, 255, PACKET_OK},
	    {V2_TWO, 0, 0x21, true, 256, PACKET_TTL},
	    {V2_TWO, 0, 0x11, true, 255, PACKET_VERSION},
	    {V2_TWO, 0, 0x41, true, 255, PACKET_VERSION},
	    {V2_TWO, 0, 0x31, true, 255, PACKET_TRAILING}, /* version 3 has no authentication field */
	    {V3_TWO, 0, 0x21, true, 255, PACKET_SHORT},
	    {V3_SIX, 0, 0x21, false, 255, PACKET_VERSION}, /* version 2 knows no IPv6 */
	    {V2_TWO, 0, 0x22, true, 255, PACKET_TYPE},
	    {V3_TWO, 0, 0x30, true, 255, PACKET_TYPE},
	    {V2_TWO, 1, 0, true, 255, PACKET_VRID},
	    {V3_TWO, 1, 0, true, 255, PACKET_VRID},
	    {V2_TWO, 2, 99, false, 255, PACKET_CHECKSUM},
	    {V3_TWO, 2, 99, false, 255, PACKET_CHECKSUM},
	    {V3_SIX, 2, 99, false, 255, PACKET_CHECKSUM},
	    {V2_TWO, 3, 1, true, 255, PACKET_TRAILING},
	    {V2_TWO, 3, 3, true, 255, PACKET_SHORT},
	    {V3_TWO, 3, 255, true, 255, PACKET_SHORT},
	    {V3_SIX, 3, 1, false, 255, PACKET_TRAILING},
	    {V2_TWO, 5, 0, true, 255, PACKET_INTERVAL},
	    {V3_TWO, 5, 0, true, 255, PACKET_INTERVAL}, /* keepalived obeys it */
	    {V3_TWO, 4, 0xf0, true, 255, PACKET_OK},    /* reserved bits are ignored (5.2.6) */
	    {V2_TWO, 4, 9, true, 255, PACKET_OK},       /* the authentication type is packet_check's matter */
	    {V2_TWO, 6, 0, false, 255, PACKET_CHECKSUM},
	    {V2_TWO, 20, 1, false, 255, PACKET_CHECKSUM}, /* the authentication field is covered */
	};

	for (size_t i = 0; i < sizeof t / sizeof *t; i++)
		if (altered(t[i].hex, t[i].at, t[i].value, t[i].sum, t[i].min_ttl) != t[i].reason)
			fail_msg("row %zu is not '%s'", i, packet_reason_name(t[i].reason));
}

/* RFC 9568 5.2.6: the reserved bits beside the interval say nothing. */
static void reserved_bits(void **state)
{
	struct addr addrs[VRRP_ADDRESSES_MAX];
	uint8_t bytes[VRRP_PACKET_MAX];
	struct advert a;
	struct taken t;

	take(&t, V3_TWO);
	memcpy(bytes, t.message, t.len);
	bytes[4] |= 0xf0;
	memcpy(bytes + 6, "\x7a\x68", 2);
	assert_int_equal(packet_decode(bytes, t.len, &t.from, 255, addrs, &a), PACKET_OK);
	assert_int_equal(a.interval, 250 * MS);
}

static void ttl(void **state)
{
	static const struct {
		int ttl, min;
		enum packet_reason reason;
	} rows[] = {{255, 255, PACKET_OK}, {254, 255, PACKET_TTL}, {254, 254, PACKET_OK},
		    {1, 255, PACKET_TTL},  {0, 255, PACKET_TTL},   {0, 0, PACKET_OK},
		    {-1, 255, PACKET_TTL}, {-1, 0, PACKET_TTL},    {-1, -1, PACKET_TTL}};
	struct addr addrs[VRRP_ADDRESSES_MAX];
	struct advert a;
	struct taken t;

	take(&t, V3_SIX);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		t.from.ttl = rows[i].ttl;
		assert_int_equal(packet_decode(t.message, t.len, &t.from, rows[i].min, addrs, &a), rows[i].reason);
	}
}

/* Count 0, with a length and a checksum that fit. */
static void no_address(void **state)
{
	static const uint8_t v2[16] = {0x21, 51, 100, 0, 0, 1, 0x7a, 0xcb},
			     v3[8] = {0x31, 51, 100, 0, 0, 100, 0x6a, 0x68};
	struct packet_from from = {.src = address("10.77.0.1"), .dst = address("224.0.0.18"), .ttl = 255};
	struct addr addrs[VRRP_ADDRESSES_MAX];
	struct advert a;

	assert_int_equal(packet_decode(v2, sizeof v2, &from, 255, addrs, &a), PACKET_COUNT);
	assert_int_equal(packet_decode(v3, sizeof v3, &from, 255, addrs, &a), PACKET_COUNT);
}

/* In memory of exactly that size, so that a look behind the end is seen. */
static enum packet_reason decode_exactly(const uint8_t *bytes, size_t len, const struct packet_from *from)
{
	struct addr addrs[VRRP_ADDRESSES_MAX];
	struct advert a;
	uint8_t *copy = malloc(len ? len : 1);
	enum packet_reason r;

	assert_non_null(copy);
	memcpy(copy, bytes, len);
	r = packet_decode(copy, len, from, 255, addrs, &a);
	free(copy);
	return r;
}

static void truncated_and_trailing(void **state)
{
	for (size_t i = 0; i < sizeof golden / sizeof *golden; i++) {
		uint8_t more[VRRP_PACKET_MAX + 32] = {0};
		struct taken t;

		take(&t, golden[i].hex);
		for (size_t len = 0; len < t.len; len++)
			assert_int_equal(decode_exactly(t.message, len, &t.from), PACKET_SHORT);
		memcpy(more, t.message, t.len);
		for (size_t extra = 1; extra <= 32; extra++)
			assert_int_equal(decode_exactly(more, t.len + extra, &t.from), PACKET_TRAILING);
	}
}

/* No single bit can be changed unseen. */
static void every_bit(void **state)
{
	for (size_t i = 0; i < sizeof golden / sizeof *golden; i++) {
		struct taken t;

		take(&t, golden[i].hex);
		for (size_t bit = 0; bit < t.len * 8; bit++) {
			uint8_t bytes[VRRP_PACKET_MAX];
			memcpy(bytes, t.message, t.len);
			bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
			assert_int_not_equal(decode_exactly(bytes, t.len, &t.from), PACKET_OK);
		}
	}
}

static void names(void **state)
{
	for (int i = 0; i < PACKET_REASONS; i++) {
		assert_non_null(packet_reason_name((enum packet_reason)i));
		for (int j = 0; j < i; j++)
			assert_string_not_equal(packet_reason_name((enum packet_reason)i),
						packet_reason_name((enum packet_reason)j));
	}
	assert_string_equal(packet_reason_name(PACKET_REASONS), "unknown");
}

/* --- the IPv4 header --- */

static enum packet_reason strip(const uint8_t *bytes, size_t size, size_t *len)
{
	struct packet_from from;
	const uint8_t *payload;
	uint8_t *copy = malloc(size ? size : 1);
	enum packet_reason r;
	bool ah;

	assert_non_null(copy);
	memcpy(copy, bytes, size);
	r = packet_strip_ipv4(copy, size, &from, &payload, len, &ah);
	if (r == PACKET_OK)
		assert_true(payload >= copy && payload + *len <= copy + size);
	free(copy);
	return r;
}

static void ipv4_header(void **state)
{
	static const struct {
		size_t at;
		uint8_t value;
		enum packet_reason reason;
	} t[] = {
	    {0, 0x45, PACKET_OK}, {0, 0x65, PACKET_IP},       {0, 0x44, PACKET_IP},    {0, 0x40, PACKET_IP},
	    {3, 0x13, PACKET_IP}, {3, 0x2d, PACKET_SHORT},    {2, 0xff, PACKET_SHORT}, {9, 111, PACKET_IP},
	    {9, 51, PACKET_OK},   {6, 0x20, PACKET_FRAGMENT}, {7, 1, PACKET_FRAGMENT}, {6, 0x1f, PACKET_FRAGMENT},
	    {6, 0x40, PACKET_OK}, {6, 0x80, PACKET_OK},       {0, 0x4f, PACKET_IP},    {8, 0, PACKET_OK},
	    {3, 0x14, PACKET_OK}, {1, 0xff, PACKET_OK},
	};
	uint8_t bytes[64], changed[64];
	size_t size = bytes_of(V2_TWO, bytes, sizeof bytes), len;

	for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
		memcpy(changed, bytes, size);
		changed[t[i].at] = t[i].value;
		if (strip(changed, size, &len) != t[i].reason)
			fail_msg("row %zu is not '%s'", i, packet_reason_name(t[i].reason));
	}
	for (size_t n = 0; n < size; n++)
		assert_int_equal(strip(bytes, n, &len), PACKET_SHORT);
}

/* Options are skipped, padding behind the total length is not seen, protocol 51 is told. */
static void ipv4_options_and_padding(void **state)
{
	uint8_t bytes[128] = {0};
	size_t size = bytes_of(V2_TWO, bytes, sizeof bytes), len;
	const uint8_t *payload;
	struct packet_from from = {.sealed = true};
	struct addr src = address("10.77.0.1"), dst = address("224.0.0.18");
	bool ah;

	memmove(bytes + 60, bytes + 20, size - 20);
	memset(bytes + 20, 1, 40);
	bytes[0] = 0x4f;
	bytes[3] = (uint8_t)(size + 40);
	assert_int_equal(packet_strip_ipv4(bytes, size + 40 + 6, &from, &payload, &len, &ah), PACKET_OK);
	assert_ptr_equal(payload, bytes + 60);
	assert_int_equal(len, size - 20);
	assert_false(ah || from.sealed);
	assert_true(addr_equal(&from.src, &src) && addr_equal(&from.dst, &dst));
	bytes[9] = 51;
	assert_int_equal(packet_strip_ipv4(bytes, size + 40, &from, &payload, &len, &ah), PACKET_OK);
	assert_true(ah);
}

/* --- the AH header --- */

static void ah_header(void **state)
{
	uint8_t bytes[AH_PACKET_MAX];
	size_t size = bytes_of(V2_AH, bytes, sizeof bytes), len;
	struct addr addrs[VRRP_ADDRESSES_MAX];
	struct packet_from from;
	const uint8_t *at;
	struct packet_ah ah;
	struct advert a;
	bool has;

	assert_int_equal(packet_strip_ipv4(bytes, size, &from, &at, &len, &has), PACKET_OK);
	assert_true(has);
	assert_int_equal(packet_strip_ah(&at, &len, &ah), PACKET_OK);
	assert_int_equal(ah.spi, 0x0a4d0001);
	assert_int_equal(ah.sequence, 1);
	assert_ptr_equal(ah.digest, bytes + 32);
	assert_ptr_equal(ah.digest, packet_ah_digest(bytes));
	assert_int_equal(packet_decode(at, len, &from, 255, addrs, &a), PACKET_OK);
	assert_int_equal(a.auth, AUTH_AH);
	for (size_t n = 0; n < AH_HEADER; n++) {
		at = bytes + 20;
		len = n;
		assert_int_equal(packet_strip_ah(&at, &len, &ah), PACKET_SHORT);
	}
	for (size_t i = 0; i < 2; i++) { /* next header; length */
		uint8_t bad[AH_HEADER];
		memcpy(bad, bytes + 20, sizeof bad);
		bad[i]++;
		at = bad;
		len = sizeof bad;
		assert_int_equal(packet_strip_ah(&at, &len, &ah), PACKET_IP);
	}
}

static void ah_cover(void **state)
{
	static const uint8_t zero[AH_DIGEST];
	uint8_t bytes[AH_PACKET_MAX + 8], cover[AH_PACKET_MAX];
	size_t size = bytes_of(V2_AH, bytes, sizeof bytes);

	assert_int_equal(packet_ah_cover(bytes, size, true, cover), size);
	assert_true(cover[1] == 0 && cover[6] == 0 && cover[7] == 0 && cover[8] == 255 && cover[10] == 0 &&
		    cover[11] == 0);
	assert_memory_equal(cover + 32, zero, sizeof zero);
	assert_memory_equal(cover + 44, bytes + 44, size - 44);
	assert_int_equal(packet_ah_cover(bytes, size, false, cover), size);
	assert_int_equal(cover[8], 0);
	assert_int_equal(packet_ah_cover(bytes, size - 1, true, cover), 0);
	bytes[0] = 0x46; /* which options are mutable is nobody's business here */
	assert_int_equal(packet_ah_cover(bytes, size, true, cover), 0);
	bytes[0] = 0x45;
	bytes[9] = VRRP_PROTOCOL;
	assert_int_equal(packet_ah_cover(bytes, size, true, cover), 0);
	bytes[9] = 51;
	bytes[3] = 20 + AH_HEADER - 1;
	assert_int_equal(packet_ah_cover(bytes, size, true, cover), 0);
	bytes[2] = (AH_PACKET_MAX + 1) >> 8;
	bytes[3] = (AH_PACKET_MAX + 1) & 0xff;
	assert_int_equal(packet_ah_cover(bytes, sizeof bytes, true, cover), 0);
}

static void ah_wrap(void **state)
{
	struct packet_route r = {.src = address("10.77.0.1"), .dst = address("224.0.0.18"), .ttl = 255, .id = 1};
	struct packet_route six = {.src = address("fe80::1"), .dst = address("ff02::12"), .ttl = 255, .id = 1},
			    no_id = r;
	uint8_t want[AH_PACKET_MAX], out[AH_PACKET_MAX];
	size_t size = bytes_of(V2_AH, want, sizeof want);

	memset(want + 32, 0, AH_DIGEST);
	assert_int_equal(packet_wrap_ah(&r, 1, want + 44, size - 44, out, sizeof out), size);
	assert_memory_equal(out, want, size);
	no_id.id = 0;
	assert_int_equal(packet_wrap_ah(&r, 1, want + 44, size - 44, out, size - 1), 0);
	assert_int_equal(packet_wrap_ah(&r, 0, want + 44, size - 44, out, sizeof out), 0);
	assert_int_equal(packet_wrap_ah(&no_id, 1, want + 44, size - 44, out, sizeof out), 0);
	assert_int_equal(packet_wrap_ah(&six, 1, want + 44, size - 44, out, sizeof out), 0);
	assert_int_equal(packet_wrap_ah(&r, 1, want, AH_PACKET_MAX - 43, out, SIZE_MAX), 0);
}

/* --- what one router demands --- */

static void checks(void **state)
{
	static const struct {
		const char *hex, *self, *peer;
		uint8_t version, vrid, auth;
		const char *pass;
		int interval_ms;
		bool sealed;
		const char *addrs[2];
		enum packet_reason reason;
	} t[] = {
	    {V2_TWO, "10.77.0.2", NULL, 2, 51, AUTH_NONE, "", 1000, false, {"10.77.0.100", "10.77.0.101"}, PACKET_OK},
	    {V2_TWO,
	     "10.77.0.2",
	     NULL,
	     3,
	     51,
	     AUTH_NONE,
	     "",
	     1000,
	     false,
	     {"10.77.0.100", "10.77.0.101"},
	     PACKET_VERSION},
	    {V3_TWO,
	     "10.77.0.2",
	     NULL,
	     2,
	     55,
	     AUTH_NONE,
	     "",
	     1000,
	     false,
	     {"10.77.0.100", "10.77.0.101"},
	     PACKET_VERSION},
	    {V2_TWO, "10.77.0.2", NULL, 2, 52, AUTH_NONE, "", 1000, false, {"10.77.0.100", "10.77.0.101"}, PACKET_VRID},
	    {V2_TWO, "10.77.0.1", NULL, 2, 51, AUTH_NONE, "", 1000, false, {"10.77.0.100", "10.77.0.101"}, PACKET_OWN},
	    {V2_TWO,
	     "10.77.0.2",
	     "10.77.0.1",
	     2,
	     51,
	     AUTH_NONE,
	     "",
	     1000,
	     false,
	     {"10.77.0.100", "10.77.0.101"},
	     PACKET_OK},
	    {V2_TWO,
	     "10.77.0.2",
	     "10.77.0.3",
	     2,
	     51,
	     AUTH_NONE,
	     "",
	     1000,
	     false,
	     {"10.77.0.100", "10.77.0.101"},
	     PACKET_SOURCE},
	    {V2_TWO,
	     "10.77.0.2",
	     NULL,
	     2,
	     51,
	     AUTH_PASS,
	     "",
	     1000,
	     false,
	     {"10.77.0.100", "10.77.0.101"},
	     PACKET_AUTH_TYPE},
	    {V2_TWO,
	     "10.77.0.2",
	     NULL,
	     2,
	     51,
	     AUTH_NONE,
	     "",
	     1000,
	     true,
	     {"10.77.0.100", "10.77.0.101"},
	     PACKET_AUTH_TYPE},
	    {V2_TWO,
	     "10.77.0.2",
	     NULL,
	     2,
	     51,
	     AUTH_AH,
	     "",
	     1000,
	     true,
	     {"10.77.0.100", "10.77.0.101"},
	     PACKET_AUTH_TYPE},
	    {V2_PASS, "10.77.0.2", NULL, 2, 52, AUTH_PASS, "s3cret", 1000, false, {"10.77.0.100"}, PACKET_OK},
	    {V2_PASS, "10.77.0.2", NULL, 2, 52, AUTH_PASS, "s3cres", 1000, false, {"10.77.0.100"}, PACKET_AUTH},
	    {V2_PASS, "10.77.0.2", NULL, 2, 52, AUTH_PASS, "s3cret1", 1000, false, {"10.77.0.100"}, PACKET_AUTH},
	    {V2_PASS, "10.77.0.2", NULL, 2, 52, AUTH_NONE, "", 1000, false, {"10.77.0.100"}, PACKET_AUTH_TYPE},
	    {V2_PASS, "10.77.0.2", NULL, 2, 52, AUTH_AH, "", 1000, false, {"10.77.0.100"}, PACKET_AUTH_TYPE},
	    {V2_TWO,
	     "10.77.0.2",
	     NULL,
	     2,
	     51,
	     AUTH_NONE,
	     "",
	     2000,
	     false,
	     {"10.77.0.100", "10.77.0.101"},
	     PACKET_INTERVAL},
	    {V3_TWO, "10.77.0.2", NULL, 3, 55, AUTH_NONE, "", 9000, false, {"10.77.0.100", "10.77.0.101"}, PACKET_OK},
	    {V3_TWO,
	     "10.77.0.2",
	     NULL,
	     3,
	     55,
	     AUTH_NONE,
	     "",
	     250,
	     false,
	     {"10.77.0.100", "10.77.0.102"},
	     PACKET_ADDRESSES},
	    {V3_TWO, "10.77.0.2", NULL, 3, 55, AUTH_NONE, "", 250, false, {"10.77.0.100"}, PACKET_ADDRESSES},
	    {V3_TWO, "10.77.0.2", NULL, 3, 55, AUTH_NONE, "", 250, false, {NULL}, PACKET_ADDRESSES},
	    {V3_FRR, "10.77.0.2", NULL, 3, 58, AUTH_NONE, "", 250, false, {"10.77.0.101"}, PACKET_ADDRESSES},
	    {V3_SIX, "fe80::2", NULL, 3, 56, AUTH_NONE, "", 250, false, {"fd77::100", "fe80::100"}, PACKET_OK},
	    {V3_SIX, "fe80::77:1", NULL, 3, 56, AUTH_NONE, "", 250, false, {"fd77::100", "fe80::100"}, PACKET_OWN},
	};

	for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
		struct addr addrs[VRRP_ADDRESSES_MAX], own[2], peer, self = address(t[i].self);
		struct packet_expect x = {.version = t[i].version,
					  .vrid = t[i].vrid,
					  .interval = t[i].interval_ms * MS,
					  .auth = t[i].auth,
					  .self = &self,
					  .addrs = own};
		struct advert a;
		struct taken p;

		memcpy(x.pass, t[i].pass, strlen(t[i].pass));
		for (; x.n_addrs < 2 && t[i].addrs[x.n_addrs]; x.n_addrs++)
			own[x.n_addrs] = address(t[i].addrs[x.n_addrs]);
		if (t[i].peer) {
			peer = address(t[i].peer);
			x.peers = &peer;
			x.n_peers = 1;
			x.check_source = true;
		}
		take(&p, t[i].hex);
		p.from.sealed = t[i].sealed;
		assert_int_equal(packet_decode(p.message, p.len, &p.from, 255, addrs, &a), PACKET_OK);
		if (packet_check(&x, &p.from, &a) != t[i].reason)
			fail_msg("row %zu is '%s', not '%s'", i, packet_reason_name(packet_check(&x, &p.from, &a)),
				 packet_reason_name(t[i].reason));
	}
}

/* Without the digest found right, "authentication type AH" is a claim and no proof. */
static void ah_is_demanded(void **state)
{
	struct addr addrs[VRRP_ADDRESSES_MAX], self = address("10.77.0.2"), own = address("10.77.0.100");
	struct packet_expect x = {.version = 2,
				  .vrid = 53,
				  .interval = NSEC_PER_SEC,
				  .auth = AUTH_AH,
				  .self = &self,
				  .addrs = &own,
				  .n_addrs = 1};
	uint8_t bytes[AH_PACKET_MAX];
	size_t size = bytes_of(V2_AH, bytes, sizeof bytes);
	struct packet_from from = {.src = address("10.77.0.1"), .dst = address("224.0.0.18"), .ttl = 255};
	struct advert a;

	assert_int_equal(packet_decode(bytes + 44, size - 44, &from, 255, addrs, &a), PACKET_OK);
	assert_int_equal(packet_check(&x, &from, &a), PACKET_AUTH_TYPE);
	from.sealed = true;
	assert_int_equal(packet_check(&x, &from, &a), PACKET_OK);
}

/* One address twice in place of another is no match; any order is. */
static void lists(void **state)
{
	struct addr own[3] = {address("10.0.0.1"), address("10.0.0.2"), address("10.0.0.3")},
		    self = address("10.0.0.9");
	struct addr theirs[3] = {own[2], own[0], own[1]}, twice[3] = {own[0], own[0], own[1]};
	struct packet_expect x = {.version = 3, .vrid = 1, .self = &self, .addrs = own, .n_addrs = 3};
	struct packet_from from = {.src = address("10.0.0.8")};
	struct advert a = {.version = 3, .vrid = 1, .n = 3, .addrs = theirs};

	assert_int_equal(packet_check(&x, &from, &a), PACKET_OK);
	a.addrs = twice;
	assert_int_equal(packet_check(&x, &from, &a), PACKET_ADDRESSES);
}

static void differences(void **state)
{
	static const struct {
		const char *theirs[4], *want;
	} rows[] = {
	    {{"10.0.0.3", "10.0.0.1", "10.0.0.2"}, ""},
	    {{"10.0.0.3", "10.0.0.1"}, "lacks 10.0.0.2"},
	    {{NULL}, "lacks 10.0.0.1 and 2 more"},
	    {{"10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4"}, "has 10.0.0.4 that this node has not"},
	    {{"10.0.0.1", "10.0.0.5", "10.0.0.4"},
	     "has 10.0.0.5 and 1 more that this node has not, lacks 10.0.0.2 and 1 more"},
	};
	struct addr own[3] = {address("10.0.0.1"), address("10.0.0.2"), address("10.0.0.3")};
	struct packet_expect x = {.version = 3, .vrid = 1, .addrs = own, .n_addrs = 3};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct addr theirs[4];
		struct advert a = {.version = 3, .vrid = 1, .addrs = theirs};
		char text[PACKET_DIFFERENCE];

		for (; a.n < 4 && rows[i].theirs[a.n]; a.n++)
			theirs[a.n] = address(rows[i].theirs[a.n]);
		packet_difference(&x, &a, text);
		assert_string_equal(text, rows[i].want);
	}
}

/* --- what cannot be sent --- */

static void unsendable(void **state)
{
	struct addr v4 = address("10.0.0.1"), v6 = address("fd00::1"), src = v4, dst = address("224.0.0.18"), src6 = v6;
	const struct advert good = {
	    .version = 3, .family = AF_INET, .vrid = 1, .interval = 10 * MS, .n = 1, .addrs = &v4};
	struct addr many[VRRP_ADDRESSES_MAX + 1], many4[VRRP_ADDRESSES_MAX + 1];
	uint8_t out[VRRP_PACKET_MAX];
	struct advert a;

	for (size_t i = 0; i < sizeof many / sizeof *many; i++)
		many[i] = v6, many4[i] = v4;
#define REFUSED(...)                                                                                                   \
	(a = good, __VA_ARGS__, assert_int_equal(packet_encode(&a, CHECKSUM_PSEUDO, &src, &dst, out, sizeof out), 0))
	a = good;
	assert_int_equal(packet_encode(&a, CHECKSUM_PSEUDO, &src, &dst, out, sizeof out), 12);
	REFUSED(a.version = 4);
	REFUSED(a.version = 0);
	REFUSED(a.vrid = 0);
	REFUSED(a.n = 0);
	REFUSED(a.n = VRRP_ADDRESSES_MAX + 1, a.addrs = many4);
	REFUSED(a.interval = 0);
	REFUSED(a.interval = -10 * MS);
	REFUSED(a.interval = 15 * MS);
	REFUSED(a.interval = 40960 * MS);
	REFUSED(a.version = 2, a.interval = 500 * MS);
	REFUSED(a.version = 2, a.interval = 256 * NSEC_PER_SEC);
	REFUSED(a.version = 2, a.interval = NSEC_PER_SEC, a.auth = 3);
	REFUSED(a.addrs = &v6);
	REFUSED(a.family = AF_INET6);
	REFUSED(a.family = 0);
	REFUSED(a.family = AF_INET6, a.addrs = &v6); /* from an IPv4 address */
	src = v6;
	dst = address("ff02::12");
	REFUSED(a.version = 2, a.family = AF_INET6, a.addrs = &v6, a.interval = NSEC_PER_SEC);
	a = good;
	assert_int_equal(packet_encode(&a, CHECKSUM_PSEUDO, &v4, &dst, out, sizeof out), 0);
	/* the largest */
	a.family = AF_INET6;
	a.addrs = many;
	a.n = VRRP_ADDRESSES_MAX;
	a.interval = 40950 * MS;
	assert_int_equal(packet_encode(&a, CHECKSUM_PSEUDO, &src6, &dst, out, sizeof out), 8 + 255 * 16);
	assert_int_equal(out[4] << 8 | out[5], 0xfff);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(golden_bytes),   cmocka_unit_test(both_checksums),
	    cmocka_unit_test(sums),           cmocka_unit_test(refusals),
	    cmocka_unit_test(reserved_bits),  cmocka_unit_test(ttl),
	    cmocka_unit_test(no_address),     cmocka_unit_test(truncated_and_trailing),
	    cmocka_unit_test(every_bit),      cmocka_unit_test(names),
	    cmocka_unit_test(ipv4_header),    cmocka_unit_test(ipv4_options_and_padding),
	    cmocka_unit_test(ah_header),      cmocka_unit_test(ah_cover),
	    cmocka_unit_test(ah_wrap),        cmocka_unit_test(checks),
	    cmocka_unit_test(ah_is_demanded), cmocka_unit_test(lists),
	    cmocka_unit_test(differences),    cmocka_unit_test(unsendable),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
