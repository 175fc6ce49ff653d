/* Events: counted, bounded by object and in all, ordered by when they were last seen. */
#include "../configmaps/events.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct event event_of(const char *name, const char *reason, const char *message, int64_t at)
{
	return (struct event){.kind = "Service",
			      .namespace = "default",
			      .name = name,
			      .uid = "u",
			      .reason = reason,
			      .message = message,
			      .last = at};
}

static void add(struct events *l, const char *name, const char *reason, const char *message, int64_t at)
{
	struct event e = event_of(name, reason, message, at);

	events_add(l, &e);
}

static void print(void *arg, const struct event *e)
{
	char *to = arg;

	snprintf(to + strlen(to), 4096 - strlen(to), "%s %s %s x%u %lld-%lld;", e->name, e->reason, e->message,
		 e->count, (long long)e->first, (long long)e->last);
}

static void check(const struct events *l, const char *want)
{
	char text[4096] = "";

	events_each(l, print, text);
	assert_string_equal(text, want);
}

static void test_count(void **state)
{
	struct events *l = events_new();
	struct event e = event_of("a", "R", "m", 9);
	char text[4096] = "";

	add(l, "a", "R", "m", 1);
	add(l, "b", "R", "m", 2);
	add(l, "a", "R", "m", 3);
	add(l, "a", "R", "other", 4);
	check(l, "b R m x1 2-2;a R m x2 1-3;a R other x1 4-4;");
	e.warning = true; /* another type is another event, and so is another uid */
	events_add(l, &e);
	e.uid = "v";
	events_add(l, &e);
	assert_int_equal(events_count(l), 5);
	events_each_of(l, "Service", "default", "b", print, text);
	assert_string_equal(text, "b R m x1 2-2;");
	events_each_of(l, "Service", "default", "nobody", print, text);
	assert_string_equal(text, "b R m x1 2-2;");
	assert_true(events_told(l, "Service", "default", "a", "R", "other"));
	assert_true(events_told(l, "Service", "default", "a", "R", NULL));
	assert_false(events_told(l, "Service", "default", "a", "R", "othe"));
	assert_false(events_told(l, "Service", "default", "a", "Q", NULL));
	assert_false(events_told(l, "Pod", "default", "a", "R", NULL));
	events_free(l);
	events_free(NULL);
}

static void test_changed(void **state)
{
	struct events *l = events_new();

	assert_false(events_changed(l));
	add(l, "a", "R", "m", 1);
	assert_true(events_changed(l));
	events_saved(l);
	assert_false(events_changed(l));
	add(l, "a", "R", "m", 2);
	assert_true(events_changed(l));
	events_free(l);
}

static void test_bound_of_an_object(void **state)
{
	struct events *l = events_new();
	char message[32];

	add(l, "other", "R", "stays", 0);
	for (int i = 0; i < 3 * EVENTS_PER_OBJECT; i++) {
		snprintf(message, sizeof message, "%d", i);
		add(l, "a", "R", message, i);
	}
	assert_int_equal(events_count(l), EVENTS_PER_OBJECT + 1);
	assert_true(events_told(l, "Service", "default", "other", "R", "stays"));
	assert_false(events_told(l, "Service", "default", "a", "R", "31"));
	assert_true(events_told(l, "Service", "default", "a", "R", "32"));
	events_free(l);
}

static void test_bound_of_all(void **state)
{
	struct events *l = events_new();
	char name[32];

	for (int i = 0; i < EVENTS_MAX + 10; i++) {
		snprintf(name, sizeof name, "s%d", i);
		add(l, name, "R", "m", i);
		add(l, "s0", "R", "m", i); /* what is seen again is the newest */
	}
	assert_int_equal(events_count(l), EVENTS_MAX);
	assert_true(events_told(l, "Service", "default", "s0", "R", "m"));
	assert_false(events_told(l, "Service", "default", "s1", "R", "m"));
	assert_true(events_told(l, "Service", "default", "s4105", "R", "m"));
	events_free(l);
}

static void keep_message(void *arg, const struct event *e)
{
	snprintf(arg, 2048, "%s", e->message);
}

static void test_long_message(void **state)
{
	struct events *l = events_new();
	char message[2000], kept[2048];

	memset(message, 'x', sizeof message);
	message[EVENT_MESSAGE_MAX - 1] = '\xc3'; /* a character of two bytes across the bound */
	message[EVENT_MESSAGE_MAX] = '\xa4';
	message[sizeof message - 1] = '\0';
	add(l, "a", "R", message, 1);
	message[sizeof message - 2] = '\0';
	add(l, "a", "R", message, 2); /* the same as far as it is kept */
	assert_int_equal(events_count(l), 1);
	events_each(l, keep_message, kept);
	assert_int_equal(strlen(kept), EVENT_MESSAGE_MAX - 1);
	assert_true(events_told(l, "Service", "default", "a", "R", message));
	events_free(l);
}

static void copy_over(void *arg, const struct event *e)
{
	events_restore(arg, e);
}

static void keep_id(void *arg, const struct event *e)
{
	*(uint64_t *)arg = e->id;
}

static void test_restore(void **state)
{
	struct events *l = events_new(), *again = events_new();
	struct event bad = event_of("", "R", "m", 1);
	uint64_t id = 0;

	add(l, "a", "R", "m", 1);
	add(l, "b", "R", "m", 2);
	add(l, "a", "R", "m", 3);
	events_each(l, copy_over, again);
	events_each(l, copy_over, again);
	check(again, "b R m x1 2-2;a R m x2 1-3;");
	assert_false(events_changed(again));
	bad.count = 1;
	events_restore(again, &bad);
	bad = event_of("a", "R", "n", 1);
	events_restore(again, &bad); /* never seen */
	bad.count = 1;
	bad.first = 2;
	events_restore(again, &bad); /* ends before it begins */
	assert_int_equal(events_count(again), 2);
	add(again, "c", "R", "m", 4);
	events_each(again, keep_id, &id);
	assert_int_equal(id, 3);
	events_free(l);
	events_free(again);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_count),
	    cmocka_unit_test(test_changed),
	    cmocka_unit_test(test_bound_of_an_object),
	    cmocka_unit_test(test_bound_of_all),
	    cmocka_unit_test(test_long_message),
	    cmocka_unit_test(test_restore),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
