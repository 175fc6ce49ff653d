/* The ipvs process against a real kernel: forked as the supervisor forks it, with this program as supervisor, control, vrrp and runner. Runs as root, each test in
 * a network namespace of its own. Exit 77: this kernel has no IPVS, or we may not. */
#include "../../ipvs/cleanup.h"
#include "../../ipvs/setsock.h"
#include "../../ipvs/sysctl_rules.h"
#include "../../ipvs/wire.h"
#include "../../src/base/arena.h"
#include "../../src/base/child.h"
#include "../../src/base/log.h"
#include "../../src/base/memfd.h"
#include "../ipvs_values.h"
#include "dump_table.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <net/if.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define PATIENCE (20 * NSEC_PER_SEC)

enum { TEXT = 64 << 10 };

struct node {
	struct loop *loop;
	struct loop_timer *poll;
	struct chan *to[ROLE_COUNT]; /* our ends, by whom we play */
	pid_t pid;
	int own_fd;
	struct ipvs_sock *sock; /* the test's own look at the kernel */
	struct table *want;
	struct ipvs_settings settings; /* adopt is set by each picture */

	/* what the process said */
	bool ready, dead;
	unsigned programmed, unready, again, keeps, keep_rows, runs; /* programmed: times that it came to be so */
	bool is_ready;
	char waiting[GATE_NAME + 1]; /* the first router that has something waiting */
	char why[92];
	uint64_t acked;
	struct msg_ack ack;
	char notes[TEXT]; /* "reason object[ gone]\n"; without those of settings, which no picture here lets it set */
	char *answer;
	char module[64]; /* last one asked for */
	uint64_t run_id;

	bool (*until)(struct node *n);
	nsec_t deadline;
	uint64_t generation; /* what acked_now waits for */
	const char *expect;  /* what noted waits for */
};

/* ---- the other ends */

static void take_note(struct node *n, const struct msg *m)
{
	json_t *j = json_loadb(m->payload, m->len, 0, NULL);
	size_t at = strlen(n->notes);
	const char *object = NULL, *reason = NULL, *message = NULL;
	int gone = 0;

	assert_non_null(j);
	assert_int_equal(json_unpack(j, "{s:s, s:s, s:s, s:b}", "object", &object, "reason", &reason, "message",
				     &message, "gone", &gone),
			 0);
	assert_true(strlen(message) > 0);
	if (strcmp(reason, "KernelSetting") != 0)
		snprintf(n->notes + at, sizeof n->notes - at, "%s %s%s\n", reason, object, gone ? " gone" : "");
	json_decref(j);
}

static void take_answer(struct node *n, int fd)
{
	const void *bytes;
	size_t len;
	assert_int_equal(memfd_map(fd, &bytes, &len), 0);
	free(n->answer);
	n->answer = xcalloc(1, len + 1);
	memcpy(n->answer, bytes, len);
	memfd_unmap(bytes, len);
}

static void take_run(struct node *n, const struct msg *m)
{
	struct msg_run run;

	assert_true(m->len > sizeof run);
	memcpy(&run, m->payload, sizeof run);
	if (run.entry == RUN_RULES_LIST || run.entry == RUN_RULES_RESTORE) /* a runner that is slow */
		return;
	assert_int_equal(run.entry, RUN_MODPROBE);
	assert_true(m->len - sizeof run < sizeof n->module);
	assert_int_equal(run.argc, 1);
	memcpy(n->module, (const char *)m->payload + sizeof run, m->len - sizeof run);
	n->run_id = m->generation;
	n->runs++;
}

static void take_programmed(struct node *n, const struct msg *m)
{
	struct msg_programmed p;

	assert_int_equal(m->len, sizeof p);
	memcpy(&p, m->payload, sizeof p);
	n->programmed += p.ready && !n->is_ready;
	n->unready += !p.ready;
	n->is_ready = p.ready;
	memcpy(n->why, p.why, sizeof p.why);
}

static void on_msg(void *arg, struct chan *c, struct msg *m)
{
	struct node *n = arg;
	switch (m->type) {
	case MSG_READY:
		n->ready = true;
		break;
	case MSG_KEEP:
		n->keeps++;
		break;
	case MSG_KEEP_ROWS:
		n->keep_rows++;
		break;
	case MSG_PROGRAMMED:
		take_programmed(n, m);
		break;
	case MSG_AGAIN:
		n->again++;
		break;
	case MSG_WAITING:
		assert_in_range(m->len, 0, sizeof n->waiting - 1);
		memset(n->waiting, 0, sizeof n->waiting);
		memcpy(n->waiting, m->payload, m->len);
		break;
	case MSG_ACK:
		assert_int_equal(m->len, sizeof n->ack);
		memcpy(&n->ack, m->payload, sizeof n->ack);
		n->acked = m->generation;
		break;
	case MSG_NOTE:
		take_note(n, m);
		break;
	case MSG_ANSWER:
		take_answer(n, m->fd);
		break;
	case MSG_RUN:
		take_run(n, m);
		break;
	default:
		fail_msg("message %u", m->type);
	}
	if (m->fd >= 0)
		close(m->fd);
}

static void on_close(void *arg, struct chan *c)
{
	struct node *n = arg;
	for (int r = 0; r < ROLE_COUNT; r++)
		if (n->to[r] == c)
			n->to[r] = NULL;
	chan_free(c);
	n->dead = !n->to[ROLE_SUPERVISOR];
}

static void on_poll(void *arg)
{
	struct node *n = arg;
	if (n->until(n))
		loop_stop(n->loop, 1);
	else if (clock_now() > n->deadline)
		loop_stop(n->loop, 0);
	else
		loop_timer_set(n->poll, 20 * NSEC_PER_MSEC);
}

static void wait_until_(struct node *n, bool (*until)(struct node *n), const char *what, int line)
{
	n->until = until;
	n->deadline = clock_now() + PATIENCE;
	loop_timer_set(n->poll, 0);
	int ok = loop_run(n->loop);
	loop_timer_stop(n->poll);
	if (!ok)
		fail_msg("line %d: not in time: %s (acked %llu, failed %u, conflicts %u, notes: %s)", line, what,
			 (unsigned long long)n->acked, n->ack.failed, n->ack.conflicts, n->notes);
}
#define wait_until(n, until) wait_until_(n, until, #until, __LINE__)

