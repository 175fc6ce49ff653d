/* healthCheckNodePort: an external load balancer asks each node whether it has endpoints of a Service with externalTrafficPolicy Local. 200 if this node has
 * a ready one and ipvs has programmed its table, else 503; on all addresses, or on those of nodePortAddresses. A port that cannot be opened is told once and
 * tried again. Source: k8s.io/kubernetes pkg/proxy/healthcheck/service_health.go (body, headers, status, Event). Test: tests/test_control_health.c */
#include "control.h"

#include "base/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define AGAIN (10 * NSEC_PER_SEC)

struct opened {
	struct opened *next;
	struct addr addr;
	struct http_listener *listener;
	bool wanted;
};

struct health_service {
	char *namespace, *name, *uid;
	uint16_t port;
	bool v4, v6;
	uint32_t ready[2]; /* IPv4, IPv6 */
	struct opened *opened;
	bool told;  /* a port that cannot be opened */
	bool known; /* by this plan */
};

struct health {
	struct control *control;
	struct http_server *server;
	struct loop_timer *again;
	struct map *services; /* "namespace/name" -> struct health_service */
};

/* ---- answers ---- */

/* ipvs is there, and has programmed what it was given. */
static bool proxy_healthy(const struct control *c)
{
	const struct side_state *s = &c->sides[OUTBOX_IPVS];

	return child_has(c->child, ROLE_IPVS) && s->sent > 0 && s->acked > 0;
}

static void on_get(void *arg, struct http_get *g)
{
	const struct health *h = arg;
	const struct health_service *s = g->listener;
	uint32_t n = s->ready[g->local->ss_family == AF_INET6];
	bool healthy = proxy_healthy(h->control);

	g->status = n && healthy ? 200 : 503;
	g->type = "application/json";
	snprintf(g->extra, sizeof g->extra, "X-Load-Balancing-Endpoint-Weight: %u\r\n", n);
	g->body = xasprintf(
	    "{\n\t\"service\": {\n\t\t\"namespace\": \"%s\",\n\t\t\"name\": \"%s\"\n\t},\n\t\"localEndpoints\": "
	    "%u,\n\t\"serviceProxyHealthy\": %s\n}",
	    s->namespace, s->name, n, healthy ? "true" : "false");
	g->len = strlen(g->body);
}

/* ---- listeners ---- */

static void say_failed(struct health *h, struct health_service *s, const struct addr *a, int err)
{
	struct control *c = h->control;
	struct object o = {.kind = KIND_SERVICE, .meta = {.namespace = s->namespace, .name = s->name, .uid = s->uid}};
	char address[ADDR_TEXT];
	char *message = xasprintf("node %s failed to start healthcheck \"%s/%s\" on port %u of %s: %s",
				  c->config->node_name ? c->config->node_name : "", s->namespace, s->name, s->port,
				  addr_format(a, address), strerror(-err));

	loop_timer_set(h->again, AGAIN);
	if (!s->told) {
		log_warning("%s", message);
		control_events_problem(c, &o, "FailedToStartServiceHealthcheck", message);
	}
	s->told = true;
	free(message);
}

/* True if it is open. */
static bool open_one(struct health *h, struct health_service *s, const struct addr *a)
{
	struct http_listener *l;
	struct opened *o;
	int err;

	for (o = s->opened; o; o = o->next)
		if (addr_equal(&o->addr, a)) {
			o->wanted = true;
			return true;
		}
	err = http_listen(h->server, a, s->port, s, &l);
	if (err == -EADDRNOTAVAIL || err == -EAFNOSUPPORT)
		return true; /* an address that has gone, a machine without the family */
	if (err) {
		say_failed(h, s, a, err);
		return false;
	}
	o = xcalloc(1, sizeof *o);
	*o = (struct opened){s->opened, *a, l, true};
	s->opened = o;
	return true;
}

