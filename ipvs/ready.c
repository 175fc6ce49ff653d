/* Decides whether the table is there. Source: DESIGN.md, "Life and death": a node with an empty table must not win a VIP. Test: tests/test_ready.c */
#include "ready.h"

const char *ready_why_not(const struct ready_view *v)
{
	if (!v->kernel)
		return "IPVS does not answer";
	if (!v->passed)
		return "the first picture is not programmed yet";
	if (2 * v->missing > v->wanted)
		return "the kernel refused most virtual servers";
	if (v->behind >= READY_BEHIND)
		return "the table is behind what is wanted";
	return NULL;
}
