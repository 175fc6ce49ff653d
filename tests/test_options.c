/* The command line and the environment: src/options.c */
#include "../src/options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ARGS_MAX = 16 };

static int parse(const char *const *args, char *const *envp, struct options *o, char error[200])
{
	/* The copies outlive the call: options point into them. */
	static char words[ARGS_MAX][64];
	static char *argv[ARGS_MAX + 1];
	int argc = 1;

	strcpy(words[0], "vipd");
	argv[0] = words[0];
	for (; *args; args++, argc++)
		argv[argc] = strcpy(words[argc], *args);
	argv[argc] = NULL;
	error[0] = '\0';
	return options_parse(argc, argv, envp, o, error, 200);
}

static void test_defaults(void **state)
{
	struct options o;
	char error[200];

	assert_int_equal(parse((const char *[]){NULL}, NULL, &o, error), 0);
	assert_int_equal(o.action, DO_RUN);
	assert_string_equal(o.places.config_file, "/etc/vipd/vipd.yaml");
	assert_string_equal(o.places.run_dir, "/run/vipd");
	assert_string_equal(o.places.state_dir, "/var/lib/vipd");
	assert_string_equal(o.places.control_socket, "/run/vipd/vipd.sock");
	assert_string_equal(o.user_control, "vipd");
	assert_string_equal(o.user_net, "vipd-net");
	assert_string_equal(o.user_script, "vipd_script");
	assert_int_equal(o.log_level, LOG_LEVEL_INFO);
	assert_null(o.legacy.iface);
	options_clear(&o);
}

static void test_actions(void **state)
{
	static const struct {
		const char *args[4];
		enum options_action action;
	} rows[] = {
	    {{"-n"}, DO_CHECK},
	    {{"-n", "--config-only"}, DO_CHECK},
	    {{"--n"}, DO_CHECK},
	    {{"-nv"}, DO_PRINT},
	    {{"-n", "-v"}, DO_PRINT},
	    {{"-v", "-n"}, DO_PRINT},
	    {{"-n", "-v=4"}, DO_CHECK},
	    {{"--cleanup"}, DO_CLEANUP},
	    {{"--version"}, DO_VERSION},
	    {{"-version", "-n"}, DO_VERSION},
	    {{"--help"}, DO_HELP},
	    {{"-h"}, DO_HELP},
	    {{"--help", "--version"}, DO_HELP},
	    {{"--version", "--help"}, DO_HELP},
	    {{"-f"}, DO_RUN},
	    {{"-foreground"}, DO_RUN},
	    {{"-v=2"}, DO_RUN},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct options o;
		char error[200];

		assert_int_equal(parse(rows[i].args, NULL, &o, error), 0);
		assert_int_equal(o.action, rows[i].action);
		options_clear(&o);
	}
}

static void test_values(void **state)
{
	static const char *const args[] = {"-c",
					   "a.yaml",
					   "--run-dir=/r",
					   "-state-dir",
					   "/s",
					   "--log-level",
					   "warning",
					   "--user-control=990:991",
					   "-user-net",
					   "net",
					   "--user-script=none",
					   NULL};
	struct options o;
	char error[200];

	assert_int_equal(parse(args, NULL, &o, error), 0);
	assert_string_equal(o.places.config_file, "a.yaml");
	assert_string_equal(o.places.run_dir, "/r");
	assert_string_equal(o.places.state_dir, "/s");
	assert_string_equal(o.places.control_socket, "/r/vipd.sock");
	assert_int_equal(o.log_level, LOG_LEVEL_WARNING);
	assert_string_equal(o.user_control, "990:991");
	assert_string_equal(o.user_net, "net");
	assert_string_equal(o.user_script, "none");
	options_clear(&o);

	assert_int_equal(parse((const char *[]){"--control-socket", "/x.sock", NULL}, NULL, &o, error), 0);
	assert_string_equal(o.places.control_socket, "/x.sock");
	assert_null(o.socket_path);
	options_clear(&o);
}

static void test_legacy(void **state)
{
	static const char *const args[] = {"--iface=eth1",
					   "-vrid",
					   "179",
					   "--http-port=8081",
					   "--use-unicast=false",
					   "--proxy-protocol-mode=false",
					   "--release-vips=false",
					   "--kubeconfig=",
					   "--watch-namespace=",
					   "--logtostderr",
					   "--log_dir=/x",
					   "--v=4",
					   NULL};
	static char cidr[] = "KEEPALIVED_SERVICE_CIDR=10.4.0.0/24", method[] = "KEEPALIVED_DEFAULT_FORWARD_METHOD=DR",
		    pod[] = "POD_NAME=vipd-x", space[] = "POD_NAMESPACE=kube-system",
		    empty[] = "KEEPALIVED_NAMESPACE=", other[] = "POD_NAMES=no";
	char *envp[] = {other, cidr, method, pod, space, empty, NULL};
	struct options o;
	char error[200];

	assert_int_equal(parse(args, envp, &o, error), 0);
	assert_string_equal(o.legacy.iface, "eth1");
	assert_int_equal(o.legacy.vrid, 179);
	assert_int_equal(o.legacy.http_port, 8081);
	assert_false(o.legacy.use_unicast);
	assert_false(o.legacy.proxy_protocol);
	assert_true(o.legacy.keep_vips);
	assert_string_equal(o.legacy.service_cidr, "10.4.0.0/24");
	assert_string_equal(o.legacy.forward_method, "DR");
	assert_string_equal(o.legacy.pod_name, "vipd-x");
	assert_string_equal(o.legacy.pod_namespace, "kube-system");
	assert_int_equal(o.log_level, LOG_LEVEL_DEBUG);
	options_clear(&o);
}

