/* Pictures: bytes in a sealed memfd, so that the receiver may map them without fear of change. */
#ifndef VIPD_BASE_MEMFD_H
#define VIPD_BASE_MEMFD_H

#include <stddef.h>

enum { PICTURE_MAX = 256 << 20 };

/* Makes a sealed memfd (F_SEAL_SEAL|SHRINK|GROW|WRITE) with these bytes; the descriptor, or -errno. */
int memfd_sealed(const char *name, const void *bytes, size_t len);

/* Maps a picture read-only after checking that it is a memfd with all four seals and at most PICTURE_MAX long.
 * -EBADF not sealed, -EFBIG too long. len may be 0 (then *bytes is NULL). Undo with memfd_unmap. */
int memfd_map(int fd, const void **bytes, size_t *len);
void memfd_unmap(const void *bytes, size_t len);

#endif
