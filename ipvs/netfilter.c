/* When sets are read, filled and destroyed, and when the runner is asked to list, restore or remove rules. A look each two seconds reads the headers of vipd's
 * sets (a system call or two): the number of entries tells of a set that somebody changed, the number of references of rules that somebody took away; one
 * set a look is read whole, so that all are within half a minute. Source: DESIGN.md, "Want, have, operations", "Drift heals".
 * Test: tests/lab/scenarios/masquerade.sh, tests/kernel/test_setsock.c */
#include "netfilter.h"

#include "../src/base/arena.h"
#include "../src/base/log.h"
#include "queue.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LOOK (2 * NSEC_PER_SEC)

/* Ids of requests to the runner: modules.c counts its own from 1. */
enum { ID_BASE = 1000, RUN_MS = 20000 };

static const char *family_word(const struct nf_family *f)
{
	return f->family == AF_INET6 ? "IPv6" : "IPv4";
}

static void on_timer(void *arg);

void netfilter_init(struct netfilter *n, struct child *c, const struct netfilter_ops *ops, void *arg)
{
	*n = (struct netfilter){
	    .ops = ops, .arg = arg, .child = c, .sets = sets_new(), .beside = {.note = ops->note, .arg = arg}};
	n->timer = loop_timer_new(child_loop(c), on_timer, n);
	n->families[0].family = AF_INET;
	n->families[1].family = AF_INET6;
}

static void stale_clear(struct nf_family *f)
{
	for (size_t i = 0; i < RULES_JUMPS; i++)
		rules_text_clear(&f->stale[i]);
}

void netfilter_clear(struct netfilter *n)
{
	for (size_t i = 0; i < NETFILTER_FAMILIES; i++)
		stale_clear(&n->families[i]);
	loop_timer_free(n->timer);
	setsock_close(n->sock);
	sets_free(n->sets);
}

/* ---- telling ---- */

static void set_problem(struct netfilter *n, struct nf_family *f, const char *text)
{
	if (!strcmp(f->problem, text))
		return;
	if (text[0]) {
		log_warning("%s", text);
		n->ops->note(n->arg, family_word(f), "PacketFilter", text, false);
	} else {
		n->ops->note(n->arg, family_word(f), "PacketFilter", f->problem, true);
	}
	snprintf(f->problem, sizeof(f->problem), "%s", text);
}

static void settle(struct netfilter *n, struct nf_family *f)
{
	if (f->settled)
		return;
	f->settled = true;
	n->ops->progress(n->arg);
}

/* what: "sets", "rules". */
static void fail(struct netfilter *n, struct nf_family *f, const char *what, const char *why)
{
	char text[NETFILTER_PROBLEM];

	snprintf(text, sizeof(text), "%s %s cannot be made as wanted: %.200s", family_word(f), what, why);
	set_problem(n, f, text);
	f->backoff = backoff_next(f->backoff ? f->backoff : NSEC_PER_SEC);
	f->retry = clock_now() + f->backoff;
	f->step = NF_IDLE;
	settle(n, f);
}

void netfilter_renote(struct netfilter *n)
{
	for (size_t i = 0; i < NETFILTER_FAMILIES; i++)
		if (n->families[i].problem[0])
			n->ops->note(n->arg, family_word(&n->families[i]), "PacketFilter", n->families[i].problem,
				     false);
	beside_renote(&n->beside);
}

/* ---- what the kernel has ---- */

struct look {
	struct nf_seen *seen;
	const struct nf_family *f;
	const char *marker;
};

static void see_other(struct nf_seen *s, const struct set_header *h, const char *marker)
{
	s->any = true;
	if (!strcmp(h->name, marker)) {
		s->marker = true;
		s->marker_references = h->references;
	} else if (s->n_others < MARKERS_MAX) {
		snprintf(s->others[s->n_others++], SET_NAME, "%s", h->name);
	}
}

