/* The inside of the control process: what control.c and its parts share. Nobody else includes this.
 *
 *   control.c          start, reload, stop; folder -> plan -> outbox
 *   control_send.c     pictures, rows, generations, acknowledgements
 *   control_answer.c   the control socket's requests, questions to ipvs and vrrp, status
 *   control_explain.c  what the plan knows of one address and port
 *   control_record.c   the record on disk
 *   control_drain.c    real servers that a person drains
 *   control_events.c   what happened: Events, and the file that keeps them
 *   control_health.c   healthCheckNodePort
 *   control_http.c     probes, /health
 *   control_scrape.c   /metrics: what is asked, and the answer in pieces
 *   control_metrics.c  ... what control, ipvs and vrrp say of themselves
 *   control_state.c    the whole state as one document (SIGUSR1)
 *   control_due.c      what waits until the kernel has it
 *   control_settle.c   where objects stand in the folder; who waits until a change of it is programmed
 */
#ifndef VIPD_CONTROL_H
#define VIPD_CONTROL_H

#include "../configmaps/events.h"
#include "../configmaps/folder.h"
#include "assign.h"
#include "base/child.h"
#include "base/map.h"
#include "config.h"
#include "ctl_request.h"
#include "ctl_server.h"
#include "drained.h"
#include "http.h"
#include "metrics_text.h"
#include "notices.h"
#include "options.h"
#include "outbox.h"
#include "record_file.h"

/* The other end of one side: generations count from 1 in each life of control. */
struct side_state {
	uint64_t sent, acked;
	nsec_t wait, not_before; /* a picture was refused: when the next one may go, and how long that wait was */
	struct msg_ack last;
};

/* What waits until all that has been decided is programmed. */
struct due {
	struct due *next;
	struct control *control;
	uint64_t mark[OUTBOX_SIDES];                  /* the generation to wait for */
	bool marked[OUTBOX_SIDES];                    /* it is known: nothing of the decision waits in the outbox */
	void (*done)(struct due *d, bool programmed); /* false: control ends; frees d */
};

/* A question on its way to ipvs or vrrp. */
struct ask {
	struct ask *next;
	struct control *control;
	uint64_t id;
	enum role to;
	void (*done)(struct ask *a, const char *answer, size_t len); /* answer NULL: none came */
	struct loop_timer *timer;
	uint64_t client;            /* who waits */
	void *context;              /* control_ask */
	struct ctl_request request; /* get */
	struct status *status;      /* status, which of its parts */
	unsigned part;
	char *first; /* get vips: what vrrp said of the addresses, while its routers are asked for */
	size_t first_len;
};

/* What is counted for /metrics. */
struct tally {
	struct metrics_times reconcile;           /* passes of the plan */
	struct metrics_times apply[OUTBOX_SIDES]; /* from sending to the acknowledgement */
	uint64_t mark[OUTBOX_SIDES];              /* the generation that is timed; 0: none */
	nsec_t since[OUTBOX_SIDES];
	int64_t settled, reloaded; /* when last, Unix seconds; 0: never */
	bool reload_failed;        /* the last one */
};

struct control {
	struct child *child;
	const struct role_env *env;
	struct loop *loop;
	struct options options;
	struct config *config;
	struct assign *assign;     /* of the configuration's routers */
	struct record *record;     /* NULL: the one on disk cannot be read; nothing is planned then */
	struct record_stamp stamp; /* of its file */
	struct object_list hand;   /* what a person wrote into it, as a ConfigMap; the plan points to it */
	bool map_in_folder;        /* the folder has the VIP ConfigMap */
	struct drained drained;    /* by hand */
	bool drained_other;        /* the file is of another version: left alone until there is something to write */
	struct plan *plan;
	struct folder *folder;
	int cache_fd; /* state_dir/manifests-good, or -1 */
	struct outbox *outbox;
	struct side_state sides[OUTBOX_SIDES];
	struct notices *notices;
	struct events *events;
	struct health *health;
	struct web *web; /* control_http.c */
	struct tally tally;
	unsigned n_scrapes;     /* control_scrape.c */
	struct map *modes;      /* router -> its mode, one more than enum fsm_mode, as told last */
	struct due *dues;       /* the oldest first */
	struct due **dues_end;  /* where the next one goes */
	struct waiter *waiters; /* control_settle.c */
	struct due first;       /* the first pass, until it is programmed */
	bool fresh;             /* the plan's first run: what it tells may have been told before a restart */
	struct ctl_server *ctl;
	struct ask *asks;
	struct state_dump *dump; /* control_state.c, while one is under way */
	uint64_t last_ask;
	struct addr *locals;
	size_t n_locals;
	char *trouble; /* why the folder cannot be read; NULL: it can */
	bool settled, locals_known, planning, ready;
	struct loop_timer *gate;  /* first pass without vrrp */
	struct loop_timer *late;  /* the first pass is not programmed in time */
	struct loop_timer *keep;  /* Events that are to be written */
	struct loop_timer *retry; /* record that could not be written, picture that could not be sent */
};

/* control.c */
/* Runs the plan, saves the record, sends. */
void control_pass(struct control *c);

