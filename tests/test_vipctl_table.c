/* Lists as vipctl prints them. */
#include "../src/vipctl.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* 2026-01-01T01:00:00Z */
enum { NOW = 1767229200 };

static void check(enum ctl_kind kind, const char *items, bool namespaces, bool wide, const char *want)
{
	json_error_t e;
	json_t *j = json_loads(items, 0, &e);
	struct columns *c;
	char *text;

	if (!j)
		fail_msg("%s: %s", e.text, items);
	c = vipctl_table(kind, j, namespaces, wide, NOW);
	text = columns_text(c);
	assert_string_equal(text, want);
	free(text);
	columns_free(c);
	json_decref(j);
}

static const char services[] =
    "[{\"metadata\":{\"name\":\"web\",\"namespace\":\"shop\",\"creationTimestamp\":\"2026-01-01T00:55:00Z\"},"
    "\"spec\":{\"type\":\"LoadBalancer\",\"clusterIP\":\"10.96.0.1\",\"externalIPs\":[\"10.4.0.9\"],"
    "\"ports\":[{\"port\":80,\"nodePort\":30080,\"protocol\":\"TCP\"},{\"port\":53,\"protocol\":\"UDP\"}],"
    "\"selector\":{\"app\":\"web\",\"tier\":\"1\"}},"
    "\"status\":{\"loadBalancer\":{\"ingress\":[{\"ip\":\"192.0.2.1\"},{\"ip\":\"fd00::1\"}]}}},"
    "{\"metadata\":{\"name\":\"waits\",\"namespace\":\"shop\"},\"spec\":{\"type\":\"LoadBalancer\",\"ports\":[]},"
    "\"status\":{\"conditions\":[{\"reason\":\"NotAllocated\"}]}},"
    "{\"metadata\":{\"name\":\"plain\",\"namespace\":\"shop\",\"creationTimestamp\":\"nonsense\"},"
    "\"spec\":{\"type\":\"ClusterIP\",\"clusterIP\":\"None\",\"ports\":[{\"port\":1}]}}]";

static void test_services(void **state)
{
	check(CTL_SERVICES, services, false, false,
	      "NAME    TYPE           CLUSTER-IP   EXTERNAL-IP                  PORT(S)               AGE\n"
	      "web     LoadBalancer   10.96.0.1    192.0.2.1,fd00::1,10.4.0.9   80:30080/TCP,53/UDP   5m\n"
	      "waits   LoadBalancer   <none>       <pending>                    <none>                <unknown>\n"
	      "plain   ClusterIP      None         <none>                       1/TCP                 <unknown>\n");
	check(CTL_SERVICES, services, true, true,
	      "NAMESPACE   NAME    TYPE           CLUSTER-IP   EXTERNAL-IP                  PORT(S)               AGE  "
	      "       "
	      "SELECTOR         PROBLEM\n"
	      "shop        web     LoadBalancer   10.96.0.1    192.0.2.1,fd00::1,10.4.0.9   80:30080/TCP,53/UDP   5m   "
	      "       "
	      "app=web,tier=1   <none>\n"
	      "shop        waits   LoadBalancer   <none>       <pending>                    <none>                "
	      "<unknown>   "
	      "<none>           NotAllocated\n"
	      "shop        plain   ClusterIP      None         <none>                       1/TCP                 "
	      "<unknown>   "
	      "<none>           <none>\n");
}

static void test_endpoints(void **state)
{
	static const char items[] = "[{\"metadata\":{\"name\":\"web\"},\"subsets\":[{\"addresses\":[{\"ip\":\"10.0.0."
				    "1\"},{\"ip\":\"10.0.0.2\"},"
				    "{\"ip\":\"10.0.0.3\"}],\"ports\":[{\"port\":80}]},{\"addresses\":[{\"ip\":\"fd00::"
				    "1\"}],\"ports\":[{\"port\":80}]}]},"
				    "{\"metadata\":{\"name\":\"none\"},\"subsets\":[]}]";

	check(CTL_ENDPOINTS, items, false, false,
	      "NAME   ENDPOINTS                                         AGE\n"
	      "web    10.0.0.1:80,10.0.0.2:80,10.0.0.3:80 + 1 more...   <unknown>\n"
	      "none   <none>                                            <unknown>\n");
	check(CTL_ENDPOINTS, items, false, true,
	      "NAME   ENDPOINTS                                          AGE\n"
	      "web    10.0.0.1:80,10.0.0.2:80,10.0.0.3:80,[fd00::1]:80   <unknown>\n"
	      "none   <none>                                             <unknown>\n");
}

