/* Last good copies of the manifests, for a cold start. Private to the folder source. Shell. */
#ifndef VIPD_CONFIGMAPS_FOLDER_CACHE_H
#define VIPD_CONFIGMAPS_FOLDER_CACHE_H

#include <stddef.h>
#include <stdint.h>

/* All take the cache folder's descriptor. A copy is one file of the source's name: a line with the hash of the text, then the text; a copy
 * that does not match its hash (the machine lost power) does not count. */

/* The hash that tells texts apart: FNV-1a. */
uint64_t cache_hash(const char *text, size_t len);
/* The text of a copy, malloc'd and NUL-terminated; -ENOENT, -EBADMSG, -errno. */
int cache_read(int dirfd, const char *name, char **text, size_t *len);
/* 0 or -errno; the old copy stays on an error. Not synced to the disk: the hash tells what is whole. */
int cache_write(int dirfd, const char *name, const char *text, size_t len);
void cache_delete(int dirfd, const char *name);

/* Names of manifests in a folder, sorted. */
struct names {
	char **items; /* malloc'd each */
	size_t n, cap;
};
void names_add(struct names *l, const char *name);
void names_clear(struct names *l);
int names_list(int dirfd, struct names *out); /* 0 or -errno (then *out is empty) */

#endif
