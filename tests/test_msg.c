/* ipvs/msg.c: golden bytes for what is sent, replies as a 6.1 kernel sent them, and replies that are cut or odd. Little-endian bytes. */
#include "../ipvs/msg.h"
#include "ipvs_values.h"

#include <errno.h>
#include <linux/ip_vs.h>
#include <linux/netlink.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

enum { FAMILY = 0x1234, SEQ = 0x04030201, ROOM = 1024 };

/* Hexadecimal digits with blanks to bytes. */
static size_t bytes_of(const char *hex, unsigned char *out)
{
	size_t n = 0;
	unsigned byte;
	int used;

	while (sscanf(hex, " %2x%n", &byte, &used) == 1) {
		assert_true(n < ROOM);
		out[n++] = (unsigned char)byte;
		hex += used;
	}
	return n;
}

static void same_bytes(const void *got, size_t len, const char *hex)
{
	unsigned char want[ROOM];

	assert_int_equal(bytes_of(hex, want), len);
	assert_memory_equal(got, want, len);
}

/* ---- what is sent */

#define HEAD(len, flags, cmd) len "000000 3412" flags " 01020304 00000000 " cmd "010000 "
#define KEY4                  "06000100 02000000 06000200 06000000 14000300 0a090909 00000000 00000000 00000000 06000400 00500000 "
#define KEY6                  "06000100 0a000000 06000200 11000000 14000300 fd000009 00000000 00000000 00000001 06000400 00350000 "
#define HEAD_ATTRS4           "08000600 77727200 0c000700 01000000 3d000000 08000800 302a0000 08000900 ffffff00 "
#define HEAD_ATTRS6           "07000600 6d680000 0c000700 18000000 3d000000 08000800 00000000 08000900 40000000 "
#define REAL4                 "06000b00 02000000 14000100 0a000001 00000000 00000000 00000000 06000200 1f900000 "
#define REAL6                 "06000b00 0a000000 14000100 fd000000 00000000 00000000 00000002 06000200 00350000 "
#define WHOLE4                "08000300 03000000 08000400 05000000 08000500 00000000 08000600 00000000 "
#define WHOLE6                "08000300 02000000 08000400 ffff0000 08000500 00000000 08000600 00000000 "

static const struct golden {
	enum op_type type;
	const char *hex4, *hex6;
} goldens[] = {
    {OP_VS_ADD, HEAD("68", "0500", "01") "54000100 " KEY4 HEAD_ATTRS4,
     HEAD("68", "0500", "01") "54000100 " KEY6 HEAD_ATTRS6},
    {OP_VS_EDIT, HEAD("68", "0500", "02") "54000100 " KEY4 HEAD_ATTRS4,
     HEAD("68", "0500", "02") "54000100 " KEY6 HEAD_ATTRS6},
    {OP_VS_DELETE, HEAD("44", "0500", "03") "30000100 " KEY4, HEAD("44", "0500", "03") "30000100 " KEY6},
    {OP_REAL_ADD, HEAD("8c", "0500", "05") "30000100 " KEY4 "48000200 " REAL4 WHOLE4,
     HEAD("8c", "0500", "05") "30000100 " KEY6 "48000200 " REAL6 WHOLE6},
    {OP_REAL_EDIT, HEAD("8c", "0500", "06") "30000100 " KEY4 "48000200 " REAL4 WHOLE4,
     HEAD("8c", "0500", "06") "30000100 " KEY6 "48000200 " REAL6 WHOLE6},
    {OP_REAL_DELETE, HEAD("6c", "0500", "07") "30000100 " KEY4 "28000200 " REAL4,
     HEAD("6c", "0500", "07") "30000100 " KEY6 "28000200 " REAL6},
};

static struct vs vs4(void)
{
	struct vs v = vs_of(IPPROTO_TCP, "10.9.9.9", 80, "wrr");

	v.flags = VS_PERSISTENT;
	v.timeout = 10800;
	v.granularity = 24;
	return v;
}

static struct vs vs6(void)
{
	struct vs v = vs_of(IPPROTO_UDP, "fd00:9::1", 53, "mh");

	v.flags = VS_SCHED1 | VS_SCHED2;
	v.granularity = 64;
	return v;
}

