/* The decision for one address: vrrp/vips.c */
#include "../vrrp/vips.h"

#include <linux/if.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { ETH0 = 2, ETH1 = 3 };

static const struct link up = {.index = ETH0, .flags = IFF_UP}, down = {.index = ETH0};

static struct vip vip_of(const char *addr, uint8_t bits)
{
	struct vip v = {.kind = VIP_CLIENT, .ifname = "eth0", .bits = bits};

	assert_int_equal(addr_parse(addr, &v.addr), 0);
	return v;
}

#define OURS(i, b)                                                                                                     \
	{                                                                                                              \
		.ifindex = (i), .bits = (b), .ours = true                                                              \
	}
#define FOREIGN(i, b)                                                                                                  \
	{                                                                                                              \
		.ifindex = (i), .bits = (b), .ours = false                                                             \
	}

enum { CLOSED = 1, UNKNOWN = 2, UNWANTED = 4, CLUSTER = 8 };

struct row {
	const char *why;
	const char *addr;
	const struct link *link;
	unsigned flags;
	struct vip_have have[3];
	size_t n;
	bool held, add;
	enum vip_problem problem;
	unsigned stale; /* one bit for each of have */
};

static const struct row rows[] = {
    {"not there yet", "10.0.0.1", &up, 0, {{0}}, 0, false, true, VIP_FINE, 0},
    {"the gate is closed", "10.0.0.1", &up, CLOSED, {{0}}, 0, false, false, VIP_FINE, 0},
    {"there", "10.0.0.1", &up, 0, {OURS(ETH0, 32)}, 1, true, false, VIP_FINE, 0},
    {"there already when the gate is closed", "10.0.0.1", &up, CLOSED, {OURS(ETH0, 32)}, 1, true, false, VIP_FINE, 0},
    {"somebody else put it there", "10.0.0.1", &up, 0, {FOREIGN(ETH0, 32)}, 1, true, false, VIP_FINE, 0},
    {"somebody else, another prefix", "10.0.0.1", &up, 0, {FOREIGN(ETH0, 24)}, 1, true, false, VIP_FINE, 0},
    {"ours, another prefix", "10.0.0.1", &up, 0, {OURS(ETH0, 24)}, 1, false, true, VIP_FINE, 1},
    {"ours on another interface", "10.0.0.1", &up, 0, {OURS(ETH1, 32)}, 1, false, true, VIP_FINE, 1},
    {"ours on both", "10.0.0.1", &up, 0, {OURS(ETH1, 32), OURS(ETH0, 32)}, 2, true, false, VIP_FINE, 1},
    {"another's on another interface", "10.0.0.1", &up, 0, {FOREIGN(ETH1, 32)}, 1, false, false, VIP_ELSEWHERE, 0},
    {"another's elsewhere, ours here",
     "10.0.0.1",
     &up,
     0,
     {FOREIGN(ETH1, 32), OURS(ETH0, 32)},
     2,
     true,
     false,
     VIP_FINE,
     0},
    {"IPv6 elsewhere", "fd00::1", &up, 0, {FOREIGN(ETH1, 64)}, 1, false, false, VIP_ELSEWHERE, 0},
    {"link-local elsewhere is another address", "fe80::1", &up, 0, {FOREIGN(ETH1, 64)}, 1, false, true, VIP_FINE, 0},
    {"no interface", "10.0.0.1", NULL, 0, {{0}}, 0, false, false, VIP_NO_INTERFACE, 0},
    {"no interface of that name any more", "10.0.0.1", NULL, 0, {OURS(ETH0, 32)}, 1, false, false, VIP_NO_INTERFACE, 1},
    {"interface down", "10.0.0.1", &down, 0, {{0}}, 0, false, false, VIP_INTERFACE_DOWN, 0},
    {"interface down, address stays", "10.0.0.1", &down, 0, {OURS(ETH0, 32)}, 1, true, false, VIP_INTERFACE_DOWN, 0},
    {"cluster IP: the device stays down", "10.0.0.1", &down, CLUSTER, {{0}}, 0, false, true, VIP_FINE, 0},
    {"not wanted", "10.0.0.1", NULL, UNWANTED, {OURS(ETH0, 32), FOREIGN(ETH1, 32)}, 2, false, false, VIP_FINE, 1},
    {"not wanted, as far as is known",
     "10.0.0.1",
     NULL,
     UNWANTED | UNKNOWN,
     {OURS(ETH0, 32)},
     1,
     false,
     false,
     VIP_FINE,
     0},
    {"its route is gone",
     "10.0.0.1",
     &up,
     0,
     {{.ifindex = ETH0, .bits = 32, .ours = true, .unrouted = true}},
     1,
     false,
     false,
     VIP_FINE,
     1},
    {"another's, its route is gone",
     "10.0.0.1",
     &up,
     0,
     {{.ifindex = ETH0, .bits = 32, .unrouted = true}},
     1,
     true,
     false,
     VIP_FINE,
     0},
    {"not wanted, not there", "10.0.0.1", NULL, UNWANTED, {{0}}, 0, false, false, VIP_FINE, 0},
};

