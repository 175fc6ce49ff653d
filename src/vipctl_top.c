/* vipctl top: what the kernel forwards, refreshed. Source: top(1), ipvsadm --rate. Test: tests/test_top.c, tests/lab/. */
#include "vipctl.h"

#include "base/arena.h"
#include "suggest.h"
#include "top.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

struct top {
	const struct vipctl *v;
	double delay;
	long count; /* 0: for ever */
	enum top_sort by;
	bool screen; /* standard output is a terminal */
};

static json_t *look(const struct top *t)
{
	json_t *reply =
	    vipctl_ask(t->v->socket, json_pack("{s:s, s:s}", "verb", "get", "kind", "virtualservers"), PATIENCE_S);
	json_t *items = json_incref(json_object_get(reply, "items"));

	json_decref(reply);
	return items;
}

static double seconds_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void pause_for(double seconds)
{
	struct timespec ts = {(time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9)};

	while (nanosleep(&ts, &ts) && errno == EINTR)
		continue;
}

/* A person reads "12.3M", a program 12345678. */
static void add_rate(struct columns *c, double rate, bool person)
{
	static const char units[] = {' ', 'k', 'M', 'G', 'T', 'P'};
	char buf[32];
	size_t u = 0;

	for (; person && rate >= 9999.5 && u + 1 < sizeof units; u++)
		rate /= 1000;
	if (u)
		snprintf(buf, sizeof buf, "%.*f%c", rate < 100 ? 1 : 0, rate, units[u]);
	else
		snprintf(buf, sizeof buf, "%.0f", rate);
	columns_add(c, buf);
}

static void add_number(struct columns *c, long long n)
{
	char buf[32];

	snprintf(buf, sizeof buf, "%lld", n);
	columns_add(c, buf);
}

static struct columns *table_of(const struct top_row *rows, size_t n, bool person)
{
	static const char *const heads[] = {
	    "VIRTUAL/REAL-SERVER", "WEIGHT",     "ACTIVE",     "INACTIVE",    "CONN/S",
	    "IN-PKTS/S",           "OUT-PKTS/S", "IN-BYTES/S", "OUT-BYTES/S", "SERVICE"};
	static const int order[TOP_RATES] = {TOP_NEW, TOP_IN_PACKETS, TOP_OUT_PACKETS, TOP_IN_BYTES, TOP_OUT_BYTES};
	struct columns *c = columns_new(heads, sizeof heads / sizeof heads[0]);

	for (size_t i = 0; i < n; i++) {
		const struct top_row *r = &rows[i];
		char *name = xasprintf("%s%s", r->level ? "  -> " : "", r->name);

		columns_add(c, name);
		free(name);
		if (r->level)
			add_number(c, r->weight);
		else
			columns_add(c, "-");
		add_number(c, r->active);
		add_number(c, r->inactive);
		for (int k = 0; k < TOP_RATES; k++)
			add_rate(c, r->rates[order[k]], person);
		columns_add(c, r->level ? "-" : r->service);
	}
	return c;
}

/* As many rows as the window has room for. */
static size_t fitting(size_t n)
{
	enum { ABOVE = 4 };
	struct winsize w;
	size_t room = 24;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_row > ABOVE)
		room = w.ws_row;
	return n < room - ABOVE ? n : room - ABOVE;
}

static void print_head(const struct top *t, const struct top_row *rows, size_t n)
{
	char clock[16] = "";
	time_t now = time(NULL);
	struct tm tm;
	size_t servers = 0;

	for (size_t i = 0; i < n; i++)
		servers += rows[i].level == 0;
	if (localtime_r(&now, &tm))
		strftime(clock, sizeof clock, "%H:%M:%S", &tm);
	printf("\033[H\033[Jvipctl top  %s  every %gs, by %s: %zu virtual servers, %zu real servers\n\n", clock,
	       t->delay, top_sort_name(t->by), servers, n - servers);
}

static void print_json(const struct vipctl *v, const struct top_row *rows, size_t n)
{
	static const char *const keys[TOP_RATES] = {[TOP_IN_PACKETS] = "inPackets",
						    [TOP_OUT_PACKETS] = "outPackets",
						    [TOP_IN_BYTES] = "inBytes",
						    [TOP_OUT_BYTES] = "outBytes",
						    [TOP_NEW] = "connections"};
	json_t *list = json_array(), *reals = NULL, *j, *rates;

	for (size_t i = 0; i < n; i++) {
		const struct top_row *r = &rows[i];

		rates = json_object();
		for (int k = 0; k < TOP_RATES; k++)
			json_object_set_new(rates, keys[k], json_real(r->rates[k]));
		j = json_pack("{s:s, s:I, s:I, s:o}", "name", r->name, "active", (json_int_t)r->active, "inactive",
			      (json_int_t)r->inactive, "rates", rates);
		if (r->level) {
			json_object_set_new(j, "weight", json_integer((json_int_t)r->weight));
			json_array_append_new(reals, j);
			continue;
		}
		if (r->service)
			json_object_set_new(j, "service", json_string(r->service));
		reals = json_array();
		json_object_set_new(j, "reals", reals);
		json_array_append_new(list, j);
	}
	vipctl_print_document(v, list);
}

