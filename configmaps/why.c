/* What the plan knows of one address, port and protocol. Whose it is: the holder of the claim; else a Service that has the address (or node port)
 * and that port. Test: tests/test_plan_why.c */
#include "plan_int.h"

#include <stdlib.h>
#include <string.h>

struct why {
	struct plan *plan;
	const struct vs_key *key;
	struct plan_answer answer;
	void (*each)(void *arg, const struct plan_answer *a);
	void *arg;
	const char **ports;
	char (*port_texts)[16];
	size_t n_ports;
};

static bool among(const struct addr *list, size_t n, const struct addr *a)
{
	for (size_t i = 0; i < n; i++)
		if (addr_equal(&list[i], a))
			return true;
	return false;
}

/* Whether it has the address, whatever became of it. */
static bool has_address(const struct svc *s, const struct addr *a)
{
	const struct service *service = &s->object->service;

	for (size_t i = 0; i < s->n_entries; i++)
		if (addr_equal(&s->entries[i]->addr, a))
			return true;
	return among(s->cluster, s->n_cluster, a) || among(s->balancer, s->n_balancer, a) ||
	       among(service->external_ips.items, service->external_ips.n, a) ||
	       addr_equal(&service->load_balancer_ip, a);
}

/* The port of a Service that the key means: by number on one of its addresses, as node port on this node's; one may be both. -1: none. */
static int port_of(const struct svc *s, const struct vs_key *k, bool address, bool host)
{
	const struct service *service = &s->object->service;

	for (size_t i = 0; i < service->n_ports; i++) {
		uint16_t node = s->node_ports ? s->node_ports[i] : service->ports[i].node_port;

		if (service->ports[i].proto == k->proto &&
		    ((address && service->ports[i].port == k->port) || (host && node && node == k->port)))
			return (int)i;
	}
	return -1;
}

/* The Service that answers for the key though nothing is claimed: one with that port before one that has the address only, then by name. *port: its
 * port, or -1. */
static const struct svc *nearest(const struct plan *p, const struct vs_key *k, int *port)
{
	bool host = among(p->locals, p->n_locals, &k->addr);
	const struct svc *found = NULL;
	void *value;

	*port = -1;
	for (size_t at = 0; map_next(p->services, &at, NULL, NULL, &value);) {
		const struct svc *s = value;
		bool address = s->object && has_address(s, &k->addr);
		int i = address || (s->object && host) ? port_of(s, k, address, host) : -1;

		if (!address && i < 0)
			continue;
		if (!found || (*port < 0 && i >= 0) ||
		    ((i < 0) == (*port < 0) && svc_name_cmp(s->name, found->name) < 0)) {
			found = s;
			*port = i;
		}
	}
	return found;
}

static enum scope scope_of(const struct svc *s, const struct vs_key *k)
{
	return among(s->cluster, s->n_cluster, &k->addr) ? SCOPE_INTERNAL : SCOPE_EXTERNAL;
}

static void set_ports(struct why *w, const struct service *service)
{
	w->ports = xcalloc(service->n_ports + 1, sizeof(*w->ports));
	w->port_texts = xcalloc(service->n_ports + 1, sizeof(*w->port_texts));
	for (size_t i = 0; i < service->n_ports; i++) {
		snprintf(w->port_texts[i], sizeof w->port_texts[i], "%s %u", proto_name(service->ports[i].proto),
			 service->ports[i].port);
		w->ports[i] = w->port_texts[i];
	}
	w->answer.ports = w->ports;
	w->answer.n_ports = service->n_ports;
}

static void with_view(void *arg, const struct service_view *v)
{
	struct why *w = arg;

	w->answer.service = v;
	w->each(w->arg, &w->answer);
}

static void explain_service(struct why *w, const struct svc *s, int port)
{
	const struct service *service = &s->object->service;
	enum scope scope = scope_of(s, w->key);
	const char **texts = xcalloc(2 * s->problems.n + 1, sizeof(*texts));
	struct plan_endpoint *endpoints = NULL;

	for (size_t i = 0; i < s->problems.n; i++) {
		texts[i] = s->problems.items[i].reason;
		texts[s->problems.n + i] = s->problems.items[i].message;
	}
	w->answer.reasons = texts;
	w->answer.messages = texts + s->problems.n;
	w->answer.n_problems = s->problems.n;
	w->answer.source = s->n_slices ? "EndpointSlices" : s->endpoints ? "Endpoints" : "Pods";
	w->answer.only_local = scope_only_local(service, scope);
	if (port >= 0)
		endpoints =
		    resolve_all(w->plan, s, &service->ports[port], w->key->addr.family, scope, &w->answer.n_endpoints);
	else
		set_ports(w, service);
	w->answer.endpoints = endpoints;
	view_service(w->plan, s, with_view, w);
	free(endpoints);
	free(w->ports);
	free(w->port_texts);
	free(texts);
}

void plan_explain(struct plan *p, const struct vs_key *k, void (*each)(void *arg, const struct plan_answer *a),
		  void *arg)
{
	struct why w = {.plan = p, .key = k, .each = each, .arg = arg};
	const struct want *holder = claims_holder(p, k);
	const struct svc *s = holder ? holder->svc : NULL;
	struct real_buf buf = {0};
	struct vs vs;
	int port = -1;

	if (holder) {
		vs = want_vs(holder, &buf);
		w.answer.vs = &vs;
		port = port_of(s, k, has_address(s, &k->addr), among(p->locals, p->n_locals, &k->addr));
	} else {
		s = nearest(p, k, &port);
	}
	if (s && s->object)
		explain_service(&w, s, port);
	else
		each(arg, &w.answer);
	free(buf.items);
}
