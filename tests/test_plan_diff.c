/* Two plans as lines. */
#include "../src/plan_diff.h"

#include "plan_world.h"

static void check(const char *before, const char *after, size_t n, const char *want)
{
	struct world *a = world_new(), *b = world_new();
	struct assign *assign = assign_new(NULL, 0, NULL, 0, "eth0");
	char *got = NULL;
	size_t size;
	FILE *f = open_memstream(&got, &size);

	world_put(a, before);
	world_run(a);
	world_put(b, after);
	world_run(b);
	assert_int_equal(plan_diff(world_plan(a), world_plan(b), assign, f), n);
	fclose(f);
	assert_string_equal(got, want);
	free(got);
	assign_free(assign);
	world_free(a);
	world_free(b);
}

#define WEB(more)                                                                                                      \
	SERVICE_META("name: web, annotations: {x: why" more "}",                                                       \
		     "clusterIP: 10.96.0.9, externalIPs: [10.5.0.1], selector: {app: web}, ports: [{port: 80}]")
#define POD5 POD("a", "web", "10.1.0.5")
#define POD6 POD("b", "web", "10.1.0.6")

static void test_same(void **state)
{
	check(WEB("") POD5, WEB("") POD5, 0, "");
}

static void test_comes_and_goes(void **state)
{
	check(POD5, WEB("") POD5, 6,
	      "+ip address 10.5.0.1/32 dev eth0\n"
	      "+ip address 10.96.0.9/32 dev vipd0\n"
	      "+-A -t 10.5.0.1:80 -s rr\n"
	      "+-a -t 10.5.0.1:80 -r 10.1.0.5:80 -m -w 1\n"
	      "+-A -t 10.96.0.9:80 -s rr\n"
	      "+-a -t 10.96.0.9:80 -r 10.1.0.5:80 -m -w 1\n");
	check(SERVICE("dns", "clusterIP: 10.96.0.9, ports: [{port: 53, protocol: UDP}]"), POD5, 2,
	      "-ip address 10.96.0.9/32 dev vipd0\n"
	      "-"
	      "-A -u 10.96.0.9:53 -s rr\n");
}

static void test_changes(void **state)
{
	check(WEB("") POD5, WEB("") POD6, 4,
	      " -A -t 10.5.0.1:80 -s rr\n"
	      "--a -t 10.5.0.1:80 -r 10.1.0.5:80 -m -w 1\n"
	      "+-a -t 10.5.0.1:80 -r 10.1.0.6:80 -m -w 1\n"
	      " -A -t 10.96.0.9:80 -s rr\n"
	      "--a -t 10.96.0.9:80 -r 10.1.0.5:80 -m -w 1\n"
	      "+-a -t 10.96.0.9:80 -r 10.1.0.6:80 -m -w 1\n");
	check(
	    SERVICE("web", "clusterIP: 10.96.0.9, selector: {app: web}, ports: [{port: 80}]") POD5,
	    SERVICE("web", "clusterIP: 10.96.0.9, sessionAffinity: ClientIP, selector: {app: web}, ports: [{port: 80}]")
		POD5,
	    2,
	    "-"
	    "-A -t 10.96.0.9:80 -s rr\n"
	    "+-A -t 10.96.0.9:80 -s rr -p 10800\n");
	check(SERVICE("web", "clusterIP: 10.96.0.9, ports: [{port: 80}]")
		  SLICE("s", "web", "{port: 80}", "{addresses: [10.1.0.5]}, {addresses: [10.1.0.6]}"),
	      SERVICE("web", "clusterIP: 10.96.0.9, ports: [{port: 80}]")
		  SLICE("s", "web", "{port: 80}", "{addresses: [10.1.0.6]}"),
	      1,
	      " -A -t 10.96.0.9:80 -s rr\n"
	      "--a -t 10.96.0.9:80 -r 10.1.0.5:80 -m -w 1\n");
}

#define LIMITED(more)                                                                                                  \
	SERVICE_META("name: web, annotations: {" more "}",                                                             \
		     "clusterIP: 10.96.0.9, selector: {app: web}, ports: [{port: 80}]")

/* Limits stand at each real server; how long one may drain is nothing that the kernel knows. */
static void test_limits(void **state)
{
	check(LIMITED("vipd.io/drain-timeout: 5m") POD5, LIMITED("vipd.io/drain-timeout: 7m") POD5, 0, "");
	check(LIMITED("x: why") POD5, LIMITED("vipd.io/upper-threshold: '100', vipd.io/lower-threshold: '50'") POD5, 2,
	      " -A -t 10.96.0.9:80 -s rr\n"
	      "--a -t 10.96.0.9:80 -r 10.1.0.5:80 -m -w 1\n"
	      "+-a -t 10.96.0.9:80 -r 10.1.0.5:80 -m -w 1 -x 100 -y 50\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_same),
	    cmocka_unit_test(test_comes_and_goes),
	    cmocka_unit_test(test_changes),
	    cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