static void operations(void **state)
{
	/* the mask is in network order: 255.255.255.0 is ffffff00 on the wire */
	struct vs a = vs4(), b = vs6();
	struct op four = {.vs = &a, .sched = a.sched, .real = real_of("10.0.0.1", 8080, FORWARD_DR, 5)};
	struct op six = {.vs = &b, .sched = b.sched, .real = real_of("fd00::2", 53, FORWARD_TUN, WEIGHT_MAX)};

	for (size_t i = 0; i < sizeof goldens / sizeof *goldens; i++) {
		unsigned char buf[MSG_ROOM];

		memset(buf, 0xaa, sizeof buf);
		four.type = six.type = goldens[i].type;
		same_bytes(buf, ipvs_msg_op(&four, FAMILY, SEQ, NLM_F_REQUEST | NLM_F_ACK, buf), goldens[i].hex4);
		memset(buf, 0xaa, sizeof buf);
		same_bytes(buf, ipvs_msg_op(&six, FAMILY, SEQ, NLM_F_REQUEST | NLM_F_ACK, buf), goldens[i].hex6);
	}
}

/* Thresholds and the tunnel come from the virtual server; an ipip tunnel is not named, for kernels that know no other. */
static void limits_are_sent(void **state)
{
	static const char gue[] =
	    HEAD("a4", "0100", "05") "30000100 " KEY6 "60000200 " REAL6
				     "08000300 02000000 08000400 ffff0000 08000500 00020000 08000600 00010000 05000d00 "
				     "01000000 06000e00 17c00000 06000f00 00000000";
	struct vs v = vs6();
	struct op op = {.type = OP_REAL_ADD, .vs = &v, .real = real_of("fd00::2", 53, FORWARD_TUN, WEIGHT_MAX)};
	unsigned char buf[MSG_ROOM];
	struct real_stats st;
	struct real r;
	size_t len;

	v.limits = (struct limits){.upper = 512, .lower = 256, .tunnel = TUNNEL_GUE, .tunnel_port = 6080};
	len = ipvs_msg_op(&op, FAMILY, SEQ, NLM_F_REQUEST, buf);
	same_bytes(buf, len, gue);
	op.real.forward = FORWARD_NAT;
	assert_int_equal(ipvs_msg_op(&op, FAMILY, SEQ, NLM_F_REQUEST, buf), len - 24);
	/* read back: an operation without its virtual server has the shape of a reply */
	op.real.forward = FORWARD_TUN;
	len = ipvs_msg_op(&op, FAMILY, SEQ, NLM_F_REQUEST, buf);
	memmove(buf + 20, buf + 20 + 0x30, len - 20 - 0x30);
	memcpy(buf, &(uint32_t){(uint32_t)len - 0x30}, 4);
	assert_int_equal(ipvs_msg_real(buf, len - 0x30, AF_INET6, &r, &st), MSG_OK);
	assert_true(limits_equal(&st.limits, &v.limits));
}

static void the_scheduler_is_the_operations(void **state)
{
	struct vs v = vs4();
	struct op op = {.type = OP_VS_ADD, .vs = &v, .sched = "none"};
	unsigned char buf[MSG_ROOM];
	size_t len;

	v.granularity = 0;
	len = ipvs_msg_op(&op, FAMILY, SEQ, NLM_F_REQUEST, buf);
	same_bytes(buf, len,
		   HEAD("6c", "0100", "01") "58000100 " KEY4 "09000600 6e6f6e65 00000000 0c000700 01000000 3d000000 "
					    "08000800 302a0000 08000900 00000000");
}

static void longest_operation_has_room(void **state)
{
	struct vs v = vs6();
	struct op op = {.type = OP_VS_ADD, .vs = &v, .sched = "fifteen-letters"};
	unsigned char buf[MSG_ROOM];

	assert_in_range(ipvs_msg_op(&op, FAMILY, SEQ, NLM_F_REQUEST, buf), 1, MSG_ROOM);
}

static void requests(void **state)
{
	struct vs_key k4 = vs4().key, k6 = vs6().key;
	unsigned char buf[MSG_ROOM];

	same_bytes(buf, ipvs_msg_get_services(FAMILY, SEQ, buf), HEAD("14", "0103", "04"));
	same_bytes(buf, ipvs_msg_get_reals(FAMILY, SEQ, &k4, buf), HEAD("44", "0103", "08") "30000100 " KEY4);
	same_bytes(buf, ipvs_msg_get_reals(FAMILY, SEQ, &k6, buf), HEAD("44", "0103", "08") "30000100 " KEY6);
	same_bytes(buf, ipvs_msg_get_info(FAMILY, SEQ, buf), HEAD("14", "0100", "0f"));
}

/* ---- what a kernel sent */

