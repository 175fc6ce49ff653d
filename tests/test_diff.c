/* ipvs/diff.c: the operations and their order, and, over random tables, that a kernel which follows them ends equal to want. */
#include "diff_tables.h"
#include "ipvs_values.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

/* "add rr; real+ 10.0.0.1:80 w1; ..." */
static void ops_text(const struct ops *o, char *buf, size_t size)
{
	static const char *const words[] = {"add", "edit", "delete", "real+", "real~", "real-"};
	size_t at = 0;
	char text[REAL_TEXT];

	buf[0] = 0;
	for (size_t i = 0; i < o->n; i++) {
		const struct op *op = &o->items[i];

		at += (size_t)snprintf(buf + at, size - at, "%s%s", i ? "; " : "", words[op->type]);
		if (op->type == OP_VS_ADD || op->type == OP_VS_EDIT)
			at += (size_t)snprintf(buf + at, size - at, " %s", op->sched);
		else if (op->type != OP_VS_DELETE)
			at += (size_t)snprintf(buf + at, size - at, " %s %s w%u", real_format(&op->real, text),
					       forward_name((enum forward)op->real.forward), op->real.weight);
		assert_true(at < size);
	}
}

/* Real servers written "host:weight[D|T]", 10.0.0.host:80. */
static struct vs side(const char *sched, uint32_t flags, const char *spec, struct real *reals)
{
	struct vs v = vs_of(IPPROTO_TCP, "10.9.9.9", 80, sched);
	unsigned host, weight;
	int used;

	v.flags = flags;
	v.reals = reals;
	while (sscanf(spec, " %u:%u%n", &host, &weight, &used) == 2) {
		struct real r = real_of("10.0.0.0", 80, FORWARD_NAT, weight);

		spec += used;
		r.addr.bytes[3] = (uint8_t)host;
		if (*spec == 'D' || *spec == 'T')
			r.forward = *spec++ == 'D' ? FORWARD_DR : FORWARD_TUN;
		reals[v.n++] = r;
	}
	return v;
}

static const struct row {
	const char *want_sched, *want; /* NULL: absent */
	const char *have_sched, *have;
	uint32_t want_flags;
	const char *ops;
} rows[] = {
    {NULL, NULL, NULL, NULL, 0, ""},
    {"rr", "", NULL, NULL, 0, "add rr"},
    {NULL, NULL, "rr", "1:1 2:1", 0, "delete"},
    {"rr", "1:1 2:1", "rr", "1:1 2:1", 0, ""},
    {"rr", "1:1 2:3", NULL, NULL, 0, "add rr; real+ 10.0.0.1:80 NAT w1; real+ 10.0.0.2:80 NAT w3"},
    {"wrr", "1:1", "rr", "1:1", 0, "edit wrr"},
    {"rr", "1:1", "rr", "1:1", VS_ONEPACKET, "edit rr"},
    {"rr", "1:5", "rr", "1:1", 0, "real~ 10.0.0.1:80 NAT w5"},
    {"rr", "1:1D", "rr", "1:1", 0, "real~ 10.0.0.1:80 DR w1"},
    {"rr", "1:0", "rr", "1:1", 0, "real~ 10.0.0.1:80 NAT w0"},
    /* adds and edits before deletes */
    {"wrr", "2:1 3:1", "rr", "1:1 2:2", 0,
     "edit wrr; real~ 10.0.0.2:80 NAT w1; real+ 10.0.0.3:80 NAT w1; real- 10.0.0.1:80 NAT w1"},
    {"rr", "", "rr", "1:1 2:1", 0, "real- 10.0.0.1:80 NAT w1; real- 10.0.0.2:80 NAT w1"},
    {"rr", "1:1 2:1", "rr", "", 0, "real+ 10.0.0.1:80 NAT w1; real+ 10.0.0.2:80 NAT w1"},
    {"rr", "1:1 3:1 5:1", "rr", "2:1 3:1 4:1 6:1", 0,
     "real+ 10.0.0.1:80 NAT w1; real+ 10.0.0.5:80 NAT w1; real- 10.0.0.2:80 NAT w1; real- 10.0.0.4:80 NAT w1; "
     "real- 10.0.0.6:80 NAT w1"},
    /* mh is set when all are there; one that is in service is not taken out of it */
    {"mh", "1:1 2:1", NULL, NULL, 0, "add none; real+ 10.0.0.1:80 NAT w1; real+ 10.0.0.2:80 NAT w1; edit mh"},
    {"mh", "", NULL, NULL, 0, "add mh"},
    {"mh", "1:1", NULL, NULL, 0, "add mh; real+ 10.0.0.1:80 NAT w1"},
    {"mh", "1:1 2:1", "none", "1:1", 0, "real+ 10.0.0.2:80 NAT w1; edit mh"},
    {"mh", "1:1 2:1", "rr", "1:1", 0, "edit mh; real+ 10.0.0.2:80 NAT w1"},
    {"mh", "1:1 2:1", "mh", "1:1", 0, "real+ 10.0.0.2:80 NAT w1"},
    {"rr", "1:1 2:1", "none", "1:1", 0, "edit rr; real+ 10.0.0.2:80 NAT w1"},
};

