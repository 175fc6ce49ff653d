/* vipd.yaml -> struct config: a table of keys, one reader each; every error is collected with its place, then the whole is
 * taken or refused. Source: DESIGN.md, Inputs 1. Test: tests/test_config.c; fuzzer: tests/fuzz/fuzz_config.c. */
#include "config_read.h"
#include "suggest.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

static void read_manifests(struct reader *r, const char *key, const struct node *n)
{
	const char *s = config_want_string(r, key, n);

	if (s && s[0] != '/')
		diag_error(r->diags, r->file, n->pos, "%s: \"%s\" is not an absolute path", key, s);
	else if (s)
		r->c->manifests = s;
}

static void read_node_name(struct reader *r, const char *key, const struct node *n)
{
	const char *s = config_want_string(r, key, n);

	if (s && strlen(s) > 253)
		diag_error(r->diags, r->file, n->pos, "%s: longer than 253 characters", key);
	else if (s)
		r->c->node_name = s;
}

static void read_interface(struct reader *r, const char *key, const struct node *n)
{
	const char *s = config_want_string(r, key, n);

	if (s && config_set_interface(r->c, s))
		diag_error(r->diags, r->file, n->pos, "%s: \"%s\" is not the name of an interface", key, s);
}

static const struct {
	const char *name;
	unsigned bit;
} handles[] = {{"LoadBalancer", HANDLE_LOADBALANCER},
	       {"ConfigMap", HANDLE_CONFIGMAP},
	       {"ExternalIP", HANDLE_EXTERNALIP},
	       {"NodePort", HANDLE_NODEPORT},
	       {"ClusterIP", HANDLE_CLUSTERIP}};
enum { N_HANDLES = sizeof handles / sizeof handles[0] };

static unsigned read_handle_word(struct reader *r, const char *key, const struct node *n)
{
	const char *names[N_HANDLES], *near, *s = config_want_string(r, key, n);

	if (!s)
		return 0;
	for (size_t i = 0; i < N_HANDLES; i++) {
		names[i] = handles[i].name;
		if (strcmp(s, handles[i].name) == 0)
			return handles[i].bit;
	}
	near = suggest_nearest(s, names, N_HANDLES);
	diag_error(r->diags, r->file, n->pos,
		   "%s: unknown kind of address \"%s\"; expected LoadBalancer, ConfigMap, ExternalIP, NodePort or "
		   "ClusterIP%s%s%s",
		   key, s, near ? " (did you mean " : "", near ? near : "", near ? "?)" : "");
	return 0;
}

static void read_handle(struct reader *r, const char *key, const struct node *n)
{
	unsigned bits = 0;

	if (!config_want(r, key, n, NODE_LIST))
		return;
	for (size_t i = 0; i < n->list.n; i++) {
		unsigned bit = read_handle_word(r, key, &n->list.items[i]);

		if (bits & bit)
			diag_error(r->diags, r->file, n->list.items[i].pos, "%s: %s is listed twice", key,
				   n->list.items[i].text);
		bits |= bit;
	}
	r->c->plan.handle = bits;
}

static void read_vip_configmap(struct reader *r, const char *key, const struct node *n)
{
	const char *s = config_want_string(r, key, n);

	if (s && config_set_vip_configmap(r->c, s))
		diag_error(r->diags, r->file, n->pos, "%s: expected namespace/name, found \"%s\"", key, s);
}

static void read_class(struct reader *r, const char *key, const struct node *n)
{
	const char *s = config_want_string(r, key, n);

	if (s)
		r->c->plan.load_balancer_class = s;
}

static void read_default_class(struct reader *r, const char *key, const struct node *n)
{
	config_want_bool(r, key, n, &r->c->plan.default_class);
}

static void read_allocate(struct reader *r, const char *key, const struct node *n)
{
	r->c->allocate_stated = true;
	config_want_bool(r, key, n, &r->c->plan.allocate);
}

