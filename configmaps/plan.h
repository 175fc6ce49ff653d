/* Objects -> desired state, incrementally: cost follows change. Pure: takes values, returns values; time (wall seconds) is given.
 * The plan holds pointers to objects that the caller keeps alive until the call that replaces or drops them has returned.
 *
 *   plan_put / plan_drop / plan_set_locals  mark what is concerned dirty
 *   plan_run  resolves (endpoints), grants (cluster IPs, node ports, VIPs), claims (address:port:proto), compiles, and calls back the changes
 */
#ifndef VIPD_CONFIGMAPS_PLAN_H
#define VIPD_CONFIGMAPS_PLAN_H

#include "../ipvs/table.h"
#include "../src/base/vip.h"
#include "object.h"
#include "pool.h"
#include "record.h"

enum handle {
	HANDLE_LOADBALANCER = 1,
	HANDLE_CONFIGMAP = 2,
	HANDLE_EXTERNALIP = 4,
	HANDLE_NODEPORT = 8,
	HANDLE_CLUSTERIP = 16,
	HANDLE_ALL = 31
};

enum { PLAN_NETS = 16 };

struct plan_config {
	unsigned handle;                 /* enum handle bits */
	const char *interface;           /* for client VIPs */
	const char *vip_configmap;       /* "namespace/name"; NULL: no VIP ConfigMap is read */
	const char *load_balancer_class; /* own class; Services without a class are ours too if default_class */
	bool default_class;
	bool allocate;
	bool allow_unpooled;          /* an address that is in no pool may be asked for */
	struct cidr cluster_cidrs[2]; /* serviceClusterCIDR, IPv4 and/or IPv6; n_cluster_cidrs */
	size_t n_cluster_cidrs;
	uint16_t node_port_first, node_port_last; /* 30000, 32767 */
	struct pool *pools;
	size_t n_pools;
	char default_scheduler[SCHED_NAME];     /* "rr" */
	uint32_t drain_s;                       /* of Services that say nothing: 300 */
	struct cidr external_ranges[PLAN_NETS]; /* where externalIPs may be; none: anywhere */
	uint8_t n_external_ranges;
	struct cidr node_port_nets[PLAN_NETS]; /* node ports on addresses of this node in these; none: on all */
	uint8_t n_node_port_nets;
	struct cidr excluded[PLAN_NETS]; /* virtual servers in these are left to others */
	uint8_t n_excluded;
	const char *node_name;        /* of this node, for traffic policy Local; NULL: no endpoint is local */
	enum forward default_forward; /* for addresses that clients use; cluster IPs and node ports are always NAT */
};

/* What a run changed of a Service as a whole. */
struct service_change {
	const struct object *object;    /* of one that was dropped only kind, namespace and name */
	const char *uid;                /* given or derived; "" of one that was dropped */
	bool balancer, was_balancer;    /* a load balancer that is ours */
	const struct addr *vips, *were; /* its load balancer and ConfigMap addresses, sorted */
	size_t n_vips, n_were;
	bool idle, was_idle; /* it has virtual servers, and none of them has a real server */
	/* externalTrafficPolicy Local, and an address for clients without a ready endpoint of its family on this node. */
	bool no_local, was_no_local;
	uint16_t
	    health_port; /* healthCheckNodePort of a load balancer with that policy, where node ports are handled; 0: none */
	bool health_v4, health_v6; /* the families that it answers on */
	uint32_t local_ready[2];   /* with a health_port: addresses of ready endpoints on this node, IPv4 and IPv6 */
};

/* What changed. All pointers live until the callback returns. */
struct plan_out {
	void (*vs_set)(void *arg, const struct vs *v);
	void (*vs_delete)(void *arg, const struct vs_key *k);
	void (*vip_set)(void *arg, const struct vip *v);
	void (*vip_delete)(void *arg, const struct addr *a);
	/* A problem with an object began or changed (message), or ended (message NULL). reason: CamelCase word as Events have.
	 * Of an object that was dropped o has only kind, namespace and name. */
	void (*problem)(void *arg, const struct object *o, const char *reason, const char *message);
	void *arg;
	/* After the others, before the problems; once for each Service of which one of these is new. NULL: nobody asks. */
	void (*service)(void *arg, const struct service_change *c);
};

/* Nothing is done: for who asks the plan afterwards. */
extern const struct plan_out plan_out_none;

/* Where a person keeps a VIP ConfigMap in the folder, the record of another node has this behind its name. */
#define PLAN_RECORD_SUFFIX "-record"

