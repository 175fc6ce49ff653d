/* vipctl describe: asks for an object and for all that belongs to it. Test: tests/test_describe.c, tests/lab/scenarios/vipctl.sh. */
#include "vipctl.h"

#include "describe.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* What each kind is told with. */
static const struct {
	enum ctl_kind kind;
	void (*describe)(FILE *to, json_t *item, const struct describe_world *w);
} kinds[] = {{CTL_SERVICES, describe_service},
	     {CTL_VIRTUALSERVERS, describe_server},
	     {CTL_VIPS, describe_vip},
	     {CTL_VRRP, describe_router}};

static json_t *request(const struct vipctl *v, enum ctl_kind kind, bool of_namespace)
{
	return json_pack("{s:s, s:s, s:s, s:b}", "verb", "get", "kind", ctl_kind_name(kind), "namespace", v->ns,
			 "allNamespaces", !of_namespace || v->all_namespaces);
}

/* Takes ask; its items, or NULL. */
static json_t *items(const struct vipctl *v, json_t *ask)
{
	json_t *reply = vipctl_ask_quietly(v->socket, ask, PATIENCE_S),
	       *list = json_incref(json_object_get(reply, "items"));

	json_decref(reply);
	return list;
}

static void world_ask(const struct vipctl *v, enum ctl_kind kind, json_t *names, struct describe_world *w)
{
	json_t *ask, *status;

	w->now = (long long)time(NULL);
	w->vips = items(v, request(v, CTL_VIPS, false));
	status = vipctl_ask_quietly(v->socket, json_pack("{s:s}", "verb", "status"), PATIENCE_S);
	w->problems = json_incref(json_object_get(status, "problems"));
	json_decref(status);
	if (kind != CTL_SERVICES)
		return;
	w->servers = items(v, request(v, CTL_VIRTUALSERVERS, false));
	ask = request(v, CTL_ENDPOINTS, true);
	json_object_set(ask, "names", names);
	w->endpoints = items(v, ask);
	w->events = items(v, request(v, CTL_EVENTS, true));
}

static void world_clear(struct describe_world *w)
{
	json_decref(w->servers);
	json_decref(w->vips);
	json_decref(w->endpoints);
	json_decref(w->events);
	json_decref(w->problems);
}

static int describe_all(const struct vipctl *v, size_t k)
{
	json_t *names = vipctl_names(v, 1), *ask = names ? request(v, kinds[k].kind, true) : NULL, *reply, *item;
	struct describe_world w = {0};
	size_t i;
	int code;

	json_object_set(ask, "names", names);
	reply = vipctl_ask(v->socket, ask, PATIENCE_S);
	if (reply)
		world_ask(v, kinds[k].kind, names, &w);
	json_array_foreach(json_object_get(reply, "items"), i, item)
	{
		fputs(i ? "\n\n" : "", stdout);
		kinds[k].describe(stdout, item, &w);
	}
	if (reply && i == 0 && v->n_args == 1)
		fprintf(stderr, "No resources found\n");
	code = reply ? vipctl_not_found(kinds[k].kind, json_object_get(reply, "notFound")) : 1;
	world_clear(&w);
	json_decref(names);
	json_decref(reply);
	return code;
}

static int describe(const struct vipctl *v)
{
	enum ctl_kind kind;

	if (v->n_args == 0)
		return vipctl_wrong(v, "describe what? One of service, virtualserver, vip, vrrp");
	if (ctl_kind_parse(v->args[0], &kind))
		return vipctl_wrong(v, "there is no kind \"%s\"; expected service, virtualserver, vip or vrrp",
				    v->args[0]);
	for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++)
		if (kinds[k].kind == kind)
			return describe_all(v, k);
	return vipctl_wrong(v, "%s have no description; vipctl get %s -o yaml shows all of them", ctl_kind_name(kind),
			    ctl_kind_name(kind));
}

static int run(const struct vipctl *given)
{
	struct vipctl v = *given;
	char *args[2];
	int code;

	vipctl_split(&v, args);
	code = describe(&v);
	free(args[0]);
	free(args[1]);
	return code;
}

static const struct vipctl_flag *const flags[] = {&vipctl_namespace, &vipctl_all_namespaces, NULL};

const struct vipctl_verb vipctl_verb_describe = {
    .name = "describe",
    .arguments = "KIND [NAME...]",
    .summary = "all about an object: addresses, real servers, problems, Events",
    .text = "KIND is one of service (svc), virtualserver (vs), vip, vrrp (vr). A Service reads as kubectl has it,\n"
	    "and then: who holds its addresses, its virtual servers with weights, connections and the kernel's\n"
	    "rates (where it computes any), its problems. Without a name: all of that kind.\n",
    .examples = "  # a Service\n  vipctl describe svc web -n shop\n\n"
		"  # a virtual router: peers, tracked things, refused packets\n  vipctl describe vrrp vips\n\n"
		"  # a virtual server of the kernel\n  vipctl describe vs 10.0.0.1:80\n",
    .flags = flags,
    .words = "service virtualserver vip vrrp",
    .run = run,
};
