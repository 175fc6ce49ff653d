/* vrrp/fsm.c: one row for each state x event, each with its clause, and the special cases as short histories. Times are in milliseconds.
 * A row names the clause of RFC 9568 that it shows, or the event of vrrp/fsm.h where vipd goes beyond it. Elsewhere "RFC" is RFC 9568. */
#include "../vrrp/fsm.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#define MS NSEC_PER_MSEC

enum {
	SEND = FSM_SEND,
	ADD = FSM_ADD,
	ANN = FSM_ANNOUNCE,
	AGAIN = FSM_REANNOUNCE,
	REMOVE = FSM_REMOVE,
	NOTIFY = FSM_NOTIFY,
	UP = SEND | ADD | ANN | NOTIFY, /* what a router does that becomes Active */
	DOWN = REMOVE | NOTIFY,         /* what one does that is it no more */
	NEVER = -1,
	NOW = 10000,
	INTERVAL = 1024,
	SKEW = INTERVAL / 2,         /* priority 128 */
	AFTER = 3 * INTERVAL + SKEW, /* Active_Down_Interval */
	LESS = 127,
	SAME = 128,
	MORE = 129,
};

/* Addresses by their last byte: ours is .5. */
static struct addr host(uint8_t n)
{
	return addr_from_v4(0x0a000000u | n);
}

static struct fsm_config config(void)
{
	return (struct fsm_config){
	    .version = 3, .priority = 128, .interval = INTERVAL * MS, .preempt = true, .self = host(5)};
}

static nsec_t ms_or_never(int ms)
{
	return ms == NEVER ? FSM_NEVER : ms * MS;
}

/* What no step may break. */
static void sound(const struct fsm_state *s, const struct fsm_state *before, struct fsm_actions out)
{
	bool was = before->mode == FSM_ACTIVE, is = s->mode == FSM_ACTIVE;

	assert_true((s->deadline != FSM_NEVER) == (s->mode == FSM_BACKUP || is));
	assert_true(!(out.what & FSM_SEND) || was || is);
	assert_int_equal((out.what & FSM_ADD) != 0, is && !was);
	assert_int_equal((out.what & FSM_ANNOUNCE) != 0, is && !was);
	assert_int_equal((out.what & FSM_REMOVE) != 0, was && !is);
	assert_int_equal((out.what & FSM_NOTIFY) != 0, s->mode != before->mode);
	assert_false(s->leaving && !is);
	assert_false(s->yielded && s->mode != FSM_BACKUP);
	assert_non_null(s->cause);
}

static struct fsm_actions step(const struct fsm_config *c, struct fsm_state *s, struct fsm_event e)
{
	struct fsm_state before = *s;
	struct fsm_actions out = fsm_step(c, s, &e);

	sound(s, &before, out);
	return out;
}

static struct fsm_actions simple(const struct fsm_config *c, struct fsm_state *s, enum fsm_event_type type, int now)
{
	return step(c, s, (struct fsm_event){.type = type, .now = now * MS});
}

static struct fsm_actions advert(const struct fsm_config *c, struct fsm_state *s, int now, uint8_t priority,
				 int interval, uint8_t from)
{
	return step(c, s,
		    (struct fsm_event){.type = EV_ADVERT,
				       .now = now * MS,
				       .priority = priority,
				       .interval = interval * MS,
				       .from = host(from)});
}

/* A router in that mode, whose timer runs out at NOW + 100; a Backup that heard .9 with MORE. */
static struct fsm_state in_mode(const struct fsm_config *c, enum fsm_mode mode)
{
	struct fsm_state s;

	fsm_init(&s);
	if (mode == FSM_INITIALIZE)
		return s;
	if (mode == FSM_FAULT) {
		simple(c, &s, EV_START, 1000);
		simple(c, &s, EV_FAULT, 1000);
		return s;
	}
	if (mode == FSM_BACKUP) {
		simple(c, &s, EV_START, 1000);
		advert(c, &s, NOW + 100 - AFTER, MORE, INTERVAL, 9);
		return s;
	}
	simple(c, &s, EV_START, NOW + 100 - INTERVAL - AFTER);
	simple(c, &s, EV_TIMER, NOW + 100 - INTERVAL);
	return s;
}

/* --- every state x every event --- */

enum {
	OWNER = 1,     /* its priority is 255 */
	NOPREEMPT = 2, /* Preempt_Mode is False */
	EARLY = 4,     /* EV_TIMER: before the time */
	FRESH = 8,     /* FSM_BACKUP: its Active was heard an interval ago */
};

