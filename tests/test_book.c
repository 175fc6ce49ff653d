/* The book of addresses: vrrp/book.c */
#include "../vrrp/book.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct vip vip_of(const char *addr, enum vip_kind kind, const char *ifname)
{
	struct vip v = {.kind = (uint8_t)kind, .bits = 32};

	assert_int_equal(addr_parse(addr, &v.addr), 0);
	memcpy(v.ifname, ifname, strlen(ifname));
	return v;
}

static struct kaddr kaddr_of(const char *addr, uint8_t bits, uint32_t ifindex)
{
	struct kaddr a = {.bits = bits, .ifindex = ifindex};

	assert_int_equal(addr_parse(addr, &a.addr), 0);
	return a;
}

static void pops(struct book *b, struct entry *e)
{
	assert_ptr_equal(book_pop(b), e);
}

static void test_want(void **state)
{
	struct vip v = vip_of("10.0.0.1", VIP_CLIENT, "eth0"), c = vip_of("10.96.0.1", VIP_CLUSTER, "vipd0");
	struct vip_set set = {.active = true}, other = {.active = true};
	struct entry *e, *f;
	struct book b;

	book_init(&b);
	assert_null(book_find(&b, &v.addr, NULL));
	e = book_want(&b, &set, &v);
	f = book_want(&b, &set, &c);
	assert_int_equal(b.wanted, 2);
	assert_int_equal(b.clusters, 1);
	pops(&b, e);
	pops(&b, f);
	pops(&b, NULL);
	/* The same again is no news; each difference is. */
	assert_ptr_equal(book_want(&b, &set, &v), e);
	pops(&b, NULL);
	v.bits = 24;
	e->error = -1;
	book_want(&b, &set, &v);
	assert_int_equal(e->error, 0);
	pops(&b, e);
	v.ifname[3] = '1';
	book_want(&b, &set, &v);
	pops(&b, e);
	book_want(&b, &other, &v);
	pops(&b, e);
	v.kind = VIP_CLUSTER;
	book_want(&b, &other, &v);
	pops(&b, e);
	assert_int_equal(b.wanted, 2);
	assert_int_equal(b.clusters, 2);
	book_unwant(&b, e);
	book_unwant(&b, e);
	assert_int_equal(b.wanted, 1);
	assert_int_equal(b.clusters, 1);
	pops(&b, e);
	book_drop(&b, f); /* wanted: stays */
	assert_ptr_equal(book_find(&b, &c.addr, NULL), f);
	book_drop(&b, e);
	assert_null(book_find(&b, &v.addr, NULL));
	book_clear(&b);
}

static void test_picture(void **state)
{
	struct vip v = vip_of("10.0.0.1", VIP_CLIENT, "eth0"), w = vip_of("10.0.0.2", VIP_CLIENT, "eth0");
	struct vip_set set = {.active = true};
	struct entry *e, *f;
	struct book b;

	book_init(&b);
	book_begin(&b);
	e = book_want(&b, &set, &v);
	f = book_want(&b, &set, &w);
	book_end(&b);
	assert_int_equal(b.wanted, 2);
	pops(&b, e);
	pops(&b, f);
	book_begin(&b);
	book_want(&b, &set, &w);
	book_end(&b);
	assert_false(e->wanted);
	assert_true(f->wanted);
	pops(&b, e);
	pops(&b, NULL);
	book_clear(&b);
}

/* What waits for its turn elsewhere. */
static void test_park(void **state)
{
	struct vip v[3] = {vip_of("10.96.0.1", VIP_CLUSTER, "vipd0"), vip_of("10.96.0.2", VIP_CLUSTER, "vipd0"),
			   vip_of("10.96.0.3", VIP_CLUSTER, "vipd0")};
	struct vip_set set = {.active = true};
	struct entry *e[3];
	struct book b;

	book_init(&b);
	for (int i = 0; i < 3; i++) {
		e[i] = book_want(&b, &set, &v[i]);
		pops(&b, e[i]);
		book_park(&b, e[i]);
	}
	pops(&b, NULL);
	book_drop(&b, e[0]);
	book_unpark(&b, 1);
	pops(&b, e[0]);
	pops(&b, NULL);
	/* A change is looked at all the same, the first one first. */
	book_mark(&b, e[2]);
	book_mark_first(&b, e[1]);
	pops(&b, e[1]);
	pops(&b, e[2]);
	book_unpark(&b, 9);
	pops(&b, NULL);
	/* Parked from the queue; unwanted, but busy: stays. */
	book_mark(&b, e[0]);
	book_park(&b, e[0]);
	pops(&b, NULL);
	book_unwant(&b, e[0]);
	pops(&b, e[0]);
	e[0]->busy = true;
	book_drop(&b, e[0]);
	assert_ptr_equal(book_find(&b, &v[0].addr, NULL), e[0]);
	e[0]->busy = false;
	book_drop(&b, e[0]);
	assert_null(book_find(&b, &v[0].addr, NULL));
	book_clear(&b);
}

