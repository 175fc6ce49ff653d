/* The inside of vipctl: what vipctl.c and its verbs share. Nobody else includes this.
 *
 * A verb is one file that defines its struct vipctl_verb (what it is called, which flags it takes, what its --help says), and one line in
 * vipctl_verbs.c. The command line, --help, the completions and their tests take everything from there.
 *
 *   vipctl.c            main
 *   vipctl_args.c       the command line -> verb, flags, arguments
 *   vipctl_verbs.c      the list of verbs, the flags that they share
 *   vipctl_help.c       --help, help
 *   vipctl_complete.c   what can come next, for the shells
 *   vipctl_man.c        the man page's commands (make man)
 *   vipctl_client.c     the control socket
 *   vipctl_print.c      tables with colour, documents
 *   vipctl_get.c        get: lists
 *   vipctl_table.c      ... as tables
 *   vipctl_status.c     status
 *   vipctl_drain.c      drain, undrain
 *   vipctl_failover.c   failover
 *   vipctl_reexec.c     reexec
 *   vipctl_check.c      check: manifests, or the running configuration
 *   vipctl_diff.c       diff (plan_diff.c writes)
 *   vipctl_manifests.c  what these two are given, and apply and delete
 *   vipctl_node.c       ... and know of this node
 *   vipctl_apply.c      apply: objects into the manifests folder
 *   vipctl_delete.c     delete: out of it
 *   vipctl_change.h     what these two share
 *   vipctl_describe.c   describe (describe.c writes)
 *   vipctl_explain.c    explain (explain.c reasons, explain_facts.c, explain_look.c)
 *   vipctl_top.c        top
 *   vipctl_version.c    version
 */
#ifndef VIPD_VIPCTL_H
#define VIPD_VIPCTL_H

#include "columns.h"
#include "ctl_request.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

enum output { OUTPUT_TABLE, OUTPUT_WIDE, OUTPUT_JSON, OUTPUT_YAML, OUTPUT_NAME, OUTPUT_JSONPATH, OUTPUTS };
#define OUTPUT_BIT(o) (1u << (o))

/* One flag. Its value is had by its name: vipctl_value. */
struct vipctl_flag {
	const char *name; /* without the hyphens */
	char letter;      /* 0: none */
	const char
	    *argument;     /* as --help names it: "NS", "SECONDS"; FILE and DIR complete to such; NULL: it takes none */
	const char *words; /* what may stand there, with blanks between, for the completions; NULL: anything */
	const char *help;  /* a line; more lines after \n */
};

enum {
	VIPCTL_FLAGS = 16,  /* that a verb may take, the common ones with it */
	VIPCTL_VALUES = 256 /* that may be given */
};

#define VIPCTL_SOCKET "/run/vipd/vipd.sock"
/* The exit codes of a verb that states none. */
#define VIPCTL_EXIT "  0  done\n  1  an error, or something was not found; a message says which\n"

struct vipctl;

struct vipctl_verb {
	const char *name;
	const char *arguments;                  /* as the usage line has them: "KIND [NAME...]"; "" if it takes none */
	const char *summary;                    /* one line of `vipctl --help`, without a full stop */
	const char *text;                       /* paragraphs of its own --help, lines broken, or NULL */
	const char *examples;                   /* "  # what it does\n  vipctl ...\n" */
	const char *exit;                       /* lines "  1  why\n"; NULL: 0 and 1 as ever */
	const struct vipctl_flag *const *flags; /* up to NULL; those of vipctl_common come with it. NULL: none */
	unsigned outputs;                       /* OUTPUT_BIT of what -o may be; 0: no -o */
	int trouble;                            /* the exit code of a wrong command line; 0 means 1 */
	const char *words;                      /* what its first argument may be, for the completions, or NULL */
	int (*run)(const struct vipctl *v);
};

struct vipctl {
	const struct vipctl_verb *verb;
	const char *socket;
	const char *ns; /* "default" if none was given */
	bool all_namespaces;
	enum output output;
	const char *template; /* of OUTPUT_JSONPATH */
	bool colour;          /* standard output is for a person's eyes: --color, NO_COLOR */
	char **args;          /* behind the verb */
	int n_args;
	struct {
		const char *name, *value;
	} values[VIPCTL_VALUES]; /* the flags that were given, in order */
	size_t n_values;
};