static void test_pods(void **state)
{
	check(CTL_PODS,
	      "[{\"metadata\":{\"name\":\"a\"},\"spec\":{\"nodeName\":\"n1\"},\"status\":{\"phase\":\"Running\","
	      "\"podIP\":\"10.32.0.1\","
	      "\"conditions\":[{\"type\":\"Ready\",\"status\":\"True\"}]}},"
	      "{\"metadata\":{\"name\":\"b\"},\"spec\":{},\"status\":{\"phase\":\"Succeeded\"}},"
	      "{\"metadata\":{\"name\":\"c\"},\"spec\":{},\"status\":{\"phase\":\"Running\",\"reason\":\"Terminating\"}"
	      "}]",
	      false, false,
	      "NAME   READY   STATUS        IP          NODE     AGE\n"
	      "a      1/1     Running       10.32.0.1   n1       <unknown>\n"
	      "b      0/1     Completed     <none>      <none>   <unknown>\n"
	      "c      0/1     Terminating   <none>      <none>   <unknown>\n");
}

static void test_kernel(void **state)
{
	static const char vs[] =
	    "[{\"metadata\":{\"name\":\"TCP "
	    "10.96.0.1:80\"},\"spec\":{\"scheduler\":\"rr\",\"persistence\":10800,\"service\":\"a/b\"},"
	    "\"status\":{\"ours\":true,\"connections\":7,\"reals\":[{\"address\":\"10.32.0.1\",\"port\":8080,"
	    "\"weight\":1,\"active\":2,"
	    "\"inactive\":3,\"forward\":\"NAT\"},{\"address\":\"10.32.0.2\",\"port\":8080,\"weight\":4,\"active\":1,"
	    "\"inactive\":0,"
	    "\"forward\":\"NAT\"}]}},"
	    "{\"metadata\":{\"name\":\"UDP "
	    "[fd00::1]:53\"},\"spec\":{\"scheduler\":\"mh\"},\"status\":{\"ours\":false,\"reals\":[]}},"
	    "{\"metadata\":{\"name\":\"TCP "
	    "10.96.0.2:80\"},\"spec\":{\"scheduler\":\"rr\"},\"status\":{\"ours\":true,\"reals\":["
	    "{\"address\":\"10.32.0.1\",\"port\":80,\"weight\":0,\"forward\":\"NAT\",\"drainsUntil\":1767229500},"
	    "{\"address\":\"10.32.0.2\",\"port\":80,\"weight\":0,\"forward\":\"NAT\",\"drainsUntil\":1767229300}]}}]";

	check(CTL_VIRTUALSERVERS, vs, true, false,
	      "NAME               SCHEDULER   FORWARD   REALS   DRAINING   ACTIVE/INACTIVE   CONNECTIONS   SERVICE\n"
	      "TCP 10.96.0.1:80   rr          NAT       2       <none>     3/3               7             a/b\n"
	      "UDP [fd00::1]:53   mh          <none>    0       <none>     0/0               <none>        <foreign>\n"
	      "TCP 10.96.0.2:80   rr          NAT       2       2 for 5m   0/0               <none>        <none>\n");
	check(CTL_VIRTUALSERVERS, vs, false, true,
	      "NAME               SCHEDULER   FORWARD   REALS   DRAINING   ACTIVE/INACTIVE   CONNECTIONS   SERVICE     "
	      "PERSISTENCE   REAL-SERVERS\n"
	      "TCP 10.96.0.1:80   rr          NAT       2       <none>     3/3               7             a/b         "
	      "10800         10.32.0.1:8080=1,10.32.0.2:8080=4\n"
	      "UDP [fd00::1]:53   mh          <none>    0       <none>     0/0               <none>        <foreign>   "
	      "<none>        <none>\n"
	      "TCP 10.96.0.2:80   rr          NAT       2       2 for 5m   0/0               <none>        <none>      "
	      "<none>        10.32.0.1:80=0,10.32.0.2:80=0\n");
	check(
	    CTL_VIPS,
	    "[{\"metadata\":{\"name\":\"10.4.0.50\"},\"spec\":{\"kind\":\"client\",\"interface\":\"eth0\",\"services\":"
	    "[\"a/b\",\"c/d\"]},"
	    "\"status\":{\"held\":true}},{\"metadata\":{\"name\":\"10.4.0.51\"},\"spec\":{\"router\":\"vips\"},"
	    "\"status\":{\"held\":false,"
	    "\"problem\":\"why\",\"owner\":\"172.17.0.12\",\"state\":\"Backup\"}}]",
	    false, true,
	    "ADDRESS     KIND     INTERFACE   STATE    ROUTER   OWNER         SERVICES   ROUTER-STATE   PROBLEM\n"
	    "10.4.0.50   client   eth0        held     <none>   <none>        a/b,c/d    <none>         <none>\n"
	    "10.4.0.51   <none>   <none>      absent   vips     172.17.0.12   <none>     Backup         why\n");
}

