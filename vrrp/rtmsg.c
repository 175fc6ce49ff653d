/* Decides the bytes of rtnetlink requests and the meaning of its messages.
 * Source: linux/netlink.h, rtnetlink.h, if_addr.h, if_link.h; net/ipv4/devinet.c, fib_frontend.c, net/ipv6/addrconf.c. Test: tests/test_rtmsg.c. */
#include "rtmsg.h"

#include <errno.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

enum { LIFETIME_FOREVER = -1 };

/* A message under construction: the buffer is zeroed, so that padding is zero. */
struct build {
	uint8_t *buf;
	size_t len;
};

static void *build_room(struct build *b, size_t n)
{
	void *at = b->buf + b->len;

	b->len += NLMSG_ALIGN(n);
	return at;
}

static void build_start(struct build *b, void *buf, uint16_t type, uint16_t flags, uint32_t seq)
{
	struct nlmsghdr h = {.nlmsg_type = type, .nlmsg_flags = flags, .nlmsg_seq = seq};

	memset(buf, 0, RTMSG_ROOM);
	*b = (struct build){.buf = buf};
	memcpy(build_room(b, sizeof(h)), &h, sizeof(h));
}

static void build_attr(struct build *b, uint16_t type, const void *value, size_t n)
{
	struct rtattr a = {.rta_len = (uint16_t)RTA_LENGTH(n), .rta_type = type};

	memcpy(build_room(b, sizeof(a)), &a, sizeof(a));
	if (n > 0)
		memcpy(build_room(b, n), value, n);
}

static size_t build_end(struct build *b)
{
	uint32_t len = (uint32_t)b->len;

	memcpy(b->buf, &len, sizeof(len));
	return b->len;
}

size_t rtmsg_addr(const struct addr_op *op, uint32_t seq, bool ack, void *buf)
{
	uint16_t flags = (uint16_t)(NLM_F_REQUEST | (ack ? NLM_F_ACK : 0) | (op->add ? NLM_F_CREATE | NLM_F_EXCL : 0));
	struct ifaddrmsg m = {
	    .ifa_family = op->addr.family,
	    .ifa_prefixlen = op->bits,
	    .ifa_scope = op->add ? op->scope : RT_SCOPE_UNIVERSE,
	    .ifa_index = op->ifindex,
	};
	bool v6 = op->addr.family == AF_INET6;
	struct build b;

	if (op->add && v6)
		m.ifa_flags = IFA_F_NODAD;
	build_start(&b, buf, op->add ? RTM_NEWADDR : RTM_DELADDR, flags, seq);
	memcpy(build_room(&b, sizeof(m)), &m, sizeof(m));
	build_attr(&b, IFA_LOCAL, op->addr.bytes, addr_len(&op->addr));
	build_attr(&b, IFA_ADDRESS, op->addr.bytes, addr_len(&op->addr));
	if (op->add && !v6 && op->label[0])
		build_attr(&b, IFA_LABEL, op->label, strnlen(op->label, LINK_NAME - 1) + 1);
	if (op->add && v6) {
		struct ifa_cacheinfo life = {.ifa_prefered = 0, .ifa_valid = (uint32_t)LIFETIME_FOREVER};

		build_attr(&b, IFA_CACHEINFO, &life, sizeof(life));
	}
	return build_end(&b);
}

/* What makes a route a stand-in. */
static struct rtmsg stand_in_route(void)
{
	return (struct rtmsg){
	    .rtm_family = AF_INET,
	    .rtm_dst_len = 32,
	    .rtm_table = RT_TABLE_LOCAL,
	    .rtm_protocol = RTMSG_PROTO_STAND_IN,
	    .rtm_scope = RT_SCOPE_HOST,
	    .rtm_type = RTN_LOCAL,
	};
}

size_t rtmsg_stand_in(const struct addr_op *op, uint32_t seq, void *buf)
{
	uint16_t flags = (uint16_t)(NLM_F_REQUEST | (op->add ? NLM_F_CREATE | NLM_F_EXCL : 0));
	const struct rtmsg m = stand_in_route();
	struct build b;

	build_start(&b, buf, op->add ? RTM_NEWROUTE : RTM_DELROUTE, flags, seq);
	memcpy(build_room(&b, sizeof(m)), &m, sizeof(m));
	build_attr(&b, RTA_DST, op->addr.bytes, addr_len(&op->addr));
	build_attr(&b, RTA_OIF, &op->ifindex, sizeof(op->ifindex));
	return build_end(&b);
}

