/* vrrp/auth.c: packets that keepalived sealed are found right, ours are equal to them byte for byte, and nothing else passes. */
#include "../vrrp/auth.h"
#include "vrrp_bytes.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const uint8_t key[VRRP_PASS_LEN] = "s3cret", long_key[VRRP_PASS_LEN] = {'l', 'o', 'n', 'g', 'p', 'a', 's', 's'};

static const struct {
	const char *hex;
	const uint8_t *key;
	uint32_t sequence;
	const char *dst;
	uint16_t id;
} golden[] = {{V2_AH, key, 1, "224.0.0.18", 1},
	      {V2_AH_STOP, key, 5, "224.0.0.18", 5},
	      {V2_AH_UNICAST, long_key, 1, "10.77.0.2", 1}};
enum { GOLDEN = sizeof golden / sizeof *golden };

static void verifies(void **state)
{
	for (size_t i = 0; i < GOLDEN; i++) {
		uint8_t bytes[AH_PACKET_MAX];
		size_t size = bytes_of(golden[i].hex, bytes, sizeof bytes);
		uint32_t sequence = 0;

		assert_int_equal(auth_verify(golden[i].key, bytes, size, &sequence), PACKET_OK);
		assert_int_equal(sequence, golden[i].sequence);
		/* padding behind the packet is not covered */
		assert_int_equal(auth_verify(golden[i].key, bytes, size + 6, &sequence), PACKET_OK);
	}
}

static void seals(void **state)
{
	assert_int_equal(auth_init(), 0);
	for (size_t i = 0; i < GOLDEN; i++) {
		struct packet_route r = {
		    .src = address("10.77.0.1"), .dst = address(golden[i].dst), .ttl = 255, .id = golden[i].id};
		uint8_t want[AH_PACKET_MAX], out[AH_PACKET_MAX];
		size_t size = bytes_of(golden[i].hex, want, sizeof want);

		assert_int_equal(packet_wrap_ah(&r, golden[i].sequence, want + 44, size - 44, out, sizeof out), size);
		assert_int_equal(auth_seal(golden[i].key, out, size), 0);
		assert_memory_equal(out, want, size);
	}
}

/* RFC 2402 3.3.3.1.1: what may change on the way changes nothing; anything else does. */
static void every_byte(void **state)
{
	for (size_t i = 0; i < GOLDEN; i++) {
		uint8_t bytes[AH_PACKET_MAX];
		size_t size = bytes_of(golden[i].hex, bytes, sizeof bytes);
		bool unicast = bytes[16] == 10;
		uint32_t sequence;

		for (size_t at = 0; at < size; at++) {
			bool mutable = at == 1 || at == 6 || at == 10 || at == 11 || (at == 8 && unicast);
			uint8_t bit = at == 6 ? 0x40 : 1; /* don't fragment, not a fragment's offset */

			bytes[at] ^= bit;
			assert_true((auth_verify(golden[i].key, bytes, size, &sequence) == PACKET_OK) == mutable);
			bytes[at] ^= bit;
		}
	}
}

static void refuses(void **state)
{
	uint8_t bytes[AH_PACKET_MAX];
	size_t size = bytes_of(V2_AH, bytes, sizeof bytes);
	uint32_t sequence = 77;

	assert_int_equal(auth_verify(long_key, bytes, size, &sequence), PACKET_AUTH);
	for (size_t n = 0; n < size; n++)
		assert_int_equal(auth_verify(key, bytes, n, &sequence), PACKET_SHORT);
	bytes[6] = 0x20;
	assert_int_equal(auth_verify(key, bytes, size, &sequence), PACKET_FRAGMENT);
	size = bytes_of(V2_TWO, bytes, sizeof bytes);
	assert_int_equal(auth_verify(key, bytes, size, &sequence), PACKET_AUTH_TYPE);
	assert_int_equal(auth_seal(key, bytes, size), -EINVAL);
	assert_int_equal(auth_seal(key, bytes, 3), -EINVAL);
	assert_int_equal(sequence, 77);
}

/* A digest that is right does not lend the packet another sender's name. */
static void spi(void **state)
{
	struct packet_route r = {.src = address("10.77.0.1"), .dst = address("224.0.0.18"), .ttl = 255, .id = 9};
	uint8_t bytes[AH_PACKET_MAX], out[AH_PACKET_MAX];
	size_t size = bytes_of(V2_AH, bytes, sizeof bytes);
	uint32_t sequence;

	assert_int_equal(packet_wrap_ah(&r, 3, bytes + 44, size - 44, out, sizeof out), size);
	out[27] = 2;
	assert_int_equal(auth_seal(key, out, size), 0);
	assert_int_equal(auth_verify(key, out, size, &sequence), PACKET_AUTH);
}

/* RFC 2402 3.4.3 */
static void window(void **state)
{
	static const struct {
		uint32_t sequence;
		enum packet_reason reason;
	} t[] = {
	    {0, PACKET_AUTH},
	    {5, PACKET_OK},
	    {5, PACKET_AUTH},
	    {4, PACKET_OK},
	    {4, PACKET_AUTH},
	    {1, PACKET_OK},
	    {1, PACKET_AUTH},
	    {0, PACKET_AUTH},
	    {6, PACKET_OK},
	    {69, PACKET_OK},
	    {5, PACKET_AUTH},
	    {6, PACKET_AUTH},
	    {7, PACKET_OK},
	    {8, PACKET_OK},
	    {8, PACKET_AUTH},
	    {133, PACKET_OK},
	    {69, PACKET_AUTH},
	    {70, PACKET_OK},
	    {70, PACKET_AUTH},
	    {197, PACKET_OK},
	    {133, PACKET_AUTH},
	    {134, PACKET_OK},
	    {1000, PACKET_OK},
	    {936, PACKET_AUTH},
	    {937, PACKET_OK},
	    {UINT32_MAX, PACKET_OK},
	    {1001, PACKET_AUTH},
	    {UINT32_MAX, PACKET_AUTH},
	    {UINT32_MAX - 1, PACKET_OK},
	};
	struct auth_window w = {0};

	for (size_t i = 0; i < sizeof t / sizeof *t; i++)
		if (auth_window_take(&w, t[i].sequence) != t[i].reason)
			fail_msg("row %zu: %u", i, t[i].sequence);
}

static void next(void **state)
{
	uint32_t highest = 0;

	assert_int_equal(auth_next(&highest), 1);
	assert_int_equal(auth_next(&highest), 2);
	highest = UINT32_MAX - 1;
	assert_int_equal(auth_next(&highest), UINT32_MAX);
	assert_int_equal(auth_next(&highest), 0);
	assert_int_equal(auth_next(&highest), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(verifies), cmocka_unit_test(seals), cmocka_unit_test(every_byte),
	    cmocka_unit_test(refuses),  cmocka_unit_test(spi),   cmocka_unit_test(window),
	    cmocka_unit_test(next),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
