/* Decides how rtnetlink is spoken: many requests a send, errors only, as measured for generic netlink (rtnetlink takes batches alike:
 * netlink_rcv_skb runs all messages of a datagram and queues an error for each that failed before send returns).
 * Source: net/netlink/af_netlink.c, net/core/rtnetlink.c. Test: tests/kernel/test_vrrp_process.c. */
#include "rtnl.h"

#include "../src/base/arena.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

/* EVENT_BUFFER holds the changes of some thousands of addresses; a dump follows when it does not. REPLY: the largest datagram of a dump
 * (af_netlink.c makes none above 32 KiB). */
enum { EVENT_BUFFER = 4 << 20, REPLY = 32 << 10, DUMP_TRIES = 5, REPLY_SECONDS = 5 };

struct rtnl {
	int events, requests;
	bool strict; /* the kernel filters dumps of routes */
	uint32_t seq;
	uint8_t *reply; /* REPLY bytes */
};

static int socket_open(uint32_t groups)
{
	struct sockaddr_nl local = {.nl_family = AF_NETLINK, .nl_groups = groups};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | (groups ? SOCK_NONBLOCK : 0), NETLINK_ROUTE);
	int size = EVENT_BUFFER, err;

	if (fd < 0)
		return -errno;
	/* FORCE needs CAP_NET_ADMIN; without it nothing else will work either. */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	if (bind(fd, (struct sockaddr *)&local, sizeof(local)) == 0)
		return fd;
	err = -errno;
	close(fd);
	return err;
}

/* Of routes only the kernel's own in the table local, and only when they go: a node may have all of the Internet's, which change all the time. The loads are
 * in network order, what is in the message in the host's. */
static int routes_filter(int fd)
{
	enum { TYPE = offsetof(struct nlmsghdr, nlmsg_type), BODY = sizeof(struct nlmsghdr) };
	struct sock_filter code[] = {
	    BPF_STMT(BPF_LD | BPF_H | BPF_ABS, TYPE),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_NEWROUTE), 6, 0),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_DELROUTE), 0, 4),
	    BPF_STMT(BPF_LD | BPF_B | BPF_ABS, BODY + offsetof(struct rtmsg, rtm_table)),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, RT_TABLE_LOCAL, 0, 3),
	    BPF_STMT(BPF_LD | BPF_B | BPF_ABS, BODY + offsetof(struct rtmsg, rtm_protocol)),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, RTPROT_KERNEL, 0, 1),
	    BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
	    BPF_STMT(BPF_RET | BPF_K, 0),
	};
	const struct sock_fprog prog = {.len = sizeof(code) / sizeof(*code), .filter = code};

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog)) < 0 ? -errno : 0;
}

/* The filter comes before the group: no route is heard without it. */
static int events_open(void)
{
	static const int groups[] = {RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE};
	int fd = socket_open(RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR);

	if (fd < 0 || routes_filter(fd) < 0)
		return fd;
	for (size_t i = 0; i < sizeof(groups) / sizeof(*groups); i++)
		setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &groups[i], sizeof(groups[i]));
	return fd;
}

int rtnl_open(bool hears, struct rtnl **out)
{
	struct timeval within = {.tv_sec = REPLY_SECONDS};
	int events = -1, requests = socket_open(0);
	struct rtnl *r;

	if (requests < 0)
		return requests;
	if (hears)
		events = events_open();
	if (hears && events < 0) {
		close(requests);
		return events;
	}
	setsockopt(requests, SOL_SOCKET, SO_RCVTIMEO, &within, sizeof(within));
	r = xcalloc(1, sizeof(*r));
	/* So that a dump of local routes is no dump of the Internet's. Older kernels, which do not know it, tell of all. */
	r->strict = setsockopt(requests, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &(int){1}, sizeof(int)) == 0;
	r->events = events;
	r->requests = requests;
	r->reply = xmalloc(REPLY);
	*out = r;
	return 0;
}

void rtnl_close(struct rtnl *r)
{
	if (!r)
		return;
	if (r->events >= 0)
		close(r->events);
	close(r->requests);
	free(r->reply);
	free(r);
}