size_t rtmsg_dummy(const char *name, uint32_t seq, void *buf)
{
	static const char kind[] = "dummy";
	struct ifinfomsg m = {.ifi_family = AF_UNSPEC};
	struct build b;
	struct rtattr outer = {.rta_type = IFLA_LINKINFO};
	size_t start;

	build_start(&b, buf, RTM_NEWLINK, NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, seq);
	memcpy(build_room(&b, sizeof(m)), &m, sizeof(m));
	build_attr(&b, IFLA_IFNAME, name, strnlen(name, LINK_NAME - 1) + 1);
	start = b.len;
	build_room(&b, sizeof(outer));
	build_attr(&b, IFLA_INFO_KIND, kind, sizeof(kind));
	outer.rta_len = (uint16_t)(b.len - start);
	memcpy(b.buf + start, &outer, sizeof(outer));
	return build_end(&b);
}

/* An attribute that holds others: opened here, its length is written at the end. */
static size_t nest_open(struct build *b, uint16_t type)
{
	size_t start = b->len;

	build_attr(b, type, NULL, 0);
	return start;
}

static void nest_close(struct build *b, size_t start)
{
	uint16_t len = (uint16_t)(b->len - start);

	memcpy(b->buf + start, &len, sizeof(len)); /* rta_len comes first */
}

size_t rtmsg_macvlan(const char *name, uint32_t parent, const uint8_t mac[MAC_LEN], uint32_t seq, void *buf)
{
	static const char kind[] = "macvlan";
	const uint32_t mode = MACVLAN_MODE_BRIDGE;
	struct ifinfomsg m = {.ifi_family = AF_UNSPEC};
	size_t info, data;
	struct build b;

	build_start(&b, buf, RTM_NEWLINK, NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, seq);
	memcpy(build_room(&b, sizeof(m)), &m, sizeof(m));
	build_attr(&b, IFLA_IFNAME, name, strnlen(name, LINK_NAME - 1) + 1);
	build_attr(&b, IFLA_LINK, &parent, sizeof(parent));
	build_attr(&b, IFLA_ADDRESS, mac, MAC_LEN);
	info = nest_open(&b, IFLA_LINKINFO);
	build_attr(&b, IFLA_INFO_KIND, kind, sizeof(kind));
	data = nest_open(&b, IFLA_INFO_DATA);
	build_attr(&b, IFLA_MACVLAN_MODE, &mode, sizeof(mode));
	nest_close(&b, data);
	nest_close(&b, info);
	return build_end(&b);
}

size_t rtmsg_link_set(uint32_t index, bool up, uint32_t seq, void *buf)
{
	struct ifinfomsg m = {
	    .ifi_family = AF_UNSPEC, .ifi_index = (int)index, .ifi_flags = up ? IFF_UP : 0, .ifi_change = IFF_UP};
	struct build b;

	build_start(&b, buf, RTM_NEWLINK, NLM_F_REQUEST | NLM_F_ACK, seq);
	memcpy(build_room(&b, sizeof(m)), &m, sizeof(m));
	return build_end(&b);
}

size_t rtmsg_link_delete(uint32_t index, uint32_t seq, void *buf)
{
	struct ifinfomsg m = {.ifi_family = AF_UNSPEC, .ifi_index = (int)index};
	struct build b;

	build_start(&b, buf, RTM_DELLINK, NLM_F_REQUEST | NLM_F_ACK, seq);
	memcpy(build_room(&b, sizeof(m)), &m, sizeof(m));
	return build_end(&b);
}

size_t rtmsg_dump_links(uint32_t seq, void *buf)
{
	struct ifinfomsg m = {.ifi_family = AF_UNSPEC};
	struct build b;

	build_start(&b, buf, RTM_GETLINK, NLM_F_REQUEST | NLM_F_DUMP, seq);
	memcpy(build_room(&b, sizeof(m)), &m, sizeof(m));
	return build_end(&b);
}

size_t rtmsg_dump_addrs(uint32_t seq, void *buf)
{
	struct ifaddrmsg m = {.ifa_family = AF_UNSPEC};
	struct build b;

	build_start(&b, buf, RTM_GETADDR, NLM_F_REQUEST | NLM_F_DUMP, seq);
	memcpy(build_room(&b, sizeof(m)), &m, sizeof(m));
	return build_end(&b);
}