static void test_have(void **state)
{
	struct kaddr a = kaddr_of("10.0.0.1", 32, 2), on_other = kaddr_of("10.0.0.1", 32, 3),
		     wider = kaddr_of("10.0.0.1", 24, 2), unknown = kaddr_of("10.0.0.9", 32, 2);
	struct vip_have old;
	struct entry *e;
	struct book b;

	book_init(&b);
	assert_true(book_have(&b, &a, "eth0", true));
	e = book_find(&b, &a.addr, NULL);
	pops(&b, e);
	e->have[0].seen = false;
	assert_false(book_have(&b, &a, "eth0", false));
	assert_true(e->have[0].seen);
	assert_true(e->have[0].ours);
	pops(&b, NULL);
	assert_true(book_have(&b, &on_other, "eth0", false));
	assert_true(book_have(&b, &wider, "eth0", false));
	assert_int_equal(e->n_have, 3);
	assert_non_null(entry_have(e, 2, 24));
	assert_null(entry_have(e, 3, 24));
	pops(&b, e);
	assert_ptr_equal(book_gone(&b, &a, "eth0", &old), e);
	assert_true(old.ours);
	assert_null(book_gone(&b, &a, "eth0", &old));
	assert_null(book_gone(&b, &unknown, "eth0", &old));
	pops(&b, e);
	book_drop(&b, e); /* had: stays */
	assert_ptr_equal(book_gone(&b, &wider, "eth0", &old), e);
	assert_false(old.ours);
	assert_ptr_equal(book_gone(&b, &on_other, "eth0", &old), e);
	book_drop(&b, e); /* dirty: stays */
	pops(&b, e);
	book_drop(&b, e);
	assert_null(book_find(&b, &a.addr, NULL));
	book_clear(&b);
}

static void test_queue(void **state)
{
	struct vip_set set = {.active = true};
	struct vip v[3] = {vip_of("10.0.0.1", VIP_CLIENT, "eth0"), vip_of("10.0.0.2", VIP_CLIENT, "eth0"),
			   vip_of("10.0.0.3", VIP_CLIENT, "eth0")};
	struct entry *e[3];
	struct book b;
	size_t at = 0, n = 0;

	book_init(&b);
	for (int i = 0; i < 3; i++)
		e[i] = book_want(&b, &set, &v[i]);
	book_mark(&b, e[0]);
	book_mark_first(&b, e[2]);
	pops(&b, e[2]);
	pops(&b, e[0]);
	book_mark_first(&b, e[0]);
	pops(&b, e[0]);
	pops(&b, e[1]);
	pops(&b, NULL);
	book_unwant(&b, e[1]);
	pops(&b, e[1]);
	book_mark_wanted(&b);
	assert_true(e[0]->dirty && e[2]->dirty);
	assert_false(e[1]->dirty);
	while (book_next(&b, &at))
		n++;
	assert_int_equal(n, 3);
	book_clear(&b);
}

/* The same link-local address on two interfaces is two, and follows an interface's name. */
static void test_link_local(void **state)
{
	struct vip_set sets[2] = {0};
	struct vip on[2] = {{.bits = 64, .ifname = "eth0"}, {.bits = 64, .ifname = "eth1"}};
	struct kaddr there = {.bits = 64, .ifindex = 3};
	struct entry *e[2];
	struct vip_have old;
	struct book b;

	book_init(&b);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(addr_parse("fe80::50", &on[i].addr), 0);
		e[i] = book_want(&b, &sets[i], &on[i]);
	}
	assert_ptr_not_equal(e[0], e[1]);
	assert_int_equal(b.wanted, 2);
	there.addr = on[0].addr;
	assert_true(book_have(&b, &there, "eth1", true));
	assert_int_equal(e[0]->n_have, 0);
	assert_int_equal(e[1]->n_have, 1);
	assert_null(book_gone(&b, &there, "eth0", &old));
	book_rename(&b, 3, "eth1", "lan");
	assert_int_equal(e[1]->n_have, 0);
	assert_true(entry_have(book_find(&b, &there.addr, "lan"), 3, 64)->ours);
	book_unwant(&b, e[0]);
	while (book_pop(&b))
		;
	book_drop(&b, e[0]);
	assert_null(book_find(&b, &there.addr, "eth0"));
	assert_ptr_equal(book_find(&b, &there.addr, "eth1"), e[1]);
	book_clear(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_want),       cmocka_unit_test(test_picture),
					   cmocka_unit_test(test_park),       cmocka_unit_test(test_have),
					   cmocka_unit_test(test_link_local), cmocka_unit_test(test_queue)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