static struct vip_view view_of(const struct vip *want, const struct link *link, const struct vip_have *have, size_t n,
			       unsigned flags)
{
	return (struct vip_view){
	    .want = flags & UNWANTED ? NULL : want,
	    .link = link,
	    .have = have,
	    .n = n,
	    .may_add = !(flags & CLOSED),
	    .may_remove = !(flags & UNKNOWN),
	};
}

/* Its stand-in: where there are many, and for as long as it is on its way. */
static void test_stand_in(void **state)
{
	static const struct link enslaved = {.index = ETH0, .flags = IFF_UP, .master = 9};
	static const struct {
		const char *why, *addr;
		const struct link *link;
		unsigned flags;
		bool many, refused;
		uint32_t is; /* the stand-in that there is */
		struct vip_have have[1];
		size_t n;
		bool stand_in, stand_down, add;
		enum vip_problem problem;
	} table[] = {
	    {"one of many", "10.0.0.1", &up, 0, true, false, 0, {{0}}, 0, true, false, true, VIP_FINE},
	    {"one of few", "10.0.0.1", &up, 0, false, false, 0, {{0}}, 0, false, false, true, VIP_FINE},
	    {"stood in for", "10.0.0.1", &up, 0, true, false, ETH0, {{0}}, 0, false, false, true, VIP_FINE},
	    {"the last of many", "10.0.0.1", &up, 0, false, false, ETH0, {{0}}, 0, false, false, true, VIP_FINE},
	    {"it has come", "10.0.0.1", &up, 0, true, false, ETH0, {OURS(ETH0, 32)}, 1, false, true, false, VIP_FINE},
	    {"there already", "10.0.0.1", &up, 0, true, false, 0, {OURS(ETH0, 32)}, 1, false, false, false, VIP_FINE},
	    {"wanted no more", "10.0.0.1", NULL, UNWANTED, true, false, ETH0, {{0}}, 0, false, true, false, VIP_FINE},
	    {"the interface went",
	     "10.0.0.1",
	     NULL,
	     0,
	     true,
	     false,
	     ETH0,
	     {{0}},
	     0,
	     false,
	     true,
	     false,
	     VIP_NO_INTERFACE},
	    {"down", "10.0.0.1", &down, 0, true, false, ETH0, {{0}}, 0, false, true, false, VIP_INTERFACE_DOWN},
	    {"it names another one", "10.0.0.1", &up, 0, true, false, ETH1, {{0}}, 0, false, true, true, VIP_FINE},
	    {"the gate is closed", "10.0.0.1", &up, CLOSED, true, false, 0, {{0}}, 0, false, false, false, VIP_FINE},
	    {"the gate is closed again",
	     "10.0.0.1",
	     &up,
	     CLOSED,
	     true,
	     false,
	     ETH0,
	     {{0}},
	     0,
	     false,
	     true,
	     false,
	     VIP_FINE},
	    {"refused", "10.0.0.1", &up, 0, true, true, ETH0, {{0}}, 0, false, true, false, VIP_REFUSED},
	    {"another's elsewhere",
	     "10.0.0.1",
	     &up,
	     0,
	     true,
	     false,
	     0,
	     {FOREIGN(ETH1, 32)},
	     1,
	     false,
	     false,
	     false,
	     VIP_ELSEWHERE},
	    {"IPv6", "fd00::1", &up, 0, true, false, 0, {{0}}, 0, false, false, true, VIP_FINE},
	    {"a cluster IP", "10.0.0.1", &up, CLUSTER, true, false, 0, {{0}}, 0, false, false, true, VIP_FINE},
	    {"of a VRF", "10.0.0.1", &enslaved, 0, true, false, 0, {{0}}, 0, false, false, true, VIP_FINE},
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct vip want = vip_of(table[i].addr, strchr(table[i].addr, ':') ? 128 : 32);
		struct vip_view v = view_of(&want, table[i].link, table[i].have, table[i].n, table[i].flags);

		v.vrf = table[i].link == &enslaved;
		struct vip_verdict d;

		v.refused = table[i].refused;
		v.many = table[i].many;
		v.stand_in = table[i].is;
		want.kind = table[i].flags & CLUSTER ? VIP_CLUSTER : VIP_CLIENT;
		d = vips_decide(&v);
		if (d.stand_in != table[i].stand_in || d.stand_down != table[i].stand_down || d.add != table[i].add ||
		    d.problem != table[i].problem)
			fail_msg("%s: stand-in %d, stand down %d, add %d, problem %d", table[i].why, d.stand_in,
				 d.stand_down, d.add, (int)d.problem);
	}
}

