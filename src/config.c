/* vipd.yaml -> struct config: a table of keys, one reader each; every error is collected with its place, then the whole is
 * taken or refused. Source: DESIGN.md, Inputs 1. Test: tests/test_config.c; fuzzer: tests/fuzz/fuzz_config.c. */
#include "config_read.h"
#include "suggest.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

enum { POOLS_MAX = 256, RANGES_MAX = 1024 };

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

static void read_classless(struct reader *r, const char *key, const struct node *n)
{
	config_want_bool(r, key, n, &r->c->plan.take_classless);
}

static void read_allocate(struct reader *r, const char *key, const struct node *n)
{
	r->c->allocate_stated = true;
	config_want_bool(r, key, n, &r->c->plan.allocate);
}

/* One prefix without host bits. */
static bool read_cidr(struct reader *r, const char *key, struct pos at, const char *text, struct cidr *out)
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

static bool overlap(const struct cidr *a, const struct cidr *b)
{
	return cidr_contains(a, &b->addr) || cidr_contains(b, &a->addr);
}

static void add_cluster_cidr(struct reader *r, const char *key, struct pos at, const char *text)
{
	struct plan_config *p = &r->c->plan;
	struct cidr c;

	if (!read_cidr(r, key, at, text, &c))
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

/* The pool that is being read is the last of plan.pools. */
static struct pool *this_pool(struct reader *r)
{
	return &r->c->plan.pools[r->c->plan.n_pools];
}

static void read_pool_name(struct reader *r, const char *key, const struct node *n)
{
	const char *s = config_want_string(r, key, n);

	for (size_t i = 0; s && i < r->c->plan.n_pools; i++)
		if (strcmp(r->c->plan.pools[i].name, s) == 0)
			diag_error(r->diags, r->file, n->pos, "%s: a second pool \"%s\"", key, s);
	this_pool(r)->name = s;
}

static void check_overlap(struct reader *r, const char *key, struct pos at, const struct cidr *c)
{
	char a[CIDR_TEXT], b[CIDR_TEXT];

	for (size_t i = 0; i <= r->c->plan.n_pools; i++) {
		const struct pool *p = &r->c->plan.pools[i];

		for (size_t k = 0; k < p->n; k++)
			if (overlap(&p->ranges[k], c))
				diag_error(r->diags, r->file, at, "%s: %s overlaps %s of %s", key, cidr_format(c, a),
					   cidr_format(&p->ranges[k], b), p == this_pool(r) ? "this pool" : p->name);
	}
}

static void read_pool_addresses(struct reader *r, const char *key, const struct node *n)
{
	struct pool *p = this_pool(r);

	if (!config_want(r, key, n, NODE_LIST))
		return;
	if (n->list.n == 0 || n->list.n > RANGES_MAX) {
		diag_error(r->diags, r->file, n->pos, "%s: expected 1 to %d prefixes, found %zu", key, RANGES_MAX,
			   n->list.n);
		return;
	}
	p->ranges = arena_alloc(r->c->arena, n->list.n * sizeof *p->ranges);
	p->n = 0; /* a duplicate key is read too */
	for (size_t i = 0; i < n->list.n; i++) {
		const struct node *item = &n->list.items[i];
		const char *s = config_want_string(r, key, item);
		struct cidr c;

		if (!s || !read_cidr(r, key, item->pos, s, &c))
			continue;
		check_overlap(r, key, item->pos, &c);
		p->ranges[p->n++] = c;
	}
}

static void read_pools(struct reader *r, const char *key, const struct node *n)
{
	static const struct key keys[] = {{"name", read_pool_name}, {"addresses", read_pool_addresses}};
	char at[64];

	if (!config_want(r, key, n, NODE_LIST))
		return;
	if (n->list.n > POOLS_MAX) {
		diag_error(r->diags, r->file, n->pos, "%s: more than %d pools", key, POOLS_MAX);
		return;
	}
	r->c->plan.pools = arena_alloc(r->c->arena, (n->list.n + 1) * sizeof(struct pool));
	r->c->plan.n_pools = 0;
	for (size_t i = 0; i < n->list.n; i++) {
		const struct node *item = &n->list.items[i];

		snprintf(at, sizeof at, "%s[%zu]", key, i);
		config_read_map(r, at, item, keys, sizeof keys / sizeof keys[0]);
		for (size_t k = 0; item->type == NODE_MAP && k < sizeof keys / sizeof keys[0]; k++)
			if (!node_get(item, keys[k].name))
				diag_error(r->diags, r->file, item->pos, "%s: \"%s\" is missing", at, keys[k].name);
		if (!this_pool(r)->name)
			this_pool(r)->name = "";
		r->c->plan.n_pools++;
	}
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

static void read_garp(struct reader *r, const char *key, const struct node *n)
{
	static const struct key keys[] = {
	    {"count", read_garp_count}, {"delay", read_garp_delay}, {"refresh", read_garp_refresh}};

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
	    {"takeClassless", read_classless},
	    {"allocate", read_allocate},
	    {"serviceClusterCIDR", read_cluster_cidr},
	    {"nodePortRange", read_node_ports},
	    {"pools", read_pools},
	    {"scheduler", read_scheduler},
	    {"forwardMethod", read_forward},
	    {"adopt", read_adopt},
	    {"garp", read_garp},
	    {"readyTimeout", read_ready_timeout},
	    {"routers", config_read_routers},
	    {"spread", config_read_spread},
	    {"notify", read_notify},
	    {"sync", config_read_sync},
	    {"drOnBackup", config_read_dr_on_backup},
	    {"ipMode", config_read_ip_mode},
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
	c->plan.take_classless = true;
	c->plan.allocate = true; /* a node without VRRP peers */
	cidr_parse("10.96.0.0/12", &c->plan.cluster_cidrs[0]);
	c->plan.n_cluster_cidrs = 1;
	c->plan.node_port_first = 30000;
	c->plan.node_port_last = 32767;
	snprintf(c->plan.default_scheduler, SCHED_NAME, "rr");
	c->plan.default_forward = FORWARD_NAT;
	c->vips = (struct vip_settings){.garp_count = 5, .garp_second_ms = 5000, .garp_refresh_ms = 0};
	c->ready_timeout_s = 30;
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

int config_set_service_cidr(struct config *c, const char *cidr)
{
	struct plan_config *p = &c->plan;
	struct pool *pools;
	struct cidr net;

	if (cidr_parse(cidr, &net) || net.bits == 0)
		return -EINVAL;
	net.addr = cidr_network(&net);
	for (size_t i = 0; i < p->n_pools; i++)
		for (size_t k = 0; k < p->pools[i].n; k++)
			if (overlap(&p->pools[i].ranges[k], &net))
				return 0; /* the file says more about it */
	pools = arena_alloc(c->arena, (p->n_pools + 1) * sizeof *pools);
	if (p->n_pools)
		memcpy(pools, p->pools, p->n_pools * sizeof *pools);
	pools[p->n_pools] = (struct pool){.name = "KEEPALIVED_SERVICE_CIDR", .n = 1};
	pools[p->n_pools].ranges = arena_alloc(c->arena, sizeof net);
	pools[p->n_pools].ranges[0] = net;
	p->pools = pools;
	p->n_pools++;
	return 0;
}
