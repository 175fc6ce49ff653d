/* A stage for tests of the vrrp process against a real kernel: forked vrrp_main processes, around each of which this program plays supervisor, control
 * and ipvs. Waits are for conditions, with a limit that only a broken process reaches: a slow machine passes. */
#ifndef VIPD_TESTS_VRRP_STAGE_H
#define VIPD_TESTS_VRRP_STAGE_H

#include "../../src/base/arena.h"
#include "../../src/base/child.h"
#include "../../src/base/memfd.h"
#include "../../src/base/vipwire.h"

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
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { LOOK_MS = 5, PLAYS = 3 };

#define WITHIN (30 * NSEC_PER_SEC)

struct lab; /* the test's own, with a struct stage stage in it */
struct stage;

/* One vrrp process and the ends of its channels. */
struct play {
	struct stage *stage;
	void (*hear)(struct play *p, struct chan *c, struct msg *m);
	int ns; /* its network namespace; -1: this one */
	int own_fd, mem_fd, lock_fd;
	pid_t pid; /* 0: none runs */
	struct chan *supervisor, *control, *ipvs;
	bool ready, gone; /* gone: the supervisor's channel was closed */
	bool beats;       /* its ipvs says each second that the table is there */
	nsec_t beat_at;
	int code; /* how it ended: its exit code, or -signal */
	json_t *answer;
	uint64_t asked, answered;
};

struct stage {
	struct lab *lab;
	struct loop *loop;
	struct loop_timer *look;
	char dir[64];
	struct play *plays[PLAYS];
	size_t n;
	bool (*until)(struct lab *l, void *arg);
	void *until_arg;
	nsec_t deadline;
};

__attribute__((format(printf, 1, 2))) static inline void sh(const char *fmt, ...)
{
	char command[512];
	va_list ap;

	va_start(ap, fmt);
	assert_in_range(vsnprintf(command, sizeof(command), fmt, ap), 1, sizeof(command) - 1);
	va_end(ap);
	if (system(command) != 0)
		fail_msg("failed: %s", command);
}

static inline void enter(int ns)
{
	assert_int_equal(setns(ns, CLONE_NEWNET), 0);
}

/* ---- the others ---- */

static inline void programmed(struct play *p)
{
	const struct msg_programmed m = {.ready = 1};

	p->beats = true;
	p->beat_at = clock_now();
	assert_int_equal(chan_send(p->ipvs, MSG_PROGRAMMED, 1, &m, sizeof(m), -1), 0);
}

static inline void on_msg(void *arg, struct chan *c, struct msg *m)
{
	struct play *p = arg;
	const void *bytes;
	size_t len;

	p->ready |= m->type == MSG_READY;
	if (m->type == MSG_ANSWER) {
		assert_int_equal(memfd_map(m->fd, &bytes, &len), 0);
		json_decref(p->answer);
		p->answer = json_loadb(bytes, len, 0, NULL);
		p->answered = m->generation;
		memfd_unmap(bytes, len);
	}
	p->hear(p, c, m);
	if (m->fd >= 0)
		close(m->fd);
}

static inline void on_close(void *arg, struct chan *c)
{
	struct play *p = arg;

	if (c == p->supervisor) {
		p->supervisor = NULL;
		p->gone = true;
	} else if (c == p->control) {
		p->control = NULL;
	} else {
		p->ipvs = NULL;
	}
	chan_free(c);
}

static inline void on_look(void *arg)
{
	struct stage *s = arg;

	for (size_t i = 0; i < s->n; i++) {
		struct play *p = s->plays[i];

		if (p->beats && p->ipvs && clock_now() - p->beat_at >= NSEC_PER_SEC)
			programmed(p);
	}
	if (s->until(s->lab, s->until_arg))
		loop_stop(s->loop, 1);
	else if (clock_now() >= s->deadline)
		loop_stop(s->loop, 0);
	else
		loop_timer_set(s->look, LOOK_MS * NSEC_PER_MSEC);
}

