/* The control process whole: pictures and rows, requests, reload, the record. */
#include "control_stage.h"

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
	assert_true(s->ends[ROLE_SUPERVISOR].alive > 0); /* it has read manifests */
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

static uint32_t weight_at(struct table *t, const char *vs, const char *real)
{
	struct vs_key k = {.port = 80, .proto = IPPROTO_TCP};
	const struct vs *v;
	char text[REAL_TEXT];

	assert_int_equal(addr_parse(vs, &k.addr), 0);
	v = table_get(t, &k);
	assert_non_null(v);
	for (uint32_t i = 0; i < v->n; i++)
		if (strcmp(real_format(&v->reals[i], text), real) == 0)
			return v->reals[i].weight;
	fail_msg("%s has no %s", vs, real);
	return 0;
}

/* What a person drains has weight 0, in rows and pictures and over a restart, until it is undrained. */
static void test_drained(void **state)
{
	struct stage *s = *state;
	char *path = path_of(s, "sock");
	struct table *t;
	json_t *j;

	play(s);
	j = ask(s, "{\"verb\":\"drain\",\"names\":[\"10.32.1.2\",\"10.32.2.1:81\"]}\n");
	assert_string_equal(text_at(item2(j, "changed", 0), "realServer", NULL, NULL), "10.32.1.2");
	assert_int_equal(json_integer_value(json_object_get(item2(j, "changed", 0), "virtualServers")), 1);
	assert_int_equal(json_integer_value(json_object_get(item2(j, "changed", 1), "virtualServers")), 0);
	json_decref(j);
	take_row(s, "10.96.0.1", ROW_SET, 2);
	j = ask(s, "{\"verb\":\"drain\",\"name\":\"10.32.2.1:80\"}\n");
	assert_int_equal(json_array_size(json_object_get(j, "drained")), 3);
	json_decref(j);
	take_row(s, "10.96.0.2", ROW_SET, 2);
	j = ask(s, "{\"verb\":\"drain\",\"name\":\"nobody\"}\n");
	assert_string_equal(
	    text_at(j, "error", "message", NULL),
	    "\"nobody\" is no address, no address:port, and there is no pod of that name in namespace default");
	json_decref(j);
	j = ask(s, "{\"verb\":\"drain\",\"names\":[\"10.32.3.1\",\"nobody\"]}\n"); /* all of them or none */
	assert_string_equal(text_at(j, "error", "reason", NULL), "NotFound");
	j = (json_decref(j), ask(s, "{\"verb\":\"drain\"}\n"));
	assert_int_equal(json_array_size(json_object_get(j, "drained")), 3);
	json_decref(j);
	end(s);

	unlink(path);
	free(path);
	start(s);
	hand_over(s, ROLE_IPVS);
	order(s, MSG_START);
	t = take_table(s, NULL);
	assert_int_equal(weight_at(t, "10.96.0.1", "10.32.1.1:80"), 1);
	assert_int_equal(weight_at(t, "10.96.0.1", "10.32.1.2:80"), 0);
	assert_int_equal(weight_at(t, "10.96.0.2", "10.32.2.1:80"), 0);
	table_free(t);
	j = ask(s, "{\"verb\":\"undrain\",\"name\":\"10.32.2.1:80\"}\n");
	assert_int_equal(json_array_size(json_object_get(j, "drained")), 2);
	json_decref(j);
	take_row(s, "10.96.0.2", ROW_SET, 2);
	end(s);
}

/* A later vipd's list is named, and left alone until there is another one to write. */
static void test_drained_version(void **state)
{
	static const char later[] = "vipd-drained 2\n10.32.1.1 80 until=5\n";
	struct stage *s = *state;
	char *path = path_of(s, "drained"), *bad = path_of(s, "drained.bad"), *text;
	size_t len;
	json_t *j;

	save(s, "drained", later);
	play(s);
	j = ask(s, "{\"verb\":\"status\"}\n");
	assert_string_equal(text_at(item2(j, "problems", 0), "object", NULL, NULL), "drained");
	assert_string_equal(text_at(item2(j, "problems", 0), "message", NULL, NULL),
			    "is of version 2, this vipd knows 1: what it drains is in service again; with the next "
			    "drain or undrain it is left aside as drained.bad");
	json_decref(j);
	assert_int_equal(file_read(AT_FDCWD, path, 1024, &text, &len), 0);
	assert_string_equal(text, later);
	free(text);
	json_decref(ask(s, "{\"verb\":\"drain\",\"name\":\"10.32.1.2\"}\n"));
	assert_int_equal(file_read(AT_FDCWD, path, 1024, &text, &len), 0);
	assert_string_equal(text, "vipd-drained 1\n10.32.1.2\n");
	free(text);
	assert_int_equal(file_read(AT_FDCWD, bad, 1024, &text, &len), 0);
	assert_string_equal(text, later);
	free(text);
	j = ask(s, "{\"verb\":\"status\"}\n");
	assert_int_equal(json_array_size(json_object_get(j, "problems")), 0);
	json_decref(j);
	free(path);
	free(bad);
	end(s);
}

