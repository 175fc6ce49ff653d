/* Routers as the YAML that reads back to them: every value is stated. Test: tests/test_config_router.c (fixed point). */
#include "config_read.h"

#include <string.h>
#include <sys/socket.h>

static json_t *name_json(const char *s, size_t size)
{
	return json_stringn(s, strnlen(s, size));
}

static void set_name(json_t *j, const char *key, const char *s, size_t size)
{
	if (s[0])
		json_object_set_new(j, key, name_json(s, size));
}

static json_t *addr_json(const struct addr *a)
{
	char buf[ADDR_TEXT];

	return json_string(addr_format(a, buf));
}

static json_t *track_json(const struct track *t)
{
	static const char *const kinds[] = {[TRACK_INTERFACE] = "interface",
					    [TRACK_PROCESS] = "process",
					    [TRACK_FILE] = "file",
					    [TRACK_SCRIPT] = "script"};
	json_t *j = json_object();

	json_object_set_new(j, kinds[t->kind], name_json(t->name, sizeof t->name));
	if (t->kind != TRACK_INTERFACE)
		json_object_set_new(j, "interval", config_ms_json(t->interval_ms));
	if (t->kind == TRACK_SCRIPT) {
		json_object_set_new(j, "timeout", config_ms_json(t->timeout_ms));
		json_object_set_new(j, "rise", json_integer(t->rise));
		json_object_set_new(j, "fall", json_integer(t->fall));
	}
	if (t->kind == TRACK_INTERFACE)
		json_object_set_new(j, "debounce", config_ms_json(t->debounce_ms));
	json_object_set_new(j, "weight", t->weight == TRACK_FAULT ? json_string("fault") : json_integer(t->weight));
	return j;
}

static json_t *authentication_json(const struct router *r)
{
	const char *const types[] = {"none", "pass", "ah"};
	char pass[sizeof r->pass + 1] = "";

	memcpy(pass, r->pass, sizeof r->pass);
	return json_pack("{s:s, s:s}", "type", types[r->auth], "password", pass);
}

/* What a spread states too. */
static void set_shared(json_t *j, const struct router *r)
{
	json_t *list = json_array();

	set_name(j, "interface", r->ifname, sizeof r->ifname);
	json_object_set_new(j, "version", json_integer(r->version));
	json_object_set_new(j, "priority", json_integer(r->priority));
	json_object_set_new(j, "interval", config_ms_json(r->interval_ms));
	json_object_set_new(j, "preempt", json_boolean(r->preempt));
	json_object_set_new(j, "preemptDelay", config_ms_json(r->preempt_delay_ms));
	json_object_set_new(j, "startupDelay", config_ms_json(r->startup_delay_ms));
	json_object_set_new(j, "accept", json_boolean(r->accept));
	json_object_set_new(j, "mac", json_string(r->vmac ? "virtual" : "interface"));
	json_object_set_new(j, "checksum", json_string(r->checksum ? "rfc9568" : "rfc5798"));
	if (r->auth)
		json_object_set_new(j, "authentication", authentication_json(r));
	if (r->source.family)
		json_object_set_new(j, "source", addr_json(&r->source));
	for (size_t i = 0; i < r->n_peers; i++)
		json_array_append_new(list, addr_json(&r->peers[i]));
	json_object_set_new(j, "peers", list);
	json_object_set_new(j, "checkUnicastSource", json_boolean(r->check_source));
	json_object_set_new(j, "minTTL", json_integer(r->min_ttl));
	list = json_array();
	for (size_t i = 0; i < r->n_tracks; i++)
		json_array_append_new(list, track_json(&r->tracks[i]));
	json_object_set_new(j, "track", list);
}

static json_t *pin_json(const struct assign_pin *p, const char *address)
{
	json_t *j;

	if (!p->scope && !p->label[0])
		return json_string(address);
	j = json_pack("{s:s, s:s}", "address", address, "scope", config_scope_word(p->scope));
	set_name(j, "label", p->label, sizeof p->label);
	return j;
}

static json_t *own_json(const struct config *c, size_t router)
{
	json_t *list = json_array();
	char buf[CIDR_TEXT];

	for (size_t i = 0; i < c->n_pins; i++) {
		struct cidr one = {c->pins[i].addr, c->pins[i].bits};

		if (c->pins[i].router == router)
			json_array_append_new(list, pin_json(&c->pins[i], cidr_format(&one, buf)));
	}
	return list;
}

json_t *config_routers_json(const struct config *c)
{
	json_t *list = json_array();

	for (size_t i = 0; i < c->n_routers; i++) {
		const struct router *r = &c->routers[i];
		json_t *j = json_object();

		json_object_set_new(j, "name", name_json(r->name, sizeof r->name));
		json_object_set_new(j, "vrid", json_integer(r->vrid));
		json_object_set_new(j, "family", json_string(r->family == AF_INET ? "IPv4" : "IPv6"));
		set_name(j, "group", r->group, sizeof r->group);
		set_shared(j, r);
		json_object_set_new(j, "addresses", own_json(c, i));
		json_array_append_new(list, j);
	}
	return list;
}

json_t *config_spread_json(const struct spread *s)
{
	json_t *j = json_object(), *exclude = json_array(), *nodes = json_array();
	char vrids[16];

	snprintf(vrids, sizeof vrids, "%u-%u", s->vrid_first, s->vrid_last);
	for (int v = 1; v < 256; v++)
		if (s->excluded[v])
			json_array_append_new(exclude, json_integer(v));
	for (size_t i = 0; i < s->n_nodes; i++)
		json_array_append_new(nodes, json_string(s->nodes[i]));
	json_object_set_new(j, "count", json_integer(s->count));
	json_object_set_new(j, "vrids", json_string(vrids));
	json_object_set_new(j, "exclude", exclude);
	json_object_set_new(j, "nodes", nodes);
	if (s->v4 != s->v6)
		json_object_set_new(j, "family", json_string(s->v4 ? "IPv4" : "IPv6"));
	set_shared(j, &s->like);
	return j;
}
