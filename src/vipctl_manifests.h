/* Manifests as they are given on the command line: to vipctl apply, delete, check and diff. Nobody else includes this. */
#ifndef VIPD_VIPCTL_MANIFESTS_H
#define VIPD_VIPCTL_MANIFESTS_H

#include "../configmaps/object.h"

/* Zero-initialise but for seen = map_new(). */
struct manifests {
	struct diag_list diags;
	struct object_list objects; /* all, each identity once: the first */
	struct map *seen;           /* identity -> struct object */
};

/* Calls back the text of each file that path names: a file, a folder (its *.yaml, *.yml and *.json by name), or - for standard input. What cannot be
 * read is an error in diags. */
void manifests_each(const char *path, struct diag_list *diags,
		    void (*each)(void *arg, const char *file, const char *text, size_t len), void *arg);
/* Adds the objects of a text. 0, or -EINVAL when it has errors; they go to diags, as does an identity that is there already. */
int manifests_add(struct manifests *m, const char *file, const char *text, size_t len);
/* Both. */
void manifests_read(struct manifests *m, const char *path);
void manifests_clear(struct manifests *m);

#endif
