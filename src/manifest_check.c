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

void manifest_check(const struct object_list *objects, struct diag_list *diags)
{
	struct plan_out out = plan_out_none;
	struct record *record = record_new();
	struct config *config;
	struct plan *p;

	out.problem = on_problem;
	out.arg = diags;
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
