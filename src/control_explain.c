/* The reply to `vipctl explain`: what the plan knows, as JSON. Test: tests/test_control.c, tests/lab/scenarios/vipctl.sh. */
#include "control.h"

#include "base/arena.h"
#include "object_json.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SHARED_MAX = 64 };

struct reply {
	const struct control *control;
	json_t *json;
};

static json_t *address_json(const struct addr *a)
{
	char text[ADDR_TEXT];

	return json_string(addr_format(a, text));
}

/* Names fill their room. */
static json_t *router_json(const struct control *c, uint16_t k)
{
	char name[ROUTER_NAME + 1] = "";

	if (k < c->config->n_routers)
		memcpy(name, c->config->routers[k].name, ROUTER_NAME);
	return json_string(name);
}

/* A gate counts the routers of the picture. */
static json_t *gate_json(const struct control *c, uint16_t gate)
{
	for (uint16_t k = 0; k < c->config->n_routers; k++)
		if (assign_sent(c->assign, k) == gate - 1)
			return router_json(c, k);
	return json_string("");
}

static json_t *wanted_json(const struct control *c, const struct vs *v)
{
	uint16_t gate;
	json_t *reals = json_array(), *j;

	if (!v) {
		json_decref(reals);
		return json_null();
	}
	for (uint32_t i = 0; i < v->n; i++)
		json_array_append_new(reals,
				      json_pack("{s:o, s:i, s:s, s:i}", "address", address_json(&v->reals[i].addr),
						"port", (int)v->reals[i].port, "forward",
						forward_name(v->reals[i].forward), "weight", (int)v->reals[i].weight));
	j = json_pack("{s:s, s:i, s:i, s:o}", "scheduler", v->sched, "flags", (int)v->flags, "persistence",
		      (int)v->timeout, "reals", reals);
	json_object_set_new(j, "masqueraded",
			    json_boolean(c->config->ipvs.nat.masquerade != MASQUERADE_NEVER && !v->keep_source &&
					 !(v->kind == VS_CLUSTER && c->config->ipvs.nat.n_pods)));
	gate = control_gate(c, v);
	if (gate)
		json_object_set_new(j, "gate", gate_json(c, gate));
	return j;
}

static json_t *endpoints_json(const struct plan_answer *a)
{
	json_t *list = json_array();

	for (size_t i = 0; i < a->n_endpoints; i++) {
		const struct plan_endpoint *e = &a->endpoints[i];

		json_array_append_new(list, json_pack("{s:o, s:i, s:i, s:b, s:b, s:b, s:b, s:b}", "address",
						      address_json(&e->real.addr), "port", (int)e->real.port, "weight",
						      (int)e->real.weight, "ready", e->flags & EP_READY, "serving",
						      e->flags & EP_SERVING, "terminating", e->flags & EP_TERMINATING,
						      "local", e->local, "used", e->used));
	}
	return list;
}

static json_t *problems_json(const struct plan_answer *a)
{
	json_t *list = json_array();

	for (size_t i = 0; i < a->n_problems; i++)
		json_array_append_new(list,
				      json_pack("{s:s, s:s}", "reason", a->reasons[i], "message", a->messages[i]));
	return list;
}

static void answer(void *arg, const struct plan_answer *a)
{
	struct reply *r = arg;
	json_t *ports = json_array();

	for (size_t i = 0; i < a->n_ports; i++)
		json_array_append_new(ports, json_string(a->ports[i]));
	json_object_set_new(r->json, "service",
			    a->service ? object_json_service(a->service, AS_ANSWER, config_ip_mode(r->control->config))
				       : json_null());
	json_object_set_new(r->json, "wanted", wanted_json(r->control, a->vs));
	json_object_set_new(r->json, "source", json_string(a->source ? a->source : ""));
	json_object_set_new(r->json, "onlyLocal", json_boolean(a->only_local));
	json_object_set_new(r->json, "endpoints", endpoints_json(a));
	json_object_set_new(r->json, "ports", ports);
	json_object_set_new(r->json, "problems", problems_json(a));
}

static json_t *vip_json(const struct control *c, const struct addr *a)
{
	const struct assign_pin *pin = assign_pinned(c->assign, a);
	struct vip vip = {.addr = *a};
	bool client;

	if (pin)
		assign_own(c->assign, pin, &vip);
	else if (plan_vip_get(c->plan, a, &vip))
		assign_vip(c->assign, &vip);
	else
		return json_null();
	client = vip.kind == VIP_CLIENT;
	return json_pack("{s:s, s:s, s:o}", "kind", client ? "client" : "cluster", "interface", vip.ifname, "router",
			 client ? router_json(c, assign_router(c->assign, a)) : json_string(""));
}

static json_t *shared_json(const struct control *c, const struct addr *a)
{
	const char *names[SHARED_MAX];
	size_t n = plan_vip_services(c->plan, a, names, SHARED_MAX);
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, json_string(names[i]));
	return list;
}

char *control_explain(const struct control *c, const struct vs_key *k)
{
	char key[VS_KEY_TEXT], *body, *line;
	struct reply r = {c, json_pack("{s:s, s:s}", "kind", "Explain", "key", vs_key_format(k, key))};

	json_object_set_new(r.json, "node", json_string(c->config->node_name ? c->config->node_name : ""));
	plan_explain(c->plan, k, answer, &r);
	json_object_set_new(r.json, "vip", vip_json(c, &k->addr));
	json_object_set_new(r.json, "sharedWith", shared_json(c, &k->addr));
	body = json_dumps(r.json, JSON_COMPACT);
	json_decref(r.json);
	line = xasprintf("%s\n", body ? body : "{}");
	free(body);
	return line;
}
