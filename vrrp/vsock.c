/* Decides how advertisements reach the wire and what the kernel lets through to us.
 * Source: ip(7), raw(7), ipv6(7), RFC 9568 5.1 (TTL 255, groups 224.0.0.18 and ff02::12), linux/filter.h. Test: tests/kernel/test_vrrp_stranger.c. */
#include "vsock.h"

#include "../src/base/arena.h"

#include <errno.h>
#include <linux/filter.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	PROTO_AH = 51,
	TTL = 255,
	TOS = 0xc0, /* internetwork control */
	RECEIVE_BUFFER = 1 << 20,
	PACKET_ROOM = 60 + AH_HEADER + VRRP_PACKET_MAX,
	IPV4_HEADER = 20, /* at least */
	LEAST_MESSAGE = 8,
	RECEIVE_BATCH = 8, /* each takes a page of locked memory at least */
	CONTROL_ROOM = 128,
	VRIDS = 256,
};

#define GROUP_IPV4 0xe0000012U /* 224.0.0.18 */

struct vsock {
	struct vsock_key key;
	int fd;
	struct loop_io *io;
	void (*readable)(void *arg, struct vsock *s);
	void *arg;
	void *users[VRIDS];
};

static int option(int fd, int level, int name, int value)
{
	return setsockopt(fd, level, name, &value, sizeof(value)) < 0 ? -errno : 0;
}

static int bind_device(int fd, uint32_t ifindex)
{
	char name[IF_NAMESIZE];

	if (!if_indextoname(ifindex, name))
		return -ENODEV;
	return setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name, (socklen_t)strlen(name) + 1) < 0 ? -errno : 0;
}

static int set_ipv4(const struct vsock *s)
{
	const struct ip_mreqn m = {.imr_multiaddr.s_addr = htonl(GROUP_IPV4), .imr_ifindex = (int)s->key.ifindex};
	static const struct {
		int name, value;
	} options[] = {{IP_TTL, TTL}, {IP_MULTICAST_TTL, TTL}, {IP_MULTICAST_LOOP, 0}, {IP_TOS, TOS}};
	int err = 0;

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]) && !err; i++)
		err = option(s->fd, IPPROTO_IP, options[i].name, options[i].value);
	if (!err && s->key.ah)
		err = option(s->fd, IPPROTO_IP, IP_HDRINCL, 1);
	if (!err && setsockopt(s->fd, IPPROTO_IP, IP_MULTICAST_IF, &m, sizeof(m)) < 0)
		err = -errno;
	option(s->fd, IPPROTO_IP, IP_MULTICAST_ALL, 0); /* only spares work */
	if (!err && !s->key.deaf && setsockopt(s->fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &m, sizeof(m)) < 0)
		err = -errno;
	return err;
}

static int set_ipv6(const struct vsock *s)
{
	struct ipv6_mreq m = {.ipv6mr_interface = s->key.ifindex};
	static const struct {
		int name, value;
	} options[] = {
	    {IPV6_UNICAST_HOPS, TTL}, {IPV6_MULTICAST_HOPS, TTL}, {IPV6_MULTICAST_LOOP, 0},
	    {IPV6_TCLASS, TOS},       {IPV6_RECVHOPLIMIT, 1},     {IPV6_RECVPKTINFO, 1},
	};
	int err = 0;

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]) && !err; i++)
		err = option(s->fd, IPPROTO_IPV6, options[i].name, options[i].value);
	if (!err && s->key.deaf) /* the source is an address of the router's interface, not of this device */
		err = option(s->fd, IPPROTO_IPV6, IPV6_FREEBIND, 1);
	if (!err)
		err = option(s->fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, (int)s->key.ifindex);
	/* ff02::12 */
	m.ipv6mr_multiaddr.s6_addr[0] = 0xff;
	m.ipv6mr_multiaddr.s6_addr[1] = 0x02;
	m.ipv6mr_multiaddr.s6_addr[15] = 0x12;
	if (!err && !s->key.deaf && setsockopt(s->fd, IPPROTO_IPV6, IPV6_JOIN_GROUP, &m, sizeof(m)) < 0)
		err = -errno;
	return err;
}

/* The VRID's bit in a map of eight words: X = the VRID's word, then its bit. The IPv4 socket sees the packet from its IPv4 header on, the IPv6 one from
 * the message on. */
