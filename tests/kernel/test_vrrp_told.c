/* What `vipctl get vrrp` says of virtual routers, against what was done to them: a stranger's advertisements are counted under the reason for which they were
 * refused, and the rest is as it is (vrrp_nodes.h). Exit 77: not root. */
#include "../vrrp_forge.h"

#include "../../vrrp/packet.h"

#include "vrrp_nodes.h"

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

/* ---- refusals ---- */

/* The node's routers, in the order of their names; from, to: of an advertisement that each takes. */
static const struct kind {
	const char *name, *vip, *from, *to;
	uint8_t vrid, version, min_ttl;
	bool unicast, check_source;
} kinds[] = {
    {"anyone", "10.77.1.51", "10.77.0.3", "10.77.0.1", 51, 3, 0, true, false},
    {"anyone6", "fe80::52", "fe80::77:3", "fe80::77:1", 52, 3, 0, true, false},
    {"peers", "10.77.1.53", "10.77.0.3", "10.77.0.1", 53, 3, 250, true, true},
    {"peers6", "fe80::54", "fe80::77:3", "fe80::77:1", 54, 3, 255, true, true},
    {"six", "fe80::55", "fe80::77:3", "ff02::12", 55, 3, 0, false, false},
    {"two", "10.77.1.56", "10.77.0.3", "224.0.0.18", 56, 2, 0, false, false},
    {"vips", "10.77.1.57", "10.77.0.3", "224.0.0.18", 57, 3, 0, false, false},
};

enum { KINDS = COUNT(kinds), INTERVAL_MS = 1000, PASSWORD = 12 /* its place in an IPv4 message */, NOWHERE = -1 };

static const char OTHERS[] = "other address list"; /* counted, and taken all the same */

/* How an advertisement differs from one that is taken. */
static const struct lie {
	const char *what, *router, *reason; /* NULL: it is taken */
	const char *from, *to;
	int ttl;
	int at, byte; /* at NOWHERE: no byte of the message */
	int more;     /* bytes behind the end; below 0: cut */
	int spoil;
	bool bare;
} lies[] = {
    {"right", "vips", NULL, .at = NOWHERE},
    {"checksum without the pseudo-header", "vips", NULL, .at = NOWHERE, .bare = true},
    {"another address", "vips", OTHERS, .at = 11, .byte = 99},
    {"TTL 254", "vips", "wrong TTL", .ttl = 254, .at = NOWHERE},
    {"wrong checksum", "vips", "wrong checksum", .at = NOWHERE, .spoil = 1},
    {"version 4", "vips", "wrong version", .at = 0, .byte = 0x41},
    {"version 2", "vips", "wrong version", .at = 0, .byte = 0x21, .more = 8},
    {"type 2", "vips", "unknown type", .at = 0, .byte = 0x32},
    {"count beyond the end", "vips", "too short", .at = 3, .byte = 2},
    {"count 0", "vips", "no address", .at = 3, .byte = 0, .more = -4},
    {"a byte behind the end", "vips", "bytes behind the end", .at = NOWHERE, .more = 1},
    {"cut", "vips", "too short", .at = NOWHERE, .more = -1},
    {"interval 0", "vips", "wrong interval", .at = 5, .byte = 0},
    {"our own address", "vips", "own packet", .from = "10.77.0.1", .at = NOWHERE},
    {"to us alone", "vips", "bad IP header", .to = "10.77.0.1", .at = NOWHERE},

    {"right", "two", NULL, .at = NOWHERE},
    {"TTL 254", "two", "wrong TTL", .ttl = 254, .at = NOWHERE},
    {"wrong checksum", "two", "wrong checksum", .at = NOWHERE, .spoil = 1},
    {"version 3", "two", "wrong version", .at = 0, .byte = 0x31, .more = -8},
    {"interval 2", "two", "wrong interval", .at = 5, .byte = 2},
    {"no authentication", "two", "other authentication type", .at = 4, .byte = 0},
    {"AH, and no such header", "two", "other authentication type", .at = 4, .byte = 2},
    {"another password", "two", "authentication failed", .at = PASSWORD, .byte = 'S'},
    {"without the authentication field", "two", "too short", .at = NOWHERE, .more = -8},
    {"our own address", "two", "own packet", .from = "10.77.0.1", .at = NOWHERE},

    {"right", "six", NULL, .at = NOWHERE},
    {"another address", "six", OTHERS, .at = 23, .byte = 99},
    {"hop limit 254", "six", "wrong TTL", .ttl = 254, .at = NOWHERE},
    {"wrong checksum", "six", "wrong checksum", .at = NOWHERE, .spoil = 1},
    {"checksum without the pseudo-header", "six", "wrong checksum", .at = NOWHERE, .bare = true},
    {"version 2", "six", "wrong version", .at = 0, .byte = 0x21},
    {"type 0", "six", "unknown type", .at = 0, .byte = 0x30},
    {"count beyond the end", "six", "too short", .at = 3, .byte = 2},
    {"count 0", "six", "no address", .at = 3, .byte = 0, .more = -16},
    {"a byte behind the end", "six", "bytes behind the end", .at = NOWHERE, .more = 1},
    {"interval 0", "six", "wrong interval", .at = 5, .byte = 0},
    {"our own address", "six", "own packet", .from = "fe80::77:1", .at = NOWHERE},
    {"to us alone", "six", "bad IP header", .to = "fe80::77:1", .at = NOWHERE},

    {"least TTL", "peers", NULL, .ttl = 250, .at = NOWHERE},
    {"less than the least TTL", "peers", "wrong TTL", .ttl = 249, .at = NOWHERE},
    {"from no peer", "peers", "not a configured peer", .from = "10.77.0.99", .at = NOWHERE},
    {"wrong checksum", "peers", "wrong checksum", .at = NOWHERE, .spoil = 1},
    {"to all", "peers", "bad IP header", .to = "224.0.0.18", .at = NOWHERE},

    {"TTL 1", "anyone", NULL, .ttl = 1, .at = NOWHERE},
    {"from no peer", "anyone", NULL, .from = "10.77.0.99", .at = NOWHERE},
    {"our own address", "anyone", "own packet", .from = "10.77.0.1", .at = NOWHERE},
    {"to all", "anyone", "bad IP header", .to = "224.0.0.18", .at = NOWHERE},

    {"right", "peers6", NULL, .at = NOWHERE},
    {"hop limit 254", "peers6", "wrong TTL", .ttl = 254, .at = NOWHERE},
    {"from no peer", "peers6", "not a configured peer", .from = "fe80::77:99", .at = NOWHERE},
    {"wrong checksum", "peers6", "wrong checksum", .at = NOWHERE, .spoil = 1},

    {"hop limit 1", "anyone6", NULL, .ttl = 1, .at = NOWHERE},
    {"from no peer", "anyone6", NULL, .from = "fe80::77:99", .at = NOWHERE},
    {"to all", "anyone6", "bad IP header", .to = "ff02::12", .at = NOWHERE},
};

