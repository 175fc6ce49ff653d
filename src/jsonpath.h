/* kubectl's JSONPath templates: text, and in braces paths into a JSON value. Pure.
 *
 *   {.spec.ports[0].port}  {.items[*].metadata.name}  {..ip}  {.metadata.labels['app\.io/x']}  {.a[-1]}  {.a[1:3]}  {$.kind}  {@}
 *   {.items[?(@.spec.type=="LoadBalancer")].metadata.name}     == != < <= > >=, or a path alone: it exists
 *   {range .items[*]}{.metadata.name}{"\t"}{.spec.clusterIP}{"\n"}{end}
 *
 * Several results are printed with a blank between; strings as they are, objects and lists as JSON; what is not there prints nothing. */
#ifndef VIPD_JSONPATH_H
#define VIPD_JSONPATH_H

#include <jansson.h>
#include <stddef.h>

/* Applies a template; malloc'd text. NULL with a sentence in why when the template cannot be understood. */
char *jsonpath_text(const char *template, json_t *value, char *why, size_t size);

#endif
