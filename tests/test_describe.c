/* Descriptions, line by line as kubectl has them. */
#include "../src/describe.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* 2026-01-01T01:00:00Z */
enum { NOW = 1767229200 };

/* JSON with ' for ". */
static json_t *json(const char *text)
{
	char *copy = strdup(text);
	json_error_t e;
	json_t *j;

	for (char *p = copy; *p; p++)
		if (*p == '\'')
			*p = '"';
	j = json_loads(copy, 0, &e);
	if (!j)
		fail_msg("%s at %d", e.text, e.position);
	free(copy);
	return j;
}

static void check(void (*describe)(FILE *, json_t *, const struct describe_world *), const char *item,
		  const struct describe_world *w, const char *want)
{
	char *got = NULL;
	size_t n;
	FILE *f = open_memstream(&got, &n);
	json_t *j = json(item);

	describe(f, j, w);
	fclose(f);
	json_decref(j);
	assert_string_equal(got, want);
	free(got);
}

static void clear(struct describe_world *w)
{
	json_decref(w->servers);
	json_decref(w->vips);
	json_decref(w->endpoints);
	json_decref(w->events);
	json_decref(w->problems);
}

static void test_service(void **state)
{
	struct describe_world w = {
	    .servers = json(
		"[{'metadata': {'name': 'TCP 10.10.0.1:80'}, 'spec': {'service': 'default/web', 'scheduler': 'rr'}, "
		"'status': {'connections': 12, 'rates': {'connections': 1, 'inPackets': 10, 'outPackets': 8, "
		"'inBytes': "
		"640, 'outBytes': 9000}, 'reals': [{'address': '10.32.0.5', 'port': 80, 'forward': 'NAT', 'weight': 1, "
		"'active': 2, 'inactive': 3, 'connections': 7, 'inBytes': 70, 'outBytes': 700}]}}, {'metadata': "
		"{'name': "
		"'TCP 10.96.0.7:80'}, 'spec': {'service': 'default/web', 'scheduler': 'rr'}, 'status': {'reals': []}}, "
		"{'metadata': {'name': 'TCP 10.96.0.8:80'}, 'spec': {'service': 'default/other'}, 'status': {}}]"),
	    .vips = json("[{'metadata': {'name': '10.10.0.1'}, 'spec': {'services': ['default/web'], 'router': "
			 "'vips'}, 'status': "
			 "{'held': true, 'owner': 'lb1', 'state': 'Active'}}, {'metadata': {'name': '10.96.0.7'}, "
			 "'spec': {'services': "
			 "['a/b', 'default/web']}, 'status': {'held': false}}, {'metadata': {'name': '10.96.0.9'}, "
			 "'spec': {'services': "
			 "['a/b']}, 'status': {}}]"),
	    .endpoints = json(
		"[{'metadata': {'name': 'web', 'namespace': 'default'}, 'subsets': [{'addresses': [{'ip': "
		"'10.32.0.5'}, "
		"{'ip': '10.32.0.6'}, {'ip': '10.32.0.7'}, {'ip': 'fd32::5'}], 'ports': [{'port': 80}]}, {'addresses': "
		"[{'ip': '10.32.0.5'}], 'ports': [{'name': 'dns', 'port': 53}]}]}]"),
	    .events =
		json("[{'involvedObject': {'kind': 'Service', 'namespace': 'default', 'name': 'web'}, 'type': "
		     "'Normal', 'reason': "
		     "'EnsuredLoadBalancer', 'count': 1, 'firstTimestamp': '2026-01-01T00:59:30Z', 'lastTimestamp': "
		     "'2026-01-01T00:59:30Z', 'source': {'component': 'vipd'}, 'message': 'Ensured load balancer'}, "
		     "{'involvedObject': {'kind': 'Service', 'namespace': 'default', 'name': 'web'}, 'type': "
		     "'Warning', 'reason': "
		     "'NoEndpoints', 'count': 3, 'firstTimestamp': '2026-01-01T00:50:00Z', 'lastTimestamp': "
		     "'2026-01-01T00:58:00Z', 'source': {'component': 'vipd'}, 'message': 'none is ready'}, "
		     "{'involvedObject': "
		     "{'kind': 'Service', 'namespace': 'shop', 'name': 'web'}, 'reason': 'X'}]"),
	    .problems = json(
		"[{'object': 'Service default/web', 'reason': 'Conflict', 'message': 'belongs to another'}, {'object': "
		"'Service default/web2', 'reason': 'X', 'message': 'y'}]"),
	    .now = NOW};

	check(describe_service,
	      "{'metadata': {'name': 'web', 'namespace': 'default', 'labels': {'app': 'web', 'tier': 'front'}, "
	      "'annotations': {'a/b': "
	      "'c\\u001b[31m'}}, 'spec': {'type': 'LoadBalancer', 'selector': {'app': 'web', 'x': 'y'}, 'clusterIP': "
	      "'10.96.0.7', "
	      "'clusterIPs': ['10.96.0.7', 'fd96::7'], 'ipFamilies': ['IPv4', 'IPv6'], 'ipFamilyPolicy': "
	      "'RequireDualStack', 'ports': "
	      "[{'port': 80, 'protocol': 'TCP', 'targetPort': 80, 'nodePort': 30080}, {'name': 'dns', 'port': 53, "
	      "'protocol': 'UDP', "
	      "'targetPort': 'dns'}], 'externalIPs': ['192.0.2.1'], 'loadBalancerIP': '10.10.0.1', 'sessionAffinity': "
	      "'None', "
	      "'externalTrafficPolicy': 'Local', 'internalTrafficPolicy': 'Cluster', 'healthCheckNodePort': 31000, "
	      "'loadBalancerSourceRanges': ['10.0.0.0/8', '192.0.2.0/24']}, 'status': {'loadBalancer': {'ingress': "
	      "[{'ip': "
	      "'10.10.0.1', 'ipMode': 'VIP'}, {'ip': 'fd10::1'}]}}}",
	      &w,
	      "Name:                     web\n"
	      "Namespace:                default\n"
	      "Labels:                   app=web\n"
	      "                          tier=front\n"
	      "Annotations:              a/b: c?[31m\n"
	      "Selector:                 app=web,x=y\n"
	      "Type:                     LoadBalancer\n"
	      "IP Family Policy:         RequireDualStack\n"
	      "IP Families:              IPv4,IPv6\n"
	      "IP:                       10.96.0.7\n"
	      "IPs:                      10.96.0.7,fd96::7\n"
	      "External IPs:             192.0.2.1\n"
	      "Desired LoadBalancer IP:  10.10.0.1\n"
	      "LoadBalancer Ingress:     10.10.0.1 (VIP), fd10::1\n"
	      "Port:                     <unset>  80/TCP\n"
	      "TargetPort:               80/TCP\n"
	      "NodePort:                 <unset>  30080/TCP\n"
	      "Endpoints:                10.32.0.5:80,10.32.0.6:80,10.32.0.7:80 + 1 more...\n"
	      "Port:                     dns  53/UDP\n"
	      "TargetPort:               dns/UDP\n"
	      "Endpoints:                10.32.0.5:53\n"
	      "Session Affinity:         None\n"
	      "External Traffic Policy:  Local\n"
	      "Internal Traffic Policy:  Cluster\n"
	      "HealthCheck NodePort:     31000\n"
	      "LoadBalancer Source Ranges: 10.0.0.0/8,192.0.2.0/24\n"
	      "Addresses:                10.10.0.1, held here, owner lb1, router vips Active\n"
	      "                          10.96.0.7, absent here\n"
	      "Virtual Servers:          TCP 10.10.0.1:80 rr, 12 connections; a second: 1 connections, 10 packets in, "
	      "8 out, 640 "
	      "bytes in, 9000 out\n"
	      "  Real Server    Forward   Weight   Active   Inactive   Connections   In Bytes   Out Bytes\n"
	      "  10.32.0.5:80   NAT       1        2        3          7             70         700\n"
	      "                          TCP 10.96.0.7:80 rr, 0 connections\n"
	      "  <no real servers>\n"
	      "Problems:                 Conflict: belongs to another\n"
	      "Events:\n"
	      "  Type      Reason                Age                From   Message\n"
	      "  ----      ------                ----               ----   -------\n"
	      "  Normal    EnsuredLoadBalancer   30s                vipd   Ensured load balancer\n"
	      "  Warning   NoEndpoints           2m (x3 over 10m)   vipd   none is ready\n");
	clear(&w);
}