static const struct kind *kind_of(const char *name)
{
	for (size_t k = 0; k < KINDS; k++)
		if (strcmp(kinds[k].name, name) == 0)
			return &kinds[k];
	fail_msg("no router %s", name);
	return NULL;
}

static int by_address(const void *a, const void *b)
{
	return vip_cmp(a, b);
}

/* All of them, each Active. */
static void up_all(struct lab *l)
{
	static struct addr peers[2];
	struct router r[KINDS];
	struct vip vips[KINDS];

	peers[0] = address("10.77.0.3");
	peers[1] = address("fe80::77:3");
	for (uint16_t i = 0; i < KINDS; i++) {
		const struct kind *k = &kinds[i];

		vips[i] = vip_of(k->vip, i, "eth0");
		r[i] = router(k->name, k->vrid, 150, INTERVAL_MS);
		r[i].family = vips[i].addr.family;
		r[i].version = k->version;
		r[i].peers = &peers[r[i].family == AF_INET6];
		r[i].n_peers = k->unicast;
		r[i].check_source = k->check_source;
		r[i].min_ttl = k->min_ttl;
		if (k->version == 2) {
			r[i].auth = AUTH_PASS;
			memcpy(r[i].pass, "secret42", sizeof(r[i].pass));
		}
	}
	qsort(vips, KINDS, sizeof(*vips), by_address);
	node_start(&l->nodes[0], 0);
	picture(&l->nodes[0], 1, r, KINDS, vips, KINDS);
	programmed(&l->nodes[0].play);
	for (size_t i = 0; i < KINDS; i++)
		UNTIL(l, in_mode, MODE(0, kinds[i].name, FSM_ACTIVE));
}

/* One that is to be refused would be obeyed. */
static struct forgery forged(const struct lie *lie)
{
	const struct kind *k = kind_of(lie->router);
	const struct addr vip = address(k->vip);
	const struct addr from = address(lie->from ? lie->from : k->from), to = address(lie->to ? lie->to : k->to);
	struct forgery f;

