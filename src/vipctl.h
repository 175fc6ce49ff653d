/* The inside of vipctl: what vipctl.c and its verbs share. Nobody else includes this.
 *
 *   vipctl.c          command line
 *   vipctl_client.c   the control socket
 *   vipctl_get.c      get: lists
 *   vipctl_table.c    ... as tables
 *   vipctl_status.c   status
 *   vipctl_do.c       failover, reexec
 *   vipctl_check.c    check: manifests, without vipd
 */
#ifndef VIPD_VIPCTL_H
#define VIPD_VIPCTL_H

#include "columns.h"
#include "ctl_request.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

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
int vipctl_failover(const struct vipctl *v);
int vipctl_reexec(const struct vipctl *v);

/* What came of a failover, one line a router: to out what was handed over, to err what was not. The exit code: 0 when something was handed over and
 * nothing that was asked for was kept. named: one router was asked for. */
int vipctl_failover_print(json_t *reply, bool named, FILE *out, FILE *err);

/* Asks vipd. NULL after a message on stderr: it is not there, says nothing for so many seconds, or its answer is an error. Takes request. */
enum { PATIENCE_S = 30 };
json_t *vipctl_ask(const char *socket, json_t *request, unsigned patience_s);
json_t *vipctl_ask_quietly(const char *socket, json_t *request, unsigned patience_s); /* the same without a message */

/* The items of a list as a table. */
struct columns *vipctl_table(enum ctl_kind kind, json_t *items, bool namespaces, bool wide, long long now);

/* The text at a path of keys ("" in the middle is not possible); NULL if there is none. */
const char *json_text_at(json_t *j, const char *const *path);
#define JSON_TEXT(j, ...) json_text_at((j), (const char *const[]){__VA_ARGS__, NULL})

#endif
