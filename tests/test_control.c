/* The control process whole: forked over socket pairs, this program plays supervisor, ipvs and vrrp and asks as vipctl does. Waits are for
 * messages, with a limit that only a broken control reaches. */
#include "../ipvs/wire.h"
#include "../src/base/arena.h"
#include "../src/base/chan.h"
#include "../src/base/child.h"
#include "../src/base/file.h"
#include "../src/base/log.h"
#include "../src/base/memfd.h"
#include "../src/base/vipwire.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

enum { LIMIT_S = 60 };

/* A message of control, copied. */
struct got {
	struct got *next;
	uint16_t type;
	uint64_t generation;
	int fd;
	size_t len;
	unsigned char bytes[];
};

struct end {
	struct chan *chan;
	struct got *first, **last;
};

struct stage {
	char dir[64];
	pid_t pid;
	struct loop *loop;
	struct loop_timer *limit;
	struct end ends[ROLE_COUNT]; /* by the role that this program plays */
	bool late;
	bool routers; /* what vrrp answers */
};

static void on_msg(void *arg, struct chan *c, struct msg *m)
{
	struct end *e = arg;
	struct got *g = xmalloc(sizeof *g + m->len);

	*g = (struct got){.type = m->type, .generation = m->generation, .fd = m->fd, .len = m->len};
	if (m->len)
		memcpy(g->bytes, m->payload, m->len);
	*e->last = g;
	e->last = &g->next;
}

static void on_close(void *arg, struct chan *c)
{
	((struct end *)arg)->chan = NULL;
	chan_free(c);
}

static void on_limit(void *arg)
{
	struct stage *s = arg;

	s->late = true;
	loop_stop(s->loop, 0);
}

static void on_tick(void *arg)
{
	loop_stop(arg, 0);
}

/* Runs the loop for a moment. */
static void turn(struct stage *s)
{
	struct loop_timer *t = loop_timer_new(s->loop, on_tick, s->loop);

	loop_timer_set(t, 5 * NSEC_PER_MSEC);
	loop_run(s->loop);
	loop_timer_free(t);
}

/* The next message to this role; the caller frees it. */
static struct got *next(struct stage *s, enum role as, uint16_t type)
{
	struct end *e = &s->ends[as];
	struct got *g;

	while (!e->first && !s->late)
		turn(s);
	g = e->first;
	if (!g) {
		fail_msg("no message %u for %s", type, role_name(as));
		return NULL;
	}
	e->first = g->next;
	if (!e->first)
		e->last = &e->first;
	assert_int_equal(g->type, type);
	return g;
}

static void got_free(struct got *g)
{
	if (g->fd >= 0)
		close(g->fd);
	free(g);
}

static void end_open(struct stage *s, enum role as, int fd)
{
	struct end *e = &s->ends[as];

	e->last = &e->first;
	e->chan = chan_new(s->loop, fd, on_msg, on_close, e);
}

/* A new channel between control and the process that this program plays. */
static void hand_over(struct stage *s, enum role as)
{
	uint32_t role = as;
	int fds[2];

	chan_free(s->ends[as].chan);
	while (s->ends[as].first) {
		struct got *g = s->ends[as].first;

		s->ends[as].first = g->next;
		got_free(g);
	}
	assert_int_equal(chan_pair(fds), 0);
	end_open(s, as, fds[0]);
	assert_int_equal(chan_send(s->ends[ROLE_SUPERVISOR].chan, MSG_PEER, 0, &role, sizeof role, fds[1]), 0);
	close(fds[1]);
}

static void order(struct stage *s, uint16_t type)
{
	uint32_t no = 0;

	assert_int_equal(chan_send(s->ends[ROLE_SUPERVISOR].chan, type, 0, &no, type == MSG_START ? sizeof no : 0, -1),
			 0);
}

static void acknowledge(struct stage *s, enum role as, uint64_t generation)
{
	struct msg_ack ack = {0};

	assert_int_equal(chan_send(s->ends[as].chan, MSG_ACK, generation, &ack, sizeof ack, -1), 0);
}

static void locals(struct stage *s)
{
	struct local_addr a = {.bits = 24, .ifname = "eth0"};

	addr_parse("10.0.0.7", &a.addr);
	assert_int_equal(chan_send(s->ends[ROLE_VRRP].chan, MSG_LOCALS, 0, &a, sizeof a, -1), 0);
}

static char *path_of(const struct stage *s, const char *name)
{
	return xasprintf("%s/%s", s->dir, name);
}

static void save(const struct stage *s, const char *name, const char *text)
{
	char *path = path_of(s, name);

	assert_int_equal(file_write(AT_FDCWD, path, text, strlen(text), 0644), 0);
	free(path);
}

static int listen_at(const struct stage *s)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	snprintf(sa.sun_path, sizeof sa.sun_path, "%s/sock", s->dir);
	assert_int_equal(bind(fd, (const struct sockaddr *)&sa, sizeof sa), 0);
	assert_int_equal(listen(fd, 16), 0);
	return fd;
}