bool config_want_cidr(struct reader *r, const char *key, struct pos at, const char *text, struct cidr *out)
{
	char buf[CIDR_TEXT];
	struct cidr c;
	const char *why;

	if (cidr_parse(text, &c)) {
		struct addr a;
		bool bare = addr_parse(text, &a) == 0;

		diag_error(r->diags, r->file, at, "%s: \"%s\" is not a prefix such as 10.4.0.0/24%s", key, text,
			   bare ? (a.family == AF_INET ? "; one address is /32" : "; one address is /128") : "");
		return false;
	}
	struct cidr net = {cidr_network(&c), c.bits};

	if (!addr_equal(&net.addr, &c.addr)) {
		diag_error(r->diags, r->file, at, "%s: %s has bits set behind the prefix; the network is %s", key, text,
			   cidr_format(&net, buf));
		return false;
	}
	why = addr_is_unspecified(&c.addr) ? NULL : addr_unusable(&c.addr);
	if (why || c.bits == 0) {
		diag_error(r->diags, r->file, at, "%s: %s %s", key, text, why ? why : "is every address there is");
		return false;
	}
	*out = net;
	return true;
}

static void add_cluster_cidr(struct reader *r, const char *key, struct pos at, const char *text)
{
	struct plan_config *p = &r->c->plan;
	struct cidr c;

	if (!config_want_cidr(r, key, at, text, &c))
		return;
	for (size_t i = 0; i < p->n_cluster_cidrs; i++)
		if (p->cluster_cidrs[i].addr.family == c.addr.family) {
			diag_error(r->diags, r->file, at, "%s: a second %s prefix; expected at most one of each family",
				   key, c.addr.family == AF_INET ? "IPv4" : "IPv6");
			return;
		}
	p->cluster_cidrs[p->n_cluster_cidrs++] = c;
}

/* A prefix, or two with a comma as kube-apiserver's flag takes them. */
static void read_cluster_cidr(struct reader *r, const char *key, const struct node *n)
{
	const char *s = config_want_string(r, key, n);

	r->c->plan.n_cluster_cidrs = 0;
	while (s) {
		const char *comma = strchr(s, ',');
		char *part = arena_strndup(r->c->arena, s, comma ? (size_t)(comma - s) : strlen(s));

		add_cluster_cidr(r, key, n->pos, part + strspn(part, " "));
		s = comma ? comma + 1 : NULL;
	}
}

static void read_node_ports(struct reader *r, const char *key, const struct node *n)
{
	const char *s = config_want_string(r, key, n);
	unsigned long v[2] = {0, 0};
	size_t i = 0;

	if (!s)
		return;
	for (const char *p = s; i < 2; p++) {
		size_t digits = strspn(p, "0123456789");

		if (digits == 0 || digits > 5)
			break;
		for (size_t k = 0; k < digits; k++)
			v[i] = v[i] * 10 + (unsigned long)(p[k] - '0');
		p += digits;
		if (*p != (i == 0 ? '-' : '\0'))
			break;
		i++;
	}
	if (i != 2 || v[0] < 1 || v[1] > 65535 || v[0] > v[1]) {
		diag_error(r->diags, r->file, n->pos, "%s: expected first-last within 1-65535, found \"%s\"", key, s);
		return;
	}
	r->c->plan.node_port_first = (uint16_t)v[0];
	r->c->plan.node_port_last = (uint16_t)v[1];
}

static void read_scheduler(struct reader *r, const char *key, const struct node *n)
{
	static const char *const known = "rr wrr lc wlc lblc lblcr sh dh sed nq mh fo ovf";
	const char *s = config_want_string(r, key, n);

	if (s && !sched_known(s))
		diag_error(r->diags, r->file, n->pos, "%s: unknown scheduler \"%s\"; expected one of %s", key, s,
			   known);
	else if (s)
		snprintf(r->c->plan.default_scheduler, SCHED_NAME, "%s", s);
}