static void on_header(void *arg, const struct set_header *h)
{
	struct look *l = arg;
	char next[SET_NAME];
	enum set_id id;
	uint8_t family;

	l->seen->kube += kubeproxy_set(h->name);
	if (rules_is_marker(h->name, l->f->family) || !strcmp(h->name, set_next_name(l->f->family, next))) {
		see_other(l->seen, h, l->marker);
	} else if (!set_name_parse(h->name, &id, &family) && family == l->f->family) {
		l->seen->any = l->seen->exists[id] = true;
		l->seen->references[id] = h->references;
		l->seen->entries[id] = h->entries;
		l->seen->buckets[id] = h->buckets;
	}
}

static int see(struct netfilter *n, const struct nf_family *f, struct nf_seen *out)
{
	char marker[SET_NAME];
	struct look l = {out, f, rules_marker(&n->settings, f->family, marker)};
	int err;

	*out = (struct nf_seen){0};
	err = setsock_headers(n->sock, "", on_header, &l);
	if (!err)
		n->kube_sets = out->kube;
	return err;
}

static void on_entry(void *arg, const struct set_entry *e)
{
	sets_have(arg, e);
}

static int read_set(struct netfilter *n, struct nf_family *f, enum set_id id)
{
	char name[SET_NAME];

	sets_forget(n->sets, id, f->family);
	f->read[id] = true;
	return setsock_list(n->sock, set_name(id, f->family, name), on_entry, n->sets);
}

/* ---- sets ---- */

static int create_sets(struct netfilter *n, struct nf_family *f, const struct nf_seen *s)
{
	char name[SET_NAME];
	int err = 0;

	for (unsigned i = 0; i < SET_COUNT && !err; i++) {
		enum set_id id = (enum set_id)i;

		if (s->exists[i]) {
			if (s->buckets[i] > f->buckets[i]) /* it may have been made larger since it was seen */
				f->buckets[i] = s->buckets[i];
			continue;
		}
		f->buckets[i] = set_buckets(sets_wanted(n->sets, id, f->family));
		sets_forget(n->sets, id, f->family);
		f->read[i] = true;
		err = setsock_create(n->sock, set_name(id, f->family, name), set_shape(id), f->family, f->buckets[i]);
	}
	if (!err && !s->marker)
		err = setsock_create(n->sock, rules_marker(&n->settings, f->family, name), SHAPE_IP, f->family,
				     set_buckets(0));
	return err;
}

/* Reads those that were never read, those whose number is not what it should be, and the next one in turn. */
static int read_sets(struct netfilter *n, struct nf_family *f, const struct nf_seen *s)
{
	int err = 0;

	for (unsigned i = 0; i < SET_COUNT && !err; i++) {
		bool known = f->read[i] && s->entries[i] == sets_had(n->sets, (enum set_id)i, f->family);

		if (s->exists[i] && (!known || f->scan == i))
			err = read_set(n, f, (enum set_id)i);
	}
	f->scan = (f->scan + 1) % SET_COUNT;
	return err;
}

static void on_done(void *arg, const struct set_op *op)
{
	sets_done(arg, op);
}

/* The kernel makes a set larger with all of it locked, and runs nobody else meanwhile: 13 ms for 30,000 entries. So a larger one is made beside it. False
 * where that is not needed or fails: then the kernel does it after all. */
static bool enlarge(struct netfilter *n, struct nf_family *f, enum set_id id)
{
	size_t wanted = sets_wanted(n->sets, id, f->family), count;
	struct set_op *ops;
	char name[SET_NAME];
	bool done;

	if (!f->read[id] || !f->buckets[id] || !set_outgrown(wanted, f->buckets[id]))
		return false;
	ops = sets_whole(n->sets, id, f->family, &count);
	done = setsock_replace(n->sock, ops, count, set_buckets(count), on_done, n->sets) == 0;
	if (done)
		f->buckets[id] = set_buckets(count);
	else
		log_debug("the set %s is not made larger here: %s", set_name(id, f->family, name),
			  setsock_error(n->sock));
	free(ops);
	return done;
}

/* Returns how many the kernel refused. */
static size_t apply_ops(struct netfilter *n, struct nf_family *f, const struct set_op *ops, size_t count)
{
	size_t failed = 0, run;

	for (; count > 0; ops += run, count -= run) {
		run = set_ops_run(ops, count);
		if (!ops->add || !enlarge(n, f, (enum set_id)ops->entry.set))
			failed += setsock_apply(n->sock, ops, run, on_done, n->sets);
	}
	return failed;
}

