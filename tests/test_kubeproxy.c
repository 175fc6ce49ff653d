/* ipvs/kubeproxy.c: what is kube-proxy's, and what is said of it. */
#include "../ipvs/kubeproxy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void sets(void **state)
{
	assert_true(kubeproxy_set("KUBE-CLUSTER-IP"));
	assert_true(kubeproxy_set("KUBE-6-LOAD-BALANCER-SOURCE-CID"));
	assert_false(kubeproxy_set("VIPD-CLUSTER-IP"));
	assert_false(kubeproxy_set("KUBE"));
}

static void traces(void **state)
{
	static const struct {
		bool device;
		unsigned sets;
		const char *begins; /* "": nothing is said */
	} rows[] = {
	    {false, 0, ""},
	    {true, 0, "kube-proxy's IPVS mode runs here or has left traces (interface kube-ipvs0): "},
	    {false, 9, "kube-proxy's IPVS mode runs here or has left traces (9 ipsets KUBE-*): "},
	    {true, 18,
	     "kube-proxy's IPVS mode runs here or has left traces (interface kube-ipvs0, 18 ipsets KUBE-*): "},
	};
	char text[KUBEPROXY_TEXT];

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		size_t n = strlen(rows[i].begins);

		const struct kubeproxy_seen seen = {
		    .device = rows[i].device, .sets = rows[i].sets, .chain = true, .table = true};

		kubeproxy_ipvs(&seen, text);
		assert_true(strlen(text) >= n);
		assert_memory_equal(text, rows[i].begins, n);
		assert_int_equal(n == 0, text[0] == '\0');
		assert_true(!n || strcmp(text + strlen(text) - 14, "(excludeCIDRs)") == 0); /* whole */
	}
}

/* IPVS mode has the chain too, and vipd meets it in cluster IPs and node ports alone. */
static void rules(void **state)
{
	static const struct {
		struct kubeproxy_seen seen;
		bool serves;
		const char *has; /* NULL: nothing is said */
	} rows[] = {
	    {{0}, true, NULL},
	    {{.chain = true}, false, NULL},
	    {{.chain = true}, true, "(iptables chain KUBE-SERVICES)"},
	    {{.table = true}, true, "(nftables table kube-proxy)"},
	    {{.chain = true, .device = true}, true, NULL},
	    {{.chain = true, .sets = 2}, true, NULL},
	};
	char text[KUBEPROXY_TEXT];

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		kubeproxy_rules(&rows[i].seen, rows[i].serves, text);
		if (rows[i].has) {
			assert_non_null(strstr(text, rows[i].has));
			assert_non_null(strstr(text, "(handle: [LoadBalancer, ConfigMap])")); /* whole */
		} else {
			assert_string_equal(text, "");
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(sets), cmocka_unit_test(traces), cmocka_unit_test(rules)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
