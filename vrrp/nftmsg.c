/* Decides the bytes of nftables requests, and the rules of accept: false. Neighbour solicitations and advertisements pass (RFC 9568 8.3.1).
 * As nft prints it:
 *
 *   table inet vipd_accept {
 *           set v4 { type ipv4_addr; }
 *           set v6 { type ipv6_addr; }
 *           chain input {
 *                   type filter hook input priority 150; policy accept;
 *                   meta nfproto ipv6 icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept
 *                   ip daddr @v4 drop
 *                   ip6 daddr @v6 drop
 *           }
 *   }
 *
 * Source: linux/netfilter/nf_tables.h, nfnetlink.h; net/netfilter/nf_tables_api.c. Test: tests/test_nftmsg.c. */
#include "nftmsg.h"

#include "../src/base/arena.h"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
	BEHIND_IPVS = 150,
	TYPE_IPV4 = 7, /* nft's names of the lists' types, for those who print them */
	TYPE_IPV6 = 8,
	IPV4_DADDR = 16,
	IPV6_DADDR = 24,
	ELEMENTS = 1000, /* a message: an attribute's length is 16 bits */
};

static const char chain[] = "input";

static void *room(struct nft_batch *b, size_t n)
{
	size_t aligned = NLMSG_ALIGN(n), at = b->len;

	if (b->len + aligned > b->cap) {
		b->cap = 2 * (b->len + aligned) + 4096;
		b->bytes = xrealloc(b->bytes, b->cap);
	}
	memset(b->bytes + at, 0, aligned);
	b->len += aligned;
	return b->bytes + at;
}

static void attr(struct nft_batch *b, uint16_t type, const void *value, size_t n)
{
	struct nlattr a = {.nla_len = (uint16_t)(NLA_HDRLEN + n), .nla_type = type};
	uint8_t *at = room(b, NLA_HDRLEN + n);

	memcpy(at, &a, sizeof(a));
	if (n)
		memcpy(at + NLA_HDRLEN, value, n);
}

static void attr_text(struct nft_batch *b, uint16_t type, const char *text)
{
	attr(b, type, text, strlen(text) + 1);
}

static void attr_u32(struct nft_batch *b, uint16_t type, uint32_t value)
{
	uint32_t wire = htonl(value);

	attr(b, type, &wire, sizeof(wire));
}

static size_t open_nest(struct nft_batch *b, uint16_t type)
{
	size_t start = b->len;

	attr(b, type | NLA_F_NESTED, NULL, 0);
	return start;
}

static void close_nest(struct nft_batch *b, size_t start)
{
	uint16_t len = (uint16_t)(b->len - start);

	memcpy(b->bytes + start, &len, sizeof(len)); /* nla_len is the first field */
}

/* One message: its attributes follow; message_close writes its length. */
static size_t message_open(struct nft_batch *b, uint16_t type, uint16_t flags, uint8_t family, uint16_t res)
{
	struct nlmsghdr h = {.nlmsg_type = type, .nlmsg_flags = NLM_F_REQUEST | flags, .nlmsg_seq = ++b->seq};
	struct nfgenmsg g = {.nfgen_family = family, .version = NFNETLINK_V0, .res_id = htons(res)};
	size_t start = b->len;

	memcpy(room(b, sizeof(h)), &h, sizeof(h));
	memcpy(room(b, sizeof(g)), &g, sizeof(g));
	return start;
}

static void message_close(struct nft_batch *b, size_t start)
{
	uint32_t len = (uint32_t)(b->len - start);

	memcpy(b->bytes + start, &len, sizeof(len));
}

static size_t request(struct nft_batch *b, uint16_t what, uint16_t flags)
{
	return message_open(b, (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | what), flags, NFPROTO_INET, 0);
}

void nft_begin(struct nft_batch *b)
{
	message_close(b, message_open(b, NFNL_MSG_BATCH_BEGIN, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES));
}

void nft_end(struct nft_batch *b)
{
	message_close(b, message_open(b, NFNL_MSG_BATCH_END, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES));
}

void nft_clear(struct nft_batch *b)
{
	free(b->bytes);
	*b = (struct nft_batch){.seq = b->seq};
}

