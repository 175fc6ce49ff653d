/* Which entry is wanted in which ipset, by virtual server: an entry counts how often it is wanted (real servers are shared), and knows whether the kernel has
 * it. What differs is in the list of dirty ones, so that one change costs one entry. Source: SEMANTICS of kube-proxy's IPVS mode (its sets), ipset(8).
 * Test: tests/test_sets.c */
#include "sets.h"

#include "../src/base/arena.h"
#include "../src/base/map.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

struct node {
	struct set_entry entry;
	uint32_t refs; /* how often it is wanted */
	bool have;
	bool dirty; /* in sets.dirty */
};

struct sets {
	struct nat_settings settings;
	struct map *nodes; /* struct set_entry -> struct node */
	struct node **dirty;
	size_t n_dirty, cap;
	size_t wanted[SET_COUNT][2], had[SET_COUNT][2];
};

static const struct {
	const char *name;
	enum set_shape shape;
} kinds[SET_COUNT] = {
    [SET_CLUSTER_IP] = {"CLUSTER-IP", SHAPE_IP_PORT},
    [SET_CLUSTER_IP_LOCAL] = {"CLUSTER-IP-LOCAL", SHAPE_IP_PORT},
    [SET_EXTERNAL_IP] = {"EXTERNAL-IP", SHAPE_IP_PORT},
    [SET_EXTERNAL_IP_LOCAL] = {"EXTERNAL-IP-LOCAL", SHAPE_IP_PORT},
    [SET_LOAD_BALANCER] = {"LOAD-BALANCER", SHAPE_IP_PORT},
    [SET_LOAD_BALANCER_LOCAL] = {"LOAD-BALANCER-LOCAL", SHAPE_IP_PORT},
    [SET_NODE_PORT] = {"NODE-PORT", SHAPE_IP_PORT},
    [SET_NODE_PORT_LOCAL] = {"NODE-PORT-LOCAL", SHAPE_IP_PORT},
    [SET_LOOP_BACK] = {"LOOP-BACK", SHAPE_IP_PORT_IP},
    [SET_RETURN] = {"RETURN", SHAPE_NET},
    [SET_PODS] = {"PODS", SHAPE_NET},
    [SET_SOURCE_CIDR] = {"SOURCE-CIDR", SHAPE_IP_PORT_NET},
    [SET_FW] = {"FW", SHAPE_IP_PORT},
    [SET_VIPS] = {"VIPS", SHAPE_IP},
};

_Static_assert(sizeof(struct set_entry) == 40, "no padding: entries are compared as bytes");

enum set_shape set_shape(enum set_id id)
{
	return kinds[id].shape;
}

const char *set_shape_name(enum set_shape s)
{
	static const char *const names[] = {[SHAPE_IP] = "hash:ip",
					    [SHAPE_IP_PORT] = "hash:ip,port",
					    [SHAPE_IP_PORT_IP] = "hash:ip,port,ip",
					    [SHAPE_IP_PORT_NET] = "hash:ip,port,net",
					    [SHAPE_NET] = "hash:net"};

	return names[s];
}

char *set_name(enum set_id id, uint8_t family, char buf[SET_NAME])
{
	snprintf(buf, SET_NAME, "VIPD-%s%s", family == AF_INET6 ? "6-" : "", kinds[id].name);
	return buf;
}

int set_name_parse(const char *name, enum set_id *id, uint8_t *family)
{
	bool six;

	if (strncmp(name, "VIPD-", 5) != 0)
		return -ENOENT;
	six = strncmp(name + 5, "6-", 2) == 0;
	for (unsigned i = 0; i < SET_COUNT; i++)
		if (strcmp(name + (six ? 7 : 5), kinds[i].name) == 0) {
			*id = (enum set_id)i;
			*family = six ? AF_INET6 : AF_INET;
			return 0;
		}
	return -ENOENT;
}

