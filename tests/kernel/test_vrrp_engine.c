/* Virtual routers against a real kernel: vrrp processes in network namespaces of their own, joined by bridges; this program plays supervisor, control
 * and ipvs of each. Exit 77: not root. Everything waits on conditions: a slow machine passes. */
#include "../../src/base/arena.h"
#include "../../src/base/child.h"
#include "../../src/base/memfd.h"
#include "../../src/base/vipwire.h"
#include "../../vrrp/fsm.h"
#include "../../vrrp/packet.h"

#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <jansson.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { NODES = 3, ROUTERS = 4, LOOK_MS = 5, NEWS_MAX = 64 };

#define WITHIN (30 * NSEC_PER_SEC)

struct lab;

/* One load balancer. */
struct node {
	struct lab *lab;
	int number;
	int ns, own_fd, mem_fd, lock_fd;
	pid_t pid;
	struct chan *supervisor, *control, *ipvs;
	bool ready, gone, beats; /* beats: its ipvs says each second that the table is there */
	nsec_t beat_at;
	bool programs; /* its ipvs programs what waits as soon as a router is Active */
	int code;
	struct msg_role news[NEWS_MAX]; /* every MSG_ROLE that control got */
	nsec_t heard_at[NEWS_MAX];
	size_t n_news;
	json_t *answer;
	uint64_t asked, answered;
	int kept; /* the picture to start again with */
};

struct lab {
	struct loop *loop;
	struct loop_timer *look;
	int ns; /* of the bridges */
	struct node nodes[NODES];
	char dir[64];
	bool (*until)(struct lab *l, void *arg);
	void *until_arg;
	nsec_t deadline;
};

