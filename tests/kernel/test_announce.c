/* Announcements (vrrp/announce.c) on a real wire: what an interface is given to send is listened to. Exit 77: not root. */
#include "../../src/base/arena.h"
#include "../../vrrp/announce.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { MANY = 1000, BURST = 5, STOPS = 30, ARP_TARGET = 38, QUIET_MS = 20 };

/* Only a broken announcer takes as long. */
#define WITHIN (60 * NSEC_PER_SEC)

struct world {
	struct loop *loop;
	struct announcer *announcer;
	struct announcement items[MANY];
	int fd; /* what v0 is given: the kernel tells of a frame before the sender goes on */
	uint32_t index;
	unsigned frames[MANY];
	size_t heard, firsts;
	bool too_early; /* one was repeated before each had been announced once */
};

static void hear(struct world *w)
{
	uint8_t frame[128];
	uint32_t to;

	while (recv(w->fd, frame, sizeof(frame), MSG_DONTWAIT) > 0) {
		if (frame[12] != ETH_P_ARP >> 8 || frame[13] != (ETH_P_ARP & 0xff))
			continue;
		memcpy(&to, frame + ARP_TARGET, sizeof(to));
		to = ntohl(to) - 0x0a140000;
		assert_true(to < MANY);
		w->firsts += w->frames[to] == 0;
		w->too_early |= w->frames[to]++ > 0 && w->firsts < MANY;
		w->heard++;
	}
}

static void on_late(void *arg)
{
	fail_msg("not all frames were sent");
}

static void on_turn(void *arg)
{
	struct world *w = arg;

	loop_stop(w->loop, 0);
}

/* One turn of the loop, whatever is due in it. */
static void turn(struct world *w)
{
	struct loop_timer *t = loop_timer_new(w->loop, on_turn, w);

	loop_timer_set(t, 0);
	loop_run(w->loop);
	loop_timer_free(t);
}

static void start_all(struct world *w)
{
	static const uint8_t mac[MAC_LEN] = {2, 0, 0, 0, 0, 1};

	for (uint32_t i = 0; i < MANY; i++) {
		const struct addr a = addr_from_v4(0x0a140000 + i);

		announcer_start(w->announcer, &w->items[i], &a, w->index, mac, true);
	}
}

static void stop_all(struct world *w)
{
	for (size_t i = 0; i < MANY; i++)
		announcer_stop(w->announcer, &w->items[i]);
}

static unsigned threads(void)
{
	DIR *d = opendir("/proc/self/task");
	unsigned n = 0;

	while (readdir(d))
		n++;
	closedir(d);
	return n - 2;
}

/* Each gets its burst and no more, none its second frame before all had their first; the kernel's work is shared by two threads. */
static void test_burst(void **state)
{
	struct world *w = *state;
	struct loop_timer *late = loop_timer_new(w->loop, on_late, w);
	cpu_set_t cpus;

	loop_timer_set(late, WITHIN);
	start_all(w);
	while (announcer_frames(w->announcer) < MANY * BURST)
		turn(w);
	assert_int_equal(threads(), sched_getaffinity(0, sizeof(cpus), &cpus) == 0 && CPU_COUNT(&cpus) > 1 ? 2 : 1);
	stop_all(w);
	hear(w);
	assert_int_equal(w->heard, MANY * BURST);
	for (size_t i = 0; i < MANY; i++)
		assert_int_equal(w->frames[i], BURST);
	assert_false(w->too_early);
	loop_timer_free(late);
}

/* Of what is stopped nothing is sent any more, whichever thread was at it. */
static void test_stop(void **state)
{
	struct world *w = *state;

	for (unsigned round = 0; round < STOPS; round++) {
		uint64_t before = announcer_frames(w->announcer);

		start_all(w);
		while (announcer_frames(w->announcer) - before < MANY + MANY / 2)
			turn(w);
		stop_all(w);
		hear(w);
		assert_true(w->heard >= MANY + MANY / 2);
		w->heard = 0;
		usleep(QUIET_MS * 1000);
		hear(w);
		assert_int_equal(w->heard, 0);
	}
}

/* One is stopped while the second thread is at it: the others go on to their end. */
static void test_stop_one(void **state)
{
	struct world *w = *state;
	struct loop_timer *late = loop_timer_new(w->loop, on_late, w);

	loop_timer_set(late, WITHIN);
	start_all(w);
	while (announcer_frames(w->announcer) < MANY + MANY / 2)
		turn(w);
	announcer_stop(w->announcer, &w->items[0]);
	while (w->heard - w->frames[0] < (MANY - 1) * BURST) {
		turn(w);
		hear(w);
	}
	for (size_t i = 1; i < MANY; i++)
		assert_int_equal(w->frames[i], BURST);
	assert_true(w->frames[0] < BURST);
	stop_all(w);
	loop_timer_free(late);
}

/* Until the kernel has looked at the link anew, frames are dropped without a word. */
static int wire(void)
{
	return system("ip link add v0 type veth peer name v1 && ip link set v0 up && ip link set v1 up || exit 1\n"
		      "for i in $(seq 300); do ip link show v0 | grep -q 'state UP' && exit; sleep 0.1; done; exit 1");
}

static int setup(void **state)
{
	const struct vip_settings settings = {.garp_count = BURST};
	struct world *w = xcalloc(1, sizeof(*w));
	struct sockaddr_ll at = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
	int size = 64 << 20;

	if (unshare(CLONE_NEWNET) < 0 || wire() != 0)
		return -1;
	w->index = if_nametoindex("v0");
	at.sll_ifindex = (int)w->index;
	w->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	setsockopt(w->fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	if (bind(w->fd, (const struct sockaddr *)&at, sizeof(at)) < 0)
		return -1;
	w->loop = loop_new();
	if (announcer_new(w->loop, &w->announcer) < 0)
		return -1;
	announcer_set(w->announcer, &settings);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	announcer_free(w->announcer);
	loop_free(w->loop);
	close(w->fd);
	free(w);
	return 0;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {TEST(test_burst), TEST(test_stop), TEST(test_stop_one)};

	if (geteuid() != 0)
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
