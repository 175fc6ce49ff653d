/* Decides how the ipvs process's state reads. Written one virtual server at a time: a tree of 100,000 real servers would take more memory than all else.
 * Source: src/base/proto.h (MSG_ASK, MSG_NOTE). Test: tests/kernel/test_ipvs_process.c. */
#include "report.h"

#include "../src/base/arena.h"
#include "../src/base/usage.h"
#include "drift.h"
#include "slice.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

struct text {
	char *bytes;
	size_t n, cap;
};

static int append(const char *bytes, size_t n, void *arg)
{
	struct text *t = arg;
	if (t->n + n + 1 > t->cap) {
		t->cap = 2 * (t->n + n + 1);
		t->bytes = xrealloc(t->bytes, t->cap);
	}
	memcpy(t->bytes + t->n, bytes, n);
	t->n += n;
	t->bytes[t->n] = '\0';
	return 0;
}

static void set_counter(json_t *j, const char *key, uint64_t n)
{
	json_object_set_new(j, key, json_integer((json_int_t)n));
}

static void set_counters(json_t *j, const struct vs_stats *st)
{
	set_counter(j, "connections", st->conns);
	set_counter(j, "inPackets", st->inpkts);
	set_counter(j, "outPackets", st->outpkts);
	set_counter(j, "inBytes", st->inbytes);
	set_counter(j, "outBytes", st->outbytes);
}

static json_t *rates_json(const struct vs_stats *st)
{
	json_t *j = json_object();

	set_counters(j, &(struct vs_stats){.conns = st->conns_s,
					   .inpkts = st->inpkts_s,
					   .outpkts = st->outpkts_s,
					   .inbytes = st->inbytes_s,
					   .outbytes = st->outbytes_s});
	return j;
}

/* The real servers of one virtual server as JSON. */
struct reals {
	const struct reconcile *r;
	const struct vs_key *key;
	nsec_t now;
	int64_t wall;
	json_t *list;
};

static int add_real(void *arg, const struct real *r, const struct real_stats *st)
{
	static const struct real_stats none;
	const struct reals *l = arg;
	const struct drain *d = drains_find(l->r->drains, l->key, r);
	char addr[ADDR_TEXT];
	json_t *j;

	if (!st)
		st = &none;
	j = json_pack("{s:s, s:i, s:s, s:i, s:i, s:i, s:i}", "address", addr_format(&r->addr, addr), "port",
		      (int)r->port, "forward", forward_name(r->forward), "weight", (int)r->weight, "active",
		      (int)st->active, "inactive", (int)st->inactive, "persistent", (int)st->persistent);
	set_counters(j, &st->stats);
	if (d)
		json_object_set_new(j, "drainsUntil",
				    json_integer(l->wall + (d->deadline - l->now + NSEC_PER_SEC / 2) / NSEC_PER_SEC));
	json_array_append_new(l->list, j);
	return 0;
}

/* The services are read first: a dump cannot be begun inside another. */
struct listed {
	struct vs head;
	struct vs_stats stats;
};

struct list {
	struct listed *items;
	size_t n, cap;
};

static int add_service(void *arg, const struct vs *head, const struct vs_stats *st)
{
	struct list *l = arg;
	if (l->n == l->cap) {
		l->cap = l->cap ? 2 * l->cap : 64;
		l->items = xrealloc(l->items, l->cap * sizeof(*l->items));
	}
	l->items[l->n++] = (struct listed){.head = *head, .stats = st ? *st : (struct vs_stats){0}};
	return 0;
}

static int write_service(struct reconcile *r, const struct listed *v, bool rates, struct text *out)
{
	char addr[ADDR_TEXT];
	const struct vs *h = &v->head;
	json_t *reals = json_array();
	struct reals l = {r, &h->key, clock_now(), clock_wall(), reals};
	int err = ipvs_sock_reals(r->sock, &h->key, add_real, &l);
	json_t *j = json_pack("{s:s, s:i, s:s, s:s, s:i, s:i, s:b}", "address", addr_format(&h->key.addr, addr), "port",
			      (int)h->key.port, "protocol", proto_name(h->key.proto), "scheduler", h->sched, "flags",
			      (int)h->flags, "persistence", (int)h->timeout, "ours", own_has(r->own, &h->key));

	set_counters(j, &v->stats);
	if (rates)
		json_object_set_new(j, "rates", rates_json(&v->stats));
	json_object_set_new(j, "reals", reals);
	if (err >= 0)
		json_dump_callback(j, append, out, JSON_COMPACT);
	json_decref(j);
	return err < 0 ? err : 0;
}

char *report_table(struct reconcile *r, bool rates, size_t *len, int *err)
{
	struct list l = {0};
	struct text t = {0};
	append("[", 1, &t);
	*err = r->sock ? ipvs_sock_services(r->sock, add_service, &l) : 0;
	for (size_t i = 0; i < l.n && *err >= 0; i++) {
		if (i)
			append(",\n", 2, &t);
		*err = write_service(r, &l.items[i], rates, &t);
	}
	append("]\n", 2, &t);
	free(l.items);
	if (*err < 0) {
		free(t.bytes);
		return NULL;
	}
	*len = t.n;
	return t.bytes;
}

