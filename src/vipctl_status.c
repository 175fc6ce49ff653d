/* vipctl status: problems first, then what each part knows. Test: tests/lab/. */
#include "vipctl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void print_problems(const struct vipctl *v, json_t *problems)
{
	static const char *const heads[] = {"OBJECT", "REASON", "MESSAGE"};
	struct columns *c;
	json_t *p;
	size_t i;

	if (json_array_size(problems) == 0) {
		puts("No problems.\n");
		return;
	}
	c = columns_new(heads, 3);
	json_array_foreach(problems, i, p)
	{
		columns_add(c, JSON_TEXT(p, "object"));
		columns_add(c, JSON_TEXT(p, "reason"));
		columns_add(c, JSON_TEXT(p, "message"));
	}
	vipctl_print_columns(v, c);
	putchar('\n');
}

/* Members of an object on one line: "a 1, b 2"; empty and false ones are passed over. */
static void print_members(const char *title, json_t *j)
{
	const char *key, *comma = "";
	json_t *v;

	printf("%-8s ", title);
	json_object_foreach(j, key, v)
	{
		if (json_is_string(v) && *json_string_value(v))
			printf("%s%s %s", comma, key, json_string_value(v));
		else if (json_is_integer(v))
			printf("%s%s %" JSON_INTEGER_FORMAT, comma, key, json_integer_value(v));
		else if (json_is_true(v))
			printf("%s%s", comma, key);
		else
			continue;
		comma = ", ";
	}
	putchar('\n');
}

/* Addresses of Services with traffic policy Local. */
static void print_local(const json_t *local)
{
	if (local)
		printf("         %" JSON_INTEGER_FORMAT " of %" JSON_INTEGER_FORMAT
		       " Local addresses have an endpoint on this node: priority +%" JSON_INTEGER_FORMAT "\n",
		       json_integer_value(json_object_get(local, "here")),
		       json_integer_value(json_object_get(local, "addresses")),
		       json_integer_value(json_object_get(local, "rise")));
}

static void print_routers(json_t *routers)
{
	json_t *r;
	size_t i;

	json_array_foreach(routers, i, r)
	{
		const char *name = JSON_TEXT(r, "name"), *state = JSON_TEXT(r, "state");
		const char *cause = JSON_TEXT(r, "lastCause"), *active = JSON_TEXT(r, "active");
		const char *differs = JSON_TEXT(r, "difference");

		printf("router   %s %s, priority %" JSON_INTEGER_FORMAT, name ? name : "?", state ? state : "?",
		       json_integer_value(json_object_get(r, "effectivePriority")));
		if (state && strcmp(state, "Backup") == 0 && active)
			printf(", behind %s", active);
		printf("%s%s\n", cause && *cause ? ": " : "", cause ? cause : "");
		print_local(json_object_get(r, "local"));
		if (differs)
			printf("         addresses differ from its peer's: %s\n", differs);
	}
}

static void print_drained(json_t *list)
{
	json_t *one;
	size_t i;

	json_array_foreach(list, i, one)
	{
		const char *s = json_string_value(one);

		printf("%s%s", i ? ", " : "drained  by hand: ", s ? s : "?");
	}
	if (json_array_size(list))
		putchar('\n');
}

static void print_draining(json_t *j)
{
	long long left = (long long)json_integer_value(json_object_get(j, "until")) - (long long)time(NULL);
	char age[24];

	printf("draining %" JSON_INTEGER_FORMAT " real servers, %" JSON_INTEGER_FORMAT
	       " virtual servers that are wanted no more; the last ends within %s\n",
	       json_integer_value(json_object_get(j, "realServers")),
	       json_integer_value(json_object_get(j, "virtualServers")), columns_age(left > 0 ? left : 0, age));
}

static void print_status(const struct vipctl *v, json_t *j)
{
	json_t *sync = json_object_get(json_object_get(j, "ipvs"), "sync");
	json_t *draining = json_object_get(json_object_get(j, "ipvs"), "draining");
	json_t *source = json_array_get(json_object_get(j, "sources"), 0);
	json_t *generation = json_object_get(j, "generation");
	const char *path = JSON_TEXT(source, "path"), *trouble = JSON_TEXT(source, "trouble");

	print_problems(v, json_object_get(j, "problems"));
	printf("vipd     version %s, node %s, process %" JSON_INTEGER_FORMAT "%s\n",
	       JSON_TEXT(j, "version") ? JSON_TEXT(j, "version") : "?",
	       JSON_TEXT(j, "node") ? JSON_TEXT(j, "node") : "?", json_integer_value(json_object_get(j, "pid")),
	       json_is_true(json_object_get(j, "planning")) ? "" : ", waiting for its first pass");
	printf("config   %s\n", JSON_TEXT(j, "config") ? JSON_TEXT(j, "config") : "?");
	printf("folder   %s%s%s\n", path ? path : "?", trouble ? ": " : "", trouble ? trouble : "");
	print_members("objects", json_object_get(source, "objects"));
	print_members("to ipvs", json_object_get(generation, "ipvs"));
	print_members("to vrrp", json_object_get(generation, "vrrp"));
	print_members("ipvs", json_object_get(j, "ipvs"));
	print_drained(json_object_get(j, "drained"));
	if (json_is_object(draining))
		print_draining(draining);
	if (json_is_object(sync))
		print_members("sync", sync);
	print_members("vrrp", json_object_get(j, "vrrp"));
	print_routers(json_object_get(j, "routers"));
}

static int run(const struct vipctl *v)
{
	json_t *j = vipctl_ask(v->socket, json_pack("{s:s}", "verb", "status"), PATIENCE_S);

	if (!j)
		return 1;
	if (v->output == OUTPUT_TABLE) {
		print_status(v, j);
		json_decref(j);
	} else {
		vipctl_print_document(v, j);
	}
	return 0;
}

const struct vipctl_verb vipctl_verb_status = {
    .name = "status",
    .arguments = "",
    .summary = "problems first, then the state of each part",
    .examples = "  # is anything wrong on this node?\n  vipctl status\n\n"
		"  # for a monitoring script\n  vipctl status -o json\n",
    .outputs = OUTPUT_BIT(OUTPUT_JSON) | OUTPUT_BIT(OUTPUT_YAML),
    .run = run,
};
