/* Lists as tables, column for column as kubectl prints them. Source: k8s.io/kubernetes/pkg/printers/internalversion.
 * Test: tests/test_vipctl_table.c. */
#include "vipctl.h"

#include "base/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* A cell that is put together. */
struct cell {
	char *text;
	size_t len;
};

__attribute__((format(printf, 2, 3))) static void cell_add(struct cell *c, const char *fmt, ...)
{
	char piece[512];
	va_list ap;
	size_t n;

	va_start(ap, fmt);
	vsnprintf(piece, sizeof piece, fmt, ap);
	va_end(ap);
	n = strlen(piece);
	c->text = xrealloc(c->text, c->len + n + 1);
	memcpy(c->text + c->len, piece, n + 1);
	c->len += n;
}

static void add_cell(struct columns *c, struct cell *cell)
{
	columns_add(c, cell->text);
	free(cell->text);
}

/* RFC 3339 as control writes it; false: it is not there. */
static bool time_of(json_t *item, const char *key, long long *out)
{
	const char *s = json_string_value(json_object_get(item, key));
	struct tm tm = {0};

	if (!s || !strptime(s, "%Y-%m-%dT%H:%M:%SZ", &tm))
		return false;
	*out = (long long)timegm(&tm);
	return true;
}

static void add_age(struct columns *c, json_t *item, long long now)
{
	long long created;
	char buf[24];

	columns_add(c, time_of(json_object_get(item, "metadata"), "creationTimestamp", &created)
			   ? columns_age(now - created, buf)
			   : "<unknown>");
}

static void add_text(struct columns *c, json_t *j, const char *key)
{
	columns_add(c, json_string_value(json_object_get(j, key)));
}

static void add_number(struct columns *c, json_t *j, const char *key)
{
	struct cell cell = {0};

	if (json_object_get(j, key))
		cell_add(&cell, "%lld", (long long)json_integer_value(json_object_get(j, key)));
	add_cell(c, &cell);
}

/* Strings of a list, or one member of each object of it, with commas. */
static void join(struct cell *cell, json_t *list, const char *member)
{
	json_t *one;
	size_t i;

	json_array_foreach(list, i, one)
	{
		const char *s = json_string_value(member ? json_object_get(one, member) : one);

		if (s)
			cell_add(cell, "%s%s", cell->len ? "," : "", s);
	}
}

static void add_ports(struct columns *c, json_t *ports)
{
	struct cell cell = {0};
	json_t *p;
	size_t i;

	json_array_foreach(ports, i, p)
	{
		json_int_t node = json_integer_value(json_object_get(p, "nodePort"));

		cell_add(&cell, "%s%lld", i ? "," : "", (long long)json_integer_value(json_object_get(p, "port")));
		if (node)
			cell_add(&cell, ":%lld", (long long)node);
		cell_add(&cell, "/%s", JSON_TEXT(p, "protocol") ? JSON_TEXT(p, "protocol") : "TCP");
	}
	add_cell(c, &cell);
}

static void add_external(struct columns *c, json_t *item)
{
	json_t *spec = json_object_get(item, "spec");
	const char *type = JSON_TEXT(spec, "type");
	struct cell cell = {0};

	join(&cell, json_object_get(json_object_get(json_object_get(item, "status"), "loadBalancer"), "ingress"), "ip");
	if (!cell.len && type && strcmp(type, "LoadBalancer") == 0)
		cell_add(&cell, "<pending>");
	join(&cell, json_object_get(spec, "externalIPs"), NULL);
	add_cell(c, &cell);
}

static void add_selector(struct columns *c, json_t *selector)
{
	struct cell cell = {0};
	const char *key;
	json_t *v;

	json_object_foreach(selector, key, v)
	{
		cell_add(&cell, "%s%s=%s", cell.len ? "," : "", key, json_string_value(v));
	}
	add_cell(c, &cell);
}

static void service_row(struct columns *c, json_t *item, bool wide, long long now)
{
	json_t *spec = json_object_get(item, "spec");
	json_t *condition = json_array_get(json_object_get(json_object_get(item, "status"), "conditions"), 0);

	add_text(c, json_object_get(item, "metadata"), "name");
	add_text(c, spec, "type");
	add_text(c, spec, "clusterIP");
	add_external(c, item);
	add_ports(c, json_object_get(spec, "ports"));
	add_age(c, item, now);
	if (!wide)
		return;
	add_selector(c, json_object_get(spec, "selector"));
	add_text(c, condition, "reason");
}

