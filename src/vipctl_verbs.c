/* Which verbs there are: one line each, in the order of --help. Test: tests/test_vipctl_args.c. */
#include "vipctl.h"

#include <string.h>

/* Each is in its own file. */
#define VERBS(X)                                                                                                       \
	X(get)                                                                                                         \
	X(apply)                                                                                                       \
	X(delete)                                                                                                      \
	X(status)                                                                                                      \
	X(describe)                                                                                                    \
	X(explain)                                                                                                     \
	X(top)                                                                                                         \
	X(drain)                                                                                                       \
	X(undrain)                                                                                                     \
	X(failover)                                                                                                    \
	X(reexec)                                                                                                      \
	X(check)                                                                                                       \
	X(diff)                                                                                                        \
	X(version)                                                                                                     \
	X(help)

#define DECLARE(name) extern const struct vipctl_verb vipctl_verb_##name;
VERBS(DECLARE)

#define PLACE(name) &vipctl_verb_##name,
const struct vipctl_verb *const vipctl_verbs[] = {VERBS(PLACE)};
const size_t vipctl_n_verbs = sizeof vipctl_verbs / sizeof vipctl_verbs[0];

const struct vipctl_flag vipctl_namespace = {"namespace", 'n', "NS", NULL, "namespace (default: default)"};
const struct vipctl_flag vipctl_all_namespaces = {"all-namespaces", 'A', NULL, NULL, "all namespaces"};
const struct vipctl_flag vipctl_output = {"output", 'o', "FORMAT", NULL, ""};

static const struct vipctl_flag socket_flag = {"control-socket", 0, "FILE", NULL,
					       "vipd's socket (default: /run/vipd/vipd.sock)"};
static const struct vipctl_flag color_flag = {"color", 0, "WHEN", "auto always never",
					      "auto (a terminal, unless NO_COLOR is set), always or never"};
static const struct vipctl_flag help_flag = {"help", 'h', NULL, NULL, "print this"};
const struct vipctl_flag *const vipctl_common[] = {&socket_flag, &color_flag, &help_flag, NULL};

static const struct vipctl_flag version_flag = {"version", 0, NULL, NULL, "print the version"};
static const struct vipctl_flag *const before[] = {&vipctl_namespace, &vipctl_all_namespaces, &vipctl_output,
						   &version_flag, NULL};

const struct vipctl_verb *vipctl_verb_find(const char *name)
{
	for (size_t i = 0; i < vipctl_n_verbs; i++)
		if (strcmp(vipctl_verbs[i]->name, name) == 0)
			return vipctl_verbs[i];
	return NULL;
}

static void each_of(const struct vipctl_flag *const *flags, void (*each)(void *arg, const struct vipctl_flag *f),
		    void *arg)
{
	for (; flags && *flags; flags++)
		each(arg, *flags);
}

void vipctl_each_flag(const struct vipctl_verb *verb, void (*each)(void *arg, const struct vipctl_flag *f), void *arg)
{
	each_of(verb ? verb->flags : before, each, arg);
	if (verb && verb->outputs)
		each(arg, &vipctl_output);
	each_of(vipctl_common, each, arg);
}

const char *vipctl_output_name(enum output o)
{
	static const char *const names[OUTPUTS] = {[OUTPUT_WIDE] = "wide",
						   [OUTPUT_JSON] = "json",
						   [OUTPUT_YAML] = "yaml",
						   [OUTPUT_NAME] = "name",
						   [OUTPUT_JSONPATH] = "jsonpath="};

	return o < OUTPUTS ? names[o] : NULL;
}