/* Runs the loop until it holds; false if it does not within that time. */
static inline bool wait_for(struct stage *s, bool (*holds)(struct lab *l, void *arg), void *arg, nsec_t within)
{
	s->until = holds;
	s->until_arg = arg;
	s->deadline = clock_now() + within;
	loop_timer_set(s->look, 0);
	return loop_run(s->loop) == 1;
}

#define UNTIL(lab, holds, arg)                                                                                         \
	do {                                                                                                           \
		if (!wait_for(&(lab)->stage, holds, arg, WITHIN))                                                      \
			fail_msg("not within 30 s: %s(%s)", #holds, #arg);                                             \
	} while (0)

static inline struct chan *give_peer(struct play *p, enum role role)
{
	uint32_t who = role;
	int fds[2];

	assert_int_equal(chan_pair(fds), 0);
	assert_int_equal(chan_send(p->supervisor, MSG_PEER, 0, &who, sizeof(who), fds[1]), 0);
	close(fds[1]);
	return chan_new(p->stage->loop, fds[0], on_msg, on_close, p);
}

static inline void vrrp_run(const struct play *p, int fd)
{
	struct places places = {.run_dir = p->stage->dir, .scripts_dir = p->stage->dir};
	struct role_env env = {.places = &places,
			       .own_fd = p->own_fd,
			       .listen_fd = -1,
			       .state_fd = -1,
			       .mem_fd = p->mem_fd,
			       .lock_fd = p->lock_fd};
	struct child *c;
	int code;

	if (p->ns >= 0)
		enter(p->ns);
	c = child_new(ROLE_VRRP, fd);
	code = vrrp_main(c, &env);
	child_free(c);
	_exit(code);
}

/* It waits for begin. */
static inline void launch(struct play *p)
{
	int fds[2];

	p->ready = p->gone = false;
	assert_int_equal(chan_pair(fds), 0);
	p->pid = fork();
	assert_true(p->pid >= 0);
	if (p->pid == 0) {
		close(fds[0]);
		vrrp_run(p, fds[1]);
	}
	close(fds[1]);
	p->supervisor = chan_new(p->stage->loop, fds[0], on_msg, on_close, p);
	p->control = give_peer(p, ROLE_CONTROL);
	p->ipvs = give_peer(p, ROLE_IPVS);
}

static inline void begin(struct play *p, uint32_t restarted)
{
	assert_int_equal(chan_send(p->supervisor, MSG_START, 0, &restarted, sizeof(restarted), -1), 0);
}

static inline void order(struct play *p, enum msg_type type)
{
	assert_int_equal(chan_send(p->supervisor, (uint16_t)type, 0, NULL, 0, -1), 0);
}

static inline bool is_gone(struct lab *l, void *arg)
{
	return ((const struct play *)arg)->gone;
}

static inline void reap(struct play *p)
{
	int status;

	if (p->pid <= 0)
		return;
	assert_int_equal(waitpid(p->pid, &status, 0), p->pid);
	p->code = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
	p->pid = 0;
	chan_free(p->supervisor);
	chan_free(p->control);
	chan_free(p->ipvs);
	p->supervisor = p->control = p->ipvs = NULL;
}

static inline void murder(struct play *p)
{
	if (p->pid <= 0)
		return;
	kill(p->pid, SIGKILL);
	reap(p);
}

static inline bool is_answered(struct lab *l, void *arg)
{
	const struct play *p = arg;

	return p->answered == p->asked;
}

/* What was sent before has been taken in when the answer comes. Valid until the next question. */
static inline json_t *question(struct play *p, enum msg_type type, const char *text)
{
	p->asked++;
	assert_int_equal(chan_send(p->control, (uint16_t)type, p->asked, text, strlen(text), -1), 0);
	if (!wait_for(p->stage, is_answered, p, WITHIN))
		fail_msg("no answer to %s", text);
	assert_non_null(p->answer);
	return p->answer;
}

/* ---- pictures ---- */

static inline struct addr address(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(text, &a), 0);
	return a;
}

