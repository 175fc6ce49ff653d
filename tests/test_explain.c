/* Reasons from facts: a healthy address has none; each row changes some facts and gets its reasons, by grade, in the order of a packet's way. */
#include "../src/explain.h"

#include "../src/base/arena.h"

#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct addr addr(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(text, &a), 0);
	return a;
}

/* A Service on a VIP that is held here, with two real servers, NAT, and a client that is well. */
struct world {
	struct explain_facts f;
	struct explain_endpoint endpoints[2];
	struct explain_real reals[2];
	struct explain_problem problem;
	struct cidr range;
};

static struct explain_route on_link(const char *ifname)
{
	struct explain_route r = {.known = EXPLAIN_YES};

	snprintf(r.ifname, sizeof r.ifname, "%s", ifname);
	return r;
}

static void world_init(struct world *w)
{
	static const char *const ips[] = {"10.32.0.5", "10.32.0.6"};

	*w = (struct world){.f = {.key = {addr("10.10.0.1"), 80, IPPROTO_TCP},
				  .node = "lb1",
				  .service = "default/web",
				  .selector = "app=web",
				  .source = "Pods",
				  .ports = "",
				  .wanted = true,
				  .gate = "",
				  .in_kernel = true,
				  .ours = true,
				  .vip = true,
				  .held = true,
				  .interface = "eth0",
				  .router = "vips",
				  .state = "Active",
				  .forwarding = EXPLAIN_YES,
				  .rp_filter = 0,
				  .client = addr("172.17.0.100"),
				  .to_client = on_link("eth0")}};
	for (int i = 0; i < 2; i++) {
		w->endpoints[i] = (struct explain_endpoint){addr(ips[i]), 80, true, true, false, false, true};
		w->reals[i] = (struct explain_real){.addr = addr(ips[i]),
						    .port = 80,
						    .weight = 1,
						    .wanted = true,
						    .in_kernel = true,
						    .in_packets = 100,
						    .out_packets = 90,
						    .route = on_link("eth1")};
	}
	w->f.endpoints = w->endpoints;
	w->f.n_endpoints = 2;
	w->f.reals = w->reals;
	w->f.n_reals = 2;
}

/* One fact by its name. r1 and r2 stand for the first and for both real servers. */
static void set(struct world *w, const char *name, const char *value)
{
	struct explain_facts *f = &w->f;
	int n = atoi(value), both = strncmp(name, "r2.", 3) == 0 ? 2 : 1;
	const struct {
		const char *name;
		const char **to;
	} texts[] = {{"service", &f->service},   {"selector", &f->selector}, {"source", &f->source},
		     {"ports", &f->ports},       {"gate", &f->gate},         {"gate_state", &f->gate_state},
		     {"ipvs", &f->ipvs_problem}, {"why", &f->why_not_held},  {"router", &f->router},
		     {"state", &f->state},       {"cause", &f->cause},       {"active", &f->active}};
	bool *bools[] = {&f->wanted,      &f->only_local, &f->ipvs_silent, &f->vrrp_silent, &f->in_kernel,  &f->ours,
			 &f->masqueraded, &f->vip,        &f->cluster,     &f->held,        &f->vip_absent, &f->from};
	static const char *const names[] = {"wanted",    "only_local", "ipvs_silent", "vrrp_silent",
					    "in_kernel", "ours",       "masqueraded", "vip",
					    "cluster",   "held",       "vip_absent",  "from"};

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		if (strcmp(name, texts[i].name) == 0) {
			*texts[i].to = strcmp(value, "NULL") == 0 ? NULL : value;
			return;
		}
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (strcmp(name, names[i]) == 0) {
			*bools[i] = n;
			return;
		}
	if (strcmp(name, "endpoints") == 0) {
		f->n_endpoints = (size_t)n;
	} else if (strcmp(name, "endpoint") == 0) { /* both: letters r s t l u */
		for (int i = 0; i < 2; i++)
			w->endpoints[i] =
			    (struct explain_endpoint){w->endpoints[i].addr,       80,
						      strchr(value, 'r') != NULL, strchr(value, 's') != NULL,
						      strchr(value, 't') != NULL, strchr(value, 'l') != NULL,
						      strchr(value, 'u') != NULL};
	} else if (strcmp(name, "problem") == 0) {
		w->problem = (struct explain_problem){value, "because of something"};
		f->problems = &w->problem;
		f->n_problems = 1;
	} else if (strcmp(name, "range") == 0) {
		assert_int_equal(cidr_parse(value, &w->range), 0);
		f->source_ranges = &w->range;
		f->n_source_ranges = 1;
	} else if (strcmp(name, "forwarding") == 0) {
		f->forwarding = n ? EXPLAIN_YES : EXPLAIN_NO;
	} else if (strcmp(name, "link") == 0) {
		f->link = n ? EXPLAIN_YES : EXPLAIN_NO;
	} else if (strcmp(name, "rp_filter") == 0) {
		f->rp_filter = n;
	} else if (strcmp(name, "client") == 0) {
		f->client = addr(value);
	} else if (strcmp(name, "client_if") == 0) {
		f->to_client = on_link(value);
	} else if (strcmp(name, "client_route") == 0) {
		f->to_client.known = n ? EXPLAIN_YES : EXPLAIN_NO;
	} else if (strcmp(name, "client_neighbour") == 0) {
		f->to_client.neighbour = n ? EXPLAIN_YES : EXPLAIN_NO;
	} else if (name[0] == 'r') {
		for (int i = 0; i < both; i++) {
			struct explain_real *r = &w->reals[i];

			if (strcmp(name + 3, "dr") == 0)
				r->forward = FORWARD_DR;
			else if (strcmp(name + 3, "tun") == 0)
				r->forward = FORWARD_TUN;
			else if (strcmp(name + 3, "weight") == 0)
				r->weight = n;
			else if (strcmp(name + 3, "wanted") == 0)
				r->wanted = n;
			else if (strcmp(name + 3, "in_kernel") == 0)
				r->in_kernel = n;
			else if (strcmp(name + 3, "out") == 0)
				r->out_packets = n;
			else if (strcmp(name + 3, "waiting") == 0)
				r->waiting = (size_t)n;
			else if (strcmp(name + 3, "established") == 0)
				r->established = (size_t)n;
			else if (strcmp(name + 3, "route") == 0)
				r->route.known = n ? EXPLAIN_YES : EXPLAIN_NO;
			else if (strcmp(name + 3, "blackhole") == 0)
				r->route.blackhole = n;
			else if (strcmp(name + 3, "gateway") == 0)
				r->route.gateway = n;
			else if (strcmp(name + 3, "local") == 0)
				r->route.local = n;
			else if (strcmp(name + 3, "if") == 0)
				r->route = on_link(value);
			else if (strcmp(name + 3, "neighbour") == 0)
				r->route.neighbour = n ? EXPLAIN_YES : EXPLAIN_NO;
			else
				fail_msg("%s", name);
		}
	} else {
		fail_msg("%s", name);
	}
}

