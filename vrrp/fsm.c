/* The VRRP state machine: one handler for each mode and event, all of them in the table at the end.
 *
 *                          EV_START, priority < 255
 *        +------------+ --------------------------------> +----------+
 *        | Initialize |                                   |  Backup  | <--+ better advertisement: restart the down timer
 *        +------------+ <-------------------------------- +----------+ ---+
 *           |     ^               EV_STOP                    |     ^
 *   EV_START|     | EV_STOP: priority 0, answer     down timer|     | better advertisement, EV_STALLED,
 *   owner   |     | until the successor is heard              |     | EV_YIELD: priority 0, answer until heard
 *           v     |                                           v     |
 *        +------------------------------------------------------------+
 *        |                          Active                            | <--+ advertisement timer: send
 *        +------------------------------------------------------------+ ---+
 *
 * EV_FAULT leads to Fault (an Active sends priority 0 first); EV_RECOVER leads from there where EV_START leads from Initialize, if EV_START was given.
 *
 * Source: RFC 9568 section 6.4 (numbers in the comments), with RFC 3768 for version 2. Beyond the RFC: a router that leaves goes on answering
 * until its successor advertises, so that a planned hand-over loses nothing. Test: tests/test_fsm.c, tests/test_fsm_model.c. */
#include "fsm.h"

#include <stddef.h>
#include <string.h>

enum { OWNER = 255, STOPS = 0 };

/* A lesser or leaving router is answered at once (RFC 9568 6.4.3), but not once for each packet of a flood. */
#define ANSWER_GAP(interval) ((interval) / 10)
#define REANNOUNCE_GAP       NSEC_PER_SEC

/* One step in progress. */
struct step {
	const struct fsm_config *c;
	struct fsm_state *s;
	const struct fsm_event *e;
	struct fsm_actions out;
};

const char *fsm_mode_name(enum fsm_mode m)
{
	static const char *const names[FSM_MODES] = {"Initialize", "Backup", "Active", "Fault"};
	return names[m];
}

const char *fsm_mode_notify(enum fsm_mode m)
{
	static const char *const names[FSM_MODES] = {"STOP", "BACKUP", "MASTER", "FAULT"};
	return names[m];
}

void fsm_init(struct fsm_state *s)
{
	*s = (struct fsm_state){.mode = FSM_INITIALIZE, .deadline = FSM_NEVER, .cause = "not started"};
}

nsec_t fsm_skew(const struct fsm_config *c, nsec_t active_interval)
{
	nsec_t base = c->version == 2 ? NSEC_PER_SEC : active_interval;

	return base * (256 - c->priority) / 256;
}

nsec_t fsm_down_interval(const struct fsm_config *c, nsec_t active_interval)
{
	return 3 * active_interval + fsm_skew(c, active_interval);
}

static nsec_t max_nsec(nsec_t a, nsec_t b)
{
	return a > b ? a : b;
}

static void enter(struct step *t, enum fsm_mode mode, const char *cause)
{
	t->s->mode = mode;
	t->s->since = t->e->now;
	t->s->cause = cause;
	t->s->leaving = t->s->stopping = false;
	t->out.what |= FSM_NOTIFY;
}

static void send(struct step *t, uint8_t priority)
{
	t->out.what |= FSM_SEND;
	t->out.priority = priority;
}

static nsec_t min_nsec(nsec_t a, nsec_t b)
{
	return a < b ? a : b;
}

/* The Active_Down_Timer. */
static void wait_until(struct step *t, nsec_t deadline)
{
	t->s->skew = fsm_skew(t->c, t->s->active_interval);
	t->s->deadline = max_nsec(deadline, t->s->startup_until);
}

static void wait_for_active(struct step *t)
{
	wait_until(t, t->e->now + fsm_down_interval(t->c, t->s->active_interval));
}

static void become_active(struct step *t, const char *cause)
{
	enter(t, FSM_ACTIVE, cause);
	send(t, t->c->priority);
	t->out.what |= FSM_ADD | FSM_ANNOUNCE;
	t->s->deadline = t->e->now + t->c->interval;
	t->s->yielded = false;
	t->s->active = t->c->self;
	t->s->active_priority = t->c->priority;
}

/* Obeys the sender: its interval counts in version 3 (RFC 9568 6.4.2: Active_Adver_Interval). */
static void obey(struct step *t)
{
	t->s->active = t->e->from;
	t->s->active_priority = t->e->priority;
	t->s->learned = t->c->version == 3;
	t->s->active_interval = t->s->learned ? t->e->interval : t->c->interval;
	wait_for_active(t);
}

static void become_backup(struct step *t, const char *cause)
{
	enter(t, FSM_BACKUP, cause);
	t->out.what |= FSM_REMOVE;
	t->s->hold_until = 0;
}