/* What there is no room for is refused, not passed over. */
static void test_drained_full(void **state)
{
	enum { FULL = 4096 };
	struct stage *s = *state;
	char *text = xmalloc(FULL * 16), *at = text;
	json_t *j;

	for (int i = 0; i < FULL; i++)
		at += sprintf(at, "10.40.%d.%d\n", i / 256, i % 256);
	save(s, "drained", text);
	free(text);
	play(s);
	j = ask(s, "{\"verb\":\"drain\",\"names\":[\"10.32.1.1\"]}\n");
	assert_string_equal(text_at(j, "error", "message", NULL),
			    "more than 4096 real servers would be drained: undrain others first");
	json_decref(j);
	j = ask(s, "{\"verb\":\"drain\",\"names\":[\"10.40.0.1\"]}\n"); /* it is so already */
	assert_int_equal(json_array_size(json_object_get(j, "drained")), FULL);
	json_decref(j);
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

/* What is not ready is told apart, as the API server has it. */
static void test_not_ready(void **state)
{
	struct stage *s = *state;
	json_t *j, *subsets;
	char *text;

	play(s);
	save(
	    s, "m/half.yaml",
	    "apiVersion: v1\nkind: Service\nmetadata: {name: half}\nspec: {clusterIP: 10.96.0.9, ports: [{port: 80}]}\n"
	    "---\napiVersion: v1\nkind: Endpoints\nmetadata: {name: half}\n"
	    "subsets: [{addresses: [{ip: 10.32.9.1}], notReadyAddresses: [{ip: 10.32.9.2}], ports: [{port: 80}]},\n"
	    "{notReadyAddresses: [{ip: 10.32.9.2}, {ip: 10.32.9.3}], ports: [{port: 81}]}]\n");
	take_row(s, "10.96.0.9", ROW_SET, 1);
	j = ask(s, "{\"verb\":\"get\",\"kind\":\"ep\",\"name\":\"half\"}\n");
	subsets = json_object_get(item(j, 0), "subsets");
	text = json_dumps(subsets, JSON_COMPACT);
	assert_string_equal(text,
			    "[{\"addresses\":[{\"ip\":\"10.32.9.1\"}],\"notReadyAddresses\":[{\"ip\":\"10.32.9.2\"}],"
			    "\"ports\":[{\"port\":80,\"protocol\":\"TCP\"}]},"
			    "{\"notReadyAddresses\":[{\"ip\":\"10.32.9.2\"},{\"ip\":\"10.32.9.3\"}],"
			    "\"ports\":[{\"port\":81,\"protocol\":\"TCP\"}]}]");
	free(text);
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
	char *file = path_of(s, "vipd.yaml");
	json_t *j = NULL, *p;

	play(s);
	for (int i = 0; i < 2; i++) {
		if (i) /* a good one that anybody may write is no better */
			configure(s, "scheduler: wrr\n");
		else
			save(s, "vipd.yaml", "schedular: wrr\n");
		assert_int_equal(chmod(file, i ? 0666 : 0644), 0);
		order(s, MSG_RELOAD);
		do {
			json_decref(j);
			p = first_problem(s, &j) ? json_array_get(json_object_get(j, "problems"), 0) : NULL;
		} while (!strstr(p ? json_string_value(json_object_get(p, "message")) : "", i ? "0666" : "schedular") &&
			 !s->late);
		assert_string_equal(json_string_value(json_object_get(p, "reason")), "BadConfiguration");
	}
	json_decref(j);
	free(file);
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

	load_balancer(s, "lb2", "10.10.0.1"); /* a router's own stays that */
	got_free(next(s, ROLE_IPVS, MSG_ROWS));
	g = next(s, ROLE_VRRP, MSG_VIP_ROWS);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(vipwire_next_row(g->bytes, g->len, &at, &row, &why), 1);
		assert_int_equal(row.op, VIP_SET);
		assert_int_equal(row.vip.bits, row.vip.kind == VIP_CLUSTER ? 32 : 24);
		assert_int_equal(row.vip.router, row.vip.kind == VIP_CLUSTER ? ROUTER_NONE : 1);
	}
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

/* Ready is what the kernel has, not what was sent. */
static void test_ready_is_programmed(void **state)
{
	struct stage *s = *state;
	struct got *table, *vips;

	service(s, 1, 1);
	start(s);
	hand_over(s, ROLE_IPVS);
	hand_over(s, ROLE_VRRP);
	order(s, MSG_START);
	locals(s);
	table = next(s, ROLE_IPVS, MSG_TABLE);
	vips = next(s, ROLE_VRRP, MSG_VIPS);
	acknowledge(s, ROLE_VRRP, vips->generation);
	json_decref(ask(s, "{\"verb\":\"status\"}\n")); /* it has heard that */
	assert_null(s->ends[ROLE_SUPERVISOR].first);
	acknowledge(s, ROLE_IPVS, table->generation);
	got_free(next(s, ROLE_SUPERVISOR, MSG_READY));
	got_free(table);
	got_free(vips);
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
	char *text = xasprintf("manifests: %s/%s\ninterface: eth0\nhttp: {listen: []}\n", s->dir, name);

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
	text = xasprintf("manifests: %s\ninterface: eth0\nhttp: {listen: []}\n", path);
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
	char *path = path_of(s, "vip-configmap.yaml"), *text;
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
	save(s, "vip-configmap.yaml", "{ not a record");
	start(s);
	hand_over(s, ROLE_IPVS);
	hand_over(s, ROLE_VRRP);
	order(s, MSG_START);
	locals(s);
	p = first_problem(s, &j);
	assert_string_equal(json_string_value(json_object_get(p, "reason")), "BadRecord");
	json_decref(j);
	j = ask(s, "{\"verb\":\"drain\",\"name\":\"10.32.1.1\"}\n");
	assert_string_equal(text_at(j, "error", "message", NULL), "the record cannot be read: see vipctl status");
	json_decref(j);
	for (int i = 0; i < 20; i++)
		turn(s);
	assert_null(s->ends[ROLE_IPVS].first); /* the kernel stays as it is */
	path = path_of(s, "vip-configmap.yaml");
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
/* What SIGUSR1 asks for, as the supervisor gets it. */
static json_t *take_state(struct stage *s)
{
	const void *bytes;
	struct got *g;
	json_t *j;
	size_t len;

	while (!s->ends[ROLE_SUPERVISOR].first && !s->late) {
		turn(s);
		answer_asks(s);
	}
	g = next(s, ROLE_SUPERVISOR, MSG_STATE);
	assert_int_equal(memfd_map(g->fd, &bytes, &len), 0);
	assert_true(len > 0);
	j = json_loadb(bytes, len, 0, NULL);
	memfd_unmap(bytes, len);
	got_free(g);
	assert_non_null(j);
	assert_string_equal(text_at(j, "kind", NULL, NULL), "State");
	assert_int_equal(json_integer_value(json_object_get(j, "schemaVersion")), 1);
	assert_int_equal(strlen(text_at(j, "writtenAt", NULL, NULL)), 20);
	return j;
}

static void test_state(void **state)
{
	static const struct {
		const char *member, *kind;
	} rows[] = {{"status", "Status"},        {"routers", "VirtualRouterList"},
		    {"vips", "VIPList"},         {"virtualServers", "VirtualServerList"},
		    {"services", "ServiceList"}, {"pools", "PoolList"},
		    {"events", "EventList"}};
	struct stage *s = *state;
	json_t *j;

	play(s);
	order(s, MSG_DUMP);
	order(s, MSG_DUMP); /* the same one */
	j = take_state(s);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_string_equal(text_at(j, rows[i].member, "kind", NULL), rows[i].kind);
	assert_int_equal(json_array_size(json_object_get(json_object_get(j, "services"), "items")), 3);
	json_decref(j);
	/* a process that is away is an error in its place */
	chan_free(s->ends[ROLE_IPVS].chan);
	s->ends[ROLE_IPVS].chan = NULL;
	order(s, MSG_DUMP);
	j = take_state(s);
	assert_string_equal(text_at(j, "virtualServers", "error", "reason"), "Unavailable");
	assert_string_equal(text_at(j, "vips", "kind", NULL), "VIPList");
	json_decref(j);
	/* nobody waits for its end */
	order(s, MSG_DUMP);
	end(s);
}

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
	    cmocka_unit_test_setup_teardown(test_ready_is_programmed, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_peer_again, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_slow_peer, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_again, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_requests, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_not_ready, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_notes, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_reload, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_routers, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_owner, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_drained, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_drained_version, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_drained_full, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_routers_reload, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_reexec, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_other_folder, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_record, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_bad_record, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_bad_start, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_clients, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_early_client, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_state, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_stop_while_asked, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_reload_ends, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_trouble_ends, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
