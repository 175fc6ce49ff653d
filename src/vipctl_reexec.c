/* vipctl reexec: replaces the binary, waits until the new one answers. Test: tests/lab/. */
#include "vipctl.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { REEXEC_S = 60 };

/* control is replaced as the last one: another process of that name answers then. Between them nobody does. */
static bool replaced(const struct vipctl *v, json_int_t before, char version[64])
{
	json_t *j = vipctl_ask_quietly(v->socket, json_pack("{s:s}", "verb", "status"), PATIENCE_S);
	bool done =
	    j && json_integer_value(json_object_get(j, "pid")) != before && json_is_true(json_object_get(j, "ready"));

	if (done)
		snprintf(version, 64, "%s", JSON_TEXT(j, "version") ? JSON_TEXT(j, "version") : "?");
	json_decref(j);
	return done;
}

static int run(const struct vipctl *v)
{
	static const struct timespec pause = {.tv_nsec = 200000000};
	char version[64];
	json_t *reply;
	json_int_t before;

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

const struct vipctl_verb vipctl_verb_reexec = {
    .name = "reexec",
    .arguments = "",
    .summary = "replaces vipd's binary in place, and waits until it runs",
    .text = "Addresses, kernel tables and connections stay. Packages do this when they upgrade.\n",
    .examples = "  # after the new binary was installed\n  vipctl reexec\n",
    .exit = "  0  the new binary runs\n  1  it does not, or not within a minute; the log says why\n",
    .run = run,
};
