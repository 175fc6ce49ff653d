/* Two plans as lines that people know, ipvsadm's and ip's: what one has and the other has not. */
#ifndef VIPD_PLAN_DIFF_H
#define VIPD_PLAN_DIFF_H

#include "../configmaps/plan.h"
#include "assign.h"

#include <stdio.h>

/* Prints each virtual server that differs, with its real servers, and each address, "-" before what goes, "+" before what comes, " " before what
 * is there to tell where; sorted. assign fills in the addresses' interfaces. Returns how many lines have - or +. */
size_t plan_diff(struct plan *before, struct plan *after, const struct assign *assign, FILE *to);

#endif
