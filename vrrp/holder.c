/* Decides when a pass is due: what is wanted changed, the gate opened, something refused is to be tried again, it is time for a full scan.
 * Source: DESIGN rules "want, have, operations" and "act on levels". Test: tests/kernel/test_vrrp_process.c. */
#include "holder_int.h"

#include "../src/base/arena.h"
#include "../src/base/log.h"
#include "ownfile.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* An address owner (RFC 9568 1.7) may have no address but its VIPs. */
#define WANTED_LAST (UINT64_MAX / 2)

#define SLOW_SCAN   (60 * NSEC_PER_SEC)
#define RETRY_FIRST NSEC_PER_SEC
#define RETRY_LAST  (30 * NSEC_PER_SEC)

enum { BREATH = 64 };

static void on_work(void *arg)
{
	holder_pass(arg);
}

void holder_work(struct holder *h)
{
	h->settled = false;
	if (!loop_timer_armed(h->work))
		loop_timer_set(h->work, 0);
}

static void on_slow(void *arg)
{
	struct holder *h = arg;

	h->rescan = true;
	holder_work(h);
	loop_timer_set(h->slow, SLOW_SCAN);
}

/* All that was refused is tried again. */
static void on_retry(void *arg)
{
	struct holder *h = arg;
	struct entry *e;
	size_t at = 0;

	h->device.dirty |= h->device.error != 0;
	h->device.error = 0;
	while ((e = book_next(&h->book, &at))) {
		if (!e->error && !e->alone)
			continue;
		e->error = 0;
		e->alone = false;
		book_mark(&h->book, e);
	}
	holder_work(h);
}

void holder_retry(struct holder *h)
{
	if (loop_timer_armed(h->retry))
		return;
	h->retry_after = h->retry_after ? 2 * h->retry_after : RETRY_FIRST;
	if (h->retry_after > RETRY_LAST)
		h->retry_after = RETRY_LAST;
	loop_timer_set(h->retry, h->retry_after);
}

void holder_breathe(struct holder *h)
{
	if (++h->breath % BREATH == 0 && h->hooks->breathe)
		h->hooks->breathe(h->arg);
}

void holder_record(struct holder *h)
{
	int err = ownfile_sync(h->own_fd, h->owned);

	if (err && !h->own_failed)
		log_event(LOG_OWNED_NOT_SAVED, NULL,
			  "cannot write the ownership record: %s; addresses are held all the same", strerror(-err));
	h->own_failed = err != 0;
}

/* Intent that the kernel was never told of, or what went with its interface. */
static void prune(void *arg, const struct kaddr *a)
{
	struct holder *h = arg;
	struct entry *e = book_find(&h->book, &a->addr, holder_link_name(h, a->ifindex));

	if (!e || !entry_have(e, a->ifindex, a->bits))
		owned_del(h->owned, &a->addr, a->bits, a->ifindex);
}

static int holder_start(struct holder *h)
{
	enum owned_replay how;
	int err = ownfile_load(h->own_fd, &h->owned, &how, h->record);

	if (err) {
		log_error("cannot read the ownership record: %s", strerror(-err));
		return err;
	}
	h->adopt = how == OWNED_DAMAGED || how == OWNED_VERSION;
	if (h->adopt)
		log_event(LOG_OWNED_LOST, LOG_WITH(.file = OWNED_FILE), "the ownership record (" OWNED_FILE ") %s",
			  h->record);
	err = rtnl_open(true, &h->rtnl);
	if (!err)
		err = announcer_new(h->loop, &h->announcer);
	if (err) {
		log_error("cannot open the network's sockets: %s; vipd needs CAP_NET_ADMIN and CAP_NET_RAW",
			  strerror(-err));
		return err;
	}
	stand_ins_clear(h);
	holder_scan(h);
	owned_each(h->owned, prune, h);
	if (owned_has_device(h->owned, 0) && !device_link(h))
		owned_clear_device(h->owned);
	holder_record(h);
	h->events = loop_io_new(h->loop, rtnl_event_fd(h->rtnl), LOOP_READ, holder_events, h);
	if (!loop_timer_armed(h->slow))
		loop_timer_set(h->slow, SLOW_SCAN);
	return 0;
}

