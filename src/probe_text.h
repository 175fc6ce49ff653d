/* What /healthz, /livez and /readyz answer: the Kubernetes API server's text. Pure. */
#ifndef VIPD_PROBE_TEXT_H
#define VIPD_PROBE_TEXT_H

#include <stdbool.h>

enum { PROBE_LIVEZ = 1, PROBE_READYZ = 2 };

struct probe_check {
	const char *name;
	unsigned in; /* PROBE_ bits; /healthz has them all */
	bool good;
};

/* The answer to a path and its query, malloc'd; *status: 200 or 500. The list of checks ends with a NULL name. NULL: no such path. */
char *probe_answer(const char *path, const char *query, const struct probe_check *checks, int *status);

#endif
