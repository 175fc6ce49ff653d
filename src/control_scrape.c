/* One GET of /metrics: the others are asked for their state, ipvs for the counters of its virtual servers, then a few of these at a time for their real
 * servers, up to http.seriesLimit; the answer leaves in pieces. So neither the others nor this process are kept from their work, and what is held are the
 * counters alone, not the text. Test: tests/test_control_http.c */
#include "../ipvs/counters.h"
#include "base/arena.h"
#include "control.h"
#include "metrics_servers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SCRAPES = 4 }; /* at a time */

/* One whose client has taken nothing for so long makes room for another. */
#define SCRAPE_IDLE NSEC_PER_SEC

enum part_id { IPVS_STATUS, VRRP_STATUS, VRRP_ROUTERS, VRRP_HEALTH, RUNNER_USAGE, SUPERVISOR_USAGE, PARTS };

/* An answer that is JSON. */
struct part {
	struct scrape *scrape;
	json_t *json; /* NULL: none came, or it is not understood */
};

struct scrape {
	struct control *control;
	uint64_t id; /* of the request */
	unsigned pending;
	struct part parts[PARTS];
	char *heads; /* as ipvs answered */
	size_t n_heads, asked;
	struct arena *names;
	struct metrics_server *servers;
	struct counted_real *reals;
	size_t n, cap, n_reals, cap_reals, series;
	bool full; /* one did not fit: no more are asked for */
	/* The answer: what control_metrics wrote, then the servers' lines, then the end. */
	struct metrics text;
	size_t at; /* in it: what has left */
	struct metrics_cursor cursor;
	bool last; /* nothing follows the text */
};

static void scrape_free(void *source)
{
	struct scrape *s = source;

	s->control->n_scrapes--;
	for (int i = 0; i < PARTS; i++)
		json_decref(s->parts[i].json);
	arena_free(s->names);
	free(s->heads);
	free(s->servers);
	free(s->reals);
	metrics_clear(&s->text);
	free(s);
}

/* ---- the answer ---- */

static void text_refill(struct scrape *s)
{
	const struct metrics_servers servers = {s->servers, s->n, s->reals};

	s->at = s->text.len = 0;
	if (s->last || metrics_servers_next(&servers, &s->cursor, HTTP_PIECE / 2, &s->text))
		return;
	metrics_end(&s->text);
	s->last = true;
}

static size_t on_more(void *source, char *buf, size_t size)
{
	struct scrape *s = source;
	size_t n;

	if (s->at == s->text.len)
		text_refill(s);
	n = s->text.len - s->at < size ? s->text.len - s->at : size;
	memcpy(buf, s->text.bytes + s->at, n);
	s->at += n;
	return n;
}

static void answer(struct scrape *s)
{
	const struct metrics_parts parts = {.ipvs = s->parts[IPVS_STATUS].json,
					    .vrrp = s->parts[VRRP_STATUS].json,
					    .routers = s->parts[VRRP_ROUTERS].json,
					    .health = s->parts[VRRP_HEALTH].json,
					    .runner = s->parts[RUNNER_USAGE].json,
					    .supervisor = s->parts[SUPERVISOR_USAGE].json,
					    .left_out = s->n_heads - s->n};
	struct http_get g = {.status = 200,
			     .type = metrics_content_type(s->text.open),
			     .more = on_more,
			     .gone = scrape_free,
			     .source = s};

	control_metrics(s->control, &parts, &s->text);
	http_answer(control_http_server(s->control), s->id, &g);
}

/* ---- the servers ---- */

/* The Service that has it, as long as there is a plan: "" if none. */
static void name_server(struct scrape *s, struct metrics_server *v)
{
	const char *full = s->control->planning ? plan_vs_service(s->control->plan, &v->key) : NULL;
	const char *slash = full ? strchr(full, '/') : NULL;

	v->namespace = slash ? arena_strndup(s->names, full, (size_t)(slash - full)) : "";
	v->service = slash ? arena_strdup(s->names, slash + 1) : "";
}

static void reals_room(struct scrape *s, size_t n)
{
	if (s->cap_reals - s->n_reals >= n)
		return;
	s->cap_reals = 2 * (s->n_reals + n);
	s->reals = xrealloc(s->reals, s->cap_reals * sizeof *s->reals);
}

