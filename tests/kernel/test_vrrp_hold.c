/* What an Active holds, and how: more addresses than it advertises, addresses that somebody takes away, and its process before all others (vrrp_nodes.h).
 * Exit 77: not root. */
#include "../../vrrp/packet.h"

#include "vrrp_nodes.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/resource.h>

/* The address list of the first advertisement that comes out of a port: how long the packet is, how many there are, the first of them. */
struct list {
	int fd;
	uint8_t family, count, first[16];
	size_t len;
};

static bool list_seen(struct lab *l, void *arg)
{
	struct list *w = arg;
	size_t head = w->family == AF_INET ? 20 : 40, protocol_at = w->family == AF_INET ? 9 : 6;
	uint16_t ethertype = w->family == AF_INET ? ETH_P_IP : ETH_P_IPV6;
	struct sockaddr_ll from;
	socklen_t from_len = sizeof(from);
	uint8_t p[2048];
	ssize_t len;

	while ((len = recvfrom(w->fd, p, sizeof(p), 0, (struct sockaddr *)&from, &from_len)) >= 0) {
		from_len = sizeof(from);
		if (from.sll_pkttype == PACKET_OUTGOING || ntohs(from.sll_protocol) != ethertype ||
		    len < (ssize_t)(ETH_HLEN + head + 8 + 16) || p[ETH_HLEN + protocol_at] != VRRP_PROTOCOL)
			continue;
		w->len = (size_t)len - ETH_HLEN;
		w->count = p[ETH_HLEN + head + 3];
		memcpy(w->first, p + ETH_HLEN + head + 8, sizeof(w->first));
		return true;
	}
	return false;
}

/* More than a packet holds (255, or the MTU): the rest is carried, and nobody minds. */
static void test_many(void **state)
{
	static const struct {
		uint8_t family;
		const char *first;
		unsigned n;
		int carried, advertised;
		size_t len;
	} rows[] = {
	    {AF_INET, "10.77.2.1", 400, 400, 255, 20 + 8 + 255 * 4},
	    /* and the link-local one that nobody configured */
	    {AF_INET6, "fe80::5e00:232", 120, 121, 90, 40 + 8 + 90 * 16},
	};
	struct lab *l = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct vip *vips = xcalloc(rows[i].n, sizeof(*vips));
		struct list list = {.fd = tap("n0a"), .family = rows[i].family};
		const struct addr first = address(rows[i].first);
		char text[ADDR_TEXT] = "";
		const json_t *r;

		for (unsigned k = 0; k < rows[i].n; k++) {
			snprintf(text, sizeof(text), rows[i].family == AF_INET ? "10.77.%u.%u" : "fd00:77::%x:%x",
				 2 + k / 200, 1 + k % 200);
			vips[k] = vip_of(text, 0, "eth0");
		}
		for (int node = 0; node < 2; node++) {
			struct router one = router("vips", 50, node ? 100 : 150, 200);

			one.family = rows[i].family;
			node_start(&l->nodes[node], 0);
			picture(&l->nodes[node], 1, &one, 1, vips, rows[i].n);
			programmed(&l->nodes[node].play);
		}
		UNTIL(l, owns, OWNER(0, rows[i].first));
		UNTIL(l, is_on, OWNER(0, text));
		UNTIL(l, list_seen, &list);
		assert_int_equal(list.count, rows[i].advertised);
		assert_int_equal(list.len, rows[i].len);
		assert_memory_equal(list.first, first.bytes, rows[i].family == AF_INET ? 4 : 16);
		r = told(&l->nodes[0], "vips");
		assert_int_equal(told_number(r, "addresses"), rows[i].carried);
		assert_int_equal(told_number(r, "advertised"), rows[i].advertised);
		assert_true(told_number(r, "sent") > 0);
		assert_int_equal(told_number(r, "sendErrors"), 0);
		r = told(&l->nodes[1], "vips");
		assert_true(told_number(r, "received") > 0);
		assert_int_equal(json_object_size(json_object_get(r, "refused")), 0);
		quit(l, &l->nodes[1]);
		quit(l, &l->nodes[0]);
		close(list.fd);
		free(vips);
	}
}

