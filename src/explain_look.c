/* rtnetlink (rtnetlink(7)), /proc/sys, /proc/net/ip_vs_conn (net/netfilter/ipvs/ip_vs_conn.c, ip_vs_conn_seq_show): all readable without
 * privilege. Test: tests/test_explain_look.c, tests/lab/scenarios/vipctl.sh. */
#include "explain_look.h"

#include <errno.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ROUTE_REPLY = 16384 };

struct request {
	struct nlmsghdr head;
	union {
		struct rtmsg route;
		struct ndmsg neighbour;
	};
	char room[64];
};

static void add_address(struct request *q, uint16_t type, const struct addr *a)
{
	struct rtattr *at = (struct rtattr *)(void *)((char *)q + NLMSG_ALIGN(q->head.nlmsg_len));

	at->rta_type = type;
	at->rta_len = (uint16_t)RTA_LENGTH(addr_len(a));
	memcpy(RTA_DATA(at), a->bytes, addr_len(a));
	q->head.nlmsg_len = NLMSG_ALIGN(q->head.nlmsg_len) + RTA_ALIGN(at->rta_len);
}

/* Sends and reads one answer or a dump; each message goes to each. 0 or -errno, the kernel's own with its answer. */
static int ask(struct request *q, void (*each)(void *arg, struct nlmsghdr *h), void *arg)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	struct timeval patience = {.tv_sec = 2};
	union {
		struct nlmsghdr head;
		char bytes[ROUTE_REPLY];
	} reply;
	bool dump = (q->head.nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP, done = false;
	int err = fd < 0 || send(fd, q, q->head.nlmsg_len, 0) < 0 ? -errno : 0;

	if (fd >= 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	while (!err && !done) {
		ssize_t n = recv(fd, &reply, sizeof reply, 0);
		size_t left = n > 0 ? (size_t)n : 0;

		if (n <= 0)
			err = n < 0 ? -errno : -EPROTO;
		for (struct nlmsghdr *h = &reply.head; !err && !done && NLMSG_OK(h, left); h = NLMSG_NEXT(h, left)) {
			if (h->nlmsg_type == NLMSG_ERROR)
				err = ((struct nlmsgerr *)NLMSG_DATA(h))->error;
			done = h->nlmsg_type == NLMSG_ERROR || h->nlmsg_type == NLMSG_DONE || !dump;
			if (!err && h->nlmsg_type != NLMSG_ERROR && h->nlmsg_type != NLMSG_DONE)
				each(arg, h);
		}
	}
	if (fd >= 0)
		close(fd);
	return err;
}

/* The attributes behind a message's own header, each once; longer ones than a type are left out. */
static void attributes(struct nlmsghdr *h, size_t own, struct rtattr **out, size_t n)
{
	struct rtattr *at = (void *)((char *)NLMSG_DATA(h) + NLMSG_ALIGN(own));
	size_t left = h->nlmsg_len < NLMSG_SPACE(own) ? 0 : h->nlmsg_len - NLMSG_SPACE(own);

	memset(out, 0, n * sizeof(*out));
	for (; RTA_OK(at, left); at = RTA_NEXT(at, left))
		if (at->rta_type < n)
			out[at->rta_type] = at;
}

static bool address_of(struct rtattr *at, int family, struct addr *out)
{
	size_t need = family == AF_INET ? 4 : 16;

	if (!at || RTA_PAYLOAD(at) < need)
		return false;
	*out = addr_from_bytes(family, RTA_DATA(at));
	return true;
}

struct way {
	struct explain_route *out;
	struct addr hop; /* the next one; family 0: the destination */
	unsigned ifindex;
};

static void read_route(void *arg, struct nlmsghdr *h)
{
	struct rtattr *at[RTA_MAX + 1];
	const struct rtmsg *m = NLMSG_DATA(h);
	struct way *w = arg;

	if (h->nlmsg_type != RTM_NEWROUTE || h->nlmsg_len < NLMSG_LENGTH(sizeof *m))
		return;
	attributes(h, sizeof *m, at, RTA_MAX + 1);
	w->out->known = EXPLAIN_YES;
	w->out->local = m->rtm_type == RTN_LOCAL;
	w->out->blackhole =
	    m->rtm_type == RTN_BLACKHOLE || m->rtm_type == RTN_PROHIBIT || m->rtm_type == RTN_UNREACHABLE;
	w->out->gateway = address_of(at[RTA_GATEWAY], m->rtm_family, &w->hop) || at[RTA_VIA] != NULL;
	if (at[RTA_OIF] && RTA_PAYLOAD(at[RTA_OIF]) >= sizeof w->ifindex)
		memcpy(&w->ifindex, RTA_DATA(at[RTA_OIF]), sizeof w->ifindex);
	if (!w->ifindex || !if_indextoname(w->ifindex, w->out->ifname))
		w->out->ifname[0] = '\0';
}

static void read_neighbour(void *arg, struct nlmsghdr *h)
{
	struct rtattr *at[NDA_DST + 1];
	const struct ndmsg *m = NLMSG_DATA(h);
	struct way *w = arg;
	struct addr a;

	if (h->nlmsg_type != RTM_NEWNEIGH || h->nlmsg_len < NLMSG_LENGTH(sizeof *m) ||
	    m->ndm_ifindex != (int)w->ifindex || m->ndm_family != w->hop.family)
		return;
	attributes(h, sizeof *m, at, NDA_DST + 1);
	if (!address_of(at[NDA_DST], m->ndm_family, &a) || !addr_equal(&a, &w->hop))
		return;
	if (m->ndm_state & NUD_FAILED)
		w->out->neighbour = EXPLAIN_NO;
	else if (m->ndm_state & (NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE | NUD_PERMANENT | NUD_NOARP))
		w->out->neighbour = EXPLAIN_YES;
}

static void look_neighbour(struct way *w)
{
	struct request q = {.head = {.nlmsg_len = NLMSG_LENGTH(sizeof(struct ndmsg)),
				     .nlmsg_type = RTM_GETNEIGH,
				     .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP}};

	q.neighbour.ndm_family = w->hop.family;
	if (ask(&q, read_neighbour, w))
		w->out->neighbour = EXPLAIN_UNKNOWN;
}

void explain_look_route(const struct addr *to, struct explain_route *out)
{
	struct request q = {.head = {.nlmsg_len = NLMSG_LENGTH(sizeof(struct rtmsg)),
				     .nlmsg_type = RTM_GETROUTE,
				     .nlmsg_flags = NLM_F_REQUEST}};
	struct way w = {.out = out};
	int err;

	*out = (struct explain_route){0};
	q.route.rtm_family = to->family;
	q.route.rtm_dst_len = (uint8_t)(8 * addr_len(to));
	add_address(&q, RTA_DST, to);
	err = ask(&q, read_route, &w);
	if (err == -ENETUNREACH) {
		out->known = EXPLAIN_NO;
	} else if (err == -EHOSTUNREACH || err == -EACCES || err == -EINVAL) { /* unreachable, prohibit, blackhole */
		out->known = EXPLAIN_YES;
		out->blackhole = true;
	}
	if (!w.hop.family)
		w.hop = *to;
	if (out->known == EXPLAIN_YES && !out->local && !out->blackhole && w.ifindex)
		look_neighbour(&w);
}

enum explain_yes explain_look_link(const char *ifname)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq r = {0};
	enum explain_yes up = EXPLAIN_UNKNOWN;

	snprintf(r.ifr_name, sizeof r.ifr_name, "%s", ifname);
	if (fd >= 0 && ioctl(fd, SIOCGIFFLAGS, &r) == 0)
		up = r.ifr_flags & IFF_UP && r.ifr_flags & IFF_RUNNING ? EXPLAIN_YES : EXPLAIN_NO;
	if (fd >= 0)
		close(fd);
	return up;
}

