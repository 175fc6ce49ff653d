/* ask [-u] [-f] ADDRESS PORT TIMES: asks a pod (see pod.c) so often, by HTTP on a new connection each or with -u by a datagram each, and prints the names that
 * answered, sorted, each once, on one line, with -f each with " saw " and the address that the pod saw; "no-answer" stands for any request without one in 5 s.
 * Exit 0 always but for bad usage. */
#include <netdb.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { NAMES = 64, NAME = 128, PATIENCE_S = 5 };

/* The name in the answer, or "no-answer". */
static void ask(const struct addrinfo *to, bool udp, bool from, char *name)
{
	const char *get = udp ? from ? "from" : "who" : from ? "GET /from HTTP/1.0\r\n\r\n" : "GET / HTTP/1.0\r\n\r\n";
	const char *before = from ? "\r\n\r\n" : "host: ";
	struct timeval patience = {.tv_sec = PATIENCE_S};
	char buf[2048];
	size_t have = 0;
	ssize_t n = 0;
	int fd = socket(to->ai_family, to->ai_socktype, 0);

	snprintf(name, NAME, "no-answer");
	if (fd < 0)
		return;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
	if (connect(fd, to->ai_addr, to->ai_addrlen) == 0 && send(fd, get, strlen(get), MSG_NOSIGNAL) > 0)
		do {
			n = recv(fd, buf + have, sizeof buf - 1 - have, 0);
			have += n > 0 ? (size_t)n : 0;
		} while (n > 0 && !udp && have < sizeof buf - 1);
	close(fd);
	buf[have] = 0;
	const char *host = strstr(buf, before);
	if (udp ? have == 0 : !host)
		return;
	snprintf(name, NAME, "%.100s", udp ? buf : host + strlen(before));
	name[strcspn(name, "<\r\n")] = 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

int main(int argc, char **argv)
{
	bool udp = argc > 1 && strcmp(argv[1], "-u") == 0;
	bool from = argc > 1 + udp && strcmp(argv[1 + udp], "-f") == 0;
	int first = 1 + udp + from;
	struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
				 .ai_socktype = udp ? SOCK_DGRAM : SOCK_STREAM},
			*to;
	static char names[NAMES][NAME];
	size_t n = 0;

	if (argc - first != 3 || getaddrinfo(argv[first], argv[first + 1], &hints, &to)) {
		fprintf(stderr, "usage: ask [-u] [-f] ADDRESS PORT TIMES\n");
		return 2;
	}
	for (long i = strtol(argv[first + 2], NULL, 10); i > 0 && n < NAMES; i--)
		ask(to, udp, from, names[n++]);
	freeaddrinfo(to);
	qsort(names, n, sizeof names[0], by_name);
	for (size_t i = 0; i < n; i++)
		if (i == 0 || strcmp(names[i], names[i - 1]) != 0)
			printf("%s%s", i ? " " : "", names[i]);
	putchar('\n');
	return 0;
}