/* Closes those that are not wanted; all of them, if every is true. */
static void close_some(struct health_service *s, bool every)
{
	struct opened **at = &s->opened, *o;

	while ((o = *at)) {
		if (o->wanted && !every) {
			o->wanted = false;
			at = &o->next;
			continue;
		}
		*at = o->next;
		http_listener_free(o->listener);
		free(o);
	}
}

static bool in_nets(const struct plan_config *p, const struct addr *a)
{
	for (size_t i = 0; i < p->n_node_port_nets; i++)
		if (cidr_contains(&p->node_port_nets[i], a))
			return true;
	return false;
}

static bool open_family(struct health *h, struct health_service *s, uint8_t family)
{
	const struct plan_config *p = &h->control->config->plan;
	const struct addr any = {.family = family};
	bool good = true;

	if (!p->n_node_port_nets)
		return open_one(h, s, &any);
	for (size_t i = 0; i < h->control->n_locals; i++)
		if (h->control->locals[i].family == family && in_nets(p, &h->control->locals[i]))
			good = open_one(h, s, &h->control->locals[i]) && good;
	return good;
}

static void service_open(struct health *h, struct health_service *s)
{
	bool good = !s->v4 || open_family(h, s, AF_INET);

	good = (!s->v6 || open_family(h, s, AF_INET6)) && good;
	close_some(s, false);
	if (good)
		s->told = false;
}

/* ---- Services ---- */

static void service_free(void *service)
{
	struct health_service *s = service;

	close_some(s, true);
	free(s->namespace);
	free(s->name);
	free(s->uid);
	free(s);
}

static struct health_service *service_new(struct health *h, const char *full, const struct service_change *change)
{
	struct health_service *s = xcalloc(1, sizeof *s);

	s->namespace = xstrdup(change->object->meta.namespace);
	s->name = xstrdup(change->object->meta.name);
	s->uid = xstrdup(change->uid);
	map_puts(h->services, full, s);
	return s;
}

static void take(struct health *h, const char *full, const struct service_change *change)
{
	struct health_service *s = map_gets(h->services, full);

	if (s && s->port != change->health_port) {
		map_dels(h->services, full);
		service_free(s);
		s = NULL;
	}
	if (!change->health_port)
		return;
	if (!s)
		s = service_new(h, full, change);
	s->port = change->health_port;
	s->v4 = change->health_v4;
	s->v6 = change->health_v6;
	memcpy(s->ready, change->local_ready, sizeof s->ready);
	s->known = true;
	service_open(h, s);
}

void control_health_service(struct control *c, const struct service_change *change)
{
	const struct meta *m = &change->object->meta;
	char *full = xasprintf("%s/%s", m->namespace, m->name);

	take(c->health, full, change);
	free(full);
}

void control_health_replan(struct control *c)
{
	size_t at = 0;
	void *s;

	while (map_next(c->health->services, &at, NULL, NULL, &s))
		((struct health_service *)s)->known = false;
}

void control_health_planned(struct control *c)
{
	const void *key;
	size_t at = 0, len;
	void *value;

	while (map_next(c->health->services, &at, &key, &len, &value)) {
		struct health_service *s = value;

		if (s->known)
			continue;
		map_del(c->health->services, key, len);
		service_free(s);
	}
}

void control_health_reopen(struct control *c)
{
	size_t at = 0;
	void *s;

	while (map_next(c->health->services, &at, NULL, NULL, &s))
		service_open(c->health, s);
}

static void on_again(void *arg)
{
	control_health_reopen(((struct health *)arg)->control);
}

void control_health_init(struct control *c)
{
	struct health *h = xcalloc(1, sizeof *h);

	h->control = c;
	h->server = http_new(c->loop, on_get, h);
	h->again = loop_timer_new(c->loop, on_again, h);
	h->services = map_new();
	c->health = h;
}

void control_health_end(struct control *c)
{
	struct health *h = c->health;

	if (!h)
		return;
	map_free(h->services, service_free);
	http_free(h->server);
	loop_timer_free(h->again);
	free(h);
	c->health = NULL;
}