/* Initialize and Fault, EV_START and EV_RECOVER (RFC 9568 6.4.1). */
static void begin(struct step *t, const char *cause)
{
	t->s->learned = false;
	t->s->active_interval = t->c->interval;
	t->s->active = (struct addr){0};
	t->s->startup_until = t->c->startup_delay ? t->e->now + t->c->startup_delay : 0;
	t->s->hold_until = t->c->preempt_delay ? t->e->now + t->c->preempt_delay : 0;
	if (t->c->priority == OWNER && !t->c->startup_delay) {
		become_active(t, cause);
		return;
	}
	enter(t, FSM_BACKUP, cause);
	wait_until(t, t->e->now + t->c->startup_delay + fsm_down_interval(t->c, t->c->interval));
}

static void start(struct step *t)
{
	t->s->started = true;
	begin(t, "start");
}

static void fault_start(struct step *t)
{
	t->s->started = true;
}

static void ignore(struct step *t)
{
	(void)t;
}

static void rest(struct step *t, enum fsm_mode mode, const char *cause)
{
	enter(t, mode, cause);
	t->s->deadline = FSM_NEVER;
	t->s->yielded = false;
	t->s->active = (struct addr){0};
}

static void fault(struct step *t)
{
	rest(t, FSM_FAULT, "fault");
}

static void initialize(struct step *t, const char *cause)
{
	rest(t, FSM_INITIALIZE, cause);
	t->s->started = false;
}

static void stop(struct step *t)
{
	initialize(t, "stop");
}

static void recover(struct step *t)
{
	if (t->s->started)
		begin(t, "the fault is over");
	else
		initialize(t, "the fault is over");
}

/* --- Backup (RFC 9568 6.4.2) --- */

static void backup_timer(struct step *t)
{
	const char *cause =
	    t->s->active_priority == STOPS && t->s->active.family ? "the Active has stopped" : "no Active was heard";

	become_active(t, cause);
}

/* 7.1: the owner listens to nobody, unless it gave the role away by request. */
static bool deaf(const struct step *t)
{
	return t->c->priority == OWNER && !t->s->yielded;
}

/* As keepalived: from the start, or from the first advertisement of a lesser Active. */
static bool holds_back(struct step *t)
{
	if (t->c->preempt_delay && !t->s->hold_until)
		t->s->hold_until = t->e->now + t->c->preempt_delay;
	return t->c->preempt_delay && t->e->now < t->s->hold_until;
}

/* Preempt_Mode is False, or the sender is as good or better, whatever its address. */
static bool backup_obeys(struct step *t)
{
	if (t->e->priority < t->c->priority)
		return t->s->yielded || !t->c->preempt || holds_back(t);
	t->s->hold_until = 0;
	return true;
}

static void backup_advert(struct step *t)
{
	if (deaf(t))
		return;
	if (t->e->priority == STOPS) {
		t->s->active = t->e->from;
		t->s->active_priority = STOPS;
		/* A second one does not lengthen the wait: a flood of them must not keep the role vacant. */
		wait_until(t, min_nsec(t->s->deadline, t->e->now + fsm_skew(t->c, t->s->active_interval)));
	} else if (backup_obeys(t)) {
		obey(t);
	}
}

/* The own interval counts as long as no Active's was learned. */
static bool interval_is_new(const struct step *t)
{
	return (t->c->version == 2 || !t->s->learned) && t->s->active_interval != t->c->interval;
}

/* The wait goes on as if the priority had always been the new one. A new interval begins it anew, but for what the skew after priority 0 is. */
static void backup_config(struct step *t)
{
	if (interval_is_new(t)) {
		t->s->learned = false;
		t->s->active_interval = t->c->interval;
		if (!t->s->active.family || t->s->active_priority != STOPS) {
			wait_until(t,
				   max_nsec(t->e->now, t->s->startup_until) + fsm_down_interval(t->c, t->c->interval));
			return;
		}
	}
	wait_until(t, t->s->deadline + fsm_skew(t->c, t->s->active_interval) - t->s->skew);
}

static void backup_stalled(struct step *t)
{
	wait_for_active(t);
}

/* --- Active (RFC 9568 6.4.3) --- */

/* Priority 0 is sent now; the successor needs at most the skew of the lowest priority and sends at once. */
static void leave(struct step *t, bool stopping)
{
	t->s->stopping |= stopping;
	if (t->s->leaving)
		return;
	t->s->leaving = true;
	send(t, STOPS);
	t->s->deadline = t->e->now + (t->c->version == 2 ? NSEC_PER_SEC : t->c->interval) + t->c->interval;
}

static void active_stop(struct step *t)
{
	leave(t, true);
}

/* It was to leave for good, and is not any more. */
static void active_start(struct step *t)
{
	t->s->started = true;
	t->s->stopping = false;
}

static void active_yield(struct step *t)
{
	leave(t, false);
}

static void retire(struct step *t, const char *cause)
{
	t->out.what |= FSM_REMOVE;
	initialize(t, cause);
}

static void active_timer(struct step *t)
{
	if (t->s->leaving && t->s->stopping) {
		retire(t, "stop; no successor was heard");
		return;
	}
	if (t->s->leaving)
		t->s->cause = "kept: nobody took over";
	t->s->leaving = false;
	send(t, t->c->priority);
	/* From the deadline, not from now: lateness does not add up. After a long pause there is nothing to catch up with. */
	t->s->deadline += t->c->interval;
	if (t->s->deadline <= t->e->now)
		t->s->deadline = t->e->now + t->c->interval;
}

