/* load_ipvs WAY SERVICES REALS [SCHEDULER]: programs SERVICES virtual servers with REALS real servers each into this network namespace and prints
 * the seconds it took (CLOCK_MONOTONIC; the bench runs it where that clock counts instructions).
 *
 *   ours       the ipvs process itself: from MSG_TABLE handed to it to MSG_ACK
 *   floor      the bare kernel: messages encoded beforehand, 64 KiB a send, errors only
 *   sched-first  as floor, but every virtual server has its scheduler from the start (what ipvsadm and keepalived do)
 *   restore    prints the same table as ipvsadm -R reads it, and programs nothing
 *   keepalived prints the same table as keepalived.conf */
#include "../../ipvs/msg.h"
#include "../../ipvs/wire.h"
#include "../../src/base/arena.h"
#include "../../src/base/child.h"
#include "../../src/base/clock.h"
#include "../../src/base/log.h"
#include "../../src/base/memfd.h"

#include <fcntl.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BATCH = 64 << 10 };

static __attribute__((noreturn)) void die(const char *what)
{
	perror(what);
	exit(1);
}

static struct vs *service(unsigned i, unsigned reals, const char *sched)
{
	static struct real storage[1024];
	static struct vs v;

	v = (struct vs){.key = {.addr = addr_from_v4(0x0a000000u | (i / 250) << 8 | (i % 250 + 1)),
				.port = 80,
				.proto = IPPROTO_TCP},
			.granularity = 32,
			.n = reals,
			.reals = storage};
	snprintf(v.sched, sizeof v.sched, "%s", sched);
	for (unsigned r = 0; r < reals; r++)
		storage[r] = (struct real){
		    .addr = addr_from_v4(0x0ac80000u | (i % 65000)), .port = (uint16_t)(8000 + r), .weight = 1};
	return &v;
}

static struct table *build(unsigned services, unsigned reals, const char *sched)
{
	struct table *t = table_new();

	for (unsigned i = 0; i < services; i++)
		if (table_put(t, service(i, reals, sched)))
			die("table");
	return t;
}

static double seconds(nsec_t since)
{
	return (double)(clock_now() - since) / (double)NSEC_PER_SEC;
}

/* The floor: everything encoded, then nothing but sends. */
static double floor_way(struct table *t, bool sched_first)
{
	struct nl_sock *nl = nl_socket_alloc();
	struct ops ops = {0};
	size_t n, len = 0, cap = 0, at = 0;
	const struct vs *const *all = table_sorted(t, &n);
	char *bytes = NULL, reply[8192];
	size_t *ends;
	int family, size = 4 << 20, fd;

	if (!nl || genl_connect(nl) || (family = genl_ctrl_resolve(nl, "IPVS")) < 0)
		die("IPVS netlink");
	fd = nl_socket_get_fd(nl);
	setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size);
	for (size_t i = 0; i < n; i++)
		diff_vs(all[i], NULL, &ops);
	ends = xcalloc(ops.n, sizeof *ends);
	for (size_t i = 0; i < ops.n; i++) {
		if (sched_first && ops.items[i].type == OP_VS_ADD)
			ops.items[i].sched = ops.items[i].vs->sched;
		if (cap - len < MSG_ROOM)
			bytes = xrealloc(bytes, cap = cap * 2 + 4096);
		len += ipvs_msg_op(&ops.items[i], (uint16_t)family, (uint32_t)i + 1, NLM_F_REQUEST, bytes + len);
		ends[i] = len;
	}
	nsec_t begun = clock_now();
	for (size_t i = 0; at < len; at = ends[i++]) {
		while (i + 1 < ops.n && ends[i + 1] - at <= BATCH)
			i++;
		if (send(fd, bytes + at, ends[i] - at, 0) < 0)
			die("send");
		if (recv(fd, reply, sizeof reply, MSG_DONTWAIT) > 0)
			die("the kernel refused an operation");
	}
	double took = seconds(begun);
	free(bytes);
	free(ends);
	ops_clear(&ops);
	nl_socket_free(nl);
	return took;
}

struct waiter {
	struct loop *loop;
	uint16_t type;
};

static void on_msg(void *arg, struct chan *c, struct msg *m)
{
	struct waiter *w = arg;

	(void)c;
	if (m->fd >= 0)
		close(m->fd);
	if (m->type == w->type)
		loop_stop(w->loop, 0);
}

static void on_close(void *arg, struct chan *c)
{
	(void)arg;
	(void)c;
	fprintf(stderr, "load_ipvs: the ipvs process died\n");
	exit(1);
}

