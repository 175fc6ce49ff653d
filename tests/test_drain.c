/* ipvs/drain.c: who drains, until when, what comes back, what a restart finds, when it is over. */
#include "../ipvs/drain.h"
#include "ipvs_values.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define SEC NSEC_PER_SEC

enum { WALL = 1000000 }; /* seconds since 1970 when the monotonic clock is 0 */

/* What the record would hold, as text in order: "~1@300;" a drain with its deadline, "=1;" no more. */
struct record {
	char text[4096];
};

static void keep(void *arg, const struct vs_key *k, const struct real *r, nsec_t deadline)
{
	struct record *rec = arg;
	size_t at = strlen(rec->text);

	snprintf(rec->text + at, sizeof rec->text - at, "~%u@%lld;", r->addr.bytes[3], (long long)(deadline / SEC));
}

static void drop(void *arg, const struct vs_key *k, const struct real *r)
{
	struct record *rec = arg;
	size_t at = strlen(rec->text);

	snprintf(rec->text + at, sizeof rec->text - at, "=%u;", r->addr.bytes[3]);
}

static const struct drain_hooks hooks = {keep, drop};

struct side {
	struct vs v;
	struct real reals[16];
};

/* "1:1 2:0@1000060": host 10.0.0.1 of weight 1, host 2 of weight 0 that is wanted until then; NULL: no virtual server. A leading "!" says that it leaves. */
static const struct vs *side(struct side *s, const char *text, uint8_t proto, const char *sched, uint32_t drain_s)
{
	unsigned host, weight, until;
	int used;

	if (!text)
		return NULL;
	s->v = vs_of(proto, "10.9.9.9", 80, sched);
	s->v.drain_s = drain_s;
	s->v.reals = s->reals;
	s->v.leaving = *text == '!';
	text += s->v.leaving;
	while (sscanf(text, " %u:%u%n", &host, &weight, &used) == 2) {
		struct real *r = &s->reals[s->v.n++];

		text += used;
		*r = real_of("10.0.0.0", 80, FORWARD_NAT, weight);
		r->addr.bytes[3] = (uint8_t)host;
		if (sscanf(text, "@%u%n", &until, &used) == 1) {
			r->until = until;
			text += used;
		}
		if (*text == 'X') {
			r->forward = FORWARD_OTHER;
			text++;
		}
	}
	return &s->v;
}

static int order(const void *a, const void *b)
{
	return real_cmp(a, b);
}

/* The plan as text: "same", "gone", or the row, sorted, as side() reads it. */
static void plan_text(struct drains *d, const struct vs *want, const struct vs *have, nsec_t now, bool at_once,
		      char *buf, size_t size)
{
	struct drain_now t = {now, WALL + now / SEC, at_once};
	struct vs out;
	enum drain_plan p = drain_plan(d, want, have, &t, &out);
	size_t at = 0;

	if (p != DRAIN_ROW) {
		snprintf(buf, size, p == DRAIN_SAME ? "same" : "gone");
		return;
	}
	qsort(out.reals, out.n, sizeof *out.reals, order);
	buf[0] = 0;
	if (out.leaving)
		at = (size_t)snprintf(buf, size, "!");
	for (uint32_t i = 0; i < out.n; i++) {
		at += (size_t)snprintf(buf + at, size - at, "%s%u:%u", i ? " " : "", out.reals[i].addr.bytes[3],
				       out.reals[i].weight);
		if (out.reals[i].until)
			at += (size_t)snprintf(buf + at, size - at, "@%u", out.reals[i].until);
	}
	free(out.reals);
}

