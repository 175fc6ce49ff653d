/* Virtual routers against a real kernel, with a stranger on their link who says what he likes: a flood, forged advertisements of another priority or with
 * other addresses (vrrp_nodes.h). Exit 77: not root. */
#include "../vrrp_forge.h"

#include "vrrp_nodes.h"

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

/* Its socket, on the third node. */
static int stranger(struct lab *l, int family)
{
	int fd;

	enter(l->nodes[2].play.ns);
	fd = forge_open(family, "eth0");
	assert_true(fd >= 0);
	enter(l->ns);
	return fd;
}

/* Nothing is wrong with it: from the third node's address, by multicast. */
static struct forgery forged(uint8_t version, uint8_t vrid, uint8_t priority, const char *vip_text)
{
	const struct addr vip = address(vip_text), from = address(vip.family == AF_INET ? "10.77.0.3" : "fe80::77:3");
	struct forgery f;

	forge_advert(&f, vip.family, version, vrid, priority, vip.bytes);
	memcpy(f.src, from.bytes, sizeof(from.bytes));
	return f;
}

static void forge(int fd, uint8_t vrid, uint8_t priority, uint16_t interval, const char *vip)
{
	struct forgery f = forged(3, vrid, priority, vip);

	f.message[4] = (uint8_t)(interval >> 8);
	f.message[5] = (uint8_t)interval;
	assert_true(forge_send(fd, &f));
}

/* ---- a flood ---- */

/* A virtual router of each kind; in the order of their names. */
static const struct kind {
	const char *name, *vip, *from;
	uint8_t vrid, version;
} kinds[] = {
    {"six", "fe80::70", "fe80::77:3", 70, 3},
    {"two", "10.77.1.60", "10.77.0.3", 60, 2},
    {"vips", "10.77.1.1", "10.77.0.3", 50, 3},
};

enum { KINDS = COUNT(kinds), INTERVAL_MS = 1000 };

static void up_all(struct lab *l, int i, uint8_t priority)
{
	struct router r[KINDS];
	struct vip vips[KINDS];

	for (uint16_t k = 0; k < KINDS; k++) {
		struct vip *v = &vips[KINDS - 1 - k]; /* in the order of their addresses */

		*v = vip_of(kinds[k].vip, k, "eth0");
		r[k] = router(kinds[k].name, kinds[k].vrid, priority, INTERVAL_MS);
		r[k].family = v->addr.family;
		r[k].version = kinds[k].version;
	}
	node_start(&l->nodes[i], 0);
	picture(&l->nodes[i], 1, r, KINDS, vips, KINDS);
	programmed(&l->nodes[i].play);
}

static bool all_elected(struct lab *l, void *arg)
{
	for (size_t k = 0; k < KINDS; k++)
		if (!mode_is(&l->nodes[0], kinds[k].name, FSM_ACTIVE) ||
		    !mode_is(&l->nodes[1], kinds[k].name, FSM_BACKUP))
			return false;
	return true;
}

static struct flood flood_of(struct lab *l, const struct kind *k)
{
	const struct addr from = address(k->from);
	struct flood f = {.family = from.family, .version = k->version, .vrid = k->vrid, .seed = 9568};

	f.fd = stranger(l, f.family);
	memcpy(f.src, from.bytes, sizeof(from.bytes));
	return f;
}

/* Each for its reason, in the Active and in the Backup. */
static void flood_was_refused(struct lab *l, const struct kind *k)
{
	static const char *const reasons[] = {
	    "wrong checksum", "wrong version", "unknown type",         "too short",
	    "wrong TTL",      "no address",    "bytes behind the end", "wrong interval"};

	for (int i = 0; i < 2; i++) {
		const json_t *r = told(&l->nodes[i], k->name);

		for (size_t n = 0; n < COUNT(reasons); n++)
			if (refused_for(r, reasons[n]) < 20)
				fail_msg("node %d, %s: %s %lld times", i, k->name, reasons[n],
					 (long long)refused_for(r, reasons[n]));
	}
}

