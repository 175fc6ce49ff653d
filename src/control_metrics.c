/* What control knows and what ipvs and vrrp have answered, as metrics. Names and units: Prometheus' conventions (base units, _total). The lines of virtual
 * servers are metrics_servers.c's. Test: tests/test_control_http.c */
#include "base/arena.h"
#include "base/usage.h"
#include "control.h"
#include "views.h"

#include <stdlib.h>
#include <string.h>

static const char *const side_names[OUTBOX_SIDES] = {[OUTBOX_IPVS] = "ipvs", [OUTBOX_VRRP] = "vrrp"};

static void single(struct metrics *m, enum metrics_type type, const char *name, const char *help, uint64_t value)
{
	metrics_family(m, type, name, help);
	metrics_single(m, value);
}

static uint64_t number(const json_t *j, const char *key)
{
	json_int_t v = json_integer_value(json_object_get(j, key));

	return v > 0 ? (uint64_t)v : 0;
}

/* ---- control itself ---- */

static void write_daemon(const struct control *c, struct metrics *m)
{
	metrics_family(m, METRICS_INFO, "vipd_build", "The version that runs.");
	metrics_begin(m);
	metrics_label(m, "version", VIPD_VERSION);
	metrics_label(m, "node", c->config->node_name ? c->config->node_name : "");
	metrics_value(m, 1);
	single(m, METRICS_GAUGE, "vipd_ready", "1 once the first pass is programmed.", c->ready);
	single(m, METRICS_GAUGE, "vipd_config_last_reload_successful", "0 if the configuration has errors.",
	       !c->tally.reload_failed);
	single(m, METRICS_GAUGE, "vipd_config_last_reload_success_timestamp_seconds",
	       "When a configuration was taken over.", (uint64_t)c->tally.reloaded);
	single(m, METRICS_GAUGE, "vipd_http_open_connections", "Connections to this server.",
	       http_connections(control_http_server(c)));
}

static void write_times(const struct control *c, struct metrics *m)
{
	metrics_family(m, METRICS_HISTOGRAM, "vipd_reconcile_duration_seconds",
		       "How long passes took from what changed to what is sent.");
	metrics_times(m, NULL, NULL, &c->tally.reconcile);
	metrics_family(m, METRICS_HISTOGRAM, "vipd_apply_duration_seconds",
		       "How long it took from sending a generation to its acknowledgement.");
	for (int side = 0; side < OUTBOX_SIDES; side++)
		metrics_times(m, "process", side_names[side], &c->tally.apply[side]);
	metrics_family(m, METRICS_GAUGE, "vipd_generation_sent", "The last generation sent.");
	for (int side = 0; side < OUTBOX_SIDES; side++)
		metrics_of(m, "process", side_names[side], c->sides[side].sent);
	metrics_family(m, METRICS_GAUGE, "vipd_generation_acknowledged", "The last generation acknowledged.");
	for (int side = 0; side < OUTBOX_SIDES; side++)
		metrics_of(m, "process", side_names[side], c->sides[side].acked);
}

/* How many problems have each reason; reasons are literals of the processes, few. */
enum { REASONS = 64 };
struct reasons {
	const char *names[REASONS];
	uint64_t counts[REASONS];
	size_t n;
};

static void count_reason(void *arg, const char *object, const char *reason, const char *message)
{
	struct reasons *r = arg;
	size_t i = 0;

	while (i < r->n && strcmp(r->names[i], reason) != 0)
		i++;
	if (i == REASONS)
		return;
	if (i == r->n)
		r->names[r->n++] = reason;
	r->counts[i]++;
}

static void count_bad(void *arg, const char *file, const struct diag_list *d)
{
	*(uint64_t *)arg += d->errors > 0;
}

static void write_problems(const struct control *c, struct metrics *m)
{
	struct reasons r = {.n = 0};
	uint64_t bad = 0;

	notices_each(c->notices, count_reason, &r);
	metrics_family(m, METRICS_GAUGE, "vipd_problems", "What vipctl status tells, by reason.");
	for (size_t i = 0; i < r.n; i++)
		metrics_of(m, "reason", r.names[i], r.counts[i]);
	if (c->folder)
		folder_each_problem(c->folder, count_bad, &bad);
	single(m, METRICS_GAUGE, "vipd_bad_manifest_files", "Files with errors; their last good contents stay.", bad);
}

