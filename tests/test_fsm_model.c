/* vrrp/fsm.c, two and three of them on one link: walks of fsm_walk.h over small configurations. Broken machines show that a walk can fail. */
#include "fsm_walk.h"

#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#else
#define RUNNING_ON_VALGRIND 0
#endif

/* Those that broken machines are tried on. */
enum { TWO, EQUAL, CHANGE, NOPREEMPT, SLOWER, FASTER, V2, THREE, NAMED };

static const struct walk walks[] = {
    [TWO] = {"two", 2, {192, 128}, 1, ALL, 1, .careful = true},
    [EQUAL] = {"two equals", 2, {128, 128}, 1, ALL, 1, .careful = true},
    [CHANGE] = {"two whose priorities change", 2, {192, 128}, 1, ALL, 1, {64, 192}, .careful = true},
    [NOPREEMPT] = {"two, nopreempt", 2, {192, 128}, 2, ALL, 1, .nopreempt = {true, true}},
    [SLOWER] = {"two, the better one advertises less often", 2, {192, 128}, 1, ALL, 1, .interval = {4, 1}, .grid = 2},
    [FASTER] = {"two, the better one advertises more often", 2, {192, 128}, 2, ALL, 1, .interval = {1, 2}},
    [V2] = {"two, version 2", 2, {192, 128}, 1, ALL, 1, {64, 192}, {2, 2}, .version = 2},
    [THREE] = {"three", 3, {192, 128, 64}, 1, LOSE | CRASH | STOP, 1},
    {"two, more goes wrong", 2, {192, 128}, 3, ALL, 1},
    {"two whose priorities change twice", 2, {192, 128}, 2, ALL, 1, {64, 192}},
    {"two, an owner", 2, {255, 128}, 2, ALL, 1},
    {"two, an owner, version 2", 2, {255, 128}, 2, ALL, 1, .interval = {2, 2}, .version = 2},
    {"two, the lesser one preempts", 2, {192, 128}, 2, ALL, 1, .nopreempt = {true, false}},
    {"two, slow link", 2, {192, 128}, 2, ALL, 3},
    {"two equals, slow link", 2, {128, 128}, 2, ALL, 3},
    {"three, at once", 3, {192, 128, 64}, 1, ALL, 0},
    {"three, an owner", 3, {255, 128, 1}, 1, ALL, 1, .grid = 2},
    {"three, two of them equal", 3, {128, 128, 64}, 1, LOSE | YIELD, 1},
    {"three equals, nopreempt",
     3,
     {128, 128, 128},
     1,
     LOSE | STOP | YIELD | CRASH,
     0,
     .nopreempt = {false, true, true}},
    {"three, priorities change", 3, {192, 128, 64}, 1, PRIORITY, 1, {64, 0, 192}},
    {"three, three intervals", 3, {192, 128, 64}, 1, LOSE | CRASH | STOP, 0, .interval = {2, 1, 3}, .grid = 2},
    {"three, version 2", 3, {192, 128, 64}, 1, LOSE | CRASH | STOP, 0, .interval = {2, 2, 2}, .version = 2},
};
enum { WALKS = sizeof walks / sizeof *walks };

static void every_walk(void **state)
{
	for (size_t i = 0; i < WALKS; i++) {
		struct model m;

		if (RUNNING_ON_VALGRIND && !walks[i].careful)
			continue;
		assert_true(go(&walks[i], fsm_step, true, &m));
		assert_in_range(m.slowest, 3 * m.longest, 5 * m.longest); /* the Active was away, and it was seen */
		print_message("%s: %zu states, well after %d ticks\n", walks[i].title, m.walked.n, m.slowest + 1);
	}
}

/* --- broken machines: each must be found out --- */

static bool hears(const struct fsm_state *s, const struct fsm_event *e, enum fsm_mode mode)
{
	return e->type == EV_ADVERT && s->mode == mode && !s->leaving;
}

static struct fsm_actions deaf_active(const struct fsm_config *c, struct fsm_state *s, const struct fsm_event *e)
{
	struct fsm_actions nothing = {0};

	return hears(s, e, FSM_ACTIVE) ? nothing : fsm_step(c, s, e);
}

/* Its Active_Down_Timer runs on whatever it hears. */
static struct fsm_actions deaf_backup(const struct fsm_config *c, struct fsm_state *s, const struct fsm_event *e)
{
	struct fsm_actions nothing = {0};

	return hears(s, e, FSM_BACKUP) && e->priority ? nothing : fsm_step(c, s, e);
}