static void show(const struct top *t, json_t *before, json_t *after, double seconds, bool first)
{
	size_t n;
	struct top_row *rows = top_rows(before, after, seconds, t->by, &n);

	if (t->v->output == OUTPUT_JSON) {
		print_json(t->v, rows, n);
	} else {
		if (t->screen)
			print_head(t, rows, n);
		else if (!first)
			putchar('\n');
		vipctl_print_columns(t->v, table_of(rows, t->screen ? fitting(n) : n, t->screen));
	}
	top_free(rows, n);
	fflush(stdout);
}

static int watch(const struct top *t)
{
	double since = seconds_now(), now;
	json_t *before = look(t), *after;
	long shown = 0;

	while (before && (t->count == 0 || shown < t->count)) {
		pause_for(t->delay);
		after = look(t);
		now = seconds_now();
		if (after)
			show(t, before, after, now - since, shown == 0);
		shown += after != NULL;
		since = now;
		json_decref(before);
		before = after;
	}
	json_decref(before);
	return before ? 0 : 1;
}

static int read_sort(const struct vipctl *v, enum top_sort *out)
{
	const char *text = vipctl_value(v, "sort"), *names[TOP_SORTS], *near;

	if (!text)
		return 0;
	for (enum top_sort s = 0; s < TOP_SORTS; s++) {
		names[s] = top_sort_name(s);
		if (strcmp(text, names[s]) == 0) {
			*out = s;
			return 0;
		}
	}
	near = suggest_nearest(text, names, TOP_SORTS);
	return vipctl_wrong(
	    v, "--sort: unknown measure \"%s\"%s%s%s; expected bytes, packets, connections, active or name", text,
	    near ? " (did you mean " : "", near ? near : "", near ? "?)" : "");
}

static int run(const struct vipctl *v)
{
	const char *delay = vipctl_value(v, "delay"), *count = vipctl_value(v, "count");
	struct top t = {.v = v, .delay = 2, .screen = isatty(STDOUT_FILENO) && v->output == OUTPUT_TABLE};
	char *end;
	int code;

	t.count = t.screen ? 0 : 1;
	if (delay) {
		t.delay = strtod(delay, &end);
		if (*end || end == delay || !(t.delay >= 0.1 && t.delay <= 3600))
			return vipctl_wrong(v, "--delay: \"%s\" is not a number of seconds from 0.1 to 3600", delay);
	}
	if (count) {
		errno = 0;
		t.count = strtol(count, &end, 10);
		if (*end || end == count || t.count < 1 || errno)
			return vipctl_wrong(v, "--count: \"%s\" is not a number of at least 1", count);
	}
	code = read_sort(v, &t.by);
	return code ? code : watch(&t);
}

static const struct vipctl_flag delay_flag = {"delay", 'd', "SECONDS", NULL, "between two looks (default: 2)"};
static const struct vipctl_flag count_flag = {"count", 'n', "COUNT", NULL,
					      "how often it prints; default: for ever on a terminal, once elsewhere"};
static const struct vipctl_flag sort_flag = {"sort", 0, "MEASURE", "bytes packets connections active name",
					     "bytes (default), packets, connections, active or name"};
static const struct vipctl_flag *const flags[] = {&delay_flag, &count_flag, &sort_flag, NULL};

const struct vipctl_verb vipctl_verb_top = {
    .name = "top",
    .arguments = "",
    .summary = "connections, packets and bytes a second, refreshed",
    .text = "By virtual server and real server, the busiest first. With DR and TUN the answers do not come by\n"
	    "here: what goes out counts as 0. On a terminal the screen is refreshed until Ctrl-C; elsewhere it\n"
	    "is plain text with whole numbers.\n",
    .examples = "  # what goes on now\n  vipctl top\n\n"
		"  # new connections, twice a second\n  vipctl top --sort connections -d 0.5\n\n"
		"  # one look of ten seconds, for a script\n  vipctl top -d 10 -n 1 -o json\n",
    .exit = "  0  done\n  1  vipd does not answer, or a wrong flag\n",
    .flags = flags,
    .outputs = OUTPUT_BIT(OUTPUT_JSON),
    .run = run,
};
