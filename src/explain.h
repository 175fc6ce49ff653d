/* Why an address and port does not answer, or might not: reasons from facts. Pure: whoever calls has looked everything up (vipctl_explain.c). */
#ifndef VIPD_EXPLAIN_H
#define VIPD_EXPLAIN_H

#include "../ipvs/table.h"

#include <stdbool.h>
#include <stddef.h>

/* What is not known is "unknown", and is no reason. */
enum explain_yes { EXPLAIN_UNKNOWN, EXPLAIN_NO, EXPLAIN_YES };

enum { EXPLAIN_IFNAME = 16 };

/* A way that packets take from this node. */
struct explain_route {
	enum explain_yes known; /* EXPLAIN_NO: there is none */
	bool blackhole;         /* there is one, and it drops or refuses */
	bool local;             /* the address is this node's own */
	bool gateway;           /* not on the link */
	char ifname[EXPLAIN_IFNAME];
	enum explain_yes neighbour; /* answers ARP/ND; EXPLAIN_NO: asked and nobody said a word */
};

struct explain_endpoint {
	struct addr addr;
	uint16_t port;
	bool ready, serving, terminating, local, used;
};

struct explain_real {
	struct addr addr;
	uint16_t port;
	enum forward forward;
	long long weight;
	bool wanted, in_kernel;
	long long in_packets, out_packets;  /* in the kernel, since it is there */
	size_t waiting, established, other; /* TCP connections: no answer yet, open, others */
	struct explain_route route;
};

struct explain_problem {
	const char *reason, *message;
};

struct explain_facts {
	struct vs_key key;
	const char *node;

	/* the plan */
	const char *service;  /* "ns/name"; NULL: nobody's */
	const char *selector; /* "app=web", "" if it has none */
	const char *source;   /* "Pods", "Endpoints", "EndpointSlices" */
	const char *ports;    /* the Service has the address, not the port: "TCP 80, TCP 443"; else "" */
	bool wanted;          /* a virtual server is wanted */
	bool only_local;      /* traffic policy Local */
	bool masqueraded;     /* clients beside the real servers, and those themselves, come from this node's address */
	const char *gate;     /* programmed only while this router is Active here; "" none */
	const struct explain_endpoint *endpoints;
	size_t n_endpoints;
	const struct explain_problem *problems; /* of the Service and of the address */
	size_t n_problems;
	const struct cidr *source_ranges; /* loadBalancerSourceRanges, where they hold for the address */
	size_t n_source_ranges;

	/* the kernel's table */
	bool ipvs_silent, vrrp_silent; /* the process does not answer */
	const char *ipvs_problem;      /* why there is no IPVS; NULL: there is */
	bool in_kernel, ours;
	const struct explain_real *reals; /* wanted ones and the kernel's, each once */
	size_t n_reals;

	/* the address */
	bool vip;                 /* vipd adds and removes it */
	bool cluster;             /* a cluster IP: on every node, for its own traffic and its pods' */
	bool host;                /* this node's own address (node ports) */
	bool held;                /* it is here now */
	bool vip_absent;          /* the vrrp process does not know of it */
	const char *why_not_held; /* as the vrrp process says it; "" or NULL: it has nothing to say */
	const char *interface;    /* where it is or would be */
	const char *router;       /* "" none */
	const char *state;        /* of the router here: "Active"... */
	const char *cause;        /* of its last change, or what is wrong */
	const char *active;       /* who is Active as far as this node has heard; "" nobody */
	const char *gate_state;   /* of the gate's router here */

	/* the node */
	enum explain_yes forwarding; /* net.ipv4.ip_forward, net.ipv6.conf.all.forwarding */
	enum explain_yes link;       /* interface is up and has a carrier */
	int rp_filter; /* on interface: the greater of its own and all's; -1 unknown, 0 off, 1 strict, 2 loose */

	/* the client */
	bool from;
	struct addr client;
	struct explain_route to_client; /* where the answers go */
};

enum explain_grade {
	EXPLAIN_BROKEN,    /* this keeps it from answering */
	EXPLAIN_ELSEWHERE, /* another node answers */
	EXPLAIN_DOUBT,     /* this may */
};

struct explain_finding {
	enum explain_grade grade;
	const char *reason; /* a CamelCase word, static */
	char *what, *todo;
};

struct explain_findings {
	struct explain_finding *items;
	size_t n, cap;
};

/* Adds every finding: first what is broken, in the order of the way a packet takes. */
void explain(const struct explain_facts *f, struct explain_findings *out);
void explain_findings_clear(struct explain_findings *l);

#endif