/* drift: what is to be done is somebody else's doing. */
static void apply(struct netfilter *n, struct nf_family *f, enum sets_part part, bool drift)
{
	size_t count, failed;
	struct set_op *ops = sets_ops(n->sets, f->family, part, &count);

	if (!ops)
		return;
	failed = apply_ops(n, f, ops, count);
	if (drift) {
		n->mended += count - failed;
		log_info("%s sets: %zu entries put right that somebody had changed", family_word(f), count - failed);
	} else {
		log_debug("%s sets: %zu changes", family_word(f), count - failed);
	}
	free(ops);
	if (failed)
		fail(n, f, "sets", setsock_error(n->sock));
}

/* ---- rules, by the runner ---- */

static const char *program(const struct netfilter *n, const struct nf_family *f, bool restore)
{
	static const char *const names[BACKENDS][2][2] = {
	    [BACKEND_SYSTEM] = {{"iptables", "iptables-restore"}, {"ip6tables", "ip6tables-restore"}},
	    [BACKEND_NFT] = {{"iptables-nft", "iptables-nft-restore"}, {"ip6tables-nft", "ip6tables-nft-restore"}},
	    [BACKEND_LEGACY] = {{"iptables-legacy", "iptables-legacy-restore"},
				{"ip6tables-legacy", "ip6tables-legacy-restore"}}};

	return names[n->settings.backend][f->family == AF_INET6][restore];
}

/* Sends a request with these arguments. */
static int ask(struct netfilter *n, const struct nf_family *f, enum run_entry entry, const char *const *args,
	       uint32_t argc)
{
	struct msg_run run = {.entry = entry, .argc = argc, .timeout_ms = RUN_MS};
	size_t len = sizeof(run);
	char *buf;
	int err;

	for (uint32_t i = 0; i < argc; i++)
		len += strlen(args[i]) + 1;
	buf = xmalloc(len);
	memcpy(buf, &run, sizeof(run));
	len = sizeof(run);
	for (uint32_t i = 0; i < argc; i++) {
		memcpy(buf + len, args[i], strlen(args[i]) + 1);
		len += strlen(args[i]) + 1;
	}
	err = child_send(n->child, ROLE_RUNNER, MSG_RUN, ID_BASE + (uint64_t)(f - n->families), buf, len, -1);
	free(buf);
	return err;
}

static void list_next(struct netfilter *n, struct nf_family *f)
{
	char table[32];
	const struct rules_place *p = &rules_places[f->place];
	const char *args[] = {program(n, f, false), p->chain, table};

	snprintf(table, sizeof(table), "-t%s", p->table);
	f->step = NF_LISTING;
	if (ask(n, f, RUN_RULES_LIST, args, 3))
		fail(n, f, "rules", "vipd's runner is not there");
}

static void restore(struct netfilter *n, struct nf_family *f)
{
	char *text = f->removing ? rules_remove(f->stale) : rules_install(&n->settings, f->family, f->stale);
	const char *args[] = {program(n, f, true), text};

	stale_clear(f);
	f->step = NF_RESTORING;
	if (ask(n, f, RUN_RULES_RESTORE, args, 2))
		fail(n, f, "rules", "vipd's runner is not there");
	free(text);
}

/* clean: nothing of ours can hang in the built-in chains. */
static void begin_rules(struct netfilter *n, struct nf_family *f, bool removing, bool clean)
{
	stale_clear(f);
	f->removing = removing;
	f->place = 0;
	if (clean)
		restore(n, f);
	else
		list_next(n, f);
}

static bool rules_there(const struct netfilter *n, const struct nf_family *f, const struct nf_seen *s)
{
	static const struct rules_text none[RULES_JUMPS];
	char *text = rules_install(&n->settings, f->family, none), name[SET_NAME];
	bool there =
	    s->marker && s->marker_references == rules_references(text, rules_marker(&n->settings, f->family, name));

	for (unsigned i = 0; i < SET_COUNT && there; i++)
		there = s->references[i] == rules_references(text, set_name((enum set_id)i, f->family, name));
	free(text);
	return there;
}

