/* A parsed document as JSON. */
#ifndef VIPD_NODE_JSON_H
#define VIPD_NODE_JSON_H

#include "base/doc.h"

#include <jansson.h>

/* The same value; members in the document's order. A number that JSON has not (a NaN) becomes null. */
json_t *node_json(const struct node *n);

#endif