/* control_send.c */
/* The callbacks of plan_run that fill the outbox and the notices. */
extern const struct plan_out control_plan_out;
void control_send(struct control *c);
void control_acked(struct control *c, enum role from, const struct msg *m);
/* It could not use what it got: a picture follows, later each time. */
void control_again(struct control *c, enum role from, const struct msg *m);
/* The peer's channel came or went. */
void control_peer(struct control *c, enum role who, bool up);
/* Which router must be Active for it to be programmed here: 0, or one more than its index in the picture (DESIGN.md, "DR/TUN"). */
uint16_t control_gate(const struct control *c, const struct vs *v);
bool control_side(enum role who, enum outbox_side *out);

/* control_explain.c */
/* The reply to an explain, one line, malloc'd:
 * {"kind":"Explain", "node", "key", "service":{...}|null, "wanted":null|{"scheduler","flags","persistence","gate","reals":[{"address","port","forward",
 *  "weight"}]}, "source", "onlyLocal", "endpoints":[{"address","port","weight","ready","serving","terminating","local","used"}], "ports":[..],
 *  "problems":[{"reason","message"}], "vip":null|{"kind","interface","router"}, "sharedWith":["ns/name"]} */
char *control_explain(const struct control *c, const struct vs_key *k);

/* control_record.c */
/* Reads the record; leaves c->record NULL, with a notice, if it is bad. */
void control_record_load(struct control *c);
/* A reload: a record that was bad is read again, of a good one what a person wrote into it. */
void control_record_reload(struct control *c);
bool control_record_is_map(const struct control *c, const struct object *o); /* the VIP ConfigMap */
/* What a person wrote into the record, as a ConfigMap that lives until the next call; NULL: nothing. Not while a plan has the former one. */
const struct object *control_record_hand(struct control *c);
void control_record_map(struct control *c, bool there); /* whether the folder has the VIP ConfigMap */
void control_record_save(struct control *c);

/* control_drain.c */
void control_drain_load(struct control *c);
/* A request to drain, undrain or list, while there is a plan: the answer, malloc'd. */
char *control_drain(struct control *c, const struct ctl_request *q);
json_t *control_drained_json(const struct control *c); /* what is drained, as text */

/* control_due.c */
void control_due_add(struct control *c, struct due *d);
/* Something was sent or acknowledged: ends what is programmed. */
void control_due_look(struct control *c);
/* A side's channel is new: what it had is sent again. */
void control_due_again(struct control *c, enum outbox_side side);
/* Takes d out of the list; it is the caller's then. */
void control_due_take(struct control *c, struct due *d);
/* All of them, now. */
void control_due_end(struct control *c);

/* control_events.c */
/* state_dir/events.json; a file that cannot be read is told and left aside. */
void control_events_load(struct control *c);
void control_events_save(struct control *c);
void control_events_keep(void *arg); /* the timer */
void control_events_service(struct control *c, const struct service_change *change);
void control_events_problem(struct control *c, const struct object *o, const char *reason, const char *message);
void control_events_role(struct control *c, const struct msg *m);

/* control_health.c */
void control_health_init(struct control *c);
void control_health_end(struct control *c);
void control_health_service(struct control *c, const struct service_change *change);
/* Around a new plan's first run: what it does not tell of is gone. */
void control_health_replan(struct control *c);
void control_health_planned(struct control *c);
/* This node's addresses are others now, or a port may be free. */
void control_health_reopen(struct control *c);

/* control_http.c */
void control_http_init(struct control *c);
void control_http_end(struct control *c);
/* The configuration is another one: listens there, and no longer where it does not say so. */
void control_http_reload(struct control *c);

struct http_server *control_http_server(const struct control *c);

/* control_scrape.c */
/* Answers now (too many at a time) or later. */
void control_scrape(struct control *c, struct http_get *g);

/* control_metrics.c */
/* What the others answered to "status" and so on; NULL: nothing. */
struct metrics_parts {
	const json_t *ipvs, *vrrp, *routers, *health, *runner, *supervisor; /* their answers; NULL: there is none */
	size_t left_out;                                                    /* virtual servers without lines */
};
void control_metrics(struct control *c, const struct metrics_parts *p, struct metrics *m);

/* control_state.c */
enum { CONTROL_ITSELF = 0 }; /* in the place of a client's id: the answer is for control_state_part */
void control_state_begin(struct control *c);
void control_state_part(struct control *c, char *text, size_t len); /* takes text */
void control_state_end(struct control *c);

/* control_settle.c */
void control_where(struct control *c, uint64_t client, const struct ctl_request *q);
void control_settle(struct control *c, uint64_t client, const struct ctl_request *q);
/* The plan follows the folder. */
void control_settle_look(struct control *c);
void control_settle_end(struct control *c);

/* control_answer.c */
void control_reply_error(struct control *c, uint64_t client, const char *reason, const char *message);
void control_request(void *arg, uint64_t client, const char *line, size_t len);
/* The answer's descriptor stays the caller's. */
void control_answer(struct control *c, enum role from, const struct msg *m);
/* A question for somebody else than a client of the socket; the done function finds client and context in the ask. */
struct question {
	enum role to;
	const void *what;
	size_t len;
	uint64_t client;
	void *context;
};
void control_ask(struct control *c, const struct question *q,
		 void (*done)(struct ask *a, const char *answer, size_t len));
void control_asks_drop(struct control *c, enum role who); /* who has gone: nothing will come */
void control_asks_end(struct control *c);                 /* all of them, now, while there is a socket to answer on */
void control_note(struct control *c, enum role from, const struct msg *m);

#endif
