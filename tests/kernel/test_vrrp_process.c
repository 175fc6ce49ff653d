/* The vrrp process against a real kernel: this program plays supervisor, control and ipvs around a forked vrrp_main, in a network namespace
 * of its own with a veth pair (v0 holds VIPs, v1 hears what is announced). Exit 77: not root. Without dummy devices the tests of vipd0 are skipped.
 * Everything waits on conditions: a slow machine passes. */
#include "../../vrrp/arp.h"
#include "../../vrrp/cleanup.h"
#include "../../vrrp/rtnl.h"

#include "vrrp_stage.h"

#include <sys/file.h>
#include <sys/ioctl.h>

enum { NOTES_MAX = 64 };

/* What came from the process under test. */
struct heard {
	uint64_t ack;
	struct msg_ack ack_counts;
	unsigned acks, keeps, keep_rows, locals_msgs;
	struct local_addr locals[64];
	size_t n_locals;
	char *notes[NOTES_MAX];
	size_t n_notes;
};

struct lab {
	struct stage stage;
	struct play play;
	int packet_fd;
	uint8_t mac[MAC_LEN];
	struct heard heard;
};

/* ---- playing the others ---- */

static void hear(struct play *p, struct chan *c, struct msg *m)
{
	struct heard *h = &p->stage->lab->heard;

	switch (m->type) {
	case MSG_KEEP:
		h->keeps++;
		break;
	case MSG_KEEP_ROWS:
		h->keep_rows++;
		break;
	case MSG_ACK:
		assert_int_equal(m->len, sizeof(h->ack_counts));
		memcpy(&h->ack_counts, m->payload, m->len);
		h->ack = m->generation;
		h->acks++;
		break;
	case MSG_NOTE:
		if (h->n_notes < NOTES_MAX) {
			h->notes[h->n_notes] = xmalloc(m->len + 1);
			memcpy(h->notes[h->n_notes], m->payload, m->len);
			h->notes[h->n_notes++][m->len] = '\0';
		}
		break;
	case MSG_LOCALS:
		h->n_locals = m->len / sizeof(*h->locals);
		assert_in_range(h->n_locals, 0, 64);
		memcpy(h->locals, m->payload, m->len);
		h->locals_msgs++;
		break;
	default:
		break;
	}
}

static struct vip vip(const char *addr, const char *ifname)
{
	return vip_of(addr, ROUTER_NONE, ifname);
}

static int by_addr(const void *a, const void *b)
{
	return vip_cmp(a, b);
}

static void send_picture(struct lab *l, struct chan *to, enum msg_type type, uint64_t generation, struct vip *vips,
			 size_t n, uint32_t second_ms)
{
	struct vip_picture p = {.settings = {.garp_count = 3, .garp_second_ms = second_ms}, .vips = vips, .n = n};
	int fd;

	qsort(vips, n, sizeof(*vips), by_addr);
	fd = picture_fd(&p);
	assert_int_equal(chan_send(to, (uint16_t)type, generation, NULL, 0, fd), 0);
	close(fd);
}

static void send_vips(struct lab *r, uint64_t generation, struct vip *vips, size_t n)
{
	send_picture(r, r->play.control, MSG_VIPS, generation, vips, n, 0);
}

static void send_rows(struct lab *r, uint64_t generation, const struct vip_row *rows, size_t n)
{
	char buf[1024];
	size_t done, len = vipwire_encode_rows(rows, n, buf, sizeof(buf), &done);

	assert_int_equal(done, n);
	assert_int_equal(chan_send(r->play.control, MSG_VIP_ROWS, generation, buf, len, -1), 0);
}

/* ---- what is so ---- */

static size_t addrs_on(const char *ifname)
{
	struct ifaddrs *all, *i;
	size_t n = 0;

	assert_int_equal(getifaddrs(&all), 0);
	for (i = all; i; i = i->ifa_next)
		if (i->ifa_addr && strcmp(i->ifa_name, ifname) == 0 && i->ifa_addr->sa_family == AF_INET)
			n++;
	freeifaddrs(all);
	return n;
}

