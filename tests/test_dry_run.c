/* vipd -n and -nv: what is printed, split into vipd.yaml and one manifests file, prints the same again. */
#include "../src/base/log.h"
#include "../src/dry_run.h"

#include "../src/base/file.h"
#include "../src/config_load.h"

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char *root; /* a folder of this program's own */

static void save(const char *name, const char *text)
{
	char path[600];

	snprintf(path, sizeof path, "%s/%s", root, name);
	assert_int_equal(file_write(AT_FDCWD, path, text, strlen(text), 0644), 0);
}

static int setup(void **state)
{
	char path[600], name[] = "/tmp/test_dry_run.XXXXXX";

	root = xstrdup(mkdtemp(name));
	snprintf(path, sizeof path, "%s/m", root);
	return mkdir(path, 0755);
}

static void remove_all(const char *path)
{
	DIR *d = opendir(path);
	struct dirent *e;

	while (d && (e = readdir(d))) {
		char sub[900];

		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		snprintf(sub, sizeof sub, "%s/%s", path, e->d_name);
		if (unlink(sub))
			remove_all(sub);
	}
	if (d)
		closedir(d);
	rmdir(path);
}

static int teardown(void **state)
{
	remove_all(root);
	free(root);
	return 0;
}

/* The compiled state of vipd.yaml's text and a folder: configuration and manifests apart. */
static void compile(const char *config, const char *folder, char **config_out, char **manifests,
		    struct diag_list *diags)
{
	struct record *r = record_new();
	struct config *c;
	struct folder *f;
	struct plan *p;
	size_t len;
	FILE *to;

	assert_int_equal(config_parse("vipd.yaml", config, strlen(config), &c, diags), 0);
	f = folder_read(folder, diags);
	p = dry_run_compile(c, f, r, diags);
	*config_out = config_text(c);
	*manifests = NULL;
	to = open_memstream(manifests, &len);
	dry_run_print(c, f, p, to);
	fclose(to);
	plan_free(p);
	folder_free(f);
	record_free(r);
	config_free(c);
}

static void print_errors(const struct diag_list *diags)
{
	if (diags->errors)
		diag_print(diags, stderr);
}

static void fixed_point(const char *config, const char *folder, bool quiet)
{
	struct diag_list diags = {0};
	char *c1, *m1, *c2, *m2, path[600];

	compile(config, folder, &c1, &m1, &diags);
	print_errors(&diags);
	assert_int_equal(diags.errors, 0);
	if (quiet)
		assert_int_equal(diags.n, 0);
	diag_clear(&diags);
	snprintf(path, sizeof path, "%s/again", root);
	mkdir(path, 0755);
	save("again/all.yaml", m1);
	compile(c1, path, &c2, &m2, &diags);
	print_errors(&diags);
	assert_int_equal(diags.errors, 0);
	assert_string_equal(c1, c2);
	assert_string_equal(m1, m2);
	assert_true(strlen(m1) > 100);
	diag_clear(&diags);
	free(c1);
	free(m1);
	free(c2);
	free(m2);
}

static const char config[] = "serviceClusterCIDR: 10.96.0.0/16,fd00:96::/108\n"
			     "interface: eth0\n"
			     "pools: [{name: p, addresses: [192.0.2.0/28]}]\n";

