/* Virtual MACs and the names of their devices: vrrp/vmac_id.c */
#include "../vrrp/vmac_id.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

static struct router router(uint8_t family, uint8_t vrid, const char *ifname)
{
	struct router r = {.family = family, .vrid = vrid, .vmac = true};

	memcpy(r.ifname, ifname, strlen(ifname));
	return r;
}

static struct link device(const struct router *r)
{
	struct link l = {.mac_len = MAC_LEN, .kind = "macvlan"};

	vmac_name(r, l.name);
	vmac_address(r->family, r->vrid, l.mac);
	return l;
}

static void test_addresses(void **state)
{
	static const uint8_t four[MAC_LEN] = {0, 0, 0x5e, 0, 1, 50}, six[MAC_LEN] = {0, 0, 0x5e, 0, 2, 255};
	uint8_t mac[MAC_LEN];

	vmac_address(AF_INET, 50, mac);
	assert_memory_equal(mac, four, MAC_LEN);
	vmac_address(AF_INET6, 255, mac);
	assert_memory_equal(mac, six, MAC_LEN);
}

static void test_names(void **state)
{
	struct router a = router(AF_INET, 255, "eth0"), b = router(AF_INET, 255, "eth1"),
		      c = router(AF_INET6, 255, "eth0");
	struct link l;
	char name[LINK_NAME], other[LINK_NAME];

	vmac_name(&a, name);
	assert_memory_equal(name, "vipd4-255-", 10);
	assert_true(strlen(name) < LINK_NAME);
	vmac_name(&b, other);
	assert_string_not_equal(name, other);
	vmac_name(&c, other);
	assert_string_not_equal(name, other);
	l = device(&a);
	assert_true(vmac_is_ours(&l));
	assert_true(vmac_is_of(&l, &a));
	assert_false(vmac_is_of(&l, &b));
	vmac_place(&a, name);
	assert_string_equal(name, l.name);
	a.vmac = false;
	vmac_place(&a, name);
	assert_string_equal(name, "eth0");
}

static void test_strangers(void **state)
{
	static const char *const names[] = {"eth0",     "vipd0",           "vrrp4-2-1",       "vipd5-50-00000",
					    "vipd4-50", "vipd4-256-00000", "vipd4-50-00000x", "vipd4-51-00000"};
	struct router r = router(AF_INET, 50, "eth0");
	struct link l = device(&r);

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		l = device(&r);
		memset(l.name, 0, sizeof(l.name));
		memcpy(l.name, names[i], strlen(names[i]));
		assert_false(vmac_is_ours(&l));
	}
	l = device(&r);
	l.mac[5] = 51;
	assert_false(vmac_is_ours(&l));
	l = device(&r);
	strcpy(l.kind, "dummy");
	assert_false(vmac_is_ours(&l));
	l = device(&r);
	l.mac_len = 0;
	assert_false(vmac_is_ours(&l));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_addresses),
	    cmocka_unit_test(test_names),
	    cmocka_unit_test(test_strangers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