static int filter(const struct vsock *s)
{
	struct sock_filter code[48];
	struct sock_fprog prog = {.filter = code};
	uint32_t words[VRIDS / 32] = {0}, ah = s->key.ah ? AH_HEADER : 0;
	uint32_t least = (s->key.family == AF_INET ? IPV4_HEADER : 0) + ah + LEAST_MESSAGE;
	unsigned short n = 0;

	for (size_t i = 0; i < VRIDS; i++)
		if (s->users[i])
			words[i / 32] |= 1U << i % 32;
#define EMIT(...) code[n++] = (struct sock_filter)__VA_ARGS__
	EMIT(BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0));
	EMIT(BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, PACKET_ROOM, 1, 0));
	EMIT(BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, least, 1, 0));
	EMIT(BPF_STMT(BPF_RET | BPF_K, 0));
	if (s->key.family == AF_INET) {
		EMIT(BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 0));
		EMIT(BPF_STMT(BPF_LD | BPF_B | BPF_IND, ah + 1));
	} else {
		EMIT(BPF_STMT(BPF_LD | BPF_B | BPF_ABS, ah + 1));
	}
	EMIT(BPF_STMT(BPF_ST, 0));
	EMIT(BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 31));
	EMIT(BPF_STMT(BPF_MISC | BPF_TAX, 0));
	EMIT(BPF_STMT(BPF_LD | BPF_MEM, 0));
	EMIT(BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 5));
	for (unsigned i = 0; i < VRIDS / 32; i++) {
		EMIT(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, i, 0, 2));
		EMIT(BPF_STMT(BPF_LD | BPF_IMM, words[i]));
		/* From here to the shift. */
		EMIT(BPF_STMT(BPF_JMP | BPF_JA, 3 * (VRIDS / 32 - 1 - i) + 1));
	}
	EMIT(BPF_STMT(BPF_RET | BPF_K, 0));
	EMIT(BPF_STMT(BPF_ALU | BPF_RSH | BPF_X, 0));
	EMIT(BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 1));
	EMIT(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0));
	EMIT(BPF_STMT(BPF_RET | BPF_K, UINT32_MAX));
	EMIT(BPF_STMT(BPF_RET | BPF_K, 0));
#undef EMIT
	prog.len = n;
	return setsockopt(s->fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog)) < 0 ? -errno : 0;
}

static void on_readable(void *arg, int events)
{
	struct vsock *s = arg;

	s->readable(s->arg, s);
}

static int set_up(struct vsock *s)
{
	int err = filter(s);

	if (!err)
		err = bind_device(s->fd, s->key.ifindex);
	if (!err)
		err = s->key.family == AF_INET ? set_ipv4(s) : set_ipv6(s);
	option(s->fd, SOL_SOCKET, SO_PRIORITY, 6);
	if (option(s->fd, SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BUFFER) < 0)
		option(s->fd, SOL_SOCKET, SO_RCVBUF, RECEIVE_BUFFER);
	return err;
}

int vsock_open(struct loop *l, const struct vsock_key *key, void (*readable)(void *arg, struct vsock *s), void *arg,
	       struct vsock **out)
{
	struct vsock *s = xcalloc(1, sizeof(*s));
	int err;

	s->key = *key;
	s->readable = readable;
	s->arg = arg;
	s->fd = socket(key->family, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, key->ah ? PROTO_AH : VRRP_PROTOCOL);
	err = s->fd < 0 ? -errno : set_up(s);
	if (err) {
		vsock_close(s);
		return err;
	}
	if (!key->deaf)
		s->io = loop_io_new(l, s->fd, LOOP_READ, on_readable, s);
	*out = s;
	return 0;
}

void vsock_close(struct vsock *s)
{
	if (!s)
		return;
	loop_io_free(s->io);
	if (s->fd >= 0)
		close(s->fd);
	free(s);
}

const struct vsock_key *vsock_key(const struct vsock *s)
{
	return &s->key;
}

void vsock_listen(struct vsock *s, uint8_t vrid, void *user)
{
	bool same = !s->users[vrid] == !user;

	s->users[vrid] = user;
	if (!same)
		filter(s);
}

void *vsock_user(const struct vsock *s, uint8_t vrid)
{
	return s->users[vrid];
}

/* ---- receiving ---- */

struct vsock_buffers {
	struct mmsghdr messages[RECEIVE_BATCH];
	struct iovec iov[RECEIVE_BATCH];
	struct sockaddr_in6 from[RECEIVE_BATCH];
	union {
		char bytes[CONTROL_ROOM];
		struct cmsghdr align;
	} control[RECEIVE_BATCH];
	uint8_t bytes[RECEIVE_BATCH][PACKET_ROOM];
};

struct vsock_buffers *vsock_buffers_new(void)
{
	return xcalloc(1, sizeof(struct vsock_buffers));
}

void vsock_buffers_free(struct vsock_buffers *b)
{
	free(b);
}

static void buffers_arm(struct vsock_buffers *b, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		b->iov[i] = (struct iovec){.iov_base = b->bytes[i], .iov_len = PACKET_ROOM};
		b->messages[i].msg_hdr = (struct msghdr){
		    .msg_name = &b->from[i],
		    .msg_namelen = sizeof(b->from[i]),
		    .msg_iov = &b->iov[i],
		    .msg_iovlen = 1,
		    .msg_control = b->control[i].bytes,
		    .msg_controllen = CONTROL_ROOM,
		};
	}
}

/* IPv6: what the kernel says beside the message. */
static struct packet_from from_ipv6(struct msghdr *m, const struct sockaddr_in6 *src)
{
	struct packet_from f = {.src = addr_from_bytes(AF_INET6, &src->sin6_addr), .ttl = -1};
	struct in6_pktinfo info;

