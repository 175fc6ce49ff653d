/* Removes all that vipd made, and nothing else: at a stop, and for `vipd --cleanup`; at a start what stand-ins were left.
 * Source: DESIGN rule "only our own". Test: tests/kernel/test_vrrp_process.c, test_stand_ins.c. */
#include "../src/base/arena.h"
#include "../src/base/version.h"
#include "accept.h"
#include "cleanup.h"
#include "holder_int.h"
#include "nftmsg.h"
#include "vmac.h"

#include <errno.h>
#include <stdlib.h>
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

static void stand_ins_remove(struct holder *h, const struct addr_op *ops, size_t n)
{
	int errors[RTNL_BATCH];
	int err = rtnl_apply(h->rtnl, ops, n, errors);
	char text[ADDR_TEXT];

	for (size_t i = 0; i < n; i++)
		if (err || (errors[i] && errors[i] != -ESRCH))
			log_warning("cannot remove the local route of %s: %s", addr_format(&ops[i].addr, text),
				    strerror(err ? -err : -errors[i]));
}

struct stray {
	struct addr_op *ops;
	size_t n, cap;
};

static void stray_each(void *arg, const struct rtnews *news)
{
	struct stray *s = arg;

	if (news->kind != RTMSG_STAND_IN)
		return;
	if (s->n == s->cap) {
		s->cap = s->cap ? 2 * s->cap : RTNL_BATCH;
		s->ops = xrealloc(s->ops, s->cap * sizeof(*s->ops));
	}
	s->ops[s->n++] = (struct addr_op){
	    .stand_in = true, .bits = news->addr.bits, .ifindex = news->addr.ifindex, .addr = news->addr.addr};
}

void stand_ins_clear(struct holder *h)
{
	struct stray s = {0};
	int err = rtnl_dump_stand_ins(h->rtnl, stray_each, &s);

	if (err)
		log_warning("cannot read local routes: %s", strerror(-err));
	for (size_t at = 0; at < s.n; at += RTNL_BATCH)
		stand_ins_remove(h, s.ops + at, s.n - at < RTNL_BATCH ? s.n - at : RTNL_BATCH);
	free(s.ops);
}

size_t holder_withdraw(struct holder *h)
{
	struct withdrawal w = {.h = h};
	size_t before = owned_count(h->owned), left = before + 1;

	loop_timer_stop(h->work);
	loop_timer_stop(h->slow);
	loop_timer_stop(h->retry);
	holder_finish(h);
	stand_ins_clear(h);
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
