/* control -> ipvs as bytes: a picture is a head, then virtual servers in order, each with its real servers in order; a row is an operation
 * and one of the same records. Host order, no padding: what decodes encodes back to the same bytes. Every field is checked here, so that
 * nothing behind it has to. Source: wire.h; limits of net/netfilter/ipvs/ip_vs_ctl.c. Test: tests/test_wire.c, tests/fuzz/fuzz_wire.c */
#include "wire.h"

#include "../src/base/arena.h"

#include <errno.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { WIRE_VERSION = 5, WIRE_LEAVES = 0x80, WIRE_HERE = 0x40, TIMEOUT_MAX = 31 * 24 * 60 * 60 };

static const char magic[4] = {'V', 'P', 'V', 'S'};

struct wire_picture {
	char magic[4];
	uint16_t version;
	uint8_t adopt;
	uint8_t sync;
	uint32_t drain_s;
	uint32_t count; /* virtual servers */
	uint32_t reals; /* of all of them */
	char sync_ifname[16];
	uint8_t sync_group[16];
	uint32_t sync_threshold, sync_period;
	uint16_t sync_port, sync_maxlen;
	uint8_t sync_family, sync_id, sync_ttl, zero;
	uint32_t gates;                                          /* names of GATE_NAME bytes behind this */
	uint8_t nat_masquerade, nat_bit, nat_backend, nat_flags; /* NAT_ bits */
	uint8_t pods, behind, allowed;                           /* prefixes, prefixes and ports behind the gates */
	uint8_t zero2;
};

enum { NAT_SYSCTLS = 1, NAT_REFUSE = 2, NAT_RANGES = 4, NAT_BIND4 = 8, NAT_BIND6 = 16, NAT_FLAGS = 31 };

/* Then the address. */
struct wire_net {
	uint8_t family, bits;
};

struct wire_port {
	uint16_t port;
	uint8_t proto;
	uint8_t zero;
};

/* Then the address: 4 or 16 bytes. */
struct wire_key {
	uint16_t port;
	uint8_t proto;
	uint8_t family;
};

struct wire_head {
	uint32_t flags;
	uint32_t timeout;
	uint32_t drain_s;
	uint32_t n;
	uint32_t upper, lower;
	char sched[SCHED_NAME];
	uint8_t granularity;
	uint8_t tunnel;
	uint16_t gate;
	uint16_t tunnel_port;
	uint16_t ranges; /* prefixes behind this: a byte of length, the address */
	uint8_t kind;    /* enum vs_kind and VS_ bits */
	uint8_t zero;
	uint16_t health_port;
};

enum { VS_KEEP_SOURCE = 0x80, VS_ADDED = 0x40, VS_KIND = 0x3f };

/* Then the address; then, with WIRE_LEAVES in forward, until when. */
struct wire_real {
	uint16_t port;
	uint16_t weight;
	uint8_t family;
	uint8_t forward; /* enum forward, WIRE_LEAVES, WIRE_HERE */
};

_Static_assert(sizeof(struct wire_picture) == 80 && sizeof(struct wire_key) == 4 && sizeof(struct wire_head) == 52 &&
		   sizeof(struct wire_real) == 6 && sizeof(struct wire_net) == 2 && sizeof(struct wire_port) == 4,
	       "records have no padding");

enum { VS_LEAST = sizeof(struct wire_key) + 4 + sizeof(struct wire_head), REAL_LEAST = sizeof(struct wire_real) + 4 };

/* Writing: the caller has made room. */

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

	memcpy(head.magic, magic, sizeof head.magic);
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

/* Reading: each function returns NULL or the reason why not. */

struct reader {
	const unsigned char *at, *end;
};

static size_t left(const struct reader *r)
{
	return (size_t)(r->end - r->at);
}

static const char *get(struct reader *r, void *out, size_t n)
{
	if (left(r) < n)
		return "cut short";
	memcpy(out, r->at, n);
	r->at += n;
	return NULL;
}

static const char *get_addr(struct reader *r, uint8_t family, struct addr *out)
{
	const char *why;

	*out = (struct addr){.family = family};
	if (family != AF_INET && family != AF_INET6)
		return "unknown address family";
	why = get(r, out->bytes, addr_len(out));
	return why ? why : addr_unusable(out);
}

static const char *get_key(struct reader *r, struct vs_key *out)
{
	struct wire_key w;
	const char *why = get(r, &w, sizeof w);

	if (why)
		return why;
	if (w.proto != IPPROTO_TCP && w.proto != IPPROTO_UDP && w.proto != IPPROTO_SCTP)
		return "unknown protocol";
	if (w.port == 0)
		return "virtual server with port 0";
	out->port = w.port;
	out->proto = w.proto;
	return get_addr(r, w.family, &out->addr);
}

