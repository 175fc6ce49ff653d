/* The inside of the plan: what plan.c and its parts share. Nobody else includes this.
 *
 *   plan.c      front: puts, drops, the order of a run
 *   store.c     objects by name, by Service, by label; which addresses and node ports manifests name
 *   grant.c     cluster IPs and node ports: given, recorded, or given out
 *   balancer.c  the same for load balancer addresses: pools, requests, sharing
 *   resolve.c   the real servers of a Service's port
 *   knobs.c     a Service's annotations that tune its virtual servers
 *   given.c     the record of another node
 *   compile.c   a Service -> the virtual servers and addresses that it wants
 *   claims.c    which Service has an address:port:protocol
 *   vips.c      which addresses are virtual IPs
 *   told.c      what a Service as a whole has become
 *   view.c      what a person asks
 *   why.c       ... of one address and port
 */
#ifndef VIPD_CONFIGMAPS_PLAN_INT_H
#define VIPD_CONFIGMAPS_PLAN_INT_H

#include "../src/base/map.h"
#include "labels.h"
#include "plan.h"
#include "pool.h"
#include "problems.h"
#include "spans.h"
#include "vipmap.h"

/* Real servers that several virtual servers of one Service's port share: sorted and packed, for there are many. */
struct backend {
	uint32_t refs;
	struct limits limits;
	uint32_t n, leaving; /* in service; pods that will be killed at a known time */
	uint8_t family, forward;
	uint8_t bytes
	    []; /* each: address, port and weight, big end first, then 1 if it is on this node; behind those the leaving ones' times, four bytes each */
};

/* Source ranges of one family. */
struct ranges {
	uint16_t n;
	struct cidr items[];
};

enum source { FROM_CONFIGMAP, FROM_BALANCER, FROM_EXTERNAL, FROM_CLUSTER, FROM_NODE };

/* A virtual server that a Service wants. Those of one key form a chain: the head has it. */
struct want {
	struct backend *backend;
	struct svc *svc;
	struct want *next;
	struct vs_key key;
	uint8_t flags;
	uint8_t granularity;
	uint8_t kind;          /* enum vs_kind */
	bool keep_source;      /* by traffic policy */
	uint16_t health_port;  /* that is asked at its address too; 0: none */
	struct ranges *ranges; /* of its source ranges; NULL: none */
	bool recorded;         /* its address or node port is recorded for this Service */
	char sched[8];         /* a known one: at most five letters */
	uint32_t timeout, drain_s;
	uint32_t rank; /* place in the Service: of two with one key the lesser counts */
};

/* An address that a Service wants as virtual IP. */
struct vip_want {
	struct addr addr;
	uint8_t source; /* enum source */
};

struct pod_entry {
	const struct object *object;
	struct label_ref *refs; /* one a label */
};

struct node_entry {
	const struct object *object;
};

/* What was told of a Service as a whole. */
struct told {
	bool balancer, idle, no_local;
	uint16_t health_port;
	uint32_t local_ready[2];
	size_t n;
	struct addr vips[];
};

/* All that is known under one Service's name, whether there is a Service or only what refers to it. */
struct svc {
	char *name;                     /* "namespace/name" */
	const struct object *object;    /* the Service; NULL if there is none */
	const struct object *endpoints; /* the Endpoints of that name */
	const struct object **slices;
	size_t n_slices;
	const struct vipmap_entry **entries; /* of the VIP ConfigMap: data, then the annotation's */
	size_t n_entries;
	struct label_ref selector; /* by its rarest pair */
	int64_t since;             /* creationTimestamp, or when it was seen first; 0 before that */
	int64_t created;           /* as the wants were compiled */
	bool fresh;                /* the Service came or changed since the last run */
	bool derived;              /* the Service of the last run had no uid of its own */
	bool dirty;                /* in plan.dirty */
	bool unsettled;            /* in plan.unsettled: its problems are to be compared */
	bool starved;              /* wanted an address or port when there was none */
	bool kept;                 /* in this run: what it holds by the record is settled */
	bool changed;              /* in this run: the Service itself came or changed */

	struct addr *cluster, *balancer; /* grant.c: cluster IPs; load balancer addresses */
	size_t n_cluster, n_balancer;
	uint16_t *node_ports; /* one a port of the Service, 0 none; NULL if there is none at all */