char *set_next_name(uint8_t family, char buf[SET_NAME])
{
	snprintf(buf, SET_NAME, "VIPD-%sNEXT", family == AF_INET6 ? "6-" : "");
	return buf;
}

/* The kernel doubles a set when one of its buckets would get a thirteenth entry: rarely with two a bucket, mostly with four. 1,024 is its own first size. */
uint32_t set_buckets(size_t entries)
{
	uint32_t buckets = 1024;

	while (buckets < 2 * entries && buckets < SET_MAX)
		buckets *= 2;
	return buckets;
}

bool set_outgrown(size_t entries, uint32_t buckets)
{
	return entries > 2 * (size_t)buckets && buckets < set_buckets(entries);
}

/* ---- entries as text ---- */

static const char *proto_word(uint8_t proto)
{
	return proto == IPPROTO_TCP ? "tcp" : proto == IPPROTO_UDP ? "udp" : proto == IPPROTO_SCTP ? "sctp" : NULL;
}

char *set_entry_format(const struct set_entry *e, char buf[SET_ENTRY_TEXT])
{
	char addr[ADDR_TEXT], net[ADDR_TEXT], port[16];

	addr_format(&e->addr, addr);
	addr_format(&e->net, net);
	if (proto_word(e->proto))
		snprintf(port, sizeof port, "%s:%u", proto_word(e->proto), e->port);
	else
		snprintf(port, sizeof port, "%u:%u", e->proto, e->port);
	switch (set_shape((enum set_id)e->set)) {
	case SHAPE_IP:
		snprintf(buf, SET_ENTRY_TEXT, "%s", addr);
		break;
	case SHAPE_IP_PORT:
		snprintf(buf, SET_ENTRY_TEXT, "%s,%s", addr, port);
		break;
	case SHAPE_IP_PORT_IP:
		snprintf(buf, SET_ENTRY_TEXT, "%s,%s,%s", addr, port, net);
		break;
	case SHAPE_IP_PORT_NET:
		snprintf(buf, SET_ENTRY_TEXT, "%s,%s,%s/%u", addr, port, net, e->bits);
		break;
	case SHAPE_NET:
		snprintf(buf, SET_ENTRY_TEXT, "%s/%u", addr, e->bits);
		break;
	}
	return buf;
}

/* A number of at most max at *at, which moves behind it. */
static int read_number(const char **at, unsigned long max, unsigned long *out)
{
	char *end;

	if (**at < '0' || **at > '9')
		return -EINVAL;
	*out = strtoul(*at, &end, 10);
	*at = end;
	return *out > max ? -EINVAL : 0;
}

/* "tcp:80"; a system without /etc/protocols prints the protocol's number. */
static int read_port(const char **at, struct set_entry *e)
{
	static const uint8_t protos[] = {IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP};
	unsigned long n;

	for (size_t i = 0; i < sizeof protos && !e->proto; i++) {
		size_t len = strlen(proto_word(protos[i]));

		if (strncmp(*at, proto_word(protos[i]), len) == 0 && (*at)[len] == ':') {
			e->proto = protos[i];
			*at += len;
		}
	}
	if (!e->proto) {
		if (read_number(at, 255, &n) || n == 0)
			return -EINVAL;
		e->proto = (uint8_t)n;
	}
	if (**at != ':')
		return -EINVAL;
	++*at;
	if (read_number(at, 65535, &n))
		return -EINVAL;
	e->port = (uint16_t)n;
	return 0;
}

/* An address up to one of `ends`. */
static int read_addr(const char **at, const char *ends, uint8_t family, struct addr *out)
{
	char text[ADDR_TEXT];
	size_t n = strcspn(*at, ends);

	if (n >= sizeof text)
		return -EINVAL;
	memcpy(text, *at, n);
	text[n] = '\0';
	*at += n;
	return addr_parse(text, out) || out->family != family ? -EINVAL : 0;
}

