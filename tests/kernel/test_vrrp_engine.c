/* Virtual routers against a real kernel, among themselves: who is Active, and when that changes (vrrp_nodes.h). Exit 77: not root. */
#include "../../vrrp/packet.h"

#include "vrrp_nodes.h"

static void test_election(void **state)
{
	struct lab *l = *state;

	up(l, 0, router("vips", 50, 150, 200), VIP);
	up(l, 1, router("vips", 50, 100, 200), VIP);
	up(l, 2, router("vips", 50, 120, 200), VIP);
	UNTIL(l, owns, OWNER(0, VIP));
	/* Its address goes only when the next one is heard. */
	order(&l->nodes[0].play, MSG_STOP);
	UNTIL(l, is_gone, &l->nodes[0].play);
	reap(&l->nodes[0].play);
	assert_int_equal(l->nodes[0].play.code, 0);
	assert_true(has_cause(&l->nodes[0], "stop; the successor has taken over"));
	assert_false(addr_is_on(l, &l->nodes[0], VIP));
	UNTIL(l, owns, OWNER(2, VIP));
	assert_true(has_cause(&l->nodes[2], "the Active has stopped"));
	quit(l, &l->nodes[2]);
	UNTIL(l, owns, OWNER(1, VIP));
	quit(l, &l->nodes[1]);
	assert_true(has_cause(&l->nodes[1], "stop; no successor was heard"));
	assert_false(addr_is_on(l, &l->nodes[1], VIP));
}

/* A picture that comes while the node stops starts nothing. */
static void test_stop_and_picture(void **state)
{
	struct lab *l = *state;
	struct node *n = &l->nodes[0];
	struct router r[] = {router("first", 50, 255, 1000), router("idle", 51, 1, 4000),
			     router("late", 52, 255, 1000)};
	struct vip v[] = {vip_of(VIP, 0, "eth0"), vip_of("10.77.1.2", 1, "eth0"), vip_of("10.77.1.3", 2, "eth0")};

	node_start(n, 0);
	picture(n, 1, r, 2, v, 2);
	programmed(&n->play);
	UNTIL(l, in_mode, MODE(0, "first", FSM_ACTIVE));
	UNTIL(l, in_mode, MODE(0, "idle", FSM_BACKUP));
	order(&n->play, MSG_STOP);
	UNTIL(l, in_mode, MODE(0, "idle", FSM_INITIALIZE));
	assert_true(mode_is(n, "first", FSM_ACTIVE)); /* it waits for a successor */
	picture(n, 2, r, 3, v, 3);
	UNTIL(l, is_gone, &n->play);
	reap(&n->play);
	assert_true(has_cause(n, "stop; no successor was heard"));
	assert_null(role_of(n, "late"));
}

/* All of a node is dead: nothing removes its address, so its link is cut as well. */
static void test_crash(void **state)
{
	struct lab *l = *state;
	nsec_t killed;

	up(l, 0, router("vips", 50, 150, 200), VIP);
	up(l, 1, router("vips", 50, 100, 200), VIP);
	UNTIL(l, owns, OWNER(0, VIP));
	killed = clock_now();
	murder(&l->nodes[0].play);
	sh("ip link set n0a nomaster");
	UNTIL(l, owns, OWNER(1, VIP));
	/* Not before Active_Down_Interval less the interval that had begun. */
	assert_true(l->nodes[1].heard_at[l->nodes[1].n_news - 1] - killed > 2 * 200 * NSEC_PER_MSEC);
	assert_true(has_cause(&l->nodes[1], "no Active was heard"));
}

/* The process alone dies and is back before its peers miss it: nothing moves. */
static void test_restart(void **state)
{
	struct lab *l = *state;
	size_t transitions;

	up(l, 0, router("vips", 50, 150, 4000), VIP);
	up(l, 1, router("vips", 50, 100, 4000), VIP);
	UNTIL(l, owns, OWNER(0, VIP));
	transitions = l->nodes[1].n_news;
	murder(&l->nodes[0].play);
	assert_true(addr_is_on(l, &l->nodes[0], VIP));
	l->nodes[0].n_news = 0;
	node_start(&l->nodes[0], 1);
	UNTIL(l, in_mode, MODE(0, "vips", FSM_ACTIVE));
	assert_true(has_cause(&l->nodes[0], "taken up again after a restart"));
	programmed(&l->nodes[0].play);
	pass(l, 300);
	assert_true(addr_is_on(l, &l->nodes[0], VIP));
	assert_int_equal(l->nodes[1].n_news, transitions);
}

