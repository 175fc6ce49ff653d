/* Virtual servers and real servers as values, and the table that holds them: a hash by key, and a sorted list that is made when it is
 * asked for. Each virtual server has one array of real servers, nothing is allocated for each of them.
 * Source: the kernel's identities, net/netfilter/ipvs/ip_vs_ctl.c (__ip_vs_service_find, ip_vs_lookup_dest). Test: tests/test_table.c */
#include "table.h"

#include "../src/base/arena.h"
#include "../src/base/map.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct table {
	struct map *by_key;       /* packed key -> struct vs, whose address stays while it is in the table */
	const struct vs **sorted; /* of `count` entries if `in_order` */
	size_t sorted_cap;
	bool in_order;
	size_t reals;
};

int vs_key_cmp(const struct vs_key *a, const struct vs_key *b)
{
	int order;

	if (a->proto != b->proto)
		return a->proto < b->proto ? -1 : 1;
	order = addr_cmp(&a->addr, &b->addr);
	if (order)
		return order;
	return (a->port > b->port) - (a->port < b->port);
}

void vs_key_pack(const struct vs_key *k, uint8_t out[VS_KEY_BYTES])
{
	out[0] = k->proto;
	out[1] = k->addr.family;
	memcpy(out + 2, k->addr.bytes, sizeof k->addr.bytes);
	out[18] = (uint8_t)(k->port >> 8);
	out[19] = (uint8_t)k->port;
}

void vs_key_unpack(const uint8_t in[VS_KEY_BYTES], struct vs_key *out)
{
	memset(out, 0, sizeof *out);
	out->proto = in[0];
	out->addr.family = in[1];
	memcpy(out->addr.bytes, in + 2, sizeof out->addr.bytes);
	out->port = (uint16_t)(in[18] << 8 | in[19]);
}

int real_cmp(const struct real *a, const struct real *b)
{
	int order = addr_cmp(&a->addr, &b->addr);

	return order ? order : (a->port > b->port) - (a->port < b->port);
}

bool vs_head_equal(const struct vs *a, const struct vs *b)
{
	return vs_key_cmp(&a->key, &b->key) == 0 && strcmp(a->sched, b->sched) == 0 && a->flags == b->flags &&
	       a->timeout == b->timeout && a->granularity == b->granularity;
}

static bool real_same(const struct real *a, const struct real *b)
{
	return real_cmp(a, b) == 0 && a->forward == b->forward && a->weight == b->weight && a->until == b->until;
}

bool limits_equal(const struct limits *a, const struct limits *b)
{
	return a->upper == b->upper && a->lower == b->lower && a->tunnel == b->tunnel &&
	       a->tunnel_port == b->tunnel_port;
}

bool vs_same(const struct vs *a, const struct vs *b)
{
	if (!vs_head_equal(a, b) || !limits_equal(&a->limits, &b->limits) || a->n != b->n)
		return false;
	for (uint32_t i = 0; i < a->n; i++)
		if (!real_same(&a->reals[i], &b->reals[i]))
			return false;
	return true;
}

static bool ranges_equal(const struct vs *a, const struct vs *b)
{
	return a->n_ranges == b->n_ranges &&
	       (!a->n_ranges || !memcmp(a->ranges, b->ranges, a->n_ranges * sizeof *a->ranges));
}

bool vs_equal(const struct vs *a, const struct vs *b)
{
	if (a->gate != b->gate || a->drain_s != b->drain_s || a->leaving != b->leaving || a->kind != b->kind ||
	    a->keep_source != b->keep_source || a->health_port != b->health_port || a->added != b->added ||
	    !ranges_equal(a, b) || !vs_same(a, b))
		return false;
	for (uint32_t i = 0; i < a->n; i++)
		if (a->reals[i].here != b->reals[i].here)
			return false;
	return true;
}

static void endpoint_format(const struct addr *a, unsigned port, char *buf, size_t size)
{
	char text[ADDR_TEXT];

	addr_format(a, text);
	snprintf(buf, size, a->family == AF_INET6 ? "[%s]:%u" : "%s:%u", text, port);
}

char *vs_key_format(const struct vs_key *k, char buf[VS_KEY_TEXT])
{
	char end[REAL_TEXT];

	endpoint_format(&k->addr, k->port, end, sizeof end);
	snprintf(buf, VS_KEY_TEXT, "%s %s", proto_name(k->proto), end);
	return buf;
}

char *real_format(const struct real *r, char buf[REAL_TEXT])
{
	endpoint_format(&r->addr, r->port, buf, REAL_TEXT);
	return buf;
}

static const char *const forward_names[] = {[FORWARD_NAT] = "NAT", [FORWARD_DR] = "DR", [FORWARD_TUN] = "TUN"};

const char *forward_name(enum forward f)
{
	return (unsigned)f < sizeof forward_names / sizeof *forward_names ? forward_names[f] : "?";
}

int forward_parse(const char *text, enum forward *out)
{
	for (unsigned i = 0; i < sizeof forward_names / sizeof *forward_names; i++) {
		if (strcmp(text, forward_names[i]) == 0) {
			*out = (enum forward)i;
			return 0;
		}
	}
	return -EINVAL;
}