static void test_refused(void **state)
{
	static const struct {
		const char *args[4];
		const char *error;
	} rows[] = {
	    {{"--nope"}, "unknown flag '--nope' (see --help)"},
	    {{"-nope=1"}, "unknown flag '-nope' (see --help)"},
	    {{"file.yaml"}, "unexpected argument 'file.yaml' (vipd takes flags only)"},
	    {{"-"}, "unexpected argument '-' (vipd takes flags only)"},
	    {{"--"}, "unexpected argument '--' (vipd takes flags only)"},
	    {{""}, "unexpected argument '' (vipd takes flags only)"},
	    {{"-c"}, "'-c' needs a value"},
	    {{"-c", ""}, "--c: empty value"},
	    {{"-v"}, "-v goes with -n"},
	    {{"--config-only"}, "--config-only goes with -n alone"},
	    {{"-nv", "--config-only"}, "--config-only goes with -n alone"},
	    {{"-v=x"}, "-v: 'x' is not a number from 0 to 99"},
	    {{"-n=true"}, "--n takes no value"},
	    {{"-n", "--cleanup"}, "-n and --cleanup exclude each other"},
	    {{"-f=maybe"}, "--f: 'maybe' is neither true nor false"},
	    {{"--log-level=loud"}, "--log-level: 'loud' is none of error, warning, info, debug"},
	    {{"--log-format=xml"}, "--log-format: 'xml' is none of text, json, journal, auto"},
	    {{"--vrid", "0"}, "--vrid: '0' is not a number from 1 to 255"},
	    {{"--vrid=256"}, "--vrid: '256' is not a number from 1 to 255"},
	    {{"--use-unicast"},
	     "--use-unicast: the peers are nodes of the Kubernetes API: Kubernetes API source not in this build "
	     "(vipd.yaml: routers[].peers)"},
	    {{"--http-port=-1"}, "--http-port: '-1' is not a number from 1 to 65535"},
	    {{"--http-port=99999999999"}, "--http-port: '99999999999' is not a number from 1 to 65535"},
	    {{"--services-configmap=ns/x"}, "--services-configmap: Kubernetes API source not in this build"},
	    {{"--services-configmap", "ns/x"}, "--services-configmap: Kubernetes API source not in this build"},
	    {{"--watch-namespace=a"}, "--watch-namespace: Kubernetes API source not in this build"},
	    {{"--kubeconfig=/k"}, "--kubeconfig: Kubernetes API source not in this build"},
	    {{"--apiserver-host=h"}, "--apiserver-host: Kubernetes API source not in this build"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct options o;
		char error[200];

		assert_int_not_equal(parse(rows[i].args, NULL, &o, error), 0);
		assert_string_equal(error, rows[i].error);
	}
}

static void test_environment_refused(void **state)
{
	static char space[] = "KEEPALIVED_NAMESPACE=kube-system", map[] = "KEEPALIVED_CONFIG_MAP=vips",
		    method[] = "KEEPALIVED_DEFAULT_FORWARD_METHOD=PROXY";
	const char *const none[] = {NULL};
	struct options o;
	char error[200];

	assert_int_not_equal(parse(none, (char *[]){space, NULL}, &o, error), 0);
	assert_string_equal(error, "KEEPALIVED_NAMESPACE: Kubernetes API source not in this build");
	assert_int_not_equal(parse(none, (char *[]){map, NULL}, &o, error), 0);
	assert_string_equal(error, "KEEPALIVED_CONFIG_MAP: Kubernetes API source not in this build");
	assert_int_not_equal(parse(none, (char *[]){method, NULL}, &o, error), 0);
	assert_string_equal(error, "KEEPALIVED_DEFAULT_FORWARD_METHOD: 'PROXY' is none of NAT, DR, TUN");
	assert_int_equal(parse((const char *[]){"--help", NULL}, (char *[]){map, NULL}, &o, error), 0);
	options_clear(&o);
}

static void test_help(void **state)
{
	char *text = options_help();

	assert_non_null(strstr(text, "  -c FILE "));
	assert_non_null(strstr(text, "  --run-dir DIR "));
	assert_null(strstr(text, "stderrthreshold"));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_defaults), cmocka_unit_test(test_actions), cmocka_unit_test(test_values),
	    cmocka_unit_test(test_legacy),   cmocka_unit_test(test_refused), cmocka_unit_test(test_environment_refused),
	    cmocka_unit_test(test_help),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
