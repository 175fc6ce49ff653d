/* What people are told of the routers. Test: tests/kernel/test_vrrp_told.c. */
#include "engine_int.h"

#include "../src/base/arena.h"

#include <jansson.h>
#include <stdlib.h>
#include <sys/socket.h>

static json_t *peers_json(const struct vrouter *r)
{
	json_t *list = json_array();
	char text[ADDR_TEXT];

	for (size_t i = 0; i < r->n_peers; i++) {
		const struct peer_seen *p = &r->peers[i];

		json_array_append_new(list, json_pack("{s:s, s:i, s:I}", "address", addr_format(&p->addr, text),
						      "priority", (int)p->priority, "lastHeardMs",
						      (json_int_t)((clock_now() - p->heard) / NSEC_PER_MSEC)));
	}
	return list;
}

/* A peer that is heard no more differs no more. */
#define DIFFERENCE_AGE (10 * NSEC_PER_SEC)

static json_t *difference_json(const struct vrouter *r)
{
	char peer[ADDR_TEXT], *text = xasprintf("%s %s", addr_format(&r->differs, peer), r->difference);
	json_t *j = json_string(text);

	free(text);
	return j;
}

static json_t *refused_json(const uint64_t refused[PACKET_REASONS])
{
	json_t *j = json_object();

	for (int i = 0; i < PACKET_REASONS; i++)
		if (refused[i])
			json_object_set_new(j, packet_reason_name((enum packet_reason)i),
					    json_integer((json_int_t)refused[i]));
	return j;
}

static const char *why_priority(const struct vrouter *r)
{
	if (r->fc.priority == r->conf.priority)
		return "";
	if (r->engine->unready)
		return "the ipvs process is not ready";
	return group_delta(r) ? "tracked" : "endpoints of Local VIPs on this node";
}

/* What each tracked thing is like, and what that does. */
static json_t *tracks_json(const struct vrouter *r)
{
	static const char *const kinds[] = {[TRACK_INTERFACE] = "interface",
					    [TRACK_PROCESS] = "process",
					    [TRACK_FILE] = "file",
					    [TRACK_SCRIPT] = "script"};
	static const char *const states[] = {[TRACK_UNKNOWN] = "unknown", [TRACK_DOWN] = "down", [TRACK_UP] = "up"};
	json_t *list = json_array();

	for (size_t i = 0; i < r->conf.n_tracks; i++) {
		const struct track *t = &r->conf.tracks[i];
		json_t *j = json_pack("{s:s, s:s}", "kind", kinds[t->kind], "name", t->name);

		if (t->kind == TRACK_FILE && r->tracks[i].now != TRACK_UNKNOWN)
			json_object_set_new(j, "value", json_integer(r->tracks[i].value));
		else
			json_object_set_new(j, "state", json_string(states[r->tracks[i].now]));
		json_object_set_new(j, "weight",
				    t->weight == TRACK_FAULT ? json_string("fault") : json_integer(t->weight));
		json_array_append_new(list, j);
	}
	return list;
}

/* VIPs of Services with traffic policy Local, those of them with a ready endpoint on this node, and by how much that raises the priority. */
static json_t *local_json(const struct vrouter *r)
{
	return json_pack("{s:I, s:I, s:i}", "addresses", (json_int_t)r->n_local, "here", (json_int_t)r->n_here, "rise",
			 group_rise(r));
}

static json_t *router_json(const struct vrouter *r)
{
	char active[ADDR_TEXT], self[ADDR_TEXT];
	json_t *j = json_pack("{s:s, s:s, s:i, s:s, s:i, s:s, s:I, s:i, s:i, s:s, s:i, s:s, s:s, s:s}", "name",
			      r->conf.name, "interface", r->conf.ifname, "vrid", (int)r->conf.vrid, "family",
			      r->conf.family == AF_INET6 ? "IPv6" : "IPv4", "version", (int)r->conf.version, "state",
			      fsm_mode_notify(r->fs.mode), "since", (json_int_t)r->since, "priority",
			      (int)r->conf.priority, "effectivePriority", (int)r->fc.priority, "why", why_priority(r),
			      "intervalMs", (int)r->conf.interval_ms, "lastCause", r->fs.cause, "address",
			      addr_format(&r->fc.self, self), "active", addr_format(&r->fs.active, active));

	if (!j)
		return NULL;
	json_object_set_new(j, "transitions", json_integer((json_int_t)r->transitions));
	json_object_set_new(j, "sent", json_integer((json_int_t)r->sent));
	json_object_set_new(j, "sendErrors", json_integer((json_int_t)r->send_errors));
	json_object_set_new(j, "received", json_integer((json_int_t)r->received));
	json_object_set_new(j, "differing", json_integer((json_int_t)r->differing));
	json_object_set_new(j, "refused", refused_json(r->refused));
	json_object_set_new(j, "addresses", json_integer((json_int_t)r->n_addrs));
	json_object_set_new(j, "advertised", json_integer((json_int_t)r->n_advertised));
	json_object_set_new(j, "peers", peers_json(r));
	if (r->difference && clock_now() - r->differed < DIFFERENCE_AGE)
		json_object_set_new(j, "difference", difference_json(r));
	if (r->n_local)
		json_object_set_new(j, "local", local_json(r));
	if (r->conf.n_tracks)
		json_object_set_new(j, "tracks", tracks_json(r));
	if (r->conf.group[0])
		json_object_set_new(j, "group", json_string(r->conf.group));
	return j;
}

json_t *engine_json(const struct engine *e)
{
	json_t *list = json_array();

	for (size_t i = 0; i < e->n; i++)
		json_array_append_new(list, router_json(e->routers[i]));
	return list;
}

json_t *engine_strays_json(const struct engine *e)
{
	return refused_json(e->refused);
}

void engine_dump(const struct engine *e)
{
	for (size_t i = 0; i < e->n; i++) {
		const struct vrouter *r = e->routers[i];

		log_info("router %s on %s, VRID %u, %s: %s, priority %u of %u, %zu addresses, %llu sent, %llu received",
			 r->conf.name, r->conf.ifname, r->conf.vrid, r->conf.family == AF_INET6 ? "IPv6" : "IPv4",
			 fsm_mode_notify(r->fs.mode), r->fc.priority, r->conf.priority, r->n_addrs,
			 (unsigned long long)r->sent, (unsigned long long)r->received);
	}
}