	bool local;              /* externalTrafficPolicy Local */
	uint32_t local_ready[2]; /* then: ready endpoints on this node, IPv4 and IPv6 */
	struct want *wants;      /* sorted by key */
	size_t n_wants;
	struct vip_want *vips; /* sorted by address */
	size_t n_vips;
	struct problems found;    /* by grant.c and compile.c */
	struct problems problems; /* as reported */
	struct told *told;        /* NULL: nothing of that */
};

/* Wants that were replaced in this run: the callbacks compare with them. */
struct retired {
	struct want *wants;
	size_t n;
};

struct svc_list {
	struct svc **items;
	size_t n, cap;
};

struct vip_user {
	struct svc *svc; /* NULL: the VIP ConfigMap itself */
	uint8_t kind;    /* enum vip_kind */
};

/* An address that something knows of. */
struct addr_use {
	struct addr addr;
	uint8_t kind, local; /* enum vip_kind, vip_local, as called back last, if out is true */
	bool out, touched;
	uint32_t named; /* how often manifests name it */
	uint32_t hosts; /* how often it is an address of this node or of a Node */
	uint32_t n;     /* users: those that want it as a virtual IP */
	struct vip_user *users;
};

/* A pool and what may be given from it. */
struct pool_room {
	const struct pool *pool;
	struct pool_range *rooms;
	size_t n;
};

/* One room of all, to find an address's pool. */
struct room_at {
	struct pool_range range;
	const struct pool_room *of;
};

/* The record of another node: the VIP ConfigMap's, and that of a ConfigMap of its own. */
struct given {
	struct record *record; /* the last good one; NULL: none */
	const struct object *object;
	struct problems found, problems;
	bool dirty, untold; /* since the last run: another record, other problems */
};

/* What a Service says about its load balancer addresses. */
struct asked {
	bool ours, any;           /* any: addresses are stated, good ones or not */
	struct addr_list addrs;   /* those that it may have; owned */
	const char *pool, *share; /* NULL: nothing is said */
};

struct plan {
	struct plan_config config;
	struct arena *arena; /* of the configuration */
	struct record *record;
	bool ran;

	struct map *services; /* "namespace/name" -> struct svc */
	struct map *slices;   /* "namespace/name" -> struct svc */
	struct map *pods;     /* "namespace/name" -> struct pod_entry */
	struct map *nodes;    /* name -> struct node_entry */
	struct labels *selectors, *pod_labels;

	struct map *named_ports; /* {proto, node port} -> how often manifests name it */
	struct addr *locals;
	size_t n_locals;
	struct pool_range *cluster; /* rooms of the cluster CIDRs */
	size_t n_cluster;
	struct pool_room *pools; /* in the order in which they are tried */
	size_t n_pools;
	struct room_at *rooms; /* of all pools, by address */
	size_t n_rooms;
	struct spans *taken;   /* what is recorded, named by a manifest, or a host's own */
	uint32_t port_next[3]; /* TCP, UDP, SCTP: every node port below is taken */
	bool turned;           /* plan_vips_turned */
	bool freed;            /* something that can be given became free since the last run */

	const struct object *configmap;
	struct vipmap *map;
	struct problems map_found, map_problems;
	bool map_dirty;

	struct given given[2];

	struct map *claims;  /* key -> struct want, head of the chain */
	struct map *changed; /* key -> struct want that was its head before this run */
	struct retired *retired;
	size_t n_retired;
	struct map *addrs; /* struct addr -> struct addr_use */
	struct addr_use **touched;
	size_t n_touched, touched_cap;

	struct svc_list dirty, unsettled, starved;
};

/* plan.c */
void svc_list_add(struct svc_list *l, struct svc *s);
void plan_mark(struct plan *p, struct svc *s);     /* dirty */
void plan_unsettle(struct plan *p, struct svc *s); /* its problems may have changed */
/* Ends all problems of an object that is gone; full: "namespace/name". */
void report_gone(struct problems *was, enum kind kind, const char *full, const struct plan_out *out);

