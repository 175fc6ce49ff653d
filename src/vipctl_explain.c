/* vipctl explain: asks every part of vipd and this node's kernel about one address and port, and says what follows. Tests: tests/test_explain*.c,
 * tests/lab/scenarios/vipctl.sh. */
#include "vipctl.h"

#include "base/arena.h"
#include "explain_facts.h"
#include "explain_look.h"

#include <ctype.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* All that is known of one question. */
struct question {
	const struct vipctl *v;
	struct vs_key key;
	char name[VS_KEY_TEXT]; /* "TCP 10.0.0.1:80" */
	struct explain_answers answers;
	struct explain_loaded loaded;
	struct explain_connections connections;
	struct explain_findings findings;
};

/* "10.0.0.1:80", "[fd00::1]:53/UDP" */
static int parse_key(const char *text, struct vs_key *out)
{
	const char *slash = strchr(text, '/'), *colon = strrchr(text, ':');
	char address[ADDR_TEXT + 2] = "", proto[8] = "TCP", *end;
	size_t proto_len = slash ? strlen(slash + 1) : 0;
	size_t n = colon ? (size_t)(colon - text) : 0;
	unsigned long port;
	char *at = address;

	if (!n || n >= sizeof address)
		return -EINVAL;
	memcpy(address, text, n);
	if (address[0] == '[' && address[n - 1] == ']') {
		address[n - 1] = '\0';
		at++;
	} else if (strchr(address, ':')) {
		return -EINVAL;
	}
	port = strtoul(colon + 1, &end, 10);
	if (end == colon + 1 || (*end && end != slash) || port < 1 || port > 65535 || addr_parse(at, &out->addr))
		return -EINVAL;
	if (proto_len >= sizeof proto)
		return -EINVAL;
	for (size_t i = 0; slash && i <= proto_len; i++)
		proto[i] = (char)toupper((unsigned char)slash[1 + i]);
	out->port = (uint16_t)port;
	return proto_parse(proto, &out->proto);
}

/* The items of a list, or NULL when that process does not answer. */
static json_t *items_of(const struct question *q, const char *kind, const char *name)
{
	json_t *request = json_pack("{s:s, s:s}", "verb", "get", "kind", kind), *reply, *items;

	if (name)
		json_object_set_new(request, "name", json_string(name));
	reply = vipctl_ask_quietly(q->v->socket, request, PATIENCE_S);
	items = json_incref(json_object_get(reply, "items"));
	json_decref(reply);
	return items;
}

static int ask_all(struct question *q)
{
	char address[ADDR_TEXT];

	addr_format(&q->key.addr, address);
	q->answers.plan = vipctl_ask(q->v->socket,
				     json_pack("{s:s, s:s, s:i, s:s}", "verb", "explain", "address", address, "port",
					       (int)q->key.port, "protocol", proto_name(q->key.proto)),
				     PATIENCE_S);
	if (!q->answers.plan)
		return -1;
	q->answers.servers = items_of(q, "virtualservers", q->name);
	q->answers.vips = items_of(q, "vips", address);
	q->answers.routers = items_of(q, "vrrp", NULL);
	q->answers.status = vipctl_ask_quietly(q->v->socket, json_pack("{s:s}", "verb", "status"), PATIENCE_S);
	return 0;
}

/* What only the kernel of this node knows. */
static void look(struct question *q)
{
	struct explain_facts *f = &q->loaded.facts;
	int forwards = explain_look_sysctl(q->key.addr.family == AF_INET6 ? "net/ipv6/conf/all/forwarding"
									  : "net/ipv4/ip_forward");

	f->forwarding = forwards < 0 ? EXPLAIN_UNKNOWN : forwards ? EXPLAIN_YES : EXPLAIN_NO;
	if (q->key.addr.family == AF_INET && f->interface && *f->interface)
		f->rp_filter = explain_look_rp_filter(f->interface);
	if (f->interface && *f->interface)
		f->link = explain_look_link(f->interface);
	for (size_t i = 0; i < f->n_reals; i++)
		explain_look_route(&q->loaded.reals[i].addr, &q->loaded.reals[i].route);
	explain_look_connections(&q->key, f->from ? &f->client : NULL, q->loaded.reals, f->n_reals, &q->connections);
	if (f->from)
		explain_look_route(&f->client, &f->to_client);
}

