/* Sealed memfds: memfd_create(2), F_ADD_SEALS in fcntl(2). Test: tests/test_memfd.c. */
#include "memfd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ALL_SEALS = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE };

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#endif

/* Kernels before 6.3 do not know the flag; with vm.memfd_noexec=2 those after insist on it. */
static int create(const char *name)
{
	int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL);

	if (fd < 0 && errno == EINVAL)
		fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	return fd < 0 ? -errno : fd;
}

static int write_all(int fd, const char *p, size_t len)
{
	while (len) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

int memfd_sealed(const char *name, const void *bytes, size_t len)
{
	int fd, err;

	if (len > PICTURE_MAX)
		return -EFBIG;
	fd = create(name);
	if (fd < 0)
		return fd;
	err = write_all(fd, bytes, len);
	if (!err && fcntl(fd, F_ADD_SEALS, ALL_SEALS) < 0)
		err = -errno;
	if (!err)
		return fd;
	close(fd);
	return err;
}

int memfd_map(int fd, const void **bytes, size_t *len)
{
	int seals = fcntl(fd, F_GET_SEALS);
	struct stat st;
	void *p;

	if (seals < 0 || (seals & ALL_SEALS) != ALL_SEALS || fstat(fd, &st) < 0)
		return -EBADF;
	if (st.st_size > PICTURE_MAX)
		return -EFBIG;
	if (!st.st_size) {
		*bytes = NULL;
		*len = 0;
		return 0;
	}
	p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (p == MAP_FAILED)
		return -errno;
	*bytes = p;
	*len = (size_t)st.st_size;
	return 0;
}

void memfd_unmap(const void *bytes, size_t len)
{
	/* munmap takes a plain pointer though it never writes. */
	if (bytes)
		munmap((void *)(uintptr_t)bytes, len);
}
