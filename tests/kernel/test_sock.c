/* ipvs/sock.c against a real kernel: runs as root, in a network namespace of its own. Exit 77: this kernel has no IPVS, or we may not. */
#include "../diff_tables.h"
#include "../ipvs_values.h"
#include "dump_table.h"

#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cmocka.h>

/* Each test has an empty namespace. */
static int fresh(void **state)
{
	struct ipvs_sock *s = NULL;
	struct ifreq lo = {.ifr_name = "lo", .ifr_flags = IFF_UP};
	int fd, rc;

	if (unshare(CLONE_NEWNET) < 0)
		return -1;
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	rc = fd < 0 ? -1 : ioctl(fd, SIOCSIFFLAGS, &lo); /* NEW_DEST is refused where lo was never up */
	if (fd >= 0)
		close(fd);
	if (rc == 0)
		rc = ipvs_sock_open(&s);
	*state = s;
	return rc;
}

static int done(void **state)
{
	ipvs_sock_close(*state);
	return 0;
}

/* Applies one operation; its error, or 0. */
static int one(struct ipvs_sock *s, enum op_type type, const struct vs *v, const struct real *r)
{
	struct op op = {.type = type, .vs = v, .sched = v->sched};
	struct op_error error = {0};
	int failed;

	if (r)
		op.real = *r;
	failed = ipvs_sock_apply(s, &op, 1, &error);
	assert_in_range(failed, 0, 1);
	return failed ? error.error : 0;
}

static struct table *dump(struct ipvs_sock *s)
{
	struct table *t = NULL;

	assert_int_equal(dump_table(s, &t), 0);
	return t;
}

static void tables_equal(struct table *a, struct table *b)
{
	size_t n, m;
	const struct vs *const *x = table_sorted(a, &n), *const *y = table_sorted(b, &m);

	assert_int_equal(n, m);
	for (size_t i = 0; i < n; i++)
		assert_true(vs_equal(x[i], y[i]));
}

static bool all_ours(void *arg, const struct vs_key *k)
{
	return true;
}

/* Makes the kernel equal to want, and sees that it is. */
static void reach(struct ipvs_sock *s, struct table *want)
{
	struct table *have = dump(s), *after;
	struct op_error *errors;
	struct ops ops = {0};

	diff_tables(want, have, all_ours, NULL, &ops);
	errors = calloc(ops.n + 1, sizeof *errors);
	assert_non_null(errors);
	assert_int_equal(ipvs_sock_apply(s, ops.items, ops.n, errors), 0);
	free(errors);
	ops_clear(&ops);
	after = dump(s);
	tables_equal(want, after);
	table_free(after);
	table_free(have);
}

/* ---- tests */

static void empty_kernel(void **state)
{
	struct table *t = dump(*state);
	struct op_error none;

	assert_int_equal(table_count(t), 0);
	assert_int_equal(ipvs_sock_apply(*state, NULL, 0, &none), 0);
	table_free(t);
}

static void kernel_errors(void **state)
{
	struct vs v = vs_of(IPPROTO_TCP, "10.9.9.9", 80, "rr"), absent = v,
		  odd = vs_of(IPPROTO_TCP, "10.9.9.9", 81, "nope");
	struct real r = real_of("10.0.0.1", 80, FORWARD_NAT, 1), bad = real_of("0.0.0.0", 80, FORWARD_NAT, 1);

	absent.key.port = 82;
	assert_int_equal(one(*state, OP_VS_ADD, &v, NULL), 0);
	assert_int_equal(one(*state, OP_VS_ADD, &v, NULL), -EEXIST);
	assert_int_equal(one(*state, OP_VS_ADD, &odd, NULL), -ENOENT);
	assert_int_equal(one(*state, OP_VS_EDIT, &absent, NULL), -ESRCH);
	assert_int_equal(one(*state, OP_VS_DELETE, &absent, NULL), -ESRCH);
	assert_int_equal(one(*state, OP_REAL_ADD, &absent, &r), -ESRCH);
	assert_int_equal(one(*state, OP_REAL_EDIT, &v, &r), -ENOENT);
	assert_int_equal(one(*state, OP_REAL_DELETE, &v, &r), -ENOENT);
	assert_int_equal(one(*state, OP_REAL_ADD, &v, &r), 0);
	assert_int_equal(one(*state, OP_REAL_ADD, &v, &r), -EEXIST);
	assert_int_equal(one(*state, OP_REAL_ADD, &v, &bad), -EINVAL);
	assert_int_equal(one(*state, OP_REAL_DELETE, &v, &r), 0);
	assert_int_equal(one(*state, OP_VS_DELETE, &v, NULL), 0);
}

