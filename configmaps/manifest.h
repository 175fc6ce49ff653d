/* A manifest's text -> typed objects. Pure. Unknown fields are tolerated as API clients tolerate them; wrong types, ranges and addresses are
 * refused with their place. */
#ifndef VIPD_CONFIGMAPS_MANIFEST_H
#define VIPD_CONFIGMAPS_MANIFEST_H

#include "object.h"

/* Parses every document of one file (YAML or JSON; List items are taken apart). All errors are collected; an object with an error is left
 * out of *out. Two objects of one kind, namespace and name in the file: an error at the second that names the first's line.
 * 0, or -EINVAL if there was any error. Kinds that vipd does not know are passed over. */
int manifest_parse(const char *file, const char *text, size_t len, struct object_list *out, struct diag_list *diags);
/* The same of a text that may be large: alive is called often meanwhile, at least at each object (NULL: nothing is). */
int manifest_parse_large(const char *file, const char *text, size_t len, struct object_list *out,
			 struct diag_list *diags, void (*alive)(void *arg), void *arg);

/* The annotations of vipd's own prefix, NULL behind the last; another one of that prefix is warned of. */
extern const char *const manifest_annotations[];

#endif