/* ---- printing ---- */

static const char *text(json_t *j, const char *key)
{
	const char *s = json_string_value(json_object_get(j, key));

	return s ? s : "";
}

static void print_service(const struct question *q)
{
	const struct explain_facts *f = &q->loaded.facts;
	json_t *spec = json_object_get(json_object_get(q->answers.plan, "service"), "spec"), *other;
	size_t i, n = 0;

	if (!f->service) {
		printf("Service:         <none>\n");
		return;
	}
	printf("Service:         %s, type %s", f->service, text(spec, "type"));
	json_array_foreach(json_object_get(q->answers.plan, "sharedWith"), i, other)
	{
		if (strcmp(json_string_value(other), f->service) != 0)
			printf("%s%s", n++ ? ", " : "; the address is shared with ", json_string_value(other));
	}
	putchar('\n');
}

static const char *endpoint_state(const struct explain_endpoint *e, const struct explain_facts *f)
{
	if (e->used)
		return e->ready ? "ready" : "terminating, but serves, and none is ready";
	if (e->ready)
		return f->only_local && !e->local ? "ready; left out: not on this node, the traffic policy is Local"
						  : "ready; left out";
	return e->terminating ? "left out: terminating" : "left out: not ready";
}

static long long weight_of(const struct question *q, size_t i)
{
	return (long long)json_integer_value(
	    json_object_get(json_array_get(json_object_get(q->answers.plan, "endpoints"), i), "weight"));
}

static void print_endpoints(const struct question *q)
{
	enum { SHOWN = 50 };
	const struct explain_facts *f = &q->loaded.facts;
	char name[REAL_TEXT];
	size_t used = 0;

	if (!f->service)
		return;
	for (size_t i = 0; i < f->n_endpoints; i++)
		used += f->endpoints[i].used;
	printf("Endpoints:       %zu of %zu in use, from %s%s%s\n", used, f->n_endpoints, f->source,
	       strcmp(f->source, "Pods") == 0 ? " that match " : "", strcmp(f->source, "Pods") == 0 ? f->selector : "");
	for (size_t i = 0; i < f->n_endpoints && i < SHOWN; i++) {
		const struct explain_endpoint *e = &f->endpoints[i];

		real_format(&(struct real){.addr = e->addr, .port = e->port}, name);
		printf("                   %s  weight %lld, %s\n", name, weight_of(q, i), endpoint_state(e, f));
	}
	if (f->n_endpoints > SHOWN)
		printf("                   and %zu more\n", f->n_endpoints - SHOWN);
}

static void print_reals(const struct question *q)
{
	enum { SHOWN = 50 };
	json_t *status = json_object_get(json_array_get(q->answers.servers, 0), "status"), *r;
	size_t i;

	json_array_foreach(json_object_get(status, "reals"), i, r)
	{
		const char *address = text(r, "address");
		bool v6 = strchr(address, ':') != NULL;

		if (i == SHOWN) {
			printf("                   and %zu more\n",
			       json_array_size(json_object_get(status, "reals")) - SHOWN);
			return;
		}
		printf("                   %s%s%s:%lld  %s, weight %lld, %lld active, %lld inactive, %lld persistent, "
		       "%lld packets in, %lld out\n",
		       v6 ? "[" : "", address, v6 ? "]" : "", (long long)json_integer_value(json_object_get(r, "port")),
		       text(r, "forward"), (long long)json_integer_value(json_object_get(r, "weight")),
		       (long long)json_integer_value(json_object_get(r, "active")),
		       (long long)json_integer_value(json_object_get(r, "inactive")),
		       (long long)json_integer_value(json_object_get(r, "persistent")),
		       (long long)json_integer_value(json_object_get(r, "inPackets")),
		       (long long)json_integer_value(json_object_get(r, "outPackets")));
	}
}

