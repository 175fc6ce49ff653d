/* configmaps/vipmap.c and what the plan does with it: keys, values, the predecessor's annotation, Services that are missing. */
#include "../configmaps/vipmap.h"
#include "plan_world.h"

#define WEB                                                                                                            \
	SERVICE("web", "clusterIP: 10.96.0.10, selector: {app: web}, ports: [{port: 80}]")                             \
	POD("web-1", "web", "10.1.0.1")
#define CLUSTER       "TCP 10.96.0.10:80 rr 10.1.0.1:80\n"
#define VIP           "vip 10.96.0.10 vipd0\n"
#define BAD(text)     "problem ConfigMap kube-system/vips BadEntry: line 11: " text "\n"
#define PENDING(text) "problem ConfigMap kube-system/vips Pending: " text "\n"

/* The data stands on the eleventh line. */
#define MAP(data)                                                                                                      \
	"---\n# the VIP ConfigMap\n\n\n\n\n\n\n\n{apiVersion: v1, kind: ConfigMap, metadata: {name: vips, namespace: " \
	"kube-system}, "                                                                                               \
	"data: {\n" data "}}\n"
#define FORM "expected namespace/name, namespace/name:NAT, :DR or :TUN, several separated by commas, or nothing"

static const struct world_row entries[] = {
    {"an address and a Service", MAP("10.4.0.50: default/web") WEB,
     "TCP 10.4.0.50:80 rr 10.1.0.1:80\n" CLUSTER "vip 10.4.0.50 eth0\n" VIP},
    {"methods",
     MAP("10.4.0.50: default/web:DR, 10.4.0.51: default/web:TUN, 10.4.0.52: default/web:NAT, 10.4.0.53: 'default/web:'")
	 WEB,
     "TCP 10.4.0.50:80 rr 10.1.0.1:80/DR\nTCP 10.4.0.51:80 rr 10.1.0.1:80/TUN\nTCP 10.4.0.52:80 rr 10.1.0.1:80\nTCP "
     "10.4.0.53:80 rr "
     "10.1.0.1:80\n" CLUSTER "vip 10.4.0.50 eth0\nvip 10.4.0.51 eth0\nvip 10.4.0.52 eth0\nvip 10.4.0.53 eth0\n" VIP},
    {"the method of the entry before the annotation",
     MAP("10.4.0.50: default/web:NAT, 10.4.0.51: default/web") SERVICE_META(
	 "name: web, annotations: {k8s.co/keepalived-forward-method: DR}", "clusterIP: None, ports: [{port: 80}]"),
     "vip 10.4.0.50 eth0\nvip 10.4.0.51 eth0\n"},
    {"address only", MAP("10.4.0.50: '', fd00--10: ' , '"), "vip 10.4.0.50 eth0\nvip fd00::10 eth0\n"},
    {"IPv6",
     MAP("fd00--10: default/six") "---\n{apiVersion: v1, kind: Service, metadata: {name: six}, spec: {clusterIP: "
				  "'fd00:96::1', "
				  "ipFamilies: [IPv6], ports: [{port: 80}]}}\n",
     "TCP [fd00:96::1]:80 rr\nTCP [fd00::10]:80 rr\nvip fd00:96::1 vipd0\nvip fd00::10 eth0\n"},
    {"several Services",
     MAP("10.4.0.50: \"default/web:DR,\\n default/api\\n\"")
	 WEB SERVICE("api", "clusterIP: 10.96.0.11, ports: [{port: 81}]"),
     "TCP 10.4.0.50:80 rr 10.1.0.1:80/DR\nTCP 10.4.0.50:81 rr\n" CLUSTER
     "TCP 10.96.0.11:81 rr\nvip 10.4.0.50 eth0\n" VIP "vip 10.96.0.11 vipd0\n"},
    {"missing Service", MAP("10.4.0.50: 'default/web,default/api'") WEB,
     "TCP 10.4.0.50:80 rr 10.1.0.1:80\n" CLUSTER PENDING(
	 "key 10.4.0.50: there is no Service default/api") "vip 10.4.0.50 eth0\n" VIP},
    {"headless and ExternalName are passed over",
     MAP("10.4.0.50: default/h, 10.4.0.51: default/x") SERVICE("h", "clusterIP: None, ports: [{port: 80}]")
	 SERVICE("x", "type: ExternalName, externalName: example.org"),
     "vip 10.4.0.50 eth0\nvip 10.4.0.51 eth0\n"},
    {"an address of this node", MAP("192.168.0.1: default/web") WEB, CLUSTER "TCP 192.168.0.1:80 rr 10.1.0.1:80\n" VIP},
    {"another ConfigMap", "---\n{apiVersion: v1, kind: ConfigMap, metadata: {name: vips}, data: {10.4.0.50: ''}}\n",
     ""},
};

