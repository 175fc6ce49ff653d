/* vipd's own kinds: a virtual server, an address, a virtual router. Test: tests/test_describe.c. */
#include "describe_int.h"

#include "base/arena.h"

#include <stdlib.h>
#include <string.h>

/* With its rate, where the kernel computes any. */
static void counter_line(FILE *to, const char *title, json_t *status, const char *key)
{
	json_t *rates = json_object_get(status, "rates");

	if (rates)
		describe_line(to, title, "%lld, %lld/s", describe_number(status, key), describe_number(rates, key));
	else
		describe_line(to, title, "%lld", describe_number(status, key));
}

void describe_server(FILE *to, json_t *server, const struct describe_world *w)
{
	json_t *spec = json_object_get(server, "spec"), *status = json_object_get(server, "status");
	const char *name = describe_text(json_object_get(server, "metadata"), "name");

	describe_line(to, "Name:", "%s", name);
	describe_line(to, "Service:", "%s",
		      json_is_false(json_object_get(status, "ours")) ? "<foreign>" : describe_text(spec, "service"));
	describe_line(to, "Scheduler:", "%s", describe_text(spec, "scheduler"));
	if (describe_number(spec, "persistence"))
		describe_line(to, "Persistence:", "%lld seconds", describe_number(spec, "persistence"));
	counter_line(to, "Connections:", status, "connections");
	counter_line(to, "Packets In:", status, "inPackets");
	counter_line(to, "Packets Out:", status, "outPackets");
	counter_line(to, "Bytes In:", status, "inBytes");
	counter_line(to, "Bytes Out:", status, "outBytes");
	fputs("Real Servers:\n", to);
	describe_reals(to, status);
	describe_problems(to, w, name);
}

static void age_line(FILE *to, const char *name, json_t *status, long long now)
{
	char age[24];

	if (json_object_get(status, "since"))
		describe_line(to, name, "%s", columns_age(now - describe_number(status, "since"), age));
}

void describe_vip(FILE *to, json_t *vip, const struct describe_world *w)
{
	json_t *spec = json_object_get(vip, "spec"), *status = json_object_get(vip, "status");
	const char *name = describe_text(json_object_get(vip, "metadata"), "name");

	describe_line(to, "Address:", "%s", name);
	describe_line(to, "Kind:", "%s", describe_text(spec, "kind"));
	describe_line(to, "Interface:", "%s", describe_text(spec, "interface"));
	describe_line(to, "State:", "%s", json_is_true(json_object_get(status, "held")) ? "held" : "absent");
	age_line(to, "Since:", status, w->now);
	describe_line(to, "Owner:", "%s", describe_text(status, "owner"));
	describe_line(to, "Router:", "%s%s%s%s", describe_text(spec, "router"),
		      *describe_text(status, "state") ? " (" : "", describe_text(status, "state"),
		      *describe_text(status, "state") ? " here)" : "");
	describe_line(to, "Announcements:", "%lld", describe_number(status, "announcements"));
	describe_list(to, "Services:", json_object_get(spec, "services"), NULL);
	if (*describe_text(status, "problem"))
		describe_line(to, "Why Absent:", "%s", describe_text(status, "problem"));
	describe_problems(to, w, name);
}

static void peers(FILE *to, json_t *status)
{
	static const char *const heads[] = {"Peer", "Priority", "Last Heard"};
	struct columns *c = columns_new(heads, 3);
	json_t *p;
	size_t i;

	json_array_foreach(json_object_get(status, "peers"), i, p)
	{
		columns_add(c, describe_text(p, "address"));
		describe_cell(c, "%lld", describe_number(p, "priority"));
		describe_cell(c, "%lld ms ago", describe_number(p, "lastHeardMs"));
	}
	if (i) {
		fputs("Peers:\n", to);
		describe_columns(to, c);
	} else {
		describe_line(to, "Peers:", "<none>");
		columns_free(c);
	}
}

