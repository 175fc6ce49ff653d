/* Ports of the loopback, for tests of what control serves by HTTP. */
#ifndef VIPD_TESTS_CONTROL_WEB_H
#define VIPD_TESTS_CONTROL_WEB_H

#include "control_stage.h"

#include <netinet/in.h>

/* A port that nobody has; somebody may take it before control does, which the kernel makes unlikely. */
static inline uint16_t free_port(void)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t len = sizeof at;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&at, len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
	close(fd);
	return ntohs(at.sin_port);
}

/* A connection, or -1 if nobody listens there. */
static inline int reach_port(uint16_t port)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}, .sin_port = htons(port)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (connect(fd, (struct sockaddr *)&at, sizeof at) == 0)
		return fd;
	close(fd);
	return -1;
}

#endif
