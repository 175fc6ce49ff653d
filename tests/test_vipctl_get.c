/* vipctl get whole, against a control process: outputs, what is not found, watching. */
#include "../src/vipctl.h"
#include "control_stage.h"

static char *load(const struct stage *s, const char *name)
{
	char *path = path_of(s, name), *text = NULL;
	size_t len;

	assert_int_equal(file_read(AT_FDCWD, path, 1 << 20, &text, &len), 0);
	free(path);
	return text;
}

/* In this process, or its child: the exit code. Words are split at blanks; an underscore stands for one. */
static int call(const struct stage *s, const char *line)
{
	char *copy = xstrdup(line), *argv[40], *save_at, *socket = xasprintf("--control-socket=%s/sock", s->dir);
	char name[] = "vipctl";
	int argc = 0, code;
	struct vipctl v;

	argv[argc++] = name;
	for (char *w = strtok_r(copy, " ", &save_at); w; w = strtok_r(NULL, " ", &save_at)) {
		for (char *p = w; *p; p++)
			*p = *p == '_' ? ' ' : *p;
		argv[argc++] = w;
	}
	argv[argc++] = socket;
	argv[argc] = NULL;
	code = vipctl_args(argc, argv, &v);
	if (code < 0)
		code = v.verb->run(&v);
	fflush(NULL);
	free(copy);
	free(socket);
	return code;
}

static int open_to(const struct stage *s, const char *name)
{
	char *path = path_of(s, name);
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	free(path);
	return fd;
}

static void run(const struct stage *s, const char *line, int code, const char *out, const char *err)
{
	int old[2] = {dup(1), dup(2)}, fds[2] = {open_to(s, "out"), open_to(s, "err")}, have;
	char *o, *e;

	fflush(NULL);
	dup2(fds[0], 1);
	dup2(fds[1], 2);
	have = call(s, line);
	for (int i = 0; i < 2; i++) {
		dup2(old[i], i + 1);
		close(old[i]);
		close(fds[i]);
	}
	o = load(s, "out");
	e = load(s, "err");
	assert_string_equal(o, out);
	assert_string_equal(e, err);
	assert_int_equal(have, code);
	free(o);
	free(e);
}

