/* Where objects stand, and who waits until a change of the folder is programmed. */
#include "control_stage.h"

#include "../configmaps/folder.h"

static json_t *where(struct stage *s)
{
	return ask(s,
		   "{\"verb\":\"where\",\"objects\":[\"Service default/s1\",\"Service default/none\",\"Node s1\",\"?\","
		   "\"EndpointSlice default/s2-1\"]}\n");
}

static void test_where(void **state)
{
	struct stage *s = *state;
	char *folder = path_of(s, "m");
	json_t *j, *files;

	play(s);
	save(s, "m/zzz.yaml", "apiVersion: v1\nkind: Service\nmetadata: {name: s1}\nspec: {ports: [{port: 80}]}\n");
	while (json_array_size(json_object_get(item2(j = where(s), "objects", 0), "files")) < 2 && !s->late) {
		json_decref(j);
		turn(s);
	}
	assert_string_equal(text_at(j, "folder", NULL, NULL), folder);
	files = json_object_get(item2(j, "objects", 0), "files");
	assert_string_equal(json_string_value(json_array_get(files, 0)), "s1.yaml");
	assert_string_equal(json_string_value(json_array_get(files, 1)), "zzz.yaml");
	for (size_t i = 1; i < 4; i++)
		assert_int_equal(json_array_size(json_object_get(item2(j, "objects", i), "files")), 0);
	files = json_object_get(item2(j, "objects", 4), "files");
	assert_string_equal(json_string_value(json_array_get(files, 0)), "s2.yaml");
	json_decref(j);
	free(folder);
	end(s);
}

/* A request that waits for this text of a file; NULL: for its end. */
static int wait_for(struct stage *s, const char *file, const char *text, unsigned timeout_s)
{
	char *line, hash[17] = "-";
	int fd;

	if (text)
		snprintf(hash, sizeof hash, "%016llx", (unsigned long long)folder_text_hash(text, strlen(text)));
	line = xasprintf("{\"verb\":\"settle\",\"files\":[\"%s %s\"],\"timeoutSeconds\":%u}\n", hash, file, timeout_s);
	fd = request(s, line);
	free(line);
	return fd;
}

static bool answered(struct stage *s, int fd)
{
	char byte;

	for (int i = 0; i < 4; i++)
		turn(s);
	return recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0;
}

static const char new_service[] =
    "apiVersion: v1\nkind: Service\nmetadata: {name: new}\nspec: {clusterIP: 10.96.0.77, type: LoadBalancer, "
    "loadBalancerClass: other/one, ports: [{port: 80}]}\n";
static const char conflict[] =
    "apiVersion: v1\nkind: Service\nmetadata: {name: s3b}\nspec: {clusterIP: 10.96.0.3, ports: [{port: 80}]}\n";

static void acknowledge_next(struct stage *s, enum role as, uint16_t type)
{
	struct got *g = next(s, as, type);

	acknowledge(s, as, g->generation);
	got_free(g);
}

static void test_settle(void **state)
{
	struct stage *s = *state;
	struct got *ipvs, *vrrp;
	char *path;
	json_t *j;
	int fd;

	play(s);
	fd = wait_for(s, "new.yaml", new_service, 60);
	assert_false(answered(s, fd)); /* not there yet */
	save(s, "m/new.yaml", new_service);
	ipvs = next(s, ROLE_IPVS, MSG_ROWS);
	vrrp = next(s, ROLE_VRRP, MSG_VIP_ROWS);
	acknowledge(s, ROLE_VRRP, vrrp->generation);
	assert_false(answered(s, fd)); /* read, and half of it programmed */
	acknowledge(s, ROLE_IPVS, ipvs->generation);
	got_free(ipvs);
	got_free(vrrp);
	j = answer_of(s, fd);
	assert_string_equal(text_at(j, "kind", NULL, NULL), "Settled");
	assert_int_equal(json_array_size(json_object_get(j, "problems")), 0);
	json_decref(j);

	j = answer_of(s, wait_for(s, "new.yaml", new_service, 60)); /* it is so already */
	assert_string_equal(text_at(j, "kind", NULL, NULL), "Settled");
	json_decref(j);

	fd = wait_for(s, "new.yaml", NULL, 60);
	assert_false(answered(s, fd));
	path = path_of(s, "m/new.yaml");
	assert_int_equal(unlink(path), 0);
	free(path);
	acknowledge_next(s, ROLE_IPVS, MSG_ROWS);
	acknowledge_next(s, ROLE_VRRP, MSG_VIP_ROWS);
	json_decref(answer_of(s, fd));

	fd = wait_for(s, "s3b.yaml", conflict, 60); /* what is wrong with it is in the answer */
	save(s, "m/s3b.yaml", conflict);
	j = answer_of(s, fd);
	assert_string_equal(text_at(item2(j, "problems", 0), "object", NULL, NULL), "Service default/s3b");
	assert_string_equal(text_at(item2(j, "problems", 0), "reason", NULL, NULL), "Conflict");
	json_decref(j);
	end(s);
}

