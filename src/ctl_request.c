/* The control socket's requests: what a line of JSON asks, or why it is refused. Whole schema: ctl_request.h.
 * Test: tests/test_ctl_request.c; fuzzer: tests/fuzz/fuzz_request.c. */
#include "ctl_request.h"

#include "base/arena.h"
#include "suggest.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const struct {
	const char *plural, *singular, *brief;
	bool namespaced;
} kinds[CTL_KINDS] = {
    [CTL_SERVICES] = {"services", "service", "svc", true},
    [CTL_ENDPOINTS] = {"endpoints", "endpoint", "ep", true},
    [CTL_PODS] = {"pods", "pod", "po", true},
    [CTL_VIRTUALSERVERS] = {"virtualservers", "virtualserver", "vs", false},
    [CTL_VIPS] = {"vips", "vip", "vip", false},
    [CTL_VRRP] = {"vrrp", "virtualrouter", "vr", false},
    [CTL_EVENTS] = {"events", "event", "ev", true},
    [CTL_NODES] = {"nodes", "node", "no", false},
    [CTL_POOLS] = {"pools", "pool", "pool", false},
};
static const char *const verbs[CTL_VERBS] = {
    [CTL_GET] = "get",         [CTL_STATUS] = "status", [CTL_FAILOVER] = "failover",
    [CTL_REEXEC] = "reexec",   [CTL_WHERE] = "where",   [CTL_SETTLE] = "settle",
    [CTL_EXPLAIN] = "explain", [CTL_DRAIN] = "drain",   [CTL_UNDRAIN] = "undrain"};

int ctl_kind_parse(const char *word, enum ctl_kind *out)
{
	for (int k = 0; k < CTL_KINDS; k++)
		if (strcasecmp(word, kinds[k].plural) == 0 || strcasecmp(word, kinds[k].singular) == 0 ||
		    strcasecmp(word, kinds[k].brief) == 0) {
			*out = (enum ctl_kind)k;
			return 0;
		}
	return -EINVAL;
}

const char *ctl_kind_name(enum ctl_kind k)
{
	return kinds[k].plural;
}

const char *ctl_kind_suggest(const char *word)
{
	const char *words[2 * CTL_KINDS];

	for (int k = 0; k < CTL_KINDS; k++) {
		words[2 * k] = kinds[k].plural;
		words[2 * k + 1] = kinds[k].singular;
	}
	return suggest_nearest(word, words, 2 * CTL_KINDS);
}

bool ctl_kind_namespaced(enum ctl_kind k)
{
	return kinds[k].namespaced;
}

bool ctl_verb_changes(enum ctl_verb v)
{
	static const bool changes[CTL_VERBS] = {
	    [CTL_FAILOVER] = true, [CTL_REEXEC] = true, [CTL_DRAIN] = true, [CTL_UNDRAIN] = true};

	return changes[v];
}

struct reader {
	struct ctl_request *r;
	char *why;
	size_t size;
};

__attribute__((format(printf, 2, 3))) static int refuse(struct reader *rd, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(rd->why, rd->size, fmt, ap);
	va_end(ap);
	return -EINVAL;
}

/* A string member without a NUL in it; NULL in *out when it is absent. */
static int read_text(struct reader *rd, const char *key, const char **out)
{
	json_t *v = json_object_get(rd->r->json, key);

	*out = NULL;
	if (!v)
		return 0;
	if (!json_is_string(v) || strlen(json_string_value(v)) != json_string_length(v))
		return refuse(rd, "\"%s\" must be a string", key);
	if (json_string_length(v) > 253)
		return refuse(rd, "\"%s\" is longer than 253 characters", key);
	*out = json_string_value(v);
	return 0;
}

static int read_verb(struct reader *rd)
{
	const char *s, *near;

	if (read_text(rd, "verb", &s))
		return -EINVAL;
	if (!s)
		return refuse(rd, "\"verb\" is missing");
	for (int i = 0; i < CTL_VERBS; i++)
		if (strcmp(s, verbs[i]) == 0) {
			rd->r->verb = (enum ctl_verb)i;
			return 0;
		}
	near = suggest_nearest(s, verbs, CTL_VERBS);
	return refuse(rd, "unknown verb \"%.64s\"%s%s%s", s, near ? "; did you mean \"" : "", near ? near : "",
		      near ? "\"?" : "");
}

static int read_kind(struct reader *rd)
{
	const char *s, *near;

	if (read_text(rd, "kind", &s))
		return -EINVAL;
	if (!s)
		return refuse(rd, "\"kind\" is missing");
	if (ctl_kind_parse(s, &rd->r->kind) == 0)
		return 0;
	near = ctl_kind_suggest(s);
	return refuse(rd, "unknown kind \"%.64s\"%s%s%s", s, near ? "; did you mean \"" : "", near ? near : "",
		      near ? "\"?" : "");
}