static const struct {
	const char *facts, *want;
} rows[] = {
    {"", ""},
    {"from=1", ""},
    /* the Service */
    {"service=NULL;wanted=0;in_kernel=0;endpoints=0", "broken NoService"},
    {"service=NULL;wanted=0;ours=0", "broken NoService, broken Foreign"},
    {"ports=TCP 443;wanted=0;in_kernel=0", "broken NoSuchPort"},
    {"wanted=0;in_kernel=0", "broken NotHandled"},
    {"problem=PortMismatch;wanted=0;in_kernel=0", "broken PortMismatch"},
    {"problem=Conflict;wanted=0;in_kernel=0", "broken Conflict"},
    {"problem=BadAnnotation", "doubt BadAnnotation"},
    {"problem=Conflict", ""},
    /* the processes */
    {"ipvs_silent=1;in_kernel=0", "broken IpvsSilent"},
    {"vrrp_silent=1;held=0", "broken VrrpSilent"},
    {"ipvs=no module;in_kernel=0", "broken IpvsMissing"},
    /* endpoints */
    {"endpoints=0", "broken NoEndpoints"},
    {"endpoints=0;selector=", "broken NoEndpoints"},
    {"endpoints=0;source=EndpointSlices", "broken NoEndpoints"},
    {"endpoint=", "broken NotReady"},
    {"endpoint=rs;only_local=1", "broken NoLocalEndpoints"},
    {"endpoint=rslu;only_local=1", ""},
    {"endpoint=stu", "doubt OnlyTerminating"},
    /* the address */
    {"held=0;state=Backup;active=172.17.0.12", "elsewhere HeldElsewhere"},
    {"held=0;state=Backup;active=-", "broken NoActive"},
    {"held=0;state=Fault;cause=interface eth0 is down", "broken RouterFault"},
    {"held=0;state=Initialize", "broken RouterStopped"},
    {"held=0;why=there is no interface eth7; the address", "broken AddressNotHeld"},
    {"held=0;why=interface eth0 is down;state=Fault", "broken RouterFault, broken AddressNotHeld"},
    {"held=0", "broken AddressNotHeld"},
    {"held=0;router=;state=;vip_absent=1", "broken AddressNotHeld"},
    {"link=0", "broken InterfaceDown"},
    {"link=1", ""},
    {"link=0;cluster=1", ""},
    {"held=0;vip=0", ""}, /* a node's own address */
    {"from=1;cluster=1", "doubt ClusterAddress"},
    /* the table */
    {"ours=0", "broken Foreign"},
    {"in_kernel=0", "broken NotProgrammed"},
    {"in_kernel=0;gate=vips;gate_state=Backup", "elsewhere GateClosed"},
    {"in_kernel=0;gate=vips;gate_state=Active", "broken NotProgrammed"},
    /* real servers */
    {"r1.in_kernel=0", "doubt RealServerMissing"},
    {"r2.weight=0", "broken AllWeightsZero"},
    {"r1.weight=0", ""},
    {"r2.weight=0;r2.wanted=0;r2.neighbour=0;r2.out=0", ""}, /* both drain */
    {"r1.route=0", "broken NoRoute"},
    {"r1.blackhole=1", "broken NoRoute"},
    {"r2.dr=1;r1.gateway=1", "broken NotOnLink"},
    {"r1.gateway=1", ""},
    {"r1.neighbour=0", "broken Unreachable"},
    {"r1.neighbour=1", ""},
    {"r1.out=0", "broken NoAnswers"},
    {"r2.dr=1;r2.out=0", ""},
    {"r1.waiting=3", "broken NoAnswers"},
    {"r1.waiting=1", "doubt NoAnswers"},
    {"r1.waiting=3;r1.established=1", ""},
    {"r1.dr=1;r1.waiting=3", "broken NoAnswers"},
    {"r1.tun=1;r1.waiting=2", "doubt NoAnswers"},
    {"r1.dr=1;r1.waiting=3;r1.established=1", ""},
    {"r1.tun=1;r1.waiting=3;r1.local=1", ""},
    {"r1.out=0;r1.local=1", ""},
    /* the node, the client */
    {"forwarding=0", "broken ForwardingOff"},
    {"forwarding=0;r2.dr=1", ""},
    {"forwarding=0;r2.local=1", ""},
    {"from=1;client_if=eth2;rp_filter=1", "broken ReversePath"},
    {"from=1;client_if=eth2;rp_filter=2", ""},
    {"from=1;client_if=eth0;rp_filter=1", ""},
    {"client_if=eth2;rp_filter=1", ""},
    {"from=1;client_route=0", "broken NoRouteToClient"},
    {"from=1;client_neighbour=0", "doubt ClientUnreachable"},
    {"from=1;range=10.0.0.0/8", "broken SourceRefused"},
    {"from=1;range=172.16.0.0/12", ""},
    {"from=1;client=10.32.0.5", "doubt ClientIsRealServer"},
    {"from=1;client_if=eth1;r1.if=eth2", "doubt ClientBesideRealServer"},
    {"from=1;client_if=eth1;r2.dr=1", ""},
    {"from=1;client=10.32.0.5;masqueraded=1", ""},
    /* several: what is broken comes first */
    {"from=1;client_neighbour=0;forwarding=0;r1.out=0",
     "broken NoAnswers, broken ForwardingOff, doubt ClientUnreachable"},
    {"held=0;state=Backup;active=a;endpoint=", "broken NotReady, elsewhere HeldElsewhere"},
};

