/* vrrp/survive.c: what a successor finds. */
#include "../vrrp/survive.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static struct router router_of(const char *name, uint8_t vrid)
{
	struct router r = {.family = AF_INET, .vrid = vrid};

	strcpy(r.name, name);
	strcpy(r.ifname, "eth0");
	return r;
}

static int memory(void)
{
	char path[] = "/tmp/vipd-mem-XXXXXX";
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	unlink(path);
	return fd;
}

static bool keep_a(void *arg, const struct survive_slot *slot)
{
	return strcmp(slot->name, "a") == 0;
}

static void outlives(void **state)
{
	struct router a = router_of("a", 1), b = router_of("b", 2);
	int fd = memory();
	struct survive *s = survive_open(fd);
	struct survive_slot *slot = survive_slot(s, &a);

	assert_false(slot->active);
	slot->active = 1;
	slot->sent = 1000;
	slot->sequence = 7;
	survive_slot(s, &b)->active = 1;
	survive_close(s);
	s = survive_open(fd);
	slot = survive_slot(s, &a);
	assert_int_equal(slot->active, 1);
	assert_int_equal(slot->sequence, 7);
	assert_true(survive_is_fresh(slot, 1500, 501));
	assert_false(survive_is_fresh(slot, 1500, 500));
	assert_false(survive_is_fresh(slot, 999, 500)); /* of another boot */
	survive_sweep(s, keep_a, NULL);
	assert_int_equal(survive_slot(s, &b)->active, 0);
	assert_int_equal(survive_slot(s, &a)->active, 1);
	survive_drop(slot);
	assert_int_equal(survive_slot(s, &a)->active, 0);
	survive_close(s);
	close(fd);
}

/* Another VRID, interface, or family under the same name is another router. */
static void identity(void **state)
{
	struct router a = router_of("a", 1), other;
	struct survive *s = survive_open(-1);

	survive_slot(s, &a)->active = 1;
	other = router_of("a", 2);
	assert_int_equal(survive_slot(s, &other)->active, 0);
	other = a;
	other.family = AF_INET6;
	assert_int_equal(survive_slot(s, &other)->active, 0);
	other = a;
	strcpy(other.ifname, "eth1");
	assert_int_equal(survive_slot(s, &other)->active, 0);
	assert_int_equal(survive_slot(s, &a)->active, 1);
	survive_close(s);
	survive_close(NULL);
}

static void garbage(void **state)
{
	struct router a = router_of("a", 1);
	int fd = memory();
	const uint32_t later = 0x76726d33; /* version 3 */
	struct survive *s;

	for (int i = 0; i < 1000; i++)
		assert_int_equal(write(fd, "\xff\xff\xff\xff\xff\xff\xff\xff", 8), 8);
	s = survive_open(fd);
	assert_int_equal(survive_slot(s, &a)->active, 0);
	survive_close(s);
	close(fd);
	fd = memory();
	survive_slot(s = survive_open(fd), &a)->active = 1;
	survive_close(s);
	assert_int_equal(pwrite(fd, &later, sizeof later, 0), sizeof later);
	s = survive_open(fd);
	assert_int_equal(survive_slot(s, &a)->active, 0);
	survive_slot(s, &a)->active = 1;
	survive_close(s);
	assert_int_equal(ftruncate(fd, 64), 0); /* torn in its head */
	s = survive_open(fd);
	assert_int_equal(survive_slot(s, &a)->active, 0);
	survive_close(s);
	close(fd);
	fd = open("/dev/null", 0);
	s = survive_open(fd);
	assert_int_equal(survive_slot(s, &a)->active, 0);
	survive_close(s);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(outlives),
	    cmocka_unit_test(identity),
	    cmocka_unit_test(garbage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
