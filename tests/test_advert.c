/* vrrp/advert.c: the list is the same on every router, an IPv6 one begins with a link-local address, and it fits its packet. */
#include "../vrrp/advert.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

static void rooms(void **state)
{
	static const struct {
		uint8_t family, version, auth;
		unsigned mtu;
		size_t room;
	} rows[] = {
	    {AF_INET, 3, 0, 1500, 255}, {AF_INET6, 3, 0, 1500, 90}, {AF_INET6, 3, 0, 9000, 255},
	    {AF_INET6, 3, 0, 1280, 77}, {AF_INET, 3, 0, 576, 137},  {AF_INET, 2, 0, 576, 135},
	    {AF_INET, 2, 2, 576, 129},  {AF_INET, 3, 0, 20, 1},
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		assert_int_equal(advert_room(rows[i].family, rows[i].version, rows[i].auth, rows[i].mtu), rows[i].room);
}

static void link_local(void **state)
{
	char text[ADDR_TEXT];
	struct addr a = advert_link_local(0x32);

	assert_string_equal(addr_format(&a, text), "fe80::5e00:232");
}

static void order(void **state)
{
	static const char *const given[] = {"fd00::9", "fe80::2", "2001:db8::1", "fe80::1", "fd00::1"};
	static const char *const want[] = {"fe80::1", "2001:db8::1", "fd00::1", "fd00::9", "fe80::2"};
	struct addr addrs[COUNT(given)];
	char text[ADDR_TEXT];

	for (size_t i = 0; i < COUNT(given); i++)
		assert_int_equal(addr_parse(given[i], &addrs[i]), 0);
	assert_int_equal(advert_order(addrs, COUNT(given), 90), COUNT(given));
	for (size_t i = 0; i < COUNT(want); i++)
		assert_string_equal(addr_format(&addrs[i], text), want[i]);
	assert_int_equal(advert_order(addrs, COUNT(given), 2), 2);
	assert_int_equal(advert_order(addrs, 0, 2), 0);
	assert_int_equal(addr_parse("10.0.0.2", &addrs[0]), 0);
	assert_int_equal(addr_parse("10.0.0.1", &addrs[1]), 0);
	assert_int_equal(advert_order(addrs, 2, 255), 2);
	assert_string_equal(addr_format(&addrs[0], text), "10.0.0.1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(rooms),
	    cmocka_unit_test(link_local),
	    cmocka_unit_test(order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