static const char manifests[] =
    "apiVersion: v1\nkind: Service\nmetadata: {name: web, labels: {a: \"1\"}, annotations: {x.io/y: \"line 1\\nline "
    "2\"}}\n"
    "spec:\n  type: LoadBalancer\n  selector: {app: web}\n  sessionAffinity: ClientIP\n"
    "  ports: [{name: http, port: 80, targetPort: http}, {name: dns, port: 53, protocol: UDP}]\n"
    "---\n"
    "apiVersion: v1\nkind: Pod\nmetadata: {name: w1, labels: {app: web}, annotations: {vipd.io/weight: \"3\"}}\n"
    "spec: {containers: [{name: c, image: i, ports: [{name: http, containerPort: 8080}]}]}\n"
    "status: {podIP: 10.32.0.5, conditions: [{type: Ready, status: \"True\"}]}\n"
    "---\n"
    "apiVersion: v1\nkind: Pod\nmetadata: {name: w2, labels: {app: web}}\n"
    "spec: {containers: [{name: c, image: i, ports: [{name: http, containerPort: 9090}]}]}\n"
    "status: {podIP: 10.32.0.6, conditions: [{type: Ready, status: \"True\"}]}\n"
    "---\n"
    "apiVersion: v1\nkind: Pod\nmetadata: {name: w3, labels: {app: web}}\n"
    "status: {podIP: 10.32.0.7, conditions: [{type: Ready, status: \"False\"}]}\n"
    "---\n"
    "apiVersion: v1\nkind: Service\nmetadata: {name: ext, namespace: other}\n"
    "spec: {externalIPs: [10.4.0.9], ports: [{port: 443}], externalTrafficPolicy: Cluster}\n"
    "---\n"
    "apiVersion: v1\nkind: Endpoints\nmetadata: {name: ext, namespace: other}\n"
    "subsets: [{addresses: [{ip: 10.32.1.1}, {ip: 10.32.1.2}], notReadyAddresses: [{ip: 10.32.1.3}], ports: [{port: "
    "443}]}]\n"
    "---\n"
    "apiVersion: v1\nkind: Service\nmetadata: {name: dual, namespace: other}\n"
    "spec: {type: NodePort, ipFamilyPolicy: RequireDualStack, ports: [{port: 80, nodePort: 30080}], selector: {none: "
    "here}}\n"
    "---\n"
    "apiVersion: v1\nkind: Service\nmetadata: {name: headless}\nspec: {clusterIP: None, ports: [{port: 80}]}\n"
    "---\n"
    "apiVersion: v1\nkind: Service\nmetadata: {name: away}\nspec: {type: ExternalName, externalName: example.com}\n"
    "---\n"
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: vip-configmap}\n"
    "data: {10.4.0.50: \"other/ext\", fd00--10: \"other/dual\", 10.4.0.51: \"\", 10.4.0.52: \"default/none:NAT\"}\n"
    "---\n"
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: another}\ndata: {a: b}\n"
    "---\n"
    "apiVersion: v1\nkind: Node\nmetadata: {name: n1}\nstatus: {addresses: [{type: InternalIP, address: 10.0.0.1}]}\n";

static void test_fixed_point(void **state)
{
	char path[600];

	save("m/all.yaml", manifests);
	snprintf(path, sizeof path, "%s/m", root);
	fixed_point(config, path, false);
}

static void test_examples(void **state)
{
	char path[600];
	const char *slash = strrchr(__FILE__, '/');

	snprintf(path, sizeof path, "%.*s../configmaps/examples", (int)(slash ? slash + 1 - __FILE__ : 0), __FILE__);
	fixed_point(config, path, false);
}

static bool as_reload; /* stderr is what JOURNAL_STREAM names, as systemd has it for `systemctl reload` */

