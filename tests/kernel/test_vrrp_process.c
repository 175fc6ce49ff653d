/* The vrrp process against a real kernel: what it adds, leaves and takes away (vrrp_alone.h). Exit 77: not root. Without dummy devices the tests of vipd0 are
 * skipped. */
#include "../../vrrp/cleanup.h"
#include "../../vrrp/rtnl.h"

#include "vrrp_alone.h"

#include <sys/file.h>

static void test_gate(void **state)
{
	struct vip vips[] = {vip("10.10.0.1", "v0"), vip("fd10::1", "v0")};
	struct lab *r = *state;
	struct listening arp = {"10.10.0.1", 3, 0, 0}, na = {"fd10::1", 6, 0, tap("v1")};

	launch(&r->play);
	begin(&r->play, 0);
	UNTIL(r, is_ready, NULL);
	send_picture(r, r->play.control, MSG_VIPS, 7, vips, 2, 100);
	assert_int_equal(status(r, "generation"), 7);
	assert_int_equal(r->heard.keeps, 1);
	assert_false(addr_stands("10.10.0.1", "v0"));
	assert_int_equal(r->heard.acks, 0);
	programmed(&r->play);
	UNTIL(r, acked, GEN(7));
	assert_int_equal(r->heard.ack_counts.failed, 0);
	assert_true(addr_stands("10.10.0.1", "v0"));
	assert_true(addr_stands("fd10::1", "v0"));
	UNTIL(r, frames_heard, &arp);
	UNTIL(r, frames_heard, &na); /* two bursts of three */
	close(na.fd);
}

static void test_rows(void **state)
{
	struct vip vips[] = {vip("10.10.0.1", "v0"), vip("10.10.0.2", "v0")};
	struct vip_row rows[] = {{.op = VIP_DELETE, .vip = vip("10.10.0.1", "v0")},
				 {.op = VIP_SET, .vip = vip("10.10.0.3", "v0")}};
	struct lab *r = *state;
	struct listening two = {"10.10.0.2", 3, 0, 0}, three = {"10.10.0.3", 3, 0, 0};

	running(r, vips, 2);
	UNTIL(r, frames_heard, &two);
	assert_int_equal(status(r, "framesSent"), 6);
	send_rows(r, 2, rows, 2);
	UNTIL(r, acked, GEN(2));
	assert_false(addr_stands("10.10.0.1", "v0"));
	assert_true(addr_stands("10.10.0.2", "v0"));
	assert_true(addr_stands("10.10.0.3", "v0"));
	UNTIL(r, frames_heard, &three);
	assert_int_equal(status(r, "framesSent"), 9); /* the new one's alone */
	assert_int_equal(r->heard.keeps + r->heard.keep_rows, 2);
	/* Rows that are cut change nothing and are not acknowledged. */
	assert_int_equal(chan_send(r->play.control, MSG_VIP_ROWS, 3, "x", 1, -1), 0);
	assert_int_equal(status(r, "generation"), 2);
}

static bool routed(struct lab *r, void *arg)
{
	char command[128];

	snprintf(command, sizeof(command), "ip route get %s | grep -q ^local", (const char *)arg);
	return system(command) == 0;
}

static void test_restore(void **state)
{
	struct vip vips[] = {vip("10.10.0.1", "v0"), vip("fd10::1", "v0")};
	struct lab *r = *state;

	running(r, vips, 2);
	sh("ip addr del 10.10.0.1/32 dev v0; ip -6 addr del fd10::1/128 dev v0");
	UNTIL(r, present, AT("10.10.0.1", "v0"));
	UNTIL(r, present, AT("fd10::1", "v0"));
	assert_int_equal(status(r, "restored"), 2);
	/* The address stays, what makes it answer goes. */
	sh("ip route del local 10.10.0.1 dev v0 table local; ip -6 route del local fd10::1 dev v0 table local");
	UNTIL(r, routed, "10.10.0.1");
	UNTIL(r, routed, "fd10::1");
	assert_int_equal(status(r, "restored"), 4);
	sh("ip addr flush dev v0 scope global || :"); /* loses against vipd */
	UNTIL(r, present, AT("10.10.0.1", "v0"));
	order(&r->play, MSG_STOP);
	assert_int_equal(exit_code(r), 0);
	assert_false(addr_stands("10.10.0.1", "v0"));
	assert_false(addr_stands("fd10::1", "v0"));
}

