/* track: what a router's priority follows. The meaning of weights is keepalived's (keepalived.conf(5)); scripts are named, never given as a path:
 * they run out of one folder that root owns. Test: tests/test_config_router.c. */
#include "config_read.h"

#include <string.h>

enum { TRACK_WEIGHT_MAX = 254 };

static const char *const kinds[] = {
    [TRACK_INTERFACE] = "interface", [TRACK_PROCESS] = "process", [TRACK_FILE] = "file", [TRACK_SCRIPT] = "script"};
enum { KINDS = sizeof kinds / sizeof kinds[0] };

/* The others, and for which kinds (bits) they count. */
static const struct {
	const char *name;
	unsigned kinds;
} settings[] = {
    {"weight", ~0u},
    {"interval", 1u << TRACK_SCRIPT | 1u << TRACK_FILE | 1u << TRACK_PROCESS},
    {"timeout", 1u << TRACK_SCRIPT},
    {"rise", 1u << TRACK_SCRIPT},
    {"fall", 1u << TRACK_SCRIPT},
    {"debounce", 1u << TRACK_INTERFACE},
};
enum { SETTINGS = sizeof settings / sizeof settings[0] };

static void read_weight(const struct members *m, struct track *t)
{
	char full[KEY_TEXT];
	const struct node *n = config_member(m, "weight", full);

	if (!n)
		return;
	if (n->type == NODE_STRING && strcmp(n->text, "fault") == 0)
		t->weight = TRACK_FAULT;
	else if (n->type != NODE_INT || n->integer < -TRACK_WEIGHT_MAX || n->integer > TRACK_WEIGHT_MAX)
		config_member_error(m, "weight", "expected -%d to %d or fault, found %s", TRACK_WEIGHT_MAX,
				    TRACK_WEIGHT_MAX,
				    n->type == NODE_INT || n->type == NODE_STRING ? n->text : node_type_name(n->type));
	else
		t->weight = (int16_t)n->integer;
}

/* Which kind it is; false after a diagnostic. */
static bool read_kind(const struct members *m, struct track *t)
{
	unsigned found = 0;

	for (unsigned k = 0; k < KINDS; k++)
		if (node_get(m->map, kinds[k])) {
			t->kind = (uint8_t)k;
			found++;
		}
	if (found == 1)
		return true;
	diag_error(m->r->diags, m->r->file, m->map->pos, "%s: expected one of interface, script, file and process",
		   m->key);
	return false;
}

static void read_track_name(const struct members *m, struct track *t)
{
	char ifname[16] = "";

	switch ((enum track_kind)t->kind) {
	case TRACK_INTERFACE:
		config_member_interface(m, kinds[t->kind], ifname);
		memcpy(t->name, ifname, sizeof ifname);
		break;
	case TRACK_PROCESS:
		config_member_name(m, kinds[t->kind], t->name, sizeof t->name);
		break;
	case TRACK_FILE:
	case TRACK_SCRIPT:
		config_member_file(m, kinds[t->kind], t->name, sizeof t->name);
		break;
	}
}

/* A script that may run longer than until its next run is due would never be started again in time. */
static void check_timeout(const struct members *m, const struct track *t)
{
	if (t->kind == TRACK_SCRIPT && t->timeout_ms == 0)
		config_member_error(m, "timeout", "must not be 0");
	if (t->kind != TRACK_INTERFACE && t->interval_ms < 100)
		config_member_error(m, "interval", "expected at least 100ms");
}

static void read_track(struct reader *r, const char *key, const struct node *n, struct track *t)
{
	const char *names[KINDS + SETTINGS];
	struct members m;

	for (unsigned k = 0; k < KINDS; k++)
		names[k] = kinds[k];
	for (unsigned k = 0; k < SETTINGS; k++)
		names[KINDS + k] = settings[k].name;
	if (!config_members(&m, r, key, n, names, KINDS + SETTINGS) || !read_kind(&m, t))
		return;
	t->weight = t->kind == TRACK_FILE ? 1 : TRACK_FAULT;
	if (t->kind != TRACK_INTERFACE)
		t->interval_ms = 1000;
	if (t->kind == TRACK_SCRIPT) {
		t->timeout_ms = 1000;
		t->rise = t->fall = 1;
	}
	read_track_name(&m, t);
	read_weight(&m, t);
	for (unsigned k = 0; k < SETTINGS; k++)
		if (node_get(n, settings[k].name) && !(settings[k].kinds & 1u << t->kind))
			config_member_error(&m, settings[k].name, "means nothing for a tracked %s", kinds[t->kind]);
	config_member_duration(&m, "interval", &t->interval_ms);
	config_member_duration(&m, "timeout", &t->timeout_ms);
	config_member_u8(&m, "rise", 1, 255, &t->rise);
	config_member_u8(&m, "fall", 1, 255, &t->fall);
	config_member_duration(&m, "debounce", &t->debounce_ms);
	check_timeout(&m, t);
}

void config_read_tracks(const struct members *m, struct router *r)
{
	char full[KEY_TEXT], at[KEY_TEXT + 32];
	const struct node *n = config_member(m, "track", full);

	if (!n || !config_want(m->r, full, n, NODE_LIST))
		return;
	if (n->list.n > ROUTER_TRACKS_MAX) {
		config_member_error(m, "track", "more than %d", ROUTER_TRACKS_MAX);
		return;
	}
	r->tracks = arena_alloc(m->r->c->arena, n->list.n * sizeof *r->tracks);
	for (size_t i = 0; i < n->list.n; i++) {
		snprintf(at, sizeof at, "%s[%zu]", full, i);
		read_track(m->r, at, &n->list.items[i], &r->tracks[r->n_tracks++]);
	}
}