/* It knows its Active, but does not start the timer again. */
static struct fsm_actions old_timer(const struct fsm_config *c, struct fsm_state *s, const struct fsm_event *e)
{
	bool backup = hears(s, e, FSM_BACKUP) && e->priority;
	nsec_t deadline = s->deadline;
	struct fsm_actions out = fsm_step(c, s, e);

	if (backup)
		s->deadline = deadline;
	return out;
}

/* Takes any Active for a better one, so that nobody preempts. */
static struct fsm_actions meek_backup(const struct fsm_config *c, struct fsm_state *s, const struct fsm_event *e)
{
	struct fsm_config meek = *c;

	meek.preempt = false;
	return fsm_step(&meek, s, e);
}

static struct fsm_actions eager_backup(const struct fsm_config *c, struct fsm_state *s, const struct fsm_event *e)
{
	struct fsm_config eager = *c;

	eager.preempt = true;
	return fsm_step(&eager, s, e);
}

static struct fsm_actions lost_timer(const struct fsm_config *c, struct fsm_state *s, const struct fsm_event *e)
{
	struct fsm_actions out = fsm_step(c, s, e);

	if (e->type == EV_ADVERT && e->priority == 0 && s->mode == FSM_BACKUP)
		s->deadline = FSM_NEVER;
	return out;
}

/* Advertises once. */
static struct fsm_actions silent_active(const struct fsm_config *c, struct fsm_state *s, const struct fsm_event *e)
{
	bool active = e->type == EV_TIMER && s->mode == FSM_ACTIVE && !s->leaving;
	struct fsm_actions out = fsm_step(c, s, e);

	if (active)
		out.what &= ~(unsigned)FSM_SEND;
	return out;
}

/* Priority 0 starts no skew but a wait without end, one tick at a time. */
static struct fsm_actions put_off(const struct fsm_config *c, struct fsm_state *s, const struct fsm_event *e)
{
	if (e->type == EV_TIMER && s->mode == FSM_BACKUP && s->active_priority == 0 && s->active.family) {
		s->deadline = e->now + c->interval / 4;
		return (struct fsm_actions){0};
	}
	return fsm_step(c, s, e);
}

/* Priority 0 is like any other that is less. */
static struct fsm_actions no_haste(const struct fsm_config *c, struct fsm_state *s, const struct fsm_event *e)
{
	struct fsm_actions nothing = {0};

	return hears(s, e, FSM_BACKUP) && e->priority == 0 ? nothing : fsm_step(c, s, e);
}

static struct fsm_actions sends_in_fault(const struct fsm_config *c, struct fsm_state *s, const struct fsm_event *e)
{
	struct fsm_actions out = fsm_step(c, s, e);

	if (s->mode == FSM_FAULT)
		out.what |= FSM_SEND;
	return out;
}

/* Equal priority, and each finds the other's address greater. */
static struct fsm_actions both_yield(const struct fsm_config *c, struct fsm_state *s, const struct fsm_event *e)
{
	struct fsm_config low = *c;

	low.self = (struct addr){0};
	return fsm_step(&low, s, e);
}

/* Equal priority, and neither does. */
static struct fsm_actions none_yields(const struct fsm_config *c, struct fsm_state *s, const struct fsm_event *e)
{
	struct fsm_config high = *c;

	high.self = addr_from_v4(0xffffffff);
	return fsm_step(&high, s, e);
}

/* Equal priority, and the lesser address wins. */
static struct fsm_actions tie_reversed(const struct fsm_config *c, struct fsm_state *s, const struct fsm_event *e)
{
	struct fsm_config other = *c;
	struct fsm_event from = *e;

	other.self = e->from;
	from.from = c->self;
	return e->type == EV_ADVERT ? fsm_step(&other, s, &from) : fsm_step(c, s, e);
}

/* Waits as one of that priority does. */
static struct fsm_actions skewed(const struct fsm_config *c, struct fsm_state *s, const struct fsm_event *e,
				 uint8_t priority)
{
	nsec_t deadline = s->deadline;
	struct fsm_actions out = fsm_step(c, s, e);
	struct fsm_config as = *c;

	as.priority = priority;
	if (s->mode == FSM_BACKUP && s->deadline != deadline)
		s->deadline += fsm_skew(&as, s->active_interval) - fsm_skew(c, s->active_interval);
	return out;
}

static struct fsm_actions no_skew(const struct fsm_config *c, struct fsm_state *s, const struct fsm_event *e)
{
	return skewed(c, s, e, 255);
}

static struct fsm_actions skew_reversed(const struct fsm_config *c, struct fsm_state *s, const struct fsm_event *e)
{
	return skewed(c, s, e, (uint8_t)(255 - c->priority));
}