static void write_source(const struct control *c, struct metrics *m)
{
	metrics_family(m, METRICS_GAUGE, "vipd_source_up", "1 if the source can be read.");
	metrics_of(m, "source", "folder", c->settled && !c->trouble);
	metrics_family(m, METRICS_GAUGE, "vipd_source_last_change_timestamp_seconds",
		       "When what it said last was taken over; 0: it has said nothing.");
	metrics_of(m, "source", "folder", (uint64_t)c->tally.settled);
	metrics_family(m, METRICS_GAUGE, "vipd_source_objects", "Objects that it has.");
	for (int k = 0; c->folder && k < KIND_COUNT; k++) {
		metrics_begin(m);
		metrics_label(m, "source", "folder");
		metrics_label(m, "kind", kind_name(k));
		metrics_value(m, folder_count(c->folder, k));
	}
}

static void pool_size(void *arg, const struct pool_view *v)
{
	metrics_of(arg, "pool", v->pool->name, v->size > UINT64_MAX ? UINT64_MAX : (uint64_t)v->size);
}

static void pool_used(void *arg, const struct pool_view *v)
{
	metrics_of(arg, "pool", v->pool->name, v->used);
}

static void write_pools(const struct control *c, struct metrics *m)
{
	if (!c->planning)
		return;
	metrics_family(m, METRICS_GAUGE, "vipd_pool_addresses",
		       "Addresses that the pool may give; 0 also for a whole IPv6 space.");
	plan_each_pool(c->plan, pool_size, m);
	metrics_family(m, METRICS_GAUGE, "vipd_pool_addresses_used", "Those that Services have.");
	plan_each_pool(c->plan, pool_used, m);
}

/* ---- processes ---- */

enum { PROCESSES = 5 };
struct process {
	const char *name;
	bool known;
	struct usage usage;
};

static void process_told(struct process *p, const char *name, const json_t *status)
{
	const json_t *j = json_object_get(status, "process");

	*p = (struct process){name, j != NULL, {(nsec_t)number(j, "cpuNs"), number(j, "resident"), number(j, "open")}};
}

static void write_usage(const struct metrics_parts *parts, struct metrics *m)
{
	struct process all[PROCESSES] = {{.name = "control", .known = true}};

	usage_read(&all[0].usage);
	process_told(&all[1], "ipvs", parts->ipvs);
	process_told(&all[2], "vrrp", parts->vrrp);
	process_told(&all[3], "runner", parts->runner);
	process_told(&all[4], "supervisor", parts->supervisor);
	metrics_family(m, METRICS_COUNTER, "vipd_process_cpu_seconds", "User and system time.");
	for (int i = 0; i < PROCESSES; i++) {
		if (!all[i].known)
			continue;
		metrics_begin(m);
		metrics_label(m, "process", all[i].name);
		metrics_value_seconds(m, all[i].usage.cpu);
	}
	metrics_family(m, METRICS_GAUGE, "vipd_process_resident_memory_bytes", "Resident memory.");
	for (int i = 0; i < PROCESSES; i++)
		if (all[i].known)
			metrics_of(m, "process", all[i].name, all[i].usage.resident);
	metrics_family(m, METRICS_GAUGE, "vipd_process_open_fds", "Open descriptors.");
	for (int i = 0; i < PROCESSES; i++)
		if (all[i].known && all[i].usage.open)
			metrics_of(m, "process", all[i].name, all[i].usage.open);
}

static void write_up(const struct control *c, struct metrics *m)
{
	metrics_family(m, METRICS_GAUGE, "vipd_process_up", "1 if the process is there.");
	metrics_of(m, "process", "ipvs", child_has(c->child, ROLE_IPVS));
	metrics_of(m, "process", "vrrp", child_has(c->child, ROLE_VRRP));
}

/* ---- ipvs ---- */

/* A number of an answer that is a metric of its own. */
struct plain {
	const char *key, *name, *help;
	enum metrics_type type;
};

static void write_plain(const json_t *j, const struct plain *rows, size_t n, struct metrics *m)
{
	for (size_t i = 0; i < n; i++)
		single(m, rows[i].type, rows[i].name, rows[i].help, number(j, rows[i].key));
}

static void write_operations(json_t *operations, struct metrics *m)
{
	static const struct plain rows[] = {
	    {NULL, "vipd_ipvs_operations", "Changes sent to the kernel.", METRICS_COUNTER},
	    {NULL, "vipd_ipvs_operation_errors", "Those that it refused.", METRICS_COUNTER}};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const char *kind;
		json_t *counts;

		metrics_family(m, rows[i].type, rows[i].name, rows[i].help);
		json_object_foreach(operations, kind, counts)
		{
			metrics_of(m, "operation", kind, (uint64_t)json_integer_value(json_array_get(counts, i)));
		}
	}
}

