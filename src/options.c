/* Decides what vipd's command line and environment mean. One literal table of flags, one of environment variables; vipd's own first, then
 * those of the programs that it takes the place of (kube-keepalived-vip, keepalived-cloud-provider: DESIGN.md, Inputs 5), and the log flags
 * that Go programs have and that their manifests carry. Test: tests/test_options.c */
#include "options.h"

#include "base/arena.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum kind {
	KIND_BOOL,
	KIND_UNBOOL, /* stores the opposite */
	KIND_TEXT,
	KIND_NUMBER,
	KIND_ACTION,    /* a switch that chooses what to do */
	KIND_LEVEL,     /* --log-level */
	KIND_FORMAT,    /* --log-format */
	KIND_V,         /* -v: print; -v=N: glog's verbosity */
	KIND_API_TEXT,  /* needs the Kubernetes API server */
	KIND_PAST_BOOL, /* taken and passed over: logging flags of Go programs */
	KIND_PAST_TEXT,
};

/* at: where the value goes in struct options. min, max: a number's range; for KIND_ACTION, min is the action. */
struct flag {
	const char *name;
	enum kind kind;
	size_t at;
	long min, max;
	const char *value, *help; /* NULL help: not listed */
};

#define AT(member) offsetof(struct options, member)

static const struct flag flags[] = {
    {"c", KIND_TEXT, AT(places.config_file), 0, 0, "FILE", "configuration (default /etc/vipd/vipd.yaml)"},
    {"n", KIND_ACTION, 0, DO_CHECK, 0, NULL, "check the configuration and the manifests, then exit"},
    {"nv", KIND_ACTION, 0, DO_PRINT, 0, NULL, "check, and print the compiled state"},
    {"v", KIND_V, 0, 0, 0, NULL, "with -n: the same as -nv"},
    {"config-only", KIND_BOOL, AT(config_only), 0, 0, NULL, "with -n: leave the manifests out"},
    {"f", KIND_BOOL, AT(foreground), 0, 0, NULL, "stay in the foreground (vipd always does)"},
    {"foreground", KIND_BOOL, AT(foreground), 0, 0, NULL, NULL},
    {"log-level", KIND_LEVEL, 0, 0, 0, "LEVEL", "error, warning, info or debug (default info)"},
    {"log-format", KIND_FORMAT, 0, 0, 0, "FORM",
     "text, json, journal, or auto: journal under systemd, else text (default auto)"},
    {"run-dir", KIND_TEXT, AT(places.run_dir), 0, 0, "DIR", "lock and ownership records (default /run/vipd)"},
    {"state-dir", KIND_TEXT, AT(places.state_dir), 0, 0, "DIR", "what outlives a boot (default /var/lib/vipd)"},
    {"control-socket", KIND_TEXT, AT(places.control_socket), 0, 0, "PATH",
     "socket that vipctl talks to (default RUN-DIR/vipd.sock)"},
    {"scripts-dir", KIND_TEXT, AT(places.scripts_dir), 0, 0, "DIR",
     "scripts and files that virtual routers track (default /etc/vipd/scripts)"},
    {"user-control", KIND_TEXT, AT(user_control), 0, 0, "USER", "name or UID[:GID] of control (default vipd)"},
    {"user-net", KIND_TEXT, AT(user_net), 0, 0, "USER", "the same of ipvs and vrrp (default vipd-net)"},
    {"user-script", KIND_TEXT, AT(user_script), 0, 0, "USER", "the same of scripts (default vipd_script)"},
    {"cleanup", KIND_ACTION, 0, DO_CLEANUP, 0, NULL, "remove every virtual server, address and device that vipd made"},
    {"version", KIND_ACTION, 0, DO_VERSION, 0, NULL, "print the version"},
    {"help", KIND_ACTION, 0, DO_HELP, 0, NULL, "print this"},
    {"h", KIND_ACTION, 0, DO_HELP, 0, NULL, NULL},
    /* kube-keepalived-vip */
    {"iface", KIND_TEXT, AT(legacy.iface), 0, 0, "NAME", "interface of the virtual IPs"},
    {"vrid", KIND_NUMBER, AT(legacy.vrid), 1, 255, "N", "virtual router id"},
    {"http-port", KIND_NUMBER, AT(legacy.http_port), 1, 65535, "PORT",
     "port of /health and /metrics, on all addresses"},
    {"use-unicast", KIND_BOOL, AT(legacy.use_unicast), 0, 0, NULL, "unicast advertisements"},
    {"proxy-protocol-mode", KIND_BOOL, AT(legacy.proxy_protocol), 0, 0, NULL, NULL},
    {"release-vips", KIND_UNBOOL, AT(legacy.keep_vips), 0, 0, NULL, NULL},
    {"services-configmap", KIND_API_TEXT, 0, 0, 0, NULL, NULL},
    {"watch-namespace", KIND_API_TEXT, 0, 0, 0, NULL, NULL},
    {"kubeconfig", KIND_API_TEXT, 0, 0, 0, NULL, NULL},
    {"apiserver-host", KIND_API_TEXT, 0, 0, 0, NULL, NULL},
    /* glog */
    {"logtostderr", KIND_PAST_BOOL, 0, 0, 0, NULL, NULL},
    {"alsologtostderr", KIND_PAST_BOOL, 0, 0, 0, NULL, NULL},
    {"stderrthreshold", KIND_PAST_TEXT, 0, 0, 0, NULL, NULL},
    {"log_dir", KIND_PAST_TEXT, 0, 0, 0, NULL, NULL},
    {"log_backtrace_at", KIND_PAST_TEXT, 0, 0, 0, NULL, NULL},
    {"vmodule", KIND_PAST_TEXT, 0, 0, 0, NULL, NULL},
};

