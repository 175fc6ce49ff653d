/* load [-u] [-p MS] ADDRESS PORT FILE: one request after the other (a new TCP connection and GET /, or with -u a datagram), 20 ms apart, until SIGTERM or
 * 10 minutes; then writes to FILE one line: "requests N errors N longest_gap_ms N hosts N". A request is an error if it has no answer in MS (3,000),
 * is refused or is cut. The longest gap is the longest time between two answers. Prints each error as it happens. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { EVERY_MS = 20, MOST_S = 600, HOSTS = 64 };

static volatile sig_atomic_t stop;
static int64_t patience_ms = 3000;

static void on_term(int signo)
{
	stop = signo;
}

static int64_t now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static socklen_t target(struct sockaddr_storage *to, const char *address, unsigned port)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)to;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)to;

	memset(to, 0, sizeof *to);
	if (inet_pton(AF_INET, address, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons((uint16_t)port);
		return sizeof *v4;
	}
	if (inet_pton(AF_INET6, address, &v6->sin6_addr) == 1) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons((uint16_t)port);
		return sizeof *v6;
	}
	fprintf(stderr, "load: %s is no address\n", address);
	exit(2);
}

/* Waits for an event; false when patience ends or we are told to stop. */
static bool await(int fd, short events, int64_t until)
{
	struct pollfd p = {.fd = fd, .events = events};

	for (;;) {
		int64_t left = until - now_ms();
		int n = left > 0 ? poll(&p, 1, (int)left) : 0;
		if (n > 0)
			return true;
		if (n == 0 || errno != EINTR) {
			errno = ETIMEDOUT;
			return false;
		}
	}
}

/* One request; the bytes of the answer in buf, or -1 with errno. */
static ssize_t request(const struct sockaddr_storage *to, socklen_t len, bool udp, char *buf, size_t size)
{
	static const char get[] = "GET / HTTP/1.0\r\n\r\n";
	int64_t until = now_ms() + patience_ms;
	int fd = socket(to->ss_family, (udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	size_t have = 0;
	ssize_t n = -1;
	int failed = 0;
	socklen_t failed_len = sizeof failed;

	if (fd < 0 || (connect(fd, (const struct sockaddr *)to, len) && errno != EINPROGRESS) ||
	    !await(fd, POLLOUT, until))
		goto out;
	getsockopt(fd, SOL_SOCKET, SO_ERROR, &failed, &failed_len);
	if (failed) {
		errno = failed;
		goto out;
	}
	if (send(fd, get, sizeof get - 1, MSG_NOSIGNAL) < 0)
		goto out;
	while (await(fd, POLLIN, until)) {
		n = recv(fd, buf + have, size - 1 - have, 0);
		if (n < 0 && errno == EAGAIN)
			continue;
		if (n > 0)
			have += (size_t)n;
		if (n <= 0 || udp || have == size - 1)
			break;
	}
	if (n == 0 && have == 0)
		errno = ECONNRESET;
	n = n < 0 || have == 0 ? -1 : (ssize_t)have;
	buf[have] = 0;
out:
	if (fd >= 0) {
		int keep = errno;
		close(fd);
		errno = keep;
	}
	return n;
}

static unsigned remember(char hosts[HOSTS][80], unsigned n, const char *answer)
{
	const char *name = strstr(answer, "host: ");
	char word[80];

	snprintf(word, sizeof word, "%.79s", name ? name + 6 : answer);
	word[strcspn(word, "<\r\n")] = 0;
	for (unsigned i = 0; i < n; i++)
		if (strcmp(hosts[i], word) == 0)
			return n;
	if (n < HOSTS)
		memcpy(hosts[n++], word, sizeof word);
	return n;
}

int main(int argc, char **argv)
{
	bool udp = false;
	struct sigaction act = {.sa_handler = on_term};
	struct sockaddr_storage to;
	unsigned long requests = 0, errors = 0;
	static char hosts[HOSTS][80];
	unsigned n_hosts = 0;
	char buf[4096];

	for (int option; (option = getopt(argc, argv, "up:")) != -1;)
		if (option == 'u')
			udp = true;
		else
			patience_ms = option == 'p' ? strtol(optarg, NULL, 10) : 0;
	if (argc - optind != 3 || patience_ms <= 0) {
		fprintf(stderr, "usage: load [-u] [-p MS] ADDRESS PORT FILE\n");
		return 2;
	}
	argv += optind;
	socklen_t len = target(&to, argv[0], (unsigned)strtoul(argv[1], NULL, 10));
	sigaction(SIGTERM, &act, NULL);
	int64_t begun = now_ms(), last = begun, gap = 0;
	while (!stop && now_ms() - begun < (int64_t)MOST_S * 1000) {
		struct timespec pause = {.tv_nsec = EVERY_MS * 1000000L};
		ssize_t n = request(&to, len, udp, buf, sizeof buf);
		int64_t now = now_ms();
		requests++;
		if (n < 0) {
			errors++;
			fprintf(stderr, "load: after %lld ms: %s\n", (long long)(now - begun), strerror(errno));
		} else {
			gap = now - last > gap ? now - last : gap;
			last = now;
			n_hosts = remember(hosts, n_hosts, buf);
		}
		if (!stop)
			nanosleep(&pause, NULL);
	}
	gap = now_ms() - last > gap ? now_ms() - last : gap;
	FILE *f = fopen(argv[2], "w");
	if (!f)
		return 1;
	fprintf(f, "requests %lu errors %lu longest_gap_ms %lld hosts %u\n", requests, errors, (long long)gap, n_hosts);
	return fclose(f) != 0;
}
