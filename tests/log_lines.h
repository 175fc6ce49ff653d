/* What a test's own process logs: something that reads the lines in the journal's place. */
#ifndef VIPD_TESTS_LOG_LINES_H
#define VIPD_TESTS_LOG_LINES_H

#include "../src/base/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

/* dir: where a socket can be made. */
static inline int lines_open(const char *dir)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	snprintf(at.sun_path, sizeof at.sun_path, "%s/log", dir);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
	log_open_format(LOG_FORMAT_JOURNAL, at.sun_path);
	unlink(at.sun_path);
	return fd;
}

/* How many came since the last look; each of the event, the first of them with that text. */
static inline unsigned lines_count(int fd, enum log_event event, const char *first)
{
	char buf[2048];
	unsigned count = 0;
	ssize_t n;

	for (; (n = recv(fd, buf, sizeof buf - 1, 0)) > 0; count++) {
		buf[n] = '\0';
		assert_non_null(strstr(buf, log_event_table[event].uuid));
		if (!count && !strstr(buf, first))
			fail_msg("expected %s in: %s", first, buf);
	}
	return count;
}

static inline void lines_close(int fd)
{
	log_open_format(LOG_FORMAT_TEXT, NULL);
	close(fd);
}

#endif