/* The kernel filters by what the header says, if the socket asks for strict checking. */
static size_t dump_local_routes(uint8_t family, uint8_t protocol, uint32_t seq, void *buf)
{
	const struct rtmsg m = {
	    .rtm_family = family, .rtm_table = RT_TABLE_LOCAL, .rtm_protocol = protocol, .rtm_type = RTN_LOCAL};
	struct build b;

	build_start(&b, buf, RTM_GETROUTE, NLM_F_REQUEST | NLM_F_DUMP, seq);
	memcpy(build_room(&b, sizeof(m)), &m, sizeof(m));
	return build_end(&b);
}

size_t rtmsg_dump_stand_ins(uint32_t seq, void *buf)
{
	return dump_local_routes(AF_INET, RTMSG_PROTO_STAND_IN, seq, buf);
}

size_t rtmsg_dump_local_routes(uint8_t family, uint32_t seq, void *buf)
{
	return dump_local_routes(family, RTPROT_KERNEL, seq, buf);
}

const char *rtmsg_reason_name(enum rtmsg_reason r)
{
	static const char *const names[RTMSG_REASONS] = {
	    [RTMSG_OK] = "ok",
	    [RTMSG_END] = "end",
	    [RTMSG_SHORT] = "truncated",
	    [RTMSG_ATTR] = "attribute of a wrong length",
	    [RTMSG_MISSING] = "a needed attribute is missing",
	};

	return (unsigned)r < RTMSG_REASONS ? names[r] : "unknown";
}

/* One attribute of a list. */
struct attr {
	uint16_t type;
	const uint8_t *value;
	size_t len;
};

/* The next attribute: RTMSG_OK, RTMSG_END, RTMSG_SHORT. */
static enum rtmsg_reason attr_next(const uint8_t *bytes, size_t len, size_t *at, struct attr *out)
{
	struct rtattr a;

	if (*at >= len)
		return RTMSG_END;
	if (len - *at < sizeof(a))
		return RTMSG_SHORT;
	memcpy(&a, bytes + *at, sizeof(a));
	if (a.rta_len < sizeof(a) || a.rta_len > len - *at)
		return RTMSG_SHORT;
	*out = (struct attr){
	    .type = a.rta_type & NLA_TYPE_MASK,
	    .value = bytes + *at + sizeof(a),
	    .len = a.rta_len - sizeof(a),
	};
	*at += RTA_ALIGN(a.rta_len);
	return RTMSG_OK;
}

/* Text that must end within the attribute and fit a name. */
static bool attr_text(const struct attr *a, char out[LINK_NAME])
{
	size_t n = strnlen((const char *)a->value, a->len);

	if (n == a->len || n >= LINK_NAME)
		return false;
	memcpy(out, a->value, n + 1);
	return true;
}

static enum rtmsg_reason decode_link_info(const struct attr *info, struct link *link)
{
	enum rtmsg_reason r;
	struct attr a;
	size_t at = 0;

	while ((r = attr_next(info->value, info->len, &at, &a)) == RTMSG_OK)
		if (a.type == IFLA_INFO_KIND && !attr_text(&a, link->kind))
			link->kind[0] = '\0'; /* a kind too long to be one of ours */
	return r == RTMSG_END ? RTMSG_OK : r;
}

static enum rtmsg_reason decode_link_attr(const struct attr *a, struct link *link)
{
	if (a->type == IFLA_IFNAME)
		return attr_text(a, link->name) ? RTMSG_OK : RTMSG_ATTR;
	if (a->type == IFLA_ADDRESS && a->len == MAC_LEN) {
		memcpy(link->mac, a->value, MAC_LEN);
		link->mac_len = MAC_LEN;
	}
	if (a->type == IFLA_MTU && a->len == sizeof(link->mtu))
		memcpy(&link->mtu, a->value, sizeof(link->mtu));
	if (a->type == IFLA_MASTER && a->len == sizeof(link->master))
		memcpy(&link->master, a->value, sizeof(link->master));
	if (a->type == IFLA_LINKINFO)
		return decode_link_info(a, link);
	return RTMSG_OK;
}