/* It comes back when somebody else may have taken over: its addresses go before it does anything. */
static void test_late_restart(void **state)
{
	struct lab *l = *state;

	up(l, 0, router("vips", 50, 150, 100), VIP);
	UNTIL(l, owns, OWNER(0, VIP));
	murder(&l->nodes[0].play);
	assert_true(addr_is_on(l, &l->nodes[0], VIP));
	pass(l, 600);
	l->nodes[0].n_news = 0;
	node_start(&l->nodes[0], 1);
	UNTIL(l, is_off, OWNER(0, VIP));
	assert_int_equal(became(&l->nodes[0], FSM_ACTIVE), 0); /* the gate is closed */
	programmed(&l->nodes[0].play);
	UNTIL(l, owns, OWNER(0, VIP));
	assert_true(has_cause(&l->nodes[0], "start"));
}

static void test_preempt(void **state)
{
	struct lab *l = *state;
	struct router better = router("vips", 50, 150, 200);

	up(l, 1, router("vips", 50, 100, 200), VIP);
	UNTIL(l, owns, OWNER(1, VIP));
	up(l, 0, better, VIP);
	UNTIL(l, owns, OWNER(0, VIP));
	quit(l, &l->nodes[0]);
	UNTIL(l, owns, OWNER(1, VIP));
	better.preempt = false;
	l->nodes[0].n_news = 0;
	up(l, 0, better, VIP);
	UNTIL(l, in_mode, MODE(0, "vips", FSM_BACKUP));
	pass(l, 1500);
	assert_true(owns(l, OWNER(1, VIP)));
}

/* Of what fd has heard: a gratuitous ARP for VIP, an advertisement, anything else. */
static char tapped(const uint8_t *p, ssize_t len, const struct sockaddr_ll *from)
{
	const struct addr vip = address(VIP);

	if (len < ETH_HLEN + 28 || from->sll_pkttype == PACKET_OUTGOING)
		return 0;
	if (announces(p, len, from, &vip))
		return 'a';
	return ntohs(from->sll_protocol) == ETH_P_IP && p[ETH_HLEN + 9] == VRRP_PROTOCOL ? 'v' : 0;
}

/* The first two of what fd has heard. */
static void first_two(int fd, char order[3])
{
	struct sockaddr_ll from;
	socklen_t from_len = sizeof(from);
	uint8_t p[2048];
	ssize_t len;

	memset(order, 0, 3);
	while ((len = recvfrom(fd, p, sizeof(p), 0, (struct sockaddr *)&from, &from_len)) >= 0) {
		char what = tapped(p, len, &from);

		if (what && strlen(order) < 2)
			order[strlen(order)] = what;
		from_len = sizeof(from);
	}
	close(fd);
}

/* The neighbours know of a new Active before the former one does. */
static void test_order(void **state)
{
	struct lab *l = *state;
	char order[3];
	int fd;

	up(l, 1, router("vips", 50, 100, 200), VIP);
	UNTIL(l, owns, OWNER(1, VIP));
	fd = tap("n0a");
	up(l, 0, router("vips", 50, 150, 200), VIP);
	UNTIL(l, owns, OWNER(0, VIP));
	first_two(fd, order);
	assert_string_equal(order, "av");
}

/* Where there is none any more, the other Backups know first. */
static void test_order_crash(void **state)
{
	struct lab *l = *state;
	char order[3];
	int fd;

	up(l, 0, router("vips", 50, 150, 200), VIP);
	up(l, 1, router("vips", 50, 100, 200), VIP);
	UNTIL(l, owns, OWNER(0, VIP));
	fd = tap("n1a");
	murder(&l->nodes[0].play);
	sh("ip link set n0a nomaster");
	UNTIL(l, owns, OWNER(1, VIP));
	first_two(fd, order);
	assert_string_equal(order, "va");
}

