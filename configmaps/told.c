/* What a Service as a whole has become in a run: a load balancer or none, its addresses, without any real server. Told when it is new.
 * Test: tests/test_plan_told.c */
#include "plan_int.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

uint16_t service_health_port(const struct plan *p, const struct svc *s)
{
	const struct service *service = &s->object->service;

	if (!(p->config.handle & HANDLE_NODEPORT) || service->type != SERVICE_LOADBALANCER ||
	    !service->external_local || !service_served(s->object))
		return 0;
	return service->health_check_node_port;
}

static void health_now(const struct plan *p, const struct svc *s, struct told *t)
{
	t->health_port = service_health_port(p, s);
	if (t->health_port)
		memcpy(t->local_ready, s->local_ready, sizeof t->local_ready);
}

/* malloc'd: what there is to tell of s now. */
static struct told *told_now(const struct plan *p, const struct svc *s)
{
	struct told *t = xcalloc(1, sizeof *t + s->n_vips * sizeof t->vips[0]);

	if (!s->object)
		return t;
	t->balancer = (p->config.handle & HANDLE_LOADBALANCER) && service_balancer(p, s->object);
	for (size_t i = 0; i < s->n_vips; i++)
		if (s->vips[i].source == FROM_CONFIGMAP || s->vips[i].source == FROM_BALANCER)
			t->vips[t->n++] = s->vips[i].addr;
	t->idle = s->n_wants > 0;
	for (size_t i = 0; i < s->n_wants; i++)
		t->idle = t->idle && s->wants[i].backend->n == 0;
	for (size_t i = 0; i < s->n_vips && s->local; i++)
		t->no_local |= s->vips[i].source != FROM_CLUSTER && !s->local_ready[s->vips[i].addr.family == AF_INET6];
	health_now(p, s, t);
	return t;
}

static bool told_equal(const struct told *a, const struct told *b)
{
	return a->balancer == b->balancer && a->idle == b->idle && a->no_local == b->no_local &&
	       a->health_port == b->health_port && !memcmp(a->local_ready, b->local_ready, sizeof a->local_ready) &&
	       a->n == b->n && (!a->n || memcmp(a->vips, b->vips, a->n * sizeof a->vips[0]) == 0);
}

/* A Service of which nothing is to be told costs no memory. */
static bool told_nothing(const struct told *t)
{
	return !t->balancer && !t->idle && !t->no_local && !t->health_port && !t->n;
}

static void told_call(const struct plan *p, const struct svc *s, const struct told *was, const struct told *now,
		      const struct plan_out *out)
{
	struct object gone = {.kind = KIND_SERVICE};
	char *namespace = xstrdup(s->name), *name = strchr(namespace, '/'), uid[UID_BUF];
	struct service_change c = {.object = s->object ? s->object : &gone,
				   .uid = s->object ? svc_uid(p, s, uid) : "",
				   .balancer = now->balancer,
				   .was_balancer = was->balancer,
				   .vips = now->vips,
				   .n_vips = now->n,
				   .were = was->vips,
				   .n_were = was->n,
				   .idle = now->idle,
				   .was_idle = was->idle,
				   .no_local = now->no_local,
				   .was_no_local = was->no_local,
				   .health_port = now->health_port};

	memcpy(c.local_ready, now->local_ready, sizeof c.local_ready);
	if (now->health_port)
		plan_families(p, s->object, &c.health_v4, &c.health_v6);
	*name++ = '\0';
	gone.meta.namespace = namespace;
	gone.meta.name = name;
	out->service(out->arg, &c);
	free(namespace);
}

void told_report(struct plan *p, struct svc *s, const struct plan_out *out)
{
	static const struct told nothing;
	const struct told *was = s->told ? s->told : &nothing;
	struct told *now = told_now(p, s);

	if (!told_equal(was, now))
		told_call(p, s, was, now, out);
	free(s->told);
	s->told = now;
	if (!told_nothing(now))
		return;
	free(now);
	s->told = NULL;
}

bool plan_balancer_waits(const struct plan *p, const char *namespace, const char *name)
{
	char *full = xasprintf("%s/%s", namespace, name);
	const struct svc *s = map_gets(p->services, full);

	free(full);
	return s && s->told && s->told->balancer && !s->told->n;
}
