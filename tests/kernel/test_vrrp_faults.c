/* What keepalived gets wrong, each kind of router in Active and Backup (vrrp_nodes.h): a refused advertisement postpones its own ones, an interval of 0 is obeyed,
 * a checksum without the pseudo-header is refused, an owner yields to another 255. A stranger on the link talks to two routers of a kind; one of the two, the
 * twin, is told only what is right. Exit 77: not root. */
#include "../../vrrp/packet.h"

#include "vrrp_nodes.h"

#undef PACKET_VERSION /* linux/if_packet.h has one, too */

/* What the stranger says: an advertisement of one address. */
struct word {
	const char *vip;
	uint8_t version, family, vrid, priority;
	uint16_t interval; /* as its field has it: seconds in version 2, hundredths in version 3 */
	enum vrrp_checksum how;
};

/* What is wrong with it. Whatever it is, the kernel lets it pass to the router. */
static const struct wrong {
	enum packet_reason reason;
	uint8_t version;  /* of this one only; 0: of both */
	uint8_t at, flip; /* bits of a byte, before the checksum is computed */
	int8_t longer;
	uint8_t spoil; /* added to the checksum */
	bool other;    /* the checksum has the pseudo-header where it must not, or the other way round */
	uint8_t hops;  /* fewer than 255 */
} wrongs[] = {
    {.reason = PACKET_CHECKSUM, .spoil = 1},
    {.reason = PACKET_CHECKSUM, .other = true},
    {.reason = PACKET_TTL, .hops = 1},
    {.reason = PACKET_VERSION, .at = 0, .flip = 0x70},
    {.reason = PACKET_TYPE, .at = 0, .flip = 0x03},
    {.reason = PACKET_SHORT, .at = 3, .flip = 0x08}, /* count beyond the end */
    {.reason = PACKET_SHORT, .longer = -3},
    {.reason = PACKET_TRAILING, .longer = 4},
    {.reason = PACKET_INTERVAL, .version = 2, .at = 5, .flip = 1}, /* 0 */
    {.reason = PACKET_INTERVAL, .version = 2, .at = 5, .flip = 3}, /* another than ours */
    {.reason = PACKET_INTERVAL, .version = 3, .at = 5, .flip = 100},
    {.reason = PACKET_AUTH_TYPE, .version = 2, .at = 4, .flip = 1},
};
static const struct wrong nothing;

enum { N_WRONGS = sizeof(wrongs) / sizeof(*wrongs), ROOM = 64 };

/* Version 3 over IPv4 is met with both checksums. */
static bool is_wrong(const struct word *m, const struct wrong *w)
{
	return (!w->version || w->version == m->version) && !(w->other && m->version == 3 && m->family == AF_INET);
}

static size_t compose(const struct word *m, const struct wrong *w, const struct addr *src, const struct addr *dst,
		      uint8_t p[ROOM])
{
	const struct addr vip = address(m->vip);
	size_t n = addr_len(&vip), len = 8 + n + (m->version == 2 ? 8 : 0) + (size_t)w->longer;
	bool pseudo = m->version == 3 && (m->family == AF_INET6 || m->how == CHECKSUM_PSEUDO);
	const uint8_t head[8] = {
	    (uint8_t)(m->version << 4 | 1), m->vrid, m->priority, 1, (uint8_t)(m->interval >> 8), (uint8_t)m->interval};
	uint32_t sum = 0;
	uint16_t folded;

	memset(p, 0, ROOM);
	memcpy(p, head, sizeof(head));
	memcpy(p + sizeof(head), vip.bytes, n);
	p[w->at] ^= w->flip;
	if (pseudo != w->other)
		sum = packet_sum(packet_sum((uint32_t)len + VRRP_PROTOCOL, src->bytes, n), dst->bytes, n);
	folded = (uint16_t)(packet_sum_fold(packet_sum(sum, p, len)) + w->spoil);
	p[6] = (uint8_t)(folded >> 8);
	p[7] = (uint8_t)folded;
	return len;
}