static const struct world_row bad[] = {
    {"no address", MAP("www: ''"),
     BAD("key www is not an address: expected IPv4 (10.4.0.50), or IPv6 with - for : (fd00--10)")},
    {"out of range", MAP("10.0.0.256: ''"),
     BAD("key 10.0.0.256 is not an address: expected IPv4 (10.4.0.50), or IPv6 with - for : (fd00--10)")},
    {"leading zero", MAP("010.1.1.1: ''"),
     BAD("key 010.1.1.1 is not an address: expected IPv4 (10.4.0.50), or IPv6 with - for : (fd00--10)")},
    {"multicast", MAP("224.0.0.18: ''"), BAD("key 224.0.0.18 is a multicast address")},
    {"loopback", MAP("127.0.0.1: ''"), BAD("key 127.0.0.1 is a loopback address")},
    {"unspecified", MAP("0.0.0.0: ''"), BAD("key 0.0.0.0 is the unspecified address")},
    {"IPv4-mapped", MAP("--ffff-10.0.0.1: ''"), BAD("key --ffff-10.0.0.1 is an IPv4-mapped IPv6 address")},
    {"too long", MAP("fd00-0000-0000-0000-0000-0000-0000-0000-0000-0000: ''"),
     BAD("key fd00-0000-0000-0000-0000-0000-0000-0000-0000-0000 is too long for an address")},
    {"one address twice", MAP("fd00--10: '', fd00-0--10: ''"),
     "problem ConfigMap kube-system/vips BadEntry: line 10: key fd00-0--10 is the same address as key fd00--10\nvip "
     "fd00::10 eth0\n"},
    {"no namespace", MAP("10.4.0.50: web"),
     BAD("key 10.4.0.50: \"web\" names no Service: " FORM) "vip 10.4.0.50 eth0\n"},
    {"no name", MAP("10.4.0.50: 'default/'"),
     BAD("key 10.4.0.50: \"default/\" names no Service: " FORM) "vip 10.4.0.50 eth0\n"},
    {"too many parts", MAP("10.4.0.50: a/b/c"),
     BAD("key 10.4.0.50: \"a/b/c\" names no Service: " FORM) "vip 10.4.0.50 eth0\n"},
    {"upper case", MAP("10.4.0.50: a/B"), BAD("key 10.4.0.50: \"a/B\" names no Service: " FORM) "vip 10.4.0.50 eth0\n"},
    {"PROXY", MAP("10.4.0.50: 'default/web:PROXY'"),
     BAD("key 10.4.0.50: \"default/web:PROXY\" asks for the PROXY protocol, which IPVS cannot speak: expected NAT, DR "
	 "or TUN") "vip 10.4.0.50 eth0\n"},
    {"unknown method", MAP("10.4.0.50: 'default/web:nat'"),
     BAD("key 10.4.0.50: \"default/web:nat\" has an unknown forwarding method: expected NAT, DR or TUN") "vip "
													 "10.4.0.50 "
													 "eth0\n"},
    {"one of two is bad", MAP("10.4.0.50: 'default/web, web'") WEB,
     "TCP 10.4.0.50:80 rr 10.1.0.1:80\n" CLUSTER BAD(
	 "key 10.4.0.50: \"web\" names no Service: " FORM) "vip 10.4.0.50 eth0\n" VIP},
    {"named twice", MAP("10.4.0.50: 'default/web, default/web:DR'") WEB,
     "TCP 10.4.0.50:80 rr 10.1.0.1:80\n" CLUSTER BAD(
	 "key 10.4.0.50: \"default/web\" is named twice") "vip 10.4.0.50 eth0\n" VIP},
};

static void prepare(struct world *w)
{
	world_locals(w, "192.168.0.1", NULL);
}

static void good_entries(void **state)
{
	world_rows(entries, COUNT(entries), prepare);
}

static void bad_entries(void **state)
{
	world_rows(bad, COUNT(bad), prepare);
}

#define ANNOTATED(json)                                                                                                \
	"---\n{apiVersion: v1, kind: ConfigMap, metadata: {name: vips, namespace: kube-system, annotations: "          \
	"{k8s.co/cloud-provider-config: '" json "'}}}\n"
#define CLOUD      "problem ConfigMap kube-system/vips BadEntry: line 2: annotation k8s.co/cloud-provider-config: "
#define ITEM(more) "{\"services\":[{\"uid\":\"u\",\"serviceNamespace\":\"default\"" more "}]}"
#define STRINGS    "services[0] must be a map of strings: uid, ip, serviceNamespace, serviceName, forwardMethod\n"

