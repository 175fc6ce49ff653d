/* control -> ipvs as bytes: what decodes (wire_decode.c) encodes back to the same bytes. The caller of each function here has made room.
 * Source: wire.h, wire_int.h. Test: tests/test_wire.c, tests/fuzz/fuzz_wire.c */
#include "../src/base/arena.h"
#include "wire_int.h"

#include <string.h>

static unsigned char *put(unsigned char *at, const void *bytes, size_t n)
{
	memcpy(at, bytes, n);
	return at + n;
}

static unsigned char *put_key(unsigned char *at, const struct vs_key *k)
{
	struct wire_key w = {.port = k->port, .proto = k->proto, .family = k->addr.family};

	at = put(at, &w, sizeof w);
	return put(at, k->addr.bytes, addr_len(&k->addr));
}

static unsigned char *put_real(unsigned char *at, const struct real *r)
{
	struct wire_real w = {.port = r->port,
			      .weight = (uint16_t)r->weight,
			      .family = r->addr.family,
			      .forward = (uint8_t)(r->forward | (r->here ? WIRE_HERE : 0))};

	if (r->until)
		w.forward |= WIRE_LEAVES;
	at = put(at, &w, sizeof w);
	at = put(at, r->addr.bytes, addr_len(&r->addr));
	return r->until ? put(at, &r->until, sizeof r->until) : at;
}

static unsigned char *put_vs(unsigned char *at, const struct vs *v)
{
	struct wire_head w = {
	    .flags = v->flags,
	    .timeout = v->timeout,
	    .drain_s = v->drain_s,
	    .n = v->n,
	    .upper = v->limits.upper,
	    .lower = v->limits.lower,
	    .granularity = v->granularity,
	    .tunnel = v->limits.tunnel,
	    .gate = v->gate,
	    .tunnel_port = v->limits.tunnel_port,
	    .ranges = v->n_ranges,
	    .health_port = v->health_port,
	    .kind = (uint8_t)(v->kind | (v->keep_source ? VS_KEEP_SOURCE : 0) | (v->added ? VS_ADDED : 0))};

	memcpy(w.sched, v->sched, strnlen(v->sched, sizeof w.sched - 1));
	at = put_key(at, &v->key);
	at = put(at, &w, sizeof w);
	for (uint32_t i = 0; i < v->n_ranges; i++) {
		*at++ = v->ranges[i].bits;
		at = put(at, v->ranges[i].addr.bytes, addr_len(&v->key.addr));
	}
	for (uint32_t i = 0; i < v->n; i++)
		at = put_real(at, &v->reals[i]);
	return at;
}

static size_t key_size(const struct vs_key *k)
{
	return sizeof(struct wire_key) + addr_len(&k->addr);
}

static size_t vs_size(const struct vs *v)
{
	size_t size = key_size(&v->key) + sizeof(struct wire_head) + v->n_ranges * (1 + addr_len(&v->key.addr));

	for (uint32_t i = 0; i < v->n; i++)
		size += sizeof(struct wire_real) + addr_len(&v->reals[i].addr) +
			(v->reals[i].until ? sizeof v->reals[i].until : 0);
	return size;
}

void wire_picture_add(struct wire_picture_writer *w, const struct vs *v)
{
	size_t need = vs_size(v);

	if (!w->len)
		w->len = sizeof(struct wire_picture);
	if (w->len + need > w->cap) {
		w->cap = 2 * (w->len + need);
		w->bytes = xrealloc(w->bytes, w->cap);
	}
	put_vs(w->bytes + w->len, v);
	w->len += need;
	w->count++;
	w->reals += v->n;
}

static uint8_t nat_flags(const struct ipvs_settings *s)
{
	return (uint8_t)((s->nat.sysctls ? NAT_SYSCTLS : 0) | (s->nat.refuse ? NAT_REFUSE : 0) |
			 (s->nat.ranges ? NAT_RANGES : 0) | (s->bind4 ? NAT_BIND4 : 0) | (s->bind6 ? NAT_BIND6 : 0));
}

