/* What the HTTP server of vipd.yaml's http answers: probes as the Kubernetes API server's, /health as kube-keepalived-vip's. It listens where the
 * configuration says; an address that cannot be bound is told and tried again. Source: src/probe_text.h; kube-keepalived-vip's pkg/ (Active without a VIP, or
 * Backup with one, is unhealthy). Test: tests/test_control_http.c */
#include "control.h"
#include "probe_text.h"
#include "secret.h"

#include "base/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define AGAIN (1 * NSEC_PER_SEC) /* until the next try to bind */

enum { PLACE_TEXT = ADDR_TEXT + 16 };

struct opened {
	struct opened *next;
	struct http_place place;
	struct http_listener *listener; /* NULL: it could not be bound yet, which has been told */
};

struct web {
	struct control *control;
	struct http_server *server;
	struct opened *opened;
	struct loop_timer *again;
	bool secure; /* it speaks TLS */
	char *token; /* what /metrics asks for; NULL: there is none, though there may be one to be read */
};

/* ---- answers ---- */

static bool is_programmed(const struct control *c, enum role role, enum outbox_side side)
{
	return child_has(c->child, role) && c->sides[side].acked > 0;
}

static bool answer_probe(const struct control *c, struct http_get *g)
{
	const struct probe_check checks[] = {
	    {"ping", PROBE_LIVEZ | PROBE_READYZ, true},
	    {"record", PROBE_READYZ, c->record != NULL},
	    {"manifests", PROBE_READYZ, c->settled},
	    {"ipvs", PROBE_READYZ, is_programmed(c, ROLE_IPVS, OUTBOX_IPVS)},
	    {"vrrp", PROBE_READYZ, is_programmed(c, ROLE_VRRP, OUTBOX_VRRP)},
	    {NULL, 0, false},
	};

	g->body = probe_answer(g->head->target, g->head->query, checks, &g->status);
	return g->body != NULL;
}

/* What is wrong with one router, or NULL. malloc'd. */
static char *router_unhealthy(const json_t *r)
{
	const char *name = json_string_value(json_object_get(r, "router"));
	const char *state = json_string_value(json_object_get(r, "state"));
	const char *missing = json_string_value(json_object_get(r, "missing"));
	const char *present = json_string_value(json_object_get(r, "present"));

	if (!name || !state || !missing || !present)
		return xstrdup("the answer of the vrrp process is not understood");
	if (strcmp(state, "MASTER") != 0)
		return strcmp(present, "-")
			   ? xasprintf("router %s is not Active, but %s is on this node", name, present)
			   : NULL;
	if (!strcmp(missing, "-"))
		return NULL;
	return *name ? xasprintf("router %s is Active without %s", name, missing)
		     : xasprintf("%s is not on this node", missing);
}

static char *unhealthy(const char *answer, size_t len)
{
	json_t *list = answer ? json_loadb(answer, len, 0, NULL) : NULL, *r;
	char *why = json_is_array(list) ? NULL : xstrdup("the vrrp process does not answer");
	size_t i;

	json_array_foreach(list, i, r)
	{
		if (!why)
			why = router_unhealthy(r);
	}
	json_decref(list);
	return why;
}

static void on_health(struct ask *a, const char *answer, size_t len)
{
	struct http_get g = {.status = 200, .type = HTTP_TEXT};
	char *why = unhealthy(answer, len);

	if (why)
		g.status = 500;
	g.body = why ? xasprintf("unhealthy: %s\n", why) : xstrdup("ok");
	g.len = strlen(g.body);
	free(why);
	http_answer(a->control->web->server, a->client, &g);
}

/* ---- the token ---- */

enum { TOKEN_MAX = 1024 };

/* One word, its end of line cut off; NULL if it is none. */
static char *token_word(char *text)
{
	size_t n = strcspn(text, "\r\n");

	if (!n || n > TOKEN_MAX || text[n + strspn(text + n, "\r\n")])
		return NULL;
	text[n] = '\0';
	for (const char *p = text; *p; p++)
		if (*p <= ' ' || *p > '~')
			return NULL;
	return text;
}

/* A file that cannot be read, or is not kept, leaves the former token in force; if there was none, nobody is let in. */
static void token_read(struct web *w)
{
	const char *file = w->control->config->http.token_file;
	char *text = NULL, *word = NULL, *message = NULL, why[384] = "expected one word of at most 1024 characters";
	size_t len = 0;

	if (file && secret_read(file, TOKEN_MAX + 2, &text, &len, why, sizeof why) == 0)
		word = token_word(text);
	if (file && !word)
		message = xasprintf("HTTP: tokenFile %s: %s; /metrics is %s", file, why,
				    w->token ? "asked for with the former token" : "refused");
	if (message)
		log_warning("%s", message);
	notices_set(w->control->notices, "http", "tokenFile", "CannotReadToken", message);
	if (word || !file) {
		free(w->token);
		w->token = word ? xstrdup(word) : NULL;
	}
	free(message);
	secret_free(text, len);
}

/* Takes as long whatever the two have in common. */
static bool same_secret(const char *a, const char *b)
{
	size_t n = strlen(a), m = strlen(b);
	unsigned differ = n != m;

	for (size_t i = 0; i < n; i++)
		differ |= (unsigned char)a[i] ^ (unsigned char)b[m ? i % m : 0];
	return differ == 0;
}

static bool is_allowed(const struct web *w, const struct http_head *h)
{
	static const char scheme[] = "bearer ";
	char given[TOKEN_MAX + sizeof scheme];

	if (!w->control->config->http.token_file)
		return true;
	return w->token && http_field(h, "authorization", given, sizeof given) &&
	       strncasecmp(given, scheme, sizeof scheme - 1) == 0 && same_secret(given + sizeof scheme - 1, w->token);
}