static const char *sched_check(const char sched[SCHED_NAME])
{
	size_t n = strnlen(sched, SCHED_NAME);

	if (n == SCHED_NAME || !sched_known(sched))
		return "unknown scheduler";
	for (; n < SCHED_NAME; n++)
		if (sched[n])
			return "bytes behind the scheduler's name";
	return NULL;
}

static const char *head_check(const struct wire_head *w, unsigned bits)
{
	if (w->flags & ~(uint32_t)VS_FLAGS)
		return "unknown flag";
	if (w->flags & VS_PERSISTENT ? w->timeout == 0 || w->timeout > TIMEOUT_MAX : w->timeout != 0)
		return "persistence timeout out of range";
	if (w->granularity == 0 || w->granularity > bits)
		return "persistence granularity out of range";
	if (w->zero)
		return "reserved bytes are not zero";
	if ((w->kind & VS_KIND) >= VS_KINDS)
		return "unknown kind of virtual server";
	if (w->ranges > RANGES_OF_ONE)
		return "too many source ranges";
	if (w->gate > GATES_MAX)
		return "gate out of range";
	if (w->drain_s > DRAIN_MAX_S)
		return "drain timeout out of range";
	if (w->upper > THRESHOLD_MAX)
		return "upper threshold out of range";
	if (w->lower > w->upper)
		return "lower threshold above the upper";
	if (w->tunnel > TUNNEL_GRE || (w->tunnel == TUNNEL_GUE) != (w->tunnel_port != 0))
		return "no such tunnel";
	if (w->n > REALS_MAX)
		return "too many real servers";
	return sched_check(w->sched);
}

static const char *get_head(struct reader *r, struct vs *out)
{
	struct wire_head w;
	const char *why = get_key(r, &out->key);

	if (!why)
		why = get(r, &w, sizeof w);
	if (!why)
		why = head_check(&w, addr_bits(&out->key.addr));
	if (why)
		return why;
	memcpy(out->sched, w.sched, sizeof out->sched);
	out->flags = w.flags;
	out->timeout = w.timeout;
	out->granularity = w.granularity;
	out->gate = w.gate;
	out->drain_s = w.drain_s;
	out->limits.upper = w.upper;
	out->limits.lower = w.lower;
	out->limits.tunnel = w.tunnel;
	out->limits.tunnel_port = w.tunnel_port;
	out->kind = w.kind & VS_KIND;
	out->keep_source = w.kind & VS_KEEP_SOURCE;
	out->added = w.kind & VS_ADDED;
	out->health_port = w.health_port;
	out->n_ranges = w.ranges;
	out->n = w.n;
	return left(r) / REAL_LEAST < w.n ? "cut short" : NULL;
}

/* ranges: room for v->n_ranges. */
static const char *get_ranges(struct reader *r, const struct vs *v, struct cidr *ranges)
{
	for (uint32_t i = 0; i < v->n_ranges; i++) {
		const char *why = get(r, &ranges[i].bits, 1);

		ranges[i].addr = (struct addr){.family = v->key.addr.family};
		if (!why)
			why = get(r, ranges[i].addr.bytes, addr_len(&v->key.addr));
		if (why)
			return why;
		if (ranges[i].bits == 0 || ranges[i].bits > addr_bits(&v->key.addr))
			return "a source range of no such length";
	}
	return NULL;
}

static const char *get_until(struct reader *r, uint32_t *out)
{
	const char *why = get(r, out, sizeof *out);

	return why ? why : *out == 0 ? "time of leaving out of range" : NULL;
}

static const char *get_real(struct reader *r, uint8_t vs_family, struct real *out)
{
	struct wire_real w;
	const char *why = get(r, &w, sizeof w);
	bool leaves;

	if (why)
		return why;
	leaves = w.forward & WIRE_LEAVES;
	w.forward &= (uint8_t)~WIRE_LEAVES;
	if (w.port == 0)
		return "real server with port 0";
	out->here = w.forward & WIRE_HERE;
	out->forward = (uint8_t)(w.forward & ~WIRE_HERE);
	if (out->forward > FORWARD_TUN)
		return "unknown forwarding method";
	if (w.family != vs_family && out->forward != FORWARD_TUN)
		return "a real server of the other address family needs TUN";
	out->port = w.port;
	out->weight = w.weight;
	out->until = 0;
	why = get_addr(r, w.family, &out->addr);
	return why || !leaves ? why : get_until(r, &out->until);
}

