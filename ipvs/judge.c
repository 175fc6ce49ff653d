/* Decides what is to be done with one virtual server, given what is wanted, what the kernel has and whose it is, and what the kernel's errors mean.
 * Source: DESIGN.md, "Rules that hold everywhere"; net/netfilter/ipvs/ip_vs_ctl.c for the errors. Test: tests/test_judge.c. */
#include "judge.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* The kernel knows no gate and no time of leaving; a real server of weight 0 that is not wanted may have been draining when the record was lost. */
static bool as_wanted(const struct vs *want, const struct vs *have)
{
	uint32_t h = 0;

	if (!vs_head_equal(want, have))
		return false;
	for (uint32_t w = 0; w < want->n; w++) {
		const struct real *r = &want->reals[w];

		if (r->until)
			continue;
		for (; h < have->n && real_cmp(&have->reals[h], r) < 0; h++)
			if (have->reals[h].weight)
				return false;
		if (h == have->n || real_cmp(&have->reals[h], r) != 0 || have->reals[h].weight != r->weight ||
		    have->reals[h].forward != r->forward)
			return false;
		h++;
	}
	for (; h < have->n; h++)
		if (have->reals[h].weight)
			return false;
	return true;
}

enum plan judge_plan(const struct vs *want, const struct vs *have, bool ours, bool adopt, bool lost)
{
	if (!want)
		return ours ? PLAN_DELETE : PLAN_NOTHING;
	if (!have)
		return PLAN_ADD;
	if (ours)
		return PLAN_APPLY;
	if (adopt || (lost && as_wanted(want, have)))
		return PLAN_TAKE;
	return PLAN_CONFLICT;
}

enum seen judge_seen(const struct vs *want, bool ours, const struct vs *head, int64_t num_reals)
{
	if (!want)
		return ours ? SEEN_STRAY : SEEN_FOREIGN;
	if (!vs_head_equal(want, head) || (num_reals >= 0 && num_reals != (int64_t)want->n))
		return SEEN_DIFFERS;
	return SEEN_SETTLED;
}

bool judge_real(const struct vs *want, const struct real *r)
{
	size_t lo = 0, hi = want->n;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int c = real_cmp(&want->reals[mid], r);
		if (c == 0)
			return want->reals[mid].weight == r->weight && want->reals[mid].forward == r->forward;
		if (c < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return false;
}

static bool is_head(enum op_type t)
{
	return t == OP_VS_ADD || t == OP_VS_EDIT;
}

enum remedy judge_error(const struct op *op, int error)
{
	if (op->type == OP_VS_DELETE && error == -ESRCH)
		return REMEDY_NONE;
	if (op->type == OP_REAL_DELETE && error == -ENOENT)
		return REMEDY_NONE;
	if (is_head(op->type) && error == -ENOENT)
		return REMEDY_SCHEDULER;
	if (error == -ESRCH || error == -EEXIST || error == -ENOENT)
		return REMEDY_REREAD;
	return REMEDY_RETRY;
}

static const char *verb(enum op_type t)
{
	switch (t) {
	case OP_VS_ADD:
	case OP_REAL_ADD:
		return "add";
	case OP_VS_EDIT:
	case OP_REAL_EDIT:
		return "change";
	case OP_VS_DELETE:
	case OP_REAL_DELETE:
		break;
	}
	return "delete";
}

char *judge_describe(const struct op *op, int error, char buf[JUDGE_TEXT])
{
	char real[REAL_TEXT];
	if (judge_error(op, error) == REMEDY_SCHEDULER) {
		snprintf(buf, JUDGE_TEXT,
			 "the kernel has no scheduler %.15s: load module ip_vs_%.15s on the host (install the kernel's "
			 "modules "
			 "package if it is not there) or choose another scheduler",
			 op->sched, op->sched);
		return buf;
	}
	bool is_real = op->type == OP_REAL_ADD || op->type == OP_REAL_EDIT || op->type == OP_REAL_DELETE;
	snprintf(buf, JUDGE_TEXT, "the kernel refused to %s %s%s: %s%s", verb(op->type),
		 is_real ? "real server " : "the virtual server", is_real ? real_format(&op->real, real) : "",
		 strerror(-error), error == -EPERM ? " (vipd's ipvs process needs CAP_NET_ADMIN)" : "");
	return buf;
}

size_t judge_scan_share(size_t count, size_t looks)
{
	return (count + looks - 1) / looks;
}

bool judge_missing(const struct vs *want, const struct op *op, uint32_t refused)
{
	return want && (!op || op->type == OP_VS_ADD || (want->n && refused >= want->n));
}
