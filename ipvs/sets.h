/* The ipsets that vipd's rules (rules.h) look into: which entries are wanted, which the kernel has, what is to be done. Pure. */
#ifndef VIPD_IPVS_SETS_H
#define VIPD_IPVS_SETS_H

#include "nat.h"
#include "table.h"

/* One of each family: "VIPD-CLUSTER-IP", "VIPD-6-CLUSTER-IP". Of the first eight, address and port of the virtual servers of a kind; the second of a pair
 * has those whose clients' addresses are kept: traffic policy Local (and its health checks), or not NAT. Adding goes in this order, deleting backwards. */
enum set_id {
	SET_CLUSTER_IP,
	SET_CLUSTER_IP_LOCAL,
	SET_EXTERNAL_IP,
	SET_EXTERNAL_IP_LOCAL,
	SET_LOAD_BALANCER,
	SET_LOAD_BALANCER_LOCAL,
	SET_NODE_PORT,
	SET_NODE_PORT_LOCAL,
	SET_LOOP_BACK,   /* address, port, address of each real server: it reaches itself */
	SET_RETURN,      /* networks and real servers that answer by way of this node */
	SET_PODS,        /* networks of pods */
	SET_SOURCE_CIDR, /* address, port, network: may connect */
	SET_FW,          /* address, port: only what is in SOURCE_CIDR may connect */
	SET_VIPS,        /* addresses whose unknown ports are refused */
	SET_COUNT
};

enum set_shape { SHAPE_IP, SHAPE_IP_PORT, SHAPE_IP_PORT_IP, SHAPE_IP_PORT_NET, SHAPE_NET };

enum { SET_NAME = 32, SET_MAX = 1 << 20 /* entries in a set */ };

enum set_shape set_shape(enum set_id id);
const char *set_shape_name(enum set_shape s); /* the kernel's name of the type: "hash:ip,port" */
/* family: AF_INET, AF_INET6 */
char *set_name(enum set_id id, uint8_t family, char buf[SET_NAME]);
/* The reverse; -ENOENT for the name of another set. */
int set_name_parse(const char *name, enum set_id *id, uint8_t *family);

/* Under this name a larger set is made, which then takes the place of one that has become too small. */
char *set_next_name(uint8_t family, char buf[SET_NAME]);
/* Buckets for so many entries, of which the kernel makes no more before there are several times as many. A power of two. */
uint32_t set_buckets(size_t entries);
/* So many are more than it should take: soon the kernel itself would make it larger, with all of it in hand and nobody else running meanwhile. */
bool set_outgrown(size_t entries, uint32_t buckets);

/* What a shape has not is zero. Without padding: entries are compared as bytes. */
struct set_entry {
	uint8_t set; /* enum set_id */
	uint8_t proto;
	uint8_t bits; /* SHAPE_NET: of addr; SHAPE_IP_PORT_NET: of net */
	uint8_t zero;
	uint16_t port;
	struct addr addr;
	struct addr net; /* SHAPE_IP_PORT_IP: the second address */
};

enum { SET_ENTRY_TEXT = 128 };
/* As ipset prints it: "10.0.0.1,tcp:80,10.0.0.1". */
char *set_entry_format(const struct set_entry *e, char buf[SET_ENTRY_TEXT]);
/* A line of `ipset save`, without its newline: "add VIPD-PODS 10.0.0.0/8". -ENOENT: of a set that is not vipd's, or no entry; -EINVAL. */
int set_entry_parse(const char *line, struct set_entry *out);

struct set_op {
	struct set_entry entry;
	bool add;
};

struct sets;

struct sets *sets_new(void);
void sets_free(struct sets *s);
/* With settings that say that nothing is wanted, nothing is. To be called when there are no virtual servers in it. */
void sets_settings(struct sets *s, const struct nat_settings *n);
/* A virtual server came (old NULL), changed, or went (new NULL). */
void sets_change(struct sets *s, const struct vs *old, const struct vs *new);
/* All virtual servers and settings go; what the kernel has stays known. */
void sets_clear(struct sets *s);
/* The kernel has nothing of this set that is known; then each entry that it has. */
void sets_forget(struct sets *s, enum set_id id, uint8_t family);
void sets_have(struct sets *s, const struct set_entry *e);
/* Whether any entry of the family is wanted that stands for a virtual server. */
bool sets_used(const struct sets *s, uint8_t family);
/* How many entries are wanted, and how many the kernel has as far as is known. */
size_t sets_wanted(const struct sets *s, enum set_id id, uint8_t family);
size_t sets_had(const struct sets *s, enum set_id id, uint8_t family);
enum sets_part {
	SETS_ADD, /* before the virtual servers are programmed */
	SETS_ALL, /* after it: an entry goes when nothing needs it any more */
};
/* What is to be done for a family, in order, by set; malloc'd; NULL for nothing. */
struct set_op *sets_ops(struct sets *s, uint8_t family, enum sets_part part, size_t *n);
/* How many of them, from the first on, add to one set or delete from one. */
size_t set_ops_run(const struct set_op *ops, size_t n);
/* What a set is made of when all is added and nothing deleted yet; malloc'd. */
struct set_op *sets_whole(const struct sets *s, enum set_id id, uint8_t family, size_t *n);
/* The kernel did it. */
void sets_done(struct sets *s, const struct set_op *op);

#endif