/* UDP 10.9.9.9:80 rr, persistent 10800 s, no traffic. */
static const char kernel_service[] =
    "40010000 20000200 01000000 ef81d389 01010000 2c010100 06000100 02000000 06000200 11000000 14000300 0a090909 "
    "00000000 00000000 00000000 06000400 00500000 07000600 72720000 0c000700 03000000 ffffffff 08000800 302a0000 "
    "08000900 ffffffff 5c000a00 08000100 00000000 08000200 00000000 08000300 00000000 0c000400 00000000 00000000 "
    "0c000500 00000000 00000000 08000600 00000000 08000700 00000000 08000800 00000000 08000900 00000000 08000a00 "
    "00000000 7c000c00 0c000100 00000000 00000000 0c000200 00000000 00000000 0c000300 00000000 00000000 0c000400 "
    "00000000 00000000 0c000500 00000000 00000000 0c000600 00000000 00000000 0c000700 00000000 00000000 0c000800 "
    "00000000 00000000 0c000900 00000000 00000000 0c000a00 00000000 00000000 ";

/* fd00::2:53, tunnel, weight 2. */
static const char kernel_real[] =
    "64010000 20000200 03000000 ef81d389 05010000 50010200 14000100 fd000000 00000000 00000000 00000002 06000200 "
    "00350000 08000300 02000000 08000400 02000000 05000d00 00000000 06000e00 00000000 06000f00 00000000 08000500 "
    "00000000 08000600 00000000 08000700 00000000 08000800 00000000 08000900 00000000 06000b00 0a000000 5c000a00 "
    "08000100 00000000 08000200 00000000 08000300 00000000 0c000400 00000000 00000000 0c000500 00000000 00000000 "
    "08000600 00000000 08000700 00000000 08000800 00000000 08000900 00000000 08000a00 00000000 7c000c00 0c000100 "
    "00000000 00000000 0c000200 00000000 00000000 0c000300 00000000 00000000 0c000400 00000000 00000000 0c000500 "
    "00000000 00000000 0c000600 00000000 00000000 0c000700 00000000 00000000 0c000800 00000000 00000000 0c000900 "
    "00000000 00000000 0c000a00 00000000 00000000 ";

/* Firewall mark 7. */
static const char kernel_mark[] =
    "24010000 20000200 01000000 ef81d389 01010000 10010100 06000100 02000000 08000500 07000000 07000600 72720000 "
    "0c000700 02000000 ffffffff 08000800 00000000 08000900 ffffffff 5c000a00 08000100 00000000 08000200 00000000 "
    "08000300 00000000 0c000400 00000000 00000000 0c000500 00000000 00000000 08000600 00000000 08000700 00000000 "
    "08000800 00000000 08000900 00000000 08000a00 00000000 7c000c00 0c000100 00000000 00000000 0c000200 00000000 "
    "00000000 0c000300 00000000 00000000 0c000400 00000000 00000000 0c000500 00000000 00000000 0c000600 00000000 "
    "00000000 0c000700 00000000 00000000 0c000800 00000000 00000000 0c000900 00000000 00000000 0c000a00 00000000 "
    "00000000 ";

static const char kernel_info[] = "24000000 20000000 04000000 ef81d389 0e010000 08000100 01020100 08000200 00100000";

static void a_kernels_service(void **state)
{
	unsigned char buf[ROOM];
	size_t len = bytes_of(kernel_service, buf);
	struct vs v, want = vs_of(IPPROTO_UDP, "10.9.9.9", 80, "rr");
	struct vs_stats st, zero = {0};

	want.flags = VS_PERSISTENT;
	want.timeout = 10800;
	memset(&v, 0xaa, sizeof v);
	memset(&st, 0xaa, sizeof st);
	assert_int_equal(ipvs_msg_service(buf, len, &v, &st), MSG_OK);
	assert_true(vs_equal(&v, &want));
	assert_null(v.reals);
	assert_memory_equal(&st, &zero, sizeof st);
	assert_int_equal(ipvs_msg_service(buf, len, &v, NULL), MSG_OK);
}

static void a_kernels_real_server(void **state)
{
	unsigned char buf[ROOM];
	size_t len = bytes_of(kernel_real, buf);
	struct real r, want = real_of("fd00::2", 53, FORWARD_TUN, 2);
	struct real_stats st, zero = {0};

	memset(&r, 0xaa, sizeof r);
	memset(&st, 0xaa, sizeof st);
	/* the real server's own family wins over the service's */
	assert_int_equal(ipvs_msg_real(buf, len, AF_INET, &r, &st), MSG_OK);
	assert_int_equal(real_cmp(&r, &want), 0);
	assert_int_equal(r.forward, FORWARD_TUN);
	assert_int_equal(r.weight, 2);
	assert_memory_equal(&st, &zero, sizeof st);
	assert_int_equal(ipvs_msg_real(buf, len, AF_INET6, &r, NULL), MSG_OK);
}

