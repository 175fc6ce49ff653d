/* The runner: the only process of vipd that starts programs, and only those of a fixed table. */
#ifndef VIPD_RUNNER_H
#define VIPD_RUNNER_H

#include "base/child.h"
#include "script.h"

#include <stdbool.h>

/* RUNNER_ORDERED: what may wait of the programs that run in order: two sizes of the notifier's queue, for a stop that comes while it is full. */
enum { RUNNER_FIXED_MAX = 3, RUNNER_ARGS_MAX = 5, RUNNER_AT_ONCE = 32, RUNNER_QUEUE = 64, RUNNER_ORDERED = 2048 };

/* At a stop what runs in order is finished, but not for longer. Below the supervisor's patience. */
#define RUNNER_LAST (4 * NSEC_PER_SEC)
/* The same where the supervisor has died: vrrp waits 5 s for the next one. */
#define RUNNER_ORPHAN (10 * NSEC_PER_SEC)

struct runner_program {
	const char *paths[2];                /* the first that is executable is taken; NULL: none */
	const char *fixed[RUNNER_FIXED_MAX]; /* arguments that stand before the caller's */
	unsigned args;                       /* how many the caller gives, at most RUNNER_ARGS_MAX */
	bool (*good)(const char *arg);       /* whether the caller may give this one */
	uint32_t limit_ms;                   /* longest time; a caller may ask for less */
	const char *const
	    *names;   /* the first argument names the program: one of these, in the usual folders; there are no paths */
	bool input;   /* the last argument goes to its standard input */
	bool script;  /* the first argument names a script (script.h); there are no paths */
	bool ordered; /* one at a time, in the order asked for, beside the others; finished at a stop */
};

/* Serves MSG_RUN with table[entry] (entry 0 is never used) until told to stop, and then ends what runs in order; returns the exit code. A request that names no entry or gives an
 * argument that is not good is answered with -EPERM, one that does not add up with -EINVAL, one too many with -EAGAIN, a script that may not be run with what
 * script_path says. rules: NULL if the table has no scripts. */
int runner_serve(struct child *c, const struct runner_program *table, size_t n, const struct script_rules *rules);

/* RUN_MODPROBE's argument: ip_vs, ip_vs_ and a scheduler of vipd's, dummy. */
bool runner_module_good(const char *name);
/* RUN_RULES_LIST's arguments behind the program: a built-in chain, a table. */
bool runner_chain_good(const char *arg);
/* A script's arguments: names, states, numbers. Printable, at most 64 bytes. */
bool runner_text_good(const char *text);

#endif
