/* ipvs/sets.c: entries by virtual server, shared ones counted, one change one entry, what the kernel has, text there and back. */
#include "../ipvs/sets.h"
#include "ipvs_values.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>

#include <cmocka.h>

static const struct nat_settings masquerading = {.masquerade = MASQUERADE_AUTO, .ranges = true, .refuse = true};

/* Every operation of both families as text, one a line, and done. */
static char *drain(struct sets *s, char *buf, size_t size)
{
	static const uint8_t families[] = {AF_INET, AF_INET6};
	size_t at = 0, n;

	buf[0] = '\0';
	for (size_t f = 0; f < 2; f++) {
		struct set_op *ops = sets_ops(s, families[f], SETS_ALL, &n);

		for (size_t i = 0; i < n; i++) {
			char name[SET_NAME], text[SET_ENTRY_TEXT];

			at += (size_t)snprintf(buf + at, size - at, "%c%s %s\n", ops[i].add ? '+' : '-',
					       set_name((enum set_id)ops[i].entry.set, families[f], name),
					       set_entry_format(&ops[i].entry, text));
			sets_done(s, &ops[i]);
		}
		free(ops);
		assert_null(sets_ops(s, families[f], SETS_ALL, &n));
	}
	return buf;
}

static struct vs web(struct real *reals, uint32_t n, uint8_t kind)
{
	struct vs v = vs_of(IPPROTO_TCP, "10.9.9.9", 80, "rr");

	v.kind = kind;
	v.n = n;
	v.reals = reals;
	return v;
}

static void kinds_and_policies(void **state)
{
	static const struct {
		uint8_t kind;
		bool keep;
		enum forward forward;
		const char *want;
	} rows[] = {
	    {VS_OTHER, false, FORWARD_NAT, "+VIPD-EXTERNAL-IP 10.9.9.9,tcp:80\n"},
	    {VS_CLUSTER, false, FORWARD_NAT, "+VIPD-CLUSTER-IP 10.9.9.9,tcp:80\n"},
	    {VS_CLUSTER, true, FORWARD_NAT, "+VIPD-CLUSTER-IP-LOCAL 10.9.9.9,tcp:80\n"},
	    {VS_EXTERNAL, false, FORWARD_NAT, "+VIPD-EXTERNAL-IP 10.9.9.9,tcp:80\n"},
	    {VS_EXTERNAL, true, FORWARD_NAT, "+VIPD-EXTERNAL-IP-LOCAL 10.9.9.9,tcp:80\n"},
	    {VS_BALANCER, false, FORWARD_NAT, "+VIPD-LOAD-BALANCER 10.9.9.9,tcp:80\n"},
	    {VS_BALANCER, true, FORWARD_NAT, "+VIPD-LOAD-BALANCER-LOCAL 10.9.9.9,tcp:80\n"},
	    {VS_NODE_PORT, false, FORWARD_NAT, "+VIPD-NODE-PORT 10.9.9.9,tcp:80\n"},
	    {VS_NODE_PORT, true, FORWARD_NAT, "+VIPD-NODE-PORT-LOCAL 10.9.9.9,tcp:80\n"},
	    {VS_EXTERNAL, false, FORWARD_DR, "+VIPD-EXTERNAL-IP-LOCAL 10.9.9.9,tcp:80\n"},
	    {VS_BALANCER, false, FORWARD_TUN, "+VIPD-LOAD-BALANCER-LOCAL 10.9.9.9,tcp:80\n"},
	};
	char buf[2048], want[256];

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct real r = real_of("10.32.0.5", 8080, rows[i].forward, 1);
		struct vs v = web(&r, 1, rows[i].kind);
		struct sets *s = sets_new();

		v.keep_source = rows[i].keep;
		sets_settings(s, &masquerading);
		sets_change(s, NULL, &v);
		snprintf(want, sizeof want, "%s%s", rows[i].want,
			 rows[i].forward == FORWARD_NAT ? "+VIPD-LOOP-BACK 10.32.0.5,tcp:8080,10.32.0.5\n" : "");
		assert_string_equal(drain(s, buf, sizeof buf), want);
		sets_free(s);
	}
}

