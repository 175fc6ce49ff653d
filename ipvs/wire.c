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

enum { WIRE_VERSION = 3, WIRE_LEAVES = 0x80, TIMEOUT_MAX = 31 * 24 * 60 * 60 };

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
	uint32_t gates; /* names of GATE_NAME bytes behind this */
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
	uint16_t zero;
};

/* Then the address; then, with WIRE_LEAVES in forward, until when. */
struct wire_real {
	uint16_t port;
	uint16_t weight;
	uint8_t family;
	uint8_t forward;
};

_Static_assert(sizeof(struct wire_picture) == 72 && sizeof(struct wire_key) == 4 && sizeof(struct wire_head) == 48 &&
		   sizeof(struct wire_real) == 6,
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
	struct wire_real w = {
	    .port = r->port, .weight = (uint16_t)r->weight, .family = r->addr.family, .forward = r->forward};

	if (r->until)
		w.forward |= WIRE_LEAVES;
	at = put(at, &w, sizeof w);
	at = put(at, r->addr.bytes, addr_len(&r->addr));
	return r->until ? put(at, &r->until, sizeof r->until) : at;
}

static unsigned char *put_vs(unsigned char *at, const struct vs *v)
{
	struct wire_head w = {.flags = v->flags,
			      .timeout = v->timeout,
			      .drain_s = v->drain_s,
			      .n = v->n,
			      .upper = v->limits.upper,
			      .lower = v->limits.lower,
			      .granularity = v->granularity,
			      .tunnel = v->limits.tunnel,
			      .gate = v->gate,
			      .tunnel_port = v->limits.tunnel_port};

	memcpy(w.sched, v->sched, strnlen(v->sched, sizeof w.sched - 1));
	at = put_key(at, &v->key);
	at = put(at, &w, sizeof w);
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
	size_t size = key_size(&v->key) + sizeof(struct wire_head);

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

static struct wire_picture picture_head(const struct wire_picture_writer *w, const struct ipvs_settings *s)
{
	struct wire_picture head = {.version = WIRE_VERSION,
				    .adopt = s->adopt,
				    .sync = s->sync.on,
				    .drain_s = s->drain_s,
				    .count = w->count,
				    .reals = w->reals,
				    .gates = s->n_gates};

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

/* The gates' names come to stand between the head and the first virtual server. */
void *wire_picture_end(struct wire_picture_writer *w, const struct ipvs_settings *s, size_t *len)
{
	struct wire_picture head = picture_head(w, s);
	size_t names = (size_t)s->n_gates * GATE_NAME, body = w->count ? w->len - sizeof head : 0;
	unsigned char *bytes = w->bytes;

	*len = sizeof head + names + body;
	if (*len > w->cap)
		bytes = xrealloc(bytes, *len);
	if (names)
		memmove(bytes + sizeof head + names, bytes + sizeof head, body);
	put(bytes, &head, sizeof head);
	if (names)
		put(bytes + sizeof head, s->gates, names);
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
	out->n = w.n;
	return left(r) / REAL_LEAST < w.n ? "cut short" : NULL;
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
	if (w.forward > FORWARD_TUN)
		return "unknown forwarding method";
	if (w.family != vs_family && w.forward != FORWARD_TUN)
		return "a real server of the other address family needs TUN";
	out->port = w.port;
	out->weight = w.weight;
	out->forward = w.forward;
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
	if (out->adopt > 1 || out->sync > 1 || out->zero)
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

static const char *get_settings(struct reader *r, const struct wire_picture *w, struct ipvs_settings *out)
{
	const char *why;

	if (w->drain_s > DRAIN_MAX_S)
		return "drain timeout out of range";
	out->adopt = w->adopt;
	out->drain_s = w->drain_s;
	why = get_sync(w, &out->sync);
	if (!why)
		why = get_gates(r, w->gates, out);
	if (!why && (w->count > left(r) / VS_LEAST || w->reals > left(r) / REAL_LEAST))
		why = "cut short";
	return why;
}

/* One virtual server into the table; reals is scratch that grows; *last is the key before. */
static const char *get_vs(struct reader *r, struct table *t, uint32_t n_gates, struct real **reals, size_t *cap,
			  struct vs_key *last)
{
	struct vs v = {0};
	const char *why = get_head(r, &v);

	if (why)
		return why;
	if (v.gate > n_gates)
		return "a gate that is not there";
	if (table_count(t) && vs_key_cmp(last, &v.key) >= 0)
		return "virtual servers repeated or out of order";
	if (v.n > *cap) {
		*cap = v.n;
		*reals = xrealloc(*reals, *cap * sizeof **reals);
	}
	why = get_reals(r, &v, *reals);
	if (why)
		return why;
	v.reals = *reals;
	table_put(t, &v); /* in order, so never a repeat */
	*last = v.key;
	return NULL;
}

int wire_decode_table(const void *bytes, size_t len, struct table **t, struct ipvs_settings *s, const char **reason)
{
	struct reader r = {bytes, (const unsigned char *)bytes + len};
	struct table *made = table_new();
	struct wire_picture w;
	struct ipvs_settings *settings = xcalloc(1, sizeof *settings);
	struct vs_key last = {0};
	struct real *reals = NULL;
	size_t cap = 0;
	const char *why = get_picture(&r, &w);

	if (!why)
		why = get_settings(&r, &w, settings);
	for (uint32_t i = 0; !why && i < w.count; i++)
		why = get_vs(&r, made, w.gates, &reals, &cap, &last);
	free(reals);
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
	v->reals = v->n ? xcalloc(v->n, sizeof *v->reals) : NULL;
	why = get_reals(r, v, v->reals);
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
	free(v->reals);
	v->reals = NULL;
	v->n = 0;
}
