/* A tug of war: another program keeps changing a virtual server that vipd keeps putting right (kube-proxy in IPVS mode rewrites what it does not know, each sync).
 * Said once, and waited longer before each next time: neither the kernel nor the other one is kept busy, and connections are cut less often. Pure: time is given. */
#ifndef VIPD_IPVS_TUG_H
#define VIPD_IPVS_TUG_H

#include "../src/base/clock.h"
#include "table.h"

enum {
	TUG_ROUNDS = 3,         /* so many times put right in a row are no accident */
	TUG_QUIET_S = 120,      /* a row ends when nobody changed it for so long: kube-proxy syncs each 30 s */
	TUG_WAIT_MOST_S = 60,   /* the wait doubles from 1 s to this */
	TUG_KEYS_MAX = 1 << 14, /* virtual servers that are watched; more are put right without a wait */
};

/* One thing that is put right again and again. Zero: never. */
struct tug_row {
	unsigned rounds; /* in a row */
	nsec_t last;
};
/* It is put right. True once a row: that makes it a tug of war. To be called behind tug_over. */
bool tug_healed(struct tug_row *t, nsec_t now);
/* How long to leave it as it is found now; 0: not at all. */
nsec_t tug_wait(const struct tug_row *t);
bool tug_on(const struct tug_row *t);
/* The row is over by now, if there was one. */
bool tug_over(const struct tug_row *t, nsec_t now);

/* Of virtual servers. */
struct tugs;

struct tugs *tugs_new(void);
void tugs_free(struct tugs *t); /* NULL is fine */
/* It was changed by somebody and is put right. Whether that makes it a tug of war: true once a row. To be called behind tugs_over. */
bool tugs_healed(struct tugs *t, const struct vs_key *k, nsec_t now);
/* How long to leave it as it is found now; 0: not at all. */
nsec_t tugs_wait(const struct tugs *t, const struct vs_key *k);
/* Those that are over by now, *at from 0: forgotten, the key of one in *k; false at the end. */
bool tugs_over(struct tugs *t, nsec_t now, size_t *at, struct vs_key *k);
/* Walks those that are going on, *at from 0; false at the end. */
bool tugs_each(const struct tugs *t, size_t *at, struct vs_key *k);
size_t tugs_count(const struct tugs *t); /* of those */

#endif
