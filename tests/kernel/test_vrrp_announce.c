/* How often and when the vrrp process announces its addresses, on a real kernel (vrrp_alone.h). Exit 77: not root. */
#include "vrrp_alone.h"

static void test_bursts(void **state)
{
	struct vip vips[] = {vip("10.10.0.1", "v0")};
	struct lab *r = *state;
	struct listening arp = {"10.10.0.1", 6, 0, 0};

	running_with(r, &(struct vip_settings){.garp_count = 3, .garp_second_ms = 50}, vips, 1);
	UNTIL(r, frames_heard, &arp);
	assert_int_equal(arp.got, 6);
	assert_int_equal(status(r, "framesSent"), 6);
}

/* Frames keep their distance, on an interface. */
static void test_paced(void **state)
{
	enum { INTERVAL_MS = 20, FRAMES = 6 };
	struct vip vips[] = {vip("10.10.0.1", "v0"), vip("10.10.0.2", "v0")};
	struct lab *r = *state;
	struct listening one = {"10.10.0.1", 3, 0, 0}, two = {"10.10.0.2", 3, 0, tap("v1")};
	nsec_t begun = clock_now();

	running_with(r, &(struct vip_settings){.garp_count = 3, .garp_interval_ms = INTERVAL_MS}, vips, 2);
	UNTIL(r, frames_heard, &one);
	UNTIL(r, frames_heard, &two);
	assert_true(clock_now() - begun >= (FRAMES - 1) * INTERVAL_MS * NSEC_PER_MSEC);
	assert_int_equal(status(r, "framesSent"), FRAMES);
	close(two.fd);
}

/* Which addresses were announced, in that order: 'a' the first. */
struct order {
	int fd;
	const struct vip *vips;
	size_t n, want;
	char heard[16];
};

static bool order_heard(struct lab *r, void *arg)
{
	struct sockaddr_ll from;
	socklen_t from_len = sizeof(from);
	struct order *o = arg;
	uint8_t p[2048];
	ssize_t len;

	while ((len = recvfrom(o->fd, p, sizeof(p), 0, (struct sockaddr *)&from, &from_len)) >= 0) {
		size_t at = strlen(o->heard);

		for (size_t i = 0; i < o->n && at < sizeof(o->heard) - 1; i++)
			if (announces(p, len, &from, &o->vips[i].addr))
				o->heard[at] = (char)('a' + i);
		from_len = sizeof(from);
	}
	return strlen(o->heard) >= o->want;
}

/* ...each interface its own: one with few addresses does not wait for one with many. */
static void test_paced_apart(void **state)
{
	enum { INTERVAL_MS = 100 };
	struct vip vips[] = {vip("10.10.0.1", "v0"), vip("10.10.0.2", "v0"), vip("10.10.0.3", "v0"),
			     vip("10.10.0.4", "w0")};
	struct order order = {.fd = tap(""), .vips = vips, .n = 4, .want = 4};
	struct lab *r = *state;
	nsec_t begun = clock_now();

	sh("ip link add w0 type veth peer name w1; ip link set w0 up; ip link set w1 up");
	running_with(r, &(struct vip_settings){.garp_count = 1, .garp_interval_ms = INTERVAL_MS}, vips, 4);
	UNTIL(r, order_heard, &order);
	assert_true(clock_now() - begun >= 2 * INTERVAL_MS * NSEC_PER_MSEC);
	assert_non_null(memchr(order.heard, 'd', 2));
	close(order.fd);
}

/* The burst, and then a frame each time. */
static void test_refresh(void **state)
{
	enum { REFRESH_MS = 200, BURST = 3, REFRESHES = 3 };
	struct vip vips[] = {vip("10.10.0.1", "v0"), vip("fd10::1", "v0")};
	struct lab *r = *state;
	struct listening arp = {"10.10.0.1", BURST + REFRESHES, 0, 0};
	struct listening na = {"fd10::1", BURST + REFRESHES, 0, tap("v1")};
	nsec_t begun = clock_now();

	running_with(r, &(struct vip_settings){.garp_count = BURST, .garp_refresh_ms = REFRESH_MS}, vips, 2);
	UNTIL(r, frames_heard, &arp);
	UNTIL(r, frames_heard, &na);
	assert_true(clock_now() - begun >= REFRESHES * REFRESH_MS * NSEC_PER_MSEC);
	close(na.fd);
}

static bool has_no_carrier(struct lab *r, void *arg)
{
	struct ifreq q = {.ifr_name = "v0"};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	assert_int_equal(ioctl(fd, SIOCGIFFLAGS, &q), 0);
	close(fd);
	return !(q.ifr_flags & IFF_RUNNING);
}

/* The switch's cable is pulled and put back: the neighbours are told again. */
static void test_carrier(void **state)
{
	struct vip vips[] = {vip("10.10.0.1", "v0")};
	struct lab *r = *state;
	struct listening first = {"10.10.0.1", 3, 0, 0}, again = {"10.10.0.1", 1, 0, 0};

	running(r, vips, 1);
	UNTIL(r, frames_heard, &first);
	sh("ip link set v1 down");
	UNTIL(r, has_no_carrier, NULL); /* the kernel gathers changes of carrier */
	sh("ip link set v1 up");
	UNTIL(r, frames_heard, &again);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {TEST(test_bursts), TEST(test_paced), TEST(test_paced_apart),
						  TEST(test_refresh), TEST(test_carrier)};

	if (geteuid() != 0)
		return 77;
	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