/* "10.0.0.1:80,10.0.0.2:80,10.0.0.3:80 + 4 more..." */
static void add_endpoints(struct columns *c, json_t *subsets, bool wide)
{
	struct cell cell = {0};
	json_t *subset, *address;
	size_t i, k, n = 0;

	json_array_foreach(subsets, i, subset)
	{
		json_t *port = json_object_get(json_array_get(json_object_get(subset, "ports"), 0), "port");

		json_array_foreach(json_object_get(subset, "addresses"), k, address)
		{
			const char *ip = JSON_TEXT(address, "ip");
			bool v6 = ip && strchr(ip, ':');

			if (ip && (wide || n < 3))
				cell_add(&cell, "%s%s%s%s:%lld", n ? "," : "", v6 ? "[" : "", ip, v6 ? "]" : "",
					 (long long)json_integer_value(port));
			n++;
		}
	}
	if (!wide && n > 3)
		cell_add(&cell, " + %zu more...", n - 3);
	add_cell(c, &cell);
}

static void endpoints_row(struct columns *c, json_t *item, bool wide, long long now)
{
	add_text(c, json_object_get(item, "metadata"), "name");
	add_endpoints(c, json_object_get(item, "subsets"), wide);
	add_age(c, item, now);
}

static void pod_row(struct columns *c, json_t *item, bool wide, long long now)
{
	json_t *status = json_object_get(item, "status");
	const char *ready = JSON_TEXT(json_array_get(json_object_get(status, "conditions"), 0), "status");
	const char *phase = JSON_TEXT(status, "phase"), *reason = JSON_TEXT(status, "reason");

	add_text(c, json_object_get(item, "metadata"), "name");
	columns_add(c, ready && strcmp(ready, "True") == 0 ? "1/1" : "0/1");
	columns_add(c, reason ? reason : phase && strcmp(phase, "Succeeded") == 0 ? "Completed" : phase);
	add_text(c, status, "podIP");
	columns_add(c, JSON_TEXT(item, "spec", "nodeName"));
	add_age(c, item, now);
}

static void vs_row(struct columns *c, json_t *item, bool wide, long long now)
{
	json_t *spec = json_object_get(item, "spec"), *status = json_object_get(item, "status"), *real;
	json_int_t active = 0, inactive = 0;
	struct cell reals = {0}, counts = {0}, draining = {0};
	long long last = 0, until;
	size_t drains = 0;
	const char *forward = NULL;
	char age[24];
	size_t i;

	json_array_foreach(json_object_get(status, "reals"), i, real)
	{
		const char *ip = JSON_TEXT(real, "address");
		bool v6 = ip && strchr(ip, ':');

		active += json_integer_value(json_object_get(real, "active"));
		inactive += json_integer_value(json_object_get(real, "inactive"));
		forward = JSON_TEXT(real, "forward");
		until = (long long)json_integer_value(json_object_get(real, "drainsUntil"));
		drains += until != 0;
		last = until > last ? until : last;
		cell_add(&reals, "%s%s%s%s:%lld=%lld", i ? "," : "", v6 ? "[" : "", ip ? ip : "?", v6 ? "]" : "",
			 (long long)json_integer_value(json_object_get(real, "port")),
			 (long long)json_integer_value(json_object_get(real, "weight")));
	}
	add_text(c, json_object_get(item, "metadata"), "name");
	add_text(c, spec, "scheduler");
	columns_add(c, forward);
	cell_add(&counts, "%zu", json_array_size(json_object_get(status, "reals")));
	add_cell(c, &counts);
	if (drains)
		cell_add(&draining, "%zu for %s", drains, columns_age(last > now ? last - now : 0, age));
	add_cell(c, &draining);
	counts = (struct cell){0};
	cell_add(&counts, "%lld/%lld", (long long)active, (long long)inactive);
	add_cell(c, &counts);
	add_number(c, status, "connections");
	columns_add(c, json_is_false(json_object_get(status, "ours")) ? "<foreign>" : JSON_TEXT(spec, "service"));
	if (wide) {
		add_number(c, spec, "persistence");
		add_cell(c, &reals);
	} else {
		free(reals.text);
	}
}

static void vip_row(struct columns *c, json_t *item, bool wide, long long now)
{
	json_t *spec = json_object_get(item, "spec"), *status = json_object_get(item, "status");
	struct cell services = {0};

	add_text(c, json_object_get(item, "metadata"), "name");
	add_text(c, spec, "kind");
	add_text(c, spec, "interface");
	columns_add(c, json_is_true(json_object_get(status, "held")) ? "held" : "absent");
	add_text(c, spec, "router");
	add_text(c, status, "owner");
	join(&services, json_object_get(spec, "services"), NULL);
	add_cell(c, &services);
	if (!wide)
		return;
	add_text(c, status, "state");
	add_text(c, status, "problem");
}