/* The kernel takes the routes of all others along when the first address of a subnet goes, and puts them back. */
static void test_promoted(void **state)
{
	struct vip vips[] = {vip("172.17.0.1", "v0"), vip("172.17.0.2", "v0"), vip("172.17.0.3", "v0")};
	struct lab *r = *state;

	sh("sysctl -qw net.ipv4.conf.v0.promote_secondaries=1");
	for (int i = 0; i < 3; i++)
		vips[i].bits = 24;
	running(r, vips, 3);
	sh("ip addr del 172.17.0.31/24 dev v0; ip addr add 172.17.0.32/24 dev v0");
	UNTIL(r, local_known, AT("172.17.0.32", "v0"));
	assert_int_equal(status(r, "restored"), 0);
	assert_int_equal(status(r, "held"), 3);
	for (int i = 0; i < 3; i++)
		UNTIL(r, routed, (void *)(i == 0 ? "172.17.0.1" : i == 1 ? "172.17.0.2" : "172.17.0.3"));
}

static void test_restart(void **state)
{
	struct vip vips[] = {vip("10.10.0.1", "v0"), vip("10.10.0.2", "v0"), vip("fd10::1", "v0")};
	struct vip_row gone = {.op = VIP_DELETE, .vip = vip("10.10.0.2", "v0")};
	struct lab *r = *state;
	char buf[256];
	size_t done, len = vipwire_encode_rows(&gone, 1, buf, sizeof(buf), &done);

	running(r, vips, 3);
	kill_it(r);
	assert_true(addr_stands("10.10.0.1", "v0"));
	/* From what was kept, without control's word and without ipvs: what is held stays, what is not wanted goes, nothing is announced. */
	launch(&r->play);
	send_picture(r, r->play.supervisor, MSG_KEPT, 1, vips, 3, 0);
	assert_int_equal(chan_send(r->play.supervisor, MSG_KEPT_ROWS, 2, buf, len, -1), 0);
	begin(&r->play, 1);
	UNTIL(r, absent, AT("10.10.0.2", "v0"));
	assert_int_equal(status(r, "held"), 2);
	assert_int_equal(status(r, "restored"), 0);
	assert_int_equal(status(r, "framesSent"), 0);
	assert_true(addr_stands("10.10.0.1", "v0"));
	assert_true(addr_stands("fd10::1", "v0"));
	order(&r->play, MSG_STOP);
	assert_int_equal(exit_code(r), 0);
	assert_false(addr_stands("10.10.0.1", "v0"));
	assert_false(addr_stands("fd10::1", "v0"));
	assert_true(addr_stands("172.17.0.31", "v0"));
}

/* What made an address answer was taken while vipd was not there to hear of it. */
static void test_restart_unrouted(void **state)
{
	struct vip vips[] = {vip("10.10.0.1", "v0"), vip("10.10.0.2", "v0"), vip("fd10::1", "v0")};
	struct lab *r = *state;

	running(r, vips, 3);
	kill_it(r);
	sh("ip route del local 10.10.0.1 dev v0 table local; ip -6 route del local fd10::1 dev v0 table local");
	launch(&r->play);
	send_picture(r, r->play.supervisor, MSG_KEPT, 1, vips, 3, 0);
	begin(&r->play, 1);
	programmed(&r->play);
	UNTIL(r, routed, "10.10.0.1");
	UNTIL(r, routed, "fd10::1");
	UNTIL(r, routed, "10.10.0.2");
	assert_int_equal(status(r, "restored"), 2);
}

/* Without a first picture nothing of the record is removed. */
static void test_restart_unknown(void **state)
{
	struct vip vips[] = {vip("10.10.0.1", "v0"), vip("10.10.0.2", "v0")};
	struct lab *r = *state;

	running(r, vips, 2);
	kill_it(r);
	launch(&r->play);
	begin(&r->play, 1);
	programmed(&r->play);
	assert_int_equal(status(r, "wanted"), 0);
	assert_true(addr_stands("10.10.0.1", "v0"));
	send_vips(r, 5, vips, 1);
	UNTIL(r, acked, GEN(5));
	assert_true(addr_stands("10.10.0.1", "v0"));
	assert_false(addr_stands("10.10.0.2", "v0"));
	/* Leave: as it is. */
	order(&r->play, MSG_LEAVE);
	assert_int_equal(exit_code(r), 0);
	assert_true(addr_stands("10.10.0.1", "v0"));
	assert_int_equal(vrrp_cleanup(r->play.own_fd), 1);
	assert_false(addr_stands("10.10.0.1", "v0"));
	assert_int_equal(vrrp_cleanup(r->play.own_fd), 0);
}