/* "/24"; a whole address has none. */
static int read_bits(const char **at, const struct addr *a, uint8_t *bits)
{
	unsigned long n = addr_bits(a);

	if (**at == '/') {
		++*at;
		if (read_number(at, addr_bits(a), &n))
			return -EINVAL;
	}
	*bits = (uint8_t)n;
	return 0;
}

static int read_entry(const char *at, uint8_t family, struct set_entry *e)
{
	enum set_shape shape = set_shape((enum set_id)e->set);
	int err = read_addr(&at, ",/ ", family, &e->addr);

	if (!err && shape == SHAPE_NET)
		err = read_bits(&at, &e->addr, &e->bits);
	if (!err && shape != SHAPE_NET && shape != SHAPE_IP)
		err = *at++ == ',' ? read_port(&at, e) : -EINVAL;
	if (!err && (shape == SHAPE_IP_PORT_IP || shape == SHAPE_IP_PORT_NET))
		err = *at++ == ',' ? read_addr(&at, ",/ ", family, &e->net) : -EINVAL;
	if (!err && shape == SHAPE_IP_PORT_NET)
		err = read_bits(&at, &e->net, &e->bits);
	return !err && *at && *at != ' ' ? -EINVAL : err;
}

int set_entry_parse(const char *line, struct set_entry *out)
{
	struct set_entry e = {0};
	char name[SET_NAME];
	enum set_id id;
	uint8_t family;
	size_t n;

	if (strncmp(line, "add ", 4) != 0)
		return -ENOENT;
	line += 4;
	n = strcspn(line, " ");
	if (n >= sizeof name || line[n] != ' ')
		return -ENOENT;
	memcpy(name, line, n);
	name[n] = '\0';
	if (set_name_parse(name, &id, &family))
		return -ENOENT;
	e.set = (uint8_t)id;
	if (read_entry(line + n + 1, family, &e))
		return -EINVAL;
	*out = e;
	return 0;
}

/* ---- what is wanted ---- */

struct sets *sets_new(void)
{
	struct sets *s = xcalloc(1, sizeof *s);

	s->nodes = map_new();
	return s;
}

void sets_free(struct sets *s)
{
	if (!s)
		return;
	map_free(s->nodes, free);
	free(s->dirty);
	free(s);
}

static void touch(struct sets *s, struct node *n)
{
	if (n->dirty)
		return;
	if (s->n_dirty == s->cap) {
		s->cap = s->cap ? 2 * s->cap : 64;
		s->dirty = xrealloc(s->dirty, s->cap * sizeof(*s->dirty));
	}
	s->dirty[s->n_dirty++] = n;
	n->dirty = true;
}

static struct node *node_of(struct sets *s, const struct set_entry *e)
{
	struct node *n = map_get(s->nodes, e, sizeof *e);

	if (!n) {
		n = xcalloc(1, sizeof *n);
		n->entry = *e;
		map_put(s->nodes, e, sizeof *e, n);
	}
	return n;
}

static size_t slot(const struct set_entry *e)
{
	return e->addr.family == AF_INET6;
}

static void count(struct sets *s, const struct set_entry *e, bool add)
{
	struct node *n = node_of(s, e);

	n->refs += add ? 1u : -1u;
	if (n->refs == (add ? 1u : 0u)) {
		s->wanted[e->set][slot(e)] += add ? 1u : (size_t)-1;
		touch(s, n);
	}
}

static void count_net(struct sets *s, enum set_id set, const struct addr *a, uint8_t bits, bool add)
{
	struct set_entry e = {.set = (uint8_t)set, .bits = bits, .addr = *a};

	count(s, &e, add);
}

static void count_nets(struct sets *s, bool add)
{
	const struct nat_settings *n = &s->settings;

	if (n->masquerade == MASQUERADE_NEVER)
		return;
	for (size_t i = 0; i < n->n_pods; i++)
		count_net(s, SET_PODS, &n->pods[i].addr, n->pods[i].bits, add);
	for (size_t i = 0; i < n->n_behind && n->masquerade == MASQUERADE_AUTO; i++)
		count_net(s, SET_RETURN, &n->behind[i].addr, n->behind[i].bits, add);
}

