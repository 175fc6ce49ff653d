/* The plan's rules across objects, with the default settings. What depends on a node (pools, what else is there) is no error of a manifest. */
#ifndef VIPD_MANIFEST_CHECK_H
#define VIPD_MANIFEST_CHECK_H

#include "../configmaps/object.h"

/* Adds an error at the place of each object that breaks one. */
void manifest_check(const struct object_list *objects, struct diag_list *diags);

#endif
