/* vipctl apply and delete whole, against a folder in a folder of the test's and a child that answers for vipd. */
#include "../configmaps/folder.h"
#include "../src/base/arena.h"
#include "../src/base/file.h"
#include "../src/vipctl.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
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

#define WEB       "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {ports: [{port: 80}]} # mine\n"
#define WEB_81    "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {ports: [{port: 81}]}\n"
#define WEB_OTHER "kind: Service\napiVersion: v1\nmetadata:\n  name: web\nspec:\n  ports:\n  - port: 80\n"
#define POD       "apiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: shop}\n"
#define NODE      "apiVersion: v1\nkind: Node\nmetadata: {name: n1}\n"
#define DEPLOY    "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\n"
#define SLICE                                                                                                          \
	"apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: {name: web-1, labels: "                       \
	"{kubernetes.io/service-name: web}}\naddressType: IPv4\nendpoints: []\n"

struct stage {
	char dir[64];
	pid_t pid;
};

/* ---- the child ---- */

static void add_file(void *arg, const char *file)
{
	json_array_append_new(arg, json_string(file));
}

static json_t *where(const char *folder, json_t *request)
{
	struct diag_list diags = {0};
	struct folder *f = folder_read(folder, &diags);
	json_t *objects = json_array(), *one;
	size_t i;

	json_array_foreach(json_object_get(request, "objects"), i, one)
	{
		json_t *files = json_array();
		char kind[32], ns[64], name[64];

		if (sscanf(json_string_value(one), "%31[^ ] %63[^/]/%63s", kind, ns, name) == 3 ||
		    (*ns = '\0', sscanf(json_string_value(one), "%31[^ ] /%63s", kind, name) == 2))
			for (int k = 0; k < KIND_COUNT; k++)
				if (strcmp(kind, kind_name((enum kind)k)) == 0)
					folder_each_place(f, (enum kind)k, ns, name, add_file, files);
		json_array_append_new(objects, json_pack("{s:O, s:o}", "object", one, "files", files));
	}
	folder_free(f);
	diag_clear(&diags);
	return json_pack("{s:s, s:o}", "folder", folder, "objects", objects);
}

/* The change is there by now: as "settle" asks for it. A file with "pending" in its name never is; one with "sick" has a problem. */
static json_t *settle(const char *folder, json_t *request)
{
	json_t *one, *problems = json_array();
	size_t i;

	json_array_foreach(json_object_get(request, "files"), i, one)
	{
		const char *s = json_string_value(one), *name = strchr(s, ' ') + 1;
		char *path = xasprintf("%s/%s", folder, name), *text, hash[17];
		size_t len;
		int err = file_read(AT_FDCWD, path, 1 << 20, &text, &len);

		free(path);
		if (strstr(name, "pending"))
			return json_pack("{s:{s:s, s:s}}", "error", "reason", "Timeout", "message", "late");
		if (strstr(name, "sick"))
			json_array_append_new(problems, json_pack("{s:s, s:s, s:s}", "object", "Service default/sick",
								  "reason", "AllocationFailed", "message", "full"));
		if (*s == '-' ? err != -ENOENT : err != 0)
			return json_pack("{s:{s:s}}", "error", "message", "not as it should be");
		if (*s == '-')
			continue;
		snprintf(hash, sizeof hash, "%016llx", (unsigned long long)folder_text_hash(text, len));
		free(text);
		if (strncmp(hash, s, 16) != 0)
			return json_pack("{s:{s:s}}", "error", "message", "another hash");
	}
	return json_pack("{s:o}", "problems", problems);
}

static void serve(int fd, const char *folder)
{
	for (;;) {
		int client = accept(fd, NULL, NULL);
		char *line = xcalloc(1, 1 << 17), *text;
		ssize_t n = 0, got;
		json_t *request, *reply;
		const char *verb;

		while (!memchr(line, '\n', (size_t)n) &&
		       (got = recv(client, line + n, (1 << 17) - (size_t)n - 1, 0)) > 0)
			n += got;
		request = json_loads(line, 0, NULL);
		verb = json_string_value(json_object_get(request, "verb"));
		reply = verb && strcmp(verb, "where") == 0 ? where(folder, request) : settle(folder, request);
		text = json_dumps(reply, 0);
		send(client, text, strlen(text), MSG_NOSIGNAL);
		close(client);
		free(text);
		free(line);
		json_decref(request);
		json_decref(reply);
	}
}