/* One virtual server, a drain timeout of 300 s, at time 0. */
static const struct row {
	const char *want, *have, *plan, *record;
	uint8_t proto; /* 0: TCP */
	const char *sched;
	bool at_once, none; /* none: drain timeout 0 */
} rows[] = {
    /* nothing leaves */
    {NULL, NULL, "same", "", 0, NULL, 0, 0},
    {"1:1", NULL, "same", "", 0, NULL, 0, 0},
    {"1:1 2:1", "1:1 2:1", "same", "", 0, NULL, 0, 0},
    {"1:1 2:1", "1:1", "same", "", 0, NULL, 0, 0},
    {"1:1 2:1", "1:0 2:7", "same", "", 0, NULL, 0, 0},
    /* one leaves, all leave, the virtual server leaves */
    {"1:1", "1:1 2:1", "1:1 2:0@1000300", "~2@300;", 0, NULL, 0, 0},
    {"2:1", "1:1 2:1 3:5", "1:0@1000300 2:1 3:0@1000300", "~1@300;~3@300;", 0, NULL, 0, 0},
    {"", "1:1 2:1", "1:0@1000300 2:0@1000300", "~1@300;~2@300;", 0, NULL, 0, 0},
    {NULL, "1:1 2:1", "!1:0@1000300 2:0@1000300", "~1@300;~2@300;", 0, NULL, 0, 0},
    {NULL, "", "same", "", 0, NULL, 0, 0},
    {"4:1 5:1", "1:1 5:1", "1:0@1000300 4:1 5:1", "~1@300;", 0, NULL, 0, 0},
    /* weight 0 already: a drain that nobody remembers */
    {"1:1", "1:1 2:0", "1:1 2:0@1000300", "~2@300;", 0, NULL, 0, 0},
    /* the pod's grace is the sooner deadline, or the later one; past, it is over */
    {"1:1 2:1@1000030", "1:1 2:1", "1:1 2:0@1000030", "~2@30;", 0, NULL, 0, 0},
    {"1:1 2:1@1000900", "1:1 2:1", "1:1 2:0@1000300", "~2@300;", 0, NULL, 0, 0},
    {"1:1 2:1@999999", "1:1 2:1", "1:1", "", 0, NULL, 0, 0},
    {"1:1 2:1@1000030", "1:1", "1:1", "", 0, NULL, 0, 0},
    {"1:1 2:1@1000030 3:1", NULL, "1:1 3:1", "", 0, NULL, 0, 0},
    /* a row that was planned once says nothing new */
    {"!1:0@1000300", "1:0", "!1:0@1000300", "~1@300;", 0, NULL, 0, 0},
    {"!1:0@1000300", NULL, "gone", "", 0, NULL, 0, 0},
    /* not at all: UDP, what hashes to weight 0, a timeout of 0, what was not ours, a forwarding method that vipd has not */
    {"1:1", "1:1 2:1", "same", "", IPPROTO_UDP, NULL, 0, 0},
    {"1:1 2:1@1000030", "1:1 2:1", "1:1", "", IPPROTO_UDP, NULL, 0, 0},
    {NULL, "1:1 2:1", "same", "", IPPROTO_UDP, NULL, 0, 0},
    {"1:1", "1:1 2:1", "1:1 2:0@1000300", "~2@300;", IPPROTO_SCTP, NULL, 0, 0},
    {"1:1", "1:1 2:1", "same", "", 0, "dh", 0, 0},
    {"1:1", "1:1 2:1", "same", "", 0, "sh", 0, 0},
    {"1:1", "1:1 2:1", "1:1 2:0@1000300", "~2@300;", 0, "mh", 0, 0},
    {"1:1", "1:1 2:1", "same", "", 0, NULL, 0, 1},
    {NULL, "1:1", "same", "", 0, NULL, 0, 1},
    {"1:1", "1:1 2:1", "same", "", 0, NULL, 1, 0},
    {"1:1", "1:1 2:1X", "1:1", "", 0, NULL, 0, 0},
};

static void plans(void **state)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct row *r = &rows[i];
		struct record rec = {""};
		struct drains *d = drains_new(&hooks, &rec);
		struct side want, have;
		uint32_t drain_s = r->none ? 0 : 300;
		uint8_t proto = r->proto ? r->proto : IPPROTO_TCP;
		char text[256];

		plan_text(d, side(&want, r->want, proto, r->sched ? r->sched : "rr", drain_s),
			  side(&have, r->have, proto, r->sched ? r->sched : "rr", drain_s), 0, r->at_once, text,
			  sizeof text);
		if (strcmp(text, r->plan) != 0 || strcmp(rec.text, r->record) != 0)
			fail_msg("row %zu: \"%s\" record \"%s\"", i, text, rec.text);
		drains_free(d);
	}
	drains_free(NULL);
}