static const struct row {
	const char *clause;
	enum fsm_mode from;
	enum fsm_event_type event;
	uint8_t priority; /* EV_ADVERT; EV_CONFIG: the new one */
	uint8_t sender;   /* EV_ADVERT: last byte of its address */
	unsigned but;     /* what is not as it is for most rows */
	enum fsm_mode to;
	unsigned what;
	uint8_t sent;
	int deadline; /* after NOW, or NEVER */
} rows[] = {
    {"RFC 9568 6.4.1: Startup, Priority < 255", FSM_INITIALIZE, EV_START, 0, 0, 0, FSM_BACKUP, NOTIFY, 0, AFTER},
    {"RFC 9568 6.4.1: Startup, Priority = 255", FSM_INITIALIZE, EV_START, 0, 0, OWNER, FSM_ACTIVE, UP, 255, INTERVAL},
    {"RFC 9568 6.4.1: only Startup counts", FSM_INITIALIZE, EV_STOP, 0, 0, 0, FSM_INITIALIZE, 0, 0, NEVER},
    {"RFC 9568 6.4.1: only Startup counts", FSM_INITIALIZE, EV_YIELD, 0, 0, 0, FSM_INITIALIZE, 0, 0, NEVER},
    {"RFC 9568 6.4.1: no timer runs", FSM_INITIALIZE, EV_TIMER, 0, 0, 0, FSM_INITIALIZE, 0, 0, NEVER},
    {"RFC 9568 6.4.1: only Startup counts", FSM_INITIALIZE, EV_ADVERT, MORE, 9, 0, FSM_INITIALIZE, 0, 0, NEVER},
    {"vipd, fsm.h EV_FAULT: shown before the start too", FSM_INITIALIZE, EV_FAULT, 0, 0, 0, FSM_FAULT, NOTIFY, 0,
     NEVER},
    {"RFC 9568 6.4.1: only Startup counts", FSM_INITIALIZE, EV_RECOVER, 0, 0, 0, FSM_INITIALIZE, 0, 0, NEVER},
    {"RFC 9568 6.4.1: only Startup counts", FSM_INITIALIZE, EV_CONFIG, MORE, 0, 0, FSM_INITIALIZE, 0, 0, NEVER},
    {"RFC 9568 6.4.1: only Startup counts", FSM_INITIALIZE, EV_STALLED, 0, 0, 0, FSM_INITIALIZE, 0, 0, NEVER},

    {"RFC 9568 6.4.2: Startup is over", FSM_BACKUP, EV_START, 0, 0, 0, FSM_BACKUP, 0, 0, 100},
    {"RFC 9568 6.4.2: Shutdown", FSM_BACKUP, EV_STOP, 0, 0, 0, FSM_INITIALIZE, NOTIFY, 0, NEVER},
    {"RFC 9568 6.4.2: none of its events", FSM_BACKUP, EV_YIELD, 0, 0, 0, FSM_BACKUP, 0, 0, 100},
    {"RFC 9568 6.4.2: Active_Down_Timer fires", FSM_BACKUP, EV_TIMER, 0, 0, 0, FSM_ACTIVE, UP, 128, 100 + INTERVAL},
    {"RFC 9568 6.4.2: Active_Down_Timer runs", FSM_BACKUP, EV_TIMER, 0, 0, EARLY, FSM_BACKUP, 0, 0, 100},
    {"RFC 9568 6.4.2: Priority 0: Skew_Time", FSM_BACKUP, EV_ADVERT, 0, 9, FRESH, FSM_BACKUP, 0, 0, SKEW},
    {"vipd, fsm.h EV_ADVERT: no later for Priority 0", FSM_BACKUP, EV_ADVERT, 0, 9, 0, FSM_BACKUP, 0, 0, 100},
    {"RFC 9568 6.4.2: Priority greater", FSM_BACKUP, EV_ADVERT, MORE, 9, 0, FSM_BACKUP, 0, 0, AFTER},
    {"RFC 9568 6.4.2: equal, address greater", FSM_BACKUP, EV_ADVERT, SAME, 9, 0, FSM_BACKUP, 0, 0, AFTER},
    {"RFC 9568 6.4.2: equal, address less", FSM_BACKUP, EV_ADVERT, SAME, 1, 0, FSM_BACKUP, 0, 0, AFTER},
    {"RFC 9568 6.4.2: Priority less: discard", FSM_BACKUP, EV_ADVERT, LESS, 9, 0, FSM_BACKUP, 0, 0, 100},
    {"RFC 9568 6.4.2: Preempt_Mode is False", FSM_BACKUP, EV_ADVERT, LESS, 9, NOPREEMPT, FSM_BACKUP, 0, 0, AFTER},
    {"RFC 9568 6.4.2: Shutdown; to Fault", FSM_BACKUP, EV_FAULT, 0, 0, 0, FSM_FAULT, NOTIFY, 0, NEVER},
    {"RFC 9568 6.4.2: Startup is over", FSM_BACKUP, EV_RECOVER, 0, 0, 0, FSM_BACKUP, 0, 0, 100},
    {"RFC 9568 6.1: Skew_Time, Priority up", FSM_BACKUP, EV_CONFIG, 138, 0, 0, FSM_BACKUP, 0, 0, 100 - 40},
    {"RFC 9568 6.1: Skew_Time, Priority down", FSM_BACKUP, EV_CONFIG, 64, 0, 0, FSM_BACKUP, 0, 0, 100 + 256},
    {"vipd, fsm.h EV_STALLED: packets may be unread", FSM_BACKUP, EV_STALLED, 0, 0, 0, FSM_BACKUP, 0, 0, AFTER},

    {"RFC 9568 6.4.3: Startup is over", FSM_ACTIVE, EV_START, 0, 0, 0, FSM_ACTIVE, 0, 0, 100},
    {"RFC 9568 6.4.3: Shutdown; answers yet", FSM_ACTIVE, EV_STOP, 0, 0, 0, FSM_ACTIVE, SEND, 0, 2 * INTERVAL},
    {"vipd, fsm.h EV_YIELD: as Shutdown", FSM_ACTIVE, EV_YIELD, 0, 0, 0, FSM_ACTIVE, SEND, 0, 2 * INTERVAL},
    {"RFC 9568 6.4.3: Adver_Timer fires", FSM_ACTIVE, EV_TIMER, 0, 0, 0, FSM_ACTIVE, SEND, 128, 100 + INTERVAL},
    {"RFC 9568 6.4.3: Adver_Timer runs", FSM_ACTIVE, EV_TIMER, 0, 0, EARLY, FSM_ACTIVE, 0, 0, 100},
    {"RFC 9568 6.4.3: Priority 0", FSM_ACTIVE, EV_ADVERT, 0, 9, 0, FSM_ACTIVE, SEND | AGAIN, 128, INTERVAL},
    {"RFC 9568 6.4.3: Priority greater", FSM_ACTIVE, EV_ADVERT, MORE, 1, 0, FSM_BACKUP, DOWN, 0, AFTER},
    {"RFC 9568 6.4.3: equal, address greater", FSM_ACTIVE, EV_ADVERT, SAME, 9, 0, FSM_BACKUP, DOWN, 0, AFTER},
    {"RFC 9568 6.4.3: equal, address less", FSM_ACTIVE, EV_ADVERT, SAME, 1, 0, FSM_ACTIVE, SEND | AGAIN, 128, 100},
    {"RFC 9568 6.4.3: Priority less: assert", FSM_ACTIVE, EV_ADVERT, LESS, 9, 0, FSM_ACTIVE, SEND | AGAIN, 128, 100},
    {"RFC 9568 7.1: the owner discards", FSM_ACTIVE, EV_ADVERT, 255, 9, OWNER, FSM_ACTIVE, 0, 0, 100},
    {"RFC 9568 6.4.3: Shutdown; to Fault", FSM_ACTIVE, EV_FAULT, 0, 0, 0, FSM_FAULT, SEND | DOWN, 0, NEVER},
    {"RFC 9568 6.4.3: Startup is over", FSM_ACTIVE, EV_RECOVER, 0, 0, 0, FSM_ACTIVE, 0, 0, 100},
    {"vipd, fsm.h EV_CONFIG: told at once", FSM_ACTIVE, EV_CONFIG, 7, 0, 0, FSM_ACTIVE, SEND, 7, INTERVAL},
    {"vipd, fsm.h EV_STALLED: listens first", FSM_ACTIVE, EV_STALLED, 0, 0, 0, FSM_BACKUP, DOWN, 0, AFTER},

    {"vipd, fsm.h EV_START: waits for the fault's end", FSM_FAULT, EV_START, 0, 0, 0, FSM_FAULT, 0, 0, NEVER},
    {"vipd, fsm.h EV_STOP: stays stopped", FSM_FAULT, EV_STOP, 0, 0, 0, FSM_INITIALIZE, NOTIFY, 0, NEVER},
    {"RFC 9568 6.4.1: only Startup counts", FSM_FAULT, EV_YIELD, 0, 0, 0, FSM_FAULT, 0, 0, NEVER},
    {"RFC 9568 6.4.1: no timer runs", FSM_FAULT, EV_TIMER, 0, 0, 0, FSM_FAULT, 0, 0, NEVER},
    {"RFC 9568 6.4.1: only Startup counts", FSM_FAULT, EV_ADVERT, 0, 9, 0, FSM_FAULT, 0, 0, NEVER},
    {"RFC 9568 6.4.1: only Startup counts", FSM_FAULT, EV_FAULT, 0, 0, 0, FSM_FAULT, 0, 0, NEVER},
    {"RFC 9568 6.4.1: Startup, Priority < 255", FSM_FAULT, EV_RECOVER, 0, 0, 0, FSM_BACKUP, NOTIFY, 0, AFTER},
    {"RFC 9568 6.4.1: Startup, Priority = 255", FSM_FAULT, EV_RECOVER, 0, 0, OWNER, FSM_ACTIVE, UP, 255, INTERVAL},
    {"RFC 9568 6.4.1: only Startup counts", FSM_FAULT, EV_CONFIG, MORE, 0, 0, FSM_FAULT, 0, 0, NEVER},
    {"RFC 9568 6.4.1: only Startup counts", FSM_FAULT, EV_STALLED, 0, 0, 0, FSM_FAULT, 0, 0, NEVER},
};
enum { ROWS = sizeof rows / sizeof *rows };

