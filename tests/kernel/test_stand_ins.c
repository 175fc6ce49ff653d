/* Stand-ins (vrrp/pass.c) against a real kernel: a holder in a network namespace of its own, whose turns this program gives. Exit 77: not root. */
#include "../../src/base/arena.h"
#include "../../vrrp/holder.h"
#include "../../vrrp/rtnl.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { MANY = 1000, FEW = 50, FIRST = 16, BURST = 3 };

/* Only a broken holder takes as long. */
#define WITHIN (60 * NSEC_PER_SEC)

/* What happened to the routes of an address, in this order. */
enum stage { NOTHING, STOOD_IN, ADDED, STOOD_DOWN };

struct world {
	struct loop *loop;
	struct loop_timer *late;
	struct holder *holder;
	struct vip_set *set;
	int own_fd, routes_fd, arp_fd; /* arp_fd: what comes out of v0 */
	enum stage stages[MANY];
	size_t out_of_order;
};

static void settled(void *arg)
{
	struct world *w = arg;

	loop_stop(w->loop, 0);
}

static void late(void *arg)
{
	struct world *w = arg;

	loop_stop(w->loop, 1);
}

static const struct holder_hooks hooks = {.settled = settled};

static void sh(const char *command)
{
	if (system(command) != 0)
		fail_msg("failed: %s", command);
}

static struct addr nth(size_t i)
{
	return addr_from_v4(0x0a140000 + (uint32_t)(i / 250 * 256 + i % 250 + 1));
}

/* ---- what the kernel tells of routes ---- */

static void route_note(struct world *w, const struct nlmsghdr *h)
{
	const struct rtmsg *m = NLMSG_DATA(h);
	const struct rtattr *a = RTM_RTA(m);
	int left = (int)RTM_PAYLOAD(h);
	bool is_new = h->nlmsg_type == RTM_NEWROUTE, ours = m->rtm_protocol == RTMSG_PROTO_STAND_IN;
	enum stage to = !ours ? ADDED : is_new ? STOOD_IN : STOOD_DOWN;

	if (m->rtm_table != RT_TABLE_LOCAL || (!ours && !is_new))
		return;
	for (; RTA_OK(a, left); a = RTA_NEXT(a, left))
		for (size_t i = 0; a->rta_type == RTA_DST && i < MANY; i++) {
			struct addr is = nth(i);

			if (memcmp(is.bytes, RTA_DATA(a), 4) != 0)
				continue;
			/* The last of many are few, and added at once. */
			w->out_of_order += to != w->stages[i] + 1 && !(to == ADDED && w->stages[i] == NOTHING);
			w->stages[i] = to;
		}
}

static void routes_read(struct world *w)
{
	_Alignas(struct nlmsghdr) char buf[16384];
	ssize_t n;

	while ((n = recv(w->routes_fd, buf, sizeof(buf), MSG_DONTWAIT)) > 0) {
		const struct nlmsghdr *h = (const void *)buf;

		for (size_t left = (size_t)n; NLMSG_OK(h, left); h = NLMSG_NEXT(h, left))
			route_note(w, h);
	}
	assert_int_equal(errno, EAGAIN); /* none was lost */
}

static size_t went_through(const struct world *w, enum stage to)
{
	size_t n = 0;

	for (size_t i = 0; i < MANY; i++)
		n += w->stages[i] == to;
	return n;
}

/* ---- what is so ---- */

static void count_each(void *arg, const struct rtnews *news)
{
	size_t *n = arg;

	*n += news->kind == RTMSG_STAND_IN;
}

static size_t stand_ins(void)
{
	struct rtnl *r;
	size_t n = 0;

	assert_int_equal(rtnl_open(false, &r), 0);
	assert_int_equal(rtnl_dump_stand_ins(r, count_each, &n), 0);
	rtnl_close(r);
	return n;
}

static size_t addresses(void)
{
	struct ifaddrs *all;
	size_t n = 0;

	assert_int_equal(getifaddrs(&all), 0);
	for (const struct ifaddrs *i = all; i; i = i->ifa_next)
		n += i->ifa_addr && i->ifa_addr->sa_family == AF_INET && strcmp(i->ifa_name, "v0") == 0;
	freeifaddrs(all);
	return n;
}

/* How many frames there were when each address had been announced. */
static size_t frames_until_each(const struct world *w)
{
	static bool seen[MANY];
	uint8_t frame[64];
	size_t n = 0, each = 0;

	memset(seen, 0, sizeof(seen));
	while (recv(w->arp_fd, frame, sizeof(frame), MSG_DONTWAIT) >= 32) {
		n++;
		for (size_t i = 0; i < MANY; i++) {
			struct addr is = nth(i);

			if (memcmp(is.bytes, frame + 28, 4) != 0)
				continue;
			each = seen[i] ? each : n;
			seen[i] = true;
		}
	}
	for (size_t i = 0; i < MANY; i++)
		assert_true(seen[i]);
	return each;
}

