/* churn serve PORT | churn ask FIRST-SOURCE SOURCES ADDRESS PORT SHORT LONG: connections of two kinds, in one process each, epoll(7).
 *
 * ask begins SHORT short connections a second (a byte there and back, then the server closes) and LONG long ones (a byte there and back each HEARTBEAT_MS for
 * LONG_MS), from SOURCES addresses that begin with FIRST-SOURCE, in turn; until SIGTERM, then it lets those that are open end and prints
 * "short N errors N long N errors N". An error: no connection or no answer within PATIENCE_MS, or it is refused or cut. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { FDS = 8192, EVENTS = 256, HEARTBEAT_MS = 500, LONG_MS = 8000, PATIENCE_MS = 3000, TICK_MS = 10 };

static volatile sig_atomic_t stop;

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

static void die(const char *what)
{
	fprintf(stderr, "churn: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void watch(int ep, int fd, uint32_t events)
{
	struct epoll_event e = {.events = events, .data.fd = fd};

	if (epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e))
		die("epoll_ctl");
}

/* ---- serve ---- */

/* 's' is answered and the connection closed, 'l' is answered. */
static void serve_one(int fd)
{
	char c;
	ssize_t n = read(fd, &c, 1);

	if (n < 0 && errno == EAGAIN)
		return;
	if (n != 1 || write(fd, &c, 1) != 1 || c == 's')
		close(fd);
}

static void serve(unsigned port)
{
	struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	int one = 1, ep = epoll_create1(0), fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	struct epoll_event events[EVENTS];

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (bind(fd, (struct sockaddr *)&any, sizeof any) || listen(fd, 4096))
		die("listen");
	watch(ep, fd, EPOLLIN);
	puts("ready");
	fflush(stdout);
	while (!stop) {
		int n = epoll_wait(ep, events, EVENTS, -1), c;

		for (int i = 0; i < n; i++) {
			if (events[i].data.fd != fd)
				serve_one(events[i].data.fd);
			else
				while ((c = accept4(fd, NULL, NULL, SOCK_NONBLOCK)) >= 0)
					watch(ep, c, EPOLLIN);
		}
	}
}

/* ---- ask ---- */

struct kind {
	char word;
	unsigned rate; /* a second */
	int64_t begun; /* so many since the start */
	unsigned long long n, errors;
};

struct conn {
	struct kind *kind; /* NULL: this descriptor is none */
	int64_t until;     /* an answer is late then; 0: none is waited for */
	int64_t next;      /* the next byte goes then; 0: never */
	int64_t end;
};

struct asker {
	struct conn conns[FDS];
	struct sockaddr_in to, from;
	unsigned sources, turn;
	int ep, open;
};

static void finish(struct asker *a, int fd, const char *why)
{
	struct conn *c = &a->conns[fd];

	if (why) {
		c->kind->errors++;
		fprintf(stderr, "churn: %s connection: %s\n", c->kind->word == 's' ? "short" : "long", why);
	}
	c->kind->n++;
	c->kind = NULL;
	a->open--;
	close(fd);
}

static void begin(struct asker *a, struct kind *k, int64_t now)
{
	int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	struct sockaddr_in from = a->from;

	if (fd < 0 || fd >= FDS)
		die("too many connections are open");
	from.sin_addr.s_addr = htonl(ntohl(from.sin_addr.s_addr) + a->turn++ % a->sources);
	setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
	a->conns[fd] = (struct conn){.kind = k, .until = now + PATIENCE_MS, .end = now + LONG_MS};
	a->open++;
	if (bind(fd, (struct sockaddr *)&from, sizeof from) ||
	    (connect(fd, (struct sockaddr *)&a->to, sizeof a->to) && errno != EINPROGRESS)) {
		finish(a, fd, strerror(errno));
		return;
	}
	watch(a->ep, fd, EPOLLOUT);
}

static void send_byte(struct asker *a, int fd, int64_t now)
{
	struct epoll_event e = {.events = EPOLLIN, .data.fd = fd};
	struct conn *c = &a->conns[fd];

	c->next = 0;
	c->until = now + PATIENCE_MS;
	if (epoll_ctl(a->ep, EPOLL_CTL_MOD, fd, &e) || send(fd, &c->kind->word, 1, MSG_NOSIGNAL) != 1)
		finish(a, fd, strerror(errno));
}

static void happened(struct asker *a, int fd, uint32_t events, int64_t now)
{
	struct conn *c = &a->conns[fd];
	socklen_t len = sizeof(int);
	char byte;
	int err = 0;

	if (!c->kind)
		return;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len) || err) {
		finish(a, fd, strerror(err ? err : errno));
	} else if (events & EPOLLOUT) {
		send_byte(a, fd, now);
	} else if (read(fd, &byte, 1) != 1) {
		finish(a, fd, "cut");
	} else if (c->kind->word == 's' || now >= c->end) {
		finish(a, fd, NULL);
	} else {
		c->until = 0;
		c->next = now + HEARTBEAT_MS;
	}
}

/* What is late, and whose turn it is to send. */
static void tick(struct asker *a, int64_t now)
{
	for (int fd = 0; fd < FDS; fd++) {
		struct conn *c = &a->conns[fd];

		if (c->kind && c->until && now >= c->until)
			finish(a, fd, "no answer");
		else if (c->kind && c->next && now >= c->next)
			send_byte(a, fd, now);
	}
}

static void begin_due(struct asker *a, struct kind *k, int64_t start, int64_t now)
{
	for (int64_t due = (now - start) * k->rate / 1000; k->begun < due; k->begun++)
		begin(a, k, now);
}

static void ask(struct asker *a, unsigned short_rate, unsigned long_rate)
{
	struct kind kinds[2] = {{.word = 's', .rate = short_rate}, {.word = 'l', .rate = long_rate}};
	struct epoll_event events[EVENTS];
	int64_t start = now_ms(), now = start, ticked = start;

	a->ep = epoll_create1(0);
	while (!stop || a->open) {
		int n = epoll_wait(a->ep, events, EVENTS, 1);

		now = now_ms();
		for (int i = 0; i < n; i++)
			happened(a, events[i].data.fd, events[i].events, now);
		if (now - ticked >= TICK_MS) {
			tick(a, now);
			ticked = now;
		}
		for (int i = 0; i < 2 && !stop; i++)
			begin_due(a, &kinds[i], start, now);
	}
	printf("short %llu errors %llu long %llu errors %llu\n", kinds[0].n, kinds[0].errors, kinds[1].n,
	       kinds[1].errors);
}

int main(int argc, char **argv)
{
	static struct asker a;
	struct sigaction act = {.sa_handler = on_term};

	sigaction(SIGTERM, &act, NULL);
	if (argc == 3 && strcmp(argv[1], "serve") == 0) {
		serve((unsigned)atoi(argv[2]));
		return 0;
	}
	if (argc != 8 || strcmp(argv[1], "ask") != 0 || inet_pton(AF_INET, argv[2], &a.from.sin_addr) != 1 ||
	    inet_pton(AF_INET, argv[4], &a.to.sin_addr) != 1) {
		fprintf(stderr, "usage: churn serve PORT | churn ask FIRST-SOURCE SOURCES ADDRESS PORT SHORT LONG\n");
		return 2;
	}
	a.sources = (unsigned)atoi(argv[3]);
	a.to.sin_family = a.from.sin_family = AF_INET;
	a.to.sin_port = htons((uint16_t)atoi(argv[5]));
	ask(&a, (unsigned)atoi(argv[6]), (unsigned)atoi(argv[7]));
	return 0;
}
