/* ipvs/rules.c, ipvs/nat.c: the text for iptables-restore, its marker, what is stale, and which text may be restored. */
#include "../ipvs/rules.h"
#include "ipvs_values.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>

#include <cmocka.h>

static const struct rules_text none[RULES_JUMPS];

static void whole_text(void **state)
{
	struct nat_settings s = {.masquerade = MASQUERADE_AUTO,
				 .mark_bit = 13,
				 .n_pods = 1,
				 .refuse = true,
				 .n_allowed = 1,
				 .allowed = {{161, IPPROTO_UDP}}};
	char *text = rules_install(&s, AF_INET6, none), marker[SET_NAME], want[8192];

	rules_marker(&s, AF_INET6, marker);
	snprintf(want, sizeof want,
		 "*nat\n"
		 ":VIPD-SERVICES - [0:0]\n"
		 ":VIPD-MARK - [0:0]\n"
		 ":VIPD-POSTROUTING - [0:0]\n"
		 "-A VIPD-MARK -j MARK --set-xmark 0x2000/0x2000\n"
		 "-A VIPD-SERVICES -m set --match-set VIPD-6-CLUSTER-IP dst,dst -m set ! --match-set VIPD-6-PODS src "
		 "-j VIPD-MARK\n"
		 "-A VIPD-SERVICES -m set --match-set VIPD-6-EXTERNAL-IP dst,dst -j VIPD-MARK\n"
		 "-A VIPD-SERVICES -m set --match-set VIPD-6-LOAD-BALANCER dst,dst -j VIPD-MARK\n"
		 "-A VIPD-SERVICES -m set --match-set VIPD-6-NODE-PORT dst,dst -j VIPD-MARK\n"
		 "-A VIPD-POSTROUTING -m set --match-set VIPD-6-LOOP-BACK dst,dst,src -j MASQUERADE\n"
		 "-A VIPD-POSTROUTING -m mark ! --mark 0x2000/0x2000 -j RETURN\n"
		 "-A VIPD-POSTROUTING -j MARK --set-xmark 0x0/0x2000\n"
		 "-A VIPD-POSTROUTING -m set --match-set VIPD-6-RETURN dst -m set ! --match-set VIPD-6-RETURN src -j "
		 "RETURN\n"
		 "-A VIPD-POSTROUTING -j MASQUERADE --random-fully\n"
		 "-I PREROUTING -m set ! --match-set %s src -j VIPD-SERVICES\n"
		 "-I OUTPUT -m set ! --match-set %s src -j VIPD-SERVICES\n"
		 "-I POSTROUTING -m set ! --match-set %s src -j VIPD-POSTROUTING\n"
		 "COMMIT\n"
		 "*filter\n"
		 ":VIPD-FORWARD - [0:0]\n"
		 ":VIPD-INPUT - [0:0]\n"
		 ":VIPD-REFUSE - [0:0]\n"
		 ":VIPD-SOURCES - [0:0]\n"
		 "-A VIPD-FORWARD -m set --match-set VIPD-6-LOOP-BACK src,src,src -m conntrack --ctstate "
		 "RELATED,ESTABLISHED -j ACCEPT\n"
		 "-A VIPD-INPUT -m set --match-set VIPD-6-FW dst,dst -j VIPD-SOURCES\n"
		 "-A VIPD-INPUT -m set --match-set VIPD-6-VIPS dst -m conntrack --ctstate NEW -j VIPD-REFUSE\n"
		 "-A VIPD-SOURCES -m set --match-set VIPD-6-SOURCE-CIDR dst,dst,src -j RETURN\n"
		 "-A VIPD-SOURCES -j DROP\n"
		 "-A VIPD-REFUSE -m set --match-set VIPD-6-CLUSTER-IP dst,dst -j RETURN\n"
		 "-A VIPD-REFUSE -m set --match-set VIPD-6-CLUSTER-IP-LOCAL dst,dst -j RETURN\n"
		 "-A VIPD-REFUSE -m set --match-set VIPD-6-EXTERNAL-IP dst,dst -j RETURN\n"
		 "-A VIPD-REFUSE -m set --match-set VIPD-6-EXTERNAL-IP-LOCAL dst,dst -j RETURN\n"
		 "-A VIPD-REFUSE -m set --match-set VIPD-6-LOAD-BALANCER dst,dst -j RETURN\n"
		 "-A VIPD-REFUSE -m set --match-set VIPD-6-LOAD-BALANCER-LOCAL dst,dst -j RETURN\n"
		 "-A VIPD-REFUSE -m set --match-set VIPD-6-NODE-PORT dst,dst -j RETURN\n"
		 "-A VIPD-REFUSE -m set --match-set VIPD-6-NODE-PORT-LOCAL dst,dst -j RETURN\n"
		 "-A VIPD-REFUSE -p udp -m udp --dport 161 -j RETURN\n"
		 "-A VIPD-REFUSE -p tcp -j REJECT --reject-with tcp-reset\n"
		 "-A VIPD-REFUSE -p udp -j REJECT\n"
		 "-A VIPD-REFUSE -p sctp -j REJECT\n"
		 "-I INPUT -m set ! --match-set %s src -j VIPD-INPUT\n"
		 "-I FORWARD -m set ! --match-set %s src -j VIPD-FORWARD\n"
		 "COMMIT\n"
		 "*mangle\n"
		 ":VIPD-SOURCES - [0:0]\n"
		 "-A VIPD-SOURCES -m set --match-set VIPD-6-SOURCE-CIDR dst,dst,src -j RETURN\n"
		 "-A VIPD-SOURCES -j DROP\n"
		 "-I OUTPUT -m set --match-set VIPD-6-FW dst,dst -j VIPD-SOURCES\n"
		 "COMMIT\n",
		 marker, marker, marker, marker, marker);
	assert_string_equal(text, want);
	assert_true(rules_good(text));
	assert_int_equal(rules_references(text, marker), 5);
	assert_int_equal(rules_references(text, "VIPD-6-RETURN"), 2);
	assert_int_equal(rules_references(text, "VIPD-6-LOAD"), 0);
	free(text);
}

