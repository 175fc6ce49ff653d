/* ipvs/queue.c: what is due when, and what is known of it. */
#include "../ipvs/queue.h"
#include "ipvs_values.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define MS NSEC_PER_MSEC

static void entries(void **state)
{
	struct queue *q = queue_new();
	struct vs_key a = key_of(IPPROTO_TCP, "10.0.0.1", 80), b = key_of(IPPROTO_TCP, "10.0.0.1", 81);
	size_t at = 0;

	assert_null(queue_find(q, &a));
	assert_int_equal(queue_next(q, 0), INT64_MAX);
	struct pend *p = queue_put(q, &a);
	assert_ptr_equal(queue_put(q, &a), p);
	assert_ptr_equal(queue_find(q, &a), p);
	assert_null(queue_find(q, &b));
	assert_int_equal(p->state, PEND_DUE);
	assert_false(p->known);
	assert_int_equal(queue_next(q, 0), 0);
	queue_put(q, &b);
	assert_int_equal(queue_count(q), 2);
	queue_drop(q, p);
	assert_int_equal(queue_count(q), 1);
	assert_ptr_equal(queue_each(q, &at), queue_find(q, &b));
	assert_null(queue_each(q, &at));
	queue_free(q);
	queue_free(NULL);
}

static void knowledge_is_a_copy(void **state)
{
	struct queue *q = queue_new();
	struct real reals[2] = {real_of("10.1.0.1", 1, FORWARD_NAT, 1), real_of("10.1.0.2", 1, FORWARD_NAT, 1)};
	struct vs v = vs_of(IPPROTO_TCP, "10.0.0.1", 80, "rr");
	struct pend *p = queue_put(q, &v.key);

	pend_know(p, NULL);
	assert_true(p->known && !p->exists);
	pend_know(p, &v);
	assert_true(p->known && p->exists && p->have.n == 0);
	v.reals = reals;
	v.n = 2;
	pend_know(p, &v);
	memset(reals, 0, sizeof reals);
	assert_int_equal(p->have.reals[1].weight, 1);
	pend_forget(p);
	assert_true(!p->known && !p->exists && !p->have.reals);
	pend_know(p, &v);
	queue_free(q);
}

static void backoff(void **state)
{
	static const int expected[] = {100, 200, 400, 800, 1600, 3200, 6400, 12800, 25600, 30000, 30000};
	struct queue *q = queue_new();
	struct vs_key a = key_of(IPPROTO_TCP, "10.0.0.1", 80);
	struct pend *p = queue_put(q, &a);
	nsec_t now = 5 * NSEC_PER_SEC;

	for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
		pend_fail(p, now);
		assert_int_equal(p->backoff, expected[i] * MS);
		assert_int_equal(queue_next(q, now), now + expected[i] * MS);
		assert_false(pend_is_due(p, now + expected[i] * MS - 1));
		assert_true(pend_is_due(p, now + expected[i] * MS));
		assert_int_equal(queue_next(q, now + expected[i] * MS), 0);
	}
	queue_free(q);
}

static void due_and_totals(void **state)
{
	struct queue *q = queue_new();
	struct pend *out[8];
	uint32_t failed, conflicts;

	for (uint16_t port = 1; port <= 4; port++) {
		struct vs_key k = key_of(IPPROTO_UDP, "fd00::1", port);
		struct pend *p = queue_put(q, &k);
		p->failed = port;
		if (port == 2)
			p->state = PEND_CONFLICT;
		if (port > 2) {
			pend_fail(p, 0);
			memcpy(p->sched, port == 3 ? "mh" : "fo", 3);
		}
	}
	assert_int_equal(queue_due(q, 0, out, 8), 1);
	assert_int_equal(queue_due(q, 100 * MS, out, 8), 3);
	assert_int_equal(queue_due(q, 100 * MS, out, 2), 2);
	queue_wake_scheduler(q, "mh");
	assert_int_equal(queue_due(q, 0, out, 8), 2);
	assert_int_equal(queue_missing(q), 0);
	queue_each(q, &(size_t){0})->missing = true;
	assert_int_equal(queue_missing(q), 1);
	queue_totals(q, &failed, &conflicts);
	assert_int_equal(failed, 10);
	assert_int_equal(conflicts, 1);
	queue_free(q);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(entries),
	    cmocka_unit_test(knowledge_is_a_copy),
	    cmocka_unit_test(backoff),
	    cmocka_unit_test(due_and_totals),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
