/* Which settings of the kernel are needed, by what is configured, by what is in the table and by the kernel's version. */
#include "../ipvs/ownline.h"
#include "../ipvs/sysctl_rules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void kernels(void **state)
{
	static const struct {
		const char *release;
		unsigned kernel;
	} rows[] = {{"6.1.0-13-amd64", 6 << 16 | 1},
		    {"5.9", 5 << 16 | 9},
		    {"4.18.0-553.el8", 4 << 16 | 18},
		    {"5.10.200", 5 << 16 | 10},
		    {"5", 0},
		    {"5.", 0},
		    {"", 0},
		    {"linux", 0}};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_int_equal(sysctl_kernel(rows[i].release), rows[i].kernel);
}

#define ALWAYS "net.ipv4.vs.conntrack=1 net.ipv4.vs.expire_nodest_conn=1 net.ipv4.vs.expire_quiescent_template=1 "

static void needed(void **state)
{
	static const struct {
		const char *release;
		uint8_t masquerade;
		unsigned need;
		const char *names;
	} rows[] = {
	    {"6.1.0", MASQUERADE_AUTO, 0, ALWAYS},
	    {"5.9.0", MASQUERADE_ALWAYS, 0, ALWAYS},
	    {"5.8.18", MASQUERADE_AUTO, 0,
	     "net.ipv4.vs.conntrack=1 net.ipv4.vs.conn_reuse_mode=0 net.ipv4.vs.expire_nodest_conn=1 "
	     "net.ipv4.vs.expire_quiescent_template=1 "},
	    {"4.18.0", MASQUERADE_NEVER, 0,
	     "net.ipv4.vs.expire_nodest_conn=1 net.ipv4.vs.expire_quiescent_template=1 "},
	    {"6.1.0", MASQUERADE_AUTO, NEED_NAT4, ALWAYS "net.ipv4.ip_forward=1 "},
	    {"6.1.0", MASQUERADE_AUTO, NEED_NAT6 | NEED_MH,
	     ALWAYS "net.ipv4.vs.sloppy_tcp=1 net.ipv6.conf.all.forwarding=1 "},
	    {"6.1.0", MASQUERADE_AUTO, NEED_DIRECT4 | NEED_CLIENTS4,
	     ALWAYS "net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2 net.ipv4.conf.all.rp_filter=2 "},
	    {"6.1.0", MASQUERADE_AUTO, NEED_EVERYWHERE4,
	     ALWAYS "net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2 "},
	    {"6.1.0", MASQUERADE_AUTO, NEED_BALANCE, ALWAYS "net.ipv4.vs.backup_only=0 "},
	    {"6.1.0", MASQUERADE_AUTO, NEED_NO_RATES, ALWAYS "net.ipv4.vs.run_estimation=0 "},
	    {"6.2.0", MASQUERADE_AUTO, NEED_NO_RATES, ALWAYS},
	    {"6.1.0", MASQUERADE_AUTO, NEED_BIND4, ALWAYS "net.ipv4.ip_nonlocal_bind=1 "},
	    {"6.1.0", MASQUERADE_AUTO, NEED_BIND6, ALWAYS "net.ipv6.ip_nonlocal_bind=1 "},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct nat_settings s = {.masquerade = rows[i].masquerade};
		char names[512] = "";

		for (unsigned k = 0; k < SYSCTL_RULES; k++)
			if (sysctl_needed(&sysctl_rules[k], &s, sysctl_kernel(rows[i].release), rows[i].need))
				snprintf(names + strlen(names), sizeof names - strlen(names), "%s=%d ",
					 sysctl_rules[k].name, sysctl_rules[k].value);
		assert_string_equal(names, rows[i].names);
	}
}

