/* vipctl failover and reexec: they wait until it is done, and say what came of it. Test: tests/test_vipctl_table.c, tests/lab/. */
#include "vipctl.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* A hand-over takes three intervals of at most 255 s; control answers long before in all but the slowest. */
enum { FAILOVER_S = 900, REEXEC_S = 60 };

static const char *text_or(json_t *j, const char *key, const char *other)
{
	const char *s = json_string_value(json_object_get(j, key));

	return s ? s : other;
}

int vipctl_failover_print(json_t *reply, bool named, FILE *out, FILE *err)
{
	size_t i, handed = 0, failed = 0;
	json_t *r;

	json_array_foreach(json_object_get(reply, "routers"), i, r)
	{
		const char *name = text_or(r, "name", "?"), *result = text_or(r, "result", "");

		if (strcmp(result, "handed over") == 0) {
			fprintf(out, "%s: %s took over after %.1f ms\n", name, text_or(r, "to", "?"),
				json_number_value(json_object_get(r, "afterMs")));
			handed++;
		} else if (strcmp(result, "not active") == 0) {
			if (named)
				fprintf(err, "%s: is not Active on this node\n", name);
		} else if (strcmp(result, "kept") == 0) {
			fprintf(err, "%s: nobody took over; this node keeps it\n", name);
			failed++;
		} else {
			fprintf(err, "%s: %s; nobody is known to have taken over\n", name, result);
			failed++;
		}
	}
	if (!handed && !failed && !named)
		fprintf(err, "No virtual router is Active on this node.\n");
	return handed && !failed ? 0 : 1;
}

int vipctl_failover(const struct vipctl *v)
{
	json_t *request, *reply;
	int code;

	if (v->n_args > 1) {
		fprintf(stderr, "Error: one router at a time, or all without a name\n");
		return 1;
	}
	request = v->n_args ? json_pack("{s:s, s:s}", "verb", "failover", "name", v->args[0])
			    : json_pack("{s:s}", "verb", "failover");
	reply = vipctl_ask(v->socket, request, FAILOVER_S);
	if (!reply)
		return 1;
	code = vipctl_failover_print(reply, v->n_args == 1, stdout, stderr);
	json_decref(reply);
	return code;
}

/* control is replaced as the last one: another process of that name answers then. Between them nobody does. */
static bool replaced(const struct vipctl *v, json_int_t before, char version[64])
{
	json_t *j = vipctl_ask_quietly(v->socket, json_pack("{s:s}", "verb", "status"), PATIENCE_S);
	bool done =
	    j && json_integer_value(json_object_get(j, "pid")) != before && json_is_true(json_object_get(j, "ready"));

	if (done)
		snprintf(version, 64, "%s", text_or(j, "version", "?"));
	json_decref(j);
	return done;
}

int vipctl_reexec(const struct vipctl *v)
{
	static const struct timespec pause = {.tv_nsec = 200000000};
	char version[64];
	json_t *reply;
	json_int_t before;

	if (v->n_args) {
		fprintf(stderr, "Error: reexec takes no arguments\n");
		return 1;
	}
	reply = vipctl_ask(v->socket, json_pack("{s:s}", "verb", "reexec"), PATIENCE_S);
	if (!reply)
		return 1;
	before = json_integer_value(json_object_get(reply, "pid"));
	json_decref(reply);
	for (int i = 0; i < 5 * REEXEC_S; i++) {
		nanosleep(&pause, NULL);
		if (replaced(v, before, version)) {
			printf("vipd %s runs\n", version);
			return 0;
		}
	}
	fprintf(stderr, "Error: not replaced within %d s; the log says why\n", REEXEC_S);
	return 1;
}