static bool begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

/* The RFC has a section for each state, and Fault is its Initialize (fsm.h). What it leaves open is vipd's own, and fsm.h says it beside the event. */
static bool names_source(const struct row *r)
{
	static const char *const section[FSM_MODES] = {"6.4.1: ", "6.4.2: ", "6.4.3: ", "6.4.1: "};
	static const char *const own[EV_TYPES] = {
	    "EV_START: ", "EV_STOP: ",    "EV_YIELD: ",  "EV_TIMER: ",  "EV_ADVERT: ",
	    "EV_FAULT: ", "EV_RECOVER: ", "EV_CONFIG: ", "EV_STALLED: "};
	const char *rfc = "RFC 9568 ", *vipd = "vipd, fsm.h ";

	if (begins(r->clause, vipd))
		return begins(r->clause + strlen(vipd), own[r->event]);
	if (!begins(r->clause, rfc))
		return false;
	return begins(r->clause + strlen(rfc), section[r->from]) || begins(r->clause + strlen(rfc), "6.1: ") ||
	       begins(r->clause + strlen(rfc), "7.1: ");
}

static void table(void **state)
{
	bool seen[FSM_MODES][EV_TYPES] = {{false}};

	for (size_t i = 0; i < ROWS; i++) {
		const struct row *r = &rows[i];
		struct fsm_config c = config();
		struct fsm_state s;
		int now = r->event != EV_TIMER ? NOW : r->but & EARLY ? NOW + 99 : NOW + 100;
		struct fsm_actions out;

		if (!names_source(r))
			fail_msg("row %zu names no clause: %s", i, r->clause);
		c.priority = r->but & OWNER ? 255 : c.priority;
		c.preempt = !(r->but & NOPREEMPT);
		s = in_mode(&c, r->from);
		if (r->but & FRESH)
			advert(&c, &s, NOW - INTERVAL, MORE, INTERVAL, 9);
		seen[r->from][r->event] = true;
		assert_int_equal(s.mode, r->from);
		if (r->event == EV_CONFIG)
			c.priority = r->priority;
		out = step(&c, &s,
			   (struct fsm_event){.type = r->event,
					      .now = now * MS,
					      .priority = r->priority,
					      .interval = INTERVAL * MS,
					      .from = host(r->sender)});
		if (s.mode != r->to || out.what != r->what || ((out.what & SEND) && out.priority != r->sent) ||
		    s.deadline != (r->deadline == NEVER ? FSM_NEVER : (NOW + r->deadline) * MS))
			fail_msg("row %zu (%s): mode %s, actions %#x, priority %u, deadline %lld", i, r->clause,
				 fsm_mode_name(s.mode), out.what, out.priority, (long long)(s.deadline / MS - NOW));
		if (s.mode != r->from)
			assert_int_equal(s.since, now * MS);
	}
	for (int m = 0; m < FSM_MODES; m++)
		for (int e = 0; e < EV_TYPES; e++)
			if (!seen[m][e])
				fail_msg("no row for event %d in %s", e, fsm_mode_name((enum fsm_mode)m));
}

static void names(void **state)
{
	static const char *const rfc[] = {"Initialize", "Backup", "Active", "Fault"};
	static const char *const keepalived[] = {"STOP", "BACKUP", "MASTER", "FAULT"};

	for (int m = 0; m < FSM_MODES; m++) {
		assert_string_equal(fsm_mode_name((enum fsm_mode)m), rfc[m]);
		assert_string_equal(fsm_mode_notify((enum fsm_mode)m), keepalived[m]);
	}
}

/* RFC 9568 6.1 and, version 2, RFC 3768 6.1: the skew is a part of one second there. */
static void times(void **state)
{
	static const struct {
		uint8_t version, priority;
		int interval, skew_us, down_us;
	} t[] = {
	    {3, 100, 1000, 609375, 3609375},      {3, 254, 10, 78, 30078},
	    {3, 1, 1000, 996093, 3996093},        {3, 255, 1000, 3906, 3003906},
	    {3, 100, 40950, 24953906, 147803906}, {2, 100, 1000, 609375, 3609375},
	    {2, 100, 3000, 609375, 9609375},      {2, 1, 255000, 996093, 765996093},
	};

	for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
		struct fsm_config c = {.version = t[i].version, .priority = t[i].priority};
		assert_int_equal(fsm_skew(&c, t[i].interval * MS) / NSEC_PER_USEC, t[i].skew_us);
		assert_int_equal(fsm_down_interval(&c, t[i].interval * MS) / NSEC_PER_USEC, t[i].down_us);
	}
}