static void a_kernels_mark_and_info(void **state)
{
	unsigned char buf[ROOM];
	size_t len = bytes_of(kernel_mark, buf);
	uint32_t version = 0, size = 0;
	struct vs v = {.n = 7};

	assert_int_equal(ipvs_msg_service(buf, len, &v, NULL), MSG_FWMARK);
	assert_int_equal(v.n, 7);
	len = bytes_of(kernel_info, buf);
	assert_int_equal(ipvs_msg_info(buf, len, &version, &size), MSG_OK);
	assert_int_equal(version, 0x010201);
	assert_int_equal(size, 4096);
	for (size_t n = 0; n < len; n++) {
		version = size = 9;
		assert_int_not_equal(ipvs_msg_info(buf, n, &version, &size), MSG_OK);
		assert_int_equal(version + size, 18);
	}
}

/* ---- replies made here */

struct made {
	unsigned char bytes[ROOM];
	size_t len, nest;
};

static void made_attr(struct made *m, uint16_t type, const void *data, size_t n)
{
	struct nlattr a = {.nla_len = (uint16_t)(NLA_HDRLEN + n), .nla_type = type};

	assert_true(m->len + NLA_HDRLEN + NLA_ALIGN(n) <= ROOM);
	memcpy(m->bytes + m->len, &a, sizeof a);
	memcpy(m->bytes + m->len + NLA_HDRLEN, data, n);
	m->len += NLA_HDRLEN + NLA_ALIGN(n);
}

static void made_number(struct made *m, uint16_t type, uint64_t value, size_t n)
{
	made_attr(m, type, &value, n);
}

static size_t made_nest(struct made *m, uint16_t type)
{
	size_t at = m->len;

	made_attr(m, type | NLA_F_NESTED, "", 0);
	return at;
}

static void made_nest_end(struct made *m, size_t at)
{
	uint16_t len = (uint16_t)(m->len - at);

	memcpy(m->bytes + at, &len, sizeof len);
}

static void made_start(struct made *m, uint16_t outer)
{
	memset(m, 0, sizeof *m);
	m->len = NLMSG_HDRLEN + 4;
	m->nest = made_nest(m, outer);
}

static void made_end(struct made *m)
{
	uint32_t len;

	made_nest_end(m, m->nest);
	len = (uint32_t)m->len;
	memcpy(m->bytes, &len, sizeof len);
}

static void made_stats(struct made *m, uint16_t type, size_t counter, uint64_t base)
{
	size_t at = made_nest(m, type);

	made_number(m, IPVS_STATS_ATTR_CONNS, base + 1, counter);
	made_number(m, IPVS_STATS_ATTR_INPKTS, base + 2, counter);
	made_number(m, IPVS_STATS_ATTR_OUTPKTS, base + 3, counter);
	made_number(m, IPVS_STATS_ATTR_INBYTES, base + 4, 8);
	made_number(m, IPVS_STATS_ATTR_OUTBYTES, base + 5, 8);
	made_number(m, IPVS_STATS_ATTR_CPS, base + 6, counter);
	made_number(m, IPVS_STATS_ATTR_INPPS, base + 7, counter);
	made_number(m, IPVS_STATS_ATTR_OUTPPS, base + 8, counter);
	made_number(m, IPVS_STATS_ATTR_INBPS, base + 9, counter);
	made_number(m, IPVS_STATS_ATTR_OUTBPS, base + 10, counter);
	made_nest_end(m, at);
}

/* One attribute can be left out, or be of another size or value. */
struct twist {
	uint16_t type;
	size_t size; /* 0: leave it out */
	uint64_t value;
};

static void made_twisted(struct made *m, const struct twist *t, uint16_t type, uint64_t value, size_t size)
{
	unsigned char data[64] = {0};

	if (t && t->type == type) {
		value = t->value;
		size = t->size;
	}
	memcpy(data, &value, sizeof value);
	if (size)
		made_attr(m, type, data, size);
}

static void made_service(struct made *m, const struct twist *t)
{
	made_start(m, IPVS_CMD_ATTR_SERVICE);
	made_number(m, 99, 1, 4); /* of a kernel to come */
	made_twisted(m, t, IPVS_SVC_ATTR_AF, AF_INET, 2);
	made_twisted(m, t, IPVS_SVC_ATTR_PROTOCOL, IPPROTO_TCP, 2);
	made_twisted(m, t, IPVS_SVC_ATTR_ADDR, 0x0909090a, 16);
	made_twisted(m, t, IPVS_SVC_ATTR_PORT, 0x5000, 2);
	made_twisted(m, t, IPVS_SVC_ATTR_SCHED_NAME, 0x727277, 4);
	made_twisted(m, t, IPVS_SVC_ATTR_FLAGS, IP_VS_SVC_F_HASHED, 8);
	made_twisted(m, t, IPVS_SVC_ATTR_TIMEOUT, 77, 4); /* not in use: no VS_PERSISTENT */
	made_twisted(m, t, IPVS_SVC_ATTR_NETMASK, 0x00ffffff, 4);
}

