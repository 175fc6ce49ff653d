/* vrrp/effective.c: weights as keepalived reads them, and who puts a router in Fault. */
#include "../vrrp/effective.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

static void deltas(void **state)
{
	static const struct {
		uint8_t kind;
		int16_t weight;
		enum track_now now;
		int value, delta;
		bool fault;
	} rows[] = {
	    {TRACK_SCRIPT, 10, TRACK_UNKNOWN, 0, 0, false},
	    {TRACK_SCRIPT, 10, TRACK_UP, 0, 10, false},
	    {TRACK_SCRIPT, 10, TRACK_DOWN, 0, 0, false},
	    {TRACK_SCRIPT, -10, TRACK_UP, 0, 0, false},
	    {TRACK_SCRIPT, -10, TRACK_DOWN, 0, -10, false},
	    {TRACK_SCRIPT, 0, TRACK_DOWN, 0, 0, true},
	    {TRACK_SCRIPT, 0, TRACK_UP, 0, 0, false},
	    {TRACK_SCRIPT, 0, TRACK_UNKNOWN, 0, 0, true},
	    {TRACK_PROCESS, TRACK_FAULT, TRACK_DOWN, 0, 0, true},
	    {TRACK_PROCESS, TRACK_FAULT, TRACK_UP, 0, 0, false},
	    {TRACK_INTERFACE, -20, TRACK_DOWN, 0, -20, false},
	    {TRACK_INTERFACE, 0, TRACK_DOWN, 0, 0, true},
	    {TRACK_FILE, 2, TRACK_UP, 7, 14, false},
	    {TRACK_FILE, 2, TRACK_DOWN, 7, 0, false},
	    {TRACK_FILE, 0, TRACK_UP, 7, 0, true},
	    {TRACK_FILE, 0, TRACK_UP, 0, 0, false},
	    {TRACK_FILE, TRACK_FAULT, TRACK_UP, -1, 0, true},
	    {TRACK_FILE, TRACK_FAULT, TRACK_UP, 0, 0, false},
	    {TRACK_FILE, TRACK_FAULT, TRACK_UNKNOWN, 0, 0, true},
	    {TRACK_FILE, 1, TRACK_UNKNOWN, 0, 0, false},
	    {TRACK_FILE, 1, TRACK_UP, 1000000, 254, false},
	    {TRACK_FILE, 1, TRACK_UP, -253, -253, false},
	    {TRACK_FILE, 1, TRACK_UP, -254, -254, true},
	    {TRACK_FILE, -254, TRACK_UP, 1, -254, true},
	    {TRACK_FILE, -254, TRACK_UP, 1000000, -254, true},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct track t = {.kind = rows[i].kind, .weight = rows[i].weight};
		struct router r = {.tracks = &t, .n_tracks = 1};
		struct track_state s = {.now = rows[i].now, .value = rows[i].value};

		assert_int_equal(effective_delta(&r, &s), rows[i].delta);
		assert_int_equal(effective_fault(&r, &s) != NULL, rows[i].fault);
	}
}

static void several(void **state)
{
	struct track tracks[] = {{.kind = TRACK_SCRIPT, .weight = 30},
				 {.kind = TRACK_PROCESS, .weight = -5},
				 {.kind = TRACK_FILE, .weight = TRACK_FAULT}};
	struct router r = {.tracks = tracks, .n_tracks = 3};
	struct track_state s[3] = {{TRACK_UP, 0}, {TRACK_DOWN, 0}, {TRACK_UP, 3}};

	assert_int_equal(effective_delta(&r, s), 25);
	assert_ptr_equal(effective_fault(&r, s), &r.tracks[2]);
	assert_string_equal(effective_fault_cause(&r.tracks[2]), "a tracked file's number");
	r.n_tracks = 2;
	assert_null(effective_fault(&r, s));
}

static void priorities(void **state)
{
	static const struct {
		uint8_t base;
		int delta;
		bool ready;
		uint8_t effective;
	} rows[] = {
	    {100, 0, true, 100},    {100, 50, true, 150}, {100, 200, true, 254}, {100, -200, true, 1},
	    {255, -100, true, 255}, {100, 50, false, 1},  {255, 0, false, 1},
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		assert_int_equal(effective_priority(rows[i].base, rows[i].delta, rows[i].ready), rows[i].effective);
}

static void local_rise(void **state)
{
	static const struct {
		size_t here, of;
		int rise;
	} rows[] = {{0, 0, 0}, {0, 5, 0}, {1, 1, 20}, {1, 2, 10}, {1, 3, 7}, {2, 3, 13}, {1, 100, 0}, {99, 100, 20}};

	for (size_t i = 0; i < COUNT(rows); i++)
		assert_int_equal(effective_local(rows[i].here, rows[i].of), rows[i].rise);
	assert_int_equal(effective_priority(255, LOCAL_RISE, true), 255);
	assert_int_equal(effective_priority(250, LOCAL_RISE, true), 254);
	assert_int_equal(effective_priority(100, LOCAL_RISE, false), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(local_rise),
	    cmocka_unit_test(deltas),
	    cmocka_unit_test(several),
	    cmocka_unit_test(priorities),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
