/* Decides when which virtual server is read, planned and applied: a full pass in order of keys after each picture, afterwards only what is in the queue.
 * Source: DESIGN.md, "Want, have, operations" and "Only our own". Test: tests/kernel/test_ipvs_process.c; the decisions are in judge.c and queue.c. */
#include "reconcile.h"

#include "../src/base/arena.h"
#include "slice.h"

#include <errno.h>
#include <malloc.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static void keep_drain(void *arg, const struct vs_key *k, const struct real *real, nsec_t deadline)
{
	own_drain(((struct reconcile *)arg)->own, k, real, deadline);
}

static void drop_drain(void *arg, const struct vs_key *k, const struct real *real)
{
	own_undrain(((struct reconcile *)arg)->own, k, real);
}

static void restore_drain(void *arg, const struct vs_key *k, const struct real *real, nsec_t deadline)
{
	drains_restore(((struct reconcile *)arg)->drains, k, real, deadline, clock_now());
}

void reconcile_init(struct reconcile *r, const struct reconcile_ops *ops, void *arg, struct own *own, bool lost)
{
	memset(r, 0, sizeof(*r));
	r->ops = ops;
	r->arg = arg;
	r->own = own;
	r->lost = lost;
	static const struct drain_hooks hooks = {keep_drain, drop_drain};
	r->queue = queue_new();
	r->tugs = tugs_new();
	r->drains = drains_new(&hooks, r);
	own_each_drain(own, restore_drain, r);
	r->slice = slice_new(SLICE_SERVERS);
}

void reconcile_clear(struct reconcile *r)
{
	slice_free(r->slice);
	queue_free(r->queue);
	tugs_free(r->tugs);
	drains_free(r->drains);
	table_free(r->heads);
	table_free(r->want);
	ipvs_sock_close(r->sock);
	memset(r, 0, sizeof(*r));
}

static bool is6(const struct vs_key *k)
{
	return k->addr.family == AF_INET6;
}

/* Telling a person */

static void note_end(struct reconcile *r, struct pend *p)
{
	if (!p->noted)
		return;
	r->ops->note(r->arg, &p->key, p->noted, p->message, true);
	free(p->message);
	p->message = NULL;
	p->noted = NULL;
	r->noted--;
}

static void note(struct reconcile *r, struct pend *p, const char *reason, const char *message)
{
	if (p->noted && !strcmp(p->noted, reason) && !strcmp(p->message, message))
		return;
	if (p->noted && strcmp(p->noted, reason))
		note_end(r, p);
	if (!p->noted && r->noted >= NOTES_MAX)
		return;
	r->noted += !p->noted;
	free(p->message);
	p->noted = reason;
	p->message = xstrdup(message);
	r->ops->note(r->arg, &p->key, reason, message, false);
}

static char *tug_text(const struct vs_key *k, char text[JUDGE_TEXT])
{
	char key[VS_KEY_TEXT];

	snprintf(
	    text, JUDGE_TEXT,
	    "another program keeps changing %s in the kernel; vipd puts it right, after longer and longer waits. Is "
	    "kube-proxy (IPVS mode) or keepalived programming it too? Stop it there, or leave it to that program "
	    "(excludeCIDRs)",
	    vs_key_format(k, key));
	return text;
}

static void tell_tug(struct reconcile *r, const struct vs_key *k, bool over)
{
	char text[JUDGE_TEXT];

	r->ops->note(r->arg, k, "TugOfWar", tug_text(k, text), over);
}

void reconcile_renote(struct reconcile *r)
{
	struct vs_key k;
	size_t at = 0;
	struct pend *p;
	while ((p = queue_each(r->queue, &at)))
		if (p->noted)
			r->ops->note(r->arg, &p->key, p->noted, p->message, false);
	for (size_t i = at = 0; i < NOTES_MAX && tugs_each(r->tugs, &at, &k); i++)
		tell_tug(r, &k, false);
}

__attribute__((format(printf, 3, 4))) static void complain(struct reconcile *r, nsec_t now, const char *fmt, ...)
{
	char text[JUDGE_TEXT + VS_KEY_TEXT + 64];
	unsigned suppressed;
	va_list ap;
	if (!log_allow(&r->limit, now, &suppressed))
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	log_event(LOG_IPVS_REFUSED, LOG_WITH(.suppressed = suppressed), "%s", text);
}

