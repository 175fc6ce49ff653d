/* Which settings of the kernel are needed, by what is configured and by the kernel's version. */
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

static void needed(void **state)
{
	static const struct {
		const char *release;
		uint8_t masquerade;
		const char *names;
	} rows[] = {
	    {"6.1.0", MASQUERADE_AUTO, "conntrack=1 expire_nodest_conn=1 expire_quiescent_template=1 "},
	    {"5.9.0", MASQUERADE_ALWAYS, "conntrack=1 expire_nodest_conn=1 expire_quiescent_template=1 "},
	    {"5.8.18", MASQUERADE_AUTO,
	     "conntrack=1 conn_reuse_mode=0 expire_nodest_conn=1 expire_quiescent_template=1 "},
	    {"4.18.0", MASQUERADE_NEVER, "expire_nodest_conn=1 expire_quiescent_template=1 "},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct nat_settings s = {.masquerade = rows[i].masquerade};
		char names[256] = "";

		for (unsigned k = 0; k < SYSCTL_RULES; k++)
			if (sysctl_needed(&sysctl_rules[k], &s, sysctl_kernel(rows[i].release)))
				snprintf(names + strlen(names), sizeof names - strlen(names), "%s=%d ",
					 sysctl_rules[k].name, sysctl_rules[k].value);
		assert_string_equal(names, rows[i].names);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(kernels), cmocka_unit_test(needed)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
