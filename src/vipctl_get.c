/* vipctl get: asks for a list and prints it, once or as it changes. A table is made item by item: ten thousand Services as one JSON tree would cost tens of
 * MB. Source: kubectl get. Test: tests/test_vipctl_table.c, tests/test_vipctl_get.c, tests/lab/. */
#include "vipctl.h"

#include "base/arena.h"
#include "base/map.h"
#include "jsonpath.h"
#include "selector.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { AWAY_S = 30 }; /* how long a watch bears that vipd is not there */

struct get {
	const struct vipctl *v;
	enum ctl_kind kind;
	struct selector *selector; /* NULL: all */
};

static json_t *request(const struct get *g)
{
	const char *of = vipctl_value(g->v, "for");
	json_t *j = json_pack("{s:s, s:s, s:s, s:o, s:b}", "verb", "get", "kind", ctl_kind_name(g->kind), "namespace",
			      g->v->ns, "names", vipctl_names(g->v, 1), "allNamespaces", g->v->all_namespaces);

	if (of)
		json_object_set_new(j, "for", json_string(of));
	return j;
}

static const char *label_of(const void *item, const char *key)
{
	return json_string_value(json_object_get(json_object_get(json_object_get(item, "metadata"), "labels"), key));
}

static bool is_selected(const struct get *g, const json_t *item)
{
	return !g->selector || selector_matches(g->selector, label_of, item);
}

/* ---- printing ---- */

/* One object when one was named, else a List, as kubectl does. */
static json_t *document(const struct vipctl *v, json_t *items)
{
	if (v->n_args == 2)
		return json_incref(json_array_get(items, 0));
	return json_pack("{s:s, s:s, s:O, s:{s:s}}", "apiVersion", "v1", "kind", "List", "items", items, "metadata",
			 "resourceVersion", "");
}

static void print_name(enum ctl_kind kind, json_t *item)
{
	static const char *const singular[CTL_KINDS] = {
	    [CTL_SERVICES] = "service", [CTL_ENDPOINTS] = "endpoints",
	    [CTL_PODS] = "pod",         [CTL_VIRTUALSERVERS] = "virtualserver",
	    [CTL_VIPS] = "vip",         [CTL_VRRP] = "virtualrouter",
	    [CTL_EVENTS] = "event",     [CTL_NODES] = "node",
	    [CTL_POOLS] = "pool"};

	printf("%s/%s\n", singular[kind], JSON_TEXT(item, "metadata", "name"));
}

/* Takes j. The exit code. */
static int print_jsonpath(const char *template, json_t *j)
{
	char why[256], *text = jsonpath_text(template, j, why, sizeof why);

	json_decref(j);
	if (!text) {
		fprintf(stderr, "Error: jsonpath: %s\n", why);
		return 1;
	}
	fputs(text, stdout);
	free(text);
	return 0;
}

static int print_none(const struct get *g)
{
	if (g->v->n_args > 1)
		return 0;
	if (g->v->all_namespaces || !ctl_kind_namespaced(g->kind))
		fprintf(stderr, "No resources found\n");
	else
		fprintf(stderr, "No resources found in %s namespace.\n", g->v->ns);
	return 0;
}

/* Lists as a whole. */
static int print_documents(const struct get *g, json_t *items)
{
	if (json_array_size(items) == 0 && g->v->n_args > 1)
		return 0;
	if (g->v->output == OUTPUT_JSONPATH)
		return print_jsonpath(g->v->template, document(g->v, items));
	vipctl_print_document(g->v, document(g->v, items));
	return 0;
}

/* ---- once ---- */

struct rows {
	const struct get *g;
	struct columns *table; /* NULL: names */
	json_t *items;         /* whole documents; NULL: none are wanted */
	long long now;
	size_t n;
};

static void add_item(void *arg, json_t *item)
{
	struct rows *r = arg;

	if (!is_selected(r->g, item))
		return;
	r->n++;
	if (r->items)
		json_array_append(r->items, item);
	else if (r->table)
		vipctl_table_add(r->table, r->g->kind, item, r->g->v->all_namespaces, r->g->v->output == OUTPUT_WIDE,
				 r->now);
	else
		print_name(r->g->kind, item);
}

static bool is_table(const struct vipctl *v)
{
	return v->output == OUTPUT_TABLE || v->output == OUTPUT_WIDE;
}

static int get_once(const struct get *g)
{
	struct rows r = {.g = g, .now = (long long)time(NULL)};
	json_t *missing = NULL;
	int code;

	if (is_table(g->v))
		r.table = vipctl_table_new(g->kind, g->v->all_namespaces, g->v->output == OUTPUT_WIDE);
	else if (g->v->output != OUTPUT_NAME)
		r.items = json_array();
	if (r.table && vipctl_value(g->v, "no-headers"))
		columns_hide_headings(r.table);
	code = vipctl_each(g->v->socket, request(g), PATIENCE_S, add_item, &r, &missing);
	if (code == 0 && r.items)
		code = print_documents(g, r.items);
	else if (code == 0 && r.n == 0)
		code = print_none(g);
	if (code == 0 && r.table && r.n)
		vipctl_print_columns(g->v, r.table);
	else
		columns_free(r.table);
	code = vipctl_not_found(g->kind, missing) || code;
	json_decref(missing);
	json_decref(r.items);
	return code;
}

