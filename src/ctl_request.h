/* A request on the control socket: one line of JSON, checked. Pure. */
#ifndef VIPD_CTL_REQUEST_H
#define VIPD_CTL_REQUEST_H

#include "../ipvs/table.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CTL_REQUEST_MAX = 64 << 10, CTL_NAMES_MAX = 256, CTL_TIMEOUT_S = 30, CTL_TIMEOUT_MAX_S = 3600 };

enum ctl_verb {
	CTL_GET,
	CTL_STATUS,
	CTL_FAILOVER,
	CTL_REEXEC,
	CTL_WHERE,
	CTL_SETTLE,
	CTL_EXPLAIN,
	CTL_DRAIN,
	CTL_UNDRAIN,
	CTL_VERBS
};
enum ctl_kind {
	CTL_SERVICES,
	CTL_ENDPOINTS,
	CTL_PODS,
	CTL_VIRTUALSERVERS,
	CTL_VIPS,
	CTL_VRRP,
	CTL_EVENTS,
	CTL_NODES,
	CTL_POOLS,
	CTL_KINDS
};

/* {"verb": "get", "kind": "services", "namespace": "default", "name": "web" or "names": [...], "allNamespaces": false}
 * {"verb": "get", "kind": "events", "for": "Service/web"}: of one object; without a slash a Service
 * {"verb": "where", "objects": ["Service default/web", "Node n1"]}: the folder, and the files that hold each
 * {"verb": "settle", "files": ["0123456789abcdef web.yaml", "- gone.yaml"], "timeoutSeconds": 30}: answered when these files have been read with these
 *   hashes (folder_text_hash; - stands for none) and all that follows is programmed
 * {"verb": "drain" or "undrain", "names": [real servers], "namespace": of those that are pods}: both list what is drained
 * {"verb": "failover", "name": "vips"}: without a name every router that is Active here
 * {"verb": "explain", "address": "10.0.0.1", "port": 80, "protocol": "TCP"} */
struct ctl_request {
	enum ctl_verb verb;
	enum ctl_kind kind;
	const char *ns; /* "default" if none was given */
	bool all_namespaces;
	const char *names[CTL_NAMES_MAX];
	size_t n_names;     /* 0: all */
	const char *of;     /* events: "Service/web" or "web"; NULL: all */
	uint32_t timeout_s; /* settle */
	struct vs_key key;  /* explain */
	json_t *json;       /* owns the strings */
};

/* Parses one request. 0, or -EINVAL with a sentence for the sender in why; *out is written only on success (undo with ctl_request_clear). */
int ctl_request_parse(const char *text, size_t len, struct ctl_request *out, char *why, size_t size);
void ctl_request_clear(struct ctl_request *r);

/* Whether the verb changes anything: then the sender must be an administrator. */
bool ctl_verb_changes(enum ctl_verb v);

/* A kind by its name, singular, plural or short ("svc"), without case; -EINVAL. */
int ctl_kind_parse(const char *word, enum ctl_kind *out);
const char *ctl_kind_name(enum ctl_kind k); /* "services" */
/* The nearest word that ctl_kind_parse takes, or NULL. */
const char *ctl_kind_suggest(const char *word);
bool ctl_kind_namespaced(enum ctl_kind k);

/* {"error": {"reason": ..., "message": ...}} as one line with its newline; malloc'd. */
char *ctl_error_text(const char *reason, const char *message);

#endif