static enum rtmsg_reason decode_link(const uint8_t *body, size_t len, bool gone, struct rtnews *out)
{
	enum rtmsg_reason r;
	struct ifinfomsg m;
	struct attr a;
	size_t at = NLMSG_ALIGN(sizeof(m));

	if (len < sizeof(m))
		return RTMSG_SHORT;
	memcpy(&m, body, sizeof(m));
	if (m.ifi_family != AF_UNSPEC)
		return RTMSG_OK; /* a bridge port's own messages: the device neither came nor went */
	if (m.ifi_index <= 0)
		return RTMSG_MISSING;
	out->link = (struct link){.index = (uint32_t)m.ifi_index, .flags = m.ifi_flags, .type = m.ifi_type};
	while ((r = attr_next(body, len, &at, &a)) == RTMSG_OK)
		if ((r = decode_link_attr(&a, &out->link)) != RTMSG_OK)
			return r;
	if (r != RTMSG_END)
		return r;
	if (gone)
		out->kind = RTMSG_LINK_GONE;
	else if (out->link.name[0] != '\0') /* wireless events carry no name */
		out->kind = RTMSG_LINK;
	return RTMSG_OK;
}

static enum rtmsg_reason decode_addr_attr(const struct attr *a, struct kaddr *out, bool *local)
{
	size_t want = out->addr.family == AF_INET ? 4 : 16;

	if (a->type == IFA_LOCAL || (a->type == IFA_ADDRESS && !*local)) {
		if (a->len != want)
			return RTMSG_ATTR;
		out->addr = addr_from_bytes(out->addr.family, a->value);
		*local |= a->type == IFA_LOCAL;
	} else if (a->type == IFA_FLAGS) {
		if (a->len != sizeof(out->flags))
			return RTMSG_ATTR;
		memcpy(&out->flags, a->value, sizeof(out->flags));
	} else if (a->type == IFA_LABEL && !attr_text(a, out->label)) {
		return RTMSG_ATTR;
	}
	return RTMSG_OK;
}

/* IFA_LOCAL is the address; IFA_ADDRESS is the peer's on a point-to-point link, and the only one IPv6 sends otherwise. */
static enum rtmsg_reason decode_addr(const uint8_t *body, size_t len, bool gone, struct rtnews *out)
{
	bool local = false, any = false;
	enum rtmsg_reason r;
	struct ifaddrmsg m;
	struct attr a;
	size_t at = NLMSG_ALIGN(sizeof(m));

	if (len < sizeof(m))
		return RTMSG_SHORT;
	memcpy(&m, body, sizeof(m));
	if (m.ifa_family != AF_INET && m.ifa_family != AF_INET6)
		return RTMSG_OK;
	out->addr = (struct kaddr){
	    .addr.family = m.ifa_family,
	    .bits = m.ifa_prefixlen,
	    .scope = m.ifa_scope,
	    .flags = m.ifa_flags,
	    .ifindex = m.ifa_index,
	};
	while ((r = attr_next(body, len, &at, &a)) == RTMSG_OK) {
		any |= a.type == IFA_LOCAL || a.type == IFA_ADDRESS;
		if ((r = decode_addr_attr(&a, &out->addr, &local)) != RTMSG_OK)
			return r;
	}
	if (r != RTMSG_END)
		return r;
	if (!any || m.ifa_index == 0)
		return RTMSG_MISSING;
	out->kind = gone ? RTMSG_ADDR_GONE : RTMSG_ADDR;
	return RTMSG_OK;
}

static bool is_stand_in(const struct rtmsg *m)
{
	const struct rtmsg ours = stand_in_route();

	return m->rtm_family == ours.rtm_family && m->rtm_protocol == ours.rtm_protocol;
}

static bool is_kernels(const struct rtmsg *m)
{
	return (m->rtm_family == AF_INET || m->rtm_family == AF_INET6) && m->rtm_protocol == RTPROT_KERNEL;
}

/* To one address. */
static bool is_local(const struct rtmsg *m)
{
	return m->rtm_table == RT_TABLE_LOCAL && m->rtm_type == RTN_LOCAL &&
	       m->rtm_dst_len == (m->rtm_family == AF_INET ? 32 : 128);
}

static enum rtmsg_reason decode_route_attr(const struct attr *a, struct kaddr *out, bool *dst)
{
	const uint8_t family = out->addr.family;

