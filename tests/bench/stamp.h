/* The kernel's time of arrival (SO_TIMESTAMPNS) of what recvmsg gave. */
#ifndef VIPD_TESTS_BENCH_STAMP_H
#define VIPD_TESTS_BENCH_STAMP_H

#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

/* ns, wall clock; 0 without one */
static inline int64_t stamp(struct msghdr *m)
{
	struct timespec t = {0};

	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c))
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS)
			memcpy(&t, CMSG_DATA(c), sizeof t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

#endif
