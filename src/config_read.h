/* The inside of reading vipd.yaml: what config.c and its parts share. Nobody else includes this.
 *
 *   config.c         the document and its plain keys
 *   config_read.c    values of a kind, maps with known keys
 *   config_router.c  routers: a list
 *   config_track.c   ... and what their priorities follow
 *   config_spread.c  routers: auto
 *   config_sync.c    sync, drOnBackup
 *   config_pools.c   pools, allowUnpooled
 *   config_nat.c     masquerading, refused ports, ranges of addresses
 *   config_http.c    the HTTP server
 *   config_text.c, config_text_router.c   back to YAML
 */
#ifndef VIPD_CONFIG_READ_H
#define VIPD_CONFIG_READ_H

#include "base/doc.h"
#include "config.h"

#include <jansson.h>

enum { KEYS_MAX = 64, KEY_TEXT = 128 };

/* A router as it is read, and where it stands. */
struct placed {
	struct router r;
	struct pos at;
};

/* An address of a router's own; pin.router: index in reader.routers. */
struct placed_pin {
	struct assign_pin pin;
	struct pos at;
};

struct reader {
	struct config *c;
	const char *file;
	struct diag_list *diags;
	struct placed *routers;
	size_t n_routers, cap_routers;
	struct placed_pin *pins;
	size_t n_pins, cap_pins;
	struct pos routers_at, spread_at; /* line 0: not stated */
	config_key_each each_key;         /* told of each key that a map may have; NULL: nobody asks */
	void *each_arg;
};

/* A key and what reads it; `key` is the name with its parents, for messages. */
struct key {
	const char *name;
	void (*read)(struct reader *r, const char *key, const struct node *n);
};

/* A value of this type, or NULL after a diagnostic. */
const struct node *config_want(struct reader *r, const char *key, const struct node *n, enum node_type type);
/* A string, not empty, copied; NULL after a diagnostic. The others: false after one. */
const char *config_want_string(struct reader *r, const char *key, const struct node *n);
bool config_want_bool(struct reader *r, const char *key, const struct node *n, bool *out);
bool config_want_range(struct reader *r, const char *key, const struct node *n, int64_t low, int64_t high,
		       uint32_t *out);
bool config_want_duration(struct reader *r, const char *key, const struct node *n, uint32_t *ms);
/* One prefix without host bits, not /0. */
bool config_want_cidr(struct reader *r, const char *key, struct pos at, const char *text, struct cidr *out);
/* A list of at most `most` of them. */
void config_want_cidrs(struct reader *r, const char *key, const struct node *n, size_t most, struct cidr *out,
		       uint8_t *count);
/* An address that a packet can come from. */
bool config_want_host(struct reader *r, const char *key, const struct node *n, struct addr *out);
/* Tells r->each_key of a map's key. */
void config_tell_key(struct reader *r, const char *map, const char *name);
/* Reads a map by its table; unknown keys are named with their nearest known one. */
void config_read_map(struct reader *r, const char *key, const struct node *n, const struct key *keys, size_t n_keys);
bool config_interface_ok(const char *s);

/* A map whose members are looked at one after the other. */
struct members {
	struct reader *r;
	const char *key; /* of the map, for messages */
	const struct node *map;
};

/* Opens a map; false after a diagnostic. Each member that is not in names gets one. */
bool config_members(struct members *m, struct reader *r, const char *key, const struct node *n,
		    const char *const *names, size_t n_names);
/* "key.name" in full, and the member or NULL. */
const struct node *config_member(const struct members *m, const char *name, char full[KEY_TEXT]);
/* Where the member's value stands, or the map if there is none. */
struct pos config_member_pos(const struct members *m, const char *name);
/* An error at the member: "key.name: ...". */
__attribute__((format(printf, 3, 4))) void config_member_error(const struct members *m, const char *name,
							       const char *fmt, ...);