static int setup(void **state)
{
	struct stage *s = xcalloc(1, sizeof *s);
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	char *folder;
	int fd;

	strcpy(s->dir, "/tmp/test_apply.XXXXXX");
	assert_non_null(mkdtemp(s->dir));
	folder = xasprintf("%s/m", s->dir);
	assert_int_equal(mkdir(folder, 0755), 0);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	snprintf(sa.sun_path, sizeof sa.sun_path, "%s/sock", s->dir);
	assert_int_equal(bind(fd, (const struct sockaddr *)&sa, sizeof sa), 0);
	assert_int_equal(listen(fd, 16), 0);
	fflush(NULL);
	s->pid = fork();
	if (s->pid == 0)
		serve(fd, folder);
	close(fd);
	free(folder);
	*state = s;
	return 0;
}

static int teardown(void **state)
{
	struct stage *s = *state;
	char *command = xasprintf("rm -rf %s", s->dir);

	kill(s->pid, SIGKILL);
	waitpid(s->pid, NULL, 0);
	if (system(command))
		return -1;
	free(command);
	free(s);
	return 0;
}

/* ---- the command ---- */

static void save(const struct stage *s, const char *name, const char *text)
{
	char *path = xasprintf("%s/%s", s->dir, name);

	assert_int_equal(file_write(AT_FDCWD, path, text, strlen(text), 0644), 0);
	free(path);
}

/* The contents; NULL if there is no such file. */
static char *load(const struct stage *s, const char *name)
{
	char *path = xasprintf("%s/%s", s->dir, name), *text = NULL;
	size_t len;

	if (file_read(AT_FDCWD, path, 1 << 20, &text, &len))
		text = NULL;
	free(path);
	return text;
}

static void check(const struct stage *s, const char *name, const char *want)
{
	char *text = load(s, name);

	if (!text || !want)
		assert_true(!text && !want);
	else
		assert_string_equal(text, want);
	free(text);
}

static int capture(const struct stage *s, const char *name)
{
	char *path = xasprintf("%s/%s", s->dir, name);
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	free(path);
	return fd;
}

/* Runs vipctl with these words (FILE stands for "the stage's FILE"); what it said, out and err; the exit code. */
static int vipctl(const struct stage *s, const char *line, char **out, char **err)
{
	char *copy = xstrdup(line), *argv[40], *save_at, *socket = xasprintf("--control-socket=%s/sock", s->dir);
	int argc = 0, code, old[2] = {dup(1), dup(2)}, fds[2] = {capture(s, "out"), capture(s, "err")};
	struct vipctl v;

	argv[argc++] = xstrdup("vipctl");
	for (char *w = strtok_r(copy, " ", &save_at); w; w = strtok_r(NULL, " ", &save_at))
		argv[argc++] = *w == '@' ? xasprintf("%s/%s", s->dir, w + 1) : xstrdup(w);
	argv[argc++] = socket;
	argv[argc] = NULL;
	fflush(NULL);
	dup2(fds[0], 1);
	dup2(fds[1], 2);
	code = vipctl_args(argc, argv, &v);
	if (code < 0)
		code = v.verb->run(&v);
	fflush(NULL);
	for (int i = 0; i < 2; i++) {
		dup2(old[i], i + 1);
		close(old[i]);
		close(fds[i]);
	}
	for (int i = 0; i < argc; i++)
		free(argv[i]);
	free(copy);
	*out = load(s, "out");
	*err = load(s, "err");
	return code;
}

