/* Objects: pairs and selectors; packing keeps everything and nothing more. */
#include "../configmaps/manifest.h"
#include "../configmaps/object_pack.h"

#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void kinds(void **s)
{
	(void)s;
	assert_string_equal(kind_name(KIND_SERVICE), "Service");
	assert_string_equal(kind_name(KIND_SLICE), "EndpointSlice");
	assert_string_equal(kind_name(KIND_CONFIGMAP), "ConfigMap");
	assert_string_equal(kind_name(KIND_COUNT), "?");
}

static struct str_pair some[] = {{"a", "1", {0, 0}}, {"b", "2", {0, 0}}, {"c", "", {0, 0}}};
static const struct str_pairs labels = {some, 3};

static void pairs(void **s)
{
	const struct str_pairs none = {0};

	(void)s;
	assert_string_equal(pairs_get(&labels, "a"), "1");
	assert_string_equal(pairs_get(&labels, "c"), "");
	assert_null(pairs_get(&labels, "0"));
	assert_null(pairs_get(&labels, "bb"));
	assert_null(pairs_get(&labels, "d"));
	assert_null(pairs_get(&none, "a"));
}

static void selects(void **s)
{
	struct str_pair ab[] = {{"a", "1", {0, 0}}, {"b", "2", {0, 0}}}, wrong[] = {{"a", "2", {0, 0}}};
	struct str_pair more[] = {{"a", "1", {0, 0}}, {"z", "1", {0, 0}}};
	const struct str_pairs none = {0};

	(void)s;
	assert_true(pairs_select(&(struct str_pairs){ab, 2}, &labels));
	assert_true(pairs_select(&labels, &labels));
	assert_false(pairs_select(&none, &labels)); /* an empty selector selects nothing */
	assert_false(pairs_select(&(struct str_pairs){wrong, 1}, &labels));
	assert_false(pairs_select(&(struct str_pairs){more, 2}, &labels));
}

static void lists(void **s)
{
	struct object_list l = {0};

	(void)s;
	for (int i = 0; i < 20; i++) {
		struct arena *a = arena_new(0);
		struct object *o = arena_alloc(a, sizeof(*o));

		o->arena = a;
		object_list_add(&l, o);
	}
	assert_int_equal(l.n, 20);
	object_list_clear(&l);
	assert_int_equal(l.n, 0);
	object_free(NULL);
}

static struct object *parse(const char *text)
{
	struct object_list l = {0};
	struct diag_list d = {0};
	struct object *o;

	assert_int_equal(manifest_parse("f.yaml", text, strlen(text), &l, &d), 0);
	assert_int_equal(l.n, 1);
	o = l.items[0];
	l.n = 0;
	object_list_clear(&l);
	diag_clear(&d);
	return o;
}

/* Ten thousand slices stay in memory: what one may cost. */
static void packed_small(void **s)
{
	static const char head[] =
	    "apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata:\n  name: svc-1234-abcde\n"
	    "  labels: {kubernetes.io/service-name: svc-1234}\naddressType: IPv4\n"
	    "ports: [{name: http, port: 8080}]\nendpoints:\n";
	char *text = xstrdup(head);
	struct object *o;

	(void)s;
	for (int i = 0; i < 10; i++) {
		char *more = xasprintf("%s- {addresses: [10.0.0.%d], nodeName: node-%d.example}\n", text, i + 1, i % 2);

		free(text);
		text = more;
	}
	o = parse(text);
	assert_int_equal(o->endpoints.parts[0].n, 10);
	assert_string_equal(o->endpoints.parts[0].endpoints[9].node, "node-1.example");
	assert_null(o->arena); /* one block of malloc */
#if !defined(__SANITIZE_ADDRESS__)
	assert_true(malloc_usable_size(o) < 768);
#endif
	object_free(o);
	free(text);
}

/* The same object lower in its file: only the places change. */
static void moves(void **s)
{
	static const char service[] = "apiVersion: v1\nkind: Service\nmetadata: {name: a, labels: {x: z}}\n"
				      "spec:\n  selector: {a: b}\n  ports:\n  - port: 80\n";
	static const char map[] = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {k: v}\n";
	char *lower = xasprintf("# one line more\n%s", service);
	struct object *o = parse(service), *from = parse(lower);

	(void)s;
	assert_true(o->hash == from->hash);
	object_move(o, from);
	assert_int_equal(o->pos.line, 2);
	assert_int_equal(o->service.ports[0].pos.line, 8);
	assert_int_equal(o->service.selector.items[0].pos.line, 6);
	assert_int_equal(o->meta.labels.items[0].pos.line, 4);
	object_free(o);
	object_free(from);
	free(lower);
	lower = xasprintf("\n\n%s", map);
	o = parse(map);
	from = parse(lower);
	object_move(o, from);
	assert_int_equal(o->configmap.data.items[0].pos.line, 6);
	object_free(o);
	object_free(from);
	free(lower);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(kinds), cmocka_unit_test(pairs),        cmocka_unit_test(selects),
	    cmocka_unit_test(lists), cmocka_unit_test(packed_small), cmocka_unit_test(moves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
