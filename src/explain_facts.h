/* What vipd answered, and what this node's kernel says -> the facts that explain reasons from. */
#ifndef VIPD_EXPLAIN_FACTS_H
#define VIPD_EXPLAIN_FACTS_H

#include "explain.h"

#include <jansson.h>

/* vipd's answers, borrowed; any of them may be NULL but the first. */
struct explain_answers {
	json_t *plan;    /* to {"verb": "explain"} */
	json_t *servers; /* items of get virtualservers, of this key; NULL: the ipvs process does not answer */
	json_t *vips;    /* items of get vips, of this address; NULL: the vrrp process does not answer */
	json_t *routers; /* items of get vrrp */
	json_t *status;
};

struct explain_loaded {
	struct explain_facts facts; /* its strings are the answers' or this one's */
	struct explain_endpoint *endpoints;
	struct explain_real *reals;
	struct explain_problem *problems;
	struct cidr *ranges;
	char *service, *selector, *ports;
};

/* Fills in all but what only the kernel of this node knows: routes, sysctls, the client. */
void explain_facts_load(const struct vs_key *k, const struct explain_answers *a, struct explain_loaded *out);
void explain_facts_clear(struct explain_loaded *l);

#endif