static uint64_t frames(const struct world *w)
{
	struct holder_counts c;

	holder_count(w->holder, &c);
	return c.frames;
}

static void settle(struct world *w)
{
	if (holder_is_settled(w->holder))
		return;
	loop_timer_set(w->late, WITHIN);
	assert_int_equal(loop_run(w->loop), 0);
	loop_timer_stop(w->late);
}

static bool all_sent(const struct world *w)
{
	return frames(w) >= (uint64_t)BURST * MANY;
}

static bool all_there(const struct world *w)
{
	return addresses() == MANY && stand_ins() == 0;
}

static bool worker_began(const struct world *w)
{
	return addresses() > 0;
}

/* Turns of the loop until it holds. */
static void turns_until(struct world *w, bool (*holds)(const struct world *w))
{
	const nsec_t until = clock_now() + WITHIN;

	while (!holds(w)) {
		assert_true(clock_now() < until);
		loop_timer_set(w->late, NSEC_PER_MSEC);
		loop_run(w->loop);
	}
	loop_timer_stop(w->late);
}

/* ---- the holder ---- */

static void holder_starts(struct world *w)
{
	const struct vip_settings settings = {.garp_count = BURST};

	assert_int_equal(holder_new(w->loop, w->own_fd, &hooks, w, &w->holder), 0);
	holder_settings(w->holder, &settings);
	holder_open_gate(w->holder);
	holder_know(w->holder);
	w->set = holder_set_new(w->holder);
	holder_set_switch(w->holder, w->set, false);
	settle(w);
}

static void wants(struct world *w, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct vip v = {.kind = VIP_CLIENT, .ifname = "v0", .bits = 32, .addr = nth(i)};

		holder_want(w->holder, w->set, &v);
	}
	settle(w);
	assert_int_equal(addresses(), 0);
}

/* The takeover's first step, as a router takes it: so many answer and are announced before anything else is done. */
static void takes_over(struct world *w)
{
	holder_set_switch(w->holder, w->set, true);
	assert_int_equal(holder_hurry(w->holder, FIRST), FIRST);
}

