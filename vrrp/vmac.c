/* Decides when a virtual MAC's device is made (before the engine hears of its router, or when its interface comes), up, down and removed, and which sysctls
 * keep the interfaces from answering with the wrong MAC. Bridge mode, as FRR asks for: in private mode macvlan_handle_frame keeps from the interface what another node sends from the same virtual MAC, so that two Actives would
 * never hear of each other. The sysctls of net/ipv4/conf and net/ipv6/conf let a process write that has CAP_NET_ADMIN over the namespace
 * (net_ctl_permissions). Source: RFC 9568 7.3 and 8; drivers/net/macvlan.c; Documentation/networking/ip-sysctl.rst.
 * Test: tests/lab/scenarios/vrrp-vmac*.sh */
#include "vmac.h"

#include "../src/base/arena.h"
#include "../src/base/log.h"
#include "holder_int.h"
#include "ifconf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define AGAIN NSEC_PER_SEC

struct vmacs {
	struct loop *loop;
	struct holder *holder;
	struct engine *engine;
	struct loop_timer *look;
	struct log_limit limit;
};

static void sysctl_set(struct vmacs *v, const char *family, const char *ifname, const char *name, const char *value)
{
	char path[128];
	unsigned missed;
	int fd, err = 0;

	snprintf(path, sizeof(path), "/proc/sys/net/%s/conf/%.15s/%s", family, ifname, name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, value, strlen(value)) < 0)
		err = -errno;
	if (fd >= 0)
		close(fd);
	if (err && log_allow(&v->limit, clock_now(), &missed))
		log_event(LOG_DEVICE_REFUSED, LOG_WITH(.file = path, .suppressed = missed),
			  "%s cannot be set to %s: %s", path, value, strerror(-err));
}

/* The device answers ARP for its own addresses only (one of IPv6 for none, or the interface's IPv4 addresses would be told to be at its MAC), and takes packets
 * whose way back is through the interface. Addresses that the kernel would make up, and routers that it would believe, are none of a virtual router's. */
static void device_prepare(struct vmacs *v, const struct router *r, const char *device)
{
	if (r->family == AF_INET) {
		sysctl_set(v, "ipv4", device, "arp_ignore", "1");
		sysctl_set(v, "ipv4", device, "rp_filter", "2");
		sysctl_set(v, "ipv6", device, "disable_ipv6", "1");
		return;
	}
	sysctl_set(v, "ipv4", device, "arp_ignore", "8");
	sysctl_set(v, "ipv6", device, "addr_gen_mode", "1");
	sysctl_set(v, "ipv6", device, "accept_ra", "0");
	sysctl_set(v, "ipv6", device, "autoconf", "0");
}

enum { ARP_IGNORE = 1, ARP_ANNOUNCE = 2 };

/* The interface itself must neither answer for the addresses of the device nor ask with one of them as the sender. What it had before is in the record. */
static void parent_prepare(struct vmacs *v, const struct router *r, uint32_t ifindex)
{
	struct owned_was was = {.ifindex = ifindex};

	if (r->family != AF_INET)
		return;
	if (ifconf_read(r->ifname, "arp_ignore", &was.arp_ignore) &&
	    ifconf_read(r->ifname, "arp_announce", &was.arp_announce))
		owned_set_was(v->holder->owned, &was);
	holder_record(v->holder);
	sysctl_set(v, "ipv4", r->ifname, "arp_ignore", "1");
	sysctl_set(v, "ipv4", r->ifname, "arp_announce", "2");
}

/* As it was, unless somebody has set something else meanwhile. */
static void parent_put_back(struct vmacs *v, const char *ifname, const char *name, uint32_t ours, uint32_t was)
{
	char text[16];
	uint32_t now;

	if (!ifconf_read(ifname, name, &now) || now != ours || was == ours)
		return;
	snprintf(text, sizeof(text), "%u", was);
	sysctl_set(v, "ipv4", ifname, name, text);
}

static void parent_restore(struct vmacs *v, const struct owned_was *w)
{
	const char *ifname = holder_link_name(v->holder, w->ifindex);

	if (ifname) {
		parent_put_back(v, ifname, "arp_ignore", ARP_IGNORE, w->arp_ignore);
		parent_put_back(v, ifname, "arp_announce", ARP_ANNOUNCE, w->arp_announce);
	}
	owned_clear_was(v->holder->owned, w->ifindex);
	holder_record(v->holder);
}

static bool parent_needed(const struct vmacs *v, uint32_t ifindex)
{
	for (size_t i = 0; i < engine_count(v->engine); i++) {
		const struct router *r = engine_router(v->engine, i);
		const struct link *l = r->vmac && r->family == AF_INET ? holder_link(v->holder, r->ifname) : NULL;

		if (l && l->index == ifindex)
			return true;
	}
	return false;
}

static void parents_restore(struct vmacs *v)
{
	const struct owned_was *w;

	for (size_t i = 0; (w = owned_was(v->holder->owned, i));)
		if (v->engine && parent_needed(v, w->ifindex))
			i++;
		else
			parent_restore(v, w);
}

static int device_make(struct vmacs *v, const struct router *r, const struct link *parent)
{
	uint8_t mac[MAC_LEN];
	char name[LINK_NAME];
	int err;

	vmac_name(r, name);
	vmac_address(r->family, r->vrid, mac);
	err = rtnl_make_macvlan(v->holder->rtnl, name, parent->index, mac);
	if (err)
		return err;
	log_info("router %s: device %s made on %s", r->name, name, r->ifname);
	parent_prepare(v, r, parent->index);
	device_prepare(v, r, name);
	return 0;
}

