/* Answers -> facts. Test: tests/test_explain_facts.c. */
#include "explain_facts.h"

#include "base/arena.h"
#include "columns.h"

#include <stdlib.h>
#include <string.h>

static json_t *at(json_t *j, const char *a, const char *b)
{
	return json_object_get(json_object_get(j, a), b);
}

static const char *text(json_t *j, const char *key)
{
	const char *s = json_string_value(json_object_get(j, key));

	return s ? s : "";
}

static bool flag(json_t *j, const char *key)
{
	return json_is_true(json_object_get(j, key));
}

static long long number(json_t *j, const char *key)
{
	return (long long)json_integer_value(json_object_get(j, key));
}

static bool is(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

static json_t *named(json_t *list, const char *name)
{
	json_t *one;
	size_t i;

	json_array_foreach(list, i, one)
	{
		const char *s = json_string_value(at(one, "metadata", "name"));

		if (s && is(s, name))
			return one;
	}
	return NULL;
}

/* Words of a list with ", " between, malloc'd. */
static char *joined(json_t *list)
{
	char *out = xstrdup("");
	json_t *one;
	size_t i;

	json_array_foreach(list, i, one)
	{
		char *more =
		    xasprintf("%s%s%s", out, *out ? ", " : "", json_string_value(one) ? json_string_value(one) : "?");

		free(out);
		out = more;
	}
	return out;
}

static char *selector_text(json_t *selector)
{
	char *out = xstrdup("");
	const char *key;
	json_t *v;

	json_object_foreach(selector, key, v)
	{
		char *more =
		    xasprintf("%s%s%s=%s", out, *out ? "," : "", key, json_string_value(v) ? json_string_value(v) : "");

		free(out);
		out = more;
	}
	return out;
}

/* ---- the plan ---- */

static void load_endpoints(json_t *list, struct explain_loaded *l)
{
	json_t *e;
	size_t i;

	l->endpoints = xcalloc(json_array_size(list) + 1, sizeof *l->endpoints);
	json_array_foreach(list, i, e)
	{
		struct explain_endpoint *out = &l->endpoints[l->facts.n_endpoints];

		*out = (struct explain_endpoint){.port = (uint16_t)number(e, "port"),
						 .ready = flag(e, "ready"),
						 .serving = flag(e, "serving"),
						 .terminating = flag(e, "terminating"),
						 .local = flag(e, "local"),
						 .used = flag(e, "used")};
		l->facts.n_endpoints += addr_parse(text(e, "address"), &out->addr) == 0;
	}
	l->facts.endpoints = l->endpoints;
}

static void load_problems(json_t *list, struct explain_loaded *l)
{
	json_t *p;
	size_t i;

	l->problems = xcalloc(json_array_size(list) + 1, sizeof *l->problems);
	json_array_foreach(list, i, p)
	{
		l->problems[l->facts.n_problems].reason = text(p, "reason");
		l->problems[l->facts.n_problems++].message = text(p, "message");
	}
	l->facts.problems = l->problems;
}

/* They hold for the addresses of the load balancer alone. */
static void load_ranges(json_t *service, struct explain_loaded *l)
{
	json_t *list = at(service, "spec", "loadBalancerSourceRanges"), *one;
	char self[ADDR_TEXT];
	bool balancer = false;
	size_t i;

	addr_format(&l->facts.key.addr, self);
	json_array_foreach(json_object_get(at(service, "status", "loadBalancer"), "ingress"), i, one)
	{
		balancer = balancer || is(text(one, "ip"), self);
	}
	l->ranges = xcalloc(json_array_size(list) + 1, sizeof *l->ranges);
	json_array_foreach(list, i, one)
	{
		const char *s = json_string_value(one);

		if (balancer && s && cidr_parse(s, &l->ranges[l->facts.n_source_ranges]) == 0)
			l->facts.n_source_ranges++;
	}
	l->facts.source_ranges = l->ranges;
}

static void load_plan(json_t *plan, struct explain_loaded *l)
{
	struct explain_facts *f = &l->facts;
	json_t *service = json_object_get(plan, "service"), *wanted = json_object_get(plan, "wanted");

	f->node = text(plan, "node");
	f->wanted = json_is_object(wanted);
	f->masqueraded = flag(wanted, "masqueraded");
	f->gate = text(wanted, "gate");
	f->source = text(plan, "source");
	f->only_local = flag(plan, "onlyLocal");
	l->ports = joined(json_object_get(plan, "ports"));
	l->selector = columns_plain(selector_text(at(service, "spec", "selector")));
	f->ports = l->ports;
	f->selector = l->selector;
	load_endpoints(json_object_get(plan, "endpoints"), l);
	load_problems(json_object_get(plan, "problems"), l);
	load_ranges(service, l);
}

/* ---- the kernel's table ---- */

static struct explain_real *real_of(struct explain_loaded *l, json_t *j)
{
	struct addr a = {0};
	uint16_t port = (uint16_t)number(j, "port");
	struct explain_real *r;

	if (addr_parse(text(j, "address"), &a))
		return NULL;
	for (size_t i = 0; i < l->facts.n_reals; i++)
		if (addr_equal(&l->reals[i].addr, &a) && l->reals[i].port == port)
			return &l->reals[i];
	r = &l->reals[l->facts.n_reals++];
	r->addr = a;
	r->port = port;
	r->weight = number(j, "weight");
	forward_parse(text(j, "forward"), &r->forward);
	return r;
}

static void load_reals(json_t *wanted, json_t *have, struct explain_loaded *l)
{
	struct explain_real *r;
	json_t *j;
	size_t i;

	l->reals = xcalloc(json_array_size(wanted) + json_array_size(have) + 1, sizeof *l->reals);
	json_array_foreach(have, i, j)
	{
		r = real_of(l, j);
		if (!r)
			continue;
		r->in_kernel = true;
		r->in_packets = number(j, "inPackets");
		r->out_packets = number(j, "outPackets");
	}
	json_array_foreach(wanted, i, j)
	{
		r = real_of(l, j);
		if (r)
			r->wanted = true;
	}
	l->facts.reals = l->reals;
}

static void load_table(const struct explain_answers *a, struct explain_loaded *l)
{
	json_t *ipvs = json_object_get(a->status, "ipvs"), *server = json_array_get(a->servers, 0);

	l->facts.ipvs_silent = !a->servers || json_object_get(ipvs, "error");
	l->facts.ipvs_problem = json_string_value(json_object_get(ipvs, "problem"));
	l->facts.in_kernel = server != NULL;
	l->facts.ours = flag(json_object_get(server, "status"), "ours");
	load_reals(at(a->plan, "wanted", "reals"), at(server, "status", "reals"), l);
}

/* ---- the address ---- */

/* What keeps the router's priority below the configured one; "" if nothing does. */
static const char *lowered_by(json_t *routers, const char *name)
{
	json_t *router = named(routers, name);
	json_t *now = at(router, "status", "effectivePriority"), *configured = at(router, "spec", "priority");

	return json_integer_value(now) < json_integer_value(configured) ? text(json_object_get(router, "status"), "why")
									: "";
}

static void load_address(const struct explain_answers *a, struct explain_loaded *l)
{
	struct explain_facts *f = &l->facts;
	json_t *vip = json_object_get(a->plan, "vip"), *held = json_array_get(a->vips, 0), *router;

	f->vrrp_silent = !a->vips || at(a->status, "vrrp", "error");
	f->vip = json_is_object(vip) || held;
	f->cluster = is(text(vip, "kind"), "cluster");
	f->interface = text(vip, "interface");
	f->router = text(vip, "router");
	f->vip_absent = held == NULL;
	f->held = flag(json_object_get(held, "status"), "held");
	f->why_not_held = text(json_object_get(held, "status"), "problem");
	router = json_object_get(named(a->routers, f->router), "status");
	f->state = text(router, "state");
	f->cause = *lowered_by(a->routers, f->router) ? lowered_by(a->routers, f->router) : text(router, "lastCause");
	f->active = text(router, "active");
	f->gate_state = text(json_object_get(named(a->routers, f->gate), "status"), "state");
}

void explain_facts_load(const struct vs_key *k, const struct explain_answers *a, struct explain_loaded *out)
{
	json_t *meta = at(a->plan, "service", "metadata");

	*out = (struct explain_loaded){.facts = {.key = *k, .rp_filter = -1}};
	load_plan(a->plan, out);
	load_table(a, out);
	load_address(a, out);
	if (meta)
		out->service = xasprintf("%s/%s", text(meta, "namespace"), text(meta, "name"));
	out->facts.service = out->service;
}

void explain_facts_clear(struct explain_loaded *l)
{
	free(l->service);
	free(l->endpoints);
	free(l->reals);
	free(l->problems);
	free(l->ranges);
	free(l->selector);
	free(l->ports);
	*l = (struct explain_loaded){0};
}