static const struct {
	const char *name;
	enum kind kind;
	size_t at;
} variables[] = {
    {"POD_NAME", KIND_TEXT, AT(legacy.pod_name)},
    {"POD_NAMESPACE", KIND_TEXT, AT(legacy.pod_namespace)},
    {"KEEPALIVED_SERVICE_CIDR", KIND_TEXT, AT(legacy.service_cidr)},
    {"KEEPALIVED_DEFAULT_FORWARD_METHOD", KIND_TEXT, AT(legacy.forward_method)},
    {"KEEPALIVED_NAMESPACE", KIND_API_TEXT, 0},
    {"KEEPALIVED_CONFIG_MAP", KIND_API_TEXT, 0},
};

enum { FLAGS = sizeof(flags) / sizeof(flags[0]), VARIABLES = sizeof(variables) / sizeof(variables[0]) };

/* A parse under way. */
struct parse {
	struct options *o;
	bool check, print;
	char *error;
	size_t size;
};

#define FAIL(p, ...) (snprintf((p)->error, (p)->size, __VA_ARGS__), -EINVAL)

static void store_text(struct parse *p, size_t at, const char *value)
{
	memcpy((char *)p->o + at, &value, sizeof(value));
}

static int store_bool(struct parse *p, const struct flag *f, const char *value)
{
	bool on = true;

	if (value) {
		if (!strcmp(value, "false") || !strcmp(value, "0"))
			on = false;
		else if (strcmp(value, "true") && strcmp(value, "1"))
			return FAIL(p, "--%s: '%s' is neither true nor false", f->name, value);
	}
	if (f->kind == KIND_UNBOOL)
		on = !on;
	if (f->kind != KIND_PAST_BOOL)
		memcpy((char *)p->o + f->at, &on, sizeof(on));
	return 0;
}

/* Digits only: strtol would let blanks and signs pass. */
static int number(const char *text, long min, long max, long *out)
{
	size_t n = strspn(text, "0123456789");
	long v;

	if (n == 0 || n > 9 || text[n])
		return -EINVAL;
	v = strtol(text, NULL, 10);
	if (v < min || v > max)
		return -ERANGE;
	*out = v;
	return 0;
}

