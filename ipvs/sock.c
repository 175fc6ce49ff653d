/* The IPVS socket: requests and batches out, dumps and errors in. Decides how many messages go in a send and whose an error is.
 * What the kernel does (net/netlink/af_netlink.c, net/netfilter/ipvs/ip_vs_ctl.c; measured on 6.1):
 * - a batch runs inside sendmsg, an error does not stop it; afterwards the errors are in the receive queue, in order, and nothing else;
 * - an error takes about 1 KiB of the receive buffer: a batch never holds more messages than the buffer can take errors, so that none is lost;
 * - a dump's messages are as large as the largest buffer ever given to recv, so every recv is given the same one.
 * Test: tests/kernel/test_sock.c */
#include "sock.h"

#include "../src/base/arena.h"
#include "sockopt.h"

#include <errno.h>
#include <linux/genetlink.h>
#include <linux/ip_vs.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <netlink/errno.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum {
	BATCH = 32 << 10,
	RECEIVE = 64 << 10,
	RECEIVE_QUEUE = 4 << 20,
	SEND_QUEUE = 256 << 10,
	ERROR_COST = 2 << 10, /* of the receive queue, an upper bound for one error */
	GLANCE_FIRST = 64,
	GLANCE_MAX = 1 << 20,
};

struct ipvs_sock {
	int fd;        /* generic netlink */
	int option_fd; /* any IPv4 socket, for getsockopt; -1 where there is no IPv4 */
	uint16_t family;
	uint32_t seq;          /* of the last message sent */
	size_t batch_messages; /* at most, in one send */
	size_t glance_room;    /* entries that were enough last time */
	struct dest_room dests;
	unsigned char out[BATCH];
	unsigned char in[RECEIVE];
};

/* ---- opening */

static int family_error(int nl_error)
{
	if (nl_error == -NLE_OBJ_NOTFOUND)
		return -ENOENT;
	return nl_error == -NLE_PERM || nl_error == -NLE_NOACCESS ? -EPERM : -EPROTO;
}

static int family_resolve(uint16_t *out)
{
	struct nl_sock *nl = nl_socket_alloc();
	int rc;

	if (!nl)
		return -ENOMEM;
	rc = genl_connect(nl);
	if (rc == 0)
		rc = genl_ctrl_resolve(nl, IPVS_GENL_NAME);
	nl_socket_free(nl);
	if (rc < 0)
		return family_error(rc);
	*out = (uint16_t)rc;
	return 0;
}