	forge_advert(&f, vip.family, k->version, k->vrid, lie->reason && lie->reason != OTHERS ? 254 : 1, vip.bytes);
	memcpy(f.src, from.bytes, sizeof(f.src));
	memcpy(f.dst, to.bytes, sizeof(f.dst));
	if (k->version == 2) {
		f.message[4] = AUTH_PASS;
		memcpy(f.message + PASSWORD, "secret42", VRRP_PASS_LEN);
	}
	f.ttl = lie->ttl ? (uint8_t)lie->ttl : 255;
	if (lie->at != NOWHERE)
		f.message[lie->at] = (uint8_t)lie->byte;
	f.len += (size_t)lie->more;
	f.spoil = lie->spoil;
	f.bare = lie->bare;
	return f;
}

struct counts {
	json_int_t all, received, reason;
};

static struct counts counts_of(struct node *n, const struct lie *lie)
{
	const json_t *r = told(n, lie->router);
	json_t *refused = json_object_get(r, "refused");
	struct counts c = {.received = told_number(r, "received")};
	json_int_t differing = told_number(r, "differing");

	c.all = c.received + differing;
	for (void *i = json_object_iter(refused); i; i = json_object_iter_next(refused, i))
		c.all += json_integer_value(json_object_iter_value(i));
	if (lie->reason)
		c.reason = lie->reason == OTHERS ? differing : told_number(refused, lie->reason);
	return c;
}

static void test_refused(void **state)
{
	struct lab *l = *state;
	struct node *n = &l->nodes[0];
	size_t news;
	int fds[2];

	IN(l, n, "sysctl -qw net.ipv4.conf.eth0.accept_local=1"); /* or the kernel itself refuses our own address */
	up_all(l);
	news = n->n_news;
	enter(l->nodes[2].play.ns);
	fds[0] = forge_open(AF_INET, "eth0");
	fds[1] = forge_open(AF_INET6, "eth0");
	enter(l->ns);
	for (size_t i = 0; i < COUNT(lies); i++) {
		const struct lie *lie = &lies[i];
		struct forgery f = forged(lie);
		struct counts before = counts_of(n, lie), after;
		bool taken = !lie->reason || lie->reason == OTHERS;
		nsec_t until = clock_now() + WITHIN;

		assert_true(forge_send(fds[f.family == AF_INET6], &f));
		do
			after = counts_of(n, lie);
		while (after.all == before.all && clock_now() < until);
		if (after.received != before.received + taken || after.reason != before.reason + !!lie->reason ||
		    after.all != before.all + taken + !!lie->reason)
			fail_msg("%s: %s: %lld received, %lld refused for this, %lld in all", lie->router, lie->what,
				 (long long)(after.received - before.received),
				 (long long)(after.reason - before.reason), (long long)(after.all - before.all));
	}
	assert_int_equal(n->n_news, news); /* nobody was obeyed */
	close(fds[0]);
	close(fds[1]);
}

/* ---- the rest ---- */

#define TEXT(j, key) json_string_value(json_object_get(j, key))

/* What is to be told of "vips" now. */
struct now {
	const char *state, *cause, *active, *why;
	int effective, transitions, received;
	size_t peers;
};

static void expect(struct node *n, const struct now *is, int64_t from)
{
	const json_t *r = told(n, "vips");

	assert_string_equal(TEXT(r, "interface"), "eth0");
	assert_string_equal(TEXT(r, "family"), "IPv4");
	assert_string_equal(TEXT(r, "address"), "10.77.0.1");
	assert_string_equal(TEXT(r, "state"), is->state);
	assert_string_equal(TEXT(r, "lastCause"), is->cause);
	assert_string_equal(TEXT(r, "active"), is->active);
	assert_string_equal(TEXT(r, "why"), is->why);
	assert_int_equal(told_number(r, "vrid"), 57);
	assert_int_equal(told_number(r, "version"), 3);
	assert_int_equal(told_number(r, "intervalMs"), INTERVAL_MS);
	assert_int_equal(told_number(r, "addresses"), 1);
	assert_int_equal(told_number(r, "advertised"), 1);
	assert_int_equal(told_number(r, "sendErrors"), 0);
	assert_int_equal(told_number(r, "priority"), 150);
	assert_int_equal(told_number(r, "effectivePriority"), is->effective);
	assert_int_equal(told_number(r, "transitions"), is->transitions);
	assert_int_equal(told_number(r, "received"), is->received);
	assert_int_equal(json_object_size(json_object_get(r, "refused")), 0);
	assert_int_equal(json_array_size(json_object_get(r, "peers")), is->peers);
	assert_in_range(told_number(r, "since"), from, clock_wall());
}