int explain_look_sysctl(const char *path)
{
	char full[256];
	int n = -1;
	FILE *f;

	snprintf(full, sizeof full, "/proc/sys/%s", path);
	f = fopen(full, "re");
	if (!f)
		return -1;
	if (fscanf(f, "%d", &n) != 1)
		n = -1;
	fclose(f);
	return n;
}

int explain_look_rp_filter(const char *ifname)
{
	char path[128];
	int own, all = explain_look_sysctl("net/ipv4/conf/all/rp_filter");

	if (strchr(ifname, '/'))
		return -1;
	snprintf(path, sizeof path, "net/ipv4/conf/%s/rp_filter", ifname);
	own = explain_look_sysctl(path);
	return own < 0 || all < 0 ? -1 : own > all ? own : all;
}

/* "0A0A0001", or an IPv6 address with all its digits. */
static bool hex_address(const char *text, struct addr *out)
{
	uint8_t b[4];

	if (strchr(text, ':'))
		return addr_parse(text, out) == 0;
	if (strlen(text) != 8 || sscanf(text, "%2hhx%2hhx%2hhx%2hhx", &b[0], &b[1], &b[2], &b[3]) != 4)
		return false;
	*out = addr_from_bytes(AF_INET, b);
	return true;
}

static void count(const struct addr *a, uint16_t port, const char *state, struct explain_real *reals, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (reals[i].port != port || !addr_equal(&reals[i].addr, a))
			continue;
		if (strcmp(state, "SYN_RECV") == 0 || strcmp(state, "SYN_SENT") == 0)
			reals[i].waiting++;
		else if (strcmp(state, "ESTABLISHED") == 0)
			reals[i].established++;
		else
			reals[i].other++;
	}
}

void explain_connection_line(const char *line, const struct vs_key *k, const struct addr *client,
			     struct explain_real *reals, size_t n, struct explain_connections *out)
{
	char proto[8], from[48], to[48], dest[48], state[16];
	unsigned from_port, to_port, dest_port, seconds;
	struct addr a, b, d;

	if (sscanf(line, "%7s %47s %x %47s %x %47s %x %15s %u", proto, from, &from_port, to, &to_port, dest, &dest_port,
		   state, &seconds) != 9)
		return;
	if (strcmp(proto, proto_name(k->proto)) != 0 || to_port != k->port || dest_port > 65535 ||
	    !hex_address(from, &a) || !hex_address(to, &b) || !hex_address(dest, &d) || !addr_equal(&b, &k->addr))
		return;
	if (from_port)
		count(&d, (uint16_t)dest_port, state, reals, n);
	if (!client || !addr_equal(&a, client))
		return;
	if (from_port) {
		out->n++;
		return;
	}
	out->pinned = true;
	out->real = d;
	out->port = (uint16_t)dest_port;
	out->seconds = seconds;
}

void explain_look_connections(const struct vs_key *k, const struct addr *client, struct explain_real *reals, size_t n,
			      struct explain_connections *out)
{
	FILE *f = fopen("/proc/net/ip_vs_conn", "re");
	char line[512];

	*out = (struct explain_connections){0};
	if (!f)
		return;
	out->known = EXPLAIN_YES;
	while (fgets(line, sizeof line, f))
		explain_connection_line(line, k, client, reals, n, out);
	fclose(f);
}
