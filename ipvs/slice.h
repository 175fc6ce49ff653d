/* A slice of work: a bounded number of virtual servers, each with its plan and its operations, applied together. */
#ifndef VIPD_IPVS_SLICE_H
#define VIPD_IPVS_SLICE_H

#include "judge.h"
#include "queue.h"
#include "sock.h"

struct item {
	const struct vs *want; /* in the wanted table; NULL: not wanted */
	struct pend *pend;     /* its entry in the queue; NULL: none */
	struct vs_key key;
	enum plan plan;
	bool fresh; /* recorded as ours by this slice */
	bool bad;   /* an operation was refused; the first one is: */
	const struct op *op;
	int error;
	uint32_t refused;
	uint32_t services, reals; /* operations made */
};

/* Operations and the item that each belongs to. */
struct item_ops {
	struct ops ops;
	uint32_t *item;
	size_t cap;
};

/* Adding virtual servers goes first, on its own: real servers follow only where it succeeded. The kernel runs the whole batch whatever fails in it, and the
 * real servers of a refused add would land in somebody else's virtual server. */
struct slice {
	struct item *items;
	size_t n, cap;
	struct item_ops adds, rest;
	struct table *have; /* what the kernel has, while operations point at it; NULL until needed */
	struct op_error *errors;
	size_t errors_cap;
	uint64_t done[OP_TYPES], refused[OP_TYPES]; /* operations, since the process began */
};

struct slice *slice_new(size_t servers);
void slice_free(struct slice *s);
void slice_reset(struct slice *s);
bool slice_full(const struct slice *s, size_t max_ops);
/* A new item, zeroed but for key. */
struct item *slice_item(struct slice *s, const struct vs_key *k);
/* Plans its operations: from have (NULL: absent) to it->want. have must live until slice_reset (slice_have). */
void slice_plan(struct slice *s, struct item *it, const struct vs *have);
/* Applies all but what belongs to items that are bad already; each item then has its verdict. -errno when the socket failed or errors were lost: nothing is known of any item. */
int slice_apply(struct slice *s, struct ipvs_sock *sock);
/* Stores a copy of what the kernel has and gives its place in *out. -EEXIST if a real server is there twice (the kernel's dump was disturbed). */
int slice_have(struct slice *s, const struct vs *v, const struct vs **out);

#endif
