/* The command line and the environment of vipd as values. Pure: nothing is opened, printed or looked up. */
#ifndef VIPD_OPTIONS_H
#define VIPD_OPTIONS_H

#include "base/child.h"
#include "base/log.h"

#include <stdbool.h>
#include <stddef.h>

enum options_action {
	DO_RUN,
	DO_CHECK,   /* -n */
	DO_PRINT,   /* -nv, -n -v */
	DO_CLEANUP, /* --cleanup */
	DO_VERSION,
	DO_HELP,
};

/* What the flags and the environment of kube-keepalived-vip and keepalived-cloud-provider settle about the configuration. They stand
 * over vipd.yaml. Those that name something in a Kubernetes API server are not here: options_parse refuses them. */
struct options_legacy {
	const char *iface;          /* --iface: interface of the VIPs; NULL if not given */
	long vrid;                  /* --vrid 1..255; 0 if not given */
	long http_port;             /* --http-port 1..65535; 0 if not given */
	const char *service_cidr;   /* KEEPALIVED_SERVICE_CIDR: the pool; NULL if not given */
	const char *forward_method; /* KEEPALIVED_DEFAULT_FORWARD_METHOD: NAT, DR or TUN; NULL if not given */
	const char *pod_name;       /* POD_NAME, POD_NAMESPACE: who asks, for messages; NULL if not given */
	const char *pod_namespace;
	bool use_unicast;    /* --use-unicast */
	bool proxy_protocol; /* --proxy-protocol-mode */
	bool keep_vips;      /* --release-vips=false */
};

struct options {
	enum options_action action;
	struct places places; /* never NULL: the defaults stand where nothing is given */
	enum log_level log_level;
	enum log_format log_format;
	bool foreground; /* -f: accepted; vipd never forks away */
	bool log_level_given;
	bool config_anyones; /* whose the configuration is does not count: it is not installed yet */
	bool config_only;    /* of DO_CHECK: no manifests */
	/* Names, or numbers UID or UID:GID; never NULL. */
	const char *user_control, *user_net, *user_script;
	struct options_legacy legacy;
	int argc;
	char *const *argv;
	char *socket_path; /* owned: behind places.control_socket when it follows --run-dir */
};

/* Reads argv[1..] and the environment (NULL: none). Flags are written -x, --x, --x=value or --x value, as Go programs take them too.
 * 0 and a filled *out whose strings live as long as argv and envp; or -EINVAL and a line for a person (without the program's name) in
 * error. Undo with options_clear. */
int options_parse(int argc, char *const *argv, char *const *envp, struct options *out, char *error, size_t size);
void options_clear(struct options *o);

/* The text of --help, malloc'd. */
char *options_help(void);

#endif
