/* manifest_parse: any bytes as a file. What is taken must hold what the consumers rely on. */
#include "../../configmaps/manifest.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void check_pairs(const struct str_pairs *p)
{
	for (size_t i = 0; i < p->n; i++) {
		require(p->items[i].key && p->items[i].value);
		require(!i || strcmp(p->items[i - 1].key, p->items[i].key) < 0);
	}
}

static void check_addrs(const struct addr_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		require(!addr_unusable(&l->items[i]));
}

static void check_service(const struct service *s)
{
	require(s->n_ports || s->headless || s->type == SERVICE_EXTERNALNAME);
	for (size_t i = 0; i < s->n_ports; i++)
		require(s->ports[i].port && s->ports[i].name && !s->ports[i].target == !!s->ports[i].target_name);
	check_addrs(&s->cluster_ips);
	check_addrs(&s->external_ips);
	check_addrs(&s->ingress);
	check_addrs(&s->proxied);
	check_pairs(&s->selector);
	require(s->affinity_timeout);
}

static void check_endpoints(const struct endpoints *e)
{
	require(e->service && *e->service);
	for (size_t i = 0; i < e->n; i++) {
		for (size_t j = 0; j < e->parts[i].n; j++) {
			require(e->parts[i].endpoints[j].addr.family == e->parts[i].family);
			require(!addr_unusable(&e->parts[i].endpoints[j].addr));
		}
		for (size_t j = 0; j < e->parts[i].n_ports; j++)
			require(e->parts[i].ports[j].name);
	}
}

static void check(const struct object *o)
{
	require(*o->meta.name && !*o->meta.namespace == (o->kind == KIND_NODE));
	check_pairs(&o->meta.labels);
	check_pairs(&o->meta.annotations);
	if (o->kind == KIND_SERVICE)
		check_service(&o->service);
	else if (o->kind == KIND_SLICE || o->kind == KIND_ENDPOINTS)
		check_endpoints(&o->endpoints);
	else if (o->kind == KIND_POD)
		check_addrs(&o->pod.ips);
	else if (o->kind == KIND_NODE)
		check_addrs(&o->node.addresses);
	else
		check_pairs(&o->configmap.data);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct object_list out = {0};
	struct diag_list diags = {0};
	int err = manifest_parse("f.yaml", (const char *)data, size, &out, &diags);

	require((err != 0) == (diags.errors != 0));
	for (size_t i = 0; i < out.n; i++)
		check(out.items[i]);
	object_list_clear(&out);
	diag_clear(&diags);
	return 0;
}
