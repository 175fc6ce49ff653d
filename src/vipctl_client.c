/* One request, one reply. Test: tests/test_control.c (the other end), tests/lab/. */
#include "vipctl.h"

#include "base/arena.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

enum { REPLY_MAX = 256 << 20 };

/* Nothing when to is NULL. */
__attribute__((format(printf, 2, 3))) static void complain(FILE *to, const char *fmt, ...)
{
	va_list ap;

	if (!to)
		return;
	va_start(ap, fmt);
	vfprintf(to, fmt, ap);
	va_end(ap);
}

static void say_unreachable(FILE *to, const char *path, int err)
{
	if (err == EACCES || err == EPERM)
		complain(to, "Error: no permission to use %s: be root or a member of the group vipd\n", path);
	else if (err == ENOENT || err == ECONNREFUSED)
		complain(to, "Error: vipd is not running: nobody answers at %s (%s)\n", path, strerror(err));
	else if (err == EAGAIN)
		complain(to, "Error: vipd at %s does not answer in time: look at its log\n", path);
	else
		complain(to, "Error: cannot reach vipd at %s: %s\n", path, strerror(err));
}

static int reach(const char *path, unsigned patience_s, FILE *to)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	struct timeval patience = {.tv_sec = patience_s};
	int fd;

	if (strlen(path) >= sizeof sa.sun_path) {
		complain(to, "Error: the socket's path is longer than %zu characters\n", sizeof sa.sun_path - 1);
		return -1;
	}
	memcpy(sa.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0) { /* before connect, which waits for room in the backlog */
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
		setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
	}
	if (fd >= 0 && connect(fd, (const struct sockaddr *)&sa, sizeof sa) == 0)
		return fd;
	say_unreachable(to, path, errno);
	if (fd >= 0)
		close(fd);
	return -1;
}

static int send_all(int fd, const char *s, size_t n)
{
	while (n > 0) {
		ssize_t done = send(fd, s, n, MSG_NOSIGNAL);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -errno;
		s += done;
		n -= (size_t)done;
	}
	return 0;
}

/* Until the other end closes. */
static int receive_all(int fd, char **text, size_t *len)
{
	size_t cap = 1 << 16, n = 0;
	char *buf = xmalloc(cap);

	for (;;) {
		ssize_t got;

		if (n == cap)
			buf = xrealloc(buf, cap *= 2);
		got = recv(fd, buf + n, cap - n, 0);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 || n > REPLY_MAX) {
			int err = got < 0 ? -errno : -EFBIG;

			free(buf);
			return err;
		}
		if (got == 0)
			break;
		n += (size_t)got;
	}
	*text = buf;
	*len = n;
	return 0;
}

static json_t *understand(const char *text, size_t len, FILE *to)
{
	json_error_t e;
	json_t *j = json_loadb(text, len, 0, &e);
	const char *message;

	if (!j) {
		complain(to, "Error: the answer of vipd is cut short or no JSON\n");
		return NULL;
	}
	message = JSON_TEXT(j, "error", "message");
	if (!message)
		return j;
	complain(to, "Error: %s\n", message);
	json_decref(j);
	return NULL;
}

static json_t *ask(const char *socket, json_t *request, unsigned patience_s, FILE *to)
{
	char *body = json_dumps(request, JSON_COMPACT), *line, *text = NULL;
	json_t *reply = NULL;
	size_t len = 0;
	int fd, err;

	json_decref(request);
	if (!body) {
		complain(to, "Error: a name or namespace is no UTF-8\n");
		return NULL;
	}
	line = xasprintf("%s\n", body);
	free(body);
	fd = reach(socket, patience_s, to);
	if (fd >= 0) {
		err = send_all(fd, line, strlen(line));
		if (!err)
			err = receive_all(fd, &text, &len);
		if (err) {
			say_unreachable(to, socket, -err);
		} else {
			reply = understand(text, len, to);
			free(text);
		}
		close(fd);
	}
	free(line);
	return reply;
}

json_t *vipctl_ask(const char *socket, json_t *request, unsigned patience_s)
{
	return ask(socket, request, patience_s, stderr);
}

json_t *vipctl_ask_quietly(const char *socket, json_t *request, unsigned patience_s)
{
	return ask(socket, request, patience_s, NULL);
}

const char *json_text_at(json_t *j, const char *const *path)
{
	for (; *path; path++)
		j = json_object_get(j, *path);
	return json_string_value(j);
}
