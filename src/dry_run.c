/* Check and print. What is printed is a fixed point: written to a file and read again, it prints the same. Source: OpenBGPD's -nv.
 * Test: tests/test_dry_run.c. */
#include "dry_run.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "config_load.h"
#include "object_json.h"
#include "record_file.h"
#include "yaml_out.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BAD_CONFIG = 78 };

static void feed(void *arg, const struct object *o)
{
	plan_put(arg, o);
}

static void on_problem(void *arg, const struct object *o, const char *reason, const char *message)
{
	if (message)
		diag_warning(arg, o->file, o->pos, "%s %s/%s: %s: %s", kind_name(o->kind), o->meta.namespace,
			     o->meta.name, reason, message);
}

struct plan *dry_run_compile(const struct config *c, const struct folder *f, struct record *record,
			     struct diag_list *diags)
{
	struct plan_out out = plan_out_none;
	struct plan *p = plan_new(&c->plan, record);

	out.problem = on_problem;
	out.arg = diags;
	folder_each_object(f, feed, p);
	plan_run(p, clock_wall(), &out);
	return p;
}

/* Documents are sorted by kind, namespace and name: the same whatever file they came from. */
struct document {
	int rank;
	const char *ns, *name;
	size_t order; /* of arrival: the slices of one Service are numbered */
	char *text;
};

struct documents {
	struct document *items;
	size_t n, cap;
	const struct config *config;
};

/* Takes json. */
static void add(struct documents *d, int rank, const struct meta *m, json_t *json)
{
	if (d->n == d->cap) {
		d->cap = d->cap ? d->cap * 2 : 64;
		d->items = xrealloc(d->items, d->cap * sizeof *d->items);
	}
	d->items[d->n] = (struct document){rank, m->namespace, m->name, d->n, yaml_text(json)};
	d->n++;
	json_decref(json);
}

enum { RANK_NODE, RANK_CONFIGMAP, RANK_SERVICE, RANK_SLICE };

static void add_service(void *arg, const struct service_view *v)
{
	const struct meta *m = &v->object->meta;
	json_t *slices, *slice;
	size_t i;

	if (v->object->service.type == SERVICE_EXTERNALNAME)
		return;
	add(arg, RANK_SERVICE, m, object_json_service(v, AS_MANIFEST, "VIP"));
	slices = object_json_slices(v);
	json_array_foreach(slices, i, slice)
	{
		add(arg, RANK_SLICE, m, json_incref(slice));
	}
	json_decref(slices);
}

static bool is_vip_configmap(const struct documents *d, const struct object *o)
{
	const char *name = d->config->plan.vip_configmap;
	size_t n = strlen(o->meta.namespace);

	return o->kind == KIND_CONFIGMAP && name && strncmp(name, o->meta.namespace, n) == 0 && name[n] == '/' &&
	       strcmp(name + n + 1, o->meta.name) == 0;
}

static void add_object(void *arg, const struct object *o)
{
	if (o->kind == KIND_NODE)
		add(arg, RANK_NODE, &o->meta, object_json_node(o));
	else if (is_vip_configmap(arg, o))
		add(arg, RANK_CONFIGMAP, &o->meta, object_json_configmap(o));
}

static int document_cmp(const void *a, const void *b)
{
	const struct document *x = a, *y = b;
	int d = x->rank != y->rank ? (x->rank < y->rank ? -1 : 1) : strcmp(x->ns, y->ns);

	if (d == 0)
		d = strcmp(x->name, y->name);
	return d ? d : (x->order > y->order) - (x->order < y->order);
}

void dry_run_print(const struct config *c, const struct folder *f, struct plan *p, FILE *to)
{
	struct documents d = {.config = c};

	folder_each_object(f, add_object, &d);
	plan_each_service(p, add_service, &d);
	if (d.n)
		qsort(d.items, d.n, sizeof *d.items, document_cmp);
	for (size_t i = 0; i < d.n; i++) {
		fputs("---\n", to);
		fputs(d.items[i].text, to);
		free(d.items[i].text);
	}
	free(d.items);
}

/* The record of this state_dir, or an empty one. */
static struct record *read_record(const char *state_dir, struct diag_list *diags)
{
	struct record *r = NULL;
	struct record_stamp stamp;
	int fd = open(state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0) {
		record_file_load(fd, &r, &stamp, diags);
		close(fd);
	} else if (errno != ENOENT && errno != ENOTDIR) {
		diag_warning(diags, state_dir, (struct pos){0}, "cannot be read: %s; addresses are shown as given anew",
			     strerror(errno));
	}
	return r ? r : record_new();
}

/* An interface may come later, and a router waits for it; but most that are not there are misspelt. */
static void look_at_interfaces(const struct config *c, struct diag_list *diags)
{
	for (size_t i = 0; i < c->n_routers; i++) {
		const struct router *r = &c->routers[i];

		if (r->ifname[0] && !if_nametoindex(r->ifname))
			diag_warning(
			    diags, c->file, c->routers_at[i],
			    "router %s: there is no interface %s on this node now: the router will wait for it",
			    r->name, r->ifname);
	}
}

/* systemctl reload runs this: to the journal it is the log's, with levels and the event that an operator may alert on. */
static void say(const struct diag_list *diags, const char *file)
{
	if (!log_stderr_is_journal()) {
		diag_print(diags, stderr);
		return;
	}
	diag_log(diags);
	if (diags->errors)
		log_event(LOG_CONFIG_REFUSED, LOG_WITH(.file = file),
			  "the configuration has errors: nothing is changed");
}

int dry_run(const struct options *o, bool print)
{
	struct diag_list diags = {0};
	struct config *c = NULL;
	struct folder *f = NULL;
	struct record *r = NULL;
	struct plan *p = NULL;
	char *text;
	int code;

	if (config_load_here(o, false, &c, &diags) == 0 && !o->config_only) {
		look_at_interfaces(c, &diags);
		f = folder_read(c->manifests, &diags);
		r = read_record(o->places.state_dir, &diags);
	}
	if (f) {
		p = dry_run_compile(c, f, r, &diags);
		if (print) {
			text = config_text(c);
			fputs(text, stdout);
			free(text);
			dry_run_print(c, f, p, stdout);
		}
	}
	code = diags.errors ? BAD_CONFIG : fflush(stdout) ? 1 : 0;
	say(&diags, o->places.config_file);
	plan_free(p);
	folder_free(f);
	record_free(r);
	config_free(c);
	diag_clear(&diags);
	return code;
}