static void sh(const char *fmt, ...)
{
	char command[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(command, sizeof(command), fmt, ap);
	va_end(ap);
	if (system(command) != 0)
		fail_msg("failed: %s", command);
}

static void enter(int ns)
{
	assert_int_equal(setns(ns, CLONE_NEWNET), 0);
}

static int ns_new(void)
{
	int fd;

	assert_int_equal(unshare(CLONE_NEWNET), 0);
	fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

#define IN(l, n, ...)                                                                                                  \
	do {                                                                                                           \
		enter((n)->ns);                                                                                        \
		sh(__VA_ARGS__);                                                                                       \
		enter((l)->ns);                                                                                        \
	} while (0)

/* ---- playing the others ---- */

static void hear(struct node *n, struct msg *m)
{
	const void *bytes;
	size_t len;

	switch (m->type) {
	case MSG_READY:
		n->ready = true;
		break;
	case MSG_ROLE:
		assert_int_equal(m->len, sizeof(n->news[0]));
		if (n->n_news == NEWS_MAX)
			break;
		n->heard_at[n->n_news] = clock_now();
		memcpy(&n->news[n->n_news++], m->payload, m->len);
		break;
	case MSG_ANSWER:
		assert_int_equal(memfd_map(m->fd, &bytes, &len), 0);
		json_decref(n->answer);
		n->answer = json_loadb(bytes, len, 0, NULL);
		n->answered = m->generation;
		memfd_unmap(bytes, len);
		break;
	default:
		break;
	}
}

static void on_msg(void *arg, struct chan *c, struct msg *m)
{
	struct node *n = arg;

	if (c != n->ipvs)
		hear(n, m);
	else if (n->programs && m->type == MSG_ROLE && ((const struct msg_role *)m->payload)->mode == FSM_ACTIVE)
		assert_int_equal(chan_send(n->ipvs, MSG_WAITING, 1, NULL, 0, -1), 0);
	if (m->fd >= 0)
		close(m->fd);
}

static void on_close(void *arg, struct chan *c)
{
	struct node *n = arg;

	if (c == n->supervisor) {
		n->supervisor = NULL;
		n->gone = true;
	} else if (c == n->control) {
		n->control = NULL;
	} else {
		n->ipvs = NULL;
	}
	chan_free(c);
}

static void programmed(struct node *n)
{
	const struct msg_programmed m = {.ready = 1};

	n->beats = true;
	n->beat_at = clock_now();
	assert_int_equal(chan_send(n->ipvs, MSG_PROGRAMMED, 1, &m, sizeof(m), -1), 0);
}

static void on_look(void *arg)
{
	struct lab *l = arg;

	for (int i = 0; i < NODES; i++) {
		struct node *n = &l->nodes[i];

		if (n->beats && n->ipvs && clock_now() - n->beat_at >= NSEC_PER_SEC)
			programmed(n);
	}
	if (l->until(l, l->until_arg))
		loop_stop(l->loop, 1);
	else if (clock_now() >= l->deadline)
		loop_stop(l->loop, 0);
	else
		loop_timer_set(l->look, LOOK_MS * NSEC_PER_MSEC);
}

static bool wait_for(struct lab *l, bool (*holds)(struct lab *l, void *arg), void *arg, nsec_t within)
{
	l->until = holds;
	l->until_arg = arg;
	l->deadline = clock_now() + within;
	loop_timer_set(l->look, 0);
	return loop_run(l->loop) == 1;
}

#define UNTIL(l, holds, arg)                                                                                           \
	do {                                                                                                           \
		if (!wait_for(l, holds, arg, WITHIN))                                                                  \
			fail_msg("not within 30 s: %s(%s)", #holds, #arg);                                             \
	} while (0)

static bool never(struct lab *l, void *arg)
{
	return false;
}

static void pass(struct lab *l, int ms)
{
	wait_for(l, never, NULL, ms * NSEC_PER_MSEC);
}

static struct chan *give_peer(struct node *n, enum role role)
{
	uint32_t who = role;
	int fds[2];

	assert_int_equal(chan_pair(fds), 0);
	assert_int_equal(chan_send(n->supervisor, MSG_PEER, 0, &who, sizeof(who), fds[1]), 0);
	close(fds[1]);
	return chan_new(n->lab->loop, fds[0], on_msg, on_close, n);
}

static void vrrp_run(struct node *n, int fd)
{
	struct places places = {.run_dir = n->lab->dir, .scripts_dir = n->lab->dir};
	struct role_env env = {.places = &places,
			       .own_fd = n->own_fd,
			       .listen_fd = -1,
			       .state_fd = -1,
			       .mem_fd = n->mem_fd,
			       .lock_fd = n->lock_fd};
	struct child *c;
	int code;

	enter(n->ns);
	c = child_new(ROLE_VRRP, fd);
	code = vrrp_main(c, &env);
	child_free(c);
	_exit(code);
}

static void launch(struct node *n, uint32_t restarted)
{
	int fds[2];

	n->ready = n->gone = false;
	assert_int_equal(chan_pair(fds), 0);
	n->pid = fork();
	assert_true(n->pid >= 0);
	if (n->pid == 0) {
		close(fds[0]);
		vrrp_run(n, fds[1]);
	}
	close(fds[1]);
	n->supervisor = chan_new(n->lab->loop, fds[0], on_msg, on_close, n);
	n->control = give_peer(n, ROLE_CONTROL);
	n->ipvs = give_peer(n, ROLE_IPVS);
	if (n->kept >= 0)
		assert_int_equal(chan_send(n->supervisor, MSG_KEPT, 1, NULL, 0, n->kept), 0);
	assert_int_equal(chan_send(n->supervisor, MSG_START, 0, &restarted, sizeof(restarted), -1), 0);
}

static void order(struct node *n, enum msg_type type)
{
	assert_int_equal(chan_send(n->supervisor, (uint16_t)type, 0, NULL, 0, -1), 0);
}

static void reap(struct node *n)
{
	int status;

	if (n->pid <= 0)
		return;
	assert_int_equal(waitpid(n->pid, &status, 0), n->pid);
	n->code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	n->pid = 0;
	chan_free(n->supervisor);
	chan_free(n->control);
	chan_free(n->ipvs);
	n->supervisor = n->control = n->ipvs = NULL;
}

static void murder(struct node *n)
{
	if (n->pid <= 0)
		return;
	kill(n->pid, SIGKILL);
	reap(n);
}

/* ---- pictures ---- */

static struct addr address(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(text, &a), 0);
	return a;
}

static struct router router(const char *name, uint8_t vrid, uint8_t priority, uint32_t interval_ms)
{
	struct router r = {.family = AF_INET,
			   .vrid = vrid,
			   .version = 3,
			   .priority = priority,
			   .interval_ms = interval_ms,
			   .preempt = true,
			   .accept = true};

	strcpy(r.name, name);
	strcpy(r.ifname, "eth0");
	return r;
}

static struct vip vip(const char *text, uint16_t of, const char *ifname)
{
	struct vip v = {.addr = address(text), .kind = VIP_CLIENT, .router = of};

	v.bits = (uint8_t)addr_bits(&v.addr);
	strcpy(v.ifname, ifname);
	return v;
}

static void picture(struct node *n, uint64_t generation, struct router *routers, size_t n_routers, struct vip *vips,
		    size_t n_vips)
{
	struct vip_picture p = {.settings = {.garp_count = 2, .ready_timeout_ms = 20000},
				.routers = routers,
				.n_routers = n_routers,
				.vips = vips,
				.n = n_vips};
	size_t len;
	void *bytes = vipwire_encode_picture(&p, &len);
	int fd = memfd_sealed("vips", bytes, len);

	free(bytes);
	assert_true(fd >= 0);
	assert_int_equal(chan_send(n->control, MSG_VIPS, generation, NULL, 0, fd), 0);
	if (n->kept >= 0)
		close(n->kept);
	n->kept = fd;
}

static struct node *up(struct lab *l, int i, struct router r, const char *address_text)
{
	struct node *n = &l->nodes[i];
	struct vip v = vip(address_text, 0, r.ifname);

	launch(n, 0);
	picture(n, 1, &r, 1, &v, 1);
	programmed(n);
	return n;
}

/* ---- what is so ---- */

static bool addr_is_on(struct node *n, const char *text)
{
	struct addr want = address(text), is;
	struct ifaddrs *all, *i;
	bool found = false;

	enter(n->ns);
	assert_int_equal(getifaddrs(&all), 0);
	enter(n->lab->ns);
	for (i = all; i && !found; i = i->ifa_next) {
		if (!i->ifa_addr || i->ifa_addr->sa_family != want.family)
			continue;
		is = want.family == AF_INET
			 ? addr_from_bytes(AF_INET, &((const struct sockaddr_in *)(const void *)i->ifa_addr)->sin_addr)
			 : addr_from_bytes(AF_INET6,
					   &((const struct sockaddr_in6 *)(const void *)i->ifa_addr)->sin6_addr);
		found = addr_equal(&is, &want);
	}
	freeifaddrs(all);
	return found;
}

/* The last that is known of a router; NULL if nothing is. */
static const struct msg_role *role_of(const struct node *n, const char *name)
{
	for (size_t i = n->n_news; i-- > 0;)
		if (strcmp(n->news[i].router, name) == 0)
			return &n->news[i];
	return NULL;
}

static bool mode_is(const struct node *n, const char *name, enum fsm_mode mode)
{
	const struct msg_role *r = role_of(n, name);

	return r && r->mode == mode;
}

static size_t became(const struct node *n, enum fsm_mode mode)
{
	size_t count = 0;

	for (size_t i = 0; i < n->n_news; i++)
		count += n->news[i].mode == mode && n->news[i].before != mode;
	return count;
}

static bool has_cause(const struct node *n, const char *cause)
{
	for (size_t i = 0; i < n->n_news; i++)
		if (strcmp(n->news[i].cause, cause) == 0)
			return true;
	return false;
}

/* node ACTIVE has the address and all others have not, and say so. */
struct owner {
	int node;
	const char *addr;
};
#define OWNER(i, a) (&(struct owner){i, a})

static bool owns(struct lab *l, void *arg)
{
	const struct owner *o = arg;

	for (int i = 0; i < NODES; i++) {
		struct node *n = &l->nodes[i];
		bool mine = i == o->node;

		if (n->pid <= 0)
			continue;
		if (addr_is_on(n, o->addr) != mine || mode_is(n, "vips", FSM_ACTIVE) != mine)
			return false;
	}
	return true;
}

static bool is_on(struct lab *l, void *arg)
{
	const struct owner *o = arg;

	return addr_is_on(&l->nodes[o->node], o->addr);
}

static bool is_off(struct lab *l, void *arg)
{
	return !is_on(l, arg);
}

static bool is_gone(struct lab *l, void *arg)
{
	return ((struct node *)arg)->gone;
}

static bool is_answered(struct lab *l, void *arg)
{
	const struct node *n = arg;

	return n->answered == n->asked;
}

static json_t *ask(struct node *n, uint16_t type, const char *text)
{
	n->asked++;
	assert_int_equal(chan_send(n->control, type, n->asked, text, strlen(text), -1), 0);
	UNTIL(n->lab, is_answered, n);
	assert_non_null(n->answer);
	return n->answer;
}

struct modes {
	int node;
	const char *name;
	enum fsm_mode mode;
};
#define MODE(i, n, m) (&(struct modes){i, n, m})

static bool in_mode(struct lab *l, void *arg)
{
	const struct modes *m = arg;

	return mode_is(&l->nodes[m->node], m->name, m->mode);
}

static void quit(struct node *n)
{
	if (n->pid <= 0)
		return;
	order(n, MSG_STOP);
	UNTIL(n->lab, is_gone, n);
	reap(n);
	assert_int_equal(n->code, 0);
}

/* ---- tests ---- */

static const char *const VIP = "10.77.1.1";

static void test_election(void **state)
{
	struct lab *l = *state;

	up(l, 0, router("vips", 50, 150, 200), VIP);
	up(l, 1, router("vips", 50, 100, 200), VIP);
	up(l, 2, router("vips", 50, 120, 200), VIP);
	UNTIL(l, owns, OWNER(0, VIP));
	/* Its address goes only when the next one is heard. */
	order(&l->nodes[0], MSG_STOP);
	UNTIL(l, is_gone, &l->nodes[0]);
	reap(&l->nodes[0]);
	assert_int_equal(l->nodes[0].code, 0);
	assert_true(has_cause(&l->nodes[0], "stop; the successor has taken over"));
	assert_false(addr_is_on(&l->nodes[0], VIP));
	UNTIL(l, owns, OWNER(2, VIP));
	assert_true(has_cause(&l->nodes[2], "the Active has stopped"));
	quit(&l->nodes[2]);
	UNTIL(l, owns, OWNER(1, VIP));
	quit(&l->nodes[1]);
	assert_true(has_cause(&l->nodes[1], "stop; no successor was heard"));
	assert_false(addr_is_on(&l->nodes[1], VIP));
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
	murder(&l->nodes[0]);
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
	murder(&l->nodes[0]);
	assert_true(addr_is_on(&l->nodes[0], VIP));
	l->nodes[0].n_news = 0;
	launch(&l->nodes[0], 1);
	UNTIL(l, in_mode, MODE(0, "vips", FSM_ACTIVE));
	assert_true(has_cause(&l->nodes[0], "taken up again after a restart"));
	programmed(&l->nodes[0]);
	pass(l, 300);
	assert_true(addr_is_on(&l->nodes[0], VIP));
	assert_int_equal(l->nodes[1].n_news, transitions);
}

/* It comes back when somebody else may have taken over: its addresses go before it does anything. */
static void test_late_restart(void **state)
{
	struct lab *l = *state;

	up(l, 0, router("vips", 50, 150, 100), VIP);
	UNTIL(l, owns, OWNER(0, VIP));
	murder(&l->nodes[0]);
	assert_true(addr_is_on(&l->nodes[0], VIP));
	pass(l, 600);
	l->nodes[0].n_news = 0;
	launch(&l->nodes[0], 1);
	UNTIL(l, is_off, OWNER(0, VIP));
	assert_int_equal(became(&l->nodes[0], FSM_ACTIVE), 0); /* the gate is closed */
	programmed(&l->nodes[0]);
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
	quit(&l->nodes[0]);
	UNTIL(l, owns, OWNER(1, VIP));
	better.preempt = false;
	l->nodes[0].n_news = 0;
	up(l, 0, better, VIP);
	UNTIL(l, in_mode, MODE(0, "vips", FSM_BACKUP));
	pass(l, 1500);
	assert_true(owns(l, OWNER(1, VIP)));
}

/* All that comes out of a port of the lab's switches. */
static int tap(const char *port)
{
	struct sockaddr_ll at = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	at.sll_ifindex = (int)if_nametoindex(port);
	assert_int_equal(bind(fd, (const struct sockaddr *)&at, sizeof(at)), 0);
	return fd;
}

/* Of what fd has heard: a gratuitous ARP for VIP, an advertisement, anything else. */
static char tapped(const uint8_t *p, ssize_t len, const struct sockaddr_ll *from)
{
	static const uint8_t vip_bytes[4] = {10, 77, 1, 1};

	if (len < ETH_HLEN + 28 || from->sll_pkttype == PACKET_OUTGOING)
		return 0;
	if (ntohs(from->sll_protocol) == ETH_P_ARP && memcmp(p + ETH_HLEN + 14, vip_bytes, 4) == 0)
		return 'a';
	return ntohs(from->sll_protocol) == ETH_P_IP && p[ETH_HLEN + 9] == VRRP_PROTOCOL ? 'v' : 0;
}

/* The neighbours know of a new Active before the former one does. */
static void test_order(void **state)
{
	struct lab *l = *state;
	struct sockaddr_ll from;
	socklen_t from_len = sizeof(from);
	char order[3] = {0};
	uint8_t p[2048];
	ssize_t len;
	int fd;

	up(l, 1, router("vips", 50, 100, 200), VIP);
	UNTIL(l, owns, OWNER(1, VIP));
	fd = tap("n0a");
	up(l, 0, router("vips", 50, 150, 200), VIP);
	UNTIL(l, owns, OWNER(0, VIP));
	while ((len = recvfrom(fd, p, sizeof(p), 0, (struct sockaddr *)&from, &from_len)) >= 0) {
		char what = tapped(p, len, &from);

		if (what && strlen(order) < 2)
			order[strlen(order)] = what;
		from_len = sizeof(from);
	}
	close(fd);
	assert_string_equal(order, "av");
}

static void test_priority(void **state)
{
	struct lab *l = *state;
	struct router r = router("vips", 50, 150, 200);
	struct vip vips[] = {vip(VIP, 0, "eth0"), vip("10.77.1.2", 0, "eth0")};

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
	UNTIL(l, is_off, OWNER(0, VIP));
	UNTIL(l, in_mode, MODE(1, "vips", FSM_ACTIVE));
	assert_int_equal(role_of(&l->nodes[0], "vips")->gone, 1);
}

static void test_failover(void **state)
{
	struct lab *l = *state;
	const json_t *a;

	up(l, 0, router("vips", 50, 150, 200), VIP);
	UNTIL(l, owns, OWNER(0, VIP));
	a = json_array_get(json_object_get(ask(&l->nodes[0], MSG_FAILOVER, ""), "routers"), 0);
	assert_string_equal(json_string_value(json_object_get(a, "result")), "kept");
	assert_true(owns(l, OWNER(0, VIP)));
	up(l, 1, router("vips", 50, 100, 200), VIP);
	UNTIL(l, in_mode, MODE(1, "vips", FSM_BACKUP));
	a = json_array_get(json_object_get(ask(&l->nodes[0], MSG_FAILOVER, "vips"), "routers"), 0);
	assert_string_equal(json_string_value(json_object_get(a, "result")), "handed over");
	assert_string_equal(json_string_value(json_object_get(a, "to")), "10.77.0.2");
	assert_true(json_real_value(json_object_get(a, "afterMs")) > 0);
	UNTIL(l, owns, OWNER(1, VIP));
	/* It does not take it back, though it is the better one. */
	pass(l, 1000);
	assert_true(owns(l, OWNER(1, VIP)));
	a = json_array_get(json_object_get(ask(&l->nodes[0], MSG_FAILOVER, ""), "routers"), 0);
	assert_string_equal(json_string_value(json_object_get(a, "result")), "not active");
	assert_non_null(json_object_get(ask(&l->nodes[0], MSG_FAILOVER, "nobody"), "error"));
	/* Until that one is gone. */
	murder(&l->nodes[1]);
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
	assert_true(addr_is_on(&l->nodes[0], VIP));
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

/* Stopped for longer than its peers wait: it must not say a word as Active when it goes on. */
static void test_stall(void **state)
{
	struct lab *l = *state;

	up(l, 0, router("vips", 50, 150, 200), VIP);
	up(l, 1, router("vips", 50, 100, 200), VIP);
	UNTIL(l, owns, OWNER(0, VIP));
	kill(l->nodes[0].pid, SIGSTOP);
	UNTIL(l, in_mode, MODE(1, "vips", FSM_ACTIVE));
	pass(l, 500);
	l->nodes[0].n_news = 0;
	kill(l->nodes[0].pid, SIGCONT);
	UNTIL(l, in_mode, MODE(0, "vips", FSM_BACKUP));
	assert_true(has_cause(&l->nodes[0], "the process was stalled"));
	UNTIL(l, owns, OWNER(0, VIP));
}

static void test_gate(void **state)
{
	struct lab *l = *state;
	struct node *n = &l->nodes[0];
	struct router r = router("vips", 50, 150, 100);
	struct vip v = vip(VIP, 0, "eth0");
	const struct msg_programmed empty = {.why = "it is empty"};

	launch(n, 0);
	picture(n, 1, &r, 1, &v, 1);
	assert_int_equal(chan_send(n->ipvs, MSG_PROGRAMMED, 1, &empty, sizeof(empty), -1), 0);
	pass(l, 1000);
	assert_int_equal(became(n, FSM_ACTIVE) + became(n, FSM_BACKUP), 0);
	programmed(n);
	UNTIL(l, owns, OWNER(0, VIP));
	assert_int_equal(role_of(n, "vips")->priority, 150);
	/* The ipvs process hangs. */
	n->beats = false;
	pass(l, 5500);
	assert_int_equal(role_of(n, "vips")->priority, 1);
	programmed(n);
	pass(l, 300);
	assert_int_equal(role_of(n, "vips")->priority, 150);
	/* It lives, and its table is not there. */
	n->beats = false;
	for (int i = 0; i < 11; i++) {
		assert_int_equal(chan_send(n->ipvs, MSG_PROGRAMMED, 1, &empty, sizeof(empty), -1), 0);
		pass(l, 500);
	}
	assert_int_equal(role_of(n, "vips")->priority, 1);
	programmed(n);
	pass(l, 300);
	assert_int_equal(role_of(n, "vips")->priority, 150);
	/* The ipvs process goes and does not come back. */
	chan_free(n->ipvs);
	n->ipvs = NULL;
	pass(l, 5500);
	assert_int_equal(role_of(n, "vips")->priority, 1);
	n->ipvs = give_peer(n, ROLE_IPVS);
	programmed(n);
	pass(l, 300);
	assert_int_equal(role_of(n, "vips")->priority, 150);
	assert_true(owns(l, OWNER(0, VIP)));
}

/* What ipvs programs only now comes before the address, but not at any price. */
static void test_gated(void **state)
{
	struct lab *l = *state;
	struct node *n = &l->nodes[0];
	struct router r = router("vips", 50, 150, 100);
	struct vip v = vip(VIP, 0, "eth0");
	char waiting[2][ROUTER_NAME] = {"other", "vips"};
	const json_t *counts;

	launch(n, 0);
	picture(n, 1, &r, 1, &v, 1);
	assert_int_equal(chan_send(n->ipvs, MSG_WAITING, 1, waiting, sizeof(waiting), -1), 0);
	programmed(n);
	UNTIL(l, owns, OWNER(0, VIP));
	counts = json_object_get(ask(n, MSG_ASK, "status"), "waitedForIpvs");
	assert_int_equal(json_integer_value(json_object_get(counts, "times")), 1);
	assert_int_equal(json_integer_value(json_object_get(counts, "inVain")), 1);
	quit(n);

	n->n_news = 0;
	n->programs = true;
	launch(n, 0);
	picture(n, 1, &r, 1, &v, 1);
	assert_int_equal(chan_send(n->ipvs, MSG_WAITING, 1, waiting, sizeof(waiting), -1), 0);
	programmed(n);
	UNTIL(l, owns, OWNER(0, VIP));
	counts = json_object_get(ask(n, MSG_ASK, "status"), "waitedForIpvs");
	assert_int_equal(json_integer_value(json_object_get(counts, "times")), 1);
}

static void test_tracked(void **state)
{
	struct lab *l = *state;
	struct router r = router("vips", 50, 150, 200);

	/* Nobody has said how it is: it must not be trusted. */
	r.tracks[0] = (struct track){.kind = TRACK_SCRIPT, .weight = TRACK_FAULT, .interval_ms = 3600000};
	strcpy(r.tracks[0].name, "no-such-script");
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
		struct vip vips[2] = {vip(VIP, 1, "eth0"), vip("10.78.1.1", 0, "eth1")};

		strcpy(r[0].ifname, "eth1");
		strcpy(r[0].group, "both");
		strcpy(r[1].group, "both");
		launch(&l->nodes[i], 0);
		picture(&l->nodes[i], 1, r, 2, vips, 2);
		programmed(&l->nodes[i]);
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

		mine.priority = i ? 100 : 150;
		if (r.n_peers) {
			char peer[32];

			snprintf(peer, sizeof(peer), r.family == AF_INET ? "10.77.0.%d" : "fe80::77:%d", i ? 1 : 2);
			mine.peers[0] = address(peer);
		}
		up(l, i, mine, addr);
	}
	UNTIL(l, owns, OWNER(0, addr));
	order(&l->nodes[0], MSG_STOP);
	UNTIL(l, is_gone, &l->nodes[0]);
	reap(&l->nodes[0]);
	assert_true(has_cause(&l->nodes[0], "stop; the successor has taken over"));
	UNTIL(l, owns, OWNER(1, addr));
	quit(&l->nodes[1]);
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

static void test_ipv6(void **state)
{
	struct lab *l = *state;
	struct router r = router("vips", 50, 100, 200);

	r.family = AF_INET6;
	elect_two(l, r, "fd00:77::1");
	/* The address that the RFC demands, and that nobody configured. */
	up(l, 0, r, "fd00:77::1");
	UNTIL(l, is_on, OWNER(0, "fe80::5e00:232"));
	assert_int_equal(
	    json_integer_value(json_object_get(json_array_get(ask(&l->nodes[0], MSG_ASK, "vrrp"), 0), "advertised")),
	    2);
}

static void test_ipv6_unicast(void **state)
{
	struct router r = router("vips", 50, 100, 200);

	r.family = AF_INET6;
	r.n_peers = 1;
	r.check_source = true;
	elect_two(*state, r, "fd00:77::1");
}

/* ---- a stranger who floods ---- */

static uint16_t sum_of(const uint8_t *p, size_t len)
{
	return packet_sum_fold(packet_sum(0, p, len));
}

/* Each wrong in another way; all with the router's VRID, so that the kernel lets them pass. */
static size_t hostile(unsigned i, uint8_t *p)
{
	const uint8_t good[12] = {0x31, 50, 254, 1, 0, 20, 0, 0, 10, 77, 1, 1};
	uint16_t sum;

	memcpy(p, good, sizeof(good));
	switch (i % 6) {
	case 0: /* wrong checksum */
		return 12;
	case 1:
		p[0] = 0x41; /* version */
		break;
	case 2:
		p[0] = 0x32; /* type */
		break;
	case 3:
		p[3] = 9; /* count beyond the end */
		break;
	case 4:
		p[5] = 0; /* interval 0 */
		break;
	default:
		return 9; /* cut */
	}
	sum = sum_of(p, 12);
	p[6] = (uint8_t)(sum >> 8);
	p[7] = (uint8_t)sum;
	return 12;
}

static void say(int fd, const uint8_t *p, size_t len, int ttl)
{
	const struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0xe0000012)};

	setsockopt(fd, IPPROTO_IP, IP_MULTICAST_TTL, &ttl, sizeof(ttl));
	sendto(fd, p, len, 0, (const struct sockaddr *)&to, sizeof(to));
}

/* A socket on the third node. */
static int stranger(struct lab *l)
{
	int fd;

	enter(l->nodes[2].ns);
	fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, VRRP_PROTOCOL);
	assert_true(fd >= 0);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "eth0", 5), 0);
	enter(l->ns);
	return fd;
}