static void every_scheduler_and_flag(void **state)
{
	static const char *const scheds[] = {"rr", "wrr", "lc", "wlc", "lblc", "lblcr", "sh",
					     "dh", "sed", "nq", "mh",  "fo",   "ovf"};
	struct table *want = table_new();

	for (uint16_t i = 0; i < sizeof scheds / sizeof *scheds; i++) {
		struct real r[] = {real_of("10.0.0.1", 80, FORWARD_NAT, 1), real_of("10.0.0.2", 80, FORWARD_DR, 0),
				   real_of("10.0.0.3", 80, FORWARD_TUN, WEIGHT_MAX)};
		struct vs v = vs_of(IPPROTO_TCP, "10.9.9.9", (uint16_t)(i + 1), scheds[i]);

		v.reals = r;
		v.n = 3;
		v.flags = i % 2 ? VS_PERSISTENT | VS_SCHED1 : VS_SCHED2;
		v.timeout = i % 2 ? 10800 : 0;
		v.granularity = (uint8_t)(i % 2 ? 24 : 32);
		assert_int_equal(table_put(want, &v), 0);
	}
	reach(*state, want);
	table_free(want);
}

static void edits_in_place(void **state)
{
	struct real r[] = {real_of("10.0.0.1", 80, FORWARD_NAT, 1), real_of("10.0.0.2", 80, FORWARD_NAT, 1)};
	struct vs v = vs_of(IPPROTO_TCP, "10.9.9.9", 80, "rr");
	struct table *want = table_new();
	static const char *const scheds[] = {"mh", "sh", "mh"};

	v.reals = r;
	v.n = 2;
	for (uint32_t i = 0; i < 3; i++) {
		memset(v.sched, 0, sizeof v.sched);
		strcpy(v.sched, scheds[i]);
		r[0].weight = i;
		r[1].forward = (uint8_t)i;
		v.flags = i & 1 ? VS_PERSISTENT : 0;
		v.timeout = i & 1 ? 60 : 0;
		assert_int_equal(table_put(want, &v), 0);
		reach(*state, want);
	}
	table_free(want);
}

static void ipv6_and_protocols(void **state)
{
	struct real six[] = {real_of("fd00::1", 80, FORWARD_NAT, 1), real_of("fd00::2", 80, FORWARD_TUN, 2)};
	struct real four[] = {real_of("10.0.0.1", 80, FORWARD_NAT, 1)};
	struct vs a = vs_of(IPPROTO_TCP, "fd00:9::1", 80, "rr"), b = vs_of(IPPROTO_UDP, "fd00:9::1", 80, "wrr"),
		  c = vs_of(IPPROTO_SCTP, "10.9.9.9", 80, "sh"), d = vs_of(IPPROTO_UDP, "10.9.9.9", 80, "rr");
	struct table *want = table_new();

	a.reals = b.reals = six;
	a.n = b.n = 2;
	b.flags = VS_PERSISTENT;
	b.timeout = 300;
	b.granularity = 64;
	c.reals = d.reals = four;
	c.n = d.n = 1;
	d.flags = VS_ONEPACKET;
	assert_int_equal(table_put(want, &a), 0);
	assert_int_equal(table_put(want, &b), 0);
	assert_int_equal(table_put(want, &c), 0);
	assert_int_equal(table_put(want, &d), 0);
	reach(*state, want);
	assert_true(table_del(want, &b.key));
	six[0].weight = 9;
	assert_int_equal(table_put(want, &a), 0);
	reach(*state, want);
	table_free(want);
}

/* The kernel lets a tunnel, and only a tunnel, end in the other family. */
static void mixed_families(void **state)
{
	struct vs v = vs_of(IPPROTO_TCP, "10.9.9.9", 80, "rr");
	struct real r = real_of("fd00::1", 80, FORWARD_NAT, 1);
	struct table *t;

	assert_int_equal(one(*state, OP_VS_ADD, &v, NULL), 0);
	assert_int_equal(one(*state, OP_REAL_ADD, &v, &r), -EINVAL);
	r.forward = FORWARD_TUN;
	assert_int_equal(one(*state, OP_REAL_ADD, &v, &r), 0);
	t = dump(*state);
	assert_int_equal(real_cmp(&table_get(t, &v.key)->reals[0], &r), 0);
	table_free(t);
	assert_int_equal(one(*state, OP_REAL_DELETE, &v, &r), 0);
}

/* 3,000 operations of which every third succeeds: each error is found and is its own operation's. */
static void many_failures(void **state)
{
	enum { N = 3000 };
	struct vs v = vs_of(IPPROTO_TCP, "10.9.9.9", 80, "rr"), absent = vs_of(IPPROTO_TCP, "10.9.9.9", 81, "rr");
	struct op *ops = calloc(N, sizeof *ops);
	struct op_error *errors = calloc(N, sizeof *errors);
	struct table *t;

	assert_non_null(ops);
	assert_non_null(errors);
	assert_int_equal(one(*state, OP_VS_ADD, &v, NULL), 0);
	for (unsigned i = 0; i < N; i++) {
		ops[i] = (struct op){.type = OP_REAL_ADD, .vs = i % 3 == 1 ? &absent : &v, .sched = "rr"};
		ops[i].real = real_of("10.0.0.1", (uint16_t)(1 + i / 3), FORWARD_NAT, 1);
		if (i % 3 == 2)
			ops[i].real.port = 1; /* there since the first */
	}
	assert_int_equal(ipvs_sock_apply(*state, ops, N, errors), N / 3 * 2);
	for (unsigned i = 0; i < N / 3 * 2; i++) {
		assert_int_equal(errors[i].index, i / 2 * 3 + 1 + i % 2);
		assert_int_equal(errors[i].error, i % 2 ? -EEXIST : -ESRCH);
	}
	t = dump(*state);
	assert_int_equal(table_reals(t), N / 3);
	table_free(t);
	free(errors);
	free(ops);
}