/* ---- watch ---- */

/* What was printed of an object last: its row without ages, and as it was printed. */
struct seen {
	char *stable, *line;
	bool there;
};

static void seen_free(void *v)
{
	struct seen *s = v;

	free(s->stable);
	free(s->line);
	free(s);
}

struct watch {
	const struct get *g;
	struct map *seen; /* "namespace/name" -> struct seen */
	bool begun;       /* headings are printed, or not wanted */
};

static char *key_of(json_t *item)
{
	const char *ns = JSON_TEXT(item, "metadata", "namespace"), *name = JSON_TEXT(item, "metadata", "name");

	return xasprintf("%s/%s", ns ? ns : "", name ? name : "");
}

/* The next line of a text, without its end; NULL behind the last. */
static char *next_line(char **text)
{
	char *line = *text, *end = strchr(line, '\n');

	if (!end)
		return NULL;
	*end = '\0';
	*text = end + 1;
	return line;
}

static void print_change(const struct watch *w, json_t *item, const char *line)
{
	const struct vipctl *v = w->g->v;

	if (is_table(v))
		printf("%s\n", line);
	else if (v->output == OUTPUT_NAME)
		print_name(w->g->kind, item);
	else if (v->output == OUTPUT_JSONPATH)
		print_jsonpath(v->template, json_incref(item));
	else
		vipctl_print_document(v, json_incref(item));
}

/* One object as it is now; line and stable are its rows. */
static void look_at(struct watch *w, json_t *item, const char *line, const char *stable)
{
	char *key = key_of(item);
	struct seen *s = map_gets(w->seen, key);
	bool new = !s;

	if (new) {
		s = xcalloc(1, sizeof *s);
		map_puts(w->seen, key, s);
	}
	free(key);
	if (new || strcmp(s->stable, stable) != 0)
		print_change(w, item, line);
	free(s->stable);
	free(s->line);
	s->stable = xstrdup(stable);
	s->line = xstrdup(line);
	s->there = true;
}

/* Those that are gone are printed as they were, as kubectl does. */
static void look_for_gone(struct watch *w)
{
	const void *key;
	size_t at = 0, len;
	void *value;

	while (map_next(w->seen, &at, &key, &len, &value)) {
		struct seen *s = value;

		if (s->there) {
			s->there = false;
			continue;
		}
		if (is_table(w->g->v))
			printf("%s\n", s->line);
		map_del(w->seen, key, len);
		seen_free(s);
	}
}

static void look(struct watch *w, json_t *items)
{
	const struct vipctl *v = w->g->v;
	bool wide = v->output == OUTPUT_WIDE;
	struct columns *now = vipctl_table(w->g->kind, items, v->all_namespaces, wide, (long long)time(NULL));
	struct columns *ageless = vipctl_table(w->g->kind, items, v->all_namespaces, wide, 0);
	char *text = columns_text(now), *stable = columns_text(ageless), *t = text, *s = stable, *line = next_line(&t);
	json_t *item;
	size_t i;

	next_line(&s);
	if (is_table(v) && !w->begun && json_array_size(items))
		printf("%s\n", line);
	w->begun = w->begun || json_array_size(items);
	json_array_foreach(items, i, item)
	{
		line = next_line(&t);
		look_at(w, item, line ? line : "", next_line(&s));
	}
	look_for_gone(w);
	fflush(stdout);
	free(text);
	free(stable);
	columns_free(now);
	columns_free(ageless);
}

/* Takes out of the array what is not selected; returns it. */
static json_t *select_items(const struct get *g, json_t *items)
{
	for (size_t i = json_array_size(items); i-- > 0;)
		if (!is_selected(g, json_array_get(items, i)))
			json_array_remove(items, i);
	return items;
}

/* Polls: a change of many things is one look, and a watcher that nobody reads costs vipd nothing. Ends when standard output does, or vipd stays away. */
static int get_watch(const struct get *g)
{
	static const struct timespec pause = {.tv_nsec = 500000000};
	struct watch w = {.g = g, .seen = map_new(), .begun = vipctl_value(g->v, "no-headers")};
	unsigned away = 0;

	for (bool first = true; !ferror(stdout); first = false) {
		bool last = away == 2 * AWAY_S;
		json_t *reply = first || last ? vipctl_ask(g->v->socket, request(g), PATIENCE_S)
					      : vipctl_ask_quietly(g->v->socket, request(g), PATIENCE_S);

		if (!reply && (first || last))
			break;
		away = reply ? 0 : away + 1;
		if (first && vipctl_not_found(g->kind, json_object_get(reply, "notFound"))) {
			json_decref(reply);
			break;
		}
		if (reply)
			look(&w, select_items(g, json_object_get(reply, "items")));
		json_decref(reply);
		nanosleep(&pause, NULL);
	}
	map_free(w.seen, seen_free);
	return 1;
}

