/* Batches of nftables netlink messages: the table that keeps packets to a virtual router's addresses from this node's own programs (accept: false).
 * Pure. */
#ifndef VIPD_VRRP_NFTMSG_H
#define VIPD_VRRP_NFTMSG_H

#include "../src/base/addr.h"

#include <stdbool.h>
#include <stddef.h>

#define NFT_TABLE "vipd_accept" /* of the family inet */

/* One transaction: the kernel takes all of it or nothing. Zero-initialise; nft_clear frees. */
struct nft_batch {
	uint8_t *bytes;
	size_t len, cap;
	uint32_t seq;
};

void nft_begin(struct nft_batch *b);
void nft_end(struct nft_batch *b);
void nft_clear(struct nft_batch *b);

/* The table and its rules, anew, with empty lists of addresses; what it was before is gone. It stands behind IPVS at LOCAL_IN (ip_vs_core.c,
 * NF_IP_PRI_NAT_SRC - 1), so that it sees only what IPVS has left. */
void nft_make_table(struct nft_batch *b);
void nft_drop_table(struct nft_batch *b);
/* Takes addresses into the lists, or out. */
void nft_addresses(struct nft_batch *b, bool add, const struct addr *addrs, size_t n);
/* Asks whether the table is there: a message alone, no batch. */
void nft_ask_table(struct nft_batch *b);

#endif
