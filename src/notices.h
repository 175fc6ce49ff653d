/* What is wrong at the moment, by who says so: kept for `vipctl status`. */
#ifndef VIPD_NOTICES_H
#define VIPD_NOTICES_H

#include <jansson.h>
#include <stdbool.h>

struct notices;

struct notices *notices_new(void);
void notices_free(struct notices *p);
/* message NULL: it is over. source: "plan", "ipvs"...; true if anything changed. */
bool notices_set(struct notices *p, const char *source, const char *object, const char *reason, const char *message);
/* Forgets all that a source said. */
void notices_clear(struct notices *p, const char *source);
size_t notices_count(const struct notices *p);
/* Calls back each, in no particular order. */
void notices_each(const struct notices *p,
		  void (*each)(void *arg, const char *object, const char *reason, const char *message), void *arg);
/* Appends {"object", "reason", "message"} of each to a list, sorted by object. */
void notices_json(const struct notices *p, json_t *list);

#endif