/* ---- the verb ---- */

static int unknown_kind(const char *word)
{
	const char *near = ctl_kind_suggest(word);

	fprintf(stderr, "Error: there is no kind \"%s\"", word);
	if (near)
		fprintf(stderr, "; did you mean \"%s\"?\n", near);
	else
		fprintf(stderr,
			"; expected services, endpoints, pods, nodes, virtualservers, vips, vrrp, pools or events\n");
	return 1;
}

/* 0, or -1: what is wrong has been said. */
static int read_selector(struct get *g)
{
	const char *text = vipctl_value(g->v, "selector");
	char why[SELECTOR_WHY];

	if (!text)
		return 0;
	if (g->kind != CTL_SERVICES && g->kind != CTL_ENDPOINTS && g->kind != CTL_PODS && g->kind != CTL_NODES)
		vipctl_wrong(g->v, "--selector is for services, endpoints, pods and nodes: the others have no labels");
	else if (g->v->n_args > 1)
		vipctl_wrong(g->v, "a name and --selector cannot be given together");
	else if (selector_parse(text, &g->selector, why))
		vipctl_wrong(g->v, "--selector \"%s\": %s", text, why);
	else
		return 0;
	return -1;
}

static int run(const struct vipctl *given)
{
	struct vipctl v = *given;
	struct get g = {.v = &v};
	char *args[2];
	int code;

	vipctl_split(&v, args);

	if (v.n_args == 0)
		return vipctl_wrong(&v,
				    "get what? One of services, endpoints, pods, nodes, virtualservers, vips, vrrp, "
				    "pools, events");
	if (ctl_kind_parse(v.args[0], &g.kind)) {
		code = unknown_kind(v.args[0]);
	} else if (v.all_namespaces && v.n_args > 1 && ctl_kind_namespaced(g.kind)) {
		fprintf(stderr, "Error: a resource cannot be retrieved by name across all namespaces\n");
		code = 1;
	} else if (vipctl_value(&v, "for") && g.kind != CTL_EVENTS) {
		code = vipctl_wrong(&v, "--for is for events");
	} else if (!read_selector(&g)) {
		code = vipctl_value(&v, "watch") ? get_watch(&g) : get_once(&g);
	} else {
		code = 1;
	}
	selector_free(g.selector);
	free(args[0]);
	free(args[1]);
	return code;
}

static const struct vipctl_flag watch_flag = {"watch", 'w', NULL, NULL,
					      "print what changes, as it does, until interrupted"};
static const struct vipctl_flag for_flag = {"for", 0, "KIND/NAME", NULL, "events of one object"};
static const struct vipctl_flag selector_flag = {"selector", 'l', "SELECTOR", NULL,
						 "only those with these labels: app=web,tier!=db,env in (a,b)"};
static const struct vipctl_flag bare_flag = {"no-headers", 0, NULL, NULL, "print no headings above a table"};
static const struct vipctl_flag *const flags[] = {
    &vipctl_namespace, &vipctl_all_namespaces, &watch_flag, &selector_flag, &for_flag, &bare_flag, NULL};

const struct vipctl_verb vipctl_verb_get = {
    .name = "get",
    .arguments = "KIND [NAME...]",
    .summary = "lists what vipd knows",
    .text = "KIND is one of services (svc), endpoints (ep), pods (po), nodes (no), virtualservers (vs), vips\n"
	    "(vip), vrrp (vr), pools (pool), events (ev); KIND/NAME does as well. Columns, ages and words are\n"
	    "kubectl's. jsonpath=TEMPLATE takes kubectl's paths, indexes, slices, filters, range and end.\n",
    .examples = "  # the Services of all namespaces, with selectors and problems\n"
		"  vipctl get svc -A -o wide\n\n"
		"  # those with a label\n"
		"  vipctl get svc -A -l app=web\n\n"
		"  # one Service as a manifest\n"
		"  vipctl get svc web -n shop -o yaml\n\n"
		"  # the address of a load balancer\n"
		"  vipctl get svc web -o jsonpath='{.status.loadBalancer.ingress[0].ip}'\n\n"
		"  # what happens to a Service, as it does\n"
		"  vipctl get events --for svc/web -w\n\n"
		"  # what the kernel has, with connections\n"
		"  vipctl get vs\n\n"
		"  # who holds which address, and why the routers changed\n"
		"  vipctl get vips\n"
		"  vipctl get vrrp -o wide\n",
    .flags = flags,
    .outputs = OUTPUT_BIT(OUTPUT_WIDE) | OUTPUT_BIT(OUTPUT_JSON) | OUTPUT_BIT(OUTPUT_YAML) | OUTPUT_BIT(OUTPUT_NAME) |
	       OUTPUT_BIT(OUTPUT_JSONPATH),
    .words = "services endpoints pods nodes virtualservers vips vrrp pools events",
    .run = run,
};