static void read_forward(struct reader *r, const char *key, const struct node *n)
{
	const char *s = config_want_string(r, key, n);

	if (s && config_set_forward(r->c, s))
		diag_error(r->diags, r->file, n->pos, "%s: expected NAT, DR or TUN, found \"%s\"", key, s);
}

static void read_adopt(struct reader *r, const char *key, const struct node *n)
{
	config_want_bool(r, key, n, &r->c->ipvs.adopt);
}

static void read_garp_count(struct reader *r, const char *key, const struct node *n)
{
	config_want_range(r, key, n, 1, 100, &r->c->vips.garp_count);
}

static void read_garp_delay(struct reader *r, const char *key, const struct node *n)
{
	config_want_duration(r, key, n, &r->c->vips.garp_second_ms);
}

static void read_garp_refresh(struct reader *r, const char *key, const struct node *n)
{
	uint32_t ms;

	if (!config_want_duration(r, key, n, &ms))
		return;
	if (ms > 0 && ms < 1000)
		diag_error(r->diags, r->file, n->pos, "%s: expected 0 (never) or at least 1s, found %s", key, n->text);
	else
		r->c->vips.garp_refresh_ms = ms;
}

static void read_garp_interval(struct reader *r, const char *key, const struct node *n)
{
	uint32_t ms;

	if (!config_want_duration(r, key, n, &ms))
		return;
	if (ms > GARP_INTERVAL_MAX_MS)
		diag_error(r->diags, r->file, n->pos, "%s: expected at most %dms, found %s", key, GARP_INTERVAL_MAX_MS,
			   n->text);
	else
		r->c->vips.garp_interval_ms = ms;
}

static void read_garp(struct reader *r, const char *key, const struct node *n)
{
	static const struct key keys[] = {{"count", read_garp_count},
					  {"delay", read_garp_delay},
					  {"refresh", read_garp_refresh},
					  {"interval", read_garp_interval}};

	config_read_map(r, key, n, keys, sizeof keys / sizeof keys[0]);
}

static void read_ready_timeout(struct reader *r, const char *key, const struct node *n)
{
	uint32_t ms;

	if (!config_want_duration(r, key, n, &ms))
		return;
	if (ms < 1000 || ms % 1000)
		diag_error(r->diags, r->file, n->pos, "%s: expected whole seconds, at least 1s, found %s", key,
			   n->text);
	else
		r->c->ready_timeout_s = ms / 1000;
}

static void read_drain_timeout(struct reader *r, const char *key, const struct node *n)
{
	uint32_t ms;

	if (!config_want_duration(r, key, n, &ms))
		return;
	if (ms % 1000)
		diag_error(r->diags, r->file, n->pos, "%s: expected whole seconds, found %s", key, n->text);
	else
		r->c->plan.drain_s = r->c->ipvs.drain_s = ms / 1000;
}

static void read_notify(struct reader *r, const char *key, const struct node *n)
{
	static const char *const names[] = {"script", "fifo"};
	struct vip_settings *v = &r->c->vips;
	char full[KEY_TEXT];
	const struct node *fifo;
	struct members m;
	const char *s;

	if (!config_members(&m, r, key, n, names, 2))
		return;
	config_member_file(&m, "script", v->notify_script, sizeof v->notify_script);
	fifo = config_member(&m, "fifo", full);
	s = fifo ? config_want_string(r, full, fifo) : NULL;
	if (s && s[0] != '/')
		config_member_error(&m, "fifo", "\"%s\" is not an absolute path", s);
	else if (s && strlen(s) >= sizeof v->notify_fifo)
		config_member_error(&m, "fifo", "longer than %zu characters", sizeof v->notify_fifo - 1);
	else if (s)
		memcpy(v->notify_fifo, s, strlen(s) + 1);
}

