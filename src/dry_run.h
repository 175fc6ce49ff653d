/* `vipd -n` and `vipd -nv`: everything is read and compiled, nothing is run or written. */
#ifndef VIPD_DRY_RUN_H
#define VIPD_DRY_RUN_H

#include "options.h"

#include "base/diag.h"
#include "config.h"

#include "../configmaps/folder.h"

#include <stdio.h>

/* The whole of it for main: diagnostics to stderr (to the log if that is the journal), with print the compiled state to stdout. 0; 78 if the configuration or a manifest has errors
 * (warnings do not count). With o->config_only the manifests are not read. */
int dry_run(const struct options *o, bool print);

/* Compiles what the folder holds with this configuration and record (borrowed; it is changed). What the plan finds wrong comes as warnings
 * at the objects' places. The plan is the caller's and must be freed before the folder. */
struct plan *dry_run_compile(const struct config *c, const struct folder *f, struct record *record,
			     struct diag_list *diags);
/* The compiled state as YAML documents: the Services with all that they were given, their endpoints, Nodes, the VIP ConfigMap. Reads back to
 * the same state. */
void dry_run_print(const struct config *c, const struct folder *f, struct plan *p, FILE *to);

#endif