/* 100,000 packets a second, or what an emulated machine can do: nobody obeys, and the Active advertises as often as without. */
static void test_flood(void **state)
{
	enum { SECONDS = 5, ROUNDS_LEAST = 60, ROUNDS_A_LOOK = 50 };
	struct lab *l = *state;
	struct flood floods[KINDS];
	json_int_t sent[KINDS], received[KINDS];
	size_t news[2];
	nsec_t begun;

	up_all(l, 0, 150);
	up_all(l, 1, 100);
	UNTIL(l, all_elected, NULL);
	pass(l, 200);
	for (int i = 0; i < 2; i++)
		news[i] = l->nodes[i].n_news;
	for (size_t k = 0; k < KINDS; k++) {
		floods[k] = flood_of(l, &kinds[k]);
		sent[k] = told_number(told(&l->nodes[0], kinds[k].name), "sent");
		received[k] = told_number(told(&l->nodes[0], kinds[k].name), "received");
	}
	begun = clock_now();
	for (int i = 0; i < ROUNDS_LEAST || clock_now() < begun + SECONDS * NSEC_PER_SEC; i++) {
		for (size_t k = 0; k < KINDS; k++)
			flood_burst(&floods[k]);
		if (i % ROUNDS_A_LOOK == 0)
			pass(l, 1);
	}
	for (size_t k = 0; k < KINDS; k++) {
		const json_t *r = told(&l->nodes[0], kinds[k].name);
		json_int_t more = told_number(r, "sent") - sent[k];
		json_int_t due = (clock_now() - begun) / (INTERVAL_MS * NSEC_PER_MSEC);

		if (more < due / 2 || more > due + 2)
			fail_msg("%s sent %lld advertisements, %lld were due", kinds[k].name, (long long)more,
				 (long long)due);
		assert_int_equal(told_number(r, "received"), received[k]);
		flood_was_refused(l, &kinds[k]);
		close(floods[k].fd);
	}
	for (int i = 0; i < 2; i++)
		assert_int_equal(l->nodes[i].n_news, news[i]);
	assert_true(all_elected(l, NULL));
}

/* ---- what the kernel keeps from the process ---- */

/* Bytes in the queue of the node's socket for VRRP of that family. */
static unsigned long queued(const struct node *n, int family)
{
	unsigned long bytes, all = 0;
	char path[64], line[256];
	unsigned protocol;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/net/raw%s", (int)n->play.pid, family == AF_INET6 ? "6" : "");
	f = fopen(path, "r");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, " %*d: %*[^:]:%x %*[^:]:%*x %*x %*x:%lx", &protocol, &bytes) == 2 &&
		    protocol == FORGE_PROTOCOL)
			all += bytes;
	fclose(f);
	return all;
}

struct queue {
	int family;
	unsigned long bytes;
};

static bool queue_has(struct lab *l, void *arg)
{
	const struct queue *q = arg;

	return queued(&l->nodes[0], q->family) >= q->bytes;
}

/* One that comes in. */
static struct forgery welcome(int family)
{
	return family == AF_INET ? forged(3, 50, 1, VIP) : forged(3, 70, 1, "fe80::70");
}