static void test_foreign(void **state)
{
	struct vip vips[] = {vip("10.10.0.1", "v0"), vip("10.10.0.2", "v0")};
	struct lab *r = *state;

	sh("ip addr add 10.10.0.1/32 dev v0; ip addr add 10.10.0.2/32 dev v1");
	running(r, vips, 2);
	UNTIL(r, noted, NOTE("10.10.0.2", "AddressElsewhere", "v1"));
	assert_int_equal(r->heard.ack_counts.conflicts, 1);
	assert_false(addr_stands("10.10.0.2", "v0"));
	sh("ip addr del 10.10.0.2/32 dev v1");
	UNTIL(r, noted, NOTE("10.10.0.2", "AddressElsewhere", "\"gone\":true"));
	assert_true(addr_stands("10.10.0.2", "v0"));
	order(&r->play, MSG_STOP);
	assert_int_equal(exit_code(r), 0);
	assert_true(addr_stands("10.10.0.1", "v0"));
	assert_false(addr_stands("10.10.0.2", "v0"));
}

static void test_interfaces(void **state)
{
	struct vip vips[] = {vip("10.10.0.1", "late0"), vip("fd10::1", "late0")};
	struct lab *r = *state;

	running(r, vips, 2);
	assert_int_equal(r->heard.ack_counts.failed, 2);
	UNTIL(r, noted, NOTE("10.10.0.1", "InterfaceMissing", "late0"));
	sh("ip link add late0 type veth peer name late1; ip link set late1 up");
	UNTIL(r, noted, NOTE("10.10.0.1", "InterfaceDown", "late0"));
	sh("ip link set late0 up");
	UNTIL(r, present, AT("10.10.0.1", "late0"));
	UNTIL(r, present, AT("fd10::1", "late0"));
	UNTIL(r, noted, NOTE("10.10.0.1", "InterfaceDown", "\"gone\":true"));
	/* Down and up: the kernel drops the IPv6 one with the interface. */
	sh("ip link set late0 down");
	UNTIL(r, absent, AT("fd10::1", "late0"));
	sh("ip link set late0 up");
	UNTIL(r, present, AT("fd10::1", "late0"));
	/* Gone and back under another index. */
	sh("ip link del late0");
	sh("ip link add late0 type veth peer name late1; ip link set late1 up; ip link set late0 up");
	UNTIL(r, present, AT("10.10.0.1", "late0"));
	UNTIL(r, present, AT("fd10::1", "late0"));
	/* Renamed: its addresses are not wanted on that name. */
	sh("ip link set late0 down; ip link set late0 name other0; ip link set other0 up");
	UNTIL(r, absent, AT("10.10.0.1", "other0"));
	sh("ip link set other0 down; ip link set other0 name late0; ip link set late0 up");
	UNTIL(r, present, AT("10.10.0.1", "late0"));
	assert_int_equal(status(r, "restored"), 0);
}

static void test_locals(void **state)
{
	struct vip vips[] = {vip("10.10.0.1", "v0")};
	struct lab *r = *state;

	running(r, vips, 1);
	UNTIL(r, local_known, AT("172.17.0.31", "v0"));
	sh("ip addr add 192.0.2.7/24 dev v1");
	UNTIL(r, local_known, AT("192.0.2.7", "v1"));
	assert_false(local_known(r, AT("10.10.0.1", "v0")));
	assert_false(local_known(r, AT("127.0.0.1", "lo")));
	sh("ip addr del 192.0.2.7/24 dev v1");
	UNTIL(r, local_unknown, AT("192.0.2.7", "v1"));
	/* A new control is told anew. */
	r->heard.n_locals = 0;
	chan_free(r->play.control);
	r->play.control = give_peer(&r->play, ROLE_CONTROL);
	UNTIL(r, local_known, AT("172.17.0.31", "v0"));
}

static void test_answers(void **state)
{
	struct vip vips[] = {vip("10.10.0.2", "v0"), vip("10.10.0.1", "none0")};
	struct lab *r = *state;
	const json_t *a, *one;

	running(r, vips, 2);
	a = ask(r, "vips");
	assert_int_equal(json_array_size(a), 2);
	one = json_array_get(a, 0);
	assert_string_equal(json_string_value(json_object_get(one, "address")), "10.10.0.1");
	assert_false(json_is_true(json_object_get(one, "held")));
	assert_non_null(strstr(json_string_value(json_object_get(one, "problem")), "none0"));
	one = json_array_get(a, 1);
	assert_string_equal(json_string_value(json_object_get(one, "interface")), "v0");
	assert_string_equal(json_string_value(json_object_get(one, "kind")), "client");
	assert_true(json_is_true(json_object_get(one, "held")));
	assert_string_equal(json_string_value(json_object_get(one, "problem")), "");
	assert_non_null(json_object_get(ask(r, "weather"), "error"));
}