void sets_settings(struct sets *s, const struct nat_settings *n)
{
	count_nets(s, false);
	s->settings = *n;
	count_nets(s, true);
}

/* A packet that is forwarded as it is keeps its source in any case: masquerading would break it. */
static bool is_direct(const struct vs *v)
{
	for (uint32_t i = 0; i < v->n; i++)
		if (v->reals[i].forward != FORWARD_NAT)
			return true;
	return false;
}

static void count_real(struct sets *s, const struct vs *v, const struct real *r, bool add)
{
	struct set_entry e = {
	    .set = SET_LOOP_BACK, .proto = v->key.proto, .port = r->port, .addr = r->addr, .net = r->addr};

	if (r->forward != FORWARD_NAT)
		return;
	count(s, &e, add);
	if (r->here && s->settings.masquerade == MASQUERADE_AUTO)
		count_net(s, SET_RETURN, &r->addr, (uint8_t)addr_bits(&r->addr), add);
}

/* Of the manifest's prefixes, which may overlap in their host bits. */
static void count_ranges(struct sets *s, const struct vs *v, bool add)
{
	struct set_entry e = {.set = SET_FW, .proto = v->key.proto, .port = v->key.port, .addr = v->key.addr};

	if (!v->n_ranges)
		return;
	count(s, &e, add);
	e.set = SET_SOURCE_CIDR;
	for (size_t i = 0; i < v->n_ranges; i++) {
		e.net = cidr_network(&v->ranges[i]);
		e.bits = v->ranges[i].bits;
		count(s, &e, add);
	}
}

/* A health check's port is no unknown one on an address that vipd adds; it is control's own, so that nothing is masqueraded. */
static void count_health(struct sets *s, const struct vs *v, bool add)
{
	if (v->health_port && v->added && s->settings.refuse)
		count(s,
		      &(struct set_entry){.set = SET_LOAD_BALANCER_LOCAL,
					  .proto = IPPROTO_TCP,
					  .port = v->health_port,
					  .addr = v->key.addr},
		      add);
}

static void count_vs(struct sets *s, const struct vs *v, bool add)
{
	static const enum set_id by_kind[VS_KINDS] = {[VS_OTHER] = SET_EXTERNAL_IP,
						      [VS_CLUSTER] = SET_CLUSTER_IP,
						      [VS_EXTERNAL] = SET_EXTERNAL_IP,
						      [VS_BALANCER] = SET_LOAD_BALANCER,
						      [VS_NODE_PORT] = SET_NODE_PORT};
	struct set_entry e = {.proto = v->key.proto, .port = v->key.port, .addr = v->key.addr};

	e.set = (uint8_t)(by_kind[v->kind] + (v->keep_source || is_direct(v)));
	if (nat_whole(&s->settings) && !v->leaving) {
		count(s, &e, add);
		count_health(s, v, add);
	}
	if (s->settings.ranges && !v->leaving)
		count_ranges(s, v, add);
	if (v->added && s->settings.refuse && !v->leaving)
		count(s, &(struct set_entry){.set = SET_VIPS, .addr = v->key.addr}, add);
	for (uint32_t i = 0; i < v->n && s->settings.masquerade != MASQUERADE_NEVER; i++)
		count_real(s, v, &v->reals[i], add);
}

void sets_change(struct sets *s, const struct vs *old, const struct vs *new)
{
	if (!nat_wanted(&s->settings))
		return;
	if (new)
		count_vs(s, new, true);
	if (old)
		count_vs(s, old, false);
}

void sets_clear(struct sets *s)
{
	const void *key;
	void *value;
	size_t len;

	for (size_t at = 0; map_next(s->nodes, &at, &key, &len, &value);) {
		struct node *n = value;

		if (n->refs)
			touch(s, n);
		n->refs = 0;
	}
	memset(s->wanted, 0, sizeof s->wanted);
	s->settings = (struct nat_settings){0};
}