static void test_rows(void **state)
{
	static const char *const grades[] = {"broken", "elsewhere", "doubt"};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char *facts = xstrdup(rows[i].facts), *save = NULL, got[512] = "";
		struct explain_findings l = {0};
		struct world w;

		world_init(&w);
		for (char *p = strtok_r(facts, ";", &save), *eq; p; p = strtok_r(NULL, ";", &save)) {
			eq = strchr(p, '=');
			if (!eq) /* a sentence goes on */
				continue;
			*eq = '\0';
			set(&w, p, eq + 1);
		}
		explain(&w.f, &l);
		for (size_t k = 0; k < l.n; k++) {
			snprintf(got + strlen(got), sizeof got - strlen(got), "%s%s %s", k ? ", " : "",
				 grades[l.items[k].grade], l.items[k].reason);
			assert_true(strlen(l.items[k].what) > 10 && strlen(l.items[k].todo) > 3);
		}
		if (strcmp(got, rows[i].want) != 0)
			fail_msg("\"%s\": expected \"%s\", got \"%s\"", rows[i].facts, rows[i].want, got);
		explain_findings_clear(&l);
		free(facts);
	}
}

/* What a person reads. */
static void test_words(void **state)
{
	struct explain_findings l = {0};
	struct world w;

	world_init(&w);
	set(&w, "from", "1");
	set(&w, "client_if", "eth2");
	set(&w, "rp_filter", "1");
	set(&w, "r1.out", "0");
	explain(&w.f, &l);
	assert_int_equal(l.n, 2);
	assert_string_equal(l.items[0].what,
			    "100 packets went to real server 10.32.0.5:80 and none came back through this node");
	assert_string_equal(l.items[1].what,
			    "rp_filter is strict on eth0, and the way back to 172.17.0.100 is eth2: what "
			    "comes in by eth0 is dropped");
	assert_string_equal(
	    l.items[1].todo,
	    "sysctl -w net.ipv4.conf.DEVICE.rp_filter=2 (loose), or a route to the client by that interface");
	explain_findings_clear(&l);
	world_init(&w);
	w.problem = (struct explain_problem){"BadAnnotation", "annotation x: \"\033[2J\" is not good"};
	w.f.problems = &w.problem;
	w.f.n_problems = 1;
	explain(&w.f, &l);
	assert_string_equal(l.items[0].what, "annotation x: \"?[2J\" is not good");
	explain_findings_clear(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_rows),
	    cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
