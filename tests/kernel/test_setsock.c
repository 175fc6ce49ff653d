/* ipvs/setsock.c against a real kernel: runs as root, in a network namespace of its own. */
#include "../../ipvs/setsock.h"
#include "../ipvs_values.h"

#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

#include <cmocka.h>

static int fresh(void **state)
{
	struct setsock *s = NULL;
	int rc = unshare(CLONE_NEWNET) < 0 ? -1 : setsock_open(&s);

	*state = s;
	return rc;
}

static int done(void **state)
{
	setsock_close(*state);
	return 0;
}

static void make(struct setsock *s, enum set_id id, uint8_t family)
{
	char name[SET_NAME];

	if (setsock_create(s, set_name(id, family, name), set_shape(id), family, 1024))
		fail_msg("%s", setsock_error(s));
}

struct seen {
	struct set_entry last;
	size_t n;
	struct set_header header;
	size_t headers;
};

static void on_entry(void *arg, const struct set_entry *e)
{
	struct seen *s = arg;

	s->last = *e;
	s->n++;
}

static void on_header(void *arg, const struct set_header *h)
{
	struct seen *s = arg;

	s->header = *h;
	s->headers++;
}

static void on_done(void *arg, const struct set_op *op)
{
	++*(size_t *)arg;
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static struct set_op entry(enum set_id id, const char *addr, bool add)
{
	struct set_op op = {.entry = {.set = (uint8_t)id, .addr = addr_of(addr)}, .add = add};
	enum set_shape shape = set_shape(id);
	bool six = op.entry.addr.family == AF_INET6;

	if (shape == SHAPE_NET)
		op.entry.bits = six ? 64 : 24;
	if (shape != SHAPE_NET && shape != SHAPE_IP) {
		op.entry.proto = IPPROTO_SCTP;
		op.entry.port = 8080;
	}
	if (shape == SHAPE_IP_PORT_IP)
		op.entry.net = op.entry.addr;
	if (shape == SHAPE_IP_PORT_NET) {
		op.entry.net = addr_of(six ? "fd01::" : "192.0.2.0");
		op.entry.bits = six ? 16 : 24;
	}
	return op;
}

/* n that add to one set, from 10.0.0.1 on; freed by the caller. */
static struct set_op *entries(enum set_id id, size_t n)
{
	struct set_op *ops = calloc(n, sizeof *ops);

	assert_non_null(ops);
	for (size_t i = 0; i < n; i++) {
		ops[i] = entry(id, "10.0.0.1", true);
		ops[i].entry.addr = addr_from_v4(0x0a000001 + (uint32_t)i);
		if (set_shape(id) == SHAPE_IP_PORT_IP)
			ops[i].entry.net = ops[i].entry.addr;
	}
	return ops;
}

/* What goes in comes back, of every shape and both families. */
static void every_shape(void **state)
{
	static const uint8_t families[] = {AF_INET, AF_INET6};

	for (unsigned id = 0; id < SET_COUNT; id++)
		for (size_t f = 0; f < 2; f++) {
			struct set_op op =
			    entry((enum set_id)id, families[f] == AF_INET ? "10.0.1.0" : "fd00:1::", true);
			struct seen seen = {0};
			char name[SET_NAME];
			size_t did = 0;

			make(*state, (enum set_id)id, families[f]);
			make(*state, (enum set_id)id, families[f]); /* there already */
			assert_int_equal(setsock_apply(*state, &op, 1, on_done, &did), 0);
			assert_int_equal(did, 1);
			set_name((enum set_id)id, families[f], name);
			assert_int_equal(setsock_list(*state, name, on_entry, &seen), 0);
			assert_int_equal(seen.n, 1);
			assert_memory_equal(&seen.last, &op.entry, sizeof op.entry);
			op.add = false;
			assert_int_equal(setsock_apply(*state, &op, 1, on_done, &did), 0);
			assert_int_equal(setsock_apply(*state, &op, 1, on_done, &did), 0); /* not there any more */
			seen.n = 0;
			assert_int_equal(setsock_list(*state, name, on_entry, &seen), 0);
			assert_int_equal(seen.n, 0);
			assert_int_equal(setsock_destroy(*state, name), 0);
		}
}

/* The kernel stops at what it refuses (the unspecified address); what is behind it is done all the same. */
static void on_after_a_refusal(void **state)
{
	enum { N = 500 };
	struct set_op *ops = entries(SET_VIPS, N);
	struct seen seen = {0};
	size_t did = 0;

	for (size_t i = 50; i < N; i += 100)
		ops[i].entry.addr = addr_from_v4(0);
	make(*state, SET_VIPS, AF_INET);
	assert_int_equal(setsock_apply(*state, ops, N, on_done, &did), 5);
	assert_int_equal(did, N - 5);
	assert_true(setsock_error(*state)[0]);
	assert_int_equal(setsock_list(*state, "VIPD-VIPS", on_entry, &seen), 0);
	assert_int_equal(seen.n, N - 5);
	assert_int_equal(setsock_list(*state, "VIPD-FW", on_entry, &seen), -EIO);
	assert_true(setsock_error(*state)[0]);
	ops[0].entry.set = SET_FW;
	assert_int_equal(setsock_apply(*state, ops, 1, on_done, &did), 1);
	assert_int_equal(setsock_destroy(*state, "VIPD-VIPS"), 0);
	free(ops);
}

/* How long 50,000 entries take is printed; what is asserted is that they are all there. */
static void many_entries(void **state)
{
	enum { N = 50000 };
	struct set_op *ops = entries(SET_LOOP_BACK, N);
	struct seen seen = {0};
	size_t did = 0;
	double t0, t1, t2;

	make(*state, SET_LOOP_BACK, AF_INET);
	t0 = seconds();
	assert_int_equal(setsock_apply(*state, ops, N, on_done, &did), 0);
	t1 = seconds();
	assert_int_equal(did, N);
	assert_int_equal(setsock_list(*state, "VIPD-LOOP-BACK", on_entry, &seen), 0);
	t2 = seconds();
	assert_int_equal(seen.n, N);
	assert_int_equal(setsock_headers(*state, "VIPD-", on_header, &seen), 0);
	assert_int_equal(seen.headers, 1);
	assert_int_equal(seen.header.entries, N);
	assert_int_equal(seen.header.references, 0);
	printf("50,000 entries: added in %.3f s of processor time, read back in %.3f s\n", t1 - t0, t2 - t1);
	assert_int_equal(setsock_destroy(*state, "VIPD-LOOP-BACK"), 0);
	free(ops);
}

/* A larger one takes the place of one that has become too small, and the rules look into the new one; where an entry is refused the old one stays. Nothing is
 * left over, nor in the way of the next. */
static void replaced(void **state)
{
	enum { N = 5000 };
	struct set_op *ops = entries(SET_FW, N);
	struct seen seen = {0};
	size_t did = 0;

	make(*state, SET_FW, AF_INET);
	assert_int_equal(setsock_create(*state, "VIPD-NEXT", SHAPE_NET, AF_INET, 64), 0);
	assert_int_equal(system("iptables -A INPUT -m set --match-set VIPD-FW dst,dst -j ACCEPT"), 0);
	assert_int_equal(setsock_apply(*state, ops, 100, on_done, &did), 0);
	if (setsock_replace(*state, ops, N, 16384, on_done, &did))
		fail_msg("%s", setsock_error(*state));
	assert_int_equal(did, 100 + N);
	assert_int_equal(setsock_headers(*state, "VIPD-", on_header, &seen), 0);
	assert_int_equal(seen.headers, 1);
	assert_string_equal(seen.header.name, "VIPD-FW");
	assert_int_equal(seen.header.entries, N);
	assert_int_equal(seen.header.buckets, 16384);
	assert_int_equal(seen.header.references, 1);

	ops[N / 2].entry.proto = 0;
	assert_int_equal(setsock_replace(*state, ops, N, 32768, on_done, &did), -EIO);
	assert_int_equal(did, 100 + N);
	seen.headers = 0;
	assert_int_equal(setsock_headers(*state, "VIPD-", on_header, &seen), 0);
	assert_int_equal(seen.headers, 1);
	assert_int_equal(seen.header.buckets, 16384);
	assert_int_equal(system("iptables -F INPUT"), 0);
	free(ops);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_shape),
	    cmocka_unit_test(on_after_a_refusal),
	    cmocka_unit_test(many_entries),
	    cmocka_unit_test(replaced),
	};

	return cmocka_run_group_tests(tests, fresh, done);
}