/* ---- what the kernel has ---- */

static void set_have(struct sets *s, struct node *n, bool have)
{
	if (n->have != have)
		s->had[n->entry.set][slot(&n->entry)] += have ? 1u : (size_t)-1;
	n->have = have;
}

void sets_forget(struct sets *s, enum set_id id, uint8_t family)
{
	const void *key;
	void *value;
	size_t len;

	for (size_t at = 0; map_next(s->nodes, &at, &key, &len, &value);) {
		struct node *n = value;

		if (n->entry.set != id || n->entry.addr.family != family)
			continue;
		set_have(s, n, false);
		touch(s, n);
	}
}

void sets_have(struct sets *s, const struct set_entry *e)
{
	struct node *n = node_of(s, e);

	set_have(s, n, true);
	touch(s, n);
}

bool sets_used(const struct sets *s, uint8_t family)
{
	for (unsigned i = 0; i < SET_COUNT; i++)
		if (i != SET_RETURN && i != SET_PODS && s->wanted[i][family == AF_INET6])
			return true;
	return false;
}

size_t sets_wanted(const struct sets *s, enum set_id id, uint8_t family)
{
	return s->wanted[id][family == AF_INET6];
}

size_t sets_had(const struct sets *s, enum set_id id, uint8_t family)
{
	return s->had[id][family == AF_INET6];
}

static int op_cmp(const void *a, const void *b)
{
	const struct set_op *x = a, *y = b;

	if (x->add != y->add)
		return x->add ? -1 : 1;
	if (x->entry.set != y->entry.set)
		return x->add ? (int)x->entry.set - (int)y->entry.set : (int)y->entry.set - (int)x->entry.set;
	return memcmp(&x->entry, &y->entry, sizeof x->entry);
}

static void forget_node(struct sets *s, struct node *n)
{
	map_del(s->nodes, &n->entry, sizeof n->entry);
	free(n);
}

struct set_op *sets_ops(struct sets *s, uint8_t family, enum sets_part part, size_t *n)
{
	struct set_op *ops = s->n_dirty ? xmalloc(s->n_dirty * sizeof *ops) : NULL;
	size_t kept = 0;

	*n = 0;
	for (size_t i = 0; i < s->n_dirty; i++) {
		struct node *d = s->dirty[i];

		if (d->entry.addr.family != family || (d->refs != 0) != d->have) {
			s->dirty[kept++] = d;
			if (d->entry.addr.family == family && (part == SETS_ALL || d->refs))
				ops[(*n)++] = (struct set_op){d->entry, d->refs != 0};
			continue;
		}
		d->dirty = false;
		if (!d->refs)
			forget_node(s, d);
	}
	s->n_dirty = kept;
	if (*n)
		qsort(ops, *n, sizeof *ops, op_cmp);
	if (!*n) {
		free(ops);
		ops = NULL;
	}
	return ops;
}

size_t set_ops_run(const struct set_op *ops, size_t n)
{
	size_t end = 0;

	while (end < n && ops[end].add == ops->add && ops[end].entry.set == ops->entry.set &&
	       ops[end].entry.addr.family == ops->entry.addr.family)
		end++;
	return end;
}

struct set_op *sets_whole(const struct sets *s, enum set_id id, uint8_t family, size_t *n)
{
	struct set_op *ops = xmalloc((map_count(s->nodes) + 1) * sizeof *ops);
	const void *key;
	void *value;
	size_t len;

	*n = 0;
	for (size_t at = 0; map_next(s->nodes, &at, &key, &len, &value);) {
		const struct node *d = value;

		if (d->entry.set == id && d->entry.addr.family == family && (d->refs || d->have))
			ops[(*n)++] = (struct set_op){d->entry, true};
	}
	return ops;
}

void sets_done(struct sets *s, const struct set_op *op)
{
	struct node *n = map_get(s->nodes, &op->entry, sizeof op->entry);

	if (n)
		set_have(s, n, op->add);
}
