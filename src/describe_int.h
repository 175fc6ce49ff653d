/* The inside of describe: what its files share. Nobody else includes this.
 *
 *   describe_service.c  a Service
 *   describe.c          a virtual server, an address, a virtual router
 *   describe_parts.c    lines, lists, tables, Events, problems
 */
#ifndef VIPD_DESCRIBE_INT_H
#define VIPD_DESCRIBE_INT_H

#include "columns.h"
#include "describe.h"

enum { DESCRIBE_INDENT = 2 };

const char *describe_text(json_t *j, const char *key); /* "" if it is no string */
long long describe_number(json_t *j, const char *key); /* 0 */
json_t *describe_at(json_t *j, const char *a, const char *b);
/* "10.0.0.1:80", "[fd00::1]:80"; malloc'd */
char *describe_socket(const char *address, long long port);

void describe_put(FILE *to, const char *s);     /* columns_plain */
void describe_name(FILE *to, const char *name); /* the left column */
/* "Name:    value"; <none> for "" */
__attribute__((format(printf, 3, 4))) void describe_line(FILE *to, const char *name, const char *fmt, ...);
/* The members of an object, one a line. */
void describe_pairs(FILE *to, const char *name, json_t *object, const char *between);
/* Strings, or one member of each object, with commas. */
void describe_list(FILE *to, const char *name, json_t *items, const char *member);
__attribute__((format(printf, 2, 3))) void describe_cell(struct columns *c, const char *fmt, ...);
void describe_columns(FILE *to, struct columns *c); /* takes c */
void describe_reals(FILE *to, json_t *status);      /* the real servers of a virtual server */
void describe_events(FILE *to, const struct describe_world *w, const char *kind, const char *ns, const char *name);
void describe_problems(FILE *to, const struct describe_world *w, const char *object);

#endif