static void device_set(struct vmacs *v, const struct router *r, const struct link *l, bool up)
{
	int err;

	if (link_is_up(l) == up)
		return;
	err = rtnl_link_set(v->holder->rtnl, l->index, up);
	if (err && err != -ENODEV)
		log_event(LOG_DEVICE_REFUSED, LOG_WITH(.router = r->name, .interface = l->name),
			  "router %s: device %s cannot be set %s: %s", r->name, l->name, up ? "up" : "down",
			  strerror(-err));
}

static const struct link *device_of(const struct vmacs *v, const struct router *r)
{
	char name[LINK_NAME];

	vmac_name(r, name);
	return holder_link(v->holder, name);
}

/* Makes it unless it is there; false if it cannot be had. No parent: that is another matter. */
static bool device_need(struct vmacs *v, const struct router *r)
{
	const struct link *parent = holder_link(v->holder, r->ifname);
	unsigned lost;
	int err;

	if (!parent || device_of(v, r))
		return true;
	err = device_make(v, r, parent);
	if (err && err != -EEXIST && log_allow(&v->limit, clock_now(), &lost))
		log_event(LOG_DEVICE_REFUSED, LOG_WITH(.router = r->name, .interface = r->ifname, .suppressed = lost),
			  "router %s: no device for its virtual MAC on %s: %s", r->name, r->ifname,
			  err == -EOPNOTSUPP ? "this kernel has no macvlan" : strerror(-err));
	engine_breathe(v->engine);
	return !err || err == -EEXIST;
}

void vmacs_prepare(struct vmacs *v, const struct router *routers, size_t n)
{
	bool any = false;

	for (size_t i = 0; i < n; i++)
		if (routers[i].vmac) {
			device_need(v, &routers[i]);
			any = true;
		}
	if (any)
		holder_drain(v->holder); /* the kernel has told of them already */
}

uint32_t vmacs_device(struct vmacs *v, const struct router *r, const char **why)
{
	const struct link *l = device_of(v, r);

	if (l && vmac_is_of(l, r))
		return l->index;
	*why = l ? "another device has the name of its virtual MAC's" : "its virtual MAC's device is not there yet";
	if (!loop_timer_armed(v->look))
		loop_timer_set(v->look, l ? AGAIN : 0);
	return 0;
}

static bool wanted(const struct vmacs *v, const struct link *l)
{
	for (size_t i = 0; i < engine_count(v->engine); i++) {
		const struct router *r = engine_router(v->engine, i);

		if (r->vmac && vmac_is_of(l, r))
			return true;
	}
	return false;
}

static void sweep(struct vmacs *v)
{
	const struct links *links = holder_links(v->holder);
	uint32_t gone[64];
	size_t n = 0;

	for (size_t i = 0; i < links->n && n < sizeof(gone) / sizeof(gone[0]); i++)
		if (vmac_is_ours(&links->items[i]) && !wanted(v, &links->items[i]))
			gone[n++] = links->items[i].index;
	for (size_t i = 0; i < n; i++)
		rtnl_link_delete(v->holder->rtnl, gone[i]);
	parents_restore(v);
}

/* What comes of it the engine sees by itself: an interface has come. */
static void on_look(void *arg)
{
	struct vmacs *v = arg;
	bool again = false, giving = false;

	for (size_t i = 0; i < engine_count(v->engine); i++) {
		const struct router *r = engine_router(v->engine, i);
		const struct link *l = r->vmac ? device_of(v, r) : NULL;
		bool active = engine_answers(v->engine, i);

		if (!r->vmac)
			continue;
		if (!l)
			again |= !device_need(v, r);
		else if (vmac_is_of(l, r))
			device_set(v, r, l, active);
		giving |= active && engine_role(v->engine, i).mode != FSM_ACTIVE;
	}
	sweep(v);
	if (giving)
		loop_timer_set(v->look, NSEC_PER_MSEC);
	else if (again)
		loop_timer_set(v->look, AGAIN);
}

void vmacs_look(struct vmacs *v)
{
	loop_timer_set(v->look, 0);
}

static void set_now(struct vmacs *v, const struct router *r, bool up)
{
	const struct link *l = r->vmac ? device_of(v, r) : NULL;

	if (!l || !vmac_is_of(l, r) || link_is_up(l) == up)
		return;
	device_set(v, r, l, up);
	holder_drain(v->holder); /* the kernel has told of it already */
}

void vmacs_take(struct vmacs *v, const struct router *r)
{
	set_now(v, r, true);
}

void vmacs_leave(struct vmacs *v, const struct router *r)
{
	set_now(v, r, false);
}

void vmacs_withdraw(struct holder *h)
{
	const struct links *links = holder_links(h);

	for (size_t i = 0; i < links->n; i++)
		if (vmac_is_ours(&links->items[i]))
			rtnl_link_delete(h->rtnl, links->items[i].index);
	parents_restore(&(struct vmacs){.holder = h});
}

struct vmacs *vmacs_new(struct loop *l, struct holder *h, struct engine *e)
{
	struct vmacs *v = xcalloc(1, sizeof(*v));

	v->loop = l;
	v->holder = h;
	v->engine = e;
	v->look = loop_timer_new(l, on_look, v);
	return v;
}

void vmacs_free(struct vmacs *v)
{
	if (!v)
		return;
	loop_timer_free(v->look);
	free(v);
}