/* The folder is read before the plan can be made: the answer comes with the plan. */
static void test_before_plan(void **state)
{
	struct stage *s = *state;
	json_t *j;
	int fd;

	save(s, "m/new.yaml", new_service);
	start(s);
	hand_over(s, ROLE_IPVS);
	hand_over(s, ROLE_VRRP);
	order(s, MSG_START);
	fd = wait_for(s, "new.yaml", new_service, 60);
	assert_false(answered(s, fd));
	j = ask(s, "{\"verb\":\"status\"}\n");
	assert_true(json_is_false(json_object_get(j, "planning")));
	assert_true(json_is_true(json_object_get(item2(j, "sources", 0), "settled")));
	json_decref(j);
	locals(s);
	table_free(take_table(s, NULL));
	take_vips(s);
	j = answer_of(s, fd);
	assert_string_equal(text_at(j, "kind", NULL, NULL), "Settled");
	json_decref(j);
	end(s);
}

/* A process that is started again gets all once more: only then it is programmed. */
static void test_peer_again(void **state)
{
	struct stage *s = *state;
	struct got *g;
	json_t *j;
	int fd;

	play(s);
	fd = wait_for(s, "new.yaml", new_service, 60);
	save(s, "m/new.yaml", new_service);
	got_free(next(s, ROLE_IPVS, MSG_ROWS));
	g = next(s, ROLE_VRRP, MSG_VIP_ROWS);
	acknowledge(s, ROLE_VRRP, g->generation);
	got_free(g);
	hand_over(s, ROLE_IPVS);
	g = next(s, ROLE_IPVS, MSG_TABLE);
	assert_false(answered(s, fd));
	acknowledge(s, ROLE_IPVS, g->generation);
	got_free(g);
	j = answer_of(s, fd);
	assert_string_equal(text_at(j, "kind", NULL, NULL), "Settled");
	json_decref(j);
	end(s);
}

static void expect_error(struct stage *s, int fd, const char *reason, const char *message)
{
	json_t *j = answer_of(s, fd);

	assert_string_equal(text_at(j, "error", "reason", NULL), reason);
	assert_non_null(strstr(text_at(j, "error", "message", NULL), message));
	json_decref(j);
}

static void test_refused(void **state)
{
	static const char *const bad[] = {
	    "x", "-", "- ", "0123456789abcde a", "0123456789abcdeg a", "0123456789abcdef0 a"};
	struct stage *s = *state;
	int fds[300], n = 0;

	play(s);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		char *line = xasprintf("{\"verb\":\"settle\",\"files\":[\"%s\"]}\n", bad[i]);

		expect_error(s, request(s, line), "BadRequest", "expected a hash");
		free(line);
	}
	expect_error(s, wait_for(s, "never.yaml", "x", 1), "Timeout", "has read the folder");
	save(s, "m/new.yaml", new_service);
	expect_error(s, wait_for(s, "new.yaml", new_service, 1), "Timeout", "is programmed");
	for (; n < 20; n++)
		fds[n] = wait_for(s, "never.yaml", "x", 60);
	assert_false(answered(s, fds[0]));
	order(s, MSG_STOP); /* who waits is told */
	while (s->ends[ROLE_SUPERVISOR].chan && !s->late)
		turn(s);
	assert_int_equal(finish(s), 0);
	for (int i = 0; i < n; i++)
		close(fds[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_where, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_settle, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_before_plan, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_peer_again, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
