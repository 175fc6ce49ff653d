/* vipctl version: of vipctl, and of the vipd that runs. Test: tests/lab/. */
#include "vipctl.h"

static void print_text(const char *running)
{
	printf("vipctl %s\n", VIPD_VERSION);
	if (running)
		printf("vipd   %s\n", running);
}

static int run(const struct vipctl *v)
{
	bool client = vipctl_value(v, "client") != NULL;
	json_t *j = client ? NULL : vipctl_ask(v->socket, json_pack("{s:s}", "verb", "status"), PATIENCE_S);
	const char *running = JSON_TEXT(j, "version");

	if (v->output == OUTPUT_JSON || v->output == OUTPUT_YAML)
		vipctl_print_document(v, json_pack("{s:s, s:s*}", "vipctl", VIPD_VERSION, "vipd", running));
	else
		print_text(running);
	json_decref(j);
	return client || running ? 0 : 1;
}

static const struct vipctl_flag client_flag = {"client", 0, NULL, NULL, "of vipctl alone, vipd is not asked"};
static const struct vipctl_flag *const flags[] = {&client_flag, NULL};

const struct vipctl_verb vipctl_verb_version = {
    .name = "version",
    .arguments = "",
    .summary = "the versions of vipctl and of the vipd that runs",
    .examples = "  # both\n  vipctl version\n\n  # without vipd\n  vipctl version --client\n",
    .exit = "  0  done\n  1  vipd does not answer; the version of vipctl is printed all the same\n",
    .flags = flags,
    .outputs = OUTPUT_BIT(OUTPUT_JSON) | OUTPUT_BIT(OUTPUT_YAML),
    .run = run,
};
