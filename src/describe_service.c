/* A Service. Source: k8s.io/kubectl/pkg/describe (describeService, formatEndpoints): words and order are its own; what vipd adds stands between its
 * lines and the Events. Test: tests/test_describe.c. */
#include "describe_int.h"

#include "base/arena.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* "10.0.0.1:80,10.0.0.2:80 + 3 more..." of one port name. */
static void endpoints_of(FILE *to, json_t *subsets, const char *port)
{
	enum { SHOWN = 3 };
	json_t *subset, *address, *p;
	size_t i, j, k, n = 0;

	describe_name(to, "Endpoints:");
	json_array_foreach(subsets, i, subset)
	{
		json_array_foreach(json_object_get(subset, "ports"), j, p)
		{
			if (strcmp(describe_text(p, "name"), port) != 0)
				continue;
			json_array_foreach(json_object_get(subset, "addresses"), k, address)
			{
				char *s = describe_socket(describe_text(address, "ip"), describe_number(p, "port"));

				if (n < SHOWN)
					fprintf(to, "%s%s", n ? "," : "", s);
				n++;
				free(s);
			}
		}
	}
	if (n > SHOWN)
		fprintf(to, " + %zu more...", n - SHOWN);
	fputs(n ? "\n" : "<none>\n", to);
}

static json_t *named(json_t *items, const char *ns, const char *name)
{
	json_t *one;
	size_t i;

	json_array_foreach(items, i, one)
	{
		json_t *meta = json_object_get(one, "metadata");

		if (strcmp(describe_text(meta, "name"), name) == 0 &&
		    (!*ns || strcmp(describe_text(meta, "namespace"), ns) == 0))
			return one;
	}
	return NULL;
}

static void port(FILE *to, json_t *p, json_t *subsets)
{
	const char *name = *describe_text(p, "name") ? describe_text(p, "name") : "<unset>",
		   *protocol = describe_text(p, "protocol");
	json_t *target = json_object_get(p, "targetPort");

	describe_line(to, "Port:", "%s  %lld/%s", name, describe_number(p, "port"), protocol);
	if (json_is_string(target))
		describe_line(to, "TargetPort:", "%s/%s", json_string_value(target), protocol);
	else
		describe_line(to, "TargetPort:", "%lld/%s", describe_number(p, "targetPort"), protocol);
	if (describe_number(p, "nodePort"))
		describe_line(to, "NodePort:", "%s  %lld/%s", name, describe_number(p, "nodePort"), protocol);
	endpoints_of(to, subsets, describe_text(p, "name"));
}

/* "10.10.0.1 (VIP), 10.10.0.2 (VIP)" */
static void ingress(FILE *to, json_t *service)
{
	json_t *items = json_object_get(describe_at(service, "status", "loadBalancer"), "ingress"), *one;
	size_t i;

	if (json_array_size(items) == 0)
		return;
	describe_name(to, "LoadBalancer Ingress:");
	json_array_foreach(items, i, one)
	{
		fprintf(to, "%s%s", i ? ", " : "", describe_text(one, "ip"));
		if (*describe_text(one, "ipMode"))
			fprintf(to, " (%s)", describe_text(one, "ipMode"));
	}
	fputc('\n', to);
}

/* "a=b,c=d" */
static void selector(FILE *to, json_t *object)
{
	const char *key;
	json_t *v;
	size_t n = 0;

	describe_name(to, "Selector:");
	json_object_foreach(object, key, v)
	{
		fprintf(to, "%s", n++ ? "," : "");
		describe_put(to, key);
		fputc('=', to);
		describe_put(to, json_string_value(v) ? json_string_value(v) : "");
	}
	fputs(n ? "\n" : "<none>\n", to);
}

static void addresses(FILE *to, json_t *service)
{
	json_t *spec = json_object_get(service, "spec");

	if (*describe_text(spec, "ipFamilyPolicy"))
		describe_line(to, "IP Family Policy:", "%s", describe_text(spec, "ipFamilyPolicy"));
	else if (json_array_size(json_object_get(spec, "ipFamilies")))
		describe_line(to, "IP Family Policy:", "SingleStack");
	describe_list(to, "IP Families:", json_object_get(spec, "ipFamilies"), NULL);
	describe_line(to, "IP:", "%s", describe_text(spec, "clusterIP"));
	describe_list(to, "IPs:", json_object_get(spec, "clusterIPs"), NULL);
	if (json_array_size(json_object_get(spec, "externalIPs")))
		describe_list(to, "External IPs:", json_object_get(spec, "externalIPs"), NULL);
	if (*describe_text(spec, "loadBalancerIP"))
		describe_line(to, "Desired LoadBalancer IP:", "%s", describe_text(spec, "loadBalancerIP"));
	if (*describe_text(spec, "externalName"))
		describe_line(to, "External Name:", "%s", describe_text(spec, "externalName"));
	ingress(to, service);
}

