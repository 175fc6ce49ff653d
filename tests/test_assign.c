/* The router of a VIP: pinned, alone, by rendezvous; that it depends on the routers and on that address alone. */
#include "../src/assign.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

enum { ROUTERS = 9, ADDRESSES = 3000 };

static struct router router(const char *name, uint8_t family, const char *ifname)
{
	struct router r = {.family = family};

	snprintf(r.name, sizeof r.name, "%s", name);
	snprintf(r.ifname, sizeof r.ifname, "%s", ifname);
	return r;
}

static struct addr addr(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(text, &a), 0);
	return a;
}

/* Any address, both families, for a number. */
static struct addr some(unsigned i)
{
	struct addr a = {.family = i % 3 ? AF_INET : AF_INET6};
	uint32_t x = i * 2654435761u;

	memcpy(a.bytes, &x, sizeof x);
	if (a.family == AF_INET6)
		memcpy(a.bytes + 12, &i, sizeof i);
	return a;
}

static size_t make(struct router *r, size_t n)
{
	char name[16];

	for (size_t i = 0; i < n; i++) {
		snprintf(name, sizeof name, "r%zu", i / 2);
		r[i] = router(name, i % 2 ? AF_INET6 : AF_INET, "eth0");
	}
	return n;
}

static void test_none(void **state)
{
	struct assign *a = assign_new(NULL, 0, NULL, 0, "eth0");
	struct vip v = {.addr = addr("10.0.0.1"), .bits = 32, .ifname = "eth0"}, lost = {.addr = addr("10.0.0.1")};

	assert_int_equal(assign_router(a, &v.addr), ROUTER_NONE);
	assert_int_equal(assign_vip(a, &v), ASSIGN_PLACED);
	assert_int_equal(v.router, ROUTER_NONE);
	assert_string_equal(v.ifname, "eth0");
	assert_int_equal(assign_vip(a, &lost), ASSIGN_NO_INTERFACE);
	assign_free(a);
	assign_free(NULL);
}

/* One router of the family has all, whatever its own addresses. */
static void test_one(void **state)
{
	const struct router r = router("vips", AF_INET, "eth1");
	const struct assign_pin pin = {.addr = addr("10.0.0.9"), .bits = 24, .scope = 253, .label = "eth0:x"};
	struct assign *a = assign_new(&r, 1, &pin, 1, "eth0");
	struct vip v = {.addr = addr("10.0.0.1"), .bits = 32, .ifname = "eth0"};

	assert_int_equal(assign_vip(a, &v), ASSIGN_PLACED);
	assert_int_equal(v.router, 0);
	assert_string_equal(v.ifname, "eth1");
	assert_int_equal(v.bits, 32);
	v.addr = addr("10.0.0.9");
	v.kind = VIP_CLUSTER; /* the router's own all the same */
	assert_int_equal(assign_vip(a, &v), ASSIGN_PLACED);
	assert_int_equal(v.kind, VIP_CLIENT);
	assert_int_equal(v.bits, 24);
	v = (struct vip){.addr = addr("10.96.0.1"), .kind = VIP_CLUSTER, .ifname = "vipd0"};
	assert_int_equal(assign_vip(a, &v), ASSIGN_PLACED);
	assert_int_equal(v.router, ROUTER_NONE);
	assert_string_equal(v.ifname, "vipd0");
	v = (struct vip){.addr = addr("fd00::1"), .ifname = "eth0"};
	assert_int_equal(assign_vip(a, &v), ASSIGN_NO_ROUTER);
	assign_free(a);
}

