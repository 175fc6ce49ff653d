/* vrrp/nftmsg.c: the messages are well formed and say what they should. Real kernels take them in tests/lab/scenarios/vrrp-accept.sh. */
#include "../vrrp/nftmsg.h"

#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { MESSAGES = 16 };

struct seen {
	uint16_t types[MESSAGES];
	size_t n, elements;
};

/* Attributes fill the room exactly, on every level. */
static void walk(const uint8_t *bytes, size_t len, struct seen *s)
{
	struct nlattr a;

	for (size_t at = 0; at < len; at += NLA_ALIGN(a.nla_len)) {
		assert_true(at + sizeof(a) <= len);
		memcpy(&a, bytes + at, sizeof(a));
		assert_in_range(a.nla_len, sizeof(a), len - at);
		if (!(a.nla_type & NLA_F_NESTED))
			continue;
		s->elements += (a.nla_type & NLA_TYPE_MASK) == NFTA_LIST_ELEM;
		walk(bytes + at + NLA_HDRLEN, a.nla_len - NLA_HDRLEN, s);
	}
}

static struct seen read_all(const struct nft_batch *b)
{
	struct seen s = {0};
	struct nlmsghdr h;
	size_t head = sizeof(h) + sizeof(struct nfgenmsg);

	for (size_t at = 0; at < b->len; at += h.nlmsg_len) {
		assert_true(at + head <= b->len && s.n < MESSAGES);
		memcpy(&h, b->bytes + at, sizeof(h));
		assert_in_range(h.nlmsg_len, head, b->len - at);
		assert_true(h.nlmsg_flags & NLM_F_REQUEST);
		s.types[s.n++] = h.nlmsg_type;
		walk(b->bytes + at + head, h.nlmsg_len - head, &s);
	}
	return s;
}

#define NFT(what) (NFNL_SUBSYS_NFTABLES << 8 | (what))

static void test_table(void **state)
{
	static const uint16_t want[] = {NFNL_MSG_BATCH_BEGIN,  NFT(NFT_MSG_NEWTABLE), NFT(NFT_MSG_DELTABLE),
					NFT(NFT_MSG_NEWTABLE), NFT(NFT_MSG_NEWSET),   NFT(NFT_MSG_NEWSET),
					NFT(NFT_MSG_NEWCHAIN), NFT(NFT_MSG_NEWRULE),  NFT(NFT_MSG_NEWRULE),
					NFT(NFT_MSG_NEWRULE),  NFNL_MSG_BATCH_END};
	struct nft_batch b = {.seq = 7};
	struct seen s;

	nft_begin(&b);
	nft_make_table(&b);
	nft_end(&b);
	s = read_all(&b);
	assert_int_equal(s.n, sizeof(want) / sizeof(*want));
	assert_memory_equal(s.types, want, sizeof(want));
	assert_int_equal(b.seq, 7 + s.n);
	nft_clear(&b);
	assert_null(b.bytes);
	assert_int_equal(b.seq, 7 + s.n);
}

static void test_addresses(void **state)
{
	enum { N = 2300 };
	static struct addr addrs[N + 1];
	struct nft_batch b = {0};
	char text[ADDR_TEXT];
	struct seen s;

	for (int i = 0; i < N; i++) {
		snprintf(text, sizeof(text), "10.1.%d.%d", i / 256, i % 256);
		assert_int_equal(addr_parse(text, &addrs[i]), 0);
	}
	assert_int_equal(addr_parse("fd00::1", &addrs[N]), 0);
	nft_addresses(&b, true, addrs, N + 1);
	s = read_all(&b);
	assert_int_equal(s.n, 4); /* 1000, 1000, 300, and the IPv6 one */
	assert_int_equal(s.types[0], NFT(NFT_MSG_NEWSETELEM));
	assert_int_equal(s.elements, N + 1 + N + 1); /* NFTA_LIST_ELEM and NFTA_SET_ELEM_KEY are the same number */
	nft_clear(&b);
	nft_addresses(&b, false, addrs, 1);
	s = read_all(&b);
	assert_int_equal(s.n, 1);
	assert_int_equal(s.types[0], NFT(NFT_MSG_DELSETELEM));
	nft_clear(&b);
	nft_addresses(&b, false, addrs, 0);
	assert_int_equal(b.len, 0);
}

static void test_ask(void **state)
{
	struct nft_batch b = {0};
	struct seen s;

	nft_ask_table(&b);
	s = read_all(&b);
	assert_int_equal(s.n, 1);
	assert_int_equal(s.types[0], NFT(NFT_MSG_GETTABLE));
	assert_non_null(memmem(b.bytes, b.len, NFT_TABLE, sizeof(NFT_TABLE)));
	nft_clear(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_table),
	    cmocka_unit_test(test_addresses),
	    cmocka_unit_test(test_ask),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