/* The verbs in the order of --help. */
extern const struct vipctl_verb *const vipctl_verbs[];
extern const size_t vipctl_n_verbs;
const struct vipctl_verb *vipctl_verb_find(const char *name); /* NULL: there is none */

/* Flags that every verb takes, up to NULL, and those that several share. -o comes with a verb's outputs. */
extern const struct vipctl_flag *const vipctl_common[];
extern const struct vipctl_flag vipctl_namespace, vipctl_all_namespaces, vipctl_output;
/* Calls back each flag of a verb, its own first, then the common ones. verb NULL: those that may stand before a verb. */
void vipctl_each_flag(const struct vipctl_verb *verb, void (*each)(void *arg, const struct vipctl_flag *f), void *arg);
const char *vipctl_output_name(enum output o); /* "json"; NULL for the table */

/* Reads a command line into *v. -1 to run v->verb; else the exit code: help was printed, or an error. The strings stay argv's. */
int vipctl_args(int argc, char **argv, struct vipctl *v);
/* The last value of a flag of this name, "" of one that takes none; NULL when it was not given. */
const char *vipctl_value(const struct vipctl *v, const char *flag);
/* The i-th value, from 0, of a flag that was given several times; NULL behind the last. */
const char *vipctl_nth(const struct vipctl *v, const char *flag, size_t i);
/* "svc/web" alone is "svc web": v's arguments are args then, and the caller frees both of them (NULL else). */
void vipctl_split(struct vipctl *v, char *args[2]);
/* An error of the command line: prints "Error: ..." and where help is; returns the verb's exit code for it. */
__attribute__((format(printf, 2, 3))) int vipctl_wrong(const struct vipctl *v, const char *fmt, ...);

/* vipctl __complete, vipctl __man: for the shells, for make. The exit code. */
int vipctl_complete(int n, char *const *words, FILE *to);
int vipctl_man(FILE *to);
void vipctl_help(FILE *to);
void vipctl_help_verb(const struct vipctl_verb *verb, FILE *to);

/* The arguments from one on as a list. NULL: one of them is no UTF-8; nor is a request that is packed with that (vipctl_ask says so). */
json_t *vipctl_names(const struct vipctl *v, int from);
/* Tells of each name that was not found (names: a list, or NULL). The exit code. */
int vipctl_not_found(enum ctl_kind kind, json_t *names);

/* Prints a table, with colour if v says so. Takes c. */
void vipctl_print_columns(const struct vipctl *v, struct columns *c);
/* Prints as -o json (with an indent of four) or -o yaml says. Takes j. */
void vipctl_print_document(const struct vipctl *v, json_t *j);

/* What came of a failover, one line a router: to out what was handed over, to err what was not. The exit code: 0 when something was handed over and
 * nothing that was asked for was kept. named: one router was asked for. */
int vipctl_failover_print(json_t *reply, bool named, FILE *out, FILE *err);

/* Asks vipd. NULL after a message on stderr: it is not there, says nothing for so many seconds, or its answer is an error. Takes request. */
enum { PATIENCE_S = 30 };
json_t *vipctl_ask(const char *socket, json_t *request, unsigned patience_s);
json_t *vipctl_ask_quietly(const char *socket, json_t *request, unsigned patience_s); /* the same without a message */

/* The same for a list, item by item (borrowed): a long one never is one tree. *missing: the names that were not found, or NULL. 0, or 1 after a message. */
int vipctl_each(const char *socket, json_t *request, unsigned patience_s, void (*each)(void *arg, json_t *item),
		void *arg, json_t **missing);

/* A table of a kind's objects, to be filled with one row each. */
struct columns *vipctl_table_new(enum ctl_kind kind, bool namespaces, bool wide);
void vipctl_table_add(struct columns *c, enum ctl_kind kind, json_t *item, bool namespaces, bool wide, long long now);
/* The items of a list as a table. */
struct columns *vipctl_table(enum ctl_kind kind, json_t *items, bool namespaces, bool wide, long long now);

/* The text at a path of keys ("" in the middle is not possible); NULL if there is none. */
const char *json_text_at(json_t *j, const char *const *path);
#define JSON_TEXT(j, ...) json_text_at((j), (const char *const[]){__VA_ARGS__, NULL})

#endif