/* Routers with addresses of their own carry those alone while another has none; else the node's interface decides. */
static void test_classes(void **state)
{
	const struct router r[] = {router("a", AF_INET, "eth1"), router("b", AF_INET, "eth0"),
				   router("c", AF_INET, "eth0")};
	const struct assign_pin pins[] = {{.addr = addr("10.0.0.1"), .bits = 32, .router = 0},
					  {.addr = addr("10.0.0.2"), .bits = 32, .router = 1},
					  {.addr = addr("10.0.0.3"), .bits = 32, .router = 2}};
	struct assign *a;

	a = assign_new(r, 3, pins, 2, "eth0");
	for (unsigned i = 0; i < 300; i++) {
		struct addr v = some(i);

		assert_int_equal(assign_router(a, &v), v.family == AF_INET ? 2 : ROUTER_NONE);
	}
	assert_int_equal(assign_router(a, &pins[0].addr), 0);
	assert_ptr_equal(assign_pinned(a, &pins[1].addr), &pins[1]);
	assign_free(a);
	a = assign_new(r, 3, pins, 3, "eth1");
	assert_int_equal(assign_router(a, &(struct addr){.family = AF_INET, .bytes = {10, 1, 1, 1}}), 0);
	assign_free(a);
	a = assign_new(r, 3, pins, 3, NULL); /* all are alike */
	assert_true(assign_router(a, &(struct addr){.family = AF_INET, .bytes = {10, 1, 1, 1}}) < 3);
	assign_free(a);
}

/* A router without an interface is in no picture; the indexes of the others close up. */
static void test_sent(void **state)
{
	const struct router r[] = {router("a", AF_INET, "eth0"), router("b", AF_INET, ""),
				   router("c", AF_INET, "eth0")};
	const struct assign_pin pins[] = {{.addr = addr("10.0.0.1"), .bits = 32, .router = 0},
					  {.addr = addr("10.0.0.2"), .bits = 32, .router = 1},
					  {.addr = addr("10.0.0.3"), .bits = 32, .router = 2}};
	struct assign *a = assign_new(r, 3, pins, 3, NULL);
	struct vip v;

	assert_int_equal(assign_own(a, &pins[2], &v), ASSIGN_PLACED);
	assert_int_equal(v.router, 1);
	assert_int_equal(assign_own(a, &pins[1], &v), ASSIGN_NO_INTERFACE);
	assert_int_equal(assign_sent(a, 1), ROUTER_NONE);
	assert_int_equal(assign_sent(a, ROUTER_NONE), ROUTER_NONE);
	assign_free(a);
}

/* The share of an address depends on it alone: without a router only what it had moves, and the shares are alike. */
static void test_share(void **state)
{
	struct router r[2 * ROUTERS], less[2 * ROUTERS];
	size_t n = make(r, 2 * ROUTERS), counts[2 * ROUTERS] = {0};
	struct assign *all = assign_new(r, n, NULL, 0, "eth0");

	for (unsigned i = 0; i < ADDRESSES; i++) {
		struct addr v = some(i);
		uint16_t k = assign_router(all, &v);

		assert_true(k < n);
		assert_int_equal(r[k].family, v.family);
		counts[k]++;
	}
	for (size_t i = 0; i < n; i++) {
		size_t fair = ADDRESSES * (i % 2 ? 1 : 2) / 3 / ROUTERS;

		assert_in_range(counts[i], fair * 3 / 5, fair * 7 / 5);
	}
	for (size_t gone = 0; gone < n; gone++) {
		struct assign *rest;

		memcpy(less, r, gone * sizeof *r);
		memcpy(less + gone, r + gone + 1, (n - gone - 1) * sizeof *r);
		rest = assign_new(less, n - 1, NULL, 0, "eth0");
		for (unsigned i = 0; i < ADDRESSES; i++) {
			struct addr v = some(i);
			uint16_t before = assign_router(all, &v), after = assign_router(rest, &v);

			if (before != gone)
				assert_int_equal(after, before > gone ? before - 1 : before);
		}
		assign_free(rest);
	}
	assign_free(all);
}

/* Nodes of different versions must agree: these never change. */
static void test_known(void **state)
{
	static const struct {
		const char *addr;
		uint16_t router;
	} rows[] = {{"10.0.0.1", 2}, {"10.0.0.2", 1}, {"10.0.0.3", 0}, {"192.0.2.77", 2}};
	const struct router r[] = {router("vips-51", AF_INET, "eth0"), router("vips-52", AF_INET, "eth0"),
				   router("vips-53", AF_INET, "eth0")};
	struct assign *a = assign_new(r, 3, NULL, 0, NULL);

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct addr v = addr(rows[i].addr);

		assert_int_equal(assign_router(a, &v), rows[i].router);
	}
	assign_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_none), cmocka_unit_test(test_one),   cmocka_unit_test(test_classes),
	    cmocka_unit_test(test_sent), cmocka_unit_test(test_share), cmocka_unit_test(test_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