/* The buffer that we get settles how many errors may come back at once. */
static void queue_sizes(struct ipvs_sock *s)
{
	int want = RECEIVE_QUEUE, out = SEND_QUEUE, got = 0, on = 1;
	struct timeval patience = {.tv_sec = 10};
	socklen_t len = sizeof got;

	if (setsockopt(s->fd, SOL_SOCKET, SO_RCVBUFFORCE, &want, sizeof want) < 0)
		setsockopt(s->fd, SOL_SOCKET, SO_RCVBUF, &want, sizeof want);
	if (getsockopt(s->fd, SOL_SOCKET, SO_RCVBUF, &got, &len) < 0 || got < ERROR_COST)
		got = ERROR_COST;
	s->batch_messages = (size_t)got / ERROR_COST;
	setsockopt(s->fd, SOL_SOCKET, SO_SNDBUF, &out, sizeof out);
	setsockopt(s->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	setsockopt(s->fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof on); /* errors without a copy of the message */
}

static int netlink_open(struct ipvs_sock *s)
{
	struct sockaddr_nl self = {.nl_family = AF_NETLINK};

	s->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	if (s->fd < 0)
		return -errno;
	if (bind(s->fd, (struct sockaddr *)&self, sizeof self) < 0)
		return -errno;
	queue_sizes(s);
	return family_resolve(&s->family);
}

void ipvs_sock_close(struct ipvs_sock *s)
{
	if (!s)
		return;
	if (s->fd >= 0)
		close(s->fd);
	if (s->option_fd >= 0)
		close(s->option_fd);
	dest_room_clear(&s->dests);
	free(s);
}

/* ---- bytes out and in */

static int send_bytes(struct ipvs_sock *s, size_t len)
{
	struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
	ssize_t n;

	do
		n = sendto(s->fd, s->out, len, 0, (struct sockaddr *)&kernel, sizeof kernel);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

/* One datagram into s->in; what is not from the kernel is empty. flags: MSG_DONTWAIT or 0. */
static int receive(struct ipvs_sock *s, int flags, size_t *len)
{
	struct sockaddr_nl from = {0};
	struct iovec iov = {s->in, sizeof s->in};
	struct msghdr m = {.msg_name = &from, .msg_namelen = sizeof from, .msg_iov = &iov, .msg_iovlen = 1};
	ssize_t n;

	do
		n = recvmsg(s->fd, &m, flags);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	if (m.msg_flags & MSG_TRUNC)
		return -EMSGSIZE;
	*len = from.nl_pid == 0 ? (size_t)n : 0;
	return 0;
}

/* ---- requests with an answer */

/* What is done with each message of an answer; non-zero ends, and is the caller's result. */
typedef int (*message_each)(void *arg, const void *msg, size_t len);

struct answer {
	message_each each;
	void *arg;
	bool dump; /* ends with NLMSG_DONE; else with its one message */
	bool over;
	int rc;
};

static int datagram_take(struct ipvs_sock *s, size_t len, struct answer *a)
{
	struct reply r;
	size_t at = 0;
	int more;

	while ((more = ipvs_msg_next(s->in, len, &at, &r)) > 0) {
		if (r.seq != s->seq || a->over)
			continue; /* the rest of something given up */
		if (r.type == NLMSG_ERROR || r.type == NLMSG_DONE) {
			a->over = true;
			if (!a->rc)
				a->rc = r.error;
		} else if (r.type == s->family) {
			if (!a->rc)
				a->rc = a->each(a->arg, r.msg, r.len);
			a->over = !a->dump;
		}
	}
	return more;
}

/* Sends the request in s->out and reads its answer to the end, also when `each` has seen enough: the kernel refuses a second dump meanwhile. */
static int ask(struct ipvs_sock *s, size_t request, bool dump, message_each each, void *arg)
{
	struct answer a = {.each = each, .arg = arg, .dump = dump};
	int rc = send_bytes(s, request);

	while (!rc && !a.over) {
		size_t len = 0;

		rc = receive(s, 0, &len);
		if (rc == -ENOBUFS) { /* something is lost, but the end still comes */
			a.rc = a.rc ? a.rc : rc;
			rc = 0;
		} else if (!rc) {
			rc = datagram_take(s, len, &a);
		}
	}
	if (rc == -EAGAIN)
		rc = -ETIMEDOUT;
	return rc ? rc : a.rc;
}

struct info {
	uint32_t version, conn_tab_size;
};

static int info_each(void *arg, const void *msg, size_t len)
{
	struct info *i = arg;

	return ipvs_msg_info(msg, len, &i->version, &i->conn_tab_size) == MSG_OK ? 0 : -EPROTO;
}

int ipvs_sock_info(struct ipvs_sock *s, uint32_t *version, uint32_t *conn_tab_size)
{
	struct info i = {0};
	int rc = ask(s, ipvs_msg_get_info(s->family, ++s->seq, s->out), false, info_each, &i);

	if (rc)
		return rc;
	*version = i.version;
	*conn_tab_size = i.conn_tab_size;
	return 0;
}

struct daemons_arg {
	int (*each)(void *arg, const struct sync_daemon *d);
	void *arg;
};

static int daemons_each(void *arg, const void *msg, size_t len)
{
	const struct daemons_arg *a = arg;
	struct sync_daemon d;

	return ipvs_msg_daemon_reply(msg, len, &d) == MSG_OK ? a->each(a->arg, &d) : -EPROTO;
}

int ipvs_sock_daemons(struct ipvs_sock *s, int (*each)(void *arg, const struct sync_daemon *d), void *arg)
{
	struct daemons_arg a = {each, arg};

	return ask(s, ipvs_msg_get_daemons(s->family, ++s->seq, s->out), true, daemons_each, &a);
}

int ipvs_sock_daemon(struct ipvs_sock *s, bool start, const struct sync_daemon *d)
{
	struct answer a = {0};
	size_t len = 0;
	int rc = send_bytes(s, ipvs_msg_daemon(s->family, ++s->seq, start, d, s->out));

	/* A refusal is there when the request returns. No acknowledgement is asked for: the kernel gives none when a thread is stopped before it ever
	 * ran (kthread_stop says EINTR, which netlink_rcv_skb keeps to itself). */
	while (!rc && (rc = receive(s, MSG_DONTWAIT, &len)) == 0)
		rc = datagram_take(s, len, &a);
	return rc == -EAGAIN ? a.rc : rc;
}

int ipvs_sock_open(struct ipvs_sock **out)
{
	struct ipvs_sock *s = xcalloc(1, sizeof *s);
	uint32_t version, size;
	int rc;

	s->glance_room = GLANCE_FIRST;
	s->option_fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	rc = netlink_open(s);
	if (!rc) /* a harmless question, to learn at once whether we may */
		rc = ipvs_sock_info(s, &version, &size);
	if (rc) {
		ipvs_sock_close(s);
		return rc;
	}
	*out = s;
	return 0;
}

/* ---- dumps */

struct services_arg {
	int (*each)(void *arg, const struct vs *head, const struct vs_stats *st);
	void *arg;
};

static int services_each(void *arg, const void *msg, size_t len)
{
	const struct services_arg *a = arg;
	struct vs_stats stats;
	struct vs head;
	enum msg_reason why = ipvs_msg_service(msg, len, &head, &stats);

	if (why == MSG_FWMARK)
		return 0;
	return why ? -EPROTO : a->each(a->arg, &head, &stats);
}

int ipvs_sock_services(struct ipvs_sock *s, int (*each)(void *arg, const struct vs *head, const struct vs_stats *st),
		       void *arg)
{
	struct services_arg a = {each, arg};

	return ask(s, ipvs_msg_get_services(s->family, ++s->seq, s->out), true, services_each, &a);
}

struct reals_arg {
	int (*each)(void *arg, const struct real *r, const struct real_stats *st);
	void *arg;
	uint8_t family;
};

static int reals_each(void *arg, const void *msg, size_t len)
{
	const struct reals_arg *a = arg;
	struct real_stats stats;
	struct real r;

	if (ipvs_msg_real(msg, len, a->family, &r, &stats) != MSG_OK)
		return -EPROTO;
	return a->each(a->arg, &r, &stats);
}

int ipvs_sock_reals(struct ipvs_sock *s, const struct vs_key *k,
		    int (*each)(void *arg, const struct real *r, const struct real_stats *st), void *arg)
{
	struct reals_arg a = {each, arg, k->addr.family};

	return ask(s, ipvs_msg_get_reals(s->family, ++s->seq, k, s->out), true, reals_each, &a);
}

struct quick_arg {
	int (*each)(void *arg, const struct real *r);
	void *arg;
};

static int quick_each(void *arg, const struct real *r, const struct real_stats *st)
{
	const struct quick_arg *a = arg;

	return a->each(a->arg, r);
}

int ipvs_sock_reals_quick(struct ipvs_sock *s, const struct vs_key *k, int (*each)(void *arg, const struct real *r),
			  void *arg)
{
	struct quick_arg a = {each, arg};

	return ipvs_sock_reals_counted(s, k, quick_each, &a);
}

int ipvs_sock_reals_counted(struct ipvs_sock *s, const struct vs_key *k,
			    int (*each)(void *arg, const struct real *r, const struct real_stats *st), void *arg)
{
	if (k->addr.family == AF_INET && s->option_fd >= 0)
		return sockopt_reals(s->option_fd, &s->dests, k, each, arg);
	return ipvs_sock_reals(s, k, each, arg);
}

/* ---- the glance */

/* Fills at most room entries; a kernel that has fewer leaves the rest zero, and no entry is all zero: it has a protocol or a mark. */
static int glance_read(struct ipvs_sock *s, size_t room, struct ip_vs_get_services **out, size_t *n)
{
	socklen_t len = (socklen_t)(sizeof **out + room * sizeof(struct ip_vs_service_entry));
	struct ip_vs_get_services *got = xcalloc(1, len);
	size_t filled = 0;

	got->num_services = (unsigned)room;
	if (getsockopt(s->option_fd, SOL_IP, IP_VS_SO_GET_SERVICES, got, &len) < 0) {
		int rc = -errno;

		free(got);
		return rc;
	}
	while (filled < room && (got->entrytable[filled].protocol || got->entrytable[filled].fwmark))
		filled++;
	*out = got;
	*n = filled;
	return 0;
}

static struct vs glance_head(const struct ip_vs_service_entry *e)
{
	struct vs v = {.flags = e->flags & VS_FLAGS};

	v.key.addr = addr_from_bytes(AF_INET, &e->addr);
	v.key.port = ntohs(e->port);
	v.key.proto = (uint8_t)e->protocol;
	v.timeout = v.flags & VS_PERSISTENT ? e->timeout : 0;
	v.granularity = ipvs_msg_granularity(AF_INET, e->netmask);
	memcpy(v.sched, e->sched_name, strnlen(e->sched_name, sizeof v.sched - 1));
	return v;
}

int ipvs_sock_glance(struct ipvs_sock *s, int (*each)(void *arg, const struct vs *head, uint32_t num_reals), void *arg)
{
	struct ip_vs_get_services *got = NULL;
	size_t n = 0;
	int rc;

	if (s->option_fd < 0)
		return -EAFNOSUPPORT;
	for (;;) {
		rc = glance_read(s, s->glance_room, &got, &n);
		if (rc)
			return rc;
		if (n < s->glance_room)
			break; /* a full answer may be a cut one */
		free(got);
		if (s->glance_room >= GLANCE_MAX)
			return -EFBIG;
		s->glance_room *= 2;
	}
	for (size_t i = 0; !rc && i < n; i++) {
		struct vs head = glance_head(&got->entrytable[i]);

		if (!got->entrytable[i].fwmark)
			rc = each(arg, &head, got->entrytable[i].num_dests);
	}
	free(got);
	return rc;
}

/* ---- batches */

struct batch {
	uint32_t first_seq; /* of the first operation of all */
	size_t n;           /* of all operations */
	struct op_error *errors;
	size_t failed;
};

static int errors_take(struct ipvs_sock *s, size_t len, struct batch *b)
{
	struct reply r;
	size_t at = 0;
	int more;

	while ((more = ipvs_msg_next(s->in, len, &at, &r)) > 0) {
		uint32_t index = r.seq - b->first_seq;

		if (r.type == NLMSG_ERROR && r.error < 0 && index < b->n && b->failed < b->n)
			b->errors[b->failed++] = (struct op_error){index, r.error};
	}
	return more;
}

/* All that came back from the batches sent so far; reads on to the end when something was lost, so that the next user starts clean. */
static int errors_drain(struct ipvs_sock *s, struct batch *b)
{
	int lost = 0;

	for (;;) {
		size_t len = 0;
		int rc = receive(s, MSG_DONTWAIT, &len);

		if (rc == -EAGAIN)
			return lost;
		if (!rc)
			rc = errors_take(s, len, b);
		if (rc == -ENOBUFS)
			lost = rc;
		else if (rc)
			return rc;
	}
}

/* Encodes as many as fit; how many. */
static size_t batch_fill(struct ipvs_sock *s, const struct op *ops, size_t n, size_t *len)
{
	size_t i = 0;

	*len = 0;
	while (i < n && i < s->batch_messages && BATCH - *len >= MSG_ROOM)
		*len += ipvs_msg_op(&ops[i++], s->family, ++s->seq, NLM_F_REQUEST, s->out + *len);
	return i;
}

int ipvs_sock_apply(struct ipvs_sock *s, const struct op *ops, size_t n, struct op_error *errors)
{
	struct batch b = {.first_seq = s->seq + 1, .n = n, .errors = errors};

	for (size_t done = 0; done < n;) {
		size_t len;
		int rc;

		done += batch_fill(s, ops + done, n - done, &len);
		rc = send_bytes(s, len);
		if (!rc)
			rc = errors_drain(s, &b);
		if (rc)
			return rc;
	}
	return (int)b.failed;
}
