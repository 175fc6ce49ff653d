/* sync and drOnBackup of vipd.yaml: values, each error with its text and place, and that what is printed reads back to the same. */
#include "config_parse.h"

static void test_defaults(void **state)
{
	struct config *c = parse("adopt: true\n", NULL);

	assert_false(c->ipvs.sync.on);
	assert_int_equal(c->dr_on_backup, DR_AUTO);
	config_free(c);
	c = parse("sync: {interface: eth0}\n", NULL);
	assert_true(c->ipvs.sync.on);
	assert_null(sync_check(&c->ipvs.sync));
	assert_string_equal(c->ipvs.sync.ifname, "eth0");
	assert_int_equal(c->ipvs.sync.port, 8848);
	assert_int_equal(c->ipvs.sync.threshold, 3);
	assert_int_equal(c->ipvs.sync.period, 50);
	config_free(c);
}

static void test_fixed_point(void **state)
{
	static const char *const texts[] = {
	    "sync: {interface: eth1, syncid: 7, group: 224.0.0.99, port: 9000, ttl: 4, maxlen: 1000, threshold: 2, "
	    "period: "
	    "0}\ndrOnBackup: never\n",
	    "sync: {interface: eth1, group: 'ff02::81'}\ndrOnBackup: always\n",
	    "drOnBackup: auto\n",
	    "ipMode: Proxy\n",
	    "ipMode: VIP\n",
	};

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		struct config *c = parse(texts[i], NULL), *again;
		char *once = config_text(c), *twice;

		again = parse(once, NULL);
		twice = config_text(again);
		assert_string_equal(once, twice);
		assert_int_equal(again->ipvs.sync.on, c->ipvs.sync.on);
		assert_true(addr_equal(&again->ipvs.sync.group, &c->ipvs.sync.group));
		assert_int_equal(again->ipvs.sync.maxlen, c->ipvs.sync.maxlen);
		assert_int_equal(again->ipvs.sync.id, c->ipvs.sync.id);
		assert_int_equal(again->dr_on_backup, c->dr_on_backup);
		assert_int_equal(again->ip_mode, c->ip_mode);
		free(once);
		free(twice);
		config_free(c);
		config_free(again);
	}
}

static void test_ip_mode(void **state)
{
	static const char *const rows[][2] = {
	    {"adopt: true\n", "VIP"},
	    {"handle: [LoadBalancer, ConfigMap]\n", "Proxy"},
	    {"handle: [LoadBalancer, ConfigMap]\nipMode: VIP\n", "VIP"},
	    {"ipMode: Proxy\n", "Proxy"},
	    {"ipMode: auto\n", "VIP"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct config *c = parse(rows[i][0], NULL);

		assert_string_equal(config_ip_mode(c), rows[i][1]);
		config_free(c);
	}
}

static void test_errors(void **state)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
	    {"sync: eth0\n", "v.yaml:1:7: sync: expected a map, found a string"},
	    {"sync: {}\n", "v.yaml:1:7: sync: \"interface\" is missing"},
	    {"sync: {interface: eth0, syncid: 256}\n",
	     "v.yaml:1:33: sync.syncid: 256 is out of range; expected 0 to 255"},
	    {"sync: {interface: eth0, port: 0}\n", "v.yaml:1:31: sync.port: 0 is out of range; expected 1 to 65535"},
	    {"sync: {interface: eth0, ttl: 0}\n", "v.yaml:1:30: sync.ttl: 0 is out of range; expected 1 to 255"},
	    {"sync: {interface: eth0, maxlen: 10}\n",
	     "v.yaml:1:33: sync.maxlen: 10 is out of range; expected 200 to 65467"},
	    {"sync: {interface: eth0, group: 10.0.0.1}\n",
	     "v.yaml:1:32: sync.group: \"10.0.0.1\" is not a multicast address such as 224.0.0.81"},
	    {"sync: {interface: eth0, threshold: 50}\n",
	     "v.yaml:1:36: sync.threshold: 50 is not below the period of 50"},
	    {"ipMode: proxy\n", "v.yaml:1:9: ipMode: expected auto, VIP or Proxy, found \"proxy\""},
	    {"drOnBackup: yes\n", "v.yaml:1:13: drOnBackup: expected a string, found a boolean"},
	    {"drOnBackup: sometimes\n", "v.yaml:1:13: drOnBackup: expected auto, always or never, found \"sometimes\""},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_null(parse(rows[i].text, rows[i].want));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_defaults),
	    cmocka_unit_test(test_fixed_point),
	    cmocka_unit_test(test_ip_mode),
	    cmocka_unit_test(test_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
