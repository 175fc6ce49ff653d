/* Load balancers for tests of virtual routers against a real kernel: vrrp processes in network namespaces of their own, joined by two bridges (eth0 on
 * bra, eth1 on brb), 10.77.0.NUMBER+1 and 10.78.0.NUMBER+1, fe80::77:NUMBER+1. Nothing is forwarded between them but what a switch does. */
#ifndef VIPD_TESTS_VRRP_NODES_H
#define VIPD_TESTS_VRRP_NODES_H

#include "vrrp_stage.h"

#include "../../vrrp/fsm.h"

enum { NODES = PLAYS, NEWS_MAX = 64 };

/* One load balancer. */
struct node {
	struct play play;               /* the first member */
	bool programs;                  /* its ipvs programs what waits as soon as a router is Active */
	struct vip_settings settings;   /* of its pictures */
	struct msg_role news[NEWS_MAX]; /* every MSG_ROLE that control got */
	nsec_t heard_at[NEWS_MAX];
	size_t n_news;
	int kept; /* the picture to start again with */
};

struct lab {
	struct stage stage;
	int ns; /* of the bridges */
	struct node nodes[NODES];
};

static const char *const VIP = "10.77.1.1";

static inline int ns_new(void)
{
	int fd;

	assert_int_equal(unshare(CLONE_NEWNET), 0);
	fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

#define IN(l, n, ...)                                                                                                  \
	do {                                                                                                           \
		enter((n)->play.ns);                                                                                   \
		sh(__VA_ARGS__);                                                                                       \
		enter((l)->ns);                                                                                        \
	} while (0)

/* ---- playing the others ---- */

static inline void node_hear(struct play *p, struct chan *c, struct msg *m)
{
	struct node *n = (struct node *)(void *)p;

	if (m->type != MSG_ROLE)
		return;
	assert_int_equal(m->len, sizeof(n->news[0]));
	if (c != p->ipvs && n->n_news < NEWS_MAX) {
		n->heard_at[n->n_news] = clock_now();
		memcpy(&n->news[n->n_news++], m->payload, m->len);
	} else if (c == p->ipvs && n->programs && ((const struct msg_role *)m->payload)->mode == FSM_ACTIVE) {
		assert_int_equal(chan_send(c, MSG_WAITING, 1, NULL, 0, -1), 0);
	}
}

static inline bool never(struct lab *l, void *arg)
{
	return false;
}

static inline void pass(struct lab *l, int ms)
{
	wait_for(&l->stage, never, NULL, ms * NSEC_PER_MSEC);
}

static inline void node_start(struct node *n, uint32_t restarted)
{
	launch(&n->play);
	if (n->kept >= 0)
		assert_int_equal(chan_send(n->play.supervisor, MSG_KEPT, 1, NULL, 0, n->kept), 0);
	begin(&n->play, restarted);
}

static inline struct router router(const char *name, uint8_t vrid, uint8_t priority, uint32_t interval_ms)
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

static inline void picture(struct node *n, uint64_t generation, struct router *routers, size_t n_routers,
			   struct vip *vips, size_t n_vips)
{
	struct vip_picture p = {
	    .settings = n->settings, .routers = routers, .n_routers = n_routers, .vips = vips, .n = n_vips};
	int fd = picture_fd(&p);

	assert_int_equal(chan_send(n->play.control, MSG_VIPS, generation, NULL, 0, fd), 0);
	if (n->kept >= 0)
		close(n->kept);
	n->kept = fd;
}

static inline struct node *up(struct lab *l, int i, struct router r, const char *address_text)
{
	struct node *n = &l->nodes[i];
	struct vip v = vip_of(address_text, 0, r.ifname);

	node_start(n, 0);
	picture(n, 1, &r, 1, &v, 1);
	programmed(&n->play);
	return n;
}

/* ---- what is so ---- */

static inline bool addr_is_on(struct lab *l, struct node *n, const char *text)
{
	bool is;

	enter(n->play.ns);
	is = addr_stands(text, NULL);
	enter(l->ns);
	return is;
}

/* The last that is known of a router; NULL if nothing is. */
static inline const struct msg_role *role_of(const struct node *n, const char *name)
{
	for (size_t i = n->n_news; i-- > 0;)
		if (strcmp(n->news[i].router, name) == 0)
			return &n->news[i];
	return NULL;
}

static inline bool mode_is(const struct node *n, const char *name, enum fsm_mode mode)
{
	const struct msg_role *r = role_of(n, name);

	return r && r->mode == mode;
}

static inline size_t became(const struct node *n, enum fsm_mode mode)
{
	size_t count = 0;

	for (size_t i = 0; i < n->n_news; i++)
		count += n->news[i].mode == mode && n->news[i].before != mode;
	return count;
}

static inline bool has_cause(const struct node *n, const char *cause)
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

static inline bool owns(struct lab *l, void *arg)
{
	const struct owner *o = arg;

	for (int i = 0; i < NODES; i++) {
		struct node *n = &l->nodes[i];
		bool mine = i == o->node;

		if (n->play.pid <= 0)
			continue;
		if (addr_is_on(l, n, o->addr) != mine || mode_is(n, "vips", FSM_ACTIVE) != mine)
			return false;
	}
	return true;
}

static inline bool is_on(struct lab *l, void *arg)
{
	const struct owner *o = arg;

	return addr_is_on(l, &l->nodes[o->node], o->addr);
}

static inline bool is_off(struct lab *l, void *arg)
{
	return !is_on(l, arg);
}

struct modes {
	int node;
	const char *name;
	enum fsm_mode mode;
};
#define MODE(i, n, m) (&(struct modes){i, n, m})

static inline bool in_mode(struct lab *l, void *arg)
{
	const struct modes *m = arg;

	return mode_is(&l->nodes[m->node], m->name, m->mode);
}

/* What people are told of a router. Valid until the next question. */
static inline const json_t *told(struct node *n, const char *name)
{
	const json_t *list = question(&n->play, MSG_ASK, "vrrp"), *r;
	size_t i;

	json_array_foreach(list, i, r) if (strcmp(json_string_value(json_object_get(r, "name")), name) == 0) return r;
	fail_msg("nothing is told of router %s", name);
	return NULL;
}

static inline json_int_t told_number(const json_t *of, const char *key)
{
	return json_integer_value(json_object_get(of, key));
}

static inline json_int_t refused_for(const json_t *router, const char *reason)
{
	return told_number(json_object_get(router, "refused"), reason);
}

/* The first node's router "vips". */
static inline bool has_priority(struct lab *l, void *arg)
{
	const struct msg_role *r = role_of(&l->nodes[0], "vips");

	return r && r->priority == *(const uint8_t *)arg;
}
#define PRIORITY(n) (&(uint8_t){n})

static inline unsigned lines_with(const char *path, const char *word)
{
	char line[1024];
	FILE *f = fopen(path, "r");
	unsigned n = 0;

	assert_non_null(f);
	while (fgets(line, sizeof(line), f))
		n += strstr(line, word) != NULL;
	fclose(f);
	return n;
}

/* What a node logs from now on goes to that file; its second call gives the log back. */
static inline void log_to(const char *path)
{
	static int before = -1;
	int fd = path ? open(path, O_WRONLY | O_CREAT | O_APPEND, 0600) : before;

	assert_true(fd >= 0);
	if (path)
		before = dup(STDERR_FILENO);
	dup2(fd, STDERR_FILENO);
	close(fd);
}

static inline void quit(struct lab *l, struct node *n)
{
	if (n->play.pid <= 0)
		return;
	order(&n->play, MSG_STOP);
	UNTIL(l, is_gone, &n->play);
	reap(&n->play);
	assert_int_equal(n->play.code, 0);
}

/* ---- the lab ---- */

static inline void node_setup(struct lab *l, int i)
{
	struct node *n = &l->nodes[i];

	n->kept = -1;
	n->settings = (struct vip_settings){.garp_count = 2, .ready_timeout_ms = 20000};
	stage_add(&l->stage, &n->play, node_hear);
	n->play.ns = ns_new();
	enter(l->ns);
	for (char side = 'a'; side <= 'b'; side++) {
		sh("ip link add n%d%c type veth peer name eth%d netns /proc/%d/fd/%d", i, side, side - 'a',
		   (int)getpid(), n->play.ns);
		sh("ip link set n%d%c master br%c up", i, side, side);
	}
	enter(n->play.ns);
	sh("sysctl -qw net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.eth0.accept_dad=0");
	sh("ip link set lo up; ip link set eth0 addrgenmode none; ip link set eth0 up; ip link set eth1 up");
	sh("ip addr add 10.77.0.%d/24 dev eth0; ip addr add 10.78.0.%d/24 dev eth1", i + 1, i + 1);
	sh("ip -6 addr add fe80::77:%d/64 dev eth0 nodad", i + 1);
	enter(l->ns);
}

static inline int lab_open(void **state)
{
	struct lab *l = xcalloc(1, sizeof(*l));

	l->ns = ns_new();
	sh("ip link add bra type bridge mcast_snooping 0 && ip link set bra up");
	sh("ip link add brb type bridge mcast_snooping 0 && ip link set brb up");
	stage_open(&l->stage, l);
	for (int i = 0; i < NODES; i++)
		node_setup(l, i);
	*state = l;
	return 0;
}

static inline int lab_close(void **state)
{
	struct lab *l = *state;

	stage_close(&l->stage);
	for (int i = 0; i < NODES; i++) {
		struct node *n = &l->nodes[i];

		close(n->play.ns);
		if (n->kept >= 0)
			close(n->kept);
	}
	close(l->ns);
	free(l);
	return 0;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, lab_open, lab_close)

#endif
