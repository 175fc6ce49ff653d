/* Golden bytes of rtnetlink: vrrp/rtmsg.c. Messages are in host order: the bytes below are those of little-endian machines, others skip them. */
#include "../vrrp/rtmsg.h"

#include <errno.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

enum { ROOM = 512 };

static struct addr addr_of(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(text, &a), 0);
	return a;
}

static size_t unhex(const char *hex, uint8_t *out)
{
	size_t n = 0;

	for (; *hex; hex += 2) {
		unsigned byte;

		while (*hex == ' ')
			hex++;
		assert_int_equal(sscanf(hex, "%2x", &byte), 1);
		out[n++] = (uint8_t)byte;
	}
	return n;
}

static void golden(const uint8_t *bytes, size_t len, const char *hex)
{
	uint8_t want[ROOM];

	assert_int_equal(len % 4, 0);
	assert_in_range(len, 1, RTMSG_ROOM);
	if (__BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__)
		return;
	assert_int_equal(len, unhex(hex, want));
	assert_memory_equal(bytes, want, len);
}

static void test_addr_op(void **state)
{
	struct addr_op four = {.add = true, .bits = 32, .ifindex = 3, .addr = addr_of("10.10.0.7")};
	struct addr_op six = {.add = true, .bits = 128, .ifindex = 3, .addr = addr_of("fd10::7")};
	uint8_t buf[RTMSG_ROOM];

	/* NEWADDR, REQUEST|CREATE|EXCL, sequence 5; IPv4 /32, universe, index 3; LOCAL and ADDRESS */
	golden(buf, rtmsg_addr(&four, 5, false, buf),
	       "28000000 1400 0106 05000000 00000000 02 20 00 00 03000000 0800 0200 0a0a0007 0800 0100 0a0a0007");
	four.add = false;
	golden(buf, rtmsg_addr(&four, 6, true, buf),
	       "28000000 1500 0500 06000000 00000000 02 20 00 00 03000000 0800 0200 0a0a0007 0800 0100 0a0a0007");
	/* Scope link; LABEL "eth0:vip" */
	four = (struct addr_op){
	    .add = true, .bits = 32, .ifindex = 3, .addr = four.addr, .scope = 253, .label = "eth0:vip"};
	golden(buf, rtmsg_addr(&four, 5, false, buf),
	       "38000000 1400 0106 05000000 00000000 02 20 00 fd 03000000 0800 0200 0a0a0007 0800 0100 0a0a0007"
	       " 0d00 0300 657468303a766970 00 000000");
	/* IFA_F_NODAD; CACHEINFO: preferred 0, valid forever */
	golden(buf, rtmsg_addr(&six, 7, true, buf),
	       "54000000 1400 0506 07000000 00000000 0a 80 02 00 03000000 1400 0200 fd100000000000000000000000000007"
	       " 1400 0100 fd100000000000000000000000000007 1400 0600 00000000 ffffffff 00000000 00000000");
	six.add = false;
	golden(buf, rtmsg_addr(&six, 8, false, buf),
	       "40000000 1500 0100 08000000 00000000 0a 80 00 00 03000000 1400 0200 fd100000000000000000000000000007"
	       " 1400 0100 fd100000000000000000000000000007");
}

static void test_stand_in_op(void **state)
{
	struct addr_op op = {.stand_in = true, .add = true, .ifindex = 3, .addr = addr_of("10.10.0.7")};
	uint8_t buf[RTMSG_ROOM];

	/* NEWROUTE, REQUEST|CREATE|EXCL; IPv4 /32, table local, protocol 118, scope host, type local; DST, OIF 3 */
	golden(buf, rtmsg_stand_in(&op, 5, buf),
	       "2c000000 1800 0106 05000000 00000000 02 20 00 00 ff 76 fe 02 00000000 0800 0100 0a0a0007 0800 0400 "
	       "03000000");
	op.add = false;
	golden(buf, rtmsg_stand_in(&op, 6, buf),
	       "2c000000 1900 0100 06000000 00000000 02 20 00 00 ff 76 fe 02 00000000 0800 0100 0a0a0007 0800 0400 "
	       "03000000");
	/* GETROUTE, REQUEST|DUMP: what does not filter is zero. */
	golden(buf, rtmsg_dump_stand_ins(7, buf),
	       "1c000000 1a00 0103 07000000 00000000 02 00 00 00 ff 76 00 02 00000000");
	golden(buf, rtmsg_dump_local_routes(AF_INET6, 8, buf),
	       "1c000000 1a00 0103 08000000 00000000 0a 00 00 00 ff 02 00 02 00000000");
}