static bool is_gone_from(struct lab *l, void *arg)
{
	return role_of(arg, "vips")->gone;
}

static void test_priority(void **state)
{
	struct lab *l = *state;
	struct router r = router("vips", 50, 150, 200);
	struct vip vips[] = {vip_of(VIP, 0, "eth0"), vip_of("10.77.1.2", 0, "eth0")};

	up(l, 0, r, VIP);
	up(l, 1, router("vips", 50, 100, 200), VIP);
	UNTIL(l, owns, OWNER(0, VIP));
	/* An address more changes nothing but the address. */
	l->nodes[0].n_news = 0;
	picture(&l->nodes[0], 2, &r, 1, vips, 2);
	UNTIL(l, is_on, OWNER(0, "10.77.1.2"));
	assert_int_equal(l->nodes[0].n_news, 0);
	r.priority = 50;
	picture(&l->nodes[0], 3, &r, 1, vips, 2);
	UNTIL(l, owns, OWNER(1, VIP));
	UNTIL(l, is_off, OWNER(0, "10.77.1.2"));
	r.priority = 200;
	picture(&l->nodes[0], 4, &r, 1, vips, 2);
	UNTIL(l, owns, OWNER(0, VIP));
	/* A router that is configured no more is gone, and so are its addresses. */
	picture(&l->nodes[0], 5, NULL, 0, NULL, 0);
	UNTIL(l, is_gone_from, &l->nodes[0]);
	assert_true(owns(l, OWNER(1, VIP)));
}

/* A router that a picture takes away hands over first; what comes behind that picture waits for it, and then counts in order. */
static void test_removed(void **state)
{
	struct lab *l = *state;
	struct router r = router("vips", 50, 150, 200), other = router("other", 51, 150, 200);
	struct vip v = vip_of(VIP, 0, "eth0"), next = vip_of("10.77.1.2", 0, "eth0");

	up(l, 0, r, VIP);
	up(l, 1, router("vips", 50, 100, 200), VIP);
	UNTIL(l, owns, OWNER(0, VIP));
	picture(&l->nodes[0], 2, &other, 1, &next, 1);
	UNTIL(l, is_on, OWNER(0, "10.77.1.2"));
	assert_int_equal(role_of(&l->nodes[0], "vips")->gone, 1);
	assert_true(has_cause(&l->nodes[0], "stop; the successor has taken over"));
	assert_true(owns(l, OWNER(1, VIP)));
	/* Taken away, and taken up again at once; the first picture takes away another one. */
	picture(&l->nodes[0], 3, NULL, 0, NULL, 0);
	picture(&l->nodes[0], 4, &r, 1, &v, 1);
	UNTIL(l, owns, OWNER(0, VIP));
	UNTIL(l, is_off, OWNER(0, "10.77.1.2"));
	l->nodes[0].n_news = 0;
	picture(&l->nodes[0], 5, NULL, 0, NULL, 0);
	picture(&l->nodes[0], 6, &other, 1, &next, 1);
	picture(&l->nodes[0], 7, &r, 1, &v, 1);
	UNTIL(l, owns, OWNER(0, VIP));
	assert_true(has_cause(&l->nodes[0], "stop; the successor has taken over"));
	/* Another router carries its address on: there is nothing to wait for. */
	l->nodes[0].n_news = 0;
	picture(&l->nodes[0], 8, &other, 1, &v, 1);
	UNTIL(l, in_mode, MODE(0, "other", FSM_ACTIVE));
	assert_int_equal(role_of(&l->nodes[0], "vips")->gone, 1);
	assert_false(has_cause(&l->nodes[0], "stop; the successor has taken over"));
	/* Nobody is there: it goes all the same. */
	murder(&l->nodes[1].play);
	picture(&l->nodes[0], 9, &r, 1, &v, 1);
	UNTIL(l, owns, OWNER(0, VIP));
	picture(&l->nodes[0], 10, NULL, 0, NULL, 0);
	UNTIL(l, is_gone_from, &l->nodes[0]);
	assert_true(has_cause(&l->nodes[0], "stop; no successor was heard"));
	assert_false(addr_is_on(l, &l->nodes[0], VIP));
}

