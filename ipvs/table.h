/* Virtual servers and real servers as values: what the compile step wants and what the kernel has. */
#ifndef VIPD_IPVS_TABLE_H
#define VIPD_IPVS_TABLE_H

#include "../src/base/addr.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum forward { FORWARD_NAT, FORWARD_DR, FORWARD_TUN };
enum { FORWARD_OTHER = FORWARD_TUN + 1 }; /* only in what the kernel reports: a method that vipd never sets */

enum tunnel { TUNNEL_IPIP, TUNNEL_GUE, TUNNEL_GRE }; /* the kernel's numbers (linux/ip_vs.h) */

struct vs_key {
	struct addr addr;
	uint16_t port; /* host order, 1..65535 (0 only in what the kernel reports) */
	uint8_t proto; /* IPPROTO_TCP, _UDP, _SCTP */
};

struct real {
	struct addr addr;
	uint16_t port;
	uint8_t forward; /* enum forward */
	bool here;       /* it runs on this node: what it answers comes back this way; the kernel knows nothing of it */
	uint32_t weight; /* 0..65535 */
	uint32_t until;  /* 0: in service; else it leaves, by then: wall clock, seconds since 1970 (drain.h) */
};
#define UNTIL_MAX UINT32_MAX /* as far off as can be said */

/* What a virtual server's address is to clients (sets.h). */
enum vs_kind { VS_OTHER, VS_CLUSTER, VS_EXTERNAL, VS_BALANCER, VS_NODE_PORT, VS_KINDS };

enum { RANGES_OF_ONE = 1024 };

enum { SCHED_NAME = 16, WEIGHT_MAX = 65535, DRAIN_MAX_S = 86400, REALS_MAX = 65536, TABLE_MAX = 1 << 20 };

/* Flags of a virtual server: the kernel's bits (linux/ip_vs.h). */
enum vs_flag {
	VS_PERSISTENT = 0x0001,
	VS_ONEPACKET = 0x0004,
	VS_SCHED1 = 0x0008, /* sh: fallback; mh: fallback */
	VS_SCHED2 = 0x0010, /* sh, mh: port in the hash */
	VS_SCHED3 = 0x0020,
	VS_FLAGS =
	    VS_PERSISTENT | VS_ONEPACKET | VS_SCHED1 | VS_SCHED2 | VS_SCHED3, /* those that vipd sets and compares */
};

/* What the kernel keeps with each real server, and a Service states once. */
struct limits {
	uint32_t upper,
	    lower; /* no new connection from upper on until there are fewer than lower; 0: no limit, three quarters of upper */
	uint8_t tunnel;       /* enum tunnel; TUNNEL_IPIP unless forwarded by TUN */
	uint16_t tunnel_port; /* TUNNEL_GUE: its UDP port, host order; else 0 */
};
enum { THRESHOLD_MAX = INT32_MAX };

struct vs {
	struct vs_key key;
	char sched[SCHED_NAME];
	uint32_t flags;      /* enum vs_flag */
	uint32_t timeout;    /* persistence in seconds; 0 unless VS_PERSISTENT */
	uint8_t granularity; /* persistence mask in bits: 32 or 128 for one client */
	uint16_t
	    gate; /* 0, or which router must be Active here for it to be programmed (wire.h); the kernel knows nothing of it */
	struct limits limits; /* of each of its real servers */
	uint32_t drain_s; /* how long a real server that leaves may keep its connections; 0: it is deleted at once */
	bool leaving;     /* wanted no more: there only for the real servers that drain */
	uint8_t kind;     /* enum vs_kind; this and what follows but the real servers: as gate */
	bool keep_source; /* traffic policy Local: the client's address must reach the real servers */
	uint16_t health_port; /* healthCheckNodePort that answers on its address too; 0: none */
	bool added;           /* its address is a virtual IP that vipd adds to this node */
	uint16_t n_ranges;    /* source ranges: none, or only clients in one of them may connect */
	struct cidr *ranges;  /* of the key's family, as the manifest has them */
	uint32_t n;
	struct real *reals; /* sorted by real_cmp, each address:port once */
};

/* Orders by protocol, family, address, port. */
int vs_key_cmp(const struct vs_key *a, const struct vs_key *b);
enum { VS_KEY_BYTES = 20 };
/* A key without padding, for maps that compare bytes; in bytes that sort as vs_key_cmp does. */
void vs_key_pack(const struct vs_key *k, uint8_t out[VS_KEY_BYTES]);
void vs_key_unpack(const uint8_t in[VS_KEY_BYTES], struct vs_key *out);
/* Orders by address, port: the kernel's identity of a real server. */
int real_cmp(const struct real *a, const struct real *b);
bool vs_head_equal(const struct vs *a, const struct vs *b); /* all but the real servers */
bool limits_equal(const struct limits *a, const struct limits *b);
bool vs_same(const struct vs *a, const struct vs *b);  /* all that the kernel knows: real servers too */
bool vs_equal(const struct vs *a, const struct vs *b); /* all that there is */

enum { VS_KEY_TEXT = 64, REAL_TEXT = 56 };
/* "TCP 10.0.0.1:80", "UDP [fd00::1]:53" */
char *vs_key_format(const struct vs_key *k, char buf[VS_KEY_TEXT]);
char *real_format(const struct real *r, char buf[REAL_TEXT]); /* "10.0.0.1:80" */
const char *forward_name(enum forward f);                     /* "NAT" "DR" "TUN" */
int forward_parse(const char *text, enum forward *out);       /* exactly those words; -EINVAL */
const char *proto_name(uint8_t proto);                        /* "TCP"...; "?" */
int proto_parse(const char *text, uint8_t *out);
bool sched_known(const char *name); /* rr wrr lc wlc lblc lblcr sh dh sed nq mh fo ovf */

/* A table: virtual servers by key, each with its own sorted real servers. Opaque; owns all. */
struct table;
struct table *table_new(void);
void table_free(struct table *t);
size_t table_count(const struct table *t);
size_t table_reals(const struct table *t); /* of all virtual servers */
const struct vs *table_get(const struct table *t, const struct vs_key *k);
/* Stores a copy (ranges too; reals are sorted and checked for repeats: -EEXIST, table unchanged). */
int table_put(struct table *t, const struct vs *v);
bool table_del(struct table *t, const struct vs_key *k);
/* All virtual servers sorted by key; valid until the next change. Cached: sorting costs only after an insert or delete. */
const struct vs *const *table_sorted(struct table *t, size_t *n);

#endif