/* The child's side of the fork: never returns. */
static void play_control(const struct stage *s, int fd, int listen_fd)
{
	char *config = path_of(s, "vipd.yaml"), *sock = path_of(s, "sock"), name[] = "vipd";
	char *argv[] = {name, NULL};
	struct places places = {.config_file = config, .run_dir = s->dir, .state_dir = s->dir, .control_socket = sock};
	struct role_env env = {.places = &places,
			       .own_fd = -1,
			       .listen_fd = listen_fd,
			       .state_fd = open(s->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC),
			       .lock_fd = -1,
			       .mem_fd = -1,
			       .argc = 1,
			       .argv = argv};
	struct child *c;
	int code;

	log_open("control", LOG_LEVEL_ERROR);
	if (!getenv("TEST_VERBOSE") && !freopen("/dev/null", "w", stderr))
		exit(99);
	c = child_new(ROLE_CONTROL, fd);
	code = control_main(c, &env);
	child_free(c);
	close(env.state_fd);
	close(listen_fd);
	free(config);
	free(sock);
	exit(code);
}

static void start(struct stage *s)
{
	int fds[2], listen_fd = listen_at(s);

	assert_int_equal(chan_pair(fds), 0);
	fflush(NULL);
	s->pid = fork();
	if (s->pid == 0) {
		close(fds[0]);
		loop_timer_free(s->limit);
		loop_free(s->loop);
		play_control(s, fds[1], listen_fd);
	}
	close(fds[1]);
	close(listen_fd);
	end_open(s, ROLE_SUPERVISOR, fds[0]);
}

static int finish(struct stage *s)
{
	int status;

	assert_int_equal(waitpid(s->pid, &status, 0), s->pid);
	s->pid = 0;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 256;
}

static const char config[] = "manifests: %s/m\ninterface: eth0\npools: [{name: p, addresses: [192.0.2.0/28]}]\n%s";

static void configure(const struct stage *s, const char *more)
{
	char *text = xasprintf(config, s->dir, more);

	save(s, "vipd.yaml", text);
	free(text);
}

static void service(const struct stage *s, int i, int endpoints)
{
	char *name = xasprintf("m/s%d.yaml", i), *text, list[600] = "";

	for (int k = 0; k < endpoints; k++)
		snprintf(list + strlen(list), sizeof list - strlen(list), "%s{addresses: [10.32.%d.%d]}", k ? ", " : "",
			 i, k + 1);
	text = xasprintf("apiVersion: v1\nkind: Service\nmetadata: {name: s%d}\n"
			 "spec: {clusterIP: 10.96.0.%d, ports: [{port: 80}]}\n---\n"
			 "apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\n"
			 "metadata: {name: s%d-1, labels: {kubernetes.io/service-name: s%d}}\n"
			 "addressType: IPv4\nports: [{port: 80}]\nendpoints: [%s]\n",
			 i, i, i, i, list);
	save(s, name, text);
	free(name);
	free(text);
}

static int setup(void **state)
{
	struct stage *s = xcalloc(1, sizeof *s);
	char *path;

	strcpy(s->dir, "/tmp/test_control.XXXXXX");
	assert_non_null(mkdtemp(s->dir));
	path = path_of(s, "m");
	assert_int_equal(mkdir(path, 0755), 0);
	free(path);
	s->loop = loop_new();
	s->limit = loop_timer_new(s->loop, on_limit, s);
	loop_timer_set(s->limit, LIMIT_S * NSEC_PER_SEC);
	configure(s, "");
	*state = s;
	return 0;
}

static void remove_all(const char *path)
{
	DIR *d = opendir(path);
	struct dirent *e;

	while (d && (e = readdir(d))) {
		char *sub = xasprintf("%s/%s", path, e->d_name);

		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0 && unlink(sub))
			remove_all(sub);
		free(sub);
	}
	if (d)
		closedir(d);
	rmdir(path);
}

static int teardown(void **state)
{
	struct stage *s = *state;

	if (s->pid > 0) {
		kill(s->pid, SIGKILL);
		waitpid(s->pid, NULL, 0);
	}
	for (int r = 0; r < ROLE_COUNT; r++) {
		chan_free(s->ends[r].chan);
		while (s->ends[r].first) {
			struct got *g = s->ends[r].first;

			s->ends[r].first = g->next;
			got_free(g);
		}
	}
	loop_timer_free(s->limit);
	loop_free(s->loop);
	remove_all(s->dir);
	free(s);
	return 0;
}

/* A whole table arrives; acknowledged. */
static struct table *take_table(struct stage *s, uint64_t *generation)
{
	struct got *g = next(s, ROLE_IPVS, MSG_TABLE);
	struct ipvs_settings settings;
	struct table *t = NULL;
	const void *bytes;
	const char *why = "";
	size_t len;