static void write_ipvs(const json_t *j, struct metrics *m)
{
	static const struct plain rows[] = {
	    {"virtualServers", "vipd_virtual_servers", "Virtual servers of vipd in the kernel.", METRICS_GAUGE},
	    {"realServers", "vipd_real_servers", "Their real servers.", METRICS_GAUGE},
	    {"wanted", "vipd_virtual_servers_wanted", "Virtual servers that are wanted.", METRICS_GAUGE},
	    {"foreign", "vipd_virtual_servers_foreign", "Virtual servers in the kernel that are not vipd's.",
	     METRICS_GAUGE},
	    {"conflicts", "vipd_virtual_server_conflicts", "Wanted virtual servers that somebody else holds.",
	     METRICS_GAUGE},
	    {"failed", "vipd_virtual_servers_failed", "Virtual servers that the kernel refuses.", METRICS_GAUGE},
	    {"adopted", "vipd_virtual_servers_adopted", "Virtual servers taken over from somebody else.",
	     METRICS_COUNTER},
	    {"connTabSize", "vipd_ipvs_connection_table_size", "Rows of the kernel's hash table of connections.",
	     METRICS_GAUGE},
	};

	if (!json_is_object(j) || !json_object_get(j, "virtualServers"))
		return;
	write_plain(j, rows, sizeof rows / sizeof *rows, m);
	single(m, METRICS_GAUGE, "vipd_ipvs_programmed", "1 if the kernel has what was sent.",
	       json_is_true(json_object_get(j, "programmed")));
	single(m, METRICS_GAUGE, "vipd_draining_real_servers",
	       "Real servers that leave and keep the connections that they have.",
	       number(json_object_get(j, "draining"), "realServers"));
	write_operations(json_object_get(j, "operations"), m);
}

static void write_drift(const struct metrics_parts *p, struct metrics *m)
{
	const json_t *drift = json_object_get(p->ipvs, "drift");

	metrics_family(m, METRICS_COUNTER, "vipd_drift_healed",
		       "What somebody else changed or removed, and vipd put back.");
	if (drift) {
		metrics_of(m, "kind", "virtualServer", number(drift, "services"));
		metrics_of(m, "kind", "realServer", number(drift, "reals"));
		metrics_of(m, "kind", "packetFilter", number(drift, "filter"));
		metrics_of(m, "kind", "kernelSetting", number(drift, "settings"));
	}
	if (json_object_get(p->vrrp, "restored"))
		metrics_of(m, "kind", "address", number(p->vrrp, "restored"));
}

/* ---- vrrp ---- */

static void write_strays(json_t *strays, struct metrics *m)
{
	const char *reason;
	json_t *count;

	metrics_family(m, METRICS_COUNTER, "vipd_stray_advertisements",
		       "Packets too malformed to be given to a virtual router. Those of other VRIDs are not seen.");
	json_object_foreach(strays, reason, count)
	{
		metrics_of(m, "reason", reason, (uint64_t)json_integer_value(count));
	}
}

static void write_vrrp(const json_t *j, struct metrics *m)
{
	static const struct plain rows[] = {
	    {"wanted", "vipd_addresses_wanted", "Addresses that this node may hold, cluster IPs among them.",
	     METRICS_GAUGE},
	    {"held", "vipd_addresses_held", "Addresses that it holds.", METRICS_GAUGE},
	    {"elsewhere", "vipd_addresses_elsewhere", "Addresses that somebody else has put on this node.",
	     METRICS_GAUGE},
	    {"refused", "vipd_addresses_refused", "Addresses that the kernel refuses.", METRICS_GAUGE},
	    {"framesSent", "vipd_announcements_sent", "ARP and neighbour advertisement frames.", METRICS_COUNTER},
	    {"rescans", "vipd_address_rescans", "Full reads of the kernel's addresses.", METRICS_COUNTER},
	};

	if (!json_is_object(j) || !json_object_get(j, "held"))
		return;
	write_plain(j, rows, sizeof rows / sizeof *rows, m);
	write_strays(json_object_get(j, "strays"), m);
}

static const char *text_at(const json_t *j, const char *key)
{
	const char *s = json_string_value(json_object_get(j, key));

	return s ? s : "";
}