static void sh_with_fallback_drains(void **state)
{
	struct side s;

	side(&s, "1:1", IPPROTO_TCP, "sh", 300);
	assert_false(drain_fits(&s.v));
	s.v.flags = VS_SCHED1;
	assert_true(drain_fits(&s.v));
}

/* ---- one drain's life */

struct world {
	struct record rec;
	struct drains *d;
	struct side want, have;
	char text[256];
};

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof *w);

	w->d = drains_new(&hooks, &w->rec);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	drains_free(w->d);
	free(w);
	return 0;
}

static const char *plan(struct world *w, const char *want, const char *have, nsec_t now)
{
	plan_text(w->d, side(&w->want, want, IPPROTO_TCP, "rr", 300), side(&w->have, have, IPPROTO_TCP, "rr", 300), now,
		  false, w->text, sizeof w->text);
	return w->text;
}

static struct vs_key the_key(void)
{
	return key_of(IPPROTO_TCP, "10.9.9.9", 80);
}

static struct real host(uint8_t n)
{
	struct real r = real_of("10.0.0.0", 80, FORWARD_NAT, 0);

	r.addr.bytes[3] = n;
	return r;
}

/* The counters of one host; what is due must be a look at it. */
static bool look(struct world *w, nsec_t now, uint8_t n, uint32_t active, uint32_t inactive)
{
	struct drain_count c = {host(n), active, inactive};
	struct vs_key k;
	bool over;

	assert_true(drains_due(w->d, now, &k, &over));
	assert_false(over);
	return drains_seen(w->d, &k, &c, 1, now);
}

static void ends_with_its_last_connection(void **state)
{
	struct world *w = *state;
	struct vs_key k = the_key();
	const struct drain *e;
	struct real two = host(2);
	bool over;

	assert_string_equal(plan(w, "1:1", "1:1 2:1", 0), "1:1 2:0@1000300");
	assert_int_equal(drains_count(w->d), 1);
	assert_int_equal(drains_next(w->d), 1 * SEC);
	assert_false(drains_due(w->d, SEC - 1, &k, &over));
	assert_false(look(w, 1 * SEC, 2, 3, 1)); /* 1, 2, 4, 8, 10, 10 s apart */
	e = drains_find(w->d, &k, &two);
	assert_int_equal(e->active, 3);
	assert_int_equal(e->inactive, 1);
	assert_int_equal(drains_next(w->d), 2 * SEC);
	assert_false(look(w, 2 * SEC, 2, 0, 1));
	assert_int_equal(drains_next(w->d), 4 * SEC);
	assert_false(look(w, 4 * SEC, 2, 1, 0));
	assert_false(look(w, 8 * SEC, 2, 1, 0));
	assert_false(look(w, 16 * SEC, 2, 1, 0));
	assert_int_equal(drains_next(w->d), 26 * SEC);
	assert_true(look(w, 26 * SEC, 2, 0, 0));
	assert_int_equal(drains_next(w->d), INT64_MAX);
	/* planned again it is left out, and when that is done, forgotten */
	assert_string_equal(plan(w, "1:1 2:0@1000300", "1:1 2:0", 26 * SEC), "1:1");
	assert_string_equal(w->rec.text, "~2@300;");
	drains_done(w->d, &k);
	assert_string_equal(w->rec.text, "~2@300;=2;");
	assert_int_equal(drains_count(w->d), 0);
	assert_string_equal(plan(w, "1:1", "1:1", 27 * SEC), "same");
	drains_done(w->d, &k);
}