static void made_real(struct made *m, const struct twist *t)
{
	made_start(m, IPVS_CMD_ATTR_DEST);
	made_twisted(m, t, IPVS_DEST_ATTR_ADDR, 0x0100000a, 16);
	made_twisted(m, t, IPVS_DEST_ATTR_PORT, 0x901f, 2);
	made_twisted(m, t, IPVS_DEST_ATTR_FWD_METHOD, IP_VS_CONN_F_DROUTE, 4);
	made_twisted(m, t, IPVS_DEST_ATTR_WEIGHT, 5, 4);
	made_twisted(m, t, IPVS_DEST_ATTR_ACTIVE_CONNS, 11, 4);
	made_twisted(m, t, IPVS_DEST_ATTR_INACT_CONNS, 12, 4);
	made_twisted(m, t, IPVS_DEST_ATTR_PERSIST_CONNS, 13, 4);
}

static void stats_equal(const struct vs_stats *st, uint64_t base)
{
	assert_true(st->conns == base + 1 && st->inpkts == base + 2 && st->outpkts == base + 3);
	assert_true(st->inbytes == base + 4 && st->outbytes == base + 5);
	assert_true(st->conns_s == base + 6 && st->inpkts_s == base + 7 && st->outpkts_s == base + 8);
	assert_true(st->inbytes_s == base + 9 && st->outbytes_s == base + 10);
}

static void counters(void **state)
{
	const uint64_t large = (uint64_t)5 << 32;
	struct vs want = vs_of(IPPROTO_TCP, "10.9.9.9", 80, "wrr"), v;
	struct real_stats rs;
	struct vs_stats st;
	struct made m;
	struct real r;

	want.granularity = 24;
	made_service(&m, NULL);
	made_stats(&m, IPVS_SVC_ATTR_STATS, 4, 100);
	made_end(&m);
	assert_int_equal(ipvs_msg_service(m.bytes, m.len, &v, &st), MSG_OK);
	assert_true(vs_equal(&v, &want));
	stats_equal(&st, 100);
	made_stats(&m, IPVS_SVC_ATTR_STATS64, 8, large);
	made_end(&m);
	assert_int_equal(ipvs_msg_service(m.bytes, m.len, &v, &st), MSG_OK);
	stats_equal(&st, large);
	made_real(&m, NULL);
	made_stats(&m, IPVS_DEST_ATTR_STATS64, 8, large);
	made_stats(&m, IPVS_DEST_ATTR_STATS, 4, 100);
	made_end(&m);
	assert_int_equal(ipvs_msg_real(m.bytes, m.len, AF_INET, &r, &rs), MSG_OK);
	stats_equal(&rs.stats, large);
	assert_int_equal(rs.active, 11);
	assert_int_equal(rs.inactive, 12);
	assert_int_equal(rs.persistent, 13);
	assert_int_equal(r.port, 8080);
	assert_int_equal(r.forward, FORWARD_DR);
}

static const struct service_case {
	struct twist t;
	enum msg_reason why;
} service_cases[] = {
    {{IPVS_SVC_ATTR_AF, 0, 0}, MSG_MISSING},
    {{IPVS_SVC_ATTR_PROTOCOL, 0, 0}, MSG_MISSING},
    {{IPVS_SVC_ATTR_ADDR, 0, 0}, MSG_MISSING},
    {{IPVS_SVC_ATTR_PORT, 0, 0}, MSG_MISSING},
    {{IPVS_SVC_ATTR_SCHED_NAME, 0, 0}, MSG_MISSING},
    {{IPVS_SVC_ATTR_FLAGS, 0, 0}, MSG_MISSING},
    {{IPVS_SVC_ATTR_TIMEOUT, 0, 0}, MSG_MISSING},
    {{IPVS_SVC_ATTR_NETMASK, 0, 0}, MSG_MISSING},
    {{IPVS_SVC_ATTR_AF, 2, 3}, MSG_FAMILY},
    {{IPVS_SVC_ATTR_AF, 4, AF_INET}, MSG_ATTR},
    {{IPVS_SVC_ATTR_PROTOCOL, 2, 256}, MSG_ATTR},
    {{IPVS_SVC_ATTR_PROTOCOL, 1, 6}, MSG_ATTR},
    {{IPVS_SVC_ATTR_ADDR, 4, 0x0909090a}, MSG_OK},
    {{IPVS_SVC_ATTR_ADDR, 8, 0x0909090a}, MSG_ATTR},
    {{IPVS_SVC_ATTR_ADDR, 20, 0x0909090a}, MSG_ATTR},
    {{IPVS_SVC_ATTR_PORT, 4, 0x5000}, MSG_ATTR},
    {{IPVS_SVC_ATTR_SCHED_NAME, 17, 0x727277}, MSG_ATTR},
    {{IPVS_SVC_ATTR_SCHED_NAME, 3, 0x727277}, MSG_ATTR}, /* no NUL */
    {{IPVS_SVC_ATTR_FLAGS, 4, 0}, MSG_ATTR},
    {{IPVS_SVC_ATTR_TIMEOUT, 8, 0}, MSG_ATTR},
    {{IPVS_SVC_ATTR_NETMASK, 2, 0}, MSG_ATTR},
};