	assert_int_equal(memfd_map(g->fd, &bytes, &len), 0);
	assert_int_equal(wire_decode_table(bytes, len, &t, &settings, &why), 0);
	memfd_unmap(bytes, len);
	acknowledge(s, ROLE_IPVS, g->generation);
	if (generation)
		*generation = g->generation;
	got_free(g);
	return t;
}

/* A picture of VIPs; acknowledged; the caller clears it. */
static struct vip_picture take_picture(struct stage *s)
{
	struct got *g = next(s, ROLE_VRRP, MSG_VIPS);
	struct vip_picture p;
	const void *bytes;
	const char *why = "";
	size_t len;

	assert_int_equal(memfd_map(g->fd, &bytes, &len), 0);
	if (vipwire_decode_picture(bytes, len, &p, &why))
		fail_msg("%s", why);
	memfd_unmap(bytes, len);
	acknowledge(s, ROLE_VRRP, g->generation);
	got_free(g);
	return p;
}

static size_t take_vips(struct stage *s)
{
	struct vip_picture p = take_picture(s);
	size_t n = p.n;

	vip_picture_clear(&p);
	return n;
}

/* Until the first pictures: three Services with two endpoints each. */
static void play(struct stage *s)
{
	struct table *t;

	for (int i = 1; i <= 3; i++)
		service(s, i, 2);
	start(s);
	hand_over(s, ROLE_IPVS);
	hand_over(s, ROLE_VRRP);
	order(s, MSG_START);
	locals(s);
	t = take_table(s, NULL);
	assert_int_equal(table_count(t), 3);
	assert_int_equal(table_reals(t), 6);
	table_free(t);
	assert_int_equal(take_vips(s), 3);
	got_free(next(s, ROLE_SUPERVISOR, MSG_READY));
}

static void end(struct stage *s)
{
	order(s, MSG_STOP);
	while (s->ends[ROLE_SUPERVISOR].chan && !s->late)
		turn(s);
	assert_int_equal(finish(s), 0);
}

/* One row with this many real servers; acknowledged. */
static void take_row(struct stage *s, const char *address, enum row_op op, uint32_t n)
{
	struct got *g = next(s, ROLE_IPVS, MSG_ROWS);
	char text[ADDR_TEXT];
	const char *why;
	enum row_op got;
	struct vs v;
	size_t at = 0;

	assert_int_equal(wire_next_row(g->bytes, g->len, &at, &got, &v, &why), 1);
	assert_int_equal(got, op);
	assert_string_equal(addr_format(&v.key.addr, text), address);
	assert_int_equal(v.n, n);
	vs_clear(&v);
	assert_int_equal(wire_next_row(g->bytes, g->len, &at, &got, &v, &why), 0);
	acknowledge(s, ROLE_IPVS, g->generation);
	got_free(g);
}

static void test_rows(void **state)
{
	struct stage *s = *state;
	char *path;

	play(s);
	service(s, 2, 3);
	take_row(s, "10.96.0.2", ROW_SET, 3);
	path = path_of(s, "m/s3.yaml");
	unlink(path);
	free(path);
	take_row(s, "10.96.0.3", ROW_DELETE, 0);
	got_free(next(s, ROLE_VRRP, MSG_VIP_ROWS));
	end(s);
}

static void test_gate(void **state)
{
	struct stage *s = *state;

	service(s, 1, 1);
	start(s);
	hand_over(s, ROLE_IPVS);
	hand_over(s, ROLE_VRRP);
	order(s, MSG_START);
	for (int i = 0; i < 60; i++)
		turn(s);
	assert_null(s->ends[ROLE_IPVS].first); /* this node's addresses are not known yet */
	locals(s);
	table_free(take_table(s, NULL));
	end(s);
}

static void test_without_vrrp(void **state)
{
	struct stage *s = *state;

	service(s, 1, 1);
	start(s);
	hand_over(s, ROLE_IPVS);
	order(s, MSG_START);
	table_free(take_table(s, NULL));
	end(s);
}

static void test_peer_again(void **state)
{
	struct stage *s = *state;
	uint64_t generation;
	struct table *t;

	play(s);
	hand_over(s, ROLE_IPVS);
	t = take_table(s, &generation);
	assert_int_equal(table_reals(t), 6);
	table_free(t);
	assert_int_equal(generation, 2);
	service(s, 1, 1);
	take_row(s, "10.96.0.1", ROW_SET, 1);
	hand_over(s, ROLE_VRRP);
	assert_int_equal(take_vips(s), 3);
	end(s);
}