static void flood(struct lab *l, unsigned count)
{
	int fd = stranger(l);
	uint8_t p[16];

	for (unsigned i = 0; i < count; i++) {
		size_t len = hostile(i, p);

		if (i % 97 == 0)
			say(fd, p, len, 254);
		say(fd, p, len, 255);
	}
	close(fd);
}

/* Nothing is wrong with it: an advertisement of 10.77.1.LAST. */
static void forge(int fd, uint8_t vrid, uint8_t priority, uint16_t interval, uint8_t last)
{
	uint8_t p[12] = {0x31, vrid, priority, 1, (uint8_t)(interval >> 8), (uint8_t)interval, 0, 0, 10, 77, 1, last};
	uint16_t sum = sum_of(p, sizeof(p));

	p[6] = (uint8_t)(sum >> 8);
	p[7] = (uint8_t)sum;
	say(fd, p, sizeof(p), 255);
}

static void test_flood(void **state)
{
	struct lab *l = *state;
	const json_t *refused;
	size_t news[2];

	up(l, 0, router("vips", 50, 150, 1000), VIP);
	up(l, 1, router("vips", 50, 100, 1000), VIP);
	UNTIL(l, owns, OWNER(0, VIP));
	pass(l, 200);
	for (int i = 0; i < 2; i++)
		news[i] = l->nodes[i].n_news;
	/* 200,000 packets, or what an emulated machine can do of them in ten seconds. */
	nsec_t until = clock_now() + 10 * NSEC_PER_SEC;
	for (int i = 0; i < 200 && (i < 5 || clock_now() < until); i++) {
		flood(l, 1000);
		pass(l, 1);
	}
	for (int i = 0; i < 2; i++) {
		refused = json_object_get(json_array_get(ask(&l->nodes[i], MSG_ASK, "vrrp"), 0), "refused");
		assert_true(json_integer_value(json_object_get(refused, "wrong checksum")) > 100);
		assert_true(json_integer_value(json_object_get(refused, "wrong version")) > 100);
		assert_true(json_integer_value(json_object_get(refused, "unknown type")) > 100);
		assert_true(json_integer_value(json_object_get(refused, "too short")) > 100);
		assert_true(json_integer_value(json_object_get(refused, "wrong interval")) > 100);
		assert_true(json_integer_value(json_object_get(refused, "wrong TTL")) > 10);
		assert_int_equal(l->nodes[i].n_news, news[i]);
	}
	assert_true(owns(l, OWNER(0, VIP)));
}

