/* Events of the control process: a load balancer's life, problems, moves, and that they outlive a restart. */
#include "control_stage.h"

#include "../vrrp/fsm.h"

static void manifest(const struct stage *s, const char *file, const char *text)
{
	char *path = xasprintf("m/%s", file);

	save(s, path, text);
	free(path);
}

#define BALANCER(name, ip, more)                                                                                       \
	"apiVersion: v1\nkind: Service\nmetadata: {name: " name "}\nspec: {type: LoadBalancer, clusterIP: " ip         \
	", allocateLoadBalancerNodePorts: false, ports: [{port: 80}]" more "}\n---\n"                                  \
	"apiVersion: v1\nkind: Endpoints\nmetadata: {name: " name "}\n"                                                \
	"subsets: [{addresses: [{ip: 10.32.0.9}], ports: [{port: 80}]}]\n"

/* "Normal Reason web x1: message" of each, as lines; malloc'd. */
static char *events(struct stage *s, const char *of)
{
	char *line = xasprintf("{\"verb\":\"get\",\"kind\":\"events\",\"allNamespaces\":true%s%s%s}\n",
			       of ? ",\"for\":\"" : "", of ? of : "", of ? "\"" : "");
	json_t *j = ask(s, line), *e;
	char *text = xstrdup(""), *more;
	size_t i;

	free(line);
	assert_string_equal(text_at(j, "kind", NULL, NULL), "EventList");
	json_array_foreach(json_object_get(j, "items"), i, e)
	{
		more = xasprintf("%s%s %s %s x%lld: %s\n", text, text_at(e, "type", NULL, NULL),
				 text_at(e, "reason", NULL, NULL), text_at(e, "involvedObject", "name", NULL),
				 (long long)json_integer_value(json_object_get(e, "count")),
				 text_at(e, "message", NULL, NULL));
		free(text);
		text = more;
	}
	json_decref(j);
	return text;
}

static void check(struct stage *s, const char *of, const char *want)
{
	char *have = events(s, of);

	assert_string_equal(have, want);
	free(have);
}

/* Until the events are these. */
static void wait_for(struct stage *s, const char *of, const char *want)
{
	char *have = events(s, of);

	while (strcmp(have, want) != 0 && !s->late) {
		turn(s);
		free(have);
		have = events(s, of);
	}
	assert_string_equal(have, want);
	free(have);
}

/* Starts with what is in the folder; the first pictures are acknowledged. */
static void begin(struct stage *s)
{
	start(s);
	hand_over(s, ROLE_IPVS);
	hand_over(s, ROLE_VRRP);
	order(s, MSG_START);
	locals(s);
	table_free(take_table(s, NULL));
	take_vips(s);
	got_free(next(s, ROLE_SUPERVISOR, MSG_READY));
}

static void again(struct stage *s)
{
	char *path = path_of(s, "sock");

	end(s);
	unlink(path);
	free(path);
	begin(s);
}

/* The rows of the last change, acknowledged. */
static void take_rows(struct stage *s)
{
	struct got *g = next(s, ROLE_IPVS, MSG_ROWS);

	acknowledge(s, ROLE_IPVS, g->generation);
	got_free(g);
	g = next(s, ROLE_VRRP, MSG_VIP_ROWS);
	acknowledge(s, ROLE_VRRP, g->generation);
	got_free(g);
}

static void test_balancer(void **state)
{
	static const char ensured[] = "Normal EnsuringLoadBalancer web x1: Ensuring load balancer\n"
				      "Normal EnsuredLoadBalancer web x1: Ensured load balancer 192.0.2.1\n";
	struct stage *s = *state;
	struct got *ipvs, *vrrp;
	char *path;

	begin(s);
	check(s, NULL, "");
	manifest(s, "web.yaml", BALANCER("web", "10.96.0.1", ""));
	ipvs = next(s, ROLE_IPVS, MSG_ROWS);
	vrrp = next(s, ROLE_VRRP, MSG_VIP_ROWS);
	check(s, NULL, "Normal EnsuringLoadBalancer web x1: Ensuring load balancer\n");
	acknowledge(s, ROLE_IPVS, ipvs->generation); /* the kernel has half of it */
	check(s, NULL, "Normal EnsuringLoadBalancer web x1: Ensuring load balancer\n");
	acknowledge(s, ROLE_VRRP, vrrp->generation);
	wait_for(s, NULL, ensured);
	check(s, "Service/web", ensured);
	check(s, "services/web", ensured);
	check(s, "svc/web", ensured);
	check(s, "web", ensured);
	check(s, "pod/web", "");
	check(s, "other", "");
	got_free(ipvs);
	got_free(vrrp);

	again(s); /* a restart finds all as it was */
	check(s, NULL, ensured);

	path = path_of(s, "m/web.yaml");
	assert_int_equal(unlink(path), 0);
	free(path);
	take_rows(s);
	wait_for(s, NULL,
		 "Normal EnsuringLoadBalancer web x1: Ensuring load balancer\n"
		 "Normal EnsuredLoadBalancer web x1: Ensured load balancer 192.0.2.1\n"
		 "Normal DeletingLoadBalancer web x1: Deleting load balancer 192.0.2.1\n"
		 "Normal DeletedLoadBalancer web x1: Deleted load balancer 192.0.2.1\n");
	end(s);
}

/* One that was on its way when control died is told by the next one. */
static void test_stop_between(void **state)
{
	struct stage *s = *state;

	begin(s);
	manifest(s, "web.yaml", BALANCER("web", "10.96.0.1", ""));
	got_free(next(s, ROLE_IPVS, MSG_ROWS));
	got_free(next(s, ROLE_VRRP, MSG_VIP_ROWS));
	again(s);
	wait_for(s, NULL,
		 "Normal EnsuringLoadBalancer web x1: Ensuring load balancer\n"
		 "Normal EnsuredLoadBalancer web x1: Ensured load balancer 192.0.2.1\n");
	end(s);
}

