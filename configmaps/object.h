/* Kubernetes objects as vipd needs them: typed, checked, with the place they were written. */
#ifndef VIPD_CONFIGMAPS_OBJECT_H
#define VIPD_CONFIGMAPS_OBJECT_H

#include "../src/base/addr.h"
#include "../src/base/arena.h"
#include "../src/base/diag.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum kind { KIND_SERVICE, KIND_ENDPOINTS, KIND_SLICE, KIND_POD, KIND_NODE, KIND_CONFIGMAP, KIND_COUNT };
const char *kind_name(enum kind k); /* "Service", "EndpointSlice"... */

struct str_pair {
	const char *key, *value;
	struct pos pos;
};
struct str_pairs {
	struct str_pair *items; /* sorted by key */
	size_t n;
};
const char *pairs_get(const struct str_pairs *p, const char *key); /* NULL if absent */
/* Every pair of `selector` is in `labels`. An empty selector selects nothing. */
bool pairs_select(const struct str_pairs *selector, const struct str_pairs *labels);

struct meta {
	const char *namespace; /* "default" when none was given; "" for Node */
	const char *name;
	const char *uid;  /* as written, or NULL */
	int64_t created;  /* creationTimestamp in Unix seconds; 0 if none */
	int64_t deleting; /* deletionTimestamp in Unix seconds; 0 if none */
	struct str_pairs labels, annotations;
};

enum service_type { SERVICE_CLUSTERIP, SERVICE_NODEPORT, SERVICE_LOADBALANCER, SERVICE_EXTERNALNAME };

struct service_port {
	const char *name; /* "" if none */
	uint8_t proto;    /* IPPROTO_* */
	uint16_t port;
	uint16_t target; /* 0 if target_name is set */
	const char *target_name;
	uint16_t node_port; /* 0 if none was given */
	struct pos pos;
};

struct addr_list {
	struct addr *items;
	size_t n;
};

/* spec.trafficDistribution: PreferClose is PreferSameZone. */
enum distribution { DISTRIBUTE_ALL, DISTRIBUTE_ZONE, DISTRIBUTE_NODE };

struct service {
	enum service_type type;
	bool headless;                /* clusterIP None */
	struct addr_list cluster_ips; /* as given: 0..2 */
	struct addr_list external_ips;
	bool v4, v6;                     /* ipFamilies; both false: not given */
	bool require_dual, prefer_dual;  /* ipFamilyPolicy */
	struct addr load_balancer_ip;    /* family 0 if none */
	const char *load_balancer_class; /* NULL if none */
	struct addr_list ingress;        /* status.loadBalancer.ingress[].ip with ipMode VIP or none */
	struct addr_list proxied;        /* ... with ipMode Proxy */
	struct str_pairs selector;
	bool client_ip;                      /* sessionAffinity ClientIP */
	uint8_t distribution;                /* enum distribution */
	uint32_t affinity_timeout;           /* seconds; default 10800 */
	bool external_local, internal_local; /* traffic policies */
	bool allocate_node_ports;
	bool publish_not_ready;
	struct cidr *source_ranges;
	size_t n_source_ranges;
	uint16_t health_check_node_port;
	struct service_port *ports;
	size_t n_ports;
};

enum { EP_READY = 1, EP_SERVING = 2, EP_TERMINATING = 4 };

struct endpoint {
	struct addr addr;   /* addresses[0] */
	uint8_t flags;      /* EP_* */
	uint16_t weight;    /* vipd.io/weight, default 1 */
	const char *node;   /* nodeName, NULL if none */
	const char *target; /* targetRef's name, NULL if none */
};

/* hints.forZones and forNodes: names, each with a comma behind it; NULL if none. */
struct endpoint_hints {
	const char *zones, *nodes;
};

struct endpoint_port {
	const char *name; /* "" if none */
	uint8_t proto;
	uint16_t port; /* 0: any, passed over */
};

/* An EndpointSlice is one part; an Endpoints object one part per subset (mirrored as the API server does: notReadyAddresses are not ready). */
struct endpoint_part {
	uint8_t family; /* AF_INET, AF_INET6 */
	struct endpoint *endpoints;
	size_t n;
	struct endpoint_hints *hints; /* one an endpoint; NULL: none has any */
	struct endpoint_port *ports;
	size_t n_ports;
};

struct endpoints {
	const char *service; /* the Service's name, same namespace */
	struct endpoint_part *parts;
	size_t n;
};

struct pod {
	struct addr_list ips;    /* status.podIPs, or podIP */
	bool ready, terminating; /* condition Ready; deletionTimestamp */
	bool finished;           /* phase Succeeded or Failed */
	const char *node;
	uint16_t weight;
	struct endpoint_port *ports; /* containerPorts that have a name */
	size_t n_ports;
};

struct node_object {
	struct addr_list addresses; /* InternalIP and ExternalIP */
};

struct configmap {
	struct str_pairs data;
};

/* One object, one arena or (arena NULL) one block of malloc that holds all of it. Read-only once made. */
struct object {
	enum kind kind;
	struct meta meta;
	const char *file; /* path as given to the parser; in the arena */
	struct pos pos;   /* where the object starts */
	uint64_t hash;    /* of the text it was read from: equal hash, equal object (same kind and name) */
	struct arena *arena;
	union {
		struct service service;
		struct endpoints endpoints;
		struct pod pod;
		struct node_object node;
		struct configmap configmap;
	};
};
void object_free(struct object *o);

struct object_list {
	struct object **items;
	size_t n, cap;
};
void object_list_add(struct object_list *l, struct object *o);
void object_list_clear(struct object_list *l); /* frees the objects too */

#endif
