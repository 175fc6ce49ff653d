/* Metrics as text: Prometheus 0.0.4, or OpenMetrics 1.0 for those who ask for it. Pure. A family is begun, then come its samples: a name, labels, a value. */
#ifndef VIPD_METRICS_TEXT_H
#define VIPD_METRICS_TEXT_H

#include "base/clock.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum metrics_type { METRICS_COUNTER, METRICS_GAUGE, METRICS_HISTOGRAM, METRICS_INFO };

/* Zero-initialise, but for `open`. The text is malloc'd and the owner's (metrics_clear); setting len to 0 begins it anew in the same memory. */
struct metrics {
	char *bytes;
	size_t len, cap;
	bool open; /* OpenMetrics */
	bool labelled;
	const char *family; /* a literal */
	char *kept;         /* metrics_keep */
	size_t n_kept, cap_kept;
	size_t labels; /* where those of the sample begin */
	enum metrics_type type;
};

void metrics_clear(struct metrics *m);

/* Whether a request's Accept prefers OpenMetrics; "" is no such header. */
bool metrics_accept_open(const char *accept);
const char *metrics_content_type(bool open);

/* The name is that of the samples without what their type adds (_total, _info, _bucket). Both literals. */
void metrics_family(struct metrics *m, enum metrics_type type, const char *name, const char *help);
/* A sample of the family: begin, labels, value. */
void metrics_begin(struct metrics *m);
void metrics_label(struct metrics *m, const char *name,
		   const char *value); /* any text; what is not UTF-8 becomes '?' */
void metrics_label_number(struct metrics *m, const char *name, uint64_t value);
/* Keeps the labels of the sample that is begun, for others with the same ones: metrics_begin_kept begins a sample that has them already. What is kept stays
 * until the next metrics_keep. */
void metrics_keep(struct metrics *m);
void metrics_begin_kept(struct metrics *m);
void metrics_value(struct metrics *m, uint64_t value);
void metrics_value_seconds(struct metrics *m, nsec_t value);
/* The three in one, with no label or with one. */
void metrics_single(struct metrics *m, uint64_t value);
void metrics_of(struct metrics *m, const char *label, const char *of, uint64_t value);
/* What ends the text. */
void metrics_end(struct metrics *m);

/* How long something took, so often. */
enum { METRICS_BOUNDS = 14 };
struct metrics_times {
	uint64_t counts[METRICS_BOUNDS + 1]; /* by the least bound that holds it; the last: none does */
	nsec_t sum;
};
void metrics_times_add(struct metrics_times *t, nsec_t took);
/* All samples of one histogram; the label may be NULL. */
void metrics_times(struct metrics *m, const char *label, const char *of, const struct metrics_times *t);

#endif
