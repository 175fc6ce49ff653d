/* configmaps/pool.c, configmaps/spans.c: the syntax of ranges, what may be given of them, whom a pool is for; sets of addresses. */
#include "../configmaps/pool.h"
#include "../configmaps/spans.h"
#include "../src/base/arena.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

static struct addr addr_of(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(text, &a), 0);
	return a;
}

static struct pool_range range_of(const char *text)
{
	struct pool_range r;
	char why[POOL_WHY];

	assert_int_equal(pool_range_parse(text, &r, why), 0);
	return r;
}

/* ---- syntax ---- */

static void good_ranges(void **state)
{
	static const struct {
		const char *text, *again;
	} rows[] = {
	    {"10.4.0.0/24", "10.4.0.0/24"},
	    {"10.4.0.1/32", "10.4.0.1/32"},
	    {"10.4.0.4/31", "10.4.0.4/31"},
	    {"fd00::/64", "fd00::/64"},
	    {"fd00::5/128", "fd00::5/128"},
	    {"10.4.0.10-10.4.0.20", "10.4.0.10-10.4.0.20"},
	    {"10.4.0.0 - 10.4.0.255", "10.4.0.0-10.4.0.255"},
	    {"10.4.0.1-10.4.0.1", "10.4.0.1-10.4.0.1"},
	    {"fd00::10-fd00:0:0:1::", "fd00::10-fd00:0:0:1::"},
	};
	char buf[POOL_RANGE_TEXT];

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct pool_range r = range_of(rows[i].text);

		assert_string_equal(pool_range_format(&r, buf), rows[i].again);
	}
}

static void bad_ranges(void **state)
{
	static const struct {
		const char *text, *why;
	} rows[] = {
	    {"", "is not a prefix such as 10.4.0.0/24, nor a range such as 10.4.0.10-10.4.0.20"},
	    {"10.4.0.1", "is not a prefix such as 10.4.0.0/24; one address is /32"},
	    {"fd00::1", "is not a prefix such as 10.4.0.0/24; one address is /128"},
	    {"10.4.0.0/33", "is not a prefix such as 10.4.0.0/24"},
	    {"0.0.0.0/0", "is every address there is"},
	    {"10.4.0.1/24", "has bits set behind the prefix; the network is 10.4.0.0/24"},
	    {"224.0.0.0/8", "224.0.0.0 is a multicast address"},
	    {"127.0.0.0-127.0.0.9", "127.0.0.0 is a loopback address"},
	    {"10.4.0.0-224.0.0.1", "224.0.0.1 is a multicast address"},
	    {"126.255.255.250-128.0.0.9", "holds 127.0.0.0/8, which cannot be used"},
	    {"168.0.0.0/7", "holds 169.254.0.0/16, which cannot be used"},
	    {"::2-::1:0:0:0", "holds ::ffff:0.0.0.0/96, which cannot be used"},
	    {"fe00::/8", "holds fe80::/10, which cannot be used"},
	    {"10.4.0.9-10.4.0.8", "ends before it begins"},
	    {"10.4.0.9-fd00::1", "begins in one family and ends in the other"},
	    {"10.4.0.9-", "is not a range such as 10.4.0.10-10.4.0.20"},
	    {"-10.4.0.9", "is not a range such as 10.4.0.10-10.4.0.20"},
	    {"10.4.0.9-10.4.0.10-10.4.0.11", "is not a range such as 10.4.0.10-10.4.0.20"},
	    {"10.4.0.9-20", "is not a range such as 10.4.0.10-10.4.0.20"},
	    {"10.4.0.9-                                                 10.4.0.10x",
	     "is not a range such as 10.4.0.10-10.4.0.20"},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct pool_range r = {.prefix = true};
		char why[POOL_WHY] = "";

		assert_int_equal(pool_range_parse(rows[i].text, &r, why), -EINVAL);
		assert_string_equal(why, rows[i].why);
		assert_int_equal(r.first.family, 0);
	}
}

/* ---- what may be given ---- */