static void test_link_ops(void **state)
{
	uint8_t buf[RTMSG_ROOM];

	/* NEWLINK, REQUEST|ACK|CREATE|EXCL; not up; IFNAME "vipd0"; LINKINFO { INFO_KIND "dummy" } */
	golden(buf, rtmsg_dummy("vipd0", 9, buf),
	       "3c000000 1000 0506 09000000 00000000 00 00 0000 00000000 00000000 00000000 0a00 0300 766970643000 0000"
	       " 1000 1200 0a00 0100 64756d6d7900 0000");
	golden(buf, rtmsg_link_delete(7, 11, buf),
	       "20000000 1100 0500 0b000000 00000000 00 00 0000 07000000 00000000 00000000");
	golden(buf, rtmsg_dump_links(12, buf),
	       "20000000 1200 0103 0c000000 00000000 00 00 0000 00000000 00000000 00000000");
	golden(buf, rtmsg_dump_addrs(13, buf), "18000000 1600 0103 0d000000 00000000 00 00 00 00 00000000");
	/* A name of any length fits. */
	/* ... IFNAME, LINK 3, ADDRESS, LINKINFO { INFO_KIND "macvlan", INFO_DATA { MODE bridge } } */
	golden(buf, rtmsg_macvlan("vipd4-50-1a2b3", 3, (const uint8_t[]){0, 0, 0x5e, 0, 1, 50}, 9, buf),
	       "64000000 1000 0506 09000000 00000000 00000000 00000000 00000000 00000000 "
	       "1300 0300 76697064342d35302d3161326233 00 00 "
	       "0800 0500 03000000 "
	       "0a00 0100 00005e000132 0000 "
	       "1c00 1200 0c00 0100 6d6163766c616e00 0c00 0200 0800 0100 04000000");
	/* NEWLINK, REQUEST|ACK; index 7, flags UP or none, change UP */
	golden(buf, rtmsg_link_set(7, true, 9, buf),
	       "20000000 1000 0500 09000000 00000000 00000000 07000000 01000000 01000000");
	golden(buf, rtmsg_link_set(7, false, 9, buf),
	       "20000000 1000 0500 09000000 00000000 00000000 07000000 00000000 01000000");
	assert_in_range(rtmsg_dummy("a-name-that-is-much-too-long", 1, buf), 1, RTMSG_ROOM);
}

static enum rtmsg_reason decode(const char *hex, struct rtnews *out)
{
	uint8_t bytes[ROOM];
	size_t at = 0, len = unhex(hex, bytes);

	return rtmsg_next(bytes, len, &at, out);
}