static void print_table(const struct question *q)
{
	const struct explain_facts *f = &q->loaded.facts;
	json_t *server = json_array_get(q->answers.servers, 0), *spec = json_object_get(server, "spec");
	long long sticky = (long long)json_integer_value(json_object_get(spec, "persistence"));

	if (!f->in_kernel) {
		printf("Kernel:          no virtual server %s%s\n", q->name, f->wanted ? "" : ", and none is wanted");
		return;
	}
	printf("Kernel:          virtual server %s, scheduler %s", q->name, text(spec, "scheduler"));
	if (sticky)
		printf(", a client stays with its real server for %lld s", sticky);
	printf(", %lld connections so far%s\n",
	       (long long)json_integer_value(json_object_get(json_object_get(server, "status"), "connections")),
	       f->ours ? "" : "; made by another program");
	print_reals(q);
}

static void print_address(const struct question *q)
{
	const struct explain_facts *f = &q->loaded.facts;
	char address[ADDR_TEXT];

	addr_format(&f->key.addr, address);
	if (!f->vip) {
		printf("Address:         %s is neither added nor removed by vipd\n", address);
		return;
	}
	printf("Address:         %s on %s: %s on this node (%s)", address,
	       f->interface && *f->interface ? f->interface : "no interface", f->held ? "held" : "absent", f->node);
	if (f->router && *f->router) {
		printf("; virtual router %s is %s here", f->router, *f->state ? f->state : "unknown");
		if (strcmp(f->state, "Backup") == 0 && *f->active)
			printf(", %s is Active", f->active);
	}
	printf("\nOwner:           the vrrp process keeps the address, the ipvs process the virtual server\n");
}

static void print_client(const struct question *q)
{
	const struct explain_facts *f = &q->loaded.facts;
	const struct explain_connections *c = &q->connections;
	char client[ADDR_TEXT], name[REAL_TEXT];

	if (!f->from)
		return;
	printf("Client:          %s, answers leave by %s%s", addr_format(&f->client, client),
	       *f->to_client.ifname ? f->to_client.ifname : "no interface",
	       f->to_client.gateway ? " and a gateway" : "");
	if (c->known == EXPLAIN_YES)
		printf("; %zu connections", c->n);
	if (c->pinned)
		printf(", stays with %s for %u s more",
		       real_format(&(struct real){.addr = c->real, .port = c->port}, name), c->seconds);
	putchar('\n');
}

static void print_findings(const struct question *q)
{
	static const struct {
		const char *head, *look;
	} grades[] = {[EXPLAIN_BROKEN] = {"Why it does not answer", "\033[31m"},
		      [EXPLAIN_ELSEWHERE] = {"Where it answers", "\033[33m"},
		      [EXPLAIN_DOUBT] = {"Why it may not answer", "\033[33m"}};
	bool colour = q->v->colour;

	for (size_t i = 0; i < q->findings.n; i++) {
		const struct explain_finding *f = &q->findings.items[i];

		if (i == 0 || f->grade != f[-1].grade)
			printf("\n%s%s:%s\n", colour ? "\033[1m" : "", grades[f->grade].head, colour ? "\033[0m" : "");
		printf("  %s%s%s: %s\n      %s\n", colour ? grades[f->grade].look : "", f->reason,
		       colour ? "\033[0m" : "", f->what, f->todo);
	}
	if (q->findings.n == 0)
		printf("\nNothing is known that keeps it from answering here%s.\n",
		       q->loaded.facts.from ? "" : "; --from CLIENT looks at the way back, too");
}

static void print_text(const struct question *q)
{
	printf("%s%s%s\n\n", q->v->colour ? "\033[1m" : "", q->name, q->v->colour ? "\033[0m" : "");
	print_service(q);
	print_endpoints(q);
	print_address(q);
	print_table(q);
	print_client(q);
	print_findings(q);
}