static void test_stop(void **state)
{
	struct vip vips[] = {vip("10.10.0.1", "v0"), vip("fd10::1", "v0")};
	struct lab *r = *state;

	running(r, vips, 2);
	order(&r->play, MSG_STOP);
	assert_int_equal(exit_code(r), 0);
	assert_false(addr_stands("10.10.0.1", "v0"));
	assert_false(addr_stands("fd10::1", "v0"));
	assert_true(addr_stands("172.17.0.31", "v0"));
}

static void test_orphan_adopted(void **state)
{
	struct vip vips[] = {vip("10.10.0.1", "v0")};
	struct lab *r = *state;
	char path[100];
	int fd;

	snprintf(path, sizeof(path), "%s/lock0", r->stage.dir);
	fd = open(path, O_RDWR | O_CLOEXEC);
	running(r, vips, 1);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	chan_free(r->play.supervisor);
	r->play.supervisor = NULL;
	r->play.gone = true;
	assert_int_equal(exit_code(r), 0);
	assert_true(addr_stands("10.10.0.1", "v0"));
	close(fd);
}

static void test_orphan_alone(void **state)
{
	struct vip vips[] = {vip("10.10.0.1", "v0")};
	struct lab *r = *state;

	running(r, vips, 1);
	chan_free(r->play.supervisor);
	r->play.supervisor = NULL;
	assert_true(addr_stands("10.10.0.1", "v0"));
	UNTIL(r, absent, AT("10.10.0.1", "v0"));
	r->play.gone = true;
	assert_int_equal(exit_code(r), 0);
}

/* A record that cannot be read: what is as wanted is taken for ours. */
static void test_damaged(void **state)
{
	struct vip vips[] = {vip("10.10.0.1", "v0")};
	struct lab *r = *state;

	running(r, vips, 1);
	kill_it(r);
	assert_int_equal(ftruncate(r->play.own_fd, 0), 0);
	assert_int_equal(write(r->play.own_fd, "garbage\n", 8), 8);
	running(r, vips, 1);
	order(&r->play, MSG_STOP);
	assert_int_equal(exit_code(r), 0);
	assert_false(addr_stands("10.10.0.1", "v0"));
}

static void many(struct vip *vips, size_t n, const char *ifname)
{
	char text[32];

	for (size_t i = 0; i < n; i++) {
		snprintf(text, sizeof(text), "10.20.%zu.%zu", i / 250, i % 250 + 1);
		vips[i] = vip(text, ifname);
	}
}

static void test_thousand(void **state)
{
	enum { N = 1000 };
	struct lab *r = *state;
	struct vip *vips = xcalloc(N, sizeof(*vips));
	struct listening last = {"10.20.3.250", 3, 0, 0};

	many(vips, N, "v0");
	running(r, vips, N);
	assert_int_equal(status(r, "held"), N);
	assert_int_equal(addrs_on("v0"), N + 1);
	UNTIL(r, frames_heard, &last);
	assert_int_equal(status(r, "framesSent"), 3 * N);
	kill_it(r);
	running(r, vips, N / 2);
	assert_int_equal(addrs_on("v0"), N / 2 + 1);
	order(&r->play, MSG_STOP);
	assert_int_equal(exit_code(r), 0);
	assert_int_equal(addrs_on("v0"), 1);
	free(vips);
}

/* Changes come faster than they are read: the kernel drops some, and all is read anew. */
static void test_overrun(void **state)
{
	enum { ROUNDS = 300 };
	struct vip vips[] = {vip("10.10.0.1", "v0"), vip("10.10.0.2", "v0"), vip("10.10.0.3", "v0")};
	struct lab *r = *state;
	struct addr_op ops[RTNL_BATCH];
	int errors[RTNL_BATCH];
	struct rtnl *n;

	running(r, vips, 3);
	assert_int_equal(rtnl_open(true, &n), 0);
	kill(r->play.pid, SIGSTOP);
	for (int round = 0; round < 2 * ROUNDS; round++) {
		for (uint32_t i = 0; i < RTNL_BATCH; i++)
			ops[i] = (struct addr_op){.add = round % 2 == 0,
						  .bits = 32,
						  .ifindex = if_nametoindex("v1"),
						  .addr = addr_from_v4(0xc6120001 + i)};
		assert_int_equal(rtnl_apply(n, ops, RTNL_BATCH, errors), 0);
	}
	sh("ip addr del 10.10.0.1/32 dev v0; ip route del local 10.10.0.2 dev v0 table local");
	kill(r->play.pid, SIGCONT);
	rtnl_close(n);
	UNTIL(r, present, AT("10.10.0.1", "v0"));
	UNTIL(r, routed, "10.10.0.2");
	assert_true(status(r, "rescans") >= 2);
	assert_int_equal(status(r, "restored"), 2);
}

