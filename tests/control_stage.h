/* A stage for tests of the control process: it is forked over socket pairs, and the test program plays supervisor, ipvs and vrrp and asks as vipctl
 * does. Waits are for messages, with a limit that only a broken control reaches. */
#ifndef VIPD_TESTS_CONTROL_STAGE_H
#define VIPD_TESTS_CONTROL_STAGE_H

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

enum { LIMIT_S = 60, ADMIN_GID = 64321 };

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
	unsigned alive; /* times that control said that it lives */
};

struct stage {
	char dir[64];
	pid_t pid;
	struct loop *loop;
	struct loop_timer *limit;
	struct end ends[ROLE_COUNT]; /* by the role that this program plays */
	bool late;
	bool routers;       /* what vrrp answers */
	const char *health; /* ... and to "health" */
	const char *field;  /* a header line of requests */
	/* Answers before the usual ones do: malloc'd bytes, or NULL. */
	char *(*answer)(enum role as, const struct got *g, size_t *len);
};

static inline void on_msg(void *arg, struct chan *c, struct msg *m)
{
	struct end *e = arg;
	struct got *g;

	if (m->type == MSG_PONG) {
		e->alive++;
		return;
	}
	g = xmalloc(sizeof *g + m->len);
	*g = (struct got){.type = m->type, .generation = m->generation, .fd = m->fd, .len = m->len};
	if (m->len)
		memcpy(g->bytes, m->payload, m->len);
	*e->last = g;
	e->last = &g->next;
}

static inline void on_close(void *arg, struct chan *c)
{
	((struct end *)arg)->chan = NULL;
	chan_free(c);
}

static inline void on_limit(void *arg)
{
	struct stage *s = arg;

	s->late = true;
	loop_stop(s->loop, 0);
}

static inline void on_tick(void *arg)
{
	loop_stop(arg, 0);
}

/* Runs the loop for a moment. */
static inline void turn(struct stage *s)
{
	struct loop_timer *t = loop_timer_new(s->loop, on_tick, s->loop);

	loop_timer_set(t, 5 * NSEC_PER_MSEC);
	loop_run(s->loop);
	loop_timer_free(t);
}

/* The next message to this role; the caller frees it. */
static inline struct got *next(struct stage *s, enum role as, uint16_t type)
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

static inline void got_free(struct got *g)
{
	if (g->fd >= 0)
		close(g->fd);
	free(g);
}

static inline void end_open(struct stage *s, enum role as, int fd)
{
	struct end *e = &s->ends[as];

	e->last = &e->first;
	e->chan = chan_new(s->loop, fd, on_msg, on_close, e);
}

/* A new channel between control and the process that this program plays. */
static inline void hand_over(struct stage *s, enum role as)
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

static inline void order(struct stage *s, uint16_t type)
{
	uint32_t no = 0;

	assert_int_equal(chan_send(s->ends[ROLE_SUPERVISOR].chan, type, 0, &no, type == MSG_START ? sizeof no : 0, -1),
			 0);
}

static inline void acknowledge(struct stage *s, enum role as, uint64_t generation)
{
	struct msg_ack ack = {0};

	assert_int_equal(chan_send(s->ends[as].chan, MSG_ACK, generation, &ack, sizeof ack, -1), 0);
}

static inline void locals(struct stage *s)
{
	struct local_addr a = {.bits = 24, .ifname = "eth0"};

	addr_parse("10.0.0.7", &a.addr);
	assert_int_equal(chan_send(s->ends[ROLE_VRRP].chan, MSG_LOCALS, 0, &a, sizeof a, -1), 0);
}

static inline char *path_of(const struct stage *s, const char *name)
{
	return xasprintf("%s/%s", s->dir, name);
}

static inline void save(const struct stage *s, const char *name, const char *text)
{
	char *path = path_of(s, name);

	assert_int_equal(file_write(AT_FDCWD, path, text, strlen(text), 0644), 0);
	free(path);
}

static inline int listen_at(const struct stage *s)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	snprintf(sa.sun_path, sizeof sa.sun_path, "%s/sock", s->dir);
	assert_int_equal(bind(fd, (const struct sockaddr *)&sa, sizeof sa), 0);
	assert_int_equal(listen(fd, 1024), 0);
	return fd;
}