static void needs(void **state)
{
	static const struct {
		const char *sched, *addr;
		enum vs_kind kind;
		int first, second; /* forwarding methods of its real servers; -1: it has none */
		unsigned need;
	} rows[] = {
	    {"rr", "10.0.0.1", VS_CLUSTER, FORWARD_NAT, FORWARD_NAT, NEED_NAT4},
	    {"rr", "10.0.0.1", VS_BALANCER, FORWARD_NAT, FORWARD_DR, NEED_NAT4 | NEED_DIRECT4 | NEED_CLIENTS4},
	    {"mh", "fd00::1", VS_BALANCER, FORWARD_NAT, FORWARD_TUN, NEED_NAT6 | NEED_MH},
	    {"mh", "10.0.0.1", VS_NODE_PORT, FORWARD_DR, FORWARD_TUN, NEED_MH | NEED_DIRECT4 | NEED_CLIENTS4},
	    {"rr", "10.0.0.1", VS_CLUSTER, FORWARD_TUN, FORWARD_TUN, NEED_DIRECT4},
	    {"wlc", "fd00::1", VS_EXTERNAL, -1, -1, 0},
	    {"wlc", "10.0.0.1", VS_EXTERNAL, -1, -1, NEED_CLIENTS4},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct real reals[2] = {{.forward = (uint8_t)rows[i].first}, {.forward = (uint8_t)rows[i].second}};
		struct vs v = {.n = rows[i].first < 0 ? 0 : 2, .reals = reals, .kind = (uint8_t)rows[i].kind};

		strcpy(v.sched, rows[i].sched);
		assert_int_equal(addr_parse(rows[i].addr, &v.key.addr), 0);
		assert_int_equal(sysctl_need_of(&v), rows[i].need);
	}
}

static void sizes(void **state)
{
	assert_int_equal(sysctl_need_of_size(0, 512, 0), 0);
	assert_int_equal(sysctl_need_of_size(11000, 4, 0), 0);
	assert_int_equal(sysctl_need_of_size(11000, 32, 0), NEED_NO_RATES);
	assert_int_equal(sysctl_need_of_size(110000, 1, 0), NEED_NO_RATES);
	assert_int_equal(sysctl_need_of_size(11000, 4, NEED_NO_RATES), NEED_NO_RATES);
	assert_int_equal(sysctl_need_of_size(6000, 4, NEED_NO_RATES | NEED_MH), 0);
}

/* Which values of the kernel's may stay. */
static void does(void **state)
{
	static const struct {
		const char *name;
		const char *stay, *go; /* one digit each */
	} rows[] = {{"net.ipv4.vs.conntrack", "1", "02"},
		    {"net.ipv4.conf.all.arp_ignore", "128", "0"},
		    {"net.ipv4.conf.all.arp_announce", "2", "01"},
		    {"net.ipv4.conf.all.rp_filter", "02", "1"},
		    {"net.ipv6.ip_nonlocal_bind", "1", "0"}};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct sysctl_rule *r = sysctl_rules;

		while (strcmp(r->name, rows[i].name) != 0)
			assert_true(++r < sysctl_rules + SYSCTL_RULES);
		for (const char *c = rows[i].stay; *c; c++)
			assert_true(sysctl_does(r, *c - '0'));
		for (const char *c = rows[i].go; *c; c++)
			assert_false(sysctl_does(r, *c - '0'));
		assert_true(sysctl_does(r, r->value));
	}
}

/* Where each is, and that the record can name it. */
static void names(void **state)
{
	char path[SYSCTL_PATH];

	for (unsigned i = 0; i < SYSCTL_RULES; i++) {
		const char *word = sysctl_word(&sysctl_rules[i]);

		assert_true(strlen(word) < OWN_SYSCTL);
		assert_int_equal(strspn(word, "abcdefghijklmnopqrstuvwxyz0123456789_"), strlen(word));
		for (unsigned k = 0; k < i; k++)
			assert_string_not_equal(word, sysctl_word(&sysctl_rules[k]));
	}
	assert_string_equal(sysctl_path(&sysctl_rules[0], path), "/proc/sys/net/ipv4/vs/conntrack");
	assert_string_equal(sysctl_path(&sysctl_rules[8], path), "/proc/sys/net/ipv6/conf/all/forwarding");
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(kernels), cmocka_unit_test(needed),
					   cmocka_unit_test(needs),   cmocka_unit_test(sizes),
					   cmocka_unit_test(does),    cmocka_unit_test(names)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
