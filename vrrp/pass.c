/* Decides, a turn at a time, what is done to the kernel: looks at the addresses that changed, collects one batch, applies it, takes in what
 * the kernel tells of it, and lets announcements go out before the next batch, so that the first address does not wait for the last. What vipd0 is to
 * hold goes to the worker, one batch after the other; meanwhile the others of its addresses are parked.
 *
 * To add an IPv4 address the kernel walks all that its interface has: of four thousand the last waits for a fifth of a second. A route costs the same
 * however many there are. So where many are to be added each is stood in for by a local route first, and announced; when all that has gone out the worker
 * adds them, and the routes go.
 * Source: net/ipv4/devinet.c __inet_insert_ifa, net/ipv4/fib_trie.c. Test: tests/kernel/test_vrrp_process.c, test_stand_ins.c. */
#include "holder_int.h"
#include "ifconf.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

/* A look appends at most a few operations; entries a turn are bounded, too, so that a turn is short when nothing needs to be done. */
enum { LOOKS_A_TURN = 2000, BATCH_LEAST = 8 };

/* Behind so many others one is stood in for. */
enum { STAND_IN_FROM = 64 };

/* A batch should take the kernel about so long: what else waits in the loop waits no longer. */
#define BATCH_TIME (2 * NSEC_PER_MSEC)

/* What IPv6 has taken is in use within 50 us, if the machine is not busy. */
#define IN_USE_WITHIN (NSEC_PER_MSEC / 2)

/* What a pass collects: for this thread, and for the worker (NULL: it has enough to do). */
struct pass {
	struct batch here;
	struct batch *there;
	const struct link *device; /* vipd0: its addresses are the worker's */
	bool stands;               /* some are stood in for */
	bool comes;                /* some come, and are announced next */
	bool waits;                /* the entry in hand, for the worker */
};

/* False if it must be looked at again: the batch is full. */
static bool pass_op(struct pass *p, struct entry *e, const struct addr_op *op, bool there)
{
	struct batch *b = there ? p->there : &p->here;

	if (!b || b->n == RTNL_BATCH) {
		p->waits |= there;
		return false;
	}
	b->of[b->n] = e;
	b->ops[b->n++] = *op;
	e->busy |= there;
	return true;
}

static bool is_device(const struct pass *p, uint32_t ifindex)
{
	return p->device && p->device->index == ifindex;
}

static bool pass_remove(struct pass *p, struct entry *e, const struct vip_have *have)
{
	const struct addr_op op = {.bits = have->bits, .ifindex = have->ifindex, .addr = e->addr};

	return pass_op(p, e, &op, is_device(p, op.ifindex));
}

static bool pass_add(struct pass *p, struct entry *e, uint32_t ifindex)
{
	struct addr_op op = {
	    .add = true, .bits = e->want.bits, .ifindex = ifindex, .addr = e->addr, .scope = e->want.scope};

	memcpy(op.label, e->want.label, sizeof(op.label));
	p->comes |= !e->stand_in && !is_device(p, ifindex);
	return pass_op(p, e, &op, e->stand_in || is_device(p, ifindex));
}

static bool pass_stand(struct pass *p, struct entry *e, bool add, uint32_t ifindex)
{
	const struct addr_op op = {
	    .stand_in = true, .add = add, .bits = e->want.bits, .ifindex = ifindex, .addr = e->addr};

	p->stands |= add;
	p->comes |= add;
	return pass_op(p, e, &op, false);
}

static const struct link *entry_link(const struct holder *h, const struct entry *e)
{
	return e->want.kind == VIP_CLUSTER ? device_link(h) : links_by_name(&h->links, e->want.ifname);
}

/* Nobody changes that within a takeover. */
static bool route_answers(struct holder *h, const struct link *l)
{
	nsec_t now = clock_now();

	if (h->route_answers.ifindex != l->index || now >= h->route_answers.until) {
		h->route_answers.ifindex = l->index;
		h->route_answers.yes = ifconf_route_answers(l->name);
		h->route_answers.until = now + NSEC_PER_SEC;
	}
	return h->route_answers.yes;
}

static struct vip_view entry_view(struct holder *h, const struct entry *e)
{
	bool active = e->wanted && e->set->active;
	const struct link *l = active ? entry_link(h, e) : NULL;

