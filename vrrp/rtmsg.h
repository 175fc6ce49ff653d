/* The rtnetlink codec (linux/rtnetlink.h, if_addr.h, if_link.h): operations to bytes, messages to values. Pure.
 * Only what vipd needs: addresses, links, local routes, dumps of them, errors. Golden bytes in tests/test_rtmsg.c. */
#ifndef VIPD_VRRP_RTMSG_H
#define VIPD_VRRP_RTMSG_H

#include "../src/base/addr.h"
#include "links.h"

enum { RTMSG_ROOM = 128 }; /* no encoded message is longer */

/* An address as the kernel has it. */
struct kaddr {
	struct addr addr;
	uint8_t bits;
	uint8_t scope;  /* RT_SCOPE_UNIVERSE... */
	uint32_t flags; /* IFA_F_... */
	uint32_t ifindex;
	char label[LINK_NAME]; /* IPv4; "" the kernel told of none */
};

/* The route protocol that marks a stand-in: a local route to one IPv4 address, in the table local, of vipd's own. The node answers for the address as
 * if an interface had it. */
enum { RTMSG_PROTO_STAND_IN = 118 };

/* A change to one address, or to its stand-in. */
struct addr_op {
	bool add;
	bool stand_in; /* IPv4; bits, scope and label are not looked at */
	uint8_t bits;
	uint32_t ifindex;
	struct addr addr;
	uint8_t scope;         /* IPv4, add */
	char label[LINK_NAME]; /* IPv4, add; "" the interface's name */
};

/* Encode into buf (RTMSG_ROOM bytes), errors only (no NLM_F_ACK) unless ack; return the aligned length.
 * An address is added with NLM_F_EXCL: what is there already is somebody else's. IPv6 ones are added with IFA_F_NODAD and preferred
 * lifetime 0: they answer at once and are never chosen as a source. */
size_t rtmsg_addr(const struct addr_op *op, uint32_t seq, bool ack, void *buf);
/* The same for a stand-in; any other local route of the address keeps it out (NLM_F_EXCL). */
size_t rtmsg_stand_in(const struct addr_op *op, uint32_t seq, void *buf);
size_t rtmsg_dummy(const char *name, uint32_t seq, void *buf); /* creates a dummy device, down; acknowledged */
size_t rtmsg_macvlan(const char *name, uint32_t parent, const uint8_t mac[MAC_LEN], uint32_t seq,
		     void *buf); /* creates one in bridge mode, down; acknowledged */
size_t rtmsg_link_set(uint32_t index, bool up, uint32_t seq, void *buf); /* acknowledged */
size_t rtmsg_link_delete(uint32_t index, uint32_t seq, void *buf);       /* acknowledged */
size_t rtmsg_dump_links(uint32_t seq, void *buf);
size_t rtmsg_dump_addrs(uint32_t seq, void *buf);
size_t rtmsg_dump_stand_ins(uint32_t seq, void *buf); /* a kernel before 4.20 tells of every IPv4 route */
size_t rtmsg_dump_local_routes(uint8_t family, uint32_t seq, void *buf); /* the kernel's own; likewise */

enum rtmsg_kind {
	RTMSG_OTHER, /* well-formed, but nothing for vipd: other families, others' routes, wireless events */
	RTMSG_LINK,
	RTMSG_LINK_GONE, /* link.index only */
	RTMSG_ADDR,
	RTMSG_ADDR_GONE,
	RTMSG_STAND_IN, /* it is there: addr.addr and addr.ifindex */
	RTMSG_ROUTED,   /* the kernel's local route of an address is there; the same */
	RTMSG_UNROUTED, /* it is gone; the same */
	RTMSG_ERROR,    /* error: negative errno, 0 an acknowledgement */
	RTMSG_DONE,     /* error: negative errno if the dump failed */
};

struct rtnews {
	enum rtmsg_kind kind;
	uint32_t seq;     /* RTMSG_ERROR: of the request */
	bool interrupted; /* NLM_F_DUMP_INTR: the dump must be repeated */
	int error;
	union {
		struct link link;
		struct kaddr addr;
	};
};

/* Why bytes were refused. */
enum rtmsg_reason {
	RTMSG_OK,
	RTMSG_END,     /* no more messages */
	RTMSG_SHORT,   /* a header or attribute that runs over the end */
	RTMSG_ATTR,    /* an attribute of a wrong length */
	RTMSG_MISSING, /* an address message without an address, a link or stand-in without an index */
	RTMSG_REASONS
};
const char *rtmsg_reason_name(enum rtmsg_reason r);

/* The next message of a datagram: *at starts at 0 and is moved behind it, also when the message is refused with RTMSG_ATTR or RTMSG_MISSING.
 * *out is written only on RTMSG_OK. */
enum rtmsg_reason rtmsg_next(const void *bytes, size_t len, size_t *at, struct rtnews *out);

#endif
