/* probe ADDRESS FILE: asks ADDRESS each millisecond (ICMP echo, which the other kernel answers itself: no process of its has a part in it). Until SIGTERM;
 * waits 200 ms for what is on its way, then writes FILE, a line a probe: SENT ANSWERED, CLOCK_REALTIME in nanoseconds, ANSWERED 0 if no answer came.
 * The answer's time is the kernel's. A probe whose turn was missed (a machine that stood still) is not sent, so that nothing is counted as lost that was
 * never asked; a real-time priority keeps such turns few. */
#include "stamp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define EVERY_NS  1000000
#define LINGER_NS 200000000

enum { MOST = 600000, REALTIME = 40, ID_AT = 4, SEQUENCE_AT = 6, NUMBER_AT = 8, LENGTH = 16 };

static int64_t sent[MOST], answered[MOST];
static uint32_t n_sent;

static __attribute__((noreturn)) void die(const char *what)
{
	perror(what);
	exit(2);
}

static int64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static uint16_t checksum(const uint8_t *bytes, size_t len)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < len; i += 2)
		sum += (uint32_t)bytes[i] << 8 | bytes[i + 1];
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t) ~(sum + (sum >> 16));
}

static uint16_t own_id(void)
{
	return (uint16_t)getpid();
}

static void ask(int fd, const struct sockaddr_in *to)
{
	uint8_t b[LENGTH] = {[0] = ICMP_ECHO};
	uint16_t id = own_id(), sum;

	if (n_sent == MOST)
		return;
	memcpy(b + ID_AT, &id, sizeof id);
	b[SEQUENCE_AT] = (uint8_t)(n_sent >> 8);
	b[SEQUENCE_AT + 1] = (uint8_t)n_sent;
	memcpy(b + NUMBER_AT, &n_sent, sizeof n_sent);
	sum = checksum(b, sizeof b);
	b[2] = (uint8_t)(sum >> 8);
	b[3] = (uint8_t)sum;
	sent[n_sent++] = now();
	/* Whatever hinders it (nobody has the address) is an answer that does not come. */
	(void)!sendto(fd, b, sizeof b, 0, (const struct sockaddr *)to, sizeof *to);
}

static bool hear(int fd)
{
	union {
		char bytes[CMSG_SPACE(sizeof(struct timespec))];
		struct cmsghdr align;
	} control;
	uint8_t b[256];
	struct iovec iov = {.iov_base = b, .iov_len = sizeof b};
	struct msghdr m = {
	    .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control};
	ssize_t n = recvmsg(fd, &m, 0);
	uint16_t id = own_id();
	const uint8_t *icmp = b + (b[0] & 15) * 4;
	uint32_t number;

	if (n < 0)
		return errno != EAGAIN;
	if (n < (icmp - b) + LENGTH || icmp[0] != ICMP_ECHOREPLY || memcmp(icmp + ID_AT, &id, sizeof id) != 0)
		return true;
	memcpy(&number, icmp + NUMBER_AT, sizeof number);
	if (number < n_sent && !answered[number])
		answered[number] = stamp(&m);
	return true;
}

static void write_all(const char *file)
{
	FILE *out = fopen(file, "w");

	if (!out)
		die(file);
	for (uint32_t i = 0; i < n_sent; i++)
		fprintf(out, "%" PRId64 " %" PRId64 "\n", sent[i], answered[i]);
	if (fclose(out) != 0)
		die(file);
}

static int open_socket(void)
{
	int fd = socket(AF_INET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_ICMP), on = 1;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on) < 0)
		die("socket");
	return fd;
}

static int open_timer(void)
{
	const struct itimerspec each = {.it_value.tv_nsec = EVERY_NS, .it_interval.tv_nsec = EVERY_NS};
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);

	if (fd < 0 || timerfd_settime(fd, 0, &each, NULL) < 0)
		die("timerfd");
	return fd;
}

/* Until the signal and LINGER_NS after it. */
static void run(struct pollfd p[3], const struct sockaddr_in *to)
{
	int64_t until = INT64_MAX;
	uint64_t turns;

	while (now() < until) {
		if (poll(p, 3, -1) < 0 && errno != EINTR)
			die("poll");
		while (hear(p[0].fd))
			;
		if (read(p[1].fd, &turns, sizeof turns) == sizeof turns && until == INT64_MAX)
			ask(p[0].fd, to);
		if (p[2].revents && until == INT64_MAX) {
			until = now() + LINGER_NS;
			p[2].fd = -1;
		}
	}
}

int main(int argc, char **argv)
{
	const struct sched_param rt = {.sched_priority = REALTIME};
	struct sockaddr_in to = {.sin_family = AF_INET};
	struct pollfd p[3] = {{.events = POLLIN}, {.events = POLLIN}, {.events = POLLIN}};
	sigset_t term;

	if (argc != 3 || inet_pton(AF_INET, argv[1], &to.sin_addr) != 1) {
		fprintf(stderr, "usage: probe ADDRESS FILE\n");
		return 2;
	}
	if (sched_setscheduler(0, SCHED_FIFO, &rt) < 0)
		perror("probe: no real-time priority");
	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigprocmask(SIG_BLOCK, &term, NULL);
	p[0].fd = open_socket();
	p[2].fd = signalfd(-1, &term, SFD_CLOEXEC);
	p[1].fd = open_timer();
	run(p, &to);
	write_all(argv[2]);
	return 0;
}
