/* The inside of vipctl: what vipctl.c and its verbs share. Nobody else includes this.
 *
 *   vipctl.c          command line
 *   vipctl_client.c   the control socket
 *   vipctl_get.c      get: lists
 *   vipctl_table.c    ... as tables
 *   vipctl_status.c   status
 *   vipctl_check.c    check: manifests, without vipd
 */
#ifndef VIPD_VIPCTL_H
#define VIPD_VIPCTL_H

#include "columns.h"
#include "ctl_request.h"

#include <jansson.h>
#include <stdbool.h>

enum output { OUTPUT_TABLE, OUTPUT_WIDE, OUTPUT_JSON, OUTPUT_YAML, OUTPUT_NAME };

struct vipctl {
	const char *socket;
	const char *ns; /* "default" if none was given */
	bool all_namespaces;
	enum output output;
	char **args; /* behind the verb */
	int n_args;
};

/* Verbs: the exit code. */
int vipctl_get(const struct vipctl *v);
int vipctl_status(const struct vipctl *v);
int vipctl_check(const struct vipctl *v);

/* Asks vipd. NULL after a message on stderr: it is not there, or its answer is an error. Takes request. */
json_t *vipctl_ask(const char *socket, json_t *request);

/* The items of a list as a table. */
struct columns *vipctl_table(enum ctl_kind kind, json_t *items, bool namespaces, bool wide, long long now);

/* The text at a path of keys ("" in the middle is not possible); NULL if there is none. */
const char *json_text_at(json_t *j, const char *const *path);
#define JSON_TEXT(j, ...) json_text_at((j), (const char *const[]){__VA_ARGS__, NULL})

#endif
