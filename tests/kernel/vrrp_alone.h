/* One vrrp process against a real kernel, without virtual routers: this program plays supervisor, control and ipvs around it, in a network namespace of its
 * own with a veth pair (v0 holds VIPs, v1 hears what is announced). Everything waits on conditions: a slow machine passes. */
#ifndef VIPD_TESTS_VRRP_ALONE_H
#define VIPD_TESTS_VRRP_ALONE_H

#include "../../vrrp/arp.h"

#include "vrrp_stage.h"

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

static inline void hear(struct play *p, struct chan *c, struct msg *m)
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

static inline struct vip vip(const char *addr, const char *ifname)
{
	return vip_of(addr, ROUTER_NONE, ifname);
}

static inline int by_addr(const void *a, const void *b)
{
	return vip_cmp(a, b);
}

static inline void send_settings(struct chan *to, enum msg_type type, uint64_t generation,
				 const struct vip_settings *settings, struct vip *vips, size_t n)
{
	struct vip_picture p = {.settings = *settings, .vips = vips, .n = n};
	int fd;

	qsort(vips, n, sizeof(*vips), by_addr);
	fd = picture_fd(&p);
	assert_int_equal(chan_send(to, (uint16_t)type, generation, NULL, 0, fd), 0);
	close(fd);
}

static inline void send_picture(struct lab *l, struct chan *to, enum msg_type type, uint64_t generation,
				struct vip *vips, size_t n, uint32_t second_ms)
{
	const struct vip_settings settings = {.garp_count = 3, .garp_second_ms = second_ms};

	send_settings(to, type, generation, &settings, vips, n);
}

static inline void send_vips(struct lab *r, uint64_t generation, struct vip *vips, size_t n)
{
	send_picture(r, r->play.control, MSG_VIPS, generation, vips, n, 0);
}

static inline void send_rows(struct lab *r, uint64_t generation, const struct vip_row *rows, size_t n)
{
	char buf[1024];
	size_t done, len = vipwire_encode_rows(rows, n, buf, sizeof(buf), &done);

	assert_int_equal(done, n);
	assert_int_equal(chan_send(r->play.control, MSG_VIP_ROWS, generation, buf, len, -1), 0);
}

/* ---- what is so ---- */

static inline size_t addrs_on(const char *ifname)
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

static inline bool present(struct lab *r, void *arg)
{
	struct place *p = arg;

	return addr_stands(p->addr, p->ifname);
}

static inline bool absent(struct lab *r, void *arg)
{
	return !present(r, arg);
}

static inline bool acked(struct lab *r, void *arg)
{
	return r->heard.ack == *(uint64_t *)arg;
}
#define GEN(n) (&(uint64_t){n})

static inline bool is_ready(struct lab *r, void *arg)
{
	return r->play.ready;
}

/* A note with all of these words. */
struct words {
	const char *a, *b, *c;
};
#define NOTE(a, b, c) (&(struct words){a, b, c})

static inline bool noted(struct lab *r, void *arg)
{
	struct words *w = arg;

	for (size_t i = 0; i < r->heard.n_notes; i++)
		if (strstr(r->heard.notes[i], w->a) && strstr(r->heard.notes[i], w->b) &&
		    strstr(r->heard.notes[i], w->c))
			return true;
	return false;
}

static inline bool local_known(struct lab *r, void *arg)
{
	struct place *p = arg;
	struct addr a = address(p->addr);

	for (size_t i = 0; i < r->heard.n_locals; i++)
		if (addr_equal(&r->heard.locals[i].addr, &a) && strcmp(r->heard.locals[i].ifname, p->ifname) == 0)
			return true;
	return false;
}

static inline bool local_unknown(struct lab *r, void *arg)
{
	return !local_known(r, arg);
}

static const json_t *ask(struct lab *r, const char *what)
{
	return question(&r->play, MSG_ASK, what);
}

static inline json_int_t status(struct lab *r, const char *name)
{
	return json_integer_value(json_object_get(ask(r, "status"), name));
}

/* Frames announcing addr that v1 has heard and nobody has counted yet; other frames are dropped. Bytes are compared whole. */
struct listening {
	const char *addr;
	unsigned want, got;
	int fd; /* 0: the lab's */
};

static inline bool frames_heard(struct lab *r, void *arg)
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

static inline void learn_mac(struct lab *r)
{
	struct ifreq q = {.ifr_name = "v0"};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	assert_int_equal(ioctl(fd, SIOCGIFHWADDR, &q), 0);
	memcpy(r->mac, q.ifr_hwaddr.sa_data, MAC_LEN);
	close(fd);
}

static inline int set_up(void **state)
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
static inline void forget(struct lab *r)
{
	for (size_t i = 0; i < r->heard.n_notes; i++)
		free(r->heard.notes[i]);
	memset(&r->heard, 0, sizeof(r->heard));
	r->play.beats = false;
}

static inline void kill_it(struct lab *r)
{
	murder(&r->play);
	forget(r);
}

static inline int tear_down(void **state)
{
	struct lab *r = *state;

	kill_it(r);
	stage_close(&r->stage);
	close(r->packet_fd);
	free(r);
	return 0;
}

/* It left by itself; its exit code. */
static inline int exit_code(struct lab *r)
{
	UNTIL(r, is_gone, &r->play);
	reap(&r->play);
	forget(r);
	return r->play.code;
}

/* Running, and told of these VIPs. */
static inline void running_with(struct lab *r, const struct vip_settings *settings, struct vip *vips, size_t n)
{
	launch(&r->play);
	begin(&r->play, 0);
	programmed(&r->play);
	send_settings(r->play.control, MSG_VIPS, 1, settings, vips, n);
}

/* These are in place. */
static inline void running(struct lab *r, struct vip *vips, size_t n)
{
	running_with(r, &(struct vip_settings){.garp_count = 3}, vips, n);
	UNTIL(r, acked, GEN(1));
}

static inline bool have_dummy(void)
{
	return system("ip link add dprobe type dummy 2>/dev/null && ip link del dprobe") == 0;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

#endif