/* ---- somebody else's hands ---- */

/* What the kernel tells of an address or its local route, from the moment when it went. */
struct watch {
	int fd;
	struct addr addr;
	uint16_t gone, back; /* types of messages */
	nsec_t went, came;
};

static int watch_open(struct lab *l, const struct node *n)
{
	const struct sockaddr_nl at = {.nl_family = AF_NETLINK,
				       .nl_groups = RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_IPV4_ROUTE |
						    RTMGRP_IPV6_ROUTE};
	int fd;

	enter(n->play.ns);
	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_ROUTE);
	assert_int_equal(bind(fd, (const struct sockaddr *)&at, sizeof(at)), 0);
	enter(l->ns);
	return fd;
}

/* An IPv6 address has a route in the main table too, and it comes first. */
static bool is_about(const struct nlmsghdr *h, const struct addr *a)
{
	const struct rtmsg *r = NLMSG_DATA(h);

	if ((h->nlmsg_type == RTM_NEWROUTE || h->nlmsg_type == RTM_DELROUTE) && r->rtm_table != RT_TABLE_LOCAL)
		return false;
	return memmem(h, h->nlmsg_len, a->bytes, addr_len(a)) != NULL;
}

static bool came_back(struct lab *l, void *arg)
{
	union {
		struct nlmsghdr head;
		char bytes[16384];
	} b;
	struct watch *w = arg;
	ssize_t n;

	while ((n = recv(w->fd, &b, sizeof(b), 0)) > 0)
		for (const struct nlmsghdr *h = &b.head; NLMSG_OK(h, (size_t)n); h = NLMSG_NEXT(h, n)) {
			if (h->nlmsg_type == w->gone && !w->went && is_about(h, &w->addr))
				w->went = clock_now();
			else if (h->nlmsg_type == w->back && w->went && is_about(h, &w->addr))
				w->came = clock_now();
		}
	return w->came != 0;
}

static int by_time(const void *a, const void *b)
{
	nsec_t x = *(const nsec_t *)a, y = *(const nsec_t *)b;

	return (x > y) - (x < y);
}

/* An Active's address, or the route that makes it answer, is put back within 100 ms of the moment when somebody took it away, and counted. More than half
 * of the times: a busy machine may be late now and then. */
static void test_put_back(void **state)
{
	enum { TIMES = 9 };
	static const struct {
		const char *command, *addr;
		uint16_t gone, back;
	} rows[] = {
	    {"ip addr del 10.77.1.1/32 dev eth0", "10.77.1.1", RTM_DELADDR, RTM_NEWADDR},
	    {"ip addr del fd00:77::1/128 dev eth0", "fd00:77::1", RTM_DELADDR, RTM_NEWADDR},
	    {"ip route del local 10.77.1.1 dev eth0 table local", "10.77.1.1", RTM_DELROUTE, RTM_NEWROUTE},
	    {"ip -6 route del local fd00:77::1 dev eth0 table local", "fd00:77::1", RTM_DELROUTE, RTM_NEWROUTE},
	};
	struct vip vips[] = {vip_of(VIP, 1, "eth0"), vip_of("fd00:77::1", 0, "eth0")};
	struct router r[] = {router("six", 50, 150, 200), router("vips", 50, 150, 200)};
	struct lab *l = *state;
	struct node *n = &l->nodes[0];
	int restored = 0;

	r[0].family = AF_INET6;
	node_start(n, 0);
	picture(n, 1, r, 2, vips, 2);
	programmed(&n->play);
	UNTIL(l, is_on, OWNER(0, VIP));
	UNTIL(l, is_on, OWNER(0, "fd00:77::1"));
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		nsec_t took[TIMES];

		for (int t = 0; t < TIMES; t++) {
			struct watch w = {.addr = address(rows[i].addr), .gone = rows[i].gone, .back = rows[i].back};

			w.fd = watch_open(l, n);
			/* It may not be there yet, on a slow machine. */
			IN(l, n, "timeout 30 sh -c 'until %s 2>/dev/null; do sleep 0.01; done'", rows[i].command);
			UNTIL(l, came_back, &w);
			took[t] = w.came - w.went;
			close(w.fd);
			restored++;
		}
		qsort(took, TIMES, sizeof(*took), by_time);
		if (took[TIMES / 2] > 100 * NSEC_PER_MSEC)
			fail_msg("%s: put back after %lld us", rows[i].command, (long long)took[TIMES / 2] / 1000);
	}
	assert_true(told_number(question(&n->play, MSG_ASK, "status"), "restored") >= restored);
	assert_true(mode_is(n, "vips", FSM_ACTIVE));
}