static void one_change_is_one_entry(void **state)
{
	enum { REALS = 1000 };
	struct real *r = calloc(REALS + 1, sizeof *r);
	struct sets *s = sets_new();
	char *buf = malloc(200000);
	struct vs v = web(r, REALS, VS_CLUSTER), more, other;

	assert_non_null(r);
	for (uint32_t i = 0; i <= REALS; i++) {
		r[i] = real_of("10.32.0.0", 80, FORWARD_NAT, 1);
		r[i].addr = addr_from_v4(0x0a200001 + i);
	}
	sets_settings(s, &masquerading);
	sets_change(s, NULL, &v);
	drain(s, buf, 200000);
	assert_int_equal(sets_wanted(s, SET_LOOP_BACK, AF_INET), REALS);
	assert_int_equal(sets_had(s, SET_LOOP_BACK, AF_INET), REALS);
	more = v;
	more.n++;
	sets_change(s, &v, &more);
	assert_string_equal(drain(s, buf, 200000), "+VIPD-LOOP-BACK 10.32.3.233,tcp:80,10.32.3.233\n");
	/* shared by another virtual server: it stays while one needs it */
	other = web(r, 1, VS_BALANCER);
	other.key.addr = addr_of("10.9.9.10");
	sets_change(s, NULL, &other);
	assert_string_equal(drain(s, buf, 200000), "+VIPD-LOAD-BALANCER 10.9.9.10,tcp:80\n");
	more.reals++;
	more.n--;
	sets_change(s, &(struct vs){.key = more.key, .kind = VS_CLUSTER, .n = REALS + 1, .reals = r}, &more);
	assert_string_equal(drain(s, buf, 200000), "");
	sets_change(s, &other, NULL);
	assert_string_equal(drain(s, buf, 200000),
			    "-VIPD-LOOP-BACK 10.32.0.1,tcp:80,10.32.0.1\n-VIPD-LOAD-BALANCER 10.9.9.10,tcp:80\n");
	free(buf);
	free(r);
	sets_free(s);
}

/* The kernel has a virtual server's real server, and another one is wanted in its place. */
static struct sets *one_for_another(void)
{
	struct real r[2] = {real_of("10.32.0.5", 8080, FORWARD_NAT, 1), real_of("10.32.0.6", 8080, FORWARD_NAT, 1)};
	struct vs before = web(&r[0], 1, VS_EXTERNAL), after = web(&r[1], 1, VS_EXTERNAL);
	struct sets *s = sets_new();
	char buf[512];

	sets_settings(s, &masquerading);
	sets_change(s, NULL, &before);
	drain(s, buf, sizeof buf);
	sets_change(s, &before, &after);
	return s;
}

/* What comes is there before what needs it, what goes only after it. */
static void additions_come_first(void **state)
{
	struct sets *s = one_for_another();
	struct set_op *ops;
	char buf[512];
	size_t n;

	ops = sets_ops(s, AF_INET, SETS_ADD, &n);
	assert_int_equal(n, 1);
	assert_true(ops[0].add);
	sets_done(s, &ops[0]);
	free(ops);
	assert_null(sets_ops(s, AF_INET, SETS_ADD, &n));
	assert_string_equal(drain(s, buf, sizeof buf), "-VIPD-LOOP-BACK 10.32.0.5,tcp:8080,10.32.0.5\n");
	sets_free(s);
}

/* Two buckets an entry at first, and no more of them than there may be entries. */
static void a_set_is_made_larger_in_time(void **state)
{
	assert_int_equal(set_buckets(0), 1024);
	assert_int_equal(set_buckets(512), 1024);
	assert_int_equal(set_buckets(513), 2048);
	assert_int_equal(set_buckets(10000), 32768);
	assert_int_equal(set_buckets(SET_MAX), SET_MAX);
	assert_false(set_outgrown(2048, 1024));
	assert_true(set_outgrown(2049, 1024));
	assert_false(set_outgrown(SET_MAX, SET_MAX));
	assert_true(set_outgrown(SET_MAX, 1 << 18));
}

