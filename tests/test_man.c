/* The manual pages against the code: neither has an option, a key or an annotation that the other has not, and ranges, words, defaults and examples of the
 * pages are what the code takes. A page's item is a line ".It Cm NAME" (".It Fl NAME") and one line that says its type:
 *   Integer from 1 to 100; default 5.        Time from 0s to 24h.        Word: auto, always, never; default auto. */
#include "../src/base/duration.h"
#include "../src/base/file.h"
#include "../src/base/log.h"
#include "../src/config.h"
#include "../src/options.h"
#include "plan_world.h"

#include <fcntl.h>
#include <stdio.h>

enum { NAMES = 256, TEXT = 512 };

struct names {
	char *items[NAMES];
	size_t n;
};

static bool has(const struct names *l, const char *name)
{
	for (size_t i = 0; i < l->n; i++)
		if (!strcmp(l->items[i], name))
			return true;
	return false;
}

static void add(struct names *l, const char *name)
{
	if (has(l, name))
		return;
	assert_true(l->n < NAMES);
	l->items[l->n++] = xstrdup(name);
}

static void clear(struct names *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->items[i]);
	l->n = 0;
}

static void assert_all_in(const struct names *a, const struct names *b, const char *what)
{
	for (size_t i = 0; i < a->n; i++)
		if (!has(b, a->items[i]))
			fail_msg("%s: %s", what, a->items[i]);
}

/* ---- pages ---- */

static char *page_read(const char *name)
{
	const char *slash = strrchr(__FILE__, '/');
	char path[TEXT], *text;
	size_t len;

	snprintf(path, sizeof path, "%.*s../packaging/man/%s", slash ? (int)(slash + 1 - __FILE__) : 0, __FILE__, name);
	assert_int_equal(file_read(AT_FDCWD, path, 1 << 20, &text, &len), 0);
	return text;
}

/* Behind the first `mark` in text, up to the end of that line, without backslashes; false if there is none. *text moves to the next line. */
static bool line_behind(const char **text, const char *mark, char out[TEXT])
{
	const char *at = strstr(*text, mark), *end;
	size_t n = 0;

	if (!at)
		return false;
	at += strlen(mark);
	end = strchr(at, '\n');
	assert_non_null(end);
	for (; at < end && n < TEXT - 1; at++)
		if (*at != '\\')
			out[n++] = *at;
	out[n] = '\0';
	*text = end + 1;
	return true;
}

struct item {
	char name[TEXT];
	char type[TEXT]; /* up to the default or the full stop */
	char value[TEXT];
	bool has_default;
	char *example; /* NULL: none */
};

static char *example_of(const char *at, const char *end)
{
	const char *open = strstr(at, ".Bd -literal"), *first, *close;

	if (!open || open >= end)
		return NULL;
	first = strchr(open, '\n') + 1;
	close = strstr(first, ".Ed\n");
	return xasprintf("%.*s", (int)(close - first), first);
}

/* The next item of a page; *text moves behind its type. */
static bool item_next(const char **text, struct item *i)
{
	const char *end, *next;
	char *at;

	*i = (struct item){.has_default = false};
	if (!line_behind(text, "\n.It Cm ", i->name))
		return false;
	end = strstr(*text, "\n.El\n");
	next = strstr(*text, "\n.It Cm ");
	i->example = example_of(*text, next && next < end ? next : end);
	assert_true(line_behind(text, "", i->type));
	*text -= 2; /* the next item's newline may be this line's */
	at = i->type + strlen(i->type) - 1;
	assert_int_equal(*at, '.');
	*at = '\0';
	at = strstr(i->type, "; default ");
	if (at) {
		i->has_default = true;
		memmove(i->value, at + 10, strlen(at + 10) + 1);
		*at = '\0';
	}
	return true;
}

/* ---- what an item allows ---- */

/* A type's ends as numbers, times in milliseconds; false if it has none. */
static bool ends_of(const char *type, long long *low, long long *high, bool *time)
{
	char a[32], b[32];
	uint32_t ms;

	*time = !strncmp(type, "Time ", 5);
	if (sscanf(type, "%*s from %31s to %31[^, ]", a, b) != 2)
		return false;
	if (*time) {
		assert_int_equal(duration_parse(a, &ms), 0);
		*low = ms;
		assert_int_equal(duration_parse(b, &ms), 0);
		*high = ms;
	} else {
		*low = atoll(a);
		*high = atoll(b);
	}
	return true;
}

