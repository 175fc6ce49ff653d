/* The packet filter's side of the ipvs process: keeps sets and rules as they are wanted, and mends what somebody takes away. Rules are put in by the runner. */
#ifndef VIPD_IPVS_NETFILTER_H
#define VIPD_IPVS_NETFILTER_H

#include "../src/base/child.h"
#include "beside.h"
#include "rules.h"
#include "setsock.h"

enum { NETFILTER_FAMILIES = 2, MARKERS_MAX = 8, NETFILTER_PROBLEM = 320 };

/* What headers tell of one family. */
struct nf_seen {
	bool any; /* a set of vipd's is there */
	bool exists[SET_COUNT];
	uint32_t references[SET_COUNT], entries[SET_COUNT], buckets[SET_COUNT];
	bool marker; /* that of the wanted rules */
	uint32_t marker_references;
	char others[MARKERS_MAX][SET_NAME]; /* markers of other rules, and a set that was replaced or is half made */
	size_t n_others;
	unsigned kube; /* kube-proxy's sets, of both families */
};

enum nf_step { NF_IDLE, NF_LISTING, NF_RESTORING };

struct nf_family {
	uint8_t family;
	bool settled; /* as wanted, or tried and told why not */
	bool removing;
	enum nf_step step; /* what the runner is asked */
	unsigned place;    /* NF_LISTING */
	struct rules_text stale[RULES_JUMPS];
	unsigned scan;                   /* the set to be read next */
	bool read[SET_COUNT];            /* it was, since the start */
	uint32_t buckets[SET_COUNT];     /* as last seen */
	nsec_t backoff, retry;           /* after a failure; 0: none */
	char problem[NETFILTER_PROBLEM]; /* "" none */
	uint64_t installed;              /* times */
};

struct netfilter_ops {
	/* Something for a person; gone: it is over. reason is a literal. */
	void (*note)(void *arg, const char *object, const char *reason, const char *message, bool gone);
	/* netfilter_ready may be new. */
	void (*progress)(void *arg);
};

struct netfilter {
	const struct netfilter_ops *ops;
	void *arg;
	struct child *child;
	struct nat_settings settings;
	bool pictured;
	struct sets *sets;
	struct setsock *sock; /* NULL until needed */
	struct loop_timer *timer;
	struct nf_family families[NETFILTER_FAMILIES];
	uint64_t mended;    /* entries and rules that somebody had taken away */
	unsigned kube_sets; /* as last seen */
	struct beside beside;
};

void netfilter_init(struct netfilter *n, struct child *c, const struct netfilter_ops *ops, void *arg);
void netfilter_clear(struct netfilter *n);
/* A whole table, then changes: before the kernel's IPVS learns of them. */
void netfilter_picture(struct netfilter *n, struct table *want, const struct nat_settings *s);
void netfilter_change(struct netfilter *n, const struct vs *old, const struct vs *new);
/* Brings the sets up to date now, or (SETS_ADD) only to where nothing lacks. */
void netfilter_apply(struct netfilter *n, enum sets_part part);
/* Sets and rules are as wanted, or it is known why they cannot be. */
bool netfilter_ready(const struct netfilter *n);
/* MSG_RAN: true if it was an answer to netfilter. */
bool netfilter_ran(struct netfilter *n, const struct msg *m);
/* The runner came (again) or went. */
void netfilter_runner(struct netfilter *n, bool up);
/* Tells again what was told. */
void netfilter_renote(struct netfilter *n);

#endif