/* With what is not there yet, and with what is wanted no more but still needed. */
static void a_larger_set_lacks_nothing(void **state)
{
	struct sets *s = one_for_another();
	struct set_op *ops;
	size_t n;

	ops = sets_whole(s, SET_LOOP_BACK, AF_INET, &n);
	assert_int_equal(n, 2);
	assert_int_equal(set_ops_run(ops, n), 2);
	assert_true(ops[0].add && ops[1].add);
	assert_false(addr_equal(&ops[0].entry.addr, &ops[1].entry.addr));
	free(ops);
	ops = sets_whole(s, SET_LOOP_BACK, AF_INET6, &n);
	assert_int_equal(n, 0);
	free(ops);
	sets_free(s);
}

/* Only where unknown ports are refused: at an address that vipd adds. */
static void a_health_check_is_no_unknown_port(void **state)
{
	struct vs v = web(NULL, 0, VS_BALANCER);
	struct sets *s = sets_new();
	char buf[512];

	v.keep_source = true;
	v.health_port = 32080;
	sets_settings(s, &masquerading);
	sets_change(s, NULL, &v);
	assert_string_equal(drain(s, buf, sizeof buf), "+VIPD-LOAD-BALANCER-LOCAL 10.9.9.9,tcp:80\n");
	sets_change(s, &v, NULL);
	drain(s, buf, sizeof buf);
	v.added = true;
	sets_change(s, NULL, &v);
	assert_string_equal(drain(s, buf, sizeof buf),
			    "+VIPD-LOAD-BALANCER-LOCAL 10.9.9.9,tcp:80\n+VIPD-LOAD-BALANCER-LOCAL 10.9.9.9,tcp:32080\n"
			    "+VIPD-VIPS 10.9.9.9\n");
	sets_change(s, &v, NULL);
	assert_string_equal(drain(s, buf, sizeof buf),
			    "-VIPD-VIPS 10.9.9.9\n-VIPD-LOAD-BALANCER-LOCAL 10.9.9.9,tcp:80\n"
			    "-VIPD-LOAD-BALANCER-LOCAL 10.9.9.9,tcp:32080\n");
	sets_free(s);
}

