/* The IPVS generic netlink codec, by hand on a buffer: operations and requests to bytes, replies to values.
 * Source: linux/ip_vs.h, net/netfilter/ipvs/ip_vs_ctl.c (ip_vs_svc_policy, ip_vs_genl_fill_service and their like for destinations).
 * Test: tests/test_msg.c (golden bytes), tests/fuzz/fuzz_reply.c, tests/kernel/test_sock.c */
#include "msg.h"

#include <errno.h>
#include <linux/genetlink.h>
#include <linux/ip_vs.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <string.h>

enum { HEAD = NLMSG_HDRLEN + GENL_HDRLEN };

/* ---- values to bytes */

struct out {
	unsigned char *start, *at;
};

static void put(struct out *o, uint16_t type, const void *data, size_t len)
{
	struct nlattr a = {.nla_len = (uint16_t)(NLA_HDRLEN + len), .nla_type = type};

	memcpy(o->at, &a, sizeof a);
	memcpy(o->at + NLA_HDRLEN, data, len);
	memset(o->at + NLA_HDRLEN + len, 0, NLA_ALIGN(len) - len);
	o->at += NLA_HDRLEN + NLA_ALIGN(len);
}

static void put_u16(struct out *o, uint16_t type, uint16_t value)
{
	put(o, type, &value, sizeof value);
}

static void put_u32(struct out *o, uint16_t type, uint32_t value)
{
	put(o, type, &value, sizeof value);
}

static unsigned char *nest_open(struct out *o, uint16_t type)
{
	unsigned char *nest = o->at;

	put(o, type, "", 0);
	return nest;
}

static void nest_close(struct out *o, unsigned char *nest)
{
	uint16_t len = (uint16_t)(o->at - nest);

	memcpy(nest, &len, sizeof len); /* nla_len comes first */
}

static void message_open(struct out *o, void *buf, uint16_t family, uint32_t seq, uint16_t flags, uint8_t cmd)
{
	struct nlmsghdr h = {.nlmsg_type = family, .nlmsg_flags = flags, .nlmsg_seq = seq};
	struct genlmsghdr g = {.cmd = cmd, .version = IPVS_GENL_VERSION};

	o->start = buf;
	memcpy(o->start, &h, sizeof h);
	memcpy(o->start + NLMSG_HDRLEN, &g, sizeof g);
	o->at = o->start + HEAD;
}

/* Every attribute is padded, so the length is aligned. */
static size_t message_close(struct out *o)
{
	uint32_t len = (uint32_t)(o->at - o->start);

	memcpy(o->start, &len, sizeof len); /* nlmsg_len comes first */
	return len;
}

static void put_key(struct out *o, const struct vs_key *k)
{
	put_u16(o, IPVS_SVC_ATTR_AF, k->addr.family);
	put_u16(o, IPVS_SVC_ATTR_PROTOCOL, k->proto);
	put(o, IPVS_SVC_ATTR_ADDR, k->addr.bytes, sizeof k->addr.bytes);
	put_u16(o, IPVS_SVC_ATTR_PORT, htons(k->port));
}

/* Persistence granularity: a mask for IPv4, the number of bits for IPv6. */
static uint32_t netmask_encode(uint8_t family, unsigned bits)
{
	if (family != AF_INET)
		return bits;
	return bits ? htonl(~(uint32_t)0 << (32 - bits)) : 0;
}

static void put_head(struct out *o, const struct vs *v, const char *sched)
{
	struct ip_vs_flags flags = {.flags = v->flags, .mask = VS_FLAGS};

	put(o, IPVS_SVC_ATTR_SCHED_NAME, sched, strlen(sched) + 1);
	put(o, IPVS_SVC_ATTR_FLAGS, &flags, sizeof flags);
	put_u32(o, IPVS_SVC_ATTR_TIMEOUT, v->timeout);
	put_u32(o, IPVS_SVC_ATTR_NETMASK, netmask_encode(v->key.addr.family, v->granularity));
}

static const uint32_t forward_bits[] = {
    [FORWARD_NAT] = IP_VS_CONN_F_MASQ, [FORWARD_DR] = IP_VS_CONN_F_DROUTE, [FORWARD_TUN] = IP_VS_CONN_F_TUNNEL};

