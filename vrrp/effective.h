/* A router's effective priority, from its configuration and what it tracks. Pure; keepalived's meaning of weights. */
#ifndef VIPD_VRRP_EFFECTIVE_H
#define VIPD_VRRP_EFFECTIVE_H

#include "../src/base/router.h"

enum track_now { TRACK_UNKNOWN, TRACK_DOWN, TRACK_UP };

struct track_state {
	enum track_now now;
	int value; /* TRACK_FILE: the integer */
};

/* What the weights of all tracked things add up to. What is not known yet counts for nothing. */
int effective_delta(const struct router *r, const struct track_state *s);
/* Which of them puts the router in Fault: it is down, or not known yet, and its weight is 0 or TRACK_FAULT; of a file with such a weight any number but
 * 0, of another one a number that comes to -254 or less. NULL if none. */
const struct track *effective_fault(const struct router *r, const struct track_state *s);
/* A literal for a cause: "a tracked script is down". */
const char *effective_fault_cause(const struct track *t);
/* How much the priority rises where `here` of a router's `of` VIPs with traffic policy Local have an endpoint on this node: 0..LOCAL_RISE. */
enum { LOCAL_RISE = 20 };
int effective_local(size_t here, size_t of);
/* 1..254 from a base below 255; an owner stays 255. 1 when the node is not ready. */
uint8_t effective_priority(uint8_t base, int delta, bool ready);

#endif