static unsigned lines_with(const char *path, const char *word)
{
	char line[512];
	FILE *f = fopen(path, "r");
	unsigned n = 0;

	assert_non_null(f);
	while (fgets(line, sizeof(line), f))
		n += strstr(line, word) != NULL;
	fclose(f);
	return n;
}

/* What a node logs from now on goes to that file; its second call gives the log back. */
static void log_to(const char *path)
{
	static int before = -1;
	int fd = path ? open(path, O_WRONLY | O_CREAT | O_APPEND, 0600) : before;

	assert_true(fd >= 0);
	if (path)
		before = dup(STDERR_FILENO);
	dup2(fd, STDERR_FILENO);
	close(fd);
}

/* A stranger's address lists take turns: the log has a word of it a second. */
static void test_two_lists(void **state)
{
	struct lab *l = *state;
	nsec_t start;
	char path[80];
	unsigned n;
	int fd;

	snprintf(path, sizeof(path), "%s/log", l->dir);
	log_to(path);
	up(l, 0, router("vips", 50, 150, 200), VIP);
	log_to(NULL);
	UNTIL(l, owns, OWNER(0, VIP));
	start = clock_now();
	fd = stranger(l);
	for (int i = 0; i < 1000; i++) {
		forge(fd, 50, 1, 20, 9);
		forge(fd, 50, 1, 20, 1);
	}
	close(fd);
	ask(&l->nodes[0], MSG_ASK, "vrrp");
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

	vips[0] = vip(VIP, 1, "eth0");
	for (int i = 0; i < BESIDE; i++) {
		snprintf(text, sizeof(text), "10.77.%d.%d", 2 + i / 200, 1 + i % 200);
		vips[1 + i] = vip(text, 0, "eth0");
	}
	launch(n, 0);
	picture(n, 1, routers, 2, vips, BESIDE + 1);
	programmed(n);
	UNTIL(l, owns, OWNER(0, VIP));
	UNTIL(l, is_on, OWNER(0, text));
	UNTIL(l, is_on, OWNER(0, "10.77.2.1"));
	fd = stranger(l);
	forge(fd, 50, 200, 4095, 1);
	for (int i = 0; i < TIMES; i++) {
		forge(fd, 51, 200, 1, 1);
		pass(l, STEP_MS);
	}
	close(fd);
	assert_true(mode_is(n, "vips", FSM_BACKUP));
	assert_false(addr_is_on(n, VIP));
	free(vips);
}