/* ---- the process's standing ---- */

/* In kB; 0: there is no such line. */
static long status_kb(pid_t pid, const char *name)
{
	char path[64], line[256];
	long kb = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	f = fopen(path, "r");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f))
		if (strncmp(line, name, strlen(name)) == 0 && line[strlen(name)] == ':')
			kb = strtol(line + strlen(name) + 1, NULL, 10);
	fclose(f);
	return kb;
}

/* Before all that have no real-time priority, with a limit, and never paged out. */
static void test_realtime(void **state)
{
	const struct sched_param first = {.sched_priority = sched_get_priority_min(SCHED_RR)}, none = {0};
	struct lab *l = *state;
	struct sched_param is;
	struct rlimit limit;
	pid_t pid;

	if (sched_setscheduler(0, SCHED_RR, &first) < 0)
		skip(); /* nobody may here */
	assert_int_equal(sched_setscheduler(0, SCHED_OTHER, &none), 0);
	up(l, 0, router("vips", 50, 150, 200), VIP);
	UNTIL(l, is_on, OWNER(0, VIP));
	pid = l->nodes[0].play.pid;
	assert_int_equal(sched_getscheduler(pid), SCHED_RR);
	assert_int_equal(sched_getparam(pid, &is), 0);
	assert_int_equal(is.sched_priority, first.sched_priority);
	assert_int_equal(prlimit(pid, RLIMIT_RTTIME, NULL, &limit), 0);
	assert_true(limit.rlim_max != RLIM_INFINITY);
	assert_true(status_kb(pid, "VmRSS") > 0);
	assert_true(status_kb(pid, "VmLck") >= status_kb(pid, "VmRSS"));
}

static void until_advertised(struct lab *l, int n)
{
	const nsec_t until = clock_now() + WITHIN;
	json_int_t now;

	while ((now = json_integer_value(json_object_get(
		    json_array_get(question(&l->nodes[0].play, MSG_ASK, "vrrp"), 0), "advertised"))) != n) {
		if (clock_now() > until)
			fail_msg("%d are advertised, not %d", (int)now, n);
		pass(l, LOOK_MS);
	}
}

/* What fits the interface, and follows it. */
static void test_mtu(void **state)
{
	struct lab *l = *state;
	struct router r = router("vips", 50, 100, 200);
	struct vip vips[200];

	for (int i = 0; i < 200; i++) {
		char text[32];

		snprintf(text, sizeof(text), "10.77.2.%d", 1 + i);
		vips[i] = vip_of(text, 0, "eth0");
	}
	IN(l, &l->nodes[0], "ip link set eth0 mtu 576");
	node_start(&l->nodes[0], 0);
	picture(&l->nodes[0], 1, &r, 1, vips, 200);
	programmed(&l->nodes[0].play);
	UNTIL(l, is_on, OWNER(0, "10.77.2.200"));
	until_advertised(l, (576 - 20 - 8) / 4);
	IN(l, &l->nodes[0], "ip link set eth0 mtu 1500");
	until_advertised(l, 200);
	IN(l, &l->nodes[0], "ip link set eth0 mtu 600");
	until_advertised(l, (600 - 20 - 8) / 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {TEST(test_many), TEST(test_put_back), TEST(test_realtime), TEST(test_mtu)};

	if (geteuid() != 0) {
		fprintf(stderr, "needs root\n");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
