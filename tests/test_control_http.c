/* What control serves on http.listen: probes, /health; and that it follows the configuration. */
#include "../ipvs/counters.h"
#include "control_web.h"
#include "tls_files.h"

#include <netinet/tcp.h>

/* An answer's status; its body is in *body until the next call. */
static int fetch(struct stage *s, uint16_t port, const char *method, const char *path, const char **body)
{
	static char kept[1 << 20];
	char *request = xasprintf("%s %s HTTP/1.0\r\nHost: n1\r\n%s\r\n", method, path,
				  s->field     ? s->field
				  : s->routers ? "Accept: application/openmetrics-text\r\n"
					       : "");
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

/* ---- /metrics ---- */

enum { SERVERS = 150, REALS = 2 }; /* more than are asked for at a time */

static struct vs_key server_key(int i)
{
	return (struct vs_key){addr_from_v4(0x0a600001u + (uint32_t)i), 80, IPPROTO_TCP}; /* 10.96.0.1, ... */
}

static char *answer_heads(size_t *len)
{
	struct counters_out o = {0};

	for (int i = 0; i < SERVERS; i++) {
		struct vs_key k = server_key(i);

		counters_add_head(&o, &k, &(struct counters){.connections = 1000u + (unsigned)i});
	}
	*len = o.len;
	return o.bytes;
}

/* Of every key but one, which has gone meanwhile. */
static char *answer_reals(const struct got *g, size_t *len)
{
	struct counters_out o = {0};
	struct vs_key k, lost = server_key(7);

	for (size_t at = strlen(COUNTERS_REALS); at + sizeof k <= g->len; at += sizeof k) {
		struct counted_real r;
		size_t place;

		memcpy(&k, g->bytes + at, sizeof k);
		if (vs_key_cmp(&k, &lost) == 0)
			continue;
		place = counters_add_key(&o, &k);
		for (uint16_t n = 0; n < REALS; n++) {
			memset(&r, 0, sizeof r);
			r.addr = addr_from_v4(0x0a200001);
			r.port = (uint16_t)(8080 + n);
			r.active = 5;
			counters_add_real(&o, place, &r);
		}
	}
	*len = o.len;
	return o.bytes;
}

static char *answer_metrics(enum role as, const struct got *g, size_t *len)
{
	static const char ipvs[] =
	    "{\"virtualServers\":150,\"realServers\":300,\"wanted\":151,\"programmed\":true,"
	    "\"drift\":{\"services\":4,\"reals\":5,\"filter\":2,\"settings\":3},\"operations\":{\"addVirtualServer\":["
	    "7,1]},"
	    "\"draining\":{\"realServers\":2},\"process\":{\"cpuNs\":1500000000,\"resident\":4096,"
	    "\"open\":9}}";
	static const char vrrp[] = "{\"wanted\":3,\"held\":2,\"restored\":6,\"framesSent\":10,"
				   "\"strays\":{\"too short\":4},"
				   "\"process\":{\"cpuNs\":1,\"resident\":4096,\"open\":10}}";
	static const char routers[] =
	    "[{\"name\":\"out\",\"interface\":\"eth0\",\"vrid\":50,\"family\":\"IPv4\",\"state\":\"MASTER\","
	    "\"priority\":100,"
	    "\"effectivePriority\":90,\"since\":1700000000,\"transitions\":3,\"sent\":11,\"received\":12,"
	    "\"differing\":5,\"refused\":{\"wrong TTL\":2}}]";
	static const char runner[] = "{\"process\":{\"cpuNs\":500000000,\"resident\":8192,\"open\":11}}";
	static const char supervisor[] = "{\"process\":{\"cpuNs\":250000000,\"resident\":12288,\"open\":13}}";
	const char *text = NULL;

	if (as == ROLE_IPVS && g->len == strlen(COUNTERS_HEADS))
		return answer_heads(len);
	if (as == ROLE_IPVS && g->len > strlen("status"))
		return answer_reals(g, len);
	if (as == ROLE_RUNNER || as == ROLE_SUPERVISOR)
		text = as == ROLE_RUNNER ? runner : supervisor;
	else if (g->len == strlen("vrrp"))
		text = routers;
	else if (memcmp(g->bytes, "health", 6) == 0)
		text = "[{\"router\":\"out\",\"state\":\"MASTER\",\"wanted\":3,\"there\":2}]";
	else
		text = as == ROLE_IPVS ? ipvs : vrrp;
	*len = strlen(text);
	return xstrdup(text);
}

static const char *metrics(struct stage *s, uint16_t port)
{
	const char *body;

	assert_int_equal(fetch(s, port, "GET", "/metrics", &body), 200);
	return body;
}

static void expect_line(const char *text, const char *line)
{
	char *whole = xasprintf("\n%s\n", line);

	if (!strstr(text, whole))
		fail_msg("no '%s' in: %s", line, text);
	free(whole);
}

static size_t count_lines(const char *text, const char *begin)
{
	char *whole = xasprintf("\n%s", begin);
	size_t n = 0;

	for (; (text = strstr(text, whole)); text++)
		n++;
	free(whole);
	return n;
}

static void test_metrics(void **state)
{
	static const char *const lines[] = {
	    "vipd_ready 1",
	    "vipd_process_up{process=\"vrrp\"} 1",
	    "vipd_process_cpu_seconds_total{process=\"ipvs\"} 1.5",
	    "vipd_process_open_fds{process=\"ipvs\"} 9",
	    "vipd_process_cpu_seconds_total{process=\"runner\"} 0.5",
	    "vipd_process_resident_memory_bytes{process=\"runner\"} 8192",
	    "vipd_process_open_fds{process=\"runner\"} 11",
	    "vipd_process_cpu_seconds_total{process=\"supervisor\"} 0.25",
	    "vipd_process_resident_memory_bytes{process=\"supervisor\"} 12288",
	    "vipd_process_open_fds{process=\"supervisor\"} 13",
	    "vipd_source_up{source=\"folder\"} 1",
	    "vipd_source_objects{source=\"folder\",kind=\"Service\"} 3",
	    "vipd_pool_addresses{pool=\"p\"} 14",
	    "vipd_pool_addresses_used{pool=\"p\"} 0",
	    "vipd_reconcile_duration_seconds_count 1",
	    "vipd_apply_duration_seconds_count{process=\"ipvs\"} 1",
	    "vipd_generation_acknowledged{process=\"ipvs\"} 1",
	    "vipd_router_state{router=\"out\",interface=\"eth0\",vrid=\"50\",family=\"IPv4\",state=\"Active\"} 1",
	    "vipd_router_state{router=\"out\",interface=\"eth0\",vrid=\"50\",family=\"IPv4\",state=\"Backup\"} 0",
	    "vipd_router_transitions_total{router=\"out\",interface=\"eth0\",vrid=\"50\",family=\"IPv4\"} 3",
	    "vipd_router_advertisements_refused_total{router=\"out\",interface=\"eth0\",vrid=\"50\",family=\"IPv4\","
	    "reason=\"wrong TTL\"} 2",
	    "vipd_router_advertisements_differing_total{router=\"out\",interface=\"eth0\",vrid=\"50\",family=\"IPv4\"} "
	    "5",
	    "vipd_stray_advertisements_total{reason=\"too short\"} 4",
	    "vipd_router_addresses_owned{router=\"out\"} 2",
	    "vipd_addresses_held 2",
	    "vipd_ipvs_operations_total{operation=\"addVirtualServer\"} 7",
	    "vipd_ipvs_operation_errors_total{operation=\"addVirtualServer\"} 1",
	    "vipd_drift_healed_total{kind=\"address\"} 6",
	    "vipd_drift_healed_total{kind=\"kernelSetting\"} 3",
	    "vipd_drift_healed_total{kind=\"packetFilter\"} 2",
	    "vipd_drift_healed_total{kind=\"virtualServer\"} 4",
	    "vipd_draining_real_servers 2",
	    "vipd_virtual_servers_left_out 1", /* it has gone while it was asked for */
	    "vipd_virtual_server_connections_total{namespace=\"default\",service=\"s2\",address=\"10.96.0.2\",port="
	    "\"80\","
	    "protocol=\"TCP\"} 1001",
	    "vipd_virtual_server_connections_total{namespace=\"\",service=\"\",address=\"10.96.0.150\",port=\"80\","
	    "protocol=\"TCP\"} 1149",
	    "vipd_real_server_active_connections{namespace=\"default\",service=\"s2\",address=\"10.96.0.2\",port="
	    "\"80\","
	    "protocol=\"TCP\",real_address=\"10.32.0.1\",real_port=\"8081\"} 5",
	};
	struct stage *s = *state;
	uint16_t port = free_port();
	const char *text;

	listen_on(s, "", port, 0);
	play(s);
	hand_over(s, ROLE_RUNNER);
	s->answer = answer_metrics;
	text = metrics(s, port);
	assert_int_equal(count_lines(text, "vipd_process_open_fds{"), 5);
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
		expect_line(text, lines[i]);
	assert_int_equal(count_lines(text, "vipd_virtual_server_connections_total{"), SERVERS - 1);
	assert_int_equal(count_lines(text, "vipd_real_server_weight{"), (SERVERS - 1) * REALS);
	assert_null(strstr(text, "# EOF"));
	s->routers = true; /* the other format */
	text = metrics(s, port);
	expect_line(text, "# TYPE vipd_router_transitions counter");
	assert_string_equal(text + strlen(text) - 6, "# EOF\n");
	end(s);
}

/* Only so many lines as the limit has room for; without ipvs there is still the rest. */
static void test_metrics_limit(void **state)
{
	struct stage *s = *state;
	uint16_t port = free_port();
	char *more = xasprintf("http: {listen: ['127.0.0.1:%u'], seriesLimit: 50}\n", port);
	const char *text;

	configure(s, more);
	free(more);
	play(s);
	s->answer = answer_metrics;
	text = metrics(s, port);
	assert_int_equal(count_lines(text, "vipd_virtual_server_connections_total{"), 2); /* 24 lines each */
	expect_line(text, "vipd_virtual_servers_left_out 148");
	chan_free(s->ends[ROLE_IPVS].chan);
	s->ends[ROLE_IPVS].chan = NULL;
	text = metrics(s, port);
	expect_line(text, "vipd_process_up{process=\"ipvs\"} 0");
	expect_line(text, "vipd_addresses_held 2");
	expect_line(text, "vipd_virtual_servers_left_out 0");
	end(s);
}

static void save_token(struct stage *s, const char *text, mode_t mode)
{
	char *path = path_of(s, "token");

	assert_int_equal(file_write(AT_FDCWD, path, text, strlen(text), mode), 0);
	free(path);
}

/* The token is read again: in vain, for a reason that the message has. */
static void expect_no_token(struct stage *s, const char *why)
{
	json_t *j, *problem;

	order(s, MSG_RELOAD);
	table_free(take_table(s, NULL));
	take_vips(s);
	j = ask(s, "{\"verb\":\"status\"}\n");
	problem = json_array_get(json_object_get(j, "problems"), 0);
	assert_string_equal(json_string_value(json_object_get(problem, "reason")), "CannotReadToken");
	if (!strstr(json_string_value(json_object_get(problem, "message")), why))
		fail_msg("expected %s in: %s", why, json_string_value(json_object_get(problem, "message")));
	json_decref(j);
}

/* With a token file, /metrics is for those who have the token; probes are for everybody. */
static void test_token(void **state)
{
	static const struct {
		const char *field;
		int status;
	} rows[] = {
	    {"", 401},
	    {"Authorization: Bearer s3cret\r\n", 200},
	    {"authorization: bearer s3cret\r\n", 200},
	    {"Authorization: Bearer s3cres\r\n", 401},
	    {"Authorization: Bearer s3cre\r\n", 401},
	    {"Authorization: Bearer s3crets3cret\r\n", 401},
	    {"Authorization: Bearer \r\n", 401},
	    {"Authorization: Basic s3cret\r\n", 401},
	};
	struct stage *s = *state;
	uint16_t port = free_port();
	char *more = xasprintf("http: {listen: ['127.0.0.1:%u'], tokenFile: %s/token}\n", port, s->dir);
	const char *body;

	save_token(s, "s3cret\n", 0640);
	configure(s, more);
	play(s);
	s->answer = answer_metrics;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		s->field = rows[i].field;
		assert_int_equal(fetch(s, port, "GET", "/metrics", &body), rows[i].status);
	}
	s->field = NULL;
	expect(s, port, "/livez", 200, "ok");
	save_token(s, "two words\n", 0600);
	expect_no_token(s, "expected one word of at most 1024 characters; /metrics is asked for with the former token");
	save_token(s, "known\n", 0604);
	expect_no_token(s, "its mode 0604; expected a file of root");
	s->field = "Authorization: Bearer known\r\n";
	assert_int_equal(fetch(s, port, "GET", "/metrics", &body), 401);
	s->field = rows[1].field; /* the former one */
	assert_int_equal(fetch(s, port, "GET", "/metrics", &body), 200);
	end(s);
	free(more);
}