static void policies(FILE *to, json_t *spec)
{
	describe_line(to, "Session Affinity:", "%s", describe_text(spec, "sessionAffinity"));
	if (*describe_text(spec, "externalTrafficPolicy"))
		describe_line(to, "External Traffic Policy:", "%s", describe_text(spec, "externalTrafficPolicy"));
	if (*describe_text(spec, "internalTrafficPolicy"))
		describe_line(to, "Internal Traffic Policy:", "%s", describe_text(spec, "internalTrafficPolicy"));
	if (describe_number(spec, "healthCheckNodePort"))
		describe_line(to, "HealthCheck NodePort:", "%lld", describe_number(spec, "healthCheckNodePort"));
	if (json_array_size(json_object_get(spec, "loadBalancerSourceRanges")))
		describe_list(to, "LoadBalancer Source Ranges:", json_object_get(spec, "loadBalancerSourceRanges"),
			      NULL);
}

/* Who holds which of its addresses. */
static void owners(FILE *to, const struct describe_world *w, const char *service)
{
	json_t *vip, *one;
	size_t i, k, n = 0;

	if (!w->vips) {
		describe_line(to, "Addresses:", "<the vrrp process does not answer>");
		return;
	}
	json_array_foreach(w->vips, i, vip)
	{
		json_t *spec = json_object_get(vip, "spec"), *status = json_object_get(vip, "status");
		bool mine = false;

		json_array_foreach(json_object_get(spec, "services"), k, one)
		{
			mine = mine || strcmp(json_string_value(one), service) == 0;
		}
		if (!mine)
			continue;
		describe_line(to, n++ ? "" : "Addresses:", "%s, %s here%s%s%s%s%s%s",
			      describe_text(json_object_get(vip, "metadata"), "name"),
			      json_is_true(json_object_get(status, "held")) ? "held" : "absent",
			      *describe_text(status, "owner") ? ", owner " : "", describe_text(status, "owner"),
			      *describe_text(spec, "router") ? ", router " : "", describe_text(spec, "router"),
			      *describe_text(status, "state") ? " " : "", describe_text(status, "state"));
	}
	if (!n)
		describe_line(to, "Addresses:", "<none>");
}

static void rates_text(json_t *status, char *buf, size_t size)
{
	json_t *r = json_object_get(status, "rates");

	if (!r) { /* the kernel computes none */
		snprintf(buf, size, "%lld connections", describe_number(status, "connections"));
		return;
	}
	snprintf(buf, size,
		 "%lld connections; a second: %lld connections, %lld packets in, %lld out, %lld bytes in, %lld out",
		 describe_number(status, "connections"), describe_number(r, "connections"),
		 describe_number(r, "inPackets"), describe_number(r, "outPackets"), describe_number(r, "inBytes"),
		 describe_number(r, "outBytes"));
}

static void servers(FILE *to, const struct describe_world *w, const char *service)
{
	char rates[256];
	json_t *s;
	size_t i, n = 0;

	if (!w->servers) {
		describe_line(to, "Virtual Servers:", "<the ipvs process does not answer>");
		return;
	}
	json_array_foreach(w->servers, i, s)
	{
		json_t *spec = json_object_get(s, "spec"), *status = json_object_get(s, "status");

		if (strcmp(describe_text(spec, "service"), service) != 0)
			continue;
		rates_text(status, rates, sizeof rates);
		describe_line(to, n++ ? "" : "Virtual Servers:", "%s %s, %s",
			      describe_text(json_object_get(s, "metadata"), "name"), describe_text(spec, "scheduler"),
			      rates);
		describe_reals(to, status);
	}
	if (!n)
		describe_line(to, "Virtual Servers:", "<none>");
}

void describe_service(FILE *to, json_t *service, const struct describe_world *w)
{
	json_t *meta = json_object_get(service, "metadata"), *spec = json_object_get(service, "spec"), *p;
	const char *ns = describe_text(meta, "namespace"), *name = describe_text(meta, "name");
	json_t *subsets = json_object_get(named(w->endpoints, ns, name), "subsets");
	char *full = xasprintf("%s/%s", ns, name), *object = xasprintf("Service %s", full);
	size_t i;

	describe_line(to, "Name:", "%s", name);
	describe_line(to, "Namespace:", "%s", ns);
	describe_pairs(to, "Labels:", json_object_get(meta, "labels"), "=");
	describe_pairs(to, "Annotations:", json_object_get(meta, "annotations"), ": ");
	selector(to, json_object_get(spec, "selector"));
	describe_line(to, "Type:", "%s", describe_text(spec, "type"));
	addresses(to, service);
	json_array_foreach(json_object_get(spec, "ports"), i, p)
	{
		port(to, p, subsets);
	}
	policies(to, spec);
	owners(to, w, full);
	servers(to, w, full);
	describe_problems(to, w, object);
	describe_events(to, w, "Service", ns, name);
	free(object);
	free(full);
}