static void run(const struct stage *s, const char *line, int code, const char *out, const char *err)
{
	char *o, *e;
	int have = vipctl(s, line, &o, &e);

	assert_string_equal(o, out);
	if (!strstr(e, err) || (!*err && *e))
		assert_string_equal(e, err);
	assert_int_equal(have, code);
	free(o);
	free(e);
}

static void test_life(void **state)
{
	struct stage *s = *state;

	save(s, "in.yaml", "# a comment\n---\n" WEB "---\n" POD "---\n" DEPLOY "---\n" NODE "---\n" SLICE);
	run(s, "apply -f @in.yaml", 0,
	    "service/web created\npod/p created\nnode/n1 created\nendpointslice.discovery.k8s.io/web-1 created\n",
	    "Warning: deployment.apps/web: vipd has no use for this kind; passed over\n");
	check(s, "m/default_service_web.yaml", WEB);
	check(s, "m/shop_pod_p.yaml", POD);
	check(s, "m/node_n1.yaml", NODE);
	check(s, "m/default_endpointslice_web-1.yaml", SLICE);
	run(s, "apply -f @in.yaml", 0,
	    "service/web unchanged\npod/p unchanged\nnode/n1 unchanged\nendpointslice.discovery.k8s.io/web-1 "
	    "unchanged\n",
	    "Warning: deployment");
	save(s, "in.yaml", WEB_OTHER); /* another layout is no change */
	run(s, "apply -f @in.yaml", 0, "service/web unchanged\n", "");
	check(s, "m/default_service_web.yaml", WEB);
	save(s, "in.yaml", WEB_81);
	run(s, "apply -f @in.yaml --timeout 5s", 0, "service/web configured\n", "");
	check(s, "m/default_service_web.yaml", WEB_81);
	run(s, "delete svc web", 0, "service/web deleted\n", "");
	check(s, "m/default_service_web.yaml", NULL);
	run(s, "delete svc web", 1, "", "Error from server (NotFound): services \"web\" not found\n");
	run(s, "delete svc web --ignore-not-found", 0, "", "");
	run(s, "delete pod/p node/n1 -n shop", 0, "pod/p deleted\nnode/n1 deleted\n", "");
	run(s, "delete endpointslices web-1 other", 1, "endpointslice.discovery.k8s.io/web-1 deleted\n",
	    "(NotFound): endpointslices.discovery.k8s.io \"other\" not found");
}

/* One object of a file changes, what else is in it stays as it is written; its mode too. */
static void test_within(void **state)
{
	struct stage *s = *state;
	char *path = xasprintf("%s/m/all.yaml", s->dir);
	struct stat st;

	save(s, "m/all.yaml", "# head\n" POD "---\n" WEB "---\n" DEPLOY);
	assert_int_equal(chmod(path, 0640), 0);
	save(s, "in.yaml", WEB_81);
	run(s, "apply -f @in.yaml", 0, "service/web configured\n", "");
	check(s, "m/all.yaml", "# head\n" POD "---\n" WEB_81 "---\n" DEPLOY);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	run(s, "delete -f @in.yaml", 0, "service/web deleted\n", "");
	check(s, "m/all.yaml", "# head\n" POD "---\n" DEPLOY);
	run(s, "delete pods p -n shop", 0, "pod/p deleted\n", "");
	check(s, "m/all.yaml", "---\n" DEPLOY); /* not ours to throw away */
	free(path);
}

/* Out of both files, or the second would take its place. */
static void test_twice(void **state)
{
	struct stage *s = *state;

	save(s, "m/a.yaml", WEB);
	save(s, "m/b.yaml", WEB_81 "---\n" POD);
	run(s, "delete svc web", 0, "service/web deleted\n", "");
	check(s, "m/a.yaml", NULL);
	check(s, "m/b.yaml", "---\n" POD);
}