/* Nothing but the object is known. */
static void test_service_alone(void **state)
{
	struct describe_world w = {.now = NOW};

	check(describe_service,
	      "{'metadata': {'name': 'web', 'namespace': 'default'}, 'spec': {'type': 'ExternalName', 'externalName': "
	      "'x.example', "
	      "'sessionAffinity': 'None'}}",
	      &w,
	      "Name:                     web\n"
	      "Namespace:                default\n"
	      "Labels:                   <none>\n"
	      "Annotations:              <none>\n"
	      "Selector:                 <none>\n"
	      "Type:                     ExternalName\n"
	      "IP Families:              <none>\n"
	      "IP:                       <none>\n"
	      "IPs:                      <none>\n"
	      "External Name:            x.example\n"
	      "Session Affinity:         None\n"
	      "Addresses:                <the vrrp process does not answer>\n"
	      "Virtual Servers:          <the ipvs process does not answer>\n"
	      "Problems:                 <none>\n"
	      "Events:                   <none>\n");
}

static void test_server(void **state)
{
	struct describe_world w = {.problems = json("[]"), .now = NOW};

	check(describe_server,
	      "{'metadata': {'name': 'TCP 10.10.0.1:80'}, 'spec': {'service': 'default/web', 'scheduler': 'wrr', "
	      "'persistence': 300}, "
	      "'status': {'ours': true, 'connections': 5, 'inPackets': 6, 'outPackets': 7, 'inBytes': 8, 'outBytes': "
	      "9, 'rates': "
	      "{'connections': 1, 'inPackets': 2, 'outPackets': 3, 'inBytes': 4, 'outBytes': 5}, 'reals': [{'address': "
	      "'fd32::5', "
	      "'port': 80, 'forward': 'TUN', 'weight': 0}]}}",
	      &w,
	      "Name:                     TCP 10.10.0.1:80\n"
	      "Service:                  default/web\n"
	      "Scheduler:                wrr\n"
	      "Persistence:              300 seconds\n"
	      "Connections:              5, 1/s\n"
	      "Packets In:               6, 2/s\n"
	      "Packets Out:              7, 3/s\n"
	      "Bytes In:                 8, 4/s\n"
	      "Bytes Out:                9, 5/s\n"
	      "Real Servers:\n"
	      "  Real Server    Forward   Weight   Active   Inactive   Connections   In Bytes   Out Bytes\n"
	      "  [fd32::5]:80   TUN       0        0        0          0             0          0\n"
	      "Problems:                 <none>\n");
	/* The kernel computes no rates. */
	check(
	    describe_server,
	    "{'metadata': {'name': 'TCP 10.10.0.1:80'}, 'spec': {'service': 'default/web', 'scheduler': 'rr'}, "
	    "'status': {'ours': true, 'connections': 5, 'inPackets': 6, 'outPackets': 7, 'inBytes': 8, 'outBytes': 9, "
	    "'reals': []}}",
	    &w,
	    "Name:                     TCP 10.10.0.1:80\n"
	    "Service:                  default/web\n"
	    "Scheduler:                rr\n"
	    "Connections:              5\n"
	    "Packets In:               6\n"
	    "Packets Out:              7\n"
	    "Bytes In:                 8\n"
	    "Bytes Out:                9\n"
	    "Real Servers:\n"
	    "  <no real servers>\n"
	    "Problems:                 <none>\n");
	clear(&w);
}