static void drop_others(struct netfilter *n, const struct nf_seen *s)
{
	for (size_t i = 0; i < s->n_others; i++)
		setsock_destroy(n->sock, s->others[i]); /* in use for a moment: the next look comes */
}

static void drop_all(struct netfilter *n, struct nf_family *f, const struct nf_seen *s)
{
	char name[SET_NAME];

	for (unsigned i = 0; i < SET_COUNT; i++)
		if (s->exists[i] && !setsock_destroy(n->sock, set_name((enum set_id)i, f->family, name)))
			sets_forget(n->sets, (enum set_id)i, f->family);
	if (s->marker)
		setsock_destroy(n->sock, rules_marker(&n->settings, f->family, name));
	drop_others(n, s);
}

static bool referenced(const struct nf_seen *s)
{
	uint32_t all = s->marker_references;

	for (unsigned i = 0; i < SET_COUNT; i++)
		all += s->references[i];
	return all != 0;
}

/* ---- one look ---- */

static void keep_family(struct netfilter *n, struct nf_family *f, const struct nf_seen *s)
{
	bool before = f->settled && f->read[SET_VIPS]; /* its sets were there */

	if (before)
		apply(n, f, SETS_ALL, false); /* what waits is no drift */
	if (create_sets(n, f, s) || read_sets(n, f, s)) {
		fail(n, f, "sets", setsock_error(n->sock));
		return;
	}
	apply(n, f, SETS_ALL, before);
	if (f->retry)
		return;
	if (!rules_there(n, f, s)) {
		if (before && f->installed) {
			n->mended++;
			log_info("%s rules are not as they were put in: they are put in again", family_word(f));
		}
		begin_rules(n, f, false, !s->any);
		return;
	}
	drop_others(n, s);
	f->backoff = 0;
	set_problem(n, f, "");
	settle(n, f);
}

static void look_family(struct netfilter *n, struct nf_family *f)
{
	struct nf_seen s;

	if (f->step != NF_IDLE || (f->retry && f->retry > clock_now()))
		return;
	f->retry = 0;
	if (see(n, f, &s)) {
		if (sets_used(n->sets, f->family))
			fail(n, f, "sets", setsock_error(n->sock));
		else
			settle(n, f);
		return;
	}
	if (sets_used(n->sets, f->family) || (s.any && nat_whole(&n->settings))) {
		keep_family(n, f, &s);
	} else if (s.any && (referenced(&s) || s.n_others)) {
		if (f->removing && !referenced(&s)) /* what is left are sets */
			drop_all(n, f, &s);
		else
			begin_rules(n, f, true, false);
	} else {
		if (s.any)
			drop_all(n, f, &s);
		set_problem(n, f, "");
		settle(n, f);
	}
}

static bool needs_sock(const struct netfilter *n)
{
	return n->sock || nat_wanted(&n->settings);
}

/* Whether there are virtual servers for what kube-proxy serves. */
static bool serves(const struct netfilter *n)
{
	static const enum set_id ids[] = {SET_CLUSTER_IP, SET_CLUSTER_IP_LOCAL, SET_NODE_PORT, SET_NODE_PORT_LOCAL};

	for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
		if (sets_wanted(n->sets, ids[i], AF_INET) || sets_wanted(n->sets, ids[i], AF_INET6))
			return true;
	return false;
}

static void look(struct netfilter *n)
{
	int err;

	if (!n->pictured)
		return;
	err = n->sock ? 0 : setsock_open(&n->sock);
	for (size_t i = 0; i < NETFILTER_FAMILIES; i++)
		if (err)
			fail(n, &n->families[i], "sets", strerror(-err));
		else
			look_family(n, &n->families[i]);
	beside_look(&n->beside, n->kube_sets, serves(n));
	loop_timer_set(n->timer, LOOK);
}

static void on_timer(void *arg)
{
	look(arg);
}

/* ---- what is wanted ---- */