/* reals: room for v->n, which get_head has held against the length. */
static const char *get_reals(struct reader *r, const struct vs *v, struct real *reals)
{
	for (uint32_t i = 0; i < v->n; i++) {
		const char *why = get_real(r, v->key.addr.family, &reals[i]);

		if (why)
			return why;
		if (i && real_cmp(&reals[i - 1], &reals[i]) >= 0)
			return "real servers repeated or out of order";
	}
	return NULL;
}

static const char *get_picture(struct reader *r, struct wire_picture *out)
{
	const char *why = get(r, out, sizeof *out);

	if (why)
		return why;
	if (memcmp(out->magic, magic, sizeof magic) != 0)
		return "not a table of virtual servers";
	if (out->version != WIRE_VERSION)
		return "another version of vipd made this table";
	if (out->adopt > 1 || out->sync > 1 || out->zero || out->zero2 || out->nat_flags & ~NAT_FLAGS)
		return "unknown setting";
	if (out->count > TABLE_MAX)
		return "too many virtual servers";
	if (out->gates > GATES_MAX)
		return "too many gates";
	if (left(r) < (size_t)out->gates * GATE_NAME)
		return "cut short";
	return NULL;
}

static const char *get_sync(const struct wire_picture *w, struct sync_settings *out)
{
	static const struct wire_picture none;
	struct sync_settings s = {.on = w->sync,
				  .id = w->sync_id,
				  .group = {.family = w->sync_family},
				  .port = w->sync_port,
				  .ttl = w->sync_ttl,
				  .maxlen = w->sync_maxlen,
				  .threshold = w->sync_threshold,
				  .period = w->sync_period};
	const char *why;

	if (!s.on && memcmp(w->sync_ifname, none.sync_ifname,
			    offsetof(struct wire_picture, gates) - offsetof(struct wire_picture, sync_ifname)) != 0)
		return "settings of a sync that is off";
	memcpy(s.ifname, w->sync_ifname, sizeof s.ifname);
	memcpy(s.group.bytes, w->sync_group, sizeof s.group.bytes);
	why = sync_check(&s);
	for (size_t i = addr_len(&s.group); !why && i < sizeof s.group.bytes; i++)
		if (s.group.bytes[i])
			why = "IPv4 address has bytes behind its end";
	if (!why)
		*out = s;
	return why;
}

static const char *get_gates(struct reader *r, uint32_t n, struct ipvs_settings *out)
{
	for (uint32_t i = 0; i < n; i++) {
		char *name = out->gates[i];
		size_t len;

		get(r, name, GATE_NAME);
		len = strnlen(name, GATE_NAME);
		if (len == 0 || len == GATE_NAME)
			return "a gate's name is empty or has no end";
		for (; len < GATE_NAME; len++)
			if (name[len])
				return "bytes behind a gate's name";
	}
	out->n_gates = (uint16_t)n;
	return NULL;
}

static const char *get_nets(struct reader *r, struct cidr *nets, uint8_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct wire_net w;
		const char *why = get(r, &w, sizeof w);

		if (why)
			return why;
		nets[i] = (struct cidr){{.family = w.family}, w.bits};
		if (w.family != AF_INET && w.family != AF_INET6)
			why = "unknown address family";
		if (!why)
			why = get(r, nets[i].addr.bytes, addr_len(&nets[i].addr));
		if (why)
			return why;
	}
	return NULL;
}

static const char *get_nat(struct reader *r, const struct wire_picture *w, struct nat_settings *out)
{
	struct nat_settings s = {.masquerade = w->nat_masquerade,
				 .mark_bit = w->nat_bit,
				 .backend = w->nat_backend,
				 .sysctls = w->nat_flags & NAT_SYSCTLS,
				 .refuse = w->nat_flags & NAT_REFUSE,
				 .ranges = w->nat_flags & NAT_RANGES,
				 .n_pods = w->pods,
				 .n_behind = w->behind,
				 .n_allowed = w->allowed};
	const char *why = s.n_pods > NAT_NETS || s.n_behind > NAT_NETS || s.n_allowed > NAT_PORTS
			      ? "too many networks or ports"
			      : NULL;

	if (!why)
		why = get_nets(r, s.pods, s.n_pods);
	if (!why)
		why = get_nets(r, s.behind, s.n_behind);
	for (size_t i = 0; !why && i < s.n_allowed; i++) {
		struct wire_port p;

		why = get(r, &p, sizeof p);
		if (!why && p.zero)
			why = "reserved bytes are not zero";
		if (!why)
			s.allowed[i] = (struct nat_port){.port = p.port, .proto = p.proto};
	}
	if (!why)
		why = nat_check(&s);
	if (!why)
		*out = s;
	return why;
}

