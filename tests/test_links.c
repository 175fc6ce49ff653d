/* What is known of interfaces: vrrp/links.c */
#include "../vrrp/links.h"

#include <linux/if.h>
#include <linux/if_arp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { CARRIER = IFF_LOWER_UP | IFF_RUNNING };

static struct link link_of(uint32_t index, const char *name, uint32_t flags)
{
	struct link l = {.index = index,
			 .flags = flags,
			 .type = ARPHRD_ETHER,
			 .mac_len = MAC_LEN,
			 .mac = {2, 0, 0, 0, 0, (uint8_t)index}};

	memcpy(l.name, name, strlen(name));
	return l;
}

static void test_changes(void **state)
{
	static const uint32_t up = IFF_UP | CARRIER;
	static const struct {
		const char *name;
		uint32_t flags;
		uint8_t mac;
		uint32_t mtu;
		unsigned change;
	} rows[] = {
	    {"eth0", IFF_UP, 5, 1500, LINK_NEW},
	    {"eth0", IFF_UP, 5, 1500, LINK_SAME},
	    {"eth0", IFF_UP | IFF_LOWER_UP, 5, 1500, LINK_SAME},
	    {"eth0", up, 5, 1500, LINK_CARRIER},
	    {"eth0", up | IFF_PROMISC, 5, 1500, LINK_SAME},
	    {"eth0", CARRIER, 5, 1500, LINK_STATE | LINK_CARRIER},
	    {"lan0", CARRIER, 5, 1500, LINK_RENAMED},
	    {"lan0", up, 5, 1500, LINK_STATE | LINK_CARRIER},
	    {"lan0", up, 6, 1500, LINK_MAC},
	    {"lan0", up, 6, 9000, LINK_MTU},
	    {"eth0", IFF_UP, 5, 1500, LINK_RENAMED | LINK_CARRIER | LINK_MAC | LINK_MTU},
	};
	struct links links = {0};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct link l = link_of(5, rows[i].name, rows[i].flags);

		l.mac[5] = rows[i].mac;
		l.mtu = rows[i].mtu;
		assert_int_equal(links_update(&links, &l), rows[i].change);
		assert_string_equal(links_by_index(&links, 5)->name, rows[i].name);
	}
	assert_int_equal(links.n, 1);
	links_clear(&links);
}

static void test_find(void **state)
{
	struct links links = {0};
	char name[LINK_NAME];

	/* Out of order, and enough to grow. */
	for (uint32_t i = 0; i < 40; i++) {
		struct link l = link_of(1 + i * 17 % 40, "", 0);

		l.name[0] = 'a';
		l.name[1] = (char)('0' + l.index / 10);
		l.name[2] = (char)('0' + l.index % 10);
		assert_int_equal(links_update(&links, &l), LINK_NEW);
	}
	for (uint32_t i = 1; i <= 40; i++) {
		memset(name, 0, sizeof(name));
		name[0] = 'a';
		name[1] = (char)('0' + i / 10);
		name[2] = (char)('0' + i % 10);
		assert_int_equal(links_by_index(&links, i)->index, i);
		assert_int_equal(links_by_name(&links, name)->index, i);
	}
	assert_null(links_by_index(&links, 0));
	assert_null(links_by_index(&links, 41));
	assert_null(links_by_name(&links, "b01"));
	assert_true(links_remove(&links, 7));
	assert_false(links_remove(&links, 7));
	assert_null(links_by_index(&links, 7));
	assert_non_null(links_by_index(&links, 8));
	links_clear(&links);
	assert_null(links_by_index(&links, 8));
}

static void test_sweep(void **state)
{
	struct link a = link_of(1, "lo", 0), b = link_of(2, "eth0", 0), c = link_of(3, "eth1", 0);
	struct links links = {0};

	links_update(&links, &a);
	links_update(&links, &b);
	links_update(&links, &c);
	links_unsee(&links);
	links_update(&links, &c);
	links_update(&links, &a);
	assert_int_equal(links_sweep(&links), 1);
	assert_null(links_by_name(&links, "eth0"));
	assert_non_null(links_by_name(&links, "eth1"));
	assert_int_equal(links_sweep(&links), 0);
	links_clear(&links);
}

static void test_states(void **state)
{
	static const struct {
		uint32_t flags;
		uint16_t type;
		uint8_t mac_len;
		bool up, carrier, announce;
	} rows[] = {
	    {0, ARPHRD_ETHER, 6, false, false, true},
	    {IFF_UP, ARPHRD_ETHER, 6, true, false, true},
	    {CARRIER, ARPHRD_ETHER, 6, false, false, true},
	    {IFF_UP | IFF_LOWER_UP, ARPHRD_ETHER, 6, true, false, true},
	    {IFF_UP | IFF_RUNNING, ARPHRD_ETHER, 6, true, false, true},
	    {IFF_UP | CARRIER, ARPHRD_ETHER, 6, true, true, true},
	    {IFF_UP | CARRIER | IFF_NOARP, ARPHRD_ETHER, 6, true, true, false},
	    {IFF_UP | CARRIER | IFF_LOOPBACK, ARPHRD_LOOPBACK, 6, true, true, false},
	    {IFF_UP | CARRIER, ARPHRD_INFINIBAND, 0, true, true, false},
	    {IFF_UP | CARRIER, ARPHRD_NONE, 0, true, true, false},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct link l = link_of(1, "x", rows[i].flags);

		l.type = rows[i].type;
		l.mac_len = rows[i].mac_len;
		assert_int_equal(link_is_up(&l), rows[i].up);
		assert_int_equal(link_has_carrier(&l), rows[i].carrier);
		assert_int_equal(link_can_announce(&l), rows[i].announce);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_changes), cmocka_unit_test(test_find),
					   cmocka_unit_test(test_sweep), cmocka_unit_test(test_states)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