static void table(struct nft_batch *b, uint16_t what, uint16_t flags)
{
	size_t m = request(b, what, flags);

	attr_text(b, NFTA_TABLE_NAME, NFT_TABLE);
	message_close(b, m);
}

static void set(struct nft_batch *b, const char *name, uint32_t type, uint32_t len, uint32_t id)
{
	size_t m = request(b, NFT_MSG_NEWSET, NLM_F_CREATE);

	attr_text(b, NFTA_SET_TABLE, NFT_TABLE);
	attr_text(b, NFTA_SET_NAME, name);
	attr_u32(b, NFTA_SET_FLAGS, 0);
	attr_u32(b, NFTA_SET_KEY_TYPE, type);
	attr_u32(b, NFTA_SET_KEY_LEN, len);
	attr_u32(b, NFTA_SET_ID, id);
	message_close(b, m);
}

static void input_chain(struct nft_batch *b)
{
	size_t m = request(b, NFT_MSG_NEWCHAIN, NLM_F_CREATE), hook;

	attr_text(b, NFTA_CHAIN_TABLE, NFT_TABLE);
	attr_text(b, NFTA_CHAIN_NAME, chain);
	hook = open_nest(b, NFTA_CHAIN_HOOK);
	attr_u32(b, NFTA_HOOK_HOOKNUM, NF_INET_LOCAL_IN);
	attr_u32(b, NFTA_HOOK_PRIORITY, BEHIND_IPVS);
	close_nest(b, hook);
	attr_u32(b, NFTA_CHAIN_POLICY, NF_ACCEPT);
	attr_text(b, NFTA_CHAIN_TYPE, "filter");
	message_close(b, m);
}

/* ---- rules: expressions on one register */

struct rule {
	size_t message, list, element, data;
};

static void rule_open(struct nft_batch *b, struct rule *r)
{
	r->message = request(b, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND);
	attr_text(b, NFTA_RULE_TABLE, NFT_TABLE);
	attr_text(b, NFTA_RULE_CHAIN, chain);
	r->list = open_nest(b, NFTA_RULE_EXPRESSIONS);
}

static void rule_close(struct nft_batch *b, const struct rule *r)
{
	close_nest(b, r->list);
	message_close(b, r->message);
}

static void expression_open(struct nft_batch *b, struct rule *r, const char *name)
{
	r->element = open_nest(b, NFTA_LIST_ELEM);
	attr_text(b, NFTA_EXPR_NAME, name);
	r->data = open_nest(b, NFTA_EXPR_DATA);
}

static void expression_close(struct nft_batch *b, const struct rule *r)
{
	close_nest(b, r->data);
	close_nest(b, r->element);
}

static void load_meta(struct nft_batch *b, struct rule *r, uint32_t key)
{
	expression_open(b, r, "meta");
	attr_u32(b, NFTA_META_DREG, NFT_REG_1);
	attr_u32(b, NFTA_META_KEY, key);
	expression_close(b, r);
}

static void load_bytes(struct nft_batch *b, struct rule *r, uint32_t base, uint32_t offset, uint32_t len)
{
	expression_open(b, r, "payload");
	attr_u32(b, NFTA_PAYLOAD_DREG, NFT_REG_1);
	attr_u32(b, NFTA_PAYLOAD_BASE, base);
	attr_u32(b, NFTA_PAYLOAD_OFFSET, offset);
	attr_u32(b, NFTA_PAYLOAD_LEN, len);
	expression_close(b, r);
}

static void compare(struct nft_batch *b, struct rule *r, uint32_t op, uint8_t value)
{
	size_t data;

	expression_open(b, r, "cmp");
	attr_u32(b, NFTA_CMP_SREG, NFT_REG_1);
	attr_u32(b, NFTA_CMP_OP, op);
	data = open_nest(b, NFTA_CMP_DATA);
	attr(b, NFTA_DATA_VALUE, &value, sizeof(value));
	close_nest(b, data);
	expression_close(b, r);
}

static void look_up(struct nft_batch *b, struct rule *r, const char *name, uint32_t id)
{
	expression_open(b, r, "lookup");
	attr_text(b, NFTA_LOOKUP_SET, name);
	attr_u32(b, NFTA_LOOKUP_SREG, NFT_REG_1);
	attr_u32(b, NFTA_LOOKUP_SET_ID, id);
	expression_close(b, r);
}