	if (a->type == RTA_DST) {
		if (a->len != (family == AF_INET ? 4 : 16))
			return RTMSG_ATTR;
		out->addr = addr_from_bytes(family, a->value);
		*dst = true;
	} else if (a->type == RTA_OIF) {
		if (a->len != sizeof(out->ifindex))
			return RTMSG_ATTR;
		memcpy(&out->ifindex, a->value, sizeof(out->ifindex));
	}
	return RTMSG_OK;
}

static enum rtmsg_reason decode_route(const uint8_t *body, size_t len, bool gone, struct rtnews *out)
{
	enum rtmsg_reason r;
	bool dst = false;
	struct rtmsg m;
	struct attr a;
	size_t at = NLMSG_ALIGN(sizeof(m));

	if (len < sizeof(m))
		return RTMSG_SHORT;
	memcpy(&m, body, sizeof(m));
	if (!is_local(&m) || !(is_kernels(&m) || (!gone && is_stand_in(&m))))
		return RTMSG_OK;
	out->addr = (struct kaddr){.addr.family = m.rtm_family, .bits = m.rtm_dst_len};
	while ((r = attr_next(body, len, &at, &a)) == RTMSG_OK)
		if ((r = decode_route_attr(&a, &out->addr, &dst)) != RTMSG_OK)
			return r;
	if (r != RTMSG_END)
		return r;
	if (!dst || out->addr.ifindex == 0)
		return RTMSG_MISSING;
	out->kind = gone ? RTMSG_UNROUTED : is_kernels(&m) ? RTMSG_ROUTED : RTMSG_STAND_IN;
	return RTMSG_OK;
}

/* struct nlmsgerr: the error, then the request's header, whose sequence number says whose it is. */
static enum rtmsg_reason decode_error(const uint8_t *body, size_t len, struct rtnews *out)
{
	struct nlmsgerr e;

	if (len < sizeof(e))
		return RTMSG_SHORT;
	memcpy(&e, body, sizeof(e));
	out->kind = RTMSG_ERROR;
	out->error = e.error;
	out->seq = e.msg.nlmsg_seq;
	return RTMSG_OK;
}

static enum rtmsg_reason decode_done(const uint8_t *body, size_t len, struct rtnews *out)
{
	int32_t error = 0;

	if (len >= sizeof(error))
		memcpy(&error, body, sizeof(error));
	out->kind = RTMSG_DONE;
	out->error = error < 0 ? error : 0;
	return RTMSG_OK;
}

static enum rtmsg_reason decode(const struct nlmsghdr *h, const uint8_t *body, size_t len, struct rtnews *out)
{
	switch (h->nlmsg_type) {
	case RTM_NEWLINK:
	case RTM_DELLINK:
		return decode_link(body, len, h->nlmsg_type == RTM_DELLINK, out);
	case RTM_NEWADDR:
	case RTM_DELADDR:
		return decode_addr(body, len, h->nlmsg_type == RTM_DELADDR, out);
	case RTM_NEWROUTE:
	case RTM_DELROUTE:
		return decode_route(body, len, h->nlmsg_type == RTM_DELROUTE, out);
	case NLMSG_ERROR:
		return decode_error(body, len, out);
	case NLMSG_DONE:
		return decode_done(body, len, out);
	default:
		return RTMSG_OK;
	}
}

enum rtmsg_reason rtmsg_next(const void *bytes, size_t len, size_t *at, struct rtnews *out)
{
	const uint8_t *from = (const uint8_t *)bytes + *at;
	struct rtnews m = {.kind = RTMSG_OTHER};
	enum rtmsg_reason r;
	struct nlmsghdr h;

	if (*at >= len)
		return RTMSG_END;
	if (len - *at < sizeof(h))
		return RTMSG_SHORT;
	memcpy(&h, from, sizeof(h));
	if (h.nlmsg_len < sizeof(h) || h.nlmsg_len > len - *at)
		return RTMSG_SHORT;
	m.seq = h.nlmsg_seq;
	m.interrupted = h.nlmsg_flags & NLM_F_DUMP_INTR;
	r = decode(&h, from + sizeof(h), h.nlmsg_len - sizeof(h), &m);
	*at += NLMSG_ALIGN(h.nlmsg_len);
	if (r == RTMSG_OK)
		*out = m;
	return r;
}