	return (struct vip_view){
	    .want = active ? &e->want : NULL,
	    .link = l,
	    .have = e->have,
	    .n = e->n_have,
	    .may_add = h->may_add && !(active && e->set->waits),
	    .may_remove = h->may_remove,
	    .refused = e->error != 0,
	    .many = l && h->book.n_dirty >= STAND_IN_FROM && route_answers(h, l),
	    .vrf = l && links_in_vrf(&h->links, l),
	    .stand_in = e->stand_in,
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
	addr_format(&e->addr, text);
	log_event(LOG_OWNED_LOST, LOG_WITH(.vip = text, .interface = v->link->name),
		  "%s on %s adopted: the ownership record was damaged", text, v->link->name);
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

	if (!l || !entry_answers(e) || e->coming || e->set->quiet || e->want.kind != VIP_CLIENT ||
	    !link_can_announce(l) || !link_has_carrier(l)) {
		announcer_stop(h->announcer, t);
		e->burst = e->wanted;
		return;
	}
	if (t->on && t->ifindex == l->index && memcmp(t->mac, l->mac, MAC_LEN) == 0)
		return;
	announcer_start(h->announcer, t, &e->addr, l->index, l->mac, e->burst || t->on);
	e->burst = false;
}

static void entry_look(struct holder *h, struct entry *e, struct pass *p)
{
	struct vip_view v = entry_view(h, e);
	struct vip_verdict d;
	bool fits = true;

	if (e->busy) { /* it is marked when that is through */
		if (!v.link)
			entry_tell(h, e, NULL);
		if (!v.want && e->stand_in && !e->alone)
			pass_stand(p, e, false, e->stand_in);
		return;
	}
	p->waits = false;
	if (h->adopt)
		entry_adopt(h, e, &v);
	d = vips_decide(&v);
	for (size_t i = 0; i < e->n_have && !e->error; i++) {
		struct vip_have *have = &e->have[i];

		if (have->removing || !vips_is_stale(&v, have))
			continue;
		have->removing = pass_remove(p, e, have);
		fits &= have->removing;
	}
	if (d.stand_down && !e->alone)
		fits &= pass_stand(p, e, false, e->stand_in);
	if (d.stand_in && !e->alone)
		fits &= pass_stand(p, e, true, v.link->index);
	else if (d.add)
		fits &= pass_add(p, e, v.link->index);
	entry_settle(h, e, d.held, d.problem);
	entry_tell(h, e, v.link);
	if (p->waits)
		book_park(&h->book, e);
	else if (!fits)
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
		log_event(
		    LOG_VIP_REFUSED,
		    LOG_WITH(.vip = addr_format(&op->addr, text), .interface = l ? l->name : NULL, .suppressed = lost),
		    "cannot %s %s/%u on %s: %s", op->add ? "add" : "remove", text, op->bits,
		    l ? l->name : "an interface that is gone", strerror(-error));
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
	if (e->went)
		return; /* the kernel has told of both already */
	/* IPv6 tells of it only later, when addrconf_dad_work has made its route: until then the kernel's silence is its word. */
	e->coming = op->addr.family == AF_INET6;
	book_have(&h->book,
		  &(struct kaddr){.addr = op->addr, .bits = op->bits, .scope = op->scope, .ifindex = op->ifindex},
		  e->scope, true);
	if (!e->lost)
		return;
	e->lost = false;
	h->restored++;
	if (log_allow(&h->limit, clock_now(), &lost))
		log_event(
		    LOG_VIP_RESTORED,
		    LOG_WITH(.vip = addr_format(&op->addr, text), .interface = e->want.ifname, .suppressed = lost),
		    "%s put back on %s: somebody had removed it", text, e->want.ifname);
}

/* One that the kernel did not take is added without; one that it keeps is removed later. known: the error is this operation's; one that may be there must
 * be removed some time. */
static void stood(struct holder *h, const struct addr_op *op, struct entry *e, int error, bool known)
{
	char text[ADDR_TEXT];
	unsigned lost;

	if (!error || (op->add ? !known : error == -ESRCH)) {
		e->stand_in = op->add ? op->ifindex : 0;
		return;
	}
	e->alone = true;
	holder_retry(h);
	if (!op->add && log_allow(&h->limit, clock_now(), &lost))
		log_event(LOG_VIP_REFUSED, LOG_WITH(.vip = addr_format(&op->addr, text), .suppressed = lost),
			  "cannot remove the local route of %s: %s", text, strerror(-error));
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

/* Intent: it is recorded before the kernel is told. */
static void batch_intend(struct holder *h, const struct batch *b)
{
	for (size_t i = 0; i < b->n; i++) {
		if (b->ops[i].stand_in)
			continue;
		b->of[i]->went = false;
		if (b->ops[i].add)
			owned_add(h->owned, &b->ops[i].addr, b->ops[i].bits, b->ops[i].ifindex);
	}
	holder_record(h);
}

/* err: of the whole batch. Then the kernel's own account of it. */
static void batch_outcome(struct holder *h, const struct batch *b, int err)
{
	if (err) {
		log_error("rtnetlink: %s", strerror(-err));
		h->rescan = true;
	}
	for (size_t i = 0; i < b->n; i++) {
		const struct addr_op *op = &b->ops[i];
		int error = err ? err : b->errors[i];

		if (op->stand_in)
			stood(h, op, b->of[i], error, !err);
		else if (op->add)
			added(h, op, b->of[i], error);
		else
			removed(h, op, b->of[i], error);
	}
	holder_record(h);
	holder_drain(h);
}

/* The entries concerned are looked at next. */
static void batch_apply(struct holder *h, struct batch *b)
{
	nsec_t start = clock_now();

	batch_intend(h, b);
	batch_outcome(h, b, rtnl_apply(h->rtnl, b->ops, b->n, b->errors));
	batch_adapt(h, clock_now() - start);
	for (size_t i = b->n; i-- > 0;)
		book_mark_first(&h->book, b->of[i]);
}

/* ---- the worker's */

static void given_outcome(struct holder *h, int err)
{
	for (size_t i = 0; i < h->given.n; i++)
		h->given.of[i]->busy = false;
	batch_outcome(h, &h->given, err);
	for (size_t i = 0; i < h->given.n; i++)
		book_mark(&h->book, h->given.of[i]);
	book_unpark(&h->book, RTNL_BATCH);
	holder_work(h);
}

/* In its thread. */
static void given_apply(void *arg)
{
	struct holder *h = arg;

	h->given_error = rtnl_apply(h->given_rtnl, h->given.ops, h->given.n, h->given.errors);
}

static void on_worker(void *arg)
{
	struct holder *h = arg;

	worker_take(h->worker);
	given_outcome(h, h->given_error);
}

void holder_finish(struct holder *h)
{
	if (worker_busy(h->worker))
		on_worker(h);
}

static int worker_get(struct holder *h)
{
	static const struct worker_ops ops = {.work = given_apply, .done = on_worker};
	int err = h->given_rtnl ? 0 : rtnl_open(false, &h->given_rtnl);

	if (!err && !h->worker)
		err = worker_new(h->loop, &ops, h, &h->worker);
	return err;
}

static void batch_give(struct holder *h)
{
	int err = worker_get(h);

	batch_intend(h, &h->given);
	if (err)
		given_outcome(h, err);
	else
		worker_give(h->worker);
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

/* Collects from what is to be looked at first. */
static void look(struct holder *h, struct pass *p, size_t looks, size_t max)
{
	struct entry *e;

	p->device = device_link(h);
	while (looks-- > 0 && p->here.n < max && (e = book_pop(&h->book))) {
		entry_look(h, e, p);
		holder_breathe(h);
		if (p->here.n == 0 || p->here.of[p->here.n - 1] != e)
			book_drop(&h->book, e);
	}
}

static bool any_coming(const struct batch *b)
{
	for (size_t i = 0; i < b->n; i++)
		if (b->of[i]->coming)
			return true;
	return false;
}

/* A packet that comes too early is lost, and a neighbour that must be told later is told by the holder. */
static void await_use(struct holder *h, const struct batch *b)
{
	nsec_t until = clock_now() + IN_USE_WITHIN, left;
	struct pollfd p = {.fd = rtnl_event_fd(h->rtnl), .events = POLLIN};

	while (any_coming(b) && (left = until - clock_now()) > 0) {
		const struct timespec wait = {.tv_nsec = left};

		if (ppoll(&p, 1, &wait, NULL) > 0)
			holder_drain(h);
	}
}

/* What was added is looked at once more before the return: then it is announced. */
size_t holder_hurry(struct holder *h, size_t max)
{
	struct pass p = {.here.n = 0}, none = {.here.n = RTNL_BATCH}; /* without room */

	look(h, &p, max, max);
	if (p.here.n > 0)
		batch_apply(h, &p.here);
	await_use(h, &p.here);
	look(h, &none, p.here.n, RTNL_BATCH + 1);
	announcer_push(h->announcer);
	holder_work(h);
	return p.here.n;
}

/* What it would do is in no hurry, and takes this thread's time as well. */
static bool worker_rests(const struct holder *h)
{
	return h->standing || announcer_sends(h->announcer);
}

void holder_pass(struct holder *h)
{
	struct pass p = {.there = worker_busy(h->worker) || worker_rests(h) ? NULL : &h->given};

	if (h->rescan)
		holder_scan(h);
	if (h->device.dirty)
		device_look(h);
	if (p.there)
		p.there->n = 0;
	look(h, &p, LOOKS_A_TURN, h->batch_max);
	h->standing = p.stands;
	announcer_hold(h->announcer, p.comes);
	announcer_push(h->announcer);
	if (p.here.n > 0)
		batch_apply(h, &p.here);
	else
		holder_record(h);
	if (p.there && p.there->n > 0)
		batch_give(h);
	if (!worker_busy(h->worker) && !worker_rests(h))
		book_unpark(&h->book, RTNL_BATCH);
	if (p.here.n > 0 || h->rescan || h->device.dirty || !TAILQ_EMPTY(&h->book.dirty) ||
	    (!TAILQ_EMPTY(&h->book.parked) && !worker_busy(h->worker)))
		holder_work(h);
	else if (!worker_busy(h->worker))
		pass_end(h);
}