/* As a 6.18 kernel sent them. */
static void test_real_addrs(void **state)
{
	struct addr four = addr_of("10.10.0.7"), peer = addr_of("192.0.2.1"), six = addr_of("fd10::7");
	struct rtnews n;

	if (__BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__)
		skip();
	assert_int_equal(
	    decode(
		"4c000000140000004f09076bcd1700000220800003000000080001000a0a0007080002000a0a000707000300763000000800"
		"08008000000014000600ffffffffffffffffd6af0300d6af0300",
		&n),
	    RTMSG_OK);
	assert_int_equal(n.kind, RTMSG_ADDR);
	assert_int_equal(n.seq, 0x6b07094f);
	assert_true(addr_equal(&n.addr.addr, &four));
	assert_int_equal(n.addr.bits, 32);
	assert_int_equal(n.addr.ifindex, 3);
	assert_int_equal(n.addr.flags, IFA_F_PERMANENT);
	assert_int_equal(n.addr.scope, RT_SCOPE_UNIVERSE);
	/* Point to point: the local address counts. */
	assert_int_equal(decode("4c000000140000004f09076bce170000022080000300000008000100c000020208000200c0000201070003"
				"007630000008000800"
				"8000000014000600ffffffffffffffffd6af0300d6af0300",
				&n),
			 RTMSG_OK);
	assert_true(addr_equal(&n.addr.addr, &peer));
	/* IPv6 has IFA_ADDRESS alone, and flags beyond a byte may come in IFA_FLAGS. */
	assert_int_equal(decode("480000001400000000000000000000000a80a2000300000014000100fd1000000000000000000000000000"
				"071400060000000000"
				"ffffffffd6af0300d6af030008000800a2000000",
				&n),
			 RTMSG_OK);
	assert_true(addr_equal(&n.addr.addr, &six));
	assert_int_equal(n.addr.flags, IFA_F_PERMANENT | IFA_F_NODAD | IFA_F_DEPRECATED);
	assert_int_equal(decode("4c000000150000004f09076bd01700000220800003000000080001000a0a0007080002000a0a0007070003"
				"007630000008000800"
				"8000000014000600ffffffffffffffffd6af0300d6af0300",
				&n),
			 RTMSG_OK);
	assert_int_equal(n.kind, RTMSG_ADDR_GONE);
	assert_true(addr_equal(&n.addr.addr, &four));
}

/* ---- messages made here ---- */

struct made {
	uint8_t bytes[ROOM];
	size_t len;
};

static void made_body(struct made *m, uint16_t type, uint16_t flags, const void *body, size_t n)
{
	struct nlmsghdr h = {.nlmsg_type = type, .nlmsg_flags = flags, .nlmsg_seq = 42};

	memset(m, 0, sizeof(*m));
	memcpy(m->bytes, &h, sizeof(h));
	if (n)
		memcpy(m->bytes + sizeof(h), body, n);
	m->len = NLMSG_ALIGN(sizeof(h) + n);
}

static void made_attr(struct made *m, uint16_t type, const void *value, size_t n)
{
	struct rtattr a = {.rta_type = type, .rta_len = (uint16_t)RTA_LENGTH(n)};

	memcpy(m->bytes + m->len, &a, sizeof(a));
	if (n)
		memcpy(m->bytes + m->len + sizeof(a), value, n);
	m->len += RTA_ALIGN(a.rta_len);
}

static enum rtmsg_reason made_decode(struct made *m, struct rtnews *out)
{
	uint32_t len = (uint32_t)m->len;
	size_t at = 0;

	memcpy(m->bytes, &len, sizeof(len));
	return rtmsg_next(m->bytes, m->len, &at, out);
}

static void made_link(struct made *m, uint16_t type, uint8_t family, int index)
{
	struct ifinfomsg b = {
	    .ifi_family = family, .ifi_type = 1, .ifi_index = index, .ifi_flags = IFF_UP | IFF_LOWER_UP};

	made_body(m, type, 0, &b, sizeof(b));
}

static void made_addr(struct made *m, uint8_t family, uint32_t index)
{
	struct ifaddrmsg b = {.ifa_family = family, .ifa_prefixlen = 32, .ifa_index = index};

	made_body(m, RTM_NEWADDR, 0, &b, sizeof(b));
}

