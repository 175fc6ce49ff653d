/* ipvs/tug.c: when putting right what somebody else changes is a tug of war, how long it waits, when it is over. */
#include "../ipvs/tug.h"
#include "ipvs_values.h"

#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#define S NSEC_PER_SEC

static bool is_over(struct tugs *t, nsec_t now, struct vs_key *k)
{
	size_t at = 0;

	return tugs_over(t, now, &at, k);
}

/* Once, and once more: an accident. The third time in a row it is said, and from then on the next time waits. */
static void rounds(void **state)
{
	static const struct {
		nsec_t at, wait; /* seconds; wait: after it */
		bool begins;
	} rows[] = {
	    {0, 0, false},   {100, 0, false},  {101, 1, true},   {102, 2, false},  {105, 4, false},
	    {110, 8, false}, {120, 16, false}, {140, 32, false}, {180, 60, false}, {250, 60, false},
	};
	struct tugs *t = tugs_new();
	struct vs_key k = key_of(IPPROTO_TCP, "10.9.9.9", 80), other = key_of(IPPROTO_TCP, "10.9.9.9", 81), over;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_int_equal(tugs_healed(t, &k, rows[i].at * S), rows[i].begins);
		assert_int_equal(tugs_wait(t, &k), rows[i].wait * S);
	}
	assert_int_equal(tugs_wait(t, &other), 0);
	assert_int_equal(tugs_count(t), 1);
	assert_false(is_over(t, (250 + 60 + TUG_QUIET_S) * S - 1, &over));
	assert_true(is_over(t, (250 + 60 + TUG_QUIET_S) * S, &over));
	assert_int_equal(vs_key_cmp(&over, &k), 0);
	assert_false(is_over(t, 10000 * S, &over));
	assert_int_equal(tugs_count(t), 0);
	assert_int_equal(tugs_wait(t, &k), 0);
	assert_false(tugs_healed(t, &k, 10001 * S)); /* a new row */
	tugs_free(t);
}

/* What was quiet for long enough is forgotten, without a word if nothing was said. */
static void accidents_are_forgotten(void **state)
{
	struct tugs *t = tugs_new();
	struct vs_key k = key_of(IPPROTO_TCP, "10.9.9.9", 80), over;

	for (nsec_t at = 0; at < 10; at++) {
		assert_false(tugs_healed(t, &k, at * (TUG_QUIET_S + 1) * S));
		assert_false(is_over(t, (at + 1) * (TUG_QUIET_S + 1) * S - 1, &over));
	}
	assert_int_equal(tugs_count(t), 0);
	tugs_free(t);
}

/* A flushed table is no reason to keep all of it in mind; those that are watched can be listed. */
static void bounded(void **state)
{
	struct tugs *t = tugs_new();
	struct vs_key k;
	size_t at = 0, begun = 0, listed = 0;

	for (unsigned round = 0; round < TUG_ROUNDS; round++)
		for (unsigned port = 1; port <= TUG_KEYS_MAX + 10; port++) {
			k = key_of(IPPROTO_TCP, "10.9.9.9", (uint16_t)port);
			begun += tugs_healed(t, &k, round * S);
		}
	assert_int_equal(begun, TUG_KEYS_MAX);
	assert_int_equal(tugs_wait(t, &k), 0); /* the last one found no room */
	while (tugs_each(t, &at, &k))
		listed++;
	assert_int_equal(listed, TUG_KEYS_MAX);
	for (at = listed = 0; tugs_over(t, 1000 * S, &at, &k); listed++)
		;
	assert_int_equal(listed, TUG_KEYS_MAX); /* one walk finds them all */
	assert_int_equal(tugs_count(t), 0);
	tugs_free(t);
	tugs_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(rounds),
	    cmocka_unit_test(accidents_are_forgotten),
	    cmocka_unit_test(bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
