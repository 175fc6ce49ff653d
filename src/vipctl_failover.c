/* vipctl failover: waits until it is done, and says what came of it. Test: tests/test_vipctl_table.c, tests/lab/. */
#include "vipctl.h"

#include <stdlib.h>
#include <string.h>

/* A hand-over takes three intervals of at most 255 s; control answers long before in all but the slowest. */
enum { FAILOVER_S = 900 };

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

static int run(const struct vipctl *v)
{
	json_t *request, *reply;
	int code;

	if (v->n_args > 1)
		return vipctl_wrong(v, "one router at a time, or all without a name");
	request = v->n_args ? json_pack("{s:s, s:s}", "verb", "failover", "name", v->args[0])
			    : json_pack("{s:s}", "verb", "failover");
	reply = vipctl_ask(v->socket, request, FAILOVER_S);
	if (!reply)
		return 1;
	code = vipctl_failover_print(reply, v->n_args == 1, stdout, stderr);
	json_decref(reply);
	return code;
}

const struct vipctl_verb vipctl_verb_failover = {
    .name = "failover",
    .arguments = "[ROUTER]",
    .summary = "hands addresses over to another node, and waits until it has them",
    .text = "Without a name: every virtual router that is Active here. Which node took over, and after how\n"
	    "long, is printed for each. The addresses are not taken back while the other node lives.\n",
    .examples = "  # before a maintenance of this node\n  vipctl failover\n\n"
		"  # one router\n  vipctl failover vips\n",
    .exit = "  0  all that was asked for was handed over\n"
	    "  1  nothing was Active here, nobody took over, or there is no such router\n",
    .words = "<router>",
    .run = run,
};