	f.dst.family = AF_INET6;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level != IPPROTO_IPV6)
			continue;
		if (c->cmsg_type == IPV6_HOPLIMIT)
			memcpy(&f.ttl, CMSG_DATA(c), sizeof(f.ttl));
		if (c->cmsg_type == IPV6_PKTINFO) {
			memcpy(&info, CMSG_DATA(c), sizeof(info));
			f.dst = addr_from_bytes(AF_INET6, &info.ipi6_addr);
		}
	}
	return f;
}

unsigned vsock_receive(struct vsock *s, struct vsock_buffers *b, unsigned max, vsock_each each, void *arg)
{
	unsigned done = 0;

	while (done < max) {
		unsigned want = max - done < RECEIVE_BATCH ? max - done : RECEIVE_BATCH;
		int n;

		buffers_arm(b, want);
		n = recvmmsg(s->fd, b->messages, want, MSG_DONTWAIT, NULL);
		for (int i = 0; i < n; i++) {
			struct packet_from f = {.ttl = -1};

			if (s->key.family == AF_INET6)
				f = from_ipv6(&b->messages[i].msg_hdr, &b->from[i]);
			each(arg, s, b->bytes[i], b->messages[i].msg_len, &f);
		}
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		done += (unsigned)n;
		if ((unsigned)n < want)
			break;
	}
	return done;
}

/* ---- sending ---- */

struct sending {
	struct iovec iov;
	union {
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
	} to;
	union {
		char bytes[CMSG_SPACE(sizeof(struct in6_pktinfo))];
		struct cmsghdr align;
	} control;
};

static void source_ipv4(struct msghdr *m, const struct vsock_out *o)
{
	struct in_pktinfo info = {.ipi_ifindex = (int)o->via->key.ifindex};
	struct cmsghdr *c = CMSG_FIRSTHDR(m);

	memcpy(&info.ipi_spec_dst, o->src.bytes, sizeof(info.ipi_spec_dst));
	c->cmsg_level = IPPROTO_IP;
	c->cmsg_type = IP_PKTINFO;
	c->cmsg_len = CMSG_LEN(sizeof(info));
	memcpy(CMSG_DATA(c), &info, sizeof(info));
	m->msg_controllen = CMSG_SPACE(sizeof(info));
}

static void source_ipv6(struct msghdr *m, const struct vsock_out *o)
{
	struct in6_pktinfo info = {.ipi6_ifindex = o->via->key.ifindex};
	struct cmsghdr *c = CMSG_FIRSTHDR(m);

	memcpy(&info.ipi6_addr, o->src.bytes, sizeof(info.ipi6_addr));
	c->cmsg_level = IPPROTO_IPV6;
	c->cmsg_type = IPV6_PKTINFO;
	c->cmsg_len = CMSG_LEN(sizeof(info));
	memcpy(CMSG_DATA(c), &info, sizeof(info));
	m->msg_controllen = CMSG_SPACE(sizeof(info));
}

static void sending_make(struct sending *s, const struct vsock_out *o, struct msghdr *m)
{
	union {
		const void *given;
		void *taken;
	} bytes = {.given = o->bytes}; /* sendmsg does not write there */

	*s = (struct sending){.iov = {.iov_base = bytes.taken, .iov_len = o->len}};
	*m = (struct msghdr){.msg_name = &s->to,
			     .msg_iov = &s->iov,
			     .msg_iovlen = 1,
			     .msg_control = s->control.bytes,
			     .msg_controllen = sizeof(s->control.bytes)};
	if (o->via->key.family == AF_INET) {
		m->msg_namelen = sizeof(s->to.in);
		s->to.in.sin_family = AF_INET;
		memcpy(&s->to.in.sin_addr, o->dst.bytes, sizeof(s->to.in.sin_addr));
		source_ipv4(m, o);
	} else {
		m->msg_namelen = sizeof(s->to.in6);
		s->to.in6.sin6_family = AF_INET6;
		s->to.in6.sin6_scope_id = o->via->key.ifindex;
		memcpy(&s->to.in6.sin6_addr, o->dst.bytes, sizeof(s->to.in6.sin6_addr));
		source_ipv6(m, o);
	}
	if (o->via->key.ah) { /* its header is in the packet */
		m->msg_control = NULL;
		m->msg_controllen = 0;
	}
}

/* Those of one socket; what the kernel refuses is marked and passed over. */
static void send_run(struct vsock_out *out, size_t n)
{
	struct mmsghdr messages[VSOCK_BATCH];
	struct sending s[VSOCK_BATCH];
	size_t at = 0;

	for (size_t i = 0; i < n; i++) {
		out[i].error = 0;
		sending_make(&s[i], &out[i], &messages[i].msg_hdr);
	}
	while (at < n) {
		int done = sendmmsg(out->via->fd, messages + at, (unsigned)(n - at), MSG_DONTWAIT);

		if (done > 0)
			at += (size_t)done;
		else if (done == 0 || errno != EINTR)
			out[at++].error = errno;
	}
}

void vsock_send(struct vsock_out *out, size_t n)
{
	size_t from = 0;

	for (size_t i = 1; i <= n; i++) {
		if (i < n && out[i].via == out[from].via)
			continue;
		send_run(out + from, i - from);
		from = i;
	}
}
