/* vipctl check: all errors at their places, and nothing that only a node could mend. */
#include "../src/vipctl.h"

#include "../src/base/file.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static enum output output;
static char dir[] = "/tmp/test_vipctl_check.XXXXXX";

static int setup(void **state)
{
	return mkdtemp(dir) && chdir(dir) == 0 && mkdir("folder", 0755) == 0 ? 0 : 1;
}

static int teardown(void **state)
{
	static const char *const names[] = {"a.yaml", "b.yaml", "folder/c.yaml", "folder/d.txt", "out", "err", "in"};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		unlink(names[i]);
	rmdir("folder");
	return chdir("/") || rmdir(dir);
}

static void save(const char *name, const char *text)
{
	assert_int_equal(file_write(AT_FDCWD, name, text, strlen(text), 0644), 0);
}

static int redirect(const char *name, int to, int flags)
{
	int saved = dup(to), fd = open(name, flags | O_CLOEXEC, 0600);

	dup2(fd, to);
	close(fd);
	return saved;
}

static void restore(int saved, int to)
{
	dup2(saved, to);
	close(saved);
}

/* Runs check with the three standard files taken from and kept in this folder. */
static void check(char **args, int n, int code, const char *out, const char *err)
{
	struct vipctl v = {.verb = vipctl_verb_find("check"), .args = args, .n_args = n, .output = output};
	int saved[3], got;
	char *text;
	size_t len;

	if (access("in", F_OK))
		save("in", "");
	fflush(NULL);
	saved[0] = redirect("in", 0, O_RDONLY);
	saved[1] = redirect("out", 1, O_WRONLY | O_CREAT | O_TRUNC);
	saved[2] = redirect("err", 2, O_WRONLY | O_CREAT | O_TRUNC);
	clearerr(stdin);
	got = v.verb->run(&v);
	fflush(NULL);
	for (int i = 0; i < 3; i++)
		restore(saved[i], i);
	assert_int_equal(file_read(AT_FDCWD, "out", 1 << 20, &text, &len), 0);
	assert_string_equal(text, out);
	free(text);
	assert_int_equal(file_read(AT_FDCWD, "err", 1 << 20, &text, &len), 0);
	assert_string_equal(text, err);
	free(text);
	assert_int_equal(got, code);
}

static const char web[] = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\n"
			  "spec: {type: LoadBalancer, clusterIP: 10.96.0.7, ports: [{port: 80}]}\n";

static void test_good(void **state)
{
	char *args[] = {"a.yaml"};

	save("a.yaml", web); /* no pool here: no error of the manifest */
	check(args, 1, 0, "1 objects, no errors\n", "");
}

static void test_errors(void **state)
{
	char *args[] = {"a.yaml", "b.yaml", "absent", "folder", "-"};

	save("a.yaml", web);
	save("b.yaml", "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {ports: [{port: 80}]}\n---\n"
		       "apiVersion: v1\nkind: Service\nmetadata: {name: x}\nspec: {ports: [{port: 65536}]}\n");
	save("folder/c.yaml", "apiVersion: v1\nkind: Service\nmetadata: {name: same}\n"
			      "spec: {clusterIP: 10.96.0.7, ports: [{port: 80}]}\n");
	save("folder/d.txt", "not: [a manifest");
	save("in", "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nstatus: {podIP: 10.0.0.256}\n");
	check(args, 5, 1, "",
	      "b.yaml:9:23: Service default/x: spec.ports[0].port: 65536 is not a port (1-65535)\n"
	      "b.yaml:1:1: Service default/web stands in a.yaml:1 already\n"
	      "absent: cannot be read: No such file or directory\n"
	      "<stdin>:4:17: Pod default/p: status.podIP: \"10.0.0.256\" is not an IP address\n"
	      "a.yaml:1:1: Service default/web: Conflict: TCP 10.96.0.7:80 belongs to Service default/same\n");
	unlink("in");
}

/* A configuration among manifests. */
static void test_config(void **state)
{
	char *args[] = {"b.yaml", "a.yaml"};

	save("a.yaml", web);
	save("b.yaml", "interface: eth0\nnodeName: node-1\nscheduler: wlc\n");
	check(args, 2, 0, "1 configuration, 1 objects, no errors\n", "");
	save("b.yaml", "interface: eth0\nschedular: wlc\ngarp: {count: 0}\n");
	check(args, 2, 1, "",
	      "b.yaml:2:1: unknown key \"schedular\"; did you mean \"scheduler\"?\n"
	      "b.yaml:3:15: garp.count: 0 is out of range; expected 1 to 100\n");
	/* An object that lacks its kind is no configuration. */
	save("b.yaml", "apiVersion: v1\nmetadata: {name: x}\n");
	check(args, 1, 1, "", "b.yaml:1:1: kind: required: this is no Kubernetes object\n");
}

/* For editors: on standard output, whole. */
static void test_json(void **state)
{
	char *args[] = {"b.yaml"};

	save("b.yaml", "apiVersion: v1\nkind: Service\nmetadata: {name: x}\nspec: {ports: [{port: 65536}]}\n");
	output = OUTPUT_JSON;
	check(args, 1, 1,
	      "[\n    {\n        \"file\": \"b.yaml\",\n        \"line\": 4,\n        \"column\": 23,\n        "
	      "\"severity\": "
	      "\"error\",\n        \"message\": \"Service default/x: spec.ports[0].port: 65536 is not a port "
	      "(1-65535)\"\n    }\n]\n",
	      "");
	save("a.yaml", web);
	args[0] = "a.yaml";
	check(args, 1, 0, "[]\n", "");
	output = OUTPUT_TABLE;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_good),
	    cmocka_unit_test(test_errors),
	    cmocka_unit_test(test_config),
	    cmocka_unit_test(test_json),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
