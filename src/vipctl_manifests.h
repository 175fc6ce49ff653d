/* What vipctl check and diff share: manifests as they are given on the command line. Nobody else includes this. */
#ifndef VIPD_VIPCTL_MANIFESTS_H
#define VIPD_VIPCTL_MANIFESTS_H

#include "../configmaps/object.h"

/* Zero-initialise but for seen = map_new(). */
struct manifests {
	struct diag_list diags;
	struct object_list objects; /* all, each identity once: the first */
	struct map *seen;           /* identity -> struct object */
};

/* A file, a folder (its *.yaml, *.yml and *.json by name), or - for standard input. What is wrong goes to diags. */
void manifests_read(struct manifests *m, const char *path);
void manifests_clear(struct manifests *m);

#endif
