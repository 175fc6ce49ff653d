/* Decides what is known of the node's interfaces, keyed by index because names move.
 * Source: linux/if_link.h, net/core/rtnetlink.c. Test: tests/test_links.c. */
#include "links.h"

#include "../src/base/arena.h"

#include <linux/if.h>
#include <linux/if_arp.h>
#include <stdlib.h>
#include <string.h>

/* The place of index: where it is or would be inserted. */
static size_t links_place(const struct links *l, uint32_t index)
{
	size_t lo = 0, hi = l->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (l->items[mid].index < index)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

const struct link *links_by_index(const struct links *l, uint32_t index)
{
	size_t at = links_place(l, index);

	return at < l->n && l->items[at].index == index ? &l->items[at] : NULL;
}

const struct link *links_by_name(const struct links *l, const char *name)
{
	for (size_t i = 0; i < l->n; i++)
		if (strncmp(l->items[i].name, name, LINK_NAME) == 0)
			return &l->items[i];
	return NULL;
}

bool links_in_vrf(const struct links *l, const struct link *link)
{
	const struct link *master = link->master ? links_by_index(l, link->master) : NULL;

	return strcmp(link->kind, "vrf") == 0 || (master && strcmp(master->kind, "vrf") == 0);
}

static unsigned link_compare(const struct link *old, const struct link *new)
{
	unsigned change = LINK_SAME;

	if (strncmp(old->name, new->name, LINK_NAME) != 0)
		change |= LINK_RENAMED;
	if (link_is_up(old) != link_is_up(new))
		change |= LINK_STATE;
	if (link_has_carrier(old) != link_has_carrier(new))
		change |= LINK_CARRIER;
	if (old->mac_len != new->mac_len || memcmp(old->mac, new->mac, MAC_LEN) != 0)
		change |= LINK_MAC;
	if (old->mtu != new->mtu)
		change |= LINK_MTU;
	return change;
}

unsigned links_update(struct links *l, const struct link *link)
{
	size_t at = links_place(l, link->index);
	unsigned change = LINK_NEW;

	if (at < l->n && l->items[at].index == link->index) {
		change = link_compare(&l->items[at], link);
	} else {
		if (l->n == l->cap) {
			l->cap = l->cap ? 2 * l->cap : 16;
			l->items = xrealloc(l->items, l->cap * sizeof(*l->items));
		}
		memmove(&l->items[at + 1], &l->items[at], (l->n - at) * sizeof(*l->items));
		l->n++;
	}
	l->items[at] = *link;
	l->items[at].seen = true;
	return change;
}

bool links_remove(struct links *l, uint32_t index)
{
	size_t at = links_place(l, index);

	if (at == l->n || l->items[at].index != index)
		return false;
	l->n--;
	memmove(&l->items[at], &l->items[at + 1], (l->n - at) * sizeof(*l->items));
	return true;
}

void links_unsee(struct links *l)
{
	for (size_t i = 0; i < l->n; i++)
		l->items[i].seen = false;
}

size_t links_sweep(struct links *l)
{
	size_t kept = 0, gone;

	for (size_t i = 0; i < l->n; i++)
		if (l->items[i].seen)
			l->items[kept++] = l->items[i];
	gone = l->n - kept;
	l->n = kept;
	return gone;
}

void links_clear(struct links *l)
{
	free(l->items);
	*l = (struct links){0};
}

bool link_is_up(const struct link *l)
{
	return l->flags & IFF_UP;
}

/* With IFF_LOWER_UP alone the kernel has not made its queue yet: what is sent is lost (net/core/link_watch.c). */
bool link_has_carrier(const struct link *l)
{
	static const uint32_t running = IFF_UP | IFF_LOWER_UP | IFF_RUNNING;

	return (l->flags & running) == running;
}

bool link_can_announce(const struct link *l)
{
	return l->type == ARPHRD_ETHER && l->mac_len == MAC_LEN && !(l->flags & (IFF_NOARP | IFF_LOOPBACK));
}