/* DESIGN.md, "Allocations agree": two nodes that both give addresses out would give the same one twice. */
static void settle_allocate(struct reader *r)
{
	if ((!r->n_routers && !r->c->routers_auto) || r->c->allocate_stated)
		return;
	r->c->plan.allocate = false;
	diag_warning(
	    r->diags, r->file, r->routers_at,
	    "allocate: must be stated on a node with virtual routers; taken as false, so that nothing is given "
	    "that a manifest or the record does not name. State true on one node and false on the others");
}

static int read_document(void *arg, const struct node *root, size_t index)
{
	static const struct key keys[] = {
	    {"manifests", read_manifests},
	    {"nodeName", read_node_name},
	    {"interface", read_interface},
	    {"handle", read_handle},
	    {"vipConfigMap", read_vip_configmap},
	    {"loadBalancerClass", read_class},
	    {"defaultClass", read_default_class},
	    {"allocate", read_allocate},
	    {"serviceClusterCIDR", read_cluster_cidr},
	    {"nodePortRange", read_node_ports},
	    {"pools", config_read_pools},
	    {"allowUnpooled", config_read_allow_unpooled},
	    {"scheduler", read_scheduler},
	    {"forwardMethod", read_forward},
	    {"adopt", read_adopt},
	    {"garp", read_garp},
	    {"readyTimeout", read_ready_timeout},
	    {"drainTimeout", read_drain_timeout},
	    {"routers", config_read_routers},
	    {"spread", config_read_spread},
	    {"notify", read_notify},
	    {"sync", config_read_sync},
	    {"drOnBackup", config_read_dr_on_backup},
	    {"ipMode", config_read_ip_mode},
	    {"masquerade", config_read_masquerade},
	    {"masqueradeBit", config_read_masquerade_bit},
	    {"iptables", config_read_iptables},
	    {"podCIDRs", config_read_pod_cidrs},
	    {"gatewayOf", config_read_gateway_of},
	    {"refuseUnknownPorts", config_read_refuse},
	    {"allowPorts", config_read_allow_ports},
	    {"externalIPRanges", config_read_external_ranges},
	    {"excludeCIDRs", config_read_exclude},
	    {"nodePortAddresses", config_read_node_port_addresses},
	    {"manageSysctls", config_read_sysctls},
	    {"http", config_read_http},
	};
	struct reader *r = arg;

	if (index > 0)
		diag_error(r->diags, r->file, root->pos, "a second document; expected one");
	else
		config_read_map(r, "", root, keys, sizeof keys / sizeof keys[0]);
	if (index == 0) {
		config_end_spread(r);
		config_end_routers(r);
		settle_allocate(r);
	}
	return 0;
}

static struct config *config_default(const char *file)
{
	struct arena *arena = arena_new(0);
	struct config *c = arena_alloc(arena, sizeof *c);

	c->arena = arena;
	c->file = arena_strdup(arena, file);
	c->plan.handle = HANDLE_ALL;
	c->plan.vip_configmap = "default/vip-configmap";
	c->plan.load_balancer_class = "vipd.io/vip";
	c->plan.default_class = true;
	c->plan.allocate = true;       /* a node without VRRP peers */
	c->plan.allow_unpooled = true; /* until there are pools */
	cidr_parse("10.96.0.0/12", &c->plan.cluster_cidrs[0]);
	c->plan.n_cluster_cidrs = 1;
	c->plan.node_port_first = 30000;
	c->plan.node_port_last = 32767;
	snprintf(c->plan.default_scheduler, SCHED_NAME, "rr");
	c->plan.default_forward = FORWARD_NAT;
	c->vips = (struct vip_settings){.garp_count = 5, .garp_second_ms = 5000, .garp_refresh_ms = 0};
	c->ready_timeout_s = 30;
	c->plan.drain_s = c->ipvs.drain_s = 300;
	config_default_nat(c);
	config_default_http(c);
	return c;
}