/* While the process is stopped nothing leaves its queue: what is not in it when the next one is was kept out by the kernel. */
static void test_filter(void **state)
{
	enum { TIMES = 50 };
	static const struct {
		const char *what, *vip;
		uint8_t vrid;
		uint16_t fragment;
		size_t cut; /* bytes */
	} rows[] = {
	    {"another VRID", "10.77.1.1", 51, 0, 0},
	    {"VRID 0", "10.77.1.1", 0, 0, 0},
	    {"the other family's VRID", "10.77.1.1", 70, 0, 0},
	    {"a message of 7 bytes", "10.77.1.1", 50, 0, 5},
	    {"no message", "10.77.1.1", 50, 0, 12},
	    {"a first fragment", "10.77.1.1", 50, 0x2000, 0},
	    {"a last fragment", "10.77.1.1", 50, 3, 0}, /* never next to the first */
	    {"another VRID, IPv6", "fe80::70", 71, 0, 0},
	    {"VRID 0, IPv6", "fe80::70", 0, 0, 0},
	    {"the other family's VRID, IPv6", "fe80::70", 50, 0, 0},
	    {"a message of 7 bytes, IPv6", "fe80::70", 70, 0, 17},
	    {"no message, IPv6", "fe80::70", 70, 0, 24},
	    {"a first fragment, IPv6", "fe80::70", 70, 1, 0},
	    {"a last fragment, IPv6", "fe80::70", 70, 5 << 3, 0},
	};
	struct lab *l = *state;
	struct node *n = &l->nodes[0];

	up_all(l, 0, 150);
	for (size_t k = 0; k < KINDS; k++)
		UNTIL(l, in_mode, MODE(0, kinds[k].name, FSM_BACKUP));
	kill(n->play.pid, SIGSTOP);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct forgery wrong = forged(3, rows[i].vrid, 254, rows[i].vip), right = welcome(wrong.family);
		struct queue q = {wrong.family, queued(n, wrong.family) + 1};
		int fd = stranger(l, wrong.family);
		unsigned long one;

		forge_send(fd, &right);
		UNTIL(l, queue_has, &q);
		one = queued(n, q.family) - q.bytes + 1;
		q.bytes += 2 * one - 1;
		wrong.fragment = rows[i].fragment;
		wrong.len -= rows[i].cut;
		for (int t = 0; t < TIMES; t++)
			forge_send(fd, &wrong);
		forge_send(fd, &right);
		UNTIL(l, queue_has, &q);
		if (queued(n, q.family) >= q.bytes + one)
			fail_msg("%s reached the process", rows[i].what);
		close(fd);
	}
}

/* ---- one that says what he likes ---- */

struct listening {
	int fd;
	struct addr addr;
	unsigned want, got;
};

/* As often as wanted, or more. */
static bool announced(struct lab *l, void *arg)
{
	struct sockaddr_ll from;
	socklen_t from_len = sizeof(from);
	struct listening *w = arg;
	uint8_t p[2048];
	ssize_t len;

	while ((len = recvfrom(w->fd, p, sizeof(p), 0, (struct sockaddr *)&from, &from_len)) >= 0) {
		w->got += announces(p, len, &from, &w->addr);
		from_len = sizeof(from);
	}
	return w->got >= w->want;
}

/* A lesser Active was there (a split that healed): it has spoilt the neighbours' caches. They are told again, but not once for each of its packets. */
static void test_told_again(void **state)
{
	enum { BURST = 2, PACKETS = 300 };
	struct listening w[KINDS];
	struct lab *l = *state;

	for (size_t k = 0; k < KINDS; k++)
		w[k] = (struct listening){.fd = tap("n0a"), .addr = address(kinds[k].vip), .want = BURST};
	up_all(l, 0, 150);
	for (size_t k = 0; k < KINDS; k++)
		UNTIL(l, announced, &w[k]);
	for (size_t k = 0; k < KINDS; k++) {
		struct forgery lesser = forged(kinds[k].version, kinds[k].vrid, 1, kinds[k].vip);
		int fd = stranger(l, lesser.family);
		nsec_t begun = clock_now();

		w[k].want = BURST + 1;
		assert_false(wait_for(&l->stage, announced, &w[k], 100 * NSEC_PER_MSEC)); /* not for nothing */
		for (int i = 0; i < PACKETS; i++)
			assert_true(forge_send(fd, &lesser));
		w[k].want = 2 * BURST;
		UNTIL(l, announced, &w[k]);
		w[k].want = PACKETS;
		wait_for(&l->stage, announced, &w[k], 200 * NSEC_PER_MSEC);
		assert_in_range(w[k].got, 2 * BURST, BURST * (2 + (clock_now() - begun) / NSEC_PER_SEC));
		assert_true(mode_is(&l->nodes[0], kinds[k].name, FSM_ACTIVE));
		close(fd);
		close(w[k].fd);
	}
}