static int store_number(struct parse *p, const struct flag *f, const char *value)
{
	long v;

	if (number(value, f->min, f->max, &v) < 0)
		return FAIL(p, "--%s: '%s' is not a number from %ld to %ld", f->name, value, f->min, f->max);
	memcpy((char *)p->o + f->at, &v, sizeof(v));
	return 0;
}

/* help and version go before everything else, then -n, then --cleanup. */
static void choose_action(struct parse *p, enum options_action a)
{
	switch (a) {
	case DO_CHECK:
		p->check = true;
		break;
	case DO_PRINT:
		p->check = p->print = true;
		break;
	case DO_RUN:
	case DO_CLEANUP:
	case DO_VERSION:
	case DO_HELP:
		if (a > p->o->action)
			p->o->action = a;
		break;
	}
}

static int store_level(struct parse *p, const char *value)
{
	if (log_level_parse(value, &p->o->log_level) < 0)
		return FAIL(p, "--log-level: '%s' is none of error, warning, info, debug", value);
	p->o->log_level_given = true;
	return 0;
}

static int store_format(struct parse *p, const char *value)
{
	if (log_format_parse(value, &p->o->log_format) < 0)
		return FAIL(p, "--log-format: '%s' is none of text, json, journal, auto", value);
	return 0;
}

/* -v alone belongs to -n; with a number it is glog's verbosity, of which 4 and more is what vipd calls debug. */
static int store_v(struct parse *p, const char *value)
{
	long v;

	if (!value) {
		p->print = true;
		return 0;
	}
	if (number(value, 0, 99, &v) < 0)
		return FAIL(p, "-v: '%s' is not a number from 0 to 99", value);
	if (v >= 4 && !p->o->log_level_given)
		p->o->log_level = LOG_LEVEL_DEBUG;
	return 0;
}

static int store(struct parse *p, const struct flag *f, const char *value)
{
	switch (f->kind) {
	case KIND_BOOL:
	case KIND_UNBOOL:
	case KIND_PAST_BOOL:
		return store_bool(p, f, value);
	case KIND_TEXT:
		if (!*value)
			return FAIL(p, "--%s: empty value", f->name);
		store_text(p, f->at, value);
		return 0;
	case KIND_NUMBER:
		return store_number(p, f, value);
	case KIND_ACTION:
		if (value)
			return FAIL(p, "--%s takes no value", f->name);
		choose_action(p, (enum options_action)f->min);
		return 0;
	case KIND_LEVEL:
		return store_level(p, value);
	case KIND_FORMAT:
		return store_format(p, value);
	case KIND_V:
		return store_v(p, value);
	case KIND_API_TEXT:
		/* Manifests write --kubeconfig= or --watch-namespace= to say "none". */
		return *value ? FAIL(p, "--%s: Kubernetes API source not in this build", f->name) : 0;
	case KIND_PAST_TEXT:
		return 0;
	}
	return -EINVAL;
}

static bool takes_value(enum kind k)
{
	return k == KIND_TEXT || k == KIND_NUMBER || k == KIND_LEVEL || k == KIND_FORMAT || k == KIND_API_TEXT ||
	       k == KIND_PAST_TEXT;
}

static const struct flag *find_flag(const char *name, size_t len)
{
	for (size_t i = 0; i < FLAGS; i++)
		if (strlen(flags[i].name) == len && !memcmp(flags[i].name, name, len))
			return &flags[i];
	return NULL;
}

