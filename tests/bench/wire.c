/* wire INTERFACE FILE: what VRRP says on the wire, and when: advertisements and gratuitous ARP, with the kernel's time of arrival. Prints "ready" when it
 * listens; until SIGTERM, then writes FILE, a line a frame in the order of arrival, and exits with 1 if the kernel had to drop any.
 *
 *   NS A SOURCE VRID PRIORITY    an IPv4 advertisement, version 2 or 3
 *   NS G ADDRESS MAC             an ARP frame whose sender and target are ADDRESS
 *
 * NS is CLOCK_REALTIME in nanoseconds. Nobody is disturbed: a frame wakes no process, which would be a good part of what sending it costs on a bridge; the
 * socket is emptied once in LOOK_MS, and nothing is written before the end. */
#include "stamp.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { ROOM = 96, BUFFER = 256 << 20, PROTO_VRRP = 112, LOOK_MS = 1000 };

struct frame {
	int64_t at;
	uint8_t bytes[ROOM];
	size_t len;
};

static struct frame *frames;
static size_t n_frames, room_frames;

static __attribute__((noreturn)) void die(const char *what)
{
	perror(what);
	exit(2);
}

/* ARP, and IPv4 of protocol 112: nothing else is copied. */
static void attach_filter(int fd)
{
	struct sock_filter code[] = {
	    BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 12),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_ARP, 3, 0),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_IP, 0, 3),
	    BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 23),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PROTO_VRRP, 0, 1),
	    BPF_STMT(BPF_RET | BPF_K, ROOM),
	    BPF_STMT(BPF_RET | BPF_K, 0),
	};
	const struct sock_fprog prog = {.len = sizeof(code) / sizeof(code[0]), .filter = code};

	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof prog) < 0)
		die("SO_ATTACH_FILTER");
}

/* The filter stands before the socket hears anything. */
static int listen_on(const char *ifname)
{
	struct sockaddr_ll ll = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), buffer = BUFFER, on = 1;

	if (fd < 0)
		die("socket");
	attach_filter(fd);
	ll.sll_ifindex = (int)if_nametoindex(ifname);
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof buffer) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on) < 0 || !ll.sll_ifindex ||
	    bind(fd, (struct sockaddr *)&ll, sizeof ll) < 0)
		die(ifname);
	return fd;
}

static bool take(int fd)
{
	union {
		char bytes[CMSG_SPACE(sizeof(struct timespec))];
		struct cmsghdr align;
	} control;
	struct sockaddr_ll from;
	struct frame f;
	struct iovec iov = {.iov_base = f.bytes, .iov_len = sizeof f.bytes};
	struct msghdr m = {.msg_name = &from,
			   .msg_namelen = sizeof from,
			   .msg_iov = &iov,
			   .msg_iovlen = 1,
			   .msg_control = control.bytes,
			   .msg_controllen = sizeof control};
	ssize_t n = recvmsg(fd, &m, 0);

	if (n < 0)
		return false;
	f.len = (size_t)n;
	f.at = stamp(&m);
	if (from.sll_pkttype == PACKET_OUTGOING)
		return true;
	if (n_frames == room_frames) {
		room_frames = room_frames ? 2 * room_frames : 4096;
		frames = realloc(frames, room_frames * sizeof(*frames));
		if (!frames)
			die("memory");
	}
	frames[n_frames++] = f;
	return true;
}

static void take_all(int fd)
{
	while (take(fd))
		;
}

static void write_arp(FILE *out, const struct frame *f)
{
	const uint8_t *arp = f->bytes + ETH_HLEN;
	char text[INET_ADDRSTRLEN];

	if (f->len < ETH_HLEN + 28 || memcmp(arp + 14, arp + 24, 4) != 0)
		return;
	inet_ntop(AF_INET, arp + 14, text, sizeof text);
	fprintf(out, "%" PRId64 " G %s %02x:%02x:%02x:%02x:%02x:%02x\n", f->at, text, arp[8], arp[9], arp[10], arp[11],
		arp[12], arp[13]);
}

static void write_advert(FILE *out, const struct frame *f)
{
	const uint8_t *ip = f->bytes + ETH_HLEN, *vrrp = ip + (ip[0] & 15) * 4;
	char text[INET_ADDRSTRLEN];

	if (vrrp + 8 > f->bytes + f->len || (vrrp[0] & 15) != 1)
		return;
	inet_ntop(AF_INET, ip + 12, text, sizeof text);
	fprintf(out, "%" PRId64 " A %s %u %u\n", f->at, text, vrrp[1], vrrp[2]);
}

static void write_all(const char *file)
{
	FILE *out = fopen(file, "w");

	if (!out)
		die(file);
	for (size_t i = 0; i < n_frames; i++) {
		if (frames[i].bytes[12] == ETH_P_ARP >> 8 && frames[i].bytes[13] == (ETH_P_ARP & 255))
			write_arp(out, &frames[i]);
		else
			write_advert(out, &frames[i]);
	}
	if (fclose(out) != 0)
		die(file);
}

static unsigned dropped(int fd)
{
	struct tpacket_stats s = {0};
	socklen_t size = sizeof s;

	if (getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &s, &size) < 0)
		die("PACKET_STATISTICS");
	return s.tp_drops;
}

int main(int argc, char **argv)
{
	struct pollfd end = {.events = POLLIN};
	unsigned lost;
	sigset_t term;
	int fd;

	if (argc != 3) {
		fprintf(stderr, "usage: wire INTERFACE FILE\n");
		return 2;
	}
	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigprocmask(SIG_BLOCK, &term, NULL);
	fd = listen_on(argv[1]);
	end.fd = signalfd(-1, &term, SFD_CLOEXEC);
	puts("ready");
	fflush(stdout);
	while (poll(&end, 1, LOOK_MS) == 0)
		take_all(fd);
	take_all(fd);
	write_all(argv[2]);
	lost = dropped(fd);
	if (lost)
		fprintf(stderr, "wire: %u frames lost\n", lost);
	return lost != 0;
}