/* Sockets on the third node, of IPv4 and IPv6. */
struct stranger {
	int fds[2];
	uint32_t ifindex;
};

static struct stranger stranger(struct lab *l)
{
	struct stranger s;

	enter(l->nodes[2].play.ns);
	s.ifindex = if_nametoindex("eth0");
	for (int six = 0; six < 2; six++) {
		s.fds[six] = socket(six ? AF_INET6 : AF_INET, SOCK_RAW | SOCK_CLOEXEC, VRRP_PROTOCOL);
		assert_true(s.fds[six] >= 0);
		assert_int_equal(setsockopt(s.fds[six], SOL_SOCKET, SO_BINDTODEVICE, "eth0", 5), 0);
	}
	enter(l->ns);
	return s;
}

static void leave(struct stranger *s)
{
	close(s->fds[0]);
	close(s->fds[1]);
}

static void say(const struct stranger *s, const struct word *m, const struct wrong *w)
{
	bool six = m->family == AF_INET6;
	const struct addr src = address(six ? "fe80::77:3" : "10.77.0.3"),
			  dst = address(six ? "ff02::12" : "224.0.0.18");
	struct sockaddr_in to = {.sin_family = AF_INET};
	struct sockaddr_in6 to6 = {.sin6_family = AF_INET6, .sin6_scope_id = s->ifindex};
	int hops = 255 - w->hops;
	uint8_t p[ROOM];
	size_t len = compose(m, w, &src, &dst, p);

	memcpy(&to.sin_addr, dst.bytes, sizeof(to.sin_addr));
	memcpy(&to6.sin6_addr, dst.bytes, sizeof(to6.sin6_addr));
	setsockopt(s->fds[six], six ? IPPROTO_IPV6 : IPPROTO_IP, six ? IPV6_MULTICAST_HOPS : IP_MULTICAST_TTL, &hops,
		   sizeof(hops));
	sendto(s->fds[six], p, len, 0, six ? (struct sockaddr *)&to6 : (struct sockaddr *)&to,
	       six ? sizeof(to6) : sizeof(to));
}

static long long count_of(const json_t *refused, enum packet_reason reason)
{
	return json_integer_value(json_object_get(refused, packet_reason_name(reason)));
}

/* Each has a twin with the next VRID. VRIDs and addresses in this order, routers by name. */
static const struct kind {
	char name[2][ROUTER_NAME];
	struct word word;
} kinds[] = {
    {{"v2", "v2-twin"}, {"10.77.1.1", 2, AF_INET, 50, 255, 1, CHECKSUM_PSEUDO}},
    {{"v3", "v3-twin"}, {"10.77.1.3", 3, AF_INET, 52, 255, 100, CHECKSUM_PSEUDO}},
    {{"v3m", "v3m-twin"}, {"10.77.1.5", 3, AF_INET, 54, 255, 100, CHECKSUM_MESSAGE}},
    {{"v6", "v6-twin"}, {"fd00:77::1", 3, AF_INET6, 56, 255, 100, CHECKSUM_PSEUDO}},
};
enum { KINDS = sizeof(kinds) / sizeof(*kinds), VRIDS = 256 };

/* Between the stranger and these routers. */
struct talk {
	struct stranger who;
	bool to_twins;         /* the right ones */
	bool to_others;        /* the right ones */
	bool wrong;            /* to the others */
	uint8_t priorities[4]; /* of the right ones, by turns */
	unsigned turn;
	int tap; /* what the routers say: */
	unsigned heard[VRIDS];
	unsigned enough; /* of each twin */
	nsec_t first[VRIDS];
};