/* Nobody listens without the keys that the configuration names; once they are there, nothing but TLS is spoken. */
static void test_tls(void **state)
{
	static const char get[] = "GET /livez HTTP/1.1\r\n\r\n";
	struct stage *s = *state;
	uint16_t port = free_port();
	char *more = xasprintf("http: {listen: ['127.0.0.1:%u'], tls: {certificate: %s/crt, key: %s/key}}\n", port,
			       s->dir, s->dir);
	char *certificate = path_of(s, "crt"), *key = path_of(s, "key"), buf[256];
	ssize_t n;
	json_t *j;
	int fd;

	configure(s, more);
	play(s);
	j = ask(s, "{\"verb\":\"status\"}\n");
	assert_string_equal(json_string_value(json_object_get(item2(j, "problems", 0), "reason")), "CannotReadKeys");
	json_decref(j);
	until_reached(s, port, false);
	tls_files_make(certificate, key);
	until_reached(s, port, true);
	fd = reach_port(port);
	assert_int_equal(send(fd, get, sizeof get - 1, MSG_NOSIGNAL), sizeof get - 1);
	do {
		turn(s);
		n = recv(fd, buf, sizeof buf, MSG_DONTWAIT);
		if (n > 0)
			assert_int_equal(buf[0], 21); /* an alert at most */
	} while (n > 0 || (n < 0 && errno == EAGAIN));
	close(fd);
	j = ask(s, "{\"verb\":\"status\"}\n");
	assert_int_equal(json_array_size(json_object_get(j, "problems")), 0);
	json_decref(j);
	assert_int_equal(unlink(key), 0); /* the former ones go on */
	order(s, MSG_RELOAD);
	table_free(take_table(s, NULL));
	take_vips(s);
	until_reached(s, port, true);
	end(s);
	free(certificate);
	free(key);
	free(more);
}

