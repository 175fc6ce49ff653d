/* Decides when tracked things are looked at, and what is remembered of them. What the looks amount to is in tracked.c. Source: keepalived.conf(5) (track_interface,
 * track_process with quorum 1, track_file, track_script); proc(5). The proc connector would tell of processes at once, but only in the initial
 * namespaces: /proc is read each interval instead, and only /proc/PID/stat while the process that was found lives. Test: tests/test_track.c */
#include "track.h"

#include "../src/base/arena.h"
#include "../src/base/file.h"
#include "../src/base/log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { VALUE_TEXT = 64, STAT_TEXT = 256, SCAN_A_TURN = 64, PATH_TEXT = 4096, INTERVAL_DEFAULT = 1000, LOOK_AGAIN = 50 };

struct thing {
	struct tracker *tracker;
	struct track what; /* weight 0: routers weigh for themselves */
	struct tracked state;
	struct loop_timer *timer; /* interfaces: the debounce; else the next look */
	uint64_t run_id;          /* scripts: the run that is under way; 0 none */
	long pid;                 /* processes: the one that was found; 0 none */
	bool scan_due, scanning;  /* processes: waits for a walk over /proc; the walk under way is for it too */
	int said;                 /* files: the last complaint */
	struct log_limit limit;
};

struct watched {
	char router[ROUTER_NAME];
	size_t n;
	struct thing *things[ROUTER_TRACKS_MAX];
};

struct tracker {
	struct loop *loop;
	char *scripts_dir;
	const struct links *links;
	const struct tracker_hooks *hooks;
	void *arg;
	struct thing **things;
	size_t n_things;
	struct watched *routers;
	size_t n;
	uint64_t last_run;
	DIR *proc; /* the walk under way */
	struct loop_timer *walk;
};

/* ---- what the routers are told */

static void tell(const struct tracker *t, const struct watched *w, size_t i)
{
	const struct tracked *s = &w->things[i]->state;

	if (s->known)
		t->hooks->seen(t->arg, w->router, i, s->up, s->value);
}

static void thing_changed(const struct thing *g)
{
	const struct tracker *t = g->tracker;

	for (size_t i = 0; i < t->n; i++)
		for (size_t k = 0; k < t->routers[i].n; k++)
			if (t->routers[i].things[k] == g)
				tell(t, &t->routers[i], k);
}

static void thing_log(struct thing *g, const char *why)
{
	static const char *const kinds[] = {[TRACK_INTERFACE] = "interface",
					    [TRACK_PROCESS] = "process",
					    [TRACK_FILE] = "file",
					    [TRACK_SCRIPT] = "script"};
	unsigned missed;

	if (log_allow(&g->limit, clock_now(), &missed))
		log_event(LOG_TRACK_CHANGED, LOG_WITH(.object = g->what.name, .suppressed = missed),
			  "tracked %s %s: %s", kinds[g->what.kind], g->what.name, why);
}

static void thing_take(struct thing *g, bool good, const char *why)
{
	if (!tracked_take(&g->state, &g->what, good))
		return;
	thing_log(g, why);
	thing_changed(g);
}

/* ---- interfaces */

static bool interface_up(const struct thing *g)
{
	const struct link *l = links_by_name(g->tracker->links, g->what.name);

	return l && link_has_carrier(l);
}

static void interface_take(struct thing *g)
{
	bool up = interface_up(g);

	thing_take(g, up, up ? "up" : "down");
}

static void interface_look(struct thing *g)
{
	if (!g->state.known || (g->what.debounce_ms == 0 && g->state.up != interface_up(g)))
		interface_take(g);
	else if (g->state.up == interface_up(g))
		loop_timer_stop(g->timer);
	else if (!loop_timer_armed(g->timer))
		loop_timer_set(g->timer, g->what.debounce_ms * NSEC_PER_MSEC);
}

/* ---- files */

static bool name_good(const char *name)
{
	return name[0] && name[0] != '.' && !strchr(name, '/');
}

static int file_value(const struct thing *g, int32_t *out)
{
	char path[PATH_TEXT], *text;
	size_t len;
	int err;

	if (!name_good(g->what.name))
		return -EINVAL;
	snprintf(path, sizeof(path), "%s/%s", g->tracker->scripts_dir, g->what.name);
	err = file_read(AT_FDCWD, path, VALUE_TEXT, &text, &len);
	if (err)
		return err;
	err = tracked_value_parse(text, len, out);
	free(text);
	return err;
}