static void odd_services(void **state)
{
	for (size_t i = 0; i < sizeof service_cases / sizeof *service_cases; i++) {
		struct vs v = {.n = 7};
		struct vs_stats st = {.conns = 7};
		struct made m;

		made_service(&m, &service_cases[i].t);
		made_end(&m);
		assert_int_equal(ipvs_msg_service(m.bytes, m.len, &v, &st), service_cases[i].why);
		assert_int_equal(v.n, service_cases[i].why ? 7 : 0);
		assert_int_equal(st.conns, service_cases[i].why ? 7 : 0);
	}
}

static const struct service_case real_cases[] = {
    {{IPVS_DEST_ATTR_ADDR, 0, 0}, MSG_MISSING},       {{IPVS_DEST_ATTR_PORT, 0, 0}, MSG_MISSING},
    {{IPVS_DEST_ATTR_FWD_METHOD, 0, 0}, MSG_MISSING}, {{IPVS_DEST_ATTR_WEIGHT, 0, 0}, MSG_MISSING},
    {{IPVS_DEST_ATTR_ADDR, 5, 0}, MSG_ATTR},          {{IPVS_DEST_ATTR_PORT, 1, 0}, MSG_ATTR},
    {{IPVS_DEST_ATTR_FWD_METHOD, 2, 0}, MSG_ATTR},    {{IPVS_DEST_ATTR_WEIGHT, 8, 0}, MSG_ATTR},
    {{IPVS_DEST_ATTR_ACTIVE_CONNS, 2, 0}, MSG_ATTR},  {{IPVS_DEST_ATTR_ACTIVE_CONNS, 0, 0}, MSG_OK},
};

static void odd_real_servers(void **state)
{
	for (size_t i = 0; i < sizeof real_cases / sizeof *real_cases; i++) {
		struct real r = {.weight = 7};
		struct real_stats st = {.inactive = 7};
		struct made m;

		made_real(&m, &real_cases[i].t);
		made_end(&m);
		assert_int_equal(ipvs_msg_real(m.bytes, m.len, AF_INET, &r, &st), real_cases[i].why);
		assert_int_equal(r.weight, real_cases[i].why ? 7 : 5);
		assert_int_equal(st.inactive, real_cases[i].why ? 7 : 12);
	}
}

static void families_of_a_real_server(void **state)
{
	struct real r = {0};
	struct made m;

	made_real(&m, NULL);
	made_end(&m);
	assert_int_equal(ipvs_msg_real(m.bytes, m.len, 3, &r, NULL), MSG_FAMILY);
	assert_int_equal(ipvs_msg_real(m.bytes, m.len, AF_INET6, &r, NULL), MSG_OK);
	assert_int_equal(r.addr.family, AF_INET6);
	made_number(&m, IPVS_DEST_ATTR_ADDR_FAMILY, 3, 2);
	made_end(&m);
	assert_int_equal(ipvs_msg_real(m.bytes, m.len, AF_INET, &r, NULL), MSG_FAMILY);
}

static void counters_of_a_wrong_length(void **state)
{
	struct real r = {.weight = 7};
	struct vs v = {.n = 7};
	struct made m;
	size_t at;

	made_service(&m, NULL);
	made_stats(&m, IPVS_SVC_ATTR_STATS64, 4, 1);
	made_end(&m);
	assert_int_equal(ipvs_msg_service(m.bytes, m.len, &v, NULL), MSG_ATTR);
	assert_int_equal(v.n, 7);
	made_real(&m, NULL);
	at = made_nest(&m, IPVS_DEST_ATTR_STATS);
	made_number(&m, IPVS_STATS_ATTR_INBYTES, 1, 4);
	made_nest_end(&m, at);
	made_end(&m);
	assert_int_equal(ipvs_msg_real(m.bytes, m.len, AF_INET, &r, NULL), MSG_ATTR);
	assert_int_equal(r.weight, 7);
}