/* Control dies before the picture is applied, and the next one has the router: it goes on. */
static void test_removed_and_forgotten(void **state)
{
	struct lab *l = *state;
	struct router r = router("vips", 50, 150, 200);
	struct vip v = vip_of(VIP, 0, "eth0");
	struct play *p = &l->nodes[0].play;

	up(l, 0, r, VIP);
	up(l, 1, router("vips", 50, 100, 200), VIP);
	UNTIL(l, owns, OWNER(0, VIP));
	murder(&l->nodes[1].play); /* so that it leaves for two intervals */
	picture(&l->nodes[0], 2, NULL, 0, NULL, 0);
	question(p, MSG_ASK, "vrrp");
	chan_free(p->control);
	p->control = give_peer(p, ROLE_CONTROL);
	picture(&l->nodes[0], 3, &r, 1, &v, 1);
	question(p, MSG_ASK, "vrrp");
	pass(l, 1000);
	assert_true(owns(l, OWNER(0, VIP)));
	assert_int_equal(role_of(&l->nodes[0], "vips")->gone, 0);
	assert_false(has_cause(&l->nodes[0], "stop; no successor was heard"));
}

/* Many addresses: a successor adds them one after another, and the router answers until then, as at a stop. */
static void test_removed_many(void **state)
{
	enum { MANY = 1000 };
	static struct vip vips[MANY];
	struct lab *l = *state;
	struct router r = router("vips", 50, 150, 200);
	char text[ADDR_TEXT];
	nsec_t heard;

	for (int i = 0; i < MANY; i++) {
		snprintf(text, sizeof(text), "10.77.%d.%d", 1 + i / 250, 1 + i % 250);
		vips[i] = vip_of(text, 0, "eth0");
	}
	up(l, 0, r, VIP);
	picture(&l->nodes[0], 2, &r, 1, vips, MANY);
	UNTIL(l, is_on, OWNER(0, text));
	up(l, 1, router("vips", 50, 100, 200), VIP);
	UNTIL(l, in_mode, MODE(1, "vips", FSM_BACKUP));
	UNTIL(l, owns, OWNER(0, VIP));
	picture(&l->nodes[0], 3, NULL, 0, NULL, 0);
	UNTIL(l, in_mode, MODE(0, "vips", FSM_INITIALIZE));
	heard = l->nodes[0].heard_at[l->nodes[0].n_news - 1];
	UNTIL(l, is_gone_from, &l->nodes[0]);
	assert_true(l->nodes[0].heard_at[l->nodes[0].n_news - 1] - heard >= MANY * 50 * NSEC_PER_USEC);
}

/* Its interval is long: it is not waited for that. Questions are answered meanwhile. */
static void test_removed_late(void **state)
{
	struct lab *l = *state;
	struct router r = router("vips", 50, 255, 40000);
	nsec_t begun;

	up(l, 0, r, VIP);
	UNTIL(l, owns, OWNER(0, VIP));
	begun = clock_now();
	picture(&l->nodes[0], 2, NULL, 0, NULL, 0);
	assert_int_equal(json_array_size(question(&l->nodes[0].play, MSG_ASK, "vrrp")), 1);
	assert_true(addr_is_on(l, &l->nodes[0], VIP));
	UNTIL(l, is_gone_from, &l->nodes[0]);
	assert_true(clock_now() - begun >= 3 * NSEC_PER_SEC);
	assert_false(addr_is_on(l, &l->nodes[0], VIP));
}

