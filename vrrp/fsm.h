/* The VRRP state machine (RFC 9568 section 6; 5798 and 3768 where v2 differs) as a value: fsm_step(config, state, event) -> actions.
 * No clock, no socket, no log: time arrives in the event; the one running timer is state->deadline, which the shell re-arms.
 * Test: tests/test_fsm.c (a row for each state x event), tests/test_fsm_model.c (every order of messages, losses and delays up to a bound). */
#ifndef VIPD_VRRP_FSM_H
#define VIPD_VRRP_FSM_H

#include "../src/base/addr.h"
#include "../src/base/clock.h"

#include <stdbool.h>
#include <stdint.h>

struct fsm_config {
	uint8_t version;      /* 2, 3 */
	uint8_t priority;     /* 1..255; 255: the address owner */
	nsec_t interval;      /* Advertisement_Interval */
	bool preempt;         /* Preempt_Mode */
	nsec_t preempt_delay; /* wait so long after a start, or after an Active became a lesser one; 0 none */
	nsec_t startup_delay; /* wait so long in Backup before the first down timer runs; 0 none */
	struct addr self;     /* primary address: decides between equal priorities */
};

/* Fault is not the RFC's: Initialize, as long as what the router stands on is not there. */
enum fsm_mode { FSM_INITIALIZE, FSM_BACKUP, FSM_ACTIVE, FSM_FAULT, FSM_MODES };
const char *fsm_mode_name(enum fsm_mode m);   /* the RFC's words: "Initialize" "Backup" "Active" "Fault" */
const char *fsm_mode_notify(enum fsm_mode m); /* keepalived's words: "STOP" "BACKUP" "MASTER" "FAULT" */

enum fsm_event_type {
	EV_START,   /* startup, the gate opened; in Fault it counts afterwards; makes EV_STOP under way EV_YIELD */
	EV_STOP,    /* shutdown for good */
	EV_YIELD,   /* planned failover: give the role away and do not take it back while somebody else has it */
	EV_TIMER,   /* the deadline passed */
	EV_ADVERT,  /* a valid advertisement of another router; priority 0 lengthens no wait */
	EV_FAULT,   /* interface down, tracked thing down */
	EV_RECOVER, /* the fault is over */
	EV_CONFIG,  /* config's priority, interval or version is another: an Active tells it at once */
	EV_STALLED, /* the process was stopped longer than a peer's down interval: it listens before it sends */
	EV_TYPES
};

struct fsm_event {
	enum fsm_event_type type;
	nsec_t now;
	/* EV_ADVERT */
	uint8_t priority;
	nsec_t interval; /* the sender's Max Advertise Interval (v3); v2 ignores it */
	struct addr from;
};

#define FSM_NEVER INT64_MAX

struct fsm_state {
	enum fsm_mode mode;
	nsec_t deadline;        /* absolute; FSM_NEVER if no timer runs: Initialize and Fault only */
	nsec_t active_interval; /* Active_Adver_Interval */
	bool learned;           /* that of an Active, in v3; else it is the own */
	nsec_t skew;            /* Backup: the part of the wait that follows from the own priority */
	struct addr active;     /* who was heard last as Active; family 0 if nobody */
	uint8_t active_priority;
	bool started; /* between EV_START and EV_STOP: what ends a Fault leads on to Backup, else to Initialize */
	bool
	    leaving; /* Active: priority 0 was sent; the addresses answer until a successor is heard or the deadline passes */
	bool stopping;        /* leaving for good: Initialize comes next, else Backup */
	bool yielded;         /* Backup: obeys a lower priority until that router is gone */
	nsec_t hold_until;    /* no preemption before; 0: preempt_delay has not begun */
	nsec_t startup_until; /* no take-over before; 0 none */
	nsec_t asserted;      /* when a lesser or leaving router was last answered; 0 never */
	nsec_t reannounced;   /* when the addresses were last announced again because of a lesser Active; 0 never */
	nsec_t since;         /* when the mode was entered */
	const char *cause;    /* of the last transition, a literal */
};

/* In the order in which the shell does them. */
enum fsm_action {
	FSM_ADD = 1 << 0,        /* the addresses */
	FSM_ANNOUNCE = 1 << 1,   /* gratuitous ARP / unsolicited NA burst, and the second burst later */
	FSM_REANNOUNCE = 1 << 2, /* one burst: a lesser Active was heard, caches may be stale */
	FSM_SEND = 1 << 3,       /* an advertisement with actions.priority: whoever hears it may stop answering */
	FSM_REMOVE = 1 << 4,     /* the addresses */
	FSM_NOTIFY = 1 << 5,     /* the mode changed */
};

struct fsm_actions {
	unsigned what; /* enum fsm_action bits */
	uint8_t priority;
};

void fsm_init(struct fsm_state *s);

/* One step: changes *s, returns what the shell is to do now. FSM_SEND is asked of an Active alone (or of one that ceases to be it in this step);
 * FSM_ADD and FSM_REMOVE alternate; Backup and Active always have a deadline. e->now never goes back, and is not 0. */
struct fsm_actions fsm_step(const struct fsm_config *c, struct fsm_state *s, const struct fsm_event *e);

/* Skew_Time and Active_Down_Interval (RFC 9568 6.1) for a learned interval; v2: skew is (256 - priority) / 256 s (RFC 3768 6.1). */
nsec_t fsm_skew(const struct fsm_config *c, nsec_t active_interval);
nsec_t fsm_down_interval(const struct fsm_config *c, nsec_t active_interval);

#endif