static void test_links(void **state)
{
	static const uint8_t mac[] = {2, 1, 2, 3, 4, 5}, long_mac[20] = {1};
	struct {
		struct rtattr a;
		char kind[8];
	} info = {{.rta_len = 4 + 6, .rta_type = IFLA_INFO_KIND}, "dummy"};
	struct rtnews n;
	struct made m;

	made_link(&m, RTM_NEWLINK, AF_UNSPEC, 7);
	made_attr(&m, IFLA_ADDRESS, mac, sizeof(mac));
	made_attr(&m, IFLA_IFNAME, "vipd0", 6);
	made_attr(&m, IFLA_MASTER, &(uint32_t){9}, 4);
	made_attr(&m, IFLA_MTU, &(uint32_t){9000}, 4);
	made_attr(&m, IFLA_LINKINFO | NLA_F_NESTED, &info, sizeof(info));
	assert_int_equal(made_decode(&m, &n), RTMSG_OK);
	assert_int_equal(n.kind, RTMSG_LINK);
	assert_int_equal(n.link.index, 7);
	assert_int_equal(n.link.type, 1);
	assert_int_equal(n.link.flags, IFF_UP | IFF_LOWER_UP);
	assert_string_equal(n.link.name, "vipd0");
	assert_string_equal(n.link.kind, "dummy");
	assert_int_equal(n.link.master, 9);
	assert_int_equal(n.link.mtu, 9000);
	assert_int_equal(n.link.mac_len, MAC_LEN);
	assert_memory_equal(n.link.mac, mac, MAC_LEN);
	/* Gone; without a name it is a wireless event; of a bridge it is a port's; InfiniBand's address is too long for us. */
	made_link(&m, RTM_DELLINK, AF_UNSPEC, 7);
	assert_int_equal(made_decode(&m, &n), RTMSG_OK);
	assert_int_equal(n.kind, RTMSG_LINK_GONE);
	made_link(&m, RTM_NEWLINK, AF_UNSPEC, 7);
	assert_int_equal(made_decode(&m, &n), RTMSG_OK);
	assert_int_equal(n.kind, RTMSG_OTHER);
	made_link(&m, RTM_DELLINK, AF_BRIDGE, 7);
	assert_int_equal(made_decode(&m, &n), RTMSG_OK);
	assert_int_equal(n.kind, RTMSG_OTHER);
	made_link(&m, RTM_NEWLINK, AF_UNSPEC, 7);
	made_attr(&m, IFLA_ADDRESS, long_mac, sizeof(long_mac));
	made_attr(&m, IFLA_IFNAME, "ib0", 4);
	assert_int_equal(made_decode(&m, &n), RTMSG_OK);
	assert_int_equal(n.link.mac_len, 0);
}

static void made_route(struct made *m, uint8_t protocol, uint8_t bits)
{
	struct rtmsg b = {.rtm_family = AF_INET,
			  .rtm_dst_len = bits,
			  .rtm_table = RT_TABLE_LOCAL,
			  .rtm_protocol = protocol,
			  .rtm_scope = RT_SCOPE_HOST,
			  .rtm_type = RTN_LOCAL};

	made_body(m, RTM_NEWROUTE, 0, &b, sizeof(b));
}