static void test_decide(void **state)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct row *r = &rows[i];
		struct vip want = vip_of(r->addr, strchr(r->addr, ':') ? 128 : 32);
		struct vip_view v = view_of(&want, r->link, r->have, r->n, r->flags);
		struct vip_verdict d;
		unsigned stale = 0;

		want.kind = r->flags & CLUSTER ? VIP_CLUSTER : VIP_CLIENT;
		d = vips_decide(&v);
		for (size_t k = 0; k < r->n; k++)
			stale |= (unsigned)vips_is_stale(&v, &r->have[k]) << k;
		if (d.held != r->held || d.add != r->add || d.problem != r->problem || stale != r->stale)
			fail_msg("%s: held %d, add %d, problem %d, stale %u", r->why, d.held, d.add, (int)d.problem,
				 stale);
	}
}

/* Scope and label of what is ours: it goes before it comes back otherwise. Of what is not ours they do not matter. */
static void test_dress(void **state)
{
	static const struct link eth0 = {.index = ETH0, .flags = IFF_UP, .name = "eth0"};
	static const struct {
		const char *want, *have;
		uint8_t want_scope, have_scope;
		bool same;
	} dresses[] = {
	    {"", "", 0, 253, true}, /* the kernel told of none */
	    {"", "eth0", 0, 0, true},
	    {"", "eth0:x", 0, 0, false},
	    {"eth0:x", "eth0:x", 253, 253, true},
	    {"eth0:x", "eth0:x", 253, 0, false},
	    {"eth0:x", "eth0", 0, 0, false},
	};

	for (size_t i = 0; i < sizeof(dresses) / sizeof(*dresses); i++)
		for (int ours = 0; ours < 2; ours++) {
			struct vip want = vip_of("10.0.0.1", 32);
			struct vip_have have = {.ifindex = ETH0, .bits = 32, .ours = ours};
			struct vip_view v = {
			    .want = &want, .link = &eth0, .have = &have, .n = 1, .may_add = true, .may_remove = true};

			strcpy(want.label, dresses[i].want);
			strcpy(have.label, dresses[i].have);
			want.scope = dresses[i].want_scope;
			have.scope = dresses[i].have_scope;
			assert_int_equal(vips_decide(&v).held, dresses[i].same || !ours);
			assert_false(vips_decide(&v).add);
			assert_int_equal(vips_is_stale(&v, &have), ours && !dresses[i].same);
		}
}

static void test_names(void **state)
{
	assert_string_equal(vip_problem_reason(VIP_FINE), "");
	for (int p = VIP_FINE + 1; p < VIP_PROBLEMS; p++)
		assert_true(strlen(vip_problem_reason((enum vip_problem)p)) > 0);
	assert_string_equal(vip_problem_reason((enum vip_problem)99), "Unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_decide), cmocka_unit_test(test_stand_in),
					   cmocka_unit_test(test_dress), cmocka_unit_test(test_names)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