static void journal_is_stderr(void)
{
	char value[64];
	struct stat st;

	assert_int_equal(fstat(STDERR_FILENO, &st), 0);
	snprintf(value, sizeof value, "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
	setenv("JOURNAL_STREAM", value, 1);
}

/* The whole way of main, with standard output and error in files. */
static int run(char *const *flags, int n, bool print, char **out, char **err)
{
	char why[256], *argv[16] = {"vipd"}, path[2][600];
	struct options o;
	int saved[2], code;
	size_t len;

	memcpy(argv + 1, flags, (size_t)n * sizeof *flags);
	assert_int_equal(options_parse(n + 1, argv, NULL, &o, why, sizeof why), 0);
	o.places.config_owner = geteuid();
	fflush(NULL);
	for (int i = 0; i < 2; i++) {
		int fd;

		snprintf(path[i], sizeof path[i], "%s/fd%d", root, i);
		fd = open(path[i], O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
		saved[i] = dup(i + 1);
		dup2(fd, i + 1);
		close(fd);
	}
	if (as_reload)
		journal_is_stderr();
	code = dry_run(&o, print);
	unsetenv("JOURNAL_STREAM");
	fflush(NULL);
	for (int i = 0; i < 2; i++) {
		dup2(saved[i], i + 1);
		close(saved[i]);
		assert_int_equal(file_read(AT_FDCWD, path[i], 1 << 20, i ? err : out, &len), 0);
	}
	options_clear(&o);
	return code;
}

/* Who may write the configuration has vipd's powers. */
static void test_not_ours(void **state)
{
	static const struct {
		mode_t mode;
		uid_t uid;        /* 0: stays */
		const char *says; /* NULL: taken */
	} rows[] = {
	    {0644, 0, NULL},
	    {0400, 0, NULL},
	    {0664, 0, "its mode 0664; expected a file of root"},
	    {0646, 0, "its mode 0646; expected a file of root"},
	    {0600, 12345, "its owner is user 12345 and its mode 0600; expected a file of root"},
	};
	char file[600], *out, *err;
	char *flags[] = {"-n", "-c", file, "--config-only"};

	snprintf(file, sizeof file, "%s/vipd.yaml", root);
	save("vipd.yaml", config);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (rows[i].uid && (geteuid() != 0 || chown(file, rows[i].uid, getegid()) < 0))
			continue;
		assert_int_equal(chmod(file, rows[i].mode), 0);
		assert_int_equal(run(flags, 4, false, &out, &err), rows[i].says ? 78 : 0);
		if (rows[i].says && (strncmp(err, file, strlen(file)) != 0 || !strstr(err, rows[i].says)))
			fail_msg("%s", err);
		free(out);
		free(err);
	}
}

static void test_whole(void **state)
{
	char file[600], text[800], state_dir[600], *out, *err;
	char *flags[] = {"-n", "-c", file, "--state-dir", state_dir};

	snprintf(file, sizeof file, "%s/vipd.yaml", root);
	snprintf(state_dir, sizeof state_dir, "%s", root);
	snprintf(text, sizeof text, "%smanifests: %s/m\n", config, root);
	save("vipd.yaml", text);
	save("m/all.yaml", manifests);
	assert_int_equal(run(flags, 5, false, &out, &err), 0);
	assert_string_equal(out, "");
	assert_non_null(strstr(err, "warning: ConfigMap default/vip-configmap: Pending: "));
	free(out);
	free(err);

	assert_int_equal(run(flags, 5, true, &out, &err), 0);
	assert_non_null(strstr(out, "\n---\napiVersion: v1\nkind: Node\n"));
	assert_non_null(strstr(out, "clusterIP: 10.96."));
	assert_non_null(strstr(out, "- ip: 192.0.2.1\n"));
	free(out);
	free(err);

	save("m/bad.yaml", "kind: Service\napiVersion: v1\nmetadata: {name: x}\nspec: {ports: [{port: http}]}\n");
	assert_int_equal(run(flags, 5, false, &out, &err), 78);
	assert_non_null(strstr(err, "/m/bad.yaml:4:"));
	free(out);
	free(err);

	save("vipd.yaml", "schedular: rr\nadopt: 7\n");
	assert_int_equal(run(flags, 5, true, &out, &err), 78);
	assert_string_equal(out, "");
	assert_non_null(strstr(err, "vipd.yaml:1:1: unknown key \"schedular\"; did you mean \"scheduler\"?\n"));
	assert_non_null(strstr(err, "vipd.yaml:2:8: adopt: expected a boolean, found an integer\n"));
	free(out);
	free(err);
	as_reload = true;
	log_open("vipd", LOG_LEVEL_INFO);
	assert_int_equal(run(flags, 5, false, &out, &err), 78);
	as_reload = false;
	assert_non_null(strstr(err, "vipd: error: "));
	assert_non_null(strstr(err, "vipd.yaml:1:1: unknown key \"schedular\""));
	assert_non_null(strstr(err, "vipd: error: the configuration has errors: nothing is changed\n"));
	free(out);
	free(err);

	snprintf(file, sizeof file, "%s/absent.yaml", root);
	assert_int_equal(run(flags, 5, true, &out, &err), 78);
	assert_non_null(strstr(err, "/absent.yaml: cannot be read: No such file or directory\n"));
	free(out);
	free(err);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_fixed_point, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_examples, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_not_ours, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_whole, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