int config_parse(const char *file, const char *text, size_t len, struct config **out, struct diag_list *diags)
{
	static const struct doc_limits limits = {
	    .bytes = 1 << 20, .depth = 16, .nodes = 100000, .scalar = 4096, .duplicates = true};
	struct reader r = {.c = config_default(file), .file = file, .diags = diags};
	size_t before = diags->errors;

	if ((text && doc_parse(file, text, len, &limits, diags, read_document, &r)) || diags->errors > before) {
		config_free(r.c);
		return -EINVAL;
	}
	*out = r.c;
	return 0;
}

/* Every map and every list of maps is opened; what is missing in them does not matter. */
void config_keys(config_key_each each, void *arg)
{
	static const char all[] = "garp: {}\npools: [{}]\nnotify: {}\nsync: {}\nspread: {}\nhttp: {tls: {}}\n"
				  "routers: [{authentication: {}, track: [{}], addresses: [{}]}]\n";
	struct diag_list errors = {0};
	struct reader r = {
	    .c = config_default("keys"), .file = "keys", .diags = &errors, .each_key = each, .each_arg = arg};

	doc_parse(r.file, all, sizeof all - 1, NULL, &errors, read_document, &r);
	config_free(r.c);
	diag_clear(&errors);
}

void config_free(struct config *c)
{
	if (c)
		arena_free(c->arena);
}

void config_settle(struct config *c, const char *state_dir, const char *interface, const char *host)
{
	if (!c->manifests) {
		size_t n = strlen(state_dir) + sizeof "/manifests";
		char *path = arena_alloc(c->arena, n);

		snprintf(path, n, "%s/manifests", state_dir);
		c->manifests = path;
	}
	if (!c->plan.interface && interface)
		config_set_interface(c, interface);
	if (!c->node_name && host)
		c->node_name = arena_strdup(c->arena, host);
	c->plan.node_name = c->node_name;
}

int config_finish(struct config *c, struct diag_list *diags)
{
	size_t before = diags->errors;

	if (config_finish_spread(c, diags) == 0)
		config_finish_routers(c, diags);
	config_finish_nat(c);
	c->vips.ready_timeout_ms = c->ready_timeout_s * 1000;
	return diags->errors > before ? -EINVAL : 0;
}

/* As routers: [{vrid: N}] would have it. */
static void one_router(struct config *c)
{
	static const char *const names[] = {"vips", "vips-ipv6"};

	c->routers = arena_alloc(c->arena, 2 * sizeof *c->routers);
	c->routers_at = arena_alloc(c->arena, 2 * sizeof *c->routers_at);
	c->n_routers = 2;
	for (int i = 0; i < 2; i++) {
		c->routers[i] = config_draft().r;
		c->routers[i].family = i ? AF_INET6 : AF_INET;
		snprintf(c->routers[i].name, sizeof c->routers[i].name, "%s", names[i]);
	}
}

int config_set_vrid(struct config *c, uint8_t vrid)
{
	if (c->routers_auto)
		return -EEXIST;
	for (size_t i = 1; i < c->n_routers; i++)
		if (c->routers[i].vrid != c->routers[0].vrid || strcmp(c->routers[i].ifname, c->routers[0].ifname) != 0)
			return -EEXIST;
	if (c->n_routers == 0) {
		one_router(c);
		if (!c->allocate_stated)
			c->plan.allocate = false;
	}
	for (size_t i = 0; i < c->n_routers; i++)
		c->routers[i].vrid = vrid;
	return 0;
}

int config_set_interface(struct config *c, const char *name)
{
	if (!config_interface_ok(name))
		return -EINVAL;
	c->plan.interface = arena_strdup(c->arena, name);
	return 0;
}

int config_set_vip_configmap(struct config *c, const char *name)
{
	const char *slash = strchr(name, '/');

	if (!slash || slash == name || !slash[1] || strchr(slash + 1, '/'))
		return -EINVAL;
	c->plan.vip_configmap = arena_strdup(c->arena, name);
	return 0;
}

int config_set_forward(struct config *c, const char *method)
{
	return forward_parse(method, &c->plan.default_forward);
}
