/* A family after the other, each with all its samples, as both formats want it. Test: tests/test_metrics_servers.c */
#include "metrics_servers.h"

#include <string.h>

struct family {
	const char *name, *help;
	enum metrics_type type;
	size_t at; /* of a uint64_t, or a uint32_t where narrow, in struct counters or struct counted_real */
	enum { WIDE, NARROW, FLAG, REALS } width;
};

#define COUNTER(member) METRICS_COUNTER, offsetof(struct counters, member), WIDE
#define OF_REAL(member) METRICS_GAUGE, offsetof(struct counted_real, member)

static const struct family of_server[] = {
    {"vipd_virtual_server_connections", "Connections scheduled.", COUNTER(connections)},
    {"vipd_virtual_server_incoming_packets", "Packets from clients.", COUNTER(in_packets)},
    {"vipd_virtual_server_outgoing_packets", "Packets to clients.", COUNTER(out_packets)},
    {"vipd_virtual_server_incoming_bytes", "Bytes from clients.", COUNTER(in_bytes)},
    {"vipd_virtual_server_outgoing_bytes", "Bytes to clients.", COUNTER(out_bytes)},
    {"vipd_virtual_server_real_servers", "Real servers, those that drain among them.", METRICS_GAUGE, 0, REALS},
};
static const struct family of_real[] = {
    {"vipd_real_server_connections", "Connections scheduled.", COUNTER(connections)},
    {"vipd_real_server_incoming_packets", "Packets from clients.", COUNTER(in_packets)},
    {"vipd_real_server_outgoing_packets", "Packets to clients.", COUNTER(out_packets)},
    {"vipd_real_server_incoming_bytes", "Bytes from clients.", COUNTER(in_bytes)},
    {"vipd_real_server_outgoing_bytes", "Bytes to clients.", COUNTER(out_bytes)},
    {"vipd_real_server_active_connections", "Connections that are established.", OF_REAL(active), NARROW},
    {"vipd_real_server_inactive_connections", "Connections in any other state.", OF_REAL(inactive), NARROW},
    {"vipd_real_server_weight", "Weight; 0 gets no new connections.", OF_REAL(weight), NARROW},
    {"vipd_real_server_draining", "1 while it leaves and keeps the connections that it has.", OF_REAL(drains), FLAG},
};
_Static_assert(sizeof of_server / sizeof *of_server == METRICS_A_SERVER, "lines a virtual server");
_Static_assert(sizeof of_real / sizeof *of_real == METRICS_A_REAL, "lines a real server");
enum { FAMILIES = METRICS_A_SERVER + METRICS_A_REAL };

static uint64_t wide_at(const void *from, size_t at)
{
	uint64_t v;

	memcpy(&v, (const char *)from + at, sizeof v);
	return v;
}

static uint64_t narrow_at(const void *from, size_t at)
{
	uint32_t v;

	memcpy(&v, (const char *)from + at, sizeof v);
	return v;
}

static void labels_server(struct metrics *m, const struct metrics_server *s)
{
	char address[ADDR_TEXT];

	metrics_begin(m);
	metrics_label(m, "namespace", s->namespace);
	metrics_label(m, "service", s->service);
	metrics_label(m, "address", addr_format(&s->key.addr, address));
	metrics_label_number(m, "port", s->key.port);
	metrics_label(m, "protocol", proto_name(s->key.proto));
}

static void sample_server(struct metrics *m, const struct family *f, const struct metrics_server *s)
{
	labels_server(m, s);
	metrics_value(m, f->width == REALS ? s->n : wide_at(&s->counters, f->at));
}

/* again: the sample before was of the same virtual server. */
static void sample_real(struct metrics *m, const struct family *f, const struct metrics_server *s,
			const struct counted_real *r, bool again)
{
	char address[ADDR_TEXT];

	if (again) {
		metrics_begin_kept(m);
	} else {
		labels_server(m, s);
		metrics_keep(m);
	}
	metrics_label(m, "real_address", addr_format(&r->addr, address));
	metrics_label_number(m, "real_port", r->port);
	metrics_value(m, f->width == WIDE     ? wide_at(&r->counters, f->at)
			 : f->width == NARROW ? narrow_at(r, f->at)
					      : ((const unsigned char *)r)[f->at]);
}

/* True if a sample was written; false at the family's end. */
static bool sample(const struct metrics_servers *s, struct metrics_cursor *at, struct metrics *m)
{
	if (at->family < METRICS_A_SERVER) {
		if (at->server == s->n)
			return false;
		sample_server(m, &of_server[at->family], &s->items[at->server++]);
		return true;
	}
	while (at->server < s->n && at->real == s->items[at->server].n) {
		at->server++;
		at->real = 0;
	}
	if (at->server == s->n)
		return false;
	sample_real(m, &of_real[at->family - METRICS_A_SERVER], &s->items[at->server],
		    &s->reals[s->items[at->server].first + at->real], at->real > 0);
	at->real++;
	return true;
}

bool metrics_servers_next(const struct metrics_servers *s, struct metrics_cursor *at, size_t room, struct metrics *m)
{
	while (at->family < FAMILIES) {
		const struct family *f =
		    at->family < METRICS_A_SERVER ? &of_server[at->family] : &of_real[at->family - METRICS_A_SERVER];

		if (!at->begun)
			metrics_family(m, f->type, f->name, f->help);
		at->begun = true;
		do {
			if (m->len > room)
				return true;
		} while (sample(s, at, m));
		*at = (struct metrics_cursor){.family = at->family + 1};
	}
	return false;
}