/* A mask with holes, or no sensible length, is equal to nothing that is wanted. */
static void granularity(void **state)
{
	static const struct {
		uint8_t family;
		uint32_t mask;
		uint8_t bits;
	} rows[] = {{AF_INET, 0xffffffff, 32}, {AF_INET, 0x000000ff, 8}, {AF_INET, 0x00008000, 0},
		    {AF_INET, 0, 0},           {AF_INET, 0xff00ffff, 0}, {AF_INET6, 128, 128},
		    {AF_INET6, 64, 64},        {AF_INET6, 129, 0},       {AF_INET6, 0xffffffff, 0}};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct twist t = {IPVS_SVC_ATTR_AF, 2, rows[i].family};
		struct made m;
		struct vs v;

		made_service(&m, &t);
		made_number(&m, IPVS_SVC_ATTR_NETMASK, rows[i].mask, 4); /* the last one counts */
		made_end(&m);
		assert_int_equal(ipvs_msg_service(m.bytes, m.len, &v, NULL), MSG_OK);
		assert_int_equal(v.granularity, rows[i].bits);
	}
}

static void forwarding_methods(void **state)
{
	static const uint8_t want[] = {FORWARD_NAT, FORWARD_OTHER, FORWARD_TUN, FORWARD_DR, FORWARD_OTHER};

	for (uint32_t method = 0; method < sizeof want; method++) {
		struct twist t = {IPVS_DEST_ATTR_FWD_METHOD, 4, method};
		struct made m;
		struct real r;

		made_real(&m, &t);
		made_end(&m);
		assert_int_equal(ipvs_msg_real(m.bytes, m.len, AF_INET, &r, NULL), MSG_OK);
		assert_int_equal(r.forward, want[method]);
	}
}

/* ---- cut replies */

static void put_len(unsigned char *bytes, size_t message, size_t nest)
{
	uint32_t m = (uint32_t)message;
	uint16_t n = (uint16_t)nest;

	memcpy(bytes, &m, sizeof m);
	if (message >= 24)
		memcpy(bytes + 20, &n, sizeof n);
}

/* Cut after n bytes: with the lengths as they were, with the message's length made to agree, with the nest's too. */
static unsigned char *cut(const unsigned char *whole, size_t n, int how)
{
	unsigned char *exact = malloc(n ? n : 1);

	assert_non_null(exact);
	memcpy(exact, whole, n);
	if (how == 1 && n >= 4)
		memcpy(exact, &(uint32_t){(uint32_t)n}, 4);
	if (how == 2 && n >= 24)
		put_len(exact, n, n - 20);
	return exact;
}

static void cut_anywhere(void **state)
{
	unsigned char svc[ROOM], dst[ROOM];
	size_t ns = bytes_of(kernel_service, svc), nd = bytes_of(kernel_real, dst);

	for (int how = 0; how < 3; how++) {
		for (size_t n = 0; n < ns; n++) {
			unsigned char *bytes = cut(svc, n, how);
			struct vs v = {.n = 7};
			struct vs_stats st = {.conns = 7};
			enum msg_reason why = ipvs_msg_service(bytes, n, &v, &st);

			assert_true(how == 0 ? why == MSG_SHORT : how == 2 || why != MSG_OK);
			assert_true(why == MSG_OK || (v.n == 7 && st.conns == 7 && v.key.port == 0));
			free(bytes);
		}
		for (size_t n = 0; n < nd; n++) {
			unsigned char *bytes = cut(dst, n, how);
			struct real r = {.weight = 7};
			struct real_stats st = {.active = 7};
			enum msg_reason why = ipvs_msg_real(bytes, n, AF_INET6, &r, &st);

			assert_true(how == 0 ? why == MSG_SHORT : how == 2 || why != MSG_OK);
			assert_true(why == MSG_OK || (r.weight == 7 && st.active == 7 && r.port == 0));
			free(bytes);
		}
	}
}

static void attribute_lengths_that_lie(void **state)
{
	static const uint16_t lies[] = {0, 1, 3, 400, 65535};

	for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
		unsigned char buf[ROOM];
		size_t len = bytes_of(kernel_service, buf);
		struct vs v = {.n = 7};

		memcpy(buf + 24, &lies[i], 2);
		assert_int_equal(ipvs_msg_service(buf, len, &v, NULL), MSG_SHORT);
		assert_int_equal(v.n, 7);
	}
}