static void successor_heard(struct step *t)
{
	if (t->s->stopping) {
		retire(t, "stop; the successor has taken over");
		return;
	}
	become_backup(t, "failover by request");
	t->s->yielded = true;
	obey(t);
}

static bool sender_wins(const struct step *t)
{
	if (t->e->priority != t->c->priority)
		return t->e->priority > t->c->priority;
	return addr_cmp(&t->e->from, &t->c->self) > 0;
}

/* True if it is answered now; else the next advertisement comes early. */
static bool answer(struct step *t)
{
	nsec_t next = t->s->asserted + ANSWER_GAP(t->c->interval);

	if (t->s->asserted && t->e->now < next) {
		t->s->deadline = min_nsec(t->s->deadline, next);
		return false;
	}
	t->s->asserted = t->e->now;
	send(t, t->c->priority);
	return true;
}

/* A lesser router has spoilt the neighbours' caches: correct them. */
static void reannounce(struct step *t)
{
	if (t->s->reannounced && t->e->now - t->s->reannounced < REANNOUNCE_GAP)
		return;
	t->s->reannounced = t->e->now;
	t->out.what |= FSM_REANNOUNCE;
}

/* 7.1: the owner neither yields nor answers. */
static void owner_advert(struct step *t)
{
	if (t->e->priority != STOPS && t->e->priority != OWNER)
		reannounce(t);
}

static void active_advert(struct step *t)
{
	if (t->s->leaving) {
		if (t->e->priority != STOPS)
			successor_heard(t);
	} else if (t->c->priority == OWNER) {
		owner_advert(t);
	} else if (t->e->priority == STOPS) {
		if (answer(t))
			t->s->deadline = t->e->now + t->c->interval;
		reannounce(t);
	} else if (sender_wins(t)) {
		become_backup(t, "a better Active was heard");
		obey(t);
	} else {
		answer(t);
		reannounce(t);
	}
}

static void active_fault(struct step *t)
{
	if (t->s->leaving && t->s->stopping) {
		retire(t, "stop; a fault came between");
		return;
	}
	send(t, STOPS);
	t->out.what |= FSM_REMOVE;
	rest(t, FSM_FAULT, "fault");
}

static void active_config(struct step *t)
{
	if (t->s->leaving)
		return;
	send(t, t->c->priority);
	t->s->deadline = t->e->now + t->c->interval;
}

/* Somebody else may have taken over meanwhile: nothing is sent before that is known. */
static void active_stalled(struct step *t)
{
	bool leaving = t->s->leaving;

	if (leaving && t->s->stopping) {
		retire(t, "stop; the process was stalled");
		return;
	}
	become_backup(t, "the process was stalled");
	t->s->yielded = leaving;
	t->s->active = (struct addr){0};
	t->s->learned = false;
	t->s->active_interval = t->c->interval;
	wait_for_active(t);
}

struct fsm_actions fsm_step(const struct fsm_config *c, struct fsm_state *s, const struct fsm_event *e)
{
	static void (*const table[FSM_MODES][EV_TYPES])(struct step *) = {
	    [FSM_INITIALIZE] = {[EV_START] = start,
				[EV_STOP] = ignore,
				[EV_YIELD] = ignore,
				[EV_TIMER] = ignore,
				[EV_ADVERT] = ignore,
				[EV_FAULT] = fault,
				[EV_RECOVER] = ignore,
				[EV_CONFIG] = ignore,
				[EV_STALLED] = ignore},
	    [FSM_BACKUP] = {[EV_START] = ignore,
			    [EV_STOP] = stop,
			    [EV_YIELD] = ignore,
			    [EV_TIMER] = backup_timer,
			    [EV_ADVERT] = backup_advert,
			    [EV_FAULT] = fault,
			    [EV_RECOVER] = ignore,
			    [EV_CONFIG] = backup_config,
			    [EV_STALLED] = backup_stalled},
	    [FSM_ACTIVE] = {[EV_START] = active_start,
			    [EV_STOP] = active_stop,
			    [EV_YIELD] = active_yield,
			    [EV_TIMER] = active_timer,
			    [EV_ADVERT] = active_advert,
			    [EV_FAULT] = active_fault,
			    [EV_RECOVER] = ignore,
			    [EV_CONFIG] = active_config,
			    [EV_STALLED] = active_stalled},
	    [FSM_FAULT] = {[EV_START] = fault_start,
			   [EV_STOP] = stop,
			   [EV_YIELD] = ignore,
			   [EV_TIMER] = ignore,
			   [EV_ADVERT] = ignore,
			   [EV_FAULT] = ignore,
			   [EV_RECOVER] = recover,
			   [EV_CONFIG] = ignore,
			   [EV_STALLED] = ignore},
	};
	struct step t = {.c = c, .s = s, .e = e};

	/* A timer that was re-armed after it fired is no event. */
	if (e->type != EV_TIMER || e->now >= s->deadline)
		table[s->mode][e->type](&t);
	return t.out;
}