/* Nor does a router wait longer for ipvs because another one comes and goes. */
static void test_gated_beside(void **state)
{
	enum { TIMES = 40, STEP_MS = 50 };
	struct lab *l = *state;
	struct node *n = &l->nodes[0];
	struct router routers[] = {router("beside", 51, 150, 10), router("vips", 50, 150, 200)};
	struct vip vips[] = {vip(VIP, 1, "eth0"), vip("10.77.1.2", 0, "eth0")};
	char waiting[2][ROUTER_NAME] = {"beside", "vips"};
	int fd;

	launch(n, 0);
	picture(n, 1, routers, 2, vips, 2);
	assert_int_equal(chan_send(n->ipvs, MSG_WAITING, 1, waiting, sizeof(waiting), -1), 0);
	programmed(n);
	UNTIL(l, in_mode, MODE(0, "vips", FSM_ACTIVE));
	fd = stranger(l);
	for (int i = 0; i < TIMES; i++) {
		forge(fd, 51, 200, 1, 2);
		pass(l, STEP_MS);
	}
	close(fd);
	assert_true(addr_is_on(n, VIP));
}

/* More than a packet holds: the rest is carried. */
static void test_many(void **state)
{
	struct lab *l = *state;
	struct router r = router("vips", 50, 100, 200);
	struct vip *vips = xcalloc(400, sizeof(*vips));
	const json_t *a;

	for (int i = 0; i < 400; i++) {
		char text[32];

		snprintf(text, sizeof(text), "10.77.%d.%d", 2 + i / 200, 1 + i % 200);
		vips[i] = vip(text, 0, "eth0");
	}
	launch(&l->nodes[0], 0);
	picture(&l->nodes[0], 1, &r, 1, vips, 400);
	programmed(&l->nodes[0]);
	UNTIL(l, is_on, OWNER(0, "10.77.3.200"));
	UNTIL(l, is_on, OWNER(0, "10.77.2.1"));
	a = json_array_get(ask(&l->nodes[0], MSG_ASK, "vrrp"), 0);
	assert_int_equal(json_integer_value(json_object_get(a, "addresses")), 400);
	assert_int_equal(json_integer_value(json_object_get(a, "advertised")), 255);
	assert_true(json_integer_value(json_object_get(a, "sent")) > 0);
	assert_int_equal(json_integer_value(json_object_get(a, "sendErrors")), 0);
	free(vips);
}