/* Questions that wait for ipvs. */
static size_t asked(const struct stage *s)
{
	size_t n = 0;

	for (const struct got *g = s->ends[ROLE_IPVS].first; g; g = g->next)
		n += g->type == MSG_ASK;
	return n;
}

/* Who asks for too much at a time is told so; those that wait at the end are let go. */
static void test_metrics_many(void **state)
{
	static const char get[] = "GET /metrics HTTP/1.1\r\n\r\n";
	struct stage *s = *state;
	uint16_t port = free_port();
	const char *body;
	int fds[4];

	s->health = "[]";
	listen_on(s, "", port, 0);
	play(s);
	for (int i = 0; i < 4; i++) {
		fds[i] = reach_port(port);
		assert_int_equal(send(fds[i], get, sizeof get - 1, MSG_NOSIGNAL), sizeof get - 1);
	}
	while (asked(s) < 4 * 2 && !s->late) /* all four have asked, and nobody answers */
		turn(s);
	assert_int_equal(fetch(s, port, "GET", "/metrics", &body), 503);
	assert_string_equal(body, "too many at a time\n");
	for (int i = 0; i < 4; i++)
		close(fds[i]);
	end(s);
}

/* A reader with next to no room for what it is sent. */
static int reach_narrow(uint16_t port)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), room = 4096, segment = 536;

	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
	setsockopt(fd, IPPROTO_TCP, TCP_MAXSEG, &segment, sizeof segment); /* the sender's room follows from it */
	assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof at), 0);
	return fd;
}