static void networks_ranges_and_vips(void **state)
{
	struct nat_settings n = masquerading;
	struct cidr ranges[] = {{addr_of("10.1.2.3"), 8}, {addr_of("192.0.2.7"), 32}};
	struct real r[] = {real_of("10.32.0.5", 80, FORWARD_NAT, 1), real_of("10.32.0.6", 80, FORWARD_NAT, 1)};
	struct vs v = web(r, 2, VS_BALANCER);
	struct sets *s = sets_new();
	char buf[2048];

	r[1].here = true;
	v.added = true;
	v.n_ranges = 2;
	v.ranges = ranges;
	n.n_pods = n.n_behind = 1;
	n.pods[0] = (struct cidr){addr_of("fd32::"), 64};
	n.behind[0] = (struct cidr){addr_of("10.33.0.0"), 16};
	sets_settings(s, &n);
	assert_false(sets_used(s, AF_INET));
	sets_change(s, NULL, &v);
	assert_true(sets_used(s, AF_INET));
	assert_false(sets_used(s, AF_INET6));
	assert_string_equal(drain(s, buf, sizeof buf), "+VIPD-LOAD-BALANCER 10.9.9.9,tcp:80\n"
						       "+VIPD-LOOP-BACK 10.32.0.5,tcp:80,10.32.0.5\n"
						       "+VIPD-LOOP-BACK 10.32.0.6,tcp:80,10.32.0.6\n"
						       "+VIPD-RETURN 10.33.0.0/16\n"
						       "+VIPD-RETURN 10.32.0.6/32\n"
						       "+VIPD-SOURCE-CIDR 10.9.9.9,tcp:80,10.0.0.0/8\n"
						       "+VIPD-SOURCE-CIDR 10.9.9.9,tcp:80,192.0.2.7/32\n"
						       "+VIPD-FW 10.9.9.9,tcp:80\n"
						       "+VIPD-VIPS 10.9.9.9\n"
						       "+VIPD-6-PODS fd32::/64\n");
	/* masquerade: always asks nothing of where a real server is; a guard goes before its ranges go */
	sets_clear(s);
	n.masquerade = MASQUERADE_ALWAYS;
	sets_settings(s, &n);
	v.n_ranges = 0;
	sets_change(s, NULL, &v);
	assert_string_equal(drain(s, buf, sizeof buf), "-VIPD-FW 10.9.9.9,tcp:80\n"
						       "-VIPD-SOURCE-CIDR 10.9.9.9,tcp:80,10.0.0.0/8\n"
						       "-VIPD-SOURCE-CIDR 10.9.9.9,tcp:80,192.0.2.7/32\n"
						       "-VIPD-RETURN 10.33.0.0/16\n"
						       "-VIPD-RETURN 10.32.0.6/32\n");
	sets_clear(s);
	assert_false(sets_used(s, AF_INET));
	sets_settings(s, &(struct nat_settings){0});
	sets_change(s, NULL, &v);
	assert_false(sets_used(s, AF_INET));
	/* nothing but source ranges */
	v.n_ranges = 2;
	sets_clear(s);
	sets_settings(s, &(struct nat_settings){.ranges = true});
	sets_change(s, NULL, &v);
	assert_string_equal(drain(s, buf, sizeof buf), "+VIPD-SOURCE-CIDR 10.9.9.9,tcp:80,10.0.0.0/8\n"
						       "+VIPD-SOURCE-CIDR 10.9.9.9,tcp:80,192.0.2.7/32\n"
						       "+VIPD-FW 10.9.9.9,tcp:80\n"
						       "-VIPD-VIPS 10.9.9.9\n"
						       "-VIPD-LOOP-BACK 10.32.0.5,tcp:80,10.32.0.5\n"
						       "-VIPD-LOOP-BACK 10.32.0.6,tcp:80,10.32.0.6\n"
						       "-VIPD-LOAD-BALANCER 10.9.9.9,tcp:80\n"
						       "-VIPD-6-PODS fd32::/64\n");
	assert_true(sets_used(s, AF_INET));
	sets_free(s);
}

static void what_the_kernel_has(void **state)
{
	struct real r = real_of("fd32::5", 80, FORWARD_NAT, 1);
	struct vs v = vs_of(IPPROTO_SCTP, "fd10::1", 80, "rr");
	struct set_entry stray = {.set = SET_EXTERNAL_IP, .proto = IPPROTO_UDP, .port = 53, .addr = addr_of("fd10::9")};
	struct set_entry mine = {.set = SET_EXTERNAL_IP, .proto = IPPROTO_SCTP, .port = 80, .addr = addr_of("fd10::1")};
	struct sets *s = sets_new();
	char buf[1024];

	v.n = 1;
	v.reals = &r;
	sets_settings(s, &masquerading);
	sets_change(s, NULL, &v);
	sets_have(s, &stray);
	sets_have(s, &mine);
	assert_string_equal(drain(s, buf, sizeof buf), "+VIPD-6-LOOP-BACK fd32::5,sctp:80,fd32::5\n"
						       "-VIPD-6-EXTERNAL-IP fd10::9,udp:53\n");
	/* somebody flushed it */
	sets_forget(s, SET_EXTERNAL_IP, AF_INET6);
	assert_int_equal(sets_had(s, SET_EXTERNAL_IP, AF_INET6), 0);
	assert_string_equal(drain(s, buf, sizeof buf), "+VIPD-6-EXTERNAL-IP fd10::1,sctp:80\n");
	/* a picture that says the same costs nothing */
	sets_clear(s);
	sets_settings(s, &masquerading);
	sets_change(s, NULL, &v);
	assert_string_equal(drain(s, buf, sizeof buf), "");
	sets_free(s);
	sets_free(NULL);
}

