/* VRRP packets as real peers sent them (captured from keepalived 2.2.7 and FRR 8.4.4 in network namespaces), from the IP header on, in hexadecimal. */
#ifndef VIPD_TESTS_VRRP_BYTES_H
#define VIPD_TESTS_VRRP_BYTES_H

#include "../src/base/addr.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* keepalived, version 2, VRID 51, priority 100, 1 s, 10.77.0.100 and .101, no authentication */
#define V2_TWO "45c0002c00010000ff70d0400a4d0001e0000012 21336402000165660a4d00640a4d00650000000000000000"
/* the same as it stopped */
#define V2_TWO_STOP "45c0002c00040000ff70d03d0a4d0001e0000012 213300020001c9660a4d00640a4d00650000000000000000"
/* VRID 52, priority 101, PASS "s3cret" */
#define V2_PASS "45c0002800010000ff70d0440a4d0001e0000012 21346501010131fe0a4d00647333637265740000"
/* an owner, VRID 57 */
#define V2_OWNER "45c0002800010000ff70d0440a4d0001e0000012 2139ff010001d5120a4d00640000000000000000"
/* AH, VRID 53, priority 102, password "s3cret", sequence 1 and, stopping, 5 */
#define V2_AH                                                                                                          \
	"45c0004000010000ff33d0690a4d0001e0000012 700400000a4d000100000001a9c0d7f920a7c334557fd73b "                   \
	"2135660102016c170a4d00640000000000000000"
#define V2_AH_STOP                                                                                                     \
	"45c0004000050000ff33d0650a4d0001e0000012 700400000a4d0001000000059d3ea17019f49d209cdfeb23 "                   \
	"213500010201d2170a4d00640000000000000000"
/* AH by unicast, VRID 54, priority 103, password "longpass8" (8 count), sequence 1 */
#define V2_AH_UNICAST                                                                                                  \
	"45c0004000010000ff33a62d0a4d00010a4d0002 700400000a4d000100000001257fdda03c7c34f1875f0595 "                   \
	"2136670102016b160a4d00640000000000000000"
/* keepalived, version 3, VRID 55, priority 100, 0.25 s, two addresses; stopping */
#define V3_TWO      "45c0002400010000ff70d0480a4d0001e0000012 3137640200196a690a4d00640a4d0065"
#define V3_TWO_STOP "45c0002400040000ff70d0450a4d0001e0000012 313700020019ce690a4d00640a4d0065"
/* FRR, version 3, VRID 58, priority 120, 1 s, one address */
#define V3_FRR "45c00020b2e04000ff70dd6c0a4d0001e0000012 313a7801006460d20a4d0064"
/* IPv6: from fe80::77:1, and FRR from its macvlan's address */
#define V3_SIX                                                                                                         \
	"6c0b87cf002870fffe800000000000000000000000770001ff020000000000000000000000000012 313864020019"                \
	"6e0dfe800000000000000000000000000100fd770000000000000000000000000100"
#define V3_SIX_FRR                                                                                                     \
	"6c0cfb6f001870fffe80000000000000682a956ab41f86beff020000000000000000000000000012 313a78010064"                \
	"2157fd770000000000000000000000000100"

/* Hexadecimal digits and blanks to bytes; returns their number. */
static inline size_t bytes_of(const char *hex, uint8_t *out, size_t size)
{
	size_t n = 0;
	unsigned byte;

	for (; *hex; hex += *hex == ' ' ? 1 : 2) {
		if (*hex == ' ')
			continue;
		assert(n < size && sscanf(hex, "%2x", &byte) == 1);
		out[n++] = (uint8_t)byte;
	}
	return n;
}

static inline struct addr address(const char *text)
{
	struct addr a = {0};
	int rc = addr_parse(text, &a);

	assert(rc == 0);
	(void)rc;
	return a;
}

#endif