static void print_json(const struct question *q)
{
	static const char *const grades[] = {
	    [EXPLAIN_BROKEN] = "broken", [EXPLAIN_ELSEWHERE] = "elsewhere", [EXPLAIN_DOUBT] = "doubt"};
	json_t *list = json_array(), *none = json_null();
	const struct explain_answers *a = &q->answers;

	for (size_t i = 0; i < q->findings.n; i++) {
		const struct explain_finding *f = &q->findings.items[i];

		json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s}", "grade", grades[f->grade], "reason",
						      f->reason, "message", f->what, "todo", f->todo));
	}
	vipctl_print_document(q->v, json_pack("{s:s, s:o, s:O, s:O, s:O}", "key", q->name, "findings", list, "plan",
					      a->plan, "virtualServer",
					      json_array_size(a->servers) ? json_array_get(a->servers, 0) : none, "vip",
					      json_array_size(a->vips) ? json_array_get(a->vips, 0) : none));
}

static void question_clear(struct question *q)
{
	explain_findings_clear(&q->findings);
	explain_facts_clear(&q->loaded);
	json_decref(q->answers.plan);
	json_decref(q->answers.servers);
	json_decref(q->answers.vips);
	json_decref(q->answers.routers);
	json_decref(q->answers.status);
}

static int read_question(const struct vipctl *v, struct question *q)
{
	const char *from = vipctl_value(v, "from");

	*q = (struct question){.v = v};
	if (v->n_args != 1)
		return vipctl_wrong(v, "explain which address and port? For example 10.0.0.1:80 or [fd00::1]:53/UDP");
	if (parse_key(v->args[0], &q->key))
		return vipctl_wrong(v, "\"%s\" is not ADDRESS:PORT, [ADDRESS]:PORT or ADDRESS:PORT/PROTOCOL",
				    v->args[0]);
	if (from && (addr_parse(from, &q->loaded.facts.client) || q->loaded.facts.client.family != q->key.addr.family))
		return vipctl_wrong(v, "--from: \"%s\" is not an address of the same family", from);
	vs_key_format(&q->key, q->name);
	return 0;
}

static int run(const struct vipctl *v)
{
	struct question q;
	struct addr client;
	int code = read_question(v, &q);

	if (code)
		return code;
	client = q.loaded.facts.client;
	if (ask_all(&q))
		return v->verb->trouble;
	explain_facts_load(&q.key, &q.answers, &q.loaded);
	q.loaded.facts.client = client;
	q.loaded.facts.from = client.family != 0;
	look(&q);
	explain(&q.loaded.facts, &q.findings);
	if (v->output == OUTPUT_TABLE)
		print_text(&q);
	else
		print_json(&q);
	code = q.findings.n && q.findings.items[0].grade == EXPLAIN_BROKEN ? 1 : 0;
	question_clear(&q);
	return code;
}

static const struct vipctl_flag from_flag = {"from", 0, "CLIENT", NULL,
					     "the client's address: its way back, connections, persistence"};
static const struct vipctl_flag *const flags[] = {&from_flag, NULL};

const struct vipctl_verb vipctl_verb_explain = {
    .name = "explain",
    .arguments = "VIP:PORT[/PROTOCOL]",
    .summary = "why an address and port answers as it does, or does not",
    .text = "Which Service it is, its endpoints and why some are left out, who holds the address, what the kernel\n"
	    "has, and every reason known why it might not answer, each with what to do. Run it on the node:\n"
	    "routes, sysctls and neighbours are those of the namespace in which vipctl runs.\n",
    .examples = "  # why does the web shop not answer?\n  vipctl explain 10.0.0.1:80\n\n"
		"  # for one client\n  vipctl explain 10.0.0.1:80 --from 192.0.2.7\n\n"
		"  # IPv6 and UDP\n  vipctl explain [2001:db8::1]:53/UDP\n",
    .exit = "  0  nothing is known that keeps it from answering, here or on another node\n"
	    "  1  something does; the reasons are printed\n"
	    "  2  vipd does not answer, or a wrong command line\n",
    .flags = flags,
    .outputs = OUTPUT_BIT(OUTPUT_JSON) | OUTPUT_BIT(OUTPUT_YAML),
    .trouble = 2,
    .run = run,
};
