/* Inside the ipvs process: what its parts share. ipvs.c runs it, intake.c takes what is wanted, tell.c tells the other processes. */
#ifndef VIPD_IPVS_IPVS_INT_H
#define VIPD_IPVS_IPVS_INT_H

#include "../src/base/child.h"
#include "drift.h"
#include "gate.h"
#include "modules.h"
#include "netfilter.h"
#include "reconcile.h"
#include "syncd.h"
#include "sysctls.h"

enum { PROBLEM_TEXT = 512 };

struct ipvs {
	struct child *child;
	struct reconcile r;
	struct drift drift;
	struct own *own;
	struct modules modules;
	struct gates gates;
	struct netfilter netfilter;
	struct sysctls sysctls;
	unsigned cpus; /* that there may be */
	struct syncd sync;
	struct loop_timer *work, *look, *drain, *reopen, *sync_look, *beat;
	nsec_t reopen_wait; /* 0: it answered when it was asked last, or was not asked yet */
	bool started;
	bool passed;                /* all of a first picture has been tried */
	nsec_t work_since;          /* there has been work to do since; 0: there is none */
	char (*waiting)[GATE_NAME]; /* what vrrp was told of the gates; GATES_MAX */
	size_t n_waiting;
	const char *told;    /* why the table may not be relied upon, as vrrp heard it last */
	uint64_t generation; /* accepted */
	bool acked;          /* ... and answered, with this: */
	struct msg_ack ack;
	size_t kept_picture, kept_rows;  /* bytes that the supervisor keeps for a successor */
	char problem[PROBLEM_TEXT];      /* why there is no IPVS; "" */
	char sync_problem[PROBLEM_TEXT]; /* why there is no connection sync as configured; "" */
	char record[PROBLEM_TEXT];       /* what was wrong with the ownership record; "" */
};

/* ---- ipvs.c ---- */

/* One slice of work, and when the next is due. */
void ipvs_run(struct ipvs *p);
/* An empty table and no record need no kernel. */
bool ipvs_needs_kernel(const struct ipvs *p);

/* ---- intake.c ---- */

/* A picture; the descriptor stays the caller's. -errno: it is refused, and nothing is changed. */
int ipvs_take_picture(struct ipvs *p, int fd, uint64_t generation);
/* Changes: all of the message or nothing. -EINVAL: they need a picture. */
int ipvs_take_rows(struct ipvs *p, const struct msg *m);
/* They were taken: the supervisor keeps them for a successor. */
void ipvs_keep_rows(struct ipvs *p, const struct msg *m);
/* vrrp: a router is Active here, or is not. */
void ipvs_take_role(struct ipvs *p, const struct msg *m);

/* ---- tell.c ---- */

/* control: something for a person; gone: it is over. */
void ipvs_note(struct ipvs *p, const char *object, const char *reason, const char *message, bool gone);
/* control: this generation is taken, and how much of it is not as wanted; if that is new. */
void ipvs_send_ack(struct ipvs *p);
/* NULL: this node's table may be relied upon; else a literal. */
const char *ipvs_why_not_ready(const struct ipvs *p);
/* vrrp: that. tell_ready: if it is new. */
void ipvs_send_programmed(struct ipvs *p);
void ipvs_tell_ready(struct ipvs *p);
/* vrrp: which routers have something behind a shut gate; if it is new, or anew. */
void ipvs_tell_waiting(struct ipvs *p, bool anew);
/* Why there is no IPVS, "" if there is; why it could not be opened. */
void ipvs_set_problem(struct ipvs *p, const char *text);
void ipvs_explain(struct ipvs *p, int err);
/* Connection sync runs, or not as configured. */
void ipvs_tell_sync(struct ipvs *p);
/* report_status of all of it; malloc'd. */
char *ipvs_status(struct ipvs *p, size_t *len);
/* MSG_ASK */
void ipvs_answer(struct ipvs *p, enum role from, const struct msg *m);

#endif