static void test_cluster_unrouted(void **state)
{
	struct vip vips[] = {vip("10.96.0.1", "vipd0"), vip("10.96.0.2", "vipd0"), vip("fd96::1", "vipd0")};
	struct lab *r = *state;

	if (!have_dummy())
		skip();
	running(r, vips, 3);
	sh("ip route del local 10.96.0.1 dev vipd0 table local");
	UNTIL(r, routed, "10.96.0.1");
	assert_int_equal(status(r, "restored"), 1);
	kill_it(r);
	sh("ip route del local 10.96.0.2 dev vipd0 table local; ip -6 route del local fd96::1 dev vipd0 table local");
	running(r, vips, 3);
	UNTIL(r, routed, "10.96.0.2");
	UNTIL(r, routed, "fd96::1");
	assert_int_equal(status(r, "restored"), 2);
}

static void test_cluster(void **state)
{
	struct vip vips[] = {vip("10.96.0.1", "vipd0"), vip("fd96::1", "vipd0"), vip("10.10.0.1", "v0")};
	struct vip client = vip("10.10.0.1", "v0");
	struct lab *r = *state;

	if (!have_dummy())
		skip();
	running(r, vips, 3);
	assert_true(addr_stands("10.96.0.1", "vipd0"));
	assert_true(addr_stands("fd96::1", "vipd0"));
	sh("ip link del vipd0");
	UNTIL(r, present, AT("10.96.0.1", "vipd0"));
	sh("ip link set vipd0 up; ip link set vipd0 down"); /* the kernel drops the IPv6 one */
	UNTIL(r, present, AT("fd96::1", "vipd0"));
	kill_it(r);
	running(r, vips, 3);
	order(&r->play, MSG_STOP);
	assert_int_equal(exit_code(r), 0);
	assert_int_equal(if_nametoindex("vipd0"), 0);
	/* A kill leaves all, cleanup takes all. */
	running(r, vips, 3);
	kill_it(r);
	assert_true(if_nametoindex("vipd0") != 0);
	assert_int_equal(vrrp_cleanup(r->play.own_fd), 3);
	assert_int_equal(if_nametoindex("vipd0"), 0);
	assert_false(addr_stands("10.10.0.1", "v0"));
	/* A device of somebody else is used and stays, and an address of somebody else keeps ours. */
	sh("ip link add vipd0 type dummy; ip link set vipd0 up");
	running(r, vips, 3);
	assert_true(addr_stands("10.96.0.1", "vipd0"));
	order(&r->play, MSG_STOP);
	assert_int_equal(exit_code(r), 0);
	assert_true(if_nametoindex("vipd0") != 0);
	assert_false(addr_stands("10.96.0.1", "vipd0"));
	sh("ip link del vipd0");
	running(r, vips, 3);
	sh("ip addr add 192.0.2.1/32 dev vipd0");
	send_vips(r, 2, &client, 1);
	UNTIL(r, acked, GEN(2));
	assert_false(addr_stands("10.96.0.1", "vipd0"));
	order(&r->play, MSG_STOP);
	assert_int_equal(exit_code(r), 0);
	assert_true(addr_stands("192.0.2.1", "vipd0"));
}

static void test_no_dummy(void **state)
{
	struct vip vips[] = {vip("10.96.0.1", "vipd0"), vip("10.96.0.2", "vipd0")};
	struct lab *r = *state;

	if (have_dummy())
		skip();
	running(r, vips, 2);
	assert_int_equal(r->heard.ack_counts.failed, 2);
	assert_int_equal(r->heard.n_notes, 1);
	UNTIL(r, noted, NOTE("vipd0", "DeviceMissing", "modprobe dummy"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    TEST(test_gate),
	    TEST(test_rows),
	    TEST(test_restore),
	    TEST(test_promoted),
	    TEST(test_restart),
	    TEST(test_restart_unknown),
	    TEST(test_foreign),
	    TEST(test_interfaces),
	    TEST(test_locals),
	    TEST(test_answers),
	    TEST(test_stop),
	    TEST(test_orphan_adopted),
	    TEST(test_orphan_alone),
	    TEST(test_damaged),
	    TEST(test_thousand),
	    TEST(test_overrun),
	    TEST(test_cluster),
	    TEST(test_no_dummy),
	    TEST(test_restart_unrouted),
	    TEST(test_cluster_unrouted),
	};

	if (geteuid() != 0)
		return 77;
	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