struct plan;
/* config is copied. record is borrowed and is changed by plan_run: allocations that the plan makes and gives up. */
struct plan *plan_new(const struct plan_config *config, struct record *record);
void plan_free(struct plan *p);

/* Adds or replaces an object (identity: kind, namespace, name). The former one must live until this has returned. */
void plan_put(struct plan *p, const struct object *o);
void plan_drop(struct plan *p, enum kind kind, const char *namespace, const char *name);
void plan_set_locals(struct plan *p, const struct addr *addrs, size_t n);
bool plan_dirty(const struct plan *p);
/* Brings the desired state up to date and calls back what differs from the last run. now: wall clock, Unix seconds. */
void plan_run(struct plan *p, int64_t now, const struct plan_out *out);

/* The whole desired state, for pictures and for vipctl: sorted. */
void plan_each_vs(struct plan *p, void (*each)(void *arg, const struct vs *v), void *arg);
void plan_each_vip(struct plan *p, void (*each)(void *arg, const struct vip *v), void *arg);

/* Whether the address is a VIP (one that is added and removed), as the callbacks tell it. */
bool plan_vip_get(const struct plan *p, const struct addr *a, struct vip *out);

/* Whether vipd alone has a say in what answers on the address: it is added and removed, not excluded, and the VIP ConfigMap does not name it without a Service (as an
 * address for somebody else's program). */
bool plan_vip_guarded(const struct plan *p, const struct addr *a);
/* Whether plan_vip_guarded may be new for addresses whose virtual servers were not called back; asking forgets it. */
bool plan_vips_turned(struct plan *p);

/* What a person wants to know of a Service: valid inside the callback. */
struct service_view {
	const struct object *object;
	const char *uid; /* given or derived */
	const struct addr *cluster_ips;
	size_t n_cluster_ips;
	const struct addr *vips; /* load balancer and ConfigMap addresses that it has */
	size_t n_vips;
	const uint16_t *node_ports;   /* one a port; 0 none */
	const char *reason, *message; /* its problem, or NULL */
	const struct real *endpoints; /* those in use, over all ports, as address:target port; sorted, unique */
	size_t n_endpoints;
	size_t n_idle;                     /* those that are not in use follow behind: not ready, or terminating */
	const char *const *endpoint_ports; /* names of ports ("" if none), parallel to endpoints */
	int64_t since;                     /* creationTimestamp, or when the plan first saw it */
};
void plan_each_service(struct plan *p, void (*each)(void *arg, const struct service_view *v), void *arg);
/* What the plan knows of one address, port and protocol: why a virtual server is wanted so, or why there is none. All of it lives until the callback
 * returns. */
struct plan_endpoint {
	struct real real; /* forward: as of the virtual server */
	uint8_t flags;    /* EP_* */
	bool local;       /* on this node, as far as is known */
	bool used;        /* is one of the real servers */
};
struct plan_answer {
	const struct service_view
	    *service;        /* whose it is or, where there is no virtual server, would be; NULL: nobody's */
	const struct vs *vs; /* what is wanted; NULL: nothing. Its gate is 0 */
	const char *source;  /* where the endpoints come from: "EndpointSlices", "Endpoints", "Pods" */
	bool only_local;     /* the traffic policy takes endpoints of this node alone, if there are any */
	const struct plan_endpoint *endpoints; /* of that port, those that are not used too */
	size_t n_endpoints;
	const char *const *reasons, *const *messages; /* the Service's problems */
	size_t n_problems;
	const char *const *ports; /* address known, port not: what there is, "TCP 80" */
	size_t n_ports;
};
void plan_explain(struct plan *p, const struct vs_key *k, void (*each)(void *arg, const struct plan_answer *a),
		  void *arg);
/* A pool and how full it is. */
struct pool_view {
	const struct pool *pool;
	unsigned __int128 size; /* addresses that may be given; 0 also of a whole IPv6 address space */
	size_t used;            /* of these: that Services have */
};
/* In the order in which they are tried. */
void plan_each_pool(struct plan *p, void (*each)(void *arg, const struct pool_view *v), void *arg);
/* The Services that use this VIP ("ns/name", sorted); returns how many were written to names (at most max). */
size_t plan_vip_services(struct plan *p, const struct addr *vip, const char **names, size_t max);
/* Whether it is a load balancer of ours without any address, as the service callback told. */
bool plan_balancer_waits(const struct plan *p, const char *namespace, const char *name);
/* The Service ("ns/name") behind a virtual server; NULL if there is none. */
const char *plan_vs_service(struct plan *p, const struct vs_key *k);

#endif
