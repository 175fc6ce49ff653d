/* control -> ipvs from bytes: every field is checked here, so that nothing behind it has to. Each function returns NULL or the reason why not.
 * Source: wire.h, wire_int.h; limits of net/netfilter/ipvs/ip_vs_ctl.c. Test: tests/test_wire.c, tests/fuzz/fuzz_wire.c */
#include "../src/base/arena.h"
#include "wire_int.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { TIMEOUT_MAX = 31 * 24 * 60 * 60 };

enum { VS_LEAST = sizeof(struct wire_key) + 4 + sizeof(struct wire_head), REAL_LEAST = sizeof(struct wire_real) + 4 };

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
	if (memcmp(out->magic, WIRE_MAGIC, sizeof out->magic) != 0)
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