struct place {
	const char *addr, *ifname;
};
#define AT(a, i) (&(struct place){a, i})

static bool present(struct lab *r, void *arg)
{
	struct place *p = arg;

	return addr_stands(p->addr, p->ifname);
}

static bool absent(struct lab *r, void *arg)
{
	return !present(r, arg);
}

static bool acked(struct lab *r, void *arg)
{
	return r->heard.ack == *(uint64_t *)arg;
}
#define GEN(n) (&(uint64_t){n})

static bool is_ready(struct lab *r, void *arg)
{
	return r->play.ready;
}

/* A note with all of these words. */
struct words {
	const char *a, *b, *c;
};
#define NOTE(a, b, c) (&(struct words){a, b, c})

static bool noted(struct lab *r, void *arg)
{
	struct words *w = arg;

	for (size_t i = 0; i < r->heard.n_notes; i++)
		if (strstr(r->heard.notes[i], w->a) && strstr(r->heard.notes[i], w->b) &&
		    strstr(r->heard.notes[i], w->c))
			return true;
	return false;
}

static bool local_known(struct lab *r, void *arg)
{
	struct place *p = arg;
	struct addr a = address(p->addr);

	for (size_t i = 0; i < r->heard.n_locals; i++)
		if (addr_equal(&r->heard.locals[i].addr, &a) && strcmp(r->heard.locals[i].ifname, p->ifname) == 0)
			return true;
	return false;
}

static bool local_unknown(struct lab *r, void *arg)
{
	return !local_known(r, arg);
}

static const json_t *ask(struct lab *r, const char *what)
{
	return question(&r->play, MSG_ASK, what);
}

static json_int_t status(struct lab *r, const char *name)
{
	return json_integer_value(json_object_get(ask(r, "status"), name));
}

/* Frames announcing addr that v1 has heard and nobody has counted yet; other frames are dropped. Bytes are compared whole. */
struct listening {
	const char *addr;
	unsigned want, got;
	int fd; /* 0: the lab's */
};

static bool frames_heard(struct lab *r, void *arg)
{
	struct listening *l = arg;
	uint8_t want[ANNOUNCE_FRAME], got[2048];
	struct addr a = address(l->addr);
	size_t len;
	ssize_t n;

	len = arp_announce(&a, r->mac, want);
	while ((n = recv(l->fd ? l->fd : r->packet_fd, got, sizeof(got), MSG_DONTWAIT)) >= 0)
		if ((size_t)n >= len && memcmp(got, want, len) == 0)
			l->got++;
	return l->got >= l->want;
}

/* ---- a namespace for each test ---- */

static void learn_mac(struct lab *r)
{
	struct ifreq q = {.ifr_name = "v0"};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	assert_int_equal(ioctl(fd, SIOCGIFHWADDR, &q), 0);
	memcpy(r->mac, q.ifr_hwaddr.sa_data, MAC_LEN);
	close(fd);
}

static int set_up(void **state)
{
	struct lab *r = xcalloc(1, sizeof(*r));

	if (unshare(CLONE_NEWNET) < 0)
		return -1;
	sh("ip link set lo up; ip link add v0 type veth peer name v1; ip link set v0 up; ip link set v1 up; "
	   "ip addr add 172.17.0.31/24 dev v0");
	stage_open(&r->stage, r);
	stage_add(&r->stage, &r->play, hear);
	learn_mac(r);
	r->packet_fd = tap("v1");
	*state = r;
	return 0;
}

/* The process is no more: what it said is forgotten. */
static void forget(struct lab *r)
{
	for (size_t i = 0; i < r->heard.n_notes; i++)
		free(r->heard.notes[i]);
	memset(&r->heard, 0, sizeof(r->heard));
	r->play.beats = false;
}

static void kill_it(struct lab *r)
{
	murder(&r->play);
	forget(r);
}