static void verdict(struct nft_batch *b, struct rule *r, uint32_t code)
{
	size_t data, inner;

	expression_open(b, r, "immediate");
	attr_u32(b, NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
	data = open_nest(b, NFTA_IMMEDIATE_DATA);
	inner = open_nest(b, NFTA_DATA_VERDICT);
	attr_u32(b, NFTA_VERDICT_CODE, code);
	close_nest(b, inner);
	close_nest(b, data);
	expression_close(b, r);
}

static void rule_neighbours(struct nft_batch *b)
{
	struct rule r;

	rule_open(b, &r);
	load_meta(b, &r, NFT_META_NFPROTO);
	compare(b, &r, NFT_CMP_EQ, NFPROTO_IPV6);
	load_meta(b, &r, NFT_META_L4PROTO);
	compare(b, &r, NFT_CMP_EQ, IPPROTO_ICMPV6);
	load_bytes(b, &r, NFT_PAYLOAD_TRANSPORT_HEADER, 0, 1);
	compare(b, &r, NFT_CMP_GTE, 135); /* solicitation */
	compare(b, &r, NFT_CMP_LTE, 136); /* advertisement */
	verdict(b, &r, NF_ACCEPT);
	rule_close(b, &r);
}

static void rule_drop(struct nft_batch *b, uint8_t family, uint32_t offset, uint32_t len, const char *name, uint32_t id)
{
	struct rule r;

	rule_open(b, &r);
	load_meta(b, &r, NFT_META_NFPROTO);
	compare(b, &r, NFT_CMP_EQ, family);
	load_bytes(b, &r, NFT_PAYLOAD_NETWORK_HEADER, offset, len);
	look_up(b, &r, name, id);
	verdict(b, &r, NF_DROP);
	rule_close(b, &r);
}

void nft_drop_table(struct nft_batch *b)
{
	table(b, NFT_MSG_NEWTABLE, NLM_F_CREATE); /* or the deletion of one that is not there would fail */
	table(b, NFT_MSG_DELTABLE, 0);
}

void nft_make_table(struct nft_batch *b)
{
	nft_drop_table(b);
	table(b, NFT_MSG_NEWTABLE, NLM_F_CREATE);
	set(b, "v4", TYPE_IPV4, 4, 1);
	set(b, "v6", TYPE_IPV6, 16, 2);
	input_chain(b);
	rule_neighbours(b);
	rule_drop(b, NFPROTO_IPV4, IPV4_DADDR, 4, "v4", 1);
	rule_drop(b, NFPROTO_IPV6, IPV6_DADDR, 16, "v6", 2);
}

static void elements(struct nft_batch *b, bool add, const struct addr *addrs, size_t n)
{
	size_t m = request(b, add ? NFT_MSG_NEWSETELEM : NFT_MSG_DELSETELEM, add ? NLM_F_CREATE : 0), list;

	attr_text(b, NFTA_SET_ELEM_LIST_TABLE, NFT_TABLE);
	attr_text(b, NFTA_SET_ELEM_LIST_SET, addrs->family == AF_INET ? "v4" : "v6");
	list = open_nest(b, NFTA_SET_ELEM_LIST_ELEMENTS);
	for (size_t i = 0; i < n; i++) {
		size_t element = open_nest(b, NFTA_LIST_ELEM), key = open_nest(b, NFTA_SET_ELEM_KEY);

		attr(b, NFTA_DATA_VALUE, addrs[i].bytes, addr_len(&addrs[i]));
		close_nest(b, key);
		close_nest(b, element);
	}
	close_nest(b, list);
	message_close(b, m);
}

void nft_addresses(struct nft_batch *b, bool add, const struct addr *addrs, size_t n)
{
	for (size_t i = 0, end; i < n; i = end) {
		end = i + 1;
		while (end < n && end - i < ELEMENTS && addrs[end].family == addrs[i].family)
			end++;
		elements(b, add, addrs + i, end - i);
	}
}

void nft_ask_table(struct nft_batch *b)
{
	table(b, NFT_MSG_GETTABLE, 0);
}