#define TAKEN                                                                                                          \
	"192.0.2.9 belongs to Service default/a: to share it, both need the annotation vipd.io/allow-shared-ip with "  \
	"the same value, and no port in common"

static void test_problems(void **state)
{
	struct stage *s = *state;

	configure(s, "");
	manifest(s, "a.yaml", BALANCER("a", "10.96.0.1", ", loadBalancerIP: 192.0.2.9"));
	manifest(s, "b.yaml", BALANCER("b", "10.96.0.2", ", loadBalancerIP: 192.0.2.9"));
	manifest(s, "c.yaml", BALANCER("c", "'fd00::3'", ", ipFamilies: [IPv6]"));
	manifest(s, "d.yaml",
		 "apiVersion: v1\nkind: Service\nmetadata: {name: d}\n"
		 "spec: {clusterIP: 10.96.0.4, ports: [{port: 80}]}\n");
	begin(s);
	wait_for(s, "d", "Warning NoEndpoints d x1: no endpoint is ready: connections are refused until one is\n");
	wait_for(s, "b",
		 "Normal EnsuringLoadBalancer b x1: Ensuring load balancer\n"
		 "Warning AddressConflict b x1: " TAKEN
		 "\nWarning SyncLoadBalancerFailed b x1: Error syncing load balancer: "
		 "failed to ensure load balancer: " TAKEN "\n");
	check(s, "c",
	      "Normal EnsuringLoadBalancer c x1: Ensuring load balancer\n"
	      "Warning NoEndpoints c x1: no endpoint is ready: connections are refused until one is\n"
	      "Warning AllocationFailed c x1: no load balancer address is stated and no pool with IPv6 addresses is "
	      "for this Service\n"
	      "Warning SyncLoadBalancerFailed c x1: Error syncing load balancer: failed to ensure load balancer: no "
	      "load balancer address is stated and no pool with IPv6 addresses is for this Service\n");
	again(s);
	check(s, "d", "Warning NoEndpoints d x1: no endpoint is ready: connections are refused until one is\n");
	check(s, "b",
	      "Normal EnsuringLoadBalancer b x1: Ensuring load balancer\n"
	      "Warning AddressConflict b x1: " TAKEN
	      "\nWarning SyncLoadBalancerFailed b x1: Error syncing load balancer: "
	      "failed to ensure load balancer: " TAKEN "\n");
	end(s);
}

static void role(struct stage *s, const char *router, int mode, const char *cause)
{
	struct msg_role m = {.mode = (uint8_t)mode};

	snprintf(m.router, sizeof m.router, "%s", router);
	snprintf(m.cause, sizeof m.cause, "%s", cause);
	assert_int_equal(chan_send(s->ends[ROLE_VRRP].chan, MSG_ROLE, 0, &m, sizeof m, -1), 0);
}

static void test_moves(void **state)
{
	static const char moved[] =
	    "Normal VIPMoved web x1: 192.0.2.5 is on n1 now: router vips is Active (nobody is heard)\n"
	    "Normal VIPMoved web x1: 192.0.2.5 has left n1: router vips is Backup (172.17.0.12 is better)\n";
	struct stage *s = *state;

	configure(s, "nodeName: n1\nallocate: true\nrouters: [{name: vips, vrid: 50, family: IPv4}]\n");
	manifest(s, "web.yaml",
		 "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {externalIPs: [192.0.2.5], clusterIP: "
		 "10.96.0.1, ports: [{port: 80}]}\n---\napiVersion: v1\nkind: Endpoints\nmetadata: {name: web}\n"
		 "subsets: [{addresses: [{ip: 10.32.0.9}], ports: [{port: 80}]}]\n");
	begin(s);
	role(s, "vips", FSM_INITIALIZE, "start");
	role(s, "vips", FSM_BACKUP, "start");
	role(s, "other", FSM_BACKUP, "start");
	role(s, "other", FSM_ACTIVE, "not known here");
	role(s, "vips", FSM_ACTIVE, "nobody is heard");
	role(s, "vips", FSM_INITIALIZE, "start"); /* a vrrp process that was restarted */
	role(s, "vips", FSM_ACTIVE, "taken up again");
	role(s, "vips", 77, "no mode");
	role(s, "vips", FSM_BACKUP, "172.17.0.12 is better");
	chan_send(s->ends[ROLE_VRRP].chan, MSG_ROLE, 0, "short", 5, -1);
	wait_for(s, NULL, moved);
	end(s);
}

static void test_broken_file(void **state)
{
	struct stage *s = *state;
	char *path = path_of(s, "events.json.bad"), *text;
	json_t *j, *p;
	size_t len;

	save(s, "events.json", "{\"items\":[\n{\"metadata\":");
	begin(s);
	j = ask(s, "{\"verb\":\"status\"}\n");
	p = json_array_get(json_object_get(j, "problems"), 0);
	assert_string_equal(text_at(p, "reason", NULL, NULL), "BadEvents");
	assert_non_null(strstr(text_at(p, "message", NULL, NULL), "2:"));
	json_decref(j);
	check(s, NULL, "");
	assert_int_equal(file_read(AT_FDCWD, path, 1024, &text, &len), 0);
	assert_string_equal(text, "{\"items\":[\n{\"metadata\":");
	free(text);
	free(path);
	end(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_balancer, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_stop_between, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_problems, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_moves, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_broken_file, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