static int parse_arguments(struct parse *p, int argc, char *const *argv)
{
	for (int i = 1; i < argc; i++) {
		const char *arg = argv[i], *name = arg, *value;
		const struct flag *f;
		size_t len;
		int rc;

		if (*name == '-')
			name += name[1] == '-' ? 2 : 1;
		len = strcspn(name, "=");
		if (name == arg || !len)
			return FAIL(p, "unexpected argument '%s' (vipd takes flags only)", arg);
		value = name[len] ? name + len + 1 : NULL;
		f = find_flag(name, len);
		if (!f)
			return FAIL(p, "unknown flag '%.*s' (see --help)", (int)(name - arg + (long)len), arg);
		if (!value && takes_value(f->kind) && i + 1 < argc)
			value = argv[++i];
		if (!value && takes_value(f->kind))
			return FAIL(p, "'%s' needs a value", arg);
		rc = store(p, f, value);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static const char *environment_get(char *const *envp, const char *name)
{
	size_t len = strlen(name);

	for (; envp && *envp; envp++)
		if (!strncmp(*envp, name, len) && (*envp)[len] == '=')
			return *envp + len + 1;
	return NULL;
}

static int parse_environment(struct parse *p, char *const *envp)
{
	for (size_t i = 0; i < VARIABLES; i++) {
		const char *value = environment_get(envp, variables[i].name);

		if (!value || !*value)
			continue;
		if (variables[i].kind == KIND_API_TEXT)
			return FAIL(p, "%s: Kubernetes API source not in this build", variables[i].name);
		store_text(p, variables[i].at, value);
	}
	return 0;
}

static int settle(struct parse *p)
{
	struct options *o = p->o;
	const char *m = o->legacy.forward_method;

	if (o->action == DO_VERSION || o->action == DO_HELP)
		return 0;
	if (o->legacy.use_unicast)
		return FAIL(p, "--use-unicast: the peers are nodes of the Kubernetes API: Kubernetes API source not in "
			       "this build (vipd.yaml: "
			       "routers[].peers)");
	if (p->print && !p->check)
		return FAIL(p, "-v goes with -n");
	if (o->config_only && (p->print || !p->check))
		return FAIL(p, "--config-only goes with -n alone");
	if (p->check && o->action == DO_CLEANUP)
		return FAIL(p, "-n and --cleanup exclude each other");
	if (p->check)
		o->action = p->print ? DO_PRINT : DO_CHECK;
	if (m && strcmp(m, "NAT") && strcmp(m, "DR") && strcmp(m, "TUN"))
		return FAIL(p, "KEEPALIVED_DEFAULT_FORWARD_METHOD: '%s' is none of NAT, DR, TUN", m);
	return 0;
}

int options_parse(int argc, char *const *argv, char *const *envp, struct options *out, char *error, size_t size)
{
	struct options o = {
	    .places = {.config_file = "/etc/vipd/vipd.yaml",
		       .run_dir = "/run/vipd",
		       .state_dir = "/var/lib/vipd",
		       .scripts_dir = "/etc/vipd/scripts"},
	    .log_level = LOG_LEVEL_INFO,
	    .user_control = "vipd",
	    .user_net = "vipd-net",
	    .user_script = "vipd_script",
	    .argc = argc,
	    .argv = argv,
	};
	struct parse p = {.o = &o, .error = error, .size = size};
	int rc = parse_arguments(&p, argc, argv);

	/* --help and --version answer whatever the environment says. */
	if (rc == 0 && o.action != DO_HELP && o.action != DO_VERSION)
		rc = parse_environment(&p, envp);
	if (rc == 0)
		rc = settle(&p);
	if (rc < 0)
		return rc;
	if (!o.places.control_socket)
		o.places.control_socket = o.socket_path = xasprintf("%s/vipd.sock", o.places.run_dir);
	*out = o;
	return 0;
}

void options_clear(struct options *o)
{
	free(o->socket_path);
	o->socket_path = NULL;
}

char *options_help(void)
{
	char *text = xstrdup("usage: vipd [flags]\n"
			     "Kubernetes Services in a folder become IPVS virtual servers and virtual IPs.\n\n");

	for (size_t i = 0; i < FLAGS; i++) {
		const struct flag *f = &flags[i];
		char left[40];
		char *longer;

		if (!f->help)
			continue;
		snprintf(left, sizeof(left), "%s%s%s%s", strlen(f->name) > 2 ? "--" : "-", f->name, f->value ? " " : "",
			 f->value ? f->value : "");
		longer = xasprintf("%s  %-24s %s\n", text, left, f->help);
		free(text);
		text = longer;
	}
	return text;
}
