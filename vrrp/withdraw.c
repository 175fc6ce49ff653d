/* Removes all that vipd made, and nothing else: at a stop, and for `vipd --cleanup`.
 * Source: DESIGN rule "only our own". Test: tests/kernel/test_vrrp_process.c. */
#include "../src/base/version.h"
#include "accept.h"
#include "cleanup.h"
#include "holder_int.h"
#include "nftmsg.h"
#include "vmac.h"

#include <errno.h>
#include <string.h>

/* A batch of deletions, and what the kernel says of them. */
static void withdraw_batch(struct holder *h, const struct addr_op *ops, size_t n)
{
	int errors[RTNL_BATCH];
	int err = n ? rtnl_apply(h->rtnl, ops, n, errors) : 0;
	char text[ADDR_TEXT];

	for (size_t i = 0; i < n; i++) {
		int e = err ? err : errors[i];

		if (e && e != -EADDRNOTAVAIL && e != -ENODEV)
			log_warning("cannot remove %s: %s", addr_format(&ops[i].addr, text), strerror(-e));
		else
			owned_del(h->owned, &ops[i].addr, ops[i].bits, ops[i].ifindex);
	}
}

struct withdrawal {
	struct holder *h;
	struct addr_op ops[RTNL_BATCH];
	size_t n, total;
};

static void withdraw_each(void *arg, const struct kaddr *a)
{
	struct withdrawal *w = arg;

	if (w->n == RTNL_BATCH)
		return; /* the next round's */
	w->ops[w->n++] = (struct addr_op){.bits = a->bits, .ifindex = a->ifindex, .addr = a->addr};
}

size_t holder_withdraw(struct holder *h)
{
	struct withdrawal w = {.h = h};
	size_t before = owned_count(h->owned), left = before + 1;

	loop_timer_stop(h->work);
	loop_timer_stop(h->slow);
	loop_timer_stop(h->retry);
	holder_finish(h);
	device_remove(h);
	vmacs_withdraw(h);
	holder_drain(h); /* what stood on the device went with it */
	while (owned_count(h->owned) > 0 && owned_count(h->owned) < left) {
		left = owned_count(h->owned);
		w.n = 0;
		owned_each(h->owned, withdraw_each, &w);
		withdraw_batch(h, w.ops, w.n);
	}
	holder_record(h);
	return before - owned_count(h->owned);
}

int vrrp_cleanup(int own_fd)
{
	static const struct holder_hooks none = {0};
	struct loop *l = loop_new();
	struct holder *h;
	unsigned version;
	int done, err;

	if (!l)
		return -errno;
	if (ownfile_other(own_fd, &version)) {
		log_error("the ownership record (" OWNED_FILE ") " VERSION_OTHER
			  ": what it lists stays; run --cleanup of the vipd that wrote it",
			  version, (unsigned)OWNED_KNOWN);
		loop_free(l);
		return -EPROTO;
	}
	done = holder_new(l, own_fd, &none, NULL, &h);
	if (done == 0) {
		done = (int)holder_withdraw(h);
		holder_free(h);
		err = accept_cleanup();
		if (err)
			log_warning("nftables: %s: the table inet %s may be left", strerror(-err), NFT_TABLE);
	}
	loop_free(l);
	return done;
}