typedef bool (*takes)(void *arg, const struct item *i, const char *value);

static void try_end(const struct item *i, takes ok, void *arg, long long n, bool time, bool expected)
{
	char value[40];

	snprintf(value, sizeof value, time ? "%lldms" : "%lld", n);
	if (ok(arg, i, value) != expected)
		fail_msg("%s: %s is %s", i->name, value, expected ? "refused" : "taken");
}

static void try_words(const struct item *i, takes ok, void *arg)
{
	char words[TEXT];

	snprintf(words, sizeof words, "%s", strstr(i->type, "Word: ") + 6);
	for (char *w = strtok(words, ", "); w; w = strtok(NULL, ", "))
		if (!ok(arg, i, w))
			fail_msg("%s: %s is refused", i->name, w);
	if (ok(arg, i, "nonsense"))
		fail_msg("%s: any word is taken", i->name);
}

static void try_type(const struct item *i, takes ok, void *arg)
{
	long long low, high;
	bool time;

	if (!strcmp(i->type, "Boolean")) {
		assert_true(ok(arg, i, "true") && ok(arg, i, "false"));
		assert_false(ok(arg, i, "maybe"));
	}
	if (ends_of(i->type, &low, &high, &time)) {
		try_end(i, ok, arg, low, time, true);
		try_end(i, ok, arg, high, time, true);
		try_end(i, ok, arg, high + 1, time, false);
		if (low > 1 || !time) /* 0 as a time may mean never */
			try_end(i, ok, arg, low - 1, time, false);
	}
	if (strstr(i->type, "Word: "))
		try_words(i, ok, arg);
}

/* ---- vipd.yaml(5) ---- */

/* Keys beside which a key may stand, and what of them the key takes the place of. */
static const struct {
	const char *prefix, *form; /* %s: the key */
	const char *beside[3];
} places[] = {
    {"garp.", "garp: {%s}", {NULL}},
    {"pools[].", "pools: [{%s}]", {"name: web", "addresses: [192.0.2.0/26]"}},
    {"routers[].authentication.",
     "routers: [{name: web, vrid: 9, version: 2, authentication: {%s}}]",
     {"type: pass", "password: p"}},
    {"routers[].addresses[].", "routers: [{name: web, vrid: 9, addresses: [{%s}]}]", {"address: 192.0.2.1/32"}},
    {"routers[].track[].rise", "routers: [{name: web, vrid: 9, track: [{%s}]}]", {"script: s"}},
    {"routers[].track[].fall", "routers: [{name: web, vrid: 9, track: [{%s}]}]", {"script: s"}},
    {"routers[].track[].timeout", "routers: [{name: web, vrid: 9, track: [{%s}]}]", {"script: s"}},
    {"routers[].track[].interval", "routers: [{name: web, vrid: 9, track: [{%s}]}]", {"script: s"}},
    {"routers[].track[].", "routers: [{name: web, vrid: 9, track: [{%s}]}]", {"interface: eth1"}},
    {"routers[].", "routers: [{%s}]", {"name: web", "vrid: 9"}},
    {"spread.", "routers: auto\nspread: {%s}", {"count: 2", "vrids: 1-255", "nodes: [a, b]"}},
    {"http.tls.", "http: {tls: {%s}}", {"certificate: /c", "key: /k"}},
    {"http.", "http: {%s}", {NULL}},
    {"sync.", "sync: {%s}", {"interface: eth1", "period: 0"}},
    {"", "%s", {NULL}},
};

/* A configuration with the item at this value, or without it (NULL). malloc'd. */
static char *config_with(const struct item *i, const char *value)
{
	char inner[2 * TEXT] = "", *text;
	size_t p = 0, n = 0;
	const char *last;

	while (strncmp(i->name, places[p].prefix, strlen(places[p].prefix)) != 0)
		p++;
	last = strrchr(i->name, '.');
	last = last ? last + 1 : i->name;
	for (size_t k = 0; k < 3 && places[p].beside[k]; k++) {
		const char *other = places[p].beside[k];
		size_t len = strlen(last);

		if (strncmp(other, last, len) != 0 || other[len] != ':')
			n += (size_t)snprintf(inner + n, sizeof inner - n, "%s%s", n ? ", " : "", other);
	}
	if (value && !strcmp(value, "none")) /* no authentication has no password */
		n = (size_t)snprintf(inner, sizeof inner, "%s", "");
	if (value)
		snprintf(inner + n, sizeof inner - n, "%s%s: %s", n ? ", " : "", last, value);
	text = xasprintf("%.*s%s%s\n", (int)(strstr(places[p].form, "%s") - places[p].form), places[p].form, inner,
			 strstr(places[p].form, "%s") + 2);
	return text;
}

