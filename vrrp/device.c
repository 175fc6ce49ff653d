/* Decides when the dummy device vipd0 is made and deleted. It exists while cluster IPs are wanted and until the stop. It stays down, as kube-proxy's
 * kube-ipvs0: an address's route in the local table needs no more, and each address costs the kernel a third of what it does on a device
 * that is up (fib_sync_up walks all of them).
 * Source: drivers/net/dummy.c; a kernel without it answers RTM_NEWLINK with EOPNOTSUPP. Test: tests/kernel/test_vrrp_process.c. */
#include "holder_int.h"

#include <errno.h>
#include <string.h>

static const struct link *device_any(const struct holder *h)
{
	return links_by_name(&h->links, VIPD_DEVICE);
}

static bool is_dummy(const struct link *l)
{
	return strcmp(l->kind, "dummy") == 0;
}

const struct link *device_link(const struct holder *h)
{
	const struct link *l = device_any(h);

	return l && is_dummy(l) ? l : NULL;
}

static void device_tell(struct holder *h, int error)
{
	h->device.error = error;
	if (error == h->device.told)
		return;
	h->device.told = error;
	if (h->hooks->device)
		h->hooks->device(h->arg, error);
}

/* Intent, then the kernel: the index comes with the kernel's news. */
static void device_make(struct holder *h)
{
	int err;

	owned_set_device(h->owned, 0);
	holder_record(h);
	err = rtnl_make_dummy(h->rtnl, VIPD_DEVICE);
	if (err == -EEXIST)
		h->rescan = true;
	if (err) {
		owned_clear_device(h->owned);
		holder_record(h);
		holder_retry(h);
		device_tell(h, err);
		return;
	}
	log_info("%s made", VIPD_DEVICE);
	holder_drain(h);
}

/* There: learn its index. */
static void device_keep(struct holder *h, const struct link *l)
{
	bool ours = owned_has_device(h->owned, l->index);

	if (h->adopt && !ours)
		log_warning("%s adopted: the ownership record was damaged", VIPD_DEVICE);
	if (h->adopt || ours)
		owned_set_device(h->owned, l->index);
	holder_record(h);
	device_tell(h, 0);
}

void device_look(struct holder *h)
{
	const struct link *l = device_any(h);

	h->device.dirty = false;
	if (h->book.clusters == 0 || !h->may_add)
		return;
	if (l && is_dummy(l))
		device_keep(h, l);
	else if (l)
		device_tell(h, -EEXIST);
	else if (!h->device.error)
		device_make(h);
}

/* Somebody else's address stands on the device; what the kernel makes itself (link-local) does not count. */
static bool has_foreign(const struct holder *h, uint32_t index)
{
	struct entry *e;
	size_t at = 0;

	while ((e = book_next(&h->book, &at)))
		for (size_t i = 0; i < e->n_have; i++)
			if (e->have[i].ifindex == index && !e->have[i].ours && !addr_is_link_local(&e->addr))
				return true;
	return false;
}

bool device_remove(struct holder *h)
{
	const struct link *l = device_link(h);
	int err;

	if (!l || !owned_has_device(h->owned, l->index))
		return false;
	if (has_foreign(h, l->index)) {
		log_warning("%s stays: it holds addresses that are not vipd's", VIPD_DEVICE);
		return false;
	}
	err = rtnl_link_delete(h->rtnl, l->index);
	if (err && err != -ENODEV) {
		log_warning("cannot delete %s: %s", VIPD_DEVICE, strerror(-err));
		return false;
	}
	owned_clear_device(h->owned);
	return true;
}