/* ---- the lab ---- */

static void node_setup(struct lab *l, int i)
{
	struct node *n = &l->nodes[i];
	char path[128];

	*n = (struct node){.lab = l, .number = i, .kept = -1};
	n->ns = ns_new();
	enter(l->ns);
	for (char side = 'a'; side <= 'b'; side++) {
		sh("ip link add n%d%c type veth peer name eth%d netns /proc/%d/fd/%d", i, side, side - 'a',
		   (int)getpid(), n->ns);
		sh("ip link set n%d%c master br%c up", i, side, side);
	}
	enter(n->ns);
	sh("sysctl -qw net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.eth0.accept_dad=0");
	sh("ip link set lo up; ip link set eth0 addrgenmode none; ip link set eth0 up; ip link set eth1 up");
	sh("ip addr add 10.77.0.%d/24 dev eth0; ip addr add 10.78.0.%d/24 dev eth1", i + 1, i + 1);
	sh("ip -6 addr add fe80::77:%d/64 dev eth0 nodad", i + 1);
	enter(l->ns);
	snprintf(path, sizeof(path), "%s/own%d", l->dir, i);
	n->own_fd = open(path, O_RDWR | O_CREAT | O_APPEND, 0600);
	snprintf(path, sizeof(path), "%s/mem%d", l->dir, i);
	n->mem_fd = open(path, O_RDWR | O_CREAT, 0600);
	snprintf(path, sizeof(path), "%s/lock%d", l->dir, i);
	n->lock_fd = open(path, O_RDWR | O_CREAT, 0600);
	assert_true(n->own_fd >= 0 && n->mem_fd >= 0 && n->lock_fd >= 0);
}