static void kinds_up(struct lab *l, uint8_t priority, uint32_t startup_delay_ms)
{
	struct node *n = &l->nodes[0];
	struct router routers[2 * KINDS];
	struct vip vips[2 * KINDS];

	for (size_t i = 0; i < 2 * KINDS; i++) {
		const struct word *m = &kinds[i / 2].word;

		routers[i] = router(kinds[i / 2].name[i % 2], (uint8_t)(m->vrid + i % 2), priority, 1000);
		routers[i].version = m->version;
		routers[i].family = m->family;
		routers[i].startup_delay_ms = startup_delay_ms;
		vips[i] = vip_of(m->vip, (uint16_t)i, "eth0");
		vips[i].addr.bytes[addr_len(&vips[i].addr) - 1] += i % 2;
	}
	node_start(n, 0);
	picture(n, 1, routers, 2 * KINDS, vips, 2 * KINDS);
	programmed(&n->play);
}

static void hear(struct talk *t)
{
	struct sockaddr_ll from;
	socklen_t from_len = sizeof(from);
	uint8_t p[2048];
	ssize_t len;

	while ((len = recvfrom(t->tap, p, sizeof(p), 0, (struct sockaddr *)&from, &from_len)) >= 0) {
		bool six = ntohs(from.sll_protocol) == ETH_P_IPV6;
		ssize_t at = ETH_HLEN + (six ? 40 : 20);

		from_len = sizeof(from);
		if (from.sll_pkttype == PACKET_OUTGOING || len < at + 8 || p[ETH_HLEN + (six ? 6 : 9)] != VRRP_PROTOCOL)
			continue;
		if (t->heard[p[at + 1]]++ == 0)
			t->first[p[at + 1]] = clock_now();
	}
}

static void forget(struct talk *t)
{
	hear(t);
	memset(t->heard, 0, sizeof(t->heard));
}

/* One turn of it. A twin is told after the other. */
static void speak(struct talk *t)
{
	const struct wrong *w = &wrongs[t->turn % N_WRONGS];

	t->turn++;
	for (size_t i = 0; i < KINDS; i++) {
		struct word m = kinds[i].word;

		m.priority = t->turn / N_WRONGS % 2 ? VRRP_PRIORITY_STOP : VRRP_PRIORITY_OWNER;
		if (t->wrong && is_wrong(&m, w))
			say(&t->who, &m, w);
		m.priority = t->priorities[t->turn % 4];
		if (t->to_others)
			say(&t->who, &m, &nothing);
		m.vrid++;
		if (t->to_twins)
			say(&t->who, &m, &nothing);
	}
	hear(t);
}

static bool all_are(struct lab *l, struct talk *t, enum fsm_mode mode)
{
	speak(t);
	for (size_t i = 0; i < 2 * KINDS; i++)
		if (!mode_is(&l->nodes[0], kinds[i / 2].name[i % 2], mode))
			return false;
	return true;
}

static bool all_active(struct lab *l, void *arg)
{
	return all_are(l, arg, FSM_ACTIVE);
}

static bool all_backup(struct lab *l, void *arg)
{
	return all_are(l, arg, FSM_BACKUP);
}

static bool goes_on(struct lab *l, void *arg)
{
	speak(arg);
	return false;
}

static bool twins_said_enough(struct lab *l, void *arg)
{
	struct talk *t = arg;

	speak(t);
	for (size_t i = 0; i < KINDS; i++)
		if (t->heard[kinds[i].word.vrid + 1] < t->enough)
			return false;
	return true;
}

static unsigned times(const struct node *n, const char *name, enum fsm_mode mode)
{
	unsigned count = 0;

	for (size_t i = 0; i < n->n_news; i++)
		count += strcmp(n->news[i].router, name) == 0 && n->news[i].mode == mode && n->news[i].before != mode;
	return count;
}

/* Whatever a slow machine does to it, it does to the twin. */
static void as_the_twins(const struct node *n, const struct talk *t)
{
	for (size_t i = 0; i < KINDS; i++) {
		const struct kind *k = &kinds[i];
		unsigned said = t->heard[k->word.vrid], twin = t->heard[k->word.vrid + 1];

		if (said + 1 < twin || said > twin + 1)
			fail_msg("%s said %u advertisements, its twin %u", k->name[0], said, twin);
		for (int m = 0; m < FSM_MODES; m++)
			if (times(n, k->name[0], (enum fsm_mode)m) > times(n, k->name[1], (enum fsm_mode)m))
				fail_msg("%s became %s, its twin did not", k->name[0], fsm_mode_name((enum fsm_mode)m));
	}
}