/* store.c: puts; o is NULL for a drop */
struct svc *store_svc(struct plan *p, const char *name); /* made if there is none */
void store_put_service(struct plan *p, struct svc *s, const struct object *o);
void store_put_slice(struct plan *p, const char *name, const struct object *o);
void store_put_pod(struct plan *p, const char *name, const struct object *o);
void store_put_node(struct plan *p, const char *name, const struct object *o);
void store_put_configmap(struct plan *p, const struct object *o);
void store_put_locals(struct plan *p, const struct addr *addrs, size_t n);
/* Frees a Service's entry if nothing refers to it any more. */
void store_release(struct plan *p, struct svc *s);
void store_free(struct plan *p);
const char *store_node_zone(const struct plan *p, const char *node); /* its label; NULL if it is not known */
bool store_addr_named(const struct plan *p, const struct addr *a);
bool store_port_named(const struct plan *p, uint8_t proto, uint16_t port);
void store_port_freed(struct plan *p, uint8_t proto);
void store_addr_changed(struct plan *p, const struct addr *a); /* whether it is taken may be another thing now */

/* grant.c */
enum { UID_BUF = 40 };
const char *svc_uid(const struct plan *p, const struct svc *s, char buf[UID_BUF]); /* given, or derived into buf */
size_t proto_slot(uint8_t proto);                                                  /* place in port_next */
bool service_served(const struct object *o);                       /* neither headless nor ExternalName */
bool service_has_node_ports(const struct object *o);               /* may have them by its type */
bool service_families(const struct object *o, bool *v4, bool *v6); /* false: the manifest states none */
/* The families of what is given out and of node ports: as stated, else those of the cluster. */
void plan_families(const struct plan *p, const struct object *o, bool *v4, bool *v6);
void grants_prune(struct plan *p); /* first run: grants of Services that are not there */
void grants_keep(struct plan *p,
		 struct svc *s); /* fills cluster, balancer, node_ports from manifest and record; gives up the rest */
void grants_give(struct plan *p, struct svc *s); /* gives out what is still missing */
void grants_clear(struct svc *s);
void grant_put(struct plan *p, const struct grant *g);
/* A cluster IP or node port that another node gave to the Service: taken unless it has one or somebody else has this one. */
void grant_adopt(struct plan *p, struct svc *s, const struct grant *g);
void grant_starve(struct plan *p, struct svc *s); /* to be tried again when something became free */
void addrs_add(struct addr **items, size_t *n, const struct addr *a);
bool addrs_family(const struct addr *items, size_t n, uint8_t family);
const char *family_name(uint8_t family);
bool rooms_family(const struct pool_range *rooms, size_t n, uint8_t family);
/* The first free address of that family in the first room that has one. */
bool rooms_take(const struct plan *p, const struct pool_range *rooms, size_t n, uint8_t family, struct addr *out);

/* balancer.c */
bool service_balancer(const struct plan *p, const struct object *o); /* a load balancer that this vipd serves */
void balancer_pools(struct plan *p, const struct plan_config *c);    /* copies the pools into the plan */
void balancer_free(struct plan *p);
const struct pool_room *balancer_pool(const struct plan *p, const struct addr *a); /* that has the address; or NULL */
/* The addresses that a manifest states for its load balancer; false if it states none. Bad annotations go to problems (may be NULL). */
bool service_balancer_stated(const struct object *o, struct addr_list *out, struct problems *problems);
void balancer_ask(const struct plan *p, struct svc *s, struct asked *out);
bool balancer_keep(struct plan *p, struct svc *s, const struct grant *g, const struct asked *asked);
void balancer_adopt(struct plan *p, struct svc *s); /* what others gave: before anything is given out */
void balancer_adopt_grant(struct plan *p, struct svc *s,
			  const struct grant *g); /* one that another node gave to the Service */
void balancer_give(struct plan *p, struct svc *s);

/* given.c */
void given_put(struct plan *p, const char *name, const struct object *o); /* a ConfigMap; NULL: it is gone */
void given_sync(struct plan *p);                                          /* first in a run */
/* Where this node does not allocate, a Service that came: it has what the other node's record says, though it was not here for a while. */
void given_restore(struct plan *p, struct svc *s);
void given_adopt(struct plan *p, struct svc *s); /* where this node allocates: what another gave the Service */
bool given_dirty(const struct plan *p);
void given_report(struct plan *p, const struct plan_out *out);
void given_free(struct plan *p);