int rtnl_event_fd(const struct rtnl *r)
{
	return r->events;
}

/* One datagram from the kernel itself, into r->reply; its length, or -errno. Others may send to a netlink socket too: passed over. */
static ssize_t receive(struct rtnl *r, int fd, int flags)
{
	for (;;) {
		struct sockaddr_nl from = {0};
		struct iovec iov = {.iov_base = r->reply, .iov_len = REPLY};
		struct msghdr mh = {.msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = &iov, .msg_iovlen = 1};
		ssize_t n = recvmsg(fd, &mh, flags);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (mh.msg_flags & MSG_TRUNC)
			return -ENOBUFS;
		if (mh.msg_namelen == sizeof(from) && from.nl_pid == 0)
			return n;
	}
}

int rtnl_events(struct rtnl *r, unsigned max, rtnl_each each, void *arg)
{
	bool lost = false;

	while (max-- > 0) {
		ssize_t n = receive(r, r->events, MSG_DONTWAIT);
		struct rtnews news;
		enum rtmsg_reason reason;
		size_t at = 0;

		if (n == -ENOBUFS)
			lost = true;
		else if (n == -EAGAIN)
			return lost ? -ENOBUFS : 0;
		else if (n < 0)
			return (int)n;
		while (n > 0 && (reason = rtmsg_next(r->reply, (size_t)n, &at, &news)) != RTMSG_END &&
		       reason != RTMSG_SHORT)
			if (reason == RTMSG_OK)
				each(arg, &news);
	}
	return lost ? -ENOBUFS : -EAGAIN;
}