static struct wire_picture picture_head(const struct wire_picture_writer *w, const struct ipvs_settings *s)
{
	struct wire_picture head = {.version = WIRE_VERSION,
				    .adopt = s->adopt,
				    .sync = s->sync.on,
				    .drain_s = s->drain_s,
				    .count = w->count,
				    .reals = w->reals,
				    .gates = s->n_gates,
				    .nat_masquerade = s->nat.masquerade,
				    .nat_bit = s->nat.mark_bit,
				    .nat_backend = s->nat.backend,
				    .nat_flags = nat_flags(s),
				    .pods = s->nat.n_pods,
				    .behind = s->nat.n_behind,
				    .allowed = s->nat.n_allowed};

	memcpy(head.magic, WIRE_MAGIC, sizeof head.magic);
	if (!s->sync.on)
		return head;
	memcpy(head.sync_ifname, s->sync.ifname, strnlen(s->sync.ifname, sizeof head.sync_ifname));
	memcpy(head.sync_group, s->sync.group.bytes, sizeof head.sync_group);
	head.sync_family = s->sync.group.family;
	head.sync_id = s->sync.id;
	head.sync_port = s->sync.port;
	head.sync_ttl = s->sync.ttl;
	head.sync_maxlen = s->sync.maxlen;
	head.sync_threshold = s->sync.threshold;
	head.sync_period = s->sync.period;
	return head;
}

static unsigned char *put_nets(unsigned char *at, const struct cidr *nets, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct wire_net w = {nets[i].addr.family, nets[i].bits};

		at = put(at, &w, sizeof w);
		at = put(at, nets[i].addr.bytes, addr_len(&nets[i].addr));
	}
	return at;
}

/* The gates' names, then what nat names: as much as lists_size says. */
static void put_lists(unsigned char *at, const struct ipvs_settings *s)
{
	if (s->n_gates)
		at = put(at, s->gates, (size_t)s->n_gates * GATE_NAME);
	at = put_nets(at, s->nat.pods, s->nat.n_pods);
	at = put_nets(at, s->nat.behind, s->nat.n_behind);
	for (size_t i = 0; i < s->nat.n_allowed; i++) {
		struct wire_port w = {.port = s->nat.allowed[i].port, .proto = s->nat.allowed[i].proto};

		at = put(at, &w, sizeof w);
	}
}

static size_t lists_size(const struct ipvs_settings *s)
{
	size_t size = (size_t)s->n_gates * GATE_NAME + s->nat.n_allowed * sizeof(struct wire_port);

	for (size_t i = 0; i < s->nat.n_pods; i++)
		size += sizeof(struct wire_net) + addr_len(&s->nat.pods[i].addr);
	for (size_t i = 0; i < s->nat.n_behind; i++)
		size += sizeof(struct wire_net) + addr_len(&s->nat.behind[i].addr);
	return size;
}

/* What the settings list comes to stand between the head and the first virtual server. */
void *wire_picture_end(struct wire_picture_writer *w, const struct ipvs_settings *s, size_t *len)
{
	struct wire_picture head = picture_head(w, s);
	size_t lists = lists_size(s), body = w->count ? w->len - sizeof head : 0;
	unsigned char *bytes = w->bytes;

	*len = sizeof head + lists + body;
	if (*len > w->cap)
		bytes = xrealloc(bytes, *len);
	if (lists)
		memmove(bytes + sizeof head + lists, bytes + sizeof head, body);
	put(bytes, &head, sizeof head);
	put_lists(bytes + sizeof head, s);
	*w = (struct wire_picture_writer){0};
	return bytes;
}

void *wire_encode_table(struct table *t, const struct ipvs_settings *s, size_t *len)
{
	struct wire_picture_writer w = {0};
	size_t n;
	const struct vs *const *all = table_sorted(t, &n);

	for (size_t i = 0; i < n; i++)
		wire_picture_add(&w, all[i]);
	return wire_picture_end(&w, s, len);
}

size_t wire_encode_row(enum row_op op, const struct vs *v, void *buf, size_t size)
{
	size_t need = 1 + (op == ROW_SET ? vs_size(v) : key_size(&v->key));
	unsigned char *at = buf;

	if (need > size)
		return 0;
	*at++ = (unsigned char)op;
	if (op == ROW_SET)
		put_vs(at, v);
	else
		put_key(at, &v->key);
	return need;
}
