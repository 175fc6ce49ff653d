/* Counters of virtual servers and their real servers, as control asks ipvs for them: all virtual servers at once ("heads"), then the real servers of some
 * ("reals" and their keys), a few each time, so that no question takes long. Both ends are the same program; who reads checks lengths. Pure. */
#ifndef VIPD_IPVS_COUNTERS_H
#define VIPD_IPVS_COUNTERS_H

#include "table.h"

/* Questions: the word, and behind "reals" at most COUNTERS_KEYS keys. */
#define COUNTERS_HEADS "heads"
#define COUNTERS_REALS "reals"
enum { COUNTERS_KEYS = 64 };

struct counters {
	uint64_t connections, in_packets, out_packets, in_bytes, out_bytes;
};

struct counted_head {
	struct vs_key key;
	struct counters counters;
};

struct counted_real {
	struct addr addr;
	uint16_t port;
	uint8_t drains; /* bool */
	uint32_t weight, active, inactive;
	struct counters counters;
};

/* An answer to "reals": for each key in order this, then its real servers. */
struct counted_reals {
	struct vs_key key;
	uint32_t n;
};

/* Bytes that grow. Zero-initialise; free(bytes). */
struct counters_out {
	char *bytes;
	size_t len, cap;
};
void counters_add_head(struct counters_out *o, const struct vs_key *k, const struct counters *c);
/* Begins a virtual server's real servers; counters_add_real counts them into it. Returns its place. */
size_t counters_add_key(struct counters_out *o, const struct vs_key *k);
void counters_add_real(struct counters_out *o, size_t place, const struct counted_real *r);
/* Takes back what was added since. */
void counters_drop(struct counters_out *o, size_t place);

/* How many heads an answer has; -1 if it is no such answer. */
long counters_heads(size_t len);
void counters_head(const void *bytes, size_t index, struct counted_head *out);
/* The next virtual server at *at, which starts at 0 and moves behind it; its real servers are read by counters_real. False at the end, or where the answer is
 * cut short. */
bool counters_next(const void *bytes, size_t len, size_t *at, struct counted_reals *out, size_t *reals);
void counters_real(const void *bytes, size_t reals, uint32_t index, struct counted_real *out);

#endif
