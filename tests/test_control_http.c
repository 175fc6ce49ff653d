/* What control serves on http.listen: probes, /health; and that it follows the configuration. */
#include "control_web.h"

/* An answer's status; its body is in *body until the next call. */
static int fetch(struct stage *s, uint16_t port, const char *method, const char *path, const char **body)
{
	static char kept[4096];
	char *request = xasprintf("%s %s HTTP/1.1\r\nHost: n1\r\n\r\n", method, path);
	int fd = reach_port(port), status;
	char *text;
	size_t n;

	assert_true(fd >= 0);
	assert_int_equal(send(fd, request, strlen(request), MSG_NOSIGNAL), strlen(request));
	free(request);
	text = hear(s, fd, &n);
	assert_true(n < sizeof kept);
	memcpy(kept, text, n + 1);
	free(text);
	if (sscanf(kept, "HTTP/1.1 %d ", &status) != 1)
		fail_msg("no answer: %s", kept);
	*body = strstr(kept, "\r\n\r\n") + 4;
	return status;
}

static void expect(struct stage *s, uint16_t port, const char *path, int status, const char *want)
{
	const char *body;

	assert_int_equal(fetch(s, port, "GET", path, &body), status);
	assert_string_equal(body, want);
}

static void listen_on(const struct stage *s, const char *more, uint16_t a, uint16_t b)
{
	char *text = b ? xasprintf("http: {listen: ['127.0.0.1:%u', '127.0.0.1:%u']}\n%s", a, b, more)
		       : xasprintf("http: {listen: ['127.0.0.1:%u']}\n%s", a, more);

	configure(s, text);
	free(text);
}

static void until_reached(struct stage *s, uint16_t port, bool reached)
{
	int fd = reach_port(port);

	while ((fd >= 0) != reached && !s->late) {
		if (fd >= 0)
			close(fd);
		turn(s);
		fd = reach_port(port);
	}
	assert_int_equal(fd >= 0, reached);
	if (fd >= 0)
		close(fd);
}

static void test_probes(void **state)
{
	struct stage *s = *state;
	uint16_t port = free_port();
	const char *body;

	listen_on(s, "", port, 0);
	for (int i = 1; i <= 3; i++)
		service(s, i, 2);
	start(s);
	hand_over(s, ROLE_IPVS);
	hand_over(s, ROLE_VRRP);
	until_reached(s, port, true);
	expect(s, port, "/livez", 200, "ok");
	expect(s, port, "/readyz", 500,
	       "[+]ping ok\n[+]record ok\n[-]manifests failed: reason withheld\n[-]ipvs failed: reason withheld\n"
	       "[-]vrrp failed: reason withheld\nreadyz check failed\n");
	order(s, MSG_START);
	locals(s);
	table_free(take_table(s, NULL));
	assert_int_equal(take_vips(s), 3);
	got_free(next(s, ROLE_SUPERVISOR, MSG_READY));
	expect(s, port, "/readyz", 200, "ok");
	expect(s, port, "/healthz?verbose", 200,
	       "[+]ping ok\n[+]record ok\n[+]manifests ok\n[+]ipvs ok\n[+]vrrp ok\nhealthz check passed\n");
	expect(s, port, "/readyz/ipvs", 200, "ok");
	expect(s, port, "/", 404, "404 page not found\n");
	assert_int_equal(fetch(s, port, "HEAD", "/readyz", &body), 200);
	assert_string_equal(body, "");
	assert_int_equal(fetch(s, port, "DELETE", "/readyz", &body), 405);
	end(s);
}

static void test_health(void **state)
{
	static const struct {
		const char *answer;
		int status;
		const char *body;
	} rows[] = {
	    {"[]", 200, "ok"},
	    {"[{\"router\":\"\",\"state\":\"MASTER\",\"missing\":\"-\",\"present\":\"10.0.0.1\"}]", 200, "ok"},
	    {"[{\"router\":\"\",\"state\":\"MASTER\",\"missing\":\"10.0.0.1\",\"present\":\"-\"}]", 500,
	     "unhealthy: 10.0.0.1 is not on this node\n"},
	    {"[{\"router\":\"a\",\"state\":\"BACKUP\",\"missing\":\"10.0.0.1\",\"present\":\"-\"},"
	     "{\"router\":\"b\",\"state\":\"MASTER\",\"missing\":\"10.0.0.2\",\"present\":\"10.0.0.3\"}]",
	     500, "unhealthy: router b is Active without 10.0.0.2\n"},
	    {"[{\"router\":\"a\",\"state\":\"FAULT\",\"missing\":\"10.0.0.1\",\"present\":\"10.0.0.4\"}]", 500,
	     "unhealthy: router a is not Active, but 10.0.0.4 is on this node\n"},
	    {"[{}]", 500, "unhealthy: the answer of the vrrp process is not understood\n"},
	    {"{}", 500, "unhealthy: the vrrp process does not answer\n"},
	    {"", 500, "unhealthy: the vrrp process does not answer\n"},
	};
	struct stage *s = *state;
	uint16_t port = free_port();
	const char *body;

	listen_on(s, "", port, 0);
	play(s);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		s->health = rows[i].answer;
		expect(s, port, "/health", rows[i].status, rows[i].body);
	}
	assert_int_equal(fetch(s, port, "HEAD", "/health", &body), 500);
	assert_string_equal(body, "");
	chan_free(s->ends[ROLE_VRRP].chan);
	s->ends[ROLE_VRRP].chan = NULL;
	expect(s, port, "/health", 500, "unhealthy: the vrrp process does not answer\n");
	end(s);
}

/* A reload opens and closes what is new and gone; a port in use is told, tried again, and no longer told. */
static void test_reload(void **state)
{
	struct stage *s = *state;
	uint16_t a = free_port(), b;
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t len = sizeof at;
	int taken;
	const char *told;
	char *want;
	json_t *j;

	listen_on(s, "", a, 0);
	play(s);
	taken = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0); /* not before: the child would have it too */
	assert_int_equal(bind(taken, (struct sockaddr *)&at, len), 0);
	assert_int_equal(listen(taken, 1), 0);
	assert_int_equal(getsockname(taken, (struct sockaddr *)&at, &len), 0);
	b = ntohs(at.sin_port);
	expect(s, a, "/livez", 200, "ok");
	listen_on(s, "nodeName: two\n", a, b);
	order(s, MSG_RELOAD);
	table_free(take_table(s, NULL));
	take_vips(s);
	expect(s, a, "/livez", 200, "ok");
	j = ask(s, "{\"verb\":\"status\"}\n");
	told = json_string_value(json_object_get(item2(j, "problems", 0), "message"));
	want = xasprintf("HTTP: cannot listen on 127.0.0.1:%u: Address already in use; it is tried again", b);
	assert_string_equal(told, want);
	free(want);
	json_decref(j);
	close(taken);
	until_reached(s, b, true);
	expect(s, b, "/livez", 200, "ok");
	j = ask(s, "{\"verb\":\"status\"}\n");
	assert_int_equal(json_array_size(json_object_get(j, "problems")), 0);
	json_decref(j);
	configure(s, "nodeName: three\n");
	order(s, MSG_RELOAD);
	until_reached(s, a, false);
	until_reached(s, b, false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_probes, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_health, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_reload, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