static char *rooms_text(const struct pool *p)
{
	size_t n;
	struct pool_range *rooms = pool_rooms(p, &n);
	char buf[POOL_RANGE_TEXT], *text = xstrdup("");

	for (size_t i = 0; i < n; i++) {
		char *more = xasprintf("%s%s%s", text, i ? " " : "", pool_range_format(&rooms[i], buf));

		free(text);
		text = more;
	}
	free(rooms);
	return text;
}

static void rooms(void **state)
{
	static const struct {
		const char *range, *avoid[3], *want;
		bool all;
	} rows[] = {
	    {"10.0.0.0/29", {0}, "10.0.0.1-10.0.0.6", false},
	    {"10.0.0.0/29", {0}, "10.0.0.0-10.0.0.7", true},
	    {"10.0.0.4/30", {0}, "10.0.0.5-10.0.0.6", false},
	    {"10.0.0.4/31", {0}, "10.0.0.4-10.0.0.5", false},
	    {"10.0.0.2/31", {0}, "10.0.0.2-10.0.0.3", false},
	    {"10.0.0.4/32", {0}, "10.0.0.4-10.0.0.4", false},
	    {"10.0.0.0-10.0.0.255", {0}, "10.0.0.0-10.0.0.255", false},
	    {"fd00::/126", {0}, "fd00::1-fd00::3", false},
	    {"fd00::/127", {0}, "fd00::-fd00::1", false},
	    {"fd00::7/128", {0}, "fd00::7-fd00::7", false},
	    {"10.0.0.0/29", {"10.0.0.3/32"}, "10.0.0.1-10.0.0.2 10.0.0.4-10.0.0.6", false},
	    {"10.0.0.0/29", {"10.0.0.0-10.0.0.2", "10.0.0.6-10.0.0.9"}, "10.0.0.3-10.0.0.5", false},
	    {"10.0.0.0/29", {"10.0.0.4-10.0.0.5", "10.0.0.2-10.0.0.4"}, "10.0.0.1-10.0.0.1 10.0.0.6-10.0.0.6", false},
	    {"10.0.0.0/29", {"10.0.0.0/24"}, "", false},
	    {"10.0.0.0/29", {"fd00::/64", "10.0.1.0/24"}, "10.0.0.1-10.0.0.6", false},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct pool_range range = range_of(rows[i].range), avoid[3];
		struct pool p = {.ranges = &range, .n = 1, .avoid = avoid, .use_all = rows[i].all};
		char *text;

		for (; rows[i].avoid[p.n_avoid]; p.n_avoid++)
			avoid[p.n_avoid] = range_of(rows[i].avoid[p.n_avoid]);
		text = rooms_text(&p);
		assert_string_equal(text, rows[i].want);
		free(text);
	}
}

static void rooms_have(void **state)
{
	struct pool_range rooms_of[] = {range_of("10.0.0.1-10.0.0.6"), range_of("fd00::1-fd00::3")};
	struct addr in = addr_of("fd00::3"), out = addr_of("10.0.0.7");

	assert_true(pool_rooms_have(rooms_of, 2, &in));
	assert_false(pool_rooms_have(rooms_of, 2, &out));
}

static void whom(void **state)
{
	const char *namespaces[] = {"a", "b"};
	struct str_pair labels[] = {{"app", "web", {0, 0}}, {"tier", "front", {0, 0}}};
	struct object o = {.meta = {.namespace = "b", .labels = {labels, 2}}};
	struct pool all = {.priority = 0}, some = {.namespaces = namespaces, .n_namespaces = 2, .priority = 2};
	struct pool labelled = {.selector = {labels, 1}, .priority = 1};

	assert_true(pool_selects(&all, &o));
	assert_true(pool_selects(&some, &o));
	assert_true(pool_selects(&labelled, &o));
	o.meta.namespace = "c";
	o.meta.labels.n = 0;
	assert_true(pool_selects(&all, &o));
	assert_false(pool_selects(&some, &o));
	assert_false(pool_selects(&labelled, &o));
	assert_true(pool_cmp(&labelled, &some) < 0);
	assert_true(pool_cmp(&all, &some) > 0);
	assert_int_equal(pool_cmp(&all, &all), 0);
}