static void ends_at_its_deadline(void **state)
{
	struct world *w = *state;
	struct vs_key k;
	bool over = false;

	plan(w, NULL, "1:1 2:1", 0);
	for (nsec_t now = SEC; now < 300 * SEC; now = drains_next(w->d)) {
		struct drain_count c[] = {{host(1), 5, 0}, {host(2), 0, 5}};

		assert_true(drains_due(w->d, now, &k, &over));
		assert_false(over);
		assert_false(drains_seen(w->d, &k, c, 2, now));
	}
	assert_int_equal(drains_next(w->d), 300 * SEC);
	assert_true(drains_due(w->d, 300 * SEC, &k, &over));
	assert_true(over);
	assert_true(drains_due(w->d, 300 * SEC, &k, &over));
	assert_true(over);
	assert_false(drains_due(w->d, 300 * SEC, &k, &over));
	assert_string_equal(plan(w, "!1:0@1 2:0@1", "1:0 2:0", 300 * SEC), "gone");
	drains_forget(w->d, &k);
	assert_int_equal(drains_count(w->d), 0);
	assert_string_equal(w->rec.text, "~1@300;~2@300;=2;=1;");
}

static void comes_back(void **state)
{
	struct world *w = *state;

	plan(w, "1:1", "1:1 2:1 3:1", 0);
	assert_string_equal(plan(w, "1:1 2:4", "1:1 2:0 3:0", 10 * SEC), "1:1 2:4 3:0@1000300");
	assert_string_equal(w->rec.text, "~2@300;~3@300;=2;");
	assert_string_equal(plan(w, "1:1 2:4 3:1", "1:1 2:4 3:0", 10 * SEC), "1:1 2:4 3:1");
	assert_int_equal(drains_count(w->d), 0);
	assert_string_equal(plan(w, "1:1 2:4 3:1", "1:1 2:4 3:1", 10 * SEC), "same");
	/* one comes as another goes, and nothing else drains */
	plan(w, "1:1", "1:1 2:1", 20 * SEC);
	assert_string_equal(plan(w, "2:1", "1:1 2:0", 20 * SEC), "1:0@1000320 2:1");
}

static void a_virtual_server_comes_back(void **state)
{
	struct world *w = *state;

	assert_string_equal(plan(w, NULL, "1:1 2:1", 0), "!1:0@1000300 2:0@1000300");
	assert_string_equal(plan(w, "2:1 3:1", "1:0 2:0", 5 * SEC), "1:0@1000300 2:1 3:1");
}

/* The deadline stays that of the first time; a pod's own may only shorten it. */
static void deadlines(void **state)
{
	struct world *w = *state;

	plan(w, "1:1", "1:1 2:1", 0);
	assert_string_equal(plan(w, "1:1", "1:1 2:0", 100 * SEC), "1:1 2:0@1000300");
	assert_string_equal(plan(w, "1:1 2:1@1000400", "1:1 2:0", 100 * SEC), "1:1 2:0@1000300");
	assert_string_equal(plan(w, "1:1 2:1@1000150", "1:1 2:0", 100 * SEC), "1:1 2:0@1000150");
	assert_string_equal(w->rec.text, "~2@300;~2@150;");
	assert_string_equal(plan(w, "1:1 2:1@1000090", "1:1 2:0", 100 * SEC), "1:1");
	drains_done(w->d, &(struct vs_key){0});
	assert_int_equal(drains_count(w->d), 1); /* until the kernel has it */
}

static void a_timeout_of_0_ends_what_drains(void **state)
{
	struct world *w = *state;

	plan(w, "1:1", "1:1 2:1", 0);
	plan_text(w->d, side(&w->want, "1:1", IPPROTO_TCP, "rr", 0), side(&w->have, "1:1 2:0", IPPROTO_TCP, "rr", 0),
		  SEC, false, w->text, sizeof w->text);
	assert_string_equal(w->text, "1:1");
}