/* whole: what the kernel wants for an add and an edit, beyond the real server's identity. */
static void put_real(struct out *o, const struct real *r, const struct limits *limits, bool whole)
{
	unsigned char *nest = nest_open(o, IPVS_CMD_ATTR_DEST);

	put_u16(o, IPVS_DEST_ATTR_ADDR_FAMILY, r->addr.family);
	put(o, IPVS_DEST_ATTR_ADDR, r->addr.bytes, sizeof r->addr.bytes);
	put_u16(o, IPVS_DEST_ATTR_PORT, htons(r->port));
	if (whole) {
		put_u32(o, IPVS_DEST_ATTR_FWD_METHOD, forward_bits[r->forward]);
		put_u32(o, IPVS_DEST_ATTR_WEIGHT, r->weight);
		put_u32(o, IPVS_DEST_ATTR_U_THRESH, limits->upper);
		put_u32(o, IPVS_DEST_ATTR_L_THRESH, limits->lower);
	}
	if (whole && limits->tunnel != TUNNEL_IPIP && r->forward == FORWARD_TUN) {
		put(o, IPVS_DEST_ATTR_TUN_TYPE, &limits->tunnel, sizeof limits->tunnel);
		put_u16(o, IPVS_DEST_ATTR_TUN_PORT, htons(limits->tunnel_port));
		put_u16(o, IPVS_DEST_ATTR_TUN_FLAGS, 0);
	}
	nest_close(o, nest);
}

static const struct op_shape {
	uint8_t cmd;
	bool head, real, whole;
} shapes[] = {
    [OP_VS_ADD] = {.cmd = IPVS_CMD_NEW_SERVICE, .head = true},
    [OP_VS_EDIT] = {.cmd = IPVS_CMD_SET_SERVICE, .head = true},
    [OP_VS_DELETE] = {.cmd = IPVS_CMD_DEL_SERVICE},
    [OP_REAL_ADD] = {.cmd = IPVS_CMD_NEW_DEST, .real = true, .whole = true},
    [OP_REAL_EDIT] = {.cmd = IPVS_CMD_SET_DEST, .real = true, .whole = true},
    [OP_REAL_DELETE] = {.cmd = IPVS_CMD_DEL_DEST, .real = true},
};

size_t ipvs_msg_op(const struct op *op, uint16_t family, uint32_t seq, uint16_t flags, void *buf)
{
	const struct op_shape *shape = &shapes[op->type];
	unsigned char *nest;
	struct out o;

	message_open(&o, buf, family, seq, flags, shape->cmd);
	nest = nest_open(&o, IPVS_CMD_ATTR_SERVICE);
	put_key(&o, &op->vs->key);
	if (shape->head)
		put_head(&o, op->vs, op->sched);
	nest_close(&o, nest);
	if (shape->real)
		put_real(&o, &op->real, &op->vs->limits, shape->whole);
	return message_close(&o);
}

size_t ipvs_msg_get_services(uint16_t family, uint32_t seq, void *buf)
{
	struct out o;

	message_open(&o, buf, family, seq, NLM_F_REQUEST | NLM_F_DUMP, IPVS_CMD_GET_SERVICE);
	return message_close(&o);
}

size_t ipvs_msg_get_reals(uint16_t family, uint32_t seq, const struct vs_key *k, void *buf)
{
	unsigned char *nest;
	struct out o;

	message_open(&o, buf, family, seq, NLM_F_REQUEST | NLM_F_DUMP, IPVS_CMD_GET_DEST);
	nest = nest_open(&o, IPVS_CMD_ATTR_SERVICE);
	put_key(&o, k);
	nest_close(&o, nest);
	return message_close(&o);
}

size_t ipvs_msg_get_info(uint16_t family, uint32_t seq, void *buf)
{
	struct out o;

	message_open(&o, buf, family, seq, NLM_F_REQUEST, IPVS_CMD_GET_INFO);
	return message_close(&o);
}

static void put_daemon(struct out *o, const struct sync_daemon *d)
{
	put(o, IPVS_DAEMON_ATTR_MCAST_IFN, d->ifname, strnlen(d->ifname, sizeof(d->ifname) - 1) + 1);
	put_u32(o, IPVS_DAEMON_ATTR_SYNC_ID, d->id);
	if (d->maxlen)
		put_u16(o, IPVS_DAEMON_ATTR_SYNC_MAXLEN, d->maxlen);
	put(o, d->group.family == AF_INET ? IPVS_DAEMON_ATTR_MCAST_GROUP : IPVS_DAEMON_ATTR_MCAST_GROUP6,
	    d->group.bytes, addr_len(&d->group));
	put_u16(o, IPVS_DAEMON_ATTR_MCAST_PORT, d->port); /* host order: the kernel's own */
	put(o, IPVS_DAEMON_ATTR_MCAST_TTL, &d->ttl, sizeof(d->ttl));
}