static int send_all(struct rtnl *r, const void *bytes, size_t len)
{
	ssize_t n;

	do
		n = send(r->requests, bytes, len, 0);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

/* What an earlier, failed exchange left behind. */
static void drop_replies(struct rtnl *r)
{
	ssize_t n;

	do
		n = receive(r, r->requests, MSG_DONTWAIT);
	while (n >= 0 || n == -ENOBUFS);
}

/* Messages of one datagram of a dump. 1: go on; 0: done; -errno. */
static int dump_datagram(struct rtnl *r, size_t len, uint32_t seq, bool *disturbed, rtnl_each each, void *arg)
{
	enum rtmsg_reason reason;
	struct rtnews news;
	size_t at = 0;

	while ((reason = rtmsg_next(r->reply, len, &at, &news)) != RTMSG_END) {
		if (reason == RTMSG_SHORT)
			return -EBADMSG;
		if (reason != RTMSG_OK || news.seq != seq)
			continue;
		*disturbed |= news.interrupted;
		if (news.kind == RTMSG_DONE || news.kind == RTMSG_ERROR)
			return news.error;
		each(arg, &news);
	}
	return 1;
}

static int dump_once(struct rtnl *r, size_t (*request)(uint32_t seq, void *buf), bool *disturbed, rtnl_each each,
		     void *arg)
{
	uint8_t buf[RTMSG_ROOM];
	uint32_t seq = ++r->seq;
	int more = 1, err;

	drop_replies(r);
	err = send_all(r, buf, request(seq, buf));
	if (err)
		return err;
	while (more == 1) {
		ssize_t n = receive(r, r->requests, 0);

		if (n < 0)
			return (int)n;
		more = dump_datagram(r, (size_t)n, seq, disturbed, each, arg);
	}
	return more;
}

static int dump(struct rtnl *r, size_t (*request)(uint32_t seq, void *buf), rtnl_each each, void *arg)
{
	for (int i = 0; i < DUMP_TRIES; i++) {
		bool disturbed = false;
		int err = dump_once(r, request, &disturbed, each, arg);

		if (err || !disturbed)
			return err;
	}
	return 0; /* changes that disturbed it come as events */
}

int rtnl_dump(struct rtnl *r, rtnl_each each, void *arg)
{
	int err = dump(r, rtmsg_dump_links, each, arg);

	return err ? err : dump(r, rtmsg_dump_addrs, each, arg);
}

/* A network namespace that never had an address has no table local. */
static int dump_routes(struct rtnl *r, size_t (*request)(uint32_t seq, void *buf), rtnl_each each, void *arg)
{
	int err = dump(r, request, each, arg);

	return err == -ENOENT ? 0 : err;
}

int rtnl_dump_stand_ins(struct rtnl *r, rtnl_each each, void *arg)
{
	return dump_routes(r, rtmsg_dump_stand_ins, each, arg);
}

static size_t local_routes_ipv4(uint32_t seq, void *buf)
{
	return rtmsg_dump_local_routes(AF_INET, seq, buf);
}

static size_t local_routes_ipv6(uint32_t seq, void *buf)
{
	return rtmsg_dump_local_routes(AF_INET6, seq, buf);
}

int rtnl_dump_local_routes(struct rtnl *r, uint8_t family, rtnl_each each, void *arg)
{
	if (!r->strict)
		return -EOPNOTSUPP;
	return dump_routes(r, family == AF_INET ? local_routes_ipv4 : local_routes_ipv6, each, arg);
}

/* Errors of the requests first..first+n that lie in one datagram. */
static void note_errors(struct rtnl *r, size_t len, uint32_t first, size_t n, int *errors)
{
	struct rtnews news;
	enum rtmsg_reason reason;
	size_t at = 0;

	while ((reason = rtmsg_next(r->reply, len, &at, &news)) != RTMSG_END && reason != RTMSG_SHORT)
		if (reason == RTMSG_OK && news.kind == RTMSG_ERROR && news.seq - first < n)
			errors[news.seq - first] = news.error;
}

int rtnl_apply(struct rtnl *r, const struct addr_op *ops, size_t n, int *errors)
{
	uint8_t batch[RTNL_BATCH * RTMSG_ROOM];
	uint32_t first = r->seq + 1;
	size_t len = 0;
	ssize_t got;
	int err;

	if (n > RTNL_BATCH)
		return -EINVAL;
	for (size_t i = 0; i < n; i++) {
		r->seq++;
		len += ops[i].stand_in ? rtmsg_stand_in(&ops[i], r->seq, batch + len)
				       : rtmsg_addr(&ops[i], r->seq, false, batch + len);
		errors[i] = 0;
	}
	drop_replies(r);
	err = send_all(r, batch, len);
	if (err)
		return err;
	while ((got = receive(r, r->requests, MSG_DONTWAIT)) >= 0)
		note_errors(r, (size_t)got, first, n, errors);
	return got == -EAGAIN ? 0 : (int)got;
}

/* An acknowledged request: waits for the answer to it. */
static int order(struct rtnl *r, const void *bytes, size_t len, uint32_t seq)
{
	int err, answer = 1;

	drop_replies(r);
	err = send_all(r, bytes, len);
	while (!err && answer == 1) {
		ssize_t n = receive(r, r->requests, 0);

		if (n < 0)
			err = (int)n;
		else
			note_errors(r, (size_t)n, seq, 1, &answer);
	}
	return err ? err : answer;
}

int rtnl_make_dummy(struct rtnl *r, const char *name)
{
	uint8_t buf[RTMSG_ROOM];
	uint32_t seq = ++r->seq;

	return order(r, buf, rtmsg_dummy(name, seq, buf), seq);
}

int rtnl_make_macvlan(struct rtnl *r, const char *name, uint32_t parent, const uint8_t mac[MAC_LEN])
{
	uint8_t buf[RTMSG_ROOM];
	uint32_t seq = ++r->seq;

	return order(r, buf, rtmsg_macvlan(name, parent, mac, seq, buf), seq);
}

int rtnl_link_set(struct rtnl *r, uint32_t index, bool up)
{
	uint8_t buf[RTMSG_ROOM];
	uint32_t seq = ++r->seq;

	return order(r, buf, rtmsg_link_set(index, up, seq, buf), seq);
}

int rtnl_link_delete(struct rtnl *r, uint32_t index)
{
	uint8_t buf[RTMSG_ROOM];
	uint32_t seq = ++r->seq;

	return order(r, buf, rtmsg_link_delete(index, seq, buf), seq);
}
