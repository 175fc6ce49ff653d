/* The child processes: started, joined by channels, given back what they had accepted. Mechanics only: when to start or stop one is the
 * supervisor's decision. */
#ifndef VIPD_TEAM_H
#define VIPD_TEAM_H

#include "kept.h"
#include "places.h"
#include "spawn.h"

struct team;

struct team_ops {
	void (*ready)(void *arg, enum role r); /* MSG_READY */
	void (*reexec)(void *arg);             /* MSG_REEXEC of control; NULL: passed over */
	void (*state)(void *arg, int fd);      /* MSG_STATE of control; fd is closed afterwards */
	/* The process has ended and is no member any more; status as waitpid(2) gives it, lived since its start. */
	void (*gone)(void *arg, enum role r, int status, nsec_t lived);
};

/* What outlives an exec of the supervisor, one a running member. */
struct team_member {
	pid_t pid;
	int channel; /* the supervisor's end */
	bool ready;
	struct kept kept;
};

/* Everything pointed to must outlive the team. */
struct team *team_new(struct loop *l, const struct spawn *spawn, const struct places *places,
		      const struct places_open *open, int argc, char **argv, const struct team_ops *ops, void *arg);
/* Closes the channels (the children see the supervisor gone) and forgets the rest. */
void team_free(struct team *t);

/* Starts the roles of the set (1 << role) that have a main and do not run: all are forked first, then joined to each other and to those that run,
 * then given what is kept, then MSG_START. 0, or the first error: -errno; those that could not be forked do not run. */
int team_start(struct team *t, unsigned roles);

/* Asks each process that answers by this vipd's rules whether its loop runs, and kills one that has left UNANSWERED questions without an answer: it hangs.
 * Questions are counted, not time: after a sleep of the whole machine nobody is late. */
enum { UNANSWERED = 10 };
void team_ping(struct team *t);

/* Tells a running role; false when it does not run or does not listen. */
bool team_order(struct team *t, enum role r, enum msg_type order);
void team_kill(struct team *t, enum role r);
bool team_runs(const struct team *t, enum role r);
bool team_ready(const struct team *t, enum role r);
pid_t team_pid(const struct team *t, enum role r);

/* SIGCHLD: collects what has ended and calls gone for members. other is called for what is no member (may be NULL). */
void team_reap(struct team *t, void (*other)(void *arg, pid_t pid, int status), void *arg);

/* What the supervisor itself remembers, to look at (reexec.c). -1 in channel when the role does not run. */
void team_look(const struct team *t, enum role r, struct team_member *out);
/* Takes over a process that an earlier image of the supervisor started. Takes the channel and the kept bytes. */
void team_adopt(struct team *t, enum role r, struct team_member *m);
/* Waits until all that was said to the children is in their sockets, at most within. */
void team_flush(struct team *t, nsec_t within);

/* Logs one line a role (SIGUSR1). */
void team_dump(const struct team *t);

#endif