size_t ipvs_msg_daemon(uint16_t family, uint32_t seq, bool start, const struct sync_daemon *d, void *buf)
{
	unsigned char *nest;
	struct out o;

	message_open(&o, buf, family, seq, NLM_F_REQUEST, start ? IPVS_CMD_NEW_DAEMON : IPVS_CMD_DEL_DAEMON);
	nest = nest_open(&o, IPVS_CMD_ATTR_DAEMON);
	put_u32(&o, IPVS_DAEMON_ATTR_STATE, d->master ? IP_VS_STATE_MASTER : IP_VS_STATE_BACKUP);
	if (start)
		put_daemon(&o, d);
	nest_close(&o, nest);
	return message_close(&o);
}

size_t ipvs_msg_get_daemons(uint16_t family, uint32_t seq, void *buf)
{
	struct out o;

	message_open(&o, buf, family, seq, NLM_F_REQUEST | NLM_F_DUMP, IPVS_CMD_GET_DAEMON);
	return message_close(&o);
}

/* ---- bytes to values */

const char *ipvs_msg_reason_name(enum msg_reason r)
{
	static const char *const names[MSG_REASONS] = {
	    [MSG_OK] = "ok",
	    [MSG_SHORT] = "truncated",
	    [MSG_ATTR] = "attribute of a wrong length",
	    [MSG_MISSING] = "attribute missing",
	    [MSG_FAMILY] = "unknown address family",
	    [MSG_FWMARK] = "firewall-mark service",
	};

	return (unsigned)r < MSG_REASONS ? names[r] : "?";
}

/* What an attribute must look like, at its number in a table. max 0: not looked at. */
struct rule {
	uint16_t min, max;
	bool needed;
};

enum { NUMBERS = 16, ANY = UINT16_MAX };

static const struct rule service_outer[NUMBERS] = {[IPVS_CMD_ATTR_SERVICE] = {0, ANY, true}};
static const struct rule dest_outer[NUMBERS] = {[IPVS_CMD_ATTR_DEST] = {0, ANY, true}};
static const struct rule service_rules[NUMBERS] = {
    [IPVS_SVC_ATTR_AF] = {2, 2, true},        [IPVS_SVC_ATTR_PROTOCOL] = {2, 2, true},
    [IPVS_SVC_ATTR_ADDR] = {4, 16, true},     [IPVS_SVC_ATTR_PORT] = {2, 2, true},
    [IPVS_SVC_ATTR_FWMARK] = {4, 4, false},   [IPVS_SVC_ATTR_SCHED_NAME] = {1, SCHED_NAME, true},
    [IPVS_SVC_ATTR_FLAGS] = {8, 8, true},     [IPVS_SVC_ATTR_TIMEOUT] = {4, 4, true},
    [IPVS_SVC_ATTR_NETMASK] = {4, 4, true},   [IPVS_SVC_ATTR_STATS] = {0, ANY, false},
    [IPVS_SVC_ATTR_STATS64] = {0, ANY, false}};
static const struct rule dest_rules[NUMBERS] = {
    [IPVS_DEST_ATTR_ADDR] = {4, 16, true},          [IPVS_DEST_ATTR_PORT] = {2, 2, true},
    [IPVS_DEST_ATTR_FWD_METHOD] = {4, 4, true},     [IPVS_DEST_ATTR_WEIGHT] = {4, 4, true},
    [IPVS_DEST_ATTR_ACTIVE_CONNS] = {4, 4, false},  [IPVS_DEST_ATTR_INACT_CONNS] = {4, 4, false},
    [IPVS_DEST_ATTR_PERSIST_CONNS] = {4, 4, false}, [IPVS_DEST_ATTR_STATS] = {0, ANY, false},
    [IPVS_DEST_ATTR_ADDR_FAMILY] = {2, 2, false},   [IPVS_DEST_ATTR_STATS64] = {0, ANY, false},
    [IPVS_DEST_ATTR_U_THRESH] = {4, 4, false},      [IPVS_DEST_ATTR_L_THRESH] = {4, 4, false},
    [IPVS_DEST_ATTR_TUN_TYPE] = {1, 1, false},      [IPVS_DEST_ATTR_TUN_PORT] = {2, 2, false}};