static void test_failover(void **state)
{
	struct lab *l = *state;
	const json_t *a;

	up(l, 0, router("vips", 50, 150, 200), VIP);
	UNTIL(l, owns, OWNER(0, VIP));
	a = json_array_get(json_object_get(question(&l->nodes[0].play, MSG_FAILOVER, ""), "routers"), 0);
	assert_string_equal(json_string_value(json_object_get(a, "result")), "kept");
	assert_true(owns(l, OWNER(0, VIP)));
	up(l, 1, router("vips", 50, 100, 200), VIP);
	UNTIL(l, in_mode, MODE(1, "vips", FSM_BACKUP));
	a = json_array_get(json_object_get(question(&l->nodes[0].play, MSG_FAILOVER, "vips"), "routers"), 0);
	assert_string_equal(json_string_value(json_object_get(a, "result")), "handed over");
	assert_string_equal(json_string_value(json_object_get(a, "to")), "10.77.0.2");
	assert_true(json_real_value(json_object_get(a, "afterMs")) > 0);
	UNTIL(l, owns, OWNER(1, VIP));
	/* It does not take it back, though it is the better one. */
	pass(l, 1000);
	assert_true(owns(l, OWNER(1, VIP)));
	a = json_array_get(json_object_get(question(&l->nodes[0].play, MSG_FAILOVER, ""), "routers"), 0);
	assert_string_equal(json_string_value(json_object_get(a, "result")), "not active");
	assert_non_null(json_object_get(question(&l->nodes[0].play, MSG_FAILOVER, "nobody"), "error"));
	/* Until that one is gone. */
	murder(&l->nodes[1].play);
	UNTIL(l, owns, OWNER(0, VIP));
}

static void test_split(void **state)
{
	struct lab *l = *state;

	up(l, 0, router("vips", 50, 150, 200), VIP);
	up(l, 1, router("vips", 50, 100, 200), VIP);
	UNTIL(l, owns, OWNER(0, VIP));
	sh("ip link set n0a nomaster");
	UNTIL(l, is_on, OWNER(1, VIP));
	assert_true(addr_is_on(l, &l->nodes[0], VIP));
	sh("ip link set n0a master bra");
	UNTIL(l, owns, OWNER(0, VIP));
	assert_true(has_cause(&l->nodes[1], "a better Active was heard"));
}

static void test_fault(void **state)
{
	struct lab *l = *state;

	up(l, 0, router("vips", 50, 150, 200), VIP);
	up(l, 1, router("vips", 50, 100, 200), VIP);
	UNTIL(l, owns, OWNER(0, VIP));
	sh("ip link set n0a down"); /* the other end: the carrier goes */
	UNTIL(l, in_mode, MODE(0, "vips", FSM_FAULT));
	UNTIL(l, in_mode, MODE(1, "vips", FSM_ACTIVE));
	assert_true(has_cause(&l->nodes[0], "its interface has no carrier"));
	UNTIL(l, is_off, OWNER(0, VIP));
	sh("ip link set n0a up");
	UNTIL(l, owns, OWNER(0, VIP));
	IN(l, &l->nodes[0], "ip addr del 10.77.0.1/24 dev eth0");
	UNTIL(l, in_mode, MODE(0, "vips", FSM_FAULT));
	UNTIL(l, owns, OWNER(1, VIP));
	IN(l, &l->nodes[0], "ip addr add 10.77.0.1/24 dev eth0");
	UNTIL(l, owns, OWNER(0, VIP));
	/* Another interface of that name; older kernels rename only what is down. */
	IN(l, &l->nodes[0], "ip link set eth0 down && ip link set eth0 name old0 && ip link set old0 up");
	UNTIL(l, in_mode, MODE(0, "vips", FSM_FAULT));
	IN(l, &l->nodes[0], "ip link set old0 down && ip link set old0 name eth0 && ip link set eth0 up");
	UNTIL(l, owns, OWNER(0, VIP));
}

/* Nothing can be sent from an address that is not there. */
static void test_source_gone(void **state)
{
	struct lab *l = *state;
	struct router r = router("vips", 50, 150, 200);

	assert_int_equal(addr_parse("10.77.0.77", &r.source), 0);
	up(l, 0, r, VIP);
	up(l, 1, router("vips", 50, 100, 200), VIP);
	UNTIL(l, in_mode, MODE(0, "vips", FSM_FAULT));
	assert_true(has_cause(&l->nodes[0], "its source address is not on this node"));
	UNTIL(l, owns, OWNER(1, VIP));
	IN(l, &l->nodes[0], "ip addr add 10.77.0.77/32 dev eth0");
	UNTIL(l, owns, OWNER(0, VIP));
	IN(l, &l->nodes[0], "ip addr del 10.77.0.77/32 dev eth0");
	UNTIL(l, in_mode, MODE(0, "vips", FSM_FAULT));
	UNTIL(l, owns, OWNER(1, VIP));
}