static void test_outputs(void **state)
{
	static const char *const lines[] = {"get svc s1 \xff", "describe svc s1 \xff", "drain \xff",
					    "undrain 10.32.1.1 \xff", "delete svc \xff s1"};
	struct stage *s = *state;

	save(s, "m/node.yaml",
	     "apiVersion: v1\nkind: Node\nmetadata: {name: n1, labels: {zone: a}}\nstatus: {addresses: [{type: "
	     "InternalIP, "
	     "address: 172.17.0.9}]}\n");
	load_balancer(s, "lb", "192.0.2.5");
	for (int i = 1; i <= 2; i++)
		service(s, i, 2);
	start(s);
	hand_over(s, ROLE_IPVS);
	hand_over(s, ROLE_VRRP);
	order(s, MSG_START);
	locals(s);
	table_free(take_table(s, NULL));
	take_vips(s);

	run(s, "get svc -o name", 0, "service/lb\nservice/s1\nservice/s2\n", "");
	run(s, "get svc/s1 -o jsonpath={.spec.clusterIP}", 0, "10.96.0.1", "");
	run(s, "get svc lb -o jsonpath={.status.loadBalancer.ingress[0].ip}", 0, "192.0.2.5", "");
	run(s, "get svc lb -o jsonpath={.status.loadBalancer.ingress[*].ipMode}", 0, "VIP", "");
	run(s, "get svc -o jsonpath={range_.items[?(@.spec.type==\"ClusterIP\")]}{.metadata.name}{\"\\n\"}{end}", 0,
	    "s1\ns2\n", "");
	run(s, "get svc s1 -o jsonpath={.spec", 1, "", "Error: jsonpath: a { has no }\n");
	run(s, "get svc s1 nope -o name", 1, "service/s1\n",
	    "Error from server (NotFound): services \"nope\" not found\n");
	run(s, "get svc nope -o json", 1, "", "Error from server (NotFound): services \"nope\" not found\n");
	run(s, "get pods", 0, "", "No resources found in default namespace.\n");
	run(s, "get nodes", 0, "NAME   ADDRESSES    AGE\nn1     172.17.0.9   <unknown>\n", "");
	run(s, "get nodes -o name -l zone=a", 0, "node/n1\n", "");
	run(s, "get nodes --selector zone_notin_(a)", 0, "", "No resources found\n");
	run(s, "get svc -l zone!=a -o name", 0, "service/lb\nservice/s1\nservice/s2\n", "");
	run(s, "get svc s1 -l zone=a", 1, "",
	    "Error: a name and --selector cannot be given together\nSee vipctl get --help.\n");
	run(s, "get vs -l zone=a", 1, "",
	    "Error: --selector is for services, endpoints, pods and nodes: the others have no labels\nSee vipctl get "
	    "--help.\n");
	run(s, "get svc -l zone>a", 1, "",
	    "Error: --selector \"zone>a\": expected one of = == != in notin, or a comma, found \">a\"\nSee vipctl get "
	    "--help.\n");
	run(s, "get nodes --no-headers", 0, "n1   172.17.0.9   <unknown>\n", "");
	run(s, "get pools", 0, "NAME   ADDRESSES      SIZE   USED   FREE\np      192.0.2.0/28   14     1      13\n",
	    "");
	run(s, "get events --for lb -o jsonpath={.items[*].reason}", 0,
	    "EnsuringLoadBalancer NoEndpoints EnsuredLoadBalancer", "");
	run(s, "get svc --for lb", 1, "", "Error: --for is for events\nSee vipctl get --help.\n");
	run(s, "get things", 1, "",
	    "Error: there is no kind \"things\"; expected services, endpoints, pods, nodes, virtualservers, vips, "
	    "vrrp, "
	    "pools or events\n");
	run(s, "explain 10.96.0.1:80/t", 2, "",
	    "Error: \"10.96.0.1:80/t\" is not ADDRESS:PORT, [ADDRESS]:PORT or ADDRESS:PORT/PROTOCOL\n"
	    "See vipctl explain --help.\n");
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) /* no name is passed over */
		run(s, lines[i], 1, "", "Error: a name or namespace is no UTF-8\n");
	got_free(next(s, ROLE_SUPERVISOR, MSG_READY));
	end(s);
}

/* Until the watcher has printed this line. */
static void wait_line(struct stage *s, int fd, char *have, size_t size, const char *want)
{
	while (!strstr(have, want) && !s->late) {
		size_t n = strlen(have);
		ssize_t got = read(fd, have + n, size - n - 1);

		if (got > 0)
			have[n + (size_t)got] = '\0';
		turn(s);
	}
	if (!strstr(have, want))
		fail_msg("no '%s' in '%s'", want, have);
}

static void test_watch(void **state)
{
	struct stage *s = *state;
	char have[4096] = "", *path;
	int fds[2], status;
	pid_t pid;

	play(s);
	assert_int_equal(pipe2(fds, O_NONBLOCK), 0);
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		dup2(fds[1], 1);
		_exit(call(s, "get svc -w"));
	}
	close(fds[1]);
	wait_line(s, fds[0], have, sizeof have, "\ns3 ");
	assert_ptr_equal(strstr(have, "NAME"), have);
	have[0] = '\0';
	service(s, 2, 1); /* another endpoint is nothing that the row shows */
	take_row(s, "10.96.0.2", ROW_SET, 1);
	save(s, "m/s4.yaml",
	     "apiVersion: v1\nkind: Service\nmetadata: {name: s4}\nspec: {clusterIP: 10.96.0.4, ports: "
	     "[{port: 80}]}\n");
	wait_line(s, fds[0], have, sizeof have, "s4     ClusterIP   10.96.0.4 ");
	assert_ptr_equal(strstr(have, "s4"), have); /* alone, without headings */
	have[0] = '\0';
	path = path_of(s, "m/s3.yaml");
	assert_int_equal(unlink(path), 0);
	free(path);
	wait_line(s, fds[0], have, sizeof have, "s3     ClusterIP   10.96.0.3 "); /* as it was */
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	close(fds[0]);
	end(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_outputs, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_watch, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