/* Those that take nothing keep nobody out: one of them makes room. */
static void test_metrics_stuck(void **state)
{
	static const char get[] = "GET /metrics HTTP/1.1\r\n\r\n", last[] = "\r\n0\r\n\r\n";
	struct stage *s = *state;
	uint16_t port = free_port();
	int fds[4], cut = 0, room = 1 << 20;
	const char *body;
	char *text;
	size_t n;

	listen_on(s, "", port, 0);
	play(s);
	s->answer = answer_metrics;
	for (int i = 0; i < 4; i++) {
		fds[i] = reach_narrow(port);
		assert_int_equal(send(fds[i], get, sizeof get - 1, MSG_NOSIGNAL), sizeof get - 1);
	}
	while (fetch(s, port, "GET", "/metrics", &body) != 200)
		assert_false(s->late);
	for (int i = 0; i < 4; i++) {
		setsockopt(fds[i], SOL_SOCKET, SO_RCVBUF, &room, sizeof room); /* the rest is to come fast */
		text = hear(s, fds[i], &n);
		cut += n < sizeof last || strcmp(text + n - (sizeof last - 1), last) != 0;
		free(text);
	}
	end(s);
	if (!cut)
		skip(); /* this machine's sockets took it all */
	assert_int_equal(cut, 1);
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
	    cmocka_unit_test_setup_teardown(test_metrics, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_metrics_limit, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_token, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_tls, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_metrics_many, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_metrics_stuck, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_reload, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
