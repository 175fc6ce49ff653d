/* The metrics of virtual servers and real servers, a piece at a time: they may be a million lines. Pure. */
#ifndef VIPD_METRICS_SERVERS_H
#define VIPD_METRICS_SERVERS_H

#include "../ipvs/counters.h"
#include "metrics_text.h"

/* Lines that one virtual server has, and more for each of its real servers. */
enum { METRICS_A_SERVER = 6, METRICS_A_REAL = 9 };

struct metrics_server {
	struct vs_key key;
	const char *namespace, *service; /* "" if no Service has it any more */
	struct counters counters;
	size_t first; /* of its real servers */
	uint32_t n;
};

struct metrics_servers {
	const struct metrics_server *items;
	size_t n;
	const struct counted_real *reals;
};

/* Zero-initialise. */
struct metrics_cursor {
	unsigned family;
	size_t server;
	uint32_t real;
	bool begun; /* the family's head is written */
};

/* Adds lines until there is more than `room` of text, or nothing left: then false. */
bool metrics_servers_next(const struct metrics_servers *s, struct metrics_cursor *at, size_t room, struct metrics *m);

#endif