static void one_virtual_server(void **state)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct row *r = &rows[i];
		struct real w[8], h[8];
		struct vs want = {0}, have = {0};
		struct ops o = {0};
		char text[1024];

		if (r->want)
			want = side(r->want_sched, r->want_flags, r->want, w);
		if (r->have)
			have = side(r->have_sched, 0, r->have, h);
		diff_vs(r->want ? &want : NULL, r->have ? &have : NULL, &o);
		ops_text(&o, text, sizeof text);
		assert_string_equal(text, r->ops);
		ops_clear(&o);
		assert_null(o.items);
	}
}

static void operations_are_appended(void **state)
{
	struct vs a = side("rr", 0, "", NULL), b = side("wrr", 0, "", NULL);
	struct ops o = {0};
	char text[256];

	for (int i = 0; i < 20; i++)
		diff_vs(&a, NULL, &o);
	assert_int_equal(o.n, 20);
	o.n = 1;
	diff_vs(NULL, &b, &o);
	ops_text(&o, text, sizeof text);
	assert_string_equal(text, "add rr; delete");
	assert_ptr_equal(o.items[0].vs, &a);
	assert_ptr_equal(o.items[1].vs, &b);
	ops_clear(&o);
}

/* ---- a model of the kernel */

/* A copy of a virtual server with room for one more real server. */
static struct vs thaw(const struct vs *v)
{
	struct vs copy = *v;

	copy.reals = calloc(v->n + 1u, sizeof *copy.reals);
	assert_non_null(copy.reals);
	if (v->n)
		memcpy(copy.reals, v->reals, v->n * sizeof *copy.reals);
	return copy;
}

static int kernel_real(struct vs *v, const struct op *op)
{
	uint32_t i = 0;

	while (i < v->n && real_cmp(&v->reals[i], &op->real) != 0)
		i++;
	if (op->type == OP_REAL_ADD) {
		if (i < v->n)
			return -EEXIST;
		v->reals[v->n++] = op->real;
		return 0;
	}
	if (i == v->n)
		return -ENOENT;
	if (op->type == OP_REAL_DELETE)
		v->reals[i] = v->reals[--v->n];
	else
		v->reals[i] = op->real;
	return 0;
}

static void kernel_head(struct vs *v, const struct op *op)
{
	struct vs head = *op->vs;

	head.reals = v->reals;
	head.n = v->n;
	memset(head.sched, 0, sizeof head.sched);
	memcpy(head.sched, op->sched, strlen(op->sched));
	*v = head;
}

/* What ip_vs_genl_set_cmd would do and say. */
static int kernel_apply(struct table *kernel, const struct op *op)
{
	const struct vs *found = table_get(kernel, &op->vs->key);
	struct vs v;
	int rc = 0;

	if (op->type == OP_VS_ADD) {
		struct vs empty = {.key = op->vs->key};

		if (found)
			return -EEXIST;
		kernel_head(&empty, op);
		return table_put(kernel, &empty);
	}
	if (!found)
		return -ESRCH;
	if (op->type == OP_VS_DELETE)
		return table_del(kernel, &op->vs->key) ? 0 : -ESRCH;
	v = thaw(found);
	if (op->type == OP_VS_EDIT)
		kernel_head(&v, op);
	else
		rc = kernel_real(&v, op);
	if (!rc)
		rc = table_put(kernel, &v);
	free(v.reals);
	return rc;
}