/* Stopped for longer than its peers wait: it must not say a word as Active when it goes on. */
static void test_stall(void **state)
{
	struct lab *l = *state;

	up(l, 0, router("vips", 50, 150, 200), VIP);
	up(l, 1, router("vips", 50, 100, 200), VIP);
	UNTIL(l, owns, OWNER(0, VIP));
	kill(l->nodes[0].play.pid, SIGSTOP);
	UNTIL(l, in_mode, MODE(1, "vips", FSM_ACTIVE));
	pass(l, 500);
	l->nodes[0].n_news = 0;
	kill(l->nodes[0].play.pid, SIGCONT);
	UNTIL(l, in_mode, MODE(0, "vips", FSM_BACKUP));
	assert_true(has_cause(&l->nodes[0], "the process was stalled"));
	UNTIL(l, owns, OWNER(0, VIP));
}

/* ...even where the peer waits for less than it would itself. */
static void test_stall_beside_a_better_one(void **state)
{
	struct lab *l = *state;
	struct router better = router("vips", 50, 250, 400);

	up(l, 1, router("vips", 50, 2, 400), VIP);
	UNTIL(l, owns, OWNER(1, VIP));
	better.preempt = false;
	up(l, 0, better, VIP);
	UNTIL(l, in_mode, MODE(0, "vips", FSM_BACKUP));
	pass(l, 500); /* it has heard its Active */
	l->nodes[1].n_news = 0;
	kill(l->nodes[1].play.pid, SIGSTOP);
	UNTIL(l, in_mode,
	      MODE(0, "vips", FSM_ACTIVE)); /* 1.21 s after the last advertisement; the other would wait for 1.6 s */
	kill(l->nodes[1].play.pid, SIGCONT);
	UNTIL(l, in_mode, MODE(1, "vips", FSM_BACKUP));
	assert_true(has_cause(&l->nodes[1], "the process was stalled"));
	UNTIL(l, owns, OWNER(0, VIP));
}

static void test_tracked(void **state)
{
	struct lab *l = *state;
	struct router r = router("vips", 50, 150, 200);
	struct track script = {
	    .kind = TRACK_SCRIPT, .weight = TRACK_FAULT, .interval_ms = 3600000, .name = "no-such-script"};

	/* Nobody has said how it is: it must not be trusted. */
	r.tracks = &script;
	r.n_tracks = 1;
	up(l, 0, r, VIP);
	UNTIL(l, in_mode, MODE(0, "vips", FSM_FAULT));
	assert_true(has_cause(&l->nodes[0], "a tracked script fails"));
}

static void test_group(void **state)
{
	struct lab *l = *state;

	for (int i = 0; i < 2; i++) {
		struct router r[2] = {router("inside", 51, i ? 100 : 150, 200), router("vips", 50, i ? 100 : 150, 200)};
		struct vip vips[2] = {vip_of(VIP, 1, "eth0"), vip_of("10.78.1.1", 0, "eth1")};

		strcpy(r[0].ifname, "eth1");
		strcpy(r[0].group, "both");
		strcpy(r[1].group, "both");
		node_start(&l->nodes[i], 0);
		picture(&l->nodes[i], 1, r, 2, vips, 2);
		programmed(&l->nodes[i].play);
	}
	UNTIL(l, owns, OWNER(0, VIP));
	UNTIL(l, in_mode, MODE(0, "inside", FSM_ACTIVE));
	/* One side breaks: both go. */
	sh("ip link set n0b down");
	UNTIL(l, in_mode, MODE(0, "vips", FSM_FAULT));
	assert_true(has_cause(&l->nodes[0], "another router of its group is in Fault"));
	UNTIL(l, owns, OWNER(1, VIP));
	UNTIL(l, in_mode, MODE(1, "inside", FSM_ACTIVE));
	sh("ip link set n0b up");
	UNTIL(l, owns, OWNER(0, VIP));
	UNTIL(l, in_mode, MODE(0, "inside", FSM_ACTIVE));
	/* One side is cut without a sign: nobody moves alone. */
	sh("ip link set n0b nomaster");
	pass(l, 2000);
	assert_true(owns(l, OWNER(0, VIP)));
	assert_false(mode_is(&l->nodes[1], "inside", FSM_ACTIVE));
	sh("ip link set n0b master brb");
}

