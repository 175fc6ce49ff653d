/* vipd's answers as facts. */
#include "../src/explain_facts.h"

#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static json_t *json(const char *text)
{
	json_error_t e;
	json_t *j = text ? json_loads(text, 0, &e) : NULL;

	if (text && !j)
		fail_msg("%s at %d", e.text, e.position);
	return j;
}

struct texts {
	const char *plan, *servers, *vips, *routers, *status;
};

static void load(const struct texts *t, struct explain_answers *a, struct explain_loaded *l)
{
	struct vs_key k = {.port = 80, .proto = IPPROTO_TCP};

	assert_int_equal(addr_parse("10.10.0.1", &k.addr), 0);
	*a =
	    (struct explain_answers){json(t->plan), json(t->servers), json(t->vips), json(t->routers), json(t->status)};
	explain_facts_load(&k, a, l);
}

static void done(struct explain_answers *a, struct explain_loaded *l)
{
	explain_facts_clear(l);
	json_decref(a->plan);
	json_decref(a->servers);
	json_decref(a->vips);
	json_decref(a->routers);
	json_decref(a->status);
}

static const struct texts whole = {
    "{\"node\": \"lb1\", \"service\": {\"metadata\": {\"name\": \"web\", \"namespace\": \"shop\"}, \"spec\": "
    "{\"selector\": {\"a\": \"b\", "
    "\"c\": \"d\"}, \"loadBalancerSourceRanges\": [\"192.0.2.0/24\", \"x\"]}, \"status\": {\"loadBalancer\": "
    "{\"ingress\": [{\"ip\": "
    "\"10.10.0.1\"}]}}}, \"wanted\": {\"scheduler\": \"rr\", \"gate\": \"gate\", \"reals\": [{\"address\": "
    "\"10.32.0.5\", \"port\": 80, "
    "\"forward\": \"DR\", \"weight\": 2}, {\"address\": \"10.32.0.6\", \"port\": 80, \"forward\": \"DR\", \"weight\": "
    "1}]}, \"source\": "
    "\"Pods\", \"onlyLocal\": true, \"endpoints\": [{\"address\": \"10.32.0.5\", \"port\": 80, \"ready\": true, "
    "\"used\": true}, "
    "{\"address\": \"?\", \"port\": 1}], \"ports\": [\"TCP 80\", \"UDP 53\"], \"problems\": [{\"reason\": \"R\", "
    "\"message\": \"m\"}], "
    "\"vip\": {\"kind\": \"client\", \"interface\": \"eth0\", \"router\": \"vips\"}}",
    "[{\"spec\": {}, \"status\": {\"ours\": true, \"reals\": [{\"address\": \"10.32.0.5\", \"port\": 80, \"forward\": "
    "\"DR\", \"weight\": 0, "
    "\"inPackets\": 7, \"outPackets\": 1}, {\"address\": \"10.32.0.7\", \"port\": 80}]}}]",
    "[{\"status\": {\"held\": false, \"problem\": \"interface eth0 is down\"}}]",
    "[{\"metadata\": {\"name\": \"vips\"}, \"status\": {\"state\": \"Fault\", \"lastCause\": \"interface down\", "
    "\"active\": \"-\"}}, "
    "{\"metadata\": {\"name\": \"gate\"}, \"status\": {\"state\": \"Backup\"}}]",
    "{\"ipvs\": {\"problem\": \"no module\"}, \"vrrp\": {}}"};

static void test_whole(void **state)
{
	struct explain_answers a;
	struct explain_loaded l;
	const struct explain_facts *f = &l.facts;

	load(&whole, &a, &l);
	assert_string_equal(f->service, "shop/web");
	assert_string_equal(f->selector, "a=b,c=d");
	assert_string_equal(f->ports, "TCP 80, UDP 53");
	assert_string_equal(f->node, "lb1");
	assert_string_equal(f->source, "Pods");
	assert_true(f->wanted && f->only_local && f->vip && !f->cluster && !f->held && !f->vip_absent);
	assert_string_equal(f->gate, "gate");
	assert_string_equal(f->gate_state, "Backup");
	assert_int_equal(f->n_endpoints, 1);
	assert_true(f->endpoints[0].ready && f->endpoints[0].used);
	assert_int_equal(f->n_problems, 1);
	assert_string_equal(f->problems[0].message, "m");
	assert_int_equal(f->n_source_ranges, 1);
	assert_true(f->in_kernel && f->ours && !f->ipvs_silent && !f->vrrp_silent);
	assert_string_equal(f->ipvs_problem, "no module");
	assert_string_equal(f->why_not_held, "interface eth0 is down");
	assert_string_equal(f->state, "Fault");
	assert_string_equal(f->cause, "interface down");
	assert_int_equal(f->n_reals, 3);
	assert_true(f->reals[0].wanted && f->reals[0].in_kernel && f->reals[0].weight == 0 &&
		    f->reals[0].forward == FORWARD_DR && f->reals[0].in_packets == 7);
	assert_true(!f->reals[1].wanted && f->reals[1].in_kernel);
	assert_true(f->reals[2].wanted && !f->reals[2].in_kernel && f->reals[2].weight == 1);
	done(&a, &l);
}

/* Processes that do not answer, and an address that nobody knows. */
static void test_nothing(void **state)
{
	static const struct texts silent = {"{\"service\": null, \"wanted\": null, \"vip\": null}", NULL, NULL, NULL,
					    NULL};
	static const struct texts empty = {"{\"service\": null, \"wanted\": null, \"vip\": null}", "[]", "[]", "[]",
					   "{\"ipvs\": {\"error\": \"x\"}, \"vrrp\": {\"error\": \"x\"}}"};
	static const struct texts well = {"{\"service\": null, \"wanted\": null, \"vip\": null}", "[]", "[]", "[]",
					  "{\"ipvs\": {\"problem\": null}, \"vrrp\": {}}"};
	const struct texts *all[] = {&silent, &empty, &well};

	for (int i = 0; i < 3; i++) {
		struct explain_answers a;
		struct explain_loaded l;

		load(all[i], &a, &l);
		assert_null(l.facts.service);
		assert_true(!l.facts.vip && !l.facts.wanted && !l.facts.in_kernel);
		assert_int_equal(l.facts.ipvs_silent, i < 2);
		assert_int_equal(l.facts.vrrp_silent, i < 2);
		done(&a, &l);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_whole),
	    cmocka_unit_test(test_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
