/* Takes in what the kernel tells: one ordered stream of changes, and full scans at the start, when changes were lost, and now and then.
 * The stream alone says what is there, vipd's own changes included: they are queued before the request that made them returns.
 * Source: net/core/rtnetlink.c, net/ipv4/devinet.c, net/ipv6/addrconf.c. Test: tests/kernel/test_vrrp_process.c. */
#include "holder_int.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <string.h>
#include <sys/socket.h>

/* A turn of events; after a batch all of them must be in. */
enum { EVENTS_A_TURN = 500, EVENTS_ALL = 100000 };

#define SCAN_AGAIN   NSEC_PER_SEC
#define ROUTES_AGAIN (100 * NSEC_PER_MSEC)

static void links_changed(struct holder *h)
{
	if (h->hooks->links)
		h->hooks->links(h->arg);
}

static void link_came(struct holder *h, const struct link *l)
{
	const struct link *before = links_by_index(&h->links, l->index);
	unsigned change;

	if (before && strncmp(before->name, l->name, LINK_NAME) != 0)
		book_rename(&h->book, l->index, before->name, l->name);
	change = links_update(&h->links, l);
	if (change == LINK_SAME)
		return;
	if (change & (LINK_NEW | LINK_RENAMED | LINK_STATE))
		log_debug("interface %s (%u) is %s", l->name, l->index, link_is_up(l) ? "up" : "down");
	links_changed(h);
	h->device.dirty = true;
	book_mark_wanted(&h->book);
	holder_work(h);
}

static void link_went(struct holder *h, uint32_t index)
{
	if (owned_has_device(h->owned, index) && device_link(h) && device_link(h)->index == index)
		owned_clear_device(h->owned);
	if (!links_remove(&h->links, index))
		return;
	links_changed(h);
	h->device.dirty = true;
	book_mark_wanted(&h->book);
	holder_work(h);
}

static void locals_changed(struct holder *h)
{
	if (h->hooks->locals)
		h->hooks->locals(h->arg);
}

static void addr_came(struct holder *h, const struct kaddr *a)
{
	const char *ifname = holder_link_name(h, a->ifindex);
	bool ours = owned_has(h->owned, &a->addr, a->bits, a->ifindex), news = book_have(&h->book, a, ifname, ours);
	struct entry *e = book_find(&h->book, &a->addr, ifname);
	struct vip_have *have;

	have = entry_have(e, a->ifindex, a->bits);
	have->told = true;
	have->secondary = a->addr.family == AF_INET && a->flags & IFA_F_SECONDARY;
	if (e->coming) {
		e->coming = false;
		book_mark(&h->book, e);
		holder_work(h);
	}
	if (!news)
		return;
	holder_work(h);
	if (!ours)
		locals_changed(h);
}

static void addr_went(struct holder *h, const struct kaddr *a, const char *ifname)
{
	const struct link *l = links_by_index(&h->links, a->ifindex);
	struct vip_have old;
	struct entry *e = book_gone(&h->book, a, ifname, &old);

	if (!e)
		return;
	e->went = true;
	holder_work(h);
	if (!old.ours) {
		locals_changed(h);
		return;
	}
	if (old.removing)
		return;
	/* When its interface goes down it goes by itself; else somebody took it away. */
	e->lost = e->wanted && l && (link_is_up(l) || e->want.kind == VIP_CLUSTER);
	owned_del(h->owned, &a->addr, a->bits, a->ifindex);
}

/* The address stands, but answers no more: it is added anew. An address takes its route along: what comes before the kernel has told of an address is of
 * one that was there before. So does an interface that goes down (vipd0 always is); one of a VRF has its routes in another table. */
static void unrouted(struct holder *h, struct entry *e, struct vip_have *have)
{
	const struct link *l = links_by_index(&h->links, have->ifindex);

	if (!l || !have->ours || !have->told || have->removing || have->unrouted || links_in_vrf(&h->links, l))
		return;
	if (!link_is_up(l) && l != device_link(h))
		return;
	have->unrouted = true;
	e->lost = e->wanted && e->set->active;
	book_mark(&h->book, e);
	holder_work(h);
}

/* The first address of a subnet takes the routes of the others along, which the kernel puts back at once where promote_secondaries is set. */
static void route_went(struct holder *h, const struct kaddr *a)
{
	struct entry *e = book_find(&h->book, &a->addr, holder_link_name(h, a->ifindex));

	for (size_t i = 0; e && i < e->n_have; i++)
		if (e->have[i].ifindex == a->ifindex && !e->have[i].secondary)
			unrouted(h, e, &e->have[i]);
}