static void test_vip(void **state)
{
	struct describe_world w = {.problems = json("[]"), .now = NOW};

	check(describe_vip,
	      "{'metadata': {'name': '10.10.0.1'}, 'spec': {'kind': 'client', 'interface': 'eth0', 'router': 'vips', "
	      "'services': "
	      "['a/b', 'c/d']}, 'status': {'held': false, 'since': 1767229140, 'owner': '172.17.0.12', 'state': "
	      "'Backup', "
	      "'announcements': 3, 'problem': 'interface eth0 is down'}}",
	      &w,
	      "Address:                  10.10.0.1\n"
	      "Kind:                     client\n"
	      "Interface:                eth0\n"
	      "State:                    absent\n"
	      "Since:                    60s\n"
	      "Owner:                    172.17.0.12\n"
	      "Router:                   vips (Backup here)\n"
	      "Announcements:            3\n"
	      "Services:                 a/b,c/d\n"
	      "Why Absent:               interface eth0 is down\n"
	      "Problems:                 <none>\n");
	clear(&w);
}

static void test_router(void **state)
{
	struct describe_world w = {
	    .vips = json(
		"[{'metadata': {'name': '10.10.0.1'}, 'spec': {'router': 'vips'}}, {'metadata': {'name': '10.10.0.2'}, "
		"'spec': {'router': 'other'}}]"),
	    .problems = json("[{'object': 'router vips', 'reason': 'Fault', 'message': 'eth0 is down'}]"),
	    .now = NOW};

	check(describe_router,
	      "{'metadata': {'name': 'vips'}, 'spec': {'vrid': 50, 'version': 3, 'interface': 'eth0', 'family': "
	      "'IPv4', 'priority': 150, "
	      "'intervalMs': 1000, 'group': 'pair'}, 'status': {'state': 'Fault', 'since': 1767229140, 'lastCause': "
	      "'interface down', "
	      "'active': '172.17.0.12', 'effectivePriority': 0, 'why': 'tracked', 'address': '172.17.0.11', 'sent': 5, "
	      "'received': 6, 'differing': 4, 'difference': '10.0.0.12 lacks 10.0.0.7', "
	      "'sendErrors': 0, 'transitions': 3, 'refused': {'checksum': 2, 'TTL': 1}, 'peers': [{'address': "
	      "'172.17.0.12', 'priority': "
	      "100, 'lastHeardMs': 400}], 'tracks': [{'kind': 'interface', 'name': 'eth0', 'state': 'down', 'weight': "
	      "'fault'}, {'kind': "
	      "'file', 'name': '/x', 'value': 7, 'weight': -10}]}}",
	      &w,
	      "Name:                     vips\n"
	      "State:                    Fault\n"
	      "Since:                    60s\n"
	      "Last Cause:               interface down\n"
	      "Active:                   172.17.0.12\n"
	      "VRID:                     50\n"
	      "Version:                  3\n"
	      "Interface:                eth0\n"
	      "Family:                   IPv4\n"
	      "Priority:                 0 of 150: tracked\n"
	      "Interval:                 1000 ms\n"
	      "Sync Group:               pair\n"
	      "Own Address:              172.17.0.11\n"
	      "Advertisements:           5 sent, 6 received, 0 send errors\n"
	      "                          4 of them list other addresses\n"
	      "Difference:               10.0.0.12 lacks 10.0.0.7\n"
	      "Transitions:              3\n"
	      "Refused:                  checksum 2\n"
	      "                          TTL 1\n"
	      "Addresses:                10.10.0.1\n"
	      "Peers:\n"
	      "  Peer          Priority   Last Heard\n"
	      "  172.17.0.12   100        400 ms ago\n"
	      "  Tracked     Name   State   Weight\n"
	      "  interface   eth0   down    fault\n"
	      "  file        /x     7       -10\n"
	      "Problems:                 Fault: eth0 is down\n");
	clear(&w);
	w = (struct describe_world){.now = NOW};
	check(describe_router, "{'metadata': {'name': 'v'}, 'spec': {}, 'status': {}}", &w,
	      "Name:                     v\nState:                    <none>\nLast Cause:               <none>\n"
	      "Active:                   <none>\nVRID:                     0\nVersion:                  0\n"
	      "Interface:                <none>\nFamily:                   <none>\nPriority:                 0 of 0\n"
	      "Interval:                 0 ms\nOwn Address:              <none>\n"
	      "Advertisements:           0 sent, 0 received, 0 send errors\nTransitions:              0\n"
	      "Refused:                  <none>\nAddresses:                <none>\nPeers:                    <none>\n"
	      "Problems:                 <none>\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_service), cmocka_unit_test(test_service_alone), cmocka_unit_test(test_server),
	    cmocka_unit_test(test_vip),     cmocka_unit_test(test_router),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