static const char *get_settings(struct reader *r, const struct wire_picture *w, struct ipvs_settings *out)
{
	const char *why;

	if (w->drain_s > DRAIN_MAX_S)
		return "drain timeout out of range";
	out->adopt = w->adopt;
	out->drain_s = w->drain_s;
	out->bind4 = w->nat_flags & NAT_BIND4;
	out->bind6 = w->nat_flags & NAT_BIND6;
	why = get_sync(w, &out->sync);
	if (!why)
		why = get_gates(r, w->gates, out);
	if (!why)
		why = get_nat(r, w, &out->nat);
	if (!why && (w->count > left(r) / VS_LEAST || w->reals > left(r) / REAL_LEAST))
		why = "cut short";
	return why;
}

/* What reading needs from one virtual server to the next. */
struct scratch {
	struct cidr ranges[RANGES_OF_ONE];
	struct real *reals; /* grows */
	size_t cap;
	struct vs_key last;
};

/* One virtual server into the table. */
static const char *get_vs(struct reader *r, struct table *t, uint32_t n_gates, struct scratch *s)
{
	struct vs v = {0};
	const char *why = get_head(r, &v);

	if (why)
		return why;
	if (v.gate > n_gates)
		return "a gate that is not there";
	if (table_count(t) && vs_key_cmp(&s->last, &v.key) >= 0)
		return "virtual servers repeated or out of order";
	why = get_ranges(r, &v, s->ranges);
	if (why || left(r) / REAL_LEAST < v.n)
		return why ? why : "cut short";
	if (v.n > s->cap) {
		s->cap = v.n;
		s->reals = xrealloc(s->reals, s->cap * sizeof *s->reals);
	}
	why = get_reals(r, &v, s->reals);
	if (why)
		return why;
	v.ranges = s->ranges;
	v.reals = s->reals;
	table_put(t, &v); /* in order, so never a repeat */
	s->last = v.key;
	return NULL;
}

int wire_decode_table(const void *bytes, size_t len, struct table **t, struct ipvs_settings *s, const char **reason)
{
	struct reader r = {bytes, (const unsigned char *)bytes + len};
	struct table *made = table_new();
	struct wire_picture w;
	struct ipvs_settings *settings = xcalloc(1, sizeof *settings);
	struct scratch *scratch = xcalloc(1, sizeof *scratch);
	const char *why = get_picture(&r, &w);

	if (!why)
		why = get_settings(&r, &w, settings);
	for (uint32_t i = 0; !why && i < w.count; i++)
		why = get_vs(&r, made, w.gates, scratch);
	free(scratch->reals);
	free(scratch);
	if (!why && left(&r))
		why = "bytes behind the last virtual server";
	if (!why && table_reals(made) != w.reals)
		why = "wrong number of real servers";
	if (why) {
		table_free(made);
		*reason = why;
	} else {
		*t = made;
		*s = *settings;
	}
	free(settings);
	return why ? -EINVAL : 0;
}

/* A virtual server with real servers of its own. */
static const char *get_row_vs(struct reader *r, struct vs *v)
{
	const char *why = get_head(r, v);

	if (why)
		return why;
	v->ranges = v->n_ranges ? xcalloc(v->n_ranges, sizeof *v->ranges) : NULL;
	why = get_ranges(r, v, v->ranges);
	if (!why && left(r) / REAL_LEAST < v->n)
		why = "cut short";
	if (!why) {
		v->reals = v->n ? xcalloc(v->n, sizeof *v->reals) : NULL;
		why = get_reals(r, v, v->reals);
	}
	if (why)
		vs_clear(v);
	return why;
}

int wire_next_row(const void *bytes, size_t len, size_t *at, enum row_op *op, struct vs *v, const char **reason)
{
	struct reader r = {(const unsigned char *)bytes + *at, (const unsigned char *)bytes + len};
	unsigned char kind;
	struct vs row = {0};
	const char *why;

	if (*at == len)
		return 0;
	why = get(&r, &kind, 1);
	if (!why && kind == ROW_SET)
		why = get_row_vs(&r, &row);
	else if (!why && kind == ROW_DELETE)
		why = get_key(&r, &row.key);
	else if (!why)
		why = "unknown kind of row";
	if (why) {
		*reason = why;
		return -EINVAL;
	}
	*op = (enum row_op)kind;
	*v = row;
	*at = len - left(&r);
	return 1;
}

void vs_clear(struct vs *v)
{
	free(v->ranges);
	free(v->reals);
	v->ranges = NULL;
	v->reals = NULL;
	v->n_ranges = 0;
	v->n = 0;
}