/* As version 3 has it. */
static struct fsm_actions skew_of_interval(const struct fsm_config *c, struct fsm_state *s, const struct fsm_event *e)
{
	struct fsm_config v3 = *c;

	v3.version = 3;
	return fsm_step(&v3, s, e);
}

static struct fsm_actions learns_nothing(const struct fsm_config *c, struct fsm_state *s, const struct fsm_event *e)
{
	struct fsm_event own = *e;

	own.interval = c->interval;
	return fsm_step(c, s, &own);
}

/* Its own advertisements follow the interval that it has learned. */
static struct fsm_actions learns_too_much(const struct fsm_config *c, struct fsm_state *s, const struct fsm_event *e)
{
	nsec_t learned = s->mode == FSM_BACKUP ? s->active_interval : c->interval;
	struct fsm_actions out = fsm_step(c, s, e);

	if (s->mode == FSM_ACTIVE && (out.what & FSM_ADD))
		s->deadline = e->now + learned;
	return out;
}

/* What it waits was decided with the old priority. */
static struct fsm_actions no_new_priority(const struct fsm_config *c, struct fsm_state *s, const struct fsm_event *e)
{
	struct fsm_actions nothing = {0};

	return e->type == EV_CONFIG ? nothing : fsm_step(c, s, e);
}

/* Leaves when it was told to, successor or not, and keeps the addresses. */
static struct fsm_actions keeps_addresses(const struct fsm_config *c, struct fsm_state *s, const struct fsm_event *e)
{
	bool stopping = s->stopping;
	struct fsm_actions out = fsm_step(c, s, e);

	if (stopping)
		out.what &= ~(unsigned)FSM_REMOVE;
	return out;
}

/* Waits for a successor as long as it takes. */
static struct fsm_actions never_leaves(const struct fsm_config *c, struct fsm_state *s, const struct fsm_event *e)
{
	if (e->type != EV_TIMER || !s->leaving)
		return fsm_step(c, s, e);
	s->deadline = e->now + c->interval;
	return (struct fsm_actions){0};
}

static void broken_machines(void **state)
{
	static const struct {
		const char *title;
		step_fn *step;
		size_t walk;
	} t[] = {
	    {"an Active that does not hear a better one", deaf_active, TWO},
	    {"a Backup that does not hear its Active", deaf_backup, TWO},
	    {"a Backup that does not start its timer again", old_timer, TWO},
	    {"a Backup that does not preempt", meek_backup, TWO},
	    {"a Backup that preempts and is not to", eager_backup, NOPREEMPT},
	    {"a Backup that loses its timer", lost_timer, TWO},
	    {"an Active that advertises once", silent_active, TWO},
	    {"a Backup that puts off taking over", put_off, EQUAL},
	    {"a Backup that does not care for priority 0", no_haste, TWO},
	    {"a router that sends in Fault", sends_in_fault, EQUAL},
	    {"equals that both yield", both_yield, EQUAL},
	    {"equals of which none yields", none_yields, EQUAL},
	    {"equals of which the lesser address wins", tie_reversed, EQUAL},
	    {"no skew", no_skew, TWO},
	    {"a skew that is longer for the better one", skew_reversed, TWO},
	    {"the same of three", skew_reversed, THREE},
	    {"a skew by the interval in version 2", skew_of_interval, V2},
	    {"a Backup that does not learn a longer interval", learns_nothing, SLOWER},
	    {"a Backup that does not learn a shorter interval", learns_nothing, FASTER},
	    {"an Active that advertises by what it has learned", learns_too_much, SLOWER},
	    {"a Backup that does not follow its priority", no_new_priority, CHANGE},
	    {"a router that stops and keeps its addresses", keeps_addresses, EQUAL},
	    {"a router that stops and does not end", never_leaves, TWO},
	};

	for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
		struct model m;

		if (RUNNING_ON_VALGRIND && !walks[t[i].walk].careful)
			continue;
		if (go(&walks[t[i].walk], t[i].step, false, &m))
			fail_msg("%s was not found out in %zu states", t[i].title, m.walked.n);
		print_message("%s: %s, state %zu\n", t[i].title, m.violation, m.walked.n);
	}
}

/* RFC 3768 7.1: with another interval each is deaf to the other, and both are Active: what the walks cannot hide. */
static void version_2_apart(void **state)
{
	const struct walk apart = {"two, version 2, two intervals", 2, {192, 128}, .interval = {1, 2}, .version = 2};
	struct model m;

	assert_false(go(&apart, fsm_step, false, &m));
	assert_non_null(strstr(m.violation, "never one Active alone"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(broken_machines),
	    cmocka_unit_test(version_2_apart),
	    cmocka_unit_test(every_walk),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