/* Every combination is one that the runner takes; another text has another marker, of 31 characters at most. */
static void all_settings(void **state)
{
	char seen[64][SET_NAME];
	size_t n = 0;

	for (unsigned m = 0; m < MASQUERADES; m++)
		for (unsigned bit = 0; bit < 32; bit += 31)
			for (unsigned pods = 0; pods < 2; pods++)
				for (unsigned six = 0; six < 2; six++) {
					struct nat_settings s = {.masquerade = (uint8_t)m,
								 .mark_bit = (uint8_t)bit,
								 .n_pods = (uint8_t)pods};
					uint8_t family = six ? AF_INET6 : AF_INET;
					char *text = rules_install(&s, family, none);

					assert_true(rules_good(text));
					free(text);
					rules_marker(&s, family, seen[n]);
					assert_true(rules_is_marker(seen[n], family));
					assert_false(rules_is_marker(seen[n], six ? AF_INET : AF_INET6));
					if (m == MASQUERADE_AUTO)
						for (size_t i = 0; i < n; i++)
							assert_string_not_equal(seen[i], seen[n]);
					n++;
				}
}

static void stale_jumps(void **state)
{
	static const char listing[] = "-P PREROUTING ACCEPT\n"
				      "-A PREROUTING -m set ! --match-set VIPD-RULES-00000000 src -j VIPD-SERVICES\n"
				      "-A PREROUTING -m comment --comment \"-j VIPD-SERVICES\" -j KUBE-SERVICES\n"
				      "-A PREROUTING -j VIPD-UNKNOWN\n"
				      "-A PREROUTING -j VIPD-SERVICES\n"
				      "-A PREROUTING -j VIPD-SERV"; /* cut short */
	struct nat_settings s = {.masquerade = MASQUERADE_ALWAYS};
	struct rules_text stale[RULES_JUMPS] = {{0}};
	char *text;

	rules_stale(&stale[0], listing, sizeof listing - 1);
	assert_string_equal(stale[0].text,
			    "-D PREROUTING -m set ! --match-set VIPD-RULES-00000000 src -j VIPD-SERVICES\n"
			    "-D PREROUTING -j VIPD-SERVICES\n");
	text = rules_install(&s, AF_INET, stale);
	assert_non_null(strstr(text, stale[0].text));
	assert_true(rules_good(text));
	free(text);
	text = rules_remove(stale);
	assert_non_null(strstr(text, ":VIPD-POSTROUTING - [0:0]\n"
				     "-D PREROUTING -m set ! --match-set VIPD-RULES-00000000 src -j VIPD-SERVICES\n"
				     "-D PREROUTING -j VIPD-SERVICES\n"
				     "-X VIPD-SERVICES\n"
				     "-X VIPD-MARK\n"
				     "-X VIPD-POSTROUTING\n"
				     "COMMIT\n"
				     "*filter\n"));
	assert_null(strstr(text, "-I "));
	assert_true(rules_good(text));
	free(text);
	rules_text_clear(&stale[0]);
}

