/* Decides what of the kernel is read when nothing is known to have changed (no event tells): the services with the number of their real servers in one system
 * call for IPv4, the services' dump where IPv6 is wanted, and a rolling share of the real servers. What is as it should be costs a hash lookup.
 * Source: DESIGN.md, "Drift heals"; LAB.md's costs. Test: tests/kernel/test_ipvs_process.c; judge.c decides. */
#include "drift.h"

#include "judge.h"

#include <string.h>
#include <sys/socket.h>

bool drift_needed(const struct reconcile *r)
{
	return r->want && (table_count(r->want) || own_count(r->own));
}

/* One look at one address family. */
struct look {
	struct reconcile *r;
	uint8_t family;
	size_t settled, differs, conflicts; /* wanted virtual servers seen, by what they are */
};

static int see(struct look *l, const struct vs *head, int64_t num_reals)
{
	struct reconcile *r = l->r;
	if (head->key.addr.family != l->family)
		return 0;
	const struct vs *want = table_get(r->want, &head->key);
	struct pend *p = queue_find(r->queue, &head->key);
	if (p) {
		l->conflicts += p->state == PEND_CONFLICT;
		return 0;
	}
	switch (judge_seen(want, !want && own_has(r->own, &head->key), head, num_reals)) {
	case SEEN_SETTLED:
		l->settled++;
		break;
	case SEEN_DIFFERS:
		l->differs++;
		reconcile_drifted(r, &head->key, false);
		break;
	case SEEN_STRAY:
		reconcile_drifted(r, &head->key, false);
		break;
	case SEEN_FOREIGN:
		break;
	}
	return 0;
}

static int see_glance(void *arg, const struct vs *head, uint32_t num_reals)
{
	return see(arg, head, num_reals);
}

static int see_service(void *arg, const struct vs *head, const struct vs_stats *st)
{
	return see(arg, head, -1);
}

/* Wanted virtual servers of a family that must be seen: settled ones, and ones that conflict. */
static void expected(const struct reconcile *r, uint8_t family, size_t *settled, size_t *conflicts)
{
	size_t n = family == AF_INET6 ? r->want6 : table_count(r->want) - r->want6;
	size_t at = 0, c = 0;
	struct pend *p;
	while ((p = queue_each(r->queue, &at))) {
		if (p->key.addr.family != family || !table_get(r->want, &p->key))
			continue;
		n--;
		c += p->state == PEND_CONFLICT;
	}
	*settled = n;
	*conflicts = c;
}

/* Some are missing: which. */
static int find_missing(struct reconcile *r)
{
	struct table *heads;
	size_t n, at = 0;
	struct pend *p;
	int err = reconcile_heads(r, &heads);
	if (err)
		return err;
	while ((p = queue_each(r->queue, &at)))
		if (p->state == PEND_CONFLICT && !table_get(heads, &p->key))
			p->state = PEND_DUE;
	const struct vs *const *v = table_sorted(r->want, &n);
	for (size_t i = 0; i < n; i++)
		if (!table_get(heads, &v[i]->key))
			reconcile_drifted(r, &v[i]->key, true);
	table_free(heads);
	return 0;
}

static int look_family(struct reconcile *r, uint8_t family, bool *missing)
{
	struct look l = {.r = r, .family = family};
	size_t settled, conflicts;
	expected(r, family, &settled, &conflicts);
	int err = family == AF_INET ? ipvs_sock_glance(r->sock, see_glance, &l)
				    : ipvs_sock_services(r->sock, see_service, &l);
	if (err < 0)
		return err;
	*missing = *missing || l.settled + l.differs < settled || l.conflicts < conflicts;
	return 0;
}

/* The real servers of one virtual server against what is wanted. */
struct compare {
	const struct vs *want;
	uint32_t seen, equal;
};

static int see_real(void *arg, const struct real *real, const struct real_stats *st)
{
	struct compare *c = arg;
	const struct limits *l = &c->want->limits;
	c->seen++;
	c->equal += judge_real(c->want, real) && l->upper == st->limits.upper && l->lower == st->limits.lower;
	return 0;
}

static int scan_one(struct reconcile *r, const struct vs *want)
{
	struct compare c = {.want = want};
	if (queue_find(r->queue, &want->key))
		return 0;
	int err = ipvs_sock_reals_counted(r->sock, &want->key, see_real, &c);
	if (err >= 0 && (c.seen != want->n || c.equal != want->n))
		reconcile_drifted(r, &want->key, false);
	return err < 0 ? err : 0;
}

/* Index of the first key behind the cursor, from the start again at the end. */
static size_t scan_from(const struct drift *d, const struct vs *const *v, size_t n)
{
	size_t lo = 0, hi = n;
	while (d->begun && lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (vs_key_cmp(&v[mid]->key, &d->cursor) <= 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo == n ? 0 : lo;
}

static int scan(struct reconcile *r, struct drift *d)
{
	size_t n;
	const struct vs *const *v = table_sorted(r->want, &n);
	size_t share = judge_scan_share(n, LOOKS_A_ROUND), at = scan_from(d, v, n);
	for (size_t i = 0; i < share; i++, at = at + 1 == n ? 0 : at + 1) {
		int err = scan_one(r, v[at]);
		if (err)
			return err;
		d->cursor = v[at]->key;
		d->begun = true;
	}
	return 0;
}

int drift_look(struct reconcile *r, struct drift *d)
{
	bool missing = false;
	int err = 0;

	if (r->sweeping || !r->sock || !drift_needed(r))
		return 0;
	reconcile_look(r);
	if (table_count(r->want) > r->want6)
		err = look_family(r, AF_INET, &missing);
	if (!err && r->want6)
		err = look_family(r, AF_INET6, &missing);
	if (!err && missing)
		err = find_missing(r);
	return err ? err : scan(r, d);
}

/* Counting, when somebody asks */

struct census {
	struct reconcile *r;
	struct drift_counts *out;
};

static int census_service(void *arg, const struct vs *head, const struct vs_stats *st)
{
	struct census *c = arg;
	const struct vs *want = table_get(c->r->want, &head->key);
	if (!own_has(c->r->own, &head->key)) {
		c->out->foreign += want == NULL;
		return 0;
	}
	c->out->ours++;
	/* IPv4 is counted by the glance; settled, IPv6 has what is wanted. */
	if (want && head->key.addr.family == AF_INET6)
		c->out->reals += want->n;
	return 0;
}

static int census_glance(void *arg, const struct vs *head, uint32_t num_reals)
{
	struct census *c = arg;
	if (own_has(c->r->own, &head->key))
		c->out->reals += num_reals;
	return 0;
}

int drift_count(struct reconcile *r, struct drift_counts *out)
{
	struct drift_counts got = {0};
	struct census c = {.r = r, .out = &got};
	int err = ipvs_sock_services(r->sock, census_service, &c);

	if (err < 0)
		return err;
	ipvs_sock_glance(r->sock, census_glance, &c); /* a host without IPv4 has none */
	*out = got;
	return 0;
}
