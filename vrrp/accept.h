/* accept: false: packets to a virtual router's addresses that IPVS leaves reach no program of this node (RFC 9568 8.3.1; the address owner's do).
 * Kept by an nftables table of vipd's own (nftmsg.h) that stands behind IPVS, so that virtual servers on the addresses work. */
#ifndef VIPD_VRRP_ACCEPT_H
#define VIPD_VRRP_ACCEPT_H

#include "../src/base/addr.h"
#include "../src/base/loop.h"

#include <stddef.h>

struct acceptor;

/* problem is called when the kernel does not keep it (-errno), and with 0 when that is over. No socket is opened before one is needed. */
struct acceptor *acceptor_new(struct loop *l, void (*problem)(void *arg, int error), void *arg);
void acceptor_free(struct acceptor *a); /* leaves the kernel as it is; NULL is fine */

/* From now on these addresses, and no others, are not accepted. Sorts addrs, which stay the caller's. Call it before the addresses are added. What was
 * refused is tried again, and a table that somebody flushed is put back, within 10 s. */
void acceptor_set(struct acceptor *a, struct addr *addrs, size_t n);

/* Deletes the table, of whichever process. 0 (also where there was none) or -errno. */
int accept_cleanup(void);

#endif