/* What cannot be read, and what is no number, counts as 0, as keepalived has it; a file that is just being written is looked at again first. */
static bool file_look(struct thing *g)
{
	int32_t value = 0;
	int err = file_value(g, &value);
	bool news, again = err == -EINVAL && g->said != err && g->state.known;

	if (err && err != -ENOENT && err != g->said && !again)
		log_warning("tracked file %s/%s: %s; it counts as 0", g->tracker->scripts_dir, g->what.name,
			    err == -EINVAL ? "expected one integer" : strerror(-err));
	g->said = err;
	if (again)
		return false;
	news = !g->state.known || value != g->state.value;
	g->state = (struct tracked){.known = true, .up = true, .value = value};
	if (news)
		thing_changed(g);
	return true;
}

/* ---- processes */

static bool process_is(const struct thing *g, long pid)
{
	char path[64], text[STAT_TEXT];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%ld/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	n = read(fd, text, sizeof(text));
	close(fd);
	return n > 0 && tracked_process_matches(g->what.name, text, (size_t)n);
}

static void walk_entry(struct tracker *t, const char *name)
{
	char *end;
	long pid = strtol(name, &end, 10);

	if (end == name || *end || pid <= 0)
		return;
	for (size_t i = 0; i < t->n_things; i++) {
		struct thing *g = t->things[i];

		if (g->scanning && process_is(g, pid)) {
			g->scanning = false;
			g->pid = pid;
			thing_take(g, true, "is there");
		}
	}
}

/* Those that wait get a walk, if there are any. */
static void walk_start(struct tracker *t)
{
	bool due = false;

	for (size_t i = 0; i < t->n_things; i++) {
		t->things[i]->scanning = t->things[i]->scan_due;
		due |= t->things[i]->scan_due;
		t->things[i]->scan_due = false;
	}
	if (!due)
		return;
	t->proc = opendir("/proc");
	if (t->proc)
		loop_timer_set(t->walk, 0);
	else
		log_warning("/proc cannot be read: %s; tracked processes are not seen", strerror(errno));
}

static void walk_end(struct tracker *t)
{
	closedir(t->proc);
	t->proc = NULL;
	for (size_t i = 0; i < t->n_things; i++) {
		struct thing *g = t->things[i];

		if (g->scanning) {
			g->scanning = false;
			g->pid = 0;
			thing_take(g, false, "is not there");
		}
	}
	walk_start(t);
}

static void on_walk(void *arg)
{
	struct tracker *t = arg;

	for (int i = 0; i < SCAN_A_TURN; i++) {
		const struct dirent *e = readdir(t->proc);

		if (!e) {
			walk_end(t);
			return;
		}
		walk_entry(t, e->d_name);
	}
	loop_timer_set(t->walk, 0);
}

static void process_look(struct thing *g)
{
	if (g->pid && process_is(g, g->pid)) {
		thing_take(g, true, "is there");
		return;
	}
	g->scan_due = true;
	if (!g->tracker->proc)
		walk_start(g->tracker);
}

/* ---- scripts */

static void script_look(struct thing *g)
{
	struct tracker *t = g->tracker;
	int err;

	if (g->run_id)
		return; /* its timeout ends it */
	err =
	    name_good(g->what.name) ? t->hooks->run(t->arg, ++t->last_run, g->what.name, g->what.timeout_ms) : -EINVAL;
	if (err == 0)
		g->run_id = t->last_run;
	else if (err == -EINVAL)
		thing_take(g, false, "its name is none of a file in the scripts' folder");
}

static const char *script_outcome(int status, char *buf, size_t size)
{
	if (status == 0)
		return "succeeds";
	if (status == -ETIMEDOUT)
		return "took too long";
	if (status < 0)
		snprintf(buf, size, "cannot be run: %s", strerror(-status));
	else if (status > 128)
		snprintf(buf, size, "ended by signal %d", status - 128);
	else
		snprintf(buf, size, "failed with %d", status);
	return buf;
}

bool tracker_ran(struct tracker *t, uint64_t id, const struct msg_ran *ran)
{
	char buf[96];

	for (size_t i = 0; i < t->n_things; i++) {
		struct thing *g = t->things[i];

		if (g->run_id != id || !id)
			continue;
		g->run_id = 0;
		if (ran->status != -EAGAIN) /* the runner is busy: nothing is known */
			thing_take(g, ran->status == 0, script_outcome(ran->status, buf, sizeof(buf)));
		return true;
	}
	return false;
}

void tracker_runner(struct tracker *t, bool up)
{
	for (size_t i = 0; i < t->n_things; i++) {
		struct thing *g = t->things[i];

		g->run_id = 0;
		if (up && g->what.kind == TRACK_SCRIPT)
			loop_timer_set(g->timer, 0);
	}
}

/* ---- things */

