/* hostile IFACE SOURCE VRID SECONDS: floods 224.0.0.18 from SOURCE with advertisements that a virtual router VRID must refuse, each of which would
 * change its state if it did not: priority 255 or 0 with something wrong. Prints how many left. RFC 9568 section 7.1, RFC 3768 section 7.1. */
#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum { IP_HEAD = 20, MOST = 600, VRRP = 112, BURST = 32, KINDS = 16 };

/* One packet: the IPv4 header's fields that matter, and the VRRP message. */
struct packet {
	uint8_t ttl, bytes[MOST];
	uint16_t fragment;
	size_t len;
	int spoil; /* added to the right checksum */
};

static uint32_t add_words(const uint8_t *bytes, size_t len, uint32_t sum)
{
	for (size_t i = 0; i < len; i++)
		sum += i % 2 ? bytes[i] : (uint32_t)bytes[i] << 8;
	return sum;
}

static uint16_t fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static uint32_t random_next(uint32_t *state)
{
	*state = *state * 1664525 + 1013904223;
	return *state >> 8;
}

/* A right advertisement of priority 255 (or 0), version 3 or 2, one address 10.10.0.1, then made wrong as the kind says. */
static void make(struct packet *p, unsigned kind, uint8_t vrid, uint32_t *seed)
{
	static const uint8_t v3[] = {0x31, 0, 255, 1, 0, 50, 0, 0, 10, 10, 0, 1};

	*p = (struct packet){.ttl = 255, .len = sizeof v3};
	memcpy(p->bytes, v3, sizeof v3);
	p->bytes[1] = vrid;
	if (random_next(seed) % 4 == 0)
		p->bytes[2] = 0;
	switch (kind) {
	case 0:
		p->len = random_next(seed) % sizeof v3;
		break;
	case 1:
		p->spoil = 1;
		break;
	case 2:
		p->ttl = 254;
		break;
	case 3:
		p->ttl = 1;
		break;
	case 4:
		p->bytes[0] = 0x11;
		break;
	case 5:
		p->bytes[0] = (uint8_t)(0x41 + 16 * (random_next(seed) % 12));
		break;
	case 6:
		p->bytes[0] = (uint8_t)(0x30 | (random_next(seed) % 15 + 2));
		break;
	case 7:
		p->bytes[1] = (uint8_t)(vrid + 1);
		break;
	case 8:
		p->bytes[3] = 0;
		p->len = 8;
		break;
	case 9:
		p->bytes[3] = 255;
		break;
	case 10:
		p->bytes[4] = p->bytes[5] = 0;
		break;
	case 11:
		p->fragment = 0x2000;
		break;
	case 12:
		p->fragment = 3;
		break;
	case 13: /* version 2: eight bytes of authentication follow */
		p->bytes[0] = 0x21;
		p->bytes[4] = 0;
		p->bytes[5] = 1;
		p->len = sizeof v3 + 8;
		break;
	case 14:
		p->bytes[1] = 0;
		break;
	default:
		p->len = random_next(seed) % MOST;
		for (size_t i = 0; i < p->len; i++)
			p->bytes[i] = (uint8_t)random_next(seed);
		p->spoil = 1;
		break;
	}
}

/* The whole IPv4 packet; its length. The kernel fills in the header's own checksum. */
static size_t wire(struct packet *p, in_addr_t from, in_addr_t to, uint8_t *out)
{
	uint8_t head[IP_HEAD] = {0x45,   0xc0, 0, 0, 0, 7, (uint8_t)(p->fragment >> 8), (uint8_t)p->fragment,
				 p->ttl, VRRP};

	memcpy(head + 12, &from, 4);
	memcpy(head + 16, &to, 4);
	if (p->len >= 8) {
		uint32_t sum = (p->bytes[0] >> 4) == 3 ? add_words(head + 12, 8, VRRP + (uint32_t)p->len) : 0;
		p->bytes[6] = p->bytes[7] = 0;
		uint16_t right = (uint16_t)(fold(add_words(p->bytes, p->len, sum)) + p->spoil);
		p->bytes[6] = (uint8_t)(right >> 8);
		p->bytes[7] = (uint8_t)right;
	}
	head[2] = (uint8_t)((IP_HEAD + p->len) >> 8);
	head[3] = (uint8_t)(IP_HEAD + p->len);
	memcpy(out, head, IP_HEAD);
	memcpy(out + IP_HEAD, p->bytes, p->len);
	return IP_HEAD + p->len;
}

static int open_on(const char *ifname, struct sockaddr_in *to)
{
	struct ip_mreqn on = {.imr_ifindex = (int)if_nametoindex(ifname)};
	int fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);

	*to = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = inet_addr("224.0.0.18")};
	if (fd < 0 || !on.imr_ifindex || setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &on, sizeof on)) {
		perror("hostile");
		exit(1);
	}
	return fd;
}

int main(int argc, char **argv)
{
	static uint8_t bytes[BURST][IP_HEAD + MOST];
	struct mmsghdr burst[BURST];
	struct iovec parts[BURST];
	struct sockaddr_in to;
	unsigned long sent = 0;
	uint32_t seed = 9568;

	if (argc != 5) {
		fprintf(stderr, "usage: hostile IFACE SOURCE VRID SECONDS\n");
		return 2;
	}
	int fd = open_on(argv[1], &to);
	in_addr_t from = inet_addr(argv[2]);
	uint8_t vrid = (uint8_t)strtoul(argv[3], NULL, 10);
	time_t end = time(NULL) + strtol(argv[4], NULL, 10);
	memset(burst, 0, sizeof burst);
	while (time(NULL) < end) {
		struct timespec pause = {.tv_nsec = 300000};
		for (unsigned i = 0; i < BURST; i++) {
			struct packet p;
			make(&p, (unsigned)(sent + i) % KINDS, vrid, &seed);
			parts[i] = (struct iovec){.iov_base = bytes[i],
						  .iov_len = wire(&p, from, to.sin_addr.s_addr, bytes[i])};
			burst[i].msg_hdr = (struct msghdr){
			    .msg_name = &to, .msg_namelen = sizeof to, .msg_iov = &parts[i], .msg_iovlen = 1};
		}
		int n = sendmmsg(fd, burst, BURST, 0);
		sent += n > 0 ? (unsigned)n : 1;
		nanosleep(&pause, NULL);
	}
	printf("%lu hostile advertisements\n", sent);
	return sent < BURST;
}
