/* vipctl drain, undrain: takes real servers out of service by hand, and back. Test: tests/test_vipctl_args.c, tests/lab/. */
#include "vipctl.h"

#include <stdlib.h>

static json_t *request(const struct vipctl *v)
{
	return json_pack("{s:s, s:s, s:o}", "verb", v->verb->name, "namespace", v->ns, "names", vipctl_names(v, 0));
}

static void print(json_t *reply, const char *what, bool listed)
{
	json_t *one;
	size_t i;

	json_array_foreach(json_object_get(reply, "changed"), i, one)
	{
		const char *name = JSON_TEXT(one, "realServer");

		printf("%s %sed: %" JSON_INTEGER_FORMAT " virtual servers\n", name ? name : "?", what,
		       json_integer_value(json_object_get(one, "virtualServers")));
	}
	if (!listed && !json_array_size(json_object_get(reply, "changed")))
		puts("Nothing changed.");
	json_array_foreach(json_object_get(reply, "drained"), i, one)
	{
		if (listed && json_string_value(one))
			puts(json_string_value(one));
	}
}

static int ask(const struct vipctl *v)
{
	json_t *reply = vipctl_ask(v->socket, request(v), PATIENCE_S);

	if (!reply)
		return 1;
	print(reply, v->verb->name, v->n_args == 0);
	json_decref(reply);
	return 0;
}

static int run_undrain(const struct vipctl *v)
{
	return v->n_args ? ask(v) : vipctl_wrong(v, "undrain what? `vipctl drain` lists what is drained");
}

static const struct vipctl_flag *const flags[] = {&vipctl_namespace, NULL};

const struct vipctl_verb vipctl_verb_drain = {
    .name = "drain",
    .arguments = "[REALSERVER...]",
    .summary = "takes real servers out of service; their connections go on",
    .text = "REALSERVER is an address, address:port, or the name of a pod. It has weight 0 in every virtual server\n"
	    "until it is undrained, over restarts too. Without an argument: lists what is drained.\n",
    .examples = "  # before a node of pods is shut down\n  vipctl drain 10.32.0.5\n\n"
		"  # one pod\n  vipctl drain web-1 -n shop\n",
    .exit = "  0  done, or it was so already\n  1  no such real server\n",
    .flags = flags,
    .run = ask,
};

const struct vipctl_verb vipctl_verb_undrain = {
    .name = "undrain",
    .arguments = "REALSERVER...",
    .summary = "puts drained real servers into service again",
    .examples = "  # what drains\n  vipctl drain\n\n  # back\n  vipctl undrain 10.32.0.5\n",
    .exit = "  0  done, or it was so already\n  1  no such real server\n",
    .flags = flags,
    .run = run_undrain,
};