static void what_may_not_be_restored(void **state)
{
	static const char *const bad[] = {
	    "",
	    "*nat",
	    "\n",
	    "*raw\n",
	    "*security\nCOMMIT\n",
	    ":INPUT DROP [0:0]\n",
	    ":VIPD-FORWARD DROP [0:0]\n",
	    ":KUBE-SERVICES - [0:0]\n",
	    "-A INPUT -j DROP\n",
	    "-A KUBE-SERVICES -j DROP\n",
	    "-I INPUT -j DROP\n",
	    "-I INPUT -j VIPD-FORWARD -j DROP\n",
	    "-D INPUT -j KUBE-FIREWALL\n",
	    "-F INPUT\n",
	    "-X KUBE-SERVICES\n",
	    "-P INPUT DROP\n",
	    "-A VIPD-FORWARD\t-j DROP\n",
	    "-I PREROUTING\n",
	    "--\n",
	};

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(rules_good(bad[i]));
}

static void settings(void **state)
{
	static const struct {
		struct nat_settings s;
		const char *why;
	} rows[] = {
	    {{0}, NULL},
	    {{.masquerade = MASQUERADES}, "unknown setting of nat"},
	    {{.backend = BACKENDS}, "unknown setting of nat"},
	    {{.mark_bit = 32}, "unknown setting of nat"},
	    {{.n_pods = NAT_NETS + 1}, "too many networks or ports"},
	    {{.n_allowed = 1}, "an allowed port that is none"},
	    {{.n_allowed = 1, .allowed = {{22, IPPROTO_ICMP}}}, "an allowed port that is none"},
	    {{.n_allowed = 1, .allowed = {{22, IPPROTO_TCP}}}, NULL},
	    {{.n_pods = 1}, "a network of no such length"},
	    {{.n_behind = 1, .behind = {{{AF_INET, {10, 0, 0, 1}}, 8}}}, "a network of no such length"},
	    {{.n_behind = 1, .behind = {{{AF_INET, {10}}, 33}}}, "a network of no such length"},
	    {{.n_behind = 1, .behind = {{{AF_INET, {10}}, 8}}}, NULL},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const char *why = nat_check(&rows[i].s);

		if (rows[i].why)
			assert_string_equal(why, rows[i].why);
		else
			assert_null(why);
		for (size_t k = 0; k < sizeof rows / sizeof *rows; k++)
			if (!nat_check(&rows[k].s) && !why)
				assert_int_equal(nat_equal(&rows[i].s, &rows[k].s), i == k);
	}
	assert_false(nat_wanted(&(struct nat_settings){0}));
	assert_true(nat_wanted(&(struct nat_settings){.refuse = true}));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(whole_text),  cmocka_unit_test(all_settings),
	    cmocka_unit_test(stale_jumps), cmocka_unit_test(what_may_not_be_restored),
	    cmocka_unit_test(settings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