/* One virtual server of an answer, if the limit has room for all of its lines and for all before it. */
static void take_server(struct scrape *s, const struct counted_head *h, const char *bytes, size_t reals, uint32_t n)
{
	size_t lines = METRICS_A_SERVER + (size_t)n * METRICS_A_REAL;
	struct metrics_server *v;

	/* A reload may have lowered the limit meanwhile. */
	s->full = s->full || s->series + lines > s->control->config->http.series_limit;
	if (s->full)
		return;
	if (s->n == s->cap) {
		s->cap = s->cap ? 2 * s->cap : COUNTERS_KEYS;
		s->servers = xrealloc(s->servers, s->cap * sizeof *s->servers);
	}
	reals_room(s, n);
	v = &s->servers[s->n++];
	*v = (struct metrics_server){.key = h->key, .counters = h->counters, .first = s->n_reals, .n = n};
	name_server(s, v);
	for (uint32_t i = 0; i < n; i++)
		counters_real(bytes, reals, i, &s->reals[s->n_reals++]);
	s->series += lines;
}

/* The head of this key among those that were asked for last. */
static bool find_head(const struct scrape *s, size_t *at, const struct vs_key *k, struct counted_head *out)
{
	while (*at < s->asked) {
		counters_head(s->heads, (*at)++, out);
		if (vs_key_cmp(&out->key, k) == 0)
			return true;
	}
	return false;
}

static void ask_reals(struct scrape *s);

static void on_reals(struct ask *a, const char *bytes, size_t len)
{
	struct scrape *s = a->context;
	size_t at = 0, reals, head = s->asked - (s->asked % COUNTERS_KEYS ? s->asked % COUNTERS_KEYS : COUNTERS_KEYS);
	struct counted_reals r;
	struct counted_head h;

	while (bytes && counters_next(bytes, len, &at, &r, &reals))
		if (find_head(s, &head, &r.key, &h))
			take_server(s, &h, bytes, reals, r.n);
	if (bytes)
		ask_reals(s);
	else
		answer(s);
}

static void ask_reals(struct scrape *s)
{
	char question[sizeof COUNTERS_REALS + COUNTERS_KEYS * sizeof(struct vs_key)] = COUNTERS_REALS;
	size_t len = strlen(COUNTERS_REALS);
	struct counted_head h;

	if (s->asked == s->n_heads || s->full) {
		answer(s);
		return;
	}
	for (int i = 0; i < COUNTERS_KEYS && s->asked < s->n_heads; i++, len += sizeof h.key) {
		counters_head(s->heads, s->asked++, &h);
		memcpy(question + len, &h.key, sizeof h.key);
	}
	control_ask(s->control, &(struct question){ROLE_IPVS, question, len, 0, s}, on_reals);
}

/* ---- the first questions ---- */

static void part_end(struct scrape *s)
{
	if (--s->pending == 0)
		ask_reals(s);
}

static void on_heads(struct ask *a, const char *bytes, size_t len)
{
	struct scrape *s = a->context;
	long n = bytes ? counters_heads(len) : 0;

	if (n > 0) {
		s->heads = xmalloc(len);
		memcpy(s->heads, bytes, len);
		s->n_heads = (size_t)n;
	}
	part_end(s);
}

static void on_part(struct ask *a, const char *text, size_t len)
{
	struct part *p = a->context;

	p->json = text ? json_loadb(text, len, 0, NULL) : NULL;
	part_end(p->scrape);
}

void control_scrape(struct control *c, struct http_get *g)
{
	static const struct {
		enum role to;
		const char *what;
	} questions[PARTS] = {[IPVS_STATUS] = {ROLE_IPVS, "status"}, [VRRP_STATUS] = {ROLE_VRRP, "status"},
			      [VRRP_ROUTERS] = {ROLE_VRRP, "vrrp"},  [VRRP_HEALTH] = {ROLE_VRRP, "health"},
			      [RUNNER_USAGE] = {ROLE_RUNNER, ""},    [SUPERVISOR_USAGE] = {ROLE_SUPERVISOR, ""}};
	char accept[1024];
	struct scrape *s;

	if (c->n_scrapes == SCRAPES && !http_end_slowest(control_http_server(c), SCRAPE_IDLE)) {
		g->status = 503;
		g->body = xstrdup("too many at a time\n");
		return;
	}
	c->n_scrapes++;
	s = xcalloc(1, sizeof *s);
	s->control = c;
	s->id = g->id;
	s->names = arena_new(0);
	s->text.open = http_field(g->head, "accept", accept, sizeof accept) && metrics_accept_open(accept);
	g->later = true;
	s->pending = PARTS + 1;
	for (int i = 0; i < PARTS; i++) {
		s->parts[i].scrape = s;
		control_ask(
		    c,
		    &(struct question){questions[i].to, questions[i].what, strlen(questions[i].what), 0, &s->parts[i]},
		    on_part);
	}
	control_ask(c, &(struct question){ROLE_IPVS, COUNTERS_HEADS, strlen(COUNTERS_HEADS), 0, s}, on_heads);
}