/* What somebody else put there is none of ours. */
static void test_stand_ins(void **state)
{
	const uint32_t oif = 3;
	struct rtnews n;
	struct made m;

	made_route(&m, RTMSG_PROTO_STAND_IN, 32);
	made_attr(&m, RTA_TABLE, &oif, sizeof(oif));
	made_attr(&m, RTA_DST, "\x0a\x0a\0\7", 4);
	made_attr(&m, RTA_OIF, &oif, sizeof(oif));
	assert_int_equal(made_decode(&m, &n), RTMSG_OK);
	assert_int_equal(n.kind, RTMSG_STAND_IN);
	assert_int_equal(n.addr.ifindex, 3);
	assert_int_equal(n.addr.bits, 32);
	assert_true(addr_equal(&n.addr.addr, &(struct addr){.family = AF_INET, .bytes = {10, 10, 0, 7}}));
	made_route(&m, RTPROT_KERNEL, 32);
	made_attr(&m, RTA_DST, "\x0a\x0a\0\7", 4);
	made_attr(&m, RTA_OIF, &oif, sizeof(oif));
	assert_int_equal(made_decode(&m, &n), RTMSG_OK);
	assert_int_equal(n.kind, RTMSG_ROUTED);
	assert_int_equal(n.addr.ifindex, 3);
	made_route(&m, RTPROT_STATIC, 32);
	made_attr(&m, RTA_DST, "\x0a\x0a\0\7", 4);
	made_attr(&m, RTA_OIF, &oif, sizeof(oif));
	assert_int_equal(made_decode(&m, &n), RTMSG_OK);
	assert_int_equal(n.kind, RTMSG_OTHER);
	made_route(&m, RTMSG_PROTO_STAND_IN, 24);
	made_attr(&m, RTA_DST, "\x0a\x0a\0\0", 4);
	made_attr(&m, RTA_OIF, &oif, sizeof(oif));
	assert_int_equal(made_decode(&m, &n), RTMSG_OK);
	assert_int_equal(n.kind, RTMSG_OTHER);
	made_route(&m, RTMSG_PROTO_STAND_IN, 32);
	made_attr(&m, RTA_OIF, &oif, sizeof(oif));
	assert_int_equal(made_decode(&m, &n), RTMSG_MISSING);
	made_route(&m, RTMSG_PROTO_STAND_IN, 32);
	made_attr(&m, RTA_DST, "\x0a\x0a\0\7", 4);
	assert_int_equal(made_decode(&m, &n), RTMSG_MISSING);
	made_attr(&m, RTA_OIF, "\3\0", 2);
	assert_int_equal(made_decode(&m, &n), RTMSG_ATTR);
	made_body(&m, RTM_NEWROUTE, 0, "xxxx", 4);
	assert_int_equal(made_decode(&m, &n), RTMSG_SHORT);
}

/* The kernel's own, when they go: not what somebody else had there, and no other kind of route. */
static void test_unrouted(void **state)
{
	const struct rtmsg local = {.rtm_family = AF_INET6,
				    .rtm_dst_len = 128,
				    .rtm_table = RT_TABLE_LOCAL,
				    .rtm_protocol = RTPROT_KERNEL,
				    .rtm_type = RTN_LOCAL};
	static const uint8_t dst[16] = {0xfd, 0x10, [15] = 7};
	const uint32_t oif = 3;
	struct rtmsg other[5];
	struct rtnews n;
	struct made m;

	for (size_t i = 0; i < 5; i++)
		other[i] = local;
	other[0].rtm_protocol = RTPROT_STATIC;
	other[1].rtm_table = RT_TABLE_MAIN;
	other[2].rtm_type = RTN_UNICAST;
	other[3].rtm_dst_len = 64;
	other[4].rtm_family = AF_MPLS;
	for (size_t i = 0; i < 6; i++) {
		made_body(&m, RTM_DELROUTE, 0, i < 5 ? &other[i] : &local, sizeof(local));
		made_attr(&m, RTA_DST, dst, sizeof(dst));
		made_attr(&m, RTA_OIF, &oif, sizeof(oif));
		assert_int_equal(made_decode(&m, &n), RTMSG_OK);
		assert_int_equal(n.kind, i < 5 ? RTMSG_OTHER : RTMSG_UNROUTED);
	}
	assert_int_equal(n.addr.ifindex, 3);
	assert_int_equal(n.addr.bits, 128);
	assert_memory_equal(n.addr.addr.bytes, dst, sizeof(dst));
	made_body(&m, RTM_NEWROUTE, 0, &local, sizeof(local));
	made_attr(&m, RTA_DST, dst, sizeof(dst));
	made_attr(&m, RTA_OIF, &oif, sizeof(oif));
	assert_int_equal(made_decode(&m, &n), RTMSG_OK);
	assert_int_equal(n.kind, RTMSG_ROUTED);
	made_body(&m, RTM_DELROUTE, 0, &local, sizeof(local));
	made_attr(&m, RTA_DST, dst, 4);
	assert_int_equal(made_decode(&m, &n), RTMSG_ATTR);
}

