/* The supervisor: keeps the children alive, stops them in order, replaces itself. It has all privileges and parses nothing from outside. */
#ifndef VIPD_SUPERVISOR_H
#define VIPD_SUPERVISOR_H

#include "places.h"
#include "spawn.h"

enum { VIPD_OK = 0, VIPD_FAILED = 1, VIPD_USAGE = 2, VIPD_CANNOT = 77, VIPD_BAD_CONFIG = 78 };

struct reexec;

struct supervisor_conf {
	struct spawn spawn;
	const struct places *places;
	const struct places_open *open;
	int lock_fd;
	const char *program; /* what SIGUSR2 executes: the path of this binary */
	int argc;
	char **argv;
	nsec_t patience;        /* how long a child may take to stop or to leave; 0: 5 s */
	nsec_t beat;            /* how often each child is asked whether its loop runs (team.h); 0: 3 s */
	struct reexec *carried; /* from an earlier image; NULL at a first start. Taken over. */
};

/* Runs until SIGTERM or SIGINT has been obeyed; returns vipd's exit code. SIGHUP reloads, SIGUSR1 logs the state and writes run_dir/state.json, SIGUSR2 replaces the
 * binary. A child that ends with 2, 77 or 78 before vipd was ready for the first time ends vipd with that code. */
int supervisor_run(const struct supervisor_conf *conf);

#endif