/* "172.17.0.12(100)" each, the Active's with an asterisk. */
static void add_peers(struct columns *c, json_t *status)
{
	const char *active = JSON_TEXT(status, "active");
	struct cell cell = {0};
	json_t *p;
	size_t i;

	json_array_foreach(json_object_get(status, "peers"), i, p)
	{
		const char *address = JSON_TEXT(p, "address");

		if (address)
			cell_add(&cell, "%s%s(%lld)%s", cell.len ? "," : "", address,
				 (long long)json_integer_value(json_object_get(p, "priority")),
				 active && strcmp(active, address) == 0 ? "*" : "");
	}
	add_cell(c, &cell);
}

/* "1s", "500ms", as vipd.yaml has it. */
static void add_ms(struct columns *c, json_t *spec, const char *key)
{
	long long ms = (long long)json_integer_value(json_object_get(spec, key));
	struct cell cell = {0};

	if (json_object_get(spec, key))
		cell_add(&cell, ms % 1000 ? "%lldms" : "%llds", ms % 1000 ? ms : ms / 1000);
	add_cell(c, &cell);
}

/* "checksum 3,TTL 1" */
static void add_refused(struct columns *c, json_t *refused)
{
	struct cell cell = {0};
	const char *reason;
	json_t *n;

	json_object_foreach(refused, reason, n)
	{
		if (json_integer_value(n))
			cell_add(&cell, "%s%s %lld", cell.len ? "," : "", reason, (long long)json_integer_value(n));
	}
	add_cell(c, &cell);
}

static void router_row(struct columns *c, json_t *item, bool wide, long long now)
{
	json_t *spec = json_object_get(item, "spec"), *status = json_object_get(item, "status");
	json_t *since = json_object_get(status, "since");
	char age[24];

	add_text(c, json_object_get(item, "metadata"), "name");
	add_text(c, status, "state");
	columns_add(c, since ? columns_age(now - (long long)json_integer_value(since), age) : NULL);
	add_number(c, spec, "vrid");
	add_text(c, spec, "interface");
	add_text(c, spec, "family");
	add_number(c, status, "effectivePriority");
	add_ms(c, spec, "intervalMs");
	add_number(c, status, "addresses");
	add_peers(c, status);
	add_text(c, status, "lastCause");
	if (!wide)
		return;
	add_text(c, status, "why");
	add_number(c, status, "transitions");
	add_number(c, status, "sent");
	add_number(c, status, "received");
	add_refused(c, json_object_get(status, "refused"));
}

/* "37s", or "2m (x3 over 10m)" as kubectl has it. */
static void add_seen(struct columns *c, json_t *item, long long now)
{
	long long count = (long long)json_integer_value(json_object_get(item, "count")), first, last;
	struct cell cell = {0};
	char a[24], b[24];

	if (!time_of(item, "firstTimestamp", &first) || !time_of(item, "lastTimestamp", &last)) {
		columns_add(c, "<unknown>");
		return;
	}
	cell_add(&cell, "%s", columns_age(now - last, a));
	if (count > 1)
		cell_add(&cell, " (x%lld over %s)", count, columns_age(now - first, b));
	add_cell(c, &cell);
}

static void event_row(struct columns *c, json_t *item, bool wide, long long now)
{
	json_t *of = json_object_get(item, "involvedObject");
	const char *kind = JSON_TEXT(of, "kind"), *name = JSON_TEXT(of, "name");
	struct cell object = {0};
	long long first;
	char age[24];

	add_seen(c, item, now);
	add_text(c, item, "type");
	add_text(c, item, "reason");
	for (; kind && *kind; kind++)
		cell_add(&object, "%c", *kind | 0x20);
	cell_add(&object, "/%s", name ? name : "");
	add_cell(c, &object);
	add_text(c, item, "message");
	if (!wide)
		return;
	columns_add(c, time_of(item, "firstTimestamp", &first) ? columns_age(now - first, age) : "<unknown>");
	add_number(c, item, "count");
	add_text(c, json_object_get(item, "source"), "host");
	add_text(c, json_object_get(item, "metadata"), "name");
}

static void node_row(struct columns *c, json_t *item, bool wide, long long now)
{
	struct cell addresses = {0};

	add_text(c, json_object_get(item, "metadata"), "name");
	join(&addresses, json_object_get(json_object_get(item, "status"), "addresses"), "address");
	add_cell(c, &addresses);
	add_age(c, item, now);
}