/* A stranger's address lists take turns: the log has a word of it a second. */
static void test_two_lists(void **state)
{
	struct lab *l = *state;
	nsec_t start;
	char path[80];
	unsigned n;
	int fd;

	snprintf(path, sizeof(path), "%s/log", l->stage.dir);
	log_to(path);
	up(l, 0, router("vips", 50, 150, 200), VIP);
	log_to(NULL);
	UNTIL(l, owns, OWNER(0, VIP));
	start = clock_now();
	fd = stranger(l, AF_INET);
	for (int i = 0; i < 1000; i++) {
		forge(fd, 50, 1, 20, "10.77.1.9");
		forge(fd, 50, 1, 20, VIP);
	}
	close(fd);
	question(&l->nodes[0].play, MSG_ASK, "vrrp");
	n = lines_with(path, "advertises other addresses");
	assert_in_range(n, 1, 2 + (clock_now() - start) / NSEC_PER_SEC);
	assert_in_range(lines_with(path, "the same addresses again"), 0, n);
	assert_true(owns(l, OWNER(0, VIP)));
}

/* A former Active answers a moment longer; that another router comes and goes all the time makes it no longer than half a second. */
static void test_give(void **state)
{
	enum { BESIDE = 1200, TIMES = 30, STEP_MS = 40 };
	struct lab *l = *state;
	struct node *n = &l->nodes[0];
	struct router routers[] = {router("beside", 51, 150, 10), router("vips", 50, 150, 200)};
	struct vip *vips = xcalloc(BESIDE + 1, sizeof(*vips));
	char text[32];
	int fd;

	vips[0] = vip_of(VIP, 1, "eth0");
	for (int i = 0; i < BESIDE; i++) {
		snprintf(text, sizeof(text), "10.77.%d.%d", 2 + i / 200, 1 + i % 200);
		vips[1 + i] = vip_of(text, 0, "eth0");
	}
	node_start(n, 0);
	picture(n, 1, routers, 2, vips, BESIDE + 1);
	programmed(&n->play);
	UNTIL(l, owns, OWNER(0, VIP));
	UNTIL(l, is_on, OWNER(0, text));
	UNTIL(l, is_on, OWNER(0, "10.77.2.1"));
	fd = stranger(l, AF_INET);
	forge(fd, 50, 200, 4095, VIP);
	for (int i = 0; i < TIMES; i++) {
		forge(fd, 51, 200, 1, VIP);
		pass(l, STEP_MS);
	}
	close(fd);
	assert_true(mode_is(n, "vips", FSM_BACKUP));
	assert_false(addr_is_on(l, n, VIP));
	free(vips);
}

/* Nor does a router wait longer for ipvs because another one comes and goes. */
static void test_gated_beside(void **state)
{
	enum { TIMES = 40, STEP_MS = 50 };
	struct lab *l = *state;
	struct node *n = &l->nodes[0];
	struct router routers[] = {router("beside", 51, 150, 10), router("vips", 50, 150, 200)};
	struct vip vips[] = {vip_of(VIP, 1, "eth0"), vip_of("10.77.1.2", 0, "eth0")};
	char waiting[2][ROUTER_NAME] = {"beside", "vips"};
	int fd;

	node_start(n, 0);
	picture(n, 1, routers, 2, vips, 2);
	assert_int_equal(chan_send(n->play.ipvs, MSG_WAITING, 1, waiting, sizeof(waiting), -1), 0);
	programmed(&n->play);
	UNTIL(l, in_mode, MODE(0, "vips", FSM_ACTIVE));
	fd = stranger(l, AF_INET);
	for (int i = 0; i < TIMES; i++) {
		forge(fd, 51, 200, 1, "10.77.1.2");
		pass(l, STEP_MS);
	}
	close(fd);
	assert_true(addr_is_on(l, n, VIP));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_flood),     TEST(test_filter), TEST(test_told_again),
	    TEST(test_two_lists), TEST(test_give),   TEST(test_gated_beside),
	};

	if (geteuid() != 0) {
		fprintf(stderr, "needs root\n");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