/* --- special cases: short histories, one step a row --- */

struct move {
	int at; /* ms; -1 ends the list */
	enum fsm_event_type event;
	uint8_t priority, sender;
	int interval; /* EV_ADVERT; 0: our own */
	enum fsm_mode mode;
	unsigned what;
	int deadline; /* absolute ms, or NEVER */
};

static void play(const char *title, struct fsm_config c, const struct move *m)
{
	struct fsm_state s;

	fsm_init(&s);
	for (int i = 0; m->at >= 0; i++, m++) {
		struct fsm_event e = {.type = m->event,
				      .now = m->at * MS,
				      .priority = m->priority,
				      .interval = (m->interval ? m->interval : INTERVAL) * MS,
				      .from = host(m->sender)};
		struct fsm_actions out;

		if (m->event == EV_CONFIG)
			c.priority = m->priority;
		out = step(&c, &s, e);
		if (s.mode != m->mode || out.what != m->what || s.deadline != ms_or_never(m->deadline))
			fail_msg("%s, move %d: %s, actions %#x, deadline %lld", title, i, fsm_mode_name(s.mode),
				 out.what, (long long)(s.deadline / MS));
	}
}
#define PLAY(c, ...) play(__func__, c, (const struct move[]){__VA_ARGS__, {.at = -1}})

/* RFC 6.4.1: priority 255 is Active at once; 7.1: and listens to nobody; caches that a lesser Active spoilt are corrected. */
static void owner(void **state)
{
	struct fsm_config c = config();

	c.priority = 255;
	PLAY(c, {1, EV_START, 0, 0, 0, FSM_ACTIVE, UP, 1 + INTERVAL},
	     {2, EV_ADVERT, 255, 9, 0, FSM_ACTIVE, 0, 1 + INTERVAL},
	     {3, EV_ADVERT, 0, 9, 0, FSM_ACTIVE, 0, 1 + INTERVAL},
	     {4, EV_ADVERT, 254, 9, 0, FSM_ACTIVE, AGAIN, 1 + INTERVAL},
	     {5, EV_ADVERT, 254, 9, 0, FSM_ACTIVE, 0, 1 + INTERVAL},
	     {1 + INTERVAL, EV_TIMER, 0, 0, 0, FSM_ACTIVE, SEND, 1 + 2 * INTERVAL},
	     /* after a pause it listens a while, but obeys nobody */
	     {1100, EV_STALLED, 0, 0, 0, FSM_BACKUP, DOWN, 1100 + 3 * INTERVAL + 4},
	     {1200, EV_ADVERT, 255, 9, 0, FSM_BACKUP, 0, 1100 + 3 * INTERVAL + 4},
	     {1201, EV_ADVERT, 0, 9, 0, FSM_BACKUP, 0, 1100 + 3 * INTERVAL + 4});
	c.version = 2; /* RFC 3768 7.1: keepalived yields here */
	PLAY(c, {1, EV_START, 0, 0, 0, FSM_ACTIVE, UP, 1 + INTERVAL},
	     {2, EV_ADVERT, 255, 9, 0, FSM_ACTIVE, 0, 1 + INTERVAL});
}

/* RFC 6.1: Preempt_Mode False: a lesser Active stays, and is followed. */
static void nopreempt(void **state)
{
	struct fsm_config c = config();

	c.preempt = false;
	PLAY(c, {1, EV_START, 0, 0, 0, FSM_BACKUP, NOTIFY, 1 + AFTER},
	     {1000, EV_ADVERT, LESS, 9, 0, FSM_BACKUP, 0, 1000 + AFTER},
	     {2000, EV_ADVERT, 1, 1, 0, FSM_BACKUP, 0, 2000 + AFTER},
	     {2000 + AFTER, EV_TIMER, 0, 0, 0, FSM_ACTIVE, UP, 2000 + AFTER + INTERVAL},
	     /* 6.4.3 knows no Preempt_Mode: the better one wins */
	     {2000 + AFTER + 1, EV_ADVERT, MORE, 9, 0, FSM_BACKUP, DOWN, 2000 + 2 * AFTER + 1});
}

static void preempt_delay(void **state)
{
	struct fsm_config c = config();

	c.preempt_delay = 3000 * MS;
	PLAY(c, {1, EV_START, 0, 0, 0, FSM_BACKUP, NOTIFY, 1 + AFTER},
	     {2000, EV_ADVERT, LESS, 9, 0, FSM_BACKUP, 0, 2000 + AFTER},
	     {3000, EV_ADVERT, LESS, 9, 0, FSM_BACKUP, 0, 3000 + AFTER},
	     {3001, EV_ADVERT, LESS, 9, 0, FSM_BACKUP, 0, 3000 + AFTER},
	     {3000 + AFTER, EV_TIMER, 0, 0, 0, FSM_ACTIVE, UP, 3000 + AFTER + INTERVAL});
	/* its priority sinks and rises again: from the first advertisement that is a lesser one's again */
	PLAY(c, {1, EV_START, 0, 0, 0, FSM_BACKUP, NOTIFY, 1 + AFTER},
	     {4000, EV_ADVERT, MORE, 9, 0, FSM_BACKUP, 0, 4000 + AFTER},
	     {5000, EV_ADVERT, LESS, 9, 0, FSM_BACKUP, 0, 5000 + AFTER},
	     {7999, EV_ADVERT, LESS, 9, 0, FSM_BACKUP, 0, 7999 + AFTER},
	     {8000, EV_ADVERT, LESS, 9, 0, FSM_BACKUP, 0, 7999 + AFTER},
	     {7999 + AFTER, EV_TIMER, 0, 0, 0, FSM_ACTIVE, UP, 7999 + AFTER + INTERVAL},
	     /* a better one came and has sunk */
	     {20000, EV_ADVERT, MORE, 9, 0, FSM_BACKUP, DOWN, 20000 + AFTER},
	     {21000, EV_ADVERT, LESS, 9, 0, FSM_BACKUP, 0, 21000 + AFTER},
	     {23999, EV_ADVERT, LESS, 9, 0, FSM_BACKUP, 0, 23999 + AFTER},
	     {24000, EV_ADVERT, LESS, 9, 0, FSM_BACKUP, 0, 23999 + AFTER});
	/* nobody there: the delay is no reason to leave the addresses without an owner */
	c.preempt_delay = 60000 * MS;
	PLAY(c, {1, EV_START, 0, 0, 0, FSM_BACKUP, NOTIFY, 1 + AFTER},
	     {1 + AFTER, EV_TIMER, 0, 0, 0, FSM_ACTIVE, UP, 1 + AFTER + INTERVAL});
}