static char *dump(json_t *j, size_t *len)
{
	char *text = json_dumps(j, JSON_COMPACT);
	json_decref(j);
	if (!text)
		abort();
	if (len)
		*len = strlen(text);
	return text;
}

/* {"addVirtualServer": [made, refused], ...} */
static json_t *operations_json(const struct slice *s)
{
	static const char *const names[OP_TYPES] = {
	    [OP_VS_ADD] = "addVirtualServer",       [OP_VS_EDIT] = "editVirtualServer",
	    [OP_VS_DELETE] = "deleteVirtualServer", [OP_REAL_ADD] = "addRealServer",
	    [OP_REAL_EDIT] = "editRealServer",      [OP_REAL_DELETE] = "deleteRealServer"};
	json_t *j = json_object();

	for (int i = 0; i < OP_TYPES; i++)
		json_object_set_new(j, names[i],
				    json_pack("[I, I]", (json_int_t)s->done[i], (json_int_t)s->refused[i]));
	return j;
}

static json_t *sync_json(const struct report_state *s)
{
	const struct sync_settings *w = s->sync ? &s->sync->want : NULL;
	char group[ADDR_TEXT];
	json_t *j;

	if (!w || !w->on)
		return json_null();
	j = json_pack("{s:s, s:i, s:s, s:i, s:i, s:b, s:b, s:i, s:i, s:I}", "interface", w->ifname, "syncID",
		      (int)w->id, "group", addr_format(&w->group, group), "port", (int)w->port, "ttl", (int)w->ttl,
		      "sender", (int)s->sync->runs[true], "receiver", (int)s->sync->runs[false], "threshold",
		      (int)w->threshold, "period", (int)w->period, "starts", (json_int_t)s->sync->starts);
	json_object_set_new(j, "problem", s->sync_problem ? json_string(s->sync_problem) : json_null());
	return j;
}

/* What drains, and when the last of it will be gone; null: nothing does. */
static json_t *draining_json(const struct reconcile *r)
{
	const struct drain_group *g;
	nsec_t now = clock_now(), last = 0;
	size_t at = 0;

	if (!drains_count(r->drains))
		return json_null();
	while ((g = drains_each(r->drains, &at)))
		for (uint32_t i = 0; i < g->n; i++)
			last = g->items[i]->deadline > last ? g->items[i]->deadline : last;
	return json_pack("{s:I, s:I, s:I}", "realServers", (json_int_t)drains_count(r->drains), "virtualServers",
			 (json_int_t)r->leaving, "until", (json_int_t)(clock_wall() + (last - now) / NSEC_PER_SEC));
}

char *report_status(struct reconcile *r, const struct report_state *s, size_t *len)
{
	struct drift_counts c = {0};
	uint32_t failed, conflicts, version = 0, size = 0;
	char kernel[24] = "";

	queue_totals(r->queue, &failed, &conflicts);
	if (r->sock && r->want)
		drift_count(r, &c);
	if (r->sock && !ipvs_sock_info(r->sock, &version, &size))
		snprintf(kernel, sizeof(kernel), "%u.%u.%u", version >> 16 & 255, version >> 8 & 255, version & 255);
	json_t *j = json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:{s:I, s:I, s:I, s:I}, s:I, s:I, s:b, s:s, s:I}",
			      "virtualServers", (json_int_t)c.ours, "realServers", (json_int_t)c.reals, "wanted",
			      (json_int_t)(r->want ? table_count(r->want) - r->leaving : 0), "foreign",
			      (json_int_t)c.foreign, "conflicts", (json_int_t)conflicts, "failed", (json_int_t)failed,
			      "drift", "services", (json_int_t)r->healed_services, "reals", (json_int_t)r->healed_reals,
			      "filter", (json_int_t)s->healed_filter, "settings", (json_int_t)s->healed_settings,
			      "adopted", (json_int_t)r->adopted, "generation", (json_int_t)s->generation, "programmed",
			      s->not_ready == NULL, "kernelVersion", kernel, "connTabSize", (json_int_t)size);
	json_object_set_new(j, "notReady", s->not_ready ? json_string(s->not_ready) : json_null());
	json_object_set_new(j, "problem", s->problem ? json_string(s->problem) : json_null());
	json_object_set_new(j, "operations", operations_json(r->slice));
	json_object_set_new(j, "process", usage_json());
	json_object_set_new(j, "draining", draining_json(r));
	json_object_set_new(j, "tugsOfWar", json_integer((json_int_t)tugs_count(r->tugs)));
	json_object_set_new(j, "sync", sync_json(s));
	if (s->gates && s->gates->n)
		json_object_set_new(j, "waiting",
				    json_pack("{s:I, s:I}", "virtualServers",
					      (json_int_t)(s->gates->shut ? table_count(s->gates->shut) : 0), "moves",
					      (json_int_t)s->gates->moves));
	return dump(j, len);
}

char *report_note(const char *object, const char *reason, const char *message, bool gone)
{
	return dump(
	    json_pack("{s:s, s:s, s:s, s:b}", "object", object, "reason", reason, "message", message, "gone", gone),
	    NULL);
}