static void answer_metrics(const struct web *w, struct http_get *g)
{
	if (is_allowed(w, g->head)) {
		control_scrape(w->control, g);
		return;
	}
	g->status = 401;
	g->body = xstrdup("a bearer token is needed\n");
	snprintf(g->extra, sizeof g->extra, "WWW-Authenticate: Bearer\r\n");
}

/* ---- TLS ---- */

/* False: nobody must listen, for it would be without. The former keys go on where the new ones cannot be read. */
static bool keys_read(struct web *w)
{
	const struct http_settings *s = &w->control->config->http;
	struct tls_keys *keys = NULL;
	char why[1024], *message = NULL;

	if (s->certificate && tls_keys_new(s->certificate, s->key, &keys, why, sizeof why))
		message =
		    xasprintf("HTTP: no TLS: %s%s", why,
			      w->secure ? "; the former certificate stays" : "; nothing is served until it is right");
	if (notices_set(w->control->notices, "http", "tls", "CannotReadKeys", message) && message)
		log_warning("%s", message);
	if (keys || !s->certificate) {
		http_tls(w->server, keys);
		w->secure = keys != NULL;
	}
	free(message);
	return w->secure || !s->certificate;
}

static void on_get(void *arg, struct http_get *g)
{
	struct control *c = ((struct web *)arg)->control;

	snprintf(g->extra, sizeof g->extra, "Cache-Control: no-cache, private\r\n");
	if (strcmp(g->head->target, "/health") == 0) {
		g->later = true;
		control_ask(c, &(struct question){ROLE_VRRP, "health", strlen("health"), g->id, NULL}, on_health);
	} else if (strcmp(g->head->target, "/metrics") == 0) {
		answer_metrics(arg, g);
	} else if (!answer_probe(c, g)) {
		g->body = xstrdup("404 page not found\n");
	}
	g->len = g->body ? strlen(g->body) : 0;
}

struct http_server *control_http_server(const struct control *c)
{
	return c->web->server;
}

/* ---- listeners ---- */

static const char *place_text(const struct http_place *p, char buf[PLACE_TEXT])
{
	char address[ADDR_TEXT];

	snprintf(buf, PLACE_TEXT, p->addr.family == AF_INET6 ? "[%s]:%u" : "%s:%u", addr_format(&p->addr, address),
		 p->port);
	return buf;
}

static void place_open(struct web *w, struct opened *o, bool told)
{
	char text[PLACE_TEXT], *message;
	int err = http_listen(w->server, &o->place.addr, o->place.port, NULL, &o->listener);

	place_text(&o->place, text);
	if (!err) {
		log_info("HTTP: probes and metrics are served on %s", text);
		notices_set(w->control->notices, "http", text, "CannotListen", NULL);
		return;
	}
	loop_timer_set(w->again, AGAIN);
	if (told)
		return;
	message = xasprintf("HTTP: cannot listen on %s: %s%s; it is tried again", text, strerror(-err),
			    err == -EACCES ? " (the control process may not take a port below 1024)" : "");
	log_warning("%s", message);
	notices_set(w->control->notices, "http", text, "CannotListen", message);
	free(message);
}

static bool is_wanted(const struct http_settings *s, const struct http_place *p)
{
	for (size_t i = 0; i < s->n_listen; i++)
		if (addr_equal(&s->listen[i].addr, &p->addr) && s->listen[i].port == p->port)
			return true;
	return false;
}

static bool is_there(const struct web *w, const struct http_place *p)
{
	const struct opened *o = w->opened;

	while (o && (!addr_equal(&o->place.addr, &p->addr) || o->place.port != p->port))
		o = o->next;
	return o != NULL;
}

static void place_close(struct web *w, struct opened **at)
{
	struct opened *o = *at;
	char text[PLACE_TEXT];

	*at = o->next;
	notices_set(w->control->notices, "http", place_text(&o->place, text), "CannotListen", NULL);
	http_listener_free(o->listener);
	free(o);
}

static void places_follow(struct web *w, const struct http_settings *s)
{
	for (struct opened **at = &w->opened; *at;)
		if (is_wanted(s, &(*at)->place))
			at = &(*at)->next;
		else
			place_close(w, at);
	for (size_t i = 0; i < s->n_listen; i++) {
		struct opened *o;

		if (is_there(w, &s->listen[i]))
			continue;
		o = xcalloc(1, sizeof *o);
		*o = (struct opened){w->opened, s->listen[i], NULL};
		w->opened = o;
		place_open(w, o, false);
	}
}

static void keys_follow(struct web *w)
{
	static const struct http_settings none;

	if (keys_read(w)) {
		places_follow(w, &w->control->config->http);
		return;
	}
	places_follow(w, &none);
	loop_timer_set(w->again, AGAIN);
}

void control_http_reload(struct control *c)
{
	token_read(c->web);
	keys_follow(c->web);
}

static void on_again(void *arg)
{
	struct web *w = arg;

	for (struct opened *o = w->opened; o; o = o->next)
		if (!o->listener)
			place_open(w, o, true);
	if (!w->opened)
		keys_follow(w); /* they may be there now */
}

void control_http_init(struct control *c)
{
	struct web *w = xcalloc(1, sizeof *w);

	w->control = c;
	w->server = http_new(c->loop, on_get, w);
	w->again = loop_timer_new(c->loop, on_again, w);
	c->web = w;
	control_http_reload(c);
}

void control_http_end(struct control *c)
{
	struct web *w = c->web;

	if (!w)
		return;
	while (w->opened)
		place_close(w, &w->opened);
	http_free(w->server);
	loop_timer_free(w->again);
	free(w->token);
	free(w);
	c->web = NULL;
}