static int tear_down(void **state)
{
	struct lab *r = *state;

	kill_it(r);
	stage_close(&r->stage);
	close(r->packet_fd);
	free(r);
	return 0;
}

/* It left by itself; its exit code. */
static int exit_code(struct lab *r)
{
	UNTIL(r, is_gone, &r->play);
	reap(&r->play);
	forget(r);
	return r->play.code;
}

/* Running with these VIPs in place. */
static void running(struct lab *r, struct vip *vips, size_t n)
{
	launch(&r->play);
	begin(&r->play, 0);
	programmed(&r->play);
	send_vips(r, 1, vips, n);
	UNTIL(r, acked, GEN(1));
}

static bool have_dummy(void)
{
	return system("ip link add dprobe type dummy 2>/dev/null && ip link del dprobe") == 0;
}

/* ---- the tests ---- */

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

static void test_bursts(void **state)
{
	struct vip vips[] = {vip("10.10.0.1", "v0")};
	struct lab *r = *state;
	struct listening arp = {"10.10.0.1", 6, 0, 0};

	launch(&r->play);
	begin(&r->play, 0);
	programmed(&r->play);
	send_picture(r, r->play.control, MSG_VIPS, 1, vips, 1, 50);
	UNTIL(r, frames_heard, &arp);
	assert_int_equal(arp.got, 6);
	assert_int_equal(status(r, "framesSent"), 6);
}

/* Frames keep their distance, on an interface. */
static void test_paced(void **state)
{
	enum { INTERVAL_MS = 20, FRAMES = 6 };
	struct vip vips[] = {vip("10.10.0.1", "v0"), vip("10.10.0.2", "v0")};
	struct vip_picture p = {.settings = {.garp_count = 3, .garp_interval_ms = INTERVAL_MS}, .vips = vips, .n = 2};
	struct lab *r = *state;
	struct listening one = {"10.10.0.1", 3, 0, 0}, two = {"10.10.0.2", 3, 0, tap("v1")};
	int fd = picture_fd(&p);
	nsec_t begun;

	launch(&r->play);
	begin(&r->play, 0);
	programmed(&r->play);
	begun = clock_now();
	assert_int_equal(chan_send(r->play.control, MSG_VIPS, 1, NULL, 0, fd), 0);
	close(fd);
	UNTIL(r, frames_heard, &one);
	UNTIL(r, frames_heard, &two);
	assert_true(clock_now() - begun >= (FRAMES - 1) * INTERVAL_MS * NSEC_PER_MSEC);
	assert_int_equal(status(r, "framesSent"), FRAMES);
	close(two.fd);
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

static bool has_no_carrier(struct lab *r, void *arg)
{
	struct ifreq q = {.ifr_name = "v0"};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	assert_int_equal(ioctl(fd, SIOCGIFFLAGS, &q), 0);
	close(fd);
	return !(q.ifr_flags & IFF_RUNNING);
}

/* The switch's cable is pulled and put back: the neighbours are told again. */
static void test_carrier(void **state)
{
	struct vip vips[] = {vip("10.10.0.1", "v0")};
	struct lab *r = *state;
	struct listening first = {"10.10.0.1", 3, 0, 0}, again = {"10.10.0.1", 1, 0, 0};

	running(r, vips, 1);
	UNTIL(r, frames_heard, &first);
	sh("ip link set v1 down");
	UNTIL(r, has_no_carrier, NULL); /* the kernel gathers changes of carrier */
	sh("ip link set v1 up");
	UNTIL(r, frames_heard, &again);
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
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	    TEST(test_gate),
	    TEST(test_bursts),
	    TEST(test_rows),
	    TEST(test_paced),
	    TEST(test_restore),
	    TEST(test_promoted),
	    TEST(test_restart),
	    TEST(test_restart_unknown),
	    TEST(test_restart_unrouted),
	    TEST(test_cluster_unrouted),
	    TEST(test_foreign),
	    TEST(test_interfaces),
	    TEST(test_carrier),
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
	};

	if (geteuid() != 0)
		return 77;
	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