/* What a peer could not use comes again, as a whole, and not at once. */
static void test_again(void **state)
{
	struct stage *s = *state;
	uint64_t generation;
	struct table *t;
	struct got *g;

	play(s);
	service(s, 1, 1);
	g = next(s, ROLE_IPVS, MSG_ROWS);
	assert_int_equal(chan_send(s->ends[ROLE_IPVS].chan, MSG_AGAIN, g->generation + 1, NULL, 0, -1), 0);
	assert_int_equal(chan_send(s->ends[ROLE_IPVS].chan, MSG_AGAIN, g->generation, NULL, 0, -1), 0);
	t = take_table(s, &generation);
	assert_int_equal(generation, g->generation + 1);
	table_free(t);
	got_free(g);
	service(s, 1, 2);
	take_row(s, "10.96.0.1", ROW_SET, 2);
	end(s);
}

/* Rows wait while too much is unacknowledged, and go when it is. */
static void test_slow_peer(void **state)
{
	enum { WINDOW = 32 };
	struct stage *s = *state;
	uint64_t last = 0;
	struct got *g;

	play(s);
	for (int i = 0; i < WINDOW; i++) {
		service(s, 1, i % 2 ? 2 : 1);
		g = next(s, ROLE_IPVS, MSG_ROWS);
		last = g->generation;
		got_free(g);
	}
	service(s, 1, 3);
	for (int i = 0; i < 40; i++)
		turn(s);
	assert_null(s->ends[ROLE_IPVS].first);
	acknowledge(s, ROLE_IPVS, last);
	take_row(s, "10.96.0.1", ROW_SET, 3);
	end(s);
}

/* As the vrrp process answers, by the router's name. */
static const char *failover_answer(const struct got *g)
{
	if (g->len == 0)
		return "{\"routers\":[{\"name\":\"out\",\"result\":\"handed "
		       "over\",\"to\":\"172.17.0.12\",\"afterMs\":1.5}]}";
	assert_int_equal(g->len, 6);
	assert_memory_equal(g->bytes, "nobody", 6);
	return "{\"error\":\"there is no virtual router of this name\"}";
}

static int request(const struct stage *s, const char *line)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(sa.sun_path, sizeof sa.sun_path, "%s/sock", s->dir);
	assert_int_equal(connect(fd, (const struct sockaddr *)&sa, sizeof sa), 0);
	assert_int_equal(send(fd, line, strlen(line), MSG_NOSIGNAL), strlen(line));
	return fd;
}

/* The answer to what was asked on fd. */
static json_t *answer_of(struct stage *s, int fd)
{
	size_t n = 0, cap = 1 << 20;
	char *text = xmalloc(cap);
	json_error_t e;
	json_t *j;
	ssize_t got = -1;

	while (got != 0 && !s->late) {
		got = recv(fd, text + n, cap - n, MSG_DONTWAIT);
		if (got > 0)
			n += (size_t)got;
		else if (got < 0)
			assert_int_equal(errno, EAGAIN);
		turn(s); /* this program answers for ipvs and vrrp */
		for (int r = ROLE_IPVS; r <= ROLE_VRRP; r++) {
			struct got *g = s->ends[r].first;
			const char *answer;
			int memfd;

			if (!g || (g->type != MSG_ASK && g->type != MSG_FAILOVER))
				continue;
			g = next(s, r, g->type);
			answer = g->type == MSG_FAILOVER                                          ? failover_answer(g)
				 : g->len == 4 && memcmp(g->bytes, "vrrp", 4) == 0 && !s->routers ? "[]"
				 : g->len == 4 && memcmp(g->bytes, "vrrp", 4) == 0
				     ? "[{\"name\":\"out\",\"state\":\"BACKUP\",\"vrid\":50,\"active\":\"172.17.0.12\","
				       "\"peers\":[]},"
				       "{\"name\":\"in\",\"state\":\"FAULT\",\"active\":\"-\",\"lastCause\":"
				       "\"interface down\"}]"
				 : g->len == 5 ? "[{\"address\":\"10.96.0.2\",\"port\":80,\"protocol\":\"TCP\","
						 "\"scheduler\":\"rr\",\"ours\":true,"
						 "\"reals\":[]},\n{\"address\":\"10.9.9.9\",\"port\":80,\"protocol\":"
						 "\"TCP\",\"ours\":false}]\n"
				 : g->len == 4 ? "[{\"address\":\"10.96.0.2\",\"held\":true,\"interface\":\"vipd0\"}]"
					       : "{\"virtualServers\":3}";
			memfd = memfd_sealed("answer", answer, strlen(answer));
			chan_send(s->ends[r].chan, MSG_ANSWER, g->generation, NULL, 0, memfd);
			close(memfd);
			got_free(g);
		}
	}
	close(fd);
	j = json_loadb(text, n, 0, &e);
	free(text);
	assert_non_null(j);
	return j;
}

static json_t *ask(struct stage *s, const char *line)
{
	return answer_of(s, request(s, line));
}

static const char *text_at(json_t *j, const char *a, const char *b, const char *c)
{
	j = json_object_get(j, a);
	if (b)
		j = json_object_get(j, b);
	if (c)
		j = json_object_get(j, c);
	return json_string_value(j);
}