/* A list of strings as names. */
static int read_list(struct reader *rd, const char *key)
{
	json_t *list = json_object_get(rd->r->json, key), *v;
	size_t i;

	if (list && !json_is_array(list))
		return refuse(rd, "\"%s\" must be a list of strings", key);
	if (json_array_size(list) > CTL_NAMES_MAX)
		return refuse(rd, "more than %d %s", CTL_NAMES_MAX, key);
	json_array_foreach(list, i, v)
	{
		if (!json_is_string(v) || strlen(json_string_value(v)) != json_string_length(v))
			return refuse(rd, "\"%s\" must be a list of strings", key);
		rd->r->names[rd->r->n_names++] = json_string_value(v);
	}
	return 0;
}

static int read_names(struct reader *rd)
{
	const char *one;

	if (read_text(rd, "name", &one))
		return -EINVAL;
	if (one && json_object_get(rd->r->json, "names"))
		return refuse(rd, "both \"name\" and \"names\"");
	if (one)
		rd->r->names[rd->r->n_names++] = one;
	return read_list(rd, "names");
}

static int read_settle(struct reader *rd)
{
	json_t *t = json_object_get(rd->r->json, "timeoutSeconds");
	json_int_t seconds = t ? json_integer_value(t) : CTL_TIMEOUT_S;

	if (t && (!json_is_integer(t) || seconds < 1 || seconds > CTL_TIMEOUT_MAX_S))
		return refuse(rd, "\"timeoutSeconds\" must be a number from 1 to %d", CTL_TIMEOUT_MAX_S);
	rd->r->timeout_s = (uint32_t)seconds;
	return read_list(rd, "files");
}

static int read_scope(struct reader *rd)
{
	json_t *all = json_object_get(rd->r->json, "allNamespaces");

	if (read_text(rd, "namespace", &rd->r->ns))
		return -EINVAL;
	if (!rd->r->ns || !*rd->r->ns)
		rd->r->ns = "default";
	if (all && !json_is_boolean(all))
		return refuse(rd, "\"allNamespaces\" must be true or false");
	rd->r->all_namespaces = json_is_true(all);
	if (rd->r->all_namespaces && rd->r->n_names && ctl_kind_namespaced(rd->r->kind))
		return refuse(rd, "a resource cannot be retrieved by name across all namespaces");
	return rd->r->kind == CTL_EVENTS ? read_text(rd, "for", &rd->r->of) : 0;
}

static int read_router(struct reader *rd)
{
	if (read_names(rd))
		return -EINVAL;
	if (rd->r->n_names > 1)
		return refuse(rd, "one router at a time, or all without a name");
	return 0;
}

static int read_key(struct reader *rd)
{
	json_t *port = json_object_get(rd->r->json, "port");
	struct vs_key *k = &rd->r->key;
	const char *address, *protocol;

	if (read_text(rd, "address", &address) || read_text(rd, "protocol", &protocol))
		return -EINVAL;
	if (!address || addr_parse(address, &k->addr))
		return refuse(rd, "\"address\" must be an IP address");
	if (!json_is_integer(port) || json_integer_value(port) < 1 || json_integer_value(port) > 65535)
		return refuse(rd, "\"port\" must be a number from 1 to 65535");
	if (proto_parse(protocol ? protocol : "TCP", &k->proto))
		return refuse(rd, "\"protocol\" must be TCP, UDP or SCTP");
	k->port = (uint16_t)json_integer_value(port);
	return 0;
}

int ctl_request_parse(const char *text, size_t len, struct ctl_request *out, char *why, size_t size)
{
	struct ctl_request r = {0};
	struct reader rd = {&r, why, size};
	json_error_t e;

	if (len > CTL_REQUEST_MAX)
		return refuse(&rd, "the request is longer than %d bytes", CTL_REQUEST_MAX);
	r.json = json_loadb(text, len, JSON_REJECT_DUPLICATES, &e);
	if (!r.json)
		return refuse(&rd, "not JSON: %s at byte %d", e.text, e.position);
	if (!json_is_object(r.json)) {
		refuse(&rd, "expected a JSON object");
		goto bad;
	}
	if (read_verb(&rd) || (r.verb == CTL_GET && (read_kind(&rd) || read_names(&rd) || read_scope(&rd))) ||
	    (r.verb == CTL_FAILOVER && read_router(&rd)) || (r.verb == CTL_WHERE && read_list(&rd, "objects")) ||
	    (r.verb == CTL_SETTLE && read_settle(&rd)) || (r.verb == CTL_EXPLAIN && read_key(&rd)) ||
	    ((r.verb == CTL_DRAIN || r.verb == CTL_UNDRAIN) && (read_names(&rd) || read_scope(&rd))))
		goto bad;
	*out = r;
	return 0;
bad:
	json_decref(r.json);
	return -EINVAL;
}

void ctl_request_clear(struct ctl_request *r)
{
	json_decref(r->json);
	*r = (struct ctl_request){0};
}

char *ctl_error_text(const char *reason, const char *message)
{
	json_t *j = json_pack("{s:{s:s, s:s}}", "error", "reason", reason, "message", message);
	char *body = j ? json_dumps(j, JSON_COMPACT) : NULL;
	char *line = xasprintf("%s\n", body ? body : "{\"error\":{\"reason\":\"Internal\",\"message\":\"\"}}");

	free(body);
	json_decref(j);
	return line;
}
