/* The IPVS generic netlink codec (linux/ip_vs.h, net/netfilter/ipvs/ip_vs_ctl.c): operations to bytes, dump replies to values.
 * Pure: the attribute policy is a table; no socket. Golden bytes in tests/. */
#ifndef VIPD_IPVS_MSG_H
#define VIPD_IPVS_MSG_H

#include "diff.h"
#include "sync.h"

enum { MSG_ROOM = 256 }; /* no encoded operation is longer */

/* Encodes one operation into buf (at least MSG_ROOM bytes); family: the generic netlink id of IPVS; flags: NLM_F_REQUEST and, wanted by the caller,
 * NLM_F_ACK. Returns the aligned length. */
size_t ipvs_msg_op(const struct op *op, uint16_t family, uint32_t seq, uint16_t flags, void *buf);
/* Requests: a dump of all services; a dump of one service's real servers; GET_INFO. */
size_t ipvs_msg_get_services(uint16_t family, uint32_t seq, void *buf);
size_t ipvs_msg_get_reals(uint16_t family, uint32_t seq, const struct vs_key *k, void *buf);
size_t ipvs_msg_get_info(uint16_t family, uint32_t seq, void *buf);
/* Sync daemons: start (or stop: only its role matters) one, errors only; a dump of those that run. */
size_t ipvs_msg_daemon(uint16_t family, uint32_t seq, bool start, const struct sync_daemon *d, void *buf);
size_t ipvs_msg_get_daemons(uint16_t family, uint32_t seq, void *buf);

/* Counters as the kernel reports them, and its estimate of each a second (0 where net.ipv4.vs.run_estimation is off). */
struct vs_stats {
	uint64_t conns, inpkts, outpkts, inbytes, outbytes;
	uint64_t conns_s, inpkts_s, outpkts_s, inbytes_s, outbytes_s;
};
struct real_stats {
	uint32_t active, inactive, persistent;
	struct vs_stats stats;
	struct limits limits; /* as the kernel has them */
};

/* Why a reply was refused. */
enum msg_reason {
	MSG_OK,
	MSG_SHORT,   /* truncated header or attribute */
	MSG_ATTR,    /* attribute of a wrong length */
	MSG_MISSING, /* a needed attribute is absent */
	MSG_FAMILY,  /* address family unknown */
	MSG_FWMARK,  /* a firewall-mark service: never ours, skipped by the caller */
	MSG_REASONS
};
const char *ipvs_msg_reason_name(enum msg_reason r);

/* Decodes one reply message (nlmsghdr included) of len bytes. Outputs are written only on MSG_OK. head->reals is NULL, n 0. stats may be NULL. */
enum msg_reason ipvs_msg_service(const void *msg, size_t len, struct vs *head, struct vs_stats *stats);
enum msg_reason ipvs_msg_real(const void *msg, size_t len, uint8_t family, struct real *r, struct real_stats *stats);
enum msg_reason ipvs_msg_daemon_reply(const void *msg, size_t len, struct sync_daemon *out);
enum msg_reason ipvs_msg_info(const void *msg, size_t len, uint32_t *version, uint32_t *conn_tab_size);

/* A netmask of the kernel (IPv4: a mask in network order; IPv6: bits) as vs.granularity; 0, which nothing wanted is equal to, for a mask with
 * holes and for what is no length. */
uint8_t ipvs_msg_granularity(uint8_t family, uint32_t netmask);

/* One message of a datagram from the kernel. */
struct reply {
	uint16_t type;   /* NLMSG_ERROR, NLMSG_DONE, or the family */
	uint32_t seq;    /* of the request that it answers */
	int error;       /* NLMSG_ERROR, NLMSG_DONE: negative errno as the kernel wrote it, or 0 */
	const void *msg; /* inside the datagram; for the decoders above */
	size_t len;
};
/* The next message of a datagram: *at starts at 0. 1 a message, 0 the end, -EPROTO for what is cut short (*at and *out are left alone). */
int ipvs_msg_next(const void *bytes, size_t len, size_t *at, struct reply *out);

#endif
