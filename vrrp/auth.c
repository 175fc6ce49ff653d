/* What authenticates a version 2 message: HMAC-MD5-96 by OpenSSL, and the window of sequence numbers.
 * Source: RFC 2402 sections 3.3.3 and 3.4.3, RFC 2403, RFC 2338 5.3.6.3; keepalived 2.2.7 on the wire. Test: tests/test_auth.c. */
#include "auth.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

static int hmac_md5_96(const uint8_t key[VRRP_PASS_LEN], const uint8_t *bytes, size_t len, uint8_t out[AH_DIGEST])
{
	uint8_t whole[EVP_MAX_MD_SIZE];

	if (!HMAC(EVP_md5(), key, VRRP_PASS_LEN, bytes, len, whole, NULL))
		return -ENOTSUP;
	memcpy(out, whole, AH_DIGEST);
	return 0;
}

int auth_init(void)
{
	const uint8_t key[VRRP_PASS_LEN] = {0};
	uint8_t out[AH_DIGEST];

	return hmac_md5_96(key, key, sizeof key, out);
}

int auth_seal(const uint8_t key[VRRP_PASS_LEN], void *packet, size_t len)
{
	uint8_t cover[AH_PACKET_MAX];
	struct packet_from from;
	const uint8_t *payload;
	size_t n;
	bool ah;

	if (packet_strip_ipv4(packet, len, &from, &payload, &n, &ah) != PACKET_OK)
		return -EINVAL;
	n = packet_ah_cover(packet, len, addr_is_multicast(&from.dst), cover);
	if (n == 0)
		return -EINVAL;
	return hmac_md5_96(key, cover, n, packet_ah_digest(packet));
}

static bool digest_right(const uint8_t key[VRRP_PASS_LEN], const void *packet, size_t size, const uint8_t *digest)
{
	uint8_t cover[AH_PACKET_MAX], want[AH_DIGEST];

	for (int keep_ttl = 0; keep_ttl < 2; keep_ttl++) {
		size_t n = packet_ah_cover(packet, size, keep_ttl, cover);
		if (n && hmac_md5_96(key, cover, n, want) == 0 && CRYPTO_memcmp(want, digest, AH_DIGEST) == 0)
			return true;
	}
	return false;
}

enum packet_reason auth_verify(const uint8_t key[VRRP_PASS_LEN], const void *packet, size_t size, uint32_t *sequence)
{
	struct packet_from from;
	struct packet_ah ah;
	const uint8_t *payload;
	size_t len;
	bool has_ah;
	enum packet_reason r = packet_strip_ipv4(packet, size, &from, &payload, &len, &has_ah);
	struct addr spi;

	if (r == PACKET_OK && !has_ah)
		r = PACKET_AUTH_TYPE;
	if (r == PACKET_OK)
		r = packet_strip_ah(&payload, &len, &ah);
	if (r != PACKET_OK)
		return r;
	spi = addr_from_v4(ah.spi);
	if (!digest_right(key, packet, size, ah.digest) || !addr_equal(&spi, &from.src))
		return PACKET_AUTH;
	*sequence = ah.sequence;
	return PACKET_OK;
}

enum packet_reason auth_window_take(struct auth_window *w, uint32_t sequence)
{
	uint32_t ahead = sequence - w->top, behind = w->top - sequence;

	if (sequence == 0)
		return PACKET_AUTH;
	if (sequence > w->top) {
		w->seen = ahead < AUTH_WINDOW ? w->seen << ahead | 1 : 1;
		w->top = sequence;
		return PACKET_OK;
	}
	if (behind >= AUTH_WINDOW || w->seen >> behind & 1)
		return PACKET_AUTH;
	w->seen |= (uint64_t)1 << behind;
	return PACKET_OK;
}

uint32_t auth_next(uint32_t *highest)
{
	return *highest == UINT32_MAX ? 0 : ++*highest;
}