static const struct rule stats_rules[NUMBERS] = {
    [IPVS_STATS_ATTR_CONNS] = {4, 4, false},    [IPVS_STATS_ATTR_INPKTS] = {4, 4, false},
    [IPVS_STATS_ATTR_OUTPKTS] = {4, 4, false},  [IPVS_STATS_ATTR_INBYTES] = {8, 8, false},
    [IPVS_STATS_ATTR_OUTBYTES] = {8, 8, false}, [IPVS_STATS_ATTR_CPS] = {4, 4, false},
    [IPVS_STATS_ATTR_INPPS] = {4, 4, false},    [IPVS_STATS_ATTR_OUTPPS] = {4, 4, false},
    [IPVS_STATS_ATTR_INBPS] = {4, 4, false},    [IPVS_STATS_ATTR_OUTBPS] = {4, 4, false}};
static const struct rule stats64_rules[NUMBERS] = {
    [IPVS_STATS_ATTR_CONNS] = {8, 8, false},    [IPVS_STATS_ATTR_INPKTS] = {8, 8, false},
    [IPVS_STATS_ATTR_OUTPKTS] = {8, 8, false},  [IPVS_STATS_ATTR_INBYTES] = {8, 8, false},
    [IPVS_STATS_ATTR_OUTBYTES] = {8, 8, false}, [IPVS_STATS_ATTR_CPS] = {8, 8, false},
    [IPVS_STATS_ATTR_INPPS] = {8, 8, false},    [IPVS_STATS_ATTR_OUTPPS] = {8, 8, false},
    [IPVS_STATS_ATTR_INBPS] = {8, 8, false},    [IPVS_STATS_ATTR_OUTBPS] = {8, 8, false}};
static const struct rule info_rules[NUMBERS] = {
    [IPVS_INFO_ATTR_VERSION] = {4, 4, true}, [IPVS_INFO_ATTR_CONN_TAB_SIZE] = {4, 4, true}};

static const struct rule daemon_outer[NUMBERS] = {[IPVS_CMD_ATTR_DAEMON] = {0, ANY, true}};
static const struct rule daemon_rules[NUMBERS] = {
    [IPVS_DAEMON_ATTR_STATE] = {4, 4, true},        [IPVS_DAEMON_ATTR_MCAST_IFN] = {1, 16, true},
    [IPVS_DAEMON_ATTR_SYNC_ID] = {4, 4, true},      [IPVS_DAEMON_ATTR_SYNC_MAXLEN] = {2, 2, false},
    [IPVS_DAEMON_ATTR_MCAST_GROUP] = {4, 4, false}, [IPVS_DAEMON_ATTR_MCAST_GROUP6] = {16, 16, false},
    [IPVS_DAEMON_ATTR_MCAST_PORT] = {2, 2, false},  [IPVS_DAEMON_ATTR_MCAST_TTL] = {1, 1, false}};

struct span {
	const unsigned char *at; /* NULL: absent */
	size_t len;
};

/* Sorts the attributes of `in` into out[NUMBERS] and holds them against the rules; needed_missing does the rest. */
static enum msg_reason split(struct span in, const struct rule *rules, struct span *out)
{
	memset(out, 0, NUMBERS * sizeof *out);
	while (in.len) {
		struct nlattr a;
		size_t step;
		unsigned type;

		if (in.len < sizeof a)
			return MSG_SHORT;
		memcpy(&a, in.at, sizeof a);
		if (a.nla_len < NLA_HDRLEN || a.nla_len > in.len)
			return MSG_SHORT;
		type = a.nla_type & NLA_TYPE_MASK;
		if (type < NUMBERS && rules[type].max) {
			out[type] = (struct span){in.at + NLA_HDRLEN, a.nla_len - (size_t)NLA_HDRLEN};
			if (out[type].len < rules[type].min || out[type].len > rules[type].max)
				return MSG_ATTR;
		}
		step = NLA_ALIGN((size_t)a.nla_len);
		if (step > in.len) /* the last one's padding may be left out */
			step = in.len;
		in.at += step;
		in.len -= step;
	}
	return MSG_OK;
}