static json_t *item(json_t *list, size_t i)
{
	return json_array_get(json_object_get(list, "items"), i);
}

static json_t *item2(json_t *j, const char *list, size_t i)
{
	return json_array_get(json_object_get(j, list), i);
}

static void test_requests(void **state)
{
	struct stage *s = *state;
	json_t *j;

	play(s);
	j = ask(s, "{\"verb\":\"get\",\"kind\":\"svc\"}\n");
	assert_string_equal(text_at(j, "kind", NULL, NULL), "ServiceList");
	assert_int_equal(json_array_size(json_object_get(j, "items")), 3);
	assert_string_equal(text_at(item(j, 1), "metadata", "name", NULL), "s2");
	assert_string_equal(text_at(item(j, 1), "spec", "clusterIP", NULL), "10.96.0.2");
	assert_non_null(text_at(item(j, 1), "metadata", "creationTimestamp", NULL));
	json_decref(j);

	j = ask(s, "{\"verb\":\"get\",\"kind\":\"ep\",\"names\":[\"s2\",\"none\"]}\n");
	assert_int_equal(json_array_size(json_object_get(j, "items")), 1);
	assert_string_equal(json_string_value(json_array_get(json_object_get(j, "notFound"), 0)), "none");
	j = (json_decref(j), ask(s, "{\"verb\":\"get\",\"kind\":\"svc\",\"namespace\":\"other\"}\n"));
	assert_int_equal(json_array_size(json_object_get(j, "items")), 0);
	json_decref(j);

	j = ask(s, "{\"verb\":\"get\",\"kind\":\"vs\"}\n");
	assert_int_equal(json_array_size(json_object_get(j, "items")), 2);
	assert_string_equal(text_at(item(j, 0), "metadata", "name", NULL), "TCP 10.96.0.2:80");
	assert_string_equal(text_at(item(j, 0), "spec", "service", NULL), "default/s2");
	assert_null(text_at(item(j, 1), "spec", "service", NULL));
	json_decref(j);

	j = ask(s, "{\"verb\":\"get\",\"kind\":\"vips\"}\n");
	assert_string_equal(text_at(item(j, 0), "metadata", "name", NULL), "10.96.0.2");
	json_decref(j);

	j = ask(s, "{\"verb\":\"status\"}\n");
	assert_string_equal(text_at(j, "version", NULL, NULL), VIPD_VERSION);
	assert_int_equal(json_integer_value(json_object_get(json_object_get(j, "ipvs"), "virtualServers")), 3);
	assert_int_equal(json_array_size(json_object_get(j, "problems")), 0);
	json_decref(j);

	j = ask(s, "{\"verb\":\"got\"}\n");
	assert_string_equal(text_at(j, "error", "reason", NULL), "BadRequest");
	assert_string_equal(text_at(j, "error", "message", NULL), "unknown verb \"got\"; did you mean \"get\"?");
	json_decref(j);
	end(s);
}

static json_t *first_problem(struct stage *s, json_t **status)
{
	*status = ask(s, "{\"verb\":\"status\"}\n");
	return json_array_get(json_object_get(*status, "problems"), 0);
}

static void test_notes(void **state)
{
	static const char note[] = "{\"object\":\"TCP 10.0.0.1:80\",\"reason\":\"Conflict\",\"message\":\"taken\"}";
	static const char gone[] =
	    "{\"object\":\"TCP 10.0.0.1:80\",\"reason\":\"Conflict\",\"message\":\"\",\"gone\":true}";
	struct stage *s = *state;
	json_t *j, *p;

	play(s);
	chan_send(s->ends[ROLE_IPVS].chan, MSG_NOTE, 0, "{", 1, -1);
	chan_send(s->ends[ROLE_IPVS].chan, MSG_NOTE, 0, note, strlen(note), -1);
	p = first_problem(s, &j);
	assert_string_equal(json_string_value(json_object_get(p, "reason")), "Conflict");
	json_decref(j);
	chan_send(s->ends[ROLE_IPVS].chan, MSG_NOTE, 0, gone, strlen(gone), -1);
	assert_null(first_problem(s, &j));
	json_decref(j);
	end(s);
}

static void test_reload(void **state)
{
	struct stage *s = *state;
	struct table *t;
	struct vs_key k = {.port = 80, .proto = IPPROTO_TCP};
	json_t *j, *p;

	play(s);
	save(s, "vipd.yaml", "schedular: wrr\n");
	order(s, MSG_RELOAD);
	while (!first_problem(s, &j) && !s->late)
		json_decref(j);
	p = json_array_get(json_object_get(j, "problems"), 0);
	assert_string_equal(json_string_value(json_object_get(p, "reason")), "BadConfiguration");
	json_decref(j);
	service(s, 1, 1); /* the former configuration still counts */
	take_row(s, "10.96.0.1", ROW_SET, 1);

	configure(s, "scheduler: wrr\n");
	order(s, MSG_RELOAD);
	t = take_table(s, NULL);
	assert_int_equal(table_count(t), 3);
	addr_parse("10.96.0.1", &k.addr);
	assert_string_equal(table_get(t, &k)->sched, "wrr");
	table_free(t);
	assert_int_equal(take_vips(s), 3);
	assert_null(first_problem(s, &j));
	json_decref(j);
	end(s);
}