static int set_up(void **state)
{
	struct sockaddr_nl at = {.nl_family = AF_NETLINK, .nl_groups = RTMGRP_IPV4_ROUTE};
	struct sockaddr_ll v1 = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ARP)};
	struct world *w = xcalloc(1, sizeof(*w));
	int size = 16 << 20;

	if (unshare(CLONE_NEWNET) < 0)
		return -1;
	sh("ip link set lo up; ip link add v0 type veth peer name v1; ip link set v0 up; ip link set v1 up");
	w->loop = loop_new();
	w->late = loop_timer_new(w->loop, late, w);
	w->own_fd = memfd_create("own", MFD_CLOEXEC);
	w->routes_fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	setsockopt(w->routes_fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	if (bind(w->routes_fd, (const struct sockaddr *)&at, sizeof(at)) < 0)
		return -1;
	w->arp_fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	setsockopt(w->arp_fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	v1.sll_ifindex = (int)if_nametoindex("v1");
	if (bind(w->arp_fd, (const struct sockaddr *)&v1, sizeof(v1)) < 0)
		return -1;
	*state = w;
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;

	holder_free(w->holder);
	loop_timer_free(w->late);
	loop_free(w->loop);
	close(w->own_fd);
	close(w->routes_fd);
	close(w->arp_fd);
	free(w);
	return 0;
}

/* ---- the tests ---- */

static void test_many(void **state)
{
	struct world *w = *state;

	holder_starts(w);
	wants(w, MANY);
	takes_over(w);
	assert_int_equal(stand_ins(), FIRST);
	assert_int_equal(addresses(), 0);
	assert_int_equal(frames(w), FIRST);
	routes_read(w);
	for (size_t i = 0; i < MANY; i++) {
		char command[128], text[ADDR_TEXT];
		struct addr a = nth(i);

		if (w->stages[i] != STOOD_IN)
			continue;
		/* A packet that comes for it is for this node. */
		snprintf(command, sizeof(command), "ip route get %s from 192.0.2.1 iif v0 | grep -q ^local",
			 addr_format(&a, text));
		sh(command);
	}
	settle(w);
	routes_read(w);
	assert_int_equal(stand_ins(), 0);
	assert_int_equal(addresses(), MANY);
	assert_int_equal(w->out_of_order, 0);
	assert_true(went_through(w, STOOD_DOWN) > MANY / 2);
	assert_int_equal(went_through(w, STOOD_DOWN) + went_through(w, ADDED), MANY);
	turns_until(w, all_sent);
	assert_int_equal(frames(w), BURST * MANY);
	assert_in_range(frames_until_each(w), MANY, MANY + MANY / 4); /* repeats wait */
	holder_set_switch(w->holder, w->set, false);
	settle(w);
	assert_int_equal(addresses(), 0);
	assert_int_equal(stand_ins(), 0);
}

static void test_few(void **state)
{
	struct world *w = *state;

	holder_starts(w);
	wants(w, FEW);
	takes_over(w);
	assert_int_equal(stand_ins(), 0);
	assert_int_equal(addresses(), FIRST);
	settle(w);
	assert_int_equal(addresses(), FEW);
}

/* Backup again at once: nothing may go on answering. */
static void test_given_back(void **state)
{
	struct world *w = *state;

	holder_starts(w);
	wants(w, MANY);
	takes_over(w);
	holder_set_switch(w->holder, w->set, false);
	settle(w);
	assert_int_equal(stand_ins(), 0);
	assert_int_equal(addresses(), 0);
}

static void test_unwanted(void **state)
{
	struct world *w = *state;

	holder_starts(w);
	wants(w, MANY);
	takes_over(w);
	holder_begin(w->holder);
	holder_end(w->holder);
	settle(w);
	assert_int_equal(stand_ins(), 0);
	assert_int_equal(addresses(), 0);
}

static void test_interface_gone(void **state)
{
	struct world *w = *state;

	holder_starts(w);
	wants(w, MANY);
	takes_over(w);
	sh("ip link set v0 down");
	settle(w);
	assert_int_equal(stand_ins(), 0);
	assert_int_equal(addresses(), 0);
	sh("ip link set v0 up");
	turns_until(w, all_there);
}

/* Where a route alone does not answer ARP, an address is announced when it is there. */
static void test_arp_ignore(void **state)
{
	static const char *const where[] = {"v0", "all"};
	struct world *w = *state;

	holder_starts(w);
	wants(w, MANY);
	for (size_t i = 0; i < 2; i++) {
		char command[64];

		snprintf(command, sizeof(command), "sysctl -qw net.ipv4.conf.%s.arp_ignore=1", where[i]);
		sh(command);
		takes_over(w);
		assert_int_equal(stand_ins(), 0);
		assert_int_equal(addresses(), FIRST);
		settle(w);
		holder_set_switch(w->holder, w->set, false);
		settle(w);
		sh("sysctl -qw net.ipv4.conf.v0.arp_ignore=0");
		holder_free(w->holder); /* it asks once a second */
		holder_starts(w);
		wants(w, MANY);
	}
}

/* Given back while the worker has some: what it still adds goes as well. */
static void test_given_back_late(void **state)
{
	struct world *w = *state;

	holder_starts(w);
	wants(w, MANY);
	takes_over(w);
	turns_until(w, worker_began);
	holder_set_switch(w->holder, w->set, false);
	settle(w);
	assert_int_equal(stand_ins(), 0);
	assert_int_equal(addresses(), 0);
}

static void test_stop(void **state)
{
	struct world *w = *state;

	holder_starts(w);
	wants(w, MANY);
	takes_over(w);
	holder_withdraw(w->holder);
	assert_int_equal(stand_ins(), 0);
	assert_int_equal(addresses(), 0);
}

/* The process is killed amid a takeover: the next one begins without them. */
static void test_killed(void **state)
{
	struct world *w = *state;

	holder_starts(w);
	wants(w, MANY);
	takes_over(w);
	holder_free(w->holder);
	assert_int_equal(stand_ins(), FIRST);
	holder_starts(w);
	assert_int_equal(stand_ins(), 0);
}

/* A local route of somebody else's stays, and keeps no address away. */
static void test_others(void **state)
{
	struct world *w = *state;

	sh("ip route add local 10.20.0.3/32 dev v0 table local proto static");
	sh("ip route add local 10.20.200.1/32 dev v0 table local proto static");
	sh("ip route add local 10.20.200.2/32 dev v0 table local proto 118 scope host");
	assert_int_equal(stand_ins(), 1);
	holder_starts(w);
	wants(w, MANY);
	takes_over(w);
	settle(w);
	assert_int_equal(stand_ins(), 0);
	assert_int_equal(addresses(), MANY);
	sh("ip route show table local proto static | grep -q 'local 10.20.0.3 '");
	sh("ip route show table local proto static | grep -q 'local 10.20.200.1 '");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	    TEST(test_many),           TEST(test_few),
	    TEST(test_given_back),     TEST(test_unwanted),
	    TEST(test_interface_gone), TEST(test_stop),
	    TEST(test_killed),         TEST(test_others),
	    TEST(test_arp_ignore),     TEST(test_given_back_late),
	};

	if (geteuid() != 0)
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