/* What is wanted */

static void drop(struct reconcile *r, struct pend *p)
{
	note_end(r, p);
	queue_drop(r->queue, p);
}

static void queue_unwanted(void *arg, const struct vs_key *k)
{
	struct reconcile *r = arg;
	if (!table_get(r->want, k))
		queue_put(r->queue, k)->state = PEND_DUE;
}

void reconcile_sweep(struct reconcile *r)
{
	size_t at = 0;
	struct pend *p;
	table_free(r->heads);
	r->heads = NULL;
	r->sweep_begun = false;
	r->sweeping = r->want != NULL;
	if (!r->want)
		return;
	while ((p = queue_each(r->queue, &at))) {
		pend_forget(p);
		if (!table_get(r->want, &p->key) && !own_has(r->own, &p->key))
			drop(r, p);
	}
	own_each(r->own, queue_unwanted, r);
}

void reconcile_picture(struct reconcile *r, struct table *want, const struct ipvs_settings *s)
{
	size_t n;
	table_free(r->want);
	r->want = want;
	r->settings = *s;
	r->want6 = r->leaving = 0;
	const struct vs *const *v = table_sorted(want, &n);
	for (size_t i = 0; i < n; i++)
		r->want6 += is6(&v[i]->key);
	reconcile_sweep(r);
}

static void want_count(struct reconcile *r, const struct vs *v, int by)
{
	r->want6 += is6(&v->key) ? (size_t)by : 0;
	r->leaving += v->leaving ? (size_t)by : 0;
}

static void told_want(struct reconcile *r, const struct vs *old, const struct vs *new)
{
	if (r->ops->want)
		r->ops->want(r->arg, old, new);
}

/* -EEXIST: a real server is there twice; nothing has changed. */
static int want_put(struct reconcile *r, const struct vs *v)
{
	const struct vs *old = table_get(r->want, &v->key);
	struct vs was = old ? *old : (struct vs){0};
	told_want(r, old, v);
	int err = table_put(r->want, v);
	if (err) {
		told_want(r, v, old);
		return err;
	}
	if (old)
		want_count(r, &was, -1);
	want_count(r, v, 1);
	return 0;
}

static void want_del(struct reconcile *r, const struct vs_key *k)
{
	const struct vs *old = table_get(r->want, k);
	if (!old)
		return;
	want_count(r, old, -1);
	told_want(r, old, NULL);
	table_del(r->want, k);
}

/* Before the wanted table changes: what was wanted is what the kernel has, unless the queue or a full pass knows better. */
static void make_dirty(struct reconcile *r, const struct vs_key *k, const struct vs *old)
{
	struct pend *p = queue_find(r->queue, k);
	if (!p) {
		p = queue_put(r->queue, k);
		if (!r->sweeping)
			pend_know(p, old);
	}
	p->state = PEND_DUE;
	p->backoff = 0;
	p->drift = false;
}

void reconcile_row(struct reconcile *r, enum row_op op, const struct vs *v)
{
	const struct vs *old = table_get(r->want, &v->key);
	if (op == ROW_SET ? old && vs_equal(old, v) : !old)
		return;
	make_dirty(r, &v->key, old);
	if (op == ROW_DELETE)
		want_del(r, &v->key);
	else
		want_put(r, v);
}

void reconcile_drained(struct reconcile *r, const struct vs_key *k)
{
	const struct vs *old = table_get(r->want, k);
	if (old)
		make_dirty(r, k, old);
	else
		queue_put(r->queue, k)->state = PEND_DUE;
}

void reconcile_drifted(struct reconcile *r, const struct vs_key *k, bool absent)
{
	if (queue_find(r->queue, k))
		return;
	struct pend *p = queue_put(r->queue, k);
	nsec_t wait = tugs_wait(r->tugs, k);
	p->drift = true;
	if (wait) {
		p->state = PEND_RETRY;
		p->due = clock_now() + wait;
	} else if (absent) {
		pend_know(p, NULL);
	}
}

void reconcile_look(struct reconcile *r)
{
	nsec_t now = clock_now();
	struct vs_key k;
	size_t at = 0;

	while (tugs_over(r->tugs, now, &at, &k))
		tell_tug(r, &k, true);
}

/* What the kernel has */

