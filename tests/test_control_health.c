/* healthCheckNodePort, as an external load balancer sees it. */
#include "control_web.h"

static void manifest(const struct stage *s, uint16_t port, const char *endpoints)
{
	char *text =
	    xasprintf("apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {type: LoadBalancer, clusterIP: "
		      "10.96.0.1, allocateLoadBalancerNodePorts: false, externalTrafficPolicy: Local, "
		      "healthCheckNodePort: %u, loadBalancerIP: 10.10.0.1, ports: [{port: 80}]}\n---\n"
		      "apiVersion: v1\nkind: Endpoints\nmetadata: {name: web}\n"
		      "subsets: [{addresses: [%s], ports: [{port: 80}]}]\n",
		      port, endpoints);

	save(s, "m/web.yaml", text);
	free(text);
}

/* What GET / says; "" if nobody listens. */
static const char *health(struct stage *s, uint16_t port)
{
	static const char get[] = "GET /healthz HTTP/1.1\r\nHost: lb\r\n\r\n";
	static char buf[1024];
	int fd = reach_port(port);
	size_t n = 0;
	ssize_t got = 0;

	buf[0] = '\0';
	if (fd >= 0 && send(fd, get, sizeof get - 1, MSG_NOSIGNAL) > 0)
		while (n < sizeof buf - 1 && (got = recv(fd, buf + n, sizeof buf - 1 - n, 0)) > 0)
			n += (size_t)got;
	buf[n] = '\0';
	if (fd >= 0)
		close(fd);
	turn(s);
	return buf;
}

/* Until the answer has this in it. */
static const char *until(struct stage *s, uint16_t port, const char *has)
{
	const char *text = health(s, port);

	while ((*has ? !strstr(text, has) : *text) && !s->late)
		text = health(s, port);
	if (*has ? !strstr(text, has) : *text)
		fail_msg("no '%s' in: %s", has, text);
	return text;
}

static void test_health(void **state)
{
	static const char body[] =
	    "\r\n\r\n{\n\t\"service\": {\n\t\t\"namespace\": \"default\",\n\t\t\"name\": \"web\"\n\t},\n\t"
	    "\"localEndpoints\": 2,\n\t\"serviceProxyHealthy\": true\n}";
	struct stage *s = *state;
	uint16_t port = free_port(), other;
	uint64_t generation;
	const char *text;
	char *path;

	configure(s, "nodeName: n1\nallocate: true\n");
	manifest(s, port,
		 "{ip: 10.32.0.9, nodeName: n1}, {ip: 10.32.0.8, nodeName: n1}, {ip: 10.32.0.7, nodeName: n2}");
	start(s);
	hand_over(s, ROLE_IPVS);
	hand_over(s, ROLE_VRRP);
	order(s, MSG_START);
	locals(s);
	table_free(take_table(s, &generation));
	take_vips(s);
	got_free(next(s, ROLE_SUPERVISOR, MSG_READY));
	acknowledge(s, ROLE_IPVS, generation);
	text = until(s, port, "\"serviceProxyHealthy\": true");
	assert_memory_equal(text, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n", 49);
	assert_non_null(strstr(text, "\r\nX-Content-Type-Options: nosniff\r\n"));
	assert_non_null(strstr(text, "\r\nX-Load-Balancing-Endpoint-Weight: 2\r\n"));
	assert_string_equal(strstr(text, "\r\n\r\n"), body);

	manifest(s, port, "{ip: 10.32.0.7, nodeName: n2}");
	text = until(s, port, "503 Service Unavailable");
	assert_non_null(strstr(text, "\r\nX-Load-Balancing-Endpoint-Weight: 0\r\n"));
	assert_non_null(strstr(text, "\"localEndpoints\": 0"));

	other = free_port();
	manifest(s, other, "{ip: 10.32.0.9, nodeName: n1}");
	until(s, other, "X-Load-Balancing-Endpoint-Weight: 1\r\n");
	until(s, port, "");
	path = path_of(s, "m/web.yaml");
	assert_int_equal(unlink(path), 0);
	free(path);
	until(s, other, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(test_health, setup, teardown)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