static void startup_delay(void **state)
{
	struct fsm_config c = config();

	c.startup_delay = 8000 * MS;
	PLAY(c, {1, EV_START, 0, 0, 0, FSM_BACKUP, NOTIFY, 8001 + AFTER},
	     {1000, EV_ADVERT, LESS, 9, 0, FSM_BACKUP, 0, 8001 + AFTER},
	     {2000, EV_ADVERT, MORE, 9, 0, FSM_BACKUP, 0, 8001}, {3000, EV_ADVERT, 0, 9, 0, FSM_BACKUP, 0, 8001},
	     {3001, EV_CONFIG, 200, 0, 0, FSM_BACKUP, 0, 8001}, {3002, EV_STALLED, 0, 0, 0, FSM_BACKUP, 0, 8001},
	     {8001, EV_TIMER, 0, 0, 0, FSM_ACTIVE, UP, 8001 + INTERVAL});
	c.priority = 255; /* an owner waits too */
	PLAY(c, {1, EV_START, 0, 0, 0, FSM_BACKUP, NOTIFY, 8001 + 3 * INTERVAL + 4},
	     {2, EV_ADVERT, 254, 9, 0, FSM_BACKUP, 0, 8001 + 3 * INTERVAL + 4},
	     {8005 + 3 * INTERVAL, EV_TIMER, 0, 0, 0, FSM_ACTIVE, UP, 8005 + 4 * INTERVAL});
}

/* RFC 6.4.2: the Active's interval counts, in Skew_Time too; priority 0 brings no new one. Version 2 goes by its own. */
static void learned_interval(void **state)
{
	struct fsm_config c = config();

	PLAY(c, {1, EV_START, 0, 0, 0, FSM_BACKUP, NOTIFY, 1 + AFTER},
	     {1000, EV_ADVERT, MORE, 9, 40960, FSM_BACKUP, 0, 1000 + 40 * AFTER},
	     {2000, EV_ADVERT, MORE, 9, 128, FSM_BACKUP, 0, 2000 + AFTER / 8},
	     {2100, EV_ADVERT, 0, 9, 4096, FSM_BACKUP, 0, 2100 + SKEW / 8},
	     {2100 + SKEW / 8, EV_TIMER, 0, 0, 0, FSM_ACTIVE, UP, 2100 + SKEW / 8 + INTERVAL},
	     {2200, EV_ADVERT, MORE, 9, 512, FSM_BACKUP, DOWN, 2200 + AFTER / 2},
	     {2300, EV_STOP, 0, 0, 0, FSM_INITIALIZE, NOTIFY, NEVER},
	     {2400, EV_START, 0, 0, 0, FSM_BACKUP, NOTIFY, 2400 + AFTER});
	c.version = 2;
	c.interval = 2000 * MS;
	PLAY(c, {1, EV_START, 0, 0, 0, FSM_BACKUP, NOTIFY, 6501}, {1000, EV_ADVERT, MORE, 9, 10, FSM_BACKUP, 0, 7500});
}

/* RFC 6.4.2 and 6.4.3: priority 0. Many do not keep the role vacant, and are not answered one by one. */
static void priority_zero(void **state)
{
	PLAY(config(), {1, EV_START, 0, 0, 0, FSM_BACKUP, NOTIFY, 1 + AFTER},
	     {1000, EV_ADVERT, MORE, 9, 0, FSM_BACKUP, 0, 1000 + AFTER},
	     {1100, EV_ADVERT, 0, 9, 0, FSM_BACKUP, 0, 1100 + SKEW},
	     {1200, EV_ADVERT, 0, 9, 0, FSM_BACKUP, 0, 1100 + SKEW},
	     {1300, EV_ADVERT, MORE, 8, 0, FSM_BACKUP, 0, 1300 + AFTER},
	     {1400, EV_ADVERT, 0, 9, 0, FSM_BACKUP, 0, 1400 + SKEW},
	     {1500, EV_ADVERT, LESS, 9, 0, FSM_BACKUP, 0, 1400 + SKEW},
	     {1400 + SKEW, EV_TIMER, 0, 0, 0, FSM_ACTIVE, UP, 1400 + SKEW + INTERVAL},
	     {2000, EV_ADVERT, 0, 9, 0, FSM_ACTIVE, SEND | AGAIN, 2000 + INTERVAL});
}

static void equal_priority(void **state)
{
	struct fsm_config c = config();
	struct fsm_state s = in_mode(&c, FSM_ACTIVE);
	struct fsm_event e = {.type = EV_ADVERT, .now = NOW * MS, .priority = 128, .interval = INTERVAL * MS};

	/* IPv6: unsigned, byte by byte from the left */
	c.self = (struct addr){AF_INET6, {0xfe, 0x80, [15] = 1}};
	e.from = (struct addr){AF_INET6, {0xfe, 0x80, [14] = 0x80}};
	step(&c, &s, e);
	assert_int_equal(s.mode, FSM_BACKUP);
	assert_true(addr_equal(&s.active, &e.from));
	s = in_mode(&c, FSM_ACTIVE);
	c.self = e.from;
	e.from = (struct addr){AF_INET6, {0xfe, 0x80, [15] = 0xff}};
	step(&c, &s, e);
	assert_int_equal(s.mode, FSM_ACTIVE);
}

