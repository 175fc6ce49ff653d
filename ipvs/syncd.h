/* Starts, checks and stops the kernel's sync daemons, and sets what goes with them. */
#ifndef VIPD_IPVS_SYNCD_H
#define VIPD_IPVS_SYNCD_H

#include "sock.h"

/* Zero-initialise. */
struct syncd {
	struct sync_settings want;
	bool ours[2];        /* [true]: the sender */
	bool runs[2];        /* as of the last look */
	unsigned ifindex[2]; /* what it was started on; 0: not known. One whose interface was made anew sends nowhere */
	int error; /* why it does not run as wanted: negative errno, 0 fine; -EBUSY: somebody else's daemon runs with other settings */
	int sysctl;      /* why threshold and period could not be set */
	bool set;        /* they are, for `want` */
	uint64_t starts; /* of daemons, ever */
};

void syncd_want(struct syncd *d, const struct sync_settings *want);
/* Something is to be done (there are daemons to look after, or were). */
bool syncd_needed(const struct syncd *d);
/* Looks and puts right. adopt: take over what somebody else started. 0, also when d->error says that it is to be tried again; -errno: the socket failed. */
int syncd_look(struct syncd *d, struct ipvs_sock *s, bool adopt);
/* The end: stops what is ours. */
void syncd_stop(struct syncd *d, struct ipvs_sock *s);
/* For a person; NULL: nothing is wrong. buf of at least 200 bytes may be used. */
const char *syncd_problem(const struct syncd *d, char *buf, size_t size);

#endif