static const json_t *refused_by(const json_t *routers, const char *name)
{
	const json_t *r;
	size_t i;

	json_array_foreach(routers, i, r) if (strcmp(json_string_value(json_object_get(r, "name")), name) ==
					      0) return json_object_get(r, "refused");
	return NULL;
}

/* More of each than the last time. */
static void counted(struct node *n, long long before[KINDS][PACKET_REASONS])
{
	const json_t *routers = question(&n->play, MSG_ASK, "vrrp");

	for (size_t i = 0; i < KINDS; i++) {
		const json_t *refused = refused_by(routers, kinds[i].name[0]);

		assert_non_null(refused);
		for (int w = 0; w < N_WRONGS; w++)
			if (is_wrong(&kinds[i].word, &wrongs[w]) &&
			    count_of(refused, wrongs[w].reason) <= before[i][wrongs[w].reason])
				fail_msg("%s counted no '%s'", kinds[i].name[0], packet_reason_name(wrongs[w].reason));
		for (int r = 0; r < PACKET_REASONS; r++)
			before[i][r] = count_of(refused, (enum packet_reason)r);
	}
}

static struct talk talk_to(struct lab *l)
{
	return (struct talk){.who = stranger(l), .tap = tap("n0a"), .priorities = {255, 255, 255, 255}, .enough = 3};
}

static void talk_end(struct talk *t)
{
	leave(&t->who);
	close(t->tap);
}

/* What is refused neither delays an Active's advertisements nor a Backup's take-over, and changes no state. */
static void test_refused(void **state)
{
	long long before[KINDS][PACKET_REASONS] = {0};
	struct lab *l = *state;
	struct node *n = &l->nodes[0];
	struct talk t = talk_to(l);

	kinds_up(l, 254, 0);
	UNTIL(l, all_active, &t);
	t.wrong = true;
	forget(&t);
	UNTIL(l, twins_said_enough, &t);
	as_the_twins(n, &t);
	counted(n, before);
	/* What is right is obeyed, and goes on to be for longer than a down interval. */
	t.to_others = t.to_twins = true;
	UNTIL(l, all_backup, &t);
	forget(&t);
	wait_for(&l->stage, goes_on, &t, 3500 * NSEC_PER_MSEC);
	as_the_twins(n, &t);
	counted(n, before);
	t.to_others = t.to_twins = false;
	UNTIL(l, all_active, &t);
	t.enough = 1;
	UNTIL(l, twins_said_enough, &t);
	for (size_t i = 0; i < KINDS; i++)
		if (t.first[kinds[i].word.vrid] > t.first[kinds[i].word.vrid + 1] + 500 * NSEC_PER_MSEC)
			fail_msg("%s took over later than its twin", kinds[i].name[0]);
	as_the_twins(n, &t);
	counted(n, before);
	talk_end(&t);
}

/* Priority 255 listens to nobody, not to another 255 either: keepalived yields in version 2. */
static void test_owner(void **state)
{
	struct lab *l = *state;
	struct talk t = talk_to(l);

	t.to_others = true;
	t.priorities[1] = 254;
	kinds_up(l, 255, 300); /* it begins as Backup */
	UNTIL(l, all_active, &t);
	t.priorities[0] = VRRP_PRIORITY_STOP;
	forget(&t);
	UNTIL(l, twins_said_enough, &t);
	as_the_twins(&l->nodes[0], &t);
	assert_true(became(&l->nodes[0], FSM_BACKUP) >= 2 * KINDS);
	talk_end(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {TEST(test_refused), TEST(test_owner)};

	if (geteuid() != 0) {
		fprintf(stderr, "needs root\n");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