/* ---- sets ---- */

static void set_basics(void **state)
{
	struct spans *s = spans_new();
	struct addr first = addr_of("10.0.0.1"), last = addr_of("10.0.0.4"), a, top = addr_of("255.255.255.255");
	const char *order[] = {"10.0.0.1", "10.0.0.3", "10.0.0.2", "10.0.0.2", "10.0.0.4"};
	const char *gaps[] = {"10.0.0.2", "10.0.0.2", "10.0.0.4", "10.0.0.4"};

	for (size_t i = 0; i < COUNT(order); i++) {
		a = addr_of(order[i]);
		spans_add(s, &a);
		assert_true(spans_has(s, &a));
		assert_int_equal(spans_gap(s, &first, &last, &a), i < 4 ? 0 : -ENOSPC);
		if (i < 4) {
			struct addr want = addr_of(gaps[i]);

			assert_true(addr_equal(&a, &want));
		}
	}
	assert_int_equal(spans_count(s), 1);
	a = addr_of("10.0.0.3");
	spans_remove(s, &a);
	spans_remove(s, &a);
	assert_int_equal(spans_count(s), 2);
	assert_int_equal(spans_gap(s, &first, &last, &a), 0);
	spans_remove(s, &first);
	spans_remove(s, &last);
	assert_int_equal(spans_count(s), 1);
	spans_add(s, &top); /* the end of the family is no neighbour of the next */
	assert_int_equal(spans_gap(s, &top, &top, &a), -ENOSPC);
	spans_free(s);
	spans_free(NULL);
}

static uint32_t random_next(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return *seed >> 8;
}

/* Against an array of flags. */
static void set_model(void **state)
{
	enum { N = 512 };
	struct addr base = addr_of("fd00::ff00"), at[N];
	bool has[N] = {false};
	struct spans *s = spans_new();
	uint32_t seed = 7;

	at[0] = base;
	for (size_t i = 1; i < N; i++)
		addr_next(&at[i - 1], &at[i]);
	for (size_t round = 0; round < 20000; round++) {
		size_t i = random_next(&seed) % N, k = i;
		struct addr gap;

		if (random_next(&seed) % 16 < 8 + (round / 4000 % 2 ? 2u : 0u))
			spans_add(s, &at[i]), has[i] = true;
		else
			spans_remove(s, &at[i]), has[i] = false;
		i = k = random_next(&seed) % N;
		assert_int_equal(spans_has(s, &at[i]), has[i]);
		while (k < N && has[k])
			k++;
		assert_int_equal(spans_gap(s, &at[i], &at[N - 1], &gap), k < N ? 0 : -ENOSPC);
		if (k < N)
			assert_true(addr_equal(&gap, &at[k]));
		if (round % 1000 == 0) {
			size_t n = has[0];

			for (size_t m = 1; m < N; m++)
				n += has[m] && !has[m - 1];
			assert_int_equal(spans_count(s), n);
		}
	}
	spans_free(s);
}

/* A /64 that is filled in order is one span. */
static void set_is_lazy(void **state)
{
	struct spans *s = spans_new();
	struct addr first = addr_of("fd00::1"), last = addr_of("fd00::ffff:ffff:ffff:ffff"), a;

	for (int i = 0; i < 10000; i++) {
		assert_int_equal(spans_gap(s, &first, &last, &a), 0);
		spans_add(s, &a);
	}
	assert_int_equal(spans_count(s), 1);
	spans_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(good_ranges), cmocka_unit_test(bad_ranges),  cmocka_unit_test(rooms),
	    cmocka_unit_test(rooms_have),  cmocka_unit_test(whom),        cmocka_unit_test(set_basics),
	    cmocka_unit_test(set_model),   cmocka_unit_test(set_is_lazy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