static const struct world_row annotations[] = {
    {"empty", ANNOTATED("{}"), ""},
    {"null", ANNOTATED("{\"services\":null}"), ""},
    {"no JSON", ANNOTATED("{\"services\":["), NULL},
    {"a list", ANNOTATED("[]"), CLOUD "expected {\"services\": [...]}\n"},
    {"services is a map", ANNOTATED("{\"services\":{}}"), CLOUD "expected {\"services\": [...]}\n"},
    {"no map", ANNOTATED("{\"services\":[3]}"), CLOUD STRINGS},
    {"a number", ANNOTATED(ITEM(",\"ip\":4")), CLOUD STRINGS},
    {"no ip", ANNOTATED(ITEM(",\"serviceName\":\"a\"")), CLOUD "services[0] has an ip that cannot be a virtual IP\n"},
    {"multicast", ANNOTATED(ITEM(",\"serviceName\":\"a\",\"ip\":\"224.0.0.1\"")),
     CLOUD "services[0] has an ip that cannot be a virtual IP\n"},
    {"no name", ANNOTATED(ITEM(",\"ip\":\"10.4.0.5\"")),
     CLOUD "services[0] names no Service: expected serviceNamespace and serviceName\n"},
    {"method", ANNOTATED(ITEM(",\"serviceName\":\"a\",\"ip\":\"10.4.0.5\",\"forwardMethod\":\"PROXY\"")),
     CLOUD "services[0] has a forwardMethod that is not NAT, DR or TUN\n"},
};

static void bad_annotations(void **state)
{
	for (size_t i = 0; i < COUNT(annotations); i++) {
		struct world *w = world_new();
		char *text;

		world_apply(w, annotations[i].yaml);
		text = world_text(w);
		if (annotations[i].want)
			assert_string_equal(text, annotations[i].want);
		else
			assert_non_null(strstr(text, "annotation k8s.co/cloud-provider-config: is not JSON: "));
		free(text);
		world_free(w);
	}
}

/* A Service that comes later is taken; one that goes is missed again. */
static void missing_service_appears(void **state)
{
	struct world *w = world_new();

	world_apply(w, MAP("10.4.0.50: default/web"));
	world_expect(w, PENDING("key 10.4.0.50: there is no Service default/web") "vip 10.4.0.50 eth0\n");
	world_apply(w, WEB);
	assert_int_equal(w->problems, 1);
	world_expect(w, "TCP 10.4.0.50:80 rr 10.1.0.1:80\n" CLUSTER "vip 10.4.0.50 eth0\n" VIP);
	world_drop(w, KIND_SERVICE, "default", "web");
	world_run(w);
	assert_int_equal(w->vip_deletes, 1); /* the cluster IP: the ConfigMap still wants its own */
	world_expect(w, PENDING("key 10.4.0.50: there is no Service default/web") "vip 10.4.0.50 eth0\n");
	world_free(w);
}

static void the_map_changes(void **state)
{
	struct world *w = world_new();

	world_apply(w, WEB MAP("10.4.0.50: default/web, 10.4.0.51: default/web:DR, x: ''"));
	world_apply(w, MAP("10.4.0.50: default/web, 10.4.0.52: default/web:DR"));
	assert_int_equal(w->sets, 1);
	assert_int_equal(w->deletes, 1);
	assert_int_equal(w->vip_sets, 1);
	assert_int_equal(w->vip_deletes, 1);
	world_apply(w, MAP("y: ''"));
	world_drop(w, KIND_CONFIGMAP, "kube-system", "vips");
	world_run(w);
	assert_int_equal(w->problems, 1);
	world_expect(w, CLUSTER VIP);
	world_free(w);
}

static void too_many_services(void **state)
{
	struct str_pair pair = {.key = "10.4.0.50"};
	struct object o = {.kind = KIND_CONFIGMAP, .file = "f", .configmap.data = {&pair, 1}};
	struct diag_list diags = {0};
	struct vipmap *m;
	char *value = xstrdup("");

	for (int i = 0; i < 1001; i++)
		value = world_append(value, xasprintf("ns/s%d\n", i));
	pair.value = value;
	m = vipmap_parse(&o, &diags);
	assert_int_equal(m->n_data, 1000);
	assert_string_equal(diags.items[0].text, "key 10.4.0.50: names more than 1000 Services");
	vipmap_free(m);
	vipmap_free(NULL);
	diag_clear(&diags);
	free(value);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(good_entries),    cmocka_unit_test(bad_entries),
	    cmocka_unit_test(bad_annotations), cmocka_unit_test(missing_service_appears),
	    cmocka_unit_test(the_map_changes), cmocka_unit_test(too_many_services),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