/* What is absent or wrong leaves *out alone. */
void config_member_bool(const struct members *m, const char *name, bool *out);
void config_member_u32(const struct members *m, const char *name, uint32_t low, uint32_t high, uint32_t *out);
void config_member_u8(const struct members *m, const char *name, uint8_t low, uint8_t high, uint8_t *out);
void config_member_duration(const struct members *m, const char *name, uint32_t *out);
/* The index of a word; all are told when it is none of them. */
void config_member_word(const struct members *m, const char *name, const char *const *words, size_t n, uint8_t *out);
/* A name without blanks, of at most size - 1 bytes, zero behind its end. */
void config_member_name(const struct members *m, const char *name, char *out, size_t size);
/* The same for what becomes a file's name: without a slash. */
void config_member_file(const struct members *m, const char *name, char *out, size_t size);
/* The same for an interface. */
void config_member_interface(const struct members *m, const char *name, char out[16]);

/* routers, spread */
void config_read_routers(struct reader *r, const char *key, const struct node *n);
void config_read_spread(struct reader *r, const char *key, const struct node *n);
/* pools, allowUnpooled */
void config_read_pools(struct reader *r, const char *key, const struct node *n);
void config_read_allow_unpooled(struct reader *r, const char *key, const struct node *n);
/* sync, drOnBackup */
void config_read_sync(struct reader *r, const char *key, const struct node *n);
extern const char *const config_dr_words[]; /* by enum dr_on_backup */
enum { DR_WORDS = DR_NEVER + 1 };
void config_read_dr_on_backup(struct reader *r, const char *key, const struct node *n);
extern const char *const config_ip_mode_words[]; /* by enum ip_mode */
void config_read_ip_mode(struct reader *r, const char *key, const struct node *n);
/* what is done to packets, and which addresses are served */
void config_read_masquerade(struct reader *r, const char *key, const struct node *n);
void config_read_masquerade_bit(struct reader *r, const char *key, const struct node *n);
void config_read_iptables(struct reader *r, const char *key, const struct node *n);
void config_read_pod_cidrs(struct reader *r, const char *key, const struct node *n);
void config_read_gateway_of(struct reader *r, const char *key, const struct node *n);
void config_read_refuse(struct reader *r, const char *key, const struct node *n);
void config_read_allow_ports(struct reader *r, const char *key, const struct node *n);
void config_read_exclude(struct reader *r, const char *key, const struct node *n);
void config_read_external_ranges(struct reader *r, const char *key, const struct node *n);
void config_read_node_port_addresses(struct reader *r, const char *key, const struct node *n);
void config_read_sysctls(struct reader *r, const char *key, const struct node *n);
extern const char *const config_masquerade_words[]; /* by enum masquerade */
extern const char *const config_iptables_words[];   /* by enum nat_backend */
void config_default_nat(struct config *c);
/* config_finish: the networks of which a virtual router is the gateway. */
void config_finish_nat(struct config *c);
/* http */
void config_read_http(struct reader *r, const char *key, const struct node *n);
void config_default_http(struct config *c);
/* After the document: what concerns several routers; fills c->routers and c->pins. */
void config_end_routers(struct reader *r);
void config_end_spread(struct reader *r);

/* What a router says that a spread can say too, into *d. families: bits of FAMILY_. */
enum { FAMILY_V4 = 1, FAMILY_V6 = 2, FAMILY_BOTH = 3 };
struct draft {
	struct router r;
	unsigned families; /* 0: not stated */
};
extern const char *const config_router_names[];
enum { ROUTER_NAMES = 21, ROUTER_NAMES_SHARED = 17 }; /* the first of them are shared */
struct draft config_draft(void);
void config_draft_shared(const struct members *m, struct draft *d);
/* What its values say to each other. */
void config_draft_check(const struct members *m, struct draft *d);
const char *config_scope_word(uint8_t scope);
void config_read_tracks(const struct members *m, struct router *r);

/* config_finish */
int config_finish_routers(struct config *c, struct diag_list *diags);
int config_finish_spread(struct config *c, struct diag_list *diags);

/* ---- text ---- */
json_t *config_routers_json(const struct config *c);
json_t *config_spread_json(const struct spread *s);
json_t *config_ms_json(uint32_t ms);

#endif