static const char routers[] =
    "[{\"metadata\":{\"name\":\"vips\"},\"spec\":{\"interface\":\"eth0\",\"vrid\":50,\"family\":\"IPv4\",\"priority\":"
    "100,"
    "\"intervalMs\":1000},\"status\":{\"state\":\"Backup\",\"since\":1767228900,\"effectivePriority\":80,\"addresses\":"
    "3,"
    "\"active\":\"172.17.0.12\",\"peers\":[{\"address\":\"172.17.0.12\",\"priority\":150},{\"address\":\"172.17.0.13\","
    "\"priority\":90}],\"lastCause\":\"a better "
    "router\",\"why\":\"tracked\",\"transitions\":2,\"sent\":7,\"received\":9,"
    "\"refused\":{\"checksum\":3,\"ttl\":1}}},"
    "{\"metadata\":{\"name\":\"gw\"},\"spec\":{\"intervalMs\":250},\"status\":{\"state\":\"Active\",\"peers\":[]}}]";

static void test_routers(void **state)
{
	check(CTL_VRRP, routers, true, false,
	      "NAME   STATE    SINCE    VRID     INTERFACE   FAMILY   PRIORITY   INTERVAL   ADDRESSES   PEERS"
	      "                               LAST-CAUSE\n"
	      "vips   Backup   5m       50       eth0        IPv4     80         1s         3           "
	      "172.17.0.12(150)*,172.17.0.13(90)   a better router\n"
	      "gw     Active   <none>   <none>   <none>      <none>   <none>     250ms      <none>      <none>         "
	      "         "
	      "            <none>\n");
	check(
	    CTL_VRRP, routers, false, true,
	    "NAME   STATE    SINCE    VRID     INTERFACE   FAMILY   PRIORITY   INTERVAL   ADDRESSES   PEERS"
	    "                               LAST-CAUSE        PRIORITY-CAUSE   TRANSITIONS   SENT     RECEIVED   "
	    "REFUSED\n"
	    "vips   Backup   5m       50       eth0        IPv4     80         1s         3           "
	    "172.17.0.12(150)*,172.17.0.13(90)   a better router   tracked          2             7        9          "
	    "checksum 3,ttl 1\n"
	    "gw     Active   <none>   <none>   <none>      <none>   <none>     250ms      <none>      <none>           "
	    "       "
	    "            <none>            <none>           <none>        <none>   <none>     <none>\n");
}

static void failover(const char *reply, bool named, int code, const char *out, const char *err)
{
	json_t *j = json_loads(reply, 0, NULL);
	char *text[2] = {NULL, NULL};
	size_t len[2];
	FILE *to[2] = {open_memstream(&text[0], &len[0]), open_memstream(&text[1], &len[1])};

	assert_int_equal(vipctl_failover_print(j, named, to[0], to[1]), code);
	fclose(to[0]);
	fclose(to[1]);
	assert_string_equal(text[0], out);
	assert_string_equal(text[1], err);
	free(text[0]);
	free(text[1]);
	json_decref(j);
}

static void test_failover(void **state)
{
	static const char taken[] =
	    "{\"name\":\"vips\",\"result\":\"handed over\",\"to\":\"172.17.0.12\",\"afterMs\":1.25}";
	static const char kept[] = "{\"name\":\"b\",\"result\":\"kept\"}",
			  away[] = "{\"name\":\"c\",\"result\":\"not active\"}";
	char reply[400];

	snprintf(reply, sizeof reply, "{\"routers\":[%s,%s]}", taken, away);
	failover(reply, false, 0, "vips: 172.17.0.12 took over after 1.2 ms\n", "");
	snprintf(reply, sizeof reply, "{\"routers\":[%s,%s]}", taken, kept);
	failover(reply, false, 1, "vips: 172.17.0.12 took over after 1.2 ms\n",
		 "b: nobody took over; this node keeps it\n");
	snprintf(reply, sizeof reply, "{\"routers\":[%s]}", away);
	failover(reply, true, 1, "", "c: is not Active on this node\n");
	failover(reply, false, 1, "", "No virtual router is Active on this node.\n");
	failover("{\"routers\":[{\"name\":\"d\",\"result\":\"given up\"}]}", true, 1, "",
		 "d: given up; nobody is known to have taken over\n");
	failover("{}", false, 1, "", "No virtual router is Active on this node.\n");
}

/* Whatever another version of vipd may send. */
static void test_odd(void **state)
{
	static const char *const items[] = {"[]", "[null]", "[{}]", "[[1]]",
					    "[{\"metadata\":5,\"spec\":[],\"status\":\"x\",\"subsets\":{}}]"};

	for (size_t i = 0; i < sizeof items / sizeof items[0]; i++)
		for (int k = 0; k < CTL_KINDS; k++) {
			json_t *j = json_loads(items[i], 0, NULL);

			columns_free(vipctl_table(k, j, true, true, NOW));
			json_decref(j);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_services), cmocka_unit_test(test_endpoints), cmocka_unit_test(test_pods),
	    cmocka_unit_test(test_kernel),   cmocka_unit_test(test_routers),   cmocka_unit_test(test_failover),
	    cmocka_unit_test(test_odd),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