static enum msg_reason needed_missing(const struct rule *rules, const struct span *in)
{
	for (unsigned i = 0; i < NUMBERS; i++)
		if (rules[i].needed && !in[i].at)
			return MSG_MISSING;
	return MSG_OK;
}

static enum msg_reason split_all(struct span in, const struct rule *rules, struct span *out)
{
	enum msg_reason why = split(in, rules, out);

	return why ? why : needed_missing(rules, out);
}

/* The attributes of a message. */
static enum msg_reason open_message(const void *msg, size_t len, struct span *out)
{
	struct nlmsghdr h;

	if (len < HEAD)
		return MSG_SHORT;
	memcpy(&h, msg, sizeof h);
	if (h.nlmsg_len < HEAD || h.nlmsg_len > len)
		return MSG_SHORT;
	*out = (struct span){(const unsigned char *)msg + HEAD, h.nlmsg_len - (size_t)HEAD};
	return MSG_OK;
}

/* The attributes inside the one nest that a message holds. */
static enum msg_reason open_nest(const void *msg, size_t len, const struct rule *outer, unsigned type, struct span *out)
{
	struct span all = {0}, nests[NUMBERS];
	enum msg_reason why = open_message(msg, len, &all);

	if (!why)
		why = split_all(all, outer, nests);
	if (!why)
		*out = nests[type];
	return why;
}

static uint16_t get_u16(struct span s)
{
	uint16_t v;

	memcpy(&v, s.at, sizeof v);
	return v;
}

static uint32_t get_u32(struct span s)
{
	uint32_t v = 0;

	if (s.at)
		memcpy(&v, s.at, sizeof v);
	return v;
}

static uint64_t get_u64(struct span s)
{
	uint64_t v = 0;

	if (s.len == sizeof v)
		memcpy(&v, s.at, sizeof v);
	else
		v = get_u32(s);
	return v;
}

static enum msg_reason get_addr(struct span s, unsigned family, struct addr *out)
{
	if (family != AF_INET && family != AF_INET6)
		return MSG_FAMILY;
	if (s.len != 16 && (s.len != 4 || family != AF_INET))
		return MSG_ATTR;
	*out = addr_from_bytes((int)family, s.at);
	return MSG_OK;
}

/* The 64-bit counters if the kernel gives them (4.1 and newer), else the 32-bit ones. */
static enum msg_reason get_stats(struct span narrow, struct span wide, struct vs_stats *out)
{
	struct span at[NUMBERS];
	enum msg_reason why = wide.at ? split(wide, stats64_rules, at) : split(narrow, stats_rules, at);

	if (why)
		return why;
	out->conns = get_u64(at[IPVS_STATS_ATTR_CONNS]);
	out->inpkts = get_u64(at[IPVS_STATS_ATTR_INPKTS]);
	out->outpkts = get_u64(at[IPVS_STATS_ATTR_OUTPKTS]);
	out->inbytes = get_u64(at[IPVS_STATS_ATTR_INBYTES]);
	out->outbytes = get_u64(at[IPVS_STATS_ATTR_OUTBYTES]);
	out->conns_s = get_u64(at[IPVS_STATS_ATTR_CPS]);
	out->inpkts_s = get_u64(at[IPVS_STATS_ATTR_INPPS]);
	out->outpkts_s = get_u64(at[IPVS_STATS_ATTR_OUTPPS]);
	out->inbytes_s = get_u64(at[IPVS_STATS_ATTR_INBPS]);
	out->outbytes_s = get_u64(at[IPVS_STATS_ATTR_OUTBPS]);
	return MSG_OK;
}

uint8_t ipvs_msg_granularity(uint8_t family, uint32_t netmask)
{
	uint32_t zeros = ~ntohl(netmask), bits = netmask;

	if (family == AF_INET) {
		bits = zeros ? (uint32_t)__builtin_clz(zeros) : 32;
		return netmask_encode(AF_INET, bits) == netmask ? (uint8_t)bits : 0;
	}
	return bits <= 128 ? (uint8_t)bits : 0;
}

static enum msg_reason get_key(const struct span *at, struct vs_key *out)
{
	uint16_t proto = get_u16(at[IPVS_SVC_ATTR_PROTOCOL]);

