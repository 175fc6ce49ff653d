/* The manifests that ship: each parses without a word, and holds what its name says. */
#include "../configmaps/manifest.h"
#include "../src/base/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char folder[] = "configmaps/examples";

static void parse(const char *name, struct object_list *out)
{
	char *path = xasprintf("%s/%s", folder, name), *text, line[512] = "";
	struct diag_list diags = {0};
	size_t len;
	int err = file_read(AT_FDCWD, path, 1 << 20, &text, &len);

	if (err)
		fail_msg("%s: %s", path, strerror(-err));
	err = manifest_parse(path, text, len, out, &diags);
	if (err || diags.n)
		fail_msg("%s", diag_format(&diags.items[0], line, sizeof(line)));
	diag_clear(&diags);
	free(text);
	free(path);
}

static void all_parse(void **s)
{
	DIR *d = opendir(folder);
	const struct dirent *e;
	size_t files = 0;

	(void)s;
	assert_non_null(d);
	while ((e = readdir(d))) {
		struct object_list l = {0};

		if (e->d_name[0] == '.')
			continue;
		parse(e->d_name, &l);
		if (!l.n)
			fail_msg("%s holds nothing", e->d_name);
		object_list_clear(&l);
		files++;
	}
	closedir(d);
	assert_true(files >= 12);
}

/* The five Services of the walk-through. */
static void walk_through(void **s)
{
	static const struct {
		const char *file, *name;
		enum service_type type;
		uint16_t port, target, node_port;
		const char *external;
	} rows[] = {
	    {"clusterip.yaml", "webapp1-clusterip-svc", SERVICE_CLUSTERIP, 80, 80, 0, NULL},
	    {"clusterip-target.yaml", "webapp1-clusterip-targetport-svc", SERVICE_CLUSTERIP, 8080, 80, 0, NULL},
	    {"nodeport.yaml", "webapp1-nodeport-svc", SERVICE_NODEPORT, 80, 80, 30080, NULL},
	    {"externalip.yaml", "webapp1-externalip-svc", SERVICE_CLUSTERIP, 80, 80, 0, "172.17.0.31"},
	    {"loadbalancer.yaml", "webapp1-loadbalancer-svc", SERVICE_LOADBALANCER, 80, 80, 0, NULL},
	};

	(void)s;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct object_list l = {0};
		const struct service *v;
		char text[ADDR_TEXT];

		parse(rows[i].file, &l);
		assert_int_equal(l.n, 1); /* the Deployment is passed over */
		assert_string_equal(l.items[0]->meta.name, rows[i].name);
		assert_string_equal(l.items[0]->meta.namespace, "default");
		v = &l.items[0]->service;
		assert_int_equal(v->type, rows[i].type);
		assert_int_equal(v->n_ports, 1);
		assert_int_equal(v->ports[0].port, rows[i].port);
		assert_int_equal(v->ports[0].target, rows[i].target);
		assert_int_equal(v->ports[0].node_port, rows[i].node_port);
		assert_int_equal(v->external_ips.n, rows[i].external ? 1 : 0);
		if (rows[i].external)
			assert_string_equal(addr_format(&v->external_ips.items[0], text), rows[i].external);
		assert_non_null(pairs_get(&v->selector, "app"));
		object_list_clear(&l);
	}
}

static void others(void **s)
{
	struct object_list l = {0};

	(void)s;
	parse("vip-configmap.yaml", &l);
	assert_int_equal(l.items[0]->kind, KIND_CONFIGMAP);
	assert_int_equal(l.items[0]->configmap.data.n, 5);
	object_list_clear(&l);
	parse("endpointslice.yaml", &l);
	assert_int_equal(l.n, 3);
	assert_int_equal(l.items[1]->endpoints.parts[0].endpoints[0].weight, 3);
	object_list_clear(&l);
	parse("udp-dns.yaml", &l);
	assert_int_equal(l.items[0]->service.ports[0].proto, IPPROTO_UDP);
	assert_true(l.items[1]->pod.ready);
	object_list_clear(&l);
	parse("session-affinity.yaml", &l);
	assert_true(l.items[0]->service.client_ip && l.items[0]->service.affinity_timeout == 600);
	object_list_clear(&l);
	parse("direct-return.yaml", &l);
	assert_string_equal(pairs_get(&l.items[0]->meta.annotations, "k8s.co/keepalived-forward-method"), "DR");
	object_list_clear(&l);
	parse("list.yaml", &l);
	assert_int_equal(l.n, 3);
	assert_int_equal(l.items[0]->service.ingress.n, 1);
	assert_int_equal(l.items[0]->meta.annotations.n, 0);
	assert_int_equal(l.items[2]->node.addresses.n, 1);
	object_list_clear(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(all_parse),
	    cmocka_unit_test(walk_through),
	    cmocka_unit_test(others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