static void labels_router(struct metrics *m, const json_t *r)
{
	metrics_begin(m);
	metrics_label(m, "router", text_at(r, "name"));
	metrics_label(m, "interface", text_at(r, "interface"));
	metrics_label_number(m, "vrid", number(r, "vrid"));
	metrics_label(m, "family", text_at(r, "family"));
}

static void write_states(const json_t *routers, struct metrics *m)
{
	static const char *const states[] = {"Initialize", "Backup", "Active", "Fault"};
	const json_t *r;
	size_t i;

	metrics_family(m, METRICS_GAUGE, "vipd_router_state", "1 for the state that the virtual router is in.");
	json_array_foreach(routers, i, r)
	{
		const char *now = views_state(text_at(r, "state"));

		for (size_t k = 0; k < sizeof states / sizeof *states; k++) {
			labels_router(m, r);
			metrics_label(m, "state", states[k]);
			metrics_value(m, strcmp(now, states[k]) == 0);
		}
	}
}

static void write_refused(const json_t *routers, struct metrics *m)
{
	const json_t *r;
	size_t i;

	metrics_family(m, METRICS_COUNTER, "vipd_router_advertisements_refused",
		       "Advertisements heard and passed over.");
	json_array_foreach(routers, i, r)
	{
		const char *reason;
		json_t *count;

		json_object_foreach(json_object_get(r, "refused"), reason, count)
		{
			labels_router(m, r);
			metrics_label(m, "reason", reason);
			metrics_value(m, (uint64_t)json_integer_value(count));
		}
	}
}

/* Of the addresses for clients: by router, "" where there is none. */
static void write_standing(const json_t *health, struct metrics *m)
{
	static const struct plain rows[] = {
	    {"wanted", "vipd_router_addresses", "Addresses for clients that the router has.", METRICS_GAUGE},
	    {"there", "vipd_router_addresses_owned", "Those that stand on this node.", METRICS_GAUGE}};

	for (size_t k = 0; json_is_array(health) && k < sizeof rows / sizeof *rows; k++) {
		const json_t *r;
		size_t i;

		metrics_family(m, rows[k].type, rows[k].name, rows[k].help);
		json_array_foreach(health, i, r)
		{
			metrics_of(m, "router", text_at(r, "router"), number(r, rows[k].key));
		}
	}
}

static void write_routers(const json_t *routers, struct metrics *m)
{
	static const struct plain rows[] = {
	    {"priority", "vipd_router_priority", "Priority in vipd.yaml.", METRICS_GAUGE},
	    {"effectivePriority", "vipd_router_effective_priority", "Priority that is advertised.", METRICS_GAUGE},
	    {"since", "vipd_router_last_transition_timestamp_seconds", "When the state was entered.", METRICS_GAUGE},
	    {"transitions", "vipd_router_transitions", "Changes of state.", METRICS_COUNTER},
	    {"sent", "vipd_router_advertisements_sent", "Advertisements sent.", METRICS_COUNTER},
	    {"sendErrors", "vipd_router_advertisement_send_errors", "Advertisements that could not be sent.",
	     METRICS_COUNTER},
	    {"received", "vipd_router_advertisements_received", "Advertisements heard and taken.", METRICS_COUNTER},
	    {"differing", "vipd_router_advertisements_differing", "Those of them that list other addresses.",
	     METRICS_COUNTER},
	};

	if (!json_is_array(routers) || !json_array_size(routers))
		return;
	write_states(routers, m);
	for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
		const json_t *r;
		size_t i;

		metrics_family(m, rows[k].type, rows[k].name, rows[k].help);
		json_array_foreach(routers, i, r)
		{
			labels_router(m, r);
			metrics_value(m, number(r, rows[k].key));
		}
	}
	write_refused(routers, m);
}

void control_metrics(struct control *c, const struct metrics_parts *p, struct metrics *m)
{
	write_daemon(c, m);
	write_times(c, m);
	write_problems(c, m);
	write_source(c, m);
	write_pools(c, m);
	write_up(c, m);
	write_usage(p, m);
	write_routers(p->routers, m);
	write_standing(p->health, m);
	write_vrrp(p->vrrp, m);
	write_ipvs(p->ipvs, m);
	write_drift(p, m);
	single(m, METRICS_GAUGE, "vipd_virtual_servers_left_out",
	       "Virtual servers without lines of their own here, by http.seriesLimit.", p->left_out);
}