static void on_timer(void *arg)
{
	struct thing *g = arg;
	uint32_t every = g->what.interval_ms ? g->what.interval_ms : INTERVAL_DEFAULT;

	switch ((enum track_kind)g->what.kind) {
	case TRACK_INTERFACE:
		if (g->state.up != interface_up(g))
			interface_take(g);
		return;
	case TRACK_FILE:
		if (!file_look(g))
			every = LOOK_AGAIN;
		break;
	case TRACK_PROCESS:
		process_look(g);
		break;
	case TRACK_SCRIPT:
		script_look(g);
		break;
	}
	loop_timer_set(g->timer, every * NSEC_PER_MSEC);
}

static struct thing *thing_new(struct tracker *t, const struct track *what)
{
	struct thing *g = xcalloc(1, sizeof(*g));

	g->tracker = t;
	g->what = *what;
	g->timer = loop_timer_new(t->loop, on_timer, g);
	t->things = xrealloc(t->things, (t->n_things + 1) * sizeof(struct thing *));
	t->things[t->n_things++] = g;
	return g;
}

static void thing_free(struct thing *g)
{
	loop_timer_free(g->timer);
	free(g);
}

static bool same(const struct track *a, const struct track *b)
{
	return a->kind == b->kind && a->rise == b->rise && a->fall == b->fall && a->interval_ms == b->interval_ms &&
	       a->timeout_ms == b->timeout_ms && a->debounce_ms == b->debounce_ms &&
	       strncmp(a->name, b->name, sizeof(a->name)) == 0;
}

/* The thing behind a track, made if it is new. What can be seen at once is seen before anybody is told. */
static struct thing *thing_get(struct tracker *t, const struct track *track)
{
	struct track what = *track;
	struct thing *g;

	what.weight = 0;
	what.name[sizeof(what.name) - 1] = '\0';
	for (size_t i = 0; i < t->n_things; i++)
		if (same(&t->things[i]->what, &what))
			return t->things[i];
	g = thing_new(t, &what);
	if (what.kind == TRACK_INTERFACE)
		g->state = (struct tracked){.known = true, .up = interface_up(g)};
	else
		loop_timer_set(g->timer, 0);
	return g;
}

static bool thing_wanted(const struct tracker *t, const struct thing *g)
{
	for (size_t i = 0; i < t->n; i++)
		for (size_t k = 0; k < t->routers[i].n; k++)
			if (t->routers[i].things[k] == g)
				return true;
	return false;
}

static void things_prune(struct tracker *t)
{
	size_t n = 0;

	for (size_t i = 0; i < t->n_things; i++)
		if (thing_wanted(t, t->things[i]))
			t->things[n++] = t->things[i];
		else
			thing_free(t->things[i]);
	t->n_things = n;
}

static struct watched *watched_find(const struct tracker *t, const char *router)
{
	for (size_t i = 0; i < t->n; i++)
		if (strncmp(t->routers[i].router, router, ROUTER_NAME) == 0)
			return &t->routers[i];
	return NULL;
}

void tracker_set(struct tracker *t, const struct router *r)
{
	struct watched *w = watched_find(t, r->name);

	if (!w && r->n_tracks == 0)
		return;
	if (!w) {
		t->routers = xrealloc(t->routers, (t->n + 1) * sizeof(*t->routers));
		w = &t->routers[t->n++];
	}
	memcpy(w->router, r->name, ROUTER_NAME);
	w->n = r->n_tracks;
	for (size_t i = 0; i < r->n_tracks; i++)
		w->things[i] = thing_get(t, &r->tracks[i]);
	things_prune(t);
	for (size_t i = 0; i < r->n_tracks; i++)
		tell(t, w, i);
}

void tracker_drop(struct tracker *t, const char *router)
{
	struct watched *w = watched_find(t, router);

	if (!w)
		return;
	*w = t->routers[--t->n];
	things_prune(t);
}

void tracker_links(struct tracker *t)
{
	for (size_t i = 0; i < t->n_things; i++)
		if (t->things[i]->what.kind == TRACK_INTERFACE)
			interface_look(t->things[i]);
}

const struct tracked *tracker_state(const struct tracker *t, const char *router, size_t i)
{
	const struct watched *w = watched_find(t, router);

	return w && i < w->n ? &w->things[i]->state : NULL;
}

struct tracker *tracker_new(struct loop *l, const char *scripts_dir, const struct links *links,
			    const struct tracker_hooks *hooks, void *arg)
{
	struct tracker *t = xcalloc(1, sizeof(*t));

	t->loop = l;
	t->scripts_dir = xstrdup(scripts_dir);
	t->links = links;
	t->hooks = hooks;
	t->arg = arg;
	t->walk = loop_timer_new(l, on_walk, t);
	return t;
}

void tracker_free(struct tracker *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->n_things; i++)
		thing_free(t->things[i]);
	free(t->things);
	free(t->routers);
	if (t->proc)
		closedir(t->proc);
	loop_timer_free(t->walk);
	free(t->scripts_dir);
	free(t);
}