/* A number, or a text where it is too large for one. */
static void add_count(struct columns *c, json_t *j, const char *key)
{
	if (json_is_string(json_object_get(j, key)))
		add_text(c, j, key);
	else
		add_number(c, j, key);
}

static void pool_row(struct columns *c, json_t *item, bool wide, long long now)
{
	json_t *spec = json_object_get(item, "spec"), *status = json_object_get(item, "status");
	struct cell ranges = {0}, avoid = {0};

	add_text(c, json_object_get(item, "metadata"), "name");
	join(&ranges, json_object_get(spec, "addresses"), NULL);
	add_cell(c, &ranges);
	add_count(c, status, "size");
	add_count(c, status, "used");
	add_count(c, status, "free");
	if (!wide)
		return;
	columns_add(c, json_is_false(json_object_get(spec, "autoAssign")) ? "false" : "true");
	add_number(c, spec, "priority");
	join(&avoid, json_object_get(spec, "avoid"), NULL);
	add_cell(c, &avoid);
}

static const struct {
	const char *narrow[12], *wide[6]; /* headings; wide: those that follow */
	void (*row)(struct columns *c, json_t *item, bool wide, long long now);
} tables[CTL_KINDS] = {
    [CTL_SERVICES] = {{"NAME", "TYPE", "CLUSTER-IP", "EXTERNAL-IP", "PORT(S)", "AGE"},
		      {"SELECTOR", "PROBLEM"},
		      service_row},
    [CTL_ENDPOINTS] = {{"NAME", "ENDPOINTS", "AGE"}, {NULL}, endpoints_row},
    [CTL_PODS] = {{"NAME", "READY", "STATUS", "IP", "NODE", "AGE"}, {NULL}, pod_row},
    [CTL_VIRTUALSERVERS] = {{"NAME", "SCHEDULER", "FORWARD", "REALS", "DRAINING", "ACTIVE/INACTIVE", "CONNECTIONS",
			     "SERVICE"},
			    {"PERSISTENCE", "REAL-SERVERS"},
			    vs_row},
    [CTL_VIPS] = {{"ADDRESS", "KIND", "INTERFACE", "STATE", "ROUTER", "OWNER", "SERVICES"},
		  {"ROUTER-STATE", "PROBLEM"},
		  vip_row},
    [CTL_VRRP] = {{"NAME", "STATE", "SINCE", "VRID", "INTERFACE", "FAMILY", "PRIORITY", "INTERVAL", "ADDRESSES",
		   "PEERS", "LAST-CAUSE"},
		  {"PRIORITY-CAUSE", "TRANSITIONS", "SENT", "RECEIVED", "REFUSED"},
		  router_row},
    [CTL_NODES] = {{"NAME", "ADDRESSES", "AGE"}, {NULL}, node_row},
    [CTL_POOLS] = {{"NAME", "ADDRESSES", "SIZE", "USED", "FREE"}, {"AUTO-ASSIGN", "PRIORITY", "AVOID"}, pool_row},
    [CTL_EVENTS] = {{"LAST SEEN", "TYPE", "REASON", "OBJECT", "MESSAGE"},
		    {"FIRST SEEN", "COUNT", "NODE", "NAME"},
		    event_row},
};

struct columns *vipctl_table_new(enum ctl_kind kind, bool namespaces, bool wide)
{
	const char *heads[20];
	size_t n = 0;

	if (namespaces && ctl_kind_namespaced(kind))
		heads[n++] = "NAMESPACE";
	for (size_t i = 0; tables[kind].narrow[i]; i++)
		heads[n++] = tables[kind].narrow[i];
	for (size_t i = 0; wide && tables[kind].wide[i]; i++)
		heads[n++] = tables[kind].wide[i];
	return columns_new(heads, n);
}

void vipctl_table_add(struct columns *c, enum ctl_kind kind, json_t *item, bool namespaces, bool wide, long long now)
{
	if (namespaces && ctl_kind_namespaced(kind))
		add_text(c, json_object_get(item, "metadata"), "namespace");
	tables[kind].row(c, item, wide, now);
}

struct columns *vipctl_table(enum ctl_kind kind, json_t *items, bool namespaces, bool wide, long long now)
{
	struct columns *c = vipctl_table_new(kind, namespaces, wide);
	json_t *item;
	size_t i;

	json_array_foreach(items, i, item)
	{
		vipctl_table_add(c, kind, item, namespaces, wide, now);
	}
	return c;
}