static void tracks(FILE *to, json_t *status)
{
	static const char *const heads[] = {"Tracked", "Name", "State", "Weight"};
	struct columns *c = columns_new(heads, 4);
	json_t *t;
	size_t i;

	json_array_foreach(json_object_get(status, "tracks"), i, t)
	{
		columns_add(c, describe_text(t, "kind"));
		columns_add(c, describe_text(t, "name"));
		if (json_object_get(t, "value"))
			describe_cell(c, "%lld", describe_number(t, "value"));
		else
			columns_add(c, describe_text(t, "state"));
		if (json_is_string(json_object_get(t, "weight")))
			columns_add(c, describe_text(t, "weight"));
		else
			describe_cell(c, "%lld", describe_number(t, "weight"));
	}
	if (i)
		describe_columns(to, c);
	else
		columns_free(c);
}

static void refused(FILE *to, json_t *status)
{
	const char *reason;
	size_t n = 0;
	json_t *v;

	json_object_foreach(json_object_get(status, "refused"), reason, v)
	{
		describe_line(to, n++ ? "" : "Refused:", "%s %lld", reason, (long long)json_integer_value(v));
	}
	if (!n)
		describe_line(to, "Refused:", "<none>");
}

static void router_addresses(FILE *to, const struct describe_world *w, const char *name)
{
	size_t i, n = 0;
	json_t *v;

	json_array_foreach(w->vips, i, v)
	{
		if (strcmp(describe_text(json_object_get(v, "spec"), "router"), name) == 0)
			describe_line(to, n++ ? "" : "Addresses:", "%s",
				      describe_text(json_object_get(v, "metadata"), "name"));
	}
	if (!n)
		describe_line(to, "Addresses:", "<none>");
}

void describe_router(FILE *to, json_t *router, const struct describe_world *w)
{
	json_t *spec = json_object_get(router, "spec"), *status = json_object_get(router, "status");
	const char *name = describe_text(json_object_get(router, "metadata"), "name");
	char *object = xasprintf("router %s", name);

	describe_line(to, "Name:", "%s", name);
	describe_line(to, "State:", "%s", describe_text(status, "state"));
	age_line(to, "Since:", status, w->now);
	describe_line(to, "Last Cause:", "%s", describe_text(status, "lastCause"));
	describe_line(to, "Active:", "%s", describe_text(status, "active"));
	describe_line(to, "VRID:", "%lld", describe_number(spec, "vrid"));
	describe_line(to, "Version:", "%lld", describe_number(spec, "version"));
	describe_line(to, "Interface:", "%s", describe_text(spec, "interface"));
	describe_line(to, "Family:", "%s", describe_text(spec, "family"));
	describe_line(to, "Priority:", "%lld of %lld%s%s", describe_number(status, "effectivePriority"),
		      describe_number(spec, "priority"), *describe_text(status, "why") ? ": " : "",
		      describe_text(status, "why"));
	describe_line(to, "Interval:", "%lld ms", describe_number(spec, "intervalMs"));
	if (*describe_text(spec, "group"))
		describe_line(to, "Sync Group:", "%s", describe_text(spec, "group"));
	describe_line(to, "Own Address:", "%s", describe_text(status, "address"));
	describe_line(to, "Advertisements:", "%lld sent, %lld received, %lld send errors",
		      describe_number(status, "sent"), describe_number(status, "received"),
		      describe_number(status, "sendErrors"));
	if (describe_number(status, "differing"))
		describe_line(to, "", "%lld of them list other addresses", describe_number(status, "differing"));
	if (*describe_text(status, "difference"))
		describe_line(to, "Difference:", "%s", describe_text(status, "difference"));
	describe_line(to, "Transitions:", "%lld", describe_number(status, "transitions"));
	refused(to, status);
	router_addresses(to, w, name);
	peers(to, status);
	tracks(to, status);
	describe_problems(to, w, object);
	free(object);
}