static const char two_routers[] = "allocate: true\nrouters:\n"
				  "- {name: out, vrid: 50, family: IPv4, addresses: [10.10.0.1/24]}\n"
				  "- {name: in, vrid: 60, family: IPv4, interface: eth1, addresses: [10.32.0.1/32]}\n";

static const struct vip *vip(const struct vip_picture *p, const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(text, &a), 0);
	for (size_t i = 0; i < p->n; i++)
		if (addr_equal(&p->vips[i].addr, &a))
			return &p->vips[i];
	fail_msg("no %s", text);
	return NULL;
}

static void load_balancer(const struct stage *s, const char *name, const char *address)
{
	char *path = xasprintf("m/%s.yaml", name);
	char *text = xasprintf(
	    "apiVersion: v1\nkind: Service\nmetadata: {name: %s}\n"
	    "spec: {type: LoadBalancer, loadBalancerIP: \"%s\", clusterIP: 10.96.3.%zu, ports: [{port: 80, nodePort: "
	    "30%zu80}]}\n",
	    name, address, strlen(name), strlen(name));

	save(s, path, text);
	free(path);
	free(text);
}

/* Pictures and rows with routers: their own addresses are there by themselves, the others go to the one on the node's interface. */
static void test_routers(void **state)
{
	struct stage *s = *state;
	struct vip_picture p;
	struct vip_row row;
	const char *why;
	struct got *g;
	size_t at = 0;
	json_t *j;

	s->routers = true;
	configure(s, two_routers);
	service(s, 1, 1);
	load_balancer(s, "lb", "192.0.2.5");
	start(s);
	hand_over(s, ROLE_IPVS);
	hand_over(s, ROLE_VRRP);
	order(s, MSG_START);
	locals(s);
	table_free(take_table(s, NULL));
	p = take_picture(s);
	got_free(next(s, ROLE_SUPERVISOR, MSG_READY));
	assert_int_equal(p.n_routers, 2);
	assert_string_equal(p.routers[0].name, "in");
	assert_string_equal(p.routers[1].ifname, "eth0");
	assert_int_equal(p.settings.ready_timeout_ms, 30000);
	assert_int_equal(p.n, 5);
	assert_int_equal(vip(&p, "10.10.0.1")->router, 1);
	assert_int_equal(vip(&p, "10.10.0.1")->bits, 24);
	assert_int_equal(vip(&p, "10.32.0.1")->router, 0);
	assert_string_equal(vip(&p, "10.32.0.1")->ifname, "eth1");
	assert_int_equal(vip(&p, "192.0.2.5")->router, 1);
	assert_int_equal(vip(&p, "10.96.0.1")->router, ROUTER_NONE);
	vip_picture_clear(&p);

	load_balancer(s, "lb2", "10.10.0.1"); /* a router's own: no row but that of its cluster IP */
	got_free(next(s, ROLE_IPVS, MSG_ROWS));
	g = next(s, ROLE_VRRP, MSG_VIP_ROWS);
	assert_int_equal(vipwire_next_row(g->bytes, g->len, &at, &row, &why), 1);
	assert_int_equal(row.vip.kind, VIP_CLUSTER);
	assert_int_equal(vipwire_next_row(g->bytes, g->len, &at, &row, &why), 0);
	got_free(g);

	j = ask(s, "{\"verb\":\"get\",\"kind\":\"vr\"}\n");
	assert_string_equal(text_at(j, "kind", NULL, NULL), "VirtualRouterList");
	assert_int_equal(json_array_size(json_object_get(j, "items")), 2);
	assert_string_equal(text_at(item(j, 0), "metadata", "name", NULL), "out");
	assert_string_equal(text_at(item(j, 0), "status", "state", NULL), "Backup");
	assert_int_equal(json_integer_value(json_object_get(json_object_get(item(j, 0), "spec"), "vrid")), 50);
	json_decref(j);
	j = ask(s, "{\"verb\":\"status\"}\n");
	assert_string_equal(text_at(item2(j, "problems", 0), "object", NULL, NULL), "router in");
	assert_string_equal(text_at(item2(j, "problems", 0), "message", NULL, NULL), "interface down");
	assert_string_equal(text_at(item2(j, "routers", 0), "state", NULL, NULL), "Backup");
	json_decref(j);
	end(s);
}