/* ---- what is waited for */

static bool ready(struct node *n)
{
	return n->ready;
}

static bool dead(struct node *n)
{
	return n->dead;
}

static bool acked(struct node *n)
{
	return n->acked == n->generation;
}

static bool programmed(struct node *n)
{
	return n->programmed > 0;
}

static bool programmed_twice(struct node *n)
{
	return n->programmed == 2;
}

static bool unready_thrice(struct node *n)
{
	return n->unready >= 3;
}

static bool answered(struct node *n)
{
	return n->answer != NULL;
}

static bool noted(struct node *n)
{
	return strstr(n->notes, n->expect) != NULL;
}

static bool no_conflicts(struct node *n)
{
	return n->acked == n->generation && n->ack.conflicts == 0;
}

static bool none_failed(struct node *n)
{
	return n->acked == n->generation && n->ack.failed == 0;
}

static bool asked_for_module(struct node *n)
{
	return n->runs > 0;
}

/* The kernel has all that is wanted, exactly; it may have more. */
static bool kernel_has_it(struct node *n)
{
	struct table *have = NULL;
	size_t count;
	bool equal = true;
	const struct vs *const *v = table_sorted(n->want, &count);

	assert_int_equal(dump_table(n->sock, &have), 0);
	for (size_t i = 0; i < count && equal; i++) {
		const struct vs *h = table_get(have, &v[i]->key);
		equal = h && vs_equal(h, v[i]);
	}
	table_free(have);
	return equal;
}

static size_t kernel_count(struct node *n)
{
	struct table *have = NULL;
	assert_int_equal(dump_table(n->sock, &have), 0);
	size_t count = table_count(have);
	table_free(have);
	return count;
}

/* 0 absent; else 1 + its real servers. */
static size_t kernel_size(struct node *n, const struct vs_key *k)
{
	struct table *have = NULL;
	assert_int_equal(dump_table(n->sock, &have), 0);
	const struct vs *v = table_get(have, k);
	size_t size = v ? 1 + v->n : 0;
	table_free(have);
	return size;
}

/* ---- doing */

static int lo_ioctl(unsigned long request, const char *name, void (*fill)(struct ifreq *r))
{
	struct ifreq r = {0};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	snprintf(r.ifr_name, sizeof r.ifr_name, "%s", name);
	fill(&r);
	int rc = ioctl(fd, request, &r);
	close(fd);
	return rc;
}

static void flags_up(struct ifreq *r)
{
	r->ifr_flags = IFF_UP;
}

static void flags_down(struct ifreq *r)
{
	r->ifr_flags = 0;
}

static void addr_alias(struct ifreq *r)
{
	struct sockaddr_in sin = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x0b000001)};
	memcpy(&r->ifr_addr, &sin, sizeof sin);
}

