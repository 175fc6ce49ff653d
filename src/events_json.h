/* Events as core/v1 has them in JSON: for vipctl and for the file that keeps them. */
#ifndef VIPD_EVENTS_JSON_H
#define VIPD_EVENTS_JSON_H

#include "../configmaps/events.h"

#include <jansson.h>

/* node: of this node, or NULL. */
json_t *event_json(const struct event *e, const char *node);

/* A v1 List of all events, one a line, its version ("vipdEvents") first; malloc'd. */
char *events_text(const struct events *l, const char *node, size_t *len);
/* Puts what events_text wrote into l; an item that is no Event is passed over. -EINVAL with a sentence in why when the text is no such list, or of another version; l is
 * as it was then. */
int events_read(struct events *l, const char *text, size_t len, char *why, size_t size);

#endif