/* A VIP's owner is the Active that was heard, unless it is this node. */
static void test_owner(void **state)
{
	struct stage *s = *state;
	json_t *j;

	s->routers = true;
	configure(s, two_routers);
	start(s);
	hand_over(s, ROLE_IPVS);
	hand_over(s, ROLE_VRRP);
	order(s, MSG_START);
	locals(s);
	table_free(take_table(s, NULL));
	assert_int_equal(take_vips(s), 2);
	j = ask(s, "{\"verb\":\"get\",\"kind\":\"vips\"}\n");
	assert_string_equal(text_at(item(j, 0), "spec", "router", NULL), "out");
	assert_string_equal(text_at(item(j, 0), "status", "state", NULL), "Backup");
	assert_string_equal(text_at(item(j, 0), "status", "owner", NULL), "172.17.0.12");
	json_decref(j);

	j = ask(s, "{\"verb\":\"failover\"}\n");
	assert_string_equal(text_at(item2(j, "routers", 0), "to", NULL, NULL), "172.17.0.12");
	json_decref(j);
	j = ask(s, "{\"verb\":\"failover\",\"name\":\"nobody\"}\n");
	assert_string_equal(text_at(j, "error", "message", NULL), "there is no virtual router of this name");
	json_decref(j);
	end(s);
}

/* A reload with other routers is another picture; addresses of a family without a router go nowhere and are told. */
static void test_routers_reload(void **state)
{
	struct stage *s = *state;
	struct vip_picture p;
	json_t *j;

	play(s);
	save(s, "m/six.yaml",
	     "apiVersion: v1\nkind: Service\nmetadata: {name: six}\n"
	     "spec: {ipFamilies: [IPv6], clusterIP: \"fd00:96::9\", externalIPs: [\"2001:db8::7\"], ports: [{port: "
	     "80}]}\n");
	got_free(next(s, ROLE_IPVS, MSG_ROWS));
	got_free(next(s, ROLE_VRRP, MSG_VIP_ROWS));
	configure(s, two_routers);
	order(s, MSG_RELOAD);
	table_free(take_table(s, NULL));
	p = take_picture(s);
	assert_int_equal(p.n_routers, 2);
	vip_picture_clear(&p);
	assert_non_null(first_problem(s, &j));
	assert_string_equal(text_at(item2(j, "problems", 0), "object", NULL, NULL), "2001:db8::7");
	assert_string_equal(text_at(item2(j, "problems", 0), "reason", NULL, NULL), "NoRouter");
	json_decref(j);
	configure(s, "allocate: true\nrouters: []\n");
	order(s, MSG_RELOAD);
	table_free(take_table(s, NULL));
	p = take_picture(s);
	assert_int_equal(p.n_routers, 0);
	vip_picture_clear(&p);
	end(s);
}

static void test_reexec(void **state)
{
	struct stage *s = *state;
	json_t *j;

	play(s);
	j = ask(s, "{\"verb\":\"failover\"}\n"); /* alone */
	assert_string_equal(text_at(j, "error", "reason", NULL), "NotFound");
	json_decref(j);
	j = ask(s, "{\"verb\":\"reexec\"}\n");
	assert_int_equal(json_integer_value(json_object_get(j, "pid")), s->pid);
	json_decref(j);
	got_free(next(s, ROLE_SUPERVISOR, MSG_REEXEC));
	end(s);
}

/* The service manager waits for the end of a reload. */
static void test_reload_ends(void **state)
{
	struct stage *s = *state;

	play(s);
	order(s, MSG_RELOAD);
	got_free(next(s, ROLE_SUPERVISOR, MSG_READY));
	save(s, "vipd.yaml", "schedular: wrr\n");
	order(s, MSG_RELOAD);
	got_free(next(s, ROLE_SUPERVISOR, MSG_READY));
	end(s);
}

static void name_folder(const struct stage *s, const char *name)
{
	char *text = xasprintf("manifests: %s/%s\ninterface: eth0\n", s->dir, name);

	save(s, "vipd.yaml", text);
	free(text);
}

/* The folder of the former configuration was away: that is no trouble of the new one. */
static void test_trouble_ends(void **state)
{
	struct stage *s = *state;
	json_t *j;

	play(s);
	name_folder(s, "none");
	order(s, MSG_RELOAD);
	got_free(next(s, ROLE_SUPERVISOR, MSG_READY));
	j = ask(s, "{\"verb\":\"status\"}\n");
	assert_non_null(json_object_get(json_array_get(json_object_get(j, "sources"), 0), "trouble"));
	json_decref(j);
	name_folder(s, "m");
	order(s, MSG_RELOAD);
	table_free(take_table(s, NULL));
	j = ask(s, "{\"verb\":\"status\"}\n");
	assert_null(json_object_get(json_array_get(json_object_get(j, "sources"), 0), "trouble"));
	json_decref(j);
	end(s);
}