const char *holder_record_problem(const struct holder *h)
{
	return h->record[0] ? h->record : NULL;
}

int holder_new(struct loop *l, int own_fd, const struct holder_hooks *hooks, void *arg, struct holder **out)
{
	struct holder *h = xcalloc(1, sizeof(*h));
	int err;

	h->loop = l;
	h->own_fd = own_fd;
	h->hooks = hooks;
	h->arg = arg;
	h->work = loop_timer_new(l, on_work, h);
	h->slow = loop_timer_new(l, on_slow, h);
	h->retry = loop_timer_new(l, on_retry, h);
	h->device.dirty = true;
	h->batch_max = RTNL_BATCH;
	book_init(&h->book);
	err = holder_start(h);
	if (err)
		holder_free(h);
	else
		*out = h;
	return err;
}

void holder_free(struct holder *h)
{
	if (!h)
		return;
	worker_free(h->worker);
	loop_io_free(h->events);
	loop_timer_free(h->work);
	loop_timer_free(h->slow);
	loop_timer_free(h->retry);
	announcer_free(h->announcer);
	rtnl_close(h->given_rtnl);
	rtnl_close(h->rtnl);
	owned_free(h->owned);
	links_clear(&h->links);
	book_clear(&h->book);
	for (struct set_item *s = h->sets, *next; s; s = next) {
		next = s->next;
		free(s);
	}
	free(h);
}

void holder_settings(struct holder *h, const struct vip_settings *s)
{
	announcer_set(h->announcer, s);
}

void holder_open_gate(struct holder *h)
{
	if (h->may_add)
		return;
	h->may_add = true;
	h->device.dirty = true;
	book_mark_wanted(&h->book);
	holder_work(h);
}

static void know_each(struct book *b)
{
	struct entry *e;
	size_t at = 0;

	while ((e = book_next(b, &at)))
		book_mark(b, e);
}

void holder_know(struct holder *h)
{
	if (h->may_remove)
		return;
	h->may_remove = true;
	know_each(&h->book);
	holder_work(h);
}

struct vip_set *holder_set_new(struct holder *h)
{
	struct set_item *s = xcalloc(1, sizeof(*s));

	s->set.active = true;
	s->next = h->sets;
	h->sets = s;
	return &s->set;
}

void holder_set_switch(struct holder *h, struct vip_set *set, bool active)
{
	struct entry *e;

	if (set->active == active && !set->quiet)
		return;
	set->active = active;
	set->quiet = false;
	for (e = LIST_FIRST(&set->members); e; e = LIST_NEXT(e, member))
		book_mark_first(&h->book, e);
	holder_work(h);
}

bool holder_set_coming(const struct vip_set *set)
{
	const struct entry *e;

	if (set->waits)
		return true;
	for (e = LIST_FIRST(&set->members); e; e = LIST_NEXT(e, member))
		if (e->coming || (entry_answers(e) && e->burst))
			return true;
	return false;
}

void holder_set_wait(struct holder *h, struct vip_set *set, bool waits)
{
	struct entry *e;

	if (set->waits == waits)
		return;
	set->waits = waits;
	for (e = LIST_FIRST(&set->members); e; e = LIST_NEXT(e, member))
		book_mark_first(&h->book, e);
	holder_work(h);
}

void holder_set_quiet(struct holder *h, struct vip_set *set)
{
	struct entry *e;

	set->quiet = true;
	for (e = LIST_FIRST(&set->members); e; e = LIST_NEXT(e, member)) {
		e->burst |= e->tell.on;
		announcer_stop(h->announcer, &e->tell);
	}
}

void holder_set_announce(struct holder *h, struct vip_set *set)
{
	struct entry *e;

	for (e = LIST_FIRST(&set->members); e; e = LIST_NEXT(e, member))
		if (e->tell.on)
			announcer_start(h->announcer, &e->tell, &e->addr, e->tell.ifindex, e->tell.mac, true);
}

