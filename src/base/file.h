/* Whole files: read bounded, written atomically. */
#ifndef VIPD_BASE_FILE_H
#define VIPD_BASE_FILE_H

#include <stddef.h>
#include <sys/stat.h>

/* Reads a regular file whole, NUL-terminated behind len; malloc'd. dirfd may be AT_FDCWD. -EFBIG beyond max, -EISDIR, -EINVAL for what is
 * not a regular file (opened O_NONBLOCK, so a FIFO never blocks). */
int file_read(int dirfd, const char *path, size_t max, char **bytes, size_t *len);

/* The same; st gets what the file that was read is. */
int file_read_stat(int dirfd, const char *path, size_t max, char **bytes, size_t *len, struct stat *st);

/* Writes to a temporary name in the same folder, fsyncs, renames into place. The old file stays on any error (-errno). */
int file_write(int dirfd, const char *path, const void *bytes, size_t len, unsigned mode);
/* The same with an owner for the new file. */
int file_write_as(int dirfd, const char *path, const void *bytes, size_t len, unsigned mode, unsigned uid,
		  unsigned gid);
/* The same as file_write without waiting for the disk: after a loss of power the file may be empty or cut. */
int file_write_unsynced(int dirfd, const char *path, const void *bytes, size_t len, unsigned mode);

#endif