/* Planned: priority 0, then it answers until the successor is heard; only then the addresses go. */
static void leaving(void **state)
{
	struct fsm_config c = config();

	c.priority = 255; /* even an owner hears its successor */
	PLAY(c, {1, EV_START, 0, 0, 0, FSM_ACTIVE, UP, 1 + INTERVAL},
	     {100, EV_STOP, 0, 0, 0, FSM_ACTIVE, SEND, 100 + 2 * INTERVAL},
	     {101, EV_STOP, 0, 0, 0, FSM_ACTIVE, 0, 100 + 2 * INTERVAL},
	     {102, EV_YIELD, 0, 0, 0, FSM_ACTIVE, 0, 100 + 2 * INTERVAL},
	     {103, EV_CONFIG, 128, 0, 0, FSM_ACTIVE, 0, 100 + 2 * INTERVAL},
	     {104, EV_ADVERT, 0, 9, 0, FSM_ACTIVE, 0, 100 + 2 * INTERVAL},
	     {105, EV_ADVERT, 1, 9, 0, FSM_INITIALIZE, DOWN, NEVER},
	     {106, EV_START, 0, 0, 0, FSM_BACKUP, NOTIFY, 106 + AFTER});
	/* nobody comes */
	PLAY(config(), {1, EV_START, 0, 0, 0, FSM_BACKUP, NOTIFY, 1 + AFTER},
	     {1 + AFTER, EV_TIMER, 0, 0, 0, FSM_ACTIVE, UP, 1 + AFTER + INTERVAL},
	     {4000, EV_STOP, 0, 0, 0, FSM_ACTIVE, SEND, 4000 + 2 * INTERVAL},
	     {3999 + 2 * INTERVAL, EV_TIMER, 0, 0, 0, FSM_ACTIVE, 0, 4000 + 2 * INTERVAL},
	     {4000 + 2 * INTERVAL, EV_TIMER, 0, 0, 0, FSM_INITIALIZE, DOWN, NEVER});
	/* a fault or a pause ends it */
	PLAY(c, {1, EV_START, 0, 0, 0, FSM_ACTIVE, UP, 1 + INTERVAL},
	     {100, EV_STOP, 0, 0, 0, FSM_ACTIVE, SEND, 100 + 2 * INTERVAL},
	     {200, EV_FAULT, 0, 0, 0, FSM_INITIALIZE, DOWN, NEVER},
	     {300, EV_RECOVER, 0, 0, 0, FSM_INITIALIZE, 0, NEVER});
	PLAY(c, {1, EV_START, 0, 0, 0, FSM_ACTIVE, UP, 1 + INTERVAL},
	     {100, EV_STOP, 0, 0, 0, FSM_ACTIVE, SEND, 100 + 2 * INTERVAL},
	     {9000, EV_STALLED, 0, 0, 0, FSM_INITIALIZE, DOWN, NEVER});
	/* version 2: the skew is at most a second, whatever the interval */
	c.version = 2;
	c.interval = 3000 * MS;
	PLAY(c, {1, EV_START, 0, 0, 0, FSM_ACTIVE, UP, 3001}, {100, EV_STOP, 0, 0, 0, FSM_ACTIVE, SEND, 4100});
}

/* Failover by request: the role is not taken back while somebody else has it; it is kept when nobody takes it. */
static void yielding(void **state)
{
	struct fsm_config c = config();

	c.priority = 255;
	PLAY(c, {1, EV_START, 0, 0, 0, FSM_ACTIVE, UP, 1 + INTERVAL},
	     {100, EV_YIELD, 0, 0, 0, FSM_ACTIVE, SEND, 100 + 2 * INTERVAL},
	     {200, EV_ADVERT, 1, 9, 0, FSM_BACKUP, DOWN, 204 + 3 * INTERVAL},
	     {1000, EV_ADVERT, 1, 9, 0, FSM_BACKUP, 0, 1004 + 3 * INTERVAL},
	     {2000, EV_YIELD, 0, 0, 0, FSM_BACKUP, 0, 1004 + 3 * INTERVAL},
	     {2000, EV_ADVERT, 0, 9, 0, FSM_BACKUP, 0, 2004},
	     {2004, EV_TIMER, 0, 0, 0, FSM_ACTIVE, UP, 2004 + INTERVAL},
	     /* and is an ordinary owner again */
	     {2100, EV_ADVERT, 254, 9, 0, FSM_ACTIVE, AGAIN, 2004 + INTERVAL});
	PLAY(c, {1, EV_START, 0, 0, 0, FSM_ACTIVE, UP, 1 + INTERVAL},
	     {100, EV_YIELD, 0, 0, 0, FSM_ACTIVE, SEND, 100 + 2 * INTERVAL},
	     {100 + 2 * INTERVAL, EV_TIMER, 0, 0, 0, FSM_ACTIVE, SEND, 100 + 3 * INTERVAL},
	     /* that was it: who comes now comes too late */
	     {101 + 2 * INTERVAL, EV_ADVERT, 1, 9, 0, FSM_ACTIVE, AGAIN, 100 + 3 * INTERVAL});
	/* asked to stop on the way */
	PLAY(c, {1, EV_START, 0, 0, 0, FSM_ACTIVE, UP, 1 + INTERVAL},
	     {100, EV_YIELD, 0, 0, 0, FSM_ACTIVE, SEND, 100 + 2 * INTERVAL},
	     {200, EV_STOP, 0, 0, 0, FSM_ACTIVE, 0, 100 + 2 * INTERVAL},
	     {300, EV_ADVERT, 7, 9, 0, FSM_INITIALIZE, DOWN, NEVER});
	/* a fault on the way; then it starts as ever */
	PLAY(c, {1, EV_START, 0, 0, 0, FSM_ACTIVE, UP, 1 + INTERVAL},
	     {100, EV_YIELD, 0, 0, 0, FSM_ACTIVE, SEND, 100 + 2 * INTERVAL},
	     {200, EV_FAULT, 0, 0, 0, FSM_FAULT, SEND | DOWN, NEVER},
	     {300, EV_RECOVER, 0, 0, 0, FSM_ACTIVE, UP, 300 + INTERVAL});
	/* a pause on the way: the request still holds */
	PLAY(config(), {1, EV_START, 0, 0, 0, FSM_BACKUP, NOTIFY, 1 + AFTER},
	     {1 + AFTER, EV_TIMER, 0, 0, 0, FSM_ACTIVE, UP, 1 + AFTER + INTERVAL},
	     {4000, EV_YIELD, 0, 0, 0, FSM_ACTIVE, SEND, 4000 + 2 * INTERVAL},
	     {9000, EV_STALLED, 0, 0, 0, FSM_BACKUP, DOWN, 9000 + AFTER},
	     {9100, EV_ADVERT, LESS, 9, 0, FSM_BACKUP, 0, 9100 + AFTER});
}