static inline struct vip vip_of(const char *text, uint16_t router, const char *ifname)
{
	struct vip v = {.addr = address(text), .router = router};

	v.kind = strcmp(ifname, "vipd0") == 0 ? VIP_CLUSTER : VIP_CLIENT;
	v.bits = (uint8_t)addr_bits(&v.addr);
	strcpy(v.ifname, ifname);
	return v;
}

/* The caller closes it. */
static inline int picture_fd(const struct vip_picture *p)
{
	size_t len;
	void *bytes = vipwire_encode_picture(p, &len);
	int fd = memfd_sealed("vips", bytes, len);

	free(bytes);
	assert_true(fd >= 0);
	return fd;
}

/* ---- what is so ---- */

/* In this namespace, on that interface, or on any (NULL). */
static inline bool addr_stands(const char *text, const char *ifname)
{
	struct addr want = address(text), is;
	struct ifaddrs *all, *i;
	bool found = false;

	assert_int_equal(getifaddrs(&all), 0);
	for (i = all; i && !found; i = i->ifa_next) {
		if (!i->ifa_addr || (ifname && strcmp(i->ifa_name, ifname) != 0) ||
		    i->ifa_addr->sa_family != want.family)
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

/* Hears all frames that come to the interface; "": to any. */
static inline int tap(const char *ifname)
{
	struct sockaddr_ll at = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), size = 16 << 20;

	assert_true(fd >= 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	at.sll_ifindex = (int)if_nametoindex(ifname);
	assert_int_equal(bind(fd, (const struct sockaddr *)&at, sizeof(at)), 0);
	return fd;
}

/* A frame that came out of a port: it announces the address (gratuitous ARP, neighbour advertisement). */
static inline bool announces(const uint8_t *p, ssize_t len, const struct sockaddr_ll *from, const struct addr *a)
{
	enum { ARP_SENDER = ETH_HLEN + 14, NA_TYPE = ETH_HLEN + 40, NA = 136, NA_TARGET = NA_TYPE + 8 };

	if (from->sll_pkttype == PACKET_OUTGOING || len < ETH_HLEN + 28)
		return false;
	if (a->family == AF_INET)
		return ntohs(from->sll_protocol) == ETH_P_ARP && memcmp(p + ARP_SENDER, a->bytes, 4) == 0;
	return ntohs(from->sll_protocol) == ETH_P_IPV6 && len >= NA_TARGET + 16 && p[ETH_HLEN + 6] == IPPROTO_ICMPV6 &&
	       p[NA_TYPE] == NA && memcmp(p + NA_TARGET, a->bytes, 16) == 0;
}

/* ---- the stage ---- */

static inline void stage_open(struct stage *s, struct lab *l)
{
	*s = (struct stage){.lab = l, .loop = loop_new(), .dir = "/tmp/vipd-vrrp-XXXXXX"};
	assert_non_null(s->loop);
	s->look = loop_timer_new(s->loop, on_look, s);
	assert_non_null(mkdtemp(s->dir));
}

static inline int stage_file(const struct stage *s, const char *name, int i, int flags)
{
	char path[96];
	int fd;

	snprintf(path, sizeof(path), "%s/%s%d", s->dir, name, i);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | flags, 0600);
	assert_true(fd >= 0);
	return fd;
}

/* p with its files. */
static inline void stage_add(struct stage *s, struct play *p,
			     void (*hear)(struct play *p, struct chan *c, struct msg *m))
{
	int i = (int)s->n;

	assert_in_range(i, 0, PLAYS - 1);
	*p = (struct play){.stage = s, .hear = hear, .ns = -1};
	p->own_fd = stage_file(s, "own", i, O_APPEND);
	p->mem_fd = stage_file(s, "mem", i, 0);
	p->lock_fd = stage_file(s, "lock", i, 0);
	s->plays[s->n++] = p;
}

static inline void stage_close(struct stage *s)
{
	for (size_t i = 0; i < s->n; i++) {
		struct play *p = s->plays[i];

		murder(p);
		close(p->own_fd);
		close(p->mem_fd);
		close(p->lock_fd);
		json_decref(p->answer);
	}
	loop_timer_free(s->look);
	loop_free(s->loop);
	sh("rm -rf %s", s->dir);
}

#endif