static void text_survives(void **state)
{
	static const char *const good[] = {
	    "add VIPD-CLUSTER-IP 10.0.0.1,tcp:80",
	    "add VIPD-6-CLUSTER-IP-LOCAL fd00::1,udp:53",
	    "add VIPD-LOOP-BACK 10.0.0.1,sctp:9,10.0.0.1",
	    "add VIPD-6-SOURCE-CIDR fd00::1,tcp:80,fd01::/16",
	    "add VIPD-VIPS 10.0.0.1",
	    "add VIPD-6-PODS fd00::/64",
	    "add VIPD-FW 10.0.0.1,136:80", /* another program's, to be taken out as what it is */
	};
	static const struct {
		const char *line;
		int err;
	} bad[] = {
	    {"create VIPD-VIPS hash:ip family inet", -ENOENT},
	    {"add KUBE-CLUSTER-IP 10.0.0.1,tcp:80", -ENOENT},
	    {"add VIPD-RULES-00000000 10.0.0.1", -ENOENT},
	    {"add VIPD-VIPS", -ENOENT},
	    {"add VIPD-VIPS-WITH-A-NAME-THAT-IS-TOO-LONG 1.1.1.1", -ENOENT},
	    {"add VIPD-VIPS fd00::1", -EINVAL},
	    {"add VIPD-VIPS 10.0.0.1,tcp:80", -EINVAL},
	    {"add VIPD-PODS 10.0.0.0/33", -EINVAL},
	    {"add VIPD-PODS 10.0.0.0/x", -EINVAL},
	    {"add VIPD-FW 10.0.0.1", -EINVAL},
	    {"add VIPD-FW 10.0.0.1,tcp", -EINVAL},
	    {"add VIPD-FW 10.0.0.1,xyz:80", -EINVAL},
	    {"add VIPD-FW 10.0.0.1,300:80", -EINVAL},
	    {"add VIPD-FW 10.0.0.1,0:80", -EINVAL},
	    {"add VIPD-FW 10.0.0.1,tcp:99999", -EINVAL},
	    {"add VIPD-FW 10.0.0.1,tcp:80x", -EINVAL},
	    {"add VIPD-LOOP-BACK 10.0.0.1,tcp:80", -EINVAL},
	    {"add VIPD-LOOP-BACK 10.0.0.1,tcp:80,x", -EINVAL},
	    {"add VIPD-VIPS 1111111111111111111111111111111111111111111111111111.1", -EINVAL},
	};
	struct set_entry e, again;
	char text[SET_ENTRY_TEXT], name[SET_NAME], line[256];

	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		assert_int_equal(set_entry_parse(good[i], &e), 0);
		snprintf(line, sizeof line, "add %s %s", set_name((enum set_id)e.set, e.addr.family, name),
			 set_entry_format(&e, text));
		assert_string_equal(line, good[i]);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_int_equal(set_entry_parse(bad[i].line, &e), bad[i].err);
	assert_int_equal(set_entry_parse("add VIPD-FW 10.0.0.1,6:80 comment", &e), 0);
	assert_int_equal(set_entry_parse("add VIPD-FW 10.0.0.1,tcp:80", &again), 0);
	assert_memory_equal(&e, &again, sizeof e);
	assert_int_equal(set_entry_parse("add VIPD-PODS 10.0.0.1", &e), 0);
	assert_int_equal(e.bits, 32);
	assert_string_equal(set_shape_name(set_shape(SET_SOURCE_CIDR)), "hash:ip,port,net");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(kinds_and_policies),
	    cmocka_unit_test(one_change_is_one_entry),
	    cmocka_unit_test(additions_come_first),
	    cmocka_unit_test(a_set_is_made_larger_in_time),
	    cmocka_unit_test(a_larger_set_lacks_nothing),
	    cmocka_unit_test(a_health_check_is_no_unknown_port),
	    cmocka_unit_test(networks_ranges_and_vips),
	    cmocka_unit_test(what_the_kernel_has),
	    cmocka_unit_test(text_survives),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