/* The third node as an Active of that priority, that comes each 3 s. */
static void say(struct lab *l, uint8_t priority)
{
	const struct lie right = {.router = "vips", .at = NOWHERE};
	struct forgery f = forged(&right);
	int fd;

	f.message[2] = priority;
	f.message[4] = 300 >> 8;
	f.message[5] = 300 & 0xff;
	enter(l->nodes[2].play.ns);
	fd = forge_open(AF_INET, "eth0");
	assert_true(forge_send(fd, &f));
	close(fd);
	enter(l->ns);
}

/* Advertisements on the wire since the last look. */
static unsigned advertisements(int fd)
{
	struct sockaddr_ll from;
	socklen_t from_len = sizeof(from);
	uint8_t p[2048];
	unsigned n = 0;

	while (recvfrom(fd, p, sizeof(p), 0, (struct sockaddr *)&from, &from_len) >= ETH_HLEN + 20) {
		n += from.sll_pkttype != PACKET_OUTGOING && p[ETH_HLEN + 9] == VRRP_PROTOCOL;
		from_len = sizeof(from);
	}
	return n;
}

struct wire {
	int fd;
	unsigned want, got;
};

static bool was_sent(struct lab *l, void *arg)
{
	struct wire *w = arg;

	w->got += advertisements(w->fd);
	return w->got >= w->want;
}

/* As many are counted as came out of the node's port; for a Backup, which sends no more. */
static void sent_is_right(struct lab *l, struct wire *w)
{
	w->want = (unsigned)told_number(told(&l->nodes[0], "vips"), "sent");
	assert_true(w->want > 0);
	UNTIL(l, was_sent, w);
	assert_int_equal(w->got, w->want);
	assert_true(mode_is(&l->nodes[0], "vips", FSM_BACKUP));
}

static void peer_is(struct node *n, int priority, nsec_t since)
{
	const json_t *p = json_array_get(json_object_get(told(n, "vips"), "peers"), 0);

	assert_string_equal(TEXT(p, "address"), "10.77.0.3");
	assert_int_equal(told_number(p, "priority"), priority);
	assert_in_range(told_number(p, "lastHeardMs"), 0, (clock_now() - since) / NSEC_PER_MSEC);
}

static void track_is(struct node *n, const char *state)
{
	const json_t *t = json_array_get(json_object_get(told(n, "vips"), "tracks"), 0);

	assert_string_equal(TEXT(t, "kind"), "interface");
	assert_string_equal(TEXT(t, "name"), "eth1");
	assert_string_equal(TEXT(t, "state"), state);
	assert_int_equal(told_number(t, "weight"), -60);
}

static void test_told(void **state)
{
	struct track eth1 = {.kind = TRACK_INTERFACE, .weight = -60, .name = "eth1"};
	struct router r = router("vips", 57, 150, INTERVAL_MS);
	struct wire wire = {.fd = tap("n0a")};
	int64_t begun = clock_wall(), moved;
	struct lab *l = *state;
	struct node *n = &l->nodes[0];
	nsec_t said;

	r.tracks = &eth1;
	r.n_tracks = 1;
	up(l, 0, r, "10.77.1.57");
	UNTIL(l, in_mode, MODE(0, "vips", FSM_ACTIVE));
	expect(n, &(struct now){"MASTER", "no Active was heard", "10.77.0.1", "", 150, 2, 0, 0}, begun);
	track_is(n, "up");
	IN(l, n, "ip link set eth1 down");
	UNTIL(l, has_priority, PRIORITY(90));
	expect(n, &(struct now){"MASTER", "no Active was heard", "10.77.0.1", "tracked", 90, 2, 0, 0}, begun);
	track_is(n, "down");
	IN(l, n, "ip link set eth1 up");
	UNTIL(l, has_priority, PRIORITY(150));
	moved = clock_wall();
	said = clock_now();
	say(l, 200);
	UNTIL(l, in_mode, MODE(0, "vips", FSM_BACKUP));
	expect(n, &(struct now){"BACKUP", "a better Active was heard", "10.77.0.3", "", 150, 3, 1, 1}, moved);
	peer_is(n, 200, said);
	sent_is_right(l, &wire);
	say(l, 0);
	UNTIL(l, in_mode, MODE(0, "vips", FSM_ACTIVE));
	expect(n, &(struct now){"MASTER", "the Active has stopped", "10.77.0.1", "", 150, 4, 2, 1}, moved);
	peer_is(n, 0, said);
	close(wire.fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {TEST(test_refused), TEST(test_told)};

	if (geteuid() != 0) {
		fprintf(stderr, "needs root\n");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
