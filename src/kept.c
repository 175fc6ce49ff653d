/* Decides what of a child survives it (DESIGN.md, the parts: "the supervisor gives a restarted child its last accepted picture").
 * Rows lie one behind the other in one buffer, each with a head. Test: tests/test_kept.c */
#include "kept.h"

#include "base/arena.h"
#include "base/memfd.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct head {
	uint64_t generation;
	uint64_t len;
};

void kept_init(struct kept *k)
{
	*k = (struct kept){.fd = -1};
}

void kept_clear(struct kept *k)
{
	if (k->fd >= 0)
		close(k->fd);
	free(k->rows);
	kept_init(k);
}

int kept_picture(struct kept *k, int fd, uint64_t generation)
{
	const void *bytes;
	size_t len;
	int rc = fd < 0 ? -EBADF : memfd_map(fd, &bytes, &len);

	if (rc < 0) {
		if (fd >= 0)
			close(fd);
		return rc;
	}
	memfd_unmap(bytes, len);
	kept_clear(k);
	k->fd = fd;
	k->generation = generation;
	return 0;
}

static void grow(struct kept *k, size_t need)
{
	size_t cap = k->rows_cap ? k->rows_cap : 4096;

	while (cap < need)
		cap *= 2;
	if (cap != k->rows_cap)
		k->rows = xrealloc(k->rows, cap);
	k->rows_cap = cap;
}

int kept_rows(struct kept *k, uint64_t generation, const void *bytes, size_t len)
{
	struct head h = {.generation = generation, .len = len};

	if (k->fd < 0)
		return -ENOENT;
	if (len > KEPT_ROW_MAX)
		return -EMSGSIZE;
	if (k->rows_len + sizeof(h) + len > KEPT_ROWS_MAX) {
		kept_clear(k);
		return -ENOBUFS;
	}
	grow(k, k->rows_len + sizeof(h) + len);
	memcpy(k->rows + k->rows_len, &h, sizeof(h));
	if (len)
		memcpy(k->rows + k->rows_len + sizeof(h), bytes, len);
	k->rows_len += sizeof(h) + len;
	return 0;
}

int kept_next_rows(const struct kept *k, size_t *at, uint64_t *generation, const void **bytes, size_t *len)
{
	struct head h;

	if (*at >= k->rows_len)
		return 0;
	memcpy(&h, k->rows + *at, sizeof(h));
	*generation = h.generation;
	*bytes = k->rows + *at + sizeof(h);
	*len = (size_t)h.len;
	*at += sizeof(h) + (size_t)h.len;
	return 1;
}