static void test_bad_links(void **state)
{
	struct {
		struct rtattr a;
		char kind[20];
	} info = {{.rta_len = 4 + 20, .rta_type = IFLA_INFO_KIND}, "kind-without-an-end"};
	struct rtnews n;
	struct made m;

	memset(info.kind, 'k', sizeof(info.kind));
	made_link(&m, RTM_NEWLINK, AF_UNSPEC, 0);
	assert_int_equal(made_decode(&m, &n), RTMSG_MISSING);
	made_link(&m, RTM_NEWLINK, AF_UNSPEC, 7);
	made_attr(&m, IFLA_IFNAME, "vipd0", 5); /* no NUL */
	assert_int_equal(made_decode(&m, &n), RTMSG_ATTR);
	made_link(&m, RTM_NEWLINK, AF_UNSPEC, 7);
	made_attr(&m, IFLA_IFNAME, "a-name-that-is-too-long", 24);
	assert_int_equal(made_decode(&m, &n), RTMSG_ATTR);
	made_link(&m, RTM_NEWLINK, AF_UNSPEC, 7);
	made_attr(&m, IFLA_IFNAME, "eth0", 5);
	made_attr(&m, IFLA_LINKINFO, &info, sizeof(info)); /* none of our kinds */
	assert_int_equal(made_decode(&m, &n), RTMSG_OK);
	assert_string_equal(n.link.kind, "");
	info.a.rta_len = 200;
	made_link(&m, RTM_NEWLINK, AF_UNSPEC, 7);
	made_attr(&m, IFLA_LINKINFO, &info, sizeof(info));
	assert_int_equal(made_decode(&m, &n), RTMSG_SHORT);
	made_body(&m, RTM_NEWLINK, 0, "xxxx", 4);
	assert_int_equal(made_decode(&m, &n), RTMSG_SHORT);
}

static void test_bad_addrs(void **state)
{
	struct rtnews n;
	struct made m;

	made_addr(&m, AF_INET, 3);
	assert_int_equal(made_decode(&m, &n), RTMSG_MISSING);
	made_attr(&m, IFA_LOCAL, "\x0a\0\0", 3);
	assert_int_equal(made_decode(&m, &n), RTMSG_ATTR);
	made_addr(&m, AF_INET6, 3);
	made_attr(&m, IFA_ADDRESS, "\x0a\0\0\1", 4);
	assert_int_equal(made_decode(&m, &n), RTMSG_ATTR);
	made_addr(&m, AF_INET, 3);
	made_attr(&m, IFA_LOCAL, "\x0a\0\0\1", 4);
	made_attr(&m, IFA_FLAGS, "\0\0", 2);
	assert_int_equal(made_decode(&m, &n), RTMSG_ATTR);
	made_addr(&m, AF_INET, 0);
	made_attr(&m, IFA_LOCAL, "\x0a\0\0\1", 4);
	assert_int_equal(made_decode(&m, &n), RTMSG_MISSING);
	made_addr(&m, AF_MPLS, 3);
	assert_int_equal(made_decode(&m, &n), RTMSG_OK);
	assert_int_equal(n.kind, RTMSG_OTHER);
	made_body(&m, RTM_NEWADDR, 0, "xxxx", 4);
	assert_int_equal(made_decode(&m, &n), RTMSG_SHORT);
}

static void test_answers(void **state)
{
	struct nlmsgerr e = {.error = -EEXIST, .msg = {.nlmsg_seq = 17}};
	int32_t failed = -EIO;
	struct rtnews n;
	struct made m;

	made_body(&m, NLMSG_ERROR, 0, &e, sizeof(e));
	assert_int_equal(made_decode(&m, &n), RTMSG_OK);
	assert_int_equal(n.kind, RTMSG_ERROR);
	assert_int_equal(n.error, -EEXIST);
	assert_int_equal(n.seq, 17);
	made_body(&m, NLMSG_ERROR, 0, &e, 8);
	assert_int_equal(made_decode(&m, &n), RTMSG_SHORT);
	made_body(&m, NLMSG_DONE, NLM_F_DUMP_INTR, NULL, 0);
	assert_int_equal(made_decode(&m, &n), RTMSG_OK);
	assert_int_equal(n.kind, RTMSG_DONE);
	assert_int_equal(n.error, 0);
	assert_int_equal(n.seq, 42);
	assert_true(n.interrupted);
	made_body(&m, NLMSG_DONE, 0, &failed, sizeof(failed));
	assert_int_equal(made_decode(&m, &n), RTMSG_OK);
	assert_int_equal(n.error, -EIO);
	assert_false(n.interrupted);
	made_body(&m, RTM_NEWRULE, 0, NULL, 0);
	assert_int_equal(made_decode(&m, &n), RTMSG_OK);
	assert_int_equal(n.kind, RTMSG_OTHER);
}