	if (proto > UINT8_MAX)
		return MSG_ATTR;
	out->proto = (uint8_t)proto;
	out->port = ntohs(get_u16(at[IPVS_SVC_ATTR_PORT]));
	return get_addr(at[IPVS_SVC_ATTR_ADDR], get_u16(at[IPVS_SVC_ATTR_AF]), &out->addr);
}

static enum msg_reason get_head(const struct span *at, struct vs *out)
{
	struct span sched = at[IPVS_SVC_ATTR_SCHED_NAME];
	enum msg_reason why = get_key(at, &out->key);

	if (why)
		return why;
	if (!memchr(sched.at, 0, sched.len))
		return MSG_ATTR;
	memcpy(out->sched, sched.at, strlen((const char *)sched.at));
	out->flags = get_u32(at[IPVS_SVC_ATTR_FLAGS]) & VS_FLAGS;
	/* The kernel keeps a timeout that it does not use. */
	out->timeout = out->flags & VS_PERSISTENT ? get_u32(at[IPVS_SVC_ATTR_TIMEOUT]) : 0;
	out->granularity = ipvs_msg_granularity(out->key.addr.family, get_u32(at[IPVS_SVC_ATTR_NETMASK]));
	return MSG_OK;
}

enum msg_reason ipvs_msg_service(const void *msg, size_t len, struct vs *head, struct vs_stats *stats)
{
	struct span nest = {0}, at[NUMBERS];
	struct vs v = {0};
	struct vs_stats counted = {0};
	enum msg_reason why = open_nest(msg, len, service_outer, IPVS_CMD_ATTR_SERVICE, &nest);

	if (!why)
		why = split(nest, service_rules, at);
	if (!why && at[IPVS_SVC_ATTR_FWMARK].at)
		why = MSG_FWMARK;
	if (!why)
		why = needed_missing(service_rules, at);
	if (!why)
		why = get_head(at, &v);
	if (!why)
		why = get_stats(at[IPVS_SVC_ATTR_STATS], at[IPVS_SVC_ATTR_STATS64], &counted);
	if (why)
		return why;
	*head = v;
	if (stats)
		*stats = counted;
	return MSG_OK;
}

static uint8_t forward_decode(uint32_t value)
{
	for (uint8_t i = 0; i < sizeof forward_bits / sizeof *forward_bits; i++)
		if (forward_bits[i] == (value & IP_VS_CONN_F_FWD_MASK))
			return i;
	return FORWARD_OTHER;
}

static enum msg_reason get_real(const struct span *at, unsigned family, struct real *out)
{
	if (at[IPVS_DEST_ATTR_ADDR_FAMILY].at)
		family = get_u16(at[IPVS_DEST_ATTR_ADDR_FAMILY]);
	out->port = ntohs(get_u16(at[IPVS_DEST_ATTR_PORT]));
	out->forward = forward_decode(get_u32(at[IPVS_DEST_ATTR_FWD_METHOD]));
	out->weight = get_u32(at[IPVS_DEST_ATTR_WEIGHT]);
	return get_addr(at[IPVS_DEST_ATTR_ADDR], family, &out->addr);
}

static struct limits get_limits(const struct span at[NUMBERS])
{
	struct limits l = {.upper = get_u32(at[IPVS_DEST_ATTR_U_THRESH]),
			   .lower = get_u32(at[IPVS_DEST_ATTR_L_THRESH])};
	uint16_t port;

	if (at[IPVS_DEST_ATTR_TUN_TYPE].at)
		l.tunnel = at[IPVS_DEST_ATTR_TUN_TYPE].at[0];
	if (l.tunnel && at[IPVS_DEST_ATTR_TUN_PORT].at) {
		memcpy(&port, at[IPVS_DEST_ATTR_TUN_PORT].at, sizeof port);
		l.tunnel_port = ntohs(port);
	}
	return l;
}

enum msg_reason ipvs_msg_real(const void *msg, size_t len, uint8_t family, struct real *r, struct real_stats *stats)
{
	struct span nest = {0}, at[NUMBERS];
	struct real made = {0};
	struct real_stats counted = {0};
	enum msg_reason why = open_nest(msg, len, dest_outer, IPVS_CMD_ATTR_DEST, &nest);

