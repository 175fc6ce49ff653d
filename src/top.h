/* Two looks at the kernel's table -> what goes on in between, a second. Pure (JSON values in, rows out). */
#ifndef VIPD_TOP_H
#define VIPD_TOP_H

#include <jansson.h>
#include <stddef.h>

/* What to sort by, the most first; TOP_NAME: the order of the table. */
enum top_sort { TOP_BYTES, TOP_PACKETS, TOP_CONNECTIONS, TOP_ACTIVE, TOP_NAME, TOP_SORTS };
const char *top_sort_name(enum top_sort s);

enum { TOP_IN_PACKETS, TOP_OUT_PACKETS, TOP_IN_BYTES, TOP_OUT_BYTES, TOP_NEW, TOP_RATES };

struct top_row {
	char *name;          /* "TCP 10.0.0.1:80", of a real server "10.32.0.5:80" */
	const char *service; /* of a virtual server, or NULL: inside the second look */
	unsigned level;      /* 0: a virtual server; 1: one of its real servers */
	long long weight;    /* of a real server */
	long long active, inactive;
	double rates[TOP_RATES]; /* a second; TOP_NEW: new connections */
};

/* before, after: lists of VirtualServer as `vipctl get vs -o json` has them; seconds > 0 between them. What is new counts from 0, and so does what
 * was made anew in between (its counters went back). Rows are malloc'd; top_free. Each virtual server is followed by its real servers. */
struct top_row *top_rows(json_t *before, json_t *after, double seconds, enum top_sort by, size_t *n);
void top_free(struct top_row *rows, size_t n);

#endif