/* A fault that comes and goes before the start does not start the router; a start within a fault counts when it is over. */
static void fault_before_start(void **state)
{
	PLAY(config(), {1, EV_FAULT, 0, 0, 0, FSM_FAULT, NOTIFY, NEVER},
	     {2, EV_RECOVER, 0, 0, 0, FSM_INITIALIZE, NOTIFY, NEVER}, {3, EV_FAULT, 0, 0, 0, FSM_FAULT, NOTIFY, NEVER},
	     {4, EV_START, 0, 0, 0, FSM_FAULT, 0, NEVER}, {5, EV_RECOVER, 0, 0, 0, FSM_BACKUP, NOTIFY, 5 + AFTER},
	     {6, EV_FAULT, 0, 0, 0, FSM_FAULT, NOTIFY, NEVER}, {7, EV_STOP, 0, 0, 0, FSM_INITIALIZE, NOTIFY, NEVER},
	     {8, EV_FAULT, 0, 0, 0, FSM_FAULT, NOTIFY, NEVER}, {9, EV_RECOVER, 0, 0, 0, FSM_INITIALIZE, NOTIFY, NEVER});
}

/* After a pause another may be Active: listen for a whole Active_Down_Interval, and be an ordinary Backup. */
static void stalled(void **state)
{
	struct fsm_config c = config();
	struct fsm_state s = in_mode(&c, FSM_ACTIVE);

	PLAY(c, {1, EV_START, 0, 0, 0, FSM_BACKUP, NOTIFY, 1 + AFTER},
	     {1 + AFTER, EV_TIMER, 0, 0, 0, FSM_ACTIVE, UP, 1 + AFTER + INTERVAL},
	     {20000, EV_STALLED, 0, 0, 0, FSM_BACKUP, DOWN, 20000 + AFTER},
	     {20001, EV_TIMER, 0, 0, 0, FSM_BACKUP, 0, 20000 + AFTER},
	     {20002, EV_ADVERT, LESS, 9, 0, FSM_BACKUP, 0, 20000 + AFTER},
	     {20003, EV_ADVERT, MORE, 9, 0, FSM_BACKUP, 0, 20003 + AFTER});
	simple(&c, &s, EV_STALLED, NOW);
	assert_int_equal(s.active.family, 0);
}

/* 100,000 lesser advertisements in one interval: no change of state, the timer still fires in time, a bounded number of answers. */
static void flood(void **state)
{
	struct fsm_config c = config();
	struct fsm_state s;
	int sent = 0, again = 0, fired = 0;

	fsm_init(&s);
	simple(&c, &s, EV_START, 1);
	simple(&c, &s, EV_TIMER, 1 + AFTER);
	for (int i = 0; i < 100000; i++) {
		nsec_t now = (1 + AFTER) * MS + i * (INTERVAL * MS / 100000);
		struct fsm_event e = {.type = EV_ADVERT,
				      .now = now,
				      .priority = (uint8_t)(i % 3 ? LESS : 0),
				      .interval = INTERVAL * MS,
				      .from = host(9)};
		struct fsm_event timer = {.type = EV_TIMER, .now = now};
		struct fsm_actions out = step(&c, &s, e);

		sent += (out.what & SEND) != 0;
		again += (out.what & AGAIN) != 0;
		assert_true(s.deadline <= now + INTERVAL * MS);
		out = step(&c, &s, timer);
		fired += (out.what & SEND) != 0;
		assert_int_equal(s.mode, FSM_ACTIVE);
	}
	assert_in_range(sent, 9, 12);
	assert_in_range(fired, 1, 12);
	assert_in_range(again, 1, 2);
}

/* What was not answered at once is answered a tenth of an interval after the last answer. */
static void answers_late(void **state)
{
	struct fsm_config c = config();

	c.interval = 1000 * MS;
	PLAY(c, {1, EV_START, 0, 0, 0, FSM_BACKUP, NOTIFY, 3501}, {3501, EV_TIMER, 0, 0, 0, FSM_ACTIVE, UP, 4501},
	     {3600, EV_ADVERT, LESS, 9, 0, FSM_ACTIVE, SEND | AGAIN, 4501},
	     {3601, EV_ADVERT, LESS, 9, 0, FSM_ACTIVE, 0, 3700}, {3650, EV_ADVERT, 0, 9, 0, FSM_ACTIVE, 0, 3700},
	     {3700, EV_TIMER, 0, 0, 0, FSM_ACTIVE, SEND, 4700}, {3701, EV_ADVERT, LESS, 9, 0, FSM_ACTIVE, SEND, 4700},
	     {4600, EV_ADVERT, LESS, 9, 0, FSM_ACTIVE, SEND | AGAIN, 4700},
	     {4700, EV_ADVERT, LESS, 9, 0, FSM_ACTIVE, SEND, 4700});
}

/* A late timer does not shift the ones behind it; after a long delay the missed ones are not sent after. */
static void late_timer(void **state)
{
	struct fsm_config c = config();

	c.priority = 255;
	PLAY(c, {1, EV_START, 0, 0, 0, FSM_ACTIVE, UP, 1 + INTERVAL},
	     {1 + INTERVAL + 30, EV_TIMER, 0, 0, 0, FSM_ACTIVE, SEND, 1 + 2 * INTERVAL},
	     {1 + 2 * INTERVAL + 1000, EV_TIMER, 0, 0, 0, FSM_ACTIVE, SEND, 1 + 3 * INTERVAL},
	     {1 + 6 * INTERVAL, EV_TIMER, 0, 0, 0, FSM_ACTIVE, SEND, 1 + 7 * INTERVAL});
}

/* A priority that changes while running: told at once when Active, part of the wait when Backup, up and down again. */
static void priority_changes(void **state)
{
	PLAY(config(), {1, EV_START, 0, 0, 0, FSM_BACKUP, NOTIFY, 1 + AFTER},
	     {100, EV_ADVERT, MORE, 9, 0, FSM_BACKUP, 0, 100 + AFTER},
	     {200, EV_CONFIG, 192, 0, 0, FSM_BACKUP, 0, 100 + AFTER - 256},
	     {300, EV_CONFIG, 64, 0, 0, FSM_BACKUP, 0, 100 + AFTER + 256},
	     {300, EV_CONFIG, 128, 0, 0, FSM_BACKUP, 0, 100 + AFTER},
	     {400, EV_CONFIG, 192, 0, 0, FSM_BACKUP, 0, 100 + AFTER - 256},
	     {500, EV_ADVERT, MORE, 9, 0, FSM_BACKUP, 0, 100 + AFTER - 256}, /* lesser now */
	     {100 + AFTER - 256, EV_TIMER, 0, 0, 0, FSM_ACTIVE, UP, 100 + AFTER - 256 + INTERVAL},
	     {3500, EV_CONFIG, 1, 0, 0, FSM_ACTIVE, SEND, 3500 + INTERVAL},
	     {3600, EV_ADVERT, 2, 1, 0, FSM_BACKUP, DOWN, 3600 + 3 * INTERVAL + 255 * INTERVAL / 256});
}

