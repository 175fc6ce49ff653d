/* Files that hold a secret: who may see or change one decides whether it is used at all. Shell. */
#ifndef VIPD_SECRET_H
#define VIPD_SECRET_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

/* True if the file is root's or the reader's, nobody else may write it, and nobody but they and their groups may read it. Else why: what it is, and what
 * was expected. uid, gid: the reader's. */
bool secret_is_kept(const struct stat *st, uid_t uid, gid_t gid, char *why, size_t size);

/* Reads such a file whole, as file_read does, for this process. *text is to be given to secret_free. Else -errno, -EPERM if it is not kept, and why. */
int secret_read(const char *file, size_t max, char **text, size_t *len, char *why, size_t size);
void secret_free(char *text, size_t len); /* overwrites it first; NULL is fine */

#endif
