/* Keeps the last good copies up to date, in slices beside the other work of the loop. Private to the folder source. Shell. */
#ifndef VIPD_CONFIGMAPS_FOLDER_COPY_H
#define VIPD_CONFIGMAPS_FOLDER_COPY_H

#include "folder_cache.h"
#include "folder_table.h"

struct copier;

/* path of the folder and table are borrowed; cache_dirfd may be -1: then nothing is ever copied. */
struct copier *copier_new(struct loop *l, const char *path, const struct folder_table *table, int cache_dirfd);
void copier_free(struct copier *c);
/* The copy of this name may be old: make it what the file's objects came from, or remove it with the file. Done when copier_go's time is over. */
void copier_look(struct copier *c, const char *name);
/* The same for all these and for every copy whose file is no more. */
void copier_look_all(struct copier *c, const struct names *names);
void copier_go(struct copier *c, nsec_t in);

#endif