static int put_head(void *arg, const struct vs *head, const struct vs_stats *st)
{
	return table_put(arg, head);
}

int reconcile_heads(struct reconcile *r, struct table **out)
{
	struct table *t = table_new();
	int err = ipvs_sock_services(r->sock, put_head, t);
	if (err < 0) {
		table_free(t);
		return err;
	}
	*out = t;
	return 0;
}

struct reals {
	struct real *items;
	uint32_t n, cap;
	struct limits limits; /* of all of them; upper UINT32_MAX, which nobody wants: they differ */
	bool tunnelled;
};

static int collect(void *arg, const struct real *real, const struct real_stats *st)
{
	struct reals *l = arg;
	if (!l->n)
		l->limits = st->limits;
	else if (!limits_equal(&l->limits, &st->limits))
		l->limits.upper = UINT32_MAX;
	l->tunnelled = l->tunnelled || real->forward == FORWARD_TUN;
	if (l->n == l->cap) {
		l->cap = l->cap ? 2 * l->cap : 16;
		l->items = xrealloc(l->items, l->cap * sizeof(*l->items));
	}
	l->items[l->n++] = *real;
	return 0;
}

static int read_whole(struct reconcile *r, const struct vs *head, const struct vs **out)
{
	struct reals l = {0};
	struct vs v = *head;
	int err = ipvs_sock_reals_counted(r->sock, &head->key, collect, &l);
	if (err >= 0 && l.tunnelled) { /* how, only a dump says */
		l.n = 0;
		err = ipvs_sock_reals(r->sock, &head->key, collect, &l);
	}
	v.reals = l.items;
	v.n = l.n;
	v.limits = l.limits;
	v.drain_s = r->settings.drain_s;
	if (err >= 0)
		err = slice_have(r->slice, &v, out);
	free(l.items);
	return err;
}

/* One slice */

/* What leaves drains: the plan is then for what is wanted and what drains. */
static void plan_drains(struct reconcile *r, struct item *it, const struct vs *have)
{
	struct drain_now t = {clock_now(), clock_wall(), it->pend && it->pend->drift};
	struct vs out;

	if (!it->want && have && (have->gate || r->ops->shut(r->arg, &it->key)))
		return;
	switch (drain_plan(r->drains, it->want, have, &t, &out)) {
	case DRAIN_SAME:
		return;
	case DRAIN_GONE:
		want_del(r, &it->key);
		it->want = NULL;
		it->plan = PLAN_DELETE;
		return;
	case DRAIN_ROW:
		want_put(r, &out);
		free(out.reals);
		it->want = table_get(r->want, &it->key);
		if (it->plan == PLAN_DELETE)
			it->plan = PLAN_APPLY;
	}
}

/* head: what the kernel has of it (NULL: nothing); whole if the queue knows it, else its real servers are read where they matter. */
static int plan_one(struct reconcile *r, const struct vs_key *k, struct pend *p, const struct vs *head, nsec_t now)
{
	const struct vs *want = table_get(r->want, k), *have = head;
	bool ours = own_has(r->own, k);
	int err = 0;

	if (head && !(p && p->known) && (ours || (want && (r->settings.adopt || r->lost))))
		err = read_whole(r, head, &have);
	else if (!want && ours && !head)
		err = slice_have(r->slice, &(struct vs){.key = *k}, &have);
	if (err == -EEXIST) {
		pend_fail(p ? p : queue_put(r->queue, k), now);
		return 0;
	}
	if (err)
		return err;
	struct item *it = slice_item(r->slice, k);
	it->want = want;
	it->pend = p;
	it->plan = judge_plan(want, have, ours, r->settings.adopt, r->lost);
	if (it->plan == PLAN_NOTHING || it->plan == PLAN_CONFLICT)
		return 0;
	if (!ours) {
		own_add(r->own, k);
		it->fresh = true;
	}
	plan_drains(r, it, have);
	slice_plan(r->slice, it, have);
	return 0;
}