static void route_seen(struct holder *h, const struct kaddr *a)
{
	struct entry *e = book_find(&h->book, &a->addr, holder_link_name(h, a->ifindex));

	for (size_t i = 0; e && i < e->n_have; i++)
		e->have[i].routed |= e->have[i].ifindex == a->ifindex;
}

static void on_news(void *arg, const struct rtnews *news)
{
	struct holder *h = arg;

	holder_breathe(h);
	switch (news->kind) {
	case RTMSG_LINK:
		link_came(h, &news->link);
		break;
	case RTMSG_LINK_GONE:
		link_went(h, news->link.index);
		break;
	case RTMSG_ADDR:
		addr_came(h, &news->addr);
		break;
	case RTMSG_ADDR_GONE:
		addr_went(h, &news->addr, holder_link_name(h, news->addr.ifindex));
		break;
	case RTMSG_ROUTED:
		route_seen(h, &news->addr);
		break;
	case RTMSG_UNROUTED:
		route_went(h, &news->addr);
		break;
	case RTMSG_STAND_IN:
	case RTMSG_ERROR:
	case RTMSG_DONE:
	case RTMSG_OTHER:
		break;
	}
}

static void events_take(struct holder *h, unsigned max)
{
	int err = rtnl_events(h->rtnl, max, on_news, h);

	if (err == 0 || err == -EAGAIN)
		return;
	log_info("changes of addresses were lost (%s): reading all anew", strerror(-err));
	h->rescan = true;
	holder_work(h);
}

void holder_drain(struct holder *h)
{
	events_take(h, EVENTS_ALL);
}

void holder_events(void *arg, int events)
{
	events_take(arg, EVENTS_A_TURN);
}

/* What the dump did not show is gone. */
static void sweep(struct holder *h)
{
	struct entry *e;
	size_t at = 0;

	while ((e = book_next(&h->book, &at))) {
		holder_breathe(h);
		for (size_t i = e->n_have; i-- > 0;) {
			struct vip_have *have = &e->have[i];
			struct kaddr a = {.addr = e->addr, .bits = have->bits, .ifindex = have->ifindex};

			if (!have->seen)
				addr_went(h, &a, e->scope);
		}
	}
	if (links_sweep(&h->links) > 0) {
		links_changed(h);
		h->device.dirty = true;
		book_mark_wanted(&h->book);
		holder_work(h);
	}
}

/* Addresses without their routes: what took them went unheard. A dump that others' changes come between may leave out what is there, and the kernel makes
 * an address's route after it has told of the address: what is missing twice is gone. */
static void sweep_routes(struct holder *h, uint8_t family)
{
	int err = rtnl_dump_local_routes(h->rtnl, family, on_news, h);
	bool again = false;
	struct entry *e;
	size_t at = 0;

	if (err) {
		log_debug("cannot read local routes: %s", strerror(-err));
		return;
	}
	while ((e = book_next(&h->book, &at))) {
		holder_breathe(h);
		for (size_t i = 0; i < e->n_have && e->addr.family == family; i++) {
			struct vip_have *have = &e->have[i];

			if (have->missed && !have->routed)
				unrouted(h, e, have);
			else
				again |= have->ours && !have->routed;
			have->missed = !have->routed;
		}
	}
	if (again)
		loop_timer_set(h->slow, ROUTES_AGAIN);
}

static void on_stale_news(void *arg, const struct rtnews *news)
{
}

/* What waits is older than the dump and would contradict it; what comes during it is taken in at once. */
void holder_scan(struct holder *h)
{
	struct entry *e;
	size_t at = 0;
	int err;

	h->rescan = false;
	h->rescans++;
	rtnl_events(h->rtnl, EVENTS_ALL, on_stale_news, NULL);
	links_unsee(&h->links);
	while ((e = book_next(&h->book, &at)))
		for (size_t i = 0; i < e->n_have; i++)
			e->have[i].seen = e->have[i].routed = false;
	err = rtnl_dump(h->rtnl, on_news, h);
	if (err) {
		log_error("cannot read addresses: %s", strerror(-err));
		loop_timer_set(h->slow, SCAN_AGAIN);
		return;
	}
	sweep(h);
	sweep_routes(h, AF_INET);
	sweep_routes(h, AF_INET6);
	holder_drain(h);
}
