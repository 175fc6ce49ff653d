/* vipctl get: asks for a list and prints it. Source: kubectl get. Test: tests/test_vipctl_table.c, tests/lab/. */
#include "vipctl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static json_t *request(const struct vipctl *v, enum ctl_kind kind)
{
	json_t *names = json_array();

	for (int i = 1; i < v->n_args; i++)
		if (json_array_append_new(names, json_string(v->args[i]))) { /* no UTF-8: vipctl_ask says so */
			json_decref(names);
			return NULL;
		}
	return json_pack("{s:s, s:s, s:s, s:o, s:b}", "verb", "get", "kind", ctl_kind_name(kind), "namespace", v->ns,
			 "names", names, "allNamespaces", v->all_namespaces);
}

/* One object when one was named, else a List, as kubectl does. */
static json_t *document(const struct vipctl *v, json_t *items)
{
	if (v->n_args == 2)
		return json_incref(json_array_get(items, 0));
	return json_pack("{s:s, s:s, s:O, s:{s:s}}", "apiVersion", "v1", "kind", "List", "items", items, "metadata",
			 "resourceVersion", "");
}

static void print_names(enum ctl_kind kind, json_t *items)
{
	static const char *const singular[CTL_KINDS] = {"service", "endpoints",     "pod",  "virtualserver",
							"vip",     "virtualrouter", "event"};
	json_t *item;
	size_t i;

	json_array_foreach(items, i, item)
	{
		printf("%s/%s\n", singular[kind], JSON_TEXT(item, "metadata", "name"));
	}
}

static void print_table(const struct vipctl *v, enum ctl_kind kind, json_t *items)
{
	vipctl_print_columns(
	    v, vipctl_table(kind, items, v->all_namespaces, v->output == OUTPUT_WIDE, (long long)time(NULL)));
}

static void print_none(const struct vipctl *v, enum ctl_kind kind)
{
	if (v->all_namespaces || !ctl_kind_namespaced(kind))
		fprintf(stderr, "No resources found\n");
	else
		fprintf(stderr, "No resources found in %s namespace.\n", v->ns);
}

static void print(const struct vipctl *v, enum ctl_kind kind, json_t *items)
{
	bool none = json_array_size(items) == 0;

	switch (v->output) {
	case OUTPUT_TABLE:
	case OUTPUT_WIDE:
		if (!none)
			print_table(v, kind, items);
		else if (v->n_args == 1)
			print_none(v, kind);
		break;
	case OUTPUT_NAME:
		print_names(kind, items);
		break;
	case OUTPUTS:
		break;
	case OUTPUT_JSON:
	case OUTPUT_YAML:
		if (!none || v->n_args == 1)
			vipctl_print_document(v, document(v, items));
		break;
	}
}

static int say_not_found(enum ctl_kind kind, json_t *names)
{
	json_t *name;
	size_t i;

	json_array_foreach(names, i, name)
	{
		fprintf(stderr, "Error: %s \"%s\" not found\n", ctl_kind_name(kind), json_string_value(name));
	}
	return json_array_size(names) ? 1 : 0;
}

static int run(const struct vipctl *v)
{
	enum ctl_kind kind;
	const char *near;
	json_t *reply;
	int code;

	if (v->n_args == 0)
		return vipctl_wrong(v,
				    "get what? One of services, endpoints, pods, virtualservers, vips, vrrp, events");
	if (ctl_kind_parse(v->args[0], &kind)) {
		near = ctl_kind_suggest(v->args[0]);
		fprintf(stderr, "Error: there is no kind \"%s\"", v->args[0]);
		if (near)
			fprintf(stderr, "; did you mean \"%s\"?\n", near);
		else
			fprintf(stderr, "; expected services, endpoints, pods, virtualservers, vips, vrrp or events\n");
		return 1;
	}
	if (v->all_namespaces && v->n_args > 1 && ctl_kind_namespaced(kind)) {
		fprintf(stderr, "Error: a resource cannot be retrieved by name across all namespaces\n");
		return 1;
	}
	reply = vipctl_ask(v->socket, request(v, kind), PATIENCE_S);
	if (!reply)
		return 1;
	print(v, kind, json_object_get(reply, "items"));
	code = say_not_found(kind, json_object_get(reply, "notFound"));
	json_decref(reply);
	return code;
}

static const struct vipctl_flag *const flags[] = {&vipctl_namespace, &vipctl_all_namespaces, NULL};

const struct vipctl_verb vipctl_verb_get = {
    .name = "get",
    .arguments = "KIND [NAME...]",
    .summary = "lists what vipd knows",
    .text = "KIND is one of services (svc), endpoints (ep), pods (po), virtualservers (vs), vips (vip),\n"
	    "vrrp (vr), events (ev). Columns, ages and words are kubectl's.\n",
    .examples = "  # the Services of all namespaces, with selectors and problems\n"
		"  vipctl get svc -A -o wide\n\n"
		"  # one Service as a manifest\n"
		"  vipctl get svc web -n shop -o yaml\n\n"
		"  # what the kernel has, with connections\n"
		"  vipctl get vs\n\n"
		"  # who holds which address, and why the routers changed\n"
		"  vipctl get vips\n"
		"  vipctl get vrrp -o wide\n",
    .flags = flags,
    .outputs = OUTPUT_BIT(OUTPUT_WIDE) | OUTPUT_BIT(OUTPUT_JSON) | OUTPUT_BIT(OUTPUT_YAML) | OUTPUT_BIT(OUTPUT_NAME),
    .words = "services endpoints pods virtualservers vips vrrp events",
    .run = run,
};