	if (!why)
		why = split_all(nest, dest_rules, at);
	if (!why)
		why = get_real(at, family, &made);
	if (!why)
		why = get_stats(at[IPVS_DEST_ATTR_STATS], at[IPVS_DEST_ATTR_STATS64], &counted.stats);
	if (why)
		return why;
	counted.active = get_u32(at[IPVS_DEST_ATTR_ACTIVE_CONNS]);
	counted.inactive = get_u32(at[IPVS_DEST_ATTR_INACT_CONNS]);
	counted.persistent = get_u32(at[IPVS_DEST_ATTR_PERSIST_CONNS]);
	counted.limits = get_limits(at);
	*r = made;
	if (stats)
		*stats = counted;
	return MSG_OK;
}

static enum msg_reason get_daemon(const struct span *at, struct sync_daemon *out)
{
	struct span ifname = at[IPVS_DAEMON_ATTR_MCAST_IFN];
	const struct span *group = &at[IPVS_DAEMON_ATTR_MCAST_GROUP], *group6 = &at[IPVS_DAEMON_ATTR_MCAST_GROUP6];

	if (!memchr(ifname.at, 0, ifname.len))
		return MSG_ATTR;
	memcpy(out->ifname, ifname.at, strlen((const char *)ifname.at));
	out->master = get_u32(at[IPVS_DAEMON_ATTR_STATE]) == IP_VS_STATE_MASTER;
	out->id = get_u32(at[IPVS_DAEMON_ATTR_SYNC_ID]);
	if (group->at)
		out->group = addr_from_bytes(AF_INET, group->at);
	else if (group6->at)
		out->group = addr_from_bytes(AF_INET6, group6->at);
	if (at[IPVS_DAEMON_ATTR_SYNC_MAXLEN].at)
		out->maxlen = get_u16(at[IPVS_DAEMON_ATTR_SYNC_MAXLEN]);
	if (at[IPVS_DAEMON_ATTR_MCAST_PORT].at)
		out->port = get_u16(at[IPVS_DAEMON_ATTR_MCAST_PORT]);
	if (at[IPVS_DAEMON_ATTR_MCAST_TTL].at)
		out->ttl = *at[IPVS_DAEMON_ATTR_MCAST_TTL].at;
	return MSG_OK;
}

enum msg_reason ipvs_msg_daemon_reply(const void *msg, size_t len, struct sync_daemon *out)
{
	struct span nest = {0}, at[NUMBERS];
	struct sync_daemon d = {0};
	enum msg_reason why = open_nest(msg, len, daemon_outer, IPVS_CMD_ATTR_DAEMON, &nest);

	if (!why)
		why = split_all(nest, daemon_rules, at);
	if (!why)
		why = get_daemon(at, &d);
	if (!why)
		*out = d;
	return why;
}

enum msg_reason ipvs_msg_info(const void *msg, size_t len, uint32_t *version, uint32_t *conn_tab_size)
{
	struct span all = {0}, at[NUMBERS];
	enum msg_reason why = open_message(msg, len, &all);

	if (!why)
		why = split_all(all, info_rules, at);
	if (why)
		return why;
	*version = get_u32(at[IPVS_INFO_ATTR_VERSION]);
	*conn_tab_size = get_u32(at[IPVS_INFO_ATTR_CONN_TAB_SIZE]);
	return MSG_OK;
}

int ipvs_msg_next(const void *bytes, size_t len, size_t *at, struct reply *out)
{
	const unsigned char *msg = (const unsigned char *)bytes + *at;
	size_t left = len - *at, body;
	struct nlmsghdr h;
	int error = 0;

	if (!left)
		return 0;
	if (left < sizeof h)
		return -EPROTO;
	memcpy(&h, msg, sizeof h);
	if (h.nlmsg_len < sizeof h || h.nlmsg_len > left)
		return -EPROTO;
	body = h.nlmsg_len - sizeof h;
	if (h.nlmsg_type == NLMSG_ERROR && body < sizeof error)
		return -EPROTO;
	if ((h.nlmsg_type == NLMSG_ERROR || h.nlmsg_type == NLMSG_DONE) && body >= sizeof error)
		memcpy(&error, msg + sizeof h,
		       sizeof error); /* a dump that fails on the way says so in its NLMSG_DONE */
	*out = (struct reply){.type = h.nlmsg_type, .seq = h.nlmsg_seq, .error = error, .msg = msg, .len = h.nlmsg_len};
	*at += NLMSG_ALIGN((size_t)h.nlmsg_len) < left ? NLMSG_ALIGN((size_t)h.nlmsg_len) : left;
	return 1;
}
