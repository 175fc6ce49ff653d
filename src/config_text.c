/* A configuration as the YAML that config_parse reads back to the same. Test: tests/test_config.c (fixed point). */
#include "config_read.h"
#include "yaml_out.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>

static json_t *handle_json(unsigned handle)
{
	static const char *const names[] = {"LoadBalancer", "ConfigMap", "ExternalIP", "NodePort", "ClusterIP"};
	json_t *list = json_array();

	for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++)
		if (handle & 1u << i)
			json_array_append_new(list, json_string(names[i]));
	return list;
}

static json_t *cluster_cidrs_json(const struct plan_config *p)
{
	char one[CIDR_TEXT], all[2 * CIDR_TEXT] = "";
	size_t at = 0;

	for (size_t i = 0; i < p->n_cluster_cidrs; i++)
		at += (size_t)snprintf(all + at, sizeof all - at, "%s%s", i ? "," : "",
				       cidr_format(&p->cluster_cidrs[i], one));
	return json_string(all);
}

static json_t *ranges_json(const struct pool_range *ranges, size_t n)
{
	json_t *list = json_array();
	char buf[POOL_RANGE_TEXT];

	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, json_string(pool_range_format(&ranges[i], buf)));
	return list;
}

static json_t *pool_json(const struct pool *p)
{
	json_t *j = json_pack("{s:s, s:o}", "name", p->name, "addresses", ranges_json(p->ranges, p->n));

	if (p->n_avoid)
		json_object_set_new(j, "avoid", ranges_json(p->avoid, p->n_avoid));
	if (p->use_all)
		json_object_set_new(j, "useAll", json_true());
	if (p->manual)
		json_object_set_new(j, "autoAssign", json_false());
	if (p->priority)
		json_object_set_new(j, "priority", json_integer(p->priority));
	if (p->n_namespaces) {
		json_t *names = json_array();

		for (size_t i = 0; i < p->n_namespaces; i++)
			json_array_append_new(names, json_string(p->namespaces[i]));
		json_object_set_new(j, "namespaces", names);
	}
	if (p->selector.n) {
		json_t *labels = json_object();

		for (size_t i = 0; i < p->selector.n; i++)
			json_object_set_new(labels, p->selector.items[i].key, json_string(p->selector.items[i].value));
		json_object_set_new(j, "selector", labels);
	}
	return j;
}

static json_t *pools_json(const struct plan_config *p)
{
	json_t *list = json_array();

	for (size_t i = 0; i < p->n_pools; i++)
		json_array_append_new(list, pool_json(&p->pools[i]));
	return list;
}

json_t *config_ms_json(uint32_t ms)
{
	char *s = ms % 1000 ? xasprintf("%ums", ms) : xasprintf("%us", ms / 1000);
	json_t *j = json_string(s);

	free(s);
	return j;
}

static void set_text(json_t *j, const char *key, const char *value)
{
	if (value)
		json_object_set_new(j, key, json_string(value));
}

static void sync_json(const struct config *c, json_t *j)
{
	const struct sync_settings *s = &c->ipvs.sync;
	char group[ADDR_TEXT];
	json_t *sync;

	json_object_set_new(j, "drOnBackup", json_string(config_dr_words[c->dr_on_backup]));
	if (c->ip_mode != IP_MODE_AUTO)
		set_text(j, "ipMode", config_ip_mode_words[c->ip_mode]);
	if (!s->on)
		return;
	sync = json_pack("{s:s, s:i, s:s, s:i, s:i}", "interface", s->ifname, "syncid", (int)s->id, "group",
			 addr_format(&s->group, group), "port", (int)s->port, "ttl", (int)s->ttl);
	if (s->maxlen)
		json_object_set_new(sync, "maxlen", json_integer(s->maxlen));
	json_object_set_new(sync, "threshold", json_integer(s->threshold));
	json_object_set_new(sync, "period", json_integer(s->period));
	json_object_set_new(j, "sync", sync);
}

static json_t *nets_json(const struct cidr *nets, size_t n)
{
	json_t *list = json_array();
	char buf[CIDR_TEXT];

	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, json_string(cidr_format(&nets[i], buf)));
	return list;
}

static json_t *ports_json(const struct nat_settings *s)
{
	json_t *list = json_array();
	char buf[32];

	for (size_t i = 0; i < s->n_allowed; i++) {
		const struct nat_port *p = &s->allowed[i];

		snprintf(buf, sizeof buf, "%u/%s", p->port,
			 p->proto == IPPROTO_TCP   ? "tcp"
			 : p->proto == IPPROTO_UDP ? "udp"
						   : "sctp");
		json_array_append_new(list, json_string(buf));
	}
	return list;
}

