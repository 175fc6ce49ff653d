/* Label selectors as kubectl's -l takes them: "app=web,tier!=db,env in (a, b),!old". Pure. */
#ifndef VIPD_SELECTOR_H
#define VIPD_SELECTOR_H

#include <stdbool.h>
#include <stddef.h>

struct selector;

enum { SELECTOR_WHY = 128, SELECTOR_TERMS = 64 };

/* 0 and *out (selector_free), or -EINVAL and in why what was expected. "" selects everything. */
int selector_parse(const char *text, struct selector **out, char why[SELECTOR_WHY]);
void selector_free(struct selector *s); /* NULL is fine */

/* get: the value of a label, NULL if there is none. Every term must hold; those with != and notin hold without the label too. */
bool selector_matches(const struct selector *s, const char *(*get)(const void *arg, const char *key), const void *arg);

#endif
