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

/* The whole reply, malloc'd. 0, or 1 after a message. Takes request. */
static int exchange(const char *socket, json_t *request, unsigned patience_s, FILE *to, char **text, size_t *len)
{
	char *body = json_dumps(request, JSON_COMPACT), *line;
	int fd, err;

	json_decref(request);
	if (!body) {
		complain(to, "Error: a name or namespace is no UTF-8\n");
		return 1;
	}
	line = xasprintf("%s\n", body);
	free(body);
	fd = reach(socket, patience_s, to);
	if (fd < 0) {
		free(line);
		return 1;
	}
	err = send_all(fd, line, strlen(line));
	if (!err)
		err = receive_all(fd, text, len);
	if (err)
		say_unreachable(to, socket, -err);
	close(fd);
	free(line);
	return err ? 1 : 0;
}

static json_t *ask(const char *socket, json_t *request, unsigned patience_s, FILE *to)
{
	json_t *reply;
	char *text;
	size_t len;

	if (exchange(socket, request, patience_s, to, &text, &len))
		return NULL;
	reply = understand(text, len, to);
	free(text);
	return reply;
}

/* The items from p on, up to the list's end; what is behind it, or NULL when the text is cut short. */
static const char *each_of(const char *p, const char *end, void (*each)(void *arg, json_t *item), void *arg)
{
	json_error_t e;
	json_t *item;

	for (; p < end && *p != ']'; p++) {
		if (*p != '{')
			continue;
		item = json_loadb(p, (size_t)(end - p), JSON_DISABLE_EOF_CHECK, &e);
		if (!item)
			return NULL;
		each(arg, item);
		json_decref(item);
		p += e.position - 1;
	}
	return p < end ? p + 1 : NULL;
}

int vipctl_each(const char *socket, json_t *request, unsigned patience_s, void (*each)(void *arg, json_t *item),
		void *arg, json_t **missing)
{
	static const char head[] = "\"items\":[";
	const char *p, *rest;
	char *text;
	size_t len;
	json_t *j;

	*missing = NULL;
	if (exchange(socket, request, patience_s, stderr, &text, &len))
		return 1;
	p = memmem(text, len < 128 ? len : 128, head, sizeof head - 1);
	rest = p ? each_of(p + sizeof head - 1, text + len, each, arg) : NULL;
	if (!rest) {
		j = understand(text, len, stderr); /* an error, or not whole */
		if (j)
			complain(stderr, "Error: the answer of vipd is no list\n");
		json_decref(j);
	} else if (rest < text + len && *rest == ',') {
		p = memchr(rest, '[', (size_t)(text + len - rest));
		*missing = p ? json_loadb(p, (size_t)(text + len - p), JSON_DISABLE_EOF_CHECK, NULL) : NULL;
	}
	free(text);
	return rest ? 0 : 1;
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
