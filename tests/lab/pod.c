/* pod NAME PORT...: the lab's real server: an HTTP server that says who answered, and a UDP server that does the same,
 * on every address, IPv4 and IPv6, on each port.
 *
 *   GET /        <h1>This request was processed by host: NAME</h1>
 *   GET /from    NAME saw ADDRESS: where the connection came from
 *   GET /slow    NAME's name once each 100 ms until the client goes: a connection that lives
 *   UDP          answers each datagram with NAME, "from" as GET /from
 *
 * One process, poll(2), at most MAX_CLIENTS connections. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MAX_PORTS = 8, MAX_CLIENTS = 512, SLOW_MS = 100 };

struct client {
	int fd;
	bool slow;
};

static int64_t now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int listen_on(int type, unsigned port)
{
	struct sockaddr_in6 any = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
	int one = 1, zero = 0, fd = socket(AF_INET6, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof zero);
	setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &one, sizeof one);
	if (bind(fd, (struct sockaddr *)&any, sizeof any) || (type == SOCK_STREAM && listen(fd, 256))) {
		fprintf(stderr, "pod: port %u: %s\n", port, strerror(errno));
		exit(1);
	}
	return fd;
}

static const char *addr_text(const struct sockaddr_in6 *a, char text[INET6_ADDRSTRLEN])
{
	inet_ntop(AF_INET6, &a->sin6_addr, text, INET6_ADDRSTRLEN);
	return strncmp(text, "::ffff:", 7) == 0 ? text + 7 : text;
}

/* The answer leaves from the address that was asked: a VIP's client knows no other. */
static void answer_udp(int fd, const char *name)
{
	struct sockaddr_in6 from;
	char buf[2048], text[INET6_ADDRSTRLEN];
	ssize_t n;
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(struct in6_pktinfo))];
	} control;
	struct iovec part = {.iov_base = buf, .iov_len = sizeof buf};
	struct msghdr msg = {.msg_name = &from,
			     .msg_namelen = sizeof from,
			     .msg_iov = &part,
			     .msg_iovlen = 1,
			     .msg_control = &control,
			     .msg_controllen = sizeof control};

	n = recvmsg(fd, &msg, 0);
	if (n < 0)
		return;
	struct cmsghdr *asked = CMSG_FIRSTHDR(&msg);
	if (asked && asked->cmsg_level == IPPROTO_IPV6 && asked->cmsg_type == IPV6_PKTINFO)
		memset(CMSG_DATA(asked) + offsetof(struct in6_pktinfo, ipi6_ifindex), 0, sizeof(int));
	else
		msg.msg_controllen = 0;
	if (n == 4 && memcmp(buf, "from", 4) == 0)
		part.iov_len = (size_t)snprintf(buf, sizeof buf, "%s saw %s", name, addr_text(&from, text));
	else
		part.iov_len = (size_t)snprintf(buf, sizeof buf, "%s", name);
	sendmsg(fd, &msg, 0);
}

static const char *peer_text(int fd, char text[INET6_ADDRSTRLEN])
{
	struct sockaddr_in6 a = {.sin6_family = AF_INET6};
	socklen_t len = sizeof a;

	getpeername(fd, (struct sockaddr *)&a, &len);
	return addr_text(&a, text);
}

/* True while the client is to be kept. */
static bool answer_http(struct client *c, const char *name)
{
	char request[2048], body[256], reply[512], from[INET6_ADDRSTRLEN];
	ssize_t n = recv(c->fd, request, sizeof request - 1, 0);
	int size;

	if (n < 0)
		return errno == EAGAIN;
	if (n == 0 || c->slow)
		return n > 0;
	request[n] = 0;
	if (strncmp(request, "GET /slow", 9) == 0) {
		static const char head[] = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n";
		c->slow = true;
		return send(c->fd, head, sizeof head - 1, MSG_NOSIGNAL) > 0;
	}
	if (strncmp(request, "GET /from", 9) == 0)
		size = snprintf(body, sizeof body, "%s saw %s\n", name, peer_text(c->fd, from));
	else
		size = snprintf(body, sizeof body, "<h1>This request was processed by host: %s</h1>\n", name);
	n = snprintf(reply, sizeof reply,
		     "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s",
		     size, body);
	send(c->fd, reply, (size_t)n, MSG_NOSIGNAL);
	shutdown(c->fd, SHUT_WR);
	return true; /* the client closes first, so that no port of ours lingers */
}

static bool drip(struct client *c, const char *name)
{
	char line[256];
	int n = snprintf(line, sizeof line, "%s\n", name);

	return !c->slow || send(c->fd, line, (size_t)n, MSG_NOSIGNAL) > 0;
}

int main(int argc, char **argv)
{
	struct pollfd polls[2 * MAX_PORTS + MAX_CLIENTS];
	struct client clients[MAX_CLIENTS];
	size_t listeners = 0, n = 0;

	if (argc < 3 || argc - 2 > MAX_PORTS) {
		fprintf(stderr, "usage: pod NAME PORT...\n");
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	for (int i = 2; i < argc; i++) {
		unsigned port = (unsigned)strtoul(argv[i], NULL, 10);
		polls[listeners++] = (struct pollfd){.fd = listen_on(SOCK_STREAM, port), .events = POLLIN};
		polls[listeners++] = (struct pollfd){.fd = listen_on(SOCK_DGRAM, port), .events = POLLIN};
	}
	int64_t next_drip = 0;
	for (bool any_slow = false;;) {
		for (size_t i = 0; i < n; i++)
			polls[listeners + i] = (struct pollfd){.fd = clients[i].fd, .events = POLLIN};
		size_t asked = n;
		int ready = poll(polls, listeners + n, any_slow ? SLOW_MS / 2 : -1);
		bool due = any_slow && now_ms() >= next_drip;
		if (due)
			next_drip = now_ms() + SLOW_MS;
		for (size_t i = 0; i < listeners && ready > 0; i++) {
			int fd;
			if (!(polls[i].revents & POLLIN))
				continue;
			if (i % 2)
				answer_udp(polls[i].fd, argv[1]);
			else
				while (n < MAX_CLIENTS &&
				       (fd = accept4(polls[i].fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0)
					clients[n++] = (struct client){.fd = fd};
		}
		size_t kept = 0;
		any_slow = false;
		for (size_t i = 0; i < n; i++) {
			bool keep = true;
			if (i < asked && polls[listeners + i].revents)
				keep = answer_http(&clients[i], argv[1]);
			if (keep && due)
				keep = drip(&clients[i], argv[1]);
			if (keep) {
				any_slow |= clients[i].slow;
				clients[kept++] = clients[i];
			} else {
				close(clients[i].fd);
			}
		}
		n = kept;
	}
}