void holder_set_free(struct holder *h, struct vip_set *set)
{
	struct set_item **at = &h->sets;

	while (*at && &(*at)->set != set)
		at = &(*at)->next;
	if (!*at)
		return;
	*at = (*at)->next;
	free(set); /* the first member of its item */
}

void holder_want(struct holder *h, struct vip_set *set, const struct vip *v)
{
	size_t clusters = h->book.clusters;

	book_want(&h->book, set, v);
	h->device.dirty |= h->book.clusters != clusters;
	holder_work(h);
}

void holder_unwant(struct holder *h, const struct addr *a, const char *ifname)
{
	struct entry *e = book_find(&h->book, a, ifname);

	if (!e)
		return;
	book_unwant(&h->book, e);
	holder_work(h);
}

const struct vip_set *holder_set_of(const struct holder *h, const struct vip *v)
{
	const struct entry *e = book_find(&h->book, &v->addr, v->ifname);

	return e && e->wanted ? e->set : NULL;
}

void holder_begin(struct holder *h)
{
	book_begin(&h->book);
}

void holder_end(struct holder *h)
{
	book_end(&h->book);
	holder_work(h);
}

void holder_retry_device(struct holder *h)
{
	h->device.error = 0;
	h->device.dirty = true;
	holder_work(h);
}

void holder_count(const struct holder *h, struct holder_counts *out)
{
	*out = (struct holder_counts){
	    .wanted = h->book.wanted,
	    .held = h->held,
	    .restored = h->restored,
	    .frames = announcer_frames(h->announcer),
	    .rescans = h->rescans,
	    .recorded = owned_count(h->owned),
	};
	memcpy(out->problems, h->problems, sizeof(out->problems));
}

bool holder_is_settled(const struct holder *h)
{
	return h->settled;
}

int holder_each(const struct holder *h, int (*each)(void *arg, struct entry *e), void *arg)
{
	struct entry *e;
	size_t at = 0;
	int stop = 0;

	while (!stop && (e = book_next(&h->book, &at)))
		stop = each(arg, e);
	return stop;
}

const struct link *holder_link(const struct holder *h, const char *name)
{
	return links_by_name(&h->links, name);
}

bool holder_primary(const struct holder *h, uint32_t ifindex, uint8_t family, struct addr *out)
{
	uint64_t first = UINT64_MAX;
	struct entry *e;
	size_t at = 0;

	while ((e = book_next(&h->book, &at))) {
		if (e->addr.family != family || (family == AF_INET6 && !addr_is_link_local(&e->addr)))
			continue;
		for (size_t i = 0; i < e->n_have; i++) {
			uint64_t order = e->have[i].order + (e->wanted ? WANTED_LAST : 0);

			if (e->have[i].ours || e->have[i].ifindex != ifindex || order >= first)
				continue;
			first = order;
			*out = e->addr;
		}
	}
	return first != UINT64_MAX;
}

bool holder_has(const struct holder *h, const struct addr *a, const char *ifname)
{
	const struct entry *e = book_find(&h->book, a, ifname);

	return e && e->n_have > 0;
}

const struct links *holder_links(const struct holder *h)
{
	return &h->links;
}

const char *holder_link_name(const struct holder *h, uint32_t ifindex)
{
	const struct link *l = links_by_index(&h->links, ifindex);

	return l ? l->name : NULL;
}

void holder_locals(const struct holder *h,
		   void (*each)(void *arg, const struct addr *a, uint8_t bits, const char *ifname), void *arg)
{
	struct entry *e;
	size_t at = 0;

	while ((e = book_next(&h->book, &at))) {
		if (addr_is_loopback(&e->addr) || (e->addr.family == AF_INET6 && addr_is_link_local(&e->addr)))
			continue;
		for (size_t i = 0; i < e->n_have; i++) {
			const struct link *l = links_by_index(&h->links, e->have[i].ifindex);

			if (l && !e->have[i].ours && strcmp(l->name, VIPD_DEVICE) != 0)
				each(arg, &e->addr, e->have[i].bits, l->name);
		}
	}
}
