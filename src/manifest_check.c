/* Test: tests/test_vipctl_check.c */
#include "manifest_check.h"

#include "config.h"

#include <string.h>

static void on_problem(void *arg, const struct object *o, const char *reason, const char *message)
{
	/* Nothing in a manifest can mend these: they speak of pools, of this node, of what else is there. */
	static const char *const elsewhere[] = {"NotAllocated", "AllocationFailed", "Pending"};

	if (!message)
		return;
	for (size_t i = 0; i < sizeof elsewhere / sizeof elsewhere[0]; i++)
		if (strcmp(reason, elsewhere[i]) == 0)
			return;
	diag_error(arg, o->file, o->pos, "%s %s/%s: %s: %s", kind_name(o->kind), o->meta.namespace, o->meta.name,
		   reason, message);
}

static void ignore_vs(void *arg, const struct vs *v)
{
}

static void ignore_key(void *arg, const struct vs_key *k)
{
}

static void ignore_vip(void *arg, const struct vip *v)
{
}

static void ignore_addr(void *arg, const struct addr *a)
{
}

void manifest_check(const struct object_list *objects, struct diag_list *diags)
{
	const struct plan_out out = {.vs_set = ignore_vs,
				     .vs_delete = ignore_key,
				     .vip_set = ignore_vip,
				     .vip_delete = ignore_addr,
				     .problem = on_problem,
				     .arg = diags};
	struct record *record = record_new();
	struct config *config;
	struct plan *p;

	if (config_parse("", NULL, 0, &config, diags) == 0) {
		p = plan_new(&config->plan, record);
		for (size_t i = 0; i < objects->n; i++)
			plan_put(p, objects->items[i]);
		plan_run(p, 0, &out);
		plan_free(p);
		config_free(config);
	}
	record_free(record);
}