static void test_other_folder(void **state)
{
	struct stage *s = *state;
	char *path = path_of(s, "m2"), *text;
	struct table *t;

	play(s);
	assert_int_equal(mkdir(path, 0755), 0);
	save(s, "m2/a.yaml",
	     "apiVersion: v1\nkind: Service\nmetadata: {name: a}\n"
	     "spec: {clusterIP: 10.96.1.1, ports: [{port: 81}]}\n");
	text = xasprintf("manifests: %s\ninterface: eth0\n", path);
	save(s, "vipd.yaml", text);
	free(text);
	free(path);
	order(s, MSG_RELOAD);
	t = take_table(s, NULL);
	assert_int_equal(table_count(t), 1);
	table_free(t);
	assert_int_equal(take_vips(s), 1);
	end(s);
}

/* What is given is on disk before the rows go out. */
static void test_record(void **state)
{
	struct stage *s = *state;
	struct got *g;
	char *path = path_of(s, "record.yaml"), *text;
	size_t len;

	play(s);
	save(s, "m/lb.yaml",
	     "apiVersion: v1\nkind: Service\nmetadata: {name: lb}\n"
	     "spec: {type: LoadBalancer, ports: [{port: 80}]}\n");
	g = next(s, ROLE_IPVS, MSG_ROWS);
	assert_int_equal(file_read(AT_FDCWD, path, 1 << 20, &text, &len), 0);
	assert_non_null(strstr(text, "192.0.2.1"));
	free(text);
	free(path);
	got_free(g);
	end(s);
}

static void test_bad_record(void **state)
{
	struct stage *s = *state;
	json_t *j, *p;
	char *path;

	service(s, 1, 1);
	save(s, "record.yaml", "{ not a record");
	start(s);
	hand_over(s, ROLE_IPVS);
	hand_over(s, ROLE_VRRP);
	order(s, MSG_START);
	locals(s);
	p = first_problem(s, &j);
	assert_string_equal(json_string_value(json_object_get(p, "reason")), "BadRecord");
	json_decref(j);
	for (int i = 0; i < 20; i++)
		turn(s);
	assert_null(s->ends[ROLE_IPVS].first); /* the kernel stays as it is */
	path = path_of(s, "record.yaml");
	unlink(path);
	free(path);
	order(s, MSG_RELOAD);
	table_free(take_table(s, NULL));
	end(s);
}

static void test_bad_start(void **state)
{
	struct stage *s = *state;

	save(s, "vipd.yaml", "adopt: 7\n");
	start(s);
	assert_int_equal(finish(s), 78);
}

/* A request that is cut short, too long, or never comes does no harm. */
static void test_clients(void **state)
{
	struct stage *s = *state;
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	char *big = xmalloc(70000);
	int fds[70];
	json_t *j;

	play(s);
	snprintf(sa.sun_path, sizeof sa.sun_path, "%s/sock", s->dir);
	for (int i = 0; i < 60; i++) {
		fds[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
		assert_int_equal(connect(fds[i], (const struct sockaddr *)&sa, sizeof sa), 0);
		assert_int_equal(send(fds[i], "{\"verb\"", 7, MSG_NOSIGNAL), 7);
	}
	memset(big, ' ', 69998);
	memcpy(big + 69998, "\n", 2);
	j = ask(s, big);
	assert_string_equal(text_at(j, "error", "reason", NULL), "RequestEntityTooLarge");
	json_decref(j);
	for (int i = 0; i < 60; i++)
		close(fds[i]);
	j = ask(s, "{\"verb\":\"get\",\"kind\":\"po\"}\nmore");
	assert_int_equal(json_array_size(json_object_get(j, "items")), 0);
	json_decref(j);
	free(big);
	end(s);
}

/* Who waits since before control was there is answered when it can be. */
static void test_early_client(void **state)
{
	struct stage *s = *state;
	json_t *j;
	int fd;

	service(s, 1, 1);
	start(s);
	fd = request(s, "{\"verb\":\"status\"}\n");
	for (int i = 0; i < 100; i++)
		turn(s);
	order(s, MSG_START);
	j = answer_of(s, fd);
	assert_string_equal(text_at(j, "kind", NULL, NULL), "Status");
	json_decref(j);
	end(s);
}

/* A stop does not wait for an answer of ipvs. */
static void test_stop_while_asked(void **state)
{
	struct stage *s = *state;
	int fds[2];

	play(s);
	fds[0] = request(s, "{\"verb\":\"get\",\"kind\":\"vs\"}\n");
	got_free(next(s, ROLE_IPVS, MSG_ASK));
	fds[1] = request(s, "{\"verb\":\"status\"}\n");
	got_free(next(s, ROLE_IPVS, MSG_ASK));
	end(s);
	close(fds[0]);
	close(fds[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_rows, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_gate, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_without_vrrp, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_peer_again, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_slow_peer, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_again, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_requests, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_notes, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_reload, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_routers, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_owner, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_routers_reload, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_reexec, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_other_folder, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_record, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_bad_record, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_bad_start, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_clients, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_early_client, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_stop_while_asked, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_reload_ends, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_trouble_ends, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
