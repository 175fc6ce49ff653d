/* ipvs/judge.c: what is done with a virtual server, for every combination of wanted, there, ours, adopt and lost; what each error means. */
#include "../ipvs/judge.h"
#include "ipvs_values.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct real one[] = {{.port = 0}}, two[2];

static struct vs sample(const char *sched, struct real *reals, uint32_t n)
{
	struct vs v = vs_of(IPPROTO_TCP, "10.0.0.1", 80, sched);
	v.reals = reals;
	v.n = n;
	return v;
}

static int setup(void **state)
{
	one[0] = real_of("10.1.0.1", 8080, FORWARD_NAT, 1);
	two[0] = real_of("10.1.0.1", 8080, FORWARD_NAT, 1);
	two[1] = real_of("10.1.0.2", 8080, FORWARD_DR, 3);
	return 0;
}

static void plans(void **state)
{
	enum { ABSENT, SAME, OTHER };
	static const struct {
		bool want;
		int have;
		bool ours, adopt, lost;
		enum plan plan;
	} t[] = {
	    {false, ABSENT, false, false, false, PLAN_NOTHING}, {false, SAME, false, true, true, PLAN_NOTHING},
	    {false, ABSENT, true, false, false, PLAN_DELETE},   {false, SAME, true, false, false, PLAN_DELETE},
	    {true, ABSENT, false, false, false, PLAN_ADD},      {true, ABSENT, true, true, true, PLAN_ADD},
	    {true, SAME, true, false, false, PLAN_APPLY},       {true, OTHER, true, false, false, PLAN_APPLY},
	    {true, SAME, false, false, false, PLAN_CONFLICT},   {true, OTHER, false, false, true, PLAN_CONFLICT},
	    {true, SAME, false, false, true, PLAN_TAKE},        {true, OTHER, false, true, false, PLAN_TAKE},
	};
	for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
		struct vs want = sample("rr", one, 1), have = sample(t[i].have == OTHER ? "wlc" : "rr", one, 1);
		assert_int_equal(judge_plan(t[i].want ? &want : NULL, t[i].have == ABSENT ? NULL : &have, t[i].ours,
					    t[i].adopt, t[i].lost),
				 t[i].plan);
	}
}

static void looks(void **state)
{
	struct vs want = sample("rr", two, 2), same = sample("rr", NULL, 0), other = sample("wlc", NULL, 0);
	assert_int_equal(judge_seen(&want, true, &same, 2), SEEN_SETTLED);
	assert_int_equal(judge_seen(&want, true, &same, -1), SEEN_SETTLED);
	assert_int_equal(judge_seen(&want, true, &same, 1), SEEN_DIFFERS);
	assert_int_equal(judge_seen(&want, true, &same, 3), SEEN_DIFFERS);
	assert_int_equal(judge_seen(&want, true, &other, 2), SEEN_DIFFERS);
	assert_int_equal(judge_seen(NULL, true, &same, 2), SEEN_STRAY);
	assert_int_equal(judge_seen(NULL, false, &same, 2), SEEN_FOREIGN);
}

static void real_servers(void **state)
{
	struct vs want = sample("rr", two, 2), none = sample("rr", NULL, 0);
	struct real r = two[1];
	assert_true(judge_real(&want, &two[0]));
	assert_true(judge_real(&want, &r));
	assert_false(judge_real(&none, &r));
	r.weight = 4;
	assert_false(judge_real(&want, &r));
	r = two[1];
	r.forward = FORWARD_TUN;
	assert_false(judge_real(&want, &r));
	r = two[1];
	r.port = 1;
	assert_false(judge_real(&want, &r));
	r = real_of("10.0.0.0", 1, FORWARD_NAT, 1);
	assert_false(judge_real(&want, &r));
}

static void errors(void **state)
{
	static const struct {
		enum op_type type;
		int error;
		enum remedy remedy;
		const char *text;
	} t[] = {
	    {OP_VS_DELETE, -ESRCH, REMEDY_NONE, NULL},
	    {OP_REAL_DELETE, -ENOENT, REMEDY_NONE, NULL},
	    {OP_REAL_DELETE, -ESRCH, REMEDY_REREAD, NULL},
	    {OP_VS_ADD, -ENOENT, REMEDY_SCHEDULER,
	     "the kernel has no scheduler mh: load module ip_vs_mh on the host (install the kernel's modules package "
	     "if it is not "
	     "there) or choose another scheduler"},
	    {OP_VS_EDIT, -ENOENT, REMEDY_SCHEDULER, NULL},
	    {OP_VS_ADD, -EEXIST, REMEDY_REREAD, NULL},
	    {OP_VS_EDIT, -ESRCH, REMEDY_REREAD, NULL},
	    {OP_REAL_ADD, -ESRCH, REMEDY_REREAD, NULL},
	    {OP_REAL_ADD, -EEXIST, REMEDY_REREAD, NULL},
	    {OP_REAL_EDIT, -ENOENT, REMEDY_REREAD, NULL},
	    {OP_REAL_ADD, -EINVAL, REMEDY_RETRY,
	     "the kernel refused to add real server 10.1.0.2:8080: Invalid argument"},
	    {OP_REAL_EDIT, -ERANGE, REMEDY_RETRY,
	     "the kernel refused to change real server 10.1.0.2:8080: Numerical result out of range"},
	    {OP_VS_DELETE, -EPERM, REMEDY_RETRY,
	     "the kernel refused to delete the virtual server: Operation not permitted (vipd's ipvs process needs "
	     "CAP_NET_ADMIN)"},
	    {OP_VS_EDIT, -EINVAL, REMEDY_RETRY, "the kernel refused to change the virtual server: Invalid argument"},
	    {OP_VS_ADD, -ENOMEM, REMEDY_RETRY, "the kernel refused to add the virtual server: Cannot allocate memory"},
	    {OP_REAL_DELETE, -EINVAL, REMEDY_RETRY,
	     "the kernel refused to delete real server 10.1.0.2:8080: Invalid argument"},
	};
	struct vs v = sample("mh", two, 2);
	for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
		struct op op = {.type = t[i].type, .vs = &v, .real = two[1], .sched = "mh"};
		char text[JUDGE_TEXT];
		assert_int_equal(judge_error(&op, t[i].error), t[i].remedy);
		if (t[i].text)
			assert_string_equal(judge_describe(&op, t[i].error, text), t[i].text);
	}
}

static void missing(void **state)
{
	struct vs v = sample("rr", two, 2), empty = sample("rr", two, 0);
	struct op add = {.type = OP_VS_ADD, .vs = &v}, real = {.type = OP_REAL_ADD, .vs = &v};

	assert_true(judge_missing(&v, NULL, 1));
	assert_true(judge_missing(&v, &add, 1));
	assert_true(judge_missing(&v, &real, 2));
	assert_false(judge_missing(&v, &real, 1));
	assert_false(judge_missing(&empty, &real, 1));
	assert_false(judge_missing(NULL, &real, 2));
}

static void scan_share(void **state)
{
	assert_int_equal(judge_scan_share(0, 30), 0);
	assert_int_equal(judge_scan_share(1, 30), 1);
	assert_int_equal(judge_scan_share(30, 30), 1);
	assert_int_equal(judge_scan_share(31, 30), 2);
	assert_int_equal(judge_scan_share(1000, 30), 34);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(plans),  cmocka_unit_test(looks),      cmocka_unit_test(real_servers),
	    cmocka_unit_test(errors), cmocka_unit_test(scan_share), cmocka_unit_test(missing),
	};
	return cmocka_run_group_tests(tests, setup, NULL);
}
