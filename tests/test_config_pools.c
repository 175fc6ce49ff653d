/* src/config_pools.c: pools and allowUnpooled in vipd.yaml: read, refused with their place, printed so that they read back to the same. */
#include "../src/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

static struct config *good(const char *text)
{
	struct diag_list diags = {0};
	struct config *c = NULL;

	if (config_parse("v.yaml", text, strlen(text), &c, &diags))
		diag_print(&diags, stderr);
	assert_int_equal(diags.n, 0);
	diag_clear(&diags);
	return c;
}

static const char full[] = "pools:\n"
			   "- name: all\n"
			   "  addresses: [192.0.2.0/26, 192.0.2.100-192.0.2.120, \"2001:db8:1::/64\"]\n"
			   "  avoid: [192.0.2.1/32, 192.0.2.110-192.0.2.111]\n"
			   "  useAll: true\n"
			   "  autoAssign: false\n"
			   "  priority: 7\n"
			   "  namespaces: [prod, default]\n"
			   "  selector: {tier: front, app: \"1\", any: \"\"}\n"
			   "- {name: plain, addresses: [198.51.100.0/24], autoAssign: true, avoid: []}\n";

static void everything(void **state)
{
	struct config *c = good(full), *again;
	const struct pool *p = &c->plan.pools[0];
	char *text = config_text(c), *twice;

	assert_int_equal(c->plan.n_pools, 2);
	assert_int_equal(p->n, 3);
	assert_true(p->ranges[0].prefix);
	assert_false(p->ranges[1].prefix);
	assert_int_equal(p->n_avoid, 2);
	assert_true(p->use_all);
	assert_true(p->manual);
	assert_int_equal(p->priority, 7);
	assert_int_equal(p->n_namespaces, 2);
	assert_string_equal(p->namespaces[1], "default");
	assert_string_equal(pairs_get(&p->selector, "app"), "1");
	assert_string_equal(pairs_get(&p->selector, "any"), "");
	assert_false(c->plan.pools[1].manual);
	assert_false(c->plan.allow_unpooled);
	again = good(text);
	twice = config_text(again);
	assert_string_equal(text, twice);
	free(text);
	free(twice);
	config_free(c);
	config_free(again);
}

static void unpooled(void **state)
{
	static const struct {
		const char *text;
		bool want, with_cidr;
	} rows[] = {
	    {"{}", true, true},
	    {"pools: []", true, true},
	    {"pools: [{name: a, addresses: [10.4.0.0/24]}]", false, true},
	    {"pools: [{name: a, addresses: [10.4.0.0/24]}]\nallowUnpooled: true\n", true, true},
	    {"allowUnpooled: true\npools: [{name: a, addresses: [10.4.0.0/24]}]\n", true, true},
	    {"allowUnpooled: false", false, false},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct config *c = good(rows[i].text);

		assert_int_equal(c->plan.allow_unpooled, rows[i].want);
		assert_int_equal(config_set_service_cidr(c, "10.5.0.0/24"), 0);
		assert_int_equal(c->plan.allow_unpooled, rows[i].with_cidr);
		config_free(c);
	}
}

static void refused(void **state)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
	    {"pools: [{name: a, addresses: [10.0.0.9-10.0.0.8]}]",
	     "v.yaml:1:31: pools[0].addresses: \"10.0.0.9-10.0.0.8\" ends before it begins\n"},
	    {"pools: [{name: a, addresses: [10.0.0.0-10.0.0.9]}, {name: b, addresses: [10.0.0.9/32]}]",
	     "v.yaml:1:74: pools[1].addresses: 10.0.0.9/32 overlaps 10.0.0.0-10.0.0.9 of a\n"},
	    {"pools: [{name: a, addresses: [10.0.0.0/30], avoid: [10.0.0.0/24]}]",
	     "v.yaml:1:9: pools[0]: nothing is left of its addresses behind avoid\n"},
	    {"pools: [{name: a, addresses: [10.0.0.0/30], avoid: [x], useAll: 1, autoAssign: \"no\", priority: -1, "
	     "namespaces: a, selector: {x: 1}}]",
	     "v.yaml:1:53: pools[0].avoid: \"x\" is not a prefix such as 10.4.0.0/24, nor a range such as "
	     "10.4.0.10-10.4.0.20\nv.yaml:1:65: pools[0].useAll: expected a boolean, found an integer\nv.yaml:1:80: "
	     "pools[0].autoAssign: expected a boolean, found a string\nv.yaml:1:96: pools[0].priority: -1 is out of "
	     "range; "
	     "expected 0 to 1000000\nv.yaml:1:112: pools[0].namespaces: expected a list, found a string\nv.yaml:1:129: "
	     "pools[0].selector.x: expected a string, found an integer\n"},
	    {"pools: [{name: a, addresses: [10.0.0.0/30], selector: [], avoid: 1, namespaces: [1]}]",
	     "v.yaml:1:55: pools[0].selector: expected a map, found a list\nv.yaml:1:66: pools[0].avoid: expected a "
	     "list, "
	     "found an integer\nv.yaml:1:82: pools[0].namespaces: expected a string, found an integer\n"},
	    {"allowUnpooled: maybe", "v.yaml:1:16: allowUnpooled: expected a boolean, found a string\n"},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct diag_list diags = {0};
		struct config *c = NULL;
		char all[4096] = "", line[512];

		assert_int_equal(config_parse("v.yaml", rows[i].text, strlen(rows[i].text), &c, &diags), -22);
		for (size_t k = 0; k < diags.n; k++) {
			strcat(all, diag_format(&diags.items[k], line, sizeof line));
			strcat(all, "\n");
		}
		assert_string_equal(all, rows[i].want);
		diag_clear(&diags);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(everything),
	    cmocka_unit_test(unpooled),
	    cmocka_unit_test(refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