/* What a text comes to, or NULL if it is refused. malloc'd. */
static char *config_meaning(const char *text)
{
	struct diag_list diags = {0};
	struct config *c;
	char *out = NULL;

	if (config_parse("t", text, strlen(text), &c, &diags) == 0) {
		config_settle(c, "/var/lib/vipd", NULL, NULL);
		out = config_text(c);
		config_free(c);
	}
	diag_clear(&diags);
	return out;
}

static bool config_takes(void *arg, const struct item *i, const char *value)
{
	char *text = config_with(i, value), *meaning = config_meaning(text);
	bool ok = meaning != NULL;

	free(meaning);
	free(text);
	return ok;
}

static void try_default(const struct item *i)
{
	char *with = config_with(i, i->value), *without = config_with(i, NULL);
	char *a = config_meaning(with), *b = config_meaning(without);

	if (!a || !b || strcmp(a, b) != 0)
		fail_msg("%s: %s is not the default", i->name, i->value);
	free(a);
	free(b);
	free(with);
	free(without);
}

static void try_example(const struct item *i)
{
	char *meaning = i->example ? config_meaning(i->example) : NULL;
	const char *last = strrchr(i->name, '.');

	if (!meaning || !strstr(i->example, last ? last + 1 : i->name))
		fail_msg("%s: no good example: %s", i->name, i->example ? i->example : "none");
	free(meaning);
}

/* pools[0].name -> pools[].name; spread's keys that are a router's are told there. */
static void collect_key(void *arg, const char *key)
{
	char name[TEXT], *at;

	snprintf(name, sizeof name, "%s", key);
	while ((at = strstr(name, "[0]")))
		memmove(at + 1, at + 2, strlen(at + 2) + 1);
	add(arg, name);
}

static bool is_routers(const struct names *page, const char *key)
{
	char name[TEXT];

	if (strncmp(key, "spread.", 7))
		return false;
	snprintf(name, sizeof name, "routers[].%s", key + 7);
	return has(page, name);
}

static void test_config(void **state)
{
	char *page = page_read("vipd.yaml.5");
	struct names described = {.n = 0}, known = {.n = 0};
	const char *at = page;
	struct item i;

	while (item_next(&at, &i)) {
		if (has(&described, i.name))
			fail_msg("%s comes twice", i.name);
		add(&described, i.name);
		try_type(&i, config_takes, NULL);
		if (i.has_default)
			try_default(&i);
		try_example(&i);
		free(i.example);
	}
	config_keys(collect_key, &known);
	assert_all_in(&described, &known, "vipd.yaml(5) has a key that there is not");
	for (size_t k = 0; k < known.n; k++)
		if (!has(&described, known.items[k]) && !is_routers(&described, known.items[k]))
			fail_msg("vipd.yaml(5) lacks %s", known.items[k]);
	clear(&described);
	clear(&known);
	free(page);
}

/* ---- vipd-annotations(7) ---- */

/* What an annotation needs beside it. */
static const char *beside(const struct item *i)
{
	if (!strcmp(i->name, "vipd.io/lower-threshold"))
		return ", vipd.io/upper-threshold: '999999999'";
	return !strcmp(i->name, "vipd.io/scheduler-flags") ? ", vipd.io/scheduler: mh" : "";
}

/* On a Service, or its pod: it is refused if something is said of it. */
static bool annotation_takes(void *arg, const struct item *i, const char *value)
{
	bool pod = !strcmp(i->name, "vipd.io/weight");
	char *note = xasprintf(", annotations: {%s: '%s'%s}", i->name, value, beside(i));
	char *text =
	    xasprintf("---\n{apiVersion: v1, kind: Service, metadata: {name: s%s}, spec: {selector: {a: b}, "
		      "ports: [{port: 80, protocol: UDP}]}}\n---\n{apiVersion: v1, kind: Pod, metadata: {name: "
		      "p, labels: {a: b}%s}, status: {podIP: 10.1.0.1}}\n",
		      pod ? "" : note, pod ? note : "");
	struct object_list list = {0};
	struct diag_list diags = {0};
	struct world *w = world_new();
	bool ok = manifest_parse("t", text, strlen(text), &list, &diags) == 0 && !diags.n;

	for (size_t k = 0; k < list.n; k++)
		world_put_object(w, list.items[k]);
	free(list.items);
	world_run(w);
	ok = ok && !map_gets(w->lines, "problem Service default/s BadAnnotation");
	world_free(w);
	diag_clear(&diags);
	free(text);
	free(note);
	return ok;
}

