/* What a child has last accepted, as opaque bytes: a sealed picture and the rows that followed it. The supervisor hands it to the
 * child's successor, so that ipvs and vrrp start without control. Bounded; nothing in it is looked at. */
#ifndef VIPD_KEPT_H
#define VIPD_KEPT_H

#include <stddef.h>
#include <stdint.h>

/* Rows beyond this lose the whole: a child sends a fresh picture long before. */
enum { KEPT_ROWS_MAX = 96 << 20, KEPT_ROW_MAX = 60 << 10 };

struct kept {
	int fd; /* -1: nothing kept */
	uint64_t generation;
	char *rows; /* records of kept.c */
	size_t rows_len, rows_cap;
};

void kept_init(struct kept *k);
void kept_clear(struct kept *k);

/* Replaces all with this picture. Takes over fd whatever happens. -EBADF when it is not a sealed memfd, -EFBIG when it is longer than
 * PICTURE_MAX: what was kept stays. */
int kept_picture(struct kept *k, int fd, uint64_t generation);

/* Appends a change. -ENOENT without a picture, -EMSGSIZE for a row beyond KEPT_ROW_MAX (what was kept stays); -ENOBUFS: too much, all is
 * forgotten, since a picture without its last rows would be an old state. */
int kept_rows(struct kept *k, uint64_t generation, const void *bytes, size_t len);

/* Walks the rows in order: *at starts at 0; 1 a row, 0 the end. The bytes stay the keeper's. */
int kept_next_rows(const struct kept *k, size_t *at, uint64_t *generation, const void **bytes, size_t *len);

#endif
