/* Gates: ipvs/gate.c */
#include "../ipvs/gate.h"
#include "ipvs_values.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

struct world {
	struct gates g;
	struct table *want;
	struct ipvs_settings s;
	unsigned sets, deletes;
};

static void on_row(void *arg, enum row_op op, const struct vs *v)
{
	struct world *w = arg;

	if (op == ROW_SET) {
		w->sets++;
		assert_int_equal(table_put(w->want, v), 0);
	} else {
		w->deletes++;
		assert_true(table_del(w->want, &v->key));
	}
}

static struct vs one(uint16_t port, uint16_t gate)
{
	struct vs v = vs_of(IPPROTO_TCP, "10.9.9.9", port, "rr");

	v.gate = gate;
	return v;
}

static size_t role(struct world *w, const char *router, bool active)
{
	return gates_role(&w->g, router, active, w->want, on_row, w);
}

static struct world *world(void)
{
	struct world *w = calloc(1, sizeof(*w));
	struct real r = real_of("10.0.0.1", 80, FORWARD_DR, 1);

	assert_non_null(w);
	w->s = (struct ipvs_settings){.n_gates = 2, .gates = {"a", "b"}};
	w->want = table_new();
	for (uint16_t port = 1; port <= 6; port++) {
		struct vs v = one(port, port % 3); /* 1 and 4: a; 2 and 5: b; 3 and 6: none */

		v.reals = &r;
		v.n = 1;
		table_put(w->want, &v);
	}
	return w;
}

static void end(struct world *w)
{
	gates_clear(&w->g);
	table_free(w->want);
	free(w);
}

static void test_picture(void **state)
{
	struct world *w = world();
	struct table *whole = NULL;
	struct ipvs_settings got;
	const char *reason;
	size_t len;
	void *bytes;

	assert_int_equal(role(w, "b", true), 0); /* before the first picture */
	assert_int_equal(role(w, "other", true), 0);
	gates_picture(&w->g, w->want, &w->s);
	assert_int_equal(table_count(w->want), 4);
	assert_int_equal(table_count(w->g.shut), 2);
	bytes = gates_encode(&w->g, w->want, &w->s, &len);
	assert_int_equal(wire_decode_table(bytes, len, &whole, &got, &reason), 0);
	assert_int_equal(table_count(whole), 6);
	free(bytes);
	table_free(whole);
	end(w);
}

static void test_roles(void **state)
{
	char names[GATES_MAX][GATE_NAME];
	struct world *w = world();
	struct vs v = one(1, 0);

	assert_int_equal(gates_waiting(&w->g, names), 0);
	gates_picture(&w->g, w->want, &w->s);
	assert_int_equal(gates_waiting(&w->g, names), 2);
	assert_string_equal(names[1], "b");
	assert_int_equal(table_count(w->want), 2);
	assert_int_equal(role(w, "a", true), 2);
	assert_int_equal(gates_waiting(&w->g, names), 1);
	assert_string_equal(names[0], "b");
	assert_int_equal(role(w, "a", true), 0);
	assert_int_equal(table_count(w->want), 4);
	assert_int_equal(table_get(w->want, &v.key)->n, 1);
	assert_int_equal(role(w, "b", true), 2);
	assert_int_equal(role(w, "a", false), 2);
	assert_int_equal(w->sets, 4);
	assert_int_equal(w->deletes, 2);
	assert_int_equal(w->g.moves, 6);
	assert_int_equal(table_count(w->want), 4);
	assert_null(table_get(w->want, &v.key));
	assert_non_null(table_get(w->g.shut, &v.key));
	end(w);
}

static void test_rows(void **state)
{
	static const struct {
		enum row_op op;
		uint16_t gate;
		int rc;
		enum row_op out;
		size_t shut;
	} rows[] = {
	    {ROW_SET, 1, 0, ROW_DELETE, 5}, /* a is shut */
	    {ROW_SET, 2, 0, ROW_SET, 4},    /* b is open */
	    {ROW_SET, 0, 0, ROW_SET, 4},    {ROW_SET, 3, -EINVAL, ROW_SET, 4},
	    {ROW_SET, 1, 0, ROW_DELETE, 5}, {ROW_DELETE, 0, 0, ROW_DELETE, 4},
	};
	struct world *w = world();
	enum row_op out;

	gates_picture(&w->g, w->want, &w->s);
	w->g.open[1] = true;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct vs v = one(77, rows[i].gate);

		assert_int_equal(gates_row(&w->g, rows[i].op, &v, &out), rows[i].rc);
		if (!rows[i].rc)
			assert_int_equal(out, rows[i].out);
		assert_int_equal(table_count(w->g.shut), rows[i].shut);
	}
	end(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_picture),
	    cmocka_unit_test(test_roles),
	    cmocka_unit_test(test_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
