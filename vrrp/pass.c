/* Decides, a turn at a time, what is done to the kernel: looks at the addresses that changed, collects one batch, applies it, takes in what
 * the kernel tells of it, and lets announcements go out before the next batch, so that the first address does not wait for the last.
 * Test: tests/kernel/test_vrrp_process.c. */
#include "holder_int.h"

#include <errno.h>
#include <string.h>

/* A look appends at most a few operations; entries a turn are bounded, too, so that a turn is short when nothing needs to be done. */
enum { LOOKS_A_TURN = 2000, BATCH_LEAST = 8 };

/* A batch should take the kernel about so long: what else waits in the loop waits no longer. */
#define BATCH_TIME (2 * NSEC_PER_MSEC)

struct batch {
	struct addr_op ops[RTNL_BATCH];
	struct entry *of[RTNL_BATCH];
	int errors[RTNL_BATCH];
	size_t n;
};

/* False if the batch is full: the entry must be looked at again. */
static bool batch_add(struct batch *b, struct entry *e, bool add, uint8_t bits, uint32_t ifindex)
{
	if (b->n == RTNL_BATCH)
		return false;
	b->of[b->n] = e;
	b->ops[b->n] = (struct addr_op){.add = add, .bits = bits, .ifindex = ifindex, .addr = e->addr};
	if (add) {
		b->ops[b->n].scope = e->want.scope;
		memcpy(b->ops[b->n].label, e->want.label, sizeof(e->want.label));
	}
	b->n++;
	return true;
}

static const struct link *entry_link(const struct holder *h, const struct entry *e)
{
	return e->want.kind == VIP_CLUSTER ? device_link(h) : links_by_name(&h->links, e->want.ifname);
}

static struct vip_view entry_view(const struct holder *h, const struct entry *e)
{
	bool active = e->wanted && e->set->active;

	return (struct vip_view){
	    .want = active ? &e->want : NULL,
	    .link = active ? entry_link(h, e) : NULL,
	    .have = e->have,
	    .n = e->n_have,
	    .may_add = h->may_add,
	    .may_remove = h->may_remove,
	};
}

/* The record was damaged: what stands exactly where it is wanted was very likely ours. */
static void entry_adopt(struct holder *h, struct entry *e, const struct vip_view *v)
{
	struct vip_have *have = v->want && v->link ? entry_have(e, v->link->index, v->want->bits) : NULL;
	char text[ADDR_TEXT];

	if (!have || have->ours)
		return;
	have->ours = true;
	owned_add(h->owned, &e->addr, have->bits, have->ifindex);
	log_warning("%s on %s adopted: the ownership record was damaged", addr_format(&e->addr, text), v->link->name);
}

static void entry_settle(struct holder *h, struct entry *e, bool held, enum vip_problem problem)
{
	bool changed = held != e->held || problem != e->problem;

	h->held += (size_t)held - (size_t)e->held;
	h->problems[e->problem]--;
	h->problems[problem]++;
	if (held != e->held || e->since == 0)
		e->since = clock_wall();
	e->held = held;
	e->problem = problem;
	if (changed && h->hooks->changed)
		h->hooks->changed(h->arg, e);
}

/* Announced while it is held on an interface where that makes sense. What was held when vipd started is no news to the neighbours. */
static void entry_tell(struct holder *h, struct entry *e, const struct link *l)
{
	struct announcement *t = &e->tell;

	if (!e->held || e->set->quiet || e->want.kind != VIP_CLIENT || !l || !link_can_announce(l) ||
	    !link_has_carrier(l)) {
		announcer_stop(h->announcer, t);
		e->burst = e->wanted;
		return;
	}
	if (t->on && t->ifindex == l->index && memcmp(t->mac, l->mac, MAC_LEN) == 0)
		return;
	announcer_start(h->announcer, t, &e->addr, l->index, l->mac, e->burst || t->on);
	e->burst = false;
}

static void entry_look(struct holder *h, struct entry *e, struct batch *b)
{
	struct vip_view v = entry_view(h, e);
	struct vip_verdict d;
	bool fits = true;

	if (h->adopt)
		entry_adopt(h, e, &v);
	d = vips_decide(&v);
	for (size_t i = 0; i < e->n_have && !e->error; i++) {
		struct vip_have *have = &e->have[i];

		if (have->removing || !vips_is_stale(&v, have))
			continue;
		have->removing = batch_add(b, e, false, have->bits, have->ifindex);
		fits &= have->removing;
	}
	if (d.add && e->error)
		d.problem = VIP_REFUSED;
	else if (d.add)
		fits &= batch_add(b, e, true, e->want.bits, v.link->index);
	entry_settle(h, e, d.held, d.problem);
	entry_tell(h, e, v.link);
	if (!fits)
		book_mark(&h->book, e);
}