/* resolve.c */
enum scope { SCOPE_ALL, SCOPE_EXTERNAL, SCOPE_INTERNAL };
/* The real servers of a port: sorted, each once; one reference is the caller's. */
struct backend *resolve(const struct plan *p, const struct svc *s, const struct service_port *port, uint8_t family,
			enum scope scope, enum forward forward, const struct limits *limits);
/* All endpoints of a port, whatever their state: malloc'd, sorted. used: by a resolve of this scope (forward is left at 0). */
struct plan_endpoint *resolve_all(const struct plan *p, const struct svc *s, const struct service_port *port,
				  uint8_t family, enum scope scope, size_t *n);
/* Addresses of ready endpoints on this node, over all ports, each once. */
uint32_t resolve_local_ready(const struct plan *p, const struct svc *s, uint8_t family);
bool scope_only_local(const struct service *service, enum scope scope); /* by the traffic policy */
void backend_unref(struct backend *b);
bool backend_equal(const struct backend *a, const struct backend *b);
struct real backend_real(const struct backend *b,
			 uint32_t i); /* i < n + leaving; the leaving ones are behind those in service */

/* knobs.c: what a Service's annotations say of its virtual servers; what is wrong goes to s->found and counts as not said */
struct knobs {
	char sched[8];
	uint32_t flags;
	int forward; /* -1: none */
	uint32_t drain_s;
	struct limits limits; /* the tunnel is that of what is forwarded by TUN */
	uint8_t granularity4, granularity6;
};
void knobs_read(const struct plan_config *config, struct svc *s, struct knobs *out);

/* compile.c: compiles s->wants' successors into *wants, s->vips' into *vips, problems into s->found */
/* Whether virtual servers with this address are left to others (excludeCIDRs). */
bool plan_excludes(const struct plan_config *c, const struct addr *a);
void compile_service(const struct plan *p, struct svc *s, struct want **wants, size_t *n_wants, struct vip_want **vips,
		     size_t *n_vips);

/* claims.c */
/* Replaces what s wants (wants are taken over, sorted by key). */
void claims_replace(struct plan *p, struct svc *s, struct want *wants, size_t n);
/* Calls back what differs from before the first replacement, by key. */
void claims_flush(struct plan *p, const struct plan_out *out);
/* Reals of the virtual server that is called back. Zero-initialise; free items. */
struct real_buf {
	struct real *items;
	size_t cap;
};
struct vs want_vs(const struct want *w, struct real_buf *buf);
const struct want *claims_holder(const struct plan *p, const struct vs_key *k);
/* Adds a problem that names the winners of what s wants and does not have. */
void claims_conflicts(const struct plan *p, const struct svc *s, struct problems *problems);
void claims_free(struct plan *p);
bool ranges_equal(const struct ranges *a, const struct ranges *b); /* NULL is fine */
void wants_free(struct want *wants, size_t n);

/* view.c */
void view_service(const struct plan *p, const struct svc *s, void (*each)(void *arg, const struct service_view *v),
		  void *arg);
int svc_name_cmp(const char *a, const char *b); /* "namespace/name" by namespace, then name */

/* vips.c */
void vips_replace(struct plan *p, struct svc *s, struct vip_want *vips, size_t n); /* takes vips over */
/* Whether its endpoints are on this node is another thing now. */
void vips_local_changed(struct plan *p, const struct svc *s);
void vips_add(struct plan *p, const struct addr *a, struct svc *s, enum vip_kind kind);
void vips_remove(struct plan *p, const struct addr *a, const struct svc *s, enum vip_kind kind);
/* Counts that a manifest names the address, or that it is a host's; true at the first and the last. */
bool vips_named(struct plan *p, const struct addr *a, bool add);
bool vips_hosted(struct plan *p, const struct addr *a, bool add);
const struct addr_use *vips_find(const struct plan *p, const struct addr *a); /* NULL if nothing knows of it */
struct vip use_vip(const struct plan *p, const struct addr_use *u);
void vips_flush(struct plan *p, const struct plan_out *out);
void vips_free(struct plan *p);

/* told.c */
/* healthCheckNodePort that is answered here, as by kube-proxy: of a load balancer, whosever it is, with policy Local; 0: none. */
uint16_t service_health_port(const struct plan *p, const struct svc *s);
void told_report(struct plan *p, struct svc *s, const struct plan_out *out);

#endif