static void elect_two(struct lab *l, struct router r, const char *addr)
{
	for (int i = 1; i >= 0; i--) {
		struct router mine = r;
		struct addr other;

		mine.priority = i ? 100 : 150;
		if (r.n_peers) {
			char peer[32];

			snprintf(peer, sizeof(peer), r.family == AF_INET ? "10.77.0.%d" : "fe80::77:%d", i ? 1 : 2);
			other = address(peer);
			mine.peers = &other;
		}
		up(l, i, mine, addr);
	}
	UNTIL(l, owns, OWNER(0, addr));
	order(&l->nodes[0].play, MSG_STOP);
	UNTIL(l, is_gone, &l->nodes[0].play);
	reap(&l->nodes[0].play);
	assert_true(has_cause(&l->nodes[0], "stop; the successor has taken over"));
	UNTIL(l, owns, OWNER(1, addr));
	quit(l, &l->nodes[1]);
}

static void test_unicast(void **state)
{
	struct router r = router("vips", 50, 100, 200);

	r.n_peers = 1;
	r.check_source = true;
	r.min_ttl = 255;
	elect_two(*state, r, VIP);
}

static void test_checksum_rfc9568(void **state)
{
	struct router r = router("vips", 50, 100, 200);

	r.checksum = CHECKSUM_MESSAGE;
	elect_two(*state, r, VIP);
}

static void test_v2(void **state)
{
	struct router r = router("vips", 50, 100, 1000);

	r.version = 2;
	r.auth = AUTH_PASS;
	memcpy(r.pass, "secret42", 8);
	elect_two(*state, r, VIP);
}

static void test_v2_ah(void **state)
{
	struct router r = router("vips", 50, 100, 1000);

	r.version = 2;
	r.auth = AUTH_AH;
	memcpy(r.pass, "secret42", 8);
	elect_two(*state, r, VIP);
}

static json_int_t figure(struct lab *l, const char *key)
{
	return json_integer_value(
	    json_object_get(json_array_get(question(&l->nodes[0].play, MSG_ASK, "vrrp"), 0), key));
}

/* Version, authentication and interval change by reload: the Active stays it, and says so at once by the new ones. */
static void test_another_version(void **state)
{
	struct lab *l = *state;
	struct router r = router("vips", 50, 100, 200);
	struct vip v = vip_of(VIP, 0, "eth0");
	json_int_t sent, transitions;

	up(l, 0, r, VIP);
	UNTIL(l, owns, OWNER(0, VIP));
	r.version = 2;
	r.auth = AUTH_AH;
	r.interval_ms = 40000;
	memcpy(r.pass, "secret42", 8);
	transitions = figure(l, "transitions");
	picture(&l->nodes[0], 7, &r, 1, &v, 1);
	sent = figure(l, "sent");
	r.auth = AUTH_NONE;
	memset(r.pass, 0, sizeof(r.pass));
	picture(&l->nodes[0], 8, &r, 1, &v, 1);
	r.version = 3;
	picture(&l->nodes[0], 9, &r, 1, &v, 1);
	assert_int_equal(figure(l, "sent"), sent + 1);
	assert_int_equal(figure(l, "sendErrors"), 0);
	assert_int_equal(figure(l, "transitions"), transitions);
	assert_true(owns(l, OWNER(0, VIP)));
}