static void nat_json(const struct config *c, json_t *j)
{
	const struct nat_settings *s = &c->ipvs.nat;

	json_object_set_new(j, "masquerade", json_string(config_masquerade_words[s->masquerade]));
	json_object_set_new(j, "masqueradeBit", json_integer(s->mark_bit));
	json_object_set_new(j, "iptables", json_string(config_iptables_words[s->backend]));
	json_object_set_new(j, "podCIDRs", nets_json(s->pods, s->n_pods));
	json_object_set_new(j, "gatewayOf", nets_json(s->behind, c->n_gateway_of));
	json_object_set_new(j, "refuseUnknownPorts", json_boolean(s->refuse));
	json_object_set_new(j, "allowPorts", ports_json(s));
	json_object_set_new(j, "externalIPRanges", nets_json(c->plan.external_ranges, c->plan.n_external_ranges));
	json_object_set_new(j, "excludeCIDRs", nets_json(c->plan.excluded, c->plan.n_excluded));
	json_object_set_new(j, "nodePortAddresses", nets_json(c->plan.node_port_nets, c->plan.n_node_port_nets));
	json_object_set_new(j, "manageSysctls", json_boolean(s->sysctls));
}

static json_t *http_json(const struct http_settings *s)
{
	json_t *listen = json_array(), *j;
	char address[ADDR_TEXT], text[ADDR_TEXT + 16];

	for (size_t i = 0; i < s->n_listen; i++) {
		const struct http_place *p = &s->listen[i];

		snprintf(text, sizeof text, p->addr.family == AF_INET6 ? "[%s]:%u" : "%s:%u",
			 addr_format(&p->addr, address), p->port);
		json_array_append_new(listen, json_string(text));
	}
	j = json_pack("{s:o, s:I}", "listen", listen, "seriesLimit", (json_int_t)s->series_limit);
	set_text(j, "tokenFile", s->token_file);
	if (s->certificate)
		json_object_set_new(j, "tls", json_pack("{s:s, s:s}", "certificate", s->certificate, "key", s->key));
	return j;
}

static json_t *config_json(const struct config *c)
{
	const struct plan_config *p = &c->plan;
	char ports[32];
	json_t *j = json_object();

	snprintf(ports, sizeof ports, "%u-%u", p->node_port_first, p->node_port_last);
	set_text(j, "manifests", c->manifests);
	set_text(j, "nodeName", c->node_name);
	set_text(j, "interface", p->interface);
	json_object_set_new(j, "handle", handle_json(p->handle));
	set_text(j, "vipConfigMap", p->vip_configmap);
	set_text(j, "loadBalancerClass", p->load_balancer_class);
	json_object_set_new(j, "defaultClass", json_boolean(p->default_class));
	json_object_set_new(j, "allocate", json_boolean(p->allocate));
	json_object_set_new(j, "serviceClusterCIDR", cluster_cidrs_json(p));
	set_text(j, "nodePortRange", ports);
	json_object_set_new(j, "pools", pools_json(p));
	json_object_set_new(j, "allowUnpooled", json_boolean(p->allow_unpooled));
	set_text(j, "scheduler", p->default_scheduler);
	set_text(j, "forwardMethod", forward_name(p->default_forward));
	json_object_set_new(j, "adopt", json_boolean(c->ipvs.adopt));
	json_object_set_new(j, "garp",
			    json_pack("{s:i, s:o, s:o, s:o}", "count", (int)c->vips.garp_count, "delay",
				      config_ms_json(c->vips.garp_second_ms), "refresh",
				      config_ms_json(c->vips.garp_refresh_ms), "interval",
				      config_ms_json(c->vips.garp_interval_ms)));
	json_object_set_new(j, "readyTimeout", config_ms_json(c->ready_timeout_s * 1000));
	json_object_set_new(j, "drainTimeout", config_ms_json(c->plan.drain_s * 1000));
	if (c->n_routers) {
		json_object_set_new(j, "routers", config_routers_json(c));
	} else if (c->routers_auto) {
		json_object_set_new(j, "routers", json_string("auto"));
		json_object_set_new(j, "spread", config_spread_json(c->spread));
	}
	sync_json(c, j);
	nat_json(c, j);
	json_object_set_new(j, "http", http_json(&c->http));
	if (c->vips.notify_script[0] || c->vips.notify_fifo[0]) {
		json_t *notify = json_object();

		set_text(notify, "script", c->vips.notify_script[0] ? c->vips.notify_script : NULL);
		set_text(notify, "fifo", c->vips.notify_fifo[0] ? c->vips.notify_fifo : NULL);
		json_object_set_new(j, "notify", notify);
	}
	return j;
}

char *config_text(const struct config *c)
{
	json_t *j = config_json(c);
	char *text = yaml_text(j);

	json_decref(j);
	return text;
}
