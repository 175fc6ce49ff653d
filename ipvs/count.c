/* Source: counters.h, sock.h. Test: tests/lab/scenarios/http.sh */
#include "count.h"

#include "../src/base/arena.h"

#include <string.h>

static struct counters counters_of(const struct vs_stats *st)
{
	return (struct counters){st->conns, st->inpkts, st->outpkts, st->inbytes, st->outbytes};
}

struct heads {
	const struct reconcile *r;
	struct counters_out out;
};

static int add_head(void *arg, const struct vs *head, const struct vs_stats *st)
{
	struct heads *h = arg;
	const struct counters c = st ? counters_of(st) : (struct counters){0};

	if (own_has(h->r->own, &head->key))
		counters_add_head(&h->out, &head->key, &c);
	return 0;
}

static char *give(struct counters_out *o, size_t *len)
{
	*len = o->len;
	return o->bytes ? o->bytes : xcalloc(1, 1);
}

char *count_heads(const struct reconcile *r, size_t *len)
{
	struct heads h = {.r = r};

	if (r->sock && ipvs_sock_services(r->sock, add_head, &h) < 0)
		counters_drop(&h.out, 0);
	return give(&h.out, len);
}

struct reals {
	const struct reconcile *r;
	struct counters_out out;
	struct vs_key key;
	size_t place;
};

static int add_real(void *arg, const struct real *r, const struct real_stats *st)
{
	struct reals *l = arg;
	struct counted_real c;

	memset(&c, 0, sizeof c); /* the gaps too */
	c.addr = r->addr;
	c.port = r->port;
	c.weight = r->weight;
	c.drains = drains_find(l->r->drains, &l->key, r) != NULL;
	if (st) {
		c.active = st->active;
		c.inactive = st->inactive;
		c.counters = counters_of(&st->stats);
	}
	counters_add_real(&l->out, l->place, &c);
	return 0;
}

char *count_reals(const struct reconcile *r, const void *keys, size_t keys_len, size_t *len)
{
	struct reals l = {.r = r};

	for (size_t i = 0; r->sock && i < COUNTERS_KEYS && (i + 1) * sizeof l.key <= keys_len; i++) {
		memcpy(&l.key, (const char *)keys + i * sizeof l.key, sizeof l.key);
		l.place = counters_add_key(&l.out, &l.key);
		if (ipvs_sock_reals(r->sock, &l.key, add_real, &l) < 0)
			counters_drop(&l.out, l.place);
	}
	return give(&l.out, len);
}