static void test_namespace(void **state)
{
	struct stage *s = *state;

	save(s, "in.yaml", WEB);
	run(s, "apply -f @in.yaml -n shop", 0, "service/web created\n", "");
	check(s, "m/shop_service_web.yaml",
	      "apiVersion: v1\nkind: Service\nmetadata:\n  name: web\n  namespace: shop\nspec:\n  ports:\n  - port: "
	      "80\n");
	run(s, "apply -f @in.yaml -n shop", 0, "service/web unchanged\n", "");
	save(s, "in.yaml", POD);
	run(s, "apply -f @in.yaml -n other", 1, "",
	    "the namespace from the provided object \"shop\" does not match the namespace \"other\"; you must pass "
	    "'--namespace=shop'");
	run(s, "delete -f @in.yaml", 1, "", "Error from server (NotFound): pods \"p\" not found\n");
}

static void test_several_inputs(void **state)
{
	struct stage *s = *state;
	char *path = xasprintf("%s/in", s->dir);

	assert_int_equal(mkdir(path, 0755), 0);
	save(s, "in/a.yaml", WEB);
	save(s, "in/b.yaml", NODE);
	save(s, "in/c.txt", "no manifest");
	save(s, "pod.json", "{\"apiVersion\": \"v1\", \"kind\": \"Pod\", \"metadata\": {\"name\": \"q\"}}");
	run(s, "apply -f @in -f @pod.json", 0, "service/web created\nnode/n1 created\npod/q created\n", "");
	run(s, "apply -f @in -f @in/a.yaml", 1, "", "stands in");
	run(s, "delete -f @in", 0, "service/web deleted\nnode/n1 deleted\n", "");
	free(path);
}

/* Nothing is written when something is wrong. */
static void test_refused(void **state)
{
	struct stage *s = *state;
	char *path = xasprintf("%s/m", s->dir);

	save(s, "bad.yaml", "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {ports: [{port: 99999}]}\n");
	save(s, "good.yaml", POD);
	run(s, "apply -f @good.yaml -f @bad.yaml", 1, "", "bad.yaml:4:");
	check(s, "m/shop_pod_p.yaml", NULL);
	run(s, "apply -f @none.yaml", 1, "", "none.yaml: cannot be read: No such file or directory");
	run(s, "apply", 1, "", "apply what?");
	run(s, "delete", 1, "", "delete what?");
	run(s, "delete svc", 1, "", "Give names");
	run(s, "delete things web", 1, "", "there is no kind \"things\"");
	run(s, "delete svc web -f @good.yaml", 1, "", "delete what?");
	run(s, "delete svc/web web", 1, "", "resource/name form");
	save(s, "empty.yaml", "# nothing\n");
	run(s, "apply -f @empty.yaml", 1, "", "no objects passed to apply");
	save(s, "m/shop_pod_p.yaml", "kind: [\n"); /* somebody's file with an error */
	run(s, "apply -f @good.yaml", 1, "", "m has errors, mend it first");
	check(s, "m/shop_pod_p.yaml", "kind: [\n");
	run(s, "apply -f @good.yaml --timeout soon", 1, "", "--timeout: expected a time from 1s to 1h");
	if (geteuid() != 0) {
		assert_int_equal(chmod(path, 0500), 0);
		save(s, "in.yaml", WEB);
		run(s, "apply -f @in.yaml", 1, "", "cannot be written: Permission denied");
		assert_int_equal(chmod(path, 0700), 0);
	}
	free(path);
}

static void test_wait(void **state)
{
	struct stage *s = *state;

	save(s, "in.yaml", "apiVersion: v1\nkind: Service\nmetadata: {name: pending}\nspec: {ports: [{port: 80}]}\n");
	run(s, "apply -f @in.yaml --no-wait", 0, "service/pending created\n", "");
	run(s, "delete -f @in.yaml --timeout 1s", 1, "service/pending deleted\n", "Error: timed out waiting");
	save(s, "in.yaml", "apiVersion: v1\nkind: Service\nmetadata: {name: sick}\nspec: {ports: [{port: 80}]}\n");
	run(s, "apply -f @in.yaml", 0, "service/sick created\n", "Warning: service/sick: AllocationFailed: full\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_life, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_within, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_twice, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_namespace, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_several_inputs, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_wait, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