static nsec_t waits(struct fsm_config *c, struct fsm_state *s, int interval, int now)
{
	c->interval = interval * MS;
	simple(c, s, EV_CONFIG, now);
	return s->deadline / MS - now;
}

/* An interval that changes while running, in Backup: a whole new wait where its own interval counts; where the Active's was learned, that one. The skew
 * after priority 0 is not lengthened. */
static void interval_changes(void **state)
{
	struct fsm_config c = config();
	struct fsm_state s = in_mode(&c, FSM_BACKUP);

	assert_int_equal(waits(&c, &s, 4 * INTERVAL, NOW), 100);

	c = config();
	fsm_init(&s);
	simple(&c, &s, EV_START, 1000);
	assert_int_equal(waits(&c, &s, 4 * INTERVAL, 1100), 4 * AFTER);
	assert_int_equal(waits(&c, &s, INTERVAL / 4, 1200), AFTER / 4);

	c.version = 2;
	c.interval = 1000 * MS;
	fsm_init(&s);
	simple(&c, &s, EV_START, 1000);
	advert(&c, &s, 2000, MORE, 0, 9);
	assert_int_equal(waits(&c, &s, 10000, 3000), 30500);
	assert_int_equal(waits(&c, &s, 10000, 4000), 29500);
	assert_int_equal(waits(&c, &s, 2000, 5000), 6500);
	advert(&c, &s, 6000, 0, 0, 9);
	assert_int_equal(waits(&c, &s, 10000, 6100), 400);
	assert_int_equal(s.active_interval / MS, 10000);
}

/* The same interval, another version: what was learned in version 3 counts no more. */
static void version_changes(void **state)
{
	struct fsm_config c = config();
	struct fsm_state s = in_mode(&c, FSM_BACKUP);

	advert(&c, &s, NOW, MORE, 4 * INTERVAL, 9);
	c.version = 2;
	assert_int_equal(waits(&c, &s, INTERVAL, NOW + 10), 3 * INTERVAL + 500);
	/* And what version 2 heard is no interval that was learned. */
	advert(&c, &s, NOW + 20, MORE, 0, 9);
	c.version = 3;
	assert_int_equal(waits(&c, &s, INTERVAL / 4, NOW + 30), AFTER / 4);
	advert(&c, &s, NOW + 40, MORE, INTERVAL, 9);
	assert_int_equal(waits(&c, &s, INTERVAL / 2, NOW + 50), AFTER - 10);
}

/* startup_delay comes before the first wait, whatever that is then. */
static void interval_changes_early(void **state)
{
	struct fsm_config c = config();
	struct fsm_state s;

	c.startup_delay = 30000 * MS;
	fsm_init(&s);
	simple(&c, &s, EV_START, 1000);
	assert_int_equal(waits(&c, &s, INTERVAL / 4, 2000), 29000 + AFTER / 4);
}

/* An Active that leaves for good is to stay after all: its successor is obeyed; without one it goes on. */
static void stop_taken_back(void **state)
{
	PLAY(config(), {1, EV_START, 0, 0, 0, FSM_BACKUP, NOTIFY, 1 + AFTER},
	     {1 + AFTER, EV_TIMER, 0, 0, 0, FSM_ACTIVE, UP, 1 + AFTER + INTERVAL},
	     {4000, EV_STOP, 0, 0, 0, FSM_ACTIVE, SEND, 4000 + 2 * INTERVAL},
	     {4100, EV_START, 0, 0, 0, FSM_ACTIVE, 0, 4000 + 2 * INTERVAL},
	     {4000 + 2 * INTERVAL, EV_TIMER, 0, 0, 0, FSM_ACTIVE, SEND, 4000 + 3 * INTERVAL},
	     {8000, EV_STOP, 0, 0, 0, FSM_ACTIVE, SEND, 8000 + 2 * INTERVAL},
	     {8100, EV_START, 0, 0, 0, FSM_ACTIVE, 0, 8000 + 2 * INTERVAL},
	     {8200, EV_ADVERT, LESS, 9, 0, FSM_BACKUP, DOWN, 8200 + AFTER});
}

/* Who is Active, and why the last change came, in words. */
static void words(void **state)
{
	struct fsm_config c = config();
	struct fsm_state s = in_mode(&c, FSM_BACKUP);
	struct addr nine = host(9), self = host(5);

	assert_true(addr_equal(&s.active, &nine));
	assert_int_equal(s.active_priority, MORE);
	assert_string_equal(s.cause, "start");
	simple(&c, &s, EV_TIMER, NOW + 100);
	assert_string_equal(s.cause, "no Active was heard");
	assert_true(addr_equal(&s.active, &self));
	advert(&c, &s, NOW + 200, MORE, INTERVAL, 9);
	assert_string_equal(s.cause, "a better Active was heard");
	advert(&c, &s, NOW + 300, 0, INTERVAL, 9);
	simple(&c, &s, EV_TIMER, NOW + 300 + SKEW);
	assert_string_equal(s.cause, "the Active has stopped");
	simple(&c, &s, EV_YIELD, NOW + 1000);
	simple(&c, &s, EV_TIMER, NOW + 1000 + 2 * INTERVAL);
	assert_string_equal(s.cause, "kept: nobody took over");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(table),
	    cmocka_unit_test(names),
	    cmocka_unit_test(times),
	    cmocka_unit_test(owner),
	    cmocka_unit_test(nopreempt),
	    cmocka_unit_test(preempt_delay),
	    cmocka_unit_test(startup_delay),
	    cmocka_unit_test(learned_interval),
	    cmocka_unit_test(priority_zero),
	    cmocka_unit_test(equal_priority),
	    cmocka_unit_test(leaving),
	    cmocka_unit_test(yielding),
	    cmocka_unit_test(fault_before_start),
	    cmocka_unit_test(stalled),
	    cmocka_unit_test(flood),
	    cmocka_unit_test(answers_late),
	    cmocka_unit_test(late_timer),
	    cmocka_unit_test(priority_changes),
	    cmocka_unit_test(interval_changes),
	    cmocka_unit_test(version_changes),
	    cmocka_unit_test(interval_changes_early),
	    cmocka_unit_test(stop_taken_back),
	    cmocka_unit_test(words),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