static void wrong_nest(void **state)
{
	unsigned char buf[ROOM];
	size_t len = bytes_of(kernel_service, buf);
	struct real r = {.weight = 7};
	struct vs v = {.n = 7};

	assert_int_equal(ipvs_msg_real(buf, len, AF_INET, &r, NULL), MSG_MISSING);
	len = bytes_of(kernel_real, buf);
	assert_int_equal(ipvs_msg_service(buf, len, &v, NULL), MSG_MISSING);
	assert_int_equal(r.weight + v.n, 14);
}

static void reasons_have_names(void **state)
{
	for (int i = 0; i < MSG_REASONS; i++)
		assert_string_not_equal(ipvs_msg_reason_name((enum msg_reason)i), "?");
	assert_string_equal(ipvs_msg_reason_name(MSG_REASONS), "?");
}

/* ---- datagrams */

static void datagram(void **state)
{
	unsigned char buf[ROOM], *exact;
	/* a service's head, an error with one odd byte behind, the end of a dump that failed, and one that did not */
	size_t len =
	    bytes_of("14000000 20000200 01000000 00000000 01010000 "
		     "25000000 02000000 05000000 00000000 fdffffff 44000000 20000100 05000000 00000000 aa000000 "
		     "14000000 03000200 06000000 00000000 a6ffffff "
		     "10000000 03000200 07000000 00000000",
		     buf);
	size_t at = 0;
	struct reply r;

	exact = malloc(len);
	assert_non_null(exact);
	memcpy(exact, buf, len);
	assert_int_equal(ipvs_msg_next(exact, len, &at, &r), 1);
	assert_int_equal(r.type, 0x20);
	assert_int_equal(r.seq, 1);
	assert_int_equal(r.error, 0);
	assert_ptr_equal(r.msg, exact);
	assert_int_equal(r.len, 20);
	assert_int_equal(ipvs_msg_next(exact, len, &at, &r), 1);
	assert_int_equal(r.type, NLMSG_ERROR);
	assert_int_equal(r.seq, 5);
	assert_int_equal(r.error, -ESRCH);
	assert_int_equal(ipvs_msg_next(exact, len, &at, &r), 1);
	assert_int_equal(r.type, NLMSG_DONE);
	assert_int_equal(r.error, -EMSGSIZE);
	assert_int_equal(ipvs_msg_next(exact, len, &at, &r), 1);
	assert_int_equal(r.type, NLMSG_DONE);
	assert_int_equal(r.error, 0);
	assert_int_equal(ipvs_msg_next(exact, len, &at, &r), 0);
	free(exact);
}

static void datagram_refused(const char *hex)
{
	unsigned char buf[ROOM];
	size_t len = bytes_of(hex, buf), at = 0;
	struct reply r = {.seq = 7};

	assert_int_equal(ipvs_msg_next(buf, len, &at, &r), -EPROTO);
	assert_int_equal(at, 0);
	assert_int_equal(r.seq, 7);
}

static void datagrams_refused(void **state)
{
	datagram_refused("10000000 20000200 01000000 000000");
	datagram_refused("0f000000 20000200 01000000 00000000");
	datagram_refused("11000000 20000200 01000000 00000000");
	datagram_refused("ffffffff 20000200 01000000 00000000");
	datagram_refused("10000000 02000000 01000000 00000000");
	datagram_refused("13000000 02000000 01000000 00000000 ffffff");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(operations),
	    cmocka_unit_test(limits_are_sent),
	    cmocka_unit_test(the_scheduler_is_the_operations),
	    cmocka_unit_test(longest_operation_has_room),
	    cmocka_unit_test(requests),
	    cmocka_unit_test(a_kernels_service),
	    cmocka_unit_test(a_kernels_real_server),
	    cmocka_unit_test(a_kernels_mark_and_info),
	    cmocka_unit_test(counters),
	    cmocka_unit_test(odd_services),
	    cmocka_unit_test(odd_real_servers),
	    cmocka_unit_test(families_of_a_real_server),
	    cmocka_unit_test(counters_of_a_wrong_length),
	    cmocka_unit_test(granularity),
	    cmocka_unit_test(forwarding_methods),
	    cmocka_unit_test(cut_anywhere),
	    cmocka_unit_test(attribute_lengths_that_lie),
	    cmocka_unit_test(wrong_nest),
	    cmocka_unit_test(reasons_have_names),
	    cmocka_unit_test(datagram),
	    cmocka_unit_test(datagrams_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
