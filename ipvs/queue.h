/* What is not yet in the kernel as it is wanted: one entry a virtual server, with what is known of the kernel and when to try (again). Pure: time is given. */
#ifndef VIPD_IPVS_QUEUE_H
#define VIPD_IPVS_QUEUE_H

#include "../src/base/clock.h"
#include "table.h"

enum pend_state {
	PEND_DUE,      /* at the next pass */
	PEND_RETRY,    /* refused: when `due` has come */
	PEND_CONFLICT, /* somebody else's: when a look finds it gone */
};

struct pend {
	struct vs_key key;
	enum pend_state state;
	nsec_t due;             /* PEND_RETRY */
	nsec_t backoff;         /* the last one; 0 before the first failure */
	bool known;             /* `have` is what the kernel has; else it must be read */
	bool exists;            /* known: it is in the kernel at all */
	bool drift;             /* queued because the kernel changed, not what is wanted */
	struct vs have;         /* known and exists; its real servers are owned */
	uint32_t failed;        /* operations that the last try had refused */
	bool missing;           /* ... so that the kernel does not serve it, or it is not known whether */
	char sched[SCHED_NAME]; /* scheduler that the kernel did not know; "" none */
	const char *noted;      /* literal: the reason under which a person was told; NULL: not told */
	char *message;          /* noted: what was said; owned */
};

struct queue;

enum { BACKOFF_FIRST_MS = 100, BACKOFF_MOST_MS = 30000 };

struct queue *queue_new(void);
void queue_free(struct queue *q); /* NULL is fine */
size_t queue_count(const struct queue *q);
struct pend *queue_find(const struct queue *q, const struct vs_key *k);
/* The entry of k, made (due, unknown) if there is none. */
struct pend *queue_put(struct queue *q, const struct vs_key *k);
void queue_drop(struct queue *q, struct pend *p);
/* Walk in no particular order, *at from 0; the entry returned may be dropped. NULL at the end. */
struct pend *queue_each(const struct queue *q, size_t *at);

/* The kernel has this (a copy is kept), or nothing (NULL). */
void pend_know(struct pend *p, const struct vs *have);
void pend_forget(struct pend *p);
/* Refused: forgets what was known and waits 0.1 s, doubling to 30 s. */
void pend_fail(struct pend *p, nsec_t now);
/* Doubles a waiting time between the same bounds; 0 begins. */
nsec_t backoff_next(nsec_t last);

bool pend_is_due(const struct pend *p, nsec_t now);
/* Up to max entries that are due. */
size_t queue_due(const struct queue *q, nsec_t now, struct pend **out, size_t max);
/* When the next entry is due: 0 now, INT64_MAX never. */
nsec_t queue_next(const struct queue *q, nsec_t now);
/* Makes those that wait for this scheduler due. */
void queue_wake_scheduler(struct queue *q, const char *sched);
/* Sum of `failed`, and the number of conflicts. */
void queue_totals(const struct queue *q, uint32_t *failed, uint32_t *conflicts);
size_t queue_missing(const struct queue *q);

#endif