static const struct proto {
	uint8_t number;
	const char *name;
} protos[] = {{IPPROTO_TCP, "TCP"}, {IPPROTO_UDP, "UDP"}, {IPPROTO_SCTP, "SCTP"}};

const char *proto_name(uint8_t proto)
{
	for (size_t i = 0; i < sizeof protos / sizeof *protos; i++)
		if (protos[i].number == proto)
			return protos[i].name;
	return "?";
}

int proto_parse(const char *text, uint8_t *out)
{
	for (size_t i = 0; i < sizeof protos / sizeof *protos; i++) {
		if (strcmp(text, protos[i].name) == 0) {
			*out = protos[i].number;
			return 0;
		}
	}
	return -EINVAL;
}

bool sched_known(const char *name)
{
	static const char *const known[] = {"rr", "wrr", "lc", "wlc", "lblc", "lblcr", "sh",
					    "dh", "sed", "nq", "mh",  "fo",   "ovf"};

	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (strcmp(name, known[i]) == 0)
			return true;
	return false;
}

struct table *table_new(void)
{
	struct table *t = xcalloc(1, sizeof *t);

	t->by_key = map_new();
	return t;
}

static void vs_free(void *p)
{
	struct vs *v = p;

	free(v->ranges);
	free(v->reals);
	free(v);
}

void table_free(struct table *t)
{
	if (!t)
		return;
	map_free(t->by_key, vs_free);
	free(t->sorted);
	free(t);
}

size_t table_count(const struct table *t)
{
	return map_count(t->by_key);
}

size_t table_reals(const struct table *t)
{
	return t->reals;
}

static struct vs *find(const struct table *t, const struct vs_key *k)
{
	uint8_t key[VS_KEY_BYTES];

	vs_key_pack(k, key);
	return map_get(t->by_key, key, sizeof key);
}

const struct vs *table_get(const struct table *t, const struct vs_key *k)
{
	return find(t, k);
}

static int real_sort_cmp(const void *a, const void *b)
{
	return real_cmp(a, b);
}

/* How many are in strict order at the start: all of them is sorted and without repeats. */
static uint32_t reals_in_order(const struct real *r, uint32_t n)
{
	uint32_t i = n ? 1 : 0;

	while (i < n && real_cmp(&r[i - 1], &r[i]) < 0)
		i++;
	return i;
}

/* A sorted copy in *out (NULL for none); -EEXIST for a repeat. */
static int reals_copy(const struct real *from, uint32_t n, struct real **out)
{
	struct real *copy = n ? xmemdup(from, n * sizeof *copy) : NULL;

	if (reals_in_order(copy, n) != n) {
		qsort(copy, n, sizeof *copy, real_sort_cmp);
		if (reals_in_order(copy, n) != n) {
			free(copy);
			return -EEXIST;
		}
	}
	*out = copy;
	return 0;
}

int table_put(struct table *t, const struct vs *v)
{
	uint8_t key[VS_KEY_BYTES];
	struct vs *mine;
	struct cidr *ranges;
	struct real *reals;
	int rc = reals_copy(v->reals, v->n, &reals);

	if (rc)
		return rc;
	vs_key_pack(&v->key, key);
	mine = map_get(t->by_key, key, sizeof key);
	if (!mine) {
		mine = xcalloc(1, sizeof *mine);
		map_put(t->by_key, key, sizeof key, mine);
		t->in_order = false;
	}
	t->reals += v->n;
	t->reals -= mine->n;
	ranges = v->n_ranges ? xmemdup(v->ranges, v->n_ranges * sizeof *ranges) : NULL;
	free(mine->ranges);
	free(mine->reals);
	*mine = *v;
	mine->ranges = ranges;
	mine->reals = reals;
	return 0;
}

bool table_del(struct table *t, const struct vs_key *k)
{
	uint8_t key[VS_KEY_BYTES];
	struct vs *v;

	vs_key_pack(k, key);
	v = map_del(t->by_key, key, sizeof key);
	if (!v)
		return false;
	t->reals -= v->n;
	t->in_order = false;
	vs_free(v);
	return true;
}

static int vs_sort_cmp(const void *a, const void *b)
{
	const struct vs *const *x = a, *const *y = b;

	return vs_key_cmp(&(*x)->key, &(*y)->key);
}

static void table_sort(struct table *t)
{
	size_t count = map_count(t->by_key), at = 0, len, n = 0;
	const void *key;
	void *value;

	if (count > t->sorted_cap) {
		free(t->sorted);
		t->sorted = xcalloc(count, sizeof *t->sorted);
		t->sorted_cap = count;
	}
	while (map_next(t->by_key, &at, &key, &len, &value))
		t->sorted[n++] = value;
	if (n)
		qsort(t->sorted, n, sizeof *t->sorted, vs_sort_cmp);
	t->in_order = true;
}

const struct vs *const *table_sorted(struct table *t, size_t *n)
{
	if (!t->in_order)
		table_sort(t);
	*n = map_count(t->by_key);
	return t->sorted;
}