static int setup(void **state)
{
	struct lab *l = xcalloc(1, sizeof(*l));

	l->ns = ns_new();
	sh("ip link add bra type bridge mcast_snooping 0 && ip link set bra up");
	sh("ip link add brb type bridge mcast_snooping 0 && ip link set brb up");
	l->loop = loop_new();
	l->look = loop_timer_new(l->loop, on_look, l);
	strcpy(l->dir, "/tmp/vipd-engine-XXXXXX");
	assert_non_null(mkdtemp(l->dir));
	for (int i = 0; i < NODES; i++)
		node_setup(l, i);
	*state = l;
	return 0;
}

static int teardown(void **state)
{
	struct lab *l = *state;

	for (int i = 0; i < NODES; i++) {
		struct node *n = &l->nodes[i];

		murder(n);
		close(n->own_fd);
		close(n->mem_fd);
		close(n->lock_fd);
		close(n->ns);
		if (n->kept >= 0)
			close(n->kept);
		json_decref(n->answer);
	}
	loop_timer_free(l->look);
	loop_free(l->loop);
	close(l->ns);
	sh("rm -rf %s", l->dir);
	free(l);
	return 0;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_election),
	    TEST(test_crash),
	    TEST(test_restart),
	    TEST(test_late_restart),
	    TEST(test_preempt),
	    TEST(test_order),
	    TEST(test_priority),
	    TEST(test_failover),
	    TEST(test_split),
	    TEST(test_fault),
	    TEST(test_stall),
	    TEST(test_gate),
	    TEST(test_gated),
	    TEST(test_tracked),
	    TEST(test_group),
	    TEST(test_unicast),
	    TEST(test_checksum_rfc9568),
	    TEST(test_v2),
	    TEST(test_v2_ah),
	    TEST(test_ipv6),
	    TEST(test_ipv6_unicast),
	    TEST(test_flood),
	    TEST(test_two_lists),
	    TEST(test_give),
	    TEST(test_gated_beside),
	    TEST(test_many),
	};

	if (geteuid() != 0) {
		fprintf(stderr, "needs root\n");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