static void test_annotations(void **state)
{
	char *page = page_read("vipd-annotations.7"), value[TEXT];
	struct names described = {.n = 0}, known = {.n = 0};
	const char *at = page;
	struct item i;

	while (item_next(&at, &i)) {
		add(&described, i.name);
		try_type(&i, annotation_takes, NULL);
		if (i.example) {
			const char *from = i.example;

			assert_int_equal(strncmp(from, i.name, strlen(i.name)), 0);
			assert_true(line_behind(&from, ": \"", value));
			value[strlen(value) - 1] = '\0';
			if (!annotation_takes(NULL, &i, value))
				fail_msg("%s: the example is refused", i.name);
		}
		free(i.example);
	}
	for (const char *const *name = manifest_annotations; *name; name++)
		add(&known, *name);
	assert_all_in(&described, &known, "vipd-annotations(7) has one that there is not");
	assert_all_in(&known, &described, "vipd-annotations(7) lacks");
	clear(&described);
	clear(&known);
	free(page);
}

/* ---- vipd(8) ---- */

/* "run-dir DIR" */
static void test_options(void **state)
{
	char *page = page_read("vipd.8"), *help = options_help(), name[TEXT];
	struct names described = {.n = 0}, known = {.n = 0};
	const char *at;

	for (at = page; line_behind(&at, "\n.It Fl ", name); at--) {
		char *ar = strstr(name, " Ar ");

		if (ar)
			memmove(ar + 1, ar + 4, strlen(ar + 4) + 1);
		add(&described, name + (name[0] == '-'));
	}
	for (at = help; line_behind(&at, "\n  -", name); at--) {
		char *end = strstr(name, "  ");

		assert_non_null(end);
		*end = '\0';
		add(&known, name + (name[0] == '-'));
	}
	assert_true(known.n > 10);
	assert_all_in(&described, &known, "vipd(8) has an option that there is not");
	assert_all_in(&known, &described, "vipd(8) lacks");
	clear(&described);
	clear(&known);
	free(help);
	free(page);
}

/* ".It Sy NAME", then "LEVEL, NUMBER." and the sentence. */
static void test_events(void **state)
{
	static const char *const levels[] = {"error", "warning", "info"};
	char *page = page_read("vipd.8"), name[TEXT], type[TEXT], sentence[TEXT], want[TEXT];
	const char *at = page;
	int e = LOG_PLAIN + 1;

	for (; line_behind(&at, "\n.It Sy ", name); e++) {
		const struct log_event_info *i = &log_event_table[e];

		if (e == LOG_EVENT_COUNT)
			fail_msg("vipd(8) has an event that there is not: %s", name);
		assert_string_equal(name, i->name);
		assert_true(line_behind(&at, "", type) && line_behind(&at, "", sentence));
		snprintf(want, sizeof want, "%s, %s.", levels[i->level], i->uuid);
		assert_string_equal(type, want);
		assert_string_equal(sentence, i->text);
		at -= 2;
	}
	if (e != LOG_EVENT_COUNT)
		fail_msg("vipd(8) lacks the event %s", log_event_table[e].name);
	free(page);
}

/* journalctl -x: the whole file follows from the table. */
static void test_catalog(void **state)
{
	char *have = page_read("../vipd.catalog"), *want = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&want, &len);

	fputs("# Message catalog of vipd(8), for journalctl -x. tests/test_man.c holds it against "
	      "src/base/log_event.h.\n",
	      f);
	for (int e = LOG_PLAIN + 1; e < LOG_EVENT_COUNT; e++) {
		const struct log_event_info *i = &log_event_table[e];

		fprintf(f, "\n-- %s\nSubject: vipd: %s\nDefined-By: vipd\nDocumentation: man:vipd(8)\n\n%s\n", i->uuid,
			i->name, i->text);
	}
	fclose(f);
	assert_string_equal(have, want);
	free(want);
	free(have);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_config), cmocka_unit_test(test_annotations), cmocka_unit_test(test_options),
	    cmocka_unit_test(test_events), cmocka_unit_test(test_catalog),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