static double ours_way(struct table *t)
{
	struct ipvs_settings settings = {0};
	struct loop *l = loop_new();
	struct waiter sup_wait = {.loop = l}, control_wait = {.loop = l, .type = MSG_ACK};
	int sup[2], control[2], own = open("/run", O_RDWR | O_TMPFILE | O_APPEND, 0600);
	uint32_t role = ROLE_CONTROL, restarted = 0;
	size_t len;
	void *bytes = wire_encode_table(t, &settings, &len);
	int picture = memfd_sealed("table", bytes, len);
	struct places places = {0};

	if (chan_pair(sup) || chan_pair(control) || own < 0 || picture < 0)
		die("channels");
	pid_t pid = fork();
	if (pid == 0) {
		struct child *c = child_new(ROLE_IPVS, sup[1]);
		struct role_env env = {
		    .places = &places, .own_fd = own, .listen_fd = -1, .state_fd = -1, .mem_fd = -1, .lock_fd = -1};
		close(sup[0]);
		close(control[0]);
		log_open("ipvs", LOG_LEVEL_WARNING);
		_exit(ipvs_main(c, &env));
	}
	close(sup[1]);
	struct chan *s = chan_new(l, sup[0], on_msg, on_close, &sup_wait);
	struct chan *k = chan_new(l, control[0], on_msg, on_close, &control_wait);
	chan_send(s, MSG_PEER, 0, &role, sizeof role, control[1]);
	chan_send(s, MSG_START, 0, &restarted, sizeof restarted, -1);
	close(control[1]);
	sup_wait.type = MSG_READY;
	loop_run(l); /* MSG_READY */
	sup_wait.type = 0;
	nsec_t begun = clock_now();
	chan_send(k, MSG_TABLE, 1, NULL, 0, picture);
	loop_run(l); /* MSG_ACK */
	double took = seconds(begun);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	chan_free(s);
	chan_free(k);
	loop_free(l);
	close(picture);
	close(own);
	free(bytes);
	return took;
}

static void print_restore(struct table *t)
{
	size_t n;
	const struct vs *const *all = table_sorted(t, &n);
	char a[ADDR_TEXT];

	for (size_t i = 0; i < n; i++) {
		const struct vs *v = all[i];
		addr_format(&v->key.addr, a);
		printf("-A -t %s:%u -s %s\n", a, v->key.port, v->sched);
		for (uint32_t r = 0; r < v->n; r++) {
			char b[ADDR_TEXT];
			printf("-a -t %s:%u -r %s:%u -m -w 1\n", a, v->key.port, addr_format(&v->reals[r].addr, b),
			       v->reals[r].port);
		}
	}
}

static void print_keepalived(struct table *t)
{
	size_t n;
	const struct vs *const *all = table_sorted(t, &n);
	char a[ADDR_TEXT];

	for (size_t i = 0; i < n; i++) {
		const struct vs *v = all[i];
		printf("virtual_server %s %u {\n  lb_algo %s\n  lb_kind NAT\n  protocol TCP\n",
		       addr_format(&v->key.addr, a), v->key.port, v->sched);
		for (uint32_t r = 0; r < v->n; r++)
			printf("  real_server %s %u {\n    weight 1\n  }\n", addr_format(&v->reals[r].addr, a),
			       v->reals[r].port);
		printf("}\n");
	}
}

int main(int argc, char **argv)
{
	if (argc < 4 || strtoul(argv[3], NULL, 10) > 1024) {
		fprintf(stderr,
			"usage: load_ipvs ours|floor|sched-first|restore|keepalived SERVICES REALS [SCHEDULER]\n");
		return 2;
	}
	struct table *t = build((unsigned)strtoul(argv[2], NULL, 10), (unsigned)strtoul(argv[3], NULL, 10),
				argc > 4 ? argv[4] : "rr");
	if (strcmp(argv[1], "ours") == 0)
		printf("%.6f\n", ours_way(t));
	else if (strcmp(argv[1], "floor") == 0)
		printf("%.6f\n", floor_way(t, false));
	else if (strcmp(argv[1], "sched-first") == 0)
		printf("%.6f\n", floor_way(t, true));
	else if (strcmp(argv[1], "restore") == 0)
		print_restore(t);
	else if (strcmp(argv[1], "keepalived") == 0)
		print_keepalived(t);
	else
		return 2;
	table_free(t);
	return 0;
}