/* The child's side of the fork: never returns. */
static inline void play_control(const struct stage *s, int fd, int listen_fd)
{
	char *config = path_of(s, "vipd.yaml"), *sock = path_of(s, "sock"), name[] = "vipd";
	char *argv[] = {name, NULL};
	struct places places = {.config_file = config,
				.run_dir = s->dir,
				.state_dir = s->dir,
				.control_socket = sock,
				.config_owner = geteuid(),
				.admin_gid = ADMIN_GID};
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

static inline void start(struct stage *s)
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

static inline int finish(struct stage *s)
{
	int status;

	assert_int_equal(waitpid(s->pid, &status, 0), s->pid);
	s->pid = 0;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 256;
}

static const char config[] =
    "manifests: %s/m\ninterface: eth0\npools: [{name: p, addresses: [192.0.2.0/28]}]\nallowUnpooled: true\n%s%s";

static inline void configure(const struct stage *s, const char *more)
{
	char *text = xasprintf(config, s->dir, strstr(more, "http:") ? "" : "http: {listen: []}\n", more);

	save(s, "vipd.yaml", text);
	free(text);
}

static inline void service(const struct stage *s, int i, int endpoints)
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

static inline void load_balancer(const struct stage *s, const char *name, const char *address)
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

static inline int setup(void **state)
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

static inline void remove_all(const char *path)
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

static inline int teardown(void **state)
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
static inline struct table *take_table(struct stage *s, uint64_t *generation)
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
static inline struct vip_picture take_picture(struct stage *s)
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

static inline size_t take_vips(struct stage *s)
{
	struct vip_picture p = take_picture(s);
	size_t n = p.n;

	vip_picture_clear(&p);
	return n;
}

/* Until the first pictures: three Services with two endpoints each. */
static inline void play(struct stage *s)
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

static inline void end(struct stage *s)
{
	order(s, MSG_STOP);
	while (s->ends[ROLE_SUPERVISOR].chan && !s->late)
		turn(s);
	assert_int_equal(finish(s), 0);
}

/* One row with this many real servers; acknowledged. */
static inline void take_row(struct stage *s, const char *address, enum row_op op, uint32_t n)
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

/* As the vrrp process answers, by the router's name. */
static inline const char *failover_answer(const struct got *g)
{
	if (g->len == 0)
		return "{\"routers\":[{\"name\":\"out\",\"result\":\"handed "
		       "over\",\"to\":\"172.17.0.12\",\"afterMs\":1.5}]}";
	assert_int_equal(g->len, 6);
	assert_memory_equal(g->bytes, "nobody", 6);
	return "{\"error\":\"there is no virtual router of this name\"}";
}

static inline int request(const struct stage *s, const char *line)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(sa.sun_path, sizeof sa.sun_path, "%s/sock", s->dir);
	assert_int_equal(connect(fd, (const struct sockaddr *)&sa, sizeof sa), 0);
	assert_int_equal(send(fd, line, strlen(line), MSG_NOSIGNAL), strlen(line));
	return fd;
}

/* As ipvs and vrrp answer a question. */
static inline const char *child_answer(const struct stage *s, const struct got *g)
{
	static const struct {
		const char *question, *answer;
	} rows[] = {
	    {"table", "[{\"address\":\"10.96.0.2\",\"port\":80,\"protocol\":\"TCP\",\"scheduler\":\"rr\",\"ours\":true,"
		      "\"reals\":[]},\n{\"address\":\"10.9.9.9\",\"port\":80,\"protocol\":\"TCP\",\"ours\":false}]\n"},
	    {"vips", "[{\"address\":\"10.96.0.2\",\"held\":true,\"interface\":\"vipd0\"}]"},
	};

	if (g->type == MSG_FAILOVER)
		return failover_answer(g);
	if (g->len == 4 && memcmp(g->bytes, "vrrp", 4) == 0)
		return s->routers
			   ? "[{\"name\":\"out\",\"state\":\"BACKUP\",\"vrid\":50,\"active\":\"172.17.0.12\",\"peers\":"
			     "[]},"
			     "{\"name\":\"in\",\"state\":\"FAULT\",\"active\":\"-\",\"lastCause\":\"interface down\"}]"
			   : "[]";
	if (g->len == 6 && memcmp(g->bytes, "health", 6) == 0)
		return s->health;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (g->len == strlen(rows[i].question) && memcmp(g->bytes, rows[i].question, g->len) == 0)
			return rows[i].answer;
	return "{\"virtualServers\":3}";
}

/* The next question, whatever waits before it; NULL if there is none. */
static inline struct got *next_question(struct end *e)
{
	struct got **at = &e->first, *g;

	while (*at && (*at)->type != MSG_ASK && (*at)->type != MSG_FAILOVER)
		at = &(*at)->next;
	g = *at;
	if (!g)
		return NULL;
	*at = g->next;
	if (!*at)
		e->last = at;
	return g;
}

/* This program answers for all others. */
static inline void answer_asks(struct stage *s)
{
	for (int r = 0; r < ROLE_COUNT; r++) {
		struct got *g = next_question(&s->ends[r]);
		const char *answer;
		char *made;
		size_t len;
		int memfd;

		if (!g)
			continue;
		made = s->answer ? s->answer((enum role)r, g, &len) : NULL;
		answer = made ? made : child_answer(s, g);
		memfd = memfd_sealed("answer", answer, made ? len : strlen(answer));
		free(made);
		chan_send(s->ends[r].chan, MSG_ANSWER, g->generation, NULL, 0, memfd);
		close(memfd);
		got_free(g);
	}
}

/* All that comes on fd until its end, malloc'd; fd is closed. */
static inline char *hear(struct stage *s, int fd, size_t *len)
{
	size_t n = 0, cap = 1 << 20;
	char *text = xmalloc(cap);
	ssize_t got = -1;

	while (got != 0 && !s->late) {
		got = recv(fd, text + n, cap - 1 - n, MSG_DONTWAIT);
		if (got > 0)
			n += (size_t)got;
		else if (got < 0)
			assert_int_equal(errno, EAGAIN);
		turn(s);
		answer_asks(s);
	}
	close(fd);
	text[n] = '\0';
	*len = n;
	return text;
}

/* The answer to what was asked on fd. */
static inline json_t *answer_of(struct stage *s, int fd)
{
	size_t n;
	char *text = hear(s, fd, &n);
	json_error_t e;
	json_t *j = json_loadb(text, n, 0, &e);

	free(text);
	assert_non_null(j);
	return j;
}

static inline json_t *ask(struct stage *s, const char *line)
{
	return answer_of(s, request(s, line));
}

static inline const char *text_at(json_t *j, const char *a, const char *b, const char *c)
{
	j = json_object_get(j, a);
	if (b)
		j = json_object_get(j, b);
	if (c)
		j = json_object_get(j, c);
	return json_string_value(j);
}

static inline json_t *item(json_t *list, size_t i)
{
	return json_array_get(json_object_get(list, "items"), i);
}

static inline json_t *item2(json_t *j, const char *list, size_t i)
{
	return json_array_get(json_object_get(j, list), i);
}

#endif