/* Few keys and few real servers, so that the two sides meet in every way. */
static void random_fill(struct table *t, uint64_t *seed, unsigned keys, bool kernel)
{
	static const char *const scheds[] = {"rr", "wlc", "mh", "none"};

	for (unsigned i = 0; i < keys; i++) {
		struct real reals[6];
		struct vs v = vs_of(random_below(seed, 2) ? IPPROTO_TCP : IPPROTO_UDP,
				    random_below(seed, 2) ? "10.0.0.1" : "fd00::1",
				    (uint16_t)(1 + random_below(seed, 6)), scheds[random_below(seed, kernel ? 4 : 3)]);

		v.flags = random_below(seed, 2) ? VS_SCHED1 : 0;
		v.reals = reals;
		for (uint16_t port = 1; port <= 6; port++)
			if (random_below(seed, 2))
				reals[v.n++] = real_of("10.1.0.1", port, (enum forward)random_below(seed, 3),
						       random_below(seed, 3));
		assert_int_equal(table_put(t, &v), 0);
	}
}

static bool port_is_ours(void *arg, const struct vs_key *k)
{
	return k->port <= *(const uint16_t *)arg;
}

static void copy_all(struct table *to, struct table *from)
{
	size_t n;
	const struct vs *const *all = table_sorted(from, &n);

	for (size_t i = 0; i < n; i++)
		assert_int_equal(table_put(to, all[i]), 0);
}

/* Ours are as wanted, foreign ones as they were. */
static void check_end(struct table *kernel, struct table *want, struct table *have, uint16_t ours)
{
	size_t n;
	const struct vs *const *all = table_sorted(kernel, &n);

	for (size_t i = 0; i < n; i++) {
		const struct vs *before = table_get(have, &all[i]->key), *right = table_get(want, &all[i]->key);

		if (before && all[i]->key.port > ours)
			right = before;
		assert_non_null(right);
		assert_true(vs_equal(all[i], right));
	}
	all = table_sorted(want, &n);
	for (size_t i = 0; i < n; i++)
		assert_non_null(table_get(kernel, &all[i]->key));
	all = table_sorted(have, &n);
	for (size_t i = 0; i < n; i++)
		if (all[i]->key.port > ours)
			assert_non_null(table_get(kernel, &all[i]->key));
}

static void deletes_come_first(const struct ops *o)
{
	bool later = false;

	for (size_t i = 0; i < o->n; i++) {
		if (o->items[i].type != OP_VS_DELETE)
			later = true;
		else
			assert_false(later);
	}
}

static void random_tables(void **state)
{
	uint64_t seed = 42;

	for (int round = 0; round < 2000; round++) {
		struct table *want = table_new(), *have = table_new(), *kernel = table_new();
		uint16_t ours = (uint16_t)random_below(&seed, 7);
		struct ops o = {0};

		random_fill(want, &seed, random_below(&seed, 20), false);
		random_fill(have, &seed, random_below(&seed, 20), true);
		copy_all(kernel, have);
		diff_tables(want, have, port_is_ours, &ours, &o);
		deletes_come_first(&o);
		for (size_t i = 0; i < o.n; i++)
			assert_int_equal(kernel_apply(kernel, &o.items[i]), 0);
		check_end(kernel, want, have, ours);
		o.n = 0;
		diff_tables(want, kernel, port_is_ours, &ours, &o);
		assert_int_equal(o.n, 0);
		ops_clear(&o);
		table_free(want);
		table_free(have);
		table_free(kernel);
	}
}

/* The limits are the virtual server's: where they differ, each real server is edited. */
static void limits_are_edited(void **state)
{
	struct real w[4], h[4];
	struct vs want = side("rr", 0, "1:1 2:1", w), have = side("rr", 0, "1:1 3:1", h);
	struct ops o = {0};
	char text[256];

	want.limits.upper = 100;
	diff_vs(&want, &have, &o);
	ops_text(&o, text, sizeof text);
	assert_string_equal(text, "real~ 10.0.0.1:80 NAT w1; real+ 10.0.0.2:80 NAT w1; real- 10.0.0.3:80 NAT w1");
	ops_clear(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(one_virtual_server),
	    cmocka_unit_test(operations_are_appended),
	    cmocka_unit_test(limits_are_edited),
	    cmocka_unit_test(random_tables),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