static int setup(void **state)
{
	struct node *n = xcalloc(1, sizeof *n);

	assert_int_equal(unshare(CLONE_NEWNET), 0);
	assert_int_equal(lo_ioctl(SIOCSIFFLAGS, "lo", flags_up), 0);
	n->loop = loop_new();
	n->poll = loop_timer_new(n->loop, on_poll, n);
	n->own_fd = memfd_create("own", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	assert_int_equal(fcntl(n->own_fd, F_SETFL, O_APPEND), 0);
	assert_int_equal(ipvs_sock_open(&n->sock), 0);
	n->want = table_new();
	*state = n;
	return 0;
}

static void reap(struct node *n)
{
	if (n->pid > 0) {
		kill(n->pid, SIGKILL);
		waitpid(n->pid, NULL, 0);
		n->pid = 0;
	}
	for (int r = 0; r < ROLE_COUNT; r++) {
		chan_free(n->to[r]);
		n->to[r] = NULL;
	}
	n->ready = n->dead = n->is_ready = false;
	n->again = n->unready = n->programmed = n->keeps = n->keep_rows = n->runs = 0;
	n->acked = 0;
	n->notes[0] = '\0';
}

static int teardown(void **state)
{
	struct node *n = *state;
	reap(n);
	table_free(n->want);
	ipvs_sock_close(n->sock);
	loop_timer_free(n->poll);
	loop_free(n->loop);
	close(n->own_fd);
	free(n->answer);
	free(n);
	return 0;
}

static void give_peer(struct node *n, enum role as)
{
	int fds[2];
	uint32_t role = as;
	assert_int_equal(chan_pair(fds), 0);
	chan_free(n->to[as]);
	n->to[as] = chan_new(n->loop, fds[0], on_msg, on_close, n);
	assert_int_equal(chan_send(n->to[ROLE_SUPERVISOR], MSG_PEER, 0, &role, sizeof role, fds[1]), 0);
	close(fds[1]);
}

static void launch(struct node *n)
{
	int fds[2];
	assert_int_equal(chan_pair(fds), 0);
	n->pid = fork();
	assert_true(n->pid >= 0);
	if (n->pid == 0) {
		const struct role_env env = {
		    .own_fd = n->own_fd, .listen_fd = -1, .state_fd = -1, .mem_fd = -1, .lock_fd = -1};
		close(fds[0]);
		_exit(ipvs_main(child_new(ROLE_IPVS, fds[1]), &env));
	}
	close(fds[1]);
	n->to[ROLE_SUPERVISOR] = chan_new(n->loop, fds[0], on_msg, on_close, n);
	give_peer(n, ROLE_CONTROL);
	give_peer(n, ROLE_VRRP);
	give_peer(n, ROLE_RUNNER);
}

static void begin(struct node *n, uint32_t restarted)
{
	assert_int_equal(chan_send(n->to[ROLE_SUPERVISOR], MSG_START, 0, &restarted, sizeof restarted, -1), 0);
	wait_until(n, ready);
}

static void send_picture(struct node *n, enum role as, uint16_t type, uint64_t generation, bool adopt)
{
	size_t len;
	void *bytes;

	n->settings.adopt = adopt;
	bytes = wire_encode_table(n->want, &n->settings, &len);
	int fd = memfd_sealed("test", bytes, len);
	assert_true(fd >= 0);
	assert_int_equal(chan_send(n->to[as], type, generation, NULL, 0, fd), 0);
	close(fd);
	free(bytes);
	n->generation = generation;
}

static void load(struct node *n, uint64_t generation, bool adopt)
{
	send_picture(n, ROLE_CONTROL, MSG_TABLE, generation, adopt);
	wait_until(n, acked);
}

static void start_with_table(struct node *n)
{
	launch(n);
	begin(n, 0);
	load(n, 1, false);
}

/* Wants a virtual server with real servers 10.1.0.1..n (fd01::1..n), weight 1. */
static struct vs_key wish(struct node *n, uint8_t proto, const char *addr, uint16_t port, const char *sched,
			  uint32_t reals, enum forward f)
{
	struct vs v = vs_of(proto, addr, port, sched);
	bool six = v.key.addr.family == AF_INET6;
	v.n = reals;
	v.reals = xcalloc(reals + 1, sizeof *v.reals);
	for (uint32_t i = 0; i < reals; i++) {
		char text[ADDR_TEXT];
		snprintf(text, sizeof text, six ? "fd01::%x" : "10.1.0.%u", i + 1);
		v.reals[i] = real_of(text, f == FORWARD_NAT ? 8080 : port, f, 1);
	}
	assert_int_equal(table_put(n->want, &v), 0);
	free(v.reals);
	return v.key;
}

static void send_row(struct node *n, uint16_t type, enum role as, uint64_t generation, enum row_op op,
		     const struct vs_key *k)
{
	unsigned char buf[MSG_PAYLOAD_MAX];
	struct vs gone = {.key = *k};
	const struct vs *v = table_get(n->want, k);
	size_t len = wire_encode_row(op, v ? v : &gone, buf, sizeof buf);
	assert_true(len > 0);
	assert_int_equal(chan_send(n->to[as], type, generation, buf, len, -1), 0);
	n->generation = generation;
}

/* The test does something to the kernel behind vipd's back. */
static void meddle(struct node *n, enum op_type type, const struct vs_key *k, const char *sched, const struct real *r)
{
	struct vs v = {.key = *k, .granularity = (uint8_t)addr_bits(&k->addr)};
	struct op op = {.type = type, .vs = &v, .sched = sched};
	struct op_error e;
	snprintf(v.sched, sizeof v.sched, "%s", sched ? sched : "");
	if (r)
		op.real = *r;
	assert_int_equal(ipvs_sock_apply(n->sock, &op, 1, &e), 0);
}

static json_t *ask(struct node *n, const char *what)
{
	free(n->answer);
	n->answer = NULL;
	assert_int_equal(chan_send(n->to[ROLE_CONTROL], MSG_ASK, 7, what, strlen(what), -1), 0);
	wait_until(n, answered);
	json_t *j = json_loads(n->answer, 0, NULL);
	assert_non_null(j);
	return j;
}

static json_int_t status(struct node *n, const char *key)
{
	json_t *j = ask(n, "status");
	json_int_t v = json_integer_value(json_object_get(j, key));
	json_decref(j);
	return v;
}

static int exit_code(struct node *n)
{
	int st;
	wait_until(n, dead);
	assert_int_equal(waitpid(n->pid, &st, 0), n->pid);
	n->pid = 0;
	assert_true(WIFEXITED(st));
	return WEXITSTATUS(st);
}

/* A table with each kind of address, protocol and forwarding. */
static void wish_some(struct node *n)
{
	wish(n, IPPROTO_TCP, "10.0.0.1", 80, "rr", 3, FORWARD_NAT);
	wish(n, IPPROTO_UDP, "10.0.0.1", 53, "wlc", 2, FORWARD_NAT);
	wish(n, IPPROTO_SCTP, "10.0.0.2", 99, "sh", 2, FORWARD_NAT);
	wish(n, IPPROTO_TCP, "10.0.0.3", 80, "mh", 4, FORWARD_DR);
	wish(n, IPPROTO_TCP, "10.0.0.4", 80, "rr", 0, FORWARD_NAT);
	wish(n, IPPROTO_TCP, "fd00::1", 80, "rr", 3, FORWARD_NAT);
	wish(n, IPPROTO_UDP, "fd00::1", 53, "lc", 1, FORWARD_TUN);
}

/* ---- tests */

static void first_load(void **state)
{
	struct node *n = *state;
	wish_some(n);
	for (uint16_t port = 1000; port < 1400; port++)
		wish(n, IPPROTO_TCP, "10.0.0.9", port, "rr", 12, FORWARD_NAT);
	start_with_table(n);
	wait_until(n, programmed);
	assert_true(kernel_has_it(n));
	assert_int_equal(kernel_count(n), table_count(n->want));
	assert_int_equal(n->keeps, 1);
	assert_int_equal(n->ack.failed, 0);
	assert_int_equal(n->ack.conflicts, 0);
	assert_int_equal(status(n, "virtualServers"), table_count(n->want));
	assert_int_equal(status(n, "realServers"), table_reals(n->want));
	assert_int_equal(status(n, "wanted"), table_count(n->want));
	assert_int_equal(status(n, "foreign"), 0);
	assert_int_equal(status(n, "generation"), 1);
	assert_true(status(n, "connTabSize") > 0);
	n->is_ready = false;
	give_peer(n, ROLE_VRRP);
	wait_until(n, programmed_twice);
}

/* net.ipv4.vs.run_estimation of this namespace; -1: the kernel has none. */
static int run_estimation(void)
{
	FILE *f = fopen("/proc/sys/net/ipv4/vs/run_estimation", "r");
	int value = -1;

	if (f && fscanf(f, "%d", &value) != 1)
		fail();
	if (f)
		fclose(f);
	return value;
}

static bool rates_off(struct node *n)
{
	return run_estimation() == 0;
}

/* A table whose rates an old kernel computes all at once, for too long; and one that is small again. */
static void rates_of_many_servers(void **state)
{
	enum { REALS = 200, MOST = 50000 };
	uint16_t servers = (uint16_t)(MOST / sysconf(_SC_NPROCESSORS_CONF) / (REALS + 1) + 1), port;
	struct node *n = *state;
	struct utsname u;
	bool old;

	assert_int_equal(uname(&u), 0);
	old = sysctl_kernel(u.release) < (6 << 16 | 2) && run_estimation() >= 0;
	n->settings.nat.sysctls = true;
	wish(n, IPPROTO_TCP, "10.0.0.9", 999, "rr", 1, FORWARD_NAT);
	start_with_table(n);
	assert_int_equal(run_estimation(), run_estimation() < 0 ? -1 : 1);
	for (port = 1000; port < 1000 + servers; port++) {
		struct vs_key k = wish(n, IPPROTO_TCP, "10.0.0.9", port, "rr", REALS, FORWARD_NAT);

		send_row(n, MSG_ROWS, ROLE_CONTROL, 2, ROW_SET, &k);
	}
	wait_until(n, acked);
	if (old)
		wait_until(n, rates_off);
	for (port = 1000; port < 1000 + servers; port++) {
		struct vs_key k = key_of(IPPROTO_TCP, "10.0.0.9", port);

		table_del(n->want, &k);
	}
	load(n, 3, false);
	assert_int_equal(run_estimation(), run_estimation() < 0 ? -1 : 1);
}

static void see_external(void *arg, const struct set_header *h)
{
	if (strcmp(h->name, "VIPD-EXTERNAL-IP") == 0)
		*(struct set_header *)arg = *h;
}

/* What the kernel has of the virtual servers' addresses. */
static struct set_header external_set(void)
{
	struct set_header h = {.buckets = 0};
	struct setsock *s;

	assert_int_equal(setsock_open(&s), 0);
	assert_int_equal(setsock_headers(s, "VIPD-", see_external, &h), 0);
	setsock_close(s);
	return h;
}

static bool external_has_3001(struct node *n)
{
	return external_set().entries == 3001;
}

/* The kernel itself would make it larger only with four entries a bucket. */
static void a_set_grows_beside(void **state)
{
	struct node *n = *state;

	n->settings.nat.masquerade = MASQUERADE_ALWAYS;
	wish(n, IPPROTO_TCP, "10.0.0.9", 80, "rr", 0, FORWARD_NAT);
	start_with_table(n);
	assert_int_equal(external_set().buckets, 1024);
	for (uint16_t port = 1000; port < 4000; port++) {
		struct vs_key k = wish(n, IPPROTO_TCP, "10.0.0.9", port, "rr", 0, FORWARD_NAT);

		send_row(n, MSG_ROWS, ROLE_CONTROL, 2, ROW_SET, &k);
	}
	wait_until(n, external_has_3001);
	assert_int_equal(external_set().buckets, 8192);
}

static void an_empty_table_is_programmed(void **state)
{
	struct node *n = *state;
	start_with_table(n);
	wait_until(n, programmed);
	assert_int_equal(status(n, "virtualServers"), 0);
}

static void rows(void **state)
{
	struct node *n = *state;
	wish_some(n);
	start_with_table(n);

	struct vs_key changed = wish(n, IPPROTO_TCP, "10.0.0.1", 80, "wrr", 5, FORWARD_NAT);
	send_row(n, MSG_ROWS, ROLE_CONTROL, 2, ROW_SET, &changed);
	struct vs_key fresh = wish(n, IPPROTO_TCP, "10.0.0.5", 443, "rr", 2, FORWARD_NAT);
	send_row(n, MSG_ROWS, ROLE_CONTROL, 3, ROW_SET, &fresh);
	struct vs_key gone = key_of(IPPROTO_UDP, "fd00::1", 53);
	table_del(n->want, &gone);
	send_row(n, MSG_ROWS, ROLE_CONTROL, 4, ROW_DELETE, &gone);
	struct vs_key fewer = wish(n, IPPROTO_TCP, "10.0.0.3", 80, "mh", 1, FORWARD_DR);
	send_row(n, MSG_ROWS, ROLE_CONTROL, 5, ROW_SET, &fewer);
	wait_until(n, acked);
	assert_true(kernel_has_it(n));
	assert_int_equal(kernel_count(n), table_count(n->want));
	assert_int_equal(n->keep_rows, 4);
	assert_int_equal(n->keeps, 1);
	assert_int_equal(status(n, "generation"), 5);
}

static void a_second_picture_changes_what_differs(void **state)
{
	struct node *n = *state;
	wish_some(n);
	start_with_table(n);
	struct vs_key gone = key_of(IPPROTO_TCP, "10.0.0.4", 80);
	table_del(n->want, &gone);
	wish(n, IPPROTO_TCP, "10.0.0.1", 80, "rr", 2, FORWARD_NAT);
	load(n, 2, false);
	assert_true(kernel_has_it(n));
	assert_int_equal(kernel_count(n), table_count(n->want));
}

static void nonsense_is_refused(void **state)
{
	struct node *n = *state;
	wish_some(n);
	start_with_table(n);
	int fd = memfd_sealed("test", "nonsense", 8);
	chan_send(n->to[ROLE_CONTROL], MSG_TABLE, 2, NULL, 0, fd);
	chan_send(n->to[ROLE_CONTROL], MSG_TABLE, 3, NULL, 0, -1);
	chan_send(n->to[ROLE_CONTROL], MSG_TABLE, 4, NULL, 0, n->own_fd);
	chan_send(n->to[ROLE_CONTROL], MSG_ROWS, 5, "nonsense", 8, -1);
	close(fd);
	json_decref(ask(n, "what"));
	assert_int_equal(status(n, "generation"), 1);
	assert_int_equal(n->keeps, 1);
	assert_int_equal(n->again, 4);
	assert_true(kernel_has_it(n));
	assert_int_equal(n->acked, 1);
}

static void drift_heals(void **state)
{
	struct node *n = *state;
	struct vs_key tcp = key_of(IPPROTO_TCP, "10.0.0.1", 80), six = key_of(IPPROTO_TCP, "fd00::1", 80);
	struct real r4 = real_of("10.1.0.1", 8080, FORWARD_NAT, 1), r6 = real_of("fd01::1", 8080, FORWARD_NAT, 1);
	wish_some(n);
	start_with_table(n);

	struct vs_key udp = key_of(IPPROTO_UDP, "10.0.0.1", 53);
	meddle(n, OP_VS_DELETE, &tcp, NULL, NULL);
	meddle(n, OP_VS_DELETE, &six, NULL, NULL);
	meddle(n, OP_VS_EDIT, &udp, "sed", NULL);
	wait_until(n, kernel_has_it);

	meddle(n, OP_REAL_DELETE, &tcp, NULL, &r4);
	wait_until(n, kernel_has_it);
	r4.weight = 77;
	meddle(n, OP_REAL_EDIT, &tcp, NULL, &r4);
	meddle(n, OP_REAL_DELETE, &six, NULL, &r6);
	wait_until(n, kernel_has_it);
	struct real more = real_of("10.1.0.200", 8080, FORWARD_NAT, 1);
	meddle(n, OP_REAL_ADD, &tcp, NULL, &more);
	wait_until(n, kernel_has_it);

	json_t *j = ask(n, "status"), *drift = json_object_get(j, "drift");
	assert_int_equal(json_integer_value(json_object_get(drift, "services")), 3);
	assert_int_equal(json_integer_value(json_object_get(drift, "reals")), 6 + 1 + 2 + 1);
	json_decref(j);
}

static void all_gone_comes_back(void **state)
{
	struct node *n = *state;
	size_t count;
	wish_some(n);
	start_with_table(n);
	const struct vs *const *v = table_sorted(n->want, &count);
	for (size_t i = 0; i < count; i++)
		meddle(n, OP_VS_DELETE, &v[i]->key, NULL, NULL);
	wait_until(n, kernel_has_it);
}

static void foreign_is_left_and_counted(void **state)
{
	struct node *n = *state;
	struct vs_key a = key_of(IPPROTO_TCP, "10.9.0.1", 80), b = key_of(IPPROTO_UDP, "fd09::1", 53);
	struct real r = real_of("10.9.1.1", 80, FORWARD_NAT, 5);
	meddle(n, OP_VS_ADD, &a, "wlc", NULL);
	meddle(n, OP_REAL_ADD, &a, NULL, &r);
	meddle(n, OP_VS_ADD, &b, "rr", NULL);
	wish(n, IPPROTO_TCP, "10.0.0.1", 80, "rr", 2, FORWARD_NAT);
	start_with_table(n);
	assert_int_equal(status(n, "foreign"), 2);
	assert_int_equal(status(n, "virtualServers"), 1);
	struct vs_key c = key_of(IPPROTO_TCP, "10.9.0.3", 80);
	meddle(n, OP_VS_ADD, &c, "wlc", NULL);
	assert_int_equal(status(n, "foreign"), 3);
	load(n, 2, true); /* not even with adopt: nobody wants them */
	assert_int_equal(kernel_size(n, &a), 2);
	assert_int_equal(kernel_size(n, &b), 1);
	assert_int_equal(kernel_size(n, &c), 1);
	assert_int_equal(status(n, "foreign"), 3);

	json_t *list = ask(n, "table");
	size_t ours = 0;
	assert_int_equal(json_array_size(list), 4);
	for (size_t i = 0; i < 4; i++) {
		const json_t *v = json_array_get(list, i);
		if (!json_is_true(json_object_get(v, "ours")))
			continue;
		ours++;
		assert_string_equal(json_string_value(json_object_get(v, "address")), "10.0.0.1");
		assert_int_equal(json_integer_value(json_object_get(v, "port")), 80);
		assert_string_equal(json_string_value(json_object_get(v, "protocol")), "TCP");
		assert_string_equal(json_string_value(json_object_get(v, "scheduler")), "rr");
		const json_t *reals = json_object_get(v, "reals");
		assert_int_equal(json_array_size(reals), 2);
		assert_string_equal(json_string_value(json_object_get(json_array_get(reals, 0), "forward")), "NAT");
	}
	assert_int_equal(ours, 1);
	json_decref(list);
}

static void conflict_is_told_and_ends(void **state)
{
	struct node *n = *state;
	struct vs_key k = key_of(IPPROTO_TCP, "10.0.0.1", 80), late = key_of(IPPROTO_TCP, "10.0.0.7", 80);
	struct real r = real_of("10.9.1.1", 80, FORWARD_NAT, 5);
	meddle(n, OP_VS_ADD, &k, "wlc", NULL);
	meddle(n, OP_REAL_ADD, &k, NULL, &r);
	meddle(n, OP_VS_ADD, &late, "wlc", NULL);
	wish_some(n);
	start_with_table(n);
	assert_int_equal(n->ack.conflicts, 1);
	assert_int_equal(n->ack.failed, 0);
	assert_string_equal(n->notes, "Conflict TCP 10.0.0.1:80\n");
	assert_int_equal(kernel_size(n, &k), 2);
	assert_int_equal(status(n, "conflicts"), 1);

	/* A row that meets a foreigner finds out by the kernel's word, and leaves no real server with it. */
	wish(n, IPPROTO_TCP, "10.0.0.7", 80, "rr", 3, FORWARD_NAT);
	send_row(n, MSG_ROWS, ROLE_CONTROL, 2, ROW_SET, &late);
	wait_until(n, acked);
	assert_int_equal(n->ack.conflicts, 2);
	assert_int_equal(kernel_size(n, &late), 1);

	give_peer(n, ROLE_CONTROL); /* a new control is told again */
	n->notes[0] = '\0';
	n->expect = "Conflict TCP 10.0.0.1:80\n";
	wait_until(n, noted);

	meddle(n, OP_VS_DELETE, &k, NULL, NULL);
	meddle(n, OP_VS_DELETE, &late, NULL, NULL);
	wait_until(n, kernel_has_it);
	wait_until(n, no_conflicts);
	n->expect = "Conflict TCP 10.0.0.1:80 gone\n";
	wait_until(n, noted);
	assert_int_equal(status(n, "virtualServers"), table_count(n->want));
}

static void conflict_that_nobody_wants_is_forgotten(void **state)
{
	struct node *n = *state;
	struct vs_key k = key_of(IPPROTO_TCP, "10.0.0.1", 80);
	meddle(n, OP_VS_ADD, &k, "wlc", NULL);
	wish(n, IPPROTO_TCP, "10.0.0.1", 80, "rr", 2, FORWARD_NAT);
	start_with_table(n);
	assert_int_equal(n->ack.conflicts, 1);
	table_del(n->want, &k);
	send_row(n, MSG_ROWS, ROLE_CONTROL, 2, ROW_DELETE, &k);
	wait_until(n, no_conflicts);
	assert_string_equal(n->notes, "Conflict TCP 10.0.0.1:80\nConflict TCP 10.0.0.1:80 gone\n");
	assert_int_equal(kernel_size(n, &k), 1);
	assert_int_equal(status(n, "foreign"), 1);
}

static void adopt_takes_over(void **state)
{
	struct node *n = *state;
	struct vs_key k = key_of(IPPROTO_TCP, "10.0.0.1", 80);
	struct real r = real_of("10.9.1.1", 80, FORWARD_NAT, 5), kept = real_of("10.1.0.2", 8080, FORWARD_NAT, 9);
	meddle(n, OP_VS_ADD, &k, "wlc", NULL);
	meddle(n, OP_REAL_ADD, &k, NULL, &r);
	meddle(n, OP_REAL_ADD, &k, NULL, &kept);
	wish_some(n);
	start_with_table(n);
	assert_int_equal(n->ack.conflicts, 1);
	load(n, 2, true);
	assert_int_equal(n->ack.conflicts, 0);
	assert_true(kernel_has_it(n));
	assert_int_equal(status(n, "adopted"), 1);
	n->expect = "Conflict TCP 10.0.0.1:80 gone\n";
	wait_until(n, noted);
}

static void refused_is_tried_again(void **state)
{
	struct node *n = *state;
	struct vs v = vs_of(IPPROTO_TCP, "10.0.0.1", 80, "rr");
	struct real reals[2] = {real_of("11.255.255.255", 80, FORWARD_NAT, 1), real_of("10.1.0.1", 80, FORWARD_NAT, 1)};

	/* An address of class A on lo makes its last address a broadcast one: no real server can have that. */
	assert_int_equal(lo_ioctl(SIOCSIFADDR, "lo:1", addr_alias), 0);
	v.reals = reals;
	v.n = 2;
	assert_int_equal(table_put(n->want, &v), 0);
	wish(n, IPPROTO_TCP, "10.0.0.2", 80, "rr", 2, FORWARD_NAT);
	start_with_table(n);
	assert_int_equal(n->ack.failed, 1);
	assert_string_equal(n->notes, "KernelRefused TCP 10.0.0.1:80\n");
	assert_int_equal(kernel_size(n, &v.key), 2);
	wait_until(n, programmed);
	assert_int_equal(status(n, "failed"), 1);

	assert_int_equal(lo_ioctl(SIOCSIFFLAGS, "lo:1", flags_down), 0);
	wait_until(n, none_failed);
	assert_true(kernel_has_it(n));
	n->expect = "KernelRefused TCP 10.0.0.1:80 gone\n";
	wait_until(n, noted);
}

/* A table of which the kernel took nothing is none; it says so as long as that is so. */
static void a_refused_table_is_not_programmed(void **state)
{
	struct node *n = *state;
	struct vs v = vs_of(IPPROTO_TCP, "10.0.0.1", 80, "rr");
	struct real broadcast = real_of("11.255.255.255", 80, FORWARD_NAT, 1);

	assert_int_equal(lo_ioctl(SIOCSIFADDR, "lo:1", addr_alias), 0);
	v.reals = &broadcast;
	v.n = 1;
	assert_int_equal(table_put(n->want, &v), 0);
	start_with_table(n);
	assert_int_equal(n->ack.failed, 1);
	n->unready = 0;
	wait_until(n, unready_thrice);
	assert_int_equal(n->programmed, 0);
	assert_non_null(strstr(n->why, "refused"));

	assert_int_equal(lo_ioctl(SIOCSIFFLAGS, "lo:1", flags_down), 0);
	wait_until(n, programmed);
	assert_string_equal(n->why, "");
}

/* What is vipd's already follows all the same; what would be new is not made, and told. */
static void unwritable_record_stops_only_what_is_new(void **state)
{
	struct node *n = *state;
	wish_some(n);
	start_with_table(n);
	assert_int_equal(fcntl(n->own_fd, F_ADD_SEALS, F_SEAL_WRITE), 0);
	struct vs_key fresh = wish(n, IPPROTO_TCP, "10.0.0.5", 443, "rr", 2, FORWARD_NAT);
	send_row(n, MSG_ROWS, ROLE_CONTROL, 2, ROW_SET, &fresh);
	n->expect = "RecordUnwritable TCP 10.0.0.5:443\n";
	wait_until(n, noted);
	struct vs_key changed = wish(n, IPPROTO_TCP, "10.0.0.1", 80, "wrr", 5, FORWARD_NAT);
	send_row(n, MSG_ROWS, ROLE_CONTROL, 3, ROW_SET, &changed);
	wait_until(n, acked);
	assert_int_equal(kernel_size(n, &changed), 6);
	assert_int_equal(kernel_size(n, &fresh), 0);
	assert_int_equal(n->ack.failed, 1);
}

static void restart_adopts_its_own(void **state)
{
	struct node *n = *state;
	struct vs_key lost = key_of(IPPROTO_TCP, "10.0.0.1", 80), unwanted = key_of(IPPROTO_UDP, "10.0.0.1", 53);
	struct vs_key foreign = key_of(IPPROTO_TCP, "10.9.0.1", 80);
	wish_some(n);
	start_with_table(n);
	reap(n);

	/* While nobody looks: one is deleted, a foreigner comes; what is kept wants one less and another more. */
	meddle(n, OP_VS_DELETE, &lost, NULL, NULL);
	meddle(n, OP_VS_ADD, &foreign, "rr", NULL);
	launch(n);
	send_picture(n, ROLE_SUPERVISOR, MSG_KEPT, 8, false);
	table_del(n->want, &unwanted);
	send_row(n, MSG_KEPT_ROWS, ROLE_SUPERVISOR, 9, ROW_DELETE, &unwanted);
	struct vs_key more = wish(n, IPPROTO_TCP, "10.0.0.6", 80, "rr", 2, FORWARD_NAT);
	send_row(n, MSG_KEPT_ROWS, ROLE_SUPERVISOR, 10, ROW_SET, &more);
	begin(n, 1);
	wait_until(n, acked);
	wait_until(n, programmed);
	assert_true(kernel_has_it(n));
	assert_int_equal(kernel_size(n, &unwanted), 0);
	assert_int_equal(kernel_size(n, &foreign), 1);
	assert_int_equal(n->ack.conflicts, 0);
	assert_int_equal(n->keeps + n->keep_rows, 0);
	assert_int_equal(status(n, "adopted"), 0);
}

static void lost_record_adopts_what_is_equal(void **state)
{
	struct node *n = *state;
	struct vs_key other = key_of(IPPROTO_TCP, "10.0.0.1", 80);
	wish_some(n);
	start_with_table(n);
	size_t count = table_count(n->want);
	reap(n);
	assert_int_equal(ftruncate(n->own_fd, 0), 0);
	meddle(n, OP_VS_EDIT, &other, "wlc", NULL);
	start_with_table(n);
	assert_int_equal(n->ack.conflicts, 1);
	assert_string_equal(n->notes, "Conflict TCP 10.0.0.1:80\n");
	assert_int_equal(status(n, "adopted"), count - 1);
	assert_int_equal(status(n, "virtualServers"), count - 1);
}

static void stop_withdraws_dr_and_tun(void **state)
{
	struct node *n = *state;
	struct vs_key foreign = key_of(IPPROTO_TCP, "10.9.0.1", 80), dr = key_of(IPPROTO_TCP, "10.0.0.3", 80),
		      tun = key_of(IPPROTO_UDP, "fd00::1", 53);
	meddle(n, OP_VS_ADD, &foreign, "rr", NULL);
	wish_some(n);
	start_with_table(n);
	assert_int_equal(chan_send(n->to[ROLE_SUPERVISOR], MSG_STOP, 0, NULL, 0, -1), 0);
	assert_int_equal(exit_code(n), 0);
	table_del(n->want, &dr);
	table_del(n->want, &tun);
	assert_true(kernel_has_it(n));
	assert_int_equal(kernel_size(n, &dr), 0);
	assert_int_equal(kernel_size(n, &tun), 0);
	assert_int_equal(kernel_size(n, &foreign), 1);

	/* What was left is still in the record: a clean-up takes it, and only it. */
	assert_int_equal(ipvs_cleanup(n->own_fd), 0);
	assert_int_equal(kernel_count(n), 1);
	assert_int_equal(ipvs_cleanup(n->own_fd), 0);
}

static void orphan_leaves_the_kernel_alone(void **state)
{
	struct node *n = *state;
	wish_some(n);
	start_with_table(n);
	chan_free(n->to[ROLE_SUPERVISOR]);
	n->to[ROLE_SUPERVISOR] = NULL;
	n->dead = true;
	assert_int_equal(exit_code(n), 0);
	assert_true(kernel_has_it(n));
}

static void leave_leaves_the_kernel_alone(void **state)
{
	struct node *n = *state;
	wish_some(n);
	start_with_table(n);
	assert_int_equal(chan_send(n->to[ROLE_SUPERVISOR], MSG_DUMP, 0, NULL, 0, -1), 0);
	assert_int_equal(chan_send(n->to[ROLE_SUPERVISOR], MSG_LEAVE, 0, NULL, 0, -1), 0);
	assert_int_equal(exit_code(n), 0);
	assert_true(kernel_has_it(n));
}

static void send_role(struct node *n, const char *router, uint8_t mode)
{
	struct msg_role m = {.family = AF_INET, .vrid = 1, .mode = mode, .before = 1};

	strncpy(m.router, router, sizeof m.router - 1);
	assert_int_equal(chan_send(n->to[ROLE_VRRP], MSG_ROLE, 0, &m, sizeof m, -1), 0);
}

static bool kernel_has_one(struct node *n)
{
	return kernel_count(n) == 1;
}

/* ... with its real servers. */
static bool kernel_has_two(struct node *n)
{
	struct vs_key k = key_of(IPPROTO_TCP, "10.0.0.1", 80);

	return kernel_count(n) == 2 && kernel_size(n, &k) == 3;
}

static bool something_waits(struct node *n)
{
	return n->waiting[0] != '\0';
}

static bool nothing_waits(struct node *n)
{
	return !something_waits(n);
}

/* drOnBackup: what would loop is there while its router is Active, also for a restarted process that control has not reached. */
static void a_role_opens_and_shuts_the_gate(void **state)
{
	struct node *n = *state;
	struct vs v;
	struct vs_key k = wish(n, IPPROTO_TCP, "10.0.0.1", 80, "rr", 2, FORWARD_DR);

	wish(n, IPPROTO_TCP, "10.0.0.2", 80, "rr", 2, FORWARD_DR);
	v = *table_get(n->want, &k);
	v.gate = 1;
	v.reals = xmemdup(v.reals, v.n * sizeof *v.reals);
	assert_int_equal(table_put(n->want, &v), 0);
	free(v.reals);
	n->settings.n_gates = 1;
	strcpy(n->settings.gates[0], "vips");
	start_with_table(n);
	assert_int_equal(kernel_count(n), 1);
	send_role(n, "other", 2);
	wait_until(n, something_waits);
	assert_string_equal(n->waiting, "vips");
	send_role(n, "vips", 2);
	wait_until(n, nothing_waits);
	assert_true(kernel_has_two(n));
	send_row(n, MSG_ROWS, ROLE_CONTROL, 2, ROW_SET, &k);
	wait_until(n, acked);
	assert_int_equal(kernel_count(n), 2);
	send_role(n, "vips", 1);
	wait_until(n, kernel_has_one);
	wait_until(n, something_waits);
	assert_int_equal(kernel_size(n, &k), 0);
	send_row(n, MSG_ROWS, ROLE_CONTROL, 3, ROW_SET, &k);
	wait_until(n, acked);
	assert_int_equal(kernel_count(n), 1);
	load(n, 4, false); /* a picture changes nothing of that */
	assert_int_equal(kernel_count(n), 1);
	send_role(n, "vips", 2);
	wait_until(n, kernel_has_two);
}

static int count_daemon(void *arg, const struct sync_daemon *d)
{
	++*(unsigned *)arg;
	assert_string_equal(d->ifname, "lo");
	assert_int_equal(d->id, 9);
	return 0;
}

static unsigned daemons(struct node *n)
{
	unsigned count = 0;

	assert_int_equal(ipvs_sock_daemons(n->sock, count_daemon, &count), 0);
	return count;
}

static bool both_daemons(struct node *n)
{
	return daemons(n) == 2;
}

/* Both roles run as long as control wants them, also without a single virtual server; a stop ends them. */
static void sync_runs_and_stops(void **state)
{
	struct node *n = *state;

	n->settings.sync = (struct sync_settings){.on = true,
						  .ifname = "lo",
						  .id = 9,
						  .group = addr_of("224.0.0.81"),
						  .port = SYNC_PORT,
						  .ttl = 1,
						  .threshold = 3,
						  .period = 50};
	start_with_table(n);
	wait_until(n, both_daemons);
	assert_int_equal(chan_send(n->to[ROLE_CONTROL], MSG_ASK, 5, "status", 6, -1), 0);
	wait_until(n, answered);
	assert_non_null(strstr(n->answer, "\"sender\":true,\"receiver\":true"));
	assert_int_equal(chan_send(n->to[ROLE_SUPERVISOR], MSG_STOP, 0, NULL, 0, -1), 0);
	assert_int_equal(exit_code(n), 0);
	assert_int_equal(daemons(n), 0);
}

/* In a kernel of our own, where modprobe can take the module out and put it back. */
static void missing_scheduler_is_asked_for_once(void **state)
{
	struct node *n = *state;
	struct vs_key a = key_of(IPPROTO_TCP, "10.0.0.1", 80), b = key_of(IPPROTO_TCP, "10.0.0.2", 80);
	static const char no[] = "modprobe: FATAL: Module ip_vs_ovf not found";
	struct msg_ran ran = {.status = 1, .output = sizeof no};
	unsigned char buf[sizeof ran + sizeof no];

	if (system("grep -q labinit= /proc/cmdline && modprobe -n ip_vs_ovf && modprobe -r ip_vs_ovf") != 0)
		skip();
	/* The kernel would load it by itself. */
	assert_int_equal(system("echo /nonexistent >/proc/sys/kernel/modprobe"), 0);
	wish(n, IPPROTO_TCP, "10.0.0.1", 80, "ovf", 2, FORWARD_NAT);
	wish(n, IPPROTO_TCP, "10.0.0.2", 80, "ovf", 2, FORWARD_NAT);
	start_with_table(n);
	wait_until(n, asked_for_module);
	assert_string_equal(n->module, "ip_vs_ovf");
	assert_int_equal(n->runs, 1);
	assert_int_equal(n->ack.failed, 2);
	n->expect = "SchedulerMissing TCP 10.0.0.1:80\n";
	wait_until(n, noted);

	/* A runner that died owes the answer: the next one is asked. */
	n->runs = 0;
	give_peer(n, ROLE_RUNNER);
	wait_until(n, asked_for_module);
	memcpy(buf, &ran, sizeof ran);
	memcpy(buf + sizeof ran, no, sizeof no);
	assert_int_equal(chan_send(n->to[ROLE_RUNNER], MSG_RAN, n->run_id, buf, sizeof buf, -1), 0);

	wish(n, IPPROTO_TCP, "10.0.0.1", 80, "rr", 2, FORWARD_NAT);
	send_row(n, MSG_ROWS, ROLE_CONTROL, 2, ROW_SET, &a);
	wish(n, IPPROTO_TCP, "10.0.0.2", 80, "rr", 2, FORWARD_NAT);
	send_row(n, MSG_ROWS, ROLE_CONTROL, 3, ROW_SET, &b);
	wait_until(n, none_failed);
	assert_true(kernel_has_it(n));
	assert_int_equal(n->runs, 1);
	assert_int_equal(system("echo /sbin/modprobe >/proc/sys/kernel/modprobe && modprobe ip_vs_ovf"), 0);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(first_load),
	    T(rates_of_many_servers),
	    T(a_set_grows_beside),
	    T(an_empty_table_is_programmed),
	    T(rows),
	    T(a_second_picture_changes_what_differs),
	    T(nonsense_is_refused),
	    T(drift_heals),
	    T(all_gone_comes_back),
	    T(foreign_is_left_and_counted),
	    T(conflict_is_told_and_ends),
	    T(conflict_that_nobody_wants_is_forgotten),
	    T(adopt_takes_over),
	    T(refused_is_tried_again),
	    T(a_refused_table_is_not_programmed),
	    T(unwritable_record_stops_only_what_is_new),
	    T(restart_adopts_its_own),
	    T(lost_record_adopts_what_is_equal),
	    T(stop_withdraws_dr_and_tun),
	    T(orphan_leaves_the_kernel_alone),
	    T(leave_leaves_the_kernel_alone),
	    T(a_role_opens_and_shuts_the_gate),
	    T(sync_runs_and_stops),
	    T(missing_scheduler_is_asked_for_once),
	};
	struct ipvs_sock *s = NULL;
	int rc = unshare(CLONE_NEWNET) < 0 ? -errno : ipvs_sock_open(&s);

	ipvs_sock_close(s);
	if (rc == -ENOENT || rc == -EPERM || rc == -EPROTONOSUPPORT) {
		fprintf(stderr, "no IPVS here: %s\n", strerror(-rc));
		return 77;
	}
	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