static void a_restart_finds_its_drains(void **state)
{
	struct world *w = *state;
	struct vs_key k = the_key(), got;
	struct real two = host(2), three = host(3);
	bool over;

	drains_restore(w->d, &k, &two, 100 * SEC, 50 * SEC);
	drains_restore(w->d, &k, &two, 110 * SEC, 50 * SEC); /* a later line of the record */
	drains_restore(w->d, &k, &three, INT64_MAX, 50 * SEC);
	assert_int_equal(drains_count(w->d), 2);
	assert_int_equal(drains_find(w->d, &k, &two)->deadline, 110 * SEC);
	assert_int_equal(drains_find(w->d, &k, &three)->deadline, (50 + DRAIN_MAX_S) * SEC);
	assert_string_equal(w->rec.text, "");
	assert_string_equal(plan(w, "1:1", "1:1 2:0", 50 * SEC), "1:1 2:0@1000110");
	/* 3 is not in the kernel: the first look ends it */
	assert_false(drains_due(w->d, 50 * SEC, &got, &over));
	assert_true(look(w, 51 * SEC, 2, 1, 0));
	assert_true(drains_find(w->d, &k, &three)->over);
	assert_false(drains_find(w->d, &k, &three)->seen);
	assert_false(drains_find(w->d, &k, &two)->over);
	drains_done(w->d, &k);
	assert_null(drains_find(w->d, &k, &three));
}

static void many(void **state)
{
	struct world *w = *state;
	struct vs_key k = the_key();
	const struct drain_group *g;
	size_t at = 0, groups = 0, n = 0;

	for (uint32_t i = 0; i < 1000; i++) {
		struct real r = host((uint8_t)(i * 7));

		k.port = (uint16_t)(1 + i / 100);
		r.port = (uint16_t)(1 + i);
		drains_restore(w->d, &k, &r, (1000 - (nsec_t)i) * SEC, 0);
	}
	while ((g = drains_each(w->d, &at))) {
		groups++;
		n += g->n;
		for (uint32_t i = 1; i < g->n; i++)
			assert_true(real_cmp(&g->items[i - 1]->real, &g->items[i]->real) < 0);
	}
	assert_int_equal(groups, 10);
	assert_int_equal(n, 1000);
	for (unsigned p = 1; p <= 10; p++) {
		k.port = (uint16_t)p;
		assert_int_equal(drains_count(w->d), 1000 - 100 * (p - 1));
		drains_forget(w->d, &k);
	}
	drains_forget(w->d, &k);
	assert_int_equal(drains_count(w->d), 0);
}

static void stripped(void **state)
{
	struct side s;
	struct vs out;
	struct real *own;

	side(&s, "1:1 2:0@5 3:1", IPPROTO_TCP, "rr", 300);
	assert_true(drain_strip(&s.v, &out, &own));
	assert_int_equal(out.n, 2);
	assert_int_equal(out.reals[1].addr.bytes[3], 3);
	assert_ptr_equal(own, out.reals);
	free(own);
	side(&s, "1:1", IPPROTO_TCP, "rr", 300);
	assert_true(drain_strip(&s.v, &out, &own));
	assert_null(own);
	assert_ptr_equal(out.reals, s.reals);
	side(&s, "!1:0@5", IPPROTO_TCP, "rr", 300);
	assert_false(drain_strip(&s.v, &out, &own));
	assert_null(own);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(plans),
	    cmocka_unit_test(sh_with_fallback_drains),
	    cmocka_unit_test_setup_teardown(ends_with_its_last_connection, setup, teardown),
	    cmocka_unit_test_setup_teardown(ends_at_its_deadline, setup, teardown),
	    cmocka_unit_test_setup_teardown(comes_back, setup, teardown),
	    cmocka_unit_test_setup_teardown(a_virtual_server_comes_back, setup, teardown),
	    cmocka_unit_test_setup_teardown(deadlines, setup, teardown),
	    cmocka_unit_test_setup_teardown(a_timeout_of_0_ends_what_drains, setup, teardown),
	    cmocka_unit_test_setup_teardown(a_restart_finds_its_drains, setup, teardown),
	    cmocka_unit_test_setup_teardown(many, setup, teardown),
	    cmocka_unit_test(stripped),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