static void test_ipv6(void **state)
{
	struct lab *l = *state;
	struct router r = router("vips", 50, 100, 200);

	r.family = AF_INET6;
	elect_two(l, r, "fd00:77::1");
	/* The address that the RFC demands, and that nobody configured. */
	up(l, 0, r, "fd00:77::1");
	UNTIL(l, is_on, OWNER(0, "fe80::5e00:232"));
	assert_int_equal(json_integer_value(json_object_get(
			     json_array_get(question(&l->nodes[0].play, MSG_ASK, "vrrp"), 0), "advertised")),
			 2);
	/* One is configured: the other goes. */
	struct vip both[] = {vip_of("fd00:77::1", 0, "eth0"), vip_of("fe80::99", 0, "eth0")};

	picture(&l->nodes[0], 7, &r, 1, both, 2);
	UNTIL(l, is_on, OWNER(0, "fe80::99"));
	UNTIL(l, is_off, OWNER(0, "fe80::5e00:232"));
	assert_true(addr_is_on(l, &l->nodes[0], "fd00:77::1"));
}

/* Frames from the virtual MAC of IPv6 that came out of the port since. */
static unsigned from_virtual_mac(int fd)
{
	static const uint8_t mac[] = {0x00, 0x00, 0x5e, 0x00, 0x02, 50};
	struct sockaddr_ll from;
	socklen_t from_len = sizeof(from);
	uint8_t p[2048];
	unsigned n = 0;

	while (recvfrom(fd, p, sizeof(p), 0, (struct sockaddr *)&from, &from_len) >= ETH_HLEN) {
		n += from.sll_pkttype != PACKET_OUTGOING && memcmp(p + 6, mac, sizeof(mac)) == 0;
		from_len = sizeof(from);
	}
	return n;
}

/* Whoever has given a virtual MAC away sends nothing from it any more: the switch would take it back. The kernel would tell of groups that it leaves. */
static void test_quiet_mac(void **state)
{
	static const char *const addr = "fd00:77::1", *const ports[] = {"n0a", "n1a"};
	enum { MOVES = 6 };
	struct lab *l = *state;
	struct router r = router("vips", 50, 150, 200);

	r.family = AF_INET6;
	r.vmac = true;
	up(l, 0, r, addr);
	r.priority = 100;
	up(l, 1, r, addr);
	UNTIL(l, owns, OWNER(0, addr));
	for (int i = 0; i < MOVES; i++) {
		int from = i % 2, fd = tap(ports[from]);

		pass(l, 300);
		assert_true(from_virtual_mac(fd) > 0);
		question(&l->nodes[from].play, MSG_FAILOVER, "vips");
		UNTIL(l, owns, OWNER(!from, addr));
		from_virtual_mac(fd);
		pass(l, 300);
		assert_int_equal(from_virtual_mac(fd), 0);
		close(fd);
	}
}

static void test_ipv6_unicast(void **state)
{
	struct router r = router("vips", 50, 100, 200);

	r.family = AF_INET6;
	r.n_peers = 1;
	r.check_source = true;
	elect_two(*state, r, "fd00:77::1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_election),
	    TEST(test_stop_and_picture),
	    TEST(test_crash),
	    TEST(test_restart),
	    TEST(test_stall_beside_a_better_one),
	    TEST(test_source_gone),
	    TEST(test_late_restart),
	    TEST(test_preempt),
	    TEST(test_order),
	    TEST(test_order_crash),
	    TEST(test_priority),
	    TEST(test_removed),
	    TEST(test_removed_and_forgotten),
	    TEST(test_removed_many),
	    TEST(test_removed_late),
	    TEST(test_failover),
	    TEST(test_split),
	    TEST(test_fault),
	    TEST(test_stall),
	    TEST(test_tracked),
	    TEST(test_group),
	    TEST(test_unicast),
	    TEST(test_checksum_rfc9568),
	    TEST(test_v2),
	    TEST(test_v2_ah),
	    TEST(test_another_version),
	    TEST(test_ipv6),
	    TEST(test_quiet_mac),
	    TEST(test_ipv6_unicast),
	};

	if (geteuid() != 0) {
		fprintf(stderr, "needs root\n");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