/* Cut at every byte: never read beyond, never taken for whole. Each length has its own allocation, for the sanitizers. */
static void test_truncated(void **state)
{
	struct addr_op op = {.add = true, .bits = 128, .ifindex = 3, .addr = addr_of("fd10::7")};
	uint8_t whole[RTMSG_ROOM];
	size_t len = rtmsg_addr(&op, 5, false, whole);

	for (size_t n = 0; n <= len; n++) {
		uint8_t *cut = malloc(n ? n : 1);
		struct rtnews news;
		size_t at = 0;
		enum rtmsg_reason r;

		memcpy(cut, whole, n);
		r = rtmsg_next(cut, n, &at, &news);
		assert_int_equal(r, n == 0 ? RTMSG_END : n < len ? RTMSG_SHORT : RTMSG_OK);
		/* The same with a header that says so: attributes end early. */
		if (n >= sizeof(struct nlmsghdr)) {
			uint32_t short_len = (uint32_t)n;

			memcpy(cut, &short_len, sizeof(short_len));
			at = 0;
			r = rtmsg_next(cut, n, &at, &news);
			assert_true(r == RTMSG_SHORT || r == RTMSG_MISSING || r == RTMSG_OK);
			assert_true(at >= n);
		}
		free(cut);
	}
}

/* Several messages in one datagram, one of them bad: the others are still heard. */
static void test_stream(void **state)
{
	struct addr_op op = {.add = true, .bits = 32, .ifindex = 3, .addr = addr_of("10.10.0.7")};
	uint8_t bytes[3 * RTMSG_ROOM];
	struct rtnews n;
	size_t at = 0, len = rtmsg_addr(&op, 1, false, bytes), bad = len;

	len += rtmsg_addr(&op, 2, false, bytes + len);
	len += rtmsg_addr(&op, 3, false, bytes + len);
	bytes[bad + 24] = 7; /* the first attribute's length: three bytes of address */
	assert_int_equal(rtmsg_next(bytes, len, &at, &n), RTMSG_OK);
	assert_int_equal(n.seq, 1);
	assert_int_equal(rtmsg_next(bytes, len, &at, &n), RTMSG_ATTR);
	assert_int_equal(rtmsg_next(bytes, len, &at, &n), RTMSG_OK);
	assert_int_equal(n.seq, 3);
	assert_int_equal(rtmsg_next(bytes, len, &at, &n), RTMSG_END);
}

static void test_names(void **state)
{
	for (int r = 0; r < RTMSG_REASONS; r++)
		assert_true(strlen(rtmsg_reason_name((enum rtmsg_reason)r)) > 0);
	assert_string_equal(rtmsg_reason_name((enum rtmsg_reason)99), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_addr_op),    cmocka_unit_test(test_stand_in_op), cmocka_unit_test(test_link_ops),
	    cmocka_unit_test(test_real_addrs), cmocka_unit_test(test_links),       cmocka_unit_test(test_stand_ins),
	    cmocka_unit_test(test_unrouted),   cmocka_unit_test(test_bad_links),   cmocka_unit_test(test_bad_addrs),
	    cmocka_unit_test(test_answers),    cmocka_unit_test(test_truncated),   cmocka_unit_test(test_stream),
	    cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