static void refused(struct holder *h, const struct addr_op *op, struct entry *e, int error)
{
	const struct link *l = links_by_index(&h->links, op->ifindex);
	char text[ADDR_TEXT];
	unsigned lost;

	e->error = error;
	holder_retry(h);
	if (log_allow(&h->limit, clock_now(), &lost))
		log_warning("cannot %s %s/%u on %s: %s", op->add ? "add" : "remove", addr_format(&op->addr, text),
			    op->bits, l ? l->name : "an interface that is gone", strerror(-error));
}

static void added(struct holder *h, const struct addr_op *op, struct entry *e, int error)
{
	char text[ADDR_TEXT];
	unsigned lost;

	if (error) {
		owned_del(h->owned, &op->addr, op->bits, op->ifindex);
		h->rescan |= error == -EEXIST || error == -ENODEV; /* the picture of the kernel is stale */
		refused(h, op, e, error);
		return;
	}
	/* IPv6 tells of it only later (addrconf_dad_work): the kernel's silence is its word. */
	book_have(&h->book,
		  &(struct kaddr){.addr = op->addr, .bits = op->bits, .scope = op->scope, .ifindex = op->ifindex},
		  e->scope, true);
	if (!e->lost)
		return;
	e->lost = false;
	h->restored++;
	if (log_allow(&h->limit, clock_now(), &lost))
		log_warning("%s put back on %s: somebody had removed it", addr_format(&op->addr, text), e->want.ifname);
}

static void removed(struct holder *h, const struct addr_op *op, struct entry *e, int error)
{
	struct vip_have *have = entry_have(e, op->ifindex, op->bits);

	if (error == 0 || error == -EADDRNOTAVAIL || error == -ENODEV || error == -ENXIO) {
		owned_del(h->owned, &op->addr, op->bits, op->ifindex);
		h->rescan |= error != 0;
		return;
	}
	if (have)
		have->removing = false;
	refused(h, op, e, error);
}

/* The kernel's cost of an address grows with how many its interface has. */
static void batch_adapt(struct holder *h, nsec_t took)
{
	if (took > BATCH_TIME && h->batch_max > BATCH_LEAST)
		h->batch_max /= 2;
	else if (took < BATCH_TIME / 3 && h->batch_max < RTNL_BATCH)
		h->batch_max *= 2;
}

/* Intent, kernel, outcome, and the kernel's own account of it. The entries concerned are looked at next. */
static void batch_apply(struct holder *h, struct batch *b)
{
	nsec_t start = clock_now();
	int err;

	for (size_t i = 0; i < b->n; i++)
		if (b->ops[i].add)
			owned_add(h->owned, &b->ops[i].addr, b->ops[i].bits, b->ops[i].ifindex);
	holder_record(h);
	err = rtnl_apply(h->rtnl, b->ops, b->n, b->errors);
	if (err) {
		log_error("rtnetlink: %s", strerror(-err));
		h->rescan = true;
	}
	for (size_t i = 0; i < b->n; i++) {
		if (b->ops[i].add)
			added(h, &b->ops[i], b->of[i], err ? err : b->errors[i]);
		else
			removed(h, &b->ops[i], b->of[i], err ? err : b->errors[i]);
	}
	holder_record(h);
	holder_drain(h);
	batch_adapt(h, clock_now() - start);
	for (size_t i = b->n; i-- > 0;)
		book_mark_first(&h->book, b->of[i]);
}

static void pass_end(struct holder *h)
{
	if (h->may_remove)
		h->adopt = false;
	if (!loop_timer_armed(h->retry))
		h->retry_after = 0;
	if (h->settled)
		return;
	h->settled = true;
	if (h->hooks->settled)
		h->hooks->settled(h->arg);
}

/* Collects a batch from what is to be looked at first. */
static void look(struct holder *h, struct batch *b, size_t looks, size_t max)
{
	struct entry *e;

	while (looks-- > 0 && b->n < max && (e = book_pop(&h->book))) {
		entry_look(h, e, b);
		holder_breathe(h);
		if (b->n == 0 || b->of[b->n - 1] != e)
			book_drop(&h->book, e);
	}
}

/* What was added is looked at once more before the return: then it is announced. */
size_t holder_hurry(struct holder *h, size_t max)
{
	struct batch b = {.n = 0}, none = {.n = RTNL_BATCH}; /* without room */

	look(h, &b, max, max);
	if (b.n > 0)
		batch_apply(h, &b);
	look(h, &none, b.n, RTNL_BATCH + 1);
	announcer_push(h->announcer);
	holder_work(h);
	return b.n;
}

void holder_pass(struct holder *h)
{
	struct batch b = {.n = 0};

	if (h->rescan)
		holder_scan(h);
	if (h->device.dirty)
		device_look(h);
	look(h, &b, LOOKS_A_TURN, h->batch_max);
	announcer_push(h->announcer);
	if (b.n > 0)
		batch_apply(h, &b);
	else
		holder_record(h);
	if (b.n > 0 || h->rescan || h->device.dirty || !TAILQ_EMPTY(&h->book.dirty))
		holder_work(h);
	else
		pass_end(h);
}