void netfilter_picture(struct netfilter *n, struct table *want, const struct nat_settings *s)
{
	size_t count;
	const struct vs *const *v = table_sorted(want, &count);
	bool same = n->pictured && nat_equal(&n->settings, s);

	sets_clear(n->sets);
	sets_settings(n->sets, s);
	for (size_t i = 0; i < count; i++)
		sets_change(n->sets, NULL, v[i]);
	n->settings = *s;
	n->pictured = true;
	for (size_t i = 0; i < NETFILTER_FAMILIES && !same; i++) {
		n->families[i].settled = false;
		n->families[i].removing = false;
		n->families[i].retry = n->families[i].backoff = 0;
	}
	look(n);
}

void netfilter_change(struct netfilter *n, const struct vs *old, const struct vs *new)
{
	sets_change(n->sets, old, new);
}

void netfilter_apply(struct netfilter *n, enum sets_part part)
{
	for (size_t i = 0; i < NETFILTER_FAMILIES && n->pictured && n->sock; i++) {
		struct nf_family *f = &n->families[i];
		bool known = f->read[SET_VIPS]; /* its sets are there */

		if (known && !f->retry)
			apply(n, f, part, false);
		else if (!known && sets_used(n->sets, f->family))
			loop_timer_set(n->timer, 0);
	}
}

bool netfilter_ready(const struct netfilter *n)
{
	for (size_t i = 0; i < NETFILTER_FAMILIES; i++)
		if (nat_wanted(&n->settings) && !n->families[i].settled)
			return false;
	return true;
}

/* ---- the runner ---- */

static void explain(struct netfilter *n, struct nf_family *f, const struct msg_ran *ran, const char *output)
{
	char why[200];
	size_t len = 0;

	for (uint32_t i = 0; i < ran->output && len < sizeof(why) - 1; i++)
		why[len++] = output[i] >= ' ' && output[i] < 127 ? output[i] : ' ';
	while (len && why[len - 1] == ' ')
		len--;
	why[len] = '\0';
	if (ran->status == -ENOENT)
		snprintf(why, sizeof(why), "%s is not installed: install the package iptables",
			 program(n, f, f->step == NF_RESTORING));
	else if (!len && ran->status < 0)
		snprintf(why, sizeof(why), "%s: %s", program(n, f, f->step == NF_RESTORING), strerror(-ran->status));
	else if (!len)
		snprintf(why, sizeof(why), "%s: exit status %d", program(n, f, f->step == NF_RESTORING), ran->status);
	fail(n, f, "rules", why);
}

static void listed(struct netfilter *n, struct nf_family *f, const char *output, size_t len)
{
	rules_stale(&f->stale[f->place], output, len);
	if (++f->place < RULES_JUMPS)
		list_next(n, f);
	else
		restore(n, f);
}

static void restored(struct netfilter *n, struct nf_family *f)
{
	f->step = NF_IDLE;
	f->installed += !f->removing;
	log_info("%s rules are %s", family_word(f), f->removing ? "removed" : "in place");
	if (!f->removing)
		settle(n, f);
	loop_timer_set(n->timer, NSEC_PER_SEC); /* the kernel lets go of the old ones a little later */
}

bool netfilter_ran(struct netfilter *n, const struct msg *m)
{
	const char *output = (const char *)m->payload + sizeof(struct msg_ran);
	struct nf_family *f;
	struct msg_ran ran;

	if (m->generation < ID_BASE || m->generation >= ID_BASE + NETFILTER_FAMILIES || m->len < sizeof(ran))
		return false;
	memcpy(&ran, m->payload, sizeof(ran));
	f = &n->families[m->generation - ID_BASE];
	if (f->step == NF_IDLE || ran.output > m->len - sizeof(ran))
		return true;
	if (ran.status)
		explain(n, f, &ran, output);
	else if (f->step == NF_LISTING)
		listed(n, f, output, ran.output);
	else
		restored(n, f);
	return true;
}

void netfilter_runner(struct netfilter *n, bool up)
{
	for (size_t i = 0; i < NETFILTER_FAMILIES; i++) {
		struct nf_family *f = &n->families[i];

		if (!up && f->step != NF_IDLE)
			f->step = NF_IDLE;
		if (up)
			f->retry = 0;
	}
	if (up && needs_sock(n))
		loop_timer_set(n->timer, 0);
}