/* More than one datagram of services, and of real servers. */
static struct table *large_table(void)
{
	struct table *want = table_new();
	struct real *r = calloc(2000, sizeof *r);

	assert_non_null(r);
	for (unsigned i = 0; i < 500; i++) {
		struct vs v = vs_of(IPPROTO_TCP, "10.9.0.0", (uint16_t)(1 + i), "wlc");

		v.key.addr.bytes[3] = (uint8_t)i;
		v.reals = r;
		for (uint32_t n = i == 7 ? 2000 : i % 4; v.n < n; v.n++) {
			r[v.n] = real_of("10.1.0.0", 80, FORWARD_NAT, i);
			r[v.n].addr.bytes[2] = (uint8_t)(v.n / 200);
			r[v.n].addr.bytes[3] = (uint8_t)(1 + v.n % 200);
		}
		assert_int_equal(table_put(want, &v), 0);
	}
	free(r);
	return want;
}

static int count_glance(void *arg, const struct vs *head, uint32_t num_reals)
{
	struct table *want = arg;
	const struct vs *v = table_get(want, &head->key);

	assert_non_null(v);
	assert_true(vs_head_equal(v, head));
	assert_int_equal(v->n, num_reals);
	assert_true(table_del(want, &head->key));
	return 0;
}

static int stop_at_once(void *arg, const struct vs *head, uint32_t num_reals)
{
	return 5;
}

/* The kernel tells of IPv4 alone; the room grows with what there is. */
static void glance(void **state)
{
	struct table *want = large_table();
	struct vs six = vs_of(IPPROTO_TCP, "fd00:9::1", 80, "rr"), p = vs_of(IPPROTO_UDP, "10.9.9.9", 53, "sh");

	assert_int_equal(ipvs_sock_glance(*state, stop_at_once, NULL), 0); /* there is none to stop at */
	p.flags = VS_PERSISTENT;
	p.timeout = 60;
	p.granularity = 16;
	assert_int_equal(table_put(want, &six), 0);
	assert_int_equal(table_put(want, &p), 0);
	reach(*state, want);
	assert_int_equal(ipvs_sock_glance(*state, stop_at_once, NULL), 5);
	assert_int_equal(ipvs_sock_glance(*state, count_glance, want), 0);
	assert_int_equal(table_count(want), 1);
	assert_non_null(table_get(want, &six.key));
	table_free(want);
}

static int stop_services(void *arg, const struct vs *head, const struct vs_stats *st)
{
	++*(unsigned *)arg;
	return 7;
}

static int count_reals(void *arg, const struct real *r, const struct real_stats *st)
{
	assert_int_equal(st->active + st->inactive + st->persistent, 0);
	++*(unsigned *)arg;
	return 0;
}

/* Whoever has seen enough leaves the socket ready for the next. */
static void stopped_dump(void **state)
{
	struct table *want = large_table();
	struct vs_key k = key_of(IPPROTO_TCP, "10.9.0.7", 8), absent = key_of(IPPROTO_TCP, "10.9.0.7", 9);
	unsigned n = 0;

	reach(*state, want);
	assert_int_equal(ipvs_sock_services(*state, stop_services, &n), 7);
	assert_int_equal(n, 1);
	n = 0;
	assert_int_equal(ipvs_sock_reals(*state, &k, count_reals, &n), 0);
	assert_int_equal(n, 2000);
	n = 0;
	assert_int_equal(ipvs_sock_reals(*state, &absent, count_reals, &n), 0);
	assert_int_equal(n, 0);
	table_free(want);
	want = table_new();
	reach(*state, want);
	table_free(want);
}

int main(void)
{
#define IN_FRESH(f) cmocka_unit_test_setup_teardown(f, fresh, done)
	const struct CMUnitTest tests[] = {
	    IN_FRESH(empty_kernel),
	    IN_FRESH(kernel_errors),
	    IN_FRESH(every_scheduler_and_flag),
	    IN_FRESH(edits_in_place),
	    IN_FRESH(ipv6_and_protocols),
	    IN_FRESH(mixed_families),
	    IN_FRESH(many_failures),
	    IN_FRESH(glance),
	    IN_FRESH(stopped_dump),
	};
	struct ipvs_sock *s;
	int rc = ipvs_sock_open(&s);

	if (rc == -ENOENT || rc == -EPERM || rc == -EPROTONOSUPPORT) {
		fprintf(stderr, "test_sock: skipped: %s\n", rc == -EPERM ? "must be root" : "this kernel has no IPVS");
		return 77;
	}
	if (rc == 0)
		ipvs_sock_close(s);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