/* Index of the first wanted key behind the cursor. */
static size_t sweep_from(const struct reconcile *r, const struct vs *const *v, size_t n)
{
	size_t lo = 0, hi = n;
	while (r->sweep_begun && lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (vs_key_cmp(&v[mid]->key, &r->cursor) <= 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* *last: this slice ends the full pass. */
static int fill_sweep(struct reconcile *r, nsec_t now, bool *last)
{
	size_t n;
	int err = r->heads ? 0 : reconcile_heads(r, &r->heads);
	if (err)
		return err;
	const struct vs *const *v = table_sorted(r->want, &n);
	size_t i = sweep_from(r, v, n);
	for (; i < n && !slice_full(r->slice, SLICE_OPS); i++) {
		struct vs_key k = v[i]->key; /* v[i] goes if its last drain is over */
		struct pend *p = queue_find(r->queue, &k);
		if (p)
			pend_forget(p);
		err = plan_one(r, &k, p, table_get(r->heads, &k), now);
		if (err)
			return err;
		r->cursor = k;
		r->sweep_begun = true;
	}
	*last = i == n;
	return 0;
}

static int fill_queue(struct reconcile *r, nsec_t now)
{
	struct pend *due[SLICE_SERVERS];
	size_t n = queue_due(r->queue, now, due, SLICE_SERVERS);
	int err = 0;

	for (size_t i = 0; i < n && !err && !slice_full(r->slice, SLICE_OPS); i++) {
		struct pend *p = due[i];
		const struct vs *head = p->exists ? &p->have : NULL;
		if (!p->known) {
			if (!r->heads)
				err = reconcile_heads(r, &r->heads);
			if (err)
				break;
			head = table_get(r->heads, &p->key);
		}
		err = plan_one(r, &p->key, p, head, now);
	}
	return err;
}

static void conflict(struct reconcile *r, struct item *it, nsec_t now)
{
	struct pend *p = it->pend ? it->pend : queue_put(r->queue, &it->key);
	char key[VS_KEY_TEXT], text[JUDGE_TEXT];
	bool told = p->noted != NULL;
	pend_forget(p);
	p->state = PEND_CONFLICT;
	p->failed = 0;
	p->missing = p->drift = false;
	snprintf(text, sizeof(text),
		 "%s is in the kernel already and vipd did not make it: it is left as it is. Delete it there (ipvsadm "
		 "-D), or set "
		 "'adopt: true' to take it over",
		 vs_key_format(&it->key, key));
	note(r, p, "Conflict", text);
	if (!told)
		complain(r, now, "%s", text);
}

static const char *reason_of(const struct item *it, enum remedy remedy)
{
	if (!it->op)
		return "RecordUnwritable";
	return remedy == REMEDY_SCHEDULER ? "SchedulerMissing" : "KernelRefused";
}

static void refused(struct reconcile *r, struct item *it, nsec_t now)
{
	struct pend *p = it->pend ? it->pend : queue_put(r->queue, &it->key);
	enum remedy remedy = it->op ? judge_error(it->op, it->error) : REMEDY_RETRY;
	bool first = p->backoff == 0;
	char key[VS_KEY_TEXT], why[JUDGE_TEXT], text[JUDGE_TEXT + VS_KEY_TEXT];

	/* What we did not make is not ours, whoever made it. */
	if (it->fresh && (!it->op || it->op->type == OP_VS_ADD))
		own_del(r->own, &it->key);
	p->failed = it->refused;
	p->missing = judge_missing(it->want, it->op, it->refused);
	p->sched[0] = '\0';
	pend_fail(p, now);
	if (remedy == REMEDY_REREAD && first) {
		p->state = PEND_DUE;
		return;
	}
	if (remedy == REMEDY_SCHEDULER)
		snprintf(p->sched, sizeof(p->sched), "%s", it->op->sched);
	if (it->op)
		judge_describe(it->op, it->error, why);
	else
		snprintf(why, sizeof(why), "the ownership record cannot be written: %s", strerror(-it->error));
	snprintf(text, sizeof(text), "%s: %s", vs_key_format(&it->key, key), why);
	note(r, p, reason_of(it, remedy), text);
	complain(r, now, "%s; next try in %.1f s", text, (double)p->backoff / NSEC_PER_SEC);
	if (remedy == REMEDY_SCHEDULER)
		r->ops->need_scheduler(r->arg, p->sched);
}

static void tugged(struct reconcile *r, const struct vs_key *k, nsec_t now)
{
	char text[JUDGE_TEXT];
	unsigned suppressed;

	if (!tugs_healed(r->tugs, k, now))
		return;
	if (tugs_count(r->tugs) <= NOTES_MAX)
		tell_tug(r, k, false);
	if (log_allow(&r->limit_tug, now, &suppressed))
		log_event(LOG_TUG_OF_WAR, LOG_WITH(.suppressed = suppressed), "%s", tug_text(k, text));
}

static void done(struct reconcile *r, struct item *it, nsec_t now)
{
	if (it->plan == PLAN_DELETE) {
		own_del(r->own, &it->key);
		drains_forget(r->drains, &it->key);
	}
	drains_done(r->drains, &it->key);
	r->adopted += it->plan == PLAN_TAKE;
	if (!it->pend)
		return;
	if (it->pend->drift) {
		r->mended += it->services;
		r->mended_reals += it->reals;
		if (it->services + it->reals)
			tugged(r, &it->key, now);
	}
	drop(r, it->pend);
}

/* Errors were lost: each is read again. */
static void all_unknown(struct reconcile *r, nsec_t now)
{
	struct slice *s = r->slice;
	for (size_t i = 0; i < s->n; i++) {
		struct item *it = &s->items[i];
		if (it->plan == PLAN_NOTHING || it->plan == PLAN_CONFLICT)
			continue;
		struct pend *p = it->pend ? it->pend : queue_put(r->queue, &it->key);
		p->missing = it->want != NULL;
		pend_fail(p, now);
	}
}

static void report(struct reconcile *r, uint64_t adopted, nsec_t now)
{
	unsigned suppressed;
	if (r->adopted > adopted)
		log_event(r->lost ? LOG_OWNED_LOST : LOG_IPVS_ADOPTED, NULL, "%s: %llu virtual servers taken over",
			  r->lost ? "the ownership record was lost; what equals the wanted state counts as ours"
				  : "adopt",
			  (unsigned long long)(r->adopted - adopted));
	if ((r->mended || r->mended_reals) && log_allow(&r->limit_drift, now, &suppressed))
		log_event(LOG_IPVS_DRIFT, LOG_WITH(.suppressed = suppressed),
			  "somebody changed the kernel's table: %u virtual servers and %u real servers put right",
			  r->mended, r->mended_reals);
	r->healed_services += r->mended;
	r->healed_reals += r->mended_reals;
}

static int run_slice(struct reconcile *r, nsec_t now)
{
	struct slice *s = r->slice;
	uint64_t adopted = r->adopted;
	int err = own_sync(r->own);

	/* Only what is new must be in the record first: a full disk does not keep endpoints from following their pods. */
	for (size_t i = 0; i < s->n && err; i++)
		if (s->items[i].fresh) {
			s->items[i].bad = true;
			s->items[i].error = err;
			s->items[i].refused = 1;
		}
	err = slice_apply(s, r->sock);
	if (err == -ENOBUFS)
		all_unknown(r, now);
	if (err)
		return err == -ENOBUFS ? 0 : err;
	r->mended = r->mended_reals = 0;
	for (size_t i = 0; i < s->n; i++) {
		if (s->items[i].plan == PLAN_CONFLICT)
			conflict(r, &s->items[i], now);
		else if (s->items[i].bad)
			refused(r, &s->items[i], now);
		else
			done(r, &s->items[i], now);
	}
	report(r, adopted, now);
	own_sync(r->own);
	return 0;
}

static void end_sweep(struct reconcile *r)
{
	r->sweeping = r->sweep_begun = false;
	r->lost = false;
	/* A full pass is the largest user of memory: the table that came, the one that went. */
	malloc_trim(0);
}

int reconcile_step(struct reconcile *r, nsec_t now)
{
	bool sweep = r->sweeping, last = false;
	int err;

	if (!r->want || !r->sock)
		return 0;
	slice_reset(r->slice);
	err = sweep ? fill_sweep(r, now, &last) : fill_queue(r, now);
	if (!err)
		err = run_slice(r, now);
	slice_reset(r->slice);
	if (err || !sweep || last) {
		table_free(r->heads);
		r->heads = NULL;
	}
	if (err)
		return err;
	if (last)
		end_sweep(r);
	return reconcile_next(r, now) == 0;
}

nsec_t reconcile_next(const struct reconcile *r, nsec_t now)
{
	if (!r->want || !r->sock)
		return INT64_MAX;
	return r->sweeping ? 0 : queue_next(r->queue, now);
}
